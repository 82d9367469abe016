/*
 * index_fixture.h - what the tests of src/index share: a directory that comes and goes, and short forms of the public
 * calls. Only include/aisle.h is used, and alloc_fail_at where a test says so.
 *
 * The catalogs of a test lie below `directory`, which is under $TMPDIR, else /tmp. Children report by their exit
 * status: 0 is good.
 */
#ifndef AISLE_TESTS_INDEX_FIXTURE_H
#define AISLE_TESTS_INDEX_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aisle.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a child: leaves with 99 when the expectation does not hold. */
#define CHILD_EXPECT(condition)                                                          \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "child: line %d: %s does not hold\n", __LINE__, #condition); \
            _exit(99);                                                                   \
        }                                                                                \
    } while (0)

/* Expects 0 and shows the message otherwise. */
#define assert_done(call)                                                                          \
    do {                                                                                           \
        int done_status = (call);                                                                  \
        if (done_status != 0) {                                                                    \
            print_message("%s: %s: %s\n", #call, aisle_error_name(done_status), error.message);    \
        }                                                                                          \
        assert_int_equal(done_status, 0);                                                          \
    } while (0)

#define BUDGET_LEAST (UINT64_C(32) << 20)

static char directory[512];
static aisle_error error;

static inline int remove_entry(const char *path, const struct stat *found, int kind, struct FTW *walk)
{
    (void)found;
    (void)kind;
    (void)walk;
    return remove(path);
}

static inline int make_directory(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/aisle-index-XXXXXX", parent == NULL ? "/tmp" : parent);
    return mkdtemp(directory) == NULL ? -1 : 0;
}

static inline int remove_directory(void **state)
{
    (void)state;
    return nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* directory/name; one of four buffers in turn. */
static inline const char *path_of(const char *name)
{
    static char paths[4][800];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static inline aisle_bytes text_bytes(const char *text)
{
    return (aisle_bytes){text, strlen(text)};
}

static inline void create_catalog(const char *name, const char *schema, uint32_t shards)
{
    aisle_create_options options = {.size = sizeof options, .shards = shards};
    assert_done(aisle_create(path_of(name), schema, &options, &error));
}

static inline aisle *open_catalog(const char *name)
{
    aisle *catalog = NULL;
    aisle_options options = {.size = sizeof options, .memory_bytes = BUDGET_LEAST * 4};
    assert_done(aisle_open(path_of(name), &options, &catalog, &error));
    return catalog;
}

static inline aisle *open_with_budget(const char *name, uint64_t memory_bytes)
{
    aisle *catalog = NULL;
    aisle_options options = {.size = sizeof options, .memory_bytes = memory_bytes};
    assert_done(aisle_open(path_of(name), &options, &catalog, &error));
    return catalog;
}

static inline aisle_writer *begin_writing(aisle *catalog)
{
    aisle_writer *writer = NULL;
    assert_done(aisle_begin(catalog, &writer, &error));
    return writer;
}

static inline void put(aisle_writer *writer, const char *product)
{
    assert_done(aisle_put(writer, text_bytes(product), &error));
}

static inline void patch(aisle_writer *writer, const char *id, const char *fields)
{
    assert_done(aisle_patch(writer, text_bytes(id), text_bytes(fields), &error));
}

static inline int try_patch(aisle_writer *writer, const char *id, const char *fields)
{
    return aisle_patch(writer, text_bytes(id), text_bytes(fields), &error);
}

static inline void erase(aisle_writer *writer, const char *id)
{
    assert_done(aisle_delete(writer, text_bytes(id), &error));
}

static inline void commit(aisle_writer *writer)
{
    assert_done(aisle_commit(writer, &error));
}

/* A product with a title, put as {"id":..,"title":..}. */
static inline void put_title(aisle_writer *writer, const char *id, const char *title)
{
    char product[4096];
    snprintf(product, sizeof product, "{\"id\":\"%s\",\"title\":\"%s\"}", id, title);
    put(writer, product);
}

/* Writes, commits and frees in one go. */
static inline void put_and_commit(aisle *catalog, const char *product)
{
    aisle_writer *writer = begin_writing(catalog);
    put(writer, product);
    commit(writer);
    aisle_writer_free(writer);
}

/* The answer to a query, for the caller to free. */
static inline aisle_result *find(aisle *catalog, const char *text, uint32_t offset, uint32_t limit)
{
    aisle_result *result = NULL;
    aisle_query query = {.size = sizeof query, .text = text, .offset = offset, .limit = limit};
    assert_done(aisle_search(catalog, &query, &result, &error));
    return result;
}

static inline int try_find(aisle *catalog, const char *text)
{
    aisle_result *result = NULL;
    int status = aisle_search(catalog, &(aisle_query){.size = sizeof(aisle_query), .text = text}, &result, &error);
    aisle_result_free(result);
    return status;
}

/* How many products match. */
static inline uint64_t count_of(aisle *catalog, const char *text)
{
    aisle_result *result = find(catalog, text, 0, 1);
    bool exact = false;
    uint64_t total = aisle_result_total(result, &exact);
    assert_true(exact);
    aisle_result_free(result);
    return total;
}

/* Expects the ids of the first hits, separated by blanks. */
static inline void assert_ids(aisle *catalog, const char *text, const char *ids)
{
    char found[8192] = "";
    size_t size = 0;
    aisle_hit hit;
    aisle_result *result = find(catalog, text, 0, 100);
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        size += (size_t)snprintf(found + size, sizeof found - size, "%s%.*s", i == 0 ? "" : " ", (int)hit.id.size,
                                 hit.id.data);
    }
    assert_string_equal(found, ids);
    assert_int_equal(aisle_result_total(result, NULL), aisle_result_count(result));
    aisle_result_free(result);
}

/* Both answer text with equal totals, hits and products in the same order, and scores if they are asked for. */
static inline void assert_same_answer(aisle *a, aisle *b, const char *text, bool scores)
{
    aisle_result *left = find(a, text, 0, 5000);
    aisle_result *right = find(b, text, 0, 5000);
    assert_int_equal(aisle_result_total(left, NULL), aisle_result_total(right, NULL));
    assert_int_equal(aisle_result_count(left), aisle_result_count(right));
    for (size_t i = 0; i < aisle_result_count(left); i++) {
        aisle_hit x;
        aisle_hit y;
        assert_int_equal(aisle_result_hit(left, i, &x), 0);
        assert_int_equal(aisle_result_hit(right, i, &y), 0);
        assert_true(!scores || x.score == y.score);
        assert_int_equal(x.id.size, y.id.size);
        assert_memory_equal(x.id.data, y.id.data, x.id.size);
        assert_int_equal(x.product.size, y.product.size);
        assert_memory_equal(x.product.data, y.product.data, x.product.size);
    }
    aisle_result_free(left);
    aisle_result_free(right);
}

/* Expects the product with this id; NULL: none. */
static inline void assert_product(aisle *catalog, const char *id, bool original, const char *product)
{
    aisle_result *result = NULL;
    aisle_hit hit;
    int status = aisle_get(catalog, text_bytes(id), original, &result, &error);
    if (product == NULL) {
        assert_int_equal(status, AISLE_NOT_FOUND);
        assert_null(result);
        return;
    }
    assert_done(status);
    assert_int_equal(aisle_result_count(result), 1);
    assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
    char *copy = strndup(hit.product.data, hit.product.size);
    assert_string_equal(copy, product);
    free(copy);
    aisle_result_free(result);
}

static inline aisle_statistics statistics_of(aisle *catalog)
{
    aisle_statistics statistics = {.size = sizeof statistics};
    assert_done(aisle_stats(catalog, &statistics, &error));
    return statistics;
}

static inline aisle_memory_statistics memory_now(void)
{
    aisle_memory_statistics memory = {.size = sizeof memory};
    assert_done(aisle_memory(&memory, &error));
    return memory;
}

static inline void show_fault(void *context, const char *message)
{
    (void)context;
    print_message("fault: %s\n", message);
}

static inline void assert_sound(const char *name)
{
    uint64_t faults = 99;
    assert_done(aisle_check(path_of(name), show_fault, NULL, &faults, &error));
    assert_int_equal(faults, 0);
}

/* Exit status of the child, which must end by itself. */
static inline int wait_for(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
