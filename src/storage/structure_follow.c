/*
 * structure_follow.c - the hash of all trees after a commit, from that before it and the pages that it changed.
 *
 * The hash is a sum over the pages of the trees (and the free-list records in overflow pages, which count as children
 * of their leaf). So that of the next commit differs by the pages that only one of the two has, and those are found
 * without looking at the others:
 *   1. LMDB copies on write. A commit writes to pages that are new or were free, never to one of the commit before it
 *      (which a crash must be able to go back to). So a page number found in both commits is the same page, unchanged,
 *      with the same pages below it, and it stands at the same height above the leaves in both.
 *   2. Both are walked down together, height by height. At each height, numbers that stand in both lists are struck
 *      out with all that is below them; the pages that are left are subtracted or added, and their children make the
 *      lists of the next height.
 *   3. What is left is in one commit only. Else it would be in the other one, too, but not in its list: below a page P
 *      that had been struck out. P is in both commits, so below P it would be in the first one as well: a second time,
 *      as it was found beside P. No page has two places in a tree.
 * It costs a page's hash for each page changed, and a look at each child of a changed branch.
 *
 * What a sum over contents and numbers does not see is two changes that cancel out: one in 2^64. A page damaged since
 * it was added is subtracted as what it has become, and the sum is wrong from then on: right so, as what stood beside
 * the change was copied from it.
 *
 * Thread rule: functions touch only what they are given.
 */
#include "storage/structure_page.h"

#include "base/alloc.h"

#include <stdlib.h>

struct piece {
    uint64_t page;
    uint64_t size; /* of a free-list record its bytes, of a tree's root the tree's depth */
};

struct pieces {
    struct piece *items; /* owned */
    size_t count;
    size_t capacity;
};

/* One of the two commits. */
struct side {
    struct walker walker;
    bool add; /* its own pages are to be added, not subtracted */
    int status;
    struct pieces roots;  /* of the trees at hand */
    struct pieces tables; /* roots found in leaves of the main tree that are its own */
    struct pieces now;    /* pages of the height at hand */
    struct pieces next;   /* those one below */
};

static bool push(struct side *side, struct pieces *pieces, uint64_t page, uint64_t size)
{
    if (pieces->count > side->walker.last_page) { /* or a damaged tree could grow without end */
        return structure_blame(&side->walker, page, "one page of too many");
    }
    if (pieces->count == pieces->capacity) {
        size_t wanted = pieces->capacity == 0 ? 256 : pieces->capacity * 2;
        struct piece *grown = mem_realloc(pieces->items, wanted * sizeof *grown);
        if (grown == NULL) {
            side->status = AISLE_NO_MEMORY;
            return false;
        }
        pieces->items = grown;
        pieces->capacity = wanted;
    }
    pieces->items[pieces->count++] = (struct piece){page, size};
    return true;
}

/* ------------------------------------------------------------------------------------------------ striking out -- */

static int compare_pieces(const void *left, const void *right)
{
    const struct piece *a = left;
    const struct piece *b = right;
    return a->page < b->page ? -1 : a->page > b->page;
}

/* Takes away what both lists begin with and end with: most, when the changes lie together. */
static void strike_ends(struct pieces *a, struct pieces *b)
{
    size_t least = a->count < b->count ? a->count : b->count;
    size_t first = 0;
    size_t last = 0;
    while (first < least && a->items[first].page == b->items[first].page) {
        first++;
    }
    while (last < least - first && a->items[a->count - 1 - last].page == b->items[b->count - 1 - last].page) {
        last++;
    }
    a->count -= first + last;
    b->count -= first + last;
    if (first != 0 && a->count != 0) {
        memmove(a->items, a->items + first, a->count * sizeof *a->items);
    }
    if (first != 0 && b->count != 0) {
        memmove(b->items, b->items + first, b->count * sizeof *b->items);
    }
}

static void strike_common(struct pieces *a, struct pieces *b)
{
    strike_ends(a, b);
    if (a->count == 0 || b->count == 0) {
        return;
    }
    qsort(a->items, a->count, sizeof *a->items, compare_pieces);
    qsort(b->items, b->count, sizeof *b->items, compare_pieces);
    size_t kept_a = 0;
    size_t kept_b = 0;
    size_t i = 0;
    size_t j = 0;
    while (i < a->count && j < b->count) {
        int order = compare_pieces(&a->items[i], &b->items[j]);
        if (order < 0) {
            a->items[kept_a++] = a->items[i++];
        } else if (order > 0) {
            b->items[kept_b++] = b->items[j++];
        } else {
            i++;
            j++;
        }
    }
    while (i < a->count) {
        a->items[kept_a++] = a->items[i++];
    }
    while (j < b->count) {
        b->items[kept_b++] = b->items[j++];
    }
    a->count = kept_a;
    b->count = kept_b;
}

/* -------------------------------------------------------------------------------------------------- going down -- */

static void count_hash(struct side *side, uint64_t hash)
{
    side->walker.walk->hash += side->add ? hash : 0 - hash;
}

static bool add_root(struct side *side, struct pieces *roots, const uint8_t *record, enum tree_kind kind)
{
    uint64_t root = load_u64(record + 40);
    return structure_record_sound(&side->walker, record, kind) &&
           (root == NO_PAGE || push(side, roots, root, load_u16(record + 6)));
}

static bool visit_record(struct side *side, const struct piece *piece)
{
    struct walker *walker = &side->walker;
    if (!structure_in_file(walker, piece->page, structure_overflow_pages(piece->size, walker->page_bytes))) {
        return false;
    }
    const uint8_t *value = page_at(walker, piece->page) + META_HEAD_BYTES;
    struct bytes record = structure_free_record(bytes_of(value, piece->size));
    count_hash(side, structure_record_hash(piece->page, record));
    return record.size != 0 || structure_blame(walker, piece->page, "a record of free pages is too short");
}

static bool visit_value(struct side *side, enum tree_kind kind, uint64_t page, const uint8_t *node)
{
    const uint8_t *value = value_of(node);
    unsigned flags = load_u16(node + 4);
    if (kind == TREE_MAIN) {
        bool is_table = flags == NODE_DATABASE && value_size_of(node) == DATABASE_BYTES;
        return is_table ? add_root(side, &side->tables, value, TREE_TABLE)
                        : structure_blame(&side->walker, page, "not the record of a table");
    }
    bool is_record = kind == TREE_FREE && flags == NODE_BIG;
    return !is_record || push(side, &side->next, load_u64(value), value_size_of(node));
}

static bool visit_page(struct side *side, enum tree_kind kind, uint64_t number, bool leaf)
{
    struct walker *walker = &side->walker;
    if (!structure_in_file(walker, number, 1) || !structure_page_whole(walker, kind, number, leaf)) {
        return false;
    }
    const uint8_t *page = page_at(walker, number);
    size_t count = page_entries(page);
    bool sound = true;
    count_hash(side, structure_page_hash(walker, number));
    for (size_t i = 0; i < count && sound; i++) {
        sound = leaf ? visit_value(side, kind, number, node_of(page, i))
                     : push(side, &side->next, child_of(page, i), 0);
    }
    return sound;
}

/* Height 0 is that of records, 1 of leaves. */
static bool visit_height(struct side *side, enum tree_kind kind, unsigned height)
{
    bool sound = true;
    for (size_t i = 0; i < side->now.count && sound; i++) {
        const struct piece *piece = &side->now.items[i];
        sound = height == 0 ? visit_record(side, piece) : visit_page(side, kind, piece->page, height == 1);
    }
    struct pieces below = side->next;
    side->next = side->now;
    side->next.count = 0;
    side->now = below;
    return sound;
}

static bool take_roots(struct side *side, unsigned height)
{
    bool sound = true;
    for (size_t i = 0; i < side->roots.count && sound; i++) {
        const struct piece *root = &side->roots.items[i];
        sound = root->size != height || push(side, &side->now, root->page, 0);
    }
    return sound;
}

/* The trees of one kind, from their roots down. */
static bool follow_trees(struct side *from, struct side *to, enum tree_kind kind)
{
    bool sound = true;
    from->now.count = 0;
    to->now.count = 0;
    for (unsigned height = DEPTH_MAX + 1; height-- > 0 && sound;) {
        sound = height == 0 || (take_roots(from, height) && take_roots(to, height));
        if (sound) {
            strike_common(&from->now, &to->now);
            sound = visit_height(from, kind, height) && visit_height(to, kind, height);
        }
    }
    return sound;
}

static bool add_roots(struct side *side, const struct structure_meta *meta, enum tree_kind kind)
{
    side->roots.count = 0;
    return add_root(side, &side->roots, meta->bytes + (kind == TREE_FREE ? META_FREE : META_MAIN), kind);
}

static void use_tables(struct side *side)
{
    struct pieces roots = side->roots;
    side->roots = side->tables;
    side->tables = roots;
}

static bool follow(struct side *from, struct side *to, const struct structure_meta *old,
                   const struct structure_meta *new)
{
    for (enum tree_kind kind = TREE_FREE; kind <= TREE_MAIN; kind++) {
        if (!add_roots(from, old, kind) || !add_roots(to, new, kind) || !follow_trees(from, to, kind)) {
            return false;
        }
    }
    use_tables(from);
    use_tables(to);
    return follow_trees(from, to, TREE_TABLE);
}

static void release(struct side *side)
{
    mem_free(side->roots.items);
    mem_free(side->tables.items);
    mem_free(side->now.items);
    mem_free(side->next.items);
}

static struct side begin(struct structure_walk *walk, const struct structure_meta *meta, bool add)
{
    struct walker walker = {.walk = walk, .page_bytes = meta->page_bytes, .last_page = meta->last_page};
    return (struct side){.walker = walker, .add = add, .status = AISLE_CORRUPT};
}

int structure_follow(struct structure_walk *walk, const struct structure_meta *old, const struct structure_meta *new)
{
    struct side from = begin(walk, old, false);
    struct side to = begin(walk, new, true);
    bool sound = structure_last_page_sound(&from.walker, old) && structure_last_page_sound(&to.walker, new) &&
                 follow(&from, &to, old, new);
    int status = sound ? 0 : from.status == AISLE_NO_MEMORY ? from.status : to.status;
    release(&from);
    release(&to);
    return status;
}
