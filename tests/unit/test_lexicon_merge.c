/*
 * test_lexicon_merge.c - several sources as one stream: the same whether or not the first reading could be noted, and
 * from lists of words in any order.
 */
#include "base/alloc.h"
#include "lexicon/lexicon_write.h"
#include "support/memory_extents.h"
#include "support/random_words.h"
#include "support/set_sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define PARTS 3u

struct world {
    struct random_words random;
    struct lexicon_set sets[PARTS + 1]; /* the last is of no part */
    struct memory_extents memory[PARTS];
    struct extent_view views[PARTS];
    struct lexicon_part parts[PARTS];
    const struct lexicon_part *list[PARTS];
    struct lexicon_sources sources;
};

static void make_part(struct world *world, uint32_t i)
{
    struct extent_writer out;
    struct lexicon_sources sources = sources_of_set(&world->sets[i]);
    uint32_t words;
    memory_extents_begin(&world->memory[i], &out);
    assert_int_equal(lexicon_write(&out, &sources, 0, &words), 0);
    world->views[i] = memory_extents_view(&world->memory[i], &out);
    assert_int_equal(lexicon_open(&world->parts[i], &world->views[i]), 0);
    world->list[i] = &world->parts[i];
}

static void begin(struct world *world, uint64_t seed)
{
    struct lexicon_set all = {.bytes = NULL};
    struct bytes word;
    memset(world, 0, sizeof *world);
    world->random.state = seed;
    random_set(&world->random, &all, 3000);
    for (size_t next = 0; lexicon_set_next(&all, &next, &word);) {
        for (uint32_t copies = 1 + random_below(&world->random, 3); copies > 0; copies--) {
            assert_int_equal(lexicon_set_add(&world->sets[random_below(&world->random, PARTS + 1)], word), 0);
        }
    }
    for (uint32_t i = 0; i < PARTS; i++) {
        make_part(world, i);
    }
    world->sources = (struct lexicon_sources){.parts = world->list, .part_count = PARTS};
    sources_add_set(&world->sources, &world->sets[PARTS]);
    lexicon_set_release(&all);
}

static void end(struct world *world)
{
    for (uint32_t i = 0; i <= PARTS; i++) {
        lexicon_set_release(&world->sets[i]);
    }
    for (uint32_t i = 0; i < PARTS; i++) {
        memory_extents_release(&world->memory[i]);
    }
}

static int keep_some(void *context, struct bytes word, bool *keep)
{
    (void)context;
    *keep = word.data[word.size - 1] % 3 != 0;
    return 0;
}

/* Both readings give the same words of the range. */
static void expect_same(struct lexicon_merge *a, struct lexicon_merge *b, enum lexicon_range range)
{
    struct bytes left;
    struct bytes right;
    uint32_t left_class;
    uint32_t right_class;
    uint32_t words = 0;
    int status = lexicon_merge_begin(a, range);
    assert_int_equal(lexicon_merge_begin(b, range), status);
    while (status == 0) {
        status = lexicon_merge_next(a, &left, &left_class);
        assert_int_equal(lexicon_merge_next(b, &right, &right_class), status);
        if (status == 0) {
            assert_true(bytes_equal(left, right));
            assert_int_equal(left_class, right_class);
            words++;
        }
    }
    assert_int_equal(status, AISLE_END);
    assert_true(words > 100);
}

static void what_was_noted_is_what_is_compared(void **state)
{
    static const enum lexicon_range ranges[] = {LEXICON_ALL,      LEXICON_CODED, LEXICON_ELIGIBLE, LEXICON_ALPHABETIC,
                                                LEXICON_ELIGIBLE, LEXICON_CODED, LEXICON_ALL};
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct world world;
        struct lexicon_merge noted;
        struct lexicon_merge compared;
        begin(&world, seed);
        world.sources.keep = seed % 2 == 0 ? keep_some : NULL;
        assert_int_equal(lexicon_merge_init(&noted, &world.sources, (size_t)1 << 20), 0);
        assert_int_equal(lexicon_merge_init(&compared, &world.sources, 0), 0);
        assert_non_null(noted.origins);
        assert_null(compared.origins);
        for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
            expect_same(&noted, &compared, ranges[i]);
        }
        lexicon_merge_release(&noted);
        lexicon_merge_release(&compared);
        end(&world);
    }
}

static void a_list_of_words_in_any_order_is_as_good_as_a_set(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 9);
    const struct lexicon_set *set = &world.sets[0];
    struct bytes *words = mem_alloc(set->count * 2 * sizeof *words);
    size_t count = 0;
    assert_non_null(words);
    for (size_t next = 0; lexicon_set_next(set, &next, &words[count]);) {
        count++;
    }
    memcpy(words + count, words, count * sizeof *words); /* all of them twice */
    struct lexicon_sources listed = {.words = words, .word_count = 2 * count};
    struct lexicon_sources kept = sources_of_set(set);
    struct lexicon_merge a;
    struct lexicon_merge b;
    assert_int_equal(lexicon_merge_init(&a, &listed, 0), 0);
    assert_int_equal(lexicon_merge_init(&b, &kept, 0), 0);
    expect_same(&a, &b, LEXICON_ALL);
    expect_same(&a, &b, LEXICON_ALPHABETIC);
    lexicon_merge_release(&a);
    lexicon_merge_release(&b);
    mem_free(words);
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_noted_is_what_is_compared),
        cmocka_unit_test(a_list_of_words_in_any_order_is_as_good_as_a_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
