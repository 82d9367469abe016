/*
 * flush.c - from the memory index to a pending segment, on the caller's thread or beside it.
 *
 * A flush beside runs on one thread with the full builder, while the writer fills an empty one. The thread uses the
 * writer's storage, in its turn, and under the lock the numbers of its manifest; finding what the new segment replaces
 * is left to the join, because it changes what the writer looks at.
 */
#include "index/shard_writer_private.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>

struct flush {
    struct shard_writer *writer;
    struct segment_builder *builder; /* full */
    uint32_t id;                     /* 0: none yet */
    struct segment_info info;
    aisle_error error;
    int status;
    uint64_t compress_ns, encode_ns, commit_ns;
    pthread_t thread;
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

static int compare_queries(const void *left, const void *right)
{
    const struct ids_query *a = left;
    const struct ids_query *b = right;
    return (a->hash > b->hash) - (a->hash < b->hash);
}

/* Kills, in all segments there are, whatever has the id of a live document of the builder. */
static int kill_older_versions(struct shard_writer *writer, const struct segment_builder *builder)
{
    uint32_t documents = segment_builder_documents(builder);
    struct ids_query *queries = mem_alloc(segment_builder_live(builder) * sizeof *queries);
    size_t count = 0;
    int status = queries == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t i = 0; i < documents && status == 0; i++) {
        if (!segment_builder_dropped(builder, i)) {
            queries[count].id = segment_builder_id(builder, i, &queries[count].hash);
            count++;
        }
    }
    if (count > 1) {
        qsort(queries, count, sizeof *queries, compare_queries);
    }
    for (uint32_t i = 0; i < writer->segment_count && status == 0; i++) {
        struct replacement replacement = {.writer = writer, .segment = &writer->segments[i]};
        status = ids_find_many(&writer->segments[i].segment->ids, queries, count, replace_match, &replacement);
    }
    mem_free(queries);
    return status;
}

/* ---- writing ---- */

struct store_context {
    struct compressor *compressor;
    uint64_t ns;
};

static int compress_product(void *context, struct bytes stored, struct buf *out)
{
    struct store_context *store = context;
    uint64_t start = clock_monotonic_ns();
    int status = compressor_run(store->compressor, stored, out);
    store->ns += clock_monotonic_ns() - start;
    return status;
}

/* Everything that the disk needs of the builder; touches nothing of the writer but its manifest's numbers. */
static int write_segment(struct shard_writer *writer, struct flush *flush)
{
    struct segment_writer *segment_writer = NULL;
    struct store_context store = {.compressor = NULL};
    uint32_t dictionary = 0;
    uint64_t start = clock_monotonic_ns();
    flush->id = shard_writer_build(writer);
    int status = shard_writer_compressor(writer, flush->builder, &dictionary, &store.compressor, &flush->error);
    if (status != 0) {
        return status;
    }
    status = segment_writer_new(writer->shard->storage, flush->id, writer->shard->columns, &segment_writer);
    if (status == 0) {
        segment_writer->info.dictionary = dictionary;
        segment_writer->sink.gate = &writer->gate;
        segment_writer->sink.waiting_max = writer->budget->transaction_bytes;
        status = segment_builder_write(flush->builder, segment_writer, compress_product, &store);
    }
    if (status == 0) {
        status = segment_writer_finish(segment_writer, &flush->info, &flush->error);
    } else if (segment_writer != NULL && segment_writer->sink.error.code != 0) {
        flush->error = segment_writer->sink.error;
    } else {
        error_set(&flush->error, status, "a segment cannot be written: %s", aisle_error_text(status));
    }
    if (status == 0) {
        flush->compress_ns = store.ns;
        flush->commit_ns = segment_writer->sink.commit_ns;
        flush->encode_ns = clock_monotonic_ns() - start - flush->compress_ns - flush->commit_ns;
    }
    segment_writer_free(segment_writer);
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

/* Under the lock: the written segment becomes one of the writer's, pending; what its products replace dies. */
static int take_segment(struct shard_writer *writer, const struct flush *flush, aisle_error *error)
{
    struct segment *segment = NULL;
    int status = kill_older_versions(writer, flush->builder);
    if (status != 0) {
        return error_set(error, status, "older versions cannot be found: %s (%s)", aisle_error_text(status),
                         storage_path(writer->shard->storage));
    }
    status = shard_writer_open_pending(writer, &flush->info, &segment, error);
    if (status != 0) {
        return status;
    }
    status = shard_writer_add_segment(writer, &flush->info, segment, NULL, true);
    segment_release(segment);
    writer->compress_ns += flush->compress_ns;
    writer->encode_ns += flush->encode_ns;
    writer->commit_ns += flush->commit_ns;
    writer->written_bytes += merge_policy_bytes(&flush->info);
    return status == 0 ? 0 : error_no_memory(error, "adding a segment");
}

static int finish(struct shard_writer *writer, const struct flush *flush, aisle_error *error)
{
    if (flush->status != 0) {
        if (error != NULL) {
            *error = flush->error;
        }
        return flush->status;
    }
    shard_writer_lock(writer);
    int status = take_segment(writer, flush, error);
    shard_writer_built(writer, flush->id);
    bool many = count_pending(writer) >= PENDING_MAX;
    shard_writer_unlock(writer);
    return status == 0 && many ? shard_writer_merge_pending(writer, error) : status;
}

int shard_writer_flush(struct shard_writer *writer, aisle_error *error)
{
    int status = shard_writer_join(writer, error);
    if (status == 0 && segment_builder_live(writer->builder) != 0) {
        struct flush flush = {.writer = writer, .builder = writer->builder};
        flush.status = write_segment(writer, &flush);
        status = finish(writer, &flush, error);
    }
    if (status == 0) {
        segment_builder_reset(writer->builder);
    }
    return status;
}

static void *run_flush(void *context)
{
    struct flush *flush = context;
    flush->status = write_segment(flush->writer, flush);
    return NULL;
}

int shard_writer_flush_beside(struct shard_writer *writer, aisle_error *error)
{
    int status = shard_writer_join(writer, error);
    if (status != 0 || segment_builder_live(writer->builder) == 0) {
        return status;
    }
    struct flush *flush = mem_calloc(1, sizeof *flush);
    struct segment_builder *empty = NULL;
    if (flush == NULL || segment_builder_new(writer->shard->columns, &empty) != 0) {
        mem_free(flush);
        return error_no_memory(error, "beginning to write a segment");
    }
    *flush = (struct flush){.writer = writer, .builder = writer->builder};
    if (pthread_create(&flush->thread, NULL, run_flush, flush) != 0) {
        /* No thread to be had: write here and now. */
        segment_builder_free(empty);
        mem_free(flush);
        return shard_writer_flush(writer, error);
    }
    writer->builder = empty;
    writer->flush = flush;
    return 0;
}

int shard_writer_join(struct shard_writer *writer, aisle_error *error)
{
    struct flush *flush = writer->flush;
    if (flush == NULL) {
        return 0;
    }
    pthread_join(flush->thread, NULL);
    writer->flush = NULL;
    int status = finish(writer, flush, error);
    segment_builder_free(flush->builder);
    mem_free(flush);
    return status;
}

void flush_abandon(struct shard_writer *writer)
{
    struct flush *flush = writer->flush;
    if (flush != NULL) {
        pthread_join(flush->thread, NULL);
        segment_builder_free(flush->builder);
        mem_free(flush);
        writer->flush = NULL;
    }
}

uint64_t shard_writer_memory(const struct shard_writer *writer)
{
    uint64_t flushing = writer->flush == NULL ? 0 : segment_builder_memory(writer->flush->builder);
    return segment_builder_memory(writer->builder) + flushing;
}
