/*
 * rewrite_relax.c - words left out, and at last any of them: what is done rather than to show an empty page.
 */
#include "rewrite/rewrite_private.h"

/* After so many words were left out one by one, any will do: each is a run of the query. */
#define DROPPED_MAX 8u

struct standing {
    uint32_t kept;    /* words that are not left out */
    uint32_t needed;  /* of them must stay: one, unless something with operators is there */
    uint32_t words;
    uint32_t least;   /* the clause that tells least of those kept */
    bool any_unknown; /* a kept one that no product has */
};

static struct standing look(const struct rewrite *rewrite, const struct query_context *context)
{
    struct standing standing = {.needed = 1};
    double least = 0;
    for (uint32_t i = 0; i < rewrite->clause_count; i++) {
        const struct clause *clause = &rewrite->clauses[i];
        standing.words += clause->first != NULL && !clause->understood ? 1 : 0;
        standing.needed = clause->first == NULL ? 0 : standing.needed;
        if (clause->first == NULL || clause->understood || clause->left_out) {
            continue;
        }
        double tells = query_information(context, clause->node);
        standing.any_unknown = standing.any_unknown || tells == 0;
        if (standing.kept++ == 0 || tells < least) {
            least = tells;
            standing.least = i;
        }
    }
    return standing;
}

static int leave_out(struct rewrite *rewrite, struct clause *clause)
{
    clause->left_out = true;
    return rewrite_note(rewrite, REWRITE_DROPPED, clause->text, bytes_of(NULL, 0));
}

/* All words that no product has go at once, but what is needed stays. */
static int leave_out_unknown(struct rewrite *rewrite, const struct query_context *context, struct standing *standing)
{
    int status = 0;
    for (uint32_t i = 0; i < rewrite->clause_count && standing->kept > standing->needed && status == 0; i++) {
        struct clause *clause = &rewrite->clauses[i];
        if (clause->first != NULL && !clause->left_out && !clause->understood &&
            query_information(context, clause->node) == 0) {
            status = leave_out(rewrite, clause);
            standing->kept--;
        }
    }
    return status;
}

int rewrite_relax(struct rewrite *rewrite, struct query_context *context, bool *changed)
{
    int status;
    if (rewrite->stage == STAGE_ANY) {
        return 0;
    }
    struct standing standing = look(rewrite, context);
    bool may_drop = standing.kept > standing.needed && standing.words - standing.kept < DROPPED_MAX;
    rewrite->stage = STAGE_DROPPING;
    if (standing.any_unknown && standing.kept > standing.needed) {
        status = leave_out_unknown(rewrite, context, &standing);
    } else if (may_drop) {
        status = leave_out(rewrite, &rewrite->clauses[standing.least]);
    } else if (standing.words > 1 && standing.needed != 0) {
        rewrite->stage = STAGE_ANY;
        for (uint32_t i = 0; i < rewrite->clause_count; i++) {
            rewrite->clauses[i].left_out = false;
        }
        status = rewrite_note(rewrite, REWRITE_EITHER, rewrite->text, bytes_of(NULL, 0));
    } else {
        return 0;
    }
    *changed = true;
    return status;
}
