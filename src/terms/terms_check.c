/*
 * terms_check.c - proves that the parts of a dictionary agree: the walk behind `check`.
 *
 * Reads through the same reader as queries do, so what passes here is what they will see. Page checksums are the
 * extents' own affair and are verified on the way.
 * Thread rule: none beyond the reader's.
 */
#include "terms/terms.h"

#include "terms/terms_format.h"

static int check_table(const struct terms_reader *reader, aisle_error *error)
{
    uint64_t used = 0;
    for (uint32_t line = 0; line < reader->line_count; line++) {
        const uint8_t *slots = extent_view_at(reader->index, terms_line_offset(line), TERMS_LINE_BYTES);
        if (slots == NULL) {
            return error_set(error, AISLE_CORRUPT, "dictionary: hash table line %u cannot be read", line);
        }
        bool ended = false;
        for (uint32_t i = 0; i < TERMS_LINE_SLOTS; i++) {
            uint32_t slot = load_u32(slots + i * sizeof(uint32_t));
            if (slot != 0 && ended) {
                return error_set(error, AISLE_CORRUPT, "dictionary: hash table line %u has a gap", line);
            }
            ended = slot == 0;
            used += slot != 0;
        }
    }
    if (used != reader->count) {
        return error_set(error, AISLE_CORRUPT, "dictionary: hash table has %llu entries for %llu terms",
                         (unsigned long long)used, (unsigned long long)reader->count);
    }
    return 0;
}

static bool sample_agrees(const struct terms_reader *reader, uint64_t sample_index, struct bytes term)
{
    uint8_t expected[TERMS_SAMPLE_BYTES];
    terms_sample(term, expected);
    const uint8_t *sample =
        extent_view_at(reader->index, reader->sample_offset + sample_index * TERMS_SAMPLE_BYTES, TERMS_SAMPLE_BYTES);
    return sample != NULL && memcmp(sample, expected, sizeof expected) == 0;
}

int terms_check(const struct terms_reader *reader, aisle_error *error)
{
    struct terms_cursor cursor;
    uint8_t previous[LIMIT_TERM_BYTES];
    size_t previous_size = 0;
    uint64_t count = 0;
    int status = check_table(reader, error);
    if (status != 0) {
        return status;
    }
    status = terms_cursor_seek(&cursor, reader, bytes_of(NULL, 0));
    for (; status == 0; status = terms_cursor_next(&cursor)) {
        struct bytes value;
        if (bytes_compare(cursor.term, bytes_of(previous, previous_size)) <= 0) {
            return error_set(error, AISLE_CORRUPT, "dictionary: term %llu is out of order", (unsigned long long)count);
        }
        if (terms_find(reader, cursor.term, &value) != 0 || value.data != cursor.value.data) {
            return error_set(error, AISLE_CORRUPT, "dictionary: term %llu is not found by its hash",
                             (unsigned long long)count);
        }
        uint64_t sample_terms = (uint64_t)TERMS_BLOCK_TERMS * TERMS_SAMPLE_BLOCKS;
        if (count % sample_terms == 0 && !sample_agrees(reader, count / sample_terms, cursor.term)) {
            return error_set(error, AISLE_CORRUPT, "dictionary: sample %llu differs from its term",
                             (unsigned long long)(count / sample_terms));
        }
        memcpy(previous, cursor.term.data, cursor.term.size);
        previous_size = cursor.term.size;
        count++;
    }
    if (status != AISLE_END || count != reader->count) { /* LCOV_EXCL_BR_LINE: cursors count, too, but a check asks */
        return error_set(error, AISLE_CORRUPT, "dictionary: block %llu cannot be read",
                         (unsigned long long)(count / TERMS_BLOCK_TERMS));
    }
    return 0;
}
