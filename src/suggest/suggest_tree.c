/*
 * suggest_tree.c - the prefix tree from keys in ascending order, written bottom-up: a node when its last key is known.
 *
 * Open are the nodes on the way to the last key. A new key closes those deeper than what it shares with the last one.
 * Nothing else is kept, so that memory does not grow with the tree.
 */
#include "suggest/suggest_private.h"

#include "base/alloc.h"

void suggest_tree_init(struct suggest_tree *tree, struct extent_writer *stream)
{
    *tree = (struct suggest_tree){.stream = stream, .open_count = 1};
}

void suggest_tree_release(struct suggest_tree *tree)
{
    mem_free(tree->entries);
    tree->entries = NULL;
    tree->status = AISLE_INVALID;
}

static void put_entry(struct suggest_tree *tree, struct suggest_tree_entry entry)
{
    if (tree->entry_count == tree->entry_capacity) {
        size_t wanted = tree->entry_capacity == 0 ? 256 : tree->entry_capacity * 2;
        struct suggest_tree_entry *grown = mem_realloc(tree->entries, wanted * sizeof *grown);
        if (grown == NULL) {
            tree->status = AISLE_NO_MEMORY;
            return;
        }
        tree->entries = grown;
        tree->entry_capacity = wanted;
    }
    tree->entries[tree->entry_count++] = entry;
}

static void open_node(struct suggest_tree *tree, uint32_t depth)
{
    tree->open[tree->open_count++] = (struct suggest_tree_open){tree->entry_count, depth};
}

static int compare_entries(const void *a, const void *b)
{
    const struct suggest_tree_entry *x = a;
    const struct suggest_tree_entry *y = b;
    if (x->code != y->code) {
        return x->code < y->code ? 1 : -1;
    }
    if (x->first != y->first) {
        return x->first < y->first ? -1 : 1;
    }
    return (x->reference > y->reference) - (x->reference < y->reference);
}

/* Sorts the entries of a node; of the later words that end here only the best stay. Returns how many remain. */
static size_t settle(struct suggest_tree_entry *entries, size_t count)
{
    size_t kept = 0;
    size_t later = 0;
    if (count > 1) {
        qsort(entries, count, sizeof *entries, compare_entries);
    }
    for (size_t i = 0; i < count; i++) {
        later += entries[i].first == 0 && entries[i].later ? 1 : 0;
        if (entries[i].first != 0 || !entries[i].later || later < SUGGEST_SAME) {
            entries[kept++] = entries[i];
        }
    }
    return kept;
}

/* Writes a node; entries are settled. Its offset, which means something only while the status is 0. */
static uint32_t write_node(struct suggest_tree *tree, struct bytes label, const struct suggest_tree_entry *entries,
                           size_t count)
{
    uint8_t node[SUGGEST_NODE_HEAD + SUGGEST_TREE_KEY_BYTES + SUGGEST_ENTRIES_MAX * SUGGEST_ENTRY_BYTES];
    uint8_t *firsts = node + SUGGEST_NODE_HEAD + label.size;
    node[0] = (uint8_t)label.size;
    store_u16(node + 1, (uint16_t)count);
    if (label.size != 0) {
        memcpy(node + SUGGEST_NODE_HEAD, label.data, label.size);
    }
    for (size_t i = 0; i < count; i++) {
        firsts[i] = entries[i].first;
        firsts[count + i] = entries[i].follow;
        store_u16(firsts + count * 2 + i * sizeof(uint16_t), entries[i].code);
        store_u32(firsts + count * 4 + i * sizeof(uint32_t), entries[i].reference);
    }
    size_t size = SUGGEST_NODE_HEAD + label.size + count * SUGGEST_ENTRY_BYTES;
    uint64_t offset = extent_writer_put_whole(tree->stream, node, size, 1);
    if (tree->status == 0) {
        tree->status = tree->stream->status != 0 ? tree->stream->status : offset >= SUGGEST_LEAF ? AISLE_LIMIT : 0;
    }
    return (uint32_t)offset;
}

/* Writes the deepest open node and gives it to the one above, which is made at depth shared if that is deeper. */
static void close_node(struct suggest_tree *tree, uint32_t shared)
{
    struct suggest_tree_open top = tree->open[--tree->open_count];
    uint32_t above = tree->open[tree->open_count - 1].depth;
    uint32_t parent = above < shared ? shared : above;
    struct suggest_tree_entry *entries = tree->entries + top.first_entry;
    size_t count = settle(entries, tree->entry_count - top.first_entry);
    struct suggest_tree_entry entry = {.code = entries[0].code, .first = tree->last[parent]};
    entry.reference = write_node(tree, bytes_of(tree->last + parent + 1, top.depth - parent - 1), entries, count);
    if (top.depth > parent + 1) {
        entry.follow = suggest_follow(tree->last[parent + 1]);
    }
    for (size_t i = 0; i < count && top.depth == parent + 1; i++) {
        entry.follow |= entries[i].first == 0 ? 0 : suggest_follow(entries[i].first);
    }
    tree->entry_count = top.first_entry;
    if (above < shared) {
        open_node(tree, shared);
    }
    put_entry(tree, entry);
}

/* Puts the last key into the tree, of which the next one shares so many bytes. */
static void place_pending(struct suggest_tree *tree, uint32_t shared)
{
    uint32_t depth = shared > tree->last_space ? shared : tree->last_space;
    if (depth > tree->open[tree->open_count - 1].depth) {
        open_node(tree, depth);
    }
    depth = tree->open[tree->open_count - 1].depth;
    tree->pending.first = depth == tree->last_size ? 0 : tree->last[depth];
    tree->pending.follow = depth + 1 < tree->last_size ? suggest_follow(tree->last[depth + 1]) : 0;
    put_entry(tree, tree->pending);
    while (tree->status == 0 && tree->open[tree->open_count - 1].depth > shared) {
        close_node(tree, shared);
    }
}

int suggest_tree_add(struct suggest_tree *tree, const struct suggest_tree_key *key)
{
    if (tree->status == 0 && tree->has_pending) {
        place_pending(tree, (uint32_t)bytes_shared(bytes_of(tree->last, tree->last_size),
                                                   bytes_of(key->data, key->size)));
    }
    memcpy(tree->last, key->data, key->size);
    tree->last_size = key->size;
    tree->last_space = key->space;
    tree->pending = (struct suggest_tree_entry){
        .reference = SUGGEST_LEAF | key->record, .code = key->code, .later = key->later};
    tree->has_pending = true;
    return tree->status;
}

int suggest_tree_finish(struct suggest_tree *tree, uint32_t *root)
{
    if (tree->status == 0 && tree->has_pending) {
        place_pending(tree, 0);
    }
    if (tree->status == 0) {
        size_t count = settle(tree->entries, tree->entry_count);
        *root = write_node(tree, bytes_of(NULL, 0), tree->entries, count);
    }
    return tree->status;
}
