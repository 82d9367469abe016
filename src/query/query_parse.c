/*
 * query_parse.c - the search box's text into a tree.
 *
 *   text   = { piece }, split at white space
 *   piece  = ["-"] [first text field ":"] words ["*"]
 *   "OR" between two pieces joins them.
 *
 * Neighbouring plain pieces are analysed as one text, so that "64 gb" becomes one token. Nothing typed is a syntax
 * error: what has no meaning as an operator is text. Only what this version cannot answer truthfully is refused.
 */
#include "query/query.h"

#include <ctype.h>

struct piece {
    struct bytes text;
    size_t position;
    bool negated;
    bool first_only;
    bool prefix;
};

struct parser {
    const struct schema *schema;
    struct analyser *analyser;
    struct arena *arena;
    aisle_error *error;
    struct bytes text;
    uint8_t languages[LIMIT_FIELDS]; /* distinct ones of the searchable fields; that of the first text field first */
    uint32_t language_count;
    struct piece *pieces;
    uint32_t piece_count;
    uint32_t token_count;
};

static int no_memory(struct parser *parser)
{
    return error_no_memory(parser->error, "parsing a query");
}

/* ---- nodes ---- */

static struct query_node *new_node(struct parser *parser, enum query_kind kind, uint32_t child_capacity)
{
    struct query_node *node = arena_calloc(parser->arena, 1, sizeof *node);
    if (node == NULL) {
        return NULL;
    }
    node->kind = kind;
    if (child_capacity != 0) {
        node->children = arena_calloc(parser->arena, child_capacity, sizeof(struct query_node *));
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

/* A node of one child is that child. */
static struct query_node *simplify(struct query_node *node)
{
    bool joins = node->kind == QUERY_AND || node->kind == QUERY_OR || node->kind == QUERY_ANY;
    return joins && node->child_count == 1 ? node->children[0] : node;
}

/* ---- pieces ---- */

static bool is_space(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static int read_field(struct parser *parser, struct piece *piece)
{
    const uint8_t *colon = memchr(piece->text.data, ':', piece->text.size);
    if (colon == NULL) {
        return 0;
    }
    size_t name_size = (size_t)(colon - piece->text.data);
    int field = schema_field_find(parser->schema, bytes_of(piece->text.data, name_size));
    if (field < 0 || !parser->schema->fields[field].searchable || name_size + 1 == piece->text.size) {
        return 0;
    }
    if (field != parser->schema->first_text) {
        const char *first = parser->schema->first_text < parser->schema->field_count
                                ? parser->schema->fields[parser->schema->first_text].name
                                : "";
        return error_set_at(parser->error, AISLE_BAD_QUERY, piece->position,
                            "field \"%.*s\" cannot be searched alone; only the first text field (\"%s\") can",
                            (int)name_size, (const char *)piece->text.data, first);
    }
    piece->first_only = true;
    piece->text.data += name_size + 1;
    piece->text.size -= name_size + 1;
    piece->position += name_size + 1;
    return 0;
}

static int refuse_phrase(struct parser *parser, const struct piece *piece)
{
    if (piece->text.size == 0 || piece->text.data[0] != '"') {
        return 0;
    }
    const uint8_t *behind = piece->text.data + 1;
    if (memchr(behind, '"', (size_t)(parser->text.data + parser->text.size - behind)) == NULL) {
        return 0;
    }
    return error_set_at(parser->error, AISLE_BAD_QUERY, piece->position,
                        "quoted phrases cannot be searched in this version; leave out the quotes to find all words");
}

static int read_piece(struct parser *parser, struct piece *piece)
{
    if (piece->text.size > 1 && piece->text.data[0] == '-') {
        piece->negated = true;
        piece->text.data++;
        piece->text.size--;
        piece->position++;
    }
    int status = refuse_phrase(parser, piece);
    if (status == 0) {
        status = read_field(parser, piece);
    }
    if (status == 0) {
        status = refuse_phrase(parser, piece);
    }
    if (piece->text.size > 1 && piece->text.data[piece->text.size - 1] == '*') {
        uint8_t before = piece->text.data[piece->text.size - 2];
        piece->prefix = before >= 0x80 || isalnum(before);
    }
    return status;
}

static int split(struct parser *parser)
{
    const uint8_t *data = parser->text.data;
    size_t size = parser->text.size;
    parser->pieces = arena_calloc(parser->arena, size / 2 + 1, sizeof *parser->pieces);
    if (parser->pieces == NULL) {
        return no_memory(parser);
    }
    for (size_t i = 0; i < size;) {
        size_t start = i;
        while (i < size && !is_space(data[i])) {
            i++;
        }
        if (i > start) {
            struct piece *piece = &parser->pieces[parser->piece_count++];
            *piece = (struct piece){.text = bytes_of(data + start, i - start), .position = start};
            int status = read_piece(parser, piece);
            if (status != 0) {
                return status;
            }
        }
        i++;
    }
    return 0;
}

static bool is_or(const struct parser *parser, uint32_t i)
{
    const struct piece *piece = &parser->pieces[i];
    return i > 0 && i + 1 < parser->piece_count && !piece->negated && !piece->first_only && piece->text.size == 2 &&
           memcmp(piece->text.data, "OR", 2) == 0;
}

/* ---- tokens to nodes ---- */

/* The tokens of one text in one language, copied into the arena. */
static int analyse(struct parser *parser, struct bytes text, uint8_t language, struct token_list *out)
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
    return tokens == NULL && list.count != 0 ? AISLE_NO_MEMORY : 0;
}

struct token_source {
    struct token_list by_language[LIMIT_FIELDS];
    uint32_t language_count;
    bool first_only;
    bool prefix; /* of the last token, and of a compound that ends with it */
};

static int make_leaf(struct parser *parser, const struct token_source *source, size_t i, bool prefix,
                     struct query_node **out)
{
    struct query_node *node = new_node(parser, QUERY_TERMS, 0);
    struct bytes *terms = arena_calloc(parser->arena, source->language_count + 1, sizeof *terms);
    if (node == NULL || terms == NULL) {
        return no_memory(parser);
    }
    if (++parser->token_count > LIMIT_QUERY_TERMS) {
        return error_set(parser->error, AISLE_LIMIT, "a query has at most %u words", LIMIT_QUERY_TERMS);
    }
    node->terms = terms;
    node->prefix = prefix;
    node->first_only = source->first_only;
    if (prefix) {
        terms[node->term_count++] = source->by_language[0].tokens[i].folded;
    }
    for (uint32_t l = 0; l < source->language_count; l++) {
        struct bytes term = source->by_language[l].tokens[i].term;
        bool known = prefix && bytes_begin_with(term, terms[0]);
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

/* Adds the clauses of one analysed text to parent, which has room for as many as there are tokens. */
static int add_tokens(struct parser *parser, const struct token_source *source, struct query_node *parent)
{
    const struct token_list *list = &source->by_language[0];
    uint32_t last_position = list->length == 0 ? 0 : list->length - 1;
    for (size_t i = 0; i < list->count; i++) {
        const struct token *token = &list->tokens[i];
        struct query_node *node = NULL;
        bool last = token->position + token->parts - 1 == last_position;
        int status = make_leaf(parser, source, i, source->prefix && last, &node);
        if (status != 0) {
            return status;
        }
        if (token->kind == TOKEN_JOINED) {
            /* The parts stand just before it: together they are the other way to match. */
            struct query_node *any = new_node(parser, QUERY_ANY, 2);
            struct query_node *all = new_node(parser, QUERY_AND, token->parts);
            if (any == NULL || all == NULL) {
                return no_memory(parser);
            }
            parent->child_count -= token->parts;
            memcpy(all->children, parent->children + parent->child_count, token->parts * sizeof(struct query_node *));
            all->child_count = token->parts;
            add_child(any, node);
            add_child(any, all);
            node = any;
        }
        add_child(parent, node);
    }
    return 0;
}

static int parse_words(struct parser *parser, struct bytes text, const struct piece *piece, struct query_node **out)
{
    struct token_source *source = arena_calloc(parser->arena, 1, sizeof *source);
    if (source == NULL) {
        return no_memory(parser);
    }
    source->first_only = piece->first_only;
    source->prefix = piece->prefix;
    source->language_count = parser->language_count;
    for (uint32_t i = 0; i < source->language_count; i++) {
        int status = analyse(parser, text, parser->languages[i], &source->by_language[i]);
        if (status != 0) {
            return error_set(parser->error, status, "the query cannot be analysed: %s", aisle_error_text(status));
        }
    }
    /* The '*' must stand directly behind the last word: behind some other sign it means nothing. */
    const struct token_list *list = &source->by_language[0];
    source->prefix = piece->prefix && list->count != 0 && list->tokens[list->count - 1].end == text.size - 1;
    struct query_node *all = new_node(parser, QUERY_AND, (uint32_t)source->by_language[0].count + 1);
    if (all == NULL) {
        return no_memory(parser);
    }
    int status = add_tokens(parser, source, all);
    *out = simplify(all);
    return status;
}

/* ---- the whole ---- */

static bool is_plain(const struct parser *parser, uint32_t i)
{
    const struct piece *piece = &parser->pieces[i];
    return !piece->negated && !piece->first_only && !is_or(parser, i) &&
           !(i + 1 < parser->piece_count && is_or(parser, i + 1));
}

/* Parses the run of plain pieces from first on, or one special piece; *next is the piece behind. */
static int parse_operand(struct parser *parser, uint32_t first, bool alone, uint32_t *next, struct query_node **out)
{
    uint32_t last = first;
    if (!alone && is_plain(parser, first)) {
        while (!parser->pieces[last].prefix && last + 1 < parser->piece_count && is_plain(parser, last + 1)) {
            last++;
        }
    }
    const struct piece *end = &parser->pieces[last];
    const uint8_t *start = parser->pieces[first].text.data;
    *next = last + 1;
    return parse_words(parser, bytes_of(start, (size_t)(end->text.data + end->text.size - start)), end, out);
}

/* a OR b OR c from piece first on. */
static int parse_alternatives(struct parser *parser, uint32_t first, uint32_t *next, struct query_node **out)
{
    struct query_node *either = new_node(parser, QUERY_OR, parser->piece_count);
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
        if (operand->kind != QUERY_AND || operand->child_count != 0) {
            add_child(either, operand);
        }
        if (i >= parser->piece_count || !is_or(parser, i) || parser->pieces[i + 1].negated) {
            break;
        }
        i++;
    }
    *next = i;
    *out = simplify(either);
    return 0;
}

static int parse_pieces(struct parser *parser, struct query_node *wanted, struct query_node *unwanted)
{
    for (uint32_t i = 0; i < parser->piece_count;) {
        struct query_node *node = NULL;
        bool negated = parser->pieces[i].negated;
        bool joined = i + 1 < parser->piece_count && is_or(parser, i + 1) && !negated &&
                      !parser->pieces[i + 2].negated;
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

static int find_languages(struct parser *parser)
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
static struct query_node *combine(struct parser *parser, struct query_node *wanted, struct query_node *unwanted)
{
    struct query_node *root = simplify(wanted);
    if (wanted->child_count == 0) {
        bool browsing = parser->piece_count == 0 || unwanted->child_count != 0;
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

int query_parse(struct bytes text, const struct schema *schema, struct analyser *analyser, struct arena *arena,
                struct query_node **root, aisle_error *error)
{
    *root = NULL;
    struct parser parser = {.schema = schema, .analyser = analyser, .arena = arena, .error = error, .text = text};
    if (text.size > LIMIT_QUERY_BYTES) {
        return error_set(error, AISLE_LIMIT, "a query has at most %u bytes, not %zu", LIMIT_QUERY_BYTES, text.size);
    }
    int status = find_languages(&parser);
    if (status == 0) {
        status = split(&parser);
    }
    if (status != 0) {
        return status;
    }
    struct query_node *wanted = new_node(&parser, QUERY_AND, parser.piece_count * 2 + LIMIT_QUERY_TERMS * 2);
    struct query_node *unwanted = new_node(&parser, QUERY_OR, parser.piece_count + 1);
    if (wanted == NULL || unwanted == NULL) {
        return no_memory(&parser);
    }
    status = parse_pieces(&parser, wanted, unwanted);
    if (status != 0) {
        return status;
    }
    *root = combine(&parser, wanted, unwanted);
    return *root == NULL ? no_memory(&parser) : 0;
}
