/*
 * test_query_count_words.c - totals from words' bits are those of their lists: with dead products, with filters, in
 * parts of several threads, without memory, without time; and what is kept stays bounded.
 */
#include "index/catalog.h"
#include "index_fixture.h"

#include "base/alloc.h"
#include "base/bitset.h"

#define SCHEMA                                                                                      \
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\"}," \
    "\"price\":{\"type\":\"integer\"}}}"
#define PRODUCTS 70000u /* more than one part of a segment, and more than a word of marks is for */
#define SECOND 66000u
#define KEPT_MAX (UINT32_C(1) << 20)

static const char *const texts[] = {"even",       "even three",         "even three five",  "even OR three",
                                    "even three late", "three -five", "even OR late OR rare", "even rare",
                                    "late three", "three five OR late", "\"even three\"",   "even \"five\""};
#define TEXTS (sizeof texts / sizeof texts[0])

static aisle *plain; /* keeps nothing */
static aisle *kept;

static void put_products(void)
{
    aisle_writer *writer = begin_writing(plain);
    for (unsigned i = 0; i < PRODUCTS; i++) {
        char product[200];
        snprintf(product, sizeof product, "{\"id\":\"%05u\",\"title\":\"%s%s%s%s%sx\",\"price\":%u}", i,
                 i % 2 == 0 ? "even " : "", i % 3 == 0 ? "three " : "", i % 5 == 0 ? "five " : "",
                 i % 5000 == 0 ? "rare " : "", i > 40000 && i < 50000 ? "late " : "", i % 100);
        put(writer, product);
        if (i + 1 == SECOND) {
            commit(writer);
        }
    }
    commit(writer);
    aisle_writer_free(writer);
}

static aisle *open_kept(uint32_t threads, uint64_t cache_bytes)
{
    aisle *opened;
    const aisle_options options = {
        .size = sizeof options, .search_threads = threads, .search_threads_from = 1, .cache_bytes = cache_bytes};
    assert_done(aisle_open(path_of("words"), &options, &opened, &error));
    return opened;
}

static int make_catalog(void **state)
{
    const aisle_options options = {.size = sizeof options, .cache_bytes = 1};
    if (make_directory(state) != 0) {
        return -1;
    }
    create_catalog("words", SCHEMA, 1);
    assert_done(aisle_open(path_of("words"), &options, &plain, &error));
    put_products();
    return 0;
}

static int drop_catalog(void **state)
{
    aisle_close(plain);
    return remove_directory(state);
}

static int total_of(aisle *catalog, const char *text, const char *filter, uint64_t work, uint64_t *total)
{
    aisle_result *result = NULL;
    const aisle_query query = {.size = sizeof query,
                               .text = text,
                               .filter = filter,
                               .work = work,
                               .no_hits = true,
                               .no_typos = true,
                               .no_understanding = true};
    int status = aisle_search(catalog, &query, &result, &error);
    *total = status == 0 ? aisle_result_total(result, NULL) : 0;
    aisle_result_free(result);
    return status;
}

static uint64_t total(aisle *catalog, const char *text, const char *filter)
{
    uint64_t count;
    assert_done(total_of(catalog, text, filter, 0, &count));
    return count;
}

/* Twice and more, so that bits are made and then read. */
static void expect_totals(void)
{
    for (unsigned round = 0; round < 3; round++) {
        for (size_t i = 0; i < TEXTS; i++) {
            assert_int_equal(total(kept, texts[i], NULL), total(plain, texts[i], NULL));
            assert_int_equal(total(kept, texts[i], "price < 30"), total(plain, texts[i], "price < 30"));
        }
    }
}

static unsigned words_kept(void)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < kept->unions.count; i++) {
        count += kept->unions.list[i]->marks != NULL;
    }
    return count;
}

static void what_is_asked_for_twice_is_kept_and_tells_the_documents_of_its_list(void **state)
{
    (void)state;
    kept = open_kept(0, 0);
    assert_int_equal(total(kept, "even three", NULL), (PRODUCTS + 5) / 6);
    assert_int_equal(words_kept(), 0);
    assert_int_equal(total(kept, "even three", NULL), (PRODUCTS + 5) / 6);
    assert_int_equal(words_kept(), 4); /* two words in two segments */
    for (unsigned i = 0; i < 3; i++) {
        (void)total(kept, "rare x", NULL);
    }
    assert_int_equal(words_kept(), 6); /* one product in 5,000 is too few */
    for (uint32_t i = 0; i < kept->unions.count; i++) {
        const struct union_kept *one = kept->unions.list[i];
        uint64_t marks[(PRODUCTS / 64 / BITSET_MARKED) / 64 + 1];
        size_t set = bitset_count(one->bits, bitset_words(one->count));
        assert_true(set == (one->count + 1) / 2 || set == (one->count + 2) / 3 || set == one->count);
        bitset_mark(one->bits, bitset_words(one->count), marks);
        assert_memory_equal(marks, one->marks, bitset_mark_words(bitset_words(one->count)) * sizeof *marks);
    }
    expect_totals();
    aisle_close(kept);
}

static void deaths_and_commits_leave_bits_as_they_are(void **state)
{
    (void)state;
    kept = open_kept(0, 0);
    expect_totals();
    unsigned before = words_kept();
    assert_true(before != 0);
    aisle_writer *writer = begin_writing(plain);
    for (unsigned i = 0; i < PRODUCTS; i += 11) {
        char id[16];
        snprintf(id, sizeof id, "%05u", i);
        erase(writer, id);
    }
    patch(writer, "00001", "{\"price\":7}");
    commit(writer);
    expect_totals();
    assert_true(words_kept() >= before);
    put(writer, "{\"id\":\"new\",\"title\":\"even three five late\",\"price\":1}");
    commit(writer);
    expect_totals();
    aisle_writer_free(writer);
    aisle_close(kept);
}

static void several_threads_count_the_same(void **state)
{
    (void)state;
    kept = open_kept(3, 0);
    expect_totals();
    assert_true(words_kept() != 0);
    aisle_close(kept);
}

static void what_is_kept_stays_within_its_bytes(void **state)
{
    (void)state;
    kept = open_kept(0, KEPT_MAX / 8);
    expect_totals();
    assert_true(words_kept() != 0);
    assert_true(atomic_load(&kept->unions.bytes) <= KEPT_MAX / 8 / LIMIT_UNIONS_SHARE);
    unions_keeper_shrink(&kept->unions, 0);
    assert_int_equal(words_kept(), 0);
    assert_int_equal(atomic_load(&kept->unions.bytes), 0);
    expect_totals();
    aisle_close(kept);
}

/* Making bits is work: the total is then what was found so far, and the next query has them, or makes them. */
static void work_that_ends_before_bits_are_made_leaves_none_that_are_wrong(void **state)
{
    (void)state;
    for (uint64_t work = 1; work < 12; work++) {
        kept = open_kept(0, 0);
        for (unsigned i = 0; i < 4; i++) {
            uint64_t count;
            assert_done(total_of(kept, "even three five", NULL, work, &count));
            assert_true(count <= total(plain, "even three five", NULL));
        }
        expect_totals();
        aisle_close(kept);
    }
}

static void a_failing_allocation_is_a_status_or_the_right_total(void **state)
{
    (void)state;
    uint64_t expected = total(plain, "even three five", NULL);
    bool has_failed = true;
    for (unsigned long n = 1; has_failed; n++) {
        uint64_t count = 0;
        kept = open_kept(0, 0);
        assert_int_equal(total(kept, "even three five", NULL), expected);
        unsigned long before = alloc_calls();
        alloc_fail_at(n, 0);
        int status = total_of(kept, "even three five", NULL, 0, &count);
        alloc_fail_at(0, 0);
        has_failed = alloc_calls() - before >= n;
        assert_true(status == AISLE_NO_MEMORY || (status == 0 && count == expected));
        assert_int_equal(total(kept, "even three five", NULL), expected);
        aisle_close(kept);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_for_twice_is_kept_and_tells_the_documents_of_its_list),
        cmocka_unit_test(several_threads_count_the_same),
        cmocka_unit_test(what_is_kept_stays_within_its_bytes),
        cmocka_unit_test(work_that_ends_before_bits_are_made_leaves_none_that_are_wrong),
        cmocka_unit_test(a_failing_allocation_is_a_status_or_the_right_total),
        cmocka_unit_test(deaths_and_commits_leave_bits_as_they_are),
    };
    return cmocka_run_group_tests(tests, make_catalog, drop_catalog);
}
