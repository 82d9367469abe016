/*
 * rewrite_correct.c - words that are like a typed one become alternatives of its clause, in tiers.
 *
 * A tier is one leaf of all words of as many edits, so that a clause stays a handful of leaves however many words it
 * has. Where what was typed is nowhere, the best correction is a leaf of its own, above the others. Which are best:
 * fewest edits, then a balance of how many products have the word and how unlikely the error is.
 */
#include "rewrite/rewrite_private.h"

#include <math.h>
#include <stdlib.h>

/* How much a tenth of an edit weighs beside the logarithm of how many products have a word. */
#define BITS_A_TENTH 0.8

#define FRAGMENT_BYTES_MIN 3u
#define PREFIX_LENGTH_MIN 3u /* of what is typed, for words that begin nearly so */

/* A known word is likelier a misspelling of one that so many times as many products have. */
#define MISSPELT_RATIO 20u

struct ranked {
    struct bytes word;
    uint32_t edits; /* a wrong first character counts as one more */
    uint64_t df;
    double rank; /* higher is better */
};

static bool is_listed(struct bytes list, struct bytes word)
{
    while (list.size != 0) {
        const uint8_t *space = memchr(list.data, ' ', list.size);
        size_t size = space == NULL ? list.size : (size_t)(space - list.data);
        if (bytes_equal(bytes_of(list.data, size), word)) {
            return true;
        }
        list = space == NULL ? bytes_of(NULL, 0) : bytes_of(space + 1, list.size - size - 1);
    }
    return false;
}

bool rewrite_is_exact(const struct rewrite *rewrite, struct bytes word)
{
    const struct rules *rules = rewrite->source.rules;
    return is_listed(rewrite->source.options.exact, word) || (rules != NULL && rules_is_exact(rules, word));
}

static uint8_t edits_for(const struct rewrite_options *options, struct bytes word)
{
    uint32_t length = rewrite_length(word);
    uint8_t edits = length < options->one_from ? 0 : length < options->two_from ? 1 : 2;
    return options->edits_max != 0 && options->edits_max < edits ? options->edits_max : edits;
}

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left;
    const struct ranked *b = right;
    if (a->edits != b->edits) {
        return a->edits < b->edits ? -1 : 1;
    }
    return a->rank != b->rank ? (a->rank > b->rank ? -1 : 1) : bytes_compare(a->word, b->word);
}

/* Whether two words have the same first character; its first byte will do. */
static bool begins_alike(struct bytes a, struct bytes b)
{
    return a.size != 0 && b.size != 0 && a.data[0] == b.data[0];
}

/* Whether a word has no term but those of node: it finds what node does. */
static bool has_same_terms(const struct query_node *node, const struct bytes *terms, uint32_t count)
{
    bool same = node->kind == QUERY_TERMS;
    for (uint32_t i = 0; i < count && same; i++) {
        same = false;
        for (uint32_t k = 0; k < node->term_count && !same; k++) {
            same = bytes_equal(terms[i], node->terms[k]);
        }
    }
    return same;
}

/* Variants whose terms are asked for from memory before the first is looked up: misses are waited for together. */
#define AHEAD 16u

struct ahead {
    struct bytes terms[LIMIT_FIELDS];
    uint32_t count; /* 0: it finds the same as what was typed */
    bool is_known;
    uint64_t df;
};

static int look_ahead(struct rewrite *rewrite, struct query_context *context, const struct clause *clause,
                      const struct rewrite_variant *variants, size_t count, struct ahead *ahead)
{
    for (size_t i = 0; i < count; i++) {
        int status = query_parser_terms(rewrite->parser, variants[i].word, ahead[i].terms, &ahead[i].count);
        if (status != 0) {
            return status;
        }
        if (has_same_terms(clause->typed, ahead[i].terms, ahead[i].count)) {
            ahead[i].count = 0;
        }
        ahead[i].is_known = query_df_is_known(context, ahead[i].terms, ahead[i].count, &ahead[i].df);
        if (!ahead[i].is_known) {
            query_df_ahead(context, ahead[i].terms, ahead[i].count);
        }
    }
    return 0;
}

/* Those of variants that products have, best first; what finds the same as what was typed is none. */
static int rank_variants(struct rewrite *rewrite, struct query_context *context, const struct clause *clause,
                         const struct rewrite_variants *variants, struct ranked **out, uint32_t *count)
{
    struct bytes typed = clause->first->folded;
    struct ranked *ranked = arena_calloc(rewrite->source.arena, variants->count + 1, sizeof *ranked);
    struct ahead *ahead = arena_alloc(rewrite->source.arena, AHEAD * sizeof *ahead);
    int status = 0;
    *out = ranked;
    *count = 0;
    if (ranked == NULL || ahead == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < variants->count && status == 0 && !query_watch_stops(context->watch); i++) {
        const struct rewrite_variant *variant = &variants->list[i];
        struct bytes word = variant->word;
        size_t left = variants->count - i;
        struct ahead *of = &ahead[i % AHEAD];
        uint64_t df = 0;
        if (i % AHEAD == 0) {
            status = look_ahead(rewrite, context, clause, variant, left < AHEAD ? left : AHEAD, ahead);
        }
        if (status == 0 && of->count != 0) {
            df = of->df;
            status = of->is_known ? 0 : query_df(context, of->terms, of->count, &df);
        }
        if (status == 0 && df != 0) {
            uint32_t edits = variant->edits + (begins_alike(typed, word) ? 0u : 1u);
            double rank = log2((double)df + 1) - BITS_A_TENTH * rewrite_unlikelihood(typed, word);
            ranked[(*count)++] = (struct ranked){word, edits, df, rank};
        }
    }
    qsort(ranked, *count, sizeof *ranked, compare_ranked);
    return status;
}

/* Of the best, most at most, those that a product has where corrections count. */
static int keep_counting(struct rewrite *rewrite, struct query_context *context, struct ranked *ranked, uint32_t *count,
                         uint32_t most)
{
    uint32_t kept = 0;
    int status = 0;
    if (rewrite->typo_fields == 0) {
        *count = *count < most ? *count : most;
        return 0;
    }
    for (uint32_t i = 0; i < *count && kept < most && status == 0; i++) {
        bool counts;
        status = rewrite_counts(rewrite, context, ranked[i].word, &counts);
        if (counts) {
            ranked[kept++] = ranked[i];
        }
    }
    *count = kept;
    return status;
}

/* One leaf of words from first to end - 1, as an alternative. */
static int add_tier(struct rewrite *rewrite, struct clause *clause, const struct ranked *ranked, uint32_t first,
                    uint32_t end, uint32_t weight)
{
    struct bytes words[LIMIT_VARIANTS];
    struct query_node *node;
    if (first >= end || query_parser_leaves_left(rewrite->parser) == 0) {
        return 0;
    }
    for (uint32_t i = first; i < end; i++) {
        words[i - first] = ranked[i].word;
    }
    int status = query_parser_group(rewrite->parser, words, end - first, &node);
    return status == 0 ? rewrite_add_alternative(rewrite, clause, node, weight) : status;
}

static int add_candidate(struct rewrite *rewrite, struct clause *clause, const struct ranked *ranked)
{
    struct candidate *candidate = &clause->candidates[clause->candidate_count];
    *candidate = (struct candidate){.text = ranked->word, .edits = ranked->edits};
    if (query_parser_leaves_left(rewrite->parser) == 0) {
        return 0;
    }
    int status = query_parser_group(rewrite->parser, &ranked->word, 1, &candidate->node);
    clause->candidate_count += status == 0 ? 1 : 0;
    return status;
}

/*
 * The best corrections, and what was typed, for the text that was meant, fewest edits first. The two words that an
 * unknown one may be stand behind corrections of as many edits.
 */
static int add_candidates(struct rewrite *rewrite, struct clause *clause, const struct ranked *ranked, uint32_t count,
                          bool is_known)
{
    int status = 0;
    uint64_t df = clause->typed->kind == QUERY_TERMS ? clause->typed->df : UINT64_MAX / MISSPELT_RATIO;
    struct candidate split = clause->candidates[0];
    uint32_t waiting = !is_known && clause->candidate_count != 0 ? 1 : 0;
    clause->candidate_count = 0;
    if (is_known && (count == 0 || ranked[0].df / MISSPELT_RATIO < df)) {
        clause->candidates[clause->candidate_count++] =
            (struct candidate){.text = clause->text, .node = clause->typed};
    }
    for (uint32_t i = 0; i < count && clause->candidate_count + waiting < CANDIDATES_MAX && status == 0; i++) {
        if (waiting != 0 && ranked[i].edits > split.edits) {
            clause->candidates[clause->candidate_count++] = split;
            waiting = 0;
        }
        status = add_candidate(rewrite, clause, &ranked[i]);
    }
    if (waiting != 0) {
        clause->candidates[clause->candidate_count++] = split;
    }
    return status;
}

static uint32_t count_edits(const struct ranked *ranked, uint32_t count, uint32_t edits)
{
    uint32_t until = 0;
    while (until < count && ranked[until].edits <= edits) {
        until++;
    }
    return until;
}

/* Adds corrections in tiers; unless all, those of the fewest edits alone. */
static int add_corrections(struct rewrite *rewrite, struct clause *clause, const struct ranked *ranked, uint32_t count,
                           bool all, bool is_known)
{
    uint32_t fewest = count == 0 ? 0 : ranked[0].edits;
    uint32_t one = count_edits(ranked, count, fewest);
    uint32_t used = all ? count : one;
    int status;
    one = one < used ? one : used;
    if (is_known) {
        uint32_t near = count_edits(ranked, used, 1);
        status = add_tier(rewrite, clause, ranked, 0, near, WEIGHT_ONE_EDIT);
        status = status == 0 ? add_tier(rewrite, clause, ranked, near, used, WEIGHT_TWO_EDITS) : status;
    } else {
        status = add_tier(rewrite, clause, ranked, 0, 1 < used ? 1 : used, QUERY_WEIGHT_WHOLE);
        status = status == 0 ? add_tier(rewrite, clause, ranked, 1, one, WEIGHT_OTHERS) : status;
        status = status == 0 ? add_tier(rewrite, clause, ranked, one, used, WEIGHT_ONE_EDIT) : status;
    }
    for (uint32_t i = 0; i < used && i < CANDIDATES_MAX && status == 0; i++) {
        status = rewrite_note(rewrite, REWRITE_TYPO, clause->text, ranked[i].word);
    }
    return status == 0 ? add_candidates(rewrite, clause, ranked, used, is_known) : status;
}

/* Where something was found as it was typed, only what is far more frequent than a known word is likely meant. */
static uint32_t keep_frequent(const struct query_node *typed, struct ranked *ranked, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (typed->kind == QUERY_TERMS && ranked[i].df / MISSPELT_RATIO >= typed->df) {
            ranked[kept++] = ranked[i];
        }
    }
    return kept;
}

/* Nor is a word one that so many times fewer products have, even where nothing was found as it was typed. */
#define MEANT_RARER 64u

static uint32_t keep_likely(const struct query_node *typed, struct ranked *ranked, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (typed->kind != QUERY_TERMS || ranked[i].df >= typed->df / MEANT_RARER) {
            ranked[kept++] = ranked[i];
        }
    }
    return kept;
}

/* Whether nothing can be that much more frequent than a known word: then there is nothing to look for. */
static bool is_too_frequent(const struct query_context *context, const struct query_node *typed)
{
    return typed->kind != QUERY_TERMS || typed->df > context->statistics.products / MISSPELT_RATIO;
}

/* What is within so many edits of a clause's word and counts, best first. */
static int find_corrections(struct rewrite *rewrite, struct query_context *context, struct clause *clause,
                            uint8_t max_edits, struct ranked **ranked, uint32_t *count)
{
    const struct rewrite_options *options = &rewrite->source.options;
    const struct rewrite_words *words = &rewrite->source.words;
    bool is_known = query_information(context, clause->typed) != 0;
    uint32_t most = options->variants_max < LIMIT_VARIANTS ? options->variants_max : LIMIT_VARIANTS;
    struct rewrite_ask ask = {.word = clause->first->folded,
                              .max_edits = max_edits,
                              .fixed_prefix = options->fixed_prefix,
                              .limit = LIMIT_SIMILAR,
                              .watch = context->watch};
    struct rewrite_variants variants = {.count = 0};
    if (is_known && ask.fixed_prefix == 0) {
        ask.fixed_prefix = 1;
    }
    int status = words->similar(words->self, &ask, rewrite->source.arena, &variants);
    if (status == 0) {
        status = rank_variants(rewrite, context, clause, &variants, ranked, count);
    }
    if (status == 0 && is_known) {
        *count = rewrite->found_none ? keep_likely(clause->typed, *ranked, *count)
                                     : keep_frequent(clause->typed, *ranked, *count);
    }
    return status == 0 ? keep_counting(rewrite, context, *ranked, count, most) : status;
}

/* Where those of the fewest edits will do, two edits are looked for only if one is not enough: it is a twentieth. */
static int correct_similar(struct rewrite *rewrite, struct query_context *context, struct clause *clause, bool all,
                           bool *changed)
{
    bool is_known = query_information(context, clause->typed) != 0;
    uint8_t max_edits = edits_for(&rewrite->source.options, clause->first->folded);
    uint8_t edits = all || max_edits == 0 ? max_edits : 1;
    struct ranked *ranked = NULL;
    uint32_t count = 0;
    if (max_edits == 0 || rewrite->source.words.similar == NULL ||
        (is_known && !rewrite->found_none && is_too_frequent(context, clause->typed))) {
        return 0;
    }
    int status = find_corrections(rewrite, context, clause, edits, &ranked, &count);
    if (status == 0 && edits < max_edits && (count == 0 || ranked[0].edits > 1)) {
        status = find_corrections(rewrite, context, clause, max_edits, &ranked, &count);
    }
    if (status != 0 || count == 0) {
        return status;
    }
    *changed = true;
    query_parser_set_scope(rewrite->parser, rewrite->typo_fields);
    status = add_corrections(rewrite, clause, ranked, count, all, is_known);
    query_parser_set_scope(rewrite->parser, 0);
    return status;
}

bool rewrite_may_be_fragment(const struct rewrite *rewrite, const struct clause *clause)
{
    return clause->first != NULL && clause->first == clause->last && !clause->first->prefix && !clause->rewritten &&
           !clause->understood && rewrite_has_digit(clause->first->folded) &&
           clause->first->folded.size >= FRAGMENT_BYTES_MIN && rewrite->source.words.containing != NULL &&
           !rewrite_is_exact(rewrite, clause->first->folded);
}

/* Whether an amount stands in word, not behind more of its number: "30ml" is no part of "330ml", "6ft" of "6.56ft". */
static bool has_amount(struct bytes word, struct bytes amount)
{
    for (size_t at = 0; at + amount.size <= word.size; at++) {
        uint8_t before = at == 0 ? ' ' : word.data[at - 1];
        if (before != '.' && (before < '0' || before > '9') &&
            memcmp(word.data + at, amount.data, amount.size) == 0) {
            return true;
        }
    }
    return false;
}

/* An amount of a longer number is a part number that happens to end so: "91000564712a". */
#define AMOUNT_DIGITS_MAX 6u

static bool is_amount(struct bytes word)
{
    size_t size = 0;
    while (size < word.size && ((word.data[size] >= '0' && word.data[size] <= '9') || word.data[size] == '.')) {
        size++;
    }
    return size <= AMOUNT_DIGITS_MAX && text_is_amount(word);
}

/* Whether a word that contains what was typed may be meant by it: an amount is no code that has parts. */
static bool is_code_of(struct bytes word, struct bytes typed)
{
    return is_amount(typed) ? has_amount(word, typed) : !is_amount(word) || bytes_begin_with(word, typed);
}

/* Of which LIMIT_VARIANTS that products have are taken: those of products that are gone stand among them. */
#define CODES_LOOKED (4 * LIMIT_VARIANTS)

int rewrite_add_codes(struct rewrite *rewrite, struct query_context *context, struct clause *clause, bool *changed)
{
    bool is_known = query_information(context, clause->typed) != 0;
    uint32_t whole = is_known ? WEIGHT_CONTAINED : QUERY_WEIGHT_WHOLE;
    const struct rewrite_words *words = &rewrite->source.words;
    struct bytes typed = clause->first->folded;
    struct rewrite_ask ask = {.word = typed, .limit = CODES_LOOKED, .watch = context->watch};
    struct rewrite_variants variants = {.count = 0};
    struct ranked begin[LIMIT_VARIANTS];
    struct ranked contain[LIMIT_VARIANTS];
    uint32_t begin_count = 0;
    uint32_t contain_count = 0;
    if (typed.size < FRAGMENT_BYTES_MIN || words->containing == NULL) {
        return 0;
    }
    int status = words->containing(words->self, &ask, rewrite->source.arena, &variants);
    bool is_cut = variants.truncated;
    for (size_t i = 0; i < variants.count && status == 0 && !query_watch_stops(context->watch); i++) {
        uint64_t df;
        struct bytes word = variants.list[i].word;
        if (bytes_equal(word, typed) || !is_code_of(word, typed)) {
            continue;
        }
        status = rewrite_df(rewrite, context, word, &df);
        if (status != 0 || df == 0) {
            continue;
        }
        if (begin_count + contain_count == LIMIT_VARIANTS) {
            is_cut = true;
            break;
        }
        if (begin_count + contain_count < CANDIDATES_MAX) {
            status = rewrite_note(rewrite, REWRITE_FRAGMENT, clause->text, word);
        }
        if (bytes_begin_with(word, typed)) {
            begin[begin_count++].word = word;
        } else {
            contain[contain_count++].word = word;
        }
    }
    context->is_cut = context->is_cut || is_cut; /* also where it is a word itself: what contains it is missing */
    *changed = *changed || begin_count + contain_count != 0;
    if (status == 0) {
        status = add_tier(rewrite, clause, begin, 0, begin_count, whole);
    }
    return status == 0 ? add_tier(rewrite, clause, contain, 0, contain_count, begin_count == 0 ? whole : whole / 2)
                       : status;
}

/* What begins with a variant, as the number-th alternative. */
static int add_beginning(struct rewrite *rewrite, struct clause *clause, const struct rewrite_variant *variant,
                         uint32_t number, bool is_known)
{
    struct query_node *node;
    int status = query_parser_prefix(rewrite->parser, variant->word, &node);
    status = status == 0 ? rewrite_add_stems(rewrite, variant->word, node) : status;
    if (status == 0) {
        status = rewrite_add_alternative(rewrite, clause, node, number == 0 ? QUERY_WEIGHT_WHOLE : WEIGHT_OTHERS);
    }
    if (status == 0 && number == 0) {
        clause->candidate_count = 0;
        if (is_known) {
            clause->candidates[clause->candidate_count++] =
                (struct candidate){.text = clause->text, .node = clause->typed};
        }
        clause->candidates[clause->candidate_count++] =
            (struct candidate){.text = variant->word, .node = node, .edits = variant->edits};
    }
    return status == 0 && number < CANDIDATES_MAX ? rewrite_note(rewrite, REWRITE_TYPO, clause->text, variant->word)
                                                  : status;
}

/* Of a beginning that products have, but none beside the other words. */
#define KNOWN_BEGINNINGS_MAX 8u

/* Nearly anything begins with what is shorter; what was typed has been looked for. */
static bool is_nearly_so(const struct rewrite_variant *variant)
{
    return variant->edits != 0 && rewrite_length(variant->word) >= PREFIX_LENGTH_MIN;
}

/* Edits of the first of variants that count, and so of the fewest; 0: there is none. */
static uint8_t fewest_edits(const struct rewrite_variants *variants)
{
    for (size_t i = 0; i < variants->count; i++) {
        if (is_nearly_so(&variants->list[i])) {
            return variants->list[i].edits;
        }
    }
    return 0;
}

/* What begins nearly as what is being typed: of the fewest edits, so that two are looked for only if one is too few. */
static int correct_prefix(struct rewrite *rewrite, struct query_context *context, struct clause *clause, bool *changed)
{
    const struct rewrite_words *words = &rewrite->source.words;
    const struct rewrite_options *options = &rewrite->source.options;
    struct bytes typed = clause->first->folded;
    uint8_t max_edits = edits_for(options, typed);
    bool is_known = query_information(context, clause->typed) != 0;
    struct rewrite_ask ask = {.word = typed,
                              .fixed_prefix = options->fixed_prefix,
                              .limit = options->variants_max,
                              .watch = context->watch};
    struct rewrite_variants variants = {.count = 0};
    int status = 0;
    if (rewrite_length(typed) < PREFIX_LENGTH_MIN || words->similar_prefix == NULL || rewrite_has_digit(typed)) {
        return 0;
    }
    if (is_known) { /* no more than may be meant: this is what finds nothing, and often will not */
        ask.limit = ask.limit < KNOWN_BEGINNINGS_MAX ? ask.limit : KNOWN_BEGINNINGS_MAX;
        max_edits = max_edits > 1 ? 1 : max_edits;
    }
    if (max_edits == 1 && ask.fixed_prefix == 0) { /* a wrong first character counts as one more edit */
        ask.fixed_prefix = 1;
    }
    while (status == 0 && ask.max_edits < max_edits && fewest_edits(&variants) == 0) {
        ask.max_edits++;
        status = words->similar_prefix(words->self, &ask, rewrite->source.arena, &variants);
    }
    uint32_t taken = 0;
    query_parser_set_scope(rewrite->parser, rewrite->typo_fields);
    for (size_t i = 0; i < variants.count && taken < options->variants_max && status == 0; i++) {
        struct rewrite_variant *variant = &variants.list[i];
        if (!is_nearly_so(variant)) {
            continue;
        }
        if (variant->edits > fewest_edits(&variants) ||
            query_parser_leaves_left(rewrite->parser) < LIMIT_QUERY_TERMS) {
            break;
        }
        status = add_beginning(rewrite, clause, variant, taken++, is_known);
        *changed = true;
    }
    query_parser_set_scope(rewrite->parser, 0);
    return status;
}

int rewrite_correct(struct rewrite *rewrite, struct query_context *context, struct clause *clause, bool all,
                    bool *changed)
{
    const struct rewrite_options *options = &rewrite->source.options;
    bool is_known = query_information(context, clause->typed) != 0;
    if (clause->first != clause->last || rewrite_is_exact(rewrite, clause->first->folded)) {
        return 0;
    }
    clause->corrected = all;
    int status = 0;
    bool split = false;
    bool digits = rewrite_has_digit(clause->first->folded);
    if (clause->first->prefix) {
        if (is_known == all && !digits && (!all || rewrite->found_none)) {
            status = correct_prefix(rewrite, context, clause, changed);
        }
        return status == 0 && !is_known && !all && !*changed ? rewrite_add_codes(rewrite, context, clause, changed)
                                                             : status;
    }
    if (all && !is_known) { /* what was corrected at once is made anew, of more words */
        clause->node = clause->typed;
    }
    if (!digits || !is_known) {
        status = rewrite_split(rewrite, context, clause, &split);
    }
    if (status == 0 && digits && (!is_known || all)) {
        status = rewrite_add_codes(rewrite, context, clause, changed);
    }
    if (status == 0 && (!digits || options->digits)) {
        status = correct_similar(rewrite, context, clause, all || options->edits_max != 0, changed);
    }
    *changed = *changed || split;
    if (status == 0 && !digits && !is_known && !*changed) {
        status = rewrite_add_codes(rewrite, context, clause, changed);
    }
    return status;
}
