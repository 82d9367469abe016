/*
 * state.c - what has changed in a segment since it was written: dead documents and overlaid column pages.
 *
 * Dead bits are copied into one flat array (an eighth of a byte a document), because every query reads them in
 * windows; large overlays stay where they are in the map. Small ones lie in LMDB's tree pages, which move with any
 * change near by (even one that makes no new generation, as cleaning does), so those are copied.
 *
 * States that many queries share read an overlay when it is first asked for. A word of `read` then tells where its
 * content is and how long: 48 bits of address and 16 of length, so that it can be set at once; what does not fit is
 * read each time. A page of a generation is the same in all transactions of it, so it does not matter who reads it, and
 * the next state takes over what was read of pages that have not changed.
 */
#include "segment/segment_private.h"

#include "base/alloc.h"
#include "base/bitset.h"

/* Above this, LMDB gives a value pages of its own, which stay in place: half a page of 4 KiB, rounded up. */
#define COPIED_BYTES_MAX 2048u

/* In front of what is shared; as large as an alignment. */
struct content_head {
    atomic_int references;
    uint32_t padding[3];
};

static struct content_head *head_of(const void *content)
{
    return (struct content_head *)(uintptr_t)content - 1;
}

uint8_t *segment_content_new(const void *data, size_t size)
{
    size_t whole = sizeof(struct content_head) + size;
    struct content_head *head = data == NULL ? mem_calloc(1, whole) : mem_alloc(whole);
    if (head == NULL) {
        return NULL;
    }
    atomic_init(&head->references, 1);
    if (data != NULL) {
        memcpy(head + 1, data, size);
    }
    return (uint8_t *)(head + 1);
}

static void retain_content(const void *content)
{
    atomic_fetch_add_explicit(&head_of(content)->references, 1, memory_order_relaxed);
}

void segment_content_release(const void *content)
{
    if (content != NULL &&
        atomic_fetch_sub_explicit(&head_of(content)->references, 1, memory_order_acq_rel) == 1) {
        mem_free(head_of(content));
    }
}

/* ---- overlays that are read when they are asked for ---- */

#define ADDRESS_BITS 48u

static const uint8_t unreadable[1];

static struct bytes content_of(uint64_t read)
{
    return bytes_of((const void *)(uintptr_t)(read & ((UINT64_C(1) << ADDRESS_BITS) - 1)),
                    (size_t)(read >> ADDRESS_BITS));
}

static bool is_small(struct bytes content)
{
    return content.size < COPIED_BYTES_MAX;
}

/* The overlay with its content as far as it has been read. */
static struct segment_overlay known_overlay(const struct segment_state *state, size_t i)
{
    struct segment_overlay overlay = state->overlays[i];
    if (overlay.content.size == 0 && state->read != NULL) {
        overlay.content = content_of(atomic_load_explicit(&state->read[i], memory_order_acquire));
        overlay.owned = overlay.content.size != 0 && is_small(overlay.content);
    }
    return overlay;
}

/* What a view reads of the storage; empty only for what is no such page. */
static struct bytes fetch(const struct segment_state *state, const struct segment_overlay *overlay)
{
    struct bytes content = bytes_of(NULL, 0);
    int status = AISLE_INVALID;
    if (state->txn != NULL) {
        status = segment_page_get(state->txn, state->segment, overlay->kind, overlay->page, &content);
    }
    return status == 0 && content.size != 0 ? content : bytes_of(unreadable, sizeof unreadable);
}

/* Notes what was read, unless another thread has, or it cannot be noted: then it is the transaction's. */
static struct bytes keep_read(const struct segment_state *state, size_t i, struct bytes content)
{
    const struct segment_state *origin = state->origin;
    const uint8_t *data = content.data;
    uint64_t none = 0;
    if (data == unreadable || content.size >> (64 - ADDRESS_BITS) != 0) {
        return content;
    }
    if (is_small(content)) {
        data = segment_content_new(content.data, content.size);
    }
    uint64_t address = (uint64_t)(uintptr_t)data;
    bool fits = data != NULL && address >> ADDRESS_BITS == 0;
    if (fits && atomic_compare_exchange_strong_explicit(&state->read[i], &none,
                                                        address | (uint64_t)content.size << ADDRESS_BITS,
                                                        memory_order_acq_rel, memory_order_acquire)) {
        size_t taken = is_small(content) ? content.size : 0;
        atomic_fetch_add_explicit((atomic_size_t *)(uintptr_t)&origin->kept.bytes, taken, memory_order_relaxed);
        return bytes_of(data, content.size);
    }
    if (is_small(content)) {
        segment_content_release(data);
    }
    return none != 0 ? content_of(none) : content;
}

void segment_state_view(const struct segment_state *state, struct storage_txn *txn, struct segment_state *out)
{
    *out = (struct segment_state){.segment = state->segment,
                                  .dead = state->dead,
                                  .dead_count = state->dead_count,
                                  .overlays = state->overlays,
                                  .overlay_count = state->overlay_count,
                                  .read = state->read,
                                  .origin = state,
                                  .txn = txn};
}

void segment_state_release(struct segment_state *state)
{
    for (size_t i = 0; i < state->overlay_count && state->origin == NULL; i++) {
        struct segment_overlay overlay = known_overlay(state, i);
        if (overlay.owned) {
            segment_content_release(overlay.content.data);
        }
    }
    if (state->origin == NULL) {
        segment_content_release(state->dead);
        mem_free(state->overlays);
        mem_free(state->read);
        segment_kept_free(&state->kept);
    }
    *state = (struct segment_state){.dead = NULL};
}

/* Room to note what is read, once it is known which pages have changed. */
static int make_readable(const struct segment_info *info, struct segment_state *state)
{
    state->segment = info->id;
    state->read = state->overlay_count == 0 ? NULL : mem_calloc(state->overlay_count, sizeof *state->read);
    return state->overlay_count == 0 || state->read != NULL ? 0 : AISLE_NO_MEMORY;
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
        state->dead = (uint64_t *)(void *)segment_content_new(NULL, words * sizeof *state->dead);
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
    if (content.size != 0 && is_small(content)) {
        uint8_t *copy = segment_content_new(content.data, content.size);
        if (copy == NULL) {
            return AISLE_NO_MEMORY;
        }
        overlay.content = bytes_of(copy, content.size);
        overlay.owned = true;
    }
    state->overlays[state->overlay_count++] = overlay;
    return 0;
}

/* lazy: only which overlays there are. */
static int load_pages(struct storage_cursor *cursor, const struct segment_info *info, bool lazy,
                      struct segment_state *state)
{
    uint8_t lowest[PAGE_KEY_BYTES];
    struct bytes key;
    struct bytes value;
    size_t capacity = 0;
    segment_page_key(lowest, info->id, 0, 0);
    int status = storage_cursor_seek(cursor, bytes_of(lowest, sizeof lowest), &key, &value);
    while (status == 0 && key.size == PAGE_KEY_BYTES && load_u32_big(key.data) == info->id) {
        struct bytes content = bytes_of(NULL, 0);
        uint32_t page = load_u32_big(key.data + 5);
        status = lazy && key.data[4] != PAGE_DEAD ? 0 : segment_page_open(value, &content);
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

static int load_state(struct storage_txn *txn, const struct segment_info *info, bool lazy, struct segment_state *out,
                      aisle_error *error)
{
    *out = (struct segment_state){.dead = NULL};
    struct storage_cursor *cursor = NULL;
    int status = storage_cursor_open(txn, TABLE_PAGES, &cursor);
    if (status == 0) {
        status = load_pages(cursor, info, lazy, out);
        storage_cursor_close(cursor);
    }
    status = status == 0 && lazy ? make_readable(info, out) : status;
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

int segment_state_load(struct storage_txn *txn, const struct segment_info *info, struct segment_state *out,
                       aisle_error *error)
{
    return load_state(txn, info, false, out, error);
}

int segment_state_new(struct storage_txn *txn, const struct segment_info *info, struct segment_state **out,
                      aisle_error *error)
{
    struct segment_state *state = mem_calloc(1, sizeof *state);
    *out = NULL;
    if (state == NULL) {
        return error_no_memory(error, "taking a snapshot");
    }
    int status = load_state(txn, info, true, state, error);
    if (status != 0) {
        mem_free(state);
        return status;
    }
    atomic_init(&state->references, 1);
    *out = state;
    return 0;
}

void segment_state_drop(struct segment_state *state)
{
    if (state != NULL && atomic_fetch_sub_explicit(&state->references, 1, memory_order_acq_rel) == 1) {
        segment_state_release(state);
        mem_free(state);
    }
}

/* ---- from one generation to another ---- */

/* Dead bits of its own, if any of the pages are of them. */
static int update_dead(struct storage_txn *txn, const struct segment_info *info, const struct segment_state *old,
                       const struct segment_page_id *pages, size_t count, struct segment_state *state)
{
    size_t words = bitset_words(info->documents);
    state->dead = old->dead;
    if (count == 0 || pages[0].kind != PAGE_DEAD) {
        if (old->dead != NULL) {
            retain_content(old->dead);
        }
        return 0;
    }
    state->dead = (uint64_t *)(void *)segment_content_new(old->dead, words * sizeof *state->dead);
    if (state->dead == NULL) {
        return AISLE_NO_MEMORY;
    }
    int status = 0;
    for (size_t i = 0; i < count && pages[i].kind == PAGE_DEAD && status == 0; i++) {
        struct bytes content;
        size_t first = (size_t)pages[i].page * PAGE_BITS_WORDS;
        size_t end = first + PAGE_BITS_WORDS < words ? first + PAGE_BITS_WORDS : words;
        status = segment_page_get(txn, info->id, PAGE_DEAD, pages[i].page, &content);
        uint32_t before = first < end ? (uint32_t)bitset_count(state->dead + first, end - first) : 0;
        status = status != 0 ? status : take_dead(state, info, pages[i].page, content);
        if (status == 0) {
            state->dead_count += (uint32_t)bitset_count(state->dead + first, end - first) - before;
        }
    }
    return status;
}

static int compare_place(const struct segment_overlay *overlay, const struct segment_page_id *page)
{
    return overlay->kind != page->kind ? (overlay->kind > page->kind) - (overlay->kind < page->kind)
                                       : (overlay->page > page->page) - (overlay->page < page->page);
}

/* Those of the old state from *from on that stand before page, or all. */
static void keep_overlays(const struct segment_state *old, size_t *from, const struct segment_page_id *page,
                          struct segment_state *state)
{
    for (; *from < old->overlay_count && (page == NULL || compare_place(&old->overlays[*from], page) < 0); (*from)++) {
        struct segment_overlay overlay = known_overlay(old, *from);
        if (overlay.owned) {
            retain_content(overlay.content.data);
            state->owned_bytes += overlay.content.size;
        }
        state->overlays[state->overlay_count++] = overlay;
    }
}

/* Both in order: a changed page takes the place of the one before, or stands between others. */
static int update_overlays(const struct segment_info *info, const struct segment_state *old,
                           const struct segment_page_id *pages, size_t count, struct segment_state *state)
{
    size_t capacity = old->overlay_count + count;
    size_t from = 0;
    state->overlays = capacity == 0 ? NULL : mem_alloc(capacity * sizeof *state->overlays);
    if (capacity != 0 && state->overlays == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        if (pages[i].kind == PAGE_DEAD) {
            continue;
        }
        keep_overlays(old, &from, &pages[i], state);
        from += from < old->overlay_count && compare_place(&old->overlays[from], &pages[i]) == 0;
        state->overlays[state->overlay_count++] =
            (struct segment_overlay){.kind = pages[i].kind, .page = pages[i].page};
    }
    keep_overlays(old, &from, NULL, state);
    return make_readable(info, state);
}

/* What queries have left with the old state, as far as it holds. */
static void carry_kept(const struct segment_state *old, const struct segment_changes *changes,
                       struct segment_state *state)
{
    const struct segment_kept_head *head = atomic_load_explicit(&old->kept.block, memory_order_acquire);
    size_t bytes = 0;
    void *block = head == NULL ? NULL : head->carry(head, changes, &bytes);
    if (block != NULL) {
        (void)segment_keep(&state->kept, block, bytes); /* nobody else has the state yet */
    }
}

int segment_state_update(struct storage_txn *txn, const struct segment_info *info, struct segment_state *old,
                         const struct segment_changes *changes, struct segment_state **out)
{
    const struct segment_page_id *pages = changes->pages;
    size_t count = changes->count;
    *out = NULL;
    if (count == 0 && old->dead_count == info->dead) {
        atomic_fetch_add_explicit(&old->references, 1, memory_order_relaxed);
        *out = old;
        return 0;
    }
    struct segment_state *state = mem_calloc(1, sizeof *state);
    if (state == NULL) {
        return AISLE_NO_MEMORY;
    }
    atomic_init(&state->references, 1);
    state->dead_count = old->dead_count;
    int status = update_dead(txn, info, old, pages, count, state);
    status = status != 0 ? status : update_overlays(info, old, pages, count, state);
    status = status == 0 && state->dead_count != info->dead ? AISLE_END : status;
    if (status != 0) {
        segment_state_drop(state);
        return status;
    }
    carry_kept(old, changes, state);
    *out = state;
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
    if (low == state->overlay_count || state->overlays[low].kind != kind || state->overlays[low].page != page) {
        return bytes_of(NULL, 0);
    }
    struct segment_overlay overlay = known_overlay(state, low);
    if (overlay.content.size != 0 || state->read == NULL) {
        return overlay.content;
    }
    return keep_read(state, low, fetch(state, &overlay));
}

struct bytes segment_state_peek(const struct segment_state *state, size_t i)
{
    struct segment_overlay overlay = known_overlay(state, i);
    return overlay.content.size != 0 || state->read == NULL ? overlay.content : fetch(state, &overlay);
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
    if (page.data == unreadable) {
        return true; /* the column is right in any case */
    }
    return page.size == PAGE_BITS_WORDS * sizeof(uint64_t) && ((page.data[bit / 8] >> (bit % 8)) & 1) != 0;
}
