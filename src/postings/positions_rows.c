/*
 * positions_rows.c - entries of many postings to rows of places, for comparing neighbours without branches.
 *
 * Where entries of a block are asked for together, its bytes are looked through once for where all of them end. The
 * kernels here are the plain ones; those of positions_rows_avx2.c are taken where the processor has them.
 *
 * Thread rule: as positions.h.
 */
#include "postings/positions_private.h"
#include "postings/positions_rows.h"

#include "base/bitset.h"
#include "postings/lanes.h"


/* Entries of one block that are asked for together: from how many on all are found, in blocks of so many bytes. */
#define TOGETHER_MIN 8u
#define TOGETHER_BYTES_MAX 4096u

/* ---- kernels ---- */

/* False: it is none for a row. A place stands where its number ends; four numbers of two bytes are below 2^15. */
static bool decode_row(const uint8_t *entry, uint16_t places[POSITIONS_ROW])
{
    uint32_t place = 0;
    bool is_first = true;
    for (uint32_t i = 0; i < POSITIONS_ROW; i++) {
        uint32_t number = entry[i] & (POSITIONS_ENTRY_END - 1);
        if (entry[i] >= POSITIONS_MORE) {
            if (i + 1 == POSITIONS_ROW || entry[i + 1] >= POSITIONS_MORE) {
                return false;
            }
            number = entry[i] & (POSITIONS_MORE - 1);
            i++;
            number |= (uint32_t)(entry[i] & (POSITIONS_ENTRY_END - 1)) << POSITIONS_MORE_BITS;
        }
        if (number == 0 && !is_first) {
            return false;
        }
        is_first = false;
        place += number;
        places[i] = (uint16_t)place;
        if ((entry[i] & POSITIONS_ENTRY_END) != 0) {
            return true;
        }
    }
    return false;
}

static void decode_plain(const uint8_t *const *entries, size_t count, struct positions_row *rows)
{
    for (size_t i = 0; i < count; i++) {
        memset(&rows[i], 0xff, sizeof rows[i]);
        if (!decode_row(entries[i], rows[i].places)) {
            memset(&rows[i], 0xff, sizeof rows[i]);
        }
    }
}

static bool has_before(const struct positions_row *row, uint16_t place, uint16_t step)
{
    bool has = false;
    for (uint32_t i = 0; i < POSITIONS_ROW; i++) {
        has = has || (row->places[i] != POSITIONS_NO_PLACE && row->places[i] + step == place);
    }
    return has && place != POSITIONS_NO_PLACE;
}

static void follow_plain(struct positions_row *places, const struct positions_row *next, size_t count, uint16_t step)
{
    for (size_t i = 0; i < count; i++) {
        struct positions_row before = places[i];
        for (uint32_t k = 0; k < POSITIONS_ROW; k++) {
            uint16_t place = next[i].places[k];
            places[i].places[k] = has_before(&before, place, step) ? place : POSITIONS_NO_PLACE;
        }
    }
}

const struct positions_rows_kernels positions_rows_plain = {decode_plain, follow_plain};

const struct positions_rows_kernels *positions_rows_kernels(void)
{
    const struct positions_rows_kernels *fast = positions_rows_avx2();
    return fast != NULL ? fast : &positions_rows_plain; /* LCOV_EXCL_BR_LINE: depends on the machine */
}

void positions_rows_follow(struct positions_row *places, const struct positions_row *next, size_t count, uint16_t step)
{
    positions_rows_kernels()->follow(places, next, count, step);
}

/* ---- a cursor's entries ---- */

/* Finds out where all entries of the open block end. AISLE_CORRUPT, AISLE_NO_MEMORY. */
static int find_ends(struct positions_cursor *cursor)
{
    uint64_t bits[TOGETHER_BYTES_MAX / 64];
    size_t words = bitset_words(cursor->stored.size);
    if (cursor->ends == NULL) {
        cursor->ends = arena_alloc(cursor->arena, (POSTINGS_BLOCK + POSTINGS_SLACK) * sizeof *cursor->ends);
    }
    if (cursor->ends == NULL) {
        return AISLE_NO_MEMORY;
    }
    positions_mark_ends(cursor->stored.data, cursor->stored.size, bits);
    uint32_t found = lanes_kernels()->expand((const uint8_t *)bits, (uint32_t)words, 1, cursor->entries, cursor->ends);
    if (found != cursor->entries) {
        cursor->block = UINT32_MAX;
        return AISLE_CORRUPT;
    }
    cursor->ends_block = cursor->block;
    return 0;
}

/* Where the entries of count ordinals of the open block begin. */
static int find_entries(struct positions_cursor *cursor, const uint32_t *ordinals, size_t count,
                        const uint8_t **entries)
{
    int status = 0;
    if (count >= TOGETHER_MIN && cursor->stored.size <= TOGETHER_BYTES_MAX && cursor->ends_block != cursor->block) {
        status = find_ends(cursor);
    }
    if (status == 0 && cursor->ends_block == cursor->block) {
        for (size_t i = 0; i < count; i++) {
            uint32_t index = ordinals[i] % POSTINGS_BLOCK;
            entries[i] = cursor->stored.data + (index == 0 ? 0 : cursor->ends[index - 1]);
        }
        return 0;
    }
    for (size_t i = 0; i < count && status == 0; i++) {
        struct bytes entry;
        status = positions_cursor_find(cursor, ordinals[i], &entry);
        entries[i] = entry.data;
    }
    return status;
}

/* The rows of count ordinals, a block of them at most, of the open block. */
static int take_rows(struct positions_cursor *cursor, const uint32_t *ordinals, size_t count,
                     struct positions_row *rows)
{
    const struct positions_rows_kernels *kernels = positions_rows_kernels();
    const uint8_t *entries[POSTINGS_BLOCK];
    uint8_t tail[2 * POSITIONS_ROW] = {0}; /* the last bytes of the block, and more that can be read */
    size_t tail_bytes = cursor->stored.size < POSITIONS_ROW ? cursor->stored.size : POSITIONS_ROW;
    const uint8_t *tail_start = cursor->end - tail_bytes;
    memcpy(tail, tail_start, tail_bytes);
    if (cursor->is_constant) {
        const uint8_t *entry = cursor->stored.size < POSITIONS_ROW ? tail : cursor->stored.data;
        kernels->decode(&entry, 1, rows);
        for (size_t i = 1; i < count; i++) {
            rows[i] = rows[0];
        }
        return 0;
    }
    int status = find_entries(cursor, ordinals, count, entries);
    for (size_t i = count; status == 0 && i-- > 0 && (size_t)(cursor->end - entries[i]) < POSITIONS_ROW;) {
        entries[i] = tail + (entries[i] - tail_start);
    }
    if (status == 0) {
        kernels->decode(entries, count, rows);
    }
    return status;
}

int positions_cursor_rows(struct positions_cursor *cursor, const uint32_t *ordinals, size_t count,
                          struct positions_row *rows)
{
    int status = 0;
    for (size_t i = 0; i < count && status == 0;) {
        uint32_t block = ordinals[i] / POSTINGS_BLOCK;
        size_t end = i + 1;
        if (ordinals[i] >= cursor->count) {
            memset(&rows[i++], 0xff, sizeof *rows);
            continue;
        }
        while (end < count && ordinals[end] / POSTINGS_BLOCK == block && ordinals[end] < cursor->count) {
            end++;
        }
        if (block != cursor->block) {
            status = positions_cursor_open_block(cursor, block);
        }
        if (status == 0) {
            status = take_rows(cursor, ordinals + i, end - i, rows + i);
        }
        i = end;
    }
    return status;
}
