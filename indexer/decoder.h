/*
 * decoder.h - a line of a change log, in whatever format, as the changes that it asks for.
 *
 * The format is told line by line, unless one is forced:
 *   products   every line is a product
 *   aisle      products and Aisle's own changes (change.h)
 *   debezium   Debezium's envelopes (debezium.c)
 *   wal2json   wal2json's formats 1 and 2 (wal2json.c)
 * A line without the texts that all envelopes have in them, which is nearly every bare product, is not parsed at all.
 * A line in which a writer was killed and began anew, so that one text was cut and another stands behind it, gives the
 * whole one at its end; likewise two whole ones that stand on one line give both.
 *
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEXER_DECODER_H
#define AISLE_INDEXER_DECODER_H

#include "indexer/change.h"
#include "indexer/product_row.h"

enum format { FORMAT_AUTO, FORMAT_PRODUCTS, FORMAT_AISLE, FORMAT_DEBEZIUM, FORMAT_WAL2JSON };

struct decoder {
    struct json *json; /* owned: the line's, or of a transaction's change under way */
    enum format format;
    struct product_rows rows;
    struct row row; /* with its columns owned */
    struct bytes line;
    struct bytes rest; /* of the line, not decoded yet */
    struct wal2json_transaction transaction; /* under way while its line has bytes */
    bool inside; /* a transaction of several lines */
    bool torn;   /* the line had a cut text before what was decoded */
    uint32_t texts; /* that the line had so far */
};

/* AISLE_NO_MEMORY. fields and mapping (may be NULL) are borrowed. */
must_check int decoder_init(struct decoder *decoder, enum format format, const struct product_fields *fields,
                            const struct mapping *mapping);
void decoder_release(struct decoder *decoder);

/* Begins with a line that is not blank; it is borrowed until the last of its changes. */
void decoder_begin(struct decoder *decoder, struct bytes line);

/*
 * The line's next change, or AISLE_END. Its views live until the next call. AISLE_BAD_PRODUCT with the position in the
 * line and the reason: the next call goes on behind the change, or ends. AISLE_NO_MEMORY.
 */
must_check int decoder_next(struct decoder *decoder, struct sequence *sequence, struct change *change,
                            aisle_error *error);

/* The format of this name, or -1. */
int format_of_name(const char *name);

#endif
