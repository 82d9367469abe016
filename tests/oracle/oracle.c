/*
 * oracle.c - the oracle's catalog: schema, versions of products, their terms, where these stand, order keys, df.
 *
 * Every put makes a version that is never changed but for its flags. A version keeps its product as layers: the JSON
 * as put and the patches since, the newest first wins. Nothing is freed before oracle_free.
 */
#include "oracle/inside.h"

#include "aisle.h"
#include "base/hash.h"

#include <libstemmer.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POSITIONS_MAX 1024u

struct pool_block {
    struct pool_block *next;
    size_t used, size;
    char data[];
};

void *oracle_grow(void *memory, size_t size)
{
    void *grown = realloc(memory, size > 0 ? size : 1);
    if (grown == NULL) {
        abort();
    }
    return grown;
}

void *pool_alloc(struct pool *pool, size_t size)
{
    size = (size + 15u) & ~(size_t)15u;
    struct pool_block *block = pool->blocks;
    if (block == NULL || block->size - block->used < size) {
        size_t room = size > 65536 ? size : 65536;
        block = oracle_grow(NULL, sizeof *block + room + 16);
        *block = (struct pool_block){.next = pool->blocks, .size = room};
        pool->blocks = block;
    }
    void *memory = block->data + block->used;
    block->used += size;
    return memset(memory, 0, size);
}

char *pool_text(struct pool *pool, const char *text, size_t size)
{
    char *copy = pool_alloc(pool, size + 1);
    memcpy(copy, text, size);
    return copy;
}

void pool_release(struct pool *pool)
{
    while (pool->blocks != NULL) {
        struct pool_block *next = pool->blocks->next;
        free(pool->blocks);
        pool->blocks = next;
    }
}

/* ------------------------------------------------------------------------------------------------ schema -- */

static yajl_val member(yajl_val object, const char *name)
{
    if (!YAJL_IS_OBJECT(object)) {
        return NULL;
    }
    for (size_t i = 0; i < object->u.object.len; i++) {
        if (strcmp(object->u.object.keys[i], name) == 0) {
            return object->u.object.values[i];
        }
    }
    return NULL;
}

/* The tree of a JSON text, kept until oracle_free; NULL when it is none. */
static yajl_val keep_tree(struct oracle *oracle, const char *text)
{
    char message[200];
    yajl_val tree = yajl_tree_parse(text, message, sizeof message);
    if (tree != NULL) {
        oracle->trees = oracle_grow(oracle->trees, (oracle->tree_count + 1) * sizeof *oracle->trees);
        oracle->trees[oracle->tree_count++] = tree;
    }
    return tree;
}

static int64_t hundredths(yajl_val number, int64_t otherwise)
{
    return YAJL_IS_NUMBER(number) ? llrint(strtod(YAJL_GET_NUMBER(number), NULL) * 100.0) : otherwise;
}

static size_t language_of(struct oracle *oracle, const char *name)
{
    for (size_t i = 0; i < oracle->language_count; i++) {
        if (strcmp(oracle->languages[i], name) == 0) {
            return i;
        }
    }
    oracle->languages[oracle->language_count] = name;
    oracle->stemmers[oracle->language_count] = strcmp(name, "none") == 0 ? NULL : sb_stemmer_new(name, "UTF_8");
    return oracle->language_count++;
}

static void read_field(struct oracle *oracle, const char *name, yajl_val value, const char *language)
{
    struct oracle_field *field = &oracle->fields[oracle->field_count++];
    const char *type = YAJL_GET_STRING(member(value, "type"));
    const char *own = YAJL_GET_STRING(member(value, "language"));
    *field = (struct oracle_field){.name = name, .type = OTHER};
    if (strcmp(type, "text") == 0) {
        field->type = TEXT;
        field->weight = hundredths(member(value, "weight"), 100);
    } else if (strcmp(type, "keyword") == 0 || strcmp(type, "path") == 0) {
        field->type = type[0] == 'k' ? KEYWORD : PATH;
        field->code = YAJL_IS_TRUE(member(value, "code"));
        field->weight = hundredths(member(value, "search_weight"), YAJL_IS_TRUE(member(value, "code")) ? 100 : 0);
    } else if (strcmp(type, "integer") == 0 || strcmp(type, "double") == 0 || strcmp(type, "bool") == 0) {
        field->type = NUMBER;
        field->real = type[0] == 'd';
    } else if (strcmp(type, "decimal") == 0) {
        yajl_val scale = member(value, "scale");
        field->type = DECIMAL;
        field->scale = YAJL_IS_INTEGER(scale) ? (int)YAJL_GET_INTEGER(scale) : 2;
    }
    if (field->weight > 0) {
        field->positions = !YAJL_IS_FALSE(member(value, "positions"));
        field->language = language_of(oracle, own != NULL ? own : language);
        oracle->searchable_count++;
    }
}

static size_t field_find(const struct oracle *oracle, const char *name, size_t size)
{
    size_t i = 0;
    while (i < oracle->field_count &&
           (strlen(oracle->fields[i].name) != size || memcmp(oracle->fields[i].name, name, size) != 0)) {
        i++;
    }
    return i;
}

static bool read_order(struct oracle *oracle, yajl_val order)
{
    if (!YAJL_IS_ARRAY(order)) {
        oracle->order[oracle->order_count++].length = true;
        return true;
    }
    for (size_t i = 0; i < order->u.array.len && i < ORACLE_ORDER_MAX; i++) {
        const char *text = YAJL_GET_STRING(order->u.array.values[i]);
        struct order_part *part = &oracle->order[oracle->order_count++];
        const char *colon = strchr(text, ':');
        size_t size = colon != NULL ? (size_t)(colon - text) : strlen(text);
        part->descending = colon != NULL && strcmp(colon, ":desc") == 0;
        part->field = field_find(oracle, text, size);
        part->length = part->field == oracle->field_count && strcmp(text, "length") == 0;
        if (!part->length && part->field == oracle->field_count) {
            return false;
        }
    }
    return true;
}

static bool read_schema(struct oracle *oracle, const char *schema)
{
    yajl_val tree = keep_tree(oracle, schema);
    yajl_val fields = member(tree, "fields");
    const char *language = YAJL_GET_STRING(member(tree, "language"));
    oracle->id_name = YAJL_GET_STRING(member(tree, "id"));
    if (!YAJL_IS_OBJECT(fields) || oracle->id_name == NULL || fields->u.object.len > ORACLE_FIELDS_MAX) {
        return false;
    }
    for (size_t i = 0; i < fields->u.object.len; i++) {
        read_field(oracle, fields->u.object.keys[i], fields->u.object.values[i], language != NULL ? language : "none");
    }
    while (oracle->first_text < oracle->field_count && oracle->fields[oracle->first_text].type != TEXT) {
        oracle->first_text++;
    }
    oracle_read_signals(oracle, member(tree, "signals"));
    return oracle->first_text < oracle->field_count && read_order(oracle, member(tree, "order"));
}

struct oracle *oracle_new(const char *schema)
{
    struct oracle *oracle = oracle_grow(NULL, sizeof *oracle);
    memset(oracle, 0, sizeof *oracle);
    if (!read_schema(oracle, schema)) {
        oracle_free(oracle);
        return NULL;
    }
    return oracle;
}

void oracle_free(struct oracle *oracle)
{
    if (oracle == NULL) {
        return;
    }
    for (size_t i = 0; i < oracle->tree_count; i++) {
        yajl_tree_free(oracle->trees[i]);
    }
    for (size_t i = 0; i < oracle->language_count; i++) {
        if (oracle->stemmers[i] != NULL) {
            sb_stemmer_delete(oracle->stemmers[i]);
        }
    }
    for (size_t i = 0; i < oracle->version_count; i++) {
        free(oracle->versions[i].layers);
        free(oracle->versions[i].terms);
        free(oracle->versions[i].occurrences);
    }
    free(oracle->trees);
    free(oracle->versions);
    free(oracle->terms);
    free(oracle->slots);
    free(oracle->id_slots);
    pool_release(&oracle->pool);
    free(oracle);
}

/* ------------------------------------------------------------------------------------------ terms and ids -- */

/* The slot of a term: its own or the free one where it would go. */
static size_t term_slot(const struct oracle *oracle, const char *text)
{
    size_t i = (size_t)hash_bytes(text, strlen(text)) & (oracle->slot_count - 1);
    while (oracle->slots[i] != 0 && strcmp(oracle->terms[oracle->slots[i] - 1].text, text) != 0) {
        i = (i + 1) & (oracle->slot_count - 1);
    }
    return i;
}

int64_t oracle_term_find(const struct oracle *oracle, const char *text)
{
    return oracle->slot_count == 0 ? -1 : (int64_t)oracle->slots[term_slot(oracle, text)] - 1;
}

static uint32_t term_intern(struct oracle *oracle, const char *text)
{
    int64_t found = oracle_term_find(oracle, text);
    if (found >= 0) {
        return (uint32_t)found;
    }
    oracle->terms = oracle_grow(oracle->terms, (oracle->term_count + 1) * sizeof *oracle->terms);
    oracle->terms[oracle->term_count++] =
        (struct term){.text = pool_text(&oracle->pool, text, strlen(text)), .df_used = -1};
    if (oracle->term_count * 2 > oracle->slot_count) {
        oracle->slot_count = oracle->slot_count == 0 ? 1024 : oracle->slot_count * 2;
        oracle->slots = oracle_grow(oracle->slots, oracle->slot_count * sizeof *oracle->slots);
        memset(oracle->slots, 0, oracle->slot_count * sizeof *oracle->slots);
        for (size_t i = 0; i < oracle->term_count; i++) {
            oracle->slots[term_slot(oracle, oracle->terms[i].text)] = (uint32_t)i + 1;
        }
    } else {
        oracle->slots[term_slot(oracle, text)] = (uint32_t)oracle->term_count;
    }
    return (uint32_t)oracle->term_count - 1;
}

static size_t id_slot(const struct oracle *oracle, const char *id)
{
    size_t i = (size_t)hash_bytes(id, strlen(id)) & (oracle->id_slot_count - 1);
    while (oracle->id_slots[i] != 0 && strcmp(oracle->versions[oracle->id_slots[i] - 1].id, id) != 0) {
        i = (i + 1) & (oracle->id_slot_count - 1);
    }
    return i;
}

struct version *oracle_find(struct oracle *oracle, const char *id)
{
    size_t newest = oracle->id_slot_count == 0 ? 0 : oracle->id_slots[id_slot(oracle, id)];
    return newest != 0 && oracle->versions[newest - 1].alive ? &oracle->versions[newest - 1] : NULL;
}

/* Enters the last version as the newest of its id. */
static void enter_id(struct oracle *oracle)
{
    if (oracle->version_count * 2 > oracle->id_slot_count) {
        oracle->id_slot_count = oracle->id_slot_count == 0 ? 1024 : oracle->id_slot_count * 2;
        oracle->id_slots = oracle_grow(oracle->id_slots, oracle->id_slot_count * sizeof *oracle->id_slots);
        memset(oracle->id_slots, 0, oracle->id_slot_count * sizeof *oracle->id_slots);
        for (size_t i = 0; i < oracle->version_count; i++) {
            oracle->id_slots[id_slot(oracle, oracle->versions[i].id)] = i + 1;
        }
        return;
    }
    oracle->id_slots[id_slot(oracle, oracle->versions[oracle->version_count - 1].id)] = oracle->version_count;
}

/* ---------------------------------------------------------------------------------------- codes and lengths -- */

static unsigned length_code(uint64_t length)
{
    static const struct {
        uint64_t last;
        unsigned code;
    } bands[] = {{22, 20}, {26, 21}, {31, 22}, {38, 23},  {48, 24}, {66, 25},
                 {96, 26}, {150, 27}, {250, 28}, {450, 29}, {900, 30}};
    if (length <= 19) {
        return (unsigned)length;
    }
    for (size_t i = 0; i < sizeof bands / sizeof bands[0]; i++) {
        if (length <= bands[i].last) {
            return bands[i].code;
        }
    }
    return 31;
}

unsigned oracle_length_twice(unsigned code)
{
    static const unsigned twice[12] = {42, 49, 57, 69, 86, 114, 162, 246, 400, 700, 1300, 2600};
    return code < 20 ? 2 * code : twice[code - 20];
}

static unsigned class_of_tf(uint64_t tf)
{
    return tf <= 6 ? (unsigned)tf - 1 : tf <= 9 ? 6 : 7;
}

/* raw: the sum of weight * tf over all fields; first: whether the first text field has the term. */
static unsigned class_of_raw(int64_t raw, int64_t first_weight, bool first)
{
    int64_t r = raw * 100;
    if (first) {
        return r < 115 * first_weight ? 4 : r < 150 * first_weight ? 5 : r < 250 * first_weight ? 6 : 7;
    }
    return r <= 25 * first_weight ? 0 : r <= 50 * first_weight ? 1 : r <= 80 * first_weight ? 2 : 3;
}

struct occurrences {
    struct occurrence *items;
    size_t count;
    int64_t length; /* sum of weight * words */
};

static int compare_occurrences(const void *left, const void *right)
{
    const struct occurrence *a = left, *b = right;
    if (a->term != b->term) {
        return a->term < b->term ? -1 : 1;
    }
    return (a->order > b->order) - (a->order < b->order);
}

static void add_text(struct oracle *oracle, size_t field, size_t value, const char *text, struct occurrences *out)
{
    struct pool pool = {NULL};
    struct tokens tokens;
    void *stemmer = oracle->stemmers[oracle->fields[field].language];
    enum text_kind kind = oracle->fields[field].code ? TEXT_CODE : TEXT_PRODUCT;
    oracle_tokenise(&pool, text, strlen(text), kind, &tokens);
    out->items = oracle_grow(out->items, (out->count + tokens.count + 1) * sizeof *out->items);
    for (size_t i = 0; i < tokens.count; i++) {
        const struct token *token = &tokens.items[i];
        out->items[out->count] = (struct occurrence){
            .term = term_intern(oracle, oracle_stem(&pool, stemmer, token->term)),
            .field = (uint32_t)field,
            .value = (uint32_t)value,
            .start = (uint32_t)token->position,
            .end = (uint32_t)(token->position + token->parts),
            .order = (uint32_t)out->count,
        };
        out->count++;
    }
    out->length += oracle->fields[field].weight * (int64_t)tokens.words;
    pool_release(&pool);
}

/* Says which occurrences of one term are kept: the first 1,024 of each field, of those that begin at one place the
 * shortest. */
static void keep_positions(struct occurrence *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t before = 0;
        for (size_t k = 0; k < i; k++) {
            before += items[k].field == items[i].field;
        }
        items[i].kept = before < POSITIONS_MAX;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count && items[i].kept; k++) {
            bool shorter = items[k].end < items[i].end || (items[k].end == items[i].end && k < i);
            items[i].kept = !(shorter && items[k].kept && items[k].field == items[i].field &&
                              items[k].value == items[i].value && items[k].start == items[i].start);
        }
    }
}

yajl_val oracle_value(const struct version *version, const char *name)
{
    for (size_t i = version->layer_count; i-- > 0;) {
        yajl_val value = member(version->layers[i], name);
        if (value != NULL) {
            return YAJL_IS_NULL(value) ? NULL : value;
        }
    }
    return NULL;
}

static size_t string_count(yajl_val value)
{
    return YAJL_IS_ARRAY(value) ? value->u.array.len : value != NULL;
}

static const char *string_at(yajl_val value, size_t i)
{
    value = YAJL_IS_ARRAY(value) ? value->u.array.values[i] : value;
    return YAJL_IS_STRING(value) ? YAJL_GET_STRING(value) : YAJL_IS_NUMBER(value) ? YAJL_GET_NUMBER(value) : "";
}

/* Analyses a version's searchable fields: its terms with their codes, its length code. */
static void analyse(struct oracle *oracle, struct version *version)
{
    struct occurrences found = {NULL, 0, 0};
    int64_t first_weight = oracle->fields[oracle->first_text].weight;
    for (size_t field = 0; field < oracle->field_count; field++) {
        yajl_val value = oracle->fields[field].weight > 0 ? oracle_value(version, oracle->fields[field].name) : NULL;
        for (size_t i = 0; i < string_count(value); i++) {
            add_text(oracle, field, i, string_at(value, i), &found);
        }
    }
    version->length_code = length_code((uint64_t)(found.length + first_weight / 2) / (uint64_t)first_weight);
    if (found.count > 0) {
        qsort(found.items, found.count, sizeof *found.items, compare_occurrences);
    }
    version->terms = oracle_grow(NULL, found.count * sizeof *version->terms);
    for (size_t i = 0, next; i < found.count; i = next) {
        int64_t raw = 0;
        bool first = false;
        for (next = i; next < found.count && found.items[next].term == found.items[i].term; next++) {
            raw += oracle->fields[found.items[next].field].weight;
            first = first || found.items[next].field == oracle->first_text;
        }
        unsigned class = oracle->searchable_count == 1 ? class_of_tf(next - i) : class_of_raw(raw, first_weight, first);
        version->terms[version->term_count++] = (struct term_code){
            .term = found.items[i].term,
            .code = (uint8_t)(class << 5 | version->length_code),
            .first = i,
            .count = next - i,
        };
        keep_positions(found.items + i, next - i);
        oracle->terms[found.items[i].term].df++;
    }
    version->occurrences = found.items;
}

/* -------------------------------------------------------------------------------------------- order keys -- */

static uint64_t top_bits(const char *text, size_t size, unsigned bits)
{
    return hash_bytes(text, size) >> (64 - bits);
}

static uint64_t keyword_bits(struct pool *pool, yajl_val value)
{
    if (string_count(value) == 0) {
        return 0;
    }
    const char *folded = oracle_fold(pool, string_at(value, 0), strlen(string_at(value, 0)));
    return top_bits(folded, strlen(folded), 14);
}

static uint64_t path_bits(struct pool *pool, yajl_val value)
{
    size_t count = string_count(value);
    char whole[4096] = "";
    uint64_t first = 0;
    for (size_t i = 0; i < count; i++) {
        const char *folded = oracle_fold(pool, string_at(value, i), strlen(string_at(value, i)));
        size_t used = strlen(whole);
        snprintf(whole + used, sizeof whole - used, "%s%s", i == 0 ? "" : "\x1f", folded);
        first = i == 0 ? top_bits(folded, strlen(folded), 12) : first;
    }
    return count == 0 ? 0 : first << 12 | top_bits(whole, strlen(whole), 12);
}

static uint64_t number_bits(const struct oracle_field *field, yajl_val value, bool descending)
{
    double number = YAJL_IS_TRUE(value) ? 1 : YAJL_IS_NUMBER(value) ? strtod(YAJL_GET_NUMBER(value), NULL) : 0;
    number = field->type == DECIMAL ? rint(number * pow(10, field->scale)) : trunc(number);
    uint64_t q = number <= 0 ? 0 : (uint64_t)fmin(255, floor(8 * log2(1 + number)));
    return descending ? 255 - q : q;
}

static uint64_t order_key(const struct oracle *oracle, const struct version *version)
{
    struct pool pool = {NULL};
    uint64_t key = 0;
    unsigned room = 64;
    for (size_t i = 0; i < oracle->order_count; i++) {
        const struct order_part *part = &oracle->order[i];
        const struct oracle_field *field = &oracle->fields[part->field];
        yajl_val value = part->length ? NULL : oracle_value(version, field->name);
        unsigned bits = part->length ? 5 : field->type == PATH ? 24 : field->type == KEYWORD ? 14 : 8;
        uint64_t packed = part->length            ? version->length_code
                          : field->type == PATH    ? path_bits(&pool, value)
                          : field->type == KEYWORD ? keyword_bits(&pool, value)
                                                   : number_bits(field, value, part->descending);
        unsigned kept = bits < room ? bits : room;
        room -= kept;
        key |= packed >> (bits - kept) << room;
        if (room == 0) {
            break;
        }
    }
    pool_release(&pool);
    return key;
}

/* --------------------------------------------------------------------------------------------- operations -- */

/* A new version of layers (taken over), replacing what has its id. */
static void add_version(struct oracle *oracle, const char *id, yajl_val *layers, size_t layer_count)
{
    struct version *old = oracle_find(oracle, id);
    if (old != NULL) {
        old->alive = false;
    }
    oracle->versions = oracle_grow(oracle->versions, (oracle->version_count + 1) * sizeof *oracle->versions);
    struct version *version = &oracle->versions[oracle->version_count++];
    *version = (struct version){.alive = true, .layers = layers, .layer_count = layer_count};
    version->id = pool_text(&oracle->pool, id, strlen(id));
    version->id_hash = hash_bytes(id, strlen(id));
    analyse(oracle, version);
    version->key = order_key(oracle, version);
    enter_id(oracle);
}

int oracle_put(struct oracle *oracle, const char *product)
{
    yajl_val tree = keep_tree(oracle, product);
    yajl_val id = member(tree, oracle->id_name);
    if (!YAJL_IS_STRING(id) && !YAJL_IS_INTEGER(id)) {
        return AISLE_BAD_PRODUCT;
    }
    yajl_val *layers = oracle_grow(NULL, sizeof *layers);
    layers[0] = tree;
    add_version(oracle, string_at(id, 0), layers, 1);
    return 0;
}

/* Whether a patch names what stands there already, a string or several. */
static bool is_same(yajl_val now, yajl_val then)
{
    if (now == NULL || YAJL_IS_NULL(then)) {
        return now == NULL && YAJL_IS_NULL(then);
    }
    if (YAJL_IS_ARRAY(now) != YAJL_IS_ARRAY(then) || string_count(now) != string_count(then)) {
        return false;
    }
    for (size_t i = 0; i < string_count(now); i++) {
        const char *a = YAJL_GET_STRING(YAJL_IS_ARRAY(now) ? now->u.array.values[i] : now);
        const char *b = YAJL_GET_STRING(YAJL_IS_ARRAY(then) ? then->u.array.values[i] : then);
        if (a == NULL || b == NULL || strcmp(a, b) != 0) {
            return false;
        }
    }
    return true;
}

/* Whether a patch changes only numbers, bools and dates, which happens in place. */
static bool changes_in_place(const struct oracle *oracle, const struct version *version, yajl_val fields)
{
    for (size_t i = 0; i < fields->u.object.len; i++) {
        const char *name = fields->u.object.keys[i];
        size_t field = field_find(oracle, name, strlen(name));
        bool text = field == oracle->field_count || oracle->fields[field].type <= PATH;
        if (text && !is_same(oracle_value(version, name), fields->u.object.values[i])) {
            return false;
        }
    }
    return true;
}

int oracle_patch(struct oracle *oracle, const char *id, const char *fields)
{
    struct version *version = oracle_find(oracle, id);
    yajl_val tree = keep_tree(oracle, fields);
    if (version == NULL) {
        return AISLE_NOT_FOUND;
    }
    if (!YAJL_IS_OBJECT(tree)) {
        return AISLE_BAD_PRODUCT;
    }
    size_t count = version->layer_count;
    if (changes_in_place(oracle, version, tree)) {
        version->layers = oracle_grow(version->layers, (count + 1) * sizeof *version->layers);
        version->layers[count] = tree;
        version->layer_count++;
        return 0;
    }
    yajl_val *layers = oracle_grow(NULL, (count + 1) * sizeof *layers);
    memcpy(layers, version->layers, count * sizeof *layers);
    layers[count] = tree;
    add_version(oracle, id, layers, count + 1);
    return 0;
}

int oracle_delete(struct oracle *oracle, const char *id)
{
    struct version *version = oracle_find(oracle, id);
    if (version == NULL) {
        return AISLE_NOT_FOUND;
    }
    version->alive = false;
    return 0;
}

uint64_t oracle_products(const struct oracle *oracle)
{
    uint64_t count = 0;
    for (size_t i = 0; i < oracle->version_count; i++) {
        count += oracle->versions[i].alive;
    }
    return count;
}

uint64_t oracle_dead(const struct oracle *oracle)
{
    uint64_t count = 0;
    for (size_t i = 0; i < oracle->version_count; i++) {
        count += !oracle->versions[i].alive && !oracle->versions[i].dropped;
    }
    return count;
}

void oracle_merged(struct oracle *oracle)
{
    for (size_t i = 0; i < oracle->version_count; i++) {
        struct version *version = &oracle->versions[i];
        if (version->alive || version->dropped) {
            continue;
        }
        version->dropped = true;
        for (size_t term = 0; term < version->term_count; term++) {
            oracle->terms[version->terms[term].term].df--;
        }
    }
}

void oracle_statistics(const struct oracle *oracle, uint64_t *products, uint64_t *sum2)
{
    *products = oracle->given_products;
    *sum2 = oracle->given_sum2;
    if (oracle->use_given) {
        return;
    }
    *products = *sum2 = 0;
    for (size_t i = 0; i < oracle->version_count; i++) {
        if (!oracle->versions[i].dropped) {
            ++*products;
            *sum2 += oracle_length_twice(oracle->versions[i].length_code);
        }
    }
}

void oracle_use_statistics(struct oracle *oracle, uint64_t products, uint64_t sum2)
{
    oracle->use_given = true;
    oracle->given_products = products;
    oracle->given_sum2 = sum2;
}

void oracle_use_df(struct oracle *oracle, const char *term, uint64_t df)
{
    oracle->terms[term_intern(oracle, term)].df_used = (int64_t)df;
}

void oracle_use_own(struct oracle *oracle)
{
    oracle->use_given = false;
    for (size_t i = 0; i < oracle->term_count; i++) {
        oracle->terms[i].df_used = -1;
    }
}

uint64_t oracle_order_key(struct oracle *oracle, const char *id)
{
    struct version *version = oracle_find(oracle, id);
    return version != NULL ? version->key : 0;
}

int oracle_code(struct oracle *oracle, const char *id, const char *term)
{
    struct version *version = oracle_find(oracle, id);
    int64_t number = oracle_term_find(oracle, term);
    for (size_t i = 0; version != NULL && i < version->term_count; i++) {
        if ((int64_t)version->terms[i].term == number) {
            return version->terms[i].code;
        }
    }
    return -1;
}
