/*
 * merge_private.h - the plan of a merge, shared by merge.c (documents), merge_values.c (values of keywords) and
 * merge_postings.c (lists).
 */
#ifndef AISLE_SEGMENT_MERGE_PRIVATE_H
#define AISLE_SEGMENT_MERGE_PRIVATE_H

#include "segment/segment_private.h"

#define MERGE_SOURCES_MAX LIMIT_SEGMENTS
#define MERGE_DROPPED SEGMENT_MERGE_DROPPED /* in a map: the document is dead */

struct merge_plan {
    uint32_t documents;    /* of the result */
    uint8_t *origin;       /* owned: the source of each new document */
    uint32_t **maps;       /* owned: for each source, the new number of each old document */
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

/* Merges the values and codes of a column, by its position in columns, which has a dictionary. */
must_check int merge_values(const struct merge_source *sources, size_t count, const struct merge_plan *plan,
                            uint8_t column, struct segment_writer *writer);

/* Merges dictionaries and posting lists into writer. */
must_check int merge_postings(const struct merge_source *sources, size_t count, struct merge_plan *plan,
                              struct segment_writer *writer);

#endif
