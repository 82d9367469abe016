/*
 * logs.c - aisle_logs: how far every change log has been consumed, in the shard that is furthest behind.
 *
 * Thread rule: as aisle_stats: any thread.
 */
#include "index/catalog.h"
#include "index/position.h"

#include "base/alloc.h"

/* The positions of one shard. */
struct positions {
    struct log_position *positions; /* owned */
    size_t count;
};

static int add(struct positions *list, const struct log_position *position)
{
    if ((list->count & (list->count - 1)) == 0) { /* a power of two is full */
        size_t capacity = list->count == 0 ? 1 : 2 * list->count;
        struct log_position *grown = mem_realloc(list->positions, capacity * sizeof *grown);
        if (grown == NULL) {
            return AISLE_NO_MEMORY;
        }
        list->positions = grown;
    }
    list->positions[list->count++] = *position;
    return 0;
}

static int list_positions(struct storage_txn *txn, struct positions *list)
{
    static const char prefix[] = "log/";
    struct storage_cursor *cursor = NULL;
    struct bytes key;
    struct bytes value;
    int status = storage_cursor_open(txn, TABLE_META, &cursor);
    if (status != 0) {
        return status;
    }
    status = storage_cursor_seek(cursor, bytes_of_string(prefix), &key, &value);
    while (status == 0 && bytes_begin_with(key, bytes_of_string(prefix))) {
        struct log_position position;
        status = position_decode(key, value, &position);
        status = status != 0 ? status : add(list, &position);
        status = status != 0 ? status : storage_cursor_next(cursor, &key, &value);
    }
    storage_cursor_close(cursor);
    return status == AISLE_END ? 0 : status;
}

/* Takes over what another shard knows of the same logs, where that is less. */
static int lower(struct storage_txn *txn, struct positions *list)
{
    int status = 0;
    for (size_t i = 0; i < list->count && status == 0; i++) {
        struct log_position *least = &list->positions[i];
        struct log_position there;
        status = position_load(txn, least->source, &there);
        if (status == AISLE_END || (status == 0 && there.identity != least->identity)) {
            least->offset = 0;
            least->seq[0] = '\0';
            status = 0;
        } else if (status == 0 && there.offset < least->offset) {
            *least = there;
        }
    }
    return status;
}

int aisle_logs(aisle *catalog, aisle_log_report *report, void *context, aisle_error *error)
{
    struct positions list = {.count = 0};
    int status = 0;
    for (uint32_t i = 0; i < catalog->shard_count && status == 0; i++) {
        struct storage_txn *txn = NULL;
        status = storage_read_begin(catalog->shards[i].storage, &txn, error);
        if (status != 0) {
            break;
        }
        status = i == 0 ? list_positions(txn, &list) : lower(txn, &list);
        storage_read_end(txn);
        if (status != 0) {
            error_set(error, status, "the log positions cannot be read: %s (%s)", aisle_error_text(status),
                      storage_path(catalog->shards[i].storage));
        }
    }
    for (size_t i = 0; i < list.count && status == 0; i++) {
        const struct log_position *found = &list.positions[i];
        const aisle_position position = {.source = found->source,
                                         .identity = found->identity,
                                         .offset = found->offset,
                                         .seq = found->seq[0] == '\0' ? NULL : found->seq};
        report(context, &position);
    }
    mem_free(list.positions);
    return status;
}
