/*
 * letters.h - passing over the letters a to z of a folded text, of which most words consist, eight bytes at a time.
 *
 * Does not know other letters, nor what a word is (tokenise.c). Thread rule: a pure function.
 */
#ifndef AISLE_TEXT_LETTERS_H
#define AISLE_TEXT_LETTERS_H

#include "base/bytes.h"

/* Behind the letters that begin at at, or before some of them where fewer than eight bytes are left of size. */
static inline size_t letters_pass(const uint8_t *bytes, size_t size, size_t at)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    const uint64_t high = each * 0x80;
    for (; at + sizeof(uint64_t) <= size; at += sizeof(uint64_t)) {
        uint64_t word = load_u64(bytes + at);
        uint64_t low = word & ~high; /* so that no sum leaves its byte */
        uint64_t letters = (low + each * (0x80 - 'a')) & ~(low + each * (0x7f - 'z')) & ~word & high;
        if (letters != high) {
            return at + (size_t)__builtin_ctzll(letters ^ high) / 8;
        }
    }
    return at;
}

#endif
