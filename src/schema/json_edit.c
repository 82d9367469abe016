/*
 * json_edit.c - writing JSON: names for messages, strings, and changes laid over an object whose other bytes stay.
 *
 * The overlay works on spans of the text between the ends of members, so it keeps white space, the order of members
 * and the way numbers and strings are written. It does not judge the new values; who calls has parsed them.
 * Thread rule: functions touch only what they are given.
 */
#include "schema/json.h"

#include "base/alloc.h"
#include "base/utf8.h"

const char *json_show(struct bytes text, char shown[JSON_SHOWN_BYTES])
{
    size_t size = utf8_cut(text, JSON_SHOWN_BYTES - 4).size; /* room for dots and the NUL */
    for (size_t i = 0; i < size; i++) {
        shown[i] = text.data[i] < 0x20 || text.data[i] == 0x7f ? '?' : (char)text.data[i];
    }
    memcpy(shown + size, size < text.size ? "..." : "", size < text.size ? 4 : 1);
    return shown;
}

static void put_escape(struct buf *out, uint8_t c)
{
    static const char short_names[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (size_t i = 0; i + 1 < sizeof short_names; i += 2) {
        if (c == (uint8_t)short_names[i]) {
            buf_put_u8(out, '\\');
            buf_put_u8(out, (uint8_t)short_names[i + 1]);
            return;
        }
    }
    buf_printf(out, "\\u%04x", c);
}

void json_put_string(struct buf *out, struct bytes text)
{
    size_t kept = 0;
    buf_put_u8(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c < 0x20 || c == '"' || c == '\\') {
            buf_put(out, text.data + kept, i - kept);
            put_escape(out, c);
            kept = i + 1;
        }
    }
    if (kept < text.size) {
        buf_put(out, text.data + kept, text.size - kept);
    }
    buf_put_u8(out, '"');
}

/* First byte behind white space and, with a comma there, behind it and the space that follows. */
static size_t skip_space_and_comma(struct bytes text, size_t at)
{
    while (at < text.size && memchr(" \t\n\r,", text.data[at], 5) != NULL) {
        at++;
    }
    return at;
}

static void put_span(struct buf *out, struct bytes text, size_t from, size_t to)
{
    buf_put(out, text.data + from, to - from);
}

/* The members of the root that stay, then the new ones. change[n]: 1 + the field laid over node n, or 0. */
static void put_members(const struct json_node *nodes, struct bytes object, const struct json_overlay_field *fields,
                        size_t count, const uint32_t *change, const bool *used, struct buf *out)
{
    size_t root_end = nodes[0].end;
    size_t first_key = skip_space_and_comma(object, nodes[0].position + (size_t)1);
    size_t behind = nodes[0].position + (size_t)1; /* the member before */
    bool any = false;
    put_span(out, object, 0, nodes[0].next == 1 ? behind : first_key);
    for (uint32_t m = 1; m < nodes[0].next; m = nodes[m].next) {
        const struct json_overlay_field *field = change[m] == 0 ? NULL : &fields[change[m] - 1];
        if (field == NULL || !field->remove) {
            put_span(out, object, any ? behind : skip_space_and_comma(object, behind), nodes[m].position);
            if (field == NULL) {
                put_span(out, object, nodes[m].position, nodes[m].end);
            } else {
                buf_put(out, field->value_json.data, field->value_json.size);
            }
            any = true;
        }
        behind = nodes[m].end;
    }
    for (size_t i = 0; i < count; i++) {
        if (!used[i] && !fields[i].remove) {
            buf_put_string(out, any ? "," : "");
            json_put_string(out, fields[i].key);
            buf_put_u8(out, ':');
            buf_put(out, fields[i].value_json.data, fields[i].value_json.size);
            any = true;
        }
    }
    put_span(out, object, behind, root_end);
    put_span(out, object, root_end, object.size);
}

static int lay_over(const struct json *json, struct bytes object, const struct json_overlay_field *fields, size_t count,
                    struct buf *out, aisle_error *error)
{
    size_t node_count = 0;
    const struct json_node *nodes = json_nodes(json, &node_count);
    size_t size_before = out->size;
    if (nodes[0].type != JSON_OBJECT) {
        return error_set_at(error, AISLE_BAD_PRODUCT, nodes[0].position, "expected an object, found %s",
                            json_type_name(nodes[0].type));
    }
    uint32_t *change = mem_calloc(node_count, sizeof *change);
    bool *used = mem_calloc(count + 1, sizeof *used);
    int status = change == NULL || used == NULL ? error_no_memory(error, "changing fields of a product") : 0;
    if (status == 0) {
        for (size_t i = 0; i < count; i++) {
            size_t member = json_member(json, 0, fields[i].key);
            change[member] = (uint32_t)i + 1; /* change[0] is written for new members and never read */
            used[i] = member != 0;
        }
        put_members(nodes, object, fields, count, change, used, out);
        status = buf_status(out);
        if (status != 0) {
            error_set(error, status, "a product with its changes: %s", aisle_error_text(status));
            out->size = size_before;
        }
    }
    mem_free(change);
    mem_free(used);
    return status;
}

int json_overlay(struct bytes object, const struct json_overlay_field *fields, size_t count, struct buf *out,
                 aisle_error *error)
{
    struct json *json = NULL;
    int status = json_new(&json);
    if (status != 0) {
        return error_no_memory(error, "changing fields of a product");
    }
    status = json_parse(json, object, error);
    if (status == 0) {
        status = lay_over(json, object, fields, count, out, error);
    }
    json_free(json);
    return status;
}
