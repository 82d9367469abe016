/*
 * dictionary.c - learning, storing and loading the dictionaries that products are compressed with.
 *
 * A shard learns its first dictionary from the first batch that is large enough; merge_dictionary.c finds later ones.
 * Products stored before are moved over to the current one when they are next merged.
 */
#include "index/dictionary.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "index/shard_writer_private.h"

#define SAMPLES_MAX 8192u
#define SAMPLES_MIN 1000u /* fewer products do not show what the catalog is like */

static struct bytes make_key(uint32_t number, uint8_t key[sizeof(uint32_t)])
{
    store_u32_big(key, number);
    return bytes_of(key, sizeof(uint32_t));
}

int dictionary_load(struct storage_txn *txn, uint32_t number, struct bytes *out)
{
    uint8_t key[sizeof(uint32_t)];
    struct bytes stored;
    *out = bytes_of(NULL, 0);
    if (number == 0) {
        return 0;
    }
    int status = storage_get(txn, TABLE_DICTIONARIES, make_key(number, key), &stored);
    if (status == 0) {
        status = segment_page_open(stored, out);
    }
    return status == AISLE_END ? AISLE_CORRUPT : status;
}

static int store_dictionary(struct storage_txn *txn, uint32_t number, struct bytes dictionary)
{
    uint8_t key[sizeof(uint32_t)];
    struct buf stored;
    buf_init(&stored, LIMIT_DICTIONARY_BYTES + sizeof(uint32_t));
    buf_put_u32(&stored, hash_checksum(dictionary.data, dictionary.size));
    buf_put(&stored, dictionary.data, dictionary.size);
    int status = buf_status(&stored);
    if (status == 0) {
        status = storage_put(txn, TABLE_DICTIONARIES, make_key(number, key), buf_bytes(&stored));
    }
    buf_release(&stored);
    return status;
}

/* Learns a dictionary from the products in the builder; empty when there are too few. */
static int learn_dictionary(const struct segment_builder *builder, uint64_t bytes_max, struct buf *out)
{
    uint32_t live = segment_builder_live(builder);
    if (live < SAMPLES_MIN) {
        return 0;
    }
    struct bytes *samples = mem_alloc(SAMPLES_MAX * sizeof *samples);
    if (samples == NULL) {
        return AISLE_NO_MEMORY;
    }
    uint32_t documents = segment_builder_documents(builder);
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < documents; i++) {
        bytes += segment_builder_stored(builder, i).size;
    }
    uint32_t step = documents / SAMPLES_MAX + (uint32_t)(bytes / bytes_max) + 1;
    size_t count = 0;
    for (uint32_t i = 0; i < documents; i += step) {
        if (!segment_builder_dropped(builder, i)) {
            samples[count++] = segment_builder_stored(builder, i);
        }
    }
    int status = dictionary_train(samples, count, COMPRESS_DICTIONARY_BYTES, out);
    mem_free(samples);
    return status;
}

/* Stores a dictionary, in its turn. */
static int put_dictionary(struct shard_writer *writer, uint32_t number, struct bytes dictionary, aisle_error *error)
{
    struct storage_txn *txn = NULL;
    int status = storage_write_begin(writer->shard->storage, &txn, error);
    if (status != 0) {
        return status;
    }
    status = store_dictionary(txn, number, dictionary);
    if (status != 0) {
        storage_abort(txn);
        return error_set(error, status, "a dictionary cannot be stored: %s", aisle_error_text(status));
    }
    return storage_commit(txn, error);
}

int shard_writer_adopt_dictionary(struct shard_writer *writer, struct bytes dictionary, uint32_t *number,
                                  aisle_error *error)
{
    shard_writer_lock(writer);
    uint32_t next = writer->manifest.next_dictionary;
    turns_take(&writer->turns);
    int status = put_dictionary(writer, next, dictionary, error);
    turns_give(&writer->turns);
    if (status == 0) {
        *number = next;
        writer->manifest.dictionary = next;
        writer->manifest.next_dictionary = next + 1;
    }
    shard_writer_unlock(writer);
    return status;
}

/* Learns the shard's first dictionary and stores it under the next number. */
static int make_dictionary(struct shard_writer *writer, const struct segment_builder *builder, struct buf *dictionary,
                           uint32_t *number, aisle_error *error)
{
    int status = learn_dictionary(builder, writer->budget->sample_bytes, dictionary);
    if (status != 0) {
        return error_set(error, status, "a dictionary cannot be learned: %s", aisle_error_text(status));
    }
    if (dictionary->size == 0) {
        return 0;
    }
    return shard_writer_adopt_dictionary(writer, buf_bytes(dictionary), number, error);
}

static int load_dictionary(struct shard_writer *writer, uint32_t number, struct buf *dictionary, aisle_error *error)
{
    struct storage_txn *txn = NULL;
    struct bytes bytes;
    int status = storage_read_begin(writer->shard->storage, &txn, error);
    if (status != 0) {
        return status;
    }
    status = dictionary_load(txn, number, &bytes);
    if (status == 0) {
        buf_put(dictionary, bytes.data, bytes.size);
        status = buf_status(dictionary);
    }
    storage_read_end(txn);
    return status == 0 ? 0 : error_set(error, status, "dictionary %u cannot be read: %s (%s)", number,
                                       aisle_error_text(status), storage_path(writer->shard->storage));
}

uint32_t shard_writer_dictionary(struct shard_writer *writer)
{
    shard_writer_lock(writer);
    uint32_t number = writer->manifest.dictionary;
    shard_writer_unlock(writer);
    return number;
}

/* The current dictionary and its number; learned now if there is none, by one thread while others wait for it. */
static int find_dictionary(struct shard_writer *writer, const struct segment_builder *builder, uint32_t *number,
                           struct buf *dictionary, aisle_error *error)
{
    int status = 0;
    pthread_mutex_lock(&writer->learning);
    *number = shard_writer_dictionary(writer);
    bool learned = *number == 0;
    if (learned) {
        status = make_dictionary(writer, builder, dictionary, number, error);
    }
    pthread_mutex_unlock(&writer->learning);
    return learned ? status : load_dictionary(writer, *number, dictionary, error);
}

int shard_writer_compressor(struct shard_writer *writer, const struct segment_builder *builder, uint32_t *number,
                            struct compressor **out, aisle_error *error)
{
    struct buf dictionary;
    buf_init(&dictionary, LIMIT_DICTIONARY_BYTES);
    int status = find_dictionary(writer, builder, number, &dictionary, error);
    if (status == 0) {
        status = compressor_new(buf_bytes(&dictionary), COMPRESS_LEVEL, out);
        if (status != 0) {
            error_set(error, status, "products cannot be compressed: %s", aisle_error_text(status));
        }
    }
    buf_release(&dictionary);
    return status;
}
