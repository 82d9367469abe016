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
#define GROUP 16u /* documents looked at together */
#define AHEAD_MAX 8u /* candidates passed over to find one in another block */
#define LOCATE_ALL_MIN (POSTINGS_BLOCK / 8) /* documents of one block, for which it is gone through */

size_t postings_cursor_take(struct postings_cursor *cursor, uint32_t last, const uint32_t **documents,
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
    if (cursor->block + 1 >= cursor->block_count) {
        (void)cursor_enter_next(cursor); /* the end */
    } else {
        cursor->index = cursor->decoded - 1;
        cursor->document = cursor->documents[cursor->index];
    }
    return count;
}

size_t postings_cursor_batch(struct postings_cursor *cursor, uint32_t last, const uint32_t **documents,
                             const uint8_t **codes)
{
    uint32_t block_last = cursor->block_last;
    size_t count = postings_cursor_take(cursor, last, documents, codes);
    if (count != 0 && last >= block_last && cursor->document != POSTINGS_END) {
        bool other = cursor->documents == cursor->document_rooms[0];
        cursor->documents = cursor->document_rooms[other];
        cursor->codes = cursor->code_rooms[other];
        (void)cursor_enter_next(cursor);
    }
    return count;
}

/* How many bits, from the current document's on, are before bit end of the current block's bitset. */
static uint32_t count_bits(const struct postings_cursor *cursor, uint32_t end)
{
    uint32_t start = cursor->document - cursor->bits_first;
    const uint8_t *words = cursor->bits + start / 64 * WORD_BYTES;
    return (uint32_t)(bitset_rank(words, end - start / 64 * 64) - bitset_rank(words, start % 64));
}

/* Adds the parts of the current block, an undecoded bitset, from the current document on; codes differ. */
static void add_bits(struct postings_cursor *cursor, uint32_t start, uint32_t end, const int32_t table[256],
                     int32_t *scores)
{
    int32_t parts[POSTINGS_BLOCK + POSTINGS_SLACK];
    if (!cursor_find_index(cursor) || !cursor_load_codes(cursor)) {
        return;
    }
    uint32_t inside = count_bits(cursor, end);
    if (inside > cursor->block_postings - cursor->index) {
        cursor_fail(cursor);
        return;
    }
    cursor->lanes->price(cursor->codes + cursor->index, inside, table, parts);
    cursor->lanes->add(cursor->bits, start, end, parts, scores);
}

/* Adds what the current block, an undecoded bitset, has in the window. */
static void add_bitset(struct postings_cursor *cursor, const struct window *window, const int32_t table[256],
                       int32_t *scores)
{
    uint32_t start = cursor->document - cursor->bits_first;
    uint32_t last = cursor->block_last < window->end ? cursor->block_last : (uint32_t)window->end - 1;
    uint32_t end = last + 1 - cursor->bits_first;
    scores += cursor->document - window->from;
    if (block_is_equal(cursor->coded)) {
        cursor->lanes->add_equal(cursor->bits, start, end, table[cursor->block_dominant], scores);
    } else {
        add_bits(cursor, start, end, table, scores);
    }
    if (window->bits != NULL && cursor->document != POSTINGS_END) {
        window_set_bits(window, cursor);
    }
}

/* Reads four scores before it writes any: documents differ, which the compiler cannot know. */
static void scatter_group(const uint32_t *documents, const int32_t *parts, uint32_t from, int32_t *scores)
{
    for (size_t i = 0; i < GROUP; i += 4) {
        int32_t *a = scores + (documents[i] - from);
        int32_t *b = scores + (documents[i + 1] - from);
        int32_t *c = scores + (documents[i + 2] - from);
        int32_t *d = scores + (documents[i + 3] - from);
        int32_t sum_a = *a + parts[i];
        int32_t sum_b = *b + parts[i + 1];
        int32_t sum_c = *c + parts[i + 2];
        int32_t sum_d = *d + parts[i + 3];
        *a = sum_a;
        *b = sum_b;
        *c = sum_c;
        *d = sum_d;
    }
}

static void add_group(const int32_t *restrict parts, int32_t *restrict scores)
{
    for (size_t i = 0; i < GROUP; i++) {
        scores[i] += parts[i];
    }
}

/* Adds each document's part. Runs of consecutive documents, as an order by category has them, are added as vectors. */
static void scatter(const uint32_t *documents, const int32_t *parts, size_t count, uint32_t from, int32_t *scores)
{
    size_t i = 0;
    for (; i + GROUP <= count; i += GROUP) {
        uint32_t first = documents[i];
        if (documents[i + GROUP - 1] - first == GROUP - 1) {
            add_group(parts + i, scores + (first - from));
        } else {
            scatter_group(documents + i, parts + i, from, scores);
        }
    }
    for (; i < count; i++) {
        scores[documents[i] - from] += parts[i];
    }
}

/* Adds the parts of the current block's documents from the current one on. */
static void add_documents(struct postings_cursor *cursor, const struct window *window, const int32_t table[256],
                          int32_t *scores)
{
    int32_t parts[POSTINGS_BLOCK + POSTINGS_SLACK];
    if (!cursor_settle(cursor) || !cursor_load_codes(cursor)) {
        return;
    }
    uint32_t inside = window_count_documents(window, cursor);
    const uint32_t *documents = cursor->documents + cursor->index;
    cursor->lanes->price(cursor->codes + cursor->index, inside, table, parts);
    scatter(documents, parts, inside, window->from, scores);
    if (window->bits != NULL) {
        window_set_documents(window, cursor, inside);
    }
}

void postings_cursor_accumulate(struct postings_cursor *cursor, uint32_t from, uint32_t count, const int32_t table[256],
                                int32_t *scores, uint64_t *bits)
{
    struct window window = {from, (uint64_t)from + count, bits};
    uint32_t document = postings_cursor_seek(cursor, from);
    while (document < window.end && document != POSTINGS_END) {
        if (cursor->decoded == 0 && cursor->bits != NULL) {
            add_bitset(cursor, &window, table, scores);
        } else {
            add_documents(cursor, &window, table, scores);
        }
        if (cursor->document != POSTINGS_END) {
            window_leave(&window, cursor);
        }
        document = cursor->document;
    }
}

/* What postings_cursor_lookup was asked, and what it answers. */
struct lookup {
    const uint32_t *documents;
    size_t count;
    size_t next;    /* of documents: those before are done */
    uint8_t *codes; /* NULL: not asked for */
    uint64_t *found;
};

#define RANKED_MIN 3u /* codes of so many documents found in a bitset: their places are counted together */

/* Documents of the current block that were found, of those that share a word of found: a bit for each. */
struct hits {
    size_t first; /* of the documents asked for: bit 0 */
    uint64_t bits;
    uint32_t index[64]; /* in the block; in a bitset it is not known */
};

/* Begins with the next document; returns where those end that share its word of found. */
static size_t begin_hits(const struct lookup *lookup, struct hits *hits)
{
    hits->first = lookup->next - lookup->next % 64;
    hits->bits = 0;
    return lookup->count - hits->first < 64 ? lookup->count : hits->first + 64;
}

/* The places of what was found in a bitset. False at damage. */
static bool rank_hits(struct postings_cursor *cursor, const struct lookup *lookup, struct hits *hits)
{
    size_t from = (size_t)__builtin_ctzll(hits->bits);
    size_t last = 63 - (size_t)__builtin_clzll(hits->bits);
    if (__builtin_popcountll(hits->bits) >= (int)RANKED_MIN) {
        cursor->lanes->rank(cursor->bits, cursor->bits_words, cursor->bits_first, 0,
                            lookup->documents + hits->first + from, last - from + 1, hits->index + from);
        if (hits->index[last] >= cursor->block_postings) {
            cursor_fail(cursor); /* more bits than postings */
            return false;
        }
        return true;
    }
    for (uint64_t left = hits->bits; left != 0; left &= left - 1) {
        size_t i = (size_t)__builtin_ctzll(left);
        if (!cursor_rank(cursor, lookup->documents[hits->first + i], &hits->index[i])) {
            return false;
        }
    }
    return true;
}

/* Whether the document asked for next is the only one of the current block, as most are where blocks are short. */
static bool is_alone(const struct postings_cursor *cursor, const struct lookup *lookup)
{
    size_t behind = lookup->next + 1;
    return behind == lookup->count || lookup->documents[behind] > cursor->block_last;
}

/* Notes that one as found, with its place, which is not known in a bitset. False at damage. */
static bool note_alone(struct postings_cursor *cursor, struct lookup *lookup, uint32_t index)
{
    uint8_t *code = lookup->codes == NULL ? NULL : &lookup->codes[lookup->next];
    bitset_set(lookup->found, lookup->next);
    if (code == NULL || block_is_equal(cursor->coded)) {
        if (code != NULL) {
            *code = cursor->block_dominant;
        }
        return true;
    }
    return (cursor->decoded != 0 || cursor_rank(cursor, lookup->documents[lookup->next], &index)) &&
           cursor_code_at(cursor, index, code);
}

/* Notes what was found, and its codes, if they are asked for. False at damage. */
static bool note_hits(struct postings_cursor *cursor, struct lookup *lookup, struct hits *hits)
{
    bool is_equal = block_is_equal(cursor->coded);
    lookup->found[hits->first / 64] |= hits->bits;
    if (lookup->codes == NULL || hits->bits == 0) {
        return true;
    }
    if (!is_equal && cursor->decoded == 0 && !rank_hits(cursor, lookup, hits)) {
        return false;
    }
    for (uint64_t left = hits->bits; left != 0; left &= left - 1) {
        size_t i = (size_t)__builtin_ctzll(left);
        uint8_t *code = &lookup->codes[hits->first + i];
        *code = cursor->block_dominant;
        if (!is_equal && !cursor_code_at(cursor, hits->index[i], code)) {
            return false;
        }
    }
    return true;
}

/* Tests the documents up to the end of the current block, an undecoded bitset, without moving. */
static void look_in_bits(struct postings_cursor *cursor, struct lookup *lookup)
{
    struct hits hits;
    bool is_sound = true;
    if (is_alone(cursor, lookup)) {
        uint32_t document = lookup->documents[lookup->next];
        uint32_t offset = document - cursor->bits_first;
        bool in = document >= cursor->bits_first && (cursor->bits[offset / 8] >> (offset % 8) & 1) != 0;
        if (!in || note_alone(cursor, lookup, 0)) {
            lookup->next++;
        }
        return;
    }
    while (is_sound && lookup->next < lookup->count && lookup->documents[lookup->next] <= cursor->block_last) {
        size_t end = begin_hits(lookup, &hits);
        for (; lookup->next < end && lookup->documents[lookup->next] <= cursor->block_last; lookup->next++) {
            uint32_t document = lookup->documents[lookup->next]; /* there or not, as likely: no branch */
            uint64_t inside = document >= cursor->bits_first;
            uint32_t offset = inside != 0 ? document - cursor->bits_first : 0;
            uint64_t bit = (uint64_t)cursor->bits[offset / 8] >> (offset % 8) & inside;
            hits.bits |= bit << (lookup->next % 64);
        }
        is_sound = note_hits(cursor, lookup, &hits);
    }
}

/* Likewise where documents are decoded, and moves along. */
static void look_in_documents(struct postings_cursor *cursor, struct lookup *lookup)
{
    struct hits hits;
    uint32_t index = cursor->index;
    bool is_sound = true;
    if (is_alone(cursor, lookup)) {
        bool in = cursor->document == lookup->documents[lookup->next]; /* where a seek has moved */
        if (!in || note_alone(cursor, lookup, index)) {
            lookup->next++;
        }
        return;
    }
    while (is_sound && lookup->next < lookup->count && lookup->documents[lookup->next] <= cursor->block_last) {
        size_t end = begin_hits(lookup, &hits);
        for (; lookup->next < end && lookup->documents[lookup->next] <= cursor->block_last; lookup->next++) {
            uint32_t document = lookup->documents[lookup->next];
            if (cursor->documents[index] < document) {
                index = cursor->kernels->find(cursor->documents, index, cursor->decoded, document);
            }
            hits.index[lookup->next % 64] = index;
            hits.bits |= (uint64_t)(cursor->documents[index] == document) << (lookup->next % 64);
        }
        is_sound = note_hits(cursor, lookup, &hits);
    }
    if (is_sound) {
        cursor->index = index;
        cursor->document = cursor->documents[index];
    }
}

/*
 * When the next document is in a later block, finds that block, and asks for the one behind that will be needed: its
 * bytes are on their way while the first is decoded.
 */
static void look_ahead(struct postings_cursor *cursor, const struct lookup *lookup)
{
    size_t i = lookup->next;
    if (lookup->documents[i] <= cursor->block_last || !skip_to(cursor, lookup->documents[i])) {
        return;
    }
    size_t end = lookup->count - i < AHEAD_MAX ? lookup->count : i + AHEAD_MAX;
    while (i < end && lookup->documents[i] <= cursor->skip_last) {
        i++;
    }
    if (i < end) {
        skip_prefetch(cursor, lookup->documents[i]);
    }
}

void postings_cursor_lookup(struct postings_cursor *cursor, const uint32_t *documents, size_t count, uint8_t *codes,
                            uint64_t *found)
{
    struct lookup lookup = {.documents = documents, .count = count, .codes = codes, .found = found};
    memset(found, 0, bitset_words(count) * sizeof *found);
    while (lookup.next < count && documents[lookup.next] < cursor->document) {
        lookup.next++;
    }
    while (lookup.next < count) {
        look_ahead(cursor, &lookup);
        if (postings_cursor_seek(cursor, documents[lookup.next]) == POSTINGS_END || !cursor_load(cursor)) {
            break;
        }
        if (cursor->decoded == 0) {
            look_in_bits(cursor, &lookup);
        } else {
            look_in_documents(cursor, &lookup);
        }
    }
    if (count != 0) {
        (void)postings_cursor_seek(cursor, documents[count - 1]);
    }
}

/* How many of count documents are not behind last. */
static size_t count_up_to(const uint32_t *documents, size_t count, uint32_t last)
{
    size_t i = 0;
    while (i < count && documents[i] <= last) {
        i++;
    }
    return i;
}

/* Ordinals of count documents of the current block, an undecoded bitset, without moving. False at damage. */
static bool locate_in_bits(struct postings_cursor *cursor, const uint32_t *documents, size_t count, uint32_t *ordinals)
{
    if (bitset_count(cursor->bits, cursor->bits_words) != cursor->block_postings) {
        cursor_fail(cursor);
        return false;
    }
    cursor->lanes->rank(cursor->bits, cursor->bits_words, cursor->bits_first, cursor->block * POSTINGS_BLOCK, documents,
                        count, ordinals);
    return true;
}

/*
 * Takes documents that the block has one after the other, as candidates of a conjunction are, without asking where each
 * is; returns how many, when one is missing, or the block ends.
 */
static size_t locate_all(const struct postings_cursor *cursor, const uint32_t *documents, size_t count,
                         uint32_t *ordinals)
{
    uint32_t base = cursor->block * POSTINGS_BLOCK;
    size_t found = 0;
    for (uint32_t i = cursor->index; i < cursor->decoded && found < count; i++) {
        ordinals[found] = base + i;
        found += cursor->documents[i] == documents[found] ? 1 : 0;
    }
    return found;
}

/* The same where documents are decoded, and moves along. */
static void locate_in_documents(struct postings_cursor *cursor, const uint32_t *documents, size_t count,
                                uint32_t *ordinals)
{
    uint32_t base = cursor->block * POSTINGS_BLOCK;
    uint32_t index = cursor->index;
    size_t i = count >= LOCATE_ALL_MIN ? locate_all(cursor, documents, count, ordinals) : 0;
    index = i == 0 ? index : ordinals[i - 1] - base;
    for (; i < count; i++) {
        if (cursor->documents[index] < documents[i]) {
            index = cursor->kernels->find(cursor->documents, index, cursor->decoded, documents[i]);
        }
        ordinals[i] = cursor->documents[index] == documents[i] ? base + index : UINT32_MAX;
    }
    cursor->index = index;
    cursor->document = cursor->documents[index];
}

void postings_cursor_locate(struct postings_cursor *cursor, const uint32_t *documents, size_t count, uint32_t *ordinals)
{
    size_t next = 0;
    for (; next < count && documents[next] < cursor->document; next++) {
        ordinals[next] = UINT32_MAX;
    }
    while (next < count && postings_cursor_seek(cursor, documents[next]) != POSTINGS_END && cursor_load(cursor)) {
        size_t here = count_up_to(documents + next, count - next, cursor->block_last);
        if (cursor->decoded != 0) {
            locate_in_documents(cursor, documents + next, here, ordinals + next);
        } else if (!locate_in_bits(cursor, documents + next, here, ordinals + next)) {
            break;
        }
        next += here;
    }
    memset(ordinals + next, 0xff, (count - next) * sizeof *ordinals);
    if (count != 0) {
        (void)postings_cursor_seek(cursor, documents[count - 1]);
    }
}
