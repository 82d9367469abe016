/*
 * ft_aggregate.c - FT.AGGREGATE, as far as it counts: GROUPBY 1 @field REDUCE COUNT 0 AS name, or GROUPBY 0 for all.
 *
 * A facet of aisle.h. SORTBY takes the count, the field, or both; LIMIT takes a page of that. Orders that facets do not
 * have (ascending counts, descending values) are all values from the end. Anything else is an error that names it.
 */
#include "server/ft.h"

#include "server/command.h"

#include <stdio.h>

#define VALUES_MAX 10000u /* that one facet gives */

struct aggregate {
    struct search search;
    struct ft_query query;
    uint32_t seen; /* options, one bit each in the order of the table */
    bool is_grouped;
    struct bytes field; /* size 0: all are one group */
    struct bytes name;  /* of the count; size 0: none was asked for */
    bool by_value;      /* else by count, descending */
    bool is_reversed;
    uint64_t offset, count;
    struct arena *arena;
    struct arguments *arguments;
    aisle_error *error;
};

/* The next argument must be the word. */
static int take_word(struct aggregate *aggregate, const char *word)
{
    struct bytes text = {0};
    int status = arguments_take(aggregate->arguments, word, &text, aggregate->error);
    return status != 0 || command_word(text, word)
               ? status
               : error_set(aggregate->error, AISLE_INVALID, "only %s is supported here, not '%.*s' (argument %u)", word,
                           (int)(text.size < 48 ? text.size : 48), (const char *)text.data,
                           arguments_place(aggregate->arguments));
}

/* The next argument as @field. */
static int take_field(struct aggregate *aggregate, struct bytes *field)
{
    int status = arguments_take(aggregate->arguments, "a @field", field, aggregate->error);
    if (status == 0 && (field->size < 2 || field->data[0] != '@')) {
        return error_set(aggregate->error, AISLE_INVALID, "expected a @field (argument %u)",
                         arguments_place(aggregate->arguments));
    }
    *field = status == 0 ? bytes_of(field->data + 1, field->size - 1) : *field;
    return status;
}

static int take_group(struct aggregate *aggregate)
{
    uint64_t count = 0;
    aggregate->is_grouped = true;
    int status = arguments_number(aggregate->arguments, "the count behind GROUPBY (more are not supported)", 1, &count,
                                  aggregate->error);
    return status != 0 || count == 0 ? status : take_field(aggregate, &aggregate->field);
}

static int take_reduce(struct aggregate *aggregate)
{
    int status = take_word(aggregate, "COUNT");
    status = status != 0 ? status : take_word(aggregate, "0");
    aggregate->name = bytes_of_string("count");
    if (status == 0 && !aggregate->is_grouped) {
        return error_set(aggregate->error, AISLE_INVALID, "REDUCE is supported behind GROUPBY only (argument %u)",
                         arguments_place(aggregate->arguments));
    }
    const struct arguments *arguments = aggregate->arguments;
    if (status == 0 && arguments_left(arguments) && command_word(arguments->items[arguments->at], "AS")) {
        aggregate->arguments->at++;
        status = arguments_take(aggregate->arguments, "the name behind AS", &aggregate->name, aggregate->error);
    }
    if (status == 0 && bytes_equal(aggregate->name, aggregate->field)) {
        return error_set(aggregate->error, AISLE_INVALID, "AS names the count as the field is called (argument %u)",
                         arguments_place(aggregate->arguments));
    }
    return status;
}

/* One key of an order: @name, maybe ASC or DESC. */
static int take_key(const struct aggregate *aggregate, struct arguments *keys, bool *is_count, bool *descends)
{
    struct bytes key = {0};
    int status = arguments_take(keys, "a @field", &key, aggregate->error);
    struct bytes name = key.size > 1 ? bytes_of(key.data + 1, key.size - 1) : key;
    *is_count = aggregate->name.size > 0 && bytes_equal(name, aggregate->name);
    if (status == 0 && (key.size < 2 || key.data[0] != '@' ||
                        !(*is_count || (aggregate->field.size > 0 && bytes_equal(name, aggregate->field))))) {
        return error_set(aggregate->error, AISLE_INVALID,
                         "SORTBY is supported by the count and the field of GROUPBY only (argument %u)",
                         arguments_place(keys));
    }
    const struct bytes *next = arguments_left(keys) ? &keys->items[keys->at] : NULL;
    *descends = next != NULL && command_word(*next, "DESC");
    keys->at += next != NULL && (*descends || command_word(*next, "ASC"));
    return status;
}

static int take_max(struct aggregate *aggregate, struct arguments *arguments)
{
    return arguments_number(arguments, "the count behind MAX", VALUES_MAX, &aggregate->count, aggregate->error);
}

/* SORTBY n @key [ASC|DESC] ..., maybe MAX n, which some clients count among what they announce. */
static int take_sort(struct aggregate *aggregate)
{
    const struct bytes *items = NULL;
    uint32_t count = 0;
    bool is_count = true;
    bool descends = true;
    bool second_is_count = false;
    bool second_descends = false;
    int status = arguments_list(aggregate->arguments, "the count behind SORTBY", &items, &count, aggregate->error);
    struct arguments keys = {.items = items, .count = count,
                             .base = arguments_place(aggregate->arguments) - count + 1};
    if (status == 0 && count > 2 && command_word(items[count - 2], "MAX")) {
        struct arguments max = {.items = items, .count = count, .base = keys.base, .at = count - 1};
        keys.count -= 2;
        status = take_max(aggregate, &max);
    }
    status = status != 0 ? status : take_key(aggregate, &keys, &is_count, &descends);
    if (status == 0 && arguments_left(&keys)) {
        status = take_key(aggregate, &keys, &second_is_count, &second_descends);
        if (status == 0 && (arguments_left(&keys) || !is_count || second_is_count || descends == second_descends)) {
            status = error_set(aggregate->error, AISLE_INVALID,
                               "SORTBY of several is supported as count DESC, field ASC, or both the other way "
                               "(argument %u)", arguments_place(&keys));
        }
    }
    aggregate->by_value = !is_count;
    aggregate->is_reversed = is_count ? !descends : descends;
    const struct arguments *arguments = aggregate->arguments;
    if (status == 0 && arguments_left(arguments) && command_word(arguments->items[arguments->at], "MAX")) {
        aggregate->arguments->at++;
        status = take_max(aggregate, aggregate->arguments);
    }
    return status;
}

static int take_limit(struct aggregate *aggregate)
{
    int status = arguments_number(aggregate->arguments, "the offset behind LIMIT", VALUES_MAX, &aggregate->offset,
                                  aggregate->error);
    return status != 0 ? status
                       : arguments_number(aggregate->arguments, "the count behind LIMIT", VALUES_MAX,
                                          &aggregate->count, aggregate->error);
}

static int take_dialect(struct aggregate *aggregate)
{
    return take_word(aggregate, "2");
}

/* How matches would be scored, which counts of them do not show; clients send it unasked. */
static int take_scorer(struct aggregate *aggregate)
{
    struct bytes name = {0};
    return arguments_take(aggregate->arguments, "the name behind SCORER", &name, aggregate->error);
}

static int take_params(struct aggregate *aggregate)
{
    return ft_query_take_params(&aggregate->query, aggregate->arguments, aggregate->arena, aggregate->error);
}

static int take_timeout(struct aggregate *aggregate)
{
    return arguments_number(aggregate->arguments, "the milliseconds behind TIMEOUT", 3600000,
                            &aggregate->search.deadline_ms, aggregate->error);
}

static const struct {
    const char *name;
    int (*take)(struct aggregate *aggregate);
} table[] = {
    {"GROUPBY", take_group}, {"REDUCE", take_reduce},   {"SORTBY", take_sort}, {"LIMIT", take_limit},
    {"DIALECT", take_dialect}, {"TIMEOUT", take_timeout},
    {"PARAMS", take_params}, {"SCORER", take_scorer},
};

#define STEPS 4u /* the first ones of the table, in their order */

/* One step behind the other changes what the next one has: those that stand otherwise mean something else. */
static int take_in_order(struct aggregate *aggregate, size_t i, struct bytes name)
{
    bool is_step = i < STEPS;
    uint32_t later = is_step ? aggregate->seen >> i & ((1u << (STEPS - i)) - 1) : aggregate->seen & 1u << i;
    aggregate->seen |= 1u << i;
    if (later == 0) {
        return table[i].take(aggregate);
    }
    return error_set(aggregate->error, AISLE_INVALID,
                     is_step ? "%.*s is supported once, in the order GROUPBY, REDUCE, SORTBY, LIMIT (argument %u)"
                             : "argument '%.*s' is given twice (argument %u)",
                     (int)name.size, (const char *)name.data, arguments_place(aggregate->arguments));
}

static int take_option(struct aggregate *aggregate)
{
    struct bytes name = {0};
    int status = arguments_take(aggregate->arguments, "an option", &name, aggregate->error);
    for (size_t i = 0; i < sizeof table / sizeof table[0] && status == 0; i++) {
        if (command_word(name, table[i].name)) {
            return take_in_order(aggregate, i, name);
        }
    }
    return status != 0 ? status
                       : error_set(aggregate->error, AISLE_INVALID,
                                   "'%.*s' is not supported by FT.AGGREGATE (argument %u)",
                                   (int)(name.size < 48 ? name.size : 48), (const char *)name.data,
                                   arguments_place(aggregate->arguments));
}

/* The facet that gives the page. */
static int set_facet(struct aggregate *aggregate)
{
    size_t size = aggregate->field.size + 24;
    uint64_t wanted = aggregate->is_reversed ? VALUES_MAX : aggregate->offset + aggregate->count;
    aggregate->search.query.no_hits = true;
    aggregate->search.query.no_typos = true;
    aggregate->search.query.no_rules = true;
    aggregate->search.query.no_understanding = true;
    if (aggregate->field.size == 0) {
        return 0; /* the total says it */
    }
    char *facet = arena_alloc(aggregate->arena, size);
    if (facet == NULL) {
        return error_no_memory(aggregate->error, "a request");
    }
    int status = ft_query_check_name(aggregate->field, aggregate->error);
    if (status != 0) {
        return status;
    }
    wanted = wanted == 0 ? 1 : wanted > VALUES_MAX ? VALUES_MAX : wanted;
    snprintf(facet, size, "%.*s:%llu%s", (int)aggregate->field.size, (const char *)aggregate->field.data,
             (unsigned long long)wanted, aggregate->by_value ? ":name" : "");
    aggregate->search.facets[0] = facet;
    aggregate->search.query.facets = aggregate->search.facets;
    aggregate->search.query.facet_count = 1;
    return 0;
}

static int parse(struct call *call, struct aggregate *aggregate)
{
    struct arguments arguments = {.items = call->arguments + 3, .count = call->count - 3, .base = 3};
    aggregate->arguments = &arguments;
    aggregate->search.catalog = catalogs_find(call->request->set, call->arguments[1]);
    if (aggregate->search.catalog == NULL) {
        struct bytes name = call->arguments[1];
        return error_set(aggregate->error, AISLE_NOT_FOUND, "no such index: %.*s",
                         (int)(name.size < 64 ? name.size : 64), (const char *)name.data);
    }
    ft_query_use_schema(&aggregate->query, aisle_schema(aggregate->search.catalog->handle));
    int status = 0;
    while (status == 0 && arguments_left(&arguments)) { /* first, as the query needs some of them */
        status = take_option(aggregate);
    }
    if (status == 0 && (!aggregate->is_grouped || aggregate->name.size == 0)) {
        status = error_set(aggregate->error, AISLE_INVALID,
                           "FT.AGGREGATE is supported as GROUPBY 1 @field REDUCE COUNT 0, or GROUPBY 0");
    }
    status = status != 0 ? status : ft_query_parse(&aggregate->query, call->arguments[2], aggregate->error);
    status = status != 0 ? status : set_facet(aggregate);
    return status != 0 ? status
                       : ft_query_bind(&aggregate->query, aggregate->arena, &aggregate->search.query,
                                       aggregate->error);
}

/* Names and values of one group; value NULL: of all. */
static void put_row(const struct reply *reply, const struct aggregate *aggregate, const aisle_bytes *value,
                    uint64_t number)
{
    char count[24];
    int size = snprintf(count, sizeof count, "%llu", (unsigned long long)number);
    if (reply->version == 3) {
        reply_map(reply, 2);
        reply_simple(reply, "values");
        reply_array(reply, 0);
        reply_simple(reply, "extra_attributes");
    }
    reply_map(reply, value == NULL ? 1 : 2);
    if (value != NULL) {
        reply_bulk(reply, aggregate->field);
        reply_bulk(reply, bytes_of(value->data, value->size));
    }
    reply_bulk(reply, aggregate->name);
    reply_bulk(reply, bytes_of(count, (size_t)size));
}

static void put_head(const struct reply *reply, uint64_t groups, size_t rows)
{
    if (reply->version == 2) {
        reply_array(reply, rows + 1);
        reply_unsigned(reply, groups);
        return;
    }
    reply_map(reply, 5);
    reply_simple(reply, "attributes");
    reply_array(reply, 0);
    reply_simple(reply, "format");
    reply_simple(reply, "STRING");
    reply_simple(reply, "total_results");
    reply_unsigned(reply, groups);
    reply_simple(reply, "warning");
    reply_array(reply, 0);
    reply_simple(reply, "results");
    reply_array(reply, rows);
}

static void answer(struct call *call, const struct aggregate *aggregate)
{
    const aisle_result *result = call->worker->result;
    aisle_facet facet = {.value_count = 0};
    aisle_facet_value value;
    if (aggregate->field.size == 0) {
        bool is_shown = aggregate->offset == 0 && aggregate->count > 0;
        put_head(&call->reply, 1, is_shown);
        if (is_shown) {
            put_row(&call->reply, aggregate, NULL, aisle_result_total(result, NULL));
        }
        return;
    }
    (void)aisle_result_facet(result, 0, &facet);
    if (aggregate->is_reversed && facet.distinct > facet.value_count) {
        call_fail(call, "LIMIT", "SORTBY this way is supported of up to %u groups, not of %llu", VALUES_MAX,
                  (unsigned long long)facet.distinct);
        return;
    }
    size_t first = aggregate->offset < facet.value_count ? (size_t)aggregate->offset : facet.value_count;
    size_t rows = facet.value_count - first < aggregate->count ? facet.value_count - first : (size_t)aggregate->count;
    put_head(&call->reply, facet.distinct, rows);
    for (size_t i = first; i < first + rows; i++) {
        size_t place = aggregate->is_reversed ? facet.value_count - 1 - i : i;
        if (aisle_result_facet_value(result, 0, place, &value) == 0) {
            put_row(&call->reply, aggregate, &value.value, value.count);
        }
    }
}

void ft_aggregate(struct call *call)
{
    aisle_error error = {0};
    struct aggregate aggregate = {.search = {.query = {.size = sizeof aggregate.search.query}},
                                  .count = 10, .arena = &call->worker->arena, .error = &error};
    ft_query_init(&aggregate.query, NULL, 0);
    int status = parse(call, &aggregate);
    ft_query_release(&aggregate.query);
    if (status == 0 && !search_in_time(call, aggregate.search.deadline_ms)) {
        return;
    }
    status = status != 0 ? status : search_run(call, &aggregate.search, &error);
    if (status != 0) {
        call_fail_as(call, &error);
    } else if (aisle_result_partial(call->worker->result)) {
        call_fail(call, "DEADLINE", "the search did not end in time");
    } else {
        answer(call, &aggregate);
    }
}
