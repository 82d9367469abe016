/*
 * test_index_similar.c - products like one are those that its most telling words find, and not itself.
 *
 * The definition is written down here once more: titles are plain words, a word's df is the total of a search for it in
 * a compacted catalog, the sixteen rarest that another product has are joined by OR, and the product is taken out.
 */
#include "index_fixture.h"

#define PRODUCTS 300u
#define TITLE_WORDS 24u

struct word {
    char text[16];
    uint64_t df;
    size_t at;
};

static uint64_t state;

static uint32_t draw(uint32_t limit)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((state >> 33) % limit);
}

/* Squares make some words frequent; letters only, which no stemmer of "none" changes. */
static void draw_title(char *out)
{
    uint32_t count = 1 + draw(TITLE_WORDS);
    out[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = draw(20) * draw(20) + draw(5);
        sprintf(out + strlen(out), "%sw%c%c%c", i == 0 ? "" : " ", (char)('a' + number / 100),
                (char)('a' + number / 10 % 10), (char)('a' + number % 10));
    }
}

static const char schema[] = "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\",\"weight\":3},"
                             "\"note\":{\"type\":\"text\"},\"code\":{\"type\":\"keyword\",\"code\":true},"
                             "\"brand\":{\"type\":\"keyword\",\"facet\":true},\"price\":{\"type\":\"integer\"}}}";

static aisle *catalog;

static void fill(char titles[PRODUCTS][512])
{
    aisle_writer *writer = begin_writing(catalog);
    for (uint32_t i = 0; i < PRODUCTS; i++) {
        char line[1024];
        draw_title(titles[i]);
        snprintf(line, sizeof line,
                 "{\"id\":\"P%u\",\"title\":\"%s\",\"note\":\"waaa wnote\",\"code\":\"wcode%u\","
                 "\"brand\":\"b%u\",\"price\":%u}",
                 i, titles[i], i, i % 5, draw(100));
        put(writer, line);
    }
    assert_int_equal(aisle_compact(writer, NULL), 0);
    aisle_writer_free(writer);
}

static uint64_t total_of(const char *text)
{
    aisle_result *result = NULL;
    aisle_query query = {.size = sizeof query, .text = text, .no_hits = true, .no_typos = true,
                         .no_understanding = true};
    assert_int_equal(aisle_search(catalog, &query, &result, NULL), 0);
    uint64_t total = aisle_result_total(result, NULL);
    aisle_result_free(result);
    return total;
}

static int compare_words(const void *left, const void *right)
{
    const struct word *a = left;
    const struct word *b = right;
    return a->df != b->df ? (a->df < b->df ? -1 : 1) : (a->at > b->at) - (a->at < b->at);
}

/* The query that the definition makes of a title. */
static void make_query(const char *title, char *out)
{
    struct word words[TITLE_WORDS];
    size_t count = 0;
    char copy[512];
    char *rest = NULL;
    memcpy(copy, title, sizeof copy);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        bool known = false;
        for (size_t i = 0; i < count; i++) {
            known = known || strcmp(words[i].text, word) == 0;
        }
        uint64_t df = known ? 0 : total_of(word);
        if (df >= 2) {
            words[count].at = count;
            words[count].df = df;
            snprintf(words[count++].text, sizeof words[0].text, "%s", word);
        }
    }
    qsort(words, count, sizeof words[0], compare_words);
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && i < 16; i++) {
        used += (size_t)snprintf(out + used, 512 - used, "%s%.10s", i == 0 ? "" : " OR ", words[i].text);
    }
}

/* Whether got is what wanted holds without this id. */
static void is_without(const aisle_result *got, const aisle_result *wanted, const char *id, bool found)
{
    aisle_hit hit, other;
    size_t at = 0;
    assert_int_equal(aisle_result_total(got, NULL), aisle_result_total(wanted, NULL) - (found ? 1 : 0));
    for (size_t i = 0; aisle_result_hit(wanted, i, &other) == 0; i++) {
        if (other.id.size == strlen(id) && memcmp(other.id.data, id, other.id.size) == 0) {
            continue;
        }
        assert_int_equal(aisle_result_hit(got, at++, &hit), 0);
        assert_int_equal(hit.id.size, other.id.size);
        assert_memory_equal(hit.id.data, other.id.data, hit.id.size);
        assert_true(hit.score >= other.score && hit.score <= other.score);
    }
    assert_int_equal(aisle_result_count(got), at);
}

static void similar_products_are_what_the_definition_says(void **unused)
{
    static char titles[PRODUCTS][512];
    static const char *const filters[] = {NULL, "price < 50", "brand = \"b1\" OR price > 90"};
    (void)unused;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        char name[16];
        snprintf(name, sizeof name, "like%u", (unsigned)seed);
        create_catalog(name, schema, seed == 3 ? 4 : 1);
        catalog = open_catalog(name);
        state = seed;
        fill(titles);
        for (uint32_t i = 0; i < 60; i++) {
            char id[16], text[512];
            aisle_result *wanted = NULL;
            aisle_result *got = NULL;
            snprintf(id, sizeof id, "P%u", i);
            make_query(titles[i], text);
            const char *filter = filters[i % 3];
            aisle_query query = {.size = sizeof query, .text = text, .limit = 1000, .filter = filter, .no_typos = true,
                                 .no_understanding = true};
            assert_int_equal(aisle_search(catalog, &query, &wanted, NULL), 0);
            aisle_hit hit;
            bool found = false;
            for (size_t k = 0; aisle_result_hit(wanted, k, &hit) == 0; k++) {
                found = found || (hit.id.size == strlen(id) && memcmp(hit.id.data, id, hit.id.size) == 0);
            }
            query.text = NULL;
            query.no_typos = query.no_understanding = false; /* it has no words */
            query.like = id;
            assert_int_equal(aisle_search(catalog, &query, &got, NULL), 0);
            if (text[0] == '\0') {
                assert_int_equal(aisle_result_total(got, NULL), 0);
            } else {
                is_without(got, wanted, id, found);
            }
            aisle_result_free(wanted);
            aisle_result_free(got);
        }
        aisle_close(catalog);
    }
}

static void a_product_that_is_not_there_has_none_like_it(void **unused)
{
    aisle_result *result = NULL;
    (void)unused;
    create_catalog("nobody", schema, 1);
    catalog = open_catalog("nobody");
    aisle_writer *writer = begin_writing(catalog);
    put(writer, "{\"id\":\"A\",\"title\":\"red -shoe OR \\\"x\\\" title:y z*\"}");
    put(writer, "{\"id\":\"B\",\"title\":\"shoe or x y z\"}");
    put(writer, "{\"id\":\"C\"}");
    commit(writer);
    aisle_writer_free(writer);
    aisle_query query = {.size = sizeof query, .like = "nobody"};
    assert_int_equal(aisle_search(catalog, &query, &result, &error), AISLE_NOT_FOUND);
    assert_string_equal(error.message, "like: no product has the id \"nobody\"");
    query.like = "A";
    query.text = "shoe";
    assert_int_equal(aisle_search(catalog, &query, &result, &error), AISLE_BAD_QUERY);
    query.text = "";
    assert_int_equal(aisle_search(catalog, &query, &result, &error), 0); /* no operator is one */
    assert_int_equal(aisle_result_total(result, NULL), 1);
    query.like = "C";
    assert_int_equal(aisle_search(catalog, &query, &result, &error), 0);
    assert_int_equal(aisle_result_total(result, NULL), 0);
    aisle_result_free(result);
    aisle_close(catalog);
}

/* Puts a product of so many words that no other has, and one that another has behind them. */
static void put_long(aisle_writer *writer, const char *id, unsigned words)
{
    char line[8192];
    size_t size = (size_t)sprintf(line, "{\"id\":\"%s\",\"title\":\"", id);
    for (unsigned i = 0; i < words; i++) {
        size += (size_t)sprintf(line + size, "%s%c%c%c ", id, (char)('a' + i / 100), (char)('a' + i / 10 % 10),
                                (char)('a' + i % 10));
    }
    sprintf(line + size, "shared\"}");
    put(writer, line);
}

static void of_a_long_title_the_first_256_words_are_looked_at(void **unused)
{
    static const char *const ids[] = {"short", "long"};
    aisle_result *result = NULL;
    (void)unused;
    create_catalog("looked", schema, 1);
    catalog = open_catalog("looked");
    aisle_writer *writer = begin_writing(catalog);
    put_long(writer, ids[0], 255);
    put_long(writer, ids[1], 256);
    commit(writer);
    aisle_writer_free(writer);
    for (unsigned i = 0; i < 2; i++) {
        aisle_query query = {.size = sizeof query, .like = ids[i]};
        assert_int_equal(aisle_search(catalog, &query, &result, &error), 0);
        assert_int_equal(aisle_result_total(result, NULL), i == 0 ? 1 : 0);
    }
    aisle_result_free(result);
    aisle_close(catalog);
}

static void pages_of_similar_products_go_on_after_a_commit(void **unused)
{
    char after[4096] = "";
    aisle_result *result = NULL;
    aisle_hit hit;
    (void)unused;
    create_catalog("pages", schema, 1);
    catalog = open_catalog("pages");
    aisle_writer *writer = begin_writing(catalog);
    put(writer, "{\"id\":\"A\",\"title\":\"red shoe\"}");
    put(writer, "{\"id\":\"B\",\"title\":\"red shoe box\"}");
    put(writer, "{\"id\":\"C\",\"title\":\"shoe box lid tin\"}");
    commit(writer);
    aisle_query query = {.size = sizeof query, .like = "A", .limit = 1};
    assert_int_equal(aisle_search(catalog, &query, &result, &error), 0);
    assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
    assert_memory_equal(hit.id.data, "B", 1);
    aisle_bytes cursor = aisle_result_cursor(result);
    memcpy(after, cursor.data, cursor.size);
    put(writer, "{\"id\":\"D\",\"title\":\"red lamp for a very long table\"}"); /* now shoes are as rare as red */
    put(writer, "{\"id\":\"E\",\"title\":\"red lamp for a very large table\"}");
    commit(writer);
    aisle_writer_free(writer);
    query.after = after;
    assert_done(aisle_search(catalog, &query, &result, &error));
    assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
    assert_memory_equal(hit.id.data, "C", 1);
    query.like = "B";
    assert_int_equal(aisle_search(catalog, &query, &result, &error), AISLE_BAD_QUERY);
    aisle_result_free(result);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(similar_products_are_what_the_definition_says),
        cmocka_unit_test(a_product_that_is_not_there_has_none_like_it),
        cmocka_unit_test(of_a_long_title_the_first_256_words_are_looked_at),
        cmocka_unit_test(pages_of_similar_products_go_on_after_a_commit),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
