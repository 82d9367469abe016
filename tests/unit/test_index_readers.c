/*
 * test_index_readers.c - long readers of a catalog named by process and program, from a child that holds a snapshot.
 */
#include "index_fixture.h"

#include <signal.h>
#include <sys/prctl.h>

static int pipes[2];

/* Waits, with the snapshots of the backup taken, until the parent is done. */
static int wait_in_backup(void *context, uint64_t done, uint64_t total)
{
    char token = 'x';
    (void)context;
    (void)done;
    (void)total;
    CHILD_EXPECT(write(pipes[1], &token, 1) == 1);
    (void)!pause();
    return 1;
}

struct seen {
    unsigned count;
    unsigned behind;
    aisle_reader last;
};

static void see(void *context, const aisle_reader *reader)
{
    struct seen *seen = context;
    seen->count++;
    seen->behind += reader->commits_behind > 0;
    seen->last = *reader;
}

static void stuck_backup_of_another_process_is_named_until_it_dies(void **state)
{
    (void)state;
    char token;
    create_catalog("a", NULL, 1);
    aisle *catalog = open_catalog("a");
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < 20000; i++) {
        char id[16];
        char title[64];
        snprintf(id, sizeof id, "P%u", i);
        snprintf(title, sizeof title, "number%u of %u", i * 7919, i % 1000);
        put_title(writer, id, title);
    }
    commit(writer);
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        aisle *own = NULL;
        aisle_backup_options options = {.size = sizeof options, .progress = wait_in_backup};
        CHILD_EXPECT(prctl(PR_SET_NAME, "a long reader") == 0);
        CHILD_EXPECT(aisle_open(path_of("a"), NULL, &own, NULL) == 0);
        (void)!aisle_backup(own, path_of("a.copy"), &options, NULL);
        _exit(1);
    }
    assert_int_equal(read(pipes[0], &token, 1), 1);
    struct seen seen = {.count = 0};
    assert_done(aisle_readers(catalog, see, &seen, &error));
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.behind, 0);
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned p = 0; p < 100; p++) {
            char id[16];
            snprintf(id, sizeof id, "P%u", p);
            put_title(writer, id, "other");
        }
        commit(writer);
    }
    assert_done(aisle_compact(writer, &error));
    put_title(writer, "last", "commit");
    commit(writer);
    seen = (struct seen){.count = 0};
    assert_done(aisle_readers(catalog, see, &seen, &error));
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.behind, 1);
    assert_int_equal(seen.last.pid, child);
    assert_string_equal(seen.last.program, "a long reader");
    assert_int_equal(seen.last.shard, 0);
    assert_true(seen.last.commits_behind >= 4);
    assert_true(seen.last.pinned_bytes > 1u << 20);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(wait_for(child), -1);
    seen = (struct seen){.count = 0};
    assert_done(aisle_readers(catalog, see, &seen, &error));
    assert_int_equal(seen.count, 0);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stuck_backup_of_another_process_is_named_until_it_dies),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
