/*
 * product_codec.c - finding the dictionary for a stored product, and laying patches over it.
 */
#include "index/product_codec.h"

#include "index/dictionary.h"
#include "schema/json.h"
#include "schema/product.h"

#define CODEC_BYTES_MAX (DOCUMENT_STORED_BYTES_MAX * 2)

void product_codec_init(struct product_codec *codec)
{
    *codec = (struct product_codec){.entry_count = 0};
    buf_init(&codec->straddling, CODEC_BYTES_MAX);
    buf_init(&codec->stored, CODEC_BYTES_MAX);
}

static void release_entries(struct product_codec *codec)
{
    for (uint32_t i = 0; i < codec->entry_count; i++) {
        compressor_free(codec->entries[i].compressor);
        decompressor_free(codec->entries[i].decompressor);
    }
    codec->entry_count = 0;
}

void product_codec_release(struct product_codec *codec)
{
    release_entries(codec);
    buf_release(&codec->straddling);
    buf_release(&codec->stored);
}

/* The entry of a dictionary, made when it is not there; a full table starts anew. */
static struct codec_entry *find_entry(struct product_codec *codec, const struct shard *shard, uint32_t dictionary)
{
    for (uint32_t i = 0; i < codec->entry_count; i++) {
        if (codec->entries[i].shard == shard && codec->entries[i].dictionary == dictionary) {
            return &codec->entries[i];
        }
    }
    if (codec->entry_count == PRODUCT_CODEC_ENTRIES) {
        release_entries(codec);
    }
    struct codec_entry *entry = &codec->entries[codec->entry_count++];
    *entry = (struct codec_entry){.shard = shard, .dictionary = dictionary};
    return entry;
}

int product_codec_decompress(struct product_codec *codec, const struct shard_snapshot *snapshot, uint32_t dictionary,
                             struct bytes stored, struct buf *out)
{
    struct codec_entry *entry = find_entry(codec, snapshot->shard, dictionary);
    if (entry->decompressor == NULL) {
        struct bytes bytes;
        int status = dictionary_load(snapshot->txn, dictionary, &bytes);
        if (status == 0) {
            status = decompressor_new(bytes, &entry->decompressor);
        }
        if (status != 0) {
            return status;
        }
    }
    return decompressor_run(entry->decompressor, stored, out);
}

int product_codec_compress(struct product_codec *codec, const struct shard_snapshot *snapshot, uint32_t dictionary,
                           struct bytes product, struct buf *out)
{
    struct codec_entry *entry = find_entry(codec, snapshot->shard, dictionary);
    if (entry->compressor == NULL) {
        struct bytes bytes;
        int status = dictionary_load(snapshot->txn, dictionary, &bytes);
        if (status == 0) {
            status = compressor_new(bytes, COMPRESS_LEVEL, &entry->compressor);
        }
        if (status != 0) {
            return status;
        }
    }
    return compressor_run(entry->compressor, product, out);
}

int product_codec_read(struct product_codec *codec, const struct shard_snapshot *snapshot,
                       const struct segment *segment, uint32_t document, struct buf *out)
{
    struct bytes stored;
    int status = documents_get(&segment->documents, document, &codec->straddling, &stored);
    return status == 0
               ? product_codec_decompress(codec, snapshot, segment->info.dictionary, stored, out)
               : status;
}

/* Prints the changed columns of the document into values; fields points into it only when all are printed. */
static int print_changes(const struct schema *schema, const struct segment *segment,
                         const struct segment_state *state, uint32_t document, struct buf *values,
                         struct json_overlay_field *fields, size_t *count)
{
    size_t starts[LIMIT_FIELDS + 1];
    int status = 0;
    *count = 0;
    for (uint8_t i = 0; i < segment->columns.count && status == 0; i++) {
        uint8_t field = segment->columns.field[i];
        int64_t value = COLUMN_MISSING;
        if (!segment_state_patched(state, field, document)) {
            continue;
        }
        status = segment_state_column(segment, state, field, document, &value);
        starts[*count] = values->size;
        fields[*count] = (struct json_overlay_field){.key = bytes_of_string(schema->fields[field].name),
                                                     .remove = value == COLUMN_MISSING};
        if (status == 0 && value != COLUMN_MISSING) {
            status = product_value_print(&schema->fields[field], value, values);
        }
        ++*count;
        starts[*count] = values->size;
    }
    for (size_t i = 0; i < *count && status == 0; i++) {
        fields[i].value_json = bytes_of(fields[i].remove ? NULL : values->data + starts[i], starts[i + 1] - starts[i]);
    }
    return status;
}

int product_codec_lay_over(struct product_codec *codec, const struct schema *schema, const struct segment *segment,
                           const struct segment_state *state, uint32_t document, struct buf *out)
{
    struct json_overlay_field fields[LIMIT_FIELDS];
    struct buf values;
    size_t count = 0;
    if (state->overlay_count == 0) {
        return 0;
    }
    buf_init(&values, CODEC_BYTES_MAX);
    int status = print_changes(schema, segment, state, document, &values, fields, &count);
    if (status == 0 && count != 0) {
        buf_clear(&codec->stored);
        buf_put(&codec->stored, out->data, out->size);
        buf_clear(out);
        status = buf_status(&codec->stored);
        if (status == 0) {
            status = json_overlay(buf_bytes(&codec->stored), fields, count, out, NULL);
        }
    }
    buf_release(&values);
    return status == AISLE_BAD_PRODUCT ? AISLE_CORRUPT : status;
}
