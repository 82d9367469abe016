/*
 * stats.c - aisle_stats, aisle_log_offset, aisle_log_furthest: numbers from the manifests and positions of all shards.
 */
#include "index/catalog.h"
#include "index/position.h"

static void add_segment(const struct segment_info *info, aisle_statistics *sum)
{
    const uint64_t *size = info->component_size;
    sum->products += info->documents - info->dead;
    sum->dead += info->dead;
    sum->segments++;
    sum->postings += info->postings;
    sum->terms += info->terms;
    sum->postings_bytes += size[COMPONENT_SKIPS] + size[COMPONENT_BLOCKS];
    sum->positions_bytes += size[COMPONENT_POSITIONS];
    sum->terms_bytes += size[COMPONENT_TERMS] + size[COMPONENT_TERM_INDEX];
    sum->terms_bytes += size[COMPONENT_PREFIXES] + size[COMPONENT_PREFIX_INDEX];
    sum->ids_bytes += size[COMPONENT_IDS] + size[COMPONENT_ID_TABLE];
    sum->order_bytes += size[COMPONENT_ORDER];
    sum->documents_bytes += size[COMPONENT_DOCUMENTS] + size[COMPONENT_DOCUMENT_INDEX];
    for (unsigned i = COMPONENT_COLUMN; i < COMPONENT_COUNT; i++) {
        sum->columns_bytes += size[i];
    }
}

static void add_part(const struct part_info *info, aisle_statistics *sum)
{
    bool lexicon = info->kind == PART_LEXICON;
    sum->words += lexicon ? info->entries : 0;
    *(lexicon ? &sum->lexicon_bytes : &sum->suggestions_bytes) += part_bytes(info);
}

/* Takes the shard's latest position over when the shard has not come as far as the one in sum, or sum has none. */
static int add_position(struct storage_txn *txn, aisle_statistics *sum, bool *none)
{
    struct log_position position;
    struct log_position there;
    int status = position_latest(txn, &position);
    *none = *none || status == AISLE_END; /* nobody is further behind than a shard that has read nothing */
    if (status != 0) {
        return status == AISLE_END ? 0 : status;
    }
    bool behind = sum->log_source[0] == '\0';
    if (!behind) {
        status = position_load(txn, sum->log_source, &there);
        behind = status == AISLE_END || (status == 0 && there.offset < sum->log_offset);
    }
    if (status < 0) {
        return status;
    }
    if (behind) {
        memcpy(sum->log_source, position.source, sizeof sum->log_source);
        memcpy(sum->log_seq, position.seq, sizeof sum->log_seq);
        sum->log_offset = position.offset;
    }
    return 0;
}

static int add_shard(struct shard *shard, aisle_statistics *sum, bool *none, aisle_error *error)
{
    struct shard_snapshot snapshot;
    int status = shard_begin(shard, &snapshot, error);
    if (status != 0) {
        return status;
    }
    const struct manifest *manifest = &snapshot.view->manifest;
    for (uint32_t i = 0; i < manifest->segment_count; i++) {
        add_segment(&manifest->segments[i], sum);
    }
    for (uint32_t i = 0; i < manifest->part_count; i++) {
        add_part(&manifest->parts[i], sum);
    }
    sum->generation = manifest->generation > sum->generation ? manifest->generation : sum->generation;
    sum->bytes += storage_file_bytes(shard->storage);
    status = add_position(snapshot.txn, sum, none);
    shard_end(&snapshot);
    return status == 0 ? 0 : error_set(error, status, "a log position cannot be read: %s (%s)",
                                       aisle_error_text(status), storage_path(shard->storage));
}

int aisle_stats(aisle *catalog, aisle_statistics *out, aisle_error *error)
{
    size_t size = out->size;
    aisle_statistics sum = {.size = size, .shards = catalog->shard_count};
    if (size < sizeof out->size || size > sizeof sum) {
        return error_set(error, AISLE_INVALID, "aisle_statistics.size is not sizeof(aisle_statistics)");
    }
    bool none = false; /* some shard has committed no position */
    int status = 0;
    for (uint32_t i = 0; i < catalog->shard_count && status == 0; i++) {
        status = add_shard(&catalog->shards[i], &sum, &none, error);
    }
    if (none) {
        sum.log_source[0] = '\0';
        sum.log_seq[0] = '\0';
        sum.log_offset = 0;
    }
    if (status == 0) {
        memcpy(out, &sum, size);
    }
    return status;
}

/* What the shards have committed of a source: the least and the most. */
static int find_offsets(aisle *catalog, const char *source, uint64_t identity, uint64_t *least, uint64_t *most,
                        aisle_error *error)
{
    *least = UINT64_MAX;
    *most = 0;
    if (source == NULL || strlen(source) == 0 || strlen(source) > POSITION_SOURCE_BYTES) {
        return error_set(error, AISLE_INVALID, "a log position's source has 1 to %u bytes", POSITION_SOURCE_BYTES);
    }
    for (uint32_t i = 0; i < catalog->shard_count; i++) {
        struct storage_txn *txn = NULL;
        struct log_position position;
        int status = storage_read_begin(catalog->shards[i].storage, &txn, error);
        if (status != 0) {
            return status;
        }
        status = position_load(txn, source, &position);
        storage_read_end(txn);
        if (status < 0) {
            return error_set(error, status, "a log position cannot be read: %s (%s)", aisle_error_text(status),
                             storage_path(catalog->shards[i].storage));
        }
        uint64_t known = status == 0 && position.identity == identity ? position.offset : 0;
        *least = known < *least ? known : *least;
        *most = known > *most ? known : *most;
    }
    return 0;
}

int aisle_log_offset(aisle *catalog, const char *source, uint64_t identity, uint64_t *offset, aisle_error *error)
{
    uint64_t most;
    int status = find_offsets(catalog, source, identity, offset, &most, error);
    *offset = status == 0 ? *offset : 0;
    return status;
}

int aisle_log_furthest(aisle *catalog, const char *source, uint64_t identity, uint64_t *offset, aisle_error *error)
{
    uint64_t least;
    int status = find_offsets(catalog, source, identity, &least, offset, error);
    *offset = status == 0 ? *offset : 0;
    return status;
}
