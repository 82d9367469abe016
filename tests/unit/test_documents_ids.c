/*
 * test_documents_ids.c - ids against a plain array: tricky ids, round trips, look-ups of one and many, check, damage.
 */
#include "base/alloc.h"
#include "base/hash.h"
#include "documents/ids.h"
#include "support/memory_extents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SEED UINT64_C(0x1d5)

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

/* The model: ids in document order. */
struct catalog {
    struct bytes *ids;
    uint32_t count;
    uint32_t capacity;
    struct component text;
    struct component table;
    struct ids_reader reader;
};

static void model_init(struct catalog *c, uint32_t capacity)
{
    *c = (struct catalog){.capacity = capacity};
    c->ids = mem_calloc(capacity + 1, sizeof *c->ids);
    assert_non_null(c->ids);
}

static void model_add(struct catalog *c, const void *id, size_t size)
{
    assert_true(c->count < c->capacity);
    char *copy = mem_copy_string(id, size);
    assert_non_null(copy);
    c->ids[c->count++] = bytes_of(copy, size);
}

static void build(struct catalog *c)
{
    struct extent_writer text;
    struct extent_writer table;
    struct ids_writer writer;
    memory_extents_begin(&c->text.memory, &text);
    memory_extents_begin(&c->table.memory, &table);
    assert_int_equal(ids_writer_init(&writer, &text, &table), 0);
    for (uint32_t i = 0; i < c->count; i++) {
        assert_int_equal(ids_writer_add(&writer, c->ids[i]), 0);
    }
    assert_int_equal(ids_writer_finish(&writer), 0);
    ids_writer_release(&writer);
    ids_writer_release(&writer);
    view_component(&c->text, &text);
    view_component(&c->table, &table);
    assert_int_equal(ids_open(&c->reader, &c->text.view, &c->table.view), 0);
    assert_int_equal(ids_count(&c->reader), c->count);
}

static void drop(struct catalog *c)
{
    memory_extents_release(&c->text.memory);
    memory_extents_release(&c->table.memory);
    for (uint32_t i = 0; i < c->count; i++) {
        mem_free((void *)(uintptr_t)c->ids[i].data);
    }
    mem_free(c->ids);
}

static int find(const struct catalog *c, struct bytes id, uint32_t *document)
{
    return ids_find(&c->reader, id, hash_bytes(id.data, id.size), document);
}

/* Asks for what is there, and for what is not: nothing may be read outside. */
static void look_ahead(const struct ids_reader *reader)
{
    for (int step = IDS_AHEAD_PLACE; step <= IDS_AHEAD_BLOCK; step++) {
        for (uint32_t i = 0; i < reader->count + 200; i += 7) {
            ids_ahead(reader, i, (enum ids_ahead)step);
        }
        ids_ahead(reader, UINT32_MAX, (enum ids_ahead)step);
    }
}

/* Every id comes back, is found, and check agrees. */
static void expect_all(const struct catalog *c)
{
    aisle_error error = {0};
    for (uint32_t i = 0; i < c->count; i++) {
        uint8_t id[LIMIT_ID_BYTES];
        size_t size;
        uint32_t document = UINT32_MAX;
        assert_int_equal(ids_get(&c->reader, i, id, &size), 0);
        assert_true(bytes_equal(bytes_of(id, size), c->ids[i]));
        assert_int_equal(find(c, c->ids[i], &document), 0);
        assert_int_equal(document, i);
    }
    look_ahead(&c->reader);
    assert_int_equal(ids_check(&c->reader, &error), 0);
}

static double bytes_an_id(const struct catalog *c)
{
    return (double)c->text.view.size / c->count;
}

/* The i-th of a fixed random order of 0 to 2^20 - 1. */
static uint32_t shuffled(uint32_t i)
{
    return (i * 2654435761u) % (1u << 20);
}

static void ids_of_any_count_come_back(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 2, 15, 16, 17, 63, 64, 65, 128, 129, 5000, 60000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct catalog c;
        char id[32];
        model_init(&c, counts[i]);
        for (uint32_t j = 0; j < counts[i]; j++) {
            model_add(&c, id, (size_t)snprintf(id, sizeof id, "P%08u", shuffled(j)));
        }
        build(&c);
        expect_all(&c);
        drop(&c);
    }
}

static void a_table_of_whole_extents_keeps_its_places(void **state)
{
    (void)state;
    /* One entry less, as many as, and one more than an extent of the table takes. */
    for (uint32_t count = 52373; count <= 52375; count++) {
        struct catalog c;
        char id[32];
        model_init(&c, count);
        for (uint32_t j = 0; j < count; j++) {
            model_add(&c, id, (size_t)snprintf(id, sizeof id, "%u", j));
        }
        build(&c);
        expect_all(&c);
        drop(&c);
    }
}

static void usual_ids_are_small(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        double bytes_max;
    } cases[] = {{"P%08u", 3.2}, {"%u", 3.2}, {"sku-%07u-x", 4.6}, {"00000000%08u", 3.2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct catalog c;
        model_init(&c, 20000);
        for (uint32_t j = 0; j < c.capacity; j++) {
            char id[64];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            model_add(&c, id, (size_t)snprintf(id, sizeof id, cases[i].format, shuffled(j)));
#pragma GCC diagnostic pop
        }
        build(&c);
        expect_all(&c);
        assert_true(bytes_an_id(&c) < cases[i].bytes_max);
        drop(&c);
    }
}

static void uuids_take_half_their_digits(void **state)
{
    (void)state;
    for (int upper = 0; upper < 2; upper++) {
        struct catalog c;
        model_init(&c, 5000);
        for (uint32_t j = 0; j < c.capacity; j++) {
            uint64_t a = next_random();
            uint64_t b = next_random();
            char id[64];
            const char *format = "%08x-%04x-4%03x-%04x-%012llx";
            if (upper) {
                format = "%08X-%04X-4%03X-%04X-%012llX";
            }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            int size = snprintf(id, sizeof id, format, (unsigned)a, (unsigned)(a >> 32) & 0xffff,
                                (unsigned)(a >> 48) & 0xfff, (unsigned)(b & 0xffff),
                                (unsigned long long)(b >> 16));
#pragma GCC diagnostic pop
            assert_int_equal(size, 36);
            model_add(&c, id, 36);
        }
        build(&c);
        expect_all(&c);
        assert_true(bytes_an_id(&c) < 17.0);
        drop(&c);
    }
}

static void shops_mixed_in_a_block_stay_small(void **state)
{
    (void)state;
    static const char *shops[] = {"elg-", "oca-", "amz-", "goo-", "abt-"};
    struct catalog c;
    model_init(&c, 10000);
    for (uint32_t j = 0; j < c.capacity; j++) {
        char id[64];
        model_add(&c, id, (size_t)snprintf(id, sizeof id, "%s%u", shops[next_random() % 5], shuffled(j)));
    }
    build(&c);
    expect_all(&c);
    assert_true(bytes_an_id(&c) < 4.5);
    drop(&c);
}

static void tricky_ids_are_told_apart(void **state)
{
    (void)state;
    static const char *ids[] = {"0", "00", "000", "0000000000000000000000000000000000", "1", "01", "001", "10", "010",
                                "999999999999999999", "0999999999999999999", "9999999999999999999",
                                "99999999999999999999", "18446744073709551615", "18446744073709551616",
                                "000000000000000000", "0000000000000000000", "a", "A", "a0", "a00", "a1", "a01", "-1",
                                "+1", " 1", "1 ", "1.0", "f", "F", "ff", "FF", "fF", "\xff\xfe", "\xc3\xa9", "\x01",
                                "P00012345", "P0012345", "P000012345", "P00012345 "};
    struct catalog c;
    model_init(&c, 1000);
    /* Each in a block among all, and then in a block of its own kind. */
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        model_add(&c, ids[i], strlen(ids[i]));
    }
    model_add(&c, "\0", 1);
    model_add(&c, "\0\0", 2);
    model_add(&c, "1\0", 2);
    uint8_t longest[LIMIT_ID_BYTES];
    memset(longest, '9', sizeof longest);
    for (size_t size = 500; size <= LIMIT_ID_BYTES; size++) {
        model_add(&c, longest, size);
    }
    memset(longest, 0xf0, sizeof longest);
    for (unsigned i = 0; i < 200; i++) {
        longest[i] ^= (uint8_t)(i + 1);
        model_add(&c, longest, sizeof longest);
    }
    build(&c);
    expect_all(&c);
    drop(&c);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        uint32_t document;
        model_init(&c, 1);
        model_add(&c, ids[i], strlen(ids[i]));
        build(&c);
        expect_all(&c);
        for (size_t j = 0; j < sizeof ids / sizeof ids[0]; j++) {
            assert_int_equal(find(&c, bytes_of_string(ids[j]), &document), i == j ? 0 : AISLE_END);
        }
        drop(&c);
    }
}

static void numbers_of_every_width_come_back(void **state)
{
    (void)state;
    for (unsigned width = 0; width <= 60; width++) {
        struct catalog c;
        uint64_t top = UINT64_C(1) << width;
        top = top > UINT64_C(999999999999999900) ? UINT64_C(999999999999999900) : top;
        model_init(&c, 64);
        for (uint64_t i = 0; i < 64; i++) {
            char id[32];
            const char *format = i % 3 == 0 ? "x%llu" : i % 3 == 1 ? "%018llu" : "yy%llu";
            uint64_t number = i == 63 ? top : i;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            model_add(&c, id, (size_t)snprintf(id, sizeof id, format, (unsigned long long)number));
#pragma GCC diagnostic pop
        }
        build(&c);
        expect_all(&c);
        drop(&c);
    }
}

/* Distinct by their last four bytes. */
static void random_catalog(struct catalog *c, uint32_t count)
{
    model_init(c, count);
    for (uint32_t j = 0; j < count; j++) {
        uint8_t id[LIMIT_ID_BYTES];
        size_t size = 4 + next_random() % (next_random() % 8 == 0 ? LIMIT_ID_BYTES - 4 : 12);
        for (size_t i = 0; i < size; i++) {
            uint64_t r = next_random();
            id[i] = (uint8_t)(j / 64 % 3 == 0 ? r : j / 64 % 3 == 1 ? '0' + r % 10 : 'a' + r % 26);
        }
        store_u32(id + size - 4, j);
        model_add(c, id, size);
    }
}

static void random_ids_come_back(void **state)
{
    (void)state;
    struct catalog c;
    random_catalog(&c, 6000);
    build(&c);
    expect_all(&c);
    drop(&c);
}

static void absent_ids_are_the_end(void **state)
{
    (void)state;
    struct catalog c;
    model_init(&c, 10000);
    for (uint32_t j = 0; j < c.capacity; j++) {
        char id[32];
        model_add(&c, id, (size_t)snprintf(id, sizeof id, "P%u", j));
    }
    build(&c);
    uint32_t document;
    for (uint32_t j = 10000; j < 60000; j++) {
        char id[32];
        size_t size = (size_t)snprintf(id, sizeof id, "P%u", j);
        assert_int_equal(find(&c, bytes_of(id, size), &document), AISLE_END);
    }
    assert_int_equal(find(&c, bytes_of("", 0), &document), AISLE_END);
    /* The right hash with another id: only the comparison tells. */
    assert_int_equal(ids_find(&c.reader, bytes_of_string("P6"), hash_bytes("P5", 2), &document), AISLE_END);
    drop(&c);
}

static int compare_queries(const void *a, const void *b)
{
    const struct ids_query *left = a;
    const struct ids_query *right = b;
    return (left->hash > right->hash) - (left->hash < right->hash);
}

struct matches {
    const struct catalog *catalog;
    const struct ids_query *queries;
    size_t count;
    size_t last_index;
    size_t stop_at;
};

static int match(void *context, size_t query_index, uint32_t document)
{
    struct matches *matches = context;
    assert_true(matches->count == 0 || query_index > matches->last_index);
    assert_true(bytes_equal(matches->queries[query_index].id, matches->catalog->ids[document]));
    matches->last_index = query_index;
    matches->count++;
    return matches->count == matches->stop_at ? AISLE_BUSY : 0;
}

static void find_many_finds_what_find_finds(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 15, 16, 17, 100, 10000};
    struct catalog c;
    random_catalog(&c, 6000);
    build(&c);
    struct ids_query *queries = mem_calloc(10000, sizeof *queries);
    char(*absent)[16] = mem_calloc(10000, sizeof *absent);
    assert_non_null(queries);
    assert_non_null(absent);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        size_t expected = 0;
        for (size_t i = 0; i < sizes[s]; i++) {
            uint64_t r = next_random();
            if (r % 2 == 0) {
                queries[i].id = c.ids[(r >> 8) % c.count];
                expected++;
            } else {
                queries[i].id = bytes_of(absent[i], (size_t)snprintf(absent[i], sizeof *absent, "no %zu", i));
            }
            queries[i].hash = hash_bytes(queries[i].id.data, queries[i].id.size);
        }
        if (sizes[s] != 0) {
            qsort(queries, sizes[s], sizeof *queries, compare_queries);
        }
        struct matches matches = {.catalog = &c, .queries = queries};
        assert_int_equal(ids_find_many(&c.reader, queries, sizes[s], match, &matches), 0);
        assert_int_equal(matches.count, expected);
    }
    struct matches stopped = {.catalog = &c, .queries = queries, .stop_at = 7};
    assert_int_equal(ids_find_many(&c.reader, queries, 10000, match, &stopped), AISLE_BUSY);
    assert_int_equal(stopped.count, 7);
    struct ids_query swapped = queries[0];
    queries[0] = queries[9999];
    queries[9999] = swapped;
    struct matches unsorted = {.catalog = &c, .queries = queries};
    assert_int_equal(ids_find_many(&c.reader, queries, 10000, match, &unsorted), AISLE_INVALID);
    mem_free(absent);
    mem_free(queries);
    drop(&c);
}

static void find_many_with_colliding_fingerprints_compares_ids(void **state)
{
    (void)state;
    struct catalog c;
    model_init(&c, 500);
    for (uint32_t j = 0; j < c.capacity; j++) {
        char id[32];
        model_add(&c, id, (size_t)snprintf(id, sizeof id, "P%u", j));
    }
    build(&c);
    /* Many queries claim the hash of an id that is there: each becomes a candidate, one is right. */
    struct ids_query queries[300];
    for (size_t i = 0; i < 300; i++) {
        queries[i] = (struct ids_query){.id = c.ids[i], .hash = hash_bytes(c.ids[77].data, c.ids[77].size)};
    }
    struct matches matches = {.catalog = &c, .queries = queries};
    assert_int_equal(ids_find_many(&c.reader, queries, 300, match, &matches), 0);
    assert_int_equal(matches.count, 1);
    assert_int_equal(matches.last_index, 77);
    drop(&c);
}

static void what_is_not_allowed_is_refused(void **state)
{
    (void)state;
    struct component sink = {0};
    struct extent_writer text;
    struct extent_writer table;
    struct ids_writer writer;
    uint8_t longest[LIMIT_ID_BYTES + 1] = {0};
    memory_extents_begin(&sink.memory, &text);
    memory_extents_begin(&sink.memory, &table);
    assert_int_equal(ids_writer_init(&writer, &text, &table), 0);
    assert_int_equal(ids_writer_add(&writer, bytes_of("", 0)), AISLE_INVALID);
    assert_int_equal(ids_writer_add(&writer, bytes_of("a", 1)), AISLE_INVALID);
    assert_int_equal(ids_writer_finish(&writer), AISLE_INVALID);
    ids_writer_release(&writer);
    assert_int_equal(ids_writer_init(&writer, &text, &table), 0);
    assert_int_equal(ids_writer_add(&writer, bytes_of(longest, sizeof longest)), AISLE_INVALID);
    ids_writer_release(&writer);
    assert_int_equal(ids_writer_init(&writer, &text, &table), 0);
    writer.count = LIMIT_SEGMENT_DOCUMENTS;
    assert_int_equal(ids_writer_add(&writer, bytes_of("a", 1)), AISLE_LIMIT);
    ids_writer_release(&writer);
    for (unsigned ids = 0; ids < 2; ids++) {
        assert_int_equal(ids_writer_init(&writer, &text, &table), 0);
        assert_int_equal(ids == 0 ? 0 : ids_writer_add(&writer, bytes_of("a", 1)), 0);
        text.status = AISLE_DISK_FULL;
        assert_int_equal(ids_writer_finish(&writer), AISLE_DISK_FULL);
        text.status = 0;
        ids_writer_release(&writer);
    }
    extent_writer_put(&table, "x", 1);
    assert_int_equal(ids_writer_init(&writer, &text, &table), AISLE_INVALID);
    ids_writer_release(&writer);
    assert_int_equal(ids_writer_init(&writer, &table, &text), AISLE_INVALID);
    ids_writer_release(&writer);
    extent_writer_release(&text);
    extent_writer_release(&table);

    struct catalog c;
    size_t size = 1;
    model_init(&c, 1);
    model_add(&c, "a", 1);
    build(&c);
    assert_int_equal(ids_get(&c.reader, 1, longest, &size), AISLE_INVALID);
    assert_int_equal(size, 0);
    drop(&c);
}

static void check_finds_an_id_twice(void **state)
{
    (void)state;
    struct catalog c;
    aisle_error error;
    model_init(&c, 3);
    model_add(&c, "a", 1);
    model_add(&c, "b", 1);
    model_add(&c, "a", 1);
    build(&c);
    assert_int_equal(ids_check(&c.reader, &error), AISLE_CORRUPT);
    assert_non_null(strstr(error.message, "document 2"));
    drop(&c);
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    int status = AISLE_NO_MEMORY;
    for (unsigned long n = 1; status != 0; n++) {
        struct component text_sink = {0};
        struct component table_sink = {0};
        struct extent_writer text;
        struct extent_writer table;
        struct ids_writer writer;
        assert_true(n < 100);
        memory_extents_begin(&text_sink.memory, &text);
        memory_extents_begin(&table_sink.memory, &table);
        assert_int_equal(ids_writer_init(&writer, &text, &table), 0);
        alloc_fail_at(n, 0);
        for (uint32_t i = 0; i < 200; i++) {
            char id[16];
            status = ids_writer_add(&writer, bytes_of(id, (size_t)snprintf(id, sizeof id, "%u", i)));
        }
        status = ids_writer_finish(&writer);
        alloc_fail_at(0, 0);
        assert_true(status == 0 || status == AISLE_NO_MEMORY);
        ids_writer_release(&writer);
        extent_writer_release(&text);
        extent_writer_release(&table);
    }
}

/* Reads all of ids with one wrong bit; only statuses may come of it. */
static bool notices(const struct catalog *c)
{
    struct ids_reader reader;
    if (ids_open(&reader, &c->text.view, &c->table.view) != 0) {
        return true;
    }
    look_ahead(&reader);
    for (uint32_t i = 0; i < ids_count(&reader) && i < c->count; i++) {
        uint8_t id[LIMIT_ID_BYTES];
        size_t size;
        uint32_t document;
        int status = ids_get(&reader, i, id, &size);
        assert_true(status == 0 || status == AISLE_CORRUPT);
        status = ids_find(&reader, c->ids[i], hash_bytes(c->ids[i].data, c->ids[i].size), &document);
        assert_true(status == 0 || status == AISLE_CORRUPT || status == AISLE_END);
    }
    aisle_error error;
    return ids_check(&reader, &error) != 0;
}

/* One block of each kind, the last not full. */
static void flips_never_crash_and_are_found(void **state)
{
    (void)state;
    struct catalog c;
    model_init(&c, 160);
    for (uint32_t j = 0; j < c.capacity; j++) {
        char id[32];
        const char *format = j < 64 ? "P%05u" : "id %u of";
        if (j >= 128) {
            format = "%024x";
        }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        model_add(&c, id, (size_t)snprintf(id, sizeof id, format, j < 128 ? j : j * 2654435761u));
#pragma GCC diagnostic pop
    }
    build(&c);
    c.text.view.verified = NULL;
    c.table.view.verified = NULL;
    struct component *components[] = {&c.text, &c.table};
    uint64_t unnoticed = 0;
    for (size_t i = 0; i < 2; i++) {
        for (uint64_t bit = 0; bit < components[i]->view.size * 8; bit++) {
            flip(components[i], bit);
            unnoticed += !notices(&c);
            flip(components[i], bit);
        }
    }
    printf("%llu flips changed nothing\n", (unsigned long long)unnoticed);
    assert_true(unnoticed < 300);
    expect_all(&c);
    drop(&c);
}

static void cut_streams_are_corrupt(void **state)
{
    (void)state;
    struct catalog c;
    struct ids_reader reader;
    model_init(&c, 150);
    for (uint32_t j = 0; j < c.capacity; j++) {
        char id[32];
        model_add(&c, id, (size_t)snprintf(id, sizeof id, "P%u", j));
    }
    build(&c);
    c.text.view.verified = NULL;
    c.table.view.verified = NULL;
    struct component *components[] = {&c.text, &c.table};
    for (size_t i = 0; i < 2; i++) {
        uint64_t size = components[i]->view.size;
        for (uint64_t cut = 1; cut <= size; cut++) {
            components[i]->view.size = size - cut;
            assert_int_equal(ids_open(&reader, &c.text.view, &c.table.view), AISLE_CORRUPT);
        }
        components[i]->view.size = size;
        *memory_extents_byte(&components[i]->memory, size - 8) = 9;
        assert_int_equal(ids_open(&reader, &c.text.view, &c.table.view), AISLE_NEWER_FORMAT);
        *memory_extents_byte(&components[i]->memory, size - 8) = 1;
    }
    drop(&c);
}

int main(void)
{
    random_state = SEED;
    printf("seed %#llx\n", (unsigned long long)SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_of_any_count_come_back),
        cmocka_unit_test(a_table_of_whole_extents_keeps_its_places),
        cmocka_unit_test(usual_ids_are_small),
        cmocka_unit_test(uuids_take_half_their_digits),
        cmocka_unit_test(shops_mixed_in_a_block_stay_small),
        cmocka_unit_test(tricky_ids_are_told_apart),
        cmocka_unit_test(numbers_of_every_width_come_back),
        cmocka_unit_test(random_ids_come_back),
        cmocka_unit_test(absent_ids_are_the_end),
        cmocka_unit_test(find_many_finds_what_find_finds),
        cmocka_unit_test(find_many_with_colliding_fingerprints_compares_ids),
        cmocka_unit_test(what_is_not_allowed_is_refused),
        cmocka_unit_test(check_finds_an_id_twice),
        cmocka_unit_test(memory_may_fail_anywhere),
        cmocka_unit_test(flips_never_crash_and_are_found),
        cmocka_unit_test(cut_streams_are_corrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
