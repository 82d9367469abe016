/*
 * utf8.c - strict UTF-8. ASCII is skipped eight bytes at a time; everything else goes through the one decoder.
 */
#include "base/utf8.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

static bool continues(const uint8_t *p)
{
    return (*p & 0xc0) == 0x80;
}

size_t utf8_decode(const uint8_t *p, const uint8_t *end, uint32_t *code_point)
{
    size_t left = (size_t)(end - p);
    uint8_t lead = p[0];
    if (lead < 0x80) {
        *code_point = lead;
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf && left >= 2 && continues(p + 1)) { /* c0, c1: overlong */
        *code_point = (uint32_t)(lead & 0x1f) << 6 | (p[1] & 0x3f);
        return 2;
    }
    if ((lead & 0xf0) == 0xe0 && left >= 3 && continues(p + 1) && continues(p + 2)) {
        uint32_t value = (uint32_t)(lead & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
        if (value >= 0x800 && (value < 0xd800 || value > 0xdfff)) {
            *code_point = value;
            return 3;
        }
        return 0;
    }
    if ((lead & 0xf8) == 0xf0 && left >= 4 && continues(p + 1) && continues(p + 2) && continues(p + 3)) {
        uint32_t value = (uint32_t)(lead & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 |
                         (p[3] & 0x3f);
        if (value >= 0x10000 && value <= 0x10ffff) {
            *code_point = value;
            return 4;
        }
    }
    return 0;
}

size_t utf8_encode(uint8_t *p, uint32_t code_point)
{
    if (code_point < 0x80) {
        p[0] = (uint8_t)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        p[0] = (uint8_t)(0xc0 | code_point >> 6);
        p[1] = (uint8_t)(0x80 | (code_point & 0x3f));
        return 2;
    }
    if (code_point < 0x10000) {
        p[0] = (uint8_t)(0xe0 | code_point >> 12);
        p[1] = (uint8_t)(0x80 | (code_point >> 6 & 0x3f));
        p[2] = (uint8_t)(0x80 | (code_point & 0x3f));
        return 3;
    }
    p[0] = (uint8_t)(0xf0 | code_point >> 18);
    p[1] = (uint8_t)(0x80 | (code_point >> 12 & 0x3f));
    p[2] = (uint8_t)(0x80 | (code_point >> 6 & 0x3f));
    p[3] = (uint8_t)(0x80 | (code_point & 0x3f));
    return 4;
}

bool utf8_valid(struct bytes text, size_t *bad_position)
{
    if (text.size == 0) {
        return true; /* data may be NULL, which may not be added to */
    }
    const uint8_t *p = text.data;
    const uint8_t *end = text.data + text.size;
    while (p < end) {
        while (end - p >= 8 && (load_u64(p) & HIGH_BITS) == 0) {
            p += 8;
        }
        while (p < end && *p < 0x80) {
            p++;
        }
        if (p == end) {
            break;
        }
        uint32_t code_point;
        size_t size = utf8_decode(p, end, &code_point);
        if (size == 0) {
            if (bad_position != NULL) {
                *bad_position = (size_t)(p - text.data);
            }
            return false;
        }
        p += size;
    }
    return true;
}
