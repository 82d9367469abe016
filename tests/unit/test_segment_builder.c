/*
 * test_segment_builder.c - from the memory index to a segment and back, against the plain model.
 */
#include "segment_fixture.h"

static struct model_document model[MODEL_MAX];

static void build_and_compare(uint32_t documents, uint32_t drop_every)
{
    struct storage *storage = open_storage(CREATE);
    struct segment_builder *builder = new_builder();
    size_t kept = 0;
    for (uint32_t i = 0; i < documents; i++) {
        struct model_document document = model_of(i);
        uint32_t number = add_document(builder, &document);
        assert_int_equal(number, i);
        if (drop_every != 0 && i % drop_every == 0) {
            segment_builder_drop(builder, number);
        } else {
            model[kept++] = document;
        }
    }
    assert_int_equal(segment_builder_live(builder), kept);
    assert_int_equal(segment_builder_documents(builder), documents);
    struct segment *segment = write_and_open(storage, builder, 1, 0);
    compare_with_model(segment, model, kept);
    segment_release(segment);
    segment_builder_free(builder);
    storage_close(storage);
    empty_directory();
}

static void segment_holds_what_the_builder_was_given(void **state)
{
    (void)state;
    build_and_compare(1, 0);
    build_and_compare(2, 0);
    build_and_compare(777, 0);
}

static void large_segment_spans_column_pages_and_blocks(void **state)
{
    (void)state;
    build_and_compare(3000, 0);
}

static void dropped_documents_leave_nothing_behind(void **state)
{
    (void)state;
    build_and_compare(10, 2);
    build_and_compare(600, 3);
    /* All but number 0 of two: a word of the dropped one alone is no term of the segment. */
    build_and_compare(3, 1000);
}

static void find_sees_the_live_version_only(void **state)
{
    (void)state;
    struct segment_builder *builder = new_builder();
    struct model_document document = model_of(7);
    char id[32];
    struct bytes key = bytes_of(id, model_id(7, id));
    uint64_t hash = hash_bytes(key.data, key.size);
    uint32_t number;
    assert_int_equal(segment_builder_find(builder, key, hash, &number), AISLE_END);
    for (uint32_t i = 0; i < 3000; i++) {
        assert_int_equal(add_document(builder, &document), i);
        assert_int_equal(segment_builder_find(builder, key, hash, &number), 0);
        assert_int_equal(number, i);
        segment_builder_drop(builder, number);
        segment_builder_drop(builder, number);
        assert_true(segment_builder_dropped(builder, number));
        assert_int_equal(segment_builder_find(builder, key, hash, &number), AISLE_END);
        assert_int_equal(segment_builder_live(builder), 0);
    }
    /* The others are found still, also after the table has grown over dropped ones. */
    for (uint32_t i = 0; i < 2000; i++) {
        document = model_of(1000 + i);
        add_document(builder, &document);
    }
    for (uint32_t i = 0; i < 2000; i++) {
        key = bytes_of(id, model_id(1000 + i, id));
        assert_int_equal(segment_builder_find(builder, key, hash_bytes(id, key.size), &number), 0);
        assert_int_equal(number, 3000 + i);
    }
    segment_builder_free(builder);
}

static void many_versions_of_one_document_take_linear_time(void **state)
{
    (void)state;
    struct segment_builder *builder = new_builder();
    struct model_document document = model_of(11); /* no words */
    char id[32];
    struct bytes key = bytes_of(id, model_id(11, id));
    uint64_t hash = hash_bytes(key.data, key.size);
    /* A chain of all versions would be walked 2 * 10^10 steps. */
    for (uint32_t i = 0; i < 200000; i++) {
        uint32_t number;
        if (segment_builder_find(builder, key, hash, &number) == 0) {
            segment_builder_drop(builder, number);
        }
        add_document(builder, &document);
    }
    assert_int_equal(segment_builder_live(builder), 1);
    segment_builder_free(builder);
}

/* With so many terms their words are remembered: a number alone then says which term it is. */
static void word_once_seen_gives_its_term(void **state)
{
    (void)state;
    struct segment_builder *builder = new_builder();
    for (uint32_t i = 1; i <= 40000; i++) {
        char text[16];
        uint32_t slots[2];
        snprintf(text, sizeof text, "t%u", i);
        struct segment_token tokens[2] = {{.term = bytes_of_string(text), .word = i},
                                          {.term = bytes_of_string(text), .word = i + 100000}};
        assert_int_equal(segment_builder_touch(builder, tokens, 2, slots), 0);
        assert_int_equal(slots[0], i - 1);
        assert_int_equal(slots[1], i - 1);
    }
    for (uint32_t i = 1; i <= 40000; i++) {
        char text[16];
        uint32_t slot;
        snprintf(text, sizeof text, "t%u", i);
        struct segment_token token = {.term = bytes_of_string(text), .word = i + 100000};
        assert_int_equal(segment_builder_touch(builder, &token, 1, &slot), 0);
        assert_int_equal(slot, i - 1);
        token.word = i + (UINT64_C(1) << 31); /* has the same place as others, but another number */
        assert_int_equal(segment_builder_touch(builder, &token, 1, &slot), 0);
        assert_int_equal(slot, i - 1);
    }
    segment_builder_free(builder);
}

static void number_alone_says_which_term_it_is_until_the_builder_is_emptied(void **state)
{
    (void)state;
    struct segment_builder *builder = new_builder();
    struct segment_builder *other = new_builder();
    struct segment_token words[2] = {{.term = bytes_of_string("lamp")}, {.term = bytes_of_string("shade")}};
    uint32_t slots[2];
    assert_int_equal(segment_builder_touch(builder, words, 2, slots), 0);
    struct segment_token shade = {.number = segment_builder_number(builder, slots[1])};
    assert_int_equal(segment_builder_touch(builder, &shade, 1, &slots[0]), 0);
    assert_int_equal(slots[0], slots[1]);
    segment_builder_abandon(builder);
    assert_int_equal(segment_builder_touch(builder, &shade, 1, &slots[0]), 0); /* the term is there all the same */
    assert_int_equal(segment_builder_touch(builder, &words[1], 1, &slots[1]), 0);
    assert_int_equal(slots[0], 0);
    assert_int_equal(slots[1], 0);
    uint64_t serial = segment_builder_serial(builder);
    assert_int_not_equal(serial, 0);
    assert_int_not_equal(serial, segment_builder_serial(other));
    segment_builder_reset(builder);
    assert_int_not_equal(serial, segment_builder_serial(builder));
    segment_builder_free(builder);
    segment_builder_free(other);
}

static void abandoned_document_leaves_the_next_one_whole(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct segment_builder *builder = new_builder();
    struct segment_token terms[3] = {
        {.term = bytes_of_string("w1")}, {.term = bytes_of_string("stray")}, {.term = bytes_of_string("w1")}};
    uint32_t slots[3];
    assert_int_equal(segment_builder_touch(builder, terms, 3, slots), 0);
    assert_int_equal(slots[0], 0);
    assert_int_equal(slots[1], 1);
    assert_int_equal(slots[2], 0);
    segment_builder_abandon(builder);
    model[0] = model_of(1);
    add_document(builder, &model[0]);
    struct segment *segment = write_and_open(storage, builder, 1, 0);
    compare_with_model(segment, model, 1);
    struct bytes record;
    assert_int_equal(terms_find(&segment->terms, bytes_of_string("stray"), &record), AISLE_END);
    segment_release(segment);
    segment_builder_free(builder);
    storage_close(storage);
}

static void reset_builder_begins_anew(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct segment_builder *builder = new_builder();
    for (uint32_t i = 0; i < 50; i++) {
        struct model_document document = model_of(i);
        add_document(builder, &document);
    }
    for (uint32_t round = 0; round < 3; round++) {
        assert_true(segment_builder_memory(builder) > 20 * 40);
        segment_builder_keep(builder, round == 1);
        segment_builder_reset(builder);
        assert_int_equal(segment_builder_documents(builder), 0);
        assert_int_equal(segment_builder_memory(builder), 0);
        for (uint32_t i = 0; i < 20; i++) {
            model[i] = model_of(100 * round + i);
            add_document(builder, &model[i]);
        }
        struct segment *segment = write_and_open(storage, builder, 3 + round, 0);
        compare_with_model(segment, model, 20);
        segment_release(segment);
    }
    segment_builder_free(builder);
    storage_close(storage);
}

static void reset_builder_keeps_memory_only_if_told_to(void **state)
{
    (void)state;
    struct segment_builder *builder = new_builder();
    struct model_document document = model_of(1);
    uint64_t kept;
    uint64_t given_back;
    uint64_t peak;
    add_document(builder, &document);
    segment_builder_keep(builder, true);
    segment_builder_reset(builder);
    alloc_bytes(&kept, &peak);
    segment_builder_keep(builder, false);
    segment_builder_reset(builder);
    alloc_bytes(&given_back, &peak);
    segment_builder_free(builder);
    assert_true(ARENA_GUARDED ? given_back == kept : given_back < kept);
}

static int double_bytes(void *context, struct bytes stored, struct buf *out)
{
    ++*(unsigned *)context;
    buf_put(out, stored.data, stored.size);
    buf_put(out, stored.data, stored.size);
    return buf_status(out);
}

static int refuse_bytes(void *context, struct bytes stored, struct buf *out)
{
    (void)context;
    (void)stored;
    (void)out;
    return AISLE_LIMIT;
}

static void stored_bytes_pass_through_the_callers_function(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct segment_builder *builder = new_builder();
    struct segment_writer *writer = NULL;
    struct segment_info info;
    unsigned calls = 0;
    for (uint32_t i = 0; i < 5; i++) {
        struct model_document document = model_of(i);
        add_document(builder, &document);
    }
    assert_int_equal(segment_writer_new(storage, 1, &model_columns, &writer), 0);
    assert_int_equal(segment_builder_write(builder, writer, double_bytes, &calls), 0);
    assert_int_equal(segment_writer_finish(writer, &info, &error), 0);
    assert_int_equal(calls, 5);
    assert_true(info.component_size[COMPONENT_DOCUMENTS] >= 5 * 2 * 17);
    segment_writer_free(writer);
    assert_int_equal(segment_writer_new(storage, 2, &model_columns, &writer), 0);
    assert_int_equal(segment_builder_write(builder, writer, refuse_bytes, NULL), AISLE_LIMIT);
    segment_writer_free(writer);
    segment_builder_free(builder);
    storage_close(storage);
}

/* Each extent in turn is damaged: opening, reading or the check must notice, and nothing may crash. */
static void flipped_byte_in_any_extent_is_noticed(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct segment_builder *builder = new_builder();
    for (uint32_t i = 0; i < 300; i++) {
        struct model_document document = model_of(i);
        add_document(builder, &document);
    }
    struct segment *whole = write_and_open(storage, builder, 1, 0);
    struct segment_info info = whole->info;
    segment_release(whole);
    for (uint8_t component = 0; component < COMPONENT_COUNT; component++) {
        uint8_t key[EXTENT_KEY_BYTES];
        static uint8_t damaged[EXTENT_BYTES];
        struct bytes value;
        struct segment *segment = NULL;
        uint64_t faults = 0;
        if (info.component_size[component] == 0) {
            continue;
        }
        segment_extent_key(key, 1, component, 0);
        struct storage_txn *txn = begin_write(storage);
        assert_int_equal(storage_get(txn, TABLE_EXTENTS, bytes_of(key, sizeof key), &value), 0);
        memcpy(damaged, value.data, value.size);
        size_t size = value.size;
        damaged[info.component_size[component] / 2] ^= 0x40;
        assert_int_equal(storage_put(txn, TABLE_EXTENTS, bytes_of(key, sizeof key), bytes_of(damaged, size)), 0);
        assert_int_equal(storage_commit(txn, &error), 0);
        txn = begin_read(storage);
        int status = segment_open(txn, &info, &model_columns, &segment, &error);
        assert_true(status == 0 || status == AISLE_CORRUPT);
        if (status == 0) {
            segment_check(segment, report_fault, NULL, &faults);
            assert_true(faults != 0);
            segment_release(segment);
        }
        storage_read_end(txn);
        damaged[info.component_size[component] / 2] ^= 0x40;
        txn = begin_write(storage);
        assert_int_equal(storage_put(txn, TABLE_EXTENTS, bytes_of(key, sizeof key), bytes_of(damaged, size)), 0);
        assert_int_equal(storage_commit(txn, &error), 0);
    }
    segment_builder_free(builder);
    storage_close(storage);
}

static void segment_with_a_missing_or_cut_extent_does_not_open(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct segment_builder *builder = new_builder();
    struct model_document document = model_of(1);
    uint8_t key[EXTENT_KEY_BYTES];
    struct segment *segment = NULL;
    add_document(builder, &document);
    segment = write_and_open(storage, builder, 1, 0);
    struct segment_info info = segment->info;
    segment_release(segment);
    segment = NULL;
    segment_extent_key(key, 1, COMPONENT_IDS, 0);
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(storage_put(txn, TABLE_EXTENTS, bytes_of(key, sizeof key), bytes_of("short", 5)), 0);
    assert_int_equal(storage_commit(txn, &error), 0);
    txn = begin_read(storage);
    assert_int_equal(segment_open(txn, &info, &model_columns, &segment, &error), AISLE_CORRUPT);
    assert_null(segment);
    storage_read_end(txn);
    txn = begin_write(storage);
    assert_int_equal(storage_delete(txn, TABLE_EXTENTS, bytes_of(key, sizeof key)), 0);
    assert_int_equal(storage_commit(txn, &error), 0);
    txn = begin_read(storage);
    assert_int_equal(segment_open(txn, &info, &model_columns, &segment, &error), AISLE_CORRUPT);
    storage_read_end(txn);
    segment_builder_free(builder);
    storage_close(storage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(segment_holds_what_the_builder_was_given, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(large_segment_spans_column_pages_and_blocks, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(dropped_documents_leave_nothing_behind, make_directory, remove_directory),
        cmocka_unit_test(find_sees_the_live_version_only),
        cmocka_unit_test(number_alone_says_which_term_it_is_until_the_builder_is_emptied),
        cmocka_unit_test(many_versions_of_one_document_take_linear_time),
        cmocka_unit_test(word_once_seen_gives_its_term),
        cmocka_unit_test_setup_teardown(abandoned_document_leaves_the_next_one_whole, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(reset_builder_begins_anew, make_directory, remove_directory),
        cmocka_unit_test(reset_builder_keeps_memory_only_if_told_to),
        cmocka_unit_test_setup_teardown(stored_bytes_pass_through_the_callers_function, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(flipped_byte_in_any_extent_is_noticed, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(segment_with_a_missing_or_cut_extent_does_not_open, make_directory,
                                        remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
