/*
 * compress.c - compression of single products; the only file that includes zstd.
 *
 * A stored product is one zstd frame without magic number, checksum and dictionary id, but with its content size: the
 * magic says nothing here, pages of extents have checksums, and the segment knows its dictionary. Contexts and digested
 * dictionaries are made once and reused; their memory is base/alloc.h's through zstd's hooks, which, like frames
 * without magic, zstd calls experimental but exports from its shared library.
 *
 * Thread rule: a context belongs to one thread at a time; a digested dictionary is immutable, and counted because
 * decompressors of several threads share it.
 */
#define ZSTD_STATIC_LINKING_ONLY
#define ZDICT_STATIC_LINKING_ONLY

#include "documents/documents.h"

#include "base/alloc.h"

#include <stdatomic.h>
#include <zdict.h>
#include <zstd.h>
#include <zstd_errors.h>

#define LEVEL_MIN (-20)
#define LEVEL_MAX 19
#define PRODUCT_BYTES_USUAL 1024u /* what zstd sizes the search tables of a dictionary for */
#define DICTIONARY_HASH_LOG 15u   /* of these tables, at least: see load_dictionary */
#define DICTIONARY_MATCH_MIN 7u   /* and the shortest match that the fastest way looks for */
#define WORKSPACE_BYTES_MIN (16u << 10) /* smaller allocations of zstd are not its workspace */
#define WORKSPACE_BYTES_MAX (1u << 20)  /* larger ones are for products too rare to keep memory for */
#define DICTIONARY_BYTES_MIN 1024u
#define SEGMENT_BYTES 400u /* that the trainer takes whole: see train */
#define SAMPLES_MIN 100u
#define SAMPLE_BYTES_MIN (64u << 10)

/*
 * zstd gives its workspace back after 128 products that need a third of it or less, and takes it anew with the next
 * longer one: about every fiftieth product of a real catalog. So the block is kept here while it does not use it.
 */
struct compressor {
    ZSTD_CCtx *context;
    void *dictionary_memory; /* owned: holds the digested dictionary; NULL: none */
    void *workspace;         /* owned */
    size_t workspace_bytes;
    bool workspace_in_use; /* by context */
};

struct shared_dictionary {
    atomic_uint holders;
    ZSTD_DDict *digested; /* NULL: none */
};

struct decompressor {
    ZSTD_DCtx *context;
    struct shared_dictionary *dictionary;
};

/* -------------------------------------------------------------------------------------------- compressing -- */

/* zstd's allocation, from the block that is kept when that is free; it grows to a power of two. */
static void *allocate_workspace(void *context, size_t size)
{
    struct compressor *compressor = context;
    bool fits = size >= WORKSPACE_BYTES_MIN && size <= WORKSPACE_BYTES_MAX;
    if (!fits || compressor->workspace_in_use) { /* LCOV_EXCL_BR_LINE: zstd frees one before it takes the next */
        return mem_alloc(size);
    }
    if (size > compressor->workspace_bytes) {
        size_t capacity = WORKSPACE_BYTES_MIN;
        while (capacity < size) {
            capacity *= 2;
        }
        mem_free(compressor->workspace);
        compressor->workspace = mem_alloc(capacity);
        compressor->workspace_bytes = compressor->workspace == NULL ? 0 : capacity;
    }
    compressor->workspace_in_use = compressor->workspace != NULL;
    return compressor->workspace;
}

static void release_workspace(void *context, void *memory)
{
    struct compressor *compressor = context;
    if (memory == compressor->workspace) {
        compressor->workspace_in_use = false;
    } else {
        mem_free(memory);
    }
}

/* How many of them were refused. */
static unsigned set_parameters(ZSTD_CCtx *context, int level)
{
    return ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)) +
           ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_format, ZSTD_f_zstd1_magicless)) +
           ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1)) +
           ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0)) +
           ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_dictIDFlag, 0));
}

/*
 * zstd's own table for a dictionary has room for few of its places at low levels: with one of 128 KiB products are a
 * twelfth smaller and no time is lost, since fewer and longer matches are coded. It then also holds most of what has
 * seven bytes in common, and shorter matches are hardly worth their code: a sixteenth of the time.
 *
 * Digests the dictionary in memory of our own, because zstd 1.5.4 crashes when its own allocation fails here. The
 * memory is zeroed so that nothing depends on what stood there.
 */
static int load_dictionary(struct compressor *compressor, struct bytes dictionary, int level)
{
    ZSTD_compressionParameters parameters = ZSTD_getCParams(level, PRODUCT_BYTES_USUAL, dictionary.size);
    parameters.hashLog = parameters.hashLog < DICTIONARY_HASH_LOG ? DICTIONARY_HASH_LOG : parameters.hashLog;
    parameters.minMatch = parameters.strategy == ZSTD_fast ? DICTIONARY_MATCH_MIN : parameters.minMatch;
    size_t size = ZSTD_estimateCDictSize_advanced(dictionary.size, parameters, ZSTD_dlm_byCopy);
    compressor->dictionary_memory = mem_calloc(1, size);
    if (compressor->dictionary_memory == NULL) {
        return AISLE_NO_MEMORY;
    }
    const ZSTD_CDict *digested =
        ZSTD_initStaticCDict(compressor->dictionary_memory, size, dictionary.data, dictionary.size, ZSTD_dlm_byCopy,
                             ZSTD_dct_auto, parameters);
    if (digested == NULL) {
        return AISLE_CORRUPT;
    }
    size_t result = ZSTD_CCtx_refCDict(compressor->context, digested);
    return ZSTD_isError(result) ? AISLE_CORRUPT : 0; /* LCOV_EXCL_BR_LINE: fails only in the middle of a frame */
}

int compressor_new(struct bytes dictionary, int level, struct compressor **out)
{
    *out = NULL;
    if (level < LEVEL_MIN || level > LEVEL_MAX || dictionary.size > LIMIT_DICTIONARY_BYTES) {
        return AISLE_INVALID;
    }
    struct compressor *compressor = mem_calloc(1, sizeof *compressor);
    if (compressor == NULL) {
        return AISLE_NO_MEMORY;
    }
    int status = 0;
    ZSTD_customMem workspace_hooks = {
        .customAlloc = allocate_workspace, .customFree = release_workspace, .opaque = compressor};
    compressor->context = ZSTD_createCCtx_advanced(workspace_hooks);
    if (compressor->context == NULL) {
        status = AISLE_NO_MEMORY;
    } else if (set_parameters(compressor->context, level) != 0) { /* LCOV_EXCL_BR_LINE: a zstd without these */
        status = AISLE_INVALID;
    } else if (dictionary.size != 0) {
        status = load_dictionary(compressor, dictionary, level);
    }
    if (status != 0) {
        compressor_free(compressor);
        return status;
    }
    *out = compressor;
    return 0;
}

int compressor_run(struct compressor *compressor, struct bytes product, struct buf *out)
{
    if (product.size > LIMIT_PRODUCT_BYTES) {
        return AISLE_LIMIT;
    }
    /* A frame is at most 9 bytes of header and 3 for each 128 KiB longer than its content; zstd's bound is wider. */
    size_t before = out->size;
    size_t room = ZSTD_compressBound(product.size);
    room = room > DOCUMENT_STORED_BYTES_MAX ? DOCUMENT_STORED_BYTES_MAX : room;
    uint8_t *frame = buf_extend(out, room);
    if (frame == NULL) {
        return buf_status(out);
    }
    size_t size = ZSTD_compress2(compressor->context, frame, room, product.data, product.size);
    if (ZSTD_isError(size)) {
        out->size = before;
        bool no_memory = ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation;
        return no_memory ? AISLE_NO_MEMORY : AISLE_INVALID; /* LCOV_EXCL_BR_LINE: there is room for any product */
    }
    out->size = before + size;
    return 0;
}

void compressor_free(struct compressor *compressor)
{
    if (compressor != NULL) {
        ZSTD_freeCCtx(compressor->context);
        mem_free(compressor->workspace);
        mem_free(compressor->dictionary_memory);
        mem_free(compressor);
    }
}

/* ------------------------------------------------------------------------------------------ decompressing -- */

static void *allocate(void *context, size_t size)
{
    (void)context;
    return mem_alloc(size);
}

static void release(void *context, void *memory)
{
    (void)context;
    mem_free(memory);
}

static const ZSTD_customMem memory_hooks = {.customAlloc = allocate, .customFree = release};

/* Why a dictionary could not be digested, which zstd does not tell. Only bytes with its magic can be bad. */
static int status_of_dictionary(struct bytes dictionary)
{
    bool has_magic = dictionary.size >= 8 && load_u32(dictionary.data) == ZSTD_MAGIC_DICTIONARY;
    size_t header = has_magic ? ZDICT_getDictHeaderSize(dictionary.data, dictionary.size) : 0;
    bool no_memory = ZSTD_getErrorCode(header) == ZSTD_error_memory_allocation; /* malloc's, which no test fails */
    return ZDICT_isError(header) && !no_memory ? AISLE_CORRUPT : AISLE_NO_MEMORY; /* LCOV_EXCL_BR_LINE: see above */
}

static int new_shared(struct bytes bytes, struct shared_dictionary **out)
{
    *out = NULL;
    struct shared_dictionary *dictionary = mem_calloc(1, sizeof *dictionary);
    if (dictionary == NULL) {
        return AISLE_NO_MEMORY;
    }
    atomic_init(&dictionary->holders, 1);
    if (bytes.size != 0) {
        dictionary->digested =
            ZSTD_createDDict_advanced(bytes.data, bytes.size, ZSTD_dlm_byCopy, ZSTD_dct_auto, memory_hooks);
        if (dictionary->digested == NULL) {
            mem_free(dictionary);
            return status_of_dictionary(bytes);
        }
    }
    *out = dictionary;
    return 0;
}

static void drop_shared(struct shared_dictionary *dictionary)
{
    if (atomic_fetch_sub_explicit(&dictionary->holders, 1, memory_order_acq_rel) == 1) {
        ZSTD_freeDDict(dictionary->digested);
        mem_free(dictionary);
    }
}

/* Takes over the caller's hold on dictionary, also on failure. */
static int new_over(struct shared_dictionary *dictionary, struct decompressor **out)
{
    struct decompressor *decompressor = mem_calloc(1, sizeof *decompressor);
    if (decompressor == NULL) {
        drop_shared(dictionary);
        return AISLE_NO_MEMORY;
    }
    decompressor->dictionary = dictionary;
    decompressor->context = ZSTD_createDCtx_advanced(memory_hooks);
    if (decompressor->context == NULL || /* LCOV_EXCL_BR_LINE: the second with a zstd that does not have it */
        ZSTD_isError(ZSTD_DCtx_setParameter(decompressor->context, ZSTD_d_format, ZSTD_f_zstd1_magicless))) {
        decompressor_free(decompressor);
        return AISLE_NO_MEMORY;
    }
    *out = decompressor;
    return 0;
}

int decompressor_new(struct bytes dictionary, struct decompressor **out)
{
    *out = NULL;
    if (dictionary.size > LIMIT_DICTIONARY_BYTES) {
        return AISLE_INVALID;
    }
    struct shared_dictionary *shared;
    int status = new_shared(dictionary, &shared);
    return status == 0 ? new_over(shared, out) : status;
}

int decompressor_new_like(const struct decompressor *original, struct decompressor **out)
{
    *out = NULL;
    atomic_fetch_add_explicit(&original->dictionary->holders, 1, memory_order_relaxed);
    return new_over(original->dictionary, out);
}

int decompressor_run(struct decompressor *decompressor, struct bytes stored, struct buf *out)
{
    ZSTD_frameHeader header;
    if (stored.size == 0 || stored.size > DOCUMENT_STORED_BYTES_MAX ||
        ZSTD_getFrameHeader_advanced(&header, stored.data, stored.size, ZSTD_f_zstd1_magicless) != 0) {
        return AISLE_CORRUPT;
    }
    /* Also refuses an unknown size, which is the greatest number. */
    if (header.frameContentSize > LIMIT_PRODUCT_BYTES || header.dictID != 0 ||
        header.checksumFlag != 0) {
        return AISLE_CORRUPT;
    }
    size_t before = out->size;
    size_t size = (size_t)header.frameContentSize;
    uint8_t *product = buf_extend(out, size);
    if (product == NULL) {
        return buf_status(out);
    }
    size_t result = ZSTD_decompress_usingDDict(decompressor->context, product, size, stored.data, stored.size,
                                               decompressor->dictionary->digested);
    if (result != size) {
        out->size = before;
        bool no_memory = ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation; /* never yet */
        return no_memory ? AISLE_NO_MEMORY : AISLE_CORRUPT; /* LCOV_EXCL_BR_LINE: if ever, it is no damage */
    }
    return 0;
}

size_t decompressor_bytes(const struct decompressor *decompressor)
{
    const struct shared_dictionary *dictionary = decompressor->dictionary;
    return sizeof *decompressor + ZSTD_sizeof_DCtx(decompressor->context) + sizeof *dictionary +
           ZSTD_sizeof_DDict(dictionary->digested);
}

void decompressor_free(struct decompressor *decompressor)
{
    if (decompressor != NULL) {
        ZSTD_freeDCtx(decompressor->context);
        drop_shared(decompressor->dictionary);
        mem_free(decompressor);
    }
}

/* ----------------------------------------------------------------------------------------------- training -- */

/* The trainer's input: samples one behind the other. */
struct sample_set {
    uint8_t *text; /* owned */
    size_t *sizes; /* owned */
    size_t text_bytes;
    unsigned count;
};

/* Copies every step-th sample, as far as they fit. */
static int collect_samples(const struct bytes *samples, size_t count, struct sample_set *set)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += samples[i].size;
    }
    size_t step_for_count = (count + COMPRESS_SAMPLES_MAX - 1) / COMPRESS_SAMPLES_MAX;
    size_t step_for_bytes = (total + COMPRESS_SAMPLE_BYTES_MAX - 1) / COMPRESS_SAMPLE_BYTES_MAX;
    size_t step = step_for_count > step_for_bytes ? step_for_count : step_for_bytes;
    size_t capacity = total < COMPRESS_SAMPLE_BYTES_MAX ? total : COMPRESS_SAMPLE_BYTES_MAX;
    set->text = mem_alloc(capacity);
    set->sizes = mem_calloc(COMPRESS_SAMPLES_MAX, sizeof *set->sizes);
    if (set->text == NULL || set->sizes == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i += step) {
        if (samples[i].size != 0 && samples[i].size <= capacity - set->text_bytes) {
            memcpy(set->text + set->text_bytes, samples[i].data, samples[i].size);
            set->text_bytes += samples[i].size;
            set->sizes[set->count++] = samples[i].size;
        }
    }
    return 0;
}

/*
 * zstd's usual trainer makes five dictionaries, of pieces of five sizes, and keeps the one that compresses best: for
 * products that is mostly the second, of 537 bytes. One made of pieces of 400 takes a sixth of its time, and a product
 * of the generated catalog 135.4 bytes in place of 135.3, one of the real catalog 100.4 in place of 101.4.
 */
static int train(const struct sample_set *set, size_t max_bytes, struct buf *out)
{
    if (set->count < SAMPLES_MIN || set->text_bytes < SAMPLE_BYTES_MIN) {
        return 0;
    }
    uint8_t *dictionary = buf_extend(out, max_bytes);
    if (dictionary == NULL) {
        return buf_status(out);
    }
    /* Of zstd's own choice but for k, and compressionLevel, by which the tables of codes behind it are made. */
    ZDICT_fastCover_params_t parameters = {.k = SEGMENT_BYTES, .d = 8, .f = 20, .accel = 1};
    parameters.zParams.compressionLevel = ZSTD_CLEVEL_DEFAULT;
    size_t size =
        ZDICT_trainFromBuffer_fastCover(dictionary, max_bytes, set->text, set->sizes, set->count, parameters);
    bool no_memory = ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation; /* malloc's, which no test fails */
    out->size = ZDICT_isError(size) ? 0 : size; /* LCOV_EXCL_BR_LINE: no samples are known that it fails with */
    return no_memory ? AISLE_NO_MEMORY : 0; /* LCOV_EXCL_BR_LINE: see above */
}

int dictionary_train(const struct bytes *samples, size_t count, size_t max_bytes, struct buf *out)
{
    buf_clear(out);
    if (max_bytes < DICTIONARY_BYTES_MIN || max_bytes > LIMIT_DICTIONARY_BYTES) {
        return AISLE_INVALID;
    }
    struct sample_set set = {0};
    int status = count < SAMPLES_MIN ? 0 : collect_samples(samples, count, &set);
    if (status == 0) {
        status = train(&set, max_bytes, out);
    }
    mem_free(set.sizes);
    mem_free(set.text);
    return status;
}
