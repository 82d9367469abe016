/*
 * process.c - the fork handlers and the process-wide mutex.
 *
 * A counter that the child's fork handler raises costs one load to compare; asking the system for the process id
 * would cost a system call in every read transaction.
 */
#include "storage/process.h"

#include <pthread.h>
#include <stdatomic.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int handlers_status;
static atomic_uint generation;

void process_lock(void)
{
    (void)pthread_mutex_lock(&mutex);
}

void process_unlock(void)
{
    (void)pthread_mutex_unlock(&mutex);
}

unsigned process_generation(void)
{
    return atomic_load_explicit(&generation, memory_order_relaxed);
}

static void after_fork_in_child(void)
{
    atomic_fetch_add(&generation, 1);
    lock_forget_inherited();
    process_unlock();
}

static void install(void)
{
    handlers_status = pthread_atfork(process_lock, process_unlock, after_fork_in_child) == 0 ? 0 : AISLE_NO_MEMORY;
}

int process_init(void)
{
    (void)pthread_once(&once, install);
    return handlers_status;
}
