/*
 * page.c - pages by score from the pruned search, sorted ones from a walk.
 *
 * Thread rule: as the search.
 */
#include "index/page.h"

#include "base/hash.h"

/* Texts and their lengths, so that no two queries run into one another. */
static uint64_t hash_text(uint64_t seed, struct bytes text)
{
    return hash_bytes_seeded(text.data, text.size, seed + text.size * UINT64_C(0x9e3779b97f4a7c15));
}

static uint64_t hash_string(uint64_t seed, const char *text)
{
    return hash_text(seed, bytes_of_string(text == NULL ? "" : text));
}

static uint64_t hash_typos(uint64_t seed, const aisle_typos *typos)
{
    aisle_typos taken = {.size = sizeof taken};
    if (typos == NULL || typos->size > sizeof taken) { /* which search_words_options refuses */
        return seed;
    }
    memcpy(&taken, typos, typos->size);
    const uint64_t words[] = {taken.max_edits, taken.fixed_prefix, taken.max_expansions,
                              taken.digits,    taken.one_from,     taken.two_from};
    return hash_string(hash_bytes_seeded(words, sizeof words, seed), taken.exact_words);
}

static uint64_t hash_asked(const struct page *page, const struct schema *schema, const aisle_query *query)
{
    /* What others are to be like is asked by its id: its words change with every commit. */
    uint64_t hash = query->like == NULL ? hash_string(schema->print, query->text)
                                        : hash_string(~schema->print, query->like);
    hash = hash_string(hash, query->filter);
    hash = hash_string(hash, query->weights);
    hash = hash_string(hash, query->contexts);
    for (size_t i = 0; i < query->affinity_count; i++) {
        hash = hash_string(hash, query->affinities[i]);
    }
    for (uint32_t i = 0; i < page->sort.count; i++) {
        const struct sort_part *part = &page->sort.parts[i];
        const uint8_t bytes[] = {part->field, part->is_score, part->descending};
        hash = hash_text(hash, bytes_of(bytes, sizeof bytes));
    }
    const uint64_t words[] = {(uint64_t)query->match, query->as_you_type, query->no_typos, query->no_synonyms,
                              query->no_stop_words,   query->few,         query->no_understanding,
                              query->no_rules};
    hash = hash_bytes_seeded(words, sizeof words, hash);
    hash = hash_typos(hash, query->typos);
    for (size_t i = 0; i < query->param_count; i++) {
        hash = hash_string(hash, query->params[i].name);
        for (size_t k = 0; k < query->params[i].value_count; k++) {
            hash = hash_text(hash, bytes_of(query->params[i].values[k].data, query->params[i].values[k].size));
        }
    }
    return hash;
}

int page_take(struct page *page, const aisle_query *query, const struct filter_source *source, aisle_error *error)
{
    int status = 0;
    if (query->sort != NULL && query->sort[0] != '\0') {
        status = sort_parse(bytes_of_string(query->sort), source, &page->sort, error);
    }
    page->is_behind = status == 0 && query->after != NULL && query->after[0] != '\0';
    if (page->is_behind || (status == 0 && !query->no_hits)) { /* for the cursor that was given or will be */
        page->asked = hash_asked(page, source->schema, query);
    }
    if (!page->is_behind) {
        return status;
    }
    status = page_token_read(bytes_of_string(query->after), page->asked, source->arena, &page->place, error);
    if (status == 0 && !page->place.is_first && page->place.value_count != page->sort.count) {
        return error_set(error, AISLE_BAD_QUERY, "after: expected the cursor of an answer, as it was given");
    }
    return status;
}

/* Whether it begins behind a hit, and not only behind pinned ones. */
static bool has_place(const struct page *page)
{
    return page->is_behind && !page->place.is_first;
}

/* Finds the place that the page begins behind in the segments of now. */
static int find_place(struct page *page, struct query_context *context)
{
    if (!has_place(page)) {
        return 0;
    }
    page->after = (struct query_after){
        .score = page->place.score, .order = page->place.order, .id_hash = page->place.id_hash};
    int status = query_after_init(&page->after, context);
    page->sort_after.place = &page->after;
    memcpy(page->sort_after.values, page->place.values, sizeof page->place.values);
    return status;
}

static int run_sorted(struct page *page, const struct pass *pass, uint32_t count, struct aisle_result *result,
                      struct sorter **sorter, aisle_error *error)
{
    int status = sorter_new(pass->context, pass->root, &page->sort, count, has_place(page) ? &page->sort_after : NULL,
                            sorter, error);
    if (status != 0 || pass_is_needed(pass)) {
        return status != 0 ? status : pass_run(pass, *sorter, result, error);
    }
    const struct walk walk = {.root = pass->root, .filter = pass->filter};
    const struct walk_visitor visitor = sorter_visitor(*sorter);
    return query_walk(pass->context, &walk, &visitor);
}

/* Behind a place in an earlier run stands all that the last run finds besides. */
static int run_by_score(struct page *page, const struct pass *pass, uint32_t count, struct query_hit **hits,
                        uint32_t *hit_count)
{
    struct runs *runs = &page->runs;
    uint32_t run = page->place.run < runs->count ? page->place.run : runs->count;
    bool is_behind = has_place(page);
    pass->context->after = is_behind && run == runs->count ? &page->after : NULL;
    if (pass->root->kind == QUERY_ALL) {
        query_keep_filter(pass->context); /* for the pass that counts */
    }
    int status = query_top(pass->context, pass->root, count + runs->hit_count, hits, hit_count);
    if (status == 0 && runs->count != 0) {
        status = runs_join(runs, pass->context, is_behind ? &page->after : NULL, run, count, hits, hit_count);
    }
    return status;
}

int page_run(struct page *page, const struct pass *pass, uint32_t count, struct aisle_result *result,
             struct query_hit **hits, uint32_t *hit_count, aisle_error *error)
{
    struct sorter *sorter;
    int status = find_place(page, pass->context);
    if (status == 0 && page->sort.count == 0) {
        return run_by_score(page, pass, count, hits, hit_count);
    }
    status = status == 0 ? run_sorted(page, pass, count, result, &sorter, error) : status;
    return status == 0 ? sorter_hits(sorter, hits, hit_count) : status;
}

int page_best(struct page *page, const struct pass *pass, struct filter_node *filter, uint32_t count,
              struct query_hit **hits, uint32_t *hit_count, aisle_error *error)
{
    struct sorter *sorter;
    if (page->sort.count == 0) {
        pass->context->filter = filter;
        int status = runs_top(&page->runs, pass->context, pass->root, count, hits, hit_count);
        pass->context->filter = pass->filter;
        return status;
    }
    int status = sorter_new(pass->context, pass->root, &page->sort, count, NULL, &sorter, error);
    if (status == 0) {
        const struct walk walk = {.root = pass->root, .filter = filter};
        const struct walk_visitor visitor = sorter_visitor(sorter);
        status = query_walk(pass->context, &walk, &visitor);
    }
    return status == 0 ? sorter_hits(sorter, hits, hit_count) : status;
}

int page_put_cursor(const struct page *page, const struct query_context *context, int64_t now_ms,
                    const struct page_before *before, struct query_hit *last, struct aisle_result *result)
{
    struct page_place place = page->place; /* still that of the page before when all of this one is pinned */
    int status = 0;
    place.is_first = last == NULL && (!page->is_behind || page->place.is_first);
    if (last != NULL) {
        place.run = last->run;
        place.score = last->score;
        place.value_count = page->sort.count;
        status = query_hit_place(context, last);
        status = status == 0 ? sort_values(context, &page->sort, last, place.values) : status;
        place.order = last->order;
        place.id_hash = last->id_hash;
    }
    place.now_ms = now_ms;
    place.before = *before;
    if (status == 0) {
        result->cursor.start = result->bytes.size;
        page_token_write(&place, page->asked, &result->bytes);
        result->cursor.size = result->bytes.size - result->cursor.start;
        status = buf_status(&result->bytes);
    }
    return status;
}
