/*
 * terms_write.c - builds a dictionary from terms in ascending order.
 *
 * Blocks go to TERMS as they fill. What INDEX needs is kept until the end: half a hash for each term, a directory word
 * for each block, a sample for each 16th; the hash table itself is built in terms_writer_finish, when the number of
 * terms is known. Emitting and finishing the streams is the caller's.
 * Thread rule: one thread.
 */
#include "terms/terms.h"

#include "base/alloc.h"
#include "terms/terms_format.h"

int terms_writer_init(struct terms_writer *writer, struct extent_writer *terms, struct extent_writer *index)
{
    *writer = (struct terms_writer){.terms = terms, .index = index};
    const uint32_t blocks = terms_blocks_of(LIMIT_SEGMENT_TERMS);
    buf_init(&writer->block, TERMS_BLOCK_BYTES_MAX);
    buf_init(&writer->hashes, (size_t)LIMIT_SEGMENT_TERMS * sizeof(uint32_t));
    buf_init(&writer->directory, (size_t)blocks * sizeof(uint64_t));
    buf_init(&writer->samples, (size_t)terms_samples_of(blocks) * TERMS_SAMPLE_BYTES);
    writer->status = terms->payload != 0 || index->payload != 0 ? AISLE_INVALID : 0;
    return writer->status;
}

void terms_writer_release(struct terms_writer *writer)
{
    buf_release(&writer->block);
    buf_release(&writer->hashes);
    buf_release(&writer->directory);
    buf_release(&writer->samples);
    writer->status = AISLE_INVALID;
}

static void flush_block(struct terms_writer *writer)
{
    size_t size = writer->block.size;
    uint64_t offset = extent_writer_put_whole(writer->terms, writer->block.data, size, 1);
    buf_put_u64(&writer->directory, offset << TERMS_DIRECTORY_SHIFT | size);
    buf_clear(&writer->block);
}

static int put_entry(struct terms_writer *writer, size_t shared, struct bytes suffix, struct bytes value)
{
    size_t shared_code = shared < TERMS_LENGTH_ESCAPE ? shared : TERMS_LENGTH_ESCAPE;
    size_t suffix_code = suffix.size < TERMS_LENGTH_ESCAPE ? suffix.size : TERMS_LENGTH_ESCAPE;
    size_t head_size = 2;
    head_size += shared_code == TERMS_LENGTH_ESCAPE;
    head_size += suffix_code == TERMS_LENGTH_ESCAPE;
    uint8_t *out = buf_extend(&writer->block, head_size + suffix.size + value.size);
    if (out == NULL) {
        return buf_status(&writer->block);
    }
    *out++ = (uint8_t)(shared_code << 4 | suffix_code);
    *out++ = (uint8_t)value.size;
    if (shared_code == TERMS_LENGTH_ESCAPE) {
        *out++ = (uint8_t)shared;
    }
    if (suffix_code == TERMS_LENGTH_ESCAPE) {
        *out++ = (uint8_t)suffix.size;
    }
    memcpy(out, suffix.data, suffix.size);
    if (value.size != 0) {
        memcpy(out + suffix.size, value.data, value.size);
    }
    return 0;
}

/* The first failure of anything the writer fills. */
static int gather_status(const struct terms_writer *writer)
{
    const int statuses[] = {
        buf_status(&writer->block),   buf_status(&writer->hashes), buf_status(&writer->directory),
        buf_status(&writer->samples), writer->terms->status,       writer->index->status,
    };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i] != 0) {
            return statuses[i];
        }
    }
    return 0;
}

/* Whether term is above previous, with which it shares so many bytes; there is none before the first. */
static bool is_above(const struct terms_writer *writer, struct bytes term, size_t shared)
{
    if (writer->count == 0 || shared == writer->previous_size) {
        return writer->count == 0 || term.size > shared;
    }
    return term.size > shared && term.data[shared] > writer->previous[shared];
}

/* The term begins a block: what is found without reading those before it. */
static int begin_block(struct terms_writer *writer, struct bytes term)
{
    if (writer->count != 0) {
        flush_block(writer);
    }
    if (writer->count % (TERMS_BLOCK_TERMS * TERMS_SAMPLE_BLOCKS) == 0) {
        uint8_t *sample = buf_extend(&writer->samples, TERMS_SAMPLE_BYTES);
        if (sample != NULL) {
            terms_sample(term, sample);
        }
    }
    return gather_status(writer);
}

int terms_writer_add_hashed(struct terms_writer *writer, struct bytes term, uint32_t hash, struct bytes value)
{
    if (writer->status != 0) {
        return writer->status;
    }
    size_t shared = bytes_shared(bytes_of(writer->previous, writer->previous_size), term);
    if (term.size == 0 || term.size > LIMIT_TERM_BYTES || value.size > LIMIT_TERM_VALUE_BYTES ||
        !is_above(writer, term, shared)) {
        writer->status = AISLE_INVALID;
        return writer->status;
    }
    if (writer->count == LIMIT_SEGMENT_TERMS) {
        writer->status = AISLE_LIMIT;
        return writer->status;
    }
    if (writer->count % TERMS_BLOCK_TERMS == 0) {
        shared = 0;
        writer->status = begin_block(writer, term);
    }
    if (writer->status == 0) {
        writer->status = put_entry(writer, shared, bytes_of(term.data + shared, term.size - shared), value);
    }
    buf_put_u32(&writer->hashes, hash);
    memcpy(writer->previous, term.data, term.size);
    writer->previous_size = term.size;
    writer->count++;
    writer->status = writer->status == 0 ? buf_status(&writer->hashes) : writer->status;
    return writer->status;
}

int terms_writer_add(struct terms_writer *writer, struct bytes term, struct bytes value)
{
    return terms_writer_add_hashed(writer, term, terms_hash(term), value);
}

/* The table is larger than caches: lines are asked for so many terms ahead. */
#define AHEAD_TERMS 16u

static void insert(uint32_t *table, uint32_t lines, uint32_t hash, uint32_t slot)
{
    for (uint32_t line = terms_line_of(hash, lines);; line = line + 1 == lines ? 0 : line + 1) {
        uint32_t *slots = table + (size_t)line * TERMS_LINE_SLOTS;
        for (uint32_t i = 0; i < TERMS_LINE_SLOTS; i++) {
            if (slots[i] == 0) {
                slots[i] = slot;
                return;
            }
        }
    }
}

static int put_table(struct terms_writer *writer, uint32_t lines)
{
    uint32_t *table = mem_calloc((size_t)lines * TERMS_LINE_SLOTS, sizeof *table);
    if (table == NULL) {
        return AISLE_NO_MEMORY;
    }
    uint32_t number_bits = terms_number_bits_of(writer->count);
    for (uint32_t i = 0; i < writer->count; i++) {
        uint32_t hash = load_u32(writer->hashes.data + (size_t)i * sizeof(uint32_t));
        if (i + AHEAD_TERMS < writer->count) {
            uint32_t ahead = load_u32(writer->hashes.data + (size_t)(i + AHEAD_TERMS) * sizeof(uint32_t));
            __builtin_prefetch(table + (size_t)terms_line_of(ahead, lines) * TERMS_LINE_SLOTS, 1);
        }
        /* A single term needs no bits for its number; all 32 are fingerprint then. */
        insert(table, lines, hash, terms_fingerprint(hash, number_bits) << number_bits | i);
    }
    static const uint8_t head[TERMS_LINE_HEAD] = {0};
    for (uint32_t line = 0; line < lines; line += TERMS_LINES_EXTENT) {
        uint32_t count = lines - line < TERMS_LINES_EXTENT ? lines - line : TERMS_LINES_EXTENT;
        extent_writer_put(writer->index, head, sizeof head);
        extent_writer_put(writer->index, table + (size_t)line * TERMS_LINE_SLOTS, count * TERMS_LINE_BYTES);
    }
    mem_free(table);
    return 0;
}

static void put_footer(struct terms_writer *writer, uint64_t directory_offset, uint64_t sample_offset)
{
    uint8_t footer[TERMS_FOOTER_BYTES] = {0};
    store_u64(footer, writer->count);
    store_u64(footer + 8, writer->terms->payload);
    store_u64(footer + 16, directory_offset);
    store_u64(footer + 24, sample_offset);
    store_u32(footer + 32, terms_lines_of(writer->count));
    store_u32(footer + 40, TERMS_VERSION);
    store_u32(footer + 44, TERMS_MAGIC);
    (void)extent_writer_put_whole(writer->index, footer, sizeof footer, 8);
}

int terms_writer_finish(struct terms_writer *writer)
{
    if (writer->status != 0) {
        return writer->status;
    }
    if (writer->block.size != 0) {
        flush_block(writer);
    }
    if (writer->count != 0) {
        writer->status = put_table(writer, terms_lines_of(writer->count));
    }
    uint64_t directory_offset = extent_writer_align(writer->index, sizeof(uint64_t), 16);
    extent_writer_put(writer->index, writer->directory.data, writer->directory.size);
    uint64_t sample_offset = extent_writer_align(writer->index, TERMS_SAMPLE_BYTES, 16);
    extent_writer_put(writer->index, writer->samples.data, writer->samples.size);
    put_footer(writer, directory_offset, sample_offset);
    int status = writer->status != 0 ? writer->status : gather_status(writer);
    writer->status = status != 0 ? status : AISLE_INVALID; /* a finished writer takes nothing more */
    return status;
}
