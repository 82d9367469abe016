/*
 * suggest.c - aisle suggest: completes what a shopper is typing, and learns what shoppers search for.
 */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"

#include "base/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All of a file, at most LIMIT_LEARN_BYTES; the caller frees it. */
static int read_searches(const char *path, aisle_bytes *out)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    size_t capacity = 1 << 16;
    size_t size = 0;
    char *text = NULL;
    if (file == NULL) {
        return cli_complain(CLI_INPUT, "suggest", strerror(errno), path);
    }
    for (size_t got = 1; got != 0 && size <= LIMIT_LEARN_BYTES; size += got) {
        char *grown = text != NULL && size < capacity ? text : realloc(text, capacity *= 2);
        if (grown == NULL) {
            break;
        }
        text = grown;
        got = fread(text + size, 1, capacity - size, file);
    }
    bool failed = ferror(file) != 0;
    if (file != stdin) {
        fclose(file);
    }
    if (failed || text == NULL || size > LIMIT_LEARN_BYTES || size == capacity) {
        free(text);
        return failed ? cli_complain(CLI_INPUT, "suggest", strerror(errno), path)
               : size > LIMIT_LEARN_BYTES
                   ? cli_complain(CLI_INPUT, "suggest", "more than 256 MiB of searches", path)
                   : cli_complain(CLI_RESOURCES, "suggest", "out of memory", path);
    }
    *out = (aisle_bytes){text, size};
    return 0;
}

static int learn(const char *path, const char *file)
{
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    aisle_error error = {0};
    aisle_bytes searches = {NULL, 0};
    int status = read_searches(file, &searches);
    if (status != 0) {
        return status;
    }
    if (aisle_open(path, NULL, &catalog, &error) != 0 || aisle_begin(catalog, &writer, &error) != 0) {
        status = cli_fail("suggest", &error, path);
    } else if (aisle_learn(writer, searches, &error) != 0) {
        status = cli_fail("suggest", &error, file);
    } else if (aisle_commit(writer, &error) != 0) {
        status = cli_fail("suggest", &error, path);
    }
    free((void *)searches.data);
    aisle_writer_free(writer);
    aisle_close(catalog);
    return status;
}

static void print_json(const aisle_suggestions *suggestions)
{
    aisle_suggestion one;
    printf("{\"took_us\":%" PRIu64 ",\"complete\":%s,\"suggestions\":[", aisle_suggestions_took_us(suggestions),
           aisle_suggestions_complete(suggestions) ? "true" : "false");
    for (size_t i = 0; aisle_suggestions_get(suggestions, i, &one) == 0; i++) {
        printf("%s{\"text\":", i == 0 ? "" : ",");
        output_json_string(one.text);
        printf(",\"weight\":%.2f,\"kind\":\"%s\",\"edits\":%" PRIu32 "}", one.weight, one.kind, one.edits);
    }
    printf("]}\n");
}

static void print_lines(const aisle_suggestions *suggestions)
{
    aisle_suggestion one;
    for (size_t i = 0; aisle_suggestions_get(suggestions, i, &one) == 0; i++) {
        for (size_t c = 0; c < one.text.size; c++) { /* a terminal obeys control characters */
            putchar((unsigned char)one.text.data[c] < ' ' || one.text.data[c] == 0x7f ? ' ' : one.text.data[c]);
        }
        printf("  (%s)\n", one.kind);
    }
}

static int ask(const char *path, const aisle_suggest_query *query, bool json)
{
    aisle *catalog = NULL;
    aisle_suggestions *suggestions = NULL;
    aisle_error error = {0};
    int status;
    if (aisle_open(path, &(aisle_options){.size = sizeof(aisle_options), .read_only = true}, &catalog, &error) != 0 ||
        aisle_suggest(catalog, query, &suggestions, &error) != 0) {
        status = cli_fail("suggest", &error, path);
    } else {
        if (json) {
            print_json(suggestions);
        } else {
            print_lines(suggestions);
        }
        status = cli_finish("suggest");
    }
    aisle_suggestions_free(suggestions);
    aisle_close(catalog);
    return status;
}

int cli_suggest(int argc, char **argv)
{
    uint64_t limit = 0; /* the default */
    const char *context = NULL;
    const char *searches = NULL;
    bool exact = false;
    bool json = false;
    const struct option table[] = {
        {.name = "limit", .kind = OPTION_NUMBER, .value.number = &limit, .argument = "N",
         .help = "suggestions to print; default 10", .min = 1, .max = LIMIT_SUGGESTIONS},
        {.name = "context", .kind = OPTION_TEXT, .value.text = &context, .argument = "FIELD:VALUE",
         .help = "only those of a brand or category, with their weight there"},
        {.name = "exact", .kind = OPTION_FLAG, .value.flag = &exact, .help = "what was typed has no errors"},
        {.name = "json", .kind = OPTION_FLAG, .value.flag = &json, .help = "one JSON object"},
        {.name = "learn", .kind = OPTION_TEXT, .value.text = &searches, .argument = "FILE",
         .help = "first learn what shoppers search for: lines of a search, a tab and its count"},
    };
    const struct options options = {
        .command = "suggest",
        .synopsis = "CATALOG [TEXT] [--limit N] [--context FIELD:VALUE] [--exact] [--json] [--learn FILE]",
        .about = "Completes what a shopper is typing with brands, categories, beginnings of titles and searches that\n"
                 "were learned, the most popular first; without TEXT, the most popular of all. Each finds products.\n"
                 "What --learn reads replaces what was learned before.",
        .examples = "  aisle suggest shop 'run'\n  aisle suggest shop 'trail' --context 'category:Shoes' --json\n"
                    "  aisle suggest shop --learn searches.tsv\n",
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
    if (searches != NULL && operands == 1 && (limit != 0 || context != NULL || exact || json)) {
        return cli_complain(CLI_USAGE, "suggest", "--learn without TEXT prints nothing: --limit, --context, --exact "
                                                  "and --json are without effect", NULL);
    }
    if (searches != NULL) {
        status = learn(argv[0], searches);
        if (status != 0 || operands == 1) {
            return status;
        }
    }
    const aisle_suggest_query query = {.size = sizeof query,
                                       .typed = operands == 2 ? argv[1] : "",
                                       .limit = (uint32_t)limit,
                                       .context = context,
                                       .exact = exact};
    return ask(argv[0], &query, json);
}
