/*
 * writer_patch.c - changes of products that are there: columns in place, else laid over and indexed again; new ids.
 *
 * Thread rule: as aisle_writer, one thread at a time.
 */
#include "index/writer_private.h"

#include "base/hash.h"
#include "schema/variants_patch.h"

/* A number of variants is made of theirs, which stand in the product's variants. */
static bool is_numeric(const struct field *field)
{
    return field_type_is_number(field->type) && !field->of_variants;
}

/* Whether only numeric columns change, so that nothing needs indexing again. */
static bool is_columns_only(const struct aisle_writer *writer)
{
    const struct schema *schema = writer->catalog->schema;
    for (uint8_t f = 0; f < schema->field_count; f++) {
        if (writer->product.values[f].named && !is_numeric(&schema->fields[f])) {
            return false;
        }
    }
    return writer->product.unknown_fields == 0;
}

/* Keywords that are named stand as they are. */
static int change_columns(struct aisle_writer *writer, struct shard_writer *shard, const struct writer_place *place)
{
    const struct segment_columns *columns = &writer->catalog->columns;
    uint32_t segment = shard->segments[place->segment].info.id;
    int status = 0;
    for (uint8_t i = 0; i < columns->count && status == 0; i++) {
        const struct product_value *value = &writer->product.values[columns->field[i]];
        if (value->named && is_numeric(&writer->catalog->schema->fields[columns->field[i]])) {
            status = changes_set(&shard->changes, segment, place->document, columns->field[i],
                                 value->present ? value->number : COLUMN_MISSING);
        }
    }
    return status;
}

/* The members of a patch as fields to lay over; at most LIMIT_JSON_NODES of them. */
static int list_members(const struct json *json, struct bytes patch, struct json_overlay_field **out, size_t *count)
{
    size_t node_count;
    const struct json_node *nodes = json_nodes(json, &node_count);
    struct json_overlay_field *fields = mem_alloc(node_count * sizeof *fields);
    *out = fields;
    *count = 0;
    if (fields == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 1; i < nodes[0].next; i = nodes[i].next) {
        fields[(*count)++] = (struct json_overlay_field){
            .key = nodes[i].key,
            .value_json = bytes_of(patch.data + nodes[i].position, nodes[i].end - nodes[i].position),
            .remove = nodes[i].type == JSON_NULL};
    }
    return 0;
}

/* The product as it stands now, uncommitted column changes included, into writer->merged. */
static int current_product(struct aisle_writer *writer, struct shard_writer *shard, const struct writer_place *place,
                           struct buf *out)
{
    if (place->builder != NULL) {
        struct bytes stored = segment_builder_stored(place->builder, place->document);
        buf_put(out, stored.data, stored.size);
        return buf_status(out);
    }
    return writer_read_committed(&writer->codec, writer->catalog->schema, shard, place, out);
}

/* Where the patch changes variants by their keys, the field gets the whole list, which variants then holds. */
static int lay_variants(struct aisle_writer *writer, struct bytes current, struct bytes text,
                        struct json_overlay_field *fields, size_t count, struct buf *variants, aisle_error *error)
{
    const struct schema *schema = writer->catalog->schema;
    struct variants_patch patch = {.schema = schema, .json = product_reader_json(writer->reader), .text = text};
    if (schema->variants_field == SCHEMA_NO_FIELD) {
        return 0;
    }
    size_t node_count;
    struct bytes name = bytes_of_string(schema->fields[schema->variants_field].name);
    patch.changes = json_member(patch.json, 0, name);
    if (patch.changes == 0 || json_nodes(patch.json, &node_count)[patch.changes].type != JSON_OBJECT) {
        return 0;
    }
    int status = variants_patch_lay(&patch, writer->json, current, variants, error);
    for (size_t i = 0; i < count && status == 0; i++) {
        if (bytes_equal(fields[i].key, name)) {
            fields[i].value_json = buf_bytes(variants);
        }
    }
    return status;
}

/* Makes writer->merged the product with the patch laid over. AISLE_BAD_PRODUCT: it has no variant that is named. */
static int lay_patch(struct aisle_writer *writer, struct bytes current, struct bytes patch, aisle_error *error)
{
    struct json_overlay_field *fields = NULL;
    struct buf variants;
    size_t count;
    buf_clear(&writer->merged);
    buf_init(&variants, LIMIT_PRODUCT_BYTES);
    int status = list_members(product_reader_json(writer->reader), patch, &fields, &count);
    if (status == 0) {
        status = lay_variants(writer, current, patch, fields, count, &variants, error);
    }
    if (status == 0) {
        status = json_overlay(current, fields, count, &writer->merged, error);
    }
    mem_free(fields);
    buf_release(&variants);
    if (status == AISLE_BAD_PRODUCT) {
        return status;
    }
    if (status == AISLE_LIMIT) {
        return error_set(error, AISLE_BAD_PRODUCT, "with this patch the product would pass %u bytes",
                         LIMIT_PRODUCT_BYTES);
    }
    return status == 0 ? 0
                       : writer_fail(writer, error_set(error, status, "a product cannot be patched: %s (%s)",
                                                       aisle_error_text(status), writer->catalog->path));
}

static int index_again(struct aisle_writer *writer, struct bytes current, struct bytes patch, uint64_t id_hash,
                       aisle_error *error)
{
    int status = lay_patch(writer, current, patch, error);
    if (status == 0) {
        status = writer_read_product(writer, buf_bytes(&writer->merged), error);
    }
    return status == 0 ? writer_route_product(writer, id_hash, buf_bytes(&writer->merged), error) : status;
}

/* Changes columns in place, or else reads the product into current, to be indexed again. *done: which of the two. */
static int patch_or_read(struct aisle_writer *writer, struct shard_writer *shard, struct bytes id, uint64_t id_hash,
                         struct bytes patch, struct buf *current, bool *done, aisle_error *error)
{
    struct writer_place place;
    int status = writer_find_product(writer, shard, id, id_hash, &place, error);
    if (status == 0) {
        bool committed = place.builder == NULL && !shard->segments[place.segment].pending;
        *done = committed && is_columns_only(writer);
        status = *done ? 0 : current_product(writer, shard, &place, current);
        /* Databases tell whole rows, of which mostly numbers have changed. */
        *done = *done || (status == 0 && committed &&
                          writer_patch_spares_text(writer->catalog->schema, product_reader_json(writer->reader), patch,
                                                   writer->json, buf_bytes(current)));
        status = status == 0 && *done ? change_columns(writer, shard, &place) : status;
        if (status != 0) {
            writer_fail(writer, error_set(error, status, "a product cannot be patched: %s", aisle_error_text(status)));
        }
    }
    shard_writer_unlock(shard);
    return status;
}

static int patch_product(struct aisle_writer *writer, struct shard_writer *shard, struct bytes id, uint64_t id_hash,
                         struct bytes patch, aisle_error *error)
{
    struct buf current;
    bool done = false;
    buf_init(&current, LIMIT_PRODUCT_BYTES * 2);
    int status = patch_or_read(writer, shard, id, id_hash, patch, &current, &done, error);
    if (status == 0 && !done) {
        status = index_again(writer, buf_bytes(&current), patch, id_hash, error);
    }
    buf_release(&current);
    return status;
}

int aisle_patch(aisle_writer *writer, aisle_bytes id, aisle_bytes fields, aisle_error *error)
{
    struct bytes key = bytes_of(id.data, id.size);
    struct bytes patch = bytes_of(fields.data, fields.size);
    uint64_t id_hash = hash_bytes(key.data, key.size);
    int status = writer_refuse_failed(writer, error);
    if (status == 0) {
        status = product_reader_read_patch(writer->reader, writer->catalog->schema, patch, &writer->product, error);
    }
    if (status == 0 && writer->product.id.size != 0 && !bytes_equal(writer->product.id, key)) {
        status = error_set(error, AISLE_BAD_PRODUCT, "field \"%s\": a patch cannot change the id",
                           writer->catalog->schema->id_name);
    }
    if (status != 0 || writer_all_repeated(writer, id_hash)) {
        return status;
    }
    status = writer_in_its_shard(writer, key, id_hash, patch, patch_product, error);
    writer->statistics.patches += status == 0 ? 1 : 0;
    return status;
}

/* The product as one shard has it, into writer->merged. */
static int read_in_shard(struct aisle_writer *writer, struct shard_writer *shard, struct bytes id, uint64_t id_hash,
                         struct bytes fields, aisle_error *error)
{
    struct writer_place place;
    struct buf current;
    buf_init(&current, LIMIT_PRODUCT_BYTES * 2);
    int status = writer_find_product(writer, shard, id, id_hash, &place, error);
    if (status == 0) {
        status = current_product(writer, shard, &place, &current);
        status = status == 0 ? 0 : writer_fail(writer, error_set(error, status, "a product cannot be moved: %s",
                                                                 aisle_error_text(status)));
    }
    shard_writer_unlock(shard);
    status = status != 0 ? status : lay_patch(writer, buf_bytes(&current), fields, error);
    buf_release(&current);
    return status;
}

/* Puts the product of the old id with the fields laid over it, which has the new id. */
static int move_product(struct aisle_writer *writer, struct bytes from, struct bytes fields, struct bytes id,
                        aisle_error *error)
{
    buf_clear(&writer->merged);
    int status = writer_in_its_shard(writer, from, hash_bytes(from.data, from.size), fields, read_in_shard, error);
    if (status == 0 && writer->merged.size == 0) {
        return AISLE_NOT_FOUND; /* a shard that has come further had it */
    }
    status = status != 0 ? status : writer_read_product(writer, buf_bytes(&writer->merged), error);
    if (status == 0 && !bytes_equal(writer->product.id, id)) {
        status = error_set(error, AISLE_BAD_PRODUCT, "field \"%s\": the fields must hold the new id",
                           writer->catalog->schema->id_name);
    }
    uint64_t id_hash = hash_bytes(id.data, id.size);
    writer->moved = writer->moved || writer->catalog->shard_count > 1;
    return status != 0 ? status : writer_route_product(writer, id_hash, buf_bytes(&writer->merged), error);
}

int aisle_move(aisle_writer *writer, aisle_bytes from, aisle_bytes id, aisle_bytes fields, aisle_error *error)
{
    struct bytes old = bytes_of(from.data, from.size);
    struct bytes key = bytes_of(id.data, id.size);
    struct bytes patch = bytes_of(fields.data, fields.size);
    if (bytes_equal(old, key)) {
        return aisle_patch(writer, id, fields, error);
    }
    int status = writer_refuse_failed(writer, error);
    if (status == 0) {
        status = product_reader_read_patch(writer->reader, writer->catalog->schema, patch, &writer->product, error);
    }
    if (status != 0 || writer_all_repeated(writer, hash_bytes(key.data, key.size))) {
        /* The old id may be of a shard that has not come as far. */
        return status != 0 ? status : (status = aisle_delete(writer, from, error)) == AISLE_NOT_FOUND ? 0 : status;
    }
    status = move_product(writer, old, patch, key, error);
    writer->statistics.patches += status == 0 ? 1 : 0;
    if (status == AISLE_NOT_FOUND) {
        return aisle_patch(writer, id, fields, error);
    }
    status = status != 0 ? status : aisle_delete(writer, from, error);
    return status == AISLE_NOT_FOUND ? 0 : status;
}
