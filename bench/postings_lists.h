/*
 * postings_lists.h - what the benches of postings share: lists drawn and written, and a clock.
 *
 * Lists are drawn over 10,000,000 documents: gaps geometric, as in an order that ignores the term, or clustered, as in
 * an order by category. Codes are such as products ordered by length give: the length ascends, one class in eight is
 * another. The clock is of processor time, so that neighbours on the machine disturb it little.
 */
#ifndef AISLE_BENCH_POSTINGS_LISTS_H
#define AISLE_BENCH_POSTINGS_LISTS_H

#include "tests/support/memory_extents.h"

#include "postings/postings.h"

#include <math.h>
#include <time.h>

#define DOCUMENTS 10000000u
static uint64_t seed = 1;
static volatile uint64_t postings_sink;

static inline uint32_t draw(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 32);
}

static inline uint64_t spent_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct written {
    struct memory_extents skips_memory, blocks_memory;
    struct extent_writer skips, blocks;
    struct postings_writer writer;
    struct postings_source source;
};

static inline void begin(struct written *w)
{
    memset(w, 0, sizeof *w);
    memory_extents_begin(&w->skips_memory, &w->skips);
    memory_extents_begin(&w->blocks_memory, &w->blocks);
    int status = postings_writer_init(&w->writer, &w->skips, &w->blocks);
    assert(status == 0);
}

static inline struct postings_list put(struct written *w, const uint32_t *documents, const uint8_t *codes, size_t count)
{
    struct buf record;
    struct postings_list list;
    buf_init(&record, POSTINGS_RECORD_MAX_BYTES);
    int status = postings_writer_begin(&w->writer);
    status = status == 0 ? postings_writer_add(&w->writer, documents, codes, count) : status;
    status = status == 0 ? postings_writer_end(&w->writer, &record) : status;
    status = status == 0 ? postings_list_decode(buf_bytes(&record), &list) : status;
    assert(status == 0);
    buf_release(&record);
    return list;
}

static inline void end(struct written *w)
{
    postings_writer_release(&w->writer);
    w->source.skips = memory_extents_view(&w->skips_memory, &w->skips);
    w->source.blocks = memory_extents_view(&w->blocks_memory, &w->blocks);
    w->source.skips.verified = memory_extents_verified(&w->skips_memory);
    w->source.blocks.verified = memory_extents_verified(&w->blocks_memory);
    w->source.document_count = DOCUMENTS;
}

static inline void release(struct written *w)
{
    memory_extents_release(&w->skips_memory);
    memory_extents_release(&w->blocks_memory);
}

/* A list with one document in gap; clustered: nine in ten of them within a tenth of the documents. */
static inline uint32_t draw_list(double gap, bool clustered, uint32_t *documents, uint8_t *codes)
{
    uint32_t count = 0;
    double position = 0;
    bool inside = false;
    for (;;) {
        if (clustered && draw() % 100 == 0) {
            inside = !inside;
            position += inside ? 0 : gap * 180 * ((double)draw() / 4294967296.0);
        }
        double mean = clustered ? gap / 9 : gap;
        mean = mean < 1.02 ? 1.02 : mean;
        double uniform = ((double)draw() + 1) / 4294967297.0;
        position += 1 + floor(log(uniform) / log(1 - 1 / mean));
        if (position >= DOCUMENTS) {
            return count;
        }
        uint32_t length = (uint32_t)(position * 32 / DOCUMENTS);
        uint32_t class = draw() % 8 == 0 ? draw() % 4 : 4;
        documents[count] = (uint32_t)position;
        codes[count++] = (uint8_t)(class << 5 | length);
    }
}

#endif
