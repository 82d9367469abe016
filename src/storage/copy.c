/*
 * copy.c - a storage copied from one read transaction, record by record in key order.
 *
 * LMDB has a copier of its own (mdb_env_copy2), passed over for four reasons: it begins to read by itself, where a
 * reader can get a snapshot that is not committed yet (see settle in txn.c); it copies everything, refuse of unlisted
 * segments included; damage in the source would end the program, because its assertions strike beside a thread that
 * they cannot be led out of; and a test cannot make it fail at a chosen call. Appending keys in order leaves pages as
 * full as its compaction does.
 *
 * Thread rule: the calling thread's, as the transaction is.
 */
#include "storage/environment.h"

/*
 * Payload of one transaction of the copy. Its dirty pages are heap until it commits; without syncs in between small
 * transactions cost nothing, and each leaves a handful of free pages that the next one uses.
 */
#define COPY_TRANSACTION_BYTES (8u << 20)

struct copy {
    struct storage_txn *from; /* borrowed */
    struct storage *to;
    struct storage_txn *txn; /* of to; NULL: none open */
    size_t waiting_bytes;    /* put in txn so far */
    storage_copy_choice *choose;
    void *context;
};

static int copy_record(struct copy *copy, enum storage_table table, struct bytes key, struct bytes value,
                       aisle_error *error)
{
    int status = copy->choose == NULL ? 0 : copy->choose(copy->context, table, key, value);
    if (status != 0) {
        return status == AISLE_END ? 0 : error_set(error, status, "the copy was ended: %s", aisle_error_text(status));
    }
    if (copy->txn == NULL) {
        status = storage_write_begin(copy->to, &copy->txn, error);
        if (status != 0) {
            return status;
        }
    }
    status = storage_append(copy->txn, table, key, value);
    if (status != 0) {
        return error_set(error, status, "cannot write the copy: %s (%s)", aisle_error_text(status),
                         copy->to->env->path);
    }
    copy->waiting_bytes += key.size + value.size;
    if (copy->waiting_bytes >= COPY_TRANSACTION_BYTES) {
        struct storage_txn *txn = copy->txn;
        copy->txn = NULL;
        copy->waiting_bytes = 0;
        status = storage_commit(txn, error);
    }
    return status;
}

static int copy_table(struct copy *copy, enum storage_table table, aisle_error *error)
{
    struct storage_cursor *cursor = NULL;
    struct bytes key;
    struct bytes value;
    int status = storage_cursor_open(copy->from, table, &cursor);
    if (status == 0) {
        status = storage_cursor_next(cursor, &key, &value);
    }
    bool reading = true;
    while (status == 0) {
        status = copy_record(copy, table, key, value, error);
        reading = status == 0;
        if (reading) {
            status = storage_cursor_next(cursor, &key, &value);
        }
    }
    storage_cursor_close(cursor);
    if (status < 0 && reading) {
        return error_set(error, status, "cannot read what is to be copied: %s (%s)", aisle_error_text(status),
                         copy->from->env->path);
    }
    return status == AISLE_END ? 0 : status;
}

int storage_copy(struct storage_txn *from, const char *directory, storage_copy_choice *choose, void *context,
                 aisle_error *error)
{
    struct copy copy = {.from = from, .choose = choose, .context = context};
    int status = storage_open(directory, &(struct storage_options){.create = true}, &copy.to, error);
    if (status != 0) {
        return status;
    }
    /* Nobody relies on the copy before it is whole, so one sync at the end does. */
    status = storage_set_fast(copy.to, true, error);
    for (enum storage_table table = 0; table < TABLE_COUNT && status == 0; table++) {
        status = copy_table(&copy, table, error);
    }
    if (status == 0 && copy.txn != NULL) {
        struct storage_txn *txn = copy.txn;
        copy.txn = NULL;
        status = storage_commit(txn, error);
    }
    storage_abort(copy.txn);
    if (status == 0) {
        status = storage_set_fast(copy.to, false, error);
    }
    storage_close(copy.to);
    return status;
}
