/*
 * sort_parse.c - from a sort order's text to its parts, and from a hit to what it was sorted by.
 *
 * Thread rule: as the query.
 */
#include "query/sort.h"

#include "base/utf8.h"

static int refuse(struct bytes text, size_t position, const char *what, aisle_error *error)
{
    int shown = (int)utf8_cut(bytes_of(text.data + position, text.size - position), 40).size;
    return error_set_at(error, AISLE_BAD_QUERY, position, "sort: %s, found \"%.*s\"", what, shown,
                        (const char *)text.data + position);
}

static bool ends_with(struct bytes text, const char *end)
{
    size_t size = strlen(end);
    return text.size >= size && memcmp(text.data + text.size - size, end, size) == 0;
}

static struct bytes trim(struct bytes text)
{
    while (text.size != 0 && text.data[0] == ' ') {
        text = bytes_of(text.data + 1, text.size - 1);
    }
    while (text.size != 0 && text.data[text.size - 1] == ' ') {
        text.size--;
    }
    return text;
}

/* Takes ":asc" or ":desc" off the end. */
static bool take_direction(struct bytes *part, bool *descending)
{
    *descending = ends_with(*part, ":desc");
    bool directed = *descending || ends_with(*part, ":asc");
    if (directed) {
        *part = trim(bytes_of(part->data, part->size - (*descending ? strlen(":desc") : strlen(":asc"))));
    }
    return directed;
}

static bool has_column(const struct filter_source *source, int field)
{
    for (uint8_t i = 0; i < source->columns->count; i++) {
        if (source->columns->field[i] == field && source->schema->fields[field].type != FIELD_VARIANTS) {
            return true;
        }
    }
    return false;
}

static int parse_part(struct bytes text, struct bytes piece, const struct filter_source *source,
                      struct sort_order *out, aisle_error *error)
{
    struct sort_part part = {.field = 0};
    struct bytes name = trim(piece);
    size_t position = (size_t)(name.data - text.data);
    bool directed = take_direction(&name, &part.descending);
    int field = schema_field_find(source->schema, name);
    if (field < 0 && bytes_equal(name, bytes_of_string("score"))) {
        if (directed && !part.descending) {
            return refuse(text, position, "scores descend", error);
        }
        part.is_score = true;
        part.descending = true;
    } else if (field < 0) {
        return refuse(text, position, "expected a field's name or score", error);
    } else if (!has_column(source, field)) {
        return refuse(text, position, "the field cannot be sorted by; in the schema, make it a keyword with \"facet\"",
                      error);
    } else {
        part.field = (uint8_t)field;
    }
    for (uint32_t i = 0; i < out->count; i++) {
        if (out->parts[i].is_score == part.is_score && out->parts[i].field == part.field) {
            return refuse(text, position, "the same stands twice", error);
        }
    }
    if (out->count == LIMIT_SORT_PARTS) {
        return error_set_at(error, AISLE_LIMIT, position, "sort: too many parts, expected at most %u",
                            LIMIT_SORT_PARTS);
    }
    out->parts[out->count++] = part;
    return 0;
}

int sort_parse(struct bytes text, const struct filter_source *source, struct sort_order *out, aisle_error *error)
{
    size_t at = 0;
    int status = 0;
    *out = (struct sort_order){.count = 0};
    if (!utf8_valid(text, NULL)) {
        return error_set(error, AISLE_BAD_QUERY, "sort: expected UTF-8");
    }
    while (at <= text.size && status == 0) {
        const uint8_t *comma = at < text.size ? memchr(text.data + at, ',', text.size - at) : NULL;
        size_t end = comma == NULL ? text.size : (size_t)(comma - text.data);
        status = parse_part(text, bytes_of(text.data + at, end - at), source, out, error);
        at = end + 1;
    }
    if (out->count == 1 && out->parts[0].is_score) {
        out->count = 0;
    }
    return status;
}

/* ---- of a hit ---- */

static int read_word(const struct query_context *context, const struct values_reader *values,
                     const struct sort_part *part, int64_t code, struct sort_value *out)
{
    struct values_of_code walk;
    struct values_cursor cursor;
    uint32_t ordinal = 0;
    int status = values_of_code_init(&walk, values, code);
    status = status == 0 ? values_of_code_next(&walk, &ordinal) : status;
    for (uint32_t next = ordinal; status == 0 && part->descending;) {
        ordinal = next;
        status = values_of_code_next(&walk, &next);
    }
    status = status == AISLE_END ? 0 : status;
    status = status == 0 ? values_seek(&cursor, values, ordinal) : status;
    if (status != 0) {
        return AISLE_CORRUPT;
    }
    out->kind = SORT_WORD;
    out->word = bytes_of(arena_copy(context->arena, cursor.folded.data, cursor.folded.size), cursor.folded.size);
    return out->word.data == NULL ? AISLE_NO_MEMORY : 0;
}

int sort_values(const struct query_context *context, const struct sort_order *order, const struct query_hit *hit,
                struct sort_value *values)
{
    const struct query_segment *in = &context->segments[hit->segment];
    int status = 0;
    for (uint32_t i = 0; i < order->count && status == 0; i++) {
        const struct sort_part *part = &order->parts[i];
        int64_t number = hit->score;
        values[i] = (struct sort_value){.kind = SORT_MISSING};
        if (!part->is_score) {
            status = segment_state_column(in->segment, in->state, part->field, hit->document, &number);
        }
        if (status != 0 || number == COLUMN_MISSING) {
            continue;
        }
        enum field_type type = context->schema->fields[part->field].type;
        if (!part->is_score && (type == FIELD_KEYWORD || type == FIELD_PATH)) {
            status = read_word(context, &in->segment->values[part->field], part, number, &values[i]);
        } else {
            values[i] = (struct sort_value){.kind = SORT_NUMBER, .number = number};
        }
    }
    return status == AISLE_END ? AISLE_CORRUPT : status;
}
