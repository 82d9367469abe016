/*
 * lanes_avx2.c - the kernels of lanes.h with AVX2: eight bits at a time, by tables of where each goes.
 *
 * The tables are written out by the preprocessor, 2 KiB each. pdep and pext would do without, but cost hundreds of
 * cycles on some processors that have AVX2. The reference for what each kernel must do is its plain twin in lanes.c.
 */
#include "postings/lanes.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,popcnt")))
#define AVX2_INLINE static inline __attribute__((always_inline, target("avx2,popcnt")))
#define LANES 8u

/* How many of the bits of b below bit i are set. */
#define BIT(b, i) ((uint64_t)(b) >> (i)&1)
#define RANK1(b) BIT(b, 0)
#define RANK2(b) (RANK1(b) + BIT(b, 1))
#define RANK3(b) (RANK2(b) + BIT(b, 2))
#define RANK4(b) (RANK3(b) + BIT(b, 3))
#define RANK5(b) (RANK4(b) + BIT(b, 4))
#define RANK6(b) (RANK5(b) + BIT(b, 5))
#define RANK7(b) (RANK6(b) + BIT(b, 6))

/* For each lane the number of the part it takes. */
#define SPREAD(b)                                                                                                     \
    (RANK1(b) << 8 | RANK2(b) << 16 | RANK3(b) << 24 | RANK4(b) << 32 | RANK5(b) << 40 | RANK6(b) << 48 |             \
     RANK7(b) << 56)

/* The numbers of the set bits, one behind the other. */
#define GATHER(b)                                                                                                     \
    (BIT(b, 1) << (8 * RANK1(b)) | BIT(b, 2) * 2 << (8 * RANK2(b)) | BIT(b, 3) * 3 << (8 * RANK3(b)) |                \
     BIT(b, 4) * 4 << (8 * RANK4(b)) | BIT(b, 5) * 5 << (8 * RANK5(b)) | BIT(b, 6) * 6 << (8 * RANK6(b)) |            \
     BIT(b, 7) * 7 << (8 * RANK7(b)))

#define ENTRIES4(F, b) F(b), F((b) + 1), F((b) + 2), F((b) + 3)
#define ENTRIES16(F, b) ENTRIES4(F, b), ENTRIES4(F, (b) + 4), ENTRIES4(F, (b) + 8), ENTRIES4(F, (b) + 12)
#define ENTRIES64(F, b) ENTRIES16(F, b), ENTRIES16(F, (b) + 16), ENTRIES16(F, (b) + 32), ENTRIES16(F, (b) + 48)
#define ENTRIES256(F) ENTRIES64(F, 0), ENTRIES64(F, 64), ENTRIES64(F, 128), ENTRIES64(F, 192)

static const uint64_t spreads[256] = {ENTRIES256(SPREAD)};
static const uint64_t gathers[256] = {ENTRIES256(GATHER)};

AVX2_INLINE __m256i load(const int32_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

AVX2_INLINE void store(int32_t *p, __m256i v)
{
    _mm256_storeu_si256((__m256i *)(void *)p, v);
}

/* Eight numbers of a byte each as lanes. */
AVX2_INLINE __m256i widen(uint64_t bytes)
{
    return _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)bytes));
}

AVX2 static uint32_t expand_avx2(const uint8_t *bits, uint32_t words, uint32_t first, uint32_t limit, uint32_t *out)
{
    uint32_t count = 0;
    __m256i base = _mm256_set1_epi32((int)first);
    for (uint32_t i = 0; i < words; i++) {
        uint64_t word = load_u64(bits + i * sizeof(uint64_t));
        uint32_t end = count + (uint32_t)_mm_popcnt_u64(word);
        if (end > limit) {
            return end;
        }
        for (uint32_t j = 0; j < 8; j++) {
            uint32_t byte = (uint32_t)(word >> (8 * j)) & 0xff;
            store((int32_t *)(void *)(out + count), _mm256_add_epi32(widen(gathers[byte]), base));
            count += (uint32_t)_mm_popcnt_u32(byte);
            base = _mm256_add_epi32(base, _mm256_set1_epi32((int)LANES));
        }
    }
    return count;
}

/* All ones in the lanes whose bit of byte is set. */
AVX2_INLINE __m256i mask_of(uint32_t byte)
{
    const __m256i each = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    return _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int)byte), each), each);
}

AVX2_INLINE const int32_t *add_byte(uint32_t byte, const int32_t *parts, int32_t *scores)
{
    __m256i spread = _mm256_permutevar8x32_epi32(load(parts), widen(spreads[byte]));
    store(scores, _mm256_add_epi32(load(scores), _mm256_and_si256(spread, mask_of(byte))));
    return parts + _mm_popcnt_u32(byte);
}

AVX2 static void add_avx2(const uint8_t *bits, uint32_t start, uint32_t end, const int32_t *parts, int32_t *scores)
{
    for (; end - start >= 64; start += 64) {
        uint64_t word = lanes_take(bits, start, 64);
        for (uint32_t j = 0; j < 8; j++) {
            parts = add_byte((uint32_t)(word >> (8 * j)) & 0xff, parts, scores);
            scores += LANES;
        }
    }
    if (start == end) {
        return;
    }
    uint64_t word = lanes_take(bits, start, end - start);
    for (; end - start >= LANES; start += LANES) {
        parts = add_byte((uint32_t)word & 0xff, parts, scores);
        scores += LANES;
        word >>= LANES;
    }
    for (; word != 0; word &= word - 1) {
        scores[__builtin_ctzll(word)] += *parts++;
    }
}

AVX2_INLINE void add_equal_byte(uint32_t byte, __m256i part, int32_t *scores)
{
    store(scores, _mm256_add_epi32(load(scores), _mm256_and_si256(part, mask_of(byte))));
}

AVX2 static void add_equal_avx2(const uint8_t *bits, uint32_t start, uint32_t end, int32_t part, int32_t *scores)
{
    __m256i each = _mm256_set1_epi32(part);
    for (; end - start >= 64; start += 64) {
        uint64_t word = lanes_take(bits, start, 64);
        for (uint32_t j = 0; j < 8; j++) {
            add_equal_byte((uint32_t)(word >> (8 * j)) & 0xff, each, scores);
            scores += LANES;
        }
    }
    if (start == end) {
        return;
    }
    uint64_t word = lanes_take(bits, start, end - start);
    for (; end - start >= LANES; start += LANES) {
        add_equal_byte((uint32_t)word & 0xff, each, scores);
        scores += LANES;
        word >>= LANES;
    }
    for (; word != 0; word &= word - 1) {
        scores[__builtin_ctzll(word)] += part;
    }
}

AVX2_INLINE uint64_t pack_32(const uint8_t *marks)
{
    return (uint32_t)_mm256_movemask_epi8(_mm256_loadu_si256((const __m256i *)(const void *)marks));
}

AVX2 static void pack_avx2(const uint8_t *marks, uint32_t words, uint64_t *bits)
{
    for (size_t i = 0; i < words; i++) {
        bits[i] |= pack_32(marks + i * 64) | pack_32(marks + i * 64 + 32) << 32;
    }
}

AVX2 void lanes_rank_popcnt(const uint8_t *bits, uint32_t words, uint32_t first, uint32_t base,
                            const uint32_t *numbers, size_t count, uint32_t *ranks)
{
    lanes_rank(bits, words, first, base, numbers, count, ranks);
}

/* Gathers pay on few processors that have no more than AVX2. */
static const struct postings_lanes avx2_lanes = {expand_avx2, lanes_rank_popcnt, lanes_price_plain,
                                                 add_avx2,    add_equal_avx2,    pack_avx2};

const struct postings_lanes *lanes_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") ? &avx2_lanes : NULL;
}

#else

const struct postings_lanes *lanes_avx2(void)
{
    return NULL;
}

#endif
