/*
 * generate_phrase.c - templates: compiled once, run for every title and sentence.
 *
 * Templates stand one behind the other, '^' between them. {x} is a slot, {x?} one that is left out half of the time
 * and brings its own space. A slot for which the product has nothing takes the space and comma before it along.
 *   b brand   s series   m model   n noun   a adjective   t material   c colour   z size   g audience
 *   f feature x use      o specification    h motif       p person     y (year)
 * and in sentences only, in lower case
 *   N noun A E adjectives T material C colour f F features u use o O specifications d dimensions w weight p person
 *   S surname e place i number j year l category M B other model numbers
 * Thread rule: functions touch only what they are given.
 */
#include "data/generate_private.h"

#include <assert.h>

static size_t count_of(const char *list, char separator)
{
    size_t count = 1;
    for (; *list != '\0'; list++) {
        count += *list == separator;
    }
    return count;
}

int words_split(struct arena *arena, const char *list, struct words *out)
{
    size_t size = strlen(list);
    size_t count = count_of(list, '|');
    char *lower = arena_copy(arena, list, size + 1);
    struct word *words = arena_alloc(arena, count * 2 * sizeof *words);
    if (lower == NULL || words == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < size; i++) {
        lower[i] = (char)(lower[i] >= 'A' && lower[i] <= 'Z' ? lower[i] - 'A' + 'a' : lower[i]);
    }
    size_t start = 0;
    for (size_t i = 0; i < count; i++) {
        size_t end = start + strcspn(list + start, "|");
        words[i] = (struct word){list + start, (uint32_t)(end - start)};
        words[count + i] = (struct word){lower + start, (uint32_t)(end - start)};
        start = end + 1;
    }
    *out = (struct words){.words = words, .lower = words + count, .count = (uint32_t)count};
    return 0;
}

/* Compiles the template from text to end into ops and returns their number. */
static uint32_t compile(const char *text, const char *end, struct phrase_op *ops)
{
    uint32_t count = 0;
    while (text < end) {
        if (*text == '{') {
            bool optional = text[2] == '?';
            ops[count++] = (struct phrase_op){.slot = text[1], .optional = optional};
            text += optional ? 4 : 3;
            continue;
        }
        const char *literal = text;
        while (text < end && *text != '{') {
            text++;
        }
        ops[count++] = (struct phrase_op){.literal = literal, .size = (uint32_t)(text - literal)};
    }
    return count;
}

int phrases_compile(struct arena *arena, const char *templates, struct phrases *out)
{
    size_t count = count_of(templates, '^');
    /* Each slot costs at most one op and one literal before it, each template one literal at its end. */
    size_t op_max = 2 * count_of(templates, '{') + count;
    struct phrase *phrases = arena_alloc(arena, count * sizeof *phrases);
    struct phrase_op *ops = arena_alloc(arena, op_max * sizeof *ops);
    if (phrases == NULL || ops == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        const char *end = templates + strcspn(templates, "^");
        phrases[i] = (struct phrase){.ops = ops, .count = compile(templates, end, ops)};
        ops += phrases[i].count;
        templates = end + 1;
    }
    *out = (struct phrases){.phrases = phrases, .count = (uint32_t)count};
    return 0;
}

static void put_word(struct text *text, const struct word *word)
{
    text_put(text, word->text, word->size);
}

/* The list's entry that is the offset-th behind first. */
static const struct word *entry(const struct words *words, uint32_t first, uint32_t offset)
{
    return &words->words[(first + offset) % words->count];
}

static const struct word *entry_lower(const struct words *words, uint32_t first, uint32_t offset)
{
    return &words->lower[(first + offset) % words->count];
}

static void put_name(struct text *text, const struct name *name)
{
    text_put(text, name->text, name->size);
}

/* A specification, with numbers for its '#': small ones are likelier, and no leading zero. */
static void put_specification(struct text *text, struct item *item)
{
    const struct words *list = &item->department->specifications;
    const struct word *word = &list->words[random_below(&item->random, list->count)];
    for (uint32_t i = 0; i < word->size; i++) {
        if (word->text[i] == '#') {
            text_put_number(text, 1 + random_skewed(&item->random, 98), 1);
        } else {
            text_put_char(text, word->text[i]);
        }
    }
}

static void put_size(struct text *text, struct item *item)
{
    enum vocabulary_size kind = item->leaf->source->size;
    const struct word *word = &item->generate->sizes[kind].words[item->size];
    bool is_word = kind == SIZE_SHOE || kind == SIZE_RING || kind == SIZE_CHILD || kind == SIZE_WEAR;
    if (is_word && (kind != SIZE_WEAR || item->size_tight)) {
        TEXT_PUT(text, "Size ");
    }
    bool has_unit = kind == SIZE_ML || kind == SIZE_LITRE || kind == SIZE_GRAM || kind == SIZE_KILO ||
                    kind == SIZE_STORAGE;
    const char *space = has_unit && item->size_tight ? memchr(word->text, ' ', word->size) : NULL;
    if (space == NULL) {
        put_word(text, word);
        return;
    }
    text_put(text, word->text, (size_t)(space - word->text));
    text_put(text, space + 1, word->size - (size_t)(space - word->text) - 1);
}

static void put_dimensions(struct text *text, struct item *item)
{
    unsigned count = 2 + random_below(&item->random, 2);
    for (unsigned i = 0; i < count; i++) {
        if (i > 0) {
            TEXT_PUT(text, " x ");
        }
        text_put_number(text, 3 + random_skewed(&item->random, 180), 1);
    }
    TEXT_PUT(text, " cm");
}

static void put_weight(struct text *text, struct item *item)
{
    if (random_percent(&item->random, 40)) {
        text_put_number(text, 5 * (8 + random_below(&item->random, 190)), 1);
        TEXT_PUT(text, " g");
        return;
    }
    text_put_number(text, random_skewed(&item->random, 40), 1);
    text_put_char(text, '.');
    text_put_number(text, 1 + random_below(&item->random, 9), 1);
    TEXT_PUT(text, " kg");
}

static void put_person(struct text *text, struct item *item)
{
    const struct words *given = &item->generate->given_names;
    put_word(text, &given->words[random_skewed(&item->random, given->count)]);
    text_put_char(text, ' ');
    put_name(text, &item->person);
}

static void put_year(struct text *text, struct item *item)
{
    text_put_number(text, 2026 - random_skewed(&item->random, 60), 4);
}

static void put_other_model(struct text *text, struct item *item, uint32_t count)
{
    struct name model;
    name_model(random_skewed(&item->random, count), &model);
    put_name(text, &model);
}

/* Slots that mean the same in titles and sentences. Whether it was one. */
static bool put_common(char slot, struct item *item, struct text *text)
{
    const struct department *department = item->department;
    switch (slot) {
    case 'b':
        put_name(text, &item->brand);
        return true;
    case 's':
        put_name(text, &item->series);
        return true;
    case 'm':
        put_name(text, &item->model);
        return true;
    case 'f':
        put_word(text, entry(&department->features, item->feature, 0));
        return true;
    case 'x':
    case 'u':
        put_word(text, entry(&department->uses, item->use, slot == 'u' ? (uint32_t)item->in_title + 1 : 0));
        return true;
    case 'o':
    case 'O':
        put_specification(text, item);
        return true;
    case 'p':
        put_person(text, item);
        return true;
    default:
        return false;
    }
}

static void put_title_slot(char slot, struct item *item, struct text *text)
{
    const struct generate *generate = item->generate;
    switch (slot) {
    case 'n':
        put_word(text, &item->leaf->nouns.words[item->noun]);
        break;
    case 'a':
        put_word(text, entry(&item->department->adjectives, item->adjective, 0));
        break;
    case 't':
        put_word(text, entry(&item->department->materials, item->material, 0));
        break;
    case 'c':
        if (item->has_colour) {
            put_word(text, &generate->colours.words[item->colour]);
        }
        break;
    case 'z':
        if (item->leaf->source->size != SIZE_NONE) {
            put_size(text, item);
        }
        break;
    case 'g':
        if (item->department->audiences.count > 0) {
            put_word(text, &item->department->audiences.words[item->audience]);
        }
        break;
    case 'h':
        put_word(text, &generate->series_second.words[random_skewed(&item->random, generate->series_second.count)]);
        break;
    case 'y':
        text_put_char(text, '(');
        put_year(text, item);
        text_put_char(text, ')');
        break;
    default:
        assert(false && "a template names a slot that is none");
    }
}

static void put_sentence_slot(char slot, struct item *item, struct text *text)
{
    const struct generate *generate = item->generate;
    const struct department *department = item->department;
    switch (slot) {
    case 'N':
        put_word(text, &item->leaf->nouns.lower[item->noun]);
        break;
    case 'A':
        put_word(text, entry_lower(&department->adjectives, item->adjective, 1));
        break;
    case 'E':
        put_word(text, entry_lower(&department->adjectives, item->adjective, 3));
        break;
    case 'T':
        put_word(text, entry_lower(&department->materials, item->material, 0));
        break;
    case 't':
        put_word(text, entry_lower(&department->materials, item->material, 2));
        break;
    case 'C':
        if (item->has_colour) {
            put_word(text, &generate->colours.lower[item->colour]);
        } else {
            TEXT_PUT(text, "a natural tone");
        }
        break;
    case 'F':
        put_word(text, entry(&department->features, item->feature, 2));
        break;
    case 'd':
        put_dimensions(text, item);
        break;
    case 'w':
        put_weight(text, item);
        break;
    case 'S':
        put_name(text, &item->person);
        break;
    case 'e':
        put_word(text, &generate->places.words[random_skewed(&item->random, generate->places.count)]);
        break;
    case 'i':
        text_put_number(text, 2 + random_skewed(&item->random, 58), 1);
        break;
    case 'j':
        put_year(text, item);
        break;
    case 'l':
        put_word(text, &item->leaf->lower_name);
        break;
    case 'M':
        put_other_model(text, item, 2000);
        break;
    case 'B':
        put_other_model(text, item, 40000);
        break;
    default:
        assert(false && "a template names a slot that is none");
    }
}

/* Takes back the space and comma that led to a slot with nothing in it. */
static void trim(struct text *text, const char *start)
{
    while (text->next > start && (text->next[-1] == ' ' || text->next[-1] == ',')) {
        text->next--;
    }
}

void phrase_run(const struct phrase *phrase, struct item *item, struct text *text, struct title_spans *spans)
{
    const char *start = text->next;
    for (uint32_t i = 0; i < phrase->count; i++) {
        const struct phrase_op *op = &phrase->ops[i];
        if (op->literal != NULL) {
            text_put(text, op->literal, op->size);
            continue;
        }
        if (op->optional) {
            if ((random_next(&item->random) & 1) == 0) {
                continue;
            }
            text_put_char(text, ' ');
        }
        const char *slot_start = text->next;
        if (!put_common(op->slot, item, text)) {
            (item->in_title ? put_title_slot : put_sentence_slot)(op->slot, item, text);
        }
        if (text->next == slot_start) {
            trim(text, start);
        } else if (spans != NULL) {
            spans->offset[op->slot - 'a'] = (uint16_t)(slot_start - start);
            spans->size[op->slot - 'a'] = (uint16_t)(text->next - slot_start);
        }
    }
}
