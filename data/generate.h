/*
 * generate.h - the sample catalog: any number of invented products, and what shoppers would type to find them.
 *
 * Product i depends on the seed and i alone, so any range can be made by itself, in any order, on any machine, and is
 * byte for byte the same. Products read like a shop's and grow like one: brands, names and model numbers keep
 * appearing at the rates measured on real product data, so an index built from them has realistic proportions. All
 * brands are invented.
 *
 * Does not write files: the caller gives the buffer. Thread rule: a struct generate is read-only once made and may
 * be used by any number of threads at once.
 */
#ifndef AISLE_DATA_GENERATE_H
#define AISLE_DATA_GENERATE_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

#define GENERATE_ITEMS_MAX UINT64_C(1000000000) /* so that an id has nine digits                */
#define GENERATE_LINE_BYTES 4096u               /* room for one product's line, newline included */
#define GENERATE_QUERY_BYTES 256u               /* room for one query's line, newline included   */

struct generate;

/* The generator of the catalog with this seed; the caller frees it. AISLE_NO_MEMORY. */
must_check int generate_new(uint64_t seed, struct generate **out);

/* Frees; NULL is allowed. */
void generate_free(struct generate *generate);

/*
 * Writes product number index (below GENERATE_ITEMS_MAX) as one JSON line with its newline to line, which has room
 * for GENERATE_LINE_BYTES, and returns its bytes.
 */
size_t generate_item(const struct generate *generate, uint64_t index, char *line);

/*
 * Writes query number index of a log for the catalog's first items products as one line with its newline to line,
 * which has room for GENERATE_QUERY_BYTES, and returns its bytes. Every query matches at least one of these products
 * by words of its title; few queries are asked often and many once. items is 1 to GENERATE_ITEMS_MAX.
 */
size_t generate_query(const struct generate *generate, uint64_t items, uint64_t index, char *line);

#endif
