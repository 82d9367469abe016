/*
 * product_codec.c - finding the dictionary for a stored product, and laying patches over it.
 */
#include "index/product_codec.h"

#include "index/dictionary.h"
#include "index/overlay.h"

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

size_t product_codec_bytes(const struct product_codec *codec)
{
    size_t sum = codec->straddling.capacity + codec->stored.capacity;
    for (uint32_t i = 0; i < codec->entry_count; i++) {
        const struct decompressor *decompressor = codec->entries[i].decompressor;
        sum += decompressor == NULL ? 0 : decompressor_bytes(decompressor);
    }
    return sum;
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

int product_codec_lay_over(struct product_codec *codec, const struct schema *schema, const struct segment *segment,
                           const struct segment_state *state, uint32_t document, struct buf *out)
{
    struct overlay overlay = {.count = 0};
    int status = 0;
    for (uint8_t i = 0; i < segment->columns.count && state->overlay_count != 0 && status == 0; i++) {
        uint8_t field = segment->columns.field[i];
        int64_t value;
        if (segment_state_patched(state, field, document)) {
            status = segment_state_column(segment, state, field, document, &value);
            overlay_add(&overlay, field, value);
        }
    }
    if (status != 0 || overlay.count == 0) {
        return status;
    }
    buf_clear(&codec->stored);
    buf_put(&codec->stored, out->data, out->size);
    buf_clear(out);
    status = buf_status(&codec->stored);
    return status == 0 ? overlay_apply(&overlay, schema, buf_bytes(&codec->stored), out) : status;
}
