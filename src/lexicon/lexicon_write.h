/*
 * lexicon_write.h - what the files that write a part share: the sources as one sorted stream that can be read again,
 * and the writers of the sections. Private to lexicon.
 */
#ifndef AISLE_LEXICON_LEXICON_WRITE_H
#define AISLE_LEXICON_LEXICON_WRITE_H

#include "lexicon/lexicon_private.h"

/* A word of the set and its class. */
struct lexicon_place {
    uint32_t place; /* in set->bytes */
    uint32_t class;
};

/* A sorted run: classes of one part, or the set. */
struct lexicon_run {
    struct bytes word; /* the current */
    uint32_t class;    /* its class */
    const struct lexicon_part *part; /* NULL: the set */
    const uint64_t *kept;            /* bits by number; NULL: all */
    uint32_t next; /* number in the part, or index in places */
    uint32_t end;
};

/* All sources as one stream, read as often as wanted. */
struct lexicon_merge {
    const struct lexicon_sources *sources;
    struct lexicon_place *places; /* owned: of the set, sorted as by_bytes says */
    uint64_t **kept;              /* owned: bits for each part's words; NULL: all are kept */
    struct lexicon_run *runs;     /* owned: a heap, least word first */
    size_t run_count;
    size_t run_capacity;
    bool sorted; /* places are, at all */
    bool by_bytes;
};

/* AISLE_NO_MEMORY, AISLE_CORRUPT, or what keep reported. To be released on failure, too. */
must_check int lexicon_merge_init(struct lexicon_merge *merge, const struct lexicon_sources *sources);
void lexicon_merge_release(struct lexicon_merge *merge);

/*
 * Begins anew: all words in the order of their numbers or, by_bytes, the eligible ones in that of their bytes.
 */
must_check int lexicon_merge_begin(struct lexicon_merge *merge, bool by_bytes);

/* The next word and its class; valid to the next call. AISLE_END, AISLE_CORRUPT. */
must_check int lexicon_merge_next(struct lexicon_merge *merge, struct bytes *word, uint32_t *class);

/* A part that is being written. */
struct lexicon_writer {
    struct extent_writer *out;
    struct lexicon_merge merge;
    struct lexicon_footer footer;
    size_t memory_bytes;
    uint32_t class_words[LEXICON_CLASSES];
    uint64_t class_offset[LEXICON_CLASSES];
};

/* Pads to where a section may begin. */
static inline uint64_t lexicon_section(struct lexicon_writer *writer)
{
    return extent_writer_align(writer->out, 1, 16);
}

/* The sections, each filling its part of the footer. */
must_check int lexicon_write_deletes(struct lexicon_writer *writer); /* blocks and ranges */
must_check int lexicon_write_grams(struct lexicon_writer *writer);   /* lists and grams */
must_check int lexicon_write_trie(struct lexicon_writer *writer);

#endif
