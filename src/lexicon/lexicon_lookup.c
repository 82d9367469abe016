/*
 * lexicon_lookup.c - one part's deletes index: all buckets that a query may have words in, then their entries.
 *
 * A query looks into some twenty buckets far from each other. Their addresses are known before any is read, so all are
 * asked for from memory first.
 */
#include "lexicon/lexicon_similar.h"

#define KEYS_MAX LEXICON_ENTRIES_MAX

/* A power of two; candidates of one query are some hundred. */
#define SEEN_PLACES 1024u

/* A bucket to be looked into. */
struct bucket {
    uint64_t offset; /* in the stream, of the two places that say which entries are its */
    uint64_t entries; /* in the stream, where the block's entries begin */
    uint32_t check;
};

/* Ranges of numbers, among the eligible, of words that have the right lengths. */
struct numbers {
    uint32_t plain_first, plain_count;
    uint32_t wide_first, wide_count;
    uint32_t plain_class; /* of the first */
    uint32_t wide_class;
};

/* Masks lie far from each other: so many are asked for before the first is looked at. */
#define WAITING_MAX 32u

struct waiting {
    uint32_t number; /* among the eligible */
    const uint8_t *mask;
};

struct scan {
    const struct lexicon_lookup *lookup;
    struct numbers numbers;
    uint32_t number_bits;
    uint32_t mask;     /* of the query */
    uint32_t waiting_count;
    struct waiting waiting[WAITING_MAX];
    uint32_t seen[SEEN_PLACES]; /* number + 1 */
};

/* Words of shortest to longest characters: of ASCII, as many bytes; of others at least one more, at most four each. */
static void choose_numbers(const struct lexicon_lookup *lookup, struct numbers *numbers)
{
    const uint32_t *first = lookup->part->first;
    uint32_t base = lexicon_eligible_first(lookup->part);
    unsigned low = lookup->shortest < LEXICON_SIMILAR_MIN ? LEXICON_SIMILAR_MIN : lookup->shortest;
    unsigned high = lookup->longest > LEXICON_SIMILAR_MAX ? LEXICON_SIMILAR_MAX : lookup->longest;
    *numbers = (struct numbers){.plain_count = 0};
    if (low > high) {
        return;
    }
    unsigned most = high * 4 > LIMIT_TERM_BYTES ? LIMIT_TERM_BYTES : high * 4;
    numbers->plain_class = lexicon_class_of(LEXICON_PLAIN, low);
    numbers->wide_class = lexicon_class_of(LEXICON_WIDE, low + 1);
    numbers->plain_first = first[numbers->plain_class] - base;
    numbers->plain_count = first[lexicon_class_of(LEXICON_PLAIN, high) + 1] - base - numbers->plain_first;
    numbers->wide_first = first[numbers->wide_class] - base;
    numbers->wide_count = first[lexicon_class_of(LEXICON_WIDE, most) + 1] - base - numbers->wide_first;
}

/*
 * The subsequences of the query that lexicon_format.h says are to be looked up. Without edits (words that begin as
 * typed) those of one edit do: no whole head of LEXICON_PREFIX characters is an entry.
 */
static unsigned list_keys(const struct lexicon_lookup *lookup, uint64_t keys[KEYS_MAX])
{
    unsigned count;
    unsigned made = 0;
    unsigned edits = lookup->edits == 0 ? 1 : lookup->edits;
    uint64_t head = lexicon_head(lookup->ask->word, &count);
    for (unsigned lacking = edits + 1; lacking-- > 0;) {
        if (count + edits - lacking <= LEXICON_PREFIX || lacking == edits) {
            made += lexicon_deletes(head, count, lacking, keys + made);
        }
    }
    return made;
}

/* Where the bucket of a key is, asking for it from memory. */
static int find_bucket(const struct lexicon_part *part, const uint8_t *ranges, uint64_t key, struct bucket *bucket)
{
    const struct lexicon_footer *footer = &part->footer;
    uint64_t hash = lexicon_hash(key);
    uint32_t inner_bits = footer->bucket_bits - (uint32_t)footer->range_bits;
    uint32_t number = footer->bucket_bits == 0 ? 0 : (uint32_t)(hash >> (64 - footer->bucket_bits));
    uint32_t inner = number & ((1u << inner_bits) - 1);
    uint64_t block = load_u64(ranges + (size_t)(number >> inner_bits) * sizeof block);
    if (block % 16 != 0 || block >= footer->ranges_offset) {
        return AISLE_CORRUPT;
    }
    bucket->offset = block + (uint64_t)inner * sizeof(uint32_t);
    bucket->entries = block + ((UINT64_C(1) << inner_bits) + 1) * sizeof(uint32_t);
    bucket->check = (uint32_t)hash;
    const uint8_t *start = lexicon_at(part, bucket->offset, sizeof(uint32_t));
    if (start == NULL) {
        return AISLE_CORRUPT;
    }
    __builtin_prefetch(start);
    return 0;
}

/* Where the bucket's entries are: offset becomes that of the first; *count. */
static int find_entries(const struct lexicon_part *part, struct bucket *bucket, uint32_t *count)
{
    const uint8_t *start = lexicon_at(part, bucket->offset, sizeof(uint32_t));
    const uint8_t *end = lexicon_at(part, bucket->offset + sizeof(uint32_t), sizeof(uint32_t));
    if (start == NULL || end == NULL || load_u32(end) < load_u32(start)) {
        return AISLE_CORRUPT;
    }
    *count = load_u32(end) - load_u32(start);
    bucket->offset = bucket->entries + (uint64_t)load_u32(start) * sizeof(uint32_t);
    const uint8_t *first = lexicon_at(part, bucket->offset, *count == 0 ? 0 : sizeof(uint32_t));
    if (*count != 0 && (first == NULL || bucket->offset >= part->footer.ranges_offset)) {
        return AISLE_CORRUPT;
    }
    __builtin_prefetch(first);
    return 0;
}

/* Hands over a word, by its number among the eligible. */
static int tell(struct scan *scan, uint32_t number, uint32_t class)
{
    const struct lexicon_lookup *lookup = scan->lookup;
    const struct lexicon_part *part = lookup->part;
    uint32_t *seen = &scan->seen[(number * 0x9e3779b1u) >> 22];
    if (*seen == number + 1) {
        return 0;
    }
    *seen = number + 1;
    number += lexicon_eligible_first(part);
    const uint8_t *text = lexicon_text(part, class, number - part->first[class]);
    return text == NULL ? AISLE_CORRUPT
                        : lookup->candidate(lookup, bytes_of(text, class % LEXICON_LENGTHS),
                                            class < LEXICON_WIDE * LEXICON_LENGTHS, lookup->found);
}

/* Bits that are set, without an instruction that not every processor has. */
static inline uint32_t count_bits(uint32_t v)
{
    v -= v >> 1 & 0x55555555u;
    v = (v & 0x33333333u) + (v >> 2 & 0x33333333u);
    return ((v + (v >> 4)) & 0x0f0f0f0fu) * 0x01010101u >> 24;
}

/*
 * Whether a word's mask is so far from the query's that it has more edits. Of a plain word the length is known. A
 * beginning lacks at most one of the query's characters for each edit.
 */
static bool is_far(const struct scan *scan, uint32_t mask, uint32_t class, bool plain)
{
    uint32_t edits = scan->lookup->edits;
    if (scan->lookup->beginning) {
        return count_bits(scan->mask & ~mask) > edits;
    }
    uint32_t length = class % LEXICON_LENGTHS;
    uint32_t typed = scan->lookup->pattern->count;
    uint32_t inserted = !plain ? 0 : length > typed ? length - typed : typed - length;
    return count_bits(mask ^ scan->mask) + inserted > 2 * edits;
}

/* Tells those of the waiting numbers that may be near. */
static int tell_waiting(struct scan *scan)
{
    const struct lexicon_part *part = scan->lookup->part;
    int status = lexicon_stops(scan->lookup->ask) ? AISLE_END : 0;
    for (uint32_t i = 0; i < scan->waiting_count && status == 0; i++) {
        const struct waiting *waiting = &scan->waiting[i];
        bool plain = waiting->number - scan->numbers.plain_first < scan->numbers.plain_count;
        uint32_t class = lexicon_class(part, waiting->number + lexicon_eligible_first(part),
                                       plain ? scan->numbers.plain_class : scan->numbers.wide_class);
        if (!is_far(scan, load_u32(waiting->mask), class, plain)) {
            status = tell(scan, waiting->number, class);
        }
    }
    scan->waiting_count = 0;
    return status;
}

/* Has a number wait until its mask has come from memory. */
static int wait_for(struct scan *scan, uint32_t number)
{
    const struct lexicon_part *part = scan->lookup->part;
    struct waiting *waiting = &scan->waiting[scan->waiting_count++];
    *waiting = (struct waiting){number, lexicon_at(part, part->footer.masks_offset + (uint64_t)number * sizeof number,
                                                   sizeof number)};
    if (waiting->mask == NULL) {
        return AISLE_CORRUPT;
    }
    __builtin_prefetch(waiting->mask);
    return scan->waiting_count == WAITING_MAX ? tell_waiting(scan) : 0;
}

static int scan_piece(struct scan *scan, const uint8_t *entries, size_t count, uint32_t check)
{
    const struct numbers *numbers = &scan->numbers;
    uint32_t mask = (1u << scan->number_bits) - 1;
    int status = 0;
    check <<= scan->number_bits;
    for (size_t i = 0; i < count && status == 0; i++) {
        uint32_t entry = load_u32(entries + i * sizeof entry);
        uint32_t number = entry & mask;
        if ((entry & ~mask) == check && (number - numbers->plain_first < numbers->plain_count ||
                                         number - numbers->wide_first < numbers->wide_count)) {
            status = wait_for(scan, number);
        }
    }
    return status;
}

/* A bucket's entries may go on in the next extent. */
static int scan_bucket(struct scan *scan, const struct bucket *bucket, uint32_t count)
{
    uint64_t offset = bucket->offset;
    while (count != 0) {
        size_t left = (size_t)(EXTENT_PAYLOAD - offset % EXTENT_PAYLOAD) / sizeof(uint32_t);
        size_t piece = left < count ? left : count;
        const uint8_t *entries = lexicon_at(scan->lookup->part, offset, piece * sizeof(uint32_t));
        int status = entries == NULL ? AISLE_CORRUPT : scan_piece(scan, entries, piece, bucket->check);
        if (status != 0) {
            return status;
        }
        offset += piece * sizeof(uint32_t);
        count -= (uint32_t)piece;
    }
    return 0;
}

int lexicon_lookup(const struct lexicon_lookup *lookup)
{
    const struct lexicon_part *part = lookup->part;
    uint64_t keys[KEYS_MAX];
    struct bucket buckets[KEYS_MAX];
    uint32_t counts[KEYS_MAX];
    struct scan scan = {.lookup = lookup};
    uint32_t eligible = lexicon_eligible_end(part) - lexicon_eligible_first(part);
    choose_numbers(lookup, &scan.numbers);
    if (scan.numbers.plain_count == 0 && scan.numbers.wide_count == 0) {
        return 0;
    }
    scan.number_bits = lexicon_number_bits(eligible);
    scan.mask = lexicon_mask(lookup->ask->word);
    const uint8_t *ranges =
        lexicon_at(part, part->footer.ranges_offset, sizeof(uint64_t) << part->footer.range_bits);
    int status = ranges == NULL ? AISLE_CORRUPT : 0;
    unsigned count = list_keys(lookup, keys);
    for (unsigned i = 0; i < count && status == 0; i++) {
        status = find_bucket(part, ranges, keys[i], &buckets[i]);
    }
    for (unsigned i = 0; i < count && status == 0; i++) {
        status = find_entries(part, &buckets[i], &counts[i]);
    }
    for (unsigned i = 0; i < count && status == 0; i++) {
        status = scan_bucket(&scan, &buckets[i], counts[i]);
    }
    return status == 0 ? tell_waiting(&scan) : status;
}
