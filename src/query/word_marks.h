/*
 * word_marks.h - how strongly a frequent word stands in each 64 documents: the dominating code of its postings there,
 * kept with the segment by the searches that look.
 *
 * A block of a frequent word covers thousands of documents, one of which nearly always has the word where it is worth
 * most, and one has anything else that is asked for; of 64 documents seldom one both. So what is worth something
 * besides words, and whose groups of 64 documents are known (value_marks.h), is put beside the word group by group.
 * Codes hold for whatever the word is worth: marks of postings, which never change, hold as long as the segment.
 *
 * Kept are the marks of the first WORD_MARKS lists that are asked for: 17 bytes a page of 1,024 documents and list.
 * Thread rule: any number of threads read and fill; what they fill is the same.
 */
#ifndef AISLE_QUERY_WORD_MARKS_H
#define AISLE_QUERY_WORD_MARKS_H

#include "query/value_marks.h"

#define WORD_MARKS 64u /* lists of a segment; a power of two */

/* A list must have one posting in so many documents, about one a page: of fewer, blocks are as fast. */
#define WORD_MARKS_SHARE 1024u

/* The marks of one list. */
struct word_marks {
    _Atomic uint8_t *known;   /* by page: 1 when filled */
    _Atomic uint64_t *groups; /* WORD_MARKS_PAGE_WORDS for each page that is known */
    uint32_t pages;
};

/* Dominating codes of the groups of a page, in their order in memory. */
#define WORD_MARKS_PAGE_WORDS (VALUE_MARKS_PAGE_GROUPS / sizeof(uint64_t))

/* Finds the marks of a list, or begins them. False: it is too short, or there is no room or no memory for them. */
bool word_marks_open(const struct segment *segment, const struct postings_list *list, struct word_marks *out);

/*
 * Fills pages from first to last, unless they are. *spare: how many may be; they are taken off. False when there were
 * more, or when a list or page could not be read, which shows where it is read for its own sake.
 */
bool word_marks_fill(const struct word_marks *marks, const struct segment *segment, const struct postings_list *list,
                     uint32_t first, uint32_t last, uint32_t *spare);

/* Copies the codes of the groups of count pages, which are known, from first on: VALUE_MARKS_PAGE_GROUPS for each. */
static inline void word_marks_copy(const struct word_marks *marks, uint32_t first, uint32_t count, uint8_t *codes)
{
    for (size_t i = 0; i < count * WORD_MARKS_PAGE_WORDS; i++) {
        uint64_t word = atomic_load_explicit(&marks->groups[first * WORD_MARKS_PAGE_WORDS + i], memory_order_relaxed);
        memcpy(codes + i * sizeof word, &word, sizeof word);
    }
}

#endif
