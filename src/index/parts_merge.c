/*
 * parts_merge.c - several parts into one: beside the writer, as segments are merged, or pending ones before a commit.
 *
 * The sources are immutable and stay where they are because cleaning leaves alone what a run holds; so no transaction
 * is held while they are read.
 */
#include "index/parts_private.h"
#include "index/shard_writer_private.h"

#include "base/alloc.h"

bool parts_run_holds(const struct shard_writer *writer, uint32_t id)
{
    for (const struct parts_run *run = writer->parts.runs; run != NULL; run = run->next) {
        for (size_t i = 0; i < run->count; i++) {
            if (run->sources[i]->info.id == id) {
                return true;
            }
        }
    }
    return false;
}

/* ---- under way ---- */

/* Under the lock. */
static void enter_run(struct parts_run *run, const struct part *const *sources, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        run->sources[i] = (struct part *)(uintptr_t)sources[i];
        part_retain(run->sources[i]);
    }
    run->count = count;
    run->kind = count == 0 ? NULL : sources[0]->kind;
    run->next = run->writer->parts.runs;
    run->writer->parts.runs = run;
}

/* Under the lock. */
static void leave_run(struct parts_run *run)
{
    struct parts_run **link = &run->writer->parts.runs;
    while (*link != run) {
        link = &(*link)->next;
    }
    *link = run->next;
    for (size_t i = 0; i < run->count; i++) {
        part_release(run->sources[i]);
    }
    if (run->id != 0) {
        shard_writer_built(run->writer, run->id);
    }
}

static int enter_gate(void *context)
{
    struct parts_run *run = context;
    bool given_up = run->order != NULL && merge_is_cancelled(run->order);
    return given_up ? AISLE_BUSY : run->writer->gate.enter(run->writer->gate.context);
}

static void leave_gate(void *context, uint64_t bytes)
{
    struct parts_run *run = context;
    run->writer->gate.leave(run->writer->gate.context, bytes);
}

/* Writes the part in transactions of its own; run->info.entries is 0 when nothing is left. */
static int write_part(struct parts_run *run, parts_fill *fill, void *context, aisle_error *error)
{
    struct shard_writer *writer = run->writer;
    struct part_writer *out = NULL;
    run->id = shard_writer_build(writer);
    int status = part_writer_new(writer->shard->storage, run->id, run->kind, &out);
    if (status != 0) {
        return error_no_memory(error, "writing a part");
    }
    run->gate = (struct sink_gate){.enter = enter_gate, .leave = leave_gate, .context = run};
    out->sink.gate = &run->gate;
    out->sink.waiting_max = writer->budget->merge_transaction_bytes;
    status = fill(context, (const struct part *const *)run->sources, run->count, run->memory_bytes, out, error);
    if (status == 0 && out->info.entries != 0) {
        status = part_writer_end(out, error);
    }
    if (status == 0 && out->info.entries != 0) {
        status = segment_sink_finish(&out->sink, error);
    }
    run->info = out->info;
    part_writer_free(out);
    return status;
}

static int merge_by_kind(void *context, const struct part *const *sources, size_t count, size_t memory_bytes,
                         struct part_writer *out, aisle_error *error)
{
    (void)context;
    extent_read_ahead(true);
    int status = out->kind->merge(sources, count, memory_bytes, out, error);
    extent_read_ahead(false);
    return status;
}

static bool takes(const struct parts_run *run, uint32_t id)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->sources[i]->info.id == id) {
            return true;
        }
    }
    return false;
}

/* Opens the result, unless there is none. */
static int open_result(const struct parts_run *run, struct part **out, aisle_error *error)
{
    struct storage_txn *txn = NULL;
    *out = NULL;
    if (run->info.entries == 0) {
        return 0;
    }
    int status = storage_read_begin(run->writer->shard->storage, &txn, error);
    if (status == 0) {
        status = part_open(txn, &run->info, out, error);
        storage_read_end(txn);
    }
    return status;
}

/* Under the lock: the result, with its reference, takes the sources' place in the writer's list. */
static void replace(struct parts_run *run, struct part *result, bool pending)
{
    struct writer_parts *parts = &run->writer->parts;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < parts->count; i++) {
        if (takes(run, parts->list[i].part->info.id)) {
            part_release(parts->list[i].part);
        } else {
            parts->list[kept++] = parts->list[i];
        }
    }
    if (result != NULL) {
        parts->list[kept++] = (struct writer_part){.part = result, .pending = pending};
    }
    parts->count = kept;
}

/* ---- publishing ---- */

/* The committed manifest with the result in the sources' place. */
static int fill_manifest(const struct parts_run *run, struct manifest *manifest)
{
    const struct manifest *old = &run->writer->manifest;
    int status = manifest_copy(old, manifest);
    if (status != 0) {
        return status;
    }
    manifest->generation++;
    manifest->part_count = 0;
    for (uint32_t i = 0; i < old->part_count; i++) {
        if (!takes(run, old->parts[i].id)) {
            manifest->parts[manifest->part_count++] = old->parts[i];
        }
    }
    return run->info.entries == 0 ? 0 : manifest_add_part(manifest, &run->info);
}

static int write_manifest(struct shard_writer *writer, const struct manifest *manifest, aisle_error *error)
{
    struct storage_txn *txn = NULL;
    turns_take(&writer->turns);
    int status = storage_write_begin(writer->shard->storage, &txn, error);
    if (status == 0) {
        status = recent_pages_store(txn, manifest->generation, NULL);
        status = status == 0 ? manifest_store(txn, manifest, error)
                             : error_set(error, status, "parts cannot be merged: %s", aisle_error_text(status));
        if (status != 0) {
            storage_abort(txn);
        } else {
            status = storage_commit(txn, error);
        }
    }
    turns_give(&writer->turns);
    return status;
}

/* Under the lock; the result's reference is taken. */
static int publish_result(struct parts_run *run, struct part *result, aisle_error *error)
{
    struct shard_writer *writer = run->writer;
    struct manifest manifest = {.segments = NULL};
    int status = 0;
    if (writer->lost) {
        status = error_set(error, AISLE_BUSY, "a merge is given up");
    } else if (fill_manifest(run, &manifest) != 0) {
        status = error_no_memory(error, "merging parts");
    } else {
        status = write_manifest(writer, &manifest, error);
    }
    if (status != 0) {
        part_release(result);
        manifest_release(&manifest);
        return status;
    }
    replace(run, result, false);
    manifest_release(&writer->manifest);
    writer->manifest = manifest;
    return 0;
}

/* Publishes, if all went well and there is anything, and leaves the run; returns the status. */
static int end_run(struct parts_run *run, int status, aisle_error *error)
{
    struct part *result = NULL;
    bool publishes = status == 0 && run->count != 0;
    status = publishes ? open_result(run, &result, error) : status;
    shard_writer_lock(run->writer);
    if (publishes && status == 0) {
        status = publish_result(run, result, error);
    }
    leave_run(run);
    shard_writer_unlock(run->writer);
    return status;
}

/* ---- choosing ---- */

static bool is_pending(const struct shard_writer *writer, const struct part *part)
{
    for (uint32_t i = 0; i < writer->parts.count; i++) {
        if (writer->parts.list[i].part == part) {
            return writer->parts.list[i].pending;
        }
    }
    return false;
}

/* Under the lock: parts of a kind that no run holds, listed or pending as asked. */
static size_t free_parts(const struct shard_writer *writer, uint8_t kind, bool pending,
                         const struct part *out[LIMIT_PARTS])
{
    size_t count = parts_of(writer, kind, out);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_pending(writer, out[i]) == pending && !parts_run_holds(writer, out[i]->info.id)) {
            out[kept++] = out[i];
        }
    }
    return kept;
}

/* How many of the sorted parts, the smallest first, are to be merged: up to the largest that the rest is a third of. */
static size_t choose(const struct part *parts[LIMIT_PARTS], size_t count, uint64_t bytes_max)
{
    uint64_t entries = 0;
    uint64_t bytes = 0;
    size_t chosen = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += part_bytes(&parts[i]->info);
        if (i != 0 && entries * PARTS_FACTOR >= parts[i]->info.entries && bytes <= bytes_max) {
            chosen = i + 1;
        }
        entries += parts[i]->info.entries;
    }
    return chosen;
}

/* Moves the smallest PARTS_TIER of about one size to the front; returns how many that are. */
static size_t choose_tier(const struct part *parts[LIMIT_PARTS], size_t count, uint64_t bytes_max)
{
    for (size_t first = 0; first + PARTS_TIER <= count; first++) {
        uint64_t bytes = 0;
        for (size_t i = 0; i < PARTS_TIER; i++) {
            bytes += part_bytes(&parts[first + i]->info);
        }
        if (parts[first + PARTS_TIER - 1]->info.entries < parts[first]->info.entries * PARTS_TIER &&
            bytes <= bytes_max) {
            memmove(parts, parts + first, PARTS_TIER * sizeof *parts);
            return PARTS_TIER;
        }
    }
    return 0;
}

/* Under the lock: enters a run of listed parts of the first kind that has some to be merged. */
static void begin_run(struct parts_run *run, const struct merge_order *order)
{
    const struct part *parts[LIMIT_PARTS];
    size_t chosen = 0;
    for (size_t i = 0; part_kind_at(i) != NULL && chosen == 0 && !run->writer->lost; i++) {
        const struct part_kind *kind = part_kind_at(i);
        size_t count = parts_sort(parts, free_parts(run->writer, kind->number, false, parts));
        if (order->all) {
            chosen = kind->compacted_apart || count < 2 ? 0 : count;
        } else {
            bool wait = order->loading && run->writer->parts.count < MANY_PARTS; /* for a whole tier */
            chosen = order->loading ? choose_tier(parts, count, order->bytes_max) : 0;
            chosen = chosen == 0 && !wait ? choose(parts, count, order->bytes_max) : chosen;
        }
    }
    enter_run(run, parts, chosen);
}

/* ---- the three ways ---- */

int parts_merge(struct shard_writer *writer, const struct merge_order *order, bool *merged, aisle_error *error)
{
    const struct budget *budget = writer->budget;
    struct parts_run run = {.writer = writer,
                            .memory_bytes = order->at_the_end ? budget->builder_bytes : budget->parts_bytes,
                            .order = order};
    int status = 0;
    *merged = false;
    shard_writer_lock(writer);
    begin_run(&run, order);
    shard_writer_unlock(writer);
    if (run.count != 0) {
        status = write_part(&run, merge_by_kind, NULL, error);
    }
    if (status == 0 && run.count != 0 && merge_is_cancelled(order)) {
        status = error_set(error, AISLE_BUSY, "a merge is given up");
    }
    status = end_run(&run, status, error);
    *merged = status == 0 && run.count != 0;
    return status;
}

int parts_rebuild(struct shard_writer *writer, const struct part_kind *kind, parts_fill *fill, void *context,
                  aisle_error *error)
{
    struct parts_run run = {.writer = writer, .memory_bytes = writer->budget->parts_bytes};
    const struct part *parts[LIMIT_PARTS];
    int status = 0;
    shard_writer_lock(writer);
    enter_run(&run, parts, writer->lost ? 0 : free_parts(writer, kind->number, false, parts));
    shard_writer_unlock(writer);
    if (run.count != 0) {
        status = write_part(&run, fill, context, error);
    }
    return end_run(&run, status, error);
}

/* Writes one part from the pending sources, if any, which becomes a pending one in their place. */
static int make_pending(struct parts_run *run, parts_fill *fill, void *context, aisle_error *error)
{
    struct part *result = NULL;
    int status = write_part(run, fill, context, error);
    status = status == 0 ? open_result(run, &result, error) : status;
    shard_writer_lock(run->writer);
    if (status == 0 && run->writer->parts.count - run->count + 1 > LIMIT_PARTS) {
        part_release(result);
        status = error_set(error, AISLE_LIMIT, "a commit has too many parts");
    }
    if (status == 0) {
        replace(run, result, true);
    }
    leave_run(run);
    shard_writer_unlock(run->writer);
    return status;
}

/* From so many parts on, pending ones of a kind become one. */
#define CROWDED_PARTS (LIMIT_PARTS * 3 / 4)

static uint64_t bytes_of_parts(const struct part *const *parts, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += part_bytes(&parts[i]->info);
    }
    return sum;
}

int parts_write_pending(struct shard_writer *writer, const struct part_kind *kind, enum parts_spill spill,
                        parts_fill *fill, void *context, aisle_error *error)
{
    const struct budget *budget = writer->budget;
    bool alone = spill == SPILL_JOINED;
    struct parts_run run = {.writer = writer, .memory_bytes = alone ? budget->parts_bytes : budget->overlay_bytes};
    const struct part *parts[LIMIT_PARTS];
    shard_writer_lock(writer);
    bool first = free_parts(writer, kind->number, false, parts) == 0;
    size_t count = free_parts(writer, kind->number, true, parts);
    bool joins = writer->parts.count >= CROWDED_PARTS ||
                 (alone && first && bytes_of_parts(parts, count) <= budget->parts_bytes);
    enter_run(&run, parts, joins ? count : 0);
    run.kind = kind;
    shard_writer_unlock(writer);
    return make_pending(&run, fill, context, error);
}

/* Under the lock: the pending parts of a kind that are to be merged; 0: they need not be. */
static size_t crowded_parts(const struct shard_writer *writer, const struct part_kind *kind,
                            const struct part *out[LIMIT_PARTS])
{
    size_t count = free_parts(writer, kind->number, true, out);
    return writer->parts.count >= CROWDED_PARTS && count > 1 ? count : 0;
}

bool parts_many(struct shard_writer *writer)
{
    shard_writer_lock(writer);
    bool many = writer->parts.count >= MANY_PARTS;
    shard_writer_unlock(writer);
    return many;
}

bool parts_crowded(const struct shard_writer *writer)
{
    const struct part *parts[LIMIT_PARTS];
    bool crowded = false;
    for (size_t i = 0; part_kind_at(i) != NULL; i++) {
        crowded = crowded || crowded_parts(writer, part_kind_at(i), parts) != 0;
    }
    return crowded;
}

int parts_tidy(struct shard_writer *writer, aisle_error *error)
{
    int status = 0;
    for (size_t i = 0; part_kind_at(i) != NULL && status == 0; i++) {
        struct parts_run run = {.writer = writer, .memory_bytes = writer->budget->parts_bytes};
        const struct part *parts[LIMIT_PARTS];
        shard_writer_lock(writer);
        size_t count = crowded_parts(writer, part_kind_at(i), parts);
        if (count != 0) {
            enter_run(&run, parts, count);
        }
        shard_writer_unlock(writer);
        if (count != 0) {
            status = make_pending(&run, merge_by_kind, NULL, error);
        }
    }
    return status;
}
