/*
 * phrase.c - ways through a phrase in one document.
 */
#include "query/phrase.h"

#define NO_WAY UINT32_MAX

struct phrase_word {
    struct cursor *cursor;
    struct query_step step;
    struct cursor_places found; /* occurrences in the document; after reach_word only those that a way leads to */
    uint32_t *costs;            /* of the cheapest way to each */
    size_t cost_capacity;
    size_t window; /* the first of found that may be in reach of the occurrence at hand */
};

struct phrase {
    struct arena *arena;
    struct phrase_word *words;
    uint32_t word_count;
    uint32_t length;
    uint32_t slop;
    uint32_t field_count; /* what one position adds to a place */
    uint64_t fields;
    bool branches; /* some word leads over several steps */
    int status;
};

int phrase_open(struct query_context *context, const struct query_node *node, struct phrase **out)
{
    struct phrase *phrase = arena_calloc(context->arena, 1, sizeof *phrase);
    struct phrase_word *words = arena_calloc(context->arena, node->child_count, sizeof *words);
    *out = phrase;
    if (phrase == NULL || words == NULL) {
        return AISLE_NO_MEMORY;
    }
    *phrase = (struct phrase){.arena = context->arena,
                              .words = words,
                              .word_count = node->child_count,
                              .length = node->length,
                              .slop = node->slop,
                              .field_count = context->field_count,
                              .fields = node->fields};
    for (uint32_t i = 0; i < node->child_count; i++) {
        words[i].cursor = context->leaves[node->children[i]->leaf];
        words[i].step = node->steps[i];
        words[i].found.arena = context->arena;
        phrase->branches = phrase->branches || words[i].step.to - words[i].step.from > 1;
    }
    return 0;
}

static uint32_t end_of(const struct phrase *phrase, struct position occurrence)
{
    return occurrence.place + occurrence.span * phrase->field_count;
}

static uint32_t distance(uint32_t a, uint32_t b)
{
    return a > b ? a - b : b - a;
}

/* The cheapest way to an occurrence from those of the word before; those asked about ascend. */
static uint32_t cost_from(const struct phrase *phrase, struct phrase_word *before, struct position next)
{
    uint32_t reach = phrase->slop * phrase->field_count;
    uint32_t behind = reach + POSITIONS_SPAN_MAX * phrase->field_count;
    uint32_t least = NO_WAY;
    while (before->window < before->found.count &&
           before->found.places[before->window].place + behind < next.place) {
        before->window++;
    }
    for (size_t i = before->window; i < before->found.count; i++) {
        struct position from = before->found.places[i];
        if (from.place > next.place + reach) {
            break;
        }
        uint32_t apart = distance(end_of(phrase, from), next.place);
        if (from.place == next.place || apart % phrase->field_count != 0) {
            continue;
        }
        uint32_t cost = before->costs[i] + apart / phrase->field_count;
        least = cost < least ? cost : least;
    }
    return least;
}

static uint32_t cost_of(struct phrase *phrase, const struct phrase_word *word, struct position occurrence)
{
    uint32_t least = NO_WAY;
    if ((phrase->fields >> (occurrence.place % phrase->field_count) & 1) == 0) {
        return NO_WAY;
    }
    if (word->step.from == 0) {
        return 0;
    }
    for (struct phrase_word *before = phrase->words; before < word; before++) {
        if (before->step.to == word->step.from) {
            uint32_t cost = cost_from(phrase, before, occurrence);
            least = cost < least ? cost : least;
        }
    }
    return least;
}

static int reserve_costs(struct phrase *phrase, struct phrase_word *word)
{
    if (word->found.count > word->cost_capacity) {
        word->costs = arena_alloc(phrase->arena, word->found.capacity * sizeof *word->costs);
        word->cost_capacity = word->costs == NULL ? 0 : word->found.capacity;
    }
    return word->found.count > word->cost_capacity ? AISLE_NO_MEMORY : 0;
}

/* Keeps the word's occurrences that a way leads to, with its cost; whether there are any. */
static bool reach_word(struct phrase *phrase, struct phrase_word *word, uint32_t document)
{
    word->found.count = 0;
    word->window = 0;
    if (word->cursor->ops->seek(word->cursor, document, CURSOR_ANY_SCORE) != document) {
        return false;
    }
    phrase->status = word->cursor->ops->places(word->cursor, &word->found);
    phrase->status = phrase->status == 0 ? reserve_costs(phrase, word) : phrase->status;
    for (struct phrase_word *before = phrase->words; before < word; before++) {
        before->window = 0;
    }
    size_t kept = 0;
    for (size_t i = 0; i < word->found.count && phrase->status == 0; i++) {
        uint32_t cost = cost_of(phrase, word, word->found.places[i]);
        if (cost <= phrase->slop) {
            word->found.places[kept] = word->found.places[i];
            word->costs[kept++] = cost;
        }
    }
    word->found.count = kept;
    return kept != 0;
}

bool phrase_matches(struct phrase *phrase, uint32_t document)
{
    bool matches = false;
    for (uint32_t i = 0; i < phrase->word_count && phrase->status == 0; i++) {
        struct phrase_word *word = &phrase->words[i];
        bool reached = reach_word(phrase, word, document);
        if (!reached && !phrase->branches) {
            return false;
        }
        matches = matches || (reached && word->step.to == phrase->length);
    }
    return matches && phrase->status == 0;
}

int phrase_status(const struct phrase *phrase)
{
    return phrase->status;
}
