/*
 * test_terms_read.c - finished dictionaries against a plain sorted array: look-up, cursor, seek, check, damage.
 */
#include "base/alloc.h"
#include "terms/terms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define EXTENTS_MAX 64u
#define SEED UINT64_C(0x7e57ab1e)

/* One component in memory. */
struct component {
    uint8_t *extents[EXTENTS_MAX];
    _Atomic uint64_t verified[EXTENTS_MAX];
    struct extent_view view;
};

static int collect(void *context, uint32_t index, struct bytes extent)
{
    struct component *component = context;
    assert_true(index < EXTENTS_MAX);
    component->extents[index] = mem_alloc(extent.size);
    assert_non_null(component->extents[index]);
    memcpy(component->extents[index], extent.data, extent.size);
    component->view.extent_count++;
    return 0;
}

static void view_component(struct component *component, struct extent_writer *writer)
{
    assert_int_equal(extent_writer_finish(writer, &component->view.size), 0);
    component->view.extents = (const uint8_t *const *)component->extents;
    component->view.verified = component->verified;
}

static void forget_verified(struct component *component)
{
    for (uint32_t i = 0; i < EXTENTS_MAX; i++) {
        component->verified[i] = 0;
    }
}

static void flip(struct component *component, uint64_t bit)
{
    uint64_t byte = bit / 8;
    component->extents[byte / EXTENT_PAYLOAD][byte % EXTENT_PAYLOAD] ^= (uint8_t)(1u << (bit % 8));
}

struct item {
    uint8_t term[LIMIT_TERM_BYTES];
    uint8_t value[LIMIT_TERM_VALUE_BYTES];
    size_t term_size;
    size_t value_size;
};

struct dictionary {
    struct item *items; /* the model: sorted */
    size_t count;
    struct component terms;
    struct component index;
    struct terms_reader reader;
};

static uint64_t random_state;

static uint64_t next_random(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static struct bytes term_of(const struct item *item)
{
    return bytes_of(item->term, item->term_size);
}

static struct bytes value_of(const struct item *item)
{
    return bytes_of(item->value, item->value_size);
}

static int compare_items(const void *a, const void *b)
{
    return bytes_compare(term_of(a), term_of(b));
}

/* Mostly short terms of few letters, some of them long with long common prefixes, any byte now and then. */
static void make_item(struct item *item)
{
    uint64_t r = next_random();
    bool is_long = r % 16 == 0;
    item->term_size = is_long ? 1 + (size_t)(r >> 8) % LIMIT_TERM_BYTES : 1 + (size_t)(r >> 8) % 10;
    for (size_t i = 0; i < item->term_size; i++) {
        uint64_t letter = next_random();
        item->term[i] = (uint8_t)(is_long && i + 3 < item->term_size ? 'x'
                                  : letter % 64 == 0                  ? letter >> 32
                                                                      : 'a' + (letter >> 32) % 12);
    }
    item->value_size = (size_t)(next_random() % (LIMIT_TERM_VALUE_BYTES + 1));
    for (size_t i = 0; i < item->value_size; i++) {
        item->value[i] = (uint8_t)next_random();
    }
}

static void make_model(struct dictionary *d, size_t wanted)
{
    d->items = mem_calloc(wanted + 1, sizeof *d->items);
    assert_non_null(d->items);
    for (size_t i = 0; i < wanted; i++) {
        make_item(&d->items[i]);
    }
    qsort(d->items, wanted, sizeof *d->items, compare_items);
    d->count = 0;
    for (size_t i = 0; i < wanted; i++) {
        if (d->count == 0 || compare_items(&d->items[d->count - 1], &d->items[i]) != 0) {
            d->items[d->count++] = d->items[i];
        }
    }
}

static void build(struct dictionary *d, size_t wanted)
{
    struct extent_writer terms;
    struct extent_writer index;
    struct terms_writer writer;
    *d = (struct dictionary){0};
    make_model(d, wanted);
    assert_int_equal(extent_writer_init(&terms, collect, &d->terms), 0);
    assert_int_equal(extent_writer_init(&index, collect, &d->index), 0);
    assert_int_equal(terms_writer_init(&writer, &terms, &index), 0);
    for (size_t i = 0; i < d->count; i++) {
        assert_int_equal(terms_writer_add(&writer, term_of(&d->items[i]), value_of(&d->items[i])), 0);
    }
    assert_int_equal(terms_writer_finish(&writer), 0);
    view_component(&d->terms, &terms);
    view_component(&d->index, &index);
    terms_writer_release(&writer);
    extent_writer_release(&terms);
    extent_writer_release(&index);
    assert_int_equal(terms_open(&d->reader, &d->terms.view, &d->index.view), 0);
    assert_int_equal(terms_count(&d->reader), d->count);
}

static void drop(struct dictionary *d)
{
    for (uint32_t i = 0; i < EXTENTS_MAX; i++) {
        mem_free(d->terms.extents[i]);
        mem_free(d->index.extents[i]);
    }
    mem_free(d->items);
}

/* Index of the first item >= lowest. */
static size_t lower_bound(const struct dictionary *d, struct bytes lowest)
{
    size_t low = 0;
    size_t high = d->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (bytes_compare(term_of(&d->items[middle]), lowest) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* As terms_find, behind all steps ahead, or the first of them. */
static int find_ahead(const struct terms_reader *reader, struct bytes term, int steps, struct bytes *value)
{
    struct terms_place place = terms_place_of(term);
    for (int step = TERMS_AHEAD_LINE; step < steps; step++) {
        terms_ahead(reader, (enum terms_ahead)step, &place);
    }
    return terms_find_at(reader, term, &place, value);
}

static const size_t sizes[] = {0, 1, 2, 15, 16, 17, 33, 255, 256, 257, 300, 4097, 20000};
#define SIZES (sizeof sizes / sizeof sizes[0])

static void every_term_is_found_with_its_value(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        struct dictionary d;
        build(&d, sizes[s]);
        for (size_t i = 0; i < d.count; i++) {
            struct bytes value;
            assert_int_equal(terms_find(&d.reader, term_of(&d.items[i]), &value), 0);
            assert_true(bytes_equal(value, value_of(&d.items[i])));
            int steps = (int)(i % (TERMS_AHEAD_STEPS + 1));
            assert_int_equal(find_ahead(&d.reader, term_of(&d.items[i]), steps, &value), 0);
            assert_true(bytes_equal(value, value_of(&d.items[i])));
        }
        drop(&d);
    }
}

static void absent_terms_are_the_end(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        struct dictionary d;
        build(&d, sizes[s]);
        for (size_t i = 0; i < 5000; i++) {
            struct item item;
            struct bytes value = bytes_of("x", 1);
            make_item(&item);
            size_t at = lower_bound(&d, term_of(&item));
            bool there = at < d.count && compare_items(&d.items[at], &item) == 0;
            assert_int_equal(terms_find(&d.reader, term_of(&item), &value), there ? 0 : AISLE_END);
            assert_true(there || value.data == NULL);
            value = bytes_of("x", 1);
            assert_int_equal(find_ahead(&d.reader, term_of(&item), TERMS_AHEAD_STEPS, &value), there ? 0 : AISLE_END);
            assert_true(there || value.data == NULL);
        }
        struct bytes value;
        uint8_t too_long[LIMIT_TERM_BYTES + 1] = {0};
        assert_int_equal(terms_find(&d.reader, bytes_of(NULL, 0), &value), AISLE_END);
        assert_int_equal(terms_find(&d.reader, bytes_of(too_long, sizeof too_long), &value), AISLE_END);
        drop(&d);
    }
}

static void cursor_walks_all_terms_in_order(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        struct dictionary d;
        struct terms_cursor cursor;
        build(&d, sizes[s]);
        int status = terms_cursor_seek(&cursor, &d.reader, bytes_of(NULL, 0));
        for (size_t i = 0; i < d.count; i++) {
            assert_int_equal(status, 0);
            assert_true(bytes_equal(cursor.term, term_of(&d.items[i])));
            assert_true(bytes_equal(cursor.value, value_of(&d.items[i])));
            status = terms_cursor_next(&cursor);
        }
        assert_int_equal(status, AISLE_END);
        assert_int_equal(terms_cursor_next(&cursor), AISLE_END);
        drop(&d);
    }
}

static void seek_finds_the_first_term_not_below(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        struct dictionary d;
        build(&d, sizes[s]);
        for (size_t i = 0; i < 3000; i++) {
            struct item item;
            struct terms_cursor cursor;
            make_item(&item);
            if (d.count != 0 && i % 3 == 0) {
                item = d.items[next_random() % d.count];
                item.term_size = i % 2 == 0 ? item.term_size : next_random() % item.term_size + 1;
            }
            size_t at = lower_bound(&d, term_of(&item));
            int status = terms_cursor_seek(&cursor, &d.reader, term_of(&item));
            assert_int_equal(status, at < d.count ? 0 : AISLE_END);
            for (size_t n = 0; n < 20 && status == 0; n++, at++) {
                assert_true(bytes_equal(cursor.term, term_of(&d.items[at])));
                status = terms_cursor_next(&cursor);
            }
        }
        struct terms_cursor cursor;
        uint8_t highest[LIMIT_TERM_BYTES + 1];
        memset(highest, 0xff, sizeof highest);
        assert_int_equal(terms_cursor_seek(&cursor, &d.reader, bytes_of(highest, sizeof highest)), AISLE_END);
        drop(&d);
    }
}

static void sound_dictionaries_pass_the_check(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        struct dictionary d;
        aisle_error error = {0};
        build(&d, sizes[s]);
        if (terms_check(&d.reader, &error) != 0) {
            fail_msg("%zu terms: %s", d.count, error.message);
        }
        drop(&d);
    }
}

static void terms_with_one_sample_prefix_are_told_apart(void **state)
{
    (void)state;
    struct dictionary d = {0};
    struct extent_writer terms;
    struct extent_writer index;
    struct terms_writer writer;
    char text[40];
    assert_int_equal(extent_writer_init(&terms, collect, &d.terms), 0);
    assert_int_equal(extent_writer_init(&index, collect, &d.index), 0);
    assert_int_equal(terms_writer_init(&writer, &terms, &index), 0);
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(text, sizeof text, "the-same-sixteen-%06u", i * 2);
        assert_int_equal(terms_writer_add(&writer, bytes_of_string(text), bytes_of_string("")), 0);
    }
    assert_int_equal(terms_writer_finish(&writer), 0);
    view_component(&d.terms, &terms);
    view_component(&d.index, &index);
    assert_int_equal(terms_open(&d.reader, &d.terms.view, &d.index.view), 0);
    for (unsigned i = 0; i < 6000; i++) {
        struct terms_cursor cursor;
        snprintf(text, sizeof text, "the-same-sixteen-%06u", i);
        int status = terms_cursor_seek(&cursor, &d.reader, bytes_of_string(text));
        assert_int_equal(status, i < 5999 ? 0 : AISLE_END);
        if (status == 0) {
            snprintf(text, sizeof text, "the-same-sixteen-%06u", (i + 1) / 2 * 2);
            assert_true(bytes_equal(cursor.term, bytes_of_string(text)));
        }
    }
    terms_writer_release(&writer);
    extent_writer_release(&terms);
    extent_writer_release(&index);
    drop(&d);
}

/* Uses everything a reader offers; only that it returns matters. */
static void exercise(struct dictionary *d, size_t finds)
{
    struct terms_reader reader;
    if (terms_open(&reader, &d->terms.view, &d->index.view) != 0) {
        return;
    }
    for (size_t i = 0; i < finds && i < d->count; i++) {
        struct bytes value;
        struct terms_cursor cursor;
        int status = terms_find(&reader, term_of(&d->items[i]), &value);
        assert_true(status == 0 || status == AISLE_END || status == AISLE_CORRUPT);
        assert_true(status == 0 || value.size == 0);
        status = find_ahead(&reader, term_of(&d->items[i]), TERMS_AHEAD_STEPS, &value);
        assert_true(status == 0 || status == AISLE_END || status == AISLE_CORRUPT);
        status = terms_cursor_seek(&cursor, &reader, term_of(&d->items[i]));
        for (size_t n = 0; n < 20 && status == 0; n++) {
            assert_true(cursor.term.size >= 1 && cursor.term.size <= LIMIT_TERM_BYTES);
            assert_true(cursor.value.size <= LIMIT_TERM_VALUE_BYTES);
            status = terms_cursor_next(&cursor);
        }
        assert_true(status == 0 || status == AISLE_END || status == AISLE_CORRUPT);
    }
}

static void flipped_bits_never_crash_an_unverified_reader(void **state)
{
    (void)state;
    struct dictionary d;
    build(&d, 600);
    d.terms.view.verified = NULL;
    d.index.view.verified = NULL;
    for (size_t round = 0; round < 3000; round++) {
        struct component *component = round % 2 == 0 ? &d.terms : &d.index;
        uint64_t bits[4];
        size_t flips = 1 + round % 4;
        for (size_t i = 0; i < flips; i++) {
            bits[i] = next_random() % (component->view.size * 8);
            flip(component, bits[i]);
        }
        exercise(&d, 30);
        for (size_t i = 0; i < flips; i++) {
            flip(component, bits[i]);
        }
    }
    exercise(&d, d.count);
    drop(&d);
}

static void checksums_notice_flips_in_both_streams(void **state)
{
    (void)state;
    struct dictionary d;
    build(&d, 3000);
    for (size_t round = 0; round < 300; round++) {
        struct component *component = round % 2 == 0 ? &d.terms : &d.index;
        struct terms_reader reader;
        uint64_t bit = next_random() % (component->view.size * 8);
        flip(component, bit);
        forget_verified(&d.terms);
        forget_verified(&d.index);
        int status = terms_open(&reader, &d.terms.view, &d.index.view);
        status = status != 0 ? status : terms_check(&reader, NULL);
        assert_int_equal(status, AISLE_CORRUPT);
        flip(component, bit);
    }
    drop(&d);
}

static void check_notices_an_index_that_disagrees(void **state)
{
    (void)state;
    struct dictionary d;
    build(&d, 130);
    d.terms.view.verified = NULL;
    d.index.view.verified = NULL;
    uint64_t table_end = 48 + (uint64_t)d.reader.line_count * 64;
    uint64_t directory_end = d.reader.directory_offset + (uint64_t)d.reader.block_count * 8;
    uint64_t samples_end = d.reader.sample_offset + 16;
    for (uint64_t byte = 48; byte < d.index.view.size; byte++) {
        bool padding = (byte >= table_end && byte < d.reader.directory_offset) ||
                       (byte >= directory_end && byte < d.reader.sample_offset) ||
                       (byte >= samples_end && byte < d.index.view.size - 48);
        for (uint64_t bit = byte * 8; bit < byte * 8 + 8 && !padding; bit++) {
            struct terms_reader reader;
            flip(&d.index, bit);
            int status = terms_open(&reader, &d.terms.view, &d.index.view);
            status = status != 0 ? status : terms_check(&reader, NULL);
            if (status != AISLE_CORRUPT && status != AISLE_NEWER_FORMAT) {
                fail_msg("byte %llu, bit %llu: status %d", (unsigned long long)byte, (unsigned long long)bit, status);
            }
            flip(&d.index, bit);
        }
    }
    drop(&d);
}

static void cut_streams_are_corrupt(void **state)
{
    (void)state;
    struct dictionary d;
    build(&d, 500);
    d.terms.view.verified = NULL;
    d.index.view.verified = NULL;
    uint64_t index_size = d.index.view.size;
    for (uint64_t size = 0; size < index_size; size++) {
        struct terms_reader reader;
        d.index.view.size = size;
        assert_int_equal(terms_open(&reader, &d.terms.view, &d.index.view), AISLE_CORRUPT);
    }
    d.index.view.size = index_size;
    d.terms.view.size--;
    struct terms_reader reader;
    assert_int_equal(terms_open(&reader, &d.terms.view, &d.index.view), AISLE_CORRUPT);
    drop(&d);
}

static void newer_version_is_told_from_damage(void **state)
{
    (void)state;
    struct dictionary d;
    struct terms_reader reader;
    build(&d, 10);
    d.index.view.verified = NULL;
    store_u32(d.index.extents[0] + d.index.view.size - 8, 2);
    assert_int_equal(terms_open(&reader, &d.terms.view, &d.index.view), AISLE_NEWER_FORMAT);
    store_u32(d.index.extents[0] + d.index.view.size - 8, 0);
    assert_int_equal(terms_open(&reader, &d.terms.view, &d.index.view), AISLE_CORRUPT);
    drop(&d);
}

static int reseed(void **state)
{
    (void)state;
    random_state = SEED;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_term_is_found_with_its_value, reseed),
        cmocka_unit_test_setup(absent_terms_are_the_end, reseed),
        cmocka_unit_test_setup(cursor_walks_all_terms_in_order, reseed),
        cmocka_unit_test_setup(seek_finds_the_first_term_not_below, reseed),
        cmocka_unit_test_setup(sound_dictionaries_pass_the_check, reseed),
        cmocka_unit_test_setup(terms_with_one_sample_prefix_are_told_apart, reseed),
        cmocka_unit_test_setup(flipped_bits_never_crash_an_unverified_reader, reseed),
        cmocka_unit_test_setup(checksums_notice_flips_in_both_streams, reseed),
        cmocka_unit_test_setup(check_notices_an_index_that_disagrees, reseed),
        cmocka_unit_test_setup(cut_streams_are_corrupt, reseed),
        cmocka_unit_test_setup(newer_version_is_told_from_damage, reseed),
    };
    printf("seed %llx\n", (unsigned long long)SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
