/*
 * difference.c - from a query that is answered differently to the smallest product that shows it.
 *
 * Works on whole answers (as far as hits may be asked for), sorted by id, whatever page was compared.
 */
#include "oracle/difference.h"
#include "oracle/engine_fixture.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HITS_MAX 10000u
#define SHOWN_MAX 12u
#define PRODUCTS_MAX 3u

struct hit {
    char id[64];
    int64_t score;
};

struct answer {
    int status;
    uint64_t total;
    size_t count;
    struct hit *hits; /* malloc'd */
};

/* With the oracle's weights, at its time. */
static void ask_engine(aisle *catalog, const struct oracle *oracle, const char *text, struct answer *out)
{
    aisle_query query = {.size = sizeof query, .text = text, .limit = HITS_MAX, .no_products = true,
                         .no_typos = true, .no_stop_words = true};
    query.weights = oracle_weights(oracle, &query.now_ms);
    aisle_result *result = NULL;
    aisle_hit hit;
    *out = (struct answer){.status = aisle_search(catalog, &query, &result, NULL)};
    out->total = out->status == 0 ? aisle_result_total(result, NULL) : 0;
    size_t count = out->status == 0 ? aisle_result_count(result) : 0;
    out->hits = calloc(count + 1, sizeof *out->hits);
    for (; out->hits != NULL && out->count < count && aisle_result_hit(result, out->count, &hit) == 0; out->count++) {
        struct hit *to = &out->hits[out->count];
        snprintf(to->id, sizeof to->id, "%.*s", (int)hit.id.size, hit.id.data);
        to->score = llrint(hit.score * 262144.0);
    }
    aisle_result_free(result);
}

static void ask_oracle(struct oracle *oracle, const char *text, struct answer *out)
{
    struct oracle_answer answer;
    *out = (struct answer){.status = oracle_search(oracle, text, 0, HITS_MAX, &answer)};
    out->total = answer.total;
    out->hits = calloc(answer.count + 1, sizeof *out->hits);
    for (; out->hits != NULL && out->count < answer.count; out->count++) {
        struct hit *to = &out->hits[out->count];
        snprintf(to->id, sizeof to->id, "%s", answer.hits[out->count].id);
        to->score = answer.hits[out->count].score;
    }
    oracle_answer_release(&answer);
}

static void print_answer(const char *who, const struct answer *answer)
{
    fprintf(stderr, "  %s: %s, total %llu:", who,
            answer->status == 0 ? "found" : aisle_error_name(answer->status), (unsigned long long)answer->total);
    for (size_t i = 0; i < answer->count && i < SHOWN_MAX; i++) {
        fprintf(stderr, " %s %lld", answer->hits[i].id, (long long)answer->hits[i].score);
    }
    fprintf(stderr, "%s\n", answer->count > SHOWN_MAX ? " ..." : "");
}

static const struct hit *find(const struct answer *answer, const char *id)
{
    for (size_t i = 0; i < answer->count; i++) {
        if (strcmp(answer->hits[i].id, id) == 0) {
            return &answer->hits[i];
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------------------------ one product alone -- */

static int put_alone(aisle *catalog, const char *product)
{
    aisle_writer *writer = NULL;
    int status = aisle_begin(catalog, &writer, NULL);
    if (status == 0) {
        status = aisle_put(writer, (aisle_bytes){.data = product, .size = strlen(product)}, NULL);
    }
    if (status == 0) {
        status = aisle_commit(writer, NULL);
    }
    aisle_writer_free(writer);
    return status;
}

/* Whether the two differ about a catalog of this product alone. */
static bool differ_alone(const char *schema, const char *product, const char *text)
{
    char path[64];
    aisle *catalog = NULL;
    struct oracle *oracle = oracle_new(schema);
    bool differ = false;
    snprintf(path, sizeof path, "oracle.%ld.alone", (long)getpid());
    if (oracle != NULL && oracle_put(oracle, product) == 0 && aisle_create(path, schema, NULL, NULL) == 0 &&
        aisle_open(path, NULL, &catalog, NULL) == 0 && put_alone(catalog, product) == 0) {
        struct answer engine, own;
        ask_engine(catalog, oracle, text, &engine);
        ask_oracle(oracle, text, &own);
        differ = engine.status != own.status || engine.total != own.total ||
                 (engine.count == 1 && own.count == 1 && engine.hits[0].score != own.hits[0].score);
        free(engine.hits);
        free(own.hits);
    }
    aisle_close(catalog);
    oracle_free(oracle);
    pair_remove(path);
    return differ;
}

/* Leaves out of the product every word that the difference does not need; a word ends at a space or quote. */
static void cut_down(const char *schema, char *product, const char *text)
{
    size_t size = strlen(product) + 1;
    char *tried = malloc(size);
    for (size_t i = 0; tried != NULL && product[i] != '\0';) {
        size_t length = strcspn(product + i, " \"");
        length += product[i + length] == ' ';
        snprintf(tried, size, "%.*s%s", (int)i, product, product + i + length);
        if (length > 0 && differ_alone(schema, tried, text)) {
            memcpy(product, tried, size);
        } else {
            i += length > 0 ? length : 1;
        }
    }
    free(tried);
}

static void print_product(aisle *catalog, const char *id, const char *text)
{
    aisle_result *result = NULL;
    aisle_hit hit;
    if (aisle_get(catalog, (aisle_bytes){.data = id, .size = strlen(id)}, false, &result, NULL) == 0 &&
        aisle_result_hit(result, 0, &hit) == 0) {
        char *product = strndup(hit.product.data, hit.product.size);
        fprintf(stderr, "  product %s\n", product);
        if (product != NULL && differ_alone(aisle_schema(catalog), product, text)) {
            cut_down(aisle_schema(catalog), product, text);
            fprintf(stderr, "  they differ about this product alone, and of it only %s\n", product);
        } else {
            fprintf(stderr, "  about this product alone they agree\n");
        }
        free(product);
    }
    aisle_result_free(result);
}

/* Prints products that one answer has and the other lacks, or with scores has with another score; at most so many.
 * Returns how many were printed. */
static unsigned print_products(aisle *catalog, const struct answer *one, const struct answer *other, bool scores,
                               const char *text)
{
    unsigned count = 0;
    for (size_t i = 0; i < one->count && count < PRODUCTS_MAX; i++) {
        const struct hit *found = find(other, one->hits[i].id);
        if (scores ? found != NULL && found->score != one->hits[i].score : found == NULL) {
            print_product(catalog, one->hits[i].id, text);
            count++;
        }
    }
    return count;
}

void difference_print(aisle *catalog, struct oracle *oracle, const char *text)
{
    struct answer engine, own;
    ask_engine(catalog, oracle, text, &engine);
    ask_oracle(oracle, text, &own);
    print_answer("engine", &engine);
    print_answer("oracle", &own);
    bool found = engine.status == 0 && own.status == 0 && engine.hits != NULL && own.hits != NULL;
    if (found && print_products(catalog, &engine, &own, false, text) == 0 &&
        print_products(catalog, &own, &engine, false, text) == 0) {
        print_products(catalog, &engine, &own, true, text);
    }
    free(engine.hits);
    free(own.hits);
}
