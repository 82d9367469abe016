/*
 * rules.c - reads synonyms and stop words into one table, by a hash of what a left side's terms are.
 *
 * A left side is kept as its terms, each behind its size; a stop word, and one that is never corrected, has a byte in
 * front that no size can be. All of it lives in one arena.
 */
#include "rewrite/rules.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "rewrite/stop_words.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY_BYTES_MAX (LIMIT_SYNONYM_WORDS * (LIMIT_TERM_BYTES + 1u))
#define STOP_MARK 0xffu
#define EXACT_MARK 0xfeu
#define EXACT_LINE "exact:"
#define ARENA_BYTES ((size_t)256 << 20)

static_assert(LIMIT_TERM_BYTES < EXACT_MARK, "a size is no mark");

struct entry {
    struct bytes key;
    const struct rules_target *targets;
    struct entry *next; /* of the same slot */
};

struct rules {
    struct arena arena;
    struct entry **slots; /* a power of two of them */
    size_t slot_count;
    uint32_t synonyms;
    uint32_t stops;
    uint32_t exacts;
    uint32_t words_max;
};

/* One file being read. */
struct reading {
    struct rules *rules;
    const struct rules_source *source;
    aisle_error *error;
    const char *name;
    uint8_t language;
    uint32_t line;
};

/* A key under construction. */
struct key {
    uint8_t bytes[KEY_BYTES_MAX + 1];
    size_t size;
};

static int refuse(const struct reading *reading, int status, const char *why, struct bytes what)
{
    int shown = what.size > 64 ? 64 : (int)what.size;
    return error_set(reading->error, status, "%s:%u: %s: \"%.*s\"", reading->name, reading->line, why, shown,
                     what.data);
}

/* There is more of what than most. */
static int refuse_many(const struct reading *reading, const char *what, unsigned most, struct bytes text)
{
    char why[80];
    snprintf(why, sizeof why, "too many %s, expected at most %u", what, most);
    return refuse(reading, AISLE_LIMIT, why, text);
}

static int no_memory(const struct reading *reading)
{
    return error_no_memory(reading->error, "reading synonyms and stop words");
}

/* ---- the table ---- */

static struct entry **find_slot(const struct rules *rules, struct bytes key)
{
    return &rules->slots[hash_bytes(key.data, key.size) & (rules->slot_count - 1)];
}

static struct entry *find_entry(const struct rules *rules, struct bytes key)
{
    struct entry *entry = *find_slot(rules, key);
    while (entry != NULL && !bytes_equal(entry->key, key)) {
        entry = entry->next;
    }
    return entry;
}

/* The entry of key, made if it is not there. */
static struct entry *make_entry(struct rules *rules, struct bytes key)
{
    struct entry *entry = find_entry(rules, key);
    if (entry != NULL) {
        return entry;
    }
    struct entry **slot = find_slot(rules, key);
    entry = arena_calloc(&rules->arena, 1, sizeof *entry);
    const uint8_t *copy = entry == NULL ? NULL : arena_copy(&rules->arena, key.data, key.size);
    if (copy == NULL) {
        return NULL;
    }
    entry->key = bytes_of(copy, key.size);
    entry->next = *slot;
    *slot = entry;
    return entry;
}

static void add_part(struct key *key, struct bytes term)
{
    key->bytes[key->size++] = (uint8_t)term.size;
    memcpy(key->bytes + key->size, term.data, term.size);
    key->size += term.size;
}

/* ---- lines ---- */

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static struct bytes trim(struct bytes text)
{
    while (text.size != 0 && is_blank(text.data[0])) {
        text = bytes_of(text.data + 1, text.size - 1);
    }
    while (text.size != 0 && is_blank(text.data[text.size - 1])) {
        text.size--;
    }
    return text;
}

/* Calls take for each line of text that says something. */
static int read_lines(struct reading *reading, struct bytes text,
                      int (*take)(struct reading *reading, struct bytes line))
{
    size_t bad;
    int status = 0;
    if (text.size > LIMIT_SYNONYM_BYTES) {
        return error_set(reading->error, AISLE_LIMIT, "%s: at most %u bytes, not %zu", reading->name,
                         LIMIT_SYNONYM_BYTES, text.size);
    }
    bool valid = utf8_valid(text, &bad);
    size_t mark = bytes_begin_with(text, bytes_of_string("\xef\xbb\xbf")) ? 3 : 0; /* of editors that write one */
    reading->line = 0;
    for (size_t at = mark; at < text.size && status == 0;) {
        const uint8_t *stop = memchr(text.data + at, '\n', text.size - at);
        size_t size = stop == NULL ? text.size - at : (size_t)(stop - (text.data + at));
        struct bytes line = trim(bytes_of(text.data + at, size));
        reading->line++;
        if (!valid && bad <= at + size) {
            return refuse(reading, AISLE_INVALID, "not UTF-8", bytes_of_string(""));
        }
        if (line.size != 0 && line.data[0] != '#') {
            status = take(reading, line);
        }
        at += size + 1;
    }
    return status;
}

/* ---- synonyms ---- */

/* Adds targets, except skip, to what the left side with these terms leads to. */
static int add_rule(struct reading *reading, const struct key *key, uint32_t words, const struct bytes *targets,
                    uint32_t count, uint32_t skip)
{
    struct rules *rules = reading->rules;
    struct entry *entry = make_entry(rules, bytes_of(key->bytes, key->size));
    if (entry == NULL) {
        return no_memory(reading);
    }
    for (uint32_t i = count; i-- > 0;) {
        struct rules_target *target = i == skip ? NULL : arena_alloc(&rules->arena, sizeof *target);
        const uint8_t *text = target == NULL ? NULL : arena_copy(&rules->arena, targets[i].data, targets[i].size);
        if (i != skip && text == NULL) {
            return no_memory(reading);
        }
        if (i != skip) {
            *target = (struct rules_target){bytes_of(text, targets[i].size), entry->targets};
            entry->targets = target;
        }
    }
    rules->words_max = words > rules->words_max ? words : rules->words_max;
    if (++rules->synonyms > LIMIT_SYNONYMS) {
        return refuse_many(reading, "synonyms", LIMIT_SYNONYMS, bytes_of_string(""));
    }
    return 0;
}

/* One text of a left side: by the terms of its words, and as one word where it is one compound. */
static int add_left(struct reading *reading, struct bytes left, const struct bytes *targets, uint32_t count,
                    uint32_t skip)
{
    struct token_list list;
    struct key parts = {.size = 0};
    struct key whole = {.size = 0};
    int status = analyser_run(reading->source->analyser, left, reading->language, &list);
    if (status != 0) {
        return refuse(reading, status, aisle_error_text(status), left);
    }
    if (list.length == 0) {
        return refuse(reading, AISLE_INVALID, "no word that can be searched for", left);
    }
    if (list.length > LIMIT_SYNONYM_WORDS) {
        return refuse_many(reading, "words on one side", LIMIT_SYNONYM_WORDS, left);
    }
    for (size_t i = 0; i < list.count; i++) {
        if (list.tokens[i].kind == TOKEN_WORD) {
            add_part(&parts, list.tokens[i].term);
        } else if (list.tokens[i].parts == list.length) {
            add_part(&whole, list.tokens[i].term);
        }
    }
    status = add_rule(reading, &parts, list.length, targets, count, skip);
    return status == 0 && whole.size != 0 ? add_rule(reading, &whole, 1, targets, count, skip) : status;
}

/* The texts between commas. */
static int split_side(const struct reading *reading, struct bytes side, struct bytes *texts, uint32_t *count)
{
    *count = 0;
    for (;;) {
        const uint8_t *comma = side.size == 0 ? NULL : memchr(side.data, ',', side.size);
        struct bytes text = trim(bytes_of(side.data, comma == NULL ? side.size : (size_t)(comma - side.data)));
        if (text.size == 0) {
            return refuse(reading, AISLE_INVALID, "a word is missing beside a comma or =>", trim(side));
        }
        if (*count == LIMIT_SYNONYM_ALTERNATIVES) {
            return refuse_many(reading, "alternatives on one line", LIMIT_SYNONYM_ALTERNATIVES, text);
        }
        texts[(*count)++] = text;
        if (comma == NULL) {
            return 0;
        }
        side = bytes_of(comma + 1, side.size - (size_t)(comma + 1 - side.data));
    }
}

/* Right sides are read in a query: they must hold something then. */
static int check_right(struct reading *reading, const struct bytes *texts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct token_list list;
        int status = analyser_run(reading->source->analyser, texts[i], reading->language, &list);
        if (status != 0) {
            return refuse(reading, status, aisle_error_text(status), texts[i]);
        }
        if (list.length == 0) {
            return refuse(reading, AISLE_INVALID, "no word that can be searched for", texts[i]);
        }
        if (list.length > LIMIT_SYNONYM_WORDS) {
            return refuse_many(reading, "words on one side", LIMIT_SYNONYM_WORDS, texts[i]);
        }
    }
    return 0;
}

/* A folded word behind its mark. */
static struct bytes mark_word(struct key *key, uint8_t mark, struct bytes folded)
{
    key->bytes[0] = mark;
    memcpy(key->bytes + 1, folded.data, folded.size);
    key->size = folded.size + 1;
    return bytes_of(key->bytes, key->size);
}

static bool has_mark(const struct rules *rules, uint8_t mark, struct bytes folded)
{
    struct key key;
    return folded.size <= LIMIT_TERM_BYTES && find_entry(rules, mark_word(&key, mark, folded)) != NULL;
}

/* The folded form of a text that is one word; a compound is its parts as one. */
static int fold_word(struct reading *reading, struct bytes text, const char *why, struct bytes *folded)
{
    struct token_list list;
    int status = analyser_run(reading->source->analyser, text, reading->language, &list);
    if (status != 0) {
        return refuse(reading, status, aisle_error_text(status), text);
    }
    const struct token *last = list.count == 0 ? NULL : &list.tokens[list.count - 1];
    if (last == NULL || (last->kind == TOKEN_JOINED ? last->parts : 1u) != list.length) {
        return refuse(reading, AISLE_INVALID, why, text);
    }
    *folded = last->folded;
    return 0;
}

static int take_exact(struct reading *reading, struct bytes side)
{
    struct bytes texts[LIMIT_SYNONYM_ALTERNATIVES];
    struct rules *rules = reading->rules;
    uint32_t count;
    int status = split_side(reading, side, texts, &count);
    for (uint32_t i = 0; i < count && status == 0; i++) {
        struct bytes folded = {.data = NULL};
        struct key key;
        status = fold_word(reading, texts[i], "behind \"exact:\" stand words, with commas between", &folded);
        if (status == 0 && make_entry(rules, mark_word(&key, EXACT_MARK, folded)) == NULL) {
            status = no_memory(reading);
        }
        if (status == 0 && ++rules->exacts > LIMIT_EXACT_WORDS) {
            status = refuse_many(reading, "exact words", LIMIT_EXACT_WORDS, texts[i]);
        }
    }
    return status;
}

static int take_synonyms(struct reading *reading, struct bytes line)
{
    size_t mark = sizeof EXACT_LINE - 1;
    if (bytes_begin_with(line, bytes_of_string(EXACT_LINE))) {
        return take_exact(reading, bytes_of(line.data + mark, line.size - mark));
    }
    struct bytes left[LIMIT_SYNONYM_ALTERNATIVES];
    struct bytes right[LIMIT_SYNONYM_ALTERNATIVES];
    uint32_t left_count;
    uint32_t right_count = 0;
    const uint8_t *arrow = memmem(line.data, line.size, "=>", 2);
    struct bytes before = bytes_of(line.data, arrow == NULL ? line.size : (size_t)(arrow - line.data));
    int status = split_side(reading, before, left, &left_count);
    if (status == 0 && arrow != NULL) {
        struct bytes behind = bytes_of(arrow + 2, line.size - (size_t)(arrow + 2 - line.data));
        if (memmem(behind.data, behind.size, "=>", 2) != NULL) {
            return refuse(reading, AISLE_INVALID, "more than one => on a line", line);
        }
        status = split_side(reading, behind, right, &right_count);
        status = status == 0 ? check_right(reading, right, right_count) : status;
    }
    if (status == 0 && arrow == NULL && left_count < 2) {
        return refuse(reading, AISLE_INVALID, "one word alone is no synonym: write a, b or a => b", line);
    }
    for (uint32_t i = 0; i < left_count && status == 0; i++) {
        status = arrow != NULL ? add_left(reading, left[i], right, right_count, right_count)
                               : add_left(reading, left[i], left, left_count, i);
    }
    return status;
}

/* ---- stop words ---- */

static int add_stop(struct reading *reading, struct bytes folded)
{
    struct key key;
    if (make_entry(reading->rules, mark_word(&key, STOP_MARK, folded)) == NULL) {
        return no_memory(reading);
    }
    if (++reading->rules->stops > LIMIT_STOP_WORDS) {
        return refuse_many(reading, "stop words", LIMIT_STOP_WORDS, folded);
    }
    return 0;
}

static int take_stop_word(struct reading *reading, struct bytes line)
{
    static const char why[] = "a stop word is one word a line";
    struct bytes folded = {.data = NULL};
    int status = fold_word(reading, line, why, &folded);
    return status == 0 ? add_stop(reading, folded) : status;
}

static int add_default_stops(struct reading *reading)
{
    const struct schema *schema = reading->source->schema;
    int status = 0;
    for (uint8_t f = 0; f < schema->field_count && status == 0; f++) {
        const char *at = schema->fields[f].searchable ? stop_words_of(schema->fields[f].language) : "";
        while (*at != '\0' && status == 0) {
            size_t size = strcspn(at, " ");
            status = add_stop(reading, bytes_of(at, size));
            at += at[size] == ' ' ? size + 1 : size;
        }
    }
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

/* A slot for each word that there may be. */
static size_t count_slots(const struct rules_source *source)
{
    size_t words = 256;
    size_t count = 256;
    for (size_t i = 0; i < source->synonyms.size; i++) {
        words += source->synonyms.data[i] == ',' || source->synonyms.data[i] == '\n' ? 2 : 0;
    }
    for (size_t i = 0; i < source->stop_words.size; i++) {
        words += source->stop_words.data[i] == '\n' ? 1 : 0;
    }
    while (count < words && count < LIMIT_SYNONYMS) {
        count *= 2;
    }
    return count;
}

int rules_read(const struct rules_source *source, struct rules **out, aisle_error *error)
{
    struct rules *rules = mem_calloc(1, sizeof *rules);
    struct reading reading = {.rules = rules,
                              .source = source,
                              .error = error,
                              .name = source->synonyms_name,
                              .language = main_language(source->schema)};
    *out = NULL;
    if (rules == NULL) {
        return no_memory(&reading);
    }
    arena_init(&rules->arena, ARENA_BYTES);
    rules->slot_count = count_slots(source);
    rules->slots = arena_calloc(&rules->arena, rules->slot_count, sizeof(struct entry *));
    int status = rules->slots == NULL ? no_memory(&reading) : read_lines(&reading, source->synonyms, take_synonyms);
    if (status == 0) {
        reading.name = source->stop_words_name;
        status = source->has_stop_words ? read_lines(&reading, source->stop_words, take_stop_word)
                                        : add_default_stops(&reading);
    }
    if (status != 0) {
        rules_free(rules);
        return status;
    }
    *out = rules;
    return 0;
}

void rules_free(struct rules *rules)
{
    if (rules != NULL) {
        arena_release(&rules->arena);
        mem_free(rules);
    }
}

uint32_t rules_synonym_count(const struct rules *rules)
{
    return rules->synonyms;
}

uint32_t rules_stop_word_count(const struct rules *rules)
{
    return rules->stops;
}

uint32_t rules_words_max(const struct rules *rules)
{
    return rules->words_max;
}

const struct rules_target *rules_find(const struct rules *rules, const struct bytes *terms, uint32_t count)
{
    struct key key = {.size = 0};
    if (count > LIMIT_SYNONYM_WORDS) {
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        add_part(&key, terms[i]);
    }
    const struct entry *entry = find_entry(rules, bytes_of(key.bytes, key.size));
    return entry == NULL ? NULL : entry->targets;
}

bool rules_is_stop_word(const struct rules *rules, struct bytes folded)
{
    return rules->stops != 0 && has_mark(rules, STOP_MARK, folded);
}

bool rules_is_exact(const struct rules *rules, struct bytes folded)
{
    return rules->exacts != 0 && has_mark(rules, EXACT_MARK, folded);
}
