/*
 * test_index_parts_many.c - parts that become more than a shard may list, while nobody merges them or only whole tiers.
 */
#include "index_fixture.h"

#include "index/writer_private.h"

#define WORD_BYTES 18u /* one alone is more than the least budget lets wait */

static const char schema[] =
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\"}}}";

static aisle *catalog;
static aisle_writer *writer;
static struct shard_writer *shard;
static uint32_t made;

static int set_up(void **state)
{
    if (make_directory(state) != 0) {
        return -1;
    }
    create_catalog("shop", schema, 1);
    catalog = open_catalog("shop");
    writer = begin_writing(catalog);
    shard = &writer->shards[0];
    writer->budget.overlay_bytes = 4 * WORD_BYTES;
    made = 0;
    return 0;
}

static int tear_down(void **state)
{
    aisle_writer_free(writer);
    aisle_close(catalog);
    return remove_directory(state);
}

static struct bytes make_word(uint32_t number, uint8_t text[WORD_BYTES])
{
    for (size_t i = 0; i < WORD_BYTES; i++, number /= 26) {
        text[i] = (uint8_t)('a' + number % 26);
    }
    return bytes_of(text, WORD_BYTES);
}

static void take_words(uint32_t words)
{
    for (uint32_t i = 0; i < words; i++) {
        uint8_t text[WORD_BYTES];
        struct bytes word = make_word(made++, text);
        assert_int_equal(parts_lexicon_take(shard, &word, 1), 0);
    }
}

/* As a worker does after a flush whose words these are. */
static void spill(uint32_t words)
{
    take_words(words);
    assert_done(parts_lexicon_spill(shard, SPILL_MUCH, &error));
}

static void publish(void)
{
    assert_done(aisle_mark(writer, &(aisle_position){.source = "log", .identity = 1, .offset = made}, &error));
    assert_done(shard_writer_publish(shard, &error));
}

static void expect_all_words(void)
{
    struct shard_snapshot snapshot;
    struct arena arena;
    struct lexicon lexicon;
    arena_init(&arena, 1u << 20);
    assert_done(shard_begin(&catalog->shards[0], &snapshot, &error));
    assert_int_equal(parts_lexicon_gather(&snapshot, 1, &arena, &lexicon), 0);
    for (uint32_t i = 0; i < made; i++) {
        uint8_t text[WORD_BYTES];
        assert_int_equal(lexicon_has(&lexicon, make_word(i, text)), 0);
    }
    shard_end(&snapshot);
    arena_release(&arena);
}

static void parts_that_workers_write_before_anybody_tidies_stay_below_the_limit(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3 * LIMIT_PARTS; i++) {
        spill(1 + i % 3);
        assert_true(shard->parts.count <= LIMIT_PARTS);
    }
    publish();
    expect_all_words();
}

static void pending_parts_become_one_before_a_commit_when_nobody_merges(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        spill(3);
    }
    take_words(3);
    assert_done(shard_writer_spill(shard, &error));
    assert_int_equal(shard->parts.count, 5);
    take_words(3);
    writer->budget.parts_bytes = 1;
    assert_done(parts_lexicon_spill(shard, SPILL_JOINED, &error));
    assert_int_equal(shard->parts.count, 6); /* which are too much */
    take_words(3);
    writer->budget.parts_bytes = 1u << 20;
    assert_done(parts_lexicon_spill(shard, SPILL_JOINED, &error));
    assert_int_equal(shard->parts.count, 1);
    assert_true(shard->parts.list[0].pending);
    publish();
    assert_int_equal(shard->parts.count, 1);
    expect_all_words();
}

static void parts_of_many_sizes_are_merged_while_loading_when_they_are_many(void **state)
{
    (void)state;
    const struct merge_order loading = {.loading = true, .bytes_max = UINT64_MAX};
    uint32_t words = 1;
    bool merged = true;
    for (uint32_t tier = 0; tier < 5; tier++, words *= 8) {
        if (tier == 4) {
            publish();
            assert_done(shard_writer_merge(shard, &loading, &merged, &error));
            assert_false(merged);
        }
        for (uint32_t i = 0; i < 7; i++) {
            spill(words);
        }
    }
    publish();
    assert_int_equal(shard->parts.count, 35);
    assert_done(shard_writer_merge(shard, &loading, &merged, &error));
    assert_true(merged);
    assert_true(shard->parts.count < 35);
    expect_all_words();
}

/* Nine segments, each with parts: a tier of both that is to be merged. */
static void parts_go_before_segments_at_the_end_of_a_load(void **state)
{
    (void)state;
    const struct merge_order at_the_end = {.at_the_end = true, .bytes_max = UINT64_MAX};
    bool merged = false;
    for (uint32_t i = 0; i < 9; i++) {
        char product[64];
        int size = snprintf(product, sizeof product, "{\"id\":\"P%u\",\"title\":\"item\"}", i);
        assert_done(aisle_put(writer, (aisle_bytes){product, (size_t)size}, &error));
        spill(3);
        publish();
    }
    uint32_t parts = shard->parts.count;
    assert_int_equal(shard_writer_segments(shard), 9);
    assert_true(parts >= 9);
    assert_done(shard_writer_merge(shard, &at_the_end, &merged, &error));
    assert_true(merged);
    assert_int_equal(shard_writer_segments(shard), 9);
    assert_true(shard->parts.count < parts);
    while (merged) {
        assert_done(shard_writer_merge(shard, &at_the_end, &merged, &error));
    }
    assert_true(shard_writer_segments(shard) < 9);
    expect_all_words();
}

static size_t count_extents(void)
{
    struct storage_txn *txn = NULL;
    struct storage_cursor *cursor = NULL;
    struct bytes key;
    struct bytes value;
    size_t count = 0;
    assert_done(storage_read_begin(catalog->shards[0].storage, &txn, &error));
    assert_done(storage_cursor_open(txn, TABLE_EXTENTS, &cursor));
    int status = storage_cursor_seek(cursor, bytes_of(NULL, 0), &key, &value);
    for (; status == 0; count++) {
        status = storage_cursor_next(cursor, &key, &value);
    }
    storage_cursor_close(cursor);
    storage_read_end(txn);
    return count;
}

static void merge_of_parts_is_given_up_before_it_writes(void **state)
{
    (void)state;
    atomic_bool cancel = true;
    struct merge_order order = {.bytes_max = UINT64_MAX, .cancel = &cancel};
    bool merged = true;
    for (uint32_t i = 0; i < 4; i++) {
        spill(1000);
    }
    publish();
    size_t before = count_extents();
    assert_int_equal(shard_writer_merge(shard, &order, &merged, &error), AISLE_BUSY);
    assert_false(merged);
    assert_int_equal(shard->parts.count, 4);
    assert_int_equal(count_extents(), before);
    atomic_store(&cancel, false);
    assert_done(shard_writer_merge(shard, &order, &merged, &error));
    assert_true(merged);
    assert_int_equal(shard->parts.count, 1);
    expect_all_words();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(parts_that_workers_write_before_anybody_tidies_stay_below_the_limit, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(pending_parts_become_one_before_a_commit_when_nobody_merges, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(parts_of_many_sizes_are_merged_while_loading_when_they_are_many, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(parts_go_before_segments_at_the_end_of_a_load, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merge_of_parts_is_given_up_before_it_writes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
