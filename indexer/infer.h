/*
 * infer.h - a schema for a catalog that does not exist yet, from the beginning of its first source.
 *
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEXER_INFER_H
#define AISLE_INDEXER_INFER_H

#include "indexer/decoder.h"
#include "indexer/line_reader.h"

/*
 * Looks at the reader's next 8 MiB, at most 10,000 lines, without taking them. *schema: freed with aisle_free.
 * AISLE_BAD_PRODUCT when they hold no product or none has an id; AISLE_IO, AISLE_NO_MEMORY.
 */
must_check int infer_schema(struct line_reader *reader, enum format format, const struct mapping *mapping,
                            char **schema, aisle_error *error);

#endif
