/*
 * test_base_alloc.c - the door to the heap: failing allocations on demand, zeroing, copies, late hooks.
 */
#include "base/alloc.h"
#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void chosen_allocation_fails_once(void **state)
{
    (void)state;
    alloc_fail_at(2, 0);
    void *first = mem_alloc(10);
    void *second = mem_alloc(10);
    void *third = mem_alloc(10);
    alloc_fail_at(0, 0);
    assert_non_null(first);
    assert_null(second);
    assert_non_null(third);
    mem_free(first);
    mem_free(third);
}

static void persistent_failure_lasts_until_turned_off(void **state)
{
    (void)state;
    alloc_fail_at(1, 1);
    assert_null(mem_alloc(1));
    assert_null(mem_calloc(1, 1));
    assert_null(mem_copy_string("x", 1));
    alloc_fail_at(0, 0);
    void *memory = mem_alloc(1);
    assert_non_null(memory);
    mem_free(memory);
}

static void failed_realloc_leaves_the_old_block(void **state)
{
    (void)state;
    char *memory = mem_alloc(4);
    assert_non_null(memory);
    memcpy(memory, "abc", 4);
    alloc_fail_at(1, 0);
    assert_null(mem_realloc(memory, 100));
    alloc_fail_at(0, 0);
    assert_string_equal(memory, "abc");
    char *grown = mem_realloc(memory, 100);
    assert_non_null(grown);
    assert_string_equal(grown, "abc");
    mem_free(grown);
}

static void calloc_zeroes_and_refuses_overflow(void **state)
{
    (void)state;
    uint8_t *memory = mem_calloc(33, 3);
    assert_non_null(memory);
    for (size_t i = 0; i < 99; i++) {
        assert_int_equal(memory[i], 0);
    }
    mem_free(memory);
    assert_null(mem_calloc(SIZE_MAX / 2, 3));
}

static void empty_requests_give_a_block(void **state)
{
    (void)state;
    void *a = mem_alloc(0);
    void *b = mem_calloc(0, 8);
    assert_non_null(a);
    assert_non_null(b);
    assert_ptr_not_equal(a, b);
    mem_free(a);
    mem_free(b);
    mem_free(NULL);
}

static void copied_string_ends_with_nul(void **state)
{
    (void)state;
    char *copy = mem_copy_string("hello", 3);
    assert_non_null(copy);
    assert_string_equal(copy, "hel");
    mem_free(copy);
    copy = mem_copy_string(NULL, 0);
    assert_non_null(copy);
    assert_string_equal(copy, "");
    mem_free(copy);
}

static void calls_are_counted(void **state)
{
    (void)state;
    unsigned long before = alloc_calls();
    void *memory = mem_realloc(NULL, 5);
    mem_free(memory);
    mem_free(mem_alloc(5));
    assert_int_equal(alloc_calls() - before, 2);
}

static void hooks_come_too_late_after_an_allocation(void **state)
{
    (void)state;
    aisle_allocator none = {0};
    mem_free(mem_alloc(1));
    assert_int_equal(alloc_hooks_set(&none), AISLE_INVALID);
}

static void error_messages_are_filled_and_cut(void **state)
{
    (void)state;
    aisle_error error;
    char text[400];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(error_set_at(&error, AISLE_CORRUPT, 17, "%s", text), AISLE_CORRUPT);
    assert_int_equal(error.code, AISLE_CORRUPT);
    assert_int_equal(error.position, 17);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    assert_int_equal(error_no_memory(NULL, "nothing"), AISLE_NO_MEMORY);
    assert_int_equal(error_no_memory(&error, "sorting"), AISLE_NO_MEMORY);
    assert_string_equal(error.message, "out of memory (sorting)");
    assert_int_equal(error.position, 0);
}

static void every_code_has_a_name_and_a_text(void **state)
{
    (void)state;
    assert_string_equal(aisle_error_name(AISLE_BUSY), "AISLE_BUSY");
    assert_string_equal(aisle_error_text(AISLE_INVALID), "invalid argument");
    assert_string_equal(aisle_error_name(-9999), "AISLE_UNKNOWN");
    assert_string_equal(aisle_error_text(12345), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chosen_allocation_fails_once),
        cmocka_unit_test(persistent_failure_lasts_until_turned_off),
        cmocka_unit_test(failed_realloc_leaves_the_old_block),
        cmocka_unit_test(calloc_zeroes_and_refuses_overflow),
        cmocka_unit_test(empty_requests_give_a_block),
        cmocka_unit_test(copied_string_ends_with_nul),
        cmocka_unit_test(calls_are_counted),
        cmocka_unit_test(hooks_come_too_late_after_an_allocation),
        cmocka_unit_test(error_messages_are_filled_and_cut),
        cmocka_unit_test(every_code_has_a_name_and_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
