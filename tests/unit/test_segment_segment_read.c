/*
 * test_segment_segment_read.c - a segment opens only if its extents are exactly those that the manifest speaks of.
 */
#include "segment_fixture.h"

#include <errno.h>

#define DOCUMENTS 40u

static struct segment_info info;

static struct storage *make_segment(void)
{
    struct storage *storage = open_storage(CREATE);
    struct segment_builder *builder = new_builder();
    for (uint32_t i = 0; i < DOCUMENTS; i++) {
        struct model_document document = model_of(i);
        (void)add_document(builder, &document);
    }
    struct segment *segment = write_and_open(storage, builder, 5, 0);
    info = segment->info;
    segment_release(segment);
    segment_builder_free(builder);
    return storage;
}

/* Opens segment `given` in a transaction in which an extent was put (size bytes) or, with size 0, deleted. */
static int open_changed(struct storage *storage, const struct segment_info *given, uint8_t component, uint32_t index,
                        size_t size)
{
    static uint8_t value[3 * EXTENT_PAGE_BYTES];
    uint8_t key[EXTENT_KEY_BYTES];
    struct segment *segment = NULL;
    segment_extent_key(key, 5, component, index);
    struct storage_txn *txn = begin_write(storage);
    if (size != 0) {
        assert_int_equal(storage_put(txn, TABLE_EXTENTS, bytes_of(key, sizeof key), bytes_of(value, size)), 0);
    } else {
        assert_int_equal(storage_delete(txn, TABLE_EXTENTS, bytes_of(key, sizeof key)), 0);
    }
    int status = segment_open(txn, given, &model_columns, &segment, &error);
    if (status != 0) {
        assert_null(segment);
        assert_non_null(strstr(error.message, "segment 5"));
    }
    segment_release(segment);
    storage_abort(txn);
    return status;
}

static void missing_foreign_and_misshapen_extents_are_refused(void **state)
{
    (void)state;
    struct storage *storage = make_segment();
    size_t right = extent_bytes_of(info.component_size[COMPONENT_IDS], 0);
    assert_int_equal(open_changed(storage, &info, COMPONENT_IDS, 0, 0), AISLE_CORRUPT);
    assert_int_equal(open_changed(storage, &info, COMPONENT_IDS, 1, right), AISLE_CORRUPT);
    assert_int_equal(open_changed(storage, &info, COMPONENT_IDS, 0, right - 4), AISLE_CORRUPT);
    assert_int_equal(open_changed(storage, &info, (uint8_t)COMPONENT_COUNT, 0, right), AISLE_CORRUPT);
    /* Zeros: the right size, the wrong checksum. */
    assert_int_equal(open_changed(storage, &info, COMPONENT_IDS, 0, right), AISLE_CORRUPT);
    storage_close(storage);
}

static void components_that_disagree_on_the_number_of_documents_are_refused(void **state)
{
    (void)state;
    struct storage *storage = make_segment();
    struct storage_txn *txn = begin_read(storage);
    struct segment *segment = NULL;
    struct segment_info changed = info;
    changed.documents++;
    assert_int_equal(segment_open(txn, &changed, &model_columns, &segment, &error), AISLE_CORRUPT);
    assert_int_equal(segment_open(txn, &info, &model_columns, &segment, &error), 0);
    segment_release(segment);
    storage_read_end(txn);
    storage_close(storage);
}

static void fault_is_known_by_its_segment_and_component(void **state)
{
    (void)state;
    struct storage *storage = make_segment();
    struct storage_txn *txn = begin_read(storage);
    struct segment *segment = NULL;
    unsigned component = 0;
    assert_int_equal(segment_open(txn, &info, &model_columns, &segment, &error), 0);
    struct extent_fault fault = {segment->views[COMPONENT_DOCUMENTS].extents, 0};
    assert_true(segment_has_fault(segment, &fault, &component));
    assert_int_equal(component, COMPONENT_DOCUMENTS);
    fault.extents = NULL;
    assert_false(segment_has_fault(segment, &fault, &component));
    segment_release(segment);
    storage_read_end(txn);
    storage_close(storage);
}

static void memory_and_storage_that_fail_are_reported(void **state)
{
    (void)state;
    struct storage *storage = make_segment();
    struct storage_txn *txn = begin_read(storage);
    for (unsigned way = 0; way < 2; way++) {
        struct segment *segment = NULL;
        int expected = way == 0 ? AISLE_NO_MEMORY : AISLE_IO;
        int status = expected;
        for (unsigned long n = 1; status != 0; n++) {
            alloc_fail_at(way == 0 ? n : 0, 0);
            storage_fail_at(way == 0 ? 0 : n, 0, EIO);
            status = segment_open(txn, &info, &model_columns, &segment, &error);
            alloc_fail_at(0, 0);
            storage_fail_at(0, 0, 0);
            assert_true(status == 0 || status == expected);
            assert_true((segment == NULL) == (status != 0));
        }
        segment_retain(segment);
        segment_release(segment);
        segment_release(segment);
    }
    storage_read_end(txn);
    storage_close(storage);
}

/* Segment 6 has a document less. Opens segment 5 with a component of it in place of its own. */
static int open_with(struct storage *storage, const struct segment_info *other, const uint8_t *components, size_t count)
{
    struct segment *segment = NULL;
    struct segment_info mixed = info;
    uint8_t key[EXTENT_KEY_BYTES];
    struct storage_txn *txn = begin_write(storage);
    for (size_t i = 0; i < count; i++) {
        struct bytes extent;
        static uint8_t copy[EXTENT_BYTES];
        segment_extent_key(key, 6, components[i], 0);
        assert_int_equal(storage_get(txn, TABLE_EXTENTS, bytes_of(key, sizeof key), &extent), 0);
        memcpy(copy, extent.data, extent.size);
        segment_extent_key(key, 5, components[i], 0);
        assert_int_equal(
            storage_put(txn, TABLE_EXTENTS, bytes_of(key, sizeof key), bytes_of(copy, extent.size)), 0);
        mixed.component_size[components[i]] = other->component_size[components[i]];
    }
    int status = segment_open(txn, &mixed, &model_columns, &segment, &error);
    segment_release(segment);
    storage_abort(txn);
    return status;
}

static void each_component_has_all_documents(void **state)
{
    (void)state;
    static const uint8_t column[] = {COMPONENT_COLUMN + FIELD_B};
    static const uint8_t ids[] = {COMPONENT_IDS, COMPONENT_ID_TABLE};
    static const uint8_t documents[] = {COMPONENT_DOCUMENTS, COMPONENT_DOCUMENT_INDEX};
    static const uint8_t order[] = {COMPONENT_ORDER};
    struct storage *storage = make_segment();
    struct segment_builder *builder = new_builder();
    for (uint32_t i = 0; i + 1 < DOCUMENTS; i++) {
        struct model_document document = model_of(i);
        (void)add_document(builder, &document);
    }
    struct segment *other = write_and_open(storage, builder, 6, 0);
    assert_int_equal(open_with(storage, &other->info, NULL, 0), 0);
    assert_int_equal(open_with(storage, &other->info, column, sizeof column), AISLE_CORRUPT);
    assert_int_equal(open_with(storage, &other->info, ids, sizeof ids), AISLE_CORRUPT);
    assert_int_equal(open_with(storage, &other->info, documents, sizeof documents), AISLE_CORRUPT);
    assert_int_equal(open_with(storage, &other->info, order, sizeof order), AISLE_CORRUPT);
    segment_release(other);
    segment_builder_free(builder);
    storage_close(storage);
}

/* Behind the segment's extents stands a key that is of none. */
static void a_key_of_another_length_is_no_extent(void **state)
{
    (void)state;
    struct storage *storage = make_segment();
    struct storage_txn *txn = begin_write(storage);
    struct segment *segment = NULL;
    uint8_t key[EXTENT_KEY_BYTES + 1] = {0};
    segment_extent_key(key, 5, UINT8_MAX, 0);
    assert_int_equal(storage_put(txn, TABLE_EXTENTS, bytes_of(key, sizeof key), bytes_of("nonsense", 8)), 0);
    assert_int_equal(segment_open(txn, &info, &model_columns, &segment, &error), 0);
    segment_release(segment);
    storage_abort(txn);
    storage_close(storage);
}

static void values_that_are_no_lists_are_refused(void **state)
{
    (void)state;
    static const uint8_t no_kind[] = {3};
    static const uint8_t no_record[] = {4, 0x41};
    static const uint8_t sound[] = {4, 0x41, POSTINGS_TINY, 7, 0x21};
    struct segment_list list;
    assert_int_equal(segment_list_decode(bytes_of(no_kind, sizeof no_kind), &list), AISLE_CORRUPT);
    assert_int_equal(segment_list_decode(bytes_of(no_record, sizeof no_record), &list), AISLE_CORRUPT);
    assert_int_equal(segment_list_decode(bytes_of(sound, sizeof sound), &list), 0);
    assert_int_equal(list.postings.at.tiny.documents[0], 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(missing_foreign_and_misshapen_extents_are_refused),
        TEST(components_that_disagree_on_the_number_of_documents_are_refused),
        TEST(fault_is_known_by_its_segment_and_component),
        TEST(memory_and_storage_that_fail_are_reported),
        TEST(each_component_has_all_documents),
        TEST(a_key_of_another_length_is_no_extent),
        cmocka_unit_test(values_that_are_no_lists_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
