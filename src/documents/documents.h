/*
 * documents.h - the stored products of one segment: docid -> compressed bytes; and their compression.
 *
 * Each product is compressed alone with a shared zstd dictionary, so that a merge copies it untouched. The store
 * (DATA and INDEX streams, layout in documents_format.h) takes the compressed bytes as opaque; compressor and
 * decompressor know nothing of the store. Which dictionary a segment was written with is the segment's business, and
 * that patches are laid over what comes out that of the layers above.
 *
 * Thread rule: writers, compressors and decompressors belong to one thread at a time. A documents_reader never
 * changes after documents_open and may be shared.
 */
#ifndef AISLE_DOCUMENTS_DOCUMENTS_H
#define AISLE_DOCUMENTS_DOCUMENTS_H

#include "base/buf.h"
#include "base/extents.h"
#include "base/status.h"

#define DOCUMENT_STORED_BYTES_MAX (LIMIT_PRODUCT_BYTES + 1024u) /* one product as it is stored */
#define DOCUMENTS_BLOCK_DOCUMENTS 64u                           /* ON DISK: documents of a block of INDEX */

/* ------------------------------------------------------------------------------------------------ writing -- */

struct documents_writer {
    struct extent_writer *data;  /* borrowed */
    struct extent_writer *index; /* borrowed */
    struct buf directory;        /* u32 for each block */
    uint64_t block_base;         /* offset in DATA of the block being filled */
    uint32_t count;
    int status; /* sticky */
    uint32_t sizes[DOCUMENTS_BLOCK_DOCUMENTS];
};

/*
 * Begins a store in two fresh streams, which the writer borrows until its release. AISLE_INVALID when a stream is not
 * fresh. The writer takes memory of 4 bytes for 64 documents.
 */
must_check int documents_writer_init(struct documents_writer *writer, struct extent_writer *data,
                                     struct extent_writer *index);

/*
 * Adds the next document's bytes, copied; the first call is for docid 0. AISLE_INVALID: not of 1 to
 * DOCUMENT_STORED_BYTES_MAX bytes. AISLE_LIMIT past LIMIT_SEGMENT_DOCUMENTS, AISLE_NO_MEMORY, or what a stream
 * reported. After an error every call repeats it.
 */
must_check int documents_writer_add(struct documents_writer *writer, struct bytes stored);

/* Completes both streams, short of extent_writer_finish, which is the caller's. Errors as documents_writer_add. */
must_check int documents_writer_finish(struct documents_writer *writer);

/* Frees what the writer holds, finished or not; allowed twice. The streams stay the caller's. */
void documents_writer_release(struct documents_writer *writer);

/* ------------------------------------------------------------------------------------------------ reading -- */

struct documents_reader {
    const struct extent_view *data;  /* borrowed */
    const struct extent_view *index; /* borrowed */
    uint64_t directory_offset;
    uint32_t count;
};

/*
 * Opens a store over two views, which must outlive the reader. Reads the footer only. AISLE_CORRUPT, or
 * AISLE_NEWER_FORMAT.
 */
must_check int documents_open(struct documents_reader *reader, const struct extent_view *data,
                              const struct extent_view *index);

/* Number of documents. */
static inline uint32_t documents_count(const struct documents_reader *reader)
{
    return reader->count;
}

/*
 * The bytes of one document. On 0, *stored is a view into an extent of DATA or, for the few that straddle two, into
 * scratch, whose content it replaces: valid to the next use of scratch, which needs a maximum of at least
 * DOCUMENT_STORED_BYTES_MAX. AISLE_INVALID: no such document; AISLE_CORRUPT; the status of scratch. *stored is
 * empty on failure.
 */
must_check int documents_get(const struct documents_reader *reader, uint32_t document, struct buf *scratch,
                             struct bytes *stored);

/*
 * Walks the whole index: blocks, sizes, and that they cover DATA without gap. Fills error (may be NULL) with what is
 * wrong. AISLE_CORRUPT. What the stored bytes hold is not looked at.
 */
must_check int documents_check(const struct documents_reader *reader, aisle_error *error);

/* -------------------------------------------------------------------------------------------- compression -- */

#define COMPRESS_LEVEL 1 /* bench_documents.c: a third of the time of 3, for a seventh more bytes */
#define COMPRESS_DICTIONARY_BYTES (112u << 10) /* likewise; what to ask of dictionary_train    */
#define COMPRESS_SAMPLES_MAX (1u << 16)        /* samples that dictionary_train looks at       */
#define COMPRESS_SAMPLE_BYTES_MAX (8u << 20)   /* and bytes of them                            */

struct compressor;
struct decompressor;

/*
 * A compressor for one thread. dictionary: copied; from dictionary_train, or empty for none. level: of zstd, -20 to
 * 19; COMPRESS_LEVEL. AISLE_INVALID: level, or a dictionary above LIMIT_DICTIONARY_BYTES; AISLE_CORRUPT: bytes that
 * claim to be a zstd dictionary and are not; AISLE_NO_MEMORY. Takes about 0.5 MiB, and up to 1 MiB more
 * once long products came by; after that nothing is allocated for products up to some 64 KiB.
 */
must_check int compressor_new(struct bytes dictionary, int level, struct compressor **out);

/*
 * Appends product, compressed, to out. AISLE_LIMIT: product above LIMIT_PRODUCT_BYTES; AISLE_NO_MEMORY; the status of
 * out, which must have room for the worst case: ZSTD_compressBound, some 64 bytes and 1/256 more than the product, or
 * DOCUMENT_STORED_BYTES_MAX if that is less. On failure out's content is unchanged.
 */
must_check int compressor_run(struct compressor *compressor, struct bytes product, struct buf *out);

/* NULL is allowed. */
void compressor_free(struct compressor *compressor);

/* A decompressor for one thread. dictionary: the compressor's, copied. Errors as compressor_new. */
must_check int decompressor_new(struct bytes dictionary, struct decompressor **out);

/*
 * A decompressor for another thread that shares original's dictionary, which is immutable and counted: either may be
 * freed first. original must not be freed during the call, but may be in use. AISLE_NO_MEMORY.
 */
must_check int decompressor_new_like(const struct decompressor *original, struct decompressor **out);

/*
 * Appends the product that stored holds to out. Trusts nothing: AISLE_CORRUPT when stored is not what a compressor
 * with this dictionary wrote (as far as can be told: damage that still decodes is the extents' checksums to find),
 * or a product above LIMIT_PRODUCT_BYTES; AISLE_NO_MEMORY; the status of out. On failure out's content is unchanged.
 */
must_check int decompressor_run(struct decompressor *decompressor, struct bytes stored, struct buf *out);

/* What it takes of the heap, its dictionary included, however many share that. */
size_t decompressor_bytes(const struct decompressor *decompressor);

/* NULL is allowed. */
void decompressor_free(struct decompressor *decompressor);

/*
 * Makes a dictionary of at most max_bytes, 1 KiB to LIMIT_DICTIONARY_BYTES, from sample products and puts it in out,
 * which it empties first. Empty when the samples are too few to learn from (under 100, or under 64 KiB). At most
 * COMPRESS_SAMPLES_MAX samples and COMPRESS_SAMPLE_BYTES_MAX bytes are used, spread evenly. Deterministic.
 * AISLE_INVALID: max_bytes; AISLE_NO_MEMORY; the status of out. The trainer's own memory is zstd's, not base/alloc.h's.
 */
must_check int dictionary_train(const struct bytes *samples, size_t count, size_t max_bytes, struct buf *out);

#endif
