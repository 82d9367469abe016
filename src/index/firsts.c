/*
 * firsts.c - a table behind a lock, made when the first answer is noted.
 *
 * Thread rule: see firsts.h.
 */
#include "index/firsts.h"

#include "base/alloc.h"
#include "base/hash.h"

#define WAYS 4u /* slots where a key may be */

int firsts_init(struct firsts *firsts)
{
    memset(firsts, 0, sizeof *firsts);
    return pthread_mutex_init(&firsts->lock, NULL) == 0 ? 0 : AISLE_NO_MEMORY;
}

void firsts_release(struct firsts *firsts)
{
    mem_free(firsts->slots);
    pthread_mutex_destroy(&firsts->lock);
}

static uint32_t characters_of(struct bytes text)
{
    uint32_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        count += (text.data[i] & 0xc0) == 0x80 ? 0 : 1;
    }
    return count;
}

bool first_key_make(const struct query_node *root, const char *weights, int64_t now_ms, uint32_t wanted,
                    struct first_key *key)
{
    if (root->kind != QUERY_TERMS || !root->prefix || root->is_placed || root->first_only || root->scope != 0 ||
        root->term_count == 0 || characters_of(root->terms[0]) > FIRST_CHARACTERS || wanted > FIRST_HITS) {
        return false;
    }
    uint64_t hash = hash_bytes_seeded(&now_ms, sizeof now_ms, wanted);
    if (weights != NULL) {
        hash = hash_bytes_seeded(weights, strlen(weights), hash);
    }
    hash = hash_bytes_seeded(&root->weight, sizeof root->weight, hash);
    for (uint32_t i = 0; i < root->term_count; i++) {
        hash = hash_bytes_seeded(root->terms[i].data, root->terms[i].size, hash);
    }
    key->question = hash;
    return true;
}

static bool is_same(const struct first_key *a, const struct first_key *b)
{
    return a->generations == b->generations && a->question == b->question;
}

static struct first_kept *bucket_of(const struct firsts *firsts, const struct first_key *key)
{
    return firsts->slots + key->question % (LIMIT_FIRSTS / WAYS) * WAYS;
}

bool firsts_find(struct firsts *firsts, const struct first_key *key, struct first_answer *answer)
{
    bool is_found = false;
    pthread_mutex_lock(&firsts->lock);
    const struct first_kept *bucket = firsts->slots == NULL ? NULL : bucket_of(firsts, key);
    for (uint32_t i = 0; bucket != NULL && i < WAYS && !is_found; i++) {
        is_found = is_same(&bucket[i].key, key);
        if (is_found) {
            *answer = bucket[i].answer;
        }
    }
    pthread_mutex_unlock(&firsts->lock);
    return is_found;
}

void firsts_note(struct firsts *firsts, const struct first_key *key, const struct query_hit *hits, uint32_t count,
                 uint64_t total)
{
    const size_t bytes = LIMIT_FIRSTS * sizeof *firsts->slots;
    pthread_mutex_lock(&firsts->lock);
    if (firsts->slots == NULL) {
        firsts->slots = mem_calloc(1, bytes);
        atomic_store_explicit(&firsts->bytes, firsts->slots == NULL ? 0 : bytes, memory_order_relaxed);
    }
    if (firsts->slots != NULL) {
        struct first_kept *bucket = bucket_of(firsts, key);
        uint32_t at = firsts->next++ % WAYS;
        for (uint32_t i = 0; i < WAYS; i++) {
            bool is_gone = bucket[i].key.generations != key->generations; /* of an older commit, or free */
            at = is_gone || is_same(&bucket[i].key, key) ? i : at;
        }
        bucket[at].key = *key;
        bucket[at].answer.total = total;
        bucket[at].answer.count = count;
        if (count != 0) {
            memcpy(bucket[at].answer.hits, hits, count * sizeof *hits);
        }
    }
    pthread_mutex_unlock(&firsts->lock);
}
