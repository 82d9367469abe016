/*
 * signals_blocks.h - what a word and signals are worth together at most in one block of its posting list.
 *
 * A frequent word's block covers thousands of documents, one of which nearly always has the best of signals, another
 * the word in a short title, but seldom one both. So when all of a block is read, the largest sum of a document in it
 * is kept for the next queries, in two bytes, and that of a superblock once all of its blocks are known. They are kept
 * as the bounds of pages are (signals_kept.h), and hold as long: when commits have changed what the word is worth
 * since, they are raised by as much as any code's part has risen.
 *
 * Thread rule: as signals.h; what is kept is any thread's.
 */
#ifndef AISLE_QUERY_SIGNALS_BLOCKS_H
#define AISLE_QUERY_SIGNALS_BLOCKS_H

#include "postings/postings.h"
#include "query/signals.h"

/* Shorter lists are read too fast to be kept anything of. */
#define SIGNALS_BLOCKS_MIN 8u

/* What is kept of one list, and what it was priced by. */
struct signals_blocks_kept {
    _Atomic uint16_t *sums; /* in units, of blocks, then of superblocks; 0: not known. NULL: nothing is kept */
    int32_t unit;
    const int32_t *parts; /* of the 256 codes then */
    uint32_t rise;        /* the most that a part has risen since: SIGNALS_RISE_ONE is not at all */
};

#define SIGNALS_RISE_ONE (1u << 20)

struct signals_blocks {
    struct signals_blocks_kept written; /* of blocks whose documents lie in pages as they were written */
    struct signals_blocks_kept patched; /* of others; until the next commit */
    uint32_t count;                     /* of blocks */
};

/* A block or superblock, and the documents of it that are asked about. */
struct signals_block {
    uint32_t number;
    uint32_t first;
    uint32_t last;
};

/* Finds what is kept of the list of a leaf, or a place to keep it. */
void signals_blocks_open(const struct signals *signals, const struct query_context *context,
                         const struct query_node *leaf, const struct postings_list *list, struct signals_blocks *out);

static inline bool signals_blocks_are_kept(const struct signals_blocks *blocks)
{
    return blocks->written.sums != NULL || blocks->patched.sums != NULL;
}

/* The most that any of the documents gets for the word, signals and boosts together; INT32_MAX: not known. */
int32_t signals_blocks_bound(const struct signals *signals, const struct signals_blocks *blocks,
                             const struct signals_block *block);
int32_t signals_blocks_bound_wide(const struct signals *signals, const struct signals_blocks *blocks,
                                  const struct signals_block *superblock);

/*
 * Keeps the sum of a block, unless it is known: documents and codes are all of its postings. Does nothing where more
 * pages must be read for it than one query has to spare.
 */
void signals_blocks_fill(struct signals *signals, const struct signals_blocks *blocks, uint32_t number,
                         const uint32_t *documents, const uint8_t *codes, size_t count);

#endif
