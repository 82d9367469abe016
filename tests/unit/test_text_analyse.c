/*
 * test_text_analyse.c - the analyser as a whole: limits, bad input, missing memory, and the fast way for ASCII against
 * the way through the table.
 */
#include "text/text.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct analyser *analyser;
static uint8_t english;

static int set_up(void **state)
{
    (void)state;
    int status = text_language_find("english", &english);
    return status == 0 ? analyser_new(&analyser) : status;
}

static int tear_down(void **state)
{
    (void)state;
    analyser_free(analyser);
    return 0;
}

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

static void languages_have_fixed_numbers_and_all_are_there(void **state)
{
    (void)state;
    uint8_t language = 99;
    assert_int_equal(text_language_find("none", &language), 0);
    assert_int_equal(language, 0);
    assert_int_equal(text_language_find("english", &language), 0);
    assert_int_equal(language, 7);
    assert_int_equal(text_language_find("yiddish", &language), 0);
    assert_int_equal(language, 29);
    assert_string_equal(text_language_name(7), "english");
    assert_null(text_language_name(255));
    static const char *const unknown[] = {"", "klingon", "English", "en"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        language = 99;
        assert_int_equal(text_language_find(unknown[i], &language), AISLE_NOT_FOUND);
        assert_int_equal(language, 0);
    }
}

static void unknown_language_is_refused(void **state)
{
    (void)state;
    struct token_list list = {.count = 5};
    assert_int_equal(analyser_run(analyser, bytes_of_string("x"), 255, &list), AISLE_INVALID);
    assert_int_equal(list.count, 0);
}

static void text_of_the_largest_size_passes_and_larger_is_refused(void **state)
{
    (void)state;
    static uint8_t text[LIMIT_PRODUCT_BYTES + 1];
    struct token_list list;
    struct bytes folded;
    memset(text, 'A', sizeof text);
    assert_int_equal(analyser_run(analyser, bytes_of(text, LIMIT_PRODUCT_BYTES), english, &list), 0);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.tokens[0].end, LIMIT_PRODUCT_BYTES);
    assert_int_equal(list.tokens[0].term.size, LIMIT_TERM_BYTES);
    assert_int_equal(analyser_run(analyser, bytes_of(text, sizeof text), english, &list), AISLE_LIMIT);
    assert_int_equal(list.count, 0);
    assert_int_equal(analyser_fold(analyser, bytes_of(text, sizeof text), &folded), AISLE_LIMIT);
    assert_int_equal(folded.size, 0);
}

static void long_tokens_are_cut_after_stemming_at_a_character(void **state)
{
    (void)state;
    struct token_list list;
    char text[400];
    memset(text, 'x', sizeof text);
    memcpy(text + 119, "ing", 3); /* 122 bytes, whose stem has 119 */
    assert_int_equal(analyser_run(analyser, bytes_of(text, 122), english, &list), 0);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.tokens[0].folded.size, 120);
    /* English does not drop "ing" from a word without a vowel before it. */
    assert_int_equal(list.tokens[0].term.size, 120);
    text[0] = 'a';
    assert_int_equal(analyser_run(analyser, bytes_of(text, 122), english, &list), 0);
    assert_int_equal(list.tokens[0].folded.size, 120);
    assert_int_equal(list.tokens[0].term.size, 119);
    memset(text, 'x', sizeof text);
    for (size_t i = 119; i + 2 < sizeof text; i += 2) {
        memcpy(text + i, "\u0436", 2);
    }
    assert_int_equal(analyser_run(analyser, bytes_of(text, 399), 0, &list), 0);
    assert_int_equal(list.tokens[0].term.size, 119);
    assert_int_equal(list.tokens[0].folded.size, 119);
    assert_int_equal(list.tokens[0].end, 399);
}

static void joined_tokens_are_cut_too(void **state)
{
    (void)state;
    struct token_list list;
    char text[201];
    memset(text, 'a', sizeof text);
    text[100] = '-';
    assert_int_equal(analyser_run(analyser, bytes_of(text, sizeof text), 0, &list), 0);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.tokens[2].kind, TOKEN_JOINED);
    assert_int_equal(list.tokens[2].term.size, LIMIT_TERM_BYTES);
    assert_int_equal(list.tokens[2].end, 201);
}

static void tokens_beyond_the_limit_are_cut_off(void **state)
{
    (void)state;
    static char text[(LIMIT_TOKENS_FIELD + 1) * 2];
    struct token_list list;
    for (size_t i = 0; i < sizeof text; i += 2) {
        text[i] = 'a';
        text[i + 1] = ' ';
    }
    assert_int_equal(analyser_run(analyser, bytes_of(text, LIMIT_TOKENS_FIELD * 2), english, &list), 0);
    assert_int_equal(list.count, LIMIT_TOKENS_FIELD);
    assert_int_equal(list.length, LIMIT_TOKENS_FIELD);
    assert_false(list.cut);
    assert_int_equal(analyser_run(analyser, bytes_of(text, sizeof text), english, &list), 0);
    assert_int_equal(list.count, LIMIT_TOKENS_FIELD);
    assert_int_equal(list.length, LIMIT_TOKENS_FIELD);
    assert_true(list.cut);
    text[LIMIT_TOKENS_FIELD * 2 - 3] = '-'; /* both parts fit, what they make together does not */
    assert_int_equal(analyser_run(analyser, bytes_of(text, LIMIT_TOKENS_FIELD * 2), english, &list), 0);
    assert_int_equal(list.count, LIMIT_TOKENS_FIELD);
    assert_int_equal(list.tokens[list.count - 1].kind, TOKEN_WORD);
    assert_true(list.cut);
    assert_int_equal(analyser_run(analyser, bytes_of_string("b c"), english, &list), 0);
    assert_int_equal(list.count, 2);
    assert_false(list.cut);
}

static void check_token(const struct token *token, size_t text_size)
{
    assert_in_range(token->term.size, 1, LIMIT_TERM_BYTES);
    assert_in_range(token->folded.size, 1, LIMIT_TERM_BYTES);
    assert_true(utf8_valid(token->term, NULL));
    assert_true(utf8_valid(token->folded, NULL));
    assert_true(token->start < token->end && token->end <= text_size);
}

static void random_bytes_give_sound_tokens(void **state)
{
    (void)state;
    uint64_t seed = 31337;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int round = 0; round < 20000; round++) {
        uint8_t text[96];
        size_t size = next_random(&seed) % sizeof text;
        for (size_t i = 0; i < size; i++) {
            text[i] = (uint8_t)(next_random(&seed) % 3 == 0 ? 'a' + next_random(&seed) % 26 : next_random(&seed));
        }
        struct token_list list;
        assert_int_equal(analyser_run(analyser, bytes_of(text, size), english, &list), 0);
        for (size_t i = 0; i < list.count; i++) {
            check_token(&list.tokens[i], size);
        }
    }
}

/* Text in which every rule is likely to bite. */
static size_t make_ascii(uint64_t *seed, uint8_t *text, size_t size)
{
    static const char likely[] = "aabsst  --__&..,,''/+0123456789  gbmBGM";
    for (size_t i = 0; i < size; i++) {
        text[i] = (uint8_t)likely[next_random(seed) % (sizeof likely - 1)];
    }
    return size;
}

struct kept_token {
    uint8_t term[64];
    size_t size;
    uint32_t position;
    uint32_t start;
    uint32_t end;
    uint8_t kind;
    uint8_t parts;
};

static size_t keep(const struct token_list *list, struct kept_token *kept)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct token *token = &list->tokens[i];
        memcpy(kept[i].term, token->term.data, token->term.size);
        kept[i].size = token->term.size;
        kept[i].position = token->position;
        kept[i].start = token->start;
        kept[i].end = token->end;
        kept[i].kind = token->kind;
        kept[i].parts = token->parts;
    }
    return list->count;
}

static void compare(const struct token_list *list, const struct kept_token *kept, size_t count, const uint32_t *places)
{
    assert_int_equal(list->count, count);
    for (size_t i = 0; i < count; i++) {
        const struct token *token = &list->tokens[i];
        assert_true(bytes_equal(token->term, bytes_of(kept[i].term, kept[i].size)));
        assert_int_equal(token->position, kept[i].position);
        assert_int_equal(token->kind, kept[i].kind);
        assert_int_equal(token->parts, kept[i].parts);
        assert_int_equal(token->start, places[kept[i].start]);
        /* What is dropped right behind a word belongs to it. */
        assert_true(token->end > places[kept[i].end - 1] && token->end <= places[kept[i].end]);
    }
}

static void ignorable_characters_anywhere_change_no_token(void **state)
{
    (void)state;
    uint64_t seed = 9090;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int round = 0; round < 20000; round++) {
        uint8_t plain[48];
        uint8_t mixed[sizeof plain * 3];
        uint32_t places[sizeof plain + 1]; /* where each byte of plain stands in mixed */
        struct kept_token kept[sizeof plain * 2];
        struct token_list list;
        size_t size = make_ascii(&seed, plain, 1 + next_random(&seed) % (sizeof plain - 1));
        assert_int_equal(analyser_run(analyser, bytes_of(plain, size), english, &list), 0);
        size_t count = keep(&list, kept);
        uint32_t mixed_size = 0;
        for (size_t i = 0; i < size; i++) {
            if (next_random(&seed) % 3 == 0) {
                memcpy(mixed + mixed_size, "\u00ad", 2);
                mixed_size += 2;
            }
            places[i] = mixed_size;
            mixed[mixed_size++] = plain[i];
        }
        places[size] = mixed_size;
        assert_int_equal(analyser_run(analyser, bytes_of(mixed, mixed_size), english, &list), 0);
        compare(&list, kept, count, places);
    }
}

static void full_width_text_gives_the_tokens_of_ascii(void **state)
{
    (void)state;
    uint64_t seed = 9091;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int round = 0; round < 10000; round++) {
        uint8_t plain[48];
        uint8_t wide[sizeof plain * 3];
        uint32_t places[sizeof plain + 1];
        struct kept_token kept[sizeof plain * 2];
        struct token_list list;
        size_t size = make_ascii(&seed, plain, 1 + next_random(&seed) % (sizeof plain - 1));
        assert_int_equal(analyser_run(analyser, bytes_of(plain, size), english, &list), 0);
        size_t count = keep(&list, kept);
        uint32_t wide_size = 0;
        for (size_t i = 0; i < size; i++) {
            bool widened = plain[i] != ' ' && next_random(&seed) % 2 == 0;
            places[i] = wide_size;
            wide_size += (uint32_t)utf8_encode(wide + wide_size, widened ? plain[i] - 0x21u + 0xff01u : plain[i]);
        }
        places[size] = wide_size;
        assert_int_equal(analyser_run(analyser, bytes_of(wide, wide_size), english, &list), 0);
        compare(&list, kept, count, places);
    }
}

static void missing_memory_is_a_status_and_the_analyser_goes_on(void **state)
{
    (void)state;
    static const char text[] = "Hoping Caf\u00e9-Bars \u0939\u093f\u0928\u094d\u0926\u0940 \U0001f600 64 GB "
                               "\u05d0\u05b7\u05b0 e\u0301 ponies-men's";
    int status = AISLE_NO_MEMORY;
    unsigned long failures = 0;
    for (unsigned long n = 1; status != 0 && n < 1000; n++) {
        struct analyser *fresh = NULL;
        struct token_list list;
        alloc_fail_at(n, 0);
        status = analyser_new(&fresh);
        if (status == 0) {
            status = analyser_run(fresh, bytes_of_string(text), english, &list);
        }
        alloc_fail_at(0, 0);
        if (status != 0) {
            assert_int_equal(status, AISLE_NO_MEMORY);
            failures++;
        }
        if (fresh != NULL) {
            assert_int_equal(analyser_run(fresh, bytes_of_string(text), english, &list), 0);
            assert_int_equal(list.length, 9);
            assert_int_equal(list.count, 11);
        }
        analyser_free(fresh);
    }
    assert_int_equal(status, 0);
    assert_in_range(failures, 8, 100);
}

/* A product's tokens, and exceptions: what was there before a failure still serves. */
static void missing_memory_for_products_and_exceptions_is_a_status(void **state)
{
    (void)state;
    static const char text[] = "RTX 4070 Ti .5 l 1500 ml 3/4\" c++ \u96fb\u8a71 \u6a5f 128 GB rock n roll ab/12.3";
    static const struct stem_exception exceptions[] = {{{(const uint8_t *)"mice", 4}, {(const uint8_t *)"mouse", 5}},
                                                       {{(const uint8_t *)"pods", 4}, {(const uint8_t *)"pods", 4}}};
    struct token_list list;
    assert_int_equal(analyser_run_product(analyser, bytes_of_string(text), english, true, &list), 0);
    size_t count = list.count;
    unsigned long failures = 0;
    int status = AISLE_NO_MEMORY;
    for (unsigned long n = 1; status != 0 && n < 1000; n++) {
        struct analyser *fresh = NULL;
        alloc_fail_at(n, 0);
        status = analyser_new(&fresh);
        if (status == 0) {
            status = analyser_set_exceptions(fresh, exceptions, 2);
        }
        if (status == 0) {
            status = analyser_run_product(fresh, bytes_of_string(text), english, true, &list);
        }
        alloc_fail_at(0, 0);
        failures += status != 0;
        assert_true(status == 0 || status == AISLE_NO_MEMORY);
        if (fresh != NULL) {
            assert_int_equal(analyser_run_product(fresh, bytes_of_string(text), english, true, &list), 0);
            assert_int_equal(list.count, count);
        }
        analyser_free(fresh);
    }
    assert_int_equal(status, 0);
    assert_in_range(failures, 8, 100);
}

/* Terms of their own are made in many places; each stays within its bounds. */
static void long_parts_are_joined_and_cut_and_make_no_extra_tokens(void **state)
{
    (void)state;
    struct token_list list;
    static char text[3000];
    memset(text, 'a', sizeof text);
    text[700] = text[1400] = text[2100] = '-';
    const struct bytes bytes = bytes_of((const uint8_t *)text, sizeof text);
    assert_int_equal(analyser_run_product(analyser, bytes, english, true, &list), 0);
    assert_int_equal(list.count, 5);
    assert_int_equal(list.tokens[4].kind, TOKEN_JOINED);
    assert_int_equal(list.tokens[4].term.size, LIMIT_TERM_BYTES);
    memset(text, '1', sizeof text);
    memcpy(text + 2990, " kg       ", 10);
    assert_int_equal(analyser_run_product(analyser, bytes, english, true, &list), 0);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.tokens[0].term.size, LIMIT_TERM_BYTES);
    for (size_t i = 0; i < sizeof text; i += 4) { /* each '+' becomes four letters, joined to what follows */
        memcpy(text + i, "b+-c", 4);
    }
    assert_int_equal(analyser_run_product(analyser, bytes, english, false, &list), 0);
    assert_int_equal(list.tokens[1].term.size, 4);
}

static void a_warm_analyser_allocates_nothing(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__)
    skip(); /* there the arena takes a block for each object */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    skip();
#endif
#endif
    struct token_list list;
    static const char text[] = "Hoping for ponies: T-Shirts, caf\u00e9s and 64 GB, rtx 4070 ti, 1500 ml";
    assert_int_equal(analyser_run_product(analyser, bytes_of_string(text), english, false, &list), 0);
    unsigned long calls = alloc_calls();
    for (int i = 0; i < 100; i++) {
        assert_int_equal(analyser_run_product(analyser, bytes_of_string(text), english, false, &list), 0);
    }
    assert_int_equal(alloc_calls(), calls);
}

/* The n-th of many words of letters alone. */
static struct bytes make_word(uint32_t n, uint8_t word[16])
{
    size_t size = 0;
    for (word[size++] = 'q'; n != 0 || size < 5; n /= 26) {
        word[size++] = (uint8_t)('a' + n % 26);
    }
    return bytes_of(word, size);
}

/* Thrice as many words as can be remembered, in three rounds, and a few of them all the time. */
static void a_note_stays_with_its_word_until_the_word_is_forgotten(void **state)
{
    (void)state;
    uint32_t kept = 0;
    struct token_list list;
    uint8_t word[16];
    for (uint32_t i = 0; i < 9 * LIMIT_STEM_CACHE; i++) {
        uint32_t n = i % 2 == 0 ? i % 64 : i % (3 * LIMIT_STEM_CACHE);
        assert_int_equal(analyser_run(analyser, make_word(n, word), english, &list), 0);
        assert_int_equal(list.count, 1);
        struct word_note *note = list.tokens[0].note;
        assert_non_null(note);
        assert_int_equal(note->word, list.tokens[0].word);
        assert_true(note->owner == 0 || note->owner == n + 1);
        kept += note->owner != 0;
        note->owner = n + 1;
    }
    assert_in_range(kept, 4 * LIMIT_STEM_CACHE, 9 * LIMIT_STEM_CACHE);
    assert_int_equal(analyser_run(analyser, bytes_of_string("50 ml"), english, &list), 0);
    assert_null(list.tokens[0].note);
    assert_int_equal(list.tokens[0].word, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(languages_have_fixed_numbers_and_all_are_there),
        cmocka_unit_test(unknown_language_is_refused),
        cmocka_unit_test(text_of_the_largest_size_passes_and_larger_is_refused),
        cmocka_unit_test(long_tokens_are_cut_after_stemming_at_a_character),
        cmocka_unit_test(joined_tokens_are_cut_too),
        cmocka_unit_test(tokens_beyond_the_limit_are_cut_off),
        cmocka_unit_test(random_bytes_give_sound_tokens),
        cmocka_unit_test(ignorable_characters_anywhere_change_no_token),
        cmocka_unit_test(full_width_text_gives_the_tokens_of_ascii),
        cmocka_unit_test(missing_memory_is_a_status_and_the_analyser_goes_on),
        cmocka_unit_test(missing_memory_for_products_and_exceptions_is_a_status),
        cmocka_unit_test(long_parts_are_joined_and_cut_and_make_no_extra_tokens),
        cmocka_unit_test(a_warm_analyser_allocates_nothing),
        cmocka_unit_test(a_note_stays_with_its_word_until_the_word_is_forgotten),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
