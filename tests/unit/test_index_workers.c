/*
 * test_index_workers.c - a lane that the caller has settled is the caller's, whatever other workers come to; where ids
 * are that did not go where their hash says.
 *
 * Other tests of workers go through the writer (test_threads_workers.c).
 */
#include "index_fixture.h"

#include "base/hash.h"
#include "index/catalog.h"
#include "index/diverted.h"
#include "index/workers.h"
#include "segment/segment.h"

#define THREADS 2u
#define SHARE_BYTES (UINT64_C(4) << 20) /* of one worker's builders */
#define PAD_BYTES 8000u

struct fixture {
    aisle *catalog;
    struct budget budget;
    struct shard_writer shard;
    struct ingest ingest;
    struct product_reader *reader;
    struct workers *workers;
};

static void begin(struct fixture *f)
{
    aisle_options options = {.size = sizeof options, .memory_bytes = BUDGET_LEAST * 4, .threads = THREADS};
    create_catalog("lanes", NULL, 1);
    assert_done(aisle_open(path_of("lanes"), &options, &f->catalog, &error));
    budget_divide(BUDGET_LEAST * 4, THREADS, segment_columns_components(&f->catalog->columns), &f->budget);
    f->budget.builder_bytes = SHARE_BYTES * THREADS;
    assert_done(shard_writer_begin(&f->shard, &f->catalog->shards[0], &f->budget, &error));
    assert_done(ingest_init(&f->ingest, f->catalog->schema, &f->catalog->columns, &f->catalog->weights, &error));
    assert_int_equal(product_reader_new(&f->reader), 0);
    const struct workers_setup setup = {.schema = f->catalog->schema,
                                        .columns = &f->catalog->columns,
                                        .weights = &f->catalog->weights,
                                        .budget = &f->budget,
                                        .shards = &f->shard,
                                        .ingest = &f->ingest,
                                        .shard_count = 1,
                                        .threads = THREADS};
    assert_done(workers_new(&setup, &f->workers, &error));
}

static void end(struct fixture *f)
{
    workers_free(f->workers);
    shard_writer_release(&f->shard);
    ingest_release(&f->ingest);
    product_reader_free(f->reader);
    aisle_close(f->catalog);
}

static struct segment_builder *settle(struct fixture *f, uint64_t id_hash)
{
    struct segment_builder *builder = NULL;
    assert_done(workers_settle_lane(f->workers, 0, id_hash, &builder, &error));
    return builder;
}

static uint64_t hash_of(unsigned number)
{
    char id[16];
    int size = snprintf(id, sizeof id, "P%u", number);
    return hash_bytes(id, (size_t)size);
}

static void put_product(struct fixture *f, unsigned number, size_t pad_bytes, bool is_new)
{
    static char text[PAD_BYTES + 64];
    struct product product;
    int size = snprintf(text, sizeof text, "{\"id\":\"P%u\",\"title\":\"item\",\"pad\":\"", number);
    memset(text + size, 'p', pad_bytes);
    memcpy(text + size + pad_bytes, "\"}", 2);
    struct bytes whole = bytes_of(text, (size_t)size + pad_bytes + 2);
    assert_done(product_reader_read(f->reader, f->catalog->schema, whole, &product, &error));
    assert_done(workers_put(f->workers, 0, &product, whole, hash_of(number), is_new, &error));
}

/* Puts so many products of the lane, each settled at once; the number behind the last. */
static unsigned fill(struct fixture *f, unsigned next, const struct segment_builder *lane, unsigned products)
{
    for (unsigned found = 0; found < products; next++) {
        if (settle(f, hash_of(next)) == lane) {
            put_product(f, next, PAD_BYTES, true);
            found++;
        }
    }
    return next;
}

static void settled_lane_is_left_alone_when_the_tide_comes(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    unsigned other = 1;
    struct segment_builder *lane = settle(&f, hash_of(0));
    while (settle(&f, hash_of(other)) == lane) {
        other++;
    }
    struct segment_builder *lane_of_other = settle(&f, hash_of(other));
    unsigned products = SHARE_BYTES / PAD_BYTES * 5 / 8;
    static unsigned others[SHARE_BYTES / PAD_BYTES * 2];
    unsigned next = fill(&f, 0, lane, products);
    for (unsigned i = 0; i < products * 2; next++) {
        others[i] = next;
        i += settle(&f, hash_of(next)) == lane_of_other;
    }
    assert_ptr_equal(settle(&f, hash_of(0)), lane);
    assert_int_equal(segment_builder_live(lane), products); /* enough to be written with a tide */
    for (unsigned i = 0; i < products * 2; i++) { /* which is raised here, once the caller waits for what is written */
        put_product(&f, others[i], PAD_BYTES, false);
    }
    assert_ptr_equal(settle(&f, hash_of(others[0])), lane_of_other);
    assert_int_equal(shard_writer_segments(&f.shard), 1);
    assert_ptr_equal(settle(&f, hash_of(0)), lane);
    assert_int_equal(segment_builder_live(lane), products);
    assert_done(workers_flush(f.workers, &error));
    assert_int_equal(segment_builder_live(lane), 0);
    assert_int_equal(shard_writer_segments(&f.shard), 3);
    end(&f);
}

static uint64_t count_live(const struct fixture *f)
{
    uint64_t live = 0;
    for (uint32_t i = 0; i < f->shard.segment_count; i++) {
        live += f->shard.segments[i].info.documents - f->shard.segments[i].info.dead;
    }
    return live;
}

/* Which take turns at the storage: while the caller has it, no segment gets written. */
static void what_the_parts_get_is_taken_before_segments_are_written(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    for (unsigned i = 0; i < 8; i++) {
        put_product(&f, i, PAD_BYTES, true);
    }
    turns_take(&f.shard.turns);
    assert_done(workers_flush_begin(f.workers, &error));
    assert_done(workers_flush_await(f.workers, WORKERS_ALL_TAKEN, &error));
    shard_writer_lock(&f.shard);
    assert_int_not_equal(f.shard.words.waiting.count, 0);
    assert_int_equal(f.shard.segment_count, 0);
    shard_writer_unlock(&f.shard);
    turns_give(&f.shard.turns);
    assert_done(workers_flush_await(f.workers, WORKERS_WRITTEN, &error));
    assert_int_equal(count_live(&f), 8);
    end(&f);
}

/* Put as fast as can be, so that queues are full and products go elsewhere; and while workers write. */
static void each_id_stays_one_product_whichever_worker_has_it(void **state)
{
    const unsigned ids = 4000;
    struct fixture f;
    (void)state;
    begin(&f);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < ids; i++) {
            put_product(&f, i, 1000, round == 0);
        }
        for (unsigned i = 0; i < ids && round == 1; i += 397) {
            char id[16];
            int size = snprintf(id, sizeof id, "P%u", i);
            struct segment_builder *builder = settle(&f, hash_of(i));
            struct writer_place place = {.lane = builder};
            shard_writer_lock(&f.shard);
            assert_int_equal(shard_writer_find(&f.shard, bytes_of(id, (size_t)size), hash_of(i), &place), 0);
            shard_writer_unlock(&f.shard);
            assert_true(place.builder == NULL || place.builder == builder);
        }
    }
    assert_done(workers_flush(f.workers, &error));
    assert_int_equal(count_live(&f), ids);
    end(&f);
}

/*
 * A worker waits for the shard's lock, as if it took long to write, while new ids of its lane come, and a few known
 * ones: did the new ones take the room kept for those, the caller would wait for the worker, and never give the lock.
 */
static void room_for_known_ids_is_left_by_new_ones(void **state)
{
    const unsigned known = SHARE_BYTES / PAD_BYTES / 4; /* of which three quarters make the lane full */
    struct fixture f;
    (void)state;
    begin(&f);
    struct segment_builder *lane = settle(&f, hash_of(0));
    unsigned first = fill(&f, 0, lane, SHARE_BYTES / PAD_BYTES * 13 / 16);
    static unsigned mine[SHARE_BYTES / PAD_BYTES];
    unsigned count = 0;
    for (unsigned next = first; count < known + 14 * 9; next++) {
        mine[count] = next;
        count += settle(&f, hash_of(next)) == lane;
    }
    shard_writer_lock(&f.shard);
    for (unsigned i = 0; i < known; i++) {
        put_product(&f, mine[i], PAD_BYTES, false);
    }
    for (unsigned i = known; i < count; i++) {
        put_product(&f, mine[i], PAD_BYTES, i % 9 != 0);
    }
    shard_writer_unlock(&f.shard);
    assert_done(workers_flush(f.workers, &error));
    assert_int_equal(count_live(&f), SHARE_BYTES / PAD_BYTES * 13 / 16 + count);
    end(&f);
}

static void diverted_ids_are_found_until_they_are_forgotten(void **state)
{
    struct diverted diverted;
    uint8_t lane = 77;
    (void)state;
    diverted_init(&diverted, (size_t)1 << 20);
    assert_false(diverted_find(&diverted, 1, &lane));
    for (uint64_t i = 1; i <= 5000; i++) {
        assert_true(diverted_add(&diverted, i * i << 40 | i, (uint8_t)(i % 64)));
    }
    for (uint64_t i = 1; i <= 5000; i++) {
        assert_true(diverted_find(&diverted, i * i << 40 | i, &lane));
        assert_int_equal(lane, i % 64);
        assert_false(diverted_find(&diverted, i * i << 40 | (i + 5000), &lane));
    }
    assert_false(diverted_add(&diverted, 0, 1)); /* which is how a free place looks */
    assert_false(diverted.is_full);
    diverted_clear(&diverted);
    assert_false(diverted_find(&diverted, UINT64_C(1) << 40 | 1, &lane));
    diverted_release(&diverted);
}

static void diverted_ids_keep_to_their_memory(void **state)
{
    struct diverted diverted;
    uint64_t added = 0;
    uint8_t lane;
    (void)state;
    diverted_init(&diverted, (size_t)64 << 10);
    while (diverted_add(&diverted, ++added, 3)) {
        assert_true(diverted.slots * 9 <= diverted.bytes_max);
    }
    assert_true(diverted.is_full);
    assert_true(added > 1000);
    for (uint64_t i = 1; i < added; i++) {
        assert_true(diverted_find(&diverted, i, &lane));
    }
    diverted_clear(&diverted);
    assert_false(diverted.is_full);
    diverted_release(&diverted);
    for (unsigned long n = 1; n <= 2; n++) {
        alloc_fail_at(n, 0);
        assert_false(diverted_add(&diverted, 9, 1));
        alloc_fail_at(0, 0);
        assert_false(diverted_find(&diverted, 9, &lane));
    }
    assert_true(diverted_add(&diverted, 9, 1));
    diverted_release(&diverted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(diverted_ids_are_found_until_they_are_forgotten),
        cmocka_unit_test(diverted_ids_keep_to_their_memory),
        cmocka_unit_test_setup_teardown(each_id_stays_one_product_whichever_worker_has_it, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(room_for_known_ids_is_left_by_new_ones, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(what_the_parts_get_is_taken_before_segments_are_written, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(settled_lane_is_left_alone_when_the_tide_comes, make_directory,
                                        remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
