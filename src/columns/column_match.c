/*
 * column_match.c - which documents of a page have a value within a range, without unpacking the page.
 *
 * The range is turned into one of codes, once; then codes are compared as they stand. Eight codes of up to 25 bits lie
 * in 25 bytes: the AVX2 loop shuffles four bytes for each into its lane, shifts, masks and compares them, which costs
 * less than storing them unpacked would.
 * Thread rule: pure functions.
 */
#include "columns/columns_format.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define PAGE_WORDS (COLUMN_PAGE_DOCUMENTS / 64u)
#define LANE_WIDTH_MAX 25u /* bits that four bytes hold from any bit on */

/* The codes least to least + span. */
struct code_range {
    uint64_t least;
    uint64_t span;
};

/* The least integer i, within a page's bounds or one behind, that column_from_decimal makes at least value. */
static int64_t decimal_from(const struct column_header *header, int64_t value)
{
    double wanted = column_to_double(value) * column_power_of_ten(header->unit);
    int64_t i = header->least;
    if (wanted >= (double)header->greatest) {
        i = header->greatest - 2 > header->least ? header->greatest - 2 : header->least;
    } else if (wanted > (double)header->least + 2) {
        i = (int64_t)wanted - 2; /* multiplying rounds by less than one */
    }
    while (i <= header->greatest && column_from_decimal(i, header->unit) < value) {
        i++;
    }
    return i;
}

/* False when no code can be in the range. header holds a value at least. */
static bool codes_of(const struct column_header *header, int64_t least, int64_t greatest, struct code_range *out)
{
    int64_t first = least;
    int64_t last = greatest; /* in the units of least and greatest */
    unsigned shift = header->unit;
    if (header->encoding == COLUMN_DECIMAL) {
        /* A bound within the page's range is a finite number, so the steps to it are few. */
        int64_t min;
        int64_t max;
        column_header_range(header, &min, &max);
        first = least <= min ? header->least : decimal_from(header, least);
        last = greatest >= max ? header->greatest : decimal_from(header, greatest + 1) - 1;
        shift = 0;
    }
    first = first < header->least ? header->least : first;
    last = last > header->greatest ? header->greatest : last;
    if (first > last) {
        return false;
    }
    uint64_t low = (uint64_t)first - (uint64_t)header->least;
    uint64_t high = ((uint64_t)last - (uint64_t)header->least) >> shift;
    low = (low >> shift) + ((low & ((UINT64_C(1) << shift) - 1)) != 0 ? 1 : 0);
    if (low > high) {
        return false;
    }
    out->least = low + (header->has_missing ? 1 : 0);
    out->span = high - low;
    return true;
}

static void fill(uint64_t *bits, uint32_t count)
{
    for (uint32_t word = 0; word < PAGE_WORDS; word++) {
        uint32_t left = count > word * 64 ? count - word * 64 : 0;
        bits[word] = left >= 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1;
    }
}

/* Codes [from, count) one by one. */
static void match_from(const struct column_header *header, struct code_range range, uint32_t from, uint64_t *bits)
{
    const uint32_t width = header->width;
    const uint64_t mask = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
    for (uint32_t i = from; i < header->count; i++) {
        size_t bit = (size_t)i * width;
        uint64_t code = load_u64(header->body.data + bit / 8) >> (bit % 8) & mask;
        bits[i / 64] |= (uint64_t)(code - range.least <= range.span) << (i % 64);
    }
}

#if defined(__x86_64__)

/* Where the four bytes of each of eight codes lie, seen from where the first and where the fifth begins. */
static void lane_plan(uint32_t width, uint8_t shuffle[32], uint32_t shift[8])
{
    for (uint32_t k = 0; k < 8; k++) {
        uint32_t bit = k < 4 ? k * width : (4 * width) % 8 + (k - 4) * width;
        shift[k] = bit % 8;
        for (uint32_t b = 0; b < 4; b++) {
            shuffle[k * 4 + b] = (uint8_t)(bit / 8 + b);
        }
    }
}

/* Returns how many codes were compared; the loads of the last few would pass the end of the body. */
__attribute__((target("avx2"))) static uint32_t match_eights(const struct column_header *header,
                                                             struct code_range range, uint64_t *bits)
{
    uint8_t shuffle[32];
    uint32_t shift[8];
    const uint32_t width = header->width;
    lane_plan(width, shuffle, shift);
    const __m256i places = _mm256_loadu_si256((const __m256i *)(const void *)shuffle);
    const __m256i shifts = _mm256_loadu_si256((const __m256i *)(const void *)shift);
    const __m256i mask = _mm256_set1_epi32((int)((1u << width) - 1));
    const __m256i least = _mm256_set1_epi32((int)(uint32_t)range.least);
    const __m256i span = _mm256_set1_epi32((int)(uint32_t)range.span);
    const size_t second = 4 * width / 8;
    uint8_t *out = (uint8_t *)bits;
    const uint8_t *next = header->body.data;
    const uint8_t *end = next + header->body.size;
    uint32_t i = 0;
    for (; i + 8 <= header->count && (size_t)(end - next) >= second + 16; i += 8, next += width) {
        __m256i bytes = _mm256_inserti128_si256(
            _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)next)),
            _mm_loadu_si128((const __m128i *)(const void *)(next + second)), 1);
        __m256i code = _mm256_and_si256(_mm256_srlv_epi32(_mm256_shuffle_epi8(bytes, places), shifts), mask);
        __m256i from = _mm256_sub_epi32(code, least);
        __m256i inside = _mm256_cmpeq_epi32(_mm256_min_epu32(from, span), from);
        out[i / 8] = (uint8_t)_mm256_movemask_ps(_mm256_castsi256_ps(inside));
    }
    return i;
}

#endif

static void match_codes(const struct column_header *header, struct code_range range, uint64_t *bits)
{
    uint32_t from = 0;
#if defined(__x86_64__)
    if (header->width <= LANE_WIDTH_MAX && __builtin_cpu_supports("avx2")) { /* LCOV_EXCL_BR_LINE: the machine */
        from = match_eights(header, range, bits);
    }
#endif
    match_from(header, range, from, bits);
}

int column_page_match(struct bytes page, int64_t least, int64_t greatest, uint64_t *bits, uint32_t *count)
{
    struct column_header header;
    int64_t min;
    int64_t max;
    struct code_range range;
    memset(bits, 0, PAGE_WORDS * sizeof *bits);
    *count = 0;
    if (column_header_decode(page, &header) != 0 || header.encoding == COLUMN_DELTA) {
        return AISLE_CORRUPT;
    }
    *count = header.count;
    column_header_range(&header, &min, &max);
    if (max == COLUMN_MISSING || greatest < min || least > max) {
        return 0;
    }
    if (least <= min && greatest >= max && !header.has_missing) {
        fill(bits, header.count);
    } else if (codes_of(&header, least, greatest, &range)) {
        match_codes(&header, range, bits);
    }
    return 0;
}
