/*
 * suggest_cut.c - which suggestions stay when not all have room: the heaviest, whatever they are.
 *
 * A count of bytes for each code of a weight tells, after one walk over all, from which weight on they fit.
 */
#include "suggest/suggest.h"

#include "base/alloc.h"
#include "suggest/suggest_format.h"

#define CODES 65536u

/* Of the heap that a writer takes for each way to find a suggestion: an item, and two entries to sort it by. */
#define WAY_BYTES 56u

int suggest_cut_init(struct suggest_cut *cut)
{
    *cut = (struct suggest_cut){.bytes = mem_calloc(CODES, sizeof *cut->bytes)};
    return cut->bytes == NULL ? AISLE_NO_MEMORY : 0;
}

void suggest_cut_release(struct suggest_cut *cut)
{
    mem_free(cut->bytes);
    cut->bytes = NULL;
}

static size_t cost_of(const struct suggest_entry *entry)
{
    size_t words = 1;
    for (size_t at = suggest_word_after(entry->key, 0); at < entry->key.size && words <= SUGGEST_LATER; words++) {
        at = suggest_word_after(entry->key, at);
    }
    size_t contexts = entry->context_count < SUGGEST_CONTEXTS ? entry->context_count : SUGGEST_CONTEXTS;
    return words * (1 + contexts) * WAY_BYTES + entry->key.size;
}

int suggest_cut_count(void *context, const struct suggest_entry *entry)
{
    struct suggest_cut *cut = context;
    cut->bytes[suggest_code_of(entry->weight)] += cost_of(entry);
    return 0;
}

void suggest_cut_decide(struct suggest_cut *cut, size_t memory_bytes)
{
    uint64_t bytes = 0;
    cut->least = 0;
    for (uint32_t code = CODES; code-- > 0;) {
        bytes += cut->bytes[code];
        if (bytes > memory_bytes) {
            cut->least = (uint16_t)(code < CODES - 1 ? code + 1 : code);
            return;
        }
    }
}

bool suggest_cut_keeps(const struct suggest_cut *cut, const struct suggest_entry *entry)
{
    return suggest_code_of(entry->weight) >= cut->least;
}
