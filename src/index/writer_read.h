/*
 * writer_read.h - reading back, while writing, what a product on disk is now.
 */
#ifndef AISLE_INDEX_WRITER_READ_H
#define AISLE_INDEX_WRITER_READ_H

#include "index/product_codec.h"
#include "index/shard_writer.h"
#include "schema/json.h"

/* Appends to out the JSON of a product in a segment (place is not in the builder), uncommitted patches included. */
must_check int writer_read_committed(struct product_codec *codec, const struct schema *schema,
                                     const struct shard_writer *shard, const struct writer_place *place,
                                     struct buf *out);

/*
 * Whether a patch, whose nodes patch_json holds, would leave every member that is no numeric column as it stands in
 * product: then nothing needs indexing again. Members are compared byte for byte; json is a reader to use. False also
 * without memory.
 */
bool writer_patch_spares_text(const struct schema *schema, const struct json *patch_json, struct bytes patch,
                              struct json *json, struct bytes product);

#endif
