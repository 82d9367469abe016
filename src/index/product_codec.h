/*
 * product_codec.h - stored products in and out, whatever dictionary they were stored with.
 *
 * Keeps a compressor and decompressors for the dictionaries it has met. Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEX_PRODUCT_CODEC_H
#define AISLE_INDEX_PRODUCT_CODEC_H

#include "index/shard.h"
#include "schema/schema.h"

#define PRODUCT_CODEC_ENTRIES 64u

struct product_codec {
    struct codec_entry {
        const struct shard *shard; /* dictionary numbers count within a shard */
        uint32_t dictionary;
        struct compressor *compressor;     /* owned; NULL until needed */
        struct decompressor *decompressor; /* likewise */
    } entries[PRODUCT_CODEC_ENTRIES];
    uint32_t entry_count;
    struct buf straddling; /* scratch of documents_get */
    struct buf stored;     /* scratch of lay_over */
};

void product_codec_init(struct product_codec *codec);
void product_codec_release(struct product_codec *codec);

/* What it takes of the heap to read products; compressors, which only writers have, are not counted. */
size_t product_codec_bytes(const struct product_codec *codec);

/* Appends the product that stored holds to out. */
must_check int product_codec_decompress(struct product_codec *codec, const struct shard_snapshot *snapshot,
                                        uint32_t dictionary, struct bytes stored, struct buf *out);

/* Appends product as it is stored with the dictionary to out. */
must_check int product_codec_compress(struct product_codec *codec, const struct shard_snapshot *snapshot,
                                      uint32_t dictionary, struct bytes product, struct buf *out);

/* Appends a document's product, byte for byte as it was put, to out. */
must_check int product_codec_read(struct product_codec *codec, const struct shard_snapshot *snapshot,
                                  const struct segment *segment, uint32_t document, struct buf *out);

/* Lays the columns that were patched since over the product in out. */
must_check int product_codec_lay_over(struct product_codec *codec, const struct schema *schema,
                                      const struct segment *segment, const struct segment_state *state,
                                      uint32_t document, struct buf *out);

#endif
