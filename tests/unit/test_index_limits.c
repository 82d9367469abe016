/*
 * test_index_limits.c - every limit that a query, a schema, the shop's files or a product can meet, on both sides: what
 * is as large as it may be is taken, one more is refused by its code, and the message names the limit.
 *
 *     test_index_limits [large]      large: those that need millions of values, too
 *
 * LIMITS.md lists them for users; tests/tidy/limits.py holds the list to base/limits.h. More than 800 lines, because it
 * is one table, each row of which needs its own way to be of a size.
 */
#include "index_fixture.h"

#include "base/limits.h"

#define NUMBER(n) ",\"n" #n "\":{\"type\":\"integer\"}"

#define SCHEMA                                                                                                    \
    "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},\"brand\":{\"type\":\"keyword\","       \
    "\"facet\":true,\"search_weight\":1},\"tags\":{\"type\":\"keyword\",\"facet\":true},\"category\":{\"type\":"     \
    "\"path\",\"facet\":true},\"price\":{\"type\":\"integer\"},\"variants\":{\"type\":\"variants\"},\"color\":{"    \
    "\"type\":\"keyword\",\"facet\":true,\"variant\":true}" NUMBER(0) NUMBER(1) NUMBER(2) NUMBER(3) NUMBER(4)    \
    NUMBER(5) NUMBER(6) NUMBER(7) NUMBER(8) "}}"

static aisle *catalog;
static struct {
    char *data;
    size_t size;
    size_t capacity;
} text; /* that the case at hand makes */

static void clear(void)
{
    text.size = 0;
}

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
    va_list arguments;
    if (text.capacity - text.size < 4096) {
        text.capacity = text.capacity * 2 + 8192;
        text.data = realloc(text.data, text.capacity);
        assert_non_null(text.data);
    }
    va_start(arguments, format);
    text.size += (size_t)vsnprintf(text.data + text.size, 4096, format, arguments);
    va_end(arguments);
}

static void add_many(char byte, uint64_t count)
{
    for (; count >= 1000; count -= 1000) {
        char bytes[1001];
        memset(bytes, byte, 1000);
        bytes[1000] = '\0';
        add("%s", bytes);
    }
    for (; count > 0; count--) {
        add("%c", byte);
    }
}

/* ---- queries ---- */

static int ask(const aisle_query *given)
{
    aisle_query query = *given;
    aisle_result *result = NULL;
    query.size = sizeof query;
    query.no_hits = query.group_by == NULL && query.sort == NULL;
    int status = aisle_search(catalog, &query, &result, &error);
    aisle_result_free(result);
    return status;
}

static int ask_filter(void)
{
    return ask(&(aisle_query){.filter = text.data});
}

static int ask_facet(void)
{
    const char *const facets[] = {text.data};
    return ask(&(aisle_query){.facets = facets, .facet_count = 1});
}

static int query_bytes(uint64_t n)
{
    clear();
    add_many('x', n);
    return ask(&(aisle_query){.text = text.data});
}

static int query_terms(uint64_t n)
{
    clear();
    for (uint64_t i = 0; i < n; i++) {
        add("w%llux ", (unsigned long long)i);
    }
    return ask(&(aisle_query){.text = text.data, .no_typos = true});
}

static int slop(uint64_t n)
{
    clear();
    add("\"red lamp\"~%llu", (unsigned long long)n);
    return ask(&(aisle_query){.text = text.data});
}

static int hits(uint64_t n)
{
    aisle_result *result = NULL;
    const aisle_query query = {.size = sizeof query, .offset = 10, .limit = (uint32_t)n - 10};
    int status = aisle_search(catalog, &query, &result, &error);
    aisle_result_free(result);
    return status;
}

static int filter_bytes(uint64_t n)
{
    clear();
    add("price > 1");
    add_many(' ', n - text.size);
    return ask_filter();
}

static int filter_depth(uint64_t n)
{
    clear();
    add_many('(', n);
    add("price > 1");
    add_many(')', n);
    return ask_filter();
}

static int filter_conditions(uint64_t n)
{
    clear();
    for (uint64_t i = 0; i < n; i++) {
        add("%sprice = %llu", i == 0 ? "" : " OR ", (unsigned long long)i);
    }
    return ask_filter();
}

static int filter_set(uint64_t n)
{
    clear();
    add("price IN [");
    for (uint64_t i = 0; i < n; i++) {
        add("%s%llu", i == 0 ? "" : ",", (unsigned long long)i);
    }
    add("]");
    return ask_filter();
}

static int filter_bound_set(uint64_t n)
{
    aisle_bytes *values = calloc(n, sizeof *values);
    assert_non_null(values);
    for (uint64_t i = 0; i < n; i++) {
        values[i] = (aisle_bytes){"7", 1};
    }
    const aisle_param param = {.name = "v", .values = values, .value_count = n};
    int status = ask(&(aisle_query){.filter = "price IN $v", .params = &param, .param_count = 1});
    free(values);
    return status;
}

static int filter_parameters(uint64_t n)
{
    static char names[300][8];
    static aisle_param params[300];
    const aisle_bytes value = {"7", 1};
    clear();
    for (uint64_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "v%u", (unsigned)i);
        params[i] = (aisle_param){.name = names[i], .values = &value, .value_count = 1};
        add("%sprice = $%s", i == 0 ? "" : " OR ", i < LIMIT_FILTER_CONDITIONS ? names[i] : names[0]);
    }
    return ask(&(aisle_query){.filter = text.data, .params = params, .param_count = n});
}

static int contexts(uint64_t n)
{
    clear();
    add_many('x', n);
    return ask(&(aisle_query){.contexts = text.data});
}

static int affinities(uint64_t n)
{
    static const char *given[64];
    for (uint64_t i = 0; i < n; i++) {
        given[i] = "brand:Acme=0.3";
    }
    return ask(&(aisle_query){.affinities = given, .affinity_count = n});
}

static int affinity_weight(uint64_t n)
{
    clear();
    add("brand:Acme=%llu", (unsigned long long)n);
    const char *const given[] = {text.data};
    return ask(&(aisle_query){.affinities = given, .affinity_count = 1});
}

static int facets(uint64_t n)
{
    static const char *given[100];
    for (uint64_t i = 0; i < n; i++) {
        given[i] = "brand";
    }
    return ask(&(aisle_query){.facets = given, .facet_count = n});
}

static int facet_bytes(uint64_t n)
{
    clear();
    add_many(' ', n - strlen("brand"));
    add("brand");
    return ask_facet();
}

static int facet_shown(uint64_t n)
{
    clear();
    add("brand:%llu", (unsigned long long)n);
    return ask_facet();
}

static int facet_ranges(uint64_t n)
{
    clear();
    add("price[");
    for (uint64_t i = 0; i < n; i++) {
        add("%s%llu", i == 0 ? "" : ",", (unsigned long long)i);
    }
    add("]");
    return ask_facet();
}

static int facet_like(uint64_t n)
{
    clear();
    add("brand:like=");
    add_many('x', n);
    return ask_facet();
}

static int facet_sample(uint64_t n)
{
    clear();
    add("brand:sample=%llu", (unsigned long long)n);
    return ask_facet();
}

static int facet_buckets(uint64_t n)
{
    char filter[64];
    static const char *const histogram[] = {"price/1"};
    snprintf(filter, sizeof filter, "price < %llu", (unsigned long long)n);
    return ask(&(aisle_query){.filter = filter, .facets = histogram, .facet_count = 1});
}

/* Each product of the sizes has LIMIT_LIST_VALUES of them, all different. */
static int facet_sizes(uint64_t n)
{
    char filter[64];
    static const char *const by_size[] = {"tags:size"};
    snprintf(filter, sizeof filter, "price >= %u AND price < %llu", 100000,
             100000 + (unsigned long long)(n + LIMIT_LIST_VALUES - 1) / LIMIT_LIST_VALUES);
    return ask(&(aisle_query){.filter = filter, .facets = by_size, .facet_count = 1});
}

static int sort_parts(uint64_t n)
{
    clear();
    for (uint64_t i = 0; i < n; i++) {
        add("%sn%llu", i == 0 ? "" : ",", (unsigned long long)i);
    }
    return ask(&(aisle_query){.sort = text.data});
}

static int groups(uint64_t n)
{
    return ask(&(aisle_query){.group_by = "brand", .offset = 1, .limit = (uint32_t)n - 1});
}

static int group_size(uint64_t n)
{
    return ask(&(aisle_query){.group_by = "brand", .group_size = (uint32_t)n});
}

static int expansions(uint64_t n)
{
    const aisle_typos typos = {.size = sizeof typos, .max_expansions = (uint32_t)n};
    return ask(&(aisle_query){.text = "lmap", .typos = &typos});
}

static int suggestions(uint64_t n)
{
    aisle_suggestions *answer = NULL;
    const aisle_suggest_query query = {.size = sizeof query, .typed = "r", .limit = (uint32_t)n};
    int status = aisle_suggest(catalog, &query, &answer, &error);
    aisle_suggestions_free(answer);
    return status;
}

static int suggest_bytes(uint64_t n)
{
    aisle_suggestions *answer = NULL;
    clear();
    add_many('x', n);
    const aisle_suggest_query query = {.size = sizeof query, .typed = text.data};
    int status = aisle_suggest(catalog, &query, &answer, &error);
    aisle_suggestions_free(answer);
    return status;
}

static int search_threads(uint64_t n)
{
    aisle *opened = NULL;
    const aisle_options options = {.size = sizeof options, .search_threads = (uint32_t)n};
    int status = aisle_open(path_of("c"), &options, &opened, &error);
    aisle_close(opened);
    return status;
}

static int writer_threads(uint64_t n)
{
    aisle *opened = NULL;
    const aisle_options options = {.size = sizeof options, .threads = (uint32_t)n};
    int status = aisle_open(path_of("c"), &options, &opened, &error);
    aisle_close(opened);
    return status;
}

/* ---- schemas ---- */

static int create(void)
{
    static unsigned number;
    char name[32];
    snprintf(name, sizeof name, "schema%u", number++);
    return aisle_create(path_of(name), text.data, NULL, &error);
}

static int fields(uint64_t n)
{
    clear();
    add("{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"}");
    for (uint64_t i = 1; i < n; i++) {
        add(",\"f%llu\":{\"type\":\"integer\"}", (unsigned long long)i);
    }
    add("}}");
    return create();
}

static int field_name(uint64_t n)
{
    clear();
    add("{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},\"");
    add_many('f', n);
    add("\":{\"type\":\"integer\"}}}");
    return create();
}

static int schema_bytes(uint64_t n)
{
    clear();
    add("{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"}}}");
    add_many(' ', n - text.size);
    return create();
}

static int signals(uint64_t n)
{
    clear();
    add("{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"}");
    for (uint64_t i = 0; i < n; i++) {
        add(",\"f%llu\":{\"type\":\"integer\"}", (unsigned long long)i);
    }
    add("},\"signals\":[");
    for (uint64_t i = 0; i < n; i++) {
        add("%s{\"kind\":\"popularity\",\"field\":\"f%llu\",\"weight\":1}", i == 0 ? "" : ",", (unsigned long long)i);
    }
    add("]}");
    return create();
}

static int order_parts(uint64_t n)
{
    clear();
    add("{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"}");
    for (uint64_t i = 0; i < n; i++) {
        add(",\"f%llu\":{\"type\":\"integer\"}", (unsigned long long)i);
    }
    add("},\"order\":[");
    for (uint64_t i = 0; i < n; i++) {
        add("%s\"f%llu:asc\"", i == 0 ? "" : ",", (unsigned long long)i);
    }
    add("]}");
    return create();
}

static int stem_exceptions(uint64_t n)
{
    clear();
    add("{\"version\":1,\"id\":\"id\",\"language\":\"english\",\"fields\":{\"title\":{\"type\":\"text\"}},\"stems\":{");
    for (uint64_t i = 0; i < n; i++) {
        add("%s\"w%llu\":\"v\"", i == 0 ? "" : ",", (unsigned long long)i);
    }
    add("}}");
    return create();
}

/* ---- the shop's files ---- */

static int reload_with(const char *name)
{
    char path[820];
    snprintf(path, sizeof path, "%s/%s", path_of("c"), name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.size, file), text.size);
    assert_int_equal(fclose(file), 0);
    int status = aisle_reload(catalog, &error);
    assert_int_equal(unlink(path), 0);
    return status;
}

static int rules_bytes(uint64_t n)
{
    clear();
    add("[");
    add_many(' ', n - 2);
    add("]");
    return reload_with("rules.json");
}

static int rules(uint64_t n)
{
    clear();
    add("[");
    for (uint64_t i = 0; i < n; i++) {
        add("%s{\"query\":\"w%llu\",\"hide\":[\"1\"]}", i == 0 ? "" : ",", (unsigned long long)i);
    }
    add("]");
    return reload_with("rules.json");
}

static int rules_always(uint64_t n)
{
    clear();
    add("[");
    for (uint64_t i = 0; i < n; i++) {
        add("%s{\"hide\":[\"1\"]}", i == 0 ? "" : ",");
    }
    add("]");
    return reload_with("rules.json");
}

/* One rule, in which piece stands n times between commas. */
static int one_rule(const char *before, const char *piece, uint64_t n, const char *behind)
{
    clear();
    add("[{%s", before);
    for (uint64_t i = 0; i < n; i++) {
        add("%s%s", i == 0 ? "" : ",", piece);
    }
    add("%s}]", behind);
    return reload_with("rules.json");
}

static int rule_queries(uint64_t n)
{
    return one_rule("\"hide\":[\"1\"],\"query\":[", "\"lamp\"", n, "]");
}

static int rule_words(uint64_t n)
{
    clear();
    add("[{\"hide\":[\"1\"],\"query\":\"");
    for (uint64_t i = 0; i < n; i++) {
        add("lamp ");
    }
    add("\"}]");
    return reload_with("rules.json");
}

static int rule_name(uint64_t n)
{
    clear();
    add("[{\"hide\":[\"1\"],\"id\":\"");
    add_many('x', n);
    add("\"}]");
    return reload_with("rules.json");
}

static int rule_context(uint64_t n)
{
    clear();
    add("[{\"hide\":[\"1\"],\"context\":\"");
    add_many('x', n);
    add("\"}]");
    return reload_with("rules.json");
}

/* Different ones, of pins. */
static int rule_ids(const char *what, uint64_t n)
{
    clear();
    add("[{\"query\":\"lamp\",\"%s\":[", what);
    for (uint64_t i = 0; i < n; i++) {
        add("%s\"%llu\"", i == 0 ? "" : ",", (unsigned long long)i);
    }
    add("]}]");
    return reload_with("rules.json");
}

static int rule_pins(uint64_t n)
{
    return rule_ids("pin", n);
}

static int rule_hidden(uint64_t n)
{
    return rule_ids("hide", n);
}

static int rule_boosts(uint64_t n)
{
    return one_rule("\"boost\":[", "{\"filter\":\"price > 1\",\"weight\":1}", n, "]");
}

static int rule_weight(uint64_t n)
{
    clear();
    add("[{\"boost\":[{\"filter\":\"price > 1\",\"weight\":%llu}]}]", (unsigned long long)n);
    return reload_with("rules.json");
}

static int synonym_bytes(uint64_t n)
{
    clear();
    add("tv, television\n#");
    add_many('x', n - text.size);
    return reload_with("synonyms.txt");
}

static int synonyms(uint64_t n)
{
    clear();
    for (uint64_t i = 0; i < n; i++) {
        add("a%llu => b\n", (unsigned long long)i);
    }
    return reload_with("synonyms.txt");
}

static int synonym_words(uint64_t n)
{
    clear();
    add("tv => ");
    for (uint64_t i = 0; i < n; i++) {
        add("w%llu ", (unsigned long long)i);
    }
    return reload_with("synonyms.txt");
}

static int synonym_alternatives(uint64_t n)
{
    clear();
    add("tv => ");
    for (uint64_t i = 0; i < n; i++) {
        add("%sw%llu", i == 0 ? "" : ", ", (unsigned long long)i);
    }
    return reload_with("synonyms.txt");
}

static int exact_words(uint64_t n)
{
    clear();
    for (uint64_t i = 0; i < n; i++) {
        add("exact: w%llu\n", (unsigned long long)i);
    }
    return reload_with("synonyms.txt");
}

static int stop_words(uint64_t n)
{
    clear();
    for (uint64_t i = 0; i < n; i++) {
        add("w%llu\n", (unsigned long long)i);
    }
    return reload_with("stopwords.txt");
}

/* ---- products ---- */

static int check_product(void)
{
    return aisle_check_product(catalog, (aisle_bytes){text.data, text.size}, &error);
}

/* {"id":"A","NAME":BEFORE n times BYTE BEHIND} */
static int member_of(const char *before, char byte, uint64_t n, const char *behind)
{
    clear();
    add("{\"id\":\"A\",%s", before);
    add_many(byte, n);
    add("%s}", behind);
    return check_product();
}

static int product_bytes(uint64_t n)
{
    return member_of("\"note\":\"", 'x', n - strlen("{\"id\":\"A\",\"note\":\"\"}"), "\"");
}

static int json_depth(uint64_t n)
{
    clear();
    add("{\"id\":\"A\",\"note\":");
    add_many('[', n - 1);
    add_many(']', n - 1);
    add("}");
    return check_product();
}

static int json_nodes(uint64_t n)
{
    clear();
    add("{\"id\":\"A\",\"note\":[1");
    for (uint64_t i = 4; i < n; i++) {
        add(",1");
    }
    add("]}");
    return check_product();
}

static int id_bytes(uint64_t n)
{
    clear();
    add("{\"id\":\"");
    add_many('x', n);
    add("\"}");
    return check_product();
}

static int keyword_bytes(uint64_t n)
{
    return member_of("\"brand\":\"", 'x', n, "\"");
}

static int path_parts(uint64_t n)
{
    clear();
    add("{\"id\":\"A\",\"category\":[\"x\"");
    for (uint64_t i = 1; i < n; i++) {
        add(",\"x\"");
    }
    add("]}");
    return check_product();
}

static void add_tags(uint64_t first, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        add("%s\"t%llu\"", i == 0 ? "" : ",", (unsigned long long)(first + i));
    }
}

static int list_values(uint64_t n)
{
    clear();
    add("{\"id\":\"A\",\"tags\":[");
    add_tags(0, n);
    add("]}");
    return check_product();
}

static int product_variants(uint64_t n)
{
    clear();
    add("{\"id\":\"A\",\"variants\":[{}");
    for (uint64_t i = 1; i < n; i++) {
        add(",{}");
    }
    add("]}");
    return check_product();
}

/* A word's length takes two bytes behind one for the field. */
static int variant_bytes(uint64_t n)
{
    return member_of("\"variants\":[{\"color\":\"", 'x', n - 3, "\"}]");
}

/* ---- the table ---- */

static const struct {
    const char *name;
    uint64_t most;
    int (*attempt)(uint64_t n);
    int refused; /* one more is */
} limits[] = {
    {"LIMIT_QUERY_BYTES", LIMIT_QUERY_BYTES, query_bytes, AISLE_LIMIT},
    {"LIMIT_QUERY_TERMS", LIMIT_QUERY_TERMS, query_terms, AISLE_LIMIT},
    {"LIMIT_SLOP", LIMIT_SLOP, slop, AISLE_LIMIT},
    {"LIMIT_HITS", LIMIT_HITS, hits, AISLE_LIMIT},
    {"LIMIT_FILTER_BYTES", LIMIT_FILTER_BYTES, filter_bytes, AISLE_LIMIT},
    {"LIMIT_FILTER_DEPTH", LIMIT_FILTER_DEPTH, filter_depth, AISLE_LIMIT},
    {"LIMIT_FILTER_CONDITIONS", LIMIT_FILTER_CONDITIONS, filter_conditions, AISLE_LIMIT},
    {"LIMIT_FILTER_SET", LIMIT_FILTER_SET, filter_set, AISLE_LIMIT},
    {"LIMIT_FILTER_SET", LIMIT_FILTER_SET, filter_bound_set, AISLE_LIMIT},
    {"LIMIT_FILTER_PARAMETERS", LIMIT_FILTER_PARAMETERS, filter_parameters, AISLE_LIMIT},
    {"LIMIT_CONTEXTS_BYTES", LIMIT_CONTEXTS_BYTES, contexts, AISLE_LIMIT},
    {"LIMIT_AFFINITIES", LIMIT_AFFINITIES, affinities, AISLE_LIMIT},
    {"LIMIT_AFFINITY_WEIGHT", LIMIT_AFFINITY_WEIGHT, affinity_weight, AISLE_BAD_QUERY},
    {"LIMIT_FACETS", LIMIT_FACETS, facets, AISLE_LIMIT},
    {"LIMIT_FACET_BYTES", LIMIT_FACET_BYTES, facet_bytes, AISLE_LIMIT},
    {"LIMIT_FACET_SHOWN", LIMIT_FACET_SHOWN, facet_shown, AISLE_LIMIT},
    {"LIMIT_FACET_RANGES", LIMIT_FACET_RANGES, facet_ranges, AISLE_LIMIT},
    {"LIMIT_FACET_LIKE", LIMIT_FACET_LIKE, facet_like, AISLE_LIMIT},
    {"LIMIT_FACET_SAMPLE", LIMIT_FACET_SAMPLE, facet_sample, AISLE_LIMIT},
    {"LIMIT_FACET_BUCKETS", LIMIT_FACET_BUCKETS, facet_buckets, AISLE_LIMIT},
    {"LIMIT_FACET_SIZES", LIMIT_FACET_SIZES, facet_sizes, AISLE_LIMIT},
    {"LIMIT_SORT_PARTS", LIMIT_SORT_PARTS, sort_parts, AISLE_LIMIT},
    {"LIMIT_GROUPS", LIMIT_GROUPS, groups, AISLE_LIMIT},
    {"LIMIT_GROUP_SIZE", LIMIT_GROUP_SIZE, group_size, AISLE_LIMIT},
    {"LIMIT_VARIANTS", LIMIT_VARIANTS, expansions, AISLE_LIMIT},
    {"LIMIT_SUGGESTIONS", LIMIT_SUGGESTIONS, suggestions, AISLE_LIMIT},
    {"LIMIT_QUERY_BYTES", LIMIT_QUERY_BYTES, suggest_bytes, AISLE_LIMIT},
    {"LIMIT_THREADS", LIMIT_THREADS, search_threads, AISLE_LIMIT},
    {"LIMIT_THREADS", LIMIT_THREADS, writer_threads, AISLE_LIMIT},
    {"LIMIT_FIELDS", LIMIT_FIELDS, fields, AISLE_BAD_SCHEMA},
    {"LIMIT_FIELD_NAME_BYTES", LIMIT_FIELD_NAME_BYTES, field_name, AISLE_BAD_SCHEMA},
    {"LIMIT_SCHEMA_BYTES", LIMIT_SCHEMA_BYTES, schema_bytes, AISLE_BAD_SCHEMA},
    {"LIMIT_SIGNALS", LIMIT_SIGNALS, signals, AISLE_BAD_SCHEMA},
    {"LIMIT_ORDER_PARTS", LIMIT_ORDER_PARTS, order_parts, AISLE_BAD_SCHEMA},
    {"LIMIT_STEM_EXCEPTIONS", LIMIT_STEM_EXCEPTIONS, stem_exceptions, AISLE_BAD_SCHEMA},
    {"LIMIT_RULES_BYTES", LIMIT_RULES_BYTES, rules_bytes, AISLE_LIMIT},
    {"LIMIT_RULES", LIMIT_RULES, rules, AISLE_LIMIT},
    {"LIMIT_RULES_ALWAYS", LIMIT_RULES_ALWAYS, rules_always, AISLE_LIMIT},
    {"LIMIT_RULE_QUERIES", LIMIT_RULE_QUERIES, rule_queries, AISLE_LIMIT},
    {"LIMIT_RULE_WORDS", LIMIT_RULE_WORDS, rule_words, AISLE_LIMIT},
    {"LIMIT_RULE_NAME_BYTES", LIMIT_RULE_NAME_BYTES, rule_name, AISLE_LIMIT},
    {"LIMIT_RULE_NAME_BYTES", LIMIT_RULE_NAME_BYTES, rule_context, AISLE_LIMIT},
    {"LIMIT_RULE_PINS", LIMIT_RULE_PINS, rule_pins, AISLE_LIMIT},
    {"LIMIT_RULE_HIDDEN", LIMIT_RULE_HIDDEN, rule_hidden, AISLE_LIMIT},
    {"LIMIT_RULE_BOOSTS", LIMIT_RULE_BOOSTS, rule_boosts, AISLE_LIMIT},
    {"LIMIT_RULE_WEIGHT", LIMIT_RULE_WEIGHT, rule_weight, AISLE_INVALID},
    {"LIMIT_SYNONYM_BYTES", LIMIT_SYNONYM_BYTES, synonym_bytes, AISLE_LIMIT},
    {"LIMIT_SYNONYMS", LIMIT_SYNONYMS, synonyms, AISLE_LIMIT},
    {"LIMIT_SYNONYM_WORDS", LIMIT_SYNONYM_WORDS, synonym_words, AISLE_LIMIT},
    {"LIMIT_SYNONYM_ALTERNATIVES", LIMIT_SYNONYM_ALTERNATIVES, synonym_alternatives, AISLE_LIMIT},
    {"LIMIT_EXACT_WORDS", LIMIT_EXACT_WORDS, exact_words, AISLE_LIMIT},
    {"LIMIT_STOP_WORDS", LIMIT_STOP_WORDS, stop_words, AISLE_LIMIT},
    {"LIMIT_PRODUCT_BYTES", LIMIT_PRODUCT_BYTES, product_bytes, AISLE_BAD_PRODUCT},
    {"LIMIT_JSON_DEPTH", LIMIT_JSON_DEPTH, json_depth, AISLE_BAD_PRODUCT},
    {"LIMIT_JSON_NODES", LIMIT_JSON_NODES, json_nodes, AISLE_BAD_PRODUCT},
    {"LIMIT_ID_BYTES", LIMIT_ID_BYTES, id_bytes, AISLE_BAD_PRODUCT},
    {"LIMIT_KEYWORD_BYTES", LIMIT_KEYWORD_BYTES, keyword_bytes, AISLE_BAD_PRODUCT},
    {"LIMIT_PATH_PARTS", LIMIT_PATH_PARTS, path_parts, AISLE_BAD_PRODUCT},
    {"LIMIT_LIST_VALUES", LIMIT_LIST_VALUES, list_values, AISLE_BAD_PRODUCT},
    {"LIMIT_PRODUCT_VARIANTS", LIMIT_PRODUCT_VARIANTS, product_variants, AISLE_BAD_PRODUCT},
    {"LIMIT_VARIANT_BYTES", LIMIT_VARIANT_BYTES, variant_bytes, AISLE_BAD_PRODUCT},
};

static bool names(const char *message, uint64_t most)
{
    char number[32];
    snprintf(number, sizeof number, "%llu", (unsigned long long)most);
    return strstr(message, number) != NULL;
}

static void each_is_taken_up_to_its_limit_and_no_further(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        error = (aisle_error){.code = 0};
        int taken = limits[i].attempt(limits[i].most);
        if (taken != 0) {
            print_message("%s at its limit: %d %s\n", limits[i].name, taken, error.message);
        }
        error = (aisle_error){.code = 0};
        int status = limits[i].attempt(limits[i].most + 1);
        bool told = status == limits[i].refused && error.code == status && names(error.message, limits[i].most);
        if (!told) {
            print_message("%s past its limit: %d %s\n", limits[i].name, status, error.message);
        }
        wrong += taken != 0 || !told ? 1 : 0;
    }
    assert_int_equal(wrong, 0);
}

static int open_shop(void **state)
{
    int status = make_directory(state);
    create_catalog("c", SCHEMA, 1);
    catalog = open_catalog("c");
    aisle_writer *writer = begin_writing(catalog);
    for (uint32_t i = 0; i <= LIMIT_FACET_BUCKETS; i++) {
        clear();
        add("{\"id\":\"%u\",\"title\":\"red lamp\",\"brand\":\"Acme\",\"price\":%u}", i, i);
        put(writer, text.data);
    }
    for (uint32_t i = 0; i <= LIMIT_FACET_SIZES / LIMIT_LIST_VALUES; i++) {
        clear();
        add("{\"id\":\"tags%u\",\"price\":%u,\"tags\":[", i, 100000 + i);
        add_tags(i * LIMIT_LIST_VALUES, LIMIT_LIST_VALUES);
        add("]}");
        put(writer, text.data);
    }
    commit(writer);
    aisle_writer_free(writer);
    return status;
}

static int close_shop(void **state)
{
    aisle_close(catalog);
    free(text.data);
    return remove_directory(state);
}

/* ---- those that need millions of values ---- */

/* Puts products of LIMIT_LIST_VALUES values each, all different, from first to before end. */
static void put_values(aisle_writer *writer, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++) {
        clear();
        add("{\"id\":\"%u\",\"tags\":[", i);
        add_tags((uint64_t)i * LIMIT_LIST_VALUES, LIMIT_LIST_VALUES);
        add("]}");
        put(writer, text.data);
    }
    commit(writer);
}

/* One keyword field of as many values as may be sorted by, then as may be counted, and a product more each time. */
static void values_are_counted_and_sorted_by_up_to_their_limits(void **state)
{
    (void)state;
    static const char *const by_value[] = {"tags:1"};
    const aisle_query facet = {.facets = by_value, .facet_count = 1};
    const aisle_query sort = {.sort = "tags"};
    const uint32_t sorted = LIMIT_SORT_VALUES / LIMIT_LIST_VALUES;
    const uint32_t counted = LIMIT_FACET_VALUES / LIMIT_LIST_VALUES;
    aisle *shop = catalog;
    create_catalog("large", SCHEMA, 1);
    catalog = open_catalog("large");
    aisle_writer *writer = begin_writing(catalog);
    static_assert(LIMIT_SORT_VALUES < LIMIT_FACET_VALUES, "the first is met first");
    put_values(writer, 0, sorted);
    assert_done(ask(&sort));
    put_values(writer, sorted, sorted + 1);
    assert_int_equal(ask(&sort), AISLE_LIMIT);
    assert_true(names(error.message, LIMIT_SORT_VALUES));
    put_values(writer, sorted + 1, counted);
    assert_done(ask(&facet));
    put_values(writer, counted, counted + 1);
    assert_int_equal(ask(&facet), AISLE_LIMIT);
    assert_true(names(error.message, LIMIT_FACET_VALUES));
    aisle_writer_free(writer);
    aisle_close(catalog);
    catalog = shop;
}

/* As many products, each a group, as make the most pairs of it with their values, and with having any; and one more. */
static void pairs_are_counted_up_to_their_limit(void **state)
{
    (void)state;
    static const char *const by_group[] = {"tags:1:groups=brand"};
    const aisle_query facet = {.facets = by_group, .facet_count = 1};
    aisle *shop = catalog;
    create_catalog("pairs", SCHEMA, 1);
    catalog = open_catalog("pairs");
    aisle_writer *writer = begin_writing(catalog);
    for (uint32_t i = 0; i < LIMIT_FACET_PAIRS / LIMIT_LIST_VALUES; i++) {
        clear();
        add("{\"id\":\"%u\",\"brand\":\"b%u\",\"tags\":[", i, i);
        add_tags(0, LIMIT_LIST_VALUES - 1);
        add("]}");
        put(writer, text.data);
    }
    commit(writer);
    assert_done(ask(&facet));
    put(writer, "{\"id\":\"more\",\"brand\":\"more\",\"tags\":\"t0\"}");
    commit(writer);
    assert_int_equal(ask(&facet), AISLE_LIMIT);
    assert_true(names(error.message, LIMIT_FACET_PAIRS));
    aisle_writer_free(writer);
    aisle_close(catalog);
    catalog = shop;
}

static void numbers_are_counted_up_to_their_limit(void **state)
{
    (void)state;
    static const char *const by_number[] = {"price:1"};
    const aisle_query facet = {.facets = by_number, .facet_count = 1};
    aisle *shop = catalog;
    create_catalog("numbers", SCHEMA, 1);
    catalog = open_catalog("numbers");
    aisle_writer *writer = begin_writing(catalog);
    for (uint32_t i = 0; i < LIMIT_FACET_NUMBERS; i++) {
        char product[64];
        snprintf(product, sizeof product, "{\"id\":\"%u\",\"price\":%u}", i, i);
        put(writer, product);
    }
    commit(writer);
    assert_done(ask(&facet));
    put(writer, "{\"id\":\"more\",\"price\":-1}");
    commit(writer);
    assert_int_equal(ask(&facet), AISLE_LIMIT);
    assert_true(names(error.message, LIMIT_FACET_NUMBERS));
    aisle_writer_free(writer);
    aisle_close(catalog);
    catalog = shop;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_taken_up_to_its_limit_and_no_further),
    };
    const struct CMUnitTest large[] = {
        cmocka_unit_test(each_is_taken_up_to_its_limit_and_no_further),
        cmocka_unit_test(values_are_counted_and_sorted_by_up_to_their_limits),
        cmocka_unit_test(pairs_are_counted_up_to_their_limit),
        cmocka_unit_test(numbers_are_counted_up_to_their_limit),
    };
    return argc > 1 && strcmp(argv[1], "large") == 0 ? cmocka_run_group_tests(large, open_shop, close_shop)
                                                     : cmocka_run_group_tests(tests, open_shop, close_shop);
}
