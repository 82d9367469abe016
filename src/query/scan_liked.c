/*
 * scan_liked.c - documents with liked values among those of a frequent word, found by groups.
 *
 * A frequent word tells products little apart, so that its best blocks are soon beaten by any product with a liked
 * value; and bounds of blocks together with what is liked pass over nothing: nearly every block has the word where it
 * is worth most, and a product of a liked brand. But of 64 documents few have both. So for some pages at a time the
 * groups of 64 in which the word is worth enough for a value (word_marks.h) are put beside those that have the value
 * (value_marks.h), a few bits each; what is in both is looked at document by document.
 *
 * Not where signals rank, too: with what they add at most nearly every group is worth enough, and the kept sums of
 * blocks (signals_blocks.h) tell more.
 *
 * Thread rule: as the query.
 */
#include "query/scan.h"

#include "base/bitset.h"

/* Pages that are put together at once. */
#define PAGES_TOGETHER 64u

/* Groups where the word alone may do are looked at one by one, unless there is one in so many: then blocks are read. */
#define ALONE_SHARE 16u

/* Documents that are looked up together: few, so that what they raise counts for the next. */
#define LIKED_TOGETHER 64u

/* Pages of a segment whose marks of a word one search reads for the next ones: about 100 us of a frequent word's. */
#define PAGES_SPARED 128u

/* A range at hand. */
struct liked {
    struct scan *scan;
    struct boosts *boosts;
    const struct boost_like *likes;
    uint32_t like_count;
    uint32_t from; /* documents */
    uint32_t last;
    int32_t most;    /* the list that leads is worth at most */
    int32_t rest;    /* what all but the list that leads and liked values adds to a document at most */
    int32_t parts[LIKED_TOGETHER]; /* of the candidates, for their values */
};

void scan_liked_open(struct scan *scan)
{
    struct boosts *boosts = scan->signals == NULL ? NULL : scan->signals->boosts;
    const struct scan_list *lead = scan->order[0];
    uint32_t count = 0;
    bool suits = boosts != NULL && scan->signals->rules->count == 0 && lead->group == NULL;
    scan->has_marks = suits && word_marks_open(scan->segment->segment, &lead->postings->list, &scan->word) &&
                      boosts_likes(boosts, &count) != NULL;
    scan->marks_spare = PAGES_SPARED;
}

/* Looks the candidates up in the list that leads, and keeps what may be among the best with what that is worth. */
static void look_up_lead(struct liked *liked)
{
    struct scan *scan = liked->scan;
    struct scan_candidates *candidates = &scan->room->candidates;
    const struct scan_list *lead = scan->order[0];
    uint32_t kept = 0;
    postings_cursor_lookup(lead->postings, candidates->documents, candidates->count, candidates->codes,
                           candidates->found);
    for (uint32_t i = 0; i < candidates->count; i++) {
        bool is_found = bitset_get(candidates->found, i);
        int32_t score = is_found ? lead->table->part[candidates->codes[i]] : 0;
        candidates->documents[kept] = candidates->documents[i];
        candidates->scores[kept] = score;
        kept += is_found && score + liked->parts[i] + liked->rest >= scan->minimum ? 1 : 0;
    }
    candidates->count = kept;
}

/* Completes the candidates that were taken. */
static void complete(struct liked *liked)
{
    struct scan *scan = liked->scan;
    if (scan->room->candidates.count != 0) {
        look_up_lead(liked);
        scan_complete(scan, scan->order + 1, scan->list_count - 1, 1);
        scan_refresh(scan);
    }
}

/* Takes those documents of a group that are liked enough for the word's code that dominates it. */
static void take_group(struct liked *liked, uint32_t group, uint8_t code)
{
    struct scan *scan = liked->scan;
    struct scan_candidates *candidates = &scan->room->candidates;
    int32_t parts[VALUE_MARKS_GROUP];
    int32_t least = scan->minimum - liked->rest - scan->order[0]->table->bound[code];
    if (boosts_group_bound(liked->likes, liked->like_count, group) < least) {
        return;
    }
    boosts_group_parts(liked->boosts, group, parts);
    for (uint32_t i = 0; i < VALUE_MARKS_GROUP; i++) {
        uint32_t document = group * VALUE_MARKS_GROUP + i;
        if (parts[i] < least || document < liked->from || document > liked->last) {
            continue;
        }
        if (candidates->count == LIKED_TOGETHER) {
            complete(liked);
        }
        liked->parts[candidates->count] = parts[i];
        candidates->documents[candidates->count++] = document;
    }
}

#define PAGES_A_WORD (64u / VALUE_MARKS_PAGE_GROUPS)

/* A run of pages whose marks are known, with the codes of their groups, and which of these are to be looked at. */
struct together {
    uint32_t first;
    uint32_t count;
    uint8_t codes[PAGES_TOGETHER * VALUE_MARKS_PAGE_GROUPS];
    uint64_t hits[PAGES_TOGETHER * VALUE_MARKS_PAGE_GROUPS / 64];
};

/* Sets bits of groups in which the word may be worth least. False: there is no such code in the range. */
static bool select_groups(const struct liked *liked, const struct together *pages, int32_t least, uint64_t *bits)
{
    const struct rank_table *table = liked->scan->order[0]->table;
    uint8_t limits[SELECT_CLASSES];
    if (liked->most < least) {
        return false;
    }
    select_limits(table, least, limits);
    liked->scan->kernels->codes(pages->codes, pages->count * VALUE_MARKS_PAGE_GROUPS, limits, bits);
    return true;
}

/* The groups of four pages that have a liked value, as far as they are among own. */
static uint64_t liked_groups(const struct boost_like *like, uint32_t page, uint64_t own)
{
    uint64_t found = 0;
    for (uint32_t i = 0; own != 0; i++, own >>= VALUE_MARKS_PAGE_GROUPS) {
        uint64_t of_page = own & (VALUE_GROUPS_KNOWN - 1);
        if (of_page != 0) {
            found |= (of_page & boost_like_groups(like, page + i)) << i * VALUE_MARKS_PAGE_GROUPS;
        }
    }
    return found;
}

/*
 * Hits groups that have a liked value where the word is worth enough for it, and those where it is worth enough alone.
 * False: the latter are many.
 */
static bool put_together(struct liked *liked, struct together *pages)
{
    const int32_t words = liked->scan->minimum - liked->rest;
    const uint32_t count = pages->count * VALUE_MARKS_PAGE_GROUPS;
    uint64_t bits[PAGES_TOGETHER * VALUE_MARKS_PAGE_GROUPS / 64];
    memset(pages->hits, 0, sizeof pages->hits);
    if (select_groups(liked, pages, words, pages->hits) &&
        bitset_count(pages->hits, bitset_words(count)) > count / ALONE_SHARE) {
        return false;
    }
    for (uint32_t i = 0; i < liked->like_count; i++) {
        const struct boost_like *like = &liked->likes[i];
        if (!select_groups(liked, pages, words - like->reach, bits)) {
            break; /* those behind reach less far */
        }
        for (uint32_t word = 0; word < bitset_words(count); word++) {
            uint64_t own = bits[word] & ~pages->hits[word];
            pages->hits[word] |= own == 0 ? 0 : liked_groups(like, pages->first + word * PAGES_A_WORD, own);
        }
    }
    return true;
}

static void take_hits(struct liked *liked, const struct together *pages)
{
    for (uint32_t word = 0; word < bitset_words(pages->count * VALUE_MARKS_PAGE_GROUPS); word++) {
        for (uint64_t left = pages->hits[word]; left != 0; left &= left - 1) {
            uint32_t group = word * 64 + (uint32_t)__builtin_ctzll(left);
            take_group(liked, pages->first * VALUE_MARKS_PAGE_GROUPS + group, pages->codes[group]);
        }
    }
    complete(liked);
}

/* Looks at the pages of a range, whose marks are known, one after the other. Returns the first page that is left. */
static uint32_t take_pages(struct liked *liked, uint32_t page, uint32_t last_page)
{
    struct scan *scan = liked->scan;
    struct together pages;
    const uint32_t from = liked->from;
    const uint32_t last = liked->last;
    for (; page <= last_page; page += pages.count) {
        pages.first = page;
        pages.count = last_page - page + 1 < PAGES_TOGETHER ? last_page - page + 1 : PAGES_TOGETHER;
        uint32_t begin = page * COLUMN_PAGE_DOCUMENTS;
        uint32_t end = (page + pages.count) * COLUMN_PAGE_DOCUMENTS - 1;
        liked->from = from > begin ? from : begin;
        liked->last = last < end ? last : end;
        word_marks_copy(&scan->word, pages.first, pages.count, pages.codes);
        if (!put_together(liked, &pages)) {
            break;
        }
        take_hits(liked, &pages);
    }
    return page;
}

bool scan_liked(struct scan *scan, uint32_t *from, uint32_t last, int32_t most)
{
    struct liked liked;
    struct boosts *boosts = scan->signals->boosts;
    const uint32_t page = *from / COLUMN_PAGE_DOCUMENTS;
    const uint32_t last_page = last / COLUMN_PAGE_DOCUMENTS;
    bool every;
    if (scan->minimum <= scan->others_max ||
        !word_marks_fill(&scan->word, scan->segment->segment, &scan->order[0]->postings->list, page, last_page,
                         &scan->marks_spare)) {
        return false;
    }
    liked.scan = scan;
    liked.boosts = boosts;
    liked.likes = boosts_likes(boosts, &liked.like_count);
    liked.from = *from;
    liked.last = last;
    liked.most = most;
    liked.rest = boosts_bound_besides(boosts, *from, last) + scan->others_max +
                 scan_bound_lists(scan->order + 1, scan->list_count - 1, 1, *from, last, &every);
    scan->extra = scan->others_max + boosts_max(boosts);
    scan->room->candidates.count = 0;
    uint32_t left = every ? take_pages(&liked, page, last_page) : last_page + 1;
    *from = left > page ? left * COLUMN_PAGE_DOCUMENTS : *from;
    return left > last_page;
}
