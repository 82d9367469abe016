/*
 * merge_run.c - running merges for the writer. Committed segments come from a snapshot, and the result is published at
 * once; pending ones are merged when a batch has made many of them, and the result is pending, too.
 */
#include "index/shard_writer_private.h"

#include "base/alloc.h"
#include "base/bitset.h"
#include "base/clock.h"
#include "index/product_codec.h"
#include "rank/rank.h"

struct merge_run {
    struct shard_writer *writer;
    struct shard_snapshot snapshot;
    uint32_t chosen[LIMIT_SEGMENTS]; /* positions in the snapshot's view */
    size_t count;
    struct merge_source sources[LIMIT_SEGMENTS];
    struct product_codec codec;
    struct buf product;
    struct merge_patched patched;
    struct segment_info info; /* of the result; no documents: everything was dead */
};

static int restore_product(void *context, uint32_t dictionary, struct bytes stored, struct buf *out)
{
    struct merge_run *run = context;
    buf_clear(&run->product);
    int status = product_codec_decompress(&run->codec, &run->snapshot, dictionary, stored, &run->product);
    if (status == 0) {
        status = product_codec_compress(&run->codec, &run->snapshot, run->writer->manifest.dictionary,
                                        buf_bytes(&run->product), out);
    }
    return status;
}

static int write_result(struct merge_run *run, aisle_error *error)
{
    struct shard_writer *writer = run->writer;
    struct segment_writer *segment_writer = NULL;
    struct merge_options options = {
        .restore = restore_product, .context = run, .length_of_code = rank_length_halves};
    int status = segment_writer_new(writer->shard->storage, writer->manifest.next_segment, writer->shard->columns,
                                    &segment_writer);
    if (status == 0) {
        writer->manifest.next_segment++;
        segment_writer->info.dictionary = writer->manifest.dictionary;
        segment_writer->sink.waiting_max = writer->transaction_bytes;
        status = segment_merge(run->sources, run->count, segment_writer, &options, &run->patched);
    }
    if (status == 0) {
        status = segment_writer_finish(segment_writer, &run->info, error);
    } else if (segment_writer != NULL && segment_writer->sink.error.code != 0 && error != NULL) {
        *error = segment_writer->sink.error;
    } else {
        error_set(error, status, "segments cannot be merged: %s", aisle_error_text(status));
    }
    segment_writer_free(segment_writer);
    return status;
}

static int put_patched(struct storage_txn *txn, const struct merge_run *run)
{
    size_t words = bitset_words(run->info.documents);
    int status = 0;
    for (unsigned field = 0; field < LIMIT_FIELDS; field++) {
        const uint64_t *bits = run->patched.bits[field];
        for (size_t first = 0; bits != NULL && first < words && status == 0; first += PAGE_BITS_WORDS) {
            uint64_t page[PAGE_BITS_WORDS] = {0};
            size_t count = words - first < PAGE_BITS_WORDS ? words - first : PAGE_BITS_WORDS;
            memcpy(page, bits + first, count * sizeof *page);
            if (bitset_count(page, PAGE_BITS_WORDS) != 0) {
                status = segment_page_put(txn, run->info.id, (uint8_t)(PAGE_PATCHED + field),
                                          (uint32_t)(first / PAGE_BITS_WORDS), bytes_of(page, sizeof page));
            }
        }
    }
    return status;
}

static int fill_manifest(const struct merge_run *run, struct manifest *manifest)
{
    const struct manifest *old = &run->snapshot.view->manifest;
    *manifest = run->writer->manifest;
    manifest->generation = old->generation + 1;
    manifest->segments = NULL;
    manifest->segment_count = 0;
    int status = 0;
    for (uint32_t i = 0; i < old->segment_count && status == 0; i++) {
        bool merged = false;
        for (size_t c = 0; c < run->count; c++) {
            merged = merged || run->chosen[c] == i;
        }
        status = merged ? 0 : manifest_add(manifest, &old->segments[i]);
    }
    if (status == 0 && run->info.documents != 0) {
        status = manifest_add(manifest, &run->info);
    }
    return status;
}

static int publish_result(struct merge_run *run, aisle_error *error)
{
    struct storage_txn *txn = NULL;
    struct manifest manifest;
    uint64_t start = clock_monotonic_ns();
    int status = storage_write_begin(run->writer->shard->storage, &txn, error);
    if (status != 0) {
        return status;
    }
    status = fill_manifest(run, &manifest);
    if (status == 0) {
        status = put_patched(txn, run);
    }
    status = status != 0 ? error_set(error, status, "a merge cannot be published: %s", aisle_error_text(status))
                         : manifest_store(txn, &manifest, error);
    manifest_release(&manifest);
    if (status != 0) {
        storage_abort(txn);
        return status;
    }
    status = storage_commit(txn, error);
    run->writer->commit_ns += clock_monotonic_ns() - start;
    return status;
}

static void choose(struct merge_run *run, bool all)
{
    const struct manifest *manifest = &run->snapshot.view->manifest;
    if (!all) {
        run->count = merge_policy_choose(manifest->segments, manifest->segment_count, run->chosen);
        return;
    }
    bool needed = manifest->segment_count > 1 || (manifest->segment_count == 1 && manifest->segments[0].dead != 0);
    run->count = needed ? manifest->segment_count : 0;
    for (uint32_t i = 0; i < run->count; i++) {
        run->chosen[i] = i;
    }
}

/* One merge. *merged: whether there was anything to merge. */
static int run_merge(struct shard_writer *writer, bool all, bool *merged, aisle_error *error)
{
    struct merge_run *run = mem_calloc(1, sizeof *run);
    if (run == NULL) {
        return error_no_memory(error, "merging");
    }
    run->writer = writer;
    buf_init(&run->product, LIMIT_PRODUCT_BYTES);
    product_codec_init(&run->codec);
    int status = shard_begin(writer->shard, &run->snapshot, error);
    if (status == 0) {
        choose(run, all);
        *merged = run->count != 0;
        for (size_t i = 0; i < run->count; i++) {
            run->sources[i] = (struct merge_source){.segment = run->snapshot.view->segments[run->chosen[i]],
                                                    .state = &run->snapshot.view->states[run->chosen[i]]};
        }
        status = *merged ? write_result(run, error) : 0;
        if (status == 0 && *merged) {
            status = publish_result(run, error);
        }
        shard_end(&run->snapshot);
    }
    merge_patched_release(&run->patched);
    product_codec_release(&run->codec);
    buf_release(&run->product);
    mem_free(run);
    return status;
}

/* ---- within a batch ---- */

/* The writer's pending segments as sources; states has room for as many. */
static void list_pending(struct merge_run *run, struct segment_state *states)
{
    const struct shard_writer *writer = run->writer;
    for (uint32_t i = 0; i < writer->segment_count; i++) {
        const struct writer_segment *segment = &writer->segments[i];
        if (segment->pending) {
            states[run->count] = (struct segment_state){.dead = segment->dead, .dead_count = segment->info.dead};
            run->sources[run->count] = (struct merge_source){segment->segment, &states[run->count]};
            run->count++;
        }
    }
}

static int replace_pending(struct merge_run *run, aisle_error *error)
{
    struct segment *segment = NULL;
    int status = 0;
    if (run->info.documents != 0) {
        status = shard_writer_open_pending(run->writer, &run->info, &segment, error);
    }
    if (status != 0) {
        return status;
    }
    shard_writer_drop_pending(run->writer);
    if (segment != NULL) {
        status = shard_writer_add_segment(run->writer, &run->info, segment, NULL, true);
        segment_release(segment);
    }
    return status == 0 ? 0 : error_no_memory(error, "adding a segment");
}

int shard_writer_merge_pending(struct shard_writer *writer, aisle_error *error)
{
    uint64_t start = clock_monotonic_ns();
    struct merge_run *run = mem_calloc(1, sizeof *run);
    struct segment_state *states = mem_calloc(writer->segment_count, sizeof *states);
    if (run == NULL || states == NULL) {
        mem_free(run);
        mem_free(states);
        return error_no_memory(error, "merging");
    }
    run->writer = writer;
    run->snapshot.shard = writer->shard;
    buf_init(&run->product, LIMIT_PRODUCT_BYTES);
    product_codec_init(&run->codec);
    list_pending(run, states);
    int status = storage_read_begin(writer->shard->storage, &run->snapshot.txn, error);
    if (status == 0) {
        status = write_result(run, error);
        storage_read_end(run->snapshot.txn);
    }
    if (status == 0) {
        status = replace_pending(run, error);
    }
    merge_patched_release(&run->patched);
    product_codec_release(&run->codec);
    buf_release(&run->product);
    mem_free(run);
    mem_free(states);
    writer->merge_ns += clock_monotonic_ns() - start;
    return status;
}

int shard_writer_merge(struct shard_writer *writer, bool all, aisle_error *error)
{
    int status = 0;
    for (bool merged = true; merged && status == 0;) {
        uint64_t start = clock_monotonic_ns();
        uint64_t commits = writer->commit_ns;
        status = run_merge(writer, all, &merged, error);
        if (status == 0 && merged) {
            status = shard_writer_reload(writer, error);
        }
        if (status == 0 && merged) {
            status = shard_writer_clean(writer, error);
        }
        writer->merge_ns += clock_monotonic_ns() - start - (writer->commit_ns - commits);
    }
    return status;
}
