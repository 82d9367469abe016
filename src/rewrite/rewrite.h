/*
 * rewrite.h - from what a shopper typed to what is searched: synonyms, stop words, corrections, the word being typed,
 * words left out.
 *
 * It stands between parsing and binding. What was typed becomes a list of clauses; each word typed without an operator
 * may become several alternatives of one price (query.h, one_price) with weights: what was typed counts whole, and less
 * the further something is from it. Words with operators (in quotes, of one field, excluded, beside OR) are meant as
 * they are typed and never rewritten.
 *
 * The query as typed runs first. Words that no product has are corrected at once; the rest of it only when the whole
 * query finds few products: whoever runs it asks rewrite_again after each run.
 *
 *     rewrite_new -> { rewrite_bind -> run -> rewrite_again } -> rewrite_finish
 *
 * The rules, word by word:
 *   Synonyms     The longest left side wins, from left to right; sides that overlap it are passed by. What it leads to
 *                weighs WEIGHT_SYNONYM, is not looked up again, and is not corrected. A word that is still being typed
 *                triggers none.
 *   Stop words   Left out when any other word is there, unless a synonym has taken them or a word of one character
 *                stands beside them (AT&T). They are in the index: a query of stop words alone finds them, and phrases
 *                need them.
 *   Corrections  None for words of 1 and 2 characters, one edit for 3 to 5, two for 6 and more; none for words with a
 *                digit, unless asked, and for words that the rules or the caller call exact. They count in the fields
 *                whose schema allows typos. A word that no product has is corrected to the words of the fewest edits
 *                that products have. When the query finds few, every word is corrected, known ones to words with the
 *                same first character that a 64th as many products have, or if the query finds any, to words that 20
 *                times as many have; what was typed comes first.
 *   Fragments    A word with a digit, of 3 bytes or more, finds the codes that contain it, the shortest LIMIT_VARIANTS:
 *                at once when no product has it, else when the query finds few, or fewer than REWRITE_FEW_EXACT and is
 *                the only word. So does a word of letters that no product has and that is like no other. An amount
 *                has no parts, and is none of another number: "30ml" finds no "330ml", but "sd64gb" is found by "64gb".
 *   Split, join  A word that no product has and that is two known ones (which some product has both), and two
 *                neighbours that are one known word, are those, too: corrections of one edit. Two known ones are joined
 *                at once where hardly any product has them side by side ("photo shop"). When corrections find none, two
 *                that are one edit from one known word are that ("blu tooth").
 *   Dimensions   The 'x' behind a length, at the end or before a number, may be missing ("50cm x 7", "50cm x 70"), and
 *                the number may have the unit of the length.
 *   Being typed  The last word, unless a space follows, is the beginning of any word, also of one whose stem is
 *                shorter than what has been typed (`runni`: run); when no word begins so, or the query finds nothing,
 *                of words that begin nearly so, with three characters and more.
 *   Understood   Price phrases (price.h), and values of fields that the schema says are to be understood, become
 *                filters (or preferences) in place of words. When nothing is found so, prices are passed over, and
 *                values are words.
 *   Named        The name of a field with facets and one of its values side by side, in either order ("size 10", "dark
 *                blue colour"; "shoes 10 size" too, though a number behind another word is one with that), are size:10,
 *                too, if the field is searched: an alternative that counts whole. If not, and the schema does not say
 *                that its values are to be understood, they become a filter as these do.
 *   Relaxing     When there still are few: the words that tell least are left out one by one (they still lift what has
 *                them), first those that no product has; then any of the words will do.
 *
 * All of this is the query's work: its deadline and its budget end corrections, too, between words and among what is
 * compared with one. The answer is then that of what was run before. Of more codes than are taken for a fragment, the
 * rest are missing in the answer, whose total is then a lower bound (query_context.is_cut).
 *
 * Thread rule: as the query. Everything lives in the query's arena.
 */
#ifndef AISLE_REWRITE_REWRITE_H
#define AISLE_REWRITE_REWRITE_H

#include "query/query.h"
#include "rewrite/rules.h"

/* ---- words like others, which a lexicon knows ---- */

struct rewrite_variant {
    struct bytes word; /* folded, before stemming */
    uint8_t edits;
};

struct rewrite_variants {
    struct rewrite_variant *list; /* of the arena; fewest edits first */
    size_t count;
    bool truncated; /* there are more */
};

struct rewrite_ask {
    struct bytes word;
    uint8_t max_edits;    /* optimal string alignment, in characters */
    uint8_t fixed_prefix; /* so many characters at the beginning are the same */
    size_t limit;
    struct query_watch *watch; /* the query's, or NULL: looking ends with it */
};

/* Where words are looked up; any function may be NULL: nothing is known of that kind. */
struct rewrite_words {
    const void *self;
    int (*similar)(const void *self, const struct rewrite_ask *ask, struct arena *arena, struct rewrite_variants *out);
    int (*similar_prefix)(const void *self, const struct rewrite_ask *ask, struct arena *arena,
                          struct rewrite_variants *out);
    int (*beginning)(const void *self, const struct rewrite_ask *ask, struct arena *arena,
                     struct rewrite_variants *out); /* words that go on from it for a few characters, shortest first */
    int (*containing)(const void *self, const struct rewrite_ask *ask, struct arena *arena,
                      struct rewrite_variants *out);
};

/* ---- asking ---- */

enum rewrite_mode { REWRITE_ALL, REWRITE_RELAXED, REWRITE_ANY };

struct rewrite_options {
    enum rewrite_mode mode;
    bool no_synonyms;
    bool no_stop_words;
    bool no_typos;       /* no corrections, fragments, splits and joins */
    bool no_understanding;
    bool as_you_type;
    bool digits;         /* words with digits are corrected, too */
    uint8_t edits_max;   /* 0: by length */
    uint8_t one_from;    /* characters from which on a word is allowed one edit; 0: REWRITE_ONE_FROM */
    uint8_t two_from;    /* and two; 0: REWRITE_TWO_FROM */
    uint8_t fixed_prefix;
    uint32_t variants_max; /* of one word; 0: REWRITE_VARIANTS */
    uint32_t few;        /* hits; fewer are few; 0: REWRITE_FEW */
    struct bytes exact;  /* words that are meant as they are, separated by spaces */
};

#define REWRITE_VARIANTS 16u
#define REWRITE_FEW 5u
#define REWRITE_FEW_EXACT 1000u /* products that have a part of codes as a word, which stand before those codes */
#define REWRITE_ONE_FROM 3u
#define REWRITE_TWO_FROM 6u

enum rewrite_note_kind {
    REWRITE_SYNONYM,
    REWRITE_STOP_WORD,
    REWRITE_TYPO,
    REWRITE_PREFIX,
    REWRITE_SPLIT,
    REWRITE_JOINED,
    REWRITE_FRAGMENT,
    REWRITE_DROPPED,
    REWRITE_EITHER,
    REWRITE_UNDERSTOOD
};

/* What was done with something typed. */
struct rewrite_note {
    enum rewrite_note_kind kind;
    struct bytes typed;
    struct bytes used; /* empty where there is nothing to tell */
};

struct rewrite_report {
    struct bytes corrected; /* the whole text, corrected; empty: not */
    const struct rewrite_note *notes;
    uint32_t note_count;
};

struct rewrite_source {
    const struct schema *schema;
    const struct segment_columns *columns; /* that the catalog keeps */
    struct analyser *analyser;
    struct arena *arena;
    const struct rules *rules; /* NULL: none */
    struct rewrite_words words;
    struct rewrite_options options;
    aisle_error *error;
};

struct rewrite;

/* Parses text and applies what needs no postings. Errors as query_parse. What source points to is borrowed. */
must_check int rewrite_new(const struct rewrite_source *source, struct bytes text, struct rewrite **out);

/* The query as it stands. */
struct query_node *rewrite_root(const struct rewrite *rewrite);

/*
 * Binds the query and corrects words that no product has. *root is what to run, with context->filter, which may become
 * one that has the caller's in it. AISLE_CORRUPT, AISLE_NO_MEMORY, or what the words reported.
 */
must_check int rewrite_bind(struct rewrite *rewrite, struct query_context *context, struct query_node **root);

/*
 * After a run that found so many products (a lower bound will do, if it is not below what is few). *again: the query
 * was changed so that it may find more; bind and run it again.
 */
must_check int rewrite_again(struct rewrite *rewrite, struct query_context *context, uint64_t found, bool *again);

/* How many hits tell whether there are few. */
uint32_t rewrite_few(const struct rewrite *rewrite);

/* What was done. Views live as long as the arena and the text. */
must_check int rewrite_finish(struct rewrite *rewrite, struct query_context *context, struct rewrite_report *out);

#endif
