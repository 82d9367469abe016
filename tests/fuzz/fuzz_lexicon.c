/*
 * fuzz_lexicon.c - reads any bytes as a part of a lexicon, without checksums, and any bytes as what was typed.
 *
 * Input: u8 size of what was typed, it, the part. Whatever the bytes, every call must return, and a part that passes
 * its check finds each of its words, and can be merged into a part that passes, too.
 */
#include "lexicon/lexicon.h"

#include "tests/support/fuzz_component.h"
#include "tests/support/memory_extents.h"

#define WORDS_MAX 200u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct visit {
    struct lexicon lexicon;
    struct arena *arena;
    bool sound;
    uint32_t left;
};

static bool is_eligible(struct bytes word)
{
    size_t characters = 0;
    for (size_t i = 0; i < word.size; i++) {
        characters += (word.data[i] & 0xc0) != 0x80;
        if (word.data[i] >= '0' && word.data[i] <= '9') {
            return false;
        }
    }
    return characters >= LEXICON_SIMILAR_MIN && characters <= LEXICON_SIMILAR_MAX;
}

static int visit_word(void *context, struct bytes word, bool *keep)
{
    struct visit *visit = context;
    struct lexicon_variants variants;
    struct lexicon_ask ask = {.word = word, .max_edits = 1, .limit = 1};
    *keep = true;
    require(word.size >= 1 && word.size <= LIMIT_TERM_BYTES);
    if (visit->left == 0) {
        return 0;
    }
    visit->left--;
    int status = lexicon_has(&visit->lexicon, word);
    require(!visit->sound || status == 0);
    arena_reset(visit->arena);
    status = lexicon_similar(&visit->lexicon, &ask, visit->arena, &variants);
    if (visit->sound && is_eligible(word)) {
        require(status == 0 && variants.count == 1 && variants.list[0].edits == 0 &&
                bytes_equal(variants.list[0].word, word));
    }
    return 0;
}

static void ask_all(const struct lexicon *lexicon, struct bytes typed, struct arena *arena)
{
    struct lexicon_variants variants;
    for (uint8_t edits = 0; edits <= LEXICON_EDITS_MAX; edits++) {
        struct lexicon_ask ask = {.word = typed, .max_edits = edits, .fixed_prefix = edits, .limit = 100};
        arena_reset(arena);
        (void)!lexicon_similar(lexicon, &ask, arena, &variants);
        (void)!lexicon_similar_prefix(lexicon, &ask, arena, &variants);
        (void)!lexicon_containing(lexicon, &ask, arena, &variants);
    }
}

static void merge(const struct lexicon_part *part, bool sound)
{
    struct memory_extents memory = {.extents = NULL};
    struct lexicon_sources sources = {.parts = &part, .part_count = 1};
    struct extent_writer out;
    struct lexicon_part merged;
    uint32_t words;
    memory_extents_begin(&memory, &out);
    int status = lexicon_write(&out, &sources, 0, &words);
    struct extent_view view = memory_extents_view(&memory, &out);
    if (sound && part->words != 0) {
        require(status == 0 && words == part->words);
        require(lexicon_open(&merged, &view) == 0 && lexicon_check(&merged, NULL) == 0);
    }
    memory_extents_release(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct byte_reader reader = byte_reader_of(bytes_of(data, size));
    uint8_t typed_size = byte_reader_u8(&reader);
    struct bytes typed = byte_reader_take(&reader, typed_size);
    struct lexicon_part part;
    struct component component;
    struct arena arena;
    if (!byte_reader_ok(&reader)) {
        return 0;
    }
    arena_init(&arena, (size_t)1 << 28);
    make_component(&component, byte_reader_take(&reader, byte_reader_left(&reader)));
    if (lexicon_open(&part, &component.view) == 0) {
        const struct lexicon_part *parts[] = {&part};
        struct visit visit = {.lexicon = {.parts = parts, .count = 1}, .arena = &arena, .left = WORDS_MAX};
        visit.sound = lexicon_check(&part, NULL) == 0;
        ask_all(&visit.lexicon, typed, &arena);
        (void)!lexicon_visit(&part, visit_word, &visit);
        merge(&part, visit.sound);
    }
    arena_release(&arena);
    free(component.copy);
    return 0;
}
