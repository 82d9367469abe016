/*
 * fuzz_column_page.c - reads any bytes as a column page.
 *
 * Whatever the bytes, every call must return; a page that passes the check must read the same one value at a time,
 * and must survive a patch of one value by another's.
 */
#include "columns/columns.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void compare(struct bytes page, const int64_t *values, uint32_t count)
{
    int64_t min;
    int64_t max;
    bool has_missing;
    bool constant;
    require(column_page_range(page, &min, &max, &has_missing, &constant) == 0);
    for (uint32_t i = 0; i < count; i++) {
        int64_t value;
        require(column_page_get(page, i, &value) == 0 && value == values[i]);
        require((has_missing && value == COLUMN_MISSING) || (value >= min && value <= max));
        require(!constant || value == values[0]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int64_t values[COLUMN_PAGE_DOCUMENTS];
    static int64_t again[COLUMN_PAGE_DOCUMENTS];
    struct bytes page = bytes_of(data, size);
    struct buf patched;
    uint32_t count = 0;
    uint32_t again_count = 0;
    int64_t value;
    buf_init(&patched, COLUMN_PAGE_BYTES_MAX);
    int status = column_page_decode(page, values, &count);
    require((status == 0) == (count != 0));
    (void)!column_page_get(page, size % COLUMN_PAGE_DOCUMENTS, &value);
    bool sound = column_page_check(page, NULL) == 0;
    struct column_change change = {.index = 0};
    bool changes = count != 0 && data[0] != COLUMN_ASCENDING; /* keys stay in order */
    if (changes) {
        change = (struct column_change){(uint32_t)(size % count), values[size / 7 % count]};
    }
    status = column_page_patch(page, &change, changes, &patched);
    if (sound) {
        compare(page, values, count);
        values[change.index] = changes ? change.value : values[0];
        require(status == 0 && column_page_decode(buf_bytes(&patched), again, &again_count) == 0);
        require(again_count == count && memcmp(values, again, count * sizeof *values) == 0);
        require(column_page_check(buf_bytes(&patched), NULL) == 0);
    }
    buf_release(&patched);
    return 0;
}
