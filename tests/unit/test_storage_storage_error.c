/*
 * test_storage_storage_error.c - every code of LMDB and the errnos that matter have their place.
 */
#include "storage_fixture.h"

#include <errno.h>
#include <lmdb.h>

static const struct {
    int from;
    int to;
} expected[] = {
    {0, 0},
    {MDB_MAP_FULL, AISLE_MAP_FULL},
    {MDB_MAP_RESIZED, AISLE_MAP_FULL},
    {MDB_CORRUPTED, AISLE_CORRUPT},
    {MDB_PAGE_NOTFOUND, AISLE_CORRUPT},
    {MDB_PANIC, AISLE_IO},
    {MDB_INVALID, AISLE_CORRUPT},
    {MDB_VERSION_MISMATCH, AISLE_NEWER_FORMAT},
    {MDB_READERS_FULL, AISLE_READERS_FULL},
    {MDB_TXN_FULL, AISLE_LIMIT},
    {MDB_BAD_VALSIZE, AISLE_INVALID},
    {MDB_BAD_TXN, AISLE_INVALID},
    {MDB_BAD_RSLOT, AISLE_IO},
    {MDB_NOTFOUND, AISLE_NOT_FOUND},
    {ENOSPC, AISLE_DISK_FULL},
    {EDQUOT, AISLE_DISK_FULL},
    {EFBIG, AISLE_DISK_FULL},
    {EACCES, AISLE_PERMISSION},
    {EPERM, AISLE_PERMISSION},
    {EROFS, AISLE_PERMISSION},
    {ENOMEM, AISLE_NO_MEMORY},
    {ENOENT, AISLE_NOT_FOUND},
    {ENOTDIR, AISLE_NOT_FOUND},
    {EMFILE, AISLE_LIMIT},
    {EIO, AISLE_IO},
    {99999, AISLE_IO},
    {-99999, AISLE_IO},
};

static void codes_map_as_documented_with_and_without_an_error_to_fill(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        error = (aisle_error){0};
        assert_int_equal(storage_error(expected[i].from, "what", "where", &error), expected[i].to);
        assert_int_equal(error.code, expected[i].to);
        assert_int_equal(storage_error(expected[i].from, "what", NULL, NULL), expected[i].to);
        if (expected[i].to != 0) {
            assert_memory_equal(error.message, "what: ", 6);
            assert_non_null(strstr(error.message, "(where)"));
        }
    }
}

static void message_of_a_long_path_is_cut_not_overrun(void **state)
{
    (void)state;
    char path[1000];
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_int_equal(storage_error(EIO, "what", path, &error), AISLE_IO);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_map_as_documented_with_and_without_an_error_to_fill),
        cmocka_unit_test(message_of_a_long_path_is_cut_not_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
