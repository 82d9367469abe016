/*
 * query_lex.c - the scan for pieces.
 */
#include "query/query_lex.h"

#include <ctype.h>

struct lexer {
    const struct schema *schema;
    aisle_error *error;
    const uint8_t *next;
    const uint8_t *end;
    const uint8_t *start;
};

static bool is_space(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static const uint8_t *find_space(const uint8_t *from, const uint8_t *end)
{
    while (from < end && !is_space(*from)) {
        from++;
    }
    return from;
}

/* Whether a '*' ends the text directly behind what may be a word. */
static bool ends_as_prefix(struct bytes text)
{
    if (text.size < 2 || text.data[text.size - 1] != '*') {
        return false;
    }
    uint8_t before = text.data[text.size - 2];
    return before >= 0x80 || isalnum(before);
}

static void take_minus(struct lexer *lexer, struct query_piece *piece)
{
    if (*lexer->next == '-' && lexer->next + 1 < lexer->end && !is_space(lexer->next[1])) {
        piece->negated = true;
        lexer->next++;
    }
}

static void take_field(struct lexer *lexer, struct query_piece *piece)
{
    const uint8_t *stop = find_space(lexer->next, lexer->end);
    const uint8_t *colon = memchr(lexer->next, ':', (size_t)(stop - lexer->next));
    if (colon == NULL || colon + 1 == stop) {
        return;
    }
    int field = schema_field_find(lexer->schema, bytes_of(lexer->next, (size_t)(colon - lexer->next)));
    if (field >= 0 && lexer->schema->fields[field].searchable) {
        piece->field = (uint8_t)field;
        lexer->next = colon + 1;
    }
}

/* "~N" behind a phrase. */
static int take_slop(struct lexer *lexer, struct query_piece *piece)
{
    if (lexer->end - lexer->next < 2 || *lexer->next != '~' || !is_digit(lexer->next[1])) {
        return 0;
    }
    const uint8_t *first = ++lexer->next;
    uint32_t slop = 0;
    while (lexer->next < lexer->end && is_digit(*lexer->next)) {
        slop = slop > LIMIT_SLOP ? slop : slop * 10 + (uint32_t)(*lexer->next - '0');
        lexer->next++;
    }
    if (slop > LIMIT_SLOP) {
        return error_set_at(lexer->error, AISLE_LIMIT, (size_t)(first - lexer->start),
                            "a phrase's slop is at most %u", LIMIT_SLOP);
    }
    piece->slop = slop;
    return 0;
}

/* A phrase, if a closed one begins here. */
static int take_phrase(struct lexer *lexer, struct query_piece *piece)
{
    const uint8_t *open = lexer->next;
    const uint8_t *close = *open == '"' ? memchr(open + 1, '"', (size_t)(lexer->end - open - 1)) : NULL;
    if (close == NULL) {
        return 0;
    }
    piece->phrase = true;
    piece->text = bytes_of(open + 1, (size_t)(close - open - 1));
    lexer->next = close + 1;
    return take_slop(lexer, piece);
}

static int take_piece(struct lexer *lexer, struct query_piece *piece)
{
    *piece = (struct query_piece){.field = SCHEMA_NO_FIELD};
    take_minus(lexer, piece);
    take_field(lexer, piece);
    int status = take_phrase(lexer, piece);
    if (status == 0 && !piece->phrase) {
        const uint8_t *stop = find_space(lexer->next, lexer->end);
        piece->text = bytes_of(lexer->next, (size_t)(stop - lexer->next));
        lexer->next = stop;
    }
    piece->position = (size_t)(piece->text.data - lexer->start);
    piece->prefix = ends_as_prefix(piece->text);
    return status;
}

int query_lex(struct bytes text, const struct schema *schema, struct arena *arena, struct query_pieces *out,
              aisle_error *error)
{
    struct lexer lexer = {.schema = schema,
                          .error = error,
                          .next = text.data,
                          .end = text.data + text.size,
                          .start = text.data};
    int status = 0;
    *out = (struct query_pieces){.pieces = arena_calloc(arena, text.size / 2 + 1, sizeof *out->pieces)};
    if (out->pieces == NULL) {
        return error_no_memory(error, "parsing a query");
    }
    while (status == 0 && lexer.next < lexer.end) {
        if (is_space(*lexer.next)) {
            lexer.next++;
        } else {
            status = take_piece(&lexer, &out->pieces[out->count++]);
        }
    }
    return status;
}

bool query_piece_is_or(const struct query_pieces *pieces, uint32_t i)
{
    const struct query_piece *piece = &pieces->pieces[i];
    return i > 0 && i + 1 < pieces->count && !piece->negated && !piece->phrase && piece->field == SCHEMA_NO_FIELD &&
           piece->text.size == 2 && memcmp(piece->text.data, "OR", 2) == 0;
}

bool query_piece_is_plain(const struct query_pieces *pieces, uint32_t i)
{
    const struct query_piece *piece = &pieces->pieces[i];
    return !piece->negated && !piece->phrase && piece->field == SCHEMA_NO_FIELD && !query_piece_is_or(pieces, i) &&
           !(i + 1 < pieces->count && query_piece_is_or(pieces, i + 1));
}
