/*
 * boost_values.h - boosts for values of one keyword or path, all together: an affinity for each of some brands is one
 * look-up of a product's brand.
 *
 * Each boost keeps a range of ordinals of the segment (filter_is_range). What a document gets is the sum over those
 * that one of its values lies in, each once. A document of one value has it from a table by ordinal; bounds of ranges
 * come from the marks of the values that are there (value_marks.h).
 *
 * Thread rule: as the query whose arena it lives in.
 */
#ifndef AISLE_QUERY_BOOST_VALUES_H
#define AISLE_QUERY_BOOST_VALUES_H

#include "base/arena.h"
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
 * No document from first to last gets more; both lie in the segment. Cheap; of few pages, those that nobody has looked
 * into are read once for all queries.
 */
int32_t boost_values_bound(struct boost_values *values, uint32_t first, uint32_t last);

/* Likewise of a group of VALUE_MARKS_GROUP documents (value_marks.h), by its number. */
int32_t boost_values_group(struct boost_values *values, uint32_t group);

/* What one document gets. */
int32_t boost_values_part(struct boost_values *values, uint32_t document);

/* Sticky: AISLE_CORRUPT when a page could not be read; parts and bounds are 0 then. */
int boost_values_status(const struct boost_values *values);

#endif
