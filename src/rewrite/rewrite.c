/*
 * rewrite.c - the stages of rewriting, in their order.
 *
 * Each stage only adds what may match, so that a later run never loses a product that an earlier one has found; words
 * that are left out still add their scores.
 */
#include "rewrite/rewrite_private.h"

int rewrite_note(struct rewrite *rewrite, enum rewrite_note_kind kind, struct bytes typed, struct bytes used)
{
    for (uint32_t i = 0; i < rewrite->note_count; i++) {
        const struct rewrite_note *known = &rewrite->notes[i];
        if (known->kind == kind && bytes_equal(known->typed, typed) && bytes_equal(known->used, used)) {
            return 0; /* what was corrected at once is corrected again when there are few hits */
        }
    }
    if (rewrite->note_count == rewrite->note_capacity) {
        uint32_t capacity = rewrite->note_capacity == 0 ? 8 : rewrite->note_capacity * 2;
        struct rewrite_note *grown = arena_alloc(rewrite->source.arena, capacity * sizeof *grown);
        if (grown == NULL) {
            return AISLE_NO_MEMORY;
        }
        if (rewrite->note_count != 0) {
            memcpy(grown, rewrite->notes, rewrite->note_count * sizeof *grown);
        }
        rewrite->notes = grown;
        rewrite->note_capacity = capacity;
    }
    rewrite->notes[rewrite->note_count++] = (struct rewrite_note){.kind = kind, .typed = typed, .used = used};
    return 0;
}

/* Parses the text and applies what needs no postings: also to begin anew, when it is to be read in another way. */
static int read_text(struct rewrite *rewrite)
{
    const struct rewrite_options *options = &rewrite->source.options;
    struct bytes text = rewrite->text;
    int status = rewrite->prices == PRICES_WORDS ? 0 : rewrite_take_prices(rewrite, &text);
    if (status == 0) {
        status = query_parser_run(rewrite->parser, text, &rewrite->root);
    }
    if (status == 0) {
        status = rewrite_take_apart(rewrite);
    }
    if (status != 0 || rewrite->fixed) {
        return status;
    }
    status = options->as_you_type ? rewrite_as_you_type(rewrite) : 0;
    if (status == 0 && rewrite->source.rules != NULL) {
        status = rewrite_apply_rules(rewrite);
    }
    if (status == 0 && !options->no_typos) {
        status = rewrite_pass_times(rewrite);
    }
    rewrite->stage = options->mode == REWRITE_ANY ? STAGE_ANY : STAGE_TYPED;
    return status == 0 ? rewrite_build(rewrite) : status;
}

/* Nothing was found of what was understood: prices are passed over, and the next time values are words. */
static int read_again(struct rewrite *rewrite, struct query_context *context)
{
    rewrite->reads_values = rewrite->prices == PRICES_FILTER && rewrite->has_prices;
    rewrite->prices = rewrite->prices == PRICES_FILTER ? PRICES_PASSED : rewrite->prices;
    rewrite->looked = false;
    rewrite->joined = false;
    rewrite->joined_nearly = false;
    rewrite->own_filter_count = 0;
    rewrite->preferred_count = 0;
    rewrite->has_values = false;
    rewrite->note_count = 0;
    rewrite->clause_count = 0;
    rewrite->unwanted = NULL;
    context->filter = rewrite->given_filter;
    return read_text(rewrite);
}

/* Without any field that allows typos there are no corrections. */
static void find_typo_fields(struct rewrite *rewrite)
{
    const struct schema *schema = rewrite->source.schema;
    bool all = true;
    for (uint8_t f = 0; f < schema->field_count; f++) {
        const struct field *field = &schema->fields[f];
        all = all && (!field->searchable || field->typos);
        rewrite->typo_fields |= field->typos ? UINT64_C(1) << field->searchable_rank : 0;
    }
    rewrite->source.options.no_typos = rewrite->source.options.no_typos || rewrite->typo_fields == 0;
    rewrite->typo_fields = all ? 0 : rewrite->typo_fields;
}

int rewrite_new(const struct rewrite_source *source, struct bytes text, struct rewrite **out)
{
    struct rewrite *rewrite = arena_calloc(source->arena, 1, sizeof *rewrite);
    *out = rewrite;
    if (rewrite == NULL) {
        return error_no_memory(source->error, "parsing a query");
    }
    rewrite->source = *source;
    rewrite->text = text;
    struct rewrite_options *options = &rewrite->source.options;
    rewrite->few_is_given = options->few != 0;
    options->few = options->few == 0 ? REWRITE_FEW : options->few;
    options->variants_max = options->variants_max == 0 ? REWRITE_VARIANTS : options->variants_max;
    options->one_from = options->one_from == 0 ? REWRITE_ONE_FROM : options->one_from;
    options->two_from = options->two_from == 0 ? REWRITE_TWO_FROM : options->two_from;
    find_typo_fields(rewrite);
    rewrite->prices = options->no_understanding ? PRICES_WORDS : PRICES_FILTER;
    rewrite->reads_values = !options->no_understanding;
    int status = query_parser_new(source->schema, source->analyser, source->arena, &rewrite->parser, source->error);
    if (status == 0) {
        status = read_text(rewrite);
    }
    *out = status == 0 ? rewrite : NULL;
    return status;
}

static bool is_unknown(const struct rewrite *rewrite, const struct query_context *context, const struct clause *clause)
{
    (void)rewrite;
    return clause->first != NULL && !clause->rewritten && !clause->understood &&
           query_information(context, clause->typed) == 0;
}

/* Corrects what no product has. */
static int correct_unknown(struct rewrite *rewrite, struct query_context *context, bool *changed)
{
    int status = 0;
    *changed = false;
    for (uint32_t i = 0; i < rewrite->clause_count; i++) {
        struct clause *clause = &rewrite->clauses[i];
        clause->at_once = !clause->at_once && !clause->corrected && is_unknown(rewrite, context, clause);
    }
    if (!rewrite->joined) {
        rewrite->joined = true;
        status = rewrite_join(rewrite, context, false, changed);
    }
    for (uint32_t i = 0; i < rewrite->clause_count && status == 0 && !query_watch_stops(context->watch); i++) {
        struct clause *clause = &rewrite->clauses[i];
        bool more = false;
        if (clause->at_once && !clause->corrected) {
            status = rewrite_correct(rewrite, context, clause, false, &more);
            *changed = *changed || more;
        }
    }
    return status;
}

int rewrite_bind(struct rewrite *rewrite, struct query_context *context, struct query_node **root)
{
    bool changed = false;
    int status = 0;
    if (!rewrite->looked) {
        rewrite->given_filter = context->filter;
        rewrite->looked = true;
        status = rewrite_understand(rewrite, context);
    }
    status = status == 0 ? query_bind(context, rewrite->root) : status;
    if (status == 0 && !rewrite->fixed && !rewrite->source.options.no_typos) {
        status = correct_unknown(rewrite, context, &changed);
    }
    if (status == 0 && changed) {
        status = rewrite_build(rewrite);
        status = status == 0 ? query_bind(context, rewrite->root) : status;
    }
    *root = rewrite->root;
    return status;
}

/* Everything is corrected. */
static int correct_all(struct rewrite *rewrite, struct query_context *context, bool *changed)
{
    int status = rewrite_join(rewrite, context, true, changed);
    for (uint32_t i = 0; i < rewrite->clause_count && status == 0 && !query_watch_stops(context->watch); i++) {
        struct clause *clause = &rewrite->clauses[i];
        bool more = false;
        if (clause->first != NULL && !clause->rewritten && !clause->corrected && !clause->understood) {
            status = rewrite_correct(rewrite, context, clause, true, &more);
            *changed = *changed || more;
        }
    }
    return status;
}

/* The next stage. */
static int change(struct rewrite *rewrite, struct query_context *context, uint64_t found, bool *again)
{
    int status = 0;
    if (found >= rewrite->source.options.few) { /* enough, but it may be a part of other codes, too */
        rewrite->stage = STAGE_CORRECTED;
        return rewrite_add_codes(rewrite, context, &rewrite->clauses[0], again);
    }
    if (rewrite->stage == STAGE_TYPED) {
        rewrite->found_none = found == 0;
        rewrite->stage = STAGE_CORRECTED;
        status = rewrite->source.options.no_typos ? 0 : correct_all(rewrite, context, again);
    }
    if (status == 0 && !*again && found == 0 && !rewrite->joined_nearly && rewrite->stage == STAGE_CORRECTED) {
        rewrite->joined_nearly = true;
        status = rewrite->source.options.no_typos ? 0 : rewrite_join_nearly(rewrite, context, again);
    }
    if (status == 0 && !*again && rewrite->source.options.mode == REWRITE_RELAXED) {
        status = rewrite_relax(rewrite, context, again);
    }
    return status;
}

int rewrite_again(struct rewrite *rewrite, struct query_context *context, uint64_t found, bool *again)
{
    uint32_t notes = rewrite->note_count;
    *again = false;
    rewrite->finds_none = found == 0;
    if (query_watch_stops(context->watch)) {
        return 0;
    }
    if (found == 0 && rewrite->own_filter_count != 0) {
        *again = true;
        return read_again(rewrite, context);
    }
    if (rewrite->fixed || found >= rewrite_few(rewrite)) {
        return 0;
    }
    int status = change(rewrite, context, found, again);
    if (*again && query_watch_stops(context->watch)) { /* what was found stands, and nothing more is said */
        rewrite->note_count = notes;
        *again = false;
    }
    return status == 0 && *again ? rewrite_build(rewrite) : status;
}

struct query_node *rewrite_root(const struct rewrite *rewrite)
{
    return rewrite->root;
}

uint32_t rewrite_few(const struct rewrite *rewrite)
{
    const struct rewrite_options *options = &rewrite->source.options;
    bool is_fragment = !rewrite->fixed && rewrite->stage == STAGE_TYPED && !options->no_typos &&
                       rewrite->clause_count == 1 && rewrite_may_be_fragment(rewrite, &rewrite->clauses[0]);
    uint32_t few = is_fragment && !rewrite->few_is_given ? REWRITE_FEW_EXACT : options->few;
    return rewrite->fixed ? 1 : few;
}

int rewrite_finish(struct rewrite *rewrite, struct query_context *context, struct rewrite_report *out)
{
    *out = (struct rewrite_report){.notes = rewrite->notes, .note_count = rewrite->note_count};
    return rewrite->fixed ? 0 : rewrite_correct_text(rewrite, context, &out->corrected);
}
