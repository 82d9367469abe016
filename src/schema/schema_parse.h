/*
 * schema_parse.h - private to the module: what the files that parse a schema share.
 *
 * schema_parse.c walks the root and the fields, schema_rules.c reads order and signals, which refer to fields, and
 * checks what concerns several fields at once.
 */
#ifndef AISLE_SCHEMA_SCHEMA_PARSE_H
#define AISLE_SCHEMA_SCHEMA_PARSE_H

#include "schema/json.h"
#include "schema/schema.h"

#define SCHEMA_WHERE_BYTES 96u

struct schema_parser {
    struct json *json;
    const struct json_node *nodes;
    struct schema *schema;
    uint32_t field_nodes[LIMIT_FIELDS]; /* of the fields' values, for positions */
    aisle_error *error;
};

/* AISLE_BAD_SCHEMA at the byte of node: "<where>: <reason>". */
int schema_refuse(struct schema_parser *parser, uint32_t node, const char *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Refuses members of the object that known (NULL at its end) does not name. */
must_check int schema_check_keys(struct schema_parser *parser, uint32_t object, const char *where,
                                 const char *const *known);

/*
 * The member of object with this key: *member is its node, 0 when it is absent. Another type than expected (which may
 * be JSON_TRUE for a bool) is refused.
 */
must_check int schema_get(struct schema_parser *parser, uint32_t object, const char *where, const char *key,
                          enum json_type expected, uint32_t *member);

/* As schema_get, and refuses an absent member. */
must_check int schema_need(struct schema_parser *parser, uint32_t object, const char *where, const char *key,
                           enum json_type expected, uint32_t *member);

/* Weight of 0.01 to 100 in hundredths; *weight is unchanged when the key is absent. */
must_check int schema_get_weight(struct schema_parser *parser, uint32_t object, const char *where, const char *key,
                                 uint32_t *weight);

/* The rules between fields: none weighs more than the first text field, the id's own field is a keyword. */
must_check int schema_check_fields(struct schema_parser *parser);

must_check int schema_parse_order(struct schema_parser *parser);
must_check int schema_parse_route(struct schema_parser *parser);
must_check int schema_parse_signals(struct schema_parser *parser);
must_check int schema_parse_stems(struct schema_parser *parser);

/* Whether name can name a field: letters, digits, _ - . and whatever is not ASCII, with no digit, - or . first. */
bool schema_is_name(struct bytes name);

/* Fills name_slots; the names are known to differ. */
void schema_index_names(struct schema *schema);

#endif
