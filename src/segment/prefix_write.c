/*
 * prefix_write.c - writing the lists of what begins alike (prefixes.h) between those of the terms.
 *
 * A list is complete when the first term behind it comes: no other list is open then. Prefixes become complete longest
 * first, which is not the order of a dictionary, so that their values wait in memory, some 30 bytes each, and are
 * sorted in the end.
 */
#include "segment/prefixes.h"
#include "segment/segment_private.h"

#include "base/alloc.h"

#include <stdlib.h>

#define ENTRIES_BYTES_MAX ((size_t)UINT32_MAX)

struct prefix_writer {
    struct prefixes prefixes;
    struct postings_writer *postings; /* borrowed */
    struct buf entries; /* of the dictionary: u8 size of the key, u8 size of the value, both */
    struct buf order;   /* u32 for each: where it begins */
    uint32_t list_count;
};

/* Begins an entry of the dictionary; returns where it does. */
static size_t put_key(struct prefix_writer *writer, struct bytes mark, struct bytes key)
{
    struct buf *entries = &writer->entries;
    size_t start = entries->size;
    buf_put_u32(&writer->order, (uint32_t)start);
    buf_put_u8(entries, (uint8_t)(mark.size + key.size));
    buf_put_u8(entries, 0);
    buf_put(entries, mark.data, mark.size);
    buf_put(entries, key.data, key.size);
    return start;
}

static int entries_status(const struct prefix_writer *writer)
{
    int status = buf_status(&writer->entries);
    return status == 0 ? buf_status(&writer->order) : status;
}

static int take_word(void *context, struct bytes term)
{
    static const uint8_t mark[] = {PREFIX_WORD_MARK};
    struct prefix_writer *writer = context;
    (void)put_key(writer, bytes_of(mark, sizeof mark), term);
    return entries_status(writer);
}

static int begin_list(void *context, struct bytes prefix)
{
    struct prefix_writer *writer = context;
    (void)prefix;
    return postings_writer_begin(writer->postings);
}

static int add_postings(void *context, const uint32_t *documents, const uint8_t *codes, size_t count)
{
    struct prefix_writer *writer = context;
    return postings_writer_add(writer->postings, documents, codes, count);
}

/* How many documents have any of the terms. */
static void put_total(struct prefix_writer *writer, struct bytes prefix, uint64_t total)
{
    static const uint8_t mark[] = {PREFIX_TOTAL_MARK};
    struct buf *entries = &writer->entries;
    size_t start = put_key(writer, bytes_of(mark, sizeof mark), prefix);
    size_t value = entries->size;
    buf_put_varint(entries, total);
    if (entries_status(writer) == 0) {
        entries->data[start + 1] = (uint8_t)(entries->size - value);
    }
}

static int end_list(void *context, struct bytes prefix, uint64_t df_sum, uint64_t total)
{
    struct prefix_writer *writer = context;
    struct buf *entries = &writer->entries;
    size_t start = put_key(writer, bytes_of(NULL, 0), prefix);
    size_t value = entries->size;
    buf_put_varint(entries, df_sum);
    int status = postings_writer_end(writer->postings, entries);
    status = status == 0 ? entries_status(writer) : status;
    if (status == 0) {
        writer->list_count++;
        entries->data[start + 1] = (uint8_t)(entries->size - value);
    }
    if (status == 0 && total != 0) {
        put_total(writer, prefix, total);
        status = entries_status(writer);
    }
    return status;
}

int prefix_writer_new(struct postings_writer *postings, uint32_t documents, struct prefix_writer **out)
{
    struct prefix_writer *writer = mem_calloc(1, sizeof *writer);
    *out = writer;
    if (writer == NULL) {
        return AISLE_NO_MEMORY;
    }
    writer->postings = postings;
    buf_init(&writer->entries, ENTRIES_BYTES_MAX);
    buf_init(&writer->order, ENTRIES_BYTES_MAX);
    return prefixes_init(&writer->prefixes, documents,
                         &(struct prefixes_sink){.word = take_word,
                                                 .begin = begin_list,
                                                 .add = add_postings,
                                                 .end = end_list,
                                                 .context = writer});
}

void prefix_writer_free(struct prefix_writer *writer)
{
    if (writer != NULL) {
        prefixes_release(&writer->prefixes);
        buf_release(&writer->entries);
        buf_release(&writer->order);
        mem_free(writer);
    }
}

int prefix_writer_next(struct prefix_writer *writer, struct bytes term)
{
    return prefixes_next(&writer->prefixes, term);
}

void prefix_writer_add(struct prefix_writer *writer, const uint32_t *documents, const uint8_t *codes, size_t count)
{
    prefixes_add(&writer->prefixes, documents, codes, count);
}

static struct bytes prefix_at(const struct buf *entries, uint32_t offset)
{
    return bytes_of(entries->data + offset + 2, entries->data[offset]);
}

static int compare_prefixes(const void *a, const void *b, void *context)
{
    return bytes_compare(prefix_at(context, load_u32(a)), prefix_at(context, load_u32(b)));
}

int prefix_writer_finish(struct prefix_writer *writer, struct terms_writer *dictionary)
{
    int status = prefixes_finish(&writer->prefixes);
    /* Frequent terms are of no use without a list. */
    size_t count = writer->list_count == 0 ? 0 : writer->order.size / sizeof(uint32_t);
    if (status == 0 && count != 0) {
        qsort_r(writer->order.data, count, sizeof(uint32_t), compare_prefixes, &writer->entries);
    }
    for (size_t i = 0; i < count && status == 0; i++) {
        uint32_t offset = load_u32(writer->order.data + i * sizeof(uint32_t));
        struct bytes prefix = prefix_at(&writer->entries, offset);
        const uint8_t *value = prefix.data + prefix.size;
        status = terms_writer_add(dictionary, prefix, bytes_of(value, writer->entries.data[offset + 1]));
    }
    return status;
}
