/*
 * storage.h - durable tables of bytes: the door to LMDB, which no other module sees.
 *
 * A storage is one directory with six named tables (enum storage_table), each an ordered map from a key of 1 to 511
 * bytes to a value. Every change happens in a write transaction and becomes visible and durable as a whole when that
 * commits; a read transaction sees the last commit before it began, and nothing newer. What keys and values mean is
 * none of this module's business (segment/ knows), nor is who may write when: writers take a storage_lock first.
 *
 * Lifetimes
 *   storage       a handle. However often a directory is opened in one process, and under whatever name, the handles
 *                 share one LMDB environment, which goes with the last of them. End all transactions of a handle
 *                 before closing it.
 *   view          a struct bytes read in a read transaction points into the map: valid to the end of that
 *                 transaction, and as long as no later commit replaces or deletes the value: a value that a newer
 *                 snapshot still holds has not moved, so its address may be kept from snapshot to snapshot. In a
 *                 write transaction a view dies with the next put or delete as well.
 *   cursor        close it before its transaction ends.
 *
 * Thread rule: a storage may be used from any number of threads at once. A transaction and its cursors belong to one
 * thread at a time; a write transaction must end in the thread that began it (its lock is a mutex).
 *
 * fork: handles, transactions and locks from before a fork are dead in the child. They answer AISLE_FORKED and may
 * only be closed, ended or released, which touches nothing of the parent's. Opening the directory again in the child
 * makes an environment of the child's own. (Noticed through pthread_atfork; a bare clone() or _Fork() is noticed only
 * by storage_open and storage_write_begin, which compare process ids.)
 *
 * Damage: LMDB does not checksum its pages and trusts what it reads. So opening walks all of its trees before anything
 * is read through them (structure.h), and compares them with what the last commit wrote (seal.h): a few pages for each
 * GiB of large values. What is found then is AISLE_CORRUPT, and so is a data file cut short. Values in overflow pages
 * are not read by that: they carry checksums of their own. LMDB's assertions, which would abort the program, are caught
 * and become AISLE_CORRUPT too; one that strikes in a write transaction leaves that environment without a writer until
 * the process ends (see lmdb_call.c). Damage done while the storage is open may still end the process.
 */
#ifndef AISLE_STORAGE_STORAGE_H
#define AISLE_STORAGE_STORAGE_H

#include "base/bytes.h"
#include "base/status.h"

struct storage;
struct storage_txn;
struct storage_cursor;
struct storage_lock;

/* ON DISK: the names in env.c. Their order here is not. */
enum storage_table {
    TABLE_META,
    TABLE_MANIFEST,
    TABLE_EXTENTS,
    TABLE_PAGES,
    TABLE_VALUES,
    TABLE_DICTIONARIES,
    TABLE_COUNT
};

/* ---------------------------------------------------------------------------------------- open and close -- */

struct storage_options {
    bool create;        /* make the data file and whatever tables are missing; the directory must exist */
    bool read_only;     /* this handle never writes: storage_write_begin answers AISLE_READ_ONLY */
    uint64_t map_bytes; /* address space, taken as it is; 0: LIMIT_MAP_BYTES, or a sixteenth of ulimit -v if that is
                           less, halved until the system grants it, but never below 4 times the data file and 1 GiB */
};

/*
 * Opens the storage in directory. options may be NULL (all zero). map_bytes counts only where the directory is not
 * open in this process yet.
 *
 * read_only on a directory that this process may not write opens a read-only environment, which later handles of the
 * process share. Readers still register in the lock file, so its file must be writable. Where neither the lock file
 * nor the directory can be written, readers go unregistered: a writer of another user would not know of them and
 * could reuse pages under their eyes, so nobody may write a catalog while such readers are on it. (A read-only file
 * system needs no lock.)
 *
 * AISLE_NOT_FOUND when nothing is there and create is false; AISLE_CORRUPT, AISLE_NEWER_FORMAT, AISLE_PERMISSION,
 * AISLE_DISK_FULL, AISLE_NO_MEMORY (also: not enough address space), AISLE_LIMIT (too many open files), AISLE_IO.
 */
must_check int storage_open(const char *directory, const struct storage_options *options, struct storage **out,
                            aisle_error *error);

/* Closes the handle, and the environment with the last one; NULL is allowed. */
void storage_close(struct storage *storage);

/* The directory as its first opener named it, for messages; lives as long as the handle. */
const char *storage_path(const struct storage *storage);

/* Whether the handle was opened before a fork, so that it is dead in this process. */
must_check bool storage_forked(const struct storage *storage);

/* ------------------------------------------------------------------------------------------ transactions -- */

/*
 * Begins a read transaction at the last commit. Finished ones are kept and renewed, so this costs some tens of
 * nanoseconds and allocates nothing in the steady state. Hold it briefly: the space of whatever is deleted after it
 * began cannot be reused until it ends. A thread may have several.
 * AISLE_READERS_FULL when all reader slots of all processes are taken; AISLE_MAP_FULL when another process has grown
 * the data past this process's map: close every handle and open again, with more address space. (The map is never
 * moved in place, because addresses in it are kept from snapshot to snapshot.) AISLE_FORKED, AISLE_NO_MEMORY,
 * AISLE_CORRUPT.
 */
must_check int storage_read_begin(struct storage *storage, struct storage_txn **out, aisle_error *error);

/* Ends a read transaction; NULL is allowed. */
void storage_read_end(struct storage_txn *txn);

/*
 * From then on other threads may get records of the table in this read transaction, too, as long as it lasts; before, a
 * transaction is one thread's at a time. Errors of storage_get.
 */
must_check int storage_read_share(struct storage_txn *txn, enum storage_table table);

/*
 * What a storage_get in this read transaction has failed with, of any thread, but for AISLE_END and AISLE_CORRUPT; 0:
 * none has. For who reads on behind one and would take what is missing for damage.
 */
int storage_read_failure(const struct storage_txn *txn);

/* The number of the commit that a read transaction sees: equal ones of one handle see the same. */
uint64_t storage_read_number(const struct storage_txn *txn);

/*
 * Begins the write transaction, after clearing away the reader slots of dead processes. Waits while another process
 * writes; answers AISLE_BUSY at once while this process does (waiting for one's own thread would be for ever).
 * AISLE_READ_ONLY for a read-only handle, AISLE_MAP_FULL as above, AISLE_FORKED, AISLE_NO_MEMORY, AISLE_CORRUPT.
 */
must_check int storage_write_begin(struct storage *storage, struct storage_txn **out, aisle_error *error);

/*
 * Makes the changes durable and visible; the transaction is gone whatever the answer. On failure nothing of it is
 * visible: AISLE_DISK_FULL, AISLE_MAP_FULL, AISLE_IO, AISLE_NO_MEMORY, AISLE_CORRUPT, AISLE_FORKED. A transaction in
 * which a put or delete failed is discarded, and that failure answered again.
 * After an AISLE_IO that struck the very page which announces the commit, LMDB refuses the environment: all handles of
 * the directory answer AISLE_IO, for reading, too, until the last of them is closed.
 */
must_check int storage_commit(struct storage_txn *txn, aisle_error *error);

/* Discards the changes of a write transaction; NULL is allowed. */
void storage_abort(struct storage_txn *txn);

/* ----------------------------------------------------------------------------------------------- records -- */

/* The value of key, a view. 0, AISLE_END when absent, AISLE_INVALID for an empty key, AISLE_CORRUPT. */
must_check int storage_get(struct storage_txn *txn, enum storage_table table, struct bytes key, struct bytes *value);

/*
 * Sets the value of key, new or not; both are copied. Values of n * 4096 - 16 bytes (from 1 page up) fill whole
 * pages; equal sizes reuse each other's space. AISLE_MAP_FULL, AISLE_LIMIT (more changes than one transaction
 * holds), AISLE_NO_MEMORY, AISLE_INVALID (key of a wrong size, or a read transaction), AISLE_CORRUPT.
 */
must_check int storage_put(struct storage_txn *txn, enum storage_table table, struct bytes key, struct bytes value);

/* Removes key and its value. 0, AISLE_END when absent, errors as storage_put. */
must_check int storage_delete(struct storage_txn *txn, enum storage_table table, struct bytes key);

/* ----------------------------------------------------------------------------------------------- cursors -- */

/* A cursor over the keys of one table in memcmp order, before its first seek. AISLE_NO_MEMORY, AISLE_CORRUPT. */
must_check int storage_cursor_open(struct storage_txn *txn, enum storage_table table, struct storage_cursor **out);

/* Moves to the first key that is not below lowest_key (empty: the first of all). 0 and views, or AISLE_END. */
must_check int storage_cursor_seek(struct storage_cursor *cursor, struct bytes lowest_key, struct bytes *key,
                                   struct bytes *value);

/*
 * Moves to the next key; before the first seek, to the first. 0 and views, or AISLE_END, after which it stays at the
 * end. In a write transaction, seek again after a put or delete in the same table.
 */
must_check int storage_cursor_next(struct storage_cursor *cursor, struct bytes *key, struct bytes *value);

/* Closes; NULL is allowed. */
void storage_cursor_close(struct storage_cursor *cursor);

/* --------------------------------------------------------------------------------------- records kept aside -- */

/*
 * From here on, what the write transaction puts into TABLE_META, TABLE_MANIFEST and TABLE_PAGES is kept aside: durable
 * with its commit, but in its table only once a later transaction puts it there. Gets see the tables alone. What is put
 * into other tables is not kept aside. Keys of at most 500 bytes (AISLE_INVALID).
 *
 *   ON DISK: in TABLE_META under "aside/" and a letter for the table, 'm', 'l' (manifest) or 'p', then the key
 */
void storage_aside_begin(struct storage_txn *txn);

/* What is kept aside for key, a view; an empty key: for the first there is, whatever it is. 0, AISLE_END: nothing. */
must_check int storage_aside_get(struct storage_txn *txn, enum storage_table table, struct bytes key,
                                 struct bytes *value);

/* Puts all that is kept aside where it belongs or, without keep, forgets it. Errors as storage_put. */
must_check int storage_aside_end(struct storage_txn *txn, bool keep);

/* ----------------------------------------------------------------------------------- space and durability -- */

struct storage_space {
    uint64_t file_bytes; /* size of the data file */
    uint64_t used_bytes; /* of it, the pages in use */
    uint64_t free_pages; /* pages that writers can fill before the file grows, once no reader holds them */
    uint32_t readers;    /* read transactions under way now, in all processes */
};

/* Size of the data file; 0 if the system does not tell or the handle is forked. */
uint64_t storage_file_bytes(struct storage *storage);

/* Fills out; walks the list of free pages. Errors as storage_read_begin. */
must_check int storage_space(struct storage *storage, struct storage_space *out, aisle_error *error);

/* A read transaction under way. */
struct storage_reader {
    int64_t pid;           /* of its process */
    uint64_t snapshot;     /* number of the commit that it sees */
    uint64_t behind;       /* commits since */
    uint64_t pinned_bytes; /* free pages that writers may not reuse before it ends; pinned by others, too, perhaps */
};

/*
 * Lists the read transactions of all processes, the oldest snapshot first; slots of dead processes are cleared away
 * before. *out: the caller's to free with mem_free; NULL when there are none. Readers of environments that can write
 * no lock file are unknown (storage_open). Errors as storage_read_begin.
 */
must_check int storage_readers(struct storage *storage, struct storage_reader **out, uint32_t *count,
                               aisle_error *error);

/*
 * fast: commits return without waiting for the disk, so a crash of the machine may leave the whole storage damaged.
 * Only for a storage that nobody relies on yet, as a copy before it is whole. Turning it off syncs, as does closing
 * the handle that turned it on. AISLE_BUSY in a write transaction; AISLE_IO, AISLE_DISK_FULL, AISLE_READ_ONLY,
 * AISLE_CORRUPT, AISLE_FORKED.
 */
must_check int storage_set_fast(struct storage *storage, bool fast, aisle_error *error);

/*
 * Verifies all of the storage's own structures, as opening does, and the first page of every value too. What the values
 * hold is not looked at. AISLE_CORRUPT (the message names the page), AISLE_NO_MEMORY, AISLE_READERS_FULL, AISLE_FORKED.
 */
must_check int storage_check(struct storage *storage, aisle_error *error);

/*
 * Removes what tells directory's data file from an older one (storage/seal.h): to be done before another data file is
 * put in its place, whose commits are numbered anew.
 */
void storage_break_seal(const char *directory);

/* ------------------------------------------------------------------------------------------------ copies -- */

/* Looks at one record of a copy under way: 0 copies it, AISLE_END leaves it out, an error ends the copy with it. */
typedef int storage_copy_choice(void *context, enum storage_table table, struct bytes key, struct bytes value);

/*
 * Writes what the read transaction sees into a new storage in directory, which must exist and hold none, with no free
 * pages in between, and syncs it. Writers go on meanwhile, but the space of what they delete waits. choose may be
 * NULL (everything). On failure directory holds part of a storage, for the caller to remove. The directory itself is
 * not synced. Errors of reading, of storage_open and of storage_commit.
 */
must_check int storage_copy(struct storage_txn *from, const char *directory, storage_copy_choice *choose, void *context,
                            aisle_error *error);

/* ------------------------------------------------------------------------------------------------- locks -- */

/*
 * Takes the lock that the file stands for, creating the file when it is missing, and writes this process's id into
 * it. AISLE_BUSY at once when another storage_lock holds it, in this or another process; the message names the
 * holder's process id if the file tells. The lock is the process's, dies with it however it dies, and is not
 * inherited by a child. The file stays: never delete it while anyone may hold it. AISLE_PERMISSION, AISLE_NOT_FOUND
 * (no such directory), AISLE_DISK_FULL (no room for the file), AISLE_NO_MEMORY, AISLE_IO.
 */
must_check int storage_lock_acquire(const char *file_path, struct storage_lock **out, aisle_error *error);

/*
 * Two more locks of the same life, on a file that exists for another purpose and is not changed: any number share it
 * (who may only read it, too), or one excludes all others, this process's other locks included. AISLE_BUSY at once.
 */
must_check int storage_lock_share(const char *file_path, struct storage_lock **out, aisle_error *error);
must_check int storage_lock_exclude(const char *file_path, struct storage_lock **out, aisle_error *error);

/*
 * 0 when no process has the storage in directory open, AISLE_BUSY when one has, however it came to it: by this library
 * or by LMDB's own tools. Not to be asked while this process has it open: the answer would cost it LMDB's locks.
 */
must_check int storage_check_unused(const char *directory, aisle_error *error);

/* Whether the locked file is the one that file_path names now: it may have been moved, removed or replaced. */
must_check bool storage_lock_is_at(const struct storage_lock *lock, const char *file_path);

/* Releases; NULL is allowed. */
void storage_lock_release(struct storage_lock *lock);

/* ------------------------------------------------------------------------------------------ file systems -- */

/*
 * AISLE_NETWORK_FS when path (which must exist) lies on a file system whose locks and maps are not those of one
 * machine, else 0. FUSE is let through: its number does not tell an sshfs from a local disk. AISLE_NOT_FOUND,
 * AISLE_PERMISSION, AISLE_IO.
 */
must_check int storage_filesystem_check(const char *path, aisle_error *error);

/* The name ("NFS") of the network or cluster file system with this statfs number; NULL for any other. */
const char *storage_network_filesystem(uint64_t magic);

/* ------------------------------------------------------------------------------------------------ errors -- */

/*
 * Translates a code of LMDB or an errno into an AISLE_ code, fills error (may be NULL) with "what: reason (path)"
 * and returns the code; 0 stays 0. path may be NULL.
 */
int storage_error(int lmdb_code, const char *what, const char *path, aisle_error *error);

/*
 * Tests only: the n-th call of LMDB from now (1 is the next), in whatever thread, fails with lmdb_code, once or,
 * with persistent, from then on; 0 turns it off. storage_failed: whether it has struck since; storage_fault_calls: how
 * many calls there were since, while it was on.
 */
void storage_fail_at(unsigned long n, int persistent, int lmdb_code);
bool storage_failed(void);
unsigned long storage_fault_calls(void);

#endif
