/*
 * scan_group_open.c - which nodes are groups, and what becomes of their lists: rare ones, cursors, or a set of bits.
 */
#include "query/scan_group.h"

#include "query/group_keep.h"
#include "query/unions.h"

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

/* In eighths of a nanosecond: opening a list, asking it about a document, pouring a posting out. */
#define COST_OPEN 1200u
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
                    struct group_source *sources, uint32_t *count)
{
    if (node->kind == QUERY_TERMS) {
        const struct query_lists *lists = &node->in_segment[segment];
        uint8_t least = node->first_only && !context->weights.single ? RANK_CLASS_FIRST : 0;
        for (uint32_t i = 0; i < lists->count; i++) {
            sources[(*count)++] = (struct group_source){&lists->lists[i].postings, node, least};
        }
        return;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        collect(context, node->children[i], segment, sources, count);
    }
}

static int32_t max_of(const struct group_source *source)
{
    uint8_t dominant = source->list->dominant;
    return dominant >> RANK_CLASS_SHIFT < source->least_class ? 0 : source->leaf->table->bound[dominant];
}

static void sum_up(struct scan_group *group, const struct group_source *sources, uint32_t count, uint32_t documents,
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

static int open_list(struct scan_group *group, const struct scan_group_options *options,
                     const struct group_source *source)
{
    struct scan_group_list *list = &group->lists[group->list_count];
    *list = (struct scan_group_list){.table = source->leaf->table, .least_class = source->least_class};
    list->postings = arena_alloc(options->context->arena, sizeof *list->postings);
    if (list->postings == NULL) {
        return AISLE_NO_MEMORY;
    }
    group->list_count++;
    return postings_cursor_open(list->postings, &options->segment->segment->postings, source->list);
}

static int open_lists(struct scan_group *group, const struct scan_group_options *options,
                      const struct group_source *sources, uint32_t count)
{
    int status = 0;
    group->lists = arena_alloc(options->context->arena, count * sizeof *group->lists);
    for (uint32_t i = 0; i < count && group->lists != NULL && status == 0; i++) {
        status = open_list(group, options, &sources[i]);
    }
    return group->lists == NULL ? AISLE_NO_MEMORY : status;
}

/* ---- rare ones ---- */

static bool is_rare(const struct group_source *source, uint32_t documents)
{
    uint64_t in_window = (uint64_t)source->list->count * SCAN_WINDOW / documents;
    return source->list->count <= POSTINGS_BLOCK ||
           (source->list->count <= RARE_MAX && in_window < RARE_IN_WINDOW);
}

/* Puts rare lists in front; returns how many they are, and in *postings how many postings they have. */
static uint32_t separate(struct group_source *sources, uint32_t count, uint32_t documents, size_t *postings)
{
    uint32_t rare = 0;
    *postings = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (is_rare(&sources[i], documents)) {
            struct group_source moved = sources[rare];
            sources[rare++] = sources[i];
            sources[i] = moved;
            *postings += sources[rare - 1].list->count;
        }
    }
    return rare;
}

/* parts: what codes are worth; NULL: the codes themselves are taken. */
static int decode(const struct scan_group_options *options, const struct group_source *source,
                  struct postings_cursor *cursor, struct radix_entry *entries, size_t *count, const int32_t *parts)
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
            entries[*count] =
                (struct radix_entry){documents[i], parts == NULL ? codes[i] : (uint32_t)parts[codes[i]]};
            *count += codes[i] >> RANK_CLASS_SHIFT >= source->least_class ? 1 : 0;
        }
    }
    return postings_cursor_status(cursor);
}

/* One entry for each document, and bounds of runs. */
static void take_entries(const struct scan_group *group, const struct radix_entry *entries, size_t count,
                         struct group_kept *out)
{
    uint32_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t document = (uint32_t)entries[i].key;
        int32_t part = (int32_t)entries[i].value;
        if (taken != 0 && out->documents[taken - 1] == document) {
            int32_t *held = &out->scores[taken - 1];
            *held = group->is_sum ? *held + part : part > *held ? part : *held;
        } else {
            out->documents[taken] = document;
            out->scores[taken++] = part;
        }
    }
    for (uint32_t i = 0; i < taken; i++) {
        int32_t *bound = &out->bounds[i / SCAN_GROUP_RUN];
        *bound = out->scores[i] > *bound ? out->scores[i] : *bound;
    }
    out->count = taken;
}

static void use_array(struct scan_group *group, const struct group_kept *kept)
{
    group->rare_count = kept->count;
    group->rare_documents = kept->documents;
    group->rare_scores = kept->scores;
    group->rare_bounds = kept->bounds;
}

/* What is of a whole segment may be kept. */
static struct query_keep *keep_of(const struct scan_group_options *options)
{
    const struct share_part *part = options->part;
    bool is_whole = part->from == 0 && part->end == options->segment->segment->info.documents;
    return is_whole ? options->context->keep : NULL;
}

/* Room for an array, to be kept if one list alone would not do as well. */
static struct group_kept *new_array(const struct scan_group_options *options, const struct group_source *sources,
                                    uint32_t count, bool is_sum, size_t postings, struct query_keep **keep)
{
    struct query_context *context = options->context;
    struct group_kept *made = NULL;
    *keep = count > 1 ? keep_of(options) : NULL;
    if (*keep != NULL) {
        made = group_keep_new(*keep, context->segment_count, sources, count, is_sum, postings + 1, 0);
    }
    if (made != NULL) {
        return made;
    }
    *keep = NULL;
    made = arena_calloc(context->arena, 1, sizeof *made);
    if (made != NULL) {
        made->documents = arena_alloc(context->arena, postings * sizeof *made->documents);
        made->scores = arena_alloc(context->arena, postings * sizeof *made->scores);
        made->bounds = arena_calloc(context->arena, postings / SCAN_GROUP_RUN + 1, sizeof *made->bounds);
    }
    return made == NULL || made->documents == NULL || made->scores == NULL || made->bounds == NULL ? NULL : made;
}

static int make_array(struct scan_group *group, const struct scan_group_options *options,
                      const struct group_source *sources, uint32_t count, size_t postings)
{
    struct arena *arena = options->context->arena;
    struct query_keep *keep;
    struct group_kept *made = new_array(options, sources, count, group->is_sum, postings, &keep);
    struct postings_cursor *cursor = arena_alloc(arena, sizeof *cursor);
    struct radix_entry *entries = arena_alloc(arena, 2 * (postings + POSTINGS_SLACK) * sizeof *entries);
    size_t taken = 0;
    int status = made == NULL || cursor == NULL || entries == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        status = decode(options, &sources[i], cursor, entries, &taken, sources[i].leaf->table->part);
    }
    if (status != 0) {
        return status;
    }
    if (count > 1) {
        radix_sort(entries, entries + postings, taken);
    }
    take_entries(group, entries, taken, made);
    use_array(group, made);
    if (keep != NULL) {
        group_keep_add(keep, options->part->segment, made);
    }
    return 0;
}

/* ---- rare ones of one leaf, which may be kept between queries: with codes, since queries price them ---- */

/* Whether the group is of one leaf, in which every code counts. */
static bool is_one_leaf(const struct scan_group_options *options, const struct scan_group *group,
                        const struct group_source *sources)
{
    return options->node->kind == QUERY_TERMS && !group->is_sum && sources[0].least_class == 0 &&
           keep_of(options) != NULL;
}

/* The code of a document is that of its best list: its length is the same in all, so that the largest is the best. */
static void take_codes(const struct radix_entry *entries, size_t count, struct union_kept *out)
{
    uint32_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t document = (uint32_t)entries[i].key;
        uint8_t code = (uint8_t)entries[i].value;
        if (taken == 0 || out->documents[taken - 1] != document) {
            out->documents[taken] = document;
            out->codes[taken++] = code;
        } else if (out->codes[taken - 1] < code) {
            out->codes[taken - 1] = code;
        }
    }
    out->count = taken;
}

/* The array of count rare lists, for all queries. *out is NULL when it is not to be kept. */
static int make_codes(const struct scan_group_options *options, const struct group_source *sources, uint32_t count,
                      size_t postings, const struct union_kept **out)
{
    const struct query_context *context = options->context;
    uint32_t segment = options->part->segment;
    struct arena_mark mark = arena_mark(context->arena);
    struct union_kept *made = postings > UINT32_MAX ? NULL
                                                    : unions_new(context, segment, options->node, UNION_ARRAY,
                                                                 (uint32_t)postings, postings);
    size_t taken = 0;
    *out = NULL;
    if (made == NULL) {
        return 0;
    }
    struct postings_cursor *cursor = arena_alloc(context->arena, sizeof *cursor);
    struct radix_entry *entries = arena_alloc(context->arena, 2 * (postings + POSTINGS_SLACK) * sizeof *entries);
    int status = cursor == NULL || entries == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        status = decode(options, &sources[i], cursor, entries, &taken, NULL);
    }
    if (status == 0) {
        radix_sort(entries, entries + postings, taken);
        take_codes(entries, taken, made);
    }
    arena_rewind(context->arena, mark);
    if (status != 0) {
        unions_drop(made);
        return status;
    }
    *out = unions_keep(context, made) ? made : NULL;
    return 0;
}

/* Gives an array of codes today's scores. */
static int price_codes(struct scan_group *group, const struct scan_group_options *options,
                       const struct union_kept *kept, const struct rank_table *table)
{
    struct arena *arena = options->context->arena;
    int32_t *scores = arena_alloc(arena, (kept->count + (size_t)1) * sizeof *scores);
    int32_t *bounds = arena_calloc(arena, kept->count / SCAN_GROUP_RUN + (size_t)1, sizeof *bounds);
    if (scores == NULL || bounds == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < kept->count; i++) {
        scores[i] = table->part[kept->codes[i]];
        bounds[i / SCAN_GROUP_RUN] = scores[i] > bounds[i / SCAN_GROUP_RUN] ? scores[i] : bounds[i / SCAN_GROUP_RUN];
    }
    group->rare_count = kept->count;
    group->rare_documents = kept->documents;
    group->rare_scores = scores;
    group->rare_bounds = bounds;
    return 0;
}

static int take_rare(struct scan_group *group, const struct scan_group_options *options,
                     const struct group_source *sources, uint32_t count, size_t postings)
{
    uint32_t segment = options->part->segment;
    const struct group_kept *kept = group_keep_array(keep_of(options), segment, sources, count, group->is_sum, true);
    const struct union_kept *codes = NULL;
    int status = 0;
    if (kept == NULL && is_one_leaf(options, group, sources)) {
        codes = unions_find(options->context, segment, options->node, UNION_ARRAY);
        status = codes == NULL ? make_codes(options, sources, count, postings, &codes) : 0;
    }
    if (status != 0 || codes != NULL) {
        return status != 0 ? status : price_codes(group, options, codes, sources[0].leaf->table);
    }
    if (kept == NULL) {
        return make_array(group, options, sources, count, postings);
    }
    use_array(group, kept);
    return 0;
}

/* ---- only counted ---- */

static int pour_all(const struct scan_group_options *options, const struct group_source *sources, uint32_t count,
                    uint64_t *bits)
{
    const struct share_part *part = options->part;
    struct postings_cursor *cursor = arena_alloc(options->context->arena, sizeof *cursor);
    int status = cursor == NULL ? AISLE_NO_MEMORY : 0;
    struct scan_group one = {.list_count = 1};
    for (uint32_t i = 0; i < count && status == 0; i++) {
        struct scan_group_list list = {.postings = cursor, .least_class = sources[i].least_class};
        status = postings_cursor_open(cursor, &options->segment->segment->postings, sources[i].list);
        if (status == 0) {
            one.lists = &list;
            scan_group_fill(&one, part->from, part->end - part->from, bits);
            status = postings_cursor_status(cursor);
        }
    }
    return status;
}

static void use_bits(struct scan_group *group, const struct share_part *part, uint64_t *bits)
{
    group->bits = bits;
    group->bits_from = part->from;
    group->bits_end = part->end;
    group->bits_at = part->from;
}

/* The first rare lists are the group's array already. */
static int make_bits(struct scan_group *group, const struct scan_group_options *options,
                     const struct group_source *sources, uint32_t count, uint32_t rare)
{
    struct query_context *context = options->context;
    uint32_t documents = options->part->end - options->part->from;
    size_t words = bitset_words(documents);
    struct query_keep *keep = keep_of(options);
    struct union_kept *made = keep == NULL ? NULL
                                           : unions_new(context, options->part->segment, options->node, UNION_BITS,
                                                        documents, options->postings);
    struct group_kept *kept = keep == NULL || made != NULL
                                  ? NULL
                                  : group_keep_new(keep, context->segment_count, sources, count, false, 0, words);
    uint64_t *bits = made != NULL   ? made->bits
                     : kept != NULL ? kept->bits
                                    : arena_calloc(context->arena, words, sizeof *bits);
    int status = bits == NULL ? AISLE_NO_MEMORY : pour_all(options, sources + rare, count - rare, bits);
    for (uint32_t i = 0; status == 0 && i < group->rare_count; i++) {
        bitset_set(bits, group->rare_documents[i]);
    }
    if (status == 0 && kept != NULL) {
        group_keep_add(keep, options->part->segment, kept);
    }
    if (made != NULL && status != 0) {
        unions_drop(made);
    } else if (made != NULL && !unions_keep(context, made)) {
        status = AISLE_NO_MEMORY;
    }
    if (status == 0) {
        use_bits(group, options->part, bits);
    }
    return status;
}

/* The array of the rare lists, if it is kept. *used: it is the group's now. */
static int use_kept_array(struct scan_group *group, const struct scan_group_options *options,
                          const struct group_source *sources, uint32_t rare, bool *used)
{
    uint32_t segment = options->part->segment;
    const struct group_kept *array =
        group_keep_array(keep_of(options), segment, sources, rare, group->is_sum, false);
    const struct union_kept *codes = array == NULL && rare > 1 && is_one_leaf(options, group, sources)
                                         ? unions_find(options->context, segment, options->node, UNION_ARRAY)
                                         : NULL;
    *used = array != NULL || codes != NULL;
    if (array != NULL) {
        use_array(group, array);
    }
    return codes != NULL ? price_codes(group, options, codes, sources[0].leaf->table) : 0;
}

/* Of rare lists, which stand in front, an array may be kept: then only the others are asked or poured out. */
static int open_counted(struct scan_group *group, const struct scan_group_options *options,
                        const struct group_source *sources, uint32_t count, uint32_t rare)
{
    const struct query_keep *keep = keep_of(options);
    uint32_t segment = options->part->segment;
    size_t bytes = bitset_words(options->part->end - options->part->from) * sizeof(uint64_t);
    const struct union_kept *made =
        keep == NULL || count < 2 ? NULL : unions_find(options->context, segment, options->node, UNION_BITS);
    const struct group_kept *bits = group_keep_bits(keep, segment, sources, count);
    uint64_t postings = 0;
    bool has_array = false;
    if (made != NULL || bits != NULL) {
        use_bits(group, options->part, made != NULL ? made->bits : bits->bits);
        return 0;
    }
    int status = use_kept_array(group, options, sources, rare, &has_array);
    rare = has_array ? rare : 0;
    for (uint32_t i = rare; i < count; i++) {
        postings += sources[i].list->count;
    }
    if (status != 0) {
        return status;
    }
    if (bytes <= BITS_BYTES_MAX && rare < count &&
        (options->asked * COST_ASK + COST_OPEN) * (count - rare) >= postings * COST_POSTING) {
        return make_bits(group, options, sources, count, rare);
    }
    group->room = arena_alloc(options->context->arena, sizeof *group->room);
    return group->room == NULL ? AISLE_NO_MEMORY : open_lists(group, options, sources + rare, count - rare);
}

/* ---- very many lists of one leaf ---- */

/* The code of a document is that of its best list: its length is the same in all, so that the largest is the best. */
static int pour_codes(struct scan_group *group, const struct scan_group_options *options,
                      const struct group_source *source, struct postings_cursor *cursor)
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
                      const struct group_source *sources, uint32_t count)
{
    struct arena *arena = options->context->arena;
    struct postings_cursor *cursor = arena_alloc(arena, sizeof *cursor);
    uint32_t documents = options->part->end - options->part->from;
    int status = 0;
    group->bits_from = options->part->from;
    group->bits_end = options->part->end;
    group->bits_at = options->part->from;
    group->table = sources[0].leaf->table;
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

int scan_group_open(const struct scan_group_options *options, struct scan_group **out)
{
    const struct query_node *node = options->node;
    struct arena *arena = options->context->arena;
    uint32_t documents = options->segment->segment->info.documents;
    uint32_t segment = options->part->segment;
    uint32_t count = 0;
    struct scan_group *group = arena_calloc(arena, 1, sizeof *group);
    struct group_source *sources = arena_alloc(arena, (count_lists(node, segment) + 1) * sizeof *sources);
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
    size_t postings;
    uint32_t rare = separate(sources, count, documents, &postings);
    if (options->room == NULL) {
        return open_counted(group, options, sources, count, rare);
    }
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
