/*
 * lexicon_containing.c - codes that contain a fragment, from the lists of its grams.
 *
 * Lists ascend by the numbers of codes, and codes are numbered by length, then by bytes: whatever is found first comes
 * first in the answer, so that looking ends when there is enough. Of a fragment's grams the two with the fewest codes
 * are read together, and what is in both is compared with the fragment.
 */
#include "lexicon/lexicon_private.h"

#include <stdlib.h>

/* Which of the phases of the answer a code belongs to. */
enum { EXACT, BEGINS, CONTAINS };

struct hunt {
    const struct lexicon_part *part;
    const struct lexicon_ask *ask;
    struct arena *arena;
    struct code *found; /* room for ask->limit + 1 of each phase of each part */
    size_t count;
    bool is_stopped;
};

struct code {
    struct bytes word; /* of the arena */
    uint8_t phase;
};

/* The row of a gram in the table, or NULL: no code has it. AISLE_CORRUPT. */
static int find_gram(const struct lexicon_part *part, uint32_t gram, const uint8_t **row)
{
    uint32_t low = 0;
    uint32_t high = part->footer.gram_count;
    *row = NULL;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const uint8_t *at = lexicon_at(part, part->footer.grams_offset + (uint64_t)middle * LEXICON_GRAM_BYTES,
                                       LEXICON_GRAM_BYTES);
        if (at == NULL) {
            return AISLE_CORRUPT;
        }
        if (load_u32(at) == gram) {
            *row = at;
            return 0;
        }
        if (load_u32(at) < gram) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return 0;
}

/*
 * The two shortest lists among those of the fragment's grams; lists[1].part is NULL when there is no second. AISLE_END:
 * no code has all of the grams.
 */
static int choose_lists(const struct lexicon_part *part, struct bytes fragment, bool begins,
                        struct lexicon_list lists[2])
{
    uint32_t gram = begins ? 0 : fragment.data[0];
    lists[0].part = lists[1].part = NULL;
    for (size_t i = begins ? 0 : 1; i < fragment.size; i++) {
        const uint8_t *row;
        struct lexicon_list list;
        gram = (gram << 8 | fragment.data[i]) & 0xffffff;
        if (i == 0 || (!begins && i == 1)) {
            continue; /* not three bytes yet */
        }
        int status = find_gram(part, gram, &row);
        if (status == 0) {
            status = row == NULL ? AISLE_END : lexicon_list_open(part, row, &list);
        }
        if (status != 0) {
            return status;
        }
        if (lists[0].part == NULL || list.count < lists[0].count) {
            lists[1] = lists[0];
            lists[0] = list;
        } else if (lists[1].part == NULL || list.count < lists[1].count) {
            lists[1] = list;
        }
    }
    return lists[0].part == NULL ? AISLE_END : 0;
}

/* Passing over a list costs a few operations a code, looking at a code some fifty. */
#define SECOND_LIST_TIMES 16u

/* Whether the second list has the code that the first has come to; *status: AISLE_END when it has no more at all. */
static bool in_second(struct lexicon_list lists[2], bool *begun, int *status)
{
    struct lexicon_list *second = &lists[1];
    if (second->part == NULL) {
        return true;
    }
    while (*status == 0 && (!*begun || second->code < lists[0].code)) {
        *status = lexicon_list_next(second);
        *begun = true;
    }
    return *status == 0 && second->code == lists[0].code;
}

static bool contains(struct bytes code, struct bytes fragment, bool begins)
{
    if (begins) {
        return bytes_begin_with(code, fragment);
    }
    return !bytes_begin_with(code, fragment) && memmem(code.data, code.size, fragment.data, fragment.size) != NULL;
}

static int keep(struct hunt *hunt, struct bytes word, uint8_t phase)
{
    const uint8_t *copy = arena_copy(hunt->arena, word.data, word.size);
    if (copy == NULL) {
        return AISLE_NO_MEMORY;
    }
    hunt->found[hunt->count++] = (struct code){.word = bytes_of(copy, word.size), .phase = phase};
    return 0;
}

/* Passing over so many codes takes a few microseconds. */
#define CODES_A_PIECE 256u

/* The first limit + 1 codes of a part that begin with the fragment, or have it elsewhere. */
static int find_codes(struct hunt *hunt, bool begins)
{
    const struct lexicon_part *part = hunt->part;
    struct bytes fragment = hunt->ask->word;
    struct lexicon_list lists[2];
    bool begun = false;
    uint32_t class = 0;
    uint32_t passed = 0;
    size_t wanted = hunt->ask->limit + 1;
    int status = choose_lists(part, fragment, begins, lists);
    if (status == 0 && lists[1].part != NULL && lists[1].count / SECOND_LIST_TIMES > lists[0].count) {
        lists[1].part = NULL;
    }
    while (status == 0 && wanted != 0 && (status = lexicon_list_next(&lists[0])) == 0) {
        hunt->is_stopped = ++passed % CODES_A_PIECE == 0 && lexicon_stops(hunt->ask);
        if (hunt->is_stopped) {
            return 0;
        }
        if (!in_second(lists, &begun, &status)) {
            continue;
        }
        class = lexicon_class(part, lists[0].code, class);
        const uint8_t *text = lexicon_text(part, class, lists[0].code - part->first[class]);
        struct bytes code = bytes_of(text, class % LEXICON_LENGTHS);
        if (text == NULL) {
            return AISLE_CORRUPT;
        }
        /* The fragment itself was looked up. */
        if (code.size != fragment.size && contains(code, fragment, begins)) {
            status = keep(hunt, code, begins ? BEGINS : CONTAINS);
            wanted--;
        }
    }
    return status == AISLE_END ? 0 : status;
}

static int compare_codes(const void *a, const void *b)
{
    const struct code *x = a;
    const struct code *y = b;
    if (x->phase != y->phase) {
        return x->phase - y->phase;
    }
    if (x->word.size != y->word.size) {
        return x->word.size < y->word.size ? -1 : 1;
    }
    return bytes_compare(x->word, y->word);
}

/* Sorted, each once, the first limit of them. */
static int finish(struct hunt *hunt, struct lexicon_variants *out)
{
    size_t kept = 0;
    out->truncated = hunt->is_stopped;
    if (hunt->count == 0) {
        return 0;
    }
    out->list = arena_alloc(hunt->arena, hunt->count * sizeof *out->list);
    if (out->list == NULL) {
        return AISLE_NO_MEMORY;
    }
    qsort(hunt->found, hunt->count, sizeof *hunt->found, compare_codes);
    for (size_t i = 0; i < hunt->count; i++) {
        if (kept == 0 || !bytes_equal(out->list[kept - 1].word, hunt->found[i].word)) {
            out->list[kept++] = (struct lexicon_variant){.word = hunt->found[i].word};
        }
    }
    out->count = kept < hunt->ask->limit ? kept : hunt->ask->limit;
    out->truncated = kept > hunt->ask->limit || hunt->is_stopped;
    return 0;
}

int lexicon_containing(const struct lexicon *lexicon, const struct lexicon_ask *ask, struct arena *arena,
                       struct lexicon_variants *out)
{
    struct bytes word = ask->word;
    *out = (struct lexicon_variants){.list = NULL};
    if (word.size < LEXICON_FRAGMENT_MIN || word.size > LIMIT_TERM_BYTES) {
        return 0;
    }
    if (ask->limit > LEXICON_CONTAINING_MAX) {
        return AISLE_INVALID;
    }
    struct hunt hunt = {.ask = ask, .arena = arena};
    hunt.found = arena_alloc(arena, (2 * lexicon->count * (ask->limit + 1) + 1) * sizeof *hunt.found);
    if (hunt.found == NULL) {
        return AISLE_NO_MEMORY;
    }
    int status = lexicon_group_of(word) == LEXICON_CODES ? lexicon_has(lexicon, word) : AISLE_END;
    if (status == 0) {
        status = keep(&hunt, word, EXACT);
    }
    status = status == AISLE_END ? 0 : status;
    for (size_t i = 0; i < lexicon->count && status == 0 && !hunt.is_stopped; i++) {
        hunt.part = lexicon->parts[i];
        status = find_codes(&hunt, true);
        if (status == 0 && !hunt.is_stopped) {
            status = find_codes(&hunt, false);
        }
    }
    return status == 0 ? finish(&hunt, out) : status;
}
