/*
 * export.c - products as JSON lines in, one neutral line for each out: what every peer indexes.
 *
 *     peer_export < products.jsonl > corpus.tsv
 *
 * A line is the product's number, price (in hundredths), sales, category (levels with " > " between), brand and terms,
 * with tabs between them; what a product does not have is 0 or empty. The terms, with spaces between, are all
 * searchable text of the shop schema in the order of its fields, analysed as English by Aisle, stemmed. Terms are then
 * spelled with a to z alone, so that no engine's own tokeniser can change them: what is no small letter becomes "zq"
 * and two letters for each byte. Terms that begin alike still do.
 */
#include "base/buf.h"
#include "schema/product.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>

#define TERM_MAX 100u /* a spelled term: below every engine's own limit */

struct export {
    struct schema *schema;
    struct product_reader *reader;
    struct analyser *analyser;
    uint8_t language;
};

static void put_term(struct bytes term)
{
    char spelled[TERM_MAX + 4];
    size_t size = 0;
    for (size_t i = 0; i < term.size && size < TERM_MAX; i++) {
        uint8_t byte = term.data[i];
        if (byte >= 'a' && byte <= 'z') {
            spelled[size++] = (char)byte;
        } else {
            spelled[size++] = 'z';
            spelled[size++] = 'q';
            spelled[size++] = (char)('a' + (byte >> 4));
            spelled[size++] = (char)('a' + (byte & 15));
        }
    }
    putchar(' ');
    fwrite(spelled, 1, size, stdout);
}

/* A field's strings as one, without what would need care in a line or in JSON. */
static void put_strings(const struct export *export, const struct product *product, const char *name)
{
    const struct product_value *value = &product->values[schema_field_find(export->schema, bytes_of_string(name))];
    for (uint32_t i = 0; i < value->string_count; i++) {
        fputs(i == 0 ? "" : " > ", stdout);
        for (size_t at = 0; at < value->strings[i].size; at++) {
            uint8_t byte = value->strings[i].data[at];
            putchar(byte < ' ' || byte == '"' || byte == '\\' ? ' ' : byte);
        }
    }
    putchar('\t');
}

static void put_number(const struct export *export, const struct product *product, const char *name)
{
    const struct product_value *value = &product->values[schema_field_find(export->schema, bytes_of_string(name))];
    printf("%lld\t", value->present ? (long long)value->number : 0);
}

static int put_value(struct export *export, struct bytes text)
{
    struct token_list list;
    int status = analyser_run(export->analyser, text, export->language, &list);
    for (size_t i = 0; status == 0 && i < list.count; i++) {
        if (list.tokens[i].kind == TOKEN_WORD) {
            put_term(list.tokens[i].term);
        }
    }
    return status;
}

static int put_product(struct export *export, struct bytes line, unsigned long number)
{
    struct product product;
    aisle_error error = {.code = 0};
    int status = product_reader_read(export->reader, export->schema, line, &product, &error);
    if (status != 0) {
        fprintf(stderr, "peer_export: product %lu: %s\n", number, error.message);
        return status;
    }
    printf("%lu\t", number);
    put_number(export, &product, "price");
    put_number(export, &product, "sales");
    put_strings(export, &product, "category");
    put_strings(export, &product, "brand");
    for (uint8_t f = 0; f < export->schema->field_count && status == 0; f++) {
        const struct product_value *value = &product.values[f];
        for (uint32_t i = 0; export->schema->fields[f].searchable && i < value->string_count && status == 0; i++) {
            status = put_value(export, value->strings[i]);
        }
    }
    putchar('\n');
    return status;
}

int main(void)
{
    struct export export = {.schema = NULL};
    int status = schema_default(&export.schema);
    status = status == 0 ? product_reader_new(&export.reader) : status;
    status = status == 0 ? analyser_new(&export.analyser) : status;
    status = status == 0 ? text_language_find("english", &export.language) : status;
    char *line = NULL;
    size_t capacity = 0;
    unsigned long number = 0;
    while (status == 0) {
        ssize_t size = getline(&line, &capacity, stdin);
        if (size <= 0) {
            break;
        }
        status = put_product(&export, bytes_of(line, (size_t)size), number++);
    }
    free(line);
    analyser_free(export.analyser);
    product_reader_free(export.reader);
    schema_free(export.schema);
    return status != 0 || fflush(stdout) != 0;
}
