/*
 * lexicon_read.c - opening a part and finding words in it.
 */
#include "lexicon/lexicon_private.h"

/* Numbers and places of all classes, from the table. */
static int read_classes(struct lexicon_part *part)
{
    const struct lexicon_footer *footer = &part->footer;
    const uint8_t *table = lexicon_at(part, footer->classes_offset, footer->class_count * LEXICON_CLASS_BYTES);
    uint32_t class = 0;
    uint64_t words = 0;
    if (table == NULL && footer->class_count != 0) {
        return AISLE_CORRUPT;
    }
    for (uint32_t i = 0; i < footer->class_count; i++) {
        const uint8_t *row = table + i * LEXICON_CLASS_BYTES;
        uint32_t next = load_u16(row);
        uint32_t count = load_u32(row + 4);
        uint64_t offset = load_u64(row + 8);
        if (next < class || next >= LEXICON_CLASSES || next % LEXICON_LENGTHS == 0 || count == 0 ||
            offset >= footer->masks_offset) {
            return AISLE_CORRUPT;
        }
        while (class <= next) {
            part->first[class++] = (uint32_t)words;
        }
        part->offset[next] = offset;
        words += count;
        if (words > footer->word_count) {
            return AISLE_CORRUPT;
        }
    }
    while (class <= LEXICON_CLASSES) {
        part->first[class++] = (uint32_t)words;
    }
    return words == footer->word_count ? 0 : AISLE_CORRUPT;
}

/* Whether a section of count * size bytes ends before the next. */
static bool fits(uint64_t offset, uint64_t count, uint64_t size, uint64_t next)
{
    return offset % 16 == 0 && offset <= next && count * size <= next - offset;
}

/* Whether as many entries and buckets as the footer says have room. */
static bool fit_blocks(const struct lexicon_footer *footer)
{
    uint64_t buckets = (UINT64_C(1) << footer->bucket_bits) + (UINT64_C(1) << footer->range_bits);
    return footer->blocks_offset <= footer->ranges_offset && footer->entry_count <= UINT32_MAX &&
           (footer->entry_count + buckets) * sizeof(uint32_t) <= footer->ranges_offset - footer->blocks_offset;
}

static bool is_sound(const struct lexicon_footer *footer, uint64_t size)
{
    return footer->word_count <= LIMIT_LEXICON_WORDS &&
           footer->root_count <= footer->node_count && footer->class_count < LEXICON_CLASSES &&
           footer->bucket_bits < 32 && footer->range_bits <= LEXICON_RANGE_BITS_MAX &&
           footer->range_bits <= footer->bucket_bits &&
           footer->masks_offset % 16 == 0 && footer->masks_offset <= footer->blocks_offset &&
           fit_blocks(footer) &&
           fits(footer->ranges_offset, UINT64_C(1) << footer->range_bits, sizeof(uint64_t), footer->lists_offset) &&
           fits(footer->lists_offset, footer->lists_bytes, 1, footer->grams_offset) &&
           fits(footer->grams_offset, footer->gram_count, LEXICON_GRAM_BYTES, footer->trie_offset) &&
           fits(footer->trie_offset, footer->node_count, LEXICON_NODE_BYTES, footer->classes_offset) &&
           fits(footer->classes_offset, footer->class_count, LEXICON_CLASS_BYTES, size - LEXICON_FOOTER_BYTES);
}

int lexicon_open(struct lexicon_part *part, const struct extent_view *view)
{
    *part = (struct lexicon_part){.view = view};
    if (view->size < LEXICON_FOOTER_BYTES) {
        return AISLE_CORRUPT;
    }
    const uint8_t *footer = lexicon_at(part, view->size - LEXICON_FOOTER_BYTES, LEXICON_FOOTER_BYTES);
    if (footer == NULL) {
        return AISLE_CORRUPT;
    }
    memcpy(&part->footer, footer, sizeof part->footer);
    if (part->footer.magic != LEXICON_MAGIC || part->footer.version == 0) {
        return AISLE_CORRUPT;
    }
    if (part->footer.version > LEXICON_VERSION) {
        return AISLE_NEWER_FORMAT;
    }
    if (!is_sound(&part->footer, view->size)) {
        return AISLE_CORRUPT;
    }
    part->words = part->footer.word_count;
    return read_classes(part);
}

int lexicon_lower_bound_in(const struct lexicon_part *part, uint32_t class, struct bytes beginning, uint32_t low,
                           uint32_t high, uint32_t *index)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const uint8_t *text = lexicon_text(part, class, middle);
        if (text == NULL) {
            return AISLE_CORRUPT;
        }
        if (memcmp(text, beginning.data, beginning.size) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *index = low;
    return 0;
}

int lexicon_lower_bound(const struct lexicon_part *part, uint32_t class, struct bytes beginning, uint32_t *index)
{
    return lexicon_lower_bound_in(part, class, beginning, 0, part->first[class + 1] - part->first[class], index);
}

int lexicon_find(const struct lexicon_part *part, struct bytes word, uint32_t *number)
{
    uint32_t class = lexicon_class_of(lexicon_group_of(word), word.size);
    uint32_t index;
    int status = lexicon_lower_bound(part, class, word, &index);
    if (status != 0) {
        return status;
    }
    if (index == part->first[class + 1] - part->first[class]) {
        return AISLE_END;
    }
    const uint8_t *text = lexicon_text(part, class, index);
    if (text == NULL) {
        return AISLE_CORRUPT;
    }
    *number = part->first[class] + index;
    return memcmp(text, word.data, word.size) == 0 ? 0 : AISLE_END;
}

int lexicon_has(const struct lexicon *lexicon, struct bytes word)
{
    int status = AISLE_END;
    if (word.size == 0 || word.size > LIMIT_TERM_BYTES) {
        return AISLE_END;
    }
    for (size_t i = 0; i < lexicon->count && status == AISLE_END; i++) {
        uint32_t number;
        status = lexicon_find(lexicon->parts[i], word, &number);
    }
    return status;
}
