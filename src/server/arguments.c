/*
 * arguments.c - taking arguments, with their errors.
 *
 * Knows no command.
 */
#include "server/arguments.h"

#define SHOWN 48u

static int shown(struct bytes text)
{
    return (int)(text.size < SHOWN ? text.size : SHOWN);
}

int arguments_take(struct arguments *arguments, const char *what, struct bytes *out, aisle_error *error)
{
    if (!arguments_left(arguments)) {
        return error_set(error, AISLE_INVALID, "%s is missing (argument %u)", what, arguments->base + arguments->at);
    }
    *out = arguments->items[arguments->at++];
    return 0;
}

bool arguments_parse_number(struct bytes text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (text.size == 0 || text.size > 19) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    *out = value;
    return value <= max;
}

int arguments_number(struct arguments *arguments, const char *what, uint64_t max, uint64_t *out, aisle_error *error)
{
    struct bytes text = {0};
    int status = arguments_take(arguments, what, &text, error);
    if (status == 0 && !arguments_parse_number(text, max, out)) {
        status = error_set(error, AISLE_INVALID, "%s must be a whole number up to %llu, not '%.*s' (argument %u)", what,
                           (unsigned long long)max, shown(text), (const char *)text.data, arguments_place(arguments));
    }
    return status;
}

int arguments_positive(struct arguments *arguments, const char *what, uint64_t max, uint64_t *out, aisle_error *error)
{
    int status = arguments_number(arguments, what, max, out, error);
    return status != 0 || *out != 0 ? status
                                    : error_set(error, AISLE_INVALID, "%s must be 1 to %llu (argument %u)", what,
                                                (unsigned long long)max, arguments_place(arguments));
}

int arguments_text(struct arguments *arguments, const char *what, struct arena *arena, const char **out,
                   aisle_error *error)
{
    int status = arguments_string(arguments, what, arena, out, error);
    return status != 0 || **out != '\0' ? status
                                        : error_set(error, AISLE_INVALID, "%s: expected no empty text (argument %u)",
                                                    what, arguments_place(arguments));
}

int arguments_copy(struct bytes text, const char *what, struct arena *arena, const char **out, aisle_error *error)
{
    if (text.size > 0 && memchr(text.data, '\0', text.size) != NULL) {
        return error_set(error, AISLE_INVALID, "%s has a NUL byte", what);
    }
    char *copy = arena_alloc(arena, text.size + 1);
    if (copy == NULL) {
        return error_no_memory(error, "a request");
    }
    if (text.size > 0) {
        memcpy(copy, text.data, text.size);
    }
    copy[text.size] = '\0';
    *out = copy;
    return 0;
}

int arguments_string(struct arguments *arguments, const char *what, struct arena *arena, const char **out,
                     aisle_error *error)
{
    struct bytes text = {0};
    int status = arguments_take(arguments, what, &text, error);
    return status != 0 ? status : arguments_copy(text, what, arena, out, error);
}

int arguments_list(struct arguments *arguments, const char *what, const struct bytes **list, uint32_t *count,
                   aisle_error *error)
{
    uint64_t number = 0;
    int status = arguments_number(arguments, what, UINT32_MAX, &number, error);
    if (status != 0) {
        return status;
    }
    if (number > arguments->count - arguments->at) {
        return error_set(error, AISLE_INVALID, "%s announces %llu, but only %u arguments follow (argument %u)", what,
                         (unsigned long long)number, arguments->count - arguments->at, arguments_place(arguments));
    }
    *list = arguments->items + arguments->at;
    *count = (uint32_t)number;
    arguments->at += (uint32_t)number;
    return 0;
}

int arguments_unknown(const struct arguments *arguments, struct bytes name, aisle_error *error)
{
    return error_set(error, AISLE_INVALID, "unknown argument '%.*s' (argument %u)", shown(name),
                     (const char *)name.data, arguments_place(arguments));
}

int arguments_repeated(const struct arguments *arguments, struct bytes name, aisle_error *error)
{
    return error_set(error, AISLE_INVALID, "argument '%.*s' is given twice (argument %u)", shown(name),
                     (const char *)name.data, arguments_place(arguments));
}
