/*
 * filter_lift.c - takes a filter apart: conditions of one field that stand AND-ed at its top, and the rest; and what
 * these say of the field's numbers.
 *
 * Thread rule: as the filter.
 */
#include "query/filter.h"

/* Whether every condition in node is of field; depth is that of the filter's text. */
static bool is_of_field(const struct filter_node *node, uint8_t field)
{
    bool all = true;
    for (uint32_t i = 0; i < node->child_count && all; i++) {
        all = is_of_field(node->children[i], field);
    }
    return node->child_count != 0 ? all : node->kind != FILTER_DOCUMENTS && node->field == field;
}

static uint32_t count_conjuncts(const struct filter_node *node)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < node->child_count && node->kind == FILTER_AND; i++) {
        count += count_conjuncts(node->children[i]);
    }
    return node->kind == FILTER_AND ? count : 1;
}

/* Puts what is AND-ed in node into those of field and the others. */
static void divide(struct filter_node *node, uint8_t field, struct filter_node *of_field, struct filter_node *others)
{
    if (node->kind == FILTER_AND) {
        for (uint32_t i = 0; i < node->child_count; i++) {
            divide(node->children[i], field, of_field, others);
        }
        return;
    }
    struct filter_node *into = is_of_field(node, field) ? of_field : others;
    into->children[into->child_count++] = node;
}

static struct filter_node *new_and(struct arena *arena, uint32_t room)
{
    struct filter_node *node = arena_calloc(arena, 1, sizeof *node);
    struct filter_node **children = arena_alloc(arena, room * sizeof *children);
    if (node == NULL || children == NULL) {
        return NULL;
    }
    node->kind = FILTER_AND;
    node->children = children;
    return node;
}

/* An AND of one is that one; of none, nothing. */
static struct filter_node *settle(struct filter_node *node)
{
    return node->child_count == 0 ? NULL : node->child_count == 1 ? node->children[0] : node;
}

int filter_lift(struct filter_node *root, uint8_t field, struct arena *arena, struct filter_node **lifted,
                struct filter_node **rest)
{
    *lifted = NULL;
    *rest = root;
    if (root == NULL) {
        return 0;
    }
    uint32_t count = count_conjuncts(root);
    struct filter_node *of_field = new_and(arena, count);
    struct filter_node *others = new_and(arena, count);
    if (of_field == NULL || others == NULL) {
        return AISLE_NO_MEMORY;
    }
    divide(root, field, of_field, others);
    *lifted = settle(of_field);
    *rest = settle(others);
    return 0;
}

static void confine(const struct filter_node *node, uint8_t field, int64_t *least, int64_t *greatest)
{
    if (node->kind == FILTER_NUMBERS && node->field == field) {
        *least = node->least > *least ? node->least : *least;
        *greatest = node->greatest < *greatest ? node->greatest : *greatest;
    }
    for (uint32_t i = 0; node->kind == FILTER_AND && i < node->child_count; i++) {
        confine(node->children[i], field, least, greatest);
    }
}

bool filter_confines(const struct filter_node *root, uint8_t field, int64_t *least, int64_t *greatest)
{
    *least = INT64_MIN;
    *greatest = INT64_MAX;
    if (root != NULL) {
        confine(root, field, least, greatest);
    }
    return *least != INT64_MIN || *greatest != INT64_MAX;
}
