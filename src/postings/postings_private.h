/*
 * postings_private.h - what the files of the module share: parts of records, and the moves of a cursor.
 *
 * Thread rule: as postings.h.
 */
#ifndef AISLE_POSTINGS_POSTINGS_PRIVATE_H
#define AISLE_POSTINGS_POSTINGS_PRIVATE_H

#include "postings/block.h"
#include "postings/lanes.h"
#include "postings/postings.h"

/* Appends the record of a list whose postings all wait in the writer, at most a block of them; writes the block. */
void record_put_single(struct postings_writer *writer, struct buf *record);

/* Appends the record of a list of up to POSTINGS_TINY_MAX postings. */
void record_put_tiny(const uint32_t *documents, const uint8_t *codes, uint32_t count, struct buf *record);

/* Appends the record of a list with finished superblocks; upper: offset of its second level, if it has one. */
void record_put_skips(struct postings_writer *writer, uint64_t upper, struct buf *record);

/*
 * Moves the skip position to the block that holds the first posting at or behind target. False when the list has no
 * such block, or is damaged: then the cursor's status says so, and it has ended.
 */
bool skip_to(struct postings_cursor *cursor, uint32_t target);

/*
 * Asks the processor to fetch the block that holds the first posting at or behind target, when it is behind the skip
 * position in the same superblock: cheap, and harmless wherever it leads.
 */
void skip_prefetch(const struct postings_cursor *cursor, uint32_t target);

/* Likewise the list's first block, when its superblock is loaded. */
void skip_prefetch_first(const struct postings_cursor *cursor);

/* Moves the skip position to a block by number, which is in the list. False when the list is damaged, as above. */
bool skip_to_block(struct postings_cursor *cursor, uint32_t block);

/* Ends the cursor with AISLE_CORRUPT. */
void cursor_fail(struct postings_cursor *cursor);

/*
 * Makes the block at the skip position, which is behind the current one, the current block and stands on its first
 * document; bitsets stay undecoded. False at damage, as above.
 */
bool cursor_enter(struct postings_cursor *cursor);

/* Goes on to the block behind the current one; false at the end of the list or at damage. */
bool cursor_enter_next(struct postings_cursor *cursor);

/* Decodes the current block's documents if they are not, and finds the current one among them. False at damage. */
bool cursor_settle(struct postings_cursor *cursor);

/* Decodes the current block's codes if they are not. False at damage. */
bool cursor_load_codes(struct postings_cursor *cursor);

/*
 * The code of the current block's index-th posting, whose documents may be undecoded; decodes all codes when the block
 * is asked for many. False at damage.
 */
bool cursor_code_at(struct postings_cursor *cursor, uint32_t index, uint8_t *code);

/* The number of document, which is in the current block's bitset, in its block. False at damage. */
bool cursor_rank(struct postings_cursor *cursor, uint32_t document, uint32_t *index);

/* Reads the current block if only its first document is known so far. False at damage. */
bool cursor_load(struct postings_cursor *cursor);

/* Likewise, and makes the current document's index known, in a bitset by counting bits. False at the end, too. */
bool cursor_find_index(struct postings_cursor *cursor);

/* Documents [from, end) and, when bits are wanted, where they go: document from + i to bit i. */
struct window {
    uint32_t from;
    uint64_t end;
    uint64_t *bits;
};

/* ORs the bits of the current block, which is an undecoded bitset, from the current document on. */
void window_set_bits(const struct window *window, const struct postings_cursor *cursor);

/* ORs count of the decoded documents from the current one on, which are inside. */
void window_set_documents(const struct window *window, const struct postings_cursor *cursor, uint32_t count);

/* How many of the decoded documents, from the current one on, are inside. */
uint32_t window_count_documents(const struct window *window, const struct postings_cursor *cursor);

/* Moves behind the window or, when it reaches behind the current block, to the next block. */
void window_leave(const struct window *window, struct postings_cursor *cursor);

/* Moves to the first bit at or behind target of the current block, which is a bitset that ends at or behind target. */
void cursor_find_bit(struct postings_cursor *cursor, uint32_t target);

#endif
