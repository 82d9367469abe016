/*
 * rewrite_split.c - one word that is two, and two that are one.
 */
#include "rewrite/rewrite_private.h"

#include "base/utf8.h"

struct split {
    size_t at;
    uint64_t least; /* of the two words' df */
};

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* Whether word may be two from at on: of two characters each at least, or where letters and digits meet. */
static bool may_split(struct bytes word, size_t at)
{
    if ((word.data[at] & 0xc0) == 0x80) {
        return false;
    }
    bool digits_meet = is_digit(word.data[at]) != is_digit(word.data[at - 1]) && word.data[at] < 0x80 &&
                       word.data[at - 1] < 0x80;
    return digits_meet || (rewrite_length(bytes_of(word.data, at)) >= 2 &&
                           rewrite_length(bytes_of(word.data + at, word.size - at)) >= 2 &&
                           !rewrite_has_digit(word));
}

/* Keeps the splits whose rarer word is the most frequent. */
static void keep_split(struct split *splits, uint32_t *count, struct split split)
{
    uint32_t at = *count < LIMIT_SPLITS ? (*count)++ : LIMIT_SPLITS - 1;
    if (at == LIMIT_SPLITS - 1 && splits[at].least >= split.least) {
        return;
    }
    for (; at > 0 && splits[at - 1].least < split.least; at--) {
        splits[at] = splits[at - 1];
    }
    splits[at] = split;
}

static int find_splits(struct rewrite *rewrite, struct query_context *context, struct bytes word, struct split *splits,
                       uint32_t *count)
{
    *count = 0;
    for (size_t at = 1; at < word.size && !query_watch_stops(context->watch); at++) {
        uint64_t left = 0;
        uint64_t right = 0;
        if (!may_split(word, at)) {
            continue;
        }
        int status = rewrite_df(rewrite, context, bytes_of(word.data, at), &left);
        if (status == 0 && left != 0) {
            status = rewrite_df(rewrite, context, bytes_of(word.data + at, word.size - at), &right);
        }
        if (status != 0) {
            return status;
        }
        if (left != 0 && right != 0) {
            keep_split(splits, count, (struct split){at, left < right ? left : right});
        }
    }
    return 0;
}

/* "left right" as text. */
static int join_text(struct rewrite *rewrite, struct bytes left, struct bytes right, const char *between,
                     struct bytes *out)
{
    size_t gap = strlen(between);
    uint8_t *text = arena_alloc(rewrite->source.arena, left.size + gap + right.size + 1);
    if (text == NULL) {
        return AISLE_NO_MEMORY;
    }
    memcpy(text, left.data, left.size);
    memcpy(text + left.size, between, gap);
    memcpy(text + left.size + gap, right.data, right.size);
    *out = bytes_of(text, left.size + gap + right.size);
    return 0;
}

/* Of two splits that so many products have, the one of more frequent words is as good. */
#define SPLIT_ENOUGH 10000u

static int count_split(struct query_context *context, struct query_node *node, uint64_t *count)
{
    int status = query_bind(context, node);
    status = status == 0 ? query_count_to(context, node, SPLIT_ENOUGH, count) : status;
    *count = *count < SPLIT_ENOUGH ? *count : SPLIT_ENOUGH;
    return status;
}

int rewrite_split(struct rewrite *rewrite, struct query_context *context, struct clause *clause, bool *changed)
{
    struct bytes word = clause->first->folded;
    struct split splits[LIMIT_SPLITS];
    struct query_node *best = NULL;
    struct bytes best_text = bytes_of(NULL, 0);
    uint64_t most = 0;
    uint32_t count = 0;
    int status = clause->first->part_count == 1 ? find_splits(rewrite, context, word, splits, &count) : 0;
    query_parser_set_scope(rewrite->parser, rewrite->typo_fields);
    for (uint32_t i = 0; i < count && status == 0 && splits[i].least > most; i++) {
        struct query_node *node = NULL;
        struct bytes text;
        uint64_t both = 0;
        if (query_parser_leaves_left(rewrite->parser) < LIMIT_QUERY_TERMS) {
            break;
        }
        status = join_text(rewrite, bytes_of(word.data, splits[i].at),
                           bytes_of(word.data + splits[i].at, word.size - splits[i].at), " ", &text);
        status = status == 0 ? query_parser_words(rewrite->parser, text, &node) : status;
        status = status == 0 ? count_split(context, node, &both) : status;
        if (both > most) {
            most = both;
            best = node;
            best_text = text;
        }
    }
    query_parser_set_scope(rewrite->parser, 0);
    if (status != 0 || best == NULL) {
        return status;
    }
    bool is_known = query_information(context, clause->typed) != 0;
    *changed = true;
    status = rewrite_add_alternative(rewrite, clause, best, is_known ? WEIGHT_SYNONYM : QUERY_WEIGHT_WHOLE);
    if (status == 0 && !is_known) {
        clause->candidates[0] = (struct candidate){.text = best_text, .node = best, .edits = 1};
        clause->candidate_count = 1;
    }
    return status == 0 ? rewrite_note(rewrite, REWRITE_SPLIT, clause->text, best_text) : status;
}

/* Makes clauses i and i + 1 one, which the joined word, so many edits from both, matches, too. */
static int join_clauses(struct rewrite *rewrite, uint32_t i, struct bytes joined, uint32_t edits, bool is_known)
{
    struct clause *clause = &rewrite->clauses[i];
    const struct clause *next = &rewrite->clauses[i + 1];
    struct query_node *both = query_parser_node(rewrite->parser, QUERY_AND, 2);
    struct query_node *one;
    if (both == NULL) {
        return AISLE_NO_MEMORY;
    }
    query_parser_set_scope(rewrite->parser, rewrite->typo_fields);
    int status = query_parser_group(rewrite->parser, &joined, 1, &one);
    query_parser_set_scope(rewrite->parser, 0);
    if (status != 0) {
        return status;
    }
    both->children[0] = clause->node;
    both->children[1] = next->node;
    both->child_count = 2;
    clause->node = both;
    clause->typed = both;
    clause->last = next->last;
    clause->text = bytes_of(rewrite->text.data + clause->first->start, clause->last->end - clause->first->start);
    clause->corrected = true;
    clause->candidate_count = 0;
    if (is_known) {
        clause->candidates[clause->candidate_count++] = (struct candidate){.text = clause->text, .node = both};
    }
    clause->candidates[clause->candidate_count++] = (struct candidate){.text = joined, .node = one, .edits = edits};
    rewrite_remove(rewrite, i + 1, 1);
    status = rewrite_add_alternative(rewrite, clause, one, edits > 1 ? WEIGHT_ONE_EDIT : WEIGHT_SYNONYM);
    return status == 0 ? rewrite_note(rewrite, REWRITE_JOINED, clause->text, joined) : status;
}

static bool are_words(const struct rewrite *rewrite, uint32_t i)
{
    const struct clause *left = &rewrite->clauses[i];
    const struct clause *right = &rewrite->clauses[i + 1];
    return left->first != NULL && right->first != NULL && left->first->run == right->first->run &&
           left->first == left->last && right->first == right->last && !left->first->prefix &&
           !right->first->prefix && !left->rewritten && !right->rewritten && !left->understood && !right->understood &&
           left->first->folded.size + right->first->folded.size <= LIMIT_TERM_BYTES;
}

static bool can_join(const struct rewrite *rewrite, uint32_t i)
{
    return are_words(rewrite, i) && !rewrite->clauses[i].corrected && !rewrite->clauses[i + 1].corrected;
}

/* Where the joined word is rarer than the rarer of the two by more, it is hardly meant. */
#define JOINED_RARER 64u

/* So many times more products have the joined word than have the two side by side. */
#define JOINED_RATIO 20u

/* Whether two clauses are plain words of two characters or more with nothing but spaces between. */
static bool are_neighbours(const struct rewrite *rewrite, const struct clause *left, const struct clause *right)
{
    bool neighbours = left->typed->kind == QUERY_TERMS && right->typed->kind == QUERY_TERMS &&
                      rewrite_length(left->first->folded) >= 2 && rewrite_length(right->first->folded) >= 2 &&
                      !rewrite_has_digit(left->first->folded) && !rewrite_has_digit(right->first->folded);
    for (size_t at = left->first->end; at < right->first->start && neighbours; at++) {
        neighbours = rewrite->text.data[at] == ' ';
    }
    return neighbours;
}

/*
 * Whether two words that products have are likelier the one that df products have: hardly any have them side by side.
 * Without positions nobody knows.
 */
static int is_likely_one(struct rewrite *rewrite, struct query_context *context, uint32_t i, uint64_t df, bool *likely)
{
    const struct clause *left = &rewrite->clauses[i];
    const struct clause *right = &rewrite->clauses[i + 1];
    struct query_node *phrase = NULL;
    uint64_t side_by_side = 0;
    *likely = false;
    uint64_t rarer = left->typed->df < right->typed->df ? left->typed->df : right->typed->df;
    if (!are_neighbours(rewrite, left, right) || df < rarer / JOINED_RARER ||
        query_parser_leaves_left(rewrite->parser) < LIMIT_QUERY_TERMS) {
        return 0;
    }
    struct bytes both = bytes_of(rewrite->text.data + left->first->start, right->first->end - left->first->start);
    int status = query_parser_phrase(rewrite->parser, both, &phrase);
    if (status != 0 || phrase->kind != QUERY_PHRASE) {
        return status == AISLE_BAD_QUERY ? 0 : status;
    }
    status = query_bind(context, phrase);
    status = status == 0 ? query_count_to(context, phrase, df / JOINED_RATIO + 1, &side_by_side) : status;
    *likely = status == 0 && side_by_side <= df / JOINED_RATIO;
    return status;
}

int rewrite_join(struct rewrite *rewrite, struct query_context *context, bool all, bool *changed)
{
    int status = 0;
    for (uint32_t i = 0; i + 1 < rewrite->clause_count && status == 0 && !query_watch_stops(context->watch); i++) {
        const struct clause *left = &rewrite->clauses[i];
        const struct clause *right = &rewrite->clauses[i + 1];
        struct bytes joined;
        uint64_t df = 0;
        if (!can_join(rewrite, i) || query_parser_leaves_left(rewrite->parser) == 0) {
            continue;
        }
        bool is_known =
            query_information(context, left->typed) != 0 && query_information(context, right->typed) != 0;
        status = join_text(rewrite, left->first->folded, right->first->folded, "", &joined);
        status = status == 0 ? rewrite_df(rewrite, context, joined, &df) : status;
        bool counts = false;
        if (status == 0 && df != 0) {
            status = rewrite_counts(rewrite, context, joined, &counts);
        }
        if (status == 0 && counts && is_known && !all) {
            status = is_likely_one(rewrite, context, i, df, &counts);
        }
        if (status == 0 && counts) {
            *changed = true;
            status = join_clauses(rewrite, i, joined, 1, is_known);
        }
    }
    return status;
}

/* Shorter ones are nearly anything. */
#define NEARLY_LENGTH_MIN 7u

/* Of the words one edit from joined with the same first character, the one that most products have; empty: none. */
static int find_nearly(struct rewrite *rewrite, struct query_context *context, struct bytes joined, struct bytes *out)
{
    const struct rewrite_words *words = &rewrite->source.words;
    const struct rewrite_ask ask = {.word = joined,
                                    .max_edits = 1,
                                    .fixed_prefix = rewrite->source.options.fixed_prefix > 1
                                                        ? rewrite->source.options.fixed_prefix
                                                        : 1,
                                    .limit = LIMIT_VARIANTS,
                                    .watch = context->watch};
    struct rewrite_variants variants = {.count = 0};
    uint64_t most = 0;
    *out = bytes_of(NULL, 0);
    int status = words->similar(words->self, &ask, rewrite->source.arena, &variants);
    for (size_t i = 0; i < variants.count && status == 0; i++) {
        uint64_t df = 0;
        bool counts = false;
        status = rewrite_df(rewrite, context, variants.list[i].word, &df);
        if (status == 0 && df > most) {
            status = rewrite_counts(rewrite, context, variants.list[i].word, &counts);
        }
        if (counts) {
            most = df;
            *out = variants.list[i].word;
        }
    }
    return status;
}

int rewrite_join_nearly(struct rewrite *rewrite, struct query_context *context, bool *changed)
{
    const struct rewrite_options *options = &rewrite->source.options;
    int status = 0;
    if (rewrite->source.words.similar == NULL || options->edits_max == 1) {
        return 0;
    }
    for (uint32_t i = 0; i + 1 < rewrite->clause_count && status == 0 && !query_watch_stops(context->watch); i++) {
        const struct clause *left = &rewrite->clauses[i];
        const struct clause *right = &rewrite->clauses[i + 1];
        struct bytes joined;
        struct bytes word;
        if (!are_words(rewrite, i) || !are_neighbours(rewrite, left, right) ||
            query_parser_leaves_left(rewrite->parser) < LIMIT_QUERY_TERMS ||
            rewrite_is_exact(rewrite, left->first->folded) || rewrite_is_exact(rewrite, right->first->folded)) {
            continue;
        }
        bool is_known =
            query_information(context, left->typed) != 0 && query_information(context, right->typed) != 0;
        status = join_text(rewrite, left->first->folded, right->first->folded, "", &joined);
        if (status == 0 && rewrite_length(joined) >= NEARLY_LENGTH_MIN) {
            status = find_nearly(rewrite, context, joined, &word);
            *changed = *changed || (status == 0 && word.size != 0);
            status = status == 0 && word.size != 0 ? join_clauses(rewrite, i, word, 2, is_known) : status;
        }
    }
    return status;
}
