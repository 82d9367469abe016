/*
 * merge_carry.c - what happened to the sources of a merge while it ran.
 *
 * A merge reads its sources as they were when it began. Meanwhile the writer commits deaths and changed columns of
 * theirs, and holds some that are not committed. Nothing is logged for the merge: when it is done, the state it read is
 * compared with the state of the last commit, and that with the writer's own, and each difference goes where the
 * merge has put the document. So it cannot be forgotten by any path that changes a segment. The first comparison, which
 * reads all changed pages, needs no lock: what is committed meanwhile is compared again, with what was seen.
 */
#include "index/merge_run.h"

#include "base/alloc.h"
#include "base/bitset.h"

void merge_carried_release(struct merge_carried *carried)
{
    writer_segment_release(&carried->stored);
    writer_segment_release(&carried->kept);
    changes_release(&carried->values);
    changes_release(&carried->waiting);
    *carried = (struct merge_carried){.stored = {.segment = NULL}};
}

/* ---- deaths ---- */

static int kill_mapped(struct writer_segment *result, const uint32_t *map, uint32_t document)
{
    bool fresh;
    return map[document] == SEGMENT_MERGE_DROPPED ? 0 : writer_segment_kill(result, map[document], &fresh);
}

static uint64_t word_of(const uint64_t *bits, size_t word)
{
    return bits == NULL ? 0 : bits[word];
}

/* Kills in result what is dead in later and not in earlier; either may be NULL: nothing is. */
static int carry_deaths(struct writer_segment *result, const uint32_t *map, const uint64_t *earlier,
                        const uint64_t *later, uint32_t documents)
{
    int status = 0;
    for (size_t word = 0; later != NULL && word < bitset_words(documents) && status == 0; word++) {
        uint64_t fresh = later[word] & ~word_of(earlier, word);
        for (; fresh != 0 && status == 0; fresh &= fresh - 1) {
            status = kill_mapped(result, map, (uint32_t)(word * 64 + (size_t)__builtin_ctzll(fresh)));
        }
    }
    return status;
}

/* A source that is listed no more has died as a whole. */
static int carry_end(struct writer_segment *result, const uint32_t *map, uint32_t documents)
{
    int status = 0;
    for (uint32_t i = 0; i < documents && status == 0; i++) {
        status = kill_mapped(result, map, i);
    }
    return status;
}

/* ---- columns ---- */

/* Values of one page of a column that differ from those that were merged. */
static int carry_page(const struct merge_run *run, size_t source, const struct segment_state *now, uint8_t field,
                      uint32_t page, struct changes *values)
{
    const struct merge_source *merged = &run->sources[source];
    uint32_t documents = run->infos[source].documents;
    uint32_t first = page * COLUMN_PAGE_DOCUMENTS;
    int status = 0;
    for (uint32_t i = first; i < documents && i - first < COLUMN_PAGE_DOCUMENTS && status == 0; i++) {
        int64_t before = COLUMN_MISSING;
        int64_t after = COLUMN_MISSING;
        if (run->maps[source][i] == SEGMENT_MERGE_DROPPED) {
            continue;
        }
        status = segment_state_column(merged->segment, merged->state, field, i, &before);
        if (status == 0) {
            status = segment_state_column(merged->segment, now, field, i, &after);
        }
        if (status == 0 && before != after) {
            status = changes_set(values, run->id, run->maps[source][i], field, after);
        }
    }
    return status;
}

/* Marks of one page that the merge has not seen. */
static int carry_marks(struct merge_run *run, size_t source, const struct segment_overlay *overlay,
                       struct bytes content, struct bytes merged)
{
    uint64_t later[PAGE_BITS_WORDS];
    uint64_t earlier[PAGE_BITS_WORDS] = {0};
    uint64_t **bits = &run->patched.bits[overlay->kind - PAGE_PATCHED];
    if (content.size != sizeof later || (merged.size != 0 && merged.size != sizeof earlier)) {
        return AISLE_CORRUPT;
    }
    memcpy(later, content.data, sizeof later);
    if (merged.size != 0) {
        memcpy(earlier, merged.data, sizeof earlier);
    }
    if (*bits == NULL) {
        *bits = mem_calloc(bitset_words(run->info.documents), sizeof **bits);
        if (*bits == NULL) {
            return AISLE_NO_MEMORY;
        }
    }
    for (size_t i = 0; i < PAGE_BITS_DOCUMENTS; i++) {
        size_t document = (size_t)overlay->page * PAGE_BITS_DOCUMENTS + i;
        if (bitset_get(later, i) && !bitset_get(earlier, i) && document < run->infos[source].documents &&
            run->maps[source][document] != SEGMENT_MERGE_DROPPED) {
            bitset_set(*bits, run->maps[source][document]);
        }
    }
    return 0;
}

static int compare_places(const struct segment_overlay *a, const struct segment_overlay *b)
{
    return a->kind != b->kind ? (a->kind > b->kind) - (a->kind < b->kind) : (a->page > b->page) - (a->page < b->page);
}

/* Both states have their overlays in order, so they are walked side by side. */
static int carry_overlays(struct merge_run *run, size_t source, const struct segment_state *now,
                          struct changes *values)
{
    const struct segment_state *before = run->sources[source].state;
    size_t at = 0;
    int status = 0;
    for (size_t i = 0; i < now->overlay_count && status == 0; i++) {
        const struct segment_overlay *overlay = &now->overlays[i];
        while (at < before->overlay_count && compare_places(&before->overlays[at], overlay) < 0) {
            at++;
        }
        bool is_known = at < before->overlay_count && compare_places(&before->overlays[at], overlay) == 0;
        struct bytes merged = is_known ? segment_state_peek(before, at) : bytes_of(NULL, 0);
        struct bytes content = segment_state_peek(now, i);
        if (merged.data == content.data || bytes_equal(merged, content)) { /* both are held: the same page, if so */
            continue;
        }
        if (overlay->kind >= PAGE_PATCHED) {
            status = carry_marks(run, source, overlay, content, merged);
        } else {
            uint8_t field = (uint8_t)(overlay->kind - PAGE_COLUMN);
            status = carry_page(run, source, now, field, overlay->page, values);
        }
    }
    return status;
}

/* ---- all of it ---- */

/* The state of a segment in room, or NULL when it is gone. */
static const struct segment_state *state_now(const struct shard_snapshot *now, uint32_t id, struct segment_state *room)
{
    for (uint32_t i = 0; i < now->view->manifest.segment_count; i++) {
        if (now->view->manifest.segments[i].id == id) {
            shard_state(now, i, room);
            return room;
        }
    }
    return NULL;
}

void merge_carry_begin(const struct merge_run *run, struct merge_carried *carried)
{
    *carried = (struct merge_carried){.stored = {.info = run->info}, .kept = {.info = run->info}};
}

/* What a page that was compared could not be read for, which looks like any other then (shard_failure); 0: all were. */
static int read_failure(const struct merge_run *run, const struct shard_snapshot *now)
{
    int failure = shard_failure(now);
    failure = failure != 0 ? failure : shard_failure(&run->snapshot);
    return failure != 0 ? failure : shard_failure(&run->seen);
}

int merge_carry_committed(struct merge_run *run, const struct shard_snapshot *now, struct merge_carried *carried)
{
    int status = 0;
    for (size_t i = 0; i < run->count && status == 0; i++) {
        uint32_t documents = run->infos[i].documents;
        struct segment_state room;
        const struct segment_state *state = state_now(now, run->infos[i].id, &room);
        if (state == NULL) {
            status = carry_end(&carried->stored, run->maps[i], documents);
            continue;
        }
        status = carry_deaths(&carried->stored, run->maps[i], run->sources[i].state->dead, state->dead, documents);
        if (status == 0) {
            status = carry_overlays(run, i, state, &carried->values);
        }
    }
    int failure = read_failure(run, now);
    for (size_t i = 0; i < run->count && status == 0 && failure == 0; i++) {
        if (state_now(now, run->infos[i].id, &run->seen_states[i]) != NULL) {
            run->sources[i].state = &run->seen_states[i];
        }
    }
    return failure != 0 ? failure : status;
}

/* The result as the writer will see it begins with the deaths that are stored with it. */
static int copy_deaths(const struct writer_segment *from, struct writer_segment *to)
{
    if (from->dead != NULL) {
        size_t bytes = bitset_words(from->info.documents) * sizeof *to->dead;
        to->dead = mem_alloc(bytes);
        if (to->dead == NULL) {
            return AISLE_NO_MEMORY;
        }
        memcpy(to->dead, from->dead, bytes);
        to->info.dead = from->info.dead;
    }
    return 0;
}

static const struct writer_segment *writers_segment(const struct shard_writer *writer, uint32_t id)
{
    for (uint32_t i = 0; i < writer->segment_count; i++) {
        if (writer->segments[i].info.id == id) {
            return &writer->segments[i];
        }
    }
    return NULL;
}

static int carry_uncommitted_deaths(struct merge_run *run, struct writer_segment *kept)
{
    int status = 0;
    for (size_t i = 0; i < run->count && status == 0; i++) {
        struct segment_state room;
        const struct segment_state *state = state_now(&run->seen, run->infos[i].id, &room);
        const struct writer_segment *segment = writers_segment(run->writer, run->infos[i].id);
        if (state != NULL && segment != NULL) {
            status = carry_deaths(kept, run->maps[i], state->dead, segment->dead, run->infos[i].documents);
        }
    }
    return status;
}

/* The writer's pending changes, those of the sources re-addressed to the result. */
static int carry_changes(const struct merge_run *run, struct changes *waiting)
{
    const struct changes *changes = &run->writer->changes;
    int status = 0;
    for (size_t i = 0; i < changes->slot_count && status == 0; i++) {
        const struct column_patch *patch = &changes->slots[i];
        if (!patch->used) {
            continue;
        }
        size_t source = 0;
        while (source < run->count && run->infos[source].id != patch->segment) {
            source++;
        }
        if (source == run->count) {
            status = changes_set(waiting, patch->segment, patch->document, patch->field, patch->value);
        } else if (run->maps[source][patch->document] != SEGMENT_MERGE_DROPPED) {
            status = changes_set(waiting, run->id, run->maps[source][patch->document], patch->field, patch->value);
        }
    }
    return status;
}

int merge_carry_waiting(struct merge_run *run, struct merge_carried *carried)
{
    int status = copy_deaths(&carried->stored, &carried->kept);
    if (status == 0) {
        status = carry_uncommitted_deaths(run, &carried->kept);
    }
    if (status == 0) {
        status = carry_changes(run, &carried->waiting);
    }
    return status;
}
