/*
 * env.c - opening and closing one LMDB environment.
 *
 * Decides the size of the map, the flags that the permissions of the directory allow, opens the tables, and sees to
 * it that the data file is as long as its pages claim, because a map reaching past the end of its file kills the
 * program at the first touch. Has the structures verified before anything is read through them (seal.c). Sharing among
 * handles is env_registry.c's.
 *
 * Flags, and those not used
 *   MDB_NOTLS       read transactions belong to no thread, so a pool can hold them.
 *   MDB_NORDAHEAD   queries touch single pages of a map larger than memory.
 *   MDB_WRITEMAP    never: a stray write could damage the file, and durable commits are slower.
 *   MDB_NOMEMINIT   never: it would leak heap contents into the file; only the last page of a value is cleared.
 *   MDB_NOLOCK      only where neither lock file nor directory can be written: see storage_open.
 */
#include "storage/environment.h"
#include "storage/lmdb_call.h"
#include "storage/seal.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LOCK_FILE_BYTES 65536 /* LMDB's, for LIMIT_READERS */
#define FREE_LIST 0u /* LMDB's own table of free pages, readable like any other */
#define MAP_FLOOR_BYTES (UINT64_C(1) << 30)
#define OPEN_TRIES 40u /* while others open it, too */
#define OPEN_TRY_US 500u
#define MAP_SHARE 16u /* of a limited address space (ulimit -v) the part one map asks for first: heaps live there too */
#define DISK_MARGIN_BYTES (UINT64_C(1) << 20) /* less than this left after a failed write: the disk was full */

/* ON DISK */
static const char *const table_names[TABLE_COUNT] = {
    [TABLE_META] = "meta",   [TABLE_MANIFEST] = "manifest", [TABLE_EXTENTS] = "extents",
    [TABLE_PAGES] = "pages", [TABLE_VALUES] = "values",     [TABLE_DICTIONARIES] = "dictionaries",
};

/* A write that stops half-way on a full disk is EIO to LMDB. */
static bool disk_is_full(struct environment *env)
{
    struct statvfs room;
    struct rlimit limit;
    struct stat file;
    if (fstatvfs(env->data_fd, &room) == 0 && (uint64_t)room.f_bavail * room.f_frsize < DISK_MARGIN_BYTES) {
        return true;
    }
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
           fstat(env->data_fd, &file) == 0 && (uint64_t)file.st_size + DISK_MARGIN_BYTES > limit.rlim_cur;
}

int environment_error(struct environment *env, int lmdb_code, const char *what, aisle_error *error)
{
    if (lmdb_code == EIO && disk_is_full(env)) {
        lmdb_code = ENOSPC;
    }
    if (lmdb_code == MDB_CORRUPTED && atomic_load(&env->note_ready)) {
        return error_set(error, AISLE_CORRUPT, "%s: the data is damaged: %s (%s)", what, env->note, env->path);
    }
    return storage_error(lmdb_code, what, env->path, error);
}

/* ----------------------------------------------------------------------------------------- free pages, length -- */

int environment_walk_free(MDB_txn *txn, environment_free_record *visit, void *context)
{
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val record;
    int rc = lmdb_cursor_open(txn, FREE_LIST, &cursor);
    if (rc != 0) {
        return rc;
    }
    while ((rc = lmdb_cursor_get(cursor, &key, &record, MDB_NEXT)) == 0) {
        /* key = commit; record = count, count page numbers; all size_t. A record may have unused room behind. */
        const size_t *pages = record.mv_data;
        size_t room = record.mv_size / sizeof *pages;
        size_t commit = 0;
        if (room == 0 || pages[0] > room - 1 || key.mv_size != sizeof commit) {
            rc = MDB_CORRUPTED;
            break;
        }
        memcpy(&commit, key.mv_data, sizeof commit);
        visit(context, commit, pages + 1, pages[0]);
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

struct free_pages {
    uint64_t from;
    uint64_t total;
    uint64_t behind;
};

static void add_free_pages(void *context, uint64_t commit, const size_t *pages, size_t count)
{
    struct free_pages *sum = context;
    (void)commit;
    sum->total += count;
    for (size_t i = 0; i < count && sum->from != UINT64_MAX; i++) {
        sum->behind += pages[i] >= sum->from;
    }
}

int environment_free_pages(MDB_txn *txn, uint64_t from, uint64_t *total, uint64_t *behind)
{
    struct free_pages sum = {.from = from};
    int rc = environment_walk_free(txn, add_free_pages, &sum);
    *total = sum.total;
    *behind = sum.behind;
    return rc;
}

/* Bytes that the last commit speaks of, and bytes that there are. */
static int measure(struct environment *env, uint64_t *claimed, uint64_t *present)
{
    MDB_envinfo info;
    struct stat file;
    int rc = lmdb_fault();
    rc = rc == 0 ? mdb_env_info(env->lmdb, &info) : rc;
    if (rc == 0 && fstat(env->data_fd, &file) != 0) {
        rc = errno;
    }
    if (rc == 0) {
        *claimed = ((uint64_t)info.me_last_pgno + 1) * env->page_bytes;
        *present = (uint64_t)file.st_size;
    }
    return rc;
}

/*
 * Lengthens a short file to what its last commit claims, under LMDB's writer mutex, so that no writer of another
 * process is lengthening it at the same time. *present: the length before.
 */
static int lengthen(struct environment *env, uint64_t *claimed, uint64_t *present)
{
    MDB_txn *txn = NULL;
    int rc = lmdb_fault();
    if (rc == 0) {
        rc = mdb_txn_begin(env->lmdb, NULL, 0, &txn);
    }
    if (rc != 0) {
        return rc;
    }
    rc = measure(env, claimed, present);
    if (rc == 0 && *present < *claimed && ftruncate(env->data_fd, (off_t)*claimed) != 0) {
        rc = errno;
    }
    mdb_txn_abort(txn);
    return rc;
}

int environment_extend(struct environment *env)
{
    uint64_t claimed = 0;
    uint64_t present = 0;
    int rc = measure(env, &claimed, &present);
    return rc == 0 && present < claimed ? lengthen(env, &claimed, &present) : rc;
}

/* Whether all pages of the last commit from byte present on are free; MDB_CORRUPTED if not. */
static int check_tail(struct environment *env, uint64_t claimed, uint64_t present)
{
    MDB_txn *txn = NULL;
    uint64_t first = present / env->page_bytes;
    uint64_t total = 0;
    uint64_t behind = 0;
    int rc = lmdb_fault();
    rc = rc == 0 ? mdb_txn_begin(env->lmdb, NULL, MDB_RDONLY, &txn) : rc;
    if (rc != 0) {
        return rc;
    }
    rc = environment_free_pages(txn, first, &total, &behind);
    mdb_txn_abort(txn);
    return rc == 0 && behind < claimed / env->page_bytes - first ? MDB_CORRUPTED : rc;
}

/*
 * A file shorter than its last commit claims was cut, unless the missing pages are all free: a commit does not write
 * pages that it both took and gave back, and the writer may have died before environment_extend. Telling the two
 * apart means reading the free list, which may itself lie in the missing part; so the file is lengthened by a hole
 * first, where LMDB finds zeros and not the end of the program, and shortened again if it was cut.
 */
static int check_length(struct environment *env, aisle_error *error)
{
    uint64_t claimed = 0;
    uint64_t present = 0;
    int rc = measure(env, &claimed, &present);
    if (rc != 0 || present >= claimed) {
        return storage_error(rc, "cannot open", env->path, error);
    }
    if (!env->read_only) {
        rc = lengthen(env, &claimed, &present);
        if (rc == 0 && present < claimed) {
            rc = check_tail(env, claimed, present);
        }
        if (rc == 0) {
            return 0;
        }
        if (rc != MDB_CORRUPTED && rc != MDB_PAGE_NOTFOUND) {
            return environment_error(env, rc, "cannot open", error);
        }
        (void)!ftruncate(env->data_fd, (off_t)present);
    }
    return error_set(error, AISLE_CORRUPT, "the data file was cut short: %llu bytes, %llu expected (%s/" DATA_FILE ")",
                     (unsigned long long)present, (unsigned long long)claimed, env->path);
}

/* ---------------------------------------------------------------------------------------------------- opening -- */

struct plan {
    unsigned flags;
    bool read_only;
    bool lock_writable; /* the lock file, or the directory that it will be made in */
    uint64_t file_bytes;
};

static bool writable(int directory_fd, const char *name)
{
    return faccessat(directory_fd, name, W_OK, AT_EACCESS) == 0;
}

/* What the state of the directory and its permissions allow. */
static int make_plan(struct environment *env, const struct storage_options *options, struct plan *plan,
                     aisle_error *error)
{
    struct stat data;
    struct stat lock;
    bool directory_writable = writable(env->directory_fd, ".");
    bool lock_exists = fstatat(env->directory_fd, LOCK_FILE, &lock, 0) == 0;
    bool lock_writable = lock_exists ? writable(env->directory_fd, LOCK_FILE) : directory_writable;
    *plan = (struct plan){.flags = MDB_NOTLS | MDB_NORDAHEAD, .lock_writable = lock_writable};
    if (fstatat(env->directory_fd, DATA_FILE, &data, 0) != 0) {
        if (errno != ENOENT || !options->create) {
            return storage_error(errno, "cannot open " DATA_FILE, env->path, error);
        }
        (void)unlinkat(env->directory_fd, SEAL_FILE, 0); /* of data that is no more */
        return directory_writable ? 0 : storage_error(EACCES, "cannot create " DATA_FILE, env->path, error);
    }
    if (data.st_size == 0 && !options->create) {
        return error_set(error, AISLE_CORRUPT, "the data file is empty (%s/" DATA_FILE ")", env->path);
    }
    plan->file_bytes = (uint64_t)data.st_size;
    plan->read_only = !writable(env->directory_fd, DATA_FILE) || !lock_writable;
    if (plan->read_only && !options->read_only) {
        return storage_error(EACCES, "cannot open for writing", env->path, error);
    }
    if (plan->read_only) {
        plan->flags |= MDB_RDONLY;
        plan->flags |= !lock_writable && !directory_writable ? MDB_NOLOCK : 0u;
    }
    return 0;
}

/*
 * Takes the disk space of the lock file before LMDB maps it. LMDB leaves it a hole, and a page of a hole that is first
 * written on a full disk kills the program by a bus error: any that opens the directory, and any that searches, since
 * readers register there. A file of another size is another program's, and left as it is. 0 or an errno.
 *
 * No descriptor of the file is open in this process, whose locks closing this one would drop: see env_registry.c.
 */
static int reserve_lock_file(struct environment *env)
{
    struct stat file;
    int rc = 0;
    int fd = openat(env->directory_fd, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || fstat(fd, &file) != 0) {
        rc = errno;
    } else if (file.st_size == 0 || (file.st_size == LOCK_FILE_BYTES && file.st_blocks * 512 < LOCK_FILE_BYTES)) {
        rc = fallocate(fd, 0, 0, LOCK_FILE_BYTES) == 0 || errno == EOPNOTSUPP ? 0 : errno;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}

/* One try at a map of map_bytes. 0 or an LMDB code; on failure nothing is left. */
static int open_lmdb(struct environment *env, const struct plan *plan, uint64_t map_bytes)
{
    MDB_env *lmdb = NULL;
    int rc = lmdb_fault();
    if (rc == 0) {
        rc = mdb_env_create(&lmdb);
    }
    if (rc != 0) {
        return rc;
    }
    rc = lmdb_fault();
    if (rc == 0) {
        rc = mdb_env_set_mapsize(lmdb, map_bytes);
    }
    if (rc == 0) {
        rc = mdb_env_set_maxreaders(lmdb, LIMIT_READERS);
    }
    if (rc == 0) {
        rc = mdb_env_set_maxdbs(lmdb, TABLE_COUNT);
    }
    if (rc == 0) {
        rc = lmdb_catch_assertions(lmdb, env);
    }
    if (rc == 0) {
        rc = lmdb_fault();
    }
    if (rc == 0) {
        rc = mdb_env_open(lmdb, env->path, plan->flags, 0644);
    }
    if (rc != 0) {
        mdb_env_close(lmdb);
        return rc;
    }
    env->lmdb = lmdb;
    return 0;
}

/*
 * Whether the lock file tells the last commit. The first to open it writes it and all others wait for that, but when
 * the first fails or is killed on its way, LMDB lets them in to what it had written so far: no magic number, or commit
 * 0, with which a reader sees either meta page and a writer's commit is number 1.
 */
static int tells_commit(MDB_env *lmdb, bool *told)
{
    MDB_envinfo info;
    MDB_txn *txn = NULL;
    int rc = lmdb_fault();
    rc = rc == 0 ? mdb_txn_begin(lmdb, NULL, MDB_RDONLY, &txn) : rc;
    if (rc == 0) {
        (void)mdb_env_info(lmdb, &info); /* which cannot fail */
        *told = mdb_txn_id(txn) != 0 || info.me_last_txnid == 0;
        mdb_txn_abort(txn);
    }
    return rc;
}

/* Opens again until this process is the first, or another was and has done its part. 0 or an LMDB code. */
static int open_told(struct environment *env, const struct plan *plan, uint64_t map_bytes)
{
    int rc = EBUSY;
    for (unsigned i = 0; i < OPEN_TRIES; i++) {
        bool told = false;
        rc = open_lmdb(env, plan, map_bytes);
        if (rc == 0) {
            rc = tells_commit(env->lmdb, &told);
            if (told) {
                return 0;
            }
            mdb_env_close(env->lmdb);
            env->lmdb = NULL;
            rc = rc == 0 ? EBUSY : rc;
        }
        if (rc != EBUSY && rc != MDB_INVALID && rc != MDB_VERSION_MISMATCH) {
            break;
        }
        /* Not all at the same pace, or each would find the others' locks for ever. */
        (void)usleep(OPEN_TRY_US * (1 + (unsigned)(getpid() + (int)i) % 7));
    }
    return rc;
}

static uint64_t first_map_bytes(uint64_t floor)
{
    struct rlimit limit;
    uint64_t bytes = LIMIT_MAP_BYTES;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur / MAP_SHARE < bytes) {
        bytes = limit.rlim_cur / MAP_SHARE;
    }
    return bytes < floor ? floor : bytes;
}

/*
 * Looks for room before LMDB does, whose failing would leave a lock file half written to others that open it
 * (tells_commit). What was there may be another thread's a moment later: then LMDB says so. 0 or an LMDB code.
 */
static int open_with_map(struct environment *env, const struct plan *plan, uint64_t map_bytes)
{
    void *room = mmap(NULL, map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return room != MAP_FAILED && munmap(room, map_bytes) == 0 ? open_told(env, plan, map_bytes) : ENOMEM;
}

/* Asks for address space, less and less of it. */
static int open_mapped(struct environment *env, const struct plan *plan, uint64_t wanted, aisle_error *error)
{
    uint64_t floor = plan->file_bytes * 4 + MAP_FLOOR_BYTES;
    uint64_t map_bytes = wanted != 0 ? wanted : first_map_bytes(floor);
    int rc = open_with_map(env, plan, map_bytes);
    while (rc == ENOMEM && wanted == 0 && map_bytes > floor) {
        map_bytes = map_bytes / 2 < floor ? floor : map_bytes / 2;
        rc = open_with_map(env, plan, map_bytes);
    }
    if (rc == ENOMEM) {
        return error_set(error, AISLE_NO_MEMORY, "no memory, or not %llu bytes of address space, to open %s",
                         (unsigned long long)map_bytes, env->path);
    }
    return storage_error(rc, "cannot open", env->path, error);
}

/* 0 or an LMDB code: MDB_NOTFOUND when a table is missing that flags do not create. */
static int open_tables(struct environment *env, unsigned transaction_flags, unsigned table_flags)
{
    MDB_txn *txn = NULL;
    int rc = lmdb_fault();
    if (rc == 0) {
        rc = mdb_txn_begin(env->lmdb, NULL, transaction_flags, &txn);
    }
    for (unsigned i = 0; rc == 0 && i < TABLE_COUNT; i++) {
        rc = lmdb_table_open(txn, table_names[i], table_flags, &env->tables[i]);
    }
    if (rc == 0) {
        return lmdb_commit(txn); /* of a read transaction too: aborting would close the tables again */
    }
    if (txn != NULL && !atomic_load(&env->poisoned)) {
        mdb_txn_abort(txn);
    }
    return rc;
}

static int open_or_create_tables(struct environment *env, bool create, aisle_error *error)
{
    int rc = open_tables(env, MDB_RDONLY, 0);
    if (rc == MDB_NOTFOUND && create && !env->read_only) {
        rc = open_tables(env, 0, MDB_CREATE);
    }
    if (rc == MDB_NOTFOUND) {
        return error_set(error, AISLE_CORRUPT, "the data file lacks a table (%s/" DATA_FILE ")", env->path);
    }
    return environment_error(env, rc, "cannot open the tables", error);
}

/*
 * LMDB does not tell where its map begins. A table's record stands in a page whose number has been verified, and that
 * page so many pages behind the beginning.
 */
static int find_map(struct environment *env, aisle_error *error)
{
    MDB_txn *txn = NULL;
    MDB_dbi main_table = 0;
    MDB_val key = {.mv_size = strlen(table_names[0]), .mv_data = (void *)(uintptr_t)table_names[0]};
    MDB_val record;
    int rc = lmdb_fault();
    rc = rc == 0 ? mdb_txn_begin(env->lmdb, NULL, MDB_RDONLY, &txn) : rc;
    rc = rc == 0 ? lmdb_table_open(txn, NULL, 0, &main_table) : rc;
    rc = rc == 0 ? lmdb_get(txn, main_table, &key, &record) : rc;
    if (rc == 0) {
        const uint8_t *page = (const uint8_t *)((uintptr_t)record.mv_data & ~((uintptr_t)env->page_bytes - 1));
        env->map = page - load_u64(page) * env->page_bytes;
    }
    mdb_txn_abort(txn);
    return environment_error(env, rc, "cannot open", error);
}

static int open_parts(struct environment *env, const struct storage_options *options, aisle_error *error)
{
    struct plan plan;
    MDB_stat pages;
    MDB_envinfo info;
    int status = make_plan(env, options, &plan, error);
    if (status == 0 && plan.lock_writable) {
        status = storage_error(reserve_lock_file(env), "cannot make room for " LOCK_FILE, env->path, error);
    }
    if (status == 0) {
        env->read_only = plan.read_only;
        status = seal_check_metas(env, error);
    }
    if (status == 0) {
        status = open_mapped(env, &plan, options->map_bytes, error);
    }
    if (status != 0) {
        return status;
    }
    int rc = lmdb_fault();
    if (rc == 0) {
        rc = mdb_env_get_fd(env->lmdb, &env->data_fd);
    }
    if (rc == 0) {
        rc = mdb_env_stat(env->lmdb, &pages);
    }
    rc = rc == 0 ? mdb_env_info(env->lmdb, &info) : rc;
    if (rc != 0) {
        return storage_error(rc, "cannot open", env->path, error);
    }
    env->page_bytes = pages.ms_psize;
    env->map_bytes = info.me_mapsize;
    status = check_length(env, error);
    status = status == 0 ? seal_check_trees(env, false, error) : status;
    status = status == 0 ? open_or_create_tables(env, options->create, error) : status;
    return status == 0 ? find_map(env, error) : status;
}

int environment_open(struct environment *env, const char *directory, const struct storage_options *options,
                     aisle_error *error)
{
    env->path = mem_copy_string(directory, strlen(directory));
    return env->path == NULL ? error_no_memory(error, "opening the storage") : open_parts(env, options, error);
}

void environment_close(struct environment *env)
{
    for (unsigned i = 0; i < IDLE_SLOTS; i++) {
        struct storage_txn *txn = atomic_load(&env->idle[i].txn);
        if (txn != NULL) {
            mdb_txn_abort(txn->lmdb);
            mem_free(txn);
        }
    }
    mdb_env_close(env->lmdb);
    (void)close(env->directory_fd);
    mem_free(env->path);
}
