/*
 * bench_columns.c - size and speed of column pages: integers of several widths, prices, ratings, document order keys.
 *
 * Prints bytes a document, ns a value of page decoding with and without AVX2, and ns of a random column_get; behind
 * that, ns a value of finding a quarter of the codes in a page, plainly and with AVX2 (0: not for this width), the
 * least of ten runs each.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "columns/column_match.h"
#include "columns/column_unpack.h"
#include "columns/columns.h"

#include <stdio.h>

#define SEED UINT64_C(42)
#define DOCUMENTS (1000u * COLUMN_PAGE_DOCUMENTS)

struct component {
    uint8_t **extents;
    struct extent_view view;
    _Atomic uint64_t *verified;
};

static uint64_t random_state = SEED;

static uint64_t next_random(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Extents stand as LMDB puts them: 16 bytes into a page. */
static int collect(void *context, uint32_t index, struct bytes extent)
{
    struct component *component = context;
    uint8_t **extents = mem_realloc(component->extents, (index + 1) * sizeof *extents);
    uint8_t *page = aligned_alloc(EXTENT_PAGE_BYTES, extent.size + 16);
    if (extents == NULL || page == NULL) {
        return AISLE_NO_MEMORY;
    }
    memcpy(page + 16, extent.data, extent.size);
    extents[index] = page + 16;
    component->extents = extents;
    component->view.extent_count = index + 1;
    return 0;
}

static int build(enum column_kind kind, const int64_t *values, struct component *component)
{
    static struct column_writer writer;
    struct extent_writer stream;
    if (extent_writer_init(&stream, collect, component) != 0) {
        return AISLE_NO_MEMORY;
    }
    int status = column_writer_init(&writer, kind, &stream);
    for (uint32_t i = 0; i < DOCUMENTS && status == 0; i++) {
        status = column_writer_add(&writer, values[i]);
    }
    status = status != 0 ? status : column_writer_finish(&writer);
    column_writer_release(&writer);
    status = status != 0 ? status : extent_writer_finish(&stream, &component->view.size);
    extent_writer_release(&stream);
    component->view.extents = (const uint8_t *const *)component->extents;
    component->verified = mem_calloc(component->view.extent_count + 1, sizeof *component->verified);
    component->view.verified = component->verified;
    return component->verified == NULL ? AISLE_NO_MEMORY : status;
}

/* ns a value to decode one page again and again. */
static double time_page(struct bytes page, bool plain)
{
    static int64_t values[COLUMN_PAGE_DOCUMENTS];
    struct column_header header;
    if (column_header_decode(page, &header) != 0 || (plain && header.encoding == COLUMN_DELTA)) {
        return 0;
    }
    uint32_t count = 0;
    uint64_t start = clock_monotonic_ns();
    for (int i = 0; i < 2000; i++) {
        if (plain) {
            column_unpack_plain(&header, values);
        } else if (column_page_decode(page, values, &count) != 0) {
            return 0;
        }
    }
    return (double)(clock_monotonic_ns() - start) / 2000 / COLUMN_PAGE_DOCUMENTS;
}

typedef void match_codes(const struct column_header *header, struct column_codes range, uint64_t *bits);

/* ns a value to find a quarter of the codes of one page. */
static double time_match(struct bytes page, match_codes *match)
{
    struct column_header header;
    double least = 1e9;
    if (match == NULL || column_header_decode(page, &header) != 0 || header.encoding == COLUMN_DELTA ||
        header.width == 0 || (match != column_match_plain && header.width > COLUMN_CODES_WIDTH_MAX)) {
        return 0;
    }
    struct column_codes range = {1, (UINT64_C(1) << (header.width - 1)) / 2};
    for (int run = 0; run < 10; run++) {
        uint64_t start = clock_monotonic_ns();
        for (int i = 0; i < 1000; i++) {
            uint64_t bits[COLUMN_PAGE_DOCUMENTS / 64] = {0};
            match(&header, range, bits);
            __asm__ volatile("" : : "r"(bits) : "memory");
        }
        double ns = (double)(clock_monotonic_ns() - start) / 1000 / COLUMN_PAGE_DOCUMENTS;
        least = ns < least ? ns : least;
    }
    return least;
}

static void print_match(struct bytes page)
{
    match_codes *avx2 = NULL;
#if defined(__x86_64__)
    avx2 = __builtin_cpu_supports("avx2") ? column_match_avx2 : NULL;
#endif
    printf("%-18s match: plain %5.3f ns  avx2 %5.3f ns\n", "", time_match(page, column_match_plain),
           time_match(page, avx2));
}

static int measure(const char *name, enum column_kind kind, const int64_t *values)
{
    struct component component = {0};
    struct column_reader reader;
    struct bytes page;
    uint64_t start = clock_monotonic_ns();
    if (build(kind, values, &component) != 0) {
        return 1;
    }
    double encode_ns = (double)(clock_monotonic_ns() - start) / DOCUMENTS;
    if (column_open(&reader, &component.view) != 0 || column_check(&reader, NULL) != 0 ||
        column_page(&reader, reader.page_count / 2, &page) != 0) {
        return 1;
    }
    uint64_t sum = 0;
    start = clock_monotonic_ns();
    for (uint32_t i = 0; i < DOCUMENTS; i++) {
        int64_t value;
        if (column_get(&reader, (uint32_t)(next_random() % DOCUMENTS), &value) == 0) {
            sum += (uint64_t)value;
        }
    }
    double get_ns = (double)(clock_monotonic_ns() - start) / DOCUMENTS;
    printf("%-18s %6.3f bytes/doc  encode %5.1f ns  decode %5.2f ns  plain %5.2f ns  get %6.1f ns  (%llx)\n", name,
           (double)component.view.size / DOCUMENTS, encode_ns, time_page(page, false), time_page(page, true), get_ns,
           (unsigned long long)sum & 15);
    print_match(page);
    for (uint32_t i = 0; i < component.view.extent_count; i++) {
        free(component.extents[i] - 16);
    }
    mem_free(component.extents);
    mem_free((void *)component.verified);
    return 0;
}

static int compare_values(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* A rank below count, low ones far more often, about as 1 / rank. */
static uint64_t skewed(uint64_t count)
{
    double u = (double)(next_random() >> 11) / 9007199254740992.0;
    double rank = 1;
    for (double x = u * __builtin_log((double)count); x > 0; x -= 1) {
        rank *= x >= 1 ? 2.718281828459045 : __builtin_exp(x);
    }
    return (uint64_t)rank % count;
}

static uint64_t scatter(uint64_t x, unsigned bits)
{
    return (x + 1) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - bits);
}

/* Length, path of two levels, brand, popularity, from the most significant bit down; sorted. */
static void make_keys(int64_t *values, bool with_parts)
{
    for (uint32_t i = 0; i < DOCUMENTS; i++) {
        uint64_t length = 4 + (next_random() % 9 + next_random() % 9 + next_random() % 4);
        uint64_t path = skewed(3000);
        uint64_t brand = (path * 7 + skewed(20000)) % 20000;
        uint64_t key = length << 59;
        if (with_parts) {
            key |= scatter(path % 40, 12) << 47 | scatter(path + 100, 12) << 35;
            key |= scatter(brand + 5000, 14) << 21 | (next_random() % 120) << 13;
        }
        values[i] = column_from_key(key);
    }
    qsort(values, DOCUMENTS, sizeof *values, compare_values);
}

int main(void)
{
    int64_t *values = mem_calloc(DOCUMENTS, sizeof *values);
    int failed = values == NULL;
    const unsigned widths[] = {1, 4, 7, 12, 17, 24, 32, 45, 57, 64};
    for (size_t w = 0; w < sizeof widths / sizeof widths[0] && !failed; w++) {
        char name[32];
        snprintf(name, sizeof name, "integer, %u bits", widths[w]);
        for (uint32_t i = 0; i < DOCUMENTS; i++) {
            values[i] = (int64_t)(next_random() >> (64 - widths[w]));
        }
        failed = measure(name, COLUMN_INTEGER, values);
    }
    for (uint32_t i = 0; i < DOCUMENTS && !failed; i++) {
        values[i] = next_random() % 8 == 0 ? COLUMN_MISSING : (int64_t)(next_random() % 30000);
    }
    failed = failed || measure("integer, missing", COLUMN_INTEGER, values);
    for (uint32_t i = 0; i < DOCUMENTS && !failed; i++) {
        values[i] = column_from_double((double)(10 + next_random() % 41) / 10);
    }
    failed = failed || measure("rating 1.0 to 5.0", COLUMN_DOUBLE, values);
    for (uint32_t i = 0; i < DOCUMENTS && !failed; i++) {
        values[i] = next_random() % 8 == 0 ? COLUMN_MISSING : column_from_double((double)(next_random() % 50000) / 100);
    }
    failed = failed || measure("price, missing", COLUMN_DOUBLE, values);
    for (uint32_t i = 0; i < DOCUMENTS && !failed; i++) {
        values[i] = column_from_double((double)(next_random() >> 11) / 9007199254740992.0);
    }
    failed = failed || measure("any double", COLUMN_DOUBLE, values);
    if (!failed) {
        make_keys(values, false);
    }
    failed = failed || measure("keys, length", COLUMN_ASCENDING, values);
    if (!failed) {
        make_keys(values, true);
    }
    failed = failed || measure("keys, all parts", COLUMN_ASCENDING, values);
    mem_free(values);
    return failed;
}
