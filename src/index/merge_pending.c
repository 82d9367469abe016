/*
 * merge_pending.c - merging the segments of a batch that is larger than a manifest has room for.
 *
 * They are pending, so nobody but the writer knows them: the result is pending, too, and takes their place.
 */
#include "index/merge_run.h"

#include "base/alloc.h"
#include "base/clock.h"

/* The writer's pending segments, as many as one merge takes, as sources; their dead bits stay the writer's. */
static void list_pending(struct merge_run *run)
{
    const struct shard_writer *writer = run->writer;
    for (uint32_t i = 0; i < writer->segment_count; i++) {
        const struct writer_segment *segment = &writer->segments[i];
        if (segment->pending && run->count < LIMIT_SEGMENTS) {
            run->states[run->count] = (struct segment_state){.dead = segment->dead, .dead_count = segment->info.dead};
            run->sources[run->count] = (struct merge_source){segment->segment, &run->states[run->count]};
            run->infos[run->count] = segment->info;
            run->count++;
        }
    }
}

/* Under the lock: forgets the sources, whose extents are refuse then; ids becomes what they had. */
static void drop_sources(const struct merge_run *run, struct ids_range *ids)
{
    struct shard_writer *writer = run->writer;
    uint32_t kept = 0;
    ids_range_begin(ids);
    for (uint32_t i = 0; i < writer->segment_count; i++) {
        if (merge_run_takes(run, writer->segments[i].info.id)) {
            ids_range_join(ids, &writer->segments[i].ids);
            writer_segment_release(&writer->segments[i]);
        } else {
            writer->segments[kept++] = writer->segments[i];
        }
    }
    writer->segment_count = kept;
}

/* Under the lock. */
static int replace_pending(struct merge_run *run, aisle_error *error)
{
    struct segment *segment = NULL;
    struct ids_range ids;
    int status = 0;
    if (run->info.documents != 0) {
        status = shard_writer_open_pending(run->writer, &run->info, &segment, error);
    }
    if (status != 0) {
        return status;
    }
    drop_sources(run, &ids);
    if (segment != NULL) {
        status = shard_writer_add_segment(run->writer, &run->info, segment, NULL, &ids, true);
        segment_release(segment);
    }
    return status == 0 ? 0 : error_no_memory(error, "adding a segment");
}

int shard_writer_merge_pending(struct shard_writer *writer, aisle_error *error)
{
    static const struct merge_order order = {.all = true, .bytes_max = UINT64_MAX};
    uint64_t start = clock_monotonic_ns();
    struct merge_run *run = NULL;
    int status = merge_run_new(writer, &order, &run, error);
    if (status != 0) {
        return status;
    }
    shard_writer_lock(writer);
    list_pending(run);
    shard_writer_unlock(writer);
    status = merge_run_write(run, error);
    shard_writer_lock(writer);
    if (status == 0) {
        status = replace_pending(run, error);
    }
    shard_writer_built(writer, run->id);
    writer->merge_ns += clock_monotonic_ns() - start;
    writer->merged.bytes += status == 0 ? merge_policy_bytes(&run->info) : 0;
    shard_writer_unlock(writer);
    for (size_t i = 0; i < run->count; i++) {
        run->states[i].dead = NULL;
    }
    merge_run_free(run);
    return status;
}
