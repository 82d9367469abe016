/*
 * fuzz_decoder.c - any bytes as the lines of a change log, in every format, with and without a mapping file.
 *
 * The first byte chooses the format and the mapping. Whatever is written is decoded or refused with a place inside the
 * line; views that are handed out can be read, and bodies that are made from rows are JSON objects.
 */
#include "indexer/decoder.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char schema[] =
    "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},"
    "\"price\":{\"type\":\"decimal\",\"scale\":2},"
    "\"stock\":{\"type\":\"bool\"},\"made\":{\"type\":\"date\"},\"tags\":{\"type\":\"keyword\"}}}";

static const char tables[] =
    "{\"tables\":{\"a\":{\"id\":[\"k\",\"id\"],\"fields\":{\"title\":{\"columns\":[\"t\",\"u\"],\"join\":\"-\"},"
    "\"price\":{\"column\":\"p\",\"multiply\":0.01},\"tags\":{\"column\":\"s\",\"split\":\",\"},"
    "\"stock\":{\"column\":\"j\",\"path\":\"a.0.b\"},\"made\":{\"column\":\"d\",\"time\":\"us\"},"
    "\"cost\":{\"column\":\"c\",\"decimal\":3}}},\"b\":{\"patch\":true,\"fields\":{\"price\":\"p\"}},"
    "\"\":{\"fields\":{\"title\":\"t\"}}}}";

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static uint64_t read_all(struct bytes bytes)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        sum += bytes.data[i];
    }
    return sum;
}

static void check_change(const struct change *change, struct json *json)
{
    uint64_t sum = read_all(change->id) + read_all(change->moved_from) + read_all(change->table);
    require(sum < UINT64_MAX && change->id.size <= LIMIT_ID_BYTES && strlen(change->seq) <= SEQUENCE_BYTES);
    require(change->kind == CHANGE_PUT || change->kind == CHANGE_TRUNCATE || change->id.size > 0);
    if (change->is_made && (change->kind == CHANGE_PUT || change->kind == CHANGE_PATCH)) {
        int status = json_parse(json, change->body, NULL);
        require(status == 0 || status == AISLE_BAD_PRODUCT); /* two fields of one name are for aisle_put to refuse */
        require(change->body.data[0] == '{' && change->body.data[change->body.size - 1] == '}');
    }
    (void)read_all(change->body);
}

static void decode_lines(struct decoder *decoder, struct json *json, struct bytes rest)
{
    struct sequence sequence = {.repeats = 0};
    while (rest.size > 0) {
        const uint8_t *newline = memchr(rest.data, '\n', rest.size);
        size_t size = newline == NULL ? rest.size : (size_t)(newline - rest.data);
        int status = 0;
        decoder_begin(decoder, bytes_of(rest.data, size));
        while (status != AISLE_END) {
            struct change change;
            aisle_error error = {0};
            status = decoder_next(decoder, &sequence, &change, &error);
            require(status == 0 || status == AISLE_END || status == AISLE_BAD_PRODUCT);
            require(status != AISLE_BAD_PRODUCT || error.position <= size);
            if (status == 0) {
                check_change(&change, json);
                (void)sequence_take(&sequence, change.seq);
            }
        }
        size += newline != NULL;
        rest = bytes_of(rest.data + size, rest.size - size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json *schema_json = NULL;
    struct json *json = NULL;
    struct product_fields fields;
    struct mapping *mapping = NULL;
    struct decoder decoder;
    if (size == 0) {
        return 0;
    }
    require(product_fields_read(schema, &schema_json, &fields, NULL) == 0 && json_new(&json) == 0);
    require((data[0] & 8) == 0 || mapping_parse(bytes_of_string(tables), &mapping, NULL) == 0);
    require(decoder_init(&decoder, (enum format)(data[0] % 8 % 5), &fields, mapping) == 0);
    decode_lines(&decoder, json, bytes_of(data + 1, size - 1));
    decoder_release(&decoder);
    mapping_free(mapping);
    json_free(json);
    json_free(schema_json);
    return 0;
}
