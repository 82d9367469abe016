/*
 * aisle.c - Aisle as a peer of the others: the same corpus and queries, through the public API alone.
 *
 *     peer_aisle build CORPUS INDEX THREADS VARIANT; peer_aisle search INDEX QUERIES MODE WARM PASSES     (peer.h)
 *
 * Not part of the library. Its catalog has one text field of weight 1 without a language, columns, and the order of the
 * shop schema. VARIANT merged is compacted into one segment, built is as indexing leaves it. Unlike the others it
 * always keeps each product's JSON, too; run.py takes that from the bytes, and the time it took is in "stored_seconds".
 */
#include "aisle.h"
#include "peer.h"

static aisle *catalog;
static aisle_result *result;
static aisle_error error;

static void check(int status)
{
    if (status != 0) {
        peer_fail(error.message);
    }
}

/* Aisle would link single letters with their neighbours ("t shirt", "usb c"), unless a comma stands between. */
static void put_terms(char *out, const char *terms)
{
    size_t size = 0;
    for (; *terms != '\0'; terms++) {
        if (*terms == ' ' && (size == 1 || (terms[1] != '\0' && (terms[2] == ' ' || terms[2] == '\0')))) {
            *out++ = ',';
        }
        size = *terms == ' ' ? 0 : size + 1;
        *out++ = *terms;
    }
    *out = '\0';
}

static void put_all(aisle_writer *writer, const char *path)
{
    FILE *corpus = fopen(path, "r");
    char *line = NULL;
    char *product = NULL;
    char *terms = NULL;
    size_t capacity = 0;
    size_t product_capacity = 0;
    struct peer_product p;
    if (corpus == NULL) {
        peer_fail("the corpus cannot be read");
    }
    while (peer_read(corpus, &line, &capacity, &p)) {
        if (2 * capacity + 128 > product_capacity) {
            product_capacity = 2 * capacity + 128;
            product = realloc(product, product_capacity);
            terms = realloc(terms, product_capacity);
        }
        put_terms(terms, p.terms);
        int written = snprintf(product, product_capacity,
                               "{\"id\":\"%llu\",\"text\":\"%s\",\"price\":%s,\"sales\":%s,\"category\":\"%s\","
                               "\"brand\":\"%s\"}",
                               (unsigned long long)p.number, terms, p.price, p.sales, p.category, p.brand);
        check(aisle_put(writer, (aisle_bytes){product, (size_t)written}, &error));
    }
    free(terms);
    free(product);
    free(line);
    fclose(corpus);
}

static void build(const char *corpus, const char *index, const char *threads, bool merged)
{
    static const char schema[] =
        "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"text\":{\"type\":\"text\"},"
        "\"price\":{\"type\":\"integer\"},\"sales\":{\"type\":\"integer\"},\"category\":{\"type\":\"path\"},"
        "\"brand\":{\"type\":\"keyword\"}},\"order\":[\"length\",\"category\",\"brand\",\"sales:desc\"]}";
    const aisle_options options = {.size = sizeof options, .threads = (uint32_t)atoi(threads)};
    aisle_writer *writer = NULL;
    aisle_writer_statistics spent = {.size = sizeof spent};
    aisle_statistics held = {.size = sizeof held};
    double start = peer_seconds();
    check(aisle_create(index, schema, NULL, &error));
    check(aisle_open(index, &options, &catalog, &error));
    check(aisle_begin(catalog, &writer, &error));
    put_all(writer, corpus);
    check(aisle_commit(writer, &error));
    double built = peer_seconds();
    if (merged) {
        check(aisle_compact(writer, &error));
    }
    double end = peer_seconds();
    check(aisle_writer_stats(writer, &spent));
    check(aisle_stats(catalog, &held, &error));
    aisle_writer_free(writer);
    aisle_close(catalog);
    printf("{\"seconds\":%.3f,\"merge_seconds\":%.3f,\"stored_seconds\":%.3f,\"version\":\"%s\",\"stored_bytes\":%llu,"
           "\"live_bytes\":%llu,\"postings\":%llu}\n",
           built - start, end - built, (double)spent.compress_ns / 1e9, aisle_version(),
           (unsigned long long)held.documents_bytes,
           (unsigned long long)(held.postings_bytes + held.terms_bytes + held.columns_bytes + held.ids_bytes +
                                held.order_bytes + held.positions_bytes),
           (unsigned long long)held.postings);
}

static void peer_open(const char *index)
{
    const aisle_options options = {.size = sizeof options, .read_only = true};
    check(aisle_open(index, &options, &catalog, &error));
}

/* As a program has a query at hand: no larger than it is. */
struct aisle_prepared {
    char *filter; /* NULL: none */
    char text[];  /* as a shopper types it */
};

static void *peer_prepare(const struct peer_query *query)
{
    char text[4096];
    char *end = text;
    if (query->kind == 'p') {
        *end++ = '"';
    }
    for (int i = 0; i < query->count; i++) {
        end += snprintf(end, 256, "%s%s", i == 0 ? "" : query->kind == 'o' ? " OR " : " ", query->words[i]);
    }
    if (query->kind == 'p' || query->kind == 'P') {
        *end++ = query->kind == 'p' ? '"' : '*';
    }
    *end++ = '\0';
    struct aisle_prepared *prepared = calloc(1, sizeof *prepared + (size_t)(end - text));
    memcpy(prepared->text, text, (size_t)(end - text));
    if (query->kind == 'f') {
        prepared->filter = calloc(1, 64);
        snprintf(prepared->filter, 64, "price %lld TO %lld", query->low, query->high);
    }
    return prepared;
}

static void peer_ask(void *context, int count_only, struct peer_answer *answer)
{
    const struct aisle_prepared *prepared = context;
    const aisle_query query = {.size = sizeof query,
                               .text = prepared->text,
                               .filter = prepared->filter,
                               .limit = PEER_TOP,
                               .no_hits = count_only != 0,
                               .no_total = count_only == 0,
                               .no_products = true,
                               .no_typos = true,
                               .no_stop_words = true};
    check(aisle_search(catalog, &query, &result, &error));
    answer->total = aisle_result_total(result, NULL);
    aisle_hit hit;
    while (aisle_result_hit(result, (size_t)answer->count, &hit) == 0) {
        for (size_t i = 0; i < hit.id.size; i++) {
            answer->number[answer->count] = answer->number[answer->count] * 10 + (uint64_t)(hit.id.data[i] - '0');
        }
        answer->score[answer->count++] = hit.score;
    }
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "build") == 0) {
        build(argv[2], argv[3], argv[4], strcmp(argv[5], "merged") == 0);
    } else if (argc == 7 && strcmp(argv[1], "search") == 0) {
        peer_search(argv + 2);
        aisle_result_free(result);
        aisle_close(catalog);
    } else {
        peer_fail("build CORPUS INDEX THREADS VARIANT, or search INDEX QUERIES MODE WARM PASSES");
    }
    return 0;
}
