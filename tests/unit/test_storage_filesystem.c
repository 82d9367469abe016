/*
 * test_storage_filesystem.c - which statfs numbers are refused, and that this machine's are not.
 */
#include "storage_fixture.h"

static void network_and_cluster_numbers_are_named(void **state)
{
    (void)state;
    static const uint64_t refused[] = {0x6969,     0x517b,     0xff534d42, 0xfe534d42, 0x01021997, 0x5346414f,
                                       0x6b414653, 0x00c36400, 0x47504653, 0x0bd00bd0, 0x7461636f, 0x786f4256};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_non_null(storage_network_filesystem(refused[i]));
    }
    assert_string_equal(storage_network_filesystem(0x6969), "NFS");
    assert_string_equal(storage_network_filesystem(0xff534d42), "CIFS");
}

static void local_numbers_are_not(void **state)
{
    (void)state;
    /* ext4, xfs, btrfs, tmpfs, zfs, overlayfs, f2fs, FUSE, nothing; and NFS's number with more above it. */
    static const uint64_t local[] = {0xef53,     0x58465342, 0x9123683e, 0x01021994, 0x2fc12fc1,
                                     0x794c7630, 0xf2f52010, 0x65735546, 0,          UINT64_C(0x100006969)};
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        assert_null(storage_network_filesystem(local[i]));
    }
}

static void present_directory_passes_and_missing_one_is_not_found(void **state)
{
    (void)state;
    assert_int_equal(storage_filesystem_check(directory, &error), 0);
    assert_int_equal(storage_filesystem_check(path_of("none"), &error), AISLE_NOT_FOUND);
    assert_non_null(strstr(error.message, "none"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network_and_cluster_numbers_are_named),
        cmocka_unit_test(local_numbers_are_not),
        cmocka_unit_test_setup_teardown(present_directory_passes_and_missing_one_is_not_found, make_directory,
                                        remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
