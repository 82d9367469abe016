/*
 * test_index_backup.c - copies of a catalog: complete, whole or not at all, and of one commit whoever writes meanwhile.
 */
#include "index_fixture.h"

#include "base/alloc.h"
#include "storage/storage.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>

static aisle_statistics statistics_of_copy(const char *name)
{
    aisle *copy = open_catalog(name);
    aisle_statistics statistics = statistics_of(copy);
    aisle_close(copy);
    return statistics;
}

/* Entries of the test's directory whose names begin so. */
static unsigned entries_like(const char *beginning)
{
    unsigned found = 0;
    DIR *entries = opendir(directory);
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        found += strncmp(entry->d_name, beginning, strlen(beginning)) == 0;
    }
    closedir(entries);
    return found;
}

static void copy_holds_products_patches_deletes_and_position(void **state)
{
    (void)state;
    create_catalog("a", NULL, 3);
    aisle *catalog = open_catalog("a");
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < 300; i++) {
        char product[128];
        snprintf(product, sizeof product, "{\"id\":\"P%u\",\"title\":\"lamp %u\",\"price\":1}", i, i);
        put(writer, product);
    }
    commit(writer);
    patch(writer, "P7", "{\"price\":2.5}");
    erase(writer, "P8");
    const aisle_position position = {.source = "log", .identity = 9, .offset = 1234, .seq = "s"};
    assert_done(aisle_mark(writer, &position, &error));
    commit(writer);
    put_title(writer, "not committed", "lamp");
    assert_done(aisle_backup(catalog, path_of("a.copy"), NULL, &error));
    aisle_writer_free(writer);

    aisle *copy = open_catalog("a.copy");
    uint64_t offset = 0;
    assert_int_equal(count_of(copy, "lamp"), 299);
    assert_product(copy, "P7", false, "{\"id\":\"P7\",\"title\":\"lamp 7\",\"price\":2.5}");
    assert_product(copy, "P8", false, NULL);
    assert_done(aisle_log_offset(copy, "log", 9, &offset, &error));
    assert_int_equal(offset, 1234);
    assert_int_equal(statistics_of(copy).generation, statistics_of(catalog).generation);
    assert_string_equal(aisle_schema(copy), aisle_schema(catalog));
    put_and_commit(copy, "{\"id\":\"new\",\"title\":\"lamp\"}");
    assert_int_equal(count_of(copy, "lamp"), 300);
    assert_int_equal(count_of(catalog, "lamp"), 299);
    aisle_close(copy);
    aisle_close(catalog);
    assert_sound("a.copy");
}

static int give_up(void *context, uint64_t done, uint64_t total)
{
    unsigned *calls = context;
    ++*calls;
    return done <= total + (1u << 20);
}

static void refused_or_given_up_backup_leaves_nothing(void **state)
{
    (void)state;
    create_catalog("b", NULL, 2);
    aisle *catalog = open_catalog("b");
    put_and_commit(catalog, "{\"id\":\"A\",\"title\":\"one\"}");
    unsigned calls = 0;
    aisle_backup_options options = {.size = sizeof options, .progress = give_up, .context = &calls};
    assert_int_equal(aisle_backup(catalog, path_of("b.copy"), &options, &error), AISLE_END);
    assert_true(calls > 0);
    assert_int_equal(aisle_backup(catalog, path_of("b"), NULL, &error), AISLE_EXISTS);
    assert_int_equal(aisle_backup(catalog, "", NULL, NULL), AISLE_INVALID);
    assert_int_equal(aisle_backup(catalog, path_of("no/place"), NULL, NULL), AISLE_NOT_FOUND);
    options.size = sizeof options + 1;
    assert_int_equal(aisle_backup(catalog, path_of("b.copy"), &options, NULL), AISLE_INVALID);
    assert_int_equal(entries_like("b"), 1);
    aisle_close(catalog);
}

static void any_failing_allocation_or_call_leaves_nothing_and_no_harm(void **state)
{
    (void)state;
    create_catalog("c", NULL, 2);
    aisle *catalog = open_catalog("c");
    put_and_commit(catalog, "{\"id\":\"A\",\"title\":\"one\"}");
    unsigned failures = 0;
    for (unsigned kind = 0; kind < 2; kind++) {
        int status = -1;
        for (unsigned long n = 1; status != 0; n++) {
            if (kind == 0) {
                alloc_fail_at(n, 0);
            } else {
                storage_fail_at(n, 0, 5); /* EIO */
            }
            status = aisle_backup(catalog, path_of("c.copy"), NULL, &error);
            alloc_fail_at(0, 0);
            storage_fail_at(0, 0, 0);
            failures += status != 0;
            assert_int_equal(entries_like("c."), status == 0);
            assert_int_equal(count_of(catalog, "one"), 1);
        }
        assert_sound("c.copy");
        assert_int_equal(nftw(path_of("c.copy"), remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    }
    assert_true(failures > 50);
    aisle_close(catalog);
}

#define BATCH_PRODUCTS 40u

static atomic_bool stop;

static void *write_batches(void *name)
{
    aisle *catalog = open_catalog(name);
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned batch = 1; !atomic_load(&stop); batch++) {
        for (unsigned i = 0; i < BATCH_PRODUCTS; i++) {
            char id[16];
            char title[64];
            snprintf(id, sizeof id, "P%u", i);
            snprintf(title, sizeof title, "batch number%u", batch);
            put_title(writer, id, title);
        }
        commit(writer);
    }
    aisle_writer_free(writer);
    aisle_close(catalog);
    return NULL;
}

/* Every product of the copy is of the batch that its generation is. */
static void copy_taken_while_a_thread_commits_is_of_one_commit(void **state)
{
    (void)state;
    char name[] = "d";
    pthread_t thread;
    create_catalog(name, NULL, 1);
    aisle *catalog = open_catalog(name);
    assert_int_equal(pthread_create(&thread, NULL, write_batches, name), 0);
    while (statistics_of(catalog).products == 0) {
        usleep(1000);
    }
    uint64_t last = 0;
    for (unsigned i = 0; i < 12; i++) {
        char copy_name[16];
        char word[32];
        snprintf(copy_name, sizeof copy_name, "d.copy%u", i);
        assert_done(aisle_backup(catalog, path_of(copy_name), NULL, &error));
        aisle_statistics statistics = statistics_of_copy(copy_name);
        assert_true(statistics.generation >= last);
        last = statistics.generation;
        aisle *copy = open_catalog(copy_name);
        aisle_result *result = find(copy, "batch", 0, 1);
        aisle_hit hit;
        unsigned batch = 0;
        assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
        assert_int_equal(sscanf(strstr(hit.product.data, "number"), "number%u", &batch), 1);
        aisle_result_free(result);
        snprintf(word, sizeof word, "number%u", batch);
        assert_int_equal(count_of(copy, word), BATCH_PRODUCTS);
        assert_int_equal(count_of(copy, ""), BATCH_PRODUCTS);
        aisle_close(copy);
        assert_sound(copy_name);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    assert_true(last > 1);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_holds_products_patches_deletes_and_position),
        cmocka_unit_test(refused_or_given_up_backup_leaves_nothing),
        cmocka_unit_test(any_failing_allocation_or_call_leaves_nothing_and_no_harm),
        cmocka_unit_test(copy_taken_while_a_thread_commits_is_of_one_commit),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
