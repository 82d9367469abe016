/*
 * test_terms_check.c - dictionaries made by hand: what only bytes that were written on purpose can say, and pages that
 * are damaged where a look-up and the check come upon them first.
 */
#include "base/alloc.h"
#include "support/memory_extents.h"
#include "terms/terms.h"
#include "terms/terms_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const uint8_t zeros[EXTENT_PAGE_BYTES];

struct fixture {
    struct memory_extents terms;
    struct memory_extents index;
    struct extent_view terms_view;
    struct extent_view index_view;
    struct terms_reader reader;
    aisle_error error;
};

static void end(struct fixture *f)
{
    memory_extents_release(&f->terms);
    memory_extents_release(&f->index);
}

static void put_footer(struct extent_writer *index, uint64_t count, uint64_t terms_bytes, uint64_t directory,
                       uint64_t samples)
{
    uint8_t footer[TERMS_FOOTER_BYTES] = {0};
    store_u64(footer, count);
    store_u64(footer + 8, terms_bytes);
    store_u64(footer + 16, directory);
    store_u64(footer + 24, samples);
    store_u32(footer + 32, terms_lines_of(count));
    store_u32(footer + 40, TERMS_VERSION);
    store_u32(footer + 44, TERMS_MAGIC);
    extent_writer_put(index, footer, sizeof footer);
}

static void open_both(struct fixture *f, struct extent_writer *terms, struct extent_writer *index)
{
    f->terms_view = memory_extents_view(&f->terms, terms);
    f->index_view = memory_extents_view(&f->index, index);
    assert_int_equal(terms_open(&f->reader, &f->terms_view, &f->index_view), 0);
}

/* A dictionary of up to 13 terms of one letter with one byte of value; slots of the hash table as given. */
static void begin(struct fixture *f, const char *letters, const uint32_t slots[TERMS_LINE_SLOTS])
{
    struct extent_writer terms;
    struct extent_writer index;
    uint8_t sample[TERMS_SAMPLE_BYTES] = {(uint8_t)letters[0]};
    uint8_t word[8];
    memset(f, 0, sizeof *f);
    memory_extents_begin(&f->terms, &terms);
    memory_extents_begin(&f->index, &index);
    for (const char *p = letters; *p != 0; p++) {
        const uint8_t entry[] = {1, 1, (uint8_t)*p, 'v'};
        extent_writer_put(&terms, entry, sizeof entry);
    }
    extent_writer_put(&index, zeros, TERMS_LINE_HEAD);
    extent_writer_put(&index, slots, TERMS_LINE_BYTES);
    store_u64(word, terms.payload);
    extent_writer_put(&index, word, sizeof word);
    extent_writer_put(&index, zeros, 8);
    extent_writer_put(&index, sample, sizeof sample);
    put_footer(&index, strlen(letters), terms.payload, TERMS_LINE_HEAD + TERMS_LINE_BYTES,
               TERMS_LINE_HEAD + TERMS_LINE_BYTES + 16);
    open_both(f, &terms, &index);
}

static uint32_t slot_of(const char *letter, uint32_t number, uint32_t number_bits)
{
    return terms_fingerprint(terms_hash(bytes_of_string(letter)), number_bits) << number_bits | number;
}

static void entries_that_are_cut_off_are_refused(void **state)
{
    (void)state;
    const uint8_t shared[] = {0xf1, 0};
    const uint8_t suffix[] = {0x0f, 0};
    struct terms_entry entry;
    assert_null(terms_entry_decode(shared, shared + 1, &entry));
    assert_null(terms_entry_decode(shared, shared + 2, &entry));
    assert_null(terms_entry_decode(suffix, suffix + 2, &entry));
}

/* No slot may be 0, whatever a term hashes to. */
static void a_fingerprint_is_never_zero(void **state)
{
    (void)state;
    assert_int_equal(terms_fingerprint(0, 5), 1);
    assert_int_equal(terms_fingerprint(UINT32_MAX << 20, 12), 1);
    assert_int_equal(terms_fingerprint(UINT32_MAX << 20, 11), 1u << 20);
}

static void check_notices_terms_out_of_order(void **state)
{
    (void)state;
    struct fixture f;
    const uint32_t slots[TERMS_LINE_SLOTS] = {slot_of("b", 0, 1), slot_of("a", 1, 1)};
    begin(&f, "ba", slots);
    assert_int_equal(terms_check(&f.reader, &f.error), AISLE_CORRUPT);
    assert_non_null(strstr(f.error.message, "term 1 is out of order"));
    end(&f);
}

/* The table finds the second "a" for the first. */
static void check_notices_a_term_that_stands_twice(void **state)
{
    (void)state;
    struct fixture f;
    const uint32_t slots[TERMS_LINE_SLOTS] = {slot_of("a", 2, 2), slot_of("b", 1, 2), slot_of("a", 0, 2)};
    begin(&f, "aba", slots);
    assert_int_equal(terms_check(&f.reader, &f.error), AISLE_CORRUPT);
    assert_non_null(strstr(f.error.message, "term 0 is not found by its hash"));
    end(&f);
}

static void a_full_table_ends_the_search_where_it_began(void **state)
{
    (void)state;
    struct fixture f;
    struct bytes value;
    uint32_t slots[TERMS_LINE_SLOTS];
    for (size_t i = 0; i < TERMS_LINE_SLOTS; i++) {
        slots[i] = slot_of("a", 0, 1);
    }
    begin(&f, "ab", slots);
    assert_int_equal(terms_find(&f.reader, bytes_of_string("a"), &value), 0);
    assert_int_equal(terms_find(&f.reader, bytes_of_string("x"), &value), AISLE_END);
    f.index_view.size = TERMS_LINE_HEAD;
    assert_int_equal(terms_find(&f.reader, bytes_of_string("a"), &value), AISLE_CORRUPT);
    end(&f);
}

/*
 * Samples that are all the same: the search for the first goes to the left, that for the last to the right, onto a page
 * that nothing else touches. Blocks are not reached.
 */
static void each_page_of_the_samples_is_verified(void **state)
{
    (void)state;
    const uint32_t samples = 600;
    struct fixture f = {.reader = {0}};
    struct extent_writer terms;
    struct extent_writer index;
    struct terms_cursor cursor;
    uint8_t sample[TERMS_SAMPLE_BYTES] = "sample";
    memory_extents_begin(&f.terms, &terms);
    memory_extents_begin(&f.index, &index);
    for (uint32_t i = 0; i < samples; i++) {
        extent_writer_put(&index, sample, sizeof sample);
    }
    for (unsigned i = 0; i < 2; i++) {
        extent_writer_put(&index, zeros, sizeof zeros);
    }
    put_footer(&index, samples * TERMS_SAMPLE_BLOCKS * (uint64_t)TERMS_BLOCK_TERMS, 0, 0, 0);
    open_both(&f, &terms, &index);
    f.index_view.verified = memory_extents_verified(&f.index);
    *memory_extents_byte(&f.index, 2 * EXTENT_PAGE_BYTES) ^= 1;
    assert_int_equal(terms_cursor_seek(&cursor, &f.reader, bytes_of_string("sample")), AISLE_CORRUPT);
    struct extent_fault fault;
    assert_true(extent_fault_take(&fault));
    assert_int_equal(fault.offset, 2 * EXTENT_PAGE_BYTES - 16);
    end(&f);
}

/* Copies a written index, but with its samples and its footer on pages of their own. */
static void spread(const struct extent_view *view, struct extent_writer *index)
{
    const uint8_t *footer = extent_view_at(view, view->size - TERMS_FOOTER_BYTES, TERMS_FOOTER_BYTES);
    uint64_t samples = load_u64(footer + 24);
    uint64_t moved = 0;
    for (uint64_t offset = 0; offset < view->size - TERMS_FOOTER_BYTES; offset++) {
        if (offset == samples) {
            memory_extents_fill_page(index);
            moved = index->payload;
        }
        extent_writer_put(index, extent_view_at(view, offset, 1), 1);
    }
    extent_writer_put(index, zeros, sizeof zeros);
    put_footer(index, load_u64(footer), load_u64(footer + 8), load_u64(footer + 16), moved);
}

/* So many terms that the last samples are on a page that no search from the front comes upon. */
static void check_reads_every_sample(void **state)
{
    (void)state;
    const uint32_t count = (EXTENT_PAGE_BYTES / TERMS_SAMPLE_BYTES + 1) * TERMS_SAMPLE_BLOCKS * TERMS_BLOCK_TERMS;
    struct fixture f = {.reader = {0}};
    struct memory_extents usual = {0};
    struct extent_writer terms;
    struct extent_writer index;
    struct terms_writer writer;
    memory_extents_begin(&f.terms, &terms);
    memory_extents_begin(&usual, &index);
    assert_int_equal(terms_writer_init(&writer, &terms, &index), 0);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t term[4];
        store_u32_big(term, i);
        assert_int_equal(terms_writer_add(&writer, bytes_of(term, sizeof term), bytes_of("v", 1)), 0);
    }
    assert_int_equal(terms_writer_finish(&writer), 0);
    terms_writer_release(&writer);
    struct extent_view view = memory_extents_view(&usual, &index);
    memory_extents_begin(&f.index, &index);
    spread(&view, &index);
    memory_extents_release(&usual);
    open_both(&f, &terms, &index);
    assert_int_equal(terms_check(&f.reader, &f.error), 0);
    f.index_view.verified = memory_extents_verified(&f.index);
    *memory_extents_byte(&f.index, f.reader.sample_offset + EXTENT_PAGE_BYTES) ^= 1;
    assert_int_equal(terms_check(&f.reader, &f.error), AISLE_CORRUPT);
    assert_non_null(strstr(f.error.message, "sample 256 differs"));
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_that_are_cut_off_are_refused),
        cmocka_unit_test(a_fingerprint_is_never_zero),
        cmocka_unit_test(check_notices_terms_out_of_order),
        cmocka_unit_test(check_notices_a_term_that_stands_twice),
        cmocka_unit_test(a_full_table_ends_the_search_where_it_began),
        cmocka_unit_test(each_page_of_the_samples_is_verified),
        cmocka_unit_test(check_reads_every_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
