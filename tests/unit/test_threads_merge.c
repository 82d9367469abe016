/*
 * test_threads_merge.c - merges beside a writer that puts, patches, deletes and commits: the answers are those of a
 * plain model, whatever a merge was doing when the operations came.
 *
 * Merges are slowed to a pace, so that most operations strike segments that are being merged. More seeds:
 * AISLE_MERGE_SEEDS=200 test_threads_merge; the first is AISLE_MERGE_FIRST. Run under ThreadSanitizer, too.
 */
#include "index_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define IDS 1500u
#define WORDS 23u
#define COMMITS 50u

struct item {
    bool lives;
    unsigned word;    /* of its title */
    unsigned version; /* likewise */
    unsigned price;   /* in quarters */
    unsigned sales;
};

struct life {
    aisle *catalog;
    aisle_writer *writer;
    aisle_options options;
    uint64_t random;
    uint64_t merges, failures;
    struct item now[IDS];
    struct item committed[IDS];
};

static unsigned pick(struct life *life, unsigned below)
{
    life->random = life->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((life->random >> 33) % below);
}

static void print_price(unsigned quarters, char out[16])
{
    static const char *const parts[] = {"", ".25", ".5", ".75"};
    snprintf(out, 16, "%u%s", quarters / 4, parts[quarters % 4]);
}

static void print_item(unsigned id, const struct item *item, char out[256])
{
    char price[16];
    print_price(item->price, price);
    snprintf(out, 256, "{\"id\":\"P%u\",\"title\":\"w%u v%u\",\"price\":%s,\"sales\":%u}", id, item->word,
             item->version, price, item->sales);
}

/* ---- operations ---- */

static void put_item(struct life *life, unsigned id)
{
    char product[256];
    life->now[id] = (struct item){.lives = true,
                                  .word = pick(life, WORDS),
                                  .version = pick(life, 1000000),
                                  .price = pick(life, 4000),
                                  .sales = pick(life, 1000)};
    print_item(id, &life->now[id], product);
    put(life->writer, product);
}

static void patch_item(struct life *life, unsigned id)
{
    struct item *item = &life->now[id];
    char name[16];
    char fields[64];
    char price[16];
    snprintf(name, sizeof name, "P%u", id);
    unsigned kind = pick(life, 5);
    if (kind < 2) {
        item->price = pick(life, 4000);
        print_price(item->price, price);
        snprintf(fields, sizeof fields, "{\"price\":%s}", price);
    } else if (kind < 4) {
        item->sales = pick(life, 1000);
        snprintf(fields, sizeof fields, "{\"sales\":%u}", item->sales);
    } else {
        item->word = pick(life, WORDS);
        snprintf(fields, sizeof fields, "{\"title\":\"w%u v%u\"}", item->word, item->version);
    }
    patch(life->writer, name, fields);
}

static void erase_item(struct life *life, unsigned id)
{
    char name[16];
    snprintf(name, sizeof name, "P%u", id);
    erase(life->writer, name);
    life->now[id].lives = false;
}

static void operate(struct life *life)
{
    unsigned id = pick(life, IDS);
    unsigned kind = pick(life, 10);
    if (!life->now[id].lives || kind < 3) {
        put_item(life, id);
    } else if (kind < 9) {
        patch_item(life, id);
    } else {
        erase_item(life, id);
    }
}

/* ---- looking ---- */

static void compare_item(struct life *life, unsigned id)
{
    char name[16];
    char product[256];
    snprintf(name, sizeof name, "P%u", id);
    print_item(id, &life->committed[id], product);
    assert_product(life->catalog, name, false, life->committed[id].lives ? product : NULL);
}

static void compare_word(struct life *life, unsigned word)
{
    char text[16];
    uint64_t expected = 0;
    for (unsigned id = 0; id < IDS; id++) {
        expected += life->committed[id].lives && (word == WORDS || life->committed[id].word == word) ? 1 : 0;
    }
    snprintf(text, sizeof text, word == WORDS ? "%.0u" : "w%u", word == WORDS ? 0 : word);
    aisle_query query = {.size = sizeof query, .text = text, .limit = 1, .no_typos = true}; /* no codes that have it */
    aisle_result *result = NULL;
    bool exact = false;
    assert_done(aisle_search(life->catalog, &query, &result, &error));
    assert_int_equal(aisle_result_total(result, &exact), expected);
    assert_true(exact);
    aisle_result_free(result);
}

static void compare(struct life *life, bool all)
{
    compare_word(life, WORDS);
    for (unsigned i = 0; i < (all ? WORDS : 2); i++) {
        compare_word(life, all ? i : pick(life, WORDS));
    }
    for (unsigned i = 0; i < (all ? IDS : 20); i++) {
        compare_item(life, all ? i : pick(life, IDS));
    }
}

/* ---- a life ---- */

static void end_writer(struct life *life)
{
    aisle_writer_statistics told = {.size = sizeof told};
    assert_int_equal(aisle_writer_stats(life->writer, &told), 0);
    life->merges += told.merges;
    life->failures += told.merge_failures;
    aisle_writer_free(life->writer);
}

static void commit_life(struct life *life)
{
    commit(life->writer);
    memcpy(life->committed, life->now, sizeof life->now);
}

static void live(struct life *life, const char *name, unsigned commits)
{
    for (unsigned i = 0; i < commits; i++) {
        for (unsigned operations = 1 + pick(life, i % 7 == 0 ? 300 : 40); operations > 0; operations--) {
            operate(life);
        }
        if (pick(life, 3) == 0) { /* a merge may end over what is not committed */
            nanosleep(&(struct timespec){.tv_nsec = 15000000}, NULL);
        }
        unsigned turn = pick(life, 40);
        if (turn == 0) {
            assert_done(aisle_compact(life->writer, &error));
            memcpy(life->committed, life->now, sizeof life->now);
        } else if (turn == 1) {
            end_writer(life); /* what was not committed is gone */
            memcpy(life->now, life->committed, sizeof life->now);
            life->writer = begin_writing(life->catalog);
        } else if (turn == 2) {
            end_writer(life);
            memcpy(life->now, life->committed, sizeof life->now);
            aisle_close(life->catalog);
            assert_done(aisle_open(path_of(name), &life->options, &life->catalog, &error));
            life->writer = begin_writing(life->catalog);
        } else {
            commit_life(life);
        }
        compare(life, i % 25 == 24);
    }
}

static uint64_t run_life(uint64_t seed, uint32_t shards)
{
    struct life *life = calloc(1, sizeof *life);
    char name[32];
    assert_non_null(life);
    snprintf(name, sizeof name, "life%llu", (unsigned long long)seed);
    life->random = seed * 977 + 1;
    life->options = (aisle_options){.size = sizeof life->options,
                                    .memory_bytes = BUDGET_LEAST,
                                    .threads = 2,
                                    .merge_bytes_per_second = seed % 3 == 0 ? 0 : 200000u << (seed % 5)};
    create_catalog(name, NULL, shards);
    assert_done(aisle_open(path_of(name), &life->options, &life->catalog, &error));
    life->writer = begin_writing(life->catalog);
    live(life, name, COMMITS);
    commit_life(life);
    compare(life, true);
    end_writer(life);
    compare(life, true);
    aisle_close(life->catalog);
    assert_sound(name);
    assert_done(aisle_open(path_of(name), &life->options, &life->catalog, &error));
    compare(life, true);
    aisle_close(life->catalog);
    uint64_t merges = life->merges;
    assert_int_equal(life->failures, 0);
    free(life);
    return merges;
}

static unsigned long number_of(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoul(text, NULL, 10);
}

static void operations_that_strike_a_merge_are_not_lost(void **state)
{
    unsigned long first = number_of("AISLE_MERGE_FIRST", 1);
    unsigned long seeds = number_of("AISLE_MERGE_SEEDS", 2);
    uint64_t merges = 0;
    for (unsigned long seed = first; seed < first + seeds; seed++) {
        if (seed != first) {
            assert_int_equal(make_directory(state), 0);
        }
        print_message("seed %lu\n", seed);
        merges += run_life(seed, seed % 4 == 3 ? 3 : 1);
        if (seed + 1 != first + seeds) {
            assert_int_equal(remove_directory(state), 0);
        }
    }
    print_message("%llu merges beside\n", (unsigned long long)merges);
    assert_true(merges >= seeds);
}

/* ---- readers ---- */

struct reader {
    aisle *catalog;
    atomic_bool stop;
    uint64_t searches;
    bool wrong;
};

/* Whatever is merged when, each of the ids is there exactly once. */
static void *read_on(void *context)
{
    struct reader *reader = context;
    aisle_result *result = NULL;
    aisle_query query = {.size = sizeof query, .text = "shared", .limit = 1};
    while (!atomic_load(&reader->stop) && !reader->wrong) {
        int status = aisle_search(reader->catalog, &query, &result, NULL);
        reader->wrong = status != 0 || aisle_result_total(result, NULL) != 500;
        reader->searches++;
    }
    aisle_result_free(result);
    return NULL;
}

static void readers_see_every_product_once_while_segments_are_merged(void **state)
{
    (void)state;
    pthread_t threads[2];
    aisle_options options = {.size = sizeof options, .memory_bytes = BUDGET_LEAST, .threads = 2};
    struct reader reader = {.wrong = false};
    struct reader other = {.wrong = false};
    create_catalog("read", NULL, 1);
    assert_done(aisle_open(path_of("read"), &options, &reader.catalog, &error));
    other.catalog = reader.catalog;
    aisle_writer *writer = begin_writing(reader.catalog);
    for (unsigned round = 0; round < 60; round++) {
        unsigned first = round == 0 ? 0 : round * 7 % 480;
        for (unsigned i = first; i < (round == 0 ? 500 : first + 20); i++) {
            char id[16];
            snprintf(id, sizeof id, "P%u", i);
            put_title(writer, id, "shared");
        }
        commit(writer);
        if (round == 0) {
            assert_int_equal(pthread_create(&threads[0], NULL, read_on, &reader), 0);
            assert_int_equal(pthread_create(&threads[1], NULL, read_on, &other), 0);
        }
    }
    aisle_writer_free(writer);
    atomic_store(&reader.stop, true);
    atomic_store(&other.stop, true);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    assert_false(reader.wrong);
    assert_false(other.wrong);
    assert_true(statistics_of(reader.catalog).segments <= 24);
    aisle_close(reader.catalog);
}

/* ---- pace and end ---- */

/* Nine segments that a merge at one byte a second would take hours for. */
static aisle *fill_for_a_slow_merge(const char *name, aisle_writer **writer)
{
    aisle *catalog = NULL;
    aisle_options options = {
        .size = sizeof options, .memory_bytes = BUDGET_LEAST, .threads = 2, .merge_bytes_per_second = 1};
    create_catalog(name, NULL, 1);
    assert_done(aisle_open(path_of(name), &options, &catalog, &error));
    *writer = begin_writing(catalog);
    for (unsigned i = 0; i < 9; i++) {
        char id[16];
        snprintf(id, sizeof id, "P%u", i);
        put_title(*writer, id, "slow");
        commit(*writer);
    }
    return catalog;
}

static void compaction_gives_up_a_slow_merge_and_merges_all(void **state)
{
    (void)state;
    aisle_writer *writer;
    aisle *catalog = fill_for_a_slow_merge("slow", &writer);
    put_title(writer, "P3", "slow again");
    assert_done(aisle_compact(writer, &error));
    assert_int_equal(statistics_of(catalog).segments, 1);
    assert_int_equal(statistics_of(catalog).dead, 0);
    assert_int_equal(count_of(catalog, "slow"), 9);
    aisle_writer_free(writer);
    aisle_close(catalog);
    assert_sound("slow");
}

static void abandoned_writer_gives_up_a_slow_merge_and_the_next_one_makes_it(void **state)
{
    (void)state;
    aisle_writer *writer;
    char name[] = "left0";
    aisle *catalog = fill_for_a_slow_merge(name, &writer);
    while (statistics_of(catalog).segments < 9) { /* a commit that finds the thread awake merges so little itself */
        aisle_writer_abandon(writer);
        aisle_close(catalog);
        name[4]++;
        catalog = fill_for_a_slow_merge(name, &writer);
    }
    aisle_writer_abandon(writer);
    assert_int_equal(statistics_of(catalog).segments, 9);
    assert_int_equal(count_of(catalog, "slow"), 9);
    aisle_close(catalog);
    aisle_options options = {.size = sizeof options, .memory_bytes = BUDGET_LEAST, .threads = 2};
    assert_done(aisle_open(path_of(name), &options, &catalog, &error));
    writer = begin_writing(catalog);
    put_title(writer, "P9", "slow");
    commit(writer);
    aisle_writer_free(writer);
    assert_true(statistics_of(catalog).segments < 9);
    assert_int_equal(count_of(catalog, "slow"), 10);
    aisle_close(catalog);
    aisle_writer_abandon(NULL);
    assert_sound(name);
}

/*
 * A patch that leaves the column's value as it is still says how the product is to be printed. The merge is slow enough
 * to be under way when it comes, and ends by itself: its bytes are written in one transaction.
 */
static void patch_of_an_equal_value_survives_a_merge(void **state)
{
    (void)state;
    aisle *catalog = NULL;
    aisle_options options = {
        .size = sizeof options, .memory_bytes = BUDGET_LEAST, .threads = 2, .merge_bytes_per_second = 400000};
    create_catalog("equal", NULL, 1);
    assert_done(aisle_open(path_of("equal"), &options, &catalog, &error));
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < 9; i++) {
        char product[64];
        snprintf(product, sizeof product, "{\"id\":\"P%u\",\"price\":5.00}", i);
        put(writer, product);
        commit(writer);
    }
    for (unsigned i = 0; i < 9; i++) {
        char id[16];
        snprintf(id, sizeof id, "P%u", i);
        patch(writer, id, "{\"price\":5}");
    }
    commit(writer);
    aisle_writer_free(writer);
    assert_true(statistics_of(catalog).segments < 9);
    for (unsigned i = 0; i < 9; i++) {
        char id[16];
        char product[64];
        snprintf(id, sizeof id, "P%u", i);
        snprintf(product, sizeof product, "{\"id\":\"P%u\",\"price\":5}", i);
        assert_product(catalog, id, false, product);
    }
    aisle_close(catalog);
}

/* Commits go on under a merge that never ends, and small merges with them: segments stay few. */
static void commits_go_on_beside_a_slow_merge(void **state)
{
    (void)state;
    aisle_writer *writer;
    aisle *catalog = fill_for_a_slow_merge("busy", &writer);
    for (unsigned i = 9; i < 300; i++) {
        char id[16];
        snprintf(id, sizeof id, "P%u", i);
        put_title(writer, id, "slow");
        commit(writer);
    }
    assert_int_equal(count_of(catalog, "slow"), 300);
    assert_true(statistics_of(catalog).segments <= 40);
    assert_done(aisle_compact(writer, &error));
    assert_int_equal(statistics_of(catalog).segments, 1);
    aisle_writer_free(writer);
    aisle_close(catalog);
    assert_sound("busy");
}

int main(void)
{
#define DIRECTORY_TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)
    const struct CMUnitTest tests[] = {
        DIRECTORY_TEST(operations_that_strike_a_merge_are_not_lost),
        DIRECTORY_TEST(readers_see_every_product_once_while_segments_are_merged),
        DIRECTORY_TEST(compaction_gives_up_a_slow_merge_and_merges_all),
        DIRECTORY_TEST(abandoned_writer_gives_up_a_slow_merge_and_the_next_one_makes_it),
        DIRECTORY_TEST(patch_of_an_equal_value_survives_a_merge),
        DIRECTORY_TEST(commits_go_on_beside_a_slow_merge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
