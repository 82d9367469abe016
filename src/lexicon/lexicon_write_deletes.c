/*
 * lexicon_write_deletes.c - the deletes index: some blocks at a time, from a pass over all words for each.
 *
 * How many entries each block has is counted first, so that a pass takes as many blocks as its memory holds entries of.
 * A pass keeps those of its blocks in the order of the words, then puts them into their buckets by counting.
 */
#include "lexicon/lexicon_write.h"

#include "base/alloc.h"

#define RANGES_MAX (1u << LEXICON_RANGE_BITS_MAX)

/* An entry on its way to its bucket. */
struct waiting {
    uint32_t bucket; /* among those of the pass */
    uint32_t entry;
};

struct deletes {
    struct lexicon_writer *writer;
    uint32_t number_bits;
    uint32_t inner_bits; /* bucket bits less range bits */
    uint64_t counts[RANGES_MAX]; /* entries of each range of the finest division */
    uint64_t offsets[RANGES_MAX];
    struct waiting *waiting; /* owned */
    uint32_t *entries;       /* owned */
    uint32_t *starts;        /* owned */
    size_t capacity;         /* of waiting and entries */
    size_t start_capacity;
    size_t count; /* waiting */
};

static uint32_t top_bits(uint64_t hash, uint32_t bits)
{
    return bits == 0 ? 0 : (uint32_t)(hash >> (64 - bits));
}

/* Counts entries by the first bits of their hashes. */
static int count_entries(struct deletes *deletes)
{
    struct lexicon_merge *merge = &deletes->writer->merge;
    uint64_t packed[LEXICON_ENTRIES_MAX];
    struct bytes word;
    uint32_t class;
    uint64_t total = 0;
    int status = lexicon_merge_begin(merge, LEXICON_ELIGIBLE);
    while (status == 0 && (status = lexicon_merge_next(merge, &word, &class)) == 0) {
        unsigned made = lexicon_entries(word, packed);
        for (unsigned i = 0; i < made; i++) {
            deletes->counts[top_bits(lexicon_hash(packed[i]), LEXICON_RANGE_BITS_MAX)]++;
        }
        total += made;
    }
    deletes->writer->footer.entry_count = total;
    return status == AISLE_END ? 0 : status;
}

/* Chooses the division into buckets and blocks; counts become those of the blocks. */
static void divide(struct deletes *deletes)
{
    struct lexicon_footer *footer = &deletes->writer->footer;
    const uint32_t *class_words = deletes->writer->class_words;
    uint32_t eligible = 0;
    for (uint32_t class = LEXICON_PLAIN * LEXICON_LENGTHS; class < LEXICON_OTHERS * LEXICON_LENGTHS; class++) {
        eligible += class_words[class];
    }
    deletes->number_bits = lexicon_number_bits(eligible);
    while (footer->entry_count >> footer->bucket_bits > LEXICON_BUCKET_ENTRIES) {
        footer->bucket_bits++;
    }
    footer->range_bits = footer->bucket_bits < LEXICON_RANGE_BITS_MAX ? footer->bucket_bits : LEXICON_RANGE_BITS_MAX;
    deletes->inner_bits = footer->bucket_bits - footer->range_bits;
    uint32_t finer = LEXICON_RANGE_BITS_MAX - footer->range_bits;
    for (uint32_t i = 0; i < RANGES_MAX && finer != 0; i++) {
        uint64_t count = deletes->counts[i];
        deletes->counts[i] = 0;
        deletes->counts[i >> finer] += count;
    }
}

/* How many ranges from the first on a pass takes: at least one. */
static uint32_t pass_ranges(const struct deletes *deletes, uint32_t first, size_t *count)
{
    uint32_t ranges = 1u << deletes->writer->footer.range_bits;
    size_t starts_bytes = sizeof(uint32_t) << deletes->inner_bits;
    size_t bytes = 0;
    uint32_t end = first;
    *count = 0;
    while (end < ranges) {
        size_t more = deletes->counts[end] * (sizeof *deletes->waiting + sizeof *deletes->entries) + starts_bytes;
        if (end != first && bytes + more > deletes->writer->memory_bytes) {
            break;
        }
        bytes += more;
        *count += deletes->counts[end++];
    }
    return end;
}

static int make_room(struct deletes *deletes, size_t count, size_t buckets)
{
    if (count > deletes->capacity) {
        mem_free(deletes->waiting);
        mem_free(deletes->entries);
        deletes->waiting = mem_alloc(count * sizeof *deletes->waiting);
        deletes->entries = mem_alloc(count * sizeof *deletes->entries);
        deletes->capacity = count;
    }
    if (buckets + 1 > deletes->start_capacity) {
        mem_free(deletes->starts);
        deletes->starts = mem_alloc((buckets + 1) * sizeof *deletes->starts);
        deletes->start_capacity = buckets + 1;
    }
    return (deletes->capacity != 0 && (deletes->waiting == NULL || deletes->entries == NULL)) ||
                   deletes->starts == NULL
               ? AISLE_NO_MEMORY
               : 0;
}

/* Keeps the entries of ranges from first to end - 1. */
static int collect(struct deletes *deletes, uint32_t first, uint32_t end)
{
    const struct lexicon_footer *footer = &deletes->writer->footer;
    struct lexicon_merge *merge = &deletes->writer->merge;
    uint64_t packed[LEXICON_ENTRIES_MAX];
    struct bytes word;
    uint32_t class;
    uint32_t number = 0; /* among the eligible */
    uint32_t low = first << deletes->inner_bits;
    uint32_t buckets = (end - first) << deletes->inner_bits;
    deletes->count = 0;
    int status = lexicon_merge_begin(merge, LEXICON_ELIGIBLE);
    while (status == 0 && (status = lexicon_merge_next(merge, &word, &class)) == 0) {
        unsigned made = lexicon_entries(word, packed);
        for (unsigned i = 0; i < made; i++) {
            uint64_t hash = lexicon_hash(packed[i]);
            uint32_t bucket = top_bits(hash, footer->bucket_bits) - low;
            if (bucket < buckets && deletes->count < deletes->capacity) {
                deletes->waiting[deletes->count++] =
                    (struct waiting){bucket, (uint32_t)hash << deletes->number_bits | number};
            }
        }
        number++;
    }
    return status == AISLE_END ? 0 : status;
}

/* Entries behind one another by buckets; starts[i] is where the i-th bucket begins. */
static void distribute(struct deletes *deletes, size_t buckets)
{
    uint32_t *starts = deletes->starts;
    memset(starts, 0, (buckets + 1) * sizeof *starts);
    for (size_t i = 0; i < deletes->count; i++) {
        starts[deletes->waiting[i].bucket + 1]++;
    }
    for (size_t i = 0; i < buckets; i++) {
        starts[i + 1] += starts[i];
    }
    for (size_t i = 0; i < deletes->count; i++) {
        deletes->entries[starts[deletes->waiting[i].bucket]++] = deletes->waiting[i].entry;
    }
    memmove(starts + 1, starts, buckets * sizeof *starts); /* each had moved to where the next begins */
    starts[0] = 0;
}

static void write_block(struct deletes *deletes, uint32_t range, uint32_t first)
{
    struct extent_writer *out = deletes->writer->out;
    uint32_t buckets = 1u << deletes->inner_bits;
    const uint32_t *starts = deletes->starts + (range - first) * buckets;
    deletes->offsets[range] = lexicon_section(deletes->writer);
    for (uint32_t i = 0; i <= buckets; i++) {
        uint32_t start = starts[i] - starts[0];
        extent_writer_put(out, &start, sizeof start);
    }
    if (starts[buckets] != starts[0]) { /* without any there is no array */
        extent_writer_put(out, deletes->entries + starts[0], (starts[buckets] - starts[0]) * sizeof *deletes->entries);
    }
}

static int write_blocks(struct deletes *deletes)
{
    uint32_t ranges = 1u << deletes->writer->footer.range_bits;
    int status = deletes->writer->out->status;
    for (uint32_t first = 0; first < ranges && status == 0;) {
        size_t count;
        uint32_t end = pass_ranges(deletes, first, &count);
        size_t buckets = (size_t)(end - first) << deletes->inner_bits;
        status = make_room(deletes, count, buckets);
        if (status == 0) {
            status = collect(deletes, first, end);
        }
        if (status == 0) {
            distribute(deletes, buckets);
            for (; first < end; first++) {
                write_block(deletes, first, end - (uint32_t)(buckets >> deletes->inner_bits));
            }
            status = deletes->writer->out->status;
        }
    }
    return status;
}

int lexicon_write_deletes(struct lexicon_writer *writer)
{
    struct deletes *deletes = mem_calloc(1, sizeof *deletes);
    if (deletes == NULL) {
        return AISLE_NO_MEMORY;
    }
    deletes->writer = writer;
    writer->footer.blocks_offset = lexicon_section(writer);
    int status = count_entries(deletes);
    if (status == 0) {
        divide(deletes);
        status = write_blocks(deletes);
    }
    if (status == 0) {
        uint32_t ranges = 1u << writer->footer.range_bits;
        writer->footer.ranges_offset =
            extent_writer_put_whole(writer->out, deletes->offsets, ranges * sizeof *deletes->offsets, 16);
        status = writer->out->status;
    }
    mem_free(deletes->waiting);
    mem_free(deletes->entries);
    mem_free(deletes->starts);
    mem_free(deletes);
    return status;
}
