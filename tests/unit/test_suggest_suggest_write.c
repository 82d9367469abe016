/*
 * test_suggest_suggest_write.c - building parts: what is refused, what limits hold, merging, damage, no memory.
 */
#include "tests/support/suggest_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ARENA_BYTES (16u << 20)

/* The status of adding an entry to a fresh writer, behind the key "m". */
static int status_of(const struct suggest_entry *entry)
{
    struct memory_extents memory[2] = {{0}, {0}};
    struct extent_writer streams[2];
    struct suggest_writer writer;
    struct suggest_entry first = {
        .key = bytes_of_string("m"), .shown = bytes_of_string("M"), .weight = 1, .kind = SUGGEST_BRAND};
    uint64_t size;
    memory_extents_begin(&memory[0], &streams[0]);
    memory_extents_begin(&memory[1], &streams[1]);
    assert_int_equal(suggest_writer_init(&writer, &streams[0], &streams[1]), 0);
    assert_int_equal(suggest_writer_add(&writer, &first), 0);
    int status = suggest_writer_add(&writer, entry);
    assert_int_equal(suggest_writer_finish(&writer, 1), status);
    assert_int_equal(suggest_writer_add(&writer, entry), status == 0 ? AISLE_INVALID : status); /* sticky */
    suggest_writer_release(&writer);
    for (unsigned i = 0; i < 2; i++) {
        (void)extent_writer_finish(&streams[i], &size);
        extent_writer_release(&streams[i]);
        memory_extents_release(&memory[i]);
    }
    return status;
}

static struct suggest_entry entry_of(const char *key)
{
    return (struct suggest_entry){
        .key = bytes_of_string(key), .shown = bytes_of_string("Some"), .weight = 5, .kind = SUGGEST_TITLE};
}

static void keys_ascend_and_are_words_between_single_spaces(void **state)
{
    static const char *const bad[] = {"", "a", "m", " n", "n ", "n  o", "n\to", " "};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct suggest_entry entry = entry_of(bad[i]);
        assert_int_equal(status_of(&entry), AISLE_INVALID);
    }
    struct suggest_entry good = entry_of("m n");
    assert_int_equal(status_of(&good), 0);
}

static void sizes_weights_and_kinds_have_limits_on_both_sides(void **state)
{
    char longest[SUGGEST_SHOWN_BYTES + 2];
    struct suggest_entry entry;
    (void)state;
    memset(longest, 'z', sizeof longest);
    entry = entry_of("n");
    entry.key = bytes_of(longest, SUGGEST_KEY_BYTES);
    assert_int_equal(status_of(&entry), 0);
    entry.key.size++;
    assert_int_equal(status_of(&entry), AISLE_INVALID);
    entry = entry_of("n");
    entry.shown = bytes_of(longest, SUGGEST_SHOWN_BYTES);
    assert_int_equal(status_of(&entry), 0);
    entry.shown.size++;
    assert_int_equal(status_of(&entry), AISLE_INVALID);
    entry.shown.size = 0;
    assert_int_equal(status_of(&entry), AISLE_INVALID);
    entry = entry_of("n");
    entry.weight = SUGGEST_WEIGHT_MAX;
    assert_int_equal(status_of(&entry), 0);
    entry.weight++;
    assert_int_equal(status_of(&entry), AISLE_INVALID);
    entry.weight = 0;
    assert_int_equal(status_of(&entry), AISLE_INVALID);
    entry = entry_of("n");
    entry.kind = 0;
    assert_int_equal(status_of(&entry), AISLE_INVALID);
    entry.kind = SUGGEST_KINDS;
    assert_int_equal(status_of(&entry), AISLE_INVALID);
}

static void contexts_have_limits_on_both_sides(void **state)
{
    char longest[SUGGEST_CONTEXT_BYTES + 1] = "";
    struct suggest_context context = {bytes_of(longest, SUGGEST_CONTEXT_BYTES), 1, LIMIT_FIELDS - 1};
    struct suggest_entry entry = entry_of("n");
    (void)state;
    memset(longest, 'z', sizeof longest);
    entry.contexts = &context;
    entry.context_count = 1;
    assert_int_equal(status_of(&entry), 0);
    context.field++;
    assert_int_equal(status_of(&entry), AISLE_INVALID);
    context.field = 0;
    context.value.size++;
    assert_int_equal(status_of(&entry), AISLE_INVALID);
    context.value.size = 0;
    assert_int_equal(status_of(&entry), AISLE_INVALID);
    context.value = bytes_of_string("a\x01");
    assert_int_equal(status_of(&entry), AISLE_INVALID);
    context = (struct suggest_context){bytes_of_string("a"), 0, 0};
    assert_int_equal(status_of(&entry), AISLE_INVALID);
}

static void weights_keep_their_order_as_codes(void **state)
{
    (void)state;
    for (uint64_t weight = 1; weight < 5000; weight++) {
        uint16_t code = suggest_code_of(weight);
        assert_true(suggest_code_of(weight + 1) >= code);
        assert_true(suggest_code_is_whole(code));
        uint64_t back = suggest_weight(code);
        assert_true(back <= weight && (weight >= 2048 ? weight - back <= weight / 1024 : back == weight));
        assert_true(suggest_units_of(suggest_code_later(code)) * 4 == suggest_units_of(code));
    }
    assert_true(suggest_code_is_whole(suggest_code_of(SUGGEST_WEIGHT_MAX)));
    assert_true(suggest_weight(suggest_code_of(SUGGEST_WEIGHT_MAX)) <= SUGGEST_WEIGHT_MAX);
}

/* ---- contexts ---- */

static int fill_many_contexts(void *context, struct suggest_writer *writer)
{
    static char values[SUGGEST_CONTEXTS + 10][8];
    struct suggest_context contexts[SUGGEST_CONTEXTS + 10];
    struct suggest_entry entry = entry_of("n");
    (void)context;
    for (unsigned i = 0; i < SUGGEST_CONTEXTS + 10; i++) {
        snprintf(values[i], sizeof values[i], "v%02u", i);
        contexts[i] = (struct suggest_context){bytes_of_string(values[i]), 100 + i, 1};
    }
    entry.contexts = contexts;
    entry.context_count = SUGGEST_CONTEXTS + 10;
    return suggest_writer_add(writer, &entry);
}

/* The best suggestion for what was typed in a context; its units, or 0. */
static uint64_t best_of(const struct suggest_reader *reader, const char *typed, const char *value)
{
    struct suggest_question question = {
        .typed = bytes_of_string(typed), .value = bytes_of_string(value), .field = 1};
    struct suggest_search *search;
    struct suggest_found found = {.units = 0};
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(suggest_search_begin(&search, &reader, 1, &question, &arena), 0);
    int status = suggest_search_next(search, &found);
    assert_true(status == 0 || (status == AISLE_END && found.units == 0));
    arena_release(&arena);
    return found.units;
}

static void the_heaviest_contexts_are_kept(void **state)
{
    struct model_part part;
    char longest[SUGGEST_CONTEXT_BYTES + 2] = {0};
    (void)state;
    model_part_write(&part, fill_many_contexts, NULL);
    assert_int_equal(suggest_check(&part.reader, NULL), 0);
    assert_true(best_of(&part.reader, "", "v09") == 0);
    assert_true(best_of(&part.reader, "", "v10") == (uint64_t)110 << SUGGEST_UNIT_BITS);
    assert_true(best_of(&part.reader, "n", "v73") == (uint64_t)173 << SUGGEST_UNIT_BITS);
    assert_true(best_of(&part.reader, "", "v7") == 0);
    assert_true(best_of(&part.reader, "", "v733") == 0);
    memset(longest, 'v', sizeof longest - 1);
    assert_true(best_of(&part.reader, "", longest) == 0);
    model_part_release(&part);
}

static int fill_same_ends(void *context, struct suggest_writer *writer)
{
    int status = 0;
    (void)context;
    for (unsigned i = 0; i < 300 && status == 0; i++) {
        char key[16];
        snprintf(key, sizeof key, "a%03u same", i);
        struct suggest_entry entry = entry_of(key);
        entry.weight = 1000 + i;
        status = suggest_writer_add(writer, &entry);
    }
    struct suggest_entry whole = entry_of("same");
    whole.weight = 1;
    return status != 0 ? status : suggest_writer_add(writer, &whole);
}

static void of_many_that_end_alike_the_best_are_found_and_the_whole_one(void **state)
{
    struct model_part part;
    const struct suggest_reader *reader = &part.reader;
    struct suggest_question question = {.typed = bytes_of_string("same")};
    struct suggest_search *search;
    struct suggest_found found;
    struct arena arena;
    unsigned count = 0;
    (void)state;
    model_part_write(&part, fill_same_ends, NULL);
    assert_int_equal(suggest_check(reader, NULL), 0);
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(suggest_search_begin(&search, &reader, 1, &question, &arena), 0);
    while (suggest_search_next(search, &found) == 0) {
        if (count < LIMIT_SUGGESTIONS - 1) {
            assert_true(found.units == ((uint64_t)(1299 - count) << SUGGEST_UNIT_BITS) / 4);
        }
        count++;
    }
    assert_true(count >= LIMIT_SUGGESTIONS);
    assert_true(bytes_equal(found.key, bytes_of_string("same")));
    arena_release(&arena);
    model_part_release(&part);
}

/* ---- merging ---- */

struct line {
    const char *key;
    const char *shown;
    uint64_t weight;
    uint8_t kind;
    const char *value; /* of a context with half the weight; NULL: none */
};

struct lines {
    const struct line *lines;
    size_t count;
};

static int fill_lines(void *context, struct suggest_writer *writer)
{
    const struct lines *list = context;
    int status = 0;
    for (size_t i = 0; i < list->count && status == 0; i++) {
        const struct line *line = &list->lines[i];
        struct suggest_context value = {.weight = line->weight / 2, .field = 1};
        struct suggest_entry entry = {.key = bytes_of_string(line->key),
                                      .shown = bytes_of_string(line->shown),
                                      .weight = line->weight,
                                      .kind = line->kind,
                                      .contexts = &value};
        if (line->value != NULL) {
            value.value = bytes_of_string(line->value);
            entry.context_count = 1;
        }
        status = suggest_writer_add(writer, &entry);
    }
    return status;
}

struct sources {
    const struct suggest_reader *readers[2];
    struct suggest_writer *writer;
    uint64_t least;
};

static int write_heavy(void *context, const struct suggest_entry *entry)
{
    struct sources *sources = context;
    return entry->weight < sources->least ? 0 : suggest_writer_add(sources->writer, entry);
}

static int fill_merged(void *context, struct suggest_writer *writer)
{
    struct sources *sources = context;
    sources->writer = writer;
    return suggest_merge(sources->readers, 2, write_heavy, sources);
}

static void expect_same_bytes(const struct model_part *a, const struct model_part *b)
{
    assert_true(a->text_view.size == b->text_view.size && a->tree_view.size == b->tree_view.size);
    assert_true(a->text.count == 1 && a->tree.count == 1);
    assert_memory_equal(a->text.extents[0], b->text.extents[0], a->text_view.size);
    assert_memory_equal(a->tree.extents[0], b->tree.extents[0], a->tree_view.size);
}

static const struct line left[] = {{"acme", "ACME", 10, SUGGEST_BRAND, "shoes"},
                                   {"buds", "buds", 4, SUGGEST_TITLE, NULL},
                                   {"buds pro", "Buds Pro", 6, SUGGEST_TITLE, "audio"}};
static const struct line right[] = {{"abc", "Abc", 2, SUGGEST_TITLE, "shoes"},
                                    {"acme", "acme", 30, SUGGEST_TITLE, "shoes"},
                                    {"buds", "Buds", 6, SUGGEST_TITLE, NULL}};
static const struct line both[] = {{"abc", "Abc", 2, SUGGEST_TITLE, "shoes"},
                                   {"acme", "ACME", 40, SUGGEST_BRAND, "shoes"},
                                   {"buds", "Buds", 10, SUGGEST_TITLE, NULL},
                                   {"buds pro", "Buds Pro", 6, SUGGEST_TITLE, "audio"}};

static void merged_parts_are_the_part_of_the_sums(void **state)
{
    struct lines lists[] = {{left, 3}, {right, 3}, {both, 4}, {both + 1, 2}};
    struct model_part parts[4];
    struct model_part merged;
    struct sources sources = {.least = 0};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        model_part_write(&parts[i], fill_lines, &lists[i]);
    }
    sources.readers[0] = &parts[0].reader;
    sources.readers[1] = &parts[1].reader;
    model_part_write(&merged, fill_merged, &sources);
    expect_same_bytes(&merged, &parts[2]);
    model_part_release(&merged);
    sources.least = 10;
    model_part_write(&merged, fill_merged, &sources);
    expect_same_bytes(&merged, &parts[3]);
    model_part_release(&merged);
    for (unsigned i = 0; i < 4; i++) {
        model_part_release(&parts[i]);
    }
}

/* ---- damage and memory ---- */

static void exercise(const struct suggest_reader *reader)
{
    static const char *const typed[] = {"", "b", "acm", "buds pr", "bdus", "zzzzzz"};
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        for (uint8_t edits = 0; edits <= SUGGEST_EDITS; edits++) {
            struct suggest_question question = {.typed = bytes_of_string(typed[i]), .edits = edits};
            struct suggest_search *search;
            struct suggest_found found;
            struct arena arena;
            if (i % 2 != 0) {
                question.value = bytes_of_string("shoes");
                question.field = 1;
            }
            arena_init(&arena, ARENA_BYTES);
            int status = suggest_search_begin(&search, &reader, 1, &question, &arena);
            for (unsigned n = 0; n < 1000 && status == 0; n++) {
                status = suggest_search_next(search, &found);
            }
            assert_true(status == 0 || status == AISLE_END || status == AISLE_CORRUPT || status == AISLE_LIMIT);
            arena_release(&arena);
        }
    }
}

/* Without checksums every byte counts: whatever is flipped, calls return, and the check sees most of it. */
static void damage_is_met_and_not_followed(void **state)
{
    struct lines list = {both, 4};
    struct model_part part;
    uint64_t flips = 0;
    uint64_t seen = 0;
    (void)state;
    model_part_write(&part, fill_lines, &list);
    for (unsigned stream = 0; stream < 2; stream++) {
        const struct memory_extents *memory = stream == 0 ? &part.text : &part.tree;
        uint64_t size = stream == 0 ? part.text_view.size : part.tree_view.size;
        for (uint64_t bit = 0; bit < size * 8; bit++, flips++) {
            struct suggest_reader reader;
            *memory_extents_byte(memory, bit / 8) ^= (uint8_t)(1u << (bit % 8));
            int status = suggest_open(&reader, &part.text_view, &part.tree_view);
            if (status == 0) {
                exercise(&reader);
                status = suggest_check(&reader, NULL);
            }
            seen += status != 0 ? 1 : 0;
            *memory_extents_byte(memory, bit / 8) ^= (uint8_t)(1u << (bit % 8));
        }
    }
    assert_int_equal(suggest_check(&part.reader, NULL), 0);
    assert_true(seen * 100 >= flips * 75); /* letters that are shown, kinds and the number of products are free */
    model_part_release(&part);
}

static void a_page_that_fails_its_checksum_is_damage(void **state)
{
    struct lines list = {both, 4};
    struct model_part part;
    struct suggest_reader reader;
    (void)state;
    model_part_write(&part, fill_lines, &list);
    part.tree_view.verified = memory_extents_verified(&part.tree);
    *memory_extents_byte(&part.tree, 1) ^= 1;
    assert_int_equal(suggest_open(&reader, &part.text_view, &part.tree_view), AISLE_CORRUPT);
    model_part_release(&part);
}

static void a_newer_version_is_told_from_damage(void **state)
{
    struct lines list = {both, 4};
    struct model_part part;
    struct suggest_reader reader;
    (void)state;
    model_part_write(&part, fill_lines, &list);
    *memory_extents_byte(&part.tree, part.tree_view.size - 8) = SUGGEST_VERSION + 1;
    assert_int_equal(suggest_open(&reader, &part.text_view, &part.tree_view), AISLE_NEWER_FORMAT);
    *memory_extents_byte(&part.tree, part.tree_view.size - 8) = 0;
    assert_int_equal(suggest_open(&reader, &part.text_view, &part.tree_view), AISLE_CORRUPT);
    model_part_release(&part);
}

/* Every allocation of a writer fails once. */
static void a_writer_without_memory_says_so(void **state)
{
    struct lines list = {both, 4};
    (void)state;
    for (unsigned long n = 1;; n++) {
        struct memory_extents memory[2] = {{0}, {0}};
        struct extent_writer streams[2];
        struct suggest_writer writer;
        uint64_t size;
        memory_extents_begin(&memory[0], &streams[0]);
        memory_extents_begin(&memory[1], &streams[1]);
        unsigned long calls = alloc_calls();
        alloc_fail_at(n, 0);
        int status = suggest_writer_init(&writer, &streams[0], &streams[1]);
        status = status != 0 ? status : fill_lines(&list, &writer);
        status = status != 0 ? status : suggest_writer_finish(&writer, 1);
        suggest_writer_release(&writer);
        bool failed = alloc_calls() - calls >= n;
        alloc_fail_at(0, 0);
        assert_int_equal(status, failed ? AISLE_NO_MEMORY : 0);
        for (unsigned i = 0; i < 2; i++) {
            (void)extent_writer_finish(&streams[i], &size);
            extent_writer_release(&streams[i]);
            memory_extents_release(&memory[i]);
        }
        if (!failed) {
            break;
        }
    }
}

/* Nodes that all lead to the one before by two ways: as many paths as grains of rice on a chessboard. */
static void a_tree_whose_ways_meet_again_is_refused_at_once(void **state)
{
    struct memory_extents memory[2] = {{0}, {0}};
    struct extent_writer streams[2];
    struct suggest_reader reader;
    aisle_error error = {.code = 0};
    uint64_t below = 0;
    (void)state;
    memory_extents_begin(&memory[0], &streams[0]);
    memory_extents_begin(&memory[1], &streams[1]);
    for (unsigned level = 0; level < 64; level++) {
        uint8_t follow = (uint8_t)(level < 2 ? 0 : suggest_follow('a') | suggest_follow('b'));
        uint8_t node[SUGGEST_NODE_HEAD + 2 * SUGGEST_ENTRY_BYTES] = {0, 2, 0, 'a', 'b', follow, follow};
        store_u32(node + SUGGEST_NODE_HEAD + 2 * 4, (uint32_t)below);
        store_u32(node + SUGGEST_NODE_HEAD + 2 * 4 + 4, (uint32_t)below);
        node[1] = level == 0 ? 0 : 2;
        below = extent_writer_put_whole(&streams[1], node, level == 0 ? SUGGEST_NODE_HEAD : sizeof node, 1);
    }
    uint8_t footer[SUGGEST_FOOTER_BYTES] = {0};
    store_u32(footer, (uint32_t)below);
    store_u32(footer + 32, SUGGEST_VERSION);
    store_u32(footer + 36, SUGGEST_MAGIC);
    extent_writer_put(&streams[1], footer, sizeof footer);
    struct extent_view text = memory_extents_view(&memory[0], &streams[0]);
    struct extent_view tree = memory_extents_view(&memory[1], &streams[1]);
    assert_int_equal(suggest_open(&reader, &text, &tree), 0);
    assert_int_equal(suggest_check(&reader, &error), AISLE_CORRUPT);
    assert_non_null(strstr(error.message, "a node is met again"));
    memory_extents_release(&memory[0]);
    memory_extents_release(&memory[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_ascend_and_are_words_between_single_spaces),
        cmocka_unit_test(sizes_weights_and_kinds_have_limits_on_both_sides),
        cmocka_unit_test(contexts_have_limits_on_both_sides),
        cmocka_unit_test(weights_keep_their_order_as_codes),
        cmocka_unit_test(the_heaviest_contexts_are_kept),
        cmocka_unit_test(of_many_that_end_alike_the_best_are_found_and_the_whole_one),
        cmocka_unit_test(merged_parts_are_the_part_of_the_sums),
        cmocka_unit_test(damage_is_met_and_not_followed),
        cmocka_unit_test(a_tree_whose_ways_meet_again_is_refused_at_once),
        cmocka_unit_test(a_page_that_fails_its_checksum_is_damage),
        cmocka_unit_test(a_newer_version_is_told_from_damage),
        cmocka_unit_test(a_writer_without_memory_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
