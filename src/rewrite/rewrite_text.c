/*
 * rewrite_text.c - the text that was meant: of the corrections of all words, those that some product has together.
 *
 * Each word has a few candidates, fewest edits first, what was typed before them where products have it. Their
 * combinations are counted in the order of how many edits they need, so that one edit in any word is tried before two
 * in one or over two words, and of equal ones the better corrections first; the first that a product matches wins.
 * They are not listed beforehand (ten words have a million): what has been tried leads to the next, each to those with
 * one word's next candidate, from the word on that it changed last, so that none is come to twice (Lawler 1972).
 */
#include "rewrite/rewrite_private.h"

#define COMBINATIONS_MAX 48u

struct choice {
    uint8_t of[LIMIT_QUERY_TERMS]; /* each clause's candidate */
    uint32_t edits;
    uint32_t order; /* sum of the candidates' places: lower is better */
    uint32_t changed; /* the last clause that has not its first candidate */
};

static uint32_t choices_of(const struct clause *clause)
{
    return clause->candidate_count == 0 ? 1 : clause->candidate_count;
}

static uint32_t edits_of(const struct clause *clause, uint32_t candidate)
{
    return clause->candidate_count == 0 ? 0 : clause->candidates[candidate].edits;
}

/* Each clause's first candidate. */
static struct choice first_choice(const struct rewrite *rewrite)
{
    struct choice choice = {.edits = 0};
    for (uint32_t i = 0; i < rewrite->clause_count; i++) {
        choice.edits += edits_of(&rewrite->clauses[i], 0);
    }
    return choice;
}

/* Takes the best of those waiting; of equal ones the one that has waited longest. */
static struct choice take_best(struct choice *waiting, uint32_t *count)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < *count; i++) {
        const struct choice *a = &waiting[i];
        const struct choice *b = &waiting[best];
        best = a->edits < b->edits || (a->edits == b->edits && a->order < b->order) ? i : best;
    }
    struct choice taken = waiting[best];
    memmove(waiting + best, waiting + best + 1, (--*count - best) * sizeof *waiting);
    return taken;
}

/* Adds those that choice leads to. */
static void add_next(const struct rewrite *rewrite, const struct choice *choice, struct choice *waiting,
                     uint32_t *count)
{
    for (uint32_t i = choice->changed; i < rewrite->clause_count; i++) {
        const struct clause *clause = &rewrite->clauses[i];
        uint32_t next = choice->of[i] + 1u;
        if (next < choices_of(clause)) {
            struct choice *added = &waiting[(*count)++];
            *added = *choice;
            added->of[i] = (uint8_t)next;
            added->edits += edits_of(clause, next) - edits_of(clause, next - 1);
            added->order++;
            added->changed = i;
        }
    }
}

/* Whether products match the combination. */
static int test_choice(struct rewrite *rewrite, struct query_context *context, const struct choice *choice,
                       bool *matches)
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
    int status = query_bind(context, all);
    return status == 0 ? query_has_any(context, all, matches) : status;
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

/* Whether the choice is what the first run has looked for, of which it has found nothing. */
static bool has_found_none(const struct rewrite *rewrite, const struct choice *choice)
{
    bool same = rewrite->found_none && is_typed(rewrite, choice);
    for (uint32_t i = 0; i < rewrite->clause_count && same; i++) {
        const struct clause *clause = &rewrite->clauses[i];
        same = !clause->left_out && (clause->candidate_count != 0 || clause->node == clause->typed);
    }
    return same;
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

/* The best combination that products match; *is_found: there is one. */
static int find_choice(struct rewrite *rewrite, struct query_context *context, struct choice *best, bool *is_found)
{
    struct choice *waiting = arena_alloc(rewrite->source.arena,
                                         (COMBINATIONS_MAX * rewrite->clause_count + 1) * sizeof *waiting);
    uint32_t count = 1;
    int status = 0;
    *is_found = false;
    if (waiting == NULL) {
        return AISLE_NO_MEMORY;
    }
    waiting[0] = first_choice(rewrite);
    for (uint32_t tried = 0; tried < COMBINATIONS_MAX && count != 0 && !*is_found && status == 0; tried++) {
        if (query_watch_stops(context->watch)) {
            break;
        }
        *best = take_best(waiting, &count);
        if (!has_found_none(rewrite, best)) {
            status = test_choice(rewrite, context, best, is_found);
        }
        add_next(rewrite, best, waiting, &count);
    }
    return status;
}

int rewrite_correct_text(struct rewrite *rewrite, struct query_context *context, struct bytes *out)
{
    bool any = false;
    bool is_found;
    struct choice best;
    *out = bytes_of(NULL, 0);
    for (uint32_t i = 0; i < rewrite->clause_count; i++) {
        const struct clause *clause = &rewrite->clauses[i];
        any = any || clause->candidate_count > 1 ||
              (clause->candidate_count == 1 && clause->candidates[0].edits != 0);
    }
    if (!any || rewrite->finds_none) { /* each combination is one of what was looked for */
        return 0;
    }
    int status = find_choice(rewrite, context, &best, &is_found);
    if (status == 0 && is_found && !is_typed(rewrite, &best)) {
        status = write_text(rewrite, &best, out);
    }
    return status != 0 ? status : query_bind(context, rewrite->root);
}
