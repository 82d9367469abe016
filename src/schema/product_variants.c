/*
 * product_variants.c - the variants of a product: each read by the schema, then what they come to together.
 *
 * A variant takes from the product what it does not have itself. Words of all variants are the product's, each once;
 * of numbers the product has the least, the greatest or the sum, as the field keeps it. What a filter may ask about one
 * variant becomes bytes (variant.h), with words as they were written: folding them is for who indexes them.
 *
 * Thread rule: one reader, one thread at a time.
 */
#include "product_private.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "schema/variant.h"

#define FEW_STRINGS 64u

static struct product_value *row_of(const struct product_reader *reader, uint32_t variant)
{
    return reader->values + (size_t)variant * reader->schema->field_count;
}

static int reserve_rows(struct product_reader *reader, uint32_t count)
{
    size_t needed = (size_t)count * reader->schema->field_count;
    if (needed > reader->value_capacity) {
        mem_free(reader->values);
        reader->value_capacity = 0;
        reader->values = mem_calloc(needed, sizeof *reader->values);
        if (reader->values == NULL) {
            return error_no_memory(reader->error, "reading variants");
        }
        reader->value_capacity = needed;
    }
    return 0;
}

/* A filter asks about one value of a variant's field. */
static int refuse_several(struct product_reader *reader, const struct json_node *node, const struct field *field,
                          const struct product_value *value)
{
    if (field->type == FIELD_KEYWORD && field->column && value->string_count > 1) {
        return product_refuse(reader, node, field->name, "found %u values, expected one of each variant",
                              value->string_count);
    }
    return 0;
}

static int read_member(struct product_reader *reader, uint32_t index, struct product_value *row, struct product *out)
{
    const struct json_node *node = &reader->nodes[index];
    int found = schema_field_find(reader->schema, node->key);
    const struct field *field = found < 0 ? NULL : &reader->schema->fields[found];
    if (field == NULL || !field->of_variants) {
        char shown[JSON_SHOWN_BYTES];
        out->unknown_fields++;
        return !reader->schema->strict ? 0
                                       : product_refuse(reader, node, json_show(node->key, shown),
                                                        "no field of variants in the schema, which is strict");
    }
    int status = product_read_field(reader, field, index, &row[found]);
    return status == 0 ? refuse_several(reader, node, field, &row[found]) : status;
}

static int read_variant(struct product_reader *reader, const char *name, uint32_t index, uint32_t variant,
                        struct product *out)
{
    const struct json_node *node = &reader->nodes[index];
    struct product_value *row = row_of(reader, variant);
    int status = 0;
    if (node->type != JSON_OBJECT) {
        return product_refuse(reader, node, name, "found %s in the list, expected an object",
                              json_type_name(node->type));
    }
    memset(row, 0, reader->schema->field_count * sizeof *row);
    for (uint32_t m = index + 1; m < node->next && status == 0; m = reader->nodes[m].next) {
        status = read_member(reader, m, row, out);
    }
    return status;
}

static int read_list(struct product_reader *reader, const char *name, uint32_t index, uint32_t *count,
                     struct product *out)
{
    const struct json_node *list = &reader->nodes[index];
    if (list->type != JSON_ARRAY) {
        return product_refuse(reader, list, name, "found %s, expected an array of objects",
                              json_type_name(list->type));
    }
    for (uint32_t i = index + 1; i < list->next; i = reader->nodes[i].next) {
        if (++*count > LIMIT_PRODUCT_VARIANTS) {
            return product_refuse(reader, &reader->nodes[i], name, "too many variants, expected at most %u",
                                  LIMIT_PRODUCT_VARIANTS);
        }
    }
    int status = reserve_rows(reader, *count);
    uint32_t variant = 0;
    for (uint32_t i = index + 1; i < list->next && status == 0; i = reader->nodes[i].next) {
        status = read_variant(reader, name, i, variant++, out);
    }
    return status;
}

int product_read_variants_patch(struct product_reader *reader, uint32_t index, struct product *out)
{
    const char *name = reader->schema->fields[reader->schema->variants_field].name;
    int status = reserve_rows(reader, 1);
    for (uint32_t i = index + 1; i < reader->nodes[index].next && status == 0; i = reader->nodes[i].next) {
        const struct json_node *node = &reader->nodes[i];
        if (node->type != JSON_OBJECT && node->type != JSON_NULL) {
            char shown[JSON_SHOWN_BYTES];
            return product_refuse(reader, node, name, "found %s for \"%s\", expected an object with changes, or null",
                                  json_type_name(node->type), json_show(node->key, shown));
        }
        status = node->type == JSON_OBJECT ? read_variant(reader, name, i, 0, out) : 0;
    }
    return status;
}

/* ---- what variants come to ---- */

/* Strings under way, each once: few are compared one by one, many are looked up. */
struct uniting {
    struct product_reader *reader;
    struct product_value all;
    uint32_t *slots;   /* by hash: number + 1 in all.strings; NULL: there are few */
    size_t slot_count; /* a power of two */
};

static bool is_there(struct uniting *uniting, struct bytes string)
{
    const struct product_value *all = &uniting->all;
    if (uniting->slots == NULL) {
        for (uint32_t i = 0; i < all->string_count; i++) {
            if (bytes_equal(all->strings[i], string)) {
                return true;
            }
        }
        return false;
    }
    size_t at = (size_t)hash_bytes(string.data, string.size) & (uniting->slot_count - 1);
    for (; uniting->slots[at] != 0; at = (at + 1) & (uniting->slot_count - 1)) {
        if (bytes_equal(all->strings[uniting->slots[at] - 1], string)) {
            return true;
        }
    }
    uniting->slots[at] = all->string_count + 1;
    return false;
}

static void add_new(struct uniting *uniting, const struct product_value *value)
{
    for (uint32_t i = 0; i < value->string_count; i++) {
        if (!is_there(uniting, value->strings[i])) {
            uniting->reader->strings[uniting->reader->string_count++] = value->strings[i];
            uniting->all.string_count++;
        }
    }
}

static int reserve_slots(struct uniting *uniting, size_t strings)
{
    if (strings <= FEW_STRINGS) {
        return 0;
    }
    uniting->slot_count = 2 * FEW_STRINGS;
    while (uniting->slot_count < strings * 2) {
        uniting->slot_count *= 2;
    }
    uniting->slots = mem_calloc(uniting->slot_count, sizeof *uniting->slots);
    return uniting->slots == NULL ? error_no_memory(uniting->reader->error, "reading variants") : 0;
}

/* The product's own strings and those of all variants, each once. */
static int unite_strings(struct product_reader *reader, const struct json_node *list, uint8_t f, uint32_t count,
                         struct product_value *value)
{
    const struct field *field = &reader->schema->fields[f];
    struct uniting uniting = {
        .reader = reader, .all = {.named = value->named, .strings = reader->strings + reader->string_count}};
    size_t strings = value->string_count;
    for (uint32_t variant = 0; variant < count; variant++) {
        strings += row_of(reader, variant)[f].string_count;
    }
    int status = reserve_slots(&uniting, strings);
    if (status != 0) {
        return status;
    }
    add_new(&uniting, value);
    for (uint32_t variant = 0; variant < count; variant++) {
        add_new(&uniting, &row_of(reader, variant)[f]);
    }
    mem_free(uniting.slots);
    uniting.all.present = uniting.all.string_count != 0;
    *value = uniting.all;
    if (field->type == FIELD_KEYWORD && field->column && value->string_count > LIMIT_LIST_VALUES) {
        return product_refuse(reader, list, field->name, "%u values in all variants, expected at most %u",
                              value->string_count, LIMIT_LIST_VALUES);
    }
    return 0;
}

/* False when the sum is none that the field holds. */
static bool add_numbers(enum field_type type, int64_t a, int64_t b, int64_t *sum)
{
    if (type != FIELD_DOUBLE) {
        return !__builtin_add_overflow(a, b, sum) && *sum != INT64_MIN;
    }
    double real = product_double_of_number(a) + product_double_of_number(b);
    *sum = product_number_of_double(real);
    return real - real == 0; /* finite */
}

static bool keep_number(const struct field *field, int64_t number, int64_t *kept)
{
    if (field->keeps == FIELD_KEEPS_SUM) {
        return add_numbers(field->type, *kept, number, kept);
    }
    bool is_better = field->keeps == FIELD_KEEPS_LEAST ? number < *kept : number > *kept;
    *kept = is_better ? number : *kept;
    return true;
}

/* The value that a variant has: its own, also when that is null, or else the product's. */
static const struct product_value *effective(const struct product_reader *reader, const struct product *product,
                                             uint32_t variant, uint8_t f)
{
    const struct product_value *own = &row_of(reader, variant)[f];
    return own->named ? own : &product->values[f];
}

static int unite_numbers(struct product_reader *reader, const struct json_node *list, uint8_t f, uint32_t count,
                         const struct product *product, struct product_value *value)
{
    const struct field *field = &reader->schema->fields[f];
    struct product_value kept = {.named = product->values[f].named};
    for (uint32_t variant = 0; variant < count; variant++) {
        const struct product_value *own = effective(reader, product, variant, f);
        if (own->present && !kept.present) {
            kept.number = own->number;
            kept.present = true;
        } else if (own->present && !keep_number(field, own->number, &kept.number)) {
            return product_refuse(reader, list, field->name, "the sum of all variants is too large");
        }
    }
    *value = kept;
    return 0;
}

/* ---- what filters ask ---- */

static int put_variant(struct product_reader *reader, const struct json_node *list, const struct product *product,
                       uint32_t variant, bool is_own)
{
    const struct schema *schema = reader->schema;
    size_t start = reader->variants.size;
    for (uint8_t f = 0; f < schema->field_count; f++) {
        const struct field *field = &schema->fields[f];
        const struct product_value *value =
            is_own ? &product->values[f] : effective(reader, product, variant, f);
        if (!field->of_variants || !field->column || !value->present) {
            continue;
        }
        if (field->type == FIELD_KEYWORD) {
            variant_put_word(&reader->variants, f, value->strings[0]);
        } else {
            variant_put_number(&reader->variants, f, value->number);
        }
    }
    size_t size = reader->variants.size - start;
    if (size > LIMIT_VARIANT_BYTES) {
        return product_refuse(reader, list, schema->fields[schema->variants_field].name,
                              "a variant's values have %zu bytes, expected at most %u", size, LIMIT_VARIANT_BYTES);
    }
    if (size == 0 && !is_own) {
        variant_put_nothing(&reader->variants);
    }
    return buf_status(&reader->variants) == 0 ? 0 : error_no_memory(reader->error, "reading variants");
}

/* Each variant's bytes become a string of the field; a product without variants has its own. */
static int put_variants(struct product_reader *reader, const struct json_node *list, uint32_t count,
                        const struct product *product, struct product_value *value)
{
    struct bytes *strings = reader->strings + reader->string_count;
    uint32_t put = 0;
    int status = 0;
    buf_clear(&reader->variants);
    for (uint32_t variant = 0; variant < (count == 0 ? 1 : count) && status == 0; variant++) {
        size_t start = reader->variants.size;
        status = put_variant(reader, list, product, variant, count == 0);
        if (reader->variants.size != start) {
            strings[put++] = bytes_of(NULL, reader->variants.size - start);
        }
    }
    const uint8_t *at = reader->variants.data;
    for (uint32_t i = 0; i < put; i++) { /* the buffer has moved while it grew */
        strings[i].data = at;
        at += strings[i].size;
    }
    reader->string_count += put;
    value->strings = strings;
    value->string_count = put;
    value->present = put != 0;
    return status;
}

int product_read_variants(struct product_reader *reader, uint32_t index, struct product *out)
{
    const struct schema *schema = reader->schema;
    const struct json_node *list = &reader->nodes[index];
    uint32_t count = 0;
    int status = 0;
    if (index != 0 && list->type != JSON_NULL) {
        status = read_list(reader, schema->fields[schema->variants_field].name, index, &count, out);
    }
    for (uint8_t f = 0; f < schema->field_count && status == 0; f++) {
        status = schema->fields[f].of_variants
                     ? refuse_several(reader, &reader->nodes[0], &schema->fields[f], &out->values[f])
                     : 0;
    }
    if (status == 0) {
        status = put_variants(reader, list, count, out, &out->values[schema->variants_field]);
    }
    for (uint8_t f = 0; f < schema->field_count && status == 0 && count != 0; f++) {
        struct product_value *value = &out->values[f];
        if (schema->fields[f].of_variants) {
            status = field_type_is_number(schema->fields[f].type) ? unite_numbers(reader, list, f, count, out, value)
                                                                  : unite_strings(reader, list, f, count, value);
        }
    }
    return status;
}
