/*
 * test_index_check_product.c - a check without a writer says what a put would.
 */
#include "index_fixture.h"

static void a_check_says_what_a_put_says(void **state)
{
    static const char *const products[] = {
        "{\"id\":\"1\",\"title\":\"lamp\",\"price\":9.99}", "{\"id\":\"1\",\"price\":\"dear\"}",
        "{\"title\":\"no id\"}", "{\"id\":\"\"}", "{\"id\":\"1\",\"id\":\"2\"}", "{\"id\":1.5}", "[1]", "",
        "{\"id\":\"1\"", "{\"id\":\"\xff\"}"};
    aisle_error told;
    (void)state;
    create_catalog("check", NULL, 1);
    aisle *catalog = open_catalog("check");
    aisle_writer *writer = begin_writing(catalog);
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        memset(&told, 0, sizeof told);
        memset(&error, 0, sizeof error);
        int status = aisle_put(writer, text_bytes(products[i]), &told);
        assert_int_equal(aisle_check_product(catalog, text_bytes(products[i]), &error), status);
        assert_int_equal(error.position, told.position);
        assert_string_equal(error.message, told.message);
        assert_int_equal(aisle_check_product(catalog, text_bytes(products[i]), NULL), status);
    }
    aisle_writer_free(writer);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_says_what_a_put_says),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
