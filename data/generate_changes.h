/*
 * generate_changes.h - a stream of changes for the sample catalog, in Aisle's own format.
 *
 * The stream belongs to a catalog of the first `items` products of a seed: what it changes is there. Of a hundred
 * changes 80 set the price, the stock or the sales of a product, 15 edit its text, 3 bring a product that was not there
 * (numbered from items on), 2 delete one. Few products change often, as bestsellers do, and changes come in bursts: a
 * price campaign changes a row of products within milliseconds. Each change tells its sequence, its number in the
 * stream, and its time. A product that was deleted may be brought back by a later change, and is never patched before.
 *
 * Change i depends on all before it (what has been deleted), so a stream is made from its start; what it made stays in
 * memory, a bit a product. Thread rule: one struct generate_changes, one thread at a time.
 */
#ifndef AISLE_DATA_GENERATE_CHANGES_H
#define AISLE_DATA_GENERATE_CHANGES_H

#include "data/generate.h"

#define GENERATE_CHANGE_BYTES (GENERATE_LINE_BYTES + 256u) /* room for one change's line, newline included */

struct generate_changes;

/*
 * Begins a stream of at most count changes. start_ms: the time of the first, in ms since 1970. AISLE_NO_MEMORY;
 * AISLE_LIMIT when items and what comes anew pass GENERATE_ITEMS_MAX. The generator is borrowed.
 */
must_check int generate_changes_new(const struct generate *generate, uint64_t seed, uint64_t items, uint64_t count,
                                    int64_t start_ms, struct generate_changes **out);

/* From here on prices, stock and sales alone change: what needs no text to be indexed. */
void generate_changes_columns_only(struct generate_changes *changes);

/* The next change happens now, and those behind it from then on. */
void generate_changes_at(struct generate_changes *changes, int64_t time_ms);

/* Frees; NULL is allowed. */
void generate_changes_free(struct generate_changes *changes);

/* Writes the next change with its newline to line, which has room for GENERATE_CHANGE_BYTES; its bytes. */
size_t generate_change(struct generate_changes *changes, char *line);

#endif
