/*
 * values_merge.c - a heap of cursors over sorted values.
 *
 * Thread rule: as the query.
 */
#include "query/values_merge.h"

#define STEPS_MAX 16u /* values that a cursor steps over rather than seek */

int values_merge_init(struct values_merge *merge, uint32_t room, bool reads_bytes, struct arena *arena)
{
    *merge = (struct values_merge){.room = room, .reads_bytes = reads_bytes};
    merge->sources = arena_alloc(arena, room * sizeof *merge->sources);
    merge->heap = arena_alloc(arena, room * sizeof *merge->heap);
    return merge->sources == NULL || merge->heap == NULL ? AISLE_NO_MEMORY : 0;
}

/* Goes to the first value to be given at or behind ordinal. */
static int advance(struct values_source *source, uint32_t ordinal, bool reads_bytes)
{
    uint32_t at = source->ordinal;
    if (source->listed != NULL) {
        while (source->at < source->listed_count && source->listed[source->at] < ordinal) {
            source->at++;
        }
        ordinal = source->at < source->listed_count ? source->listed[source->at] : source->end;
    }
    while (ordinal < source->end && source->counts != NULL && source->counts[ordinal] == 0) {
        ordinal++;
    }
    source->ordinal = ordinal;
    if (ordinal >= source->end || !reads_bytes) {
        return 0;
    }
    if (source->cursor.reader == NULL || ordinal <= at || ordinal - at > STEPS_MAX) {
        return values_seek(&source->cursor, source->values, ordinal) == 0 ? 0 : AISLE_CORRUPT;
    }
    int status = 0;
    while (status == 0 && source->cursor.ordinal < ordinal) {
        status = values_next(&source->cursor);
    }
    return status == AISLE_END ? AISLE_CORRUPT : status;
}

/* The first eight bytes of a value, zeros behind a shorter one: numbers that differ are in the order of values. */
static struct values_entry entry_of(struct values_source *source, bool reads_bytes)
{
    struct values_entry entry = {.source = source};
    if (reads_bytes) {
        uint8_t head[8] = {0};
        struct bytes folded = source->cursor.folded;
        memcpy(head, folded.data, folded.size < sizeof head ? folded.size : sizeof head);
        entry.head = load_u64_big(head);
    }
    return entry;
}

static bool is_before(const struct values_entry *a, const struct values_entry *b)
{
    return a->head != b->head ? a->head < b->head
                              : bytes_compare(a->source->cursor.folded, b->source->cursor.folded) < 0;
}

static void sink(struct values_merge *merge)
{
    struct values_entry moved = merge->heap[0];
    uint32_t at = 0;
    for (uint32_t child = 1; child < merge->count; child = at * 2 + 1) {
        if (child + 1 < merge->count && is_before(&merge->heap[child + 1], &merge->heap[child])) {
            child++;
        }
        if (!is_before(&merge->heap[child], &moved)) {
            break;
        }
        merge->heap[at] = merge->heap[child];
        at = child;
    }
    merge->heap[at] = moved;
}

int values_merge_add(struct values_merge *merge, const struct values_source *given, uint32_t first)
{
    struct values_source *source = &merge->sources[merge->count];
    source->values = given->values;
    source->counts = given->counts;
    source->listed = given->listed;
    source->listed_count = given->listed_count;
    source->at = 0;
    source->number = given->number;
    source->ordinal = 0;
    source->end = given->end;
    source->cursor.reader = NULL;
    int status = advance(source, first, merge->reads_bytes);
    if (status != 0 || source->ordinal >= source->end) {
        return status;
    }
    struct values_entry entry = entry_of(source, merge->reads_bytes);
    uint32_t at = merge->count++;
    for (; at > 0 && merge->reads_bytes && is_before(&entry, &merge->heap[(at - 1) / 2]); at = (at - 1) / 2) {
        merge->heap[at] = merge->heap[(at - 1) / 2];
    }
    merge->heap[at] = entry;
    return 0;
}

int values_merge_next(struct values_merge *merge)
{
    struct values_source *source = merge->heap[0].source;
    int status = advance(source, source->ordinal + 1, merge->reads_bytes);
    if (source->ordinal >= source->end) {
        merge->heap[0] = merge->heap[--merge->count];
    } else if (status == 0) {
        merge->heap[0] = entry_of(source, merge->reads_bytes);
    }
    if (merge->count > 1) {
        sink(merge);
    }
    return status;
}
