/*
 * writer.c - aisle_writer: one product or patch at a time to its shard, the memory budget, commits.
 */
#include "index/catalog.h"
#include "index/ingest.h"
#include "index/result.h"
#include "index/shard_writer.h"
#include "index/writer_read.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "schema/json.h"

struct aisle_writer {
    struct aisle *catalog;
    struct storage_lock *lock;
    struct shard_writer *shards; /* owned, one a shard */
    struct ingest ingest;
    struct product_reader *reader;
    struct product_codec codec;
    struct product product;
    struct buf merged; /* a product with a patch laid over it */
    aisle_writer_statistics statistics;
    bool failed; /* after an error that is not the product's: nothing but free is allowed */
    aisle_error merging; /* the error, when it came from merging after a commit that stands; else code 0 */
};

static int fail(struct aisle_writer *writer, int status)
{
    writer->failed = true;
    return status;
}

static int refuse_failed(const struct aisle_writer *writer, aisle_error *error)
{
    if (storage_forked(writer->catalog->shards[0].storage)) {
        return error_set(error, AISLE_FORKED, "the writer began before a fork; the child begins its own");
    }
    if (writer->failed && writer->merging.code != 0) {
        return error_set(error, writer->merging.code, "after the last commit, which stands: %s; free the writer",
                         writer->merging.message);
    }
    return writer->failed ? error_set(error, AISLE_INVALID, "the writer has failed before; free it and begin anew") : 0;
}

/*
 * What the rest of the writer takes beside the builders: a quarter of the budget, and no more than
 * LIMIT_TRANSACTION_BYTES, for LMDB's transaction; the fixed part for parsing, analysis, extents, zstd.
 */
#define MEMORY_FIXED_BYTES (16u << 20)

static uint64_t transaction_bytes(const struct aisle *catalog)
{
    uint64_t share = catalog->memory_bytes / 4;
    return share < LIMIT_TRANSACTION_BYTES ? share : LIMIT_TRANSACTION_BYTES;
}

static uint64_t builder_budget(const struct aisle *catalog)
{
    uint64_t aside = transaction_bytes(catalog) + MEMORY_FIXED_BYTES;
    return catalog->memory_bytes > 2 * aside ? catalog->memory_bytes - aside : catalog->memory_bytes / 2;
}

/* ---- life ---- */

static int begin_shards(struct aisle_writer *writer, aisle_error *error)
{
    const struct aisle *catalog = writer->catalog;
    writer->shards = mem_calloc(catalog->shard_count, sizeof *writer->shards);
    if (writer->shards == NULL) {
        return error_no_memory(error, "beginning to write");
    }
    int status = 0;
    for (uint32_t i = 0; i < catalog->shard_count && status == 0; i++) {
        status = shard_writer_begin(&writer->shards[i], &catalog->shards[i], transaction_bytes(catalog), error);
    }
    return status;
}

static int take_lock(struct aisle_writer *writer, aisle_error *error)
{
    char *path = catalog_path(writer->catalog->path, "writer.lock");
    if (path == NULL) {
        return error_no_memory(error, "beginning to write");
    }
    int status = storage_lock_acquire(path, &writer->lock, error);
    mem_free(path);
    if (status == 0) {
        status = catalog_check_place(writer->catalog, error);
    }
    if (status == 0) {
        catalog_clean_shrinking(writer->catalog->path);
    }
    return status;
}

int aisle_begin(aisle *catalog, aisle_writer **out, aisle_error *error)
{
    *out = NULL;
    if (catalog->read_only) {
        return error_set(error, AISLE_READ_ONLY, "the catalog was opened for reading only (%s)", catalog->path);
    }
    if (storage_forked(catalog->shards[0].storage)) {
        return error_set(error, AISLE_FORKED, "the catalog was opened before a fork; open it again in the child");
    }
    struct aisle_writer *writer = mem_calloc(1, sizeof *writer);
    if (writer == NULL) {
        return error_no_memory(error, "beginning to write");
    }
    writer->catalog = catalog;
    writer->statistics.size = sizeof writer->statistics;
    buf_init(&writer->merged, LIMIT_PRODUCT_BYTES);
    product_codec_init(&writer->codec);
    int status = take_lock(writer, error);
    if (status == 0) {
        status = ingest_init(&writer->ingest, catalog->schema, &catalog->columns, &catalog->weights, error);
    }
    if (status == 0 && product_reader_new(&writer->reader) != 0) {
        status = error_no_memory(error, "beginning to write");
    }
    if (status == 0) {
        status = begin_shards(writer, error);
    }
    if (status != 0) {
        aisle_writer_free(writer);
        return status;
    }
    *out = writer;
    return 0;
}

void aisle_writer_free(aisle_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    for (uint32_t i = 0; writer->shards != NULL && i < writer->catalog->shard_count; i++) {
        shard_writer_release(&writer->shards[i]);
    }
    mem_free(writer->shards);
    ingest_release(&writer->ingest);
    product_reader_free(writer->reader);
    product_codec_release(&writer->codec);
    buf_release(&writer->merged);
    storage_lock_release(writer->lock);
    mem_free(writer);
}

/* ---- operations ---- */

static struct shard_writer *shard_of(struct aisle_writer *writer, uint64_t id_hash)
{
    return &writer->shards[catalog_shard_of(writer->catalog, id_hash)];
}

/* A shard that committed past the current position has had this operation already. */
static bool is_repeated(const struct shard_writer *shard)
{
    return shard->skipping;
}

/* Of all shards; *largest is the one whose builder in use holds most. */
static uint64_t memory_used(const struct aisle_writer *writer, uint32_t *largest)
{
    uint64_t total = 0;
    uint64_t most = 0;
    *largest = 0;
    for (uint32_t i = 0; i < writer->catalog->shard_count; i++) {
        uint64_t filling = segment_builder_memory(writer->shards[i].builder);
        total += shard_writer_memory(&writer->shards[i]);
        if (filling > most) {
            most = filling;
            *largest = i;
        }
    }
    return total;
}

/*
 * With a thread to spare: at half the budget the fullest shard is written beside what comes next; one at a time, so
 * that the halves in memory stay two.
 */
static int keep_budget_beside(struct aisle_writer *writer, uint32_t largest, aisle_error *error)
{
    uint64_t filling = 0;
    for (uint32_t i = 0; i < writer->catalog->shard_count; i++) {
        filling += segment_builder_memory(writer->shards[i].builder);
    }
    if (filling < builder_budget(writer->catalog) / 2) {
        return 0;
    }
    int status = 0;
    for (uint32_t i = 0; i < writer->catalog->shard_count && status == 0; i++) {
        status = shard_writer_join(&writer->shards[i], error);
    }
    return status == 0 ? shard_writer_flush_beside(&writer->shards[largest], error) : status;
}

static int keep_budget(struct aisle_writer *writer, aisle_error *error)
{
    uint32_t largest;
    uint64_t used = memory_used(writer, &largest);
    writer->statistics.memory_bytes = used;
    writer->statistics.memory_peak =
        used > writer->statistics.memory_peak ? used : writer->statistics.memory_peak;
    if (writer->catalog->threads < 2) {
        return used < builder_budget(writer->catalog) ? 0 : shard_writer_flush(&writer->shards[largest], error);
    }
    return keep_budget_beside(writer, largest, error);
}

/* Drops what the builder holds under this id; older versions on disk are found when it is written. */
static void drop_waiting(struct shard_writer *shard, struct bytes id, uint64_t id_hash)
{
    uint32_t number;
    if (segment_builder_find(shard->builder, id, id_hash, &number) == 0) {
        segment_builder_drop(shard->builder, number);
    }
}

static int put_product(struct aisle_writer *writer, struct shard_writer *shard, uint64_t id_hash, struct bytes text,
                       aisle_error *error)
{
    const struct product *product = &writer->product;
    uint64_t start = clock_monotonic_ns();
    drop_waiting(shard, product->id, id_hash);
    int status = ingest_add(&writer->ingest, shard->builder, product, id_hash, text);
    if (status == AISLE_LIMIT) {
        status = shard_writer_flush(shard, error);
        status = status != 0 ? status : ingest_add(&writer->ingest, shard->builder, product, id_hash, text);
    }
    writer->statistics.analyse_ns += clock_monotonic_ns() - start;
    if (status != 0) {
        return fail(writer, error_set(error, status, "a product cannot be added: %s", aisle_error_text(status)));
    }
    status = keep_budget(writer, error);
    return status == 0 ? 0 : fail(writer, status);
}

static int read_product(struct aisle_writer *writer, struct bytes text, aisle_error *error)
{
    uint64_t start = clock_monotonic_ns();
    int status = product_reader_read(writer->reader, writer->catalog->schema, text, &writer->product, error);
    writer->statistics.parse_ns += clock_monotonic_ns() - start;
    return status == 0 || status == AISLE_BAD_PRODUCT ? status : fail(writer, status);
}

int aisle_put(aisle_writer *writer, aisle_bytes product, aisle_error *error)
{
    struct bytes text = bytes_of(product.data, product.size);
    int status = refuse_failed(writer, error);
    if (status == 0) {
        status = read_product(writer, text, error);
    }
    if (status != 0) {
        return status;
    }
    uint64_t id_hash = hash_bytes(writer->product.id.data, writer->product.id.size);
    struct shard_writer *shard = shard_of(writer, id_hash);
    if (!is_repeated(shard)) {
        status = put_product(writer, shard, id_hash, text, error);
    }
    writer->statistics.puts += status == 0 ? 1 : 0;
    return status;
}

static int not_found(struct bytes id, aisle_error *error)
{
    int shown = id.size > 64 ? 64 : (int)id.size;
    return error_set(error, AISLE_NOT_FOUND, "no product has the id \"%.*s\"", shown, (const char *)id.data);
}

static int find_product(struct aisle_writer *writer, struct shard_writer *shard, struct bytes id, uint64_t id_hash,
                        struct writer_place *place, aisle_error *error)
{
    int status = shard_writer_join(shard, error);
    if (status != 0) {
        return fail(writer, status);
    }
    status = shard_writer_find(shard, id, id_hash, place);
    if (status == AISLE_END) {
        return not_found(id, error);
    }
    return status == 0 ? 0
                       : fail(writer, error_set(error, status, "a product cannot be found: %s",
                                                aisle_error_text(status)));
}

int aisle_delete(aisle_writer *writer, aisle_bytes id, aisle_error *error)
{
    struct bytes key = bytes_of(id.data, id.size);
    uint64_t id_hash = hash_bytes(key.data, key.size);
    struct shard_writer *shard = shard_of(writer, id_hash);
    struct writer_place place;
    int status = refuse_failed(writer, error);
    if (status != 0 || is_repeated(shard)) {
        return status;
    }
    status = find_product(writer, shard, key, id_hash, &place, error);
    bool found = status == 0;
    /* The builder's version may hide one in a segment: both go. */
    while (status == 0) {
        status = shard_writer_kill(shard, &place);
        status = status != 0 ? status : shard_writer_find(shard, key, id_hash, &place);
    }
    if (found && status != AISLE_END) {
        return fail(writer, error_set(error, status, "a product cannot be deleted: %s", aisle_error_text(status)));
    }
    writer->statistics.deletes += found ? 1 : 0;
    return found ? 0 : status;
}

/* ---- patches ---- */

/* Whether only numeric columns change, so that nothing needs indexing again. */
static bool is_columns_only(const struct aisle_writer *writer)
{
    const struct schema *schema = writer->catalog->schema;
    for (uint8_t f = 0; f < schema->field_count; f++) {
        enum field_type type = schema->fields[f].type;
        if (writer->product.values[f].named && (type == FIELD_TEXT || type == FIELD_KEYWORD || type == FIELD_PATH)) {
            return false;
        }
    }
    return writer->product.unknown_fields == 0;
}

static int change_columns(struct aisle_writer *writer, struct shard_writer *shard, const struct writer_place *place)
{
    const struct segment_columns *columns = &writer->catalog->columns;
    uint32_t segment = shard->segments[place->segment].info.id;
    int status = 0;
    for (uint8_t i = 0; i < columns->count && status == 0; i++) {
        const struct product_value *value = &writer->product.values[columns->field[i]];
        if (value->named) {
            status = changes_set(&shard->changes, segment, place->document, columns->field[i],
                                 value->present ? value->number : COLUMN_MISSING);
        }
    }
    return status;
}

/* The members of a patch as fields to lay over; at most LIMIT_JSON_NODES of them. */
static int list_members(const struct json *json, struct bytes patch, struct json_overlay_field **out, size_t *count)
{
    size_t node_count;
    const struct json_node *nodes = json_nodes(json, &node_count);
    struct json_overlay_field *fields = mem_alloc(node_count * sizeof *fields);
    *out = fields;
    *count = 0;
    if (fields == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 1; i < nodes[0].next; i = nodes[i].next) {
        fields[(*count)++] = (struct json_overlay_field){
            .key = nodes[i].key,
            .value_json = bytes_of(patch.data + nodes[i].position, nodes[i].end - nodes[i].position),
            .remove = nodes[i].type == JSON_NULL};
    }
    return 0;
}

/* The product as it stands now, uncommitted column changes included, into writer->merged. */
static int current_product(struct aisle_writer *writer, struct shard_writer *shard, const struct writer_place *place,
                           struct buf *out)
{
    if (place->in_builder) {
        struct bytes stored = segment_builder_stored(shard->builder, place->document);
        buf_put(out, stored.data, stored.size);
        return buf_status(out);
    }
    return writer_read_committed(&writer->codec, writer->catalog->schema, shard, place, out);
}

static int index_again(struct aisle_writer *writer, struct shard_writer *shard, const struct writer_place *place,
                       struct bytes patch, uint64_t id_hash, aisle_error *error)
{
    struct json_overlay_field *fields = NULL;
    struct buf current;
    size_t count;
    buf_init(&current, LIMIT_PRODUCT_BYTES * 2);
    buf_clear(&writer->merged);
    int status = list_members(product_reader_json(writer->reader), patch, &fields, &count);
    if (status == 0) {
        status = current_product(writer, shard, place, &current);
    }
    if (status == 0) {
        status = json_overlay(buf_bytes(&current), fields, count, &writer->merged, error);
    }
    mem_free(fields);
    buf_release(&current);
    if (status == AISLE_LIMIT) {
        return error_set(error, AISLE_BAD_PRODUCT, "with this patch the product would pass %u bytes",
                         LIMIT_PRODUCT_BYTES);
    }
    if (status != 0) {
        return fail(writer, error_set(error, status, "a product cannot be patched: %s", aisle_error_text(status)));
    }
    status = read_product(writer, buf_bytes(&writer->merged), error);
    return status == 0 ? put_product(writer, shard, id_hash, buf_bytes(&writer->merged), error) : status;
}

int aisle_patch(aisle_writer *writer, aisle_bytes id, aisle_bytes fields, aisle_error *error)
{
    struct bytes key = bytes_of(id.data, id.size);
    struct bytes patch = bytes_of(fields.data, fields.size);
    uint64_t id_hash = hash_bytes(key.data, key.size);
    struct shard_writer *shard = shard_of(writer, id_hash);
    struct writer_place place;
    int status = refuse_failed(writer, error);
    if (status == 0) {
        status = product_reader_read_patch(writer->reader, writer->catalog->schema, patch, &writer->product, error);
    }
    if (status == 0 && writer->product.id.size != 0 && !bytes_equal(writer->product.id, key)) {
        status = error_set(error, AISLE_BAD_PRODUCT, "field \"%s\": a patch cannot change the id",
                           writer->catalog->schema->id_name);
    }
    if (status != 0 || is_repeated(shard)) {
        return status;
    }
    status = find_product(writer, shard, key, id_hash, &place, error);
    if (status != 0) {
        return status;
    }
    bool committed = !place.in_builder && !shard->segments[place.segment].pending;
    if (committed && is_columns_only(writer)) {
        status = change_columns(writer, shard, &place);
        status = status == 0 ? 0 : fail(writer, error_no_memory(error, "patching a product"));
    } else {
        status = index_again(writer, shard, &place, patch, id_hash, error);
    }
    writer->statistics.patches += status == 0 ? 1 : 0;
    return status;
}

/* ---- positions and commits ---- */

int aisle_mark(aisle_writer *writer, const aisle_position *position, aisle_error *error)
{
    struct log_position mark;
    int status = refuse_failed(writer, error);
    if (status == 0) {
        status = position_take(position, &mark, error);
    }
    for (uint32_t i = 0; i < writer->catalog->shard_count && status == 0; i++) {
        status = shard_writer_mark(&writer->shards[i], &mark, error);
    }
    return status;
}

static int publish(struct aisle_writer *writer, aisle_error *error)
{
    int status = refuse_failed(writer, error);
    for (uint32_t i = 0; i < writer->catalog->shard_count && status == 0; i++) {
        status = shard_writer_publish(&writer->shards[i], error);
    }
    for (uint32_t i = 0; i < writer->catalog->shard_count && !writer->failed; i++) {
        writer->failed = writer->shards[i].lost;
    }
    return status == 0 || writer->failed ? status : fail(writer, status);
}

/* A merge that does not fit now (memory, disk) leaves its sources as they were; the next commit tries again. */
static bool can_wait(int status)
{
    return status == AISLE_NO_MEMORY || status == AISLE_DISK_FULL || status == AISLE_MAP_FULL;
}

static int merge(struct aisle_writer *writer, bool all, aisle_error *error)
{
    int status = 0;
    bool lost = false;
    for (uint32_t i = 0; i < writer->catalog->shard_count && status == 0; i++) {
        status = shard_writer_merge(&writer->shards[i], all, error);
        lost = writer->shards[i].lost;
    }
    return status == 0 || (can_wait(status) && !lost) ? status : fail(writer, status);
}

int aisle_commit(aisle_writer *writer, aisle_error *error)
{
    int status = publish(writer, error);
    if (status == 0 && !writer->failed) {
        /* The commit stands, so what merging meets is not its failure: the writer says so when it is used next. */
        (void)!merge(writer, false, &writer->merging);
    }
    return status;
}

int aisle_compact(aisle_writer *writer, aisle_error *error)
{
    int status = publish(writer, error);
    if (status == 0) {
        status = refuse_failed(writer, error);
    }
    return status == 0 ? merge(writer, true, error) : status;
}

int aisle_writer_stats(const aisle_writer *writer, aisle_writer_statistics *out)
{
    aisle_writer_statistics statistics = writer->statistics;
    size_t size = out->size;
    if (size < sizeof out->size || size > sizeof statistics) {
        return AISLE_INVALID;
    }
    for (uint32_t i = 0; i < writer->catalog->shard_count; i++) {
        statistics.compress_ns += writer->shards[i].compress_ns;
        statistics.encode_ns += writer->shards[i].encode_ns;
        statistics.merge_ns += writer->shards[i].merge_ns;
        statistics.commit_ns += writer->shards[i].commit_ns;
    }
    statistics.size = size;
    memcpy(out, &statistics, size);
    return 0;
}
