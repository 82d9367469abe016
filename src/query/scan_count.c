/*
 * scan_count.c - exact totals: lists poured into large windows of bits, or candidates of a rare list looked up.
 *
 * Of lists of which any may match, the longest is not read at all: it counts as a whole, and of the others only what it
 * has not. A single list counts as a whole, too, less what of it is dead. Of lists that must all match, the rarest
 * leads. How a further list is asked (about each candidate, or by pouring it out, too) is decided for each window by
 * what both would cost.
 */
#include "query/scan_count.h"

#include "base/bitset.h"
#include "query/phrase.h"
#include "query/watch.h"

/* Costs in quarters of a nanosecond: of pouring a posting out, a word of bits; of asking about a document. */
#define COST_POSTING 3u
#define COST_WORD 4u
#define COST_ASK 24u
#define COST_BLOCK 400u

/* Documents of the first window where a few that match are enough, and how much longer each next one is. */
#define FIRST_WINDOW 4096u
#define WINDOW_GROWTH 4u

/* Bits of a word that is kept are asked for so many candidates before they are looked at. */
#define AHEAD 24u

/* At one posting in so many documents and more, blocks are bitsets. */
#define DENSE_GAP 16u

struct window {
    uint32_t from;  /* a multiple of 64 */
    uint32_t count; /* documents; words of bits are whole */
    size_t words;
};

static uint32_t first_size(uint64_t enough)
{
    return enough == UINT64_MAX ? SCAN_COUNT_WINDOW : FIRST_WINDOW;
}

/* The next one, of at most *size documents. */
static struct window window_at(const struct scan *scan, uint32_t document, uint32_t *size)
{
    uint32_t from = document - document % 64;
    uint32_t left = scan->end - from;
    uint32_t count = left < *size ? left : *size;
    *size = *size < SCAN_COUNT_WINDOW / WINDOW_GROWTH ? *size * WINDOW_GROWTH : SCAN_COUNT_WINDOW;
    return (struct window){.from = from, .count = count, .words = bitset_words(count)};
}

/* Whether it costs less to ask the list about candidates than to pour out its part of the window. */
static bool is_asked(const struct scan *scan, const struct scan_list *list, const struct window *window,
                     size_t candidates)
{
    uint64_t postings = (uint64_t)list->count * window->count / scan->documents;
    uint64_t blocks = postings / POSTINGS_BLOCK + 1;
    bool dense = postings * DENSE_GAP > window->count;
    uint64_t pour = dense ? window->words * COST_WORD : postings * COST_POSTING;
    uint64_t ask = candidates * COST_ASK + (dense ? 0 : (candidates < blocks ? candidates : blocks) * COST_BLOCK);
    if (list->group != NULL && list->group->bits == NULL) { /* each list of it is asked, or read */
        uint64_t lists = list->group->list_count + 1;
        uint64_t each = blocks / lists + 1;
        pour = postings * COST_POSTING;
        ask = (candidates * COST_ASK + (candidates < each ? candidates : each) * COST_BLOCK) * lists;
    }
    return candidates <= SCAN_WINDOW && ask < pour;
}

/* Lists count candidates of the window. */
static void list_documents(struct scan_count_room *room, const struct window *window)
{
    uint32_t listed = 0;
    for (uint32_t word = 0; word < window->words; word++) {
        for (uint64_t left = room->bits[word]; left != 0; left &= left - 1) {
            room->documents[listed++] = window->from + word * 64 + (uint32_t)__builtin_ctzll(left);
        }
    }
}

static void fill(struct scan_list *list, const struct window *window, uint64_t *bits)
{
    if (list->bits != NULL) {
        (void)bitset_or(bits, list->bits + window->from / 64, window->words);
    } else if (list->group != NULL) {
        scan_group_fill(list->group, window->from, window->count, bits);
    } else {
        postings_cursor_fill(list->postings, window->from, window->count, bits);
    }
}

/* Which of the candidates the list's bits have. */
static void look_in_bits(const uint64_t *bits, struct scan_count_room *room, size_t count)
{
    memset(room->found, 0, bitset_words(count) * sizeof *room->found);
    for (size_t i = 0; i < count; i++) {
        __builtin_prefetch(&bits[room->documents[i + AHEAD < count ? i + AHEAD : i] / 64]);
        room->found[i / 64] |= (uint64_t)bitset_get(bits, room->documents[i]) << (i % 64);
    }
}

static void look_up(struct scan_list *list, struct scan_count_room *room, size_t count)
{
    if (list->bits != NULL) {
        look_in_bits(list->bits, room, count);
    } else if (list->group != NULL) {
        scan_group_lookup(list->group, room->documents, (uint32_t)count, room->parts, room->found);
    } else {
        postings_cursor_lookup(list->postings, room->documents, count, NULL, room->found);
    }
}

/* Keeps of the window's candidates those the list has, or those it has not. Returns how many they are. */
static size_t keep(const struct scan *scan, struct scan_count_room *room, const struct window *window,
                   struct scan_list *list, size_t candidates, bool if_found)
{
    if (list->bits != NULL) {
        const uint64_t *bits = list->bits + window->from / 64;
        return if_found ? bitset_and(room->bits, bits, window->words) : bitset_and_not(room->bits, bits, window->words);
    }
    if (is_asked(scan, list, window, candidates)) {
        list_documents(room, window);
        look_up(list, room, candidates);
        for (uint32_t i = 0; i < candidates; i++) {
            if (bitset_get(room->found, i) != if_found) {
                bitset_clear(room->bits, room->documents[i] - window->from);
            }
        }
    } else {
        memset(room->other, 0, window->words * sizeof *room->other);
        fill(list, window, room->other);
        return if_found ? bitset_and(room->bits, room->other, window->words)
                        : bitset_and_not(room->bits, room->other, window->words);
    }
    return bitset_count(room->bits, window->words);
}

/* Whether a document that has all it needs of the lists has the rest, too, but phrases; the filter has been asked. */
static bool is_match(struct scan *scan, uint32_t document)
{
    for (uint32_t i = 0; i < scan->other_count; i++) {
        if (scan->others[i]->ops->seek(scan->others[i], document, CURSOR_ANY_SCORE) != document) {
            return false;
        }
    }
    return scan->unwanted == NULL ||
           scan->unwanted->ops->seek(scan->unwanted, document, CURSOR_ANY_SCORE) != document;
}

/* How many of the window's candidates, all lists asked, match. */
static uint64_t settle(struct scan *scan, struct scan_count_room *room, const struct window *window)
{
    const uint64_t *dead = scan->segment->state->dead;
    if (dead != NULL) {
        (void)bitset_and_not(room->bits, dead + window->from / 64, window->words);
    }
    if (scan->filter != NULL) {
        int status = filter_keep_words(scan->filter->filter, window->from, room->bits, window->words);
        scan->filter->status = scan->filter->status == 0 ? status : scan->filter->status;
    }
    for (uint32_t word = 0; word < window->words && (scan->other_count != 0 || scan->unwanted != NULL); word++) {
        for (uint64_t left = room->bits[word]; left != 0; left &= left - 1) {
            if (!is_match(scan, window->from + word * 64 + (uint32_t)__builtin_ctzll(left))) {
                room->bits[word] &= ~(left & -left);
            }
        }
    }
    for (uint32_t i = 0; i < scan->phrase_count; i++) {
        phrase_keep_bits(scan->phrases[i], window->from, window->words, room->bits);
    }
    return bitset_count(room->bits, window->words);
}

/* All lists must match, and the rarest is so rare that windows would be empty: its blocks are looked up. */
static void count_sparse(struct scan *scan, struct scan_count_room *room, uint64_t enough, uint64_t *total)
{
    struct scan_list *lead = scan->order[0];
    const uint32_t *documents;
    size_t count;
    while (*total < enough &&
           (count = postings_cursor_batch(lead->postings, scan->end - 1, &documents, NULL)) != 0 &&
           !query_watch_stops(scan->context->watch)) {
        memcpy(room->documents, documents, count * sizeof *documents);
        for (uint32_t i = 1; i < scan->wanted_count && count != 0; i++) {
            size_t kept = 0;
            look_up(scan->order[i], room, count);
            for (size_t j = 0; j < count; j++) {
                room->documents[kept] = room->documents[j];
                kept += bitset_get(room->found, j) ? 1 : 0;
            }
            count = kept;
        }
        size_t matching = 0;
        for (size_t j = 0; j < count; j++) {
            uint32_t document = room->documents[j];
            room->documents[matching] = document;
            matching += segment_state_alive(scan->segment->state, document) &&
                        (scan->filter == NULL || filter_asks(scan->filter, document)) && is_match(scan, document);
        }
        for (uint32_t i = 0; i < scan->phrase_count && matching != 0; i++) {
            matching = phrase_keep(scan->phrases[i], room->documents, (uint32_t)matching);
        }
        *total += matching;
    }
}

/* Where a list goes on, all before next being done: bits are read from there. */
static uint32_t goes_on(const struct scan_list *list, uint32_t next)
{
    return list->bits != NULL ? next : scan_list_document(list);
}

static void count_all(struct scan *scan, struct scan_count_room *room, uint64_t enough, uint64_t *total)
{
    struct scan_list *lead = scan->order[0];
    uint32_t size = first_size(enough);
    uint32_t document = goes_on(lead, scan->from);
    while (*total < enough && document < scan->end && !query_watch_stops(scan->context->watch)) {
        struct window window = window_at(scan, document, &size);
        memset(room->bits, 0, window.words * sizeof *room->bits);
        fill(lead, &window, room->bits);
        size_t candidates = scan->wanted_count > 1 ? bitset_count(room->bits, window.words) : 1;
        for (uint32_t i = 1; i < scan->wanted_count && candidates != 0; i++) {
            candidates = keep(scan, room, &window, scan->order[i], candidates, true);
        }
        *total += candidates == 0 ? 0 : settle(scan, room, &window);
        document = goes_on(lead, window.from + window.count);
    }
}

/* Whether so few are dead that it costs less to look for those; of a group, its making has decided that. */
static bool is_list_but_dead(const struct scan *scan)
{
    const struct scan_list *list = scan->order[0];
    uint64_t dead = scan->segment->state->dead_count;
    uint64_t blocks = list->count / POSTINGS_BLOCK + 1;
    uint64_t cost = dead * COST_ASK + (dead < blocks ? dead : blocks) * COST_BLOCK + bitset_words(scan->documents);
    bool is_whole = scan->from == 0 && scan->end == scan->documents;
    bool is_cheap = list->group != NULL ? list->group->bits == NULL : cost < (uint64_t)list->count * COST_POSTING;
    return is_whole && scan_counts_dead(scan) && is_cheap;
}

static void count_but_dead(struct scan *scan, struct scan_count_room *room, uint64_t *total)
{
    struct scan_list *list = scan->order[0];
    const uint64_t *dead = scan->segment->state->dead;
    size_t words = bitset_words(scan->documents);
    uint32_t listed = 0;
    *total += list->total;
    for (uint32_t word = 0; word < words; word++) {
        for (uint64_t left = dead[word]; left != 0; left &= left - 1) {
            room->documents[listed++] = word * 64 + (uint32_t)__builtin_ctzll(left);
        }
        if (listed > SCAN_WINDOW - 64 || (word + 1 == words && listed != 0)) {
            look_up(list, room, listed);
            *total -= bitset_count(room->found, bitset_words(listed));
            listed = 0;
        }
    }
}

static void count_any(struct scan *scan, struct scan_count_room *room, uint64_t enough, uint64_t *total)
{
    struct scan_list *longest = scan->order[scan->list_count - 1];
    bool is_plain = scan->segment->state->dead == NULL && scan->unwanted == NULL && scan->filter == NULL &&
                    longest->group == NULL;
    uint32_t poured = scan->list_count - (is_plain ? 1 : 0);
    uint32_t size = first_size(enough);
    uint32_t next = scan->from;
    while (*total < enough) {
        uint32_t document = POSTINGS_END;
        for (uint32_t i = 0; i < poured; i++) {
            uint32_t first = goes_on(scan->order[i], next);
            document = first < document ? first : document;
        }
        if (document >= scan->end || query_watch_stops(scan->context->watch)) {
            break;
        }
        struct window window = window_at(scan, document, &size);
        next = window.from + window.count;
        memset(room->bits, 0, window.words * sizeof *room->bits);
        for (uint32_t i = 0; i < poured; i++) {
            fill(scan->order[i], &window, room->bits);
        }
        if (is_plain) {
            *total += keep(scan, room, &window, longest, bitset_count(room->bits, window.words), false);
        } else {
            *total += settle(scan, room, &window);
        }
    }
    *total += is_plain && scan->from == 0 ? longest->count : 0;
}

int scan_count(struct scan *scan, struct scan_count_room *room, uint64_t enough, uint64_t *total)
{
    if (scan->list_count != 0 && !scan->all) {
        count_any(scan, room, enough, total);
    } else if (scan->list_count != 0 && is_list_but_dead(scan)) {
        count_but_dead(scan, room, total);
    } else if (scan->list_count != 0 && scan->order[0]->is_sparse) {
        count_sparse(scan, room, enough, total);
    } else if (scan->list_count != 0) {
        count_all(scan, room, enough, total);
    }
    return scan_status(scan);
}
