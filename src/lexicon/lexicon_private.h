/*
 * lexicon_private.h - what the files of the lexicon share: finding words by number, groups, heads and what they lack.
 */
#ifndef AISLE_LEXICON_LEXICON_PRIVATE_H
#define AISLE_LEXICON_LEXICON_PRIVATE_H

#include "lexicon/lexicon.h"

/* size bytes of the part at offset, as one piece; NULL: damage. */
static inline const uint8_t *lexicon_at(const struct lexicon_part *part, uint64_t offset, size_t size)
{
    return extent_view_at(part->view, offset, size);
}

/* Whether whoever asks has no more time; AISLE_END then goes up to the function that was called. */
static inline bool lexicon_stops(const struct lexicon_ask *ask)
{
    return ask->stops != NULL && ask->stops(ask->context);
}

/* The group of a word of 1 to LIMIT_TERM_BYTES bytes. */
enum lexicon_group lexicon_group_of(struct bytes word);

/* Where the index-th word of a class stands; *left: words of its size that the extent has room for from there. */
static inline uint64_t lexicon_place(const struct lexicon_part *part, uint32_t class, uint32_t index, uint32_t *left)
{
    uint32_t size = class % LEXICON_LENGTHS;
    uint64_t offset = part->offset[class];
    uint32_t room = (uint32_t)(EXTENT_PAYLOAD - offset % EXTENT_PAYLOAD) / size;
    if (index >= room) {
        uint32_t extent_words = (uint32_t)EXTENT_PAYLOAD / size;
        index -= room;
        offset = (offset / EXTENT_PAYLOAD + 1 + index / extent_words) * EXTENT_PAYLOAD;
        index %= extent_words;
        room = extent_words;
    }
    *left = room - index;
    return offset + (uint64_t)index * size;
}

/* The text of the index-th word of a class, whose size is the class's; NULL: damage. */
static inline const uint8_t *lexicon_text(const struct lexicon_part *part, uint32_t class, uint32_t index)
{
    uint32_t left;
    return lexicon_at(part, lexicon_place(part, class, index, &left), class % LEXICON_LENGTHS);
}

/* The same, and in *beside how many of the class stand right behind it. */
static inline const uint8_t *lexicon_texts(const struct lexicon_part *part, uint32_t class, uint32_t index,
                                           uint32_t *beside)
{
    uint32_t left;
    uint32_t behind = part->first[class + 1] - part->first[class] - index;
    uint64_t offset = lexicon_place(part, class, index, &left);
    uint32_t count = behind < left ? behind : left;
    *beside = count - 1;
    return lexicon_at(part, offset, (size_t)count * (class % LEXICON_LENGTHS));
}

/* The class of a word's number, which is below the last; low: a class that is not behind it. */
static inline uint32_t lexicon_class(const struct lexicon_part *part, uint32_t number, uint32_t low)
{
    while (number >= part->first[low + 1]) {
        low++;
    }
    return low;
}

/*
 * *index: the first word of a class that does not stand before those that begin so; how many the class has, if none.
 * beginning is not longer than the class's words. AISLE_CORRUPT.
 */
must_check int lexicon_lower_bound(const struct lexicon_part *part, uint32_t class, struct bytes beginning,
                                   uint32_t *index);

/* The same among the class's words from low on and before high: high, if all of those stand before. */
must_check int lexicon_lower_bound_in(const struct lexicon_part *part, uint32_t class, struct bytes beginning,
                                      uint32_t low, uint32_t high, uint32_t *index);

/* The number of a word: 0, AISLE_END when the part has none, AISLE_CORRUPT. */
must_check int lexicon_find(const struct lexicon_part *part, struct bytes word, uint32_t *number);

/* Eligible words have numbers from the first on and before the second. */
static inline uint32_t lexicon_eligible_first(const struct lexicon_part *part)
{
    return part->first[LEXICON_PLAIN * LEXICON_LENGTHS];
}

static inline uint32_t lexicon_eligible_end(const struct lexicon_part *part)
{
    return part->first[LEXICON_OTHERS * LEXICON_LENGTHS];
}

/* Bits of an entry that say which eligible word it is. */
static inline uint32_t lexicon_number_bits(uint32_t eligible)
{
    return eligible <= 2 ? 1 : 32u - (uint32_t)__builtin_clz(eligible - 1);
}

/* The first LEXICON_PREFIX characters of a valid text, packed; *count: how many. */
uint64_t lexicon_head(struct bytes text, unsigned *count);

/* The mask of a valid text. */
uint32_t lexicon_mask(struct bytes text);

/* At most so many subsequences of a head lack two characters. */
#define LEXICON_DELETES_MAX (LEXICON_PREFIX * (LEXICON_PREFIX - 1) / 2)

/*
 * The subsequences of a head of count characters that lack exactly `lacking` of them, most of equal ones once. Returns
 * how many.
 */
unsigned lexicon_deletes(uint64_t head, unsigned count, unsigned lacking, uint64_t out[LEXICON_DELETES_MAX]);

/* Room for a word's entries. */
#define LEXICON_ENTRIES_MAX (LEXICON_DELETES_MAX + LEXICON_PREFIX + 1u)

/* The subsequences by which a word is entered. */
unsigned lexicon_entries(struct bytes word, uint64_t out[LEXICON_ENTRIES_MAX]);

/* The gram that ends behind place i + 1 of a code of more bytes than that. */
static inline uint32_t lexicon_gram(struct bytes code, size_t i)
{
    uint32_t before = i == 0 ? 0 : code.data[i - 1];
    return before << 16 | (uint32_t)code.data[i] << 8 | code.data[i + 1];
}

/* A list of codes while it is read. */
struct lexicon_list {
    const struct lexicon_part *part;
    const uint8_t *next; /* in the piece at hand */
    const uint8_t *end;
    uint64_t offset; /* of what is behind the piece */
    uint32_t left;   /* codes not read yet */
    uint32_t count;
    uint32_t code; /* read last */
};

/* Opens the list that a row of the table of grams speaks of. AISLE_CORRUPT. */
must_check int lexicon_list_open(const struct lexicon_part *part, const uint8_t *row, struct lexicon_list *list);

/* The next code in list->code. AISLE_END, AISLE_CORRUPT. */
must_check int lexicon_list_next(struct lexicon_list *list);

#endif
