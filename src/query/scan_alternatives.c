/*
 * scan_alternatives.c - scans of trees that are none for a scan because of a clause with conjunctions among its
 * alternatives: a compound as one word or as its parts, a word or the two that it may be.
 *
 * "x and either y or both of a and b" is worth as much to a document as the better of "x and y" and "x and a and b". So
 * such a clause is multiplied out, each way is scanned, and a document that more than one has brings its best score.
 */
#include "query/scan.h"

/* Ways are scanned one after the other: of more, following cursors once may be less. */
#define WAYS_MAX 4u

/* Where such a clause stands: the root, or a child of it. */
struct either {
    const struct query_node *root; /* a conjunction; NULL: the clause is all there is */
    uint32_t child;                /* of it */
    const struct query_node *clause;
    uint32_t ways;
};

static bool is_either(const struct query_context *context, const struct query_node *node, uint32_t number)
{
    return node->kind == QUERY_ANY && node->child_count <= LIMIT_QUERY_LEAVES &&
           !scan_group_suits(context, node, number);
}

static uint32_t count_ways(const struct query_node *clause, uint32_t number)
{
    uint32_t ways = 0;
    for (uint32_t i = 0; i < clause->child_count; i++) {
        ways += scan_is_absent(clause->children[i], number) ? 0 : 1;
    }
    return ways;
}

/* Whether just one clause is to be multiplied out. */
static bool find_either(const struct query_context *context, const struct query_node *root, uint32_t number,
                        struct either *out)
{
    uint32_t found = 0;
    *out = (struct either){.root = NULL, .clause = root};
    if (is_either(context, root, number)) {
        found = 1;
    }
    for (uint32_t i = 0; root->kind == QUERY_AND && i < root->child_count; i++) {
        const struct query_node *child = scan_only_present(root->children[i], number);
        if (is_either(context, child, number)) {
            *out = (struct either){.root = root, .child = i, .clause = child};
            found++;
        }
    }
    out->ways = found == 1 ? count_ways(out->clause, number) : 0;
    return out->ways != 0 && out->ways <= WAYS_MAX;
}

/* The root with one of the alternatives in the clause's place. */
static const struct query_node *make_way(const struct query_context *context, const struct either *either,
                                         const struct query_node *alternative)
{
    if (either->root == NULL) {
        return alternative;
    }
    size_t bytes = either->root->child_count * sizeof(struct query_node *);
    struct query_node *way = arena_copy(context->arena, either->root, sizeof *way);
    struct query_node **children = arena_copy(context->arena, either->root->children, bytes);
    if (way == NULL || children == NULL) {
        return NULL;
    }
    children[either->child] = (struct query_node *)(uintptr_t)alternative;
    way->children = children;
    return way;
}

/* *scan stays NULL where the way can not be scanned. Each has signals of its own, since it begins at the front. */
static int open_way(struct query_context *context, const struct query_node *way, const struct share_part *part,
                    struct scan_room *room, struct scan **scan)
{
    struct signals *signals;
    int status = way == NULL ? AISLE_NO_MEMORY : signals_open(context, part->segment, &signals);
    return status == 0 ? scan_open(context, way, part, signals, room, scan) : status;
}

int scan_alternatives(struct query_context *context, const struct query_node *root, const struct share_part *part,
                      struct scan_room *room, struct topk *top, bool *is_done)
{
    struct either either;
    struct scan *scans[WAYS_MAX] = {NULL};
    uint32_t opened = 0;
    int status = 0;
    *is_done = false;
    if (context->after != NULL || top->capacity > SCAN_AGAIN_HITS_MAX ||
        !find_either(context, root, part->segment, &either)) {
        return 0;
    }
    for (uint32_t i = 0; i < either.clause->child_count && status == 0; i++) {
        const struct query_node *alternative = either.clause->children[i];
        if (scan_is_absent(alternative, part->segment)) {
            continue;
        }
        status = open_way(context, make_way(context, &either, alternative), part, room, &scans[opened]);
        if (status != 0 || scans[opened] == NULL) {
            return status;
        }
        scans[opened++]->is_again = true;
    }
    for (uint32_t i = 0; i < opened && status == 0; i++) {
        status = scan_run(scans[i], top);
    }
    *is_done = true;
    return status;
}
