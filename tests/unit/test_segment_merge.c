/*
 * test_segment_merge.c - merging equals building one segment from the survivors, whose lists are the same to the byte:
 * dead documents, changed columns, marks of patched columns, weights, dictionaries.
 */
#include "segment_fixture.h"

#include "segment/prefixes.h"

#define SOURCES 5u
#define SOURCE_DOCUMENTS 700u

static struct model_document survivors[MODEL_MAX];
static size_t survivor_count;

/* One source: its segment, and a state with dead documents and patches of column a. */
struct made {
    struct segment *segment;
    struct segment_state state;
    struct buf pages[2 * (SOURCE_DOCUMENTS / COLUMN_PAGE_DOCUMENTS + 1)];
    size_t page_count;
    uint64_t bits[PAGE_BITS_WORDS];
};

static void patch_page(struct made *made, uint32_t page, struct model_document *documents, uint32_t count)
{
    struct column_change changes[COLUMN_PAGE_DOCUMENTS];
    struct bytes content;
    size_t changed = 0;
    for (uint32_t i = page * COLUMN_PAGE_DOCUMENTS; i < count && i < (page + 1) * COLUMN_PAGE_DOCUMENTS; i++) {
        if (documents[i].number % 4 == 1) {
            documents[i].a = documents[i].number % 8 == 1 ? COLUMN_MISSING : (int64_t)documents[i].number * 1000;
            documents[i].patched = true;
            bitset_set(made->bits, i);
            changes[changed++] = (struct column_change){i % COLUMN_PAGE_DOCUMENTS, documents[i].a};
        }
    }
    struct buf *out = &made->pages[made->page_count++];
    buf_init(out, COLUMN_PAGE_BYTES_MAX);
    assert_int_equal(column_page(&made->segment->column[FIELD_A], page, &content), 0);
    assert_int_equal(column_page_patch(content, changes, changed, out), 0);
    made->state.overlays[made->state.overlay_count++] =
        (struct segment_overlay){.kind = PAGE_COLUMN + FIELD_A, .page = page, .content = buf_bytes(out)};
}

static void make_source(struct storage *storage, uint32_t id, uint32_t count, bool dead, bool patched,
                        struct made *made)
{
    static struct model_document documents[SOURCE_DOCUMENTS];
    struct segment_builder *builder = new_builder();
    memset(made, 0, sizeof *made);
    for (uint32_t i = 0; i < count; i++) {
        documents[i] = model_of(i * SOURCES + id);
        add_document(builder, &documents[i]);
    }
    made->segment = write_and_open(storage, builder, id, 0);
    qsort(documents, count, sizeof *documents, compare_models);
    if (patched) {
        made->state.overlays = mem_calloc(8, sizeof *made->state.overlays);
        for (uint32_t page = 0; page * COLUMN_PAGE_DOCUMENTS < count; page++) {
            patch_page(made, page, documents, count);
        }
        made->state.overlays[made->state.overlay_count++] = (struct segment_overlay){
            .kind = PAGE_PATCHED + FIELD_A, .content = bytes_of(made->bits, sizeof made->bits)};
    }
    if (dead) {
        made->state.dead =
            (uint64_t *)(void *)segment_content_new(NULL, bitset_words(count) * sizeof(uint64_t));
    }
    for (uint32_t i = 0; i < count; i++) {
        if (dead && documents[i].number % 3 == 0) {
            bitset_set(made->state.dead, i);
            made->state.dead_count++;
        } else {
            survivors[survivor_count++] = documents[i];
        }
    }
    segment_builder_free(builder);
}

static void release_source(struct made *made)
{
    segment_release(made->segment);
    segment_state_release(&made->state);
    for (size_t i = 0; i < made->page_count; i++) {
        buf_release(&made->pages[i]);
    }
}

struct restore_count {
    unsigned calls;
    uint32_t dictionary;
};

static int restore(void *context, uint32_t dictionary, struct bytes stored, struct buf *out)
{
    struct restore_count *count = context;
    count->calls++;
    count->dictionary = dictionary;
    buf_put(out, stored.data, stored.size);
    return buf_status(out);
}

/* Terms, postings and positions of the merged segment are the bytes of one that is built of the survivors at once. */
static void compare_with_built(struct storage *storage, const struct segment *merged)
{
    static const uint8_t components[] = {COMPONENT_TERMS, COMPONENT_TERM_INDEX, COMPONENT_SKIPS, COMPONENT_BLOCKS,
                                         COMPONENT_POSITIONS, COMPONENT_PREFIXES, COMPONENT_PREFIX_INDEX};
    struct segment_builder *builder = new_builder();
    for (size_t i = survivor_count; i-- != 0;) {
        add_document(builder, &survivors[i]);
    }
    struct segment *built = write_and_open(storage, builder, 200, 0);
    for (size_t i = 0; i < sizeof components; i++) {
        const struct extent_view *a = &merged->views[components[i]];
        const struct extent_view *b = &built->views[components[i]];
        assert_int_equal(a->size, b->size);
        for (uint32_t e = 0; e < a->extent_count; e++) {
            assert_memory_equal(a->extents[e], b->extents[e], extent_bytes_of(a->size, e));
        }
    }
    segment_release(built);
    segment_builder_free(builder);
}

static void merge_and_compare(size_t count, uint32_t documents, unsigned dead_of, unsigned patched_of)
{
    static struct made made[SOURCES];
    struct merge_source sources[SOURCES];
    struct storage *storage = open_storage(CREATE);
    struct segment_writer *writer = NULL;
    struct segment_info info;
    struct segment *merged = NULL;
    struct merge_patched patched;
    struct restore_count restored = {0, 0};
    struct merge_options options = {.restore = restore, .context = &restored, .length_of_code = model_lengths};
    survivor_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        make_source(storage, i + 1, documents, (dead_of >> i & 1) != 0, (patched_of >> i & 1) != 0, &made[i]);
        sources[i] = (struct merge_source){made[i].segment, &made[i].state};
    }
    assert_int_equal(segment_writer_new(storage, 100, &model_columns, &writer), 0);
    assert_int_equal(segment_merge(sources, count, writer, &options, &patched), 0);
    assert_int_equal(segment_writer_finish(writer, &info, &error), 0);
    segment_writer_free(writer);
    struct storage_txn *txn = begin_read(storage);
    assert_int_equal(segment_open(txn, &info, &model_columns, &merged, &error), 0);
    compare_with_model(merged, survivors, survivor_count);
    assert_int_equal(restored.calls, 0);
    assert_null(patched.bits[FIELD_B]);
    assert_true((patched.bits[FIELD_A] != NULL) == (patched_of != 0));
    for (uint32_t i = 0; i < survivor_count && patched_of != 0; i++) {
        assert_int_equal(bitset_get(patched.bits[FIELD_A], i), survivors[i].patched);
    }
    merge_patched_release(&patched);
    storage_read_end(txn);
    compare_with_built(storage, merged);
    segment_release(merged);
    for (size_t i = 0; i < count; i++) {
        release_source(&made[i]);
    }
    storage_close(storage);
    empty_directory();
}

static void merge_equals_one_segment_of_all(void **state)
{
    (void)state;
    merge_and_compare(2, 1, 0, 0);
    merge_and_compare(SOURCES, SOURCE_DOCUMENTS, 0, 0);
}

static void dead_documents_are_dropped(void **state)
{
    (void)state;
    merge_and_compare(1, SOURCE_DOCUMENTS, 1, 0);
    merge_and_compare(3, 300, 2, 0);
    merge_and_compare(SOURCES, 200, 31, 0);
}

static void changed_columns_are_folded_in_and_their_marks_carried_over(void **state)
{
    (void)state;
    merge_and_compare(1, 50, 0, 1);
    merge_and_compare(3, 400, 0, 5);
    merge_and_compare(SOURCES, SOURCE_DOCUMENTS, 21, 14);
}

static void products_of_another_dictionary_are_restored(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct segment_builder *builder = new_builder();
    struct segment *segments[2];
    struct segment_state none = {.dead = NULL};
    struct segment_writer *writer = NULL;
    struct merge_patched patched;
    struct segment_info info;
    struct restore_count restored = {0, 0};
    struct merge_options options = {.restore = restore, .context = &restored, .length_of_code = model_lengths};
    for (uint32_t s = 0; s < 2; s++) {
        segment_builder_reset(builder);
        for (uint32_t i = 0; i < 10; i++) {
            struct model_document document = model_of(s * 10 + i);
            survivors[s * 10 + i] = document;
            add_document(builder, &document);
        }
        segments[s] = write_and_open(storage, builder, s + 1, s == 0 ? 0 : 9);
    }
    struct merge_source sources[2] = {{segments[0], &none}, {segments[1], &none}};
    assert_int_equal(segment_writer_new(storage, 3, &model_columns, &writer), 0);
    writer->info.dictionary = 9;
    assert_int_equal(segment_merge(sources, 2, writer, &options, &patched), 0);
    assert_int_equal(segment_writer_finish(writer, &info, &error), 0);
    segment_writer_free(writer);
    assert_int_equal(restored.calls, 10);
    assert_int_equal(restored.dictionary, 0);
    assert_int_equal(info.dictionary, 9);
    merge_patched_release(&patched);
    segment_release(segments[0]);
    segment_release(segments[1]);
    segment_builder_free(builder);
    storage_close(storage);
}

static void merge_of_dead_documents_alone_gives_none(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct segment_builder *builder = new_builder();
    struct model_document document = model_of(1);
    uint64_t dead = 1;
    struct segment_state gone = {.dead = &dead, .dead_count = 1};
    struct segment_writer *writer = NULL;
    struct merge_patched patched;
    struct segment_info info;
    struct merge_options options = {.restore = restore, .length_of_code = model_lengths};
    add_document(builder, &document);
    struct segment *segment = write_and_open(storage, builder, 1, 0);
    assert_int_equal(segment_writer_new(storage, 2, &model_columns, &writer), 0);
    assert_int_equal(segment_merge(&(struct merge_source){segment, &gone}, 1, writer, &options, &patched), 0);
    assert_int_equal(segment_writer_finish(writer, &info, &error), 0);
    assert_int_equal(info.documents, 0);
    assert_int_equal(info.postings, 0);
    assert_int_equal(info.terms, 0);
    assert_int_equal(info.length_sum, 0);
    merge_patched_release(&patched);
    segment_writer_free(writer);
    segment_release(segment);
    segment_builder_free(builder);
    storage_close(storage);
}

int main(void)
{
    prefix_rules = (struct prefix_rules){.documents_min = 1, .words_min = 2, .long_words_min = 1, .frequent_part = 12};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(merge_equals_one_segment_of_all, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(dead_documents_are_dropped, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(changed_columns_are_folded_in_and_their_marks_carried_over, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(products_of_another_dictionary_are_restored, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(merge_of_dead_documents_alone_gives_none, make_directory, remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
