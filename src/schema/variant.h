/*
 * variant.h - one variant of a product as bytes: the values that a filter can ask about together.
 *
 *   variant = entry+ | 0xff                        0xff: it has no value at all
 *   entry   = u8 field | 0x40, varint size, bytes  a keyword
 *           | u8 field, varint zigzag              a number, bool or date, as its column has it
 *
 * ON DISK. Entries ascend by field, each at most once, so that equal values of the first fields are an equal beginning:
 * a filter that asks for them finds its variants in a sorted dictionary as one range. They are kept as the values of
 * a field of type variants (columns/values.h); products that share a variant share its bytes.
 *
 * Thread rule: pure functions over what they are given.
 */
#ifndef AISLE_SCHEMA_VARIANT_H
#define AISLE_SCHEMA_VARIANT_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/status.h"

#define VARIANT_WORD 0x40u
#define VARIANT_EMPTY 0xffu

static_assert(LIMIT_FIELDS <= VARIANT_WORD, "a field's number leaves the bit of words free");

struct variant_entry {
    uint8_t field;
    bool is_word;
    struct bytes word; /* borrowed */
    int64_t number;
};

/* Append an entry to a variant, or say that it has none. Errors stick to out. */
void variant_put_word(struct buf *out, uint8_t field, struct bytes word);
void variant_put_number(struct buf *out, uint8_t field, int64_t number);
void variant_put_nothing(struct buf *out);

/* The next entry of a variant that reader stands in: 0, AISLE_END, or AISLE_CORRUPT. */
must_check int variant_next(struct byte_reader *reader, struct variant_entry *out);

/* Whether bytes are a variant, with ascending fields. AISLE_CORRUPT. */
must_check int variant_check(struct bytes bytes);

#endif
