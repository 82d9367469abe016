/*
 * command_suggest.c - AISLE.SUGGEST and FT.SUGGET: what a shopper may be typing.
 *
 * The keys of the first are those of `aisle suggest --json`. Runs on the pool.
 */
#include "server/command.h"

#include "server/ft.h"
#include "server/search.h"

#define SUGGESTIONS_MAX 64u
#define FT_SUGGESTIONS 5u /* FT.SUGGET's own default */

static int parse(struct call *call, struct arguments *arguments, aisle_suggest_query *query, aisle_error *error)
{
    struct bytes name = {0};
    uint64_t limit = 0;
    uint32_t seen = 0;
    int status = 0;
    while (status == 0 && arguments_left(arguments)) {
        status = arguments_take(arguments, "an option", &name, error);
        unsigned option = command_word(name, "LIMIT") ? 1u : command_word(name, "CONTEXT") ? 2u
                          : command_word(name, "EXACT") ? 4u : 0u;
        if (option == 0 || (seen & option) != 0) {
            return option == 0 ? arguments_unknown(arguments, name, error)
                               : arguments_repeated(arguments, name, error);
        }
        seen |= option;
        if (option == 1) {
            status = arguments_positive(arguments, "the count behind LIMIT", SUGGESTIONS_MAX, &limit, error);
            query->limit = (uint32_t)limit;
        } else if (option == 2) {
            status = arguments_text(arguments, "the field and value behind CONTEXT", &call->worker->arena,
                                      &query->context, error);
        } else {
            query->exact = true;
        }
    }
    return status;
}

/* Asks the catalog that is the first argument for what is typed, the second. Answers when that fails. */
static bool ask(struct call *call, aisle_suggest_query *query)
{
    aisle_error error = {0};
    struct bytes name = call->arguments[1];
    struct catalog *catalog = catalogs_find(call->request->set, name);
    if (catalog == NULL) {
        call_fail(call, "NOTFOUND", "no catalog is called '%.*s'", (int)(name.size < 64 ? name.size : 64),
                  (const char *)name.data);
        return false;
    }
    int status = arguments_copy(call->arguments[2], "the text", &call->worker->arena, &query->typed, &error);
    status = status != 0 ? status : aisle_suggest(catalog->handle, query, &call->worker->suggestions, &error);
    if (status != 0) {
        call_fail_as(call, &error);
    }
    return status == 0;
}

void command_suggest(struct call *call)
{
    struct arguments arguments = {.items = call->arguments + 3, .count = call->count - 3, .base = 3};
    const struct reply *reply = &call->reply;
    aisle_suggest_query query = {.size = sizeof query};
    aisle_suggestion one;
    aisle_error error = {0};
    if (parse(call, &arguments, &query, &error) != 0) {
        call_fail_as(call, &error);
        return;
    }
    if (!ask(call, &query)) {
        return;
    }
    const aisle_suggestions *suggestions = call->worker->suggestions;
    reply_map(reply, 3);
    reply_key(reply, "took_us");
    reply_unsigned(reply, aisle_suggestions_took_us(suggestions));
    reply_key(reply, "complete");
    reply_bool(reply, aisle_suggestions_complete(suggestions));
    reply_key(reply, "suggestions");
    reply_array(reply, aisle_suggestions_count(suggestions));
    for (size_t i = 0; aisle_suggestions_get(suggestions, i, &one) == 0; i++) {
        reply_map(reply, 4);
        reply_key(reply, "text");
        reply_bulk(reply, bytes_of(one.text.data, one.text.size));
        reply_key(reply, "weight");
        reply_double(reply, one.weight);
        reply_key(reply, "kind");
        reply_text(reply, one.kind);
        reply_key(reply, "edits");
        reply_unsigned(reply, one.edits);
    }
}

/* FT.SUGGET key prefix [FUZZY] [WITHSCORES] [MAX n]: the key is a catalog. */
static int parse_ft(struct arguments *arguments, aisle_suggest_query *query, bool *with_scores, aisle_error *error)
{
    struct bytes name = {0};
    uint64_t limit = 0;
    uint32_t seen = 0;
    int status = 0;
    while (status == 0 && arguments_left(arguments)) {
        status = arguments_take(arguments, "an option", &name, error);
        unsigned option = command_word(name, "FUZZY") ? 1u : command_word(name, "WITHSCORES") ? 2u
                          : command_word(name, "MAX") ? 4u : 0u;
        if ((seen & option) != 0) {
            return arguments_repeated(arguments, name, error);
        }
        seen |= option;
        if (option == 1) {
            query->exact = false;
        } else if (option == 2) {
            *with_scores = true;
        } else if (option == 4) {
            status = arguments_positive(arguments, "the count behind MAX", SUGGESTIONS_MAX, &limit, error);
            query->limit = (uint32_t)limit;
        } else {
            return error_set(error, AISLE_INVALID, "'%.*s' is not supported by FT.SUGGET (argument %u)",
                             (int)(name.size < 48 ? name.size : 48), (const char *)name.data,
                             arguments_place(arguments));
        }
    }
    return status;
}

void ft_sugget(struct call *call)
{
    struct arguments arguments = {.items = call->arguments + 3, .count = call->count - 3, .base = 3};
    aisle_suggest_query query = {.size = sizeof query, .limit = FT_SUGGESTIONS, .exact = true};
    bool with_scores = false;
    aisle_suggestion one;
    aisle_error error = {0};
    if (parse_ft(&arguments, &query, &with_scores, &error) != 0) {
        call_fail_as(call, &error);
        return;
    }
    if (!ask(call, &query)) {
        return;
    }
    const aisle_suggestions *suggestions = call->worker->suggestions;
    reply_array(&call->reply, aisle_suggestions_count(suggestions) * (with_scores ? 2 : 1));
    for (size_t i = 0; aisle_suggestions_get(suggestions, i, &one) == 0; i++) {
        reply_bulk(&call->reply, bytes_of(one.text.data, one.text.size));
        if (with_scores) {
            reply_double(&call->reply, one.weight);
        }
    }
}
