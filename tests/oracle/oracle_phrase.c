/*
 * oracle_phrase.c - the oracle's phrases: whether the words of a phrase stand together in a product.
 *
 * The tokens of a phrase are the steps of all ways through it, each from its position to the position behind its last
 * part. For every token and every place where one of its terms stands, the cheapest way that ends there is worked out
 * from all tokens that end where this one begins. Values are compared, not spread out on one line: what stands in
 * another value or field is simply no neighbour.
 */
#include "oracle/inside.h"

#include <stdlib.h>

#define UNREACHED UINT64_MAX

/* Where a token stands, and the least that a way from the phrase's beginning to here costs. */
struct place {
    const struct occurrence *at;
    uint64_t cost;
};

struct places {
    struct place *items;
    size_t count;
};

static bool may_look(const struct phrase *phrase, const struct occurrence *at)
{
    return at->kept && phrase->oracle->fields[at->field].positions &&
           (phrase->field < 0 || at->field == (uint32_t)phrase->field);
}

/* All places of the terms of one token. */
static struct places find_places(const struct phrase *phrase, size_t token, const struct version *version)
{
    struct places places = {NULL, 0};
    for (size_t i = 0; i < version->term_count; i++) {
        const struct term_code *term = &version->terms[i];
        if (!phrase->terms[token][term->term]) {
            continue;
        }
        places.items = oracle_grow(places.items, (places.count + term->count) * sizeof *places.items);
        for (size_t k = term->first; k < term->first + term->count; k++) {
            if (may_look(phrase, &version->occurrences[k])) {
                places.items[places.count++] = (struct place){.at = &version->occurrences[k], .cost = UNREACHED};
            }
        }
    }
    return places;
}

/* What it costs that the word at b follows the word at a; UNREACHED when it does not. */
static uint64_t step_cost(const struct occurrence *a, const struct occurrence *b)
{
    if (a->field != b->field || a->value != b->value || a->start == b->start) {
        return UNREACHED;
    }
    return b->start > a->end ? b->start - a->end : a->end - b->start;
}

/* Reaches the places of a token from those of one that ends where it begins. */
static void reach(struct places *to, const struct places *from)
{
    for (size_t i = 0; i < to->count; i++) {
        for (size_t k = 0; k < from->count; k++) {
            uint64_t before = from->items[k].cost;
            uint64_t step = step_cost(from->items[k].at, to->items[i].at);
            if (before != UNREACHED && step != UNREACHED && before + step < to->items[i].cost) {
                to->items[i].cost = before + step;
            }
        }
    }
}

bool oracle_phrase_matches(const struct phrase *phrase, const struct version *version)
{
    const struct tokens *tokens = &phrase->tokens;
    struct places *places = oracle_grow(NULL, tokens->count * sizeof *places);
    uint64_t cheapest = UNREACHED;
    /* A token stands behind all that end where it begins: a compound is listed behind its parts. */
    for (size_t i = 0; i < tokens->count; i++) {
        const struct token *token = &tokens->items[i];
        places[i] = find_places(phrase, i, version);
        for (size_t k = 0; token->position == 0 && k < places[i].count; k++) {
            places[i].items[k].cost = 0;
        }
        for (size_t k = 0; k < i; k++) {
            if (tokens->items[k].position + tokens->items[k].parts == token->position) {
                reach(&places[i], &places[k]);
            }
        }
        for (size_t k = 0; token->position + token->parts == tokens->words && k < places[i].count; k++) {
            cheapest = places[i].items[k].cost < cheapest ? places[i].items[k].cost : cheapest;
        }
    }
    for (size_t i = 0; i < tokens->count; i++) {
        free(places[i].items);
    }
    free(places);
    return cheapest <= phrase->slop;
}
