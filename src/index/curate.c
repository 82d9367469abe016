/*
 * curate.c - rules to products, filters and places.
 *
 * Thread rule: see curate.h.
 */
#include "index/curate.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "index/affinity.h"
#include "index/route.h"
#include "schema/json.h"

/* The text with replacement in place of the words of a rule. */
static int replace(const struct curation_ask *ask, const struct curation_hit *hit, struct bytes *text)
{
    struct bytes replacement = hit->rule->replacement;
    size_t size = ask->text.size - (hit->end - hit->start) + replacement.size;
    uint8_t *replaced = arena_alloc(ask->arena, size + 1);
    if (replaced == NULL) {
        return AISLE_NO_MEMORY;
    }
    memcpy(replaced, ask->text.data, hit->start);
    memcpy(replaced + hit->start, replacement.data, replacement.size);
    memcpy(replaced + hit->start + replacement.size, ask->text.data + hit->end, ask->text.size - hit->end);
    if (size <= LIMIT_QUERY_BYTES) { /* a longer text is refused; then the words as typed are the better ones */
        *text = bytes_of(replaced, size);
    }
    return 0;
}

int curate_find(struct curate *curate, const struct curation *curation, const struct curation_ask *ask,
                struct bytes *text)
{
    *text = ask->text;
    int status = curation_find(curation, ask, curate->rules, &curate->rule_count);
    for (uint32_t i = 0; i < curate->rule_count && status == 0; i++) {
        if (curate->rules[i].rule->replaces) {
            return replace(ask, &curate->rules[i], text);
        }
    }
    return status;
}

/* ---- products ---- */

/* What rules are applied to. */
struct applying {
    struct curate *curate;
    const struct look *look;
    const struct query_context *context;
    struct boost_list *list;
    struct filter_document *hidden;
    uint32_t hidden_count;
    struct filter **opened; /* the request's filter, by segment; NULL: not opened yet */
};

/* Where the living product with this id is; AISLE_END: nowhere. */
static int find_product(const struct applying *applying, struct bytes id, struct query_hit *hit)
{
    const struct look *look = applying->look;
    uint64_t id_hash = hash_bytes(id.data, id.size);
    uint32_t own = catalog_shard_of(look->catalog, id_hash);
    bool any = route_by_field(look->catalog);
    uint32_t before = 0;
    for (uint32_t i = 0; i < look->begun; i++) {
        const struct shard_snapshot *snapshot = &look->searcher->snapshots[i];
        uint32_t segment;
        uint32_t document;
        int status = any || i == own ? shard_find(snapshot, id, id_hash, &segment, &document) : AISLE_END;
        if (status != AISLE_END) {
            *hit = (struct query_hit){.segment = before + segment, .document = document, .pinned = true};
            return status;
        }
        before += snapshot->view->manifest.segment_count;
    }
    return AISLE_END;
}

static struct filter_document document_of(const struct applying *applying, const struct query_hit *hit)
{
    return (struct filter_document){applying->context->segments[hit->segment].segment, hit->document};
}

static bool is_hidden(const struct applying *applying, const struct query_hit *hit)
{
    struct filter_document document = document_of(applying, hit);
    for (uint32_t i = 0; i < applying->hidden_count; i++) {
        if (applying->hidden[i].segment == document.segment && applying->hidden[i].document == document.document) {
            return true;
        }
    }
    return false;
}

static int hide(struct applying *applying, const struct curation_rule *rule)
{
    int status = 0;
    for (uint32_t i = 0; i < rule->hidden_count && applying->hidden_count < LIMIT_RULE_HIDDEN && status >= 0; i++) {
        struct query_hit hit;
        status = find_product(applying, rule->hidden[i], &hit);
        if (status == 0) {
            applying->hidden[applying->hidden_count++] = document_of(applying, &hit);
        }
    }
    return status < 0 ? status : 0;
}

/* The request's filter in a segment, opened once: it may look up thousands of values, and pins are hundreds. */
static int open_request(const struct applying *applying, uint32_t segment, struct filter **filter)
{
    const struct query_segment *in = &applying->context->segments[segment];
    int status = 0;
    if (applying->opened[segment] == NULL) {
        status = filter_open(applying->curate->request, in->segment, in->state, applying->context->arena,
                             &applying->opened[segment]);
    }
    *filter = applying->opened[segment];
    return status;
}

/* Whether the request's filter keeps the product, and no rule has it yet or hides it. */
static int may_be_pinned(const struct applying *applying, const struct query_hit *hit, bool *may)
{
    const struct curate *curate = applying->curate;
    struct filter *filter;
    *may = !is_hidden(applying, hit);
    for (uint32_t i = 0; i < curate->pin_count && *may; i++) {
        const struct query_hit *other = &curate->pins[i].hit;
        *may = other->segment != hit->segment || other->document != hit->document;
    }
    if (!*may || curate->request == NULL) {
        return 0;
    }
    int status = open_request(applying, hit->segment, &filter);
    return status == 0 ? filter_test(filter, hit->document, may) : status;
}

static int pin_one(struct applying *applying, struct bytes id, uint32_t position, const struct curation_rule *rule)
{
    struct curate *curate = applying->curate;
    struct query_hit hit;
    bool may = false;
    int status = find_product(applying, id, &hit);
    status = status == 0 ? may_be_pinned(applying, &hit, &may) : status;
    if (may && status == 0) { /* behind those of its place */
        uint32_t at = curate->pin_count++;
        for (; at > 0 && curate->pins[at - 1].position > position; at--) {
            curate->pins[at] = curate->pins[at - 1];
        }
        curate->pins[at] = (struct curate_pin){hit, position, rule};
    }
    return status < 0 ? status : 0;
}

static int pin(struct applying *applying, const struct curation_rule *rule)
{
    int status = 0;
    for (uint32_t i = 0; i < rule->pin_count && applying->curate->pin_count < LIMIT_RULE_PINS && status == 0; i++) {
        status = pin_one(applying, rule->pins[i].id, rule->pins[i].position, rule);
    }
    return status;
}

/* The filter of a boost: its own, or the products that it names. */
static int filter_of(const struct applying *applying, const struct curation_boost *boost,
                     const struct filter_node **out)
{
    struct arena *arena = applying->context->arena;
    struct filter_document *documents = arena_alloc(arena, (boost->id_count + 1) * sizeof *documents);
    uint32_t count = 0;
    *out = boost->filter;
    if (boost->filter != NULL || documents == NULL) {
        return documents == NULL ? AISLE_NO_MEMORY : 0;
    }
    for (uint32_t i = 0; i < boost->id_count; i++) {
        struct query_hit hit;
        int status = find_product(applying, boost->ids[i], &hit);
        if (status < 0) {
            return status;
        }
        if (status == 0) {
            documents[count++] = document_of(applying, &hit);
        }
    }
    *out = filter_new_documents(arena, documents, count);
    return *out == NULL ? AISLE_NO_MEMORY : 0;
}

static int boost(struct applying *applying, const struct curation_rule *rule, uint32_t most)
{
    struct boost_list *list = applying->list;
    int status = 0;
    for (uint32_t i = 0; i < rule->boost_count && list->count < most && status == 0; i++) {
        struct boost *added = &list->boosts[list->count];
        *added = (struct boost){.part = affinity_part(rule->boosts[i].weight), .kind = "rule", .name = rule->id};
        status = filter_of(applying, &rule->boosts[i], &added->filter);
        list->count += status == 0 ? 1 : 0;
    }
    return status;
}

/* ---- filters ---- */

/* The request's filter, rules' conditions, and nothing hidden or pinned. */
static int make_rest(struct curate *curate, struct arena *arena)
{
    struct filter_node *children[LIMIT_RULES_APPLIED + 3];
    struct filter_node *const out[] = {curate->hidden, curate->pinned};
    uint32_t count = 0;
    if (curate->request != NULL) {
        children[count++] = curate->request;
    }
    for (uint32_t i = 0; i < curate->condition_count; i++) {
        children[count++] = curate->conditions[i];
    }
    for (uint32_t i = 0; i < 2; i++) {
        if (out[i] != NULL && (children[count++] = filter_new_parent(arena, FILTER_NOT, &out[i], 1)) == NULL) {
            return AISLE_NO_MEMORY;
        }
    }
    bool is_new = count > 1 || (count == 1 && curate->request == NULL);
    curate->rest = is_new ? filter_new_parent(arena, FILTER_AND, children, count) : curate->request;
    return is_new && curate->rest == NULL ? AISLE_NO_MEMORY : 0;
}

/* A condition that pinned products need not meet; as it asks about them, it is no multi-select facet's own. */
static struct filter_node *or_pinned(const struct curate *curate, struct arena *arena, struct filter_node *condition)
{
    struct filter_node *pinned = curate->pinned != NULL ? curate->pinned : filter_new_documents(arena, NULL, 0);
    struct filter_node *const children[] = {condition, pinned};
    return pinned == NULL ? NULL : filter_new_parent(arena, FILTER_OR, children, 2);
}

static int make_filters(struct applying *applying)
{
    struct curate *curate = applying->curate;
    struct arena *arena = applying->context->arena;
    struct filter_document *pinned = arena_alloc(arena, (curate->pin_count + 1) * sizeof *pinned);
    if (pinned == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < curate->pin_count; i++) {
        pinned[i] = document_of(applying, &curate->pins[i].hit);
    }
    if (curate->pin_count != 0 && (curate->pinned = filter_new_documents(arena, pinned, curate->pin_count)) == NULL) {
        return AISLE_NO_MEMORY;
    }
    if (applying->hidden_count != 0 &&
        (curate->hidden = filter_new_documents(arena, applying->hidden, applying->hidden_count)) == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < curate->condition_count; i++) {
        if ((curate->conditions[i] = or_pinned(curate, arena, curate->conditions[i])) == NULL) {
            return AISLE_NO_MEMORY;
        }
    }
    return make_rest(curate, arena);
}

int curate_apply(struct curate *curate, const struct look *look, const struct query_context *context,
                 struct filter_node *request, struct bytes id, struct boost_list *list)
{
    struct applying applying = {.curate = curate, .look = look, .context = context, .list = list};
    const uint32_t boosts_max = list->count + LIMIT_RULE_BOOSTS;
    struct arena *arena = context->arena;
    int status = 0;
    curate->request = request;
    curate->rest = request;
    if (curate->rule_count == 0 && id.size == 0) {
        return 0;
    }
    curate->pins = arena_alloc(arena, LIMIT_RULE_PINS * sizeof *curate->pins);
    curate->conditions = arena_alloc(arena, LIMIT_RULES_APPLIED * sizeof(struct filter_node *));
    applying.hidden = arena_alloc(arena, LIMIT_RULE_HIDDEN * sizeof *applying.hidden);
    applying.opened = arena_calloc(arena, context->segment_count, sizeof(struct filter *));
    if (curate->pins == NULL || curate->conditions == NULL || applying.hidden == NULL || applying.opened == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < curate->rule_count && status == 0; i++) {
        status = hide(&applying, curate->rules[i].rule);
    }
    status = status == 0 && id.size != 0 ? pin_one(&applying, id, 0, NULL) : status;
    for (uint32_t i = 0; i < curate->rule_count && status == 0; i++) {
        const struct curation_rule *rule = curate->rules[i].rule;
        status = pin(&applying, rule);
        status = status == 0 ? boost(&applying, rule, boosts_max) : status;
        if (rule->filter != NULL) { /* rules are shared and not changed: nor are their filters, through any node */
            curate->conditions[curate->condition_count++] = (struct filter_node *)(uintptr_t)rule->filter;
        }
    }
    return status == 0 ? make_filters(&applying) : status;
}

/* ---- passes over all matches ---- */

int curate_pass(const struct curate *curate, struct pass *pass)
{
    struct arena *arena = pass->context->arena;
    const struct filter_node *found = pass->filter;
    const uint32_t own = curate->rest->child_count; /* an AND, as something is pinned */
    /* Behind its children stands what was understood. */
    uint32_t understood = found == curate->rest ? 0 : found->child_count - own;
    uint32_t count = 0;
    struct filter_node **all = arena_alloc(arena, (own + understood + 1) * sizeof *all);
    struct query_node *root = arena_calloc(arena, 1, sizeof *root);
    struct query_node *documents = arena_calloc(arena, 1, sizeof *documents);
    struct query_node **children = arena_alloc(arena, 2 * sizeof *children);
    if (all == NULL || root == NULL || documents == NULL || children == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i + 1 < own; i++) { /* all but that nothing is pinned, which is the last */
        all[count++] = curate->rest->children[i];
    }
    for (uint32_t i = 0; i < understood; i++) {
        if ((all[count++] = or_pinned(curate, arena, found->children[own + i])) == NULL) {
            return AISLE_NO_MEMORY;
        }
    }
    *documents = (struct query_node){
        .kind = QUERY_DOCUMENTS, .weight = QUERY_WEIGHT_WHOLE, .documents = curate->pinned};
    children[0] = pass->root;
    children[1] = documents;
    *root = (struct query_node){.kind = QUERY_OR, .weight = QUERY_WEIGHT_WHOLE, .children = children, .child_count = 2};
    pass->root = root;
    pass->filter = count == 0 ? NULL : filter_new_parent(arena, FILTER_AND, all, count);
    return count != 0 && pass->filter == NULL ? AISLE_NO_MEMORY : 0;
}

/* ---- places ---- */

int curate_place(const struct curate *curate, struct arena *arena, const struct query_hit *rest, uint32_t rest_count,
                 uint32_t wanted, struct page_before *before, struct query_hit **hits, uint32_t *count,
                 struct query_hit **last)
{
    uint32_t taken = 0;
    struct query_hit *placed = arena_alloc(arena, (wanted + 1) * sizeof *placed);
    if (placed == NULL) {
        return AISLE_NO_MEMORY;
    }
    *last = NULL;
    *count = 0;
    while (*count < wanted) {
        const struct curate_pin *next = before->pins < curate->pin_count ? &curate->pins[before->pins] : NULL;
        if (next != NULL && (next->position <= before->hits || taken == rest_count)) {
            placed[*count] = next->hit;
            before->pins++;
        } else if (taken < rest_count) {
            placed[*count] = rest[taken++];
            *last = &placed[*count];
        } else {
            break;
        }
        before->hits++;
        ++*count;
    }
    *hits = placed;
    return 0;
}

/* ---- telling ---- */

void curate_explain(const struct curate *curate, const struct query_hit *hit, struct buf *out)
{
    for (uint32_t i = 0; i < curate->pin_count; i++) {
        const struct curate_pin *pin = &curate->pins[i];
        if (pin->hit.segment == hit->segment && pin->hit.document == hit->document) {
            buf_printf(out, "{\"score\":0,\"pinned\":%u,", pin->position + 1);
            buf_put_string(out, pin->rule == NULL ? "\"exact\":\"id\"" : "\"rule\":");
            if (pin->rule != NULL) {
                json_put_string(out, pin->rule->id);
            }
            buf_put_string(out, "}");
            return;
        }
    }
}

int curate_report(const struct curate *curate, struct aisle_result *result)
{
    if (curate->rule_count != 0) {
        result->rules = mem_calloc(curate->rule_count, sizeof *result->rules);
    }
    if (curate->rule_count != 0 && result->rules == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < curate->rule_count; i++) {
        result->rules[result->rule_count++] = result_put(result, curate->rules[i].rule->id);
    }
    return buf_status(&result->bytes);
}
