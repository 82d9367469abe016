/*
 * ft_query.c - from a query of dialect 2 to a text and a filter.
 *
 * Words, prefixes and phrases, also of a field, become text; {tags}, [ranges] and comparisons become conditions of the
 * filter with bound values. Everything at the top is AND-ed, as there. Alternatives are taken of single words and
 * phrases, (red|blue) shoes, which is what the text can say; others are refused, as are groups that mix both sides.
 */
#include "server/ft.h"

#include "server/product.h"

#include <stdio.h>

#define VALUES_BYTES_MAX (1u << 20)

struct lexer {
    struct ft_query *query;
    struct bytes text;
    size_t at;
    bool is_plain; /* the last item is a word or phrase, so that it may be an alternative */
    bool has_condition; /* one of its own has gone to the filter */
    aisle_error *error;
};

void ft_query_init(struct ft_query *query, const struct ft_param *params, uint32_t param_count)
{
    *query = (struct ft_query){.params = params, .param_count = param_count};
    buf_init(&query->text, LIMIT_QUERY_BYTES * 4);
    buf_init(&query->filter, LIMIT_FILTER_BYTES);
    buf_init(&query->values, VALUES_BYTES_MAX);
}

void ft_query_release(struct ft_query *query)
{
    buf_release(&query->text);
    buf_release(&query->filter);
    buf_release(&query->values);
}

static int refuse(const struct lexer *lexer, const char *what)
{
    return error_set_at(lexer->error, AISLE_BAD_QUERY, lexer->at, "%s at byte %zu of the query", what, lexer->at);
}

static uint8_t peek(const struct lexer *lexer)
{
    return lexer->at < lexer->text.size ? lexer->text.data[lexer->at] : 0;
}

static void skip_blanks(struct lexer *lexer)
{
    while (peek(lexer) == ' ' || peek(lexer) == '\t' || peek(lexer) == '\n' || peek(lexer) == '\r') {
        lexer->at++;
    }
}

static bool is_word_byte(uint8_t c)
{
    return c >= 0x80 || c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* A word, its escapes resolved, appended to out; *odd: it has bytes that mean something in a text. */
static int read_word(struct lexer *lexer, struct buf *out, bool *odd)
{
    size_t start = out->size;
    while (lexer->at < lexer->text.size) {
        uint8_t c = lexer->text.data[lexer->at];
        bool escaped = c == '\\' && lexer->at + 1 < lexer->text.size;
        bool joined = (c == '-' || c == '.' || c == '\'' || c == '/' || c == '&') && out->size > start &&
                      lexer->at + 1 < lexer->text.size && is_word_byte(lexer->text.data[lexer->at + 1]);
        if (!escaped && !joined && !is_word_byte(c)) {
            break;
        }
        lexer->at += escaped;
        c = lexer->text.data[lexer->at++];
        *odd = *odd || !is_word_byte(c);
        buf_put_u8(out, c);
    }
    return out->size > start ? 0 : refuse(lexer, "expected a word");
}

static int read_name(struct lexer *lexer, struct bytes *name)
{
    size_t start = lexer->at;
    while (is_word_byte(peek(lexer))) {
        lexer->at++;
    }
    *name = bytes_of(lexer->text.data + start, lexer->at - start);
    return lexer->at > start ? 0 : refuse(lexer, "expected a name");
}

/* The value of the $name at the lexer. */
static int read_param(struct lexer *lexer, struct bytes *value)
{
    struct bytes name;
    lexer->at++;
    int status = read_name(lexer, &name);
    for (uint32_t i = 0; i < lexer->query->param_count && status == 0; i++) {
        if (bytes_equal(lexer->query->params[i].name, name)) {
            *value = lexer->query->params[i].value;
            return 0;
        }
    }
    return status != 0 ? status : refuse(lexer, "a $name that PARAMS does not bind, before this place,");
}

/* ------------------------------------------------------------------------------------------------ text -- */

/* text as a quoted piece of a text of aisle.h: what would end it becomes a blank, as it separates words anyway. */
static void put_quoted(struct buf *out, struct bytes text)
{
    buf_put_u8(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        buf_put_u8(out, text.data[i] == '"' ? ' ' : text.data[i]);
    }
    buf_put_u8(out, '"');
}

static void put_piece(struct buf *out, struct bytes word, bool odd)
{
    if (odd || bytes_equal(word, bytes_of_string("OR"))) {
        put_quoted(out, word);
    } else {
        buf_put(out, word.data, word.size);
    }
}

static int read_phrase(struct lexer *lexer)
{
    struct buf *out = &lexer->query->text;
    uint8_t quote = lexer->text.data[lexer->at++];
    buf_put_u8(out, '"');
    while (lexer->at < lexer->text.size && lexer->text.data[lexer->at] != quote) {
        lexer->at += lexer->text.data[lexer->at] == '\\' && lexer->at + 1 < lexer->text.size;
        uint8_t c = lexer->text.data[lexer->at++];
        buf_put_u8(out, c == '"' ? ' ' : c);
    }
    buf_put_u8(out, '"');
    if (lexer->at >= lexer->text.size) {
        return refuse(lexer, "a phrase that is not closed");
    }
    lexer->at++;
    return 0;
}

/* A word, a prefix, a phrase or a $name, appended to the text. */
static int read_atom(struct lexer *lexer)
{
    struct buf word;
    uint8_t c = peek(lexer);
    bool odd = false;
    int status = 0;
    if (c == '"' || c == '\'') {
        return read_phrase(lexer);
    }
    if (c == '%' || c == '~' || c == '*') {
        return refuse(lexer, c == '%'   ? "%fuzzy% words are not supported (words are corrected by themselves)"
                             : c == '~' ? "~optional words are not supported"
                                        : "*suffixes are not supported");
    }
    buf_init(&word, LIMIT_QUERY_BYTES);
    if (c == '$') {
        struct bytes value;
        status = read_param(lexer, &value);
        if (status == 0) {
            put_piece(&lexer->query->text, value, true);
        }
    } else {
        status = read_word(lexer, &word, &odd);
        bool prefix = status == 0 && peek(lexer) == '*';
        if (prefix && odd) {
            status = refuse(lexer, "a prefix with escaped characters is not supported");
        } else if (status == 0) {
            put_piece(&lexer->query->text, buf_bytes(&word), odd);
            buf_put(&lexer->query->text, "*", prefix);
            lexer->at += prefix;
        }
    }
    buf_release(&word);
    return status;
}

/* An atom, looked for in the field, or as INFIELDS says (size 0); of several fields either has it. */
static int read_in(struct lexer *lexer, const char *sign, struct bytes field)
{
    const struct ft_query *query = lexer->query;
    struct buf *out = &lexer->query->text;
    const struct bytes *fields = field.size > 0 ? &field : query->in_fields;
    uint32_t count = field.size > 0 ? 1 : query->in_count;
    buf_put_string(out, sign);
    if (count > 0) {
        buf_put(out, fields[0].data, fields[0].size);
        buf_put_u8(out, ':');
    }
    size_t start = out->size;
    int status = read_atom(lexer);
    size_t size = out->size - start;
    for (uint32_t i = 1; i < count && status == 0; i++) {
        buf_put_string(out, sign[0] == '\0' ? " OR " : " -");
        buf_put(out, fields[i].data, fields[i].size);
        buf_put_u8(out, ':');
        uint8_t *copy = buf_extend(out, size);
        if (copy != NULL) {
            memcpy(copy, out->data + start, size);
        }
    }
    return status;
}

/* Atoms of one field or of all, or a group of them: joined by blanks (all) or by | (either). */
static int read_group(struct lexer *lexer, const char *sign, struct bytes field)
{
    struct buf *out = &lexer->query->text;
    int status = 0;
    unsigned count = 0;
    bool either = false;
    bool all = false;
    lexer->at++;
    for (skip_blanks(lexer); status == 0 && peek(lexer) != ')'; skip_blanks(lexer)) {
        if (peek(lexer) == '|' && count > 0) {
            lexer->at++;
            skip_blanks(lexer);
            either = true;
            buf_put_string(out, " OR ");
        } else if (count > 0) {
            all = true;
            buf_put_u8(out, ' ');
        }
        if (either && (all || sign[0] != '\0')) {
            return refuse(lexer, "alternatives of more than single words are not supported");
        }
        if (all && sign[0] != '\0') {
            return refuse(lexer, "a negated group of several words is not supported");
        }
        if (lexer->at >= lexer->text.size) {
            return refuse(lexer, "a parenthesis that is not closed");
        }
        status = read_in(lexer, sign, field);
        count++;
    }
    lexer->at++;
    return status != 0 || count > 0 ? status : refuse(lexer, "empty parentheses");
}

/* ---------------------------------------------------------------------------------------------- filter -- */

static int begin_condition(struct lexer *lexer, bool negated)
{
    struct buf *filter = &lexer->query->filter;
    lexer->has_condition = true;
    buf_put_string(filter, filter->size == 0 ? "" : " AND ");
    buf_put_string(filter, negated ? "NOT (" : "(");
    return 0;
}

/* What was collected of the query: all of it, or an error. */
static int check_size(const struct lexer *lexer, const struct buf *part)
{
    int status = buf_status(part);
    return status != AISLE_LIMIT ? (status == 0 ? 0 : error_no_memory(lexer->error, "a query"))
                                 : error_set(lexer->error, status, "a value has at most %u bytes", LIMIT_KEYWORD_BYTES);
}

/* Keeps a value and writes the name that stands for it. */
static int put_value(struct lexer *lexer, struct bytes value)
{
    struct ft_query *query = lexer->query;
    if (query->value_count == LIMIT_FILTER_PARAMETERS) {
        return error_set(lexer->error, AISLE_LIMIT, "a query has at most %u values", LIMIT_FILTER_PARAMETERS);
    }
    buf_put(&query->values, value.data, value.size);
    buf_printf(&query->filter, "$v%u", query->value_count);
    query->ends[query->value_count++] = (uint32_t)query->values.size;
    return 0;
}

/* One tag, up to | or }. */
static int read_tag(struct lexer *lexer, struct buf *tag)
{
    bool quoted = peek(lexer) == '"';
    lexer->at += quoted;
    while (lexer->at < lexer->text.size) {
        uint8_t c = lexer->text.data[lexer->at];
        if (quoted ? c == '"' : c == '|' || c == '}') {
            break;
        }
        if (c == '*' && !quoted) {
            return refuse(lexer, "prefixes of tags are not supported");
        }
        lexer->at += c == '\\' && lexer->at + 1 < lexer->text.size;
        buf_put_u8(tag, lexer->text.data[lexer->at++]);
    }
    lexer->at += quoted && lexer->at < lexer->text.size;
    while (!quoted && tag->size > 0 && tag->data[tag->size - 1] == ' ') {
        tag->size--;
    }
    skip_blanks(lexer);
    return tag->size > 0 ? 0 : refuse(lexer, "an empty tag");
}

static int put_tag(struct lexer *lexer)
{
    struct buf tag;
    struct bytes value;
    if (peek(lexer) == '$') {
        int status = read_param(lexer, &value);
        skip_blanks(lexer);
        return status != 0 ? status : put_value(lexer, value);
    }
    buf_init(&tag, LIMIT_KEYWORD_BYTES);
    int status = read_tag(lexer, &tag);
    status = status != 0 ? status : check_size(lexer, &tag);
    status = status != 0 ? status : put_value(lexer, buf_bytes(&tag));
    buf_release(&tag);
    return status;
}

static int read_tags(struct lexer *lexer, struct bytes field, bool negated)
{
    struct buf *filter = &lexer->query->filter;
    int status = begin_condition(lexer, negated);
    const char *comma = "";
    buf_put(filter, field.data, field.size);
    buf_put_string(filter, " IN [");
    do {
        lexer->at++;
        skip_blanks(lexer);
        buf_put_string(filter, comma);
        comma = ", ";
        status = put_tag(lexer);
    } while (status == 0 && peek(lexer) == '|');
    buf_put_string(filter, "])");
    if (status == 0 && peek(lexer) != '}') {
        return refuse(lexer, "tags that are not closed");
    }
    lexer->at++;
    return status;
}

/* Whether it looks like a number or a date, which the field judges. */
static bool is_number(struct bytes bound)
{
    bool fine = bound.size > 0 && memchr("0123456789.-+", bound.data[0], 13) != NULL;
    for (size_t i = 1; i < bound.size && fine; i++) {
        fine = memchr("0123456789.-+:TZeE", bound.data[i], 18) != NULL;
    }
    return fine;
}

/* A bound of a range: nothing when it is open. */
static int put_bound(struct lexer *lexer, struct bytes field, const char *op, struct bytes bound, bool *any)
{
    struct buf *filter = &lexer->query->filter;
    bool open = bound.size > 0 && bound.data[0] == '(';
    bound = open ? bytes_of(bound.data + 1, bound.size - 1) : bound;
    if (bytes_equal(bound, bytes_of_string("-inf")) || bytes_equal(bound, bytes_of_string("+inf")) ||
        bytes_equal(bound, bytes_of_string("inf"))) {
        return 0;
    }
    if (!is_number(bound)) {
        return error_set(lexer->error, AISLE_BAD_QUERY, "@%.*s: expected a number, not '%.*s'",
                         (int)(field.size < 64 ? field.size : 64), (const char *)field.data,
                         (int)(bound.size < 48 ? bound.size : 48), (const char *)bound.data);
    }
    buf_put_string(filter, *any ? " AND " : "");
    buf_put(filter, field.data, field.size);
    buf_printf(filter, " %c%s ", op[0], open ? "" : "=");
    *any = true;
    return put_value(lexer, bound);
}

static int put_range(struct lexer *lexer, struct bytes field, struct bytes least, struct bytes greatest, bool negated)
{
    struct buf *filter = &lexer->query->filter;
    bool any = false;
    int status = begin_condition(lexer, negated);
    status = status != 0 ? status : put_bound(lexer, field, ">", least, &any);
    status = status != 0 ? status : put_bound(lexer, field, "<", greatest, &any);
    if (!any) {
        buf_put(filter, field.data, field.size);
        buf_put_string(filter, " EXISTS");
    }
    buf_put_u8(filter, ')');
    return status;
}

/* A number, inf or $name, with a parenthesis before it when it is left out itself; `scratch` holds what is joined. */
static int read_bound(struct lexer *lexer, struct buf *bound)
{
    skip_blanks(lexer);
    if (peek(lexer) == '(') {
        buf_put_u8(bound, '(');
        lexer->at++;
    }
    if (peek(lexer) == '$') {
        struct bytes value;
        int status = read_param(lexer, &value);
        buf_put(bound, value.data, status == 0 ? value.size : 0);
        return status;
    }
    size_t start = lexer->at;
    while (lexer->at < lexer->text.size && peek(lexer) != ' ' && peek(lexer) != ']' && peek(lexer) != ')' &&
           peek(lexer) != ',') {
        lexer->at++;
    }
    buf_put(bound, lexer->text.data + start, lexer->at - start);
    return lexer->at > start ? 0 : refuse(lexer, "expected a number");
}

static int read_range(struct lexer *lexer, struct bytes field, bool negated)
{
    struct buf least;
    struct buf greatest;
    buf_init(&least, LIMIT_KEYWORD_BYTES);
    buf_init(&greatest, LIMIT_KEYWORD_BYTES);
    lexer->at++;
    int status = read_bound(lexer, &least);
    skip_blanks(lexer);
    lexer->at += peek(lexer) == ',';
    skip_blanks(lexer);
    bool single = peek(lexer) == ']';
    status = status != 0 || single ? status : read_bound(lexer, &greatest);
    skip_blanks(lexer);
    if (status == 0 && peek(lexer) != ']') {
        status = refuse(lexer, "a range that is not closed");
    }
    lexer->at++;
    status = status != 0 ? status : check_size(lexer, &least);
    status = status != 0 ? status : check_size(lexer, &greatest);
    status = status != 0 ? status
                         : put_range(lexer, field, buf_bytes(&least), buf_bytes(single ? &least : &greatest), negated);
    buf_release(&least);
    buf_release(&greatest);
    return status;
}

static int read_comparison(struct lexer *lexer, struct bytes field, bool negated)
{
    static const char *const theirs[] = {"==", "!=", ">=", "<=", ">", "<"};
    static const char *const ours[] = {" = ", " != ", " >= ", " <= ", " > ", " < "};
    struct bytes left = bytes_of(lexer->text.data + lexer->at, lexer->text.size - lexer->at);
    struct buf bound;
    for (size_t i = 0; i < sizeof theirs / sizeof theirs[0]; i++) {
        if (!bytes_begin_with(left, bytes_of_string(theirs[i]))) {
            continue;
        }
        lexer->at += strlen(theirs[i]);
        buf_init(&bound, LIMIT_KEYWORD_BYTES);
        int status = read_bound(lexer, &bound);
        status = status != 0 ? status : check_size(lexer, &bound);
        status = status != 0 ? status : begin_condition(lexer, negated);
        buf_put(&lexer->query->filter, field.data, field.size);
        buf_put_string(&lexer->query->filter, ours[i]);
        status = status != 0 ? status : put_value(lexer, buf_bytes(&bound));
        buf_put_u8(&lexer->query->filter, ')');
        buf_release(&bound);
        return status;
    }
    return refuse(lexer, "expected ':' or a comparison behind the field");
}

/* ------------------------------------------------------------------------------------------------ items -- */

static bool is_in(const struct ft_query *query, struct bytes field)
{
    bool found = false;
    for (uint32_t i = 0; i < query->in_count && !found; i++) {
        found = bytes_equal(query->in_fields[i], field);
    }
    return found;
}

static int read_field(struct lexer *lexer, bool negated)
{
    struct bytes field;
    lexer->at++;
    int status = read_name(lexer, &field);
    if (status != 0 || peek(lexer) == '|') {
        return status != 0 ? status : refuse(lexer, "several fields before ':' are not supported");
    }
    if (peek(lexer) != ':') {
        return read_comparison(lexer, field, negated);
    }
    lexer->at++;
    skip_blanks(lexer);
    if (peek(lexer) == '{') {
        return read_tags(lexer, field, negated);
    }
    if (peek(lexer) == '[') {
        return read_range(lexer, field, negated);
    }
    if (lexer->query->in_count > 0 && !is_in(lexer->query, field)) {
        return refuse(lexer, "a field that INFIELDS leaves out");
    }
    status = ft_query_check_text_field(lexer->query, field, lexer->error);
    if (status != 0) {
        return status;
    }
    return peek(lexer) == '(' ? read_group(lexer, negated ? "-" : "", field)
                              : read_in(lexer, negated ? "-" : "", field);
}

static int read_item(struct lexer *lexer)
{
    bool negated = peek(lexer) == '-';
    lexer->at += negated;
    skip_blanks(lexer);
    lexer->is_plain = !negated && peek(lexer) != '(';
    if (peek(lexer) == '@') {
        return read_field(lexer, negated);
    }
    if (peek(lexer) == '(') {
        return read_group(lexer, negated ? "-" : "", bytes_of(NULL, 0));
    }
    return read_in(lexer, negated ? "-" : "", bytes_of(NULL, 0));
}

/* Whether the query is only words and phrases between |: then it may have them at its top. */
static int join(struct lexer *lexer, bool *either, bool *all, size_t text_before)
{
    struct buf *text = &lexer->query->text;
    skip_blanks(lexer);
    if (peek(lexer) == '|') {
        lexer->at++;
        skip_blanks(lexer);
        *either = true;
        if (lexer->at >= lexer->text.size) {
            return refuse(lexer, "expected a word");
        }
        if (text->size == text_before || lexer->has_condition || !lexer->is_plain) {
            return refuse(lexer, "alternatives of groups and conditions are not supported");
        }
        buf_put_string(text, " OR ");
    } else if (lexer->at < lexer->text.size) {
        *all = true;
        buf_put_string(text, text->size == 0 ? "" : " ");
    }
    return *either && *all ? refuse(lexer, "alternatives of more than single words are not supported") : 0;
}

int ft_query_take_params(struct ft_query *query, struct arguments *arguments, struct arena *arena,
                         aisle_error *error)
{
    const struct bytes *list = NULL;
    uint32_t count = 0;
    int status = arguments_list(arguments, "the count behind PARAMS", &list, &count, error);
    if (status != 0 || count % 2 != 0) {
        return status != 0 ? status
                           : error_set(error, AISLE_INVALID,
                                       "the count behind PARAMS is of names and values together, so it is even");
    }
    if (count / 2 > LIMIT_FILTER_PARAMETERS) {
        return error_set(error, AISLE_LIMIT, "PARAMS binds at most %u names", LIMIT_FILTER_PARAMETERS);
    }
    struct ft_param *params = arena_calloc(arena, count / 2 + 1, sizeof *params);
    if (params == NULL) {
        return error_no_memory(error, "a request");
    }
    for (uint32_t i = 0; i < count; i += 2) {
        for (uint32_t k = 0; k < i; k += 2) {
            if (bytes_equal(list[k], list[i])) {
                return error_set(error, AISLE_INVALID, "PARAMS binds '%.*s' twice",
                                 (int)(list[i].size < 48 ? list[i].size : 48), (const char *)list[i].data);
            }
        }
        params[i / 2] = (struct ft_param){list[i], list[i + 1]};
    }
    query->params = params;
    query->param_count = count / 2;
    return 0;
}

int ft_query_parse(struct ft_query *query, struct bytes text, aisle_error *error)
{
    struct lexer lexer = {.query = query, .text = text, .error = error};
    bool either = false;
    bool all = false;
    int status = 0;
    skip_blanks(&lexer);
    if (peek(&lexer) == '*' && text.size - lexer.at == 1) {
        return 0; /* everything */
    }
    while (status == 0 && lexer.at < text.size) {
        size_t before = query->text.size;
        status = read_item(&lexer);
        if (status == 0 && either && (!lexer.is_plain || lexer.has_condition)) {
            status = refuse(&lexer, "alternatives of groups and conditions are not supported");
        }
        status = status != 0 ? status : join(&lexer, &either, &all, before);
        if (status == 0 && peek(&lexer) == '=' && lexer.at < text.size) {
            status = refuse(&lexer, "=> attributes are not supported");
        }
    }
    int full = buf_status(&query->text) != 0 ? buf_status(&query->text) : buf_status(&query->filter);
    full = full != 0 ? full : buf_status(&query->values);
    return status != 0 || full == 0 ? status : error_set(error, full, "the query: %s", aisle_error_text(full));
}

int ft_query_check_name(struct bytes name, aisle_error *error)
{
    struct lexer lexer = {.text = name, .error = error};
    struct bytes read;
    int status = read_name(&lexer, &read);
    return status != 0 || lexer.at == name.size ? status : refuse(&lexer, "not a field's name");
}

void ft_query_use_schema(struct ft_query *query, const char *schema)
{
    (void)product_find(bytes_of_string(schema), bytes_of_string("fields"), &query->schema_fields);
}

int ft_query_check_text_field(const struct ft_query *query, struct bytes name, aisle_error *error)
{
    struct bytes field = {0};
    if (query->schema_fields.size == 0) {
        return 0;
    }
    bool is_there = product_find(query->schema_fields, name, &field);
    if (is_there && strcmp(ft_type_of(field), "NUMERIC") != 0) {
        return 0;
    }
    return error_set(error, AISLE_BAD_QUERY, is_there ? "@%.*s: no words are looked for in numbers and dates"
                                                      : "@%.*s: the index has no such field",
                     (int)(name.size < 64 ? name.size : 64), (const char *)name.data);
}

int ft_query_range(struct ft_query *query, struct bytes field, struct bytes least, struct bytes greatest,
                   aisle_error *error)
{
    struct lexer lexer = {.query = query, .text = field, .error = error};
    int status = ft_query_check_name(field, error);
    return status != 0 ? status : put_range(&lexer, field, least, greatest, false);
}

int ft_query_bind(const struct ft_query *query, struct arena *arena, aisle_query *out, aisle_error *error)
{
    aisle_param *params = arena_calloc(arena, (size_t)query->value_count + 1, sizeof *params);
    aisle_bytes *values = arena_calloc(arena, (size_t)query->value_count + 1, sizeof *values);
    char *bytes = arena_copy(arena, query->values.size == 0 ? "" : (const char *)query->values.data,
                             query->values.size + (query->values.size == 0));
    if (params == NULL || values == NULL || bytes == NULL) {
        return error_no_memory(error, "a query");
    }
    for (uint32_t i = 0; i < query->value_count; i++) {
        uint32_t start = i == 0 ? 0 : query->ends[i - 1];
        char name[16];
        int size = snprintf(name, sizeof name, "v%u", i);
        values[i] = (aisle_bytes){bytes + start, query->ends[i] - start};
        params[i] = (aisle_param){arena_copy(arena, name, (size_t)size + 1), &values[i], 1};
        if (params[i].name == NULL) {
            return error_no_memory(error, "a query");
        }
    }
    out->params = params;
    out->param_count = query->value_count;
    int status = arguments_copy(buf_bytes(&query->text), "the query", arena, &out->text, error);
    return status != 0 ? status : arguments_copy(buf_bytes(&query->filter), "the query", arena, &out->filter, error);
}
