/*
 * postings_torture.h - every way of reading a list that may be damaged, for the corruption test and the fuzz target.
 *
 * Asserts what holds whatever the bytes are: walks end, documents ascend below the document count, bounds cover their
 * target, bits stay in their window. Returns AISLE_CORRUPT when any walk met damage, 0 otherwise.
 */
#ifndef AISLE_TESTS_SUPPORT_POSTINGS_TORTURE_H
#define AISLE_TESTS_SUPPORT_POSTINGS_TORTURE_H

#undef NDEBUG
#include "postings/postings.h"

#include <assert.h>

#define TORTURE_WINDOW 5000u

static inline int torture_steps(const struct postings_source *source, const struct postings_list *list)
{
    struct postings_cursor cursor;
    int status = postings_cursor_open(&cursor, source, list);
    uint32_t found = 0;
    int64_t before = -1;
    uint32_t document = postings_cursor_document(&cursor);
    assert((status == 0) == (document != POSTINGS_END));
    while (document != POSTINGS_END) {
        assert(document > before && document < source->document_count && found < list->count);
        before = document;
        found++;
        if (found % 3 == 0) {
            (void)postings_cursor_code(&cursor);
        }
        document = postings_cursor_next(&cursor);
    }
    status = postings_cursor_status(&cursor);
    assert(status == AISLE_CORRUPT || found == list->count);
    return status;
}

static inline int torture_seeks(const struct postings_source *source, const struct postings_list *list, uint32_t stride)
{
    struct postings_cursor cursor;
    uint32_t last;
    bool any;
    (void)!postings_cursor_open(&cursor, source, list);
    uint32_t document = postings_cursor_document(&cursor);
    for (uint32_t round = 0; document != POSTINGS_END && round < 4000; round++) {
        uint32_t target = document + 1 + round % 4 * stride;
        uint32_t ahead = target + stride * 3;
        (void)postings_cursor_bound(&cursor, target, &last);
        assert(last >= target);
        (void)postings_cursor_bound_range(&cursor, target, ahead, &any);
        (void)postings_cursor_bound(&cursor, ahead, &last);
        assert(last >= ahead);
        uint32_t found = postings_cursor_seek(&cursor, target);
        assert(found >= target && (found == POSTINGS_END || found < source->document_count));
        document = found;
        if (round % 3 != 1) {
            (void)postings_cursor_code(&cursor);
            document = postings_cursor_document(&cursor);
        }
    }
    return postings_cursor_status(&cursor);
}

static inline int torture_fill(const struct postings_source *source, const struct postings_list *list, bool match)
{
    struct postings_cursor cursor;
    bool accept[256];
    for (unsigned i = 0; i < 256; i++) {
        accept[i] = i % 3 != 0;
    }
    (void)!postings_cursor_open(&cursor, source, list);
    uint32_t document = postings_cursor_document(&cursor);
    for (uint32_t round = 0; document != POSTINGS_END && round < 1000; round++) {
        uint64_t bits[TORTURE_WINDOW / 64 + 2] = {0};
        if (match) {
            (void)postings_cursor_fill_matching(&cursor, document, TORTURE_WINDOW, bits, accept);
        } else {
            postings_cursor_fill(&cursor, document, TORTURE_WINDOW, bits);
        }
        assert(bits[TORTURE_WINDOW / 64 + 1] == 0 && bits[TORTURE_WINDOW / 64] >> TORTURE_WINDOW % 64 == 0);
        uint32_t next = postings_cursor_document(&cursor);
        assert(next >= document + TORTURE_WINDOW);
        document = next;
    }
    return postings_cursor_status(&cursor);
}

static inline int torture_batches(const struct postings_source *source, const struct postings_list *list, bool ask)
{
    struct postings_cursor cursor;
    const uint32_t *documents;
    const uint8_t *codes;
    uint32_t found = 0;
    int64_t before = -1;
    (void)!postings_cursor_open(&cursor, source, list);
    while (postings_cursor_document(&cursor) != POSTINGS_END) {
        uint32_t last = postings_cursor_document(&cursor) + found % 7 * 1000;
        size_t count = postings_cursor_batch(&cursor, last, &documents, ask ? &codes : NULL);
        for (size_t i = 0; i < count; i++) {
            assert(documents[i] > before && documents[i] <= last && documents[i] < source->document_count);
            before = documents[i];
        }
        found += (uint32_t)count;
        assert(count != 0 || postings_cursor_status(&cursor) == AISLE_CORRUPT);
    }
    assert(postings_cursor_status(&cursor) == AISLE_CORRUPT || found == list->count);
    return postings_cursor_status(&cursor);
}

/* Sums and bits of windows: both stay inside, and both tell of the same documents. */
static inline int torture_sums(const struct postings_source *source, const struct postings_list *list)
{
    static int32_t scores[TORTURE_WINDOW + 64];
    struct postings_cursor cursor;
    int32_t table[256];
    for (int i = 0; i < 256; i++) {
        table[i] = 1 + i;
    }
    (void)!postings_cursor_open(&cursor, source, list);
    uint32_t document = postings_cursor_document(&cursor);
    for (uint32_t round = 0; document != POSTINGS_END && round < 1000; round++) {
        uint64_t bits[TORTURE_WINDOW / 64 + 2] = {0};
        memset(scores, 0, sizeof scores);
        postings_cursor_accumulate(&cursor, document, TORTURE_WINDOW, table, scores, bits);
        assert(bits[TORTURE_WINDOW / 64 + 1] == 0 && bits[TORTURE_WINDOW / 64] >> TORTURE_WINDOW % 64 == 0);
        for (uint32_t i = 0; i < TORTURE_WINDOW + 64; i++) {
            assert((scores[i] > 0) == (bits[i / 64] >> (i % 64) & 1));
        }
        uint32_t next = postings_cursor_document(&cursor);
        assert(next >= document + TORTURE_WINDOW);
        document = next;
    }
    return postings_cursor_status(&cursor);
}

static inline int torture_lookup(const struct postings_source *source, const struct postings_list *list,
                                 uint32_t stride)
{
    enum { CANDIDATES = 200 };
    struct postings_cursor cursor;
    uint32_t documents[CANDIDATES];
    uint8_t codes[CANDIDATES];
    uint64_t found[CANDIDATES / 64 + 1];
    (void)!postings_cursor_open(&cursor, source, list);
    uint32_t document = postings_cursor_document(&cursor);
    for (uint32_t round = 0; document != POSTINGS_END && round < 100; round++) {
        uint32_t count = 1 + round % CANDIDATES;
        for (uint32_t i = 0; i < count; i++) {
            documents[i] = document;
            document += 1 + (round + i) % 4 * stride;
        }
        postings_cursor_lookup(&cursor, documents, count, codes, found);
        assert(found[(count - 1) / 64] >> ((count - 1) % 64) >> 1 == 0);
        assert(postings_cursor_document(&cursor) >= documents[count - 1]);
        document = postings_cursor_document(&cursor);
    }
    return postings_cursor_status(&cursor);
}

static inline int torture_list(const struct postings_source *source, const struct postings_list *list)
{
    aisle_error error;
    int damaged = 0;
    damaged |= torture_steps(source, list);
    damaged |= torture_seeks(source, list, 1);
    damaged |= torture_seeks(source, list, 60000);
    damaged |= torture_fill(source, list, false);
    damaged |= torture_fill(source, list, true);
    damaged |= torture_batches(source, list, false);
    damaged |= torture_batches(source, list, true);
    damaged |= torture_sums(source, list);
    damaged |= torture_lookup(source, list, 1);
    damaged |= torture_lookup(source, list, 3000);
    damaged |= postings_check(source, list, &error);
    return damaged != 0 ? AISLE_CORRUPT : 0;
}

#endif
