/*
 * rewrite_understand.c - what of a text names a price or a value of a field, and what becomes of it: a filter, or a
 * preference.
 *
 * Values are looked up in the dictionaries of the segments, so that a shop's own brands, colours and sizes are known
 * without any list. What is in the dictionaries of two fields is ambiguous and stays text; so do numbers, unless the
 * field's name stands beside them ("size 10", "10 size").
 *
 * A name beside a value needs no word in the schema: it is what shoppers type who see no filter, and it may be of any
 * field with facets. Where the field is searched, size:10 becomes an alternative of the words, so that a product whose
 * title says so is found as ever; where it is not, the value narrows, as there is no other way to ask for it.
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

/* count plain words from clause first on that stand side by side, as one text; unless whole, the last may go on. */
static bool text_of(const struct rewrite *rewrite, uint32_t first, uint32_t count, bool whole, struct bytes *out)
{
    if (first + count > rewrite->clause_count) {
        return false;
    }
    for (uint32_t i = first; i < first + count; i++) {
        const struct clause *clause = &rewrite->clauses[i];
        if (clause->first == NULL || clause->rewritten || clause->understood ||
            (clause->last->prefix && (whole || i + 1 < first + count)) ||
            clause->first->run != rewrite->clauses[first].first->run) {
            return false;
        }
    }
    size_t start = rewrite->clauses[first].first->start;
    *out = bytes_of(rewrite->text.data + start, rewrite->clauses[first + count - 1].last->end - start);
    return true;
}

/* Whether values of the field are understood where they stand alone, too. */
static bool is_value_field(const struct field *field)
{
    return field->understand != UNDERSTAND_NONE && (field->type == FIELD_KEYWORD || field->type == FIELD_PATH);
}

/* Whether they are beside its name. */
static bool is_named_field(const struct field *field)
{
    return is_value_field(field) || (field->facet && (field->type == FIELD_KEYWORD || field->type == FIELD_PATH));
}

/*
 * Whether a value is an alternative to the words: those of fields that are searched, where the schema wants no more. It
 * takes nothing away, so that it may be of a word that is still being typed, and where nothing was found otherwise.
 */
static bool is_alternative(const struct field *field)
{
    return field->understand == UNDERSTAND_NONE && field->searchable;
}

/* What is read of a text: the value of a field, with the field's name in front or not. */
struct reading {
    uint8_t field; /* SCHEMA_NO_FIELD: nothing, or what several fields have */
    bool is_behind; /* the name stands behind the value */
    struct bytes value;
    struct bytes before; /* words of the value's clause that it is none of: "shoes" of "shoes 10" */
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

/* Whether text is the field's name, whatever its case; "shoe size" is shoe_size, too. */
static bool is_name(const struct field *field, struct bytes text)
{
    bool same = text.size == strlen(field->name);
    for (size_t i = 0; i < text.size && same; i++) {
        char c = (char)text.data[i];
        bool is_sign = field->name[i] == '_' || field->name[i] == '-';
        same = strncasecmp(&c, &field->name[i], 1) == 0 || (c == ' ' && is_sign);
    }
    return same;
}

/* What stands behind the field's name and a space, or before a space and it; empty when the name is not there. */
static struct bytes beside_name(const struct field *field, struct bytes text, bool behind)
{
    size_t size = strlen(field->name);
    if (text.size < size + 2) {
        return bytes_of(NULL, 0);
    }
    size_t rest = text.size - size - 1;
    const uint8_t *name = behind ? text.data + rest + 1 : text.data;
    const uint8_t *value = behind ? text.data : text.data + size + 1;
    bool is_there = text.data[behind ? rest : size] == ' ' && is_name(field, bytes_of(name, size));
    return is_there ? bytes_of(value, rest) : bytes_of(NULL, 0);
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

/* The value of the field in text, beside its name; the name first, as "10 size 9" means 9. */
static int read_named(struct rewrite *rewrite, const struct query_context *context, uint8_t field, struct bytes text,
                      struct reading *out)
{
    for (int behind = 0; behind < 2; behind++) {
        struct bytes value = beside_name(&context->schema->fields[field], text, behind != 0);
        bool has = false;
        int status = value.size == 0 ? 0 : has_text(rewrite, context, field, value, &has);
        if (status != 0 || has) {
            *out = (struct reading){.field = field, .is_behind = behind != 0, .value = value};
            return status;
        }
    }
    return 0;
}

/* A name and its value win over values alone; of these, a field must be the only one that has it. */
static int read_text(struct rewrite *rewrite, const struct query_context *context, struct bytes text,
                     struct reading *out)
{
    uint32_t found = 0;
    *out = (struct reading){.field = SCHEMA_NO_FIELD};
    for (uint8_t f = 0; f < context->schema->field_count; f++) {
        const struct field *field = &context->schema->fields[f];
        struct reading named = {.field = SCHEMA_NO_FIELD};
        bool has = false;
        bool may_be_named = is_named_field(field) && (rewrite->reads_values || is_alternative(field));
        int status = may_be_named ? read_named(rewrite, context, f, text, &named) : 0;
        if (status != 0 || named.field != SCHEMA_NO_FIELD) {
            *out = named;
            return status;
        }
        if (rewrite->reads_values && is_value_field(field) && has_letter(text)) {
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

/* What was read, as a query says it: size:10, colour:"dark blue", shoes size:10. */
static struct bytes as_query(struct rewrite *rewrite, const char *name, const struct reading *reading)
{
    struct bytes value = reading->value;
    int before = (int)reading->before.size; /* of a query's text, as all here */
    const char *quote = memchr(value.data, ' ', value.size) == NULL ? "" : "\"";
    size_t size = (size_t)before + (before != 0) + strlen(name) + 1 + strlen(quote) * 2 + value.size;
    char *text = arena_alloc(rewrite->source.arena, size + 1);
    if (text == NULL) {
        return bytes_of(NULL, 0);
    }
    snprintf(text, size + 1, "%.*s%s%s:%s%.*s%s", before, before == 0 ? "" : (const char *)reading->before.data,
             before == 0 ? "" : " ", name, quote, (int)value.size, (const char *)value.data, quote);
    return bytes_of(text, size);
}

/* Asks for these words beside the node. */
static int add_before(struct rewrite *rewrite, struct bytes words, struct query_node **node)
{
    struct query_node *others = NULL;
    struct query_node *both = query_parser_node(rewrite->parser, QUERY_AND, 2);
    int status = both == NULL ? AISLE_NO_MEMORY : query_parser_words(rewrite->parser, words, &others);
    if (status == 0) {
        both->children[0] = others;
        both->children[1] = *node;
        both->child_count = 2;
        *node = both;
    }
    return status;
}

/* Makes count clauses from first on one, to which the value in its field is an alternative. */
static int add_value(struct rewrite *rewrite, const struct reading *reading, const struct field *field, uint32_t first,
                     uint32_t count)
{
    struct query_node *node = NULL;
    if (query_parser_leaves_left(rewrite->parser) < LIMIT_QUERY_TERMS) {
        return 0; /* what corrections will need is left to them */
    }
    int status = query_parser_field(rewrite->parser, reading->value, reading->field, &node);
    if (status != 0 || (node->kind == QUERY_AND && node->child_count == 0)) {
        return status; /* signs alone are no word */
    }
    status = reading->before.size == 0 ? 0 : add_before(rewrite, reading->before, &node);
    if (status != 0) {
        return status;
    }
    status = rewrite_merge(rewrite, first, first + count);
    struct clause *clause = &rewrite->clauses[first];
    status = status == 0 ? rewrite_add_alternative(rewrite, clause, node, QUERY_WEIGHT_WHOLE) : status;
    struct bytes used = as_query(rewrite, field->name, reading);
    clause->rewritten = true;
    rewrite->has_values = true;
    return status != 0 ? status : used.size == 0 ? AISLE_NO_MEMORY
                                                 : rewrite_note(rewrite, REWRITE_SYNONYM, clause->text, used);
}

/* Makes what was read of count clauses from first on a filter, a preference, or an alternative. */
static int take_value(struct rewrite *rewrite, const struct query_context *context, const struct reading *reading,
                      uint32_t first, uint32_t count)
{
    const struct field *field = &context->schema->fields[reading->field];
    struct bytes whole;
    char text[FILTER_TEXT_BYTES];
    bool prefers = field->understand == UNDERSTAND_BOOST;
    if (is_alternative(field)) {
        return add_value(rewrite, reading, field, first, count);
    }
    snprintf(text, sizeof text, field->type == FIELD_PATH ? "\"%s\" UNDER $v" : "\"%s\" = $v", field->name);
    int status = prefers ? prefer_value(rewrite, reading->field, reading->value)
                         : add_filter(rewrite, text, &reading->value);
    if (status != 0 || !text_of(rewrite, first, count, true, &whole)) {
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

/* Whether the name behind a value has one behind it, too, which is the one that is meant. */
static int is_of_next(struct rewrite *rewrite, const struct query_context *context, const struct reading *reading,
                      uint32_t name, bool *of_next)
{
    struct bytes text;
    struct reading next = {.field = SCHEMA_NO_FIELD};
    bool is_there = reading->is_behind && text_of(rewrite, name, 2, false, &text);
    int status = is_there ? read_named(rewrite, context, reading->field, text, &next) : 0;
    *of_next = next.field != SCHEMA_NO_FIELD && !next.is_behind;
    return status;
}

/*
 * What the text of clauses is. Where a word and a number that the analyser joins with it stand before a name ("shoes 10
 * size"), the number alone may be the value.
 */
static int read_clauses(struct rewrite *rewrite, const struct query_context *context, uint32_t i, uint32_t count,
                        struct bytes text, struct reading *out)
{
    struct bytes first = rewrite->clauses[i].text;
    int status = read_text(rewrite, context, text, out);
    const uint8_t *space = count == 2 && first.size < text.size ? memrchr(first.data, ' ', first.size) : NULL;
    if (status != 0 || out->field != SCHEMA_NO_FIELD || space == NULL) {
        return status;
    }
    size_t before = (size_t)(space - first.data);
    status = read_text(rewrite, context, bytes_of(space + 1, text.size - before - 1), out);
    if (status == 0 && out->field != SCHEMA_NO_FIELD) {
        bool fits = out->is_behind && is_alternative(&context->schema->fields[out->field]);
        out->field = fits ? out->field : SCHEMA_NO_FIELD;
        out->before = bytes_of(first.data, before);
    }
    return status;
}

/* The longest value that begins at clause i. *next: the clause behind it, or behind i. */
static int understand_at(struct rewrite *rewrite, const struct query_context *context, uint32_t i, uint32_t *next)
{
    struct bytes text;
    int status = 0;
    *next = i + 1;
    for (uint32_t n = VALUE_WORDS_MAX; n > 0 && status == 0; n--) {
        struct reading reading;
        bool of_next = false;
        uint32_t before = rewrite->clause_count;
        if (!text_of(rewrite, i, n, false, &text)) {
            continue;
        }
        status = read_clauses(rewrite, context, i, n, text, &reading);
        bool is_read = status == 0 && reading.field != SCHEMA_NO_FIELD;
        const struct field *field = is_read ? &context->schema->fields[reading.field] : NULL;
        is_read = is_read && (is_alternative(field) || text_of(rewrite, i, n, true, &text));
        status = is_read ? is_of_next(rewrite, context, &reading, i + n - 1, &of_next) : status;
        if (is_read && status == 0 && !of_next) {
            status = take_value(rewrite, context, &reading, i, n);
            *next = i + n - (before - rewrite->clause_count);
            return status;
        }
    }
    return status;
}

static int understand_values(struct rewrite *rewrite, const struct query_context *context)
{
    bool any = false;
    int status = 0;
    for (uint8_t f = 0; f < context->schema->field_count; f++) {
        any = any || is_named_field(&context->schema->fields[f]);
    }
    for (uint32_t i = 0; any && i < rewrite->clause_count && status == 0;) {
        status = understand_at(rewrite, context, i, &i);
    }
    return status;
}

/* ---- the whole ---- */

int rewrite_understand(struct rewrite *rewrite, struct query_context *context)
{
    bool reads = !rewrite->fixed && !rewrite->source.options.no_understanding;
    int status = reads ? understand_values(rewrite, context) : 0;
    if (status == 0 && rewrite->own_filter_count != 0) {
        status = combine_filters(rewrite, &context->filter);
    }
    bool any = rewrite->own_filter_count != 0 || rewrite->preferred_count != 0 || rewrite->has_values;
    return status == 0 && any && !rewrite->fixed ? rewrite_build(rewrite) : status;
}
