/*
 * bench.h - what the files of aisle bench share: queries, read from a file or drawn from a catalog.
 *
 * A query has a kind, by which latencies are told apart. Texts and names of kinds live in memory of the struct.
 * Thread rule: made by one thread; then any number may read.
 */
#ifndef AISLE_CLI_BENCH_H
#define AISLE_CLI_BENCH_H

#include "aisle.h"

#include <stddef.h>
#include <stdint.h>

#define BENCH_KINDS_MAX 64u
#define BENCH_QUERIES_MAX (1u << 24)

struct bench_query {
    char *text;   /* as a shopper types it */
    char *filter; /* NULL: none; lives with text */
    uint32_t kind;
    uint32_t line; /* of the file, from 1 on; 0: drawn */
};

struct bench_queries {
    struct bench_query *list; /* owned */
    size_t count;
    size_t capacity;
    const char *kinds[BENCH_KINDS_MAX];
    uint32_t kind_count;
    char *file;   /* owned: a file's bytes, cut into texts; NULL when they were drawn */
    char **drawn; /* owned, with its texts: those that were drawn, count of them; NULL when they are a file's */
};

/* All zeros are none. Frees what is owned. */
void bench_queries_release(struct bench_queries *queries);

/*
 * Reads a file, or standard input for "-": a query a line, or a kind, a tab and a query, or these, a tab and a filter.
 * Returns an exit status, and has complained unless it is CLI_DONE.
 */
int bench_queries_read(struct bench_queries *queries, const char *path);

/*
 * Draws `each` queries of every kind from the words that stand together in the titles of products, or in all their
 * strings where they have no title, so that all have hits; filtered ones from two words and the price, where products
 * have one. The same catalog and seed give the same queries. Kinds are
 * mixed. Returns an exit status, and has complained unless it is CLI_DONE.
 */
int bench_queries_draw(struct bench_queries *queries, aisle *catalog, uint64_t each, uint64_t seed);

#endif
