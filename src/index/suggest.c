/*
 * suggest.c - aisle_suggest: completions of all parts of all shards, each of which still leads to a product.
 *
 * Whatever is to be suggested is searched for first, as if it had been typed, until one living product is found: parts
 * know nothing of what was deleted since they were made. What was found so is known until the next commit (leads.h).
 * Otherwise the largest segment is looked at first, and mostly is the only one: terms are not even looked up in the
 * others. That work is bounded, for one suggestion and for all of a call; one that is not decided then is left out, and
 * the answer says so. The next call goes on with it where it was left, so that after some calls all are decided.
 */
#include "index/look.h"
#include "index/parts_suggest.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "query/query.h"
#include "query/watch.h"
#include "query/words_kept.h"

#include <stdlib.h>

#define SUGGESTIONS_DEFAULT 10u
#define UNIT_BITS 13u /* of a weight's fraction (suggest_found) */
#define BYTES_MAX ((size_t)LIMIT_SUGGESTIONS * SUGGEST_SHOWN_BYTES)

/* Of the heap, for searches one after the other. */
#define ARENA_BYTES ((size_t)1 << 20)

/*
 * Where the rarest word has more postings, and so many times more than the suggestion has products, many of them may
 * lack the other words: sets of products are compared then, window by window. So they are where it has very many, since
 * a weight need not be a number of products.
 */
#define FOLLOWED_MAX 4096u
#define FOLLOWED_IN_VAIN 128u
#define FOLLOWED_SURELY 65536u

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
    uint32_t dead_left; /* dead products that may still be passed over */
    uint32_t vain_left; /* suggestions without products that may be */
    struct query_watch watch; /* counts windows */
    uint64_t generations; /* a hash of them */
};

static int begin(struct asking *asking, struct aisle *catalog, struct aisle_suggestions *out, aisle_error *error)
{
    *asking = (struct asking){.out = out, .dead_left = LIMIT_SUGGEST_DEAD, .vain_left = LIMIT_SUGGEST_VAIN};
    query_watch_init(&asking->watch, 0, 0, NULL);
    int status = look_begin(&asking->look, catalog, 0, catalog->shard_count, "suggesting", error);
    if (status == 0) {
        arena_reserve(&asking->look.searcher->arena, ARENA_BYTES);
    }
    return status;
}

static int compare_sizes(const void *left, const void *right)
{
    const struct segment *a = ((const struct query_segment *)left)->segment;
    const struct segment *b = ((const struct query_segment *)right)->segment;
    int smaller = (a->info.documents < b->info.documents) - (a->info.documents > b->info.documents);
    return smaller != 0 ? smaller : (a->serial > b->serial) - (a->serial < b->serial);
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

/* How the search for a product of one suggestion stands. */
struct judging {
    uint32_t segment;   /* from which on it is looked for */
    uint32_t document;  /* there, where words are compared by sets */
    uint32_t spare;     /* documents that may still be compared for it */
    bool is_left;       /* there, undecided */
    bool is_cut;        /* it may be among dead products that were not passed over */
};

/* Windows that this call has compared. */
static uint64_t windows_used(struct asking *asking)
{
    return (uint64_t)(INT64_MAX - atomic_load_explicit(&asking->watch.left, memory_order_relaxed));
}

/* Whether products of the context's only segment match, compared by sets, as far as the suggestion's share goes. */
static int compare_sets(struct asking *asking, struct query_context *context, struct query_node *root,
                        struct judging *judging, uint32_t segment, bool *leads)
{
    uint32_t all = context->segments[0].segment->info.documents;
    uint32_t from = segment == judging->segment ? judging->document : 0;
    uint32_t start = from;
    int status = 0;
    if (windows_used(asking) < LIMIT_SUGGEST_WINDOWS && judging->spare != 0) {
        status = query_has_any_from(context, root, judging->spare, &from, leads);
        judging->spare -= from - start < judging->spare ? from - start : judging->spare;
    }
    if (status == 0 && !*leads && from < all && !judging->is_left) {
        judging->is_left = true;
        judging->segment = segment;
        judging->document = from;
    }
    return status;
}

/* Whether a search for what is to be shown finds a product in one segment. */
static int leads_in(struct asking *asking, const struct suggest_found *found, struct judging *judging,
                    uint32_t segment, bool *leads)
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
    if (in_vain || most > FOLLOWED_SURELY) {
        return compare_sets(asking, &context, root, judging, segment, leads);
    }
    status = query_exists(&context, root, &asking->dead_left, leads);
    judging->is_cut = judging->is_cut || status == AISLE_LIMIT;
    return status == AISLE_LIMIT ? 0 : status;
}

/* Where the search for the suggestion goes on that an earlier call has left. */
static struct judging resume(const struct asking *asking, uint64_t key)
{
    const struct aisle *catalog = asking->look.catalog;
    uint64_t of = 0;
    uint64_t place = 0;
    bool is_known = words_kept_find(&catalog->undecided, key, &of, &place);
    return (struct judging){.segment = is_known ? (uint32_t)(place >> 32) : 0,
                            .document = is_known ? (uint32_t)place / QUERY_PART * QUERY_PART : 0,
                            .spare = catalog->suggest_share};
}

/* Whether it finds one. AISLE_LIMIT: as far as was looked it does not. */
static int leads_somewhere(struct asking *asking, const struct suggest_found *found, bool *leads)
{
    struct arena *arena = &asking->look.searcher->arena;
    struct aisle *catalog = asking->look.catalog;
    uint64_t key = leads_key(found->shown, asking->generations);
    bool keeps = asking->context.words != NULL; /* what cache_bytes allows for small tables */
    int status = 0;
    if (leads_find(&catalog->leads, key, leads)) {
        return 0;
    }
    struct judging judging = resume(asking, key);
    for (uint32_t i = judging.segment; i < asking->context.segment_count && status == 0 && !*leads; i++) {
        struct arena_mark mark = arena_mark(arena);
        status = leads_in(asking, found, &judging, i, leads);
        arena_rewind(arena, mark);
    }
    if (status == 0 && keeps && judging.is_left && !judging.is_cut && !*leads) {
        words_kept_note(&catalog->undecided, key, 0, (uint64_t)judging.segment << 32 | judging.document);
    }
    if (status == 0 && !*leads && (judging.is_left || judging.is_cut)) {
        return AISLE_LIMIT;
    }
    if (status == 0 && keeps) {
        leads_note(&catalog->leads, key, *leads);
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
    bool is_cut = false;
    while (out->count < limit && status == 0) {
        struct suggest_found found;
        bool leads = false;
        status = suggest_search_next(asking->search, &found);
        if (status != 0) {
            break;
        }
        status = leads_somewhere(asking, &found, &leads);
        if (status == 0 && leads) {
            status = put(out, &found);
        } else if (status == 0 || status == AISLE_LIMIT) {
            suggest_search_discard(asking->search);
            is_cut = is_cut || status == AISLE_LIMIT || asking->vain_left == 0;
            status = asking->vain_left-- == 0 ? AISLE_END : 0;
        }
    }
    out->cut = is_cut || status == AISLE_LIMIT || suggest_search_is_cut(asking->search);
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
        status = look_status(&asking.look, run(&asking, &query, out));
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
