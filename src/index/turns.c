/*
 * turns.c - a ticket lock that sleeps. Few threads ever wait, so all of them are woken at each change.
 */
#include "index/turns.h"

int turns_init(struct turns *turns)
{
    *turns = (struct turns){.next = 0};
    if (pthread_mutex_init(&turns->lock, NULL) != 0) {
        return AISLE_NO_MEMORY;
    }
    if (pthread_cond_init(&turns->changed, NULL) != 0) {
        pthread_mutex_destroy(&turns->lock);
        return AISLE_NO_MEMORY;
    }
    return 0;
}

void turns_release(struct turns *turns)
{
    pthread_cond_destroy(&turns->changed);
    pthread_mutex_destroy(&turns->lock);
}

void turns_take(struct turns *turns)
{
    pthread_mutex_lock(&turns->lock);
    uint64_t mine = turns->next++;
    while (turns->serving != mine) {
        pthread_cond_wait(&turns->changed, &turns->lock);
    }
    pthread_mutex_unlock(&turns->lock);
}

void turns_give(struct turns *turns)
{
    pthread_mutex_lock(&turns->lock);
    turns->serving++;
    pthread_cond_broadcast(&turns->changed);
    pthread_mutex_unlock(&turns->lock);
}
