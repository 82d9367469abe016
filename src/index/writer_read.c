/*
 * writer_read.c - a product on disk as the writer sees it: committed patches laid over it, and those of this batch.
 */
#include "index/writer_read.h"

#include "index/overlay.h"

/* Whether the column differs from the stored product, and its value then. */
static int changed_value(struct storage_txn *txn, const struct shard_writer *shard,
                         const struct writer_segment *segment, uint32_t document, uint8_t field, bool *changed,
                         int64_t *value)
{
    struct bytes marks;
    struct bytes page;
    uint32_t bit = document % PAGE_BITS_DOCUMENTS;
    *changed = changes_get(&shard->changes, segment->info.id, document, field, value);
    if (*changed || segment->pending) {
        return 0;
    }
    int status = segment_page_get(txn, segment->info.id, (uint8_t)(PAGE_PATCHED + field),
                                  document / PAGE_BITS_DOCUMENTS, &marks);
    *changed = status == 0 && marks.size == PAGE_BITS_WORDS * sizeof(uint64_t) &&
               ((marks.data[bit / 8] >> (bit % 8)) & 1) != 0;
    if (!*changed) {
        return status;
    }
    status = segment_page_get(txn, segment->info.id, (uint8_t)(PAGE_COLUMN + field),
                              document / COLUMN_PAGE_DOCUMENTS, &page);
    if (status != 0) {
        return status;
    }
    return page.size != 0 ? column_page_get(page, document % COLUMN_PAGE_DOCUMENTS, value)
                          : column_get(&segment->segment->column[field], document, value);
}

static int list_changes(struct storage_txn *txn, const struct shard_writer *shard, const struct writer_place *place,
                        struct overlay *overlay)
{
    const struct writer_segment *segment = &shard->segments[place->segment];
    const struct segment_columns *columns = &segment->segment->columns;
    int status = 0;
    for (uint8_t i = 0; i < columns->count && status == 0; i++) {
        bool changed;
        int64_t value;
        status = changed_value(txn, shard, segment, place->document, columns->field[i], &changed, &value);
        if (status == 0 && changed) {
            overlay_add(overlay, columns->field[i], value);
        }
    }
    return status;
}

static int read_stored(struct product_codec *codec, const struct shard_snapshot *snapshot,
                       const struct schema *schema, const struct shard_writer *shard,
                       const struct writer_place *place, struct buf *out)
{
    struct overlay overlay = {.count = 0};
    struct buf original;
    buf_init(&original, LIMIT_PRODUCT_BYTES);
    int status = product_codec_read(codec, snapshot, shard->segments[place->segment].segment, place->document,
                                    &original);
    if (status == 0) {
        status = list_changes(snapshot->txn, shard, place, &overlay);
    }
    if (status == 0) {
        status = overlay_apply(&overlay, schema, buf_bytes(&original), out);
    }
    buf_release(&original);
    return status;
}

int writer_read_committed(struct product_codec *codec, const struct schema *schema, const struct shard_writer *shard,
                          const struct writer_place *place, struct buf *out)
{
    struct shard_snapshot snapshot = {.shard = shard->shard};
    int status = storage_read_begin(shard->shard->storage, &snapshot.txn, NULL);
    if (status == 0) {
        status = read_stored(codec, &snapshot, schema, shard, place, out);
        storage_read_end(snapshot.txn);
    }
    return status;
}

static bool is_numeric(const struct schema *schema, struct bytes name)
{
    for (uint8_t f = 0; f < schema->field_count; f++) {
        const struct field *field = &schema->fields[f];
        if (bytes_equal(bytes_of_string(field->name), name)) {
            return field_type_is_number(field->type) && !field->of_variants;
        }
    }
    return false;
}

bool writer_patch_spares_text(const struct schema *schema, const struct json *patch_json, struct bytes patch,
                              struct json *json, struct bytes product)
{
    size_t count;
    const struct json_node *wanted = json_nodes(patch_json, &count);
    if (json_parse(json, product, NULL) != 0) {
        return false;
    }
    const struct json_node *nodes = json_nodes(json, &count);
    for (size_t i = 1; i < wanted[0].next; i = wanted[i].next) {
        size_t member = is_numeric(schema, wanted[i].key) ? 0 : json_member(json, 0, wanted[i].key);
        bool absent = member == 0 || nodes[member].type == JSON_NULL;
        if (is_numeric(schema, wanted[i].key) || (absent && wanted[i].type == JSON_NULL)) {
            continue;
        }
        struct bytes now = bytes_of(product.data + nodes[member].position, nodes[member].end - nodes[member].position);
        struct bytes then = bytes_of(patch.data + wanted[i].position, wanted[i].end - wanted[i].position);
        if (absent || !bytes_equal(now, then)) {
            return false;
        }
    }
    return true;
}
