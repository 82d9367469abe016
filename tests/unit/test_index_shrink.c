/*
 * test_index_shrink.c - space given back: what it saves, who is in its way, and what failures and crashes leave.
 */
#include "index_fixture.h"

#include "base/alloc.h"
#include "storage/storage.h"

#include <fcntl.h>
#include <signal.h>

#define PRODUCTS 400u

static uint64_t bytes_of_files(const char *name, uint32_t shards)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < shards; i++) {
        char file[64];
        struct stat found;
        snprintf(file, sizeof file, "%s/shard-%02u/data.mdb", name, i);
        assert_int_equal(stat(path_of(file), &found), 0);
        sum += (uint64_t)found.st_size;
    }
    return sum;
}

/* A catalog with much free space: products that were replaced again and again, compacted. */
static void make_holed_catalog(const char *name, uint32_t shards)
{
    create_catalog(name, NULL, shards);
    aisle *catalog = open_catalog(name);
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned round = 0; round < 6; round++) {
        for (unsigned i = 0; i < PRODUCTS; i++) {
            char id[16];
            char title[64];
            snprintf(id, sizeof id, "P%u", i);
            snprintf(title, sizeof title, "lamp %u number %u", round, i * 7919);
            put_title(writer, id, title);
        }
        commit(writer);
    }
    const aisle_position position = {.source = "log", .identity = 9, .offset = 77};
    assert_done(aisle_mark(writer, &position, &error));
    patch(writer, "P5", "{\"price\":3}");
    commit(writer);
    assert_done(aisle_compact(writer, &error));
    aisle_writer_free(writer);
    aisle_close(catalog);
}

static void assert_whole(const char *name)
{
    uint64_t offset = 0;
    aisle *catalog = open_catalog(name);
    assert_int_equal(count_of(catalog, "lamp"), PRODUCTS);
    assert_product(catalog, "P5", false, "{\"id\":\"P5\",\"title\":\"lamp 5 number 39595\",\"price\":3}");
    assert_done(aisle_log_offset(catalog, "log", 9, &offset, &error));
    assert_int_equal(offset, 77);
    aisle_close(catalog);
    assert_sound(name);
}

static void files_get_smaller_and_hold_the_same(void **state)
{
    (void)state;
    make_holed_catalog("a", 2);
    assert_int_equal(chmod(path_of("a/shard-00/data.mdb"), 0640), 0);
    uint64_t before = bytes_of_files("a", 2);
    uint64_t freed = 0;
    struct stat first;
    struct stat second;
    assert_done(aisle_shrink(path_of("a"), NULL, NULL, &freed, &error));
    assert_int_equal(bytes_of_files("a", 2), before - freed);
    assert_true(freed > before / 2);
    assert_whole("a");
    assert_int_equal(stat(path_of("a/shard-00/data.mdb"), &first), 0);
    assert_int_equal(first.st_mode & 0777, 0640);
    assert_int_equal(access(path_of("a/shrinking"), F_OK), -1);
    /* Nothing is free any more, so that nothing is rewritten. */
    assert_done(aisle_shrink(path_of("a"), NULL, NULL, &freed, &error));
    assert_int_equal(freed, 0);
    assert_int_equal(stat(path_of("a/shard-00/data.mdb"), &second), 0);
    assert_int_equal(first.st_ino, second.st_ino);
    aisle *catalog = open_catalog("a");
    put_and_commit(catalog, "{\"id\":\"new\",\"title\":\"lamp\"}");
    assert_int_equal(count_of(catalog, "lamp"), PRODUCTS + 1);
    aisle_close(catalog);
}

static void open_catalog_is_left_alone(void **state)
{
    (void)state;
    make_holed_catalog("b", 1);
    uint64_t before = bytes_of_files("b", 1);
    uint64_t freed = 99;
    aisle *catalog = NULL;
    const aisle_options reading = {.size = sizeof reading, .read_only = true};
    assert_done(aisle_open(path_of("b"), &reading, &catalog, &error));
    assert_int_equal(aisle_shrink(path_of("b"), NULL, NULL, &freed, &error), AISLE_BUSY);
    assert_non_null(strstr(error.message, "open"));
    assert_int_equal(freed, 0);
    pid_t child = fork();
    if (child == 0) {
        CHILD_EXPECT(aisle_shrink(path_of("b"), NULL, NULL, NULL, NULL) == AISLE_BUSY);
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    aisle_close(catalog);

    catalog = open_catalog("b");
    aisle_writer *writer = begin_writing(catalog);
    assert_int_equal(aisle_shrink(path_of("b"), NULL, NULL, &freed, &error), AISLE_BUSY);
    assert_non_null(strstr(error.message, "writer"));
    /* A child that only inherited the catalog does not count as having it open. */
    int pipes[2];
    int ready[2];
    char token = 'x';
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        close(pipes[1]);
        CHILD_EXPECT(write(ready[1], &token, 1) == 1); /* its fork handler has run */
        CHILD_EXPECT(read(pipes[0], &token, 1) == 0);
        _exit(0);
    }
    close(pipes[0]);
    assert_int_equal(read(ready[0], &token, 1), 1);
    close(ready[0]);
    close(ready[1]);
    aisle_writer_free(writer);
    aisle_close(catalog);
    assert_int_equal(bytes_of_files("b", 1), before);
    assert_done(aisle_shrink(path_of("b"), NULL, NULL, &freed, &error));
    assert_int_equal(bytes_of_files("b", 1), before - freed);
    close(pipes[1]);
    assert_int_equal(wait_for(child), 0);
    assert_int_equal(aisle_shrink(path_of("nothing"), NULL, NULL, &freed, &error), AISLE_NOT_A_CATALOG);
    assert_int_equal(aisle_shrink("", NULL, NULL, &freed, &error), AISLE_INVALID);
}

static int try_to_open(void *context, uint64_t done, uint64_t total)
{
    int *statuses = context;
    aisle *catalog = NULL;
    (void)done;
    (void)total;
    statuses[0] = aisle_open(path_of("c"), NULL, &catalog, NULL);
    return statuses[1]++ == statuses[2];
}

static void nobody_opens_meanwhile_and_progress_can_give_up(void **state)
{
    (void)state;
    make_holed_catalog("c", 2);
    int statuses[3] = {0, 0, -1}; /* of opening, calls, the call that gives up */
    uint64_t before = bytes_of_files("c", 2);
    assert_done(aisle_shrink(path_of("c"), try_to_open, statuses, NULL, &error));
    assert_int_equal(statuses[0], AISLE_BUSY);
    assert_true(statuses[1] >= 3); /* at the beginning of each shard and at the end */
    assert_true(bytes_of_files("c", 2) < before);
    statuses[2] = statuses[1];
    assert_int_equal(aisle_shrink(path_of("c"), try_to_open, statuses, NULL, &error), AISLE_END);
    assert_whole("c");
}

static void any_failing_allocation_or_call_leaves_old_or_new(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 2; kind++) {
        const char *name = kind == 0 ? "d0" : "d1";
        make_holed_catalog(name, 1);
        uint64_t before = bytes_of_files(name, 1);
        unsigned failures = 0;
        int status = -1;
        for (unsigned long n = 1; status != 0; n++) {
            if (kind == 0) {
                alloc_fail_at(n, 0);
            } else {
                storage_fail_at(n, 0, 5); /* EIO */
            }
            status = aisle_shrink(path_of(name), NULL, NULL, NULL, &error);
            alloc_fail_at(0, 0);
            storage_fail_at(0, 0, 0);
            failures += status != 0;
            aisle *catalog = open_catalog(name);
            assert_int_equal(count_of(catalog, "lamp"), PRODUCTS);
            aisle_close(catalog);
        }
        assert_true(failures > 10);
        assert_true(bytes_of_files(name, 1) < before);
        assert_whole(name);
    }
}

static int die(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    (void)total;
    return done == 0 ? 0 : raise(SIGKILL);
}

/* Big enough that progress is told of it, and dies, while a shard is being copied. */
static void crash_leaves_refuse_that_the_next_writer_removes(void **state)
{
    (void)state;
    static char text[20000];
    create_catalog("e", NULL, 1);
    aisle *catalog = open_catalog("e");
    aisle_writer *writer = begin_writing(catalog);
    unsigned seed = 1;
    for (unsigned i = 0; i < 300; i++) {
        size_t size = (size_t)snprintf(text, sizeof text, "{\"id\":\"P%u\",\"note\":\"", i);
        while (size < sizeof text - 3) {
            seed = seed * 1103515245u + 12345u;
            text[size++] = (char)('0' + (seed >> 16) % 60 + ((seed >> 16) % 60 >= 44 ? 1 : 0));
        }
        memcpy(text + size, "\"}", 3);
        put(writer, text);
    }
    commit(writer);
    for (unsigned i = 0; i < 150; i++) {
        char id[16];
        snprintf(id, sizeof id, "P%u", i);
        erase(writer, id);
    }
    assert_done(aisle_compact(writer, &error));
    aisle_writer_free(writer);
    aisle_close(catalog);
    uint64_t before = bytes_of_files("e", 1);
    pid_t child = fork();
    if (child == 0) {
        _exit(aisle_shrink(path_of("e"), die, NULL, NULL, NULL) == 0 ? 0 : 1);
    }
    assert_int_equal(wait_for(child), -1);
    assert_int_equal(access(path_of("e/shrinking/data.mdb"), F_OK), 0);
    assert_int_equal(bytes_of_files("e", 1), before);
    catalog = open_catalog("e");
    assert_int_equal(count_of(catalog, ""), 150);
    aisle_writer_free(begin_writing(catalog));
    assert_int_equal(access(path_of("e/shrinking"), F_OK), -1);
    aisle_close(catalog);
    assert_done(aisle_shrink(path_of("e"), NULL, NULL, NULL, &error));
    assert_true(bytes_of_files("e", 1) < before);
    assert_sound("e");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_get_smaller_and_hold_the_same),
        cmocka_unit_test(open_catalog_is_left_alone),
        cmocka_unit_test(nobody_opens_meanwhile_and_progress_can_give_up),
        cmocka_unit_test(any_failing_allocation_or_call_leaves_old_or_new),
        cmocka_unit_test(crash_leaves_refuse_that_the_next_writer_removes),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
