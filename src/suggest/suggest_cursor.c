/*
 * suggest_cursor.c - records below some places of the tree, from the best to the worst.
 *
 * A heap of what was seen and not yet opened: (code, entry, node), a number each, the greatest first. Because a node's
 * entries stand in descending order, only its first unopened one need wait there, and the best way down is followed
 * without the heap.
 */
#include "suggest/suggest_private.h"

#define PLACE_ITSELF 0xffffu /* as an entry: the reference is that of the place, not of the node it stands in */

void suggest_cursor_init(struct suggest_cursor *cursor, const struct suggest_reader *reader, struct arena *arena,
                         uint32_t *steps)
{
    *cursor = (struct suggest_cursor){.reader = reader, .arena = arena, .steps = steps};
}

static uint64_t waiting_of(uint16_t code, uint32_t entry, uint32_t reference)
{
    return (uint64_t)code << 48 | (uint64_t)entry << 32 | reference;
}

static int put_waiting(struct suggest_cursor *cursor, uint64_t waiting)
{
    if (cursor->count == cursor->capacity) {
        size_t wanted = cursor->capacity == 0 ? 64 : cursor->capacity * 2;
        uint64_t *grown = arena_alloc(cursor->arena, wanted * sizeof *grown);
        if (grown == NULL) {
            return AISLE_NO_MEMORY;
        }
        if (cursor->count != 0) {
            memcpy(grown, cursor->heap, cursor->count * sizeof *grown);
        }
        cursor->heap = grown;
        cursor->capacity = wanted;
    }
    size_t at = cursor->count++;
    for (; at != 0 && cursor->heap[(at - 1) / 2] < waiting; at = (at - 1) / 2) {
        cursor->heap[at] = cursor->heap[(at - 1) / 2];
    }
    cursor->heap[at] = waiting;
    return 0;
}

static uint64_t take_waiting(struct suggest_cursor *cursor)
{
    uint64_t *heap = cursor->heap;
    uint64_t best = heap[0];
    uint64_t last = heap[--cursor->count];
    size_t at = 0;
    for (size_t child = 1; child < cursor->count; child = at * 2 + 1) {
        child += child + 1 < cursor->count && heap[child + 1] > heap[child] ? 1 : 0;
        if (heap[child] <= last) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return best;
}

int suggest_cursor_push(struct suggest_cursor *cursor, const struct suggest_place *place)
{
    return put_waiting(cursor, waiting_of(place->code, PLACE_ITSELF, place->reference));
}

int suggest_cursor_next(struct suggest_cursor *cursor, uint32_t *record, uint16_t *code)
{
    if (cursor->count == 0) {
        return AISLE_END;
    }
    uint64_t waiting = take_waiting(cursor);
    uint32_t entry = (uint32_t)(waiting >> 32) & 0xffffu;
    uint32_t reference = (uint32_t)waiting;
    *code = (uint16_t)(waiting >> 48);
    bool inside = entry != PLACE_ITSELF;
    while (inside || (reference & SUGGEST_LEAF) == 0) {
        struct suggest_node node;
        if (*cursor->steps == 0) {
            return AISLE_LIMIT;
        }
        --*cursor->steps;
        entry = inside ? entry : 0;
        inside = false;
        if (suggest_node_at(cursor->reader, reference, &node) != 0 || entry >= node.count) {
            return AISLE_CORRUPT;
        }
        uint32_t below = suggest_node_reference(&node, entry);
        if (suggest_node_code(&node, entry) > *code || ((below & SUGGEST_LEAF) == 0 && below >= reference)) {
            return AISLE_CORRUPT; /* what is below was written before, and is no better */
        }
        if (entry + 1 < node.count) {
            uint16_t next = suggest_node_code(&node, entry + 1);
            int status = next > *code ? AISLE_CORRUPT : put_waiting(cursor, waiting_of(next, entry + 1, reference));
            if (status != 0) {
                return status;
            }
        }
        reference = below;
    }
    *record = reference & ~SUGGEST_LEAF;
    return 0;
}
