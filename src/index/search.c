/*
 * search.c - aisle_search and aisle_get: snapshots of all shards, the query over all their segments, the hits' bytes.
 */
#include "index/affinity.h"
#include "index/catalog.h"
#include "index/curate.h"
#include "index/exact.h"
#include "index/groups.h"
#include "index/highlights.h"
#include "index/look.h"
#include "index/page.h"
#include "index/pass.h"
#include "index/projection.h"
#include "index/query_options.h"
#include "index/result.h"
#include "index/route.h"
#include "index/search_words.h"
#include "index/similar.h"
#include "index/token.h"
#include "index/weights.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "query/filter.h"
#include "query/query.h"
#include "query/watch.h"
#include "schema/product.h"

#define HITS_AHEAD 16u /* hits whose ids are asked of memory together: a core waits for about as many lines at once */

/* Recency counts in whole hours, so that two searches in a row score alike. */
#define HOUR_MS INT64_C(3600000)

/* Boosts of one search: of affinities, of rules, of exact names. */
#define BOOSTS_MAX (LIMIT_AFFINITIES + LIMIT_RULE_BOOSTS + EXACT_BOOSTS)

/* Scores are sums of 32 bits: words, then signals and boosts at their most. */
#define EXTRA_MAX                                                                                   \
    (LIMIT_SIGNALS * 100u + LIMIT_AFFINITIES * LIMIT_AFFINITY_WEIGHT + EXACT_BOOSTS * 100u +        \
     LIMIT_RULE_BOOSTS * LIMIT_RULE_WEIGHT)
static_assert(UINT64_C(64) * RANK_PART_MAX + UINT64_C(1) * RANK_SCALE * EXTRA_MAX < INT32_MAX, "scores are 32 bits");

/* One search under way. */
struct search {
    struct look look;
    uint32_t *shard_of; /* for each of its segments */
    struct kept_rules *rules; /* synonyms, stop words and the shop's rules in use */
    struct curate curate;     /* those of them that hold */
    struct boost_list boosts;
    struct bytes text;     /* what is searched for: as typed, or as a rule has it */
    struct search_typed typed;
    uint32_t exact_weight; /* hundredths */
    struct rewrite *rewrite;
    struct query_node *root; /* what is run */
    struct signal_rules signals;
    struct highlights highlights;
    struct filter_node *filter; /* NULL: none */
    struct filter_node *without; /* what leaves the product out that others are to be like; NULL: none is */
    struct pass pass;
    struct page page;
    struct groups groups;
    struct projection projection;
    int64_t now_ms; /* that recency counts from */
    struct query_watch watch;
    struct query_context context; /* last: its cursors are not made ready */
};

static int begin(struct search *search, struct aisle *catalog, uint32_t first, uint32_t count, aisle_error *error)
{
    memset(search, 0, offsetof(struct search, context.leaves));
    return look_begin(&search->look, catalog, first, count, "searching", error);
}

static void end(struct search *search)
{
    projection_release(&search->projection);
    rules_keeper_give(search->rules);
    look_end(&search->look, &search->context);
}

/* Reads the product's JSON; unless original, with columns laid over it that patches changed since. */
static int read_product(struct search *search, const struct shard_snapshot *snapshot, const struct query_segment *in,
                        uint32_t document, bool original, struct buf *product)
{
    int status = product_codec_read(&search->look.searcher->codec, snapshot, in->segment, document, product);
    if (status == 0 && !original) {
        status = product_codec_lay_over(&search->look.searcher->codec, search->look.catalog->schema, in->segment,
                                        in->state, document, product);
    }
    return status;
}

/* Adds the product of a hit, and its fields with the query's words marked, as far as they are wanted. */
static int put_product(struct search *search, const struct query_hit *hit, const aisle_query *query,
                       struct aisle_result *result, struct result_hit *added)
{
    const struct query_segment *in = &search->context.segments[hit->segment];
    const struct shard_snapshot *snapshot = &search->look.searcher->snapshots[search->shard_of[hit->segment]];
    struct buf product;
    if (query->no_products && query->highlight_count == 0) {
        return 0;
    }
    buf_init(&product, LIMIT_PRODUCT_BYTES * 2);
    int status = read_product(search, snapshot, in, hit->document, true, &product);
    if (status == 0) { /* texts are as they were put, and columns laid over may make the product too long to be read */
        status = highlights_add(&search->highlights, buf_bytes(&product), result);
    }
    if (status == 0 && !query->no_products) {
        status = product_codec_lay_over(&search->look.searcher->codec, search->look.catalog->schema, in->segment,
                                        in->state, hit->document, &product);
    }
    if (status == 0 && !query->no_products && search->projection.count != 0) {
        added->product.start = result->bytes.size;
        status = projection_apply(&search->projection, buf_bytes(&product), &result->bytes);
        added->product.size = result->bytes.size - added->product.start;
    } else if (status == 0 && !query->no_products) {
        added->product = result_put(result, buf_bytes(&product));
    }
    buf_release(&product);
    return status;
}

static int put_hit(struct search *search, const struct query_hit *hit, const aisle_query *query,
                   struct aisle_result *result)
{
    const struct query_segment *in = &search->context.segments[hit->segment];
    struct result_hit *added = result_add(result);
    uint8_t id[LIMIT_ID_BYTES];
    size_t id_size;
    if (added == NULL) {
        return AISLE_NO_MEMORY;
    }
    int status = ids_get(&in->segment->ids, hit->document, id, &id_size);
    if (status != 0) {
        return status;
    }
    added->score = (double)hit->score / RANK_SCALE;
    added->pinned = hit->pinned;
    added->id = result_put(result, bytes_of(id, id_size));
    status = put_product(search, hit, query, result, added);
    if (status == 0 && query->explain) {
        struct query_node *root;
        status = runs_bind(&search->page.runs, &search->context, hit->run, search->root, &root);
        added->explanation.start = result->bytes.size;
        if (hit->pinned) {
            curate_explain(&search->curate, hit, &result->bytes);
        } else {
            status = status == 0 ? query_explain(&search->context, root, hit, &result->bytes) : status;
        }
        added->explanation.size = result->bytes.size - added->explanation.start;
    }
    return status != 0 ? status : buf_status(&result->bytes);
}

/* Makes the schema's signals ready with the query's weights and time. */
static int take_signals(struct search *search, const aisle_query *query, aisle_error *error)
{
    uint32_t weights[LIMIT_SIGNALS];
    int status = weights_parse(query->weights, search->look.catalog->schema, weights, &search->exact_weight, error);
    if (status == 0) {
        search->now_ms = query->now_ms != 0       ? query->now_ms
                         : search->page.is_behind ? search->page.place.now_ms
                                                  : clock_wall_coarse_ms() / HOUR_MS * HOUR_MS;
        signal_rules_init(&search->signals, search->look.catalog->schema, weights, search->now_ms);
    }
    return status;
}

/* Reads the filter, affinities, and what else names fields. */
static int take_filter(struct search *search, const aisle_query *query, aisle_error *error)
{
    struct filter_source source = {.schema = search->look.catalog->schema,
                                   .columns = &search->look.catalog->columns,
                                   .analyser = search->look.searcher->analyser,
                                   .params = query->params,
                                   .param_count = query->param_count,
                                   .arena = &search->look.searcher->arena};
    int status = 0;
    if (query->filter != NULL && query->filter[strspn(query->filter, " \t\n\v\f\r")] != '\0') {
        status = filter_parse(bytes_of_string(query->filter), &source, &search->filter, error);
    } else if (query->param_count != 0) {
        return error_set(error, AISLE_BAD_QUERY, "filter: there is none, but values are bound to names in it");
    }
    if (status == 0 && search->without != NULL) {
        struct filter_node *const both[] = {search->without, search->filter};
        search->filter = filter_new_parent(source.arena, FILTER_AND, both, search->filter == NULL ? 1 : 2);
        status = search->filter == NULL ? error_no_memory(error, "searching") : 0;
    }
    search->boosts.boosts = arena_alloc(source.arena, BOOSTS_MAX * sizeof *search->boosts.boosts);
    if (search->boosts.boosts == NULL) {
        return error_no_memory(error, "reading a query");
    }
    status = status == 0 ? affinity_take(query, &source, &search->boosts, error) : status;
    search->pass.total_bound = query->no_total ? 0 : query->total_bound;
    status = status == 0 ? pass_take_facets(&search->pass, query, &source, error) : status;
    status = status == 0 ? page_take(&search->page, query, &source, error) : status;
    status = status == 0 ? groups_take(&search->groups, query, &source, &search->pass, error) : status;
    return status == 0 ? projection_take(&search->projection, query->fields, error) : status;
}

/* Finds the shop's rules that hold; *text becomes what is searched for. */
static int take_rules(struct search *search, const aisle_query *query, struct bytes *text, aisle_error *error)
{
    const struct curation *curation = search->rules->curation;
    struct curation_ask ask = {.text = *text,
                               .contexts = bytes_of_string(query->contexts == NULL ? "" : query->contexts),
                               .filter = search->filter,
                               .arena = &search->look.searcher->arena};
    if (ask.contexts.size > LIMIT_CONTEXTS_BYTES) {
        return error_set(error, AISLE_LIMIT, "contexts: expected at most %u bytes", LIMIT_CONTEXTS_BYTES);
    }
    if (curation == NULL || query->no_rules || text->size > LIMIT_QUERY_BYTES) {
        return 0; /* a text that is too long is refused when it is read */
    }
    ask.now_ms = query->now_ms != 0 ? query->now_ms : clock_wall_ms();
    if (curation_reads_words(curation)) {
        int status = search_words_typed(&search->typed, search->look.catalog->schema, search->look.searcher->analyser,
                                        *text, ask.arena);
        if (status != 0) {
            return error_no_memory(error, "reading a query");
        }
        ask.words = &search->typed.words;
    }
    return curate_find(&search->curate, curation, &ask, text);
}

/* In place of a text, the words of the product that others are to be like, each meant as it is. */
static int take_like(struct search *search, aisle_query *query, aisle_error *error)
{
    struct similar similar;
    if (query->like == NULL) {
        return 0;
    }
    if (query->text != NULL && query->text[0] != '\0') {
        return error_set(error, AISLE_BAD_QUERY, "like: expected no text besides a product's id");
    }
    int status = look_gather(&search->look, &search->context, &search->shard_of);
    status = status == 0 ? similar_take(&search->look, &search->context, bytes_of_string(query->like), &similar, error)
                         : status;
    if (status == 0) {
        query->text = similar.text;
        query->no_typos = query->no_synonyms = query->no_stop_words = query->no_understanding = true;
        query->no_rules = true;
        query->match = AISLE_MATCH_ALL;
        query->as_you_type = false;
        search->without = similar.without;
    }
    return status;
}

/* Reads the text, and what of the shop's own words is in it. */
static int take_text(struct search *search, const aisle_query *query, aisle_error *error)
{
    struct aisle *catalog = search->look.catalog;
    struct bytes text = bytes_of_string(query->text == NULL ? "" : query->text);
    struct rewrite_source source = {.schema = catalog->schema,
                                    .columns = &catalog->columns,
                                    .analyser = search->look.searcher->analyser,
                                    .arena = &search->look.searcher->arena,
                                    .error = error};
    if (!utf8_valid(text, NULL)) {
        return error_set(error, AISLE_BAD_QUERY, "the query is not UTF-8");
    }
    int status = search_words_options(query, &source.options, error);
    if (status == 0) {
        status = rules_keeper_take(&catalog->rules, catalog->schema, source.analyser, &search->rules, error);
    }
    if (status == 0) {
        source.rules = search->rules->rules;
        status = take_rules(search, query, &text, error);
    }
    if (status == 0) {
        status = search_words_lexicon(search->look.searcher->snapshots, search->look.begun, source.arena,
                                      &source.words);
    }
    if (status == 0) {
        search->text = text;
        status = rewrite_new(&source, text, &search->rewrite);
    }
    search->root = status == 0 ? rewrite_root(search->rewrite) : NULL;
    return status;
}

/* What a search has found. */
struct found {
    struct query_hit *hits; /* in the arena, as groups are */
    uint32_t count;
    struct group *groups;
    uint32_t group_count;
};

/* Whether the hits are the first ones by score, which then also tell whether there are few. */
static bool is_plain(const struct search *search)
{
    return search->page.sort.count == 0 && !search->page.is_behind && !search->groups.is_wanted;
}

/*
 * How many products match, or as many as tell that they are not few: those with facets are counted by the pass over all
 * matches, once it is settled what is looked for. Fewer hits than were looked for are all there are.
 */
static int count_found(struct search *search, const aisle_query *query, uint32_t hits, uint32_t looked_for,
                       uint64_t *found)
{
    bool is_counted = !query->no_total && !pass_is_needed(&search->pass);
    bool by_hits = is_plain(search) && !query->no_hits;
    uint32_t few = rewrite_few(search->rewrite);
    *found = hits;
    if (by_hits && (query->no_total || hits < looked_for || (!is_counted && hits >= few))) {
        return 0;
    }
    if (is_counted || by_hits) {
        return query_count(&search->context, search->root, found);
    }
    const struct pass bounded = {.context = &search->context,
                                 .root = search->root,
                                 .filter = (struct filter_node *)(uintptr_t)search->context.filter,
                                 .total_bound = few};
    struct aisle_result counted = {.total = 0};
    int status = pass_run(&bounded, NULL, &counted, NULL);
    *found = counted.total;
    return status;
}

/* Whether the search is one whose answer is kept (firsts.h), and what it is known by. */
static bool is_first(const struct search *search, const aisle_query *query, struct first_key *key)
{
    const struct query_context *context = &search->context;
    if (context->words == NULL || !is_plain(search) || pass_is_needed(&search->pass) || query->no_hits ||
        query->no_total || query->explain || context->filter != NULL || context->boosts != NULL ||
        search->curate.pin_count != 0) {
        return false;
    }
    key->generations = look_generations(&search->look);
    return first_key_make(search->root, query->weights, search->now_ms, query->offset + query->limit, key);
}

/* Takes an answer that is known, if it is one that nothing would be added to. */
static bool take_first(struct search *search, const struct first_key *key, struct found *found, uint64_t *total)
{
    struct first_answer *answer = arena_alloc(search->context.arena, sizeof *answer);
    if (answer == NULL || !firsts_find(&search->look.catalog->firsts, key, answer) ||
        answer->total < rewrite_few(search->rewrite)) {
        return false;
    }
    found->hits = answer->hits;
    found->count = answer->count;
    *total = answer->total;
    return true;
}

/* Keeps an answer to what was typed, if it is whole. */
static void note_first(struct search *search, const struct first_key *key, const struct found *found, uint64_t total)
{
    const struct query_context *context = &search->context;
    if (!context->is_cut && !query_watch_stops(context->watch)) {
        firsts_note(&search->look.catalog->firsts, key, found->hits, found->count, total);
    }
}

/*
 * Settles what is looked for, what was typed or, if that is little, what may be meant; counts, and finds the best
 * products unless page_run does.
 */
static int find(struct search *search, const aisle_query *query, struct found *found, uint64_t *total)
{
    struct query_context *context = &search->context;
    uint32_t wanted = query->offset + query->limit;
    uint32_t few = rewrite_few(search->rewrite);
    bool by_hits = query->no_total || pass_is_needed(&search->pass);
    uint32_t looked_for = by_hits && few > wanted ? few : wanted;
    bool by_score = !query->no_hits && search->page.sort.count == 0;
    bool again = false;
    struct first_key first;
    const struct query_node *typed = search->root;
    bool is_kept = is_first(search, query, &first);
    int status;
    if (is_kept && take_first(search, &first, found, total)) {
        return 0;
    }
    do {
        status = rewrite_bind(search->rewrite, context, &search->root);
        if (status == 0 && !query->no_hits && is_plain(search)) {
            status = query_top(context, search->root, looked_for, &found->hits, &found->count);
        }
        bool is_asked = !(query->no_hits && query->no_total);
        if (status == 0 && is_asked) {
            status = count_found(search, query, found->count, looked_for, total);
        }
        if (status == 0 && is_asked) { /* pins are hits, but no words have found them */
            uint64_t hits = *total == 0 ? 0 : *total + search->curate.pin_count;
            status = rewrite_again(search->rewrite, context, hits, &again);
        }
        if (status == 0 && again && by_score) {
            status = runs_keep(&search->page.runs, context, search->root, found->hits, found->count, *total);
        }
    } while (status == 0 && again);
    search->filter = (struct filter_node *)(uintptr_t)context->filter; /* with what was understood */
    if (status == 0 && is_plain(search) && search->page.runs.count != 0) {
        status = runs_join(&search->page.runs, context, NULL, 0, wanted, &found->hits, &found->count);
    }
    found->count = found->count < wanted ? found->count : wanted;
    if (status == 0 && is_kept && search->root == typed) {
        note_first(search, &first, found, *total);
    }
    *total = query->no_total ? 0 : *total + search->curate.pin_count;
    return status;
}

/* Tells what was done with the words. */
static int report_words(struct search *search, struct aisle_result *result)
{
    struct rewrite_report report;
    int status = rewrite_finish(search->rewrite, &search->context, &report);
    return status == 0 ? search_words_report(&report, result) : status;
}

/* From when on a search is to stop, if ever. */
static void take_watch(struct search *search, const aisle_query *query, uint64_t start_us)
{
    uint64_t deadline_ns = query->deadline_ms == 0 ? 0 : start_us * 1000 + (uint64_t)query->deadline_ms * 1000000;
    query_watch_init(&search->watch, deadline_ns, query->work,
                     query->token == NULL ? NULL : &query->token->is_cancelled);
    if (deadline_ns != 0 || query->work != 0 || query->token != NULL) {
        search->context.watch = &search->watch;
    }
}

/* What a watch has ended is told. */
static int tell_watch(const struct search *search, struct aisle_result *result, aisle_error *error)
{
    int state = atomic_load_explicit(&search->watch.state, memory_order_relaxed);
    if (state == WATCH_CANCELLED) {
        return error_set(error, AISLE_CANCELLED, "the search was cancelled");
    }
    result->is_partial = state == WATCH_PARTIAL;
    result->total_is_exact = result->total_is_exact && !result->is_partial;
    return 0;
}

/* The value of a group as a facet shows it. */
static int put_group_value(struct search *search, const struct query_hit *hit, struct result_slice *slice,
                           struct aisle_result *result)
{
    const struct query_segment *in = &search->context.segments[hit->segment];
    const struct field *field = &search->look.catalog->schema->fields[search->groups.field];
    int64_t number;
    int status = segment_state_column(in->segment, in->state, search->groups.field, hit->document, &number);
    if (status != 0 || number == COLUMN_MISSING) {
        return status == AISLE_END ? AISLE_CORRUPT : status;
    }
    if (field->type == FIELD_KEYWORD || field->type == FIELD_PATH) {
        struct values_cursor cursor;
        status = values_seek(&cursor, &in->segment->values[search->groups.field], (uint32_t)number);
        *slice = status == 0 ? result_put(result, cursor.shown) : *slice;
        return status == 0 ? 0 : AISLE_CORRUPT;
    }
    slice->start = result->bytes.size;
    status = product_value_print(field, number, &result->bytes);
    slice->size = result->bytes.size - slice->start;
    if (field->type == FIELD_DATE && slice->size >= 2) { /* without its quotes */
        slice->start++;
        slice->size -= 2;
    }
    return status;
}

/*
 * Finds the hits of a page that is none of the first ones by score, for what find has settled to look for: of rest,
 * which has no pinned products, or groups of all.
 */
static int find_page(struct search *search, const aisle_query *query, const struct pass *rest,
                     struct aisle_result *result, struct found *found, aisle_error *error)
{
    if (search->groups.is_wanted) {
        search->context.filter = search->pass.filter;
        return groups_run(&search->groups, &search->page, &search->pass, query->offset, query->limit,
                          !query->no_total, &found->groups, &found->group_count, error);
    }
    return page_run(&search->page, rest, query->offset + query->limit, result, &found->hits, &found->count, error);
}

static int put_groups(struct search *search, const aisle_query *query, const struct found *found,
                      struct aisle_result *result)
{
    int status = result_make_groups(result, found->group_count);
    for (uint32_t i = 0; i < found->group_count && status == 0; i++) {
        const struct group *group = &found->groups[i];
        result->groups[i] = (struct result_group){
            .first = result->hit_count, .count = group->hit_count, .products = group->products};
        status = put_group_value(search, &group->hits[0], &result->groups[i].value, result);
        for (uint32_t k = 0; k < group->hit_count && status == 0; k++) {
            status = put_hit(search, &group->hits[k], query, result);
        }
    }
    return status;
}

/* Asks memory for hits' ids together, and the order key of last (NULL: none): else each would be waited for twice. */
static void look_ahead(const struct search *search, const struct query_hit *hits, uint32_t count,
                       const struct query_hit *last)
{
    const struct query_segment *segments = search->context.segments;
    for (uint32_t i = 0; i < count; i++) {
        ids_ahead(&segments[hits[i].segment].segment->ids, hits[i].document, IDS_AHEAD_PLACE);
    }
    if (last != NULL) {
        column_keys_ahead(&segments[last->segment].segment->order, last->document, COLUMN_AHEAD_PLACE);
    }
    for (uint32_t i = 0; i < count; i++) {
        ids_ahead(&segments[hits[i].segment].segment->ids, hits[i].document, IDS_AHEAD_BLOCK);
    }
    if (last != NULL) {
        column_keys_ahead(&segments[last->segment].segment->order, last->document, COLUMN_AHEAD_PAGE);
    }
}

/* Takes the hash of the id that the hit put last was given, for its place in the order. */
static void name_last(const struct aisle_result *result, struct query_hit *hit)
{
    struct result_slice id = result->hits[result->hit_count - 1].id;
    hit->id_hash = hash_bytes(result->bytes.data + id.start, id.size);
    hit->named = true;
}

/* Hits that come first in the document order of page, or by score, with those that rules have put among them. */
static int place_hits(struct search *search, const aisle_query *query, struct found *found, struct page_before *before,
                      struct query_hit **last)
{
    uint32_t wanted = query->offset + query->limit;
    *before = search->page.is_behind ? search->page.place.before : (struct page_before){.hits = 0};
    if (search->curate.pin_count == 0 || query->no_hits) {
        before->hits += found->count;
        *last = found->count == 0 ? NULL : &found->hits[found->count - 1];
        return 0;
    }
    return curate_place(&search->curate, search->context.arena, found->hits, found->count, wanted, before,
                        &found->hits, &found->count, last);
}

/* The bytes of what was found, and the cursor of what comes behind. */
static int put_found(struct search *search, const aisle_query *query, struct found *found, struct aisle_result *result)
{
    struct page_before before;
    struct query_hit *last = NULL;
    int status = 0;
    if (query->highlight_count != 0) { /* the words that were searched for in the end */
        status = highlight_collect(search->root, search->look.catalog->schema, &search->look.searcher->arena,
                                   &search->highlights.words);
    }
    result->highlight_count = query->highlight_count;
    if (status == 0 && search->groups.is_wanted) {
        return put_groups(search, query, found, result);
    }
    status = status == 0 ? place_hits(search, query, found, &before, &last) : status;
    bool is_full = found->count == query->offset + query->limit;
    for (uint32_t i = query->offset; i < found->count && status == 0; i++) {
        if ((i - query->offset) % HITS_AHEAD == 0) {
            uint32_t left = found->count - i;
            look_ahead(search, found->hits + i, left < HITS_AHEAD ? left : HITS_AHEAD, is_full ? last : NULL);
        }
        status = put_hit(search, &found->hits[i], query, result);
    }
    if (status == 0 && is_full) {
        if (last == &found->hits[found->count - 1]) {
            name_last(result, last);
        }
        status = page_put_cursor(&search->page, &search->context, search->now_ms, &before, last, result);
    }
    return status;
}

static int run(struct search *search, const aisle_query *query, struct aisle_result *result, aisle_error *error)
{
    struct found found = {.count = 0};
    search->context.unpriced = query->no_hits;
    search->context.signals = &search->signals;
    search->context.crew = search->look.catalog->crew;
    search->context.crew_postings = search->look.catalog->crew_postings;
    int status = find(search, query, &found, &result->total);
    bool is_sorted = search->page.sort.count != 0 && !search->groups.is_wanted && !query->no_hits;
    result->total_is_exact = !query->no_total;
    search->pass.context = &search->context;
    search->pass.root = search->root;
    search->pass.filter = search->filter;
    struct pass rest = search->pass;
    if (search->curate.pin_count != 0) { /* are counted, but not sorted */
        rest.facet_count = 0;
        rest.total_bound = 0;
        is_sorted = false;
        status = status == 0 ? curate_pass(&search->curate, &search->pass) : status;
    }
    bool counts_first = search->groups.by_count && !query->no_hits;
    if (status == 0 && counts_first) {
        status = pass_run(&search->pass, NULL, result, error);
    }
    if (status == 0 && !query->no_hits && !is_plain(search)) {
        status = find_page(search, query, &rest, result, &found, error);
    }
    if (status == 0 && pass_is_needed(&search->pass) && !is_sorted && !counts_first) { /* a sorted page has done so */
        status = pass_run(&search->pass, NULL, result, error);
    }
    result->total_is_exact = result->total_is_exact && !search->context.is_cut;
    status = status == 0 ? report_words(search, result) : status;
    status = status == 0 ? curate_report(&search->curate, result) : status;
    status = status == 0 ? put_found(search, query, &found, result) : status;
    return status == 0 && search->context.watch != NULL ? tell_watch(search, result, error) : status;
}

/* Finds the products that rules name, and those whose title, part number or id was typed. */
static int take_products(struct search *search, const aisle_query *query)
{
    struct bytes text = search->text;
    bool first = search->exact_weight != 0 && (query->sort == NULL || query->sort[0] == '\0');
    int status = 0;
    if (search->exact_weight != 0) {
        status = search_words_typed(&search->typed, search->look.catalog->schema, search->look.searcher->analyser,
                                    text, search->context.arena);
        status = status == 0 ? exact_find(&search->look, &search->context, search->shard_of, text,
                                          &search->typed.words, search->exact_weight, &search->boosts)
                             : status;
    }
    text = first && exact_may_be_id(search->look.catalog->schema, text) ? text : bytes_of(NULL, 0);
    return status == 0 ? curate_apply(&search->curate, &search->look, &search->context, search->filter, text,
                                      &search->boosts)
                       : status;
}

/* Ends the search; an answer goes where the caller wants it, and the one that was there waits for the next. */
static int finish(struct search *search, int status, uint64_t start_us, struct aisle_result *result,
                  aisle_result **inout)
{
    highlights_release(&search->highlights);
    if (status == 0) {
        searcher_set_aside(search->look.searcher, *inout);
        *inout = result;
    }
    end(search);
    if (status != 0) {
        aisle_result_free(result);
        return status;
    }
    result->took_us = clock_monotonic_us() - start_us;
    return 0;
}

/* Fills error for a failure that says no more than its status; for damage, with the place if it is known. */
static int tell(const struct search *search, int status, const char *what, aisle_error *error)
{
    const struct aisle *catalog = search->look.catalog;
    struct extent_fault fault;
    status = look_status(&search->look, status);
    bool known = status == AISLE_CORRUPT && extent_fault_take(&fault);
    for (uint32_t i = 0; i < search->look.begun && known; i++) {
        const struct shard_snapshot *snapshot = &search->look.searcher->snapshots[i];
        for (uint32_t s = 0; s < snapshot->view->manifest.segment_count; s++) {
            unsigned component;
            if (segment_has_fault(snapshot->view->segments[s], &fault, &component)) {
                return error_set(error, status, "%s: damage in shard %u, segment %u, component %u at %llu (%s)", what,
                                 (unsigned)(snapshot->shard - catalog->shards),
                                 snapshot->view->manifest.segments[s].id, component, (unsigned long long)fault.offset,
                                 catalog->path);
            }
        }
    }
    return error_set(error, status, "%s: %s (%s)", what, aisle_error_text(status), catalog->path);
}

/* Fills error for a failure that nobody has told; what marks and products come to is nobody else's to tell. */
static int tell_rest(const struct search *search, int status, aisle_error *error)
{
    status = look_status(&search->look, status);
    if (error == NULL || error->code == status) {
        return status;
    }
    return status == AISLE_LIMIT ? error_set(error, status, "the answer is larger than %u MiB: ask for fewer hits, "
                                             "fewer of their fields, or shorter marks", LIMIT_RESULT_BYTES >> 20)
                                 : tell(search, status, "the search failed", error);
}

int aisle_search(aisle *catalog, const aisle_query *given, aisle_result **inout, aisle_error *error)
{
    uint64_t start_us = clock_monotonic_us();
    aisle_query query;
    struct search search;
    struct aisle_result *result = NULL;
    int status = query_options_take(given, &query, error);
    if (status != 0) {
        return status;
    }
    if (error != NULL) {
        error->code = 0; /* of another call */
    }
    status = begin(&search, catalog, 0, catalog->shard_count, error);
    if (status == 0) {
        status = take_like(&search, &query, error);
    }
    if (status == 0) {
        status = take_filter(&search, &query, error);
    }
    if (status == 0) {
        status = take_signals(&search, &query, error);
    }
    status = status == 0 ? look_gather(&search.look, &search.context, &search.shard_of) : status;
    if (status == 0) {
        status = take_text(&search, &query, error);
    }
    if (status == 0) {
        query_ahead(&search.context, search.root);
        status = highlights_init(&search.highlights, &query, catalog->schema, search.look.searcher->analyser,
                                 &search.look.searcher->arena, search.root, error);
    }
    if (status == 0) {
        status = searcher_result(search.look.searcher, &result);
        query_ahead(&search.context, search.root); /* some time later */
        status = status == 0 ? take_products(&search, &query) : status;
        search.context.filter = search.curate.rest;
        search.context.boosts = search.boosts.count == 0 ? NULL : &search.boosts;
        take_watch(&search, &query, start_us);
        status = status != 0 ? status : run(&search, &query, result, error);
        if (status != 0 && status != AISLE_CANCELLED && status != AISLE_LIMIT && status != AISLE_BAD_QUERY) {
            status = tell(&search, status, "the search failed", error);
        }
    }
    status = status == 0 ? 0 : tell_rest(&search, status, error);
    return finish(&search, status, start_us, result, inout);
}

static int get_product(struct search *search, struct bytes id, uint64_t id_hash, bool original,
                       struct aisle_result *result)
{
    const struct shard_snapshot *snapshot = NULL;
    uint32_t segment;
    uint32_t document;
    int status = AISLE_END;
    for (uint32_t i = 0; i < search->look.begun && status == AISLE_END; i++) {
        snapshot = &search->look.searcher->snapshots[i];
        status = shard_find(snapshot, id, id_hash, &segment, &document);
    }
    struct result_hit *added = status == 0 ? result_add(result) : NULL;
    if (status != 0 || added == NULL) {
        return status == AISLE_END ? AISLE_NOT_FOUND : status != 0 ? status : AISLE_NO_MEMORY;
    }
    struct segment_state state;
    shard_state(snapshot, segment, &state);
    struct query_segment in = {.segment = snapshot->view->segments[segment], .state = &state};
    added->id = result_put(result, id);
    struct buf product;
    buf_init(&product, LIMIT_PRODUCT_BYTES * 2);
    status = read_product(search, snapshot, &in, document, original, &product);
    if (status == 0) {
        added->product = result_put(result, buf_bytes(&product));
    }
    buf_release(&product);
    result->total = 1;
    result->total_is_exact = true;
    return status != 0 ? status : buf_status(&result->bytes);
}

int aisle_get(aisle *catalog, aisle_bytes id, bool original, aisle_result **inout, aisle_error *error)
{
    uint64_t start_us = clock_monotonic_us();
    struct search search;
    struct aisle_result *result = NULL;
    uint64_t id_hash = hash_bytes(id.data, id.size);
    bool any = route_by_field(catalog);
    int status = any ? begin(&search, catalog, 0, catalog->shard_count, error)
                     : begin(&search, catalog, catalog_shard_of(catalog, id_hash), 1, error);
    if (status == 0) {
        status = searcher_result(search.look.searcher, &result);
        status = status != 0 ? status : get_product(&search, bytes_of(id.data, id.size), id_hash, original, result);
        if (status == AISLE_NOT_FOUND) {
            int shown = id.size > 64 ? 64 : (int)id.size;
            error_set(error, status, "no product has the id \"%.*s\"", shown, id.data);
        } else if (status != 0) {
            status = tell(&search, status, "the product cannot be read", error);
        }
    }
    return finish(&search, status, start_us, result, inout);
}
