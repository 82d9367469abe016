/*
 * test_index_batch.c - copies of parsed products: whole when the originals are gone, and bounded.
 */
#include "index/batch.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char schema_text[] = "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},"
                                  "\"category\":{\"type\":\"path\"},\"price\":{\"type\":\"decimal\",\"scale\":2}}}";

struct fixture {
    struct schema *schema;
    struct product_reader *reader;
    struct product product;
    struct batch *batch;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    aisle_error error;
    fixture.batch = batch_new();
    *state = &fixture;
    return schema_parse(bytes_of_string(schema_text), &fixture.schema, &error) != 0 || fixture.batch == NULL ||
           product_reader_new(&fixture.reader) != 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    batch_free(f->batch);
    product_reader_free(f->reader);
    schema_free(f->schema);
    return 0;
}

/* Reads the product from memory that is overwritten before this returns. */
static int add(struct fixture *f, const char *text, uint64_t id_hash)
{
    size_t size = strlen(text);
    char *copy = mem_copy_string(text, size);
    assert_non_null(copy);
    assert_int_equal(product_reader_read(f->reader, f->schema, bytes_of(copy, size), &f->product, NULL), 0);
    int status = batch_add(f->batch, f->schema, &f->product, bytes_of(copy, size), id_hash, 3);
    memset(copy, '#', size);
    mem_free(copy);
    return status;
}

static void assert_text(struct bytes bytes, const char *expected)
{
    assert_int_equal(bytes.size, strlen(expected));
    assert_memory_equal(bytes.data, expected, bytes.size);
}

static void products_are_whole_when_their_text_is_gone(void **state)
{
    struct fixture *f = *state;
    struct product product;
    const char *plain = "{\"id\":\"P1\",\"title\":\"red lamp\",\"category\":[\"a\",\"b\"],\"price\":1.50}";
    const char *escaped = "{\"id\":\"P\\u0032\",\"title\":[\"caf\\u00e9\",\"plain\"],\"price\":null}";
    assert_int_equal(add(f, plain, 11), 0);
    assert_int_equal(add(f, escaped, 22), 0);
    assert_int_equal(f->batch->count, 2);
    assert_int_equal(f->batch->products[1].id_hash, 22);
    assert_int_equal(f->batch->products[1].lane, 3);
    batch_get(f->batch, f->schema, 0, &product);
    assert_text(f->batch->products[0].text, plain);
    assert_text(product.id, "P1");
    assert_text(product.values[0].strings[0], "red lamp");
    assert_int_equal(product.values[1].string_count, 2);
    assert_text(product.values[1].strings[1], "b");
    assert_int_equal(product.values[2].number, 150);
    batch_get(f->batch, f->schema, 1, &product);
    assert_text(f->batch->products[1].text, escaped);
    assert_text(product.id, "P2");
    assert_text(product.values[0].strings[0], "caf\xc3\xa9");
    assert_text(product.values[0].strings[1], "plain");
    assert_false(product.values[2].present);
}

static void batch_is_full_by_number_or_bytes(void **state)
{
    struct fixture *f = *state;
    static char large[BATCH_BYTES + 64];
    for (unsigned i = 0; i < BATCH_PRODUCTS; i++) {
        assert_false(batch_full(f->batch));
        assert_int_equal(add(f, "{\"id\":\"P\",\"title\":\"t\"}", i), 0);
    }
    assert_true(batch_full(f->batch));
    batch_clear(f->batch);
    assert_false(batch_full(f->batch));
    int head = snprintf(large, sizeof large, "{\"id\":\"P\",\"title\":\"");
    memset(large + head, 'x', BATCH_BYTES);
    memcpy(large + head + BATCH_BYTES, "\"}", 3);
    assert_int_equal(add(f, large, 1), 0);
    assert_true(batch_full(f->batch));
}

static void batch_without_memory_is_as_it_was(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "{\"id\":\"P\\u0031\",\"title\":\"caf\\u00e9 noir\"}";
    struct product product;
    int status = AISLE_NO_MEMORY;
    assert_int_equal(add(f, text, 1), 0);
    arena_release(&f->batch->memory);
    batch_clear(f->batch);
    assert_int_equal(product_reader_read(f->reader, f->schema, bytes_of_string(text), &f->product, NULL), 0);
    for (unsigned n = 1; status == AISLE_NO_MEMORY && n < 50; n++) {
        alloc_fail_at(n, 1);
        status = batch_add(f->batch, f->schema, &f->product, bytes_of_string(text), 1, 0);
        alloc_fail_at(0, 0);
        assert_int_equal(f->batch->count, status == 0 ? 1 : 0);
    }
    assert_int_equal(status, 0);
    batch_get(f->batch, f->schema, 0, &product);
    assert_text(product.values[0].strings[0], "caf\xc3\xa9 noir");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(products_are_whole_when_their_text_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(batch_is_full_by_number_or_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(batch_without_memory_is_as_it_was, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
