/*
 * scan_run.c - ranges, from the first document to the last: what can be passed over, what is read and how.
 *
 * Bounds are asked for from wide to narrow: a superblock of each list, the range that is left, a block of the list that
 * is read. Each is a few loads of skip data, against a nanosecond for each posting that is read in vain.
 */
#include "query/phrase.h"
#include "query/scan.h"
#include "query/watch.h"

#include "base/bitset.h"

int32_t scan_bound_lists(struct scan_list **first, uint32_t count, int step, uint32_t from, uint32_t last,
                         bool *every)
{
    int32_t sum = 0;
    *every = true;
    for (uint32_t i = 0; i < count; i++) {
        struct scan_list *list = first[(int)i * step];
        bool any;
        list->bound = scan_list_bound_range(list, from, last, &any);
        sum += list->bound;
        *every = *every && (any || list->is_optional);
    }
    return sum;
}

/* Takes those of count postings that are worth least or more. */
static void take_postings(struct scan *scan, const struct scan_list *lead, const uint32_t *documents,
                          const uint8_t *codes, size_t count, int32_t least)
{
    struct scan_candidates *candidates = &scan->room->candidates;
    const int32_t *part = lead->table->part;
    uint8_t limits[SELECT_CLASSES];
    uint64_t bits[POSTINGS_BLOCK / 64];
    uint32_t taken = 0;
    select_limits(lead->table, least, limits);
    scan->kernels->codes(codes, count, limits, bits);
    for (size_t word = 0; word < bitset_words(count); word++) {
        for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
            size_t i = word * 64 + (size_t)__builtin_ctzll(left);
            candidates->documents[taken] = documents[i];
            candidates->scores[taken++] = part[codes[i]];
        }
    }
    candidates->count = taken;
}

/* Until the heap is full all postings are candidates: where nothing is looked up, so many are first, then twice, ... */
#define FIRST_POSTINGS 32u

/* Reads lead's postings, behind a seek, up to last; completes those worth the minimum with rest, the others' bound. */
static void read_lead(struct scan *scan, struct scan_list *lead, struct scan_list **first, uint32_t count, int step,
                      uint32_t last, int32_t rest)
{
    struct scan_candidates *candidates = &scan->room->candidates;
    const uint32_t *documents;
    const uint8_t *codes;
    if (lead->group != NULL) {
        while (scan_group_batch(lead->group, last, scan->minimum - rest, candidates->documents, candidates->scores,
                                &candidates->count)) {
            scan_complete(scan, first, count, step);
        }
        return;
    }
    uint32_t block;
    uint32_t of_block = postings_cursor_at_block(lead->postings, &block);
    size_t got = postings_cursor_take(lead->postings, last, &documents, &codes);
    if (got != 0 && got == of_block && signals_blocks_are_kept(&lead->marks)) {
        signals_blocks_fill(scan->signals, &lead->marks, block, documents, codes, got);
    }
    for (size_t part = FIRST_POSTINGS; got != 0; part *= 2) {
        size_t taken = scan->minimum > 0 || count != 0 || got < 2 * part ? got : part;
        take_postings(scan, lead, documents, codes, taken, scan->minimum - rest);
        scan_complete(scan, first, count, step);
        documents += taken;
        codes += taken;
        got -= taken;
    }
}

/* Whether what is kept of the block of lead that was bounded last tells that nothing in it makes the minimum. */
static bool is_beaten(const struct scan *scan, const struct scan_list *lead, uint32_t first, uint32_t last,
                      int32_t rest)
{
    if (!signals_blocks_are_kept(&lead->marks) || last >= scan->documents) {
        return false;
    }
    const struct signals_block block = {postings_cursor_bound_block(lead->postings), first, last};
    int32_t most = signals_blocks_bound(scan->signals, &lead->marks, &block);
    return most != INT32_MAX && most + rest < scan->minimum;
}

/*
 * Reads lead's blocks in a range and completes what is worth it from count other lists; their bounds hold for the
 * range.
 */
static void scan_blocks(struct scan *scan, struct scan_list *lead, struct scan_list **first, uint32_t count, int step,
                        uint32_t from, uint32_t last)
{
    int32_t words = scan->others_max;
    for (uint32_t i = 0; i < count; i++) {
        words += first[(int)i * step]->bound;
    }
    int32_t in_range = words - scan->others_max + scan_extra(scan, from, last);
    for (;;) {
        uint32_t document = scan_list_document(lead);
        from = document > from ? document : from;
        if (from > last) {
            return;
        }
        uint32_t block_last;
        bool every = true;
        int32_t most = scan_list_bound(lead, from, &block_last);
        int32_t rest = in_range;
        block_last = block_last < last ? block_last : last;
        if (most + rest >= scan->minimum && scan->minimum > 0) {
            if (is_beaten(scan, lead, from, block_last, words)) {
                from = block_last + 1;
                continue;
            }
            scan->extra = scan_extra(scan, from, block_last);
            rest = scan->extra + scan_bound_lists(first, count, step, from, block_last, &every);
        }
        if (most + rest >= scan->minimum && (every || !scan->all)) {
            (void)scan_list_seek(lead, from);
            read_lead(scan, lead, first, count, step, block_last, rest);
        }
        from = block_last + 1;
    }
}

/* Reads the superblock of lead that was bounded last, only to keep what its blocks get from signals. */
static void mark_superblock(struct scan *scan, const struct scan_list *lead, uint32_t last)
{
    struct postings_cursor *cursor = arena_alloc(scan->context->arena, sizeof *cursor);
    const uint32_t *documents;
    const uint8_t *codes;
    uint32_t block;
    size_t got;
    scan->signals->superblocks_spared--;
    if (cursor == NULL || postings_cursor_open(cursor, lead->postings->source, &lead->postings->list) != 0) {
        return; /* what is wrong shows where it is read for its own sake */
    }
    (void)postings_cursor_seek(cursor, lead->postings->superblock_first);
    do {
        uint32_t of_block = postings_cursor_at_block(cursor, &block);
        got = postings_cursor_batch(cursor, last, &documents, &codes);
        if (got != 0 && got == of_block) {
            signals_blocks_fill(scan->signals, &lead->marks, block, documents, codes, got);
        }
    } while (got != 0);
}

/* As is_beaten, of the superblock that was bounded last; what is not known may be found out for it. */
static bool is_beaten_wide(struct scan *scan, const struct scan_list *lead, uint32_t first, uint32_t last,
                           int32_t rest)
{
    if (!signals_blocks_are_kept(&lead->marks) || scan->minimum <= 0) {
        return false;
    }
    const struct signals_block superblock = {lead->postings->superblock, first, last};
    int32_t most = signals_blocks_bound_wide(scan->signals, &lead->marks, &superblock);
    if (most == INT32_MAX && scan->signals->superblocks_spared != 0) {
        mark_superblock(scan, lead, last);
        most = signals_blocks_bound_wide(scan->signals, &lead->marks, &superblock);
    }
    return most != INT32_MAX && most + rest < scan->minimum;
}

/* Every list must match: the rarest leads, superblock by superblock. */
static void scan_all(struct scan *scan)
{
    struct scan_list *lead = scan->order[0];
    struct scan_list **rest = scan->order + 1;
    uint32_t count = scan->list_count - 1;
    int32_t rest_max = 0;
    for (uint32_t i = 0; i < count; i++) {
        rest_max += rest[i]->max;
    }
    scan_liked_open(scan);
    for (uint32_t from = scan->from;;) {
        uint32_t document = scan_list_document(lead);
        uint32_t last;
        bool every;
        scan_refresh(scan);
        from = document > from ? document : from;
        if (from >= scan->end || query_watch_stops(scan->context->watch)) {
            return;
        }
        int32_t most = scan_list_bound_wide(lead, from, &last);
        last = last < scan->end ? last : scan->end - 1;
        if (most + rest_max + scan->extra_max >= scan->minimum &&
            !(scan->has_marks && scan_liked(scan, &from, last, most)) &&
            !is_beaten_wide(scan, lead, from, last, rest_max + scan->others_max)) {
            int32_t bound = scan_bound_lists(rest, count, 1, from, last, &every);
            scan->extra = scan_extra(scan, from, last);
            if (every && most + bound + scan->extra >= scan->minimum) {
                scan_blocks(scan, lead, rest, count, 1, from, last);
            }
        }
        from = last + 1;
    }
}

/* Puts the weakest first; returns how many cannot reach the minimum together. */
static uint32_t divide(struct scan *scan)
{
    int32_t sum = scan->extra;
    uint32_t hopeless = 0;
    for (uint32_t i = 1; i < scan->list_count; i++) {
        struct scan_list *list = scan->order[i];
        uint32_t at = i;
        for (; at > 0 && scan->order[at - 1]->bound > list->bound; at--) {
            scan->order[at] = scan->order[at - 1];
        }
        scan->order[at] = list;
    }
    while (hopeless < scan->list_count) {
        sum += scan->order[hopeless]->bound;
        if (sum >= scan->minimum) {
            break;
        }
        hopeless++;
    }
    return hopeless;
}

static void clean(struct scan_room *room)
{
    if (!room->is_clean) {
        memset(room->bits, 0, sizeof room->bits);
        memset(room->sums, 0, sizeof room->sums);
        room->is_clean = true;
    }
}

/* Sums up the lists from number followed on in a window, and takes what may be worth enough with the weaker ones. */
static void sum_window(struct scan *scan, uint32_t followed, uint32_t from, uint32_t last)
{
    struct scan_room *room = scan->room;
    struct scan_candidates *candidates = &room->candidates;
    int32_t least = scan->minimum - scan->extra;
    uint32_t taken = 0;
    clean(room);
    for (uint32_t i = 0; i < followed; i++) {
        least -= scan->order[i]->bound;
    }
    for (uint32_t i = followed; i < scan->list_count; i++) {
        struct scan_list *list = scan->order[i];
        if (list->group != NULL) {
            scan_group_accumulate(list->group, from, last - from + 1, room->sums, room->bits);
        } else {
            postings_cursor_accumulate(list->postings, from, last - from + 1, list->table->part, room->sums,
                                       room->bits);
        }
    }
    for (uint32_t word = 0; word <= (last - from) / 64; word++) {
        if (room->bits[word] == 0) {
            continue;
        }
        int32_t *sums = room->sums + word * 64;
        for (uint64_t left = room->bits[word] & scan->kernels->sums(sums, least); left != 0; left &= left - 1) {
            uint32_t i = (uint32_t)__builtin_ctzll(left);
            candidates->documents[taken] = from + word * 64 + i;
            candidates->scores[taken++] = sums[i];
        }
        memset(sums, 0, 64 * sizeof *sums);
        room->bits[word] = 0;
    }
    candidates->count = taken;
}

/* The first document of the lists that are followed, as far as is known, but not before from. */
static uint32_t first_of(const struct scan *scan, uint32_t from)
{
    uint32_t first = POSTINGS_END;
    for (uint32_t i = 0; i < scan->list_count; i++) {
        struct scan_list *list = &scan->lists[i];
        uint32_t document = scan_list_document(list);
        if (document < from && list->is_sparse && list->followed) {
            document = scan_list_seek(list, from);
        }
        first = list->followed && document < first ? document : first;
    }
    return first > from ? first : from;
}

/* A range in which several lists, the followed ones, can bring up a document of their own: windows of it. */
static void scan_windows(struct scan *scan, uint32_t from, uint32_t last)
{
    while (from <= last) {
        bool every;
        scan_refresh(scan);
        from = first_of(scan, from);
        if (from > last) {
            return;
        }
        uint32_t end = last - from < SCAN_WINDOW ? last : from + SCAN_WINDOW - 1;
        scan->extra = scan_extra(scan, from, end);
        if (scan_bound_lists(scan->order, scan->list_count, 1, from, end, &every) + scan->extra >= scan->minimum) {
            uint32_t followed = divide(scan);
            if (followed + 1 == scan->list_count) {
                scan_blocks(scan, scan->order[followed], scan->order + followed - 1, followed, -1, from, end);
            } else {
                sum_window(scan, followed, from, end);
                scan_complete(scan, scan->order + followed - 1, followed, -1);
            }
        }
        from = end + 1;
    }
}

/*
 * Bounds each list's block at from into bounds, weakest list first; *end becomes the last document that all bounds hold
 * for. Nothing is decoded for it.
 */
static void bound_blocks(struct scan_list **lists, uint32_t count, uint32_t from, int32_t *bounds, uint32_t *end)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t block_last;
        uint32_t document = scan_list_document(lists[i]);
        bounds[i] = scan_list_bound(lists[i], document > from ? document : from, &block_last);
        *end = block_last < *end ? block_last : *end;
    }
}

/* The most that the weaker lists, which are not followed, add from one document to another. */
static int32_t bound_others(const struct scan *scan, uint32_t count, uint32_t from, uint32_t last)
{
    int32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool any;
        sum += scan_list_bound_range(scan->order[i], from, last, &any);
    }
    return sum;
}

/* Takes what count lists have from one document to another, if it is worth least. */
static void take_merged(struct scan *scan, struct scan_list **lists, uint32_t count, uint32_t from, uint32_t last,
                        int32_t least)
{
    const uint32_t *documents;
    const uint8_t *codes;
    for (uint32_t i = 0; i < count; i++) {
        (void)scan_list_seek(lists[i], from);
    }
    if (count > 1) {
        scan_merge(scan, lists, count, last, least);
        return;
    }
    size_t got = postings_cursor_batch(lists[0]->postings, last, &documents, &codes);
    scan->room->candidates.count = 0;
    if (got != 0) {
        take_postings(scan, lists[0], documents, codes, got, least);
    }
}

/*
 * A range in which the lists that are followed are rare: what one block of each covers is merged, of those whose block
 * can bring up a document of its own. The others' are looked up.
 */
static void scan_merging(struct scan *scan, uint32_t from, uint32_t last)
{
    const int32_t extra = scan->extra;
    for (;;) {
        int32_t bounds[SCAN_MERGED_MAX];
        scan->extra = extra;
        uint32_t followed = divide(scan);
        uint32_t count = scan->list_count - followed;
        from = first_of(scan, from);
        if (from > last || count <= 1) {
            break;
        }
        uint32_t end = last;
        bound_blocks(scan->order + followed, count, from, bounds, &end);
        scan->extra = scan_extra(scan, from, end);
        int32_t rest = scan->extra + bound_others(scan, followed, from, end);
        for (uint32_t i = 0; i < count && rest + bounds[i] < scan->minimum; i++) {
            rest += bounds[i];
            followed++;
        }
        if (followed < scan->list_count) {
            take_merged(scan, scan->order + followed, scan->list_count - followed, from, end, scan->minimum - rest);
            scan_complete(scan, scan->order + followed - 1, followed, -1);
        }
        from = end + 1;
    }
    if (from <= last && divide(scan) < scan->list_count) {
        uint32_t lead = scan->list_count - 1;
        scan_blocks(scan, scan->order[lead], scan->order + lead - 1, lead, -1, from, last);
    }
}

static bool can_merge(const struct scan *scan, uint32_t followed)
{
    bool can = scan->list_count - followed <= SCAN_MERGED_MAX;
    for (uint32_t i = followed; i < scan->list_count; i++) {
        can = can && scan->order[i]->is_merged;
    }
    return can;
}

static void scan_range(struct scan *scan, uint32_t from, uint32_t last)
{
    bool every;
    scan->extra = scan_extra(scan, from, last);
    if (scan_bound_lists(scan->order, scan->list_count, 1, from, last, &every) + scan->extra < scan->minimum) {
        return;
    }
    uint32_t followed = divide(scan);
    if (followed + 1 == scan->list_count) {
        scan_blocks(scan, scan->order[followed], scan->order + followed - 1, followed, -1, from, last);
    } else {
        for (uint32_t i = 0; i < scan->list_count; i++) {
            scan->order[i]->followed = i >= followed;
        }
        if (can_merge(scan, followed)) {
            scan_merging(scan, from, last);
        } else {
            scan_windows(scan, from, last);
        }
        for (uint32_t i = 0; i < scan->list_count; i++) {
            scan->lists[i].followed = true;
        }
    }
}

/* Any list may match: ranges that one superblock of each covers. */
static void scan_any(struct scan *scan)
{
    uint32_t from = scan->from;
    for (;;) {
        uint32_t last = POSTINGS_END - 1;
        int32_t most = 0;
        scan_refresh(scan);
        from = first_of(scan, from);
        if (from >= scan->end || query_watch_stops(scan->context->watch)) {
            return;
        }
        for (uint32_t i = 0; i < scan->list_count; i++) {
            struct scan_list *list = &scan->lists[i];
            if (from > list->wide_last || from == scan->from) {
                uint32_t document = scan_list_document(list);
                uint32_t at = document > from ? document : from;
                list->wide = scan_list_bound_wide(list, at, &list->wide_last);
            }
            most += list->wide;
            last = list->wide_last < last ? list->wide_last : last;
        }
        last = last < scan->end ? last : scan->end - 1;
        if (most + scan->extra_max >= scan->minimum) {
            scan_range(scan, from, last);
        }
        from = last + 1;
    }
}

int scan_status(const struct scan *scan)
{
    int status = scan->signals != NULL ? signals_status(scan->signals) : 0;
    for (uint32_t i = 0; i < scan->list_count && status == 0; i++) {
        const struct scan_list *list = &scan->lists[i];
        status = list->group != NULL ? scan_group_status(list->group) : postings_cursor_status(list->postings);
    }
    for (uint32_t i = 0; i < scan->other_count && status == 0; i++) {
        status = scan->others[i]->ops->status(scan->others[i]);
    }
    for (uint32_t i = 0; i < scan->phrase_count && status == 0; i++) {
        status = phrase_status(scan->phrases[i]);
    }
    if (status == 0 && scan->filter != NULL) {
        status = scan->filter->status;
    }
    if (status == 0 && scan->unwanted != NULL) {
        status = scan->unwanted->ops->status(scan->unwanted);
    }
    return status;
}

int scan_run(struct scan *scan, struct topk *top)
{
    scan->top = top;
    scan->minimum = topk_minimum(top);
    if (scan->list_count != 0 && scan->all) {
        scan_all(scan);
    } else if (scan->list_count != 0) {
        scan_any(scan);
    }
    int status = scan_status(scan);
    return status != 0 ? status : top->status;
}
