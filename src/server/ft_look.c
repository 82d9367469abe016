/*
 * ft_look.c - FT.INFO and FT._LIST: what indexes there are, and what fields they have.
 *
 * An index is a catalog. Types are told in the words that clients know: TEXT, TAG, NUMERIC.
 */
#include "server/command.h"
#include "server/ft.h"
#include "server/product.h"

void ft_list(struct call *call)
{
    const struct catalog_set *set = call->request->set;
    reply_set(&call->reply, set->name_count);
    for (uint32_t i = 0; i < set->name_count; i++) {
        reply_text(&call->reply, set->names[i].name);
    }
}

static const char *type_of(struct bytes field)
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
        reply_text(reply, type_of(member.value));
    }
}

void ft_info(struct call *call)
{
    const struct reply *reply = &call->reply;
    struct catalog *catalog = catalogs_find(call->request->set, call->arguments[1]);
    aisle_statistics stats = {.size = sizeof stats};
    aisle_error error = {0};
    if (catalog == NULL) {
        call_fail(call, "NOTFOUND", "no such index");
        return;
    }
    if (aisle_stats(catalog->handle, &stats, &error) != 0) {
        call_fail_as(call, &error);
        return;
    }
    reply_map(reply, 9);
    reply_key(reply, "index_name");
    reply_bulk(reply, call->arguments[1]);
    reply_key(reply, "index_options");
    reply_array(reply, 0);
    reply_key(reply, "attributes");
    put_attributes(reply, bytes_of_string(aisle_schema(catalog->handle)));
    reply_key(reply, "num_docs");
    reply_unsigned(reply, stats.products);
    reply_key(reply, "num_terms");
    reply_unsigned(reply, stats.terms);
    reply_key(reply, "num_records");
    reply_unsigned(reply, stats.postings);
    reply_key(reply, "indexing");
    reply_integer(reply, 0);
    reply_key(reply, "percent_indexed");
    reply_double(reply, 1);
    reply_key(reply, "hash_indexing_failures");
    reply_integer(reply, 0);
}
