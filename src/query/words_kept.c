/*
 * words_kept.c - a table of hashes, made when the first is noted.
 *
 * Thread rule: see words_kept.h.
 */
#include "query/words_kept.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/limits.h"

#define WAYS 4u /* slots where a key may be: two lines of the processor's cache at most */

void words_kept_release(struct words_kept *words)
{
    mem_free(atomic_load(&words->slots));
    atomic_store(&words->slots, NULL);
}

size_t words_kept_bytes(const struct words_kept *words)
{
    bool is_made = atomic_load_explicit(&words->slots, memory_order_relaxed) != NULL;
    return is_made ? LIMIT_WORDS_KEPT * sizeof(struct word_kept) : 0;
}

static uint64_t check_of(uint64_t key, uint64_t of, uint64_t count)
{
    return key ^ count ^ of * UINT64_C(0x9e3779b97f4a7c15);
}

static struct word_kept *bucket_of(struct word_kept *slots, uint64_t key)
{
    return slots + key % (LIMIT_WORDS_KEPT / WAYS) * WAYS;
}

bool words_kept_find(const struct words_kept *words, uint64_t key, uint64_t *of, uint64_t *count)
{
    struct word_kept *slots = atomic_load_explicit(&words->slots, memory_order_acquire);
    struct word_kept *bucket = slots == NULL ? NULL : bucket_of(slots, key);
    for (unsigned i = 0; bucket != NULL && i < WAYS; i++) {
        *count = atomic_load_explicit(&bucket[i].count, memory_order_relaxed);
        *of = atomic_load_explicit(&bucket[i].of, memory_order_relaxed);
        if (atomic_load_explicit(&bucket[i].check, memory_order_relaxed) == check_of(key, *of, *count)) {
            return true;
        }
    }
    return false;
}

void words_kept_note(struct words_kept *words, uint64_t key, uint64_t of, uint64_t count)
{
    struct word_kept *slots = atomic_load_explicit(&words->slots, memory_order_acquire);
    if (slots == NULL) {
        struct word_kept *made = mem_calloc(LIMIT_WORDS_KEPT, sizeof *made);
        if (made == NULL) {
            return;
        }
        if (atomic_compare_exchange_strong_explicit(&words->slots, &slots, made, memory_order_acq_rel,
                                                    memory_order_acquire)) {
            slots = made;
        } else { /* another thread was first */
            mem_free(made);
        }
    }
    struct word_kept *bucket = bucket_of(slots, key);
    unsigned at = 0;
    for (; at < WAYS; at++) {
        uint64_t check = atomic_load_explicit(&bucket[at].check, memory_order_relaxed);
        if (check == 0 || check == check_of(key, atomic_load_explicit(&bucket[at].of, memory_order_relaxed),
                                            atomic_load_explicit(&bucket[at].count, memory_order_relaxed))) {
            break; /* free, or its own */
        }
    }
    at = at == WAYS ? (unsigned)(key >> 60) % WAYS : at; /* any will do */
    atomic_store_explicit(&bucket[at].count, count, memory_order_relaxed);
    atomic_store_explicit(&bucket[at].of, of, memory_order_relaxed);
    atomic_store_explicit(&bucket[at].check, check_of(key, of, count), memory_order_relaxed);
}
