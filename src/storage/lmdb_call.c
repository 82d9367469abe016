/*
 * lmdb_call.c - faults on request for the tests, and assertions of LMDB turned into MDB_CORRUPTED.
 *
 * LMDB asserts what a sound file guarantees, and aborts the program when a damaged one breaks it. The only other way
 * out of its assertion callback is longjmp. That was weighed path by path against the source of 0.9.24:
 *   reading      mdb_get, cursor moves and the opening of cursors take no lock, allocate nothing and link nothing
 *                before their last assertion, so leaving them by longjmp is sound, and the transaction can be ended.
 *   modifying    puts, deletes and commits leave cursors of a dead stack linked into the transaction, and the
 *                transaction holds a robust mutex in shared memory. Nothing may touch that transaction again, so the
 *                environment is poisoned: it goes on reading, refuses write transactions, and is never closed
 *                (unmapping a held robust mutex would leave the thread's robust list pointing nowhere). A writer in
 *                another process waits until this one ends, when the kernel passes the mutex on.
 * The rejected road is to let the callback return: the program dies, with every other catalog it serves.
 *
 * Thread rule: callable from any thread; the jump target is the thread's own.
 */
#include "storage/lmdb_call.h"

#include <setjmp.h>
#include <stdio.h>

/* Left uninitialised but for what is used: clearing a jmp_buf would cost more than a look-up's own bookkeeping. */
struct guard {
    jmp_buf jump;
    bool modifies;
};

static _Thread_local struct guard *guard;

atomic_bool lmdb_fault_armed;
static atomic_ulong fault_calls;
static atomic_ulong fault_number;
static atomic_int fault_persistent;
static atomic_int fault_code;
static atomic_bool fault_struck;

void storage_fail_at(unsigned long n, int persistent, int lmdb_code)
{
    atomic_store(&lmdb_fault_armed, false);
    atomic_store(&fault_calls, 0);
    atomic_store(&fault_number, n);
    atomic_store(&fault_persistent, persistent);
    atomic_store(&fault_code, lmdb_code);
    atomic_store(&fault_struck, false);
    atomic_store(&lmdb_fault_armed, n != 0);
}

bool storage_failed(void)
{
    return atomic_load(&fault_struck);
}

unsigned long storage_fault_calls(void)
{
    return atomic_load(&fault_calls);
}

int lmdb_fault_strike(void)
{
    unsigned long number = atomic_fetch_add(&fault_calls, 1) + 1;
    unsigned long fail = atomic_load(&fault_number);
    if (number != fail && !(number > fail && atomic_load(&fault_persistent))) {
        return 0;
    }
    atomic_store(&fault_struck, true);
    return atomic_load(&fault_code);
}

static void assertion_failed(MDB_env *lmdb, const char *text)
{
    struct environment *env = mdb_env_get_userctx(lmdb);
    if (guard == NULL || env == NULL) {
        return;
    }
    if (!atomic_exchange(&env->noted, true)) {
        snprintf(env->note, sizeof env->note, "%s", text);
        atomic_store(&env->note_ready, true);
    }
    if (guard->modifies) {
        atomic_store(&env->poisoned, true);
    }
    _longjmp(guard->jump, 1);
}

int lmdb_catch_assertions(MDB_env *lmdb, struct environment *env)
{
    int rc = mdb_env_set_userctx(lmdb, env);
    return rc != 0 ? rc : mdb_env_set_assert(lmdb, assertion_failed);
}

int lmdb_get(MDB_txn *txn, MDB_dbi table, MDB_val *key, MDB_val *value)
{
    struct guard here;
    int rc = lmdb_fault();
    if (rc != 0) {
        return rc;
    }
    here.modifies = false;
    guard = &here;
    rc = _setjmp(here.jump) == 0 ? mdb_get(txn, table, key, value) : MDB_CORRUPTED;
    guard = NULL;
    return rc;
}

int lmdb_put(MDB_txn *txn, MDB_dbi table, MDB_val *key, MDB_val *value, unsigned flags)
{
    struct guard here;
    int rc = lmdb_fault();
    if (rc != 0) {
        return rc;
    }
    here.modifies = true;
    guard = &here;
    rc = _setjmp(here.jump) == 0 ? mdb_put(txn, table, key, value, flags) : MDB_CORRUPTED;
    guard = NULL;
    return rc;
}

int lmdb_delete(MDB_txn *txn, MDB_dbi table, MDB_val *key)
{
    struct guard here;
    int rc = lmdb_fault();
    if (rc != 0) {
        return rc;
    }
    here.modifies = true;
    guard = &here;
    rc = _setjmp(here.jump) == 0 ? mdb_del(txn, table, key, NULL) : MDB_CORRUPTED;
    guard = NULL;
    return rc;
}

int lmdb_cursor_open(MDB_txn *txn, MDB_dbi table, MDB_cursor **cursor)
{
    struct guard here;
    int rc = lmdb_fault();
    if (rc != 0) {
        return rc;
    }
    here.modifies = false;
    guard = &here;
    rc = _setjmp(here.jump) == 0 ? mdb_cursor_open(txn, table, cursor) : MDB_CORRUPTED;
    guard = NULL;
    return rc;
}

int lmdb_cursor_get(MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op move)
{
    struct guard here;
    int rc = lmdb_fault();
    if (rc != 0) {
        return rc;
    }
    here.modifies = false;
    guard = &here;
    rc = _setjmp(here.jump) == 0 ? mdb_cursor_get(cursor, key, value, move) : MDB_CORRUPTED;
    guard = NULL;
    return rc;
}

int lmdb_table_open(MDB_txn *txn, const char *name, unsigned flags, MDB_dbi *table)
{
    struct guard here;
    int rc = lmdb_fault();
    if (rc != 0) {
        return rc;
    }
    here.modifies = (flags & MDB_CREATE) != 0;
    guard = &here;
    rc = _setjmp(here.jump) == 0 ? mdb_dbi_open(txn, name, flags, table) : MDB_CORRUPTED;
    guard = NULL;
    return rc;
}

int lmdb_commit(MDB_txn *txn)
{
    struct guard here;
    int rc = lmdb_fault();
    if (rc != 0) {
        mdb_txn_abort(txn);
        return rc;
    }
    here.modifies = true;
    guard = &here;
    rc = _setjmp(here.jump) == 0 ? mdb_txn_commit(txn) : MDB_CORRUPTED;
    guard = NULL;
    return rc;
}
