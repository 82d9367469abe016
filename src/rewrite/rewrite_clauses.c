/*
 * rewrite_clauses.c - the parsed tree as a list of clauses, and clauses as a tree.
 */
#include "rewrite/rewrite_private.h"

static int no_memory(const struct rewrite *rewrite)
{
    return error_no_memory(rewrite->source.error, "rewriting a query");
}

static void take_clause(struct rewrite *rewrite, struct query_node *node)
{
    struct clause *clause = &rewrite->clauses[rewrite->clause_count++];
    *clause = (struct clause){.node = node, .typed = node, .first = node->word, .last = node->word};
    if (node->word != NULL) {
        clause->text = bytes_of(rewrite->text.data + node->word->start, node->word->end - node->word->start);
    }
}

int rewrite_take_apart(struct rewrite *rewrite)
{
    struct query_node *wanted = rewrite->root;
    if (wanted->kind == QUERY_WITHOUT) {
        rewrite->unwanted = wanted->children[1];
        wanted = wanted->children[0];
    }
    bool is_list = wanted->kind == QUERY_AND;
    rewrite->fixed = !is_list && wanted->word == NULL;
    if (rewrite->fixed) {
        return 0;
    }
    uint32_t count = is_list ? wanted->child_count : 1;
    rewrite->clauses = arena_calloc(rewrite->source.arena, count, sizeof *rewrite->clauses);
    if (rewrite->clauses == NULL) {
        return no_memory(rewrite);
    }
    bool any_word = false;
    for (uint32_t i = 0; i < count; i++) {
        take_clause(rewrite, is_list ? wanted->children[i] : wanted);
        any_word = any_word || rewrite->clauses[i].first != NULL;
    }
    rewrite->fixed = !any_word;
    return 0;
}

int rewrite_add_alternative(struct rewrite *rewrite, struct clause *clause, struct query_node *node, uint32_t weight)
{
    const struct query_node *before = clause->node;
    uint32_t count = before->one_price ? before->child_count : 1;
    struct query_node *any = query_parser_node(rewrite->parser, QUERY_ANY, count + 1);
    if (any == NULL) {
        return no_memory(rewrite);
    }
    any->one_price = true;
    if (before->one_price) {
        memcpy(any->children, before->children, count * sizeof(struct query_node *));
    } else {
        any->children[0] = clause->node;
    }
    any->children[count] = node;
    any->child_count = count + 1;
    node->weight = weight;
    clause->node = any;
    return 0;
}

void rewrite_remove(struct rewrite *rewrite, uint32_t first, uint32_t count)
{
    memmove(rewrite->clauses + first, rewrite->clauses + first + count,
            (rewrite->clause_count - first - count) * sizeof *rewrite->clauses);
    rewrite->clause_count -= count;
}

/* Adds the clauses of one kind to a new node of them; NULL: no memory. */
static struct query_node *gather(struct rewrite *rewrite, enum query_kind kind, bool left_out, bool words, bool others)
{
    struct query_node *node = query_parser_node(rewrite->parser, kind, rewrite->clause_count + 1);
    for (uint32_t i = 0; i < rewrite->clause_count && node != NULL; i++) {
        const struct clause *clause = &rewrite->clauses[i];
        if (!clause->understood && clause->left_out == left_out && (clause->first != NULL ? words : others)) {
            node->children[node->child_count++] = clause->node;
        }
    }
    return node;
}

static struct query_node *simplify(struct query_node *node)
{
    return node != NULL && node->child_count == 1 ? node->children[0] : node;
}

/* Any of the words, and all that has operators. */
static struct query_node *build_any(struct rewrite *rewrite)
{
    struct query_node *either = gather(rewrite, QUERY_OR, false, true, false);
    struct query_node *all = gather(rewrite, QUERY_AND, false, false, true);
    if (all == NULL || either == NULL) {
        return NULL;
    }
    if (either->child_count != 0) {
        all->children[all->child_count++] = simplify(either);
    }
    all->kind = all->child_count == 0 ? QUERY_ALL : QUERY_AND;
    return simplify(all);
}

/* All that is not left out; the rest is preferred. */
static struct query_node *build_all(struct rewrite *rewrite)
{
    struct query_node *all = gather(rewrite, QUERY_AND, false, true, true);
    struct query_node *left_out = gather(rewrite, QUERY_PREFER, true, true, true);
    if (all == NULL || left_out == NULL) {
        return NULL;
    }
    if (all->child_count == 0) {
        all->kind = QUERY_ALL; /* everything typed has become filters */
        return all;
    }
    uint32_t count = left_out->child_count;
    struct query_node *prefer = query_parser_node(rewrite->parser, QUERY_PREFER, count + rewrite->preferred_count + 1);
    if (prefer == NULL || count + rewrite->preferred_count == 0) {
        return prefer == NULL ? NULL : simplify(all);
    }
    prefer->children[0] = simplify(all);
    memcpy(prefer->children + 1, left_out->children, count * sizeof(struct query_node *));
    memcpy(prefer->children + 1 + count, rewrite->preferred, rewrite->preferred_count * sizeof(struct query_node *));
    prefer->child_count = count + rewrite->preferred_count + 1;
    return prefer;
}

int rewrite_build(struct rewrite *rewrite)
{
    struct query_node *wanted = rewrite->stage == STAGE_ANY ? build_any(rewrite) : build_all(rewrite);
    struct query_node *root = wanted;
    if (wanted != NULL && rewrite->unwanted != NULL) {
        root = query_parser_node(rewrite->parser, QUERY_WITHOUT, 2);
        if (root != NULL) {
            root->children[0] = wanted;
            root->children[1] = rewrite->unwanted;
            root->child_count = 2;
        }
    }
    rewrite->root = root;
    return root == NULL ? no_memory(rewrite) : 0;
}

int rewrite_df(struct rewrite *rewrite, struct query_context *context, struct bytes word, uint64_t *df)
{
    struct bytes terms[LIMIT_FIELDS];
    uint32_t count;
    int status = query_parser_terms(rewrite->parser, word, terms, &count);
    return status == 0 ? query_df(context, terms, count, df) : status;
}

/* Dead products that are passed over in search of a live one. */
#define DEAD_MAX 1000u

int rewrite_counts(struct rewrite *rewrite, struct query_context *context, struct bytes word, bool *counts)
{
    struct query_node *node;
    uint32_t steps = DEAD_MAX;
    *counts = true;
    if (rewrite->typo_fields == 0 || query_parser_leaves_left(rewrite->parser) == 0) {
        return 0;
    }
    query_parser_set_scope(rewrite->parser, rewrite->typo_fields);
    int status = query_parser_group(rewrite->parser, &word, 1, &node);
    status = status == 0 ? query_bind(context, node) : status;
    status = status == 0 ? query_exists(context, node, &steps, counts) : status;
    if (status == AISLE_LIMIT) { /* most likely further on */
        *counts = true;
        status = 0;
    }
    query_parser_drop_leaf(rewrite->parser);
    query_parser_set_scope(rewrite->parser, 0);
    return status;
}
