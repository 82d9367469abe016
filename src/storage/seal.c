/*
 * seal.c - checking the data file's structures when it is opened, and sealing each commit.
 *
 * A seal is read before the commit that it is compared with is looked up, so that a writer at work in another process
 * can only make the commit newer than the seal, never older.
 */
#include "storage/seal.h"
#include "storage/lmdb_call.h"

#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEAL_VERSION 2u
#define TRIES 20u /* what is read while a writer writes it is read again */
#define TRY_US 2000u

/* Commits that may come while the last one is being looked up, before its number is taken for damaged. */
#define HOLD_TRIES 1000u

static bool decode(const uint8_t *slot, struct seal *out)
{
    if (load_u32(slot) != hash_checksum(slot + 4, SEAL_BYTES - 4) || load_u32(slot + 4) != SEAL_VERSION) {
        return false;
    }
    *out = (struct seal){.number = load_u64(slot + 8),
                         .file = load_u64(slot + 16),
                         .trees = load_u64(slot + 24),
                         .meta = load_u64(slot + 32),
                         .other_meta = load_u64(slot + 40)};
    return true;
}

/*
 * Tells the data file from any other that had or takes its place: its inode, and when that was born, since numbers of
 * inodes are given out again. 0 when the system does not say.
 */
static uint64_t identify_data(const struct environment *env)
{
    struct statx file;
    if (statx(env->directory_fd, DATA_FILE, 0, STATX_INO | STATX_BTIME, &file) != 0) {
        return 0;
    }
    const uint64_t has_birth = (file.stx_mask & STATX_BTIME) != 0; /* else, the time is 0 */
    const uint64_t parts[] = {file.stx_ino, has_birth * (uint64_t)file.stx_btime.tv_sec,
                              has_birth * file.stx_btime.tv_nsec};
    return hash_bytes(parts, sizeof parts);
}

void seal_decode(const uint8_t slots[2 * SEAL_BYTES], uint64_t file, struct seal *out)
{
    struct seal slot;
    *out = (struct seal){0};
    for (unsigned i = 0; i < 2; i++) {
        if (decode(slots + i * SEAL_BYTES, &slot) && slot.file == file && slot.number > out->number) {
            *out = slot;
        }
    }
}

static void read_seal(struct environment *env, struct seal *out)
{
    uint8_t slots[2 * SEAL_BYTES] = {0};
    *out = (struct seal){0};
    uint64_t file = identify_data(env);
    int fd = openat(env->directory_fd, SEAL_FILE, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    (void)!read(fd, slots, sizeof slots);
    (void)close(fd);
    seal_decode(slots, file, out);
}

static int damaged(struct environment *env, const char *what, aisle_error *error)
{
    return error_set(error, AISLE_CORRUPT, "the data is damaged: %s (%s/" DATA_FILE ")", what, env->path);
}

/* ---------------------------------------------------------------------------------------------------- meta pages -- */

/* Reads both meta pages; false when there are none to read. */
static bool read_metas(int fd, uint8_t pages[2][META_HEAD_BYTES + META_BYTES])
{
    ssize_t size = META_HEAD_BYTES + META_BYTES;
    if (pread(fd, pages[0], (size_t)size, 0) != size) {
        return false;
    }
    struct structure_meta meta;
    structure_meta_read(pages[0], &meta);
    bool is_size = meta.page_bytes >= PAGE_BYTES_MIN && meta.page_bytes <= PAGE_BYTES_MAX;
    /* Where the first page does not tell the size, the second is looked for where it is as a rule. */
    return pread(fd, pages[1], (size_t)size, is_size ? meta.page_bytes : sysconf(_SC_PAGESIZE)) == size;
}

bool seal_fits_metas(const struct seal *seal, const uint8_t *const pages[2], char *fault, size_t fault_size)
{
    struct structure_meta own;
    struct structure_meta other;
    structure_meta_read(pages[seal->number % 2], &own);
    structure_meta_read(pages[1 - seal->number % 2], &other);
    const char *what = NULL;
    if (own.number < seal->number) { /* and then so is the other: they follow each other */
        what = "the last commit has vanished; if the file was put back from a copy, remove \"" SEAL_FILE "\"";
    } else if (own.number == seal->number && own.hash != seal->meta) {
        what = "not what the last commit wrote";
    } else if (other.number == seal->number + 1 && own.number == seal->number && other.hash == seal->other_meta) {
        what = "an earlier commit under a later number";
    }
    if (what != NULL) {
        snprintf(fault, fault_size, "pages 0 and 1: %s", what);
    }
    return what == NULL;
}

int seal_check_metas(struct environment *env, aisle_error *error)
{
    uint8_t pages[2][META_HEAD_BYTES + META_BYTES];
    const uint8_t *const views[2] = {pages[0], pages[1]};
    char fault[112] = "";
    struct seal seal;
    bool sound = false;
    read_seal(env, &seal);
    int fd = openat(env->directory_fd, DATA_FILE, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? 0 : storage_error(errno, "cannot open " DATA_FILE, env->path, error);
    }
    for (unsigned i = 0; i < TRIES && !sound; i++) {
        if (i != 0) {
            (void)usleep(TRY_US);
        }
        sound = !read_metas(fd, pages) || (structure_metas_sound(views, fault, sizeof fault) &&
                                           (seal.number == 0 || seal_fits_metas(&seal, views, fault, sizeof fault)));
    }
    (void)close(fd);
    return sound ? 0 : damaged(env, fault, error);
}

/* --------------------------------------------------------------------------------------------------------- trees -- */

/* The last commit, held by a transaction, with the file mapped as long as it was when that began. */
struct held {
    MDB_txn *txn;
    uint8_t *own_map; /* where LMDB's is not known yet; file_bytes of it */
    struct structure_walk walk;
    struct structure_meta meta;
    struct structure_meta other_meta; /* perhaps being written by another process */
};

static void let_go(struct held *held)
{
    mdb_txn_abort(held->txn);
    if (held->own_map != NULL) {
        (void)munmap(held->own_map, held->walk.file_bytes);
    }
    held->txn = NULL;
    held->own_map = NULL;
}

/* 0 or an LMDB code; either way let_go is due. */
static int hold_once(struct environment *env, struct held *held)
{
    struct stat file;
    int rc = held->walk.hash_only ? 0 : lmdb_fault(); /* sealing may fail unseen, so tests are not to make it */
    rc = rc == 0 ? mdb_txn_begin(env->lmdb, NULL, MDB_RDONLY, &held->txn) : rc;
    if (rc != 0) {
        return rc;
    }
    if (fstat(env->data_fd, &file) != 0) { /* GCOVR_EXCL_BR_LINE: it is open */
        return errno;                      /* GCOVR_EXCL_LINE */
    }
    held->walk.file_bytes = (uint64_t)file.st_size;
    held->walk.map = env->map;
    if (env->map == NULL) {
        void *map = mmap(NULL, held->walk.file_bytes, PROT_READ, MAP_SHARED, env->data_fd, 0);
        if (map == MAP_FAILED) { /* GCOVR_EXCL_BR_LINE: no room for it beside LMDB's map */
            return errno;        /* GCOVR_EXCL_LINE */
        }
        (void)madvise(map, held->walk.file_bytes, MADV_RANDOM); /* around a page of a tree lie values */
        held->own_map = map;
        held->walk.map = map;
    }
    return 0;
}

/*
 * Whether the pages at hand are those of the commit that number names, and were nothing else when they were read: it is
 * the last one still, or what came after it has not been announced. (See settle in txn.c. A writer that was killed
 * between writing its meta page and announcing it leaves the latter until somebody writes again.)
 */
static int is_settled(struct environment *env, size_t number, bool *settled)
{
    MDB_envinfo info;
    MDB_txn *second = NULL;
    int rc = 0;
    (void)mdb_env_info(env->lmdb, &info); /* which cannot fail */
    *settled = info.me_last_txnid == number;
    if (!*settled) {
        rc = mdb_txn_begin(env->lmdb, NULL, MDB_RDONLY, &second);
        *settled = rc == 0 && mdb_txn_id(second) == number;
        mdb_txn_abort(second);
    }
    return rc;
}

/*
 * Begins to read the last commit and copies its meta page. While this thread sleeps the page may be written over by the
 * commit after the next; then it starts again. A number damaged while the file is open would make it start again for
 * ever, hence the bound. 0 or an LMDB code; either way let_go is due.
 */
static int hold(struct environment *env, struct held *held)
{
    for (unsigned i = 0; i < HOLD_TRIES; i++) {
        bool settled;
        int rc = hold_once(env, held);
        if (rc != 0) {
            return rc;
        }
        size_t number = mdb_txn_id(held->txn);
        structure_meta_read(held->walk.map + number % 2 * env->page_bytes, &held->meta);
        structure_meta_read(held->walk.map + (1 - number % 2) * env->page_bytes, &held->other_meta);
        rc = is_settled(env, number, &settled);
        if (rc != 0 || settled) {
            return rc == 0 && held->meta.number != number ? MDB_CORRUPTED : rc;
        }
        let_go(held);
    }
    return MDB_CORRUPTED;
}

static int check_trees_once(struct environment *env, struct held *held, aisle_error *error)
{
    struct seal seal;
    read_seal(env, &seal);
    int rc = hold(env, held);
    int status = rc == 0 ? structure_walk(&held->walk, &held->meta) : 0;
    let_go(held);
    if (rc != 0) {
        return environment_error(env, rc, "cannot verify the data", error);
    }
    if (status == AISLE_NO_MEMORY) {
        return error_no_memory(error, "verifying the data");
    }
    if (status != 0) {
        return damaged(env, held->walk.fault, error);
    }
    bool sealed = seal.number != 0 && held->meta.number == seal.number;
    if (sealed && (held->walk.hash != seal.trees || held->meta.hash != seal.meta)) {
        return damaged(env, "the pages of its trees are not those that the last commit wrote", error);
    }
    return 0;
}

/*
 * Whether what was found may be a writer's doing, in another process: the file is lengthened only after a commit
 * (environment_extend), and pages are reused under the eyes of a reader who can write no lock file.
 */
static bool is_passing(struct environment *env, const struct held *held)
{
    MDB_envinfo info;
    unsigned flags = 0;
    bool is_short = held->meta.page_bytes != 0 && held->meta.last_page >= held->walk.file_bytes / held->meta.page_bytes;
    bool unseen = mdb_env_get_flags(env->lmdb, &flags) == 0 && (flags & MDB_NOLOCK) != 0;
    return is_short || (unseen && mdb_env_info(env->lmdb, &info) == 0 && info.me_last_txnid != held->meta.number);
}

int seal_check_trees(struct environment *env, bool heads, aisle_error *error)
{
    aisle_error found = {.code = 0};
    int status = AISLE_CORRUPT;
    for (unsigned i = 0; i < TRIES && status == AISLE_CORRUPT; i++) {
        struct held held = {.walk = {.heads = heads, .ahead = true}};
        if (i != 0) {
            (void)usleep(TRY_US);
        }
        status = check_trees_once(env, &held, &found);
        if (!is_passing(env, &held)) {
            break;
        }
    }
    if (status != 0 && error != NULL) {
        *error = found;
    }
    return status;
}

/*
 * Hashes the trees of the commit that is held: from those of the commit before it, if the seal is of that one and its
 * meta page is still there, else whole. The commit before it has its pages as long as this one is held: LMDB reuses
 * what a commit freed only when no reader of that or an earlier commit is left.
 */
static bool hash_trees(struct held *held, const struct seal *before)
{
    const struct structure_meta *other = &held->other_meta;
    int status = AISLE_NO_MEMORY;
    if (before->number + 1 == held->meta.number && other->number == before->number && other->hash == before->meta) {
        held->walk.hash = before->trees;
        status = structure_follow(&held->walk, other, &held->meta);
    }
    status = status == AISLE_NO_MEMORY ? structure_walk(&held->walk, &held->meta) : status; /* which needs none */
    return status == 0;
}

static void write_slot(struct environment *env, const uint8_t slot[SEAL_BYTES], uint64_t index)
{
    int fd = openat(env->directory_fd, SEAL_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd >= 0) {
        (void)!pwrite(fd, slot, SEAL_BYTES, (off_t)(index * SEAL_BYTES));
        (void)close(fd);
    }
}

void seal_write(struct environment *env)
{
    uint8_t slot[SEAL_BYTES];
    struct held held = {.walk = {.hash_only = true}};
    struct seal before;
    unsigned flags = 0;
    (void)mdb_env_get_flags(env->lmdb, &flags); /* which cannot fail */
    if ((flags & MDB_NOSYNC) != 0) {
        return; /* what is not durable may be older than its seal after a crash */
    }
    read_seal(env, &before);
    bool held_well = hold(env, &held) == 0;
    bool is_sealed = held_well && before.number == held.meta.number && before.meta == held.meta.hash; /* no change */
    bool to_seal = held_well && !is_sealed && hash_trees(&held, &before);
    let_go(&held);
    if (!to_seal) {
        return;
    }
    store_u32(slot + 4, SEAL_VERSION);
    store_u64(slot + 8, held.meta.number);
    store_u64(slot + 16, identify_data(env));
    store_u64(slot + 24, held.walk.hash);
    store_u64(slot + 32, held.meta.hash);
    store_u64(slot + 40, held.other_meta.hash);
    store_u32(slot, hash_checksum(slot + 4, SEAL_BYTES - 4));
    write_slot(env, slot, held.meta.number % 2);
}

void storage_break_seal(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)unlinkat(fd, SEAL_FILE, 0);
        (void)fsync(fd);
        (void)close(fd);
    }
}
