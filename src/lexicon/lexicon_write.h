/*
 * lexicon_write.h - what the files that write a part share: the sources as one sorted stream that can be read again,
 * and the writers of the sections. Private to lexicon.
 */
#ifndef AISLE_LEXICON_LEXICON_WRITE_H
#define AISLE_LEXICON_LEXICON_WRITE_H

#include "base/radix.h"
#include "lexicon/lexicon_private.h"

/* Words that no part has, as a part would number them: by class, then by bytes, each once. */
struct lexicon_loose {
    struct bytes *words; /* owned */
    uint8_t *texts;      /* owned: theirs, in this order, since each of many passes reads them all */
    uint32_t count;
    uint32_t first[LEXICON_CLASSES + 1]; /* number of each class's first word */
};

/* Sorts the list of words of the sources. AISLE_NO_MEMORY, AISLE_LIMIT. To be released on failure, too. */
must_check int lexicon_loose_init(struct lexicon_loose *loose, const struct lexicon_sources *sources);
void lexicon_loose_release(struct lexicon_loose *loose);

/* The first eight bytes of a word as a number, so that numbers compare as words do, but for equal ones. */
static inline uint64_t lexicon_order(struct bytes word)
{
    uint8_t head[sizeof(uint64_t)] = {0};
    if (word.size >= sizeof head) {
        return load_u64_big(word.data);
    }
    memcpy(head, word.data, word.size);
    return load_u64_big(head);
}

/* Makes entries, as many as words with scratch of as many, the words' numbers in the order of the words' bytes. */
void lexicon_sort(struct radix_entry *entries, struct radix_entry *scratch, const struct bytes *words, size_t count);

/* Sorted words lie anywhere: the list is asked for this many ahead of the i-th, and the text of each half as many. */
#define LEXICON_AHEAD 32u

/* gcc leaves calls out that only ask, unless they are inlined at once. */
static inline __attribute__((always_inline)) void lexicon_ask_ahead(const struct radix_entry *sorted,
                                                                    const struct bytes *words, size_t count, size_t i)
{
    if (i + LEXICON_AHEAD < count) {
        __builtin_prefetch(&words[sorted[i + LEXICON_AHEAD].value]);
        __builtin_prefetch(words[sorted[i + LEXICON_AHEAD / 2].value].data);
    }
}

/* What a reading of the sources gives. */
enum lexicon_range {
    LEXICON_ALL,       /* in the order of their numbers */
    LEXICON_CODED,     /* the codes among them, */
    LEXICON_ELIGIBLE,  /* or those that are eligible for similarity */
    LEXICON_ALPHABETIC /* these in the order of their bytes */
};

/* Classes of one part, or of the loose words: a sorted run. */
struct lexicon_run {
    uint64_t order;   /* of the current word */
    struct bytes word; /* the current */
    const struct lexicon_part *part; /* NULL: the loose words */
    const uint64_t *kept;            /* bits by number; NULL: all */
    uint32_t class; /* of the current word */
    uint32_t next;  /* number of the one behind it */
    uint32_t end;
    uint32_t beside; /* words of the part that stand right behind the current one */
};

/* All sources as one stream, read as often as wanted; a word that several have is told once. */
struct lexicon_merge {
    const struct lexicon_sources *sources;
    struct lexicon_loose loose;
    uint64_t **kept;          /* owned: bits for each part's words; NULL: all are kept */
    struct lexicon_run *runs; /* owned */
    size_t run_count;
    uint16_t *heap; /* owned: numbers of runs that are not at their end, least word first */
    size_t heap_count;
    struct bytes last; /* told before */
    /*
     * What the first reading of all has noted: of each word in turn, copies included, the run it came from, and whether
     * it was a copy. NULL: there is one source, or no memory for a byte a word, and readings compare anew.
     */
    uint8_t *origins; /* owned */
    size_t group_end[LEXICON_GROUPS]; /* origins of each group's words end there */
    size_t origin;     /* the next */
    size_t origin_end; /* of this reading */
    bool by_bytes;
    bool alone; /* one source, in the order of its numbers: nothing is compared */
    bool noting;
    bool replaying;
};

/*
 * memory_bytes: for what is noted, at most. AISLE_NO_MEMORY, AISLE_LIMIT, AISLE_CORRUPT, or what keep reported. To be
 * released on failure, too.
 */
must_check int lexicon_merge_init(struct lexicon_merge *merge, const struct lexicon_sources *sources,
                                  size_t memory_bytes);
void lexicon_merge_release(struct lexicon_merge *merge);

/* Begins anew. The first reading is of LEXICON_ALL, and is read to its end. */
must_check int lexicon_merge_begin(struct lexicon_merge *merge, enum lexicon_range range);

/* The next word and its class; valid as long as the sources and the merge. AISLE_END, AISLE_CORRUPT. */
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
