/*
 * terms_read.c - exact look-up through the hash table, and the cursor over the sorted order.
 *
 * Every byte comes through extent_view_at and is bounded before use; what does not fit is AISLE_CORRUPT. Whether the
 * parts agree with each other is left to terms_check.c.
 * Thread rule: readers are shared, cursors are not.
 */
#include "terms/terms.h"

#include "terms/terms_format.h"

#define SUFFIX_STEP 16 /* bytes of a suffix copied whatever its size; suffixes are rarely longer */

int terms_open(struct terms_reader *reader, const struct extent_view *terms, const struct extent_view *index)
{
    *reader = (struct terms_reader){.terms = terms, .index = index};
    if (index->size < TERMS_FOOTER_BYTES) {
        return AISLE_CORRUPT;
    }
    const uint8_t *footer = extent_view_at(index, index->size - TERMS_FOOTER_BYTES, TERMS_FOOTER_BYTES);
    if (footer == NULL || load_u32(footer + 44) != TERMS_MAGIC) {
        return AISLE_CORRUPT;
    }
    if (load_u32(footer + 40) != TERMS_VERSION) {
        return load_u32(footer + 40) > TERMS_VERSION ? AISLE_NEWER_FORMAT : AISLE_CORRUPT;
    }
    uint64_t count = load_u64(footer);
    if (count > LIMIT_SEGMENT_TERMS || load_u64(footer + 8) != terms->size ||
        load_u32(footer + 32) != terms_lines_of(count) || load_u32(footer + 36) != 0) {
        return AISLE_CORRUPT;
    }
    /* Offsets need no check: extent_view_at refuses what lies outside, and overflow wraps to somewhere it checks. */
    reader->directory_offset = load_u64(footer + 16);
    reader->sample_offset = load_u64(footer + 24);
    reader->line_count = terms_lines_of(count);
    reader->block_count = terms_blocks_of(count);
    reader->number_bits = terms_number_bits_of(count);
    reader->count = count;
    return 0;
}

static uint32_t terms_in_block(const struct terms_reader *reader, uint32_t block)
{
    uint64_t left = reader->count - (uint64_t)block * TERMS_BLOCK_TERMS;
    return left < TERMS_BLOCK_TERMS ? (uint32_t)left : TERMS_BLOCK_TERMS;
}

/* block must be below block_count. */
static int load_block(const struct terms_reader *reader, uint32_t block, struct bytes *out)
{
    const uint8_t *word =
        extent_view_at(reader->index, reader->directory_offset + (uint64_t)block * sizeof(uint64_t), sizeof(uint64_t));
    if (word == NULL) {
        return AISLE_CORRUPT;
    }
    uint64_t place = load_u64(word);
    size_t size = (size_t)(place & ((1u << TERMS_DIRECTORY_SHIFT) - 1));
    *out = bytes_of(extent_view_at(reader->terms, place >> TERMS_DIRECTORY_SHIFT, size), size);
    if (out->data == NULL) {
        return AISLE_CORRUPT;
    }
    __builtin_prefetch(out->data + size / 2); /* most blocks take three or four cache lines */
    __builtin_prefetch(out->data + size - 1);
    return 0;
}

/*
 * Compares term with the rank-th entry of a block: builds the terms up to it, 16 bytes of suffix at a time, which
 * leaves no branch to mispredict but the loop's. Value is filled when they are equal; AISLE_END when they are not.
 */
static int match_in_block(struct bytes block, uint32_t rank, struct bytes term, struct bytes *value)
{
    uint8_t built[LIMIT_TERM_BYTES + SUFFIX_STEP];
    const uint8_t *next = block.data;
    const uint8_t *end = block.data + block.size;
    struct terms_entry entry = {0};
    size_t built_size = 0;
    for (uint32_t i = 0; i <= rank; i++) {
        next = terms_entry_decode(next, end, &entry);
        if (next == NULL || entry.shared > built_size) {
            return AISLE_CORRUPT;
        }
        if (entry.suffix.size <= SUFFIX_STEP && end - entry.suffix.data >= SUFFIX_STEP) {
            memcpy(built + entry.shared, entry.suffix.data, SUFFIX_STEP);
        } else {
            memcpy(built + entry.shared, entry.suffix.data, entry.suffix.size);
        }
        built_size = entry.shared + entry.suffix.size;
    }
    if (!bytes_equal(bytes_of(built, built_size), term)) {
        return AISLE_END;
    }
    *value = entry.value;
    return 0;
}

/* The slots of a line that a fingerprint is in, and the free ones, a bit each: all are looked at at once. */
struct line_slots {
    uint32_t equal;
    uint32_t free;
};

static inline struct line_slots look_in_line(const struct terms_reader *reader, const uint8_t *slots,
                                             uint32_t fingerprint)
{
    struct line_slots found = {0, 0};
    for (uint32_t i = 0; i < TERMS_LINE_SLOTS; i++) {
        uint32_t slot = load_u32(slots + i * sizeof(uint32_t));
        found.equal |= (uint32_t)(slot >> reader->number_bits == fingerprint) << i;
        found.free |= (uint32_t)(slot == 0) << i;
    }
    return found;
}

static uint32_t number_in_slot(const struct terms_reader *reader, const uint8_t *slots, uint32_t bits,
                               uint32_t fingerprint)
{
    const uint8_t *slot = slots + (size_t)__builtin_ctz(bits) * sizeof(uint32_t);
    return load_u32(slot) - (fingerprint << reader->number_bits);
}

/* The number of the first term of a line whose fingerprint this is. */
static uint32_t find_in_line(const struct terms_reader *reader, const uint8_t *slots, uint32_t fingerprint)
{
    struct line_slots found = look_in_line(reader, slots, fingerprint);
    uint32_t number = found.equal == 0 ? UINT32_MAX : number_in_slot(reader, slots, found.equal, fingerprint);
    return number < reader->count ? number : TERMS_PLACE_UNKNOWN;
}

/* Where the directory has the block of a term, unverified; NULL: nowhere. */
static const uint8_t *directory_ahead(const struct terms_reader *reader, uint32_t number)
{
    uint64_t block = number / TERMS_BLOCK_TERMS;
    return extent_view_ahead(reader->index, reader->directory_offset + block * sizeof(uint64_t), sizeof(uint64_t));
}

static void ask_for_block(const struct terms_reader *reader, uint32_t number)
{
    const uint8_t *word = directory_ahead(reader, number);
    uint64_t place = word == NULL ? UINT64_MAX : load_u64(word);
    const uint8_t *block = extent_view_ahead(reader->terms, place >> TERMS_DIRECTORY_SHIFT, 1);
    if (block != NULL) { /* up to where the term ends, if all are as long */
        size_t size = (size_t)place & ((1u << TERMS_DIRECTORY_SHIFT) - 1);
        size_t end = size * (number % TERMS_BLOCK_TERMS + 1) / TERMS_BLOCK_TERMS;
        for (size_t byte = 0; byte < end + TERMS_LINE_BYTES; byte += TERMS_LINE_BYTES) {
            __builtin_prefetch(block + byte);
        }
    }
}

struct terms_place terms_place_of(struct bytes term)
{
    return (struct terms_place){.hash = terms_hash(term), .number = TERMS_PLACE_UNKNOWN};
}

void terms_ahead(const struct terms_reader *reader, enum terms_ahead step, struct terms_place *place)
{
    if (reader->count == 0 || (step == TERMS_AHEAD_BLOCK && place->number == TERMS_PLACE_UNKNOWN)) {
        return;
    }
    if (step == TERMS_AHEAD_BLOCK) {
        ask_for_block(reader, place->number);
        return;
    }
    uint64_t offset = terms_line_offset(terms_line_of(place->hash, reader->line_count));
    const uint8_t *line = extent_view_ahead(reader->index, offset, TERMS_LINE_BYTES);
    if (line != NULL && step == TERMS_AHEAD_PLACE) {
        place->number = find_in_line(reader, line, terms_fingerprint(place->hash, reader->number_bits));
        line = place->number == TERMS_PLACE_UNKNOWN ? NULL : directory_ahead(reader, place->number);
    }
    if (line != NULL) {
        __builtin_prefetch(line);
    }
}

int terms_find_at(const struct terms_reader *reader, struct bytes term, const struct terms_place *place,
                  struct bytes *value)
{
    struct bytes block;
    if (place->number < reader->count && load_block(reader, place->number / TERMS_BLOCK_TERMS, &block) == 0 &&
        match_in_block(block, place->number % TERMS_BLOCK_TERMS, term, value) == 0) {
        return 0;
    }
    return terms_find_hashed(reader, term, place->hash, value);
}

int terms_find(const struct terms_reader *reader, struct bytes term, struct bytes *value)
{
    return terms_find_hashed(reader, term, terms_hash(term), value);
}

int terms_find_hashed(const struct terms_reader *reader, struct bytes term, uint32_t hash, struct bytes *value)
{
    *value = bytes_of(NULL, 0);
    if (term.size == 0 || term.size > LIMIT_TERM_BYTES || reader->count == 0) {
        return AISLE_END;
    }
    uint32_t fingerprint = terms_fingerprint(hash, reader->number_bits);
    uint32_t line = terms_line_of(hash, reader->line_count);
    for (uint32_t n = 0; n < reader->line_count; n++) {
        const uint8_t *slots = extent_view_at(reader->index, terms_line_offset(line), TERMS_LINE_BYTES);
        if (slots == NULL) {
            return AISLE_CORRUPT;
        }
        struct line_slots found = look_in_line(reader, slots, fingerprint);
        for (; found.equal != 0; found.equal &= found.equal - 1) {
            uint32_t number = number_in_slot(reader, slots, found.equal, fingerprint);
            struct bytes block;
            if (number >= reader->count || load_block(reader, number / TERMS_BLOCK_TERMS, &block) != 0) {
                return AISLE_CORRUPT;
            }
            int status = match_in_block(block, number % TERMS_BLOCK_TERMS, term, value);
            if (status != AISLE_END) {
                return status;
            }
        }
        if (found.free != 0) {
            return AISLE_END;
        }
        line = line + 1 == reader->line_count ? 0 : line + 1;
    }
    return AISLE_END;
}

/*
 * The number of samples below key, or with inclusive also those equal to it: a binary search in the sample array.
 * Samples are cut, so equal ones decide nothing.
 */
static int rank_of_sample(const struct terms_reader *reader, const uint8_t *key, bool inclusive, uint32_t *rank)
{
    uint32_t low = 0;
    uint32_t high = terms_samples_of(reader->block_count);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const uint8_t *sample = extent_view_at(
            reader->index, reader->sample_offset + (uint64_t)middle * TERMS_SAMPLE_BYTES, TERMS_SAMPLE_BYTES);
        if (sample == NULL) {
            return AISLE_CORRUPT;
        }
        int order = memcmp(sample, key, TERMS_SAMPLE_BYTES);
        if (order < 0 || (inclusive && order == 0)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *rank = low;
    return 0;
}

/* The last block whose first term is not above lowest; block 0 when there is none. */
static int seek_block(const struct terms_reader *reader, struct bytes lowest, uint32_t *found)
{
    uint8_t key[TERMS_SAMPLE_BYTES];
    uint32_t below = 0;
    uint32_t not_above = 0;
    terms_sample(lowest, key);
    if (rank_of_sample(reader, key, false, &below) != 0 || rank_of_sample(reader, key, true, &not_above) != 0) {
        return AISLE_CORRUPT;
    }
    uint32_t low = below == 0 ? 0 : (below - 1) * TERMS_SAMPLE_BLOCKS;
    uint64_t bound = (uint64_t)not_above * TERMS_SAMPLE_BLOCKS;
    uint32_t high = bound < reader->block_count ? (uint32_t)bound : reader->block_count;
    uint32_t first = low;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct bytes block;
        struct terms_entry entry;
        if (load_block(reader, middle, &block) != 0 ||
            terms_entry_decode(block.data, block.data + block.size, &entry) == NULL || entry.shared != 0) {
            return AISLE_CORRUPT;
        }
        if (bytes_compare(entry.suffix, lowest) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *found = low > first ? low - 1 : first;
    return 0;
}

static int stop(struct terms_cursor *cursor, int status)
{
    cursor->status = status;
    cursor->term = bytes_of(NULL, 0);
    cursor->value = bytes_of(NULL, 0);
    return status;
}

int terms_cursor_seek(struct terms_cursor *cursor, const struct terms_reader *reader, struct bytes lowest)
{
    cursor->reader = reader;
    cursor->next = NULL;
    cursor->end = NULL;
    cursor->left = 0;
    (void)stop(cursor, 0);
    if (reader->count == 0) {
        return stop(cursor, AISLE_END);
    }
    if (seek_block(reader, lowest, &cursor->next_block) != 0) {
        return stop(cursor, AISLE_CORRUPT);
    }
    int status = terms_cursor_next(cursor);
    while (status == 0 && bytes_compare(cursor->term, lowest) < 0) {
        status = terms_cursor_next(cursor);
    }
    return status;
}

int terms_cursor_next(struct terms_cursor *cursor)
{
    if (cursor->status != 0) {
        return cursor->status;
    }
    size_t previous_size = cursor->term.size;
    if (cursor->left == 0) {
        struct bytes block;
        if (cursor->next != cursor->end) {
            return stop(cursor, AISLE_CORRUPT);
        }
        if (cursor->next_block >= cursor->reader->block_count) {
            return stop(cursor, AISLE_END);
        }
        if (load_block(cursor->reader, cursor->next_block, &block) != 0) {
            return stop(cursor, AISLE_CORRUPT);
        }
        cursor->next = block.data;
        cursor->end = block.data + block.size;
        cursor->left = terms_in_block(cursor->reader, cursor->next_block);
        cursor->next_block++;
        previous_size = 0; /* so that the first entry may share nothing */
    }
    struct terms_entry entry;
    const uint8_t *next = terms_entry_decode(cursor->next, cursor->end, &entry);
    if (next == NULL || entry.shared > previous_size) {
        return stop(cursor, AISLE_CORRUPT);
    }
    memcpy(cursor->buffer + entry.shared, entry.suffix.data, entry.suffix.size);
    cursor->term = bytes_of(cursor->buffer, entry.shared + entry.suffix.size);
    cursor->value = entry.value;
    cursor->next = next;
    cursor->left--;
    return 0;
}
