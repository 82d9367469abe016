/*
 * writer.c - aisle_writer: its life, products put and deleted, the memory budget, workers, commits and merges.
 *
 * Changes of products that are there stand in writer_patch.c.
 */
#include "index/joint.h"
#include "index/writer_private.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/laps.h"
#include "base/hash.h"

int writer_fail(struct aisle_writer *writer, int status)
{
    writer->failed = true;
    return status;
}

/* Loads what a commit that stands has made, where that could not be done at once. */
static int find_footing(struct aisle_writer *writer, aisle_error *error)
{
    int status = 0;
    for (uint32_t i = 0; i < writer->catalog->shard_count && status == 0; i++) {
        struct shard_writer *shard = &writer->shards[i];
        shard_writer_lock(shard);
        status = shard->lost ? shard_writer_reload(shard, error) : 0;
        shard_writer_unlock(shard);
    }
    writer->lost = status != 0;
    return status;
}

int writer_refuse_failed(struct aisle_writer *writer, aisle_error *error)
{
    if (storage_forked(writer->catalog->shards[0].storage)) {
        return error_set(error, AISLE_FORKED, "the writer began before a fork; the child begins its own");
    }
    if (writer->failed && writer->merging.code != 0) {
        return error_set(error, writer->merging.code, "after the last commit, which stands: %s; free the writer",
                         writer->merging.message);
    }
    if (writer->failed) {
        return error_set(error, AISLE_INVALID, "the writer has failed before; free it and begin anew");
    }
    return writer->lost ? find_footing(writer, error) : 0;
}

/* ---- life ---- */

static int begin_shards(struct aisle_writer *writer, aisle_error *error)
{
    const struct aisle *catalog = writer->catalog;
    writer->shards = mem_calloc(catalog->shard_count, sizeof *writer->shards);
    if (writer->shards == NULL) {
        return error_no_memory(error, "beginning to write");
    }
    int status = 0;
    for (uint32_t i = 0; i < catalog->shard_count && status == 0; i++) {
        status = shard_writer_begin(&writer->shards[i], &catalog->shards[i], &writer->budget, error);
        writer->shards[i].suggestions.schema = catalog->schema;
    }
    if (status == 0 && catalog->threads >= 2 &&
        merger_init(&writer->merger, writer->shards, catalog->shard_count, catalog->merge_bytes_per_second) != 0) {
        status = error_no_memory(error, "beginning to write");
    }
    return status;
}

static int take_lock(struct aisle_writer *writer, aisle_error *error)
{
    char *path = catalog_path(writer->catalog->path, "writer.lock");
    if (path == NULL) {
        return error_no_memory(error, "beginning to write");
    }
    int status = storage_lock_acquire(path, &writer->lock, error);
    mem_free(path);
    if (status == 0) {
        status = catalog_check_place(writer->catalog, error);
    }
    if (status == 0) {
        catalog_clean_shrinking(writer->catalog->path);
    }
    return status;
}

/* finish: after the merges that are called for. */
static void release_writer(struct aisle_writer *writer, bool finish)
{
    if (writer == NULL) {
        return;
    }
    bool forked = storage_forked(writer->catalog->shards[0].storage);
    if (!forked) {
        workers_free(writer->workers);
        merger_release(&writer->merger, finish && !writer->failed);
    }
    for (uint32_t i = 0; writer->shards != NULL && i < writer->catalog->shard_count; i++) {
        shard_writer_release(&writer->shards[i]);
    }
    mem_free(writer->shards);
    if (!forked || writer->workers == NULL) { /* a worker may have been using it */
        ingest_release(&writer->ingest);
    }
    route_seen_release(&writer->seen);
    product_reader_free(writer->reader);
    json_free(writer->json);
    product_codec_release(&writer->codec);
    buf_release(&writer->merged);
    storage_lock_release(writer->lock);
    mem_free(writer);
}

int aisle_begin(aisle *catalog, aisle_writer **out, aisle_error *error)
{
    *out = NULL;
    if (catalog->read_only) {
        return error_set(error, AISLE_READ_ONLY, "the catalog was opened for reading only (%s)", catalog->path);
    }
    if (storage_forked(catalog->shards[0].storage)) {
        return error_set(error, AISLE_FORKED, "the catalog was opened before a fork; open it again in the child");
    }
    struct aisle_writer *writer = mem_calloc(1, sizeof *writer);
    if (writer == NULL) {
        return error_no_memory(error, "beginning to write");
    }
    writer->catalog = catalog;
    writer->statistics.size = sizeof writer->statistics;
    budget_divide(catalog->memory_bytes, catalog->threads, segment_columns_components(&catalog->columns),
                  &writer->budget);
    buf_init(&writer->merged, LIMIT_PRODUCT_BYTES);
    product_codec_init(&writer->codec);
    int status = take_lock(writer, error);
    if (status == 0) {
        status = ingest_init(&writer->ingest, catalog->schema, &catalog->columns, &catalog->weights, error);
    }
    if (status == 0 && (product_reader_new(&writer->reader) != 0 || json_new(&writer->json) != 0)) {
        status = error_no_memory(error, "beginning to write");
    }
    if (status == 0) {
        status = joint_recover(catalog->shards, catalog->shard_count, error);
    }
    if (status == 0) {
        status = begin_shards(writer, error);
    }
    if (status != 0) {
        release_writer(writer, true);
        return status;
    }
    *out = writer;
    return 0;
}

void aisle_writer_free(aisle_writer *writer)
{
    release_writer(writer, true);
}

void aisle_writer_abandon(aisle_writer *writer)
{
    release_writer(writer, false);
}

/* ---- operations ---- */

/* A shard that committed past the current position has had this operation already. */
static bool is_repeated(const struct shard_writer *shard)
{
    return shard->skipping;
}

/* Shards that may hold a product with this id: *first to the one before *end. */
static void shards_of(const struct aisle_writer *writer, uint64_t id_hash, uint32_t *first, uint32_t *end)
{
    bool any = route_by_field(writer->catalog);
    *first = any ? 0 : catalog_shard_of(writer->catalog, id_hash);
    *end = any ? writer->catalog->shard_count : *first + 1;
}

bool writer_all_repeated(const struct aisle_writer *writer, uint64_t id_hash)
{
    uint32_t first;
    uint32_t end;
    bool all = true;
    shards_of(writer, id_hash, &first, &end);
    for (uint32_t i = first; i < end && all; i++) {
        all = is_repeated(&writer->shards[i]);
    }
    return all;
}

/* Of the caller's builders; *largest is the shard whose builder holds most. */
static uint64_t memory_used(const struct aisle_writer *writer, uint32_t *largest)
{
    uint64_t total = 0;
    uint64_t most = 0;
    *largest = 0;
    for (uint32_t i = 0; i < writer->catalog->shard_count; i++) {
        uint64_t filling = segment_builder_memory(writer->shards[i].builder);
        total += filling;
        if (filling > most) {
            most = filling;
            *largest = i;
        }
    }
    return total;
}

static void note_memory(struct aisle_writer *writer, uint64_t used)
{
    aisle_writer_statistics *statistics = &writer->statistics;
    statistics->memory_bytes = used;
    statistics->memory_peak = used > statistics->memory_peak ? used : statistics->memory_peak;
}

static int keep_budget(struct aisle_writer *writer, aisle_error *error)
{
    uint32_t largest;
    uint64_t used = memory_used(writer, &largest);
    note_memory(writer, used);
    return used < writer->budget.builder_bytes ? 0 : shard_writer_flush(&writer->shards[largest], error);
}

/* Drops what the builder holds under this id; older versions on disk are found when it is written. */
static void drop_waiting(struct shard_writer *shard, struct bytes id, uint64_t id_hash)
{
    uint32_t number;
    if (segment_builder_find(shard->builder, id, id_hash, &number) == 0) {
        segment_builder_drop(shard->builder, number);
    }
}

/* On the caller's thread. */
static int take_product(struct aisle_writer *writer, struct shard_writer *shard, uint64_t id_hash, struct bytes text,
                        aisle_error *error)
{
    const struct product *product = &writer->product;
    uint64_t start = clock_monotonic_ns();
    drop_waiting(shard, product->id, id_hash);
    int status = ingest_add(&writer->ingest, shard->builder, product, id_hash, text);
    if (status == AISLE_LIMIT) {
        status = shard_writer_flush(shard, error);
        status = status != 0 ? status : ingest_add(&writer->ingest, shard->builder, product, id_hash, text);
    }
    writer->statistics.analyse_ns += clock_monotonic_ns() - start;
    return status == 0 ? keep_budget(writer, error)
                       : error_set(error, status, "a product cannot be added: %s (%s)", aisle_error_text(status),
                                   writer->catalog->path);
}

/* ---- workers ---- */

/*
 * A batch of so many products goes to the workers: waking them is not worth it for fewer, which would also make a
 * segment for each of them, to be looked up in and merged. Before there is a dictionary, less than one is learned from,
 * so that the first is learned from a large batch.
 */
#define WIDE_PRODUCTS 8192u
#define WIDE_PRODUCTS_FIRST 900u
#define LOADING_PRODUCTS 50000u /* in one commit: as many are likely to follow */
#define WIDE_LOOK 4096u /* products between looks at what workers have made */

static int begin_workers(struct aisle_writer *writer, aisle_error *error)
{
    struct aisle *catalog = writer->catalog;
    const struct workers_setup setup = {.schema = catalog->schema,
                                        .columns = &catalog->columns,
                                        .weights = &catalog->weights,
                                        .budget = &writer->budget,
                                        .shards = writer->shards,
                                        .ingest = &writer->ingest,
                                        .shard_count = catalog->shard_count,
                                        .threads = writer->budget.workers};
    int status = workers_new(&setup, &writer->workers, error);
    if (status == AISLE_LIMIT) {
        writer->budget.workers = 0; /* no threads to be had: the caller's is enough */
        return 0;
    }
    return status;
}

/* From here to the next commit products go to the workers, who find what the caller has taken in written. */
static int go_wide(struct aisle_writer *writer, aisle_error *error)
{
    int status = writer->workers == NULL ? begin_workers(writer, error) : 0;
    if (status != 0 || writer->workers == NULL) {
        return status;
    }
    for (uint32_t i = 0; i < writer->catalog->shard_count && status == 0; i++) {
        status = shard_writer_flush(&writer->shards[i], error);
    }
    writer->wide = status == 0;
    return status;
}

static bool is_crowded(struct aisle_writer *writer)
{
    bool crowded = false;
    for (uint32_t i = 0; i < writer->catalog->shard_count; i++) {
        crowded = crowded || shard_writer_crowded(&writer->shards[i]);
    }
    return crowded;
}

/*
 * Now and then: counts memory, and merges pending segments when there are too many. Whether there are is asked before
 * the workers rest; while they write, nothing may be merged, however many there have become since.
 */
static int look_after_workers(struct aisle_writer *writer, aisle_error *error)
{
    note_memory(writer, workers_memory(writer->workers));
    if (!is_crowded(writer)) {
        return 0;
    }
    int status = workers_flush(writer->workers, error);
    for (uint32_t i = 0; i < writer->catalog->shard_count && status == 0; i++) {
        status = shard_writer_tidy(&writer->shards[i], error);
    }
    return status;
}

static bool is_for_workers(const struct aisle_writer *writer, struct shard_writer *shard)
{
    return writer->taken > WIDE_PRODUCTS ||
           (writer->taken > WIDE_PRODUCTS_FIRST && shard_writer_dictionary(shard) == 0);
}

static int put_product(struct aisle_writer *writer, struct shard_writer *shard, uint64_t id_hash, struct bytes text,
                       aisle_error *error)
{
    int status = 0;
    writer->taken++;
    if (!writer->wide && writer->budget.workers != 0 && is_for_workers(writer, shard)) {
        status = go_wide(writer, error);
    }
    if (status == 0 && !writer->wide) {
        status = take_product(writer, shard, id_hash, text, error);
    } else if (status == 0) {
        uint32_t number = (uint32_t)(shard - writer->shards);
        bool is_new = !route_seen_has(&writer->seen, id_hash);
        route_seen_add(&writer->seen, id_hash);
        status = workers_put(writer->workers, number, &writer->product, text, id_hash, is_new, error);
        if (status == 0 && writer->taken % WIDE_LOOK == 0) {
            status = look_after_workers(writer, error);
        }
    }
    return status == 0 ? 0 : writer_fail(writer, status);
}

/* What the caller, who would wait for workers that write all they hold, does beside them. */
static int write_beside(struct aisle_writer *writer, aisle_error *error)
{
    bool alone = !writer->merger.ready || !merger_busy(&writer->merger);
    int status = workers_flush_await(writer->workers, WORKERS_MOST_TAKEN, error);
    for (uint32_t i = 0; i < writer->catalog->shard_count && status == 0 && alone; i++) {
        status = parts_lexicon_spill(&writer->shards[i], SPILL_JOINED, error);
    }
    status = status == 0 ? workers_flush_await(writer->workers, WORKERS_ALL_TAKEN, error) : status;
    for (uint32_t i = 0; i < writer->catalog->shard_count && status == 0; i++) {
        status = shard_writer_spill(&writer->shards[i], error);
    }
    return status;
}

static int flush_workers(struct aisle_writer *writer, aisle_error *error)
{
    int status = workers_flush_begin(writer->workers, error);
    if (status != 0) {
        return status;
    }
    status = write_beside(writer, error);
    int flushed = workers_flush_await(writer->workers, WORKERS_WRITTEN, status == 0 ? error : NULL);
    return status == 0 ? flushed : status;
}

/* Has everything written that workers hold. The next batch is wide from its beginning if this one was large. */
static int gather(struct aisle_writer *writer, aisle_error *error)
{
    int status = writer->wide ? flush_workers(writer, error) : 0;
    if (writer->wide) {
        note_memory(writer, workers_memory(writer->workers));
        route_seen_clear(&writer->seen);
    }
    writer->loading = writer->wide && writer->taken >= LOADING_PRODUCTS;
    writer->wide = writer->wide && status == 0 && writer->taken > WIDE_PRODUCTS;
    writer->taken = 0;
    return status;
}

/* Reading the clock takes a thirtieth of the time of what is measured: one product in so many stands for all. */
#define TIMED_PRODUCTS 16u

int writer_read_product(struct aisle_writer *writer, struct bytes text, aisle_error *error)
{
    bool timed = writer->taken % TIMED_PRODUCTS == 0;
    uint64_t start = timed ? clock_monotonic_ns() : 0;
    int status = product_reader_read(writer->reader, writer->catalog->schema, text, &writer->product, error);
    writer->statistics.parse_ns += timed ? (clock_monotonic_ns() - start) * TIMED_PRODUCTS : 0;
    return status == 0 || status == AISLE_BAD_PRODUCT ? status : writer_fail(writer, status);
}

static int not_found(struct bytes id, aisle_error *error)
{
    int shown = id.size > 64 ? 64 : (int)id.size;
    return error_set(error, AISLE_NOT_FOUND, "no product has the id \"%.*s\"", shown, (const char *)id.data);
}

int writer_find_product(struct aisle_writer *writer, struct shard_writer *shard, struct bytes id, uint64_t id_hash,
                        struct writer_place *place, aisle_error *error)
{
    struct segment_builder *builder = NULL;
    int status = 0;
    if (writer->wide && route_seen_has(&writer->seen, id_hash)) {
        status = workers_settle_lane(writer->workers, (uint32_t)(shard - writer->shards), id_hash, &builder, error);
    }
    shard_writer_lock(shard);
    if (status != 0) {
        return writer_fail(writer, status);
    }
    *place = (struct writer_place){.lane = builder};
    status = shard_writer_find(shard, id, id_hash, place);
    if (status == AISLE_END) {
        return not_found(id, error);
    }
    return status == 0 ? 0
                       : writer_fail(writer, error_set(error, status, "a product cannot be found: %s (%s)",
                                                       aisle_error_text(status), writer->catalog->path));
}

static int delete_product(struct aisle_writer *writer, struct shard_writer *shard, struct bytes id, uint64_t id_hash,
                          aisle_error *error)
{
    struct writer_place place;
    int status = writer_find_product(writer, shard, id, id_hash, &place, error);
    bool found = status == 0;
    /* The builder's version may hide one in a segment: both go. */
    while (status == 0) {
        status = shard_writer_kill(shard, &place);
        status = status != 0 ? status : shard_writer_find(shard, id, id_hash, &place);
    }
    shard_writer_unlock(shard);
    if (found && status != AISLE_END) {
        return writer_fail(writer, error_set(error, status, "a product cannot be deleted: %s (%s)",
                                             aisle_error_text(status), writer->catalog->path));
    }
    return found ? 0 : status;
}

/* Where a field routes: takes older versions of a product that is put into shard out of the others. */
static int leave_others(struct aisle_writer *writer, const struct shard_writer *shard, struct bytes id,
                        uint64_t id_hash, aisle_error *error)
{
    for (uint32_t i = 0; i < writer->catalog->shard_count; i++) {
        struct shard_writer *other = &writer->shards[i];
        aisle_error failure = {.code = 0};
        int status = other == shard || is_repeated(other)
                         ? 0
                         : delete_product(writer, other, id, id_hash, &failure);
        writer->moved = writer->moved || (status == 0 && other != shard && !is_repeated(other));
        if (status != 0 && status != AISLE_NOT_FOUND) {
            return error_set(error, status, "%s", failure.message);
        }
    }
    return 0;
}

int writer_route_product(struct aisle_writer *writer, uint64_t id_hash, struct bytes text, aisle_error *error)
{
    struct shard_writer *shard = &writer->shards[route_of(writer->catalog, &writer->product, id_hash)];
    int status = 0;
    if (route_by_field(writer->catalog)) {
        status = leave_others(writer, shard, writer->product.id, id_hash, error);
    }
    return status != 0 || is_repeated(shard) ? status : put_product(writer, shard, id_hash, text, error);
}

int aisle_put(aisle_writer *writer, aisle_bytes product, aisle_error *error)
{
    struct bytes text = bytes_of(product.data, product.size);
    int status = writer_refuse_failed(writer, error);
    if (status == 0) {
        status = writer_read_product(writer, text, error);
    }
    if (status != 0) {
        return status;
    }
    status = writer_route_product(writer, hash_bytes(writer->product.id.data, writer->product.id.size), text, error);
    writer->statistics.puts += status == 0 ? 1 : 0;
    return status;
}

int writer_in_its_shard(struct aisle_writer *writer, struct bytes id, uint64_t id_hash, struct bytes fields,
                        writer_operation *operate, aisle_error *error)
{
    aisle_error failure = {.code = 0};
    bool repeated = false;
    uint32_t first;
    uint32_t end;
    int status = AISLE_NOT_FOUND;
    shards_of(writer, id_hash, &first, &end);
    for (uint32_t i = first; i < end && status == AISLE_NOT_FOUND; i++) {
        repeated = repeated || is_repeated(&writer->shards[i]);
        status = is_repeated(&writer->shards[i])
                     ? status
                     : operate(writer, &writer->shards[i], id, id_hash, fields, &failure);
    }
    if (status == AISLE_NOT_FOUND && repeated) {
        return 0;
    }
    if (status != 0 && error != NULL) {
        *error = failure;
    }
    return status;
}

static int delete_in_shard(struct aisle_writer *writer, struct shard_writer *shard, struct bytes id, uint64_t id_hash,
                           struct bytes fields, aisle_error *error)
{
    (void)fields;
    return delete_product(writer, shard, id, id_hash, error);
}

int aisle_delete(aisle_writer *writer, aisle_bytes id, aisle_error *error)
{
    struct bytes key = bytes_of(id.data, id.size);
    uint64_t id_hash = hash_bytes(key.data, key.size);
    int status = writer_refuse_failed(writer, error);
    if (status != 0 || writer_all_repeated(writer, id_hash)) {
        return status;
    }
    status = writer_in_its_shard(writer, key, id_hash, bytes_of(NULL, 0), delete_in_shard, error);
    writer->statistics.deletes += status == 0 ? 1 : 0;
    return status;
}

/* ---- positions and commits ---- */

int aisle_mark(aisle_writer *writer, const aisle_position *position, aisle_error *error)
{
    struct log_position mark;
    int status = writer_refuse_failed(writer, error);
    if (status == 0) {
        status = position_take(position, &mark, error);
    }
    for (uint32_t i = 0; i < writer->catalog->shard_count && status == 0; i++) {
        status = shard_writer_mark(&writer->shards[i], &mark, error);
    }
    return status;
}

static bool is_lost(struct shard_writer *shard)
{
    shard_writer_lock(shard);
    bool lost = shard->lost;
    shard_writer_unlock(shard);
    return lost;
}

static int publish(struct aisle_writer *writer, aisle_error *error)
{
    int status = writer_refuse_failed(writer, error);
    if (status != 0) {
        return status;
    }
    struct laps laps = laps_begin(writer->statistics.phase_ns);
    status = gather(writer, error);
    laps_end(&laps, AISLE_PHASE_SEGMENTS);
    if (status == 0 && writer->moved) {
        status = joint_publish(writer->shards, writer->catalog->shard_count, error);
    }
    for (uint32_t i = 0; i < writer->catalog->shard_count && status == 0 && !writer->moved; i++) {
        status = shard_writer_publish(&writer->shards[i], error);
    }
    writer->moved = false;
    for (uint32_t i = 0; i < writer->catalog->shard_count; i++) {
        writer->lost = writer->lost || is_lost(&writer->shards[i]);
        writer->shards[i].skipping = false; /* what comes before the next mark is no record of a log */
    }
    return status == 0 ? 0 : writer_fail(writer, status);
}

/* ---- merges ---- */

/*
 * Without a thread of their own, merges take the committing caller's time, in proportion to what it has written: with
 * eight segments a tier, each written byte calls for about one byte of merging a tier. What is larger waits, for
 * aisle_compact or a writer with threads, unless there are so many segments that searching suffers.
 */
#define COMMIT_MERGE_BYTES (UINT64_C(16) << 20)
#define COMMIT_MERGE_FACTOR 8u
#define CROWDED_SEGMENTS 64u

/* With a thread: what a commit merges itself while the thread has a longer merge, and when it waits for the thread. */
#define SMALL_MERGE_BYTES_MIN (UINT64_C(256) << 10)
#define SMALL_MERGE_BYTES_MAX (UINT64_C(4) << 20)
#define WAIT_SEGMENTS (LIMIT_SEGMENTS / 2)
#define RELIEF_PARTS (LIMIT_PARTS / 4) /* fewer are left to the thread: merging them held commits up for 0.2 s */

static int merge_failed(struct aisle_writer *writer, int status)
{
    return status == 0 || merge_can_wait(status) ? 0 : writer_fail(writer, status);
}

/* Bytes to merge for what was written since it was last asked. */
static uint64_t bytes_to_merge(struct shard_writer *shard, uint64_t least, uint64_t most)
{
    uint64_t bytes = (shard->written_bytes - shard->written_before) * COMMIT_MERGE_FACTOR;
    shard->written_before = shard->written_bytes;
    bytes = bytes < least ? least : bytes;
    return bytes < most ? bytes : most;
}

static int merge_here(struct aisle_writer *writer, struct shard_writer *shard, aisle_error *error)
{
    uint64_t bytes = bytes_to_merge(shard, COMMIT_MERGE_BYTES, UINT64_MAX);
    int status = 0;
    for (bool merged = true; merged && status == 0;) {
        bool crowded = shard_writer_segments(shard) > CROWDED_SEGMENTS;
        uint64_t before = shard->merged.bytes;
        status = shard_writer_merge(shard, &(struct merge_order){.bytes_max = crowded ? UINT64_MAX : bytes}, &merged,
                                    error);
        uint64_t spent = shard->merged.bytes - before;
        bytes -= spent < bytes ? spent : bytes;
    }
    return merge_failed(writer, status);
}

/* Keeps the number of segments down while the merger is at something long. */
static int relieve(struct aisle_writer *writer, struct shard_writer *shard, aisle_error *error)
{
    shard_writer_lock(shard);
    bool spares_parts = shard->parts.count < RELIEF_PARTS;
    shard_writer_unlock(shard);
    struct merge_order small = {.bytes_max = bytes_to_merge(shard, SMALL_MERGE_BYTES_MIN, SMALL_MERGE_BYTES_MAX),
                                .loading = writer->loading,
                                .spares_parts = spares_parts,
                                .clean_batches = 1};
    bool merged;
    int status = shard_writer_merge(shard, &small, &merged, error);
    uint64_t start = clock_monotonic_ns();
    while ((shard_writer_segments(shard) >= WAIT_SEGMENTS || parts_many(shard)) && merger_busy(&writer->merger)) {
        merger_wait(&writer->merger);
    }
    writer->statistics.wait_ns += clock_monotonic_ns() - start;
    return merge_failed(writer, status);
}

static int merge_after_commit(struct aisle_writer *writer, aisle_error *error)
{
    bool beside = writer->catalog->threads >= 2;
    bool busy = beside && merger_busy(&writer->merger);
    int status = beside ? merger_failure(&writer->merger, error) : 0;
    if (status != 0) {
        return writer_fail(writer, status);
    }
    beside = beside && merger_wake(&writer->merger, writer->loading);
    for (uint32_t i = 0; i < writer->catalog->shard_count && status == 0; i++) {
        if (!beside) {
            status = merge_here(writer, &writer->shards[i], error);
        } else if (busy) {
            status = relieve(writer, &writer->shards[i], error);
        }
    }
    return status;
}

int aisle_commit(aisle_writer *writer, aisle_error *error)
{
    int status = publish(writer, error);
    if (status == 0 && !writer->lost) {
        /* The commit stands, so what merging meets is not its failure: the writer says so when it is used next. */
        struct laps laps = laps_begin(writer->statistics.phase_ns);
        (void)!merge_after_commit(writer, &writer->merging);
        laps_end(&laps, AISLE_PHASE_MERGES);
        writer->merging.code = writer->failed ? writer->merging.code : 0;
    }
    return status;
}

static int merge_all(struct aisle_writer *writer, aisle_error *error)
{
    static const struct merge_order order = {.all = true, .bytes_max = UINT64_MAX};
    int status = 0;
    if (writer->merger.ready) {
        merger_hush(&writer->merger);
    }
    for (uint32_t i = 0; i < writer->catalog->shard_count && status == 0; i++) {
        for (bool merged = true; merged && status == 0;) {
            status = shard_writer_merge(&writer->shards[i], &order, &merged, error);
        }
        status = status == 0 ? parts_lexicon_compact(&writer->shards[i], &writer->ingest, error) : status;
        status = status == 0 ? parts_suggest_compact(&writer->shards[i], error) : status;
    }
    return status == 0 || merge_can_wait(status) ? status : writer_fail(writer, status);
}

int aisle_learn(aisle_writer *writer, aisle_bytes searches, aisle_error *error)
{
    int status = writer_refuse_failed(writer, error);
    return status != 0 ? status
                       : parts_learned_take(&writer->shards[0], writer->ingest.analyser,
                                            bytes_of(searches.data, searches.size), error);
}

int aisle_compact(aisle_writer *writer, aisle_error *error)
{
    int status = publish(writer, error);
    if (status == 0) {
        status = writer_refuse_failed(writer, error);
    }
    return status == 0 ? merge_all(writer, error) : status;
}

static void add_statistics(struct shard_writer *shard, aisle_writer_statistics *statistics)
{
    shard_writer_lock(shard);
    statistics->compress_ns += shard->compress_ns;
    statistics->encode_ns += shard->encode_ns;
    statistics->merge_ns += shard->merge_ns;
    statistics->commit_ns += shard->commit_ns;
    statistics->written_bytes += shard->written_bytes;
    statistics->merges += shard->merged.merges;
    statistics->merged_bytes += shard->merged.bytes;
    statistics->dictionaries += shard->merged.dictionaries;
    statistics->merge_failures += shard->merged.failures;
    statistics->merge_error = shard->merged.error != 0 ? shard->merged.error : statistics->merge_error;
    for (unsigned i = 0; i < AISLE_PHASES; i++) {
        statistics->phase_ns[i] += shard->phase_ns[i];
    }
    shard_writer_unlock(shard);
}

int aisle_writer_stats(const aisle_writer *writer, aisle_writer_statistics *out)
{
    aisle_writer_statistics statistics = writer->statistics;
    size_t size = out->size;
    if (size < sizeof out->size || size > sizeof statistics) {
        return AISLE_INVALID;
    }
    for (uint32_t i = 0; i < writer->catalog->shard_count; i++) {
        add_statistics(&writer->shards[i], &statistics);
    }
    statistics.analyse_ns += writer->workers == NULL ? 0 : workers_analyse_ns(writer->workers);
    statistics.size = size;
    memcpy(out, &statistics, size);
    return 0;
}
