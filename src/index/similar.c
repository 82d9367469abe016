/*
 * similar.c - from a product to the words that tell most of it.
 *
 * Thread rule: see similar.h.
 */
#include "index/similar.h"

#include "base/hash.h"
#include "index/searcher.h"
#include "schema/product.h"

struct like_word {
    struct bytes term; /* in the arena, as the written form */
    struct bytes written;
    uint64_t df;
};

struct like_words {
    const struct look *look;
    const struct query_context *context;
    struct like_word words[LIMIT_LIKE_LOOKED];
    uint32_t count;
};

static struct bytes copy(struct arena *arena, struct bytes bytes)
{
    return bytes_of(arena_copy(arena, bytes.data, bytes.size), bytes.size);
}

/* A quotation mark cannot stand in a quoted word. */
static bool is_usable(const struct token *token, struct bytes written)
{
    return token->kind == TOKEN_WORD && written.size <= LIMIT_TERM_BYTES &&
           memchr(written.data, '"', written.size) == NULL;
}

static int add_word(struct like_words *list, const struct token *token, struct bytes written)
{
    struct arena *arena = &list->look->searcher->arena;
    uint64_t df;
    int status;
    for (uint32_t i = 0; i < list->count; i++) {
        if (bytes_equal(list->words[i].term, token->term)) {
            return 0;
        }
    }
    if ((status = query_df(list->context, &token->term, 1, &df)) != 0) {
        return status;
    }
    struct like_word *added = &list->words[list->count++];
    *added = (struct like_word){.term = copy(arena, token->term), .written = copy(arena, written), .df = df};
    return added->term.data == NULL || added->written.data == NULL ? AISLE_NO_MEMORY : 0;
}

static int add_value(struct like_words *list, uint8_t language, struct bytes text)
{
    struct token_list tokens;
    int status = analyser_run(list->look->searcher->analyser, text, language, &tokens);
    for (size_t i = 0; i < tokens.count && status == 0 && list->count < LIMIT_LIKE_LOOKED; i++) {
        const struct token *token = &tokens.tokens[i];
        struct bytes written = bytes_of(text.data + token->start, token->end - token->start);
        status = is_usable(token, written) ? add_word(list, token, written) : 0;
    }
    return status;
}

static int add_product(struct like_words *list, const struct product *product)
{
    const struct schema *schema = list->look->catalog->schema;
    int status = 0;
    for (uint8_t f = 0; f < schema->field_count && status == 0; f++) {
        const struct field *field = &schema->fields[f];
        bool tells = f == schema->first_text || (field_type_is_words(field->type) && !field->code);
        uint8_t language = 0;
        if (!field->searchable || !tells || text_language_find(field->language, &language) != 0) {
            continue;
        }
        for (uint32_t i = 0; i < product->values[f].string_count && status == 0; i++) {
            status = add_value(list, language, product->values[f].strings[i]);
        }
    }
    return status;
}

/* Words of this product alone find no other; they were kept so that each is looked up, and counts, once. */
static void drop_own(struct like_words *list)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->words[i].df >= 2) {
            list->words[kept++] = list->words[i];
        }
    }
    list->count = kept;
}

/* The rarest first; those that stood before others stay so. There are few. */
static void sort_words(struct like_words *list)
{
    for (uint32_t i = 1; i < list->count; i++) {
        struct like_word word = list->words[i];
        uint32_t at = i;
        for (; at > 0 && list->words[at - 1].df > word.df; at--) {
            list->words[at] = list->words[at - 1];
        }
        list->words[at] = word;
    }
}

/* "a" OR "b" OR ...: in quotes nothing of a word is an operator. */
static const char *print_words(const struct like_words *list)
{
    uint32_t count = list->count < LIMIT_LIKE_WORDS ? list->count : LIMIT_LIKE_WORDS;
    char *text = arena_alloc(&list->look->searcher->arena, (size_t)count * (LIMIT_TERM_BYTES + 6) + 1);
    size_t size = 0;
    for (uint32_t i = 0; i < count && text != NULL; i++) {
        struct bytes word = list->words[i].written;
        memcpy(text + size, i == 0 ? "\"" : " OR \"", i == 0 ? 1 : 5);
        size += i == 0 ? 1 : 5;
        memcpy(text + size, word.data, word.size);
        size += word.size;
        text[size++] = '"';
    }
    if (text != NULL) {
        text[size] = '\0';
    }
    return text;
}

/* Reads the product's words. */
static int list_words(struct like_words *list, const struct shard_snapshot *snapshot, uint32_t segment,
                      uint32_t document)
{
    struct product_reader *reader = NULL;
    struct product product;
    struct buf json;
    buf_init(&json, LIMIT_PRODUCT_BYTES * 2);
    int status = product_reader_new(&reader);
    status = status == 0 ? product_codec_read(&list->look->searcher->codec, snapshot,
                                              snapshot->view->segments[segment], document, &json)
                         : status;
    if (status == 0) {
        status = product_reader_read(reader, list->look->catalog->schema, buf_bytes(&json), &product, NULL);
        status = status == AISLE_BAD_PRODUCT ? AISLE_CORRUPT : status; /* it was one when it was put */
    }
    status = status == 0 ? add_product(list, &product) : status;
    product_reader_free(reader);
    buf_release(&json);
    return status;
}

/* What keeps all but one document, or none at all. */
static struct filter_node *new_filter(struct arena *arena, const struct segment *segment, uint32_t document, bool none)
{
    const struct filter_document own = {segment, document};
    struct filter_node *leaf = filter_new_documents(arena, &own, none ? 0 : 1);
    return leaf == NULL || none ? leaf : filter_new_parent(arena, FILTER_NOT, &leaf, 1);
}

int similar_take(const struct look *look, const struct query_context *context, struct bytes id, struct similar *out,
                 aisle_error *error)
{
    const struct shard_snapshot *snapshot = NULL;
    struct arena *arena = &look->searcher->arena;
    uint64_t id_hash = hash_bytes(id.data, id.size);
    uint32_t segment = 0;
    uint32_t document = 0;
    int status = AISLE_END;
    for (uint32_t i = 0; i < look->begun && status == AISLE_END; i++) {
        snapshot = &look->searcher->snapshots[i];
        status = shard_find(snapshot, id, id_hash, &segment, &document);
    }
    if (status == AISLE_END) {
        int shown = id.size > 64 ? 64 : (int)id.size;
        return error_set(error, AISLE_NOT_FOUND, "like: no product has the id \"%.*s\"", shown, (const char *)id.data);
    }
    struct like_words *list = status == 0 ? arena_alloc(arena, sizeof *list) : NULL;
    if (list == NULL) {
        return status == 0 ? AISLE_NO_MEMORY : status;
    }
    list->look = look;
    list->context = context;
    list->count = 0;
    status = list_words(list, snapshot, segment, document);
    drop_own(list);
    sort_words(list);
    out->text = status == 0 ? print_words(list) : NULL;
    out->without = new_filter(arena, snapshot->view->segments[segment], document, list->count == 0);
    return status == 0 && (out->text == NULL || out->without == NULL) ? AISLE_NO_MEMORY : status;
}
