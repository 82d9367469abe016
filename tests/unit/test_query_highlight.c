/*
 * test_query_highlight.c - what is marked in a text, what is not, which piece of a long one is shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "query/highlight.h"

#include <string.h>

#define SCHEMA                                                                                                    \
    "{\"version\":1,\"id\":\"id\",\"language\":\"english\",\"fields\":{\"title\":{\"type\":\"text\",\"weight\":5}," \
    "\"body\":{\"type\":\"text\"}}}"

static char shown[4096];

/* Highlights text of the field (0 title, 1 body) for a query; how many leaves were found. */
static uint32_t mark(const char *query, unsigned rank, const char *text, uint32_t snippet_words)
{
    struct schema *schema = NULL;
    struct analyser *analyser = NULL;
    struct arena arena;
    struct buf out;
    struct query_node *root = NULL;
    struct highlight_words words;
    uint32_t found;
    arena_init(&arena, LIMIT_QUERY_MEMORY_BYTES);
    buf_init(&out, sizeof shown - 1);
    assert_int_equal(schema_parse(bytes_of_string(SCHEMA), &schema, NULL), 0);
    assert_int_equal(analyser_new(&analyser), 0);
    assert_int_equal(query_parse(bytes_of_string(query), schema, analyser, &arena, &root, NULL), 0);
    assert_int_equal(highlight_collect(root, schema, &arena, &words), 0);
    struct highlight_field field = {.rank = (uint8_t)rank};
    assert_int_equal(text_language_find("english", &field.language), 0);
    struct highlight_style style = {bytes_of_string("["), bytes_of_string("]"), snippet_words, false};
    assert_int_equal(highlight_text(&words, &field, &style, bytes_of_string(text), analyser, &arena, &out, &found), 0);
    memcpy(shown, out.data == NULL ? (const uint8_t *)"" : out.data, out.size);
    shown[out.size] = '\0';
    buf_release(&out);
    arena_release(&arena);
    analyser_free(analyser);
    schema_free(schema);
    return found;
}

static void words_are_marked_by_their_stems(void **state)
{
    (void)state;
    assert_int_equal(mark("shoe running", 0, "Red Shoes for Running, and a shoelace", 0), 2);
    assert_string_equal(shown, "Red [Shoes] for [Running], and a shoelace");
    assert_int_equal(mark("shoe", 0, "Nothing here", 0), 0);
    assert_string_equal(shown, "Nothing here");
    assert_int_equal(mark("", 0, "Browsing marks nothing", 0), 0);
    assert_string_equal(shown, "Browsing marks nothing");
}

static void a_prefix_marks_whole_words(void **state)
{
    (void)state;
    assert_int_equal(mark("head*", 0, "Headphones, a headset; ahead", 0), 1);
    assert_string_equal(shown, "[Headphones], a [headset]; ahead");
}

static void compounds_are_marked_once(void **state)
{
    (void)state;
    mark("t-shirt", 0, "A T-Shirt, a tshirt, a shirt", 0);
    assert_non_null(strstr(shown, "A [T-Shirt], a [tshirt]"));
}

static void what_products_are_found_by_is_marked(void **state)
{
    (void)state;
    mark("rtx4070 128 电", 0, "RTX 4070 Ti with 128 GB, 电话", 0);
    assert_string_equal(shown, "[RTX 4070] Ti with [128 GB], [电]话");
    mark("1.5l 电话", 0, "1500 ml, 电话机", 0);
    assert_string_equal(shown, "[1500 ml], [电话]机");
}

static void what_is_excluded_or_of_another_field_is_not_marked(void **state)
{
    (void)state;
    assert_int_equal(mark("red -shoe", 0, "red shoe", 0), 1);
    assert_string_equal(shown, "[red] shoe");
    assert_int_equal(mark("title:red shoe", 1, "red shoe", 0), 1);
    assert_string_equal(shown, "red [shoe]");
    assert_int_equal(mark("title:red shoe", 0, "red shoe", 0), 2);
    assert_string_equal(shown, "[red] [shoe]");
}

static void text_is_safe_for_html(void **state)
{
    (void)state;
    mark("b", 0, "<b onclick=\"x('y')\">a & b</b>", 0);
    assert_string_equal(shown, "&lt;[b] onclick=&quot;x(&#39;y&#39;)&quot;&gt;a &amp; [b]&lt;/[b]&gt;");
}

static void a_snippet_shows_where_most_of_the_query_stands(void **state)
{
    (void)state;
    const char *text = "one red thing two three four five six seven a red wool shoe eight nine ten eleven twelve";
    assert_int_equal(mark("red shoe", 1, text, 5), 2);
    assert_string_equal(shown, "\xe2\x80\xa6 a [red] wool [shoe] eight \xe2\x80\xa6");
    assert_int_equal(mark("twelve", 1, text, 4), 1);
    assert_string_equal(shown, "\xe2\x80\xa6 nine ten eleven [twelve]");
    assert_int_equal(mark("one", 1, text, 4), 1);
    assert_string_equal(shown, "[one] red thing two \xe2\x80\xa6");
    assert_int_equal(mark("absent", 1, text, 3), 0);
    assert_string_equal(shown, "one red thing \xe2\x80\xa6");
    assert_int_equal(mark("wool", 1, text, 100), 1);
    assert_non_null(strstr(shown, "one red thing two"));
    assert_int_equal(mark("wool", 1, "", 3), 0);
    assert_string_equal(shown, "");
}

static void letters_of_several_bytes_are_cut_whole(void **state)
{
    (void)state;
    assert_int_equal(mark("creme", 0, "La Cr\xc3\xa8me br\xc3\xbbl\xc3\xa9" "e", 0), 1);
    assert_string_equal(shown, "La [Cr\xc3\xa8me] br\xc3\xbbl\xc3\xa9" "e");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_marked_by_their_stems),
        cmocka_unit_test(a_prefix_marks_whole_words),
        cmocka_unit_test(compounds_are_marked_once),
        cmocka_unit_test(what_products_are_found_by_is_marked),
        cmocka_unit_test(what_is_excluded_or_of_another_field_is_not_marked),
        cmocka_unit_test(text_is_safe_for_html),
        cmocka_unit_test(a_snippet_shows_where_most_of_the_query_stands),
        cmocka_unit_test(letters_of_several_bytes_are_cut_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
