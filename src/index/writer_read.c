/*
 * writer_read.c - a product on disk as the writer sees it: committed patches laid over it, and those of this batch.
 */
#include "index/writer_read.h"

#include "schema/json.h"
#include "schema/product.h"

#define VALUES_BYTES_MAX (LIMIT_FIELDS * 64u)

/* A stored page of the segment; empty when there is none. */
static int get_page(struct storage_txn *txn, uint32_t segment, uint8_t kind, uint32_t page, struct bytes *content)
{
    uint8_t key[PAGE_KEY_BYTES];
    struct bytes stored;
    *content = bytes_of(NULL, 0);
    segment_page_key(key, segment, kind, page);
    int status = storage_get(txn, TABLE_PAGES, bytes_of(key, sizeof key), &stored);
    return status == AISLE_END ? 0 : status != 0 ? status : segment_page_open(stored, content);
}

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
    int status = get_page(txn, segment->info.id, (uint8_t)(PAGE_PATCHED + field), document / PAGE_BITS_DOCUMENTS,
                          &marks);
    *changed = status == 0 && marks.size == PAGE_BITS_WORDS * sizeof(uint64_t) &&
               ((marks.data[bit / 8] >> (bit % 8)) & 1) != 0;
    if (!*changed) {
        return status;
    }
    status = get_page(txn, segment->info.id, (uint8_t)(PAGE_COLUMN + field), document / COLUMN_PAGE_DOCUMENTS, &page);
    if (status != 0) {
        return status;
    }
    return page.size != 0 ? column_page_get(page, document % COLUMN_PAGE_DOCUMENTS, value)
                          : column_get(&segment->segment->column[field], document, value);
}

static int print_changes(struct storage_txn *txn, const struct schema *schema, const struct shard_writer *shard,
                         const struct writer_place *place, struct buf *values, struct json_overlay_field *fields,
                         size_t *count)
{
    const struct writer_segment *segment = &shard->segments[place->segment];
    size_t starts[LIMIT_FIELDS + 1] = {0};
    int status = 0;
    *count = 0;
    for (uint8_t i = 0; i < segment->segment->columns.count && status == 0; i++) {
        uint8_t field = segment->segment->columns.field[i];
        bool changed;
        int64_t value = COLUMN_MISSING;
        status = changed_value(txn, shard, segment, place->document, field, &changed, &value);
        if (status != 0 || !changed) {
            continue;
        }
        fields[*count] = (struct json_overlay_field){.key = bytes_of_string(schema->fields[field].name),
                                                     .remove = value == COLUMN_MISSING};
        if (value != COLUMN_MISSING) {
            status = product_value_print(&schema->fields[field], value, values);
        }
        starts[++*count] = values->size;
    }
    for (size_t i = 0; i < *count; i++) {
        fields[i].value_json = bytes_of(fields[i].remove ? NULL : values->data + starts[i], starts[i + 1] - starts[i]);
    }
    return status;
}

static int read_stored(struct product_codec *codec, const struct shard_snapshot *snapshot,
                       const struct schema *schema, const struct shard_writer *shard,
                       const struct writer_place *place, struct buf *out)
{
    struct json_overlay_field fields[LIMIT_FIELDS];
    struct buf original;
    struct buf values;
    size_t count = 0;
    buf_init(&original, LIMIT_PRODUCT_BYTES);
    buf_init(&values, VALUES_BYTES_MAX);
    int status = product_codec_read(codec, snapshot, shard->segments[place->segment].segment, place->document,
                                    &original);
    if (status == 0) {
        status = print_changes(snapshot->txn, schema, shard, place, &values, fields, &count);
    }
    if (status == 0) {
        status = json_overlay(buf_bytes(&original), fields, count, out, NULL);
    }
    buf_release(&original);
    buf_release(&values);
    return status == AISLE_BAD_PRODUCT ? AISLE_CORRUPT : status;
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
