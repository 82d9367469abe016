/*
 * bench_kernels.c - what the loops over postings cost, in nanoseconds a posting: plain C, AVX2 and AVX-512.
 *
 * First how fast memory is read in sequence, which no kernel can pass. Then the kernels alone, their data in the first
 * cache. Then whole lists through a cursor: what a query pays, skip data and checksums included. Each figure is the
 * best of several runs, in processor time. Figures and machine go into README.md.
 */
#include "postings_lists.h"

#include "base/bitset.h"
#include "postings/bitpack.h"
#include "postings/lanes.h"

#include <stdio.h>

#define RUNS 15
#define WINDOW 4096u
#define READ_WORDS (UINT32_C(1) << 26) /* 512 MiB: beyond the caches */

static const char *const level_names[LANES_LEVELS] = {"plain", "AVX2", "AVX-512"};

static void bench_memory(void)
{
    uint64_t *words = mem_alloc(READ_WORDS * sizeof *words);
    double best = 1e30;
    assert(words != NULL);
    for (uint32_t i = 0; i < READ_WORDS; i++) {
        words[i] = i;
    }
    for (int run = 0; run < 3; run++) {
        uint64_t sums[8] = {0};
        uint64_t start = spent_ns();
        for (uint32_t i = 0; i < READ_WORDS; i += 8) {
            for (uint32_t j = 0; j < 8; j++) {
                sums[j] += words[i + j];
            }
        }
        double ns = (double)(spent_ns() - start);
        best = ns < best ? ns : best;
        postings_sink += sums[0] ^ sums[1] ^ sums[2] ^ sums[3] ^ sums[4] ^ sums[5] ^ sums[6] ^ sums[7];
    }
    mem_free(words);
    double bytes_a_ns = READ_WORDS * (double)sizeof(uint64_t) / best;
    printf("memory read in sequence, one thread: %.1f GB/s: 2 bytes, about a posting, in %.3f ns\n", bytes_a_ns,
           2 / bytes_a_ns);
}

enum bits_work { EXPAND, ADD, ADD_EQUAL, BITS_WORKS };

static double time_bits(enum bits_work work, const struct postings_lanes *lanes, const uint8_t *bits, uint32_t words,
                        uint32_t set)
{
    static uint32_t out[POSTINGS_BITSET_WORDS_MAX * 64 + POSTINGS_SLACK];
    static int32_t parts[POSTINGS_BITSET_WORDS_MAX * 64 + POSTINGS_SLACK];
    static int32_t scores[POSTINGS_BITSET_WORDS_MAX * 64];
    const int passes = 3000;
    double best = 1e30;
    for (int run = 0; run < RUNS; run++) {
        uint64_t start = spent_ns();
        for (int i = 0; i < passes; i++) {
            if (work == EXPAND) {
                postings_sink += lanes->expand(bits, words, (uint32_t)i, POSTINGS_BITSET_WORDS_MAX * 64, out);
            } else if (work == ADD) {
                lanes->add(bits, (uint32_t)i % 7, words * 64, parts, scores);
            } else {
                lanes->add_equal(bits, (uint32_t)i % 7, words * 64, i, scores);
            }
        }
        double ns = (double)(spent_ns() - start) / passes / set;
        best = ns < best ? ns : best;
    }
    postings_sink += out[0] + (uint32_t)scores[0];
    return best;
}

static void bench_bits(void)
{
    const uint32_t gaps[] = {1, 2, 4, 8, 16};
    printf("\nbitsets of 256 postings, ns a posting at one in 1, 2, 4, 8, 16 documents\n");
    for (int work = 0; work < BITS_WORKS; work++) {
        const char *const names[BITS_WORKS] = {"to documents", "parts added", "one part added"};
        for (int level = 0; level < LANES_LEVELS; level++) {
            const struct postings_lanes *lanes = lanes_of_level((enum lanes_level)level);
            printf("%-15s %-8s", names[work], level_names[level]);
            for (size_t i = 0; i < sizeof gaps / sizeof *gaps && lanes != NULL; i++) {
                uint8_t bits[POSTINGS_BITSET_WORDS_MAX * 8] = {0};
                uint32_t words = gaps[i] * 4;
                uint32_t set = 0;
                for (uint32_t j = 0; j < words * 64; j++) {
                    bool in = draw() % gaps[i] == 0;
                    bits[j / 8] = (uint8_t)(bits[j / 8] | in << (j % 8));
                    set += in;
                }
                printf(" %6.3f", time_bits((enum bits_work)work, lanes, bits, words, set));
            }
            printf("\n");
        }
    }
}

static size_t and_plain(uint64_t *words, const uint64_t *other, size_t word_count)
{
    size_t count = 0;
    for (size_t i = 0; i < word_count; i++) {
        words[i] &= other[i];
        count += (size_t)__builtin_popcountll(words[i]);
    }
    return count;
}

/* Two windows of bits, what both have kept and counted. */
static void bench_sets(void)
{
    size_t (*const ands[])(uint64_t *, const uint64_t *, size_t) = {and_plain, bitset_and};
    double best[2] = {1e30, 1e30};
    for (int run = 0; run < 2 * RUNS; run++) {
        uint64_t words[WINDOW / 64];
        uint64_t other[WINDOW / 64];
        uint64_t start;
        for (size_t i = 0; i < WINDOW / 64; i++) {
            words[i] = other[i] = (uint64_t)draw() << 32 | draw();
        }
        start = spent_ns();
        for (int i = 0; i < 10000; i++) {
            postings_sink += ands[run % 2](words, other, WINDOW / 64);
        }
        double ns = (double)(spent_ns() - start) / 10000;
        best[run % 2] = ns < best[run % 2] ? ns : best[run % 2];
    }
    printf("\ntwo sets of %u bits, common bits kept and counted: %.0f ns in plain C, %.0f as the machine can\n",
           WINDOW, best[0], best[1]);
}

#define SEGMENT_WORDS (1250000u / 64u) /* of a segment */
#define SETS_MAX 3u
#define OTHERS 40u /* sets in turn, as many words have: more than the second cache */

/* What two and three sets of a segment have in common. */
static void bench_joined(void)
{
    size_t (*const counts[])(enum bitset_join, const struct bitset_sets *, size_t) = {bitset_count_joined_plain,
                                                                                      bitset_count_joined};
    uint64_t *all = mem_alloc((size_t)OTHERS * SEGMENT_WORDS * sizeof *all);
    assert(all != NULL);
    for (size_t i = 0; i < (size_t)OTHERS * SEGMENT_WORDS; i++) {
        all[i] = (uint64_t)draw() << 32 | draw();
    }
    for (size_t number = 2; number <= SETS_MAX; number++) {
        double best[2] = {1e30, 1e30};
        for (int run = 0; run < 2 * RUNS; run++) {
            uint64_t start = spent_ns();
            for (size_t i = 0; i < OTHERS; i++) {
                const uint64_t *sets[SETS_MAX];
                for (size_t set = 0; set < number; set++) {
                    sets[set] = all + (i + set * 13) % OTHERS * SEGMENT_WORDS;
                }
                const struct bitset_sets joined = {sets, number, NULL, NULL};
                postings_sink += counts[run % 2](BITSET_ALL, &joined, SEGMENT_WORDS);
            }
            double ns = (double)(spent_ns() - start) / OTHERS;
            best[run % 2] = ns < best[run % 2] ? ns : best[run % 2];
        }
        double bytes = (double)(number * SEGMENT_WORDS * sizeof(uint64_t));
        printf("%zu sets of %u bits, common bits counted: %.1f us in plain C, %.1f as the machine can, %.1f GB/s\n",
               number, SEGMENT_WORDS * 64, best[0] / 1e3, best[1] / 1e3, bytes / best[1]);
    }
    mem_free(all);
}

enum list_work { BATCH, BATCH_CODES, SCORE, SCORE_AND_BITS, FILL, LOOK_UP_NEAR, LOOK_UP_FAR, LIST_WORKS };

/* Reads the whole list; returns postings read, or candidates asked for. */
static uint64_t do_list(enum list_work work, struct postings_cursor *cursor, uint32_t gap, const int32_t *table)
{
    static int32_t scores[WINDOW];
    uint64_t bits[WINDOW / 64] = {0};
    uint32_t candidates[64];
    uint8_t candidate_codes[64];
    const uint32_t *documents;
    const uint8_t *codes = candidate_codes;
    uint32_t count = cursor->list.count;
    uint64_t asked = 0;
    size_t found;
    uint64_t sum = 0;
    uint32_t stride = gap * (work == LOOK_UP_NEAR ? 4 : 700) + 1;
    switch (work) {
    case BATCH:
    case BATCH_CODES:
        while ((found = postings_cursor_batch(cursor, POSTINGS_END, &documents, work == BATCH ? NULL : &codes)) != 0) {
            sum += documents[found - 1] + codes[0];
        }
        postings_sink += sum;
        return count;
    case SCORE:
    case SCORE_AND_BITS:
        for (uint32_t from = 0; postings_cursor_document(cursor) != POSTINGS_END; from += WINDOW) {
            postings_cursor_accumulate(cursor, from, WINDOW, table, scores, work == SCORE ? NULL : bits);
        }
        return count;
    case FILL:
        for (uint32_t from = 0; postings_cursor_document(cursor) != POSTINGS_END; from += WINDOW) {
            postings_cursor_fill(cursor, from, WINDOW, bits);
        }
        return count;
    default:
        for (uint32_t at = 0; postings_cursor_document(cursor) != POSTINGS_END; asked += 64) {
            for (uint32_t i = 0; i < 64; i++) {
                candidates[i] = at += 1 + draw() % (2 * stride);
            }
            postings_cursor_lookup(cursor, candidates, 64, candidate_codes, bits);
        }
        return asked;
    }
}

static double time_list(enum list_work work, const struct postings_source *source, const struct postings_list *list,
                        uint32_t gap, int level)
{
    int32_t table[256];
    double best = 1e30;
    for (int i = 0; i < 256; i++) {
        table[i] = i;
    }
    for (int run = 0; run < RUNS; run++) {
        struct postings_cursor cursor;
        uint64_t units = 0;
        uint64_t start = spent_ns();
        for (uint32_t pass = 0; pass < 1 + 300000 / list->count; pass++) {
            int status = postings_cursor_open(&cursor, source, list);
            assert(status == 0);
            cursor.kernels = level == LANES_PLAIN ? &bitpack_plain : bitpack_avx2();
            cursor.lanes = lanes_of_level((enum lanes_level)level);
            units += do_list(work, &cursor, gap, table);
        }
        double ns = (double)(spent_ns() - start) / (double)units;
        best = ns < best ? ns : best;
    }
    return best;
}

/* codes: as drawn, or all equal. */
static void bench_list(double gap, bool clustered, bool equal, uint32_t *documents, uint8_t *codes)
{
    struct written w;
    begin(&w);
    uint32_t count = draw_list(gap, clustered, documents, codes);
    if (equal) {
        memset(codes, 0x84, count);
    }
    struct postings_list list = put(&w, documents, codes, count);
    end(&w);
    for (int level = 0; level < LANES_LEVELS; level++) {
        if (lanes_of_level((enum lanes_level)level) == NULL) {
            continue;
        }
        printf("%9.2f %-10s %-6s %-8s", gap, clustered ? "clustered" : "geometric", equal ? "equal" : "varied",
               level_names[level]);
        for (int work = 0; work < LIST_WORKS; work++) {
            printf(" %8.2f", time_list((enum list_work)work, &w.source, &list, (uint32_t)gap, level));
        }
        printf("\n");
    }
    release(&w);
}

int main(void)
{
    const double gaps[] = {1.02, 1.5, 2, 4, 8, 16, 32, 128, 1000};
    uint32_t *documents = mem_alloc(DOCUMENTS * sizeof *documents);
    uint8_t *codes = mem_alloc(DOCUMENTS);
    assert(documents != NULL && codes != NULL);
    printf("blocks of %u\n", POSTINGS_BLOCK);
    bench_memory();
    bench_bits();
    bench_sets();
    bench_joined();
    printf("\nlists: ns a posting; of a lookup, ns a candidate, 4 or 700 postings apart\n");
    printf("%9s %-10s %-6s %-8s %8s %8s %8s %8s %8s %8s %8s\n", "gap", "gaps", "codes", "level", "batch", "+codes",
           "score", "+bits", "fill", "near", "far");
    for (int kind = 0; kind < 3; kind++) {
        for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
            bench_list(gaps[i], kind == 2, kind == 1, documents, codes);
        }
    }
    mem_free(documents);
    mem_free(codes);
    return 0;
}
