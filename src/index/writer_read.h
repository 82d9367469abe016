/*
 * writer_read.h - reading back, while writing, what a product on disk is now.
 */
#ifndef AISLE_INDEX_WRITER_READ_H
#define AISLE_INDEX_WRITER_READ_H

#include "index/product_codec.h"
#include "index/shard_writer.h"

/* Appends to out the JSON of a product in a segment (place is not in the builder), uncommitted patches included. */
must_check int writer_read_committed(struct product_codec *codec, const struct schema *schema,
                                     const struct shard_writer *shard, const struct writer_place *place,
                                     struct buf *out);

#endif
