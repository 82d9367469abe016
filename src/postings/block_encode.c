/*
 * block_encode.c - choosing the smallest way to write a block, with a leaning to what is faster to read.
 *
 * Documents: every width is priced from a histogram of the gaps' bit lengths. An exception costs the reader about 4 ns,
 * a tenth of unpacking the block, so in full blocks it is priced 8 bytes above its size: measured by bench_postings,
 * random gaps then decode at 0.32 ns a posting (0.37 with 2 bytes, 0.28 without exceptions) and a segment takes 2.19
 * bytes a posting (2.16; 2.32). A bitset may be an eighth larger, since it need not be decoded to look something up in
 * it. Codes have no such leaning.
 */
#include "postings/block.h"

#define FULL_SURCHARGE 8u
#define PARTIAL_SURCHARGE 1u

struct gap_choice {
    uint32_t width;
    uint32_t exceptions;
    uint32_t cost; /* bytes, surcharge included */
};

static uint32_t bits_of(uint32_t value)
{
    return value == 0 ? 0 : 32u - (uint32_t)__builtin_clz(value);
}

static struct gap_choice choose_width(const uint32_t *gaps, uint32_t count)
{
    uint32_t histogram[33] = {0};
    struct gap_choice best = {.cost = UINT32_MAX};
    for (uint32_t i = 0; i < count; i++) {
        histogram[bits_of(gaps[i])]++;
    }
    for (uint32_t width = 0; width <= POSTINGS_WIDTH_MAX; width++) {
        struct gap_choice choice = {.width = width, .cost = postings_packed_bytes(count, width)};
        uint32_t surcharge = count == POSTINGS_BLOCK ? FULL_SURCHARGE : PARTIAL_SURCHARGE;
        for (uint32_t bits = width + 1; bits <= POSTINGS_WIDTH_MAX; bits++) {
            choice.exceptions += histogram[bits];
            choice.cost += histogram[bits] * (1 + (bits - width + 6) / 7 + surcharge);
        }
        choice.cost += choice.exceptions != 0;
        if (choice.cost < best.cost && choice.exceptions <= POSTINGS_EXCEPTIONS_MAX) {
            best = choice;
        }
    }
    return best;
}

/* Writes e, positions and high bits of the gaps above width, and takes those bits away. */
static uint8_t *put_exceptions(uint32_t *gaps, uint32_t count, const struct gap_choice *choice, uint8_t *out)
{
    uint32_t limit = UINT32_C(1) << choice->width;
    uint8_t *position = out + 1;
    uint8_t *high = position + choice->exceptions;
    *out = (uint8_t)choice->exceptions;
    for (uint32_t i = 0; i < count; i++) {
        if (gaps[i] >= limit) {
            *position++ = (uint8_t)i;
            high += varint_store(high, gaps[i] >> choice->width);
            gaps[i] &= limit - 1;
        }
    }
    return high;
}

static uint8_t *put_bitset(const struct block_content *content, uint32_t words, uint8_t *out)
{
    uint32_t first = content->documents[0];
    out += varint_store(out, (uint64_t)(first - content->before - 1));
    *out++ = (uint8_t)words;
    memset(out, 0, words * sizeof(uint64_t));
    for (uint32_t i = 0; i < content->count; i++) {
        uint32_t bit = content->documents[i] - first;
        out[bit / 8] = (uint8_t)(out[bit / 8] | 1u << (bit % 8));
    }
    return out + words * sizeof(uint64_t);
}

static uint8_t *put_documents(const struct block_content *content, uint8_t *shape, uint8_t *out)
{
    uint32_t gaps[POSTINGS_BLOCK];
    uint32_t count = content->count;
    int64_t before = content->before;
    for (uint32_t i = 0; i < count; i++) {
        gaps[i] = (uint32_t)(content->documents[i] - before - 1);
        before = content->documents[i];
    }
    struct gap_choice choice = choose_width(gaps, count);
    uint32_t words = (content->documents[count - 1] - content->documents[0]) / 64 + 1;
    if (words <= POSTINGS_BITSET_WORDS_MAX && 2 + words * 8 <= choice.cost + choice.cost / 8) {
        *shape = POSTINGS_SHAPE_BITSET;
        return put_bitset(content, words, out);
    }
    *shape = (uint8_t)choice.width;
    if (choice.exceptions != 0) {
        *shape |= POSTINGS_SHAPE_EXCEPTIONS;
        out = put_exceptions(gaps, count, &choice, out);
    }
    if (count == POSTINGS_BLOCK) {
        bitpack_pack(gaps, choice.width, out);
    } else {
        bitpack_pack_stream(gaps, count, choice.width, out);
    }
    return out + postings_packed_bytes(count, choice.width);
}

static uint8_t *put_planes(const uint8_t *values, uint32_t count, uint32_t planes, uint8_t *out)
{
    uint32_t plane_bytes = postings_plane_bytes(count);
    memset(out, 0, planes * plane_bytes);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t plane = 0; plane < planes; plane++) {
            uint8_t *byte = out + plane * plane_bytes + i / 8;
            *byte = (uint8_t)(*byte | (values[i] >> plane & 1) << (i % 8));
        }
    }
    return out + planes * plane_bytes;
}

static uint8_t *put_sparse(const struct block_content *content, uint32_t common, uint32_t others, uint8_t *out)
{
    *out++ = (uint8_t)common;
    *out++ = (uint8_t)others;
    for (uint32_t i = 0; i < content->count; i++) {
        uint32_t class = content->codes[i] >> POSTINGS_LENGTH_BITS;
        if (class != common) {
            *out++ = (uint8_t)i;
            *out++ = (uint8_t)class;
        }
    }
    return out;
}

static uint8_t *put_classes(const struct block_content *content, uint8_t *shape, uint8_t *out)
{
    uint32_t counts[POSTINGS_CLASSES] = {0};
    uint8_t ranks[POSTINGS_CLASSES];
    uint8_t ranked[POSTINGS_BLOCK];
    uint32_t set = 0;
    uint32_t distinct = 0;
    uint32_t common = 0;
    for (uint32_t i = 0; i < content->count; i++) {
        counts[content->codes[i] >> POSTINGS_LENGTH_BITS]++;
    }
    for (uint32_t class = 0; class < POSTINGS_CLASSES; class++) {
        ranks[class] = (uint8_t)distinct;
        distinct += counts[class] != 0;
        set |= (uint32_t)(counts[class] != 0) << class;
        common = counts[class] > counts[common] ? class : common;
    }
    uint32_t others = content->count - counts[common];
    if (others == 0) {
        *shape = POSTINGS_CLASS_CONSTANT << POSTINGS_CLASS_MODE_SHIFT;
        return out;
    }
    uint32_t planes = postings_planes_for(distinct);
    if (2 + 2 * others <= 1 + planes * postings_plane_bytes(content->count)) {
        *shape = POSTINGS_CLASS_SPARSE << POSTINGS_CLASS_MODE_SHIFT;
        return put_sparse(content, common, others, out);
    }
    *shape = POSTINGS_CLASS_PLANES << POSTINGS_CLASS_MODE_SHIFT;
    *out++ = (uint8_t)set;
    for (uint32_t i = 0; i < content->count; i++) {
        ranked[i] = ranks[content->codes[i] >> POSTINGS_LENGTH_BITS];
    }
    return put_planes(ranked, content->count, planes, out);
}

static bool is_ascending(const uint8_t *values, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (values[i] < values[i - 1]) {
            return false;
        }
    }
    return true;
}

static uint8_t *put_steps(const uint8_t *rises, uint32_t count, uint32_t steps, uint8_t *out)
{
    uint32_t rise = 0;
    *out++ = (uint8_t)steps;
    for (uint32_t i = 0; i < count; i++) {
        for (; rise < rises[i]; rise++) {
            *out++ = (uint8_t)i;
        }
    }
    return out;
}

static uint8_t *put_unary(const uint8_t *rises, uint32_t count, uint32_t steps, uint8_t *out)
{
    uint32_t size = (count + steps + 7) / 8;
    memset(out, 0, size);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bit = i + rises[i];
        out[bit / 8] = (uint8_t)(out[bit / 8] | 1u << (bit % 8));
    }
    return out + size;
}

static uint8_t *put_lengths(const struct block_content *content, uint8_t dominant, uint8_t *shape, uint8_t *out)
{
    uint8_t rises[POSTINGS_BLOCK];
    uint32_t steps = 0;
    uint32_t count = content->count;
    for (uint32_t i = 0; i < count; i++) {
        rises[i] = (uint8_t)((content->codes[i] & POSTINGS_LENGTH_MASK) - (dominant & POSTINGS_LENGTH_MASK));
        steps = rises[i] > steps ? rises[i] : steps;
    }
    if (steps == 0) {
        *shape |= POSTINGS_LENGTH_CONSTANT;
        return out;
    }
    uint32_t planes = postings_planes_for(steps + 1);
    uint32_t planes_bytes = planes * postings_plane_bytes(count);
    uint32_t unary_bytes = (count + steps + 7) / 8;
    bool ascending = is_ascending(rises, count);
    if (ascending && 1 + steps <= planes_bytes && 1 + steps <= unary_bytes) {
        *shape |= POSTINGS_LENGTH_STEPS;
        return put_steps(rises, count, steps, out);
    }
    if (ascending && unary_bytes <= planes_bytes) {
        *shape |= POSTINGS_LENGTH_UNARY;
        return put_unary(rises, count, steps, out);
    }
    *shape = (uint8_t)(*shape | POSTINGS_LENGTH_PLANES | planes << POSTINGS_PLANES_SHIFT);
    return put_planes(rises, count, planes, out);
}

uint8_t block_dominant(const uint8_t *codes, uint32_t count)
{
    uint8_t dominant = codes[0];
    for (uint32_t i = 1; i < count; i++) {
        dominant = postings_dominate(dominant, codes[i]);
    }
    return dominant;
}

size_t block_encode(const struct block_content *content, uint8_t dominant, uint8_t *out)
{
    uint8_t *shape = put_documents(content, &out[0], out + 1);
    uint8_t *next = put_classes(content, shape, shape + 1);
    next = put_lengths(content, dominant, shape, next);
    return (size_t)(next - out);
}
