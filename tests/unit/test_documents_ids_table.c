/*
 * test_documents_ids_table.c - tables and streams of ids made by hand, with each part on pages of its own: each can be
 * damaged alone, and every way to look up notices. All ids have one hash, which the caller of a look-up states.
 */
#include "base/alloc.h"
#include "documents/ids_format.h"
#include "support/memory_extents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define IDS_MAX 1000u

struct fixture {
    uint32_t count;
    uint8_t hashes[IDS_MAX * sizeof(uint64_t)];
    struct memory_extents ids;
    struct memory_extents table;
    struct extent_view ids_view;
    struct extent_view table_view;
    struct ids_reader reader;
    uint64_t ids_directory;
    uint64_t table_directory;
};

static const uint8_t zeros[2 * EXTENT_PAGE_BYTES];

static size_t make_id(uint32_t i, char id[16])
{
    return (size_t)snprintf(id, 16, "P%u", i);
}

static void put_ids(struct fixture *f, struct extent_writer *writer)
{
    char texts[IDS_BLOCK_IDS][16];
    struct bytes ids[IDS_BLOCK_IDS];
    struct buf block;
    struct buf directory;
    uint8_t footer[IDS_FOOTER_BYTES] = {0};
    buf_init(&block, 65536);
    buf_init(&directory, 65536);
    for (uint32_t first = 0; first < f->count; first += IDS_BLOCK_IDS) {
        uint32_t left = f->count - first < IDS_BLOCK_IDS ? f->count - first : IDS_BLOCK_IDS;
        for (uint32_t i = 0; i < left; i++) {
            ids[i] = bytes_of(texts[i], make_id(first + i, texts[i]));
        }
        buf_clear(&block);
        assert_int_equal(ids_block_encode(ids, left, &block), 0);
        buf_put_u64(&directory, writer->payload << IDS_DIRECTORY_SHIFT | block.size);
        extent_writer_put(writer, block.data, block.size);
    }
    memory_extents_fill_page(writer);
    f->ids_directory = writer->payload;
    extent_writer_put(writer, directory.data, directory.size);
    memory_extents_fill_page(writer);
    store_u64(footer, f->ids_directory);
    store_u32(footer + 8, f->count);
    store_u32(footer + 16, IDS_VERSION);
    store_u32(footer + 20, IDS_MAGIC);
    extent_writer_put(writer, footer, sizeof footer);
    buf_release(&block);
    buf_release(&directory);
}

/* As ids_table_write does it, but for two pages between directory and footer. */
static void put_table(struct fixture *f, struct extent_writer *writer)
{
    struct memory_extents usual = {0};
    struct extent_writer usual_writer;
    uint8_t footer[IDS_TABLE_FOOTER_BYTES];
    memory_extents_begin(&usual, &usual_writer);
    assert_int_equal(ids_table_write(&usual_writer, f->hashes, f->count), 0);
    struct extent_view view = memory_extents_view(&usual, &usual_writer);
    size_t content = view.size - sizeof footer;
    memcpy(footer, extent_view_at(&view, content, sizeof footer), sizeof footer);
    extent_writer_put(writer, extent_view_at(&view, 0, content), content);
    extent_writer_put(writer, zeros, sizeof zeros);
    extent_writer_put(writer, footer, sizeof footer);
    memory_extents_release(&usual);
}

static void verify_again(struct fixture *f)
{
    f->ids_view.verified = memory_extents_verified(&f->ids);
    f->table_view.verified = memory_extents_verified(&f->table);
}

static void begin(struct fixture *f, uint32_t count, uint64_t hash)
{
    struct extent_writer ids;
    struct extent_writer table;
    memset(f, 0, sizeof *f);
    f->count = count;
    for (uint32_t i = 0; i < count; i++) {
        store_u64(f->hashes + i * sizeof hash, hash);
    }
    memory_extents_begin(&f->ids, &ids);
    memory_extents_begin(&f->table, &table);
    put_ids(f, &ids);
    put_table(f, &table);
    f->ids_view = memory_extents_view(&f->ids, &ids);
    f->table_view = memory_extents_view(&f->table, &table);
    verify_again(f);
    assert_int_equal(ids_open(&f->reader, &f->ids_view, &f->table_view), 0);
    f->table_directory = f->reader.bucket_offset;
}

static void end(struct fixture *f)
{
    memory_extents_release(&f->ids);
    memory_extents_release(&f->table);
}

struct found {
    uint32_t document;
    int answer; /* to the look-up */
};

static int match(void *context, size_t query_index, uint32_t document)
{
    struct found *found = context;
    assert_int_equal(query_index, 0);
    found->document = document;
    return found->answer;
}

/* Looks id number i up in both ways, which must agree. */
static int find(const struct fixture *f, uint32_t i, uint64_t hash, uint32_t *document)
{
    char id[16];
    struct ids_query query = {.id = bytes_of(id, make_id(i, id)), .hash = hash};
    struct found found = {.document = UINT32_MAX};
    *document = UINT32_MAX;
    int status = ids_find(&f->reader, query.id, hash, document);
    assert_int_equal(ids_find_many(&f->reader, &query, 1, match, &found), status == AISLE_END ? 0 : status);
    assert_int_equal(found.document, *document);
    return status;
}

static void candidates_beyond_one_batch_are_compared_on_the_way(void **state)
{
    (void)state;
    struct fixture f;
    uint32_t document;
    begin(&f, 100, 12345);
    assert_int_equal(find(&f, 3, 12345, &document), 0);
    assert_int_equal(document, 3);
    assert_int_equal(find(&f, 80, 12345, &document), 0);
    assert_int_equal(document, 80);
    assert_int_equal(find(&f, 200, 12345, &document), AISLE_END);
    char id[16];
    struct ids_query query = {.id = bytes_of(id, make_id(3, id)), .hash = 12345};
    struct found found = {.answer = AISLE_LIMIT};
    assert_int_equal(ids_find_many(&f.reader, &query, 1, match, &found), AISLE_LIMIT);
    end(&f);
}

static int find_damaged(struct fixture *f, struct memory_extents *memory, uint64_t offset)
{
    uint32_t document;
    verify_again(f);
    assert_int_equal(ids_open(&f->reader, &f->ids_view, &f->table_view), 0);
    *memory_extents_byte(memory, offset) ^= 1;
    int status = find(f, 5, 0, &document);
    *memory_extents_byte(memory, offset) ^= 1;
    return status;
}

static void each_page_of_the_way_is_verified(void **state)
{
    (void)state;
    struct fixture f;
    uint32_t document;
    aisle_error error;
    begin(&f, IDS_MAX, 0);
    assert_int_equal(find(&f, 5, 0, &document), 0);
    assert_int_equal(document, 5);
    assert_int_equal(find_damaged(&f, &f.table, 0), AISLE_CORRUPT);
    assert_int_equal(find_damaged(&f, &f.table, f.table_directory), AISLE_CORRUPT);
    assert_int_equal(find_damaged(&f, &f.ids, 0), AISLE_CORRUPT);
    assert_int_equal(find_damaged(&f, &f.ids, f.ids_directory), AISLE_CORRUPT);
    verify_again(&f);
    *memory_extents_byte(&f.table, f.table_directory) ^= 1;
    assert_int_equal(ids_check(&f.reader, &error), AISLE_CORRUPT);
    assert_non_null(strstr(error.message, "bounds are damaged"));
    end(&f);
}

/* The bucket's two words lie on two pages: each is verified. */
static void a_bucket_between_two_pages_needs_both(void **state)
{
    (void)state;
    const uint32_t count = 800; /* entries of 4,000 bytes, and a page ends at 4,080 */
    const uint32_t bucket = (EXTENT_PAGE_BYTES - 16 - 4000) / 4 - 1;
    struct fixture f;
    uint32_t first;
    uint32_t last;
    begin(&f, count, 0);
    assert_int_equal(f.table_directory, 4000);
    for (uint64_t damaged = 0; damaged < 3; damaged++) {
        verify_again(&f);
        uint8_t *byte = memory_extents_byte(&f.table, f.table_directory + (bucket + damaged) * 4);
        *byte ^= damaged < 2;
        assert_int_equal(ids_table_bucket(&f.reader, bucket, &first, &last), damaged < 2 ? AISLE_CORRUPT : 0);
        *byte ^= damaged < 2;
    }
    end(&f);
}

static void check_misses_entries(void **state)
{
    (void)state;
    struct fixture f;
    aisle_error error;
    begin(&f, 100, UINT64_MAX); /* all in the last bucket */
    f.table_view.verified = NULL;
    uint8_t *behind_last = memory_extents_byte(&f.table, f.table_directory + f.reader.bucket_count * 4u);
    assert_int_equal(load_u32(behind_last), 100);
    store_u32(behind_last, 99);
    assert_int_equal(ids_check(&f.reader, &error), AISLE_CORRUPT);
    assert_non_null(strstr(error.message, "99 entries for 100 ids"));
    end(&f);
}

static void a_table_too_short_for_its_ids_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 100, 0);
    const size_t contents[] = {0, 100 * IDS_ENTRY_BYTES, 100 * IDS_ENTRY_BYTES + 12 + 7 * 4, 512 + 8 * 4};
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        struct memory_extents table = {0};
        struct extent_writer writer;
        struct ids_reader reader;
        uint8_t footer[IDS_TABLE_FOOTER_BYTES] = {0};
        store_u32(footer, 100);
        store_u32(footer + 8, IDS_VERSION);
        store_u32(footer + 12, IDS_TABLE_MAGIC);
        memory_extents_begin(&table, &writer);
        extent_writer_put(&writer, zeros, contents[i]);
        extent_writer_put(&writer, footer, sizeof footer);
        struct extent_view view = memory_extents_view(&table, &writer);
        assert_int_equal(ids_open(&reader, &f.ids_view, &view), i == 3 ? 0 : AISLE_CORRUPT);
        memory_extents_release(&table);
    }
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(candidates_beyond_one_batch_are_compared_on_the_way),
        cmocka_unit_test(each_page_of_the_way_is_verified),
        cmocka_unit_test(a_bucket_between_two_pages_needs_both),
        cmocka_unit_test(check_misses_entries),
        cmocka_unit_test(a_table_too_short_for_its_ids_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
