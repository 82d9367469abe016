/*
 * dictionary.h - the zstd dictionaries of a shard: numbered from 1, never changed, loaded by number.
 */
#ifndef AISLE_INDEX_DICTIONARY_H
#define AISLE_INDEX_DICTIONARY_H

#include "segment/segment.h"

/* The bytes of a dictionary, a view of the transaction; number 0 is the empty one. AISLE_CORRUPT when missing. */
must_check int dictionary_load(struct storage_txn *txn, uint32_t number, struct bytes *out);

#endif
