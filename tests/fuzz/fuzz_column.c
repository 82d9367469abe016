/*
 * fuzz_column.c - reads any bytes as a whole column, without checksums.
 *
 * Whatever the bytes, every call must return; a column that passes the check must give every document's value.
 */
#include "columns/columns.h"

#include <stdlib.h>

#define EXTENTS_MAX 4u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void exercise(const struct column_reader *reader)
{
    bool sound = column_check(reader, NULL) == 0;
    uint32_t documents = column_documents(reader);
    uint32_t step = documents / 1000 + 1;
    for (uint32_t i = 0; i < documents; i += step) {
        int64_t value;
        uint64_t key;
        int status = column_get(reader, i, &value);
        require(status == 0 || status == AISLE_CORRUPT);
        require(!sound || status == 0);
        require(!sound || value == COLUMN_MISSING || (value >= reader->min && value <= reader->max));
        status = column_keys_get(reader, i, &key);
        require((status == AISLE_INVALID) == (reader->kind != COLUMN_ASCENDING));
        if (documents - i <= step) {
            break; /* so that i does not pass UINT32_MAX */
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *extents[EXTENTS_MAX];
    struct column_reader reader;
    size = size > EXTENTS_MAX * EXTENT_PAYLOAD ? EXTENTS_MAX * EXTENT_PAYLOAD : size;
    for (uint32_t i = 0; i < extent_count_of(size); i++) {
        extents[i] = data + (size_t)i * EXTENT_PAYLOAD;
    }
    struct extent_view view = {
        .extents = extents, .extent_count = extent_count_of(size), .size = size, .verified = NULL};
    if (column_open(&reader, &view) == 0) {
        exercise(&reader);
    }
    return 0;
}
