/*
 * tokenise.h - words of a folded text, one by one, with units joined to their numbers, and numbers to dimensions.
 *
 * Apostrophes, thousands separators and what stands between a number and its unit are taken out in place: a word ends
 * up as one piece of the folder's bytes that begins where the word began and reaches no further than was read. Words
 * handed out earlier keep their bytes. Solid scripts come character by character. Compounds, pairs, stems and positions
 * are analyse.c's.
 *
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_TEXT_TOKENISE_H
#define AISLE_TEXT_TOKENISE_H

#include "text/fold.h"
#include "text/units.h"

/* Beside the KIND_ bits of a word: */
#define WORD_DOT 4u      /* a '.' is in it */
#define WORD_FRACTION 8u /* two numbers with '/' between */
#define WORD_POINT 16u   /* a number that begins with its '.' */
#define WORD_SIGNS 64u   /* a name with signs: "c++", "c#", ".net" */
#define WORD_TIMES 128u  /* numbers with 'x' between, the last maybe with a unit: "50x70", "6x500ml" */

#define TIMES_MAX 4u /* numbers of such a word; with more it is one like others */

#define SOLID_BYTES_MAX 60u /* a character of a solid script with the marks on it; further marks stand alone */

/* What stands before a word, where it is no single ASCII character. */
#define GAP_OTHER 0u
#define GAP_NONE 1u   /* nothing: the word before ends here */
#define GAP_AND 2u    /* " & " */
#define GAP_QUOTED 3u /* a space and an apostrophe, either first */

struct word {
    const uint8_t *text; /* in the folder's bytes, or static */
    size_t size;
    uint32_t start; /* bytes of the source, from start to end - 1 */
    uint32_t end;
    uint32_t number_size; /* of a word with a unit: the number that it begins with; WORD_TIMES: up to the last one */
    uint8_t unit;         /* units.h */
    uint8_t gap;          /* the separator before it when that is exactly one ASCII character, else GAP_ */
    uint8_t kinds;        /* KIND_ bits of its characters, and WORD_ bits */
};

struct tokeniser {
    struct folder *folder;
    size_t next; /* where reading goes on */
    size_t span; /* the span that the last offset was found in */
    size_t plus; /* 0, or the offset behind a '+' that is a word of its own, and the next */
    bool has_ahead;
    struct word ahead; /* read already, to see whether it is a unit */
};

/* Begins at the start of what folder holds; folder stays the caller's and is written to. */
void tokeniser_init(struct tokeniser *tokeniser, struct folder *folder);

/* The next word, with its unit, in *word; false at the end. */
bool tokeniser_next(struct tokeniser *tokeniser, struct word *word);

/*
 * The same word, if it is two or more letters of ASCII behind a space, or behind a comma or full stop and a space, and
 * before what ends it whatever follows. False, with all as it was: it is another one, or the end.
 */
bool tokeniser_plain(struct tokeniser *tokeniser, struct word *word);

#endif
