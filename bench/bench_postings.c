/*
 * bench_postings.c - what a posting costs: bytes on disk, nanoseconds to unpack, step, price, seek and fill.
 *
 * Lists are drawn at several densities over 10,000,000 documents: gaps geometric, as in an order that ignores the
 * term, or clustered, as in an order by category. Codes are such as products ordered by length give: the length
 * ascends, one class in eight is another. The last table is of a whole segment: words by a Zipf law.
 * Each figure is the best of several runs, in processor time, so that neighbours on the machine disturb it little.
 * Figures and machine go into README.md.
 */
#include "postings_lists.h"

#include "postings/bitpack.h"

#include <stdio.h>

#define RUNS 7

enum work { STEP, STEP_AND_CODE, BLOCKS, SEEK_NEAR, SEEK_FAR, SEEK_FAR_AND_CODE, FILL, FILL_MATCHING, BOUND };
#define WORKS (BOUND + 1)

/* Does the work over the whole list; returns how many units of it there were. Inlined for each kind of work. */
static inline __attribute__((always_inline)) uint64_t do_work(enum work work, const struct postings_source *source,
                                                              const struct postings_list *list, uint32_t gap)
{
    static bool accept[256];
    struct postings_cursor cursor;
    uint64_t bits[64];
    uint64_t sum = 0;
    uint64_t units = 0;
    int status = postings_cursor_open(&cursor, source, list);
    uint32_t document = postings_cursor_document(&cursor);
    uint32_t last = 0;
    assert(status == 0);
    for (unsigned i = 128; i < 256; i++) {
        accept[i] = true;
    }
    for (uint32_t from = 0; document != POSTINGS_END; units++) {
        switch (work) {
        case STEP:
            sum += document;
            document = postings_cursor_next(&cursor);
            break;
        case STEP_AND_CODE:
            sum += postings_cursor_code(&cursor);
            document = postings_cursor_next(&cursor);
            break;
        case BLOCKS: /* touching one posting of each block: the whole price of decoding */
            units += POSTINGS_BLOCK - 1;
            document = postings_cursor_seek(&cursor, cursor.block_last + 1);
            sum += postings_cursor_next(&cursor);
            break;
        case SEEK_NEAR:
            document = postings_cursor_seek(&cursor, document + gap * 4 + 1);
            break;
        case SEEK_FAR:
            document = postings_cursor_seek(&cursor, document + gap * 700 + 1);
            break;
        case SEEK_FAR_AND_CODE:
            document = postings_cursor_seek(&cursor, document + gap * 700 + 1);
            sum += postings_cursor_code(&cursor);
            break;
        case FILL:
        case FILL_MATCHING:
            memset(bits, 0, sizeof bits);
            if (work == FILL) {
                postings_cursor_fill(&cursor, from, 4096, bits);
            } else {
                postings_cursor_fill_matching(&cursor, from, 4096, bits, accept);
            }
            sum += bits[7];
            from += 4096;
            document = postings_cursor_document(&cursor);
            break;
        default:
            sum += postings_cursor_bound(&cursor, last + 1, &last);
            document = last == POSTINGS_END - 1 ? POSTINGS_END : document;
            break;
        }
    }
    postings_sink += sum;
    return work == FILL || work == FILL_MATCHING ? list->count : units;
}

/* One function for each kind, so that no figure pays for telling them apart. */
#define WORKERS(XX)                                                                                                   \
    XX(STEP) XX(STEP_AND_CODE) XX(BLOCKS) XX(SEEK_NEAR) XX(SEEK_FAR) XX(SEEK_FAR_AND_CODE) XX(FILL) XX(FILL_MATCHING) \
    XX(BOUND)
#define XX(work)                                                                                                      \
    static __attribute__((noinline)) uint64_t work_##work(const struct postings_source *source,                       \
                                                          const struct postings_list *list, uint32_t gap)             \
    {                                                                                                                 \
        return do_work(work, source, list, gap);                                                                      \
    }
WORKERS(XX)
#undef XX

static uint64_t (*const workers[WORKS])(const struct postings_source *, const struct postings_list *, uint32_t) = {
#define XX(work) [work] = work_##work,
    WORKERS(XX)
#undef XX
};

static double time_work(enum work work, const struct postings_source *source, const struct postings_list *list,
                        uint32_t gap)
{
    double best = 1e30;
    for (int run = 0; run < RUNS; run++) {
        uint64_t units = 0;
        uint64_t start = spent_ns();
        for (uint32_t pass = 0; pass < 1 + 300000 / list->count; pass++) {
            units += workers[work](source, list, gap);
        }
        double ns = (double)(spent_ns() - start) / (double)units;
        best = ns < best ? ns : best;
    }
    return best;
}

static void bench_lists(bool clustered)
{
    const double gaps[] = {1.02, 1.5, 2, 4, 8, 16, 32, 128, 1000, 10000, 100000};
    uint32_t *documents = mem_alloc(DOCUMENTS * sizeof *documents);
    uint8_t *codes = mem_alloc(DOCUMENTS);
    assert(documents != NULL && codes != NULL);
    printf("\n%s gaps, ns a posting, seek or block\n", clustered ? "clustered" : "geometric");
    printf("%9s %9s %7s %6s %6s %6s %6s %6s %6s %6s %6s %6s\n", "gap", "postings", "bytes", "decode", "step", "+code",
           "near", "far", "+code", "fill", "match", "bound");
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
        const enum work order[] = {BLOCKS, STEP, STEP_AND_CODE, SEEK_NEAR, SEEK_FAR, SEEK_FAR_AND_CODE, FILL,
                                   FILL_MATCHING, BOUND};
        struct written w;
        begin(&w);
        uint32_t count = draw_list(gaps[i], clustered, documents, codes);
        struct postings_list list = put(&w, documents, codes, count);
        double bytes = (double)(w.writer.block_bytes + w.writer.skip_bytes + w.writer.record_bytes) / count;
        end(&w);
        printf("%9.2f %9u %7.3f", gaps[i], count, bytes);
        for (size_t j = 0; j < sizeof order / sizeof *order; j++) {
            printf(" %6.2f", time_work(order[j], &w.source, &list, (uint32_t)gaps[i]));
        }
        printf("\n");
        release(&w);
    }
    mem_free(documents);
    mem_free(codes);
}

static void bench_kernels(const char *name, const struct postings_kernels *kernels)
{
    printf("\nunpack with sums, %s, ns a posting at width 0..32:\n", name);
    for (uint32_t width = 0; width <= 32; width++) {
        uint32_t values[POSTINGS_BLOCK];
        uint32_t out[POSTINGS_BLOCK + 8];
        uint8_t packed[33 * POSTINGS_ROW_BYTES];
        double best = 1e30;
        for (uint32_t i = 0; i < POSTINGS_BLOCK; i++) {
            values[i] = width == 0 ? 0 : draw() >> (32 - width);
        }
        bitpack_pack(values, width, packed);
        for (int run = 0; run < RUNS; run++) {
            uint64_t start = spent_ns();
            for (int i = 0; i < 4000; i++) {
                kernels->unpack(packed, width, (uint32_t)i, out);
                postings_sink += out[POSTINGS_BLOCK - 1];
            }
            double ns = (double)(spent_ns() - start) / 4000 / POSTINGS_BLOCK;
            best = ns < best ? ns : best;
        }
        printf(" %.3f", best);
    }
    printf("\n");
}

/* Words of a Zipf law over 1,000,000 documents, about 30 a document; the tail is lists of a few postings. */
static void bench_segment(bool ordered)
{
    const uint32_t segment = 1000000;
    uint32_t *documents = mem_alloc(segment * sizeof *documents);
    uint8_t *codes = mem_alloc(segment);
    struct written w;
    uint64_t lists = 0;
    assert(documents != NULL && codes != NULL);
    begin(&w);
    uint64_t start = spent_ns();
    for (uint32_t rank = 1; rank <= 600000; rank++) {
        double wanted = 0.35 * segment * 8 / (rank + 7.0);
        double gap = segment / wanted;
        uint32_t count = 0;
        double position = 0;
        while (count < segment) {
            bool away = draw() % 64 == 0;
            double mean = 1 + (away ? gap * 20 : gap * 0.7);
            position += 1 + floor(log(((double)draw() + 1) / 4294967297.0) / log(1 - 1 / mean));
            if (position >= segment) {
                break;
            }
            uint32_t length = ordered ? (uint32_t)(position * 28 / segment) : 4 + (draw() % 12 + draw() % 12);
            uint32_t class = draw() % 3 == 0 ? 4 : (draw() % 8 == 0 ? 1 + draw() % 3 : 0);
            documents[count] = (uint32_t)position;
            codes[count++] = (uint8_t)(class << 5 | length);
        }
        if (count != 0) {
            (void)put(&w, documents, codes, count);
            lists++;
        }
    }
    double seconds = (double)(spent_ns() - start) / 1e9;
    double postings = (double)w.writer.postings_written;
    printf("\nsegment %s: %llu lists, %.1f postings a document, bytes a posting %.3f (blocks %.3f, skips %.3f, records "
           "%.3f); drawn and written in %.1f s\n",
           ordered ? "ordered by length" : "in another order", (unsigned long long)lists, postings / segment,
           (double)(w.writer.block_bytes + w.writer.skip_bytes + w.writer.record_bytes) / postings,
           (double)w.writer.block_bytes / postings, (double)w.writer.skip_bytes / postings,
           (double)w.writer.record_bytes / postings, seconds);
    end(&w);
    release(&w);
    mem_free(documents);
    mem_free(codes);
}

int main(void)
{
    printf("blocks of %u\n", POSTINGS_BLOCK);
    bench_kernels("plain", &bitpack_plain);
    if (bitpack_avx2() != NULL) {
        bench_kernels("AVX2", bitpack_avx2());
    }
    bench_lists(false);
    bench_lists(true);
    bench_segment(true);
    bench_segment(false);
    return 0;
}
