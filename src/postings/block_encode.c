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

#include "postings/encode_kernels.h"

#define FULL_SURCHARGE 8u
#define PARTIAL_SURCHARGE 1u

struct gap_choice {
    uint32_t width;
    uint32_t exceptions;
    uint32_t cost; /* bytes, surcharge included */
};

#define VARINT_BITS 7u      /* in a byte of the higher bits of an exception */
#define HIGHER_BITS_MAX 28u /* bits above a width of 0 for which one more byte is needed than for all fewer */

/* Gaps as kernels take them: the group of the last one is filled up. */
static uint32_t whole_groups(uint32_t count)
{
    return (count + ENCODE_GROUP - 1) / ENCODE_GROUP * ENCODE_GROUP;
}

/*
 * An exception takes its position, and a byte for each seven bits above the width: so many as have more bits than the
 * width, than seven more, and so on. Once there are no exceptions, wider is only larger.
 */
static struct gap_choice choose_width(const uint32_t *gaps, uint32_t count)
{
    uint32_t above[POSTINGS_WIDTH_MAX + HIGHER_BITS_MAX + VARINT_BITS] = {0};
    uint32_t surcharge = count == POSTINGS_BLOCK ? FULL_SURCHARGE : PARTIAL_SURCHARGE;
    struct gap_choice best = {.cost = UINT32_MAX};
    encode_kernels()->count_bits(gaps, whole_groups(count), above);
    for (uint32_t width = 0; width <= POSTINGS_WIDTH_MAX; width++) {
        struct gap_choice choice = {.width = width, .exceptions = above[width]};
        if (choice.exceptions > POSTINGS_EXCEPTIONS_MAX) {
            continue;
        }
        choice.cost = postings_packed_bytes(count, width) + above[width] * (1 + surcharge) + (above[width] != 0);
        for (uint32_t higher = 0; higher <= HIGHER_BITS_MAX; higher += VARINT_BITS) {
            choice.cost += above[width + higher];
        }
        best = choice.cost < best.cost ? choice : best;
        if (choice.exceptions == 0) {
            break;
        }
    }
    return best;
}

/* Writes e, positions and high bits of the gaps above width, and takes those bits away. */
static uint8_t *put_exceptions(uint32_t *gaps, uint32_t count, const struct gap_choice *choice, uint8_t *out)
{
    uint64_t mask[ENCODE_MASK_WORDS];
    uint32_t limit = UINT32_C(1) << choice->width;
    uint8_t *position = out + 1;
    uint8_t *high = position + choice->exceptions;
    *out = (uint8_t)choice->exceptions;
    encode_kernels()->mark_reached(gaps, whole_groups(count), limit, mask);
    for (uint32_t word = 0; word < ENCODE_MASK_WORDS; word++) {
        for (uint64_t left = mask[word]; left != 0; left &= left - 1) {
            uint32_t i = word * 64 + (uint32_t)__builtin_ctzll(left);
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
    uint32_t at = 0;
    uint64_t word = 0;
    out += varint_store(out, (uint64_t)(first - content->before - 1));
    *out++ = (uint8_t)words;
    memset(out, 0, words * sizeof word);
    for (uint32_t i = 0; i < content->count; i++) {
        uint32_t bit = content->documents[i] - first;
        if (bit / 64 != at) {
            store_u64(out + at * sizeof word, word);
            at = bit / 64;
            word = 0;
        }
        word |= UINT64_C(1) << (bit % 64);
    }
    store_u64(out + at * sizeof word, word);
    return out + words * sizeof word;
}

static uint8_t *put_documents(const struct block_content *content, uint8_t *shape, uint8_t *out)
{
    uint32_t gaps[POSTINGS_BLOCK];
    uint32_t count = content->count;
    gaps[0] = (uint32_t)(content->documents[0] - content->before - 1);
    for (uint32_t i = 1; i < count; i++) {
        gaps[i] = content->documents[i] - content->documents[i - 1] - 1;
    }
    memset(gaps + count, 0, (whole_groups(count) - count) * sizeof *gaps);
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
        encode_kernels()->pack(gaps, choice.width, out);
    } else {
        bitpack_pack_stream(gaps, count, choice.width, out);
    }
    return out + postings_packed_bytes(count, choice.width);
}

static uint8_t *put_planes(const uint8_t *values, uint32_t count, uint32_t planes, uint8_t *out)
{
    uint32_t plane_bytes = postings_plane_bytes(count);
    if (count == POSTINGS_BLOCK) {
        encode_kernels()->put_planes(values, planes, out);
        return out + planes * plane_bytes;
    }
    for (uint32_t i = 0; i < count; i += 8) {
        uint8_t last[sizeof(uint64_t)] = {0};
        bool whole = count - i >= sizeof last;
        if (!whole) {
            memcpy(last, values + i, count - i);
        }
        uint64_t eight = load_u64(whole ? values + i : last);
        for (uint32_t plane = 0; plane < planes; plane++) {
            out[plane * plane_bytes + i / 8] = encode_low_bits(eight >> plane);
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

static void count_classes(const struct block_content *content, uint32_t counts[POSTINGS_CLASSES])
{
    if (content->count == POSTINGS_BLOCK) {
        encode_kernels()->count_classes(content->codes, counts);
        return;
    }
    memset(counts, 0, POSTINGS_CLASSES * sizeof *counts);
    for (uint32_t i = 0; i < content->count; i++) {
        counts[content->codes[i] >> POSTINGS_LENGTH_BITS]++;
    }
}

/* The rank of each posting's class in the set of them. */
static void rank_classes(const struct block_content *content, const uint8_t ranks[POSTINGS_CLASSES], uint8_t *out)
{
    if (content->count == POSTINGS_BLOCK) {
        encode_kernels()->rank_classes(content->codes, ranks, out);
        return;
    }
    for (uint32_t i = 0; i < content->count; i++) {
        out[i] = ranks[content->codes[i] >> POSTINGS_LENGTH_BITS];
    }
}

static uint8_t *put_classes(const struct block_content *content, uint8_t *shape, uint8_t *out)
{
    uint32_t counts[POSTINGS_CLASSES];
    uint8_t ranks[POSTINGS_CLASSES];
    uint8_t ranked[POSTINGS_BLOCK];
    uint32_t set = 0;
    uint32_t distinct = 0;
    uint32_t common = 0;
    count_classes(content, counts);
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
    rank_classes(content, ranks, ranked);
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

/* As postings_dominate of all, class and length apart, so that compilers take many at once. */
uint8_t block_dominant(const uint8_t *codes, uint32_t count)
{
    uint8_t most = 0;
    uint8_t least = POSTINGS_LENGTH_MASK;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t length = codes[i] & POSTINGS_LENGTH_MASK;
        most = codes[i] > most ? codes[i] : most;
        least = length < least ? length : least;
    }
    return (uint8_t)((most & ~POSTINGS_LENGTH_MASK) | least);
}

size_t block_encode(const struct block_content *content, uint8_t dominant, uint8_t *out)
{
    uint8_t *shape = put_documents(content, &out[0], out + 1);
    uint8_t *next = put_classes(content, shape, shape + 1);
    next = put_lengths(content, dominant, shape, next);
    return (size_t)(next - out);
}
