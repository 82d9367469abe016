/*
 * position.h - how far each change log has been consumed, kept in the shard's meta table.
 *
 *   "log/" source = u64 identity, u64 offset, u64 recency, u8 seq size, seq
 *
 * Written by the transaction that publishes the effect of the records before it, so a position is never ahead of or
 * behind the index. A commit may move several: recency is twice its generation, and one more for the log that was
 * read last.
 */
#ifndef AISLE_INDEX_POSITION_H
#define AISLE_INDEX_POSITION_H

#include "storage/storage.h"

#define POSITION_SOURCE_BYTES 255u
#define POSITION_SEQ_BYTES 63u

struct log_position {
    char source[POSITION_SOURCE_BYTES + 1]; /* empty: none */
    char seq[POSITION_SEQ_BYTES + 1];
    uint64_t identity;
    uint64_t offset;
    uint64_t recency;
};

/* Checks and copies what a caller gave. AISLE_INVALID names what is wrong. */
must_check int position_take(const aisle_position *given, struct log_position *out, aisle_error *error);

/* A position from its stored form, trusting nothing. AISLE_CORRUPT. */
must_check int position_decode(struct bytes key, struct bytes value, struct log_position *out);

must_check int position_store(struct storage_txn *txn, const struct log_position *position);

/* The stored position of a source. AISLE_END when there is none; AISLE_CORRUPT. */
must_check int position_load(struct storage_txn *txn, const char *source, struct log_position *out);

/* The one of the highest recency. AISLE_END when there is none. */
must_check int position_latest(struct storage_txn *txn, struct log_position *out);

#endif
