/*
 * test_suggest_suggest_set.c - suggestions collected in any order: sums, forms to show, forgetting, no memory.
 */
#include "suggest/suggest.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct suggest_entry entry_of(const char *key, const char *shown, uint64_t weight, uint8_t kind)
{
    return (struct suggest_entry){
        .key = bytes_of_string(key), .shown = bytes_of_string(shown), .weight = weight, .kind = kind};
}

static int tell(void *context, const struct suggest_entry *entry)
{
    char *told = context;
    size_t size = strlen(told);
    uint64_t inside = 0;
    for (size_t i = 0; i < entry->context_count; i++) {
        inside += entry->contexts[i].weight;
    }
    snprintf(told + size, 512 - size, "%.*s=%llu/%llu ", (int)entry->shown.size, (const char *)entry->shown.data,
             (unsigned long long)entry->weight, (unsigned long long)inside);
    return 0;
}

static void weights_of_a_key_are_summed_up_in_order_of_keys(void **state)
{
    struct suggest_context contexts[2] = {{bytes_of_string("a"), 2, 1}, {bytes_of_string("b"), 3, 1}};
    struct suggest_entry first = entry_of("buds", "Buds", 5, SUGGEST_TITLE);
    struct suggest_entry other = entry_of("acme", "Acme", 7, SUGGEST_BRAND);
    struct suggest_set set;
    char told[512] = "";
    (void)state;
    suggest_set_init(&set, 1 << 20);
    first.contexts = contexts;
    first.context_count = 2;
    assert_int_equal(suggest_set_add(&set, &first), 0);
    assert_int_equal(suggest_set_add(&set, &other), 0);
    first.context_count = 1;
    assert_int_equal(suggest_set_add(&set, &first), 0);
    assert_int_equal(suggest_set_visit(&set, tell, told), 0);
    assert_string_equal(told, "Acme=7/0 Buds=10/7 ");
    suggest_set_release(&set);
}

static void the_form_with_most_weight_of_the_latest_kind_is_shown(void **state)
{
    struct suggest_entry forms[] = {
        entry_of("acme", "ACME", 5, SUGGEST_TITLE), entry_of("acme", "acme", 9, SUGGEST_TITLE),
        entry_of("acme", "Acme", 2, SUGGEST_BRAND), entry_of("acme", "aCME", 1, SUGGEST_BRAND),
        entry_of("acme", "acme", 50, SUGGEST_TITLE)};
    struct suggest_set set;
    char told[512] = "";
    (void)state;
    suggest_set_init(&set, 1 << 20);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        assert_int_equal(suggest_set_add(&set, &forms[i]), 0);
    }
    assert_int_equal(suggest_set_visit(&set, tell, told), 0);
    assert_string_equal(told, "Acme=67/0 ");
    suggest_set_release(&set);
}

static int count_heavy(void *context, const struct suggest_entry *entry)
{
    *(unsigned *)context += entry->weight >= 1000 ? 1 : 0;
    return 0;
}

static void past_its_memory_a_set_forgets_the_lighter_ones(void **state)
{
    struct suggest_set set;
    unsigned heavy = 0;
    (void)state;
    suggest_set_init(&set, 256 << 10);
    for (unsigned i = 0; i < 20000; i++) {
        char key[32];
        snprintf(key, sizeof key, "key %u", i * 7919u % 20000u);
        struct suggest_entry entry = entry_of(key, key, i % 100 == 0 ? 1000 + i : 1 + i % 50, SUGGEST_TITLE);
        assert_int_equal(suggest_set_add(&set, &entry), 0);
        assert_true(suggest_set_memory(&set) <= 256 << 10);
    }
    assert_int_equal(suggest_set_visit_any(&set, count_heavy, &heavy), 0);
    assert_int_equal(heavy, 200);
    suggest_set_release(&set);
    assert_int_equal(set.count, 0);
    suggest_set_release(&set);
}

/* Every allocation fails once: the set says so, and can be released. */
static void a_set_without_memory_says_so(void **state)
{
    (void)state;
    for (unsigned long n = 1;; n++) {
        struct suggest_context context = {bytes_of_string("a"), 2, 1};
        struct suggest_set set;
        char told[512] = "";
        int status = 0;
        unsigned long calls = alloc_calls();
        suggest_set_init(&set, 1 << 20);
        alloc_fail_at(n, 0);
        for (unsigned i = 0; i < 3 && status == 0; i++) {
            struct suggest_entry entry = entry_of(i == 0 ? "a" : i == 1 ? "b" : "c", "X", 1, SUGGEST_TITLE);
            entry.contexts = &context;
            entry.context_count = 1;
            status = suggest_set_add(&set, &entry);
        }
        status = status != 0 ? status : suggest_set_visit(&set, tell, told);
        bool failed = alloc_calls() - calls >= n;
        alloc_fail_at(0, 0);
        suggest_set_release(&set);
        assert_int_equal(status, failed ? AISLE_NO_MEMORY : 0);
        if (!failed) {
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_of_a_key_are_summed_up_in_order_of_keys),
        cmocka_unit_test(the_form_with_most_weight_of_the_latest_kind_is_shown),
        cmocka_unit_test(past_its_memory_a_set_forgets_the_lighter_ones),
        cmocka_unit_test(a_set_without_memory_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
