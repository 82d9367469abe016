/*
 * expect.c - searches an oracle and fails the running test when the answer is another.
 *
 * Shared by the oracle's own tests; the engine takes no part.
 */
#include "oracle/expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define HITS_MAX 20u

static int compare_ids(const void *left, const void *right)
{
    const struct oracle_hit *a = left, *b = right;
    return strcmp(a->id, b->id);
}

static void expect_hits(struct oracle *oracle, const char *text, const char *ids, bool sorted)
{
    struct oracle_answer answer;
    char found[1000] = "";
    int status = oracle_search(oracle, text, 0, HITS_MAX, &answer);
    if (status != 0) {
        fail_msg("'%s' answers %d, expected to find \"%s\"", text, status, ids);
    }
    if (sorted) {
        qsort(answer.hits, answer.count, sizeof *answer.hits, compare_ids);
    }
    for (size_t i = 0; i < answer.count; i++) {
        size_t used = strlen(found);
        snprintf(found + used, sizeof found - used, "%s%s", i == 0 ? "" : " ", answer.hits[i].id);
    }
    if (strcmp(found, ids) != 0 || answer.total != answer.count) {
        fail_msg("'%s' finds \"%s\" of %llu, expected \"%s\"", text, found, (unsigned long long)answer.total, ids);
    }
    oracle_answer_release(&answer);
}

void expect_found(struct oracle *oracle, const char *text, const char *ids)
{
    expect_hits(oracle, text, ids, false);
}

void expect_set(struct oracle *oracle, const char *text, const char *ids)
{
    expect_hits(oracle, text, ids, true);
}

void expect_refused(struct oracle *oracle, const char *text, int status)
{
    struct oracle_answer answer;
    int answered = oracle_search(oracle, text, 0, HITS_MAX, &answer);
    oracle_answer_release(&answer);
    if (answered != status) {
        fail_msg("'%s' answers %d, expected %d", text, answered, status);
    }
}

int64_t expect_score(struct oracle *oracle, const char *text)
{
    struct oracle_answer answer;
    int status = oracle_search(oracle, text, 0, 1, &answer);
    if (status != 0 || answer.count == 0) {
        fail_msg("'%s' answers %d and finds %zu, expected a hit", text, status, answer.count);
    }
    int64_t score = answer.hits[0].score;
    oracle_answer_release(&answer);
    return score;
}
