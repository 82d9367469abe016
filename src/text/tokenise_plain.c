/*
 * tokenise_plain.c - the words that are nothing but letters of ASCII and stand alone, as most do, read without the
 * questions that others raise.
 *
 * Thread rule: as tokenise.h.
 */
#include "text/letters.h"
#include "text/tokenise_private.h"

bool tokeniser_plain(struct tokeniser *tokeniser, struct word *word)
{
    const struct folder *folder = tokeniser->folder;
    const uint8_t *bytes = folder->bytes;
    size_t gap = tokeniser->next;
    size_t start = gap + (bytes[gap] == ',' || bytes[gap] == '.' ? 1 : 0);
    if (bytes[start++] != ' ' || tokeniser->has_ahead || tokeniser->plus != 0) {
        return false;
    }
    size_t end = letters_pass(bytes, folder->size, start);
    while (tokenise_kinds[bytes[end]] == KIND_LETTER) {
        end++;
    }
    uint8_t behind = tokenise_kinds[bytes[end]];
    bool is_pause = bytes[end] == ',' || bytes[end] == '.';
    if (end - start < 2 || (behind != 0 && !(is_pause && kind_at(folder, end + 1) != KIND_DIGIT))) {
        return false;
    }
    *word = (struct word){.text = bytes + start,
                          .size = end - start,
                          .start = source_start(tokeniser, start),
                          .end = source_end(tokeniser, end),
                          .unit = UNIT_NONE,
                          .gap = start - gap == 1 ? ' ' : GAP_OTHER,
                          .kinds = KIND_LETTER};
    tokeniser->next = end;
    return true;
}
