/*
 * recent.c - which pages the last generations have changed.
 *
 * Without it, who takes a snapshot of a new generation would read all changed pages of the shard, which are as many as
 * products were ever patched; with it, those that the commits since its last snapshot have changed. Kept are the newest
 * generation's, older ones as long as all of them are small, and the last few even when they are larger, because behind
 * a large commit come those of merges and small ones, before whoever has the state before it has looked again. Of
 * columns the values before and after are told, so that bounds of what products are worth can be raised without reading
 * a page. A checksum stands before them: a damaged record that passed for a whole one would hide a change from who has
 * the state before, while one that is known to be damaged costs a state that is read whole.
 */
#include "segment/segment.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <stdlib.h>

#define HEAD_BYTES 12u
#define CHECKSUM_BYTES 4u
#define NEWEST_BYTES_MAX (1u << 20) /* of a generation that changed more it is not known what it changed */
#define OLDER_BYTES_MAX (1u << 14)
#define LAST_GENERATIONS 8u
#define LAST_BYTES_MAX (1u << 19) /* of the older ones of them */
#define UNKNOWN UINT32_MAX

/* What the checksum is mixed with: records of another form, which tell no values, are none. */
#define RECORDS_FORM 0x56414c55u

static uint32_t checksum_of(struct bytes records)
{
    return hash_checksum(records.data, records.size) ^ RECORDS_FORM;
}

static struct bytes recent_key(void)
{
    return bytes_of_string("changed");
}

void recent_pages_release(struct recent_pages *recent)
{
    mem_free(recent->pages);
    mem_free(recent->documents);
    *recent = (struct recent_pages){.pages = NULL};
}

/* Room for one more of count things of size bytes; else all are unknown. */
static void *make_room(struct recent_pages *recent, void *things, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity || recent->unknown) {
        return things;
    }
    size_t wanted = *capacity == 0 ? 64 : *capacity * 2;
    void *grown = wanted > 2 * NEWEST_BYTES_MAX ? NULL : mem_realloc(things, wanted * size);
    recent->unknown = grown == NULL;
    *capacity = grown == NULL ? *capacity : wanted;
    return grown == NULL ? things : grown;
}

void recent_pages_add(struct recent_pages *recent, uint32_t segment, uint8_t kind, uint32_t page)
{
    recent->pages = make_room(recent, recent->pages, recent->count, &recent->capacity, sizeof *recent->pages);
    if (!recent->unknown) {
        recent->pages[recent->count++] = (struct segment_page_id){
            .segment = segment, .page = page, .kind = kind, .documents = (uint32_t)recent->document_count};
    }
}

void recent_pages_add_document(struct recent_pages *recent, const struct segment_change *change)
{
    recent->documents = make_room(recent, recent->documents, recent->document_count, &recent->document_capacity,
                                  sizeof *recent->documents);
    if (!recent->unknown) {
        recent->documents[recent->document_count++] = *change;
        recent->pages[recent->count - 1].document_count++;
    }
}

/* One generation's record; false: it is cut short. */
static bool next_record(struct byte_reader *reader, uint64_t *generation, uint32_t *size, struct bytes *runs)
{
    *generation = byte_reader_u64(reader);
    *size = byte_reader_u32(reader);
    *runs = byte_reader_take(reader, *size == UNKNOWN ? 0 : *size);
    return byte_reader_ok(reader);
}

/* The records behind their checksum; none when it does not match. */
static struct bytes open_records(struct bytes stored)
{
    if (stored.size <= CHECKSUM_BYTES) {
        return bytes_of(NULL, 0);
    }
    struct bytes records = bytes_of(stored.data + CHECKSUM_BYTES, stored.size - CHECKSUM_BYTES);
    return load_u32(stored.data) == checksum_of(records) ? records : bytes_of(NULL, 0);
}

/* Of the older records those that are small together, and the last generations'. */
static struct bytes keep_older(struct bytes records, uint64_t generation)
{
    struct byte_reader reader = byte_reader_of(records);
    uint64_t of = 0;
    uint32_t size;
    struct bytes runs;
    while (byte_reader_left(&reader) > 0) {
        size_t left = byte_reader_left(&reader);
        struct bytes from = bytes_of(records.data + (records.size - left), left);
        if (!next_record(&reader, &of, &size, &runs) || of >= generation) {
            break;
        }
        bool is_late = of + LAST_GENERATIONS > generation;
        if (from.size <= (is_late ? LAST_BYTES_MAX : OLDER_BYTES_MAX)) {
            return from;
        }
    }
    return bytes_of(NULL, 0);
}

/* ---- order ---- */

static int compare_pages(const void *a, const void *b)
{
    const struct segment_page_id *x = a;
    const struct segment_page_id *y = b;
    return x->segment != y->segment ? (x->segment > y->segment) - (x->segment < y->segment)
           : x->kind != y->kind     ? (x->kind > y->kind) - (x->kind < y->kind)
                                    : (x->page > y->page) - (x->page < y->page);
}

/* Of the same page, the older generation's first: it was read first. */
static int compare_in_time(const void *a, const void *b)
{
    const struct segment_page_id *x = a;
    const struct segment_page_id *y = b;
    int order = compare_pages(x, y);
    return order != 0 ? order : (x->documents > y->documents) - (x->documents < y->documents);
}

/* Adds to one page's documents a later one's of the same page, behind all others; the page may be one of recent's. */
static void unite_documents(struct recent_pages *recent, struct segment_page_id *page,
                            const struct segment_page_id *other)
{
    const size_t first = recent->document_count;
    size_t i = 0;
    size_t k = 0;
    bool known = page->document_count != 0 && other->document_count != 0;
    while (known && !recent->unknown && (i < page->document_count || k < other->document_count)) {
        recent->documents = make_room(recent, recent->documents, recent->document_count, &recent->document_capacity,
                                      sizeof *recent->documents);
        if (recent->unknown) {
            return;
        }
        const struct segment_change *old = recent->documents + page->documents + i;
        const struct segment_change *new = recent->documents + other->documents + k;
        uint32_t a = i < page->document_count ? old->document : UINT32_MAX;
        uint32_t b = k < other->document_count ? new->document : UINT32_MAX;
        recent->documents[recent->document_count++] =
            (struct segment_change){.document = (uint16_t)(a < b ? a : b),
                                    .before = a <= b ? old->before : new->before,
                                    .after = b <= a ? new->after : old->after};
        i += a <= b;
        k += b <= a;
    }
    page->documents = (uint32_t)first;
    page->document_count = (uint16_t)(recent->document_count - first);
}

static void sort_and_thin(struct recent_pages *recent)
{
    size_t kept = 0;
    bool sorted = true; /* what one generation tells is */
    for (size_t i = 1; i < recent->count && sorted; i++) {
        sorted = compare_pages(&recent->pages[i - 1], &recent->pages[i]) < 0;
    }
    if (sorted) {
        return;
    }
    qsort(recent->pages, recent->count, sizeof *recent->pages, compare_in_time);
    for (size_t i = 0; i < recent->count && !recent->unknown; i++) {
        if (kept == 0 || compare_pages(&recent->pages[kept - 1], &recent->pages[i]) != 0) {
            recent->pages[kept++] = recent->pages[i];
        } else {
            unite_documents(recent, &recent->pages[kept - 1], &recent->pages[i]);
        }
    }
    recent->count = kept;
}

static bool is_column(uint8_t kind)
{
    return kind >= PAGE_COLUMN && kind < PAGE_COLUMN + LIMIT_FIELDS;
}

/* Small numbers of either sign become small ones. */
static uint64_t zigzag(uint64_t value)
{
    return value << 1 ^ (0 - (value >> 63));
}

static uint64_t unzigzag(uint64_t value)
{
    return value >> 1 ^ (0 - (value & 1));
}

/* ---- writing ---- */

/* The pages of one segment and kind from the first on; returns how many they are. */
static size_t put_run(struct buf *out, const struct recent_pages *recent, size_t first)
{
    const struct segment_page_id *pages = recent->pages + first;
    size_t count = 1;
    uint32_t before = 0;
    while (first + count < recent->count && pages[count].segment == pages->segment &&
           pages[count].kind == pages->kind) {
        count++;
    }
    buf_put_u32(out, pages->segment);
    buf_put_u8(out, pages->kind);
    buf_put_varint(out, count);
    for (size_t i = 0; i < count; i++) {
        buf_put_varint(out, pages[i].page - before);
        before = pages[i].page;
        if (!is_column(pages->kind)) {
            continue;
        }
        uint16_t last = 0;
        buf_put_varint(out, pages[i].document_count);
        for (size_t d = 0; d < pages[i].document_count; d++) {
            const struct segment_change *change = &recent->documents[pages[i].documents + d];
            buf_put_varint(out, (uint64_t)(change->document - last));
            buf_put_varint(out, zigzag((uint64_t)change->before));
            buf_put_varint(out, zigzag((uint64_t)change->after - (uint64_t)change->before));
            last = change->document;
        }
    }
    return count;
}

/* The generation's record without its head; false: what it would tell is not known. */
static bool put_runs(struct recent_pages *recent, struct buf *out)
{
    if (recent == NULL) {
        return true;
    }
    sort_and_thin(recent);
    for (size_t i = 0; i < recent->count && !recent->unknown && buf_status(out) == 0;) {
        i += put_run(out, recent, i);
    }
    return !recent->unknown && buf_status(out) == 0;
}

int recent_pages_store(struct storage_txn *txn, uint64_t generation, struct recent_pages *recent)
{
    struct bytes stored;
    struct buf value;
    struct buf runs;
    int status = storage_get(txn, TABLE_META, recent_key(), &stored);
    if (status < 0) {
        return status;
    }
    struct bytes older = status == 0 ? keep_older(open_records(stored), generation) : bytes_of(NULL, 0);
    buf_init(&runs, NEWEST_BYTES_MAX);
    buf_init(&value, CHECKSUM_BYTES + LAST_BYTES_MAX + HEAD_BYTES + NEWEST_BYTES_MAX);
    bool known = put_runs(recent, &runs);
    buf_put_u32(&value, 0);
    buf_put(&value, older.data, older.size);
    buf_put_u64(&value, generation);
    buf_put_u32(&value, known ? (uint32_t)runs.size : UNKNOWN);
    if (known) {
        buf_put(&value, runs.data, runs.size);
    }
    status = buf_status(&value);
    if (status == 0) {
        store_u32(value.data, checksum_of(bytes_of(value.data + CHECKSUM_BYTES, value.size - CHECKSUM_BYTES)));
    }
    status = status == 0 ? storage_put(txn, TABLE_META, recent_key(), buf_bytes(&value)) : status;
    buf_release(&runs);
    buf_release(&value);
    return status;
}

/* ---- reading ---- */

/* Adds a page's documents; false: they are none of a page. */
static bool take_documents(struct byte_reader *reader, struct recent_pages *out)
{
    uint64_t count = byte_reader_varint(reader);
    uint64_t document = 0;
    for (uint64_t i = 0; i < count && byte_reader_ok(reader) && !out->unknown; i++) {
        uint64_t step = byte_reader_varint(reader);
        if (step >= COLUMN_PAGE_DOCUMENTS || (i > 0 && step == 0)) {
            return false;
        }
        document += step;
        if (document >= COLUMN_PAGE_DOCUMENTS) {
            return false;
        }
        uint64_t before = unzigzag(byte_reader_varint(reader));
        uint64_t after = before + unzigzag(byte_reader_varint(reader));
        const struct segment_change change = {(int64_t)before, (int64_t)after, (uint16_t)document};
        recent_pages_add_document(out, &change);
    }
    return byte_reader_ok(reader);
}

/* Adds the pages of a record; false: it is none. */
static bool take_runs(struct bytes runs, struct recent_pages *out)
{
    struct byte_reader reader = byte_reader_of(runs);
    bool good = true;
    while (good && byte_reader_left(&reader) > 0 && !out->unknown) {
        uint32_t segment = byte_reader_u32(&reader);
        uint8_t kind = byte_reader_u8(&reader);
        uint64_t count = byte_reader_varint(&reader);
        uint64_t page = 0;
        for (uint64_t i = 0; i < count && good && !out->unknown; i++) {
            uint64_t step = byte_reader_varint(&reader);
            good = byte_reader_ok(&reader) && step <= UINT32_MAX && (i == 0 || step != 0);
            page += good ? step : 0;
            good = good && page <= UINT32_MAX;
            if (good) {
                recent_pages_add(out, segment, kind, (uint32_t)page);
                good = !is_column(kind) || out->unknown || take_documents(&reader, out);
            }
        }
        good = good && byte_reader_ok(&reader) && count != 0;
    }
    return good;
}

int recent_pages_decode(struct bytes records, uint64_t after, uint64_t generation, struct recent_pages *out)
{
    *out = (struct recent_pages){.pages = NULL};
    struct byte_reader reader = byte_reader_of(records);
    uint64_t next = after + 1; /* each generation must be told of */
    while (next <= generation && byte_reader_left(&reader) > 0) {
        uint64_t of;
        uint32_t size;
        struct bytes runs;
        if (!next_record(&reader, &of, &size, &runs) || (of > after && (of != next || size == UNKNOWN)) ||
            (of > after && !take_runs(runs, out))) {
            break;
        }
        next += of > after ? 1 : 0;
    }
    if (next > generation && !out->unknown) {
        sort_and_thin(out);
    }
    if (next <= generation || out->unknown) {
        recent_pages_release(out);
        return AISLE_END;
    }
    return 0;
}

int recent_pages_load(struct storage_txn *txn, uint64_t after, uint64_t generation, struct recent_pages *out)
{
    struct bytes stored;
    *out = (struct recent_pages){.pages = NULL};
    int status = storage_get(txn, TABLE_META, recent_key(), &stored);
    return status == 0 ? recent_pages_decode(open_records(stored), after, generation, out) : status;
}
