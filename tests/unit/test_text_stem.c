/*
 * test_text_stem.c - stems: the cache against libstemmer, and libstemmer against the official Snowball vocabularies
 * (Debian's package snowball-data; skipped without it).
 */
#include "text/stem.h"

#include "base/status.h"
#include "text/text.h"

#include <libstemmer.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define DATA "/usr/share/snowball/data"
#define WORDS_MAX 40000u /* of one vocabulary; those of Arabic and Tamil have millions */

static struct stemmer_set set;
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1u << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    stemmer_set_release(&set);
    return 0;
}

static bool stems_to(uint8_t language, struct bytes word, struct bytes expected, bool cached)
{
    struct bytes stem;
    arena_reset(&arena);
    int status;
    if (cached && word.size <= STEM_CACHED_BYTES) {
        struct word_note *note;
        uint32_t place = stemmer_set_place(&set, language, word);
        status = stemmer_set_run(&set, language, word, place, &arena, &stem, &note);
    } else {
        status = stemmer_set_run_uncached(&set, language, word, &arena, &stem);
    }
    return status == 0 && bytes_equal(stem, expected);
}

static void every_algorithm_of_libstemmer_has_a_number(void **state)
{
    (void)state;
    for (const char **name = sb_stemmer_list(); *name != NULL; name++) {
        uint8_t language;
        assert_int_equal(text_language_find(*name, &language), 0);
        assert_string_equal(text_language_name(language), *name);
        assert_int_equal(stemmer_set_prepare(&set, language), 0);
    }
    assert_int_equal(stemmer_set_prepare(&set, LANGUAGE_NONE), AISLE_INVALID);
    assert_int_equal(stemmer_set_prepare(&set, LANGUAGE_COUNT), AISLE_INVALID);
}

static void the_same_word_has_a_stem_in_each_language(void **state)
{
    (void)state;
    uint8_t english;
    uint8_t german;
    assert_int_equal(text_language_find("english", &english), 0);
    assert_int_equal(text_language_find("german", &german), 0);
    for (int round = 0; round < 3; round++) {
        assert_true(stems_to(english, bytes_of_string("hosen"), bytes_of_string("hosen"), true));
        assert_true(stems_to(german, bytes_of_string("hosen"), bytes_of_string("hos"), true));
        assert_true(stems_to(english, bytes_of_string("hoping"), bytes_of_string("hope"), true));
    }
}

static size_t make_word(uint64_t *seed, uint8_t *word)
{
    static const char *const pieces[] = {"a",  "e",   "i", "o", "b",  "n",   "s",   "t",   "r",    "l",    "ing", "ed",
                                         "ies", "y",  "n", "ss", "ful", "ize", "ion", "ment", "able", "ely", "ously"};
    size_t size = 0;
    size_t count = 1 + (size_t)((*seed >> 40) % 24);
    for (size_t i = 0; i < count; i++) {
        *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const char *piece = pieces[(*seed >> 33) % (sizeof pieces / sizeof pieces[0])];
        memcpy(word + size, piece, strlen(piece));
        size += strlen(piece);
    }
    return size;
}

/* Twice as many words as the cache has places, of all lengths, some twice in a row. */
static void cached_stem_equals_the_uncached(void **state)
{
    (void)state;
    uint8_t english;
    uint64_t seed = 5150;
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_int_equal(text_language_find("english", &english), 0);
    for (size_t round = 0; round < LIMIT_STEM_CACHE * 2; round++) {
        uint8_t word[24 * 5];
        size_t size = make_word(&seed, word);
        struct bytes stem;
        arena_reset(&arena);
        assert_int_equal(stemmer_set_run_uncached(&set, english, bytes_of(word, size), &arena, &stem), 0);
        uint8_t kept[LIMIT_TERM_BYTES];
        memcpy(kept, stem.data, stem.size);
        assert_true(stems_to(english, bytes_of(word, size), bytes_of(kept, stem.size), true));
        assert_true(stems_to(english, bytes_of(word, size), bytes_of(kept, stem.size), true));
    }
}

static void very_long_words_are_stemmed_as_their_beginning(void **state)
{
    (void)state;
    static uint8_t word[100000];
    uint8_t tamil;
    assert_int_equal(text_language_find("tamil", &tamil), 0);
    for (size_t i = 0; i + 3 <= sizeof word; i += 3) {
        memcpy(word + i, "\u0b95", 3);
    }
    struct bytes stem;
    arena_reset(&arena);
    assert_int_equal(stemmer_set_run_uncached(&set, tamil, bytes_of(word, sizeof word), &arena, &stem), 0);
    assert_in_range(stem.size, 1, LIMIT_TERM_BYTES);
    assert_int_equal(stem.size % 3, 0);
}

/* Opens DATA/language/name, or name.gz through gzip; NULL when there is neither. */
static FILE *open_list(const char *language, const char *name)
{
    char command[256];
    (void)snprintf(command, sizeof command, DATA "/%s/%s", language, name);
    if (access(command, R_OK) == 0) {
        (void)snprintf(command, sizeof command, "cat " DATA "/%s/%s", language, name);
        return popen(command, "r");
    }
    (void)snprintf(command, sizeof command, DATA "/%s/%s.gz", language, name);
    if (access(command, R_OK) != 0) {
        return NULL;
    }
    (void)snprintf(command, sizeof command, "gzip -dc " DATA "/%s/%s.gz 2>/dev/null", language, name);
    return popen(command, "r");
}

static struct bytes read_line(FILE *file, char *line, int size)
{
    return fgets(line, size, file) == NULL ? bytes_of(NULL, 0) : bytes_of(line, strcspn(line, "\n"));
}

/* How many words of the vocabulary have another stem with us; *words: how many were looked at. */
static size_t count_differences(const char *name, uint8_t language, FILE *vocabulary, FILE *output, size_t *words)
{
    char word_line[1024];
    char stem_line[1024];
    size_t differences = 0;
    for (*words = 0; *words < WORDS_MAX; ++*words) {
        struct bytes word = read_line(vocabulary, word_line, sizeof word_line);
        struct bytes expected = read_line(output, stem_line, sizeof stem_line);
        if (word.data == NULL || expected.data == NULL) {
            assert_true(word.data == NULL && expected.data == NULL);
            break;
        }
        if (word.size == 0) {
            continue;
        }
        /* Ours: an empty stem is the word. */
        expected = expected.size == 0 ? word : expected;
        bool cached = stems_to(language, word, expected, true);
        assert_int_equal(cached, stems_to(language, word, expected, false));
        if (!cached && differences++ < 5) {
            print_message("%s: '%.*s' is not '%.*s'\n", name, (int)word.size, word_line, (int)expected.size, stem_line);
        }
    }
    return differences;
}

static void stems_are_those_of_the_snowball_vocabularies(void **state)
{
    (void)state;
    size_t checked = 0;
    if (access(DATA, R_OK) != 0) {
        skip();
    }
    for (const char **name = sb_stemmer_list(); *name != NULL; name++) {
        uint8_t language;
        size_t words;
        FILE *vocabulary = open_list(*name, "voc.txt");
        FILE *output = open_list(*name, "output.txt");
        if (vocabulary == NULL || output == NULL) { /* an algorithm newer than the data */
            print_message("%s: no vocabulary\n", *name);
            continue;
        }
        checked++;
        assert_int_equal(text_language_find(*name, &language), 0);
        assert_int_equal(stemmer_set_prepare(&set, language), 0);
        size_t differences = count_differences(*name, language, vocabulary, output, &words);
        pclose(vocabulary);
        pclose(output);
        print_message("%s: %zu words, %zu differ\n", *name, words, differences);
        assert_in_range(words, 1, WORDS_MAX);
        assert_int_equal(differences, 0);
    }
    assert_in_range(checked, 29, LANGUAGE_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm_of_libstemmer_has_a_number),
        cmocka_unit_test(the_same_word_has_a_stem_in_each_language),
        cmocka_unit_test(cached_stem_equals_the_uncached),
        cmocka_unit_test(very_long_words_are_stemmed_as_their_beginning),
        cmocka_unit_test(stems_are_those_of_the_snowball_vocabularies),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
