/*
 * known_values.h - remembers which terms short values have: brands, categories and colours are those of thousands of
 * products, which so need neither analysis nor the vocabulary.
 *
 * What is remembered are the numbers that a builder gave the terms, so it holds until that is emptied: its serial says
 * so. Each value has one place, which the next one with that place takes.
 *
 * Thread rule: one thread, that of the ingest which owns it.
 */
#ifndef AISLE_INDEX_KNOWN_VALUES_H
#define AISLE_INDEX_KNOWN_VALUES_H

#include "base/bytes.h"
#include "base/status.h"

#define KNOWN_VALUE_BYTES 44u
#define KNOWN_VALUE_TOKENS 9u

struct known_value {
    uint64_t serial; /* of the builder; 0: nothing is known */
    uint8_t field;
    uint8_t size;
    uint8_t count;
    uint8_t length; /* of the token list */
    uint8_t text[KNOWN_VALUE_BYTES];
    struct known_token {
        uint32_t number; /* segment_builder_number */
        uint8_t position;
        uint8_t parts;
    } tokens[KNOWN_VALUE_TOKENS];
};

struct known_values {
    struct known_value *values; /* owned, LIMIT_VALUES_KNOWN; NULL: none yet */
};

void known_values_release(struct known_values *known);

/* What is known of a value in a builder; NULL: nothing. */
const struct known_value *known_values_find(const struct known_values *known, uint64_t serial, uint8_t field,
                                            struct bytes text);

/* The place of a value that is to become known, whatever stands there; NULL: too long, or no memory. */
struct known_value *known_values_find_place(struct known_values *known, uint8_t field, struct bytes text);

/* Has the value stand there, without tokens; it is found once the caller has set its serial. */
void known_value_begin(struct known_value *value, uint8_t field, struct bytes text);

#endif
