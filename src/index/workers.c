/*
 * workers.c - queues, threads, and what a worker does with a batch.
 *
 * A worker's mutex is over its queue and what it says of itself; builders and the ingest pass between worker and caller
 * with it. Only the worker takes batches out and only the caller puts them in, so both conditions have one waiter. The
 * caller alone knows where what goes; whenever a queue gets room, it is told so, whichever it is.
 */
#include "index/workers.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "index/batch.h"
#include "index/diverted.h"

#include <pthread.h>

/*
 * A queue takes so many batches, and some more of what can go nowhere else: ids that seem to be known, one in eighty at
 * most of those that are not, for which everything had to wait until their worker had written its segment.
 */
#define QUEUE_BATCHES 8u
#define QUEUE_RESERVE 12u

struct lane {
    struct shard_writer *shard; /* borrowed */
    struct segment_builder *builder; /* owned */
};

/* FLUSH_TAKEN: the parts get nothing more; segments are being written. */
enum flush { FLUSH_NONE, FLUSH_WANTED, FLUSH_TAKEN };

struct worker {
    struct workers *workers;
    pthread_t thread;
    struct ingest *ingest; /* the caller's, or own */
    struct ingest own;
    struct product product;
    struct lane **lanes; /* borrowed: those of this worker */
    uint32_t lane_count;
    struct batch *filling; /* the caller's alone */
    struct batch *spare; /* likewise: a list */
    bool in_reserve;     /* likewise: the queue was longer than for all when it was last looked at */
    pthread_mutex_t lock; /* over all that follows, and over the lanes' builders */
    pthread_cond_t wake;  /* for the worker: there is something to do */
    pthread_cond_t rest;  /* for the caller: there is less to do */
    struct batch *first, *last; /* the queue */
    uint32_t queued;
    size_t queued_bytes;
    struct batch *done; /* a list, for the caller to use again */
    bool busy;
    enum flush flush; /* of all there is */
    bool lent;  /* the lanes are the caller's: settled, and nothing was handed over since. A tide waits meanwhile */
    bool tide;  /* wanted: the caller waits for a worker that writes */
    bool writing;
    bool stop;
    int status; /* of the first failure */
    aisle_error error;
    uint64_t memory_bytes;
    uint64_t analyse_ns;
};

struct workers {
    const struct schema *schema;
    uint64_t share_bytes; /* that the builders of one worker may take */
    struct lane *lanes;   /* owned */
    uint32_t lane_count;
    uint32_t lanes_per_shard;
    struct lane **lane_lists; /* owned: behind worker.lanes */
    struct worker *all;       /* owned */
    uint32_t count;           /* running */
    struct diverted diverted; /* the caller's alone */
    pthread_mutex_t room_lock; /* over rooms */
    pthread_cond_t room;       /* for the caller */
    uint64_t rooms;            /* how often some queue has got room */
};

/* ---- the work ---- */

static uint64_t held_by(const struct worker *worker, struct lane **largest)
{
    uint64_t total = 0;
    uint64_t most = 0;
    for (uint32_t i = 0; i < worker->lane_count; i++) {
        uint64_t bytes = segment_builder_memory(worker->lanes[i]->builder);
        total += bytes;
        if (*largest == NULL || bytes > most) {
            most = bytes;
            *largest = worker->lanes[i];
        }
    }
    return total;
}

/* What is filled again at once keeps its memory, but not each of several lanes what only one of them may take. */
static int write_lane(const struct worker *worker, struct lane *lane, aisle_error *error)
{
    segment_builder_keep(lane->builder, worker->lane_count == 1);
    int status = shard_writer_take(lane->shard, lane->builder, error);
    return status == 0 ? shard_writer_write(lane->shard, lane->builder, error) : status;
}

static int take_all(const struct worker *worker, aisle_error *error)
{
    int status = 0;
    for (uint32_t i = 0; i < worker->lane_count && status == 0; i++) {
        status = shard_writer_take(worker->lanes[i]->shard, worker->lanes[i]->builder, error);
    }
    return status;
}

static int write_all(const struct worker *worker, aisle_error *error)
{
    int status = 0;
    for (uint32_t i = 0; i < worker->lane_count && status == 0; i++) {
        segment_builder_keep(worker->lanes[i]->builder, false);
        status = shard_writer_write(worker->lanes[i]->shard, worker->lanes[i]->builder, error);
    }
    return status;
}

static int add_product(struct worker *worker, const struct batch_product *product, aisle_error *error)
{
    struct lane *lane = &worker->workers->lanes[product->lane];
    uint32_t older;
    if (segment_builder_find(lane->builder, product->id, product->id_hash, &older) == 0) {
        segment_builder_drop(lane->builder, older);
    }
    int status = ingest_add(worker->ingest, lane->builder, &worker->product, product->id_hash, product->text);
    if (status == AISLE_LIMIT) {
        status = write_lane(worker, lane, error);
        if (status != 0) {
            return status;
        }
        status = ingest_add(worker->ingest, lane->builder, &worker->product, product->id_hash, product->text);
    }
    return status == 0 ? 0 : error_set(error, status, "a product cannot be added: %s", aisle_error_text(status));
}

static int add_batch(struct worker *worker, const struct batch *batch, aisle_error *error)
{
    int status = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        segment_builder_ask(worker->workers->lanes[batch->products[i].lane].builder, batch->products[i].id_hash);
    }
    for (uint32_t i = 0; i < batch->count && status == 0; i++) {
        batch_get(batch, worker->workers->schema, i, &worker->product);
        status = add_product(worker, &batch->products[i], error);
    }
    return status;
}

/* The caller, who may wait for the worker, is told. */
static void note_writing(struct worker *worker, bool writing)
{
    pthread_mutex_lock(&worker->lock);
    worker->writing = writing;
    pthread_cond_signal(&worker->rest);
    pthread_mutex_unlock(&worker->lock);
}

/* Writes while the builders hold more than the share, the largest first. */
static int write_down(struct worker *worker, aisle_error *error)
{
    struct lane *largest = NULL;
    int status = 0;
    if (held_by(worker, &largest) < worker->workers->share_bytes) {
        return 0;
    }
    note_writing(worker, true);
    do {
        status = write_lane(worker, largest, error);
        largest = NULL;
    } while (status == 0 && held_by(worker, &largest) >= worker->workers->share_bytes);
    note_writing(worker, false);
    return status;
}

/* Writes the largest lane, unless it is less than half as full as it would get. */
static int write_with_tide(struct worker *worker, aisle_error *error)
{
    struct lane *largest = NULL;
    (void)held_by(worker, &largest);
    bool full = segment_builder_memory(largest->builder) >= worker->workers->share_bytes / worker->lane_count / 2;
    return full ? write_lane(worker, largest, error) : 0;
}

/* ---- the thread ---- */

static struct batch *take_batch(struct worker *worker)
{
    struct batch *batch = worker->first;
    worker->first = batch->next;
    worker->last = worker->first == NULL ? NULL : worker->last;
    worker->queued--;
    worker->queued_bytes -= batch->bytes;
    return batch;
}

/* Under the lock: what the last step has come to. */
static void note_step(struct worker *worker, int status, const aisle_error *error)
{
    struct lane *largest = NULL;
    if (status != 0 && worker->status == 0) {
        worker->status = status;
        worker->error = *error;
    }
    worker->memory_bytes = held_by(worker, &largest);
    worker->busy = false;
    pthread_cond_signal(&worker->rest);
}

static void tell_room(struct workers *workers)
{
    pthread_mutex_lock(&workers->room_lock);
    workers->rooms++;
    pthread_cond_signal(&workers->room);
    pthread_mutex_unlock(&workers->room_lock);
}

/* Under the lock, which it gives up meanwhile. */
static void do_batch(struct worker *worker)
{
    aisle_error error = {.code = 0};
    struct batch *batch = take_batch(worker);
    bool failed = worker->status != 0;
    worker->busy = true;
    pthread_mutex_unlock(&worker->lock);
    tell_room(worker->workers);
    uint64_t start = clock_monotonic_ns();
    int status = failed ? 0 : add_batch(worker, batch, &error);
    uint64_t analysed = clock_monotonic_ns() - start;
    batch_clear(batch);
    if (status == 0 && !failed) {
        status = write_down(worker, &error);
    }
    pthread_mutex_lock(&worker->lock);
    worker->analyse_ns += analysed;
    batch->next = worker->done;
    worker->done = batch;
    note_step(worker, status, &error);
}

/* Likewise. */
static void do_tide(struct worker *worker)
{
    aisle_error error = {.code = 0};
    bool failed = worker->status != 0;
    worker->tide = false;
    worker->busy = true;
    pthread_mutex_unlock(&worker->lock);
    int status = failed ? 0 : write_with_tide(worker, &error);
    pthread_mutex_lock(&worker->lock);
    note_step(worker, status, &error);
}

/* Likewise. The caller is told when all is taken. */
static void do_flush(struct worker *worker)
{
    aisle_error error = {.code = 0};
    bool failed = worker->status != 0;
    worker->busy = true;
    pthread_mutex_unlock(&worker->lock);
    int status = failed ? 0 : take_all(worker, &error);
    pthread_mutex_lock(&worker->lock);
    worker->flush = FLUSH_TAKEN;
    pthread_cond_signal(&worker->rest);
    pthread_mutex_unlock(&worker->lock);
    if (!failed && status == 0) {
        status = write_all(worker, &error);
    }
    pthread_mutex_lock(&worker->lock);
    worker->flush = FLUSH_NONE;
    note_step(worker, status, &error);
}

static void *run_worker(void *context)
{
    struct worker *worker = context;
    pthread_mutex_lock(&worker->lock);
    while (!worker->stop) {
        if (worker->tide && !worker->lent) {
            do_tide(worker);
        } else if (worker->first != NULL) {
            do_batch(worker);
        } else if (worker->flush == FLUSH_WANTED) {
            do_flush(worker);
        } else {
            pthread_cond_wait(&worker->wake, &worker->lock);
        }
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

/* ---- life ---- */

static void free_batches(struct batch *batch)
{
    while (batch != NULL) {
        struct batch *next = batch->next;
        batch_free(batch);
        batch = next;
    }
}

static int begin_worker(struct worker *worker, const struct workers_setup *setup, bool first, aisle_error *error)
{
    worker->ingest = first ? setup->ingest : &worker->own;
    int status = first ? 0 : ingest_init(&worker->own, setup->schema, setup->columns, setup->weights, error);
    if (status != 0) {
        return status;
    }
    if (pthread_mutex_init(&worker->lock, NULL) != 0) {
        return error_no_memory(error, "beginning to write");
    }
    if (pthread_cond_init(&worker->wake, NULL) != 0) {
        pthread_mutex_destroy(&worker->lock);
        return error_no_memory(error, "beginning to write");
    }
    if (pthread_cond_init(&worker->rest, NULL) != 0) {
        pthread_cond_destroy(&worker->wake);
        pthread_mutex_destroy(&worker->lock);
        return error_no_memory(error, "beginning to write");
    }
    return 0;
}

static void end_worker(struct worker *worker)
{
    pthread_cond_destroy(&worker->rest);
    pthread_cond_destroy(&worker->wake);
    pthread_mutex_destroy(&worker->lock);
    free_batches(worker->first);
    free_batches(worker->done);
    free_batches(worker->spare);
    batch_free(worker->filling);
}

static void stop_worker(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->stop = true;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
}

/* Divides the lanes among as many workers as there are. Nothing runs yet that would look at them. */
static int make_lanes(struct workers *workers, const struct workers_setup *setup)
{
    uint32_t per_shard = (workers->count + setup->shard_count - 1) / setup->shard_count;
    uint32_t count = per_shard * setup->shard_count;
    workers->lanes_per_shard = per_shard;
    workers->lanes = mem_calloc(count, sizeof *workers->lanes);
    workers->lane_lists = mem_calloc(count, sizeof *workers->lane_lists);
    if (workers->lanes == NULL || workers->lane_lists == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        workers->lanes[i].shard = &setup->shards[i / per_shard];
        int status = segment_builder_new(setup->columns, &workers->lanes[i].builder);
        if (status != 0) {
            return status;
        }
        workers->lane_count++;
    }
    struct lane **list = workers->lane_lists;
    for (uint32_t w = 0; w < workers->count; w++) {
        workers->all[w].lanes = list;
        for (uint32_t i = w; i < count; i += workers->count) {
            workers->all[w].lanes[workers->all[w].lane_count++] = &workers->lanes[i];
        }
        list += workers->all[w].lane_count;
    }
    return 0;
}

static void free_lanes(struct workers *workers)
{
    for (uint32_t i = 0; i < workers->lane_count; i++) {
        segment_builder_free(workers->lanes[i].builder);
    }
    mem_free(workers->lanes);
    mem_free(workers->lane_lists);
}

/* Starts the threads; they wait for work, and so for the lanes. */
static int start_threads(struct workers *workers, const struct workers_setup *setup, aisle_error *error)
{
    for (uint32_t i = 0; i < setup->threads; i++) {
        struct worker *worker = &workers->all[i];
        worker->workers = workers;
        int status = begin_worker(worker, setup, i == 0, error);
        if (status != 0) {
            ingest_release(&worker->own);
            return status;
        }
        if (pthread_create(&worker->thread, NULL, run_worker, worker) != 0) {
            end_worker(worker);
            ingest_release(&worker->own);
            return i == 0 ? error_set(error, AISLE_LIMIT, "no thread can be started") : 0;
        }
        workers->count++;
    }
    return 0;
}

static int begin_room(struct workers *workers)
{
    if (pthread_mutex_init(&workers->room_lock, NULL) != 0) {
        return AISLE_NO_MEMORY;
    }
    if (pthread_cond_init(&workers->room, NULL) != 0) {
        pthread_mutex_destroy(&workers->room_lock);
        return AISLE_NO_MEMORY;
    }
    return 0;
}

int workers_new(const struct workers_setup *setup, struct workers **out, aisle_error *error)
{
    *out = NULL;
    struct workers *workers = mem_calloc(1, sizeof *workers);
    if (workers == NULL) {
        return error_no_memory(error, "beginning to write");
    }
    if (begin_room(workers) != 0) {
        mem_free(workers);
        return error_no_memory(error, "beginning to write");
    }
    workers->schema = setup->schema;
    diverted_init(&workers->diverted, setup->budget->diverted_bytes);
    workers->all = mem_calloc(setup->threads, sizeof *workers->all);
    int status = workers->all == NULL ? error_no_memory(error, "beginning to write")
                                      : start_threads(workers, setup, error);
    if (status == 0 && make_lanes(workers, setup) != 0) {
        status = error_no_memory(error, "beginning to write");
    }
    if (status != 0) {
        workers_free(workers);
        return status;
    }
    workers->share_bytes = setup->budget->builder_bytes / workers->count;
    *out = workers;
    return 0;
}

void workers_free(struct workers *workers)
{
    if (workers == NULL) {
        return;
    }
    for (uint32_t i = 0; i < workers->count; i++) {
        stop_worker(&workers->all[i]);
        end_worker(&workers->all[i]);
        ingest_release(&workers->all[i].own);
    }
    free_lanes(workers);
    diverted_release(&workers->diverted);
    pthread_cond_destroy(&workers->room);
    pthread_mutex_destroy(&workers->room_lock);
    mem_free(workers->all);
    mem_free(workers);
}

/* ---- the caller's side ---- */

/* Of the other bits of the hash than those that choose the shard, or places in tables of ids. */
static uint32_t home_of(const struct workers *workers, uint32_t shard, uint64_t id_hash)
{
    uint64_t mixed = (id_hash * UINT64_C(0x9e3779b97f4a7c15)) >> 32;
    return shard * workers->lanes_per_shard + (uint32_t)((mixed * workers->lanes_per_shard) >> 32);
}

/* Where the products of an id are. */
static uint32_t lane_of(const struct workers *workers, uint32_t shard, uint64_t id_hash)
{
    uint8_t lane;
    return diverted_find(&workers->diverted, id_hash, &lane) ? shard * workers->lanes_per_shard + lane
                                                             : home_of(workers, shard, id_hash);
}

static struct worker *worker_of(struct workers *workers, uint32_t lane)
{
    return &workers->all[lane % workers->count];
}

/* Under the lock: the worker's failure, if any. */
static int failure_of(const struct worker *worker, aisle_error *error)
{
    if (worker->status != 0 && error != NULL) {
        *error = worker->error;
    }
    return worker->status;
}

static void reuse_done(struct worker *worker)
{
    while (worker->done != NULL) {
        struct batch *batch = worker->done;
        worker->done = batch->next;
        batch->next = worker->spare;
        worker->spare = batch;
    }
}

/* The caller has to wait for the worker: others that hold much write at the same time, if it is that that it does. */
static void raise_tide(struct worker *worker)
{
    struct workers *workers = worker->workers;
    for (uint32_t i = 0; i < workers->count; i++) {
        struct worker *other = &workers->all[i];
        if (other != worker) {
            pthread_mutex_lock(&other->lock);
            other->tide = true;
            pthread_cond_signal(&other->wake);
            pthread_mutex_unlock(&other->lock);
        }
    }
}

/* Under the lock: whether a queue of so many batches takes the batch; an empty one does. */
static bool has_room(const struct worker *worker, const struct batch *batch, uint32_t most)
{
    return worker->queued == 0 || (worker->queued < most && worker->queued_bytes + batch->bytes <= most * BATCH_BYTES);
}

/* Under the lock: puts the filled batch into the queue. Or what the worker has failed with. */
static int enqueue(struct worker *worker, aisle_error *error)
{
    struct batch *batch = worker->filling;
    int status = failure_of(worker, error);
    if (status == 0) {
        batch->next = NULL;
        *(worker->first == NULL ? &worker->first : &worker->last->next) = batch;
        worker->last = batch;
        worker->queued++;
        worker->queued_bytes += batch->bytes;
        worker->filling = NULL;
        pthread_cond_signal(&worker->wake);
    }
    reuse_done(worker);
    return status;
}

/* Puts the filled batch into the queue, when there is room. */
static int hand_over(struct worker *worker, aisle_error *error)
{
    bool raised = false;
    pthread_mutex_lock(&worker->lock);
    worker->lent = false;
    while (!has_room(worker, worker->filling, QUEUE_BATCHES)) {
        if (!worker->writing || raised) {
            pthread_cond_wait(&worker->rest, &worker->lock);
            continue;
        }
        raised = true;
        pthread_mutex_unlock(&worker->lock);
        raise_tide(worker);
        pthread_mutex_lock(&worker->lock);
    }
    int status = enqueue(worker, error);
    pthread_mutex_unlock(&worker->lock);
    return status;
}

/*
 * Sees to it that the worker's batch takes one more product, if that can be without waiting and without more than so
 * many batches in its queue; *room: whether it does. may_go: the product may go elsewhere, so while the queue is longer
 * than for all it leaves the batch at hand to those that may not: with one of those in eighty, twelve such would fill
 * the reserve.
 */
static int make_room(struct worker *worker, uint32_t most, bool may_go, bool *room, aisle_error *error)
{
    bool full = worker->filling != NULL && batch_full(worker->filling);
    int status = 0;
    *room = !full && !(may_go && worker->in_reserve);
    if (!*room) {
        pthread_mutex_lock(&worker->lock);
        if (full) {
            worker->lent = false;
            *room = has_room(worker, worker->filling, most);
            status = *room ? enqueue(worker, error) : failure_of(worker, error);
        }
        worker->in_reserve = worker->queued > QUEUE_BATCHES || worker->queued_bytes > QUEUE_BATCHES * BATCH_BYTES;
        *room = (*room || !full) && !(may_go && worker->in_reserve);
        pthread_mutex_unlock(&worker->lock);
    }
    return status;
}

static int have_batch(struct worker *worker)
{
    if (worker->filling == NULL) {
        worker->filling = worker->spare;
        if (worker->spare != NULL) {
            worker->spare = worker->spare->next;
        } else {
            worker->filling = batch_new();
        }
    }
    return worker->filling == NULL ? AISLE_NO_MEMORY : 0;
}

/* Looks for another lane of the shard with room, and notes that the id is there; *lane stays when there is none. */
static int divert(struct workers *workers, uint32_t shard, uint64_t id_hash, uint32_t *lane, aisle_error *error)
{
    uint32_t first = shard * workers->lanes_per_shard;
    uint32_t home = *lane;
    int status = 0;
    for (uint32_t i = 0; i < workers->lanes_per_shard && status == 0; i++) {
        bool room = false;
        status = first + i == home ? 0 : make_room(worker_of(workers, first + i), QUEUE_BATCHES, true, &room, error);
        if (room && status == 0) {
            *lane = diverted_add(&workers->diverted, id_hash, (uint8_t)i) ? first + i : home;
            break;
        }
    }
    return status;
}

static uint64_t rooms_of(struct workers *workers)
{
    pthread_mutex_lock(&workers->room_lock);
    uint64_t rooms = workers->rooms;
    pthread_mutex_unlock(&workers->room_lock);
    return rooms;
}

/* Until some queue has got room since there were so many. */
static void await_room(struct workers *workers, uint64_t rooms)
{
    pthread_mutex_lock(&workers->room_lock);
    while (workers->rooms == rooms) {
        pthread_cond_wait(&workers->room, &workers->room_lock);
    }
    pthread_mutex_unlock(&workers->room_lock);
}

/*
 * Chooses a lane whose worker takes one more product: that of the id, or another one, if nobody has the id yet and its
 * own would have to be waited for.
 */
static int choose_lane(struct workers *workers, uint32_t shard, uint64_t id_hash, bool is_new, uint32_t *lane,
                       aisle_error *error)
{
    uint32_t own = lane_of(workers, shard, id_hash);
    bool is_known = workers->lanes_per_shard > 1 && !is_new;
    uint32_t most = is_known ? QUEUE_BATCHES + QUEUE_RESERVE : QUEUE_BATCHES;
    for (;;) {
        bool room;
        bool may_go = workers->lanes_per_shard > 1 && is_new && !workers->diverted.is_full;
        uint64_t rooms = rooms_of(workers);
        int status = make_room(worker_of(workers, own), most, may_go, &room, error);
        *lane = own;
        if (status != 0 || room) {
            return status;
        }
        if (!may_go) {
            return hand_over(worker_of(workers, own), error);
        }
        status = divert(workers, shard, id_hash, lane, error);
        if (status != 0 || *lane != own) {
            return status;
        }
        await_room(workers, rooms);
    }
}

int workers_put(struct workers *workers, uint32_t shard, const struct product *product, struct bytes text,
                uint64_t id_hash, bool is_new, aisle_error *error)
{
    uint32_t lane;
    int status = choose_lane(workers, shard, id_hash, is_new, &lane, error);
    if (status != 0) {
        return status;
    }
    struct worker *worker = worker_of(workers, lane);
    status = have_batch(worker);
    status = status != 0 ? status : batch_add(worker->filling, workers->schema, product, text, id_hash, lane);
    if (status != 0) {
        return error_set(error, status, "a product cannot be added: %s", aisle_error_text(status));
    }
    bool room; /* or not: a full batch leaves at once, or with the next product */
    return make_room(worker, QUEUE_BATCHES, false, &room, error);
}

/*
 * Waits until the worker has nothing to do and borrows its lanes, so that it leaves them alone even when another worker
 * raises the tide; then does itself what was not handed over.
 */
static int settle(struct worker *worker, aisle_error *error)
{
    pthread_mutex_lock(&worker->lock);
    while (worker->first != NULL || worker->busy) {
        pthread_cond_wait(&worker->rest, &worker->lock);
    }
    worker->lent = true;
    int status = failure_of(worker, error);
    pthread_mutex_unlock(&worker->lock);
    if (status != 0 || worker->filling == NULL || worker->filling->count == 0) {
        return status;
    }
    status = add_batch(worker, worker->filling, error);
    batch_clear(worker->filling);
    status = status != 0 ? status : write_down(worker, error);
    struct lane *largest = NULL;
    pthread_mutex_lock(&worker->lock);
    worker->memory_bytes = held_by(worker, &largest);
    pthread_mutex_unlock(&worker->lock);
    return status;
}

int workers_settle_lane(struct workers *workers, uint32_t shard, uint64_t id_hash, struct segment_builder **builder,
                        aisle_error *error)
{
    uint32_t lane = lane_of(workers, shard, id_hash);
    *builder = workers->lanes[lane].builder;
    return settle(worker_of(workers, lane), error);
}

static void want_flush(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->lent = false;
    worker->flush = FLUSH_WANTED;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
}

static int await_stage(struct worker *worker, enum workers_stage stage, aisle_error *error)
{
    pthread_mutex_lock(&worker->lock);
    while ((worker->flush == FLUSH_WANTED && !(stage == WORKERS_MOST_TAKEN && worker->writing)) ||
           (stage == WORKERS_WRITTEN && (worker->flush != FLUSH_NONE || worker->busy))) {
        pthread_cond_wait(&worker->rest, &worker->lock);
    }
    int status = stage == WORKERS_WRITTEN ? failure_of(worker, error) : 0;
    pthread_mutex_unlock(&worker->lock);
    return status;
}

int workers_flush_begin(struct workers *workers, aisle_error *error)
{
    int status = 0;
    for (uint32_t i = 0; i < workers->count && status == 0; i++) {
        status = workers->all[i].filling == NULL || workers->all[i].filling->count == 0
                     ? 0
                     : hand_over(&workers->all[i], error);
    }
    for (uint32_t i = 0; i < workers->count && status == 0; i++) {
        want_flush(&workers->all[i]);
    }
    return status;
}

int workers_flush_await(struct workers *workers, enum workers_stage stage, aisle_error *error)
{
    int status = 0;
    for (uint32_t i = 0; i < workers->count && status == 0; i++) {
        status = await_stage(&workers->all[i], stage, error);
    }
    if (status == 0 && stage == WORKERS_WRITTEN) {
        diverted_clear(&workers->diverted); /* nobody holds any id */
    }
    return status;
}

int workers_flush(struct workers *workers, aisle_error *error)
{
    int status = workers_flush_begin(workers, error);
    return status == 0 ? workers_flush_await(workers, WORKERS_WRITTEN, error) : status;
}

uint64_t workers_memory(struct workers *workers)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < workers->count; i++) {
        pthread_mutex_lock(&workers->all[i].lock);
        sum += workers->all[i].memory_bytes;
        pthread_mutex_unlock(&workers->all[i].lock);
    }
    return sum;
}

uint64_t workers_analyse_ns(struct workers *workers)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < workers->count; i++) {
        pthread_mutex_lock(&workers->all[i].lock);
        sum += workers->all[i].analyse_ns;
        pthread_mutex_unlock(&workers->all[i].lock);
    }
    return sum;
}
