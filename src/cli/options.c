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
    if (text[0] == '\0' && option->kind != OPTION_BLANK) {
        return usage(options, "this option needs a value, not an empty one", option->name);
    }
    if (option->kind == OPTION_TEXT || option->kind == OPTION_BLANK) {
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
static int take_option(const struct options *options, int argc, char **argv, int *i, bool seen[OPTIONS_MAX])
{
    const char *name = argv[*i] + 2;
    size_t size = strcspn(name, "=");
    for (size_t k = 0; k < options->option_count && argv[*i][1] == '-'; k++) {
        const struct option *option = &options->options[k];
        if (strlen(option->name) != size || memcmp(option->name, name, size) != 0) {
            continue;
        }
        if (seen[k] && option->kind != OPTION_TEXTS && option->kind != OPTION_EACH) {
            return usage(options, "this option is given twice", argv[*i]);
        }
        seen[k] = true;
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

static bool is_given(const struct options *options, const bool seen[OPTIONS_MAX], const char *name)
{
    for (size_t i = 0; i < options->option_count; i++) {
        if (seen[i] && strcmp(options->options[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_listed(const char *names, const char *name)
{
    size_t size = strlen(name);
    while (names != NULL && (strncmp(names, name, size) != 0 || (names[size] != ' ' && names[size] != '\0'))) {
        names = strchr(names, ' ');
        names = names == NULL ? NULL : names + 1;
    }
    return names != NULL;
}

/* The first that is given beside the one that leaves only others; NULL: none. */
static const char *find_left_out(const struct options *options, const bool seen[OPTIONS_MAX],
                                 const struct option_rule *rule)
{
    for (size_t i = 0; i < options->option_count && is_given(options, seen, rule->option); i++) {
        const char *name = options->options[i].name;
        if (seen[i] && strcmp(name, rule->option) != 0 && !is_listed(rule->other, name)) {
            return name;
        }
    }
    return NULL;
}

static int check_rules(const struct options *options, const bool seen[OPTIONS_MAX])
{
    char why[160];
    for (size_t i = 0; i < options->rule_count; i++) {
        const struct option_rule *rule = &options->rules[i];
        bool needs = rule->bond == OPTION_NEEDS;
        if (rule->bond == OPTION_LEAVES) {
            const char *name = find_left_out(options, seen, rule);
            if (name != NULL) {
                snprintf(why, sizeof why, "--%s is without effect beside --%s", name, rule->option);
                return usage(options, why, NULL);
            }
        } else if (is_given(options, seen, rule->option) && is_given(options, seen, rule->other) != needs) {
            snprintf(why, sizeof why, needs ? "--%s goes with --%s" : "--%s is without effect beside --%s",
                     rule->option, rule->other);
            return usage(options, why, NULL);
        }
    }
    return 0;
}

int options_parse(const struct options *options, int argc, char **argv, int *status)
{
    size_t operands = 0;
    bool seen[OPTIONS_MAX] = {false};
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
            *status = take_option(options, argc, argv, &i, seen);
        }
    }
    if (*status == 0 && operands < options->operands_min) {
        *status = usage(options, operands == 0 ? "no catalog given" : "too few arguments", NULL);
    }
    if (*status == 0 && operands > options->operands_max) {
        *status = usage(options, "too many arguments", argv[options->operands_max]);
    }
    *status = *status == 0 ? check_rules(options, seen) : *status;
    return *status == 0 ? (int)operands : OPTIONS_EXIT;
}
