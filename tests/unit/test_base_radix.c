/*
 * test_base_radix.c - the sort by bytes against one that compares, and its promise about equal keys.
 */
#include "base/radix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT 5000u

static uint64_t state_of_chance = 88172645463325252u;

static uint64_t chance(void)
{
    state_of_chance ^= state_of_chance << 13;
    state_of_chance ^= state_of_chance >> 7;
    state_of_chance ^= state_of_chance << 17;
    return state_of_chance;
}

/* Values number the entries as they came, so that this is what a stable sort by key gives. */
static int compare(const void *a, const void *b)
{
    const struct radix_entry *x = a;
    const struct radix_entry *y = b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return x->value < y->value ? -1 : 1;
}

static void sort_and_compare(size_t count, uint64_t mask)
{
    static struct radix_entry entries[COUNT];
    static struct radix_entry expected[COUNT];
    static struct radix_entry scratch[COUNT];
    for (uint32_t i = 0; i < count; i++) {
        entries[i] = (struct radix_entry){.key = chance() & mask, .value = i};
        expected[i] = entries[i];
    }
    if (count != 0) {
        qsort(expected, count, sizeof *expected, compare);
    }
    radix_sort(entries, scratch, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(entries[i].key == expected[i].key);
        assert_int_equal(entries[i].value, expected[i].value);
    }
}

static void entries_come_out_in_ascending_order(void **state)
{
    (void)state;
    for (size_t count = 0; count < 40; count++) {
        sort_and_compare(count, UINT64_MAX);
    }
    sort_and_compare(COUNT, UINT64_MAX);
}

static void equal_keys_keep_their_order(void **state)
{
    (void)state;
    sort_and_compare(COUNT, 0);
    sort_and_compare(COUNT, 0xff);
    sort_and_compare(COUNT, UINT64_C(0x0f00000000000000));
    sort_and_compare(COUNT, UINT64_C(0x000000ff00000003));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_out_in_ascending_order),
        cmocka_unit_test(equal_keys_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
