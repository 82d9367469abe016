/*
 * lexicon_list.c - reading the list of the codes that have a gram, code by code.
 */
#include "lexicon/lexicon_private.h"

int lexicon_list_open(const struct lexicon_part *part, const uint8_t *row, struct lexicon_list *list)
{
    uint64_t offset = load_u64(row + 8);
    uint32_t count = load_u32(row + 4);
    if (offset > part->footer.lists_bytes || count == 0 || count > part->words) {
        return AISLE_CORRUPT;
    }
    *list = (struct lexicon_list){
        .part = part, .offset = part->footer.lists_offset + offset, .left = count, .count = count};
    return 0;
}

static int next_byte(struct lexicon_list *list, uint8_t *byte)
{
    if (list->next == list->end) {
        uint64_t page = EXTENT_PAGE_BYTES - list->offset % EXTENT_PAGE_BYTES;
        uint64_t extent = EXTENT_PAYLOAD - list->offset % EXTENT_PAYLOAD;
        uint64_t section = list->part->footer.lists_offset + list->part->footer.lists_bytes - list->offset;
        uint64_t size = page < extent ? page : extent;
        size = size < section ? size : section;
        list->next = lexicon_at(list->part, list->offset, size);
        if (list->next == NULL) {
            return AISLE_CORRUPT;
        }
        list->end = list->next + size;
        list->offset += size;
    }
    *byte = *list->next++;
    return 0;
}

int lexicon_list_next(struct lexicon_list *list)
{
    uint64_t step = 0;
    uint8_t byte = 0x80;
    if (list->left == 0) {
        return AISLE_END;
    }
    for (unsigned shift = 0; (byte & 0x80) != 0; shift += 7) {
        if (shift > 28 || next_byte(list, &byte) != 0) {
            return AISLE_CORRUPT;
        }
        step |= (uint64_t)(byte & 0x7f) << shift;
    }
    bool first = list->left == list->count;
    if ((step == 0 && !first) || list->code + step >= list->part->first[LEXICON_PLAIN * LEXICON_LENGTHS]) {
        return AISLE_CORRUPT;
    }
    list->code += (uint32_t)step;
    list->left--;
    return 0;
}
