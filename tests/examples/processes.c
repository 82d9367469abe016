/*
 * processes.c - two processes search a catalog while a third writes it.
 *
 *     cc processes.c -o processes $(pkg-config --cflags --libs aisle)
 *     ./processes shop
 *
 * Each process opens the catalog itself: handles do not cross a fork. Readers take no locks that the writer waits for,
 * nor the other way round; each search sees the last commit. A reader that is killed does no harm.
 */
#include <aisle.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PRODUCTS 200u
#define READERS 2

static int complain(const char *who, const aisle_error *error)
{
    fprintf(stderr, "%s: %s (%s)\n", who, error->message, aisle_error_name(error->code));
    return 1;
}

/* Adds the products one by one, each with its own commit. */
static int write_products(const char *path)
{
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    aisle_error error;
    int status = aisle_open(path, NULL, &catalog, &error);
    if (status == 0) {
        status = aisle_begin(catalog, &writer, &error);
    }
    for (unsigned i = 0; i < PRODUCTS && status == 0; i++) {
        char product[96];
        int size = snprintf(product, sizeof product, "{\"id\":\"P%u\",\"title\":\"Lamp number %u\"}", i, i);
        status = aisle_put(writer, (aisle_bytes){product, (size_t)size}, &error);
        if (status == 0) {
            status = aisle_commit(writer, &error);
        }
    }
    aisle_writer_free(writer);
    aisle_close(catalog);
    return status == 0 ? 0 : complain("writer", &error);
}

/* Searches until all products are there. What has been seen once never goes away. */
static int watch(const char *path)
{
    const aisle_options options = {.size = sizeof options, .read_only = true};
    const aisle_query query = {.size = sizeof query, .text = "lamp", .no_hits = true};
    aisle *catalog = NULL;
    aisle_result *result = NULL;
    aisle_error error;
    uint64_t seen = 0;
    int status = aisle_open(path, &options, &catalog, &error);
    while (status == 0 && seen < PRODUCTS) {
        status = aisle_search(catalog, &query, &result, &error);
        uint64_t found = status == 0 ? aisle_result_total(result, NULL) : seen;
        if (found < seen) {
            fprintf(stderr, "reader: %llu products, after %llu\n", (unsigned long long)found, (unsigned long long)seen);
            break;
        }
        seen = found;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    if (status != 0) {
        complain("reader", &error);
    }
    aisle_result_free(result);
    aisle_close(catalog);
    return seen == PRODUCTS ? 0 : 1;
}

int main(int argc, char **argv)
{
    aisle_error error;
    if (argc != 2) {
        fprintf(stderr, "usage: processes NEW-CATALOG\n");
        return 1;
    }
    if (aisle_create(argv[1], NULL, NULL, &error) != 0) {
        return complain("creating the catalog", &error);
    }
    int started = 0;
    while (started < READERS) {
        pid_t child = fork(); /* nothing is open yet */
        if (child == 0) {
            _exit(watch(argv[1]));
        }
        if (child < 0) {
            perror("fork");
            break;
        }
        started++;
    }
    int failed = write_products(argv[1]) + READERS - started;
    for (int i = 0; i < started; i++) {
        int status = 0;
        failed += wait(&status) < 0 || status != 0;
    }
    if (failed == 0) {
        printf("%d readers saw all of %u products while they were written\n", READERS, PRODUCTS);
    }
    return failed != 0;
}
