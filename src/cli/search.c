/*
 * search.c - aisle search: hits for people, or as JSON.
 */
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"

#include <stdio.h>
#include <string.h>

static void print_json(const aisle_result *result)
{
    bool exact = false;
    uint64_t total = aisle_result_total(result, &exact);
    printf("{\"total\":%llu,\"total_is_exact\":%s,\"took_us\":%llu,\"hits\":[", (unsigned long long)total,
           exact ? "true" : "false", (unsigned long long)aisle_result_took_us(result));
    aisle_hit hit;
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        printf("%s{\"id\":", i == 0 ? "" : ",");
        output_json_string(hit.id);
        printf(",\"score\":%.6f,\"product\":", hit.score);
        fwrite(hit.product.data, 1, hit.product.size, stdout);
        if (hit.explanation.size > 0) {
            printf(",\"explanation\":");
            fwrite(hit.explanation.data, 1, hit.explanation.size, stdout);
        }
        printf("}");
    }
    printf("]}\n");
}

static void print_hit(size_t rank, const aisle_hit *hit)
{
    printf("%3zu. %8.3f", rank, hit->score);
    if (!output_member(hit->product, "title", "  ") && !output_member(hit->product, "name", "  ")) {
        printf("  %.*s", (int)hit->id.size, hit->id.data);
    }
    printf("\n               %.*s", (int)hit->id.size, hit->id.data);
    output_member(hit->product, "brand", "  ");
    output_member(hit->product, "price", "  ");
    printf("\n");
    if (hit->explanation.size > 0) {
        printf("               %.*s\n", (int)hit->explanation.size, hit->explanation.data);
    }
}

static void print_list(const aisle_result *result, uint64_t offset)
{
    aisle_hit hit;
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        print_hit((size_t)offset + i + 1, &hit);
    }
    bool exact = false;
    char number[OUTPUT_NUMBER_BYTES];
    uint64_t total = aisle_result_total(result, &exact);
    printf("%s%s product%s in %.2f ms\n", exact ? "" : "at least ", output_number(total, number),
           total == 1 ? "" : "s", (double)aisle_result_took_us(result) / 1000);
}

static int search(const char *path, const aisle_query *query, bool json)
{
    aisle *catalog = NULL;
    aisle_result *result = NULL;
    aisle_error error = {0};
    int status = CLI_DONE;
    if (aisle_open(path, &(aisle_options){.size = sizeof(aisle_options), .read_only = true}, &catalog, &error) != 0) {
        return cli_fail("search", &error, path);
    }
    if (aisle_search(catalog, query, &result, &error) != 0) {
        char where[64];
        bool of_filter = strncmp(error.message, "filter:", strlen("filter:")) == 0;
        snprintf(where, sizeof where, "%s, byte %zu", of_filter ? "filter" : "query", error.position);
        status = cli_fail("search", &error, error.code == AISLE_BAD_QUERY || error.position != 0 ? where : path);
        goto done;
    }
    if (json) {
        print_json(result);
    } else {
        print_list(result, query->offset);
    }
    status = cli_finish("search");
done:
    aisle_result_free(result);
    aisle_close(catalog);
    return status;
}

int cli_search(int argc, char **argv)
{
    uint64_t limit = 10;
    uint64_t offset = 0;
    uint64_t now = 0;
    const char *weights = NULL;
    const char *filter = NULL;
    bool explain = false;
    bool json = false;
    const struct option table[] = {
        {.name = "limit", .kind = OPTION_NUMBER, .value.number = &limit, .argument = "N",
         .help = "hits to print; default 10", .min = 1, .max = LIMIT_HITS},
        {.name = "offset", .kind = OPTION_NUMBER, .value.number = &offset, .argument = "N",
         .help = "hits to pass over; with --limit at most 10,000 together", .max = LIMIT_HITS},
        {.name = "filter", .kind = OPTION_TEXT, .value.text = &filter, .argument = "EXPR",
         .help = "keep products whose fields hold what EXPR says"},
        {.name = "weights", .kind = OPTION_TEXT, .value.text = &weights, .argument = "FIELD:W,...",
         .help = "weights of signals, 0 to 100, in place of the schema's"},
        {.name = "now", .kind = OPTION_NUMBER, .value.number = &now, .argument = "SECONDS",
         .help = "since 1970, that recency counts from; default now", .max = 253402300799},
        {.name = "explain", .kind = OPTION_FLAG, .value.flag = &explain, .help = "how each score came about"},
        {.name = "json", .kind = OPTION_FLAG, .value.flag = &json, .help = "one JSON object with whole products"},
    };
    const struct options options = {
        .command = "search",
        .synopsis = "CATALOG TEXT [--filter EXPR] [--limit N] [--offset N] [--weights FIELD:W,...]\n"
                    "                    [--now SECONDS] [--explain] [--json]",
        .about = "Prints the products that match all words of TEXT, the best first. `a OR b` takes either, -word\n"
                 "excludes, word* is any word that begins so, brand:word looks in the brand only. \"a b\" is a\n"
                 "phrase, \"a b\"~3 one whose words may be moved by three in sum. An empty TEXT browses.\n"
                 "EXPR compares fields: =, !=, <, <=, >, >=, price 10 TO 50, size IN [\"S\", \"M\"], brand EXISTS,\n"
                 "category UNDER \"Audio\", with NOT, AND, OR and parentheses.",
        .examples = "  aisle search shop 'waterproof hiking boots'\n"
                    "  aisle search shop 'jacket -winter' --limit 3\n"
                    "  aisle search shop 'title:wireless head*' --explain\n"
                    "  aisle search shop '\"running shoes\"~1 brand:acme'\n"
                    "  aisle search shop 'shoe' --weights sales:2,rating:0\n"
                    "  aisle search shop 'boots' --filter 'brand = \"Acme\" AND price < 50'\n"
                    "  aisle search shop '' --offset 100 --json\n",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .operands_min = 2,
        .operands_max = 2,
    };
    int status;
    if (options_parse(&options, argc, argv, &status) == OPTIONS_EXIT) {
        return status;
    }
    const aisle_query query = {.size = sizeof query,
                               .text = argv[1],
                               .limit = (uint32_t)limit,
                               .offset = (uint32_t)offset,
                               .explain = explain,
                               .filter = filter,
                               .weights = weights,
                               .now_ms = (int64_t)now * 1000};
    return search(argv[0], &query, json);
}
