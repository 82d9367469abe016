/*
 * token_list.c - tokens that outlive the analyser's next run.
 *
 * Thread rule: the arena's.
 */
#include "text/text.h"

#include "base/status.h"

int token_list_copy(const struct token_list *list, struct arena *arena, struct token_list *out)
{
    struct token *tokens = arena_alloc(arena, (list->count + 1) * sizeof *tokens);
    *out = (struct token_list){.count = 0};
    if (tokens == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct token *from = &list->tokens[i];
        const void *term = arena_copy(arena, from->term.data, from->term.size);
        const void *folded = arena_copy(arena, from->folded.data, from->folded.size);
        if (term == NULL || folded == NULL) {
            return AISLE_NO_MEMORY;
        }
        tokens[i] = *from;
        tokens[i].term.data = term;
        tokens[i].folded.data = folded;
        tokens[i].note = NULL; /* which may not live as long */
    }
    *out = *list;
    out->tokens = tokens;
    return 0;
}
