/*
 * suggest.c - aisle_suggest: completions of all parts of all shards, each of which still leads to a product.
 *
 * Whatever is to be suggested is searched for first, as if it had been typed, until one living product is found: parts
 * know nothing of what was deleted since they were made. That work is bounded; past the bound what was not looked at
 * is left out, and the answer says so.
 */
#include "index/look.h"
#include "index/parts_suggest.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "query/query.h"

#define SUGGESTIONS_DEFAULT 10u
#define BYTES_MAX ((size_t)LIMIT_SUGGESTIONS * SUGGEST_SHOWN_BYTES)

/* Of the heap, for searches one after the other. */
#define ARENA_KEPT ((size_t)4 << 20)

/* Dead products that are passed over, and suggestions without products. */
#define DEAD_STEPS 4096u
#define DEAD_SUGGESTIONS 256u

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
};

static int begin(struct asking *asking, struct aisle *catalog, struct aisle_suggestions *out, aisle_error *error)
{
    *asking = (struct asking){.out = out, .dead_steps = DEAD_STEPS, .dead_left = DEAD_SUGGESTIONS};
    return look_begin(&asking->look, catalog, 0, catalog->shard_count, "suggesting", error);
}

static int gather_segments(struct asking *asking)
{
    int status = look_gather(&asking->look, &asking->context, NULL);
    asking->context.unpriced = true;
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

/* Whether a search for the text finds a product. */
static int leads_somewhere(struct asking *asking, struct bytes text, bool *leads)
{
    struct arena *arena = &asking->look.searcher->arena;
    struct arena_mark mark = arena_mark(arena);
    struct query_node *root = NULL;
    *leads = false;
    int parsed = query_parse(text, asking->look.catalog->schema, asking->look.searcher->analyser, arena, &root, NULL);
    int status = parsed == AISLE_BAD_QUERY || parsed == AISLE_LIMIT ? 0 : parsed; /* no query: not suggested */
    if (parsed == 0) {
        status = query_bind(&asking->context, root);
        status = status != 0 ? status : query_exists(&asking->context, root, &asking->dead_steps, leads);
    }
    if (arena->total_bytes > ARENA_KEPT) { /* going back gives chunks away, which the next call would ask for again */
        arena_rewind(arena, mark);
    }
    return status;
}

static int put(struct aisle_suggestions *out, const struct suggest_found *found)
{
    struct suggestion_held *held = &out->held[out->count++];
    *held = (struct suggestion_held){.start = out->bytes.size,
                                     .size = found->shown.size,
                                     .weight = (double)found->units / (1 << 13),
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
        status = status != 0 ? status : leads_somewhere(asking, found.shown, &leads);
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
