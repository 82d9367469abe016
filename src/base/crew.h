/*
 * crew.h - threads that help with searches, and rest between them.
 *
 * A crew belongs to an open catalog that asked for it. A search offers its work to whoever of the crew is at rest and
 * begins with it at once itself; helpers join until the first of all who work finds nothing left to do. So a search
 * never waits for a helper that has not begun, and several searches at a time share the crew.
 *
 * Each helper has an arena, which keeps up to keep_bytes between searches, so that helping a warmed-up search takes
 * nothing from the heap. Thread rule: crew_run from any number of threads at once; new and free from one, alone.
 */
#ifndef AISLE_BASE_CREW_H
#define AISLE_BASE_CREW_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crew;

/*
 * Takes pieces of work until none is left: whoever calls it first, as the others begin, gets a number of its own, the
 * caller of crew_run 0. arena is the thread's own.
 */
typedef void crew_work(void *context, uint32_t member, struct arena *arena);

/* Starts helpers threads, at least one. AISLE_NO_MEMORY also where the system grants no threads. */
must_check int crew_new(uint32_t helpers, size_t keep_bytes, struct crew **out);

/*
 * Ends the threads and frees the crew; NULL is allowed. In a child of a fork they do not exist: forked leaves their
 * memory alone.
 */
void crew_free(struct crew *crew, bool forked);

/* Threads besides the caller's. */
uint32_t crew_helpers(const struct crew *crew);

/* Does work on the caller's thread, with arena, and on at most helpers others; returns when all are done with it. */
void crew_run(struct crew *crew, uint32_t helpers, crew_work *work, void *context, struct arena *arena);

#endif
