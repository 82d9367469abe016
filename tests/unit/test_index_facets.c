/*
 * test_index_facets.c - facets, sorting, pages, groups and bounds through aisle.h: every limit on both sides, cursors
 * across commits and in strange hands, answers cut short. What answers hold is tests/oracle's.
 */
#include "index_fixture.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <pthread.h>

#define SCHEMA                                                                                                    \
    "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},"                                     \
    "\"brand\":{\"type\":\"keyword\",\"facet\":true},\"size\":{\"type\":\"keyword\",\"facet\":true},"             \
    "\"category\":{\"type\":\"path\",\"facet\":true},\"n\":{\"type\":\"integer\"},\"price\":{\"type\":\"decimal\"}," \
    "\"real\":{\"type\":\"double\"},\"since\":{\"type\":\"date\"},\"sale\":{\"type\":\"bool\"}},\"order\":[\"n\"]}"

#define PRODUCTS 30000u

static aisle *catalog;

/* Products with different numbers, a thousand brands, in two segments. */
static int open_shop(void **state)
{
    if (make_directory(state) != 0) {
        return -1;
    }
    create_catalog("shop", SCHEMA, 1);
    catalog = open_catalog("shop");
    aisle_writer *writer = begin_writing(catalog);
    for (uint32_t i = 0; i < PRODUCTS; i++) {
        char product[256];
        snprintf(product, sizeof product,
                 "{\"id\":\"%u\",\"title\":\"lamp %s\",\"brand\":\"Brand %u\",\"n\":%u,\"price\":%u.%02u}", i,
                 i % 2 == 0 ? "even" : "odd", i * 7 % 1000, i, i % 100, i % 97);
        put(writer, product);
        if (i == PRODUCTS / 3) {
            commit(writer);
        }
    }
    commit(writer);
    aisle_writer_free(writer);
    return 0;
}

static int close_shop(void **state)
{
    aisle_close(catalog);
    return remove_directory(state);
}

static int status_of(const aisle_query *given)
{
    aisle_query query = *given;
    aisle_result *result = NULL;
    query.size = sizeof query;
    int status = aisle_search(catalog, &query, &result, &error);
    aisle_result_free(result);
    return status;
}

static int facet_status(const char *facet)
{
    return status_of(&(aisle_query){.facets = &facet, .facet_count = 1});
}

/* ---- limits ---- */

static void facets_keep_to_their_limits(void **state)
{
    (void)state;
    static const char *facets[LIMIT_FACETS + 1];
    static char text[LIMIT_FACET_BYTES + 2];
    for (uint32_t i = 0; i <= LIMIT_FACETS; i++) {
        facets[i] = "brand:1";
    }
    assert_int_equal(status_of(&(aisle_query){.facets = facets, .facet_count = LIMIT_FACETS}), 0);
    assert_int_equal(status_of(&(aisle_query){.facets = facets, .facet_count = LIMIT_FACETS + 1}), AISLE_LIMIT);
    assert_int_equal(facet_status("brand:10000"), 0);
    assert_int_equal(facet_status("brand:10001"), AISLE_LIMIT);
    assert_int_equal(error.position, 6);
    assert_int_equal(facet_status("brand:sample=1000000"), 0);
    assert_int_equal(facet_status("brand:sample=1000001"), AISLE_LIMIT);
    assert_int_equal(facet_status("brand:sample=0"), AISLE_BAD_QUERY);
    assert_int_equal(facet_status("brand:like="
                                  "0123456789012345678901234567890123456789012345678901234567890123"), 0);
    assert_int_equal(facet_status("brand:like="
                                  "01234567890123456789012345678901234567890123456789012345678901234"), AISLE_LIMIT);
    assert_int_equal(facet_status("n/3"), 0); /* 10,000 buckets */
    assert_int_equal(facet_status("n/2"), AISLE_LIMIT);
    assert_non_null(strstr(error.message, "10000 buckets"));
    memset(text, ' ', sizeof text - 1);
    memcpy(text + LIMIT_FACET_BYTES - 5, "brand", 5);
    text[LIMIT_FACET_BYTES] = '\0';
    assert_int_equal(facet_status(text), 0);
    memset(text, ' ', sizeof text - 1);
    memcpy(text + LIMIT_FACET_BYTES - 4, "brand", 5);
    text[LIMIT_FACET_BYTES + 1] = '\0';
    assert_int_equal(facet_status(text), AISLE_LIMIT);
}

static void ranges_and_paths_keep_to_their_limits(void **state)
{
    (void)state;
    char text[4096] = "n[0";
    size_t size = strlen(text);
    for (uint32_t i = 1; i <= LIMIT_FACET_RANGES; i++) {
        if (i == LIMIT_FACET_RANGES) {
            snprintf(text + size, sizeof text - size, "]");
            assert_int_equal(facet_status(text), 0);
        }
        size += (size_t)snprintf(text + size, sizeof text - size, ",%u", i);
    }
    snprintf(text + size, sizeof text - size, "]");
    assert_int_equal(facet_status(text), AISLE_LIMIT);
    size = (size_t)snprintf(text, sizeof text, "category");
    for (uint32_t level = 1; level <= LIMIT_PATH_PARTS; level++) {
        size += (size_t)snprintf(text + size, sizeof text - size, ">a");
        assert_int_equal(facet_status(text), level < LIMIT_PATH_PARTS ? 0 : AISLE_LIMIT);
    }
}

static void sorting_and_groups_keep_to_their_limits(void **state)
{
    (void)state;
    assert_int_equal(status_of(&(aisle_query){.sort = "brand,size,category,n,price,real,since,score"}), 0);
    assert_int_equal(status_of(&(aisle_query){.sort = "brand,size,category,n,price,real,since,score,sale"}),
                     AISLE_LIMIT);
    assert_int_equal(status_of(&(aisle_query){.sort = "n,n:desc"}), AISLE_BAD_QUERY);
    assert_int_equal(error.position, 2);
    assert_int_equal(status_of(&(aisle_query){.sort = "score:asc"}), AISLE_BAD_QUERY);
    assert_int_equal(status_of(&(aisle_query){.sort = "title"}), AISLE_BAD_QUERY);
    assert_int_equal(status_of(&(aisle_query){.sort = "n,"}), AISLE_BAD_QUERY);
    assert_int_equal(status_of(&(aisle_query){.group_by = "brand", .limit = 990, .offset = 10}), 0);
    assert_int_equal(status_of(&(aisle_query){.group_by = "brand", .limit = 990, .offset = 11}), AISLE_LIMIT);
    assert_int_equal(status_of(&(aisle_query){.group_by = "brand", .group_size = 100}), 0);
    assert_int_equal(status_of(&(aisle_query){.group_by = "brand", .group_size = 101}), AISLE_LIMIT);
    assert_int_equal(status_of(&(aisle_query){.group_by = "title"}), AISLE_BAD_QUERY);
    assert_int_equal(status_of(&(aisle_query){.group_by = "none"}), AISLE_BAD_QUERY);
    assert_int_equal(status_of(&(aisle_query){.sort = "n", .limit = 10000}), 0);
    assert_int_equal(status_of(&(aisle_query){.sort = "n", .limit = 10000, .offset = 1}), AISLE_LIMIT);
}

static void fields_keep_to_their_limit(void **state)
{
    (void)state;
    char text[1024] = "id";
    for (uint32_t i = 1; i < LIMIT_FIELDS; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), ",f%u", i);
    }
    assert_int_equal(status_of(&(aisle_query){.fields = text}), 0);
    snprintf(text + strlen(text), sizeof text - strlen(text), ",one");
    assert_int_equal(status_of(&(aisle_query){.fields = text}), AISLE_LIMIT);
    assert_int_equal(status_of(&(aisle_query){.fields = "id,,n"}), AISLE_BAD_QUERY);
    assert_int_equal(status_of(&(aisle_query){.fields = "id,"}), AISLE_BAD_QUERY);
}

static void products_are_cut_down_to_fields(void **state)
{
    (void)state;
    aisle_result *result = NULL;
    aisle_hit hit;
    aisle_query query = {.size = sizeof query, .filter = "n = 5", .fields = "n, brand", .limit = 1};
    assert_done(aisle_search(catalog, &query, &result, &error));
    assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
    assert_int_equal(hit.product.size, strlen("{\"brand\":\"Brand 35\",\"n\":5}"));
    assert_memory_equal(hit.product.data, "{\"brand\":\"Brand 35\",\"n\":5}", hit.product.size);
    query.fields = "none";
    assert_done(aisle_search(catalog, &query, &result, &error));
    assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
    assert_memory_equal(hit.product.data, "{}", hit.product.size);
    aisle_result_free(result);
}

/* ---- bounds ---- */

static aisle_result *search(aisle_query query)
{
    aisle_result *result = NULL;
    query.size = sizeof query;
    assert_done(aisle_search(catalog, &query, &result, &error));
    return result;
}

static void too_little_work_gives_a_part_that_says_so(void **state)
{
    (void)state;
    static const char *const facets[] = {"brand:3"};
    const aisle_query queries[] = {{.text = "lamp"},
                                   {.text = "lamp even"},
                                   {.text = "even OR odd"},
                                   {.text = ""},
                                   {.text = "ev*", .filter = "price < 50"},
                                   {.text = "", .sort = "price:desc"},
                                   {.text = "even", .facets = facets, .facet_count = 1},
                                   {.text = "even", .group_by = "brand", .group_size = 3},
                                   {.text = "lamp", .sort = "brand,score", .facets = facets, .facet_count = 1}};
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        aisle_query query = queries[i];
        aisle_result *whole = search(query);
        assert_false(aisle_result_partial(whole));
        uint64_t total = aisle_result_total(whole, NULL);
        bool was_partial = false;
        for (uint64_t work = 1; work < 100000; work *= 3) {
            query.work = work;
            aisle_result *part = search(query);
            bool exact;
            assert_true(aisle_result_total(part, &exact) <= total);
            assert_true(exact == !aisle_result_partial(part));
            if (!aisle_result_partial(part)) {
                assert_int_equal(aisle_result_total(part, NULL), total);
                assert_int_equal(aisle_result_count(part), aisle_result_count(whole));
            }
            was_partial = was_partial || aisle_result_partial(part);
            aisle_result_free(part);
        }
        assert_true(was_partial);
        query.deadline_ms = 3600000; /* far away */
        query.work = 0;
        aisle_result *late = search(query);
        assert_false(aisle_result_partial(late));
        assert_int_equal(aisle_result_total(late, NULL), total);
        aisle_result_free(late);
        aisle_result_free(whole);
    }
}

static void a_thousand_groups_with_many_hits_each_are_found(void **state)
{
    (void)state;
    aisle_result *result = search((aisle_query){.text = "lamp even", .group_by = "brand", .limit = 1000,
                                                .group_size = 100});
    assert_int_equal(aisle_result_groups(result), 500);
    aisle_result_free(result);
    result = search((aisle_query){.text = "lamp OR even", .group_by = "brand", .limit = 1000, .group_size = 100,
                                  .sort = "price:desc,brand"});
    assert_int_equal(aisle_result_groups(result), 1000);
    assert_int_equal(aisle_result_count(result), PRODUCTS);
    aisle_result_free(result);
}

static void a_bounded_total_ends_early_and_says_so(void **state)
{
    (void)state;
    bool exact;
    aisle_result *result = search((aisle_query){.text = "lamp even", .total_bound = 100});
    assert_true(aisle_result_total(result, &exact) >= 100 && aisle_result_total(result, NULL) < PRODUCTS / 2);
    assert_false(exact);
    assert_false(aisle_result_partial(result));
    aisle_result_free(result);
    result = search((aisle_query){.text = "lamp even", .total_bound = PRODUCTS});
    assert_int_equal(aisle_result_total(result, &exact), PRODUCTS / 2);
    assert_true(exact);
    aisle_result_free(result);
}

static void a_cancelled_search_leaves_the_result_alone(void **state)
{
    (void)state;
    aisle_token *token = NULL;
    aisle_result *result = find(catalog, "odd", 0, 3);
    assert_done(aisle_token_new(&token));
    aisle_query query = {.size = sizeof query, .text = "lamp even", .token = token};
    assert_done(aisle_search(catalog, &query, &result, &error));
    assert_int_equal(aisle_result_count(result), 10);
    aisle_token_cancel(token);
    assert_int_equal(aisle_search(catalog, &query, &result, &error), AISLE_CANCELLED);
    assert_int_equal(aisle_result_count(result), 10);
    aisle_token_free(token);
    aisle_result_free(result);
}

static void *cancel(void *token)
{
    usleep(2000);
    aisle_token_cancel(token);
    return NULL;
}

static void another_thread_cancels(void **state)
{
    (void)state;
    static const char *const facets[] = {"brand:1000", "n:1000", "price/1"};
    pthread_t thread;
    aisle_token *token = NULL;
    aisle_result *result = NULL;
    assert_done(aisle_token_new(&token));
    aisle_query query = {.size = sizeof query, .facets = facets, .facet_count = 3, .token = token};
    assert_int_equal(pthread_create(&thread, NULL, cancel, token), 0);
    int status;
    while ((status = aisle_search(catalog, &query, &result, &error)) == 0) {
    }
    assert_int_equal(status, AISLE_CANCELLED);
    pthread_join(thread, NULL);
    aisle_token_free(token);
    aisle_result_free(result);
}

static void a_sample_is_near_and_says_so(void **state)
{
    (void)state;
    static const char *const facets[] = {"brand:1000:sample=7", "price[0,50]:stats:sample=3", "brand:1"};
    aisle_facet facet;
    aisle_facet_value value;
    aisle_result *result = search((aisle_query){.facets = facets, .facet_count = 3});
    assert_int_equal(aisle_result_facet(result, 0, &facet), 0);
    assert_true(facet.sampled);
    assert_int_equal(facet.products, PRODUCTS);
    uint64_t sum = 0;
    for (size_t i = 0; aisle_result_facet_value(result, 0, i, &value) == 0; i++) {
        sum += value.count;
    }
    assert_in_range(sum, PRODUCTS - PRODUCTS / 20, PRODUCTS + PRODUCTS / 20);
    assert_int_equal(aisle_result_facet_value(result, 1, 0, &value), 0);
    assert_in_range(value.count, PRODUCTS / 2 - PRODUCTS / 20, PRODUCTS / 2 + PRODUCTS / 20);
    assert_int_equal(aisle_result_facet(result, 2, &facet), 0);
    assert_false(facet.sampled);
    aisle_result_free(result);
}

/* ---- cursors ---- */

/* The cursor behind the query's page, until the next call. */
static char *cursor_of(aisle_query query)
{
    aisle_result *result = search(query);
    aisle_bytes cursor = aisle_result_cursor(result);
    static char copy[4096];
    snprintf(copy, sizeof copy, "%.*s", (int)cursor.size, cursor.data);
    aisle_result_free(result);
    return copy;
}

static void a_changed_cursor_is_refused(void **state)
{
    (void)state;
    aisle_query query = {.text = "lamp", .sort = "brand:desc,n", .limit = 5};
    char *cursor = cursor_of(query);
    size_t size = strlen(cursor);
    assert_true(size > 20);
    query.after = cursor;
    assert_int_equal(status_of(&query), 0);
    for (size_t i = 0; i < size; i++) {
        char was = cursor[i];
        cursor[i] = was == 'A' ? 'B' : 'A';
        assert_int_equal(status_of(&query), AISLE_BAD_QUERY);
        cursor[i] = '!';
        assert_int_equal(status_of(&query), AISLE_BAD_QUERY);
        cursor[i] = was;
    }
    for (size_t i = 1; i < size; i++) {
        char was = cursor[i];
        cursor[i] = '\0';
        assert_int_equal(status_of(&query), AISLE_BAD_QUERY);
        cursor[i] = was;
    }
}

static void a_cursor_is_of_one_query(void **state)
{
    (void)state;
    const aisle_query query = {.text = "lamp", .filter = "n > 3", .limit = 5};
    char *cursor = cursor_of(query);
    aisle_query other = query;
    other.after = cursor;
    other.limit = 7;
    assert_int_equal(status_of(&other), 0);
    other.text = "even";
    assert_int_equal(status_of(&other), AISLE_BAD_QUERY);
    assert_non_null(strstr(error.message, "another query"));
    other = query;
    other.after = cursor;
    other.filter = "n > 4";
    assert_int_equal(status_of(&other), AISLE_BAD_QUERY);
    other = query;
    other.after = cursor;
    other.sort = "n";
    assert_int_equal(status_of(&other), AISLE_BAD_QUERY);
    other = query;
    other.after = cursor;
    other.group_by = "brand";
    assert_int_equal(status_of(&other), AISLE_BAD_QUERY);
}

/* One that was built anew beside and takes the first one's place goes on; with other fields, places mean nothing. */
static void a_cursor_is_of_one_schema(void **state)
{
    (void)state;
    create_catalog("again", SCHEMA, 1);
    create_catalog("other", "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},"
                   "\"n\":{\"type\":\"integer\"}}}", 1);
    aisle *before = catalog, *again = open_catalog("again"), *other = open_catalog("other");
    for (int i = 0; i < 2; i++) {
        aisle_query query = {.text = "lamp", .sort = i == 0 ? NULL : "n", .limit = 5};
        query.after = cursor_of(query);
        catalog = again;
        assert_int_equal(status_of(&query), 0);
        catalog = other;
        assert_int_equal(status_of(&query), AISLE_BAD_QUERY);
        assert_non_null(strstr(error.message, "schema"));
        catalog = before;
    }
    aisle_close(again);
    aisle_close(other);
}

static void assert_first(const char *id, aisle_query query)
{
    aisle_hit hit;
    aisle_result *result = search(query);
    assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
    assert_int_equal(hit.id.size, strlen(id));
    assert_memory_equal(hit.id.data, id, hit.id.size);
    aisle_result_free(result);
}

static void a_cursor_goes_on_across_commits(void **state)
{
    (void)state;
    create_catalog("moving", SCHEMA, 1);
    aisle *before = catalog;
    catalog = open_catalog("moving");
    aisle_writer *writer = begin_writing(catalog);
    for (int i = 0; i < 20; i++) {
        char product[128];
        snprintf(product, sizeof product, "{\"id\":\"%d\",\"title\":\"lamp\",\"brand\":\"b%02d\",\"n\":%d}", i, i,
                 i * 10);
        put(writer, product);
    }
    commit(writer);
    static const char *const sorts[] = {"brand", "n", NULL};
    for (size_t i = 0; i < 3; i++) {
        aisle_query query = {.text = i < 2 ? "lamp" : "", .sort = sorts[i], .limit = 10};
        char *cursor = cursor_of(query); /* behind 9 */
        query.after = cursor;
        assert_first("10", query);
        put(writer, "{\"id\":\"early\",\"title\":\"lamp\",\"brand\":\"b05x\",\"n\":55}");
        erase(writer, "9");
        commit(writer);
        assert_first("10", query);
        put(writer, "{\"id\":\"late\",\"title\":\"lamp\",\"brand\":\"b09x\",\"n\":95}");
        commit(writer);
        assert_first("late", query);
        assert_done(aisle_compact(writer, &error));
        assert_first("late", query);
        erase(writer, "late");
        erase(writer, "early");
        put(writer, "{\"id\":\"9\",\"title\":\"lamp\",\"brand\":\"b09\",\"n\":90}");
        commit(writer);
        assert_first("10", query);
        }
    aisle_writer_free(writer);
    aisle_close(catalog);
    catalog = before;
}

static void sizes_come_in_their_own_order(void **state)
{
    (void)state;
    static const char *const sizes[] = {"one size", "xxs", "xs", "S", "M", "L", "XL", "2XL", "xxxl", "7", "38", "38.5",
                                        "39 1/2", "40", "64 GB", "128 GB", "blue"};
    create_catalog("sizes", SCHEMA, 1);
    aisle *before = catalog;
    catalog = open_catalog("sizes");
    aisle_writer *writer = begin_writing(catalog);
    size_t count = sizeof sizes / sizeof sizes[0];
    for (size_t i = 0; i < count; i++) {
        char product[128];
        snprintf(product, sizeof product, "{\"id\":\"%zu\",\"size\":\"%s\"}", i, sizes[i * 5 % count]);
        put(writer, product);
        commit(writer);
    }
    aisle_writer_free(writer);
    const char *facet = "size:size:100";
    aisle_facet_value value;
    aisle_result *result = search((aisle_query){.facets = &facet, .facet_count = 1});
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(aisle_result_facet_value(result, 0, i, &value), 0);
        assert_int_equal(value.value.size, strlen(sizes[i]));
        assert_memory_equal(value.value.data, sizes[i], value.value.size);
    }
    assert_int_equal(aisle_result_facet_value(result, 0, count, &value), AISLE_END);
    assert_int_equal(aisle_result_facet_value(result, 1, 0, &value), AISLE_END);
    aisle_result_free(result);
    aisle_close(catalog);
    catalog = before;
}

static void figures_are_right_where_doubles_end(void **state)
{
    (void)state;
    static const char *const products[] = {"1.7e308,\"price\":9.99", "1.7e308,\"price\":-0.5",
                                           "-1.7e308,\"price\":0", "-1.7e308,\"price\":5", "0.5,\"price\":5"};
    create_catalog("figures", SCHEMA, 1);
    aisle *before = catalog;
    catalog = open_catalog("figures");
    aisle_writer *writer = begin_writing(catalog);
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        char product[128];
        snprintf(product, sizeof product, "{\"id\":\"%zu\",\"real\":%s}", i, products[i]);
        put(writer, product);
    }
    commit(writer);
    aisle_writer_free(writer);
    static const char *const facets[] = {"real:stats", "price:stats"};
    aisle_facet facet;
    aisle_result *result = search((aisle_query){.facets = facets, .facet_count = 2});
    assert_int_equal(aisle_result_facet(result, 0, &facet), 0);
    assert_int_equal(facet.sum.size, strlen("0.5"));
    assert_memory_equal(facet.sum.data, "0.5", facet.sum.size);
    assert_true(facet.mean == 0.1);
    assert_int_equal(aisle_result_facet(result, 1, &facet), 0);
    assert_true(facet.mean == 3.898);
    aisle_result_free(result);
    result = search((aisle_query){.facets = facets, .facet_count = 1, .filter = "real > 1"});
    assert_int_equal(aisle_result_facet(result, 0, &facet), 0);
    assert_int_equal(facet.sum.size, 0); /* 3.4e308 is no double */
    assert_true(facet.mean == 1.7e308);
    aisle_result_free(result);
    aisle_close(catalog);
    catalog = before;
}

static void marks_that_make_an_answer_too_large_are_told(void **state)
{
    (void)state;
    static const char *const field = "title";
    static char product[512] = "{\"id\":\"1\",\"title\":\"";
    static char mark[(2u << 20) + 1];
    create_catalog("marks", SCHEMA, 1);
    aisle *before = catalog;
    catalog = open_catalog("marks");
    for (int i = 0; i < 40; i++) {
        strcat(product, "lamp ");
    }
    strcat(product, "\"}");
    memset(mark, '*', sizeof mark - 1);
    aisle_writer *writer = begin_writing(catalog);
    put(writer, product);
    commit(writer);
    aisle_writer_free(writer);
    error = (aisle_error){.code = AISLE_BUSY}; /* of another call */
    assert_int_equal(status_of(&(aisle_query){.text = "lamp", .highlight = &field, .highlight_count = 1,
                                              .mark_before = mark}), AISLE_LIMIT);
    assert_int_equal(error.code, AISLE_LIMIT);
    assert_non_null(strstr(error.message, "marks"));
    aisle_close(catalog);
    catalog = before;
}

static void a_product_that_patches_made_longer_than_any_is_marked(void **state)
{
    (void)state;
    static const char *const field = "title";
    static const char begin[] = "{\"id\":\"1\",\"price\":1,\"title\":\"lamp ";
    static char product[LIMIT_PRODUCT_BYTES + 1];
    create_catalog("long", SCHEMA, 1);
    aisle *before = catalog;
    catalog = open_catalog("long");
    memset(product, 'x', LIMIT_PRODUCT_BYTES);
    memcpy(product, begin, sizeof begin - 1);
    memcpy(product + LIMIT_PRODUCT_BYTES - 2, "\"}", 2);
    aisle_writer *writer = begin_writing(catalog);
    put(writer, product);
    put(writer, "{\"id\":\"2\",\"title\":\"shade\"}");
    commit(writer);
    patch(writer, "1", "{\"price\":123456.78}");
    commit(writer);
    aisle_writer_free(writer);
    aisle_hit hit;
    aisle_highlight highlight;
    aisle_result *result = search((aisle_query){.text = "lamp", .filter = "price > 2", .highlight = &field,
                                                .highlight_count = 1, .snippet_words = 1});
    assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
    assert_true(hit.product.size > LIMIT_PRODUCT_BYTES);
    assert_int_equal(aisle_result_highlight(result, 0, 0, &highlight), 0);
    assert_memory_equal(highlight.text.data, "<mark>lamp</mark>", strlen("<mark>lamp</mark>"));
    aisle_result_free(result);
    aisle_close(catalog);
    catalog = before;
}

/* Every allocation of searches with all there is fails once: they say so or are as they should be. */
static void a_failing_allocation_fails_the_search_alone(void **state)
{
    (void)state;
    static const char *const facets[] = {"brand:5:multi", "n:5", "price[0,50,*]:stats", "price/10", "size:size"};
    const aisle_query queries[] = {
        {.size = sizeof queries[0], .text = "lamp", .filter = "brand != \"x\" AND n < 20000", .facets = facets,
         .facet_count = 5, .sort = "brand:desc,score", .fields = "brand,n", .limit = 3},
        {.size = sizeof queries[0], .text = "even", .group_by = "brand", .group_size = 2, .limit = 3},
    };
    for (size_t i = 0; i < 2; i++) {
        aisle_query query = queries[i];
        aisle_result *whole = search(query);
        aisle_result *result = NULL;
        aisle_query next = query;
        char cursor[4096];
        snprintf(cursor, sizeof cursor, "%.*s", (int)aisle_result_cursor(whole).size, aisle_result_cursor(whole).data);
        next.after = cursor;
        bool struck = true;
        for (unsigned long n = 1; struck; n++) {
            unsigned long before = alloc_calls();
            error = (aisle_error){.code = AISLE_BUSY}; /* of another call */
            alloc_fail_at(n, 0);
            int status = aisle_search(catalog, n % 2 == 0 || cursor[0] == '\0' ? &query : &next, &result, &error);
            alloc_fail_at(0, 0);
            struck = alloc_calls() - before >= n;
            assert_true(status == 0 || (status == AISLE_NO_MEMORY && struck && error.code == status));
            if (status == 0) {
                assert_int_equal(aisle_result_total(result, NULL), aisle_result_total(whole, NULL));
            }
        }
        aisle_result_free(result);
        aisle_result_free(whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facets_keep_to_their_limits),
        cmocka_unit_test(ranges_and_paths_keep_to_their_limits),
        cmocka_unit_test(sorting_and_groups_keep_to_their_limits),
        cmocka_unit_test(a_thousand_groups_with_many_hits_each_are_found),
        cmocka_unit_test(fields_keep_to_their_limit),
        cmocka_unit_test(products_are_cut_down_to_fields),
        cmocka_unit_test(too_little_work_gives_a_part_that_says_so),
        cmocka_unit_test(a_bounded_total_ends_early_and_says_so),
        cmocka_unit_test(a_cancelled_search_leaves_the_result_alone),
        cmocka_unit_test(another_thread_cancels),
        cmocka_unit_test(a_sample_is_near_and_says_so),
        cmocka_unit_test(a_changed_cursor_is_refused),
        cmocka_unit_test(a_cursor_is_of_one_query),
        cmocka_unit_test(a_cursor_is_of_one_schema),
        cmocka_unit_test(a_cursor_goes_on_across_commits),
        cmocka_unit_test(a_failing_allocation_fails_the_search_alone),
        cmocka_unit_test(sizes_come_in_their_own_order),
        cmocka_unit_test(a_product_that_patches_made_longer_than_any_is_marked),
        cmocka_unit_test(marks_that_make_an_answer_too_large_are_told),
        cmocka_unit_test(figures_are_right_where_doubles_end),
    };
    return cmocka_run_group_tests(tests, open_shop, close_shop);
}
