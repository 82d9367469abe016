/*
 * peer.h - what the peers in C and C++ share: reading the corpus and the queries, and the loop that is measured.
 *
 * Not part of Aisle. A peer is a program with two commands, told apart by main():
 *
 *     peer build CORPUS INDEX THREADS            prints {"seconds": s, "merge_seconds": s, "version": "..."}
 *     peer search INDEX QUERIES MODE WARM PASSES
 *
 * MODE top wants the ten best with their numbers, count wants how many match. For each line of QUERIES (kind, tab,
 * words with a space between) search prints "total TAB number:score,... TAB ns,ns,...": one time for each pass, after
 * WARM passes over the file that are not measured. A query of kind filter ends in a tab, the lowest and the highest
 * price that is wanted. The corpus is described in export.c.
 */
#ifndef AISLE_BENCH_PEER_H
#define AISLE_BENCH_PEER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PEER_TOP 10
#define PEER_WORDS 32

struct peer_product {
    uint64_t number;
    const char *price; /* digits, as sales */
    const char *sales;
    const char *category;
    const char *brand;
    char *terms;
    size_t size; /* of terms */
};

struct peer_query {
    char kind; /* 'o'r, 'p'hrase, 'P'refix, 'f'iltered; all words are wanted with any other */
    int count;
    const char *words[PEER_WORDS];
    long long low, high; /* prices in hundredths, of 'f' */
};

struct peer_answer {
    uint64_t total;
    int count;
    uint64_t number[PEER_TOP];
    double score[PEER_TOP];
};

/* Each peer's own: opens the index; makes what it keeps of a query; answers it, filling total or the hits. */
static void peer_open(const char *index);
static void *peer_prepare(const struct peer_query *query);
static void peer_ask(void *prepared, int count_only, struct peer_answer *answer);

static inline double peer_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline void peer_fail(const char *what)
{
    fprintf(stderr, "peer: %s\n", what);
    exit(1);
}

/* Cuts a text behind its next tab, which becomes its end. */
static inline char *peer_cut(char **rest)
{
    char *part = *rest;
    char *tab = strchr(part, '\t');
    if (tab == NULL) {
        peer_fail("a line of the corpus has too few parts");
    }
    *tab = '\0';
    *rest = tab + 1;
    return part;
}

/* The next product of the corpus, whose texts stand in *line, to be freed at the end. 0 at the end. */
static inline int peer_read(FILE *corpus, char **line, size_t *capacity, struct peer_product *product)
{
    ssize_t got = getline(line, capacity, corpus);
    if (got <= 0) {
        return 0;
    }
    char *rest = *line;
    product->number = strtoull(peer_cut(&rest), NULL, 10);
    product->price = peer_cut(&rest);
    product->sales = peer_cut(&rest);
    product->category = peer_cut(&rest);
    product->brand = peer_cut(&rest);
    product->terms = rest + strspn(rest, " ");
    product->size = strcspn(product->terms, "\n");
    product->terms[product->size] = '\0';
    return 1;
}

static inline void peer_parse(char *line, struct peer_query *query)
{
    char *save = NULL;
    char *kind = strtok_r(line, "\t\n", &save);
    char *prices = kind == NULL ? NULL : strchr(save, '\t'); /* behind the words */
    query->kind = kind == NULL ? 't' : strncmp(kind, "prefix", 6) == 0 ? 'P' : kind[0];
    query->count = 0;
    if (query->kind == 'f' && (prices == NULL || sscanf(prices, "%lld %lld", &query->low, &query->high) != 2)) {
        peer_fail("a filtered query without prices");
    }
    if (query->kind == 'f') {
        *prices = '\0';
    }
    for (char *word; query->count < PEER_WORDS && (word = strtok_r(NULL, " \n", &save)) != NULL;) {
        query->words[query->count++] = word;
    }
}

static inline void peer_print(const struct peer_answer *answer, const uint64_t *times, uint64_t passes)
{
    printf("%llu\t", (unsigned long long)answer->total);
    for (int i = 0; i < answer->count; i++) {
        printf("%s%llu:%.6f", i == 0 ? "" : ",", (unsigned long long)answer->number[i], answer->score[i]);
    }
    putchar('\t');
    for (uint64_t pass = 0; pass < passes; pass++) {
        printf("%s%llu", pass == 0 ? "" : ",", (unsigned long long)times[pass]);
    }
    putchar('\n');
}

/* The search command, whole. */
static inline void peer_search(char **arguments)
{
    int count_only = strcmp(arguments[2], "count") == 0;
    uint64_t warm = strtoull(arguments[3], NULL, 10);
    uint64_t passes = strtoull(arguments[4], NULL, 10);
    FILE *file = fopen(arguments[1], "r");
    if (file == NULL) {
        peer_fail("the queries cannot be read");
    }
    void **queries = NULL;
    size_t count = 0;
    char *line = NULL; /* lines stay: words point into them */
    size_t capacity = 0;
    peer_open(arguments[0]);
    for (; getline(&line, &capacity, file) > 0; line = NULL, capacity = 0) {
        struct peer_query query;
        peer_parse(line, &query);
        queries = (void **)realloc(queries, (count + 1) * sizeof *queries);
        queries[count++] = peer_prepare(&query);
    }
    fclose(file);
    uint64_t *times = (uint64_t *)calloc(count * passes + 1, sizeof *times);
    struct peer_answer answer;
    for (uint64_t pass = 0; pass < warm + passes; pass++) {
        for (size_t i = 0; i < count; i++) {
            memset(&answer, 0, sizeof answer);
            double start = peer_seconds();
            peer_ask(queries[i], count_only, &answer);
            if (pass >= warm) {
                times[i * passes + pass - warm] = (uint64_t)((peer_seconds() - start) * 1e9);
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        memset(&answer, 0, sizeof answer);
        peer_ask(queries[i], count_only, &answer);
        peer_print(&answer, times + i * passes, passes);
    }
    free(times);
    free(line);
}

#endif
