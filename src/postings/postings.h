/*
 * postings.h - posting lists: for each term, the documents that have it and 8 bits about how they have it.
 *
 * A posting is a document number (ascending in its list, below 2^31) and a code: class in the high 3 bits, length in
 * the low 5. A score rises with the class and falls with the length, so of any set of postings the code made of the
 * highest class and the least length bounds them all: its dominating code. Dominating codes of blocks and superblocks
 * stand in a stream of their own, SKIPS, so that a search passes over hopeless ranges without touching the postings,
 * which are in BLOCKS. What finds the list of a term is its record, a few opaque bytes that the dictionary keeps.
 * The layout stands in postings_format.h. What a code is worth is the business of rank.
 *
 * Lifetime: a postings_list is a plain value and borrows nothing. A cursor borrows its source and what that borrows.
 * Thread rule: a writer and a cursor belong to one thread; a source may be shared.
 */
#ifndef AISLE_POSTINGS_POSTINGS_H
#define AISLE_POSTINGS_POSTINGS_H

#include "base/buf.h"
#include "base/extents.h"
#include "base/status.h"

#define POSTINGS_END UINT32_MAX

/* Postings of a full block (ON DISK): 256 or, to compare, 128. */
#ifndef POSTINGS_BLOCK
#define POSTINGS_BLOCK 256u
#endif

#define POSTINGS_SUPERBLOCK_BLOCKS 32u /* ON DISK */
#define POSTINGS_RECORD_MAX_BYTES 64u
#define POSTINGS_TINY_MAX 4u          /* ON DISK: postings of a list that stands in its record value by value */
#define POSTINGS_INLINE_MAX_BYTES 40u /* ON DISK: of a block that stands in its record as a whole */

static_assert(POSTINGS_RECORD_MAX_BYTES <= LIMIT_TERM_VALUE_BYTES, "a dictionary takes a record");

/* The dominating code of what a dominates and what b dominates. */
static inline uint8_t postings_dominate(uint8_t a, uint8_t b)
{
    unsigned class = (a & 0xe0u) > (b & 0xe0u) ? (a & 0xe0u) : (b & 0xe0u);
    unsigned length = (a & 0x1fu) < (b & 0x1fu) ? (a & 0x1fu) : (b & 0x1fu);
    return (uint8_t)(class | length);
}

/* Whether dominant bounds code. */
static inline bool postings_is_dominated(uint8_t code, uint8_t dominant)
{
    return (code & 0xe0u) <= (dominant & 0xe0u) && (code & 0x1fu) >= (dominant & 0x1fu);
}

/* ------------------------------------------------------------------------------------------------ writing -- */

/* Blocks of the superblock that is being filled. */
struct postings_superblock {
    uint64_t base; /* offset of its first block in BLOCKS */
    uint32_t count;
    uint32_t lasts[POSTINGS_SUPERBLOCK_BLOCKS];
    uint32_t ends[POSTINGS_SUPERBLOCK_BLOCKS]; /* offsets behind each block, relative to base */
    uint8_t dominants[POSTINGS_SUPERBLOCK_BLOCKS];
};

struct postings_writer {
    struct extent_writer *skips;  /* borrowed */
    struct extent_writer *blocks; /* borrowed */
    struct buf upper_lasts;       /* u32 for each finished superblock of the list */
    struct buf upper_dominants;   /* u8 likewise */
    struct postings_superblock superblock;
    uint64_t skips_offset; /* of the list's first superblock */
    uint64_t count;        /* of the list, those waiting included */
    uint32_t waiting;      /* postings in documents and codes, not yet a block */
    uint32_t first;        /* the list's first document */
    int64_t before;        /* the last document of the block before, -1 for none */
    int64_t last;          /* the last document added, -1 for none */
    uint8_t dominant;      /* of the list's finished superblocks */
    bool is_open;          /* between begin and end */
    int status;            /* sticky */
    uint64_t postings_written;
    uint64_t skip_bytes;   /* put into SKIPS, padding included */
    uint64_t block_bytes;  /* put into BLOCKS, padding included */
    uint64_t record_bytes; /* put into records */
    uint32_t documents[POSTINGS_BLOCK];
    uint8_t codes[POSTINGS_BLOCK];
};

/*
 * Begins a set of lists in two streams, which the writer borrows until its release and nobody else writes to
 * meanwhile. Cannot fail today; the status is for what may.
 */
must_check int postings_writer_init(struct postings_writer *writer, struct extent_writer *skips,
                                    struct extent_writer *blocks);

/* Frees what the writer holds; allowed twice. The streams stay the caller's, who finishes them. */
void postings_writer_release(struct postings_writer *writer);

/* Begins a list. One that was begun and not ended is given up. Repeats the sticky status. */
must_check int postings_writer_begin(struct postings_writer *writer);

/*
 * Adds postings, ascending strictly within the list; they are copied. Any number of calls. Memory is bounded by one
 * superblock and 5 bytes for each superblock before it. AISLE_INVALID when not ascending, at or above
 * LIMIT_SEGMENT_DOCUMENTS, or no list is open; AISLE_NO_MEMORY; what a stream reported. All sticky.
 */
must_check int postings_writer_add(struct postings_writer *writer, const uint32_t *documents, const uint8_t *codes,
                                   size_t count);

/*
 * Ends the list and appends its record, at most POSTINGS_RECORD_MAX_BYTES, to record. AISLE_INVALID for a list
 * without postings; otherwise errors as postings_writer_add, and record's own.
 */
must_check int postings_writer_end(struct postings_writer *writer, struct buf *record);

/*
 * Begin, add and end in one, for a whole list of 1 to POSTINGS_TINY_MAX postings: most lists of a segment are so short,
 * and all of such a one stands in its record. Errors as theirs.
 */
must_check int postings_writer_put_tiny(struct postings_writer *writer, const uint32_t *documents,
                                        const uint8_t *codes, uint32_t count, struct buf *record);

/* ------------------------------------------------------------------------------------------------ reading -- */

/* All lists of a segment. */
struct postings_source {
    struct extent_view skips;
    struct extent_view blocks;
    uint32_t document_count; /* every document number is below; at most LIMIT_SEGMENT_DOCUMENTS */
};

enum postings_kind { /* ON DISK */
    POSTINGS_TINY = 0,   /* up to 4 postings, in the record */
    POSTINGS_INLINE = 1, /* one small block, in the record */
    POSTINGS_SINGLE = 2, /* one block */
    POSTINGS_SHORT = 3,  /* one superblock */
    POSTINGS_LONG = 4
};

/* A decoded record. */
struct postings_list {
    uint32_t count;
    uint8_t dominant; /* of the whole list */
    uint8_t kind;     /* enum postings_kind */
    uint16_t size;    /* INLINE, SINGLE: bytes of the block */
    union {
        struct {
            uint32_t documents[POSTINGS_TINY_MAX];
            uint8_t codes[POSTINGS_TINY_MAX];
        } tiny;
        uint8_t block[POSTINGS_INLINE_MAX_BYTES]; /* INLINE */
        uint64_t block_offset;                    /* SINGLE, in BLOCKS */
        struct {
            uint64_t superblocks; /* SHORT, LONG: offset in SKIPS */
            uint64_t upper;       /* LONG: offset in SKIPS of the second level */
            uint32_t first;       /* document */
        } skips;
    } at;
};

/* Decodes a record; nothing in *out refers to it. AISLE_CORRUPT. */
must_check int postings_list_decode(struct bytes record, struct postings_list *out);

/* Asks memory for what a cursor reads first, of a list that is to be opened soon. */
void postings_list_ahead(const struct postings_source *source, const struct postings_list *list);

struct postings_kernels;
struct postings_lanes;

#define POSTINGS_SLACK 16u /* entries that kernels may look at, or write, past the last of an array */

/*
 * A place in one list, that only moves forward. It points into itself: do not copy it. No release is needed. Fields are
 * private; what stepping touches stands in front.
 *
 * The cursor stands on a document in a block. The block's documents are decoded into documents, or are not (decoded is
 * 0) when the document was found without: the first of a list, or one in a bitset. Apart from that the skip position
 * is a block, that one or a later one, whose bounds were asked for last.
 */
struct postings_cursor {
    uint32_t document;   /* POSTINGS_END behind the last */
    uint32_t decoded;    /* postings in documents */
    uint32_t index;      /* of document in documents; unknown while decoded is 0, unless code_ready. Not next to
                            document: compilers would join the stores of both, and loading index back would stall */
    uint32_t block_last; /* last document of the block */
    uint32_t skip_first; /* the documents that the block at the skip position covers */
    uint32_t skip_last;
    uint8_t skip_dominant;
    bool code_ready; /* codes are decoded and index is known */
    bool has_codes;  /* codes are decoded */
    uint8_t codes_asked; /* single ones of the block, before that */
    uint8_t block_dominant;
    uint32_t block;      /* number in the list */
    uint32_t skip_block; /* likewise */

    const struct postings_kernels *kernels;
    const struct postings_lanes *lanes;
    const uint8_t *lasts;     /* of the superblock of skip_block: u32 for each block; NULL: none is loaded */
    const uint8_t *ends;      /* u16 */
    const uint8_t *dominants; /* u8 */
    uint32_t superblock;      /* its number */
    uint32_t superblock_first; /* the first document it may hold */
    uint32_t superblock_blocks;
    uint64_t superblock_base;
    const uint8_t *upper_lasts; /* of one chunk of the second level; NULL: none is loaded */
    const uint8_t *upper_dominants;
    uint32_t chunk;

    uint32_t block_count;
    uint32_t superblock_count;
    uint32_t block_postings; /* of the current block */
    const uint8_t *bits;     /* the current block's bitset, NULL when it has none */
    uint32_t bits_first;     /* document of its first bit */
    uint32_t bits_words;
    uint32_t rank_word; /* a word of it, not behind what was asked for last, and the bits before that word */
    uint32_t rank_before;
    struct bytes coded; /* the current block's codes as stored */
    int status;
    const struct postings_source *source;
    struct postings_list list;
    uint32_t *documents; /* the current block's: one of the rooms below; postings_cursor_batch changes over, so that */
    uint8_t *codes;      /* what it has given away stays when the cursor enters the next block */
    uint32_t document_rooms[2][POSTINGS_BLOCK + POSTINGS_SLACK];
    uint8_t code_rooms[2][POSTINGS_BLOCK + POSTINGS_SLACK];
};

/*
 * Places the cursor on the first posting. list is copied; source must outlive the cursor. 0, or AISLE_CORRUPT, which
 * leaves the cursor at POSTINGS_END with that status.
 */
must_check int postings_cursor_open(struct postings_cursor *cursor, const struct postings_source *source,
                                    const struct postings_list *list);

/* Out of line parts of the functions below. */
uint32_t postings_cursor_advance(struct postings_cursor *cursor);
uint32_t postings_cursor_find(struct postings_cursor *cursor, uint32_t target);
uint8_t postings_cursor_fetch_code(struct postings_cursor *cursor);
uint32_t postings_cursor_find_ordinal(struct postings_cursor *cursor);
uint8_t postings_cursor_find_bound(struct postings_cursor *cursor, uint32_t target, uint32_t *last);

/* The current document, POSTINGS_END behind the last. */
static inline uint32_t postings_cursor_document(const struct postings_cursor *cursor)
{
    return cursor->document;
}

/* 0, or AISLE_CORRUPT: the cursor ended because of damage. Ask when it has ended. */
static inline int postings_cursor_status(const struct postings_cursor *cursor)
{
    return cursor->status;
}

/* Moves to the next posting and returns its document; at the end stays there. */
static inline uint32_t postings_cursor_next(struct postings_cursor *cursor)
{
    uint32_t next = cursor->index + 1;
    if (next < cursor->decoded) {
        cursor->index = next;
        cursor->document = cursor->documents[next];
        return cursor->document;
    }
    return postings_cursor_advance(cursor);
}

/* Moves to the first posting at or behind target, unless already behind it, and returns its document. */
static inline uint32_t postings_cursor_seek(struct postings_cursor *cursor, uint32_t target)
{
    return target <= cursor->document ? cursor->document : postings_cursor_find(cursor, target);
}

/* The current posting's code; 0 at the end. After the first few calls in a block all its codes are decoded. */
static inline uint8_t postings_cursor_code(struct postings_cursor *cursor)
{
    return cursor->code_ready ? cursor->codes[cursor->index] : postings_cursor_fetch_code(cursor);
}

/*
 * The number of the current posting in its list, from 0: what its positions are found by (positions.h). At the end, or
 * when damage is found, which ends the cursor, UINT32_MAX.
 */
static inline uint32_t postings_cursor_ordinal(struct postings_cursor *cursor)
{
    bool known = cursor->decoded != 0 || cursor->code_ready;
    return known ? cursor->block * POSTINGS_BLOCK + cursor->index : postings_cursor_find_ordinal(cursor);
}

/*
 * The dominating code of the block that holds the first posting at or behind target, which is not below the current
 * document. *last, at least target: the last document that the block covers. Behind the list's end 0, and *last is
 * POSTINGS_END - 1: there is nothing to bound. Moves the skip position only; decodes nothing.
 */
static inline uint8_t postings_cursor_bound(struct postings_cursor *cursor, uint32_t target, uint32_t *last)
{
    if (target >= cursor->skip_first && target <= cursor->skip_last) {
        *last = cursor->skip_last;
        return cursor->skip_dominant;
    }
    return postings_cursor_find_bound(cursor, target, last);
}

/* The number of the block that postings_cursor_bound was last asked about. */
static inline uint32_t postings_cursor_bound_block(const struct postings_cursor *cursor)
{
    return cursor->skip_block;
}

/* How many postings the current block has, if the current one is its first, and its number; else 0. */
static inline uint32_t postings_cursor_at_block(const struct postings_cursor *cursor, uint32_t *number)
{
    bool is_first = cursor->decoded != 0   ? cursor->index == 0
                    : cursor->bits != NULL ? cursor->document == cursor->bits_first
                                           : true; /* of the list, and all that is known of it */
    *number = cursor->block;
    return is_first && cursor->document != POSTINGS_END ? cursor->block_postings : 0;
}

/*
 * The dominating code of all blocks that may hold postings of the documents from to to, both included, from not below
 * the current one. *any: whether there is such a block; without one the code is 0. Superblocks that lie inside are
 * taken as one. Moves the skip position only; decodes nothing.
 */
uint8_t postings_cursor_bound_range(struct postings_cursor *cursor, uint32_t from, uint32_t to, bool *any);

/*
 * As postings_cursor_bound for the superblock that holds the first posting at or behind target; for a list without
 * skip data, the whole list: *last is POSTINGS_END - 1 then.
 */
uint8_t postings_cursor_bound_wide(struct postings_cursor *cursor, uint32_t target, uint32_t *last);

/*
 * ORs the documents of [from, from + count) from the current one on into bits, bit i being document from + i, and
 * moves to the first posting behind them. bits holds bitset_words(count) words.
 */
void postings_cursor_fill(struct postings_cursor *cursor, uint32_t from, uint32_t count, uint64_t *bits);

/* Likewise only those whose code is accepted; returns how many they were. */
size_t postings_cursor_fill_matching(struct postings_cursor *cursor, uint32_t from, uint32_t count, uint64_t *bits,
                                     const bool accept[256]);

/*
 * The postings from the current one to the end of its block, none behind document last: *documents and, unless codes is
 * NULL, *codes; equal codes are written out, too. Both live until the next call with this cursor. Moves behind them,
 * and returns how many they are: 0 at the end, at damage, and when the current document is behind last. So a range is
 * read by calling until 0.
 */
size_t postings_cursor_batch(struct postings_cursor *cursor, uint32_t last, const uint32_t **documents,
                             const uint8_t **codes);

/*
 * The same, but the next block is not entered: where a block is given to its end, and is not the list's last, the
 * cursor stays on its last posting. For who looks at bounds before a block is read, and seeks.
 */
size_t postings_cursor_take(struct postings_cursor *cursor, uint32_t last, const uint32_t **documents,
                            const uint8_t **codes);

/*
 * Adds what each posting of [from, from + count), from the current one on, is worth: table[code] to scores[document -
 * from], of count entries; sums must not pass int32_t. Sets its bit in bits, as postings_cursor_fill does, unless bits
 * is NULL. Moves to the first posting behind them.
 */
void postings_cursor_accumulate(struct postings_cursor *cursor, uint32_t from, uint32_t count, const int32_t table[256],
                                int32_t *scores, uint64_t *bits);

/*
 * Which of count documents, ascending, the list has: for the i-th sets bit i of found and, unless codes is NULL,
 * codes[i]; of the others the bits are cleared and the codes stay. found holds bitset_words(count) words. Documents
 * before the current one are not found. Moves to the first posting at or behind the last of documents.
 */
void postings_cursor_lookup(struct postings_cursor *cursor, const uint32_t *documents, size_t count, uint8_t *codes,
                            uint64_t *found);

/*
 * The ordinals (postings_cursor_ordinal) of count documents, ascending; UINT32_MAX for one that the list has not, or
 * that is before the current one. Moves as postings_cursor_lookup does.
 */
void postings_cursor_locate(struct postings_cursor *cursor, const uint32_t *documents, size_t count,
                            uint32_t *ordinals);

/*
 * Reads the whole list: sizes, order, document numbers, counts, and that every dominating code dominates what lies
 * below it. Fills error (may be NULL) with what is wrong. 0, or AISLE_CORRUPT.
 */
must_check int postings_check(const struct postings_source *source, const struct postings_list *list,
                              aisle_error *error);

#endif
