/*
 * test_segment_manifest.c - manifests there and back, and damaged ones.
 */
#include "storage_fixture.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "segment/segment.h"

#include <errno.h>

static void fill(struct manifest *manifest, uint32_t segments)
{
    *manifest = (struct manifest){
        .generation = 77, .next_segment = 1000, .next_dictionary = 5, .dictionary = segments % 2 == 0 ? 4 : 0};
    for (uint32_t i = 0; i < segments; i++) {
        struct segment_info info = {.id = i + 1,
                                    .documents = LIMIT_SEGMENT_DOCUMENTS - i,
                                    .dead = i,
                                    .dictionary = i % 3,
                                    .postings = UINT64_MAX - i,
                                    .terms = i * UINT64_C(1000000007),
                                    .length_sum = UINT64_MAX / 2};
        for (unsigned c = 0; c < COMPONENT_COUNT; c++) {
            info.component_size[c] = (c + i) % 5 == 0 ? 0 : (uint64_t)c * 1000003 + i;
        }
        assert_int_equal(manifest_add(manifest, &info), 0);
    }
    for (uint32_t i = 0; i < segments && i < LIMIT_PARTS; i++) {
        struct part_info info = {.id = 500 + i, .kind = (uint8_t)(1 + i % 2), .entries = UINT64_MAX - i};
        for (unsigned c = 0; c < PART_COMPONENTS; c++) {
            info.component_size[c] = (c + i) % 3 == 0 ? 0 : (uint64_t)c * 1000033 + i;
        }
        assert_int_equal(manifest_add_part(manifest, &info), 0);
    }
}

static void assert_equal(const struct manifest *a, const struct manifest *b)
{
    assert_int_equal(a->generation, b->generation);
    assert_int_equal(a->next_segment, b->next_segment);
    assert_int_equal(a->next_dictionary, b->next_dictionary);
    assert_int_equal(a->dictionary, b->dictionary);
    assert_int_equal(a->segment_count, b->segment_count);
    for (uint32_t i = 0; i < a->segment_count; i++) {
        const struct segment_info *x = &a->segments[i];
        const struct segment_info *y = &b->segments[i];
        assert_true(x->id == y->id && x->documents == y->documents && x->dead == y->dead);
        assert_true(x->dictionary == y->dictionary && x->postings == y->postings && x->terms == y->terms);
        assert_true(x->length_sum == y->length_sum);
        assert_memory_equal(x->component_size, y->component_size, sizeof x->component_size);
    }
    assert_int_equal(a->part_count, b->part_count);
    for (uint32_t i = 0; i < a->part_count; i++) {
        const struct part_info *x = &a->parts[i];
        const struct part_info *y = &b->parts[i];
        assert_true(x->id == y->id && x->kind == y->kind && x->entries == y->entries);
        assert_memory_equal(x->component_size, y->component_size, sizeof x->component_size);
    }
}

static void encode(const struct manifest *manifest, struct buf *out)
{
    buf_init(out, 1u << 20);
    assert_int_equal(manifest_encode(manifest, out), 0);
}

static void manifest_comes_back_as_it_was(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 2, 9, LIMIT_SEGMENTS};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct manifest manifest;
        struct manifest decoded;
        struct manifest copy;
        struct buf encoded;
        fill(&manifest, counts[i]);
        encode(&manifest, &encoded);
        assert_int_equal(manifest_decode(buf_bytes(&encoded), &decoded), 0);
        assert_equal(&manifest, &decoded);
        assert_int_equal(manifest_copy(&manifest, &copy), 0);
        assert_equal(&manifest, &copy);
        manifest_release(&copy);
        manifest_release(&decoded);
        manifest_release(&manifest);
        buf_release(&encoded);
    }
}

static void one_segment_too_many_is_refused(void **state)
{
    (void)state;
    struct manifest manifest;
    fill(&manifest, LIMIT_SEGMENTS);
    assert_int_equal(manifest_add(&manifest, &(struct segment_info){.id = 9}), AISLE_LIMIT);
    assert_int_equal(manifest.segment_count, LIMIT_SEGMENTS);
    manifest_release(&manifest);
}

static void every_flipped_byte_and_every_cut_is_noticed(void **state)
{
    (void)state;
    struct manifest manifest;
    struct manifest decoded;
    struct buf encoded;
    fill(&manifest, 3);
    encode(&manifest, &encoded);
    for (size_t i = 0; i < encoded.size; i++) {
        encoded.data[i] ^= 0x10;
        assert_int_equal(manifest_decode(buf_bytes(&encoded), &decoded), AISLE_CORRUPT);
        encoded.data[i] ^= 0x10;
        assert_int_equal(manifest_decode(bytes_of(encoded.data, i), &decoded), AISLE_CORRUPT);
    }
    buf_put_u8(&encoded, 0);
    assert_int_equal(manifest_decode(buf_bytes(&encoded), &decoded), AISLE_CORRUPT);
    manifest_release(&manifest);
    buf_release(&encoded);
}

static void seal(struct buf *encoded)
{
    store_u32(encoded->data, hash_checksum(encoded->data + 4, encoded->size - 4));
}

/* Damage under a right checksum: seed 20262. */
static void sealed_nonsense_never_crashes(void **state)
{
    (void)state;
    struct manifest manifest;
    struct buf encoded;
    uint64_t seed = 20262;
    fill(&manifest, 3);
    encode(&manifest, &encoded);
    for (unsigned round = 0; round < 20000; round++) {
        struct manifest decoded;
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        size_t at = 8 + (seed >> 33) % (encoded.size - 8);
        uint8_t kept = encoded.data[at];
        encoded.data[at] = (uint8_t)(seed >> 20);
        seal(&encoded);
        int status = manifest_decode(buf_bytes(&encoded), &decoded);
        assert_true(status == 0 || status == AISLE_CORRUPT);
        if (status == 0) {
            manifest_release(&decoded);
        }
        encoded.data[at] = kept;
    }
    manifest_release(&manifest);
    buf_release(&encoded);
}

static void impossible_numbers_and_newer_versions_are_refused(void **state)
{
    (void)state;
    struct manifest manifest;
    struct manifest decoded;
    struct buf encoded;
    fill(&manifest, 1);
    manifest.segments[0].dead = manifest.segments[0].documents + 1;
    encode(&manifest, &encoded);
    assert_int_equal(manifest_decode(buf_bytes(&encoded), &decoded), AISLE_CORRUPT);
    buf_release(&encoded);
    manifest.segments[0].dead = 0;
    manifest.segments[0].documents = LIMIT_SEGMENT_DOCUMENTS + 1;
    encode(&manifest, &encoded);
    assert_int_equal(manifest_decode(buf_bytes(&encoded), &decoded), AISLE_CORRUPT);
    buf_release(&encoded);
    manifest.segments[0].documents = 1;
    manifest.segments[0].component_size[2] = UINT64_MAX;
    encode(&manifest, &encoded);
    assert_int_equal(manifest_decode(buf_bytes(&encoded), &decoded), AISLE_CORRUPT);
    buf_release(&encoded);
    manifest.segments[0].component_size[2] = 0;
    encode(&manifest, &encoded);
    store_u32(encoded.data + 4, MANIFEST_VERSION + 1);
    seal(&encoded);
    assert_int_equal(manifest_decode(buf_bytes(&encoded), &decoded), AISLE_NEWER_FORMAT);
    store_u32(encoded.data + 4, MANIFEST_VERSION - 1);
    seal(&encoded);
    assert_int_equal(manifest_decode(buf_bytes(&encoded), &decoded), AISLE_OLD_FORMAT);
    store_u32(encoded.data + 4, 0);
    seal(&encoded);
    assert_int_equal(manifest_decode(buf_bytes(&encoded), &decoded), AISLE_CORRUPT);
    buf_release(&encoded);
    manifest_release(&manifest);
}

static void a_manifest_that_ends_early_is_refused_whatever_its_checksum(void **state)
{
    (void)state;
    struct manifest manifest;
    struct manifest decoded;
    struct buf encoded;
    fill(&manifest, 2);
    encode(&manifest, &encoded);
    while (encoded.size > 4) {
        encoded.size--;
        seal(&encoded);
        assert_int_equal(manifest_decode(buf_bytes(&encoded), &decoded), AISLE_CORRUPT);
    }
    manifest_release(&manifest);
    buf_release(&encoded);
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    struct manifest manifest;
    struct buf encoded;
    fill(&manifest, 3);
    buf_init(&encoded, 1u << 20);
    alloc_fail_at(1, 0);
    assert_int_equal(manifest_encode(&manifest, &encoded), AISLE_NO_MEMORY);
    alloc_fail_at(0, 0);
    buf_release(&encoded);
    encode(&manifest, &encoded);
    int status = AISLE_NO_MEMORY;
    for (unsigned long n = 1; status != 0; n++) {
        struct manifest decoded = {.segments = NULL};
        struct manifest copy = {.segments = NULL};
        alloc_fail_at(n, 0);
        status = manifest_decode(buf_bytes(&encoded), &decoded);
        if (status == 0) {
            status = manifest_copy(&decoded, &copy);
        }
        alloc_fail_at(0, 0);
        assert_true(status == AISLE_NO_MEMORY || (status == 0 && n == 9));
        manifest_release(&decoded);
        manifest_release(&copy);
    }
    manifest_release(&manifest);
    buf_release(&encoded);
}

static void stored_manifest_is_loaded_and_an_empty_shard_has_none(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct manifest manifest;
    struct manifest loaded;
    uint64_t generation = 9;
    struct storage_txn *txn = begin_read(storage);
    assert_int_equal(manifest_load(txn, &loaded, &error), 0);
    assert_int_equal(loaded.generation, 0);
    assert_int_equal(loaded.next_segment, 1);
    assert_int_equal(loaded.segment_count, 0);
    assert_int_equal(manifest_generation(txn, &generation), 0);
    assert_int_equal(generation, 0);
    storage_read_end(txn);
    manifest_release(&loaded);
    fill(&manifest, 4);
    txn = begin_write(storage);
    assert_int_equal(manifest_store(txn, &manifest, &error), 0);
    assert_int_equal(storage_commit(txn, &error), 0);
    txn = begin_read(storage);
    assert_int_equal(manifest_load(txn, &loaded, &error), 0);
    assert_equal(&manifest, &loaded);
    assert_int_equal(manifest_generation(txn, &generation), 0);
    assert_int_equal(generation, 77);
    storage_read_end(txn);
    manifest_release(&loaded);
    manifest_release(&manifest);
    storage_close(storage);
}

static void damaged_stored_manifests_are_refused(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct manifest loaded;
    uint64_t generation = 9;
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(storage_put(txn, TABLE_MANIFEST, bytes_of_string("current"), bytes_of_string("nonsense")), 0);
    assert_int_equal(manifest_load(txn, &loaded, &error), AISLE_CORRUPT);
    assert_non_null(strstr(error.message, "the manifest cannot be read"));
    assert_int_equal(manifest_generation(txn, &generation), AISLE_CORRUPT);
    assert_int_equal(generation, 0);
    storage_abort(txn);
    storage_close(storage);
}

static void a_storage_that_fails_is_reported(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct manifest manifest;
    struct manifest loaded;
    uint64_t generation = 9;
    fill(&manifest, 4);
    struct storage_txn *txn = begin_write(storage);
    storage_fail_at(1, 1, EIO);
    assert_int_equal(manifest_load(txn, &loaded, &error), AISLE_IO);
    assert_int_equal(loaded.segment_count, 0);
    assert_int_equal(manifest_generation(txn, &generation), AISLE_IO);
    assert_int_equal(manifest_store(txn, &manifest, &error), AISLE_IO);
    assert_non_null(strstr(error.message, "the manifest cannot be written"));
    storage_fail_at(0, 0, 0);
    alloc_fail_at(1, 0);
    assert_int_equal(manifest_store(txn, &manifest, &error), AISLE_NO_MEMORY);
    alloc_fail_at(0, 0);
    storage_abort(txn);
    manifest_release(&manifest);
    storage_close(storage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manifest_comes_back_as_it_was),
        cmocka_unit_test(one_segment_too_many_is_refused),
        cmocka_unit_test(every_flipped_byte_and_every_cut_is_noticed),
        cmocka_unit_test(sealed_nonsense_never_crashes),
        cmocka_unit_test(impossible_numbers_and_newer_versions_are_refused),
        cmocka_unit_test(a_manifest_that_ends_early_is_refused_whatever_its_checksum),
        cmocka_unit_test(memory_may_fail_anywhere),
        cmocka_unit_test_setup_teardown(damaged_stored_manifests_are_refused, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(a_storage_that_fails_is_reported, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(stored_manifest_is_loaded_and_an_empty_shard_has_none, make_directory,
                                        remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
