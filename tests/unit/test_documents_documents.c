/*
 * test_documents_documents.c - stored products against a plain array: every size, straddling, check, damage.
 */
#include "base/alloc.h"
#include "documents/documents.h"
#include "documents/documents_format.h"
#include "support/memory_extents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SEED UINT64_C(0xd0c5)

/* One component in memory. */
struct component {
    struct memory_extents memory;
    struct extent_view view;
};

static void view_component(struct component *component, struct extent_writer *writer)
{
    component->view = memory_extents_view(&component->memory, writer);
    component->view.verified = memory_extents_verified(&component->memory);
}

static void flip(struct component *component, uint64_t bit)
{
    *memory_extents_byte(&component->memory, bit / 8) ^= (uint8_t)(1u << (bit % 8));
}

static uint64_t random_state;

static uint64_t next_random(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A finished store, and what was put in it: document i is pattern(i), sizes[i] bytes. */
struct store {
    uint32_t *sizes;
    uint32_t count;
    struct component data;
    struct component index;
    struct documents_reader reader;
};

static uint8_t text[DOCUMENT_STORED_BYTES_MAX];

static struct bytes pattern(uint32_t document, uint32_t size)
{
    uint64_t state = document;
    for (uint32_t i = 0; i < size; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        text[i] = (uint8_t)(state >> 56);
    }
    return bytes_of(text, size);
}

/* Mostly product sizes around 160 bytes, now and then a long one. */
static uint32_t random_size(void)
{
    uint64_t r = next_random();
    if (r % 50 == 0) {
        return 1 + (uint32_t)((r >> 8) % 5000);
    }
    return 60 + (uint32_t)((r >> 8) % 128) + (uint32_t)((r >> 24) % 128);
}

static void build(struct store *store, uint32_t count, uint32_t fixed_size)
{
    struct extent_writer data;
    struct extent_writer index;
    struct documents_writer writer;
    *store = (struct store){.count = count};
    store->sizes = mem_calloc(count + 1, sizeof *store->sizes);
    assert_non_null(store->sizes);
    memory_extents_begin(&store->data.memory, &data);
    memory_extents_begin(&store->index.memory, &index);
    assert_int_equal(documents_writer_init(&writer, &data, &index), 0);
    for (uint32_t i = 0; i < count; i++) {
        store->sizes[i] = fixed_size != 0 ? fixed_size : random_size();
        assert_int_equal(documents_writer_add(&writer, pattern(i, store->sizes[i])), 0);
    }
    assert_int_equal(documents_writer_finish(&writer), 0);
    documents_writer_release(&writer);
    documents_writer_release(&writer);
    view_component(&store->data, &data);
    view_component(&store->index, &index);
    assert_int_equal(documents_open(&store->reader, &store->data.view, &store->index.view), 0);
    assert_int_equal(documents_count(&store->reader), count);
}

static void drop(struct store *store)
{
    memory_extents_release(&store->data.memory);
    memory_extents_release(&store->index.memory);
    mem_free(store->sizes);
}

static void expect_all(const struct store *store)
{
    struct buf scratch;
    buf_init(&scratch, DOCUMENT_STORED_BYTES_MAX);
    for (uint32_t i = 0; i < store->count; i++) {
        struct bytes stored;
        assert_int_equal(documents_get(&store->reader, i, &scratch, &stored), 0);
        assert_true(bytes_equal(stored, pattern(i, store->sizes[i])));
    }
    buf_release(&scratch);
}

static void every_document_comes_back(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 2, 63, 64, 65, 127, 128, 129, 1000, 20000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct store store;
        aisle_error error;
        build(&store, counts[i], 0);
        expect_all(&store);
        assert_int_equal(documents_check(&store.reader, &error), 0);
        drop(&store);
    }
}

static void equal_sizes_come_back(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 2, 4094, 4095, 4096, 65535, 65536};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct store store;
        build(&store, 70, sizes[i]);
        expect_all(&store);
        assert_int_equal(documents_check(&store.reader, NULL), 0);
        drop(&store);
    }
}

static void the_largest_document_comes_back(void **state)
{
    (void)state;
    struct store store;
    build(&store, 3, DOCUMENT_STORED_BYTES_MAX);
    expect_all(&store);
    drop(&store);
}

static void straddling_documents_are_copied_and_others_viewed(void **state)
{
    (void)state;
    struct store store;
    struct buf scratch;
    uint32_t copied = 0;
    build(&store, 8000, 100);
    buf_init(&scratch, DOCUMENT_STORED_BYTES_MAX);
    for (uint32_t i = 0; i < store.count; i++) {
        struct bytes stored;
        assert_int_equal(documents_get(&store.reader, i, &scratch, &stored), 0);
        copied += stored.data == scratch.data;
    }
    assert_int_equal(copied, 3);
    buf_release(&scratch);
    drop(&store);
}

static void the_index_is_small(void **state)
{
    (void)state;
    struct store store;
    build(&store, 20000, 0);
    assert_true(store.index.view.size < 20000 * 13 / 10);
    drop(&store);
}

static void what_is_not_allowed_is_refused(void **state)
{
    (void)state;
    struct component sink = {0};
    struct component index_sink = {0};
    struct extent_writer data;
    struct extent_writer index;
    struct documents_writer writer;
    memory_extents_begin(&sink.memory, &data);
    memory_extents_begin(&index_sink.memory, &index);
    assert_int_equal(documents_writer_init(&writer, &data, &index), 0);
    assert_int_equal(documents_writer_add(&writer, bytes_of("", 0)), AISLE_INVALID);
    assert_int_equal(documents_writer_add(&writer, bytes_of("a", 1)), AISLE_INVALID);
    assert_int_equal(documents_writer_finish(&writer), AISLE_INVALID);
    documents_writer_release(&writer);
    assert_int_equal(documents_writer_init(&writer, &data, &index), 0);
    assert_int_equal(documents_writer_add(&writer, bytes_of(text, DOCUMENT_STORED_BYTES_MAX + 1u)), AISLE_INVALID);
    documents_writer_release(&writer);
    extent_writer_put(&data, "x", 1);
    assert_int_equal(documents_writer_init(&writer, &data, &index), AISLE_INVALID);
    documents_writer_release(&writer);
    extent_writer_release(&data);
    extent_writer_release(&index);

    struct store store;
    struct buf scratch;
    struct bytes stored;
    build(&store, 5, 0);
    buf_init(&scratch, DOCUMENT_STORED_BYTES_MAX);
    assert_int_equal(documents_get(&store.reader, 5, &scratch, &stored), AISLE_INVALID);
    assert_null(stored.data);
    buf_release(&scratch);
    drop(&store);
}

static void a_failing_stream_is_reported(void **state)
{
    (void)state;
    struct component sink = {0};
    struct extent_writer data;
    struct extent_writer index;
    struct documents_writer writer;
    memory_extents_begin(&sink.memory, &data);
    memory_extents_begin(&sink.memory, &index);
    assert_int_equal(documents_writer_init(&writer, &data, &index), 0);
    data.status = AISLE_DISK_FULL;
    assert_int_equal(documents_writer_add(&writer, bytes_of("a", 1)), AISLE_DISK_FULL);
    assert_int_equal(documents_writer_finish(&writer), AISLE_DISK_FULL);
    documents_writer_release(&writer);
    extent_writer_release(&data);
    extent_writer_release(&index);
}

/* Reads all that a store with one wrong bit gives; only statuses may come of it. Whether anything was noticed. */
static bool notices(const struct store *store)
{
    struct documents_reader reader;
    struct buf scratch;
    bool noticed = documents_open(&reader, &store->data.view, &store->index.view) != 0;
    buf_init(&scratch, DOCUMENT_STORED_BYTES_MAX);
    if (!noticed) {
        for (uint32_t i = 0; i < documents_count(&reader); i++) {
            struct bytes stored;
            int status = documents_get(&reader, i, &scratch, &stored);
            assert_true(status == 0 || status == AISLE_CORRUPT);
        }
        aisle_error error;
        noticed = documents_check(&reader, &error) != 0;
    }
    buf_release(&scratch);
    return noticed;
}

static void flips_of_the_index_never_crash_and_are_found(void **state)
{
    (void)state;
    struct store store;
    random_state = SEED;
    build(&store, 200, 0);
    store.index.view.verified = NULL;
    uint64_t unnoticed = 0;
    for (uint64_t bit = 0; bit < store.index.view.size * 8; bit++) {
        flip(&store.index, bit);
        unnoticed += !notices(&store);
        flip(&store.index, bit);
    }
    /* Any change of a size changes the sum; only padding is not looked at. */
    assert_true(unnoticed < 300);
    expect_all(&store);
    drop(&store);
}

static void checksums_find_flips_of_data(void **state)
{
    (void)state;
    struct store store;
    struct buf scratch;
    struct bytes stored;
    build(&store, 10, 0);
    flip(&store.data, 100);
    buf_init(&scratch, DOCUMENT_STORED_BYTES_MAX);
    assert_int_equal(documents_get(&store.reader, 3, &scratch, &stored), AISLE_CORRUPT);
    buf_release(&scratch);
    drop(&store);
}

static void cut_streams_are_corrupt(void **state)
{
    (void)state;
    struct store store;
    struct documents_reader reader;
    build(&store, 300, 0);
    store.index.view.verified = NULL;
    uint64_t size = store.index.view.size;
    for (uint64_t cut = 1; cut < size; cut++) {
        store.index.view.size = size - cut;
        assert_int_equal(documents_open(&reader, &store.data.view, &store.index.view), AISLE_CORRUPT);
        assert_int_equal(documents_count(&reader), 0);
    }
    store.index.view.size = size;
    store.data.view.size--;
    assert_int_equal(documents_open(&reader, &store.data.view, &store.index.view), AISLE_CORRUPT);
    drop(&store);
}

static void a_newer_version_is_told_apart(void **state)
{
    (void)state;
    struct store store;
    struct documents_reader reader;
    build(&store, 3, 0);
    store.index.view.verified = NULL;
    *memory_extents_byte(&store.index.memory, store.index.view.size - 8) = 200;
    assert_int_equal(documents_open(&reader, &store.data.view, &store.index.view), AISLE_NEWER_FORMAT);
    drop(&store);
}

static const uint8_t zeros[EXTENT_PAGE_BYTES];

/*
 * An index made by hand of one block of two documents, whose head ends the first page; codes, directory and footer
 * each begin a page, so that each can be damaged alone.
 */
static void each_page_of_the_index_is_verified(void **state)
{
    (void)state;
    const struct documents_head head = {.width = 8, .least = 10};
    const uint64_t codes_at = EXTENT_PAGE_BYTES - 16;
    const uint64_t places[] = {codes_at - 8, codes_at, codes_at + EXTENT_PAGE_BYTES};
    uint8_t content[30] = {0};
    for (size_t i = 0; i <= sizeof places / sizeof *places; i++) {
        struct component data = {0};
        struct component index = {0};
        struct extent_writer writer;
        struct documents_reader reader;
        struct bytes stored;
        struct buf scratch;
        uint8_t word[8];
        uint8_t footer[DOCUMENTS_FOOTER_BYTES] = {0};
        buf_init(&scratch, 100);
        memory_extents_begin(&data.memory, &writer);
        extent_writer_put(&writer, content, sizeof content);
        view_component(&data, &writer);
        memory_extents_begin(&index.memory, &writer);
        extent_writer_put(&writer, zeros, codes_at - 8);
        store_u64(word, documents_head_encode(&head));
        extent_writer_put(&writer, word, sizeof word);
        extent_writer_put(&writer, "\0\12", 2); /* sizes 10 and 20 */
        memory_extents_fill_page(&writer);
        store_u32(word, (uint32_t)((codes_at - 8) / DOCUMENTS_BLOCK_ALIGNMENT));
        extent_writer_put(&writer, word, 4);
        memory_extents_fill_page(&writer);
        store_u64(footer, sizeof content);
        store_u64(footer + 8, places[2]);
        store_u32(footer + 16, 2);
        store_u32(footer + 24, DOCUMENTS_VERSION);
        store_u32(footer + 28, DOCUMENTS_MAGIC);
        extent_writer_put(&writer, footer, sizeof footer);
        view_component(&index, &writer);
        if (i != sizeof places / sizeof *places) {
            flip(&index, places[i] * 8);
        }
        assert_int_equal(documents_open(&reader, &data.view, &index.view), 0);
        int status = documents_get(&reader, 1, &scratch, &stored);
        assert_int_equal(status, i == sizeof places / sizeof *places ? 0 : AISLE_CORRUPT);
        assert_int_equal(stored.size, status == 0 ? 20 : 0);
        buf_release(&scratch);
        memory_extents_release(&data.memory);
        memory_extents_release(&index.memory);
    }
}

static void a_straddling_document_needs_room_memory_and_both_extents(void **state)
{
    (void)state;
    const uint32_t size = DOCUMENT_STORED_BYTES_MAX < 100000 ? DOCUMENT_STORED_BYTES_MAX : 100000;
    const uint32_t straddling = (uint32_t)(EXTENT_PAYLOAD / size);
    struct store store;
    struct buf scratch;
    struct bytes stored;
    build(&store, straddling + 1, size);
    buf_init(&scratch, size - 1);
    assert_int_equal(documents_get(&store.reader, straddling, &scratch, &stored), AISLE_LIMIT);
    buf_release(&scratch);
    buf_init(&scratch, size);
    alloc_fail_at(1, 0);
    assert_int_equal(documents_get(&store.reader, straddling, &scratch, &stored), AISLE_NO_MEMORY);
    alloc_fail_at(0, 0);
    buf_release(&scratch);
    buf_init(&scratch, size);
    flip(&store.data, EXTENT_PAYLOAD * 8);
    assert_int_equal(documents_get(&store.reader, straddling, &scratch, &stored), AISLE_CORRUPT);
    assert_int_equal(stored.size, 0);
    flip(&store.data, EXTENT_PAYLOAD * 8);
    assert_int_equal(documents_get(&store.reader, straddling, &scratch, &stored), 0);
    buf_release(&scratch);
    drop(&store);
}

int main(void)
{
    random_state = SEED;
    printf("seed %#llx\n", (unsigned long long)SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_document_comes_back),
        cmocka_unit_test(equal_sizes_come_back),
        cmocka_unit_test(the_largest_document_comes_back),
        cmocka_unit_test(straddling_documents_are_copied_and_others_viewed),
        cmocka_unit_test(the_index_is_small),
        cmocka_unit_test(what_is_not_allowed_is_refused),
        cmocka_unit_test(a_failing_stream_is_reported),
        cmocka_unit_test(flips_of_the_index_never_crash_and_are_found),
        cmocka_unit_test(checksums_find_flips_of_data),
        cmocka_unit_test(cut_streams_are_corrupt),
        cmocka_unit_test(a_newer_version_is_told_apart),
        cmocka_unit_test(each_page_of_the_index_is_verified),
        cmocka_unit_test(a_straddling_document_needs_room_memory_and_both_extents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
