/*
 * test_segment_segment_read.c - a segment opens only if its extents are exactly those that the manifest speaks of.
 */
#include "segment_fixture.h"

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(missing_foreign_and_misshapen_extents_are_refused),
        TEST(components_that_disagree_on_the_number_of_documents_are_refused),
        TEST(fault_is_known_by_its_segment_and_component),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
