/*
 * test_index_merge_dictionary.c - dictionaries of stored products: trained again at a merge when that pays, left alone
 * when it does not, and removed when nothing is stored with them any more.
 */
#include "index_fixture.h"

#include "storage/storage.h"

static aisle *catalog;
static aisle_writer *writer;

static int open_new(void **state)
{
    int failed = make_directory(state);
    create_catalog("c", NULL, 1);
    catalog = open_catalog("c");
    writer = begin_writing(catalog);
    return failed;
}

static int close_all(void **state)
{
    aisle_writer_free(writer);
    aisle_close(catalog);
    uint64_t faults = 0;
    int status = aisle_check(path_of("c"), show_fault, NULL, &faults, &error);
    return remove_directory(state) != 0 || status != 0 || faults != 0;
}

static unsigned mixed(unsigned i)
{
    return (i * 2654435761u) >> 7;
}

/* Two kinds of products, whose texts have nothing in common. */
static void print_product(unsigned i, bool shoes, char product[1024])
{
    static const char *const shoe_words[] = {"running", "leather", "cushioned", "trail", "breathable", "outsole"};
    static const char *const tool_words[] = {"DREHMOMENT", "SCHLÜSSEL", "BOHRKOPF", "GEHÄUSE", "AKKULADER", "WINKEL"};
    const char *const *words = shoes ? shoe_words : tool_words;
    int size = snprintf(product, 1024, shoes ? "{\"id\":\"S%u\",\"title\":\"" : "{\"id\":\"T%u\",\"title\":\"", i);
    for (unsigned w = 0; w < 6; w++) {
        size += snprintf(product + size, 1024 - (size_t)size, "%s%s", w == 0 ? "" : " ", words[mixed(i * 7 + w) % 6]);
    }
    size += snprintf(product + size, 1024 - (size_t)size,
                     shoes ? "\",\"care\":\"Wipe with a damp cloth and let it dry in the shade, pair %u.\"}"
                           : "\",\"hinweis\":\"Vor Gebrauch die Anleitung lesen; nur mit Zubehör aus Reihe %u.\"}",
                     mixed(i) % 1000);
}

static void put_products(unsigned from, unsigned end, bool shoes)
{
    for (unsigned i = from; i < end; i++) {
        char product[1024];
        print_product(i, shoes, product);
        put(writer, product);
    }
    commit(writer);
}

static void assert_products(unsigned end, unsigned step, bool shoes)
{
    for (unsigned i = 0; i < end; i += step) {
        char id[16];
        char product[1024];
        snprintf(id, sizeof id, shoes ? "S%u" : "T%u", i);
        print_product(i, shoes, product);
        assert_product(catalog, id, true, product);
    }
}

static uint64_t adopted(void)
{
    aisle_writer_statistics told = {.size = sizeof told};
    assert_int_equal(aisle_writer_stats(writer, &told), 0);
    return told.dictionaries;
}

static unsigned dictionaries_stored(void)
{
    struct storage *storage = NULL;
    struct storage_txn *txn = NULL;
    struct storage_cursor *cursor = NULL;
    struct bytes key;
    struct bytes value;
    unsigned count = 0;
    assert_done(storage_open(path_of("c/shard-00"), NULL, &storage, &error));
    assert_done(storage_read_begin(storage, &txn, &error));
    assert_int_equal(storage_cursor_open(txn, TABLE_DICTIONARIES, &cursor), 0);
    while (storage_cursor_next(cursor, &key, &value) == 0) {
        count++;
    }
    storage_cursor_close(cursor);
    storage_read_end(txn);
    storage_close(storage);
    return count;
}

static void products_of_another_kind_get_a_dictionary_of_their_own(void **state)
{
    (void)state;
    put_products(0, 2000, true);
    assert_int_equal(dictionaries_stored(), 1);
    put_products(0, 20000, false);
    uint64_t before = statistics_of(catalog).documents_bytes;
    assert_done(aisle_compact(writer, &error));
    uint64_t after = statistics_of(catalog).documents_bytes;
    print_message("%llu bytes of products, %llu with a new dictionary\n", (unsigned long long)before,
                  (unsigned long long)after);
    assert_int_equal(adopted(), 1);
    assert_true(after * 10 < before * 9);
    assert_int_equal(dictionaries_stored(), 1);
    assert_products(2000, 97, true);
    assert_products(20000, 997, false);
    put_products(20000, 20100, false); /* stored with the new one from now on */
    assert_products(20100, 1009, false);
    assert_int_equal(dictionaries_stored(), 1);
}

static void products_of_the_same_kind_keep_their_dictionary(void **state)
{
    (void)state;
    put_products(0, 5000, true);
    put_products(5000, 20000, true);
    assert_done(aisle_compact(writer, &error));
    assert_int_equal(adopted(), 0);
    assert_int_equal(dictionaries_stored(), 1);
    assert_products(20000, 997, true);
}

static void small_batches_get_their_first_dictionary_from_a_merge(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        put_products(i * 200, i * 200 + 200, true);
    }
    assert_int_equal(dictionaries_stored(), adopted());
    assert_done(aisle_compact(writer, &error));
    assert_int_equal(adopted(), 1);
    assert_int_equal(dictionaries_stored(), 1);
    assert_products(2000, 97, true);
}

/*
 * Merges of a part of the catalog: the large segment of shoes stays with its dictionary, which goes when the last
 * segment that needs it has gone.
 */
static void dictionary_in_use_stays(void **state)
{
    (void)state;
    put_products(0, 20000, true);
    for (unsigned i = 0; i < 9; i++) {
        put_products(i * 1024, i * 1024 + 1024, false);
    }
    assert_int_equal(adopted(), 1);
    assert_int_equal(dictionaries_stored(), 2);
    aisle_writer_free(writer);
    writer = begin_writing(catalog);
    assert_int_equal(dictionaries_stored(), 2);
    assert_products(20000, 997, true);
    assert_products(9 * 1024, 997, false);
    assert_done(aisle_compact(writer, &error));
    assert_int_equal(dictionaries_stored(), 1);
    assert_products(20000, 997, true);
    assert_products(9 * 1024, 997, false);
}

int main(void)
{
#define CATALOG_TEST(name) cmocka_unit_test_setup_teardown(name, open_new, close_all)
    const struct CMUnitTest tests[] = {
        CATALOG_TEST(products_of_another_kind_get_a_dictionary_of_their_own),
        CATALOG_TEST(products_of_the_same_kind_keep_their_dictionary),
        CATALOG_TEST(small_batches_get_their_first_dictionary_from_a_merge),
        CATALOG_TEST(dictionary_in_use_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
