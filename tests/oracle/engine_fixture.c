/*
 * engine_fixture.c - drives the engine and the oracle side by side.
 *
 * Statistics: as long as the engine reports as many dead products as the oracle has, none was dropped, and as soon as
 * it reports none, all were. Between, when merges have dropped some, the oracle cannot know which.
 */
#include "oracle/engine_fixture.h"

#include "base/hash.h"
#include "index/catalog.h"
#include "oracle/difference.h"
#include "segment/prefixes.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yajl/yajl_tree.h>

#define BUDGET_BYTES (UINT64_C(32) << 20)
#define HITS_MAX 10000u

static bool failed(const char *what, int status, const aisle_error *error)
{
    fprintf(stderr, "%s: %s: %s\n", what, aisle_error_name(status), error->message);
    return false;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void pair_remove(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static bool open_engine(struct pair *pair)
{
    aisle_options options = {.size = sizeof options, .memory_bytes = BUDGET_BYTES,
                             .search_threads = pair->search_threads,
                             .search_threads_from = 1};
    aisle_error error = {.message = ""};
    int status = aisle_open(pair->path, &options, &pair->catalog, &error);
    if (status == 0) {
        pair->catalog->unions.word_least = 1; /* words of small catalogs are kept as bits, too */
        pair->catalog->unions.postings_least = 1;
        status = aisle_begin(pair->catalog, &pair->writer, &error);
    }
    return status == 0 || failed("open", status, &error);
}

static void close_engine(struct pair *pair)
{
    aisle_writer_free(pair->writer);
    aisle_close(pair->catalog);
    pair->writer = NULL;
    pair->catalog = NULL;
}

/* Small catalogs have lists of beginnings, too: which, depends on the schema, so that seeds repeat. */
static void choose_prefixes(const char *schema)
{
    static const struct prefix_rules rules[] = {{1, 1, 1, 3}, {1, 2, 3, 16}, {8, 3, 2, 1000}, {512, 64, 128, 128}};
    prefix_rules = rules[strlen(schema) % (sizeof rules / sizeof rules[0])];
}

bool pair_open(struct pair *pair, const char *path, const char *schema, uint32_t shards)
{
    choose_prefixes(schema);
    aisle_create_options options = {.size = sizeof options, .shards = shards};
    aisle_error error = {.message = ""};
    *pair = (struct pair){.exact = true, .search_threads = shards};
    snprintf(pair->path, sizeof pair->path, "%s", path);
    pair_remove(path);
    pair->oracle = oracle_new(schema);
    if (pair->oracle == NULL) {
        fprintf(stderr, "the oracle refuses the schema %s\n", schema);
        return false;
    }
    int status = aisle_create(path, schema, &options, &error);
    return status == 0 ? open_engine(pair) : failed("create", status, &error);
}

bool pair_reopen(struct pair *pair)
{
    close_engine(pair);
    return open_engine(pair);
}

static void print_fault(void *context, const char *message)
{
    (void)context;
    fprintf(stderr, "check: %s\n", message);
}

bool pair_check(struct pair *pair)
{
    aisle_error error = {.message = ""};
    uint64_t faults = 0;
    close_engine(pair);
    int status = aisle_check(pair->path, print_fault, NULL, &faults, &error);
    return status == 0 ? faults == 0 : failed("check", status, &error);
}

void pair_close(struct pair *pair)
{
    close_engine(pair);
    aisle_result_free(pair->result);
    oracle_free(pair->oracle);
    pair_remove(pair->path);
    *pair = (struct pair){.catalog = NULL};
}

static aisle_bytes bytes_from(const char *text)
{
    return (aisle_bytes){.data = text, .size = strlen(text)};
}

static bool same_status(const char *what, const char *text, int engine, int oracle, const aisle_error *error)
{
    if (engine == oracle) {
        return true;
    }
    fprintf(stderr, "%s %s: engine %s (%s), oracle %s\n", what, text, aisle_error_name(engine), error->message,
            aisle_error_name(oracle));
    return false;
}

bool pair_put_flat(struct pair *pair, const char *product, const char *flat)
{
    aisle_error error = {.message = ""};
    int status = aisle_put(pair->writer, bytes_from(product), &error);
    return same_status("put", product, status, oracle_put(pair->oracle, flat), &error);
}

bool pair_put(struct pair *pair, const char *product)
{
    return pair_put_flat(pair, product, product);
}

bool pair_patch_flat(struct pair *pair, const char *id, const char *fields, const char *flat)
{
    aisle_error error = {.message = ""};
    int status = aisle_patch(pair->writer, bytes_from(id), bytes_from(fields), &error);
    return same_status("patch", fields, status, oracle_patch(pair->oracle, id, flat), &error);
}

bool pair_patch(struct pair *pair, const char *id, const char *fields)
{
    return pair_patch_flat(pair, id, fields, fields);
}

bool pair_delete(struct pair *pair, const char *id)
{
    aisle_error error = {.message = ""};
    int status = aisle_delete(pair->writer, bytes_from(id), &error);
    return same_status("delete", id, status, oracle_delete(pair->oracle, id), &error);
}

bool pair_commit(struct pair *pair, bool compact)
{
    aisle_error error = {.message = ""};
    aisle_statistics statistics = {.size = sizeof statistics};
    int status = compact ? aisle_compact(pair->writer, &error) : aisle_commit(pair->writer, &error);
    if (status == 0) {
        status = aisle_stats(pair->catalog, &statistics, &error);
    }
    if (status != 0) {
        return failed(compact ? "compact" : "commit", status, &error);
    }
    if (statistics.products != oracle_products(pair->oracle) || (compact && statistics.dead != 0)) {
        fprintf(stderr, "stats: %llu products and %llu dead, the oracle has %llu and %llu\n",
                (unsigned long long)statistics.products, (unsigned long long)statistics.dead,
                (unsigned long long)oracle_products(pair->oracle), (unsigned long long)oracle_dead(pair->oracle));
        return false;
    }
    if (statistics.dead == 0) {
        oracle_merged(pair->oracle);
    }
    pair->exact = statistics.dead == oracle_dead(pair->oracle);
    return true;
}

/* --------------------------------------------------------------------------------------------- comparison -- */

static bool engine_search(struct pair *pair, const char *text, uint32_t offset, uint32_t limit, bool explain,
                          int *status, aisle_error *error)
{
    aisle_query query = {.size = sizeof query, .text = text, .offset = offset, .limit = limit, .explain = explain,
                         .no_typos = true, .no_stop_words = true};
    query.no_products = true;
    query.weights = pair->weights;
    query.now_ms = pair->now_ms;
    *status = aisle_search(pair->catalog, &query, &pair->result, error);
    bool exact = false;
    uint64_t total = *status == 0 ? aisle_result_total(pair->result, &exact) : 0;
    if (*status == 0 && !exact) {
        fprintf(stderr, "the total %llu is not exact\n", (unsigned long long)total);
        return false;
    }
    return true;
}

static int64_t score_of(const aisle_hit *hit)
{
    return llrint(hit->score * 262144.0);
}

static bool same_hits(struct pair *pair, const struct oracle_answer *answer, uint64_t *hits)
{
    aisle_hit hit;
    size_t count = aisle_result_count(pair->result);
    if (aisle_result_total(pair->result, NULL) != answer->total || count != answer->count) {
        fprintf(stderr, "engine: total %llu, %zu hits; oracle: total %llu, %zu hits\n",
                (unsigned long long)aisle_result_total(pair->result, NULL), count, (unsigned long long)answer->total,
                answer->count);
        return false;
    }
    for (size_t i = 0; aisle_result_hit(pair->result, i, &hit) == 0; i++) {
        const struct oracle_hit *expected = &answer->hits[i];
        if (hit.id.size != strlen(expected->id) || memcmp(hit.id.data, expected->id, hit.id.size) != 0 ||
            score_of(&hit) != expected->score) {
            fprintf(stderr, "hit %zu: engine %.*s %lld; oracle %s %lld (key %016llx)\n", i, (int)hit.id.size,
                    hit.id.data, (long long)score_of(&hit), expected->id, (long long)expected->score,
                    (unsigned long long)expected->key);
            return false;
        }
    }
    *hits += count;
    return true;
}

/* Whether the score that the engine gave is one of the order: descending, then key, id's hash and id ascending. */
static int compare_hits(const void *left, const void *right)
{
    const struct oracle_hit *a = left, *b = right;
    if (a->score != b->score) {
        return a->score > b->score ? -1 : 1;
    }
    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    uint64_t first = hash_bytes(a->id, strlen(a->id)), second = hash_bytes(b->id, strlen(b->id));
    return first != second ? (first < second ? -1 : 1) : strcmp(a->id, b->id);
}

static int compare_ids(const void *left, const void *right)
{
    const struct oracle_hit *a = left, *b = right;
    return strcmp(a->id, b->id);
}

/* The hits of a whole answer, as a set, and in the order that the engine's own scores ask for. */
static bool same_set(struct pair *pair, struct oracle_answer *answer, uint64_t *hits)
{
    aisle_hit hit;
    size_t count = aisle_result_count(pair->result);
    if (aisle_result_total(pair->result, NULL) != answer->total || count != answer->count) {
        return same_hits(pair, answer, hits);
    }
    qsort(answer->hits, answer->count, sizeof *answer->hits, compare_ids);
    struct oracle_hit previous = {.id = NULL};
    for (size_t i = 0; aisle_result_hit(pair->result, i, &hit) == 0; i++) {
        char id[64];
        snprintf(id, sizeof id, "%.*s", (int)hit.id.size, hit.id.data);
        struct oracle_hit *found =
            bsearch(&(struct oracle_hit){.id = id}, answer->hits, answer->count, sizeof *answer->hits, compare_ids);
        if (found == NULL) {
            fprintf(stderr, "hit %zu: the oracle has no %s\n", i, id);
            return false;
        }
        struct oracle_hit current = {.id = found->id, .score = score_of(&hit), .key = found->key};
        if (previous.id != NULL && compare_hits(&previous, &current) >= 0) {
            fprintf(stderr, "hit %zu: %s does not belong behind %s\n", i, current.id, previous.id);
            return false;
        }
        previous = current;
    }
    *hits += count;
    return true;
}

static yajl_val member(yajl_val object, const char *name, yajl_type type)
{
    const char *path[] = {name, NULL};
    return yajl_tree_get(object, path, type);
}

/* Hands the statistics that an explanation names to the oracle. */
static bool use_explained(struct oracle *oracle, aisle_bytes explanation)
{
    char message[200];
    char *text = strndup(explanation.data, explanation.size);
    yajl_val tree = text != NULL ? yajl_tree_parse(text, message, sizeof message) : NULL;
    yajl_val products = member(tree, "products", yajl_t_number);
    yajl_val average = member(tree, "average_length", yajl_t_number);
    yajl_val clauses = member(tree, "clauses", yajl_t_array);
    bool complete = products != NULL && average != NULL && clauses != NULL;
    if (complete) {
        uint64_t count = (uint64_t)YAJL_GET_INTEGER(products);
        double length = strtod(YAJL_GET_NUMBER(average), NULL);
        oracle_use_statistics(oracle, count, (uint64_t)llrint(length * 2.0 * (double)count));
    }
    for (size_t i = 0; complete && i < clauses->u.array.len; i++) {
        yajl_val term = member(clauses->u.array.values[i], "term", yajl_t_string);
        yajl_val df = member(clauses->u.array.values[i], "df", yajl_t_number);
        complete = term != NULL && df != NULL;
        if (complete) {
            oracle_use_df(oracle, YAJL_GET_STRING(term), (uint64_t)YAJL_GET_INTEGER(df));
        }
    }
    if (!complete) {
        fprintf(stderr, "the explanation lacks statistics: %s\n", text != NULL ? text : "");
    }
    yajl_tree_free(tree);
    free(text);
    return complete;
}

/* Compares while the oracle does not know which dead products are still counted. */
static bool search_inexact(struct pair *pair, const char *text, bool plain, struct oracle_answer *answer,
                           uint64_t *hits)
{
    aisle_hit hit;
    if (!plain || aisle_result_hit(pair->result, 0, &hit) != 0) {
        return same_set(pair, answer, hits);
    }
    bool same = use_explained(pair->oracle, hit.explanation);
    if (same) {
        oracle_answer_release(answer);
        same = oracle_search(pair->oracle, text, 0, HITS_MAX, answer) == 0 && same_hits(pair, answer, hits);
    }
    oracle_use_own(pair->oracle);
    return same;
}

bool pair_search(struct pair *pair, const char *text, uint32_t offset, uint32_t limit, bool plain, uint64_t *hits)
{
    struct oracle_answer answer = {0};
    aisle_error error = {.message = ""};
    uint64_t ignored = 0;
    int status = 0;
    hits = hits != NULL ? hits : &ignored;
    oracle_use_signals(pair->oracle, pair->weights, pair->now_ms);
    if (!pair->exact) {
        offset = 0;
        limit = HITS_MAX;
    }
    bool same = engine_search(pair, text, offset, limit, !pair->exact && plain, &status, &error) &&
                same_status("search", text, status, oracle_search(pair->oracle, text, offset, limit, &answer), &error);
    if (same && status == 0) {
        same = pair->exact ? same_hits(pair, &answer, hits) : search_inexact(pair, text, plain, &answer, hits);
    }
    pair->status = status;
    pair->total = answer.total;
    if (!same) {
        fprintf(stderr, "query '%s' offset %u limit %u, %s statistics\n", text, offset, limit,
                pair->exact ? "exact" : "explained");
        difference_print(pair->catalog, pair->oracle, text);
    }
    oracle_answer_release(&answer);
    return same;
}
