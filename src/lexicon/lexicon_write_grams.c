/*
 * lexicon_write_grams.c - lists of the codes that contain three bytes, some grams at a time, from a pass for each.
 */
#include "lexicon/lexicon_write.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/radix.h"

#define GRAM_SPACE (1u << 24)
#define RANGE_SHIFT 12u /* passes begin and end at multiples of 2^12 */
#define RANGES (GRAM_SPACE >> RANGE_SHIFT)

struct grams {
    struct lexicon_writer *writer;
    uint64_t counts[RANGES]; /* places of grams of each range in all codes */
    struct radix_entry *entries; /* owned: gram and code */
    struct radix_entry *scratch; /* owned */
    size_t capacity;
    size_t count;
    uint64_t lists_begin;
    struct buf table; /* rows of grams */
};

/* Counts grams or, from a range first on and before end, keeps them. */
static int pass(struct grams *grams, uint32_t first, uint32_t end)
{
    struct lexicon_merge *merge = &grams->writer->merge;
    struct bytes word;
    uint32_t class;
    int status = lexicon_merge_begin(merge, false);
    for (uint32_t number = 0; status == 0; number++) {
        status = lexicon_merge_next(merge, &word, &class);
        if (status == 0 && class / LEXICON_LENGTHS != LEXICON_CODES) {
            break;
        }
        for (size_t i = 0; status == 0 && word.size >= LEXICON_CODE_MIN && i + 1 < word.size; i++) {
            uint32_t gram = lexicon_gram(word, i);
            uint32_t range = gram >> RANGE_SHIFT;
            if (first == end) {
                grams->counts[range]++;
            } else if (range >= first && range < end && grams->count < grams->capacity) {
                grams->entries[grams->count++] = (struct radix_entry){.key = gram, .value = number};
            }
        }
    }
    return status == AISLE_END ? 0 : status;
}

/* Writes the list that the entries from the first on make, and returns how many they are. */
static size_t write_list(struct grams *grams, size_t first)
{
    uint64_t gram = grams->entries[first].key;
    uint64_t offset = grams->writer->out->payload - grams->lists_begin;
    uint32_t codes = 0;
    uint32_t before = 0;
    size_t i = first;
    for (; i < grams->count && grams->entries[i].key == gram; i++) {
        uint8_t bytes[VARINT_BYTES_MAX];
        uint32_t number = grams->entries[i].value;
        if (i == first || number != before) { /* a code may have the same gram twice */
            extent_writer_put(grams->writer->out, bytes, varint_store(bytes, number - before));
            before = number;
            codes++;
        }
    }
    buf_put_u32(&grams->table, (uint32_t)gram);
    buf_put_u32(&grams->table, codes);
    buf_put_u64(&grams->table, offset);
    grams->writer->footer.gram_count++;
    return i - first;
}

static int make_room(struct grams *grams, size_t count)
{
    if (count > grams->capacity) {
        mem_free(grams->entries);
        mem_free(grams->scratch);
        grams->entries = mem_alloc(count * sizeof *grams->entries);
        grams->scratch = mem_alloc(count * sizeof *grams->scratch);
        grams->capacity = count;
    }
    grams->count = 0;
    return grams->capacity != 0 && (grams->entries == NULL || grams->scratch == NULL) ? AISLE_NO_MEMORY : 0;
}

static int write_lists(struct grams *grams)
{
    int status = grams->writer->out->status;
    for (uint32_t first = 0; first < RANGES && status == 0;) {
        size_t most = grams->writer->memory_bytes / (2 * sizeof *grams->entries);
        size_t count = grams->counts[first];
        uint32_t end = first + 1;
        while (end < RANGES && count + grams->counts[end] <= most) {
            count += grams->counts[end++];
        }
        status = make_room(grams, count);
        if (status == 0 && count != 0) {
            status = pass(grams, first, end);
            radix_sort(grams->entries, grams->scratch, grams->count);
        }
        for (size_t i = 0; i < grams->count && status == 0;) {
            i += write_list(grams, i);
            status = buf_status(&grams->table) != 0 ? buf_status(&grams->table) : grams->writer->out->status;
        }
        first = end;
    }
    return status;
}

int lexicon_write_grams(struct lexicon_writer *writer)
{
    struct grams *grams = mem_calloc(1, sizeof *grams);
    if (grams == NULL) {
        return AISLE_NO_MEMORY;
    }
    grams->writer = writer;
    buf_init(&grams->table, (size_t)GRAM_SPACE * LEXICON_GRAM_BYTES);
    writer->footer.lists_offset = grams->lists_begin = lexicon_section(writer);
    int status = pass(grams, 0, 0);
    if (status == 0) {
        status = write_lists(grams);
    }
    if (status == 0) {
        writer->footer.lists_bytes = writer->out->payload - grams->lists_begin;
        writer->footer.grams_offset = lexicon_section(writer);
        extent_writer_put(writer->out, grams->table.data, grams->table.size);
        status = writer->out->status;
    }
    buf_release(&grams->table);
    mem_free(grams->entries);
    mem_free(grams->scratch);
    mem_free(grams);
    return status;
}
