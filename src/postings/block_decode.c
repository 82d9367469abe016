/*
 * block_decode.c - a stored block back to documents and codes, whatever its bytes are.
 *
 * Every size is compared with what is left before it is used, once a block, never once a posting. Sums of gaps are
 * bounded in 64 bits beforehand; only where they might pass 2^32 is the order of the decoded documents looked at.
 */
#include "postings/block.h"

#define WORD_BYTES sizeof(uint64_t)

struct exceptions {
    uint32_t count;
    const uint8_t *positions;
    uint32_t highs[POSTINGS_EXCEPTIONS_MAX];
    uint64_t sum; /* of what they add */
};

static int read_exceptions(struct byte_reader *reader, uint32_t count, uint32_t width, struct exceptions *out)
{
    out->count = byte_reader_u8(reader);
    out->positions = byte_reader_take(reader, out->count).data;
    if (!byte_reader_ok(reader) || out->count == 0 || out->count > POSTINGS_EXCEPTIONS_MAX) {
        return AISLE_CORRUPT;
    }
    for (uint32_t i = 0; i < out->count; i++) {
        bool is_short = reader->next < reader->end && *reader->next < 0x80; /* as most are */
        uint64_t high = is_short ? *reader->next++ : byte_reader_varint(reader);
        bool in_order = i == 0 || out->positions[i] > out->positions[i - 1];
        if (high > (UINT64_C(1) << POSTINGS_WIDTH_MAX) >> width || out->positions[i] >= count || !in_order) {
            return AISLE_CORRUPT;
        }
        out->highs[i] = (uint32_t)high;
        out->sum += high << width;
    }
    return byte_reader_ok(reader) ? 0 : AISLE_CORRUPT;
}

/* Adds each exception to its own document and all behind it. */
static void apply_exceptions(const struct block_place *place, const struct exceptions *exceptions, uint32_t width,
                             uint32_t *documents)
{
    uint32_t distance = 0;
    for (uint32_t i = 0; i < exceptions->count; i++) {
        uint32_t end = i + 1 < exceptions->count ? exceptions->positions[i + 1] : place->count;
        distance += exceptions->highs[i] << width;
        place->kernels->shift(documents, exceptions->positions[i], end, distance);
    }
}

static bool is_ascending(const uint32_t *documents, uint32_t count, int64_t before)
{
    for (uint32_t i = 0; i < count; i++) {
        if (documents[i] <= before) {
            return false;
        }
        before = documents[i];
    }
    return true;
}

static int find_bitset(const struct block_place *place, struct byte_reader *reader, struct block_parts *parts)
{
    uint64_t skip = byte_reader_varint(reader);
    uint32_t words = byte_reader_u8(reader);
    struct bytes bits = byte_reader_take(reader, words * WORD_BYTES);
    if (!byte_reader_ok(reader) || words == 0 || words > POSTINGS_BITSET_WORDS_MAX || skip > LIMIT_SEGMENT_DOCUMENTS) {
        return AISLE_CORRUPT;
    }
    uint64_t last_word = load_u64(bits.data + (words - 1) * WORD_BYTES);
    uint64_t first = (uint64_t)(place->before + 1) + skip;
    if ((bits.data[0] & 1) == 0 || last_word == 0 || first > LIMIT_SEGMENT_DOCUMENTS) {
        return AISLE_CORRUPT;
    }
    parts->bits = bits.data;
    parts->bits_words = words;
    parts->bits_first = (uint32_t)first;
    parts->bits_last = (uint32_t)first + words * 64 - 1 - (uint32_t)__builtin_clzll(last_word);
    return 0;
}

static int decode_packed(const struct block_place *place, uint8_t shape, struct byte_reader *reader,
                         uint32_t *documents)
{
    uint32_t width = shape & ~POSTINGS_SHAPE_EXCEPTIONS;
    struct exceptions exceptions = {.count = 0};
    if (width > POSTINGS_WIDTH_MAX) {
        return AISLE_CORRUPT;
    }
    if ((shape & POSTINGS_SHAPE_EXCEPTIONS) != 0 &&
        read_exceptions(reader, place->count, width, &exceptions) != 0) {
        return AISLE_CORRUPT;
    }
    struct bytes packed = byte_reader_take(reader, postings_packed_bytes(place->count, width));
    if (!byte_reader_ok(reader)) {
        return AISLE_CORRUPT;
    }
    if (place->count == POSTINGS_BLOCK) {
        place->kernels->unpack(packed.data, width, (uint32_t)place->before, documents);
    } else {
        bitpack_unpack_stream(packed.data, place->count, width, (uint32_t)place->before, documents);
    }
    if (exceptions.count != 0) {
        apply_exceptions(place, &exceptions, width, documents);
    }
    uint64_t reach = (uint64_t)(place->before + 1) + ((uint64_t)place->count << width) + exceptions.sum;
    if (reach > UINT32_MAX && !is_ascending(documents, place->count, place->before)) {
        return AISLE_CORRUPT;
    }
    return 0;
}

int block_decode(const struct block_place *place, struct block_parts *parts, uint32_t *documents)
{
    struct byte_reader reader = byte_reader_of(place->stored);
    uint8_t shape = byte_reader_u8(&reader);
    parts->bits = NULL;
    int status = shape == POSTINGS_SHAPE_BITSET ? find_bitset(place, &reader, parts)
                                                : decode_packed(place, shape, &reader, documents);
    parts->coded = bytes_of(reader.next, byte_reader_left(&reader));
    return status;
}

/* Writes count codes that begin with code and rise by one at each bound. */
static int fill_steps(const uint8_t *bounds, uint32_t steps, uint32_t count, uint8_t code, uint8_t *codes)
{
    uint32_t from = 0;
    for (uint32_t i = 0; i < steps; i++) {
        if (bounds[i] < from || bounds[i] >= count) {
            return AISLE_CORRUPT;
        }
        memset(codes + from, code + (int)i, bounds[i] - from);
        from = bounds[i];
    }
    memset(codes + from, code + (int)steps, count - from);
    return 0;
}

static int decode_unary(struct byte_reader *reader, uint32_t count, uint8_t code, uint8_t *codes)
{
    uint8_t bounds[POSTINGS_LENGTHS];
    uint32_t steps = 0;
    uint32_t ones = 0;
    while (ones < count) {
        uint32_t byte = byte_reader_u8(reader);
        for (uint32_t bit = 0; bit < 8 && ones < count; bit++) {
            if ((byte >> bit & 1) != 0) {
                ones++;
            } else if (steps < POSTINGS_LENGTHS - 1) {
                bounds[steps++] = (uint8_t)ones;
            } else {
                return AISLE_CORRUPT;
            }
        }
    }
    return fill_steps(bounds, steps, count, code, codes);
}

static int decode_lengths(const struct postings_kernels *kernels, uint8_t shape, struct byte_reader *reader,
                          uint32_t count, uint8_t code, uint8_t *codes)
{
    uint32_t planes = shape >> POSTINGS_PLANES_SHIFT;
    struct bytes part;
    switch ((enum postings_length_mode)(shape & 3)) {
    case POSTINGS_LENGTH_CONSTANT:
        memset(codes, code, count);
        return 0;
    case POSTINGS_LENGTH_PLANES:
        part = byte_reader_take(reader, planes * postings_plane_bytes(count));
        if (part.data == NULL || planes > POSTINGS_LENGTH_PLANES_MAX) {
            return AISLE_CORRUPT;
        }
        memset(codes, code, count);
        kernels->add_planes(part.data, planes, count, NULL, codes);
        return 0;
    case POSTINGS_LENGTH_STEPS:
        part = byte_reader_take(reader, byte_reader_u8(reader));
        return byte_reader_ok(reader) ? fill_steps(part.data, (uint32_t)part.size, count, code, codes) : AISLE_CORRUPT;
    case POSTINGS_LENGTH_UNARY:
    default: /* two bits have no fifth value */
        return decode_unary(reader, count, code, codes);
    }
}

/* Classes as found; the mode CONSTANT needs nothing of it. */
struct class_part {
    enum postings_class_mode mode;
    uint8_t common;                    /* SPARSE */
    uint8_t palette[POSTINGS_CLASSES]; /* PLANES */
    uint32_t planes;
    struct bytes data;
};

static int read_classes(struct byte_reader *reader, uint32_t mode, uint32_t count, struct class_part *out)
{
    *out = (struct class_part){.mode = (enum postings_class_mode)mode};
    if (mode == POSTINGS_CLASS_PLANES) {
        uint32_t distinct = 0;
        for (uint32_t set = byte_reader_u8(reader); set != 0; set &= set - 1) {
            out->palette[distinct++] = (uint8_t)((uint32_t)__builtin_ctz(set) << POSTINGS_LENGTH_BITS);
        }
        out->planes = postings_planes_for(distinct);
        out->data = byte_reader_take(reader, out->planes * postings_plane_bytes(count));
        return byte_reader_ok(reader) && distinct > 1 ? 0 : AISLE_CORRUPT;
    }
    if (mode == POSTINGS_CLASS_SPARSE) {
        out->common = byte_reader_u8(reader);
        out->data = byte_reader_take(reader, 2u * byte_reader_u8(reader));
        return byte_reader_ok(reader) && out->common < POSTINGS_CLASSES ? 0 : AISLE_CORRUPT;
    }
    return mode == POSTINGS_CLASS_CONSTANT ? 0 : AISLE_CORRUPT;
}

static int apply_classes(const struct postings_kernels *kernels, const struct class_part *part, uint32_t count,
                         uint8_t *codes)
{
    if (part->mode == POSTINGS_CLASS_PLANES) {
        kernels->add_planes(part->data.data, part->planes, count, part->palette, codes);
    } else if (part->mode == POSTINGS_CLASS_SPARSE) {
        for (size_t i = 0; i < part->data.size; i += 2) {
            uint32_t position = part->data.data[i];
            uint32_t class = part->data.data[i + 1];
            if (position >= count || class >= POSTINGS_CLASSES) {
                return AISLE_CORRUPT;
            }
            codes[position] = (uint8_t)((codes[position] & POSTINGS_LENGTH_MASK) | class << POSTINGS_LENGTH_BITS);
        }
    }
    return 0;
}

int block_decode_codes(const struct postings_kernels *kernels, struct bytes coded, uint32_t count, uint8_t dominant,
                       uint8_t *codes)
{
    struct byte_reader reader = byte_reader_of(coded);
    uint8_t shape = byte_reader_u8(&reader);
    uint8_t code = dominant; /* the least length, and in mode CONSTANT the only class */
    struct class_part classes;
    if (read_classes(&reader, shape >> POSTINGS_CLASS_MODE_SHIFT & 3, count, &classes) != 0) {
        return AISLE_CORRUPT;
    }
    if (classes.mode != POSTINGS_CLASS_CONSTANT) {
        code = (uint8_t)((dominant & POSTINGS_LENGTH_MASK) | (uint32_t)classes.common << POSTINGS_LENGTH_BITS);
    }
    if (decode_lengths(kernels, shape, &reader, count, code, codes) != 0 || !byte_reader_ok(&reader)) {
        return AISLE_CORRUPT;
    }
    return apply_classes(kernels, &classes, count, codes);
}

static uint32_t value_at(const uint8_t *planes, uint32_t plane_count, uint32_t count, uint32_t index)
{
    uint32_t plane_bytes = postings_plane_bytes(count);
    uint32_t value = 0;
    for (uint32_t plane = 0; plane < plane_count; plane++) {
        value |= (uint32_t)(planes[plane * plane_bytes + index / 8] >> (index % 8) & 1) << plane;
    }
    return value;
}

/* How many 0 bits stand before the 1 bit number index, as many as are told apart at most. False when none is there. */
static bool find_unary(struct byte_reader *reader, uint32_t index, uint32_t *steps)
{
    for (uint32_t ones = 0, bits = 0; bits < index + 1 + POSTINGS_LENGTHS; bits += 8) {
        uint32_t byte = byte_reader_u8(reader);
        uint32_t pairs = byte - (byte >> 1 & 0x55);
        uint32_t quads = (pairs & 0x33) + (pairs >> 2 & 0x33);
        uint32_t found = (quads & 15) + (quads >> 4);
        if (ones + found <= index) {
            ones += found;
            continue;
        }
        for (; ones < index; ones++) {
            byte &= byte - 1;
        }
        *steps = bits + (uint32_t)__builtin_ctz(byte) - index;
        return *steps < POSTINGS_LENGTHS;
    }
    return false;
}

/* What the index-th length adds to the code. */
static int read_length(uint8_t shape, struct byte_reader *reader, uint32_t count, uint32_t index, uint32_t *length)
{
    uint32_t planes = shape >> POSTINGS_PLANES_SHIFT;
    struct bytes part;
    *length = 0;
    switch ((enum postings_length_mode)(shape & 3)) {
    case POSTINGS_LENGTH_CONSTANT:
        return 0;
    case POSTINGS_LENGTH_PLANES:
        part = byte_reader_take(reader, planes * postings_plane_bytes(count));
        if (part.data == NULL || planes > POSTINGS_LENGTH_PLANES_MAX) {
            return AISLE_CORRUPT;
        }
        *length = value_at(part.data, planes, count, index);
        return 0;
    case POSTINGS_LENGTH_STEPS:
        part = byte_reader_take(reader, byte_reader_u8(reader));
        while (*length < part.size && part.data[*length] <= index) {
            ++*length;
        }
        return byte_reader_ok(reader) ? 0 : AISLE_CORRUPT;
    case POSTINGS_LENGTH_UNARY:
    default: /* two bits have no fifth value */
        return find_unary(reader, index, length) && byte_reader_ok(reader) ? 0 : AISLE_CORRUPT;
    }
}

int block_decode_code(struct bytes coded, uint32_t count, uint8_t dominant, uint32_t index, uint8_t *code)
{
    struct byte_reader reader = byte_reader_of(coded);
    uint8_t shape = byte_reader_u8(&reader);
    struct class_part classes;
    uint32_t length;
    if (read_classes(&reader, shape >> POSTINGS_CLASS_MODE_SHIFT & 3, count, &classes) != 0 ||
        read_length(shape, &reader, count, index, &length) != 0 || !byte_reader_ok(&reader)) {
        return AISLE_CORRUPT;
    }
    uint32_t low = dominant & POSTINGS_LENGTH_MASK;
    uint32_t high = (uint32_t)classes.common << POSTINGS_LENGTH_BITS;
    if (classes.mode == POSTINGS_CLASS_CONSTANT) {
        high = dominant & ~POSTINGS_LENGTH_MASK & 0xff;
    } else if (classes.mode == POSTINGS_CLASS_PLANES) {
        high = classes.palette[value_at(classes.data.data, classes.planes, count, index)];
    }
    *code = (uint8_t)(low + high + length);
    for (size_t i = 0; classes.mode == POSTINGS_CLASS_SPARSE && i < classes.data.size; i += 2) {
        if (classes.data.data[i] == index) {
            uint32_t class = classes.data.data[i + 1];
            *code = (uint8_t)((*code & POSTINGS_LENGTH_MASK) | class << POSTINGS_LENGTH_BITS);
        }
    }
    return 0;
}
