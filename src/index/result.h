/*
 * result.h - an answer that owns what it returns.
 */
#ifndef AISLE_INDEX_RESULT_H
#define AISLE_INDEX_RESULT_H

#include "base/buf.h"
#include "base/status.h"

/* Views of a hit as offsets into the result's bytes, which may move while hits are added. */
struct result_slice {
    size_t start;
    size_t size;
};

struct result_hit {
    struct result_slice id;
    struct result_slice product;
    struct result_slice explanation;
    bool pinned;
    double score;
};

/* A field of a hit with its marks. */
struct result_highlight {
    struct result_slice text;
    uint32_t found;
};

/* What was done with a word of the text. */
struct result_note {
    int kind;
    struct result_slice typed;
    struct result_slice used;
};

struct result_facet_value {
    struct result_slice value;
    struct result_slice from;
    struct result_slice to;
    uint64_t count;
};

struct result_facet {
    struct result_slice field;
    struct result_slice min;
    struct result_slice max;
    struct result_slice sum;
    uint64_t distinct;
    uint64_t products;
    uint64_t missing;
    double mean;
    bool sampled;
    size_t value_count;
    struct result_facet_value *values; /* owned */
};

struct result_group {
    struct result_slice value;
    size_t first; /* of hits */
    size_t count;
    uint64_t products;
};

struct aisle_result {
    struct buf bytes;
    struct result_slice corrected;
    struct result_note *notes; /* owned */
    size_t note_count;
    struct result_slice *rules; /* owned: ids */
    size_t rule_count;
    struct result_hit *hits; /* owned */
    size_t hit_count;
    size_t hit_capacity;
    struct result_highlight *highlights; /* owned; highlight_count of each hit, one hit behind the other */
    size_t highlight_count;
    size_t highlights_held;
    size_t highlight_capacity;
    uint64_t total;
    bool total_is_exact;
    uint64_t took_us;
    bool is_partial;
    struct result_slice cursor; /* of the page that follows */
    struct result_facet *facets; /* owned */
    size_t facet_count;
    struct result_group *groups; /* owned */
    size_t group_count;
    uint64_t group_total;
};

must_check int result_new(struct aisle_result **out);

/* Makes it as new, but for memory that it keeps. False: it has so much that it had better be freed; it is as it was. */
bool result_empty(struct aisle_result *result);

/* Of the heap that an empty one takes. */
size_t result_bytes(const struct aisle_result *result);

/* Adds an empty hit and returns it; NULL: no memory. Valid to the next add. */
struct result_hit *result_add(struct aisle_result *result);

/* Adds an empty text to the hit added last; NULL: no memory. Valid to the next. */
struct result_highlight *result_add_highlight(struct aisle_result *result);

/* Makes room for count facets without values, to be filled. */
must_check int result_make_facets(struct aisle_result *result, size_t count);

/* Makes room for count empty groups, to be filled. */
must_check int result_make_groups(struct aisle_result *result, size_t count);

/* Appends bytes and notes where they stand. Errors stick to result->bytes. */
struct result_slice result_put(struct aisle_result *result, struct bytes bytes);

#endif
