/*
 * rewrite_understand.c - what of a text names a price or a value of a field, and what becomes of it: a filter, or a
 * preference.
 *
 * Values are looked up in the dictionaries of the segments, so that a shop's own brands, colours and sizes are known
 * without any list. What is in the dictionaries of two fields is ambiguous and stays text; so do numbers, unless the
 * field's name stands in front ("size 10").
 */
#include "rewrite/rewrite_private.h"

#include "base/buf.h"
#include "query/filter.h"
#include "rewrite/price.h"

#include <stdio.h>
#include <strings.h>

#define VALUE_WORDS_MAX 4u /* the name of the field among them */
#define FILTER_TEXT_BYTES (LIMIT_FIELD_NAME_BYTES * 2 + PRICE_NUMBER_BYTES * 2 + 32)

/* Adds the condition to what products must be. */
static int add_filter(struct rewrite *rewrite, const char *text, const struct bytes *value)
{
    aisle_bytes bytes = {value == NULL ? "" : (const char *)value->data, value == NULL ? 0 : value->size};
    aisle_param param = {.name = "v", .values = &bytes, .value_count = 1};
    struct filter_source source = {.schema = rewrite->source.schema,
                                   .columns = rewrite->source.columns,
                                   .analyser = rewrite->source.analyser,
                                   .params = &param,
                                   .param_count = value == NULL ? 0 : 1,
                                   .arena = rewrite->source.arena};
    struct filter_node *node;
    if (rewrite->own_filter_count == REWRITE_UNDERSTOOD_MAX) {
        return AISLE_BAD_QUERY;
    }
    int status = filter_parse(bytes_of_string(text), &source, &node, NULL);
    if (status == 0) {
        rewrite->own_filters[rewrite->own_filter_count++] = node;
    }
    return status;
}

/* What was given and what was understood, as one filter. */
static int combine_filters(struct rewrite *rewrite, const struct filter_node **out)
{
    const struct filter_node *given = rewrite->given_filter;
    uint32_t own = rewrite->own_filter_count;
    uint32_t count = given == NULL ? 0 : given->kind == FILTER_AND ? given->child_count : 1;
    struct filter_node *all = arena_calloc(rewrite->source.arena, 1, sizeof *all);
    struct filter_node **children =
        arena_calloc(rewrite->source.arena, (size_t)count + own, sizeof(struct filter_node *));
    if (all == NULL || children == NULL) {
        return AISLE_NO_MEMORY;
    }
    if (count == 1 && given->kind != FILTER_AND) {
        memcpy(children, &given, sizeof(struct filter_node *));
    } else if (count != 0) {
        memcpy(children, given->children, count * sizeof(struct filter_node *));
    }
    memcpy(children + count, rewrite->own_filters, own * sizeof(struct filter_node *));
    *all = (struct filter_node){.kind = FILTER_AND, .children = children, .child_count = count + own};
    *out = count + own == 1 ? children[0] : all;
    return 0;
}

/* ---- prices ---- */

/* Whether the phrase stands free: between spaces, and not in quotes. */
static bool stands_free(struct bytes text, const struct price_phrase *phrase)
{
    size_t quotes = 0;
    for (size_t i = 0; i < phrase->start; i++) {
        quotes += text.data[i] == '"' ? 1 : 0;
    }
    bool begins = phrase->start == 0 || text.data[phrase->start - 1] == ' ';
    bool ends = phrase->end == text.size || text.data[phrase->end] == ' ';
    return quotes % 2 == 0 && begins && ends;
}

/* Makes the phrase a condition, and says so. AISLE_END: it is no number of the field. */
static int take_price(struct rewrite *rewrite, const struct field *field, const struct price_phrase *phrase)
{
    char text[FILTER_TEXT_BYTES];
    size_t used = 0;
    if (phrase->low[0] != '\0') {
        used += (size_t)snprintf(text, sizeof text, "%s %s %s", field->name, phrase->includes_low ? ">=" : ">",
                                 phrase->low);
    }
    if (phrase->high[0] != '\0') {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %s %s", used == 0 ? "" : " AND ", field->name,
                                 phrase->includes_high ? "<=" : "<", phrase->high);
    }
    int status = add_filter(rewrite, text, NULL);
    if (status != 0) {
        return status == AISLE_BAD_QUERY || status == AISLE_LIMIT ? AISLE_END : status;
    }
    const uint8_t *copy = arena_copy(rewrite->source.arena, text, used);
    struct bytes typed = bytes_of(rewrite->text.data + phrase->start, phrase->end - phrase->start);
    return copy == NULL ? AISLE_NO_MEMORY : rewrite_note(rewrite, REWRITE_UNDERSTOOD, typed, bytes_of(copy, used));
}

/* Of several prices the first in the schema is the one that shoppers mean; NULL: none. */
static const struct field *find_price_field(const struct schema *schema)
{
    for (uint8_t f = 0; f < schema->field_count; f++) {
        enum field_type type = schema->fields[f].type;
        if (schema->fields[f].understand == UNDERSTAND_FILTER &&
            (type == FIELD_INTEGER || type == FIELD_DECIMAL || type == FIELD_DOUBLE)) {
            return &schema->fields[f];
        }
    }
    return NULL;
}

int rewrite_take_prices(struct rewrite *rewrite, struct bytes *rest)
{
    const struct field *field = find_price_field(rewrite->source.schema);
    struct price_phrase phrase;
    uint8_t *blanked = NULL;
    *rest = rewrite->text;
    if (!rewrite_has_digit(rewrite->text)) {
        return 0; /* as most texts, and the look costs more than the rest of reading them */
    }
    for (size_t at = 0; field != NULL && price_find(rewrite->text, at, &phrase); at = phrase.end) {
        struct bytes typed = bytes_of(rewrite->text.data + phrase.start, phrase.end - phrase.start);
        if (!stands_free(rewrite->text, &phrase)) {
            continue;
        }
        int status = rewrite->prices == PRICES_FILTER
                         ? take_price(rewrite, field, &phrase)
                         : rewrite_note(rewrite, REWRITE_DROPPED, typed, bytes_of(NULL, 0));
        if (status < 0) {
            return status;
        }
        if (status == 0 && blanked == NULL) {
            blanked = arena_copy(rewrite->source.arena, rewrite->text.data, rewrite->text.size);
            if (blanked == NULL) {
                return AISLE_NO_MEMORY;
            }
        }
        if (status == 0) {
            memset(blanked + phrase.start, ' ', typed.size);
            *rest = bytes_of(blanked, rewrite->text.size);
            rewrite->has_prices = true;
        }
    }
    return 0;
}

/* ---- values ---- */

/* Whether any segment has the folded value in the field, or a path below it: then folded ends with a separator. */
static int has_value(const struct query_context *context, uint8_t field, struct bytes folded, bool below, bool *has)
{
    *has = false;
    for (uint32_t s = 0; s < context->segment_count && !*has; s++) {
        const struct segment *segment = context->segments[s].segment;
        const struct values_reader *values = &segment->values[field];
        uint32_t ordinal = 0;
        uint32_t end = 0;
        int status = values->stream == NULL ? 0 : values_find(values, folded, &ordinal, has);
        if (status == 0 && values->stream != NULL && below) {
            status = values_find_end(values, folded, ordinal, &end);
            *has = end > ordinal;
        }
        if (status != 0) {
            return status;
        }
    }
    return 0;
}

/* count plain words from clause first on that stand side by side, as one text. */
static bool text_of(const struct rewrite *rewrite, uint32_t first, uint32_t count, struct bytes *out)
{
    if (first + count > rewrite->clause_count) {
        return false;
    }
    for (uint32_t i = first; i < first + count; i++) {
        const struct clause *clause = &rewrite->clauses[i];
        if (clause->first == NULL || clause->rewritten || clause->understood || clause->last->prefix ||
            clause->first->run != rewrite->clauses[first].first->run) {
            return false;
        }
    }
    size_t start = rewrite->clauses[first].first->start;
    *out = bytes_of(rewrite->text.data + start, rewrite->clauses[first + count - 1].last->end - start);
    return true;
}

static bool is_value_field(const struct field *field)
{
    return field->understand != UNDERSTAND_NONE && (field->type == FIELD_KEYWORD || field->type == FIELD_PATH);
}

/* What is read of a text: the value of a field, with the field's name in front or not. */
struct reading {
    uint8_t field; /* SCHEMA_NO_FIELD: nothing, or what several fields have */
    struct bytes value;
};

static int has_text(struct rewrite *rewrite, const struct query_context *context, uint8_t field, struct bytes text,
                    bool *has)
{
    struct buf folded;
    buf_init(&folded, VALUES_FOLDED_BYTES_MAX + 1);
    int status = text_fold_keyword(rewrite->source.analyser, &text, 1, VALUES_FOLDED_BYTES_MAX, &folded);
    status = status == 0 ? has_value(context, field, buf_bytes(&folded), false, has) : status;
    if (status == 0 && !*has && context->schema->fields[field].type == FIELD_PATH) {
        buf_put_u8(&folded, TEXT_PATH_SEPARATOR);
        status = buf_status(&folded);
        status = status == 0 ? has_value(context, field, buf_bytes(&folded), true, has) : status;
    }
    buf_release(&folded);
    return status;
}

/* What stands behind the field's name and a space; empty when text does not begin so. */
static struct bytes behind_name(const struct field *field, struct bytes text)
{
    size_t size = strlen(field->name);
    bool begins = text.size >= size + 2 && text.data[size] == ' ' &&
                  strncasecmp((const char *)text.data, field->name, size) == 0;
    return begins ? bytes_of(text.data + size + 1, text.size - size - 1) : bytes_of(NULL, 0);
}

static bool has_letter(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i] | 0x20;
        if (text.data[i] >= 0x80 || (byte >= 'a' && byte <= 'z')) {
            return true;
        }
    }
    return false;
}

/* Products that have the value in the field are preferred: its words count there once more. */
static int prefer_value(struct rewrite *rewrite, uint8_t field, struct bytes value)
{
    struct query_node *node = NULL;
    if (rewrite->preferred_count == REWRITE_UNDERSTOOD_MAX ||
        query_parser_leaves_left(rewrite->parser) < LIMIT_QUERY_TERMS) {
        return 0;
    }
    int status = query_parser_field(rewrite->parser, value, field, &node);
    if (status == 0) {
        rewrite->preferred[rewrite->preferred_count++] = node;
    }
    return status;
}

/* A name and its value win over values alone; of these, a field must be the only one that has it. */
static int read_text(struct rewrite *rewrite, const struct query_context *context, struct bytes text,
                     struct reading *out)
{
    uint32_t found = 0;
    *out = (struct reading){.field = SCHEMA_NO_FIELD};
    for (uint8_t f = 0; f < context->schema->field_count; f++) {
        const struct field *field = &context->schema->fields[f];
        struct bytes named = behind_name(field, text);
        bool has = false;
        if (!is_value_field(field)) {
            continue;
        }
        int status = named.size == 0 ? 0 : has_text(rewrite, context, f, named, &has);
        if (status != 0 || has) {
            *out = (struct reading){.field = f, .value = named};
            return status;
        }
        if (has_letter(text)) {
            status = has_text(rewrite, context, f, text, &has);
        }
        if (status != 0) {
            return status;
        }
        found += has ? 1 : 0;
        if (has) {
            *out = (struct reading){.field = f, .value = text};
        }
    }
    out->field = found == 1 ? out->field : SCHEMA_NO_FIELD;
    return 0;
}

/* Makes what was read of count clauses from first on a filter or a preference. */
static int take_value(struct rewrite *rewrite, const struct query_context *context, const struct reading *reading,
                      uint32_t first, uint32_t count)
{
    const struct field *field = &context->schema->fields[reading->field];
    struct bytes whole;
    char text[FILTER_TEXT_BYTES];
    bool prefers = field->understand == UNDERSTAND_BOOST;
    snprintf(text, sizeof text, field->type == FIELD_PATH ? "\"%s\" UNDER $v" : "\"%s\" = $v", field->name);
    int status = prefers ? prefer_value(rewrite, reading->field, reading->value)
                         : add_filter(rewrite, text, &reading->value);
    if (status != 0 || !text_of(rewrite, first, count, &whole)) {
        return status == AISLE_BAD_QUERY || status == AISLE_LIMIT ? 0 : status;
    }
    for (uint32_t i = first; !prefers && i < first + count; i++) {
        rewrite->clauses[i].understood = true;
    }
    size_t used = (size_t)snprintf(text, sizeof text, "%s: ", field->name);
    uint8_t *shown = arena_alloc(rewrite->source.arena, used + reading->value.size);
    if (shown == NULL) {
        return AISLE_NO_MEMORY;
    }
    memcpy(shown, text, used);
    memcpy(shown + used, reading->value.data, reading->value.size);
    return rewrite_note(rewrite, REWRITE_UNDERSTOOD, whole, bytes_of(shown, used + reading->value.size));
}

/* The longest value that begins at clause i. *taken: clauses it has. */
static int understand_at(struct rewrite *rewrite, const struct query_context *context, uint32_t i, uint32_t *taken)
{
    struct bytes text;
    int status = 0;
    *taken = 0;
    for (uint32_t n = VALUE_WORDS_MAX; n > 0 && status == 0 && *taken == 0; n--) {
        struct reading reading;
        if (!text_of(rewrite, i, n, &text)) {
            continue;
        }
        status = read_text(rewrite, context, text, &reading);
        if (status == 0 && reading.field != SCHEMA_NO_FIELD) {
            status = take_value(rewrite, context, &reading, i, n);
            *taken = n;
        }
    }
    return status;
}

static int understand_values(struct rewrite *rewrite, const struct query_context *context)
{
    bool any = false;
    int status = 0;
    for (uint8_t f = 0; f < context->schema->field_count; f++) {
        any = any || is_value_field(&context->schema->fields[f]);
    }
    for (uint32_t i = 0; any && i < rewrite->clause_count && status == 0;) {
        uint32_t taken;
        status = understand_at(rewrite, context, i, &taken);
        i += taken == 0 ? 1 : taken;
    }
    return status;
}

/* ---- the whole ---- */

int rewrite_understand(struct rewrite *rewrite, struct query_context *context)
{
    int status = rewrite->fixed || !rewrite->reads_values ? 0 : understand_values(rewrite, context);
    if (status == 0 && rewrite->own_filter_count != 0) {
        status = combine_filters(rewrite, &context->filter);
    }
    bool any = rewrite->own_filter_count != 0 || rewrite->preferred_count != 0;
    return status == 0 && any && !rewrite->fixed ? rewrite_build(rewrite) : status;
}
