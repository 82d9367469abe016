/*
 * script.h - the life of a catalog as a script: what is done in each chapter, and what every product is afterwards.
 *
 * A chapter is a commit of some operations, or another event of a catalog's life. Each operation is a record of a
 * change log: the position behind operation i is (i + 1) * SCRIPT_RECORD_BYTES. State n is what the catalog holds when
 * n chapters are done.
 *
 * Thread rule: script_make once, then read only.
 */
#ifndef AISLE_TESTS_FAULT_SCRIPT_H
#define AISLE_TESTS_FAULT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCRIPT_PRODUCTS 100u   /* that all chapters are about */
#define SCRIPT_BULK_MAX 1200u  /* more of them: enough for a dictionary to be trained */
#define SCRIPT_CHAPTERS_MAX 32u
#define SCRIPT_OPERATIONS_MAX 2000u
#define SCRIPT_WORDS 24u       /* of titles */
#define SCRIPT_TITLE_WORDS 3u
#define SCRIPT_RECORD_BYTES 10u

enum chapter_kind {
    CHAPTER_CREATE,
    CHAPTER_COMMIT,  /* its operations, and a commit */
    CHAPTER_COMPACT, /* the same, and everything into one segment */
    CHAPTER_REOPEN,
    CHAPTER_LOOK,    /* searches, explanations, statistics, products */
    CHAPTER_CHECK,
    CHAPTER_BACKUP,  /* a copy beside the catalog */
    CHAPTER_SHRINK   /* closes, and gives free space back */
};

enum operation_kind {
    OPERATION_PUT,
    OPERATION_COLUMNS, /* patches price and sales */
    OPERATION_TITLE,   /* patches the title, which indexes the product again */
    OPERATION_DELETE
};

struct model_product {
    bool live;
    uint8_t words[SCRIPT_TITLE_WORDS]; /* numbers of words, all different */
    uint32_t price, sales;
};

struct operation {
    enum operation_kind kind;
    uint32_t number; /* of the product */
    struct model_product values;
};

struct chapter {
    enum chapter_kind kind;
    const char *name;
    uint32_t first, end; /* its operations */
};

struct script {
    uint32_t products;
    uint32_t chapter_count;
    uint32_t operation_count;
    struct chapter chapters[SCRIPT_CHAPTERS_MAX];
    struct operation operations[SCRIPT_OPERATIONS_MAX];
    struct model_product states[SCRIPT_CHAPTERS_MAX + 1][SCRIPT_PRODUCTS + SCRIPT_BULK_MAX];
};

/* The script with this many products more in its first commit. */
void script_make(struct script *script, uint32_t bulk);

/* The text of word number i. No two have a stem in common, and no other text of a product holds them. */
const char *script_word(uint32_t i);

/* The id of a product, the product's JSON and an operation's patch, NUL-terminated. */
void script_id(uint32_t number, char *out, size_t size);
void script_product(uint32_t number, const struct model_product *product, char *out, size_t size);
void script_patch(const struct operation *operation, char *out, size_t size);

#endif
