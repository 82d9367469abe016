/*
 * bench_documents.c - stored products: size and time in and out by level and dictionary, and the store around them.
 *
 * Usage: bench_documents [products.jsonl]; without a file, 40,000 synthetic products of about 430 bytes. Half of the
 * products train the dictionary, the other half is measured. "Cold" sweeps 4 MiB between every 64 products, as other
 * work of an indexer would.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "documents/documents.h"
#include "tests/support/memory_extents.h"

#include <stdio.h>

#define SEED UINT64_C(42)
#define PRODUCTS_MAX 200000u
#define SYNTHETIC_PRODUCTS 40000u
#define COLD_BYTES (4u << 20)
#define COLD_PRODUCTS 64u
#define ROUNDS 3

static uint64_t random_state = SEED;
static struct buf text;
static size_t starts[PRODUCTS_MAX + 1];
static struct bytes training[PRODUCTS_MAX];
static struct bytes measured[PRODUCTS_MAX];
static size_t training_count;
static size_t measured_count;
static uint8_t cold[COLD_BYTES];

static uint64_t next_random(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Words of a skewed made-up vocabulary: the less likely, the longer its number. */
static void put_words(unsigned count)
{
    static const char *const syllables[] = {"ba", "cor", "del", "fin", "gra", "hol", "jin", "kes",
                                            "lum", "mor", "nex", "pal", "qui", "ron", "sta", "ter"};
    for (unsigned i = 0; i < count; i++) {
        uint64_t r = next_random();
        uint64_t rank = (r >> 16) & ((UINT64_C(1) << (2 + r % 13)) - 1);
        buf_put_string(&text, i == 0 ? "" : " ");
        do {
            buf_put_string(&text, syllables[rank % 16]);
            rank /= 16;
        } while (rank != 0);
    }
}

static void put_synthetic(void)
{
    buf_printf(&text, "{\"id\":\"P%08u\",\"title\":\"", (unsigned)(next_random() % 100000000));
    put_words(6);
    buf_printf(&text, "\",\"brand\":\"");
    put_words(1);
    buf_printf(&text, "\",\"category\":[\"dep%u\",\"sub%u\"],\"price\":%u.%02u,\"currency\":\"EUR\",\"in_stock\":%s,",
               (unsigned)(next_random() % 12), (unsigned)(next_random() % 90), (unsigned)(next_random() % 400),
               (unsigned)(next_random() % 100), next_random() % 4 == 0 ? "false" : "true");
    buf_printf(&text, "\"rating\":%u.%u,\"reviews\":%u,\"sku\":\"%c%c%06u\",\"description\":\"",
               (unsigned)(next_random() % 5), (unsigned)(next_random() % 10), (unsigned)(next_random() % 900),
               (int)('A' + next_random() % 26), (int)('A' + next_random() % 26), (unsigned)(next_random() % 1000000));
    put_words(36);
    buf_printf(&text, "\"}");
}

static int load(const char *path)
{
    size_t count = 0;
    buf_init(&text, 1u << 30);
    if (path == NULL) {
        for (; count < SYNTHETIC_PRODUCTS; count++) {
            starts[count] = text.size;
            put_synthetic();
        }
    } else {
        static char line[LIMIT_PRODUCT_BYTES];
        FILE *file = fopen(path, "r");
        if (file == NULL) {
            perror(path);
            return 1;
        }
        for (; count < PRODUCTS_MAX && fgets(line, sizeof line, file) != NULL; count++) {
            starts[count] = text.size;
            buf_put(&text, line, strcspn(line, "\n"));
        }
        fclose(file);
    }
    starts[count] = text.size;
    for (size_t i = 0; i < count; i++) {
        struct bytes product = bytes_of(text.data + starts[i], starts[i + 1] - starts[i]);
        if (i % 2 == 0) {
            training[training_count++] = product;
        } else {
            measured[measured_count++] = product;
        }
    }
    return buf_status(&text);
}

static void sweep(void)
{
    for (size_t i = 0; i < COLD_BYTES; i += 64) {
        cold[i]++;
    }
}

struct figures {
    size_t stored_bytes;
    double in_us;
    double out_us;
};

/* One pass over the measured products; less time replaces more. */
static int pass(struct compressor *compressor, struct decompressor *decompressor, int is_cold, struct figures *best)
{
    static uint32_t sizes[PRODUCTS_MAX];
    struct buf stored;
    struct buf product;
    uint64_t in_ns = 0;
    uint64_t out_ns = 0;
    int status = 0;
    buf_init(&stored, 1u << 30);
    buf_init(&product, LIMIT_PRODUCT_BYTES);
    for (size_t i = 0; i < measured_count && status == 0;) {
        is_cold ? sweep() : (void)0;
        uint64_t start = clock_monotonic_ns();
        for (size_t j = 0; j < COLD_PRODUCTS && i < measured_count && status == 0; i++, j++) {
            size_t before = stored.size;
            status = compressor_run(compressor, measured[i], &stored);
            sizes[i] = (uint32_t)(stored.size - before);
        }
        in_ns += clock_monotonic_ns() - start;
    }
    const uint8_t *next = stored.data;
    for (size_t i = 0; i < measured_count && status == 0;) {
        is_cold ? sweep() : (void)0;
        uint64_t start = clock_monotonic_ns();
        for (size_t j = 0; j < COLD_PRODUCTS && i < measured_count && status == 0; next += sizes[i], i++, j++) {
            buf_clear(&product);
            status = decompressor_run(decompressor, bytes_of(next, sizes[i]), &product);
        }
        out_ns += clock_monotonic_ns() - start;
    }
    double in_us = (double)in_ns / 1e3 / (double)measured_count;
    double out_us = (double)out_ns / 1e3 / (double)measured_count;
    best->stored_bytes = stored.size;
    best->in_us = best->in_us == 0 || in_us < best->in_us ? in_us : best->in_us;
    best->out_us = best->out_us == 0 || out_us < best->out_us ? out_us : best->out_us;
    buf_release(&stored);
    buf_release(&product);
    return status;
}

static int measure(struct bytes dictionary, int level)
{
    struct compressor *compressor = NULL;
    struct decompressor *decompressor = NULL;
    struct figures warm = {0};
    struct figures swept = {0};
    int status = compressor_new(dictionary, level, &compressor);
    status = status == 0 ? decompressor_new(dictionary, &decompressor) : status;
    for (int i = 0; i < ROUNDS && status == 0; i++) {
        status = pass(compressor, decompressor, 0, &warm);
        status = status == 0 ? pass(compressor, decompressor, 1, &swept) : status;
    }
    printf("  level %2d  %6.1f bytes  in %.2f us, cold %.2f  out %.2f us, cold %.2f\n", level,
           (double)warm.stored_bytes / (double)measured_count, warm.in_us, swept.in_us, warm.out_us, swept.out_us);
    compressor_free(compressor);
    decompressor_free(decompressor);
    return status;
}

/* The store alone: bytes of index a document, and ns to find one. */
static int measure_store(void)
{
    struct memory_extents data = {0};
    struct memory_extents index = {0};
    struct extent_writer data_writer;
    struct extent_writer index_writer;
    struct documents_writer writer;
    struct documents_reader reader;
    struct buf scratch;
    uint32_t count = 1000000;
    buf_init(&scratch, DOCUMENT_STORED_BYTES_MAX);
    memory_extents_begin(&data, &data_writer);
    memory_extents_begin(&index, &index_writer);
    int status = documents_writer_init(&writer, &data_writer, &index_writer);
    for (uint32_t i = 0; i < count && status == 0; i++) {
        size_t size = 80 + next_random() % 80 + next_random() % 80 + (next_random() % 100 == 0 ? 2000 : 0);
        status = documents_writer_add(&writer, bytes_of(cold, size));
    }
    status = status == 0 ? documents_writer_finish(&writer) : status;
    documents_writer_release(&writer);
    struct extent_view data_view = memory_extents_view(&data, &data_writer);
    struct extent_view index_view = memory_extents_view(&index, &index_writer);
    status = status == 0 ? documents_open(&reader, &data_view, &index_view) : status;
    uint64_t start = clock_monotonic_ns();
    for (uint32_t i = 0; i < count && status == 0; i++) {
        struct bytes stored;
        status = documents_get(&reader, (uint32_t)(next_random() % count), &scratch, &stored);
    }
    printf("store: %.2f bytes of index a document, %.0f ns to find a random one of %u\n",
           (double)index_view.size / count, (double)(clock_monotonic_ns() - start) / count, count);
    memory_extents_release(&data);
    memory_extents_release(&index);
    buf_release(&scratch);
    return status;
}

int main(int argc, char **argv)
{
    static const size_t dictionary_kib[] = {0, 32, 64, 112};
    static const int levels[] = {-3, -1, 1, 2, 3};
    int status = load(argc > 1 ? argv[1] : NULL);
    if (status != 0) {
        return 1;
    }
    size_t total = 0;
    for (size_t i = 0; i < measured_count; i++) {
        total += measured[i].size;
    }
    printf("%zu products of %.1f bytes\n", measured_count, (double)total / (double)measured_count);
    for (size_t i = 0; i < sizeof dictionary_kib / sizeof dictionary_kib[0] && status == 0; i++) {
        struct buf dictionary;
        buf_init(&dictionary, LIMIT_DICTIONARY_BYTES);
        uint64_t start = clock_monotonic_us();
        if (dictionary_kib[i] != 0) {
            status = dictionary_train(training, training_count, dictionary_kib[i] << 10, &dictionary);
        }
        printf("dictionary of %zu bytes, trained in %.0f ms\n", dictionary.size,
               (double)(clock_monotonic_us() - start) / 1e3);
        for (size_t j = 0; j < sizeof levels / sizeof levels[0] && status == 0; j++) {
            status = measure(buf_bytes(&dictionary), levels[j]);
        }
        buf_release(&dictionary);
    }
    status = status == 0 ? measure_store() : status;
    buf_release(&text);
    return status != 0;
}
