/*
 * scan_group_open.c - which nodes are groups, and what becomes of their lists: rare ones, cursors, or a set of bits.
 */
#include "query/scan_group.h"

#include "base/bitset.h"
#include "base/radix.h"

/*
 * Lists of one block are decoded at once, and somewhat longer ones where a window would hold hardly any of their
 * postings: a cursor takes 3 KB and some 30 ns for each range that is looked at.
 */
#define RARE_MAX 4096u
#define RARE_IN_WINDOW 4u

/* A leaf of more frequent lists, or more rare postings, is poured out, if a byte for each document is not too much. */
#define CODED_LISTS 64u
#define CODED_RARE_PART 4u
#define CODED_MAX (16u << 20)

/* Documents that are bounded together hold about a block of the group's postings. */
#define SPAN_MIN 1024u
#define SPAN_MAX (1u << 26)

/* In eighths of a nanosecond: asking a list about a document, pouring a posting out. */
#define COST_ASK 200u
#define COST_POSTING 5u

#define BITS_BYTES_MAX ((size_t)4 << 20)

/* ---- which nodes ---- */

static bool suits_best(const struct query_node *node)
{
    bool suits = node->kind == QUERY_ANY || (node->kind == QUERY_TERMS && node->scope == 0);
    for (uint32_t i = 0; node->kind == QUERY_ANY && i < node->child_count && suits; i++) {
        suits = suits_best(node->children[i]);
    }
    return suits;
}

bool scan_group_suits(const struct query_context *context, const struct query_node *node, uint32_t segment)
{
    (void)context;
    if (node->kind != QUERY_OR) {
        return suits_best(node);
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        const struct query_node *child = node->children[i];
        if (child->kind != QUERY_TERMS || child->scope != 0 || child->in_segment[segment].count > 1) {
            return false;
        }
    }
    return true;
}

/* ---- lists ---- */

struct source {
    const struct postings_list *list;
    const struct rank_table *table;
    uint8_t least_class;
};

static uint32_t count_lists(const struct query_node *node, uint32_t segment)
{
    uint32_t count = node->kind == QUERY_TERMS ? node->in_segment[segment].count : 0;
    for (uint32_t i = 0; node->kind != QUERY_TERMS && i < node->child_count; i++) {
        count += count_lists(node->children[i], segment);
    }
    return count;
}

uint64_t scan_group_postings(const struct query_node *node, uint32_t segment)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; node->kind == QUERY_TERMS && i < node->in_segment[segment].count; i++) {
        sum += node->in_segment[segment].lists[i].postings.count;
    }
    for (uint32_t i = 0; node->kind != QUERY_TERMS && i < node->child_count; i++) {
        sum += scan_group_postings(node->children[i], segment);
    }
    return sum;
}

static void collect(const struct query_context *context, const struct query_node *node, uint32_t segment,
                    struct source *sources, uint32_t *count)
{
    if (node->kind == QUERY_TERMS) {
        const struct query_lists *lists = &node->in_segment[segment];
        uint8_t least = node->first_only && !context->weights.single ? RANK_CLASS_FIRST : 0;
        for (uint32_t i = 0; i < lists->count; i++) {
            sources[(*count)++] = (struct source){&lists->lists[i].postings, node->table, least};
        }
        return;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        collect(context, node->children[i], segment, sources, count);
    }
}

static int32_t max_of(const struct source *source)
{
    uint8_t dominant = source->list->dominant;
    return dominant >> RANK_CLASS_SHIFT < source->least_class ? 0 : source->table->bound[dominant];
}

static void sum_up(struct scan_group *group, const struct source *sources, uint32_t count, uint32_t documents,
                   uint64_t postings)
{
    for (uint32_t i = 0; i < count; i++) {
        int32_t max = max_of(&sources[i]);
        group->max = group->is_sum ? group->max + max : max > group->max ? max : group->max;
    }
    uint64_t wanted = (uint64_t)documents * POSTINGS_BLOCK / (postings == 0 ? 1 : postings);
    group->span = SPAN_MIN;
    while (group->span < wanted && group->span < SPAN_MAX) {
        group->span *= 2;
    }
}

static int open_list(struct scan_group *group, const struct scan_group_options *options, const struct source *source)
{
    struct scan_group_list *list = &group->lists[group->list_count];
    *list = (struct scan_group_list){.table = source->table, .least_class = source->least_class};
    list->postings = arena_alloc(options->context->arena, sizeof *list->postings);
    if (list->postings == NULL) {
        return AISLE_NO_MEMORY;
    }
    group->list_count++;
    return postings_cursor_open(list->postings, &options->segment->segment->postings, source->list);
}

static int open_lists(struct scan_group *group, const struct scan_group_options *options, const struct source *sources,
                      uint32_t count)
{
    int status = 0;
    group->lists = arena_alloc(options->context->arena, count * sizeof *group->lists);
    for (uint32_t i = 0; i < count && group->lists != NULL && status == 0; i++) {
        status = open_list(group, options, &sources[i]);
    }
    return group->lists == NULL ? AISLE_NO_MEMORY : status;
}

/* ---- rare ones ---- */

static bool is_rare(const struct source *source, uint32_t documents)
{
    uint64_t in_window = (uint64_t)source->list->count * SCAN_WINDOW / documents;
    return source->list->count <= POSTINGS_BLOCK ||
           (source->list->count <= RARE_MAX && in_window < RARE_IN_WINDOW);
}

/* Puts rare lists in front; returns how many they are, and in *postings how many postings they have. */
static uint32_t separate(struct source *sources, uint32_t count, uint32_t documents, size_t *postings)
{
    uint32_t rare = 0;
    *postings = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (is_rare(&sources[i], documents)) {
            struct source moved = sources[rare];
            sources[rare++] = sources[i];
            sources[i] = moved;
            *postings += sources[rare - 1].list->count;
        }
    }
    return rare;
}

static int decode(const struct scan_group_options *options, const struct source *source,
                  struct postings_cursor *cursor, struct radix_entry *entries, size_t *count)
{
    const uint32_t *documents;
    const uint8_t *codes;
    size_t got;
    int status = postings_cursor_open(cursor, &options->segment->segment->postings, source->list);
    if (status != 0) {
        return status;
    }
    (void)postings_cursor_seek(cursor, options->part->from);
    size_t end = *count + source->list->count;
    while ((got = postings_cursor_batch(cursor, options->part->end - 1, &documents, &codes)) != 0) {
        if (got > end - *count) {
            return AISLE_CORRUPT;
        }
        for (size_t i = 0; i < got; i++) {
            entries[*count] = (struct radix_entry){documents[i], (uint32_t)source->table->part[codes[i]]};
            *count += codes[i] >> RANK_CLASS_SHIFT >= source->least_class ? 1 : 0;
        }
    }
    return postings_cursor_status(cursor);
}

/* One entry for each document, and bounds of runs. */
static int take_entries(struct scan_group *group, struct arena *arena, const struct radix_entry *entries, size_t count)
{
    size_t runs = count / SCAN_GROUP_RUN + 1;
    group->rare_documents = arena_alloc(arena, count * sizeof *group->rare_documents);
    group->rare_scores = arena_alloc(arena, count * sizeof *group->rare_scores);
    group->rare_bounds = arena_calloc(arena, runs, sizeof *group->rare_bounds);
    if (group->rare_documents == NULL || group->rare_scores == NULL || group->rare_bounds == NULL) {
        return AISLE_NO_MEMORY;
    }
    uint32_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t document = (uint32_t)entries[i].key;
        int32_t part = (int32_t)entries[i].value;
        if (taken != 0 && group->rare_documents[taken - 1] == document) {
            int32_t *held = &group->rare_scores[taken - 1];
            *held = group->is_sum ? *held + part : part > *held ? part : *held;
        } else {
            group->rare_documents[taken] = document;
            group->rare_scores[taken++] = part;
        }
    }
    for (uint32_t i = 0; i < taken; i++) {
        int32_t *bound = &group->rare_bounds[i / SCAN_GROUP_RUN];
        *bound = group->rare_scores[i] > *bound ? group->rare_scores[i] : *bound;
    }
    group->rare_count = taken;
    return 0;
}

static int take_rare(struct scan_group *group, const struct scan_group_options *options, const struct source *sources,
                     uint32_t count, size_t postings)
{
    struct arena *arena = options->context->arena;
    struct postings_cursor *cursor = arena_alloc(arena, sizeof *cursor);
    struct radix_entry *entries = arena_alloc(arena, 2 * (postings + POSTINGS_SLACK) * sizeof *entries);
    size_t taken = 0;
    int status = cursor == NULL || entries == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        status = decode(options, &sources[i], cursor, entries, &taken);
    }
    if (status == 0 && count > 1) {
        radix_sort(entries, entries + postings, taken);
    }
    return status == 0 ? take_entries(group, arena, entries, taken) : status;
}

/* ---- only counted ---- */

static int pour_all(struct scan_group *group, const struct scan_group_options *options, const struct source *sources,
                    uint32_t count)
{
    const struct share_part *part = options->part;
    struct postings_cursor *cursor = arena_alloc(options->context->arena, sizeof *cursor);
    int status = cursor == NULL ? AISLE_NO_MEMORY : 0;
    struct scan_group one = {.list_count = 1};
    for (uint32_t i = 0; i < count && status == 0; i++) {
        struct scan_group_list list = {
            .postings = cursor, .table = sources[i].table, .least_class = sources[i].least_class};
        status = postings_cursor_open(cursor, &options->segment->segment->postings, sources[i].list);
        if (status == 0) {
            one.lists = &list;
            scan_group_fill(&one, part->from, part->end - part->from, group->bits);
            status = postings_cursor_status(cursor);
        }
    }
    group->bits_from = part->from;
    group->bits_end = part->end;
    group->bits_at = part->from;
    return status;
}

static int open_counted(struct scan_group *group, const struct scan_group_options *options,
                        const struct source *sources, uint32_t count)
{
    size_t bytes = bitset_words(options->part->end - options->part->from) * sizeof(uint64_t);
    if (bytes > BITS_BYTES_MAX || options->asked * count * COST_ASK < options->postings * COST_POSTING) {
        group->room = arena_alloc(options->context->arena, sizeof *group->room);
        return group->room == NULL ? AISLE_NO_MEMORY : open_lists(group, options, sources, count);
    }
    group->bits = arena_calloc(options->context->arena, 1, bytes);
    return group->bits == NULL ? AISLE_NO_MEMORY : pour_all(group, options, sources, count);
}

/* ---- very many lists of one leaf ---- */

/* The code of a document is that of its best list: its length is the same in all, so that the largest is the best. */
static int pour_codes(struct scan_group *group, const struct scan_group_options *options, const struct source *source,
                      struct postings_cursor *cursor)
{
    const uint32_t *documents;
    const uint8_t *codes;
    size_t count;
    int status = postings_cursor_open(cursor, &options->segment->segment->postings, source->list);
    if (status != 0) {
        return status;
    }
    (void)postings_cursor_seek(cursor, group->bits_from);
    while ((count = postings_cursor_batch(cursor, group->bits_end - 1, &documents, &codes)) != 0) {
        for (size_t i = 0; i < count; i++) {
            uint32_t at = documents[i] - group->bits_from;
            uint64_t counts = codes[i] >> RANK_CLASS_SHIFT >= source->least_class;
            group->codes[at] = codes[i] > group->codes[at] ? codes[i] : group->codes[at];
            group->bits[at / 64] |= counts << (at % 64);
        }
    }
    return postings_cursor_status(cursor);
}

static int open_coded(struct scan_group *group, const struct scan_group_options *options,
                      const struct source *sources, uint32_t count)
{
    struct arena *arena = options->context->arena;
    struct postings_cursor *cursor = arena_alloc(arena, sizeof *cursor);
    uint32_t documents = options->part->end - options->part->from;
    int status = 0;
    group->bits_from = options->part->from;
    group->bits_end = options->part->end;
    group->bits_at = options->part->from;
    group->table = sources[0].table;
    group->codes = arena_calloc(arena, documents, 1);
    group->bits = arena_calloc(arena, bitset_words(documents), sizeof *group->bits);
    if (cursor == NULL || group->codes == NULL || group->bits == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < count && status == 0; i++) {
        status = pour_codes(group, options, &sources[i], cursor);
    }
    return status;
}

/*
 * Whether a leaf of many lists is poured out, which reads all of them: so many that each may hold something in any
 * range, or rare postings whose sorting would take longer. A handful of frequent lists beside rare ones is better
 * passed over.
 */
static bool is_coded(const struct scan_group_options *options, uint32_t frequent, size_t rare_postings)
{
    uint32_t documents = options->part->end - options->part->from;
    return documents < CODED_MAX && (frequent > CODED_LISTS || rare_postings > documents / CODED_RARE_PART);
}

int scan_group_open(const struct scan_group_options *options, const struct query_node *node, struct scan_group **out)
{
    struct arena *arena = options->context->arena;
    uint32_t documents = options->segment->segment->info.documents;
    uint32_t segment = options->part->segment;
    uint32_t count = 0;
    struct scan_group *group = arena_calloc(arena, 1, sizeof *group);
    struct source *sources = arena_alloc(arena, (count_lists(node, segment) + 1) * sizeof *sources);
    if (group == NULL || sources == NULL) {
        return AISLE_NO_MEMORY;
    }
    collect(options->context, node, segment, sources, &count);
    if (documents == 0 && count != 0) {
        return AISLE_CORRUPT; /* postings of a segment that says it has no documents */
    }
    *out = group;
    group->is_sum = node->kind == QUERY_OR;
    group->room = options->room;
    group->kernels = select_kernels();
    sum_up(group, sources, count, documents, options->postings);
    if (options->room == NULL) {
        return open_counted(group, options, sources, count);
    }
    size_t postings;
    uint32_t rare = separate(sources, count, documents, &postings);
    if (node->kind == QUERY_TERMS && is_coded(options, count - rare, postings)) {
        return open_coded(group, options, sources, count);
    }
    if (rare < count && !options->room->is_clean) {
        memset(options->room->scores, 0, sizeof options->room->scores);
        memset(options->room->bits, 0, sizeof options->room->bits);
        options->room->is_clean = true;
    }
    int status = rare == 0 ? 0 : take_rare(group, options, sources, rare, postings);
    return status == 0 ? open_lists(group, options, sources + rare, count - rare) : status;
}
