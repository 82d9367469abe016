/*
 * tokenise.h - words of a folded text, one by one, with units joined to their numbers.
 *
 * Apostrophes, thousands separators and what stands between a number and its unit are taken out in place: a word ends
 * up as one piece of the folder's bytes that begins where the word began and reaches no further than was read. Words
 * handed out earlier keep their bytes. Compounds, stems and positions are analyse.c's.
 *
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_TEXT_TOKENISE_H
#define AISLE_TEXT_TOKENISE_H

#include "text/fold.h"

#define WORD_DOT 4u /* beside the KIND_ bits: a '.' is in the word */

struct word {
    uint8_t *text; /* in the folder's bytes */
    size_t size;
    uint32_t start; /* bytes of the source, from start to end - 1 */
    uint32_t end;
    uint8_t gap;   /* the separator before it when that is exactly one ASCII character, else 0 */
    uint8_t kinds; /* KIND_ bits of its characters, and WORD_DOT */
};

struct tokeniser {
    const struct folder *folder;
    size_t next; /* where reading goes on */
    size_t span; /* the span that the last offset was found in */
    bool has_ahead;
    struct word ahead; /* read already, to see whether it is a unit */
};

/* Begins at the start of what folder holds; folder stays the caller's and is written to. */
void tokeniser_init(struct tokeniser *tokeniser, struct folder *folder);

/* The next word, with its unit, in *word; false at the end. */
bool tokeniser_next(struct tokeniser *tokeniser, struct word *word);

#endif
