/*
 * till.c - a till: searches what is typed while a second thread changes the prices.
 *
 *     cc till.c -o till $(pkg-config --cflags --libs aisle) -pthread
 *     echo 'red shoes' | ./till shop
 *
 * One open catalog serves all threads. The writer's changes become visible with each commit, all at once: a search
 * never sees half of a commit, and never waits for the writer.
 */
#include <aisle.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PRODUCTS 100
#define PRICE_ROUNDS 50

static int complain(const char *what, const aisle_error *error)
{
    fprintf(stderr, "till: %s: %s (%s)\n", what, error->message, aisle_error_name(error->code));
    return 1;
}

/* The first products: P0 to P99, all at the price of 10. */
static int fill(aisle *catalog)
{
    static const char *const things[] = {"red shoes", "blue shoes", "green boots", "rain jacket"};
    aisle_writer *writer = NULL;
    aisle_error error;
    int status = aisle_begin(catalog, &writer, &error);
    for (int i = 0; i < PRODUCTS && status == 0; i++) {
        char product[128];
        int size =
            snprintf(product, sizeof product, "{\"id\":\"P%d\",\"title\":\"%s\",\"price\":10}", i, things[i % 4]);
        status = aisle_put(writer, (aisle_bytes){product, (size_t)size}, &error);
    }
    if (status == 0) {
        status = aisle_commit(writer, &error); /* durable and visible from here on */
    }
    aisle_writer_free(writer);
    return status == 0 ? 0 : complain("filling the catalog", &error);
}

/* One price for everything, again and again. A patch names the fields to change; the others stay. */
static int change_prices(aisle *catalog)
{
    aisle_writer *writer = NULL;
    aisle_error error;
    int status = aisle_begin(catalog, &writer, &error); /* AISLE_BUSY if any process has a writer already */
    for (int round = 1; round <= PRICE_ROUNDS && status == 0; round++) {
        char fields[32], id[16];
        int size = snprintf(fields, sizeof fields, "{\"price\":%d}", 10 + round);
        for (int i = 0; i < PRODUCTS && status == 0; i++) {
            int id_size = snprintf(id, sizeof id, "P%d", i);
            status = aisle_patch(writer, (aisle_bytes){id, (size_t)id_size}, (aisle_bytes){fields, (size_t)size},
                                 &error);
        }
        if (status == 0) {
            status = aisle_commit(writer, &error);
        }
    }
    aisle_writer_free(writer);
    return status == 0 ? 0 : complain("changing prices", &error);
}

static void *run_writer(void *catalog)
{
    return change_prices(catalog) == 0 ? NULL : catalog; /* anything but NULL: it failed */
}

/* Prints the three best products. The result is reused from search to search, which saves allocating. */
static int search(aisle *catalog, const char *text, aisle_result **result)
{
    const aisle_query query = {.size = sizeof query, .text = text, .limit = 3};
    aisle_error error;
    aisle_hit hit;
    if (aisle_search(catalog, &query, result, &error) != 0) {
        if (error.code != AISLE_BAD_QUERY) {
            return complain(text, &error);
        }
        printf("%s: %s\n", text, error.message); /* what a shopper types never ends the till */
        return 0;
    }
    printf("%s: %llu found\n", text, (unsigned long long)aisle_result_total(*result, NULL));
    for (size_t i = 0; aisle_result_hit(*result, i, &hit) == 0; i++) {
        printf("  %.*s\n", (int)hit.product.size, hit.product.data);
    }
    return 0;
}

static int serve(aisle *catalog)
{
    aisle_result *result = NULL;
    char line[256];
    int status = 0;
    while (status == 0 && fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        status = search(catalog, line, &result);
    }
    aisle_result_free(result);
    return status;
}

int main(int argc, char **argv)
{
    aisle *catalog = NULL;
    aisle_error error;
    pthread_t thread;
    void *failed = NULL;
    if (argc != 2) {
        fprintf(stderr, "usage: till CATALOG < queries\n");
        return 1;
    }
    if (aisle_create(argv[1], NULL, NULL, &error) != 0 && error.code != AISLE_EXISTS) {
        return complain("creating the catalog", &error);
    }
    if (aisle_open(argv[1], NULL, &catalog, &error) != 0) {
        return complain("opening the catalog", &error);
    }
    int status = fill(catalog);
    if (status == 0 && pthread_create(&thread, NULL, run_writer, catalog) == 0) {
        status = serve(catalog);
        pthread_join(thread, &failed);
    }
    if (status == 0 && failed == NULL) {
        aisle_result *result = NULL;
        status = search(catalog, "shoes", &result); /* at the last price */
        aisle_result_free(result);
    }
    aisle_close(catalog); /* after its writer is freed */
    return status != 0 || failed != NULL;
}
