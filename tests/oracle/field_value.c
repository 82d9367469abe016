/*
 * field_value.c - numbers, strings and paths out of a product's JSON.
 */
#include "oracle/field_value.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t field_thousandths_of_text(const char *text)
{
    bool negative = text[0] == '-';
    int64_t whole = llabs(strtoll(text, NULL, 10)) * 1000;
    const char *point = strchr(text, '.');
    int64_t unit = 100;
    for (size_t i = 1; point != NULL && point[i] >= '0' && point[i] <= '9'; i++, unit /= 10) {
        whole += (point[i] - '0') * unit;
    }
    return negative ? -whole : whole;
}

int64_t field_thousandths(yajl_val value)
{
    if (YAJL_IS_TRUE(value) || YAJL_IS_FALSE(value)) {
        return YAJL_IS_TRUE(value) ? 1000 : 0;
    }
    return field_thousandths_of_text(YAJL_GET_NUMBER(value));
}

static struct {
    struct pool pool;
    struct remembered {
        const char *text;
        const char *folded;
        size_t size;
    } *slots;
    size_t slot_count;
    size_t count;
} folds;

static struct remembered *slot_of(const char *text, size_t size)
{
    size_t at = (size_t)hash_bytes(text, size) & (folds.slot_count - 1);
    while (folds.slots[at].text != NULL &&
           (folds.slots[at].size != size || memcmp(folds.slots[at].text, text, size) != 0)) {
        at = (at + 1) & (folds.slot_count - 1);
    }
    return &folds.slots[at];
}

static void grow(void)
{
    struct remembered *old = folds.slots;
    size_t old_count = folds.slot_count;
    folds.slot_count = old_count == 0 ? 1024 : old_count * 2;
    folds.slots = oracle_grow(NULL, folds.slot_count * sizeof *folds.slots);
    memset(folds.slots, 0, folds.slot_count * sizeof *folds.slots);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].text != NULL) {
            *slot_of(old[i].text, old[i].size) = old[i];
        }
    }
    free(old);
}

const char *field_fold(const char *text, size_t size)
{
    if (folds.count * 2 >= folds.slot_count) {
        grow();
    }
    struct remembered *slot = slot_of(text, size);
    if (slot->text == NULL) {
        *slot = (struct remembered){.text = pool_text(&folds.pool, text, size), .size = size};
        slot->folded = oracle_fold(&folds.pool, text, size);
        folds.count++;
    }
    return slot->folded;
}

void field_forget(void)
{
    pool_release(&folds.pool);
    free(folds.slots);
    folds.slots = NULL;
    folds.slot_count = 0;
    folds.count = 0;
}

size_t field_strings(yajl_val value)
{
    return YAJL_IS_ARRAY(value) ? YAJL_GET_ARRAY(value)->len : 1;
}

const char *field_string(yajl_val value, size_t i)
{
    return YAJL_GET_STRING(YAJL_IS_ARRAY(value) ? YAJL_GET_ARRAY(value)->values[i] : value);
}

const char *field_path(struct pool *pool, yajl_val value)
{
    char path[8192] = "";
    size_t used = 0;
    for (size_t i = 0; i < field_strings(value); i++) {
        const char *level = field_string(value, i);
        used += (size_t)snprintf(path + used, sizeof path - used, "%s%s", i == 0 ? "" : "\x01",
                                 field_fold(level, strlen(level)));
    }
    return pool_text(pool, path, used);
}
