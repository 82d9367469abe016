/*
 * recent.c - which pages the last generations have changed.
 *
 * Without it, who takes a snapshot of a new generation would read all changed pages of the shard, which are as many as
 * products were ever patched; with it, those that the commits since its last snapshot have changed. Kept are the newest
 * generation's, older ones as long as all of them are small, and the last few even when they are larger, because behind
 * a large commit come those of merges and small ones, before whoever has the state before it has looked again. A
 * checksum stands before them: a damaged record that passed for a whole one would hide a change from who has the state
 * before, while one that is known to be damaged costs a state that is read whole.
 */
#include "segment/segment.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <stdlib.h>

#define ENTRY_BYTES 9u
#define HEAD_BYTES 12u
#define CHECKSUM_BYTES 4u
#define NEWEST_BYTES_MAX (1u << 20) /* of a generation that changed more it is not known what it changed */
#define OLDER_BYTES_MAX (1u << 14)
#define LAST_GENERATIONS 8u
#define LAST_BYTES_MAX (1u << 18) /* of the older ones of them */
#define UNKNOWN UINT32_MAX

static struct bytes recent_key(void)
{
    return bytes_of_string("recent");
}

void recent_pages_release(struct recent_pages *recent)
{
    mem_free(recent->pages);
    *recent = (struct recent_pages){.pages = NULL};
}

void recent_pages_add(struct recent_pages *recent, uint32_t segment, uint8_t kind, uint32_t page)
{
    if (recent->count == recent->capacity && !recent->unknown) {
        size_t capacity = recent->capacity == 0 ? 64 : recent->capacity * 2;
        struct segment_page_id *grown =
            capacity * ENTRY_BYTES > 2 * NEWEST_BYTES_MAX ? NULL
                                                          : mem_realloc(recent->pages, capacity * sizeof *grown);
        recent->unknown = grown == NULL;
        recent->pages = grown == NULL ? recent->pages : grown;
        recent->capacity = grown == NULL ? recent->capacity : capacity;
    }
    if (!recent->unknown) {
        recent->pages[recent->count++] = (struct segment_page_id){.segment = segment, .page = page, .kind = kind};
    }
}

/* One generation's record; false: it is cut short. */
static bool next_record(struct byte_reader *reader, uint64_t *generation, uint32_t *count, struct bytes *entries)
{
    *generation = byte_reader_u64(reader);
    *count = byte_reader_u32(reader);
    *entries = byte_reader_take(reader, *count == UNKNOWN ? 0 : (size_t)*count * ENTRY_BYTES);
    return byte_reader_ok(reader);
}

/* The records behind their checksum; none when it does not match. */
static struct bytes open_records(struct bytes stored)
{
    if (stored.size <= CHECKSUM_BYTES ||
        load_u32(stored.data) != hash_checksum(stored.data + CHECKSUM_BYTES, stored.size - CHECKSUM_BYTES)) {
        return bytes_of(NULL, 0);
    }
    return bytes_of(stored.data + CHECKSUM_BYTES, stored.size - CHECKSUM_BYTES);
}

/* Of the older records those that are small together, and the last generations'. */
static struct bytes keep_older(struct bytes records, uint64_t generation)
{
    struct byte_reader reader = byte_reader_of(records);
    uint64_t of = 0;
    uint32_t count;
    struct bytes entries;
    while (byte_reader_left(&reader) > 0) {
        size_t left = byte_reader_left(&reader);
        struct bytes from = bytes_of(records.data + (records.size - left), left);
        if (!next_record(&reader, &of, &count, &entries) || of >= generation) {
            break;
        }
        bool is_late = of + LAST_GENERATIONS > generation;
        if (from.size <= (is_late ? LAST_BYTES_MAX : OLDER_BYTES_MAX)) {
            return from;
        }
    }
    return bytes_of(NULL, 0);
}

int recent_pages_store(struct storage_txn *txn, uint64_t generation, const struct recent_pages *recent)
{
    struct bytes stored;
    struct buf value;
    size_t count = recent == NULL ? 0 : recent->count;
    bool unknown = recent != NULL && (recent->unknown || count * ENTRY_BYTES > NEWEST_BYTES_MAX);
    int status = storage_get(txn, TABLE_META, recent_key(), &stored);
    if (status < 0) {
        return status;
    }
    struct bytes older = status == 0 ? keep_older(open_records(stored), generation) : bytes_of(NULL, 0);
    buf_init(&value, CHECKSUM_BYTES + LAST_BYTES_MAX + HEAD_BYTES + NEWEST_BYTES_MAX);
    buf_put_u32(&value, 0);
    buf_put(&value, older.data, older.size);
    buf_put_u64(&value, generation);
    buf_put_u32(&value, unknown ? UNKNOWN : (uint32_t)count);
    for (size_t i = 0; i < count && !unknown; i++) {
        buf_put_u32(&value, recent->pages[i].segment);
        buf_put_u8(&value, recent->pages[i].kind);
        buf_put_u32(&value, recent->pages[i].page);
    }
    status = buf_status(&value);
    if (status == 0) {
        store_u32(value.data, hash_checksum(value.data + CHECKSUM_BYTES, value.size - CHECKSUM_BYTES));
    }
    status = status == 0 ? storage_put(txn, TABLE_META, recent_key(), buf_bytes(&value)) : status;
    buf_release(&value);
    return status;
}

static int compare_pages(const void *a, const void *b)
{
    const struct segment_page_id *x = a;
    const struct segment_page_id *y = b;
    return x->segment != y->segment ? (x->segment > y->segment) - (x->segment < y->segment)
           : x->kind != y->kind     ? (x->kind > y->kind) - (x->kind < y->kind)
                                    : (x->page > y->page) - (x->page < y->page);
}

static void sort_and_thin(struct recent_pages *recent)
{
    size_t kept = 0;
    if (recent->count > 0) {
        qsort(recent->pages, recent->count, sizeof *recent->pages, compare_pages);
    }
    for (size_t i = 0; i < recent->count; i++) {
        if (kept == 0 || compare_pages(&recent->pages[kept - 1], &recent->pages[i]) != 0) {
            recent->pages[kept++] = recent->pages[i];
        }
    }
    recent->count = kept;
}

int recent_pages_decode(struct bytes records, uint64_t after, uint64_t generation, struct recent_pages *out)
{
    *out = (struct recent_pages){.pages = NULL};
    struct byte_reader reader = byte_reader_of(records);
    uint64_t next = after + 1; /* each generation must be told of */
    while (next <= generation && byte_reader_left(&reader) > 0) {
        uint64_t of;
        uint32_t count;
        struct bytes entries;
        if (!next_record(&reader, &of, &count, &entries) || (of > after && (of != next || count == UNKNOWN))) {
            break;
        }
        next += of > after ? 1 : 0;
        struct byte_reader entry = byte_reader_of(entries);
        for (uint32_t i = 0; of > after && i < count; i++) {
            uint32_t segment = byte_reader_u32(&entry);
            uint8_t kind = byte_reader_u8(&entry);
            recent_pages_add(out, segment, kind, byte_reader_u32(&entry));
        }
    }
    if (next <= generation || out->unknown) {
        recent_pages_release(out);
        return AISLE_END;
    }
    sort_and_thin(out);
    return 0;
}

int recent_pages_load(struct storage_txn *txn, uint64_t after, uint64_t generation, struct recent_pages *out)
{
    struct bytes stored;
    *out = (struct recent_pages){.pages = NULL};
    int status = storage_get(txn, TABLE_META, recent_key(), &stored);
    return status == 0 ? recent_pages_decode(open_records(stored), after, generation, out) : status;
}
