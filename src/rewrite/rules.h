/*
 * rules.h - the shop's synonyms and stop words: two small text files, checked, analysed and ready to be looked up.
 *
 *   synonyms   = { line }                    a line that is blank or begins with '#' says nothing
 *   line       = side "=>" side | side       with "=>": who searches for one of the left also finds the right;
 *              | "exact:" side               without: each finds all others; "exact:": words that are never corrected
 *   side       = text { "," text }
 *   stop words = { word }                    one a line, '#' as above
 *
 * Left sides are analysed as a query is, in the language of its first field: they are found by the stems of their
 * words, and a compound as one word, too. Right sides stay text, which is read when a rule comes into play.
 *
 * Immutable once read. Thread rule: rules may be shared; they are read by one thread, with its analyser.
 */
#ifndef AISLE_REWRITE_RULES_H
#define AISLE_REWRITE_RULES_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "schema/schema.h"
#include "text/text.h"

/* What a left side leads to: one right side, and the next of the same left side. */
struct rules_target {
    struct bytes text;
    const struct rules_target *next;
};

struct rules;

/* What rules are read from. */
struct rules_source {
    struct bytes synonyms;
    struct bytes stop_words;
    bool has_stop_words; /* otherwise those of the languages of the searchable fields are taken (stop_words.c) */
    const char *synonyms_name; /* for messages */
    const char *stop_words_name;
    const struct schema *schema;
    struct analyser *analyser;
};

/*
 * Reads rules; *out is the caller's to free. AISLE_INVALID: "NAME:LINE: why: what"; AISLE_LIMIT (rules, words,
 * alternatives, bytes), AISLE_NO_MEMORY.
 */
must_check int rules_read(const struct rules_source *source, struct rules **out, aisle_error *error);
void rules_free(struct rules *rules);

/* Left sides that were read, and stop words. */
uint32_t rules_synonym_count(const struct rules *rules);
uint32_t rules_stop_word_count(const struct rules *rules);

/* Words of the longest left side. */
uint32_t rules_words_max(const struct rules *rules);

/* What the left side of these terms, count of them, leads to; NULL: nothing. */
const struct rules_target *rules_find(const struct rules *rules, const struct bytes *terms, uint32_t count);

/* Whether a folded word is never corrected. */
bool rules_is_exact(const struct rules *rules, struct bytes folded);

/* Whether a folded word is a stop word. */
bool rules_is_stop_word(const struct rules *rules, struct bytes folded);

#endif
