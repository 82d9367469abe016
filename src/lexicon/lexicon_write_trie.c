/*
 * lexicon_write_trie.c - the trie of the words' beginnings, one first character at a time.
 *
 * A node says how many are below it, which is known when the last of them is: the nodes under one first character wait
 * in the heap, 8 bytes each.
 */
#include "lexicon/lexicon_write.h"

#include "base/buf.h"
#include "base/utf8.h"

#define NODES_MAX ((size_t)LIMIT_LEXICON_WORDS * LEXICON_PREFIX)

struct trie {
    struct lexicon_writer *writer;
    struct buf nodes; /* under one first character, it first */
    uint32_t path[LEXICON_PREFIX];
    size_t place[LEXICON_PREFIX]; /* of each node of the path, in nodes */
    unsigned depth;
};

/* Ends nodes of the path until only depth are left. */
static void close_to(struct trie *trie, unsigned depth)
{
    while (trie->depth > depth) {
        size_t place = trie->place[--trie->depth];
        size_t below = (trie->nodes.size - place) / LEXICON_NODE_BYTES - 1;
        store_u32(trie->nodes.data + place + 4, (uint32_t)below);
    }
    if (depth == 0 && trie->nodes.size != 0) {
        extent_writer_put(trie->writer->out, trie->nodes.data, trie->nodes.size);
        trie->writer->footer.node_count += (uint32_t)(trie->nodes.size / LEXICON_NODE_BYTES);
        buf_clear(&trie->nodes);
    }
}

static int add_word(struct trie *trie, struct bytes word)
{
    const uint8_t *p = word.data;
    const uint8_t *end = p + word.size;
    bool shared = true;
    for (unsigned depth = 0; p != end && depth < LEXICON_PREFIX; depth++) {
        uint32_t character;
        size_t size = utf8_decode(p, end, &character);
        if (size == 0) {
            return AISLE_CORRUPT;
        }
        p += size;
        shared = shared && depth < trie->depth && trie->path[depth] == character;
        if (shared) {
            continue;
        }
        if (depth < trie->depth) {
            close_to(trie, depth);
        }
        trie->path[depth] = character;
        trie->place[depth] = trie->nodes.size;
        trie->depth = depth + 1;
        buf_put_u32(&trie->nodes, character);
        buf_put_u32(&trie->nodes, 0);
        if (buf_status(&trie->nodes) != 0) {
            return buf_status(&trie->nodes);
        }
    }
    return 0;
}

int lexicon_write_trie(struct lexicon_writer *writer)
{
    struct trie trie = {.writer = writer};
    struct bytes word;
    uint32_t class;
    buf_init(&trie.nodes, NODES_MAX * LEXICON_NODE_BYTES);
    writer->footer.trie_offset = lexicon_section(writer);
    int status = lexicon_merge_begin(&writer->merge, true);
    while (status == 0 && (status = lexicon_merge_next(&writer->merge, &word, &class)) == 0) {
        status = add_word(&trie, word);
    }
    if (status == AISLE_END) {
        close_to(&trie, 0);
        status = writer->out->status;
    }
    buf_release(&trie.nodes);
    return status;
}
