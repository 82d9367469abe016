/*
 * fuzz_filter.c - any bytes as the text of a filter over the shop schema, with values bound to $a and $many.
 *
 * Whatever is written is parsed, refused with a place inside the text, or limited; a tree keeps the shape that its
 * evaluation relies on.
 */
#include "base/utf8.h"
#include "query/filter.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* Returns the leaves below. */
static uint32_t check_node(const struct filter_node *node, const struct schema *schema, uint32_t depth)
{
    uint32_t leaves = 0;
    require(depth <= 3 * LIMIT_FILTER_DEPTH + 3); /* or, and, not within each parenthesis */
    if (node->kind <= FILTER_NOT) {
        require(node->kind == FILTER_NOT ? node->child_count == 1 : node->child_count >= 2);
        for (uint32_t i = 0; i < node->child_count; i++) {
            leaves += check_node(node->children[i], schema, depth + 1);
        }
        return leaves;
    }
    enum field_type type = schema->fields[node->field].type;
    bool words = type == FIELD_KEYWORD || type == FIELD_PATH;
    require(node->child_count == 0 && schema->fields[node->field].column && node->count <= LIMIT_FILTER_SET);
    require(node->kind == FILTER_EXISTS || words == (node->kind >= FILTER_WORDS));
    require(node->kind != FILTER_NUMBERS || node->least > COLUMN_MISSING);
    for (uint32_t i = 0; i < node->count && node->kind == FILTER_SET; i++) {
        require(i == 0 || node->numbers[i - 1] < node->numbers[i]);
    }
    for (uint32_t i = 0; i < node->count && node->kind == FILTER_WORD_SET; i++) {
        require(node->words[i].size <= VALUES_FOLDED_BYTES_MAX);
        require(i == 0 || bytes_compare(node->words[i - 1], node->words[i]) < 0);
    }
    return 1;
}

/* What the shop schema declares as columns. */
static void all_columns(const struct schema *schema, struct segment_columns *columns)
{
    for (uint8_t f = 0; f < schema->field_count; f++) {
        if (schema->fields[f].column) {
            columns->field[columns->count++] = f;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct schema *schema;
    static struct analyser *analyser;
    static struct segment_columns columns;
    if (schema == NULL) {
        require(schema_default(&schema) == 0 && analyser_new(&analyser) == 0);
        all_columns(schema, &columns);
    }
    const aisle_bytes value = {(const char *)data, size};
    const aisle_bytes values[] = {{"Acme", 4}, {"10", 2}, {(const char *)data, size / 2}};
    const aisle_param all[] = {{"a", &value, 1}, {"many", values, 3}, {"none", NULL, 0}};
    const char *const names[] = {"$a", "$many", "$none"};
    aisle_param params[3]; /* those that stand in the text, which others may not */
    size_t param_count = 0;
    for (size_t i = 0; i < 3; i++) {
        if (size != 0 && memmem(data, size, names[i], strlen(names[i])) != NULL) {
            params[param_count++] = all[i];
        }
    }
    struct arena arena;
    struct filter_node *root = NULL;
    aisle_error error = {.code = 0};
    arena_init(&arena, LIMIT_QUERY_MEMORY_BYTES);
    const struct filter_source source = {.schema = schema, .columns = &columns, .analyser = analyser,
                                         .params = params, .param_count = param_count, .arena = &arena};
    int status = filter_parse(bytes_of(data, size), &source, &root, &error);
    if (status == 0) {
        require(root != NULL && check_node(root, schema, 0) <= LIMIT_FILTER_CONDITIONS);
    } else {
        require(status == AISLE_BAD_QUERY || status == AISLE_LIMIT);
        require(error.code == status && error.position <= size);
    }
    arena_release(&arena);
    return 0;
}
