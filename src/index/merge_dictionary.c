/*
 * merge_dictionary.c - whether a merge stores its products with a newly trained dictionary.
 *
 * The first dictionary comes from the first batch; what is sold changes. A large merge looks at a sample of what it
 * merges: three quarters train a dictionary, the rest is compressed with it and with the one in use, and if that saves
 * enough, all that is merged from now on is moved over. On catalogs that stay as they were, a new dictionary of a
 * larger sample saves 0 to 2 %; where the first batch did not show what was to come, 14 to 23 % (bench_dictionary), so
 * that any threshold in between does. Training takes about a second, so it is tried once for each time that as many
 * products have been merged as there are.
 *
 * Each product is read and compressed in a read transaction of its own. One over all of it would keep every page freed
 * meanwhile from being used again: a busy writer grew its file by half in that second.
 */
#include "index/merge_run.h"

#include "base/alloc.h"
#include "index/dictionary.h"

#define GAIN_PERCENT 5u
#define DOCUMENTS_MIN 8192u       /* a smaller merge does not show what the catalog is like, */
#define DOCUMENTS_MIN_FIRST 1000u /* unless there is no dictionary at all */
#define SAMPLES_MAX 8192u
#define HELD_OUT 4u       /* every so many samples one is kept from the training */
#define RAW_PER_STORED 4u /* how much longer products are than what is stored of them, about */

struct sample {
    struct buf text;
    size_t ends[SAMPLES_MAX];
    size_t count;
};

static struct bytes sample_at(const struct sample *sample, size_t i)
{
    size_t start = i == 0 ? 0 : sample->ends[i - 1];
    return bytes_of(sample->text.data + start, sample->ends[i] - start);
}

static uint64_t live_documents(const struct merge_run *run)
{
    uint64_t live = 0;
    for (size_t i = 0; i < run->count; i++) {
        live += run->infos[i].documents - run->infos[i].dead;
    }
    return live;
}

/* Under the lock: whether this merge is one to try at; if so, it counts as tried. */
static bool is_due(struct shard_writer *writer, uint64_t live)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < writer->manifest.segment_count; i++) {
        total += writer->manifest.segments[i].documents;
    }
    uint64_t least = writer->manifest.dictionary == 0 ? DOCUMENTS_MIN_FIRST : DOCUMENTS_MIN;
    bool due = live >= least && (!writer->retrained || writer->merged_documents >= total);
    writer->merged_documents = due ? 0 : writer->merged_documents + live;
    writer->retrained = writer->retrained || due;
    return due;
}

/* Adds one product; AISLE_END when the sample is full. */
static int add_product(struct merge_run *run, size_t source, uint32_t document, uint64_t bytes_max,
                       struct sample *sample)
{
    struct shard_snapshot now = {.shard = run->writer->shard};
    int status = storage_read_begin(now.shard->storage, &now.txn, NULL);
    if (status == 0) {
        status = product_codec_read(&run->codec, &now, run->sources[source].segment, document, &sample->text);
        storage_read_end(now.txn);
    }
    if (status != 0) {
        return status;
    }
    sample->ends[sample->count++] = sample->text.size;
    return sample->count == SAMPLES_MAX || sample->text.size >= bytes_max ? AISLE_END : 0;
}

/* Products spread evenly over all that will be merged. */
static int take_sample(struct merge_run *run, uint64_t live, struct sample *sample)
{
    uint64_t bytes_max = run->writer->budget->sample_bytes;
    uint64_t raw = 0;
    for (size_t i = 0; i < run->count; i++) {
        raw += run->infos[i].component_size[COMPONENT_DOCUMENTS] * RAW_PER_STORED;
    }
    uint64_t step = raw / bytes_max + live / SAMPLES_MAX + 1;
    uint64_t passed = 0;
    int status = 0;
    for (size_t i = 0; i < run->count && status == 0; i++) {
        for (uint32_t d = 0; d < run->infos[i].documents && status == 0; d++) {
            if (merge_is_cancelled(run->order)) {
                status = AISLE_BUSY;
            } else if (segment_state_alive(run->sources[i].state, d) && passed++ % step == 0) {
                status = add_product(run, i, d, bytes_max, sample);
            }
        }
    }
    return status == AISLE_END ? 0 : status;
}

static int train(const struct sample *sample, struct buf *dictionary)
{
    struct bytes *products = mem_alloc(SAMPLES_MAX * sizeof *products);
    size_t count = 0;
    if (products == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < sample->count; i++) {
        if (i % HELD_OUT != 0) {
            products[count++] = sample_at(sample, i);
        }
    }
    int status = dictionary_train(products, count, COMPRESS_DICTIONARY_BYTES, dictionary);
    mem_free(products);
    return status;
}

static int compress_as_now(struct merge_run *run, uint32_t current, struct bytes product, struct buf *out)
{
    struct shard_snapshot now = {.shard = run->writer->shard};
    int status = storage_read_begin(now.shard->storage, &now.txn, NULL);
    if (status == 0) {
        status = product_codec_compress(&run->codec, &now, current, product, out);
        storage_read_end(now.txn);
    }
    return status;
}

/* Bytes of the held-out products under both dictionaries. */
static int compare(struct merge_run *run, uint32_t current, const struct sample *sample, struct bytes dictionary,
                   size_t *before, size_t *after)
{
    struct compressor *compressor = NULL;
    struct buf out;
    buf_init(&out, DOCUMENT_STORED_BYTES_MAX * 2);
    *before = 0;
    *after = 0;
    int status = compressor_new(dictionary, COMPRESS_LEVEL, &compressor);
    for (size_t i = 0; i < sample->count && status == 0; i += HELD_OUT) {
        buf_clear(&out);
        status = compress_as_now(run, current, sample_at(sample, i), &out);
        *before += out.size;
        buf_clear(&out);
        status = status != 0 ? status : compressor_run(compressor, sample_at(sample, i), &out);
        *after += out.size;
    }
    compressor_free(compressor);
    buf_release(&out);
    return status;
}

/* A dictionary that is worth changing to, or none. */
static int find_better(struct merge_run *run, uint32_t current, struct buf *dictionary)
{
    struct sample *sample = mem_calloc(1, sizeof *sample);
    size_t before = 0;
    size_t after = 0;
    if (sample == NULL) {
        return AISLE_NO_MEMORY;
    }
    buf_init(&sample->text, run->writer->budget->sample_bytes + 2 * LIMIT_PRODUCT_BYTES);
    int status = take_sample(run, live_documents(run), sample);
    if (status == 0) {
        status = train(sample, dictionary);
    }
    if (status == 0 && dictionary->size != 0) {
        status = compare(run, current, sample, buf_bytes(dictionary), &before, &after);
    }
    if (after * 100 > before * (100 - GAIN_PERCENT)) {
        buf_clear(dictionary);
    }
    buf_release(&sample->text);
    mem_free(sample);
    return status;
}

int merge_run_retrain(struct merge_run *run, aisle_error *error)
{
    struct shard_writer *writer = run->writer;
    struct buf dictionary;
    uint32_t number = 0;
    shard_writer_lock(writer);
    bool due = is_due(writer, live_documents(run));
    uint32_t current = writer->manifest.dictionary;
    shard_writer_unlock(writer);
    if (!due) {
        return 0;
    }
    buf_init(&dictionary, LIMIT_DICTIONARY_BYTES);
    int status = find_better(run, current, &dictionary);
    if (status == 0 && dictionary.size != 0) {
        status = shard_writer_adopt_dictionary(writer, buf_bytes(&dictionary), &number, error);
        shard_writer_lock(writer);
        writer->merged.dictionaries += status == 0 ? 1 : 0;
        shard_writer_unlock(writer);
    } else if (status != 0) {
        error_set(error, status, "a dictionary cannot be trained: %s", aisle_error_text(status));
    }
    buf_release(&dictionary);
    return status == AISLE_NO_MEMORY ? 0 : status; /* the merge goes on with the dictionary in use */
}
