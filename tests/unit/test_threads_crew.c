/*
 * test_threads_crew.c - searches that share helpers, from several threads at once and beside a writer, find what one
 * thread finds alone; helpers come and go with the catalog.
 */
#include "index_fixture.h"

#include "base/alloc.h"

#include <pthread.h>
#include <stdatomic.h>

#define SCHEMA                                                                                                   \
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\"},"              \
    "\"sales\":{\"type\":\"integer\"}},\"signals\":[{\"kind\":\"popularity\",\"field\":\"sales\",\"weight\":1}]}"

#define PRODUCTS 36000u /* a little more than one part of a segment */
#define SEGMENT 34000u
#define THREADS 3u
#define ROUNDS 6u

static const char *const texts[] = {"lamp", "lamp OR desk OR red", "red lamp", "\"red lamp\"", "la*", "desk -red", ""};
#define QUERIES (sizeof texts / sizeof texts[0])

struct expected {
    uint64_t total;
    size_t count;
    double scores[10];
    char ids[10][16];
};

static aisle *alone;
static aisle *helped;
static struct expected expected[QUERIES];
static atomic_uint wrong;

static int ask(aisle *catalog, const char *text, struct expected *answer)
{
    aisle_query query = {.size = sizeof query, .text = text, .no_products = true, .now_ms = 1};
    aisle_result *result = NULL;
    int status = aisle_search(catalog, &query, &result, NULL);
    aisle_hit hit;
    *answer = (struct expected){.total = 0};
    if (status == 0) {
        answer->total = aisle_result_total(result, NULL);
        answer->count = aisle_result_count(result);
    }
    for (size_t i = 0; status == 0 && i < answer->count; i++) {
        status = aisle_result_hit(result, i, &hit);
        answer->scores[i] = hit.score;
        memcpy(answer->ids[i], hit.id.data, hit.id.size);
    }
    aisle_result_free(result);
    return status;
}

static bool is_same(const struct expected *a, const struct expected *b)
{
    return a->total == b->total && a->count == b->count && memcmp(a->scores, b->scores, sizeof a->scores) == 0 &&
           memcmp(a->ids, b->ids, sizeof a->ids) == 0;
}

static void *search_often(void *first)
{
    for (unsigned i = 0; i < QUERIES * ROUNDS; i++) {
        unsigned q = (i + *(unsigned *)first) % QUERIES;
        struct expected answer;
        if (ask(helped, texts[q], &answer) != 0 || !is_same(&answer, &expected[q])) {
            atomic_fetch_add(&wrong, 1);
        }
    }
    return NULL;
}

static void put_products(aisle_writer *writer)
{
    static const char *const titles[] = {"red lamp", "desk", "lamp lamp", "desk red", "lake lamp red desk"};
    for (unsigned i = 0; i < PRODUCTS; i++) {
        char product[200];
        snprintf(product, sizeof product, "{\"id\":\"%u\",\"title\":\"%s %u\",\"sales\":%u}", i,
                 titles[i * 7919 % 5], i % 100, i * 7919 % 10007);
        put(writer, product);
        if (i + 1 == SEGMENT) {
            commit(writer);
        }
    }
    commit(writer);
}

static void open_helped(void)
{
    aisle_options options = {.size = sizeof options, .search_threads = 3, .search_threads_from = 1};
    assert_done(aisle_open(path_of("crew"), &options, &helped, &error));
}

static void helped_searches_find_what_one_thread_finds(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    unsigned first[THREADS];
    create_catalog("crew", SCHEMA, 1);
    alone = open_catalog("crew");
    aisle_writer *writer = begin_writing(alone);
    put_products(writer);
    for (unsigned q = 0; q < QUERIES; q++) {
        assert_int_equal(ask(alone, texts[q], &expected[q]), 0);
        assert_true(expected[q].count == 10);
    }
    open_helped();
    for (unsigned i = 0; i < THREADS; i++) {
        first[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, search_often, &first[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&wrong), 0);
    aisle_close(helped);
    aisle_writer_free(writer);
    aisle_close(alone);
}

static void a_crew_that_nobody_needs_goes_as_it_came(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        struct expected answer;
        open_helped();
        assert_int_equal(ask(helped, texts[i % 2], &answer), 0);
        aisle_close(helped);
    }
    aisle_options options = {.size = sizeof options, .search_threads = 65};
    assert_int_equal(aisle_open(path_of("crew"), &options, &helped, &error), AISLE_LIMIT);
}

/* Which thread meets the failure is chance; the answer is right or a status. */
static void a_failing_allocation_is_a_status_whoever_meets_it(void **state)
{
    (void)state;
    unsigned failed = 0;
    unsigned long n = 1;
    for (bool struck = true; struck && n < 400; n += n < 60 ? 1 : 7) {
        aisle_options options = {.size = sizeof options, .search_threads = 3, .search_threads_from = 1};
        struct expected answer;
        unsigned q = (unsigned)(n % QUERIES);
        unsigned long before = alloc_calls();
        alloc_fail_at(n, 0);
        int status = aisle_open(path_of("crew"), &options, &helped, &error);
        bool opened = status == 0;
        status = opened ? ask(helped, texts[q], &answer) : status;
        alloc_fail_at(0, 0);
        struck = alloc_calls() - before >= n;
        assert_true(status == 0 ? is_same(&answer, &expected[q]) : status == AISLE_NO_MEMORY);
        if (opened) {
            assert_int_equal(ask(helped, texts[q], &answer), 0);
            assert_true(is_same(&answer, &expected[q]));
            aisle_close(helped);
        }
        failed += status != 0 ? 1 : 0;
    }
    assert_true(failed > 20);
}

static void a_child_leaves_its_parents_helpers_alone(void **state)
{
    (void)state;
    struct expected answer;
    open_helped();
    assert_int_equal(ask(helped, texts[1], &answer), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int status = ask(helped, texts[1], &answer);
        aisle_close(helped);
        _exit(status == AISLE_FORKED ? 0 : 1);
    }
    assert_int_equal(wait_for(child), 0);
    assert_int_equal(ask(helped, texts[0], &answer), 0);
    aisle_close(helped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(helped_searches_find_what_one_thread_finds),
        cmocka_unit_test(a_crew_that_nobody_needs_goes_as_it_came),
        cmocka_unit_test(a_failing_allocation_is_a_status_whoever_meets_it),
        cmocka_unit_test(a_child_leaves_its_parents_helpers_alone),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
