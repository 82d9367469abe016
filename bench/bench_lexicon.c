/*
 * bench_lexicon.c - size and speed of a part of a lexicon: writing, similar words, beginnings, fragments, look-ups.
 *
 * Usage: bench_lexicon [words [queries [words-file queries-file]]] [bar=ONE,TWO]; 2,000,000 and 2,000 by default. With
 * a bar, the exit status is 1 when one or two edits take more microseconds of the processor at the mean. With files,
 * the words that are eligible for similarity and the queries are written for peers/LuceneFuzzy.java, which finds the
 * same words: both print how many and the sum of their hashes.
 */
#include "base/clock.h"
#include "base/utf8.h"
#include "tests/support/memory_extents.h"
#include "tests/support/random_words.h"
#include "tests/support/set_sources.h"

#include <stdlib.h>
#include <time.h>

#define ROUNDS 3u
#define QUERY_BYTES 64u

struct query {
    uint8_t text[QUERY_BYTES];
    size_t size;
};

struct bench {
    struct lexicon_set set;
    struct bytes *eligible; /* owned */
    uint32_t eligible_count;
    struct bytes *codes; /* owned */
    uint32_t code_count;
    struct memory_extents memory;
    struct extent_view view;
    struct lexicon_part part;
    struct lexicon lexicon;
    const struct lexicon_part *list[1];
    struct query *queries; /* owned */
    uint32_t query_count;
    struct random_words random;
    struct arena arena;
    uint64_t *times; /* owned: of each query */
};

/* Of the processor, since others may be at work beside: what means are of. */
static uint64_t processor_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool is_code(struct bytes word)
{
    for (size_t i = 0; i < word.size; i++) {
        if (word.data[i] >= '0' && word.data[i] <= '9') {
            return true;
        }
    }
    return false;
}

static size_t characters_of(struct bytes word)
{
    size_t count = 0;
    for (size_t i = 0; i < word.size; i++) {
        count += (word.data[i] & 0xc0) != 0x80;
    }
    return count;
}

static void make_words(struct bench *bench, uint32_t words)
{
    struct bytes word;
    random_set(&bench->random, &bench->set, words);
    bench->eligible = mem_alloc(words * sizeof *bench->eligible);
    bench->codes = mem_alloc(words * sizeof *bench->codes);
    for (size_t next = 0; lexicon_set_next(&bench->set, &next, &word);) {
        size_t count = characters_of(word);
        if (is_code(word)) {
            bench->codes[bench->code_count++] = word;
        } else if (count >= LEXICON_SIMILAR_MIN && count <= LEXICON_SIMILAR_MAX) {
            bench->eligible[bench->eligible_count++] = word;
        }
    }
}

static void write_words(struct bench *bench)
{
    struct extent_writer out;
    struct lexicon_sources sources = sources_of_set(&bench->set);
    uint32_t words = 0;
    uint64_t start = processor_ns();
    memory_extents_begin(&bench->memory, &out);
    int status = lexicon_write(&out, &sources, (size_t)64 << 20, &words);
    bench->view = memory_extents_view(&bench->memory, &out);
    bench->view.verified = memory_extents_verified(&bench->memory);
    double seconds = (double)(processor_ns() - start) * 1e-9;
    if (status != 0 || lexicon_open(&bench->part, &bench->view) != 0) {
        printf("the lexicon cannot be written: %d\n", status);
        exit(1);
    }
    const struct lexicon_footer *footer = &bench->part.footer;
    double count = words;
    printf("%u words, %u eligible, %u codes, written in %.2f s with 64 MiB (%.0f ns a word)\n", words,
           bench->eligible_count, bench->code_count, seconds, seconds * 1e9 / count);
    printf("bytes a word: %.1f, of them texts %.1f, masks %.1f, deletes %.1f, fragments %.1f, trie %.1f\n",
           (double)bench->view.size / count, (double)footer->masks_offset / count,
           (double)(footer->blocks_offset - footer->masks_offset) / count,
           (double)(footer->lists_offset - footer->blocks_offset) / count,
           (double)(footer->trie_offset - footer->lists_offset) / count,
           (double)(footer->classes_offset - footer->trie_offset) / count);
    bench->list[0] = &bench->part;
    bench->lexicon = (struct lexicon){.parts = bench->list, .count = 1};
}

/* Misspelt words of six characters or more: what is given two edits. */
static void make_queries(struct bench *bench)
{
    for (uint32_t i = 0; i < bench->query_count;) {
        struct bytes word = bench->eligible[random_below(&bench->random, bench->eligible_count)];
        struct query *query = &bench->queries[i];
        if (word.size > QUERY_BYTES - 4) {
            continue;
        }
        memcpy(query->text, word.data, word.size);
        query->size = random_edits(&bench->random, query->text, word.size, 1 + random_below(&bench->random, 2));
        i += characters_of(bytes_of(query->text, query->size)) >= 6 ? 1 : 0;
    }
}

static int compare_times(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* FNV-1a, as the peer computes it, too. */
static uint64_t hash_word(struct bytes word)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < word.size; i++) {
        hash = (hash ^ word.data[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

typedef int ask_lexicon(const struct lexicon *lexicon, const struct lexicon_ask *ask, struct arena *arena,
                        struct lexicon_variants *out);

/* Returns the mean in microseconds of the processor. */
static double run(struct bench *bench, const char *name, ask_lexicon *call, uint8_t edits, size_t cut, size_t limit)
{
    uint64_t found = 0;
    uint64_t sum = 0;
    uint64_t total = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        found = sum = 0;
        uint64_t begun = processor_ns();
        for (uint32_t i = 0; i < bench->query_count; i++) {
            struct lexicon_variants variants;
            struct bytes typed = utf8_cut(bytes_of(bench->queries[i].text, bench->queries[i].size), cut);
            struct lexicon_ask ask = {.word = typed, .max_edits = edits, .limit = limit};
            arena_reset(&bench->arena);
            uint64_t start = clock_monotonic_ns();
            int status = call(&bench->lexicon, &ask, &bench->arena, &variants);
            bench->times[i] = clock_monotonic_ns() - start;
            if (status != 0) {
                printf("%s: %d\n", name, status);
                exit(1);
            }
            found += variants.count;
            for (size_t v = 0; v < variants.count && variants.list != NULL; v++) {
                sum += hash_word(variants.list[v].word);
            }
        }
        total = processor_ns() - begun;
    }
    qsort(bench->times, bench->query_count, sizeof *bench->times, compare_times);
    double count = bench->query_count;
    printf("%-28s mean %8.2f us of the processor, median %8.2f, p99 %8.2f; %9.2f found, %llu in all, hash %016llx\n",
           name,
           (double)total / count * 1e-3, (double)bench->times[bench->query_count / 2] * 1e-3,
           (double)bench->times[bench->query_count - 1 - bench->query_count / 100] * 1e-3, (double)found / count,
           (unsigned long long)found, (unsigned long long)sum);
    return (double)total / count * 1e-3;
}

static int ask_has(const struct lexicon *lexicon, const struct lexicon_ask *ask, struct arena *arena,
                   struct lexicon_variants *out)
{
    (void)arena;
    int status = lexicon_has(lexicon, ask->word);
    *out = (struct lexicon_variants){.count = status == 0 ? 1 : 0};
    return status == AISLE_END ? 0 : status;
}

/* Pieces of codes in place of the queries. */
static void make_fragments(struct bench *bench, size_t size)
{
    for (uint32_t i = 0; i < bench->query_count;) {
        struct bytes code = bench->codes[random_below(&bench->random, bench->code_count)];
        if (code.size >= size) {
            size_t at = random_below(&bench->random, (uint32_t)(code.size - size) + 1);
            memcpy(bench->queries[i].text, code.data + at, size);
            bench->queries[i++].size = size;
        }
    }
}

static void write_file(const char *path, const struct bench *bench, bool words)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        printf("%s cannot be written\n", path);
        exit(1);
    }
    for (uint32_t i = 0; i < (words ? bench->eligible_count : bench->query_count); i++) {
        struct bytes text = words ? bench->eligible[i] : bytes_of(bench->queries[i].text, bench->queries[i].size);
        fprintf(file, "%.*s\n", (int)text.size, (const char *)text.data);
    }
    fclose(file);
}

int main(int argc, char **argv)
{
    double bars[2] = {0};
    if (argc > 1 && sscanf(argv[argc - 1], "bar=%lf,%lf", &bars[0], &bars[1]) == 2) {
        argc--;
    }
    uint32_t words = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 2000000;
    struct bench bench = {.query_count = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 2000};
    bench.random.state = 42;
    arena_init(&bench.arena, (size_t)256 << 20);
    bench.queries = mem_calloc(bench.query_count, sizeof *bench.queries);
    bench.times = mem_calloc(bench.query_count, sizeof *bench.times);
    make_words(&bench, words);
    write_words(&bench);
    make_queries(&bench);
    if (argc > 4) {
        write_file(argv[3], &bench, true);
        write_file(argv[4], &bench, false);
    }
    double one = run(&bench, "similar, 1 edit", lexicon_similar, 1, SIZE_MAX, SIZE_MAX);
    double two = run(&bench, "similar, 2 edits", lexicon_similar, 2, SIZE_MAX, SIZE_MAX);
    (void)run(&bench, "similar, 2 edits, best 16", lexicon_similar, 2, SIZE_MAX, 16);
    (void)run(&bench, "beginnings of 3, 1 edit", lexicon_similar_prefix, 1, 3, SIZE_MAX);
    (void)run(&bench, "beginnings of 5, 1 edit", lexicon_similar_prefix, 1, 5, SIZE_MAX);
    (void)run(&bench, "beginnings of 8, 2 edits", lexicon_similar_prefix, 2, 8, SIZE_MAX);
    (void)run(&bench, "has", ask_has, 0, SIZE_MAX, 1);
    make_fragments(&bench, 3);
    (void)run(&bench, "containing 3 bytes, best 16", lexicon_containing, 0, SIZE_MAX, 16);
    make_fragments(&bench, 5);
    (void)run(&bench, "containing 5 bytes, best 16", lexicon_containing, 0, SIZE_MAX, 16);
    lexicon_set_release(&bench.set);
    memory_extents_release(&bench.memory);
    arena_release(&bench.arena);
    mem_free(bench.eligible);
    mem_free(bench.codes);
    mem_free(bench.queries);
    mem_free(bench.times);
    bool is_missed = (bars[0] != 0 && one > bars[0]) || (bars[1] != 0 && two > bars[1]);
    if (is_missed) {
        printf("missed: %.0f and %.0f us\n", bars[0], bars[1]);
    }
    return is_missed ? 1 : 0;
}
