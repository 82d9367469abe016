/*
 * oracle_pieces.c - the oracle cuts what was typed into pieces: words, phrases, what they are restricted to, OR.
 *
 *   piece  = ["-"] [searchable field ":"] ( word ["*"] | '"' words ["*"] '"' ["~" digits] )
 *
 * A quote opens a phrase where a piece begins (behind '-' and field), and when another one closes it; any other quote
 * is text like any other sign. Behind a phrase the next piece begins at once.
 */
#include "oracle/inside.h"

#include "aisle.h"

#include <ctype.h>
#include <string.h>

#define SLOP_MAX 63u

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Takes "name:" off a piece when name is a searchable field and something stands behind. */
static void take_field(const struct oracle *oracle, struct piece *piece)
{
    const char *colon = memchr(piece->text, ':', piece->size);
    size_t name_size = colon != NULL ? (size_t)(colon - piece->text) : 0;
    if (name_size == 0 || name_size + 1 == piece->size) {
        return;
    }
    for (size_t i = 0; i < oracle->field_count; i++) {
        const struct oracle_field *field = &oracle->fields[i];
        if (field->weight > 0 && strlen(field->name) == name_size && memcmp(field->name, piece->text, name_size) == 0) {
            piece->field = (int)i;
            piece->text = colon + 1;
            piece->size -= name_size + 1;
            return;
        }
    }
}

/* Takes the '*' off a piece that ends in one, directly behind a word. */
static void take_star(struct piece *piece)
{
    if (piece->size > 1 && piece->text[piece->size - 1] == '*') {
        unsigned char before = (unsigned char)piece->text[piece->size - 2];
        piece->prefix = before >= 0x80 || isalnum(before);
        piece->size--;
    }
}

/* Reads the number of words that may be skipped, behind the closing quote; *next: what comes behind. */
static int read_slop(const char *text, unsigned *slop, const char **next)
{
    unsigned value = 0;
    *next = text;
    if (*text != '~') {
        return 0;
    }
    for (text++; isdigit((unsigned char)*text); text++) {
        value = value > SLOP_MAX ? value : value * 10 + (unsigned)(*text - '0');
    }
    *next = text;
    *slop = value;
    return value > SLOP_MAX ? AISLE_LIMIT : 0;
}

/* Reads the piece at text, which is no white space; *next: what comes behind. */
static int read_piece(const struct oracle *oracle, const char *text, struct piece *piece, const char **next)
{
    *piece = (struct piece){.text = text, .field = -1};
    while (text[piece->size] != '\0' && !is_space(text[piece->size])) {
        piece->size++;
    }
    *next = text + piece->size;
    if (piece->size == 2 && memcmp(text, "OR", 2) == 0) {
        piece->joins = true;
        return 0;
    }
    if (piece->size > 1 && text[0] == '-') {
        piece->excluded = true;
        piece->text++;
        piece->size--;
    }
    take_field(oracle, piece);
    const char *closing = piece->text[0] == '"' ? strchr(piece->text + 1, '"') : NULL;
    if (closing != NULL) {
        piece->quoted = true;
        piece->text++;
        piece->size = (size_t)(closing - piece->text);
    }
    take_star(piece);
    return closing != NULL ? read_slop(closing + 1, &piece->slop, next) : 0;
}

/* OR at either end is a word; any other joins its neighbours. */
static void join_pieces(struct piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].joins && (i == 0 || i + 1 == count)) {
            pieces[i].joins = false;
        } else if (pieces[i].joins) {
            pieces[i - 1].in_or = pieces[i + 1].in_or = true;
        }
    }
}

int oracle_pieces(const struct oracle *oracle, struct pool *pool, const char *text, struct piece **pieces,
                  size_t *count)
{
    *pieces = pool_alloc(pool, (strlen(text) + 1) * sizeof **pieces);
    *count = 0;
    while (*text != '\0') {
        if (is_space(*text)) {
            text++;
            continue;
        }
        int status = read_piece(oracle, text, &(*pieces)[*count], &text);
        if (status != 0) {
            return status;
        }
        ++*count;
    }
    join_pieces(*pieces, *count);
    return 0;
}
