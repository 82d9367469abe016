/*
 * unions.c - a hash table of blocks behind a lock, each of which says by its key what it is of.
 *
 * The key is the segment's serial, the kind, and the words of each leaf: from these follow its lists.
 *
 * Thread rule: as the header.
 */
#include "query/unions.h"

#include "base/alloc.h"
#include "base/bitset.h"
#include "base/hash.h"

/* Longer ones, of very many words, are not kept. */
#define KEY_BYTES_MAX 1024u

/* What takes less than some 10 us to make is made again. */
#define POSTINGS_LEAST 16384u

/* So many times a posting that is poured out costs one of an array, which is sorted; of a word, that is asked about. */
#define ARRAY_DEARER 24u
#define WORD_DEARER 4u

/* One block is no more than this part of all. */
#define PART_MAX 8u

/* How many are looked at for what goes next, and how far apart they stand in the list. */
#define SAMPLE 16u
#define STRIDE 7919u

/* Counters are halved when clauses were asked for so many times as there are counters: segments are counted singly. */
#define HALVED_AFTER 32u

struct key {
    uint32_t size;
    uint32_t slot; /* of the counters */
    bool is_full;
    uint8_t bytes[KEY_BYTES_MAX];
};

/* What one query holds. */
struct unions_held {
    struct unions_held *next;
    struct union_kept *kept;
};

/* ---- keys ---- */

static void put(struct key *key, const void *data, size_t size)
{
    key->is_full = key->is_full || size > sizeof key->bytes - key->size;
    if (!key->is_full && size != 0) {
        memcpy(key->bytes + key->size, data, size);
        key->size += (uint32_t)size;
    }
}

static void put_leaves(struct key *key, const struct query_context *context, const struct query_node *node)
{
    if (node->kind == QUERY_TERMS) {
        bool is_first = node->first_only && !context->weights.single;
        uint8_t flags = (uint8_t)(node->prefix | node->is_placed << 1 | is_first << 2);
        put(key, &flags, sizeof flags);
        put(key, &node->term_count, sizeof node->term_count);
        for (uint32_t i = 0; i < node->term_count; i++) {
            uint8_t size = (uint8_t)node->terms[i].size; /* LIMIT_TERM_BYTES at most */
            put(key, &size, sizeof size);
            put(key, node->terms[i].data, node->terms[i].size);
        }
        return;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        put_leaves(key, context, node->children[i]);
    }
}

static uint64_t make_key(struct key *key, const struct query_context *context, uint32_t segment,
                         const struct query_node *node, enum union_kind kind)
{
    uint8_t byte = (uint8_t)kind;
    key->size = 0;
    key->is_full = false;
    put(key, &context->segments[segment].segment->serial, sizeof(uint64_t));
    uint32_t before = key->size;
    put(key, &byte, sizeof byte);
    put_leaves(key, context, node);
    key->slot = (uint32_t)(hash_bytes(key->bytes + before, key->size - before) % UNIONS_COUNTERS);
    return hash_bytes(key->bytes, key->size);
}

/* ---- the keeper ---- */

int unions_keeper_init(struct unions_keeper *keeper, size_t bytes_max)
{
    memset(keeper, 0, sizeof *keeper);
    atomic_init(&keeper->bytes_max, bytes_max);
    keeper->postings_least = POSTINGS_LEAST;
    keeper->word_least = POSTINGS_LEAST / WORD_DEARER;
    return pthread_mutex_init(&keeper->lock, NULL) == 0 ? 0 : AISLE_NO_MEMORY;
}

/* The caller has the lock. */
static void release_one(struct union_kept *kept)
{
    if (--kept->holders == 0) {
        mem_free(kept);
    }
}

/* Takes one out of its bucket and the list; likewise. */
static void let_go(struct unions_keeper *keeper, struct union_kept *kept)
{
    struct union_kept **at = &keeper->buckets[kept->hash % UNIONS_BUCKETS];
    while (*at != kept) {
        at = &(*at)->next;
    }
    *at = kept->next;
    keeper->list[kept->place] = keeper->list[--keeper->count];
    keeper->list[kept->place]->place = kept->place;
    atomic_fetch_sub_explicit(&keeper->bytes, kept->bytes, memory_order_relaxed);
    release_one(kept);
}

/* What goes next: the least of a sample. There is something. */
static struct union_kept *find_least(struct unions_keeper *keeper)
{
    struct union_kept *least = NULL;
    for (uint32_t i = 0; i < SAMPLE; i++) {
        keeper->sampled = (keeper->sampled + STRIDE) % keeper->count;
        struct union_kept *kept = keeper->list[keeper->sampled];
        least = least == NULL || kept->priority < least->priority ? kept : least;
    }
    return least;
}

/* Whether it has room for one more, which may take that of what is worth less. */
static bool make_room(struct unions_keeper *keeper, const struct union_kept *made)
{
    while (keeper->count != 0 &&
           (keeper->count == LIMIT_UNIONS ||
            atomic_load_explicit(&keeper->bytes, memory_order_relaxed) + made->bytes > keeper->bytes_max)) {
        struct union_kept *least = find_least(keeper);
        if (least->priority >= made->priority) {
            return false;
        }
        keeper->clock = least->priority > keeper->clock ? least->priority : keeper->clock;
        let_go(keeper, least);
    }
    return true;
}

void unions_keeper_shrink(struct unions_keeper *keeper, size_t bytes)
{
    pthread_mutex_lock(&keeper->lock);
    while (keeper->count != 0 && atomic_load_explicit(&keeper->bytes, memory_order_relaxed) > bytes) {
        let_go(keeper, find_least(keeper));
    }
    pthread_mutex_unlock(&keeper->lock);
}

void unions_keeper_release(struct unions_keeper *keeper)
{
    while (keeper->count != 0) {
        let_go(keeper, keeper->list[keeper->count - 1]);
    }
    pthread_mutex_destroy(&keeper->lock);
}

/* How often the clause was asked for, about, this time included. */
static uint64_t count_asked(struct unions_keeper *keeper, uint32_t slot)
{
    if (keeper->counters[slot] < UINT8_MAX) {
        keeper->counters[slot]++;
    }
    if (++keeper->asked == (uint64_t)UNIONS_COUNTERS * HALVED_AFTER) {
        for (uint32_t i = 0; i < UNIONS_COUNTERS; i++) {
            keeper->counters[i] /= 2;
        }
        keeper->asked = 0;
    }
    return keeper->counters[slot];
}

static struct union_kept *find(const struct unions_keeper *keeper, uint64_t hash, const struct key *key)
{
    struct union_kept *kept = keeper->buckets[hash % UNIONS_BUCKETS];
    while (kept != NULL && (kept->hash != hash || kept->key_size != key->size ||
                            memcmp(kept->key, key->bytes, key->size) != 0)) {
        kept = kept->next;
    }
    return kept;
}

/* ---- of one query ---- */

static struct unions_held *new_held(const struct query_context *context, struct union_kept *kept)
{
    struct unions_held *held = arena_alloc(&context->keep->arena, sizeof *held);
    if (held != NULL) {
        *held = (struct unions_held){.next = context->keep->unions, .kept = kept};
    }
    return held;
}

const struct union_kept *unions_find(const struct query_context *context, uint32_t segment,
                                     const struct query_node *node, enum union_kind kind)
{
    struct unions_keeper *keeper = context->unions;
    struct key key;
    if (keeper == NULL || context->keep == NULL || keeper->bytes_max == 0) {
        return NULL;
    }
    uint64_t hash = make_key(&key, context, segment, node, kind);
    struct unions_held *held = key.is_full ? NULL : new_held(context, NULL);
    if (held == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&keeper->lock);
    struct union_kept *kept = find(keeper, hash, &key);
    uint64_t asked = count_asked(keeper, key.slot);
    if (kept != NULL) {
        kept->priority = keeper->clock + kept->worth * asked;
        kept->holders++;
        held->kept = kept;
        context->keep->unions = held;
    }
    pthread_mutex_unlock(&keeper->lock);
    return kept;
}

/* Room to hold what a leaf comes to in all segments; NULL: there is none, or nothing is kept. */
static struct unions_held *new_helds(const struct query_context *context)
{
    struct unions_keeper *keeper = context->unions;
    bool is_kept = keeper != NULL && context->keep != NULL && keeper->bytes_max != 0 && context->segment_count != 0;
    return is_kept ? arena_alloc(&context->keep->arena, context->segment_count * sizeof(struct unions_held)) : NULL;
}

uint32_t unions_find_word(const struct query_context *context, struct query_node *leaf)
{
    struct unions_keeper *keeper = context->unions;
    struct unions_held *held = new_helds(context);
    struct key key;
    if (held == NULL) {
        return 0;
    }
    (void)make_key(&key, context, 0, leaf, UNION_WORD);
    if (key.is_full) {
        return 0;
    }
    pthread_mutex_lock(&keeper->lock);
    uint64_t asked = count_asked(keeper, key.slot);
    for (uint32_t i = 0; i < context->segment_count; i++) {
        if (leaf->in_segment[i].count != 1) {
            continue;
        }
        memcpy(key.bytes, &context->segments[i].segment->serial, sizeof(uint64_t)); /* all that differs */
        struct union_kept *kept = find(keeper, hash_bytes(key.bytes, key.size), &key);
        if (kept != NULL) {
            kept->priority = keeper->clock + kept->worth * asked;
            kept->holders++;
            *held = (struct unions_held){.next = context->keep->unions, .kept = kept};
            context->keep->unions = held++;
            leaf->in_segment[i].kept = kept;
        }
    }
    pthread_mutex_unlock(&keeper->lock);
    return (uint32_t)asked;
}

/* What it saves of what making it takes, and its bytes but for its head. */
static uint64_t saved_by(enum union_kind kind, uint64_t postings)
{
    return kind == UNION_BITS ? postings : postings * (kind == UNION_ARRAY ? ARRAY_DEARER : WORD_DEARER);
}

static size_t held_bytes(enum union_kind kind, uint32_t count)
{
    size_t words = bitset_words(count);
    size_t marks = kind == UNION_WORD ? bitset_mark_words(words) : 0;
    return kind == UNION_ARRAY ? count * (sizeof(uint32_t) + 1) : (words + marks) * sizeof(uint64_t);
}

/* A block of a head and an array or bits, then the key. */
static struct union_kept *allocate(enum union_kind kind, uint32_t count, const struct key *key)
{
    size_t bytes = sizeof(struct union_kept) + held_bytes(kind, count) + key->size;
    struct union_kept *made = kind != UNION_ARRAY ? mem_calloc(1, bytes) : mem_alloc(bytes);
    if (made == NULL) {
        return NULL;
    }
    *made = (struct union_kept){.count = count, .bytes = bytes, .holders = 1, .key_size = key->size};
    if (kind != UNION_ARRAY) {
        made->bits = (uint64_t *)(made + 1);
        made->marks = made->bits + bitset_words(count);
    } else {
        made->documents = (uint32_t *)(made + 1);
        made->codes = (uint8_t *)(made->documents + count);
    }
    made->key = (uint8_t *)made + bytes - key->size;
    memcpy(made->key, key->bytes, key->size);
    return made;
}

struct union_kept *unions_new(const struct query_context *context, uint32_t segment, const struct query_node *node,
                              enum union_kind kind, uint32_t count, uint64_t postings)
{
    struct unions_keeper *keeper = context->unions;
    uint64_t saved = saved_by(kind, postings);
    struct key key;
    if (keeper == NULL || context->keep == NULL || count == 0 ||
        (kind != UNION_WORD && saved < keeper->postings_least) || /* of a word all segments count together */
        context->keep->unions_bytes > LIMIT_QUERY_KEPT_BYTES ||
        held_bytes(kind, count) + KEY_BYTES_MAX > keeper->bytes_max / PART_MAX) {
        return NULL;
    }
    uint64_t hash = make_key(&key, context, segment, node, kind);
    struct union_kept *made = key.is_full ? NULL : allocate(kind, count, &key);
    if (made == NULL) {
        return NULL;
    }
    made->keeper = keeper;
    made->hash = hash;
    made->slot = key.slot;
    made->worth = saved * 1000 / made->bytes;
    pthread_mutex_lock(&keeper->lock);
    made->priority = keeper->clock + made->worth * (keeper->counters[key.slot] + UINT64_C(1));
    bool has_room = make_room(keeper, made);
    pthread_mutex_unlock(&keeper->lock);
    if (!has_room) {
        mem_free(made);
    }
    return has_room ? made : NULL;
}

bool unions_keep(const struct query_context *context, struct union_kept *made)
{
    struct unions_keeper *keeper = made->keeper;
    struct unions_held *held = new_held(context, made);
    if (held == NULL) {
        unions_drop(made);
        return false;
    }
    context->keep->unions = held; /* which has the count that it was made with */
    context->keep->unions_bytes += made->bytes;
    pthread_mutex_lock(&keeper->lock);
    struct union_kept **bucket = &keeper->buckets[made->hash % UNIONS_BUCKETS];
    bool is_known = false;
    for (const struct union_kept *other = *bucket; other != NULL && !is_known; other = other->next) {
        is_known = other->hash == made->hash; /* another thread was first; or, once in a lifetime, it is another's */
    }
    if (!is_known && make_room(keeper, made)) { /* others may have taken what there was */
        made->next = *bucket;
        made->holders++;
        made->place = keeper->count;
        *bucket = made;
        keeper->list[keeper->count++] = made;
        atomic_fetch_add_explicit(&keeper->bytes, made->bytes, memory_order_relaxed);
    }
    pthread_mutex_unlock(&keeper->lock);
    return true;
}

void unions_drop(struct union_kept *made)
{
    mem_free(made);
}

void unions_let_go(struct query_keep *keep)
{
    struct unions_held *held = keep->unions;
    if (held != NULL) {
        struct unions_keeper *keeper = held->kept->keeper; /* a query's are of one catalog */
        pthread_mutex_lock(&keeper->lock);
        for (; held != NULL; held = held->next) {
            release_one(held->kept);
        }
        pthread_mutex_unlock(&keeper->lock);
    }
    keep->unions = NULL;
    keep->unions_bytes = 0;
}
