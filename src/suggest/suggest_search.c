/*
 * suggest_search.c - the best suggestions of several parts together, one after the other.
 *
 * Each part has a cursor. A suggestion met in one is looked up in all others at once, so that its sum is known; it is
 * handed out when it weighs at least what a suggestion not yet met can: the sum of what the cursors stand before.
 * What has more errors comes after all that has fewer: the cursors are filled anew for each number of errors. When the
 * steps are used up, what was met is handed out by what it weighs.
 */
#include "suggest/suggest_private.h"

#include "base/hash.h"
#include "base/utf8.h"

struct suggest_search {
    struct arena *arena;
    struct suggest_cursor *cursors;
    struct suggest_place *spaces; /* of each part */
    bool *present;                /* whether the part has anything there */
    size_t part_count;
    struct bytes text;
    struct suggest_typed typed;
    uint8_t edits;     /* looked for now */
    uint8_t edits_max;
    uint32_t found; /* handed out and not discarded */
    uint32_t steps; /* left */
    bool is_cut;    /* they did not suffice: candidates are handed out whatever may come */
    struct suggest_found *candidates; /* in the arena, as all arrays here */
    size_t best;                      /* which of them; with equal weights in many parts there are many */
    size_t candidate_count;
    size_t candidate_capacity;
    uint64_t *met; /* hashes of keys; 0: free */
    size_t met_count;
    size_t met_slots;
};

uint8_t suggest_edits_for(struct bytes typed)
{
    struct suggest_typed points;
    if (!suggest_typed_of(typed, &points) || points.count < 3) {
        return 0;
    }
    return points.count < 6 ? 1 : 2;
}

/* Fills the cursors with what is found with search->edits errors. */
static int fill_cursors(struct suggest_search *search)
{
    int status = 0;
    for (size_t i = 0; i < search->part_count && status == 0; i++) {
        struct suggest_cursor *cursor = &search->cursors[i];
        struct suggest_place place = search->spaces[i];
        if (!search->present[i]) {
            continue;
        }
        if (search->edits != 0) {
            status = suggest_fuzzy(cursor, place, search->text, &search->typed, search->edits);
            continue;
        }
        status = suggest_descend(cursor->reader, search->text, &place);
        status = status == 0 ? suggest_cursor_push(cursor, &place) : status == AISLE_END ? 0 : status;
    }
    return status;
}

int suggest_search_begin(struct suggest_search **out, const struct suggest_reader *const *parts, size_t count,
                         const struct suggest_question *question, struct arena *arena)
{
    struct suggest_search *search = arena_calloc(arena, 1, sizeof *search);
    *out = search;
    if (search == NULL) {
        return AISLE_NO_MEMORY;
    }
    *search = (struct suggest_search){
        .arena = arena, .part_count = count, .text = question->typed, .steps = LIMIT_SUGGEST_STEPS};
    search->cursors = arena_calloc(arena, count + 1, sizeof *search->cursors);
    search->spaces = arena_calloc(arena, count + 1, sizeof *search->spaces);
    search->present = arena_calloc(arena, count + 1, sizeof *search->present);
    if (search->cursors == NULL || search->spaces == NULL || search->present == NULL) {
        return AISLE_NO_MEMORY;
    }
    struct suggest_space space = suggest_space_of(question->field, question->value);
    search->edits_max = suggest_typed_of(question->typed, &search->typed) ? question->edits : 0;
    if (question->value.size > SUGGEST_CONTEXT_BYTES) {
        search->part_count = 0; /* no part has such a context */
    }
    for (size_t i = 0; i < search->part_count; i++) {
        suggest_cursor_init(&search->cursors[i], parts[i], arena, &search->steps);
        int status = suggest_enter(parts[i], &space, &search->spaces[i]);
        search->present[i] = status == 0;
        if (status != 0 && status != AISLE_END) {
            return status;
        }
    }
    return fill_cursors(search);
}

/* The cursor that stands before the greatest weight, and the sum over all; 0: they are empty. */
static uint64_t bound_of(const struct suggest_search *search, size_t *best)
{
    uint64_t sum = 0;
    uint16_t greatest = 0;
    for (size_t i = 0; i < search->part_count; i++) {
        uint16_t code = suggest_cursor_bound(&search->cursors[i]);
        sum += code == 0 ? 0 : suggest_units_of(code);
        if (code > greatest) {
            greatest = code;
            *best = i;
        }
    }
    return sum;
}

static int grow_met(struct suggest_search *search)
{
    size_t wanted = search->met_slots == 0 ? 64 : search->met_slots * 2;
    uint64_t *met = arena_calloc(search->arena, wanted, sizeof *met);
    if (met == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < search->met_slots; i++) {
        if (search->met[i] != 0) {
            size_t slot = search->met[i] & (wanted - 1);
            while (met[slot] != 0) {
                slot = (slot + 1) & (wanted - 1);
            }
            met[slot] = search->met[i];
        }
    }
    search->met = met;
    search->met_slots = wanted;
    return 0;
}

/* *fresh: no suggestion with this key was met before. */
static int meet(struct suggest_search *search, struct bytes key, bool *fresh)
{
    int status = search->met_count * 2 < search->met_slots ? 0 : grow_met(search);
    if (status != 0) {
        return status;
    }
    uint64_t hash = hash_bytes(key.data, key.size) | 1u;
    size_t slot = hash & (search->met_slots - 1);
    while (search->met[slot] != 0 && search->met[slot] != hash) {
        slot = (slot + 1) & (search->met_slots - 1);
    }
    *fresh = search->met[slot] == 0;
    search->met[slot] = hash;
    search->met_count += *fresh ? 1 : 0;
    return 0;
}

/* The sum of the weights of a suggestion that the part numbered `in` has with this code. AISLE_LIMIT. */
static int sum_up(struct suggest_search *search, struct bytes key, size_t in, uint16_t code, uint64_t *units)
{
    uint16_t whole = 0;
    *units = suggest_units_of(code);
    if (search->part_count == 1) {
        return 0;
    }
    if (search->steps < search->part_count) {
        return AISLE_LIMIT;
    }
    search->steps -= (uint32_t)search->part_count; /* to look it up in each */
    int status = suggest_find(search->cursors[in].reader, search->spaces[in], key, &whole);
    if (status != 0 || code > whole) {
        return status == AISLE_END || status == 0 ? AISLE_CORRUPT : status;
    }
    for (size_t i = 0; i < search->part_count && status == 0; i++) {
        uint16_t other = 0;
        if (i != in && search->present[i]) {
            status = suggest_find(search->cursors[i].reader, search->spaces[i], key, &other);
            if (status == 0) {
                *units += suggest_units_of(code == whole ? other : suggest_code_later(other));
            }
            status = status == AISLE_END ? 0 : status;
        }
    }
    return status;
}

/* Whether a comes before b; of equal weights, the least key. */
static bool is_better(const struct suggest_found *a, const struct suggest_found *b)
{
    return a->units > b->units || (a->units == b->units && bytes_compare(a->key, b->key) < 0);
}

static int add_candidate(struct suggest_search *search, const struct suggest_found *found)
{
    if (search->candidate_count == search->candidate_capacity) {
        size_t wanted = search->candidate_capacity == 0 ? 32 : search->candidate_capacity * 2;
        struct suggest_found *grown = arena_alloc(search->arena, wanted * sizeof *grown);
        if (grown == NULL) {
            return AISLE_NO_MEMORY;
        }
        if (search->candidate_count != 0) {
            memcpy(grown, search->candidates, search->candidate_count * sizeof *grown);
        }
        search->candidates = grown;
        search->candidate_capacity = wanted;
    }
    size_t at = search->candidate_count++;
    search->candidates[at] = *found;
    search->best = at == 0 || is_better(found, &search->candidates[search->best]) ? at : search->best;
    return 0;
}

static void hand_out(struct suggest_search *search, struct suggest_found *found)
{
    *found = search->candidates[search->best];
    search->candidates[search->best] = search->candidates[--search->candidate_count];
    search->best = 0;
    for (size_t i = 1; i < search->candidate_count; i++) {
        search->best = is_better(&search->candidates[i], &search->candidates[search->best]) ? i : search->best;
    }
    search->found++;
}

/* Takes the next record of a part's cursor and makes it a candidate, unless it was met. */
static int pull(struct suggest_search *search, size_t part)
{
    struct suggest_record record;
    uint32_t reference;
    uint16_t code;
    bool fresh = false;
    int status = suggest_cursor_next(&search->cursors[part], &reference, &code);
    status = status != 0 ? status : suggest_record_at(search->cursors[part].reader, reference, &record);
    status = status != 0 ? status : meet(search, record.key, &fresh);
    if (status != 0 || !fresh) {
        return status;
    }
    struct suggest_found found = {.shown = record.shown, .edits = search->edits, .kind = record.kind};
    status = sum_up(search, record.key, part, code, &found.units);
    if (status != 0) {
        return status;
    }
    found.key = bytes_of(arena_copy(search->arena, record.key.data, record.key.size), record.key.size);
    return found.key.data == NULL ? AISLE_NO_MEMORY : add_candidate(search, &found);
}

int suggest_search_next(struct suggest_search *search, struct suggest_found *found)
{
    for (;;) {
        size_t part = 0;
        uint64_t bound = search->is_cut ? 0 : bound_of(search, &part);
        if (search->candidate_count != 0 && search->candidates[search->best].units >= bound) {
            hand_out(search, found);
            return 0;
        }
        int status = search->is_cut ? AISLE_LIMIT : 0;
        if (status == 0 && bound != 0) {
            status = pull(search, part);
            search->is_cut = status == AISLE_LIMIT;
            status = search->is_cut ? 0 : status;
        } else if (status == 0 && search->edits < search->edits_max &&
                   search->found < (search->edits == 0 ? SUGGEST_ENOUGH : 1)) {
            search->edits++;
            status = fill_cursors(search);
        } else if (status == 0) {
            return AISLE_END;
        }
        if (status != 0) {
            return status;
        }
    }
}

bool suggest_search_is_cut(const struct suggest_search *search)
{
    return search->is_cut;
}

void suggest_search_discard(struct suggest_search *search)
{
    search->found -= search->found != 0 ? 1 : 0;
}
