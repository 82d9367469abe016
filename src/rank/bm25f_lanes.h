/*
 * bm25f_lanes.h - a table of parts (rank.h) made four codes at once; private to the module.
 *
 * Thread rule: pure functions.
 */
#ifndef AISLE_RANK_BM25F_LANES_H
#define AISLE_RANK_BM25F_LANES_H

#include "rank/rank.h"

#define RANK_CLASSES 8u
#define RANK_LENGTHS (RANK_LENGTH_MASK + 1)

/*
 * Fills the parts of all codes, top * wtf / (wtf + norm), rounded and capped, to the bit as bm25f.c does; *is_monotone:
 * whether no part is below that of the next length or above that of the next class. False, and nothing is done, where
 * the machine is not made for it.
 */
bool bm25f_lanes_fill(double top, const double wtf[RANK_CLASSES], const double norms[RANK_LENGTHS], int32_t part[256],
                      bool *is_monotone);

#endif
