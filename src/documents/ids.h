/*
 * ids.h - the product ids of one segment: docid -> id, and id -> docid through a hash table.
 *
 * IDS holds the ids in blocks, squeezed; TABLE finds a document by the hash of its id. The layout stands in
 * ids_format.h. A look-up is verified against the id itself. Whether a document found is still alive, and in which
 * segment to look, is decided above.
 *
 * Everywhere the hash of an id is hash_bytes of it (base/hash.h), which the caller usually has already.
 *
 * Thread rule: a writer belongs to one thread. A reader never changes after ids_open and may be shared.
 */
#ifndef AISLE_DOCUMENTS_IDS_H
#define AISLE_DOCUMENTS_IDS_H

#include "base/buf.h"
#include "base/extents.h"
#include "base/status.h"

#define IDS_BLOCK_IDS 64u /* ON DISK: ids of a block */

/* ------------------------------------------------------------------------------------------------ writing -- */

struct ids_writer {
    struct extent_writer *ids;   /* borrowed */
    struct extent_writer *table; /* borrowed */
    struct buf text;             /* the ids of the block being filled */
    struct buf block;            /* its encoding */
    struct buf directory;        /* u64 for each block */
    struct buf hashes;           /* u64 for each id */
    uint32_t count;
    int status; /* sticky */
    uint16_t sizes[IDS_BLOCK_IDS];
};

/*
 * Begins in two fresh streams, which the writer borrows until its release. AISLE_INVALID when a stream is not fresh.
 * The writer takes 8 to 12 bytes of memory for each id, and 5 more in ids_writer_finish.
 */
must_check int ids_writer_init(struct ids_writer *writer, struct extent_writer *ids, struct extent_writer *table);

/*
 * Adds the id of the next document, copied; the first call is for docid 0. Ids must be distinct, which is not
 * checked here. AISLE_INVALID: not of 1 to LIMIT_ID_BYTES bytes. AISLE_LIMIT past LIMIT_SEGMENT_DOCUMENTS,
 * AISLE_NO_MEMORY, or what a stream reported. After an error every call repeats it.
 */
must_check int ids_writer_add(struct ids_writer *writer, struct bytes id);

/* Completes both streams, short of extent_writer_finish, which is the caller's. Errors as ids_writer_add. */
must_check int ids_writer_finish(struct ids_writer *writer);

/* Frees what the writer holds, finished or not; allowed twice. The streams stay the caller's. */
void ids_writer_release(struct ids_writer *writer);

/* ------------------------------------------------------------------------------------------------ reading -- */

struct ids_reader {
    const struct extent_view *ids;   /* borrowed */
    const struct extent_view *table; /* borrowed */
    uint64_t directory_offset;       /* in IDS */
    uint64_t bucket_offset;          /* in TABLE: of its directory */
    uint32_t count;
    uint32_t bucket_count;
    uint32_t document_bits; /* of an entry of TABLE */
};

/*
 * Opens ids over two views, which must outlive the reader. Reads the footers only. AISLE_CORRUPT, or
 * AISLE_NEWER_FORMAT.
 */
must_check int ids_open(struct ids_reader *reader, const struct extent_view *ids, const struct extent_view *table);

/* Number of ids, which is that of documents. */
static inline uint32_t ids_count(const struct ids_reader *reader)
{
    return reader->count;
}

/*
 * The id of one document, written to out; *size is 1 to LIMIT_ID_BYTES. AISLE_INVALID: no such document;
 * AISLE_CORRUPT. On failure *size is 0 and out undefined.
 */
must_check int ids_get(const struct ids_reader *reader, uint32_t document, uint8_t out[LIMIT_ID_BYTES], size_t *size);

/*
 * Asks memory for what ids_get will read of a document: first where its block is, then, some time later, the block.
 * For several documents each step is made for all before the next, so that they wait together.
 */
enum ids_ahead { IDS_AHEAD_PLACE, IDS_AHEAD_BLOCK };
void ids_ahead(const struct ids_reader *reader, uint32_t document, enum ids_ahead step);

/* Likewise what ids_find will read of the table: first where the bucket is, then the bucket. */
enum ids_find_ahead { IDS_FIND_PLACE, IDS_FIND_BUCKET };
void ids_find_ahead(const struct ids_reader *reader, uint64_t hash, enum ids_find_ahead step);

/* The document with this id. hash: of id. AISLE_END when there is none; AISLE_CORRUPT. */
must_check int ids_find(const struct ids_reader *reader, struct bytes id, uint64_t hash, uint32_t *document);

struct ids_query {
    struct bytes id; /* borrowed */
    uint64_t hash;   /* of id */
};

/* Receives one document found. Anything but 0 ends the look-up and is what it returns. */
typedef int ids_match(void *context, size_t query_index, uint32_t document);

/*
 * Looks many ids up. queries: in ascending order of hash, repeats allowed; then the table is read from front to back,
 * and memory is fetched ahead of use. callback is called for each id found, in ascending order of query_index. 0;
 * AISLE_INVALID when the order is found broken (what came before has been reported); AISLE_CORRUPT; or what callback
 * returned.
 */
must_check int ids_find_many(const struct ids_reader *reader, const struct ids_query *queries, size_t count,
                             ids_match *callback, void *context);

/*
 * Walks everything: each id decodes and is found through the table, and the table holds nothing else. Fills error
 * (may be NULL) with what is wrong. AISLE_CORRUPT.
 */
must_check int ids_check(const struct ids_reader *reader, aisle_error *error);

#endif
