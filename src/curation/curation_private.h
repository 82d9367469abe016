/*
 * curation_private.h - the table of rules, and the keys that rules are filed under.
 *
 *   key = kind { size term }        kind: one of CURATION_KEY_; size: a byte
 *
 * Of a prefix the last term is the word as folded, of a condition what curation_condition writes, of a context its
 * name.
 * Thread rule: as curation.h.
 */
#ifndef AISLE_CURATION_CURATION_PRIVATE_H
#define AISLE_CURATION_CURATION_PRIVATE_H

#include "base/buf.h"
#include "curation/curation.h"

#define CURATION_KEY_EXACT 'E'
#define CURATION_KEY_CONTAINS 'C'
#define CURATION_KEY_PREFIX 'P'
#define CURATION_KEY_CONDITION 'F'
#define CURATION_KEY_CONTEXT 'X'

#define CURATION_CONDITION_BYTES 4096u /* of a condition of a rule; longer ones of requests are in no rule */

#define CURATION_KEY_BYTES (1u + LIMIT_RULE_WORDS * (LIMIT_TERM_BYTES + 1u))

struct curation_entry {
    struct bytes key;
    const struct curation_rule *rule;
    struct curation_entry *next; /* of the same slot */
};

struct curation {
    struct arena arena;
    struct curation_rule *rules;
    uint32_t count;
    struct curation_entry **slots; /* a power of two of them */
    size_t slot_count;
    const struct curation_rule *always[LIMIT_RULES_ALWAYS];
    uint32_t always_count;
    uint8_t language;       /* of the first text field */
    uint32_t words_max;     /* of a pattern that others may stand beside */
    bool has_conditions;    /* any rule asks for one */
    uint32_t has_kinds;     /* a bit for each enum curation_match that any rule has */
};

/* A key of words under construction. */
struct curation_key {
    uint8_t bytes[CURATION_KEY_BYTES];
    size_t size;
};

void curation_key_begin(struct curation_key *key, char kind);
void curation_key_add(struct curation_key *key, struct bytes term);

/* The first entry under key, or the next one behind an entry; NULL: none. */
const struct curation_entry *curation_first(const struct curation *curation, struct bytes key);
const struct curation_entry *curation_next(const struct curation_entry *entry);

/* Appends what a condition is, in bytes that are equal for equal ones. */
void curation_condition(const struct filter_node *node, struct buf *out);

/* Calls take for each condition that is AND-ed at the top of a filter; stops at a status other than 0. */
must_check int curation_conditions(const struct filter_node *node, void *self,
                                   int (*take)(void *self, const struct filter_node *condition));

#endif
