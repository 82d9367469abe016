/*
 * utf8.h - strict UTF-8: checking, decoding, encoding, cutting at a character.
 *
 * Strict means: no surrogates, no overlong forms, nothing above U+10FFFF. What characters mean (letters, folding) is
 * the business of text. Thread rule: functions touch only what they are given.
 */
#ifndef AISLE_BASE_UTF8_H
#define AISLE_BASE_UTF8_H

#include "base/bytes.h"

#define UTF8_BYTES_MAX 4u        /* of one character */
#define UTF8_REPLACEMENT 0xfffdu /* stands for a byte that is no UTF-8 */

/* Whether text is UTF-8. If not, *bad_position (may be NULL) is the offset of the first character that is none. */
bool utf8_valid(struct bytes text, size_t *bad_position);

/* Decodes the character at p (p < end) into *code_point and returns its bytes; 0 when it is not UTF-8. */
size_t utf8_decode(const uint8_t *p, const uint8_t *end, uint32_t *code_point);

/* Writes code_point (a scalar value) at p, which has room for UTF8_BYTES_MAX, and returns the bytes used. */
size_t utf8_encode(uint8_t *p, uint32_t code_point);

/* The longest beginning of valid text that has at most max_bytes and ends with a whole character. */
static inline struct bytes utf8_cut(struct bytes text, size_t max_bytes)
{
    if (text.size <= max_bytes) {
        return text;
    }
    size_t size = max_bytes;
    while (size > 0 && (text.data[size] & 0xc0) == 0x80) {
        size--;
    }
    return bytes_of(text.data, size);
}

#endif
