/*
 * fuzz_suggest.c - reads any bytes as a part of completions: u32 size of TEXT, TEXT, TREE, without checksums.
 *
 * Whatever the bytes, every call must return, and a part that passes the check must find each suggestion it lists.
 */
#include "suggest/suggest.h"

#include "tests/support/fuzz_component.h"

#define STEPS_MAX 200u
#define ARENA_BYTES (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Searches; whether a suggestion with this key was among the first found. */
static bool search(const struct suggest_reader *reader, const struct suggest_question *question, struct bytes key)
{
    struct suggest_search *under_way;
    struct suggest_found found;
    struct arena arena;
    bool met = false;
    arena_init(&arena, ARENA_BYTES);
    int status = suggest_search_begin(&under_way, &reader, 1, question, &arena);
    for (unsigned i = 0; i < STEPS_MAX && status == 0; i++) {
        status = suggest_search_next(under_way, &found);
        require(status != 0 || (found.shown.size != 0 && found.edits <= SUGGEST_EDITS && found.units != 0));
        met = met || (status == 0 && bytes_equal(found.key, key));
    }
    arena_release(&arena);
    return met;
}

static void exercise(const struct suggest_reader *reader, struct bytes probe)
{
    bool sound = suggest_check(reader, NULL) == 0;
    struct suggest_question question = {.typed = probe, .edits = SUGGEST_EDITS};
    struct suggest_walk walk;
    (void)search(reader, &question, probe);
    question.value = bytes_of_string("a");
    (void)search(reader, &question, probe);
    int status = suggest_walk_init(&walk, reader);
    require(!sound || status == 0);
    for (unsigned i = 0; i < STEPS_MAX && status == 0; i++) {
        status = suggest_walk_next(&walk);
        if (status == 0 && sound) {
            struct suggest_question whole = {.typed = walk.entry.key};
            bool met = search(reader, &whole, walk.entry.key);
            require(met || reader->count > STEPS_MAX);
        }
    }
    suggest_walk_release(&walk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct component text;
    struct component tree;
    struct suggest_reader reader;
    if (!make_components(data, size, &text, &tree)) {
        return 0;
    }
    if (suggest_open(&reader, &text.view, &tree.view) == 0) {
        exercise(&reader, bytes_of(NULL, 0));
        exercise(&reader, bytes_of(data, size < 12 ? size : 12));
    }
    free(text.copy);
    free(tree.copy);
    return 0;
}
