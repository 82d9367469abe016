/*
 * suggest.c - aisle_suggest: completions of all parts of all shards, each of which still leads to a product.
 *
 * Whatever is to be suggested is searched for first, as if it had been typed, until one living product is found: parts
 * know nothing of what was deleted since they were made. What was found so is known until the next commit (leads.h).
 * Otherwise the largest segment is looked at first, and mostly is the only one: terms are not even looked up in the
 * others. That work is bounded; past the bound what was not looked at is left out, and the answer says so.
 */
#include "index/look.h"
#include "index/parts_suggest.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "query/query.h"
#include "query/watch.h"

#include <stdlib.h>

#define SUGGESTIONS_DEFAULT 10u
#define UNIT_BITS 13u /* of a weight's fraction (suggest_found) */
#define BYTES_MAX ((size_t)LIMIT_SUGGESTIONS * SUGGEST_SHOWN_BYTES)

/* Of the heap, for searches one after the other. */
#define ARENA_BYTES ((size_t)1 << 20)

/* Dead products that are passed over, and suggestions without products. */
#define DEAD_STEPS 4096u
#define DEAD_SUGGESTIONS 256u

/*
 * Where the rarest word has more postings, and so many times more than the suggestion has products, many of them may
 * lack the other words: sets of products are compared then, window by window. So they are where it has very many, since
 * a weight need not be a number of products.
 */
#define FOLLOWED_MAX 4096u
#define FOLLOWED_IN_VAIN 128u
#define FOLLOWED_SURELY 65536u

/* Windows of one call, of 10 us each: however large the catalog is, what words never have together takes no longer. */
#define WINDOWS_MAX 256u

static const char *const kind_names[SUGGEST_KINDS] = {[SUGGEST_TITLE] = "title",
                                                      [SUGGEST_QUERY] = "query",
                                                      [SUGGEST_TERM] = "term",
                                                      [SUGGEST_CATEGORY] = "category",
                                                      [SUGGEST_BRAND] = "brand"};

struct suggestion_held {
    size_t start; /* of the text, in bytes */
    size_t size;
    double weight;
    uint8_t kind;
    uint8_t edits;
};

struct aisle_suggestions {
    struct buf bytes;
    struct buf typed; /* scratch of the call: the key of what was typed */
    struct buf value; /* and the context's value */
    struct suggestion_held held[LIMIT_SUGGESTIONS];
    size_t count;
    bool cut;
    uint64_t took_us;
};

/* One call under way. */
struct asking {
    struct look look;
    struct query_context context;
    struct suggest_question question;
    struct aisle_suggestions *out;
    struct suggest_search *search;
    uint32_t dead_steps; /* left */
    uint32_t dead_left;
    struct query_watch watch; /* over windows */
    uint64_t generations; /* a hash of them */
};

static int begin(struct asking *asking, struct aisle *catalog, struct aisle_suggestions *out, aisle_error *error)
{
    *asking = (struct asking){.out = out, .dead_steps = DEAD_STEPS, .dead_left = DEAD_SUGGESTIONS};
    query_watch_init(&asking->watch, 0, WINDOWS_MAX, NULL);
    int status = look_begin(&asking->look, catalog, 0, catalog->shard_count, "suggesting", error);
    if (status == 0) {
        arena_reserve(&asking->look.searcher->arena, ARENA_BYTES);
    }
    return status;
}

static int compare_sizes(const void *left, const void *right)
{
    uint32_t a = ((const struct query_segment *)left)->segment->info.documents;
    uint32_t b = ((const struct query_segment *)right)->segment->info.documents;
    return (a < b) - (a > b);
}

/* The largest first. */
static int gather_segments(struct asking *asking)
{
    struct query_context *context = &asking->context;
    int status = look_gather(&asking->look, context, NULL);
    struct query_segment *segments = (struct query_segment *)(uintptr_t)context->segments;
    if (status == 0 && context->segment_count > 1) {
        qsort(segments, context->segment_count, sizeof *segments, compare_sizes);
    }
    context->unpriced = true;
    context->keep = NULL; /* a search has one pass */
    context->watch = &asking->watch;
    asking->generations = look_generations(&asking->look);
    return status;
}

/* ---- the question ---- */

/* Reads "field:value". */
static int take_context(struct asking *asking, const char *text, aisle_error *error)
{
    const struct schema *schema = asking->look.catalog->schema;
    struct bytes all = bytes_of_string(text);
    const uint8_t *colon = all.size == 0 ? NULL : memchr(all.data, ':', all.size);
    if (colon == NULL || all.size > LIMIT_QUERY_BYTES || !utf8_valid(all, NULL)) {
        return error_set(error, AISLE_BAD_QUERY, "the context is not FIELD:VALUE");
    }
    struct bytes name = bytes_of(all.data, (size_t)(colon - all.data));
    struct bytes value = bytes_of(colon + 1, all.size - name.size - 1);
    int field = schema_field_find(schema, name);
    if (field < 0 || (field != suggest_brand_field(schema) && field != suggest_category_field(schema))) {
        return error_set(error, AISLE_BAD_QUERY, "suggestions have no context \"%.*s\"",
                         name.size > LIMIT_FIELD_NAME_BYTES ? (int)LIMIT_FIELD_NAME_BYTES : (int)name.size,
                         (const char *)name.data);
    }
    if (suggest_value_of(asking->look.searcher->analyser, value, &asking->out->value) != 0) {
        return error_no_memory(error, "suggesting");
    }
    if (asking->out->value.size == 0) {
        return error_set(error, AISLE_BAD_QUERY, "the context has no value, or one of more than %u bytes",
                         SUGGEST_CONTEXT_BYTES);
    }
    asking->question.field = (uint8_t)field;
    asking->question.value = buf_bytes(&asking->out->value);
    return 0;
}

static int take_question(struct asking *asking, const aisle_suggest_query *query, aisle_error *error)
{
    struct bytes typed = bytes_of_string(query->typed == NULL ? "" : query->typed);
    if (typed.size > LIMIT_QUERY_BYTES) {
        return error_set(error, AISLE_LIMIT, "what was typed has more than %u bytes", LIMIT_QUERY_BYTES);
    }
    if (!utf8_valid(typed, NULL)) {
        return error_set(error, AISLE_BAD_QUERY, "what was typed is not UTF-8");
    }
    if (suggest_key_of(asking->look.searcher->analyser, typed, &asking->out->typed) != 0) {
        return error_no_memory(error, "suggesting");
    }
    asking->question.typed = buf_bytes(&asking->out->typed);
    asking->question.edits = query->exact ? 0 : suggest_edits_for(asking->question.typed);
    return query->context == NULL ? 0 : take_context(asking, query->context, error);
}

/* ---- the answer ---- */

/* At most how many products of its only segment a bound query is asked about where cursors are followed. */
static uint64_t followed(const struct query_node *node)
{
    uint64_t sum = 0;
    uint64_t least = UINT64_MAX;
    if (node->kind == QUERY_TERMS) {
        for (uint32_t i = 0; i < node->in_segment[0].count; i++) {
            sum += node->in_segment[0].lists[i].postings.count;
        }
        return sum;
    }
    if (node->kind == QUERY_PHRASE) {
        return followed(node->candidates);
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        uint64_t child = followed(node->children[i]);
        sum += child;
        least = child < least ? child : least;
    }
    return node->kind == QUERY_AND ? least : sum;
}

static uint64_t weight_of(const struct suggest_found *found)
{
    return found->units >> UNIT_BITS;
}

/* Whether products of the context's only segment match, compared by sets. AISLE_LIMIT: the windows did not suffice. */
static int compare_sets(struct query_context *context, struct query_node *root, bool *leads)
{
    int status = query_has_any(context, root, leads);
    int state = atomic_load_explicit(&context->watch->state, memory_order_relaxed);
    return status == 0 && !*leads && state != WATCH_GOES_ON ? AISLE_LIMIT : status;
}

/* Whether a search for what is to be shown finds a product in one segment. */
static int leads_in(struct asking *asking, const struct suggest_found *found, uint32_t segment, bool *leads)
{
    const struct look *look = &asking->look;
    struct query_context context = asking->context;
    struct query_node *root = NULL;
    context.segments += segment;
    context.segment_count = 1;
    context.words = NULL; /* it counts over all of them */
    int parsed = query_parse(found->shown, look->catalog->schema, look->searcher->analyser, context.arena, &root, NULL);
    if (parsed != 0) {
        return parsed == AISLE_BAD_QUERY || parsed == AISLE_LIMIT ? 0 : parsed; /* no query: not suggested */
    }
    int status = query_bind(&context, root);
    if (status != 0) {
        return status;
    }
    uint64_t most = followed(root);
    bool in_vain = most > FOLLOWED_MAX && most / FOLLOWED_IN_VAIN > weight_of(found);
    return in_vain || most > FOLLOWED_SURELY ? compare_sets(&context, root, leads)
                                             : query_exists(&context, root, &asking->dead_steps, leads);
}

/* Whether it finds one. */
static int leads_somewhere(struct asking *asking, const struct suggest_found *found, bool *leads)
{
    struct arena *arena = &asking->look.searcher->arena;
    struct leads *known = &asking->look.catalog->leads;
    uint64_t key = leads_key(found->shown, asking->generations);
    int status = 0;
    if (leads_find(known, key, leads)) {
        return 0;
    }
    for (uint32_t i = 0; i < asking->context.segment_count && status == 0 && !*leads; i++) {
        struct arena_mark mark = arena_mark(arena);
        status = leads_in(asking, found, i, leads);
        arena_rewind(arena, mark);
    }
    if (status == 0 && asking->look.catalog->cache_bytes != 0) {
        leads_note(known, key, *leads);
    }
    return status;
}

static int put(struct aisle_suggestions *out, const struct suggest_found *found)
{
    struct suggestion_held *held = &out->held[out->count++];
    *held = (struct suggestion_held){.start = out->bytes.size,
                                     .size = found->shown.size,
                                     .weight = (double)found->units / (1 << UNIT_BITS),
                                     .kind = found->kind,
                                     .edits = found->edits};
    buf_put(&out->bytes, found->shown.data, found->shown.size);
    return buf_status(&out->bytes);
}

/* What is suggested for one empty text, or typed words that are none at all, is nothing. */
static bool is_nothing(const struct asking *asking, const aisle_suggest_query *query)
{
    return asking->question.typed.size == 0 && query->typed != NULL &&
           query->typed[strspn(query->typed, " \t\n\v\f\r")] != '\0';
}

static int answer(struct asking *asking, uint32_t limit, struct aisle_suggestions *out)
{
    int status = 0;
    while (out->count < limit && status == 0) {
        struct suggest_found found;
        bool leads = false;
        status = suggest_search_next(asking->search, &found);
        status = status != 0 ? status : leads_somewhere(asking, &found, &leads);
        if (status == 0 && leads) {
            status = put(out, &found);
        } else if (status == 0) {
            suggest_search_discard(asking->search);
            status = asking->dead_left-- == 0 ? AISLE_LIMIT : 0;
        }
    }
    out->cut = status == AISLE_LIMIT || suggest_search_is_cut(asking->search);
    return status == AISLE_END || status == AISLE_LIMIT ? 0 : status;
}

static int run(struct asking *asking, const aisle_suggest_query *query, struct aisle_suggestions *out)
{
    const struct suggest_reader **parts = NULL;
    size_t part_count = 0;
    struct arena *arena = &asking->look.searcher->arena;
    int status = is_nothing(asking, query) ? AISLE_END : gather_segments(asking);
    if (status == 0) {
        status = parts_suggest_gather(asking->look.searcher->snapshots, asking->look.begun, arena, &parts, &part_count);
    }
    if (status == 0) {
        status = suggest_search_begin(&asking->search, parts, part_count, &asking->question, arena);
    }
    out->cut = status == AISLE_LIMIT;
    return status == AISLE_END || status == AISLE_LIMIT ? 0 : status != 0 ? status : answer(asking, query->limit, out);
}

static int take_query(const aisle_suggest_query *given, aisle_suggest_query *query, aisle_error *error)
{
    size_t known = sizeof *query;
    *query = (aisle_suggest_query){.size = known};
    if (given == NULL || given->size < sizeof given->size || given->size > known) {
        return error_set(error, AISLE_INVALID, "aisle_suggest_query.size is not sizeof(aisle_suggest_query)");
    }
    memcpy(query, given, given->size);
    query->limit = query->limit == 0 ? SUGGESTIONS_DEFAULT : query->limit;
    if (query->limit > LIMIT_SUGGESTIONS) {
        return error_set(error, AISLE_LIMIT, "%u suggestions are more than %u", query->limit, LIMIT_SUGGESTIONS);
    }
    return 0;
}

static int result_for(struct aisle_suggestions *reused, struct aisle_suggestions **out)
{
    *out = reused != NULL ? reused : mem_calloc(1, sizeof **out);
    if (*out == NULL) {
        return AISLE_NO_MEMORY;
    }
    if (reused == NULL) {
        buf_init(&(*out)->bytes, BYTES_MAX);
        buf_init(&(*out)->typed, LIMIT_QUERY_BYTES);
        buf_init(&(*out)->value, LIMIT_QUERY_BYTES);
    }
    return 0;
}

int aisle_suggest(aisle *catalog, const aisle_suggest_query *given, aisle_suggestions **inout, aisle_error *error)
{
    uint64_t start_us = clock_monotonic_us();
    aisle_suggest_query query;
    struct asking asking;
    struct aisle_suggestions *out = NULL;
    int status = take_query(given, &query, error);
    if (status != 0) {
        return status;
    }
    if (result_for(*inout, &out) != 0) {
        return error_no_memory(error, "suggesting");
    }
    *inout = out;
    buf_clear(&out->bytes);
    out->count = 0;
    out->cut = false;
    status = begin(&asking, catalog, out, error);
    if (status == 0) {
        status = take_question(&asking, &query, error);
    }
    if (status == 0) {
        status = run(&asking, &query, out);
        if (status != 0) {
            error_set(error, status, "suggestions cannot be read: %s (%s)", aisle_error_text(status), catalog->path);
        }
    }
    look_end(&asking.look, &asking.context);
    out->count = status == 0 ? out->count : 0;
    out->took_us = clock_monotonic_us() - start_us;
    return status;
}

size_t aisle_suggestions_count(const aisle_suggestions *suggestions)
{
    return suggestions == NULL ? 0 : suggestions->count;
}

bool aisle_suggestions_complete(const aisle_suggestions *suggestions)
{
    return suggestions == NULL || !suggestions->cut;
}

uint64_t aisle_suggestions_took_us(const aisle_suggestions *suggestions)
{
    return suggestions == NULL ? 0 : suggestions->took_us;
}

int aisle_suggestions_get(const aisle_suggestions *suggestions, size_t i, aisle_suggestion *out)
{
    if (suggestions == NULL || i >= suggestions->count) {
        return AISLE_END;
    }
    const struct suggestion_held *held = &suggestions->held[i];
    *out = (aisle_suggestion){.text = {(const char *)suggestions->bytes.data + held->start, held->size},
                              .kind = kind_names[held->kind],
                              .weight = held->weight,
                              .edits = held->edits};
    return 0;
}

void aisle_suggestions_free(aisle_suggestions *suggestions)
{
    if (suggestions != NULL) {
        buf_release(&suggestions->bytes);
        buf_release(&suggestions->typed);
        buf_release(&suggestions->value);
        mem_free(suggestions);
    }
}
