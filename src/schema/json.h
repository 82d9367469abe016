/*
 * json.h - one JSON text into a flat array of nodes, strictly by RFC 8259.
 *
 * A struct json is a reusable reader: every json_parse replaces what the last one found, and once its memory has
 * grown to the size of the texts it meets, parsing allocates nothing. Stricter than the RFC demands, because products
 * must mean the same to everyone who reads them: a key may stand once in an object, and strings hold no U+0000.
 *
 * Does not judge what the values mean (schema.h, product.h) and builds no tree: nodes stand in the order of the text
 * (preorder) and each knows the index behind its subtree, so that the members of object i are
 *     for (size_t m = i + 1; m < nodes[i].next; m = nodes[m].next)
 *
 * Views in nodes point into the text itself or, where escapes were resolved, into the struct json: they live until
 * the next json_parse or json_free, and as long as the text.
 * Thread rule: one struct json, one thread at a time.
 */
#ifndef AISLE_SCHEMA_JSON_H
#define AISLE_SCHEMA_JSON_H

#include "base/buf.h"
#include "base/status.h"

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_node {
    uint8_t type;      /* enum json_type */
    bool is_large;     /* private: an object whose members are found by their hashes */
    uint32_t next;     /* index of the node behind this one's subtree */
    uint32_t position; /* byte of the text where the value begins */
    uint32_t end;      /* byte behind the value */
    struct bytes key;  /* unescaped; empty outside objects */
    struct bytes text; /* a string unescaped, or a number as written; empty for all others */
};

struct json;

/* A reader with nothing parsed yet; the caller frees it. AISLE_NO_MEMORY. */
must_check int json_new(struct json **out);

/* Frees; NULL is allowed. */
void json_free(struct json *json);

/*
 * Parses text, which is borrowed for as long as the nodes are used. AISLE_BAD_PRODUCT with the byte and the reason:
 * not UTF-8, not JSON, a repeated key, a lone surrogate, more than LIMIT_LINE_BYTES, LIMIT_JSON_DEPTH or
 * LIMIT_JSON_NODES. AISLE_NO_MEMORY. After a failure there are no nodes.
 */
must_check int json_parse(struct json *json, struct bytes text, aisle_error *error);

/* The nodes of the last parse; the first is the text's one value. */
const struct json_node *json_nodes(const struct json *json, size_t *count);

/*
 * The index of the member of the object at object_index that has this key, in constant time; 0 (which is never a
 * member) when there is none or the node is no object.
 */
size_t json_member(const struct json *json, size_t object_index, struct bytes key);

/* "a string", "an object", ... for messages; static. */
const char *json_type_name(uint8_t type);

/* A name or value cut for a message. */
#define JSON_SHOWN_BYTES 68u

/* Fills shown with the beginning of text, control characters as '?', cut at a character; returns shown. */
const char *json_show(struct bytes text, char shown[JSON_SHOWN_BYTES]);

/* Whether text is a number as JSON writes it (RFC 8259), whatever its size. */
bool json_is_number(struct bytes text);

/* Appends text, which is UTF-8, as a JSON string with its quotes. Errors stick to out. */
void json_put_string(struct buf *out, struct bytes text);

/* A change of one member of an object. */
struct json_overlay_field {
    struct bytes key;        /* unescaped; no two fields of an overlay have the same */
    struct bytes value_json; /* the new value, JSON text; ignored with remove */
    bool remove;
};

/*
 * Appends object, a JSON text, to out with the fields laid over it: a member of the same key gets the new value in
 * its place or goes with its comma, new members come last in the order given, and every other byte stays as it was.
 * value_json is copied as it is: the caller vouches for it. AISLE_BAD_PRODUCT when object is not a JSON object,
 * AISLE_NO_MEMORY, AISLE_LIMIT (of out). On failure out is as long as before.
 */
must_check int json_overlay(struct bytes object, const struct json_overlay_field *fields, size_t count, struct buf *out,
                            aisle_error *error);

#endif
