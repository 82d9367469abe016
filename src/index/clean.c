/*
 * clean.c - removing what nobody uses: segments merged away, wholly dead, or left by a crashed writer.
 *
 * In small transactions, so that LMDB's record of the freed pages stays small: a huge one would itself need that
 * many contiguous pages. The lock is held while refuse is looked for, and not while it is removed: a transaction waits
 * for the disk, and what follows a log would wait with it, batch by batch.
 */
#include "index/shard_writer_private.h"

#define CLEAN_BATCH 256u

/* A segment or part that is listed, pending, being written, or read by a merge. */
static bool is_used(const struct shard_writer *writer, uint32_t id)
{
    if (writer->torn) {
        return true;
    }
    for (uint32_t i = 0; i < writer->segment_count; i++) {
        if (writer->segments[i].info.id == id) {
            return true;
        }
    }
    for (uint32_t i = 0; i < WRITER_BUILDING_MAX; i++) {
        if (writer->building[i].id == id) {
            return true;
        }
    }
    return merge_holds(writer, id) || parts_hold(writer, id);
}

/*
 * The first key at or behind *next that belongs to no segment in use; AISLE_END when there is none. Segments in use
 * are passed over in one step each. *next moves along.
 */
static int find_refuse(const struct shard_writer *writer, struct storage_cursor *cursor, uint32_t *next,
                       struct bytes *key)
{
    for (;;) {
        uint8_t lowest[sizeof(uint32_t)];
        struct bytes value;
        store_u32_big(lowest, *next);
        int status = storage_cursor_seek(cursor, bytes_of(lowest, sizeof lowest), key, &value);
        if (status != 0) {
            return status;
        }
        if (key->size < sizeof lowest || key->size > EXTENT_KEY_BYTES) {
            return AISLE_CORRUPT;
        }
        *next = load_u32_big(key->data);
        if (!is_used(writer, *next)) {
            return 0;
        }
        if (*next == UINT32_MAX) {
            return AISLE_END;
        }
        ++*next;
    }
}

struct refuse {
    uint8_t keys[CLEAN_BATCH][EXTENT_KEY_BYTES];
    size_t sizes[CLEAN_BATCH];
    size_t count;
    bool is_all; /* no more is there */
};

static int list_refuse(const struct shard_writer *writer, struct storage_cursor *cursor, struct refuse *refuse)
{
    struct bytes key;
    struct bytes value;
    uint32_t next = 0;
    int status = find_refuse(writer, cursor, &next, &key);
    while (status == 0 && refuse->count < CLEAN_BATCH) {
        memcpy(refuse->keys[refuse->count], key.data, key.size);
        refuse->sizes[refuse->count++] = key.size;
        status = storage_cursor_next(cursor, &key, &value);
        if (status == 0 && (key.size < sizeof next || key.size > EXTENT_KEY_BYTES)) {
            status = AISLE_CORRUPT;
        }
        if (status == 0 && load_u32_big(key.data) != next) {
            next = load_u32_big(key.data);
            status = find_refuse(writer, cursor, &next, &key);
        }
    }
    refuse->is_all = status == AISLE_END;
    return status == AISLE_END ? 0 : status;
}

/* Under the lock: up to CLEAN_BATCH keys of a table. A read, so that a clean shard costs no write. */
static int look_for_refuse(const struct shard_writer *writer, enum storage_table table, struct refuse *refuse)
{
    struct storage_txn *txn = NULL;
    struct storage_cursor *cursor = NULL;
    *refuse = (struct refuse){.count = 0};
    int status = storage_read_begin(writer->shard->storage, &txn, NULL);
    if (status != 0) {
        return status;
    }
    status = storage_cursor_open(txn, table, &cursor);
    if (status == 0) {
        status = list_refuse(writer, cursor, refuse);
        storage_cursor_close(cursor);
    }
    storage_read_end(txn);
    return status;
}

/* What is refuse stays so: it is removed without the lock, and by another thread at the same time, perhaps. */
static int delete_refuse(struct shard_writer *writer, enum storage_table table, const struct refuse *refuse)
{
    struct storage_txn *txn = NULL;
    int status = storage_write_begin(writer->shard->storage, &txn, NULL);
    if (status != 0) {
        return status;
    }
    for (size_t i = 0; i < refuse->count && status >= 0; i++) {
        status = storage_delete(txn, table, bytes_of(refuse->keys[i], refuse->sizes[i]));
    }
    if (status < 0) {
        storage_abort(txn);
        return status;
    }
    return storage_commit(txn, NULL);
}

static bool is_set(const atomic_bool *cancel)
{
    return cancel != NULL && atomic_load_explicit(cancel, memory_order_relaxed);
}

static int clean_table(struct shard_writer *writer, enum storage_table table, uint32_t batches_max,
                       const atomic_bool *cancel, aisle_error *error)
{
    int status = 0;
    bool done = false;
    for (uint32_t i = 0; i < batches_max && status == 0 && !done && !is_set(cancel); i++) {
        struct refuse refuse;
        shard_writer_lock(writer);
        status = look_for_refuse(writer, table, &refuse);
        shard_writer_unlock(writer);
        done = refuse.is_all;
        if (status == 0 && refuse.count != 0) {
            turns_take(&writer->turns);
            status = delete_refuse(writer, table, &refuse);
            turns_give(&writer->turns);
        }
    }
    return status == 0 ? 0
                       : error_set(error, status, "the shard cannot be cleaned: %s (%s)", aisle_error_text(status),
                                   storage_path(writer->shard->storage));
}

/* ---- dictionaries ---- */

/* Whether products that are stored, or being stored, need it. */
static bool is_dictionary_used(const struct shard_writer *writer, uint32_t number)
{
    bool used = writer->torn || number == writer->manifest.dictionary || merge_reads_dictionary(writer, number);
    for (uint32_t i = 0; i < writer->segment_count; i++) {
        used = used || writer->segments[i].info.dictionary == number;
    }
    for (uint32_t i = 0; i < WRITER_BUILDING_MAX; i++) {
        used = used || (writer->building[i].id != 0 && writer->building[i].dictionary <= number);
    }
    return used;
}

/* The first dictionary that nobody needs, or AISLE_END. */
static int find_unused_dictionary(const struct shard_writer *writer, struct storage_cursor *cursor, uint32_t *number)
{
    struct bytes key;
    struct bytes value;
    int status = storage_cursor_seek(cursor, bytes_of(NULL, 0), &key, &value);
    while (status == 0) {
        if (key.size != sizeof *number) {
            return AISLE_CORRUPT;
        }
        *number = load_u32_big(key.data);
        if (!is_dictionary_used(writer, *number)) {
            return 0;
        }
        status = storage_cursor_next(cursor, &key, &value);
    }
    return status;
}

static int look_for_unused_dictionary(const struct shard_writer *writer, uint32_t *number)
{
    struct storage_txn *txn = NULL;
    struct storage_cursor *cursor = NULL;
    int status = storage_read_begin(writer->shard->storage, &txn, NULL);
    if (status != 0) {
        return status;
    }
    status = storage_cursor_open(txn, TABLE_DICTIONARIES, &cursor);
    if (status == 0) {
        status = find_unused_dictionary(writer, cursor, number);
        storage_cursor_close(cursor);
    }
    storage_read_end(txn);
    return status;
}

static int delete_dictionary(struct shard_writer *writer, uint32_t number)
{
    uint8_t key[sizeof number];
    struct storage_txn *txn = NULL;
    int status = storage_write_begin(writer->shard->storage, &txn, NULL);
    if (status != 0) {
        return status;
    }
    store_u32_big(key, number);
    status = storage_delete(txn, TABLE_DICTIONARIES, bytes_of(key, sizeof key));
    if (status != 0) {
        storage_abort(txn);
        return status;
    }
    return storage_commit(txn, NULL);
}

/* Under the lock: removes one. AISLE_END when there is none. */
static int clean_dictionary(struct shard_writer *writer)
{
    uint32_t number;
    int status = look_for_unused_dictionary(writer, &number);
    if (status == 0) {
        turns_take(&writer->turns);
        status = delete_dictionary(writer, number);
        turns_give(&writer->turns);
    }
    return status;
}

static int clean_dictionaries(struct shard_writer *writer, uint32_t count_max, aisle_error *error)
{
    int status = 0;
    for (uint32_t i = 0; i < count_max && status == 0; i++) {
        shard_writer_lock(writer);
        status = clean_dictionary(writer);
        shard_writer_unlock(writer);
    }
    return status < 0 ? error_set(error, status, "dictionaries cannot be cleaned: %s", aisle_error_text(status)) : 0;
}

int shard_writer_clean(struct shard_writer *writer, uint32_t batches_max, const atomic_bool *cancel,
                       aisle_error *error)
{
    int status = clean_table(writer, TABLE_EXTENTS, batches_max, cancel, error);
    if (status == 0) {
        status = clean_table(writer, TABLE_PAGES, batches_max, cancel, error);
    }
    return status == 0 ? clean_dictionaries(writer, batches_max, error) : status;
}
