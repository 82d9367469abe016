/*
 * lexicon_write_trie.c - the trie of the words' beginnings, some levels at a time, from a pass over the words for each.
 *
 * Words in the order of their bytes give the nodes of every level in order; a node's first child is as many nodes into
 * the next level as that has by then. How many nodes each level has is counted first.
 */
#include "lexicon/lexicon_write.h"

#include "base/buf.h"
#include "base/utf8.h"

#define NODES_MAX ((size_t)LIMIT_LEXICON_WORDS * LEXICON_PREFIX)

struct trie {
    struct lexicon_writer *writer;
    struct buf levels[LEXICON_PREFIX]; /* nodes of those from first to end - 1, while a pass collects them */
    uint32_t counts[LEXICON_PREFIX + 1];  /* nodes of each level so far, and none behind the last */
    uint32_t begins[LEXICON_PREFIX + 1]; /* number of each level's first node */
    unsigned first;
    unsigned end;
    uint32_t path[LEXICON_PREFIX]; /* of the word before */
    unsigned depth;
};

static void add_node(struct trie *trie, unsigned level, uint32_t character)
{
    if (level >= trie->first && level < trie->end) {
        buf_put_u32(&trie->levels[level], character);
        buf_put_u32(&trie->levels[level], trie->begins[level + 1] + trie->counts[level + 1]);
    }
    trie->counts[level]++;
    trie->path[level] = character;
}

static int add_word(struct trie *trie, struct bytes word)
{
    const uint8_t *p = word.data;
    const uint8_t *end = p + word.size;
    bool shared = true;
    unsigned depth = 0;
    for (; p != end && depth < LEXICON_PREFIX; depth++) {
        uint32_t character;
        size_t size = utf8_decode(p, end, &character);
        if (size == 0) {
            return AISLE_CORRUPT;
        }
        p += size;
        shared = shared && depth < trie->depth && trie->path[depth] == character;
        if (!shared) {
            add_node(trie, depth, character);
        }
    }
    trie->depth = depth;
    return 0;
}

/* Counts the nodes of all levels, and keeps those of the levels from first to end - 1. */
static int pass(struct trie *trie, unsigned first, unsigned end)
{
    struct bytes word;
    uint32_t class;
    trie->first = first;
    trie->end = end;
    trie->depth = 0;
    memset(trie->counts, 0, sizeof trie->counts);
    int status = lexicon_merge_begin(&trie->writer->merge, LEXICON_ALPHABETIC);
    while (status == 0 && (status = lexicon_merge_next(&trie->writer->merge, &word, &class)) == 0) {
        status = add_word(trie, word);
    }
    for (unsigned level = first; level < end && status == AISLE_END; level++) {
        struct buf *nodes = &trie->levels[level];
        status = buf_status(nodes) != 0 ? buf_status(nodes) : status;
        if (nodes->size != 0) {
            extent_writer_put(trie->writer->out, nodes->data, nodes->size);
        }
        buf_release(nodes);
    }
    return status == AISLE_END ? trie->writer->out->status : status;
}

static int write_levels(struct trie *trie)
{
    int status = 0;
    for (unsigned first = 0; first < LEXICON_PREFIX && status == 0;) {
        unsigned end = first + 1;
        while (end < LEXICON_PREFIX && (trie->begins[end + 1] - trie->begins[first]) * (size_t)LEXICON_NODE_BYTES <=
                                           trie->writer->memory_bytes / 2) {
            end++;
        }
        status = pass(trie, first, end);
        first = end;
    }
    return status;
}

int lexicon_write_trie(struct lexicon_writer *writer)
{
    struct trie trie = {.writer = writer};
    for (unsigned level = 0; level < LEXICON_PREFIX; level++) {
        buf_init(&trie.levels[level], NODES_MAX * LEXICON_NODE_BYTES);
    }
    writer->footer.trie_offset = lexicon_section(writer);
    int status = pass(&trie, 0, 0);
    for (unsigned level = 0; level < LEXICON_PREFIX; level++) {
        trie.begins[level + 1] = trie.begins[level] + trie.counts[level];
    }
    writer->footer.node_count = trie.begins[LEXICON_PREFIX];
    writer->footer.root_count = trie.counts[0];
    if (status == 0) {
        status = write_levels(&trie);
    }
    for (unsigned level = 0; level < LEXICON_PREFIX; level++) {
        buf_release(&trie.levels[level]);
    }
    return status;
}
