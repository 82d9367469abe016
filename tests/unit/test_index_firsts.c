/*
 * test_index_firsts.c - answers to first keystrokes are those that were noted last for the same question and the same
 * generations, or none; and a catalog tells the same with what it keeps as without, behind every commit.
 */
#include "index/catalog.h"
#include "index_fixture.h"

static struct query_node leaf_of(struct bytes *term)
{
    return (struct query_node){.kind = QUERY_TERMS, .prefix = true, .terms = term, .term_count = 1, .weight = 256};
}

static void only_short_beginnings_are_kept(void **state)
{
    (void)state;
    struct first_key key = {.generations = 1};
    struct bytes term = bytes_of_string("abc");
    struct query_node leaf = leaf_of(&term);
    assert_true(first_key_make(&leaf, NULL, 0, FIRST_HITS, &key));
    assert_false(first_key_make(&leaf, NULL, 0, FIRST_HITS + 1, &key));
    leaf.prefix = false;
    assert_false(first_key_make(&leaf, NULL, 0, 1, &key));
    leaf.prefix = true;
    leaf.scope = 1;
    assert_false(first_key_make(&leaf, NULL, 0, 1, &key));
    leaf.scope = 0;
    term = bytes_of_string("abcd");
    assert_false(first_key_make(&leaf, NULL, 0, 1, &key));
    term = bytes_of_string("\xc3\xa4\xc3\xb6\xc3\xbc");
    assert_true(first_key_make(&leaf, NULL, 0, 1, &key));
}

static void questions_differ_by_all_that_decides_the_answer(void **state)
{
    (void)state;
    struct first_key keys[6];
    struct bytes terms[] = {bytes_of_string("ab"), bytes_of_string("ac")};
    struct query_node leaves[] = {leaf_of(&terms[0]), leaf_of(&terms[1])};
    assert_true(first_key_make(&leaves[0], NULL, 0, 10, &keys[0]));
    assert_true(first_key_make(&leaves[1], NULL, 0, 10, &keys[1]));
    assert_true(first_key_make(&leaves[0], "sales 2", 0, 10, &keys[2]));
    assert_true(first_key_make(&leaves[0], NULL, 5, 10, &keys[3]));
    assert_true(first_key_make(&leaves[0], NULL, 0, 11, &keys[4]));
    leaves[0].term_count = 1;
    leaves[0].weight = 128;
    assert_true(first_key_make(&leaves[0], NULL, 0, 10, &keys[5]));
    for (unsigned i = 0; i < 6; i++) {
        for (unsigned k = 0; k < i; k++) {
            assert_int_not_equal(keys[i].question, keys[k].question);
        }
    }
}

static void an_answer_is_the_one_noted_last(void **state)
{
    (void)state;
    struct firsts firsts;
    struct first_answer answer;
    struct query_hit hits[FIRST_HITS] = {{.score = 7, .document = 3}};
    assert_int_equal(firsts_init(&firsts), 0);
    const struct first_key key = {5, 11};
    const struct first_key later = {6, 11};
    assert_false(firsts_find(&firsts, &key, &answer));
    firsts_note(&firsts, &key, hits, 1, 2000);
    assert_true(firsts_find(&firsts, &key, &answer));
    assert_int_equal(answer.total, 2000);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.hits[0].document, 3);
    assert_false(firsts_find(&firsts, &later, &answer));
    firsts_note(&firsts, &key, hits, 0, 9);
    assert_true(firsts_find(&firsts, &key, &answer));
    assert_int_equal(answer.total, 9);
    for (uint64_t i = 0; i < 8 * LIMIT_FIRSTS; i++) { /* however many come in between */
        const struct first_key other = {5, i};
        firsts_note(&firsts, &other, hits, 1, i);
        assert_true(firsts_find(&firsts, &other, &answer));
        assert_int_equal(answer.total, i);
    }
    firsts_release(&firsts);
}

#define SCHEMA "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\"}}}"
#define PRODUCTS 1500u

static void expect_total(aisle *catalog, const char *typed, uint64_t total)
{
    aisle_query query = {.size = sizeof query, .text = typed, .as_you_type = true};
    for (unsigned times = 0; times < 3; times++) {
        aisle_result *result = NULL;
        assert_done(aisle_search(catalog, &query, &result, &error));
        assert_int_equal(aisle_result_total(result, NULL), total);
        assert_int_equal(aisle_result_count(result), 10);
        aisle_result_free(result);
    }
}

static void a_commit_is_seen_by_the_next_keystroke(void **state)
{
    (void)state;
    create_catalog("firsts", SCHEMA, 2);
    aisle *catalog = open_catalog("firsts");
    aisle_writer *writer = begin_writing(catalog);
    char text[100];
    for (unsigned i = 0; i < PRODUCTS; i++) {
        snprintf(text, sizeof text, "{\"id\":\"P%u\",\"title\":\"sofa %u\"}", i, i);
        put(writer, text);
    }
    commit(writer);
    expect_total(catalog, "so", PRODUCTS);
    assert_true(atomic_load(&catalog->firsts.bytes) != 0);
    assert_done(aisle_delete(writer, text_bytes("P7"), &error));
    commit(writer);
    expect_total(catalog, "so", PRODUCTS - 1);
    put(writer, "{\"id\":\"P7\",\"title\":\"song\"}");
    put(writer, "{\"id\":\"X\",\"title\":\"soap\"}");
    commit(writer);
    expect_total(catalog, "so", PRODUCTS + 1);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_short_beginnings_are_kept),
        cmocka_unit_test(questions_differ_by_all_that_decides_the_answer),
        cmocka_unit_test(an_answer_is_the_one_noted_last),
        cmocka_unit_test(a_commit_is_seen_by_the_next_keystroke),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
