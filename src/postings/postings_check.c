/*
 * postings_check.c - walking a whole list and holding its parts against one another.
 *
 * The cursor itself refuses what is out of order, out of bounds or of the wrong number inside a block; what is left to
 * look at here is whether every level dominates the one below, and whether the list holds what it announces.
 */
#include "postings/postings_private.h"

/* What the level above says of the superblock of the current block; of the list when there is no second level. */
static uint8_t dominant_above(const struct postings_cursor *cursor)
{
    uint32_t superblock = cursor->block / POSTINGS_SUPERBLOCK_BLOCKS;
    if (cursor->superblock_count > 1) { /* loading the superblock has loaded its chunk */
        return cursor->upper_dominants[superblock % POSTINGS_CHUNK_SUPERBLOCKS];
    }
    return cursor->list.dominant;
}

static int check_block(const struct postings_cursor *cursor, aisle_error *error)
{
    uint8_t above = dominant_above(cursor);
    if (!postings_is_dominated(cursor->block_dominant, above)) {
        return error_set(error, AISLE_CORRUPT, "posting list: bound %u of block %u is above %u of its superblock",
                         cursor->block_dominant, cursor->block, above);
    }
    if (!postings_is_dominated(above, cursor->list.dominant)) {
        return error_set(error, AISLE_CORRUPT,
                         "posting list: bound %u of the superblock of block %u is above %u of the list", above,
                         cursor->block, cursor->list.dominant);
    }
    return 0;
}

int postings_check(const struct postings_source *source, const struct postings_list *list, aisle_error *error)
{
    struct postings_cursor cursor;
    uint32_t found = 0;
    uint32_t block = UINT32_MAX;
    int status = postings_cursor_open(&cursor, source, list);
    if (status != 0) {
        return error_set(error, status, "posting list: its %u postings cannot be opened", list->count);
    }
    uint32_t document = postings_cursor_document(&cursor);
    while (document != POSTINGS_END && status == 0) {
        uint8_t code = postings_cursor_code(&cursor);
        if (cursor.document != document) {
            break;
        }
        if (cursor.block != block) {
            block = cursor.block;
            status = check_block(&cursor, error);
        }
        if (status == 0 && !postings_is_dominated(code, cursor.block_dominant)) {
            status = error_set(error, AISLE_CORRUPT,
                               "posting list: code %u of document %u is above bound %u of block %u", code, document,
                               cursor.block_dominant, block);
        }
        found++;
        document = postings_cursor_next(&cursor);
    }
    if (status == 0 && (postings_cursor_status(&cursor) != 0 ||
                        found != list->count)) { /* LCOV_EXCL_BR_LINE: cursors see to it, but a check asks again */
        status = error_set(error, AISLE_CORRUPT, "posting list: damaged behind posting %u of %u", found, list->count);
    }
    return status;
}
