/*
 * parts_list.c - the writer's list of parts, and what a commit changes of it.
 */
#include "index/parts.h"
#include "index/parts_private.h"
#include "index/shard_writer_private.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>

/* ---- the list ---- */

void parts_release(struct shard_writer *writer)
{
    for (uint32_t i = 0; i < writer->parts.count; i++) {
        part_release(writer->parts.list[i].part);
    }
    writer->parts.count = 0;
}

void parts_forget(struct shard_writer *writer)
{
    for (size_t i = 0; part_kind_at(i) != NULL; i++) {
        part_kind_at(i)->forget(writer);
    }
}

/* A reload has what is committed: what was new is in it, or forgotten with the products that it came from. */
int parts_reload(struct shard_writer *writer, struct part *const *parts, uint32_t count)
{
    if (count > LIMIT_PARTS) {
        return AISLE_CORRUPT;
    }
    for (uint32_t i = 0; i < count; i++) {
        part_retain(parts[i]);
    }
    parts_release(writer);
    for (uint32_t i = 0; i < count; i++) {
        writer->parts.list[i] = (struct writer_part){.part = parts[i]};
    }
    writer->parts.count = count;
    parts_forget(writer);
    return 0;
}

bool parts_hold(const struct shard_writer *writer, uint32_t id)
{
    for (uint32_t i = 0; i < writer->parts.count; i++) {
        if (writer->parts.list[i].part->info.id == id) {
            return true;
        }
    }
    return parts_run_holds(writer, id);
}

size_t parts_of(const struct shard_writer *writer, uint8_t kind, const struct part *out[LIMIT_PARTS])
{
    size_t count = 0;
    for (uint32_t i = 0; i < writer->parts.count; i++) {
        if (writer->parts.list[i].part->info.kind == kind) {
            out[count++] = writer->parts.list[i].part;
        }
    }
    return count;
}

static int compare_entries(const void *a, const void *b)
{
    const struct part *x = *(const struct part *const *)a;
    const struct part *y = *(const struct part *const *)b;
    if (x->info.entries != y->info.entries) {
        return x->info.entries < y->info.entries ? -1 : 1;
    }
    return x->info.id < y->info.id ? -1 : 1;
}

size_t parts_sort(const struct part *parts[LIMIT_PARTS], size_t count)
{
    qsort(parts, count, sizeof *parts, compare_entries);
    return count;
}

size_t parts_to_take_in(const struct shard_writer *writer, uint8_t kind, uint64_t entries, uint64_t max,
                        const struct part *out[LIMIT_PARTS])
{
    size_t taken = 0;
    size_t count = parts_sort(out, parts_of(writer, kind, out));
    for (size_t i = 0; i < count; i++) {
        if (parts_run_holds(writer, out[i]->info.id)) {
            continue;
        }
        if (out[i]->info.entries > entries * PARTS_FACTOR || entries + out[i]->info.entries > max) {
            break;
        }
        entries += out[i]->info.entries;
        out[taken++] = out[i];
    }
    return taken;
}

/* ---- a commit ---- */

int parts_change_add(struct shard_writer *writer, struct parts_change *change, const struct part_kind *kind,
                     struct part_writer **out, aisle_error *error)
{
    assert(change->added_count < LIMIT_PARTS);
    uint32_t id = shard_writer_number(writer);
    int status = part_writer_new(writer->shard->storage, id, kind, out);
    if (status != 0) {
        shard_writer_built(writer, id);
        return error_no_memory(error, "writing a part");
    }
    (*out)->sink.waiting_max = UINT64_MAX;
    change->added[change->added_count++] = *out;
    return 0;
}

void parts_change_drop(struct shard_writer *writer, struct parts_change *change)
{
    struct part_writer *last = change->added[--change->added_count];
    shard_writer_built(writer, last->info.id);
    part_writer_free(last);
}

void parts_change_remove(struct parts_change *change, const struct part *part)
{
    assert(change->removed_count < LIMIT_PARTS);
    change->removed[change->removed_count++] = part->info.id;
}

static bool is_removed(const struct parts_change *change, uint32_t id)
{
    for (uint32_t i = 0; i < change->removed_count; i++) {
        if (change->removed[i] == id) {
            return true;
        }
    }
    return false;
}

int parts_change_begin(struct shard_writer *writer, struct parts_change *change, aisle_error *error)
{
    int status = 0;
    *change = (struct parts_change){.added_count = 0};
    for (size_t i = 0; part_kind_at(i) != NULL && status == 0; i++) {
        status = part_kind_at(i)->publish(writer, change, error);
    }
    for (uint32_t i = 0; i < change->added_count && status == 0; i++) {
        status = part_writer_end(change->added[i], error);
    }
    return status;
}

/* Deletes the extents of a small part: a handful. */
static int delete_extents(struct storage_txn *txn, uint32_t id)
{
    uint8_t lowest[sizeof id];
    int status = 0;
    store_u32_big(lowest, id);
    while (status == 0) {
        struct storage_cursor *cursor = NULL;
        struct bytes key;
        struct bytes value;
        uint8_t copy[EXTENT_KEY_BYTES];
        status = storage_cursor_open(txn, TABLE_EXTENTS, &cursor);
        if (status != 0) {
            return status;
        }
        status = storage_cursor_seek(cursor, bytes_of(lowest, sizeof lowest), &key, &value);
        storage_cursor_close(cursor);
        if (status == 0 && key.size != sizeof copy) {
            status = AISLE_CORRUPT;
        } else if (status == 0 && load_u32_big(key.data) != id) {
            status = AISLE_END;
        } else if (status == 0) {
            memcpy(copy, key.data, sizeof copy);
            status = storage_delete(txn, TABLE_EXTENTS, bytes_of(copy, sizeof copy));
        }
    }
    return status == AISLE_END ? 0 : status;
}

int parts_change_delete(const struct parts_change *change, struct storage_txn *txn)
{
    int status = 0;
    for (uint32_t i = 0; i < change->removed_count && status == 0; i++) {
        status = delete_extents(txn, change->removed[i]);
    }
    return status;
}

int parts_change_put(struct shard_writer *writer, struct parts_change *change, struct storage_txn *txn,
                     struct manifest *manifest)
{
    int status = 0;
    for (uint32_t i = 0; i < writer->parts.count && status == 0; i++) {
        const struct part_info *info = &writer->parts.list[i].part->info;
        status = is_removed(change, info->id) ? 0 : manifest_add_part(manifest, info);
    }
    for (uint32_t i = 0; i < change->added_count && status == 0; i++) {
        status = manifest_add_part(manifest, &change->added[i]->info);
        status = status == 0 ? segment_sink_put_into(&change->added[i]->sink, txn) : status;
    }
    return status;
}

void parts_change_end(struct shard_writer *writer, struct parts_change *change)
{
    while (change->added_count != 0) {
        parts_change_drop(writer, change);
    }
}
