/*
 * test_index_filter.c - filters through aisle.h: bound values, and limits that the command line cannot pass.
 */
#include "index_fixture.h"

#define SCHEMA                                                                                                     \
    "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},"                                      \
    "\"brand\":{\"type\":\"keyword\",\"facet\":true},\"price\":{\"type\":\"decimal\"},\"sale\":{\"type\":\"bool\"}," \
    "\"since\":{\"type\":\"date\"}}}"

static aisle *catalog;
static aisle_error error;

static void open_shop(const char *name)
{
    create_catalog(name, SCHEMA, 1);
    catalog = open_catalog(name);
    aisle_writer *writer = begin_writing(catalog);
    put(writer, "{\"id\":\"A\",\"title\":\"lamp\",\"brand\":\"Acme\",\"price\":10,\"sale\":true,"
                "\"since\":\"2026-01-01\"}");
    put(writer, "{\"id\":\"B\",\"title\":\"lamp\",\"brand\":\"x\\\" OR price > 0\",\"price\":20}");
    put(writer, "{\"id\":\"C\",\"title\":\"lamp\",\"brand\":[\"North\",\"South\"],\"price\":30}");
    commit(writer);
    aisle_writer_free(writer);
}

/* The total of a filter with these values, or the status. */
static int64_t total_of(const char *filter, const aisle_param *params, size_t count)
{
    const aisle_query query = {.size = sizeof query, .filter = filter, .params = params, .param_count = count};
    aisle_result *result = NULL;
    int status = aisle_search(catalog, &query, &result, &error);
    int64_t total = status == 0 ? (int64_t)aisle_result_total(result, NULL) : status;
    aisle_result_free(result);
    return total;
}

static int64_t total_with(const char *filter, const char *value)
{
    const aisle_bytes bytes = text_bytes(value);
    const aisle_param param = {.name = "v", .values = &bytes, .value_count = 1};
    return total_of(filter, &param, 1);
}

static void a_bound_value_is_read_as_its_field_asks(void **state)
{
    (void)state;
    open_shop("bound");
    assert_int_equal(total_with("brand = $v", "ACME"), 1);
    assert_int_equal(total_with("brand = $v", "south"), 1);
    assert_int_equal(total_with("price >= $v", "20"), 2);
    assert_int_equal(total_with("price 10 TO $v", "20.00"), 2);
    assert_int_equal(total_with("sale = $v", "true"), 1);
    assert_int_equal(total_with("since = $v", "2026-01-01"), 1);
    assert_int_equal(total_with("since = $v", "1767225600"), 1);
    assert_int_equal(total_with("brand IN [$v, \"acme\"]", "north"), 2);
    assert_int_equal(total_with("price = $v", "ten"), AISLE_BAD_QUERY);
    assert_int_equal(error.position, 8);
    assert_int_equal(total_with("sale = $v", "yes"), AISLE_BAD_QUERY);
    assert_int_equal(total_with("brand = $v", "\xff"), AISLE_BAD_QUERY);
    assert_int_equal(total_with("brand = $w", "x"), AISLE_BAD_QUERY);
    aisle_close(catalog);
}

static void a_bound_value_is_never_grammar(void **state)
{
    (void)state;
    open_shop("splice");
    assert_int_equal(total_with("brand = $v", "x\" OR price > 0"), 1);
    assert_int_equal(total_with("brand = $v", "x\" OR brand != \"y"), 0);
    assert_int_equal(total_with("brand = $v", "$v"), 0);
    aisle_close(catalog);
}

static void a_name_behind_in_stands_for_many(void **state)
{
    (void)state;
    static aisle_bytes values[10001];
    open_shop("many");
    for (size_t i = 0; i < 10001; i++) {
        values[i] = text_bytes(i == 5000 ? "north" : i == 9999 ? "acme" : "none");
    }
    aisle_param param = {.name = "v", .values = values, .value_count = 10000};
    assert_int_equal(total_of("brand IN $v", &param, 1), 2);
    assert_int_equal(total_of("NOT brand IN $v", &param, 1), 1);
    assert_int_equal(total_of("brand = $v", &param, 1), AISLE_BAD_QUERY);
    param.value_count = 10001;
    assert_int_equal(total_of("brand IN $v", &param, 1), AISLE_LIMIT);
    param.value_count = 0;
    assert_int_equal(total_of("brand IN $v", &param, 1), 0);
    assert_int_equal(total_of("brand = $v", &param, 1), AISLE_BAD_QUERY);
    aisle_close(catalog);
}

static void names_are_limited(void **state)
{
    (void)state;
    static aisle_param params[257];
    static char names[257][8];
    static char filter[257 * 24];
    size_t size = 0;
    const aisle_bytes value = text_bytes("acme");
    open_shop("names");
    for (size_t i = 0; i < 257; i++) {
        snprintf(names[i], sizeof names[i], "n%zu", i);
        params[i] = (aisle_param){.name = names[i], .values = &value, .value_count = 1};
        size += i == 256 ? 0 : (size_t)snprintf(filter + size, sizeof filter - size, "%sbrand = $n%zu",
                                                i == 0 ? "" : " OR ", i);
    }
    assert_int_equal(total_of(filter, params, 256), 1);
    assert_int_equal(total_of(filter, params, 257), AISLE_LIMIT);
    aisle_close(catalog);
}

static void a_value_bound_to_a_name_that_is_not_there_is_refused(void **state)
{
    (void)state;
    const aisle_bytes value = text_bytes("acme");
    const aisle_param params[] = {{.name = "b", .values = &value, .value_count = 1},
                                  {.name = "brnad", .values = &value, .value_count = 1},
                                  {.name = "b", .values = &value, .value_count = 1}};
    open_shop("unused");
    assert_int_equal(total_of("brand = $b", params, 1), 1);
    assert_int_equal(total_of("brand = $b OR brand = $b", params, 1), 1);
    assert_int_equal(total_of("brand = $b", params, 2), AISLE_BAD_QUERY);
    assert_string_equal(error.message, "filter: a value is bound to $brnad, which it does not have");
    assert_int_equal(total_of("brand = $b OR brand = $brnad", params, 3), AISLE_BAD_QUERY); /* twice the same name */
    assert_int_equal(total_of(" ", params, 1), AISLE_BAD_QUERY);
    assert_int_equal(total_of(NULL, params, 1), AISLE_BAD_QUERY);
    aisle_close(catalog);
}

static void a_filter_is_limited_in_bytes(void **state)
{
    (void)state;
    enum { MOST = 1 << 20 };
    char *text = malloc(MOST + 2);
    assert_non_null(text);
    open_shop("bytes");
    memset(text, ' ', MOST + 1);
    memcpy(text, "price > 15", 10);
    text[MOST] = '\0';
    assert_int_equal(total_of(text, NULL, 0), 2);
    text[MOST] = ' ';
    text[MOST + 1] = '\0';
    assert_int_equal(total_of(text, NULL, 0), AISLE_LIMIT);
    free(text);
    aisle_close(catalog);
}

static void the_largest_number_is_a_number(void **state)
{
    (void)state;
    open_shop("largest");
    aisle_writer *writer = begin_writing(catalog);
    put(writer, "{\"id\":\"D\",\"title\":\"lamp\",\"brand\":\"Acme\",\"price\":92233720368547758.07}");
    commit(writer);
    aisle_writer_free(writer);
    assert_int_equal(total_of("price = 92233720368547758.07", NULL, 0), 1);
    assert_int_equal(total_of("price IN [10, 92233720368547758.07]", NULL, 0), 2);
    assert_int_equal(total_of("price IN [10, 92233720368547758.06]", NULL, 0), 1);
    assert_int_equal(total_of("brand = \"acme\" AND price > 10", NULL, 0), 1);
    assert_int_equal(total_of("price EXISTS AND NOT price IN [10, 30]", NULL, 0), 2);
    aisle_close(catalog);
}

static void brackets_hold_many_strings(void **state)
{
    (void)state;
    enum { COUNT = 10000, EACH = 16 };
    static char text[COUNT * EACH + 64];
    size_t size = (size_t)sprintf(text, "brand IN [");
    open_shop("brackets");
    for (int i = 0; i < COUNT - 1; i++) {
        size += (size_t)sprintf(text + size, "\"brand \\\"%04d\",", i);
    }
    sprintf(text + size, "\"north\"]");
    assert_int_equal(total_of(text, NULL, 0), 1);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bound_value_is_read_as_its_field_asks),
        cmocka_unit_test(a_bound_value_is_never_grammar),
        cmocka_unit_test(a_name_behind_in_stands_for_many),
        cmocka_unit_test(names_are_limited),
        cmocka_unit_test(a_value_bound_to_a_name_that_is_not_there_is_refused),
        cmocka_unit_test(a_filter_is_limited_in_bytes),
        cmocka_unit_test(the_largest_number_is_a_number),
        cmocka_unit_test(brackets_hold_many_strings),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
