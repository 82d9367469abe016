/*
 * compound.h - which neighbouring words belong together.
 *
 * Signs that link are told in text.h. One space links, for what people write with and without it:
 *
 *   t shirt, x ray        one letter, but for a, i, o, y, and a word of three letters or more
 *   usb c, type c         "usb" or "type" and one letter
 *   rock n roll           letters of two or more, "n", letters of two or more; apostrophes may stand beside the "n"
 *   rtx 4070, eos 80d     letters and a number, or three letters at most and a word that begins with a digit; the
 *                         letters are neither "x" nor a particle (of, for, with, ...: compound.c lists them)
 *   4070 ti, 80 d         a number, or a word that ends with a digit, and one or two letters, likewise
 *   1000 xm4              likewise, and a word with digits that begins with a letter
 *   rtx 4070 ti           letters and a number, linked by a space or a sign, and what may follow a number
 *   2 in 1                a number, "in", "1"
 *
 * A number here is digits alone; a number with a unit, a point or a '/' is linked by signs only. Behind words that a
 * space has linked, no other space links, but where several stand in a line above. Sizes are in bytes.
 *
 * Some links give way to a later one, and what stood before is then not joined: a word that a space has linked to what
 * was before leaves it when a sign links it to what follows ("4 wi-fi", "blender 3-in-1"), unless it is a number before
 * what may follow one ("wh 1000-xm4"); one letter behind a number leaves that when it begins a pair
 * ("2 t shirts"); and so does a number before "in" and "1" ("tool 10 in 1").
 *
 * Private to the module. Thread rule: a compound belongs to its analyser.
 */
#ifndef AISLE_TEXT_COMPOUND_H
#define AISLE_TEXT_COMPOUND_H

#include "text/tokenise.h"

#define COMPOUND_PARTS_MAX 4u

/* How a compound may go on behind a space. */
enum compound_form {
    COMPOUND_PLAIN,  /* by what its words are */
    COMPOUND_CLOSED, /* not */
    COMPOUND_SUFFIX, /* not, and a single last letter may leave it */
    COMPOUND_N,      /* with letters, after "n" */
    COMPOUND_IN      /* with a 1, after "in" */
};

/* The words linked to one another, up to the one read last. */
struct compound {
    struct word parts[COMPOUND_PARTS_MAX]; /* the last of them is the last word, however many there are */
    uint32_t count;    /* may pass COMPOUND_PARTS_MAX: then it is none */
    uint32_t position; /* of the first part */
    uint8_t form;      /* enum compound_form */
    bool spaced;       /* the last word was linked by a space */
    bool plain;        /* it is of two letters or more */
};

enum compound_link {
    LINK_NONE, /* not linked */
    LINK_NEXT, /* linked to the whole */
    LINK_LAST  /* linked to the last word, which leaves the others */
};

/* Whether word is letters alone, two or more: no space links two such. */
static inline bool compound_is_plain(const struct word *word)
{
    return word->kinds == KIND_LETTER && word->size != 1;
}

/* How word is linked to the compound, which is not empty; notes how it may go on. */
enum compound_link compound_links(struct compound *compound, const struct word *word);

/* Whether word is a letter and the 's' of a plural, behind a letter and '&': "m&ms" is "m&m's". */
bool compound_ends_in_plural(const struct compound *compound, const struct word *word);

/* Whether it is "2 in 1", which has no runs inside: "2 in" is an amount. */
bool compound_is_n_in_one(const struct compound *compound);

/* Only the last word is left, which stands at position. */
void compound_keep_last(struct compound *compound, uint32_t position);

/* Takes word in as the next. */
void compound_add(struct compound *compound, const struct word *word);

#endif
