/*
 * bench_positions.c - what finding the positions of a posting costs, and what they take.
 *
 * Lists of entries as products have them: most words stand once and near the front, some several times; and one whose
 * entries are all equal, as a field without positions gives. Found in ascending order, every posting and every
 * hundredth, at random, and at random with the occurrences decoded. Each figure is the best of several runs, in
 * processor time. What positions take of a catalog is what `aisle stats` tells; figures and machine go into README.md.
 */
#include "tests/support/positions_model.h"

#include <stdio.h>
#include <time.h>

#define RUNS 7
#define RANDOM_FINDS 200000u

static volatile uint64_t sink;

static uint64_t spent_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

enum work { EVERY, HUNDREDTH, RANDOM, RANDOM_DECODED };
#define WORKS (RANDOM_DECODED + 1)

/* Returns how many entries were found. */
static uint64_t do_work(enum work work, struct positions_cursor *cursor)
{
    struct position occurrences[1024];
    uint64_t sum = 0;
    uint32_t finds = work == EVERY ? cursor->count : work == HUNDREDTH ? (cursor->count + 99) / 100 : RANDOM_FINDS;
    for (uint32_t i = 0; i < finds; i++) {
        uint32_t ordinal = work == EVERY ? i : work == HUNDREDTH ? i * 100 : draw_below(cursor->count);
        struct bytes entry;
        size_t count = 0;
        int status = positions_cursor_find(cursor, ordinal, &entry);
        if (status == 0 && work == RANDOM_DECODED) {
            status = positions_decode(entry, occurrences, &count);
        }
        assert(status == 0);
        sum += entry.size + count;
    }
    sink += sum;
    return finds;
}

static double best_of(enum work work, const struct extent_view *view, const struct positions_list *list, uint32_t count)
{
    double best = 1e9;
    for (unsigned run = 0; run < RUNS; run++) {
        struct positions_cursor cursor;
        struct arena arena;
        arena_init(&arena, SIZE_MAX / 2);
        positions_cursor_init(&cursor, view, &arena, list, count);
        uint64_t start = spent_ns();
        uint64_t finds = do_work(work, &cursor);
        double ns = (double)(spent_ns() - start) / (double)finds;
        best = ns < best ? ns : best;
        arena_release(&arena);
    }
    return best;
}

static void bench_list(const char *name, uint32_t count, uint32_t size_max, bool equal)
{
    struct memory_extents memory = {0};
    struct extent_writer stream;
    struct positions_writer writer;
    struct buf reference;
    struct positions_list list;
    struct bytes rest;
    struct positions_model model = draw_model(count, size_max, equal);
    memory_extents_begin(&memory, &stream);
    buf_init(&reference, POSITIONS_REFERENCE_MAX_BYTES);
    int status = positions_writer_init(&writer, &stream);
    uint64_t start = spent_ns();
    status = status == 0 ? positions_writer_begin(&writer) : status;
    status = status == 0 ? positions_writer_add(&writer, buf_bytes(&model.bytes), count) : status;
    status = status == 0 ? positions_writer_end(&writer, &reference) : status;
    double write_ns = (double)(spent_ns() - start) / count;
    status = status == 0 ? positions_list_decode(buf_bytes(&reference), &list, &rest) : status;
    assert(status == 0);
    positions_writer_release(&writer);
    struct extent_view view = memory_extents_view(&memory, &stream);
    view.verified = memory_extents_verified(&memory);
    printf("%-10s %9u %10.2f %8.1f", name, count, (double)view.size / count, write_ns);
    for (unsigned work = 0; work < WORKS; work++) {
        printf(" %8.1f", best_of((enum work)work, &view, &list, count));
    }
    printf("\n");
    buf_release(&reference);
    memory_extents_release(&memory);
    release_model(&model);
}

int main(void)
{
    printf("%-10s %9s %10s %8s %8s %8s %8s %8s\n", "entries", "postings", "bytes each", "write", "every", "100th",
           "random", "decoded");
    bench_list("short", 200, 1, false);
    bench_list("short", 100000, 1, false);
    bench_list("short", 3000000, 1, false);
    bench_list("mixed", 100000, 8, false);
    bench_list("mixed", 3000000, 8, false);
    bench_list("long", 100000, 300, false);
    bench_list("equal", 1000000, 1, true);
    return 0;
}
