/*
 * scan_candidates.c - from documents that may be among the best to those that are offered.
 */
#include "query/phrase.h"
#include "query/scan.h"

#include "base/bitset.h"

/* Drops candidates that could not reach least with the bound of the list's block that they fall into. */
static void prune(struct scan_candidates *candidates, struct scan_list *list, int32_t least)
{
    uint32_t kept = 0;
    uint32_t last = 0;
    int32_t needed = INT32_MAX;
    uint32_t before = scan_list_document(list);
    for (uint32_t i = 0; i < candidates->count; i++) {
        uint32_t document = candidates->documents[i];
        if (document > last || i == 0) {
            needed = least - scan_list_bound(list, document > before ? document : before, &last);
        }
        candidates->documents[kept] = document;
        candidates->scores[kept] = candidates->scores[i];
        kept += candidates->scores[i] >= needed ? 1 : 0;
    }
    candidates->count = kept;
}

/* Keeps candidates that the list has, with what it adds, if that makes least. */
static void keep_found(struct scan_candidates *candidates, const int32_t part[256], int32_t least)
{
    uint32_t kept = 0;
    for (size_t word = 0; word < bitset_words(candidates->count); word++) {
        for (uint64_t left = candidates->found[word]; left != 0; left &= left - 1) {
            size_t i = word * 64 + (size_t)__builtin_ctzll(left);
            int32_t score = candidates->scores[i] + part[candidates->codes[i]];
            candidates->documents[kept] = candidates->documents[i];
            candidates->scores[kept] = score;
            kept += score >= least ? 1 : 0;
        }
    }
    candidates->count = kept;
}

/* Drops candidates below least, and those that are not found where they must be. */
static void keep(struct scan_candidates *candidates, int32_t least, bool must)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < candidates->count; i++) {
        bool stays = candidates->scores[i] >= least && (!must || bitset_get(candidates->found, i));
        candidates->documents[kept] = candidates->documents[i];
        candidates->scores[kept] = candidates->scores[i];
        kept += stays ? 1 : 0;
    }
    candidates->count = kept;
}

/* Adds what the list has to candidates, and keeps those that make least. */
static void add_found(struct scan_candidates *candidates, const int32_t part[256], int32_t least)
{
    for (size_t word = 0; word < bitset_words(candidates->count); word++) {
        for (uint64_t left = candidates->found[word]; left != 0; left &= left - 1) {
            size_t i = word * 64 + (size_t)__builtin_ctzll(left);
            candidates->scores[i] += part[candidates->codes[i]];
        }
    }
    keep(candidates, least, false);
}

/* Adds what the list has, and drops candidates below least, and where it must have them, those it has not. */
static void look_up(struct scan_room *room, const struct scan_list *list, int32_t least, bool must)
{
    struct scan_candidates *candidates = &room->candidates;
    if (list->group != NULL) {
        scan_group_lookup(list->group, candidates->documents, candidates->count, room->scores, candidates->found);
        for (uint32_t i = 0; i < candidates->count; i++) {
            candidates->scores[i] += room->scores[i];
        }
        keep(candidates, least, must);
        return;
    }
    postings_cursor_lookup(list->postings, candidates->documents, candidates->count, candidates->codes,
                           candidates->found);
    if (must) {
        keep_found(candidates, list->table->part, least);
    } else {
        add_found(candidates, list->table->part, least);
    }
}

/*
 * Whether document, which has all it needs of the lists, has the rest, too; adds what that and its signals are worth
 * to *score.
 */
static bool matches_others(struct scan *scan, uint32_t document, int32_t *score)
{
    for (uint32_t i = 0; i < scan->other_count; i++) {
        struct cursor *other = scan->others[i];
        if (other->ops->seek(other, document, CURSOR_ANY_SCORE) != document) {
            return false;
        }
        *score += other->ops->score(other);
    }
    if (scan->signals != NULL && *score + signals_bound_near(scan->signals, document) >= scan->minimum) {
        *score += signals_part(scan->signals, document);
    }
    return *score >= scan->minimum;
}

/* Drops candidates that the filter does not keep. */
static void keep_filtered(struct scan *scan)
{
    struct scan_candidates *candidates = &scan->room->candidates;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < candidates->count; i++) {
        candidates->documents[kept] = candidates->documents[i];
        candidates->scores[kept] = candidates->scores[i];
        kept += filter_asks(scan->filter, candidates->documents[i]) ? 1 : 0;
    }
    candidates->count = kept;
}

static bool is_unwanted(const struct scan *scan, uint32_t document)
{
    return scan->unwanted != NULL &&
           scan->unwanted->ops->seek(scan->unwanted, document, CURSOR_ANY_SCORE) == document;
}

static bool matches_phrases(const struct scan *scan, uint32_t document)
{
    for (uint32_t i = 0; i < scan->phrase_count; i++) {
        if (!phrase_matches(scan->phrases[i], document)) {
            return false;
        }
    }
    return true;
}

static void offer(struct scan *scan, uint32_t document, int32_t score)
{
    int32_t boost = scan->signals == NULL ? 0 : signals_bound_near(scan->signals, document);
    if (score + scan->others_max + boost < scan->minimum || !segment_state_alive(scan->segment->state, document) ||
        (scan->filter != NULL && !scan->filter_first && !filter_asks(scan->filter, document)) ||
        !matches_others(scan, document, &score) || is_unwanted(scan, document) || !matches_phrases(scan, document)) {
        return;
    }
    struct query_hit hit = {.score = score, .segment = scan->number, .document = document};
    int32_t minimum = scan->is_again ? topk_offer_again(scan->top, &hit) : topk_offer_in_order(scan->top, &hit);
    scan->minimum = minimum > scan->minimum ? minimum : scan->minimum;
}

/* Merges one list's postings into the candidates. */
static void merge_postings(struct scan_room *room, const uint32_t *documents, const uint8_t *codes, uint32_t count,
                           const int32_t part[256])
{
    struct scan_candidates *candidates = &room->candidates;
    uint32_t own = candidates->count;
    uint32_t i = 0;
    uint32_t j = 0;
    uint32_t merged = 0;
    memcpy(room->documents, candidates->documents, own * sizeof *room->documents);
    memcpy(room->scores, candidates->scores, own * sizeof *room->scores);
    for (; i < own && j < count; merged++) {
        uint32_t a = room->documents[i];
        uint32_t b = documents[j];
        candidates->documents[merged] = a < b ? a : b;
        candidates->scores[merged] = (a <= b ? room->scores[i] : 0) + (b <= a ? part[codes[j]] : 0);
        i += a <= b ? 1 : 0;
        j += b <= a ? 1 : 0;
    }
    for (; i < own; i++, merged++) {
        candidates->documents[merged] = room->documents[i];
        candidates->scores[merged] = room->scores[i];
    }
    for (; j < count; j++, merged++) {
        candidates->documents[merged] = documents[j];
        candidates->scores[merged] = part[codes[j]];
    }
    candidates->count = merged;
}

void scan_merge(struct scan *scan, struct scan_list **lists, uint32_t count, uint32_t last, int32_t least)
{
    struct scan_candidates *candidates = &scan->room->candidates;
    uint32_t kept = 0;
    candidates->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t *documents;
        const uint8_t *codes;
        size_t got = postings_cursor_batch(lists[i]->postings, last, &documents, &codes);
        if (got != 0) {
            merge_postings(scan->room, documents, codes, (uint32_t)got, lists[i]->table->part);
        }
    }
    for (uint32_t i = 0; i < candidates->count; i++) {
        candidates->documents[kept] = candidates->documents[i];
        candidates->scores[kept] = candidates->scores[i];
        kept += candidates->scores[i] >= least ? 1 : 0;
    }
    candidates->count = kept;
}

void scan_complete(struct scan *scan, struct scan_list **first, uint32_t count, int step)
{
    struct scan_candidates *candidates = &scan->room->candidates;
    int32_t rest = scan->others_max;
    for (uint32_t i = 0; i < count; i++) {
        rest += first[(int)i * step]->bound;
    }
    if (scan->signals != NULL && scan->minimum > 0) {
        candidates->count = signals_keep(scan->signals, candidates->documents, candidates->scores, candidates->count,
                                         scan->minimum - rest);
    }
    rest += scan->extra - scan->others_max;
    if (scan->filter != NULL && scan->filter_first) {
        keep_filtered(scan);
    }
    for (uint32_t i = 0; i < count && candidates->count != 0; i++) {
        struct scan_list *list = first[(int)i * step];
        rest -= list->bound;
        if (scan->minimum > 0) {
            prune(candidates, list, scan->minimum - rest);
        }
        look_up(scan->room, list, scan->minimum - rest, scan->all && !list->is_optional);
    }
    for (uint32_t i = 0; i < candidates->count; i++) {
        offer(scan, candidates->documents[i], candidates->scores[i]);
    }
    candidates->count = 0;
}
