/*
 * bench_dictionary.c - what training the dictionary of stored products again gains.
 *
 *     bench_dictionary PRODUCTS.jsonl [FIRST]
 *
 * A dictionary is trained on the first FIRST products (5,000), as the first flush does, and others on samples of 1 to
 * 8 MiB spread over all of them; what each makes of every seventh product, which no sample holds, is printed.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "documents/documents.h"

#include <stdio.h>
#include <stdlib.h>

#define HELD_OUT 7u

struct corpus {
    char *text;
    struct bytes *lines;
    size_t count;
};

static int read_corpus(const char *path, struct corpus *corpus)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        return -1;
    }
    size_t size = (size_t)ftell(file);
    rewind(file);
    corpus->text = mem_alloc(size + 1);
    corpus->lines = mem_alloc((size / 2 + 1) * sizeof *corpus->lines);
    if (corpus->text == NULL || corpus->lines == NULL || fread(corpus->text, 1, size, file) != size) {
        return -1;
    }
    fclose(file);
    for (char *line = corpus->text; line < corpus->text + size;) {
        char *end = memchr(line, '\n', (size_t)(corpus->text + size - line));
        end = end == NULL ? corpus->text + size : end;
        corpus->lines[corpus->count++] = bytes_of(line, (size_t)(end - line));
        line = end + 1;
    }
    return 0;
}

/* Bytes of all held-out products under the dictionary. */
static size_t measure(const struct corpus *corpus, struct bytes dictionary, size_t *raw)
{
    struct compressor *compressor = NULL;
    struct buf out;
    size_t total = 0;
    *raw = 0;
    buf_init(&out, DOCUMENT_STORED_BYTES_MAX * 2);
    if (compressor_new(dictionary, COMPRESS_LEVEL, &compressor) != 0) {
        return 0;
    }
    for (size_t i = 0; i < corpus->count; i += HELD_OUT) {
        buf_clear(&out);
        if (compressor_run(compressor, corpus->lines[i], &out) == 0) {
            total += out.size;
            *raw += corpus->lines[i].size;
        }
    }
    compressor_free(compressor);
    buf_release(&out);
    return total;
}

static void try_sample(const struct corpus *corpus, size_t end, size_t max_bytes, const char *name, size_t *reference)
{
    struct bytes *samples = mem_alloc(corpus->count * sizeof *samples);
    struct buf dictionary;
    size_t count = 0;
    size_t total = 0;
    size_t raw = 0;
    buf_init(&dictionary, LIMIT_DICTIONARY_BYTES);
    for (size_t i = 0; i < end; i++) {
        total += corpus->lines[i].size;
    }
    size_t step = total / max_bytes + 1;
    for (size_t i = 0; samples != NULL && i < end; i += step) {
        if (i % HELD_OUT != 0) {
            samples[count++] = corpus->lines[i];
        }
    }
    uint64_t start = clock_monotonic_ns();
    int status = dictionary_train(samples, count, COMPRESS_DICTIONARY_BYTES, &dictionary);
    double ms = (double)(clock_monotonic_ns() - start) / 1e6;
    size_t stored = status == 0 ? measure(corpus, buf_bytes(&dictionary), &raw) : 0;
    *reference = *reference == 0 ? stored : *reference;
    printf("%-28s %7zu samples, dictionary %6zu bytes in %7.1f ms: %.4f of the product, %5.2f %% less\n", name, count,
           dictionary.size, ms, (double)stored / (double)(raw + (raw == 0)),
           100.0 - 100.0 * (double)stored / (double)(*reference + (*reference == 0)));
    mem_free(samples);
    buf_release(&dictionary);
}

int main(int argc, char **argv)
{
    struct corpus corpus = {.count = 0};
    size_t reference = 0;
    if (argc < 2 || read_corpus(argv[1], &corpus) != 0) {
        fprintf(stderr, "bench_dictionary: PRODUCTS.jsonl, please\n");
        return 1;
    }
    size_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 5000;
    first = first < corpus.count ? first : corpus.count;
    printf("%zu products\n", corpus.count);
    try_sample(&corpus, first, SIZE_MAX, "the first products", &reference);
    for (size_t mib = 1; mib <= 8; mib *= 2) {
        char name[32];
        snprintf(name, sizeof name, "%zu MiB of all", mib);
        try_sample(&corpus, corpus.count, mib << 20, name, &reference);
    }
    mem_free(corpus.lines);
    mem_free(corpus.text);
    return 0;
}
