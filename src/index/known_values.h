/*
 * known_values.h - remembers what short values come to: brands, categories and colours are those of thousands of
 * products, which so need neither analysis nor the vocabulary nor the dictionary of a column.
 *
 * What is remembered are numbers that a builder gave, so it holds until that is emptied: its serial says so. Each
 * value, of one string or several, has one place, which the next one with that place takes.
 *
 * Thread rule: one thread, that of the ingest which owns it.
 */
#ifndef AISLE_INDEX_KNOWN_VALUES_H
#define AISLE_INDEX_KNOWN_VALUES_H

#include "base/bytes.h"
#include "base/status.h"

#define KNOWN_VALUE_BYTES 96u
#define KNOWN_VALUE_TOKENS 16u

struct known_value {
    uint64_t serial; /* of the builder; 0: nothing is known */
    uint64_t order;  /* what the value is to the order of documents */
    int64_t code;    /* of the column */
    uint8_t field;
    uint8_t size; /* of text */
    uint8_t strings;
    uint8_t count;   /* of tokens */
    uint16_t length; /* of all strings' tokens */
    bool has_order;
    bool has_code;
    struct known_token {
        uint32_t number;   /* segment_builder_number */
        uint16_t position; /* in the field */
        uint8_t parts;
    } tokens[KNOWN_VALUE_TOKENS];
    uint8_t text[KNOWN_VALUE_BYTES];
};

struct known_values {
    struct known_value *values; /* owned, LIMIT_VALUES_KNOWN; NULL: none yet */
};

void known_values_release(struct known_values *known);

/*
 * The place of a value, whatever stands there, which is asked for from memory: the table is larger than the nearer
 * caches. Of several strings, text is all from the first one's start to the last one's end in the product, so that it
 * says what they are when their number does. NULL: too long, or no memory.
 */
struct known_value *known_values_place(struct known_values *known, uint8_t field, uint32_t strings, struct bytes text);

/* Whether what stands in the value's place is known of it, in the builder with this serial. */
bool known_value_is(const struct known_value *value, uint64_t serial, uint8_t field, uint32_t strings,
                    struct bytes text);

/* Has the value stand there, without tokens; it is found once the caller has set its serial. */
void known_value_begin(struct known_value *value, uint8_t field, uint32_t strings, struct bytes text);

#endif
