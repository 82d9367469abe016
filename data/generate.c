/*
 * generate.c - the generator's life, and one product as a JSON line.
 *
 * Growth rates come from measurements of real product data: brands grow with the square root of the catalog or a
 * little faster; series and surnames are drawn from a Zipf tail that never ends with exponent 2 (distinct ones grow
 * with the power 0.5 of the products), model numbers with exponent 1.43 (power 0.7). Words come from generate_name.c
 * and generate_phrase.c. Thread rule: read-only after generate_new.
 */
#include "data/generate_private.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <assert.h>

#define ARENA_BYTES (8u << 20)

/* Zipf tails: below these ranks all are about equally likely. */
#define SERIES_HEAD 3000.0
#define SURNAME_HEAD 2500.0
#define MODEL_HEAD 500.0
/* Ranks are cut here; beyond, names repeat, but none of them would come twice anyway. */
#define RANK_MAX 1.0e12

/* Brands that may appear grow with the power 0.514; measured: some 4,000 of 33,000 products. */
#define BRANDS_AT_FIRST 27.0
#define BRANDS_POWER 0.514
#define BRANDS_SHIFT 0.4

/* Bytes: a shorter description gets a sentence more, a longer one none. */
#define DESCRIPTION_SHORT 70
#define DESCRIPTION_LONG 270

#define LAST_DAY_YEAR 2026
#define LAST_DAY_MONTH 10
#define LAST_DAY 31

/* ------------------------------------------------------------------------------------------------ life -- */

static int init_leaves(struct generate *generate, struct department *department)
{
    const struct vocabulary_department *source = department->source;
    const double log2_e = 1 / 0.6931471805599453;
    struct leaf *leaves = arena_alloc(&generate->arena, source->leaf_count * sizeof *leaves);
    if (leaves == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < source->leaf_count; i++) {
        struct words name;
        leaves[i].source = &source->leaves[i];
        int status = words_split(&generate->arena, leaves[i].source->nouns, &leaves[i].nouns);
        status = status != 0 ? status : words_split(&generate->arena, leaves[i].source->name, &name);
        if (status != 0) {
            return status;
        }
        leaves[i].lower_name = name.lower[0];
        leaves[i].log2_median = numbers_log2(&generate->numbers, leaves[i].source->price_median);
        leaves[i].log2_sigma = leaves[i].source->price_sigma * log2_e;
    }
    department->leaves = leaves;
    return 0;
}

static int init_department(struct generate *generate, unsigned number, unsigned weights)
{
    struct department *department = &generate->departments[number];
    const struct vocabulary_department *source = vocabulary_departments[number];
    department->source = source;
    department->weight = (double)source->weight / weights;
    const struct {
        const char *list;
        struct words *words;
    } lists[] = {{source->brands, &department->brands},
                 {source->adjectives, &department->adjectives},
                 {source->materials, &department->materials},
                 {source->features, &department->features},
                 {source->uses, &department->uses},
                 {source->specifications, &department->specifications},
                 {source->audiences, &department->audiences}};
    for (size_t i = 0; i < VOCABULARY_COUNT(lists); i++) {
        int status = lists[i].list == NULL ? 0 : words_split(&generate->arena, lists[i].list, lists[i].words);
        if (status != 0) {
            return status;
        }
    }
    return init_leaves(generate, department);
}

static int init_departments(struct generate *generate)
{
    unsigned weights = 0;
    for (unsigned i = 0; i < VOCABULARY_DEPARTMENTS; i++) {
        weights += vocabulary_departments[i]->weight;
    }
    unsigned below = 0;
    for (unsigned i = 0; i < VOCABULARY_DEPARTMENTS; i++) {
        unsigned start = below * DEPARTMENT_SLOTS / weights;
        below += vocabulary_departments[i]->weight;
        memset(generate->department_of + start, (int)i, below * DEPARTMENT_SLOTS / weights - start);
        int status = init_department(generate, i, weights);
        if (status != 0) {
            return status;
        }
    }
    return 0;
}

static int init_lists(struct generate *generate)
{
    const struct {
        const char *list;
        struct words *words;
    } lists[] = {{vocabulary_colours, &generate->colours},
                 {vocabulary_places, &generate->places},
                 {vocabulary_given_names, &generate->given_names},
                 {vocabulary_series_first, &generate->series_first},
                 {vocabulary_series_second, &generate->series_second}};
    int status = 0;
    for (size_t i = 0; i < VOCABULARY_COUNT(lists) && status == 0; i++) {
        status = words_split(&generate->arena, lists[i].list, lists[i].words);
    }
    for (unsigned i = SIZE_NONE + 1; i < SIZE_COUNT && status == 0; i++) {
        status = words_split(&generate->arena, vocabulary_sizes[i], &generate->sizes[i]);
    }
    for (unsigned i = 0; i < STYLE_COUNT && status == 0; i++) {
        status = phrases_compile(&generate->arena, vocabulary_phrases[i].titles, &generate->titles[i]);
        status = status != 0 ? status
                             : phrases_compile(&generate->arena, vocabulary_phrases[i].sentences,
                                               &generate->sentences[i]);
    }
    return status != 0 ? status
                       : phrases_compile(&generate->arena, vocabulary_sentences_common, &generate->sentences_common);
}

static unsigned days_of_month(unsigned year, unsigned month)
{
    static const unsigned char days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && year % 4 == 0 ? 1u : 0u); /* no century falls into the range */
}

static int init_days(struct generate *generate)
{
    const unsigned size = 10;
    char *texts = arena_alloc(&generate->arena, GENERATE_DAYS * size);
    generate->days = arena_alloc(&generate->arena, GENERATE_DAYS * sizeof *generate->days);
    if (texts == NULL || generate->days == NULL) {
        return AISLE_NO_MEMORY;
    }
    unsigned year = LAST_DAY_YEAR;
    unsigned month = LAST_DAY_MONTH;
    unsigned day = LAST_DAY;
    for (unsigned i = 0; i < GENERATE_DAYS; i++) {
        struct text text = {texts + i * size, texts + (i + 1) * size};
        generate->days[i] = (struct word){text.next, size};
        text_put_number(&text, year, 4);
        text_put_char(&text, '-');
        text_put_number(&text, month, 2);
        text_put_char(&text, '-');
        text_put_number(&text, day, 2);
        if (--day == 0) {
            month = month == 1 ? 12 : month - 1;
            year -= month == 12;
            day = days_of_month(year, month);
        }
    }
    return 0;
}

int generate_new(uint64_t seed, struct generate **out)
{
    *out = NULL;
    struct generate *generate = mem_calloc(1, sizeof *generate);
    if (generate == NULL) {
        return AISLE_NO_MEMORY;
    }
    generate->seed = random_mix(seed + UINT64_C(0x632be59bd9b4e019));
    arena_init(&generate->arena, ARENA_BYTES);
    numbers_init(&generate->numbers);
    int status = init_departments(generate);
    status = status != 0 ? status : init_lists(generate);
    status = status != 0 ? status : init_days(generate);
    if (status != 0) {
        generate_free(generate);
        return status;
    }
    *out = generate;
    return 0;
}

void generate_free(struct generate *generate)
{
    if (generate != NULL) {
        arena_release(&generate->arena);
        mem_free(generate);
    }
}

/* ---------------------------------------------------------------------------------------------- choices -- */

static uint64_t rank_of(double rank)
{
    return (uint64_t)(rank < RANK_MAX ? rank : RANK_MAX);
}

/* A rank with P(rank > r) = head / (head + r). */
static uint64_t tail_rank(struct item *item, double head)
{
    return rank_of(head * (1 / random_unit(&item->random) - 1));
}

/* As tail_rank with the exponent of model numbers: P(rank > r) = (head / (head + r))^0.43. */
static uint64_t model_rank(struct item *item)
{
    const struct numbers *numbers = &item->generate->numbers;
    double power = numbers_exp2(numbers, numbers_log2(numbers, random_unit(&item->random)) * (-1 / 0.43));
    return rank_of(MODEL_HEAD * (power - 1));
}

/* One of the brands that the department has had up to product number index, Zipf-Mandelbrot with exponent 1. */
static void choose_brand(struct item *item, uint64_t index)
{
    const struct generate *generate = item->generate;
    const struct numbers *numbers = &generate->numbers;
    /* One product in ten is of another department's brand: brands branch out. */
    uint64_t number = (uint64_t)(item->department - generate->departments);
    if (random_percent(&item->random, 10)) {
        number = (number + 1) % VOCABULARY_DEPARTMENTS;
    }
    const struct department *department = &generate->departments[number];
    double all = BRANDS_AT_FIRST * numbers_exp2(numbers, numbers_log2(numbers, (double)index + 100) * BRANDS_POWER);
    double spread = numbers_log2(numbers, (all * department->weight + BRANDS_SHIFT) / BRANDS_SHIFT);
    double rank = BRANDS_SHIFT * numbers_exp2(numbers, random_unit(&item->random) * spread) - BRANDS_SHIFT;
    uint64_t r = rank_of(rank > 0 ? rank : 0);
    if (r < department->brands.count) {
        const struct word *word = &department->brands.words[r];
        memcpy(item->brand.text, word->text, word->size);
        item->brand.size = word->size;
        return;
    }
    name_compose(r * VOCABULARY_DEPARTMENTS + number, 0, &item->brand);
    const char *surname = department->source->surname;
    size_t size = strlen(surname);
    if (r % 7 == 0 && item->brand.size + 1 + size <= NAME_BYTES) {
        item->brand.text[item->brand.size] = ' ';
        memcpy(item->brand.text + item->brand.size + 1, surname, size);
        item->brand.size += 1 + (uint32_t)size;
    }
}

/* Not "Wireless Wireless Headphones": an adjective that the noun has already gives way to the next. */
static void choose_adjective(struct item *item)
{
    const struct words *adjectives = &item->department->adjectives;
    const struct word *noun = &item->leaf->nouns.words[item->noun];
    item->adjective = random_skewed(&item->random, adjectives->count);
    const struct word *adjective = &adjectives->words[item->adjective];
    if (memmem(noun->text, noun->size, adjective->text, adjective->size) != NULL) {
        item->adjective = (item->adjective + 1) % adjectives->count;
    }
}

void item_init(struct item *item, const struct generate *generate, uint64_t index)
{
    item->generate = generate;
    item->random = random_mix(generate->seed ^ (index * UINT64_C(0xd1342543de82ef95)));
    uint64_t *random = &item->random;
    item->department = &generate->departments[generate->department_of[random_below(random, DEPARTMENT_SLOTS)]];
    const struct department *department = item->department;
    item->leaf = &department->leaves[random_skewed(random, (uint32_t)department->source->leaf_count)];
    item->noun = random_skewed(random, item->leaf->nouns.count);
    choose_adjective(item);
    item->material = random_skewed(random, department->materials.count);
    item->feature = random_below(random, department->features.count);
    item->use = random_below(random, department->uses.count);
    item->audience = random_skewed(random, department->audiences.count);
    item->has_colour = random_percent(random, department->source->colour_percent);
    item->colour = random_skewed(random, generate->colours.count);
    enum vocabulary_size size = item->leaf->source->size;
    item->size = size == SIZE_NONE ? 0 : random_skewed(random, generate->sizes[size].count);
    item->size_tight = (random_next(random) & 1) != 0;
    item->in_title = true;
    choose_brand(item, index);
    name_series(generate, tail_rank(item, SERIES_HEAD), &item->series);
    name_model(model_rank(item), &item->model);
    name_compose(tail_rank(item, SURNAME_HEAD), 1, &item->person);
}

/* -------------------------------------------------------------------------------------------------- line -- */

void item_title(struct item *item, struct text *text, struct title_spans *spans)
{
    const struct phrases *titles = &item->generate->titles[item->department->source->style];
    item->in_title = true;
    phrase_run(&titles->phrases[random_skewed(&item->random, titles->count)], item, text, spans);
    item->in_title = false;
}

static void put_sentence(const struct phrase *phrase, struct item *item, struct text *text)
{
    char *start = text->next;
    phrase_run(phrase, item, text, NULL);
    if (text->next > start && *start >= 'a' && *start <= 'z') {
        *start = (char)(*start - 'a' + 'A');
    }
}

/* One to three sentences of the department's style, then perhaps one that suits all, surely after a short one. */
static void put_description(struct item *item, struct text *text)
{
    const char *start = text->next;
    const struct phrases *sentences = &item->generate->sentences[item->department->source->style];
    const struct phrases *common = &item->generate->sentences_common;
    uint32_t count = 1 + random_below(&item->random, 3);
    uint32_t first = random_below(&item->random, sentences->count);
    uint32_t step = 1 + random_below(&item->random, 3);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) {
            text_put_char(text, ' ');
            item->feature += 3;
            item->use++;
        }
        put_sentence(&sentences->phrases[(first + i * step) % sentences->count], item, text);
    }
    bool more = random_percent(&item->random, 40) && text->next - start < DESCRIPTION_LONG;
    if (more || text->next - start < DESCRIPTION_SHORT) {
        text_put_char(text, ' ');
        put_sentence(&common->phrases[random_below(&item->random, common->count)], item, text);
    }
}

/*
 * Unique for each index: a permutation of 0..SKUS-1 written in mixed radix. The '/' keeps both halves terms of their
 * own, so that a hundred million SKUs are not as many terms.
 */
#define SKUS (UINT64_C(26) * 26 * 100 * 100000)

static void put_sku(struct text *text, uint64_t index)
{
    static_assert(GENERATE_ITEMS_MAX <= SKUS, "every product has an SKU of its own");
    uint64_t n = (index * UINT64_C(1000000007) + 123456789) % SKUS; /* a prime that does not divide SKUS */
    text_put_char(text, (char)('A' + n % 26));
    text_put_char(text, (char)('A' + n / 26 % 26));
    text_put_number(text, n / 676 % 100, 2);
    text_put_char(text, '/');
    text_put_number(text, n / 67600, 5);
}

static void put_price(struct item *item, struct text *text)
{
    static const uint8_t endings[16] = {99, 99, 99, 99, 99, 95, 95, 95, 0, 0, 0, 50, 50, 49, 90, 90};
    const struct leaf *leaf = item->leaf;
    double normal = numbers_normal(&item->random);
    double price = numbers_exp2(&item->generate->numbers, leaf->log2_median + leaf->log2_sigma * normal);
    uint64_t whole = (uint64_t)price;
    uint64_t cents = random_percent(&item->random, 85)
                         ? endings[random_below(&item->random, VOCABULARY_COUNT(endings))]
                         : (uint64_t)((price - (double)whole) * 100);
    text_put_number(text, whole, 1);
    text_put_char(text, '.');
    text_put_number(text, whole == 0 && cents < 20 ? 50 : cents, 2);
}

/* Rating, reviews and sales hang together: what sells is reviewed. */
static void put_popularity(struct item *item, struct text *text)
{
    const struct numbers *numbers = &item->generate->numbers;
    double log2_sales = 5.5 + 2.4 * numbers_normal(&item->random);
    uint64_t sales = (uint64_t)numbers_exp2(numbers, log2_sales);
    TEXT_PUT(text, ",\"sales\":");
    text_put_number(text, sales, 1);
    uint64_t reviews = (uint64_t)numbers_exp2(numbers, log2_sales - 2.8 + numbers_normal(&item->random));
    if (reviews != 0) {
        double tenths = 42.5 + 5 * numbers_normal(&item->random);
        uint64_t rating = tenths < 10 ? 10 : tenths > 50 ? 50 : (uint64_t)tenths;
        TEXT_PUT(text, ",\"rating\":");
        text_put_number(text, rating / 10, 1);
        text_put_char(text, '.');
        text_put_number(text, rating % 10, 1);
    }
    TEXT_PUT(text, ",\"reviews\":");
    text_put_number(text, reviews, 1);
}

static void put_updated(struct item *item, struct text *text)
{
    uint32_t ago = random_skewed(&item->random, GENERATE_DAYS);
    TEXT_PUT(text, ",\"updated\":\"");
    text_put(text, item->generate->days[ago].text, item->generate->days[ago].size);
    text_put_char(text, 'T');
    text_put_number(text, random_below(&item->random, 24), 2);
    text_put_char(text, ':');
    text_put_number(text, random_below(&item->random, 60), 2);
    TEXT_PUT(text, ":00Z\"");
}

static void put_string(struct text *text, const char *string)
{
    text_put_char(text, '"');
    text_put(text, string, strlen(string));
    text_put_char(text, '"');
}

static void put_category(const struct item *item, struct text *text)
{
    TEXT_PUT(text, ",\"category\":[");
    put_string(text, item->department->source->name);
    text_put_char(text, ',');
    put_string(text, item->leaf->source->group);
    text_put_char(text, ',');
    put_string(text, item->leaf->source->name);
    text_put_char(text, ']');
}

static void put_member(struct text *text, const char *name, size_t name_size, const char *value, size_t size)
{
    text_put(text, name, name_size);
    text_put(text, value, size);
    text_put_char(text, '"');
}

#define PUT_MEMBER(text, name, value, size) put_member((text), ",\"" name "\":\"", sizeof name + 4, (value), (size))

size_t generate_item(const struct generate *generate, uint64_t index, char *line)
{
    assert(index < GENERATE_ITEMS_MAX);
    struct text text = {line, line + GENERATE_LINE_BYTES};
    struct item item;
    item_init(&item, generate, index);
    TEXT_PUT(&text, "{\"id\":\"P");
    text_put_number(&text, index, 9);
    TEXT_PUT(&text, "\",\"title\":\"");
    item_title(&item, &text, NULL);
    text_put_char(&text, '"');
    if (random_percent(&item.random, 85)) {
        TEXT_PUT(&text, ",\"description\":\"");
        put_description(&item, &text);
        text_put_char(&text, '"');
    }
    PUT_MEMBER(&text, "brand", item.brand.text, item.brand.size);
    put_category(&item, &text);
    TEXT_PUT(&text, ",\"sku\":\"");
    put_sku(&text, index);
    text_put_char(&text, '"');
    if (item.leaf->source->size != SIZE_NONE) {
        const struct word *size = &generate->sizes[item.leaf->source->size].words[item.size];
        PUT_MEMBER(&text, "size", size->text, size->size);
    }
    if (item.has_colour) {
        const struct word *colour = &generate->colours.words[item.colour];
        PUT_MEMBER(&text, "color", colour->text, colour->size);
    }
    TEXT_PUT(&text, ",\"price\":");
    put_price(&item, &text);
    if (random_percent(&item.random, 88)) {
        TEXT_PUT(&text, ",\"in_stock\":true");
    } else {
        TEXT_PUT(&text, ",\"in_stock\":false");
    }
    put_popularity(&item, &text);
    put_updated(&item, &text);
    TEXT_PUT(&text, "}\n");
    return (size_t)(text.next - line);
}
