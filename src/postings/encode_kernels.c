/*
 * encode_kernels.c - the plain kernels, and the choice between them and those of encode_kernels_avx2.c.
 *
 * Thread rule: pure functions; the choice is made once and is safe from any thread.
 */
#include "postings/encode_kernels.h"

#include "postings/bitpack.h"


/* Counted in turns, since most gaps of a block have about the same. */
static void count_bits_plain(const uint32_t *gaps, uint32_t count, uint32_t *above)
{
    uint32_t even[ENCODE_BITS_END] = {0};
    uint32_t odd[ENCODE_BITS_END] = {0};
    for (uint32_t i = 0; i < count; i += 2) {
        even[encode_bits_of(gaps[i])]++;
        odd[encode_bits_of(gaps[i + 1])]++;
    }
    above[ENCODE_BITS_END - 1] = 0;
    for (uint32_t bits = ENCODE_BITS_END - 1; bits > 0; bits--) {
        above[bits - 1] = above[bits] + even[bits] + odd[bits];
    }
}

static void mark_reached_plain(const uint32_t *gaps, uint32_t count, uint32_t limit, uint64_t *mask)
{
    memset(mask, 0, ENCODE_MASK_WORDS * sizeof *mask);
    for (uint32_t i = 0; i < count; i++) {
        mask[i / 64] |= (uint64_t)(gaps[i] >= limit) << (i % 64);
    }
}

/* Counts by a byte for each class in one number, which half a block does not fill. */
static void count_classes_plain(const uint8_t *codes, uint32_t *counts)
{
    static_assert(POSTINGS_HALF <= UINT8_MAX && POSTINGS_CLASSES == sizeof(uint64_t), "a byte for each");
    memset(counts, 0, POSTINGS_CLASSES * sizeof *counts);
    for (uint32_t start = 0; start < POSTINGS_BLOCK; start += POSTINGS_HALF) {
        uint64_t packed = 0;
        for (uint32_t i = start; i < start + POSTINGS_HALF; i++) {
            packed += UINT64_C(1) << (codes[i] >> POSTINGS_LENGTH_BITS) * 8;
        }
        for (uint32_t class = 0; class < POSTINGS_CLASSES; class++) {
            counts[class] += (uint8_t)(packed >> class * 8);
        }
    }
}

static void rank_classes_plain(const uint8_t *codes, const uint8_t *ranks, uint8_t *out)
{
    for (uint32_t i = 0; i < POSTINGS_BLOCK; i++) {
        out[i] = ranks[codes[i] >> POSTINGS_LENGTH_BITS];
    }
}

static void put_planes_plain(const uint8_t *values, uint32_t planes, uint8_t *out)
{
    for (uint32_t i = 0; i < POSTINGS_BLOCK; i += 8) {
        uint64_t eight = load_u64(values + i);
        for (uint32_t plane = 0; plane < planes; plane++) {
            out[plane * (POSTINGS_BLOCK / 8) + i / 8] = encode_low_bits(eight >> plane);
        }
    }
}

const struct encode_kernels encode_kernels_plain = {count_bits_plain,   mark_reached_plain, count_classes_plain,
                                                    rank_classes_plain, put_planes_plain,   bitpack_pack};

const struct encode_kernels *encode_kernels(void)
{
    const struct encode_kernels *fast = encode_kernels_avx2();
    return fast != NULL ? fast : &encode_kernels_plain; /* LCOV_EXCL_BR_LINE: depends on the machine */
}
