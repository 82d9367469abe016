/*
 * count_words.c - which words are kept as bits, making these, and counting trees of nothing else.
 *
 * Thread rule: see count_words.h.
 */
#include "query/count_words.h"

#include "base/bitset.h"
#include "query/scan.h"
#include "query/unions.h"
#include "query/watch.h"

/* How often a word must have been asked for. */
#define ASKED_LEAST 2u

/* Documents between two looks at the watch: making bits of them takes some 50 us, counting bits 1 us a set. */
#define MADE_AT_ONCE (UINT32_C(1) << 16)
#define COUNTED_AT_ONCE (UINT32_C(1) << 20)

/* Documents that a word of marks is for. */
#define MARKED_BY_WORD (BITSET_MARKED * 64u * 64u)

/* What decides whether a product matches: not what is unwanted, nor what only adds to a score. */
static const struct query_node *wanted_of(const struct query_node *root)
{
    while (root->kind == QUERY_WITHOUT || root->kind == QUERY_PREFER) {
        root = root->children[0];
    }
    return root;
}

/* ---- finding and making ---- */

/* Whether so many have the leaf's terms that bits pay. */
static bool is_frequent(const struct query_context *context, const struct query_node *leaf)
{
    uint64_t postings = 0;
    uint64_t documents = 0;
    for (uint32_t i = 0; i < context->segment_count; i++) {
        const struct query_lists *lists = &leaf->in_segment[i];
        postings += lists->count == 1 ? lists->lists[0].postings.count : 0;
        documents += context->segments[i].segment->info.documents;
    }
    return postings >= context->unions->word_least && postings * LIMIT_WORD_BITS_GAP >= documents;
}

/* False: the list is damaged, which who reads it next will tell, or there is no time. */
static bool pour(const struct query_context *context, const struct query_segment *segment,
                 const struct postings_list *list, struct postings_cursor *cursor, uint64_t *bits)
{
    uint32_t documents = segment->segment->info.documents;
    bool goes_on = postings_cursor_open(cursor, &segment->segment->postings, list) == 0;
    for (uint32_t from = 0; goes_on && from < documents;) {
        uint32_t count = documents - from < MADE_AT_ONCE ? documents - from : MADE_AT_ONCE;
        postings_cursor_fill(cursor, from, count, bits + from / 64);
        goes_on = postings_cursor_status(cursor) == 0 && !query_watch_stops(context->watch);
        from += count;
    }
    return goes_on;
}

static void make_bits(const struct query_context *context, uint32_t number, struct query_node *leaf,
                      struct postings_cursor *cursor)
{
    const struct query_segment *segment = &context->segments[number];
    struct query_lists *lists = &leaf->in_segment[number];
    const struct postings_list *list = &lists->lists[0].postings;
    struct union_kept *made =
        unions_new(context, number, leaf, UNION_WORD, segment->segment->info.documents, list->count);
    if (made == NULL) {
        return;
    }
    if (!pour(context, segment, list, cursor, made->bits)) {
        unions_drop(made);
        return;
    }
    bitset_mark(made->bits, bitset_words(made->count), made->marks);
    lists->kept = unions_keep(context, made) ? made : NULL;
}

static void make_missing(const struct query_context *context, struct query_node *leaf)
{
    struct postings_cursor *cursor = NULL;
    struct arena_mark mark = arena_mark(context->arena);
    for (uint32_t i = 0; i < context->segment_count; i++) {
        if (leaf->in_segment[i].count != 1 || leaf->in_segment[i].kept != NULL) {
            continue;
        }
        cursor = cursor != NULL ? cursor : arena_alloc(context->arena, sizeof *cursor);
        if (cursor == NULL || query_watch_stops(context->watch)) {
            break;
        }
        make_bits(context, i, leaf, cursor);
    }
    arena_rewind(context->arena, mark);
}

/* Not of a word whose codes tell which postings count. */
static bool is_word(const struct query_context *context, const struct query_node *node)
{
    return node->kind == QUERY_TERMS && (!node->first_only || context->weights.single);
}

static void open_leaf(const struct query_context *context, struct query_node *leaf)
{
    if (is_word(context, leaf) && is_frequent(context, leaf) && unions_find_word(context, leaf) >= ASKED_LEAST) {
        make_missing(context, leaf);
    }
}

void count_words_open(struct query_context *context, struct query_node *root)
{
    if (context->unions == NULL || context->keep == NULL) {
        return;
    }
    struct query_node *wanted = (struct query_node *)(uintptr_t)wanted_of(root);
    if (wanted->kind == QUERY_TERMS) {
        open_leaf(context, wanted);
    }
    for (uint32_t i = 0; (wanted->kind == QUERY_AND || wanted->kind == QUERY_OR) && i < wanted->child_count; i++) {
        open_leaf(context, wanted->children[i]);
    }
}

/* ---- counting ---- */

/* The bits of a conjunction, a sum or a word in a segment. False: it has something else. */
static bool take_kept(const struct query_node *wanted, uint32_t number,
                      const struct union_kept *kept[LIMIT_QUERY_LEAVES], size_t *count)
{
    bool is_leaf = wanted->kind == QUERY_TERMS;
    uint32_t leaves = is_leaf ? 1 : wanted->child_count;
    bool is_all = is_leaf || ((wanted->kind == QUERY_AND || wanted->kind == QUERY_OR) && leaves <= LIMIT_QUERY_LEAVES);
    *count = 0;
    for (uint32_t i = 0; is_all && i < leaves; i++) {
        const struct query_node *leaf = is_leaf ? wanted : wanted->children[i];
        bool is_absent = leaf->kind == QUERY_TERMS && wanted->kind == QUERY_OR && leaf->in_segment[number].count == 0;
        is_all = is_absent || (leaf->kind == QUERY_TERMS && leaf->in_segment[number].kept != NULL);
        if (is_all && !is_absent) {
            kept[(*count)++] = leaf->in_segment[number].kept;
        }
    }
    return is_all && *count != 0;
}

/* Documents from to end - 1, COUNTED_AT_ONCE at most. Marks are of use where a whole word of them begins. */
static uint64_t count_run(enum bitset_join join, const struct union_kept *const *kept, size_t count,
                          const uint64_t *dead, uint32_t from, uint32_t end)
{
    const uint64_t *sets[LIMIT_QUERY_LEAVES];
    uint64_t marks[COUNTED_AT_ONCE / MARKED_BY_WORD];
    size_t words = bitset_words(end - from);
    bool is_marked = from % MARKED_BY_WORD == 0;
    for (size_t i = 0; i < count; i++) {
        sets[i] = kept[i]->bits + from / 64;
    }
    for (size_t word = 0; is_marked && word < bitset_mark_words(words); word++) {
        size_t at = from / MARKED_BY_WORD + word;
        marks[word] = kept[0]->marks[at];
        for (size_t i = 1; i < count; i++) {
            uint64_t other = kept[i]->marks[at];
            marks[word] = join == BITSET_ALL ? marks[word] & other : marks[word] | other;
        }
        size_t left = words - word * MARKED_BY_WORD / 64; /* of the set, in this part of it */
        size_t here = (left + BITSET_MARKED - 1) / BITSET_MARKED;
        marks[word] &= here < 64 ? ~(UINT64_MAX << here) : UINT64_MAX;
    }
    const struct bitset_sets joined = {sets, count, dead == NULL ? NULL : dead + from / 64, is_marked ? marks : NULL};
    return bitset_count_joined(join, &joined, words);
}

bool count_words(const struct query_context *context, const struct query_node *root, const struct share_part *part,
                 uint64_t *total)
{
    const struct union_kept *kept[LIMIT_QUERY_LEAVES];
    const uint64_t *dead = context->segments[part->segment].state->dead;
    const struct query_node *wanted = root->kind == QUERY_PREFER ? root->children[0] : root;
    enum bitset_join join = wanted->kind == QUERY_OR ? BITSET_ANY : BITSET_ALL;
    size_t count;
    if (context->filter != NULL || !take_kept(wanted, part->segment, kept, &count)) {
        return false;
    }
    *total = 0;
    for (uint32_t from = part->from; from < part->end && !query_watch_stops(context->watch);) {
        uint32_t end = part->end - from < COUNTED_AT_ONCE ? part->end : from + COUNTED_AT_ONCE;
        *total += count_run(join, kept, count, dead, from, end);
        from = end;
    }
    return true;
}
