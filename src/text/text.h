/*
 * text.h - from text to terms: folding, words, numbers with units, compounds, stems.
 *
 * The same analyser serves products and queries, so whatever it decides on one side it decides on the other. It knows
 * nothing of fields, weights or postings (segment, rank, query). The rules, in their order:
 *
 *   Fold      NFKD and full case folding, combining marks U+0300..U+036F and default-ignorable code points dropped,
 *             NFC; U+2018 and U+2019 become the apostrophe, U+2120 and U+2122 (service and trade mark) a space. A byte
 *             that is not UTF-8 becomes U+FFFD, a separator.
 *   Word      a run of letters (L*, M*) and digits (Nd). Inside it stay: an apostrophe between letters ("'s" at the end
 *             goes with all of it, any other apostrophe is removed); '.' and ',' between digits when only digits stand
 *             before, back to the start or the previous such sign. Of those, removed as thousands separators are: ','
 *             with one to three digits before and exactly three behind, an apostrophe likewise, and '.' likewise when
 *             another such '.' follows or went before, or ',' and one or two last digits follow ("1.234.567",
 *             "1.234,56"; "1.234" alone is a decimal). What stays becomes '.'.
 *   Point     '.' directly before a number, at the start or behind a space or '(', makes it "0.5".
 *   Fraction  two numbers of one to three digits with one '/' between and none around: "3/4" is one word. A word
 *             ends behind it ("205/55r16" is two).
 *   Name      letters that "++" follows, one letter that '#' follows (no word behind either), ".net" at the start or
 *             behind a space or '(': a word with its signs.
 *   Plus      a '+' directly behind a word and before neither word nor '+' is the word "plus".
 *   Unit      a number or fraction, then an inch sign (", '', U+2033 or U+201D; '"' only if it does not close a
 *             quotation begun in the 64 bytes before), or nothing, one space or one hyphen and exactly a unit
 *             (units.h): one word "64gb". "in" is no unit before one space or hyphen and a "1" ("10 in 1"). The term is
 *             the amount in the form that all its spellings share: "1500 ml" and "1,5 l" are "1.5l".
 *   Times     two to four numbers of ASCII digits with 'x' between, the last maybe with a unit as above: one word
 *             "50x70", "6x500ml". They are written together, or with a space on both sides of the 'x'; U+00D7 between
 *             numbers, with both spaces or none, is an 'x'. The last number is an amount, in the form as above; of
 *             lengths all are, in one unit: "120x80cm" and "1200 x 800 mm" are the same, "50x7cm" is not "50x70mm". A
 *             fraction is none of the numbers. In such a word numbers begin anew behind each 'x' ("6x1,5l"). Lengths
 *             may have their unit, the same, with each number, behind which stands none of ' + #: "50 cm x 70 cm" and
 *             "50cmx70cm" are "50x70cm". Between lengths an apostrophe or U+2032, behind
 *             which stands no digit and of letters only an 'x' before one, tells feet, if another does so, too:
 *             "4' x 6'" is "4x6ft". Directly behind a sign the 'x' needs no space: 24"x36" is "24x36in".
 *   Solid     scripts written without spaces (solid in fold_table.h: Han, kana, Hangul, Thai, ...): characters side by
 *             side, each with its marks, are taken in pairs, each pair a word; a single one is a word itself.
 *   Compound  words side by side that are linked, two to four of them: each is a token, and behind the last stands a
 *             JOINED token of all. Words are linked by one of - _ & . : between them, by '/' between single letters, by
 *             " & " between words of one or two letters (of "m&ms" the s goes, as of "m&m's"), and by one space as
 *             compound.h says ("t shirt", "rtx 4070 ti", "rock n roll", "2 in 1").
 *   Stem      words of letters only, by libstemmer in the field's language (of a word over 512 bytes, its first 512:
 *             some stemmers take time quadratic in the word), unless an exception says otherwise.
 *   Cut       what is longer than LIMIT_TERM_BYTES, at a character, after stemming.
 *
 * Of products, EXTRA tokens stand beside these, for queries that say less, each of at most LIMIT_TERM_BYTES: all runs
 * of two or more parts inside a compound of three or four ("rtx4070" of "rtx 4070 ti"), but of "2 in 1"; the number of
 * an amount of inches, gigabytes or terabytes; the two numbers of a fraction; the numbers of "50x70cm", the last (of
 * lengths, each) as an amount, and "50x70"; a name without its signs; single characters of solid scripts, and the pair
 * across a space; of a code (a part number) of two to eight words, all of them as one, without signs.
 *
 * Thread rule: an analyser belongs to one thread at a time; the text_ functions may be called from any thread.
 */
#ifndef AISLE_TEXT_TEXT_H
#define AISLE_TEXT_TEXT_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/limits.h"

enum token_kind {
    TOKEN_WORD,   /* a word, or a number with its unit; takes a position and counts in the length */
    TOKEN_JOINED, /* the parts of a compound as one; neither */
    TOKEN_EXTRA   /* of products only; neither */
};

/*
 * What whoever indexes keeps with a word, for as long as the analyser remembers it: a token of a word that came before
 * then says at once what is known of it. Zeros, but for the word, when the analyser begins to remember it.
 */
struct word_note {
    uint64_t word;  /* token.word of those that it is about */
    uint64_t owner; /* the caller's, like all that follows */
    uint32_t value;
    uint32_t flags;
};

struct token {
    struct bytes term;   /* stemmed, cut: what is indexed; never empty, valid UTF-8 */
    struct bytes folded; /* before stemming and converting units, cut too: what a prefix matches */
    uint32_t position;   /* of a JOINED token: its first part's */
    uint8_t kind;        /* enum token_kind */
    uint8_t parts;       /* JOINED: the parts, 2 to 4, in queries the tokens right before it; EXTRA: 1 to 4; WORD: 1 */
    uint32_t start;      /* bytes start to end - 1 of the source text, for highlights: the word as it was written, */
    uint32_t end;        /* with its "'s", marks and inner signs; start < end */
    uint64_t word;       /* equal numbers, all of one analyser, are equal terms, but not the reverse; 0: no number */
    struct word_note *note; /* of the analyser: about this word while note->word is its number; NULL: it has none */
};

struct token_list {
    const struct token *tokens;
    size_t count;
    uint32_t length; /* WORD tokens among them; their positions are 0, 1, 2, ... in this order */
    bool cut;        /* there were more than LIMIT_TOKENS_FIELD tokens, and these are the first */
};

struct analyser;

/*
 * Finds the number of a language: "none" is 0, the others are the names of libstemmer's algorithms ("english"),
 * exactly as sb_stemmer_list writes them. Numbers are fixed for good and may be stored. 0 and *language, or
 * AISLE_NOT_FOUND (also for a language that the libstemmer in use lacks), with *language 0.
 */
int text_language_find(const char *name, uint8_t *language);

/* The name of a language; static. NULL when there is none of that number. */
const char *text_language_name(uint8_t language);

/*
 * A new analyser in *out, freed with analyser_free. Stemmers, the stem cache and buffers are made when first needed and
 * then kept: a warmed-up analyser allocates nothing. AISLE_NO_MEMORY.
 */
int analyser_new(struct analyser **out);

/* What it takes of the heap now; libstemmer's own memory is not known. */
size_t analyser_bytes(const struct analyser *analyser);

/* Frees; NULL is allowed. */
void analyser_free(struct analyser *analyser);

/*
 * Analyses the text of a query (borrowed for the call; any bytes, bad UTF-8 separates) in a language and fills *out,
 * whose tokens and all they point to belong to the analyser and live until its next run, fold or free. Positions begin
 * at 0 each time. 0; AISLE_INVALID for an unknown language; AISLE_LIMIT for a text over LIMIT_PRODUCT_BYTES;
 * AISLE_NO_MEMORY. On failure *out is empty.
 */
int analyser_run(struct analyser *analyser, struct bytes text, uint8_t language, struct token_list *out);

/* As analyser_run, of a product's value, with its EXTRA tokens; code: the value is a part number. */
int analyser_run_product(struct analyser *analyser, struct bytes text, uint8_t language, bool code,
                         struct token_list *out);

/* Copies the tokens, and all that they point to, into an arena, so that they outlive the next run. AISLE_NO_MEMORY. */
int token_list_copy(const struct token_list *list, struct arena *arena, struct token_list *out);

/* A word that stemming treats as another one: stem itself when both are equal, else the stem of that one. */
struct stem_exception {
    struct bytes word;
    struct bytes stem;
};

/*
 * Has these words (copied, folded here; LIMIT_STEM_EXCEPTIONS at most) take their stems from now on, in all languages
 * but "none". Replaces earlier ones. AISLE_LIMIT, AISLE_NO_MEMORY.
 */
int analyser_set_exceptions(struct analyser *analyser, const struct stem_exception *exceptions, size_t count);

/* Whether a folded word is a number with a unit, "50ml", or one of length, "50cm". */
bool text_is_amount(struct bytes folded);
bool text_is_length(struct bytes folded);

/*
 * Folds a whole value (the first rule alone), as keywords are compared and sorted. *out is valid UTF-8, belongs to the
 * analyser and lives until its next run, fold or free. AISLE_LIMIT and AISLE_NO_MEMORY as above, with *out empty.
 */
int analyser_fold(struct analyser *analyser, struct bytes text, struct bytes *out);

struct buf;

/* ON DISK: between the levels of a folded path. Nothing sorts before it, so that all paths below one stand together. */
#define TEXT_PATH_SEPARATOR 1u

/*
 * Replaces out by the form in which keywords (one part) and paths (their levels) are compared: each part folded, bytes
 * up to TEXT_PATH_SEPARATOR made spaces, joined by it, cut at a character to max_bytes. Errors as analyser_fold.
 */
int text_fold_keyword(struct analyser *analyser, const struct bytes *parts, size_t count, size_t max_bytes,
                      struct buf *out);

#endif
