/*
 * bench_alloc.c - what the door to the heap costs: a block taken and freed, directly and through the door, on one
 * thread and on two at once.
 *
 * The best of several runs, in processor time of the slower thread. Figures and machine go into README.md.
 */
#include "base/alloc.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define ROUNDS 2000000u
#define RUNS 7
#define BLOCKS 16u

struct job {
    size_t size;
    uint64_t spent_ns;
};

static uint64_t spent_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void *door(void *context)
{
    struct job *job = context;
    uint64_t start = spent_ns();
    void *volatile blocks[BLOCKS] = {NULL};
    for (unsigned i = 0; i < ROUNDS; i++) {
        mem_free(blocks[i % BLOCKS]);
        blocks[i % BLOCKS] = mem_alloc(job->size);
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        mem_free(blocks[i]);
    }
    job->spent_ns = spent_ns() - start;
    return NULL;
}

/* aligned_alloc, since alloc.h poisons the shorter names; at this alignment it is malloc. */
static void *direct(void *context)
{
    struct job *job = context;
    uint64_t start = spent_ns();
    void *volatile blocks[BLOCKS] = {NULL};
    for (unsigned i = 0; i < ROUNDS; i++) {
        free(blocks[i % BLOCKS]);
        blocks[i % BLOCKS] = aligned_alloc(16, job->size);
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    job->spent_ns = spent_ns() - start;
    return NULL;
}

static double best(void *(*work)(void *), unsigned threads, size_t size)
{
    double least = 1e9;
    for (unsigned run = 0; run < RUNS; run++) {
        pthread_t ids[2];
        struct job jobs[2] = {{.size = size}, {.size = size}};
        for (unsigned i = 0; i < threads; i++) {
            if (pthread_create(&ids[i], NULL, work, &jobs[i]) != 0) {
                return 0;
            }
        }
        for (unsigned i = 0; i < threads; i++) {
            pthread_join(ids[i], NULL);
        }
        uint64_t slower = jobs[0].spent_ns > jobs[1].spent_ns ? jobs[0].spent_ns : jobs[1].spent_ns;
        double ns = (double)slower / ROUNDS;
        least = ns < least ? ns : least;
    }
    return least;
}

int main(void)
{
    static const size_t sizes[] = {32, 512, 16384};
    printf("ns for a block taken and freed, %u rounds\n%10s %10s %10s %10s %10s\n", ROUNDS, "bytes", "heap", "door",
           "heap x 2", "door x 2");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        printf("%10zu %10.1f %10.1f %10.1f %10.1f\n", sizes[i], best(direct, 1, sizes[i]), best(door, 1, sizes[i]),
               best(direct, 2, sizes[i]), best(door, 2, sizes[i]));
    }
    return 0;
}
