/*
 * variants_patch.c - writes a list of variants anew: those without a change as their bytes stand.
 *
 * Thread rule: see variants_patch.h.
 */
#include "schema/variants_patch.h"

#include "base/alloc.h"

/* The variants of one product under way. */
struct laying {
    const struct variants_patch *patch;
    const struct json_node *wanted; /* the nodes of the patch */
    struct bytes key_name;
    bool *used;  /* by node of the patch: a variant has this key */
    bool any;    /* a variant stands in out */
    struct buf *out;
    aisle_error *error;
};

static struct bytes span_of(struct bytes text, const struct json_node *node)
{
    return bytes_of(text.data + node->position, node->end - node->position);
}

/* The key of a variant, in the nodes of json; of size 0: it has none. Numbers are keys as they are written. */
static struct bytes key_of(const struct laying *laying, const struct json *json, size_t variant)
{
    size_t count;
    size_t member = json_member(json, variant, laying->key_name);
    return member == 0 ? bytes_of(NULL, 0) : json_nodes(json, &count)[member].text;
}

static void put_variant(struct laying *laying, struct bytes variant)
{
    buf_put_string(laying->out, laying->any ? "," : "");
    buf_put(laying->out, variant.data, variant.size);
    laying->any = true;
}

/* The variant with the members of the change at a node of the patch laid over it. */
static int put_changed(struct laying *laying, struct bytes variant, const struct json_node *change, size_t node)
{
    const struct json_node *nodes = laying->wanted;
    struct json_overlay_field *fields = mem_calloc(change->next - node, sizeof *fields);
    size_t count = 0;
    if (fields == NULL) {
        return error_no_memory(laying->error, "changing a variant");
    }
    for (size_t i = node + 1; i < change->next; i = nodes[i].next) {
        fields[count++] = (struct json_overlay_field){.key = nodes[i].key,
                                                      .value_json = span_of(laying->patch->text, &nodes[i]),
                                                      .remove = nodes[i].type == JSON_NULL};
    }
    buf_put_string(laying->out, laying->any ? "," : "");
    int status = json_overlay(variant, fields, count, laying->out, laying->error);
    laying->any = true;
    mem_free(fields);
    return status;
}

static int lay_variant(struct laying *laying, const struct json *json, struct bytes product, size_t variant)
{
    size_t count;
    const struct json_node *node = &json_nodes(json, &count)[variant];
    struct bytes key = key_of(laying, json, variant);
    size_t change = key.size == 0 ? 0 : json_member(laying->patch->json, laying->patch->changes, key);
    if (change == 0) {
        put_variant(laying, span_of(product, node));
        return 0;
    }
    laying->used[change] = true;
    return laying->wanted[change].type == JSON_NULL
               ? 0
               : put_changed(laying, span_of(product, node), &laying->wanted[change], change);
}

/* The changes that no variant has the key of. */
static int add_new(struct laying *laying)
{
    const struct json_node *nodes = laying->wanted;
    size_t changes = laying->patch->changes;
    for (size_t i = changes + 1; i < nodes[changes].next; i = nodes[i].next) {
        char shown[JSON_SHOWN_BYTES];
        if (laying->used[i] || nodes[i].type == JSON_NULL) {
            continue;
        }
        struct bytes key = key_of(laying, laying->patch->json, i);
        if (key.size == 0 || !bytes_equal(key, nodes[i].key)) {
            return error_set_at(laying->error, AISLE_BAD_PRODUCT, nodes[i].position,
                                "no variant of the product has the %s \"%s\"", laying->patch->schema->variants_key,
                                json_show(nodes[i].key, shown));
        }
        put_variant(laying, span_of(laying->patch->text, &nodes[i]));
    }
    return 0;
}

static int lay_list(struct laying *laying, const struct json *json, struct bytes product)
{
    const struct schema *schema = laying->patch->schema;
    size_t count;
    size_t list = json_member(json, 0, bytes_of_string(schema->fields[schema->variants_field].name));
    const struct json_node *nodes = json_nodes(json, &count);
    int status = 0;
    if (list != 0 && nodes[list].type != JSON_NULL && nodes[list].type != JSON_ARRAY) {
        return error_set(laying->error, AISLE_BAD_PRODUCT, "the product's variants are no list");
    }
    buf_put_u8(laying->out, '[');
    for (size_t i = list + 1; list != 0 && i < nodes[list].next && status == 0; i = nodes[i].next) {
        status = lay_variant(laying, json, product, i);
    }
    status = status == 0 ? add_new(laying) : status;
    buf_put_u8(laying->out, ']');
    return status == 0 ? buf_status(laying->out) : status;
}

int variants_patch_lay(const struct variants_patch *patch, struct json *json, struct bytes product, struct buf *out,
                       aisle_error *error)
{
    size_t count;
    struct laying laying = {.patch = patch,
                            .wanted = json_nodes(patch->json, &count),
                            .key_name = bytes_of_string(patch->schema->variants_key),
                            .out = out,
                            .error = error};
    int status = json_parse(json, product, error);
    if (status != 0) {
        return status;
    }
    laying.used = mem_calloc(count, sizeof *laying.used);
    status = laying.used == NULL ? error_no_memory(error, "changing variants") : lay_list(&laying, json, product);
    mem_free(laying.used);
    return status;
}
