/*
 * test_storage_lock.c - the writer's lock: who gets it, who is told what, and when it is free again.
 */
#include "storage_fixture.h"

#include <fcntl.h>
#include <signal.h>

static void second_acquire_in_this_process_is_busy_and_says_so(void **state)
{
    (void)state;
    struct storage_lock *first = NULL;
    struct storage_lock *second = NULL;
    assert_int_equal(storage_lock_acquire(path_of("lock"), &first, &error), 0);
    assert_int_equal(storage_lock_acquire(path_of("lock"), &second, &error), AISLE_BUSY);
    assert_null(second);
    assert_non_null(strstr(error.message, "this process"));
    storage_lock_release(first);
    assert_int_equal(storage_lock_acquire(path_of("lock"), &second, &error), 0);
    storage_lock_release(second);
    storage_lock_release(NULL);
}

static void locks_of_different_files_do_not_meet(void **state)
{
    (void)state;
    struct storage_lock *first = NULL;
    struct storage_lock *second = NULL;
    assert_int_equal(storage_lock_acquire(path_of("one"), &first, &error), 0);
    assert_int_equal(storage_lock_acquire(path_of("two"), &second, &error), 0);
    storage_lock_release(first);
    storage_lock_release(second);
}

/* A child that holds the lock and tells by a byte that it does, then waits to be killed. */
static pid_t start_holder(bool with_grandchild, pid_t *grandchild)
{
    int ready[2];
    pid_t told = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct storage_lock *lock = NULL;
        CHILD_EXPECT(storage_lock_acquire(path_of("lock"), &lock, NULL) == 0);
        pid_t heir = with_grandchild ? fork() : 1;
        if (heir != 0) {
            CHILD_EXPECT(write(ready[1], &heir, sizeof heir) == sizeof heir);
        }
        for (;;) {
            pause();
        }
    }
    assert_int_equal(read(ready[0], &told, sizeof told), sizeof told);
    close(ready[0]);
    close(ready[1]);
    *grandchild = told;
    return child;
}

static void lock_of_another_process_is_busy_names_it_and_dies_with_it(void **state)
{
    (void)state;
    struct storage_lock *lock = NULL;
    pid_t unused = 0;
    char expected[64];
    pid_t child = start_holder(false, &unused);
    snprintf(expected, sizeof expected, "process %ld ", (long)child);
    assert_int_equal(storage_lock_acquire(path_of("lock"), &lock, &error), AISLE_BUSY);
    assert_non_null(strstr(error.message, expected));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(storage_lock_acquire(path_of("lock"), &lock, &error), 0);
    storage_lock_release(lock);
}

static void lock_is_free_after_its_holder_died_though_a_forked_child_of_it_lives(void **state)
{
    (void)state;
    struct storage_lock *lock = NULL;
    pid_t grandchild = 0;
    pid_t child = start_holder(true, &grandchild);
    assert_int_equal(storage_lock_acquire(path_of("lock"), &lock, &error), AISLE_BUSY);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    /* The heir closes its copy in the fork handler, which may still be on its way. */
    int status = AISLE_BUSY;
    for (int i = 0; i < 500 && status == AISLE_BUSY; i++) {
        status = storage_lock_acquire(path_of("lock"), &lock, &error);
        usleep(status == AISLE_BUSY ? 2000 : 0);
    }
    assert_int_equal(kill(grandchild, 0), 0);
    assert_int_equal(kill(grandchild, SIGKILL), 0);
    assert_int_equal(status, 0);
    storage_lock_release(lock);
}

static void child_cannot_release_its_parents_lock(void **state)
{
    (void)state;
    struct storage_lock *lock = NULL;
    struct storage_lock *second = NULL;
    assert_int_equal(storage_lock_acquire(path_of("lock"), &lock, &error), 0);
    pid_t child = fork();
    if (child == 0) {
        storage_lock_release(lock);
        CHILD_EXPECT(storage_lock_acquire(path_of("lock"), &second, NULL) == AISLE_BUSY);
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    assert_int_equal(storage_lock_acquire(path_of("lock"), &second, &error), AISLE_BUSY);
    storage_lock_release(lock);
}

static void nonsense_in_the_file_does_no_harm(void **state)
{
    (void)state;
    struct storage_lock *first = NULL;
    struct storage_lock *second = NULL;
    static const char *const texts[] = {"", "not a number\n", "99999999999999999999999", "-5\n", "12"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(storage_lock_acquire(path_of("lock"), &first, &error), 0);
        int fd = open(path_of("lock"), O_WRONLY | O_TRUNC);
        assert_int_equal(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
        close(fd);
        assert_int_equal(storage_lock_acquire(path_of("lock"), &second, &error), AISLE_BUSY);
        assert_non_null(strstr(error.message, "another process"));
        storage_lock_release(first);
    }
}

static void lock_in_no_directory_is_not_found(void **state)
{
    (void)state;
    struct storage_lock *lock = NULL;
    assert_int_equal(storage_lock_acquire(path_of("none/lock"), &lock, &error), AISLE_NOT_FOUND);
    assert_null(lock);
    assert_int_equal(error.code, AISLE_NOT_FOUND);
}

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void any_number_share_a_file_and_one_excludes_them(void **state)
{
    (void)state;
    struct storage_lock *shared[3] = {NULL, NULL, NULL};
    struct storage_lock *alone = NULL;
    write_text("file", "content");
    assert_int_equal(chmod(path_of("file"), 0444), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(storage_lock_share(path_of("file"), &shared[i], &error), 0);
    }
    assert_int_equal(chmod(path_of("file"), 0644), 0);
    assert_int_equal(storage_lock_exclude(path_of("file"), &alone, &error), AISLE_BUSY);
    assert_null(alone);
    pid_t child = fork();
    if (child == 0) {
        struct storage_lock *own = NULL;
        CHILD_EXPECT(storage_lock_exclude(path_of("file"), &own, NULL) == AISLE_BUSY);
        CHILD_EXPECT(storage_lock_share(path_of("file"), &own, NULL) == 0);
        storage_lock_release(own);
        storage_lock_release(shared[0]); /* the parent's; dead here */
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(storage_lock_exclude(path_of("file"), &alone, &error), AISLE_BUSY);
        storage_lock_release(shared[i]);
    }
    assert_int_equal(storage_lock_exclude(path_of("file"), &alone, &error), 0);
    assert_int_equal(storage_lock_share(path_of("file"), &shared[0], &error), AISLE_BUSY);
    storage_lock_release(alone);
    assert_int_equal(size_of_file(path_of("file")), strlen("content"));
    assert_int_equal(storage_lock_share(path_of("none"), &shared[0], &error), AISLE_NOT_FOUND);
    assert_int_equal(storage_lock_exclude(path_of("none"), &shared[0], &error), AISLE_NOT_FOUND);
}

static void lock_knows_its_file_under_whatever_name(void **state)
{
    (void)state;
    struct storage_lock *lock = NULL;
    char moved[800];
    write_text("file", "content");
    snprintf(moved, sizeof moved, "%s", path_of("moved"));
    assert_int_equal(storage_lock_share(path_of("file"), &lock, &error), 0);
    assert_true(storage_lock_is_at(lock, path_of("file")));
    assert_int_equal(rename(path_of("file"), moved), 0);
    assert_false(storage_lock_is_at(lock, path_of("file")));
    write_text("file", "content");
    assert_false(storage_lock_is_at(lock, path_of("file")));
    assert_true(storage_lock_is_at(lock, moved));
    storage_lock_release(lock);
}

static void storage_open_in_another_process_is_in_use(void **state)
{
    (void)state;
    char token = 'x';
    int pipes[2][2];
    assert_int_equal(storage_check_unused(directory, &error), 0); /* nothing there */
    storage_close(open_storage(CREATE));
    assert_int_equal(storage_check_unused(directory, &error), 0);
    assert_int_equal(pipe(pipes[0]), 0);
    assert_int_equal(pipe(pipes[1]), 0);
    pid_t child = fork();
    if (child == 0) {
        struct storage *own = NULL;
        CHILD_EXPECT(storage_open(directory, NULL, &own, NULL) == 0);
        CHILD_EXPECT(write(pipes[0][1], &token, 1) == 1);
        CHILD_EXPECT(read(pipes[1][0], &token, 1) == 1);
        storage_close(own);
        _exit(0);
    }
    assert_int_equal(read(pipes[0][0], &token, 1), 1);
    assert_int_equal(storage_check_unused(directory, &error), AISLE_BUSY);
    char pid[32];
    snprintf(pid, sizeof pid, "process %ld ", (long)child);
    assert_non_null(strstr(error.message, pid));
    assert_int_equal(write(pipes[1][1], &token, 1), 1);
    assert_int_equal(wait_for(child), 0);
    assert_int_equal(storage_check_unused(directory, &error), 0);
    for (unsigned i = 0; i < 4; i++) {
        close(pipes[i / 2][i % 2]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(second_acquire_in_this_process_is_busy_and_says_so),
        TEST(locks_of_different_files_do_not_meet),
        TEST(lock_of_another_process_is_busy_names_it_and_dies_with_it),
        TEST(lock_is_free_after_its_holder_died_though_a_forked_child_of_it_lives),
        TEST(child_cannot_release_its_parents_lock),
        TEST(nonsense_in_the_file_does_no_harm),
        TEST(lock_in_no_directory_is_not_found),
        TEST(any_number_share_a_file_and_one_excludes_them),
        TEST(lock_knows_its_file_under_whatever_name),
        TEST(storage_open_in_another_process_is_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
