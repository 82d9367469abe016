/*
 * arguments.h - a command's arguments, taken one behind the other, with errors that name what and where.
 *
 * A place is counted from the command's name, which is 0. Thread rule: touches only what it is given.
 */
#ifndef AISLE_SERVER_ARGUMENTS_H
#define AISLE_SERVER_ARGUMENTS_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"

struct arguments {
    const struct bytes *items;
    uint32_t count;
    uint32_t at;   /* the next one */
    uint32_t base; /* place of items[0] in the request */
};

static inline bool arguments_left(const struct arguments *arguments)
{
    return arguments->at < arguments->count;
}

/* Place of the argument taken last. */
static inline uint32_t arguments_place(const struct arguments *arguments)
{
    return arguments->base + arguments->at - 1;
}

/* The next argument; what: how an error calls it. AISLE_INVALID when there is none. */
must_check int arguments_take(struct arguments *arguments, const char *what, struct bytes *out, aisle_error *error);

/* The next one as a whole number of at most max. AISLE_INVALID. */
must_check int arguments_number(struct arguments *arguments, const char *what, uint64_t max, uint64_t *out,
                                aisle_error *error);

/* The next one as a number of 1 to max: where 0 would stand for a default, and not for what it says. AISLE_INVALID. */
must_check int arguments_positive(struct arguments *arguments, const char *what, uint64_t max, uint64_t *out,
                                  aisle_error *error);

/* The next one as a string in the arena, which is not empty; errors as arguments_string. */
must_check int arguments_text(struct arguments *arguments, const char *what, struct arena *arena, const char **out,
                              aisle_error *error);

/* The next one as a string in the arena. AISLE_INVALID when it has a NUL byte; AISLE_NO_MEMORY. */
must_check int arguments_string(struct arguments *arguments, const char *what, struct arena *arena, const char **out,
                                aisle_error *error);

/* text as a string in the arena; AISLE_INVALID when it has a NUL byte; AISLE_NO_MEMORY. */
must_check int arguments_copy(struct bytes text, const char *what, struct arena *arena, const char **out,
                              aisle_error *error);

/* The next ones: a count, then so many; *list is a view of them. AISLE_INVALID. */
must_check int arguments_list(struct arguments *arguments, const char *what, const struct bytes **list,
                              uint32_t *count, aisle_error *error);

/* Refuses the argument taken last as unknown, with its place. */
int arguments_unknown(const struct arguments *arguments, struct bytes name, aisle_error *error);

/* Refuses it as given twice. */
int arguments_repeated(const struct arguments *arguments, struct bytes name, aisle_error *error);

/* Whether text is a whole number of at most max; *out has it. */
bool arguments_parse_number(struct bytes text, uint64_t max, uint64_t *out);

#endif
