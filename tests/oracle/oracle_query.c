/*
 * oracle_query.c - the oracle's queries: the text becomes a tree of clauses, the tree is asked about every product.
 *
 * Evaluation is a recursive function of (clause, version): its score, or NO_MATCH. No cursor, no order, no pruning.
 * oracle_pieces.c cuts the text, oracle_phrase.c says whether words stand together.
 */
#include "oracle/inside.h"

#include "aisle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NO_MATCH INT64_MIN
#define TOKENS_MAX 64u
#define K1 1.2
#define B 0.75
#define PART_MAX (INT64_C(1) << 24)

enum kind {
    NODE_TERMS, /* any of terms: the best part                */
    NODE_ALL,   /* all children: the sum                      */
    NODE_BEST,  /* any child: the best of those that match    */
    NODE_OR,    /* any child: the sum of those that match     */
    NODE_PHRASE /* all children, standing together: the sum   */
};

struct node {
    enum kind kind;
    struct node **children;
    size_t child_count;
    uint8_t *terms; /* NODE_TERMS: by term number, whether it belongs */
    double idf;
    uint64_t df;
    double share; /* NODE_TERMS: of what a word of this idf is worth */
    int field;             /* NODE_TERMS: restricted to it, or -1 */
    struct phrase *phrase; /* NODE_PHRASE */
};

struct query {
    struct oracle *oracle;
    struct pool pool;
    struct node *all;  /* what must match            */
    struct node *none; /* children: what must not    */
    bool blank;        /* nothing was typed          */
    uint64_t products;
    double average;
    size_t token_count;
    int status; /* the first error */
};

/* ------------------------------------------------------------------------------------------------- clauses -- */

static struct node *node_new(struct query *query, enum kind kind)
{
    struct node *node = pool_alloc(&query->pool, sizeof *node);
    node->kind = kind;
    return node;
}

static void add_child(struct query *query, struct node *node, struct node *child)
{
    struct node **children = pool_alloc(&query->pool, (node->child_count + 1) * sizeof(struct node *));
    if (node->child_count > 0) {
        memcpy(children, node->children, node->child_count * sizeof(struct node *));
    }
    children[node->child_count++] = child;
    node->children = children;
}

static double idf_of(const struct query *query, uint64_t df)
{
    double n = (double)query->products;
    return log(1.0 + (n - (double)df + 0.5) / ((double)df + 0.5));
}

/* Takes a term into a clause; returns its df. */
static uint64_t take_term(const struct query *query, struct node *node, size_t number)
{
    const struct term *term = &query->oracle->terms[number];
    node->terms[number] = 1;
    return term->df_used >= 0 ? (uint64_t)term->df_used : term->df;
}

/*
 * The clause of one token: its stems in all languages; of a prefix, also all terms that begin with it. A word is as
 * frequent as the most frequent of its stems, a prefix as all its terms together, but at most as half of the products.
 */
static struct node *terms_clause(struct query *query, const struct token *token, bool prefix, int field)
{
    struct oracle *oracle = query->oracle;
    struct node *node = node_new(query, NODE_TERMS);
    uint64_t half = (query->products + 1) / 2;
    uint64_t largest = 0;
    uint64_t sum = 0;
    node->terms = pool_alloc(&query->pool, oracle->term_count + 1);
    node->field = field;
    for (size_t i = 0; prefix && i < oracle->term_count; i++) {
        if (strncmp(oracle->terms[i].text, token->text, strlen(token->text)) == 0 &&
            (oracle->terms[i].df > 0 || oracle->terms[i].df_used > 0)) {
            sum += take_term(query, node, i);
        }
    }
    for (size_t i = 0; i < oracle->language_count; i++) {
        const char *stem = oracle_stem(&query->pool, oracle->stemmers[i], token->term);
        int64_t number = oracle_term_find(oracle, stem);
        if (number >= 0 && !node->terms[number] &&
            !(prefix && strncmp(stem, token->text, strlen(token->text)) == 0)) {
            uint64_t df = take_term(query, node, (size_t)number);
            sum += df;
            largest = df > largest ? df : largest;
        }
    }
    node->df = !prefix ? largest : sum < half ? sum : half;
    node->idf = idf_of(query, node->df);
    node->share = 1;
    return node;
}

/* The clauses of all tokens of a text, in their order; with prefix, the last word is one. */
static struct node **token_clauses(struct query *query, const struct tokens *tokens, bool prefix, int field)
{
    struct node **clauses = pool_alloc(&query->pool, (tokens->count + 1) * sizeof(struct node *));
    query->token_count += tokens->count;
    for (size_t i = 0; i < tokens->count; i++) {
        const struct token *token = &tokens->items[i];
        bool last = token->position + token->parts == tokens->words;
        clauses[i] = terms_clause(query, token, prefix && last, field);
    }
    return clauses;
}

/* Whether the parts of a compound are single letters, which are not looked for one by one. */
static bool is_of_letters(const struct token *token)
{
    bool single = true;
    for (size_t part = 1; part <= token->parts && single; part++) {
        const char *text = token[-(ptrdiff_t)part].text;
        utf8proc_int32_t point;
        utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, &point);
        single = size > 0 && text[size] == '\0' && (point < '0' || point > '9');
    }
    return single;
}

/* Adds the clauses of a text's tokens to node (ALL): a compound matches as one or as its parts. */
static void add_tokens(struct query *query, struct node *node, const struct tokens *tokens, struct node **clauses,
                       bool in_phrase)
{
    for (size_t i = 0; i < tokens->count; i++) {
        const struct token *token = &tokens->items[i];
        struct node *clause = clauses[i];
        if (token->joined) {
            struct node *best = node_new(query, NODE_BEST);
            struct node *parts = node_new(query, NODE_ALL);
            node->child_count -= token->parts;
            for (size_t part = 0; part < token->parts; part++) {
                add_child(query, parts, node->children[node->child_count + part]);
            }
            add_child(query, best, clause);
            add_child(query, best, parts);
            clause = !in_phrase && is_of_letters(token) ? clause : best;
        }
        add_child(query, node, clause);
    }
}

static void add_text(struct query *query, struct node *node, const char *text, size_t size, bool prefix, int field)
{
    struct tokens tokens;
    oracle_tokenise(&query->pool, text, size, TEXT_QUERY, &tokens);
    add_tokens(query, node, &tokens, token_clauses(query, &tokens, prefix, field), false);
}

/* Whether this field, or with -1 any, keeps positions. */
static bool keeps_positions(const struct oracle *oracle, int field)
{
    for (size_t i = 0; i < oracle->field_count; i++) {
        if (oracle->fields[i].positions && (field < 0 || (size_t)field == i)) {
            return true;
        }
    }
    return false;
}

/* One word in quotes is just the word; none, a clause without children. */
static struct node *phrase_clause(struct query *query, const struct piece *piece)
{
    struct node *node = node_new(query, NODE_ALL);
    struct phrase *phrase = pool_alloc(&query->pool, sizeof *phrase);
    *phrase = (struct phrase){.oracle = query->oracle, .field = piece->field, .slop = piece->slop};
    oracle_tokenise(&query->pool, piece->text, piece->size, TEXT_QUERY, &phrase->tokens);
    struct node **clauses = token_clauses(query, &phrase->tokens, piece->prefix, piece->field);
    add_tokens(query, node, &phrase->tokens, clauses, phrase->tokens.words >= 2);
    if (phrase->tokens.words < 2) {
        return node;
    }
    if (!keeps_positions(query->oracle, piece->field) && query->status == 0) {
        query->status = AISLE_BAD_QUERY;
    }
    node->kind = NODE_PHRASE;
    node->phrase = phrase;
    phrase->terms = pool_alloc(&query->pool, phrase->tokens.count * sizeof *phrase->terms);
    for (size_t i = 0; i < phrase->tokens.count; i++) {
        phrase->terms[i] = clauses[i]->terms;
    }
    return node;
}

/* Adds the clauses of one piece to parent, as one; nothing when it has no words. */
static void add_piece(struct query *query, struct node *parent, const struct piece *piece)
{
    struct node *node = NULL;
    if (piece->quoted) {
        node = phrase_clause(query, piece);
    } else {
        node = node_new(query, NODE_ALL);
        add_text(query, node, piece->text, piece->size, piece->prefix, piece->field);
    }
    if (node->child_count > 0) {
        add_child(query, parent, node);
    }
}

static bool is_plain(const struct piece *piece)
{
    return !piece->excluded && !piece->quoted && !piece->joins && !piece->in_or && piece->field < 0;
}

/* Adds the run of plain pieces from first on, analysed together; returns how many it was. */
static size_t add_run(struct query *query, const struct piece *pieces, size_t count, size_t first)
{
    size_t last = first;
    while (!pieces[last].prefix && last + 1 < count && is_plain(&pieces[last + 1])) {
        last++;
    }
    const char *end = pieces[last].text + pieces[last].size;
    add_text(query, query->all, pieces[first].text, (size_t)(end - pieces[first].text), pieces[last].prefix, -1);
    return last + 1 - first;
}

static void add_pieces(struct query *query, const struct piece *pieces, size_t count)
{
    for (size_t i = 0; i < count;) {
        if (pieces[i].excluded) {
            add_piece(query, query->none, &pieces[i++]);
        } else if (pieces[i].in_or) {
            struct node *any = node_new(query, NODE_OR);
            add_piece(query, any, &pieces[i++]);
            for (; i + 1 < count && pieces[i].joins; i += 2) {
                add_piece(query, any, &pieces[i + 1]);
            }
            if (any->child_count > 0) {
                add_child(query, query->all, any);
            }
        } else if (is_plain(&pieces[i])) {
            i += add_run(query, pieces, count, i);
        } else {
            add_piece(query, query->all, &pieces[i++]);
        }
    }
}

/* What a clause tells: the sum of its words' idf; of a compound the least of what its known ways tell. */
static double information(const struct node *node)
{
    double sum = 0, least = 0;
    if (node->kind == NODE_TERMS) {
        return node->df == 0 ? 0 : node->idf;
    }
    for (size_t i = 0; i < node->child_count; i++) {
        double child = information(node->children[i]);
        if (child == 0 && (node->kind == NODE_ALL || node->kind == NODE_PHRASE)) {
            return 0;
        }
        sum += child;
        least = child != 0 && (least == 0 || child < least) ? child : least;
    }
    return node->kind == NODE_BEST ? least : sum;
}

/* Both ways of a compound mean the same and are worth the same: what tells more is brought down to what tells less. */
static void price(struct node *node, double share)
{
    double worth = node->kind == NODE_BEST ? information(node) : 0;
    node->share = share;
    for (size_t i = 0; i < node->child_count; i++) {
        double child = node->kind == NODE_BEST ? information(node->children[i]) : 0;
        price(node->children[i], child > worth ? share * worth / child : share);
    }
}

static int read_query(struct query *query, const char *text)
{
    struct piece *pieces = NULL;
    size_t count = 0;
    int status = oracle_pieces(query->oracle, &query->pool, text, &pieces, &count);
    if (status != 0) {
        return status;
    }
    query->all = node_new(query, NODE_ALL);
    query->none = node_new(query, NODE_OR);
    add_pieces(query, pieces, count);
    query->blank = count == 0;
    price(query->all, 1);
    price(query->none, 1);
    return query->status != 0 ? query->status : query->token_count > TOKENS_MAX ? AISLE_LIMIT : 0;
}

/* ---------------------------------------------------------------------------------------------- evaluation -- */

static int64_t part(const struct query *query, double idf, uint8_t code)
{
    static const double ratio_one[8] = {1, 2, 3, 4, 5, 6, 8, 12};
    static const double ratio_many[8] = {0.2, 0.4, 0.6, 0.9, 1.0, 1.3, 2.0, 3.0};
    const struct oracle *oracle = query->oracle;
    double ratio = (oracle->searchable_count == 1 ? ratio_one : ratio_many)[code >> 5];
    double wtf = ratio * (double)oracle->fields[oracle->first_text].weight / 100.0;
    double wlen = (double)oracle_length_twice(code & 31) / 2.0;
    double score =
        262144.0 * idf * (K1 + 1.0) * wtf / (wtf + K1 * (1.0 - B + B * wlen / query->average));
    int64_t rounded = llrint(score);
    return rounded > PART_MAX ? PART_MAX : rounded;
}

/* Whether a version's i-th term stands in this field; -1: in any. */
static bool stands_in(const struct version *version, size_t i, int field)
{
    const struct term_code *term = &version->terms[i];
    for (size_t k = term->first; field >= 0 && k < term->first + term->count; k++) {
        if (version->occurrences[k].field == (uint32_t)field) {
            return true;
        }
    }
    return field < 0;
}

static int64_t best_part(const struct query *query, const struct node *node, const struct version *version)
{
    int64_t best = NO_MATCH;
    for (size_t i = 0; i < version->term_count; i++) {
        uint8_t code = version->terms[i].code;
        if (!node->terms[version->terms[i].term] || !stands_in(version, i, node->field)) {
            continue;
        }
        int64_t score = part(query, node->idf, code);
        score = node->share != 1 ? llrint((double)score * node->share) : score;
        best = score > best ? score : best;
    }
    return best;
}

static int64_t evaluate(const struct query *query, const struct node *node, const struct version *version)
{
    if (node->kind == NODE_TERMS) {
        return best_part(query, node, version);
    }
    int64_t sum = 0, best = NO_MATCH;
    for (size_t i = 0; i < node->child_count; i++) {
        int64_t score = evaluate(query, node->children[i], version);
        if (score == NO_MATCH) {
            if (node->kind == NODE_ALL || node->kind == NODE_PHRASE) {
                return NO_MATCH;
            }
            continue;
        }
        sum += score;
        best = score > best ? score : best;
    }
    if (node->kind == NODE_PHRASE && !oracle_phrase_matches(node->phrase, version)) {
        return NO_MATCH;
    }
    return best == NO_MATCH ? (node->kind == NODE_ALL ? 0 : NO_MATCH) : node->kind == NODE_BEST ? best : sum;
}

struct match {
    const struct version *version;
    int64_t score;
};

static int compare_matches(const void *left, const void *right)
{
    const struct match *a = left, *b = right;
    if (a->score != b->score) {
        return a->score > b->score ? -1 : 1;
    }
    if (a->version->key != b->version->key) {
        return a->version->key < b->version->key ? -1 : 1;
    }
    if (a->version->id_hash != b->version->id_hash) {
        return a->version->id_hash < b->version->id_hash ? -1 : 1;
    }
    return strcmp(a->version->id, b->version->id);
}

/* Text without a word matches nothing. */
static int64_t match_version(const struct query *query, const struct version *version)
{
    if (query->all->child_count == 0 && query->none->child_count == 0 && !query->blank) {
        return NO_MATCH;
    }
    int64_t score = evaluate(query, query->all, version);
    for (size_t i = 0; score != NO_MATCH && i < query->none->child_count; i++) {
        if (evaluate(query, query->none->children[i], version) != NO_MATCH) {
            return NO_MATCH;
        }
    }
    return score;
}

static void collect(const struct query *query, size_t offset, size_t limit, struct oracle_answer *out)
{
    const struct oracle *oracle = query->oracle;
    struct match *matches = oracle_grow(NULL, oracle->version_count * sizeof *matches);
    size_t count = 0;
    for (size_t i = 0; i < oracle->version_count; i++) {
        const struct version *version = &oracle->versions[i];
        int64_t score = version->alive ? match_version(query, version) : NO_MATCH;
        if (score != NO_MATCH) {
            score += oracle_signals(oracle, version);
            matches[count++] = (struct match){.version = version, .score = score};
        }
    }
    if (count > 0) {
        qsort(matches, count, sizeof *matches, compare_matches);
    }
    *out = (struct oracle_answer){.total = count, .hits = oracle_grow(NULL, limit * sizeof *out->hits)};
    for (size_t i = offset; i < count && out->count < limit; i++) {
        out->hits[out->count++] = (struct oracle_hit){
            .id = matches[i].version->id, .score = matches[i].score, .key = matches[i].version->key};
    }
    free(matches);
}

int oracle_search(struct oracle *oracle, const char *text, size_t offset, size_t limit, struct oracle_answer *out)
{
    struct query query = {.oracle = oracle};
    uint64_t sum2 = 0;
    *out = (struct oracle_answer){0};
    oracle_statistics(oracle, &query.products, &sum2);
    query.average = query.products == 0 ? 1e-9 : fmax(1e-9, (double)sum2 / (2.0 * (double)query.products));
    int status = read_query(&query, text);
    if (status == 0) {
        collect(&query, offset, limit, out);
    }
    pool_release(&query.pool);
    return status;
}

void oracle_answer_release(struct oracle_answer *answer)
{
    free(answer->hits);
    *answer = (struct oracle_answer){0};
}
