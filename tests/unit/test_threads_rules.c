/*
 * test_threads_rules.c - searches go on while another thread reads the shop's files, however long that takes.
 *
 * The file of rules is a pipe: who reads it waits until this test writes.
 */
#include "index_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <time.h>

#define SCHEMA "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"}}}"
#define THREADS 4u

static aisle *catalog;

static void *reload(void *status)
{
    *(int *)status = aisle_reload(catalog, NULL);
    return NULL;
}

/* The end of the pipe to write to, once somebody reads the other. */
static int open_pipe(const char *path)
{
    int pipe = -1;
    while ((pipe = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0) {
        assert_int_equal(errno, ENXIO);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return pipe;
}

/* Hands the rules to who has the pipe open; a file with the same takes the pipe's place, for who looks again. */
static void write_rules(const char *path, const char *rules)
{
    int pipe = open_pipe(path);
    char beside[820];
    snprintf(beside, sizeof beside, "%s.new", path);
    FILE *file = fopen(beside, "w");
    assert_non_null(file);
    assert_true(fputs(rules, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(beside, path), 0);
    assert_int_equal(write(pipe, rules, strlen(rules)), (ssize_t)strlen(rules));
    close(pipe);
}

static void open_with_rules(const char *name, const char *rules)
{
    const aisle_options options = {.size = sizeof options, .rules = rules};
    create_catalog(name, SCHEMA, 1);
    assert_done(aisle_open(path_of(name), &options, &catalog, &error));
    aisle_writer *writer = begin_writing(catalog);
    put_title(writer, "A", "red lamp");
    put_title(writer, "B", "blue lamp");
    commit(writer);
    aisle_writer_free(writer);
}

static void searches_keep_the_rules_they_have_while_others_are_read(void **state)
{
    (void)state;
    pthread_t thread;
    int status = -1;
    char rules[800];
    snprintf(rules, sizeof rules, "%s", path_of("rules"));
    open_with_rules("reading", rules);
    assert_ids(catalog, "lamp", "B A");
    assert_int_equal(mkfifo(rules, 0600), 0);
    assert_int_equal(pthread_create(&thread, NULL, reload, &status), 0);
    int held = open_pipe(rules); /* held open, so that the reader waits for more */
    for (unsigned i = 0; i < 100; i++) {
        assert_ids(catalog, "lamp", "B A");
    }
    write_rules(rules, "[{\"query\":\"lamp\",\"hide\":[\"A\"]}]");
    close(held);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(status, 0);
    assert_ids(catalog, "lamp", "B");
    aisle_close(catalog);
}

static void *search(void *status)
{
    aisle_result *result = NULL;
    const aisle_query query = {.size = sizeof query, .text = "lamp"};
    *(int *)status = aisle_search(catalog, &query, &result, NULL); /* `error` belongs to the first thread */
    aisle_result_free(result);
    return NULL;
}

static void first_searches_wait_for_the_one_that_reads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    int statuses[THREADS];
    char rules[800];
    snprintf(rules, sizeof rules, "%s", path_of("first"));
    open_with_rules("first reading", rules);
    assert_int_equal(mkfifo(rules, 0600), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, search, &statuses[i]), 0);
    }
    write_rules(rules, "[{\"query\":\"lamp\",\"hide\":[\"B\"]}]");
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(statuses[i], 0);
    }
    assert_ids(catalog, "lamp", "A");
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(searches_keep_the_rules_they_have_while_others_are_read),
        cmocka_unit_test(first_searches_wait_for_the_one_that_reads),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
