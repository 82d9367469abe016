/*
 * segment_write.c - the component writers of one new segment, tied to the sink that stores their extents.
 */
#include "segment/prefixes.h"
#include "segment/segment_private.h"

#include "base/alloc.h"

static int write_extent(void *context, uint32_t index, struct bytes extent)
{
    struct segment_stream *stream = context;
    return segment_sink_put(stream->sink, stream->component, index, extent);
}

static bool is_used(const struct segment_columns *columns, unsigned component)
{
    bool is_values = component >= COMPONENT_VALUES;
    if (component < COMPONENT_COLUMN) {
        return component <= COMPONENT_POSITIONS;
    }
    for (uint8_t i = 0; i < columns->count; i++) {
        if (columns->field[i] == component - (is_values ? COMPONENT_VALUES : COMPONENT_COLUMN)) {
            return !is_values || columns->values[i];
        }
    }
    return false;
}

static struct extent_writer *stream_of(struct segment_writer *writer, unsigned component)
{
    return &writer->streams[component].extents;
}

static int init_stream(struct segment_writer *writer, unsigned component)
{
    struct segment_stream *stream = &writer->streams[component];
    stream->sink = &writer->sink;
    stream->component = (uint8_t)component;
    return extent_writer_init(&stream->extents, write_extent, stream);
}

static int init_writers(struct segment_writer *writer)
{
    int status = 0;
    for (unsigned i = 0; i < COMPONENT_COUNT && status == 0; i++) {
        status = is_used(&writer->columns, i) ? init_stream(writer, i) : 0;
    }
    if (status == 0) {
        status = postings_writer_init(&writer->postings, stream_of(writer, COMPONENT_SKIPS),
                                      stream_of(writer, COMPONENT_BLOCKS));
    }
    if (status == 0) {
        status = positions_writer_init(&writer->positions, stream_of(writer, COMPONENT_POSITIONS));
    }
    if (status == 0) {
        status = terms_writer_init(&writer->terms, stream_of(writer, COMPONENT_TERMS),
                                   stream_of(writer, COMPONENT_TERM_INDEX));
    }
    if (status == 0) {
        status = ids_writer_init(&writer->ids, stream_of(writer, COMPONENT_IDS),
                                 stream_of(writer, COMPONENT_ID_TABLE));
    }
    if (status == 0) {
        status = documents_writer_init(&writer->documents, stream_of(writer, COMPONENT_DOCUMENTS),
                                       stream_of(writer, COMPONENT_DOCUMENT_INDEX));
    }
    if (status == 0) {
        status = column_writer_init(&writer->order, COLUMN_ASCENDING, stream_of(writer, COMPONENT_ORDER));
    }
    for (uint8_t i = 0; i < writer->columns.count && status == 0; i++) {
        status = column_writer_init(&writer->column[i], (enum column_kind)writer->columns.kind[i],
                                    stream_of(writer, COMPONENT_COLUMN + writer->columns.field[i]));
        if (status == 0 && writer->columns.values[i]) {
            status = values_writer_init(&writer->values[i],
                                        stream_of(writer, COMPONENT_VALUES + writer->columns.field[i]));
        }
    }
    return status;
}

int segment_writer_new(struct storage *storage, uint32_t id, const struct segment_columns *columns,
                       struct segment_writer **out)
{
    *out = NULL;
    struct segment_writer *writer = mem_calloc(1, sizeof *writer);
    if (writer == NULL) {
        return AISLE_NO_MEMORY;
    }
    segment_sink_init(&writer->sink, storage, id);
    writer->columns = *columns;
    writer->info.id = id;
    int status = init_writers(writer);
    if (status != 0) {
        segment_writer_free(writer);
        return status;
    }
    *out = writer;
    return 0;
}

int segment_writer_begin_lists(struct segment_writer *writer, uint32_t documents)
{
    bool none = documents < prefix_rules.documents_min;
    return none ? 0 : prefix_writer_new(&writer->postings, documents, &writer->prefixes);
}

int segment_writer_begin_list(struct segment_writer *writer, struct bytes term)
{
    int status = writer->prefixes == NULL ? 0 : prefix_writer_next(writer->prefixes, term);
    if (status == 0) {
        status = postings_writer_begin(&writer->postings);
    }
    return status == 0 ? positions_writer_begin(&writer->positions) : status;
}

int segment_writer_add_postings(struct segment_writer *writer, const uint32_t *documents, const uint8_t *codes,
                                size_t count)
{
    int status = postings_writer_add(&writer->postings, documents, codes, count);
    if (status == 0 && writer->prefixes != NULL) {
        prefix_writer_add(writer->prefixes, documents, codes, count);
    }
    return status;
}

int segment_writer_end_list(struct segment_writer *writer, struct bytes term, uint32_t hash, struct buf *value)
{
    buf_clear(value);
    int status = positions_writer_end(&writer->positions, value);
    if (status == 0) {
        status = postings_writer_end(&writer->postings, value);
    }
    return status == 0 ? terms_writer_add_hashed(&writer->terms, term, hash, buf_bytes(value)) : status;
}

int segment_writer_put_short(struct segment_writer *writer, struct bytes term, uint32_t hash,
                             const struct segment_short_list *list, struct buf *value)
{
    buf_clear(value);
    int status = positions_writer_put_inline(&writer->positions, list->entries, list->count, value);
    if (status == 0 && writer->prefixes != NULL) {
        status = prefix_writer_next(writer->prefixes, term);
    }
    if (status == 0) {
        status = postings_writer_put_tiny(&writer->postings, list->documents, list->codes, list->count, value);
    }
    if (status == 0 && writer->prefixes != NULL) {
        prefix_writer_add(writer->prefixes, list->documents, list->codes, list->count);
    }
    return status == 0 ? terms_writer_add_hashed(&writer->terms, term, hash, buf_bytes(value)) : status;
}

static int finish_stream(struct segment_writer *writer, unsigned component)
{
    return extent_writer_finish(stream_of(writer, component), &writer->info.component_size[component]);
}

/* Most commits write segments too small for lists of beginnings: the streams are made once there is one. */
static int finish_prefixes(struct segment_writer *writer)
{
    struct terms_writer dictionary;
    int status = init_stream(writer, COMPONENT_PREFIXES);
    if (status == 0) {
        status = init_stream(writer, COMPONENT_PREFIX_INDEX);
    }
    if (status != 0) {
        return status;
    }
    status = terms_writer_init(&dictionary, stream_of(writer, COMPONENT_PREFIXES),
                               stream_of(writer, COMPONENT_PREFIX_INDEX));
    if (status == 0) {
        status = prefix_writer_finish(writer->prefixes, &dictionary);
    }
    if (status == 0 && dictionary.count != 0) {
        status = terms_writer_finish(&dictionary);
        status = status == 0 ? finish_stream(writer, COMPONENT_PREFIXES) : status;
        status = status == 0 ? finish_stream(writer, COMPONENT_PREFIX_INDEX) : status;
    }
    terms_writer_release(&dictionary);
    return status;
}

static int finish_writers(struct segment_writer *writer)
{
    int status = writer->prefixes == NULL ? 0 : finish_prefixes(writer);
    if (status == 0) {
        status = terms_writer_finish(&writer->terms);
    }
    if (status == 0) {
        status = ids_writer_finish(&writer->ids);
    }
    if (status == 0) {
        status = documents_writer_finish(&writer->documents);
    }
    if (status == 0) {
        status = column_writer_finish(&writer->order);
    }
    for (uint8_t i = 0; i < writer->columns.count && status == 0; i++) {
        status = column_writer_finish(&writer->column[i]);
        if (status == 0 && writer->columns.values[i]) {
            status = values_writer_finish(&writer->values[i]);
        }
    }
    for (unsigned i = 0; i < COMPONENT_COUNT && status == 0; i++) {
        if (is_used(&writer->columns, i)) {
            status = finish_stream(writer, i);
        }
    }
    return status;
}

int segment_writer_end(struct segment_writer *writer, struct segment_info *info, aisle_error *error)
{
    int status = finish_writers(writer);
    if (status == 0) {
        *info = writer->info;
        return 0;
    }
    if (error != NULL && writer->sink.error.code != 0) {
        *error = writer->sink.error;
        return status;
    }
    return error_set(error, status, "segment %u cannot be written: %s", writer->info.id, aisle_error_text(status));
}

int segment_writer_finish(struct segment_writer *writer, struct segment_info *info, aisle_error *error)
{
    int status = segment_writer_end(writer, info, error);
    return status == 0 ? segment_sink_finish(&writer->sink, error) : status;
}

void segment_writer_free(struct segment_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    segment_sink_release(&writer->sink);
    postings_writer_release(&writer->postings);
    positions_writer_release(&writer->positions);
    terms_writer_release(&writer->terms);
    prefix_writer_free(writer->prefixes);
    ids_writer_release(&writer->ids);
    documents_writer_release(&writer->documents);
    column_writer_release(&writer->order);
    for (uint8_t i = 0; i < writer->columns.count; i++) {
        column_writer_release(&writer->column[i]);
        values_writer_release(&writer->values[i]);
    }
    for (unsigned i = 0; i < COMPONENT_COUNT; i++) {
        extent_writer_release(&writer->streams[i].extents);
    }
    mem_free(writer);
}
