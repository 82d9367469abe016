/*
 * options.h - a subcommand's arguments, declared as a table.
 *
 * Options are long (--name value, --name=value) and may stand anywhere; "--" ends them and "-" alone is an operand.
 * --help prints the table with its examples. An option that is given twice, but for those that may be repeated, an
 * empty value, and an option without effect are usage errors: each was meant to do something.
 */
#ifndef AISLE_CLI_OPTIONS_H
#define AISLE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_TEXT,   /* const char *, not empty */
    OPTION_BLANK,  /* const char *, which may be empty: that asks for nothing */
    OPTION_TEXTS,  /* struct option_texts; the option may be repeated */
    OPTION_NUMBER, /* uint64_t, from min to max */
    OPTION_SIZE,   /* uint64_t bytes, with K, M, G or T behind the number, from min to max */
    OPTION_EACH    /* may be given several times: a function is told of each */
};

#define OPTION_TEXTS_MAX 64u
#define OPTIONS_MAX 64u

/* Values of an option that may be repeated, in their order. */
struct option_texts {
    const char *texts[OPTION_TEXTS_MAX];
    size_t count;
};

struct option {
    const char *name; /* without the dashes */
    enum option_kind kind;
    union {
        bool *flag;
        const char **text;
        struct option_texts *texts;
        uint64_t *number;
        struct {
            bool (*tell)(void *context, const char *name, const char *text); /* false: too many */
            void *context;
        } each;
    } value;              /* where it goes; keeps its default when the option is not given */
    const char *argument; /* as shown in the help, "N" */
    const char *help;
    uint64_t min, max;
};

/* Options that do nothing alone, or nothing beside others: whoever gives them is told so. */
enum option_bond {
    OPTION_NEEDS, /* option has an effect only where other is given, too */
    OPTION_BARS,  /* and none where other is given */
    OPTION_LEAVES /* where option is given, only those have one that other names, with spaces between */
};

struct option_rule {
    const char *option; /* a name in the table, as other is */
    enum option_bond bond;
    const char *other;
};

struct options {
    const char *command;
    const char *synopsis; /* behind "aisle command" */
    const char *about;    /* sentences on what it does */
    const char *examples; /* whole lines */
    const struct option *options;
    size_t option_count; /* OPTIONS_MAX at most */
    const struct option_rule *rules;
    size_t rule_count;
    size_t operands_min, operands_max;
};

/* What options_parse says besides a number of operands. */
#define OPTIONS_EXIT (-1)

/*
 * Parses argv (argv[0] is the command) and moves the operands to its front. Returns their number, or OPTIONS_EXIT with
 * *status when the command is over: after --help, or a usage error that has been printed.
 */
int options_parse(const struct options *options, int argc, char **argv, int *status);

#endif
