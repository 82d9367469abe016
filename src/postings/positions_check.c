/*
 * positions_check.c - reading a whole list of positions with distrust.
 *
 * Thread rule: functions touch only what they are given.
 */
#include "postings/positions_private.h"

/* Reads the entries of the open block; *bad is the first that is none. */
static int check_entries(const struct positions_cursor *cursor, uint32_t *bad)
{
    const uint8_t *next = cursor->stored.data;
    uint32_t count = cursor->is_constant ? 1 : cursor->entries;
    for (*bad = 0; *bad < count; ++*bad) {
        if (positions_entry_check(&next, cursor->end) != 0) {
            return AISLE_CORRUPT;
        }
    }
    return next == cursor->end ? 0 : AISLE_CORRUPT;
}

int positions_check(const struct extent_view *stream, const struct positions_list *list, uint32_t count,
                    aisle_error *error)
{
    struct positions_cursor cursor;
    struct arena arena;
    int status = 0;
    arena_init(&arena, 4 * POSITIONS_BLOCK_BYTES_MAX);
    positions_cursor_init(&cursor, stream, &arena, list, count);
    for (uint32_t block = 0; status == 0 && (uint64_t)block * POSTINGS_BLOCK < count; block++) {
        uint32_t bad = 0;
        status = positions_cursor_open_block(&cursor, block);
        if (status == AISLE_CORRUPT) {
            status = error_set(error, status, "positions: block %u of %u entries cannot be opened", block, count);
        } else if (status != 0) {
            status = error_no_memory(error, "checking positions");
        } else if (check_entries(&cursor, &bad) != 0) {
            status = error_set(error, AISLE_CORRUPT, "positions: entry %u of %u is damaged",
                               block * POSTINGS_BLOCK + bad, count);
        }
    }
    arena_release(&arena);
    return status;
}
