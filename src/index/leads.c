/*
 * leads.c - a table of hashes, made when the first is noted. The lowest bit of each is the answer; 0 is a free slot.
 *
 * Thread rule: see leads.h.
 */
#include "index/leads.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/limits.h"

void leads_release(struct leads *leads)
{
    mem_free((void *)atomic_load(&leads->slots));
    atomic_store(&leads->slots, NULL);
}

size_t leads_bytes(const struct leads *leads)
{
    return atomic_load_explicit(&leads->slots, memory_order_relaxed) == NULL ? 0 : LIMIT_LEADS * sizeof(leads_slot);
}

uint64_t leads_key(struct bytes text, uint64_t seed)
{
    uint64_t key = hash_bytes_seeded(text.data, text.size, seed) & ~UINT64_C(1);
    return key == 0 ? 2 : key;
}

#define WAYS 8u /* slots where a key may be: a line of the processor's cache */

static leads_slot *bucket_of(leads_slot *slots, uint64_t key)
{
    return slots + (key >> 1) % (LIMIT_LEADS / WAYS) * WAYS;
}

bool leads_find(const struct leads *leads, uint64_t key, bool *leads_somewhere)
{
    leads_slot *slots = atomic_load_explicit(&leads->slots, memory_order_acquire);
    leads_slot *bucket = slots == NULL ? NULL : bucket_of(slots, key);
    *leads_somewhere = false;
    for (unsigned i = 0; bucket != NULL && i < WAYS; i++) {
        uint64_t held = atomic_load_explicit(&bucket[i], memory_order_relaxed);
        if ((held & ~UINT64_C(1)) == key) {
            *leads_somewhere = (held & 1) != 0;
            return true;
        }
    }
    return false;
}

void leads_note(struct leads *leads, uint64_t key, bool leads_somewhere)
{
    leads_slot *slots = atomic_load_explicit(&leads->slots, memory_order_acquire);
    if (slots == NULL) {
        leads_slot *made = mem_calloc(LIMIT_LEADS, sizeof *made);
        if (made == NULL) {
            return;
        }
        if (atomic_compare_exchange_strong_explicit(&leads->slots, &slots, made, memory_order_acq_rel,
                                                    memory_order_acquire)) {
            slots = made;
        } else { /* another thread was first */
            mem_free((void *)made);
        }
    }
    leads_slot *bucket = bucket_of(slots, key);
    unsigned at = 0;
    while (at < WAYS && atomic_load_explicit(&bucket[at], memory_order_relaxed) != 0) {
        at++;
    }
    at = at == WAYS ? (unsigned)(key >> 60) % WAYS : at; /* any will do */
    atomic_store_explicit(&bucket[at], key | leads_somewhere, memory_order_relaxed);
}
