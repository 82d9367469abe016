/*
 * test_index_processes.c - who is told what when others have the catalog: second writers, forked children, users who
 * may only read, and catalogs that are moved, copied, renamed and deleted, open or closed.
 */
#include "index_fixture.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

#define NOBODY 65534u

/*
 * Threads that search while the process forks. None under AddressSanitizer: unlike libc's, its allocator is not made
 * ready for a fork, so that a child may inherit it locked by a thread that it does not have.
 */
#if defined(__SANITIZE_ADDRESS__)
#define SEARCHING_THREADS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEARCHING_THREADS 0
#endif
#endif
#ifndef SEARCHING_THREADS
#define SEARCHING_THREADS 3
#endif

static void make(const char *name, uint32_t shards)
{
    create_catalog(name, NULL, shards);
    aisle *catalog = open_catalog(name);
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < 50; i++) {
        char id[16];
        snprintf(id, sizeof id, "P%u", i);
        put_title(writer, id, "lamp");
    }
    commit(writer);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

/* ---- the second writer ---- */

static void *begin_second(void *name)
{
    aisle *own = NULL;
    aisle_writer *writer = NULL;
    aisle_error found = {0};
    bool busy = aisle_open(path_of(name), NULL, &own, &found) == 0 && aisle_begin(own, &writer, &found) == AISLE_BUSY &&
                strstr(found.message, "this process") != NULL;
    aisle_writer_free(writer);
    aisle_close(own);
    return busy ? name : NULL;
}

static void second_writer_is_told_whose_turn_it_is(void **state)
{
    (void)state;
    char name[] = "a";
    make(name, 1);
    aisle *catalog = open_catalog(name);
    aisle_writer *writer = begin_writing(catalog);
    pid_t holder = getpid();
    pid_t child = fork();
    if (child == 0) {
        aisle *own = NULL;
        aisle_writer *second = NULL;
        char expected[64];
        snprintf(expected, sizeof expected, "process %ld is writing", (long)holder);
        CHILD_EXPECT(aisle_open(path_of(name), NULL, &own, NULL) == 0);
        CHILD_EXPECT(aisle_begin(own, &second, &error) == AISLE_BUSY);
        CHILD_EXPECT(strstr(error.message, expected) != NULL);
        aisle_close(own);
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    pthread_t thread;
    void *busy = NULL;
    assert_int_equal(pthread_create(&thread, NULL, begin_second, name), 0);
    assert_int_equal(pthread_join(thread, &busy), 0);
    assert_non_null(busy);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

/* ---- forks ---- */

static void ignore_reader(void *context, const aisle_reader *reader)
{
    (void)context;
    (void)reader;
}

static void *search_on(void *catalog)
{
    for (unsigned i = 0; i < 300; i++) {
        aisle_result *result = NULL;
        bool good = aisle_search(catalog, &(aisle_query){.size = sizeof(aisle_query), .text = "lamp"}, &result, NULL) ==
                        0 && aisle_result_total(result, NULL) == 50;
        aisle_result_free(result);
        if (!good) {
            return NULL;
        }
    }
    return catalog;
}

static void live_in_child(aisle *inherited, aisle_writer *inherited_writer)
{
    aisle *own = NULL;
    aisle_writer *writer = NULL;
    aisle_result *result = NULL;
    CHILD_EXPECT(aisle_search(inherited, &(aisle_query){.size = sizeof(aisle_query)}, &result, NULL) == AISLE_FORKED);
    CHILD_EXPECT(aisle_backup(inherited, path_of("b.copy"), NULL, NULL) == AISLE_FORKED);
    CHILD_EXPECT(aisle_readers(inherited, ignore_reader, NULL, NULL) == AISLE_FORKED);
    CHILD_EXPECT(aisle_put(inherited_writer, text_bytes("{\"id\":\"X\"}"), NULL) == AISLE_FORKED);
    CHILD_EXPECT(aisle_commit(inherited_writer, NULL) == AISLE_FORKED);
    CHILD_EXPECT(aisle_shrink(path_of("b"), NULL, NULL, NULL, NULL) == AISLE_BUSY);
    aisle_writer_free(inherited_writer);
    aisle_close(inherited);
    CHILD_EXPECT(aisle_open(path_of("b"), NULL, &own, NULL) == 0);
    CHILD_EXPECT(search_on(own) != NULL);
    CHILD_EXPECT(aisle_begin(own, &writer, NULL) == AISLE_BUSY); /* the parent's lock is not gone with the copy */
    aisle_close(own);
}

static void forks_beside_searching_threads_harm_neither_side(void **state)
{
    (void)state;
    make("b", 2);
    aisle *catalog = open_catalog("b");
    aisle_writer *writer = begin_writing(catalog);
    put_title(writer, "waiting", "lantern");
    pthread_t threads[SEARCHING_THREADS + 1];
    for (int i = 0; i < SEARCHING_THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, search_on, catalog), 0);
    }
    for (unsigned i = 0; i < 6; i++) {
        pid_t child = fork();
        if (child == 0) {
            live_in_child(catalog, writer);
            _exit(0);
        }
        assert_int_equal(wait_for(child), 0);
    }
    for (int i = 0; i < SEARCHING_THREADS; i++) {
        void *good = NULL;
        assert_int_equal(pthread_join(threads[i], &good), 0);
        assert_non_null(good);
    }
    commit(writer);
    assert_int_equal(count_of(catalog, "lantern"), 1);
    aisle_writer_free(writer);
    aisle_close(catalog);
    assert_int_equal(access(path_of("b.copy"), F_OK), -1);
    assert_sound("b");
}

/* ---- reading only ---- */

static void read_only_life(const char *name, int expected_to_write)
{
    aisle *catalog = NULL;
    aisle_result *result = NULL;
    uint64_t faults = 9;
    aisle_statistics statistics = {.size = sizeof statistics};
    const aisle_options options = {.size = sizeof options, .read_only = true};
    CHILD_EXPECT(aisle_open(path_of(name), NULL, &catalog, &error) == expected_to_write);
    CHILD_EXPECT(catalog == NULL);
    int status = aisle_open(path_of(name), &options, &catalog, &error);
    if (status != 0) {
        fprintf(stderr, "%s\n", error.message);
    }
    CHILD_EXPECT(status == 0);
    CHILD_EXPECT(aisle_search(catalog, &(aisle_query){.size = sizeof(aisle_query), .text = "lamp"}, &result, NULL) ==
                 0);
    CHILD_EXPECT(aisle_result_total(result, NULL) == 50);
    CHILD_EXPECT(aisle_stats(catalog, &statistics, NULL) == 0);
    CHILD_EXPECT(aisle_readers(catalog, ignore_reader, NULL, NULL) == 0);
    aisle_result_free(result);
    CHILD_EXPECT(aisle_check(path_of(name), show_fault, NULL, &faults, NULL) == 0 && faults == 0);
    CHILD_EXPECT(aisle_backup(catalog, path_of("open/copy"), NULL, &error) == 0);
    CHILD_EXPECT(aisle_check(path_of("open/copy"), show_fault, NULL, &faults, NULL) == 0 && faults == 0);
    aisle_close(catalog);
    CHILD_EXPECT(aisle_shrink(path_of(name), NULL, NULL, NULL, NULL) == AISLE_PERMISSION);
}

/* A place where anybody may put something. */
static void make_open_place(void)
{
    assert_int_equal(chmod(directory, 0755), 0);
    (void)nftw(path_of("open"), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(mkdir(path_of("open"), 0777), 0);
    assert_int_equal(chmod(path_of("open"), 0777), 0);
}

static void take_away_writing(const char *name, bool give_back)
{
    static const char *const files[] = {"", "/aisle.json", "/schema.json", "/writer.lock", "/shard-00",
                                        "/shard-00/data.mdb", "/shard-00/lock.mdb"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[64];
        struct stat found;
        snprintf(path, sizeof path, "%s%s", name, files[i]);
        if (stat(path_of(path), &found) == 0) {
            mode_t mode = S_ISDIR(found.st_mode) ? 0555 : 0444;
            assert_int_equal(chmod(path_of(path), give_back ? mode | 0200 : mode), 0);
        }
    }
}

static void catalog_is_read_by_a_user_who_may_not_write(void **state)
{
    (void)state;
    make("c", 1);
    make_open_place();
    take_away_writing("c", false);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0) {
            CHILD_EXPECT(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
        }
        read_only_life("c", AISLE_PERMISSION);
        _exit(0);
    }
    int ended = wait_for(child);
    take_away_writing("c", true);
    assert_int_equal(ended, 0);
}

static void catalog_is_read_from_a_read_only_mount(void **state)
{
    (void)state;
    make("d", 1);
    make_open_place();
    assert_int_equal(mkdir(path_of("mounted"), 0755), 0);
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount(path_of("d"), path_of("mounted"), NULL, MS_BIND, NULL) != 0 ||
            mount(path_of("d"), path_of("mounted"), NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) != 0) {
            _exit(77);
        }
        read_only_life("mounted", AISLE_PERMISSION);
        _exit(0);
    }
    int ended = wait_for(child);
    if (ended == 77) {
        print_message("mounting is not allowed here\n");
        skip();
    }
    assert_int_equal(ended, 0);
}

/* ---- moved, copied, deleted ---- */

static void run(const char *command)
{
    char line[2048];
    snprintf(line, sizeof line, "cd '%s' && %s", directory, command);
    assert_int_equal(system(line), 0);
}

static void assert_alive(const char *name, uint64_t lamps)
{
    aisle *catalog = open_catalog(name);
    put_and_commit(catalog, "{\"id\":\"new\",\"title\":\"lamp\"}");
    assert_int_equal(count_of(catalog, "lamp"), lamps + 1);
    aisle_close(catalog);
    assert_sound(name);
}

static void closed_catalog_may_be_moved_and_copied(void **state)
{
    (void)state;
    make("e", 2);
    run("cp -r e e.copy && mv e e.moved");
    assert_alive("e.copy", 50);
    assert_alive("e.moved", 50);
    aisle *catalog = NULL;
    assert_int_equal(aisle_open(path_of("e"), NULL, &catalog, &error), AISLE_NOT_A_CATALOG);
    /* A copy carries the reader slots of a process that was killed while it read. */
    pid_t child = fork();
    if (child == 0) {
        CHILD_EXPECT(aisle_open(path_of("e.moved"), NULL, &catalog, NULL) == 0);
        CHILD_EXPECT(try_find(catalog, "lamp") == 0);
        raise(SIGKILL);
    }
    assert_int_equal(wait_for(child), -1);
    run("cp -r e.moved e.third");
    assert_alive("e.third", 50); /* it has the new one already */
}

static void catalog_renamed_while_open_is_searched_but_not_written(void **state)
{
    (void)state;
    aisle_writer *writer = NULL;
    make("f", 1);
    aisle *catalog = open_catalog("f");
    aisle_writer *begun = begin_writing(catalog);
    run("mv f f.moved");
    assert_int_equal(count_of(catalog, "lamp"), 50);
    /* A writer that has begun goes on: its lock moved with the catalog. */
    put_title(begun, "one more", "lamp");
    commit(begun);
    aisle *moved = open_catalog("f.moved");
    assert_int_equal(count_of(moved, "lamp"), 51);
    assert_int_equal(aisle_begin(moved, &writer, &error), AISLE_BUSY);
    aisle_writer_free(begun);
    assert_int_equal(aisle_begin(catalog, &writer, &error), AISLE_NOT_FOUND);
    /* Another catalog in the old place has another writer's lock. */
    make("f", 1);
    assert_int_equal(aisle_begin(catalog, &writer, &error), AISLE_NOT_FOUND);
    assert_non_null(strstr(error.message, "no longer where"));
    assert_null(writer);
    put_and_commit(moved, "{\"id\":\"two more\",\"title\":\"lamp\"}");
    assert_int_equal(count_of(catalog, "lamp"), 52);
    assert_alive("f", 50);
    aisle_close(moved);
    aisle_close(catalog);
    assert_sound("f.moved");
}

static void catalog_deleted_while_open_is_searched_until_closed(void **state)
{
    (void)state;
    aisle_writer *writer = NULL;
    make("g", 2);
    aisle *catalog = open_catalog("g");
    aisle_writer *begun = begin_writing(catalog);
    run("rm -r g");
    assert_int_equal(count_of(catalog, "lamp"), 50);
    assert_done(aisle_backup(catalog, path_of("g.saved"), NULL, &error));
    put_title(begun, "one more", "lamp");
    commit(begun);
    assert_int_equal(count_of(catalog, "lamp"), 51);
    aisle_writer_free(begun);
    assert_int_equal(aisle_begin(catalog, &writer, &error), AISLE_NOT_FOUND);
    make("g", 2);
    assert_alive("g", 50);
    assert_int_equal(count_of(catalog, "lamp"), 51);
    aisle_close(catalog);
    assert_alive("g.saved", 50);
    assert_sound("g");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(second_writer_is_told_whose_turn_it_is),
        cmocka_unit_test(forks_beside_searching_threads_harm_neither_side),
        cmocka_unit_test(catalog_is_read_by_a_user_who_may_not_write),
        cmocka_unit_test(catalog_is_read_from_a_read_only_mount),
        cmocka_unit_test(closed_catalog_may_be_moved_and_copied),
        cmocka_unit_test(catalog_renamed_while_open_is_searched_but_not_written),
        cmocka_unit_test(catalog_deleted_while_open_is_searched_until_closed),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
