/*
 * values_check.c - proves that a dictionary is sorted and whole. Which codes documents have is for who reads both
 * (segment/segment_check.c).
 *
 * Thread rule: a pure function over a shared reader.
 */
#include "columns/values_format.h"

int values_check(const struct values_reader *reader, aisle_error *error)
{
    struct values_cursor cursor;
    uint8_t last[VALUES_FOLDED_BYTES_MAX];
    size_t last_size = 0;
    uint32_t seen = 0;
    int status = values_seek(&cursor, reader, 0);
    while (status == 0) {
        if (seen != 0 && bytes_compare(bytes_of(last, last_size), cursor.folded) >= 0) {
            return error_set(error, AISLE_CORRUPT, "values: value %u is not behind the one before", seen);
        }
        last_size = cursor.folded.size;
        memcpy(last, cursor.folded.data, last_size);
        seen++;
        if (seen % VALUES_BLOCK == 0 && byte_reader_left(&cursor.block) != 0) {
            return error_set(error, AISLE_CORRUPT, "values: bytes behind value %u", seen - 1);
        }
        status = values_next(&cursor);
    }
    if (status != AISLE_END || seen != reader->count) {
        return error_set(error, AISLE_CORRUPT, "values: value %u of %u is malformed", seen, reader->count);
    }
    if (seen % VALUES_BLOCK != 0 && byte_reader_left(&cursor.block) != 0) {
        return error_set(error, AISLE_CORRUPT, "values: bytes behind the last value");
    }
    return 0;
}
