/*
 * filter_new.c - nodes of filters that no text says: single documents, and what is AND-ed to a filter.
 *
 * Thread rule: as the filter.
 */
#include "query/filter.h"

#include <stdlib.h>

struct filter_node *filter_new_parent(struct arena *arena, enum filter_kind kind, struct filter_node *const *children,
                                      uint32_t count)
{
    struct filter_node *node = arena_calloc(arena, 1, sizeof *node);
    struct filter_node **copy = arena_copy(arena, children, count * sizeof *copy);
    if (node == NULL || copy == NULL) {
        return NULL;
    }
    *node = (struct filter_node){.kind = kind, .children = copy, .child_count = count};
    return node;
}

static int compare(const void *left, const void *right)
{
    uint32_t a = ((const struct filter_document *)left)->document;
    uint32_t b = ((const struct filter_document *)right)->document;
    return (a > b) - (a < b);
}

struct filter_node *filter_new_documents(struct arena *arena, const struct filter_document *documents, uint32_t count)
{
    struct filter_node *node = arena_calloc(arena, 1, sizeof *node);
    struct filter_document *copy = arena_copy(arena, documents, count * sizeof *copy);
    if (node == NULL || copy == NULL) {
        return NULL;
    }
    if (count > 1) {
        qsort(copy, count, sizeof *copy, compare); /* each segment then finds its own in order */
    }
    *node = (struct filter_node){
        .kind = FILTER_DOCUMENTS, .field = SCHEMA_NO_FIELD, .count = count, .documents = copy};
    return node;
}
