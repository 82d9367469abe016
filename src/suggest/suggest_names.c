/*
 * suggest_names.c - numbers for the contexts that are met: a field and a value each.
 */
#include "suggest/suggest_private.h"

#include "base/alloc.h"
#include "base/hash.h"

/* The contexts met, numbered as they came. */
struct suggest_names {
    struct buf bytes;  /* u8 field, u8 size, value, each */
    struct buf places; /* u32 in bytes, each */
    uint32_t *slots;  /* owned: number + 1 */
    size_t slot_count;
    uint32_t count;
};

uint32_t suggest_names_count(const struct suggest_names *names)
{
    return names->count;
}

size_t suggest_names_memory(const struct suggest_names *names)
{
    return names->bytes.capacity + names->places.capacity + names->slot_count * sizeof *names->slots;
}

void suggest_names_free(struct suggest_names *names)
{
    if (names != NULL) {
        buf_release(&names->bytes);
        buf_release(&names->places);
        mem_free(names->slots);
        mem_free(names);
    }
}

struct suggest_names *suggest_names_new(void)
{
    struct suggest_names *names = mem_calloc(1, sizeof *names);
    if (names != NULL) {
        buf_init(&names->bytes, UINT32_MAX);
        buf_init(&names->places, UINT32_MAX);
    }
    return names;
}

struct bytes suggest_name_at(const struct suggest_names *names, uint32_t number, uint8_t *field)
{
    const uint8_t *at = names->bytes.data + load_u32(names->places.data + (size_t)number * sizeof(uint32_t));
    *field = at[0];
    return bytes_of(at + 2, at[1]);
}

static size_t slot_of(const struct suggest_names *names, uint8_t field, struct bytes value)
{
    return (size_t)hash_bytes_seeded(value.data, value.size, field) & (names->slot_count - 1);
}

static int names_grow(struct suggest_names *names)
{
    size_t wanted = names->slot_count == 0 ? 64 : names->slot_count * 2;
    uint32_t *slots = mem_calloc(wanted, sizeof *slots);
    if (slots == NULL) {
        return AISLE_NO_MEMORY;
    }
    mem_free(names->slots);
    names->slots = slots;
    names->slot_count = wanted;
    for (uint32_t i = 0; i < names->count; i++) {
        uint8_t field;
        struct bytes value = suggest_name_at(names, i, &field);
        size_t slot = slot_of(names, field, value);
        while (slots[slot] != 0) {
            slot = (slot + 1) & (wanted - 1);
        }
        slots[slot] = i + 1;
    }
    return 0;
}

int suggest_names_number(struct suggest_names *names, uint8_t field, struct bytes value, uint32_t *number)
{
    int status = names->count * 2u < names->slot_count ? 0 : names_grow(names);
    if (status != 0) {
        return status;
    }
    size_t slot = slot_of(names, field, value);
    for (; names->slots[slot] != 0; slot = (slot + 1) & (names->slot_count - 1)) {
        uint8_t known;
        struct bytes name = suggest_name_at(names, names->slots[slot] - 1, &known);
        if (known == field && bytes_equal(name, value)) {
            *number = names->slots[slot] - 1;
            return 0;
        }
    }
    buf_put_u32(&names->places, (uint32_t)names->bytes.size);
    buf_put_u8(&names->bytes, field);
    buf_put_u8(&names->bytes, (uint8_t)value.size);
    buf_put(&names->bytes, value.data, value.size);
    status = buf_status(&names->places) != 0 ? buf_status(&names->places) : buf_status(&names->bytes);
    if (status == 0) {
        *number = names->count;
        names->slots[slot] = ++names->count;
    }
    return status;
}
