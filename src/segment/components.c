/*
 * components.c - the addresses of all extents of a segment or a part.
 *
 * LMDB never moves an overflow value while a transaction that sees it is alive, and an extent is never rewritten, so
 * addresses found once hold for every later snapshot that lists their owner. Opening costs one cursor step an extent.
 */
#include "segment/segment.h"

#include "base/alloc.h"

static int allocate(struct component_extents *out, uint64_t size)
{
    uint32_t count = extent_count_of(size);
    if (count == 0) {
        return 0;
    }
    out->extents = mem_calloc(count, sizeof *out->extents);
    out->verified = mem_calloc(count, sizeof *out->verified);
    if (out->extents == NULL || out->verified == NULL) {
        return AISLE_NO_MEMORY;
    }
    out->view = (struct extent_view){
        .extents = out->extents, .extent_count = count, .size = size, .verified = out->verified};
    return 0;
}

void component_extents_release(struct component_extents *extents)
{
    mem_free(extents->extents);
    mem_free((void *)extents->verified);
    *extents = (struct component_extents){.extents = NULL};
}

/* Takes one (key, value) of the extents table; false when it does not fit what the manifest says. */
static bool take_extent(struct component_extents *out, unsigned count, struct bytes key, struct bytes value)
{
    uint8_t component = key.data[4];
    uint32_t index = load_u32_big(key.data + 5);
    if (component >= count || index >= out[component].view.extent_count ||
        value.size != extent_bytes_of(out[component].view.size, index)) {
        return false;
    }
    out[component].extents[index] = value.data;
    return true;
}

/* Takes all extents under id, which must be as many as are expected. */
static int find_extents(struct storage_txn *txn, uint32_t id, unsigned count, uint64_t expected,
                        struct component_extents *out)
{
    uint8_t lowest[EXTENT_KEY_BYTES];
    struct storage_cursor *cursor = NULL;
    struct bytes key;
    struct bytes value;
    uint64_t found = 0;
    segment_extent_key(lowest, id, 0, 0);
    int status = storage_cursor_open(txn, TABLE_EXTENTS, &cursor);
    if (status != 0) {
        return status;
    }
    status = storage_cursor_seek(cursor, bytes_of(lowest, sizeof lowest), &key, &value);
    while (status == 0 && key.size == EXTENT_KEY_BYTES && load_u32_big(key.data) == id) {
        if (!take_extent(out, count, key, value)) {
            status = AISLE_CORRUPT;
            break;
        }
        found++;
        status = storage_cursor_next(cursor, &key, &value);
    }
    storage_cursor_close(cursor);
    if (status == AISLE_END) {
        status = 0;
    }
    return status == 0 && found != expected ? AISLE_CORRUPT : status;
}

int component_extents_resolve(struct storage_txn *txn, uint32_t id, const uint64_t *sizes, unsigned count,
                              struct component_extents *out)
{
    uint64_t expected = 0;
    int status = 0;
    for (unsigned i = 0; i < count && status == 0; i++) {
        status = allocate(&out[i], sizes[i]);
        expected += out[i].view.extent_count;
    }
    return status == 0 ? find_extents(txn, id, count, expected, out) : status;
}
