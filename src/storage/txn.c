/*
 * txn.c - read and write transactions, and the records in them.
 *
 * Read transactions are not freed at their end but reset and put aside; taking one back (mdb_txn_renew) needs no
 * lock and no allocation. The idle ones stand in a small array of slots, a thread starting at the slot that its
 * identity hashes to: an exchange takes, a compare-and-exchange puts back, so threads meet only by chance.
 *
 * Thread rule: as in storage.h. env->writing keeps a second write transaction of this process from waiting for the
 * first, for ever if it is the same thread's.
 */
#include "storage/environment.h"
#include "storage/lmdb_call.h"
#include "storage/process.h"
#include "storage/seal.h"

#include "base/alloc.h"

#include <assert.h>
#include <pthread.h>
#include <unistd.h>

#define IDLE_PROBES 4u /* slots tried, in either direction, before a transaction is made or freed */

/* ------------------------------------------------------------------------------------------- idle transactions -- */

static unsigned slot_of_thread(void)
{
    uint64_t mixed = (uint64_t)(uintptr_t)pthread_self() * UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(mixed >> 32) % IDLE_SLOTS;
}

static struct storage_txn *take_idle(struct environment *env, unsigned probes)
{
    unsigned slot = slot_of_thread();
    for (unsigned i = 0; i < probes; i++) {
        struct idle_slot *idle = &env->idle[(slot + i) % IDLE_SLOTS];
        if (atomic_load_explicit(&idle->txn, memory_order_relaxed) != NULL) {
            struct storage_txn *txn = atomic_exchange_explicit(&idle->txn, NULL, memory_order_acquire);
            if (txn != NULL) {
                return txn;
            }
        }
    }
    return NULL;
}

static bool put_idle(struct environment *env, struct storage_txn *txn)
{
    unsigned slot = slot_of_thread();
    for (unsigned i = 0; i < IDLE_PROBES; i++) {
        struct storage_txn *empty = NULL;
        struct idle_slot *idle = &env->idle[(slot + i) % IDLE_SLOTS];
        if (atomic_compare_exchange_strong_explicit(&idle->txn, &empty, txn, memory_order_release,
                                                    memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

static void set_aside(struct storage_txn *txn)
{
    if (!put_idle(txn->env, txn)) {
        mdb_txn_abort(txn->lmdb);
        mem_free(txn);
    }
}

/* --------------------------------------------------------------------------------------------------- begin, end -- */

static int forked(aisle_error *error)
{
    return error_set(error, AISLE_FORKED, "the storage was opened before a fork; open it again in the child");
}

/* A read transaction never used before. 0 or an LMDB code. */
static int begin_new(struct environment *env, MDB_txn **out)
{
    int rc = lmdb_fault();
    return rc != 0 ? rc : mdb_txn_begin(env->lmdb, NULL, MDB_RDONLY, out);
}

/* A new read transaction; when all slots are taken, after clearing away those of dead processes. */
static int make_reader(struct environment *env, struct storage_txn **out, aisle_error *error)
{
    struct storage_txn *txn = mem_calloc(1, sizeof *txn);
    if (txn == NULL) {
        return error_no_memory(error, "beginning to read");
    }
    int rc = begin_new(env, &txn->lmdb);
    if (rc == MDB_READERS_FULL) {
        int dead = 0;
        rc = lmdb_fault();
        rc = rc == 0 ? mdb_reader_check(env->lmdb, &dead) : rc;
        rc = rc == 0 ? begin_new(env, &txn->lmdb) : rc;
    }
    if (rc != 0) {
        mem_free(txn);
        return environment_error(env, rc, "cannot begin to read", error);
    }
    txn->env = env;
    *out = txn;
    return 0;
}

/* Gives an idle transaction the present snapshot; on failure it is set aside again. */
static int renew(struct environment *env, struct storage_txn *txn, aisle_error *error)
{
    int rc = lmdb_fault();
    rc = rc == 0 ? mdb_txn_renew(txn->lmdb) : rc;
    if (rc != 0) {
        set_aside(txn);
        return environment_error(env, rc, "cannot begin to read", error);
    }
    return 0;
}

/* A read transaction, renewed or new, with whatever snapshot LMDB gives it. */
static int begin_reader(struct environment *env, struct storage_txn **out, aisle_error *error)
{
    struct storage_txn *txn = take_idle(env, IDLE_PROBES);
    int status = txn != NULL ? renew(env, txn, error) : make_reader(env, &txn, error);
    if (status == AISLE_READERS_FULL) {
        /* Slots that this process holds for idle transactions of other threads are the last resort. */
        txn = take_idle(env, IDLE_SLOTS);
        status = txn != NULL ? renew(env, txn, error) : status;
    }
    if (status == 0) {
        *out = txn;
    }
    return status;
}

static void end_reader(struct storage_txn *txn)
{
    mdb_txn_reset(txn->lmdb);
    set_aside(txn);
}

/* What was read before is read before what is read after. */
static void order_loads(void)
{
#ifndef __SANITIZE_THREAD__ /* gcc's knows no fences, and nothing of the map that is read here */
    atomic_thread_fence(memory_order_acquire);
#endif
}

/*
 * Makes sure that the snapshot is the one it is named after. LMDB begins to read like this:
 *   1. reader: takes the number N of the last commit
 *   2. reader: copies the roots from meta page N mod 2
 * and if the reader's thread sleeps in between, for longer than a commit takes:
 *   3. writer: commits N + 1 to the other meta page, then begins to write N + 2 over the page of N
 * so that the reader gets the roots of N + 2, before that commit is durable or announced, perhaps half written, and
 * its next transaction may go back to N + 1. (Six readers on two cores met it a few times in ten million beginnings.)
 * N + 2 cannot begin before N + 1 is announced, therefore
 *   a. if the newest meta page is still that of N, the copy is good: the rule, and cheap to see;
 *   b. if a second transaction begun after the copy is also numbered N, nothing had been announced: it is good too;
 *   c. else the second transaction takes the place of the first, and is looked at in turn.
 */
static int settle(struct environment *env, struct storage_txn **txn, aisle_error *error)
{
    for (;;) {
        MDB_envinfo info;
        struct storage_txn *second = NULL;
        size_t number = mdb_txn_id((*txn)->lmdb);
        order_loads();
        if (mdb_env_info(env->lmdb, &info) == 0 && info.me_last_txnid == number) {
            return 0;
        }
        int status = begin_reader(env, &second, error);
        if (status == 0 && mdb_txn_id(second->lmdb) == number) {
            end_reader(second);
            return 0;
        }
        end_reader(*txn);
        *txn = second;
        if (status != 0) {
            return status;
        }
    }
}

int storage_read_begin(struct storage *storage, struct storage_txn **out, aisle_error *error)
{
    struct storage_txn *txn = NULL;
    *out = NULL;
    if (storage_forked(storage)) {
        return forked(error);
    }
    int status = begin_reader(storage->env, &txn, error);
    status = status == 0 ? settle(storage->env, &txn, error) : status;
    if (status == 0) {
        txn->storage = storage;
        atomic_store_explicit(&txn->failure, 0, memory_order_relaxed);
        *out = txn;
    }
    return status;
}

void storage_read_end(struct storage_txn *txn)
{
    if (txn == NULL) {
        return;
    }
    assert(!txn->write);
    if (storage_forked(txn->storage)) {
        mem_free(txn); /* the reader slot is the parent's: resetting it here would end the parent's snapshot */
        return;
    }
    end_reader(txn);
}

uint64_t storage_read_number(const struct storage_txn *txn)
{
    return mdb_txn_id(txn->lmdb);
}

int storage_check_writable(struct storage *storage, aisle_error *error)
{
    struct environment *env = storage->env;
    if (storage_forked(storage) || env->pid != getpid()) {
        return forked(error);
    }
    if (storage->read_only) {
        return error_set(error, AISLE_READ_ONLY, "open for reading only (%s)", env->path);
    }
    if (atomic_load(&env->poisoned)) {
        return error_set(error, AISLE_CORRUPT, "no writing until this process ends, after damage was met: %s (%s)",
                         env->note, env->path);
    }
    return 0;
}

int storage_write_begin(struct storage *storage, struct storage_txn **out, aisle_error *error)
{
    *out = NULL;
    int status = storage_check_writable(storage, error);
    if (status != 0) {
        return status;
    }
    struct environment *env = storage->env;
    if (atomic_exchange(&env->writing, true)) {
        return error_set(error, AISLE_BUSY, "this process is writing already (%s)", env->path);
    }
    int dead = 0;
    int rc = 0;
    struct storage_txn *txn = mem_calloc(1, sizeof *txn);
    if (txn == NULL) {
        status = error_no_memory(error, "beginning to write");
        goto done;
    }
    rc = lmdb_fault();
    rc = rc == 0 ? mdb_reader_check(env->lmdb, &dead) : rc;
    rc = rc == 0 ? lmdb_fault() : rc;
    rc = rc == 0 ? mdb_txn_begin(env->lmdb, NULL, 0, &txn->lmdb) : rc;
    if (rc != 0) {
        status = environment_error(env, rc, "cannot begin to write", error);
        goto done;
    }
    txn->env = env;
    txn->storage = storage;
    txn->write = true;
    *out = txn;
done:
    if (status != 0) {
        mem_free(txn);
        atomic_store(&env->writing, false);
    }
    return status;
}

void storage_abort(struct storage_txn *txn)
{
    if (txn == NULL) {
        return;
    }
    assert(txn->write);
    struct environment *env = txn->env;
    if (!storage_forked(txn->storage)) {
        /* A poisoned environment's transaction must be left as it is: see lmdb_call.c. */
        if (!atomic_load(&env->poisoned)) {
            mdb_txn_abort(txn->lmdb);
        }
        atomic_store(&env->writing, false);
    }
    mem_free(txn);
}

int storage_commit(struct storage_txn *txn, aisle_error *error)
{
    assert(txn->write);
    struct environment *env = txn->env;
    int status = txn->status;
    if (storage_forked(txn->storage)) {
        status = forked(error);
    } else if (status != 0) {
        status = error_set(error, status, "an earlier change in this transaction failed: %s (%s)",
                           aisle_error_text(status), env->path);
    }
    if (status != 0) {
        storage_abort(txn);
        return status;
    }
    int rc = lmdb_commit(txn->lmdb);
    mem_free(txn);
    if (rc == 0) {
        /* The commit stands; should this fail, the next commit or the next opening does it. */
        (void)environment_extend(env);
        seal_write(env);
    } else {
        status = environment_error(env, rc, "cannot commit", error);
    }
    atomic_store(&env->writing, false);
    return status;
}

/* ----------------------------------------------------------------------------------------------------- records -- */

int storage_get(struct storage_txn *txn, enum storage_table table, struct bytes key, struct bytes *value)
{
    MDB_val lmdb_key = {.mv_size = key.size, .mv_data = (void *)(uintptr_t)key.data};
    MDB_val found;
    int rc = lmdb_get(txn->lmdb, txn->env->tables[table], &lmdb_key, &found);
    if (rc != 0) {
        *value = bytes_of(NULL, 0);
        int status = rc == MDB_NOTFOUND ? AISLE_END : environment_error(txn->env, rc, "cannot read", NULL);
        if (status != AISLE_END && status != AISLE_CORRUPT) {
            atomic_store_explicit(&txn->failure, status, memory_order_relaxed);
        }
        return status;
    }
    *value = bytes_of(found.mv_data, found.mv_size);
    return 0;
}

int storage_read_failure(const struct storage_txn *txn)
{
    return atomic_load_explicit(&txn->failure, memory_order_relaxed);
}

/* The first look-up in a table reads its root into the transaction; the others only read. */
int storage_read_share(struct storage_txn *txn, enum storage_table table)
{
    struct bytes value;
    int status = storage_get(txn, table, bytes_of("", 1), &value);
    return status == AISLE_END ? 0 : status;
}

static int note_failure(struct storage_txn *txn, int rc)
{
    if (rc == 0) {
        return 0;
    }
    int status = environment_error(txn->env, rc, "cannot change", NULL);
    txn->status = txn->status == 0 ? status : txn->status;
    return status;
}

/*
 * Looks at what a put (of value_size bytes) or a delete is about to replace. LMDB frees as many pages as the head of
 * the old value says, so a damaged head would give away pages of others. And a value written twice in one transaction
 * may keep more pages than its new size needs, so it is removed first: then what a head must say is known by its size.
 */
static int look_at_old(struct storage_txn *txn, MDB_dbi table, MDB_val *key, size_t value_size, bool delete)
{
    struct environment *env = txn->env;
    MDB_val found;
    int rc = lmdb_get(txn->lmdb, table, key, &found);
    if (rc != 0) {
        return rc == MDB_NOTFOUND ? 0 : rc;
    }
    struct bytes old = bytes_of(found.mv_data, found.mv_size);
    bool in_map = old.data >= env->map && old.data < env->map + env->map_bytes;
    if (!in_map) {
        return delete || old.size == value_size ? 0 : lmdb_delete(txn->lmdb, table, key);
    }
    bool sound = !structure_in_overflow(env->map, env->page_bytes, old) ||
                 structure_head_sound(env->map, env->page_bytes, old);
    return sound ? 0 : MDB_CORRUPTED;
}

static int put(struct storage_txn *txn, enum storage_table table, struct bytes key, struct bytes value,
               unsigned flags)
{
    MDB_val lmdb_key = {.mv_size = key.size, .mv_data = (void *)(uintptr_t)key.data};
    MDB_val data = {.mv_size = value.size, .mv_data = (void *)(uintptr_t)value.data};
    if (!txn->write) {
        return AISLE_INVALID;
    }
    if (txn->status != 0) {
        return txn->status;
    }
    MDB_dbi lmdb_table = txn->env->tables[table];
    /* What is appended replaces nothing. */
    int rc = flags == MDB_APPEND ? 0 : look_at_old(txn, lmdb_table, &lmdb_key, value.size, false);
    return note_failure(txn, rc != 0 ? rc : lmdb_put(txn->lmdb, lmdb_table, &lmdb_key, &data, flags));
}

int storage_put(struct storage_txn *txn, enum storage_table table, struct bytes key, struct bytes value)
{
    uint8_t bytes[STORAGE_KEY_BYTES];
    struct bytes aside;
    int status = txn->aside ? storage_aside_key(table, key, bytes, &aside) : AISLE_END;
    return status == AISLE_END ? put(txn, table, key, value, 0)
           : status == 0       ? put(txn, TABLE_META, aside, value, 0)
                               : status;
}

int storage_append(struct storage_txn *txn, enum storage_table table, struct bytes key, struct bytes value)
{
    return put(txn, table, key, value, MDB_APPEND);
}

int storage_delete(struct storage_txn *txn, enum storage_table table, struct bytes key)
{
    MDB_val lmdb_key = {.mv_size = key.size, .mv_data = (void *)(uintptr_t)key.data};
    if (!txn->write) {
        return AISLE_INVALID;
    }
    if (txn->status != 0) {
        return txn->status;
    }
    MDB_dbi lmdb_table = txn->env->tables[table];
    int rc = look_at_old(txn, lmdb_table, &lmdb_key, 0, true);
    rc = rc == 0 ? lmdb_delete(txn->lmdb, lmdb_table, &lmdb_key) : rc;
    return rc == MDB_NOTFOUND ? AISLE_END : note_failure(txn, rc);
}
