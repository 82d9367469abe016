/*
 * ids_block.c - squeezes up to 64 ids into a block, in the smallest of three ways, and takes single ones out again.
 *
 * Where blocks lie is the business of ids_write.c and ids_read.c. Thread rule: pure functions.
 */
#include "documents/ids_format.h"

/* ----------------------------------------------------------------------------------------------- encoding -- */

/* A way to encode, planned: its exact size, and what the encoder must know. size SIZE_MAX: not possible. */
struct bytes_plan {
    size_t size;
    size_t prefix_size;
    size_t least;
    unsigned width;
};

struct numbers_plan {
    size_t size;
    uint64_t least;
    unsigned width;
    unsigned shape_bits;
    unsigned shape_count;
    struct ids_shape shapes[IDS_SHAPES_MAX];
    uint8_t shape_of[IDS_BLOCK_IDS];
    uint64_t numbers[IDS_BLOCK_IDS];
};

struct nibbles_plan {
    size_t size;
    size_t id_size;
    size_t varying_count;
    uint8_t letter;
    uint8_t mask[LIMIT_ID_BYTES / 8];
};

static size_t common_prefix(const struct bytes *ids, uint32_t count)
{
    size_t common = ids[0].size;
    for (uint32_t i = 1; i < count && common != 0; i++) {
        common = bytes_shared(bytes_of(ids[0].data, common), ids[i]);
    }
    return common;
}

static void plan_bytes(const struct bytes *ids, uint32_t count, struct bytes_plan *plan)
{
    size_t least = SIZE_MAX;
    size_t greatest = 0;
    size_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        least = ids[i].size < least ? ids[i].size : least;
        greatest = ids[i].size > greatest ? ids[i].size : greatest;
        total += ids[i].size;
    }
    plan->prefix_size = common_prefix(ids, count);
    plan->least = least - plan->prefix_size;
    plan->width = bits_width(greatest - least);
    plan->size = IDS_HEAD_BYTES + bits_bytes(count, plan->width) + plan->prefix_size + total -
                 plan->prefix_size * count;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/*
 * Splits id into a head and a number. A number without leading zero has a shape without digits, whatever its length, so
 * that 7 and 12345 agree; P00012345 and P01012345 agree because their lengths do. false when id ends in no digit.
 */
static bool split(struct bytes id, struct ids_shape *shape, uint64_t *number)
{
    size_t start = id.size;
    while (start > 0 && id.size - start < IDS_DIGITS_MAX && is_digit(id.data[start - 1])) {
        start--;
    }
    size_t digits = id.size - start;
    if (digits == 0) {
        return false;
    }
    *number = 0;
    for (size_t i = start; i < id.size; i++) {
        *number = *number * 10 + (uint64_t)(id.data[i] - '0');
    }
    shape->head = bytes_of(id.data, start);
    shape->digits = id.data[start] == '0' && digits > 1 ? (unsigned)digits : 0;
    return true;
}

/* Number of the shape, added when new; IDS_SHAPES_MAX when there is no room. */
static unsigned intern_shape(struct numbers_plan *plan, const struct ids_shape *shape)
{
    for (unsigned i = 0; i < plan->shape_count; i++) {
        if (plan->shapes[i].digits == shape->digits && bytes_equal(plan->shapes[i].head, shape->head)) {
            return i;
        }
    }
    if (plan->shape_count == IDS_SHAPES_MAX) {
        return IDS_SHAPES_MAX;
    }
    plan->shapes[plan->shape_count] = *shape;
    return plan->shape_count++;
}

static void plan_numbers(const struct bytes *ids, uint32_t count, struct numbers_plan *plan)
{
    uint64_t greatest = 0;
    plan->size = SIZE_MAX;
    plan->least = UINT64_MAX;
    plan->width = 0;
    plan->shape_bits = 0;
    plan->shape_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct ids_shape shape;
        uint64_t number;
        unsigned shape_number = split(ids[i], &shape, &number) ? intern_shape(plan, &shape) : IDS_SHAPES_MAX;
        if (shape_number == IDS_SHAPES_MAX) {
            return;
        }
        plan->shape_of[i] = (uint8_t)shape_number;
        plan->numbers[i] = number;
        plan->least = number < plan->least ? number : plan->least;
        greatest = number > greatest ? number : greatest;
    }
    plan->shape_bits = bits_width(plan->shape_count - 1);
    plan->width = bits_readable_width(plan->shape_bits + bits_width(greatest - plan->least));
    size_t size = IDS_NUMBERS_HEAD_BYTES + bits_bytes(count, plan->width);
    for (unsigned i = 0; i < plan->shape_count; i++) {
        size += IDS_SHAPE_HEAD_BYTES + plan->shapes[i].head.size;
    }
    plan->size = size;
}

/* Value of a hexadecimal digit whose letters begin with letter; 16 for anything else. */
static unsigned nibble_of(uint8_t byte, uint8_t letter)
{
    if (is_digit(byte)) {
        return byte - (unsigned)'0';
    }
    return byte >= letter && byte < letter + 6 ? byte - (unsigned)letter + 10 : 16;
}

static void plan_nibbles(const struct bytes *ids, uint32_t count, uint8_t letter, struct nibbles_plan *plan)
{
    size_t id_size = ids[0].size;
    memset(plan->mask, 0, sizeof plan->mask);
    plan->size = SIZE_MAX;
    plan->id_size = id_size;
    plan->letter = letter;
    plan->varying_count = 0;
    for (uint32_t i = 1; i < count; i++) {
        if (ids[i].size != id_size) {
            return;
        }
    }
    for (size_t at = 0; at < id_size; at++) {
        bool varies = false;
        unsigned worst = nibble_of(ids[0].data[at], letter);
        for (uint32_t i = 1; i < count; i++) {
            unsigned nibble = nibble_of(ids[i].data[at], letter);
            worst = nibble > worst ? nibble : worst;
            varies |= ids[i].data[at] != ids[0].data[at];
        }
        if (varies && worst == 16) {
            return;
        }
        plan->mask[at / 8] |= (uint8_t)((unsigned)varies << (at % 8));
        plan->varying_count += varies;
    }
    plan->size = IDS_HEAD_BYTES + (id_size + 7) / 8 + id_size - plan->varying_count +
                 bits_bytes(plan->varying_count * count, 4);
}

static void encode_bytes(const struct bytes *ids, uint32_t count, const struct bytes_plan *plan, uint8_t *p)
{
    p[0] = IDS_KIND_BYTES;
    p[1] = (uint8_t)plan->width;
    store_u16(p + 2, (uint16_t)plan->prefix_size);
    store_u16(p + 4, (uint16_t)plan->least);
    uint8_t *bits = p + IDS_HEAD_BYTES;
    uint8_t *next = bits + bits_bytes(count, plan->width);
    memcpy(next, ids[0].data, plan->prefix_size);
    next += plan->prefix_size;
    for (uint32_t i = 0; i < count; i++) {
        size_t rest = ids[i].size - plan->prefix_size;
        bits_put(bits, i, plan->width, rest - plan->least);
        memcpy(next, ids[i].data + plan->prefix_size, rest);
        next += rest;
    }
}

static void encode_numbers(uint32_t count, const struct numbers_plan *plan, uint8_t *p)
{
    p[0] = IDS_KIND_NUMBERS;
    p[1] = (uint8_t)plan->width;
    p[2] = (uint8_t)plan->shape_bits;
    p[3] = (uint8_t)plan->shape_count;
    store_u64(p + 4, plan->least);
    uint8_t *bits = p + IDS_NUMBERS_HEAD_BYTES;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t number = plan->numbers[i] - plan->least;
        bits_put(bits, i, plan->width, plan->shape_of[i] | number << plan->shape_bits);
    }
    uint8_t *next = bits + bits_bytes(count, plan->width);
    for (unsigned i = 0; i < plan->shape_count; i++) {
        next[0] = (uint8_t)plan->shapes[i].digits;
        store_u16(next + 1, (uint16_t)plan->shapes[i].head.size);
        memcpy(next + IDS_SHAPE_HEAD_BYTES, plan->shapes[i].head.data, plan->shapes[i].head.size);
        next += IDS_SHAPE_HEAD_BYTES + plan->shapes[i].head.size;
    }
}

static bool mask_get(const uint8_t *mask, size_t at)
{
    return (mask[at / 8] >> (at % 8)) & 1;
}

static void encode_nibbles(const struct bytes *ids, uint32_t count, const struct nibbles_plan *plan, uint8_t *p)
{
    p[0] = IDS_KIND_NIBBLES;
    p[1] = plan->letter;
    store_u16(p + 2, (uint16_t)plan->id_size);
    store_u16(p + 4, (uint16_t)plan->varying_count);
    uint8_t *next = p + IDS_HEAD_BYTES;
    memcpy(next, plan->mask, (plan->id_size + 7) / 8);
    next += (plan->id_size + 7) / 8;
    for (size_t at = 0; at < plan->id_size; at++) {
        if (!mask_get(plan->mask, at)) {
            *next++ = ids[0].data[at];
        }
    }
    size_t nibble = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (size_t at = 0; at < plan->id_size; at++) {
            if (mask_get(plan->mask, at)) {
                bits_put(next, nibble++, 4, nibble_of(ids[i].data[at], plan->letter));
            }
        }
    }
}

int ids_block_encode(const struct bytes *ids, uint32_t count, struct buf *out)
{
    struct bytes_plan as_bytes;
    struct numbers_plan as_numbers;
    struct nibbles_plan as_nibbles;
    plan_bytes(ids, count, &as_bytes);
    plan_numbers(ids, count, &as_numbers);
    plan_nibbles(ids, count, 'a', &as_nibbles);
    if (as_nibbles.size == SIZE_MAX) {
        plan_nibbles(ids, count, 'A', &as_nibbles);
    }
    size_t size = as_bytes.size < as_numbers.size ? as_bytes.size : as_numbers.size;
    size = as_nibbles.size < size ? as_nibbles.size : size;
    uint8_t *p = buf_extend(out, size);
    if (p == NULL) {
        return buf_status(out);
    }
    memset(p, 0, size);
    if (size == as_numbers.size) {
        encode_numbers(count, &as_numbers, p);
    } else if (size == as_bytes.size) {
        encode_bytes(ids, count, &as_bytes, p);
    } else {
        encode_nibbles(ids, count, &as_nibbles, p);
    }
    return 0;
}

/* ----------------------------------------------------------------------------------------------- decoding -- */

static int decode_bytes(struct bytes block, uint32_t count, uint32_t index, uint8_t *out, size_t *size)
{
    unsigned width = block.data[1];
    size_t prefix_size = load_u16(block.data + 2);
    size_t least = load_u16(block.data + 4);
    size_t bits_size = bits_bytes(count, width);
    if (width > IDS_SIZE_WIDTH_MAX || IDS_HEAD_BYTES + bits_size + prefix_size > block.size) {
        return AISLE_CORRUPT;
    }
    const uint8_t *bits = block.data + IDS_HEAD_BYTES;
    size_t before = least * index;
    for (uint32_t i = 0; i < index && width != 0; i++) {
        before += (size_t)bits_get(bits, i, width);
    }
    size_t rest = least + (size_t)bits_get(bits, index, width);
    size_t prefix_at = IDS_HEAD_BYTES + bits_size;
    size_t rest_at = prefix_at + prefix_size + before;
    if (prefix_size + rest > LIMIT_ID_BYTES || rest_at + rest > block.size) {
        return AISLE_CORRUPT;
    }
    memcpy(out, block.data + prefix_at, prefix_size);
    memcpy(out + prefix_size, block.data + rest_at, rest);
    *size = prefix_size + rest;
    return 0;
}

/* Reads shape number wanted of those that stand in bytes. */
static bool find_shape(struct bytes bytes, unsigned wanted, struct ids_shape *shape)
{
    struct byte_reader reader = byte_reader_of(bytes);
    for (unsigned i = 0; i <= wanted; i++) {
        shape->digits = byte_reader_u8(&reader);
        shape->head = byte_reader_take(&reader, byte_reader_u16(&reader));
    }
    return byte_reader_ok(&reader);
}

/* Prints head and number. */
static int print(const struct ids_shape *shape, uint64_t number, uint8_t *out, size_t *size)
{
    uint8_t text[IDS_DIGITS_MAX];
    unsigned digits = 0;
    for (; number >= 100; number /= 100) { /* two at once: each division waits for the one before */
        unsigned pair = (unsigned)(number % 100);
        text[IDS_DIGITS_MAX - ++digits] = (uint8_t)('0' + pair % 10);
        text[IDS_DIGITS_MAX - ++digits] = (uint8_t)('0' + pair / 10);
    }
    do {
        text[IDS_DIGITS_MAX - ++digits] = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    if (shape->digits > IDS_DIGITS_MAX || (shape->digits != 0 && digits > shape->digits)) {
        return AISLE_CORRUPT;
    }
    while (digits < shape->digits) {
        text[IDS_DIGITS_MAX - ++digits] = '0';
    }
    if (shape->head.size + digits > LIMIT_ID_BYTES) {
        return AISLE_CORRUPT;
    }
    memcpy(out, shape->head.data, shape->head.size);
    memcpy(out + shape->head.size, text + IDS_DIGITS_MAX - digits, digits);
    *size = shape->head.size + digits;
    return 0;
}

static int decode_numbers(struct bytes block, uint32_t count, uint32_t index, uint8_t *out, size_t *size)
{
    if (block.size < IDS_NUMBERS_HEAD_BYTES) {
        return AISLE_CORRUPT;
    }
    unsigned width = block.data[1];
    unsigned shape_bits = block.data[2];
    unsigned shape_count = block.data[3];
    uint64_t least = load_u64(block.data + 4);
    size_t shapes_at = IDS_NUMBERS_HEAD_BYTES + bits_bytes(count, width);
    if (width != bits_readable_width(width) || shape_count > IDS_SHAPES_MAX || shape_bits > width ||
        shape_bits > 3 || shapes_at > block.size || least > IDS_NUMBER_MAX) {
        return AISLE_CORRUPT;
    }
    uint64_t packed = bits_get(block.data + IDS_NUMBERS_HEAD_BYTES, index, width);
    unsigned shape_number = (unsigned)packed & ((1u << shape_bits) - 1);
    uint64_t number = packed >> shape_bits;
    struct ids_shape shape;
    if (shape_number >= shape_count || number > IDS_NUMBER_MAX - least ||
        !find_shape(bytes_of(block.data + shapes_at, block.size - shapes_at), shape_number, &shape)) {
        return AISLE_CORRUPT;
    }
    return print(&shape, least + number, out, size);
}

static int decode_nibbles(struct bytes block, uint32_t count, uint32_t index, uint8_t *out, size_t *size)
{
    uint8_t letter = block.data[1];
    size_t id_size = load_u16(block.data + 2);
    size_t varying_count = load_u16(block.data + 4);
    if ((letter != 'a' && letter != 'A') || id_size > LIMIT_ID_BYTES || varying_count > id_size) {
        return AISLE_CORRUPT;
    }
    size_t constants_at = IDS_HEAD_BYTES + (id_size + 7) / 8;
    size_t nibbles_at = constants_at + id_size - varying_count;
    if (nibbles_at + bits_bytes(varying_count * count, 4) > block.size) {
        return AISLE_CORRUPT;
    }
    const uint8_t *mask = block.data + IDS_HEAD_BYTES;
    const uint8_t *constants = block.data + constants_at;
    size_t nibble = varying_count * index;
    size_t varying_left = varying_count;
    size_t constants_left = id_size - varying_count;
    for (size_t at = 0; at < id_size; at++) {
        size_t *left = mask_get(mask, at) ? &varying_left : &constants_left;
        if (*left == 0) {
            return AISLE_CORRUPT;
        }
        --*left;
        if (left == &constants_left) {
            out[at] = *constants++;
        } else {
            unsigned value = (unsigned)bits_get(block.data + nibbles_at, nibble++, 4);
            out[at] = (uint8_t)(value < 10 ? '0' + value : letter + value - 10);
        }
    }
    *size = id_size;
    return 0;
}

int ids_block_decode(struct bytes block, uint32_t count, uint32_t index, uint8_t *out, size_t *size)
{
    int status = AISLE_CORRUPT;
    *size = 0;
    if (block.size < IDS_HEAD_BYTES) {
        return AISLE_CORRUPT;
    }
    if (block.data[0] == IDS_KIND_BYTES) {
        status = decode_bytes(block, count, index, out, size);
    } else if (block.data[0] == IDS_KIND_NUMBERS) {
        status = decode_numbers(block, count, index, out, size);
    } else if (block.data[0] == IDS_KIND_NIBBLES) {
        status = decode_nibbles(block, count, index, out, size);
    }
    return status == 0 && *size == 0 ? AISLE_CORRUPT : status;
}
