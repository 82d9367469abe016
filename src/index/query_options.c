/*
 * query_options.c - the table of members that leave others without effect.
 *
 * Whoever gives an option expects it to do something: one that cannot is a mistake, and silence would hide it. What
 * depends on the catalog or the text (a context that no rule asks for, a last word that is whole) is none. A search
 * for the total alone may have all that a page has, so that one query can be used for both.
 */
#include "index/query_options.h"

#include "base/limits.h"

#include <string.h>

#define LIMIT_DEFAULT 10u

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* Whether it says how the words of a text are understood. */
static bool has_word_options(const aisle_query *query)
{
    return query->match != AISLE_MATCH_ALL || query->as_you_type || query->no_typos || query->no_synonyms ||
           query->no_understanding || query->no_stop_words || query->few != 0 || query->typos != NULL;
}

static int check_together(const aisle_query *query, aisle_error *error)
{
    bool marks = query->mark_before != NULL || query->mark_after != NULL || query->snippet_words != 0 ||
                 query->highlight_plain;
    const struct {
        bool is_idle;
        const char *why;
    } rules[] = {
        {query->like != NULL && has_word_options(query),
         "like: there is no text, so nothing can be said of how its words are understood"},
        {query->like != NULL && query->contexts != NULL, "contexts: rules are for texts, and like has none"},
        {query->no_typos && query->typos != NULL, "typos: nothing is corrected with no_typos"},
        {query->no_rules && query->contexts != NULL, "contexts: no rule asks for them with no_rules"},
        {query->group_size != 0 && !is_given(query->group_by), "group_size: there are no groups without group_by"},
        {query->highlight_count == 0 && marks, "highlight: no field is named to mark or cut"},
        {query->no_total && query->total_bound != 0, "total_bound: nothing is counted with no_total"},
        {query->no_products && is_given(query->fields), "fields: there are no products to cut with no_products"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].is_idle) {
            return error_set(error, AISLE_INVALID, "%s", rules[i].why);
        }
    }
    return 0;
}

int query_options_take(const aisle_query *given, aisle_query *query, aisle_error *error)
{
    size_t known = sizeof *query;
    *query = (aisle_query){.size = known};
    if (given == NULL || given->size < sizeof given->size || given->size > known) {
        return error_set(error, AISLE_INVALID, "aisle_query.size is not sizeof(aisle_query)");
    }
    memcpy(query, given, given->size);
    query->limit = query->limit == 0 ? LIMIT_DEFAULT : query->limit;
    if (query->limit > LIMIT_HITS || query->offset > LIMIT_HITS - query->limit) {
        return error_set(error, AISLE_LIMIT, "offset %u + limit %u is above %u", query->offset, query->limit,
                         LIMIT_HITS);
    }
    return check_together(query, error);
}
