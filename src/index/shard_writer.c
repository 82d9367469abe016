/*
 * shard_writer.c - beginning, finding and killing; flush.c, publish.c and merge_run.c hold the rest.
 */
#include "index/shard_writer_private.h"

#include "base/alloc.h"
#include "base/bitset.h"

#include <assert.h>

void writer_segment_release(struct writer_segment *segment)
{
    segment_release(segment->segment);
    mem_free(segment->dead);
    mem_free(segment->dead_dirty);
}

static void release_segments(struct shard_writer *writer)
{
    for (uint32_t i = 0; i < writer->segment_count; i++) {
        writer_segment_release(&writer->segments[i]);
    }
    mem_free(writer->segments);
    writer->segments = NULL;
    writer->segment_count = 0;
}

void shard_writer_release(struct shard_writer *writer)
{
    if (writer->shard == NULL) {
        return;
    }
    bool forked = storage_forked(writer->shard->storage);
    release_segments(writer);
    shard_writer_forget_late(writer);
    parts_release(writer);
    parts_forget(writer);
    segment_builder_free(writer->builder);
    manifest_release(&writer->manifest);
    changes_release(&writer->changes);
    mem_free(writer->marks);
    if (!forked) {
        /* In a child, whoever held them is not there. */
        pthread_mutex_destroy(&writer->learning);
        pthread_mutex_destroy(&writer->lock);
        turns_release(&writer->turns);
    }
    *writer = (struct shard_writer){.shard = NULL};
}

void shard_writer_lock(struct shard_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
}

void shard_writer_unlock(struct shard_writer *writer)
{
    pthread_mutex_unlock(&writer->lock);
}

uint32_t shard_writer_segments(struct shard_writer *writer)
{
    shard_writer_lock(writer);
    uint32_t count = writer->segment_count;
    shard_writer_unlock(writer);
    return count;
}

uint32_t shard_writer_number(struct shard_writer *writer)
{
    uint32_t slot = 0;
    uint32_t id = writer->manifest.next_segment++;
    while (writer->building[slot].id != 0) {
        slot++;
        assert(slot < WRITER_BUILDING_MAX);
    }
    writer->building[slot] = (struct writer_building){.id = id, .dictionary = writer->manifest.dictionary};
    return id;
}

uint32_t shard_writer_build(struct shard_writer *writer)
{
    shard_writer_lock(writer);
    uint32_t id = shard_writer_number(writer);
    shard_writer_unlock(writer);
    return id;
}

void shard_writer_built(struct shard_writer *writer, uint32_t id)
{
    for (uint32_t slot = 0; slot < WRITER_BUILDING_MAX; slot++) {
        writer->building[slot].id = writer->building[slot].id == id ? 0 : writer->building[slot].id;
    }
}

int shard_writer_add_segment(struct shard_writer *writer, const struct segment_info *info, struct segment *segment,
                             const uint64_t *dead, const struct ids_range *ids, bool pending)
{
    size_t words = bitset_words(info->documents);
    size_t size = (writer->segment_count + 1) * sizeof *writer->segments;
    struct writer_segment *segments = mem_realloc(writer->segments, size);
    if (segments == NULL) {
        return AISLE_NO_MEMORY;
    }
    writer->segments = segments;
    struct writer_segment *added = &segments[writer->segment_count];
    *added = (struct writer_segment){.info = *info, .pending = pending};
    if (ids != NULL) {
        added->ids = *ids;
    }
    if (dead != NULL) {
        added->dead = mem_alloc(words * sizeof *added->dead);
        if (added->dead == NULL) {
            return AISLE_NO_MEMORY;
        }
        memcpy(added->dead, dead, words * sizeof *added->dead);
    }
    segment_retain(segment);
    added->segment = segment;
    writer->segment_count++;
    return 0;
}

/*
 * The writer's own segment of this number, if as many of it are dead there as are committed: then the same are, since
 * none comes to life again, and its bits need not be copied.
 */
static struct writer_segment *find_equal(const struct shard_writer *writer, const struct segment_info *info)
{
    for (uint32_t i = 0; i < writer->segment_count; i++) {
        if (writer->segments[i].info.id == info->id && writer->segments[i].info.dead == info->dead) {
            return &writer->segments[i];
        }
    }
    return NULL;
}

/* What is known of the ids of a segment, which never change; NULL: nothing. */
static const struct ids_range *known_ids(const struct shard_writer *writer, uint32_t id)
{
    for (uint32_t i = 0; i < writer->segment_count; i++) {
        if (writer->segments[i].info.id == id) {
            return &writer->segments[i].ids;
        }
    }
    return NULL;
}

static int load_committed(const struct shard_writer *writer, struct shard_writer *loaded,
                          const struct shard_view *view)
{
    int status = manifest_copy(&view->manifest, &loaded->manifest);
    for (uint32_t i = 0; i < view->manifest.segment_count && status == 0; i++) {
        const struct segment_info *info = &view->manifest.segments[i];
        const uint64_t *dead = find_equal(writer, info) != NULL ? NULL : view->states[i]->dead;
        status = shard_writer_add_segment(loaded, info, view->segments[i], dead, known_ids(writer, info->id), false);
    }
    return status;
}

static void take_over_dead(struct shard_writer *writer, struct shard_writer *loaded)
{
    for (uint32_t i = 0; i < loaded->segment_count; i++) {
        struct writer_segment *equal = find_equal(writer, &loaded->segments[i].info);
        if (equal != NULL) {
            loaded->segments[i].dead = equal->dead;
            equal->dead = NULL;
        }
    }
}

static uint32_t higher(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* When it fails, what the writer had stays, since cleaning on another thread goes by it. Numbers given out stay so. */
int shard_writer_reload(struct shard_writer *writer, aisle_error *error)
{
    struct shard_snapshot snapshot;
    struct shard_writer loaded = {.shard = writer->shard};
    int status = shard_begin(writer->shard, &snapshot, error);
    writer->lost = status != 0;
    if (status != 0) {
        return status;
    }
    status = load_committed(writer, &loaded, snapshot.view);
    status = status == 0 ? parts_reload(writer, snapshot.view->parts, snapshot.view->manifest.part_count) : status;
    shard_end(&snapshot);
    writer->lost = status != 0;
    if (status != 0) {
        release_segments(&loaded);
        manifest_release(&loaded.manifest);
        return error_no_memory(error, "beginning to write");
    }
    loaded.manifest.next_segment = higher(loaded.manifest.next_segment, writer->manifest.next_segment);
    loaded.manifest.next_dictionary = higher(loaded.manifest.next_dictionary, writer->manifest.next_dictionary);
    take_over_dead(writer, &loaded);
    release_segments(writer);
    manifest_release(&writer->manifest);
    writer->manifest = loaded.manifest;
    writer->segments = loaded.segments;
    writer->segment_count = loaded.segment_count;
    return 0;
}

static int enter_gate(void *context)
{
    turns_take(&((struct shard_writer *)context)->turns);
    return 0;
}

static void leave_gate(void *context, uint64_t bytes)
{
    (void)bytes;
    turns_give(&((struct shard_writer *)context)->turns);
}

int shard_writer_begin(struct shard_writer *writer, struct shard *shard, const struct budget *budget,
                       aisle_error *error)
{
    *writer = (struct shard_writer){.shard = NULL};
    if (turns_init(&writer->turns) != 0) {
        return error_no_memory(error, "beginning to write");
    }
    if (pthread_mutex_init(&writer->lock, NULL) != 0) {
        turns_release(&writer->turns);
        return error_no_memory(error, "beginning to write");
    }
    if (pthread_mutex_init(&writer->learning, NULL) != 0) {
        pthread_mutex_destroy(&writer->lock);
        turns_release(&writer->turns);
        return error_no_memory(error, "beginning to write");
    }
    writer->shard = shard;
    writer->budget = budget;
    writer->gate = (struct sink_gate){.enter = enter_gate, .leave = leave_gate, .context = writer};
    if (segment_builder_new(shard->columns, &writer->builder) != 0) {
        return error_no_memory(error, "beginning to write");
    }
    shard_writer_lock(writer);
    int status = shard_writer_reload(writer, error);
    shard_writer_unlock(writer);
    return status == 0 ? shard_writer_clean(writer, CLEAN_ALL, NULL, error) : status;
}

/* ---- finding and killing ---- */

static bool is_dead(const struct writer_segment *segment, uint32_t document)
{
    return segment->dead != NULL && bitset_get(segment->dead, document);
}

static bool find_waiting(struct segment_builder *builder, struct bytes id, uint64_t id_hash, struct writer_place *place)
{
    place->builder = builder;
    return builder != NULL && segment_builder_find(builder, id, id_hash, &place->document) == 0;
}

/*
 * A product lives in one segment at most, so any order finds it: the largest segments come first, and each that a
 * product is found in moves a place to the front, for a few new ones have the products that change all the time. There
 * may be more segments than an order is kept of, while a batch has many pending: those come last, as they stand.
 */
static void order_finding(struct shard_writer *writer)
{
    uint16_t *order = writer->finding.order;
    if (writer->finding.count == writer->segment_count) {
        return;
    }
    writer->finding.count = writer->segment_count;
    for (uint32_t i = 0; i < writer->segment_count && i < LIMIT_SEGMENTS; i++) {
        uint32_t at = i;
        for (; at > 0 && writer->segments[order[at - 1]].info.documents < writer->segments[i].info.documents; at--) {
            order[at] = order[at - 1];
        }
        order[at] = (uint16_t)i;
    }
}

/*
 * Asks memory for what a look-up in the next segments of the order will read: each would wait for two lines of memory
 * by itself, and some products are in none but the last.
 */
#define FIND_AHEAD 6u

static void find_ahead(const struct shard_writer *writer, uint32_t from, uint64_t id_hash)
{
    static const enum ids_find_ahead steps[] = {IDS_FIND_PLACE, IDS_FIND_BUCKET};
    for (size_t step = 0; step < 2; step++) {
        for (uint32_t i = from; i < from + FIND_AHEAD && i < writer->segment_count && i < LIMIT_SEGMENTS; i++) {
            ids_find_ahead(&writer->segments[writer->finding.order[i]].segment->ids, id_hash, steps[step]);
        }
    }
}

int shard_writer_find(struct shard_writer *writer, struct bytes id, uint64_t id_hash, struct writer_place *place)
{
    if (find_waiting(place->lane, id, id_hash, place) || find_waiting(writer->builder, id, id_hash, place)) {
        return 0;
    }
    place->builder = NULL;
    order_finding(writer);
    uint16_t *order = writer->finding.order;
    for (uint32_t i = 0; i < writer->segment_count; i++) {
        uint32_t at = i < LIMIT_SEGMENTS ? order[i] : i;
        if (i % FIND_AHEAD == 0) {
            find_ahead(writer, i, id_hash);
        }
        int status = ids_find(&writer->segments[at].segment->ids, id, id_hash, &place->document);
        if (status == 0 && !is_dead(&writer->segments[at], place->document)) {
            place->segment = at;
            if (i > 0 && i < LIMIT_SEGMENTS) {
                order[i] = order[i - 1];
                order[i - 1] = (uint16_t)at;
            }
            return 0;
        }
        if (status < 0) {
            return status;
        }
    }
    return AISLE_END;
}

int writer_segment_kill(struct writer_segment *segment, uint32_t document, bool *fresh)
{
    uint32_t documents = segment->info.documents;
    if (segment->dead == NULL) {
        segment->dead = mem_calloc(bitset_words(documents), sizeof *segment->dead);
    }
    if (segment->dead_dirty == NULL) {
        segment->dead_dirty =
            mem_calloc(bitset_words(documents / PAGE_BITS_DOCUMENTS + 1), sizeof *segment->dead_dirty);
    }
    if (segment->dead == NULL || segment->dead_dirty == NULL) {
        return AISLE_NO_MEMORY;
    }
    *fresh = !bitset_get(segment->dead, document);
    if (*fresh) {
        bitset_set(segment->dead, document);
        bitset_set(segment->dead_dirty, document / PAGE_BITS_DOCUMENTS);
        segment->info.dead++;
    }
    return 0;
}

int shard_writer_kill_in(struct shard_writer *writer, struct writer_segment *segment, uint32_t document)
{
    bool fresh = false;
    int status = writer_segment_kill(segment, document, &fresh);
    writer->any_deaths = writer->any_deaths || fresh;
    return status;
}

int shard_writer_kill(struct shard_writer *writer, const struct writer_place *place)
{
    if (place->builder != NULL) {
        segment_builder_drop(place->builder, place->document);
        return 0;
    }
    return shard_writer_kill_in(writer, &writer->segments[place->segment], place->document);
}

/* ---- positions ---- */

static bool is_mark_of(const struct writer_mark *mark, const struct log_position *position)
{
    return mark->position.identity == position->identity && strcmp(mark->position.source, position->source) == 0;
}

/* Begins a mark for a source not read before by this writer. */
static int add_mark(struct shard_writer *writer, const struct log_position *position, aisle_error *error)
{
    struct storage_txn *txn = NULL;
    struct log_position known;
    if (writer->mark_count == LIMIT_SOURCES) {
        return error_set(error, AISLE_LIMIT, "a writer follows at most %u sources", LIMIT_SOURCES);
    }
    size_t size = (writer->mark_count + 1) * sizeof *writer->marks;
    struct writer_mark *marks = mem_realloc(writer->marks, size);
    if (marks == NULL) {
        return error_no_memory(error, "noting a log position");
    }
    writer->marks = marks;
    int status = storage_read_begin(writer->shard->storage, &txn, error);
    if (status != 0) {
        return status;
    }
    status = position_load(txn, position->source, &known);
    storage_read_end(txn);
    if (status < 0) {
        return error_set(error, status, "a log position cannot be read: %s", aisle_error_text(status));
    }
    bool same = status == 0 && known.identity == position->identity;
    writer->marks[writer->mark_count] =
        (struct writer_mark){.position = *position, .skip_until = same ? known.offset : 0};
    writer->mark_current = writer->mark_count++;
    return 0;
}

int shard_writer_mark(struct shard_writer *writer, const struct log_position *position, aisle_error *error)
{
    if (writer->mark_count == 0 || !is_mark_of(&writer->marks[writer->mark_current], position)) {
        uint32_t i = writer->mark_count;
        while (i > 0 && !is_mark_of(&writer->marks[i - 1], position)) {
            i--;
        }
        int status = i > 0 ? 0 : add_mark(writer, position, error);
        if (status != 0) {
            return status;
        }
        writer->mark_current = i > 0 ? i - 1 : writer->mark_current;
    }
    struct writer_mark *mark = &writer->marks[writer->mark_current];
    mark->position = *position;
    /* Decided here, not at the operation: those after a commit without a new mark are no repeats. */
    writer->skipping = position->offset <= mark->skip_until;
    mark->changed = mark->changed || position->offset > mark->skip_until;
    return 0;
}
