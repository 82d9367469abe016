/*
 * suggest_collect.c - from a product's fields to suggestions.
 */
#include "index/suggest_collect.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "columns/columns.h"

#define POPULARITY_MAX (1 << 24)
#define TITLE_WORDS_MIN 2u
#define TITLE_WORDS_MAX 4u
#define LEVELS_MAX 4u

/* ---- roles of fields ---- */

uint8_t suggest_brand_field(const struct schema *schema)
{
    for (uint8_t f = 0; f < schema->field_count; f++) {
        const struct field *field = &schema->fields[f];
        if (field->type == FIELD_KEYWORD && field->facet && field->searchable && !field->code &&
            f != schema->id_field) {
            return f;
        }
    }
    return SCHEMA_NO_FIELD;
}

uint8_t suggest_category_field(const struct schema *schema)
{
    for (uint8_t f = 0; f < schema->field_count; f++) {
        if (schema->fields[f].type == FIELD_PATH && schema->fields[f].facet) {
            return f;
        }
    }
    int named = schema_field_find(schema, bytes_of_string("category"));
    bool fits = named >= 0 && schema->fields[named].type == FIELD_KEYWORD && schema->fields[named].facet &&
                (uint8_t)named != suggest_brand_field(schema);
    return fits ? (uint8_t)named : SCHEMA_NO_FIELD;
}

uint8_t suggest_popularity_field(const struct schema *schema)
{
    for (uint8_t i = 0; i < schema->signal_count; i++) {
        if (schema->signals[i].kind == SIGNAL_POPULARITY) {
            return schema->signals[i].field;
        }
    }
    return SCHEMA_NO_FIELD;
}

static uint64_t weight_of(const struct field *field, int64_t value)
{
    double number = field->type == FIELD_DOUBLE ? product_double_of_number(value) : (double)value;
    for (uint8_t i = 0; i < field->scale; i++) {
        number /= 10;
    }
    return 1 + (uint64_t)(number < 0 ? 0 : number > POPULARITY_MAX ? POPULARITY_MAX : number);
}

/* ---- texts ---- */

int suggest_key_of(struct analyser *analyser, struct bytes text, struct buf *out)
{
    struct token_list list;
    uint32_t end = 0;
    bool cut = false;
    buf_clear(out);
    int status = analyser_run(analyser, text, 0, &list);
    for (size_t i = 0; i < list.count && status == 0 && !cut; i++) {
        const struct token *token = &list.tokens[i];
        if (token->kind != TOKEN_WORD) {
            continue;
        }
        cut = out->size + token->folded.size + 1 > SUGGEST_KEY_BYTES;
        if (!cut) {
            buf_put_string(out, out->size == 0 ? "" : " ");
            buf_put(out, token->folded.data, token->folded.size);
            end = token->end;
        }
    }
    if (status == 0 && !cut && out->size != 0 && end < text.size && text.data[text.size - 1] == ' ') {
        buf_put_u8(out, ' ');
    }
    return status != 0 ? status : buf_status(out);
}

int suggest_value_of(struct analyser *analyser, struct bytes text, struct buf *out)
{
    struct bytes folded;
    buf_clear(out);
    int status = analyser_fold(analyser, text, &folded);
    if (status == 0 && folded.size <= SUGGEST_CONTEXT_BYTES) {
        for (size_t i = 0; i < folded.size; i++) {
            buf_put_u8(out, folded.data[i] < 0x20 ? ' ' : folded.data[i]);
        }
    }
    return status != 0 ? status : buf_status(out);
}

/* A word that asks for another behind it, in English; other languages keep all of theirs. */
static bool asks_for_more(struct bytes word)
{
    static const char *const words[] = {"a",  "an", "and", "as",  "at",  "by", "for", "from", "in",
                                        "of", "on", "or",  "per", "the", "to", "w",   "with", "your"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (bytes_equal(word, bytes_of_string(words[i]))) {
            return true;
        }
    }
    return false;
}

/* ---- a product ---- */

/* What all suggestions of a product share. */
struct product_facts {
    struct suggest_context contexts[1 + LEVELS_MAX];
    size_t context_count;
    uint64_t weight;
};

static int add(struct suggest_collector *collector, const struct product_facts *facts, enum suggest_kind kind,
               struct bytes key, struct bytes shown)
{
    struct suggest_entry entry = {.key = key,
                                  .shown = shown,
                                  .weight = facts->weight,
                                  .contexts = facts->contexts,
                                  .context_count = facts->context_count,
                                  .kind = (uint8_t)kind};
    bool fits = key.size != 0 && key.size <= SUGGEST_KEY_BYTES && shown.size != 0 && shown.size <= SUGGEST_SHOWN_BYTES;
    return fits ? suggest_set_add(&collector->set, &entry) : 0;
}

static struct bytes trim(struct bytes text)
{
    while (text.size != 0 && text.data[0] <= ' ') {
        text = bytes_of(text.data + 1, text.size - 1);
    }
    while (text.size != 0 && text.data[text.size - 1] <= ' ') {
        text.size--;
    }
    return text;
}

/* A value as a suggestion of its own. */
static int add_value(struct suggest_collector *collector, const struct product_facts *facts, enum suggest_kind kind,
                     struct bytes value)
{
    value = trim(value);
    int status = suggest_key_of(collector->analyser, value, &collector->key);
    return status != 0 ? status : add(collector, facts, kind, buf_bytes(&collector->key), value);
}

static int add_term(struct suggest_collector *collector, const struct product_facts *facts, struct bytes brand,
                    struct bytes category)
{
    buf_clear(&collector->shown);
    brand = trim(brand);
    category = trim(category);
    buf_put(&collector->shown, brand.data, brand.size);
    buf_put_u8(&collector->shown, ' ');
    buf_put(&collector->shown, category.data, category.size);
    int status = buf_status(&collector->shown);
    return status != 0 ? status : add_value(collector, facts, SUGGEST_TERM, buf_bytes(&collector->shown));
}

/* Whether a fragment may end at this byte: not inside "non-stick". */
static bool is_break(struct bytes title, uint32_t end)
{
    return end == title.size || (title.data[end] < 0x80 && strchr(" ,;|()[]", title.data[end]) != NULL);
}

static int add_title(struct suggest_collector *collector, const struct product_facts *facts, struct bytes title)
{
    struct token_list list;
    uint32_t words = 0;
    uint32_t first = 0;
    int status = analyser_run(collector->analyser, title, 0, &list);
    buf_clear(&collector->key);
    for (size_t i = 0; i < list.count && status == 0 && words < TITLE_WORDS_MAX; i++) {
        const struct token *token = &list.tokens[i];
        if (token->kind != TOKEN_WORD) {
            continue;
        }
        first = words == 0 ? token->start : first;
        buf_put_string(&collector->key, words == 0 ? "" : " ");
        buf_put(&collector->key, token->folded.data, token->folded.size);
        words++;
        bool alone = words == 1 && list.length == 1;
        if ((words >= TITLE_WORDS_MIN || alone) && !asks_for_more(token->folded) && is_break(title, token->end)) {
            status = buf_status(&collector->key);
            if (status == 0) {
                status = add(collector, facts, SUGGEST_TITLE, buf_bytes(&collector->key),
                             bytes_of(title.data + first, token->end - first));
            }
        }
    }
    return status;
}

static void put_context(struct product_facts *facts, uint8_t field, struct bytes value)
{
    if (value.size != 0) {
        facts->contexts[facts->context_count++] =
            (struct suggest_context){.value = value, .weight = facts->weight, .field = field};
    }
}

/*
 * The contexts of a product. Their values stand in collector->brand and, the levels of the path behind one another, in
 * collector->path, whose memory is taken before any is pointed to.
 */
static int find_contexts(struct suggest_collector *collector, const struct product_value *brand, uint8_t brand_field,
                         const struct product_value *path, uint8_t path_field, uint32_t path_levels,
                         struct product_facts *facts)
{
    size_t ends[LEVELS_MAX];
    uint32_t levels = 0;
    int status = 0;
    buf_clear(&collector->path);
    if (brand != NULL) {
        status = suggest_value_of(collector->analyser, trim(brand->strings[0]), &collector->brand);
        put_context(facts, brand_field, buf_bytes(&collector->brand));
    }
    buf_clear(&collector->shown);
    for (uint32_t i = 0; i < path_levels && i < LEVELS_MAX && status == 0; i++) {
        buf_put_string(&collector->shown, i == 0 ? "" : " > ");
        buf_put(&collector->shown, path->strings[i].data, path->strings[i].size);
        status = buf_status(&collector->shown);
        status = status != 0 ? status
                             : suggest_value_of(collector->analyser, buf_bytes(&collector->shown), &collector->key);
        buf_put(&collector->path, collector->key.data, collector->key.size);
        status = status != 0 ? status : buf_status(&collector->path);
        ends[levels++] = collector->path.size;
    }
    for (uint32_t i = 0; i < levels && status == 0; i++) {
        size_t start = i == 0 ? 0 : ends[i - 1];
        put_context(facts, path_field, bytes_of(collector->path.data + start, ends[i] - start));
    }
    return status;
}

static const struct product_value *value_of(const struct product *product, uint8_t field)
{
    bool there = field != SCHEMA_NO_FIELD && product->values[field].present;
    return there ? &product->values[field] : NULL;
}

static int collect(struct suggest_collector *collector, const struct product *product, uint64_t weight)
{
    const struct schema *schema = collector->schema;
    struct product_facts facts = {.weight = weight};
    uint8_t brand_field = suggest_brand_field(schema);
    uint8_t path_field = suggest_category_field(schema);
    const struct product_value *brand = value_of(product, brand_field);
    const struct product_value *path = value_of(product, path_field);
    const struct product_value *title = value_of(product, schema->first_text);
    bool is_path = path != NULL && schema->fields[path_field].type == FIELD_PATH;
    uint32_t levels = path == NULL ? 0 : is_path ? path->string_count : 1;
    int status = find_contexts(collector, brand, brand_field, path, path_field, levels, &facts);
    if (status == 0 && brand != NULL) {
        status = add_value(collector, &facts, SUGGEST_BRAND, brand->strings[0]);
    }
    for (uint32_t i = 0; i < levels && status == 0; i++) {
        status = add_value(collector, &facts, SUGGEST_CATEGORY, path->strings[i]);
    }
    if (status == 0 && brand != NULL && levels != 0) {
        status = add_term(collector, &facts, brand->strings[0], path->strings[levels - 1]);
    }
    if (status == 0 && title != NULL) {
        status = add_title(collector, &facts, title->strings[0]);
    }
    return status;
}

int suggest_collect(struct suggest_collector *collector, struct bytes text, const int64_t *popularity, uint64_t times)
{
    struct product product;
    uint8_t field = suggest_popularity_field(collector->schema);
    uint64_t weight = 1;
    int status = product_reader_read(collector->reader, collector->schema, text, &product, NULL);
    if (status != 0) {
        return status == AISLE_BAD_PRODUCT ? 0 : status;
    }
    const struct product_value *own = value_of(&product, field);
    if (popularity != NULL && *popularity != COLUMN_MISSING) {
        weight = weight_of(&collector->schema->fields[field], *popularity);
    } else if (popularity == NULL && own != NULL) {
        weight = weight_of(&collector->schema->fields[field], own->number);
    }
    collector->products += times;
    return collect(collector, &product, weight * times);
}

int suggest_collector_init(struct suggest_collector *collector, const struct schema *schema, size_t memory_bytes)
{
    *collector = (struct suggest_collector){.schema = schema};
    buf_init(&collector->brand, LIMIT_PRODUCT_BYTES);
    buf_init(&collector->path, LIMIT_PRODUCT_BYTES);
    buf_init(&collector->key, LIMIT_PRODUCT_BYTES);
    buf_init(&collector->shown, LIMIT_PRODUCT_BYTES);
    suggest_set_init(&collector->set, memory_bytes);
    int status = analyser_new(&collector->analyser);
    return status != 0 ? status : product_reader_new(&collector->reader);
}

void suggest_collector_release(struct suggest_collector *collector)
{
    analyser_free(collector->analyser);
    product_reader_free(collector->reader);
    buf_release(&collector->brand);
    buf_release(&collector->path);
    buf_release(&collector->key);
    buf_release(&collector->shown);
    suggest_set_release(&collector->set);
    *collector = (struct suggest_collector){.schema = NULL};
}
