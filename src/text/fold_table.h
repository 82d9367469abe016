/*
 * fold_table.h - folding of code points: the full procedure on a sequence, and a table of what it yields for one.
 *
 * The procedure: NFKD, canonical order, full case folding with NFKD again, marks U+0300..U+036F and default-ignorables
 * dropped, canonical order, composition. Almost every code point folds to the same characters whatever surrounds it;
 * the table knows which, so that fold.c copies bytes and runs the procedure only where characters interact (marks that
 * stay, jamo, kana voicing).
 *
 * The table is filled in pages of 256 code points, each when first touched (about 20 microseconds), up to 1 MiB.
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_TEXT_FOLD_TABLE_H
#define AISLE_TEXT_FOLD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a folded character is; bits, so that a word can gather those of its characters. */
#define KIND_SEPARATOR 0u
#define KIND_LETTER 1u
#define KIND_DIGIT 2u
#define KIND_SOLID 32u /* a letter of a script that is written without spaces, or a mark on one */

enum fold_shape {
    FOLD_SIMPLE,  /* always folds to the entry's bytes, all of one kind */
    FOLD_DROPPED, /* always folds to nothing */
    FOLD_COMPLEX, /* begins anew too, but does not fit an entry */
    FOLD_ATTACHED /* may reorder or compose with the character before it */
};

struct fold_entry {
    uint8_t shape; /* enum fold_shape */
    uint8_t kind;  /* of a simple one's characters */
    uint8_t size;
    uint8_t bytes[5];
};

#define FOLD_PAGE_SIZE 256u
#define FOLD_PAGES 512u /* the first two planes: living scripts and emoji; beyond, an entry is made at each look */

/* Room for the procedure; both arrays have the same capacity. */
struct fold_work {
    int32_t *points; /* the sequence: put in by fold_work_add, folded by fold_work_run */
    int32_t *other;
    size_t count;
    size_t capacity;
};

struct fold_table {
    struct fold_work work;
    struct fold_entry *pages[FOLD_PAGES];
    struct fold_entry beyond;
};

/* Empties the sequence. */
void fold_work_clear(struct fold_work *work);

/* Appends a code point, decomposed. 0 or AISLE_NO_MEMORY. */
int fold_work_add(struct fold_work *work, uint32_t code_point);

/* Folds the sequence in place: points and count are the result. 0 or AISLE_NO_MEMORY. */
int fold_work_run(struct fold_work *work);

void fold_work_release(struct fold_work *work);

/* The KIND_ of a folded code point. Solid are Han, Hiragana, Katakana, Bopomofo, Hangul, Thai, Lao, Khmer, Burmese. */
uint8_t fold_kind(uint32_t code_point);

/* Whether a solid code point belongs to the one before it: a mark. */
bool fold_is_mark(uint32_t code_point);

/* A zeroed table is an empty one. */
void fold_table_release(struct fold_table *table);

/* *entry for code_point (at most U+10FFFF), valid to the next find. 0 or AISLE_NO_MEMORY. Uses table->work. */
int fold_table_find(struct fold_table *table, uint32_t code_point, const struct fold_entry **entry);

#endif
