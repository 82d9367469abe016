/*
 * rewrite_rules.c - what needs no postings: synonyms, stop words, and the word being typed.
 */
#include "rewrite/rewrite_private.h"

/* The terms of words from clause first on, as far as they stand side by side and whole: those of a left side. */
struct span {
    struct bytes terms[LIMIT_SYNONYM_WORDS];
    uint32_t ends[LIMIT_SYNONYM_WORDS]; /* behind which clause each ends; 0: within one */
    uint32_t count;
};

static void gather_span(const struct rewrite *rewrite, uint32_t first, struct span *span)
{
    span->count = 0;
    for (uint32_t i = first; i < rewrite->clause_count; i++) {
        const struct query_word *word = rewrite->clauses[i].first;
        if (word == NULL || word->prefix || word->run != rewrite->clauses[first].first->run ||
            span->count + word->part_count > LIMIT_SYNONYM_WORDS) {
            return;
        }
        for (uint32_t part = 0; part < word->part_count; part++) {
            span->ends[span->count] = part + 1 == word->part_count ? i + 1 : 0;
            span->terms[span->count++] = word->parts[part];
        }
    }
}

static struct bytes text_between(const struct rewrite *rewrite, const struct query_word *first,
                                 const struct query_word *last)
{
    return bytes_of(rewrite->text.data + first->start, last->end - first->start);
}

int rewrite_merge(struct rewrite *rewrite, uint32_t first, uint32_t end)
{
    struct clause *clause = &rewrite->clauses[first];
    if (end - first > 1) {
        struct query_node *all = query_parser_node(rewrite->parser, QUERY_AND, end - first);
        if (all == NULL) {
            return AISLE_NO_MEMORY;
        }
        for (uint32_t i = first; i < end; i++) {
            all->children[all->child_count++] = rewrite->clauses[i].node;
        }
        clause->node = all;
        clause->typed = all;
        clause->last = rewrite->clauses[end - 1].last;
        clause->text = text_between(rewrite, clause->first, clause->last);
        rewrite_remove(rewrite, first + 1, end - first - 1);
    }
    return 0;
}

static int add_targets(struct rewrite *rewrite, struct clause *clause, const struct rules_target *targets)
{
    int status = 0;
    clause->rewritten = true;
    for (; targets != NULL && status == 0; targets = targets->next) {
        struct query_node *node;
        if (query_parser_leaves_left(rewrite->parser) < LIMIT_SYNONYM_WORDS * 2 + LIMIT_QUERY_TERMS) {
            break; /* what corrections will need is left to them */
        }
        status = query_parser_words(rewrite->parser, targets->text, &node);
        if (status == 0) {
            status = rewrite_add_alternative(rewrite, clause, node, WEIGHT_SYNONYM);
        }
        if (status == 0) {
            status = rewrite_note(rewrite, REWRITE_SYNONYM, clause->text, targets->text);
        }
    }
    return status;
}

/* The longest left side that begins with clause i, if there is one. */
static int apply_synonyms_at(struct rewrite *rewrite, uint32_t i)
{
    struct span span;
    gather_span(rewrite, i, &span);
    uint32_t count = span.count < rules_words_max(rewrite->source.rules) ? span.count
                                                                          : rules_words_max(rewrite->source.rules);
    for (; count > 0; count--) {
        const struct rules_target *targets =
            span.ends[count - 1] == 0 ? NULL : rules_find(rewrite->source.rules, span.terms, count);
        if (targets != NULL) {
            int status = rewrite_merge(rewrite, i, span.ends[count - 1]);
            return status == 0 ? add_targets(rewrite, &rewrite->clauses[i], targets) : status;
        }
    }
    /* A compound as one word: "t-shirt" is looked up as "tshirt", too. */
    const struct query_word *word = rewrite->clauses[i].first;
    const struct rules_target *targets =
        word->part_count > 1 && !word->prefix ? rules_find(rewrite->source.rules, &word->folded, 1) : NULL;
    return targets == NULL ? 0 : add_targets(rewrite, &rewrite->clauses[i], targets);
}

/* Whether clause i is a word of one character. Beside one, a stop word is likely half of a name (AT&T). */
static bool is_single(const struct rewrite *rewrite, uint32_t i)
{
    return i < rewrite->clause_count && rewrite->clauses[i].first != NULL &&
           rewrite_length(rewrite->clauses[i].first->folded) == 1;
}

static bool is_stop_word(const struct rewrite *rewrite, uint32_t i)
{
    const struct clause *clause = &rewrite->clauses[i];
    return clause->first != NULL && clause->first == clause->last && !clause->rewritten && !clause->first->prefix &&
           rules_is_stop_word(rewrite->source.rules, clause->first->folded) && !is_single(rewrite, i + 1) &&
           !(i > 0 && is_single(rewrite, i - 1));
}

static int remove_stop_words(struct rewrite *rewrite)
{
    uint32_t left = rewrite->clause_count;
    int status = 0;
    bool stop[LIMIT_QUERY_TERMS * 2] = {false};
    for (uint32_t i = 0; i < rewrite->clause_count; i++) {
        stop[i] = is_stop_word(rewrite, i);
        left -= stop[i] ? 1 : 0;
    }
    if (left == 0 || left == rewrite->clause_count) {
        return 0;
    }
    for (uint32_t i = rewrite->clause_count; i-- > 0 && status == 0;) {
        if (stop[i]) {
            status = rewrite_note(rewrite, REWRITE_STOP_WORD, rewrite->clauses[i].text, bytes_of(NULL, 0));
            rewrite_remove(rewrite, i, 1);
        }
    }
    return status;
}

int rewrite_apply_rules(struct rewrite *rewrite)
{
    int status = 0;
    bool any = !rewrite->source.options.no_synonyms && rules_synonym_count(rewrite->source.rules) != 0;
    for (uint32_t i = 0; any && i < rewrite->clause_count && status == 0; i++) {
        if (rewrite->clauses[i].first != NULL) {
            status = apply_synonyms_at(rewrite, i);
        }
    }
    if (status == 0 && !rewrite->source.options.no_stop_words) {
        status = remove_stop_words(rewrite);
    }
    return status;
}

/* The text ends directly behind a word, so that the word may go on. */
static bool ends_within(const struct rewrite *rewrite, const struct clause *clause)
{
    return clause->first != NULL && clause->last->end == rewrite->text.size && !clause->last->prefix;
}

/* Of what is shorter, hardly a stem is shorter still. */
#define STEMMED_BYTES_MIN 4u
#define STEMS_MAX 8u
#define STEMS_LOOKED 32u

int rewrite_add_stems(struct rewrite *rewrite, struct bytes beginning, struct query_node *leaf)
{
    const struct rewrite_words *words = &rewrite->source.words;
    const struct rewrite_ask ask = {.word = beginning, .limit = STEMS_LOOKED};
    struct rewrite_variants variants = {.count = 0};
    if (leaf->kind != QUERY_TERMS || !leaf->prefix || beginning.size < STEMMED_BYTES_MIN || words->beginning == NULL ||
        rewrite_has_digit(beginning)) {
        return 0;
    }
    int status = words->beginning(words->self, &ask, rewrite->source.arena, &variants);
    uint32_t most = leaf->term_count + STEMS_MAX;
    struct bytes *terms = arena_alloc(rewrite->source.arena, most * sizeof *terms);
    if (status != 0 || terms == NULL) {
        return status != 0 ? status : AISLE_NO_MEMORY;
    }
    memcpy(terms, leaf->terms, leaf->term_count * sizeof *terms);
    leaf->terms = terms;
    for (size_t i = 0; i < variants.count && status == 0; i++) {
        struct bytes stems[LIMIT_FIELDS];
        uint32_t count = 0;
        status = query_parser_terms(rewrite->parser, variants.list[i].word, stems, &count);
        for (uint32_t k = 0; k < count && leaf->term_count < most; k++) {
            bool is_found = bytes_begin_with(stems[k], beginning);
            for (uint32_t t = 0; t < leaf->term_count && !is_found; t++) {
                is_found = bytes_equal(stems[k], terms[t]);
            }
            if (!is_found) {
                terms[leaf->term_count++] = stems[k];
            }
        }
    }
    return status;
}

int rewrite_as_you_type(struct rewrite *rewrite)
{
    struct clause *clause = &rewrite->clauses[rewrite->clause_count - 1];
    if (!ends_within(rewrite, clause)) {
        return 0;
    }
    struct query_node *node;
    int status = query_parser_prefix(rewrite->parser, clause->text, &node);
    if (status == 0 && node->kind == QUERY_AND && node->child_count == 0) {
        return 0; /* the '+' of "s24+" is a word only behind another, and whole */
    }
    status = status == 0 ? rewrite_add_stems(rewrite, clause->last->folded, node) : status;
    struct query_word *word = status == 0 ? arena_copy(rewrite->source.arena, clause->last, sizeof *word) : NULL;
    if (status != 0 || word == NULL) {
        return status != 0 ? status : AISLE_NO_MEMORY;
    }
    word->prefix = true;
    clause->node = node;
    clause->typed = node;
    clause->first = word;
    clause->last = word;
    return rewrite_note(rewrite, REWRITE_PREFIX, clause->text, bytes_of(NULL, 0));
}

/* One word that was typed, not rewritten. */
static bool is_word(const struct clause *clause)
{
    return clause->first != NULL && clause->first == clause->last && !clause->rewritten;
}

/* "x", behind a length and a space. */
static bool is_times(const struct rewrite *rewrite, const struct clause *clause, const struct clause *before)
{
    return is_word(clause) && is_word(before) && before->first->run == clause->first->run &&
           bytes_equal(clause->first->folded, bytes_of_string("x")) && text_is_length(before->first->folded) &&
           rewrite->text.data[clause->first->start - 1] == ' ';
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* Lets a number that was typed to its end have the unit of the length before. */
static int add_unit(struct rewrite *rewrite, struct bytes length, struct clause *clause)
{
    struct bytes number = clause->first->folded;
    struct query_node *node;
    size_t digits = 0;
    while (digits < length.size && (is_digit(length.data[digits]) || length.data[digits] == '.')) {
        digits++;
    }
    uint8_t *text = arena_alloc(rewrite->source.arena, number.size + length.size);
    if (text == NULL) {
        return AISLE_NO_MEMORY;
    }
    memcpy(text, number.data, number.size);
    memcpy(text + number.size, length.data + digits, length.size - digits);
    int status =
        query_parser_words(rewrite->parser, bytes_of(text, number.size + length.size - digits), &node);
    clause->rewritten = true;
    return status == 0 ? rewrite_add_alternative(rewrite, clause, node, QUERY_WEIGHT_WHOLE) : status;
}

int rewrite_pass_times(struct rewrite *rewrite)
{
    int status = 0;
    for (uint32_t i = 1; i < rewrite->clause_count && status == 0; i++) {
        struct clause *clause = &rewrite->clauses[i];
        struct clause *next = i + 1 < rewrite->clause_count ? clause + 1 : NULL;
        if (!is_times(rewrite, clause, clause - 1)) {
            continue;
        }
        bool goes_on = next != NULL && is_word(next) && next->first->run == clause->first->run;
        if (goes_on && !is_digit(next->first->folded.data[0])) {
            continue;
        }
        clause->left_out = true;
        bool is_number = goes_on && !next->first->prefix && next->first->part_count == 1 &&
                         query_parser_leaves_left(rewrite->parser) >= LIMIT_QUERY_TERMS &&
                         is_digit(next->first->folded.data[next->first->folded.size - 1]);
        status = is_number ? add_unit(rewrite, clause[-1].first->folded, next) : 0;
    }
    return status;
}
