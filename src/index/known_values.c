/*
 * known_values.c - one array, a place for each hash. Thread rule: see known_values.h.
 */
#include "index/known_values.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/limits.h"

static_assert((LIMIT_VALUES_KNOWN & (LIMIT_VALUES_KNOWN - 1)) == 0, "a place is found by masking");
static_assert(sizeof(struct known_value) == 256, "four cache lines, of which most values need the first two");

void known_values_release(struct known_values *known)
{
    mem_free(known->values);
    known->values = NULL;
}

static struct known_value *place_of(const struct known_values *known, uint8_t field, struct bytes text)
{
    uint64_t hash = text.size <= 16 ? hash_short(text.data, text.size, field)
                                    : hash_bytes_seeded(text.data, text.size, field);
    return &known->values[hash & (LIMIT_VALUES_KNOWN - 1)];
}

static bool can_be_known(uint32_t strings, struct bytes text)
{
    return text.size <= KNOWN_VALUE_BYTES && text.size != 0 && strings <= KNOWN_VALUE_BYTES;
}

struct known_value *known_values_place(struct known_values *known, uint8_t field, uint32_t strings, struct bytes text)
{
    if (!can_be_known(strings, text)) {
        return NULL;
    }
    if (known->values == NULL) {
        known->values = mem_calloc(LIMIT_VALUES_KNOWN, sizeof *known->values);
        if (known->values == NULL) {
            return NULL; /* it can do without */
        }
    }
    struct known_value *value = place_of(known, field, text);
    __builtin_prefetch(value);
    __builtin_prefetch(value->tokens);
    __builtin_prefetch(value->text);
    return value;
}

bool known_value_is(const struct known_value *value, uint64_t serial, uint8_t field, uint32_t strings,
                    struct bytes text)
{
    return value->serial == serial && value->field == field && value->size == text.size && value->strings == strings &&
           memcmp(value->text, text.data, text.size) == 0;
}

void known_value_begin(struct known_value *value, uint8_t field, uint32_t strings, struct bytes text)
{
    *value = (struct known_value){.field = field, .size = (uint8_t)text.size, .strings = (uint8_t)strings};
    memcpy(value->text, text.data, text.size);
}
