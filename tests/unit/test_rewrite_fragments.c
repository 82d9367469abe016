/*
 * test_rewrite_fragments.c - parts of codes against a search through all codes: whatever part of three characters or
 * more is typed, the products whose code contains it are found, those that have it as a word of their own first.
 *
 *     test_rewrite_fragments [PRODUCTS [SEED]]      300 and 1 without arguments
 */
#include "index_fixture.h"

#define PRODUCTS_MAX 5000u
#define CODE_BYTES 24u
#define CONTAINED_MAX 64u /* codes that one part leads to */

static unsigned products = 300;
static uint64_t seed = 1;
static char codes[PRODUCTS_MAX][CODE_BYTES];
static char parts[PRODUCTS_MAX][CODE_BYTES]; /* a word of the product that is a part of another one's code */

static unsigned any_of(unsigned count)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % count;
}

static bool has_digit(const char *text)
{
    return strpbrk(text, "0123456789") != NULL;
}

/* A part of a code, of three characters or more. */
static void take_part(const char *code, char *part)
{
    size_t size = strlen(code);
    size_t count = 3 + any_of((unsigned)size - 2);
    size_t from = any_of((unsigned)(size - count) + 1);
    memcpy(part, code + from, count);
    part[count] = '\0';
}

static void fill(aisle *catalog)
{
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < products; i++) {
        static const char *const shapes[] = {"aannnn", "aannnna", "aaaannn", "nnnaa", "aannaann", "annnnaann"};
        const char *shape = shapes[any_of(6)]; /* of letters that are no units: "002kw" is "2kw" */
        char product[256];
        size_t size = 0;
        for (; shape[size] != '\0'; size++) {
            codes[i][size] = (char)(shape[size] == 'a' ? "qzjyu"[any_of(5)] : "01248"[any_of(5)]);
        }
        codes[i][size] = '\0';
        parts[i][0] = '\0';
        if (i % 4 == 3) {
            take_part(codes[any_of(i)], parts[i]);
        }
        snprintf(product, sizeof product, "{\"id\":\"P%u\",\"title\":\"Thing %.23s\",\"sku\":\"%.23s\"}", i,
                 parts[i], codes[i]);
        put(writer, product);
    }
    commit(writer);
    aisle_writer_free(writer);
}

static unsigned number_of(aisle_bytes id)
{
    char text[16];
    snprintf(text, sizeof text, "%.*s", (int)id.size, id.data);
    return (unsigned)strtoul(text + 1, NULL, 10);
}

/* Different codes, and words like codes, that contain the part but are not it. */
static unsigned count_codes(const char *part)
{
    unsigned count = 0;
    for (unsigned i = 0; i < products; i++) {
        bool code = strstr(codes[i], part) != NULL && strcmp(codes[i], part) != 0;
        bool word = strstr(parts[i], part) != NULL && strcmp(parts[i], part) != 0;
        count += (code ? 1u : 0u) + (word ? 1u : 0u); /* of equal ones each counts, which is on the safe side */
    }
    return count;
}

static void look_for(aisle *catalog, const char *part)
{
    bool met[PRODUCTS_MAX] = {false};
    bool inside = false;
    aisle_result *result = NULL;
    aisle_hit hit;
    const aisle_query query = {.size = sizeof query, .text = part, .limit = 10000, .no_products = true};
    assert_done(aisle_search(catalog, &query, &result, &error));
    for (size_t n = 0; aisle_result_hit(result, n, &hit) == 0; n++) {
        unsigned i = number_of(hit.id);
        bool exact = strcmp(codes[i], part) == 0 || strcmp(parts[i], part) == 0;
        if ((exact && inside) || (!exact && strstr(codes[i], part) == NULL && strstr(parts[i], part) == NULL)) {
            fail_msg("'%s' finds P%u (%s, %s) in place %zu", part, i, codes[i], parts[i], n);
        }
        inside = inside || !exact;
        met[i] = true;
    }
    assert_int_equal(aisle_result_total(result, NULL), aisle_result_count(result));
    for (unsigned i = 0; i < products && count_codes(part) <= CONTAINED_MAX; i++) {
        bool wanted = strstr(codes[i], part) != NULL || (has_digit(parts[i]) && strstr(parts[i], part) != NULL) ||
                      strcmp(parts[i], part) == 0;
        if (wanted && !met[i]) {
            fail_msg("'%s' does not find P%u (%s, %s)", part, i, codes[i], parts[i]);
        }
    }
    aisle_result_free(result);
}

static void any_part_of_a_code_finds_it_behind_what_it_is_itself(void **state)
{
    (void)state;
    static const char schema[] = "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{"
                                 "\"title\":{\"type\":\"text\",\"weight\":3},"
                                 "\"sku\":{\"type\":\"keyword\",\"code\":true}}}";
    create_catalog("codes", schema, 2);
    aisle *catalog = open_catalog("codes");
    fill(catalog);
    for (unsigned i = 0; i < products; i++) {
        char part[CODE_BYTES];
        take_part(codes[i], part);
        if (has_digit(part)) { /* letters alone may be a misspelt word */
            look_for(catalog, part);
        }
        if (has_digit(parts[i])) {
            look_for(catalog, parts[i]);
        }
    }
    aisle_close(catalog);
}

/* Of codes that contain "b7c": how many are found, and whether that is told to be all. */
static void expect_codes(aisle *catalog, uint64_t wanted, bool wanted_exact, const char *first)
{
    const aisle_query query = {.size = sizeof query, .text = "b7c"};
    aisle_result *result = NULL;
    aisle_hit hit;
    bool exact;
    assert_done(aisle_search(catalog, &query, &result, &error));
    assert_int_equal(aisle_result_total(result, &exact), wanted);
    assert_int_equal(exact, wanted_exact);
    assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
    assert_true(first == NULL || (hit.id.size == strlen(first) && memcmp(hit.id.data, first, hit.id.size) == 0));
    aisle_result_free(result);
}

static void more_codes_than_are_taken_make_the_total_a_lower_bound(void **state)
{
    (void)state;
    static const char schema[] = "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{"
                                 "\"title\":{\"type\":\"text\"},\"sku\":{\"type\":\"keyword\",\"code\":true}}}";
    create_catalog("many", schema, 1);
    aisle *catalog = open_catalog("many");
    aisle_writer *writer = begin_writing(catalog);
    char product[100];
    for (unsigned i = 0; i <= CONTAINED_MAX; i++) {
        snprintf(product, sizeof product, "{\"id\":\"%u\",\"title\":\"Thing\",\"sku\":\"QB7C%02u\"}", i, i);
        put(writer, product);
        if (i + 1 == CONTAINED_MAX) {
            commit(writer);
            expect_codes(catalog, CONTAINED_MAX, true, NULL);
        }
    }
    commit(writer);
    expect_codes(catalog, CONTAINED_MAX, false, NULL);
    put(writer, "{\"id\":\"own\",\"title\":\"Thing b7c\"}");
    commit(writer);
    expect_codes(catalog, CONTAINED_MAX + 1, false, "own");
    aisle_writer_free(writer);
    aisle_close(catalog);
}

int main(int argc, char **argv)
{
    products = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : products;
    products = products < PRODUCTS_MAX ? products : PRODUCTS_MAX;
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) : seed;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_part_of_a_code_finds_it_behind_what_it_is_itself, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(more_codes_than_are_taken_make_the_total_a_lower_bound, make_directory,
                                        remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
