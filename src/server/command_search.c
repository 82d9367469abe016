/*
 * command_search.c - AISLE.SEARCH and AISLE.MSEARCH: the answer of a search.
 *
 * The keys are those of `aisle search --json`. Runs on the pool.
 */
#include "server/command.h"
#include "server/product.h"
#include "server/search.h"

static struct bytes bytes_from(aisle_bytes text)
{
    return bytes_of(text.data, text.size);
}

/* The product, cut to the fields that were asked for. */
static void put_product(struct call *call, const struct search *search, struct bytes product)
{
    if (!search->cuts) {
        reply_bulk(&call->reply, product);
        return;
    }
    struct buf cut;
    buf_init(&cut, LIMIT_SERVER_REPLY_BYTES);
    product_cut(product, search->returns, search->return_count, &cut);
    reply_bulk(&call->reply, buf_bytes(&cut));
    if (buf_status(&cut) != 0 && buf_status(call->reply.out) == 0) {
        call->reply.out->status = buf_status(&cut);
    }
    buf_release(&cut);
}

/* The fields with the query's words marked, those that the product has. */
static void put_highlights(struct call *call, const struct search *search, size_t hit)
{
    const struct reply *reply = &call->reply;
    const aisle_result *result = call->worker->result;
    aisle_highlight highlight;
    size_t count = 0;
    for (size_t i = 0; aisle_result_highlight(result, hit, i, &highlight) == 0; i++) {
        count += highlight.text.size > 0;
    }
    reply_key(reply, "highlight");
    reply_map(reply, count);
    for (size_t i = 0; aisle_result_highlight(result, hit, i, &highlight) == 0; i++) {
        if (highlight.text.size > 0) {
            reply_key(reply, search->query.highlight[i]);
            reply_bulk(reply, bytes_from(highlight.text));
        }
    }
}

static void put_hit(struct call *call, const struct search *search, size_t i, const aisle_hit *hit)
{
    const struct reply *reply = &call->reply;
    bool with_product = !search->query.no_products;
    bool with_explanation = hit->explanation.size > 0;
    bool with_highlight = search->query.highlight_count > 0;
    bool is_pinned = aisle_result_pinned(call->worker->result, i);
    reply_map(reply, 2 + (size_t)with_product + (size_t)with_explanation + (size_t)with_highlight + (size_t)is_pinned);
    reply_key(reply, "id");
    reply_bulk(reply, bytes_from(hit->id));
    reply_key(reply, "score");
    reply_double(reply, hit->score);
    if (is_pinned) {
        reply_key(reply, "pinned");
        reply_bool(reply, true);
    }
    if (with_product) {
        reply_key(reply, "product");
        put_product(call, search, bytes_from(hit->product));
    }
    if (with_explanation) {
        reply_key(reply, "explanation");
        reply_bulk(reply, bytes_from(hit->explanation));
    }
    if (with_highlight) {
        put_highlights(call, search, i);
    }
}

static void put_pair(const struct reply *reply, const char *name, aisle_bytes text)
{
    reply_key(reply, name);
    reply_bulk(reply, bytes_from(text));
}

/* The member of the answer that a note stands in. */
static const char *member_of(const aisle_note *note)
{
    switch (note->kind) {
    case AISLE_NOTE_DROPPED:
    case AISLE_NOTE_EITHER:
        return "relaxed";
    case AISLE_NOTE_UNDERSTOOD:
        return "understood";
    default:
        return "words";
    }
}

static size_t count_notes(const aisle_result *result, const char *member)
{
    aisle_note note;
    size_t count = 0;
    for (size_t i = 0; aisle_result_note(result, i, &note) == 0; i++) {
        count += strcmp(member_of(&note), member) == 0;
    }
    return count;
}

/* What was done with words, of one member; nothing when nothing was. */
static void put_notes(struct call *call, const char *member)
{
    const struct reply *reply = &call->reply;
    size_t count = count_notes(call->worker->result, member);
    aisle_note note;
    if (count == 0) {
        return;
    }
    reply_key(reply, member);
    reply_array(reply, count);
    for (size_t i = 0; aisle_result_note(call->worker->result, i, &note) == 0; i++) {
        if (strcmp(member_of(&note), member) != 0) {
            continue;
        }
        reply_map(reply, note.used.size == 0 ? 2 : 3);
        reply_key(reply, "by");
        reply_text(reply, aisle_note_name(note.kind));
        put_pair(reply, "typed", note.typed);
        if (note.used.size != 0) {
            put_pair(reply, "used", note.used);
        }
    }
}

static const char *const members[] = {"words", "understood", "relaxed"};
#define MEMBER_COUNT (sizeof members / sizeof members[0])

/* How many keys put_words writes. */
static size_t count_words(const aisle_result *result)
{
    size_t count = aisle_result_corrected(result).size != 0;
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        count += count_notes(result, members[i]) > 0;
    }
    return count;
}

static void put_words(struct call *call)
{
    aisle_bytes corrected = aisle_result_corrected(call->worker->result);
    if (corrected.size != 0) {
        reply_key(&call->reply, "corrected");
        reply_bulk(&call->reply, bytes_from(corrected));
    }
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        put_notes(call, members[i]);
    }
}

static void put_stats(const struct reply *reply, const aisle_facet *facet)
{
    reply_key(reply, "stats");
    reply_map(reply, facet->sum.size != 0 ? 4 : 3);
    put_pair(reply, "min", facet->min);
    put_pair(reply, "max", facet->max);
    if (facet->sum.size != 0) {
        put_pair(reply, "sum", facet->sum);
    }
    reply_key(reply, "mean");
    reply_double(reply, facet->mean);
}

static void put_facet(const struct reply *reply, const aisle_result *result, size_t i, const aisle_facet *facet)
{
    aisle_facet_value value;
    reply_map(reply, facet->min.size != 0 ? 7 : 6);
    put_pair(reply, "field", facet->field);
    reply_key(reply, "distinct");
    reply_unsigned(reply, facet->distinct);
    reply_key(reply, "products");
    reply_unsigned(reply, facet->products);
    reply_key(reply, "missing");
    reply_unsigned(reply, facet->missing);
    reply_key(reply, "sampled");
    reply_bool(reply, facet->sampled);
    if (facet->min.size != 0) {
        put_stats(reply, facet);
    }
    reply_key(reply, "values");
    reply_array(reply, facet->value_count);
    for (size_t k = 0; aisle_result_facet_value(result, i, k, &value) == 0; k++) {
        reply_map(reply, 2 + (size_t)(value.from.size != 0) + (size_t)(value.to.size != 0));
        put_pair(reply, "value", value.value);
        if (value.from.size != 0) {
            put_pair(reply, "from", value.from);
        }
        if (value.to.size != 0) {
            put_pair(reply, "to", value.to);
        }
        reply_key(reply, "count");
        reply_unsigned(reply, value.count);
    }
}

static void put_facets(struct call *call, const struct search *search)
{
    aisle_facet facet;
    reply_key(&call->reply, "facets");
    reply_array(&call->reply, search->query.facet_count);
    for (size_t i = 0; aisle_result_facet(call->worker->result, i, &facet) == 0; i++) {
        put_facet(&call->reply, call->worker->result, i, &facet);
    }
}

static void put_groups(struct call *call)
{
    const struct reply *reply = &call->reply;
    const aisle_result *result = call->worker->result;
    aisle_group group;
    size_t count = 0;
    while (aisle_result_group(result, count, &group) == 0) {
        count++;
    }
    reply_key(reply, "groups");
    reply_array(reply, count);
    for (size_t i = 0; aisle_result_group(result, i, &group) == 0; i++) {
        reply_map(reply, 4);
        put_pair(reply, "value", group.value);
        reply_key(reply, "first_hit");
        reply_unsigned(reply, group.first_hit);
        reply_key(reply, "hits");
        reply_unsigned(reply, group.hit_count);
        reply_key(reply, "products");
        reply_unsigned(reply, group.products);
    }
    reply_key(reply, "group_total");
    reply_unsigned(reply, aisle_result_groups(result));
}

/* Room for the hits and what stands around them, so that the answer does not grow step by step. */
static void reserve(const struct reply *reply, const struct search *search, const aisle_result *result)
{
    enum { AROUND = 64 }; /* the names of a hit's values, and theirs before them */
    size_t bytes = AROUND;
    aisle_hit hit;
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        bytes += hit.id.size + AROUND + (search->cuts ? 0 : hit.product.size);
    }
    reply_reserve(reply, bytes);
}

/* The rules that were applied; nothing when none was. */
static void put_rules(struct call *call, size_t count)
{
    aisle_bytes id;
    if (count == 0) {
        return;
    }
    reply_key(&call->reply, "rules");
    reply_array(&call->reply, count);
    for (size_t i = 0; aisle_result_rule(call->worker->result, i, &id) == 0; i++) {
        reply_bulk(&call->reply, bytes_from(id));
    }
}

static size_t count_rules(const aisle_result *result)
{
    aisle_bytes id;
    size_t count = 0;
    while (aisle_result_rule(result, count, &id) == 0) {
        count++;
    }
    return count;
}

static void put_result(struct call *call, const struct search *search)
{
    const struct reply *reply = &call->reply;
    const aisle_result *result = call->worker->result;
    aisle_hit hit;
    bool exact = false;
    uint64_t total = aisle_result_total(result, &exact);
    bool partial = aisle_result_partial(result);
    bool grouped = search->query.group_by != NULL && search->query.group_by[0] != '\0';
    aisle_bytes cursor = aisle_result_cursor(result);
    reserve(reply, search, result);
    size_t rules = count_rules(result);
    reply_map(reply, 4 + count_words(result) + (rules > 0) + (size_t)partial + (grouped ? 2 : 0) +
                         (search->query.facet_count > 0) + (cursor.size > 0));
    reply_key(reply, "total");
    reply_unsigned(reply, total);
    reply_key(reply, "total_is_exact");
    reply_bool(reply, exact);
    reply_key(reply, "took_us");
    reply_unsigned(reply, aisle_result_took_us(result));
    if (partial) {
        reply_key(reply, "partial");
        reply_bool(reply, true);
    }
    put_words(call);
    put_rules(call, rules);
    reply_key(reply, "hits");
    reply_array(reply, aisle_result_count(result));
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        put_hit(call, search, i, &hit);
    }
    if (grouped) {
        put_groups(call);
    }
    if (search->query.facet_count > 0) {
        put_facets(call, search);
    }
    if (cursor.size > 0) {
        put_pair(reply, "cursor", cursor);
    }
}

static void search_one(struct call *call, struct arguments *arguments)
{
    struct search search;
    aisle_error error = {0};
    int status = search_parse(call->request->set, arguments, &call->worker->arena, &search, &error);
    if (status == 0 && !search_in_time(call, search.deadline_ms)) {
        return;
    }
    status = status != 0 ? status : search_run(call, &search, &error);
    if (call->is_given_up) {
        return;
    }
    if (status != 0) {
        call_fail_at(call, &error);
    } else {
        put_result(call, &search);
    }
}

void command_search(struct call *call)
{
    struct arguments arguments = {.items = call->arguments + 1, .count = call->count - 1, .base = 1};
    search_one(call, &arguments);
}

struct bytes command_search_explanation(struct call *call)
{
    struct arguments arguments = {.items = call->arguments + 1, .count = call->count - 1, .base = 1};
    struct search search;
    aisle_hit hit;
    arena_reset(&call->worker->arena);
    if (search_parse(call->request->set, &arguments, &call->worker->arena, &search, NULL) != 0) {
        return bytes_of(NULL, 0);
    }
    search.query.explain = true;
    search.query.no_total = true;
    search.query.no_products = true;
    search.query.limit = 1;
    if (search_run(call, &search, NULL) != 0 || aisle_result_hit(call->worker->result, 0, &hit) != 0) {
        return bytes_of(NULL, 0);
    }
    return bytes_from(hit.explanation);
}

/* The searches of one request: each a count of its arguments, and they. *count: how many there are. */
static int check_parts(const struct call *call, uint32_t *count, aisle_error *error)
{
    struct arguments arguments = {.items = call->arguments + 1, .count = call->count - 1, .base = 1};
    int status = 0;
    for (*count = 0; status == 0 && arguments_left(&arguments); ++*count) {
        const struct bytes *part = NULL;
        uint32_t size = 0;
        status = arguments_list(&arguments, "the count before a search", &part, &size, error);
    }
    return status;
}

void command_msearch(struct call *call)
{
    struct arguments all = {.items = call->arguments + 1, .count = call->count - 1, .base = 1};
    aisle_error error = {0};
    uint32_t count = 0;
    if (check_parts(call, &count, &error) != 0) {
        call_fail_as(call, &error);
        return;
    }
    reply_array(&call->reply, count);
    bool failed = false;
    while (arguments_left(&all)) {
        const struct bytes *part = NULL;
        uint32_t size = 0;
        if (arguments_list(&all, "the count before a search", &part, &size, &error) != 0 ||
            atomic_load_explicit(&call->request->cancelled, memory_order_relaxed)) {
            break;
        }
        struct arguments one = {.items = part, .count = size, .base = arguments_place(&all) - size + 1};
        search_one(call, &one);
        failed = failed || call->failed;
        if (buf_status(call->reply.out) != 0) {
            break; /* the answer is an error, whatever follows */
        }
        arena_reset(&call->worker->arena);
    }
    call->failed = failed;
}
