/*
 * sink.c - extents of an unlisted segment into the storage, in bounded transactions.
 *
 * Bounding them keeps LMDB's dirty pages (which live in the heap until commit) within LIMIT_TRANSACTION_BYTES, and
 * lets small commits of other work in between. The price of a crash is refuse that the next writer removes.
 */
#include "segment/segment_private.h"

#include "base/clock.h"

void segment_sink_init(struct segment_sink *sink, struct storage *storage, uint32_t segment)
{
    *sink = (struct segment_sink){
        .storage = storage, .segment = segment, .waiting_max = LIMIT_TRANSACTION_BYTES};
}

static int commit_waiting(struct segment_sink *sink)
{
    if (sink->txn == NULL) {
        return 0;
    }
    struct storage_txn *txn = sink->txn;
    uint64_t start = clock_monotonic_ns();
    sink->txn = NULL;
    sink->waiting_bytes = 0;
    int status = storage_commit(txn, &sink->error);
    sink->commit_ns += clock_monotonic_ns() - start;
    return status;
}

/* One extent of one component; what an extent_writer calls, through write_extent in segment_write.c. */
int segment_sink_put(struct segment_sink *sink, uint8_t component, uint32_t index, struct bytes extent)
{
    int status = sink->error.code;
    if (status == 0 && sink->txn == NULL) {
        status = storage_write_begin(sink->storage, &sink->txn, &sink->error);
    }
    if (status != 0) {
        return status;
    }
    uint8_t key[EXTENT_KEY_BYTES];
    segment_extent_key(key, sink->segment, component, index);
    status = storage_put(sink->txn, TABLE_EXTENTS, bytes_of(key, sizeof key), extent);
    if (status != 0) {
        return error_set(&sink->error, status, "segment %u, component %u, extent %u cannot be written: %s",
                         sink->segment, component, index, aisle_error_text(status));
    }
    sink->waiting_bytes += extent.size;
    return sink->waiting_bytes >= sink->waiting_max ? commit_waiting(sink) : 0;
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
    if (sink->txn != NULL) {
        storage_abort(sink->txn);
        sink->txn = NULL;
    }
}
