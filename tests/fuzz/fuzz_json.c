/*
 * fuzz_json.c - any bytes as JSON: the reader answers, its nodes stay within the text, and an overlay of what was
 * accepted is accepted again.
 */
#include "schema/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void check_overlay(struct json *json, struct bytes text)
{
    const struct json_overlay_field fields[] = {
        {.key = bytes_of_string("a"), .value_json = bytes_of_string("[1]")},
        {.key = bytes_of_string("b"), .remove = true},
        {.key = bytes_of_string("new \""), .value_json = bytes_of_string("null")},
    };
    struct buf out;
    buf_init(&out, text.size + 64);
    expect(json_overlay(text, fields, 3, &out, NULL) == 0);
    size_t node_count = 0;
    size_t before = 0;
    json_nodes(json, &before);
    if (before + 3 < 65536) {
        expect(json_parse(json, buf_bytes(&out), NULL) == 0);
        const struct json_node *nodes = json_nodes(json, &node_count);
        size_t a = json_member(json, 0, bytes_of_string("a"));
        expect(a != 0 && nodes[a].type == JSON_ARRAY && json_member(json, 0, bytes_of_string("b")) == 0);
        expect(json_member(json, 0, bytes_of_string("new \"")) != 0);
    }
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json *json = NULL;
    aisle_error error;
    size_t count = 0;
    if (json_new(&json) != 0) {
        return 0;
    }
    int status = json_parse(json, bytes_of(data, size), &error);
    const struct json_node *nodes = json_nodes(json, &count);
    if (status != 0) {
        expect(status == AISLE_BAD_PRODUCT && error.position <= size && count == 0);
    } else {
        expect(count > 0 && nodes[0].next == count);
        for (size_t i = 0; i < count; i++) {
            expect(nodes[i].position < nodes[i].end && nodes[i].end <= size);
            expect(nodes[i].next > i && nodes[i].next <= count);
        }
        if (nodes[0].type == JSON_OBJECT) {
            check_overlay(json, bytes_of(data, size));
        }
    }
    json_free(json);
    return 0;
}
