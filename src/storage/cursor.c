/*
 * cursor.c - walking a table in key order.
 *
 * LMDB's cursors with three habits changed: an empty key means the first record, views are empty where there is no
 * record, and a cursor in the write transaction of a poisoned environment can still be closed.
 */
#include "storage/environment.h"
#include "storage/lmdb_call.h"

#include "base/alloc.h"

struct storage_cursor {
    struct storage_txn *txn; /* borrowed */
    MDB_cursor *lmdb;        /* owned */
};

int storage_cursor_open(struct storage_txn *txn, enum storage_table table, struct storage_cursor **out)
{
    *out = NULL;
    struct storage_cursor *cursor = mem_calloc(1, sizeof *cursor);
    if (cursor == NULL) {
        return AISLE_NO_MEMORY;
    }
    int rc = lmdb_cursor_open(txn->lmdb, txn->env->tables[table], &cursor->lmdb);
    if (rc != 0) {
        mem_free(cursor);
        return environment_error(txn->env, rc, "cannot read", NULL);
    }
    cursor->txn = txn;
    *out = cursor;
    return 0;
}

static int move(struct storage_cursor *cursor, MDB_cursor_op how, struct bytes lowest_key, struct bytes *key,
                struct bytes *value)
{
    MDB_val lmdb_key = {.mv_size = lowest_key.size, .mv_data = (void *)(uintptr_t)lowest_key.data};
    MDB_val found = {0};
    int rc = lmdb_cursor_get(cursor->lmdb, &lmdb_key, &found, how);
    if (rc != 0) {
        *key = bytes_of(NULL, 0);
        *value = bytes_of(NULL, 0);
        return rc == MDB_NOTFOUND ? AISLE_END : environment_error(cursor->txn->env, rc, "cannot read", NULL);
    }
    *key = bytes_of(lmdb_key.mv_data, lmdb_key.mv_size);
    *value = bytes_of(found.mv_data, found.mv_size);
    return 0;
}

int storage_cursor_seek(struct storage_cursor *cursor, struct bytes lowest_key, struct bytes *key,
                        struct bytes *value)
{
    return move(cursor, lowest_key.size == 0 ? MDB_FIRST : MDB_SET_RANGE, lowest_key, key, value);
}

int storage_cursor_next(struct storage_cursor *cursor, struct bytes *key, struct bytes *value)
{
    return move(cursor, MDB_NEXT, bytes_of(NULL, 0), key, value);
}

void storage_cursor_close(struct storage_cursor *cursor)
{
    if (cursor == NULL) {
        return;
    }
    struct storage_txn *txn = cursor->txn;
    if (!txn->write || !atomic_load(&txn->env->poisoned)) {
        mdb_cursor_close(cursor->lmdb);
    }
    mem_free(cursor);
}
