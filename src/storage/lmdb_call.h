/*
 * lmdb_call.h - calls of LMDB as the rest of storage/ makes them: failing on request, and never aborting.
 *
 * Private to storage/. Every function returns 0 or an LMDB code. Those that LMDB cannot fail an assertion in are
 * called directly, after asking lmdb_fault.
 */
#ifndef AISLE_STORAGE_LMDB_CALL_H
#define AISLE_STORAGE_LMDB_CALL_H

#include "storage/environment.h"

extern atomic_bool lmdb_fault_armed;

int lmdb_fault_strike(void);

/* The code with which the call that follows shall fail, as storage_fail_at asked; 0 as a rule. */
static inline int lmdb_fault(void)
{
    return atomic_load_explicit(&lmdb_fault_armed, memory_order_relaxed) ? lmdb_fault_strike() : 0;
}

/* Installs the catcher of assertions; env is what mdb_env_get_userctx will answer. */
int lmdb_catch_assertions(MDB_env *lmdb, struct environment *env);

int lmdb_get(MDB_txn *txn, MDB_dbi table, MDB_val *key, MDB_val *value);
int lmdb_put(MDB_txn *txn, MDB_dbi table, MDB_val *key, MDB_val *value, unsigned flags);
int lmdb_delete(MDB_txn *txn, MDB_dbi table, MDB_val *key);
int lmdb_cursor_open(MDB_txn *txn, MDB_dbi table, MDB_cursor **cursor);
int lmdb_cursor_get(MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op move);
int lmdb_table_open(MDB_txn *txn, const char *name, unsigned flags, MDB_dbi *table);

/* The transaction is gone whatever the answer, except when the environment got poisoned: then it must be left. */
int lmdb_commit(MDB_txn *txn);

#endif
