/*
 * test_index_rules.c - answers with rules and affinities equal what brute force makes of the answer without them.
 *
 * The answer without rules, whole, is the ground: its scores get the bonuses, what is hidden or filtered goes, the rest
 * is sorted anew and pins are put in. Whatever the engine prunes, pages, counts or sorts must come to the same. Rules
 * are random, and products are patched, replaced and deleted between the rounds.
 */
#include "index_fixture.h"

#define SCHEMA                                                                                                   \
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\",\"weight\":5}," \
    "\"body\":{\"type\":\"text\"},\"brand\":{\"type\":\"keyword\",\"facet\":true},\"price\":{\"type\":"          \
    "\"integer\",\"facet\":true},\"sales\":{\"type\":\"integer\"}},\"order\":[\"length\"],\"signals\":["         \
    "{\"kind\":\"popularity\",\"field\":\"sales\",\"weight\":0.5}],\"exact\":50}"

#define PRODUCTS 9000u
#define BRANDS 12u
#define PINS 8u
#define NEVER UINT32_MAX

static aisle *catalog;
static aisle_writer *writer;
static uint64_t seed = 5;

/* What is known of each product. */
static struct {
    bool alive;
    uint32_t brand;
    uint32_t price;
    uint32_t rank; /* in the document order */
} shop[PRODUCTS];

/* The rules of a round; all hold. */
static struct {
    uint32_t pins[PINS], positions[PINS], pin_count;
    uint32_t hidden[PINS], hidden_count;
    uint32_t boosted[PINS], boosted_count; /* single ones: 0.75 */
    uint32_t brand, dear; /* lifted by 2, and by 1.5 from this price on */
    uint32_t least;       /* price that products must have; 0: any */
    uint32_t liked[2];    /* brands, by an affinity of 0.3 and of 1.25 */
    uint32_t below;       /* of the request's filter: the price; NEVER: none */
} round_of;

struct entry {
    uint32_t id;
    double score;
    bool pinned;
};

static struct entry expected[PRODUCTS + PINS];
static uint32_t expected_count;

static uint32_t draw(uint32_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % limit);
}

static void put_random(uint32_t id)
{
    static const char *const words[] = {"lamp", "desk", "lake", "red lamp", "desk lamp", "lamp desk", "large lace"};
    char product[400];
    shop[id].alive = true;
    shop[id].brand = draw(3) == 0 ? draw(BRANDS) : id * BRANDS / PRODUCTS; /* some windows have few brands */
    shop[id].price = draw(100);
    snprintf(product, sizeof product,
             "{\"id\":\"%u\",\"title\":\"%s\",\"body\":\"%s x%u\",\"brand\":\"b%u\",\"price\":%u,\"sales\":%u}", id,
             words[draw(7)], words[draw(7)], draw(4), shop[id].brand, shop[id].price, draw(1u << draw(12)));
    put(writer, product);
}

static const char *filter_of_round(void)
{
    static char filter[64];
    snprintf(filter, sizeof filter, "price < %u", round_of.below);
    return round_of.below == NEVER ? NULL : filter;
}

static aisle_result *search(aisle_query query, const char *text)
{
    aisle_result *result = NULL;
    query.size = sizeof query;
    query.text = text;
    query.filter = filter_of_round();
    query.no_typos = true;
    query.no_products = true;
    query.few = 1;
    query.now_ms = 1;
    assert_done(aisle_search(catalog, &query, &result, &error));
    return result;
}

static uint32_t id_of(const aisle_hit *hit)
{
    char text[16] = "";
    memcpy(text, hit->id.data, hit->id.size < 15 ? hit->id.size : 15);
    return (uint32_t)strtoul(text, NULL, 10);
}

/* ---- brute force ---- */

static bool is_in(const uint32_t *list, uint32_t count, uint32_t id)
{
    for (uint32_t i = 0; i < count; i++) {
        if (list[i] == id) {
            return true;
        }
    }
    return false;
}

static double bonus_of(uint32_t id)
{
    double whole = 262144; /* parts of a unit of score */
    double sum = shop[id].brand == round_of.brand ? 2 : 0;
    sum += shop[id].price >= round_of.dear ? 1.5 : 0;
    sum += is_in(round_of.boosted, round_of.boosted_count, id) ? 0.75 : 0;
    sum += shop[id].brand == round_of.liked[0] ? (double)(int32_t)(whole * 30 / 100) / whole : 0;
    return sum + (shop[id].brand == round_of.liked[1] ? 1.25 : 0);
}

static bool by_price;

static int compare(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    if (by_price && shop[a->id].price != shop[b->id].price) {
        return shop[a->id].price < shop[b->id].price ? -1 : 1;
    }
    if (!by_price && (a->score > b->score || a->score < b->score)) {
        return a->score > b->score ? -1 : 1;
    }
    return shop[a->id].rank < shop[b->id].rank ? -1 : 1;
}

/* The pins that are shown, by position; returns how many. */
static uint32_t place_pins(uint32_t *pins, uint32_t *positions)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < round_of.pin_count; i++) {
        uint32_t id = round_of.pins[i];
        if (!shop[id].alive || shop[id].price >= round_of.below || is_in(pins, count, id) ||
            is_in(round_of.hidden, round_of.hidden_count, id)) {
            continue;
        }
        uint32_t at = count++;
        for (; at > 0 && positions[at - 1] > round_of.positions[i]; at--) {
            pins[at] = pins[at - 1];
            positions[at] = positions[at - 1];
        }
        pins[at] = id;
        positions[at] = round_of.positions[i];
    }
    return count;
}

static void expect(const char *text)
{
    static struct entry rest[PRODUCTS];
    uint32_t pins[PINS], positions[PINS];
    uint32_t pin_count = place_pins(pins, positions);
    uint32_t rest_count = 0;
    uint32_t pinned = 0;
    aisle_hit hit;
    aisle_result *ground = search((aisle_query){.no_rules = true, .limit = 10000}, text);
    for (size_t i = 0; aisle_result_hit(ground, i, &hit) == 0; i++) {
        uint32_t id = id_of(&hit);
        if (!is_in(round_of.hidden, round_of.hidden_count, id) && !is_in(pins, pin_count, id) &&
            shop[id].price >= round_of.least) {
            rest[rest_count++] = (struct entry){.id = id, .score = hit.score + bonus_of(id)};
        }
    }
    aisle_result_free(ground);
    qsort(rest, rest_count, sizeof *rest, compare);
    expected_count = 0;
    for (uint32_t taken = 0; taken < rest_count || pinned < pin_count; expected_count++) {
        if (pinned < pin_count && (positions[pinned] <= expected_count || taken == rest_count)) {
            expected[expected_count] = (struct entry){.id = pins[pinned++], .pinned = true};
        } else {
            expected[expected_count] = rest[taken++];
        }
    }
}

/* ---- comparing ---- */

static aisle_query asked(void)
{
    static char texts[2][32];
    static const char *affinities[] = {texts[0], texts[1]};
    snprintf(texts[0], sizeof texts[0], "brand:B%u=0.3", round_of.liked[0]);
    snprintf(texts[1], sizeof texts[1], "brand:b%u=1.25", round_of.liked[1]);
    return (aisle_query){.affinities = affinities, .affinity_count = 2, .sort = by_price ? "price" : NULL};
}

static void same_page(const aisle_result *result, uint32_t from)
{
    aisle_hit hit;
    size_t count = aisle_result_count(result);
    for (size_t i = 0; i < count; i++) {
        const struct entry *entry = &expected[from + i];
        assert_true(from + i < expected_count);
        assert_int_equal(aisle_result_hit(result, i, &hit), 0);
        assert_int_equal(id_of(&hit), entry->id);
        assert_int_equal(aisle_result_pinned(result, i), entry->pinned);
        double score = by_price || entry->pinned ? 0 : entry->score;
        assert_true(hit.score >= score && hit.score <= score);
    }
}

static void same_facet(const aisle_result *result)
{
    uint64_t counts[BRANDS] = {0};
    uint32_t distinct = 0;
    aisle_facet_value value;
    for (uint32_t i = 0; i < expected_count; i++) {
        distinct += counts[shop[expected[i].id].brand]++ == 0 ? 1 : 0;
    }
    size_t k = 0;
    for (; aisle_result_facet_value(result, 0, k, &value) == 0; k++) {
        char text[8] = "";
        memcpy(text, value.value.data + 1, value.value.size - 1);
        assert_int_equal(counts[strtoul(text, NULL, 10)], value.count);
    }
    assert_int_equal(k, distinct);
}

static void pages_are_as_expected(const char *text)
{
    static const char *const facets[] = {"brand:20"};
    aisle_query query = asked();
    query.limit = 1 + draw(20);
    query.offset = draw(2) == 0 ? 0 : draw(40);
    aisle_result *result = search(query, text);
    same_page(result, query.offset);
    assert_int_equal(aisle_result_total(result, NULL), expected_count);
    uint32_t left = expected_count > query.offset ? expected_count - query.offset : 0;
    assert_int_equal(aisle_result_count(result), left < query.limit ? left : query.limit);
    aisle_result_free(result);
    query.facets = facets;
    query.facet_count = 1;
    result = search(query, text);
    same_page(result, query.offset);
    same_facet(result);
    assert_int_equal(aisle_result_total(result, NULL), expected_count);
    aisle_result_free(result);
}

/* From the first hit on, page by page behind cursors. */
static void cursors_go_through(const char *text)
{
    char cursor[4096] = "";
    uint32_t from = 0;
    for (unsigned page = 0; page < 12; page++) {
        aisle_query query = asked();
        query.limit = 1 + draw(7);
        query.after = page == 0 ? NULL : cursor;
        aisle_result *result = search(query, text);
        same_page(result, from);
        assert_int_equal(aisle_result_total(result, NULL), expected_count);
        from += (uint32_t)aisle_result_count(result);
        aisle_bytes next = aisle_result_cursor(result);
        snprintf(cursor, sizeof cursor, "%.*s", (int)next.size, next.data);
        aisle_result_free(result);
        if (next.size == 0) {
            assert_int_equal(from, expected_count);
            return;
        }
    }
}

static void groups_have_all(const char *text)
{
    aisle_query query = asked();
    aisle_group group;
    uint64_t counts[BRANDS] = {0};
    query.group_by = "brand";
    query.limit = 100;
    aisle_result *result = search(query, text);
    for (uint32_t i = 0; i < expected_count; i++) {
        counts[shop[expected[i].id].brand]++;
    }
    for (size_t i = 0; aisle_result_group(result, i, &group) == 0; i++) {
        char value[8] = "";
        memcpy(value, group.value.data + 1, group.value.size - 1);
        assert_int_equal(counts[strtoul(value, NULL, 10)], group.products);
        counts[strtoul(value, NULL, 10)] = 0;
    }
    assert_int_equal(aisle_result_total(result, NULL), expected_count);
    aisle_result_free(result);
}

static void totals_alone_have_no_hits(const char *text)
{
    aisle_query query = asked();
    query.no_hits = true;
    aisle_result *result = search(query, text);
    assert_int_equal(aisle_result_count(result), 0);
    assert_int_equal(aisle_result_total(result, NULL), expected_count);
    assert_int_equal(aisle_result_cursor(result).size, 0);
    aisle_result_free(result);
}

/* ---- rounds ---- */

static void write_rules(const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/rules.json", path_of(name));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "[ {\"id\":\"pins\",\"pin\":[\"gone\"");
    for (uint32_t i = 0; i < round_of.pin_count; i++) {
        fprintf(file, ",{\"id\":\"%u\",\"position\":%u}", round_of.pins[i], round_of.positions[i] + 1);
    }
    fprintf(file, "],\"hide\":[\"gone\"");
    for (uint32_t i = 0; i < round_of.hidden_count; i++) {
        fprintf(file, ",\"%u\"", round_of.hidden[i]);
    }
    fprintf(file, "]},\n{\"boost\":[{\"filter\":\"brand = \\\"b%u\\\"\",\"weight\":2},", round_of.brand);
    fprintf(file, "{\"filter\":\"price >= %u\",\"weight\":1.5},{\"ids\":[\"gone\"", round_of.dear);
    for (uint32_t i = 0; i < round_of.boosted_count; i++) {
        fprintf(file, ",\"%u\"", round_of.boosted[i]);
    }
    fprintf(file, "],\"weight\":0.75}]");
    if (round_of.least != 0) {
        fprintf(file, ",\"filter\":\"price >= %u\"", round_of.least);
    }
    fprintf(file, "} ]\n");
    fclose(file);
    assert_done(aisle_reload(catalog, &error));
}

static void draw_different(uint32_t *list, uint32_t *count)
{
    *count = draw(PINS + 1);
    for (uint32_t i = 0; i < *count; i++) {
        list[i] = draw(PRODUCTS);
    }
}

static void draw_rules(void)
{
    draw_different(round_of.pins, &round_of.pin_count);
    draw_different(round_of.hidden, &round_of.hidden_count);
    draw_different(round_of.boosted, &round_of.boosted_count);
    for (uint32_t i = 0; i < round_of.pin_count; i++) {
        round_of.positions[i] = draw(i % 2 == 0 ? 6 : 60);
    }
    if (round_of.pin_count != 0 && draw(4) == 0) {
        round_of.positions[0] = 9999;
    }
    round_of.brand = draw(BRANDS);
    round_of.dear = draw(110);
    round_of.least = draw(3) == 0 ? draw(101) : 0;
    round_of.liked[0] = draw(BRANDS + 1);
    round_of.liked[1] = draw(BRANDS);
    round_of.below = draw(2) == 0 ? NEVER : draw(101);
}

static void read_ranks(void)
{
    aisle_hit hit;
    round_of.below = NEVER;
    aisle_result *all = search((aisle_query){.no_rules = true, .limit = 10000, .weights = "sales:0"}, "");
    for (uint32_t i = 0; aisle_result_hit(all, i, &hit) == 0; i++) {
        shop[id_of(&hit)].rank = i;
    }
    aisle_result_free(all);
}

static void every_answer_is_as_expected(const char *name, unsigned rounds)
{
    static const char *const texts[] = {"", "lamp", "lamp desk", "lamp OR desk", "la*", "lamp -desk", "\"desk lamp\"",
                                        "title:lamp", "x2 desk", "lamp OR desk OR red OR x3", "nothing"};
    read_ranks();
    for (unsigned i = 0; i < rounds; i++) {
        draw_rules();
        write_rules(name);
        for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
            by_price = draw(4) == 0;
            expect(texts[t]);
            pages_are_as_expected(texts[t]);
            cursors_go_through(texts[t]);
            totals_alone_have_no_hits(texts[t]);
            if (draw(3) == 0) {
                groups_have_all(texts[t]);
            }
        }
    }
}

static void answers_equal_brute_force(const char *name, uint32_t shards, uint32_t commit_every, uint32_t threads)
{
    const char *count = getenv("AISLE_RULES_ROUNDS");
    unsigned rounds = count == NULL ? 6 : (unsigned)strtoul(count, NULL, 10);
    create_catalog(name, SCHEMA, shards);
    const aisle_options options = {
        .size = sizeof options, .search_threads = threads, .search_threads_from = 1};
    assert_done(aisle_open(path_of(name), &options, &catalog, &error));
    writer = begin_writing(catalog);
    for (uint32_t i = 0; i < PRODUCTS; i++) {
        put_random(i);
        if (i % commit_every == commit_every - 1) {
            commit(writer);
        }
    }
    commit(writer);
    every_answer_is_as_expected(name, rounds);
    for (unsigned i = 0; i < 60; i++) {
        char id[16], fields[64];
        uint32_t number = draw(PRODUCTS);
        snprintf(id, sizeof id, "%u", number);
        if (!shop[number].alive || i % 3 == 0) {
            put_random(number);
        } else if (i % 3 == 1) {
            assert_done(aisle_delete(writer, text_bytes(id), &error));
            shop[number].alive = false;
        } else {
            shop[number].price = draw(100);
            snprintf(fields, sizeof fields, "{\"price\":%u}", shop[number].price);
            assert_done(aisle_patch(writer, text_bytes(id), text_bytes(fields), &error));
        }
    }
    commit(writer);
    every_answer_is_as_expected(name, rounds);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

static void answers_of_one_segment_equal_brute_force(void **state)
{
    (void)state;
    answers_equal_brute_force("one", 1, PRODUCTS, 1);
}

static void answers_of_several_shards_equal_brute_force(void **state)
{
    (void)state;
    answers_equal_brute_force("several", 3, 1500, 1);
}

static void answers_with_helpers_equal_brute_force(void **state)
{
    (void)state;
    answers_equal_brute_force("helped", 1, 4000, 3);
}

static void texts_and_contexts_that_are_too_long_are_told(void **state)
{
    static char long_text[(1u << 20) + 2];
    static char contexts[4098];
    aisle_result *result = NULL;
    (void)state;
    create_catalog("long", SCHEMA, 1);
    catalog = open_catalog("long");
    char path[600];
    snprintf(path, sizeof path, "%s/rules.json", path_of("long"));
    FILE *file = fopen(path, "w");
    fputs("[{\"query\":\"a\",\"hide\":[\"1\"]}]", file);
    fclose(file);
    memset(long_text, 'a', sizeof long_text - 1);
    memset(contexts, ',', 4096);
    aisle_query query = {.size = sizeof query, .text = long_text};
    assert_int_equal(aisle_search(catalog, &query, &result, &error), AISLE_LIMIT);
    assert_string_equal(error.message, "a query has at most 4096 bytes, not 1048577");
    query.text = "a";
    query.contexts = contexts;
    assert_done(aisle_search(catalog, &query, &result, &error));
    contexts[4096] = 'm';
    assert_int_equal(aisle_search(catalog, &query, &result, &error), AISLE_LIMIT);
    assert_string_equal(error.message, "contexts: expected at most 4096 bytes");
    aisle_result_free(result);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_one_segment_equal_brute_force),
        cmocka_unit_test(answers_of_several_shards_equal_brute_force),
        cmocka_unit_test(texts_and_contexts_that_are_too_long_are_told),
        cmocka_unit_test(answers_with_helpers_equal_brute_force),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
