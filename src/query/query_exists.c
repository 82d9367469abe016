/*
 * query_exists.c - whether any living product matches: the first that is met, in whatever segment, unscored.
 */
#include "query/cursor.h"

int query_exists(struct query_context *context, const struct query_node *root, uint32_t *steps, bool *exists)
{
    *exists = false;
    for (uint32_t s = 0; s < context->segment_count && !*exists; s++) {
        const struct segment_state *state = context->segments[s].state;
        struct cursor *cursor = NULL;
        int status = cursor_open_filtered(context, root, s, &cursor);
        if (status != 0) {
            return status;
        }
        uint32_t document = cursor->ops->seek(cursor, 0, CURSOR_ANY_SCORE);
        while (document != POSTINGS_END && !segment_state_alive(state, document)) {
            if (*steps == 0) {
                return AISLE_LIMIT;
            }
            --*steps;
            document = cursor->ops->seek(cursor, document + 1, CURSOR_ANY_SCORE);
        }
        status = cursor->ops->status(cursor);
        if (status != 0) {
            return status;
        }
        *exists = document != POSTINGS_END;
    }
    return 0;
}
