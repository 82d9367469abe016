/*
 * fuzz_query.c - any UTF-8 as the text of a query over the shop schema.
 *
 * Whatever is typed is parsed, refused with a place inside the text, or limited; a tree keeps the shape that binding
 * and cursors rely on.
 */
#include "base/utf8.h"
#include "query/query.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static uint32_t check_node(const struct query_node *node);

/* Every step begins where another ended before, and the candidates have the same leaves. */
static uint32_t check_phrase(const struct query_node *node)
{
    require(node->child_count >= 1 && node->fields != 0 && node->slop <= LIMIT_SLOP);
    require(node->steps[0].from == 0 && node->steps[node->child_count - 1].to == node->length);
    for (uint32_t i = 0; i < node->child_count; i++) {
        bool reached = node->steps[i].from == 0;
        for (uint32_t k = 0; k < i; k++) {
            reached = reached || node->steps[k].to == node->steps[i].from;
        }
        require(reached && node->steps[i].from < node->steps[i].to && node->steps[i].to <= node->length);
        require(node->children[i]->kind == QUERY_TERMS && check_node(node->children[i]) == 1);
    }
    require(check_node(node->candidates) == node->child_count);
    return node->child_count;
}

static uint32_t check_node(const struct query_node *node)
{
    uint32_t leaves = 0;
    if (node->kind == QUERY_TERMS) {
        require(node->child_count == 0 && node->term_count >= 1);
        for (uint32_t i = 0; i < node->term_count; i++) {
            require(node->terms[i].size >= 1 && node->terms[i].size <= LIMIT_TERM_BYTES);
        }
        return 1;
    }
    if (node->kind == QUERY_PHRASE) {
        return check_phrase(node);
    }
    bool is_leaf = node->kind == QUERY_ALL || node->kind == QUERY_NOTHING;
    require(is_leaf ? node->child_count == 0 : node->child_count >= 2);
    require((node->kind != QUERY_WITHOUT && node->kind != QUERY_ANY) || node->child_count == 2);
    for (uint32_t i = 0; i < node->child_count; i++) {
        leaves += check_node(node->children[i]);
    }
    return leaves;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct schema *schema;
    static struct analyser *analyser;
    if (schema == NULL) {
        require(schema_default(&schema) == 0 && analyser_new(&analyser) == 0);
    }
    if (!utf8_valid(bytes_of(data, size), NULL)) {
        return 0;
    }
    struct arena arena;
    struct query_node *root = NULL;
    aisle_error error = {.code = 0};
    arena_init(&arena, LIMIT_QUERY_MEMORY_BYTES);
    int status = query_parse(bytes_of(data, size), schema, analyser, &arena, &root, &error);
    if (status == 0) {
        require(root != NULL && check_node(root) <= LIMIT_QUERY_TERMS);
    } else {
        require(status == AISLE_BAD_QUERY || status == AISLE_LIMIT);
        require(error.code == status && (status != AISLE_BAD_QUERY || error.position < size));
    }
    arena_release(&arena);
    return 0;
}
