/*
 * ft_look.c - FT.INFO, FT._LIST and FT.TAGVALS: what indexes there are, and what fields and values they have.
 *
 * An index is a catalog. Types are told in the words that clients know: TEXT, TAG, NUMERIC.
 */
#include "server/command.h"
#include "server/ft.h"
#include "server/product.h"

#include <stdio.h>

#define VALUES_MAX 10000u /* that one facet gives */

void ft_list(struct call *call)
{
    const struct catalog_set *set = call->request->set;
    reply_set(&call->reply, set->name_count);
    for (uint32_t i = 0; i < set->name_count; i++) {
        reply_text(&call->reply, set->names[i].name);
    }
}

const char *ft_type_of(struct bytes field)
{
    struct bytes type = {0};
    if (!product_find(field, bytes_of_string("type"), &type) || bytes_equal(type, bytes_of_string("\"text\""))) {
        return "TEXT";
    }
    bool is_tag = bytes_equal(type, bytes_of_string("\"keyword\"")) || bytes_equal(type, bytes_of_string("\"path\"")) ||
                  bytes_equal(type, bytes_of_string("\"bool\""));
    return is_tag ? "TAG" : "NUMERIC";
}

static void put_attributes(const struct reply *reply, struct bytes schema)
{
    struct bytes fields = {0};
    struct product_member member;
    size_t count = 0;
    (void)product_find(schema, bytes_of_string("fields"), &fields);
    struct product_reader reader = product_read(fields);
    while (product_next(&reader, &member)) {
        count++;
    }
    reply_array(reply, count);
    reader = product_read(fields);
    while (product_next(&reader, &member)) {
        reply_map(reply, 3);
        reply_text(reply, "identifier");
        reply_bulk(reply, member.name);
        reply_text(reply, "attribute");
        reply_bulk(reply, member.name);
        reply_text(reply, "type");
        reply_text(reply, ft_type_of(member.value));
    }
}

static void put_definition(const struct reply *reply)
{
    reply_key(reply, "index_definition");
    reply_map(reply, 3);
    reply_key(reply, "key_type");
    reply_text(reply, "JSON");
    reply_key(reply, "prefixes");
    reply_array(reply, 0);
    reply_key(reply, "default_score");
    reply_double(reply, 1);
}

static void put_megabytes(const struct reply *reply, const char *name, uint64_t bytes)
{
    reply_key(reply, name);
    reply_double(reply, (double)bytes / (1 << 20));
}

static void fail_index(struct call *call)
{
    struct bytes name = call->arguments[1];
    call_fail(call, "NOTFOUND", "no such index: %.*s", (int)(name.size < 64 ? name.size : 64),
              (const char *)name.data);
}

void ft_info(struct call *call)
{
    const struct reply *reply = &call->reply;
    struct catalog *catalog = catalogs_find(call->request->set, call->arguments[1]);
    aisle_statistics stats = {.size = sizeof stats};
    aisle_error error = {0};
    if (catalog == NULL) {
        fail_index(call);
        return;
    }
    if (aisle_stats(catalog->handle, &stats, &error) != 0) {
        call_fail_as(call, &error);
        return;
    }
    reply_map(reply, 14);
    reply_key(reply, "index_name");
    reply_bulk(reply, call->arguments[1]);
    reply_key(reply, "index_options");
    reply_array(reply, 0);
    put_definition(reply);
    reply_key(reply, "attributes");
    put_attributes(reply, bytes_of_string(aisle_schema(catalog->handle)));
    reply_key(reply, "num_docs");
    reply_unsigned(reply, stats.products);
    reply_key(reply, "num_terms");
    reply_unsigned(reply, stats.terms);
    reply_key(reply, "num_records");
    reply_unsigned(reply, stats.postings);
    put_megabytes(reply, "inverted_sz_mb", stats.postings_bytes + stats.terms_bytes);
    put_megabytes(reply, "offset_vectors_sz_mb", stats.positions_bytes);
    put_megabytes(reply, "doc_table_size_mb", stats.documents_bytes + stats.ids_bytes);
    put_megabytes(reply, "sortable_values_size_mb", stats.columns_bytes);
    reply_key(reply, "indexing");
    reply_integer(reply, 0);
    reply_key(reply, "percent_indexed");
    reply_double(reply, 1);
    reply_key(reply, "hash_indexing_failures");
    reply_integer(reply, 0);
}

/* Whether the schema has a field of this name that holds tags. */
static bool is_tag(const struct catalog *catalog, struct bytes name)
{
    struct bytes fields = {0};
    struct bytes field = {0};
    (void)product_find(bytes_of_string(aisle_schema(catalog->handle)), bytes_of_string("fields"), &fields);
    return product_find(fields, name, &field) && strcmp(ft_type_of(field), "TAG") == 0;
}

static void put_tags(struct call *call)
{
    const aisle_result *result = call->worker->result;
    aisle_facet facet = {.value_count = 0};
    aisle_facet_value value;
    (void)aisle_result_facet(result, 0, &facet);
    if (facet.distinct > facet.value_count) {
        call_fail(call, "LIMIT", "the field has more than %u values", VALUES_MAX);
        return;
    }
    reply_set(&call->reply, facet.value_count);
    for (size_t i = 0; aisle_result_facet_value(result, 0, i, &value) == 0; i++) {
        reply_bulk(&call->reply, bytes_of(value.value.data, value.value.size));
    }
}

void ft_tagvals(struct call *call)
{
    struct bytes name = call->arguments[2];
    char text[LIMIT_FIELD_NAME_BYTES + 32];
    aisle_error error = {0};
    struct search search = {.query = {.size = sizeof search.query, .no_hits = true, .no_rules = true, .facet_count = 1},
                            .catalog = catalogs_find(call->request->set, call->arguments[1])};
    if (search.catalog == NULL) {
        fail_index(call);
        return;
    }
    if (!is_tag(search.catalog, name)) {
        call_fail(call, "ERR", "no tags: '%.*s'", (int)(name.size < 48 ? name.size : 48), (const char *)name.data);
        return;
    }
    snprintf(text, sizeof text, "%.*s:%u:name", (int)name.size, (const char *)name.data, VALUES_MAX);
    search.facets[0] = text;
    search.query.facets = search.facets;
    int status = search_run(call, &search, &error);
    if (status != 0) {
        call_fail_as(call, &error);
    } else if (aisle_result_partial(call->worker->result)) {
        call_fail(call, "DEADLINE", "the search did not end in time");
    } else {
        put_tags(call);
    }
}
