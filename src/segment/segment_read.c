/*
 * segment_read.c - opening an immutable segment: its extents, then the readers of its components.
 */
#include "segment/prefixes.h"
#include "segment/segment_private.h"

#include "base/alloc.h"

#include <sys/mman.h>

static int open_readers(struct segment *segment)
{
    struct extent_view *views = segment->views;
    segment->postings = (struct postings_source){.skips = views[COMPONENT_SKIPS],
                                                 .blocks = views[COMPONENT_BLOCKS],
                                                 .document_count = segment->info.documents};
    int status = terms_open(&segment->terms, &views[COMPONENT_TERMS], &views[COMPONENT_TERM_INDEX]);
    if (status == 0 && views[COMPONENT_PREFIX_INDEX].size != 0) {
        status = terms_open(&segment->prefixes, &views[COMPONENT_PREFIXES], &views[COMPONENT_PREFIX_INDEX]);
    }
    if (status == 0) {
        status = ids_open(&segment->ids, &views[COMPONENT_IDS], &views[COMPONENT_ID_TABLE]);
    }
    if (status == 0) {
        status = documents_open(&segment->documents, &views[COMPONENT_DOCUMENTS], &views[COMPONENT_DOCUMENT_INDEX]);
    }
    if (status == 0) {
        status = column_open(&segment->order, &views[COMPONENT_ORDER]);
    }
    if (status == 0 && column_documents(&segment->order) != segment->info.documents) {
        status = AISLE_CORRUPT;
    }
    for (uint8_t i = 0; i < segment->columns.count && status == 0; i++) {
        uint8_t field = segment->columns.field[i];
        status = column_open(&segment->column[field], &views[COMPONENT_COLUMN + field]);
        if (status == 0 && column_documents(&segment->column[field]) != segment->info.documents) {
            status = AISLE_CORRUPT;
        }
        if (status == 0 && segment->columns.values[i]) {
            status = values_open(&segment->values[field], &views[COMPONENT_VALUES + field]);
        }
    }
    if (status == 0 && (ids_count(&segment->ids) != segment->info.documents ||
                        documents_count(&segment->documents) != segment->info.documents)) {
        status = AISLE_CORRUPT;
    }
    return status;
}

int segment_list_decode(struct bytes value, struct segment_list *out)
{
    struct bytes record;
    int status = positions_list_decode(value, &out->positions, &record);
    return status == 0 ? postings_list_decode(record, &out->postings) : status;
}

int segment_prefix_decode(struct bytes value, struct segment_prefix *out)
{
    struct byte_reader reader = byte_reader_of(value);
    out->df_sum = byte_reader_varint(&reader);
    struct bytes record = byte_reader_take(&reader, byte_reader_left(&reader));
    return byte_reader_ok(&reader) ? postings_list_decode(record, &out->postings) : AISLE_CORRUPT;
}

/* How many documents have any of the terms of a prefix, the frequent ones among them; 0: it is not kept. */
static int find_total(const struct segment *segment, struct bytes prefix, uint32_t *out)
{
    uint8_t key[1 + PREFIX_BYTES_MAX] = {PREFIX_TOTAL_MARK};
    struct bytes value;
    *out = 0;
    memcpy(key + 1, prefix.data, prefix.size);
    int status = terms_find(&segment->prefixes, bytes_of(key, 1 + prefix.size), &value);
    if (status != 0) {
        return status == AISLE_END ? 0 : status;
    }
    struct byte_reader reader = byte_reader_of(value);
    uint64_t total = byte_reader_varint(&reader);
    bool is_sound = byte_reader_ok(&reader) && byte_reader_left(&reader) == 0 && total <= segment->info.documents;
    *out = is_sound ? (uint32_t)total : 0;
    return is_sound ? 0 : AISLE_CORRUPT;
}

int segment_prefix_find(const struct segment *segment, struct bytes prefix, struct segment_prefix *out)
{
    struct bytes value;
    if (prefix.size == 0 || prefix.size > PREFIX_BYTES_MAX || prefix.data[0] < PREFIX_TEXT_MIN ||
        terms_count(&segment->prefixes) == 0) {
        return AISLE_END;
    }
    out->is_whole = prefix.size == prefixes_character(prefix);
    int status = terms_find(&segment->prefixes, prefix, &value);
    status = status == 0 ? segment_prefix_decode(value, out) : status;
    out->total = 0;
    return status == 0 && !out->is_whole ? find_total(segment, prefix, &out->total) : status;
}

int segment_prefix_words(const struct segment *segment, struct bytes prefix, struct terms_cursor *cursor)
{
    uint8_t key[1 + PREFIX_BYTES_MAX] = {PREFIX_WORD_MARK};
    if (prefix.size > PREFIX_BYTES_MAX) {
        return AISLE_END;
    }
    memcpy(key + 1, prefix.data, prefix.size);
    return terms_cursor_seek(cursor, &segment->prefixes, bytes_of(key, 1 + prefix.size));
}

bool segment_prefix_word(const struct terms_cursor *cursor, struct bytes prefix, struct bytes *term)
{
    *term = bytes_of(cursor->term.data + 1, cursor->term.size - 1);
    return cursor->term.data[0] == PREFIX_WORD_MARK && bytes_begin_with(*term, prefix);
}

int segment_open(struct storage_txn *txn, const struct segment_info *info, const struct segment_columns *columns,
                 struct segment **out, aisle_error *error)
{
    static atomic_uint_fast64_t opened;
    *out = NULL;
    struct segment *segment = mem_calloc(1, sizeof *segment);
    if (segment == NULL) {
        return error_no_memory(error, "opening a segment");
    }
    segment->info = *info;
    segment->columns = *columns;
    segment->serial = atomic_fetch_add_explicit(&opened, 1, memory_order_relaxed) + 1;
    atomic_init(&segment->references, 1);
    int status = component_extents_resolve(txn, info->id, info->component_size, COMPONENT_COUNT, segment->stored);
    for (unsigned i = 0; i < COMPONENT_COUNT; i++) {
        segment->views[i] = segment->stored[i].view;
    }
    if (status == 0) {
        status = open_readers(segment);
    }
    if (status != 0) {
        segment_release(segment);
        return error_set(error, status, "segment %u cannot be opened: %s", info->id, aisle_error_text(status));
    }
    *out = segment;
    return 0;
}

void segment_retain(struct segment *segment)
{
    atomic_fetch_add_explicit(&segment->references, 1, memory_order_relaxed);
}

void segment_release(struct segment *segment)
{
    if (segment == NULL || atomic_fetch_sub_explicit(&segment->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (unsigned i = 0; i < COMPONENT_COUNT; i++) {
        component_extents_release(&segment->stored[i]);
    }
    segment_kept_free(&segment->kept);
    for (unsigned i = 0; i < LIMIT_FIELDS; i++) {
        mem_free(atomic_load_explicit(&segment->runs[i].kept.block, memory_order_relaxed));
    }
    for (unsigned i = 0; i < SEGMENT_MARKS; i++) {
        mem_free(atomic_load_explicit(&segment->marks.blocks[i], memory_order_relaxed));
    }
    mem_free(segment);
}

void segment_kept_free(struct segment_kept *kept)
{
    struct segment_kept_head *head = atomic_load_explicit(&kept->block, memory_order_relaxed);
    if (head != NULL) {
        head->free(head);
    }
}

static void *keep(_Atomic(void *) *place, struct segment_kept *counted, void *block, size_t bytes)
{
    void *there = NULL;
    if (!atomic_compare_exchange_strong_explicit(place, &there, block, memory_order_acq_rel, memory_order_acquire)) {
        return there;
    }
    atomic_fetch_add_explicit(&counted->bytes, bytes, memory_order_relaxed);
    return block;
}

void *segment_keep(const struct segment_kept *kept, void *block, size_t bytes)
{
    struct segment_kept *own = (struct segment_kept *)(uintptr_t)kept;
    return keep(&own->block, own, block, bytes);
}

void *segment_keep_marks(const struct segment *segment, uint8_t number, void *block, size_t bytes)
{
    struct segment *own = (struct segment *)(uintptr_t)segment;
    return keep(&own->marks.blocks[number], &own->kept, block, bytes);
}

void *segment_begin_marks(const struct segment *segment, uint8_t number, size_t bytes, size_t page_bytes)
{
    void *there = atomic_load_explicit(&segment->marks.blocks[number], memory_order_acquire);
    if (there != NULL || atomic_load_explicit(&segment->keeps_no_more, memory_order_relaxed)) {
        return there;
    }
    uint32_t pages = segment->info.documents / COLUMN_PAGE_DOCUMENTS + 1;
    bytes += pages * page_bytes;
    struct segment_marks_head *head = mem_calloc(1, bytes);
    if (head == NULL) {
        return NULL;
    }
    head->pages = pages;
    there = segment_keep_marks(segment, number, head, bytes);
    if (there != head) {
        mem_free(head);
    }
    return there;
}

void segment_forget(const struct segment *segment)
{
    for (unsigned i = 0; i < COMPONENT_COUNT; i++) {
        const struct extent_view *view = &segment->views[i];
        for (uint32_t index = 0; index < view->extent_count; index++) {
            extent_view_forget(view, index);
        }
    }
}

bool segment_has_fault(const struct segment *segment, const struct extent_fault *fault, unsigned *component)
{
    for (unsigned i = 0; i < COMPONENT_COUNT; i++) {
        if (segment->stored[i].extents != NULL && segment->stored[i].extents == fault->extents) {
            *component = i;
            return true;
        }
    }
    return false;
}
