/*
 * test_text_fold.c - folding: single rules, agreement of the walk with the procedure run on the whole text, and the
 * way back to the source.
 */
#include "text/fold.h"

#include "base/alloc.h"
#include "base/alloc.h"
#include "base/utf8.h"
#include "text/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

static void check(const char *source, const char *expected)
{
    struct analyser *analyser = NULL;
    struct bytes folded;
    assert_int_equal(analyser_new(&analyser), 0);
    assert_int_equal(analyser_fold(analyser, bytes_of_string(source), &folded), 0);
    if (!bytes_equal(folded, bytes_of_string(expected))) {
        fail_msg("'%s' folds to '%.*s', expected '%s'", source, (int)folded.size, (const char *)folded.data, expected);
    }
    analyser_free(analyser);
}

static void case_and_accents_are_folded_away(void **state)
{
    (void)state;
    check("", "");
    check("The QUICK Fox_9 [@`{", "the quick fox_9 [@`{");
    check("Caf\u00e9 CAFE\u0301 \u00c0\u00d6\u00d1\u017d", "cafe cafe aonz");
    check("\u00d8re \u0141\u00f3d\u017a \u00d0", "\u00f8re \u0142odz \u00f0"); /* strokes are no marks */
    check("\u0391\u0392\u0393 \u03ac\u03c2", "\u03b1\u03b2\u03b3 \u03b1\u03c3");
    check("\u0416\u0401\u0419", "\u0436\u0435\u0438");
    check("\u1f80 \u1fb3", "\u03b1\u03b9 \u03b1\u03b9"); /* iota below becomes a letter */
}

static void compatibility_forms_are_folded_away(void **state)
{
    (void)state;
    check("stra\u00dfe STRA\u1e9eE", "strasse strasse");
    check("\ufb01n \ufb03 \u0133", "fin ffi ij");
    check("\u0152uvre \u00c6on", "\u0153uvre \u00e6on");
    check("\uff26\uff55\uff4c\uff4c \uff16\uff14\uff27\uff22\uff0d\uff11", "full 64gb-1");
    check("m\u00b2 \u2460 \u2167", "m2 1 viii");
    check("Kindle\u2122 Fire\u2120", "kindle  fire ");
    check("\u00bd", "1\u20442");
    check("\u212b \u2126 \u00b5", "a \u03c9 \u03bc");
    check("64\u00a0GB", "64 gb");
}

static void turkish_dots_fold_as_unicode_does_by_default(void **state)
{
    (void)state;
    check("\u0130stanbul I\u0131", "istanbul i\u0131");
}

static void quotation_marks_become_apostrophes(void **state)
{
    (void)state;
    check("l\u2019Or\u00e9al \u2018x\u2019 \u201b \uff07", "l'oreal 'x' \u201b '");
}

static void ignorable_characters_are_dropped(void **state)
{
    (void)state;
    check("soft\u00adhyphen ze\u200bro\u200d\ufeff \u2060a\ufe0f", "softhyphen zero a");
    check("\u00ad", "");
    check("\u0301a\u0301", "a");
}

static void scripts_that_need_their_marks_stay_whole(void **state)
{
    (void)state;
    check("\ud55c\uad6d\uc5b4", "\ud55c\uad6d\uc5b4");                   /* Hangul syllables */
    check("\u1112\u1161\u11ab", "\ud55c");                               /* and their jamo */
    check("\ud558\u11ab", "\ud55c");                                     /* and a mixture */
    check("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u094d\u0926\u0940"); /* Devanagari */
    check("\u0958", "\u0915\u093c");                                     /* its exclusion from composition */
    check("\u0b95\u0bc6\u0bbe", "\u0b95\u0bca");                         /* Tamil vowel signs compose */
    check("\u304b\u3099 \uff76\uff9e \u30ac", "\u304c \u30ac \u30ac");   /* voiced kana */
    check("\u0e19\u0e49\u0e33", "\u0e19\u0e49\u0e4d\u0e32");             /* Thai sara am */
    check("\u0627\u064e\u0644", "\u0627\u064e\u0644");                   /* Arabic vowels are kept */
    check("\u4e2d\u6587\u3000\U00020000\U0001f600", "\u4e2d\u6587 \U00020000\U0001f600");
}

static void marks_come_into_canonical_order(void **state)
{
    (void)state;
    check("\u05d0\u05b7\u05b0", "\u05d0\u05b0\u05b7");
    check("\u05d0\u05b7\u0301\u05b0", "\u05d0\u05b0\u05b7");
    check("\u05d0\u05b7\u034f\u05b0", "\u05d0\u05b0\u05b7"); /* the joiner that keeps them apart is dropped */
    check("x\u05b7\u05b0y", "x\u05b0\u05b7y");
}

static void bytes_that_are_no_utf8_become_replacement_characters(void **state)
{
    (void)state;
    check("A\xff" "B", "a\ufffd" "b");
    check("\xc3", "\ufffd");
    check("\xed\xa0\x80", "\ufffd\ufffd\ufffd");
    check("caf\xc3\xa9\xcc", "cafe\ufffd");
}

/* The definition, run on the whole text at once. */
static void fold_by_procedure(struct fold_work *work, struct bytes text)
{
    fold_work_clear(work);
    for (size_t i = 0; i < text.size;) {
        uint32_t point;
        size_t size = utf8_decode(text.data + i, text.data + text.size, &point);
        assert_int_equal(fold_work_add(work, size == 0 ? UTF8_REPLACEMENT : point), 0);
        i += size == 0 ? 1 : size;
    }
    assert_int_equal(fold_work_run(work), 0);
}

static bool same_as_procedure(const struct folder *folder, const struct fold_work *work)
{
    size_t at = 0;
    for (size_t i = 0; i < work->count; i++) {
        uint8_t bytes[UTF8_BYTES_MAX];
        uint32_t point = (uint32_t)work->points[i];
        size_t size = utf8_encode(bytes, point);
        if (size > folder->size - at || memcmp(folder->bytes + at, bytes, size) != 0) {
            return false;
        }
        for (size_t b = 0; size > 1 && b < size; b++) {
            if (folder->kinds[at + b] != fold_kind(point)) {
                return false;
            }
        }
        at += size;
    }
    return at == folder->size && folder->bytes[at] == 0;
}

/* Characters that attach, drop, expand or reorder, among plain ones. */
static uint32_t some_point(uint64_t *seed)
{
    static const uint32_t special[] = {
        0xad,   0xdf,   0xe9,   0x130,  0x149,  0x300,  0x301,  0x323,  0x344,  0x345,  0x34f,  0x390,  0x3b1,  0x5b0,
        0x5b7,  0x5d0,  0x64b,  0x64e,  0x915,  0x93c,  0x94d,  0x958,  0x9c7,  0x9be,  0xbc6,  0xbbe,  0xe33,  0xf71,
        0xf72,  0xf81,  0x1100, 0x1161, 0x11a8, 0x1e9e, 0x1f80, 0x1fb3, 0x1ff7, 0x2019, 0x200d, 0x2122, 0x2126, 0x20e3,
        0x304b, 0x3099, 0x309a, 0xac00, 0xac01, 0xd55c, 0xfb01, 0xfb1d, 0xfdfa, 0xfe0f, 0xff76, 0xff9e, 0xffa0, 0xfffd,
        0x1d15f, 0x1d165, 0x110ba, 0x11099, 0x1f600, 0x2f800, 0xe0001,
    };
    uint32_t choice = next_random(seed) % 16;
    if (choice < 6) {
        return 0x20 + next_random(seed) % 0x5f;
    }
    if (choice < 13) {
        return special[next_random(seed) % (sizeof special / sizeof special[0])];
    }
    uint32_t point = choice < 15 ? next_random(seed) % 0x3100 : next_random(seed) % 0x110000;
    return point >= 0xd800 && point <= 0xdfff ? 'x' : point;
}

static size_t make_text(uint64_t *seed, uint8_t *text, size_t points)
{
    size_t size = 0;
    for (size_t i = 0; i < points; i++) {
        if (next_random(seed) % 64 == 0) {
            text[size++] = (uint8_t)(0x80 + next_random(seed) % 0x80);
        } else {
            size += utf8_encode(text + size, some_point(seed));
        }
    }
    return size;
}

static void random_text_folds_as_the_procedure_does(void **state)
{
    (void)state;
    uint64_t seed = 77001;
    print_message("seed %llu\n", (unsigned long long)seed);
    struct folder folder = {.size = 0};
    struct fold_work work = {.count = 0};
    for (int round = 0; round < 20000; round++) {
        uint8_t text[64 * UTF8_BYTES_MAX];
        size_t size = make_text(&seed, text, 1 + next_random(&seed) % 64);
        assert_int_equal(folder_run(&folder, bytes_of(text, size)), 0);
        fold_by_procedure(&work, bytes_of(text, size));
        if (!same_as_procedure(&folder, &work)) {
            fail_msg("round %d differs", round);
        }
    }
    folder_release(&folder);
    fold_work_release(&work);
}

static void every_code_point_folds_once_and_for_all(void **state)
{
    (void)state;
    struct folder once = {.size = 0};
    struct folder twice = {.size = 0};
    struct fold_work work = {.count = 0};
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        uint8_t bytes[UTF8_BYTES_MAX];
        point = point == 0xd800 ? 0xe000 : point;
        if (point == 0x32400) {
            point = 0xdff00; /* planes in which nothing is assigned */
        }
        size_t size = utf8_encode(bytes, point);
        assert_int_equal(folder_run(&once, bytes_of(bytes, size)), 0);
        fold_by_procedure(&work, bytes_of(bytes, size));
        bool same = same_as_procedure(&once, &work);
        assert_int_equal(folder_run(&twice, bytes_of(once.bytes, once.size)), 0);
        if (!same || !bytes_equal(bytes_of(once.bytes, once.size), bytes_of(twice.bytes, twice.size))) {
            fail_msg("U+%04X: folding is not the procedure, or changes what is folded", point);
        }
    }
    folder_release(&once);
    folder_release(&twice);
    fold_work_release(&work);
}

static void random_text_folded_twice_is_folded_once(void **state)
{
    (void)state;
    uint64_t seed = 77002;
    print_message("seed %llu\n", (unsigned long long)seed);
    struct folder once = {.size = 0};
    struct folder twice = {.size = 0};
    for (int round = 0; round < 20000; round++) {
        uint8_t text[32 * UTF8_BYTES_MAX];
        size_t size = make_text(&seed, text, 1 + next_random(&seed) % 32);
        assert_int_equal(folder_run(&once, bytes_of(text, size)), 0);
        assert_int_equal(folder_run(&twice, bytes_of(once.bytes, once.size)), 0);
        assert_true(bytes_equal(bytes_of(once.bytes, once.size), bytes_of(twice.bytes, twice.size)));
    }
    folder_release(&once);
    folder_release(&twice);
}

static void spans_lead_back_to_the_source(void **state)
{
    (void)state;
    struct folder folder = {.size = 0};
    /* ab, i with a mark, ss from one, c, a soft hyphen, d */
    assert_int_equal(folder_run(&folder, bytes_of_string("abi\u0301\ufb01\u0436c\u00add")), 0);
    assert_true(bytes_equal(bytes_of(folder.bytes, folder.size), bytes_of_string("abifi\u0436cd")));
    static const struct fold_span expected[] = {{0, 0, 0}, {2, 2, 5}, {3, 5, 8}, {5, 8, 0}, {7, 10, 13}, {8, 13, 0}};
    assert_int_equal(folder.span_count, sizeof expected / sizeof expected[0]);
    assert_memory_equal(folder.spans, expected, sizeof expected);
    assert_int_equal(folder_run(&folder, bytes_of_string("ascii")), 0);
    assert_int_equal(folder.span_count, 0);
    folder_release(&folder);
}

static void a_long_run_of_marks_takes_linear_time(void **state)
{
    (void)state;
    static uint8_t text[900000];
    static const char marks[] = "\u05b7\u05b0"; /* in the wrong order all along */
    text[0] = 'a';
    for (size_t i = 1; i < sizeof text; i++) {
        text[i] = (uint8_t)marks[(i - 1) % 4];
    }
    struct folder folder = {.size = 0};
    assert_int_equal(folder_run(&folder, bytes_of(text, sizeof text - 3)), 0);
    assert_int_equal(folder.size, sizeof text - 3);
    assert_memory_equal(folder.bytes, "a\u05b0\u05b0", 5);
    assert_memory_equal(folder.bytes + folder.size - 4, "\u05b7\u05b7", 4);
    folder_release(&folder);
}

/* Folds with each allocation failing in turn; returns how many there are. */
static unsigned long fail_each_allocation(const char *piece, size_t count)
{
    static char text[4096];
    unsigned long n = 0;
    int status = AISLE_NO_MEMORY;
    assert_true(strlen(piece) * count < sizeof text);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        strcat(text, piece);
    }
    while (status != 0) {
        struct folder folder = {0};
        alloc_fail_at(++n, 0);
        status = folder_run(&folder, bytes_of_string(text));
        alloc_fail_at(0, 0);
        assert_true(status == 0 || status == AISLE_NO_MEMORY);
        folder_release(&folder);
    }
    return n - 1;
}

static void folding_without_memory_is_told_wherever_it_runs_out(void **state)
{
    (void)state;
    assert_true(fail_each_allocation("Ab\u00c9e\u0301\u0345 \u00ad\u1100\u1161\u212b\u0915\u094d\xff", 40) > 10);
    assert_true(fail_each_allocation("\ufdfa", 100) > 5);    /* three bytes to 33 */
    assert_true(fail_each_allocation("\u0587", 1000) > 5);   /* two bytes to four, one character after the other */
    assert_true(fail_each_allocation("\u094d", 1000) > 5);   /* marks that stay, all of them one cluster */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_and_accents_are_folded_away),
        cmocka_unit_test(compatibility_forms_are_folded_away),
        cmocka_unit_test(turkish_dots_fold_as_unicode_does_by_default),
        cmocka_unit_test(quotation_marks_become_apostrophes),
        cmocka_unit_test(ignorable_characters_are_dropped),
        cmocka_unit_test(scripts_that_need_their_marks_stay_whole),
        cmocka_unit_test(marks_come_into_canonical_order),
        cmocka_unit_test(bytes_that_are_no_utf8_become_replacement_characters),
        cmocka_unit_test(random_text_folds_as_the_procedure_does),
        cmocka_unit_test(every_code_point_folds_once_and_for_all),
        cmocka_unit_test(random_text_folded_twice_is_folded_once),
        cmocka_unit_test(spans_lead_back_to_the_source),
        cmocka_unit_test(a_long_run_of_marks_takes_linear_time),
        cmocka_unit_test(folding_without_memory_is_told_wherever_it_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
