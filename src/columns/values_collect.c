/*
 * values_collect.c - interns values while documents arrive in any order, and writes those in use, sorted.
 *
 * A code of a collector is the number of a value, or for several -1 - the place of their list. What is left of
 * documents that were dropped meanwhile goes when the collector is released.
 * Thread rule: one thread at a time.
 */
#include "columns/values_format.h"

#include "base/alloc.h"
#include "base/hash.h"

#define SLOTS_FIRST 64u
#define ARENA_BYTES_MAX ((size_t)1 << 40)

struct collected_value {
    struct value_pair pair; /* in the arena */
    uint32_t hash;
};

#define ORDINAL_UNUSED UINT32_MAX
#define ORDINAL_USED (UINT32_MAX - 1) /* before the values are sorted */

static_assert(LIMIT_COLUMN_VALUES < ORDINAL_USED, "ordinals are below");

void values_collector_init(struct values_collector *collector)
{
    *collector = (struct values_collector){.count = 0};
    arena_init(&collector->arena, ARENA_BYTES_MAX);
    buf_init(&collector->lists, ARENA_BYTES_MAX);
}

void values_collector_release(struct values_collector *collector)
{
    mem_free(collector->values);
    mem_free(collector->ordinals);
    mem_free(collector->slots);
    mem_free(collector->scratch);
    buf_release(&collector->lists);
    arena_release(&collector->arena);
    values_collector_init(collector);
}

uint64_t values_collector_bytes(const struct values_collector *collector)
{
    return collector->arena.total_bytes +
           collector->capacity * (sizeof *collector->values + sizeof *collector->ordinals) +
           collector->slot_count * sizeof *collector->slots + collector->count * sizeof(uint32_t) +
           collector->lists.capacity * 2; /* once more as the writer's copies */
}

static int grow_slots(struct values_collector *collector)
{
    size_t count = collector->slot_count == 0 ? SLOTS_FIRST : collector->slot_count * 2;
    uint32_t *slots = mem_calloc(count, sizeof *slots);
    if (slots == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < collector->count; i++) {
        size_t at = collector->values[i].hash & (count - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (count - 1);
        }
        slots[at] = i + 1;
    }
    mem_free(collector->slots);
    collector->slots = slots;
    collector->slot_count = count;
    return 0;
}

static int grow_values(struct values_collector *collector)
{
    size_t wanted = collector->capacity == 0 ? SLOTS_FIRST : collector->capacity + collector->capacity / 2;
    struct collected_value *values = mem_realloc(collector->values, wanted * sizeof *values);
    collector->values = values == NULL ? collector->values : values;
    uint32_t *ordinals = values == NULL ? NULL : mem_realloc(collector->ordinals, wanted * sizeof *ordinals);
    collector->ordinals = ordinals == NULL ? collector->ordinals : ordinals;
    if (ordinals == NULL) {
        return AISLE_NO_MEMORY;
    }
    collector->capacity = wanted;
    return 0;
}

static int copy_bytes(struct values_collector *collector, struct bytes from, struct bytes *to)
{
    const uint8_t *copy = arena_copy(&collector->arena, from.data, from.size);
    *to = bytes_of(copy, from.size);
    return copy == NULL ? AISLE_NO_MEMORY : 0;
}

static int append_value(struct values_collector *collector, const struct value_pair *value, uint32_t hash)
{
    if (collector->count == LIMIT_COLUMN_VALUES) {
        return AISLE_LIMIT;
    }
    int status = collector->count == collector->capacity ? grow_values(collector) : 0;
    struct value_pair copy = {value->folded, value->shown};
    if (status == 0) {
        status = copy_bytes(collector, value->folded, &copy.folded);
    }
    if (status == 0) {
        status = copy_bytes(collector, value->shown, &copy.shown);
    }
    if (status == 0) {
        collector->ordinals[collector->count] = ORDINAL_UNUSED;
        collector->values[collector->count++] = (struct collected_value){.pair = copy, .hash = hash};
    }
    return status;
}

/* Of several forms of one value the least by bytes is shown, so that the order of arrival does not matter. */
static int keep_least_shown(struct values_collector *collector, struct collected_value *known, struct bytes shown)
{
    return bytes_compare(shown, known->pair.shown) < 0 ? copy_bytes(collector, shown, &known->pair.shown) : 0;
}

int values_collector_add(struct values_collector *collector, const struct value_pair *value, uint32_t *number)
{
    uint32_t hash = (uint32_t)hash_bytes(value->folded.data, value->folded.size);
    int status = (size_t)collector->count * 2 >= collector->slot_count ? grow_slots(collector) : 0;
    if (status != 0) {
        return status;
    }
    size_t at = hash & (collector->slot_count - 1);
    for (; collector->slots[at] != 0; at = (at + 1) & (collector->slot_count - 1)) {
        struct collected_value *known = &collector->values[collector->slots[at] - 1];
        if (known->hash == hash && bytes_equal(known->pair.folded, value->folded)) {
            *number = collector->slots[at] - 1;
            return keep_least_shown(collector, known, value->shown);
        }
    }
    *number = collector->count;
    status = append_value(collector, value, hash);
    if (status == 0) {
        collector->slots[at] = *number + 1;
    }
    return status;
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

int values_collector_code(struct values_collector *collector, uint32_t *numbers, uint32_t count, int64_t *code)
{
    uint32_t kept = 0;
    *code = COLUMN_MISSING;
    if (count == 0) {
        return 0;
    }
    qsort(numbers, count, sizeof *numbers, compare_numbers);
    for (uint32_t i = 0; i < count; i++) {
        if (kept == 0 || numbers[i] != numbers[kept - 1]) {
            numbers[kept++] = numbers[i];
        }
    }
    if (kept > LIMIT_LIST_VALUES) {
        return AISLE_LIMIT;
    }
    *code = numbers[0];
    if (kept > 1) {
        *code = -1 - (int64_t)collector->lists.size;
        buf_put_u32(&collector->lists, kept);
        buf_put(&collector->lists, numbers, kept * sizeof *numbers);
    }
    return buf_status(&collector->lists);
}

/* The numbers behind a code; single holds the one of a single value. */
static const uint8_t *numbers_of(const struct values_collector *collector, int64_t code, uint8_t single[4],
                                 uint32_t *count)
{
    if (code >= 0) {
        store_u32(single, (uint32_t)code);
        *count = 1;
        return single;
    }
    const uint8_t *list = collector->lists.data + (-1 - code);
    *count = load_u32(list);
    return list + sizeof(uint32_t);
}

void values_collector_use(struct values_collector *collector, int64_t code)
{
    uint8_t single[4];
    uint32_t count;
    if (code == COLUMN_MISSING) {
        return;
    }
    const uint8_t *numbers = numbers_of(collector, code, single, &count);
    for (uint32_t i = 0; i < count; i++) {
        collector->ordinals[load_u32(numbers + i * sizeof(uint32_t))] = ORDINAL_USED;
    }
}

static int compare_values(const void *a, const void *b, void *context)
{
    const struct values_collector *collector = context;
    return bytes_compare(collector->values[*(const uint32_t *)a].pair.folded,
                         collector->values[*(const uint32_t *)b].pair.folded);
}

int values_collector_write(struct values_collector *collector, struct values_writer *writer)
{
    uint32_t *sorted = mem_alloc(collector->count * sizeof *sorted);
    uint32_t count = 0;
    int status = 0;
    mem_free(collector->scratch);
    collector->scratch = mem_alloc(LIMIT_LIST_VALUES * sizeof *collector->scratch);
    if (sorted == NULL || collector->scratch == NULL) {
        mem_free(sorted);
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < collector->count; i++) {
        if (collector->ordinals[i] != ORDINAL_UNUSED) {
            sorted[count++] = i;
        }
    }
    if (count != 0) {
        qsort_r(sorted, count, sizeof *sorted, compare_values, collector);
    }
    for (uint32_t i = 0; i < count && status == 0; i++) {
        collector->ordinals[sorted[i]] = i;
        status = values_writer_add(writer, &collector->values[sorted[i]].pair);
    }
    mem_free(sorted);
    return status;
}

int values_collector_recode(struct values_collector *collector, struct values_writer *writer, int64_t code,
                            int64_t *stored)
{
    uint8_t single[4];
    uint32_t count;
    *stored = code;
    if (code == COLUMN_MISSING) {
        return 0;
    }
    const uint8_t *numbers = numbers_of(collector, code, single, &count);
    for (uint32_t i = 0; i < count; i++) {
        collector->scratch[i] = collector->ordinals[load_u32(numbers + i * sizeof(uint32_t))];
    }
    if (count == 1) {
        *stored = collector->scratch[0];
        return 0;
    }
    qsort(collector->scratch, count, sizeof *collector->scratch, compare_numbers);
    return values_writer_list(writer, collector->scratch, count, stored);
}
