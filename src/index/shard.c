/*
 * shard.c - opening shards, and views of their generations.
 *
 * A new view reuses every segment object of the last one that is still listed: their addresses in the map have not
 * moved (segment_read.c says why), so a commit of one product costs opening one small segment and loading the pages
 * that changed, whatever the size of the catalog.
 */
#include "index/shard.h"

#include "base/alloc.h"

#include <stdio.h>

static const char format_key[] = "format";

int shard_create(const char *directory, aisle_error *error)
{
    struct storage *storage = NULL;
    struct storage_txn *txn = NULL;
    uint8_t version[4];
    int status = storage_open(directory, &(struct storage_options){.create = true}, &storage, error);
    if (status != 0) {
        return status;
    }
    store_u32(version, FORMAT_VERSION);
    status = storage_write_begin(storage, &txn, error);
    if (status == 0) {
        status = storage_put(txn, TABLE_META, bytes_of_string(format_key), bytes_of(version, sizeof version));
        if (status != 0) {
            storage_abort(txn);
            error_set(error, status, "a shard cannot be created: %s (%s)", aisle_error_text(status), directory);
        } else {
            status = storage_commit(txn, error);
        }
    }
    storage_close(storage);
    return status;
}

static int check_format(struct storage *storage, const char *directory, aisle_error *error)
{
    struct storage_txn *txn = NULL;
    struct bytes value;
    int status = storage_read_begin(storage, &txn, error);
    if (status != 0) {
        return status;
    }
    status = storage_get(txn, TABLE_META, bytes_of_string(format_key), &value);
    if (status == AISLE_END || (status == 0 && value.size != 4)) {
        status = AISLE_NOT_A_CATALOG;
    } else if (status == 0 && load_u32(value.data) > FORMAT_VERSION) {
        status = AISLE_NEWER_FORMAT;
    } else if (status == 0 && load_u32(value.data) < FORMAT_VERSION) {
        status = AISLE_OLD_FORMAT;
    }
    storage_read_end(txn);
    return status == 0 ? 0
                       : error_set(error, status, "the shard cannot be opened: %s (%s)", aisle_error_text(status),
                                   directory);
}

int shard_open(const char *directory, bool read_only, const struct segment_columns *columns, struct shard *out,
               aisle_error *error)
{
    *out = (struct shard){.columns = columns};
    int status = storage_open(directory, &(struct storage_options){.read_only = read_only}, &out->storage, error);
    if (status == 0) {
        status = check_format(out->storage, directory, error);
    }
    if (status != 0) {
        storage_close(out->storage);
        out->storage = NULL;
        return status;
    }
    if (pthread_mutex_init(&out->lock, NULL) != 0) {
        storage_close(out->storage);
        out->storage = NULL;
        return error_no_memory(error, "opening a shard");
    }
    return 0;
}

static void release_view(struct shard_view *view)
{
    if (view == NULL || atomic_fetch_sub_explicit(&view->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (uint32_t i = 0; i < view->manifest.segment_count; i++) {
        if (view->segments != NULL) {
            segment_release(view->segments[i]);
        }
        if (view->states != NULL) {
            segment_state_drop(view->states[i]);
        }
    }
    for (uint32_t i = 0; view->parts != NULL && i < view->manifest.part_count; i++) {
        part_release(view->parts[i]);
    }
    mem_free(view->segments);
    mem_free(view->states);
    mem_free(view->parts);
    manifest_release(&view->manifest);
    mem_free(view);
}

void shard_close(struct shard *shard)
{
    if (shard->storage == NULL) {
        return;
    }
    release_view(shard->view);
    pthread_mutex_destroy(&shard->lock);
    storage_close(shard->storage);
    shard->storage = NULL;
}

/* Its index, or segment_count. */
static uint32_t find_open(const struct shard_view *view, uint32_t id)
{
    uint32_t i = 0;
    while (i < view->manifest.segment_count && view->segments[i]->info.id != id) {
        i++;
    }
    return i;
}

static struct part *find_open_part(const struct shard_view *view, uint32_t id)
{
    for (uint32_t i = 0; view != NULL && i < view->manifest.part_count; i++) {
        if (view->parts[i]->info.id == id) {
            return view->parts[i];
        }
    }
    return NULL;
}

static int fill_parts(struct storage_txn *txn, const struct shard_view *known, struct shard_view *view,
                      aisle_error *error)
{
    int status = 0;
    view->parts = mem_calloc(view->manifest.part_count, sizeof(struct part *));
    if (view->parts == NULL) {
        return error_no_memory(error, "taking a snapshot");
    }
    for (uint32_t i = 0; i < view->manifest.part_count && status == 0; i++) {
        const struct part_info *info = &view->manifest.parts[i];
        struct part *open = find_open_part(known, info->id);
        if (open != NULL) {
            part_retain(open);
            view->parts[i] = open;
        } else {
            status = part_open(txn, info, &view->parts[i], error);
        }
    }
    return status;
}

/* The segment's state: from that of a view before by the pages that have changed since; else all of it is read. */
static int fill_state(struct storage_txn *txn, const struct segment_info *info, struct segment_state *before,
                      const struct recent_pages *recent, struct segment_state **out, aisle_error *error)
{
    size_t first = 0;
    while (first < recent->count && recent->pages[first].segment < info->id) {
        first++;
    }
    size_t end = first;
    while (end < recent->count && recent->pages[end].segment == info->id) {
        end++;
    }
    const struct segment_changes changes = {.pages = first == end ? NULL : recent->pages + first, /* may be no array */
                                            .count = end - first,
                                            .documents = recent->documents};
    int status = before == NULL ? AISLE_END : segment_state_update(txn, info, before, &changes, out);
    if (status == AISLE_END || status == AISLE_CORRUPT) { /* what was told does not fit: then the pages alone count */
        return segment_state_new(txn, info, out, error);
    }
    return status != 0 ? error_set(error, status, "taking a snapshot: %s", aisle_error_text(status)) : 0;
}

/* Opens what the manifest lists, reusing segments that known already has. */
static int fill_view(struct shard *shard, struct storage_txn *txn, const struct shard_view *known,
                     struct shard_view *view, aisle_error *error)
{
    uint32_t count = view->manifest.segment_count;
    view->segments = mem_calloc(count, sizeof(struct segment *));
    view->states = mem_calloc(count, sizeof *view->states);
    if (view->segments == NULL || view->states == NULL) {
        return error_no_memory(error, "taking a snapshot");
    }
    struct recent_pages recent = {.pages = NULL};
    bool told = known != NULL &&
                recent_pages_load(txn, known->manifest.generation, view->manifest.generation, &recent) == 0;
    int status = 0;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        const struct segment_info *info = &view->manifest.segments[i];
        uint32_t open = known == NULL ? 0 : find_open(known, info->id);
        bool is_open = known != NULL && open < known->manifest.segment_count;
        if (is_open) {
            segment_retain(known->segments[open]);
            view->segments[i] = known->segments[open];
        } else {
            status = segment_open(txn, info, shard->columns, &view->segments[i], error);
        }
        if (status == 0) {
            status = fill_state(txn, info, is_open && told ? known->states[open] : NULL, &recent, &view->states[i],
                                error);
        }
    }
    for (uint32_t i = 0; i < count && status == 0; i++) {
        view->has_overlays = view->has_overlays || view->states[i]->overlay_count != 0;
    }
    recent_pages_release(&recent);
    return status;
}

#define HEAP_BLOCK_BYTES 32u /* the least that a block of the heap takes; empty tables are such blocks */

static size_t view_bytes(const struct shard_view *view)
{
    uint32_t count = view->manifest.segment_count;
    size_t sum = sizeof *view + count * (sizeof *view->segments + sizeof *view->states + sizeof(struct segment_info));
    for (uint32_t i = 0; i < count; i++) {
        const struct segment *segment = view->segments[i];
        const struct segment_state *state = view->states[i];
        sum += sizeof *state + sizeof *segment + 2 * COMPONENT_COUNT * HEAP_BLOCK_BYTES;
        for (unsigned c = 0; c < COMPONENT_COUNT; c++) {
            sum += segment->views[c].extent_count * (sizeof(uint8_t *) + sizeof(uint64_t));
        }
        sum += state->dead == NULL ? 0 : (size_t)segment->info.documents / 8;
        sum += state->overlay_count * (sizeof *state->overlays + sizeof *state->read) + state->owned_bytes;
    }
    for (uint32_t i = 0; i < view->manifest.part_count; i++) {
        sum += part_memory(view->parts[i]);
    }
    return sum;
}

static uint64_t view_products(const struct shard_view *view)
{
    uint64_t products = 0;
    for (uint32_t i = 0; i < view->manifest.segment_count; i++) {
        products += view->manifest.segments[i].documents;
    }
    return products;
}

static int build_view(struct shard *shard, struct storage_txn *txn, struct shard_view **out, aisle_error *error)
{
    struct shard_view *view = mem_calloc(1, sizeof *view);
    if (view == NULL) {
        return error_no_memory(error, "taking a snapshot");
    }
    atomic_init(&view->references, 1);
    int status = manifest_load(txn, &view->manifest, error);
    if (status == 0) {
        status = fill_view(shard, txn, shard->view, view, error);
    }
    if (status == 0) {
        status = fill_parts(txn, shard->view, view, error);
    }
    if (status != 0) {
        release_view(view);
        return status;
    }
    *out = view;
    return 0;
}

/* Under the lock: makes the view that of txn's generation, unless *is_old: txn is older than the view. */
static int renew_view(struct shard *shard, struct storage_txn *txn, bool *is_old, aisle_error *error)
{
    uint64_t generation = 0;
    int status = manifest_generation(txn, &generation);
    if (status != 0) {
        return error_set(error, status, "the manifest cannot be read: %s", aisle_error_text(status));
    }
    *is_old = shard->view != NULL && shard->view->manifest.generation > generation;
    if (*is_old) {
        return 0;
    }
    if (shard->view == NULL || shard->view->manifest.generation != generation) {
        struct shard_view *fresh = NULL;
        status = build_view(shard, txn, &fresh, error);
        if (status != 0) {
            return status;
        }
        release_view(shard->view);
        shard->view = fresh;
        atomic_store_explicit(&shard->view_bytes, view_bytes(fresh), memory_order_relaxed);
        atomic_store_explicit(&shard->view_products, view_products(fresh), memory_order_relaxed);
    }
    shard->number = storage_read_number(txn);
    return 0;
}

/*
 * Under the lock: the view of txn's generation, with a reference for the caller; NULL when txn is too old. Which
 * generation that is need not be read when the last one asked for saw the same commit.
 */
static int view_for(struct shard *shard, struct storage_txn *txn, struct shard_view **out, aisle_error *error)
{
    bool is_known = shard->view != NULL && shard->number == storage_read_number(txn);
    bool is_old = false;
    int status = is_known ? 0 : renew_view(shard, txn, &is_old, error);
    *out = NULL;
    if (status != 0 || is_old) {
        return status;
    }
    atomic_fetch_add_explicit(&shard->view->references, 1, memory_order_relaxed);
    *out = shard->view;
    return 0;
}

/* Messages from below name the segment; this adds the shard. */
static void add_path(const struct shard *shard, aisle_error *error)
{
    if (error != NULL) {
        size_t size = strlen(error->message);
        snprintf(error->message + size, sizeof error->message - size, " (%s)", storage_path(shard->storage));
    }
}

/* For states that are read when they are asked for, by any thread of a search. */
static int share_pages(struct shard_snapshot *snapshot, aisle_error *error)
{
    int status = storage_read_share(snapshot->txn, TABLE_PAGES);
    if (status != 0) {
        release_view(snapshot->view);
        snapshot->view = NULL;
        return error_set(error, status, "taking a snapshot: %s", aisle_error_text(status));
    }
    return 0;
}

int shard_begin(struct shard *shard, struct shard_snapshot *out, aisle_error *error)
{
    *out = (struct shard_snapshot){.shard = shard};
    while (out->view == NULL) {
        int status = storage_read_begin(shard->storage, &out->txn, error);
        if (status != 0) {
            return status;
        }
        pthread_mutex_lock(&shard->lock);
        status = view_for(shard, out->txn, &out->view, error);
        pthread_mutex_unlock(&shard->lock);
        if (status == AISLE_CORRUPT) {
            add_path(shard, error);
        }
        if (out->view != NULL && out->view->has_overlays) {
            status = share_pages(out, error);
        }
        if (status != 0 || out->view == NULL) {
            /* Another thread has seen a newer generation since: ours began too early. */
            storage_read_end(out->txn);
            out->txn = NULL;
        }
        if (status != 0) {
            return status;
        }
    }
    return 0;
}

void shard_end(struct shard_snapshot *snapshot)
{
    release_view(snapshot->view);
    storage_read_end(snapshot->txn);
    *snapshot = (struct shard_snapshot){.shard = snapshot->shard};
}

int shard_failure(const struct shard_snapshot *snapshot)
{
    return snapshot->txn == NULL ? 0 : storage_read_failure(snapshot->txn);
}

void shard_state(const struct shard_snapshot *snapshot, uint32_t segment, struct segment_state *out)
{
    segment_state_view(snapshot->view->states[segment], snapshot->txn, out);
}

bool shard_is_ready(struct shard *shard)
{
    struct storage_txn *txn = NULL;
    uint64_t generation = 0;
    if (storage_read_begin(shard->storage, &txn, NULL) != 0) {
        return false;
    }
    bool is_ready = manifest_generation(txn, &generation) == 0 && pthread_mutex_trylock(&shard->lock) == 0;
    if (is_ready) {
        is_ready = shard->view != NULL && shard->view->manifest.generation >= generation;
        pthread_mutex_unlock(&shard->lock);
    }
    storage_read_end(txn);
    return is_ready;
}

void shard_forget(struct shard *shard)
{
    pthread_mutex_lock(&shard->lock);
    release_view(shard->view);
    shard->view = NULL;
    atomic_store_explicit(&shard->view_bytes, 0, memory_order_relaxed);
    pthread_mutex_unlock(&shard->lock);
}

int shard_find(const struct shard_snapshot *snapshot, struct bytes id, uint64_t id_hash, uint32_t *segment,
               uint32_t *document)
{
    const struct shard_view *view = snapshot->view;
    for (uint32_t i = view->manifest.segment_count; i-- > 0;) {
        uint32_t found;
        int status = ids_find(&view->segments[i]->ids, id, id_hash, &found);
        if (status == 0 && segment_state_alive(view->states[i], found)) {
            *segment = i;
            *document = found;
            return 0;
        }
        if (status < 0) {
            return status;
        }
    }
    return AISLE_END;
}
