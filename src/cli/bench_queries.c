/*
 * bench_queries.c - queries for aisle bench: read from a file, or drawn from the catalog that is measured.
 *
 * Drawing knows the public API alone, which cannot name a product at random. So it walks: a word of the product at
 * hand is searched for, and one of its hits at random is the next product. Words with few enough hits to reach each of
 * them are preferred, and the walk begins again at times, so that it neither stays nor sees the best hits only.
 * A word's frequency is the total of a search for it.
 */
#include "base/limits.h"
#include "cli/bench.h"
#include "cli/cli.h"
#include "cli/output.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 12u  /* of a product, from where its title begins: what people type */
#define WORD_BYTES 40u /* and its end; longer ones are passed over */
#define WALK_STEPS 16u /* before it begins again */
#define TRIES_MAX 50u  /* products looked at for one query of a kind */

/* ---- a list of queries ---- */

void bench_queries_release(struct bench_queries *queries)
{
    for (size_t i = 0; queries->drawn != NULL && i < queries->count; i++) {
        free(queries->drawn[i]);
    }
    free(queries->drawn);
    free(queries->file);
    free(queries->list);
    *queries = (struct bench_queries){0};
}

/* The number of a kind, new or not; the last one takes what is too many. */
static uint32_t kind_of(struct bench_queries *queries, const char *name)
{
    for (uint32_t i = 0; i < queries->kind_count; i++) {
        if (strcmp(queries->kinds[i], name) == 0) {
            return i;
        }
    }
    if (queries->kind_count == BENCH_KINDS_MAX) {
        return BENCH_KINDS_MAX - 1;
    }
    queries->kinds[queries->kind_count] = name;
    return queries->kind_count++;
}

static int add_query(struct bench_queries *queries, char *text, char *filter, const char *kind,
                     uint32_t line)
{
    if (queries->count == queries->capacity) {
        size_t capacity = queries->capacity == 0 ? 1024 : queries->capacity * 2;
        struct bench_query *grown = realloc(queries->list, capacity * sizeof *grown);
        if (grown == NULL) {
            return cli_complain(CLI_RESOURCES, "bench", "out of memory", NULL);
        }
        queries->list = grown;
        queries->capacity = capacity;
    }
    queries->list[queries->count++] =
        (struct bench_query){.text = text, .filter = filter, .kind = kind_of(queries, kind), .line = line};
    return CLI_DONE;
}

/* ---- from a file ---- */

static int read_file(const char *path, char **out)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    size_t capacity = 1 << 20;
    size_t size = 0;
    char *text = file == NULL ? NULL : malloc(capacity);
    while (text != NULL) {
        size_t got = fread(text + size, 1, capacity - size - 1, file);
        size += got;
        if (got == 0) {
            break;
        }
        if (size + 1 == capacity) {
            char *grown = realloc(text, capacity *= 2);
            if (grown == NULL) {
                free(text);
            }
            text = grown;
        }
    }
    int failed = file == NULL || text == NULL || ferror(file) ? errno : 0;
    if (file != NULL && file != stdin) {
        fclose(file);
    }
    if (failed != 0) {
        free(text);
        return failed;
    }
    text[size] = '\0';
    *out = text;
    return 0;
}

int bench_queries_read(struct bench_queries *queries, const char *path)
{
    int failed = read_file(path, &queries->file);
    if (failed != 0) {
        return cli_complain(CLI_INPUT, "bench", strerror(failed), path);
    }
    int status = CLI_DONE;
    uint32_t number = 1;
    for (char *line = queries->file; status == CLI_DONE && *line != '\0' && queries->count < BENCH_QUERIES_MAX;) {
        char *end = line + strcspn(line, "\r\n");
        char *next = end + (*end == '\r' && end[1] == '\n' ? 2 : *end == '\0' ? 0 : 1);
        char *tab = memchr(line, '\t', (size_t)(end - line));
        char *filter = tab == NULL ? NULL : memchr(tab + 1, '\t', (size_t)(end - tab - 1));
        *end = '\0';
        if (tab != NULL) {
            *tab = '\0';
        }
        if (filter != NULL) {
            *filter++ = '\0';
        }
        if (end > line) {
            status = add_query(queries, tab == NULL ? line : tab + 1, filter, tab == NULL ? "all" : line, number);
        }
        number++;
        line = next;
    }
    if (status == CLI_DONE && queries->count == 0) {
        status = cli_complain(CLI_INPUT, "bench", "there is no query", path);
    }
    return status;
}

/* ---- drawn ---- */

struct words {
    unsigned count;
    char word[WORDS_MAX][WORD_BYTES];
};

struct walk {
    aisle *catalog;
    aisle_result *result;
    aisle_error error;
    uint64_t products;
    uint64_t state; /* of the random numbers */
    unsigned steps;
    struct words words; /* of the product at hand */
    double price;       /* of it; 0: it has none */
};

/* 0 to count - 1 (splitmix64). */
static uint64_t random_below(struct walk *walk, uint64_t count)
{
    uint64_t x = walk->state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (x ^ (x >> 31)) % count;
}

static bool is_word_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* The words of a JSON text's strings from p on; names of its members and escapes are passed over. */
static void take_words(struct words *words, const char *p, const char *end)
{
    bool is_inside = false;
    words->count = 0;
    while (p < end && words->count < WORDS_MAX) {
        const char *start = p;
        while (is_inside && p < end && is_word_byte(*p)) {
            p++;
        }
        size_t size = (size_t)(p - start);
        if (size >= 2 && size < WORD_BYTES && !(size == 2 && memcmp(start, "OR", 2) == 0)) {
            memcpy(words->word[words->count], start, size);
            words->word[words->count++][size] = '\0';
        }
        if (p < end && *p == '\\' && is_inside) {
            ptrdiff_t escape = p + 1 < end && p[1] == 'u' ? 6 : 2;
            p += escape < end - p ? escape : end - p;
        } else if (p < end && *p == '"') {
            is_inside = !is_inside;
            p++;
            if (!is_inside && p < end && *p == ':') {
                words->count = 0; /* it was a name */
            }
        } else if (p < end) {
            p++;
        }
    }
}

/* The words of a product, of its title or name if it has one, and its price. */
static void take_product(struct walk *walk, aisle_bytes product)
{
    aisle_bytes value;
    char price[32] = "";
    if (output_find(product, "price", &value) && value.size < sizeof price) {
        memcpy(price, value.data, value.size);
    }
    walk->price = strtod(price, NULL);
    if (!output_find(product, "title", &value) && !output_find(product, "name", &value)) {
        value = product;
    }
    take_words(&walk->words, value.data, value.data + value.size);
}

static int search(struct walk *walk, const char *text, const char *filter, uint64_t offset, bool is_count)
{
    const aisle_query query = {.size = sizeof query,
                               .text = text,
                               .filter = filter,
                               .limit = 1,
                               .offset = (uint32_t)offset,
                               .no_hits = is_count,
                               .no_total = !is_count,
                               .no_typos = true,
                               .no_stop_words = true};
    return aisle_search(walk->catalog, &query, &walk->result, &walk->error);
}

static int count(struct walk *walk, const char *text, const char *filter, uint64_t *total)
{
    int status = search(walk, text, filter, 0, true);
    *total = status == 0 ? aisle_result_total(walk->result, NULL) : 0;
    return status;
}

/* Chooses where to go: a word with hits, "" for anywhere, and the number of its hits. */
static int choose_way(struct walk *walk, const char **word, uint64_t *total)
{
    *word = "";
    *total = walk->products;
    int status = 0;
    bool is_restart = walk->words.count == 0 || ++walk->steps % WALK_STEPS == 0;
    for (unsigned i = 0; i < 4 && status == 0 && !is_restart; i++) {
        const char *tried = walk->words.word[random_below(walk, walk->words.count)];
        uint64_t hits;
        status = count(walk, tried, NULL, &hits);
        if (hits > 1) {
            *word = tried;
            *total = hits;
        }
        if (hits > 1 && hits <= LIMIT_HITS) {
            break;
        }
    }
    return status;
}

/* Goes to another product. */
static int step(struct walk *walk)
{
    const char *word;
    uint64_t total;
    int status = choose_way(walk, &word, &total);
    if (status == 0) {
        uint64_t reach = total < LIMIT_HITS ? total : LIMIT_HITS;
        status = search(walk, word, NULL, random_below(walk, reach == 0 ? 1 : reach), false);
    }
    aisle_hit hit;
    if (status == 0) {
        walk->words.count = 0;
        if (aisle_result_hit(walk->result, 0, &hit) == 0) {
            take_product(walk, hit.product);
        }
    }
    return status;
}

/* Joins count different words of the product; false when it has not so many. */
static bool join_words(struct walk *walk, unsigned count, const char *between, char *text, size_t capacity)
{
    struct words *words = &walk->words;
    size_t size = 0;
    for (unsigned i = 0; i < count; i++) {
        bool is_new = false;
        for (unsigned tries = 0; tries < 8 && words->count > i && !is_new; tries++) {
            char swap[WORD_BYTES];
            uint64_t at = i + random_below(walk, words->count - i);
            memcpy(swap, words->word[i], WORD_BYTES);
            memcpy(words->word[i], words->word[at], WORD_BYTES);
            memcpy(words->word[at], swap, WORD_BYTES);
            is_new = true;
            for (unsigned j = 0; j < i; j++) {
                is_new = is_new && strcmp(words->word[i], words->word[j]) != 0;
            }
        }
        if (!is_new) {
            return false;
        }
        size += (size_t)snprintf(text + size, capacity - size, "%s%s", i == 0 ? "" : between, words->word[i]);
    }
    return true;
}

/* Whether the share of products that have a word is that of the kind: 1 % and more, less than 0.05 %, or between. */
static bool suits(const struct walk *walk, const char *kind, uint64_t total)
{
    double share = (double)total / (double)walk->products;
    return strcmp(kind, "term_high") == 0  ? share >= 0.01
           : strcmp(kind, "term_mid") == 0 ? share >= 0.0005 && share < 0.01
                                           : total > 0 && share < 0.0005;
}

struct making {
    char text[8 * WORD_BYTES];
    char filter[64]; /* empty: none */
};

/* Takes neighbours, the beginning of a word, or words and a range about the price; false when there are none. */
static bool make_special(struct walk *walk, const char *kind, struct making *making)
{
    struct words *words = &walk->words;
    if (strcmp(kind, "phrase") == 0 && words->count >= 2) {
        uint64_t at = random_below(walk, words->count - 1);
        snprintf(making->text, sizeof making->text, "\"%s %s\"", words->word[at], words->word[at + 1]);
        return strcmp(words->word[at], words->word[at + 1]) != 0;
    }
    if (strcmp(kind, "prefix") == 0) {
        const char *word = words->word[random_below(walk, words->count)];
        int cut = 3 + (int)random_below(walk, 2);
        snprintf(making->text, sizeof making->text, "%.*s*", cut, word);
        return strlen(word) >= 5 && ((unsigned char)word[2] | (unsigned char)word[3] | (unsigned char)word[4]) < 0x80;
    }
    if (strcmp(kind, "filter") == 0 && walk->price > 0) {
        snprintf(making->filter, sizeof making->filter, "price %.2f TO %.2f", walk->price / 1.5, walk->price * 1.5);
        return join_words(walk, 2, " ", making->text, sizeof making->text);
    }
    return false;
}

/* Makes a query of the product at hand; *made tells whether it could be. */
static int make_query(struct walk *walk, const char *kind, struct making *making, bool *made)
{
    struct words *words = &walk->words;
    uint64_t total = 0;
    *made = false;
    *making = (struct making){.text = ""};
    if (words->count == 0) {
        return 0;
    }
    bool is_term = strncmp(kind, "term", 4) == 0;
    if (is_term) {
        snprintf(making->text, sizeof making->text, "%s", words->word[random_below(walk, words->count)]);
    } else if (strncmp(kind, "and", 3) == 0 || strncmp(kind, "or", 2) == 0) {
        unsigned size = (unsigned)(kind[strlen(kind) - 1] - '0');
        if (!join_words(walk, size, kind[0] == 'a' ? " " : " OR ", making->text, sizeof making->text)) {
            return 0;
        }
    } else if (!make_special(walk, kind, making)) {
        return 0;
    }
    int status = count(walk, making->text, making->filter, &total);
    *made = is_term ? suits(walk, kind, total) : total > 0;
    return status;
}

/* One string of a text and its filter behind it, which the caller frees; NULL when out of memory. */
static char *keep_making(const struct making *making)
{
    size_t size = strlen(making->text) + 1;
    char *kept = malloc(size + strlen(making->filter) + 1);
    if (kept != NULL) {
        memcpy(kept, making->text, size);
        memcpy(kept + size, making->filter, strlen(making->filter) + 1);
    }
    return kept;
}

/* One more query of a kind; none when many products have nothing for it. */
static int draw_query(struct bench_queries *queries, struct walk *walk, const char *kind, bool *made)
{
    struct making making;
    int status = 0;
    *made = false;
    for (unsigned tries = 0; tries < TRIES_MAX && !*made && status == 0; tries++) {
        status = step(walk);
        status = status == 0 ? make_query(walk, kind, &making, made) : status;
    }
    if (status != 0) {
        return cli_fail("bench", &walk->error, NULL);
    }
    if (!*made) {
        return CLI_DONE;
    }
    char *kept = keep_making(&making);
    if (kept == NULL) {
        return cli_complain(CLI_RESOURCES, "bench", "out of memory", NULL);
    }
    char *filter = kept[strlen(kept) + 1] == '\0' ? NULL : kept + strlen(kept) + 1;
    status = add_query(queries, kept, filter, kind, 0);
    if (status == CLI_DONE) {
        queries->drawn[queries->count - 1] = kept;
    } else {
        free(kept);
    }
    return status;
}

static void mix(struct bench_queries *queries, struct walk *walk)
{
    for (size_t i = queries->count; i > 1; i--) {
        size_t at = (size_t)random_below(walk, i);
        struct bench_query swap = queries->list[i - 1];
        queries->list[i - 1] = queries->list[at];
        queries->list[at] = swap;
    }
}

int bench_queries_draw(struct bench_queries *queries, aisle *catalog, uint64_t each, uint64_t seed)
{
    static const char *const kinds[] = {"term_high", "term_mid", "term_low", "and2",   "and3",
                                        "or2",       "or3",      "or5",      "phrase", "prefix", "filter"};
    const size_t kind_count = sizeof kinds / sizeof kinds[0];
    struct walk walk = {.catalog = catalog, .state = seed};
    struct progress progress;
    int status = CLI_DONE;
    queries->drawn = calloc(each * kind_count, sizeof *queries->drawn);
    if (queries->drawn == NULL) {
        return cli_complain(CLI_RESOURCES, "bench", "out of memory", NULL);
    }
    if (count(&walk, "", NULL, &walk.products) != 0) {
        return cli_fail("bench", &walk.error, NULL);
    }
    progress_start(&progress);
    for (size_t kind = 0; kind < kind_count && walk.products > 0; kind++) {
        bool made = true;
        for (uint64_t i = 0; i < each && made && status == CLI_DONE; i++) {
            status = draw_query(queries, &walk, kinds[kind], &made);
            progress_show(&progress, kind * each + i, kind_count * each, queries->count, "queries drawn");
        }
    }
    progress_end(&progress);
    aisle_result_free(walk.result);
    if (status == CLI_DONE && queries->count == 0) {
        status = cli_complain(CLI_INPUT, "bench", "the catalog has no product that queries can be drawn from", NULL);
    }
    mix(queries, &walk);
    return status;
}
