/*
 * test_index_affinities.c - answers with many affinities are the answers without them, with the parts added and sorted
 * anew, whatever is pruned or filtered: of single values, of lists, of paths and what lies below, of numbers.
 *
 * Products of one category and brand lie side by side in some segments and anywhere in others; brands are more than the
 * runs of ordinals that are told apart.
 */
#include "index_fixture.h"

#define SCHEMA                                                                                                      \
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\"},\"brand\":{"      \
    "\"type\":\"keyword\",\"facet\":true},\"tags\":{\"type\":\"keyword\",\"facet\":true},\"category\":{\"type\":"   \
    "\"path\",\"facet\":true},\"price\":{\"type\":\"integer\"},\"sales\":{\"type\":\"integer\"}},\"order\":["       \
    "\"length\",\"category\",\"brand\"],\"signals\":[{\"kind\":\"popularity\",\"field\":\"sales\",\"weight\":0.5}]}"

#define PRODUCTS 9000u
#define BRANDS 150u
#define TAGS 90u
#define TAGS_MAX 4u
#define NONE 1000u
#define AFFINITIES 32u
#define SEARCHES 360u /* of each catalog */
#define UNIT 262144.0 /* of a score: 2^18 parts */

static aisle *catalog;
static uint64_t seed = 11;

static struct {
    bool alive;
    uint32_t brand, price;
    uint32_t path[2]; /* NONE: none, or no second level */
    uint32_t tags[TAGS_MAX];
    double plain;   /* score without affinities; below 0: not found */
    double score;   /* with them */
    uint32_t place; /* in the order of documents, which decides where scores are equal */
} shop[PRODUCTS];

static struct affinity {
    enum { BRAND, TAG, PATH, PRICE } kind;
    uint32_t value, below;
    uint32_t hundredths;
} liked[AFFINITIES];
static uint32_t liked_count;

static uint32_t draw(uint32_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % limit);
}

static void put_random(aisle_writer *writer, uint32_t id)
{
    static const char *const titles[] = {"lamp", "red lamp", "lamp", "desk lamp", "lamp for a desk", "desk"};
    char product[600];
    char name[16] = "";
    uint32_t used = draw(TAGS_MAX + 1);
    shop[id].alive = true;
    shop[id].brand = draw(5) == 0 ? NONE : draw(BRANDS);
    shop[id].price = draw(20);
    shop[id].path[0] = draw(6) == 0 ? NONE : draw(5);
    shop[id].path[1] = draw(3) == 0 ? NONE : draw(30);
    int size = snprintf(product, sizeof product, "{\"id\":\"%u\",\"title\":\"%s\",\"price\":%u,\"sales\":%u", id,
                        titles[draw(6)], shop[id].price, draw(1u << draw(10)));
    if (shop[id].brand != NONE) {
        size += snprintf(product + size, sizeof product - (size_t)size, ",\"brand\":\"b%u\"", shop[id].brand);
    }
    if (shop[id].path[0] != NONE) {
        snprintf(name, sizeof name, ",\"d%u\"", shop[id].path[1]);
        size += snprintf(product + size, sizeof product - (size_t)size, ",\"category\":[\"c%u\"%s]", shop[id].path[0],
                         shop[id].path[1] == NONE ? "" : name);
    }
    size += snprintf(product + size, sizeof product - (size_t)size, ",\"tags\":[");
    for (uint32_t i = 0; i < TAGS_MAX; i++) {
        shop[id].tags[i] = i < used ? draw(TAGS) : NONE;
        if (i < used) {
            size += snprintf(product + size, sizeof product - (size_t)size, "%s\"t%u\"", i == 0 ? "" : ",",
                             shop[id].tags[i]);
        }
    }
    snprintf(product + size, sizeof product - (size_t)size, "]}");
    put(writer, product);
}

/* ---- by brute force ---- */

static bool likes(const struct affinity *affinity, uint32_t id)
{
    bool has = false;
    switch (affinity->kind) {
    case BRAND:
        return shop[id].brand == affinity->value;
    case PRICE:
        return shop[id].price == affinity->value;
    case PATH:
        return shop[id].path[0] == affinity->value &&
               (affinity->below == NONE || shop[id].path[1] == affinity->below);
    case TAG:
        break;
    }
    for (uint32_t i = 0; i < TAGS_MAX; i++) {
        has = has || shop[id].tags[i] == affinity->value;
    }
    return has;
}

static double score_of(uint32_t id)
{
    double score = shop[id].plain;
    for (uint32_t i = 0; i < liked_count; i++) {
        score += likes(&liked[i], id) ? (double)(liked[i].hundredths * UINT64_C(262144) / 100) / UNIT : 0;
    }
    return score;
}

static int compare_products(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    int by_score = (shop[a].score < shop[b].score) - (shop[a].score > shop[b].score);
    return by_score != 0 ? by_score : (shop[a].place > shop[b].place) - (shop[a].place < shop[b].place);
}

/* ---- both ---- */

static void draw_affinities(const char *texts[AFFINITIES])
{
    static char room[AFFINITIES][64];
    liked_count = 1 + draw(draw(2) == 0 ? AFFINITIES : 8);
    for (uint32_t i = 0; i < liked_count; i++) {
        static const uint32_t limits[] = {BRANDS + 2, TAGS + 2, 6, 22};
        static const char *const fields[] = {"brand:b", "tags:t", "category:c", "price:"};
        uint32_t kind = draw(20);
        struct affinity *affinity = &liked[i];
        *affinity = (struct affinity){.kind = kind < 9 ? BRAND : kind < 14 ? TAG : kind < 19 ? PATH : PRICE,
                                      .below = draw(2) == 0 ? NONE : draw(30),
                                      .hundredths = 1 + draw(draw(3) == 0 ? 1000 : 60)};
        affinity->value = draw(limits[affinity->kind]);
        int size = snprintf(room[i], sizeof room[i], "%s%u", fields[affinity->kind], affinity->value);
        if (affinity->kind == PATH && affinity->below != NONE) {
            size += snprintf(room[i] + size, sizeof room[i] - (size_t)size, " > d%u", affinity->below);
        }
        snprintf(room[i] + size, sizeof room[i] - (size_t)size, "=%u.%02u", affinity->hundredths / 100,
                 affinity->hundredths % 100);
        texts[i] = room[i];
    }
}

static const char *filter; /* of the searches at hand; NULL: none */

static aisle_result *search(const char *text, const char *const *affinities, uint32_t limit)
{
    aisle_result *result = NULL;
    const aisle_query query = {.size = sizeof query,
                               .text = text,
                               .filter = filter,
                               .affinities = affinities,
                               .affinity_count = affinities == NULL ? 0 : liked_count,
                               .limit = limit,
                               .no_products = true,
                               .no_typos = true};
    assert_done(aisle_search(catalog, &query, &result, &error));
    return result;
}

static uint32_t number_of(const aisle_hit *hit)
{
    uint32_t number = 0;
    for (size_t i = 0; i < hit->id.size; i++) {
        number = number * 10 + (uint32_t)(hit->id.data[i] - '0');
    }
    return number;
}

/* Learns the order of documents from all products without a score. */
static void take_places(void)
{
    aisle_result *result = NULL;
    aisle_hit hit;
    const aisle_query query = {
        .size = sizeof query, .text = "", .weights = "sales:0", .limit = 10000, .no_products = true};
    assert_done(aisle_search(catalog, &query, &result, &error));
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        shop[number_of(&hit)].place = (uint32_t)i;
    }
    aisle_result_free(result);
}

static void is_as_by_brute_force(const char *text)
{
    static uint32_t expected[PRODUCTS];
    const char *affinities[AFFINITIES];
    uint32_t found = 0;
    uint32_t limit = draw(4) == 0 ? 200 : 1 + draw(12);
    aisle_hit hit;
    filter = draw(3) != 0 ? NULL : draw(2) == 0 ? "price < 9" : "NOT brand = \"b3\" AND price > 1";
    aisle_result *all = search(text, NULL, 10000);
    draw_affinities(affinities);
    for (size_t i = 0; aisle_result_hit(all, i, &hit) == 0; i++) {
        uint32_t id = number_of(&hit);
        shop[id].plain = hit.score;
        shop[id].score = score_of(id);
        expected[found++] = id;
    }
    aisle_result_free(all);
    qsort(expected, found, sizeof expected[0], compare_products);
    aisle_result *result = search(text, affinities, limit);
    assert_int_equal(aisle_result_count(result), found < limit ? found : limit);
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        assert_int_equal(number_of(&hit), expected[i]);
        assert_true(hit.score >= shop[expected[i]].score && hit.score <= shop[expected[i]].score);
    }
    aisle_result_free(result);
}

static void affinities_add_up_whatever_is_pruned(void **state)
{
    (void)state;
    static const char *const texts[] = {"lamp", "desk", "red lamp", "lamp OR desk", "la*", "", "\"desk lamp\"", "for",
                                        "lamp -red", "lamp OR red OR desk", "lamp", "lam* desk"};
    for (uint32_t shards = 1; shards <= 2; shards++) {
        char name[16];
        snprintf(name, sizeof name, "liked%u", shards);
        create_catalog(name, SCHEMA, shards);
        catalog = open_catalog(name);
        aisle_writer *writer = begin_writing(catalog);
        for (uint32_t id = 0; id < PRODUCTS; id++) {
            put_random(writer, id);
            if (id == PRODUCTS / 2 || id == PRODUCTS - 40) {
                commit(writer);
            }
        }
        for (uint32_t i = 0; i < 300; i++) {
            put_random(writer, draw(PRODUCTS));
        }
        commit(writer);
        take_places();
        for (uint32_t i = 0; i < SEARCHES; i++) {
            is_as_by_brute_force(texts[i % (sizeof texts / sizeof texts[0])]);
            if (i == SEARCHES / 2) {
                assert_done(aisle_compact(writer, &error));
            }
        }
        aisle_writer_free(writer);
        aisle_close(catalog);
    }
}

/* No signals, and no product of a segment has what is liked: the rest in their order. */
static void what_nobody_has_changes_nothing(void **state)
{
    (void)state;
    aisle_result *result = NULL;
    aisle_hit hit;
    create_catalog("plain", "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},\"brand\":{"
                            "\"type\":\"keyword\",\"facet\":true}},\"order\":[\"brand\"]}", 1);
    catalog = open_catalog("plain");
    aisle_writer *writer = begin_writing(catalog);
    put(writer, "{\"id\":\"1\",\"title\":\"lamp\",\"brand\":\"a\"}");
    put(writer, "{\"id\":\"2\",\"title\":\"lamp\"}");
    commit(writer);
    put(writer, "{\"id\":\"3\",\"title\":\"lamp\",\"brand\":\"b\"}");
    commit(writer);
    for (unsigned i = 0; i < 3; i++) {
        const char *const texts[] = {i == 0 ? "brand:nobody=3" : i == 1 ? "brand:a=3" : "brand:b=3"};
        const aisle_query query = {.size = sizeof query, .text = "", .affinities = texts, .affinity_count = 1};
        assert_done(aisle_search(catalog, &query, &result, &error));
        assert_int_equal(aisle_result_count(result), 3);
        assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
        assert_true(i == 0 || (hit.id.size == 1 && hit.id.data[0] == (i == 1 ? '1' : '3') && hit.score > 2.99));
    }
    aisle_result_free(result);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(affinities_add_up_whatever_is_pruned),
        cmocka_unit_test(what_nobody_has_changes_nothing),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
