/*
 * suggest_merge.c - several parts as one: a merge of their records, which never looks at their trees.
 */
#include "suggest/suggest.h"

#include "base/alloc.h"

struct merge {
    struct suggest_walk *walks; /* owned */
    int *states;                /* owned: of each walk, 0 while it stands on a record */
    size_t count;
    struct suggest_context *contexts; /* owned: room for those of all walks */
    struct suggest_entry entry;       /* the sum of the records at hand */
};

static uint64_t add_weights(uint64_t a, uint64_t b)
{
    return a + b < SUGGEST_WEIGHT_MAX ? a + b : SUGGEST_WEIGHT_MAX;
}

static void add_context(struct merge *merge, const struct suggest_context *more)
{
    for (size_t i = 0; i < merge->entry.context_count; i++) {
        struct suggest_context *known = &merge->contexts[i];
        if (known->field == more->field && bytes_equal(known->value, more->value)) {
            known->weight = add_weights(known->weight, more->weight);
            return;
        }
    }
    merge->contexts[merge->entry.context_count++] = *more;
}

/* Adds a record of the same key. */
static void add_record(struct merge *merge, const struct suggest_entry *more, uint64_t *heaviest)
{
    struct suggest_entry *entry = &merge->entry;
    if (more->kind > entry->kind || (more->kind == entry->kind && more->weight > *heaviest)) {
        entry->shown = more->shown;
        entry->kind = more->kind;
        *heaviest = more->weight;
    }
    entry->weight = add_weights(entry->weight, more->weight);
    for (size_t i = 0; i < more->context_count; i++) {
        add_context(merge, &more->contexts[i]);
    }
}

/* Sums up the records of the least key into merge->entry; AISLE_END: there is none left. */
static int gather(struct merge *merge)
{
    uint64_t heaviest = 0;
    merge->entry = (struct suggest_entry){.contexts = merge->contexts};
    for (size_t i = 0; i < merge->count; i++) {
        if (merge->states[i] == 0 && (merge->entry.key.data == NULL ||
                                      bytes_compare(merge->walks[i].entry.key, merge->entry.key) < 0)) {
            merge->entry.key = merge->walks[i].entry.key;
        }
    }
    if (merge->entry.key.data == NULL) {
        return AISLE_END;
    }
    for (size_t i = 0; i < merge->count; i++) {
        if (merge->states[i] == 0 && bytes_equal(merge->walks[i].entry.key, merge->entry.key)) {
            add_record(merge, &merge->walks[i].entry, &heaviest);
        }
    }
    return 0;
}

/* Goes on with the walks that stand on the key of merge->entry, which is gone afterwards. */
static int go_on(struct merge *merge)
{
    uint8_t key[SUGGEST_KEY_BYTES];
    memcpy(key, merge->entry.key.data, merge->entry.key.size);
    struct bytes done = bytes_of(key, merge->entry.key.size);
    for (size_t i = 0; i < merge->count; i++) {
        if (merge->states[i] == 0 && bytes_equal(merge->walks[i].entry.key, done)) {
            merge->states[i] = suggest_walk_next(&merge->walks[i]);
            if (merge->states[i] < 0) {
                return merge->states[i];
            }
        }
    }
    return 0;
}

static int begin(struct merge *merge, const struct suggest_reader *const *parts, size_t count)
{
    *merge = (struct merge){.walks = mem_calloc(count + 1, sizeof *merge->walks),
                            .states = mem_calloc(count + 1, sizeof *merge->states),
                            .contexts = mem_calloc(count * SUGGEST_CONTEXTS + 1, sizeof *merge->contexts)};
    int status = merge->walks == NULL || merge->states == NULL || merge->contexts == NULL ? AISLE_NO_MEMORY : 0;
    while (merge->count < count && status == 0) {
        status = suggest_walk_init(&merge->walks[merge->count], parts[merge->count]);
        if (status == 0) {
            merge->states[merge->count] = suggest_walk_next(&merge->walks[merge->count]);
            status = merge->states[merge->count] < 0 ? merge->states[merge->count] : 0;
            merge->count++;
        }
    }
    return status;
}

static void end(struct merge *merge)
{
    for (size_t i = 0; i < merge->count; i++) {
        suggest_walk_release(&merge->walks[i]);
    }
    mem_free(merge->walks);
    mem_free(merge->states);
    mem_free(merge->contexts);
}

int suggest_merge(const struct suggest_reader *const *parts, size_t count, suggest_visit *visit, void *context)
{
    struct merge merge;
    int status = begin(&merge, parts, count);
    while (status == 0) {
        status = gather(&merge);
        status = status != 0 ? status : visit(context, &merge.entry);
        status = status != 0 ? status : go_on(&merge);
    }
    end(&merge);
    return status == AISLE_END ? 0 : status;
}
