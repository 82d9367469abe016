/*
 * random_sort.h - a random order of random products, its pages and groups, as text for the engine and by brute force
 * over the products' JSON.
 *
 * One query is under way at a time: what was drawn and the rows it gives are the module's. Comparisons print how the
 * engine's answer differs and return false.
 *
 * Thread rule: one thread.
 */
#ifndef ORACLE_RANDOM_SORT_H
#define ORACLE_RANDOM_SORT_H

#include "oracle/engine_fixture.h"
#include "oracle/random_filter.h"

struct random_sort_tally {
    uint64_t queries, pages, hits, groups;
};

/* Draws an order, perhaps of no parts, and writes it. */
void random_sort_draw(struct shop *shop, char *text, size_t size);

/* That of scores alone. */
void random_sort_draw_score(void);

/*
 * The rows of an answer by score without affinities that pass the filter (NULL: all), with what affinities under way
 * give them, in the order drawn; freed with release.
 */
void random_sort_fill(struct pair *pair, const struct random_filter *filter, const aisle_result *whole);
void random_sort_release(void);
size_t random_sort_rows(void);

/* Whether the result's hits are the rows from at on. */
bool random_sort_same_hits(const aisle_result *result, size_t at, size_t limit);

/* The engine's answer to query page by page, each behind the cursor of the one before. */
bool random_sort_same_pages(struct pair *pair, struct shop *shop, aisle_query *query, struct random_sort_tally *tally);

/* The engine's groups of query by a field that is drawn. */
bool random_sort_same_groups(struct pair *pair, struct shop *shop, aisle_query *query,
                             struct random_sort_tally *tally);

#endif
