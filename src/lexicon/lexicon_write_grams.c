/*
 * lexicon_write_grams.c - lists of the codes that contain three bytes, some grams at a time, from a pass for each.
 *
 * Grams are divided into ranges by their first fourteen bits. A pass takes as many ranges as its memory holds places
 * of, and puts each place straight to those of its range, since it is known how many there are; a range is then sorted
 * by counting. Codes come in ascending order and stay in it.
 */
#include "lexicon/lexicon_write.h"

#include "base/alloc.h"
#include "base/buf.h"

#define GRAM_SPACE (1u << 24)
#define RANGE_SHIFT 10u /* passes begin and end at multiples of 2^10 */
#define RANGE_GRAMS (1u << RANGE_SHIFT)
#define RANGES (GRAM_SPACE >> RANGE_SHIFT)
#define WRITE_BYTES 4096u /* of a list, given to the stream at once */

/* Of a place of a gram on its way to its list: the code's number, and the gram in its range. */
#define PLACE_BYTES (sizeof(uint32_t) + sizeof(uint16_t))

static_assert(RANGE_GRAMS - 1 <= UINT16_MAX, "it has 16 bits");

struct grams {
    struct lexicon_writer *writer;
    uint64_t counts[RANGES];     /* places of grams of each range in all codes */
    uint64_t next[RANGES];       /* of the pass: where a range's next place goes */
    uint32_t starts[RANGE_GRAMS + 1]; /* of the range at hand: where the codes of each gram begin */
    uint32_t *place_codes;       /* owned: places of the pass, by range */
    uint16_t *place_grams;       /* owned: theirs, too */
    size_t place_capacity;
    uint32_t *codes;             /* owned: of one range, by gram */
    uint64_t lists_begin;
    struct buf table; /* rows of grams */
};

/* Counts grams by range or, of ranges from the first on and before the end, keeps their places. */
static int pass(struct grams *grams, uint32_t first, uint32_t end)
{
    struct lexicon_merge *merge = &grams->writer->merge;
    struct bytes word;
    uint32_t class;
    int status = lexicon_merge_begin(merge, LEXICON_CODED);
    for (uint32_t number = 0; status == 0 && (status = lexicon_merge_next(merge, &word, &class)) == 0; number++) {
        for (size_t i = 0; word.size >= LEXICON_CODE_MIN && i + 1 < word.size; i++) {
            uint32_t gram = lexicon_gram(word, i);
            uint32_t range = gram >> RANGE_SHIFT;
            if (first == end) {
                grams->counts[range]++;
            } else if (range - first < end - first && grams->next[range] < grams->place_capacity) {
                grams->place_codes[grams->next[range]] = number;
                grams->place_grams[grams->next[range]++] = (uint16_t)(gram & (RANGE_GRAMS - 1));
            }
        }
    }
    return status == AISLE_END ? 0 : status;
}

/* Writes ascending codes as a list, each once: a code may have the same gram twice. */
static void write_list(struct grams *grams, uint32_t gram, const uint32_t *codes, size_t count)
{
    struct extent_writer *out = grams->writer->out;
    uint8_t bytes[WRITE_BYTES];
    uint64_t offset = out->payload - grams->lists_begin;
    uint32_t listed = 0;
    uint32_t before = 0;
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        if (i != 0 && codes[i] == before) {
            continue;
        }
        size += varint_store(bytes + size, codes[i] - before);
        before = codes[i];
        listed++;
        if (size + VARINT_BYTES_MAX > sizeof bytes) {
            extent_writer_put(out, bytes, size);
            size = 0;
        }
    }
    extent_writer_put(out, bytes, size);
    buf_put_u32(&grams->table, gram);
    buf_put_u32(&grams->table, listed);
    buf_put_u64(&grams->table, offset);
    grams->writer->footer.gram_count++;
}

/* The lists of a range, whose places stand from the first on. */
static int write_range(struct grams *grams, uint32_t range, size_t first, size_t count)
{
    const uint32_t *codes = grams->place_codes + first;
    const uint16_t *own = grams->place_grams + first;
    uint32_t *starts = grams->starts;
    memset(starts, 0, sizeof grams->starts);
    for (size_t i = 0; i < count; i++) {
        starts[own[i] + 1]++;
    }
    for (uint32_t gram = 0; gram < RANGE_GRAMS; gram++) {
        starts[gram + 1] += starts[gram];
    }
    for (size_t i = 0; i < count; i++) {
        grams->codes[starts[own[i]]++] = codes[i];
    }
    /* Each start has moved to where the next gram's codes begin. */
    for (uint32_t gram = 0; gram < RANGE_GRAMS; gram++) {
        uint32_t start = gram == 0 ? 0 : starts[gram - 1];
        if (starts[gram] != start) {
            write_list(grams, range << RANGE_SHIFT | gram, grams->codes + start, starts[gram] - start);
        }
    }
    return buf_status(&grams->table) != 0 ? buf_status(&grams->table) : grams->writer->out->status;
}

/* For the largest range, and of all places as many as memory is left for, but those of any range. */
static int make_room(struct grams *grams)
{
    size_t memory = grams->writer->memory_bytes;
    uint64_t total = 0;
    uint64_t largest = 0;
    for (uint32_t range = 0; range < RANGES; range++) {
        total += grams->counts[range];
        largest = grams->counts[range] > largest ? grams->counts[range] : largest;
    }
    if (largest > UINT32_MAX) {
        return AISLE_LIMIT;
    }
    size_t codes_bytes = (size_t)largest * sizeof *grams->codes;
    size_t most = memory > codes_bytes ? (memory - codes_bytes) / PLACE_BYTES : 0;
    most = most < largest ? (size_t)largest : most;
    grams->place_capacity = most < total ? most : (size_t)total;
    grams->place_codes = mem_alloc(grams->place_capacity * sizeof *grams->place_codes);
    grams->place_grams = mem_alloc(grams->place_capacity * sizeof *grams->place_grams);
    grams->codes = mem_alloc(codes_bytes);
    return grams->place_codes == NULL || grams->place_grams == NULL || grams->codes == NULL ? AISLE_NO_MEMORY : 0;
}

/* The lists of the ranges from the first on and before the end, for which there is room. */
static int write_ranges(struct grams *grams, uint32_t first, uint32_t end)
{
    size_t place = 0;
    for (uint32_t range = first; range < end; range++) {
        grams->next[range] = place;
        place += grams->counts[range];
    }
    int status = place == 0 ? 0 : pass(grams, first, end);
    place = 0;
    for (uint32_t range = first; range < end && status == 0; range++) {
        size_t count = grams->counts[range];
        status = count == 0 ? 0 : write_range(grams, range, place, count);
        place += count;
    }
    return status;
}

static int write_lists(struct grams *grams)
{
    int status = make_room(grams);
    for (uint32_t first = 0; first < RANGES && status == 0;) {
        size_t count = grams->counts[first];
        uint32_t end = first + 1;
        while (end < RANGES && count + grams->counts[end] <= grams->place_capacity) {
            count += grams->counts[end++];
        }
        status = write_ranges(grams, first, end);
        first = end;
    }
    return status == 0 ? grams->writer->out->status : status;
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
    mem_free(grams->place_codes);
    mem_free(grams->place_grams);
    mem_free(grams->codes);
    mem_free(grams);
    return status;
}
