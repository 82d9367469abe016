/*
 * facet_parse.c - from a facet's text to a request, with the place of every fault.
 *
 * Texts come from users and clients: nothing in them is trusted, and every list in them is bounded.
 * Thread rule: functions touch only what they are given.
 */
#include "facet/facet_private.h"

#include "base/utf8.h"
#include "schema/product.h"

#define VALUES_DEFAULT 10u
#define MS_OF_SECOND INT64_C(1000)

struct parser {
    const struct filter_source *source;
    struct bytes text;
    size_t at;
    struct facet_request *out;
    const struct field *field;
    bool has_limit;
    bool has_order;
    unsigned seen; /* options, one bit each */
    aisle_error *error;
};

static int refuse(const struct parser *parser, size_t position, const char *what)
{
    struct bytes rest = bytes_of(parser->text.data + position, parser->text.size - position);
    int shown = (int)utf8_cut(rest, 40).size;
    if (rest.size == 0) {
        return error_set_at(parser->error, AISLE_BAD_QUERY, position, "facet: %s, found the end of \"%.*s\"", what,
                            parser->text.size > 60 ? 60 : (int)parser->text.size, (const char *)parser->text.data);
    }
    return error_set_at(parser->error, AISLE_BAD_QUERY, position, "facet: %s, found \"%.*s\"", what, shown,
                        (const char *)rest.data);
}

static int no_memory(const struct parser *parser)
{
    return error_no_memory(parser->error, "reading a facet");
}

static int limit(const struct parser *parser, size_t position, const char *what, uint32_t most)
{
    return error_set_at(parser->error, AISLE_LIMIT, position, "facet: %s, expected at most %u", what, most);
}

static bool is_at(const struct parser *parser, char sign)
{
    return parser->at < parser->text.size && parser->text.data[parser->at] == (uint8_t)sign;
}

static bool is_words(const struct parser *parser)
{
    return parser->field->type == FIELD_KEYWORD || parser->field->type == FIELD_PATH;
}

/* A string in quotes from where the parser stands. */
static int take_string(struct parser *parser, struct bytes *out)
{
    size_t start = parser->at++;
    uint8_t *copy = arena_alloc(parser->source->arena, parser->text.size - start);
    size_t size = 0;
    if (copy == NULL) {
        return no_memory(parser);
    }
    while (parser->at < parser->text.size && !is_at(parser, '"')) {
        if (is_at(parser, '\\')) {
            parser->at++;
            if (!is_at(parser, '"') && !is_at(parser, '\\')) {
                return refuse(parser, parser->at, "expected \" or \\ behind a \\");
            }
        }
        copy[size++] = parser->text.data[parser->at++];
    }
    if (!is_at(parser, '"')) {
        return refuse(parser, start, "a string has no closing quote");
    }
    parser->at++;
    *out = bytes_of(copy, size);
    return 0;
}

/* Text up to one of ends, blanks around it left out; or a string. *position is where it begins. */
static int take_text(struct parser *parser, const char *ends, struct bytes *out, size_t *position)
{
    while (is_at(parser, ' ')) {
        parser->at++;
    }
    size_t start = parser->at;
    *position = start;
    if (is_at(parser, '"')) {
        int status = take_string(parser, out);
        while (status == 0 && is_at(parser, ' ')) {
            parser->at++;
        }
        return status;
    }
    while (parser->at < parser->text.size && strchr(ends, parser->text.data[parser->at]) == NULL) {
        parser->at++;
    }
    size_t end = parser->at;
    while (end > start && parser->text.data[end - 1] == ' ') {
        end--;
    }
    *out = bytes_of(parser->text.data + start, end - start);
    return 0;
}

static int fold(struct parser *parser, const struct bytes *parts, uint32_t count, struct bytes *out)
{
    struct buf folded;
    buf_init(&folded, LIMIT_PRODUCT_BYTES);
    int status = text_fold_keyword(parser->source->analyser, parts, count, VALUES_FOLDED_BYTES_MAX, &folded);
    if (status == 0) {
        out->size = folded.size;
        out->data = arena_copy(parser->source->arena, out->size == 0 ? (const void *)"" : folded.data, out->size);
    }
    buf_release(&folded);
    return status != 0 || out->data == NULL ? no_memory(parser) : 0;
}

/* ---- field ---- */

static bool field_has_column(const struct parser *parser, int field)
{
    bool has_column = false;
    for (uint8_t i = 0; i < parser->source->columns->count; i++) {
        has_column = has_column || (parser->source->columns->field[i] == field &&
                                    parser->source->schema->fields[field].type != FIELD_VARIANTS);
    }
    return has_column;
}

static int parse_field(struct parser *parser)
{
    struct bytes name;
    size_t position;
    int status = take_text(parser, ":[/>", &name, &position);
    if (status != 0) {
        return status;
    }
    int found = schema_field_find(parser->source->schema, name);
    if (found < 0) {
        return refuse(parser, position, "expected a field's name");
    }
    parser->field = &parser->source->schema->fields[found];
    parser->out->field = (uint8_t)found;
    if (!field_has_column(parser, found)) {
        return refuse(parser, position, "the field has no facets; in the schema, make it a keyword with \"facet\"");
    }
    parser->out->kind = is_words(parser) ? FACET_WORDS : FACET_NUMBERS;
    return 0;
}

/* ---- children of a path ---- */

static int parse_path(struct parser *parser)
{
    struct bytes parts[LIMIT_PATH_PARTS + 1];
    uint32_t count = 0;
    if (parser->field->type != FIELD_PATH) {
        return refuse(parser, parser->at, "only a path has children");
    }
    while (is_at(parser, '>')) {
        size_t position;
        parser->at++;
        int status = take_text(parser, ":>", &parts[count], &position);
        if (status != 0) {
            return status;
        }
        if (parts[count].size == 0) {
            return refuse(parser, position, "expected a level's name");
        }
        if (++count >= LIMIT_PATH_PARTS) {
            return limit(parser, position, "a path has too many levels", LIMIT_PATH_PARTS - 1);
        }
    }
    parser->out->levels = count;
    return fold(parser, parts, count, &parser->out->under);
}

/* ---- ranges ---- */

static int add_bound(struct parser *parser, struct bytes text, size_t position, uint32_t capacity)
{
    struct facet_request *out = parser->out;
    int64_t floor;
    bool exact = true;
    bool open = text.size == 1 && text.data[0] == '*';
    uint32_t at = out->bound_count;
    if (at == capacity) {
        return limit(parser, position, "too many bounds", LIMIT_FACET_RANGES);
    }
    if (open) {
        floor = at == 0 ? COLUMN_MISSING + 1 : INT64_MAX;
        if (at != 0 && !is_at(parser, ']')) {
            return refuse(parser, position, "* stands first or last");
        }
    } else {
        if (product_number_read(parser->field, text, &floor, &exact) != 0) {
            return refuse(parser, position, "expected a bound that the field can hold, or *");
        }
        floor += exact || floor == INT64_MAX ? 0 : 1;
    }
    if (at != 0 && floor <= out->bounds[at - 1]) {
        return refuse(parser, position, "expected bounds that ascend");
    }
    out->bounds[at] = floor;
    out->bound_texts[at] = open ? bytes_of(NULL, 0) : text;
    out->bound_count++;
    return 0;
}

static int parse_ranges(struct parser *parser)
{
    struct facet_request *out = parser->out;
    if (is_words(parser) || parser->field->type == FIELD_BOOL) {
        return refuse(parser, parser->at, "only numbers and dates have ranges");
    }
    out->kind = FACET_RANGES;
    out->bounds = arena_alloc(parser->source->arena, LIMIT_FACET_RANGES * sizeof *out->bounds);
    out->bound_texts = arena_alloc(parser->source->arena, LIMIT_FACET_RANGES * sizeof *out->bound_texts);
    if (out->bounds == NULL || out->bound_texts == NULL) {
        return no_memory(parser);
    }
    do {
        struct bytes text;
        size_t position;
        parser->at++;
        int status = take_text(parser, ",]", &text, &position);
        status = status == 0 ? add_bound(parser, text, position, LIMIT_FACET_RANGES) : status;
        if (status != 0) {
            return status;
        }
    } while (is_at(parser, ','));
    if (!is_at(parser, ']')) {
        return refuse(parser, parser->at, "expected , or ]");
    }
    if (out->bound_count < 2) {
        return refuse(parser, parser->at, "expected at least two bounds");
    }
    parser->at++;
    return 0;
}

/* ---- histograms ---- */

/* 2w, 1d, 12h, 30m, 1s */
static bool read_duration(struct bytes text, int64_t *ms)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    int64_t number = 0;
    size_t i = 0;
    for (; i < text.size && text.data[i] >= '0' && text.data[i] <= '9' && number < 1000000000; i++) {
        number = number * 10 + (text.data[i] - '0');
    }
    for (size_t unit = 0; unit < sizeof units / sizeof units[0] && i + 1 == text.size && number != 0; unit++) {
        if (text.data[i] == (uint8_t)units[unit].letter) {
            *ms = number * units[unit].seconds * MS_OF_SECOND;
            return true;
        }
    }
    return false;
}

static int parse_histogram(struct parser *parser)
{
    struct facet_request *out = parser->out;
    struct bytes text;
    size_t position;
    bool exact = true;
    if (is_words(parser) || parser->field->type == FIELD_BOOL) {
        return refuse(parser, parser->at, "only numbers and dates have histograms");
    }
    parser->at++;
    out->kind = FACET_HISTOGRAM;
    int status = take_text(parser, ":", &text, &position);
    if (status != 0) {
        return status;
    }
    if (parser->field->type == FIELD_DATE) {
        return read_duration(text, &out->width) ? 0 : refuse(parser, position, "expected a width like 7d, 12h or 30m");
    }
    status = product_number_read(parser->field, text, &out->width, &exact);
    if (status == 0 && parser->field->type == FIELD_DOUBLE) {
        out->real_width = product_double_of_number(out->width);
        exact = out->real_width > 0;
    }
    return status == 0 && exact && out->width > 0
               ? 0
               : refuse(parser, position, "expected a width above 0 that the field can hold");
}

/* ---- options ---- */

static bool take_word(struct parser *parser, const char *word)
{
    struct bytes rest = bytes_of(parser->text.data + parser->at, parser->text.size - parser->at);
    struct bytes wanted = bytes_of_string(word);
    bool whole = word[wanted.size - 1] == '=' || rest.size == wanted.size ||
                 (rest.size > wanted.size && rest.data[wanted.size] == ':');
    if (!whole || !bytes_begin_with(rest, wanted)) {
        return false;
    }
    parser->at += wanted.size;
    return true;
}

static int take_number(struct parser *parser, const char *what, uint32_t least, uint32_t most, uint32_t *out)
{
    size_t start = parser->at;
    uint64_t number = 0;
    while (parser->at < parser->text.size && parser->text.data[parser->at] >= '0' &&
           parser->text.data[parser->at] <= '9') {
        number = number > most ? number : number * 10 + (uint64_t)(parser->text.data[parser->at] - '0');
        parser->at++;
    }
    if (parser->at == start || (parser->at < parser->text.size && !is_at(parser, ':')) || number < least) {
        return refuse(parser, start, what);
    }
    if (number > most) {
        return limit(parser, start, "a number is too large", most);
    }
    *out = (uint32_t)number;
    return 0;
}

static int take_search(struct parser *parser, struct bytes *out)
{
    struct bytes text;
    size_t position;
    if (!is_words(parser)) {
        return refuse(parser, parser->at, "only keywords and paths are searched for values");
    }
    int status = take_text(parser, ":", &text, &position);
    if (status == 0 && text.size > LIMIT_KEYWORD_BYTES) {
        return limit(parser, position, "a value is too long in bytes", LIMIT_KEYWORD_BYTES);
    }
    return status == 0 ? fold(parser, &text, 1, out) : status;
}

static int take_like(struct parser *parser)
{
    uint32_t characters[LIMIT_FACET_LIKE + 1];
    size_t position = parser->at;
    int status = take_search(parser, &parser->out->like);
    if (status == 0 && facet_like_read(parser->out->like, characters, LIMIT_FACET_LIKE + 1) > LIMIT_FACET_LIKE) {
        return limit(parser, position, "a text that values are like has too many characters", LIMIT_FACET_LIKE);
    }
    return status;
}

/* The field whose values are counted in place of products. */
static int take_groups(struct parser *parser)
{
    struct bytes name;
    size_t position;
    int status = take_text(parser, ":", &name, &position);
    if (status != 0) {
        return status;
    }
    int found = schema_field_find(parser->source->schema, name);
    if (found < 0 || !field_has_column(parser, found)) {
        return refuse(parser, position, found < 0 ? "expected a field's name behind groups="
                                                  : "the field cannot group; in the schema, make it a keyword with "
                                                    "\"facet\"");
    }
    parser->out->by_groups = true;
    parser->out->group_field = (uint8_t)found;
    return 0;
}

static int take_order(struct parser *parser, enum facet_order order)
{
    if (order == FACET_BY_SIZE && parser->field->type != FIELD_KEYWORD) {
        return refuse(parser, parser->at, "only keywords are sizes");
    }
    parser->out->order = order;
    parser->has_order = true;
    return 0;
}

enum option {
    OPTION_COUNT, /* the orders first */
    OPTION_NAME,
    OPTION_SIZE,
    OPTION_MULTI,
    OPTION_STATS,
    OPTION_PREFIX,
    OPTION_CONTAINS,
    OPTION_LIKE,
    OPTION_SAMPLE,
    OPTION_GROUPS,
    OPTION_LIMIT /* a number alone */
};

static const char *const option_words[OPTION_LIMIT] = {"count",   "name",      "size",  "multi",   "stats",
                                                       "prefix=", "contains=", "like=", "sample=", "groups="};

static int parse_option(struct parser *parser)
{
    struct facet_request *out = parser->out;
    size_t position = parser->at;
    unsigned option = 0;
    while (option < OPTION_LIMIT && !take_word(parser, option_words[option])) {
        option++;
    }
    unsigned bit = 1u << (option <= OPTION_SIZE ? OPTION_COUNT : option);
    if ((parser->seen & bit) != 0) {
        return refuse(parser, position, option <= OPTION_SIZE ? "a facet has one order" : "an option stands twice");
    }
    parser->seen |= bit;
    switch (option) {
    case OPTION_COUNT:
        return take_order(parser, FACET_BY_COUNT);
    case OPTION_NAME:
        return take_order(parser, FACET_BY_VALUE);
    case OPTION_SIZE:
        return take_order(parser, FACET_BY_SIZE);
    case OPTION_MULTI:
        out->multi = true;
        return 0;
    case OPTION_STATS:
        out->stats = true;
        return is_words(parser) ? refuse(parser, parser->at, "only numbers and dates have stats") : 0;
    case OPTION_PREFIX:
        return take_search(parser, &out->prefix);
    case OPTION_CONTAINS:
        return take_search(parser, &out->contains);
    case OPTION_LIKE:
        return take_like(parser);
    case OPTION_SAMPLE:
        return take_number(parser, "expected of how many products one is taken", 1, LIMIT_FACET_SAMPLE, &out->sample);
    case OPTION_GROUPS:
        return take_groups(parser);
    default:
        parser->has_limit = true;
        return take_number(parser, "expected a number of values, count, name, size, multi, stats, prefix=, contains=, "
                                   "like=, groups= or sample=", 0, LIMIT_FACET_SHOWN, &out->limit);
    }
}

/* What was not said. */
static void settle(struct parser *parser)
{
    struct facet_request *out = parser->out;
    bool is_spread = out->kind == FACET_RANGES || out->kind == FACET_HISTOGRAM;
    if (!parser->has_limit) {
        out->limit = is_spread ? LIMIT_FACET_SHOWN : out->stats && !parser->has_order ? 0 : VALUES_DEFAULT;
    }
    if (!parser->has_order) {
        out->order = is_spread ? FACET_BY_VALUE : FACET_BY_COUNT;
    }
}

int facet_parse(struct bytes text, const struct filter_source *source, struct facet_request *out, aisle_error *error)
{
    struct parser parser = {.source = source, .text = text, .out = out, .error = error};
    *out = (struct facet_request){.sample = 1};
    if (text.size > LIMIT_FACET_BYTES) {
        return error_set(error, AISLE_LIMIT, "facet: it has %zu bytes, expected at most %u", text.size,
                         LIMIT_FACET_BYTES);
    }
    if (!utf8_valid(text, NULL)) {
        return error_set(error, AISLE_BAD_QUERY, "facet: expected UTF-8");
    }
    int status = parse_field(&parser);
    if (status == 0 && is_at(&parser, '>')) {
        status = parse_path(&parser);
    } else if (status == 0 && is_at(&parser, '[')) {
        status = parse_ranges(&parser);
    } else if (status == 0 && is_at(&parser, '/')) {
        status = parse_histogram(&parser);
    }
    while (status == 0 && parser.at < text.size) {
        if (!is_at(&parser, ':')) {
            return refuse(&parser, parser.at, "expected : and an option, or the end");
        }
        parser.at++;
        status = parse_option(&parser);
    }
    if (status == 0 && out->by_groups && out->sample > 1) {
        return refuse(&parser, 0, "groups are counted exactly, not by a sample");
    }
    if (status == 0) {
        settle(&parser);
    }
    return status;
}
