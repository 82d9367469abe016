/*
 * ft.h - the commands of RediSearch's clients that only read: FT.SEARCH, FT.AGGREGATE, FT.SUGGET, FT.INFO.
 *
 * A subset, so that search helpers of Redis clients can be pointed here. Query dialect 2; the same products match as
 * the query says, in Aisle's ranking. What is not supported is an error that names it, never passed over: clients
 * compute places in answers from the options that they sent.
 *
 * Source: the documentation of FT.SEARCH and of query dialect 2 (redis.io/docs). Thread rule: the pool's threads.
 */
#ifndef AISLE_SERVER_FT_H
#define AISLE_SERVER_FT_H

#include "server/search.h"

void ft_search(struct call *call);
void ft_aggregate(struct call *call);
void ft_sugget(struct call *call);
void ft_info(struct call *call);
void ft_list(struct call *call);
void ft_tagvals(struct call *call);

/* The type of a field, which is its member of the schema's "fields", as clients call it: TEXT, TAG or NUMERIC. */
const char *ft_type_of(struct bytes field);

/* One value that a query or a PARAMS binds. */
struct ft_param {
    struct bytes name;
    struct bytes value;
};

/* A query of dialect 2, being turned into a text and a filter of aisle.h. */
struct ft_query {
    struct buf text;
    struct buf filter;
    struct buf values;              /* that the filter's $0, $1, ... stand for, one behind the other */
    uint32_t value_count;
    uint32_t ends[LIMIT_FILTER_PARAMETERS]; /* of each in values */
    const struct ft_param *params;  /* for $name in the query; borrowed, as are those below */
    uint32_t param_count;
    const struct bytes *in_fields;  /* INFIELDS: where words without a field are looked for; NULL: in all */
    uint32_t in_count;
    struct bytes schema_fields;     /* the schema's member of that name; size 0: names are not looked up */
};

/* An empty query; released after use. */
void ft_query_init(struct ft_query *query, const struct ft_param *params, uint32_t param_count);
void ft_query_release(struct ft_query *query);

/* Reads PARAMS, behind the word, into the query. AISLE_INVALID, AISLE_NO_MEMORY. */
must_check int ft_query_take_params(struct ft_query *query, struct arguments *arguments, struct arena *arena,
                                    aisle_error *error);

/*
 * Adds what text asks for. AISLE_BAD_QUERY with the place, for a fault and for what is not supported; AISLE_LIMIT,
 * AISLE_NO_MEMORY.
 */
must_check int ft_query_parse(struct ft_query *query, struct bytes text, aisle_error *error);

/* Whether it can be the name of a field in a query. AISLE_BAD_QUERY. */
must_check int ft_query_check_name(struct bytes name, aisle_error *error);

/* Has names of fields looked up in this schema. */
void ft_query_use_schema(struct ft_query *query, const char *schema);

/* Whether the schema has the field, for words to be looked for in it. AISLE_BAD_QUERY. */
must_check int ft_query_check_text_field(const struct ft_query *query, struct bytes name, aisle_error *error);

/* Adds a range of a number's field, as the option FILTER has it: "(10", "+inf". AISLE_BAD_QUERY, AISLE_LIMIT. */
must_check int ft_query_range(struct ft_query *query, struct bytes field, struct bytes least, struct bytes greatest,
                              aisle_error *error);

/* Sets text, filter and params of out, which live in the arena. AISLE_NO_MEMORY. */
must_check int ft_query_bind(const struct ft_query *query, struct arena *arena, aisle_query *out, aisle_error *error);

#endif
