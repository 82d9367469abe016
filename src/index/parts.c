/*
 * parts.c - parts by themselves: their kinds, opening, checking, writing. parts_list.c has the writer's list of them.
 */
#include "index/parts.h"

#include "base/alloc.h"
#include "index/parts_lexicon.h"
#include "index/parts_private.h"
#include "index/parts_suggest.h"

#include <stdio.h>

static const struct part_kind *const part_kinds[] = {&parts_lexicon, &parts_suggest, &parts_learned};

const struct part_kind *part_kind_of(uint8_t number)
{
    for (size_t i = 0; i < sizeof part_kinds / sizeof part_kinds[0]; i++) {
        if (part_kinds[i]->number == number) {
            return part_kinds[i];
        }
    }
    return NULL;
}

const struct part_kind *part_kind_at(size_t i)
{
    return i < sizeof part_kinds / sizeof part_kinds[0] ? part_kinds[i] : NULL;
}

uint64_t part_bytes(const struct part_info *info)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < PART_COMPONENTS; i++) {
        sum += info->component_size[i];
    }
    return sum;
}

/* ---- reading ---- */

static int open_reader(struct storage_txn *txn, struct part *part)
{
    int status = component_extents_resolve(txn, part->info.id, part->info.component_size, PART_COMPONENTS,
                                           part->stored);
    if (status != 0) {
        return status;
    }
    for (unsigned i = 0; i < PART_COMPONENTS; i++) {
        part->views[i] = part->stored[i].view;
    }
    part->reader = mem_alloc(part->kind->reader_bytes);
    return part->reader == NULL ? AISLE_NO_MEMORY : part->kind->open(part->reader, part->views);
}

int part_open(struct storage_txn *txn, const struct part_info *info, struct part **out, aisle_error *error)
{
    *out = NULL;
    struct part *part = mem_calloc(1, sizeof *part);
    if (part == NULL) {
        return error_no_memory(error, "opening a part");
    }
    part->info = *info;
    part->kind = part_kind_of(info->kind);
    atomic_init(&part->references, 1);
    int status = part->kind == NULL ? AISLE_NEWER_FORMAT : open_reader(txn, part);
    if (status != 0) {
        error_set(error, status, "part %u (%s) cannot be opened: %s", info->id,
                  part->kind == NULL ? "of a kind that is not known" : part->kind->name, aisle_error_text(status));
        part_release(part);
        return status;
    }
    *out = part;
    return 0;
}

void part_retain(struct part *part)
{
    atomic_fetch_add_explicit(&part->references, 1, memory_order_relaxed);
}

void part_release(struct part *part)
{
    if (part == NULL || atomic_fetch_sub_explicit(&part->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (unsigned i = 0; i < PART_COMPONENTS; i++) {
        component_extents_release(&part->stored[i]);
    }
    mem_free(part->reader);
    mem_free(part);
}

size_t part_memory(const struct part *part)
{
    size_t sum = sizeof *part + part->kind->reader_bytes;
    for (unsigned i = 0; i < PART_COMPONENTS; i++) {
        sum += part->views[i].extent_count * (sizeof(uint8_t *) + sizeof(uint64_t));
    }
    return sum;
}

/* ---- checking ---- */

struct part_walk {
    const struct part *part;
    aisle_check_report *report;
    void *context;
    uint64_t *faults;
};

static void tell(struct part_walk *walk, const char *what)
{
    char text[320];
    snprintf(text, sizeof text, "part %u (%s): %s", walk->part->info.id, walk->part->kind->name, what);
    ++*walk->faults;
    walk->report(walk->context, text);
}

int part_check(const struct part *part, aisle_check_report *report, void *context, uint64_t *faults)
{
    struct part_walk walk = {.part = part, .report = report, .context = context, .faults = faults};
    uint64_t before = *faults;
    for (unsigned i = 0; i < PART_COMPONENTS; i++) {
        for (uint32_t index = 0; index < part->views[i].extent_count; index++) {
            uint64_t offset;
            if (extent_view_check(&part->views[i], index, &offset) != 0) {
                char text[160];
                snprintf(text, sizeof text, "component %u: a page at %llu has a wrong checksum", i,
                         (unsigned long long)offset);
                tell(&walk, text);
            }
        }
    }
    if (*faults != before) {
        return 0;
    }
    aisle_error error = {.code = 0};
    int status = part->kind->check(part->reader, &error);
    if (status != 0 && status != AISLE_NO_MEMORY) {
        tell(&walk, error.message);
    }
    return status == AISLE_NO_MEMORY ? status : 0;
}

/* ---- writing ---- */

static int write_extent(void *context, uint32_t index, struct bytes extent)
{
    struct part_stream *stream = context;
    return segment_sink_put(stream->sink, stream->component, index, extent);
}

int part_writer_new(struct storage *storage, uint32_t id, const struct part_kind *kind, struct part_writer **out)
{
    struct part_writer *writer = mem_calloc(1, sizeof *writer);
    *out = writer;
    if (writer == NULL) {
        return AISLE_NO_MEMORY;
    }
    segment_sink_init(&writer->sink, storage, id);
    writer->kind = kind;
    writer->info = (struct part_info){.id = id, .kind = kind->number};
    int status = 0;
    for (uint8_t i = 0; i < kind->components && status == 0; i++) {
        struct part_stream *stream = &writer->streams[i];
        *stream = (struct part_stream){.sink = &writer->sink, .component = i};
        status = extent_writer_init(&stream->extents, write_extent, stream);
    }
    if (status != 0) {
        part_writer_free(writer);
        *out = NULL;
    }
    return status;
}

void part_writer_free(struct part_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    segment_sink_release(&writer->sink);
    for (uint8_t i = 0; i < writer->kind->components; i++) {
        extent_writer_release(&writer->streams[i].extents);
    }
    mem_free(writer);
}

int part_writer_end(struct part_writer *writer, aisle_error *error)
{
    int status = 0;
    for (uint8_t i = 0; i < writer->kind->components && status == 0; i++) {
        status = extent_writer_finish(&writer->streams[i].extents, &writer->info.component_size[i]);
    }
    if (status != 0 && writer->sink.error.code != 0 && error != NULL) {
        *error = writer->sink.error;
        return status;
    }
    return status == 0 ? 0
                       : error_set(error, status, "part %u (%s) cannot be written: %s", writer->info.id,
                                   writer->kind->name, aisle_error_text(status));
}
