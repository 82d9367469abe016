/*
 * expect.h - what the oracle's own tests say of an oracle: what it finds, in which order, with which score.
 *
 * Each fails the running test with the query and both answers.
 *
 * Thread rule: that of the oracle.
 */
#ifndef ORACLE_EXPECT_H
#define ORACLE_EXPECT_H

#include "oracle/oracle.h"

/* The first 20 hits are those with these ids (separated by spaces) in this order, and there are no more. */
void expect_found(struct oracle *oracle, const char *text, const char *ids);

/* The same, but in whatever order they come: ids in that of the alphabet. */
void expect_set(struct oracle *oracle, const char *text, const char *ids);

/* Searching answers this code and nothing else. */
void expect_refused(struct oracle *oracle, const char *text, int status);

/* The score of the first hit; there must be one. */
int64_t expect_score(struct oracle *oracle, const char *text);

#endif
