/*
 * test_query_parse.c - each rule of the query text, on the side where it holds and on the side where it does not.
 *
 * Trees are compared as text: (and a b), (or a b), (any a b), (not a b), a* for prefixes, first:a for words of the
 * first text field only, {a|b} for the stems of several languages. A phrase is [fields: steps ~slop], fields being the
 * ranks it looks in and a step from-to:word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "query/query.h"

#include <stdio.h>

#define PLAIN                                                                                                          \
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\",\"weight\":5},"       \
    "\"brand\":{\"type\":\"keyword\",\"search_weight\":3},\"size\":{\"type\":\"keyword\"},\"price\":{\"type\":"        \
    "\"decimal\"},\"notes\":{\"type\":\"text\",\"positions\":false}}}"
#define TWO_LANGUAGES                                                                                                  \
    "{\"version\":1,\"id\":\"id\",\"language\":\"english\",\"fields\":{\"title\":{\"type\":\"text\"},"                 \
    "\"titel\":{\"type\":\"text\",\"language\":\"german\"}}}"
#define NO_POSITIONS                                                                                                   \
    "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\",\"positions\":false}}}"
#define NO_TEXT "{\"version\":1,\"id\":\"id\",\"fields\":{\"brand\":{\"type\":\"keyword\",\"search_weight\":3}}}"

static char shown[16384];
static aisle_error error;

static void show(const struct query_node *node, struct buf *out);

static void show_phrase(const struct query_node *node, struct buf *out)
{
    buf_put_string(out, "[");
    for (unsigned i = 0; i < 64; i++) {
        if ((node->fields >> i & 1) != 0) {
            buf_printf(out, "%u", i);
        }
    }
    buf_put_string(out, ":");
    for (uint32_t i = 0; i < node->child_count; i++) {
        buf_printf(out, " %u-%u:", node->steps[i].from, node->steps[i].to);
        show(node->children[i], out);
    }
    assert_int_equal(node->steps[node->child_count - 1].to, node->length);
    if (node->slop != 0) {
        buf_printf(out, " ~%u", node->slop);
    }
    buf_put_string(out, "]");
}

static void show(const struct query_node *node, struct buf *out)
{
    if (node->kind == QUERY_PHRASE) {
        show_phrase(node, out);
        return;
    }
    static const char *const names[] = {"all", "nothing", "", "and", "or", "any", "", "not"};
    if (node->kind == QUERY_TERMS) {
        buf_put_string(out, node->first_only ? "first:" : "");
        for (uint32_t i = 0; i < node->term_count; i++) {
            buf_put_string(out, node->term_count == 1 ? "" : i == 0 ? "{" : "|");
            buf_put(out, node->terms[i].data, node->terms[i].size);
        }
        buf_put_string(out, node->term_count == 1 ? "" : "}");
        buf_put_string(out, node->prefix ? "*" : "");
        return;
    }
    if (node->kind == QUERY_ALL || node->kind == QUERY_NOTHING) {
        buf_put_string(out, names[node->kind]);
        return;
    }
    buf_printf(out, "(%s", names[node->kind]);
    for (uint32_t i = 0; i < node->child_count; i++) {
        buf_put_string(out, " ");
        show(node->children[i], out);
    }
    buf_put_string(out, ")");
}

static int parse(const char *schema_json, const char *text)
{
    struct schema *schema = NULL;
    struct analyser *analyser = NULL;
    struct arena arena;
    struct query_node *root = NULL;
    struct buf out;
    arena_init(&arena, LIMIT_QUERY_MEMORY_BYTES);
    buf_init(&out, sizeof shown - 1);
    error = (aisle_error){.code = 0};
    assert_int_equal(schema_parse(bytes_of_string(schema_json), &schema, NULL), 0);
    assert_int_equal(analyser_new(&analyser), 0);
    int status = query_parse(bytes_of_string(text), schema, analyser, &arena, &root, &error);
    shown[0] = '\0';
    if (status == 0) {
        assert_non_null(root);
        show(root, &out);
        assert_int_equal(buf_status(&out), 0);
        memcpy(shown, out.data, out.size);
        shown[out.size] = '\0';
    } else {
        assert_null(root);
        assert_int_equal(error.code, status);
    }
    buf_release(&out);
    arena_release(&arena);
    analyser_free(analyser);
    schema_free(schema);
    return status;
}

static void expect(const char *text, const char *tree)
{
    assert_int_equal(parse(PLAIN, text), 0);
    if (strcmp(shown, tree) != 0) {
        print_message("query: %s\n", text);
    }
    assert_string_equal(shown, tree);
}

static void refuse(const char *text, int status, size_t position)
{
    assert_int_equal(parse(PLAIN, text), status);
    assert_int_equal(error.position, position);
    assert_true(error.message[0] != '\0');
}

static void blank_text_browses_and_text_without_words_matches_nothing(void **state)
{
    (void)state;
    expect("", "all");
    expect(" \t\r\n ", "all");
    expect("!!", "nothing");
    expect("!! ?? *", "nothing");
    expect("-", "nothing");
    expect("\"", "nothing");
    expect("red !!", "red");
}

static void words_must_all_match_and_repeats_stay(void **state)
{
    (void)state;
    expect("Red", "red");
    expect("red shoe", "(and red shoe)");
    expect("  red   shoe ", "(and red shoe)");
    expect("red red", "(and red red)");
    expect("cr\xc3\xa8me", "creme");
}

static void neighbouring_pieces_are_analysed_together(void **state)
{
    (void)state;
    expect("64 gb", "64gb");
    expect("usb 64 gb stick", "(and usb 64gb stick)");
    expect("64 -gb", "(not 64 gb)");
    expect("64 OR gb", "(or 64 gb)");
    expect("64 title:gb", "(and 64 first:gb)");
}

static void minus_excludes_what_follows_directly(void **state)
{
    (void)state;
    expect("red -blue", "(not red blue)");
    expect("-blue", "(not all blue)");
    expect("-blue -green", "(not all (or blue green))");
    expect("red - blue", "(and red blue)");
    expect("red -blue shoe", "(not (and red shoe) blue)");
    expect("-wi-fi x", "(not x (any wifi (and wi fi)))");
    expect("-!! red", "red");
    expect("--blue red", "(not red blue)");
    expect("-sho* red", "(not red sho*)");
    expect("-title:blue red", "(not red first:blue)");
}

static void or_joins_the_pieces_beside_it_and_chains(void **state)
{
    (void)state;
    expect("a OR b", "(or a b)");
    expect("a OR b OR c", "(or a b c)");
    expect("a b OR c d", "(and a (or b c) d)");
    expect("a OR b c OR d", "(and (or a b) (or c d))");
    expect("a or b", "(and a or b)");
    expect("a Or b", "(and a or b)");
    expect("OR a", "(and or a)");
    expect("a OR", "(and a or)");
    expect("OR", "or");
    expect("a ORb", "(and a orb)");
    expect("a OR !!", "a");
    expect("!! OR ??", "nothing");
    expect("a OR wi-fi", "(or a (any wifi (and wi fi)))");
    expect("a OR b*", "(or a b*)");
    expect("title:a OR title:b", "(or first:a first:b)");
    expect("x-y OR z -q", "(not (or xy z) q)");
    expect("xy-z OR z -q", "(not (or (any xyz (and xy z)) z) q)");
}

static void compound_is_its_joined_term_or_all_its_parts(void **state)
{
    (void)state;
    expect("t-shirt", "(any tshirt (and t shirt))");
    expect("red t-shirt xl", "(and red (any tshirt (and t shirt)) xl)");
    expect("a-b-c-d", "abcd"); /* of letters alone, which stand anywhere, no product is known */
    expect("a-b-c-dd", "(any abcdd (and a b c dd))");
    expect("1-2", "(any 12 (and 1 2))");
    expect("a-b-c-d-e", "(and a b c d e)");
    expect("aa/b", "(and aa b)");
    expect("a/b", "ab"); /* as "a/c" is "ac" */
    expect("usb-64gb", "(any usb64gb (and usb 64gb))");
}

static void star_directly_behind_a_word_makes_a_prefix(void **state)
{
    (void)state;
    expect("sho*", "sho*");
    expect("red sho*", "(and red sho*)");
    expect("sho* red", "(and sho* red)");
    expect("sho* 64 gb", "(and sho* 64gb)");
    expect("red *", "red");
    expect("sho**", "sho");
    expect("sho!*", "sho");
    expect("*sho", "sho");
    expect("sh*o", "(and sh o)");
    expect("t-sh*", "(any tsh* (and t sh*))");
    expect("\xc3\xbc*", "u*");
    expect("red \xe2\x82\xac*", "red"); /* behind a sign, not behind a word */
    expect("red\xe2\x80\xa6*", "red");
    assert_int_equal(parse(TWO_LANGUAGES, "running*"), 0);
    assert_string_equal(shown, "{running|run}*");
}

static void field_restricts_to_itself_alone(void **state)
{
    (void)state;
    expect("title:red", "first:red");
    expect("title:red shoe", "(and first:red shoe)");
    expect("title:re*", "first:re*");
    expect("title:t-shirt", "(any first:tshirt (and first:t first:shirt))");
    expect("title:", "title");
    expect("colour:red", "(and colour red)");
    expect("price:5", "(and price 5)");
    expect("size:xl", "(and size xl)");
    expect(":red", "red");
    expect("brand:nike", "[1: 0-1:nike]");
    expect("notes:nike", "[2: 0-1:nike]");
    expect("red -brand:ni*", "(not red [1: 0-1:ni*])");
    expect("brand:wi-fi", "(any [1: 0-1:wifi] (and [1: 0-1:wi] [1: 0-1:fi]))");
    expect("brand:a OR notes:b", "(or [1: 0-1:a] [2: 0-1:b])");
    assert_int_equal(parse(NO_TEXT, "brand:nike"), 0);
    assert_string_equal(shown, "first:nike");
}

static void quotes_make_a_phrase_of_several_words(void **state)
{
    (void)state;
    expect("\"red shoe\"", "[01: 0-1:red 1-2:shoe]");
    expect("big \"red shoe\" x", "(and big [01: 0-1:red 1-2:shoe] x)");
    expect("\"a b\"c", "(and [01: 0-1:a 1-2:b] c)");
    expect("\"a b\"\"c d\"", "(and [01: 0-1:a 1-2:b] [01: 0-1:c 1-2:d])");
    expect("big -\"red shoe\"", "(not big [01: 0-1:red 1-2:shoe])");
    expect("title:\"red shoe\"", "[0: 0-1:first:red 1-2:first:shoe]");
    expect("-brand:\"a b\"", "(not all [1: 0-1:a 1-2:b])");
    expect("\"a b\" OR c", "(or [01: 0-1:a 1-2:b] c)");
    expect("c OR \"a b\"", "(or c [01: 0-1:a 1-2:b])");
    expect("\"a OR b\"", "[01: 0-1:a 1-2:or 2-3:b]");
    expect("\"red sho*\"", "[01: 0-1:red 1-2:sho*]");
    expect("\"re* shoe\"", "[01: 0-1:re 1-2:shoe]");
    expect("\"64 gb usb\"", "[01: 0-1:64gb 1-2:usb]");
    expect("\"a t-shirt b\"", "[01: 0-1:a 1-2:t 2-3:shirt 1-3:tshirt 3-4:b]");
    expect("\"t-sh*\"", "[01: 0-1:t 1-2:sh* 0-2:tsh*]");
    assert_int_equal(parse(TWO_LANGUAGES, "\"running shoes\""), 0);
    assert_string_equal(shown, "[01: 0-1:{run|running} 1-2:{shoe|shoes}]");
}

static void phrase_of_one_word_or_none_is_none(void **state)
{
    (void)state;
    expect("\"red\"", "red");
    expect("\"red\"~3", "red");
    expect("title:\"red\"", "first:red");
    expect("brand:\"red\"", "[1: 0-1:red]");
    expect("notes:\"red\"", "[2: 0-1:red]");
    expect("\"64 gb\"", "64gb");
    expect("\"\"", "nothing");
    expect("\"!!\" red", "red");
    expect("-\"\" red", "red");
}

static void quotes_that_open_no_phrase_are_text(void **state)
{
    (void)state;
    expect("\"red", "red");
    expect("\"red shoe", "(and red shoe)");
    expect("tv 65\"", "(and tv 65in)"); /* inches */
    expect("3/4\" hose 1/2\" tap", "(and 3/4in hose 1/2in tap)");
    expect("x:\"a b\"", "(and x a b)");
}

static void slop_stands_behind_the_closing_quote(void **state)
{
    (void)state;
    expect("\"a b\"~0", "[01: 0-1:a 1-2:b]");
    expect("\"a b\"~3", "[01: 0-1:a 1-2:b ~3]");
    expect("\"a b\"~63 c", "(and [01: 0-1:a 1-2:b ~63] c)");
    expect("\"a b\"~3c", "(and [01: 0-1:a 1-2:b ~3] c)");
    expect("\"a b\"~", "[01: 0-1:a 1-2:b]");
    expect("\"a b\" ~3", "(and [01: 0-1:a 1-2:b] 3)");
    expect("\"a b\"~-3", "(and [01: 0-1:a 1-2:b] 3)");
    refuse("\"a b\"~64", AISLE_LIMIT, 6);
    refuse("x \"a b\"~99999999999999999999", AISLE_LIMIT, 8);
}

static void phrases_need_a_field_with_positions(void **state)
{
    (void)state;
    refuse("notes:\"a b\"", AISLE_BAD_QUERY, 7);
    refuse("x -notes:\"a b\"", AISLE_BAD_QUERY, 10);
    assert_int_equal(parse(NO_POSITIONS, "\"a b\""), AISLE_BAD_QUERY);
    assert_int_equal(parse(NO_POSITIONS, "title:\"a b\""), AISLE_BAD_QUERY);
    assert_int_equal(parse(NO_POSITIONS, "\"a\""), 0);
}

static void each_language_gives_a_stem_and_equal_ones_are_one(void **state)
{
    (void)state;
    assert_int_equal(parse(TWO_LANGUAGES, "red"), 0);
    assert_string_equal(shown, "red");
    assert_int_equal(parse(TWO_LANGUAGES, "running"), 0);
    assert_string_equal(shown, "{run|running}");
    assert_int_equal(parse(TWO_LANGUAGES, "title:running"), 0);
    assert_string_equal(shown, "first:{run|running}");
}

static void query_takes_as_many_words_and_bytes_as_the_limits_say(void **state)
{
    (void)state;
    char text[LIMIT_QUERY_BYTES + 2];
    size_t size = 0;
    for (unsigned i = 0; i < LIMIT_QUERY_TERMS; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "w%ux ", i);
    }
    assert_int_equal(parse(PLAIN, text), 0);
    memcpy(text + size, "x", 2);
    assert_int_equal(parse(PLAIN, text), AISLE_LIMIT);
    memset(text, 'a', sizeof text);
    text[LIMIT_QUERY_BYTES] = '\0';
    assert_int_equal(parse(PLAIN, text), 0);
    assert_int_equal(strlen(shown), LIMIT_TERM_BYTES);
    text[LIMIT_QUERY_BYTES] = 'a';
    text[LIMIT_QUERY_BYTES + 1] = '\0';
    assert_int_equal(parse(PLAIN, text), AISLE_LIMIT);
    /* Parts and joined token of a compound all count: 21 times 3 are 63. */
    size = 0;
    for (unsigned i = 0; i < 21; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "x-y%u ", i);
    }
    assert_int_equal(parse(PLAIN, text), 0);
    memcpy(text + size, "a b", 4);
    assert_int_equal(parse(PLAIN, text), AISLE_LIMIT);
}

/* Seed 20261: whatever is typed is answered, refused or limited. */
static void any_mixture_of_signs_and_words_parses(void **state)
{
    (void)state;
    static const char *const parts[] = {"a", "OR", "-", "title:", "*",  "\"", " ",
                                        " ", " ",  "64", "gb",    "-b", "x*", "~2"};
    uint64_t seed = 20261;
    for (unsigned round = 0; round < 400; round++) {
        char text[256] = "";
        for (unsigned i = 0; i < 20; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            strcat(text, parts[(seed >> 33) % (sizeof parts / sizeof parts[0])]);
        }
        int status = parse(PLAIN, text);
        assert_true(status == 0 || status == AISLE_BAD_QUERY || status == AISLE_LIMIT);
        assert_true(status == 0 || error.position < strlen(text));
    }
}

static void signs_that_mean_nothing_are_passed_over(void **state)
{
    (void)state;
    expect("a\x01" "b", "(and a b)");
    expect("\xc2\xad*", "nothing"); /* a soft hyphen is no word, so there is none to complete */
    expect("a OR b OR -c", "(not (and (or a b) or) c)"); /* nothing to choose, so it is a word */
    assert_int_equal(parse(NO_POSITIONS, "\"a b\" OR c"), AISLE_BAD_QUERY);
}

static void languages_of_a_schema_are_known_and_told_once(void **state)
{
    (void)state;
    static const char unknown[] =
        "{\"version\":1,\"id\":\"id\",\"fields\":{\"t\":{\"type\":\"text\",\"language\":\"klingon\"}}}";
    static const char repeated[] =
        "{\"version\":1,\"id\":\"id\",\"language\":\"english\",\"fields\":{\"a\":{\"type\":\"text\"},"
        "\"b\":{\"type\":\"text\",\"language\":\"german\"},\"c\":{\"type\":\"text\"}}}";
    assert_int_equal(parse(unknown, "a"), AISLE_BAD_SCHEMA);
    assert_non_null(strstr(error.message, "unknown language \"klingon\""));
    assert_int_equal(parse(repeated, "running"), 0);
    assert_string_equal(shown, "{run|running}");
}

/* Whatever is left of the query's memory, parsing is done or refused. */
static void query_out_of_memory_is_refused_wherever_that_happens(void **state)
{
    (void)state;
    static const char *const texts[] = {"red t-shirt brand:x -blue -title:y a OR b \"c d-e\" brand:\"f\" g*", "-blue"};
    struct schema *schema = NULL;
    struct analyser *analyser = NULL;
    unsigned refused = 0;
    assert_int_equal(schema_parse(bytes_of_string(PLAIN), &schema, NULL), 0);
    assert_int_equal(analyser_new(&analyser), 0);
    for (size_t room = 0, i = 0; i < 2; room += 16) {
        struct query_node *root = NULL;
        struct arena arena;
        arena_init(&arena, LIMIT_QUERY_MEMORY_BYTES);
        assert_non_null(arena_alloc(&arena, (size_t)1 << 20));
        arena.used -= room < arena.used ? room : arena.used;
        arena.max_bytes = arena.total_bytes + room; /* no further chunk, unless objects are guarded one by one */
        int status = query_parse(bytes_of_string(texts[i]), schema, analyser, &arena, &root, &error);
        assert_true(status == 0 || (status == AISLE_NO_MEMORY && root == NULL));
        refused += status != 0;
        room = status == 0 ? 0 : room;
        i += status == 0;
        arena_release(&arena);
    }
    assert_true(refused > 100);
    analyser_free(analyser);
    assert_int_equal(analyser_new(&analyser), 0); /* of which nothing is warm */
    struct query_node *root = NULL;
    struct arena arena;
    arena_init(&arena, LIMIT_QUERY_MEMORY_BYTES);
    assert_non_null(arena_alloc(&arena, 1));
    alloc_fail_at(1, 1);
    int status = query_parse(bytes_of_string("red"), schema, analyser, &arena, &root, &error);
    alloc_fail_at(0, 0);
    assert_int_equal(status, AISLE_NO_MEMORY);
    arena_release(&arena);
    analyser_free(analyser);
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blank_text_browses_and_text_without_words_matches_nothing),
        cmocka_unit_test(words_must_all_match_and_repeats_stay),
        cmocka_unit_test(neighbouring_pieces_are_analysed_together),
        cmocka_unit_test(minus_excludes_what_follows_directly),
        cmocka_unit_test(or_joins_the_pieces_beside_it_and_chains),
        cmocka_unit_test(compound_is_its_joined_term_or_all_its_parts),
        cmocka_unit_test(star_directly_behind_a_word_makes_a_prefix),
        cmocka_unit_test(field_restricts_to_itself_alone),
        cmocka_unit_test(quotes_make_a_phrase_of_several_words),
        cmocka_unit_test(phrase_of_one_word_or_none_is_none),
        cmocka_unit_test(quotes_that_open_no_phrase_are_text),
        cmocka_unit_test(slop_stands_behind_the_closing_quote),
        cmocka_unit_test(phrases_need_a_field_with_positions),
        cmocka_unit_test(each_language_gives_a_stem_and_equal_ones_are_one),
        cmocka_unit_test(query_takes_as_many_words_and_bytes_as_the_limits_say),
        cmocka_unit_test(any_mixture_of_signs_and_words_parses),
        cmocka_unit_test(signs_that_mean_nothing_are_passed_over),
        cmocka_unit_test(languages_of_a_schema_are_known_and_told_once),
        cmocka_unit_test(query_out_of_memory_is_refused_wherever_that_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
