/*
 * row.c - what the decoders of rows share.
 *
 * Thread rule: functions touch only what they are given.
 */
#include "indexer/row.h"

struct bytes row_text(const struct json *json, size_t index, const char *name)
{
    size_t count;
    const struct json_node *nodes = json_nodes(json, &count);
    size_t member = row_member(json, index, name);
    return member != 0 && nodes[member].type == JSON_STRING ? nodes[member].text : bytes_of("", 0);
}

const struct column *row_find(const struct column *columns, uint32_t count, struct bytes name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (bytes_equal(columns[i].name, name)) {
            return &columns[i];
        }
    }
    return NULL;
}

int row_add(struct column *columns, uint32_t *count, const struct column *column, aisle_error *error)
{
    if (*count == LIMIT_COLUMNS) {
        return error_set(error, AISLE_BAD_PRODUCT, "the row has more than %u columns", LIMIT_COLUMNS);
    }
    columns[(*count)++] = *column;
    return 0;
}
