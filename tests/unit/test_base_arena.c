/*
 * test_base_arena.c - objects, marks, resets and the limit of the arena.
 *
 * Under AddressSanitizer every object is a block of its own, so tests that count chunks allow for both.
 */
#include "base/alloc.h"
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void objects_are_aligned_and_do_not_overlap(void **state)
{
    (void)state;
    struct arena arena;
    uint8_t *objects[500];
    arena_init(&arena, 16u << 20);
    for (size_t i = 0; i < 500; i++) {
        objects[i] = arena_alloc(&arena, i);
        assert_non_null(objects[i]);
        assert_int_equal((uintptr_t)objects[i] % 16, 0);
        memset(objects[i], (int)(i % 251), i);
    }
    for (size_t i = 0; i < 500; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_int_equal(objects[i][j], i % 251);
        }
    }
    arena_release(&arena);
    assert_int_equal(arena.total_bytes, 0);
}

static void calloc_and_copy_fill_their_objects(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1u << 20);
    memset(arena_alloc(&arena, 64), 0xff, 64);
    arena_reset(&arena);
    uint8_t *zeros = arena_calloc(&arena, 8, 8);
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(zeros[i], 0);
    }
    assert_memory_equal(arena_copy(&arena, "copied", 6), "copied", 6);
    assert_non_null(arena_copy(&arena, NULL, 0));
    assert_null(arena_calloc(&arena, SIZE_MAX / 2, 4));
    assert_null(arena_alloc(&arena, SIZE_MAX - 3));
    arena_release(&arena);
}

static void rewind_frees_what_came_after_the_mark(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 64u << 20);
    char *kept = arena_copy(&arena, "kept", 5);
    size_t total = arena.total_bytes;
    struct arena_mark mark = arena_mark(&arena);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 100; i++) {
            assert_non_null(arena_alloc(&arena, 10000));
        }
        assert_true(arena.total_bytes > total);
        arena_rewind(&arena, mark);
        assert_int_equal(arena.total_bytes, total);
        assert_string_equal(kept, "kept");
    }
    arena_release(&arena);
}

static void rewind_to_the_empty_arena_frees_everything(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1u << 20);
    struct arena_mark mark = arena_mark(&arena);
    assert_non_null(arena_alloc(&arena, 100));
    arena_rewind(&arena, mark);
    assert_int_equal(arena.total_bytes, 0);
    assert_non_null(arena_alloc(&arena, 100));
    arena_release(&arena);
}

static void warmed_up_arena_allocates_no_more_than_before(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 16u << 20);
    size_t total = 0;
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 200; i++) {
            assert_non_null(arena_alloc(&arena, 100));
        }
        if (round >= 4) { /* by then the newest chunk alone holds a round */
            assert_int_equal(arena.total_bytes, total);
        }
        total = arena.total_bytes;
        arena_reset(&arena);
        assert_true(arena.total_bytes <= total);
    }
    arena_release(&arena);
}

static void reset_of_an_empty_arena_is_allowed(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1000);
    arena_reset(&arena);
    arena_release(&arena);
    arena_release(&arena);
}

static void emptied_arena_takes_no_more_from_the_heap(void **state)
{
    (void)state;
    struct arena arena;
    size_t total = 0;
    uint64_t held = 0;
    uint64_t peak;
    uint64_t before;
    alloc_bytes(&before, &peak);
    arena_init(&arena, 64u << 20);
    for (int round = 0; round < 5; round++) {
        uint64_t now;
        for (size_t i = 0; i < 3000; i++) {
            uint8_t *object = arena_alloc(&arena, 1000);
            assert_non_null(object);
            memset(object, round, 1000);
        }
        assert_non_null(arena_alloc(&arena, 3u << 20)); /* for which no chunk that is kept may be large enough */
        alloc_bytes(&now, &peak);
        assert_true(round == 0 || (arena.total_bytes == total && now == held));
        total = arena.total_bytes;
        held = now;
        arena_empty(&arena);
        assert_int_equal(arena.total_bytes, 0);
    }
    arena_release(&arena);
    alloc_bytes(&held, &peak);
    assert_int_equal(held, before);
}

static void limit_is_a_null_and_the_arena_goes_on(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 10000);
    assert_null(arena_alloc(&arena, 10001));
    void *last = NULL;
    size_t count = 0;
    while ((last = arena_alloc(&arena, 1000)) != NULL) {
        memset(last, 1, 1000);
        count++;
        assert_true(count < 10);
    }
    assert_true(count >= 4);
    assert_true(arena.total_bytes <= 10000);
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 1000));
    arena_release(&arena);
}

static void failed_allocation_is_a_null(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1u << 20);
    alloc_fail_at(1, 0);
    assert_null(arena_alloc(&arena, 10));
    alloc_fail_at(0, 0);
    assert_non_null(arena_alloc(&arena, 10));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_aligned_and_do_not_overlap),
        cmocka_unit_test(calloc_and_copy_fill_their_objects),
        cmocka_unit_test(rewind_frees_what_came_after_the_mark),
        cmocka_unit_test(rewind_to_the_empty_arena_frees_everything),
        cmocka_unit_test(warmed_up_arena_allocates_no_more_than_before),
        cmocka_unit_test(reset_of_an_empty_arena_is_allowed),
        cmocka_unit_test(emptied_arena_takes_no_more_from_the_heap),
        cmocka_unit_test(limit_is_a_null_and_the_arena_goes_on),
        cmocka_unit_test(failed_allocation_is_a_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
