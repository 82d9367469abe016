/*
 * scan_group.c - what a group of posting lists answers; scan_group_open.c makes it.
 */
#include "query/scan_group.h"

#include "base/bitset.h"

/* Bounds of more lists than this are not looked at range by range. */
#define BOUNDED_MAX 32u

/* ---- where it stands ---- */

static uint32_t next_bit(const struct scan_group *group, uint32_t from)
{
    if (from >= group->bits_end) {
        return POSTINGS_END;
    }
    for (uint32_t at = from - group->bits_from; at < group->bits_end - group->bits_from; at = (at | 63) + 1) {
        uint64_t word = group->bits[at / 64] >> (at % 64);
        if (word != 0) {
            return group->bits_from + at + (uint32_t)__builtin_ctzll(word);
        }
    }
    return POSTINGS_END;
}

uint32_t scan_group_document(const struct scan_group *group)
{
    if (group->bits != NULL) {
        return next_bit(group, group->bits_at);
    }
    uint32_t least =
        group->rare_next < group->rare_count ? group->rare_documents[group->rare_next] : POSTINGS_END;
    for (uint32_t i = 0; i < group->list_count; i++) {
        uint32_t document = postings_cursor_document(group->lists[i].postings);
        least = document < least ? document : least;
    }
    return least;
}

/* The first rare posting at or behind target, from at on. */
static uint32_t find_rare(const struct scan_group *group, uint32_t at, uint32_t target)
{
    uint32_t end = group->rare_count;
    uint32_t stride = 1;
    while (stride <= end - at && group->rare_documents[at + stride - 1] < target) {
        at += stride;
        stride *= 2;
    }
    end = stride < end - at ? at + stride : end;
    while (at < end) {
        uint32_t middle = at + (end - at) / 2;
        if (group->rare_documents[middle] < target) {
            at = middle + 1;
        } else {
            end = middle;
        }
    }
    return at;
}

uint32_t scan_group_seek(struct scan_group *group, uint32_t target)
{
    if (group->bits != NULL) {
        group->bits_at = target > group->bits_at ? target : group->bits_at;
        return scan_group_document(group);
    }
    group->rare_next = find_rare(group, group->rare_next, target);
    for (uint32_t i = 0; i < group->list_count; i++) {
        (void)postings_cursor_seek(group->lists[i].postings, target);
    }
    return scan_group_document(group);
}

/* ---- bounds ---- */

static int32_t bound_rare(const struct scan_group *group, uint32_t from, uint32_t to, bool *any)
{
    uint32_t first = find_rare(group, group->rare_next, from);
    int32_t most = 0;
    if (first == group->rare_count || group->rare_documents[first] > to) {
        return 0;
    }
    *any = true;
    for (uint32_t i = first; i < group->rare_count && group->rare_documents[i] <= to;) {
        bool whole = i % SCAN_GROUP_RUN == 0;
        int32_t score = whole ? group->rare_bounds[i / SCAN_GROUP_RUN] : group->rare_scores[i];
        most = score > most ? score : most;
        i += whole ? SCAN_GROUP_RUN : 1;
    }
    return most;
}

int32_t scan_group_bound_range(struct scan_group *group, uint32_t from, uint32_t to, bool *any)
{
    int32_t most = 0;
    *any = true;
    if (group->list_count > BOUNDED_MAX || group->bits != NULL) {
        return group->max;
    }
    *any = false;
    if (group->rare_next < group->rare_count) {
        most = bound_rare(group, from, to, any);
    }
    for (uint32_t i = 0; i < group->list_count; i++) {
        const struct scan_group_list *list = &group->lists[i];
        bool has_any;
        uint8_t dominant = postings_cursor_bound_range(list->postings, from, to, &has_any);
        if (has_any && dominant >> RANK_CLASS_SHIFT >= list->least_class) {
            int32_t bound = list->table->bound[dominant];
            most = group->is_sum ? most + bound : bound > most ? bound : most;
            *any = true;
        }
    }
    return most;
}

static uint32_t end_of_span(uint32_t from, uint64_t span)
{
    uint64_t end = from + span - from % span - 1;
    return end < POSTINGS_END - 1 ? (uint32_t)end : POSTINGS_END - 1;
}

int32_t scan_group_bound(struct scan_group *group, uint32_t from, uint32_t *last)
{
    bool any;
    *last = end_of_span(from, group->span);
    return scan_group_bound_range(group, from, *last, &any);
}

int32_t scan_group_bound_wide(struct scan_group *group, uint32_t from, uint32_t *last)
{
    bool any;
    *last = end_of_span(from, (uint64_t)group->span * POSTINGS_SUPERBLOCK_BLOCKS);
    return scan_group_bound_range(group, from, *last, &any);
}

/* ---- windows ---- */

static void add_to_window(const struct scan_group *group, uint32_t at, int32_t part)
{
    struct scan_group_room *room = group->room;
    int32_t held = room->scores[at];
    bitset_set(room->bits, at);
    room->scores[at] = group->is_sum ? held + part : part > held ? part : held;
}

/* They are the same in most windows, and cost as much as reading some tens of postings. */
static const uint8_t *limits_of(struct scan_group_list *list, int32_t least)
{
    if (!list->has_limits || list->limits_least != least) {
        select_limits(list->table, least, list->limits);
        memset(list->limits, 0, list->least_class);
        list->limits_least = least;
        list->has_limits = true;
    }
    return list->limits;
}

/* Pours what a list has up to last, which is in the window that begins at from, and what is worth least. */
static void pour_list(struct scan_group *group, struct scan_group_list *list, uint32_t from, uint32_t last,
                      int32_t least)
{
    const uint32_t *documents;
    const uint8_t *codes;
    const uint8_t *limits = limits_of(list, least);
    size_t count;
    while ((count = postings_cursor_batch(list->postings, last, &documents, &codes)) != 0) {
        uint64_t wanted[POSTINGS_BLOCK / 64];
        group->kernels->codes(codes, count, limits, wanted);
        for (size_t word = 0; word < bitset_words(count); word++) {
            for (uint64_t left = wanted[word]; left != 0; left &= left - 1) {
                size_t i = word * 64 + (size_t)__builtin_ctzll(left);
                add_to_window(group, documents[i] - from, list->table->part[codes[i]]);
            }
        }
    }
}

/* Pours all lists' documents from from, where none stands before, to last. */
static void pour_window(struct scan_group *group, uint32_t from, uint32_t last, int32_t least)
{
    uint32_t at = group->rare_next;
    for (; at < group->rare_count && group->rare_documents[at] <= last; at++) {
        if (group->rare_scores[at] >= least) {
            add_to_window(group, group->rare_documents[at] - from, group->rare_scores[at]);
        }
    }
    group->rare_next = at;
    for (uint32_t i = 0; i < group->list_count; i++) {
        pour_list(group, &group->lists[i], from, last, least);
    }
}

static bool batch_rare(struct scan_group *group, uint32_t last, int32_t least, uint32_t *documents, int32_t *scores,
                       uint32_t *count)
{
    uint32_t at = group->rare_next;
    uint32_t taken = 0;
    if (at == group->rare_count || group->rare_documents[at] > last) {
        return false;
    }
    for (uint32_t seen = 0; seen < SCAN_WINDOW && at < group->rare_count && group->rare_documents[at] <= last; seen++) {
        documents[taken] = group->rare_documents[at];
        scores[taken] = group->rare_scores[at++];
        taken += scores[taken] >= least ? 1 : 0;
    }
    group->rare_next = at;
    *count = taken;
    return true;
}

/* Documents of a set of bits and codes, from the current one to last. */
static uint32_t batch_bits(struct scan_group *group, uint32_t from, uint32_t last, int32_t least, uint32_t *documents,
                           int32_t *scores)
{
    uint32_t taken = 0;
    for (uint32_t document = from; document <= last; document = next_bit(group, document + 1)) {
        documents[taken] = document;
        scores[taken] = group->table->part[group->codes[document - group->bits_from]];
        taken += scores[taken] >= least ? 1 : 0;
    }
    group->bits_at = last + 1;
    return taken;
}

bool scan_group_batch(struct scan_group *group, uint32_t last, int32_t least, uint32_t *documents, int32_t *scores,
                      uint32_t *count)
{
    struct scan_group_room *room = group->room;
    uint32_t taken = 0;
    *count = 0;
    if (group->list_count == 0 && group->bits == NULL) {
        return batch_rare(group, last, least, documents, scores, count);
    }
    uint32_t from = scan_group_document(group);
    if (from > last) {
        return false;
    }
    uint32_t end = last - from < SCAN_WINDOW ? last : from + SCAN_WINDOW - 1;
    if (group->bits != NULL) {
        *count = batch_bits(group, from, end, least, documents, scores);
        return true;
    }
    pour_window(group, from, end, group->is_sum ? INT32_MIN : least);
    for (uint32_t word = 0; word <= (end - from) / 64; word++) {
        for (uint64_t left = room->bits[word]; left != 0; left &= left - 1) {
            uint32_t at = word * 64 + (uint32_t)__builtin_ctzll(left);
            documents[taken] = from + at;
            scores[taken] = room->scores[at];
            taken += scores[taken] >= least ? 1 : 0;
            room->scores[at] = 0;
        }
        room->bits[word] = 0;
    }
    *count = taken;
    return true;
}

static void accumulate_bits(struct scan_group *group, uint32_t from, uint32_t last, int32_t *sums, uint64_t *bits)
{
    for (uint32_t document = next_bit(group, from); document <= last; document = next_bit(group, document + 1)) {
        bitset_set(bits, document - from);
        sums[document - from] += group->table->part[group->codes[document - group->bits_from]];
    }
    group->bits_at = last + 1;
}

static void accumulate_rare(struct scan_group *group, uint32_t from, uint32_t last, int32_t *sums, uint64_t *bits)
{
    uint32_t at = group->rare_next;
    for (; at < group->rare_count && group->rare_documents[at] <= last; at++) {
        bitset_set(bits, group->rare_documents[at] - from);
        sums[group->rare_documents[at] - from] += group->rare_scores[at];
    }
    group->rare_next = at;
}

void scan_group_accumulate(struct scan_group *group, uint32_t from, uint32_t count, int32_t *sums, uint64_t *bits)
{
    struct scan_group_room *room = group->room;
    (void)scan_group_seek(group, from);
    if (group->bits != NULL) {
        accumulate_bits(group, from, from + count - 1, sums, bits);
        return;
    }
    if (group->list_count == 0) {
        accumulate_rare(group, from, from + count - 1, sums, bits);
        return;
    }
    pour_window(group, from, from + count - 1, INT32_MIN);
    for (uint32_t word = 0; word < bitset_words(count); word++) {
        bits[word] |= room->bits[word];
        for (uint64_t left = room->bits[word]; left != 0; left &= left - 1) {
            uint32_t at = word * 64 + (uint32_t)__builtin_ctzll(left);
            sums[at] += room->scores[at];
            room->scores[at] = 0;
        }
        room->bits[word] = 0;
    }
}

/* ---- candidates ---- */

static void look_up_bits(const struct scan_group *group, const uint32_t *documents, uint32_t count, int32_t *parts,
                         uint64_t *found)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = documents[i] - group->bits_from;
        bool has = bitset_get(group->bits, at);
        found[i / 64] |= (uint64_t)has << (i % 64);
        parts[i] = has && group->codes != NULL ? group->table->part[group->codes[at]] : 0;
    }
}

static void look_up_rare(struct scan_group *group, const uint32_t *documents, uint32_t count, int32_t *parts,
                         uint64_t *found)
{
    uint32_t at = group->rare_next;
    for (uint32_t i = 0; i < count && at < group->rare_count; i++) {
        at = find_rare(group, at, documents[i]);
        if (at < group->rare_count && group->rare_documents[at] == documents[i]) {
            parts[i] = group->rare_scores[at];
            bitset_set(found, i);
        }
    }
    group->rare_next = at;
}

static void look_up_list(struct scan_group *group, const struct scan_group_list *list, const uint32_t *documents,
                         uint32_t count, int32_t *parts, uint64_t *found)
{
    struct scan_group_room *room = group->room;
    postings_cursor_lookup(list->postings, documents, count, room->codes, room->found);
    for (size_t word = 0; word < bitset_words(count); word++) {
        for (uint64_t left = room->found[word]; left != 0; left &= left - 1) {
            size_t i = word * 64 + (size_t)__builtin_ctzll(left);
            int32_t part = list->table->part[room->codes[i]];
            if (room->codes[i] >> RANK_CLASS_SHIFT < list->least_class) {
                continue;
            }
            bitset_set(found, i);
            parts[i] = group->is_sum ? parts[i] + part : part > parts[i] ? part : parts[i];
        }
    }
}

void scan_group_lookup(struct scan_group *group, const uint32_t *documents, uint32_t count, int32_t *parts,
                       uint64_t *found)
{
    memset(found, 0, bitset_words(count) * sizeof *found);
    if (count == 0) {
        return;
    }
    if (group->bits != NULL) {
        look_up_bits(group, documents, count, parts, found);
        return;
    }
    memset(parts, 0, count * sizeof *parts);
    look_up_rare(group, documents, count, parts, found);
    for (uint32_t i = 0; i < group->list_count; i++) {
        look_up_list(group, &group->lists[i], documents, count, parts, found);
    }
}

/* ---- counting ---- */

static void fill_from_rare(struct scan_group *group, uint32_t from, uint32_t count, uint64_t *bits)
{
    uint32_t at = find_rare(group, group->rare_next, from);
    for (; at < group->rare_count && group->rare_documents[at] - from < count; at++) {
        bitset_set(bits, group->rare_documents[at] - from);
    }
    group->rare_next = at;
}

static void fill_from_lists(struct scan_group *group, uint32_t from, uint32_t count, uint64_t *bits)
{
    for (uint32_t i = 0; i < group->list_count; i++) {
        const struct scan_group_list *list = &group->lists[i];
        bool accept[256];
        if (list->least_class == 0) {
            postings_cursor_fill(list->postings, from, count, bits);
            continue;
        }
        for (unsigned code = 0; code < 256; code++) {
            accept[code] = code >> RANK_CLASS_SHIFT >= list->least_class;
        }
        (void)postings_cursor_fill_matching(list->postings, from, count, bits, accept);
    }
}

void scan_group_fill(struct scan_group *group, uint32_t from, uint32_t count, uint64_t *bits)
{
    if (group->bits == NULL) {
        fill_from_rare(group, from, count, bits);
        fill_from_lists(group, from, count, bits);
        return;
    }
    uint32_t first = (from - group->bits_from) / 64;
    uint32_t left = group->bits_end - from;
    count = count < left ? count : left;
    for (uint32_t word = 0; word < bitset_words(count); word++) {
        bits[word] |= group->bits[first + word];
    }
    group->bits_at = from + count > group->bits_at ? from + count : group->bits_at;
}

int scan_group_status(const struct scan_group *group)
{
    int status = 0;
    for (uint32_t i = 0; i < group->list_count && status == 0; i++) {
        status = postings_cursor_status(group->lists[i].postings);
    }
    return status;
}
