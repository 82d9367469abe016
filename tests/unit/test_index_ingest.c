/*
 * test_index_ingest.c - products whose words' places are known by hand, read back from the segment they become.
 */
#include "storage_fixture.h"

#include "base/hash.h"
#include "index/ingest.h"

static const char schema_text[] =
    "{\"version\":1,\"id\":\"id\",\"language\":\"english\",\"fields\":{"
    "\"title\":{\"type\":\"text\",\"weight\":5},\"price\":{\"type\":\"integer\"},"
    "\"note\":{\"type\":\"text\",\"positions\":false},"
    "\"tags\":{\"type\":\"keyword\",\"search_weight\":1},\"kind\":{\"type\":\"path\",\"search_weight\":1}}}";

#define TITLE 0u
#define NOTE 1u
#define TAGS 2u
#define KIND 3u
#define AT(position, field) ((position) * 4u + (field))

struct fixture {
    struct schema *schema;
    struct segment_columns columns;
    struct rank_weights weights;
    struct ingest ingest;
    struct segment_builder *builder;
    struct product_reader *reader;
    struct storage *storage;
    struct segment *segment;
    uint32_t segments; /* written */
};

static void begin_with(struct fixture *f, const char *schema)
{
    *f = (struct fixture){.schema = NULL};
    assert_int_equal(schema_parse(bytes_of_string(schema), &f->schema, &error), 0);
    ingest_columns(f->schema, &f->columns);
    rank_weights_init(&f->weights, f->schema);
    assert_int_equal(ingest_init(&f->ingest, f->schema, &f->columns, &f->weights, &error), 0);
    assert_int_equal(segment_builder_new(&f->columns, &f->builder), 0);
    assert_int_equal(product_reader_new(&f->reader), 0);
    f->storage = open_storage(&(struct storage_options){.create = true});
}

static void begin(struct fixture *f)
{
    begin_with(f, schema_text);
}

static void add(struct fixture *f, const char *text)
{
    struct product product;
    int status = product_reader_read(f->reader, f->schema, bytes_of_string(text), &product, &error);
    if (status != 0) {
        fail_msg("%s: %s", text, error.message);
    }
    assert_int_equal(ingest_add(&f->ingest, f->builder, &product, 1, bytes_of_string(text)), 0);
}

static void write_segment(struct fixture *f)
{
    struct segment_writer *writer = NULL;
    struct segment_info info;
    assert_int_equal(segment_writer_new(f->storage, ++f->segments, &f->columns, &writer), 0);
    assert_int_equal(segment_builder_write(f->builder, writer, NULL, NULL), 0);
    assert_int_equal(segment_writer_finish(writer, &info, &error), 0);
    segment_writer_free(writer);
    struct storage_txn *txn = begin_read(f->storage);
    assert_int_equal(segment_open(txn, &info, &f->columns, &f->segment, &error), 0);
    storage_read_end(txn);
}

static void end(struct fixture *f)
{
    segment_release(f->segment);
    storage_close(f->storage);
    product_reader_free(f->reader);
    segment_builder_free(f->builder);
    ingest_release(&f->ingest);
    schema_free(f->schema);
}

/* Expects the only product's occurrences of the term. */
static void expect(const struct fixture *f, const char *term, const struct position *expected, size_t count)
{
    struct bytes value;
    struct segment_list list;
    struct positions_cursor cursor;
    struct arena arena;
    struct bytes entry;
    struct position found[4096];
    size_t found_count;
    if (terms_find(&f->segment->terms, bytes_of_string(term), &value) != 0) {
        fail_msg("no term %s", term);
    }
    arena_init(&arena, 1 << 20);
    assert_int_equal(segment_list_decode(value, &list), 0);
    assert_int_equal(list.postings.count, 1);
    positions_cursor_init(&cursor, &f->segment->views[COMPONENT_POSITIONS], &arena, &list.positions, 1);
    assert_int_equal(positions_cursor_find(&cursor, 0, &entry), 0);
    assert_true(entry.size <= sizeof found / sizeof *found);
    assert_int_equal(positions_decode(entry, found, &found_count), 0);
    if (found_count != count || memcmp(found, expected, count * sizeof *found) != 0) {
        for (size_t i = 0; i < found_count; i++) {
            print_message("%s: place %u, span %u\n", term, found[i].place, found[i].span);
        }
        fail_msg("%s: %zu occurrences, expected %zu", term, found_count, count);
    }
    arena_release(&arena);
}

#define EXPECT(f, term, ...)                                                                                          \
    expect(f, term, (const struct position[]){__VA_ARGS__},                                                          \
           sizeof((const struct position[]){__VA_ARGS__}) / sizeof(struct position))

static void words_stand_where_they_were_written(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    add(&f, "{\"id\":\"A\",\"title\":\"Red t-shirt, red all-in-one\",\"price\":7,\"note\":\"red red zebra-print\","
            "\"tags\":[\"blue jeans\",\"--\",\"red\",\"jeans\"],\"kind\":[\"Clothes\",\"Red Shirts\"]}");
    write_segment(&f);
    /* Tags: "blue jeans" from 0, "--" from 2 + 64, "red" from 66 + 64, "jeans" from 130 + 1 + 64. */
    EXPECT(&f, "red", {AT(0, TITLE), 1}, {AT(0, NOTE), 1}, {AT(3, TITLE), 1}, {AT(65, KIND), 1}, {AT(130, TAGS), 1});
    EXPECT(&f, "t", {AT(1, TITLE), 1});
    EXPECT(&f, "shirt", {AT(2, TITLE), 1}, {AT(66, KIND), 1});
    EXPECT(&f, "tshirt", {AT(1, TITLE), 2});
    EXPECT(&f, "allinon", {AT(4, TITLE), 3});
    EXPECT(&f, "in", {AT(5, TITLE), 1});
    EXPECT(&f, "zebraprint", {AT(0, NOTE), 1});
    EXPECT(&f, "print", {AT(0, NOTE), 1});
    EXPECT(&f, "blue", {AT(0, TAGS), 1});
    EXPECT(&f, "jean", {AT(1, TAGS), 1}, {AT(195, TAGS), 1});
    EXPECT(&f, "cloth", {AT(0, KIND), 1});
    end(&f);
}

static void the_first_thousand_occurrences_of_a_field_are_kept(void **state)
{
    (void)state;
    struct fixture f;
    static char text[16384];
    static struct position expected[2 * LIMIT_POSITIONS_FIELD];
    size_t used = (size_t)snprintf(text, sizeof text, "{\"id\":\"A\",\"kind\":[\"ab\"],\"title\":\"cd ");
    for (unsigned i = 0; i < LIMIT_POSITIONS_FIELD + 300; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "ab ");
    }
    snprintf(text + used, sizeof text - used, "\"}");
    for (unsigned i = 0; i < LIMIT_POSITIONS_FIELD; i++) {
        expected[i + 1] = (struct position){AT(1 + i, TITLE), 1};
    }
    expected[0] = (struct position){AT(0, KIND), 1};
    begin(&f);
    add(&f, text);
    write_segment(&f);
    expect(&f, "ab", expected, LIMIT_POSITIONS_FIELD + 1);
    EXPECT(&f, "cd", {AT(0, TITLE), 1});
    end(&f);
}

/* ---- what is remembered ---- */

#define BUILDERS 2u
#define ROUNDS 3u
#define PRODUCTS 400u

static const char shared_schema[] =
    "{\"version\":1,\"id\":\"id\",\"language\":\"english\",\"fields\":{"
    "\"title\":{\"type\":\"text\",\"weight\":5},\"note\":{\"type\":\"text\",\"language\":\"german\"},"
    "\"brand\":{\"type\":\"keyword\",\"facet\":true,\"search_weight\":3},"
    "\"tags\":{\"type\":\"keyword\",\"facet\":true,\"search_weight\":1},"
    "\"kind\":{\"type\":\"path\",\"facet\":true},\"place\":{\"type\":\"path\",\"search_weight\":2},"
    "\"code\":{\"type\":\"keyword\",\"code\":true},\"price\":{\"type\":\"integer\"}},"
    "\"order\":[\"length\",\"kind\",\"brand\",\"place\"],\"exact\":100}";

static uint64_t seed;

static const char *draw(const char *const *list, size_t count)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return list[(seed >> 33) % count];
}

#define DRAW(list) draw(list, sizeof(list) / sizeof(list)[0])

/* Few values, of all forms: escaped, numbers, lists, paths as strings and as lists; the same bytes in other forms. */
static void write_product(char *text, size_t size, unsigned i)
{
    static const char *const words[] = {"Sharp Knives", "knife sets, sharp", "C++", "c", "USB-C hub", "usb c", "Hose",
                                        "hosen 3/4\\\" pipe", "m&m's", "64 GB", "caf\u00e9", "AC/DC", "lampe. Lampen"};
    static const char *const brands[] = {"\"Acme\"", "\"ACME\"", "\"acme Tools\"", "\"A\\\"cme\"", "7", "\"7\"", "true",
                                         "\"--\"", "[\"b\",\"a\"]", "[\"a\",\"b\"]", "[\"a\",1]", "\"a\",\"was\":\"b\"",
                                         "null", "[1,2]", "\"1,2\"", "[\"a\\u0062\",\"c\"]", "[\"a\",\"\\u0062c\"]"};
    static const char *const paths[] = {"\"a > b\"", "[\"a\",\"b\"]", "[\"a > b\"]", "[\"a\", \"b\"]", "\"Tools\"",
                                        "[\"Tools\",\"Knives & more\",\"Sharp\"]", "[\"\",\"b\"]", "[]", "null"};
    static const char *const codes[] = {"\"XM-4/5\"", "\"knife\"", "\"a b 7\"", "12"};
    const char *first = DRAW(words);
    const char *second = DRAW(words);
    const char *note = DRAW(words);
    const char *brand = DRAW(brands);
    const char *tags = DRAW(brands);
    const char *kind = DRAW(paths);
    snprintf(text, size,
             "{\"id\":\"P%u\",\"title\":\"%s %s\",\"note\":\"%s\",\"brand\":%s,\"tags\":%s,\"kind\":%s,\"place\":%s,"
             "\"code\":%s,\"price\":%u}",
             i, first, second, note, brand, strstr(tags, "was") == NULL ? tags : "\"x\"", kind, DRAW(paths),
             DRAW(codes), i);
}

static void forget(struct fixture *f)
{
    ingest_release(&f->ingest);
    assert_int_equal(ingest_init(&f->ingest, f->schema, &f->columns, &f->weights, &error), 0);
}

/* A hash of all bytes of the segment that the builder becomes. */
static uint64_t print_of(struct fixture *f, struct segment_builder *builder)
{
    uint64_t print = 0;
    f->builder = builder;
    write_segment(f);
    for (uint32_t c = 0; c < COMPONENT_COUNT; c++) {
        const struct extent_view *view = &f->segment->views[c];
        uint8_t *bytes = test_malloc(view->size + 1);
        assert_int_equal(view->size == 0 ? 0 : extent_view_copy(view, 0, view->size, bytes), 0);
        print = hash_bytes_seeded(bytes, view->size, print);
        test_free(bytes);
    }
    segment_release(f->segment);
    f->segment = NULL;
    return print;
}

/* Fills several builders in turn from one ingest, which forgets everything before each product, or nothing ever. */
static void fill(bool forgets, uint64_t prints[ROUNDS][BUILDERS])
{
    struct fixture f;
    struct segment_builder *builders[BUILDERS];
    char text[1024];
    begin_with(&f, shared_schema);
    builders[0] = f.builder;
    assert_int_equal(segment_builder_new(&f.columns, &builders[1]), 0);
    seed = 11;
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < PRODUCTS; i++) {
            if (forgets) {
                forget(&f);
            }
            f.builder = builders[i % BUILDERS];
            write_product(text, sizeof text, i);
            add(&f, text);
        }
        for (unsigned b = 0; b < BUILDERS; b++) {
            prints[round][b] = print_of(&f, builders[b]);
            segment_builder_reset(builders[b]);
        }
    }
    segment_builder_free(builders[1]);
    f.builder = builders[0];
    end(&f);
}

static void what_is_remembered_of_words_and_values_changes_no_byte(void **state)
{
    (void)state;
    uint64_t remembering[ROUNDS][BUILDERS];
    uint64_t forgetting[ROUNDS][BUILDERS];
    fill(false, remembering);
    fill(true, forgetting);
    assert_memory_equal(remembering, forgetting, sizeof remembering);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(words_stand_where_they_were_written, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(the_first_thousand_occurrences_of_a_field_are_kept, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(what_is_remembered_of_words_and_values_changes_no_byte, make_directory,
                                        remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
