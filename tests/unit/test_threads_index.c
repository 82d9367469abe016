/*
 * test_threads_index.c - readers on one shared handle and on their own beside a writer: each answer is that of one
 * commit, and never goes back. Meant for the thread sanitizer too.
 */
#include "index_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#define READERS 3u
#define COMMITS 60u
#define BATCH 5u

static aisle *shared;
static atomic_bool ended;
static atomic_uint published; /* products that are certainly committed */

static int count_hits(aisle *catalog, uint64_t *total, uint64_t *hits)
{
    aisle_result *result = NULL;
    aisle_query query = {.size = sizeof query, .text = "lamp OR la*", .limit = 1000};
    int status = aisle_search(catalog, &query, &result, NULL);
    if (status == 0) {
        *total = aisle_result_total(result, NULL);
        *hits = aisle_result_count(result);
    }
    aisle_result_free(result);
    return status;
}

/* NULL when all was well, else a message. */
static void *read_on(void *own_handle)
{
    aisle *catalog = shared;
    uint64_t last = 0;
    if (own_handle != NULL && aisle_open(path_of("t"), NULL, &catalog, NULL) != 0) {
        return "a reader cannot open the catalog";
    }
    const char *wrong = NULL;
    while (!atomic_load(&ended) && wrong == NULL) {
        uint64_t least = atomic_load(&published);
        uint64_t total = 0;
        uint64_t hits = 0;
        aisle_result *result = NULL;
        if (count_hits(catalog, &total, &hits) != 0) {
            wrong = "a search failed";
        } else if (total != hits || total % BATCH != 0) {
            wrong = "an answer is not of one commit";
        } else if (total < last || total < least) {
            wrong = "an answer went back";
        } else if (total != 0 && aisle_get(catalog, text_bytes("P0"), false, &result, NULL) != 0) {
            wrong = "a product is not there";
        }
        aisle_result_free(result);
        last = total;
    }
    if (own_handle != NULL) {
        aisle_close(catalog);
    }
    return (void *)(uintptr_t)wrong;
}

static void readers_beside_a_writer_see_whole_commits(void **state)
{
    (void)state;
    pthread_t readers[READERS];
    create_catalog("t", NULL, 1);
    shared = open_catalog("t");
    (void)path_of("t");
    atomic_store(&ended, false);
    for (unsigned i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, i == 0 ? &readers[0] : NULL), 0);
        if (i == 0) {
            usleep(50000); /* path_of is not for several threads: the one that opens has done so by now */
        }
    }
    aisle_writer *writer = begin_writing(shared);
    for (unsigned c = 0; c < COMMITS; c++) {
        for (unsigned i = 0; i < BATCH; i++) {
            char id[16];
            snprintf(id, sizeof id, "P%u", c * BATCH + i);
            put_title(writer, id, "lamp");
        }
        patch(writer, "P0", c % 2 == 0 ? "{\"price\":1}" : "{\"price\":2}");
        commit(writer);
        atomic_store(&published, (c + 1) * BATCH);
    }
    assert_done(aisle_compact(writer, &error));
    atomic_store(&ended, true);
    for (unsigned i = 0; i < READERS; i++) {
        void *wrong = NULL;
        assert_int_equal(pthread_join(readers[i], &wrong), 0);
        if (wrong != NULL) {
            print_message("%s\n", (const char *)wrong);
        }
        assert_null(wrong);
    }
    assert_int_equal(count_of(shared, "lamp"), COMMITS * BATCH);
    aisle_writer_free(writer);
    aisle_close(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(readers_beside_a_writer_see_whole_commits)};
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
