/*
 * test_text_normalisation.c - conformance with Unicode's NormalizationTest (Debian's package unicode-data; skipped
 * without it): utf8proc as we use it, and folding, which may not tell apart what is equivalent.
 *
 * A line of the test has five columns c1 to c5: a source and its NFC, NFD, NFKC and NFKD. The data may be of another
 * version of Unicode than utf8proc: lines with code points that the library does not know are left out.
 */
#include "base/utf8.h"
#include "text/text.h"

#include <utf8proc.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define DATA "/usr/share/unicode/NormalizationTest.txt.bz2"
#define COLUMNS 5u
#define POINTS_MAX 64u
#define COLUMN_BYTES (POINTS_MAX * UTF8_BYTES_MAX)

struct column {
    int32_t points[POINTS_MAX];
    size_t count;
};

static int compare_points(const struct column *a, const struct column *b)
{
    return a->count == b->count ? memcmp(a->points, b->points, a->count * sizeof a->points[0]) : 1;
}

static void normalise(const struct column *source, int options, struct column *out)
{
    char bytes[COLUMN_BYTES];
    utf8proc_ssize_t size = 0;
    for (size_t i = 0; i < source->count; i++) {
        size += (utf8proc_ssize_t)utf8_encode((uint8_t *)bytes + size, (uint32_t)source->points[i]);
    }
    utf8proc_ssize_t count = utf8proc_decompose((const utf8proc_uint8_t *)bytes, size, out->points, POINTS_MAX,
                                                (utf8proc_option_t)options);
    assert_in_range(count, 0, POINTS_MAX);
    if ((options & UTF8PROC_COMPOSE) != 0) {
        count = utf8proc_normalize_utf32(out->points, count, (utf8proc_option_t)options);
    }
    out->count = (size_t)count;
}

static bool parse_line(const char *line, struct column columns[COLUMNS])
{
    const char *p = line;
    for (size_t c = 0; c < COLUMNS; c++) {
        columns[c].count = 0;
        while (*p != ';') {
            char *end;
            long point = strtol(p, &end, 16);
            if (end == p || columns[c].count == POINTS_MAX) {
                return false;
            }
            columns[c].points[columns[c].count++] = (int32_t)point;
            p = end;
        }
        p++;
    }
    return true;
}

static bool is_known(const struct column columns[COLUMNS])
{
    for (size_t c = 0; c < COLUMNS; c++) {
        for (size_t i = 0; i < columns[c].count; i++) {
            if (utf8proc_category(columns[c].points[i]) == UTF8PROC_CATEGORY_CN) {
                return false;
            }
        }
    }
    return true;
}

/* The rules at the head of the data: columns that each form must turn into which. */
static bool normalises_rightly(const struct column columns[COLUMNS])
{
    const int stable = UTF8PROC_STABLE;
    for (size_t c = 0; c < COLUMNS; c++) {
        struct column nfc;
        struct column nfd;
        struct column nfkc;
        struct column nfkd;
        normalise(&columns[c], stable | UTF8PROC_COMPOSE, &nfc);
        normalise(&columns[c], stable | UTF8PROC_DECOMPOSE, &nfd);
        normalise(&columns[c], stable | UTF8PROC_COMPOSE | UTF8PROC_COMPAT, &nfkc);
        normalise(&columns[c], stable | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &nfkd);
        if (compare_points(&nfc, &columns[c < 3 ? 1 : 3]) != 0 || compare_points(&nfd, &columns[c < 3 ? 2 : 4]) != 0 ||
            compare_points(&nfkc, &columns[3]) != 0 || compare_points(&nfkd, &columns[4]) != 0) {
            return false;
        }
    }
    return true;
}

static struct bytes fold(struct analyser *analyser, struct bytes text, uint8_t *kept)
{
    struct bytes folded;
    assert_int_equal(analyser_fold(analyser, text, &folded), 0);
    assert_in_range(folded.size, 0, COLUMN_BYTES);
    memcpy(kept, folded.data, folded.size);
    return bytes_of(kept, folded.size);
}

/* All five columns fold alike, and what is folded stays. */
static bool folds_alike(struct analyser *analyser, const struct column columns[COLUMNS])
{
    uint8_t first[COLUMN_BYTES];
    uint8_t other[COLUMN_BYTES];
    struct bytes expected = bytes_of(NULL, 0);
    for (size_t c = 0; c < COLUMNS; c++) {
        uint8_t source[COLUMN_BYTES];
        size_t size = 0;
        for (size_t i = 0; i < columns[c].count; i++) {
            size += utf8_encode(source + size, (uint32_t)columns[c].points[i]);
        }
        struct bytes folded = fold(analyser, bytes_of(source, size), c == 0 ? first : other);
        expected = c == 0 ? folded : expected;
        if (!bytes_equal(folded, expected)) {
            return false;
        }
    }
    return bytes_equal(fold(analyser, expected, other), expected);
}

static void check_lines(FILE *file, struct analyser *analyser)
{
    char line[2048];
    size_t lines = 0;
    size_t unknown = 0;
    size_t not_normalised = 0;
    size_t not_alike = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        struct column columns[COLUMNS];
        if (line[0] == '#' || line[0] == '@' || line[0] == '\n') {
            continue;
        }
        assert_true(parse_line(line, columns));
        lines++;
        if (!is_known(columns)) {
            unknown++;
            continue;
        }
        if (!normalises_rightly(columns)) {
            not_normalised++;
            print_message("not normalised: %s", line);
        }
        if (!folds_alike(analyser, columns)) {
            not_alike++;
            print_message("not folded alike: %s", line);
        }
    }
    print_message("%zu lines, %zu with unknown code points\n", lines, unknown);
    assert_in_range(lines, 18000, 100000);
    assert_in_range(unknown, 0, lines / 100);
    assert_int_equal(not_normalised, 0);
    assert_int_equal(not_alike, 2); /* U+2120 and U+2122, which folding makes spaces */
}

static void normalisation_and_folding_conform_to_the_unicode_test(void **state)
{
    (void)state;
    if (access(DATA, R_OK) != 0) {
        skip();
    }
    struct analyser *analyser = NULL;
    assert_int_equal(analyser_new(&analyser), 0);
    FILE *file = popen("bzip2 -dc " DATA, "r");
    assert_non_null(file);
    check_lines(file, analyser);
    assert_int_equal(pclose(file), 0);
    analyser_free(analyser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalisation_and_folding_conform_to_the_unicode_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
