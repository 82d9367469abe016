/*
 * query_df.c - how many products have a word, summed up over the segments.
 *
 * Corrections ask for hundreds of words a query, and commits bring a segment each second. So what is kept of a word
 * (words_kept.h) is the sum over a chain of segments: large ones first, which live long, then the others, both in the
 * order in which they came. As long as none of them has gone, a later query adds what came behind them alone; when one
 * has, as the small ones do each time they are merged, the sum over the large ones is known apart.
 *
 * Thread rule: as the query.
 */
#include "query/query.h"

#include "base/hash.h"
#include "query/words_kept.h"

/* A segment with such a share of the products is large: at 30,000 changes a second it lasts some tens of commits. */
#define SETTLED_SHARE 128u

/* What a word's sum over the large segments is noted as, beside that over all. */
#define SETTLED_KEY UINT64_C(0x5345544c45440000)

static bool comes_before(const struct query_context *context, uint32_t a, uint32_t b)
{
    return context->segments[a].segment->serial < context->segments[b].segment->serial;
}

/* Puts a segment behind those that came before it, of count that stand in order: mostly the last place. */
static void insert(const struct query_context *context, uint32_t *segments, uint32_t count, uint32_t segment)
{
    while (count > 0 && comes_before(context, segment, segments[count - 1])) {
        segments[count] = segments[count - 1];
        count--;
    }
    segments[count] = segment;
}

static void order_segments(const struct query_context *context, struct words_chain *chain)
{
    const uint64_t least = context->statistics.products / SETTLED_SHARE;
    uint32_t taken = 0;
    for (int settled = 1; settled >= 0; settled--) {
        uint32_t first = taken;
        for (uint32_t i = 0; i < context->segment_count; i++) {
            if ((context->segments[i].segment->info.documents >= least) == (settled != 0)) {
                insert(context, chain->segments + first, taken - first, i);
                taken++;
            }
        }
        chain->settled = settled != 0 ? taken : chain->settled;
    }
}

/* The context's chain, made when it is first asked for; NULL: nothing is kept of words, or no memory. */
static const struct words_chain *chain_of(const struct query_context *context)
{
    struct words_chain *chain = context->words == NULL ? NULL : context->chain;
    uint32_t count = context->segment_count;
    if (chain == NULL || chain->segments != NULL) {
        return chain;
    }
    chain->seeds = arena_alloc(context->arena, (count + 1) * sizeof *chain->seeds);
    uint32_t *segments = arena_alloc(context->arena, (count + 1) * sizeof *segments);
    if (chain->seeds == NULL || segments == NULL) {
        return NULL;
    }
    chain->segments = segments;
    order_segments(context, chain);
    chain->seeds[0] = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct segment *segment = context->segments[segments[i]].segment;
        chain->seeds[i + 1] = hash_bytes_seeded(&segment->serial, sizeof segment->serial, chain->seeds[i]);
    }
    return chain;
}

/* Over how many of the chain's segments the sum of a word is known: that sum; 0: over none. */
static uint32_t find_known(const struct query_context *context, const struct words_chain *chain, uint64_t hash,
                           uint64_t *sum)
{
    uint64_t of;
    if (words_kept_find(context->words, hash, &of, sum)) {
        for (uint32_t n = context->segment_count; n > chain->settled; n--) {
            if (chain->seeds[n] == of) {
                return n;
            }
        }
    }
    if (words_kept_find(context->words, hash ^ SETTLED_KEY, &of, sum) && chain->seeds[chain->settled] == of) {
        return chain->settled;
    }
    *sum = 0;
    return 0;
}

static uint64_t hash_of(struct bytes term)
{
    return hash_bytes(term.data, term.size);
}

/* Adds the postings that a segment has of a term. */
static int add_postings(const struct query_segment *in, struct bytes term, uint64_t hash, uint64_t *sum)
{
    struct segment_list list;
    struct bytes value;
    int status = terms_find_hashed(&in->segment->terms, term, (uint32_t)(hash >> 32), &value);
    if (status == 0) {
        status = segment_list_decode(value, &list);
        *sum += status == 0 ? list.postings.count : 0;
    }
    return status == AISLE_END ? 0 : status;
}

static int count_all(const struct query_context *context, struct bytes term, uint64_t *sum)
{
    int status = 0;
    *sum = 0;
    for (uint32_t s = 0; s < context->segment_count && status == 0; s++) {
        status = add_postings(&context->segments[s], term, hash_of(term), sum);
    }
    return status;
}

/* The sum over all segments; what is looked up is kept. */
static int count_along(const struct query_context *context, const struct words_chain *chain, struct bytes term,
                       uint64_t *sum)
{
    const uint64_t hash = hash_of(term);
    const uint32_t known = find_known(context, chain, hash, sum);
    for (uint32_t n = known; n < context->segment_count; n++) {
        int status = add_postings(&context->segments[chain->segments[n]], term, hash, sum);
        if (status != 0) {
            return status;
        }
        if (n + 1 == chain->settled) {
            words_kept_note(context->words, hash ^ SETTLED_KEY, chain->seeds[n + 1], *sum);
        }
    }
    if (known < context->segment_count && chain->settled < context->segment_count) {
        words_kept_note(context->words, hash, chain->seeds[context->segment_count], *sum);
    }
    return 0;
}

bool query_df_is_known(const struct query_context *context, const struct bytes *terms, uint32_t count, uint64_t *df)
{
    const struct words_chain *chain = chain_of(context);
    *df = 0;
    for (uint32_t t = 0; t < count && chain != NULL; t++) {
        uint64_t sum;
        if (find_known(context, chain, hash_of(terms[t]), &sum) < context->segment_count) {
            return false;
        }
        *df = sum > *df ? sum : *df;
    }
    return chain != NULL && count != 0;
}

void query_df_ahead(const struct query_context *context, const struct bytes *terms, uint32_t count)
{
    const struct words_chain *chain = chain_of(context);
    for (uint32_t t = 0; t < count; t++) {
        struct terms_place place = terms_place_of(terms[t]);
        uint64_t sum;
        uint32_t known = chain == NULL ? 0 : find_known(context, chain, hash_of(terms[t]), &sum);
        for (uint32_t n = known; n < context->segment_count; n++) {
            uint32_t segment = chain == NULL ? n : chain->segments[n];
            terms_ahead(&context->segments[segment].segment->terms, TERMS_AHEAD_LINE, &place);
        }
    }
}

int query_df(const struct query_context *context, const struct bytes *terms, uint32_t count, uint64_t *df)
{
    const struct words_chain *chain = chain_of(context);
    *df = 0;
    for (uint32_t t = 0; t < count; t++) {
        uint64_t sum;
        int status = chain == NULL ? count_all(context, terms[t], &sum) : count_along(context, chain, terms[t], &sum);
        if (status != 0) {
            return status;
        }
        *df = sum > *df ? sum : *df;
    }
    return 0;
}
