/*
 * postings_batch.c - many postings by one call: runs of a block, sums of scores in a window, tests of candidates.
 *
 * A query pays for a call once a block here, not once a posting. Stepping and seeking are postings_read.c; bits without
 * scores are postings_fill.c. Bitsets are not decoded to documents where the bits themselves will do. How many bits one
 * holds is compared with its block's postings before the codes they point at are used.
 */
#include "postings/postings_private.h"

#include "base/bitset.h"

#define WORD_BYTES sizeof(uint64_t)

size_t postings_cursor_batch(struct postings_cursor *cursor, uint32_t last, const uint32_t **documents,
                             const uint8_t **codes)
{
    if (cursor->document > last || cursor->document == POSTINGS_END || !cursor_settle(cursor) ||
        (codes != NULL && !cursor_load_codes(cursor))) {
        return 0;
    }
    uint32_t index = cursor->index;
    *documents = cursor->documents + index;
    if (codes != NULL) {
        *codes = cursor->codes + index;
        cursor->code_ready = true;
    }
    if (last < cursor->block_last) {
        cursor->index = cursor->kernels->find(cursor->documents, index, cursor->decoded, last + 1);
        cursor->document = cursor->documents[cursor->index];
        return cursor->index - index;
    }
    uint32_t count = cursor->decoded - index;
    bool other = cursor->documents == cursor->document_rooms[0];
    cursor->documents = cursor->document_rooms[other];
    cursor->codes = cursor->code_rooms[other];
    (void)cursor_enter_next(cursor);
    return count;
}

/* How many bits, from the current document's on, are before bit end of the current block's bitset. */
static uint32_t count_bits(const struct postings_cursor *cursor, uint32_t end)
{
    uint32_t start = cursor->document - cursor->bits_first;
    const uint8_t *words = cursor->bits + start / 64 * WORD_BYTES;
    return (uint32_t)(bitset_rank(words, end - start / 64 * 64) - bitset_rank(words, start % 64));
}

/* Adds the parts of the current block, an undecoded bitset, from the current document on. */
static void add_bits(struct postings_cursor *cursor, const struct window *window, const int32_t table[256],
                     int32_t *scores)
{
    uint32_t start = cursor->document - cursor->bits_first;
    bool whole = cursor->block_last < window->end;
    uint32_t end = (whole ? cursor->block_last + 1 : (uint32_t)window->end) - cursor->bits_first;
    if (!cursor_find_index(cursor) || !cursor_load_codes(cursor)) {
        return;
    }
    uint32_t left = cursor->block_postings - cursor->index;
    uint32_t inside = count_bits(cursor, end);
    if (inside > left || (whole && inside != left)) {
        cursor_fail(cursor);
        return;
    }
    const uint8_t *codes = cursor->codes + cursor->index;
    for (uint32_t i = start / 64; i * 64 < end; i++) {
        uint64_t word = load_u64(cursor->bits + i * WORD_BYTES);
        word &= i == start / 64 ? UINT64_MAX << (start % 64) : UINT64_MAX;
        word &= end - i * 64 < 64 ? ~(UINT64_MAX << (end % 64)) : UINT64_MAX;
        for (; word != 0; word &= word - 1) {
            uint32_t document = cursor->bits_first + i * 64 + (uint32_t)__builtin_ctzll(word);
            scores[document - window->from] += table[*codes++];
        }
    }
    if (window->bits != NULL) {
        window_set_bits(window, cursor);
    }
}

/* Adds the parts of the current block's documents from the current one on. */
static void add_documents(struct postings_cursor *cursor, const struct window *window, const int32_t table[256],
                          int32_t *scores)
{
    if (!cursor_settle(cursor) || !cursor_load_codes(cursor)) {
        return;
    }
    uint32_t inside = window_count_documents(window, cursor);
    const uint32_t *documents = cursor->documents + cursor->index;
    const uint8_t *codes = cursor->codes + cursor->index;
    for (uint32_t i = 0; i < inside; i++) {
        scores[documents[i] - window->from] += table[codes[i]];
    }
    if (window->bits != NULL) {
        window_set_documents(window, documents, inside);
    }
}

void postings_cursor_accumulate(struct postings_cursor *cursor, uint32_t from, uint32_t count, const int32_t table[256],
                                int32_t *scores, uint64_t *bits)
{
    struct window window = {from, (uint64_t)from + count, bits};
    uint32_t document = postings_cursor_seek(cursor, from);
    while (document < window.end && document != POSTINGS_END) {
        if (cursor->decoded == 0 && cursor->bits != NULL) {
            add_bits(cursor, &window, table, scores);
        } else {
            add_documents(cursor, &window, table, scores);
        }
        if (cursor->document != POSTINGS_END) {
            window_leave(&window, cursor);
        }
        document = cursor->document;
    }
}

void postings_cursor_lookup(struct postings_cursor *cursor, const uint32_t *documents, size_t count, uint8_t *codes,
                            uint64_t *found)
{
    memset(found, 0, bitset_words(count) * sizeof *found);
    for (size_t i = 0; i < count; i++) {
        if (postings_cursor_seek(cursor, documents[i]) == documents[i]) {
            if (codes != NULL) {
                uint8_t code = postings_cursor_code(cursor);
                if (cursor->document == POSTINGS_END) {
                    return;
                }
                codes[i] = code;
            }
            bitset_set(found, i);
        }
    }
}
