/*
 * fold.h - folding of a whole text, with the way back to its source.
 *
 * ASCII takes a fast path, lower-casing eight bytes at a time. Beside the folded bytes the folder keeps the kind of
 * every byte that is not ASCII (all bytes of a character have the same), and spans that lead from folded offsets to
 * source offsets. What a word is, tokenise.c decides.
 *
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_TEXT_FOLD_H
#define AISLE_TEXT_FOLD_H

#include "base/bytes.h"
#include "text/fold_table.h"

/* From folded_start to the next span's: one character of the source, or a stretch that kept its lengths. */
struct fold_span {
    uint32_t folded_start;
    uint32_t source_start;
    uint32_t source_end; /* 0: a stretch, in which folded and source offsets run side by side */
};

struct folder {
    uint8_t *bytes; /* folded, with a NUL behind */
    uint8_t *kinds; /* KIND_ for each byte from 0x80 up; others are not set */
    size_t size;
    size_t capacity;         /* of both */
    struct fold_span *spans; /* none: the text is ASCII, and all of it is one stretch */
    size_t span_count;
    size_t span_capacity;
    bool has_last; /* whether anything was folded; of its last character: */
    size_t last_source;
    size_t last_folded;
    struct fold_table table;
};

/* A zeroed folder is an empty one. */
void folder_release(struct folder *folder);

/* Folds text (any bytes, under 4 GiB) into the folder. 0 or AISLE_NO_MEMORY. */
int folder_run(struct folder *folder, struct bytes text);

#endif
