/*
 * query_parse.c - pieces of text into a tree.
 *
 * Neighbouring plain pieces are analysed as one text, so that "64 gb" becomes one token. "OR" between two pieces joins
 * them. A word that is wanted in one field is a phrase of one word, except in the first text field, which postings
 * tell without looking at positions.
 */
#include "query/query_lex.h"

#include "base/utf8.h"

struct query_parser {
    const struct schema *schema;
    struct analyser *analyser;
    struct arena *arena;
    aisle_error *error;
    uint8_t languages[LIMIT_FIELDS]; /* distinct ones of the searchable fields; that of the first text field first */
    uint32_t language_count;
    struct query_pieces pieces;
    const uint8_t *start; /* of the whole text */
    uint32_t leaf_count;
    uint32_t leaf_max;
    uint32_t run_count; /* of plain pieces */
    uint64_t scope;     /* of words that name no field */
};

static int no_memory(struct query_parser *parser)
{
    return error_no_memory(parser->error, "parsing a query");
}

/* ---- nodes ---- */

static struct query_node *new_node(struct query_parser *parser, enum query_kind kind, uint32_t child_capacity)
{
    struct query_node *node = arena_calloc(parser->arena, 1, sizeof *node);
    if (node == NULL) {
        return NULL;
    }
    node->kind = kind;
    node->weight = QUERY_WEIGHT_WHOLE;
    if (child_capacity != 0) {
        node->children = arena_alloc(parser->arena, child_capacity * sizeof(struct query_node *));
        if (node->children == NULL) {
            return NULL;
        }
    }
    return node;
}

static void add_child(struct query_node *parent, struct query_node *child)
{
    parent->children[parent->child_count++] = child;
}

/* A conjunction or disjunction of one child is that child. */
static struct query_node *simplify(struct query_node *node)
{
    return node->child_count == 1 ? node->children[0] : node;
}

/* ---- tokens to nodes ---- */

/* The tokens of one text in one language, copied into the arena. */
static int analyse(struct query_parser *parser, struct bytes text, uint8_t language, struct token_list *out)
{
    struct token_list list;
    int status = analyser_run(parser->analyser, text, language, &list);
    if (status != 0) {
        return status;
    }
    struct token *tokens = arena_copy(parser->arena, list.tokens, list.count * sizeof *tokens);
    for (size_t i = 0; i < list.count && tokens != NULL; i++) {
        uint8_t *term = arena_copy(parser->arena, tokens[i].term.data, tokens[i].term.size);
        uint8_t *folded = arena_copy(parser->arena, tokens[i].folded.data, tokens[i].folded.size);
        tokens[i].term.data = term;
        tokens[i].folded.data = folded;
        tokens = term == NULL || folded == NULL ? NULL : tokens;
    }
    *out = list;
    out->tokens = tokens;
    return tokens == NULL ? AISLE_NO_MEMORY : 0;
}

/* One piece, or several plain ones, analysed. */
struct token_source {
    struct token_list by_language[LIMIT_FIELDS];
    uint32_t language_count;
    const struct query_piece *piece; /* the last one */
    bool first_only;
    bool prefix; /* of the last token, and of a compound that ends with it */
    bool plain;  /* words typed without operators, which are told as such */
    size_t offset; /* of the text in the whole */
};

static uint64_t field_bit(const struct query_parser *parser, uint8_t field)
{
    return UINT64_C(1) << parser->schema->fields[field].searchable_rank;
}

/* Whether a word wanted in this field must be looked for there. */
static bool needs_places(const struct query_parser *parser, uint8_t field)
{
    return field != SCHEMA_NO_FIELD && field != parser->schema->first_text && parser->schema->searchable_count > 1;
}

/* Gives a leaf its number. */
static int take_leaf(struct query_parser *parser, struct query_node *node)
{
    if (parser->leaf_count == parser->leaf_max) {
        return error_set(parser->error, AISLE_LIMIT, "a query has at most %u words", LIMIT_QUERY_TERMS);
    }
    node->leaf = parser->leaf_count++;
    return 0;
}

static int make_leaf(struct query_parser *parser, const struct token_source *source, size_t i, struct query_node **out)
{
    const struct token_list *list = &source->by_language[0];
    struct query_node *node = new_node(parser, QUERY_TERMS, 0);
    struct bytes *terms = arena_calloc(parser->arena, source->language_count + 1, sizeof *terms);
    if (node == NULL || terms == NULL) {
        return no_memory(parser);
    }
    int status = take_leaf(parser, node);
    if (status != 0) {
        return status;
    }
    node->terms = terms;
    node->prefix = source->prefix && list->tokens[i].position + list->tokens[i].parts == list->length;
    node->first_only = source->first_only;
    node->scope = source->piece->field == SCHEMA_NO_FIELD        ? parser->scope
                  : needs_places(parser, source->piece->field) ? field_bit(parser, source->piece->field)
                                                               : 0;
    if (node->prefix) {
        terms[node->term_count++] = list->tokens[i].folded;
    }
    for (uint32_t l = 0; l < source->language_count; l++) {
        struct bytes term = source->by_language[l].tokens[i].term;
        bool known = node->prefix && bytes_begin_with(term, terms[0]);
        for (uint32_t k = 0; k < node->term_count; k++) {
            known = known || bytes_equal(terms[k], term);
        }
        if (!known) {
            terms[node->term_count++] = term;
        }
    }
    *out = node;
    return 0;
}

/* A phrase of capacity words that still has to be given them. */
static struct query_node *new_phrase(struct query_parser *parser, uint32_t capacity, uint64_t fields)
{
    struct query_node *phrase = new_node(parser, QUERY_PHRASE, capacity);
    if (phrase != NULL) {
        phrase->fields = fields;
        phrase->steps = arena_calloc(parser->arena, capacity, sizeof *phrase->steps);
    }
    return phrase == NULL || phrase->steps == NULL ? NULL : phrase;
}

static void add_word(struct query_node *phrase, struct query_node *leaf, struct query_step step)
{
    phrase->steps[phrase->child_count] = step;
    leaf->is_placed = true;
    add_child(phrase, leaf);
}

/* The leaf, looked for in its scope alone. */
static int restrict_leaf(struct query_parser *parser, struct query_node **leaf)
{
    if ((*leaf)->scope == 0) {
        return 0;
    }
    struct query_node *phrase = new_phrase(parser, 1, (*leaf)->scope);
    if (phrase == NULL) {
        return no_memory(parser);
    }
    add_word(phrase, *leaf, (struct query_step){0, 1});
    phrase->length = 1;
    phrase->candidates = *leaf;
    *leaf = phrase;
    return 0;
}

/* Whether the parts of the compound that token i is are single letters: "h&m". */
static bool is_of_letters(const struct token_list *list, size_t i)
{
    bool single = true;
    for (uint32_t part = 1; part <= list->tokens[i].parts && single; part++) {
        struct bytes folded = list->tokens[i - part].folded;
        bool is_digit = folded.data[0] >= '0' && folded.data[0] <= '9';
        uint32_t point;
        single = !is_digit && utf8_decode(folded.data, folded.data + folded.size, &point) == folded.size;
    }
    return single;
}

/*
 * Replaces the nodes of a compound's parts, the last of parent, by either them or the compound as one. Both mean the
 * same: two words that only name a product must not weigh more than the product's name written as one. Single letters,
 * which stand anywhere, are no parts that tell anything: of "m&m" the one letter would find all of "m&s".
 */
static int join_parts(struct query_parser *parser, struct query_node *parent, uint32_t parts, bool of_letters,
                      struct query_node *joined)
{
    if (of_letters) {
        parent->child_count -= parts;
        add_child(parent, joined);
        return 0;
    }
    struct query_node *any = new_node(parser, QUERY_ANY, 2);
    struct query_node *all = new_node(parser, QUERY_AND, parts);
    if (any == NULL || all == NULL) {
        return no_memory(parser);
    }
    parent->child_count -= parts;
    memcpy(all->children, parent->children + parent->child_count, parts * sizeof(struct query_node *));
    all->child_count = parts;
    any->one_price = true;
    add_child(any, joined);
    add_child(any, all);
    add_child(parent, any);
    return 0;
}

/* Notes what was typed for the token, on its node. */
static int add_typed(struct query_parser *parser, const struct token_source *source, size_t i, struct query_node *node)
{
    const struct token *tokens = source->by_language[0].tokens;
    struct query_word *word = arena_calloc(parser->arena, 1, sizeof *word);
    if (word == NULL) {
        return no_memory(parser);
    }
    word->folded = tokens[i].folded;
    word->start = source->offset + tokens[i].start;
    word->end = source->offset + tokens[i].end;
    word->run = parser->run_count;
    word->prefix = source->prefix && tokens[i].position + tokens[i].parts == source->by_language[0].length;
    word->part_count = tokens[i].kind == TOKEN_JOINED ? tokens[i].parts : 1;
    for (uint32_t part = 0; part < word->part_count; part++) {
        word->parts[part] = tokens[i - (tokens[i].kind == TOKEN_JOINED ? word->part_count - part : 0)].term;
    }
    node->word = word;
    return 0;
}

/*
 * Adds the clauses of one analysed text to parent, which has room for as many as there are tokens. phrase: NULL, or
 * what is to have all leaves as its words.
 */
static int add_tokens(struct query_parser *parser, const struct token_source *source, struct query_node *parent,
                      struct query_node *phrase)
{
    const struct token_list *list = &source->by_language[0];
    /* A phrase sees to the scope of its words, but of a compound's alternatives only those in scope may score. */
    bool known_in_scope = phrase != NULL && list->count == list->length;
    int status = 0;
    for (size_t i = 0; i < list->count && status == 0; i++) {
        const struct token *token = &list->tokens[i];
        struct query_node *node = NULL;
        status = make_leaf(parser, source, i, &node);
        if (status == 0 && phrase != NULL) {
            add_word(phrase, node, (struct query_step){token->position, token->position + token->parts});
        }
        if (status == 0 && !known_in_scope) {
            status = restrict_leaf(parser, &node);
        }
        if (status == 0 && token->kind == TOKEN_JOINED) {
            bool of_letters = phrase == NULL && is_of_letters(list, i);
            status = join_parts(parser, parent, token->parts, of_letters, node);
        } else if (status == 0) {
            add_child(parent, node);
        }
        if (status == 0 && source->plain) {
            status = add_typed(parser, source, i, parent->children[parent->child_count - 1]);
        }
    }
    return status;
}

/* Analyses text, which ends as piece does, in every language. */
static int analyse_source(struct query_parser *parser, struct bytes text, const struct query_piece *piece,
                          struct token_source *source)
{
    source->piece = piece;
    source->first_only = piece->field != SCHEMA_NO_FIELD && !needs_places(parser, piece->field);
    source->language_count = parser->language_count;
    source->by_language[0] = (struct token_list){.count = 0};
    for (uint32_t i = 0; i < source->language_count; i++) {
        int status = analyse(parser, text, parser->languages[i], &source->by_language[i]);
        if (status != 0) {
            return error_set(parser->error, status, "the query cannot be analysed: %s", aisle_error_text(status));
        }
    }
    /* The '*' must stand directly behind the last word: behind some other sign it means nothing. */
    const struct token_list *list = &source->by_language[0];
    source->prefix = piece->prefix && list->count != 0 && list->tokens[list->count - 1].end == text.size - 1;
    return 0;
}

/* The fields in which the phrase can be looked for; *fields is never 0 on 0. */
static int find_phrase_fields(struct query_parser *parser, const struct query_piece *piece, uint64_t *fields)
{
    const struct schema *schema = parser->schema;
    *fields = 0;
    for (uint8_t f = 0; f < schema->field_count; f++) {
        bool wanted = piece->field == SCHEMA_NO_FIELD || piece->field == f;
        if (wanted && schema->fields[f].searchable && schema->fields[f].positions) {
            *fields |= field_bit(parser, f);
        }
    }
    if (*fields != 0) {
        return 0;
    }
    return piece->field == SCHEMA_NO_FIELD
               ? error_set_at(parser->error, AISLE_BAD_QUERY, piece->position,
                              "phrases cannot be searched: no field of the schema keeps positions")
               : error_set_at(parser->error, AISLE_BAD_QUERY, piece->position,
                              "phrases cannot be searched in \"%s\", which keeps no positions",
                              schema->fields[piece->field].name);
}

/* text: that of piece, or of several plain ones up to it. plain: words are told as typed. */
static int parse_words(struct query_parser *parser, struct bytes text, const struct query_piece *piece, bool plain,
                       struct query_node **out)
{
    struct token_source *source = arena_alloc(parser->arena, sizeof *source); /* KiB that one language leaves alone */
    if (source == NULL) {
        return no_memory(parser);
    }
    int status = analyse_source(parser, text, piece, source);
    if (status != 0) {
        return status;
    }
    source->plain = plain;
    source->offset = plain ? (size_t)(text.data - parser->start) : 0;
    parser->run_count++;
    uint32_t token_count = (uint32_t)source->by_language[0].count;
    struct query_node *all = new_node(parser, QUERY_AND, token_count + 1);
    struct query_node *phrase = NULL;
    if (all == NULL) {
        return no_memory(parser);
    }
    if (piece->phrase && token_count > 1) {
        uint64_t fields;
        status = find_phrase_fields(parser, piece, &fields);
        phrase = status == 0 ? new_phrase(parser, token_count, fields) : NULL;
        if (phrase == NULL) {
            return status != 0 ? status : no_memory(parser);
        }
        phrase->length = source->by_language[0].length;
        phrase->slop = piece->slop;
    }
    status = add_tokens(parser, source, all, phrase);
    *out = simplify(all);
    if (phrase != NULL) {
        phrase->candidates = *out;
        *out = phrase;
    }
    return status;
}

/* ---- the whole ---- */

/* Parses the run of plain pieces from first on, or one special piece; *next is the piece behind. */
static int parse_operand(struct query_parser *parser, uint32_t first, bool alone, uint32_t *next,
                         struct query_node **out)
{
    const struct query_piece *pieces = parser->pieces.pieces;
    uint32_t last = first;
    bool plain = !alone && query_piece_is_plain(&parser->pieces, first);
    if (plain) {
        while (!pieces[last].prefix && last + 1 < parser->pieces.count &&
               query_piece_is_plain(&parser->pieces, last + 1)) {
            last++;
        }
    }
    const uint8_t *start = pieces[first].text.data;
    const uint8_t *end = pieces[last].text.data + pieces[last].text.size;
    *next = last + 1;
    return parse_words(parser, bytes_of(start, (size_t)(end - start)), &pieces[last], plain, out);
}

static bool is_empty(const struct query_node *node)
{
    return node->kind == QUERY_AND && node->child_count == 0;
}

/* a OR b OR c from piece first on. */
static int parse_alternatives(struct query_parser *parser, uint32_t first, uint32_t *next, struct query_node **out)
{
    struct query_node *either = new_node(parser, QUERY_OR, parser->pieces.count);
    if (either == NULL) {
        return no_memory(parser);
    }
    uint32_t i = first;
    for (;;) {
        struct query_node *operand = NULL;
        int status = parse_operand(parser, i, true, &i, &operand);
        if (status != 0) {
            return status;
        }
        if (!is_empty(operand)) {
            add_child(either, operand);
        }
        if (i >= parser->pieces.count || !query_piece_is_or(&parser->pieces, i) ||
            parser->pieces.pieces[i + 1].negated) {
            break;
        }
        i++;
    }
    *next = i;
    *out = simplify(either);
    return 0;
}

static int parse_pieces(struct query_parser *parser, struct query_node *wanted, struct query_node *unwanted)
{
    const struct query_piece *pieces = parser->pieces.pieces;
    for (uint32_t i = 0; i < parser->pieces.count;) {
        struct query_node *node = NULL;
        bool negated = pieces[i].negated;
        bool joined = i + 1 < parser->pieces.count && query_piece_is_or(&parser->pieces, i + 1) && !negated &&
                      !pieces[i + 2].negated;
        int status = joined ? parse_alternatives(parser, i, &i, &node) : parse_operand(parser, i, negated, &i, &node);
        if (status != 0) {
            return status;
        }
        if (node->kind == QUERY_AND && !negated) {
            for (uint32_t c = 0; c < node->child_count; c++) {
                add_child(wanted, node->children[c]);
            }
        } else if (node->kind == QUERY_TERMS || node->child_count != 0) {
            add_child(negated ? unwanted : wanted, node);
        }
    }
    return 0;
}

static int find_languages(struct query_parser *parser)
{
    const struct schema *schema = parser->schema;
    for (int pass = 0; pass < 2; pass++) {
        for (uint8_t f = 0; f < schema->field_count; f++) {
            uint8_t language;
            if (!schema->fields[f].searchable || (pass == 0) != (f == schema->first_text)) {
                continue;
            }
            int status = text_language_find(schema->fields[f].language, &language);
            if (status != 0) {
                return error_set(parser->error, AISLE_BAD_SCHEMA, "field \"%s\": unknown language \"%s\"",
                                 schema->fields[f].name, schema->fields[f].language);
            }
            bool known = false;
            for (uint32_t i = 0; i < parser->language_count; i++) {
                known = known || parser->languages[i] == language;
            }
            if (!known) {
                parser->languages[parser->language_count++] = language;
            }
        }
    }
    return 0;
}

/* wanted AND NOT unwanted, from what was typed. */
static struct query_node *combine(struct query_parser *parser, struct query_node *wanted, struct query_node *unwanted)
{
    struct query_node *root = simplify(wanted);
    if (wanted->child_count == 0) {
        bool browsing = parser->pieces.count == 0 || unwanted->child_count != 0;
        root = new_node(parser, browsing ? QUERY_ALL : QUERY_NOTHING, 0);
    }
    if (unwanted->child_count != 0 && root != NULL) {
        struct query_node *without = new_node(parser, QUERY_WITHOUT, 2);
        if (without == NULL) {
            return NULL;
        }
        add_child(without, root);
        add_child(without, simplify(unwanted));
        root = without;
    }
    return root;
}

int query_parser_new(const struct schema *schema, struct analyser *analyser, struct arena *arena,
                     struct query_parser **out, aisle_error *error)
{
    struct query_parser *parser = arena_calloc(arena, 1, sizeof *parser);
    *out = parser;
    if (parser == NULL) {
        return error_no_memory(error, "parsing a query");
    }
    parser->schema = schema;
    parser->analyser = analyser;
    parser->arena = arena;
    parser->error = error;
    parser->leaf_max = LIMIT_QUERY_LEAVES;
    return find_languages(parser);
}

int query_parser_run(struct query_parser *parser, struct bytes text, struct query_node **root)
{
    *root = NULL;
    if (text.size > LIMIT_QUERY_BYTES) {
        return error_set(parser->error, AISLE_LIMIT, "a query has at most %u bytes, not %zu", LIMIT_QUERY_BYTES,
                         text.size);
    }
    parser->start = text.data;
    parser->leaf_count = 0; /* of what was read before no node is used any more */
    parser->leaf_max = LIMIT_QUERY_TERMS;
    int status = query_lex(text, parser->schema, parser->arena, &parser->pieces, parser->error);
    if (status != 0) {
        return status;
    }
    struct query_node *wanted = new_node(parser, QUERY_AND, parser->pieces.count * 2 + LIMIT_QUERY_TERMS * 2);
    struct query_node *unwanted = new_node(parser, QUERY_OR, parser->pieces.count + 1);
    if (wanted == NULL || unwanted == NULL) {
        return no_memory(parser);
    }
    status = parse_pieces(parser, wanted, unwanted);
    parser->leaf_max = LIMIT_QUERY_LEAVES;
    if (status != 0) {
        return status;
    }
    *root = combine(parser, wanted, unwanted);
    return *root == NULL ? no_memory(parser) : 0;
}

int query_parser_field(struct query_parser *parser, struct bytes text, uint8_t field, struct query_node **out)
{
    const struct query_piece piece = {.text = text, .field = field};
    return parse_words(parser, text, &piece, false, out);
}

int query_parser_words(struct query_parser *parser, struct bytes text, struct query_node **out)
{
    return query_parser_field(parser, text, SCHEMA_NO_FIELD, out);
}

int query_parser_phrase(struct query_parser *parser, struct bytes text, struct query_node **out)
{
    const struct query_piece piece = {.text = text, .field = SCHEMA_NO_FIELD, .phrase = true};
    return parse_words(parser, text, &piece, false, out);
}

int query_parser_prefix(struct query_parser *parser, struct bytes word, struct query_node **out)
{
    uint8_t *starred = arena_alloc(parser->arena, word.size + 1);
    if (starred == NULL) {
        return no_memory(parser);
    }
    memcpy(starred, word.data, word.size);
    starred[word.size] = '*';
    const struct query_piece piece = {
        .text = bytes_of(starred, word.size + 1), .field = SCHEMA_NO_FIELD, .prefix = true};
    return parse_words(parser, piece.text, &piece, false, out);
}

/* Adds the terms of one word, in every language, to count others, for which there is room; each once. */
static int add_terms(struct query_parser *parser, struct bytes word, struct bytes *terms, uint32_t *count)
{
    for (uint32_t l = 0; l < parser->language_count; l++) {
        struct token_list list;
        int status = analyser_run(parser->analyser, word, parser->languages[l], &list);
        if (status != 0) {
            return error_set(parser->error, status, "the query cannot be analysed: %s", aisle_error_text(status));
        }
        struct bytes term = list.count == 0 ? bytes_of(NULL, 0) : list.tokens[list.count - 1].term;
        bool known = term.size == 0;
        for (uint32_t k = 0; k < *count && !known; k++) {
            known = bytes_equal(terms[k], term);
        }
        uint8_t *copy = known ? NULL : arena_copy(parser->arena, term.data, term.size);
        if (!known && copy == NULL) {
            return no_memory(parser);
        }
        if (!known) {
            terms[(*count)++] = bytes_of(copy, term.size);
        }
    }
    return 0;
}

int query_parser_terms(struct query_parser *parser, struct bytes word, struct bytes terms[LIMIT_FIELDS],
                       uint32_t *count)
{
    *count = 0;
    return add_terms(parser, word, terms, count);
}

int query_parser_group(struct query_parser *parser, const struct bytes *words, uint32_t count,
                       struct query_node **out)
{
    struct query_node *node = new_node(parser, QUERY_TERMS, 0);
    *out = node;
    if (node == NULL) {
        return no_memory(parser);
    }
    node->terms = arena_calloc(parser->arena, (size_t)count * parser->language_count + 1, sizeof *node->terms);
    if (node->terms == NULL) {
        return no_memory(parser);
    }
    int status = take_leaf(parser, node);
    for (uint32_t i = 0; i < count && status == 0; i++) {
        status = add_terms(parser, words[i], node->terms, &node->term_count);
    }
    node->scope = parser->scope;
    return status == 0 ? restrict_leaf(parser, out) : status;
}

void query_parser_set_scope(struct query_parser *parser, uint64_t fields)
{
    parser->scope = fields;
}

void query_parser_drop_leaf(struct query_parser *parser)
{
    parser->leaf_count--;
}

struct query_node *query_parser_node(struct query_parser *parser, enum query_kind kind, uint32_t child_capacity)
{
    return new_node(parser, kind, child_capacity);
}

uint32_t query_parser_leaves_left(const struct query_parser *parser)
{
    return parser->leaf_max - parser->leaf_count;
}

int query_parse(struct bytes text, const struct schema *schema, struct analyser *analyser, struct arena *arena,
                struct query_node **root, aisle_error *error)
{
    struct query_parser *parser;
    *root = NULL;
    int status = query_parser_new(schema, analyser, arena, &parser, error);
    return status == 0 ? query_parser_run(parser, text, root) : status;
}
