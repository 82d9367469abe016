/*
 * rules.c - aisle rules: checks the shop's rules and lists them.
 */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct printing {
    bool json;
    unsigned count;
};

#define DATE_BYTES 40

static const char *date_of(int64_t ms, char out[DATE_BYTES])
{
    time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0 ? 1 : 0));
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL || strftime(out, DATE_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        out[0] = '\0';
    }
    return out;
}

static void print_json(const aisle_rule *rule, unsigned number)
{
    char date[DATE_BYTES];
    printf("%s{\"id\":", number == 0 ? "{\"rules\":[" : ",");
    output_json_string(rule->id);
    for (size_t i = 0; i < rule->query_count; i++) {
        printf("%s", i == 0 ? ",\"queries\":[" : ",");
        output_json_string(rule->queries[i]);
    }
    if (rule->query_count != 0) {
        printf("],\"match\":\"%s\"", rule->match);
    }
    if (rule->context.size != 0) {
        printf(",\"context\":");
        output_json_string(rule->context);
    }
    if (rule->from_ms != INT64_MIN) {
        printf(",\"from\":\"%s\"", date_of(rule->from_ms, date));
    }
    if (rule->until_ms != INT64_MAX) {
        printf(",\"until\":\"%s\"", date_of(rule->until_ms, date));
    }
    printf(",\"with_filter\":%s,\"priority\":%" PRId32 ",\"pins\":%u,\"hidden\":%u,\"boosts\":%u,\"filter\":%s,"
           "\"replace\":%s}",
           rule->with_filter ? "true" : "false", rule->priority, rule->pins, rule->hidden, rule->boosts,
           rule->filters ? "true" : "false", rule->replaces ? "true" : "false");
}

/* What the rule asks of a request. */
static void print_asked(const aisle_rule *rule)
{
    char date[DATE_BYTES];
    for (size_t i = 0; i < rule->query_count; i++) {
        printf("%s\"%.*s\"", i == 0 ? "" : " or ", (int)rule->queries[i].size, rule->queries[i].data);
    }
    if (rule->query_count != 0) {
        printf(" (%s)", rule->match);
    }
    if (rule->context.size != 0) {
        printf("%scontext %.*s", rule->query_count != 0 ? ", " : "", (int)rule->context.size, rule->context.data);
    }
    bool any = rule->query_count != 0 || rule->context.size != 0;
    if (rule->with_filter) {
        printf("%swith a filter", any ? ", " : "");
    }
    if (!any && !rule->with_filter) {
        printf("every request");
    }
    if (rule->from_ms != INT64_MIN) {
        printf(", from %s", date_of(rule->from_ms, date));
    }
    if (rule->until_ms != INT64_MAX) {
        printf(", until %s", date_of(rule->until_ms, date));
    }
}

static void print_done(const char *what, uint32_t count)
{
    if (count != 0) {
        printf(", %s %u", what, count);
    }
}

static void print_rule(void *context, const aisle_rule *rule)
{
    struct printing *printing = context;
    if (printing->json) {
        print_json(rule, printing->count++);
        return;
    }
    printing->count++;
    printf("%.*s: ", (int)rule->id.size, rule->id.data);
    print_asked(rule);
    print_done("pins", rule->pins);
    print_done("hides", rule->hidden);
    print_done("boosts", rule->boosts);
    printf("%s%s", rule->filters ? ", filters" : "", rule->replaces ? ", replaces" : "");
    if (rule->priority != 0) {
        printf(", priority %" PRId32, rule->priority);
    }
    printf("\n");
}

int cli_rules(int argc, char **argv)
{
    struct printing printing = {.json = false};
    const struct option table[] = {
        {.name = "json", .kind = OPTION_FLAG, .value.flag = &printing.json, .help = "one JSON object"},
    };
    const struct options options = {
        .command = "rules",
        .synopsis = "CATALOG [FILE] [--json]",
        .about = "Checks the shop's rules and lists them: those in CATALOG/rules.json, or in FILE, by the fields of\n"
                 "CATALOG. Synonyms and stop words are checked, too. What is wrong is told with its line.",
        .examples = "  aisle rules shop\n  aisle rules shop new-rules.json && cp new-rules.json shop/rules.json\n",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .operands_min = 1,
        .operands_max = 2,
    };
    int status;
    int operands = options_parse(&options, argc, argv, &status);
    if (operands == OPTIONS_EXIT) {
        return status;
    }
    if (operands > 1 && access(argv[1], R_OK) != 0) { /* the library takes a file that is not there for none */
        return cli_complain(CLI_INPUT, "rules", strerror(errno), argv[1]);
    }
    aisle *catalog = NULL;
    aisle_error error = {0};
    const aisle_options open = {.size = sizeof open, .read_only = true, .rules = operands > 1 ? argv[1] : NULL};
    if (aisle_open(argv[0], &open, &catalog, &error) != 0) {
        return cli_fail("rules", &error, argv[0]);
    }
    int failed = aisle_rules(catalog, print_rule, &printing, &error);
    aisle_close(catalog);
    if (failed != 0) {
        return cli_fail("rules", &error, NULL);
    }
    if (printing.json) {
        printf("%s]}\n", printing.count == 0 ? "{\"rules\":[" : "");
    } else {
        printf("%u rule%s\n", printing.count, printing.count == 1 ? "" : "s");
    }
    return cli_finish("rules");
}
