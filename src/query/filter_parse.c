/*
 * filter_parse.c - from a filter's text to a tree, by recursive descent; depth, conditions and sets are bounded.
 *
 * Values are read by the type of their field here, once, so that nothing behind this file knows of text: numbers are
 * what columns hold, keywords and paths are folded.
 */
#include "query/filter.h"
#include "query/filter_lex.h"

#include "base/utf8.h"
#include "schema/product.h"

#include <stdlib.h>
#include <strings.h>

struct parser {
    const struct filter_source *source;
    struct bytes text;
    size_t at;
    struct filter_token token; /* the next one */
    uint32_t depth;
    uint32_t conditions;
    bool in_variant; /* between the parentheses of ANY */
    struct buf folded;
    uint64_t used[(LIMIT_FILTER_PARAMETERS + 63) / 64]; /* names of source->params that stand in the text */
    aisle_error *error;
};

static int refuse(struct parser *parser, size_t position, const char *what, struct bytes found)
{
    struct bytes shown = utf8_cut(found, 40);
    bool is_name = parser->token.kind == FILTER_TOKEN_NAME; /* or what is bound to it */
    return error_set_at(parser->error, AISLE_BAD_QUERY, position, "filter: %s, found \"%s%.*s\"", what,
                        is_name ? "$" : "", (int)shown.size, (const char *)shown.data);
}

/* At the token that was not expected. */
static int refuse_token(struct parser *parser, const char *expected)
{
    if (parser->token.kind == FILTER_TOKEN_END) {
        return error_set_at(parser->error, AISLE_BAD_QUERY, parser->token.position, "filter: %s, found the end",
                            expected);
    }
    return refuse(parser, parser->token.position, expected, parser->token.text);
}

static int no_memory(struct parser *parser)
{
    return error_no_memory(parser->error, "reading a filter");
}

static int limit(struct parser *parser, size_t position, const char *what, uint32_t most)
{
    return error_set_at(parser->error, AISLE_LIMIT, position, "filter: %s, expected at most %u", what, most);
}

static int advance(struct parser *parser)
{
    return filter_lex(parser->text, &parser->at, parser->source->arena, &parser->token, parser->error);
}

static bool is_sign(const struct parser *parser, const char *sign)
{
    return parser->token.kind == FILTER_TOKEN_SIGN && bytes_equal(parser->token.text, bytes_of_string(sign));
}

static bool is_word(const struct parser *parser, const char *word)
{
    struct bytes text = parser->token.text;
    return parser->token.kind == FILTER_TOKEN_WORD && text.size == strlen(word) &&
           strncasecmp((const char *)text.data, word, text.size) == 0;
}

static struct filter_node *new_node(struct parser *parser, enum filter_kind kind, uint8_t field)
{
    struct filter_node *node = arena_calloc(parser->source->arena, 1, sizeof *node);
    if (node != NULL) {
        node->kind = kind;
        node->field = field;
    }
    return node;
}

static bool is_words(const struct parser *parser, uint8_t field)
{
    return field_type_is_words(parser->source->schema->fields[field].type);
}

/* ---- values ---- */

/* A value as it was read: of fields of words, folded; otherwise a number. */
struct value {
    struct bytes word; /* in the arena */
    int64_t floor;
    bool exact;
};

/* What is bound to the name that is the token. */
static int find_param(struct parser *parser, const aisle_param **out)
{
    const struct filter_source *source = parser->source;
    for (size_t i = 0; i < source->param_count; i++) {
        const char *name = source->params[i].name;
        if (name != NULL && bytes_equal(bytes_of_string(name), parser->token.text)) {
            *out = &source->params[i];
            parser->used[i / 64] |= UINT64_C(1) << i % 64;
            return 0;
        }
    }
    return refuse_token(parser, "no value is bound to this name");
}

static int bound_value(struct parser *parser, const aisle_param *param, size_t i, struct bytes *text)
{
    *text = bytes_of(param->values[i].data, param->values[i].size);
    return utf8_valid(*text, NULL) ? 0 : refuse_token(parser, "expected a bound value in UTF-8");
}

/* The parts of a path in a string, empty ones left out, as products have them. */
static uint32_t split_path(struct bytes text, struct bytes parts[LIMIT_PATH_PARTS + 1])
{
    static const char separator[] = " > ";
    const size_t separator_size = sizeof separator - 1;
    uint32_t count = 0;
    for (;;) {
        const uint8_t *found = text.size == 0 ? NULL : memmem(text.data, text.size, separator, separator_size);
        size_t size = found == NULL ? text.size : (size_t)(found - text.data);
        if (size != 0 && count <= LIMIT_PATH_PARTS) {
            parts[count++] = bytes_of(text.data, size);
        }
        if (found == NULL) {
            return count;
        }
        text = bytes_of(found + separator_size, text.size - size - separator_size);
    }
}

static int fold_word(struct parser *parser, uint8_t field, struct bytes text, struct value *value)
{
    struct bytes parts[LIMIT_PATH_PARTS + 1] = {text};
    uint32_t count = text.size == 0 ? 0 : 1;
    if (text.size > LIMIT_KEYWORD_BYTES) {
        return limit(parser, parser->token.position, "a value is too long in bytes", LIMIT_KEYWORD_BYTES);
    }
    if (parser->source->schema->fields[field].type == FIELD_PATH) {
        count = split_path(text, parts);
    }
    if (count > LIMIT_PATH_PARTS) {
        return limit(parser, parser->token.position, "a path has too many levels", LIMIT_PATH_PARTS);
    }
    int status = text_fold_keyword(parser->source->analyser, parts, count, VALUES_FOLDED_BYTES_MAX, &parser->folded);
    struct bytes folded = buf_bytes(&parser->folded);
    value->word = bytes_of(arena_copy(parser->source->arena, folded.data, folded.size), folded.size);
    return status != 0 || value->word.data == NULL ? no_memory(parser) : 0;
}

static int read_number(struct parser *parser, uint8_t field, struct bytes text, struct value *value)
{
    static const char *const expected[] = {
        [FIELD_INTEGER] = "expected a number", [FIELD_DECIMAL] = "expected a number",
        [FIELD_DOUBLE] = "expected a number",  [FIELD_BOOL] = "expected true or false",
        [FIELD_DATE] = "expected a date like 2026-11-23 or 2026-11-23T10:00:00Z"};
    const struct field *found = &parser->source->schema->fields[field];
    int status = product_number_read(found, text, &value->floor, &value->exact);
    if (status == AISLE_LIMIT) {
        return refuse_token(parser, "a number is too large or has too many digits for its field");
    }
    return status == 0 ? 0 : refuse_token(parser, expected[found->type]);
}

/* Whether a word without quotes may be the value of a keyword: products write those numbers and bools so, too. */
static bool is_plain_value(struct bytes word)
{
    return (word.data[0] >= '0' && word.data[0] <= '9') || word.data[0] == '-' ||
           bytes_equal(word, bytes_of_string("true")) || bytes_equal(word, bytes_of_string("false"));
}

static int read_value(struct parser *parser, uint8_t field, struct bytes text, struct value *value)
{
    *value = (struct value){.exact = true};
    return is_words(parser, field) ? fold_word(parser, field, text, value) : read_number(parser, field, text, value);
}

/* Reads the token as a value of the field, and moves on. */
static int parse_value(struct parser *parser, uint8_t field, struct value *value)
{
    const struct field *found = &parser->source->schema->fields[field];
    const aisle_param *param = NULL;
    struct bytes text = parser->token.text;
    int status = 0;
    switch (parser->token.kind) {
    case FILTER_TOKEN_NAME:
        status = find_param(parser, &param);
        if (status == 0 && param->value_count != 1) {
            return refuse_token(parser, "expected a name with one value, unless right behind IN");
        }
        status = status == 0 ? bound_value(parser, param, 0, &text) : status;
        break;
    case FILTER_TOKEN_STRING:
        if (!is_words(parser, field) && found->type != FIELD_DATE) {
            return refuse_token(parser, found->type == FIELD_BOOL ? "expected true or false without quotes"
                                                                  : "expected a number without quotes");
        }
        break;
    case FILTER_TOKEN_WORD:
        if (is_words(parser, field) && !is_plain_value(text)) {
            return refuse_token(parser, "expected a string in quotes");
        }
        break;
    case FILTER_TOKEN_SIGN:
    case FILTER_TOKEN_END:
        return refuse_token(parser, "expected a value");
    }
    status = status == 0 ? read_value(parser, field, text, value) : status;
    return status == 0 ? advance(parser) : status;
}

/* ---- conditions ---- */

enum comparison { EQUAL, NOT_EQUAL, BELOW, AT_MOST, ABOVE, AT_LEAST };

static bool comparison_of(const struct parser *parser, enum comparison *out)
{
    static const char *const signs[] = {"=", "!=", "<", "<=", ">", ">="};
    for (unsigned i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (is_sign(parser, signs[i])) {
            *out = (enum comparison)i;
            return true;
        }
    }
    return false;
}

static void match_nothing(struct filter_node *node)
{
    node->least = 1;
    node->greatest = 0;
}

/* Narrows an open range of numbers. Between the floor of a value that is not exact and the next number lies nothing. */
static void bound_below(struct filter_node *node, const struct value *value, bool inclusive)
{
    if (value->exact && inclusive) {
        node->least = value->floor;
    } else if (value->floor == INT64_MAX) {
        match_nothing(node);
    } else {
        node->least = value->floor + 1;
    }
}

static void bound_above(struct filter_node *node, const struct value *value, bool inclusive)
{
    node->greatest = value->exact && !inclusive ? value->floor - 1 : value->floor;
}

static void narrow(struct filter_node *node, const struct value *value, enum comparison how)
{
    bool words = node->kind == FILTER_WORDS;
    if (how == EQUAL || how == ABOVE || how == AT_LEAST) {
        node->low = value->word;
        node->includes_low = how != ABOVE;
        if (!words) {
            bound_below(node, value, how != ABOVE);
        }
    }
    if (how == EQUAL || how == BELOW || how == AT_MOST) {
        node->high = value->word;
        node->includes_high = how != BELOW;
        if (!words) {
            bound_above(node, value, how != BELOW);
        }
    }
}

static int new_range(struct parser *parser, uint8_t field, struct filter_node **out)
{
    *out = new_node(parser, is_words(parser, field) ? FILTER_WORDS : FILTER_NUMBERS, field);
    if (*out == NULL) {
        return no_memory(parser);
    }
    (*out)->least = INT64_MIN + 1; /* INT64_MIN is a missing value */
    (*out)->greatest = INT64_MAX;
    return 0;
}

static int negate(struct parser *parser, struct filter_node **node)
{
    struct filter_node *not = new_node(parser, FILTER_NOT, 0);
    struct filter_node **children = arena_alloc(parser->source->arena, sizeof *children);
    if (not == NULL || children == NULL) {
        return no_memory(parser);
    }
    children[0] = *node;
    not->children = children;
    not->child_count = 1;
    *node = not;
    return 0;
}

/* One variant meets condition: the node of ANY. */
static int wrap_variant(struct parser *parser, struct filter_node **condition)
{
    const struct filter_source *source = parser->source;
    struct filter_node *any = new_node(parser, FILTER_ANY, source->schema->variants_field);
    struct filter_node **children = arena_alloc(source->arena, 2 * sizeof *children);
    if (any == NULL || children == NULL) {
        return no_memory(parser);
    }
    children[0] = *condition;
    if (filter_variant_columns(*condition, source->schema, source->arena, &children[1]) != 0) {
        return no_memory(parser);
    }
    any->schema = source->schema;
    any->children = children;
    any->child_count = children[1] == NULL ? 1 : 2;
    *condition = any;
    return 0;
}

/* Outside of ANY a number of variants is asked of each of them, unless the column, what they come to, tells it. */
static int ask_each_variant(struct parser *parser, struct filter_node **node)
{
    const struct field *field = &parser->source->schema->fields[(*node)->field];
    bool is_range = (*node)->kind == FILTER_NUMBERS;
    bool is_told = is_range && ((field->keeps == FIELD_KEEPS_LEAST && (*node)->least == INT64_MIN + 1) ||
                                (field->keeps == FIELD_KEEPS_GREATEST && (*node)->greatest == INT64_MAX));
    if (parser->in_variant || !field->of_variants || (!is_range && (*node)->kind != FILTER_SET) || is_told) {
        return 0;
    }
    return wrap_variant(parser, node);
}

static int parse_comparison(struct parser *parser, uint8_t field, enum comparison how, struct filter_node **out)
{
    enum field_type type = parser->source->schema->fields[field].type;
    struct value value;
    if (how > NOT_EQUAL && (type == FIELD_BOOL || type == FIELD_PATH)) {
        return refuse_token(parser, type == FIELD_BOOL ? "a bool takes = and != only"
                                                       : "a path takes =, != and UNDER only");
    }
    int status = new_range(parser, field, out);
    status = status == 0 ? advance(parser) : status;
    status = status == 0 ? parse_value(parser, field, &value) : status;
    if (status == 0) {
        narrow(*out, &value, how == NOT_EQUAL ? EQUAL : how);
        status = ask_each_variant(parser, out);
    }
    if (status == 0 && how == NOT_EQUAL) {
        status = negate(parser, out);
    }
    return status;
}

static int parse_range(struct parser *parser, uint8_t field, struct filter_node **out)
{
    enum field_type type = parser->source->schema->fields[field].type;
    struct value value;
    if (type == FIELD_BOOL || type == FIELD_PATH) {
        return refuse_token(parser, "a bool or a path takes no range, expected =, !=, IN or EXISTS");
    }
    int status = new_range(parser, field, out);
    for (int end = 0; end < 2 && status == 0; end++) {
        if (is_sign(parser, "*")) {
            status = advance(parser);
        } else {
            status = parse_value(parser, field, &value);
            if (status == 0) {
                narrow(*out, &value, end == 0 ? AT_LEAST : AT_MOST);
            }
        }
        if (status == 0 && end == 0) {
            status = is_word(parser, "TO") ? advance(parser) : refuse_token(parser, "expected TO");
        }
    }
    return status == 0 ? ask_each_variant(parser, out) : status;
}

static int compare_numbers(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int compare_words(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* Sorts and takes out repeats. */
static void settle_set(struct filter_node *node)
{
    uint32_t kept = 0;
    if (node->kind == FILTER_SET) {
        qsort(node->numbers, node->count, sizeof *node->numbers, compare_numbers);
        for (uint32_t i = 0; i < node->count; i++) {
            if (kept == 0 || node->numbers[i] != node->numbers[kept - 1]) {
                node->numbers[kept++] = node->numbers[i];
            }
        }
    } else {
        qsort(node->words, node->count, sizeof *node->words, compare_words);
        for (uint32_t i = 0; i < node->count; i++) {
            if (kept == 0 || !bytes_equal(node->words[i], node->words[kept - 1])) {
                node->words[kept++] = node->words[i];
            }
        }
    }
    node->count = kept;
}

static int add_to_set(struct parser *parser, struct filter_node *node, const struct value *value, uint32_t *capacity)
{
    size_t element = node->kind == FILTER_SET ? sizeof *node->numbers : sizeof *node->words;
    if (node->count == *capacity) {
        uint32_t wanted = *capacity == 0 ? 8 : *capacity * 2;
        void *grown = arena_alloc(parser->source->arena, wanted * element);
        const void *old = node->kind == FILTER_SET ? (const void *)node->numbers : (const void *)node->words;
        if (grown == NULL) {
            return no_memory(parser);
        }
        if (node->count != 0) {
            memcpy(grown, old, node->count * element);
        }
        *capacity = wanted;
        if (node->kind == FILTER_SET) {
            node->numbers = grown;
        } else {
            node->words = grown;
        }
    }
    if (node->kind == FILTER_WORD_SET) {
        node->words[node->count++] = value->word;
    } else if (value->exact) { /* no product has another */
        node->numbers[node->count++] = value->floor;
    }
    return 0;
}

/* The values of a name right behind IN. */
static int take_bound_set(struct parser *parser, struct filter_node *node)
{
    const aisle_param *param = NULL;
    uint32_t capacity = 0;
    int status = find_param(parser, &param);
    if (status == 0 && param->value_count > LIMIT_FILTER_SET) {
        return limit(parser, parser->token.position, "too many values are bound to a name", LIMIT_FILTER_SET);
    }
    for (size_t i = 0; status == 0 && i < param->value_count; i++) {
        struct value value;
        struct bytes text;
        status = bound_value(parser, param, i, &text);
        status = status == 0 ? read_value(parser, node->field, text, &value) : status;
        status = status == 0 ? add_to_set(parser, node, &value, &capacity) : status;
    }
    return status;
}

/* The values in brackets; ends on the closing one. */
static int take_written_set(struct parser *parser, struct filter_node *node)
{
    struct value value;
    uint32_t capacity = 0;
    uint32_t taken = 0;
    int status = 0;
    if (!is_sign(parser, "[")) {
        return refuse_token(parser, "expected [ or a $name behind IN");
    }
    do {
        status = advance(parser);
        if (status == 0 && taken++ == LIMIT_FILTER_SET) {
            return limit(parser, parser->token.position, "too many values in brackets", LIMIT_FILTER_SET);
        }
        status = status == 0 ? parse_value(parser, node->field, &value) : status;
        status = status == 0 ? add_to_set(parser, node, &value, &capacity) : status;
    } while (status == 0 && is_sign(parser, ","));
    return status != 0 || is_sign(parser, "]") ? status : refuse_token(parser, "expected , or ]");
}

static int parse_set(struct parser *parser, uint8_t field, struct filter_node **out)
{
    *out = new_node(parser, is_words(parser, field) ? FILTER_WORD_SET : FILTER_SET, field);
    int status = *out == NULL ? no_memory(parser) : advance(parser);
    if (status == 0) {
        status = parser->token.kind == FILTER_TOKEN_NAME ? take_bound_set(parser, *out)
                                                         : take_written_set(parser, *out);
    }
    if (status == 0 && (*out)->count != 0) {
        settle_set(*out);
    }
    status = status == 0 ? ask_each_variant(parser, out) : status;
    return status == 0 ? advance(parser) : status;
}

static int parse_under(struct parser *parser, uint8_t field, struct filter_node **out)
{
    struct value value;
    if (parser->source->schema->fields[field].type != FIELD_PATH) {
        return refuse_token(parser, "only a path takes UNDER");
    }
    *out = new_node(parser, FILTER_UNDER, field);
    int status = *out == NULL ? no_memory(parser) : advance(parser);
    status = status == 0 ? parse_value(parser, field, &value) : status;
    if (status == 0) {
        (*out)->low = value.word;
    }
    return status;
}

/* ---- fields ---- */

static bool has_column(const struct filter_source *source, int field)
{
    for (uint8_t i = 0; i < source->columns->count; i++) {
        if (source->columns->field[i] == field) {
            return true;
        }
    }
    return false;
}

/* Reads the name of a field with a column, and moves on. */
static int parse_field(struct parser *parser, uint8_t *field)
{
    const struct filter_source *source = parser->source;
    if (parser->token.kind != FILTER_TOKEN_WORD && parser->token.kind != FILTER_TOKEN_STRING) {
        return refuse_token(parser, "expected a field's name");
    }
    int found = schema_field_find(source->schema, parser->token.text);
    if (found < 0) {
        return refuse_token(parser, "no such field");
    }
    if (found == source->schema->variants_field) {
        return refuse_token(parser, "variants are asked by ANY variants ( ... )");
    }
    if (parser->in_variant && !source->schema->fields[found].of_variants) {
        return refuse_token(parser, "expected a field of variants, others are asked outside of ANY");
    }
    if (!source->schema->fields[found].column) {
        return refuse_token(parser, "the field cannot be filtered by; in the schema, make it a keyword with \"facet\"");
    }
    if (!has_column(source, found)) {
        return refuse_token(parser, "the catalog was made by an older version, without columns of keywords; index its "
                                    "products into a new one to filter by them");
    }
    *field = (uint8_t)found;
    return advance(parser);
}

static int parse_condition(struct parser *parser, struct filter_node **out)
{
    uint8_t field = 0;
    enum comparison how;
    size_t position = parser->token.position;
    int status = parse_field(parser, &field);
    if (status != 0) {
        return status;
    }
    if (parser->conditions++ == LIMIT_FILTER_CONDITIONS) {
        return limit(parser, position, "too many conditions", LIMIT_FILTER_CONDITIONS);
    }
    if (comparison_of(parser, &how)) {
        return parse_comparison(parser, field, how, out);
    }
    if (is_word(parser, "IN")) {
        return parse_set(parser, field, out);
    }
    if (is_word(parser, "UNDER")) {
        return parse_under(parser, field, out);
    }
    if (is_word(parser, "EXISTS")) {
        *out = new_node(parser, FILTER_EXISTS, field);
        return *out == NULL ? no_memory(parser) : advance(parser);
    }
    if (parser->token.kind == FILTER_TOKEN_END || (parser->token.kind == FILTER_TOKEN_SIGN && !is_sign(parser, "*"))) {
        return refuse_token(parser, "expected =, !=, <, <=, >, >=, IN, EXISTS, UNDER or a range");
    }
    return parse_range(parser, field, out);
}

/* ---- and, or, not ---- */

static int parse_or(struct parser *parser, struct filter_node **out);

static int parse_parentheses(struct parser *parser, struct filter_node **out)
{
    if (parser->depth == LIMIT_FILTER_DEPTH) {
        return limit(parser, parser->token.position, "parentheses are nested too deep", LIMIT_FILTER_DEPTH);
    }
    parser->depth++;
    int status = advance(parser);
    status = status == 0 ? parse_or(parser, out) : status;
    if (status == 0 && !is_sign(parser, ")")) {
        return refuse_token(parser, "expected AND, OR or )");
    }
    parser->depth--;
    return status == 0 ? advance(parser) : status;
}

/* ANY, the field of variants, and what one of them meets. */
static int parse_any(struct parser *parser, struct filter_node **out)
{
    const struct schema *schema = parser->source->schema;
    if (schema->variants_field == SCHEMA_NO_FIELD) {
        return refuse_token(parser, "the schema has no field of type variants for ANY");
    }
    if (parser->in_variant) {
        return refuse_token(parser, "ANY stands in the parentheses of another one");
    }
    int status = advance(parser);
    bool is_name = parser->token.kind == FILTER_TOKEN_WORD || parser->token.kind == FILTER_TOKEN_STRING;
    if (status == 0 && (!is_name || schema_field_find(schema, parser->token.text) != schema->variants_field)) {
        return refuse_token(parser, "expected the field of variants behind ANY");
    }
    status = status == 0 ? advance(parser) : status;
    if (status == 0 && !is_sign(parser, "(")) {
        return refuse_token(parser, "expected ( behind the field of variants");
    }
    parser->in_variant = true;
    status = status == 0 ? parse_parentheses(parser, out) : status;
    parser->in_variant = false;
    return status == 0 ? wrap_variant(parser, out) : status;
}

static int parse_term(struct parser *parser, struct filter_node **out)
{
    if (is_sign(parser, "(")) {
        return parse_parentheses(parser, out);
    }
    return is_word(parser, "ANY") ? parse_any(parser, out) : parse_condition(parser, out);
}

static int parse_not(struct parser *parser, struct filter_node **out)
{
    if (!is_word(parser, "NOT")) {
        return parse_term(parser, out);
    }
    int status = advance(parser);
    status = status == 0 ? parse_term(parser, out) : status;
    return status == 0 ? negate(parser, out) : status;
}

static int add_child(struct parser *parser, struct filter_node *node, struct filter_node *child, uint32_t *capacity)
{
    if (node->child_count == *capacity) {
        uint32_t wanted = *capacity * 2;
        struct filter_node **grown = arena_alloc(parser->source->arena, wanted * sizeof *grown);
        if (grown == NULL) {
            return no_memory(parser);
        }
        memcpy(grown, node->children, node->child_count * sizeof *grown);
        node->children = grown;
        *capacity = wanted;
    }
    node->children[node->child_count++] = child;
    return 0;
}

/* Operands with word between them; a single one stands for itself. */
static int parse_chain(struct parser *parser, enum filter_kind kind, const char *word,
                       int (*parse_operand)(struct parser *, struct filter_node **), struct filter_node **out)
{
    struct filter_node *chain = NULL;
    struct filter_node *operand = NULL;
    uint32_t capacity = 2;
    int status = parse_operand(parser, out);
    while (status == 0 && is_word(parser, word)) {
        status = advance(parser);
        status = status == 0 ? parse_operand(parser, &operand) : status;
        if (status == 0 && chain == NULL) {
            chain = new_node(parser, kind, 0);
            struct filter_node **children = arena_alloc(parser->source->arena, capacity * sizeof *children);
            if (chain == NULL || children == NULL) {
                return no_memory(parser);
            }
            children[0] = *out;
            chain->children = children;
            chain->child_count = 1;
            *out = chain;
        }
        status = status == 0 ? add_child(parser, chain, operand, &capacity) : status;
    }
    return status;
}

static int parse_and(struct parser *parser, struct filter_node **out)
{
    return parse_chain(parser, FILTER_AND, "AND", parse_not, out);
}

/* A value that is bound to a name which the filter does not have was meant for one that is misspelled. */
static int check_used(const struct parser *parser)
{
    const struct filter_source *source = parser->source;
    for (size_t i = 0; i < source->param_count; i++) {
        const char *name = source->params[i].name == NULL ? "" : source->params[i].name;
        if ((parser->used[i / 64] & UINT64_C(1) << i % 64) == 0) {
            struct bytes shown = utf8_cut(bytes_of_string(name), 40);
            return error_set(parser->error, AISLE_BAD_QUERY,
                             "filter: a value is bound to $%.*s, which it does not have", (int)shown.size,
                             (const char *)shown.data);
        }
    }
    return 0;
}

/* Recursive through parentheses only, which are bounded. */
static int parse_or(struct parser *parser, struct filter_node **out)
{
    return parse_chain(parser, FILTER_OR, "OR", parse_and, out);
}

int filter_parse(struct bytes text, const struct filter_source *source, struct filter_node **root, aisle_error *error)
{
    struct parser parser = {.source = source, .text = text, .error = error};
    *root = NULL;
    if (text.size > LIMIT_FILTER_BYTES) {
        return error_set(error, AISLE_LIMIT, "filter: it has %zu bytes, expected at most %u", text.size,
                         LIMIT_FILTER_BYTES);
    }
    if (source->param_count > LIMIT_FILTER_PARAMETERS) {
        return error_set(error, AISLE_LIMIT, "filter: values are bound to %zu names, expected at most %u",
                         source->param_count, LIMIT_FILTER_PARAMETERS);
    }
    if (!utf8_valid(text, NULL)) {
        return error_set(error, AISLE_BAD_QUERY, "filter: expected UTF-8");
    }
    buf_init(&parser.folded, LIMIT_PRODUCT_BYTES);
    int status = advance(&parser);
    status = status == 0 ? parse_or(&parser, root) : status;
    if (status == 0 && parser.token.kind != FILTER_TOKEN_END) {
        status = refuse_token(&parser, "expected AND, OR or the end");
    }
    status = status == 0 ? check_used(&parser) : status;
    buf_release(&parser.folded);
    return status;
}
