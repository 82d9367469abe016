/*
 * segment_fixture.h - a plain model of documents, made into segments and compared with what is read back.
 *
 * A document's content follows from its number alone: id, order key, words with classes and positions, two columns,
 * stored bytes.
 */
#ifndef AISLE_TESTS_SEGMENT_FIXTURE_H
#define AISLE_TESTS_SEGMENT_FIXTURE_H

#include "storage_fixture.h"

#include "base/alloc.h"
#include "base/bitset.h"
#include "base/hash.h"
#include "segment/segment.h"

#define WORDS 40u      /* of the vocabulary: "w0" to "w39" */
#define FIELD_A 3u     /* field numbers of the two columns */
#define FIELD_B 9u
#define MODEL_MAX 4096u

static const struct segment_columns model_columns = {
    .count = 2, .field = {FIELD_A, FIELD_B}, .kind = {COLUMN_INTEGER, COLUMN_INTEGER}};

/* What each length code adds to the length sum. */
static const uint16_t model_lengths[32] = {0,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
                                           33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63};

struct model_document {
    uint32_t number; /* decides all but what follows */
    int64_t a;       /* columns */
    int64_t b;
    bool patched; /* column a is newer than the stored bytes */
};

static inline uint64_t mix(uint64_t value)
{
    return hash_bytes(&value, sizeof value);
}

static inline struct model_document model_of(uint32_t number)
{
    return (struct model_document){.number = number,
                                   .a = number % 5 == 0 ? COLUMN_MISSING : (int64_t)(mix(number) % 1000) - 500,
                                   .b = (int64_t)number};
}

static inline size_t model_id(uint32_t number, char id[32])
{
    return (size_t)snprintf(id, 32, "sku-%u", number);
}

/* Many documents share a key, so that hash and id decide too. */
static inline uint64_t model_order(uint32_t number)
{
    return mix(number) % 7 << 40;
}

static inline uint8_t model_length_code(uint32_t number)
{
    return (uint8_t)(number % 11 == 0 ? 0 : 1 + mix(number + 1) % 31);
}

/* Documents with length code 0 have no words at all. */
static inline bool model_has(uint32_t number, uint32_t word)
{
    return model_length_code(number) != 0 && (word == number % WORDS || mix(number * WORDS + word) % (word + 2) == 0);
}

static inline uint8_t model_class(uint32_t number, uint32_t word)
{
    return (uint8_t)(mix(number * 77 + word) % 8);
}

#define POSITIONS_MAX 2500u

/*
 * Where the document has the word: every eighth word at one place in all documents, the last one, where it is sure to
 * stand, so often that blocks of it are larger than an extent.
 */
static inline size_t model_positions(uint32_t number, uint32_t word, struct position out[POSITIONS_MAX])
{
    uint64_t drawn = mix(number * 91 + word);
    size_t count = drawn % 4 == 0 ? 1 + drawn / 4 % 30 : 1;
    uint32_t place = (uint32_t)(drawn >> 20 & 127);
    if (word % 8 == 0) {
        out[0] = (struct position){.place = 2, .span = 1};
        return 1;
    }
    if (word == WORDS - 1 && number % WORDS == word) {
        count = POSITIONS_MAX;
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = (struct position){.place = place, .span = 1 + (i % 7 == 3 ? (uint32_t)drawn % POSITIONS_SPAN_MAX : 0)};
        place += 1 + (uint32_t)(mix(drawn + i) % 200);
    }
    return count;
}

static inline size_t model_stored(uint32_t number, char stored[64])
{
    return (size_t)snprintf(stored, 64, "stored bytes of %u", number);
}

static inline struct segment_builder *new_builder(void)
{
    struct segment_builder *builder = NULL;
    assert_int_equal(segment_builder_new(&model_columns, &builder), 0);
    return builder;
}

/* Adds the document; its place in the builder. */
static inline uint32_t add_document(struct segment_builder *builder, const struct model_document *document)
{
    char id[32];
    char stored[64];
    char words[WORDS][16];
    struct segment_token terms[WORDS];
    uint32_t slots[WORDS];
    uint32_t again[WORDS];
    uint8_t classes[WORDS];
    int64_t columns[2] = {document->a, document->b};
    struct position positions[POSITIONS_MAX];
    struct buf entries;
    uint32_t number = 0;
    size_t count = 0;
    buf_init(&entries, SIZE_MAX / 2);
    for (uint32_t w = 0; w < WORDS; w++) {
        if (model_has(document->number, w)) {
            positions_encode(positions, model_positions(document->number, w, positions), &entries);
            snprintf(words[count], sizeof words[count], "w%u", w);
            terms[count] = (struct segment_token){.term = bytes_of_string(words[count]), .word = w % 3 == 0 ? 0 : w};
            classes[count++] = model_class(document->number, w);
        }
    }
    if (count != 0) {
        assert_int_equal(segment_builder_touch(builder, terms, count, slots), 0);
        assert_int_equal(segment_builder_touch(builder, terms, count, again), 0);
    }
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(slots[i], i);
        assert_int_equal(again[i], i);
    }
    struct builder_document made = {.order = model_order(document->number),
                                    .length_code = model_length_code(document->number),
                                    .classes = classes,
                                    .columns = columns};
    made.length = model_lengths[made.length_code];
    made.id = bytes_of(id, model_id(document->number, id));
    made.id_hash = hash_bytes(id, made.id.size);
    made.stored = bytes_of(stored, model_stored(document->number, stored));
    made.positions = buf_bytes(&entries);
    assert_int_equal(segment_builder_end(builder, &made, &number), 0);
    buf_release(&entries);
    return number;
}

/* Writes what the builder holds as segment id and opens it. */
static inline struct segment *write_and_open(struct storage *storage, struct segment_builder *builder, uint32_t id,
                                             uint32_t dictionary)
{
    struct segment_writer *writer = NULL;
    struct segment_info info;
    struct segment *segment = NULL;
    assert_int_equal(segment_writer_new(storage, id, &model_columns, &writer), 0);
    writer->info.dictionary = dictionary;
    assert_int_equal(segment_builder_write(builder, writer, NULL, NULL), 0);
    assert_int_equal(segment_writer_finish(writer, &info, &error), 0);
    segment_writer_free(writer);
    struct storage_txn *txn = begin_read(storage);
    assert_int_equal(segment_open(txn, &info, &model_columns, &segment, &error), 0);
    storage_read_end(txn);
    return segment;
}

/* A segment of the first models, with a snapshot to read it by. */
struct model_segment {
    struct storage *storage;
    struct segment *segment;
    struct storage_txn *txn;
};

static inline void model_segment_begin(struct model_segment *made, uint32_t documents)
{
    struct segment_builder *builder = new_builder();
    made->storage = open_storage(CREATE);
    for (uint32_t i = 0; i < documents; i++) {
        struct model_document document = model_of(i);
        (void)add_document(builder, &document);
    }
    made->segment = write_and_open(made->storage, builder, 5, 0);
    made->txn = begin_read(made->storage);
    segment_builder_free(builder);
}

static inline void model_segment_end(struct model_segment *made)
{
    segment_release(made->segment);
    storage_read_end(made->txn);
    storage_close(made->storage);
}

static int compare_models(const void *left, const void *right)
{
    char a_id[32];
    char b_id[32];
    uint32_t a = ((const struct model_document *)left)->number;
    uint32_t b = ((const struct model_document *)right)->number;
    if (model_order(a) != model_order(b)) {
        return model_order(a) < model_order(b) ? -1 : 1;
    }
    uint64_t a_hash = hash_bytes(a_id, model_id(a, a_id));
    uint64_t b_hash = hash_bytes(b_id, model_id(b, b_id));
    return a_hash != b_hash ? (a_hash < b_hash ? -1 : 1) : strcmp(a_id, b_id);
}

static inline void report_fault(void *context, const char *message)
{
    (void)context;
    print_message("fault: %s\n", message);
}

static inline void compare_positions(struct positions_cursor *cursor, uint32_t ordinal, uint32_t number, uint32_t word)
{
    static struct position expected[POSITIONS_MAX];
    static struct position found[POSITIONS_MAX * POSITIONS_OCCURRENCE_BYTES_MAX];
    struct bytes entry;
    size_t count;
    assert_int_equal(positions_cursor_find(cursor, ordinal, &entry), 0);
    assert_true(entry.size <= sizeof found / sizeof *found);
    assert_int_equal(positions_decode(entry, found, &count), 0);
    assert_int_equal(count, model_positions(number, word, expected));
    assert_memory_equal(found, expected, count * sizeof *found);
}

static inline void compare_lists(const struct segment *segment, const struct model_document *documents, size_t count)
{
    uint64_t postings = 0;
    uint64_t terms = 0;
    for (uint32_t w = 0; w < WORDS; w++) {
        char word[16];
        struct bytes record;
        struct segment_list list;
        struct postings_cursor cursor;
        struct positions_cursor positions;
        struct arena blocks;
        arena_init(&blocks, SIZE_MAX / 2);
        snprintf(word, sizeof word, "w%u", w);
        int status = terms_find(&segment->terms, bytes_of_string(word), &record);
        bool any = status == 0;
        assert_true(status == 0 || status == AISLE_END);
        if (any) {
            assert_int_equal(segment_list_decode(record, &list), 0);
            assert_int_equal(postings_cursor_open(&cursor, &segment->postings, &list.postings), 0);
            positions_cursor_init(&positions, &segment->views[COMPONENT_POSITIONS], &blocks, &list.positions,
                                  list.postings.count);
            terms++;
        }
        uint32_t expected = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (!model_has(documents[i].number, w)) {
                continue;
            }
            assert_true(any);
            compare_positions(&positions, expected, documents[i].number, w);
            assert_int_equal(postings_cursor_ordinal(&cursor), expected);
            expected++;
            assert_int_equal(postings_cursor_document(&cursor), i);
            assert_int_equal(postings_cursor_code(&cursor),
                             model_class(documents[i].number, w) << 5 | model_length_code(documents[i].number));
            postings_cursor_next(&cursor);
        }
        assert_true(any == (expected != 0));
        assert_true(!any || (postings_cursor_document(&cursor) == POSTINGS_END && list.postings.count == expected));
        postings += expected;
        arena_release(&blocks);
    }
    assert_int_equal(segment->info.postings, postings);
    assert_int_equal(segment->info.terms, terms);
}

/* Expects the segment to hold exactly these documents, which are sorted on the way. */
static inline void compare_with_model(const struct segment *segment, struct model_document *documents, size_t count)
{
    uint64_t faults = 0;
    uint64_t length_sum = 0;
    struct segment_state none = {.dead = NULL};
    struct buf scratch;
    buf_init(&scratch, LIMIT_PRODUCT_BYTES * 2);
    qsort(documents, count, sizeof *documents, compare_models);
    assert_int_equal(segment->info.documents, count);
    for (uint32_t i = 0; i < count; i++) {
        char expected[64];
        uint8_t id[LIMIT_ID_BYTES];
        size_t size;
        uint32_t found;
        uint64_t key;
        int64_t value;
        struct bytes stored;
        assert_int_equal(ids_get(&segment->ids, i, id, &size), 0);
        assert_int_equal(size, model_id(documents[i].number, expected));
        assert_memory_equal(id, expected, size);
        assert_int_equal(ids_find(&segment->ids, bytes_of(id, size), hash_bytes(id, size), &found), 0);
        assert_int_equal(found, i);
        assert_int_equal(column_keys_get(&segment->order, i, &key), 0);
        assert_int_equal(key, model_order(documents[i].number));
        assert_int_equal(segment_state_column(segment, &none, FIELD_A, i, &value), 0);
        assert_true(value == documents[i].a);
        assert_int_equal(segment_state_column(segment, &none, FIELD_B, i, &value), 0);
        assert_true(value == documents[i].b);
        assert_int_equal(documents_get(&segment->documents, i, &scratch, &stored), 0);
        assert_int_equal(stored.size, model_stored(documents[i].number, expected));
        assert_memory_equal(stored.data, expected, stored.size);
        length_sum += model_lengths[model_length_code(documents[i].number)];
    }
    assert_int_equal(segment->info.length_sum, length_sum);
    compare_lists(segment, documents, count);
    segment_check(segment, report_fault, NULL, &faults);
    assert_int_equal(faults, 0);
    buf_release(&scratch);
}

#endif
