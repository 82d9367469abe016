/*
 * test_index_known_values.c - what is known of short values, and in which builder.
 */
#include "index/known_values.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct known_value *enter(struct known_values *known, uint64_t serial, uint8_t field, const char *text)
{
    struct known_value *value = known_values_place(known, field, 1, bytes_of_string(text));
    assert_non_null(value);
    known_value_begin(value, field, 1, bytes_of_string(text));
    value->serial = serial;
    return value;
}

/* What is known of the value, as whoever looks for it finds it. */
static struct known_value *find(struct known_values *known, uint64_t serial, uint8_t field, uint32_t strings,
                                struct bytes text)
{
    struct known_value *value = known_values_place(known, field, strings, text);
    return value != NULL && known_value_is(value, serial, field, strings, text) ? value : NULL;
}

static void value_is_known_in_its_builder_and_field_alone(void **state)
{
    struct known_values known = {.values = NULL};
    (void)state;
    assert_null(find(&known, 1, 3, 1, bytes_of_string("samsung")));
    struct known_value *value = enter(&known, 1, 3, "samsung");
    value->length = 1;
    assert_ptr_equal(find(&known, 1, 3, 1, bytes_of_string("samsung")), value);
    assert_null(find(&known, 2, 3, 1, bytes_of_string("samsung")));
    assert_null(find(&known, 1, 4, 1, bytes_of_string("samsung")));
    assert_null(find(&known, 1, 3, 2, bytes_of_string("samsung")));
    assert_null(find(&known, 1, 3, 1, bytes_of_string("samsun")));
    assert_null(find(&known, 1, 3, 1, bytes_of_string("samsunh")));
    known_value_begin(value, 3, 1, bytes_of_string("samsung"));
    assert_null(find(&known, 1, 3, 1, bytes_of_string("samsung"))); /* as yet */
    known_values_release(&known);
}

static void of_values_with_one_place_the_last_is_known(void **state)
{
    struct known_values known = {.values = NULL};
    char text[16];
    unsigned found = 0;
    (void)state;
    for (unsigned i = 0; i < 5 * LIMIT_VALUES_KNOWN; i++) {
        (void)snprintf(text, sizeof text, "value %u", i);
        enter(&known, 9, 1, text)->length = (uint8_t)(i % 200);
        assert_non_null(find(&known, 9, 1, 1, bytes_of_string(text)));
    }
    for (unsigned i = 0; i < 5 * LIMIT_VALUES_KNOWN; i++) {
        (void)snprintf(text, sizeof text, "value %u", i);
        const struct known_value *value = find(&known, 9, 1, 1, bytes_of_string(text));
        assert_true(value == NULL || value->length == i % 200);
        found += value != NULL;
    }
    assert_in_range(found, LIMIT_VALUES_KNOWN / 2, LIMIT_VALUES_KNOWN);
    known_values_release(&known);
}

static void long_and_empty_values_and_those_without_memory_are_not_known(void **state)
{
    struct known_values known = {.values = NULL};
    char text[KNOWN_VALUE_BYTES + 2];
    (void)state;
    memset(text, 'x', sizeof text);
    alloc_fail_at(1, 0);
    assert_null(known_values_place(&known, 1, 1, bytes_of(text, 4)));
    alloc_fail_at(0, 0);
    assert_null(known_values_place(&known, 1, 1, bytes_of(text, 0)));
    assert_null(known_values_place(&known, 1, 1, bytes_of(text, KNOWN_VALUE_BYTES + 1)));
    struct known_value *longest = known_values_place(&known, 1, 1, bytes_of(text, KNOWN_VALUE_BYTES));
    assert_non_null(longest);
    known_value_begin(longest, 1, 1, bytes_of(text, KNOWN_VALUE_BYTES));
    longest->serial = 5;
    assert_ptr_equal(find(&known, 5, 1, 1, bytes_of(text, KNOWN_VALUE_BYTES)), longest);
    assert_null(find(&known, 5, 1, 1, bytes_of(text, KNOWN_VALUE_BYTES + 1)));
    known_values_release(&known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_is_known_in_its_builder_and_field_alone),
        cmocka_unit_test(of_values_with_one_place_the_last_is_known),
        cmocka_unit_test(long_and_empty_values_and_those_without_memory_are_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
