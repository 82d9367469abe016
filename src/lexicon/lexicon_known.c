/*
 * lexicon_known.c - which of many words a lexicon has.
 *
 * Within a class a part's words stand in the order of their bytes. So words that come in that order are each looked for
 * behind the one before of their class, in steps that double, which mostly ends in the same cache lines.
 */
#include "lexicon/lexicon_write.h"

#include "base/alloc.h"
#include "base/bitset.h"

/* *index: the first word of the class, from *index on, that does not stand before the word. AISLE_CORRUPT. */
static int seek(const struct lexicon_part *part, uint32_t class, struct bytes word, uint32_t *index)
{
    uint32_t count = part->first[class + 1] - part->first[class];
    uint32_t low = *index;
    uint32_t step = 1;
    while (step <= count - low) {
        const uint8_t *text = lexicon_text(part, class, low + step - 1);
        if (text == NULL) {
            return AISLE_CORRUPT;
        }
        if (memcmp(text, word.data, word.size) >= 0) {
            break;
        }
        low += step;
        step *= 2;
    }
    uint32_t high = step <= count - low ? low + step - 1 : count;
    return lexicon_lower_bound_in(part, class, word, low, high, index);
}

/* Whether a part has a word: looks from where the class's word before it stands, or would, and notes where that is. */
static int find(const struct lexicon_part *part, struct bytes word, uint32_t reached[LEXICON_CLASSES], bool *has)
{
    uint32_t class = lexicon_class_of(lexicon_group_of(word), word.size);
    int status = seek(part, class, word, &reached[class]);
    if (status != 0 || reached[class] == part->first[class + 1] - part->first[class]) {
        return status;
    }
    const uint8_t *text = lexicon_text(part, class, reached[class]);
    *has = text != NULL && memcmp(text, word.data, word.size) == 0;
    return text == NULL ? AISLE_CORRUPT : 0;
}

/* The words that are looked for, in order. */
struct wanted {
    const struct bytes *words;
    struct radix_entry *order; /* owned: numbers of words */
    size_t count;
};

/* Sets the bits of what the part has, which is not looked for any more. */
static int look_in(const struct lexicon_part *part, struct wanted *wanted, uint64_t *known)
{
    uint32_t reached[LEXICON_CLASSES] = {0};
    size_t left = 0;
    int status = 0;
    for (size_t i = 0; i < wanted->count && status == 0; i++) {
        struct radix_entry entry = wanted->order[i];
        struct bytes word = wanted->words[entry.value];
        bool has = false;
        lexicon_ask_ahead(wanted->order, wanted->words, wanted->count, i);
        if (word.size != 0 && word.size <= LIMIT_TERM_BYTES) {
            status = find(part, word, reached, &has);
        }
        if (has) {
            bitset_set(known, entry.value);
        } else {
            wanted->order[left++] = entry;
        }
    }
    wanted->count = left;
    return status;
}

int lexicon_has_many(const struct lexicon *lexicon, const struct bytes *words, size_t count, uint64_t *known)
{
    struct wanted wanted = {.words = words, .order = mem_alloc(count * sizeof *wanted.order), .count = count};
    struct radix_entry *scratch = mem_alloc(count * sizeof *scratch);
    int status = wanted.order == NULL || scratch == NULL ? AISLE_NO_MEMORY : 0;
    memset(known, 0, bitset_words(count) * sizeof *known);
    if (status == 0) {
        lexicon_sort(wanted.order, scratch, words, count);
    }
    mem_free(scratch);
    for (size_t i = 0; i < lexicon->count && status == 0; i++) {
        status = look_in(lexicon->parts[i], &wanted, known);
    }
    mem_free(wanted.order);
    return status;
}
