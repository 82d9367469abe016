/*
 * options.c - parsing by the table, help, usage errors.
 */
#include "cli/options.h"

#include "base/number.h"
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static void print_help(const struct options *options)
{
    printf("Usage: aisle %s %s\n\n%s\n\n", options->command, options->synopsis, options->about);
    for (size_t i = 0; i < options->option_count; i++) {
        const struct option *option = &options->options[i];
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", option->name, option->argument == NULL ? "" : " ",
                 option->argument == NULL ? "" : option->argument);
        printf("  %-22s %s\n", left, option->help);
    }
    printf("  %-22s %s\n\nExamples:\n%s", "--help", "print this", options->examples);
}

static int usage(const struct options *options, const char *why, const char *where)
{
    char text[256];
    snprintf(text, sizeof text, "%s; see `aisle %s --help`", why, options->command);
    return cli_complain(CLI_USAGE, options->command, text, where);
}

static int set_value(const struct options *options, const struct option *option, const char *text)
{
    if (option->kind == OPTION_TEXT) {
        *option->value.text = text;
        return 0;
    }
    if (option->kind == OPTION_TEXTS) {
        struct option_texts *texts = option->value.texts;
        if (texts->count == OPTION_TEXTS_MAX) {
            return usage(options, "an option is repeated more than 64 times", option->name);
        }
        texts->texts[texts->count++] = text;
        return 0;
    }
    if (option->kind == OPTION_EACH) {
        return option->value.each.tell(option->value.each.context, option->name, text)
                   ? 0
                   : usage(options, "this option is given too often", text);
    }
    uint64_t value;
    char why[160];
    if (!number_parse(text, option->kind == OPTION_SIZE, &value)) {
        snprintf(why, sizeof why, "--%s takes a number%s, not \"%.60s\"", option->name,
                 option->kind == OPTION_SIZE ? " such as 512M" : "", text);
        return usage(options, why, NULL);
    }
    if (value < option->min || value > option->max) {
        snprintf(why, sizeof why, "--%s must be %llu to %llu", option->name, (unsigned long long)option->min,
                 (unsigned long long)option->max);
        return usage(options, why, text);
    }
    *option->value.number = value;
    return 0;
}

/* Takes the option at argv[*i], and its value, which may be the next argument. 0 or an exit status. */
static int take_option(const struct options *options, int argc, char **argv, int *i)
{
    const char *name = argv[*i] + 2;
    size_t size = strcspn(name, "=");
    for (size_t k = 0; k < options->option_count && argv[*i][1] == '-'; k++) {
        const struct option *option = &options->options[k];
        if (strlen(option->name) != size || memcmp(option->name, name, size) != 0) {
            continue;
        }
        if (option->kind == OPTION_FLAG) {
            *option->value.flag = true;
            return name[size] == '\0' ? 0 : usage(options, "this option takes no value", argv[*i]);
        }
        if (name[size] == '=') {
            return set_value(options, option, name + size + 1);
        }
        if (*i + 1 == argc) {
            return usage(options, "this option needs a value", argv[*i]);
        }
        return set_value(options, option, argv[++*i]);
    }
    return usage(options, "unknown option (`--` before text that begins with a dash)", argv[*i]);
}

int options_parse(const struct options *options, int argc, char **argv, int *status)
{
    size_t operands = 0;
    bool only_operands = false;
    *status = 0;
    for (int i = 1; i < argc && *status == 0; i++) {
        const char *argument = argv[i];
        if (only_operands || argument[0] != '-' || argument[1] == '\0') {
            argv[operands++] = argv[i];
        } else if (strcmp(argument, "--") == 0) {
            only_operands = true;
        } else if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
            print_help(options);
            *status = cli_finish(options->command);
            return OPTIONS_EXIT;
        } else {
            *status = take_option(options, argc, argv, &i);
        }
    }
    if (*status == 0 && operands < options->operands_min) {
        *status = usage(options, operands == 0 ? "no catalog given" : "too few arguments", NULL);
    }
    if (*status == 0 && operands > options->operands_max) {
        *status = usage(options, "too many arguments", argv[options->operands_max]);
    }
    return *status == 0 ? (int)operands : OPTIONS_EXIT;
}
