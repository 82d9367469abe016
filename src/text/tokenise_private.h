/*
 * tokenise_private.h - what the files that read words share: kinds of characters, and the way back to the source.
 *
 * Private to the module. Thread rule: as tokenise.h.
 */
#ifndef AISLE_TEXT_TOKENISE_PRIVATE_H
#define AISLE_TEXT_TOKENISE_PRIVATE_H

#include "text/tokenise.h"

#define SIGN 8u    /* ' . , / + #: may stand inside a word or belong to it */
#define BEYOND 16u /* not ASCII: the folder knows the kind */
#define WORD_KINDS (KIND_LETTER | KIND_DIGIT)
#define ANY_KINDS (WORD_KINDS | KIND_SOLID)

/* KIND_ bits of each ASCII byte of a folded text, 0 of separators, SIGN or BEYOND. */
extern const uint8_t tokenise_kinds[256];

static inline uint8_t kind_at(const struct folder *folder, size_t i)
{
    uint8_t kind = tokenise_kinds[folder->bytes[i]];
    return kind == BEYOND ? folder->kinds[i] : kind;
}

/* The span that folded lies in; offsets asked for never go back. */
static inline const struct fold_span *find_span(struct tokeniser *tokeniser, size_t folded)
{
    const struct folder *folder = tokeniser->folder;
    while (tokeniser->span + 1 < folder->span_count && folder->spans[tokeniser->span + 1].folded_start <= folded) {
        tokeniser->span++;
    }
    return &folder->spans[tokeniser->span];
}

static inline uint32_t source_start(struct tokeniser *tokeniser, size_t folded)
{
    if (tokeniser->folder->span_count == 0) {
        return (uint32_t)folded;
    }
    const struct fold_span *span = find_span(tokeniser, folded);
    return span->source_end != 0 ? span->source_start : span->source_start + (uint32_t)folded - span->folded_start;
}

/* Of the offset behind a character. */
static inline uint32_t source_end(struct tokeniser *tokeniser, size_t folded)
{
    if (tokeniser->folder->span_count == 0) {
        return (uint32_t)folded;
    }
    const struct fold_span *span = find_span(tokeniser, folded - 1);
    return span->source_end != 0 ? span->source_end : span->source_start + (uint32_t)folded - span->folded_start;
}

#endif
