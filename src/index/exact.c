/*
 * exact.c - terms of titles, and the products that have one.
 *
 * Thread rule: see exact.h.
 */
#include "index/exact.h"

#include "base/hash.h"
#include "index/affinity.h"
#include "schema/json.h"

#define TITLE_MARK 1u
#define SEPARATOR 0x1fu
#define ID_BYTES_MIN 4u
#define POSTINGS_MAX 64u /* of a term, for a part number to be looked for among them */

size_t exact_title_term(const struct token_list *list, uint8_t term[EXACT_TERM_BYTES])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t words[EXACT_WORDS * (LIMIT_TERM_BYTES + 1)];
    size_t size = 0;
    if (list->length == 0 || list->length > EXACT_WORDS) {
        return 0;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (list->tokens[i].kind == TOKEN_WORD) {
            memcpy(words + size, list->tokens[i].term.data, list->tokens[i].term.size);
            size += list->tokens[i].term.size;
            words[size++] = SEPARATOR;
        }
    }
    uint64_t hash = hash_bytes(words, size);
    term[0] = TITLE_MARK;
    for (size_t i = 1; i < EXACT_TERM_BYTES; i++) {
        term[i] = (uint8_t)digits[hash & 63];
        hash >>= 6;
    }
    return EXACT_TERM_BYTES;
}

/* ---- who has a term ---- */

/* Products under way. */
struct finding {
    const struct look *look;
    const struct query_context *context;
    const uint32_t *shard_of;
    struct filter_document *documents;
    uint32_t count;
    uint32_t most;
    uint32_t reads; /* products that were read */
};

/* Calls take for the living documents of a term; segments with more than postings_max of it are passed by. */
static int walk_term(struct finding *finding, struct bytes term, uint32_t postings_max,
                     int (*take)(struct finding *finding, uint32_t segment, uint32_t document, struct bytes text),
                     struct bytes text)
{
    const struct query_context *context = finding->context;
    struct postings_cursor *cursor = arena_alloc(context->arena, sizeof *cursor);
    int status = cursor == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t s = 0; s < context->segment_count && status == 0; s++) {
        const struct query_segment *in = &context->segments[s];
        struct segment_list list;
        struct bytes value;
        status = terms_find(&in->segment->terms, term, &value);
        if (status == AISLE_END) {
            status = 0;
            continue;
        }
        status = status == 0 ? segment_list_decode(value, &list) : status;
        if (status != 0 || list.postings.count > postings_max) {
            continue;
        }
        status = postings_cursor_open(cursor, &in->segment->postings, &list.postings);
        while (status == 0 && postings_cursor_document(cursor) != POSTINGS_END && finding->count < finding->most &&
               finding->reads < EXACT_READ_MAX) {
            uint32_t document = postings_cursor_document(cursor);
            if (segment_state_alive(in->state, document)) {
                status = take(finding, s, document, text);
            }
            (void)postings_cursor_next(cursor);
        }
        status = status == 0 ? postings_cursor_status(cursor) : status;
    }
    return status;
}

static int take_document(struct finding *finding, uint32_t segment, uint32_t document, struct bytes text)
{
    (void)text;
    finding->documents[finding->count++] =
        (struct filter_document){finding->context->segments[segment].segment, document};
    return 0;
}

/* ---- part numbers ---- */

static bool has_digit(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] >= '0' && text.data[i] <= '9') {
            return true;
        }
    }
    return false;
}

/* Letters, digits and what is not ASCII, in lower case: what is left of a part number without its signs. */
static size_t squeeze(struct bytes text, uint8_t out[LIMIT_KEYWORD_BYTES])
{
    size_t size = 0;
    for (size_t i = 0; i < text.size && size < LIMIT_KEYWORD_BYTES; i++) {
        uint8_t byte = text.data[i];
        uint8_t lower = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
        bool stays = (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte >= 0x80;
        out[size] = lower;
        size += stays ? 1 : 0;
    }
    return size;
}

static bool is_same_code(struct bytes value, struct bytes text)
{
    uint8_t a[LIMIT_KEYWORD_BYTES];
    uint8_t b[LIMIT_KEYWORD_BYTES];
    size_t size = squeeze(value, a);
    return size != 0 && size == squeeze(text, b) && memcmp(a, b, size) == 0;
}

/* Whether a part number of the product, or of one variant, is text; object is its node. */
static bool object_has_code(const struct schema *schema, const struct json *json, size_t object, struct bytes text)
{
    size_t count;
    const struct json_node *nodes = json_nodes(json, &count);
    for (uint8_t f = 0; f < schema->field_count; f++) {
        const struct field *field = &schema->fields[f];
        bool asked = field->code && (object == 0 || field->of_variants);
        size_t member = asked ? json_member(json, object, bytes_of_string(field->name)) : 0;
        for (size_t i = member; member != 0 && i < nodes[member].next; i++) { /* one value, or those of an array */
            if ((nodes[i].type == JSON_STRING || nodes[i].type == JSON_NUMBER) && is_same_code(nodes[i].text, text)) {
                return true;
            }
        }
    }
    return false;
}

/* Whether a part number of the parsed product is text. */
static bool has_code(const struct schema *schema, const struct json *json, struct bytes text)
{
    size_t count;
    const struct json_node *nodes = json_nodes(json, &count);
    bool has = object_has_code(schema, json, 0, text);
    size_t list = schema->variants_field == SCHEMA_NO_FIELD
                      ? 0
                      : json_member(json, 0, bytes_of_string(schema->fields[schema->variants_field].name));
    for (size_t i = list + 1; list != 0 && !has && i < nodes[list].next; i = nodes[i].next) {
        has = object_has_code(schema, json, i, text);
    }
    return has;
}

static int take_code(struct finding *finding, uint32_t segment, uint32_t document, struct bytes text)
{
    struct searcher *searcher = finding->look->searcher;
    const struct shard_snapshot *snapshot = &searcher->snapshots[finding->shard_of[segment]];
    struct json *json = NULL;
    struct buf product;
    finding->reads++;
    buf_init(&product, LIMIT_PRODUCT_BYTES * 2);
    int status = json_new(&json);
    status = status == 0 ? product_codec_read(&searcher->codec, snapshot, finding->context->segments[segment].segment,
                                              document, &product)
                         : status;
    status = status == 0 ? json_parse(json, buf_bytes(&product), NULL) : status;
    if (status == 0 && has_code(finding->look->catalog->schema, json, text)) {
        status = take_document(finding, segment, document, text);
    }
    json_free(json);
    buf_release(&product);
    return status == AISLE_BAD_PRODUCT ? AISLE_CORRUPT : status;
}

/* The term that the whole of a part number has; 0: it has none. */
static size_t code_term(const struct token_list *list, uint8_t term[LIMIT_TERM_BYTES])
{
    size_t size = 0;
    if (list->length == 1) {
        memcpy(term, list->tokens[0].term.data, list->tokens[0].term.size);
        return list->tokens[0].term.size;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct token *token = &list->tokens[i];
        if (token->kind == TOKEN_WORD && size + token->folded.size > LIMIT_TERM_BYTES) {
            return 0;
        }
        if (token->kind == TOKEN_WORD) {
            memcpy(term + size, token->folded.data, token->folded.size);
            size += token->folded.size;
        }
    }
    return size;
}

static bool has_codes(const struct schema *schema)
{
    bool has = false;
    for (uint8_t f = 0; f < schema->field_count; f++) {
        has = has || schema->fields[f].code;
    }
    return has;
}

/* ---- the whole ---- */

static int add_boost(struct finding *finding, const char *name, uint32_t weight, struct boost_list *list)
{
    if (finding->count == 0) {
        return 0;
    }
    const struct filter_node *filter =
        filter_new_documents(finding->context->arena, finding->documents, finding->count);
    if (filter == NULL) {
        return AISLE_NO_MEMORY;
    }
    list->boosts[list->count++] = (struct boost){
        .filter = filter, .part = affinity_part(weight), .kind = "exact", .name = bytes_of_string(name)};
    finding->count = 0;
    return 0;
}

int exact_find(const struct look *look, const struct query_context *context, const uint32_t *shard_of,
               struct bytes text, const struct token_list *words, uint32_t weight, struct boost_list *list)
{
    const struct schema *schema = look->catalog->schema;
    struct finding finding = {.look = look, .context = context, .shard_of = shard_of, .most = EXACT_PRODUCTS_MAX};
    uint8_t title[EXACT_TERM_BYTES];
    uint8_t code[LIMIT_TERM_BYTES];
    int status = 0;
    if (weight == 0 || text.size == 0 || schema->first_text == SCHEMA_NO_FIELD) {
        return 0;
    }
    size_t title_size = exact_title_term(words, title);
    bool may_be_code = text.size <= LIMIT_KEYWORD_BYTES && has_digit(text) && has_codes(schema);
    size_t code_size = may_be_code ? code_term(words, code) : 0;
    if (title_size != 0 || code_size != 0) {
        finding.documents = arena_alloc(context->arena, EXACT_PRODUCTS_MAX * sizeof *finding.documents);
        status = finding.documents == NULL ? AISLE_NO_MEMORY : 0;
    }
    if (status == 0 && title_size != 0) {
        status = walk_term(&finding, bytes_of(title, title_size), UINT32_MAX, take_document, text);
        status = status == 0 ? add_boost(&finding, "title", weight, list) : status;
    }
    if (status == 0 && code_size != 0) {
        status = walk_term(&finding, bytes_of(code, code_size), POSTINGS_MAX, take_code, text);
        status = status == 0 ? add_boost(&finding, "code", weight, list) : status;
    }
    return status;
}

bool exact_may_be_id(const struct schema *schema, struct bytes text)
{
    return schema->exact != 0 && schema->id_field == SCHEMA_NO_FIELD && text.size >= ID_BYTES_MIN &&
           text.size <= LIMIT_ID_BYTES && has_digit(text);
}
