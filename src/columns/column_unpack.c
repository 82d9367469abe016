/*
 * column_unpack.c - codes of a page to values.
 *
 * Codes are packed one after another, so eight of them take exactly `width` bytes: the AVX2 loop goes by eights, with
 * the byte and the shift of each of the eight worked out once. This is simpler than a vertical layout, keeps random
 * access a single load, and on pages in cache it is bound by the stores.
 * Thread rule: pure functions.
 */
#include "columns/column_unpack.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define LANES 8u

static uint64_t code_mask(uint32_t width)
{
    return width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

/* Values [from, count) one by one. */
static void unpack_from(const struct column_header *header, uint32_t from, int64_t *values)
{
    const uint32_t width = header->width;
    const uint64_t mask = code_mask(width);
    const uint64_t skip = header->has_missing;
    const uint32_t shift = header->encoding == COLUMN_FRAME ? header->unit : 0;
    for (uint32_t i = from; i < header->count; i++) {
        size_t bit = (size_t)i * width;
        uint64_t code = load_u64(header->body.data + bit / 8) >> (bit % 8) & mask;
        int64_t value = (int64_t)((uint64_t)header->least + ((code - skip) << shift));
        if (header->encoding == COLUMN_DECIMAL) {
            value = column_from_decimal(value, header->unit);
        }
        values[i] = header->has_missing && code == 0 ? COLUMN_MISSING : value;
    }
}

static void fill(const struct column_header *header, int64_t *values)
{
    int64_t value = header->least;
    if (header->encoding == COLUMN_DECIMAL && !header->has_missing) {
        value = column_from_decimal(value, header->unit);
    }
    for (uint32_t i = 0; i < header->count; i++) {
        values[i] = value;
    }
}

void column_unpack_plain(const struct column_header *header, int64_t *values)
{
    if (header->width == 0) {
        fill(header, values);
    } else {
        unpack_from(header, 0, values);
    }
}

#if defined(__x86_64__)

/*
 * Integers below 2^51 in magnitude to doubles: adding them to the bits of 1.5 * 2^52 puts them into the mantissa, and
 * taking 1.5 * 2^52 away leaves the number. Then division, and the map of column_from_double (-0.0 cannot arise:
 * integer 0 gives 0.0).
 */
__attribute__((target("avx2"))) static inline __m256i from_decimals(__m256i integers, __m256d power)
{
    const __m256d magic = _mm256_set1_pd(6755399441055744.0);
    __m256d numbers = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_add_epi64(integers, _mm256_castpd_si256(magic))), magic);
    __m256i bits = _mm256_castpd_si256(_mm256_div_pd(numbers, power));
    __m256i negative = _mm256_cmpgt_epi64(_mm256_setzero_si256(), bits);
    return _mm256_xor_si256(bits, _mm256_srli_epi64(negative, 1));
}

/* What never changes within a call; the flags are inlined as constants, so that the loop has no branches. */
struct shape {
    bool has_missing;
    bool decimal;
    uint32_t shift; /* of codes: 0 for decimals */
};

__attribute__((target("avx2"), always_inline)) static inline void
unpack_eights(const struct column_header *header, const struct shape shape, int64_t *values)
{
    const uint64_t width = header->width;
    const uint8_t *next = header->body.data;
    const uint64_t at1 = width / 8, at2 = width * 2 / 8, at3 = width * 3 / 8, at4 = width * 4 / 8;
    const uint64_t at5 = width * 5 / 8, at6 = width * 6 / 8, at7 = width * 7 / 8;
    const __m256i low_shift =
        _mm256_set_epi64x((int64_t)(width * 3 % 8), (int64_t)(width * 2 % 8), (int64_t)(width % 8), 0);
    const __m256i high_shift = _mm256_set_epi64x((int64_t)(width * 7 % 8), (int64_t)(width * 6 % 8),
                                                 (int64_t)(width * 5 % 8), (int64_t)(width * 4 % 8));
    const __m256i mask = _mm256_set1_epi64x((int64_t)code_mask(header->width));
    const __m128i unit = _mm_cvtsi32_si128((int)shape.shift);
    /* (code - skip) << unit is code << unit less skip << unit, and that goes into the base. */
    const uint64_t skip = (uint64_t)shape.has_missing << shape.shift;
    const __m256i base = _mm256_set1_epi64x((int64_t)((uint64_t)header->least - skip));
    const __m256i missing = _mm256_set1_epi64x(COLUMN_MISSING);
    const __m256d power = _mm256_set1_pd(column_power_of_ten(header->unit - shape.shift));
    for (uint32_t i = 0; i + LANES <= header->count; i += LANES, next += width) {
        __m256i codes[2];
        codes[0] = _mm256_srlv_epi64(_mm256_set_epi64x((int64_t)load_u64(next + at3), (int64_t)load_u64(next + at2),
                                                       (int64_t)load_u64(next + at1), (int64_t)load_u64(next)),
                                     low_shift);
        codes[1] = _mm256_srlv_epi64(_mm256_set_epi64x((int64_t)load_u64(next + at7), (int64_t)load_u64(next + at6),
                                                       (int64_t)load_u64(next + at5), (int64_t)load_u64(next + at4)),
                                     high_shift);
        for (uint32_t half = 0; half < 2; half++) {
            __m256i code = _mm256_and_si256(codes[half], mask);
            __m256i value = _mm256_add_epi64(base, _mm256_sll_epi64(code, unit));
            if (shape.decimal) { /* LCOV_EXCL_BR_LINE: a constant of each inlined copy */
                value = from_decimals(value, power);
            }
            if (shape.has_missing) { /* LCOV_EXCL_BR_LINE: likewise */
                value = _mm256_blendv_epi8(value, missing, _mm256_cmpeq_epi64(code, _mm256_setzero_si256()));
            }
            _mm256_storeu_si256((__m256i *)(void *)(values + i + half * 4), value);
        }
    }
}

__attribute__((target("avx2"))) static void unpack_avx2(const struct column_header *header, int64_t *values)
{
    if (header->encoding == COLUMN_DECIMAL) {
        if (header->has_missing) {
            unpack_eights(header, (struct shape){.has_missing = true, .decimal = true, .shift = 0}, values);
        } else {
            unpack_eights(header, (struct shape){.has_missing = false, .decimal = true, .shift = 0}, values);
        }
    } else if (header->has_missing) {
        unpack_eights(header, (struct shape){.has_missing = true, .decimal = false, .shift = header->unit}, values);
    } else {
        unpack_eights(header, (struct shape){.has_missing = false, .decimal = false, .shift = header->unit}, values);
    }
    unpack_from(header, header->count - header->count % LANES, values);
}

#endif

void column_unpack(const struct column_header *header, int64_t *values)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) { /* LCOV_EXCL_BR_LINE: depends on the machine */
        if (header->width != 0) {
            unpack_avx2(header, values);
            return;
        }
    }
#endif
    column_unpack_plain(header, values);
}
