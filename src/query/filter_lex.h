/*
 * filter_lex.h - a filter's text cut into tokens.
 *
 * Private to the module. Thread rule: a function of its arguments; tokens borrow the text or live in the arena.
 */
#ifndef AISLE_QUERY_FILTER_LEX_H
#define AISLE_QUERY_FILTER_LEX_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"

enum filter_token_kind {
    FILTER_TOKEN_END,
    FILTER_TOKEN_WORD,   /* anything without quotes: names, words of the grammar, numbers, dates */
    FILTER_TOKEN_STRING, /* text is what stands between the quotes, escapes resolved */
    FILTER_TOKEN_NAME,   /* text is what stands behind the '$' */
    FILTER_TOKEN_SIGN,   /* text is one of ( ) [ ] , * = != < <= > >= */
};

struct filter_token {
    enum filter_token_kind kind;
    struct bytes text;
    size_t position;
};

/* The token at or behind *at, which moves behind it. AISLE_BAD_QUERY with its position, AISLE_NO_MEMORY. */
must_check int filter_lex(struct bytes text, size_t *at, struct arena *arena, struct filter_token *out,
                          aisle_error *error);

#endif
