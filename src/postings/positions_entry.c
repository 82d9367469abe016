/*
 * positions_entry.c - one posting's occurrences to an entry and back.
 *
 * Thread rule: functions touch only what they are given.
 */
#include "postings/positions_private.h"

static uint8_t *store_number(uint8_t *p, uint32_t number)
{
    for (; number >= 1u << POSITIONS_LAST_BITS; number >>= POSITIONS_MORE_BITS) {
        *p++ = (uint8_t)(number | POSITIONS_MORE);
    }
    *p++ = (uint8_t)number;
    return p;
}

void positions_encode(const struct position *occurrences, size_t count, struct buf *out)
{
    size_t room = count * POSITIONS_OCCURRENCE_BYTES_MAX;
    uint8_t written[2];
    size_t size = count == 1 ? positions_encode_short(occurrences, written) : 0;
    if (size != 0) {
        buf_put(out, written, size);
        return;
    }
    uint8_t *start = buf_extend(out, room);
    uint8_t *p = start;
    uint32_t before = 0;
    if (start == NULL || count == 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        p = store_number(p, occurrences[i].place - before);
        before = occurrences[i].place;
        for (uint32_t span = occurrences[i].span; span > 1; span--) {
            *p++ = 0;
        }
    }
    p[-1] |= POSITIONS_ENTRY_END;
    out->size -= room - (size_t)(p - start);
}

/* Walks the entry at *next; out may be NULL. Inlined for both cases. */
static inline __attribute__((always_inline)) int walk(const uint8_t **next, const uint8_t *end, struct position *out,
                                                      size_t *count)
{
    struct position at = {.place = 0};
    size_t found = 0;
    bool ends = false;
    while (!ends) {
        uint32_t number;
        if (!positions_take_number(next, end, &number, &ends)) {
            return AISLE_CORRUPT;
        }
        if (number == 0 && found != 0) {
            at.span++;
        } else {
            at.place += number;
            at.span = 1;
            found++;
        }
        if (at.place >= LIMIT_PLACE || at.span > POSITIONS_SPAN_MAX) {
            return AISLE_CORRUPT;
        }
        if (out != NULL) { /* LCOV_EXCL_BR_LINE: a constant of each inlined copy */
            out[found - 1] = at;
        }
    }
    *count = found;
    return 0;
}

int positions_decode(struct bytes entry, struct position *out, size_t *count)
{
    const uint8_t *next = entry.data;
    const uint8_t *end = entry.size == 0 ? entry.data : entry.data + entry.size;
    *count = 0;
    int status = walk(&next, end, out, count);
    return status == 0 && next != end ? AISLE_CORRUPT : status;
}

int positions_entry_check(const uint8_t **next, const uint8_t *end)
{
    size_t count;
    return walk(next, end, NULL, &count);
}

bool positions_are(struct bytes entries, size_t count)
{
    if (entries.size < count || count > UINT32_MAX || count == 0) {
        return entries.size == 0 && count == 0;
    }
    const uint8_t *end = entries.data + entries.size;
    return positions_skip(entries.data, end, (uint32_t)count) == end;
}
