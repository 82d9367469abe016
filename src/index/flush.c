/*
 * flush.c - from a memory index to a pending segment, on whatever thread has the builder.
 *
 * The thread uses the writer's storage, in its turn, and looks at the writer under its lock: for the new segment's
 * number, and to kill what its products replace.
 */
#include "index/shard_writer_private.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/radix.h"

struct flush {
    struct shard_writer *writer;
    struct segment_builder *builder; /* borrowed */
    bool late;                       /* all extents wait for the commit */
    uint32_t id;                     /* 0: none yet */
    struct segment_info info;
    uint64_t compress_ns, encode_ns, commit_ns;
};

/* ---- older versions of a batch ---- */

struct replacement {
    struct shard_writer *writer;
    struct writer_segment *segment;
};

static int replace_match(void *context, size_t query, uint32_t document)
{
    struct replacement *replacement = context;
    (void)query;
    return shard_writer_kill_in(replacement->writer, replacement->segment, document);
}

/* The live documents of a builder as queries in ascending order of hash, for the caller to free; NULL: no memory. */
static struct ids_query *list_queries(const struct segment_builder *builder, size_t count)
{
    struct radix_entry *hashes = mem_alloc(count * sizeof *hashes);
    struct radix_entry *scratch = mem_alloc(count * sizeof *scratch);
    struct ids_query *queries = mem_alloc(count * sizeof *queries);
    if (hashes != NULL && scratch != NULL && queries != NULL) {
        size_t listed = 0;
        for (uint32_t i = 0; listed < count; i++) {
            if (!segment_builder_dropped(builder, i)) {
                segment_builder_id(builder, i, &hashes[listed].key);
                hashes[listed++].value = i;
            }
        }
        radix_sort(hashes, scratch, count);
        for (size_t i = 0; i < count; i++) {
            queries[i].id = segment_builder_id(builder, hashes[i].value, &queries[i].hash);
        }
    } else {
        mem_free(queries);
        queries = NULL;
    }
    mem_free(scratch);
    mem_free(hashes);
    return queries;
}

#define QUERIES_TOGETHER 512u

/* Looks for those ids in a segment that may be there. */
static int kill_in_segment(struct shard_writer *writer, struct writer_segment *segment, const struct ids_query *queries,
                           size_t count)
{
    struct replacement replacement = {.writer = writer, .segment = segment};
    struct ids_query chosen[QUERIES_TOGETHER];
    int status = 0;
    for (size_t i = 0; i < count && status == 0;) {
        size_t choice = 0;
        for (; i < count && choice < QUERIES_TOGETHER; i++) {
            if (ids_range_has(&segment->ids, queries[i].id)) {
                chosen[choice++] = queries[i];
            }
        }
        status = ids_find_many(&segment->segment->ids, chosen, choice, replace_match, &replacement);
    }
    return status;
}

/* Kills, in all segments there are, whatever has the id of a live document of the builder. */
static int kill_older_versions(struct shard_writer *writer, const struct segment_builder *builder)
{
    const struct ids_range *ids = segment_builder_ids(builder);
    size_t count = segment_builder_live(builder);
    struct ids_query *queries = NULL;
    int status = 0;
    for (uint32_t i = 0; i < writer->segment_count && status == 0; i++) {
        if (!ids_range_meets(&writer->segments[i].ids, ids)) {
            continue;
        }
        queries = queries == NULL ? list_queries(builder, count) : queries;
        status = queries == NULL ? AISLE_NO_MEMORY : kill_in_segment(writer, &writer->segments[i], queries, count);
    }
    mem_free(queries);
    return status;
}

/* ---- writing ---- */

/* Reading the clock twice takes a tenth of the time of what is measured: one product in so many stands for all. */
#define TIMED_PRODUCTS 16u

struct store_context {
    struct compressor *compressor;
    uint64_t count;
    uint64_t ns;
};

static int compress_product(void *context, struct bytes stored, struct buf *out)
{
    struct store_context *store = context;
    if (store->count++ % TIMED_PRODUCTS != 0) {
        return compressor_run(store->compressor, stored, out);
    }
    uint64_t start = clock_monotonic_ns();
    int status = compressor_run(store->compressor, stored, out);
    store->ns += (clock_monotonic_ns() - start) * TIMED_PRODUCTS;
    return status;
}

/* Everything that the disk needs of the builder; touches nothing of the writer but its manifest's numbers. */
static int write_segment(struct shard_writer *writer, struct flush *flush, aisle_error *error)
{
    struct segment_writer *segment_writer = NULL;
    struct store_context store = {.compressor = NULL};
    uint32_t dictionary = 0;
    uint64_t start = clock_monotonic_ns();
    flush->id = shard_writer_build(writer);
    int status = shard_writer_compressor(writer, flush->builder, &dictionary, &store.compressor, error);
    if (status != 0) {
        return status;
    }
    status = segment_writer_new(writer->shard->storage, flush->id, writer->shard->columns, &segment_writer);
    if (status == 0) {
        segment_writer->info.dictionary = dictionary;
        segment_writer->sink.gate = &writer->gate;
        segment_writer->sink.waiting_max = flush->late ? UINT64_MAX : writer->budget->transaction_bytes;
        status = segment_builder_write(flush->builder, segment_writer, compress_product, &store);
    }
    if (status == 0) {
        status = flush->late ? segment_writer_end(segment_writer, &flush->info, error)
                             : segment_writer_finish(segment_writer, &flush->info, error);
    } else if (segment_writer != NULL && segment_writer->sink.error.code != 0 && error != NULL) {
        *error = segment_writer->sink.error;
    } else {
        error_set(error, status, "a segment cannot be written: %s", aisle_error_text(status));
    }
    if (status == 0) {
        flush->compress_ns = store.ns;
        flush->commit_ns = segment_writer->sink.commit_ns;
        uint64_t all = clock_monotonic_ns() - start;
        uint64_t others = flush->compress_ns + flush->commit_ns;
        flush->encode_ns = all > others ? all - others : 0;
    }
    if (status == 0 && flush->late) {
        writer->late = segment_writer;
    } else {
        segment_writer_free(segment_writer);
    }
    compressor_free(store.compressor);
    return status;
}

int shard_writer_open_pending(struct shard_writer *writer, const struct segment_info *info, struct segment **out,
                              aisle_error *error)
{
    struct storage_txn *txn = NULL;
    int status = storage_read_begin(writer->shard->storage, &txn, error);
    if (status == 0) {
        status = segment_open(txn, info, writer->shard->columns, out, error);
        storage_read_end(txn);
    }
    return status;
}

/* A batch much larger than the budget makes many segments; a manifest lists at most LIMIT_SEGMENTS. */
#define PENDING_MAX 64u

static uint32_t count_pending(const struct shard_writer *writer)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < writer->segment_count; i++) {
        count += writer->segments[i].pending ? 1 : 0;
    }
    return count;
}

static int add_pending(struct shard_writer *writer, const struct flush *flush, aisle_error *error)
{
    struct segment *segment = NULL;
    int status = shard_writer_open_pending(writer, &flush->info, &segment, error);
    if (status != 0) {
        return status;
    }
    status = shard_writer_add_segment(writer, &flush->info, segment, NULL, segment_builder_ids(flush->builder), true);
    segment_release(segment);
    return status == 0 ? 0 : error_no_memory(error, "adding a segment");
}

/* Under the lock: the segment becomes one of the writer's, pending or late; what its products replace dies. */
static int take_segment(struct shard_writer *writer, const struct flush *flush, aisle_error *error)
{
    int status = kill_older_versions(writer, flush->builder);
    if (status != 0) {
        return error_set(error, status, "older versions cannot be found: %s (%s)", aisle_error_text(status),
                         storage_path(writer->shard->storage));
    }
    writer->compress_ns += flush->compress_ns;
    writer->encode_ns += flush->encode_ns;
    writer->commit_ns += flush->commit_ns;
    writer->written_bytes += merge_policy_bytes(&flush->info);
    return flush->late ? 0 : add_pending(writer, flush, error);
}

/* The lock is taken for moments only: other workers and the caller go on. */
int shard_writer_take(struct shard_writer *writer, const struct segment_builder *builder, aisle_error *error)
{
    struct bytes *words = NULL;
    size_t word_count = 0;
    if (segment_builder_live(builder) == 0) {
        return 0;
    }
    if (parts_suggest_take(writer, builder) != 0) {
        return error_no_memory(error, "collecting suggestions");
    }
    if (segment_builder_words(builder, &words, &word_count) != 0) {
        return error_no_memory(error, "listing words");
    }
    int status = parts_lexicon_take(writer, words, word_count);
    mem_free(words);
    return status == 0 ? 0
                       : error_set(error, status, "words cannot be added: %s (%s)", aisle_error_text(status),
                                   storage_path(writer->shard->storage));
}

static int write_builder(struct shard_writer *writer, struct segment_builder *builder, bool late, aisle_error *error)
{
    int status = 0;
    if (segment_builder_live(builder) != 0) {
        struct flush flush = {.writer = writer, .builder = builder, .late = late};
        status = write_segment(writer, &flush, error);
        shard_writer_lock(writer);
        status = status == 0 ? take_segment(writer, &flush, error) : status;
        if (status != 0 || !late) {
            shard_writer_built(writer, flush.id);
        }
        shard_writer_unlock(writer);
    }
    if (status == 0) {
        segment_builder_reset(builder);
        status = parts_lexicon_spill(writer, SPILL_MUCH, error);
    }
    return status;
}

int shard_writer_write(struct shard_writer *writer, struct segment_builder *builder, aisle_error *error)
{
    return write_builder(writer, builder, false, error);
}

int shard_writer_flush_late(struct shard_writer *writer, aisle_error *error)
{
    bool late = segment_builder_memory(writer->builder) <= writer->budget->transaction_bytes;
    int status = shard_writer_take(writer, writer->builder, error);
    status = status == 0 ? write_builder(writer, writer->builder, late, error) : status;
    status = status == 0 ? shard_writer_tidy(writer, error) : status;
    return status == 0 ? parts_lexicon_spill(writer, SPILL_LAST, error) : status;
}

int shard_writer_spill(struct shard_writer *writer, aisle_error *error)
{
    int status = parts_lexicon_spill(writer, SPILL_LAST, error);
    return status == 0 ? parts_suggest_spill(writer, error) : status;
}

void shard_writer_forget_late(struct shard_writer *writer)
{
    if (writer->late != NULL) {
        shard_writer_built(writer, writer->late->info.id);
        segment_writer_free(writer->late);
        writer->late = NULL;
    }
}

int shard_writer_flush(struct shard_writer *writer, aisle_error *error)
{
    int status = shard_writer_take(writer, writer->builder, error);
    status = status == 0 ? shard_writer_write(writer, writer->builder, error) : status;
    return status == 0 ? shard_writer_tidy(writer, error) : status;
}

static bool has_many_pending(struct shard_writer *writer)
{
    shard_writer_lock(writer);
    bool many = count_pending(writer) >= PENDING_MAX;
    shard_writer_unlock(writer);
    return many;
}

int shard_writer_tidy(struct shard_writer *writer, aisle_error *error)
{
    int status = 0;
    while (status == 0 && has_many_pending(writer)) {
        status = shard_writer_merge_pending(writer, error);
    }
    return status == 0 ? parts_tidy(writer, error) : status;
}

bool shard_writer_crowded(struct shard_writer *writer)
{
    shard_writer_lock(writer);
    bool crowded = count_pending(writer) >= PENDING_MAX || parts_crowded(writer);
    shard_writer_unlock(writer);
    return crowded;
}
