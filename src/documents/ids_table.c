/*
 * ids_table.c - the hash table of one segment: written once by a counting sort, then looked up.
 *
 * Entries of a bucket stand together and buckets in order of the hash: a look-up that finds nothing touches the
 * directory and one bucket, and a sorted batch reads the table from front to back. Thread rule: pure functions over
 * shared readers.
 */
#include "documents/ids.h"

#include "base/alloc.h"
#include "documents/ids_format.h"

/* Queries whose memory is fetched together: enough to hide its latency, few enough for the first-level cache. */
#define BATCH_QUERIES 16u
#define BATCH_CANDIDATES 32u

/* ------------------------------------------------------------------------------------------------ writing -- */

static uint64_t hash_at(const uint8_t *hashes, uint32_t document)
{
    return load_u64(hashes + (size_t)document * sizeof(uint64_t));
}

/* starts[b + 1] becomes the number of entries of buckets 0 to b. */
static void count_buckets(const uint8_t *hashes, uint32_t count, uint32_t *starts, uint32_t buckets)
{
    for (uint32_t i = 0; i < count; i++) {
        starts[ids_bucket_of(hash_at(hashes, i), buckets) + 1]++;
    }
    for (uint32_t i = 0; i < buckets; i++) {
        starts[i + 1] += starts[i];
    }
}

/* Puts each entry where it belongs; afterwards starts[b] is where bucket b ends. */
static void place_entries(const uint8_t *hashes, uint32_t count, uint32_t *starts, uint32_t buckets, uint8_t *entries)
{
    unsigned document_bits = ids_document_bits_of(count);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t hash = hash_at(hashes, i);
        uint64_t entry = i | ids_fingerprint_of(hash, document_bits) << document_bits;
        uint8_t *p = entries + (size_t)starts[ids_bucket_of(hash, buckets)]++ * IDS_ENTRY_BYTES;
        store_u32(p, (uint32_t)entry);
        p[4] = (uint8_t)(entry >> 32);
    }
}

int ids_table_write(struct extent_writer *table, const uint8_t *hashes, uint32_t count)
{
    uint32_t buckets = ids_buckets_of(count);
    uint32_t *starts = mem_calloc((size_t)buckets + 1, sizeof *starts);
    uint8_t *entries = mem_alloc((size_t)count * IDS_ENTRY_BYTES);
    uint8_t footer[IDS_TABLE_FOOTER_BYTES] = {0};
    int status = AISLE_NO_MEMORY;
    if (starts == NULL || entries == NULL) {
        goto done;
    }
    count_buckets(hashes, count, starts, buckets);
    place_entries(hashes, count, starts, buckets, entries);
    for (uint32_t i = 0; i < count; i += IDS_ENTRIES_EXTENT) {
        uint32_t part = count - i < IDS_ENTRIES_EXTENT ? count - i : IDS_ENTRIES_EXTENT;
        extent_writer_put_whole(table, entries + (size_t)i * IDS_ENTRY_BYTES, (size_t)part * IDS_ENTRY_BYTES, 16);
    }
    /* Ends of buckets are the starts of the next: the directory begins with the 0 that placing moved away. */
    uint8_t zero[sizeof(uint32_t)] = {0};
    extent_writer_put_whole(table, zero, sizeof zero, 16);
    extent_writer_put(table, starts, (size_t)buckets * sizeof *starts);
    store_u32(footer, count);
    store_u32(footer + 8, IDS_VERSION);
    store_u32(footer + 12, IDS_TABLE_MAGIC);
    extent_writer_put_whole(table, footer, sizeof footer, 4);
    status = table->status;
done:
    mem_free(entries);
    mem_free(starts);
    return status;
}

/* ------------------------------------------------------------------------------------------------ opening -- */

int ids_table_open(struct ids_reader *reader)
{
    if (reader->table->size < IDS_TABLE_FOOTER_BYTES) {
        return AISLE_CORRUPT;
    }
    uint64_t footer_offset = reader->table->size - IDS_TABLE_FOOTER_BYTES;
    const uint8_t *footer = extent_view_at(reader->table, footer_offset, IDS_TABLE_FOOTER_BYTES);
    if (footer == NULL || load_u32(footer + 12) != IDS_TABLE_MAGIC) {
        return AISLE_CORRUPT;
    }
    if (load_u32(footer + 8) != IDS_VERSION) {
        return load_u32(footer + 8) > IDS_VERSION ? AISLE_NEWER_FORMAT : AISLE_CORRUPT;
    }
    reader->bucket_count = ids_buckets_of(reader->count);
    reader->document_bits = ids_document_bits_of(reader->count);
    reader->bucket_offset = (ids_entry_offset(reader->count) + 15) / 16 * 16;
    uint64_t directory_bytes = ((uint64_t)reader->bucket_count + 1) * sizeof(uint32_t);
    if (load_u32(footer) != reader->count || load_u32(footer + 4) != 0 || reader->bucket_offset > footer_offset ||
        directory_bytes > footer_offset - reader->bucket_offset) {
        return AISLE_CORRUPT;
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------ look-up -- */

int ids_table_bucket(const struct ids_reader *reader, uint32_t bucket, uint32_t *first, uint32_t *end)
{
    uint64_t offset = reader->bucket_offset + (uint64_t)bucket * sizeof(uint32_t);
    const uint8_t *start_word = extent_view_at(reader->table, offset, sizeof(uint32_t));
    const uint8_t *end_word = extent_view_at(reader->table, offset + sizeof(uint32_t), sizeof(uint32_t));
    if (start_word == NULL || end_word == NULL) {
        return AISLE_CORRUPT;
    }
    *first = load_u32(start_word);
    *end = load_u32(end_word);
    return *first > *end || *end > reader->count ? AISLE_CORRUPT : 0;
}

/* A walk through the entries of one bucket that carry one fingerprint. */
struct probe {
    uint64_t fingerprint;
    uint32_t next;
    uint32_t end;
};

static int probe_begin(const struct ids_reader *reader, uint64_t hash, struct probe *probe)
{
    probe->fingerprint = ids_fingerprint_of(hash, reader->document_bits);
    return ids_table_bucket(reader, ids_bucket_of(hash, reader->bucket_count), &probe->next, &probe->end);
}

/* The next document that may be it. AISLE_END when there is none, AISLE_CORRUPT. */
static int probe_next(const struct ids_reader *reader, struct probe *probe, uint32_t *document)
{
    uint64_t document_mask = (UINT64_C(1) << reader->document_bits) - 1;
    while (probe->next < probe->end) {
        uint32_t in_extent = IDS_ENTRIES_EXTENT - probe->next % IDS_ENTRIES_EXTENT;
        uint32_t left = probe->end - probe->next;
        uint32_t part = left < in_extent ? left : in_extent;
        const uint8_t *entry = extent_view_at(reader->table, ids_entry_offset(probe->next), part * IDS_ENTRY_BYTES);
        if (entry == NULL) {
            return AISLE_CORRUPT;
        }
        for (uint32_t i = 0; i < part; i++, entry += IDS_ENTRY_BYTES) {
            uint64_t word = ids_entry_load(entry);
            if (word >> reader->document_bits == probe->fingerprint) {
                probe->next += i + 1;
                *document = (uint32_t)(word & document_mask);
                return *document < reader->count ? 0 : AISLE_CORRUPT;
            }
        }
        probe->next += part;
    }
    return AISLE_END;
}

/* 0 when the document has this id, AISLE_END when it has another, AISLE_CORRUPT. */
static int compare(const struct ids_reader *reader, uint32_t document, struct bytes id)
{
    uint8_t found[LIMIT_ID_BYTES];
    size_t size;
    int status = ids_get(reader, document, found, &size);
    if (status != 0) {
        return status;
    }
    return bytes_equal(bytes_of(found, size), id) ? 0 : AISLE_END;
}

int ids_find(const struct ids_reader *reader, struct bytes id, uint64_t hash, uint32_t *document)
{
    struct probe probe;
    int status = probe_begin(reader, hash, &probe);
    while (status == 0) {
        uint32_t candidate;
        status = probe_next(reader, &probe, &candidate);
        if (status == 0) {
            int order = compare(reader, candidate, id);
            if (order == 0) {
                *document = candidate;
                return 0;
            }
            status = order == AISLE_END ? 0 : order;
        }
    }
    return status;
}

/* ---------------------------------------------------------------------------------------- look-up of many -- */

/* Asks the processor for the line at offset. Contents are not looked at, so nothing is verified but the place. */
static void prefetch(const struct extent_view *view, uint64_t offset)
{
    if (offset < view->size) {
        __builtin_prefetch(view->extents[offset / EXTENT_PAYLOAD] + offset % EXTENT_PAYLOAD);
    }
}

void ids_find_ahead(const struct ids_reader *reader, uint64_t hash, enum ids_find_ahead step)
{
    uint64_t place =
        reader->bucket_offset + (uint64_t)ids_bucket_of(hash, reader->bucket_count) * sizeof(uint32_t);
    if (step == IDS_FIND_PLACE) {
        prefetch(reader->table, place);
        return;
    }
    const uint8_t *at = extent_view_ahead(reader->table, place, sizeof(uint32_t));
    uint32_t first = at == NULL ? reader->count : load_u32(at); /* whatever it says: it is looked for inside */
    if (first < reader->count) {
        prefetch(reader->table, ids_entry_offset(first));
        prefetch(reader->table, ids_entry_offset(first) + 64);
    }
}

struct candidate {
    size_t query_index;
    uint32_t document;
};

struct batch {
    const struct ids_reader *reader;
    const struct ids_query *queries;
    ids_match *callback;
    void *context;
    size_t candidate_count;
    struct candidate candidates[BATCH_CANDIDATES];
    uint64_t directory_offset[BATCH_CANDIDATES];
};

/* Compares the candidates, whose ids lie all over IDS: directory words and blocks are fetched for all of them first. */
static int verify_candidates(struct batch *batch)
{
    const struct ids_reader *reader = batch->reader;
    for (size_t i = 0; i < batch->candidate_count; i++) {
        uint64_t block = batch->candidates[i].document / IDS_BLOCK_IDS;
        batch->directory_offset[i] = reader->directory_offset + block * sizeof(uint64_t);
        prefetch(reader->ids, batch->directory_offset[i]);
    }
    for (size_t i = 0; i < batch->candidate_count; i++) {
        const uint8_t *word = extent_view_at(reader->ids, batch->directory_offset[i], sizeof(uint64_t));
        if (word == NULL) {
            return AISLE_CORRUPT;
        }
        prefetch(reader->ids, load_u64(word) >> IDS_DIRECTORY_SHIFT);
    }
    int status = 0;
    for (size_t i = 0; i < batch->candidate_count && status == 0; i++) {
        const struct candidate *candidate = &batch->candidates[i];
        status = compare(reader, candidate->document, batch->queries[candidate->query_index].id);
        if (status == 0) {
            status = batch->callback(batch->context, candidate->query_index, candidate->document);
        } else if (status == AISLE_END) {
            status = 0;
        }
    }
    batch->candidate_count = 0;
    return status;
}

static int collect_candidates(struct batch *batch, size_t query_index, struct probe *probe)
{
    for (;;) {
        if (batch->candidate_count == BATCH_CANDIDATES) {
            int status = verify_candidates(batch);
            if (status != 0) {
                return status;
            }
        }
        uint32_t document;
        int status = probe_next(batch->reader, probe, &document);
        if (status != 0) {
            return status == AISLE_END ? 0 : status;
        }
        batch->candidates[batch->candidate_count++] =
            (struct candidate){.query_index = query_index, .document = document};
    }
}

/* Queries [first, end), at most BATCH_QUERIES. */
static int run_batch(struct batch *batch, size_t first, size_t end)
{
    const struct ids_reader *reader = batch->reader;
    struct probe probes[BATCH_QUERIES];
    for (size_t i = first; i < end; i++) {
        uint64_t bucket = ids_bucket_of(batch->queries[i].hash, reader->bucket_count);
        prefetch(reader->table, reader->bucket_offset + bucket * sizeof(uint32_t));
    }
    for (size_t i = first; i < end; i++) {
        struct probe *probe = &probes[i - first];
        if (i > 0 && batch->queries[i].hash < batch->queries[i - 1].hash) {
            return AISLE_INVALID;
        }
        int status = probe_begin(reader, batch->queries[i].hash, probe);
        if (status != 0) {
            return status;
        }
        prefetch(reader->table, ids_entry_offset(probe->next));
        prefetch(reader->table, ids_entry_offset(probe->next) + 64);
    }
    for (size_t i = first; i < end; i++) {
        int status = collect_candidates(batch, i, &probes[i - first]);
        if (status != 0) {
            return status;
        }
    }
    return verify_candidates(batch);
}

int ids_find_many(const struct ids_reader *reader, const struct ids_query *queries, size_t count, ids_match *callback,
                  void *context)
{
    struct batch batch = {.reader = reader, .queries = queries, .callback = callback, .context = context};
    for (size_t first = 0; first < count; first += BATCH_QUERIES) {
        size_t end = count - first < BATCH_QUERIES ? count : first + BATCH_QUERIES;
        int status = run_batch(&batch, first, end);
        if (status != 0) {
            return status;
        }
    }
    return 0;
}
