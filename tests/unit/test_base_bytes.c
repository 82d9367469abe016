/*
 * test_base_bytes.c - order and equality of byte strings, loads and stores, varints, the bounded reader, and the
 * small headers beside them: bitset and hash.
 */
#include "base/bitset.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void prefix_stands_before_what_it_begins(void **state)
{
    (void)state;
    struct bytes empty = bytes_of(NULL, 0);
    struct bytes shoe = bytes_of_string("shoe");
    struct bytes shoes = bytes_of_string("shoes");
    struct bytes high = bytes_of_string("sh\xff");
    assert_true(bytes_compare(shoe, shoes) < 0);
    assert_true(bytes_compare(shoes, shoe) > 0);
    assert_true(bytes_compare(empty, shoe) < 0);
    assert_int_equal(bytes_compare(empty, empty), 0);
    assert_true(bytes_compare(shoes, high) < 0); /* bytes are unsigned */
    assert_true(bytes_equal(empty, bytes_of("x", 0)));
    assert_false(bytes_equal(shoe, shoes));
    assert_true(bytes_begin_with(shoes, shoe));
    assert_true(bytes_begin_with(shoes, empty));
    assert_false(bytes_begin_with(shoe, shoes));
    assert_false(bytes_begin_with(shoes, high));
}

static void stores_and_loads_agree_at_odd_addresses(void **state)
{
    (void)state;
    uint8_t at[17] = {0};
    store_u16(at + 1, 0xbeef);
    assert_int_equal(load_u16(at + 1), 0xbeef);
    assert_int_equal(at[1], 0xef);
    store_u32(at + 3, 0xdeadbeef);
    assert_int_equal(load_u32(at + 3), 0xdeadbeef);
    store_u64(at + 7, UINT64_C(0x0123456789abcdef));
    assert_true(load_u64(at + 7) == UINT64_C(0x0123456789abcdef));
    store_u32_big(at + 3, 0x01020304);
    assert_int_equal(at[3], 1);
    assert_int_equal(load_u32_big(at + 3), 0x01020304);
    store_u64_big(at + 7, UINT64_C(0x0102030405060708));
    assert_int_equal(at[14], 8);
    assert_true(load_u64_big(at + 7) == UINT64_C(0x0102030405060708));
}

static void varints_of_every_length_round_trip(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits <= 64; bits++) {
        uint64_t top = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
        for (uint64_t v = top > 2 ? top - 2 : 0;; v++) {
            uint8_t scratch[VARINT_BYTES_MAX];
            size_t size = varint_store(scratch, v);
            struct byte_reader reader = byte_reader_of(bytes_of(scratch, size));
            assert_true(byte_reader_varint(&reader) == v);
            assert_true(byte_reader_ok(&reader));
            assert_int_equal(byte_reader_left(&reader), 0);
            for (size_t cut = 0; cut < size; cut++) {
                reader = byte_reader_of(bytes_of(scratch, cut));
                assert_true(byte_reader_varint(&reader) == 0);
                assert_false(byte_reader_ok(&reader));
            }
            if (v == top) {
                break;
            }
        }
    }
}

/* With bytes behind, or none, and like the other where it is cut. */
static void long_varints_read_as_the_others_do(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits <= 64; bits++) {
        uint64_t v = (bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1) & UINT64_C(0xf7b3d591e6a2c480);
        uint8_t scratch[VARINT_BYTES_MAX + 8];
        memset(scratch, 0xff, sizeof scratch);
        size_t size = varint_store(scratch, v);
        for (size_t behind = 0; behind <= 8; behind++) {
            struct byte_reader reader = byte_reader_of(bytes_of(scratch, size + behind));
            assert_true(byte_reader_varint_long(&reader) == v);
            assert_true(byte_reader_ok(&reader));
            assert_int_equal(byte_reader_left(&reader), behind);
        }
        for (size_t cut = 0; cut < size; cut++) {
            struct byte_reader reader = byte_reader_of(bytes_of(scratch, cut));
            assert_true(byte_reader_varint_long(&reader) == 0);
            assert_false(byte_reader_ok(&reader));
            assert_true(byte_reader_varint_long(&reader) == 0); /* for good */
        }
    }
}

static void varint_beyond_64_bits_fails(void **state)
{
    (void)state;
    const uint8_t too_big[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
    const uint8_t too_long[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01};
    struct byte_reader reader = byte_reader_of(bytes_of(too_big, sizeof too_big));
    (void)byte_reader_varint(&reader);
    assert_false(byte_reader_ok(&reader));
    reader = byte_reader_of(bytes_of(too_long, sizeof too_long));
    (void)byte_reader_varint(&reader);
    assert_false(byte_reader_ok(&reader));
}

static void reader_reads_in_turn_and_then_fails_for_good(void **state)
{
    (void)state;
    const uint8_t data[] = {1, 2, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 'a', 'b', 'c'};
    struct byte_reader reader = byte_reader_of(bytes_of(data, sizeof data));
    assert_int_equal(byte_reader_u8(&reader), 1);
    assert_int_equal(byte_reader_u16(&reader), 2);
    assert_int_equal(byte_reader_u32(&reader), 3);
    assert_true(byte_reader_u64(&reader) == 4);
    assert_true(bytes_equal(byte_reader_take(&reader, 2), bytes_of_string("ab")));
    assert_int_equal(byte_reader_left(&reader), 1);
    assert_int_equal(byte_reader_u16(&reader), 0);
    assert_false(byte_reader_ok(&reader));
    assert_int_equal(byte_reader_u8(&reader), 0); /* the byte is there, but the reader has failed */
    assert_int_equal(byte_reader_take(&reader, 0).size, 0);
    assert_false(byte_reader_ok(&reader));
}

static void short_numbers_fail_whatever_their_size(void **state)
{
    (void)state;
    static const uint8_t data[7] = {1, 1, 1, 1, 1, 1, 1};
    struct byte_reader empty = byte_reader_of(bytes_of(NULL, 0));
    struct byte_reader one = byte_reader_of(bytes_of(data, 1));
    struct byte_reader three = byte_reader_of(bytes_of(data, 3));
    struct byte_reader seven = byte_reader_of(bytes_of(data, 7));
    assert_int_equal(byte_reader_u8(&empty), 0);
    assert_int_equal(byte_reader_u16(&one), 0);
    assert_int_equal(byte_reader_u32(&three), 0);
    assert_int_equal(byte_reader_u64(&seven), 0);
    assert_false(byte_reader_ok(&empty) || byte_reader_ok(&one) || byte_reader_ok(&three) || byte_reader_ok(&seven));
}

static void huge_take_fails_without_overflow(void **state)
{
    (void)state;
    const uint8_t data[4] = {0};
    struct byte_reader reader = byte_reader_of(bytes_of(data, sizeof data));
    assert_null(byte_reader_take(&reader, UINT64_MAX).data);
    assert_false(byte_reader_ok(&reader));
}

static void bitset_sets_clears_and_counts(void **state)
{
    (void)state;
    uint64_t words[3] = {0};
    assert_int_equal(bitset_words(0), 0);
    assert_int_equal(bitset_words(64), 1);
    assert_int_equal(bitset_words(129), 3);
    for (size_t i = 0; i < 192; i += 3) {
        bitset_set(words, i);
    }
    assert_int_equal(bitset_count(words, 3), 64);
    assert_true(bitset_get(words, 63));
    assert_false(bitset_get(words, 64));
    bitset_clear(words, 63);
    assert_false(bitset_get(words, 63));
    assert_int_equal(bitset_count(words, 3), 63);
}

static void hashes_on_disk_never_change(void **state)
{
    (void)state;
    assert_true(hash_bytes("", 0) == UINT64_C(0x2d06800538d394c2));
    assert_true(hash_bytes("aisle", 5) == hash_bytes_seeded("aisle", 5, 0));
    assert_true(hash_bytes("aisle", 5) != hash_bytes_seeded("aisle", 5, 1));
    assert_true(hash_checksum("aisle", 5) == (uint32_t)hash_bytes("aisle", 5));
}

/* All sizes up to more than two loads see, at each place another byte. */
static void same_bytes_are_told_from_others_at_every_place(void **state)
{
    (void)state;
    uint8_t a[20];
    uint8_t b[20];
    for (size_t i = 0; i < sizeof a; i++) {
        a[i] = b[i] = (uint8_t)(i * 37);
    }
    for (size_t size = 0; size <= sizeof a; size++) {
        assert_true(bytes_same(a, b, size));
        for (size_t i = 0; i < sizeof a; i++) {
            b[i] ^= 0x10;
            assert_int_equal(bytes_same(a, b, size), i >= size);
            b[i] ^= 0x10;
        }
    }
}

/* In the low bits, by which tables find places. */
static void short_hashes_take_in_every_byte_the_size_and_the_seed(void **state)
{
    (void)state;
    const uint32_t low = (1u << 12) - 1;
    uint8_t bytes[17] = "sixteen bytes ..";
    for (size_t size = 1; size <= 16; size++) {
        uint32_t hash = hash_short(bytes, size, 1) & low;
        assert_int_not_equal(hash_short(bytes, size, 2) & low, hash);
        assert_true(size == 16 || (hash_short(bytes, size + 1, 1) & low) != hash);
        for (size_t i = 0; i < size; i++) {
            bytes[i] ^= 0x10;
            assert_int_not_equal(hash_short(bytes, size, 1) & low, hash);
            bytes[i] ^= 0x10;
        }
    }
}

static void monotonic_clock_does_not_go_back(void **state)
{
    (void)state;
    uint64_t before = clock_monotonic_ns();
    assert_true(clock_monotonic_ns() >= before);
    assert_true(clock_monotonic_us() >= before / 1000);
    assert_true(clock_wall_ms() > INT64_C(1600000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefix_stands_before_what_it_begins),
        cmocka_unit_test(stores_and_loads_agree_at_odd_addresses),
        cmocka_unit_test(varints_of_every_length_round_trip),
        cmocka_unit_test(long_varints_read_as_the_others_do),
        cmocka_unit_test(varint_beyond_64_bits_fails),
        cmocka_unit_test(reader_reads_in_turn_and_then_fails_for_good),
        cmocka_unit_test(short_numbers_fail_whatever_their_size),
        cmocka_unit_test(huge_take_fails_without_overflow),
        cmocka_unit_test(bitset_sets_clears_and_counts),
        cmocka_unit_test(hashes_on_disk_never_change),
        cmocka_unit_test(same_bytes_are_told_from_others_at_every_place),
        cmocka_unit_test(short_hashes_take_in_every_byte_the_size_and_the_seed),
        cmocka_unit_test(monotonic_clock_does_not_go_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
