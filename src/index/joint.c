/*
 * joint.c - a commit of several shards in two rounds, and ending one that broke off.
 */
#include "index/joint.h"
#include "index/shard_writer_private.h"

#include "base/alloc.h"
#include "base/laps.h"

static struct bytes number_key(void)
{
    return bytes_of_string("joint");
}

/* ---- numbers ---- */

int joint_put_number(struct storage_txn *txn, uint64_t number)
{
    uint8_t value[sizeof number];
    store_u64(value, number);
    return storage_put(txn, TABLE_META, number_key(), bytes_of(value, sizeof value));
}

static int decode_number(int status, struct bytes value, uint64_t *number)
{
    *number = status == 0 && value.size == sizeof *number ? load_u64(value.data) : 0;
    return status == AISLE_END ? 0 : status == 0 && value.size != sizeof *number ? AISLE_CORRUPT : status;
}

int joint_number(struct storage_txn *txn, uint64_t *number)
{
    struct bytes value;
    int status = storage_get(txn, TABLE_META, number_key(), &value);
    return decode_number(status, value, number);
}

/* Of the first shard, which says what stands. */
static int last_number(struct shard *first, uint64_t *number, aisle_error *error)
{
    struct storage_txn *txn = NULL;
    int status = storage_read_begin(first->storage, &txn, error);
    if (status != 0) {
        return status;
    }
    status = joint_number(txn, number);
    storage_read_end(txn);
    return status == 0 ? 0 : error_set(error, status, "the last joint commit cannot be read: %s (%s)",
                                       aisle_error_text(status), storage_path(first->storage));
}

/* ---- ending ---- */

/* One transaction: what the shard keeps aside goes where it belongs, or away. */
static int end_aside(struct shard *shard, bool keep, aisle_error *error)
{
    struct storage_txn *txn = NULL;
    int status = storage_write_begin(shard->storage, &txn, error);
    if (status != 0) {
        return status;
    }
    status = storage_aside_end(txn, keep);
    if (status != 0) {
        storage_abort(txn);
        return error_set(error, status, "a joint commit cannot be ended: %s (%s)", aisle_error_text(status),
                         storage_path(shard->storage));
    }
    return storage_commit(txn, error);
}

/* Whether the shard keeps anything aside, and of which joint commit; 0: of one that did not come so far. */
static int look_aside(struct shard *shard, bool *any, uint64_t *number, aisle_error *error)
{
    struct storage_txn *txn = NULL;
    struct bytes value;
    int status = storage_read_begin(shard->storage, &txn, error);
    if (status != 0) {
        return status;
    }
    status = storage_aside_get(txn, TABLE_META, bytes_of(NULL, 0), &value);
    *any = status == 0;
    if (*any) {
        status = storage_aside_get(txn, TABLE_META, number_key(), &value);
    }
    status = decode_number(status, value, number);
    storage_read_end(txn);
    return status == 0 ? 0 : error_set(error, status, "what is kept aside cannot be read: %s (%s)",
                                       aisle_error_text(status), storage_path(shard->storage));
}

int joint_recover(struct shard *shards, uint32_t count, aisle_error *error)
{
    uint64_t stands = 0;
    int status = count > 1 ? last_number(&shards[0], &stands, error) : 0;
    for (uint32_t i = 1; i < count && status == 0; i++) {
        bool any = false;
        uint64_t number = 0;
        status = look_aside(&shards[i], &any, &number, error);
        if (status == 0 && any) {
            status = end_aside(&shards[i], number != 0 && number <= stands, error);
        }
    }
    return status;
}

/* ---- the commit ---- */

struct joint {
    struct shard_writer *shards;
    uint32_t count;
    uint64_t number;
    struct parts_change *parts; /* owned, one a shard */
    bool *news;                 /* owned, likewise: whether the shard takes part */
    uint32_t begun;             /* shards whose parts were begun */
};

/* Step 1; the first shard's parts are prepared, too, so that step 2 is nothing but its transaction. */
static int keep_aside(struct joint *joint, aisle_error *error)
{
    int status = 0;
    for (; joint->begun < joint->count && status == 0; joint->begun++) {
        joint->news[joint->begun] = publish_has_news(&joint->shards[joint->begun]);
        status = parts_change_begin(&joint->shards[joint->begun], &joint->parts[joint->begun], error);
    }
    for (uint32_t i = 1; i < joint->count && status == 0; i++) {
        if (joint->news[i]) {
            joint->shards[i].torn = true;
            joint->shards[i].lost = true;
            status = publish_write(&joint->shards[i], &joint->parts[i], joint->number, true, error);
        }
    }
    return status;
}

/* Step 3 for one shard. */
static int put_in_place(struct shard_writer *shard, aisle_error *error)
{
    turns_take(&shard->turns);
    int status = end_aside(shard->shard, true, error);
    turns_give(&shard->turns);
    if (status == 0) {
        shard->torn = false;
        publish_take(shard);
    }
    return status;
}

/* Under the locks of all shards. */
static int commit(struct joint *joint, aisle_error *error)
{
    int status = last_number(joint->shards[0].shard, &joint->number, error);
    joint->number++;
    status = status == 0 ? keep_aside(joint, error) : status;
    status = status == 0 ? publish_write(&joint->shards[0], &joint->parts[0], joint->number, false, error) : status;
    if (status == 0) {
        publish_take(&joint->shards[0]);
    }
    for (uint32_t i = 1; i < joint->count && status == 0; i++) {
        status = joint->news[i] ? put_in_place(&joint->shards[i], error) : 0;
    }
    for (uint32_t i = 0; i < joint->begun; i++) {
        parts_change_end(&joint->shards[i], &joint->parts[i]);
    }
    return status;
}

static void clean_all(struct shard_writer *shards, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        shard_writer_lock(&shards[i]);
        bool lost = shards[i].lost;
        shard_writer_unlock(&shards[i]);
        if (!lost) {
            (void)!shard_writer_clean(&shards[i], COMMIT_CLEAN_BATCHES, NULL, NULL);
        }
    }
}

int joint_publish(struct shard_writer *shards, uint32_t count, aisle_error *error)
{
    int status = 0;
    struct laps laps = laps_begin(shards[0].phase_ns);
    for (uint32_t i = 0; i < count && status == 0; i++) {
        status = shard_writer_flush_late(&shards[i], error);
    }
    laps_end(&laps, AISLE_PHASE_SEGMENTS);
    if (status != 0) {
        return status;
    }
    struct joint joint = {.shards = shards, .count = count};
    joint.parts = mem_calloc(count, sizeof *joint.parts);
    joint.news = mem_calloc(count, sizeof *joint.news);
    if (joint.parts == NULL || joint.news == NULL) {
        status = error_no_memory(error, "committing");
    } else {
        for (uint32_t i = 0; i < count; i++) {
            shard_writer_lock(&shards[i]);
        }
        status = commit(&joint, error);
        for (uint32_t i = count; i-- > 0;) {
            shard_writer_unlock(&shards[i]);
        }
    }
    mem_free(joint.parts);
    mem_free(joint.news);
    if (status == 0) {
        clean_all(shards, count);
    }
    return status;
}
