/*
 * test_generate.c - the sample catalog: the same bytes every time, sound JSON, and the proportions of real shops.
 *
 * The bands come from measurements of real product data; they are wide enough for other seeds and narrow enough to
 * notice when a table or a formula goes wrong.
 */
#include "base/alloc.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "data/generate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__)
#define SLOW_BUILD 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOW_BUILD 1
#endif
#endif

#ifdef SLOW_BUILD
#define GROWTH_ITEMS 200000u
#else
#define GROWTH_ITEMS 1000000u
#endif

#define KNOWN_HASH UINT64_C(0xe75d06196ae6ae11)

static struct generate *generator;
static char line[GENERATE_LINE_BYTES];

static int make_generator(void **state)
{
    (void)state;
    return generate_new(7, &generator);
}

static int free_generator(void **state)
{
    (void)state;
    generate_free(generator);
    return 0;
}

/* A set of hashes, and how many came once only. */
struct term_set {
    uint64_t *slots;
    size_t mask;
    size_t count;
};

static void set_init(struct term_set *set, size_t slots)
{
    *set = (struct term_set){.slots = mem_calloc(slots, sizeof(uint64_t)), .mask = slots - 1};
    assert_non_null(set->slots);
}

static void set_add(struct term_set *set, uint64_t hash)
{
    hash |= 1;
    size_t i = (hash >> 20) & set->mask;
    while (set->slots[i] != 0) {
        if (set->slots[i] == hash) {
            return;
        }
        i = (i + 1) & set->mask;
    }
    set->slots[i] = hash;
    set->count++;
    assert_true(set->count < set->mask);
}

static bool is_token_byte(unsigned char c)
{
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Tokens as the measurements took them: runs of letters and digits, lower-cased. */
static size_t count_tokens(struct bytes text, struct term_set *words, struct term_set *numbers)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size;) {
        char token[256];
        size_t size = 0;
        bool digit = false;
        for (; i < text.size && is_token_byte(text.data[i]); i++) {
            unsigned char c = text.data[i];
            digit = digit || (c >= '0' && c <= '9');
            token[size++ % sizeof token] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
        if (size == 0) {
            i++;
            continue;
        }
        count++;
        if (words != NULL) {
            set_add(digit ? numbers : words, hash_bytes(token, size));
        }
    }
    return count;
}

/* The value behind "name": in the line, without the quotes of a string; empty when absent. */
static struct bytes member(struct bytes text, const char *name)
{
    char key[32];
    snprintf(key, sizeof key, "\"%s\":", name);
    const uint8_t *start = memmem(text.data, text.size, key, strlen(key));
    if (start == NULL) {
        return bytes_of(NULL, 0);
    }
    start += strlen(key);
    const uint8_t *end = text.data + text.size;
    bool string = *start == '"';
    start += string;
    const uint8_t *stop = start;
    while (stop < end && *stop != (string ? '"' : ',') && (string || *stop != '}')) {
        stop++;
    }
    return bytes_of(start, (size_t)(stop - start));
}

static struct bytes make_item(uint64_t index)
{
    return bytes_of(line, generate_item(generator, index, line));
}

static void same_seed_and_index_give_the_same_bytes(void **state)
{
    (void)state;
    struct generate *twin = NULL;
    static char other[GENERATE_LINE_BYTES];
    assert_int_equal(generate_new(7, &twin), 0);
    for (uint64_t i = 0; i < 2000; i++) {
        uint64_t index = i < 1000 ? i : i * UINT64_C(999331) % GENERATE_ITEMS_MAX;
        struct bytes item = make_item(index);
        assert_true(bytes_equal(item, bytes_of(other, generate_item(twin, index, other))));
    }
    generate_free(twin);
}

static void ranges_made_backwards_equal_those_made_forwards(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    static uint64_t hashes[COUNT];
    for (uint64_t i = 0; i < COUNT; i++) {
        struct bytes item = make_item(i);
        hashes[i] = hash_bytes(item.data, item.size);
    }
    for (uint64_t i = COUNT; i-- > 0;) {
        struct bytes item = make_item(i);
        assert_true(hashes[i] == hash_bytes(item.data, item.size));
    }
}

static void known_products_never_change(void **state)
{
    (void)state;
    /* Guards against a compiler or library that computes differently; change it when the tables change. */
    uint64_t hash = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        struct bytes item = make_item(i * 1000003 % GENERATE_ITEMS_MAX);
        hash = hash_bytes_seeded(item.data, item.size, hash);
    }
    assert_int_equal(hash, KNOWN_HASH);
}

static void other_seeds_give_other_catalogs(void **state)
{
    (void)state;
    struct generate *stranger = NULL;
    static char other[GENERATE_LINE_BYTES];
    size_t equal = 0;
    assert_int_equal(generate_new(8, &stranger), 0);
    for (uint64_t i = 0; i < 1000; i++) {
        struct bytes title = member(make_item(i), "title");
        equal += bytes_equal(title, member(bytes_of(other, generate_item(stranger, i, other)), "title"));
    }
    assert_true(equal < 5);
    generate_free(stranger);
}

static void lines_are_one_utf8_object_without_escapes(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        struct bytes item = make_item(i < 10000 ? i : GENERATE_ITEMS_MAX - 1 - i);
        assert_true(item.size < GENERATE_LINE_BYTES - 512);
        assert_true(utf8_valid(item, NULL));
        assert_memory_equal(item.data, "{\"id\":\"P", 8);
        assert_memory_equal(item.data + item.size - 3, "\"}\n", 3);
        assert_null(memchr(item.data, '\\', item.size));
        assert_ptr_equal(memchr(item.data, '\n', item.size), item.data + item.size - 1);
        size_t quotes = 0;
        int depth = 0;
        for (size_t k = 0; k < item.size; k++) {
            quotes += item.data[k] == '"';
            depth += quotes % 2 == 0 ? (item.data[k] == '{') - (item.data[k] == '}') : 0;
            assert_true(item.data[k] >= 0x20 || k == item.size - 1);
        }
        assert_int_equal(quotes % 2, 0);
        assert_int_equal(depth, 0);
        assert_null(memmem(item.data, item.size, "  ", 2));
        assert_null(memmem(item.data, item.size, " ,", 2));
        assert_null(memmem(item.data, item.size, ",,", 2));
    }
}

static void skus_are_unique(void **state)
{
    (void)state;
    struct term_set skus;
    set_init(&skus, 1u << 19);
    for (uint64_t i = 0; i < 200000; i++) {
        struct bytes sku = member(make_item(i), "sku");
        assert_int_equal(sku.size, 10);
        set_add(&skus, hash_bytes(sku.data, sku.size));
    }
    assert_int_equal(skus.count, 200000);
    mem_free(skus.slots);
}

static void lengths_are_those_of_shops(void **state)
{
    (void)state;
    const size_t items = 100000;
    size_t title_counts[64] = {0};
    size_t described = 0;
    double title_tokens = 0;
    double description_tokens = 0;
    double bytes = 0;
    for (uint64_t i = 0; i < items; i++) {
        struct bytes item = make_item(i);
        bytes += (double)item.size;
        size_t tokens = count_tokens(member(item, "title"), NULL, NULL);
        assert_in_range(tokens, 4, 24);
        title_counts[tokens]++;
        title_tokens += (double)tokens;
        struct bytes description = member(item, "description");
        if (description.size > 0) {
            tokens = count_tokens(description, NULL, NULL);
            assert_in_range(tokens, 8, 64);
            described++;
            description_tokens += (double)tokens;
        }
    }
    size_t below = 0;
    unsigned p95 = 0;
    while (below < items * 95 / 100) {
        below += title_counts[p95++];
    }
    print_message("title mean %.2f p95 %u, described %.1f%%, description mean %.1f, line %.0f bytes\n",
                  title_tokens / (double)items, p95 - 1, 100.0 * (double)described / (double)items,
                  description_tokens / (double)described, bytes / (double)items);
    assert_true(title_tokens / (double)items > 7.0 && title_tokens / (double)items < 9.5);
    assert_in_range(p95 - 1, 11, 15);
    assert_true(described > items * 84 / 100 && described < items * 86 / 100);
    assert_true(description_tokens / (double)described > 20 && description_tokens / (double)described < 35);
    assert_true(bytes / (double)items > 420 && bytes / (double)items < 480);
}

static void vocabularies_grow_by_heaps_law(void **state)
{
    (void)state;
    struct term_set words;
    struct term_set numbers;
    set_init(&words, 1u << 21);
    set_init(&numbers, 1u << 21);
    size_t words_before = 0;
    size_t numbers_before = 0;
    for (uint64_t i = 0; i < GROWTH_ITEMS; i++) {
        if (i == GROWTH_ITEMS / 10) {
            words_before = words.count;
            numbers_before = numbers.count;
        }
        struct bytes item = make_item(i);
        count_tokens(member(item, "title"), &words, &numbers);
        count_tokens(member(item, "description"), &words, &numbers);
    }
    double words_beta = log10((double)words.count / (double)words_before);
    double numbers_beta = log10((double)numbers.count / (double)numbers_before);
    print_message("words %zu to %zu, beta %.3f; with a digit %zu to %zu, beta %.3f\n", words_before, words.count,
                  words_beta, numbers_before, numbers.count, numbers_beta);
    assert_true(words_beta > 0.42 && words_beta < 0.58);
    assert_true(numbers_beta > 0.60 && numbers_beta < 0.75);
    mem_free(words.slots);
    mem_free(numbers.slots);
}

static int compare_counts(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x < y) - (x > y);
}

static void brands_follow_zipf(void **state)
{
    (void)state;
    enum { SLOTS = 1 << 16, ITEMS = 100000 };
    uint64_t *keys = mem_calloc(SLOTS, sizeof *keys);
    uint32_t *counts = mem_calloc(SLOTS, sizeof *counts);
    assert_true(keys != NULL && counts != NULL);
    for (uint64_t i = 0; i < ITEMS; i++) {
        struct bytes brand = member(make_item(i), "brand");
        uint64_t hash = hash_bytes(brand.data, brand.size) | 1;
        size_t slot = hash >> 48;
        while (keys[slot] != 0 && keys[slot] != hash) {
            slot = (slot + 1) % SLOTS;
        }
        keys[slot] = hash;
        counts[slot]++;
    }
    qsort(counts, SLOTS, sizeof *counts, compare_counts);
    size_t distinct = 0;
    double top100 = 0;
    while (distinct < SLOTS && counts[distinct] > 0) {
        top100 += distinct < 100 ? counts[distinct] : 0;
        distinct++;
    }
    print_message("brands %zu, top 1 %.2f%%, top 100 %.1f%%\n", distinct, 100.0 * counts[0] / ITEMS,
                  100.0 * top100 / ITEMS);
    assert_in_range(distinct, 4000, 12000);
    assert_true(counts[0] > ITEMS / 200 && counts[0] < ITEMS / 15);
    assert_true(top100 > 0.3 * ITEMS && top100 < 0.65 * ITEMS);
    mem_free(keys);
    mem_free(counts);
}

static void prices_of_a_category_are_log_normal(void **state)
{
    (void)state;
    double sum = 0;
    double squares = 0;
    double cubes = 0;
    double count = 0;
    size_t nines = 0;
    static double logs[20000];
    for (uint64_t i = 0; i < 300000 && count < 20000; i++) {
        struct bytes item = make_item(i);
        if (memmem(item.data, item.size, "\"Sports Shoes\",\"Running Shoes\"]", 31) == NULL) {
            continue;
        }
        struct bytes price = member(item, "price");
        char digits[32] = {0};
        memcpy(digits, price.data, price.size < sizeof digits ? price.size : 0);
        double value = strtod(digits, NULL);
        nines += strstr(digits, ".99") != NULL;
        logs[(size_t)count] = log(value);
        sum += log(value);
        count++;
    }
    assert_true(count > 1000);
    double mean = sum / count;
    for (size_t i = 0; i < (size_t)count; i++) {
        squares += (logs[i] - mean) * (logs[i] - mean);
        cubes += (logs[i] - mean) * (logs[i] - mean) * (logs[i] - mean);
    }
    double sigma = sqrt(squares / count);
    double skew = cubes / count / (sigma * sigma * sigma);
    print_message("running shoes %.0f: median %.2f, sigma %.3f, skew of log %.3f\n", count, exp(mean), sigma, skew);
    assert_true(fabs(mean - log(89.0)) < 0.05);
    assert_true(fabs(sigma - 0.40) < 0.03);
    assert_true(fabs(skew) < 0.25);
    assert_true((double)nines > 0.2 * count && (double)nines < 0.45 * count);
}

/* Whether each of the query's words is one of the title's, cut at spaces, commas and brackets. */
static bool title_has_all(struct bytes title, struct bytes query)
{
    for (size_t i = 0; i < query.size;) {
        size_t end = i;
        while (end < query.size && query.data[end] != ' ') {
            end++;
        }
        bool found = false;
        for (size_t k = 0; k + (end - i) <= title.size && !found; k++) {
            found = strncasecmp((const char *)title.data + k, (const char *)query.data + i, end - i) == 0;
        }
        if (!found) {
            return false;
        }
        i = end + 1;
    }
    return true;
}

static void every_query_has_a_hit(void **state)
{
    (void)state;
    enum { ITEMS = 300, QUERIES = 1000 };
    static char titles[ITEMS][512];
    static size_t sizes[ITEMS];
    for (uint64_t i = 0; i < ITEMS; i++) {
        struct bytes title = member(make_item(i), "title");
        assert_true(title.size < sizeof titles[i]);
        memcpy(titles[i], title.data, title.size);
        sizes[i] = title.size;
    }
    char query[GENERATE_QUERY_BYTES];
    for (uint64_t i = 0; i < QUERIES; i++) {
        size_t size = generate_query(generator, ITEMS, i, query);
        bool found = false;
        for (size_t k = 0; k < ITEMS && !found; k++) {
            found = title_has_all(bytes_of(titles[k], sizes[k]), bytes_of(query, size - 1));
        }
        if (!found) {
            print_message("no hit: %.*s", (int)size, query);
        }
        assert_true(found);
    }
}

static void queries_are_short_and_repeat(void **state)
{
    (void)state;
    enum { QUERIES = 50000 };
    size_t lengths[8] = {0};
    size_t digits = 0;
    double words = 0;
    struct term_set distinct;
    set_init(&distinct, 1u << 18);
    char query[GENERATE_QUERY_BYTES];
    for (uint64_t i = 0; i < QUERIES; i++) {
        size_t size = generate_query(generator, 1000000, i, query);
        assert_true(size >= 2 && query[size - 1] == '\n');
        size_t count = 1;
        bool digit = false;
        for (size_t k = 0; k < size - 1; k++) {
            assert_false(query[k] >= 'A' && query[k] <= 'Z');
            assert_true((unsigned char)query[k] >= ' ');
            count += query[k] == ' ';
            digit = digit || (query[k] >= '0' && query[k] <= '9');
        }
        assert_in_range(count, 1, 6);
        lengths[count]++;
        words += (double)count;
        digits += digit;
        set_add(&distinct, hash_bytes(query, size));
    }
    print_message("query words %.2f; 1 to 6: %zu %zu %zu %zu %zu %zu; digits %.1f%%; distinct %zu of %d\n",
                  words / QUERIES, lengths[1], lengths[2], lengths[3], lengths[4], lengths[5], lengths[6],
                  100.0 * (double)digits / QUERIES, distinct.count, QUERIES);
    assert_true(words / QUERIES > 1.9 && words / QUERIES < 3.4);
    assert_true(digits > QUERIES * 5 / 100 && digits < QUERIES * 10 / 100);
    assert_in_range(distinct.count, QUERIES / 4, QUERIES * 3 / 4);
    mem_free(distinct.slots);
}

static void no_memory_is_a_status(void **state)
{
    (void)state;
    struct generate *failed = (struct generate *)line;
    for (unsigned long n = 1; n <= 3; n++) {
        alloc_fail_at(n, 1);
        int status = generate_new(1, &failed);
        alloc_fail_at(0, 0);
        assert_int_equal(status, AISLE_NO_MEMORY);
        assert_null(failed);
    }
    generate_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_and_index_give_the_same_bytes),
        cmocka_unit_test(ranges_made_backwards_equal_those_made_forwards),
        cmocka_unit_test(known_products_never_change),
        cmocka_unit_test(other_seeds_give_other_catalogs),
        cmocka_unit_test(lines_are_one_utf8_object_without_escapes),
        cmocka_unit_test(skus_are_unique),
        cmocka_unit_test(lengths_are_those_of_shops),
        cmocka_unit_test(vocabularies_grow_by_heaps_law),
        cmocka_unit_test(brands_follow_zipf),
        cmocka_unit_test(prices_of_a_category_are_log_normal),
        cmocka_unit_test(every_query_has_a_hit),
        cmocka_unit_test(queries_are_short_and_repeat),
        cmocka_unit_test(no_memory_is_a_status),
    };
    return cmocka_run_group_tests(tests, make_generator, free_generator);
}
