/*
 * script.c - the chapters of the life, made from a fixed sequence of pseudo-random numbers.
 */
#include "tests/fault/script.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const words[SCRIPT_WORDS] = {
    "lamp",  "shoe", "table", "chair", "desk", "pencil", "book",  "phone", "cup",  "fork", "spoon", "knife",
    "couch", "bed",  "rug",   "clock", "pan",  "shelf",  "crate", "bag",   "belt", "hat",  "glove", "tent",
};

static uint64_t seed;

static uint32_t random_below(uint32_t bound)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % bound);
}

const char *script_word(uint32_t i)
{
    return words[i];
}

void script_id(uint32_t number, char *out, size_t size)
{
    snprintf(out, size, "P%04u", number);
}

static const char *title_of(const struct model_product *product, char *out, size_t size)
{
    snprintf(out, size, "%s %s %s", words[product->words[0]], words[product->words[1]], words[product->words[2]]);
    return out;
}

void script_product(uint32_t number, const struct model_product *product, char *out, size_t size)
{
    char title[64];
    /* The description makes it some hundred bytes long, different for each product. */
    snprintf(out, size,
             "{\"id\":\"P%04u\",\"title\":\"%s\",\"description\":\"number %u of the range, made in lot x%x for "
             "those who want y%x and like z%x\",\"brand\":\"maker%u\",\"price\":%u,\"sales\":%u}",
             number, title_of(product, title, sizeof title), number, number * 2654435761u, number * 40503u,
             number * 2246822519u, number % 7, product->price, product->sales);
}

void script_patch(const struct operation *operation, char *out, size_t size)
{
    char title[64];
    if (operation->kind == OPERATION_TITLE) {
        snprintf(out, size, "{\"title\":\"%s\"}", title_of(&operation->values, title, sizeof title));
    } else {
        snprintf(out, size, "{\"price\":%u,\"sales\":%u}", operation->values.price, operation->values.sales);
    }
}

/* ---- making ---- */

static struct model_product random_product(void)
{
    struct model_product product = {.live = true, .price = 1 + random_below(900), .sales = random_below(5000)};
    for (unsigned i = 0; i < SCRIPT_TITLE_WORDS; i++) {
        product.words[i] = (uint8_t)(random_below(SCRIPT_WORDS / SCRIPT_TITLE_WORDS) * SCRIPT_TITLE_WORDS + i);
    }
    return product;
}

static void apply(struct model_product *product, const struct operation *operation)
{
    switch (operation->kind) {
    case OPERATION_PUT:
        *product = operation->values;
        break;
    case OPERATION_COLUMNS:
        product->price = operation->values.price;
        product->sales = operation->values.sales;
        break;
    case OPERATION_TITLE:
        memcpy(product->words, operation->values.words, sizeof product->words);
        break;
    case OPERATION_DELETE:
        product->live = false;
        break;
    }
}

static struct model_product *present(struct script *script)
{
    return script->states[script->chapter_count];
}

static void begin_chapter(struct script *script, enum chapter_kind kind, const char *name)
{
    uint32_t number = script->chapter_count++;
    assert(script->chapter_count <= SCRIPT_CHAPTERS_MAX);
    script->chapters[number] = (struct chapter){
        .kind = kind, .name = name, .first = script->operation_count, .end = script->operation_count};
    memcpy(script->states[number + 1], script->states[number], sizeof script->states[number]);
}

static void operate(struct script *script, enum operation_kind kind, uint32_t number)
{
    assert(script->operation_count < SCRIPT_OPERATIONS_MAX);
    struct operation *operation = &script->operations[script->operation_count++];
    *operation = (struct operation){.kind = kind, .number = number, .values = random_product()};
    apply(&present(script)[number], operation);
    script->chapters[script->chapter_count - 1].end = script->operation_count;
}

/* count operations on live products, a put on any; each product once. */
static void operate_some(struct script *script, enum operation_kind kind, uint32_t count)
{
    uint32_t number = random_below(SCRIPT_PRODUCTS);
    for (uint32_t i = 0; i < SCRIPT_PRODUCTS && count != 0; i++) {
        number = (number + 37) % SCRIPT_PRODUCTS;
        if (kind == OPERATION_PUT || present(script)[number].live) {
            operate(script, kind, number);
            count--;
        }
    }
}

void script_make(struct script *script, uint32_t bulk)
{
    static const enum operation_kind turns[] = {OPERATION_PUT, OPERATION_COLUMNS, OPERATION_TITLE, OPERATION_DELETE};
    memset(script, 0, sizeof *script);
    seed = 42;
    script->products = SCRIPT_PRODUCTS + bulk;
    begin_chapter(script, CHAPTER_CREATE, "create");
    begin_chapter(script, CHAPTER_COMMIT, "fill");
    for (uint32_t i = 0; i < bulk; i++) {
        operate(script, OPERATION_PUT, SCRIPT_PRODUCTS + i);
    }
    operate_some(script, OPERATION_PUT, 60);
    begin_chapter(script, CHAPTER_COMMIT, "put");
    operate_some(script, OPERATION_PUT, 25);
    begin_chapter(script, CHAPTER_COMMIT, "patch columns");
    operate_some(script, OPERATION_COLUMNS, 12);
    begin_chapter(script, CHAPTER_LOOK, "look");
    begin_chapter(script, CHAPTER_COMMIT, "patch and delete");
    operate_some(script, OPERATION_TITLE, 5);
    operate_some(script, OPERATION_DELETE, 6);
    operate_some(script, OPERATION_COLUMNS, 6);
    begin_chapter(script, CHAPTER_REOPEN, "reopen");
    /* More segments than a tier holds, so that one of these merges. */
    for (unsigned i = 0; i < 8; i++) {
        begin_chapter(script, CHAPTER_COMMIT, "small commit");
        operate_some(script, turns[i % 4], 1);
        operate_some(script, OPERATION_PUT, 2);
    }
    begin_chapter(script, CHAPTER_CHECK, "check");
    begin_chapter(script, CHAPTER_COMPACT, "compact");
    operate_some(script, OPERATION_DELETE, 15);
    operate_some(script, OPERATION_COLUMNS, 3);
    begin_chapter(script, CHAPTER_BACKUP, "backup");
    begin_chapter(script, CHAPTER_SHRINK, "shrink");
    begin_chapter(script, CHAPTER_COMMIT, "put after compacting");
    operate_some(script, OPERATION_PUT, 20);
    operate_some(script, OPERATION_TITLE, 4);
    begin_chapter(script, CHAPTER_REOPEN, "reopen again");
    begin_chapter(script, CHAPTER_LOOK, "last look");
}
