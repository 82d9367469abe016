/*
 * test_columns_values.c - dictionaries of values and lists: collected, written, found again; limits; damage.
 */
#include "columns/values_format.h"
#include "support/memory_extents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct dictionary {
    struct memory_extents memory;
    struct extent_view view;
    struct values_reader reader;
};

static void value_text(uint32_t i, char text[32])
{
    snprintf(text, 32, "value %08u", i * 3);
}

/* count values "value 00000000", "value 00000003", ...; every tenth is shown otherwise. Returns the code of a list. */
static int64_t make(struct dictionary *d, uint32_t count, const uint32_t *list, uint32_t list_count)
{
    struct extent_writer stream;
    struct values_writer writer;
    int64_t code = COLUMN_MISSING;
    *d = (struct dictionary){.memory = {0}};
    memory_extents_begin(&d->memory, &stream);
    assert_int_equal(values_writer_init(&writer, &stream), 0);
    for (uint32_t i = 0; i < count; i++) {
        char text[32];
        value_text(i, text);
        struct value_pair pair = {bytes_of_string(text), bytes_of_string(i % 10 == 0 ? "Shown" : text)};
        assert_int_equal(values_writer_add(&writer, &pair), 0);
    }
    if (list_count != 0) {
        int64_t again;
        assert_int_equal(values_writer_list(&writer, list, list_count, &code), 0);
        assert_int_equal(values_writer_list(&writer, list, list_count, &again), 0);
        assert_int_equal(code, again);
    }
    assert_int_equal(values_writer_finish(&writer), 0);
    values_writer_release(&writer);
    d->view = memory_extents_view(&d->memory, &stream);
    assert_int_equal(values_open(&d->reader, &d->view), 0);
    return code;
}

static void every_value_is_found_and_what_lies_between_is_not(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 15, 16, 17, 33, 20000};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        struct dictionary d;
        (void)make(&d, counts[c], NULL, 0);
        assert_int_equal(d.reader.count, counts[c]);
        assert_int_equal(values_check(&d.reader, NULL), 0);
        for (uint32_t i = 0; i < counts[c] * 3 + 2; i += counts[c] > 100 ? 7 : 1) {
            char text[32];
            uint32_t ordinal;
            bool exact;
            snprintf(text, sizeof text, "value %08u", i);
            assert_int_equal(values_find(&d.reader, bytes_of_string(text), &ordinal, &exact), 0);
            uint32_t expected = (i + 2) / 3;
            assert_int_equal(ordinal, expected < counts[c] ? expected : counts[c]);
            assert_int_equal(exact, i % 3 == 0 && expected < counts[c]);
        }
        struct values_cursor cursor;
        assert_int_equal(values_seek(&cursor, &d.reader, counts[c]), AISLE_END);
        memory_extents_release(&d.memory);
    }
}

static void a_prefix_is_a_range_of_ordinals(void **state)
{
    (void)state;
    struct dictionary d;
    (void)make(&d, 1000, NULL, 0);
    uint32_t first;
    uint32_t end;
    bool exact;
    struct bytes prefix = bytes_of_string("value 000001");
    assert_int_equal(values_find(&d.reader, prefix, &first, &exact), 0);
    assert_int_equal(values_find_end(&d.reader, prefix, first, &end), 0);
    assert_false(exact);
    assert_int_equal(first, 34); /* 102 is the first multiple of three from 100 on */
    assert_int_equal(end, 67);   /* and 201 the first from 200 on */
    assert_int_equal(values_find_end(&d.reader, bytes_of_string("value"), 0, &end), 0);
    assert_int_equal(end, 1000);
    memory_extents_release(&d.memory);
}

static void walking_shows_each_form(void **state)
{
    (void)state;
    struct dictionary d;
    struct values_cursor cursor;
    (void)make(&d, 50, NULL, 0);
    int status = values_seek(&cursor, &d.reader, 9);
    for (uint32_t i = 9; i < 50; i++) {
        char text[32];
        value_text(i, text);
        assert_int_equal(status, 0);
        assert_true(bytes_equal(cursor.folded, bytes_of_string(text)));
        assert_true(bytes_equal(cursor.shown, bytes_of_string(i % 10 == 0 ? "Shown" : text)));
        status = values_next(&cursor);
    }
    assert_int_equal(status, AISLE_END);
    memory_extents_release(&d.memory);
}

static void a_list_gives_its_ordinals_and_a_value_itself(void **state)
{
    (void)state;
    static uint32_t list[LIMIT_LIST_VALUES];
    static const uint32_t counts[] = {2, 3, LIMIT_LIST_VALUES};
    for (uint32_t i = 0; i < LIMIT_LIST_VALUES; i++) {
        list[i] = i * 19 + i % 3;
    }
    for (size_t c = 0; c < 3; c++) {
        struct dictionary d;
        struct values_of_code walk;
        uint32_t ordinal;
        int64_t code = make(&d, 20000, list, counts[c]);
        assert_true(code >= 20000);
        assert_int_equal(values_of_code_init(&walk, &d.reader, code), 0);
        for (uint32_t i = 0; i < counts[c]; i++) {
            assert_int_equal(values_of_code_next(&walk, &ordinal), 0);
            assert_int_equal(ordinal, list[i]);
        }
        assert_int_equal(values_of_code_next(&walk, &ordinal), AISLE_END);
        assert_int_equal(values_of_code_init(&walk, &d.reader, 19999), 0);
        assert_int_equal(values_of_code_next(&walk, &ordinal), 0);
        assert_int_equal(ordinal, 19999);
        assert_int_equal(values_of_code_next(&walk, &ordinal), AISLE_END);
        assert_int_equal(values_of_code_init(&walk, &d.reader, 20000), AISLE_CORRUPT); /* a block, no list */
        assert_int_equal(values_of_code_init(&walk, &d.reader, -1), AISLE_CORRUPT);
        assert_int_equal(values_of_code_init(&walk, &d.reader, INT64_MAX), AISLE_CORRUPT);
        memory_extents_release(&d.memory);
    }
}

static void a_writer_refuses_what_is_out_of_order_or_size(void **state)
{
    (void)state;
    static const char large[VALUES_FOLDED_BYTES_MAX + 1] = {'z'};
    const struct value_pair a = {bytes_of_string("b"), bytes_of_string("b")};
    const struct value_pair refused[] = {{bytes_of_string("b"), bytes_of_string("B")},
                                         {bytes_of_string("a"), bytes_of_string("a")},
                                         {bytes_of_string(""), bytes_of_string("a")},
                                         {bytes_of(large, sizeof large), bytes_of_string("z")},
                                         {bytes_of_string("c"), bytes_of(large, LIMIT_KEYWORD_BYTES + 1)}};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct memory_extents memory = {0};
        struct extent_writer stream;
        struct values_writer writer;
        memory_extents_begin(&memory, &stream);
        assert_int_equal(values_writer_init(&writer, &stream), 0);
        assert_int_equal(values_writer_add(&writer, &a), 0);
        assert_int_equal(values_writer_add(&writer, &refused[i]), AISLE_INVALID);
        assert_int_equal(values_writer_finish(&writer), AISLE_INVALID); /* it sticks */
        values_writer_release(&writer);
        extent_writer_release(&stream);
        memory_extents_release(&memory);
    }
}

static void only_used_values_are_written_and_lists_are_sets(void **state)
{
    (void)state;
    static const char *const folded[] = {"red", "blue", "green", "unused"};
    static const char *const shown[] = {"Red", "BLUE", "green", "unused"};
    struct values_collector collector;
    struct memory_extents memory = {0};
    struct extent_writer stream;
    struct values_writer writer;
    uint32_t numbers[4];
    uint32_t again;
    values_collector_init(&collector);
    for (uint32_t i = 0; i < 4; i++) {
        struct value_pair pair = {bytes_of_string(folded[i]), bytes_of_string(shown[i])};
        assert_int_equal(values_collector_add(&collector, &pair, &numbers[i]), 0);
    }
    struct value_pair upper = {bytes_of_string("red"), bytes_of_string("RED")};
    assert_int_equal(values_collector_add(&collector, &upper, &again), 0);
    assert_int_equal(again, numbers[0]);
    uint32_t set[] = {numbers[2], numbers[0], numbers[2], numbers[1]};
    uint32_t same[] = {numbers[1], numbers[1]};
    int64_t codes[3];
    assert_int_equal(values_collector_code(&collector, set, 4, &codes[0]), 0);
    assert_int_equal(values_collector_code(&collector, same, 2, &codes[1]), 0);
    assert_int_equal(values_collector_code(&collector, NULL, 0, &codes[2]), 0);
    assert_int_equal(codes[1], numbers[1]);
    assert_true(codes[2] == COLUMN_MISSING);
    memory_extents_begin(&memory, &stream);
    assert_int_equal(values_writer_init(&writer, &stream), 0);
    for (size_t i = 0; i < 3; i++) {
        values_collector_use(&collector, codes[i]);
    }
    assert_int_equal(values_collector_write(&collector, &writer), 0);
    int64_t stored[3];
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(values_collector_recode(&collector, &writer, codes[i], &stored[i]), 0);
    }
    assert_int_equal(values_writer_finish(&writer), 0);
    struct extent_view view = memory_extents_view(&memory, &stream);
    struct values_reader reader;
    struct values_cursor cursor;
    assert_int_equal(values_open(&reader, &view), 0);
    assert_int_equal(reader.count, 3);
    assert_int_equal(values_seek(&cursor, &reader, 2), 0);
    assert_true(bytes_equal(cursor.shown, bytes_of_string("RED"))); /* the least of its forms */
    assert_true(stored[0] >= 3 && stored[1] == 0 && stored[2] == COLUMN_MISSING);
    values_writer_release(&writer);
    values_collector_release(&collector);
    memory_extents_release(&memory);
}

static void no_changed_byte_leads_outside(void **state)
{
    (void)state;
    static const uint32_t list[] = {1, 5, 40};
    struct dictionary d;
    int64_t code = make(&d, 41, list, 3);
    uint8_t *bytes = d.memory.extents[0];
    for (size_t at = 0; at < d.memory.size; at++) {
        uint8_t kept = bytes[at];
        for (unsigned bit = 0; bit < 8; bit++) {
            struct values_reader reader;
            struct values_of_code walk;
            uint32_t ordinal;
            bool exact;
            bytes[at] = (uint8_t)(kept ^ (1u << bit));
            if (values_open(&reader, &d.view) == 0) {
                (void)!values_check(&reader, NULL);
                (void)!values_find(&reader, bytes_of_string("value 00000021"), &ordinal, &exact);
                int status = values_of_code_init(&walk, &reader, code);
                while (status == 0) {
                    status = values_of_code_next(&walk, &ordinal);
                    assert_true(status != 0 || ordinal < reader.count);
                }
            }
        }
        bytes[at] = kept;
    }
    memory_extents_release(&d.memory);
}

/* Far more lists than the writer remembers, and the lists after that: each code means what it was given for. */
static void more_lists_than_are_kept_keep_their_meaning(void **state)
{
    (void)state;
    enum { LISTS = 40000 };
    static int64_t codes[LISTS];
    struct dictionary d = {.memory = {0}};
    struct extent_writer stream;
    struct values_writer writer;
    memory_extents_begin(&d.memory, &stream);
    assert_int_equal(values_writer_init(&writer, &stream), 0);
    for (uint32_t i = 0; i < 300; i++) {
        char text[32];
        value_text(i, text);
        assert_int_equal(values_writer_add(&writer, &(struct value_pair){bytes_of_string(text), bytes_of_string(text)}),
                         0);
    }
    for (uint32_t i = 0; i < LISTS; i++) {
        const uint32_t list[] = {i % 200, 200 + i / 200 % 100};
        int64_t again;
        assert_int_equal(values_writer_list(&writer, list, 2, &codes[i]), 0);
        assert_int_equal(values_writer_list(&writer, list, 2, &again), 0);
        assert_int_equal(again, codes[i]);
    }
    assert_true(writer.lists.count < 20000); /* different ones */
    assert_int_equal(values_writer_finish(&writer), 0);
    values_writer_release(&writer);
    d.view = memory_extents_view(&d.memory, &stream);
    assert_int_equal(values_open(&d.reader, &d.view), 0);
    for (uint32_t i = 0; i < LISTS; i++) {
        struct values_of_code walk;
        uint32_t ordinal;
        assert_int_equal(values_of_code_init(&walk, &d.reader, codes[i]), 0);
        assert_int_equal(values_of_code_next(&walk, &ordinal), 0);
        assert_int_equal(ordinal, i % 200);
        assert_int_equal(values_of_code_next(&walk, &ordinal), 0);
        assert_int_equal(ordinal, 200 + i / 200 % 100);
    }
    memory_extents_release(&d.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_found_and_what_lies_between_is_not),
        cmocka_unit_test(a_prefix_is_a_range_of_ordinals),
        cmocka_unit_test(walking_shows_each_form),
        cmocka_unit_test(a_list_gives_its_ordinals_and_a_value_itself),
        cmocka_unit_test(more_lists_than_are_kept_keep_their_meaning),
        cmocka_unit_test(a_writer_refuses_what_is_out_of_order_or_size),
        cmocka_unit_test(only_used_values_are_written_and_lists_are_sets),
        cmocka_unit_test(no_changed_byte_leads_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
