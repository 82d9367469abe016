/*
 * curation_read.c - rules from JSON: an array, each of whose objects is read by itself, so that a file may be long.
 *
 * Messages name the line; error->position is the byte. Thread rule: as curation.h.
 */
#include "curation/curation_read.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/utf8.h"

static_assert(LIMIT_RULE_WORDS == 8 && LIMIT_RULES_ALWAYS == 100 && LIMIT_RULES == 65536, "as messages say");

#define ARENA_BYTES ((size_t)512 << 20)

int curation_refuse(const struct curation_reading *reading, size_t position, int status, const char *why)
{
    uint32_t line = 1;
    for (size_t i = 0; i < position && i < reading->source->text.size; i++) {
        line += reading->source->text.data[i] == '\n' ? 1 : 0;
    }
    return error_set_at(reading->error, status, position, "%s:%u: %s", reading->source->name, line, why);
}

int curation_no_memory(const struct curation_reading *reading)
{
    return error_no_memory(reading->error, "reading rules");
}

/* ---- filing ---- */

static int file_under(struct curation_reading *reading, struct bytes key, const struct curation_rule *rule)
{
    struct curation *curation = reading->curation;
    struct curation_entry *entry = arena_alloc(&curation->arena, sizeof *entry);
    const uint8_t *copy = arena_copy(&curation->arena, key.data, key.size);
    struct curation_entry **slot = &curation->slots[hash_bytes(key.data, key.size) & (curation->slot_count - 1)];
    if (entry == NULL || copy == NULL) {
        return curation_no_memory(reading);
    }
    *entry = (struct curation_entry){bytes_of(copy, key.size), rule, *slot};
    *slot = entry;
    return 0;
}

/* The words of one pattern: by their terms and, where they are one compound, as one word. */
static int file_words(struct curation_reading *reading, struct bytes text, const struct curation_rule *rule)
{
    static const char kinds[] = {CURATION_KEY_EXACT, CURATION_KEY_CONTAINS, CURATION_KEY_PREFIX};
    struct token_list list;
    struct curation_key parts;
    struct curation_key whole;
    uint32_t taken = 0;
    int status = analyser_run(reading->source->analyser, text, reading->curation->language, &list);
    if (status != 0) {
        return curation_no_memory(reading);
    }
    if (list.length == 0 && rule->match != CURATION_EXACT) {
        return curation_refuse(reading, reading->position, AISLE_INVALID,
                               "a query without words must be matched exactly");
    }
    if (list.length > LIMIT_RULE_WORDS) {
        return curation_refuse(reading, reading->position, AISLE_LIMIT,
                               "a query has too many words, expected at most 8");
    }
    curation_key_begin(&parts, kinds[rule->match]);
    curation_key_begin(&whole, kinds[rule->match]);
    size_t empty = whole.size;
    for (size_t i = 0; i < list.count; i++) {
        const struct token *token = &list.tokens[i];
        bool last = token->kind == TOKEN_WORD && ++taken == list.length;
        if (token->kind == TOKEN_WORD) {
            curation_key_add(&parts, last && rule->match == CURATION_PREFIX ? token->folded : token->term);
        } else if (token->kind == TOKEN_JOINED && token->parts == list.length) {
            curation_key_add(&whole, rule->match == CURATION_PREFIX ? token->folded : token->term);
        }
    }
    struct curation *curation = reading->curation;
    curation->has_kinds |= 1u << rule->match;
    curation->words_max = list.length > curation->words_max ? list.length : curation->words_max;
    status = file_under(reading, bytes_of(parts.bytes, parts.size), rule);
    return status == 0 && whole.size != empty ? file_under(reading, bytes_of(whole.bytes, whole.size), rule) : status;
}

/* Under what fewest requests have: words, else a condition, else a context. */
static int file_rule(struct curation_reading *reading, const struct curation_rule *rule)
{
    struct curation *curation = reading->curation;
    struct curation_key key;
    int status = 0;
    curation->has_conditions = curation->has_conditions || rule->condition_count != 0;
    for (uint32_t i = 0; i < rule->query_count && status == 0; i++) {
        status = file_words(reading, rule->queries[i], rule);
    }
    if (rule->query_count != 0) {
        return status;
    }
    if (rule->condition_count != 0) {
        return file_under(reading, rule->conditions[0], rule);
    }
    if (rule->context.size != 0) {
        curation_key_begin(&key, CURATION_KEY_CONTEXT);
        curation_key_add(&key, rule->context);
        return file_under(reading, bytes_of(key.bytes, key.size), rule);
    }
    if (curation->always_count == LIMIT_RULES_ALWAYS) {
        return curation_refuse(reading, reading->position, AISLE_LIMIT,
                               "too many rules hold for every request, expected at most 100");
    }
    curation->always[curation->always_count++] = rule;
    return 0;
}

/* ---- the array ---- */

static size_t skip_space(struct bytes text, size_t at)
{
    while (at < text.size && memchr(" \t\r\n", text.data[at], 4) != NULL) {
        at++;
    }
    return at;
}

/* The byte behind the object that begins at at, as far as brackets and strings tell; the parser judges the rest. */
static size_t object_end(struct bytes text, size_t at)
{
    size_t depth = 0;
    bool quoted = false;
    for (; at < text.size; at++) {
        uint8_t byte = text.data[at];
        if (quoted) {
            at += byte == '\\' ? 1 : 0;
            quoted = byte != '"';
        } else if (byte == '"') {
            quoted = true;
        } else if (byte == '{' || byte == '[') {
            depth++;
        } else if ((byte == '}' || byte == ']') && --depth == 0) {
            return at + 1;
        }
    }
    return text.size;
}

/* Calls take, unless it is NULL, for each object of the array; *count: how many there are. */
static int walk_array(struct curation_reading *reading, int (*take)(struct curation_reading *, struct bytes),
                      uint32_t *count)
{
    struct bytes text = reading->source->text;
    size_t at = bytes_begin_with(text, bytes_of_string("\xef\xbb\xbf")) ? 3 : 0; /* of editors that write one */
    int status = 0;
    *count = 0;
    at = skip_space(text, at);
    if (at == text.size || text.data[at] != '[') {
        return curation_refuse(reading, at, AISLE_INVALID, "expected an array of rules, [ ... ]");
    }
    at = skip_space(text, at + 1);
    if (at < text.size && text.data[at] == ']') {
        at = skip_space(text, at + 1);
        return at == text.size ? 0 : curation_refuse(reading, at, AISLE_INVALID, "expected nothing behind the array");
    }
    for (;;) {
        if (at == text.size || text.data[at] != '{') {
            return curation_refuse(reading, at, AISLE_INVALID, "expected a rule, { ... }");
        }
        size_t end = object_end(text, at);
        if (++*count > LIMIT_RULES) {
            return curation_refuse(reading, at, AISLE_LIMIT, "too many rules, expected at most 65536");
        }
        reading->base = at;
        reading->position = at;
        status = take == NULL ? 0 : take(reading, bytes_of(text.data + at, end - at));
        at = skip_space(text, end);
        if (status != 0) {
            return status;
        }
        if (at == text.size || (text.data[at] != ',' && text.data[at] != ']')) {
            return curation_refuse(reading, at, AISLE_INVALID, "expected , or ] behind a rule");
        }
        if (text.data[at] == ']') {
            at = skip_space(text, at + 1);
            return at == text.size ? 0
                                   : curation_refuse(reading, at, AISLE_INVALID, "expected nothing behind the array");
        }
        at = skip_space(text, at + 1);
    }
}

static int take_rule(struct curation_reading *reading, struct bytes object)
{
    struct curation *curation = reading->curation;
    struct curation_rule *rule = &curation->rules[curation->count];
    aisle_error wrong = {0};
    int status = json_parse(reading->json, object, &wrong);
    if (status != 0) {
        return status == AISLE_NO_MEMORY
                   ? curation_no_memory(reading)
                   : curation_refuse(reading, reading->base + wrong.position, AISLE_INVALID, wrong.message);
    }
    status = curation_read_rule(reading, rule);
    if (status == 0) {
        reading->position = reading->base;
        status = file_rule(reading, rule);
    }
    curation->count += status == 0 ? 1 : 0;
    return status;
}

/* ---- the whole ---- */

static uint8_t main_language(const struct schema *schema)
{
    uint8_t field = schema_main_field(schema);
    uint8_t language = 0;
    bool found = field != SCHEMA_NO_FIELD && text_language_find(schema->fields[field].language, &language) == 0;
    return found ? language : 0;
}

/* Counts the rules first, for a table that has room for them. */
static int prepare(struct curation_reading *reading)
{
    struct curation *curation = reading->curation;
    uint32_t count = 0;
    int status = walk_array(reading, NULL, &count);
    curation->slot_count = 16;
    while (curation->slot_count < (size_t)count * 2) {
        curation->slot_count *= 2;
    }
    curation->language = main_language(reading->source->schema);
    if (status == 0) {
        curation->slots = arena_calloc(&curation->arena, curation->slot_count, sizeof(struct curation_entry *));
        curation->rules = arena_calloc(&curation->arena, count, sizeof *curation->rules);
        status = curation->slots == NULL || curation->rules == NULL ? curation_no_memory(reading) : 0;
    }
    return status;
}

int curation_read(const struct curation_source *source, struct curation **out, aisle_error *error)
{
    struct curation_reading reading = {.source = source, .error = error};
    uint32_t count;
    size_t bad = 0;
    *out = NULL;
    if (source->text.size > LIMIT_RULES_BYTES) {
        return error_set(error, AISLE_LIMIT, "%s: at most %u bytes, not %zu", source->name, LIMIT_RULES_BYTES,
                         source->text.size);
    }
    if (!utf8_valid(source->text, &bad)) {
        return curation_refuse(&reading, bad, AISLE_INVALID, "not UTF-8");
    }
    reading.curation = mem_calloc(1, sizeof *reading.curation);
    if (reading.curation == NULL || json_new(&reading.json) != 0) {
        mem_free(reading.curation);
        return curation_no_memory(&reading);
    }
    arena_init(&reading.curation->arena, ARENA_BYTES);
    int status = prepare(&reading);
    status = status == 0 ? walk_array(&reading, take_rule, &count) : status;
    json_free(reading.json);
    if (status != 0) {
        curation_free(reading.curation);
        return status;
    }
    *out = reading.curation;
    return 0;
}
