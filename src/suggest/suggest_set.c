/*
 * suggest_set.c - suggestions as they come, summed up by key, in bounded memory.
 *
 * Two tables: suggestions by key, and weights by suggestion and context; those of a suggestion are chained. When the
 * bound is reached, the lighter half goes: what is frequent comes again and stays, as in lossy counting (Manku and
 * Motwani, VLDB 2002), and what is rare is not worth suggesting then.
 */
#include "suggest/suggest_private.h"

#include "base/alloc.h"
#include "base/hash.h"

struct set_entry {
    uint64_t hash;
    uint64_t weight;
    int64_t votes; /* for the form shown, less those for others */
    uint32_t key;  /* in bytes */
    uint32_t shown;
    uint32_t contexts; /* number + 1 of its latest weight; 0: none */
    uint8_t key_size;
    uint8_t shown_size;
    uint8_t kind;
};

struct set_weight {
    uint64_t weight;
    uint32_t entry;
    uint32_t name;
    uint32_t next; /* number + 1 of another of the same suggestion; 0: none */
};

void suggest_set_init(struct suggest_set *set, size_t memory_bytes)
{
    *set = (struct suggest_set){.memory_bytes = memory_bytes};
    buf_init(&set->bytes, UINT32_MAX);
}

void suggest_set_release(struct suggest_set *set)
{
    buf_release(&set->bytes);
    mem_free(set->entries);
    mem_free(set->weights);
    mem_free(set->entry_slots);
    mem_free(set->weight_slots);
    suggest_names_free(set->names);
    suggest_set_init(set, set->memory_bytes);
}

size_t suggest_set_memory(const struct suggest_set *set)
{
    return set->bytes.capacity + set->entry_capacity * sizeof *set->entries +
           set->weight_capacity * sizeof *set->weights +
           (set->entry_slot_count + set->weight_slot_count) * sizeof(uint32_t) +
           (set->names == NULL ? 0 : suggest_names_memory(set->names));
}

static struct bytes key_of(const struct suggest_set *set, const struct set_entry *entry)
{
    return bytes_of(set->bytes.data + entry->key, entry->key_size);
}

/* Of the product the high half: its low one knows nothing of the entry. */
static uint64_t hash_of_weight(const struct set_weight *weight)
{
    return ((uint64_t)weight->entry << 32 | weight->name) * UINT64_C(0x9e3779b97f4a7c15) >> 32;
}

static int grow_entry_slots(struct suggest_set *set)
{
    size_t wanted = set->entry_slot_count == 0 ? 1024 : set->entry_slot_count * 2;
    uint32_t *slots = mem_calloc(wanted, sizeof *slots);
    if (slots == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < set->count; i++) {
        size_t slot = set->entries[i].hash & (wanted - 1);
        while (slots[slot] != 0) {
            slot = (slot + 1) & (wanted - 1);
        }
        slots[slot] = i + 1;
    }
    mem_free(set->entry_slots);
    set->entry_slots = slots;
    set->entry_slot_count = wanted;
    return 0;
}

static int grow_weight_slots(struct suggest_set *set)
{
    size_t wanted = set->weight_slot_count == 0 ? 1024 : set->weight_slot_count * 2;
    uint32_t *slots = mem_calloc(wanted, sizeof *slots);
    if (slots == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < set->weight_count; i++) {
        size_t slot = hash_of_weight(&set->weights[i]) & (wanted - 1);
        while (slots[slot] != 0) {
            slot = (slot + 1) & (wanted - 1);
        }
        slots[slot] = i + 1;
    }
    mem_free(set->weight_slots);
    set->weight_slots = slots;
    set->weight_slot_count = wanted;
    return 0;
}

static int grow_arrays(struct suggest_set *set)
{
    if (set->count == set->entry_capacity) {
        size_t wanted = set->entry_capacity == 0 ? 256 : set->entry_capacity * 2;
        struct set_entry *grown = mem_realloc(set->entries, wanted * sizeof *grown);
        if (grown == NULL) {
            return AISLE_NO_MEMORY;
        }
        set->entries = grown;
        set->entry_capacity = wanted;
    }
    if (set->weight_count == set->weight_capacity) {
        size_t wanted = set->weight_capacity == 0 ? 256 : set->weight_capacity * 2;
        struct set_weight *grown = mem_realloc(set->weights, wanted * sizeof *grown);
        if (grown == NULL) {
            return AISLE_NO_MEMORY;
        }
        set->weights = grown;
        set->weight_capacity = wanted;
    }
    int status = set->count * 2u < set->entry_slot_count ? 0 : grow_entry_slots(set);
    return status != 0 || set->weight_count * 2u < set->weight_slot_count ? status : grow_weight_slots(set);
}

/* The suggestion with this key, made if there is none; arrays have room. */
static int find_entry(struct suggest_set *set, struct bytes key, uint32_t *number)
{
    uint64_t hash = hash_bytes(key.data, key.size);
    size_t slot = hash & (set->entry_slot_count - 1);
    for (; set->entry_slots[slot] != 0; slot = (slot + 1) & (set->entry_slot_count - 1)) {
        const struct set_entry *known = &set->entries[set->entry_slots[slot] - 1];
        if (known->hash == hash && bytes_equal(key_of(set, known), key)) {
            *number = set->entry_slots[slot] - 1;
            return 0;
        }
    }
    uint32_t at = (uint32_t)set->bytes.size;
    buf_put(&set->bytes, key.data, key.size);
    if (buf_status(&set->bytes) != 0) {
        return buf_status(&set->bytes);
    }
    set->entries[set->count] = (struct set_entry){.hash = hash, .key = at, .key_size = (uint8_t)key.size};
    *number = set->count;
    set->entry_slots[slot] = ++set->count;
    return 0;
}

static uint64_t add_weights(uint64_t a, uint64_t b)
{
    return a + b < SUGGEST_WEIGHT_MAX ? a + b : SUGGEST_WEIGHT_MAX;
}

/* Of several forms that of the later kind is shown, then that which has most of the weight (Boyer and Moore's vote). */
static int vote(struct suggest_set *set, struct set_entry *entry, const struct suggest_entry *more)
{
    struct bytes shown = bytes_of(set->bytes.data + entry->shown, entry->shown_size);
    if (more->kind == entry->kind && bytes_equal(shown, more->shown)) {
        entry->votes += (int64_t)more->weight;
        return 0;
    }
    if (more->kind < entry->kind) {
        return 0;
    }
    entry->votes -= more->kind == entry->kind ? (int64_t)more->weight : entry->votes;
    if (entry->votes > 0) {
        return 0;
    }
    entry->votes = more->kind == entry->kind ? -entry->votes : (int64_t)more->weight;
    entry->kind = more->kind;
    entry->shown = (uint32_t)set->bytes.size;
    entry->shown_size = (uint8_t)more->shown.size;
    buf_put(&set->bytes, more->shown.data, more->shown.size);
    return buf_status(&set->bytes);
}

static int add_context(struct suggest_set *set, uint32_t entry, const struct suggest_context *context)
{
    struct set_weight added = {.entry = entry, .weight = context->weight, .next = set->entries[entry].contexts};
    int status = grow_arrays(set);
    status = status != 0 ? status : suggest_names_number(set->names, context->field, context->value, &added.name);
    if (status != 0) {
        return status;
    }
    size_t slot = hash_of_weight(&added) & (set->weight_slot_count - 1);
    for (; set->weight_slots[slot] != 0; slot = (slot + 1) & (set->weight_slot_count - 1)) {
        struct set_weight *known = &set->weights[set->weight_slots[slot] - 1];
        if (known->entry == entry && known->name == added.name) {
            known->weight = add_weights(known->weight, added.weight);
            return 0;
        }
    }
    set->weights[set->weight_count] = added;
    set->weight_slots[slot] = ++set->weight_count;
    set->entries[entry].contexts = set->weight_count;
    return 0;
}

static int add(struct suggest_set *set, const struct suggest_entry *entry)
{
    uint32_t number;
    set->names = set->names == NULL ? suggest_names_new() : set->names;
    int status = set->names == NULL ? AISLE_NO_MEMORY : grow_arrays(set);
    status = status != 0 ? status : find_entry(set, entry->key, &number);
    status = status != 0 ? status : vote(set, &set->entries[number], entry);
    if (status != 0) {
        return status;
    }
    set->entries[number].weight = add_weights(set->entries[number].weight, entry->weight);
    for (size_t i = 0; i < entry->context_count && status == 0; i++) {
        status = add_context(set, number, &entry->contexts[i]);
    }
    return status;
}

/* Fills out, with room for all weights, with the contexts of an entry. */
static struct suggest_entry view_entry(const struct suggest_set *set, const struct set_entry *entry,
                                       struct suggest_context *out)
{
    struct suggest_entry view = {.key = key_of(set, entry),
                                 .shown = bytes_of(set->bytes.data + entry->shown, entry->shown_size),
                                 .weight = entry->weight,
                                 .contexts = out,
                                 .kind = entry->kind};
    for (uint32_t at = entry->contexts; at != 0; at = set->weights[at - 1].next) {
        struct suggest_context *context = &out[view.context_count++];
        context->value = suggest_name_at(set->names, set->weights[at - 1].name, &context->field);
        context->weight = set->weights[at - 1].weight;
    }
    return view;
}

/* Room for the contexts of any entry; NULL: no memory. */
static struct suggest_context *contexts_new(const struct suggest_set *set)
{
    return mem_alloc((set->weight_count + 1u) * sizeof(struct suggest_context));
}

/* In order of arrival. */
int suggest_set_visit_any(const struct suggest_set *set, suggest_visit *visit, void *context)
{
    struct suggest_context *contexts = contexts_new(set);
    int status = contexts == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t i = 0; i < set->count && status == 0; i++) {
        struct suggest_entry entry = view_entry(set, &set->entries[i], contexts);
        status = visit(context, &entry);
    }
    mem_free(contexts);
    return status;
}

struct pruning {
    struct suggest_cut cut;
    struct suggest_set kept;
};

static int keep_heavy(void *context, const struct suggest_entry *entry)
{
    struct pruning *pruning = context;
    return suggest_cut_keeps(&pruning->cut, entry) ? add(&pruning->kept, entry) : 0;
}

/* Half of what they cost as ways stands for half of the memory; of equal weights all go. */
static int prune(struct suggest_set *set)
{
    struct pruning pruning;
    suggest_set_init(&pruning.kept, set->memory_bytes);
    int status = suggest_cut_init(&pruning.cut);
    status = status != 0 ? status : suggest_set_visit_any(set, suggest_cut_count, &pruning.cut);
    if (status == 0) {
        uint64_t all = 0;
        for (uint32_t code = 0; code <= UINT16_MAX; code++) {
            all += pruning.cut.bytes[code];
        }
        suggest_cut_decide(&pruning.cut, (size_t)(all / 2));
        status = suggest_set_visit_any(set, keep_heavy, &pruning);
    }
    suggest_cut_release(&pruning.cut);
    if (status != 0) {
        suggest_set_release(&pruning.kept);
        return status;
    }
    suggest_set_release(set);
    *set = pruning.kept;
    return 0;
}

int suggest_set_add(struct suggest_set *set, const struct suggest_entry *entry)
{
    int status = add(set, entry);
    return status == 0 && suggest_set_memory(set) > set->memory_bytes ? prune(set) : status;
}

struct set_order {
    struct bytes key;
    uint32_t number;
};

static int compare_keys(const void *a, const void *b)
{
    const struct set_order *x = a;
    const struct set_order *y = b;
    return bytes_compare(x->key, y->key);
}

int suggest_set_visit(const struct suggest_set *set, suggest_visit *visit, void *context)
{
    struct set_order *order = mem_alloc((set->count + 1u) * sizeof *order);
    struct suggest_context *contexts = contexts_new(set);
    int status = order == NULL || contexts == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t i = 0; i < set->count && status == 0; i++) {
        order[i].key = key_of(set, &set->entries[i]);
        order[i].number = i;
    }
    if (status == 0 && set->count != 0) {
        qsort(order, set->count, sizeof *order, compare_keys);
    }
    for (uint32_t i = 0; i < set->count && status == 0; i++) {
        struct suggest_entry entry = view_entry(set, &set->entries[order[i].number], contexts);
        status = visit(context, &entry);
    }
    mem_free(contexts);
    mem_free(order);
    return status;
}
