/*
 * process.h - which process this is: forks noticed, and the mutex of the module's process-wide lists.
 *
 * Private to storage/. Thread rule: callable from any thread. A fork waits for process_lock, so the child finds the
 * lists whole and the mutex free.
 */
#ifndef AISLE_STORAGE_PROCESS_H
#define AISLE_STORAGE_PROCESS_H

#include "base/status.h"

/* Installs the fork handlers, once. AISLE_NO_MEMORY. To be called before process_lock. */
must_check int process_init(void);

/* The mutex that guards the registry of environments and the list of held locks. */
void process_lock(void);
void process_unlock(void);

/* A number that differs between a process and its children. */
unsigned process_generation(void);

/* lock.c: in a new child, closes the descriptors of the parent's locks so that only the parent keeps them. */
void lock_forget_inherited(void);

#endif
