/*
 * phrase_many.c - neighbours by comparing places, for all words of a phrase and a run of documents.
 *
 * Word by word the places in all documents are found, so that a block of positions is looked through once, and those
 * are kept that stand behind the words before.
 */
#include "query/phrase_many.h"

#include "base/bitset.h"

#define WORDS_MAX 16u

struct many_word {
    struct postings_cursor postings;
    struct positions_cursor positions;
};

struct phrase_many {
    struct many_word *words;
    uint32_t word_count;
    uint32_t field_count; /* what one position adds to a place */
    uint64_t fields;      /* it looks in */
    bool all_fields;
    uint32_t ordinals[PHRASE_MANY_MAX]; /* of the word at hand in the documents */
    struct positions_row rows[PHRASE_MANY_MAX];  /* of the word at hand */
    struct positions_row found[PHRASE_MANY_MAX]; /* where the words so far stand: the last of them */
};

static bool suits(const struct query_node *node, uint32_t segment)
{
    bool suits = node->child_count <= WORDS_MAX;
    for (uint32_t i = 0; i < node->child_count && suits; i++) {
        const struct query_node *word = node->children[i];
        suits = word->kind == QUERY_TERMS && word->in_segment[segment].count == 1 && !word->first_only &&
                word->scope == 0;
    }
    return suits;
}

int phrase_many_open(struct query_context *context, const struct query_node *node, uint32_t segment,
                     struct phrase_many **out)
{
    const struct segment *in = context->segments[segment].segment;
    *out = NULL;
    if (!suits(node, segment)) {
        return 0;
    }
    struct phrase_many *many = arena_alloc(context->arena, sizeof *many);
    struct many_word *words = arena_alloc(context->arena, node->child_count * sizeof *words);
    if (many == NULL || words == NULL) {
        return AISLE_NO_MEMORY;
    }
    many->words = words;
    many->word_count = node->child_count;
    many->field_count = context->field_count;
    many->fields = node->fields;
    many->all_fields = (~node->fields & (UINT64_MAX >> (64 - context->field_count))) == 0;
    for (uint32_t i = 0; i < many->word_count; i++) {
        const struct segment_list *list = &node->children[i]->in_segment[segment].lists[0];
        positions_cursor_init(&words[i].positions, &in->views[COMPONENT_POSITIONS], context->arena, &list->positions,
                              list->postings.count);
        int status = postings_cursor_open(&words[i].postings, &in->postings, &list->postings);
        if (status != 0) {
            return status;
        }
    }
    *out = many;
    return 0;
}

/* The word's places in each document. */
static int find_rows(struct phrase_many *many, struct many_word *word, const uint32_t *documents, uint32_t count,
                     struct positions_row *rows)
{
    postings_cursor_locate(&word->postings, documents, count, many->ordinals);
    int status = postings_cursor_status(&word->postings);
    return status == 0 ? positions_cursor_rows(&word->positions, many->ordinals, count, rows) : status;
}

/* Whether any place of the row lies in a field of the phrase. */
static bool is_in_fields(const struct phrase_many *many, const struct positions_row *row)
{
    bool is_in = false;
    for (uint32_t i = 0; i < POSITIONS_ROW && !is_in; i++) {
        uint16_t place = row->places[i];
        is_in = place != POSITIONS_NO_PLACE && (many->fields >> (place % many->field_count) & 1) != 0;
    }
    return is_in;
}

/* Sets a bit for each of count rows that is empty, or is not. */
static void mark(const struct positions_row *rows, uint32_t count, bool if_empty, uint64_t *bits)
{
    for (uint32_t i = 0; i < count; i++) {
        bits[i / 64] |= (uint64_t)(positions_row_is_empty(&rows[i]) == if_empty) << (i % 64);
    }
}

/* Finds of the documents that have all words side by side those that have them in fields of the phrase. */
static void settle(const struct phrase_many *many, uint32_t count, struct phrase_answers *answers)
{
    mark(many->found, count, false, answers->yes);
    for (uint32_t word = 0; word < bitset_words(count); word++) {
        answers->yes[word] &= ~answers->unknown[word];
        for (uint64_t left = many->all_fields ? 0 : answers->yes[word]; left != 0; left &= left - 1) {
            if (!is_in_fields(many, &many->found[word * 64 + (uint32_t)__builtin_ctzll(left)])) {
                answers->yes[word] &= ~(left & -left);
            }
        }
    }
}

int phrase_many_ask(struct phrase_many *many, const uint32_t *documents, uint32_t count, struct phrase_answers *answers)
{
    *answers = (struct phrase_answers){.yes = {0}};
    int status = find_rows(many, &many->words[0], documents, count, many->found);
    if (status == 0) {
        mark(many->found, count, true, answers->unknown);
    }
    for (uint32_t w = 1; w < many->word_count && status == 0; w++) {
        status = find_rows(many, &many->words[w], documents, count, many->rows);
        if (status == 0) {
            mark(many->rows, count, true, answers->unknown);
            positions_rows_follow(many->found, many->rows, count, (uint16_t)many->field_count);
        }
    }
    if (status == 0) {
        settle(many, count, answers);
    }
    return status;
}
