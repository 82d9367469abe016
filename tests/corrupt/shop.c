/*
 * shop.c - making the catalog of the damage sweep, writing to it, and asking it everything.
 *
 * The rules stand in shop.h.
 */
#include "corrupt/shop.h"

#include <stdio.h>
#include <string.h>

static const char schema[] =
    "{\"version\":1,\"id\":\"id\",\"language\":\"english\",\"fields\":{\"title\":{\"type\":\"text\",\"weight\":5},"
    "\"brand\":{\"type\":\"keyword\",\"facet\":true,\"search_weight\":3},\"price\":{\"type\":\"decimal\",\"scale\":2},"
    "\"stock\":{\"type\":\"integer\"}},\"order\":[\"length\",\"stock:desc\"]}";

static const char *const words[] = {"red",  "blue",  "wool",   "lamp",   "boot",   "shirt", "garden", "cable", "tea",
                                    "cup",  "steel", "wooden", "chair",  "bright", "small", "large",  "phone", "case",
                                    "soap", "brush", "winter", "summer", "folding"};
static const char *const brands[] = {"Oravox", "Lumetra", "Tarn & Sons", "Kedde", "Milau"};
static const char *const searches[SHOP_SEARCHES] = {
    "",           "red",      "red lamp",   "wool OR steel", "garden -tea", "win*",   "b*",
    "title:phone", "oravox",  "large cup chair", "serial177", "no such",   "brushes", "summers folding OR winter"};

static const char *const facets[] = {"brand", "price/50:stats", "stock[*,10,30,*]"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static aisle_bytes bytes_of_text(const char *text)
{
    return (aisle_bytes){text, strlen(text)};
}

static const char *id_of(unsigned number)
{
    static char id[16];
    snprintf(id, sizeof id, "P%05u", number);
    return id;
}

/* A product's JSON; version tells one that replaces another from it. */
static const char *product_of(unsigned number, unsigned version)
{
    static char text[512];
    unsigned mix = (number + version * 7919u) * 2654435761u;
    snprintf(text, sizeof text,
             "{\"id\":\"P%05u\",\"title\":\"%s %s %s serial%u\",\"brand\":\"%s\",\"price\":%u.%02u,\"stock\":%u}",
             number, words[mix % COUNT(words)], words[(mix >> 7) % COUNT(words)], words[(mix >> 14) % COUNT(words)],
             mix % 977, brands[(mix >> 20) % COUNT(brands)], (mix >> 3) % 500, mix % 100, (mix >> 9) % 60);
    return text;
}

static int patch_stock(aisle_writer *writer, unsigned number, unsigned stock, aisle_error *error)
{
    char fields[64];
    snprintf(fields, sizeof fields, "{\"stock\":%u}", stock);
    return aisle_patch(writer, bytes_of_text(id_of(number)), bytes_of_text(fields), error);
}

static int put_range(aisle_writer *writer, unsigned first, unsigned end, unsigned step, unsigned version,
                     aisle_error *error)
{
    int status = 0;
    for (unsigned i = first; i < end && status == 0; i += step) {
        status = aisle_put(writer, bytes_of_text(product_of(i, version)), error);
    }
    return status;
}

static int mark(aisle_writer *writer, const char *source, uint64_t offset, aisle_error *error)
{
    aisle_position position = {.source = source, .identity = 77, .offset = offset, .seq = "4/A0"};
    return aisle_mark(writer, &position, error);
}

/* One commit of the catalog's life: everything first, then replacements, patches and deletes. */
static int live(aisle_writer *writer, unsigned turn, aisle_error *error)
{
    int status = mark(writer, turn < 2 ? "changes-1" : "changes-2", 1000 + turn, error);
    if (status == 0) {
        status = turn == 0 ? put_range(writer, 0, SHOP_PRODUCTS, 1, 0, error)
                           : put_range(writer, turn, SHOP_PRODUCTS, 40, turn, error);
    }
    for (unsigned i = 3 * turn; i < SHOP_PRODUCTS && turn > 0 && status == 0; i += 90) {
        status = patch_stock(writer, i, 100 + turn, error);
    }
    for (unsigned i = 500 * turn; i < SHOP_PRODUCTS && turn > 0 && status == 0; i += 700) {
        status = aisle_delete(writer, bytes_of_text(id_of(i)), error);
        status = status == AISLE_NOT_FOUND ? 0 : status;
    }
    return status == 0 ? aisle_commit(writer, error) : status;
}

int shop_make(const char *path, aisle_error *error)
{
    aisle_create_options options = {.size = sizeof options, .shards = SHOP_SHARDS};
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    int status = aisle_create(path, schema, &options, error);
    status = status == 0 ? aisle_open(path, NULL, &catalog, error) : status;
    status = status == 0 ? aisle_begin(catalog, &writer, error) : status;
    for (unsigned turn = 0; turn < 4 && status == 0; turn++) {
        status = live(writer, turn, error);
    }
    aisle_writer_free(writer);
    aisle_close(catalog);
    return status;
}

int shop_write(aisle *catalog, aisle_error *error)
{
    aisle_writer *writer = NULL;
    int status = aisle_begin(catalog, &writer, error);
    status = status == 0 ? mark(writer, "changes-2", 2000, error) : status;
    status = status == 0 ? put_range(writer, SHOP_PRODUCTS, SHOP_PRODUCTS + SHOP_NEW, 1, 0, error) : status;
    status = status == 0 ? put_range(writer, 9, SHOP_PRODUCTS, 900, 9, error) : status;
    for (unsigned i = 5; i < SHOP_PRODUCTS && status == 0; i += 400) {
        status = patch_stock(writer, i, 999, error);
    }
    status = status == 0 ? aisle_delete(writer, bytes_of_text(id_of(7)), error) : status;
    status = status == 0 ? aisle_commit(writer, error) : status;
    aisle_writer_free(writer);
    return status;
}

/* ---- questions ---- */

static uint64_t hash(uint64_t state, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++) {
        state = (state ^ bytes[i]) * UINT64_C(1099511628211);
    }
    return state;
}

static uint64_t hash_result(const aisle_result *result)
{
    uint64_t total = aisle_result_total(result, NULL);
    uint64_t state = hash(UINT64_C(14695981039346656037), &total, sizeof total);
    aisle_hit hit;
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        state = hash(state, hit.id.data, hit.id.size);
        state = hash(state, &hit.score, sizeof hit.score);
        state = hash(state, hit.product.data, hit.product.size);
    }
    aisle_facet_value value;
    for (size_t i = 0; i < COUNT(facets); i++) {
        for (size_t k = 0; aisle_result_facet_value(result, i, k, &value) == 0; k++) {
            state = hash(state, value.value.data, value.value.size);
            state = hash(state, &value.count, sizeof value.count);
        }
    }
    return state;
}

static struct shop_answer ask_statistics(aisle *catalog, aisle_error *error)
{
    aisle_statistics found = {.size = sizeof found};
    uint64_t values[4] = {0};
    int status = aisle_stats(catalog, &found, error);
    if (status == 0) {
        values[0] = found.products;
        values[1] = found.postings;
        status = aisle_log_offset(catalog, "changes-1", 77, &values[2], error);
    }
    status = status == 0 ? aisle_log_offset(catalog, "changes-2", 77, &values[3], error) : status;
    return (struct shop_answer){status, status == 0 ? hash(1, values, sizeof values) : 0};
}

struct shop_answer shop_ask(aisle *catalog, unsigned number, aisle_result **result, aisle_error *error)
{
    if (number == 0) {
        return ask_statistics(catalog, error);
    }
    int status;
    if (number <= SHOP_SEARCHES) {
        aisle_query query = {.size = sizeof query, .text = searches[number - 1], .limit = 25};
        query.facets = facets;
        query.facet_count = number % 2 == 0 ? COUNT(facets) : 0;
        query.sort = number % 3 == 0 ? "brand,price:desc" : NULL;
        status = aisle_search(catalog, &query, result, error);
    } else {
        status = aisle_get(catalog, bytes_of_text(id_of(number - 1 - SHOP_SEARCHES)), false, result, error);
    }
    return (struct shop_answer){status, status == 0 ? hash_result(*result) : 0};
}

const char *shop_question(unsigned number)
{
    static char text[96];
    if (number == 0) {
        return "statistics";
    }
    if (number <= SHOP_SEARCHES) {
        snprintf(text, sizeof text, "search \"%s\"", searches[number - 1]);
    } else {
        snprintf(text, sizeof text, "get %s", id_of(number - 1 - SHOP_SEARCHES));
    }
    return text;
}
