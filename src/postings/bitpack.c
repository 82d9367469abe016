/*
 * bitpack.c - packing, the plain kernels, and the choice between them and those of bitpack_avx2.c.
 *
 * The layout of a full block gives each half of it four of the eight streams of a row, so that running sums stay
 * within 128-bit lanes, where shuffles are cheap; the second half gets the first one's total added at the end.
 */
#include "postings/bitpack.h"

/* Place of value i of a full block: its stream, and its number there. */
static uint32_t stream_of(uint32_t i)
{
    return i < POSTINGS_HALF ? i % 4 : 4 + i % 4;
}

static uint32_t step_of(uint32_t i)
{
    return i % POSTINGS_HALF / 4;
}

static uint32_t mask_of(uint32_t width)
{
    return width == 32 ? UINT32_MAX : (UINT32_C(1) << width) - 1;
}

void bitpack_pack(const uint32_t *values, uint32_t width, uint8_t *packed)
{
    for (uint32_t stream = 0; stream < POSTINGS_LANES; stream++) {
        const uint32_t *value = values + stream % 4 + (stream < 4 ? 0 : POSTINGS_HALF);
        uint8_t *word = packed + stream * 4;
        uint64_t waiting = 0;
        uint32_t bits = 0;
        for (uint32_t step = 0; step < POSTINGS_STEPS; step++) {
            waiting |= (uint64_t)value[step * 4] << bits;
            bits += width;
            if (bits >= 32) {
                store_u32(word, (uint32_t)waiting);
                word += POSTINGS_ROW_BYTES;
                waiting >>= 32;
                bits -= 32;
            }
        }
        if (bits != 0) {
            store_u32(word, (uint32_t)waiting);
        }
    }
}

void bitpack_pack_stream(const uint32_t *values, uint32_t count, uint32_t width, uint8_t *packed)
{
    uint64_t waiting = 0;
    uint32_t bits = 0;
    for (uint32_t i = 0; i < count; i++) {
        waiting |= (uint64_t)values[i] << bits;
        bits += width;
        if (bits >= 32) {
            store_u32(packed, (uint32_t)waiting);
            packed += sizeof(uint32_t);
            waiting >>= 32;
            bits -= 32;
        }
    }
    for (; bits > 8; bits -= 8) {
        *packed++ = (uint8_t)waiting;
        waiting >>= 8;
    }
    if (bits != 0) {
        *packed = (uint8_t)waiting;
    }
}

void bitpack_unpack_stream(const uint8_t *packed, uint32_t count, uint32_t width, uint32_t before, uint32_t *out)
{
    uint32_t mask = mask_of(width);
    size_t size = ((size_t)count * width + 7) / 8;
    size_t bit = 0;
    uint32_t i = 0;
    for (; bit / 8 + sizeof(uint64_t) <= size; i++, bit += width) { /* leaves the last value over, or more */
        before += 1 + ((uint32_t)(load_u64(packed + bit / 8) >> (bit % 8)) & mask);
        out[i] = before;
    }
    for (; i < count; i++, bit += width) {
        uint64_t word = 0;
        size_t left = size - bit / 8;
        memcpy(&word, packed + bit / 8, left < sizeof word ? left : sizeof word);
        before += 1 + ((uint32_t)(word >> (bit % 8)) & mask);
        out[i] = before;
    }
}

static void unpack_plain(const uint8_t *packed, uint32_t width, uint32_t before, uint32_t *out)
{
    uint32_t mask = mask_of(width);
    for (uint32_t i = 0; i < POSTINGS_BLOCK; i++) {
        uint32_t bit = step_of(i) * width;
        const uint8_t *word = packed + bit / 32 * POSTINGS_ROW_BYTES + stream_of(i) * 4;
        uint64_t value = width == 0 ? 0 : load_u32(word);
        if (bit % 32 + width > 32) {
            value |= (uint64_t)load_u32(word + POSTINGS_ROW_BYTES) << 32;
        }
        before += 1 + ((uint32_t)(value >> (bit % 32)) & mask);
        out[i] = before;
    }
}

static void add_planes_plain(const uint8_t *planes, uint32_t plane_count, uint32_t count, const uint8_t *palette,
                             uint8_t *codes)
{
    uint32_t plane_bytes = postings_plane_bytes(count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value = 0;
        for (uint32_t plane = 0; plane < plane_count; plane++) {
            value |= (uint32_t)(planes[plane * plane_bytes + i / 8] >> (i % 8) & 1) << plane;
        }
        codes[i] = (uint8_t)(codes[i] + (palette == NULL ? value : palette[value]));
    }
}

static uint32_t find_plain(const uint32_t *documents, uint32_t start, uint32_t count, uint32_t target)
{
    uint32_t left = count - start;
    while (left > 1) {
        uint32_t half = left / 2;
        start += documents[start + half - 1] < target ? half : 0;
        left -= half;
    }
    return start;
}

static void shift_plain(uint32_t *documents, uint32_t start, uint32_t end, uint32_t distance)
{
    for (; start < end; start++) {
        documents[start] += distance;
    }
}

const struct postings_kernels bitpack_plain = {unpack_plain, add_planes_plain, find_plain, shift_plain};

const struct postings_kernels *bitpack_kernels(void)
{
    const struct postings_kernels *fast = bitpack_avx2();
    return fast != NULL ? fast : &bitpack_plain; /* LCOV_EXCL_BR_LINE: depends on the machine */
}
