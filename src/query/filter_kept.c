/*
 * filter_kept.c - room for the windows of a filter.
 */
#include "query/filter_kept.h"

/* Of catalogs with more documents nothing is kept: 2 MiB. */
#define DOCUMENTS_MAX (1u << 24)

void query_keep_filter(const struct query_context *context)
{
    struct query_keep *keep = context->keep;
    uint64_t documents = 0;
    for (uint32_t i = 0; i < context->segment_count; i++) {
        documents += context->segments[i].segment->info.documents;
    }
    if (keep == NULL || keep->filter != NULL || context->filter == NULL || context->crew != NULL ||
        documents > DOCUMENTS_MAX) {
        return;
    }
    struct filter_kept *kept = arena_alloc(&keep->arena, sizeof *kept);
    struct filter_kept_windows *segments =
        arena_alloc(&keep->arena, (context->segment_count + (size_t)1) * sizeof *segments);
    if (kept == NULL || segments == NULL) {
        return;
    }
    for (uint32_t i = 0; i < context->segment_count; i++) {
        size_t windows = context->segments[i].segment->info.documents / FILTER_WINDOW + (size_t)1;
        segments[i].known = arena_calloc(&keep->arena, windows, sizeof *segments[i].known);
        segments[i].bits = arena_alloc(&keep->arena, windows * (FILTER_WINDOW / 8));
        if (segments[i].known == NULL || segments[i].bits == NULL) {
            return;
        }
    }
    *kept = (struct filter_kept){.filter = context->filter, .segments = segments};
    keep->filter = kept;
}

struct filter_kept_windows *filter_kept_find(const struct query_context *context, uint32_t segment)
{
    const struct filter_kept *kept = context->keep == NULL ? NULL : context->keep->filter;
    return kept == NULL || kept->filter != context->filter ? NULL : &kept->segments[segment];
}
