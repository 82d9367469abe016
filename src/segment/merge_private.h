/*
 * merge_private.h - the plan of a merge, shared by merge.c (documents), merge_values.c (values of keywords) and
 * merge_postings.c (lists).
 */
#ifndef AISLE_SEGMENT_MERGE_PRIVATE_H
#define AISLE_SEGMENT_MERGE_PRIVATE_H

#include "segment/segment_private.h"

#define MERGE_SOURCES_MAX LIMIT_SEGMENTS
#define MERGE_DROPPED SEGMENT_MERGE_DROPPED /* in a map: the document is dead */
#define MERGE_SLICE (1u << 17) /* new documents whose postings of a list are merged at once */

struct merge_plan {
    uint32_t documents;    /* of the result */
    uint8_t *origin;       /* owned: the source of each new document */
    uint32_t **maps;       /* owned: for each source, the new number of each old document */
    uint32_t *ends;        /* owned: for each slice, for each source, the first old document behind the slice */
    uint8_t *length_codes; /* owned: of each new document, filled by merge_postings; NULL: no source has dead ones */
};

/* Visits (source, old document) in the order of new documents. */
struct merge_replay {
    const struct merge_source *sources;
    const struct merge_plan *plan;
    uint32_t done;
    uint32_t next[MERGE_SOURCES_MAX];
};

void merge_replay_init(struct merge_replay *replay, const struct merge_source *sources, const struct merge_plan *plan);
bool merge_replay_next(struct merge_replay *replay, size_t *source, uint32_t *document);

/* The values of a column, of documents that ascend in each source: the header of a page is read once. */
struct merge_column {
    const struct merge_source *sources;
    uint8_t field;
    struct merge_page {
        uint32_t number; /* UINT32_MAX: none yet */
        struct column_page_view view;
    } *pages; /* owned, one for each source */
};

/* Release it on failure, too. AISLE_NO_MEMORY. */
must_check int merge_column_init(struct merge_column *column, const struct merge_source *sources, size_t count,
                                 uint8_t field);
void merge_column_release(struct merge_column *column);

/* What the source's document has, patches included. AISLE_CORRUPT. */
must_check int merge_column_get(struct merge_column *column, size_t source, uint32_t document, int64_t *value);

/* Merges the values and codes of a column, by its position in columns, which has a dictionary. */
must_check int merge_values(const struct merge_source *sources, size_t count, const struct merge_plan *plan,
                            uint8_t column, struct segment_writer *writer);

/* Merges dictionaries and posting lists into writer. */
must_check int merge_postings(const struct merge_source *sources, size_t count, struct merge_plan *plan,
                              struct segment_writer *writer);

#endif
