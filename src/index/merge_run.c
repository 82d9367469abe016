/*
 * merge_run.c - one merge of committed segments, from choosing to publishing, on whatever thread.
 *
 * The sources are immutable and stay where they are as long as cleaning leaves them alone, so the merge holds no read
 * transaction while it runs: one would keep every page that is freed meanwhile from being used again. Their dead bits
 * and changed columns are copied; only where those are more than the budget allows, the transaction is held instead.
 */
#include "index/merge_run.h"

#include "base/alloc.h"
#include "base/bitset.h"
#include "base/clock.h"
#include "rank/rank.h"

#include <time.h>

/* ---- life ---- */

#define NAP_NS 20000000u /* between looks at the cancel flag while a merge keeps to its pace */

static int enter_gate(void *context)
{
    struct merge_run *run = context;
    if (merge_is_cancelled(run->order)) {
        return AISLE_BUSY;
    }
    turns_take(&run->writer->turns);
    return 0;
}

static void leave_gate(void *context, uint64_t bytes)
{
    struct merge_run *run = context;
    uint64_t rate = run->order->bytes_per_second;
    turns_give(&run->writer->turns);
    run->written_bytes += bytes;
    while (rate != 0 && !merge_is_cancelled(run->order) &&
           (double)(clock_monotonic_ns() - run->begun_ns) * (double)rate < (double)run->written_bytes * 1e9) {
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    }
}

int merge_run_new(struct shard_writer *writer, const struct merge_order *order, struct merge_run **out,
                  aisle_error *error)
{
    struct merge_run *run = mem_calloc(1, sizeof *run);
    *out = run;
    if (run == NULL) {
        return error_no_memory(error, "merging");
    }
    run->writer = writer;
    run->order = order;
    run->gate = (struct sink_gate){.enter = enter_gate, .leave = leave_gate, .context = run};
    run->snapshot.shard = writer->shard;
    run->seen.shard = writer->shard;
    buf_init(&run->product, LIMIT_PRODUCT_BYTES);
    product_codec_init(&run->codec);
    return 0;
}

void merge_run_free(struct merge_run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        segment_state_release(&run->states[i]);
        mem_free(run->maps[i]);
    }
    if (run->snapshot.txn != NULL) {
        shard_end(&run->snapshot);
    }
    if (run->seen.txn != NULL) {
        shard_end(&run->seen);
    }
    merge_patched_release(&run->patched);
    product_codec_release(&run->codec);
    buf_release(&run->product);
    mem_free(run);
}

/* ---- writing ---- */

static int restore_product(void *context, uint32_t dictionary, struct bytes stored, struct buf *out)
{
    struct merge_run *run = context;
    struct shard_snapshot now = {.shard = run->writer->shard};
    buf_clear(&run->product);
    int status = storage_read_begin(now.shard->storage, &now.txn, NULL);
    if (status != 0) {
        return status;
    }
    status = product_codec_decompress(&run->codec, &now, dictionary, stored, &run->product);
    if (status == 0) {
        status = product_codec_compress(&run->codec, &now, run->info.dictionary, buf_bytes(&run->product), out);
    }
    storage_read_end(now.txn);
    return status;
}

int merge_run_write(struct merge_run *run, aisle_error *error)
{
    struct shard_writer *writer = run->writer;
    struct segment_writer *segment_writer = NULL;
    struct merge_options options = {
        .restore = restore_product, .context = run, .length_of_code = rank_length_halves, .maps = run->maps,
        .stored = true};
    run->id = shard_writer_build(writer);
    run->info.dictionary = shard_writer_dictionary(writer);
    run->begun_ns = clock_monotonic_ns();
    int status = segment_writer_new(writer->shard->storage, run->id, writer->shard->columns, &segment_writer);
    if (status == 0) {
        segment_writer->info.dictionary = run->info.dictionary;
        segment_writer->sink.gate = &run->gate;
        segment_writer->sink.waiting_max = writer->budget->merge_transaction_bytes;
        status = segment_merge(run->sources, run->count, segment_writer, &options, &run->patched);
        int failure = shard_failure(&run->snapshot);
        status = failure != 0 ? failure : status;
    }
    if (status == 0) {
        status = segment_writer_finish(segment_writer, &run->info, error);
    } else if (segment_writer != NULL && segment_writer->sink.error.code != 0 && error != NULL) {
        *error = segment_writer->sink.error;
    } else {
        error_set(error, status, "segments cannot be merged: %s (%s)", aisle_error_text(status),
                  storage_path(writer->shard->storage));
    }
    segment_writer_free(segment_writer);
    return status;
}

/* ---- choosing ---- */

bool merge_run_takes(const struct merge_run *run, uint32_t id)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->infos[i].id == id) {
            return true;
        }
    }
    return false;
}

bool merge_holds(const struct shard_writer *writer, uint32_t segment)
{
    for (const struct merge_run *run = writer->runs; run != NULL; run = run->next) {
        if (merge_run_takes(run, segment)) {
            return true;
        }
    }
    return false;
}

bool merge_reads_dictionary(const struct shard_writer *writer, uint32_t dictionary)
{
    for (const struct merge_run *run = writer->runs; run != NULL; run = run->next) {
        for (size_t i = 0; i < run->count; i++) {
            if (run->infos[i].dictionary == dictionary) {
                return true;
            }
        }
    }
    return false;
}

/* Positions in the manifest of what is to be merged. run->infos is the room for what is offered. */
static size_t choose(struct merge_run *run, const struct manifest *manifest, uint32_t *chosen)
{
    uint32_t positions[LIMIT_SEGMENTS];
    struct merge_limits limits = {.whole_tiers = run->order->loading,
                                  .documents_max = run->writer->budget->merge_documents,
                                  .bytes_max = run->order->bytes_max};
    size_t count = 0;
    uint64_t dead = 0;
    for (uint32_t i = 0; i < manifest->segment_count; i++) {
        const struct segment_info *info = &manifest->segments[i];
        limits.total_documents += info->documents - info->dead;
        if (!merge_holds(run->writer, info->id)) {
            dead += info->dead;
            run->infos[count] = *info;
            positions[count++] = i;
        }
    }
    size_t merging = run->order->all ? (count > 1 || dead != 0 ? count : 0)
                                     : merge_policy_choose(run->infos, count, &limits, chosen);
    for (size_t i = 0; i < merging; i++) {
        chosen[i] = positions[run->order->all ? i : chosen[i]];
    }
    return merging;
}

/* AISLE_LIMIT: they are more than bytes_max. */
static int copy_overlays(const struct segment_state *from, uint64_t *bytes_max, struct segment_state *to)
{
    to->overlays = mem_calloc(from->overlay_count, sizeof *to->overlays);
    if (to->overlays == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < from->overlay_count; i++) {
        struct bytes content = segment_state_peek(from, i);
        if (content.size > *bytes_max) {
            return AISLE_LIMIT;
        }
        uint8_t *copy = segment_content_new(content.data, content.size);
        if (copy == NULL) {
            return AISLE_NO_MEMORY;
        }
        *bytes_max -= content.size;
        to->overlays[i] = from->overlays[i];
        to->overlays[i].content = bytes_of(copy, content.size);
        to->overlays[i].owned = true;
        to->overlay_count++;
    }
    return 0;
}

static int copy_state(const struct segment_state *from, uint32_t documents, uint64_t *bytes_max,
                      struct segment_state *to)
{
    *to = (struct segment_state){.dead_count = from->dead_count};
    if (from->dead != NULL) {
        size_t bytes = bitset_words(documents) * sizeof *to->dead;
        to->dead = (uint64_t *)(void *)segment_content_new(from->dead, bytes);
        if (to->dead == NULL) {
            return AISLE_NO_MEMORY;
        }
    }
    return from->overlay_count == 0 ? 0 : copy_overlays(from, bytes_max, to);
}

/* Under the lock: makes the chosen segments the sources. */
static void take_sources(struct merge_run *run, const uint32_t *chosen, size_t count)
{
    const struct shard_view *view = run->snapshot.view;
    run->count = count;
    for (size_t i = 0; i < count; i++) {
        struct segment *segment = view->segments[chosen[i]];
        segment_retain(segment);
        run->infos[i] = view->manifest.segments[chosen[i]];
        run->sources[i] = (struct merge_source){segment, &run->states[i]};
    }
}

/* Without the lock: each source gets its own copy of its state, or, while those are too large, a view. */
static int take_states(struct merge_run *run, const uint32_t *chosen, aisle_error *error)
{
    uint64_t bytes_max = run->writer->budget->overlay_bytes;
    int status = 0;
    for (size_t i = 0; i < run->count && status == 0; i++) {
        struct segment_state state;
        shard_state(&run->snapshot, chosen[i], &state);
        status = copy_state(&state, run->infos[i].documents, &bytes_max, &run->states[i]);
    }
    bool views = status == AISLE_LIMIT;
    for (size_t i = 0; i < run->count && views; i++) {
        segment_state_release(&run->states[i]);
        shard_state(&run->snapshot, chosen[i], &run->states[i]);
    }
    int failure = shard_failure(&run->snapshot); /* what could not be read was copied */
    status = failure != 0 ? failure : views ? 0 : status;
    if (!views) {
        shard_end(&run->snapshot);
    }
    return status == 0 ? 0 : error_set(error, status, "segments cannot be merged: %s", aisle_error_text(status));
}

static void release_sources(const struct merge_run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        segment_release((struct segment *)(uintptr_t)run->sources[i].segment);
    }
}

/* Under the lock: enters the run among those under way and chooses. No sources: nothing is to be merged. */
static int begin_run(struct merge_run *run, uint32_t *chosen, aisle_error *error)
{
    struct shard_writer *writer = run->writer;
    int status = writer->lost ? error_set(error, AISLE_BUSY, "a merge is given up")
                              : shard_begin(writer->shard, &run->snapshot, error);
    if (status == 0) {
        take_sources(run, chosen, choose(run, &run->snapshot.view->manifest, chosen));
    }
    run->next = writer->runs;
    writer->runs = run;
    return status;
}

/* Under the lock. */
static void end_run(struct merge_run *run)
{
    struct merge_run **link = &run->writer->runs;
    while (*link != run) {
        link = &(*link)->next;
    }
    *link = run->next;
    shard_writer_built(run->writer, run->id);
    release_sources(run);
}

/* ---- publishing ---- */

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

/* The manifest without the sources and with the result, unless nothing of that is alive. */
static int fill_manifest(const struct merge_run *run, const struct segment_info *result, struct manifest *manifest)
{
    const struct manifest *old = &run->writer->manifest;
    *manifest = *old;
    manifest->generation = old->generation + 1;
    manifest->segments = NULL;
    manifest->segment_count = 0;
    manifest->parts = NULL;
    manifest->part_count = 0;
    int status = 0;
    for (uint32_t i = 0; i < old->part_count && status == 0; i++) {
        status = manifest_add_part(manifest, &old->parts[i]);
    }
    for (uint32_t i = 0; i < old->segment_count && status == 0; i++) {
        status = merge_run_takes(run, old->segments[i].id) ? 0 : manifest_add(manifest, &old->segments[i]);
    }
    return status == 0 && result->dead < result->documents ? manifest_add(manifest, result) : status;
}

/* What the writer has after the merge; made before the commit, so that nothing can fail behind it. */
struct successor {
    struct manifest manifest;
    struct writer_segment *segments; /* room for all the writer has and one */
    struct merge_carried carried;
};

static void successor_release(struct successor *successor)
{
    manifest_release(&successor->manifest);
    mem_free(successor->segments);
    merge_carried_release(&successor->carried);
}

/* How often a merge looks again, without the lock, when there was a commit while it looked. */
#define LOOKS_MAX 4u

/* What was committed since the state that the merge has last seen is carried to the result. */
static int see_committed(struct merge_run *run, struct successor *successor, aisle_error *error)
{
    struct merge_carried *carried = &successor->carried;
    struct shard_snapshot now;
    int status = shard_begin(run->writer->shard, &now, error);
    if (status != 0) {
        return status;
    }
    status = merge_carry_committed(run, &now, carried);
    error_set(status == 0 ? NULL : error, status, "a merge cannot be published: %s", aisle_error_text(status));
    if (status == 0 && run->info.documents != 0 && carried->kept.segment == NULL) {
        status = segment_open(now.txn, &run->info, run->writer->shard->columns, &carried->kept.segment, error);
        if (status == 0) {
            carried->stored.segment = carried->kept.segment;
            segment_retain(carried->stored.segment);
        }
    }
    if (run->seen.txn != NULL) {
        shard_end(&run->seen);
    }
    run->seen = now;
    return status;
}

static bool has_seen_all(const struct merge_run *run)
{
    return run->seen.view != NULL && run->seen.view->manifest.generation == run->writer->manifest.generation;
}

/*
 * Takes the lock, after all has been seen that was committed: the writer goes on meanwhile, so that it waits only for
 * what it has not committed, and for the transaction. If it commits faster than that, the rest is seen under the lock.
 */
static int catch_up_and_lock(struct merge_run *run, struct successor *successor, aisle_error *error)
{
    int status = 0;
    merge_carry_begin(run, &successor->carried);
    for (unsigned i = 0; i < LOOKS_MAX && status == 0; i++) {
        status = see_committed(run, successor, error);
        shard_writer_lock(run->writer);
        if (status != 0 || run->writer->lost || has_seen_all(run)) {
            return status;
        }
        shard_writer_unlock(run->writer);
    }
    shard_writer_lock(run->writer);
    return status != 0 || run->writer->lost || has_seen_all(run) ? status : see_committed(run, successor, error);
}

/* Under the lock, when all that was committed has been seen. */
static int prepare(struct merge_run *run, struct successor *successor, aisle_error *error)
{
    struct merge_carried *carried = &successor->carried;
    int status = merge_carry_waiting(run, carried);
    if (status == 0) {
        status = fill_manifest(run, &carried->stored.info, &successor->manifest);
    }
    if (status == 0) {
        size_t room = (size_t)run->writer->segment_count + 1;
        successor->segments = mem_calloc(room, sizeof *successor->segments);
        status = successor->segments == NULL ? AISLE_NO_MEMORY : 0;
    }
    shard_end(&run->seen);
    return status == 0 ? 0 : error_set(error, status, "a merge cannot be published: %s", aisle_error_text(status));
}

static int put_successor(struct storage_txn *txn, const struct merge_run *run, struct successor *successor,
                         aisle_error *error)
{
    struct merge_carried *carried = &successor->carried;
    int status = 0;
    if (carried->stored.info.dead < carried->stored.info.documents) {
        status = publish_dead_pages(txn, &carried->stored, NULL);
        if (status == 0) {
            status = put_patched(txn, run);
        }
        if (status == 0) {
            status = publish_changes(txn, &carried->values, &carried->stored, 1, NULL);
        }
    }
    if (status == 0) { /* what the segments before have is as it was; the new one is read whole */
        status = recent_pages_store(txn, successor->manifest.generation, NULL);
    }
    return status != 0 ? error_set(error, status, "a merge cannot be published: %s", aisle_error_text(status))
                       : manifest_store(txn, &successor->manifest, error);
}

static int write_successor(struct merge_run *run, struct successor *successor, aisle_error *error)
{
    struct storage_txn *txn = NULL;
    int status = storage_write_begin(run->writer->shard->storage, &txn, error);
    if (status != 0) {
        return status;
    }
    status = put_successor(txn, run, successor, error);
    if (status != 0) {
        storage_abort(txn);
        return status;
    }
    return storage_commit(txn, error);
}

/* The committed merge becomes the writer's state. */
static void take_successor(struct merge_run *run, struct successor *successor)
{
    struct shard_writer *writer = run->writer;
    struct merge_carried *carried = &successor->carried;
    uint32_t kept = 0;
    ids_range_begin(&carried->kept.ids);
    for (uint32_t i = 0; i < writer->segment_count; i++) {
        if (merge_run_takes(run, writer->segments[i].info.id)) {
            ids_range_join(&carried->kept.ids, &writer->segments[i].ids);
            writer_segment_release(&writer->segments[i]);
        } else {
            successor->segments[kept++] = writer->segments[i];
        }
    }
    if (carried->stored.info.dead < carried->stored.info.documents) {
        successor->segments[kept++] = carried->kept;
        carried->kept = (struct writer_segment){.segment = NULL};
    }
    mem_free(writer->segments);
    writer->segments = successor->segments;
    writer->segment_count = kept;
    successor->segments = NULL;
    manifest_release(&writer->manifest);
    writer->manifest = successor->manifest;
    successor->manifest = (struct manifest){.segments = NULL};
    changes_release(&writer->changes);
    writer->changes = carried->waiting;
    carried->waiting = (struct changes){.slots = NULL};
    writer->merged.merges++;
    writer->merged.bytes += merge_policy_bytes(&run->info);
}

/* Under the lock. */
static int publish_seen(struct merge_run *run, struct successor *successor, aisle_error *error)
{
    struct shard_writer *writer = run->writer;
    if (merge_is_cancelled(run->order) || writer->lost) {
        return error_set(error, AISLE_BUSY, "a merge is given up");
    }
    int status = prepare(run, successor, error);
    if (status == 0) {
        turns_take(&writer->turns);
        status = write_successor(run, successor, error);
        turns_give(&writer->turns);
    }
    if (status == 0) {
        take_successor(run, successor);
    }
    return status;
}

/* Takes the lock, and leaves it to the caller. */
static int publish_run(struct merge_run *run, aisle_error *error)
{
    struct successor successor = {.segments = NULL};
    int status = catch_up_and_lock(run, &successor, error);
    status = status == 0 ? publish_seen(run, &successor, error) : status;
    successor_release(&successor);
    return status;
}

static void note_failure(struct shard_writer *writer, int status)
{
    if (merge_can_wait(status)) {
        writer->merged.failures++;
        writer->merged.error = status;
    }
}

/* When there are no segments to merge, or many parts. */
static int merge_parts(struct shard_writer *writer, const struct merge_order *order, bool *merged, aisle_error *error)
{
    uint64_t start = clock_monotonic_ns();
    int status = parts_merge(writer, order, merged, error);
    shard_writer_lock(writer);
    writer->merge_ns += *merged ? clock_monotonic_ns() - start : 0;
    note_failure(writer, status);
    shard_writer_unlock(writer);
    return status;
}

static int clean_behind(struct shard_writer *writer, const struct merge_order *order, aisle_error *error)
{
    uint32_t batches_max = order->clean_batches == 0 ? CLEAN_ALL : order->clean_batches;
    return shard_writer_clean(writer, batches_max, order->cancel, error);
}

int shard_writer_merge(struct shard_writer *writer, const struct merge_order *order, bool *merged,
                       aisle_error *error)
{
    struct merge_run *run = NULL;
    uint32_t chosen[LIMIT_SEGMENTS];
    uint64_t start = clock_monotonic_ns();
    *merged = false;
    int status = order->at_the_end || parts_many(writer) ? merge_parts(writer, order, merged, error) : 0;
    if (status != 0 || *merged) {
        return status == 0 ? clean_behind(writer, order, error) : status;
    }
    status = merge_run_new(writer, order, &run, error);
    shard_writer_lock(writer);
    if (status != 0) {
        note_failure(writer, status);
        shard_writer_unlock(writer);
        return status;
    }
    status = begin_run(run, chosen, error);
    shard_writer_unlock(writer);
    status = status == 0 ? take_states(run, chosen, error) : status;
    if (status == 0 && run->count != 0) {
        status = merge_run_retrain(run, error);
    }
    if (status == 0 && run->count != 0) {
        status = merge_run_write(run, error);
    }
    if (status == 0 && run->count != 0) {
        status = publish_run(run, error);
        *merged = status == 0;
    } else {
        shard_writer_lock(writer);
    }
    end_run(run);
    writer->merge_ns += run->count == 0 ? 0 : clock_monotonic_ns() - start;
    note_failure(writer, status);
    bool clean = run->count != 0 && !writer->lost;
    shard_writer_unlock(writer);
    merge_run_free(run);
    if (status == 0 && !clean && !order->spares_parts) {
        status = merge_parts(writer, order, merged, error);
        clean = *merged;
    }
    if (clean) {
        int cleaned = clean_behind(writer, order, status == 0 ? error : NULL);
        status = status == 0 ? cleaned : status;
    }
    return status;
}
