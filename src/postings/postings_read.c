/*
 * postings_read.c - the cursor: opening a list, stepping, seeking, codes.
 *
 * What seeks and bounds find out about blocks they have from postings_bound.c; bits are filled by postings_fill.c.
 * A block is decoded when a place in it is asked for. The first block of a list with skip data waits until somebody
 * moves inside it, since the record tells the first document; a bitset waits until somebody steps through it, since a
 * seek needs but one of its words.
 */
#include "postings/postings_private.h"

#include "base/bitset.h"

#define WORD_BYTES sizeof(uint64_t)
#define SINGLE_CODES 2u /* of a block, before all of them are decoded */

static void end_cursor(struct postings_cursor *cursor)
{
    cursor->document = POSTINGS_END;
    cursor->index = 0;
    cursor->decoded = 0;
    cursor->code_ready = false;
    cursor->bits = NULL;
    cursor->skip_first = POSTINGS_END;
    cursor->skip_last = 0;
}

void cursor_fail(struct postings_cursor *cursor)
{
    cursor->status = AISLE_CORRUPT;
    end_cursor(cursor);
}

/* The bytes of the block at the skip position; empty when there are none. */
static struct bytes stored_block(const struct postings_cursor *cursor)
{
    const struct postings_list *list = &cursor->list;
    uint64_t start = list->at.block_offset;
    uint64_t size = list->size;
    if (list->kind == POSTINGS_INLINE) {
        return bytes_of(list->at.block, list->size);
    }
    if (cursor->superblock_count != 0) {
        uint32_t i = cursor->skip_block % POSTINGS_SUPERBLOCK_BLOCKS;
        uint64_t end = cursor->superblock_base + load_u16(cursor->ends + i * sizeof(uint16_t));
        start = cursor->superblock_base + (i == 0 ? 0 : load_u16(cursor->ends + (i - 1) * sizeof(uint16_t)));
        if (end <= start) {
            return bytes_of(NULL, 0);
        }
        uint64_t extent_start = (end - 1) / EXTENT_PAYLOAD * EXTENT_PAYLOAD;
        start = start < extent_start ? extent_start : start;
        size = end - start;
    }
    const uint8_t *stored = extent_view_at(&cursor->source->blocks, start, size);
    return bytes_of(stored, stored == NULL ? 0 : size);
}

/* Reads the current block, which is at the skip position: its documents or where its bits are. */
static bool load_block(struct postings_cursor *cursor)
{
    struct block_parts parts;
    struct block_place place = {.stored = stored_block(cursor),
                                .count = cursor->block_postings,
                                .before = (int64_t)cursor->skip_first - 1,
                                .kernels = cursor->kernels};
    if (place.stored.size == 0 || block_decode(&place, &parts, cursor->documents) != 0) {
        cursor_fail(cursor);
        return false;
    }
    uint32_t last = parts.bits == NULL ? cursor->documents[cursor->block_postings - 1] : parts.bits_last;
    if (cursor->superblock_count == 0) {
        cursor->block_last = last;
        cursor->skip_last = last;
    }
    if (last != cursor->block_last || last >= cursor->source->document_count) {
        cursor_fail(cursor);
        return false;
    }
    cursor->decoded = parts.bits == NULL ? cursor->block_postings : 0;
    cursor->bits = parts.bits;
    cursor->bits_first = parts.bits_first;
    cursor->bits_words = parts.bits_words;
    cursor->rank_word = 0;
    cursor->rank_before = 0;
    cursor->coded = parts.coded;
    return true;
}

/* Makes the block at the skip position the current one, not yet read. */
static void adopt_block(struct postings_cursor *cursor)
{
    bool is_final = cursor->skip_block + 1 == cursor->block_count;
    cursor->block = cursor->skip_block;
    cursor->block_last = cursor->skip_last;
    cursor->block_dominant = cursor->skip_dominant;
    cursor->block_postings = is_final ? (cursor->list.count - 1) % POSTINGS_BLOCK + 1 : POSTINGS_BLOCK;
    cursor->index = 0;
    cursor->decoded = 0;
    cursor->bits = NULL;
    cursor->code_ready = false;
    cursor->has_codes = false;
    cursor->codes_asked = 0;
}

bool cursor_enter(struct postings_cursor *cursor)
{
    adopt_block(cursor);
    if (!load_block(cursor)) {
        return false;
    }
    cursor->document = cursor->bits == NULL ? cursor->documents[0] : cursor->bits_first;
    return true;
}

bool cursor_enter_next(struct postings_cursor *cursor)
{
    if (cursor->block + 1 >= cursor->block_count) {
        end_cursor(cursor);
        return false;
    }
    return skip_to_block(cursor, cursor->block + 1) && cursor_enter(cursor);
}

/* Reads the first block, known only by its first document so far. */
static bool load_first(struct postings_cursor *cursor)
{
    if (!skip_to_block(cursor, cursor->block) || !load_block(cursor)) {
        return false;
    }
    if (cursor->document != (cursor->bits == NULL ? cursor->documents[0] : cursor->bits_first)) {
        cursor_fail(cursor);
        return false;
    }
    cursor->index = 0;
    return true;
}

bool cursor_load(struct postings_cursor *cursor)
{
    return cursor->decoded != 0 || cursor->bits != NULL || load_first(cursor);
}

bool cursor_settle(struct postings_cursor *cursor)
{
    if (!cursor_load(cursor)) {
        return false;
    }
    if (cursor->decoded != 0) {
        return true;
    }
    if (cursor->lanes->expand(cursor->bits, cursor->bits_words, cursor->bits_first, cursor->block_postings,
                              cursor->documents) != cursor->block_postings) {
        cursor_fail(cursor);
        return false;
    }
    cursor->decoded = cursor->block_postings;
    cursor->index = cursor->kernels->find(cursor->documents, 0, cursor->decoded, cursor->document);
    cursor->code_ready = cursor->has_codes;
    return true;
}

bool cursor_load_codes(struct postings_cursor *cursor)
{
    if (!cursor->has_codes) {
        if (block_decode_codes(cursor->kernels, cursor->coded, cursor->block_postings, cursor->block_dominant,
                               cursor->codes) != 0) {
            cursor_fail(cursor);
            return false;
        }
        cursor->has_codes = true;
    }
    return true;
}

static int open_tiny(struct postings_cursor *cursor)
{
    const struct postings_list *list = &cursor->list;
    memcpy(cursor->documents, list->at.tiny.documents, sizeof list->at.tiny.documents);
    memcpy(cursor->codes, list->at.tiny.codes, sizeof list->at.tiny.codes);
    cursor->has_codes = true;
    cursor->code_ready = true;
    cursor->decoded = list->count;
    cursor->document = cursor->documents[0];
    cursor->block_last = cursor->documents[list->count - 1];
    cursor->skip_last = cursor->block_last;
    if (cursor->block_last >= cursor->source->document_count) {
        cursor_fail(cursor);
    }
    return cursor->status;
}

/* Stands on the first document as the record has it. */
static void open_skips(struct postings_cursor *cursor)
{
    cursor->superblock_count = postings_superblocks_of(cursor->block_count);
    if (!skip_to_block(cursor, 0)) {
        return;
    }
    skip_prefetch_first(cursor); /* nearly always read, when other lists have been opened and bounds looked at */
    adopt_block(cursor);
    cursor->document = cursor->list.at.skips.first;
    if (cursor->document > cursor->block_last) {
        cursor_fail(cursor);
    }
}

int postings_cursor_open(struct postings_cursor *cursor, const struct postings_source *source,
                         const struct postings_list *list)
{
    memset(cursor, 0, offsetof(struct postings_cursor, documents));
    cursor->documents = cursor->document_rooms[0];
    cursor->codes = cursor->code_rooms[0];
    cursor->kernels = bitpack_kernels();
    cursor->lanes = lanes_kernels();
    cursor->source = source;
    cursor->list = *list;
    cursor->block_count = postings_blocks_of(list->count);
    cursor->block_dominant = list->dominant;
    cursor->skip_dominant = list->dominant;
    if (list->kind == POSTINGS_TINY) {
        return open_tiny(cursor);
    }
    if (list->kind == POSTINGS_SHORT || list->kind == POSTINGS_LONG) {
        open_skips(cursor);
    } else {
        (void)cursor_enter(cursor);
    }
    return cursor->status;
}

uint32_t postings_cursor_advance(struct postings_cursor *cursor)
{
    if (cursor->document == POSTINGS_END) {
        return POSTINGS_END;
    }
    if (cursor->decoded == 0) {
        if (!cursor_settle(cursor)) {
            return POSTINGS_END;
        }
        if (cursor->index + 1 < cursor->decoded) {
            cursor->document = cursor->documents[++cursor->index];
            return cursor->document;
        }
    }
    (void)cursor_enter_next(cursor);
    return cursor->document;
}

void cursor_find_bit(struct postings_cursor *cursor, uint32_t target)
{
    uint32_t offset = target - cursor->bits_first;
    uint32_t i = offset / 64;
    uint64_t word = load_u64(cursor->bits + i * WORD_BYTES) & UINT64_MAX << (offset % 64);
    while (word == 0) {
        word = load_u64(cursor->bits + ++i * WORD_BYTES);
    }
    cursor->document = cursor->bits_first + i * 64 + (uint32_t)__builtin_ctzll(word);
    cursor->code_ready = false;
}

uint32_t postings_cursor_find(struct postings_cursor *cursor, uint32_t target)
{
    if (target > cursor->block_last) {
        if (!skip_to(cursor, target)) {
            end_cursor(cursor);
            return POSTINGS_END;
        }
        if (!cursor_enter(cursor) || target <= cursor->document) {
            return cursor->document;
        }
    } else if (!cursor_load(cursor)) {
        return POSTINGS_END;
    }
    if (cursor->decoded == 0) {
        cursor_find_bit(cursor, target);
        return cursor->document;
    }
    cursor->index = cursor->kernels->find(cursor->documents, cursor->index, cursor->decoded, target);
    cursor->document = cursor->documents[cursor->index];
    return cursor->document;
}

bool cursor_rank(struct postings_cursor *cursor, uint32_t document, uint32_t *index)
{
    uint32_t offset = document - cursor->bits_first;
    uint32_t word = offset / 64;
    if (word < cursor->rank_word) {
        cursor->rank_word = 0;
        cursor->rank_before = 0;
    }
    cursor->rank_before +=
        (uint32_t)bitset_count(cursor->bits + cursor->rank_word * WORD_BYTES, word - cursor->rank_word);
    cursor->rank_word = word;
    *index = cursor->rank_before + (uint32_t)bitset_rank(cursor->bits + word * WORD_BYTES, offset % 64);
    if (*index >= cursor->block_postings) {
        cursor_fail(cursor);
        return false;
    }
    return true;
}

bool cursor_find_index(struct postings_cursor *cursor)
{
    if (cursor->document == POSTINGS_END || !cursor_load(cursor)) {
        return false;
    }
    return cursor->decoded != 0 || cursor_rank(cursor, cursor->document, &cursor->index);
}

bool cursor_code_at(struct postings_cursor *cursor, uint32_t index, uint8_t *code)
{
    if (!cursor->has_codes && cursor->codes_asked < SINGLE_CODES) {
        cursor->codes_asked++;
        if (block_decode_code(cursor->coded, cursor->block_postings, cursor->block_dominant, index, code) != 0) {
            cursor_fail(cursor);
            return false;
        }
        return true;
    }
    if (!cursor_load_codes(cursor)) {
        return false;
    }
    *code = cursor->codes[index];
    return true;
}

uint8_t postings_cursor_fetch_code(struct postings_cursor *cursor)
{
    uint8_t code;
    if (!cursor_find_index(cursor) || !cursor_code_at(cursor, cursor->index, &code)) {
        return 0;
    }
    cursor->code_ready = cursor->has_codes;
    return code;
}

uint32_t postings_cursor_find_ordinal(struct postings_cursor *cursor)
{
    return cursor_find_index(cursor) ? cursor->block * POSTINGS_BLOCK + cursor->index : UINT32_MAX;
}
