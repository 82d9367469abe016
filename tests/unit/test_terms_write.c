/*
 * test_terms_write.c - what the dictionary writer refuses, and that it survives failing memory and streams.
 */
#include "base/alloc.h"
#include "terms/terms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static int drop_extent(void *context, uint32_t index, struct bytes extent)
{
    const uint32_t *refuse_from = context;
    (void)extent;
    return index >= *refuse_from ? AISLE_DISK_FULL : 0;
}

struct fixture {
    struct extent_writer terms;
    struct extent_writer index;
    struct terms_writer writer;
    uint32_t refuse_from;
};

static void begin(struct fixture *f)
{
    f->refuse_from = UINT32_MAX;
    assert_int_equal(extent_writer_init(&f->terms, drop_extent, &f->refuse_from), 0);
    assert_int_equal(extent_writer_init(&f->index, drop_extent, &f->refuse_from), 0);
    assert_int_equal(terms_writer_init(&f->writer, &f->terms, &f->index), 0);
}

static void end(struct fixture *f)
{
    terms_writer_release(&f->writer);
    terms_writer_release(&f->writer);
    extent_writer_release(&f->terms);
    extent_writer_release(&f->index);
}

static int add(struct fixture *f, const char *term)
{
    return terms_writer_add(&f->writer, bytes_of_string(term), bytes_of_string("v"));
}

static void terms_must_ascend_strictly(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_int_equal(add(&f, "shoe"), 0);
    assert_int_equal(add(&f, "shoes"), 0);
    assert_int_equal(add(&f, "shoes"), AISLE_INVALID);
    assert_int_equal(add(&f, "zebra"), AISLE_INVALID); /* sticky */
    assert_int_equal(terms_writer_finish(&f.writer), AISLE_INVALID);
    end(&f);
    begin(&f);
    assert_int_equal(add(&f, "b"), 0);
    assert_int_equal(add(&f, "a"), AISLE_INVALID);
    end(&f);
}

static void sizes_are_limited(void **state)
{
    (void)state;
    struct fixture f;
    uint8_t long_term[LIMIT_TERM_BYTES + 1] = {0};
    uint8_t long_value[LIMIT_TERM_VALUE_BYTES + 1] = {0};
    begin(&f);
    assert_int_equal(terms_writer_add(&f.writer, bytes_of(long_term, LIMIT_TERM_BYTES),
                                      bytes_of(long_value, LIMIT_TERM_VALUE_BYTES)),
                     0);
    long_term[0] = 1;
    assert_int_equal(
        terms_writer_add(&f.writer, bytes_of(long_term, LIMIT_TERM_BYTES + 1), bytes_of(long_value, 0)),
        AISLE_INVALID);
    end(&f);
    begin(&f);
    assert_int_equal(terms_writer_add(&f.writer, bytes_of(long_term, 0), bytes_of(long_value, 0)), AISLE_INVALID);
    end(&f);
    begin(&f);
    assert_int_equal(
        terms_writer_add(&f.writer, bytes_of(long_term, 1), bytes_of(long_value, LIMIT_TERM_VALUE_BYTES + 1)),
        AISLE_INVALID);
    end(&f);
}

static void used_streams_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    terms_writer_release(&f.writer);
    extent_writer_put(&f.index, "x", 1);
    assert_int_equal(terms_writer_init(&f.writer, &f.terms, &f.index), AISLE_INVALID);
    end(&f);
}

static void finished_writer_takes_nothing_more(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_int_equal(add(&f, "a"), 0);
    assert_int_equal(terms_writer_finish(&f.writer), 0);
    assert_int_equal(add(&f, "b"), AISLE_INVALID);
    assert_int_equal(terms_writer_finish(&f.writer), AISLE_INVALID);
    end(&f);
}

static int add_numbers(struct fixture *f, unsigned count)
{
    int status = 0;
    for (unsigned i = 0; i < count && status == 0; i++) {
        char term[16];
        snprintf(term, sizeof term, "%09u", i);
        status = add(f, term);
    }
    return status != 0 ? status : terms_writer_finish(&f->writer);
}

static void refused_extent_is_reported(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    f.refuse_from = 0;
    assert_int_equal(add_numbers(&f, 100000), AISLE_DISK_FULL);
    end(&f);
}

static void every_failing_allocation_is_reported(void **state)
{
    (void)state;
    unsigned long before = alloc_calls();
    struct fixture f;
    begin(&f);
    unsigned long fixture_calls = alloc_calls() - before;
    assert_int_equal(add_numbers(&f, 1000), 0);
    unsigned long calls = alloc_calls() - before - fixture_calls;
    end(&f);
    assert_true(calls > 3);
    for (unsigned long n = 1; n <= calls; n++) {
        begin(&f);
        alloc_fail_at(n, 0);
        int status = add_numbers(&f, 1000);
        alloc_fail_at(0, 0);
        assert_int_equal(status, AISLE_NO_MEMORY);
        end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_must_ascend_strictly),         cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(used_streams_are_refused),           cmocka_unit_test(finished_writer_takes_nothing_more),
        cmocka_unit_test(refused_extent_is_reported),         cmocka_unit_test(every_failing_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
