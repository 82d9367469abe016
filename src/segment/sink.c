/*
 * sink.c - extents of an unlisted segment into the storage, in bounded transactions.
 *
 * Extents wait in the heap and a transaction begins only when enough of them do, so that it is short: whoever else
 * writes to the storage waits for the copying and syncing of waiting_max bytes, never for the computing between two
 * extents. Each waiting copy is freed as LMDB takes its own, so that the peak is waiting_max and one extent. The
 * price of a crash is refuse that the next writer removes.
 */
#include "segment/segment_private.h"

#include "base/alloc.h"
#include "base/clock.h"

void segment_sink_init(struct segment_sink *sink, struct storage *storage, uint32_t segment)
{
    *sink = (struct segment_sink){
        .storage = storage, .segment = segment, .waiting_max = LIMIT_TRANSACTION_BYTES};
}

static void forget_waiting(struct segment_sink *sink)
{
    for (size_t i = 0; i < sink->waiting_count; i++) {
        mem_free(sink->waiting[i].data);
    }
    sink->waiting_count = 0;
    sink->waiting_bytes = 0;
}

static int put_extent(struct segment_sink *sink, struct storage_txn *txn, const struct sink_extent *extent)
{
    uint8_t key[EXTENT_KEY_BYTES];
    segment_extent_key(key, sink->segment, extent->component, extent->index);
    int status = storage_put(txn, TABLE_EXTENTS, bytes_of(key, sizeof key), bytes_of(extent->data, extent->size));
    return status == 0 ? 0
                       : error_set(&sink->error, status, "segment %u, component %u, extent %u cannot be written: %s",
                                   sink->segment, extent->component, extent->index, aisle_error_text(status));
}

static int put_waiting(struct segment_sink *sink, struct storage_txn *txn)
{
    for (size_t i = 0; i < sink->waiting_count; i++) {
        int status = put_extent(sink, txn, &sink->waiting[i]);
        if (status != 0) {
            return status;
        }
        mem_free(sink->waiting[i].data);
        sink->waiting[i].data = NULL;
    }
    return 0;
}

int segment_sink_put_into(struct segment_sink *sink, struct storage_txn *txn)
{
    for (size_t i = 0; i < sink->waiting_count; i++) {
        int status = put_extent(sink, txn, &sink->waiting[i]);
        if (status != 0) {
            return status;
        }
    }
    return 0;
}

/* One transaction. */
static int write_waiting(struct segment_sink *sink)
{
    struct storage_txn *txn = NULL;
    int status = storage_write_begin(sink->storage, &txn, &sink->error);
    if (status != 0) {
        return status;
    }
    status = put_waiting(sink, txn);
    if (status != 0) {
        storage_abort(txn);
        return status;
    }
    return storage_commit(txn, &sink->error);
}

static int commit_waiting(struct segment_sink *sink)
{
    if (sink->waiting_count == 0) {
        return 0;
    }
    uint64_t bytes = sink->waiting_bytes;
    int status = 0;
    if (sink->gate != NULL && (status = sink->gate->enter(sink->gate->context)) != 0) {
        return error_set(&sink->error, status, "segment %u is given up", sink->segment);
    }
    uint64_t start = clock_monotonic_ns();
    status = write_waiting(sink);
    sink->commit_ns += clock_monotonic_ns() - start;
    forget_waiting(sink);
    if (sink->gate != NULL) {
        sink->gate->leave(sink->gate->context, bytes);
    }
    return status;
}

static int add_waiting(struct segment_sink *sink, uint8_t component, uint32_t index, struct bytes extent)
{
    if (sink->waiting_count == sink->waiting_capacity) {
        size_t wanted = sink->waiting_capacity == 0 ? 64 : sink->waiting_capacity * 2;
        struct sink_extent *grown = mem_realloc(sink->waiting, wanted * sizeof *grown);
        if (grown == NULL) {
            return error_no_memory(&sink->error, "writing a segment");
        }
        sink->waiting = grown;
        sink->waiting_capacity = wanted;
    }
    uint8_t *copy = mem_alloc(extent.size);
    if (copy == NULL) {
        return error_no_memory(&sink->error, "writing a segment");
    }
    memcpy(copy, extent.data, extent.size);
    sink->waiting[sink->waiting_count++] =
        (struct sink_extent){.data = copy, .size = extent.size, .index = index, .component = component};
    sink->waiting_bytes += extent.size;
    return 0;
}

int segment_sink_put(struct segment_sink *sink, uint8_t component, uint32_t index, struct bytes extent)
{
    int status = sink->error.code;
    if (status == 0) {
        status = add_waiting(sink, component, index, extent);
    }
    return status == 0 && sink->waiting_bytes >= sink->waiting_max ? commit_waiting(sink) : status;
}

int segment_sink_finish(struct segment_sink *sink, aisle_error *error)
{
    int status = sink->error.code != 0 ? sink->error.code : commit_waiting(sink);
    if (status != 0 && error != NULL) {
        *error = sink->error;
    }
    return status;
}

void segment_sink_release(struct segment_sink *sink)
{
    forget_waiting(sink);
    mem_free(sink->waiting);
    sink->waiting = NULL;
    sink->waiting_capacity = 0;
}
