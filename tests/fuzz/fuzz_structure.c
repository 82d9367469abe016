/*
 * fuzz_structure.c - walks any bytes as a data file, and hands LMDB what the walk finds sound.
 *
 * However it is walked, a sound file has one hash; following one commit to the other does no harm. LMDB must then read
 * all of its records without leaving the file, and find as many as each table claims to have. Its assertions are let
 * off: storage/lmdb_call.h catches them.
 */
#include "storage/structure.h"

#include <lmdb.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define BYTES_MAX (1u << 18)
#define MAP_BYTES (1u << 20)
#define FREE_TABLE 0u /* LMDB's handle of the free list */
#define NAME_BYTES 64u
#define MAGIC 0xBEEFC0DEu
#define DATA_VERSION 1u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static jmp_buf assertion;

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void on_assertion(MDB_env *env, const char *message)
{
    (void)env;
    (void)message;
    longjmp(assertion, 1);
}

/* ---------------------------------------------------------------------------------------------------------- LMDB -- */

struct reading {
    MDB_env *env;
    MDB_txn *txn;
    MDB_cursor *cursor;
    uint32_t page_bytes;
    uint64_t file_bytes;
};

/* A key stands in a page that tells its number, and so where the file is mapped. */
static void require_within_file(const struct reading *reading, MDB_val key, MDB_val value)
{
    const uint8_t *at = key.mv_data;
    const uint8_t *page = at - (uintptr_t)at % reading->page_bytes;
    uint64_t start = load_u64(page) * reading->page_bytes;
    require(start < reading->file_bytes && key.mv_size <= (size_t)(page + reading->page_bytes - at));
    size_t offset = (size_t)((const uint8_t *)value.mv_data - (page - start));
    require(offset <= reading->file_bytes && value.mv_size <= reading->file_bytes - offset);
}

/* Reads every record of a table. names: NULL, or room for the first two keys. */
static void read_table(struct reading *reading, MDB_dbi table, char names[2][NAME_BYTES])
{
    MDB_stat stat;
    MDB_val key;
    MDB_val value;
    size_t found = 0;
    if (mdb_stat(reading->txn, table, &stat) != 0 || mdb_cursor_open(reading->txn, table, &reading->cursor) != 0) {
        return;
    }
    while (mdb_cursor_get(reading->cursor, &key, &value, MDB_NEXT) == 0) {
        require_within_file(reading, key, value);
        if (names != NULL && found < 2 && key.mv_size < NAME_BYTES) {
            memcpy(names[found], key.mv_data, key.mv_size);
        }
        found++;
    }
    mdb_cursor_close(reading->cursor);
    reading->cursor = NULL;
    require(found == stat.ms_entries);
}

static void read_tables(struct reading *reading)
{
    MDB_dbi main_table;
    MDB_dbi table;
    char names[2][NAME_BYTES] = {{0}};
    read_table(reading, FREE_TABLE, NULL);
    if (mdb_dbi_open(reading->txn, NULL, 0, &main_table) == 0) {
        read_table(reading, main_table, names);
    }
    for (size_t i = 0; i < 2; i++) {
        if (names[i][0] != '\0' && mdb_dbi_open(reading->txn, names[i], 0, &table) == 0) {
            read_table(reading, table, NULL);
        }
    }
}

static void read_with_lmdb(const uint8_t *data, size_t size, uint32_t page_bytes)
{
    static struct reading reading; /* not a local: what it holds is needed behind a longjmp */
    char path[32];
    int fd = memfd_create("data", MFD_CLOEXEC);
    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    reading = (struct reading){.page_bytes = page_bytes, .file_bytes = size};
    require(mdb_env_create(&reading.env) == 0 && mdb_env_set_maxdbs(reading.env, 4) == 0 &&
            mdb_env_set_mapsize(reading.env, MAP_BYTES) == 0 && mdb_env_set_assert(reading.env, on_assertion) == 0);
    if (setjmp(assertion) == 0 &&
        mdb_env_open(reading.env, path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK, 0600) == 0 &&
        mdb_txn_begin(reading.env, NULL, MDB_RDONLY, &reading.txn) == 0) {
        read_tables(&reading);
    }
    if (reading.cursor != NULL) {
        mdb_cursor_close(reading.cursor);
    }
    mdb_txn_abort(reading.txn);
    mdb_env_close(reading.env);
    close(fd);
}

/* ---------------------------------------------------------------------------------------------------------- walk -- */

static bool walk(const uint8_t *data, size_t size, const struct structure_meta *meta, bool heads, bool hash_only,
                 uint64_t *hash)
{
    struct structure_walk walk = {.map = data, .file_bytes = size, .heads = heads, .hash_only = hash_only};
    int status = structure_walk(&walk, meta);
    require((status != 0) == (walk.fault[0] != '\0'));
    *hash = walk.hash;
    return status == 0;
}

/* One of the two commits; newest: the one that LMDB reads. */
static void walk_commit(const uint8_t *data, size_t size, const struct structure_meta *meta, bool newest)
{
    uint64_t whole = 0;
    uint64_t without_heads = 0;
    uint64_t only = 0;
    bool strict = walk(data, size, meta, true, false, &whole);
    bool sound = walk(data, size, meta, false, false, &without_heads);
    bool hashed = walk(data, size, meta, false, true, &only);
    require(!strict || (sound && whole == without_heads));
    require(!sound || (hashed && without_heads == only));
    if (sound && newest) {
        read_with_lmdb(data, size, meta->page_bytes);
    }
}

/* From one commit to the other. They need not be what LMDB would make of each other, so any hash may come out. */
static void follow_commit(const uint8_t *data, size_t size, const struct structure_meta *old,
                          const struct structure_meta *new)
{
    struct structure_walk walk = {.map = data, .file_bytes = size, .hash_only = true};
    int status = structure_follow(&walk, old, new);
    require((status != 0) == (walk.fault[0] != '\0'));
    walk.hash = 1;
    require(structure_follow(&walk, new, new) != 0 || walk.hash == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct structure_meta metas[2];
    char fault[112];
    if (size < 2 * PAGE_BYTES_MIN || size > BYTES_MAX) {
        return 0;
    }
    structure_meta_read(data, &metas[0]);
    if (metas[0].page_bytes < PAGE_BYTES_MIN || metas[0].page_bytes > size - META_HEAD_BYTES - META_BYTES) {
        return 0;
    }
    const uint8_t *const pages[2] = {data, data + metas[0].page_bytes};
    structure_meta_read(pages[1], &metas[1]);
    if (!structure_metas_sound(pages, fault, sizeof fault) || load_u32(data + META_HEAD_BYTES) != MAGIC ||
        load_u32(data + META_HEAD_BYTES + 4) != DATA_VERSION ||
        load_u32(pages[1] + META_HEAD_BYTES) != MAGIC || load_u32(pages[1] + META_HEAD_BYTES + 4) != DATA_VERSION) {
        return 0; /* which LMDB refuses itself */
    }
    walk_commit(data, size, &metas[0], metas[0].number >= metas[1].number);
    walk_commit(data, size, &metas[1], metas[0].number < metas[1].number);
    follow_commit(data, size, &metas[0], &metas[1]);
    follow_commit(data, size, &metas[1], &metas[0]);
    return 0;
}
