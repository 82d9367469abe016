/*
 * runs.c - the list of what earlier runs found, and answers made of it and of the last run.
 *
 * Thread rule: as the search.
 */
#include "index/runs.h"

#include <stdlib.h>

static uint64_t document_of(const struct query_hit *hit)
{
    return (uint64_t)hit->segment << 32 | hit->document;
}

static int compare_documents(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static bool is_known(const uint64_t *known, uint32_t count, const struct query_hit *hit)
{
    uint64_t document = document_of(hit);
    return count != 0 && bsearch(&document, known, count, sizeof *known, compare_documents) != NULL;
}

/* Appends those of hits that are not known, as found by run, until there are count. */
static void append_new(const uint64_t *known, uint32_t known_count, const struct query_hit *hits, uint32_t hit_count,
                       uint32_t run, struct query_hit *list, uint32_t *listed, uint32_t count)
{
    for (uint32_t i = 0; i < hit_count && *listed < count; i++) {
        if (!is_known(known, known_count, &hits[i])) {
            list[*listed] = hits[i];
            list[(*listed)++].run = run;
        }
    }
}

static void note_documents(const struct query_hit *list, uint32_t count, uint64_t *known)
{
    for (uint32_t i = 0; i < count; i++) {
        known[i] = document_of(&list[i]);
    }
    if (count > 1) {
        qsort(known, count, sizeof *known, compare_documents);
    }
}

int runs_bind(struct runs *runs, struct query_context *context, uint32_t run, struct query_node *last,
              struct query_node **root)
{
    *root = run < runs->count ? runs->roots[run] : last;
    if (runs->bound == run) {
        return 0;
    }
    runs->bound = run;
    return query_bind(context, *root);
}

int runs_keep(struct runs *runs, struct query_context *context, struct query_node *root,
              const struct query_hit *hits, uint32_t hit_count, uint64_t total)
{
    struct query_hit *found = NULL;
    int status = 0;
    if (total == 0 || runs->count == RUNS_MAX) {
        return 0;
    }
    if (hit_count < total) { /* rewriting has bound other trees of the same leaves */
        status = query_bind(context, root);
        status = status == 0 ? query_top(context, root, (uint32_t)total, &found, &hit_count) : status;
        hits = found;
    }
    uint32_t most = runs->hit_count + hit_count;
    struct query_hit *list = status == 0 ? arena_alloc(context->arena, (most + 1) * sizeof *list) : NULL;
    uint64_t *known = status == 0 ? arena_alloc(context->arena, (most + 1) * sizeof *known) : NULL;
    if (list == NULL || known == NULL) {
        return status != 0 ? status : AISLE_NO_MEMORY;
    }
    uint32_t count = runs->hit_count;
    if (count != 0) {
        memcpy(list, runs->hits, count * sizeof *list);
    }
    append_new(runs->known, runs->hit_count, hits, hit_count, runs->count, list, &count, most);
    if (count == runs->hit_count) {
        return 0; /* it found nothing that others had not */
    }
    note_documents(list, count, known);
    runs->hits = list;
    runs->known = known;
    runs->hit_count = count;
    runs->roots[runs->count++] = root;
    runs->bound = runs->count;
    return 0;
}

/* Whether a hit of an earlier run is behind the place. */
static bool is_behind(const struct query_hit *hit, const struct query_after *after, uint32_t after_run)
{
    return hit->run != after_run ? hit->run > after_run : !query_after_passes(after, hit);
}

int runs_join(const struct runs *runs, struct query_context *context, const struct query_after *after,
              uint32_t after_run, uint32_t count, struct query_hit **hits, uint32_t *hit_count)
{
    struct query_hit *list = arena_alloc(context->arena, ((size_t)count + 1) * sizeof *list);
    uint32_t listed = 0;
    if (list == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < runs->hit_count && listed < count; i++) {
        if (after == NULL || is_behind(&runs->hits[i], after, after_run)) {
            list[listed++] = runs->hits[i];
        }
    }
    append_new(runs->known, runs->hit_count, *hits, *hit_count, runs->count, list, &listed, count);
    *hits = list;
    *hit_count = listed;
    return 0;
}

int runs_top(struct runs *runs, struct query_context *context, struct query_node *root, uint32_t count,
             struct query_hit **hits, uint32_t *hit_count)
{
    if (runs->count == 0) {
        return query_top(context, root, count, hits, hit_count);
    }
    uint32_t most = count + runs->hit_count;
    struct query_hit *list = arena_alloc(context->arena, ((size_t)count + 1) * sizeof *list);
    uint64_t *known = arena_alloc(context->arena, ((size_t)count + 1) * sizeof *known);
    uint32_t listed = 0;
    int status = list == NULL || known == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t run = 0; run <= runs->count && listed < count && status == 0; run++) {
        struct query_node *node;
        struct query_hit *found = NULL;
        uint32_t found_count = 0;
        uint32_t before = listed;
        note_documents(list, before, known);
        status = runs_bind(runs, context, run, root, &node);
        status = status == 0 ? query_top(context, node, most, &found, &found_count) : status;
        append_new(known, before, found, found_count, run, list, &listed, count);
    }
    if (status == 0) {
        struct query_node *node;
        status = runs_bind(runs, context, runs->count, root, &node);
    }
    *hits = list;
    *hit_count = listed;
    return status;
}
