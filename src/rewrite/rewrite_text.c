/*
 * rewrite_text.c - the text that was meant: of the corrections of all words, those that some product has together.
 *
 * Each word has a few candidates, what was typed first where products have it. Their combinations are counted, in the
 * order of how many edits they need: the fewest that any product matches win, and of equal ones the better corrections.
 */
#include "rewrite/rewrite_private.h"

#define COMBINATIONS_MAX 48u

struct choice {
    uint32_t of[LIMIT_QUERY_TERMS]; /* each clause's candidate */
    uint32_t edits;
    uint32_t order; /* sum of the candidates' places: lower is better */
};

static uint32_t choices_of(const struct clause *clause)
{
    return clause->candidate_count == 0 ? 1 : clause->candidate_count;
}

/* The combination with this number. */
static struct choice make_choice(const struct rewrite *rewrite, uint32_t number)
{
    struct choice choice = {.edits = 0};
    for (uint32_t i = 0; i < rewrite->clause_count; i++) {
        const struct clause *clause = &rewrite->clauses[i];
        choice.of[i] = number % choices_of(clause);
        number /= choices_of(clause);
        choice.edits += clause->candidate_count == 0 ? 0 : clause->candidates[choice.of[i]].edits;
        choice.order += choice.of[i];
    }
    return choice;
}

/* Whether products match the combination. */
static int test_choice(struct rewrite *rewrite, struct query_context *context, const struct choice *choice,
                       uint64_t *count)
{
    struct query_node *all = query_parser_node(rewrite->parser, QUERY_AND, rewrite->clause_count);
    if (all == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < rewrite->clause_count; i++) {
        const struct clause *clause = &rewrite->clauses[i];
        if (!clause->left_out && !clause->understood) {
            all->children[all->child_count++] =
                clause->candidate_count == 0 ? clause->node : clause->candidates[choice->of[i]].node;
        }
    }
    all->kind = all->child_count == 0 ? QUERY_ALL : QUERY_AND;
    return rewrite_count(context, all, count);
}

static bool is_typed(const struct rewrite *rewrite, const struct choice *choice)
{
    for (uint32_t i = 0; i < rewrite->clause_count; i++) {
        const struct clause *clause = &rewrite->clauses[i];
        if (clause->candidate_count != 0 && clause->candidates[choice->of[i]].edits != 0) {
            return false;
        }
    }
    return true;
}

/* The text with what was chosen in place of what was typed. */
static int write_text(struct rewrite *rewrite, const struct choice *choice, struct bytes *out)
{
    size_t size = rewrite->text.size;
    for (uint32_t i = 0; i < rewrite->clause_count; i++) {
        const struct clause *clause = &rewrite->clauses[i];
        size += clause->candidate_count == 0 ? 0 : clause->candidates[choice->of[i]].text.size;
    }
    uint8_t *text = arena_alloc(rewrite->source.arena, size + 1);
    size_t from = 0;
    size_t used = 0;
    if (text == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < rewrite->clause_count; i++) {
        const struct clause *clause = &rewrite->clauses[i];
        if (clause->candidate_count == 0 || clause->candidates[choice->of[i]].edits == 0) {
            continue;
        }
        struct bytes chosen = clause->candidates[choice->of[i]].text;
        memcpy(text + used, rewrite->text.data + from, clause->first->start - from);
        used += clause->first->start - from;
        memcpy(text + used, chosen.data, chosen.size);
        used += chosen.size;
        from = clause->last->end;
    }
    memcpy(text + used, rewrite->text.data + from, rewrite->text.size - from);
    *out = bytes_of(text, used + rewrite->text.size - from);
    return 0;
}

int rewrite_correct_text(struct rewrite *rewrite, struct query_context *context, struct bytes *out)
{
    uint32_t combinations = 1;
    bool any = false;
    struct choice best = {.edits = UINT32_MAX};
    int status = 0;
    *out = bytes_of(NULL, 0);
    for (uint32_t i = 0; i < rewrite->clause_count; i++) {
        struct clause *clause = &rewrite->clauses[i];
        while (combinations * choices_of(clause) > COMBINATIONS_MAX) {
            clause->candidate_count--; /* at 1 it multiplies nothing */
        }
        combinations *= choices_of(clause);
        any = any || clause->candidate_count > 1 ||
              (clause->candidate_count == 1 && clause->candidates[0].edits != 0);
    }
    for (uint32_t number = 0; number < combinations && any && status == 0; number++) {
        struct choice choice = make_choice(rewrite, number);
        uint64_t count = 0;
        if (choice.edits > best.edits || (choice.edits == best.edits && choice.order >= best.order)) {
            continue;
        }
        status = test_choice(rewrite, context, &choice, &count);
        best = count != 0 ? choice : best;
    }
    if (status == 0 && best.edits != UINT32_MAX && !is_typed(rewrite, &best)) {
        status = write_text(rewrite, &best, out);
    }
    return status != 0 || !any ? status : query_bind(context, rewrite->root);
}
