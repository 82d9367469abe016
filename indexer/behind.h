/*
 * behind.h - whether one catalog has followed its change logs as far as another.
 *
 * Thread rule: any thread; the catalogs are only read.
 */
#ifndef AISLE_INDEXER_BEHIND_H
#define AISLE_INDEXER_BEHIND_H

#include "base/status.h"

/*
 * Compares the greatest sequences of all streams that both catalogs know. AISLE_END when catalog is behind other in one
 * of them, which error then names, or when it knows none and other does; 0 when in none, also when what they know has
 * nothing in common. Else as aisle_logs.
 */
must_check int indexer_is_behind(aisle *catalog, aisle *other, aisle_error *error);

#endif
