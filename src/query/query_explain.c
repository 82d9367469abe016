/*
 * query_explain.c - each part of a hit's score, computed anew from the postings, as a JSON object:
 *
 *   {"score":S,"products":N,"average_length":A,"length":L,
 *    "clauses":[{"term":"shoe","prefix":false,"df":D,"idf":I,"class":C,"part":P}, ...],
 *    "signals":[{"kind":"rating","field":"rating","value":4.5,"count":12,"weight":0.3,"part":P}, ...],
 *    "boosts":[{"kind":"affinity","name":"brand:Acme","part":P}, ...]}
 *
 * score is the sum of the parts. Alternatives (of a compound, synonyms, corrections) show the best one only; "share" is
 * what it counts of a term of its df, where that is not all.
 */
#include "query/cursor.h"
#include "query/signals.h"
#include "schema/json.h"
#include "schema/product.h"

struct explanation {
    struct query_context *context;
    const struct query_hit *hit;
    int32_t length_code; /* of the product, from any of its postings; -1: none seen */
};

/* The code that counts of the hit's document in one list of the leaf; -1: none. */
static int find_code(struct explanation *explanation, const struct query_node *node, const struct segment_list *list,
                     int *code)
{
    struct query_context *context = explanation->context;
    const struct segment *segment = context->segments[explanation->hit->segment].segment;
    uint32_t document = explanation->hit->document;
    struct cursor_places scratch = {.arena = context->arena};
    struct postings_cursor cursor;
    struct positions_cursor positions;
    bool accept[256];
    bool in_scope = false;
    *code = -1;
    cursor_accept_first(context, accept);
    int status = postings_cursor_open(&cursor, &segment->postings, &list->postings);
    if (status != 0 || postings_cursor_seek(&cursor, document) != document) {
        return status != 0 ? status : postings_cursor_status(&cursor);
    }
    positions_cursor_init(&positions, &segment->views[COMPONENT_POSITIONS], context->arena, &list->positions,
                          list->postings.count);
    status = cursor_in_scope(context, node->scope, &positions, postings_cursor_ordinal(&cursor), &scratch, &in_scope);
    uint8_t found = postings_cursor_code(&cursor);
    if (in_scope && (!node->first_only || accept[found])) {
        *code = found;
    }
    return status == 0 ? postings_cursor_status(&cursor) : status;
}

/* The best code of the hit's document among the leaf's lists; -1 when it is in none. */
static int find_best_code(struct explanation *explanation, const struct query_node *node, int *code)
{
    const struct query_lists *lists = &node->in_segment[explanation->hit->segment];
    int status = 0;
    *code = -1;
    for (uint32_t i = 0; i < lists->count && status == 0; i++) {
        int found;
        status = find_code(explanation, node, &lists->lists[i], &found);
        if (found >= 0 && (*code < 0 || node->table->part[found] > node->table->part[*code])) {
            *code = found;
        }
    }
    return status;
}

static int explain_leaf(struct explanation *explanation, const struct query_node *node, int32_t *score,
                        struct buf *out)
{
    int code;
    int status = find_best_code(explanation, node, &code);
    *score = -1;
    if (status != 0 || code < 0) {
        return status;
    }
    *score = node->table->part[code];
    explanation->length_code = code & (int)RANK_LENGTH_MASK;
    buf_put_string(out, "{\"term\":");
    json_put_string(out, node->terms[0]);
    buf_printf(out, ",\"prefix\":%s,\"df\":%llu,\"idf\":%.9g", node->prefix ? "true" : "false",
               (unsigned long long)node->df, rank_idf(&explanation->context->statistics, node->df));
    if (node->share != 1.0) {
        buf_printf(out, ",\"share\":%.9g", node->share);
    }
    buf_printf(out, ",\"class\":%d,\"part\":%.9g},", code >> RANK_CLASS_SHIFT, (double)*score / RANK_SCALE);
    return 0;
}

static int explain_node(struct explanation *explanation, const struct query_node *node, int32_t *score,
                        struct buf *out);

/* Of the children that match, the best one's clauses. */
static int explain_best(struct explanation *explanation, const struct query_node *node, int32_t *score,
                        struct buf *out)
{
    int status = 0;
    size_t start = out->size;
    *score = -1;
    for (uint32_t i = 0; i < node->child_count && status == 0; i++) {
        int32_t part;
        size_t mark = out->size;
        status = explain_node(explanation, node->children[i], &part, out);
        if (status == 0 && part > *score) {
            *score = part;
            if (out->size != mark) { /* a failed buffer has nothing */
                memmove(out->data + start, out->data + mark, out->size - mark);
            }
            out->size -= mark - start;
        } else {
            out->size = mark;
        }
    }
    return status;
}

/* Whether a phrase matches is found out anew, too: another alternative may be what made the hit. */
static int explain_phrase(struct explanation *explanation, const struct query_node *node, int32_t *score,
                          struct buf *out)
{
    struct cursor *cursor = NULL;
    uint32_t document = explanation->hit->document;
    int status = cursor_open(explanation->context, node, explanation->hit->segment, &cursor);
    *score = -1;
    if (status == 0 && cursor->ops->seek(cursor, document, CURSOR_ANY_SCORE) == document) {
        return explain_node(explanation, node->candidates, score, out);
    }
    return status == 0 ? cursor->ops->status(cursor) : status;
}

/* The first child's clauses, and those of the others that match. */
static int explain_prefer(struct explanation *explanation, const struct query_node *node, int32_t *score,
                          struct buf *out)
{
    int status = explain_node(explanation, node->children[0], score, out);
    for (uint32_t i = 1; i < node->child_count && status == 0 && *score >= 0; i++) {
        int32_t part;
        status = explain_node(explanation, node->children[i], &part, out);
        *score += part > 0 ? part : 0;
    }
    return status;
}

/* score: of the node, or -1 when it does not match; then nothing is appended. */
static int explain_node(struct explanation *explanation, const struct query_node *node, int32_t *score,
                        struct buf *out)
{
    size_t start = out->size;
    int32_t sum = 0;
    uint32_t matched = 0;
    int status = 0;
    switch (node->kind) {
    case QUERY_TERMS:
        return explain_leaf(explanation, node, score, out);
    case QUERY_PREFER:
        return explain_prefer(explanation, node, score, out);
    case QUERY_ANY:
        return explain_best(explanation, node, score, out);
    case QUERY_PHRASE:
        return explain_phrase(explanation, node, score, out);
    case QUERY_WITHOUT:
        return explain_node(explanation, node->children[0], score, out);
    case QUERY_ALL:
    case QUERY_NOTHING:
    case QUERY_DOCUMENTS:
        *score = 0;
        return 0;
    case QUERY_AND:
    case QUERY_OR:
        break;
    }
    for (uint32_t i = 0; i < node->child_count && status == 0; i++) {
        int32_t part;
        status = explain_node(explanation, node->children[i], &part, out);
        sum += part >= 0 ? part : 0;
        matched += part >= 0 ? 1 : 0;
    }
    bool matches = node->kind == QUERY_AND ? matched == node->child_count : matched != 0;
    *score = matches ? sum : -1;
    out->size = matches ? out->size : start;
    return status;
}

/* Appends ,"name":value unless there is none. */
static int put_value(const struct field *field, const char *name, int64_t value, struct buf *out)
{
    if (value == COLUMN_MISSING) {
        return 0;
    }
    buf_printf(out, ",\"%s\":", name);
    return product_value_print(field, value, out);
}

static int explain_signal(struct explanation *explanation, struct signals *signals, uint32_t number, struct buf *out)
{
    const struct signal_rule *rule = &signals->rules->rules[number];
    const struct field *fields = explanation->context->schema->fields;
    int64_t value;
    int64_t count;
    int status = signals_values(signals, number, explanation->hit->document, &value, &count);
    if (status != 0) {
        return status;
    }
    buf_printf(out, "%s{\"kind\":\"%s\",\"field\":", number == 0 ? "" : ",", signal_kind_name(rule->kind));
    json_put_string(out, bytes_of_string(fields[rule->field].name));
    status = put_value(&fields[rule->field], "value", value, out);
    if (status == 0 && rule->count_field != SCHEMA_NO_FIELD) {
        status = put_value(&fields[rule->count_field], "count", count, out);
    }
    buf_printf(out, ",\"weight\":%.9g,\"part\":%.9g}", rule->weight / 100.0,
               (double)signal_part(rule, value, count) / RANK_SCALE);
    return status;
}

static int explain_signals(struct explanation *explanation, struct buf *out)
{
    struct signals *signals = NULL;
    int status = signals_open(explanation->context, explanation->hit->segment, &signals);
    if (status != 0 || signals == NULL || signals->rules->count == 0) {
        return status;
    }
    buf_put_string(out, ",\"signals\":[");
    for (uint32_t i = 0; i < signals->rules->count && status == 0; i++) {
        status = explain_signal(explanation, signals, i, out);
    }
    buf_put_string(out, "]");
    return status;
}

/* The boosts that the hit gets, of those that the query has. */
static int explain_boosts(const struct explanation *explanation, struct buf *out)
{
    const struct boost_list *list = explanation->context->boosts;
    const struct query_segment *in = &explanation->context->segments[explanation->hit->segment];
    const char *comma = "";
    int status = 0;
    for (uint32_t i = 0; list != NULL && i < list->count && status == 0; i++) {
        const struct boost *boost = &list->boosts[i];
        struct filter *filter = NULL;
        bool matches = false;
        status = filter_open(boost->filter, in->segment, in->state, explanation->context->arena, &filter);
        status = status == 0 ? filter_test(filter, explanation->hit->document, &matches) : status;
        if (matches && status == 0) {
            buf_printf(out, "%s{\"kind\":\"%s\",\"name\":", *comma == '\0' ? ",\"boosts\":[" : comma, boost->kind);
            json_put_string(out, boost->name);
            buf_printf(out, ",\"part\":%.9g}", (double)boost->part / RANK_SCALE);
            comma = ",";
        }
    }
    buf_put_string(out, *comma == '\0' ? "" : "]");
    return status;
}

int query_explain(struct query_context *context, struct query_node *root, const struct query_hit *hit,
                  struct buf *out)
{
    struct explanation explanation = {.context = context, .hit = hit, .length_code = -1};
    struct buf clauses;
    int32_t score = 0;
    buf_init(&clauses, out->max_bytes);
    int status = explain_node(&explanation, root, &score, &clauses);
    if (status == 0) {
        buf_printf(out, "{\"score\":%.9g,\"products\":%llu,\"average_length\":%.9g,", (double)hit->score / RANK_SCALE,
                   (unsigned long long)context->statistics.products, rank_average_length(&context->statistics));
        if (explanation.length_code >= 0) {
            buf_printf(out, "\"length\":%.9g,", rank_length_halves[explanation.length_code] / 2.0);
        }
        buf_put_string(out, "\"clauses\":[");
        buf_put(out, clauses.data, clauses.size == 0 ? 0 : clauses.size - 1);
        buf_put_string(out, "]");
        status = explain_signals(&explanation, out);
        status = status == 0 ? explain_boosts(&explanation, out) : status;
        buf_put_string(out, "}");
    }
    if (status == 0) {
        status = buf_status(&clauses) != 0 ? buf_status(&clauses) : buf_status(out);
    }
    buf_release(&clauses);
    return status;
}
