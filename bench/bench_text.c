/*
 * bench_text.c - the cost of analysis: nanoseconds per token and per text.
 *
 *     bench_text [FILE [LANGUAGE]]
 *
 * FILE: one text a line; of a line of JSON, the values of all strings are the text (roughly: every piece between
 * quotes that no colon follows). Without FILE, made-up titles and descriptions of about 45 words. The first pass over
 * the texts, with an empty stem cache, and the best of five further passes are told apart.
 */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "text/text.h"

#include <stdio.h>

#define TEXTS_MAX 200000u
#define TEXTS_BYTES_MAX (512u << 20)

struct texts {
    struct buf bytes;
    struct buf sizes; /* u32 each */
    size_t count;
};

static const char *const words[] = {
    "running", "shoes", "wireless", "headphones", "stainless", "steel", "bottle", "men's", "women's", "cotton",
    "t-shirt", "Samsung", "Galaxy", "128 GB", "USB-C", "charger", "leather", "wallet", "garden", "hose", "25 ft",
    "kitchen", "knife", "set", "of", "the", "with", "and", "for", "black", "blue", "size", "adjustable",
    "waterproof", "batteries", "2.5", "inch", "1,000", "reviews", "new", "easily", "cleaned", "dishwasher", "safe",
    "premium", "quality", "includes", "replacing", "filter", "12-pack",
};

static uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

static void end_text(struct texts *texts, size_t start)
{
    if (texts->bytes.size > start) {
        buf_put_u32(&texts->sizes, (uint32_t)(texts->bytes.size - start));
        texts->count++;
    }
}

/* One word in four gets one of 1000 tails, so that the stem cache meets a vocabulary, not 50 words. */
static void make_texts(struct texts *texts)
{
    uint64_t state = 42;
    for (size_t i = 0; i < 50000; i++) {
        size_t start = texts->bytes.size;
        for (size_t w = 0; w < 45; w++) {
            buf_put_string(&texts->bytes, words[next_random(&state) % (sizeof words / sizeof words[0])]);
            uint32_t variant = next_random(&state) % 4000;
            if (variant < 1000) {
                char tail[4] = {(char)('a' + variant % 10), (char)('a' + variant / 10 % 10),
                                (char)('a' + variant / 100), 0};
                buf_put_string(&texts->bytes, tail);
            }
            buf_put_u8(&texts->bytes, ' ');
        }
        end_text(texts, start);
    }
}

/* The values of a line of JSON, without their escapes' meaning: good enough to time. */
static void put_values(struct buf *out, const char *line)
{
    for (const char *p = strchr(line, '"'); p != NULL; p = strchr(p, '"')) {
        const char *start = ++p;
        while (*p != 0 && *p != '"') {
            p += *p == '\\' && p[1] != 0 ? 2 : 1;
        }
        if (*p == 0) {
            return;
        }
        if (p[1] != ':') {
            buf_put(out, start, (size_t)(p - start));
            buf_put_u8(out, ' ');
        }
        p++;
    }
}

static int read_texts(struct texts *texts, const char *path)
{
    static char line[1u << 20];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        return -1;
    }
    while (texts->count < TEXTS_MAX && fgets(line, sizeof line, file) != NULL) {
        size_t start = texts->bytes.size;
        if (line[0] == '{') {
            put_values(&texts->bytes, line);
        } else {
            buf_put(&texts->bytes, line, strcspn(line, "\n"));
        }
        end_text(texts, start);
    }
    return fclose(file);
}

static uint64_t run_all(struct analyser *analyser, const struct texts *texts, uint8_t language, size_t *tokens)
{
    const uint8_t *text = texts->bytes.data;
    uint64_t start = clock_monotonic_ns();
    *tokens = 0;
    for (size_t i = 0; i < texts->count; i++) {
        struct token_list list;
        uint32_t size = load_u32(texts->sizes.data + i * sizeof size);
        if (analyser_run_product(analyser, bytes_of(text, size), language, false, &list) == 0) {
            *tokens += list.count;
        }
        text += size;
    }
    return clock_monotonic_ns() - start;
}

static void print_pass(const char *name, uint64_t ns, size_t tokens, const struct texts *texts)
{
    printf("%-8s %8.1f ns/text %6.1f ns/token %6.1f tokens/text %6.1f bytes/text\n", name,
           (double)ns / (double)texts->count, (double)ns / (double)tokens, (double)tokens / (double)texts->count,
           (double)texts->bytes.size / (double)texts->count);
}

int main(int argument_count, char **arguments)
{
    struct texts texts = {.count = 0};
    struct analyser *analyser = NULL;
    uint8_t language;
    buf_init(&texts.bytes, TEXTS_BYTES_MAX);
    buf_init(&texts.sizes, TEXTS_MAX * sizeof(uint32_t));
    int status = text_language_find(argument_count > 2 ? arguments[2] : "english", &language);
    if (status == 0 && argument_count > 1) {
        status = read_texts(&texts, arguments[1]);
    } else {
        make_texts(&texts);
    }
    if (status != 0 || buf_status(&texts.bytes) != 0 || buf_status(&texts.sizes) != 0 || texts.count == 0 ||
        analyser_new(&analyser) != 0) {
        fprintf(stderr, "bench_text: no texts, no such language, or no memory\n");
        return 1;
    }
    size_t tokens;
    uint64_t first = run_all(analyser, &texts, language, &tokens);
    print_pass("first", first, tokens, &texts);
    uint64_t best = UINT64_MAX;
    for (int pass = 0; pass < 5; pass++) {
        uint64_t ns = run_all(analyser, &texts, language, &tokens);
        best = ns < best ? ns : best;
    }
    print_pass("warm", best, tokens, &texts);
    analyser_free(analyser);
    buf_release(&texts.bytes);
    buf_release(&texts.sizes);
    return 0;
}
