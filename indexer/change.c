/*
 * change.c - the envelope's members.
 *
 * Thread rule: functions touch only what they are given.
 */
#include "indexer/change.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "indexer/times.h"

/* Whether the line's first member is "op". */
static bool begins_with_op(const struct json_node *nodes)
{
    return nodes[0].type == JSON_OBJECT && nodes[0].next > 1 && bytes_equal(nodes[1].key, bytes_of_string("op"));
}

static bool kind_of(const struct json_node *op, enum change_kind *kind)
{
    static const char *const names[] = {[CHANGE_PUT] = "put", [CHANGE_PATCH] = "patch", [CHANGE_DELETE] = "delete"};
    for (size_t i = 0; i < sizeof names / sizeof *names && op->type == JSON_STRING; i++) {
        if (bytes_equal(op->text, bytes_of_string(names[i]))) {
            *kind = (enum change_kind)i;
            return true;
        }
    }
    return false;
}

static void take_seq(const struct json *json, const struct json_node *nodes, struct change *change)
{
    size_t member = json_member(json, 0, bytes_of_string("seq"));
    if (member != 0 && (nodes[member].type == JSON_STRING || nodes[member].type == JSON_NUMBER)) {
        struct bytes seq = utf8_cut(nodes[member].text, SEQUENCE_BYTES);
        memcpy(change->seq, seq.data, seq.size);
        change->seq[seq.size] = '\0';
    }
}

static int take_id(const struct json *json, const struct json_node *nodes, struct change *change, aisle_error *error)
{
    size_t member = json_member(json, 0, bytes_of_string("id"));
    if (member == 0) {
        return error_set_at(error, AISLE_BAD_PRODUCT, nodes[0].position, "the change has no \"id\"");
    }
    const struct json_node *id = &nodes[member];
    if ((id->type != JSON_STRING && id->type != JSON_NUMBER) || id->text.size == 0 || id->text.size > LIMIT_ID_BYTES) {
        return error_set_at(error, AISLE_BAD_PRODUCT, id->position,
                            "\"id\" of a change must be a string of 1 to %u bytes or a number", LIMIT_ID_BYTES);
    }
    change->id = id->text;
    return 0;
}

static int take_body(const struct json *json, const struct json_node *nodes, struct bytes line, const char *name,
                     struct change *change, aisle_error *error)
{
    size_t member = json_member(json, 0, bytes_of_string(name));
    if (member == 0 || nodes[member].type != JSON_OBJECT) {
        return error_set_at(error, AISLE_BAD_PRODUCT, nodes[member].position,
                            member == 0 ? "the change has no \"%s\"" : "\"%s\" of a change must be an object", name);
    }
    change->body_position = nodes[member].position;
    change->body = bytes_of(line.data + nodes[member].position, nodes[member].end - nodes[member].position);
    return 0;
}

bool change_matches(const struct json *json)
{
    size_t count;
    enum change_kind kind;
    const struct json_node *nodes = json_nodes(json, &count);
    size_t op = json_member(json, 0, bytes_of_string("op"));
    /* A product may have an attribute "op" of its own, but not in front. */
    return op != 0 && (begins_with_op(nodes) || kind_of(&nodes[op], &kind));
}

int change_decode(const struct json *json, struct bytes line, struct change *change, aisle_error *error)
{
    size_t count;
    const struct json_node *nodes = json_nodes(json, &count);
    size_t op = json_member(json, 0, bytes_of_string("op"));
    *change = (struct change){.kind = CHANGE_PUT};
    if (op == 0 || !kind_of(&nodes[op], &change->kind)) {
        return error_set_at(error, AISLE_BAD_PRODUCT, nodes[op].position,
                            "\"op\" must be \"put\", \"patch\" or \"delete\"");
    }
    size_t time = json_member(json, 0, bytes_of_string("time"));
    if (time == 0 || nodes[time].type != JSON_STRING || !times_read(nodes[time].text, &change->time_ms)) {
        change->time_ms = 0;
    }
    take_seq(json, nodes, change);
    if (change->kind == CHANGE_PUT) {
        return take_body(json, nodes, line, "product", change, error);
    }
    int status = take_id(json, nodes, change, error);
    return status != 0 || change->kind == CHANGE_DELETE ? status
                                                        : take_body(json, nodes, line, "fields", change, error);
}
