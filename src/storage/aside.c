/*
 * aside.c - records that are durable before they are in their table.
 *
 * For what must stand in several storages or in none (index/joint.h): each keeps its part aside first, and who finds it
 * after a crash can put it in its place without knowing what it means. In TABLE_META, and not a table of its own, so
 * that storages without any look as they always did.
 *
 * Thread rule: as storage.h.
 */
#include "storage/environment.h"

#include "base/buf.h"
#include "base/limits.h"

#define PREFIX "aside/"
#define PREFIX_BYTES (sizeof PREFIX - 1)
#define HEAD_BYTES (PREFIX_BYTES + 1)
#define VALUE_BYTES_MAX LIMIT_TRANSACTION_BYTES

static const struct {
    enum storage_table table;
    uint8_t letter; /* ON DISK */
} kept[] = {{TABLE_META, 'm'}, {TABLE_MANIFEST, 'l'}, {TABLE_PAGES, 'p'}};

#define KEPT_COUNT (sizeof kept / sizeof kept[0])

int storage_aside_key(enum storage_table table, struct bytes key, uint8_t out[STORAGE_KEY_BYTES], struct bytes *aside)
{
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        if (kept[i].table == table) {
            if (key.size == 0 || key.size > STORAGE_KEY_BYTES - HEAD_BYTES) {
                return AISLE_INVALID;
            }
            memcpy(out, PREFIX, PREFIX_BYTES);
            out[PREFIX_BYTES] = kept[i].letter;
            memcpy(out + HEAD_BYTES, key.data, key.size);
            *aside = bytes_of(out, HEAD_BYTES + key.size);
            return 0;
        }
    }
    return AISLE_END;
}

void storage_aside_begin(struct storage_txn *txn)
{
    txn->aside = true;
}

/* The first record that is kept aside: views. */
static int find_first(struct storage_txn *txn, struct bytes *key, struct bytes *value)
{
    struct storage_cursor *cursor = NULL;
    int status = storage_cursor_open(txn, TABLE_META, &cursor);
    if (status == 0) {
        status = storage_cursor_seek(cursor, bytes_of_string(PREFIX), key, value);
        status = status == 0 && !bytes_begin_with(*key, bytes_of_string(PREFIX)) ? AISLE_END : status;
        storage_cursor_close(cursor);
    }
    return status;
}

int storage_aside_get(struct storage_txn *txn, enum storage_table table, struct bytes key, struct bytes *value)
{
    uint8_t bytes[STORAGE_KEY_BYTES];
    struct bytes aside;
    if (key.size == 0) {
        return find_first(txn, &aside, value);
    }
    int status = storage_aside_key(table, key, bytes, &aside);
    return status == 0 ? storage_get(txn, TABLE_META, aside, value) : status;
}

/* Out of TABLE_META; into its table, if it is to be kept. Neither key nor value may be views: what changes moves. */
static int move_record(struct storage_txn *txn, struct bytes key, struct bytes value, bool keep)
{
    size_t table = 0;
    while (table < KEPT_COUNT && (key.size <= HEAD_BYTES || kept[table].letter != key.data[PREFIX_BYTES])) {
        table++;
    }
    if (table == KEPT_COUNT) {
        return AISLE_CORRUPT;
    }
    int status = storage_delete(txn, TABLE_META, key);
    return status != 0 || !keep ? status
                                : storage_put(txn, kept[table].table,
                                              bytes_of(key.data + HEAD_BYTES, key.size - HEAD_BYTES), value);
}

int storage_aside_end(struct storage_txn *txn, bool keep)
{
    uint8_t bytes[STORAGE_KEY_BYTES];
    struct bytes key;
    struct bytes value;
    struct buf copy;
    buf_init(&copy, VALUE_BYTES_MAX);
    int status = find_first(txn, &key, &value);
    while (status == 0) {
        if (key.size > sizeof bytes) {
            status = AISLE_CORRUPT;
            break;
        }
        memcpy(bytes, key.data, key.size);
        buf_clear(&copy);
        buf_put(&copy, value.data, value.size);
        status = buf_status(&copy);
        status = status != 0 ? status : move_record(txn, bytes_of(bytes, key.size), buf_bytes(&copy), keep);
        status = status != 0 ? status : find_first(txn, &key, &value);
    }
    buf_release(&copy);
    return status == AISLE_END ? 0 : status;
}
