/*
 * lexicon_similar.c - lexicon_similar, and how answers are collected, sorted and cut.
 */
#include "lexicon/lexicon_similar.h"

#include <stdlib.h>

int lexicon_found_add(struct lexicon_found *found, struct bytes word, unsigned edits)
{
    if (found->count == found->capacity) {
        size_t capacity = found->capacity == 0 ? 64 : found->capacity * 2;
        struct lexicon_variant *list = arena_alloc(found->arena, capacity * sizeof *list);
        if (list == NULL) {
            return AISLE_NO_MEMORY;
        }
        if (found->count != 0) {
            memcpy(list, found->list, found->count * sizeof *list);
        }
        found->list = list;
        found->capacity = capacity;
    }
    const uint8_t *copy = arena_copy(found->arena, word.data, word.size);
    if (copy == NULL) {
        return AISLE_NO_MEMORY;
    }
    found->list[found->count++] =
        (struct lexicon_variant){.word = bytes_of(copy, word.size), .edits = (uint8_t)edits};
    return 0;
}

static int compare_variants(const void *a, const void *b)
{
    const struct lexicon_variant *x = a;
    const struct lexicon_variant *y = b;
    return x->edits != y->edits ? x->edits - y->edits : bytes_compare(x->word, y->word);
}

int lexicon_found_finish(struct lexicon_found *found, int status, size_t limit, struct lexicon_variants *out)
{
    size_t kept = 0;
    if (status != 0 && status != AISLE_END) {
        return status;
    }
    if (found->count > 1) {
        qsort(found->list, found->count, sizeof *found->list, compare_variants);
    }
    for (size_t i = 0; i < found->count; i++) {
        /* A word has one distance, so that its copies (from several shards, or told twice) are neighbours. */
        if (kept == 0 || !bytes_equal(found->list[kept - 1].word, found->list[i].word)) {
            found->list[kept++] = found->list[i];
        }
    }
    out->list = found->list;
    out->count = kept < limit ? kept : limit;
    out->truncated = kept > limit || found->is_cut || status == AISLE_END;
    return 0;
}

bool lexicon_has_fixed(const struct lexicon_lookup *lookup, struct bytes word)
{
    struct bytes typed = lookup->ask->word;
    size_t size = 0;
    for (unsigned left = lookup->ask->fixed_prefix; left > 0 && size < typed.size; left--) {
        size++;
        while (size < typed.size && (typed.data[size] & 0xc0) == 0x80) {
            size++;
        }
    }
    return bytes_begin_with(word, bytes_of(typed.data, size));
}

static int check_word(const struct lexicon_lookup *lookup, struct bytes word, bool plain, struct lexicon_found *found)
{
    unsigned distance = lexicon_distance(lookup->pattern, word, plain, lookup->edits);
    if (distance > lookup->edits || !lexicon_has_fixed(lookup, word)) {
        return 0;
    }
    return lexicon_found_add(found, word, distance);
}

/* Comparing so many codes takes some 20 us. */
#define CODES_A_PIECE 1024u

/* Codes of one length in one part, *left of them at most. */
static int scan_length(const struct lexicon_lookup *lookup, uint32_t size, uint32_t *left)
{
    const struct lexicon_part *part = lookup->part;
    uint32_t class = lexicon_class_of(LEXICON_CODES, size);
    uint32_t count = part->first[class + 1] - part->first[class];
    int status = 0;
    lookup->found->is_cut = lookup->found->is_cut || count > *left;
    count = count < *left ? count : *left;
    *left -= count;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        const uint8_t *text = lexicon_text(part, class, i);
        status = text == NULL ? AISLE_CORRUPT : check_word(lookup, bytes_of(text, size), true, lookup->found);
        if (status == 0 && i % CODES_A_PIECE == 0 && lexicon_stops(lookup->ask)) {
            status = AISLE_END;
        }
    }
    return status;
}

/* Codes, of the same length first: no index is kept for what is rarely wanted. */
static int scan_codes(const struct lexicon *lexicon, struct lexicon_lookup *lookup)
{
    uint32_t left = lookup->ask->codes;
    int status = 0;
    for (uint32_t step = 0; step <= 2 * lookup->edits && status == 0; step++) {
        uint32_t away = (step + 1) / 2;
        uint32_t size = step % 2 == 0 ? lookup->pattern->count + away : lookup->pattern->count - away;
        if (size < lookup->shortest || size >= LEXICON_LENGTHS) { /* one below 0 is a large one */
            continue;
        }
        for (size_t i = 0; i < lexicon->count && status == 0; i++) {
            lookup->part = lexicon->parts[i];
            status = scan_length(lookup, size, &left);
        }
    }
    return status;
}

/* Without edits there is nothing to search for. */
static int find_exact(const struct lexicon *lexicon, const struct lexicon_ask *ask, struct lexicon_found *found)
{
    struct bytes word = ask->word;
    enum lexicon_group group = word.size <= LIMIT_TERM_BYTES ? lexicon_group_of(word) : LEXICON_OTHERS;
    bool eligible = group == LEXICON_PLAIN || group == LEXICON_WIDE || (group == LEXICON_CODES && ask->codes != 0);
    int status = eligible ? lexicon_has(lexicon, word) : AISLE_END;
    return status == 0 ? lexicon_found_add(found, word, 0) : status == AISLE_END ? 0 : status;
}

int lexicon_similar(const struct lexicon *lexicon, const struct lexicon_ask *ask, struct arena *arena,
                    struct lexicon_variants *out)
{
    struct lexicon_pattern pattern;
    struct lexicon_found found = {.arena = arena};
    int status = 0;
    *out = (struct lexicon_variants){.list = NULL};
    if (ask->max_edits > LEXICON_EDITS_MAX) {
        return AISLE_INVALID;
    }
    if (!lexicon_pattern_init(&pattern, ask->word)) {
        return 0;
    }
    if (ask->max_edits == 0) {
        status = find_exact(lexicon, ask, &found);
    }
    struct lexicon_lookup lookup = {.ask = ask,
                                    .pattern = &pattern,
                                    .edits = ask->max_edits,
                                    .longest = pattern.count + ask->max_edits,
                                    .shortest = pattern.count > ask->max_edits ? pattern.count - ask->max_edits : 1,
                                    .candidate = check_word,
                                    .found = &found};
    for (size_t i = 0; i < lexicon->count && status == 0 && ask->max_edits != 0; i++) {
        lookup.part = lexicon->parts[i];
        status = lexicon_lookup(&lookup);
    }
    if (status == 0 && ask->codes != 0 && ask->max_edits != 0) {
        status = scan_codes(lexicon, &lookup);
    }
    return lexicon_found_finish(&found, status, ask->limit, out);
}
