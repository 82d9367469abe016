/*
 * search.c - from arguments to a query of aisle.h.
 *
 * Every option stands in one table; an unknown one, and one given twice, are errors with their place. Does not answer
 * (command_search.c).
 */
#include "server/search.h"

#include "base/clock.h"
#include "server/brief.h"
#include "server/command.h"

#include <stdio.h>

#define PARAMETERS "the count behind PARAMS"

struct parser {
    struct arguments *arguments;
    struct arena *arena;
    struct search *search;
    aisle_error *error;
};

static int take_filter(struct parser *p)
{
    return arguments_string(p->arguments, "the filter behind FILTER", p->arena, &p->search->query.filter, p->error);
}

/* A list that names something. */
static int take_list(struct parser *p, const char *what, const struct bytes **list, uint32_t *count)
{
    int status = arguments_list(p->arguments, what, list, count, p->error);
    return status != 0 || *count != 0 ? status
                                      : error_set(p->error, AISLE_INVALID, "%s is 0: nothing follows (argument %u)",
                                                  what, arguments_place(p->arguments));
}

static int take_params(struct parser *p)
{
    const struct bytes *pairs = NULL;
    uint32_t count = 0;
    int status = take_list(p, PARAMETERS, &pairs, &count);
    return status != 0 ? status : search_bind(pairs, count, p->arena, &p->search->query, p->error);
}

static int take_limit(struct parser *p)
{
    uint64_t offset = 0;
    uint64_t count = 0;
    int status = arguments_number(p->arguments, "the offset behind LIMIT", LIMIT_HITS, &offset, p->error);
    status = status != 0 ? status
                         : arguments_number(p->arguments, "the count behind LIMIT", LIMIT_HITS, &count, p->error);
    p->search->query.offset = count == 0 ? 0 : (uint32_t)offset;
    p->search->query.limit = (uint32_t)count;
    p->search->query.no_hits = count == 0;
    return status;
}

/* Refuses a field that an option names twice: answers are maps, and products JSON, in which a name stands once. */
static int check_names(const struct parser *p, const char *option, const struct bytes *names, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (bytes_equal(names[i], names[k])) {
                return error_set(p->error, AISLE_INVALID, "%s names '%.*s' twice (argument %u)", option,
                                 (int)(names[i].size < 48 ? names[i].size : 48), (const char *)names[i].data,
                                 arguments_place(p->arguments) - (count - 1 - i));
            }
        }
    }
    return 0;
}

static int take_return(struct parser *p)
{
    struct search *search = p->search;
    int status = arguments_list(p->arguments, "the count behind RETURN", &search->returns, &search->return_count,
                                p->error);
    if (status == 0 && search->return_count > LIMIT_SERVER_RETURNS) {
        return error_set(p->error, AISLE_LIMIT, "at most %u fields behind RETURN", LIMIT_SERVER_RETURNS);
    }
    search->cuts = true;
    search->query.no_products = search->return_count == 0;
    return status != 0 ? status : check_names(p, "RETURN", search->returns, search->return_count);
}

static int take_weights(struct parser *p)
{
    return arguments_text(p->arguments, "the weights behind WEIGHTS", p->arena, &p->search->query.weights, p->error);
}

/* Behind AFFINITY: a count of arguments, then of each affinity FIELD:VALUE and its weight. */
static int take_affinity(struct parser *p)
{
    static const char count_name[] = "the count behind AFFINITY";
    const struct bytes *pairs = NULL;
    uint32_t count = 0;
    int status = take_list(p, count_name, &pairs, &count);
    if (status == 0 && count % 2 != 0) {
        return error_set(p->error, AISLE_INVALID, "%s is of values and weights together, so it is even", count_name);
    }
    const char **affinities = status == 0 ? arena_calloc(p->arena, count / 2 + 1, sizeof *affinities) : NULL;
    if (status == 0 && affinities == NULL) {
        return error_no_memory(p->error, "a request");
    }
    for (uint32_t i = 0; i < count && status == 0; i += 2) {
        size_t size = pairs[i].size + 1 + pairs[i + 1].size;
        char *joined = arena_alloc(p->arena, size);
        if (joined == NULL) {
            return error_no_memory(p->error, "a request");
        }
        memcpy(joined, pairs[i].data, pairs[i].size);
        joined[pairs[i].size] = '=';
        memcpy(joined + pairs[i].size + 1, pairs[i + 1].data, pairs[i + 1].size);
        status = arguments_copy(bytes_of(joined, size), "an affinity", p->arena, &affinities[i / 2], p->error);
    }
    p->search->query.affinities = affinities;
    p->search->query.affinity_count = count / 2;
    return status;
}

static int take_context(struct parser *p)
{
    return arguments_text(p->arguments, "the names behind CONTEXT", p->arena, &p->search->query.contexts, p->error);
}

static int take_now(struct parser *p)
{
    uint64_t now = 0;
    int status = arguments_positive(p->arguments, "the milliseconds behind NOW", 253402300799999, &now, p->error);
    p->search->query.now_ms = (int64_t)now;
    return status;
}

static int take_deadline(struct parser *p)
{
    return arguments_positive(p->arguments, "the milliseconds behind DEADLINE", 3600000, &p->search->deadline_ms,
                              p->error);
}

static int take_fields(struct parser *p)
{
    return arguments_text(p->arguments, "the names behind FIELDS", p->arena, &p->search->query.fields, p->error);
}

static int take_work(struct parser *p)
{
    return arguments_positive(p->arguments, "the number behind WORK", UINT32_MAX, &p->search->query.work, p->error);
}

/* Behind an option: one of the words; *chosen is its place among them. */
static int take_choice(struct parser *p, const char *option, const char *const *words, size_t count, size_t *chosen)
{
    struct bytes word = {0};
    char all[64] = "";
    int status = arguments_take(p->arguments, option, &word, p->error);
    for (size_t i = 0; i < count && status == 0; i++) {
        if (command_word(word, words[i])) {
            *chosen = i;
            return 0;
        }
        size_t at = strlen(all);
        snprintf(all + at, sizeof all - at, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", words[i]);
    }
    return status != 0 ? status
                       : error_set(p->error, AISLE_INVALID, "%s is %s (argument %u)", option, all,
                                   arguments_place(p->arguments));
}

static int take_total(struct parser *p)
{
    static const char *const words[] = {"EXACT", "NONE", "BOUND"};
    size_t chosen = 0;
    int status = take_choice(p, "what follows TOTAL", words, 3, &chosen);
    p->search->query.no_total = chosen == 1;
    return status != 0 || chosen != 2 ? status
                                      : arguments_positive(p->arguments, "the number behind TOTAL BOUND", UINT32_MAX,
                                                           &p->search->query.total_bound, p->error);
}

/* May be given several times: the answer has the facets in this order. */
static int take_facet(struct parser *p)
{
    struct search *search = p->search;
    if (search->query.facet_count == SEARCH_FACETS_MAX) {
        return error_set(p->error, AISLE_LIMIT, "at most %u FACETs (argument %u)", SEARCH_FACETS_MAX,
                         arguments_place(p->arguments));
    }
    search->query.facets = search->facets;
    return arguments_string(p->arguments, "the field behind FACET", p->arena,
                            &search->facets[search->query.facet_count++], p->error);
}

static int take_switch(struct parser *p, const char *option, const char *on, bool *is_off)
{
    const char *const words[] = {on, "OFF"};
    size_t chosen = 0;
    int status = take_choice(p, option, words, 2, &chosen);
    *is_off = chosen == 1;
    return status;
}

static int take_typos(struct parser *p)
{
    return take_switch(p, "what follows TYPOS", "AUTO", &p->search->query.no_typos);
}

/* A number of how words are corrected, which then is the query's own. */
static int take_typos_number(struct parser *p, const char *what, uint64_t max, uint32_t *out)
{
    uint64_t number = 0;
    bool may_be_none = out == &p->search->typos.fixed_prefix;
    int status = may_be_none ? arguments_number(p->arguments, what, max, &number, p->error)
                             : arguments_positive(p->arguments, what, max, &number, p->error);
    *out = (uint32_t)number;
    p->search->query.typos = &p->search->typos;
    return status;
}

static int take_edits(struct parser *p)
{
    return take_typos_number(p, "the edits behind EDITS", 2, &p->search->typos.max_edits);
}

static int take_one_from(struct parser *p)
{
    return take_typos_number(p, "the characters behind ONEFROM", LIMIT_TERM_BYTES, &p->search->typos.one_from);
}

static int take_two_from(struct parser *p)
{
    return take_typos_number(p, "the characters behind TWOFROM", LIMIT_TERM_BYTES, &p->search->typos.two_from);
}

static int take_prefix(struct parser *p)
{
    return take_typos_number(p, "the characters behind PREFIX", LIMIT_TERM_BYTES, &p->search->typos.fixed_prefix);
}

static int take_expansions(struct parser *p)
{
    return take_typos_number(p, "the words behind EXPANSIONS", LIMIT_VARIANTS, &p->search->typos.max_expansions);
}

static int take_digits(struct parser *p)
{
    p->search->typos.digits = true;
    p->search->query.typos = &p->search->typos;
    return 0;
}

static int take_exact(struct parser *p)
{
    p->search->query.typos = &p->search->typos;
    return arguments_text(p->arguments, "the words behind EXACT", p->arena, &p->search->typos.exact_words, p->error);
}

static int take_synonyms(struct parser *p)
{
    return take_switch(p, "what follows SYNONYMS", "ON", &p->search->query.no_synonyms);
}

static int take_rules(struct parser *p)
{
    return take_switch(p, "what follows RULES", "ON", &p->search->query.no_rules);
}

static int take_stop_words(struct parser *p)
{
    return take_switch(p, "what follows STOPWORDS", "ON", &p->search->query.no_stop_words);
}

static int take_relax(struct parser *p)
{
    static const char *const words[] = {"ALL", "RELAXED", "ANY"}; /* as enum aisle_match */
    size_t chosen = 0;
    int status = take_choice(p, "what follows RELAX", words, 3, &chosen);
    p->search->query.match = (int)chosen;
    return status;
}

static int take_understand(struct parser *p)
{
    return take_switch(p, "what follows UNDERSTAND", "ON", &p->search->query.no_understanding);
}

/* May be given several times: the parts decide one after another. */
static int take_sort(struct parser *p)
{
    const char *part = NULL;
    const char *before = p->search->query.sort;
    int status = arguments_text(p->arguments, "the field behind SORT", p->arena, &part, p->error);
    if (status != 0 || before == NULL) {
        p->search->query.sort = part;
        return status;
    }
    size_t size = strlen(before) + strlen(part) + 2;
    char *both = arena_alloc(p->arena, size);
    if (both == NULL) {
        return error_no_memory(p->error, "a request");
    }
    snprintf(both, size, "%s,%s", before, part);
    p->search->query.sort = both;
    return 0;
}

static int take_after(struct parser *p)
{
    return arguments_string(p->arguments, "the cursor behind AFTER", p->arena, &p->search->query.after, p->error);
}

static int take_like(struct parser *p)
{
    return arguments_text(p->arguments, "the id behind LIKE", p->arena, &p->search->query.like, p->error);
}

static int take_group(struct parser *p)
{
    aisle_query *query = &p->search->query;
    uint64_t size = 0;
    int status = arguments_text(p->arguments, "the field behind GROUP", p->arena, &query->group_by, p->error);
    status = status != 0 ? status : arguments_positive(p->arguments, "the count behind GROUP", 100, &size, p->error);
    query->group_size = (uint32_t)size;
    return status;
}

static int take_few(struct parser *p)
{
    uint64_t few = 0;
    int status = arguments_positive(p->arguments, "the count behind FEW", LIMIT_HITS, &few, p->error);
    p->search->query.few = (uint32_t)few;
    return status;
}

static int take_typing(struct parser *p)
{
    p->search->query.as_you_type = true;
    return 0;
}

static int take_highlight(struct parser *p)
{
    struct search *search = p->search;
    const struct bytes *fields = NULL;
    uint32_t count = 0;
    int status = take_list(p, "the count behind HIGHLIGHT", &fields, &count);
    if (status == 0 && count > LIMIT_FIELDS) {
        return error_set(p->error, AISLE_LIMIT, "at most %u fields behind HIGHLIGHT", LIMIT_FIELDS);
    }
    status = status != 0 ? status : check_names(p, "HIGHLIGHT", fields, count);
    const char **names = arena_calloc(p->arena, (size_t)count + 1, sizeof *names);
    if (status == 0 && names == NULL) {
        return error_no_memory(p->error, "a request");
    }
    for (uint32_t i = 0; i < count && status == 0; i++) {
        status = arguments_copy(fields[i], "a field", p->arena, &names[i], p->error);
    }
    search->query.highlight = names;
    search->query.highlight_count = count;
    return status;
}

static int take_tags(struct parser *p)
{
    aisle_query *query = &p->search->query;
    int status = arguments_string(p->arguments, "the first mark behind TAGS", p->arena, &query->mark_before, p->error);
    return status != 0 ? status
                       : arguments_string(p->arguments, "the second mark behind TAGS", p->arena, &query->mark_after,
                                          p->error);
}

static int take_plain(struct parser *p)
{
    p->search->query.highlight_plain = true;
    return 0;
}

static int take_snippet(struct parser *p)
{
    uint64_t words = 0;
    int status = arguments_positive(p->arguments, "the words behind SNIPPET", 10000, &words, p->error);
    p->search->query.snippet_words = (uint32_t)words;
    return status;
}

/* Stands in the slow log with the request's other arguments. */
static int take_trace(struct parser *p)
{
    struct bytes trace = {0};
    return arguments_take(p->arguments, "the id behind TRACE", &trace, p->error);
}

static int take_explain(struct parser *p)
{
    p->search->query.explain = true;
    return 0;
}

enum option {
    OPTION_FILTER, OPTION_PARAMS, OPTION_LIMIT, OPTION_RETURN, OPTION_WEIGHTS, OPTION_NOW, OPTION_TOTAL,
    OPTION_DEADLINE, OPTION_TRACE, OPTION_EXPLAIN, OPTION_TYPOS, OPTION_SYNONYMS, OPTION_STOPWORDS, OPTION_RELAX,
    OPTION_FEW, OPTION_TYPING, OPTION_FACET, OPTION_SORT, OPTION_AFTER, OPTION_GROUP, OPTION_UNDERSTAND,
    OPTION_HIGHLIGHT, OPTION_TAGS, OPTION_SNIPPET, OPTION_PLAIN, OPTION_FIELDS, OPTION_WORK, OPTION_EDITS,
    OPTION_PREFIX, OPTION_EXPANSIONS, OPTION_DIGITS, OPTION_ONEFROM, OPTION_TWOFROM, OPTION_EXACT, OPTION_AFFINITY,
    OPTION_CONTEXT, OPTION_RULES, OPTION_LIKE,
    OPTION_COUNT
};

static const struct {
    const char *name;
    int (*take)(struct parser *p);
} options[OPTION_COUNT] = {
    [OPTION_FILTER] = {"FILTER", take_filter},             [OPTION_PARAMS] = {"PARAMS", take_params},
    [OPTION_LIMIT] = {"LIMIT", take_limit},                [OPTION_RETURN] = {"RETURN", take_return},
    [OPTION_WEIGHTS] = {"WEIGHTS", take_weights},          [OPTION_NOW] = {"NOW", take_now},
    [OPTION_TOTAL] = {"TOTAL", take_total},                [OPTION_DEADLINE] = {"DEADLINE", take_deadline},
    [OPTION_TRACE] = {"TRACE", take_trace},                [OPTION_EXPLAIN] = {"EXPLAIN", take_explain},
    [OPTION_TYPOS] = {"TYPOS", take_typos},                [OPTION_SYNONYMS] = {"SYNONYMS", take_synonyms},
    [OPTION_STOPWORDS] = {"STOPWORDS", take_stop_words},   [OPTION_RELAX] = {"RELAX", take_relax},
    [OPTION_FEW] = {"FEW", take_few},                      [OPTION_TYPING] = {"TYPING", take_typing},
    [OPTION_FACET] = {"FACET", take_facet},                [OPTION_SORT] = {"SORT", take_sort},
    [OPTION_AFTER] = {"AFTER", take_after},                [OPTION_GROUP] = {"GROUP", take_group},
    [OPTION_UNDERSTAND] = {"UNDERSTAND", take_understand}, [OPTION_HIGHLIGHT] = {"HIGHLIGHT", take_highlight},
    [OPTION_TAGS] = {"TAGS", take_tags},                   [OPTION_SNIPPET] = {"SNIPPET", take_snippet},
    [OPTION_PLAIN] = {"PLAIN", take_plain},                [OPTION_FIELDS] = {"FIELDS", take_fields},
    [OPTION_WORK] = {"WORK", take_work},                   [OPTION_EDITS] = {"EDITS", take_edits},
    [OPTION_PREFIX] = {"PREFIX", take_prefix},             [OPTION_EXPANSIONS] = {"EXPANSIONS", take_expansions},
    [OPTION_DIGITS] = {"DIGITS", take_digits},             [OPTION_ONEFROM] = {"ONEFROM", take_one_from},
    [OPTION_TWOFROM] = {"TWOFROM", take_two_from},         [OPTION_EXACT] = {"EXACT", take_exact},
    [OPTION_AFFINITY] = {"AFFINITY", take_affinity},       [OPTION_CONTEXT] = {"CONTEXT", take_context},
    [OPTION_RULES] = {"RULES", take_rules},                [OPTION_LIKE] = {"LIKE", take_like},
};

/* Places of the options that are given, as in the table; 0: it is not. */
struct places {
    uint32_t of[OPTION_COUNT];
};

static int take_option(struct parser *p, struct places *places)
{
    struct bytes name = {0};
    int status = arguments_take(p->arguments, "an option", &name, p->error);
    for (size_t i = 0; i < OPTION_COUNT && status == 0; i++) {
        if (!command_word(name, options[i].name)) {
            continue;
        }
        if (places->of[i] != 0 && options[i].take != take_facet && options[i].take != take_sort) {
            return arguments_repeated(p->arguments, name, p->error);
        }
        places->of[i] = arguments_place(p->arguments);
        return options[i].take(p);
    }
    return status != 0 ? status : arguments_unknown(p->arguments, name, p->error);
}

/* A set of options. */
#define ONLY(option) (UINT64_C(1) << OPTION_##option)
#define CORRECTIONS                                                                                                   \
    (ONLY(EDITS) | ONLY(ONEFROM) | ONLY(TWOFROM) | ONLY(PREFIX) | ONLY(EXPANSIONS) | ONLY(DIGITS) | ONLY(EXACT))
#define OF_TEXT                                                                                                       \
    (ONLY(TYPOS) | ONLY(SYNONYMS) | ONLY(STOPWORDS) | ONLY(UNDERSTAND) | ONLY(RELAX) | ONLY(FEW) | ONLY(TYPING) |     \
     ONLY(CONTEXT) | ONLY(RULES))
#define OF_HITS (ONLY(SORT) | ONLY(AFTER) | ONLY(RETURN) | ONLY(FIELDS) | ONLY(HIGHLIGHT) | ONLY(EXPLAIN))
static_assert(OPTION_COUNT <= 64, "a set of options is a word");

/* What makes options idle: would be without effect, or cut what another one asks for. */
struct idle_rule {
    bool is_so;
    const char *beside;
    uint64_t idle;
};

static int check_idle(const struct places *places, const struct idle_rule *rule, aisle_error *error)
{
    for (size_t i = 0; i < OPTION_COUNT && rule->is_so; i++) {
        if ((rule->idle >> i & 1) != 0 && places->of[i] != 0) {
            return error_set(error, AISLE_INVALID, "%s is without effect beside %s (argument %u)", options[i].name,
                             rule->beside, places->of[i]);
        }
    }
    return 0;
}

static int check_options(const struct search *search, const struct places *places, aisle_error *error)
{
    const aisle_query *query = &search->query;
    const aisle_typos *typos = &search->typos;
    const struct idle_rule rules[] = {
        {search->cuts, "RETURN, which cuts products, too", ONLY(FIELDS)},
        {query->highlight_count == 0, "no HIGHLIGHT", ONLY(TAGS) | ONLY(SNIPPET) | ONLY(PLAIN)},
        {query->like != NULL, "LIKE, which has no text", OF_TEXT | CORRECTIONS},
        {query->no_typos, "TYPOS OFF", CORRECTIONS},
        {typos->max_edits == 1, "EDITS 1", ONLY(TWOFROM)},
        {typos->two_from != 0 && typos->one_from > typos->two_from, "a smaller TWOFROM", ONLY(ONEFROM)},
        {query->no_typos && query->match != AISLE_MATCH_RELAXED, "TYPOS OFF but for RELAX RELAXED", ONLY(FEW)},
        {query->no_rules, "RULES OFF", ONLY(CONTEXT)},
        {query->no_hits, "LIMIT n 0, which asks for no hits", OF_HITS},
    };
    int status = 0;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && status == 0; i++) {
        status = check_idle(places, &rules[i], error);
    }
    return status;
}

int search_parse(const struct catalog_set *set, struct arguments *arguments, struct arena *arena,
                 struct search *search, aisle_error *error)
{
    struct parser parser = {arguments, arena, search, error};
    struct bytes name = {0};
    struct places places = {{0}};
    *search = (struct search){.query = {.size = sizeof search->query}, .typos = {.size = sizeof search->typos}};
    int status = arguments_take(arguments, "the catalog", &name, error);
    if (status == 0) {
        search->catalog = catalogs_find(set, name);
        status = search->catalog != NULL ? 0 : error_set(error, AISLE_NOT_FOUND, "no catalog is called '%.*s'",
                                                         (int)(name.size < 64 ? name.size : 64), name.data);
    }
    status = status != 0 ? status : arguments_string(arguments, "the text", arena, &search->query.text, error);
    while (status == 0 && arguments_left(arguments)) {
        status = take_option(&parser, &places);
    }
    return status != 0 ? status : check_options(search, &places, error);
}

/* ---------------------------------------------------------------------------------------- bound values -- */

/* The place of a name among the first count of them, or count. */
static size_t find_name(const struct bytes *names, size_t count, struct bytes name)
{
    size_t i = 0;
    while (i < count && !bytes_equal(names[i], name)) {
        i++;
    }
    return i;
}

int search_bind(const struct bytes *pairs, uint32_t count, struct arena *arena, aisle_query *query,
                aisle_error *error)
{
    struct bytes names[LIMIT_FILTER_PARAMETERS];
    size_t sizes[LIMIT_FILTER_PARAMETERS] = {0};
    size_t name_count = 0;
    if (count % 2 != 0) {
        return error_set(error, AISLE_INVALID, PARAMETERS " is of names and values together, so it is even");
    }
    for (uint32_t i = 0; i < count; i += 2) {
        size_t found = find_name(names, name_count, pairs[i]);
        if (found == LIMIT_FILTER_PARAMETERS) {
            return error_set(error, AISLE_LIMIT, "at most %u names can be bound", LIMIT_FILTER_PARAMETERS);
        }
        names[found] = pairs[i];
        sizes[found]++;
        name_count += found == name_count;
    }
    aisle_param *params = arena_calloc(arena, name_count + 1, sizeof *params);
    aisle_bytes *values = arena_calloc(arena, count / 2 + 1, sizeof *values);
    if (params == NULL || values == NULL) {
        return error_no_memory(error, "bound values");
    }
    aisle_bytes *next = values;
    for (size_t i = 0; i < name_count; i++) {
        int status = arguments_copy(names[i], "a bound name", arena, &params[i].name, error);
        if (status != 0) {
            return status;
        }
        params[i].values = next;
        next += sizes[i];
    }
    for (uint32_t i = 0; i < count; i += 2) {
        aisle_param *param = &params[find_name(names, name_count, pairs[i])];
        aisle_bytes *value = values + (param->values - values) + param->value_count++;
        *value = (aisle_bytes){(const char *)pairs[i + 1].data, pairs[i + 1].size};
    }
    query->params = params;
    query->param_count = name_count;
    return 0;
}

/* ------------------------------------------------------------------------------------------- running -- */

/* What the request has left of its deadline; 0 when that has passed. */
static uint64_t left_ms(const struct call *call, uint64_t deadline_ms, uint64_t *limit)
{
    *limit = deadline_ms != 0 ? deadline_ms : call->request->set->config->deadline_ms;
    uint64_t waited = (clock_monotonic_ns() - call->request->received_ns) / 1000000;
    return waited < *limit ? *limit - waited : 0;
}

bool search_in_time(struct call *call, uint64_t deadline_ms)
{
    uint64_t limit = 0;
    bool in_time = left_ms(call, deadline_ms, &limit) > 0;
    if (!in_time) {
        call_fail(call, "DEADLINE", "%llu ms passed while the search waited", (unsigned long long)limit);
    }
    return in_time;
}

int search_run(struct call *call, struct search *search, aisle_error *error)
{
    uint64_t limit = 0;
    uint64_t left = left_ms(call, search->deadline_ms, &limit);
    call->request->is_plain = brief_fits(&search->query);
    if (call->is_brief && !(call->request->is_plain && brief_fits_catalog(search->catalog))) {
        call->request->is_plain = false; /* it says nothing of those that are */
        call->is_given_up = true;
        return AISLE_END;
    }
    search->query.deadline_ms = left == 0 || call->is_brief ? BRIEF_MS : (uint32_t)left;
    search->query.token = call->request->token;
    int status = aisle_search(search->catalog->handle, &search->query, &call->worker->result, error);
    call->is_given_up = call->is_brief && status == 0 && aisle_result_partial(call->worker->result);
    return call->is_given_up ? AISLE_END : status;
}
