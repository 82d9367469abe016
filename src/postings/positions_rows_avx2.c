/*
 * positions_rows_avx2.c - the kernels of positions_rows.h with AVX2, one entry of eight bytes at a time.
 *
 * Each byte gets a lane of 16 bits, in which the number that ends there is put together with the byte before; sums over
 * the lanes are the places. The reference for what each kernel must do is its plain twin in positions_rows.c.
 */
#include "postings/positions_rows.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE static inline __attribute__((always_inline, target("avx2")))

#define EACH_BYTE UINT64_C(0x0101010101010101)
#define LANE_BYTES 2u
#define FIRST_LANE 0x0003u /* of a mask of bytes of lanes */
#define SECOND_LANE 0x000cu

AVX2_INLINE __m128i decode_row(const uint8_t *entry)
{
    const __m128i none = _mm_set1_epi16(-1);
    uint64_t word = load_u64(entry);
    uint64_t ends = word >> POSITIONS_LAST_BITS & ~(word >> POSITIONS_MORE_BITS) & EACH_BYTE;
    if (ends == 0) {
        return none;
    }
    int size = __builtin_ctzll(ends) / 8 + 1;
    __m128i is_in = _mm_cmpgt_epi16(_mm_set1_epi16((short)size), _mm_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7));
    __m128i bytes = _mm_cvtepu8_epi16(_mm_cvtsi64_si128((long long)word));
    __m128i more = _mm_cmpgt_epi16(bytes, _mm_set1_epi16(POSITIONS_MORE - 1));
    __m128i before = _mm_slli_si128(bytes, LANE_BYTES);
    __m128i more_before = _mm_slli_si128(more, LANE_BYTES);
    __m128i high = _mm_and_si128(bytes, _mm_set1_epi16(POSITIONS_ENTRY_END - 1));
    __m128i low = _mm_and_si128(before, _mm_set1_epi16(POSITIONS_MORE - 1));
    __m128i two = _mm_or_si128(low, _mm_slli_epi16(high, POSITIONS_MORE_BITS));
    __m128i number = _mm_andnot_si128(more, _mm_blendv_epi8(high, two, more_before));
    __m128i is_number = _mm_andnot_si128(more, is_in);
    __m128i is_zero = _mm_and_si128(_mm_cmpeq_epi16(number, _mm_setzero_si128()), is_number);
    __m128i is_long = _mm_and_si128(_mm_and_si128(more, more_before), is_in);
    uint32_t first = (word & POSITIONS_MORE) != 0 ? SECOND_LANE : FIRST_LANE;
    uint32_t zeros = (uint32_t)_mm_movemask_epi8(is_zero) & ~first;
    if ((zeros | (uint32_t)_mm_movemask_epi8(is_long)) != 0) {
        return none;
    }
    number = _mm_add_epi16(number, _mm_slli_si128(number, LANE_BYTES));
    number = _mm_add_epi16(number, _mm_slli_si128(number, 2 * LANE_BYTES));
    number = _mm_add_epi16(number, _mm_slli_si128(number, 4 * LANE_BYTES));
    return _mm_or_si128(number, _mm_xor_si128(is_number, none));
}

AVX2 static void decode_avx2(const uint8_t *const *entries, size_t count, struct positions_row *rows)
{
    for (size_t i = 0; i < count; i++) {
        _mm_storeu_si128((__m128i *)(void *)rows[i].places, decode_row(entries[i]));
    }
}

AVX2 static void follow_avx2(struct positions_row *places, const struct positions_row *next, size_t count,
                             uint16_t step)
{
    const __m128i none = _mm_set1_epi16(-1);
    const __m128i steps = _mm_set1_epi16((short)step);
    for (size_t i = 0; i < count; i++) {
        __m128i *place = (__m128i *)(void *)places[i].places;
        __m128i a = _mm_adds_epu16(_mm_loadu_si128(place), steps);
        __m128i b = _mm_loadu_si128((const __m128i *)(const void *)next[i].places);
        __m128i both = _mm_cmpestrm(a, POSITIONS_ROW, b, POSITIONS_ROW,
                                    _SIDD_UWORD_OPS | _SIDD_CMP_EQUAL_ANY | _SIDD_UNIT_MASK);
        __m128i apart = _mm_or_si128(_mm_xor_si128(both, none), _mm_cmpeq_epi16(b, none));
        _mm_storeu_si128(place, _mm_or_si128(b, apart));
    }
}

static const struct positions_rows_kernels avx2_kernels = {decode_avx2, follow_avx2};

const struct positions_rows_kernels *positions_rows_avx2(void)
{
    return __builtin_cpu_supports("avx2") ? &avx2_kernels : NULL; /* LCOV_EXCL_BR_LINE: depends on the machine */
}

#else

const struct positions_rows_kernels *positions_rows_avx2(void)
{
    return NULL;
}

#endif
