/*
 * words_kept.c - a table of hashes, made when the first is noted.
 *
 * Thread rule: see words_kept.h.
 */
#include "query/words_kept.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/limits.h"

#define WAYS 4u /* slots where a key may be: a line of the processor's cache */

/* Nothing has this check with the count 0, but free slots. */
#define KEY_MIN 1u

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

uint64_t words_kept_key(const struct bytes *terms, uint32_t count, uint64_t seed)
{
    uint64_t key = seed;
    for (uint32_t i = 0; i < count; i++) {
        key = hash_bytes_seeded(terms[i].data, terms[i].size, key);
    }
    return key < KEY_MIN ? KEY_MIN : key;
}

static struct word_kept *bucket_of(struct word_kept *slots, uint64_t key)
{
    return slots + key % (LIMIT_WORDS_KEPT / WAYS) * WAYS;
}

bool words_kept_find(const struct words_kept *words, uint64_t key, uint64_t *count)
{
    struct word_kept *slots = atomic_load_explicit(&words->slots, memory_order_acquire);
    struct word_kept *bucket = slots == NULL ? NULL : bucket_of(slots, key);
    for (unsigned i = 0; bucket != NULL && i < WAYS; i++) {
        uint64_t held = atomic_load_explicit(&bucket[i].count, memory_order_relaxed);
        if ((atomic_load_explicit(&bucket[i].check, memory_order_relaxed) ^ held) == key) {
            *count = held;
            return true;
        }
    }
    return false;
}

void words_kept_note(struct words_kept *words, uint64_t key, uint64_t count)
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
        if (check == 0 || (check ^ atomic_load_explicit(&bucket[at].count, memory_order_relaxed)) == key) {
            break; /* free, or its own */
        }
    }
    at = at == WAYS ? (unsigned)(key >> 60) % WAYS : at; /* any will do */
    atomic_store_explicit(&bucket[at].count, count, memory_order_relaxed);
    atomic_store_explicit(&bucket[at].check, key ^ count, memory_order_relaxed);
}
