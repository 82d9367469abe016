/*
 * rounds.h - rounds of a campaign in child processes: one that crashes or hangs is counted, and the next goes on.
 *
 * Thread rule: one thread.
 */
#ifndef AISLE_TESTS_FAULT_ROUNDS_H
#define AISLE_TESTS_FAULT_ROUNDS_H

#include "tests/fault/fault.h"

#include <stddef.h>

struct rounds {
    const struct campaign *campaign; /* its round, if one is named, is the only one */
    const char *name;                /* what to call a round in print: "NAME --round N" */
    unsigned long total, stride;     /* 0, stride, 2 * stride ... below total */
    void (*prepare)(void *context);  /* in each child before its first round; NULL: nothing */
    unsigned long (*run)(void *context, unsigned long round); /* how many things were wrong */
    void *context;                   /* what a child changes in it is lost, unless it is shared */
};

/* Runs them all and returns how many things were wrong, a child that did not end by itself included. */
unsigned long rounds_run(const struct rounds *rounds);

/* Zeroed memory that children share with their parent, for the life of the program; NULL: there is none. */
void *rounds_share(size_t size);

#endif
