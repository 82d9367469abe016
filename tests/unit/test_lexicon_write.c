/*
 * test_lexicon_write.c - parts of all sizes, merges, what is kept, limits of memory, failing allocations, damage.
 */
#include "base/alloc.h"
#include "support/memory_extents.h"
#include "support/random_words.h"
#include "support/set_sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct made {
    struct memory_extents memory;
    struct extent_view view;
    struct lexicon_part part;
};

static int try_make(struct made *made, const struct lexicon_sources *sources, size_t memory_bytes, uint32_t *words)
{
    struct extent_writer out;
    memset(made, 0, sizeof *made);
    memory_extents_begin(&made->memory, &out);
    int status = lexicon_write(&out, sources, memory_bytes, words);
    if (status != 0) {
        extent_writer_release(&out);
        return status;
    }
    made->view = memory_extents_view(&made->memory, &out);
    made->view.verified = memory_extents_verified(&made->memory);
    return *words == 0 ? 0 : lexicon_open(&made->part, &made->view);
}

static void make(struct made *made, const struct lexicon_sources *sources, size_t memory_bytes)
{
    uint32_t words;
    aisle_error error = {.code = 0};
    assert_int_equal(try_make(made, sources, memory_bytes, &words), 0);
    if (words != 0 && lexicon_check(&made->part, &error) != 0) {
        print_error("%s\n", error.message);
        fail();
    }
}

static void end(struct made *made)
{
    memory_extents_release(&made->memory);
}

static bool same_bytes(const struct made *a, const struct made *b)
{
    bool same = a->memory.size == b->memory.size && a->memory.count == b->memory.count;
    for (uint32_t i = 0; i < a->memory.count && same; i++) {
        same = memcmp(a->memory.extents[i], b->memory.extents[i], extent_bytes_of(a->memory.size, i)) == 0;
    }
    return same;
}

/* ---- writing ---- */

static void a_lexicon_without_words_is_not_written(void **state)
{
    (void)state;
    struct lexicon_set set = {.bytes = NULL};
    struct lexicon_sources sources = sources_of_set(&set);
    struct made made;
    uint32_t words = 1;
    assert_int_equal(try_make(&made, &sources, 0, &words), 0);
    assert_int_equal(words, 0);
    assert_int_equal(made.memory.size, 0);
    end(&made);
}

static void words_of_every_length_and_kind_are_found(void **state)
{
    (void)state;
    struct lexicon_set set = {.bytes = NULL};
    struct bytes word;
    uint8_t text[LIMIT_TERM_BYTES];
    memset(text, 'x', sizeof text);
    for (size_t size = 1; size <= LIMIT_TERM_BYTES; size++) {
        assert_int_equal(lexicon_set_add(&set, bytes_of(text, size)), 0);
        text[size - 1] = '7';
        assert_int_equal(lexicon_set_add(&set, bytes_of(text, size)), 0);
        text[size - 1] = 'x';
    }
    assert_int_equal(lexicon_set_add(&set, bytes_of_string("gr\xc3\xb6\xc3\x9f" "e")), 0);
    assert_int_equal(lexicon_set_add(&set, bytes_of_string("\xe3\x82\xab\xe3\x83\xa1\xe3\x83\xa9")), 0);
    struct lexicon_sources sources = sources_of_set(&set);
    struct made made;
    make(&made, &sources, 0);
    const struct lexicon_part *parts[] = {&made.part};
    struct lexicon lexicon = {.parts = parts, .count = 1};
    for (size_t next = 0; lexicon_set_next(&set, &next, &word);) {
        assert_int_equal(lexicon_has(&lexicon, word), 0);
    }
    assert_int_equal(lexicon_has(&lexicon, bytes_of_string("xxy")), AISLE_END);
    assert_int_equal(lexicon_has(&lexicon, bytes_of(text, 0)), AISLE_END);
    end(&made);
    lexicon_set_release(&set);
}

#define MANY_WORDS 3000u

/* Words of all kinds, some of one beginning, some twice, one empty; of three in turn two are put into parts. */
static void many_words_are_known_as_each_alone_is(void **state)
{
    (void)state;
    static uint8_t texts[MANY_WORDS][RANDOM_WORD_BYTES_MAX];
    static struct bytes words[MANY_WORDS];
    uint64_t known[(MANY_WORDS + 63) / 64];
    struct random_words random = {.state = 9};
    struct lexicon_set sets[2] = {{.bytes = NULL}, {.bytes = NULL}};
    struct made made[2];
    for (uint32_t i = 0; i < MANY_WORDS; i++) {
        words[i] = random_word(&random, texts[i]);
        if (i % 5 == 0) {
            char *text = (char *)texts[i];
            words[i].size = (size_t)snprintf(text, RANDOM_WORD_BYTES_MAX, "interchange%u", i * 7919 % MANY_WORDS);
        }
        if (i % 3 < 2) {
            assert_int_equal(lexicon_set_add(&sets[i % 3], words[i]), 0);
        }
    }
    words[MANY_WORDS / 2].size = 0;
    for (size_t i = 0; i < 2; i++) {
        struct lexicon_sources sources = sources_of_set(&sets[i]);
        make(&made[i], &sources, 0);
    }
    const struct lexicon_part *parts[] = {&made[0].part, &made[1].part};
    struct lexicon lexicon = {.parts = parts, .count = 2};
    uint32_t found = 0;
    assert_int_equal(lexicon_has_many(&lexicon, words, MANY_WORDS, known), 0);
    for (uint32_t i = 0; i < MANY_WORDS; i++) {
        bool alone = lexicon_has(&lexicon, words[i]) == 0;
        assert_int_equal(known[i / 64] >> i % 64 & 1, alone);
        found += alone ? 1 : 0;
    }
    assert_in_range(found, MANY_WORDS * 2 / 3 - 1, MANY_WORDS - MANY_WORDS / 10);
    for (size_t i = 0; i < 2; i++) {
        lexicon_set_release(&sets[i]);
        end(&made[i]);
    }
}

static void little_memory_gives_the_same_part(void **state)
{
    (void)state;
    struct random_words random = {.state = 4};
    struct lexicon_set set = {.bytes = NULL};
    struct made small;
    struct made large;
    random_set(&random, &set, 12000);
    struct lexicon_sources sources = sources_of_set(&set);
    make(&small, &sources, 0);
    make(&large, &sources, (size_t)256 << 20);
    assert_true(same_bytes(&small, &large));
    end(&small);
    end(&large);
    lexicon_set_release(&set);
}

#define SOURCES 5u

static void merged_parts_are_the_part_of_all_words_each_once(void **state)
{
    (void)state;
    struct random_words random = {.state = 11};
    struct lexicon_set all = {.bytes = NULL};
    struct lexicon_set sets[SOURCES + 1] = {{.bytes = NULL}};
    struct made parts[SOURCES];
    const struct lexicon_part *list[SOURCES];
    struct bytes word;
    random_set(&random, &all, 8000);
    for (size_t next = 0; lexicon_set_next(&all, &next, &word);) {
        for (uint32_t copies = 1 + random_below(&random, 3); copies > 0; copies--) { /* maybe in several */
            assert_int_equal(lexicon_set_add(&sets[random_below(&random, SOURCES + 1)], word), 0);
        }
    }
    for (uint32_t i = 0; i < SOURCES; i++) {
        struct lexicon_sources sources = sources_of_set(&sets[i]);
        make(&parts[i], &sources, 0);
        list[i] = &parts[i].part;
    }
    struct lexicon_sources merging = {.parts = list, .part_count = SOURCES};
    sources_add_set(&merging, &sets[SOURCES]);
    struct lexicon_sources whole = sources_of_set(&all);
    struct made merged;
    struct made straight;
    make(&merged, &merging, 0);
    make(&straight, &whole, 0);
    assert_true(same_bytes(&merged, &straight));
    end(&merged);
    end(&straight);
    for (uint32_t i = 0; i <= SOURCES; i++) {
        lexicon_set_release(&sets[i]);
        if (i < SOURCES) {
            end(&parts[i]);
        }
    }
    lexicon_set_release(&all);
}

static int keep_short(void *context, struct bytes word, bool *keep)
{
    const struct lexicon_set *kept = context;
    *keep = lexicon_set_has(kept, word);
    return 0;
}

static void what_is_not_kept_is_left_out(void **state)
{
    (void)state;
    struct random_words random = {.state = 21};
    struct lexicon_set all = {.bytes = NULL};
    struct lexicon_set kept = {.bytes = NULL};
    struct made part;
    struct made left;
    struct made straight;
    struct bytes word;
    random_set(&random, &all, 5000);
    for (size_t next = 0; lexicon_set_next(&all, &next, &word);) {
        if (random_below(&random, 3) == 0) {
            assert_int_equal(lexicon_set_add(&kept, word), 0);
        }
    }
    struct lexicon_sources sources = sources_of_set(&all);
    make(&part, &sources, 0);
    const struct lexicon_part *list[] = {&part.part};
    struct lexicon_sources choosing = {.parts = list, .part_count = 1, .keep = keep_short, .context = &kept};
    struct lexicon_sources whole = sources_of_set(&kept);
    make(&left, &choosing, 0);
    make(&straight, &whole, 0);
    assert_true(same_bytes(&left, &straight));
    end(&part);
    end(&left);
    end(&straight);
    lexicon_set_release(&all);
    lexicon_set_release(&kept);
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    struct random_words random = {.state = 31};
    struct lexicon_set set = {.bytes = NULL};
    struct made part;
    random_set(&random, &set, 500);
    struct lexicon_sources sources = sources_of_set(&set);
    make(&part, &sources, 0);
    const struct lexicon_part *list[] = {&part.part};
    struct lexicon_set other = {.bytes = NULL};
    assert_int_equal(lexicon_set_add(&other, bytes_of_string("zzzzzzzzz1")), 0);
    struct lexicon_sources merging = {.parts = list, .part_count = 1, .keep = keep_short, .context = &set};
    sources_add_set(&merging, &other);
    int status = AISLE_NO_MEMORY;
    for (unsigned long n = 1; status != 0; n++) {
        struct extent_writer out;
        struct memory_extents memory = {.extents = NULL};
        uint32_t words;
        memory_extents_begin(&memory, &out);
        alloc_fail_at(n, 0);
        status = lexicon_write(&out, &merging, 0, &words); /* its only extent is not emitted before it is finished */
        alloc_fail_at(0, 0);
        assert_true(status == AISLE_NO_MEMORY || (status == 0 && words == 501));
        extent_writer_release(&out);
        memory_extents_release(&memory);
    }
    for (unsigned long n = 1; n <= 3; n++) {
        const struct lexicon_part *parts[] = {&part.part};
        struct lexicon lexicon = {.parts = parts, .count = 1};
        struct bytes word = bytes_of_string("stea");
        uint64_t known;
        alloc_fail_at(n, 0);
        assert_int_equal(lexicon_has_many(&lexicon, &word, 1, &known), n <= 2 ? AISLE_NO_MEMORY : 0);
        alloc_fail_at(0, 0);
    }
    end(&part);
    lexicon_set_release(&set);
    lexicon_set_release(&other);
}

/* ---- damage ---- */

static void ask_everything(const struct made *made)
{
    static const char *const typed[] = {"stea", "steacharn", "brou", "a1b", "123", "chrose", "aaaaaa"};
    const struct lexicon_part *parts[] = {&made->part};
    struct lexicon lexicon = {.parts = parts, .count = 1};
    struct lexicon_variants variants;
    struct arena arena;
    arena_init(&arena, (size_t)64 << 20);
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        struct lexicon_ask ask = {.word = bytes_of_string(typed[i]), .max_edits = 2, .limit = 100};
        int status = lexicon_similar(&lexicon, &ask, &arena, &variants);
        assert_true(status == 0 || status == AISLE_CORRUPT);
        status = lexicon_similar_prefix(&lexicon, &ask, &arena, &variants);
        assert_true(status == 0 || status == AISLE_CORRUPT);
        status = lexicon_containing(&lexicon, &ask, &arena, &variants);
        assert_true(status == 0 || status == AISLE_CORRUPT);
        arena_reset(&arena);
    }
    arena_release(&arena);
}

static void damaged_parts_are_refused_or_answer(void **state)
{
    (void)state;
    struct random_words random = {.state = 41};
    struct lexicon_set set = {.bytes = NULL};
    struct made made;
    random_set(&random, &set, 700);
    struct lexicon_sources sources = sources_of_set(&set);
    make(&made, &sources, 0);
    made.view.verified = NULL; /* so that the damage gets past the checksums */
    uint32_t found = 0;
    for (uint32_t round = 0; round < 1000; round++) {
        struct made damaged = made;
        uint64_t most = round % 4 == 0 ? 2000 : made.memory.size;
        uint64_t at = made.memory.size - 1 - random_below(&random, (uint32_t)most);
        uint8_t *byte = memory_extents_byte(&made.memory, at);
        uint8_t kept = *byte;
        *byte = (uint8_t)(kept ^ (1u + random_below(&random, 255)));
        int status = lexicon_open(&damaged.part, &damaged.view);
        assert_true(status == 0 || status == AISLE_CORRUPT || status == AISLE_NEWER_FORMAT);
        if (status == 0) {
            found += lexicon_check(&damaged.part, NULL) != 0;
            ask_everything(&damaged);
        }
        *byte = kept;
    }
    assert_true(found > 600);
    end(&made);
    lexicon_set_release(&set);
}

static void a_wrong_checksum_is_damage(void **state)
{
    (void)state;
    struct random_words random = {.state = 51};
    struct lexicon_set set = {.bytes = NULL};
    struct made made;
    random_set(&random, &set, 3000);
    struct lexicon_sources sources = sources_of_set(&set);
    make(&made, &sources, 0);
    made.view.verified = memory_extents_verified(&made.memory);
    *memory_extents_byte(&made.memory, 20) ^= 1;
    assert_int_equal(lexicon_check(&made.part, NULL), AISLE_CORRUPT);
    end(&made);
    lexicon_set_release(&set);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lexicon_without_words_is_not_written),
        cmocka_unit_test(words_of_every_length_and_kind_are_found),
        cmocka_unit_test(many_words_are_known_as_each_alone_is),
        cmocka_unit_test(little_memory_gives_the_same_part),
        cmocka_unit_test(merged_parts_are_the_part_of_all_words_each_once),
        cmocka_unit_test(what_is_not_kept_is_left_out),
        cmocka_unit_test(memory_may_fail_anywhere),
        cmocka_unit_test(damaged_parts_are_refused_or_answer),
        cmocka_unit_test(a_wrong_checksum_is_damage),
    };
    if (argc > 1) { /* kept inputs for fuzz_lexicon: one part each, and something typed */
        struct random_words random = {.state = strtoull(argv[1], NULL, 10)};
        struct lexicon_set set = {.bytes = NULL};
        struct made made;
        uint32_t words;
        random_set(&random, &set, 40);
        struct lexicon_sources sources = sources_of_set(&set);
        if (try_make(&made, &sources, 0, &words) == 0) {
            fwrite("\5steac", 1, 6, stdout);
            fwrite(made.memory.extents[0], 1, made.memory.size, stdout);
        }
        end(&made);
        lexicon_set_release(&set);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
