/*
 * search.c - aisle search: hits for people, or as JSON.
 */
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/facets.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/words.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Fields as an option lists them. */
struct names {
    char text[LIMIT_FIELDS * (LIMIT_FIELD_NAME_BYTES + 1)];
    const char *list[LIMIT_FIELDS];
    size_t count;
};

/* What is printed of hits besides the usual. */
struct shown {
    struct names marked; /* --highlight */
    struct names fields; /* --fields */
};

/* Cuts "title, brand" into names. 0 or an exit status; option is for messages. */
static int cut_names(const char *command, const char *option, const char *list, struct names *names)
{
    char why[96];
    const char *wrong = strlen(list) >= sizeof names->text ? "names too many fields" : NULL;
    char *next = memcpy(names->text, wrong != NULL ? "" : list, wrong != NULL ? 1 : strlen(list) + 1);
    while (next != NULL && wrong == NULL) {
        char *name = next + strspn(next, " ");
        next = strchr(name, ',');
        if (next != NULL) {
            *next++ = '\0';
        }
        for (size_t size = strlen(name); size != 0 && name[size - 1] == ' '; size--) {
            name[size - 1] = '\0';
        }
        for (size_t i = 0; i < names->count; i++) {
            wrong = strcmp(names->list[i], name) == 0 ? "names a field twice" : wrong;
        }
        wrong = name[0] == '\0' ? "takes names with commas between them" : wrong;
        wrong = wrong == NULL && names->count == LIMIT_FIELDS ? "names too many fields" : wrong;
        if (wrong == NULL) {
            names->list[names->count++] = name;
        }
    }
    snprintf(why, sizeof why, "--%s %s", option, wrong == NULL ? "" : wrong);
    return wrong == NULL ? CLI_DONE : cli_complain(CLI_USAGE, command, why, list);
}

static void print_json_highlights(const aisle_result *result, size_t hit, const struct shown *shown)
{
    const char *comma = "";
    aisle_highlight highlight;
    printf(",\"highlight\":{");
    for (size_t i = 0; i < shown->marked.count; i++) {
        if (aisle_result_highlight(result, hit, i, &highlight) == 0 && highlight.text.size != 0) {
            printf("%s", comma);
            output_json_text(shown->marked.list[i]);
            printf(":");
            output_json_string(highlight.text);
            comma = ",";
        }
    }
    printf("}");
}

static void print_groups_json(const aisle_result *result)
{
    aisle_group group;
    printf(",\"groups\":[");
    for (size_t i = 0; aisle_result_group(result, i, &group) == 0; i++) {
        printf("%s{\"value\":", i == 0 ? "" : ",");
        output_json_string(group.value);
        printf(",\"first_hit\":%zu,\"hits\":%zu,\"products\":%llu}", group.first_hit, group.hit_count,
               (unsigned long long)group.products);
    }
    printf("],\"group_total\":%llu", (unsigned long long)aisle_result_groups(result));
}

/* The rules that were applied. */
static void print_json_rules(const aisle_result *result)
{
    aisle_bytes id;
    for (size_t i = 0; aisle_result_rule(result, i, &id) == 0; i++) {
        printf("%s", i == 0 ? "\"rules\":[" : ",");
        output_json_string(id);
    }
    if (aisle_result_rule(result, 0, &id) == 0) {
        printf("],");
    }
}

static void print_json(const aisle_result *result, const aisle_query *query, const struct shown *shown)
{
    bool exact = false;
    uint64_t total = aisle_result_total(result, &exact);
    printf("{\"total\":%llu,\"total_is_exact\":%s,\"took_us\":%llu,%s", (unsigned long long)total,
           exact ? "true" : "false", (unsigned long long)aisle_result_took_us(result),
           aisle_result_partial(result) ? "\"partial\":true," : "");
    words_print_json(result);
    print_json_rules(result);
    printf("\"hits\":[");
    aisle_hit hit;
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        printf("%s{\"id\":", i == 0 ? "" : ",");
        output_json_string(hit.id);
        printf(",\"score\":%.6f,%s\"product\":", hit.score,
               aisle_result_pinned(result, i) ? "\"pinned\":true," : "");
        fwrite(hit.product.data, 1, hit.product.size, stdout);
        if (hit.explanation.size > 0) {
            printf(",\"explanation\":");
            fwrite(hit.explanation.data, 1, hit.explanation.size, stdout);
        }
        if (shown->marked.count != 0) {
            print_json_highlights(result, i, shown);
        }
        printf("}");
    }
    printf("]");
    if (query->group_by != NULL && query->group_by[0] != '\0') {
        print_groups_json(result);
    }
    facets_print_json(result);
    aisle_bytes cursor = aisle_result_cursor(result);
    if (cursor.size != 0) {
        printf(",\"cursor\":");
        output_json_string(cursor);
    }
    printf("}\n");
}

/* Those of the fields that the product has, each as it stands there, but for what is printed anyway. */
static void print_fields(aisle_bytes product, const struct names *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        char before[LIMIT_FIELD_NAME_BYTES + 8];
        aisle_bytes value;
        bool is_shown = strcmp(fields->list[i], "title") == 0 || strcmp(fields->list[i], "id") == 0;
        snprintf(before, sizeof before, "  %s: ", fields->list[i]);
        if (!is_shown && output_find(product, fields->list[i], &value) &&
            !output_member(product, fields->list[i], before)) {
            printf("%s%.*s", before, (int)value.size, value.data);
        }
    }
}

/* The i-th hit of the answer. */
static void print_hit(size_t rank, const aisle_result *result, size_t i, const struct shown *shown)
{
    aisle_hit hit;
    aisle_highlight highlight;
    if (aisle_result_hit(result, i, &hit) != 0) {
        return;
    }
    if (aisle_result_pinned(result, i)) {
        printf("%3zu.   pinned", rank);
    } else {
        printf("%3zu. %8.3f", rank, hit.score);
    }
    if (!output_member(hit.product, "title", "  ") && !output_member(hit.product, "name", "  ")) {
        printf("  %.*s", (int)hit.id.size, hit.id.data);
    }
    printf("\n               %.*s", (int)hit.id.size, hit.id.data);
    if (shown->fields.count != 0) {
        print_fields(hit.product, &shown->fields);
    } else {
        output_member(hit.product, "brand", "  ");
        output_member(hit.product, "price", "  ");
    }
    printf("\n");
    if (hit.explanation.size > 0) {
        printf("               %.*s\n", (int)hit.explanation.size, hit.explanation.data);
    }
    for (size_t k = 0; aisle_result_highlight(result, i, k, &highlight) == 0; k++) {
        if (highlight.text.size != 0) {
            printf("               %s: %.*s\n", shown->marked.list[k], (int)highlight.text.size, highlight.text.data);
        }
    }
}

static void print_group(const aisle_result *result, const aisle_group *group, const struct shown *shown)
{
    char number[OUTPUT_NUMBER_BYTES];
    printf("%.*s", (int)group->value.size, group->value.data);
    printf("%s%s product%s\n", group->value.size == 0 ? "" : "  ", output_number(group->products, number),
           group->products == 1 ? "" : "s");
    for (size_t i = 0; i < group->hit_count; i++) {
        print_hit(i + 1, result, group->first_hit + i, shown);
    }
}

static bool result_has_facets(const aisle_result *result)
{
    aisle_facet facet;
    return aisle_result_facet(result, 0, &facet) == 0;
}

static void print_list(const aisle_result *result, uint64_t offset, const struct shown *shown)
{
    aisle_group group;
    bool is_grouped = aisle_result_group(result, 0, &group) == 0;
    words_print(result);
    for (size_t i = 0; i < aisle_result_count(result) && !is_grouped; i++) {
        print_hit((size_t)offset + i + 1, result, i, shown);
    }
    for (size_t i = 0; aisle_result_group(result, i, &group) == 0; i++) {
        print_group(result, &group, shown);
    }
    bool exact = false;
    char number[OUTPUT_NUMBER_BYTES];
    uint64_t total = aisle_result_total(result, &exact);
    facets_print(result);
    if (is_grouped) {
        printf("%s groups of ", output_number(aisle_result_groups(result), number));
    }
    printf("%s%s%s product%s in %.2f ms%s\n", result_has_facets(result) ? "\n" : "", exact ? "" : "at least ",
           output_number(total, number), total == 1 ? "" : "s", (double)aisle_result_took_us(result) / 1000,
           aisle_result_partial(result) ? ", not all looked at" : "");
}

/* Messages begin with the part of the query that they are about; otherwise it is the text. */
static const char *part_at_fault(const char *message)
{
    static const char *const parts[] = {"filter",  "facet", "sort",   "fields",
                                        "group",  "after", "weights", "highlight", "affinity", "like"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strncmp(message, parts[i], strlen(parts[i])) == 0 && message[strlen(parts[i])] == ':') {
            return parts[i];
        }
    }
    return "query";
}

static int search(const char *command, const char *path, const aisle_query *query, const struct shown *shown,
                  bool json)
{
    aisle *catalog = NULL;
    aisle_result *result = NULL;
    aisle_error error = {0};
    int status = CLI_DONE;
    if (aisle_open(path, &(aisle_options){.size = sizeof(aisle_options), .read_only = true}, &catalog, &error) != 0) {
        return cli_fail(command, &error, path);
    }
    if (aisle_search(catalog, query, &result, &error) != 0) {
        char where[64];
        snprintf(where, sizeof where, "%s, byte %zu", part_at_fault(error.message), error.position);
        status = cli_fail(command, &error, error.code == AISLE_BAD_QUERY || error.position != 0 ? where : path);
        goto done;
    }
    if (json) {
        print_json(result, query, shown);
    } else {
        print_list(result, query->offset, shown);
    }
    status = cli_finish(command);
done:
    aisle_result_free(result);
    aisle_close(catalog);
    return status;
}

/* What the command line asks for. */
static struct {
    uint64_t limit, offset, now, snippet, few, deadline, total_bound, group_size;
    uint64_t edits, fixed_prefix, expansions, one_from, two_from;
    struct option_texts facets, affinities;
    const char *weights, *filter, *highlight, *match, *sort, *after, *fields, *group, *context, *exact_words;
    bool explain, json, as_you_type, no_typos, no_synonyms, no_stop_words, no_understanding, no_rules, digits;
} asked = {.limit = 10};

/* The last ones are about the words of a text, and the shop's rules for them: search alone has them. */
#define WORD_OPTIONS 16u

static const struct option table[] = {
    {.name = "limit", .kind = OPTION_NUMBER, .value.number = &asked.limit, .argument = "N",
     .help = "hits to print; default 10", .min = 1, .max = LIMIT_HITS},
    {.name = "offset", .kind = OPTION_NUMBER, .value.number = &asked.offset, .argument = "N",
     .help = "hits to pass over; with --limit at most 10,000 together", .max = LIMIT_HITS},
    {.name = "filter", .kind = OPTION_BLANK, .value.text = &asked.filter, .argument = "EXPR",
     .help = "keep products whose fields hold what EXPR says"},
    {.name = "facet", .kind = OPTION_TEXTS, .value.texts = &asked.facets, .argument = "FACET",
     .help = "count what the matches have in a field; may be repeated"},
    {.name = "sort", .kind = OPTION_TEXT, .value.text = &asked.sort, .argument = "FIELD:asc,...",
     .help = "by fields, each with :asc or :desc, in place of score"},
    {.name = "after", .kind = OPTION_BLANK, .value.text = &asked.after, .argument = "CURSOR",
     .help = "go on behind the page that this cursor was printed for"},
    {.name = "group", .kind = OPTION_TEXT, .value.text = &asked.group, .argument = "FIELD",
     .help = "the best hits of each value of FIELD, FIELD:count largest first; --limit counts groups"},
    {.name = "group-size", .kind = OPTION_NUMBER, .value.number = &asked.group_size, .argument = "N",
     .help = "hits of each group; default 1", .min = 1, .max = LIMIT_GROUP_SIZE},
    {.name = "fields", .kind = OPTION_TEXT, .value.text = &asked.fields, .argument = "NAME,...",
     .help = "members of products to print"},
    {.name = "deadline", .kind = OPTION_NUMBER, .value.number = &asked.deadline, .argument = "MS",
     .help = "print what was found after so many milliseconds", .min = 1, .max = UINT32_MAX},
    {.name = "total-bound", .kind = OPTION_NUMBER, .value.number = &asked.total_bound, .argument = "N",
     .help = "count no further than N matches", .min = 1, .max = UINT64_MAX},
    {.name = "weights", .kind = OPTION_TEXT, .value.text = &asked.weights, .argument = "FIELD:W,...",
     .help = "weights of signals, 0 to 100, in place of the schema's"},
    {.name = "affinity", .kind = OPTION_TEXTS, .value.texts = &asked.affinities, .argument = "FIELD:V=W",
     .help = "add W, above 0 to 10, to the score of what has V; may be repeated"},
    {.name = "now", .kind = OPTION_NUMBER, .value.number = &asked.now, .argument = "SECONDS",
     .help = "since 1970, that recency and rules count from; default now", .min = 1, .max = 253402300799},
    {.name = "highlight", .kind = OPTION_TEXT, .value.text = &asked.highlight, .argument = "FIELD,...",
     .help = "mark the query's words in these fields of hits"},
    {.name = "snippet", .kind = OPTION_NUMBER, .value.number = &asked.snippet, .argument = "N",
     .help = "of longer fields print N words, where most of the query stands", .min = 1, .max = 10000},
    {.name = "explain", .kind = OPTION_FLAG, .value.flag = &asked.explain, .help = "how each score came about"},
    {.name = "json", .kind = OPTION_FLAG, .value.flag = &asked.json, .help = "one JSON object with whole products"},
    {.name = "match", .kind = OPTION_TEXT, .value.text = &asked.match, .argument = "MODE",
     .help = "all (of the words, the default), relaxed (fewer, when all find few), any"},
    {.name = "as-you-type", .kind = OPTION_FLAG, .value.flag = &asked.as_you_type,
     .help = "the last word is only a beginning, unless a space follows"},
    {.name = "no-typos", .kind = OPTION_FLAG, .value.flag = &asked.no_typos, .help = "words are meant as typed"},
    {.name = "edits", .kind = OPTION_NUMBER, .value.number = &asked.edits, .argument = "N",
     .help = "that a word is corrected by at most, 1 or 2; default by its length", .min = 1, .max = 2},
    {.name = "one-from", .kind = OPTION_NUMBER, .value.number = &asked.one_from, .argument = "N",
     .help = "characters from which on a word is allowed one edit; default 3", .min = 1, .max = LIMIT_TERM_BYTES},
    {.name = "two-from", .kind = OPTION_NUMBER, .value.number = &asked.two_from, .argument = "N",
     .help = "characters from which on a word is allowed two; default 6", .min = 1, .max = LIMIT_TERM_BYTES},
    {.name = "fixed-prefix", .kind = OPTION_NUMBER, .value.number = &asked.fixed_prefix, .argument = "N",
     .help = "characters at the beginning of a word that must be right", .max = LIMIT_TERM_BYTES},
    {.name = "expansions", .kind = OPTION_NUMBER, .value.number = &asked.expansions, .argument = "N",
     .help = "words that one is corrected to at most; default 16", .min = 1, .max = LIMIT_VARIANTS},
    {.name = "digits", .kind = OPTION_FLAG, .value.flag = &asked.digits, .help = "correct words with digits, too"},
    {.name = "exact-words", .kind = OPTION_TEXT, .value.text = &asked.exact_words, .argument = "WORDS",
     .help = "that are not corrected, with spaces between"},
    {.name = "no-synonyms", .kind = OPTION_FLAG, .value.flag = &asked.no_synonyms, .help = "leave synonyms aside"},
    {.name = "no-stop-words", .kind = OPTION_FLAG, .value.flag = &asked.no_stop_words,
     .help = "every word must match, \"the\" and \"for\", too"},
    {.name = "no-understanding", .kind = OPTION_FLAG, .value.flag = &asked.no_understanding,
     .help = "prices and values of fields in TEXT are words like others"},
    {.name = "few", .kind = OPTION_NUMBER, .value.number = &asked.few, .argument = "N",
     .help = "fewer hits are few: words are corrected and relaxed then; default 5", .min = 1,
     .max = LIMIT_HITS},
    {.name = "context", .kind = OPTION_TEXT, .value.text = &asked.context, .argument = "NAME,...",
     .help = "names that the shop's rules may ask for"},
    {.name = "no-rules", .kind = OPTION_FLAG, .value.flag = &asked.no_rules, .help = "leave the shop's rules aside"},
};

#define OPTION_COUNT (sizeof table / sizeof table[0])

static const struct option_rule rules[] = {
    {"snippet", OPTION_NEEDS, "highlight"},   {"group-size", OPTION_NEEDS, "group"},
    {"edits", OPTION_BARS, "no-typos"},       {"one-from", OPTION_BARS, "no-typos"},
    {"two-from", OPTION_BARS, "no-typos"},    {"fixed-prefix", OPTION_BARS, "no-typos"},
    {"expansions", OPTION_BARS, "no-typos"},  {"digits", OPTION_BARS, "no-typos"},
    {"exact-words", OPTION_BARS, "no-typos"}, {"context", OPTION_BARS, "no-rules"},
};

static const struct options options = {
    .command = "search",
    .synopsis = "CATALOG TEXT [--filter EXPR] [--facet FACET]... [--sort FIELD:asc,...] [--limit N]\n"
                "                    [--offset N] [--after CURSOR] [--group FIELD] [--group-size N]\n"
                "                    [--fields NAME,...] [--weights FIELD:W,...] [--now SECONDS]\n"
                "                    [--highlight FIELD,...] [--snippet N] [--match MODE] [--as-you-type]\n"
                "                    [--no-typos] [--edits N] [--one-from N] [--two-from N] [--fixed-prefix N]\n"
                "                    [--expansions N] [--digits] [--exact-words WORDS]\n"
                "                    [--no-synonyms] [--no-stop-words] [--no-understanding]\n"
                "                    [--affinity FIELD:V=W]... [--context NAME,...] [--no-rules]\n"
                "                    [--few N] [--deadline MS] [--total-bound N] [--explain] [--json]",
    .about = "Prints the products that match all words of TEXT, the best first. `a OR b` takes either, -word\n"
             "excludes, word* is any word that begins so, brand:word looks in the brand only. \"a b\" is a\n"
             "phrase, \"a b\"~3 one whose words may be moved by three in sum. An empty TEXT browses.\n"
             "Words that no product has are corrected; CATALOG/synonyms.txt holds synonyms, one rule a line,\n"
             "CATALOG/rules.json what the shop pins, hides and lifts (`aisle rules` lists and checks it).\n"
             "EXPR compares fields: =, !=, <, <=, >, >=, price 10 TO 50, size IN [\"S\", \"M\"], brand EXISTS,\n"
             "category UNDER \"Audio\", with NOT, AND, OR and parentheses; ANY variants (color = \"red\" AND\n"
             "size = \"10\") is about one variant of a product.\n"
             "FACET is a field, such as brand, or price[*,50,100,*] for ranges, price/25 for a histogram,\n"
             "category>Audio for the children of a category; behind colons a number of values (default 10),\n"
             "name or size to order by, prefix=TEXT, contains=TEXT, like=TEXT (but for typos), stats, sample=N,\n"
             "groups=FIELD (count values of FIELD, such as models, in place of products),\n"
             "and multi: the filter's conditions on the field do not narrow its own counts.",
    .examples = "  aisle search shop 'waterproof hiking boots'\n"
                "  aisle search shop 'jacket -winter' --limit 3\n"
                "  aisle search shop 'title:wireless head*' --explain\n"
                "  aisle search shop '\"running shoes\"~1 brand:acme'\n"
                "  aisle search shop 'shoe' --weights sales:2,rating:0\n"
                "  aisle search shop 'boots' --filter 'brand = \"Acme\" AND price < 50'\n"
                "  aisle search shop 'boots' --highlight title,description --snippet 12\n"
                "  aisle search shop '' --offset 100 --json\n"
                "  aisle search shop 'boots' --sort price:asc,rating:desc --fields title,price --json\n"
                "  aisle search shop 'boots' --facet brand:5 --facet 'price[*,50,100,*]:stats'\n"
                "  aisle search shop 'boots' --filter 'brand = \"Acme\"' --facet brand:multi --facet size:size\n",
    .options = table,
    .option_count = OPTION_COUNT,
    .rules = rules,
    .rule_count = sizeof rules / sizeof rules[0],
    .operands_min = 2,
    .operands_max = 2,
};

/* What the tables of options cannot say. 0 or an exit status. */
static int check_asked(const char *command)
{
    const char *why = NULL;
    if (asked.edits == 1 && asked.two_from != 0) {
        why = "--two-from is about two edits: without effect beside --edits 1";
    } else if (asked.two_from != 0 && asked.one_from > asked.two_from) {
        why = "--one-from is above --two-from: no word is allowed one edit";
    } else if (asked.few != 0 && asked.no_typos && (asked.match == NULL || strcmp(asked.match, "relaxed") != 0)) {
        why = "--few is without effect beside --no-typos: that takes --match relaxed";
    }
    return why == NULL ? CLI_DONE : cli_complain(CLI_USAGE, command, why, NULL);
}

/* Searches for text, or for products like the one with this id. */
static int run(const char *path, const char *text, const char *like)
{
    struct shown shown = {.marked = {.count = 0}};
    const char *command = like == NULL ? "search" : "similar";
    int status = asked.highlight == NULL ? 0 : cut_names(command, "highlight", asked.highlight, &shown.marked);
    status = status != 0 || asked.fields == NULL ? status : cut_names(command, "fields", asked.fields, &shown.fields);
    status = status != 0 ? status : check_asked(command);
    if (status != 0) {
        return status;
    }
    const bool bold = !asked.json && isatty(STDOUT_FILENO);
    const bool marks = shown.marked.count != 0;
    int mode;
    if (!words_match(asked.match, &mode)) {
        return cli_complain(CLI_USAGE, command, "--match is all, relaxed or any", NULL);
    }
    const aisle_typos typos = {.size = sizeof typos,
                               .max_edits = (uint32_t)asked.edits,
                               .fixed_prefix = (uint32_t)asked.fixed_prefix,
                               .max_expansions = (uint32_t)asked.expansions,
                               .digits = asked.digits,
                               .exact_words = asked.exact_words,
                               .one_from = (uint32_t)asked.one_from,
                               .two_from = (uint32_t)asked.two_from};
    const bool has_typos = asked.edits != 0 || asked.fixed_prefix != 0 || asked.expansions != 0 || asked.digits ||
                           asked.exact_words != NULL || asked.one_from != 0 || asked.two_from != 0;
    const aisle_query query = {.size = sizeof query,
                               .text = text,
                               .like = like,
                               .limit = (uint32_t)asked.limit,
                               .offset = (uint32_t)asked.offset,
                               .explain = asked.explain,
                               .filter = asked.filter,
                               .facets = asked.facets.texts,
                               .facet_count = asked.facets.count,
                               .deadline_ms = (uint32_t)asked.deadline,
                               .total_bound = asked.total_bound,
                               .sort = asked.sort,
                               .after = asked.after,
                               .fields = asked.fields,
                               .group_by = asked.group,
                               .group_size = (uint32_t)asked.group_size,
                               .weights = asked.weights,
                               .highlight = shown.marked.list,
                               .highlight_count = shown.marked.count,
                               .mark_before = asked.json || !marks ? NULL : bold ? "\033[1m" : "[",
                               .mark_after = asked.json || !marks ? NULL : bold ? "\033[0m" : "]",
                               .snippet_words = (uint32_t)asked.snippet,
                               .highlight_plain = !asked.json && marks,
                               .match = mode,
                               .as_you_type = asked.as_you_type,
                               .no_typos = asked.no_typos,
                               .typos = has_typos ? &typos : NULL,
                               .no_synonyms = asked.no_synonyms,
                               .no_stop_words = asked.no_stop_words,
                               .no_understanding = asked.no_understanding,
                               .no_rules = asked.no_rules,
                               .contexts = asked.context,
                               .affinities = asked.affinities.texts,
                               .affinity_count = asked.affinities.count,
                               .few = (uint32_t)asked.few,
                               .now_ms = (int64_t)asked.now * 1000};
    return search(command, path, &query, &shown, asked.json);
}

int cli_search(int argc, char **argv)
{
    int status;
    return options_parse(&options, argc, argv, &status) == OPTIONS_EXIT ? status : run(argv[0], argv[1], NULL);
}

static const struct options similar_options = {
    .command = "similar",
    .synopsis = "CATALOG ID [--filter EXPR] [--limit N] [options]",
    .about = "Prints products like the one with this ID: those that have any of the words that tell most of it,\n"
             "of its title, brand, category and what else is searched, the best first.",
    .examples = "  aisle similar shop P1\n"
                "  aisle similar shop P1 --filter 'price < 50 AND in_stock = true' --limit 5\n"
                "  aisle similar shop P1 --group brand --json\n",
    .options = table,
    .option_count = OPTION_COUNT - WORD_OPTIONS,
    .rules = rules,
    .rule_count = sizeof rules / sizeof rules[0],
    .operands_min = 2,
    .operands_max = 2,
};

int cli_similar(int argc, char **argv)
{
    int status;
    return options_parse(&similar_options, argc, argv, &status) == OPTIONS_EXIT ? status : run(argv[0], NULL, argv[1]);
}
