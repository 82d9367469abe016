/*
 * inside.h - what the oracle's files share: memory that is freed at once, tokens, versions of products, terms, pieces
 * of queries.
 *
 * Private to tests/oracle. oracle.c holds the catalog, oracle_text.c finds words and stems, oracle_units.c amounts,
 * oracle_words.c makes tokens of them, oracle_pieces.c cuts queries into pieces, oracle_query.c makes clauses of them
 * and evaluates, oracle_phrase.c finds phrases, oracle_signals.c adds what numbers are worth.
 */
#ifndef ORACLE_INSIDE_H
#define ORACLE_INSIDE_H

#include "oracle/oracle.h"

#include <stdbool.h>
#include <utf8proc.h>
#include <yajl/yajl_tree.h>

#define ORACLE_FIELDS_MAX 64
#define ORACLE_ORDER_MAX 6
#define ORACLE_SIGNALS_MAX 8
#define ORACLE_LANGUAGES_MAX 8

/* Memory freed at once. */
struct pool {
    struct pool_block *blocks;
};

void *pool_alloc(struct pool *pool, size_t size); /* zeroed */
char *pool_text(struct pool *pool, const char *text, size_t size);
void pool_release(struct pool *pool);

/* realloc that aborts the test program when there is no memory. */
void *oracle_grow(void *memory, size_t size);

/* Folded code points. */
struct points {
    utf8proc_int32_t *items;
    size_t count;
};

/* A word as found in the folded points, of which it covers [start, end). */
struct word {
    size_t start, end;
    char *text;   /* as it is joined in compounds */
    char *term;   /* of an amount, the form that all its spellings share; else text */
    char *number; /* of an amount, what stands before the unit */
    const char *bare; /* of a name with signs, the letters */
    char *front;      /* of "50x70" the numbers before the last, as written */
    size_t times;     /* of "50x70" and "6x500ml", where the last number begins; 0: it is none such */
    int unit;         /* of the table, or -1 */
    bool letters, digits, other; /* what is in it; other: '.', '/', signs */
    bool fraction, solid, plus;
};

enum class { SEPARATOR, LETTER, DIGIT, SOLID };


/* Beyond the end stand spaces. */
utf8proc_int32_t oracle_point(const struct points *points, size_t i);
enum class oracle_class(const struct points *points, size_t i);

/* The words of the points, *count of them, as yet without units. */
struct word *oracle_scan_words(struct pool *pool, const struct points *points, size_t *count);

/* Whether text is exactly a unit; its number, or -1. */
int oracle_unit(const char *text);
/* The form that all spellings of an amount share. */
char *oracle_amount(struct pool *pool, const char *number, int unit);
/* Whether people say the number alone. */
bool oracle_unit_goes_unsaid(int unit);
bool oracle_unit_is_length(int unit);
/* Of lengths, "0.5x0.7", the form that all spellings share, "500x700mm"; NULL: one is no decimal number. */
char *oracle_lengths(struct pool *pool, const char *numbers, int unit);

struct token {
    const char *text; /* folded, not stemmed; in the pool */
    const char *term; /* what is stemmed: of amounts in another form than text */
    bool joined;
    bool extra; /* of products only */
    size_t position;
    size_t parts;
};

struct tokens {
    struct token *items; /* in the pool */
    size_t count;
    size_t words; /* those that are not joined */
};

enum text_kind { TEXT_QUERY, TEXT_PRODUCT, TEXT_CODE };

/* Folds and cuts text into tokens; those of products (and part numbers) have more than those of queries. */
void oracle_tokenise(struct pool *pool, const char *text, size_t size, enum text_kind kind, struct tokens *out);

/* Folds and finds words, units joined, and lists tokens; the points are the caller's (oracle_text.c). */
void oracle_list_tokens(struct pool *pool, const struct points *points, enum text_kind kind, struct tokens *out);

/* Step 1 alone. */
const char *oracle_fold(struct pool *pool, const char *text, size_t size);

/* Steps 6 and 7. stemmer: of libstemmer, or NULL for none. */
const char *oracle_stem(struct pool *pool, void *stemmer, const char *token);

struct oracle_field {
    const char *name;
    enum { TEXT, KEYWORD, PATH, NUMBER, DECIMAL, OTHER } type;
    int64_t weight; /* hundredths; 0: not searchable */
    int scale;
    bool real;       /* a double */
    bool code;       /* a part number */
    size_t language; /* index into languages */
    bool positions;  /* phrases look here    */
};

struct oracle_signal {
    char kind; /* popularity, rating, stock by their first letter; recency (freshness): f */
    int field;
    int count_field; /* or -1 */
    int64_t weight;  /* hundredths */
    int64_t half_life_ms;
};

struct order_part {
    bool length;
    size_t field;
    bool descending;
};

/* Where a term stands: [start, end) in the words of one value of one field. */
struct occurrence {
    uint32_t term;
    uint32_t field;
    uint32_t value;
    uint32_t start, end;
    uint32_t order; /* of this token among the product's */
    bool kept; /* phrases may use it; else it only says that the field has the term */
};

struct term_code {
    uint32_t term;
    uint8_t code;
    size_t first, count; /* its occurrences */
};

struct version {
    const char *id;
    uint64_t id_hash;
    uint64_t key;
    yajl_val *layers; /* the product, then its patches, in time order */
    size_t layer_count;
    struct term_code *terms; /* ascending */
    size_t term_count;
    struct occurrence *occurrences; /* by term, then in the order of tokens */
    unsigned length_code;
    bool alive;
    bool dropped;
};

struct term {
    const char *text;
    uint64_t df;
    int64_t df_used; /* of oracle_use_df, or -1 */
};

struct oracle {
    struct pool pool;
    yajl_val *trees;
    size_t tree_count;
    struct oracle_field fields[ORACLE_FIELDS_MAX];
    size_t field_count;
    size_t first_text;
    size_t searchable_count;
    const char *id_name;
    const char *languages[ORACLE_LANGUAGES_MAX];
    void *stemmers[ORACLE_LANGUAGES_MAX];
    size_t language_count;
    struct order_part order[ORACLE_ORDER_MAX];
    size_t order_count;
    struct oracle_signal signals[ORACLE_SIGNALS_MAX];
    size_t signal_count;
    int64_t weights[ORACLE_FIELDS_MAX]; /* by field, in hundredths; -1: the schema's */
    const char *weights_text;
    int64_t now_ms;
    struct version *versions;
    size_t version_count;
    struct term *terms;
    size_t term_count;
    uint32_t *slots; /* hash of a term to its number + 1 */
    size_t slot_count;
    size_t *id_slots; /* hash of an id to its newest version + 1 */
    size_t id_slot_count;
    bool use_given;
    uint64_t given_products;
    uint64_t given_sum2;
};

/* The number of a term, or -1. */
int64_t oracle_term_find(const struct oracle *oracle, const char *text);
/* The newest version of an id that is alive, or NULL. */
struct version *oracle_find(struct oracle *oracle, const char *id);
/* Twice the length that a length code stands for. */
unsigned oracle_length_twice(unsigned code);
/* N and twice the sum of lengths, as given or as held. */
void oracle_statistics(const struct oracle *oracle, uint64_t *products, uint64_t *sum2);

/* The value of a field: of the newest layer that names it; NULL when absent. */
yajl_val oracle_value(const struct version *version, const char *name);

/* The schema's "signals"; anything but an array is none. */
void oracle_read_signals(struct oracle *oracle, yajl_val list);
/* What a product's signals add to its score. */
int64_t oracle_signals(const struct oracle *oracle, const struct version *version);

/* What stands between two white spaces of a query, or between two quotes. */
struct piece {
    const char *text; /* without '-', field, quotes and the '*' of a prefix */
    size_t size;
    int field; /* restricted to it, or -1 */
    bool excluded;
    bool quoted;
    bool prefix;
    bool joins; /* OR between two others */
    bool in_or; /* an operand of it */
    unsigned slop;
};

/* Cuts a query into *count pieces of the pool. 0, or AISLE_LIMIT for a slop that is too large. */
int oracle_pieces(const struct oracle *oracle, struct pool *pool, const char *text, struct piece **pieces,
                  size_t *count);

struct phrase {
    const struct oracle *oracle;
    struct tokens tokens;
    const uint8_t **terms; /* of each token, by term number: whether it is one of its terms */
    int field;             /* the only one to look in, or -1 */
    unsigned slop;
};

/* Whether the words stand together somewhere in this product. */
bool oracle_phrase_matches(const struct phrase *phrase, const struct version *version);

#endif
