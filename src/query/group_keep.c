/*
 * group_keep.c - short chains by segment: a query has some tens of groups.
 *
 * Thread rule: see group_keep.h.
 */
#include "query/group_keep.h"

#include "query/scan_group.h"
#include "query/unions.h"

/* What tells lists and their prices apart. */
struct key_source {
    const struct postings_list *list;
    uint64_t df;
    double share;
    uint8_t least_class;
};

struct group_key {
    uint32_t count;
    bool is_sum;
    struct key_source sources[];
};

void query_keep_init(struct query_keep *keep)
{
    *keep = (struct query_keep){.of = NULL};
    arena_init(&keep->arena, LIMIT_QUERY_KEPT_BYTES);
}

void query_keep_reset(struct query_keep *keep)
{
    unions_let_go(keep);
    keep->of = NULL;
    keep->filter = NULL;
    arena_reset(&keep->arena);
}

void query_keep_release(struct query_keep *keep)
{
    unions_let_go(keep);
    keep->of = NULL;
    keep->filter = NULL;
    arena_release(&keep->arena);
}

static bool is_of(const struct group_key *key, const struct group_source *sources, uint32_t count, bool priced)
{
    bool same = key->count == count;
    for (uint32_t i = 0; i < count && same; i++) {
        const struct key_source *kept = &key->sources[i];
        const struct group_source *source = &sources[i];
        same = kept->list == source->list && kept->least_class == source->least_class &&
               (!priced || (kept->df == source->leaf->df && !(kept->share < source->leaf->share) &&
                            !(kept->share > source->leaf->share)));
    }
    return same;
}

const struct group_kept *group_keep_array(const struct query_keep *keep, uint32_t segment,
                                          const struct group_source *sources, uint32_t count, bool is_sum, bool priced)
{
    const struct group_kept *kept = keep == NULL || keep->of == NULL ? NULL : keep->of[segment];
    while (kept != NULL && (kept->documents == NULL || (priced && kept->key->is_sum != is_sum) ||
                            !is_of(kept->key, sources, count, priced))) {
        kept = kept->next;
    }
    return kept;
}

const struct group_kept *group_keep_bits(const struct query_keep *keep, uint32_t segment,
                                         const struct group_source *sources, uint32_t count)
{
    const struct group_kept *kept = keep == NULL || keep->of == NULL ? NULL : keep->of[segment];
    while (kept != NULL && (kept->bits == NULL || !is_of(kept->key, sources, count, false))) {
        kept = kept->next;
    }
    return kept;
}

static struct group_key *new_key(struct arena *arena, const struct group_source *sources, uint32_t count, bool is_sum)
{
    struct group_key *key = arena_alloc(arena, sizeof *key + count * sizeof *key->sources);
    if (key == NULL) {
        return NULL;
    }
    key->count = count;
    key->is_sum = is_sum;
    for (uint32_t i = 0; i < count; i++) {
        key->sources[i] = (struct key_source){
            sources[i].list, sources[i].leaf->df, sources[i].leaf->share, sources[i].least_class};
    }
    return key;
}

struct group_kept *group_keep_new(struct query_keep *keep, uint32_t segments, const struct group_source *sources,
                                  uint32_t count, bool is_sum, size_t documents, size_t words)
{
    struct arena *arena = &keep->arena;
    struct arena_mark mark = arena_mark(arena);
    struct group_kept *kept = arena_calloc(arena, 1, sizeof *kept);
    bool complete = kept != NULL && (kept->key = new_key(arena, sources, count, is_sum)) != NULL;
    if (complete && documents != 0) {
        size_t runs = documents / SCAN_GROUP_RUN + 1;
        kept->documents = arena_alloc(arena, documents * sizeof *kept->documents);
        kept->scores = arena_alloc(arena, documents * sizeof *kept->scores);
        kept->bounds = arena_calloc(arena, runs, sizeof *kept->bounds);
        complete = kept->documents != NULL && kept->scores != NULL && kept->bounds != NULL;
    } else if (complete) {
        kept->bits = arena_calloc(arena, words, sizeof *kept->bits);
        complete = kept->bits != NULL;
    }
    if (complete && keep->of == NULL) {
        keep->of = arena_calloc(arena, segments, sizeof *keep->of);
        complete = keep->of != NULL;
    }
    if (!complete) {
        arena_rewind(arena, mark);
    }
    return complete ? kept : NULL;
}

void group_keep_add(struct query_keep *keep, uint32_t segment, struct group_kept *kept)
{
    kept->next = keep->of[segment];
    keep->of[segment] = kept;
}
