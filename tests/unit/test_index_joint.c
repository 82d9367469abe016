/*
 * test_index_joint.c - products that move between shards, with the process killed at every call that writes or syncs:
 * each batch stands as a whole or not at all once the next writer has begun, and the log's rest makes the same catalog.
 *
 * fdatasync, fsync and pwrite of this program take the place of libc's, for liblmdb, too. They do not sync: what a
 * process has written stays when it is killed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "index_fixture.h"

#define AISLE_ALLOC_IMPLEMENTATION /* text_of copies */
#include "base/alloc.h"
#include "storage/storage.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>

#define SCHEMA                                                                                        \
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\"},"   \
    "\"category\":{\"type\":\"keyword\",\"facet\":true},\"sales\":{\"type\":\"integer\"}}%s}"
#define SHARDS 4u
#define PRODUCTS 12u
#define CATEGORIES 9u
#define LOG ((aisle_position){.source = "log", .identity = 7})
#define BATCHES 2u

static unsigned long kill_at; /* 0: never */
static unsigned long calls;

static void count_call(void)
{
    if (kill_at != 0 && ++calls == kill_at) {
        kill(getpid(), SIGKILL);
    }
}

#pragma GCC visibility push(default) /* so that liblmdb finds them before libc's */
int fdatasync(int fd);
int fsync(int fd);
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset);
#pragma GCC visibility pop

int fdatasync(int fd)
{
    (void)fd;
    count_call();
    return 0;
}

int fsync(int fd)
{
    (void)fd;
    return 0;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    count_call();
    return syscall(SYS_pwrite64, fd, data, size, offset);
}

/* ---- the log ---- */

struct record {
    char kind; /* 'p' put, 'f' fields, 'm' move, 'd' delete */
    const char *id;
    const char *to;
    const char *body;
};

/* Of each batch some products move one way and some the other, ids are exchanged, and what moved is changed again. */
static const struct record batches[BATCHES][12] = {
    {{'f', "0", NULL, "{\"category\":\"C5\"}"},
     {'f', "5", NULL, "{\"category\":\"C0\",\"sales\":500}"},
     {'f', "5", NULL, "{\"sales\":501}"},
     {'m', "1", "T", "{\"id\":\"T\",\"category\":\"C7\"}"},
     {'m', "2", "1", "{\"id\":\"1\"}"},
     {'m', "T", "2", "{\"id\":\"2\"}"},
     {'p', "3", NULL, "{\"id\":\"3\",\"title\":\"lamp new\",\"category\":\"C8\"}"},
     {'d', "4", NULL, NULL},
     {'p', "20", NULL, "{\"id\":\"20\",\"title\":\"lamp twenty\",\"category\":\"C4\"}"},
     {'f', "11", NULL, "{\"sales\":1100}"}},
    {{'f', "0", NULL, "{\"category\":\"C1\"}"},
     {'f', "5", NULL, "{\"category\":\"C6\"}"},
     {'m', "20", "4", "{\"id\":\"4\"}"},
     {'m', "2", "9", "{\"id\":\"9\",\"title\":\"lamp nine\"}"},
     {'p', "2", NULL, "{\"id\":\"2\",\"title\":\"lamp two\",\"category\":\"C2\"}"},
     {'f', "6", NULL, "{\"category\":null}"},
     {'f', "7", NULL, "{\"category\":\"C3\",\"title\":\"lamp seven\"}"},
     {'d', "8", NULL, NULL}},
};

static const char *const ids[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "20", "T"};

static int apply(aisle_writer *writer, const struct record *record)
{
    aisle_bytes id = text_bytes(record->id);
    switch (record->kind) {
    case 'p':
        return aisle_put(writer, text_bytes(record->body), &error);
    case 'f':
        return aisle_patch(writer, id, text_bytes(record->body), &error);
    case 'm':
        return aisle_move(writer, id, text_bytes(record->to), text_bytes(record->body), &error);
    default:
        return aisle_delete(writer, id, &error);
    }
}

static uint64_t end_of(unsigned batch, unsigned record)
{
    return 100 * (batch + 1) + record + 1;
}

/* Reads the log from the offset behind which the catalog is; records of earlier offsets do not come again. */
static int read_log(aisle *catalog, aisle_writer *writer, unsigned end_batch)
{
    uint64_t from = 0;
    int status = aisle_log_offset(catalog, LOG.source, LOG.identity, &from, &error);
    for (unsigned b = 0; b < end_batch && status == 0; b++) {
        for (unsigned r = 0; batches[b][r].kind != 0 && status == 0; r++) {
            aisle_position position = LOG;
            position.offset = end_of(b, r);
            if (position.offset > from) {
                status = aisle_mark(writer, &position, &error);
                status = status == 0 ? apply(writer, &batches[b][r]) : status;
            }
        }
        status = status == 0 ? aisle_commit(writer, &error) : status;
    }
    return status;
}

/* ---- catalogs ---- */

static void make_base(const char *schema)
{
    char text[600];
    snprintf(text, sizeof text, SCHEMA, schema);
    create_catalog("base-0", text, SHARDS);
    aisle *catalog = open_catalog("base-0");
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < PRODUCTS; i++) {
        char product[200];
        snprintf(product, sizeof product,
                 "{\"id\":\"%u\",\"title\":\"lamp %u\",\"category\":\"C%u\",\"sales\":%u}", i, i,
                 i % CATEGORIES, i);
        put(writer, product);
    }
    commit(writer);
    for (unsigned b = 1; b <= BATCHES; b++) {
        char name[20];
        snprintf(name, sizeof name, "base-%u", b);
        assert_done(aisle_backup(catalog, path_of(name), NULL, &error));
        aisle *next = open_catalog(name);
        aisle_writer *other = begin_writing(next);
        assert_done(read_log(next, other, b));
        aisle_writer_free(other);
        aisle_close(next);
    }
    aisle_writer_free(writer);
    aisle_close(catalog);
}

static void remove_catalog(const char *name)
{
    assert_int_equal(nftw(path_of(name), remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void remove_bases(void)
{
    remove_catalog("base-0");
    remove_catalog("base-1");
    remove_catalog("base-2");
}

/* The product's text, to be freed; NULL: there is none. */
static char *text_of(aisle *catalog, const char *id)
{
    aisle_result *result = NULL;
    aisle_hit hit;
    int status = aisle_get(catalog, text_bytes(id), false, &result, &error);
    char *text = NULL;
    if (status != AISLE_NOT_FOUND) {
        assert_done(status);
        assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
        text = strndup(hit.product.data, hit.product.size);
    }
    aisle_result_free(result);
    return text;
}

/* Expects the catalog to be what the log's first batches make. */
static void assert_after(aisle *catalog, unsigned batch_count)
{
    char name[20];
    unsigned products = 0;
    snprintf(name, sizeof name, "base-%u", batch_count);
    aisle *expected = open_catalog(name);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char *want = text_of(expected, ids[i]);
        char *have = text_of(catalog, ids[i]);
        assert_string_equal(have == NULL ? "none" : have, want == NULL ? "none" : want);
        products += want != NULL;
        free(want);
        free(have);
    }
    assert_int_equal(count_of(expected, "lamp"), products);
    assert_int_equal(count_of(catalog, "lamp"), products);
    aisle_close(expected);
}

static unsigned batches_of_offset(uint64_t offset)
{
    return offset == 0 ? 0 : (unsigned)(offset / 100);
}

/* ---- the child ---- */

/* Its whole life; whether it came to its end before the n-th call. */
static bool live(const char *name, unsigned long n)
{
    pid_t child = fork();
    if (child == 0) {
        aisle *catalog = NULL;
        aisle_writer *writer = NULL;
        CHILD_EXPECT(aisle_open(path_of(name), NULL, &catalog, &error) == 0);
        CHILD_EXPECT(aisle_begin(catalog, &writer, &error) == 0);
        calls = 0;
        kill_at = n;
        CHILD_EXPECT(read_log(catalog, writer, BATCHES) == 0);
        kill_at = 0;
        aisle_writer_free(writer);
        aisle_close(catalog);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return !WIFSIGNALED(status);
}

/* What a killed child has left: one of the log's states, behind the position that belongs to it. */
static void recover(const char *name, unsigned seen[BATCHES + 1])
{
    uint64_t offset = 0;
    aisle *catalog = open_catalog(name);
    assert_int_equal(try_find(catalog, "lamp"), 0); /* as it is, for readers */
    aisle_writer *writer = begin_writing(catalog);
    assert_done(aisle_log_offset(catalog, LOG.source, LOG.identity, &offset, &error));
    unsigned whole = batches_of_offset(offset);
    assert_in_range(whole, 0, BATCHES);
    seen[whole]++;
    assert_after(catalog, whole);
    assert_done(read_log(catalog, writer, BATCHES));
    assert_after(catalog, BATCHES);
    aisle_writer_free(writer);
    aisle_close(catalog);
    assert_sound(name);
}

/* Every third call, of which each commit makes several. */
static void kill_everywhere(const char *schema, unsigned long first)
{
    unsigned seen[BATCHES + 1] = {0};
    bool ended = false;
    make_base(schema);
    for (unsigned long n = first; !ended; n += 3) {
        aisle *base = open_catalog("base-0");
        assert_done(aisle_backup(base, path_of("round"), NULL, &error));
        aisle_close(base);
        ended = live("round", n);
        recover("round", seen);
        remove_catalog("round");
    }
    for (unsigned b = 0; b <= BATCHES; b++) {
        assert_true(seen[b] > 0);
    }
    remove_bases();
}

static void products_that_a_field_routes_survive_a_kill_between_two_shards(void **state)
{
    (void)state;
    kill_everywhere(",\"route\":\"category\"", 1);
}

static void products_under_another_id_survive_a_kill_between_two_shards(void **state)
{
    (void)state;
    kill_everywhere("", 2);
}

/* Copies a torn catalog and expects the copy to be ended as the catalog is. */
static void compare_copy(const char *name)
{
    aisle *torn = open_catalog(name);
    assert_done(aisle_backup(torn, path_of("copy"), NULL, &error));
    aisle_close(torn);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t offset = 0;
        aisle *catalog = open_catalog(i == 0 ? "copy" : name);
        aisle_writer_free(begin_writing(catalog));
        assert_done(aisle_log_offset(catalog, LOG.source, LOG.identity, &offset, &error));
        assert_after(catalog, batches_of_offset(offset));
        aisle_close(catalog);
        assert_sound(i == 0 ? "copy" : name);
    }
    remove_catalog("copy");
}

static void a_copy_of_a_torn_catalog_is_ended_as_the_catalog_is(void **state)
{
    bool ended = false;
    (void)state;
    make_base(",\"route\":\"category\"");
    for (unsigned long n = 1; !ended; n += 13) {
        aisle *base = open_catalog("base-0");
        assert_done(aisle_backup(base, path_of("round"), NULL, &error));
        aisle_close(base);
        ended = live("round", n);
        compare_copy("round");
        if (n % 2 == 0) {
            uint64_t freed;
            assert_done(aisle_shrink(path_of("round"), NULL, NULL, &freed, &error));
        }
        remove_catalog("round");
    }
    remove_bases();
}

/* Lets the n-th call or allocation of the two batches fail. Whether it was met. */
static bool fail_once(const char *name, unsigned long n, bool allocation)
{
    aisle *catalog = open_catalog(name);
    aisle_writer *writer = begin_writing(catalog);
    unsigned long before = alloc_calls();
    if (allocation) {
        alloc_fail_at(n, 0);
    } else {
        storage_fail_at(n, 0, ENOSPC);
    }
    int status = read_log(catalog, writer, BATCHES);
    bool met = allocation ? alloc_calls() - before >= n : storage_failed();
    alloc_fail_at(0, 0);
    storage_fail_at(0, 0, 0);
    assert_true(met || status == 0);
    aisle_writer_free(writer);
    aisle_close(catalog);
    return met;
}

static void a_commit_that_fails_between_two_shards_is_ended_or_forgotten(void **state)
{
    unsigned seen[BATCHES + 1] = {0};
    (void)state;
    make_base(",\"route\":\"category\"");
    for (unsigned allocation = 0; allocation < 2; allocation++) {
        bool met = true;
        for (unsigned long n = 1; met; n += allocation ? 397 : 19) {
            aisle *base = open_catalog("base-0");
            assert_done(aisle_backup(base, path_of("round"), NULL, &error));
            aisle_close(base);
            met = fail_once("round", n, allocation);
            recover("round", seen);
            remove_catalog("round");
        }
    }
    remove_bases();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_that_a_field_routes_survive_a_kill_between_two_shards),
        cmocka_unit_test(products_under_another_id_survive_a_kill_between_two_shards),
        cmocka_unit_test(a_copy_of_a_torn_catalog_is_ended_as_the_catalog_is),
        cmocka_unit_test(a_commit_that_fails_between_two_shards_is_ended_or_forgotten),
    };
    if (access("/dev/shm", W_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 0); /* what LMDB opens to be synced is, whatever fdatasync does */
    }
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
