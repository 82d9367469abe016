/*
 * filter_runs.h - where in a segment the values of a keyword or path field stand, as runs of neighbouring documents.
 *
 * Documents are sorted by class of length, category, brand and so on, so that equal keywords stand together: a brand of
 * a catalog of ten million is some thousands of short runs, in many of the pages that its column has. Comparing all
 * pages takes as long as reading them from memory; walking the runs does not touch the column.
 *
 * Keyword columns never change in a segment (a patch of a keyword indexes its product anew), so runs hold as long as
 * the segment. They are made from the column once filters have compared RUNS_PRICE times as many pages as it has, about
 * what making them costs, and kept with the segment. Fields of few values, whose runs are so many that comparing is as
 * fast, keep none, nor do fields of values that are nearly all different, for which they would take much memory.
 *
 * Memory: 5 bytes a run, of the heap, with the segment; none are made once catalogs keep half of cache_bytes.
 * Thread rule: any number of threads; one of them makes.
 */
#ifndef AISLE_QUERY_FILTER_RUNS_H
#define AISLE_QUERY_FILTER_RUNS_H

#include "base/arena.h"
#include "segment/segment.h"

#define FILTER_RUN_MAX 255u /* documents of a run; longer ones are several */

struct filter_runs {
    bool is_kept;      /* false: the field is not worth it */
    uint32_t values;
    uint32_t *first;   /* by ordinal, and one more: the number of its first run; behind the struct, as all arrays are */
    uint32_t *from;    /* the first document of each run, ascending for each ordinal */
    uint8_t *counts;   /* its documents */
};

/* The runs of a field, or NULL: none are kept, or not yet. */
const struct filter_runs *filter_runs_find(const struct segment *segment, uint8_t field);

/* Tells that a filter has compared so many pages of the field, and makes runs when that has become enough. */
void filter_runs_note(const struct segment *segment, uint8_t field, uint32_t pages);

/* Ordinals from least to greatest, or those of set alone. */
struct runs_wanted {
    int64_t least;
    int64_t greatest;
    const int64_t *set; /* NULL: all */
    uint32_t set_count;
};

/* A walk over the runs of some values, window by window. */
struct runs_walk;

/*
 * *out, in arena, is NULL when no runs are kept of the field, or the values have too many for walking to be faster than
 * comparing. AISLE_NO_MEMORY.
 */
must_check int runs_walk_open(const struct segment *segment, uint8_t field, const struct runs_wanted *wanted,
                              struct arena *arena, struct runs_walk **out);

/* Documents of all runs; those with several of the values count for each. */
uint64_t runs_walk_documents(const struct runs_walk *walk);

/* Sets the documents of [from, from + 4,096) that have one of the values in bits, over zeros. Any order of windows. */
void runs_walk_fill(struct runs_walk *walk, uint32_t from, uint64_t *bits);

/* The bits of the groups of 64 documents of the page that begins at from, 1,024 documents, that have one. */
uint32_t runs_walk_groups(struct runs_walk *walk, uint32_t from);

/* The first document from `from` on that has one of the values, or UINT32_MAX. */
uint32_t runs_walk_next(struct runs_walk *walk, uint32_t from);

#endif
