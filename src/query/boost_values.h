/*
 * boost_values.h - boosts for values of one keyword or path, all together: an affinity for each of some brands is one
 * look-up of a product's brand.
 *
 * Each boost keeps a range of ordinals of the segment (filter_is_range). What a document gets is the sum over those
 * that one of its values lies in, each once. A document of one value has it from a table by ordinal; bounds of groups
 * of documents come from the runs of values where such are kept (filter_runs.h), else from the groups that are known to
 * have them, or from the marks of the values that are there (value_marks.h).
 *
 * Thread rule: as the query whose arena it lives in.
 */
#ifndef AISLE_QUERY_BOOST_VALUES_H
#define AISLE_QUERY_BOOST_VALUES_H

#include "base/arena.h"
#include "query/value_marks.h"
#include "segment/segment.h"

/* The boosts of one field in one segment. */
struct boost_values;

/* A boost: part for documents with a value from ordinal first to last. */
struct boost_range {
    uint32_t first;
    uint32_t last;
    int32_t part; /* above 0 */
};

/* ranges, count of them, at least one, are borrowed. AISLE_NO_MEMORY. */
must_check int boost_values_open(const struct segment *segment, uint8_t field, const struct boost_range *ranges,
                                 uint32_t count, struct arena *arena, struct boost_values **out);

/* No document of the segment gets more. */
int32_t boost_values_max(const struct boost_values *values);

/*
 * Adds to bounds, for each group of VALUE_MARKS_GROUP documents of a page, what no document of it gets more than.
 * Cheap; a page that nobody has looked into for the same values is read once for all queries.
 */
void boost_values_add_bounds(struct boost_values *values, uint32_t page, int32_t bounds[VALUE_MARKS_PAGE_GROUPS]);

/* The bits of a page's groups that may have a value of a range, a number below count. */
uint32_t boost_values_groups(struct boost_values *values, uint32_t range, uint32_t page);

/* Where these are kept for the range; NULL: nowhere. */
const struct value_place *boost_values_place(struct boost_values *values, uint32_t range);

/* How many values the field has in the segment. */
uint32_t boost_values_count(const struct boost_values *values);

/* A range, a number below count, and whether a document may be in several of them. */
const struct boost_range *boost_values_range(const struct boost_values *values, uint32_t range);
bool boost_values_add_up(const struct boost_values *values);

/* Adds what each document of a group gets to parts; those behind the segment's last get nothing. */
void boost_values_add_group(struct boost_values *values, uint32_t group, int32_t parts[VALUE_MARKS_GROUP]);

/* What one document gets. */
int32_t boost_values_part(struct boost_values *values, uint32_t document);

/* Sticky: AISLE_CORRUPT when a page could not be read; parts and bounds are 0 then. */
int boost_values_status(const struct boost_values *values);

#endif
