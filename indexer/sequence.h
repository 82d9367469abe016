/*
 * sequence.h - the order of a stream of changes: what repeats, what is missing.
 *
 * A sequence is a text of numbers in any base up to 36, with anything else between them: "17", "16B3748/0",
 * "mysql-bin.000003/4711/0". Two of one stream are compared number by number; leading zeros and case do not count.
 * A stream is ordered: whatever is not above the greatest sequence seen is a repeat, as at-least-once delivery makes
 * them, in whatever order they come. So no tombstones are needed: the greatest sequence never forgets.
 *
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEXER_SEQUENCE_H
#define AISLE_INDEXER_SEQUENCE_H

#include "base/bytes.h"

#define SEQUENCE_BYTES 63u

/* Order of a and b: negative, 0, positive. */
int sequence_compare(const char *a, const char *b);

/* One stream's state. All zero: nothing seen. */
struct sequence {
    char high[SEQUENCE_BYTES + 1]; /* the greatest seen; empty: none */
    char base[SEQUENCE_BYTES + 1]; /* of the transaction under way: what its changes are numbered behind */
    uint64_t ordinal;              /* of its next change */
    uint64_t repeats;              /* that were told */
    uint64_t steps;                /* from one whole number to the next */
    uint64_t jumps;                /* steps of more than one */
    uint64_t missing;              /* numbers that jumps passed over */
};

/* Whether this change is new. It becomes the greatest. An empty one is new and changes nothing. */
bool sequence_take(struct sequence *sequence, const char *seq);

/* Whether the stream has come further than seq, which is not its own. False when either is not known. */
bool sequence_has_passed(const struct sequence *sequence, const char *seq);

/* Goes on behind seq, which a commit kept: it is the greatest, and its transaction is under way. */
void sequence_resume(struct sequence *sequence, const char *seq);

/* Begins a transaction, whose changes are numbered behind base; empty: they have no sequence. */
void sequence_begin(struct sequence *sequence, struct bytes base);

/* The last that the moment of base could have; empty when base is. */
void sequence_end_of(struct bytes base, char out[SEQUENCE_BYTES + 1]);

/* The next change's sequence in the transaction under way; empty when that has none. */
void sequence_next(struct sequence *sequence, char out[SEQUENCE_BYTES + 1]);

/*
 * Numbers that are missing in a stream of whole numbers which are dense otherwise (of a hundred steps at most one is a
 * jump); 0 for all other streams, since their gaps mean nothing.
 */
uint64_t sequence_gaps(const struct sequence *sequence);

#endif
