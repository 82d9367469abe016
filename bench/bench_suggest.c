/*
 * bench_suggest.c - size, building and speed of a part of completions, made of synthetic product texts.
 *
 * Usage: bench_suggest [suggestions [queries]] [contexts=0] [cpu=1] [bar=P50,P99,ERROR] [--list FILE] [--ask FILE];
 * 5,000,000 and 20,000 by default. Texts are brands, kinds and fragments of titles with Zipf weights, each in two
 * contexts. Prints bytes a suggestion, the rate of building, and p50, p90, p99 and the slowest of: prefixes of one to
 * three letters, of all lengths, in a context; of all lengths, filled up with what has errors; and with an error typed.
 * --list writes the suggestions, as key, tab, weight and contexts, --ask the questions with the first answer's weight,
 * for other programs on the same lists. cpu=1 measures the thread's processor time, for machines that others use, too.
 * With a bar, in microseconds, the exit status is 1 when what has no error takes longer at the median or at 99 %, or
 * what has one at 99 %.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "suggest/suggest.h"
#include "suggest/suggest_format.h"
#include "tests/support/memory_extents.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#define SEED UINT64_C(42)
#define ARENA_BYTES (64u << 20)
#define LIMIT 10u

static uint64_t random_state = SEED;

static uint64_t next_random(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct text {
    uint64_t hash; /* of the key: its weight and contexts follow from it */
    uint32_t start;
    uint8_t size;
};

static struct buf keys;

/* One of so many words, a few of them in most texts. */
static size_t put_word(char *to, uint64_t words)
{
    static const char consonants[] = "bcdfghklmnprstvw";
    static const char vowels[] = "aeiouaeioy";
    double share = (double)(next_random() >> 11) / (double)(UINT64_C(1) << 53);
    uint64_t word = (uint64_t)(pow((double)words, share)) * UINT64_C(0x9e3779b97f4a7c15);
    size_t size = 0;
    for (unsigned i = 0; i < 2 + (word >> 60) % 3; i++) {
        to[size++] = consonants[(word >> (8 * i)) % 16];
        to[size++] = vowels[(word >> (8 * i + 4)) % 10];
        if ((word >> (8 * i + 7)) % 3 == 0) {
            to[size++] = consonants[(word >> (6 * i + 20)) % 16];
        }
    }
    return size;
}

static void make_text(struct text *text)
{
    char key[SUGGEST_KEY_BYTES];
    size_t words = 1 + (next_random() % 16 + 3) / 5;
    size_t size = 0;
    for (size_t w = 0; w < words; w++) {
        if (w != 0) {
            key[size++] = ' ';
        }
        size += put_word(key + size, w + 1 == words ? 200000 : 30000);
        if (w + 1 == words && next_random() % 5 == 0) {
            size += (size_t)snprintf(key + size, 8, "%u", (unsigned)(next_random() % 1000));
        }
    }
    *text = (struct text){hash_bytes(key, size), (uint32_t)keys.size, (uint8_t)size};
    buf_put(&keys, key, size);
}

static struct bytes key_of(const struct text *text)
{
    return bytes_of(keys.data + text->start, text->size);
}

static int compare_texts(const void *a, const void *b)
{
    return bytes_compare(key_of(a), key_of(b));
}

static size_t make_texts(struct text *texts, size_t wanted)
{
    size_t count = 0;
    for (size_t i = 0; i < wanted; i++) {
        make_text(&texts[i]);
    }
    qsort(texts, wanted, sizeof *texts, compare_texts);
    for (size_t i = 0; i < wanted; i++) {
        if (count == 0 || compare_texts(&texts[count - 1], &texts[i]) != 0) {
            texts[count++] = texts[i];
        }
    }
    return count;
}

/* A few texts have most of the weight. */
static uint64_t weight_of(const struct text *text)
{
    return 1 + (uint64_t)(1e6 / (1.0 + (double)(text->hash % 10000000) / 8.0));
}

static uint32_t context_of(const struct text *text, unsigned which)
{
    return which == 0 ? (uint32_t)(text->hash >> 20) % 40 : 40 + (uint32_t)(text->hash >> 30) % 3000;
}

static int add_text(struct suggest_writer *writer, const struct text *text, unsigned contexts)
{
    char values[2][16];
    struct suggest_context in[2];
    struct suggest_entry entry = {.key = key_of(text),
                                  .shown = key_of(text),
                                  .weight = weight_of(text),
                                  .contexts = in,
                                  .context_count = contexts,
                                  .kind = SUGGEST_TITLE};
    for (unsigned i = 0; i < contexts; i++) {
        int size = snprintf(values[i], sizeof values[i], "context %u", context_of(text, i));
        in[i] = (struct suggest_context){bytes_of(values[i], (size_t)size), entry.weight, (uint8_t)i};
    }
    return suggest_writer_add(writer, &entry);
}

struct part {
    struct memory_extents memory[2];
    struct extent_view views[2];
    struct suggest_reader reader;
};

static int build(struct part *part, const struct text *texts, size_t count, unsigned contexts)
{
    struct extent_writer streams[2];
    struct suggest_writer writer;
    memory_extents_begin(&part->memory[0], &streams[0]);
    memory_extents_begin(&part->memory[1], &streams[1]);
    int status = suggest_writer_init(&writer, &streams[0], &streams[1]);
    for (size_t i = 0; i < count && status == 0; i++) {
        status = add_text(&writer, &texts[i], contexts);
    }
    status = status != 0 ? status : suggest_writer_finish(&writer, (uint32_t)count);
    suggest_writer_release(&writer);
    for (unsigned i = 0; i < 2; i++) {
        part->views[i] = memory_extents_view(&part->memory[i], &streams[i]);
        part->views[i].verified = memory_extents_verified(&part->memory[i]);
    }
    return status != 0 ? status : suggest_open(&part->reader, &part->views[0], &part->views[1]);
}

/* ---- asking ---- */

static clockid_t clock_used = CLOCK_MONOTONIC;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(clock_used, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

enum mode { SHORT, ALL, IN_CONTEXT, FORGIVING, IN_ERROR, MODES };
static const char *const mode_names[MODES] = {"1 to 3 letters", "all lengths", "in a context", "forgiving",
                                              "with an error"};

struct question {
    char typed[SUGGEST_KEY_BYTES + 1];
    char value[16];
    struct suggest_question question;
};

/* What a shopper types is what is bought: texts are chosen by weight, roughly. */
static const struct text *choose(const struct text *texts, size_t count)
{
    const struct text *best = &texts[next_random() % count];
    for (unsigned i = 0; i < 20; i++) {
        const struct text *other = &texts[next_random() % count];
        best = weight_of(other) > weight_of(best) ? other : best;
    }
    return best;
}

static void spoil(char *typed, size_t *size)
{
    size_t at = 1 + (size_t)(next_random() % (*size - 1));
    uint64_t fault = next_random() % 3;
    if (fault == 0) {
        typed[at] = (char)('a' + next_random() % 26);
    } else if (fault == 1) {
        memmove(typed + at, typed + at + 1, *size - at - 1);
        --*size;
    } else if (at + 1 < *size) {
        char swapped = typed[at];
        typed[at] = typed[at + 1];
        typed[at + 1] = swapped;
    }
}

static void make_question(struct question *question, enum mode mode, const struct text *texts, size_t count)
{
    const struct text *text = choose(texts, count);
    size_t least = mode == IN_ERROR ? 5 : 1;
    size_t most = mode == SHORT && text->size > 3 ? 3 : text->size;
    size_t size = most <= least ? most : least + (size_t)(next_random() % (most - least + 1));
    memcpy(question->typed, key_of(text).data, size);
    if (mode == IN_ERROR && size > 2) {
        spoil(question->typed, &size);
    }
    question->typed[size] = '\0';
    struct bytes typed = bytes_of(question->typed, size);
    question->question = (struct suggest_question){.typed = typed};
    question->question.edits = mode >= FORGIVING ? suggest_edits_for(typed) : 0;
    if (mode == IN_CONTEXT) {
        question->question.field = (uint8_t)(next_random() % 2);
        int length = snprintf(question->value, sizeof question->value, "context %u",
                              context_of(text, question->question.field));
        question->question.value = bytes_of(question->value, (size_t)length);
    }
}

static int ask(const struct suggest_reader *reader, const struct suggest_question *question, struct arena *arena,
               unsigned *answers, uint64_t *first)
{
    struct suggest_search *search;
    struct suggest_found found;
    arena_reset(arena);
    int status = suggest_search_begin(&search, &reader, 1, question, arena);
    for (*answers = 0; *answers < LIMIT && status == 0; *answers += status == 0 ? 1 : 0) {
        status = suggest_search_next(search, &found);
        *first = status == 0 && *answers == 0 ? found.units >> SUGGEST_UNIT_BITS : *first;
    }
    return status == AISLE_END ? 0 : status;
}

static int compare_times(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

static double bars[3]; /* 0: none */
static bool is_missed;

/* Notes that the sorted times of a mode are longer than they should be. */
static void judge(enum mode mode, const uint64_t *times, size_t queries)
{
    double p50 = (double)times[queries / 2] / 1e3;
    double p99 = (double)times[queries * 99 / 100] / 1e3;
    double most = mode >= FORGIVING ? bars[2] : bars[1];
    if ((mode < FORGIVING && bars[0] != 0 && p50 > bars[0]) || (most != 0 && p99 > most)) {
        printf("missed: %s\n", mode_names[mode]);
        is_missed = true;
    }
}

static int measure(const struct part *part, const struct text *texts, size_t count, enum mode mode, size_t queries,
                   FILE *list)
{
    uint64_t *times = mem_calloc(queries, sizeof *times);
    struct question *questions = mem_calloc(queries, sizeof *questions);
    uint64_t answers = 0;
    uint64_t limits = 0;
    struct arena arena;
    if (times == NULL || questions == NULL) {
        return AISLE_NO_MEMORY;
    }
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < queries; i++) {
        make_question(&questions[i], mode, texts, count);
    }
    for (unsigned run = 0; run < 2; run++) { /* the second is warm */
        answers = 0;
        limits = 0;
        for (size_t i = 0; i < queries; i++) {
            unsigned found = 0;
            uint64_t first = 0;
            uint64_t start = now_ns();
            int status = ask(&part->reader, &questions[i].question, &arena, &found, &first);
            times[i] = now_ns() - start;
            answers += found;
            limits += status == AISLE_LIMIT ? 1 : 0;
            if (status != 0 && status != AISLE_LIMIT) {
                return status;
            }
            if (list != NULL && run == 1) {
                fprintf(list, "%d\t%s\t%s\t%u\t%llu\n", mode, questions[i].typed, questions[i].value, found,
                        (unsigned long long)first);
            }
        }
    }
    qsort(times, queries, sizeof *times, compare_times);
    printf("%-16s p50 %7.1f us  p90 %7.1f  p99 %7.1f  max %8.1f   %.1f answers%s\n", mode_names[mode],
           (double)times[queries / 2] / 1e3, (double)times[queries * 9 / 10] / 1e3,
           (double)times[queries * 99 / 100] / 1e3, (double)times[queries - 1] / 1e3,
           (double)answers / (double)queries, limits != 0 ? "; the work bound was reached" : "");
    judge(mode, times, queries);
    arena_release(&arena);
    mem_free(questions);
    mem_free(times);
    return 0;
}

static int write_list(const char *path, const struct text *texts, size_t count)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return AISLE_IO;
    }
    for (size_t i = 0; i < count; i++) {
        fprintf(file, "%.*s\t%llu\t%u\t%u\n", (int)texts[i].size, (const char *)key_of(&texts[i]).data,
                (unsigned long long)weight_of(&texts[i]), context_of(&texts[i], 0), context_of(&texts[i], 1));
    }
    return fclose(file) == 0 ? 0 : AISLE_IO;
}

static int run(size_t wanted, size_t queries, unsigned contexts, const char *list, const char *asked)
{
    struct text *texts = mem_alloc(wanted * sizeof *texts);
    struct part part = {.memory = {{0}}};
    FILE *file = asked == NULL ? NULL : fopen(asked, "w");
    if (texts == NULL || (asked != NULL && file == NULL)) {
        return AISLE_IO;
    }
    buf_init(&keys, UINT32_MAX);
    size_t count = make_texts(texts, wanted);
    int status = list == NULL ? 0 : write_list(list, texts, count);
    uint64_t start = clock_monotonic_ns();
    status = status != 0 ? status : build(&part, texts, count, contexts);
    double seconds = (double)(clock_monotonic_ns() - start) / 1e9;
    if (status != 0) {
        return status;
    }
    double bytes = (double)(part.views[0].size + part.views[1].size);
    printf("%zu suggestions of %.1f bytes, %u contexts each: %.1f bytes each (records %.1f, tree %.1f), "
           "%.0f built a second\n",
           count, (double)keys.size / (double)wanted, contexts, bytes / (double)count,
           (double)part.views[0].size / (double)count, (double)part.views[1].size / (double)count,
           (double)count / seconds);
    for (enum mode mode = SHORT; mode < MODES && status == 0; mode++) {
        if (mode != IN_CONTEXT || contexts != 0) {
            status = measure(&part, texts, count, mode, queries, file);
        }
    }
    if (file != NULL && fclose(file) != 0) {
        status = AISLE_IO;
    }
    memory_extents_release(&part.memory[0]);
    memory_extents_release(&part.memory[1]);
    buf_release(&keys);
    mem_free(texts);
    return status;
}

int main(int argc, char **argv)
{
    size_t wanted = 5000000;
    size_t queries = 20000;
    unsigned contexts = 2;
    unsigned plain = 0;
    const char *list = NULL;
    const char *asked = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0 && i + 1 < argc) {
            list = argv[++i];
        } else if (strcmp(argv[i], "--ask") == 0 && i + 1 < argc) {
            asked = argv[++i];
        } else if (strcmp(argv[i], "contexts=0") == 0) {
            contexts = 0;
        } else if (sscanf(argv[i], "bar=%lf,%lf,%lf", &bars[0], &bars[1], &bars[2]) == 3) {
            continue;
        } else if (strcmp(argv[i], "cpu=1") == 0) {
            clock_used = CLOCK_THREAD_CPUTIME_ID;
        } else {
            *(plain++ == 0 ? &wanted : &queries) = strtoul(argv[i], NULL, 10);
        }
    }
    int status = wanted == 0 || queries == 0 ? AISLE_INVALID : run(wanted, queries, contexts, list, asked);
    if (status != 0) {
        fprintf(stderr, "bench_suggest: %s\n", aisle_error_text(status));
    }
    return status != 0 || is_missed;
}
