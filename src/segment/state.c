/*
 * state.c - what has changed in a segment since it was written: dead documents and overlaid column pages.
 *
 * Dead bits are copied into one flat array (an eighth of a byte a document), because every query reads them in
 * windows; large overlays stay where they are in the map. Small ones lie in LMDB's tree pages, which move with any
 * change near by (even one that makes no new generation, as cleaning does), so those are copied.
 */
#include "segment/segment_private.h"

#include "base/alloc.h"
#include "base/bitset.h"

/* Above this, LMDB gives a value pages of its own, which stay in place: half a page of 4 KiB, rounded up. */
#define COPIED_BYTES_MAX 2048u

void segment_state_release(struct segment_state *state)
{
    for (size_t i = 0; i < state->overlay_count; i++) {
        if (state->overlays[i].owned) {
            mem_free((void *)(uintptr_t)state->overlays[i].content.data);
        }
    }
    mem_free(state->dead);
    mem_free(state->overlays);
    mem_free(atomic_load_explicit(&state->kept.block, memory_order_relaxed));
    *state = (struct segment_state){.dead = NULL};
}

static int take_dead(struct segment_state *state, const struct segment_info *info, uint32_t page,
                     struct bytes content)
{
    size_t words = bitset_words(info->documents);
    size_t first = (size_t)page * PAGE_BITS_WORDS;
    if (content.size != PAGE_BITS_WORDS * sizeof(uint64_t) || first >= words) {
        return AISLE_CORRUPT;
    }
    if (state->dead == NULL) {
        state->dead = mem_calloc(words, sizeof *state->dead);
        if (state->dead == NULL) {
            return AISLE_NO_MEMORY;
        }
    }
    size_t count = words - first < PAGE_BITS_WORDS ? words - first : PAGE_BITS_WORDS;
    memcpy(state->dead + first, content.data, count * sizeof *state->dead);
    if (first + count == words && info->documents % 64 != 0) {
        state->dead[words - 1] &= (UINT64_C(1) << (info->documents % 64)) - 1;
    }
    return 0;
}

static int take_overlay(struct segment_state *state, uint8_t kind, uint32_t page, struct bytes content,
                        size_t *capacity)
{
    if (state->overlay_count == *capacity) {
        size_t wanted = *capacity == 0 ? 16 : *capacity * 2;
        struct segment_overlay *grown = mem_realloc(state->overlays, wanted * sizeof *grown);
        if (grown == NULL) {
            return AISLE_NO_MEMORY;
        }
        state->overlays = grown;
        *capacity = wanted;
    }
    struct segment_overlay overlay = {.kind = kind, .page = page, .content = content};
    if (content.size < COPIED_BYTES_MAX) {
        uint8_t *copy = mem_alloc(content.size);
        if (copy == NULL) {
            return AISLE_NO_MEMORY;
        }
        memcpy(copy, content.data, content.size);
        overlay.content = bytes_of(copy, content.size);
        overlay.owned = true;
    }
    state->overlays[state->overlay_count++] = overlay;
    return 0;
}

static int load_pages(struct storage_cursor *cursor, const struct segment_info *info, struct segment_state *state)
{
    uint8_t lowest[PAGE_KEY_BYTES];
    struct bytes key;
    struct bytes value;
    size_t capacity = 0;
    segment_page_key(lowest, info->id, 0, 0);
    int status = storage_cursor_seek(cursor, bytes_of(lowest, sizeof lowest), &key, &value);
    while (status == 0 && key.size == PAGE_KEY_BYTES && load_u32_big(key.data) == info->id) {
        struct bytes content;
        uint32_t page = load_u32_big(key.data + 5);
        status = segment_page_open(value, &content);
        if (status == 0) {
            status = key.data[4] == PAGE_DEAD ? take_dead(state, info, page, content)
                                              : take_overlay(state, key.data[4], page, content, &capacity);
        }
        if (status == 0) {
            status = storage_cursor_next(cursor, &key, &value);
        }
    }
    return status == AISLE_END ? 0 : status;
}

int segment_state_load(struct storage_txn *txn, const struct segment_info *info, struct segment_state *out,
                       aisle_error *error)
{
    *out = (struct segment_state){.dead = NULL};
    struct storage_cursor *cursor = NULL;
    int status = storage_cursor_open(txn, TABLE_PAGES, &cursor);
    if (status == 0) {
        status = load_pages(cursor, info, out);
        storage_cursor_close(cursor);
    }
    if (status == 0 && out->dead != NULL) {
        out->dead_count = (uint32_t)bitset_count(out->dead, bitset_words(info->documents));
    }
    if (status == 0 && out->dead_count != info->dead) {
        status = AISLE_CORRUPT;
    }
    if (status != 0) {
        segment_state_release(out);
        return error_set(error, status, "the changed pages of segment %u cannot be read: %s", info->id,
                         aisle_error_text(status));
    }
    return 0;
}

struct bytes segment_state_overlay(const struct segment_state *state, uint8_t kind, uint32_t page)
{
    size_t low = 0;
    size_t high = state->overlay_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct segment_overlay *overlay = &state->overlays[middle];
        if (overlay->kind < kind || (overlay->kind == kind && overlay->page < page)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < state->overlay_count && state->overlays[low].kind == kind && state->overlays[low].page == page) {
        return state->overlays[low].content;
    }
    return bytes_of(NULL, 0);
}

int segment_state_column(const struct segment *segment, const struct segment_state *state, uint8_t field,
                         uint32_t document, int64_t *value)
{
    if (state->overlay_count != 0) {
        struct bytes page = segment_state_overlay(state, (uint8_t)(PAGE_COLUMN + field),
                                                  document / COLUMN_PAGE_DOCUMENTS);
        if (page.size != 0) {
            return column_page_get(page, document % COLUMN_PAGE_DOCUMENTS, value);
        }
    }
    return column_get(&segment->column[field], document, value);
}

bool segment_state_patched(const struct segment_state *state, uint8_t field, uint32_t document)
{
    if (state->overlay_count == 0) {
        return false;
    }
    struct bytes page = segment_state_overlay(state, (uint8_t)(PAGE_PATCHED + field), document / PAGE_BITS_DOCUMENTS);
    uint32_t bit = document % PAGE_BITS_DOCUMENTS;
    return page.size == PAGE_BITS_WORDS * sizeof(uint64_t) && ((page.data[bit / 8] >> (bit % 8)) & 1) != 0;
}
