/*
 * highlights.c - from the JSON of a hit to marked texts of its fields.
 */
#include "index/highlights.h"

#define MARK_BEFORE "<mark>"
#define MARK_AFTER "</mark>"
#define TEXT_BYTES_MAX ((size_t)LIMIT_PRODUCT_BYTES * 64u)

static int take_field(struct highlights *highlights, const char *name, aisle_error *error)
{
    const struct schema *schema = highlights->schema;
    int field = name == NULL ? -1 : schema_field_find(schema, bytes_of_string(name));
    if (field < 0) {
        return error_set(error, AISLE_BAD_QUERY, "highlight: the schema has no field \"%s\"", name == NULL ? "" : name);
    }
    if (!schema->fields[field].searchable) {
        return error_set(error, AISLE_BAD_QUERY, "highlight: the field \"%s\" is not searched", name);
    }
    highlights->fields[highlights->count] = (uint8_t)field;
    struct highlight_field *source = &highlights->sources[highlights->count++];
    source->rank = schema->fields[field].searchable_rank;
    source->is_code = schema->fields[field].code;
    return text_language_find(schema->fields[field].language, &source->language);
}

static struct bytes mark_of(const char *given, const char *usual)
{
    return bytes_of_string(given == NULL ? usual : given);
}

int highlights_init(struct highlights *highlights, const aisle_query *query, const struct schema *schema,
                    struct analyser *analyser, struct arena *arena, const struct query_node *root, aisle_error *error)
{
    *highlights = (struct highlights){.schema = schema, .analyser = analyser, .arena = arena};
    buf_init(&highlights->text, TEXT_BYTES_MAX);
    buf_init(&highlights->joined, LIMIT_PRODUCT_BYTES);
    if (query->highlight_count == 0) {
        return 0;
    }
    if (query->highlight_count > LIMIT_FIELDS) {
        return error_set(error, AISLE_LIMIT, "highlight: %zu fields are above %u", query->highlight_count,
                         (unsigned)LIMIT_FIELDS);
    }
    highlights->style = (struct highlight_style){.before = mark_of(query->mark_before, MARK_BEFORE),
                                                 .after = mark_of(query->mark_after, MARK_AFTER),
                                                 .snippet_words = query->snippet_words,
                                                 .plain = query->highlight_plain};
    highlights->fields = arena_alloc(arena, query->highlight_count * sizeof *highlights->fields);
    highlights->sources = arena_calloc(arena, query->highlight_count, sizeof *highlights->sources);
    if (highlights->fields == NULL || highlights->sources == NULL ||
        product_reader_new(&highlights->reader) != 0) {
        return error_no_memory(error, "marking words");
    }
    int status = 0;
    for (size_t i = 0; i < query->highlight_count && status == 0; i++) {
        status = take_field(highlights, query->highlight[i], error);
    }
    if (status == 0 && highlight_collect(root, schema, arena, &highlights->words) != 0) {
        status = error_no_memory(error, "marking words");
    }
    return status;
}

void highlights_release(struct highlights *highlights)
{
    product_reader_free(highlights->reader);
    buf_release(&highlights->text);
    buf_release(&highlights->joined);
}

/* The levels of a path as one text; of other values the i-th. */
static struct bytes value_at(struct highlights *highlights, const struct product_value *value, bool path, uint32_t i)
{
    if (!path) {
        return value->strings[i];
    }
    buf_clear(&highlights->joined);
    for (uint32_t level = 0; level < value->string_count; level++) {
        buf_put_string(&highlights->joined, level == 0 ? "" : " > ");
        buf_put(&highlights->joined, value->strings[level].data, value->strings[level].size);
    }
    return buf_bytes(&highlights->joined);
}

/* Marks the value of a list in which most of the query stands, the first of equals. */
static int mark_field(struct highlights *highlights, const struct product *product, uint32_t number,
                      struct aisle_result *result, struct result_highlight *out)
{
    uint8_t field = highlights->fields[number];
    const struct product_value *value = &product->values[field];
    bool path = highlights->schema->fields[field].type == FIELD_PATH;
    uint32_t count = !value->present ? 0 : path ? 1 : value->string_count;
    int status = 0;
    size_t start = result->bytes.size;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        uint32_t found;
        buf_clear(&highlights->text);
        status = highlight_text(&highlights->words, &highlights->sources[number], &highlights->style,
                                value_at(highlights, value, path, i), highlights->analyser, highlights->arena,
                                &highlights->text, &found);
        if (status == 0 && (i == 0 || found > out->found)) {
            result->bytes.size = start;
            out->text = result_put(result, buf_bytes(&highlights->text));
            out->found = found;
        }
    }
    return status != 0 ? status : buf_status(&highlights->joined);
}

int highlights_add(struct highlights *highlights, struct bytes product, struct aisle_result *result)
{
    struct product read;
    if (highlights->count == 0) {
        return 0;
    }
    int status = product_reader_read(highlights->reader, highlights->schema, product, &read, NULL);
    status = status == AISLE_BAD_PRODUCT ? AISLE_CORRUPT : status; /* it was one when it was put */
    for (uint32_t i = 0; i < highlights->count && status == 0; i++) {
        struct result_highlight *added = result_add_highlight(result);
        status = added == NULL ? AISLE_NO_MEMORY : mark_field(highlights, &read, i, result, added);
    }
    return status;
}
