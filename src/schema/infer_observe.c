/*
 * infer_observe.c - counts what stands in the fields of passing products.
 *
 * Names are found by a scan: there are at most INFER_FIELDS, in a job done once for a catalog. Names that could not
 * be a field's are passed over. Distinct values are counted by their hashes.
 * Thread rule: one thread at a time.
 */
#include "infer.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "schema_parse.h"
#include "value.h"

int infer_init(struct infer *infer)
{
    *infer = (struct infer){.fields = mem_calloc(INFER_FIELDS, sizeof *infer->fields)};
    return infer->fields == NULL ? AISLE_NO_MEMORY : 0;
}

void infer_release(struct infer *infer)
{
    for (uint32_t i = 0; i < infer->field_count; i++) {
        mem_free(infer->fields[i].distinct);
    }
    mem_free(infer->fields);
    if (infer->variants != NULL) {
        infer_release(infer->variants); /* which has none of its own */
        mem_free(infer->variants);
    }
    *infer = (struct infer){.fields = NULL};
}

const struct infer_field *infer_find(const struct infer *infer, const char *name)
{
    for (uint32_t i = 0; i < infer->field_count; i++) {
        if (strcmp(infer->fields[i].name, name) == 0) {
            return &infer->fields[i];
        }
    }
    return NULL;
}

/* The field of this name, added when it is new; NULL when it cannot be a field or there is no room. */
static struct infer_field *take_field(struct infer *infer, struct bytes name)
{
    for (uint32_t i = 0; i < infer->field_count; i++) {
        if (bytes_equal(bytes_of_string(infer->fields[i].name), name)) {
            return &infer->fields[i];
        }
    }
    if (!schema_is_name(name) || infer->field_count == INFER_FIELDS) {
        return NULL;
    }
    struct infer_field *field = &infer->fields[infer->field_count++];
    memcpy(field->name, name.data, name.size);
    return field;
}

static int count_distinct(struct infer_field *field, struct bytes text)
{
    if (field->distinct == NULL) {
        field->distinct = mem_calloc(INFER_DISTINCT_SLOTS, sizeof *field->distinct);
        if (field->distinct == NULL) {
            return AISLE_NO_MEMORY;
        }
    }
    if (field->distinct_count > INFER_DISTINCT_MAX) {
        return 0;
    }
    uint64_t hash = hash_bytes(text.data, text.size) | 1; /* 0 marks an empty slot */
    size_t i = (size_t)(hash >> 1) & (INFER_DISTINCT_SLOTS - 1);
    while (field->distinct[i] != 0 && field->distinct[i] != hash) {
        i = (i + 1) & (INFER_DISTINCT_SLOTS - 1);
    }
    if (field->distinct[i] == 0) {
        field->distinct[i] = hash;
        field->distinct_count++;
    }
    return 0;
}

static int observe_string(struct infer_field *field, struct bytes text)
{
    int64_t ms = 0;
    if (text.size == 0) {
        return 0; /* as good as absent */
    }
    field->strings++;
    field->longest_bytes = text.size > field->longest_bytes ? text.size : field->longest_bytes;
    field->dates += value_date(text, &ms) ? 1u : 0u;
    field->trails += memmem(text.data, text.size, " > ", 3) != NULL ? 1u : 0u;
    field->links +=
        bytes_begin_with(text, bytes_of_string("http://")) || bytes_begin_with(text, bytes_of_string("https://")) ? 1u
                                                                                                                  : 0u;
    return count_distinct(field, text);
}

static int observe_number(struct infer_field *field, struct bytes text)
{
    int64_t scaled = 0;
    unsigned digits = value_fraction_digits(text);
    field->numbers++;
    field->longest_bytes = text.size > field->longest_bytes ? text.size : field->longest_bytes;
    field->fraction_digits_max = digits > field->fraction_digits_max ? digits : field->fraction_digits_max;
    field->big_numbers += value_scaled(text, digits <= 4 ? 4 : 0, &scaled) == VALUE_TOO_LARGE ? 1u : 0u;
    for (size_t i = 0; i < text.size; i++) {
        field->point = field->point || text.data[i] == '.' || text.data[i] == 'e' || text.data[i] == 'E';
    }
    return 0;
}

static int observe_scalar(struct infer_field *field, const struct json_node *node)
{
    switch (node->type) {
    case JSON_STRING:
        return observe_string(field, node->text);
    case JSON_NUMBER:
        return observe_number(field, node->text);
    case JSON_TRUE:
    case JSON_FALSE:
        field->bools++;
        return 0;
    default:
        field->others++;
        return 0;
    }
}

static bool is_good_id(const struct json_node *node)
{
    if (node->type == JSON_NUMBER) {
        return memchr(node->text.data, '.', node->text.size) == NULL &&
               memchr(node->text.data, 'e', node->text.size) == NULL &&
               memchr(node->text.data, 'E', node->text.size) == NULL && node->text.size <= LIMIT_ID_BYTES;
    }
    return node->type == JSON_STRING && node->text.size > 0 && node->text.size <= LIMIT_ID_BYTES;
}

static int observe_member(struct infer_field *field, const struct json_node *nodes, uint32_t index)
{
    const struct json_node *node = &nodes[index];
    uint64_t items = 0;
    int status = 0;
    field->good_ids += is_good_id(node) ? 1u : 0u;
    if (node->type != JSON_ARRAY) {
        return observe_scalar(field, node);
    }
    field->arrays++;
    for (uint32_t i = index + 1; i < node->next && status == 0; i = nodes[i].next) {
        status = observe_scalar(field, &nodes[i]);
        items++;
    }
    field->array_items_max = items > field->array_items_max ? items : field->array_items_max;
    return status;
}

static int observe_object(struct infer *infer, const struct json_node *nodes, uint32_t object)
{
    int status = 0;
    infer->products++;
    for (uint32_t m = object + 1; m < nodes[object].next && status == 0; m = nodes[m].next) {
        struct infer_field *field = nodes[m].type == JSON_NULL ? NULL : take_field(infer, nodes[m].key);
        if (field != NULL) {
            status = observe_member(field, nodes, m);
        }
    }
    return status;
}

/* Whether a member is a list of objects under a name that variants have; the first such name is the catalog's. */
static bool is_variants(const struct infer *infer, const struct json_node *nodes, uint32_t member)
{
    static const char *const names[] = {"variants", "skus", "offers"};
    const struct json_node *list = &nodes[member];
    bool is_named = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        is_named = is_named || bytes_equal(list->key, bytes_of_string(names[i]));
    }
    bool is_other = infer->variants != NULL && !bytes_equal(list->key, bytes_of_string(infer->variants_name));
    bool objects = is_named && !is_other && list->type == JSON_ARRAY && list->next > member + 1;
    for (uint32_t i = member + 1; i < list->next && objects; i = nodes[i].next) {
        objects = nodes[i].type == JSON_OBJECT;
    }
    return objects;
}

static int observe_variants(struct infer *infer, const struct json_node *nodes, uint32_t member)
{
    int status = 0;
    if (infer->variants == NULL) {
        infer->variants = mem_calloc(1, sizeof *infer->variants);
        status = infer->variants == NULL ? AISLE_NO_MEMORY : infer_init(infer->variants);
        memcpy(infer->variants_name, nodes[member].key.data, nodes[member].key.size);
    }
    for (uint32_t i = member + 1; i < nodes[member].next && status == 0; i = nodes[i].next) {
        status = observe_object(infer->variants, nodes, i);
    }
    return status;
}

int infer_observe(struct infer *infer, const struct json_node *nodes, uint32_t product)
{
    int status = observe_object(infer, nodes, product);
    for (uint32_t m = product + 1; m < nodes[product].next && status == 0; m = nodes[m].next) {
        status = is_variants(infer, nodes, m) ? observe_variants(infer, nodes, m) : 0;
    }
    return status;
}
