/*
 * test_lexicon_similar.c - similar words and beginnings against plain distances to all words there are.
 *
 *     test_lexicon_similar                              a few seconds
 *     test_lexicon_similar WORDS CASES [SEED [PARTS]]   a campaign: 2000000 100000
 *
 * The judge fills rows of distances for every word whose length and letters allow so few edits, until a row is beyond
 * them. An edit takes at most one character away and adds at most one, so that of letters held against each other at
 * most as many are missing on either side as there are edits. In small lexicons it is itself judged by the whole matrix
 * for each word.
 */
#include "base/alloc.h"
#include "support/memory_extents.h"
#include "support/random_words.h"
#include "support/set_sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROWS (LEXICON_SIMILAR_MAX + 1)
#define COLUMNS 64u
#define PARTS_MAX 16u

static uint32_t campaign_words;
static uint32_t campaign_cases;
static uint64_t campaign_seed = 1;
static uint32_t campaign_parts = 3;

/* ---- words ---- */

struct spelled {
    uint32_t characters[LIMIT_TERM_BYTES + 40];
    unsigned count;
};

static void spell(struct bytes text, struct spelled *out)
{
    out->count = 0;
    for (size_t i = 0; i < text.size;) {
        i += utf8_decode(text.data + i, text.data + text.size, &out->characters[out->count++]);
    }
}

static bool has_digit(struct bytes word)
{
    for (size_t i = 0; i < word.size; i++) {
        if (word.data[i] >= '0' && word.data[i] <= '9') {
            return true;
        }
    }
    return false;
}

static bool is_eligible(struct bytes word)
{
    struct spelled spelled;
    if (has_digit(word)) {
        return false;
    }
    spell(word, &spelled);
    return spelled.count >= 3 && spelled.count <= 32;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* The row of distances behind the count-th character of word. */
static void fill(unsigned rows[][COLUMNS], const uint32_t *word, unsigned count, const struct spelled *typed)
{
    unsigned *row = rows[count];
    row[0] = count;
    for (unsigned i = 1; i <= typed->count; i++) {
        unsigned change = typed->characters[i - 1] == word[count - 1] ? 0 : 1;
        row[i] = least(least(rows[count - 1][i] + 1, row[i - 1] + 1), rows[count - 1][i - 1] + change);
        if (i > 1 && count > 1 && typed->characters[i - 2] == word[count - 1] &&
            typed->characters[i - 1] == word[count - 2]) {
            row[i] = least(row[i], rows[count - 2][i - 2] + 1);
        }
    }
}

/* ---- the lexicon ---- */

struct world {
    struct lexicon_set all;
    struct bytes *sorted; /* owned: eligible words */
    uint32_t count;
    struct bytes *numbered; /* owned: the same by length, from by_length[length] on */
    uint64_t *letters;      /* owned: of those */
    uint32_t by_length[ROWS + 1];
    struct lexicon_set sets[PARTS_MAX];
    struct memory_extents memory[PARTS_MAX];
    struct extent_view views[PARTS_MAX];
    struct lexicon_part parts[PARTS_MAX];
    const struct lexicon_part *list[PARTS_MAX];
    struct lexicon lexicon;
    struct arena arena;
    struct random_words random;
};

static int compare_bytes(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static void write_part(struct world *world, uint32_t i, size_t memory_bytes)
{
    struct extent_writer out;
    uint32_t words;
    memory_extents_begin(&world->memory[i], &out);
    struct lexicon_sources sources = sources_of_set(&world->sets[i]);
    assert_int_equal(lexicon_write(&out, &sources, memory_bytes, &words), 0);
    assert_int_equal(words, world->sets[i].count);
    world->views[i] = memory_extents_view(&world->memory[i], &out);
    world->views[i].verified = memory_extents_verified(&world->memory[i]);
    assert_int_equal(lexicon_open(&world->parts[i], &world->views[i]), 0);
    world->list[i] = &world->parts[i];
}

/* A bit for each letter that occurs, one for each that does twice, and twelve for all other characters. */
static uint64_t letters_of(const struct spelled *word)
{
    uint64_t letters = 0;
    for (unsigned i = 0; i < word->count; i++) {
        uint32_t character = word->characters[i];
        bool plain = character >= 'a' && character <= 'z';
        uint64_t bit = UINT64_C(1) << (plain ? character - 'a' : 52 + character % 12);
        letters |= plain && (letters & bit) != 0 ? bit << 26 : bit;
    }
    return letters;
}

static void number_by_length(struct world *world)
{
    struct spelled word;
    uint32_t at[ROWS + 1] = {0};
    world->numbered = mem_alloc(world->count * sizeof *world->numbered);
    world->letters = mem_alloc(world->count * sizeof *world->letters);
    for (uint32_t w = 0; w < world->count; w++) {
        spell(world->sorted[w], &word);
        world->by_length[word.count + 1]++;
    }
    for (unsigned length = 0; length < ROWS; length++) {
        world->by_length[length + 1] += world->by_length[length];
        at[length] = world->by_length[length];
    }
    for (uint32_t w = 0; w < world->count; w++) {
        spell(world->sorted[w], &word);
        world->numbered[at[word.count]] = world->sorted[w];
        world->letters[at[word.count]++] = letters_of(&word);
    }
}

static void make_world(struct world *world, uint32_t words, uint32_t parts, uint64_t seed)
{
    struct bytes word;
    memset(world, 0, sizeof *world);
    world->random.state = seed;
    arena_init(&world->arena, (size_t)1 << 30);
    random_set(&world->random, &world->all, words);
    world->sorted = mem_alloc(world->all.count * sizeof *world->sorted);
    for (size_t next = 0; lexicon_set_next(&world->all, &next, &word);) {
        /* Some words are in several parts, as in a catalog of several shards. */
        uint32_t copies = random_below(&world->random, 8) == 0 ? 2 : 1;
        for (uint32_t i = 0; i < copies; i++) {
            assert_int_equal(lexicon_set_add(&world->sets[random_below(&world->random, parts)], word), 0);
        }
        if (is_eligible(word)) {
            world->sorted[world->count++] = word;
        }
    }
    qsort(world->sorted, world->count, sizeof *world->sorted, compare_bytes);
    number_by_length(world);
    for (uint32_t i = 0; i < parts; i++) {
        write_part(world, i, words > 100000 ? (size_t)256 << 20 : LEXICON_WRITE_MEMORY_MIN);
    }
    world->lexicon = (struct lexicon){.parts = world->list, .count = parts};
}

static void end_world(struct world *world)
{
    for (uint32_t i = 0; i < PARTS_MAX; i++) {
        lexicon_set_release(&world->sets[i]);
        memory_extents_release(&world->memory[i]);
    }
    lexicon_set_release(&world->all);
    mem_free(world->sorted);
    mem_free(world->numbered);
    mem_free(world->letters);
    arena_release(&world->arena);
}

/* ---- the judge ---- */

struct verdict {
    struct lexicon_variant *list;
    size_t count;
    size_t capacity;
};

static void note(struct verdict *verdict, struct bytes word, unsigned edits)
{
    if (verdict->count == verdict->capacity) {
        verdict->capacity = verdict->capacity * 2 + 64;
        verdict->list = mem_realloc(verdict->list, verdict->capacity * sizeof *verdict->list);
        assert_non_null(verdict->list);
    }
    verdict->list[verdict->count++] = (struct lexicon_variant){.word = word, .edits = (uint8_t)edits};
}

static int compare_variants(const void *a, const void *b)
{
    const struct lexicon_variant *x = a;
    const struct lexicon_variant *y = b;
    return x->edits != y->edits ? x->edits - y->edits : bytes_compare(x->word, y->word);
}

static size_t bytes_of_characters(struct bytes word, unsigned count)
{
    size_t size = 0;
    uint32_t character;
    for (unsigned i = 0; i < count; i++) {
        size += utf8_decode(word.data + size, word.data + word.size, &character);
    }
    return size;
}

/* Whether the distance is at most edits; *distance is it then. No row is below the least of the row before. */
static bool is_within(unsigned rows[][COLUMNS], const struct spelled *word, const struct spelled *typed, unsigned edits,
                      unsigned *distance)
{
    for (unsigned i = 1; i <= word->count; i++) {
        unsigned lowest = UINT32_MAX;
        fill(rows, word->characters, i, typed);
        for (unsigned k = 0; k <= typed->count; k++) {
            lowest = least(lowest, rows[i][k]);
        }
        if (lowest > edits) {
            return false;
        }
    }
    *distance = rows[word->count][typed->count];
    return *distance <= edits;
}

static bool begins_so(const struct spelled *word, const struct spelled *typed, unsigned fixed)
{
    bool begins = true;
    for (unsigned i = 0; i < fixed && i < typed->count; i++) {
        begins = begins && i < word->count && word->characters[i] == typed->characters[i];
    }
    return begins;
}

static void judge(const struct world *world, struct bytes typed, unsigned edits, unsigned fixed, struct verdict *out)
{
    unsigned rows[ROWS][COLUMNS];
    struct spelled query;
    spell(typed, &query);
    uint64_t letters = letters_of(&query);
    for (unsigned i = 0; i <= query.count; i++) {
        rows[0][i] = i;
    }
    out->count = 0;
    for (unsigned length = query.count > edits ? query.count - edits : 0;
         length <= query.count + edits && length < ROWS; length++) {
        for (uint32_t w = world->by_length[length]; w < world->by_length[length + 1]; w++) {
            unsigned missing = (unsigned)__builtin_popcountll(letters & ~world->letters[w]);
            unsigned added = (unsigned)__builtin_popcountll(world->letters[w] & ~letters);
            struct spelled word;
            unsigned distance;
            if (missing > edits || added > edits) {
                continue;
            }
            spell(world->numbered[w], &word);
            if (is_within(rows, &word, &query, edits, &distance) && begins_so(&word, &query, fixed)) {
                note(out, world->numbered[w], distance);
            }
        }
    }
    if (out->count > 1) {
        qsort(out->list, out->count, sizeof *out->list, compare_variants);
    }
}

static void judge_plainly(const struct world *world, struct bytes typed, unsigned edits, struct verdict *out)
{
    unsigned rows[ROWS][COLUMNS];
    struct spelled query;
    spell(typed, &query);
    out->count = 0;
    for (uint32_t w = 0; w < world->count; w++) {
        struct spelled word;
        spell(world->sorted[w], &word);
        for (unsigned i = 0; i <= query.count; i++) {
            rows[0][i] = i;
        }
        for (unsigned i = 1; i <= word.count; i++) {
            fill(rows, word.characters, i, &query);
        }
        if (rows[word.count][query.count] <= edits) {
            note(out, world->sorted[w], rows[word.count][query.count]);
        }
    }
    if (out->count > 1) {
        qsort(out->list, out->count, sizeof *out->list, compare_variants);
    }
}

/* The beginnings that lexicon_similar_prefix is to tell. */
static void judge_beginnings(const struct world *world, struct bytes typed, unsigned edits, struct verdict *out)
{
    unsigned rows[ROWS][COLUMNS];
    struct spelled query;
    spell(typed, &query);
    edits = query.count < LEXICON_PREFIX && edits > 1 ? 1 : edits;
    out->count = 0;
    for (uint32_t w = 0; w < world->count; w++) {
        struct spelled word;
        unsigned best = edits + 1;
        spell(world->sorted[w], &word);
        for (unsigned i = 0; i <= query.count; i++) {
            rows[0][i] = i;
        }
        for (unsigned i = 1; i <= word.count && query.count >= 3; i++) {
            fill(rows, word.characters, i, &query);
            if (rows[i][query.count] < best && word.characters[i - 1] == query.characters[query.count - 1]) {
                best = rows[i][query.count];
                note(out, bytes_of(world->sorted[w].data, bytes_of_characters(world->sorted[w], i)), best);
            }
        }
    }
    if (out->count > 1) {
        qsort(out->list, out->count, sizeof *out->list, compare_variants);
    }
    size_t kept = 0;
    for (size_t i = 0; i < out->count; i++) {
        if (kept == 0 || !bytes_equal(out->list[kept - 1].word, out->list[i].word)) {
            out->list[kept++] = out->list[i];
        }
    }
    out->count = kept;
}

static void expect(const struct verdict *wanted, const struct lexicon_variants *got, size_t limit, struct bytes typed)
{
    size_t count = wanted->count < limit ? wanted->count : limit;
    bool equal = got->count == count && got->truncated == (wanted->count > limit);
    for (size_t i = 0; i < count && equal; i++) {
        equal = got->list[i].edits == wanted->list[i].edits && bytes_equal(got->list[i].word, wanted->list[i].word);
    }
    if (!equal) {
        print_error("typed %.*s: wanted %zu, got %zu\n", (int)typed.size, (const char *)typed.data, wanted->count,
                    got->count);
        for (size_t i = 0; i < 40 && (i < wanted->count || i < got->count); i++) {
            print_error("  %.*s %u | %.*s %u\n", i < wanted->count ? (int)wanted->list[i].word.size : 0,
                        i < wanted->count ? (const char *)wanted->list[i].word.data : "",
                        i < wanted->count ? wanted->list[i].edits : 0, i < got->count ? (int)got->list[i].word.size : 0,
                        i < got->count ? (const char *)got->list[i].word.data : "",
                        i < got->count ? got->list[i].edits : 0);
        }
    }
    assert_true(equal);
}

/* ---- cases ---- */

/* What somebody may have typed: a word with edits, a beginning of one, or anything. */
static struct bytes type(struct world *world, uint8_t *text)
{
    struct random_words *random = &world->random;
    struct bytes word = world->sorted[random_below(random, world->count)];
    if (random_below(random, 20) == 0) {
        return random_word(random, text);
    }
    memcpy(text, word.data, word.size);
    size_t size = random_edits(random, text, word.size, random_below(random, 4));
    return bytes_of(text, size);
}

static size_t pick_limit(struct random_words *random)
{
    static const size_t limits[] = {0, 1, 3, 50, 1000000};
    return limits[random_below(random, 5)];
}

static void run_cases(struct world *world, uint32_t cases, bool plainly)
{
    struct verdict wanted = {.list = NULL};
    uint8_t text[RANDOM_WORD_BYTES_MAX];
    for (uint32_t i = 0; i < cases; i++) {
        struct lexicon_variants got;
        struct bytes typed = type(world, text);
        struct spelled spelled;
        spell(typed, &spelled);
        unsigned edits = random_below(&world->random, 3);
        unsigned fixed = plainly || random_below(&world->random, 4) != 0 ? 0 : 1 + random_below(&world->random, 4);
        struct lexicon_ask ask = {.word = typed,
                                  .max_edits = (uint8_t)edits,
                                  .fixed_prefix = (uint8_t)fixed,
                                  .limit = pick_limit(&world->random)};
        if (spelled.count > 60) {
            continue;
        }
        if (plainly) {
            judge_plainly(world, typed, edits, &wanted);
        } else {
            judge(world, typed, edits, fixed, &wanted);
        }
        arena_reset(&world->arena);
        assert_int_equal(lexicon_similar(&world->lexicon, &ask, &world->arena, &got), 0);
        expect(&wanted, &got, ask.limit, typed);
    }
    mem_free(wanted.list);
}

static void similar_words_are_those_that_plain_distances_say(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct world world;
        make_world(&world, 3000, 3, seed);
        run_cases(&world, 300, true);
        run_cases(&world, 300, false);
        end_world(&world);
    }
}

static void similar_words_are_found_among_many(void **state)
{
    (void)state;
    struct world world;
    make_world(&world, 60000, 5, 77);
    run_cases(&world, 400, false);
    end_world(&world);
}

static void codes_are_similar_when_they_are_asked_for(void **state)
{
    (void)state;
    struct world world;
    struct lexicon_variants got;
    uint8_t text[RANDOM_WORD_BYTES_MAX];
    make_world(&world, 4000, 3, 13);
    for (uint32_t i = 0; i < 200; i++) {
        struct verdict wanted = {.list = NULL};
        struct bytes word;
        size_t size = random_edits(&world.random, text, random_code(&world.random, text), 1);
        struct lexicon_ask ask = {.word = bytes_of(text, size),
                                  .max_edits = (uint8_t)random_below(&world.random, 3),
                                  .limit = 1000,
                                  .codes = UINT32_MAX};
        judge_plainly(&world, ask.word, ask.max_edits, &wanted);
        uint32_t eligible = world.count;
        struct bytes *sorted = world.sorted;
        struct bytes code;
        world.sorted = &code;
        world.count = 1;
        for (size_t next = 0; lexicon_set_next(&world.all, &next, &word);) {
            struct verdict one = {.list = NULL};
            code = word;
            if (!is_eligible(word) && word.size <= LEXICON_SIMILAR_MAX && has_digit(word)) {
                judge_plainly(&world, ask.word, ask.max_edits, &one);
            }
            if (one.count != 0) {
                note(&wanted, word, one.list[0].edits);
            }
            mem_free(one.list);
        }
        world.sorted = sorted;
        world.count = eligible;
        if (wanted.count != 0) {
            qsort(wanted.list, wanted.count, sizeof *wanted.list, compare_variants);
        }
        arena_reset(&world.arena);
        assert_int_equal(lexicon_similar(&world.lexicon, &ask, &world.arena, &got), 0);
        expect(&wanted, &got, ask.limit, ask.word);
        mem_free(wanted.list);
    }
    end_world(&world);
}

static void as_many_codes_are_looked_at_as_are_asked_for(void **state)
{
    (void)state;
    struct world world;
    struct lexicon_variants all;
    struct lexicon_variants some;
    make_world(&world, 4000, 3, 13);
    struct lexicon_ask ask = {.word = bytes_of_string("ab12"), .max_edits = 2, .limit = 1000, .codes = UINT32_MAX};
    assert_int_equal(lexicon_similar(&world.lexicon, &ask, &world.arena, &all), 0);
    assert_false(all.truncated);
    assert_true(all.count > 3);
    ask.codes = 20;
    assert_int_equal(lexicon_similar(&world.lexicon, &ask, &world.arena, &some), 0);
    assert_true(some.truncated);
    assert_true(some.count < all.count);
    for (size_t i = 0; i < some.count; i++) { /* the nearest lengths come first */
        assert_true(some.list[i].word.size == ask.word.size || !has_digit(some.list[i].word));
    }
    end_world(&world);
}

static void beginnings_are_those_that_plain_distances_say(void **state)
{
    (void)state;
    struct world world;
    struct verdict wanted = {.list = NULL};
    uint8_t text[RANDOM_WORD_BYTES_MAX];
    make_world(&world, 3000, 3, 5);
    for (uint32_t i = 0; i < 600; i++) {
        struct lexicon_variants got;
        struct bytes typed = type(&world, text);
        typed = utf8_cut(typed, 2 + random_below(&world.random, 12));
        struct lexicon_ask ask = {.word = typed,
                                  .max_edits = (uint8_t)random_below(&world.random, 3),
                                  .limit = pick_limit(&world.random)};
        judge_beginnings(&world, typed, ask.max_edits, &wanted);
        arena_reset(&world.arena);
        assert_int_equal(lexicon_similar_prefix(&world.lexicon, &ask, &world.arena, &got), 0);
        expect(&wanted, &got, ask.limit, typed);
    }
    mem_free(wanted.list);
    end_world(&world);
}

static void words_that_go_on_are_those_of_brute_force(void **state)
{
    (void)state;
    struct world world;
    struct verdict wanted = {.list = NULL};
    make_world(&world, 6000, 3, 31);
    for (uint32_t i = 0; i < 400; i++) {
        struct lexicon_variants got;
        struct bytes typed = utf8_cut(world.sorted[random_below(&world.random, world.count)],
                                      1 + random_below(&world.random, 6));
        const struct lexicon_ask ask = {.word = typed, .limit = 100000};
        bool plain = true;
        wanted.count = 0;
        for (size_t k = 0; k < typed.size; k++) {
            plain = plain && typed.data[k] < 0x80;
        }
        for (uint32_t w = 0; w < world.count; w++) {
            struct bytes word = world.sorted[w];
            bool is_plain = true;
            for (size_t k = 0; k < word.size; k++) {
                is_plain = is_plain && word.data[k] < 0x80;
            }
            if (word.size > typed.size && word.size <= typed.size + LEXICON_BEGINNING_MORE &&
                bytes_begin_with(word, typed) && is_plain == plain) {
                note(&wanted, word, (unsigned)(word.size - typed.size));
            }
        }
        if (wanted.count > 1) {
            qsort(wanted.list, wanted.count, sizeof *wanted.list, compare_variants);
        }
        arena_reset(&world.arena);
        assert_int_equal(lexicon_beginning(&world.lexicon, &ask, &world.arena, &got), 0);
        expect(&wanted, &got, ask.limit, typed);
    }
    mem_free(wanted.list);
    end_world(&world);
}

/* Counts how often it is asked, and stops the last time that it may be. */
struct patience {
    unsigned asked;
    unsigned most;
};

static bool loses_patience(void *context)
{
    struct patience *patience = context;
    return ++patience->asked >= patience->most;
}

typedef int lexicon_look(const struct lexicon *lexicon, const struct lexicon_ask *ask, struct arena *arena,
                         struct lexicon_variants *out);

/* What is found until then is a part of all, and it is told; whoever is patient enough gets all. */
static void stop_everywhere(struct world *world, lexicon_look *look, struct lexicon_ask ask)
{
    struct lexicon_variants all;
    struct lexicon_variants some;
    struct patience patience = {.most = UINT32_MAX};
    assert_int_equal(look(&world->lexicon, &ask, &world->arena, &all), 0);
    ask.stops = loses_patience;
    ask.context = &patience;
    assert_int_equal(look(&world->lexicon, &ask, &world->arena, &some), 0);
    unsigned asked = patience.asked;
    assert_true(asked != 0 && some.count == all.count && some.truncated == all.truncated);
    for (unsigned most = 1; most <= asked; most += 1 + asked / 20) {
        patience = (struct patience){.most = most};
        assert_int_equal(look(&world->lexicon, &ask, &world->arena, &some), 0);
        assert_int_equal(patience.asked, most); /* it ends at once */
        assert_true(some.truncated && some.count <= all.count);
        for (size_t i = 0; i < some.count; i++) {
            bool is_one = false;
            for (size_t k = 0; k < all.count && !is_one; k++) {
                is_one = bytes_equal(some.list[i].word, all.list[k].word);
            }
            assert_true(is_one);
        }
    }
}

static void looking_ends_when_whoever_asks_has_no_more_time(void **state)
{
    (void)state;
    struct world world;
    make_world(&world, 20000, 3, 21);
    struct bytes word = world.numbered[world.count / 2];
    const struct lexicon_ask ask = {.word = word, .max_edits = 2, .limit = 1000000};
    stop_everywhere(&world, lexicon_similar, ask);
    stop_everywhere(&world, lexicon_similar_prefix, ask);
    stop_everywhere(&world, lexicon_similar_prefix,
                    (struct lexicon_ask){.word = utf8_cut(word, 4), .max_edits = 1, .limit = 1000000});
    stop_everywhere(&world, lexicon_similar, (struct lexicon_ask){.word = bytes_of_string("ab12"),
                                                                  .max_edits = 2,
                                                                  .limit = 1000000,
                                                                  .codes = UINT32_MAX});
    end_world(&world);
}

static void parts_pass_their_check(void **state)
{
    (void)state;
    struct world world;
    aisle_error error = {.code = 0};
    make_world(&world, 8000, 2, 9);
    for (uint32_t i = 0; i < 2; i++) {
        int status = lexicon_check(&world.parts[i], &error);
        if (status != 0) {
            print_error("%s\n", error.message);
        }
        assert_int_equal(status, 0);
    }
    end_world(&world);
}

static void more_edits_than_there_are_are_refused(void **state)
{
    (void)state;
    struct world world;
    struct lexicon_variants got;
    make_world(&world, 50, 1, 3);
    struct lexicon_ask ask = {.word = bytes_of_string("house"), .max_edits = 3, .limit = 10};
    assert_int_equal(lexicon_similar(&world.lexicon, &ask, &world.arena, &got), AISLE_INVALID);
    assert_int_equal(lexicon_similar_prefix(&world.lexicon, &ask, &world.arena, &got), AISLE_INVALID);
    end_world(&world);
}

static void a_campaign(void **state)
{
    (void)state;
    struct world world;
    make_world(&world, campaign_words, campaign_parts, campaign_seed);
    run_cases(&world, campaign_cases, false);
    end_world(&world);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest campaign[] = {cmocka_unit_test(a_campaign)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(similar_words_are_those_that_plain_distances_say),
        cmocka_unit_test(similar_words_are_found_among_many),
        cmocka_unit_test(codes_are_similar_when_they_are_asked_for),
        cmocka_unit_test(as_many_codes_are_looked_at_as_are_asked_for),
        cmocka_unit_test(beginnings_are_those_that_plain_distances_say),
        cmocka_unit_test(words_that_go_on_are_those_of_brute_force),
        cmocka_unit_test(looking_ends_when_whoever_asks_has_no_more_time),
        cmocka_unit_test(parts_pass_their_check),
        cmocka_unit_test(more_edits_than_there_are_are_refused),
    };
    if (argc > 2) {
        campaign_words = (uint32_t)strtoul(argv[1], NULL, 10);
        campaign_cases = (uint32_t)strtoul(argv[2], NULL, 10);
        campaign_seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
        campaign_parts = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 1;
        return cmocka_run_group_tests_name("campaign", campaign, NULL, NULL);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
