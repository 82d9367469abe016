/*
 * lanes.c - the plain kernels of lanes.h, and the choice of a set.
 */
#include "postings/lanes.h"

static uint32_t expand_plain(const uint8_t *bits, uint32_t words, uint32_t first, uint32_t limit, uint32_t *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < words; i++) {
        uint64_t word = load_u64(bits + i * sizeof(uint64_t));
        uint32_t base = first + i * 64;
        uint32_t end = count + (uint32_t)__builtin_popcountll(word);
        if (end > limit) {
            return end;
        }
        /* Four at a time without asking, past the end of the word if need be: the array has room. */
        for (; count < end; count += 4) {
            for (uint32_t j = 0; j < 4; j++) {
                out[count + j] = base + (uint32_t)__builtin_ctzll(word | UINT64_C(1) << 63);
                word &= word - 1;
            }
        }
        count = end;
    }
    return count;
}

void lanes_rank_plain(const uint8_t *bits, uint32_t words, uint32_t first, uint32_t base, const uint32_t *numbers,
                      size_t count, uint32_t *ranks)
{
    lanes_rank(bits, words, first, base, numbers, count, ranks);
}

void lanes_price_plain(const uint8_t *codes, uint32_t count, const int32_t table[256], int32_t *parts)
{
    for (uint32_t i = 0; i < count; i++) {
        parts[i] = table[codes[i]];
    }
}

static void add_plain(const uint8_t *bits, uint32_t start, uint32_t end, const int32_t *parts, int32_t *scores)
{
    for (uint32_t i = start; i < end; i += 64) {
        uint32_t left = end - i < 64 ? end - i : 64;
        for (uint64_t word = lanes_take(bits, i, left); word != 0; word &= word - 1) {
            scores[i - start + (uint32_t)__builtin_ctzll(word)] += *parts++;
        }
    }
}

static void add_equal_plain(const uint8_t *bits, uint32_t start, uint32_t end, int32_t part, int32_t *scores)
{
    for (uint32_t i = start; i < end; i += 64) {
        uint32_t left = end - i < 64 ? end - i : 64;
        for (uint64_t word = lanes_take(bits, i, left); word != 0; word &= word - 1) {
            scores[i - start + (uint32_t)__builtin_ctzll(word)] += part;
        }
    }
}

/* Eight marks at a time: the product moves the low bit of each byte to its place in the highest. */
static void pack_plain(const uint8_t *marks, uint32_t words, uint64_t *bits)
{
    for (size_t i = 0; i < words; i++) {
        for (size_t j = 0; j < 8; j++) {
            uint64_t eight = load_u64(marks + i * 64 + j * 8) & UINT64_C(0x0101010101010101);
            bits[i] |= (eight * UINT64_C(0x0102040810204080) >> 56) << (8 * j);
        }
    }
}

const struct postings_lanes lanes_plain = {expand_plain, lanes_rank_plain, lanes_price_plain,
                                           add_plain,    add_equal_plain,  pack_plain};

const struct postings_lanes *lanes_of_level(enum lanes_level level)
{
    return level == LANES_PLAIN ? &lanes_plain : level == LANES_AVX2 ? lanes_avx2() : lanes_avx512();
}

const struct postings_lanes *lanes_kernels(void)
{
    const struct postings_lanes *wide = lanes_avx512();
    const struct postings_lanes *fast = wide != NULL ? wide : lanes_avx2(); /* LCOV_EXCL_BR_LINE: as the machine is */
    return fast != NULL ? fast : &lanes_plain; /* LCOV_EXCL_BR_LINE: depends on the machine */
}
