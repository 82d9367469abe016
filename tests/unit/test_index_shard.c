/*
 * test_index_shard.c - snapshots that follow a writer's commits by what these say they have changed: a record that is
 * damaged is left aside, and nobody sees an old state for it.
 */
#include "index_fixture.h"

#include "index/catalog.h"

#define LOOKED_AT 40u /* bytes at the record's end: what the last commit has changed */

static const char schema[] = "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{"
                             "\"title\":{\"type\":\"text\"},\"price\":{\"type\":\"integer\"}}}";

/* Turns one bit of the record round, counted from its end; false: it has no such byte. */
static bool spoil(aisle *catalog, size_t from_end)
{
    struct storage_txn *txn = NULL;
    struct bytes stored;
    uint8_t copy[1u << 15];
    assert_done(storage_write_begin(catalog->shards[0].storage, &txn, &error));
    assert_int_equal(storage_get(txn, TABLE_META, bytes_of_string("changed"), &stored), 0);
    assert_true(stored.size <= sizeof copy);
    if (from_end >= stored.size) {
        storage_abort(txn);
        return false;
    }
    memcpy(copy, stored.data, stored.size);
    copy[stored.size - 1 - from_end] ^= 1;
    assert_int_equal(storage_put(txn, TABLE_META, bytes_of_string("changed"), bytes_of(copy, stored.size)), 0);
    assert_done(storage_commit(txn, &error));
    return true;
}

static uint64_t count_with_price(aisle *catalog, unsigned price)
{
    char filter[40];
    aisle_result *result = NULL;
    snprintf(filter, sizeof filter, "price = %u", price);
    const aisle_query query = {.size = sizeof query, .filter = filter};
    assert_done(aisle_search(catalog, &query, &result, &error));
    uint64_t total = aisle_result_total(result, NULL);
    aisle_result_free(result);
    return total;
}

static void damaged_record_of_changes_hides_no_change(void **state)
{
    (void)state;
    create_catalog("shop", schema, 1);
    aisle *writing = open_catalog("shop");
    aisle *searching = open_catalog("shop");
    aisle_writer *writer = begin_writing(writing);
    put(writer, "{\"id\":\"A\",\"title\":\"lamp\",\"price\":1000}");
    put(writer, "{\"id\":\"B\",\"title\":\"lamp\",\"price\":1000}");
    commit(writer);
    assert_int_equal(count_with_price(searching, 1000), 2); /* from here on it follows */
    for (unsigned i = 0; i < LOOKED_AT; i++) {
        char fields[40];
        snprintf(fields, sizeof fields, "{\"price\":%u}", 2000 + i);
        patch(writer, "A", fields);
        commit(writer);
        bool any = spoil(writing, i);
        assert_int_equal(count_with_price(searching, 2000 + i), 1);
        assert_int_equal(count_with_price(searching, 1000), 1);
        if (!any) {
            break;
        }
    }
    erase(writer, "B");
    commit(writer);
    assert_true(spoil(writing, 0));
    assert_int_equal(count_with_price(searching, 1000), 0);
    aisle_writer_free(writer);
    aisle_close(searching);
    aisle_close(writing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(damaged_record_of_changes_hides_no_change, make_directory, remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
