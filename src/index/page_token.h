/*
 * page_token.h - the text that stands for the place behind a page's last hit.
 *
 *   token  = base64url of: u8 version, u64 hash of what was asked, u64 time in ms, u32 hits before, u32 pins before,
 *            u8 whether there is a place, and then place, u64 order key, u64 id hash; u32 checksum of all before
 *   place  = u8 parts, then for 0 parts u8 run, u32 score, else value for each
 *   value  = u8 0 | u8 1, u64 number | u8 2, varint size, bytes of the folded word
 *
 * Tokens come back from users: everything in one is checked before it is used, and one that was made for another query
 * is told apart by the hash. What it says is no secret and no permission.
 *
 * Thread rule: pure functions.
 */
#ifndef AISLE_INDEX_PAGE_TOKEN_H
#define AISLE_INDEX_PAGE_TOKEN_H

#include "base/buf.h"
#include "query/sort.h"

/* How many hits stand before a page, and how many of them where a rule has put them (curate.h). */
struct page_before {
    uint32_t hits;
    uint32_t pins;
};

struct page_place {
    int64_t now_ms; /* that recency counts from on all pages */
    struct page_before before;
    bool is_first; /* all hits before were pinned, so that there is no place yet */
    uint32_t run;   /* that the hit was found in (index/runs.h) */
    int32_t score;
    uint64_t order;
    uint64_t id_hash;
    uint32_t value_count;                       /* 0: by score */
    struct sort_value values[LIMIT_SORT_PARTS]; /* words are borrowed, after page_token_read from the arena */
};

/* Appends the token of a place to out. */
void page_token_write(const struct page_place *place, uint64_t asked, struct buf *out);

/* Reads one. AISLE_BAD_QUERY with error filled: no token, or of another query; AISLE_NO_MEMORY. */
must_check int page_token_read(struct bytes text, uint64_t asked, struct arena *arena, struct page_place *place,
                               aisle_error *error);

#endif
