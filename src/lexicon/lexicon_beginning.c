/*
 * lexicon_beginning.c - lexicon_beginning: words that go on from what has been typed, by halving each length's words.
 */
#include "lexicon/lexicon_similar.h"

/* Words of one part that are so many bytes longer. */
static int add_longer(const struct lexicon_part *part, enum lexicon_group group, const struct lexicon_ask *ask,
                      unsigned more, struct lexicon_found *found)
{
    uint32_t class = lexicon_class_of(group, ask->word.size + more);
    uint32_t count = part->first[class + 1] - part->first[class];
    uint32_t i = 0;
    int status = lexicon_lower_bound(part, class, ask->word, &i);
    for (; i < count && status == 0; i++) {
        const uint8_t *text = lexicon_text(part, class, i);
        if (text == NULL) {
            return AISLE_CORRUPT;
        }
        if (memcmp(text, ask->word.data, ask->word.size) != 0) {
            break;
        }
        found->is_cut = found->is_cut || found->count == ask->limit;
        if (found->is_cut) {
            break;
        }
        status = lexicon_found_add(found, bytes_of(text, ask->word.size + more), more);
    }
    return status;
}

int lexicon_beginning(const struct lexicon *lexicon, const struct lexicon_ask *ask, struct arena *arena,
                      struct lexicon_variants *out)
{
    struct lexicon_found found = {.arena = arena};
    struct bytes word = ask->word;
    int status = 0;
    *out = (struct lexicon_variants){.list = NULL};
    if (word.size == 0 || word.size + LEXICON_BEGINNING_MORE > LIMIT_TERM_BYTES) {
        return 0;
    }
    enum lexicon_group group = LEXICON_PLAIN;
    for (size_t i = 0; i < word.size; i++) {
        group = word.data[i] < 0x80 ? group : LEXICON_WIDE;
    }
    for (unsigned more = 1; more <= LEXICON_BEGINNING_MORE && !found.is_cut; more++) {
        for (size_t i = 0; i < lexicon->count && status == 0; i++) {
            status = add_longer(lexicon->parts[i], group, ask, more, &found);
        }
    }
    return lexicon_found_finish(&found, status, ask->limit, out);
}
