/*
 * test_segment_prefixes.c - lists of what begins alike: as brute force over the terms makes them, and what check says
 * of others.
 */
#include "segment_fixture.h"

#include "segment/prefixes.h"

#define DOCUMENTS 700u
#define TERMS 400u
#define TERM_BYTES (LIMIT_TERM_BYTES + 1u)
#define FOUND_MAX 4096u

/* ---- the collector alone ---- */

static char terms[TERMS][TERM_BYTES];
static uint8_t codes[TERMS][DOCUMENTS]; /* class << 5 | length, the length of a document in all; 0: not in it */
static uint32_t dfs[TERMS];
static size_t term_count;

/* What came out. */
static struct {
    char name[PREFIX_BYTES_MAX + 1];
    uint8_t codes[DOCUMENTS];
    uint64_t df_sum;
    uint64_t total;
} lists[FOUND_MAX];
static size_t list_count;
static char frequent[TERMS][TERM_BYTES];
static size_t frequent_count;

static int take_word(void *context, struct bytes term)
{
    (void)context;
    snprintf(frequent[frequent_count++], TERM_BYTES, "%.*s", (int)term.size, (const char *)term.data);
    return 0;
}

static int begin_list(void *context, struct bytes prefix)
{
    (void)context;
    assert_true(list_count < FOUND_MAX && prefix.size <= PREFIX_BYTES_MAX);
    memset(&lists[list_count], 0, sizeof lists[list_count]);
    memcpy(lists[list_count].name, prefix.data, prefix.size);
    return 0;
}

static int add_postings(void *context, const uint32_t *documents, const uint8_t *given, size_t count)
{
    (void)context;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(lists[list_count].codes[documents[i]], 0);
        lists[list_count].codes[documents[i]] = given[i];
    }
    return 0;
}

static int end_list(void *context, struct bytes prefix, uint64_t df_sum, uint64_t total)
{
    (void)context;
    assert_int_equal(prefix.size, strlen(lists[list_count].name));
    lists[list_count].total = total;
    lists[list_count++].df_sum = df_sum;
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Terms of few letters, some of two and three bytes, so that many begin alike; the last as long as a term may be. */
static void draw_terms(uint64_t seed)
{
    static const char *const letters[] = {"a", "b", "\x01", "é", "\xe4\xb8\xad", "1", "\xf0\x9f\x98\x80"};
    term_count = 0;
    for (uint32_t i = 0; i + 1 < TERMS; i++) {
        uint64_t drawn = mix(seed * 1000 + i);
        char *term = terms[term_count];
        term[0] = '\0';
        for (uint32_t k = 0; k < 1 + drawn % 5; k++) {
            strcat(term, letters[(drawn >> (8 + 4 * k)) % 7]);
        }
        term_count++;
    }
    memset(terms[term_count], 'b', LIMIT_TERM_BYTES);
    terms[term_count++][LIMIT_TERM_BYTES] = '\0';
    qsort(terms, term_count, TERM_BYTES, compare_names);
    size_t kept = 0;
    for (size_t i = 0; i < term_count; i++) {
        if (kept == 0 || strcmp(terms[kept - 1], terms[i]) != 0) {
            memmove(terms[kept++], terms[i], TERM_BYTES);
        }
    }
    term_count = kept;
    for (size_t i = 0; i < term_count; i++) {
        uint64_t rarity = 2 + mix(seed + i * 7) % 300;
        dfs[i] = 0;
        for (uint32_t d = 0; d < DOCUMENTS; d++) {
            bool has = mix(seed + i * DOCUMENTS + d) % rarity == 0;
            codes[i][d] = has ? (uint8_t)(mix(i + d) % 8 << 5 | (1 + d % 31)) : 0;
            dfs[i] += has ? 1 : 0;
        }
    }
}

static void collect(const struct prefixes_sink *sink)
{
    struct prefixes prefixes;
    list_count = 0;
    frequent_count = 0;
    assert_int_equal(prefixes_init(&prefixes, DOCUMENTS, sink), 0);
    for (size_t i = 0; i < term_count; i++) {
        uint32_t documents[DOCUMENTS];
        uint8_t given[DOCUMENTS];
        uint32_t count = 0;
        for (uint32_t d = 0; d < DOCUMENTS; d++) {
            documents[count] = d;
            given[count] = codes[i][d];
            count += codes[i][d] != 0 ? 1 : 0;
        }
        uint32_t half = count / 2; /* slices of a merge */
        assert_int_equal(prefixes_next(&prefixes, bytes_of_string(terms[i])), 0);
        prefixes_add(&prefixes, documents, given, half);
        prefixes_add(&prefixes, documents + half, given + half, count - half);
    }
    assert_int_equal(prefixes_finish(&prefixes), 0);
    prefixes_release(&prefixes);
}

static uint32_t characters_of(const char *text)
{
    uint32_t count = 0;
    for (; *text != '\0'; text++) {
        count += ((uint8_t)*text & 0xc0) != 0x80 ? 1 : 0;
    }
    return count;
}

static bool is_frequent(size_t i)
{
    return terms[i][0] != 1 && dfs[i] > DOCUMENTS / prefix_rules.frequent_part &&
           characters_of(terms[i]) > 1 && strlen(terms[i]) <= PREFIX_WORD_BYTES_MAX;
}

/* The list of a prefix by looking at all terms; whether it should be there. */
static bool expect_list(const char *prefix, uint8_t expected[DOCUMENTS], uint64_t *df_sum)
{
    uint32_t characters = characters_of(prefix);
    uint32_t words = 0;
    memset(expected, 0, DOCUMENTS);
    *df_sum = 0;
    if (prefix[0] == 1) {
        return false; /* is no text */
    }
    for (size_t i = 0; i < term_count; i++) {
        bool counts = dfs[i] != 0 && strncmp(terms[i], prefix, strlen(prefix)) == 0 &&
                      (characters == 1 || !is_frequent(i));
        for (uint32_t d = 0; d < DOCUMENTS && counts; d++) {
            expected[d] = codes[i][d] > expected[d] ? codes[i][d] : expected[d];
        }
        words += counts ? 1 : 0;
        *df_sum += counts ? dfs[i] : 0;
    }
    return words >= (characters == PREFIX_CHARACTERS_MAX ? prefix_rules.long_words_min : prefix_rules.words_min);
}

/* How many documents have any of the terms, if one of them is frequent and left out of the list. */
static uint64_t expect_total(const char *prefix)
{
    bool has[DOCUMENTS] = {false};
    bool any_frequent = false;
    uint64_t total = 0;
    for (size_t i = 0; i < term_count; i++) {
        bool begins = strncmp(terms[i], prefix, strlen(prefix)) == 0;
        any_frequent = any_frequent || (begins && is_frequent(i));
        for (uint32_t d = 0; d < DOCUMENTS && begins; d++) {
            has[d] = has[d] || codes[i][d] != 0;
        }
    }
    for (uint32_t d = 0; d < DOCUMENTS; d++) {
        total += has[d] ? 1 : 0;
    }
    return any_frequent && characters_of(prefix) > 1 ? total : 0;
}

static void compare_all(void)
{
    uint8_t expected[DOCUMENTS];
    uint64_t df_sum;
    size_t expected_frequent = 0;
    size_t expected_lists = 0;
    char before[PREFIX_CHARACTERS_MAX][PREFIX_BYTES_MAX + 1] = {""};
    for (size_t i = 0; i < list_count; i++) {
        assert_true(expect_list(lists[i].name, expected, &df_sum));
        assert_memory_equal(lists[i].codes, expected, DOCUMENTS);
        assert_int_equal(lists[i].df_sum, df_sum);
        assert_int_equal(lists[i].total, expect_total(lists[i].name));
    }
    for (size_t i = 0; i < term_count; i++) {
        expected_frequent += is_frequent(i) ? 1 : 0;
        size_t at = 0;
        for (uint32_t c = 0; c < PREFIX_CHARACTERS_MAX && terms[i][at] != '\0'; c++) {
            char prefix[PREFIX_BYTES_MAX + 1];
            at += prefixes_character(bytes_of_string(terms[i] + at));
            snprintf(prefix, sizeof prefix, "%.*s", (int)at, terms[i]);
            if (strcmp(prefix, before[c]) != 0) {
                expected_lists += expect_list(prefix, expected, &df_sum) ? 1 : 0;
                memcpy(before[c], prefix, sizeof prefix);
            }
        }
    }
    assert_int_equal(frequent_count, expected_frequent);
    assert_int_equal(list_count, expected_lists);
    for (size_t i = 0; i < frequent_count; i++) {
        assert_true(i == 0 || strcmp(frequent[i - 1], frequent[i]) < 0);
    }
}

static void lists_are_those_of_brute_force(void **state)
{
    static const struct prefix_rules rules[] = {{1, 1, 1, 3},    {1, 4, 3, 20}, {DOCUMENTS, 9, 2, 100},
                                                {1, 2, 30, 1000}, {1, 1, 1, 1}};
    const struct prefix_rules kept = prefix_rules;
    (void)state;
    for (uint64_t seed = 1; seed <= 15; seed++) {
        prefix_rules = rules[seed % (sizeof rules / sizeof rules[0])];
        draw_terms(seed);
        collect(&(struct prefixes_sink){take_word, begin_list, add_postings, end_list, NULL});
        assert_true(list_count != 0);
        compare_all();
    }
    prefix_rules = kept;
}

static void a_segment_of_too_few_documents_has_none(void **state)
{
    const struct prefix_rules kept = prefix_rules;
    (void)state;
    draw_terms(1);
    prefix_rules = (struct prefix_rules){DOCUMENTS + 1, 1, 1, 3};
    collect(&(struct prefixes_sink){take_word, begin_list, add_postings, end_list, NULL});
    assert_int_equal(list_count + frequent_count, 0);
    prefix_rules = kept;
}

static int refuse(void *context, struct bytes prefix)
{
    (void)context;
    (void)prefix;
    return AISLE_IO;
}

static void what_the_sink_refuses_is_told(void **state)
{
    const struct prefix_rules kept = prefix_rules;
    struct prefixes prefixes;
    const uint32_t document = 3;
    const uint8_t code = 33;
    (void)state;
    prefix_rules = (struct prefix_rules){1, 1, 1, 3};
    assert_int_equal(prefixes_init(&prefixes, DOCUMENTS,
                                   &(struct prefixes_sink){take_word, refuse, add_postings, end_list, NULL}),
                     0);
    assert_int_equal(prefixes_next(&prefixes, bytes_of_string("abc")), 0);
    prefixes_add(&prefixes, &document, &code, 1);
    assert_int_equal(prefixes_next(&prefixes, bytes_of_string("b")), AISLE_IO);
    prefixes_release(&prefixes);
    prefix_rules = kept;
}

/* ---- in a segment ---- */

static unsigned count_faults(const struct segment *segment)
{
    uint64_t faults = 0;
    assert_int_equal(segment_check(segment, report_fault, NULL, &faults), 0);
    return (unsigned)faults;
}

/* The words "w0" to "w39" begin with one letter; "w1" and "w10" to "w19" with two, without the frequent ones. */
static void a_segment_finds_lists_and_the_words_they_leave_out(void **state)
{
    const struct prefix_rules kept = prefix_rules;
    struct model_segment f;
    struct segment_prefix found;
    struct terms_cursor cursor;
    struct bytes term;
    uint32_t words = 0;
    (void)state;
    prefix_rules = (struct prefix_rules){DOCUMENTS, 3, 3, 12};
    model_segment_begin(&f, DOCUMENTS);
    assert_int_equal(count_faults(f.segment), 0);
    assert_int_equal(segment_prefix_find(f.segment, bytes_of_string("w"), &found), 0);
    assert_true(found.is_whole && found.df_sum == f.segment->info.postings);
    assert_int_equal(segment_prefix_find(f.segment, bytes_of_string("x"), &found), AISLE_END);
    assert_int_equal(segment_prefix_find(f.segment, bytes_of_string(""), &found), AISLE_END);
    assert_int_equal(segment_prefix_find(f.segment, bytes_of_string("w39"), &found), AISLE_END);
    assert_int_equal(segment_prefix_find(f.segment, bytes_of_string("a prefix too long"), &found), AISLE_END);
    assert_int_equal(segment_prefix_find(f.segment, bytes_of_string("\x01w1"), &found), AISLE_END);
    assert_int_equal(segment_prefix_find(f.segment, bytes_of_string("\x02w1"), &found), AISLE_END);
    int status = segment_prefix_words(f.segment, bytes_of_string("w1"), &cursor);
    for (; status == 0 && segment_prefix_word(&cursor, bytes_of_string("w1"), &term); words++) {
        struct segment_list list;
        struct bytes value;
        assert_int_equal(terms_find(&f.segment->terms, term, &value), 0);
        assert_int_equal(segment_list_decode(value, &list), 0);
        assert_true(list.postings.count > DOCUMENTS / prefix_rules.frequent_part);
        status = terms_cursor_next(&cursor);
    }
    assert_true(words > 0 && words < 11);
    assert_int_equal(segment_prefix_find(f.segment, bytes_of_string("w1"), &found), words + 3 > 11 ? AISLE_END : 0);
    model_segment_end(&f);
    prefix_rules = kept;
}

/* Lists that other rules ask for are not those that check expects. */
static void check_misses_and_refuses_lists(void **state)
{
    const struct prefix_rules kept = prefix_rules;
    struct model_segment f;
    (void)state;
    prefix_rules = (struct prefix_rules){1, 2, 2, 12};
    model_segment_begin(&f, DOCUMENTS);
    assert_int_equal(count_faults(f.segment), 0);
    prefix_rules.words_min = 12;
    assert_true(count_faults(f.segment) != 0);
    prefix_rules = (struct prefix_rules){1, 2, 1, 12};
    assert_true(count_faults(f.segment) != 0);
    prefix_rules = (struct prefix_rules){1, 2, 2, 5};
    assert_true(count_faults(f.segment) != 0);
    model_segment_end(&f);
    prefix_rules = kept;
}

static void keep_quiet(void *context, const char *message)
{
    (void)context;
    (void)message;
}

#define STEP 5u

/* Every fifth byte of the dictionary, changed under right checksums: check tells, or nothing came of it; no crash. */
static void damage_is_told(void **state)
{
    const struct prefix_rules kept = prefix_rules;
    struct model_segment f;
    unsigned told = 0;
    (void)state;
    prefix_rules = (struct prefix_rules){1, 2, 2, 20};
    model_segment_begin(&f, DOCUMENTS);
    struct component_extents *stored = &f.segment->stored[COMPONENT_PREFIXES];
    const uint8_t *original = stored->extents[0];
    size_t size = extent_bytes_of(stored->view.size, 0);
    uint8_t *copy = mem_alloc(size);
    assert_non_null(copy);
    stored->view.verified = NULL; /* contents are trusted */
    f.segment->views[COMPONENT_PREFIXES].verified = NULL;
    for (size_t at = 0; at < stored->view.size; at += STEP) {
        struct segment_prefix found;
        struct terms_cursor cursor;
        memcpy(copy, original, size);
        copy[at] ^= 0x41;
        stored->extents[0] = copy;
        assert_true(segment_prefix_find(f.segment, bytes_of_string("w"), &found) <= 1);
        assert_true(segment_prefix_find(f.segment, bytes_of_string("w1"), &found) <= 1);
        assert_true(segment_prefix_words(f.segment, bytes_of_string("w1"), &cursor) <= 1);
        uint64_t faults = 0;
        told += segment_check(f.segment, keep_quiet, NULL, &faults) == 0 && faults != 0 ? 1 : 0;
    }
    stored->extents[0] = original;
    assert_true(told * STEP > stored->view.size / 2);
    mem_free(copy);
    model_segment_end(&f);
    prefix_rules = kept;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_those_of_brute_force),
        cmocka_unit_test(a_segment_of_too_few_documents_has_none),
        cmocka_unit_test(what_the_sink_refuses_is_told),
        cmocka_unit_test_setup_teardown(a_segment_finds_lists_and_the_words_they_leave_out, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(check_misses_and_refuses_lists, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(damage_is_told, make_directory, remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
