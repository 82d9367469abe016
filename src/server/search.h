/*
 * search.h - the arguments of a search, as a query of aisle.h, and its answer.
 *
 * Thread rule: a pool thread's, with its worker.
 */
#ifndef AISLE_SERVER_SEARCH_H
#define AISLE_SERVER_SEARCH_H

#include "server/arguments.h"
#include "server/catalogs.h"

#define SEARCH_FACETS_MAX 64u

struct search {
    aisle_query query;           /* its strings live in the worker's arena */
    struct catalog *catalog;
    const struct bytes *returns; /* fields wanted of each product */
    uint32_t return_count;
    bool cuts;                   /* returns is to be followed */
    uint64_t deadline_ms;        /* 0: the server's */
    const char *facets[SEARCH_FACETS_MAX];
    aisle_typos typos;           /* the query's, when one of them is given: a search is not copied */
};

/*
 * Reads "catalog text [options]" into search. AISLE_INVALID with the argument and its place; AISLE_NOT_FOUND for the
 * catalog; AISLE_NO_MEMORY.
 */
must_check int search_parse(const struct catalog_set *set, struct arguments *arguments, struct arena *arena,
                            struct search *search, aisle_error *error);

/* Binds names and values, two by two; a name given several times is a list. The errors of search_parse. */
must_check int search_bind(const struct bytes *pairs, uint32_t count, struct arena *arena, aisle_query *query,
                           aisle_error *error);

/* Whether the request has not waited for longer than its deadline; answers when it has. */
bool search_in_time(struct call *call, uint64_t deadline_ms);

/*
 * Runs the search into the worker's result, for as long as its deadline has left and its client waits. The errors of
 * aisle_search. AISLE_END, and the call is given up: it would take the loop too long.
 */
must_check int search_run(struct call *call, struct search *search, aisle_error *error);

#endif
