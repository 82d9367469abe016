/*
 * order.c - packing the document order key: parts of the schema's order from the most significant bit down.
 *
 * Values are hashed, not ranked, so that a key needs no dictionary and is the same in every shard and segment;
 * what matters for compression and skipping is that equal values stand together, not which comes first.
 */
#include "rank/rank.h"

#include <math.h>

#define LENGTH_BITS 5u
#define PATH_LEVEL_BITS 12u
#define KEYWORD_BITS 14u
#define NUMBER_BITS 8u

struct key_bits {
    uint64_t key;
    unsigned used;
};

/* Puts the low bits of value behind what is there; what does not fit in 64 bits is cut off. */
static void put_bits(struct key_bits *bits, uint64_t value, unsigned count)
{
    unsigned room = 64 - bits->used;
    unsigned kept = count < room ? count : room;
    if (kept == 0) {
        return;
    }
    bits->key |= (value >> (count - kept)) << (room - kept);
    bits->used += kept;
}

static uint64_t number_scale(const struct field *field, const struct product_value *value, bool descending)
{
    int64_t number = value->present ? value->number : 0;
    if (field->type == FIELD_DOUBLE && value->present) {
        double real = product_double_of_number(value->number);
        number = real >= 9e18 ? INT64_MAX : real <= 0 ? 0 : (int64_t)real;
    }
    uint64_t scale = 0;
    if (number > 0) {
        scale = (uint64_t)(8.0 * log2(1.0 + (double)number));
        scale = scale > 255 ? 255 : scale;
    }
    return descending ? 255 - scale : scale;
}

uint64_t rank_order_key(const struct schema *schema, const struct product *product, uint8_t length_code,
                        const uint64_t *folded_hash)
{
    struct key_bits bits = {0, 0};
    for (uint32_t i = 0; i < schema->order_count; i++) {
        const struct order_part *part = &schema->order[i];
        if (part->kind == ORDER_LENGTH) {
            put_bits(&bits, length_code, LENGTH_BITS);
            continue;
        }
        const struct field *field = &schema->fields[part->field];
        const struct product_value *value = &product->values[part->field];
        uint64_t hash = value->present ? folded_hash[part->field] : 0;
        if (field->type == FIELD_PATH) {
            put_bits(&bits, hash >> (64 - PATH_LEVEL_BITS), PATH_LEVEL_BITS);
            put_bits(&bits, (hash & UINT32_MAX) >> (32 - PATH_LEVEL_BITS), PATH_LEVEL_BITS);
        } else if (field->type == FIELD_KEYWORD) {
            put_bits(&bits, hash >> (64 - KEYWORD_BITS), KEYWORD_BITS);
        } else {
            put_bits(&bits, number_scale(field, value, part->descending), NUMBER_BITS);
        }
    }
    return bits.key;
}
