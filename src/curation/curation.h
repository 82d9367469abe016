/*
 * curation.h - the shop's rules: which products a query shows first, hides or lifts, besides what is found.
 *
 *   file    = "[" [ rule { "," rule } ] "]"            JSON (RFC 8259)
 *   rule    = { "id": NAME?,                           told by answers; default "rule N", its place in the file
 *               "query": TEXT | [ TEXT, ... ]?,        the rule is for queries of these words, and
 *               "match": "exact"|"contains"|"prefix"?  no others | others, too | words that begin with these; exact
 *               "with_filter": FILTER?,                for requests whose filter has these conditions (query/filter.h)
 *               "context": NAME?,                      for requests that name this context
 *               "from": DATE?, "until": DATE?,         from the first moment on, up to before the second
 *               "priority": N?,                        -1000000 to 1000000, default 0; higher ones come first
 *               "pin": [ ID | {"id": ID, "position": N}, ... ]?     N from 1; an ID alone stands behind the one before
 *               "hide": [ ID, ... ]?,
 *               "boost": [ {"filter": FILTER, "weight": W} | {"ids": [ ID, ... ], "weight": W}, ... ]?     0.01 to 100
 *               "filter": FILTER?,                     what else products must be
 *               "replace": TEXT? }                     what is searched for in place of the words that matched
 *
 * Lists of products and boosts may be empty, if the rule does anything else.
 * What a rule asks of a query is AND-ed; one that asks for nothing holds for all. Words are compared as the analyser
 * has them: by their stems, without case and accents; a compound also as one word. A query without words is "".
 *
 * Rules are filed by a hash of what they ask for, so that a query looks up its runs of words (and conditions, contexts)
 * and nothing else, however many rules there are; LIMIT_RULES_ALWAYS may ask for nothing.
 *
 * What rules do to an answer is index's. Immutable once read: any number of threads may use it, each with its analyser.
 */
#ifndef AISLE_CURATION_CURATION_H
#define AISLE_CURATION_CURATION_H

#include "query/filter.h"

enum curation_match { CURATION_EXACT, CURATION_CONTAINS, CURATION_PREFIX };

struct curation_pin {
    struct bytes id;
    uint32_t position; /* from 0 */
};

struct curation_boost {
    const struct filter_node *filter; /* NULL: ids */
    struct bytes *ids;
    uint32_t id_count;
    uint32_t weight; /* hundredths */
};

struct curation_rule {
    struct bytes id;
    uint32_t number; /* in the file, from 0 */
    int32_t priority;
    enum curation_match match;
    struct bytes *queries; /* as the file has them */
    uint32_t query_count;
    struct bytes context;           /* size 0: any */
    struct bytes *conditions;       /* that the request's filter has, as curation_condition writes them */
    uint32_t condition_count;
    int64_t from_ms;  /* INT64_MIN: always has */
    int64_t until_ms; /* INT64_MAX: always will */
    struct curation_pin *pins;
    uint32_t pin_count;
    struct bytes *hidden;
    uint32_t hidden_count;
    struct curation_boost *boosts;
    uint32_t boost_count;
    const struct filter_node *filter; /* NULL: none */
    bool replaces;
    struct bytes replacement;
};

struct curation;

/* What rules are read from; everything is borrowed for the call. */
struct curation_source {
    struct bytes text;
    const char *name; /* for messages */
    const struct schema *schema;
    const struct segment_columns *columns; /* that the catalog keeps */
    struct analyser *analyser;
};

/*
 * Reads rules; *out is the caller's to free. AISLE_INVALID: "NAME:LINE: why", with the byte as error->position;
 * AISLE_LIMIT, AISLE_NO_MEMORY.
 */
must_check int curation_read(const struct curation_source *source, struct curation **out, aisle_error *error);
void curation_free(struct curation *curation); /* NULL is allowed */

/* The rules in the order of the file. */
const struct curation_rule *curation_rules(const struct curation *curation, uint32_t *count);

/* A request, as far as rules ask. */
struct curation_ask {
    struct bytes text;                /* UTF-8 */
    struct bytes contexts;            /* names between commas; size 0: none */
    const struct filter_node *filter; /* NULL: none */
    int64_t now_ms;
    const struct token_list *words; /* of the text, as a query's in the language of the first text field; NULL: none, if
                                       curation_reads_words says so */
    struct arena *arena;
};

/* Whether any rule asks for words. */
bool curation_reads_words(const struct curation *curation);

/* A rule that holds, and the bytes start to end - 1 of the text that its words are; 0 and 0 when it asks for none. */
struct curation_hit {
    const struct curation_rule *rule;
    size_t start;
    size_t end;
};

/*
 * The rules that hold for a request, those of higher priority first, then in the order of the file; of more than
 * LIMIT_RULES_APPLIED the first. AISLE_NO_MEMORY.
 */
must_check int curation_find(const struct curation *curation, const struct curation_ask *ask,
                             struct curation_hit hits[LIMIT_RULES_APPLIED], uint32_t *count);

#endif
