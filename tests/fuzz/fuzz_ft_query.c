/*
 * fuzz_ft_query.c - any bytes as a query of FT.SEARCH: options before the first line end, then the query.
 *
 * Whatever is written becomes a text and a filter that aisle.h's own parsers take or refuse, or is refused with a place
 * inside it; values stay those that the query has.
 */
#include "server/ft.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* The first byte's bits: 1 looks in one field alone, 2 in two, 4 adds a range as FILTER does. */
static int parse(struct ft_query *query, uint8_t options, struct bytes text, aisle_error *error)
{
    static const struct bytes fields[] = {{(const uint8_t *)"title", 5}, {(const uint8_t *)"brand", 5}};
    int status = 0;
    query->in_fields = fields;
    query->in_count = options & 3u;
    query->in_count = query->in_count > 2 ? 2 : query->in_count;
    if ((options & 4) != 0) {
        status = ft_query_range(query, bytes_of_string("price"), bytes_of_string("(1"), bytes_of_string("+inf"), error);
    }
    return status != 0 ? status : ft_query_parse(query, text, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ft_param params[] = {{{(const uint8_t *)"a", 1}, {(const uint8_t *)"x\"y", 3}},
                                             {{(const uint8_t *)"b", 1}, {(const uint8_t *)"", 0}}};
    struct ft_query query;
    struct arena arena;
    aisle_query out = {.size = sizeof out};
    aisle_error error = {0};
    if (size == 0) {
        return 0;
    }
    ft_query_init(&query, params, 2);
    arena_init(&arena, 16u << 20);
    int status = parse(&query, data[0], bytes_of(data + 1, size - 1), &error);
    if (status != 0) {
        require(status == error.code && error.message[0] != '\0' && error.position <= size);
        require(status == AISLE_BAD_QUERY || status == AISLE_LIMIT);
    } else if (ft_query_bind(&query, &arena, &out, &error) == 0) {
        require(out.text != NULL && out.filter != NULL && out.param_count <= LIMIT_FILTER_PARAMETERS);
        for (size_t i = 0; i < out.param_count; i++) {
            require(out.params[i].value_count == 1 && out.params[i].values[0].size <= size + 8);
        }
    } else {
        require(error.code == AISLE_INVALID); /* a NUL byte */
    }
    arena_release(&arena);
    ft_query_release(&query);
    return 0;
}
