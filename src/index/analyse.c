/*
 * analyse.c - aisle_analyse: how a text is understood, token by token.
 */
#include "index/catalog.h"

static aisle_bytes public_bytes(struct bytes bytes)
{
    return (aisle_bytes){(const char *)bytes.data, bytes.size};
}

static int find_field(const struct schema *schema, const char *name, int *field, aisle_error *error)
{
    *field = schema->first_text == SCHEMA_NO_FIELD ? -1 : schema->first_text;
    for (uint8_t f = 0; f < schema->field_count && *field < 0; f++) {
        *field = schema->fields[f].searchable ? f : -1;
    }
    if (name != NULL) {
        *field = schema_field_find(schema, bytes_of_string(name));
    }
    if (*field < 0 || !schema->fields[*field].searchable) {
        return error_set(error, AISLE_BAD_QUERY, "the schema has no field \"%s\" that is searched",
                         name == NULL ? "" : name);
    }
    return 0;
}

static int kind_of(const struct token *token)
{
    static const int kinds[] = {[TOKEN_WORD] = AISLE_WORD_TYPED,
                                [TOKEN_JOINED] = AISLE_WORD_JOINED,
                                [TOKEN_EXTRA] = AISLE_WORD_PRODUCT};
    return kinds[token->kind];
}

static void report_all(const struct token_list *list, aisle_bytes text, aisle_word_report *report, void *context)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct token *token = &list->tokens[i];
        const aisle_word shown = {.text = {text.data + token->start, token->end - token->start},
                                   .word = public_bytes(token->folded),
                                   .term = public_bytes(token->term),
                                   .position = token->position,
                                   .words = token->parts,
                                   .kind = kind_of(token)};
        report(context, &shown);
    }
}

/* The tokens live in the searcher's analyser. */
static int run(struct analyser *analyser, const struct field *field, struct bytes text, bool product,
               struct token_list *list)
{
    uint8_t language = 0;
    int status = text_language_find(field->language, &language);
    if (status != 0) {
        return status;
    }
    return product ? analyser_run_product(analyser, text, language, field->code, list)
                   : analyser_run(analyser, text, language, list);
}

int aisle_analyse(aisle *catalog, aisle_bytes text, const aisle_analyse_options *given, aisle_word_report *report,
                  void *context, aisle_error *error)
{
    aisle_analyse_options options = {.size = sizeof options};
    struct token_list list;
    int field;
    if (given != NULL) {
        if (given->size < sizeof given->size || given->size > sizeof options) {
            return error_set(error, AISLE_INVALID, "aisle_analyse_options.size is not sizeof(aisle_analyse_options)");
        }
        memcpy(&options, given, given->size);
    }
    int status = find_field(catalog->schema, options.field, &field, error);
    if (status != 0) {
        return status;
    }
    if (storage_forked(catalog->shards[0].storage)) {
        return error_set(error, AISLE_FORKED, "the catalog was opened before a fork; open it again in the child");
    }
    struct searcher *searcher = searcher_take(&catalog->searchers);
    if (searcher == NULL) {
        return error_no_memory(error, "analysing a text");
    }
    struct bytes bytes = bytes_of(text.data, text.size);
    status = run(searcher->analyser, &catalog->schema->fields[field], bytes, options.product, &list);
    if (status == 0) {
        report_all(&list, text, report, context);
    } else {
        error_set(error, status, "the text cannot be analysed: %s", aisle_error_text(status));
    }
    searcher_give(&catalog->searchers, searcher, (size_t)catalog_cache_bytes(catalog));
    return status;
}
