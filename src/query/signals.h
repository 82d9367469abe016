/*
 * signals.h - what the documents of one segment get for their signals (rank/signal.h) and for boosts (query/boosts.h):
 * bounds, single ones, runs.
 *
 * Reads the columns as the query's snapshot has them: patched pages lie in the segment's state. Bounds come from the
 * pages' headers, so that no value is decoded for what a query passes over; a page that is looked into is kept open
 * for the next document of it, and leaves narrower bounds behind for this query and others (signals_kept.h).
 *
 * Thread rule: that of the query whose arena it lives in.
 */
#ifndef AISLE_QUERY_SIGNALS_H
#define AISLE_QUERY_SIGNALS_H

#include "query/boosts.h"
#include "query/query.h"
#include "query/signals_kept.h"

/* One column that rules read, and its page at hand. */
struct signals_column {
    const struct column_reader *reader;
    uint8_t field;
    size_t overlay; /* the state's overlays of this column */
    size_t overlay_end;
    struct bytes page;
    struct column_page_view view;
};

struct signals {
    const struct signal_rules *rules;   /* borrowed from the query; of none, when there are boosts only */
    struct boosts *boosts;              /* NULL: none */
    const struct segment_state *state;
    struct signals_kept *kept;         /* of pages as they were written; NULL: of no use for these rules */
    struct signals_kept *kept_patched; /* of patched pages */
    const uint64_t *patched;           /* a bit a page: a column of it is patched; NULL: none is */
    struct signals_column columns[SIGNALS_COLUMNS];
    uint32_t column_count;
    struct { /* by rule: into columns */
        uint8_t value;
        uint8_t count; /* the same as value for a rule that reads no count */
    } reads[LIMIT_SIGNALS];
    uint32_t documents;
    uint32_t page;       /* whose values the columns' views show; UINT32_MAX: none */
    int32_t max;         /* no document of the segment gets more, boosts included, as in all bounds below */
    int32_t *page_bound; /* in the arena; -1: not known yet */
    uint32_t pages_spared; /* pages that may still be read for what is kept alone */
    uint32_t superblocks_spared; /* likewise superblocks of lists */
    int status;          /* sticky: AISLE_CORRUPT when a page could not be read; parts are 0 then. See signals_status */
};

/* Opens the signals of a segment; *out: NULL when there are none and no boosts. AISLE_NO_MEMORY, AISLE_CORRUPT. */
must_check int signals_open(const struct query_context *context, uint32_t segment, struct signals **out);

/* No document from first to last gets more. Both lie in the segment. Cheap: wide ranges get the segment's bound. */
int32_t signals_bound(struct signals *signals, uint32_t first, uint32_t last);

/* Likewise of one document that is about to be asked for; the first of a page may cost as much as reading the page. */
int32_t signals_bound_near(struct signals *signals, uint32_t document);

/*
 * Keeps those of count documents, ascending, whose score and signals may reach least together, with their scores, in
 * front; returns how many. As costly as signals_bound_near.
 */
uint32_t signals_keep(struct signals *signals, uint32_t *documents, int32_t *scores, uint32_t count, int32_t least);

/*
 * Where the bounds of a page's documents are kept (signals_kept_document). NULL: they are not yet and this query may
 * not read more for that alone, or the page cannot be read.
 */
const struct signals_kept *signals_kept_page_of(struct signals *signals, uint32_t page);

/* What ended the reading of pages, of boosts, too; 0: nothing. */
int signals_status(const struct signals *signals);

/* What one document gets: the sum of its parts. */
int32_t signals_part(struct signals *signals, uint32_t document);

/* What a rule (a number below rules->count) reads of a document; *count is COLUMN_MISSING if it reads none. */
must_check int signals_values(struct signals *signals, uint32_t rule, uint32_t document, int64_t *value,
                              int64_t *count);

#endif
