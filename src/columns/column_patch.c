/*
 * column_patch.c - values of a page changed: code by code where its frame holds them, else by encoding it anew.
 *
 * Patches of prices and stock change a value or two in each of thousands of pages a commit, seldom the least or most
 * of a page. A frame that is kept may be one that encoding anew would not choose (coarser units might do by now).
 *
 * Thread rule: pure functions.
 */
#include "columns/columns_format.h"

/* The code of a value in the page's frame; false when it has none. */
static bool code_of(const struct column_header *header, int64_t value, uint64_t *code)
{
    int64_t units = value;
    *code = 0;
    if (value == COLUMN_MISSING) {
        return header->has_missing;
    }
    if (header->encoding == COLUMN_DECIMAL && !column_to_decimal(value, header->unit, &units)) {
        return false;
    }
    uint32_t shift = header->encoding == COLUMN_FRAME ? header->unit : 0;
    uint64_t above = (uint64_t)units - (uint64_t)header->least;
    *code = (above >> shift) + header->has_missing;
    return units >= header->least && units <= header->greatest && (above & ((UINT64_C(1) << shift) - 1)) == 0;
}

/* Where a code lies: a word at a byte, from bit on. */
struct code_place {
    uint8_t *word;
    uint32_t bit;
    uint64_t mask;
};

static struct code_place place_of(uint8_t *body, uint32_t width, uint32_t index)
{
    size_t bit = (size_t)width * index;
    return (struct code_place){body + bit / 8, bit % 8, width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1};
}

static bool has_value(struct bytes page, int64_t value)
{
    uint64_t bits[COLUMN_PAGE_DOCUMENTS / 64];
    uint64_t any = 0;
    uint32_t documents = 0;
    if (column_page_match(page, value, value, bits, &documents) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < (documents + 63) / 64; i++) {
        any |= bits[i];
    }
    return any != 0;
}

/*
 * Changes codes of page, a copy of what header was read from. False, with some changed, when the frame has to become
 * another: a value is outside, or the least or greatest, or maybe the only missing one, has gone.
 */
static bool change_codes(const struct column_header *header, uint8_t *page, size_t size,
                         const struct column_change *changes, size_t count)
{
    uint32_t shift = header->encoding == COLUMN_FRAME ? header->unit : 0;
    uint64_t first = header->has_missing;
    uint64_t last = (((uint64_t)header->greatest - (uint64_t)header->least) >> shift) + first;
    bool lost_least = false, lost_greatest = false;
    for (size_t i = 0; i < count; i++) {
        struct code_place place = place_of(page + COLUMN_HEADER_BYTES, header->width, changes[i].index);
        uint64_t word = load_u64(place.word);
        uint64_t old = word >> place.bit & place.mask;
        uint64_t code;
        if (!code_of(header, changes[i].value, &code) || (old < first && code != old)) {
            return false;
        }
        store_u64(place.word, (word & ~(place.mask << place.bit)) | code << place.bit);
        lost_least = lost_least || old == first;
        lost_greatest = lost_greatest || old == last;
    }
    int64_t min, max;
    column_header_range(header, &min, &max);
    return (!lost_least || has_value(bytes_of(page, size), min)) &&
           (!lost_greatest || has_value(bytes_of(page, size), max));
}

static bool patch_in_place(const struct column_header *header, struct bytes page, const struct column_change *changes,
                           size_t count, struct buf *out)
{
    size_t before = out->size;
    if (header->kind == COLUMN_ASCENDING || header->width == 0) {
        return false;
    }
    uint8_t *copy = buf_extend(out, page.size);
    if (copy == NULL) {
        return true; /* as the buffer tells */
    }
    memcpy(copy, page.data, page.size);
    if (!change_codes(header, copy, page.size, changes, count)) {
        out->size = before;
        return false;
    }
    return true;
}

int column_page_patch(struct bytes page, const struct column_change *changes, size_t count, struct buf *out)
{
    struct column_header header;
    int64_t values[COLUMN_PAGE_DOCUMENTS];
    uint32_t value_count = 0;
    if (column_header_decode(page, &header) != 0) {
        return AISLE_CORRUPT;
    }
    for (size_t i = 0; i < count; i++) {
        if (changes[i].index >= header.count) {
            return AISLE_INVALID;
        }
    }
    if (patch_in_place(&header, page, changes, count, out)) {
        return buf_status(out);
    }
    if (column_page_decode(page, values, &value_count) != 0) {
        return AISLE_CORRUPT;
    }
    for (size_t i = 0; i < count; i++) {
        values[changes[i].index] = changes[i].value;
    }
    return column_page_encode(header.kind, values, value_count, out);
}
