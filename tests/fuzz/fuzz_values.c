/*
 * fuzz_values.c - reads any bytes as a dictionary of values with lists, without checksums.
 *
 * Whatever the bytes, every call must return; a dictionary that passes the check must find all it lists.
 */
#include "columns/values.h"

#include <stdlib.h>

#define EXTENTS_MAX 4u
#define STEPS_MAX 2000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void walk_code(const struct values_reader *reader, int64_t code)
{
    struct values_of_code walk;
    uint32_t ordinal;
    int64_t before = -1;
    int status = values_of_code_init(&walk, reader, code);
    while (status == 0 && (status = values_of_code_next(&walk, &ordinal)) == 0) {
        require(ordinal < reader->count && (int64_t)ordinal > before);
        before = ordinal;
    }
    require(status == AISLE_END || status == AISLE_CORRUPT);
}

static void exercise(const struct values_reader *reader, struct bytes probe)
{
    static struct values_cursor cursor;
    bool sound = values_check(reader, NULL) == 0;
    uint32_t ordinal;
    uint32_t end;
    bool exact;
    int status = values_find(reader, probe, &ordinal, &exact);
    require(!sound || status == 0);
    if (status == 0) {
        require(ordinal <= reader->count);
        status = values_find_end(reader, probe, ordinal, &end);
        require(status != 0 || (end >= ordinal && end <= reader->count));
    }
    status = values_seek(&cursor, reader, 0);
    for (unsigned i = 0; i < STEPS_MAX && status == 0; i++) {
        require(cursor.folded.size >= 1 && cursor.folded.size <= VALUES_FOLDED_BYTES_MAX);
        require(cursor.shown.size <= VALUES_FOLDED_BYTES_MAX);
        int found = values_find(reader, cursor.folded, &ordinal, &exact);
        require(!sound || (found == 0 && exact && ordinal == cursor.ordinal));
        status = values_next(&cursor);
    }
    for (uint64_t offset = 0; offset < reader->stream->size && offset < STEPS_MAX; offset++) {
        walk_code(reader, (int64_t)(reader->count + offset));
    }
    walk_code(reader, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *extents[EXTENTS_MAX];
    struct values_reader reader;
    size = size > EXTENTS_MAX * EXTENT_PAYLOAD ? EXTENTS_MAX * EXTENT_PAYLOAD : size;
    for (uint32_t i = 0; i < extent_count_of(size); i++) {
        extents[i] = data + (size_t)i * EXTENT_PAYLOAD;
    }
    struct extent_view view = {
        .extents = extents, .extent_count = extent_count_of(size), .size = size, .verified = NULL};
    if (values_open(&reader, &view) == 0) {
        exercise(&reader, bytes_of(NULL, 0));
        exercise(&reader, bytes_of(data, size < 12 ? size : 12));
    }
    return 0;
}
