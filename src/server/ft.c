/*
 * ft.c - FT.SEARCH: its options and its answer.
 *
 * In RESP2 a flat array of the total, then id, score and fields of each hit, as far as they were asked for; in RESP3 a
 * map. A product's fields are its members, as text: strings as they are, all else as JSON.
 */
#include "server/ft.h"

#include "server/command.h"
#include "server/ft_marks.h"
#include "server/product.h"

#include <stdio.h>

struct ft_return {
    struct bytes field;
    struct bytes shown; /* the name in the answer */
};

struct ft_options {
    struct search search;
    struct ft_query query;
    struct ft_marks marks;
    struct ft_return *returns;
    uint32_t return_count;
    bool has_returns;
    bool no_content;
    bool with_scores;
    struct arena *arena;
    struct arguments *arguments;
    aisle_error *error;
};

static int take_nothing(struct ft_options *options, bool *flag)
{
    (void)options;
    *flag = true;
    return 0;
}

static int take_no_content(struct ft_options *options)
{
    return take_nothing(options, &options->no_content);
}

static int take_scores(struct ft_options *options)
{
    return take_nothing(options, &options->with_scores);
}

static int take_stop_words(struct ft_options *options)
{
    return take_nothing(options, &options->search.query.no_stop_words);
}

static int take_limit(struct ft_options *options)
{
    uint64_t offset = 0;
    uint64_t count = 0;
    int status = arguments_number(options->arguments, "the offset behind LIMIT", LIMIT_HITS, &offset, options->error);
    status = status != 0 ? status : arguments_number(options->arguments, "the count behind LIMIT", LIMIT_HITS, &count,
                                                     options->error);
    options->search.query.offset = count == 0 ? 0 : (uint32_t)offset;
    options->search.query.limit = (uint32_t)count;
    options->search.query.no_hits = count == 0;
    return status;
}

static int take_filter(struct ft_options *options)
{
    struct bytes part[3] = {{0}};
    int status = 0;
    for (int i = 0; i < 3 && status == 0; i++) {
        status = arguments_take(options->arguments, "FILTER's field, least or greatest value", &part[i],
                                options->error);
    }
    return status != 0 ? status : ft_query_range(&options->query, part[0], part[1], part[2], options->error);
}

static int take_return(struct ft_options *options)
{
    const struct bytes *list = NULL;
    uint32_t count = 0;
    int status = arguments_list(options->arguments, "the count behind RETURN", &list, &count, options->error);
    options->returns = arena_calloc(options->arena, (size_t)count + 1, sizeof *options->returns);
    if (status == 0 && options->returns == NULL) {
        return error_no_memory(options->error, "a request");
    }
    for (uint32_t i = 0; i < count && status == 0; i++) {
        if (options->return_count == LIMIT_SERVER_RETURNS) {
            return error_set(options->error, AISLE_LIMIT, "at most %u fields behind RETURN", LIMIT_SERVER_RETURNS);
        }
        struct ft_return *entry = &options->returns[options->return_count++];
        *entry = (struct ft_return){list[i], list[i]};
        if (i + 1 < count && command_word(list[i + 1], "AS")) {
            if (i + 2 == count) {
                return error_set(options->error, AISLE_INVALID, "the name behind AS is missing: RETURN counts it, too "
                                                                "(argument %u)", arguments_place(options->arguments));
            }
            entry->shown = list[i + 2];
            i += 2;
        }
    }
    options->has_returns = true;
    options->no_content = options->no_content || count == 0;
    return status;
}

static int take_sort(struct ft_options *options)
{
    struct bytes field = {0};
    int status = arguments_take(options->arguments, "the field behind SORTBY", &field, options->error);
    const struct arguments *arguments = options->arguments;
    const char *direction = "asc";
    if (status == 0 && arguments_left(arguments)) {
        struct bytes next = arguments->items[arguments->at];
        direction = command_word(next, "DESC") ? "desc" : direction;
        options->arguments->at += command_word(next, "DESC") || command_word(next, "ASC");
    }
    size_t size = field.size + sizeof ":desc";
    char *sort = arena_alloc(options->arena, size);
    if (sort == NULL) {
        return error_no_memory(options->error, "a request");
    }
    if (status == 0 && (memchr(field.data, ',', field.size) != NULL || memchr(field.data, '\0', field.size) != NULL)) {
        return error_set(options->error, AISLE_INVALID, "SORTBY takes one field");
    }
    snprintf(sort, size, "%.*s:%s", (int)field.size, (const char *)field.data, direction);
    options->search.query.sort = sort;
    return status;
}

static int take_timeout(struct ft_options *options)
{
    return arguments_number(options->arguments, "the milliseconds behind TIMEOUT", 3600000,
                            &options->search.deadline_ms, options->error);
}

static int take_dialect(struct ft_options *options)
{
    uint64_t dialect = 0;
    int status = arguments_number(options->arguments, "the number behind DIALECT", 100, &dialect, options->error);
    return status != 0 || dialect == 2 ? status
                                       : error_set(options->error, AISLE_INVALID, "only DIALECT 2 is supported "
                                                   "(argument %u)", arguments_place(options->arguments));
}

static int take_params(struct ft_options *options)
{
    return ft_query_take_params(&options->query, options->arguments, options->arena, options->error);
}

static int take_in_fields(struct ft_options *options)
{
    struct ft_query *query = &options->query;
    int status = arguments_list(options->arguments, "the count behind INFIELDS", &query->in_fields, &query->in_count,
                                options->error);
    if (status == 0 && (query->in_count == 0 || query->in_count > LIMIT_FIELDS)) {
        return error_set(options->error, AISLE_LIMIT, "INFIELDS takes 1 to %u fields", LIMIT_FIELDS);
    }
    for (uint32_t i = 0; i < query->in_count && status == 0; i++) {
        status = ft_query_check_name(query->in_fields[i], options->error);
        status = status != 0 ? status : ft_query_check_text_field(query, query->in_fields[i], options->error);
    }
    return status;
}

static int take_highlight(struct ft_options *options)
{
    return ft_marks_take(&options->marks, options->arguments, false, options->arena, options->error);
}

static int take_summary(struct ft_options *options)
{
    return ft_marks_take(&options->marks, options->arguments, true, options->arena, options->error);
}

/* The language is the schema's: another one cannot be had. */
static int take_language(struct ft_options *options)
{
    struct bytes language = {0};
    struct bytes own = bytes_of_string("\"none\"");
    const char *schema = aisle_schema(options->search.catalog->handle);
    int status = arguments_take(options->arguments, "the language behind LANGUAGE", &language, options->error);
    (void)product_find(bytes_of_string(schema), bytes_of_string("language"), &own);
    bool is_own = own.size == language.size + 2;
    for (size_t i = 0; i < language.size && is_own; i++) {
        is_own = (language.data[i] | 0x20) == (own.data[i + 1] | 0x20);
    }
    return status != 0 || is_own ? status
                                 : error_set(options->error, AISLE_INVALID,
                                             "only LANGUAGE %.*s is supported by this index (argument %u)",
                                             (int)(own.size < 34 ? own.size - 2 : 32), (const char *)own.data + 1,
                                             arguments_place(options->arguments));
}

static const struct {
    const char *name;
    int (*take)(struct ft_options *options);
    bool again; /* may be given several times */
} table[] = {
    {"NOCONTENT", take_no_content, false}, {"WITHSCORES", take_scores, false},
    {"NOSTOPWORDS", take_stop_words, false}, {"LIMIT", take_limit, false},     {"FILTER", take_filter, true},
    {"RETURN", take_return, false},        {"TIMEOUT", take_timeout, false},   {"DIALECT", take_dialect, false},
    {"PARAMS", take_params, false},        {"SORTBY", take_sort, false},       {"INFIELDS", take_in_fields, false},
    {"HIGHLIGHT", take_highlight, false},  {"SUMMARIZE", take_summary, false}, {"LANGUAGE", take_language, false},
};

#define OPTION_COUNT (sizeof table / sizeof table[0])

static int take_option(struct ft_options *options, uint32_t *seen)
{
    struct bytes name = {0};
    int status = arguments_take(options->arguments, "an option", &name, options->error);
    for (size_t i = 0; i < OPTION_COUNT && status == 0; i++) {
        if (command_word(name, table[i].name)) {
            bool twice = (*seen & 1u << i) != 0 && !table[i].again;
            *seen |= 1u << i;
            return twice ? arguments_repeated(options->arguments, name, options->error) : table[i].take(options);
        }
    }
    return status != 0 ? status
                       : error_set(options->error, AISLE_INVALID, "'%.*s' is not supported by FT.SEARCH (argument %u)",
                                   (int)(name.size < 48 ? name.size : 48), (const char *)name.data,
                                   arguments_place(options->arguments));
}

static int set_marks(struct ft_options *options)
{
    struct bytes *returned = arena_calloc(options->arena, (size_t)options->return_count + 1, sizeof *returned);
    if (returned == NULL) {
        return error_no_memory(options->error, "a request");
    }
    for (uint32_t i = 0; i < options->return_count; i++) {
        returned[i] = options->returns[i].field;
    }
    return options->no_content ? 0
                               : ft_marks_set(&options->marks, options->has_returns ? returned : NULL,
                                              options->return_count, options->arena, &options->search, options->error);
}

static int parse(struct call *call, struct ft_options *options)
{
    struct arguments arguments = {.items = call->arguments + 3, .count = call->count - 3, .base = 3};
    struct bytes name = call->arguments[1];
    uint32_t seen = 0;
    options->arguments = &arguments;
    options->search.catalog = catalogs_find(call->request->set, name);
    if (options->search.catalog == NULL) {
        return error_set(options->error, AISLE_NOT_FOUND, "no such index: %.*s",
                         (int)(name.size < 64 ? name.size : 64), (const char *)name.data);
    }
    ft_query_use_schema(&options->query, aisle_schema(options->search.catalog->handle));
    int status = 0;
    while (status == 0 && arguments_left(&arguments)) { /* first, as the query needs some of them */
        status = take_option(options, &seen);
    }
    status = status != 0 ? status : ft_query_parse(&options->query, call->arguments[2], options->error);
    status = status != 0 ? status : set_marks(options);
    options->search.query.no_products = options->no_content;
    options->search.query.no_typos = true; /* what the query says, and no more */
    options->search.query.no_rules = true;
    options->search.query.no_understanding = true;
    return status != 0 ? status
                       : ft_query_bind(&options->query, options->arena, &options->search.query, options->error);
}

/* --------------------------------------------------------------------------------------------- the answer -- */

static void put_value(const struct reply *reply, struct bytes value)
{
    struct buf text;
    buf_init(&text, LIMIT_SERVER_REPLY_BYTES);
    product_plain(value, &text);
    reply_bulk(reply, buf_bytes(&text));
    if (buf_status(&text) != 0 && buf_status(reply->out) == 0) {
        reply->out->status = buf_status(&text);
    }
    buf_release(&text);
}

/* The value of a field: of "$" the whole product. */
static bool find_field(struct bytes product, struct bytes field, struct bytes *value)
{
    *value = product;
    return bytes_equal(field, bytes_of_string("$")) || product_find(product, field, value);
}

/* A field's value: with its marks, or as it is. */
static void put_field(const struct reply *reply, const struct ft_options *options, const aisle_result *result,
                      size_t hit, struct bytes field, struct bytes value)
{
    struct bytes text;
    if (ft_marks_find(&options->search, result, hit, field, &text)) {
        reply_bulk(reply, text);
    } else {
        put_value(reply, value);
    }
}

/* The i-th hit's fields: an array of names and values, or a map. */
static void put_fields(const struct reply *reply, const struct ft_options *options, const aisle_result *result,
                       size_t hit, struct bytes product)
{
    struct product_reader reader = product_read(product);
    struct product_member member;
    struct bytes value;
    size_t count = 0;
    if (options->has_returns) {
        for (uint32_t i = 0; i < options->return_count; i++) {
            count += find_field(product, options->returns[i].field, &value);
        }
        reply_map(reply, count);
        for (uint32_t i = 0; i < options->return_count; i++) {
            if (find_field(product, options->returns[i].field, &value)) {
                reply_bulk(reply, options->returns[i].shown);
                put_field(reply, options, result, hit, options->returns[i].field, value);
            }
        }
        return;
    }
    while (product_next(&reader, &member)) {
        count++;
    }
    reply_map(reply, count);
    reader = product_read(product);
    while (product_next(&reader, &member)) {
        reply_bulk(reply, member.name);
        put_field(reply, options, result, hit, member.name, member.value);
    }
}

static void put_flat(const struct reply *reply, const struct ft_options *options, const aisle_result *result)
{
    size_t each = 1 + (size_t)options->with_scores + (size_t)!options->no_content;
    aisle_hit hit;
    reply_array(reply, 1 + each * aisle_result_count(result));
    reply_unsigned(reply, aisle_result_total(result, NULL));
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        reply_bulk(reply, bytes_of(hit.id.data, hit.id.size));
        if (options->with_scores) {
            reply_double(reply, hit.score);
        }
        if (!options->no_content) {
            put_fields(reply, options, result, i, bytes_of(hit.product.data, hit.product.size));
        }
    }
}

static void put_map(const struct reply *reply, const struct ft_options *options, const aisle_result *result)
{
    aisle_hit hit;
    reply_map(reply, 5);
    reply_simple(reply, "attributes");
    reply_array(reply, 0);
    reply_simple(reply, "format");
    reply_simple(reply, "STRING");
    reply_simple(reply, "total_results");
    reply_unsigned(reply, aisle_result_total(result, NULL));
    reply_simple(reply, "warning");
    reply_array(reply, aisle_result_partial(result));
    if (aisle_result_partial(result)) {
        reply_simple(reply, "Timeout limit was reached");
    }
    reply_simple(reply, "results");
    reply_array(reply, aisle_result_count(result));
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        reply_map(reply, 2 + (size_t)options->with_scores + (size_t)!options->no_content);
        reply_simple(reply, "id");
        reply_bulk(reply, bytes_of(hit.id.data, hit.id.size));
        if (options->with_scores) {
            reply_simple(reply, "score");
            reply_double(reply, hit.score);
        }
        if (!options->no_content) {
            reply_simple(reply, "extra_attributes");
            put_fields(reply, options, result, i, bytes_of(hit.product.data, hit.product.size));
        }
        reply_simple(reply, "values");
        reply_array(reply, 0);
    }
}

void ft_search(struct call *call)
{
    aisle_error error = {0};
    struct ft_options options = {.search = {.query = {.size = sizeof options.search.query}},
                                 .arena = &call->worker->arena, .error = &error};
    ft_query_init(&options.query, NULL, 0);
    int status = parse(call, &options);
    ft_query_release(&options.query);
    if (status == 0 && !search_in_time(call, options.search.deadline_ms)) {
        return;
    }
    status = status != 0 ? status : search_run(call, &options.search, &error);
    if (call->is_given_up) {
        return;
    }
    if (status != 0) {
        call_fail_as(call, &error);
    } else if (call->reply.version == 2 && aisle_result_partial(call->worker->result)) {
        call_fail(call, "DEADLINE", "the search did not end in time"); /* this version has no place for a warning */
    } else if (call->reply.version == 2) {
        put_flat(&call->reply, &options, call->worker->result);
    } else {
        put_map(&call->reply, &options, call->worker->result);
    }
}
