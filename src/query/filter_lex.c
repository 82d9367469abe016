/*
 * filter_lex.c - signs, words and strings. What a word is (a field, a number, "AND") depends on where it stands, which
 * is filter_parse.c's.
 */
#include "query/filter_lex.h"

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_in_word(uint8_t c)
{
    return !is_space(c) && strchr("()[],*=!<>\"$", c) == NULL;
}

/* The bytes from start to the closing quote, or to the end: a copy of a string takes no more, however long the rest. */
static size_t size_of_string(struct bytes text, size_t start)
{
    size_t i = start;
    while (i < text.size && text.data[i] != '"') {
        i += text.data[i] == '\\' && i + 1 < text.size ? 2 : 1;
    }
    return i - start;
}

static int lex_string(struct bytes text, size_t *at, struct arena *arena, struct filter_token *out,
                      aisle_error *error)
{
    size_t i = *at + 1;
    size_t size = 0;
    uint8_t *copy = arena_alloc(arena, size_of_string(text, i) + 1);
    if (copy == NULL) {
        return error_no_memory(error, "reading a filter");
    }
    for (; i < text.size && text.data[i] != '"'; i++) {
        if (text.data[i] == '\\') {
            i++;
            if (i == text.size || (text.data[i] != '"' && text.data[i] != '\\')) {
                return error_set_at(error, AISLE_BAD_QUERY, i - 1, "filter: \"\\\" in a string stands before \" or \\");
            }
        }
        copy[size++] = text.data[i];
    }
    if (i >= text.size) {
        return error_set_at(error, AISLE_BAD_QUERY, *at, "filter: a string without a closing quote");
    }
    out->kind = FILTER_TOKEN_STRING;
    out->text = bytes_of(copy, size);
    *at = i + 1;
    return 0;
}

int filter_lex(struct bytes text, size_t *at, struct arena *arena, struct filter_token *out, aisle_error *error)
{
    while (*at < text.size && is_space(text.data[*at])) {
        (*at)++;
    }
    *out = (struct filter_token){.kind = FILTER_TOKEN_END, .text = bytes_of(text.data + *at, 0), .position = *at};
    if (*at == text.size) {
        return 0;
    }
    uint8_t first = text.data[*at];
    if (first == '"') {
        return lex_string(text, at, arena, out, error);
    }
    size_t end = *at + 1;
    if (is_in_word(first) || first == '$') {
        while (end < text.size && is_in_word(text.data[end])) {
            end++;
        }
        size_t start = first == '$' ? *at + 1 : *at;
        out->kind = first == '$' ? FILTER_TOKEN_NAME : FILTER_TOKEN_WORD;
        out->text = bytes_of(text.data + start, end - start);
        *at = end;
        return 0;
    }
    bool equal_follows = end < text.size && text.data[end] == '=';
    if (first == '!' && !equal_follows) {
        return error_set_at(error, AISLE_BAD_QUERY, *at, "filter: \"!\" without \"=\" behind it");
    }
    end += (first == '!' || first == '<' || first == '>') && equal_follows ? 1 : 0;
    out->kind = FILTER_TOKEN_SIGN;
    out->text = bytes_of(text.data + *at, end - *at);
    *at = end;
    return 0;
}
