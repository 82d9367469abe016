/*
 * fuzz_facet.c - any bytes as the text of a facet, and as that of a sort order, over the shop schema.
 *
 * Whatever is written is parsed, refused with a place inside the text, or limited; a request keeps the shape that
 * counting relies on.
 */
#include "facet/facet.h"
#include "query/sort.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_facet(const struct facet_request *request, const struct schema *schema)
{
    const struct field *field = &schema->fields[request->field];
    bool words = field->type == FIELD_KEYWORD || field->type == FIELD_PATH;
    require(request->field < schema->field_count && field->column);
    require(words == (request->kind == FACET_WORDS));
    require(request->limit <= LIMIT_FACET_SHOWN && request->sample >= 1 && request->sample <= LIMIT_FACET_SAMPLE);
    require(request->levels < LIMIT_PATH_PARTS && (request->levels == 0 || field->type == FIELD_PATH));
    require(request->under.size <= VALUES_FOLDED_BYTES_MAX && request->prefix.size <= VALUES_FOLDED_BYTES_MAX);
    require(request->contains.size <= VALUES_FOLDED_BYTES_MAX && request->like.size <= LIMIT_FACET_LIKE * 4);
    require(request->kind != FACET_RANGES || request->bound_count >= 2);
    require(request->bound_count <= LIMIT_FACET_RANGES);
    for (uint32_t i = 1; i < request->bound_count; i++) {
        require(request->bounds[i - 1] < request->bounds[i]);
    }
    if (request->kind == FACET_HISTOGRAM) {
        require(field->type == FIELD_DOUBLE ? request->real_width > 0 : request->width > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct schema *schema;
    static struct analyser *analyser;
    static struct segment_columns columns;
    if (schema == NULL) {
        require(schema_default(&schema) == 0 && analyser_new(&analyser) == 0);
        for (uint8_t f = 0; f < schema->field_count; f++) {
            if (schema->fields[f].column) {
                columns.field[columns.count++] = f;
            }
        }
    }
    struct arena arena;
    struct facet_request request;
    struct sort_order order;
    aisle_error error = {.code = 0};
    arena_init(&arena, LIMIT_QUERY_MEMORY_BYTES);
    const struct filter_source source = {
        .schema = schema, .columns = &columns, .analyser = analyser, .arena = &arena};
    int status = facet_parse(bytes_of(data, size), &source, &request, &error);
    require(status == 0 || ((status == AISLE_BAD_QUERY || status == AISLE_LIMIT) && error.code == status));
    require(status == 0 || error.position <= size);
    if (status == 0) {
        check_facet(&request, schema);
    }
    status = sort_parse(bytes_of(data, size), &source, &order, &error);
    require(status == 0 || ((status == AISLE_BAD_QUERY || status == AISLE_LIMIT) && error.code == status));
    require(status == 0 ? order.count <= LIMIT_SORT_PARTS : error.position <= size);
    arena_release(&arena);
    return 0;
}
