/*
 * rewrite_private.h - the state of a query being rewritten, and what its stages call.
 *
 * Private to the module. Thread rule: as the query.
 */
#ifndef AISLE_REWRITE_REWRITE_PRIVATE_H
#define AISLE_REWRITE_REWRITE_PRIVATE_H

#include "query/watch.h"
#include "rewrite/rewrite.h"

/* Of QUERY_WEIGHT_WHOLE: strong enough that a word in a description comes before a correction of it in a title. */
#define WEIGHT_SYNONYM 205u
#define WEIGHT_ONE_EDIT 72u
#define WEIGHT_TWO_EDITS 24u
/* Where what was typed is nowhere, its best correction counts whole, the others of as many edits half. */
#define WEIGHT_OTHERS 128u
#define WEIGHT_CONTAINED 128u

/* Corrections of a clause that are tried with those of others for the text that was meant. */
#define CANDIDATES_MAX 4u

struct candidate {
    struct bytes text;
    struct query_node *node;
    uint32_t edits;
};

/* One thing that products must have. */
struct clause {
    struct query_node *node;         /* as it stands in the query now */
    struct query_node *typed;        /* what was typed; node, or one of its alternatives */
    const struct query_word *first;  /* words that it came from, side by side; NULL: it has operators */
    const struct query_word *last;
    struct bytes text;               /* that was typed for it */
    bool rewritten;                  /* to synonyms: they are not corrected */
    bool at_once;                    /* has been corrected because no product has it */
    bool corrected;                  /* has been given all corrections */
    bool left_out;
    bool understood; /* as a filter, which stands for it */
    struct candidate candidates[CANDIDATES_MAX]; /* what was typed among them, if products have it */
    uint32_t candidate_count;
};

/* Values and prices of one query that are understood. */
#define REWRITE_UNDERSTOOD_MAX 8u

/* What becomes of prices in the text. */
enum rewrite_prices {
    PRICES_FILTER,
    PRICES_PASSED, /* they are passed over */
    PRICES_WORDS   /* they are words like others */
};

struct filter_node;

enum rewrite_stage { STAGE_TYPED, STAGE_CORRECTED, STAGE_DROPPING, STAGE_ANY };

struct rewrite {
    struct rewrite_source source;
    struct query_parser *parser;
    uint64_t typo_fields; /* that corrections count in (query_parser_set_scope); 0: all */
    struct bytes text;
    struct query_node *root;
    struct query_node *unwanted; /* NULL: none */
    struct clause *clauses;
    uint32_t clause_count;
    bool fixed; /* nothing in it can be rewritten: root is what was parsed */
    enum rewrite_stage stage;
    bool found_none; /* as it was typed */
    bool finds_none; /* nor in the last run, with all that was added */
    bool looked;     /* for values */
    bool joined;     /* neighbours that are one word were looked for */
    bool joined_nearly; /* likewise that nearly are */
    bool has_prices;
    bool has_values; /* as alternatives of clauses */
    bool reads_values;
    bool few_is_given; /* by the caller, who then wants no more of what is found */
    enum rewrite_prices prices;
    const struct filter_node *given_filter; /* the caller's */
    struct filter_node *own_filters[REWRITE_UNDERSTOOD_MAX];
    uint32_t own_filter_count;
    struct query_node *preferred[REWRITE_UNDERSTOOD_MAX];
    uint32_t preferred_count;
    struct rewrite_note *notes;
    uint32_t note_count;
    uint32_t note_capacity;
};

/* Notes something. AISLE_NO_MEMORY. */
must_check int rewrite_note(struct rewrite *rewrite, enum rewrite_note_kind kind, struct bytes typed,
                            struct bytes used);

/* Makes node one of the clause's alternatives, of one price with the others; weight is its own. AISLE_NO_MEMORY. */
must_check int rewrite_add_alternative(struct rewrite *rewrite, struct clause *clause, struct query_node *node,
                                       uint32_t weight);

/* Removes count clauses from the first on. */
void rewrite_remove(struct rewrite *rewrite, uint32_t first, uint32_t count);

/* Takes the parsed tree apart into clauses. AISLE_NO_MEMORY. */
must_check int rewrite_take_apart(struct rewrite *rewrite);

/* Makes the tree of the clauses. AISLE_NO_MEMORY. */
must_check int rewrite_build(struct rewrite *rewrite);

/* Makes clauses from first to end - 1 one; where they are several, of all of them. AISLE_NO_MEMORY. */
must_check int rewrite_merge(struct rewrite *rewrite, uint32_t first, uint32_t end);

/* Synonyms, then stop words. */
must_check int rewrite_apply_rules(struct rewrite *rewrite);

/*
 * Gives a leaf of what begins so the stems, in any language, of words that do, where these do not begin so themselves:
 * nothing else would find running by "runni". AISLE_NO_MEMORY, AISLE_CORRUPT.
 */
must_check int rewrite_add_stems(struct rewrite *rewrite, struct bytes beginning, struct query_node *leaf);

/*
 * The 'x' behind a length, at the end or before a number, need not be there: "50cm x 7" and "50cm x 70" are typed on
 * the way to "50cm x 70cm", or in its place, and what has those numbers has no such word. What has it stands first. The
 * number may have the unit, too. AISLE_NO_MEMORY.
 */
must_check int rewrite_pass_times(struct rewrite *rewrite);

/* The last word becomes the beginning of one. */
must_check int rewrite_as_you_type(struct rewrite *rewrite);

/* Corrects a clause; unless all, only because no product has it. *changed: it may match more. */
must_check int rewrite_correct(struct rewrite *rewrite, struct query_context *context, struct clause *clause, bool all,
                               bool *changed);

/* Whether a clause is one typed word that may be a part of a code. */
bool rewrite_may_be_fragment(const struct rewrite *rewrite, const struct clause *clause);

/* Adds the codes that contain what clause is, which may be known. */
must_check int rewrite_add_codes(struct rewrite *rewrite, struct query_context *context, struct clause *clause,
                                 bool *changed);

/*
 * Joins neighbours that are one word; unless all, only where no product has one of them, or hardly any has them side by
 * side.
 */
must_check int rewrite_join(struct rewrite *rewrite, struct query_context *context, bool all, bool *changed);

/*
 * Joins neighbours, known or not, that are nearly one word: "blu tooth". The words' own corrections stay beside it.
 */
must_check int rewrite_join_nearly(struct rewrite *rewrite, struct query_context *context, bool *changed);

/* Whether the rules or the caller say that the word is meant as it is typed. */
bool rewrite_is_exact(const struct rewrite *rewrite, struct bytes word);

/* Adds the two words that clause is. */
must_check int rewrite_split(struct rewrite *rewrite, struct query_context *context, struct clause *clause,
                             bool *changed);

/* Takes price phrases out of the text, as filters or to be passed over; *rest has spaces in their place. */
must_check int rewrite_take_prices(struct rewrite *rewrite, struct bytes *rest);

/* Finds values in the text; context->filter takes in whatever was understood. */
must_check int rewrite_understand(struct rewrite *rewrite, struct query_context *context);

/* Leaves the next word out, or lets any do. *changed: it did. */
must_check int rewrite_relax(struct rewrite *rewrite, struct query_context *context, bool *changed);

/* The text that was meant. Empty: what was typed. */
must_check int rewrite_correct_text(struct rewrite *rewrite, struct query_context *context, struct bytes *out);

/* How many products have the word, at most; 0: none. */
must_check int rewrite_df(struct rewrite *rewrite, struct query_context *context, struct bytes word, uint64_t *df);

/* Whether a product has the word in a field that corrections count in. */
must_check int rewrite_counts(struct rewrite *rewrite, struct query_context *context, struct bytes word, bool *counts);

/*
 * How unlikely it is that word was typed as typed, above 0, in tenths of an edit: errors that hands and ears make
 * (doubled letters, swapped ones, vowels, neighbours on the keyboard) are more likely, a wrong first letter is less.
 */
uint32_t rewrite_unlikelihood(struct bytes typed, struct bytes word);

/* Characters of a text, and whether one of them is a digit. */
uint32_t rewrite_length(struct bytes text);
bool rewrite_has_digit(struct bytes text);

#endif
