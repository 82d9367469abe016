/*
 * ingest.c - one product into the memory index.
 */
#include "index/ingest.h"

#include "index/analysers.h"
#include "index/exact.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "schema/variant.h"

#define PATH_SEPARATOR 0x1f /* ON DISK, through the order key: between the levels of a path */

void ingest_columns(const struct schema *schema, struct segment_columns *columns)
{
    *columns = (struct segment_columns){.count = 0};
    for (uint8_t f = 0; f < schema->field_count; f++) {
        enum field_type type = schema->fields[f].type;
        bool values = field_type_is_words(type) || type == FIELD_VARIANTS;
        if (schema->fields[f].column) {
            columns->field[columns->count] = f;
            columns->values[columns->count] = values;
            columns->variants[columns->count] = type == FIELD_VARIANTS;
            columns->kind[columns->count++] = type == FIELD_DOUBLE ? COLUMN_DOUBLE : COLUMN_INTEGER;
        }
    }
}

/* Whether products share the values of a field. Those of variants stand in several places of a product. */
static bool is_shared(const struct schema *schema, uint8_t f)
{
    const struct field *field = &schema->fields[f];
    return field_type_is_words(field->type) && !field->code && !field->of_variants && f != schema->first_text;
}

int ingest_init(struct ingest *ingest, const struct schema *schema, const struct segment_columns *columns,
                const struct rank_weights *weights, aisle_error *error)
{
    *ingest = (struct ingest){.schema = schema, .columns = columns, .weights = weights};
    for (uint8_t f = 0; f < schema->field_count; f++) {
        int status = text_language_find(schema->fields[f].language, &ingest->language[f]);
        if (status != 0) {
            return error_set(error, AISLE_BAD_SCHEMA, "field \"%s\": unknown language \"%s\"", schema->fields[f].name,
                             schema->fields[f].language);
        }
        ingest->shared[f] = is_shared(schema, f);
        if (schema->fields[f].searchable) {
            const struct rank_occurrence once = {
                .weight = schema->fields[f].weight, .frequency = 1, .in_first = f == schema->first_text};
            ingest->once[schema->fields[f].searchable_rank] = rank_class(weights, &once);
        }
    }
    places_init(&ingest->places, schema->searchable_count);
    buf_init(&ingest->folded, LIMIT_PRODUCT_BYTES * 32);
    buf_init(&ingest->shown, LIMIT_KEYWORD_BYTES);
    buf_init(&ingest->variant, VALUES_FOLDED_BYTES_MAX * 3);
    int status = analysers_new(schema, &ingest->analyser);
    return status == 0 ? 0 : error_no_memory(error, "beginning to write");
}

void ingest_release(struct ingest *ingest)
{
    analyser_free(ingest->analyser);
    mem_free(ingest->slots);
    mem_free(ingest->classes);
    places_release(&ingest->places);
    known_values_release(&ingest->known);
    buf_release(&ingest->folded);
    buf_release(&ingest->shown);
    buf_release(&ingest->variant);
    *ingest = (struct ingest){.schema = NULL};
}

static int grow_slots(struct ingest *ingest)
{
    size_t wanted = ingest->slot_capacity == 0 ? 256 : ingest->slot_capacity * 2;
    struct rank_occurrence *slots = mem_realloc(ingest->slots, wanted * sizeof *slots);
    if (slots == NULL) {
        return AISLE_NO_MEMORY;
    }
    ingest->slots = slots;
    uint8_t *classes = mem_realloc(ingest->classes, wanted);
    if (classes == NULL) {
        return AISLE_NO_MEMORY;
    }
    ingest->classes = classes;
    ingest->slot_capacity = wanted;
    return 0;
}

/* Notes one more occurrence of a term that the builder has given this slot. */
static int add_occurrence(struct ingest *ingest, const struct ingest_token *token, uint32_t slot)
{
    const struct field *field = &ingest->schema->fields[token->field];
    bool in_first = token->field == ingest->schema->first_text;
    if (slot == ingest->slot_count) {
        int status = slot == ingest->slot_capacity ? grow_slots(ingest) : 0;
        if (status != 0) {
            return status;
        }
        ingest->slots[ingest->slot_count++] =
            (struct rank_occurrence){.weight = field->weight, .frequency = 1, .in_first = in_first};
    } else {
        struct rank_occurrence *occurrence = &ingest->slots[slot];
        occurrence->weight += field->weight;
        occurrence->frequency++;
        occurrence->in_first = occurrence->in_first || in_first;
    }
    return places_add(&ingest->places, slot, field, token->position, token->parts);
}

/* The values whose tokens have waited are known from now on. */
static void learn_values(struct ingest *ingest, const struct segment_builder *builder, const uint32_t *slots)
{
    for (uint32_t i = 0; i < ingest->learning_count; i++) {
        struct known_value *value = ingest->learning[i].value;
        uint32_t first = ingest->learning[i].first;
        for (uint32_t k = 0; k < value->count; k++) {
            value->tokens[k].number = segment_builder_number(builder, slots[first + k]);
        }
        value->serial = segment_builder_serial(builder);
    }
}

#define NOTE_WRITTEN 1u /* a note's flag: the word stands among those that people write */

/* The words that have waited are known from now on, but for those that the analyser has forgotten meanwhile. */
static void learn_words(struct ingest *ingest, const struct segment_builder *builder, const uint32_t *slots)
{
    uint64_t serial = segment_builder_serial(builder);
    for (uint32_t i = 0; i < ingest->fresh_count; i++) {
        const struct ingest_fresh *fresh = &ingest->fresh[i];
        struct word_note *note = fresh->note;
        if (note->word == fresh->word) {
            note->flags = (note->owner == serial ? note->flags : 0) | (fresh->written ? NOTE_WRITTEN : 0);
            note->owner = serial;
            note->value = segment_builder_number(builder, slots[fresh->at]);
        }
    }
}

/* Gives what waits to the builder: all fields' tokens together, so that it waits for memory once, not once a field. */
static int add_waiting(struct ingest *ingest, struct segment_builder *builder)
{
    uint32_t slots[SEGMENT_TOUCH_MAX];
    uint32_t count = ingest->waiting;
    ingest->waiting = 0;
    ingest->rounds++;
    int status = count == 0 ? 0 : segment_builder_touch(builder, ingest->terms, count, slots);
    if (status == 0) {
        learn_values(ingest, builder, slots);
        learn_words(ingest, builder, slots);
    }
    ingest->learning_count = 0;
    ingest->fresh_count = 0;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        status = add_occurrence(ingest, &ingest->tokens[i], slots[i]);
    }
    return status;
}

/* Most terms have 4 to 16 bytes, for which a call costs more than the copy. */
static inline void copy_term(uint8_t *to, struct bytes term)
{
    if (term.size >= 8 && term.size <= 16) {
        store_u64(to, load_u64(term.data));
        store_u64(to + term.size - 8, load_u64(term.data + term.size - 8));
    } else if (term.size >= 4 && term.size < 8) {
        store_u32(to, load_u32(term.data));
        store_u32(to + term.size - 4, load_u32(term.data + term.size - 4));
    } else {
        memcpy(to, term.data, term.size);
    }
}

/* Whether corrections may end at the token: what only helps to find a product is not what people write, but codes. */
static bool is_written(const struct token *token)
{
    if (token->kind != TOKEN_EXTRA) {
        return true;
    }
    for (size_t i = 0; i < token->folded.size; i++) {
        if (token->folded.data[i] >= '0' && token->folded.data[i] <= '9') {
            return true;
        }
    }
    return false;
}

static inline bool is_same(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.data == b.data || memcmp(a.data, b.data, a.size) == 0);
}

/* Has a token wait whose term the builder has to look for. */
static int add_unknown(struct ingest *ingest, struct lexicon_set *words, const struct token *token)
{
    uint32_t at = ingest->waiting;
    bool written = is_written(token);
    bool is_word = written && is_same(token->term, token->folded);
    int status = written && !is_word ? lexicon_set_note(words, token->folded, token->word) : 0;
    copy_term(ingest->term_bytes[at], token->term);
    ingest->terms[at] = (struct segment_token){.term = bytes_of(ingest->term_bytes[at], token->term.size),
                                               .word = token->word,
                                               .is_word = is_word};
    if (token->note != NULL) {
        ingest->fresh[ingest->fresh_count++] =
            (struct ingest_fresh){.note = token->note, .word = token->word, .at = at, .written = written};
    }
    return status;
}

/* Whether the builder with this serial is known to have the token's term, and its word among those that are written. */
static inline bool is_known(const struct token *token, uint64_t serial)
{
    const struct word_note *note = token->note;
    return note != NULL && note->owner == serial && note->word == token->word &&
           (note->flags == NOTE_WRITTEN || !is_written(token));
}

/* Has the tokens of a value wait, whose first position is base. */
static int add_tokens(struct ingest *ingest, struct segment_builder *builder, const struct token_list *list,
                      uint32_t base, uint8_t field)
{
    struct lexicon_set *words = segment_builder_word_set(builder);
    uint64_t serial = segment_builder_serial(builder);
    int status = 0;
    for (size_t i = 0; i < list->count && status == 0; i++) {
        const struct token *token = &list->tokens[i];
        if (is_known(token, serial)) {
            ingest->terms[ingest->waiting] = (struct segment_token){.number = token->note->value};
        } else {
            status = add_unknown(ingest, words, token);
        }
        if (status != 0) {
            break;
        }
        ingest->tokens[ingest->waiting++] =
            (struct ingest_token){.position = base + token->position, .field = field, .parts = token->parts};
        status = ingest->waiting == SEGMENT_TOUCH_MAX ? add_waiting(ingest, builder) : 0;
    }
    return status;
}

/* Has the tokens of a value wait whose terms the builder is known to have. */
static int add_known(struct ingest *ingest, struct segment_builder *builder, const struct known_value *value,
                     uint8_t field)
{
    int status = 0;
    for (uint32_t i = 0; i < value->count && status == 0; i++) {
        const struct known_token *token = &value->tokens[i];
        uint32_t at = ingest->waiting++;
        ingest->terms[at] = (struct segment_token){.number = token->number};
        ingest->tokens[at] =
            (struct ingest_token){.position = token->position, .field = field, .parts = token->parts};
        status = ingest->waiting == SEGMENT_TOUCH_MAX ? add_waiting(ingest, builder) : 0;
    }
    return status;
}

/* Whether the value already stands among those to be learned: of another with its place, the former is forgotten. */
static bool is_learning(const struct ingest *ingest, const struct known_value *value)
{
    for (uint32_t i = 0; i < ingest->learning_count; i++) {
        if (ingest->learning[i].value == value) {
            return true;
        }
    }
    return false;
}

/* The tokens of a value wait, from first on: notes that it is to be known when they do no longer. */
static void begin_learning(struct ingest *ingest, uint8_t field, uint32_t strings, uint32_t first, uint32_t length)
{
    uint32_t count = ingest->waiting - first;
    if (count > KNOWN_VALUE_TOKENS || length > UINT16_MAX || ingest->learning_count == INGEST_LEARNING_MAX ||
        (count != 0 && ingest->tokens[first + count - 1].position > UINT16_MAX)) {
        return;
    }
    struct known_value *value = ingest->values[field].place;
    if (value == NULL || is_learning(ingest, value)) {
        return;
    }
    known_value_begin(value, field, strings, ingest->values[field].raw);
    value->count = (uint8_t)count;
    value->length = (uint16_t)length;
    for (uint32_t i = 0; i < count; i++) {
        value->tokens[i].position = (uint16_t)ingest->tokens[first + i].position;
        value->tokens[i].parts = ingest->tokens[first + i].parts;
    }
    ingest->learning[ingest->learning_count++] = (struct ingest_learning){.value = value, .first = first};
}

/* Has the term of a whole title wait. */
static int add_exact(struct ingest *ingest, struct segment_builder *builder, const struct token_list *list,
                     uint32_t base, uint8_t field)
{
    uint32_t at = ingest->waiting;
    size_t size = exact_title_term(list, ingest->term_bytes[at]);
    if (size == 0) {
        return 0;
    }
    ingest->terms[at] = (struct segment_token){.term = bytes_of(ingest->term_bytes[at], size)};
    ingest->tokens[at] = (struct ingest_token){.position = base, .field = field, .parts = 1};
    return ++ingest->waiting == SEGMENT_TOUCH_MAX ? add_waiting(ingest, builder) : 0;
}

/* The bytes of the product that the value is read from, which together with their number say what its strings are. */
static struct bytes raw_of(const struct ingest *ingest, const struct product_value *value)
{
    const struct bytes *strings = value->strings;
    uintptr_t at = (uintptr_t)ingest->text.data;
    uintptr_t end = at + ingest->text.size;
    if (value->string_count == 1) {
        return strings[0];
    }
    for (uint32_t i = 0; i < value->string_count; i++) {
        uintptr_t start = (uintptr_t)strings[i].data;
        if (start < at || start > end || strings[i].size > end - start) {
            return bytes_of(NULL, 0); /* it had escapes */
        }
        at = start + strings[i].size;
    }
    return bytes_of(strings[0].data, (size_t)(at - (uintptr_t)strings[0].data));
}

/* Has all places of the product's shared values on their way from memory before any of them is looked at. */
static void ask_values(struct ingest *ingest, const struct product *product)
{
    for (uint8_t f = 0; f < ingest->schema->field_count; f++) {
        const struct product_value *value = &product->values[f];
        if (ingest->shared[f] && value->present) {
            struct bytes raw = raw_of(ingest, value);
            ingest->values[f] = (struct ingest_value){
                .raw = raw, .place = known_values_place(&ingest->known, f, value->string_count, raw)};
        }
    }
}

/* What is known of a shared value; NULL: nothing. */
static struct known_value *find_known(const struct ingest *ingest, const struct segment_builder *builder,
                                      const struct product_value *value, uint8_t field)
{
    const struct ingest_value *at = &ingest->values[field];
    bool known = at->place != NULL && known_value_is(at->place, segment_builder_serial(builder), field,
                                                     value->string_count, at->raw);
    return known ? at->place : NULL;
}

static void take_facts(struct ingest_facts *facts, const struct known_value *known)
{
    uint64_t bit = (uint64_t)1 << known->field;
    if (known->has_code) {
        facts->codes |= bit;
        facts->code[known->field] = known->code;
    }
    if (known->has_order) {
        facts->orders |= bit;
        facts->order[known->field] = known->order;
    }
}

/* Adds the tokens of one string, whose first position is base; *count: its positions. */
static int add_string(struct ingest *ingest, struct segment_builder *builder, struct bytes text, uint32_t base,
                      uint8_t field, uint32_t *count)
{
    const struct schema *schema = ingest->schema;
    struct token_list list;
    int status = analyser_run_product(ingest->analyser, text, ingest->language[field], schema->fields[field].code,
                                      &list);
    *count = list.length;
    if (status == 0) {
        status = add_tokens(ingest, builder, &list, base, field);
    }
    if (status == 0 && field == schema->first_text && schema->exact != 0) {
        status = add_exact(ingest, builder, &list, base, field);
    }
    return status;
}

/* Adds all tokens of a field's strings; *length: how many positions they take. */
static int add_strings(struct ingest *ingest, struct segment_builder *builder, const struct product_value *value,
                       uint8_t field, uint32_t *length)
{
    uint32_t base = 0;
    int status = 0;
    *length = 0;
    for (uint32_t i = 0; i < value->string_count && status == 0; i++) {
        uint32_t count = 0;
        status = add_string(ingest, builder, value->strings[i], base, field, &count);
        base += count + PLACES_GAP;
        *length += count;
    }
    return status;
}

/* Adds all tokens of a field; *length grows by weight * tokens. */
static int add_field(struct ingest *ingest, struct segment_builder *builder, const struct product_value *value,
                     uint8_t field, uint64_t *length)
{
    uint64_t weight = ingest->schema->fields[field].weight;
    bool searchable = ingest->schema->fields[field].searchable;
    bool shared = ingest->shared[field];
    uint32_t count = 0;
    const struct known_value *known = shared ? find_known(ingest, builder, value, field) : NULL;
    if (known != NULL) {
        take_facts(&ingest->facts, known);
        *length += known->length * weight;
        return add_known(ingest, builder, known, field);
    }
    uint32_t first = ingest->waiting;
    uint32_t rounds = ingest->rounds;
    int status = searchable ? add_strings(ingest, builder, value, field, &count) : 0;
    *length += count * weight;
    if (status == 0 && shared && searchable && ingest->rounds == rounds) {
        begin_learning(ingest, field, value->string_count, first, count);
    }
    return status;
}

/* What is known of a field's value, to be added to; one that nobody searches for has no tokens to wait for. */
static struct known_value *known_of(struct ingest *ingest, const struct segment_builder *builder,
                                    const struct product_value *value, uint8_t field)
{
    if (!ingest->shared[field]) {
        return NULL;
    }
    struct known_value *known = find_known(ingest, builder, value, field);
    if (known == NULL && !ingest->schema->fields[field].searchable) {
        known = ingest->values[field].place;
        if (known != NULL) {
            known_value_begin(known, field, value->string_count, ingest->values[field].raw);
            known->serial = segment_builder_serial(builder);
        }
    }
    return known;
}

/* Hash of a keyword's first value; of a path, the first level's in the high half and the whole's in the low half. */
static int fold_hash(struct ingest *ingest, const struct field *field, const struct product_value *value,
                     uint64_t *hash)
{
    struct bytes folded;
    int status = analyser_fold(ingest->analyser, value->strings[0], &folded);
    if (status != 0) {
        return status;
    }
    uint64_t first = hash_bytes(folded.data, folded.size);
    *hash = first;
    if (field->type != FIELD_PATH) {
        return 0;
    }
    uint8_t joined[LIMIT_KEYWORD_BYTES * 4];
    size_t size = 0;
    for (uint32_t i = 0; i < value->string_count && size < sizeof joined; i++) {
        status = analyser_fold(ingest->analyser, value->strings[i], &folded);
        if (status != 0) {
            return status;
        }
        if (i != 0) {
            joined[size++] = PATH_SEPARATOR;
        }
        size_t room = sizeof joined - size;
        size_t part = folded.size < room ? folded.size : room;
        memcpy(joined + size, folded.data, part);
        size += part;
    }
    *hash = (first >> 32 << 32) | hash_bytes(joined, size) >> 32;
    return 0;
}

/* The same, of what is known, too. */
static int order_of(struct ingest *ingest, const struct segment_builder *builder, const struct product_value *value,
                    uint8_t field, uint64_t *hash)
{
    if ((ingest->facts.orders >> field & 1) != 0) {
        *hash = ingest->facts.order[field];
        return 0;
    }
    int status = fold_hash(ingest, &ingest->schema->fields[field], value, hash);
    struct known_value *known = status == 0 ? known_of(ingest, builder, value, field) : NULL;
    if (known != NULL) {
        known->has_order = true;
        known->order = *hash;
    }
    return status;
}

static int order_key(struct ingest *ingest, const struct segment_builder *builder, const struct product *product,
                     uint8_t length_code, uint64_t *key)
{
    const struct schema *schema = ingest->schema;
    uint64_t hashes[LIMIT_FIELDS] = {0};
    for (uint32_t i = 0; i < schema->order_count; i++) {
        uint8_t f = schema->order[i].field;
        bool hashed = schema->order[i].kind == ORDER_FIELD &&
                      field_type_is_words(schema->fields[f].type);
        if (hashed && product->values[f].present) {
            int status = order_of(ingest, builder, &product->values[f], f, &hashes[f]);
            if (status != 0) {
                return status;
            }
        }
    }
    *key = rank_order_key(schema, product, length_code, hashes);
    return 0;
}

/* The number of a keyword, or of a path with count parts; *known is false for one that folds to nothing. */
static int add_value(struct ingest *ingest, struct values_collector *values, const struct bytes *parts, uint32_t count,
                     uint32_t *number, bool *known)
{
    struct value_pair pair = {.shown = parts[0]};
    int status = text_fold_keyword(ingest->analyser, parts, count, VALUES_FOLDED_BYTES_MAX, &ingest->folded);
    if (count != 1) {
        buf_clear(&ingest->shown);
        for (uint32_t i = 0; i < count; i++) {
            buf_put_string(&ingest->shown, i == 0 ? "" : " > ");
            buf_put(&ingest->shown, parts[i].data, parts[i].size);
        }
        pair.shown = buf_bytes(&ingest->shown);
        status = status == 0 ? buf_status(&ingest->shown) : status;
    }
    pair.folded = buf_bytes(&ingest->folded);
    *known = pair.folded.size != 0;
    return status == 0 && *known ? values_collector_add(values, &pair, number) : status;
}

/*
 * The number of a variant, whose words are folded here. What folding makes too long for a value is left out, from the
 * last field on: nobody can ask for it.
 */
static int add_variant(struct ingest *ingest, struct values_collector *values, struct bytes raw, uint32_t *number)
{
    struct byte_reader reader = byte_reader_of(raw);
    struct variant_entry entry;
    int status;
    buf_clear(&ingest->variant);
    while ((status = variant_next(&reader, &entry)) == 0) {
        size_t before = ingest->variant.size;
        if (entry.is_word) {
            status = text_fold_keyword(ingest->analyser, &entry.word, 1, VALUES_FOLDED_BYTES_MAX, &ingest->folded);
            if (status != 0) {
                return status;
            }
            if (ingest->folded.size != 0) { /* as a keyword that folds to nothing is none */
                variant_put_word(&ingest->variant, entry.field, buf_bytes(&ingest->folded));
            }
        } else {
            variant_put_number(&ingest->variant, entry.field, entry.number);
        }
        ingest->variant.size = ingest->variant.size > VALUES_FOLDED_BYTES_MAX ? before : ingest->variant.size;
    }
    if (ingest->variant.size == 0) {
        variant_put_nothing(&ingest->variant);
    }
    status = status == AISLE_END ? buf_status(&ingest->variant) : status;
    const struct value_pair pair = {.folded = buf_bytes(&ingest->variant), .shown = bytes_of_string("")};
    return status == 0 ? values_collector_add(values, &pair, number) : status;
}

static int value_code(struct ingest *ingest, struct values_collector *values, uint8_t field,
                      const struct product_value *value, int64_t *code)
{
    uint32_t numbers[LIMIT_LIST_VALUES];
    uint32_t count = 0;
    bool path = ingest->schema->fields[field].type == FIELD_PATH;
    int status = value->string_count > LIMIT_LIST_VALUES ? AISLE_INVALID : 0; /* the product was refused */
    for (uint32_t i = 0; i < (path ? 1 : value->string_count) && status == 0; i++) {
        bool known = true;
        if (ingest->schema->fields[field].type == FIELD_VARIANTS) {
            status = add_variant(ingest, values, value->strings[i], &numbers[count++]);
            continue;
        }
        status = add_value(ingest, values, value->strings + i, path ? value->string_count : 1, &numbers[count], &known);
        count += known ? 1 : 0;
    }
    return status == 0 ? values_collector_code(values, numbers, count, code) : status;
}

/* The same of the column number i, of what is known, too. A list's code is not: each document has its own. */
static int code_of(struct ingest *ingest, struct segment_builder *builder, uint8_t i,
                   const struct product_value *value, int64_t *code)
{
    uint8_t field = ingest->columns->field[i];
    if ((ingest->facts.codes >> field & 1) != 0) {
        *code = ingest->facts.code[field];
        return 0;
    }
    int status = value_code(ingest, segment_builder_values(builder, i), field, value, code);
    struct known_value *known = status == 0 && *code >= 0 ? known_of(ingest, builder, value, field) : NULL;
    if (known != NULL) {
        known->has_code = true;
        known->code = *code;
    }
    return status;
}

static int fill_columns(struct ingest *ingest, struct segment_builder *builder, const struct product *product,
                        int64_t *columns)
{
    int status = 0;
    for (uint8_t i = 0; i < ingest->columns->count && status == 0; i++) {
        uint8_t field = ingest->columns->field[i];
        const struct product_value *value = &product->values[field];
        columns[i] = value->present ? value->number : COLUMN_MISSING;
        if (ingest->columns->values[i]) {
            columns[i] = COLUMN_MISSING;
            status = value->present ? code_of(ingest, builder, i, value, &columns[i]) : 0;
        }
    }
    return status;
}

static int add_document(struct ingest *ingest, struct segment_builder *builder, const struct product *product,
                        uint64_t id_hash, struct bytes text, uint64_t length)
{
    int64_t columns[LIMIT_FIELDS];
    struct builder_document document = {.id = product->id, .id_hash = id_hash, .stored = text};
    document.length_code = rank_length_code(ingest->weights, length);
    document.length = rank_length_halves[document.length_code];
    int status = fill_columns(ingest, builder, product, columns);
    for (size_t i = 0; i < ingest->slot_count; i++) {
        const struct rank_occurrence *slot = &ingest->slots[i];
        ingest->classes[i] = slot->frequency == 1 ? ingest->once[ingest->places.slots[i].rank]
                                                  : rank_class(ingest->weights, slot);
    }
    document.columns = columns;
    document.classes = ingest->classes;
    if (status == 0) {
        status = order_key(ingest, builder, product, document.length_code, &document.order);
    }
    if (status == 0) {
        status = places_encode(&ingest->places, &document.positions);
    }
    uint32_t number;
    return status == 0 ? segment_builder_end(builder, &document, &number) : status;
}

int ingest_add(struct ingest *ingest, struct segment_builder *builder, const struct product *product,
               uint64_t id_hash, struct bytes text)
{
    const struct schema *schema = ingest->schema;
    uint64_t length = 0;
    int status = 0;
    ingest->slot_count = 0;
    ingest->waiting = 0;
    ingest->learning_count = 0;
    ingest->fresh_count = 0;
    ingest->facts.codes = 0;
    ingest->facts.orders = 0;
    ingest->text = text;
    places_begin(&ingest->places);
    ask_values(ingest, product);
    for (uint8_t f = 0; f < schema->field_count && status == 0; f++) {
        if (product->values[f].present && (schema->fields[f].searchable || ingest->shared[f])) {
            status = add_field(ingest, builder, &product->values[f], f, &length);
        }
    }
    if (status == 0) {
        status = add_waiting(ingest, builder);
    }
    if (status == 0) {
        status = add_document(ingest, builder, product, id_hash, text, length);
    }
    if (status != 0) {
        segment_builder_abandon(builder);
    }
    return status;
}
