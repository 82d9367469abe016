/*
 * fuzz_positions.c - any value of a term over any POSITIONS: decoded, found in any order, decoded again, checked.
 *
 * Input: u8 size of the reference, u16 count of postings, u8 seed of the order; the reference, and for the rest
 * POSITIONS, which stands in one extent whose checksums are left out.
 */
#undef NDEBUG
#include "postings/positions_private.h"

#include "base/alloc.h"

#include <assert.h>

#define COUNT_MAX 700u
#define ARENA_BYTES ((size_t)1 << 24)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy with nothing behind it, so that a sanitizer sees a read past the end. */
static uint8_t *copy_exactly(struct bytes part)
{
    uint8_t *copy = mem_alloc(part.size);
    assert(copy != NULL);
    if (part.size != 0) {
        memcpy(copy, part.data, part.size);
    }
    return copy;
}

/* Decodes the entry and encodes it again, which must give the same bytes. */
static int round_trip(struct bytes entry)
{
    struct position *occurrences = mem_alloc(entry.size * sizeof *occurrences);
    struct buf again;
    size_t count;
    assert(occurrences != NULL && entry.size != 0 && positions_are(entry, 1));
    int status = positions_decode(entry, occurrences, &count);
    if (status == 0) {
        buf_init(&again, SIZE_MAX / 2);
        positions_encode(occurrences, count, &again);
        assert(bytes_equal(buf_bytes(&again), entry));
        buf_release(&again);
    }
    mem_free(occurrences);
    return status;
}

static void try_list(const struct extent_view *view, const struct positions_list *list, uint32_t count, uint8_t seed)
{
    struct positions_cursor cursor;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    positions_cursor_init(&cursor, view, &arena, list, count);
    int sound = positions_check(view, list, count, NULL);
    uint32_t step = 1 + seed * 7u;
    for (uint32_t i = 0; i < count; i++) {
        struct bytes entry;
        int status = positions_cursor_find(&cursor, i * step % count, &entry);
        status = status == 0 ? round_trip(entry) : status;
        assert(status == 0 || status == AISLE_NO_MEMORY || sound != 0);
    }
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct byte_reader reader = byte_reader_of(bytes_of(data, size));
    uint8_t reference_size = byte_reader_u8(&reader);
    uint32_t count = 1 + byte_reader_u16(&reader) % COUNT_MAX;
    uint8_t seed = byte_reader_u8(&reader);
    struct bytes reference = byte_reader_take(&reader, reference_size);
    struct bytes stream = byte_reader_take(&reader, byte_reader_left(&reader));
    struct positions_list list;
    struct bytes rest;
    if (!byte_reader_ok(&reader) || stream.size > EXTENT_PAYLOAD) {
        return 0;
    }
    uint8_t *value = copy_exactly(reference);
    uint8_t *extent = copy_exactly(stream);
    const uint8_t *const extents[] = {extent};
    struct extent_view view = {.extents = extents, .extent_count = stream.size != 0, .size = stream.size};
    if (positions_list_decode(bytes_of(value, reference.size), &list, &rest) == 0) {
        try_list(&view, &list, count, seed);
    }
    mem_free(value);
    mem_free(extent);
    return 0;
}
