/*
 * query_lex.h - the search box's text cut into pieces, each with the operators that were typed at it.
 *
 *   text   = { piece }, split at white space and behind a phrase
 *   piece  = ["-"] [field ":"] ( phrase | word ["*"] )
 *   phrase = '"' any but '"' '"' [ "~" slop ]
 *   field  = the name of a searchable field
 *
 * Private to the module. Nothing typed is a syntax error: what has no meaning as an operator is text. A quote opens a
 * phrase only where a piece may begin, so that the inches of 55" tv are text.
 * Thread rule: a function of its arguments; pieces live in the arena and borrow the text.
 */
#ifndef AISLE_QUERY_QUERY_LEX_H
#define AISLE_QUERY_QUERY_LEX_H

#include "query/query.h"

struct query_piece {
    struct bytes text; /* without operators, the '*' of a prefix excepted */
    size_t position;   /* of text, in the whole */
    uint8_t field;     /* to look in alone; SCHEMA_NO_FIELD: in all */
    bool negated;
    bool phrase;
    bool prefix; /* the text ends with a '*' behind a word */
    uint32_t slop;
};

struct query_pieces {
    struct query_piece *pieces;
    uint32_t count;
};

/* AISLE_LIMIT for a slop above LIMIT_SLOP, with its position; AISLE_NO_MEMORY. */
must_check int query_lex(struct bytes text, const struct schema *schema, struct arena *arena,
                         struct query_pieces *out, aisle_error *error);

/* Whether piece i is an "OR" between two others. */
bool query_piece_is_or(const struct query_pieces *pieces, uint32_t i);

/* Whether piece i is a word without any operator: such neighbours are analysed as one text. */
bool query_piece_is_plain(const struct query_pieces *pieces, uint32_t i);

#endif
