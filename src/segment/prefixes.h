/*
 * prefixes.h - brings together the postings of all terms that begin alike, as the terms go by in their order.
 *
 * The terms of a segment are written, merged and checked in byte order, so those of one prefix are neighbours: what is
 * at hand is one prefix of each length. Their postings are poured into an array of codes and a set of bits, and when a
 * term comes that begins otherwise, what has enough terms (segment_format.h) goes to a sink. What becomes of it there,
 * written or compared, is the sink's business; so merged lists are those that a segment built at once has. A term's
 * postings wait until it is known whether it is frequent: then they are not poured, unless for one character; which
 * documents they are is noted, so that it can be told how many the prefix has with them.
 *
 * Most prefixes of two and three characters have too few terms for a list, and most of them few postings: those are
 * held, and forgotten when the prefix ends before it has terms enough.
 *
 * Takes 29 bits a document, and 40 KiB. Thread rule: one thread.
 */
#ifndef AISLE_SEGMENT_PREFIXES_H
#define AISLE_SEGMENT_PREFIXES_H

#include "base/bytes.h"
#include "base/status.h"
#include "segment/segment_format.h"

/*
 * Which lists there are: as segment_format.h says. Tests ask for more, before anything is written, so that small
 * catalogs have some, too.
 */
struct prefix_rules {
    uint32_t documents_min;
    uint32_t words_min;
    uint32_t long_words_min;
    uint32_t frequent_part;
};

extern struct prefix_rules prefix_rules;

/*
 * Takes the frequent terms, and the lists: for each one begin, its postings in any number of calls of add, ascending,
 * end; total: documents of the list and of the frequent terms together, 0: there are none of these. 0, or what ends it.
 */
struct prefixes_sink {
    int (*word)(void *context, struct bytes term);
    int (*begin)(void *context, struct bytes prefix);
    int (*add)(void *context, const uint32_t *documents, const uint8_t *codes, size_t count);
    int (*end)(void *context, struct bytes prefix, uint64_t df_sum, uint64_t total);
    void *context;
};

/* What has been poured of the prefix of one length. */
struct prefixes_level {
    uint64_t *bits;    /* owned: documents */
    uint64_t *frequent; /* owned: those of frequent terms; NULL: of one character, for which there are none */
    uint64_t *touched; /* owned: for each PREFIXES_WINDOW of them whether any bit is set */
    uint8_t *codes;    /* owned: of the documents; of others 0 */
    uint32_t *held_documents; /* owned: postings that are poured once the prefix has terms enough; NULL: at once */
    uint8_t *held_codes;      /* owned */
    uint32_t held;
    uint32_t words_min; /* terms enough */
    uint64_t df_sum;
    uint32_t words; /* whose postings have come */
    bool has_frequent;
    uint32_t size;  /* of the prefix in bytes; 0: the term at hand is shorter */
};

struct prefixes {
    struct prefixes_sink sink;
    struct prefixes_level levels[PREFIX_CHARACTERS_MAX];
    uint32_t documents;        /* 0: too few for lists, nothing is done */
    uint32_t waiting;          /* postings of the term at hand */
    uint32_t waiting_max;      /* a term of more is frequent */
    uint32_t *waiting_documents; /* owned */
    uint8_t *waiting_codes;      /* owned */
    bool is_frequent;          /* the term at hand, and so on */
    bool is_counted;           /* any posting of it has come */
    uint8_t term_size;
    uint8_t term[LIMIT_TERM_BYTES];
};

/* Bytes of the character at the front of text, which is not empty. */
static inline uint32_t prefixes_character(struct bytes text)
{
    uint32_t size = text.data[0] < 0xc0 ? 1 : text.data[0] < 0xe0 ? 2 : text.data[0] < 0xf0 ? 3 : 4;
    return size < text.size ? size : (uint32_t)text.size;
}

/* For a segment of so many documents. AISLE_NO_MEMORY: release it. */
must_check int prefixes_init(struct prefixes *prefixes, uint32_t documents, const struct prefixes_sink *sink);
void prefixes_release(struct prefixes *prefixes);

/* The next term, above the one before. Errors of the sink. */
must_check int prefixes_next(struct prefixes *prefixes, struct bytes term);

/* Postings of that term, documents below those of the segment. A term without any does not count. */
void prefixes_add(struct prefixes *prefixes, const uint32_t *documents, const uint8_t *codes, size_t count);

/* There are no more terms. Errors of the sink. */
must_check int prefixes_finish(struct prefixes *prefixes);

#endif
