/*
 * shop.h - the catalog that the damage sweep damages, and the questions asked of it.
 *
 * Only include/aisle.h is used. The catalog has been lived in: several segments in each shard, replaced, patched and
 * deleted products, a dictionary, positions of two logs, free pages. Everything follows from the numbers below, so two
 * processes make the same one. Not a test by itself; damage.c is. Single-threaded.
 */
#ifndef AISLE_TESTS_CORRUPT_SHOP_H
#define AISLE_TESTS_CORRUPT_SHOP_H

#include "aisle.h"

#define SHOP_SHARDS 2u
#define SHOP_PRODUCTS 2600u /* each shard learns a dictionary from its first thousand */
#define SHOP_NEW 8u         /* put by shop_write, ids behind the others */
#define SHOP_SEARCHES 14u
#define SHOP_ANSWERS (1u + SHOP_SEARCHES + SHOP_PRODUCTS + SHOP_NEW)

/* What one question was answered with: a status, and a hash of everything that was returned. */
struct shop_answer {
    int status;
    uint64_t hash;
};

/* Makes the catalog at path and gives it its life. */
int shop_make(const char *path, aisle_error *error);

/* Puts SHOP_NEW products, replaces, patches and deletes others, and commits; 0 or where it failed. */
int shop_write(aisle *catalog, aisle_error *error);

/* Asks the number-th question; error says what failed. Numbers below SHOP_ANSWERS. */
struct shop_answer shop_ask(aisle *catalog, unsigned number, aisle_result **result, aisle_error *error);

/* "search 3 (wool OR lamp)" or "get P00012". */
const char *shop_question(unsigned number);

#endif
