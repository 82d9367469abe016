/*
 * bench_json.c - time to parse products and to read them by the schema, a product of about 450 bytes at a time.
 *
 * Usage: bench_json [FILE]. FILE: JSON lines with an id; without it, products are made up. Prints nanoseconds a product
 * and MB/s for: the UTF-8 check alone, json_parse, product_reader_read, and json_parse on a fresh reader each time
 * (what reusing one saves).
 */
#include "base/clock.h"
#include "base/utf8.h"
#include "schema/product.h"

#include <stdio.h>
#include <stdlib.h>

#define PRODUCTS 4096u
#define ROUNDS 25u

static struct bytes lines[PRODUCTS];
static size_t line_count;
static size_t line_bytes;

static void make_lines(void)
{
    static char text[PRODUCTS][600];
    for (unsigned i = 0; i < PRODUCTS; i++) {
        int size = snprintf(
            text[i], sizeof text[i],
            "{\"id\":\"P%07u\",\"title\":\"Trail running shoes model %u, water resistant, grey\",\"description\":\"A "
            "light "
            "shoe with a firm sole for wet and rocky ground; the upper part is %s mesh and dries in an hour.\","
            "\"brand\":\"Brand "
            "%u\",\"category\":[\"Sports\",\"Running\",\"Shoes\"],\"sku\":\"TR-%u-G\",\"size\":[\"41\","
            "\"42\",\"43\"],\"price\":%u.%02u,\"in_stock\":true,\"sales\":%u,\"rating\":4.%u,\"reviews\":%u,"
            "\"updated\":\"2026-11-23T10:00:00Z\",\"image\":\"/images/shoes/P%07u.jpg\"}",
            i, i * 7919, i % 8 == 0 ? "\\\"open\\\"" : "tr\xc3\xa8s fin", i % 977, i * 31, i % 200, i % 100,
            i * 13 % 5000, i % 10, i % 800, i);
        lines[i] = bytes_of(text[i], (size_t)size);
        line_bytes += (size_t)size;
    }
    line_count = PRODUCTS;
}

static int read_lines(const char *path)
{
    static char text[16u << 20];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    for (size_t at = 0; at < size && line_count < PRODUCTS;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t line = end == NULL ? size - at : (size_t)(end - text) - at;
        lines[line_count++] = bytes_of(text + at, line);
        line_bytes += line;
        at += line + 1;
    }
    return line_count == 0;
}

static void report(const char *name, uint64_t started)
{
    double ns = (double)(clock_monotonic_ns() - started) / ROUNDS;
    printf("%-28s %7.0f ns a product  %6.0f MB/s\n", name, ns / (double)line_count, (double)line_bytes * 1e3 / ns);
}

static int run(struct json *json, struct product_reader *reader, const struct schema *schema)
{
    struct product product;
    aisle_error error = {.message = ""};
    size_t valid = 0;
    int status = 0;
    uint64_t started = clock_monotonic_ns();
    for (size_t i = 0; i < ROUNDS * line_count; i++) {
        valid += utf8_valid(lines[i % line_count], NULL) ? 1 : 0;
    }
    report("UTF-8 check", started);
    started = clock_monotonic_ns();
    for (size_t i = 0; i < ROUNDS * line_count && status == 0; i++) {
        status = json_parse(json, lines[i % line_count], &error);
    }
    report("json_parse", started);
    started = clock_monotonic_ns();
    for (size_t i = 0; i < ROUNDS * line_count && status == 0; i++) {
        status = product_reader_read(reader, schema, lines[i % line_count], &product, &error);
    }
    report("product_reader_read", started);
    started = clock_monotonic_ns();
    for (size_t i = 0; i < ROUNDS * line_count && status == 0; i++) {
        struct json *fresh = NULL;
        status = json_new(&fresh);
        if (status == 0) {
            status = json_parse(fresh, lines[i % line_count], &error);
        }
        json_free(fresh);
    }
    report("json_parse, fresh reader", started);
    if (status != 0 || valid != ROUNDS * line_count) {
        fprintf(stderr, "%s at byte %zu\n", error.message, error.position);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct json *json = NULL;
    struct product_reader *reader = NULL;
    struct schema *schema = NULL;
    int failed = 1;
    if (argc > 1) {
        if (read_lines(argv[1]) != 0) {
            return 1;
        }
    } else {
        make_lines();
    }
    if (json_new(&json) == 0 && product_reader_new(&reader) == 0 && schema_default(&schema) == 0) {
        printf("%zu products, %zu bytes on average\n", line_count, line_bytes / line_count);
        failed = run(json, reader, schema);
    }
    json_free(json);
    product_reader_free(reader);
    schema_free(schema);
    return failed;
}
