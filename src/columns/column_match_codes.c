/*
 * column_match_codes.c - compares packed codes with a range of codes.
 *
 * Eight codes of up to 25 bits lie in 25 bytes: the AVX2 loop shuffles four bytes for each into its lane, shifts, masks
 * and compares them, which costs less than storing them unpacked would (bench_columns: 0.18 ns a value, plainly 2.4).
 * Sixteen at once with AVX-512 VBMI, a third of the instructions, measured the same at most widths, and was left out.
 * Thread rule: pure functions.
 */
#include "columns/column_lanes.h"
#include "columns/column_match.h"

#define REST_BYTES (2 * (7 * COLUMN_LANE_WIDTH_MAX + COLUMN_LANE_WIDTH_MAX / 2 + COLUMN_LOAD_BYTES))

void column_match_plain(const struct column_header *header, struct column_codes range, uint64_t *bits)
{
    const uint32_t width = header->width;
    const uint64_t mask = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
    for (uint32_t i = 0; i < header->count; i++) {
        size_t bit = (size_t)i * width;
        uint64_t code = load_u64(header->body.data + bit / 8) >> (bit % 8) & mask;
        bits[i / 64] |= (uint64_t)(code - range.least <= range.span) << (i % 64);
    }
}

#if defined(__x86_64__)

/* What is the same for all eights of a page. */
struct lanes {
    struct column_lanes codes;
    __m256i least;
    __m256i span;
};

/* Bits of the eight codes that begin at next. */
__attribute__((target("avx2"), always_inline)) static inline uint32_t match_eight(const struct lanes *lanes,
                                                                                  const uint8_t *next)
{
    __m256i from = _mm256_sub_epi32(column_lanes_eight(&lanes->codes, next), lanes->least);
    __m256i inside = _mm256_cmpeq_epi32(_mm256_min_epu32(from, lanes->span), from);
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(inside));
}

/*
 * All codes: by 32 while their loads stay within the body, then by eights of a copy of what is left of it, which is
 * less than twice that.
 */
__attribute__((target("avx2"))) void column_match_avx2(const struct column_header *header, struct column_codes range,
                                                       uint64_t *bits)
{
    const size_t width = header->width;
    const size_t reach = 3 * width + column_lanes_reach(width); /* bytes that 32 codes' loads touch */
    const size_t body = header->body.size;
    const struct lanes lanes = {.codes = column_lanes_plan(header->width),
                                .least = _mm256_set1_epi32((int)(uint32_t)range.least),
                                .span = _mm256_set1_epi32((int)(uint32_t)range.span)};
    uint8_t rest[REST_BYTES] = {0};
    size_t rounds = body < reach ? 0 : (body - reach) / (4 * width) + 1;
    rounds = rounds < header->count / 32 ? rounds : header->count / 32;
    uint8_t *out = (uint8_t *)bits;
    const uint8_t *next = header->body.data;
    for (size_t i = 0; i < rounds; i++, next += 4 * width, out += sizeof(uint32_t)) {
        store_u32(out, match_eight(&lanes, next) | match_eight(&lanes, next + width) << 8 |
                           match_eight(&lanes, next + 2 * width) << 16 | match_eight(&lanes, next + 3 * width) << 24);
    }
    memcpy(rest, next, body - rounds * 4 * width);
    next = rest;
    for (size_t left = header->count - rounds * 32; left != 0; next += width, out++) {
        size_t taken = left < 8 ? left : 8;
        *out = (uint8_t)(match_eight(&lanes, next) & ((1u << taken) - 1));
        left -= taken;
    }
}

#endif

void column_match_codes(const struct column_header *header, struct column_codes range, uint64_t *bits)
{
#if defined(__x86_64__)
    if (header->width - 1 < COLUMN_LANE_WIDTH_MAX && __builtin_cpu_supports("avx2")) { /* LCOV_EXCL_BR_LINE: machine */
        column_match_avx2(header, range, bits);
        return;
    }
#endif
    column_match_plain(header, range, bits);
}
