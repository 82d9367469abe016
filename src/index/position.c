/*
 * position.c - encoding and finding change-log positions.
 */
#include "index/position.h"

#include <stdio.h>

#define KEY_PREFIX "log/"
#define KEY_BYTES_MAX (sizeof KEY_PREFIX + POSITION_SOURCE_BYTES)
#define VALUE_HEAD_BYTES 25u

int position_take(const aisle_position *given, struct log_position *out, aisle_error *error)
{
    size_t source_size = given->source == NULL ? 0 : strlen(given->source);
    size_t seq_size = given->seq == NULL ? 0 : strlen(given->seq);
    if (source_size == 0 || source_size > POSITION_SOURCE_BYTES) {
        return error_set(error, AISLE_INVALID, "a log position's source has 1 to %u bytes", POSITION_SOURCE_BYTES);
    }
    if (seq_size > POSITION_SEQ_BYTES) {
        return error_set(error, AISLE_INVALID, "a sequence has at most %u bytes", POSITION_SEQ_BYTES);
    }
    *out = (struct log_position){.identity = given->identity, .offset = given->offset};
    memcpy(out->source, given->source, source_size);
    if (seq_size != 0) {
        memcpy(out->seq, given->seq, seq_size);
    }
    return 0;
}

static struct bytes make_key(const char *source, char key[KEY_BYTES_MAX])
{
    int size = snprintf(key, KEY_BYTES_MAX, KEY_PREFIX "%s", source);
    return bytes_of(key, (size_t)size);
}

int position_store(struct storage_txn *txn, const struct log_position *position)
{
    char key[KEY_BYTES_MAX];
    uint8_t value[VALUE_HEAD_BYTES + POSITION_SEQ_BYTES];
    size_t seq_size = strlen(position->seq);
    store_u64(value, position->identity);
    store_u64(value + 8, position->offset);
    store_u64(value + 16, position->recency);
    value[24] = (uint8_t)seq_size;
    memcpy(value + VALUE_HEAD_BYTES, position->seq, seq_size);
    return storage_put(txn, TABLE_META, make_key(position->source, key), bytes_of(value, VALUE_HEAD_BYTES + seq_size));
}

int position_decode(struct bytes key, struct bytes value, struct log_position *out)
{
    struct byte_reader reader = byte_reader_of(value);
    size_t prefix = sizeof KEY_PREFIX - 1;
    if (key.size <= prefix || key.size - prefix > POSITION_SOURCE_BYTES) {
        return AISLE_CORRUPT;
    }
    *out = (struct log_position){.identity = byte_reader_u64(&reader)};
    out->offset = byte_reader_u64(&reader);
    out->recency = byte_reader_u64(&reader);
    struct bytes seq = byte_reader_take(&reader, byte_reader_u8(&reader));
    if (!byte_reader_ok(&reader) || seq.size > POSITION_SEQ_BYTES || byte_reader_left(&reader) != 0) {
        return AISLE_CORRUPT;
    }
    memcpy(out->source, key.data + prefix, key.size - prefix);
    if (seq.size != 0) {
        memcpy(out->seq, seq.data, seq.size);
    }
    return 0;
}

int position_load(struct storage_txn *txn, const char *source, struct log_position *out)
{
    char key_bytes[KEY_BYTES_MAX];
    struct bytes key = make_key(source, key_bytes);
    struct bytes value;
    int status = storage_get(txn, TABLE_META, key, &value);
    return status == 0 ? position_decode(key, value, out) : status;
}

int position_latest(struct storage_txn *txn, struct log_position *out)
{
    struct storage_cursor *cursor = NULL;
    struct bytes key;
    struct bytes value;
    bool any = false;
    *out = (struct log_position){.source = ""};
    int status = storage_cursor_open(txn, TABLE_META, &cursor);
    if (status != 0) {
        return status;
    }
    status = storage_cursor_seek(cursor, bytes_of_string(KEY_PREFIX), &key, &value);
    while (status == 0 && bytes_begin_with(key, bytes_of_string(KEY_PREFIX))) {
        struct log_position position;
        status = position_decode(key, value, &position);
        if (status == 0 && (!any || position.recency >= out->recency)) {
            *out = position;
            any = true;
        }
        if (status == 0) {
            status = storage_cursor_next(cursor, &key, &value);
        }
    }
    storage_cursor_close(cursor);
    if (status < 0) {
        return status;
    }
    return any ? 0 : AISLE_END;
}
