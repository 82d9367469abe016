/*
 * facet_private.h - what the module's files share: a facet while it is counted.
 *
 * Private to the module. Thread rule: as the set.
 */
#ifndef AISLE_FACET_FACET_PRIVATE_H
#define AISLE_FACET_FACET_PRIVATE_H

#include "facet/facet.h"
#include "query/ranks.h"

#define FACET_LIKE_MAX LIMIT_FACET_LIKE
#define FACET_LANES 4u
#define FACET_LISTS 1024u /* places of lists that are counted before they are opened; a power of two */

/* A sum of 2^31 products with 63 bits each, in every shard, does not overflow it. */
__extension__ typedef __int128 facet_sum;

/* Counts of different numbers, by number. Zeros are an empty one. */
struct facet_numbers {
    int64_t *keys;
    uint64_t *counts; /* 0: the slot is free */
    size_t slot_count;
    size_t used;
    size_t last; /* slot that was counted in last: neighbours are often equal */
};

/* Counts of a segment's keywords: first as a list of what was met, once that is long as a count for each value. */
struct facet_words {
    uint32_t *counts; /* NULL: the list; else lanes of them, summed up into the first when it is left; there is one
                         before the first value, too */
    uint32_t *noted;  /* ordinals in the order they were met in, once for each product */
    uint32_t *noted_sums; /* once each ordinal is there once: for how many products */
    uint32_t noted_count;
    uint32_t noted_max;
    uint32_t value_count;
    uint32_t lane_size;  /* counts of a lane: of the values, and of what damaged pages may hold */
    uint32_t lane_count; /* neighbouring matches count in different ones, so that equal values need not wait for each
                            other */
};

#define FACET_LARGE 0x1p900 /* doubles from here on are large */
#define FACET_LARGE_SHIFT 128

/* A sum of doubles, compensated (Neumaier 1974). */
struct facet_real {
    double sum;
    double rest;
};

struct facet {
    const struct facet_request *request;
    uint32_t lifted;
    uint32_t segment; /* at hand */
    const struct column_reader *column;
    const struct values_reader *values;   /* NULL: numbers */
    const struct segment_state *overlays; /* NULL: no page was changed */
    struct facet_words *words;            /* by segment */
    struct facet_words *word;             /* of the segment at hand; NULL: it was left */
    struct facet_stretches *stretches;    /* likewise; NULL: none are kept of the field */
    struct arena *arena;                  /* the set's */
    struct ranks *ranks; /* reference; NULL: counts stay with their segments until they are brought together */
    uint32_t *totals;    /* by rank; of segments that were left */
    uint32_t *room;      /* zeros: counts of a segment whose totals were taken */
    size_t room_count;
    int64_t list_codes[FACET_LISTS];
    uint32_t list_counts[FACET_LISTS]; /* 0: the slot is free */
    uint32_t list_used;
    struct facet_numbers numbers; /* values, or buckets of a histogram */
    uint64_t *ranges;             /* bound_count - 1 of them */
    bool is_confined;             /* all matches have a value, in the range confined_to (facet_range_of) */
    uint32_t confined_to;
    struct facet_groups *groups; /* owned; NULL: products are counted */
    bool is_path;                /* children of a path are counted */
    uint64_t matches;  /* seen */
    uint64_t looked;   /* of these, looked at: all unless it is a sample */
    uint64_t missing;  /* of these, without a value */
    uint32_t skip;     /* matches that the sample leaves out next */
    uint64_t summed;   /* products whose values the figures below are of */
    int64_t min, max;
    facet_sum sum;
    struct facet_real small; /* doubles, summed up in two parts so that none of them overflows */
    struct facet_real large; /* times 2^-FACET_LARGE_SHIFT */
};

#define FACET_PAGE_WORDS (COLUMN_PAGE_DOCUMENTS / 64u)
#define FACET_POSITIONS_SLACK 32u

/*
 * The places of the bits set in FACET_PAGE_WORDS words, ascending, in room for all and FACET_POSITIONS_SLACK more.
 * Returns how many.
 */
typedef uint32_t facet_positions(const uint64_t *bits, uint16_t *positions);

uint32_t facet_positions_plain(const uint64_t *bits, uint16_t *positions);

/* The best that the machine has. */
facet_positions *facet_positions_best(void);

struct facet_set {
    const struct query_context *context;
    struct arena arena;
    struct facet *facets;
    uint32_t count;
    aisle_error *error; /* the caller's; may be NULL */
    facet_positions *positions_of;
};

/* Matches in one page. */
struct facet_page {
    struct bytes bytes;
    struct column_page_view view;
    const uint16_t *positions; /* NULL: all documents of the page */
    const uint64_t *bits;      /* the same matches as bits; NULL: there are none */
    uint32_t count;            /* matches */
};

/*
 * What is kept of the pages of a field whose neighbouring documents mostly have equal values (facet_stretches.c).
 * facet_stretches_of: of a segment, begun now; NULL: no memory, or the field has shown not to be such.
 */
struct facet_stretches;
struct facet_stretches *facet_stretches_of(const struct segment *segment, uint8_t field);

/* Counts matches of a page, given as bits or, with NULL, all of its documents. *done: whether they are known. */
must_check int facet_count_stretches(struct facet *facet, uint32_t page, const uint64_t *bits, bool *done);

/* Keeps a page that is being counted, if it is worth it. */
void facet_keep_stretches(struct facet *facet, uint32_t number, const struct facet_page *page);

/* Counts a code of the segment at hand for so many products: an ordinal, none, or a list. */
must_check int facet_count_code(struct facet *facet, int64_t code, uint32_t count);

/* Counts products whose value is in a range of facet_range_of. */
void facet_count_range(struct facet *facet, uint32_t range, uint32_t count);

/* Each counts a page's matches. AISLE_CORRUPT, AISLE_LIMIT, AISLE_NO_MEMORY. */
must_check int facet_count_words(struct facet *facet, const struct facet_page *page);
must_check int facet_count_numbers(struct facet *facet, const struct facet_page *page, bool real);

/* The range that a value lies in: 0 is below all, bound_count behind the last bound. And its bucket of a histogram. */
uint32_t facet_range_of(const struct facet_request *request, int64_t value);
int64_t facet_bucket_of(const struct facet_request *request, int64_t value, bool real);

/* How many of the values are less than bound; the second is the plain twin, which tests compare with. */
uint32_t facet_below(const int64_t *values, uint32_t count, int64_t bound);
uint32_t facet_below_plain(const int64_t *values, uint32_t count, int64_t bound);

/* Likewise of codes, all below 2^31. */
uint32_t facet_codes_below(const uint32_t *codes, uint32_t count, uint32_t bound);
uint32_t facet_codes_below_plain(const uint32_t *codes, uint32_t count, uint32_t bound);

/* The least and the greatest of count codes, at least one. */
void facet_codes_span(const uint32_t *codes, uint32_t count, uint32_t *least, uint32_t *greatest);
void facet_codes_span_plain(const uint32_t *codes, uint32_t count, uint32_t *least, uint32_t *greatest);

/* The codes of a page's matches as they stand; its view has a mask, of at most COLUMN_CODES_WIDTH_MAX bits. */
void facet_page_codes(const struct facet_page *page, uint32_t codes[COLUMN_PAGE_DOCUMENTS]);

/* Adds to a number's or a bucket's count. AISLE_LIMIT, AISLE_NO_MEMORY. */
must_check int facet_count_number(struct facet *facet, int64_t key, uint64_t count);

/* Takes values of products, none of them missing, into least, greatest and sum. */
void facet_add_stats(struct facet *facet, const int64_t *values, uint32_t count, bool real);

/* Counts of groups (facet_groups.c). Freed with NULL allowed. */
must_check int facet_groups_new(struct facet_groups **out);
void facet_groups_free(struct facet_groups *groups);
must_check int facet_groups_enter(struct facet_set *set, struct facet *facet);

/*
 * Counts the groups of matches of a page, whose number is given; real: the field is of doubles. AISLE_BAD_QUERY: a
 * product is in several.
 */
must_check int facet_count_groups(struct facet *facet, const struct facet_page *page, uint32_t number, bool real);

/* Whether no pair of a value and a group has room any more. */
bool facet_groups_are_full(const struct facet_groups *groups);

/* How many groups have any value; those without are facet->missing. */
uint64_t facet_groups_with_value(const struct facet_groups *groups);

/*
 * The beginning of a path down to the level whose values are counted; *label is its last level. Empty when the path
 * ends above.
 */
struct bytes facet_cut_path(struct bytes path, uint32_t levels, struct bytes *label);

/* Sums up what was counted in the segment at hand, before it is left. AISLE_CORRUPT, AISLE_NO_MEMORY. */
must_check int facet_leave_words(struct facet *facet);

/* Counts an ordinal of the segment at hand for so many products. AISLE_NO_MEMORY. */
must_check int facet_count_ordinal(struct facet *facet, uint32_t ordinal, uint32_t count);

/* Gives the facet ranks, taking the reference, and adds up by them what was counted so far. AISLE_NO_MEMORY. */
must_check int facet_take_ranks(struct facet *facet, struct ranks *ranks);

/* A number's count in the answer: of a sample, what it stands for. */
static inline uint64_t facet_estimate(const struct facet *facet, uint64_t count)
{
    return facet->looked == 0 || facet->looked == facet->matches
               ? count
               : (uint64_t)((double)count * (double)facet->matches / (double)facet->looked + 0.5);
}

/* Fill what each kind shows; out->values lives in the set's arena. Errors as facet_set_answer. */
must_check int facet_answer_words(struct facet_set *set, struct facet *facet, struct facet_answer *out,
                                  aisle_error *error);
must_check int facet_answer_numbers(struct facet_set *set, struct facet *facet, struct facet_answer *out,
                                    aisle_error *error);

/* Characters of text, decoded, at most so many. Returns how many. */
uint32_t facet_like_read(struct bytes text, uint32_t *characters, uint32_t most);

/* How many edits a text of so many characters is allowed. */
uint32_t facet_like_edits(uint32_t characters);

/* Whether size characters (FACET_LIKE_MAX at most), folded, may be a misspelling of what a word of value begins with */
bool facet_is_like(const uint32_t *wanted, uint32_t size, struct bytes value);

/* Order of two sizes by their folded forms: negative when a comes first; never 0 for different ones. */
int facet_compare_sizes(struct bytes a, struct bytes b);

#endif
