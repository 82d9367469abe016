/*
 * test_suggest_suggest_search.c - completion against a scan: random suggestions, several parts, contexts, errors.
 *
 * Usage: test_suggest_suggest_search [rounds [seed]]; a campaign is the same program with more rounds.
 */
#include "tests/support/suggest_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SUGGESTIONS_MAX 400u
#define PARTS_MAX 4u
#define ARENA_BYTES (64u << 20)

static unsigned long rounds = 150;
static uint64_t seed = UINT64_C(0x5e4c);
static uint64_t random_state;

static uint64_t next_random(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Letters of one to four bytes, few of them, so that words are alike. */
static size_t put_letter(uint8_t *to)
{
    static const char *const letters[] = {"a", "b", "s", "m", "n", "e", "\xc3\xbc", "\xc3\xb6", "\xe6\x97\xa5",
                                          "\xe6\x97\xa6", "\xf0\x9f\x98\x80"};
    const char *letter = letters[next_random() % 3 != 0 ? next_random() % 6 : next_random() % 11];
    memcpy(to, letter, strlen(letter));
    return strlen(letter);
}

static size_t put_text(uint8_t *to, size_t words)
{
    size_t size = 0;
    for (size_t w = 0; w < words; w++) {
        size_t letters = 1 + next_random() % 7;
        if (w != 0) {
            to[size++] = ' ';
        }
        for (size_t i = 0; i < letters; i++) {
            size += put_letter(to + size);
        }
    }
    return size;
}

static int compare_keys(const void *a, const void *b)
{
    return bytes_compare(model_key(a), model_key(b));
}

/* Few different weights, so that there are ties, or any. */
static uint64_t make_weight(void)
{
    uint64_t r = next_random();
    return r % 2 == 0 ? 1 + (r >> 8) % 5 : 1 + ((r >> 8) & (SUGGEST_WEIGHT_MAX >> (r >> 56) % 40)) % SUGGEST_WEIGHT_MAX;
}

static size_t make_suggestions(struct model_suggestion *out, size_t wanted)
{
    size_t count = 0;
    memset(out, 0, wanted * sizeof *out);
    for (size_t i = 0; i < wanted; i++) {
        out[i].key_size = put_text(out[i].key, 1 + next_random() % 3);
    }
    qsort(out, wanted, sizeof *out, compare_keys);
    for (size_t i = 0; i < wanted; i++) {
        if (count == 0 || compare_keys(&out[count - 1], &out[i]) != 0) {
            out[count++] = out[i];
        }
    }
    return count;
}

static void weigh(struct model_suggestion *suggestions, size_t count, unsigned share)
{
    for (size_t i = 0; i < count; i++) {
        suggestions[i].weight = next_random() % 100 < share ? make_weight() : 0;
        suggestions[i].kind = (uint8_t)(1 + next_random() % (SUGGEST_KINDS - 1));
        for (unsigned c = 0; c < MODEL_CONTEXTS; c++) {
            suggestions[i].in[c] = suggestions[i].weight != 0 && next_random() % 4 == 0 ? make_weight() : 0;
        }
    }
}

/* A beginning of some word, now and then with letters wrong, missing, too many or swapped; or nothing. */
static size_t make_typed(const struct model_list *list, uint8_t *typed)
{
    struct bytes key = model_key(&list->suggestions[next_random() % list->count]);
    size_t at = next_random() % 2 == 0 ? 0 : suggest_word_after(key, 0);
    at = at == key.size ? 0 : at;
    struct bytes part = utf8_cut(bytes_of(key.data + at, key.size - at), next_random() % 12);
    size_t size = 0;
    for (size_t i = 0; i < part.size;) {
        uint32_t point;
        size_t letter = utf8_decode(part.data + i, part.data + part.size, &point);
        uint64_t fault = next_random() % 12;
        if (fault == 0) {
            size += put_letter(typed + size);
        }
        if (fault != 1) {
            memcpy(typed + size, part.data + i, letter);
            size += letter;
        }
        if (fault == 2 && i + letter < part.size) { /* the next one before this one */
            size_t next = utf8_decode(part.data + i + letter, part.data + part.size, &point);
            memcpy(typed + size - letter, part.data + i + letter, next);
            memcpy(typed + size - letter + next, part.data + i, letter);
            size += next;
            letter += next;
        }
        i += letter;
    }
    return size;
}

static int index_of(const struct suggest_found *found, const struct model_answer *answers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal(model_key(answers[i].suggestion), found->key)) {
            return (int)i;
        }
    }
    return -1;
}

static void compare_answers(struct suggest_search *search, const struct model_answer *answers, size_t count,
                            size_t wanted)
{
    static bool seen[SUGGESTIONS_MAX];
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < wanted; i++) {
        struct suggest_found found;
        int status = suggest_search_next(search, &found);
        assert_int_equal(status, i < count ? 0 : AISLE_END);
        if (status != 0) {
            return;
        }
        assert_int_equal(found.edits, answers[i].edits);
        assert_true(found.units == answers[i].units);
        int which = index_of(&found, answers, count);
        assert_true(which >= 0 && !seen[which]);
        seen[which] = true;
        assert_int_equal(answers[which].edits, found.edits);
        assert_true(answers[which].units == found.units);
        assert_int_equal(found.shown.size, found.key.size);
    }
}

static void ask(const struct model_list *lists, const struct model_part *parts, size_t part_count)
{
    static struct model_answer answers[SUGGESTIONS_MAX];
    const struct suggest_reader *readers[PARTS_MAX];
    uint8_t typed[256];
    struct arena arena;
    int context = next_random() % 2 == 0 ? -1 : (int)(next_random() % MODEL_CONTEXTS);
    struct suggest_question question = {.typed = bytes_of(typed, make_typed(&lists[0], typed)),
                                        .edits = (uint8_t)(next_random() % 3)};
    struct suggest_search *search;
    for (size_t i = 0; i < part_count; i++) {
        readers[i] = &parts[i].reader;
    }
    if (context >= 0) {
        question.value = model_value((unsigned)context);
        question.field = model_fields[context];
    }
    size_t count = model_answers(lists, part_count, question.typed, context, question.edits, answers);
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(suggest_search_begin(&search, readers, part_count, &question, &arena), 0);
    compare_answers(search, answers, count, next_random() % 2 == 0 ? 10 : LIMIT_SUGGESTIONS);
    arena_release(&arena);
}

static void best_suggestions_equal_a_scan(void **state)
{
    static struct model_suggestion suggestions[PARTS_MAX][SUGGESTIONS_MAX];
    (void)state;
    for (unsigned long round = 0; round < rounds; round++) {
        struct model_list lists[PARTS_MAX];
        struct model_part parts[PARTS_MAX];
        random_state = seed + round;
        size_t part_count = 1 + next_random() % PARTS_MAX;
        /* With more suggestions some may end alike more often than a node keeps, which a scan does not know of. */
        size_t count = make_suggestions(suggestions[0], 1 + next_random() % SUGGESTIONS_MAX);
        for (size_t p = 0; p < part_count; p++) {
            memcpy(suggestions[p], suggestions[0], count * sizeof suggestions[0][0]);
            weigh(suggestions[p], count, part_count == 1 ? 100 : 30);
            lists[p] = (struct model_list){suggestions[p], count};
            model_part_write(&parts[p], model_fill, &lists[p]);
            assert_int_equal(suggest_check(&parts[p].reader, NULL), 0);
        }
        for (unsigned i = 0; i < 40; i++) {
            ask(lists, parts, part_count);
        }
        for (size_t p = 0; p < part_count; p++) {
            model_part_release(&parts[p]);
        }
    }
}

/* ---- single cases ---- */

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A list of texts, the first the heaviest, no contexts. */
struct texts {
    const char *const *texts;
    size_t count;
};

static int fill_texts(void *context, struct suggest_writer *writer)
{
    const struct texts *list = context;
    const char *sorted[64];
    int status = 0;
    memcpy(sorted, list->texts, list->count * sizeof *sorted);
    qsort(sorted, list->count, sizeof *sorted, compare_strings);
    for (size_t i = 0; i < list->count && status == 0; i++) {
        uint64_t weight = 1000;
        for (size_t n = 0; strcmp(list->texts[n], sorted[i]) != 0; n++) {
            weight--;
        }
        struct suggest_entry entry = {.key = bytes_of_string(sorted[i]),
                                      .shown = bytes_of_string(sorted[i]),
                                      .weight = weight,
                                      .kind = SUGGEST_TITLE};
        status = suggest_writer_add(writer, &entry);
    }
    return status;
}

static void expect(const struct texts *list, const char *typed, const char *expected)
{
    struct model_part part;
    struct arena arena;
    struct suggest_search *search;
    struct suggest_found found;
    const struct suggest_reader *reader = &part.reader;
    struct suggest_question question = {.typed = bytes_of_string(typed),
                                        .edits = suggest_edits_for(bytes_of_string(typed))};
    char told[1024] = "";
    model_part_write(&part, fill_texts, (void *)list);
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(suggest_search_begin(&search, &reader, 1, &question, &arena), 0);
    while (suggest_search_next(search, &found) == 0) {
        size_t size = strlen(told);
        snprintf(told + size, sizeof told - size, "%s%.*s", size == 0 ? "" : ", ", (int)found.shown.size,
                 (const char *)found.shown.data);
    }
    assert_string_equal(told, expected);
    arena_release(&arena);
    model_part_release(&part);
}

static const char *const shop_texts[] = {"samsung",      "galaxy buds", "galaxy buds pro", "sandals",
                                         "sony headphones", "samba shoes", "über mich",      "budget laptop"};
static const struct texts shop = {shop_texts, sizeof shop_texts / sizeof shop_texts[0]};

static void heavier_suggestions_come_first(void **state)
{
    (void)state;
    expect(&shop, "sam", "samsung, samba shoes, sandals");
    expect(&shop, "s", "samsung, sandals, sony headphones, samba shoes");
}

static void a_later_word_finds_after_first_words(void **state)
{
    (void)state;
    expect(&shop, "bud", "budget laptop, galaxy buds, galaxy buds pro");
    expect(&shop, "pro", "galaxy buds pro");
    expect(&shop, "buds p", "galaxy buds pro"); /* with two errors it is galaxy buds, too */
}

static void errors_are_forgiven_by_length(void **state)
{
    (void)state;
    expect(&shop, "sx", "");
    expect(&shop, "smasung", "samsung");
    expect(&shop, "galxy bods", "galaxy buds, galaxy buds pro");
    expect(&shop, "amsung", "");
    expect(&shop, "übre", "über mich");
}

/* All that a shop has, in order, and what the last of it is when nothing before it is of use. */
static void errors_are_looked_for_when_too_little_is_found(void **state)
{
    static const char *const texts[] = {"cable", "cables", "cabin", "cadle", "coble"};
    static const struct texts few = {texts, 5};
    (void)state;
    expect(&few, "cab", "cable, cables, cabin");
    expect(&few, "cabl", "cable, cables, cabin, cadle, coble");
    expect(&few, "cadlex", "cadle");
    expect(&few, "cadxxx", "");
    expect(&few, "cadxex", "cadle");
}

/* Every second of many keys that all weigh the same. */
static int fill_many(void *context, struct suggest_writer *writer)
{
    const unsigned *first = context;
    int status = 0;
    for (unsigned i = *first; i < 80000 && status == 0; i += 2) {
        char key[16];
        snprintf(key, sizeof key, "item%05u", i);
        struct suggest_entry entry = {
            .key = bytes_of_string(key), .shown = bytes_of_string(key), .weight = 1, .kind = SUGGEST_TITLE};
        status = suggest_writer_add(writer, &entry);
    }
    return status;
}

/* A key of one part weighs less than what stands at the heads of both, until one of them has been read to its end. */
static void a_search_that_runs_out_of_steps_finds_what_it_met(void **state)
{
    struct model_part parts[2];
    unsigned first[] = {0, 1};
    const struct suggest_reader *readers[] = {&parts[0].reader, &parts[1].reader};
    struct suggest_question question = {.typed = bytes_of_string("item")};
    struct suggest_search *search;
    struct suggest_found found;
    struct arena arena;
    (void)state;
    model_part_write(&parts[0], fill_many, &first[0]);
    model_part_write(&parts[1], fill_many, &first[1]);
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(suggest_search_begin(&search, readers, 2, &question, &arena), 0);
    assert_false(suggest_search_is_cut(search));
    for (unsigned i = 0; i < LIMIT_SUGGESTIONS; i++) {
        assert_int_equal(suggest_search_next(search, &found), 0);
        assert_true(bytes_begin_with(found.key, bytes_of_string("item")));
    }
    assert_true(suggest_search_is_cut(search));
    arena_release(&arena);
    model_part_release(&parts[0]);
    model_part_release(&parts[1]);
}

static void what_is_discarded_does_not_count(void **state)
{
    static const char *const texts[] = {"cable", "cadle"};
    struct texts two = {texts, 2};
    struct model_part part;
    struct suggest_search *search;
    struct suggest_found found;
    const struct suggest_reader *reader = &part.reader;
    struct suggest_question question = {.typed = bytes_of_string("cadleb"), .edits = 2};
    struct arena arena;
    (void)state;
    model_part_write(&part, fill_texts, &two);
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(suggest_search_begin(&search, &reader, 1, &question, &arena), 0);
    assert_int_equal(suggest_search_next(search, &found), 0);
    assert_int_equal(found.edits, 1);
    suggest_search_discard(search);
    assert_int_equal(suggest_search_next(search, &found), 0);
    assert_int_equal(found.edits, 2);
    assert_true(bytes_equal(found.key, bytes_of_string("cable")));
    assert_int_equal(suggest_search_next(search, &found), AISLE_END);
    arena_release(&arena);
    model_part_release(&part);
}

static void several_bytes_make_one_letter(void **state)
{
    (void)state;
    expect(&shop, "ü", "über mich");
    expect(&shop, "\xc3", "über mich"); /* a cut character is bytes like any other */
    expect(&shop, "übar", "über mich");
}

static void nothing_typed_asks_for_the_best_of_all(void **state)
{
    (void)state;
    expect(&shop, "", "samsung, galaxy buds, galaxy buds pro, sandals, sony headphones, samba shoes, über mich, "
                      "budget laptop");
}

static void no_suggestions_are_no_answer(void **state)
{
    static const struct texts none = {shop_texts, 0};
    (void)state;
    expect(&none, "", "");
    expect(&none, "a", "");
    expect(&none, "abcdefg", "");
}

static void edits_follow_the_number_of_characters(void **state)
{
    char longest[SUGGEST_KEY_BYTES + 1];
    (void)state;
    memset(longest, 'a', sizeof longest);
    assert_int_equal(suggest_edits_for(bytes_of_string("")), 0);
    assert_int_equal(suggest_edits_for(bytes_of_string("ab")), 0);
    assert_int_equal(suggest_edits_for(bytes_of_string("\xc3\xbc\xc3\xbc")), 0);
    assert_int_equal(suggest_edits_for(bytes_of_string("abc")), 1);
    assert_int_equal(suggest_edits_for(bytes_of_string("abcde")), 1);
    assert_int_equal(suggest_edits_for(bytes_of_string("abcdef")), 2);
    assert_int_equal(suggest_edits_for(bytes_of(longest, 63)), 2);
    assert_int_equal(suggest_edits_for(bytes_of(longest, 64)), 0);
    assert_int_equal(suggest_edits_for(bytes_of(longest, sizeof longest)), 0);
    assert_int_equal(suggest_edits_for(bytes_of_string("ab\xff")), 0);
}

static void texts_longer_than_any_key_find_nothing(void **state)
{
    static char typed[5000];
    (void)state;
    memset(typed, 's', sizeof typed - 1);
    expect(&shop, typed, "");
}

/* Every allocation of a search fails once; the answer is then no answer, or the right one. */
static void a_search_without_memory_says_so(void **state)
{
    struct model_part part;
    const struct suggest_reader *reader = &part.reader;
    struct suggest_question question = {.typed = bytes_of_string("s"), .edits = 0};
    (void)state;
    model_part_write(&part, fill_texts, (void *)&shop);
    for (unsigned long n = 1;; n++) {
        struct suggest_search *search;
        struct suggest_found found;
        struct arena arena;
        arena_init(&arena, ARENA_BYTES);
        unsigned long calls = alloc_calls();
        alloc_fail_at(n, 0);
        int status = suggest_search_begin(&search, &reader, 1, &question, &arena);
        while (status == 0) {
            status = suggest_search_next(search, &found);
        }
        bool failed = alloc_calls() - calls >= n;
        alloc_fail_at(0, 0);
        arena_release(&arena);
        assert_int_equal(status, failed ? AISLE_NO_MEMORY : AISLE_END);
        if (!failed) {
            break;
        }
    }
    model_part_release(&part);
}

int main(int argc, char **argv)
{
    rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : rounds;
    seed = argc > 2 ? strtoull(argv[2], NULL, 0) : seed;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(best_suggestions_equal_a_scan),
        cmocka_unit_test(heavier_suggestions_come_first),
        cmocka_unit_test(a_later_word_finds_after_first_words),
        cmocka_unit_test(errors_are_forgiven_by_length),
        cmocka_unit_test(errors_are_looked_for_when_too_little_is_found),
        cmocka_unit_test(what_is_discarded_does_not_count),
        cmocka_unit_test(a_search_that_runs_out_of_steps_finds_what_it_met),
        cmocka_unit_test(several_bytes_make_one_letter),
        cmocka_unit_test(nothing_typed_asks_for_the_best_of_all),
        cmocka_unit_test(no_suggestions_are_no_answer),
        cmocka_unit_test(edits_follow_the_number_of_characters),
        cmocka_unit_test(texts_longer_than_any_key_find_nothing),
        cmocka_unit_test(a_search_without_memory_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
