/*
 * test_segment_merge_damage.c - merges that cannot succeed: memory that fails anywhere, writers that have failed,
 * sources that are damaged, too many or too large; and a merge of more documents than fit a slice.
 */
#include "segment_fixture.h"

#define SOURCES 3u
#define DOCUMENTS 150u
#define SLICE_DOCUMENTS (1u << 18) /* of merge_postings.c */

/* Sources of which the second has dead documents and the third patched columns and another dictionary. */
struct fixture {
    struct storage *storage;
    struct storage_txn *txn;
    struct segment *segments[SOURCES];
    struct segment_state states[SOURCES];
    struct merge_source sources[SOURCES];
    uint64_t dead[DOCUMENTS / 64 + 1];
    uint64_t bits[PAGE_BITS_WORDS];
    struct segment_overlay overlay;
    uint32_t *maps[SOURCES];
};

static void begin(struct fixture *f)
{
    struct segment_builder *builder = new_builder();
    memset(f, 0, sizeof *f);
    f->storage = open_storage(CREATE);
    for (uint32_t s = 0; s < SOURCES; s++) {
        segment_builder_reset(builder);
        for (uint32_t i = 0; i < DOCUMENTS; i++) {
            struct model_document document = model_of(i * SOURCES + s);
            (void)add_document(builder, &document);
        }
        f->segments[s] = write_and_open(f->storage, builder, s + 1, s == 2 ? 9 : 0);
        f->sources[s] = (struct merge_source){f->segments[s], &f->states[s]};
    }
    f->txn = begin_read(f->storage);
    f->dead[0] = 0x35;
    f->states[1] = (struct segment_state){.dead = f->dead, .dead_count = 4};
    f->bits[0] = 0xff;
    f->overlay =
        (struct segment_overlay){.kind = PAGE_PATCHED + FIELD_A, .content = bytes_of(f->bits, sizeof f->bits)};
    f->states[2] = (struct segment_state){.overlays = &f->overlay, .overlay_count = 1};
    segment_builder_free(builder);
}

static void end(struct fixture *f)
{
    for (uint32_t s = 0; s < SOURCES; s++) {
        segment_release(f->segments[s]);
    }
    storage_read_end(f->txn);
    storage_close(f->storage);
}

static int restore(void *context, uint32_t dictionary, struct bytes stored, struct buf *out)
{
    const int *status = context;
    assert_int_equal(dictionary, 9);
    buf_put(out, stored.data, stored.size);
    return *status != 0 ? *status : buf_status(out);
}

static int merge_with(struct fixture *f, struct segment_writer *writer, int restored)
{
    struct merge_patched patched;
    struct merge_options options = {
        .restore = restore, .context = &restored, .length_of_code = model_lengths, .maps = f->maps};
    int status = segment_merge(f->sources, SOURCES, writer, &options, &patched);
    assert_true((patched.bits[FIELD_A] != NULL) == (status == 0));
    merge_patched_release(&patched);
    for (uint32_t s = 0; s < SOURCES; s++) {
        assert_true((f->maps[s] != NULL) == (status == 0));
        mem_free(f->maps[s]);
        f->maps[s] = NULL;
    }
    return status;
}

static struct segment_writer *new_writer(struct storage *storage)
{
    struct segment_writer *writer = NULL;
    assert_int_equal(segment_writer_new(storage, 100, &model_columns, &writer), 0);
    return writer;
}

static int merge(struct fixture *f)
{
    struct segment_writer *writer = new_writer(f->storage);
    int status = merge_with(f, writer, 0);
    segment_writer_free(writer);
    return status;
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    struct fixture f;
    unsigned long n = 0;
    int status = AISLE_NO_MEMORY;
    begin(&f);
    while (status != 0) {
        struct segment_writer *writer = new_writer(f.storage);
        alloc_fail_at(++n, 0);
        status = merge_with(&f, writer, 0);
        alloc_fail_at(0, 0);
        segment_writer_free(writer);
        assert_true(status == 0 || status == AISLE_NO_MEMORY);
    }
    assert_true(n > 15);
    end(&f);
}

static void writers_that_have_failed_end_the_merge(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    for (unsigned part = 0; part < 10; part++) {
        struct segment_writer *writer = new_writer(f.storage);
        int *const statuses[] = {&writer->ids.status,
                                 &writer->order.status,
                                 &writer->postings.status,
                                 &writer->positions.status,
                                 &writer->terms.status,
                                 &writer->column[0].status,
                                 &writer->column[1].status,
                                 &writer->documents.status,
                                 &writer->streams[COMPONENT_SKIPS].extents.status,
                                 &writer->streams[COMPONENT_POSITIONS].extents.status};
        *statuses[part] = AISLE_DISK_FULL;
        assert_int_equal(merge_with(&f, writer, 0), AISLE_DISK_FULL);
        segment_writer_free(writer);
    }
    struct segment_writer *writer = new_writer(f.storage);
    assert_int_equal(merge_with(&f, writer, AISLE_CORRUPT), AISLE_CORRUPT);
    segment_writer_free(writer);
    assert_int_equal(merge(&f), 0);
    end(&f);
}

/*
 * Merges with one byte after the other of the first source's component changed; returns how many were noticed. Nothing
 * notices a changed value of a column, or a code.
 */
static unsigned merge_changed(struct fixture *f, unsigned component, uint64_t step)
{
    struct segment *segment = f->segments[0];
    unsigned noticed = 0;
    assert_true(segment->info.component_size[component] != 0);
    size_t size = extent_bytes_of(segment->info.component_size[component], 0);
    const uint8_t *original = segment->stored[component].extents[0];
    uint8_t *copy = mem_alloc(size);
    assert_non_null(copy);
    memcpy(copy, original, size);
    segment->stored[component].extents[0] = copy;
    segment->stored[component].verified[0] = UINT64_MAX; /* trusted whatever the bytes are */
    for (uint64_t at = 0; at < segment->info.component_size[component] && at < size; at += step) {
        copy[at] ^= 0xa5;
        int status = merge(f);
        assert_true(status == 0 || status == AISLE_CORRUPT);
        noticed += status != 0;
        copy[at] ^= 0xa5;
    }
    segment->stored[component].extents[0] = original;
    mem_free(copy);
    return noticed;
}

static void changed_bytes_are_survived_and_mostly_noticed(void **state)
{
    (void)state;
    static const unsigned components[] = {COMPONENT_TERMS, COMPONENT_BLOCKS, COMPONENT_IDS, COMPONENT_ORDER,
                                          COMPONENT_DOCUMENT_INDEX, COMPONENT_COLUMN + FIELD_A};
    struct fixture f;
    begin(&f);
    for (size_t i = 0; i < sizeof components / sizeof *components; i++) {
        uint64_t size = f.segments[0]->info.component_size[components[i]];
        assert_true(merge_changed(&f, components[i], 1 + size / 40) > 0);
    }
    end(&f);
}

/* Wrong checksums, which are met where each component is first read. */
static void damaged_pages_end_the_merge(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    for (unsigned component = 0; component < COMPONENT_COUNT; component++) {
        struct segment *segment = f.segments[0];
        if (segment->info.component_size[component] == 0 || component == COMPONENT_ID_TABLE ||
            component == COMPONENT_SKIPS) {
            continue; /* the table of ids is not read, and lists are too short for skips */
        }
        size_t size = extent_bytes_of(segment->info.component_size[component], 0);
        const uint8_t *original = segment->stored[component].extents[0];
        uint8_t *copy = mem_alloc(size);
        assert_non_null(copy);
        memcpy(copy, original, size);
        copy[size - EXTENT_PAGE_BYTES / 2] ^= 1; /* in the last page, which is the first mostly */
        copy[10] ^= 1;
        segment->stored[component].extents[0] = copy;
        segment->stored[component].verified[0] = 0;
        assert_int_equal(merge(&f), AISLE_CORRUPT);
        segment->stored[component].extents[0] = original;
        segment->stored[component].verified[0] = 0;
        mem_free(copy);
    }
    assert_int_equal(merge(&f), 0);
    end(&f);
}

static void too_many_sources_and_documents_are_refused(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct segment_writer *writer = new_writer(storage);
    struct merge_patched patched;
    struct merge_options options = {.restore = restore, .length_of_code = model_lengths};
    struct segment *large = mem_calloc(1, sizeof *large);
    struct segment_state none = {.dead = NULL};
    assert_non_null(large);
    large->info.documents = LIMIT_SEGMENT_DOCUMENTS;
    struct merge_source sources[2] = {{large, &none}, {large, &none}};
    assert_int_equal(segment_merge(sources, 0, writer, &options, &patched), AISLE_INVALID);
    assert_int_equal(segment_merge(sources, LIMIT_SEGMENTS + 1, writer, &options, &patched), AISLE_INVALID);
    assert_int_equal(segment_merge(sources, 2, writer, &options, &patched), AISLE_LIMIT);
    mem_free(large);
    segment_writer_free(writer);
    storage_close(storage);
}

/* Documents of one word each. */
static struct segment *make_large(struct storage *storage, uint32_t count)
{
    struct segment_builder *builder = new_builder();
    static const uint8_t entry = 0x41;
    const struct bytes word = bytes_of_string("word");
    const uint8_t class = 1;
    for (uint32_t i = 0; i < count; i++) {
        char text[32];
        uint32_t number = i;
        uint32_t slot;
        int64_t columns[2] = {number, number};
        struct builder_document document = {.order = number, .length_code = 1, .classes = &class, .columns = columns};
        document.id = bytes_of(text, model_id(number, text));
        document.id_hash = hash_bytes(text, document.id.size);
        document.stored = bytes_of("x", 1);
        document.positions = bytes_of(&entry, 1);
        assert_int_equal(segment_builder_touch(builder, &(struct segment_token){.term = word}, 1, &slot), 0);
        assert_int_equal(segment_builder_end(builder, &document, &number), 0);
    }
    struct segment *segment = write_and_open(storage, builder, 1, 0);
    segment_builder_free(builder);
    return segment;
}

static void a_block_that_cannot_be_written_ends_the_merge(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct segment_state none = {.dead = NULL};
    struct segment *segment = make_large(storage, POSTINGS_SUPERBLOCK_BLOCKS * POSTINGS_BLOCK + 1);
    struct segment_writer *writer = new_writer(storage);
    struct merge_patched patched;
    struct merge_options options = {.restore = restore, .length_of_code = model_lengths};
    writer->streams[COMPONENT_BLOCKS].extents.status = AISLE_DISK_FULL;
    assert_int_equal(segment_merge(&(struct merge_source){segment, &none}, 1, writer, &options, &patched),
                     AISLE_DISK_FULL);
    merge_patched_release(&patched);
    segment_writer_free(writer);
    segment_release(segment);
    storage_close(storage);
}

/* The same segment nine times: nothing here minds that its ids stand there as often. */
static void lists_longer_than_a_slice_are_merged(void **state)
{
    (void)state;
    const uint32_t copies = 9;
    const uint32_t count = SLICE_DOCUMENTS / copies + 100;
    struct storage *storage = open_storage(CREATE);
    struct segment_state none = {.dead = NULL};
    struct segment *segment = make_large(storage, count);
    struct merge_source sources[9];
    struct segment_writer *writer = new_writer(storage);
    struct merge_patched patched;
    struct merge_options options = {.restore = restore, .length_of_code = model_lengths};
    struct segment_info info;
    struct segment *merged = NULL;
    struct segment_list list;
    struct postings_cursor cursor;
    struct bytes value;
    for (uint32_t i = 0; i < copies; i++) {
        sources[i] = (struct merge_source){segment, &none};
    }
    assert_int_equal(segment_merge(sources, copies, writer, &options, &patched), 0);
    assert_int_equal(segment_writer_finish(writer, &info, &error), 0);
    assert_int_equal(info.postings, copies * count);
    struct storage_txn *txn = begin_read(storage);
    assert_int_equal(segment_open(txn, &info, &model_columns, &merged, &error), 0);
    assert_int_equal(terms_find(&merged->terms, bytes_of_string("word"), &value), 0);
    assert_int_equal(segment_list_decode(value, &list), 0);
    assert_int_equal(postings_cursor_open(&cursor, &merged->postings, &list.postings), 0);
    for (uint32_t i = 0; i < copies * count; i++) {
        assert_int_equal(postings_cursor_document(&cursor), i);
        (void)postings_cursor_next(&cursor);
    }
    assert_int_equal(postings_cursor_document(&cursor), POSTINGS_END);
    merge_patched_release(&patched);
    segment_writer_free(writer);
    segment_release(merged);
    segment_release(segment);
    storage_read_end(txn);
    storage_close(storage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_may_fail_anywhere),
        TEST(writers_that_have_failed_end_the_merge),
        TEST(changed_bytes_are_survived_and_mostly_noticed),
        TEST(damaged_pages_end_the_merge),
        TEST(too_many_sources_and_documents_are_refused),
        TEST(a_block_that_cannot_be_written_ends_the_merge),
        TEST(lists_longer_than_a_slice_are_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
