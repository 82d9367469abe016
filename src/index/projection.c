/*
 * projection.c - cuts a product's JSON down to some of its members, which stay byte for byte.
 *
 * Thread rule: one thread at a time.
 */
#include "index/projection.h"

#include "base/utf8.h"
#include "schema/json.h"

int projection_take(struct projection *projection, const char *fields, aisle_error *error)
{
    struct bytes text = bytes_of_string(fields == NULL ? "" : fields);
    size_t at = 0;
    if (!utf8_valid(text, NULL)) {
        return error_set(error, AISLE_BAD_QUERY, "fields: expected UTF-8");
    }
    while (at < text.size) {
        const uint8_t *comma = memchr(text.data + at, ',', text.size - at);
        size_t end = comma == NULL ? text.size : (size_t)(comma - text.data);
        size_t first = at;
        size_t last = end;
        while (first < last && text.data[first] == ' ') {
            first++;
        }
        while (last > first && text.data[last - 1] == ' ') {
            last--;
        }
        if (first == last || end + 1 == text.size) {
            return error_set_at(error, AISLE_BAD_QUERY, at, "fields: expected names with commas between them");
        }
        if (projection->count == LIMIT_FIELDS) {
            return error_set_at(error, AISLE_LIMIT, at, "fields: too many, expected at most %u", LIMIT_FIELDS);
        }
        projection->names[projection->count++] = bytes_of(text.data + first, last - first);
        at = end + 1;
    }
    return 0;
}

static bool is_wanted(const struct projection *projection, struct bytes key)
{
    bool found = false;
    for (uint32_t i = 0; i < projection->count && !found; i++) {
        found = bytes_equal(projection->names[i], key);
    }
    return found;
}

int projection_apply(struct projection *projection, struct bytes product, struct buf *out)
{
    int status = projection->json == NULL ? json_new(&projection->json) : 0;
    status = status == 0 ? json_parse(projection->json, product, NULL) : status;
    if (status != 0) {
        return status == AISLE_BAD_PRODUCT ? AISLE_CORRUPT : status;
    }
    size_t count;
    const struct json_node *nodes = json_nodes(projection->json, &count);
    const char *before = "{";
    for (size_t i = 1; i < count; i = nodes[i].next) {
        if (is_wanted(projection, nodes[i].key)) {
            buf_put_string(out, before);
            json_put_string(out, nodes[i].key);
            buf_put_u8(out, ':');
            buf_put(out, product.data + nodes[i].position, nodes[i].end - nodes[i].position);
            before = ",";
        }
    }
    buf_put_string(out, before[0] == '{' ? "{}" : "}");
    return buf_status(out);
}

void projection_release(struct projection *projection)
{
    json_free(projection->json);
    projection->json = NULL;
}
