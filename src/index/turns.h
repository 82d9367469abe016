/*
 * turns.h - threads take turns: a lock that goes from one to the next in the order in which they asked.
 *
 * LMDB has one write transaction a process, and storage_write_begin does not wait for another thread's. A merge and the
 * writer both write in bounded transactions; with a plain mutex the one that has just let go usually gets it again, so
 * that a small commit could wait for a whole merge. In order, it waits for one transaction.
 *
 * Thread rule: any thread; who took the turn gives it back.
 */
#ifndef AISLE_INDEX_TURNS_H
#define AISLE_INDEX_TURNS_H

#include "base/alloc.h"

#include <pthread.h>
#include <stdint.h>

struct turns {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t next;    /* number that the next to ask gets */
    uint64_t serving; /* whose turn it is */
};

/* AISLE_NO_MEMORY. */
must_check int turns_init(struct turns *turns);
void turns_release(struct turns *turns);

/* Waits for the caller's turn. */
void turns_take(struct turns *turns);
void turns_give(struct turns *turns);

#endif
