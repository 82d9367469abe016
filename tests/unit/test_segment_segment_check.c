/*
 * test_segment_segment_check.c - what check says of a segment whose parts are damaged, with checksums that are wrong,
 * and with checksums that are right.
 */
#include "segment_fixture.h"

#include "terms/terms_format.h"

#define DOCUMENTS 90u

struct report {
    unsigned count;
    char text[400]; /* the first */
};

static void keep(void *context, const char *message)
{
    struct report *report = context;
    if (report->count++ == 0) {
        snprintf(report->text, sizeof report->text, "%s", message);
    }
}

static int check(const struct segment *segment, struct report *report)
{
    uint64_t faults = 0;
    *report = (struct report){.count = 0};
    int status = segment_check(segment, keep, report, &faults);
    assert_int_equal(faults, report->count);
    return status;
}

/* Computes the checksums of an extent of so many bytes again. */
static void seal(uint8_t *extent, size_t size)
{
    size_t pages = (size + 16) / EXTENT_PAGE_BYTES;
    size_t table = size - pages * sizeof(uint32_t);
    for (size_t page = 0; page < pages; page++) {
        size_t start = page == 0 ? 0 : page * EXTENT_PAGE_BYTES - 16;
        size_t end = (page + 1) * EXTENT_PAGE_BYTES - 16 < table ? (page + 1) * EXTENT_PAGE_BYTES - 16 : table;
        store_u32(extent + table + page * sizeof(uint32_t), hash_checksum(extent + start, end - start));
    }
}

/* Checks with one byte of a component's first extent changed; sealed: under right checksums. */
static void check_changed(struct model_segment *f, unsigned component, uint64_t offset, bool sealed,
                          struct report *report)
{
    const uint8_t *original = f->segment->stored[component].extents[0];
    size_t size = extent_bytes_of(f->segment->info.component_size[component], 0);
    uint8_t *copy = mem_alloc(size);
    assert_non_null(copy);
    memcpy(copy, original, size);
    copy[offset] ^= 0xc0;
    if (sealed) {
        seal(copy, size);
    }
    f->segment->stored[component].extents[0] = copy;
    assert_int_equal(check(f->segment, report), 0);
    f->segment->stored[component].extents[0] = original;
    mem_free(copy);
}

static void wrong_checksums_are_reported_before_all_else(void **state)
{
    (void)state;
    struct model_segment f;
    struct report report;
    model_segment_begin(&f, DOCUMENTS);
    assert_int_equal(check(f.segment, &report), 0);
    assert_int_equal(report.count, 0);
    check_changed(&f, COMPONENT_TERMS, 3, false, &report);
    assert_int_equal(report.count, 1);
    assert_non_null(strstr(report.text, "segment 5: component 0, extent 0: checksum mismatch at offset 0"));
    model_segment_end(&f);
}

static void each_structure_is_checked_whatever_the_checksums_say(void **state)
{
    (void)state;
    static const struct {
        unsigned component;
        uint64_t offset;
        const char *says;
    } changes[] = {
        {COMPONENT_TERM_INDEX, TERMS_LINE_HEAD, "terms: dictionary"},
        {COMPONENT_ID_TABLE, 4, "ids: id of document"},
        {COMPONENT_DOCUMENT_INDEX, 0, "stored products: "},
        {COMPONENT_ORDER, 9, "order keys: column"},
        {COMPONENT_COLUMN + FIELD_B, 9, "column: column"},
    };
    struct model_segment f;
    struct report report;
    model_segment_begin(&f, DOCUMENTS);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        check_changed(&f, changes[i].component, changes[i].offset, true, &report);
        assert_int_equal(report.count, 1);
        if (strstr(report.text, changes[i].says) == NULL) {
            fail_msg("%s instead of %s", report.text, changes[i].says);
        }
    }
    model_segment_end(&f);
}

/* Where the value of a term stands in the first extent of TERMS. */
static uint64_t value_of(const struct model_segment *f, const char *term)
{
    struct bytes value;
    assert_int_equal(terms_find(&f->segment->terms, bytes_of_string(term), &value), 0);
    return (uint64_t)(value.data - f->segment->stored[COMPONENT_TERMS].extents[0]);
}

static void lists_are_checked_after_what_leads_to_them(void **state)
{
    (void)state;
    struct model_segment f;
    struct report report;
    struct segment_list list;
    struct bytes value;
    model_segment_begin(&f, DOCUMENTS);
    assert_int_equal(terms_find(&f.segment->terms, bytes_of_string("w39"), &value), 0);
    assert_int_equal(segment_list_decode(value, &list), 0);
    assert_int_equal(list.positions.kind, 1); /* one block */
    check_changed(&f, COMPONENT_TERMS, value_of(&f, "w1"), true, &report);
    assert_non_null(strstr(report.text, "postings of \"w1\": "));
    check_changed(&f, COMPONENT_POSITIONS, list.positions.offset + list.positions.entries.size - 1, true, &report);
    assert_int_equal(report.count, 1);
    assert_non_null(strstr(report.text, "postings of \"w39\": positions: "));
    model_segment_end(&f);
}

static void lists_that_do_not_decode_are_reported(void **state)
{
    (void)state;
    struct model_segment f;
    struct report report;
    model_segment_begin(&f, DOCUMENTS);
    const uint8_t *original = f.segment->stored[COMPONENT_TERMS].extents[0];
    size_t size = extent_bytes_of(f.segment->info.component_size[COMPONENT_TERMS], 0);
    uint64_t at = value_of(&f, "w1");
    uint8_t *copy = mem_alloc(size);
    assert_non_null(copy);
    memcpy(copy, original, size);
    copy[at] |= 3; /* there is no such kind of positions */
    seal(copy, size);
    f.segment->stored[COMPONENT_TERMS].extents[0] = copy;
    assert_int_equal(check(f.segment, &report), 0);
    f.segment->stored[COMPONENT_TERMS].extents[0] = original;
    mem_free(copy);
    assert_non_null(strstr(report.text, "postings of \"w1\": the catalog is damaged"));
    model_segment_end(&f);
}

static void counts_are_those_of_the_manifest(void **state)
{
    (void)state;
    struct model_segment f;
    struct report report;
    model_segment_begin(&f, DOCUMENTS);
    f.segment->info.postings++;
    assert_int_equal(check(f.segment, &report), 0);
    assert_int_equal(report.count, 1);
    assert_non_null(strstr(report.text, "but the manifest says"));
    f.segment->info.postings--;
    f.segment->info.terms++;
    assert_int_equal(check(f.segment, &report), 0);
    assert_int_equal(report.count, 1);
    assert_non_null(strstr(report.text, "but the manifest says"));
    model_segment_end(&f);
}

/* Blocks of positions that straddle are copied, and that takes memory; a check that ends so has found nothing. */
static void out_of_memory_is_no_fault(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct segment_builder *builder = new_builder();
    struct report report;
    for (uint32_t i = WORDS - 1; i < 120 * WORDS; i += WORDS) {
        struct model_document document = model_of(i);
        (void)add_document(builder, &document);
    }
    struct segment *segment = write_and_open(storage, builder, 5, 0);
    struct storage_txn *txn = begin_read(storage);
    alloc_fail_at(1, 0);
    assert_int_equal(check(segment, &report), AISLE_NO_MEMORY);
    alloc_fail_at(0, 0);
    assert_int_equal(report.count, 0);
    assert_int_equal(check(segment, &report), 0);
    assert_int_equal(report.count, 0);
    segment_release(segment);
    segment_builder_free(builder);
    storage_read_end(txn);
    storage_close(storage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(wrong_checksums_are_reported_before_all_else),
        TEST(each_structure_is_checked_whatever_the_checksums_say),
        TEST(lists_are_checked_after_what_leads_to_them),
        TEST(lists_that_do_not_decode_are_reported),
        TEST(counts_are_those_of_the_manifest),
        TEST(out_of_memory_is_no_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
