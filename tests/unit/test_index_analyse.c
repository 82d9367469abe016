/*
 * test_index_analyse.c - aisle_analyse: what it reports, and what it refuses.
 */
#include "unit/index_fixture.h"

static char shown[1024];

static void show(void *context, const aisle_word *token)
{
    size_t used = strlen(shown);
    (void)context;
    snprintf(shown + used, sizeof shown - used, "%d:%u+%u:%.*s:%.*s:%.*s|", token->kind, token->position, token->words,
             (int)token->text.size, token->text.data, (int)token->word.size, token->word.data, (int)token->term.size,
             token->term.data);
}

static const char schema[] =
    "{\"version\":1,\"id\":\"id\",\"language\":\"english\",\"fields\":{\"title\":{\"type\":\"text\"},\"titel\":"
    "{\"type\":\"text\",\"language\":\"german\"},\"sku\":{\"type\":\"keyword\",\"code\":true},\"price\":"
    "{\"type\":\"decimal\"}},"
    "\"stems\":{\"mice\":\"mouse\"}}";

static void expect(aisle *catalog, const char *text, const char *field, bool product, const char *tokens)
{
    const aisle_analyse_options options = {.size = sizeof options, .field = field, .product = product};
    shown[0] = '\0';
    assert_done(aisle_analyse(catalog, text_bytes(text), &options, show, NULL, &error));
    assert_string_equal(shown, tokens);
}

static void tokens_are_reported_with_their_places_and_terms(void **state)
{
    (void)state;
    create_catalog("tokens", schema, 1);
    aisle *catalog = open_catalog("tokens");
    expect(catalog, "Shoes", NULL, false, "0:0+1:Shoes:shoes:shoe|");
    expect(catalog, "t-shirt", NULL, false, "0:0+1:t:t:t|0:1+1:shirt:shirt:shirt|1:0+2:t-shirt:tshirt:tshirt|");
    expect(catalog, "1500 ml", NULL, false, "0:0+1:1500 ml:1500ml:1.5l|");
    expect(catalog, "mice", NULL, false, "0:0+1:mice:mice:mous|");
    expect(catalog, "H\u00e4user", "titel", false, "0:0+1:H\u00e4user:hauser:haus|");
    expect(catalog, "64 GB", NULL, true, "0:0+1:64 GB:64gb:64gb|2:0+1:64 GB:64:64|");
    expect(catalog, "A/BC", "sku", true, "0:0+1:A:a:a|0:1+1:BC:bc:bc|2:0+2:A/BC:abc:abc|");
    expect(catalog, "", NULL, false, "");
    shown[0] = '\0';
    assert_done(aisle_analyse(catalog, text_bytes("x"), NULL, show, NULL, &error));
    assert_string_equal(shown, "0:0+1:x:x:x|");
    aisle_close(catalog);
}

static void what_cannot_be_analysed_is_refused(void **state)
{
    (void)state;
    static char large[(1u << 20) + 1];
    create_catalog("refused", schema, 1);
    aisle *catalog = open_catalog("refused");
    aisle_analyse_options options = {.size = sizeof options, .field = "price"};
    assert_int_equal(aisle_analyse(catalog, text_bytes("x"), &options, show, NULL, &error), AISLE_BAD_QUERY);
    assert_non_null(strstr(error.message, "\"price\""));
    options.field = "colour";
    assert_int_equal(aisle_analyse(catalog, text_bytes("x"), &options, show, NULL, NULL), AISLE_BAD_QUERY);
    options.size = 1;
    assert_int_equal(aisle_analyse(catalog, text_bytes("x"), &options, show, NULL, &error), AISLE_INVALID);
    memset(large, 'a', sizeof large);
    const aisle_bytes text = {large, sizeof large};
    assert_int_equal(aisle_analyse(catalog, text, NULL, show, NULL, &error), AISLE_LIMIT);
    aisle_close(catalog);
}

static void the_only_searched_field_is_taken_without_a_text_field(void **state)
{
    (void)state;
    create_catalog("keyword",
                   "{\"version\":1,\"id\":\"id\",\"fields\":{\"price\":{\"type\":\"decimal\"},\"sku\":"
                   "{\"type\":\"keyword\",\"code\":true}}}",
                   1);
    aisle *catalog = open_catalog("keyword");
    expect(catalog, "A/BC", NULL, true, "0:0+1:A:a:a|0:1+1:BC:bc:bc|2:0+2:A/BC:abc:abc|");
    aisle_close(catalog);
}

static void a_child_of_a_fork_is_told(void **state)
{
    (void)state;
    create_catalog("forked", schema, 1);
    aisle *catalog = open_catalog("forked");
    pid_t child = fork();
    if (child == 0) {
        CHILD_EXPECT(aisle_analyse(catalog, text_bytes("x"), NULL, show, NULL, NULL) == AISLE_FORKED);
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_reported_with_their_places_and_terms),
        cmocka_unit_test(what_cannot_be_analysed_is_refused),
        cmocka_unit_test(the_only_searched_field_is_taken_without_a_text_field),
        cmocka_unit_test(a_child_of_a_fork_is_told),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
