/*
 * test_index_variants_patch.c - patches of single variants equal products that are put whole.
 *
 * Two catalogs have the same products: of one, single variants are patched, of the other, the products are put as a
 * model has them. What the first returns, counts and filters must be what the second does, whatever is committed,
 * merged and reopened in between.
 */
#include "index_fixture.h"

#define SCHEMA                                                                                                 \
    "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},\"variants\":{\"type\":"           \
    "\"variants\"},\"sku\":{\"type\":\"keyword\",\"code\":true,\"variant\":true},\"color\":{\"type\":"         \
    "\"keyword\",\"facet\":true,\"variant\":true},\"price\":{\"type\":\"integer\",\"variant\":true},\"stock\"" \
    ":{\"type\":\"integer\",\"variant\":true,\"keeps\":\"sum\"}},\"order\":[\"length\"]}"

#define PRODUCTS 60u
#define VARIANTS 6u
#define NONE 1000u
#define JSON_BYTES 4096u

/* A variant as the model has it; NONE: no such member. */
struct variant {
    bool alive;
    uint32_t color, price, stock;
    uint32_t born; /* variants stand in this order */
};

static struct variant shop[PRODUCTS][VARIANTS];
static uint32_t births;
static uint64_t seed = 3;
static aisle *patched, *whole;
static aisle_writer *patching, *putting;

static uint32_t draw(uint32_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % limit);
}

/* The variant that came first after the one born then; VARIANTS: none. */
static uint32_t next_variant(uint32_t id, uint32_t born)
{
    uint32_t next = VARIANTS;
    for (uint32_t v = 0; v < VARIANTS; v++) {
        bool waits = shop[id][v].alive && shop[id][v].born > born;
        next = waits && (next == VARIANTS || shop[id][v].born < shop[id][next].born) ? v : next;
    }
    return next;
}

/* Appends a member to an object that has one. */
static void append(char *out, const char *name, uint32_t value, bool word)
{
    size_t size = strlen(out);
    if (value != NONE) {
        snprintf(out + size, JSON_BYTES - size, word ? ",\"%s\":\"c%u\"" : ",\"%s\":%u", name, value);
    }
}

/* The product as it is put, its variants in the order that they came in. */
static void put_whole(uint32_t id)
{
    char product[JSON_BYTES];
    snprintf(product, sizeof product, "{\"id\":\"%u\",\"title\":\"shoe\",\"price\":50,\"variants\":[", id);
    for (uint32_t v = next_variant(id, 0); v != VARIANTS; v = next_variant(id, shop[id][v].born)) {
        size_t size = strlen(product);
        snprintf(product + size, sizeof product - size, "%s{\"sku\":\"S%u-%u\"", product[size - 1] == '[' ? "" : ",",
                 id, v);
        append(product, "color", shop[id][v].color, true);
        append(product, "price", shop[id][v].price, false);
        append(product, "stock", shop[id][v].stock, false);
        strcat(product, "}");
    }
    strcat(product, "]}");
    put(putting, product);
}

/* Changes a variant in the model; returns the change as JSON. */
static void change(uint32_t id, uint32_t v, char *out)
{
    struct variant *variant = &shop[id][v];
    snprintf(out, JSON_BYTES, "\"S%u-%u\":", id, v);
    if (variant->alive && draw(4) == 0) {
        variant->alive = false;
        strcat(out, "null");
        return;
    }
    char *at = out + strlen(out);
    bool is_new = !variant->alive;
    if (is_new) {
        *variant = (struct variant){.alive = true, .color = NONE, .price = NONE, .stock = NONE, .born = ++births};
    }
    snprintf(at, JSON_BYTES, "{\"%s\":%s", is_new ? "sku" : "note", is_new ? "" : "null");
    if (is_new) {
        size_t size = strlen(out);
        snprintf(out + size, JSON_BYTES - size, "\"S%u-%u\"", id, v);
    }
    if (draw(2) == 0) {
        variant->color = draw(4);
        append(out, "color", variant->color, true);
    }
    if (draw(2) == 0) {
        variant->price = draw(100);
        append(out, "price", variant->price, false);
    } else if (!is_new && draw(3) == 0) {
        variant->price = NONE;
        strcat(out, ",\"price\":null");
    }
    if (draw(2) == 0) {
        variant->stock = draw(9);
        append(out, "stock", variant->stock, false);
    }
    strcat(out, "}");
}

static void patch_some(uint32_t id)
{
    char fields[JSON_BYTES] = "{\"variants\":{";
    char name[16];
    bool any = false;
    for (uint32_t v = 0; v < VARIANTS; v++) {
        char one[JSON_BYTES];
        if (draw(3) == 0) {
            change(id, v, one);
            strcat(strcat(fields, any ? "," : ""), one);
            any = true;
        }
    }
    strcat(fields, "}}");
    snprintf(name, sizeof name, "%u", id);
    patch(patching, name, fields);
    put_whole(id);
}

/* What a filter finds and what of the stock comes to, in one text. */
static void describe(aisle *catalog, const char *filter, char out[200])
{
    static const char *const facets[] = {"stock:stats", "color:9"};
    aisle_result *result = NULL;
    aisle_facet stock;
    aisle_facet color;
    const aisle_query query = {
        .size = sizeof query, .text = "", .filter = filter, .facets = facets, .facet_count = 2};
    assert_done(aisle_search(catalog, &query, &result, &error));
    assert_int_equal(aisle_result_facet(result, 0, &stock), 0);
    assert_int_equal(aisle_result_facet(result, 1, &color), 0);
    snprintf(out, 200, "%llu products, stock of %llu is %.*s, %llu colours",
             (unsigned long long)aisle_result_total(result, NULL), (unsigned long long)stock.products,
             (int)stock.sum.size, stock.sum.data, (unsigned long long)color.distinct);
    aisle_result_free(result);
}

static void is_same_answer(const char *filter)
{
    char a[200];
    char b[200];
    describe(patched, filter, a);
    describe(whole, filter, b);
    assert_string_equal(a, b);
}

static void has_member(const char *variant, const char *name, uint32_t value, bool word)
{
    char member[64] = "";
    char with_name[32];
    snprintf(with_name, sizeof with_name, "\"%s\"", name);
    append(member, name, value, word);
    assert_true(value == NONE ? strstr(variant, with_name) == NULL : strstr(variant, member) != NULL);
}

/* The variants of the product as it is returned, each with what the model has, in order. */
static void is_as_modelled(uint32_t id)
{
    char text[JSON_BYTES];
    aisle_result *result = NULL;
    aisle_hit hit;
    snprintf(text, sizeof text, "%u", id);
    assert_done(aisle_get(patched, text_bytes(text), false, &result, &error));
    assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
    snprintf(text, sizeof text, "%.*s", (int)hit.product.size, hit.product.data);
    aisle_result_free(result);
    const char *at = strchr(text, '[');
    for (uint32_t v = next_variant(id, 0); v != VARIANTS; v = next_variant(id, shop[id][v].born)) {
        char variant[JSON_BYTES];
        char key[32];
        at = strchr(at, '{');
        assert_non_null(at);
        snprintf(variant, sizeof variant, "%.*s", (int)strcspn(at, "}"), at);
        snprintf(key, sizeof key, "{\"sku\":\"S%u-%u\"", id, v);
        assert_memory_equal(variant, key, strlen(key));
        has_member(variant, "color", shop[id][v].color, true);
        has_member(variant, "price", shop[id][v].price, false);
        has_member(variant, "stock", shop[id][v].stock, false);
        at++;
    }
    assert_null(strchr(at, '{'));
}

static void are_same(void)
{
    char filter[200];
    for (uint32_t id = 0; id < PRODUCTS; id++) {
        is_as_modelled(id);
    }
    for (uint32_t i = 0; i < 40; i++) {
        uint32_t price = draw(100);
        snprintf(filter, sizeof filter, "ANY variants (color = \"c%u\" AND price < %u AND stock > %u)", draw(4), price,
                 draw(9));
        is_same_answer(filter);
        snprintf(filter, sizeof filter, "price < %u", price);
        is_same_answer(filter);
    }
}

static void single_variants_change_as_whole_products_do(void **state)
{
    (void)state;
    create_catalog("patched", SCHEMA, 1);
    create_catalog("whole", SCHEMA, 1);
    patched = open_catalog("patched");
    whole = open_catalog("whole");
    patching = begin_writing(patched);
    putting = begin_writing(whole);
    for (uint32_t id = 0; id < PRODUCTS; id++) {
        char product[JSON_BYTES];
        snprintf(product, sizeof product, "{\"id\":\"%u\",\"title\":\"shoe\",\"price\":50,\"variants\":[]}", id);
        put(patching, product);
        put_whole(id);
    }
    for (uint32_t round = 0; round < 12; round++) {
        for (uint32_t i = 0; i < 100; i++) {
            patch_some(draw(PRODUCTS));
        }
        commit(patching);
        commit(putting);
        are_same();
    }
    aisle_writer_free(patching);
    aisle_writer_free(putting);
    aisle_close(patched);
    aisle_close(whole);
}

/* A variant more than a product may have, by its key. */
static void one_variant_past_the_limit_is_refused(void **state)
{
    (void)state;
    static char product[64 * 1024];
    snprintf(product, sizeof product, "{\"id\":\"A\",\"variants\":[{\"sku\":\"0\"}");
    for (uint32_t i = 1; i < 1023; i++) {
        size_t size = strlen(product);
        snprintf(product + size, sizeof product - size, ",{\"sku\":\"%u\"}", i);
    }
    strcat(product, "]}");
    create_catalog("many", SCHEMA, 1);
    aisle *catalog = open_catalog("many");
    aisle_writer *writer = begin_writing(catalog);
    put(writer, product);
    patch(writer, "A", "{\"variants\":{\"last\":{\"sku\":\"last\"}}}");
    assert_int_equal(try_patch(writer, "A", "{\"variants\":{\"more\":{\"sku\":\"more\"}}}"), AISLE_BAD_PRODUCT);
    assert_non_null(strstr(error.message, "too many variants, expected at most 1024"));
    patch(writer, "A", "{\"variants\":{\"more\":{\"sku\":\"more\"},\"0\":null}}");
    commit(writer);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_variants_change_as_whole_products_do),
        cmocka_unit_test(one_variant_past_the_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
