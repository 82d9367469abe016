/*
 * test_index_product_codec.c - stored products that lack their dictionary, and patches laid over products, sound or
 * not.
 *
 * The snapshot and the segment are made by hand: only what the codec looks at is there.
 */
#include "storage_fixture.h"

#include "base/alloc.h"
#include "columns/columns.h"
#include "index/product_codec.h"
#include "segment/segment_format.h"

#define PRODUCT "{\"id\":\"P1\",\"a\":1,\"b\":2}"

static struct product_codec codec;
static struct buf out;

static int make_codec(void **state)
{
    product_codec_init(&codec);
    buf_init(&out, 1u << 20);
    return make_directory(state);
}

static int drop_codec(void **state)
{
    product_codec_release(&codec);
    buf_release(&out);
    return remove_directory(state);
}

static void missing_dictionary_is_damage_and_remembered_as_missing(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *txn = begin_read(storage);
    struct shard_snapshot snapshot = {.txn = txn};
    struct bytes product = bytes_of_string(PRODUCT);
    size_t before = product_codec_bytes(&codec);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(product_codec_compress(&codec, &snapshot, 7, product, &out), AISLE_CORRUPT);
        assert_int_equal(product_codec_decompress(&codec, &snapshot, 7, product, &out), AISLE_CORRUPT);
        assert_int_equal(codec.entry_count, 1);
        assert_int_equal(product_codec_bytes(&codec), before);
    }
    storage_read_end(txn);
    storage_close(storage);
}

static void more_dictionaries_than_the_table_has_begin_it_anew(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *txn = begin_read(storage);
    struct shard_snapshot snapshot = {.txn = txn};
    struct buf stored;
    buf_init(&stored, 1u << 20);
    assert_int_equal(product_codec_compress(&codec, &snapshot, 0, bytes_of_string(PRODUCT), &stored), 0);
    for (uint32_t round = 0; round < 2; round++) {
        buf_clear(&out);
        assert_int_equal(product_codec_decompress(&codec, &snapshot, 0, buf_bytes(&stored), &out), 0);
        assert_true(bytes_equal(buf_bytes(&out), bytes_of_string(PRODUCT)));
        for (uint32_t i = 1; i <= PRODUCT_CODEC_ENTRIES; i++) {
            assert_int_equal(product_codec_decompress(&codec, &snapshot, i, buf_bytes(&stored), &out), AISLE_CORRUPT);
            assert_true(codec.entry_count <= PRODUCT_CODEC_ENTRIES);
        }
    }
    buf_release(&stored);
    storage_read_end(txn);
    storage_close(storage);
}

static void document_that_is_not_there_is_a_status(void **state)
{
    (void)state;
    static struct segment segment; /* of no documents */
    struct shard_snapshot snapshot = {.txn = NULL};
    assert_int_equal(product_codec_read(&codec, &snapshot, &segment, 0, &out), AISLE_INVALID);
    assert_int_equal(out.size, 0);
}

/* Fields 1 and 2 have columns, and of document 0 both are patched, to 11 and 22. */
static void patches_are_laid_over_unless_their_page_is_damaged(void **state)
{
    (void)state;
    static struct segment segment = {.columns = {.count = 2, .field = {1, 2}}};
    static uint8_t patched[PAGE_BITS_WORDS * sizeof(uint64_t)] = {1};
    struct schema *schema = NULL;
    struct buf pages[2];
    const int64_t values[2] = {11, 22};
    for (size_t i = 0; i < 2; i++) {
        buf_init(&pages[i], 1u << 16);
        assert_int_equal(column_page_encode(COLUMN_INTEGER, &values[i], 1, &pages[i]), 0);
    }
    struct segment_overlay overlays[] = {{.kind = PAGE_COLUMN + 1, .content = buf_bytes(&pages[0])},
                                         {.kind = PAGE_COLUMN + 2, .content = buf_bytes(&pages[1])},
                                         {.kind = PAGE_PATCHED + 1, .content = bytes_of(patched, sizeof patched)},
                                         {.kind = PAGE_PATCHED + 2, .content = bytes_of(patched, sizeof patched)}};
    struct segment_state laid = {.overlays = overlays, .overlay_count = 4};
    struct segment_state none = {.overlay_count = 0};
    assert_int_equal(schema_parse(bytes_of_string("{\"version\":1,\"id\":\"id\",\"fields\":{\"t\":{\"type\":\"text\"},"
                                                  "\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"integer\"}}}"),
                                  &schema, &error),
                     0);
    buf_put_string(&out, PRODUCT);
    assert_int_equal(product_codec_lay_over(&codec, schema, &segment, &none, 0, &out), 0);
    assert_int_equal(product_codec_lay_over(&codec, schema, &segment, &laid, 1, &out), 0);
    assert_true(bytes_equal(buf_bytes(&out), bytes_of_string(PRODUCT)));
    alloc_fail_at(1, 0);
    int status = product_codec_lay_over(&codec, schema, &segment, &laid, 0, &out);
    alloc_fail_at(0, 0);
    assert_int_equal(status, AISLE_NO_MEMORY);
    buf_clear(&out);
    buf_put_string(&out, PRODUCT);
    assert_int_equal(product_codec_lay_over(&codec, schema, &segment, &laid, 0, &out), 0);
    assert_true(bytes_equal(buf_bytes(&out), bytes_of_string("{\"id\":\"P1\",\"a\":11,\"b\":22}")));
    overlays[0].content.size = 1;
    assert_int_equal(product_codec_lay_over(&codec, schema, &segment, &laid, 0, &out), AISLE_CORRUPT);
    overlays[2].content.size--; /* then its bits are not read */
    assert_int_equal(product_codec_lay_over(&codec, schema, &segment, &laid, 0, &out), 0);
    for (size_t i = 0; i < 2; i++) {
        buf_release(&pages[i]);
    }
    schema_free(schema);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_codec, drop_codec)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(missing_dictionary_is_damage_and_remembered_as_missing),
        TEST(more_dictionaries_than_the_table_has_begin_it_anew),
        TEST(document_that_is_not_there_is_a_status),
        TEST(patches_are_laid_over_unless_their_page_is_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
