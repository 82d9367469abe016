/*
 * bench_generate.c - how fast the sample catalog is made: products, bytes and queries a second on one core.
 *
 *     bench_generate [ITEMS]        default 2,000,000
 */
#include "base/clock.h"
#include "data/generate.h"

#include <stdio.h>
#include <stdlib.h>

static double rate(uint64_t count, uint64_t start_ns)
{
    uint64_t ns = clock_monotonic_ns() - start_ns;
    return (double)count * 1e9 / (double)(ns == 0 ? 1 : ns);
}

int main(int argc, char **argv)
{
    uint64_t items = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000000;
    static char line[GENERATE_LINE_BYTES];
    struct generate *generate = NULL;
    if (items == 0 || items > GENERATE_ITEMS_MAX || generate_new(1, &generate) != 0) {
        fprintf(stderr, "bench_generate: cannot make %s products\n", argc > 1 ? argv[1] : "the");
        return 1;
    }
    for (unsigned run = 0; run < 3; run++) {
        uint64_t bytes = 0;
        uint64_t start = clock_monotonic_ns();
        for (uint64_t i = 0; i < items; i++) {
            bytes += generate_item(generate, i, line);
        }
        double products = rate(items, start);
        uint64_t query_bytes = 0;
        start = clock_monotonic_ns();
        for (uint64_t i = 0; i < items / 4; i++) {
            query_bytes += generate_query(generate, items, i, line);
        }
        printf("%.0f products/s, %.1f bytes each, %.0f MB/s; %.0f queries/s of %.1f bytes\n", products,
               (double)bytes / (double)items, products * (double)bytes / (double)items / 1e6,
               rate(items / 4, start), (double)query_bytes / (double)(items / 4 + (items < 4)));
    }
    generate_free(generate);
    return 0;
}
