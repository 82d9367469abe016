/*
 * lexicon_prefix.c - lexicon_similar_prefix: beginnings of words that are like what has been typed so far.
 *
 * What is shorter than LEXICON_PREFIX is walked down the trie, a row of distances for each node; what is longer finds
 * words through the deletes index, whose beginnings are then looked at. Of beginnings that go on from one another, only
 * those that get closer are told: as prefixes, the others are covered.
 */
#include "lexicon/lexicon_similar.h"

#include "base/utf8.h"

#include <limits.h>

/* ---- the trie ---- */

/* Visiting so many nodes takes a few microseconds. */
#define NODES_A_PIECE 128u

/* Nodes not visited yet. */
struct range {
    uint32_t next;
    uint32_t end;
};

struct trie_walk {
    const struct lexicon_lookup *lookup;
    uint8_t rows[LEXICON_PREFIX + 1][LEXICON_PREFIX]; /* of each depth; a pattern here is shorter than LEXICON_PREFIX */
    uint32_t path[LEXICON_PREFIX];
    uint8_t text[LEXICON_PREFIX * UTF8_BYTES_MAX];
    size_t size[LEXICON_PREFIX + 1]; /* of text, at each depth */
    struct range ranges[LEXICON_PREFIX]; /* below the path, at each depth */
    uint8_t spare[LEXICON_PREFIX + 1];   /* edits that may still be made, at each depth */
    uint8_t best[LEXICON_PREFIX + 1]; /* of the beginnings told on the path */
};

static uint8_t lesser(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

/* The row of a node at depth (the root's is 0), whose character is the path's last; returns the least in it. */
static uint8_t fill_row(struct trie_walk *walk, unsigned depth)
{
    const struct lexicon_pattern *pattern = walk->lookup->pattern;
    const uint8_t *above = walk->rows[depth - 1];
    uint8_t *row = walk->rows[depth];
    uint32_t character = walk->path[depth - 1];
    uint8_t least = row[0] = (uint8_t)depth;
    for (unsigned i = 1; i <= pattern->count; i++) {
        uint8_t change = pattern->characters[i - 1] == character ? 0 : 1;
        uint8_t value = lesser((uint8_t)(lesser(above[i], row[i - 1]) + 1), (uint8_t)(above[i - 1] + change));
        if (i > 1 && depth > 1 && pattern->characters[i - 2] == character &&
            pattern->characters[i - 1] == walk->path[depth - 2]) {
            value = lesser(value, (uint8_t)(walk->rows[depth - 2][i - 2] + 1));
        }
        row[i] = value;
        least = lesser(least, value);
    }
    return least;
}

/* Looks at the node just entered, at depth; *deeper: whether a beginning that goes on from it may be told, too. */
static int visit(struct trie_walk *walk, unsigned depth, bool *deeper)
{
    const struct lexicon_lookup *lookup = walk->lookup;
    const struct lexicon_pattern *pattern = lookup->pattern;
    uint8_t least = fill_row(walk, depth);
    uint8_t distance = walk->rows[depth][pattern->count];
    bool fixed = depth > lookup->ask->fixed_prefix || depth > pattern->count ||
                 walk->path[depth - 1] == pattern->characters[depth - 1];
    walk->best[depth] = walk->best[depth - 1];
    *deeper = false;
    if (!fixed) {
        return 0;
    }
    int status = 0;
    bool reached = depth >= lookup->ask->fixed_prefix || depth >= pattern->count;
    if (distance < walk->best[depth] && reached &&
        walk->path[depth - 1] == pattern->characters[pattern->count - 1]) {
        walk->best[depth] = distance;
        status = lexicon_found_add(lookup->found, bytes_of(walk->text, walk->size[depth]), distance);
    }
    *deeper = least < walk->best[depth];
    walk->spare[depth] = (uint8_t)(*deeper ? walk->best[depth] - 1 - least : 0);
    return status;
}

static bool was_typed(const struct lexicon_pattern *pattern, uint32_t character)
{
    bool typed = false;
    for (unsigned i = 0; i < pattern->count; i++) {
        typed = typed || pattern->characters[i] == character;
    }
    return typed;
}

/* The children of a node; count is 0 when there are none. */
static int find_children(const struct lexicon_part *part, uint32_t node, struct range *out)
{
    const uint8_t *row =
        lexicon_at(part, part->footer.trie_offset + (uint64_t)node * LEXICON_NODE_BYTES, LEXICON_NODE_BYTES);
    const uint8_t *behind = row;
    uint32_t count = part->footer.node_count;
    if (node + 1 < count) {
        behind = lexicon_at(part, part->footer.trie_offset + (uint64_t)(node + 1) * LEXICON_NODE_BYTES,
                            LEXICON_NODE_BYTES);
    }
    if (row == NULL || behind == NULL) {
        return AISLE_CORRUPT;
    }
    out->next = load_u32(row + 4);
    out->end = node + 1 < count ? load_u32(behind + 4) : count;
    return out->next > node && out->next <= out->end && out->end <= count ? 0 : AISLE_CORRUPT;
}

/* Enters a node below the path of depth characters; *deeper: its children may be wanted. */
static int enter(struct trie_walk *walk, uint32_t node, unsigned depth, bool *deeper)
{
    const struct lexicon_part *part = walk->lookup->part;
    const uint8_t *row =
        lexicon_at(part, part->footer.trie_offset + (uint64_t)node * LEXICON_NODE_BYTES, LEXICON_NODE_BYTES);
    *deeper = false;
    if (row == NULL || load_u32(row) > 0x10ffff) {
        return AISLE_CORRUPT;
    }
    uint32_t character = load_u32(row);
    /* With no edit to spare, only a character that was typed leads on. */
    if (walk->spare[depth] == 0 && !was_typed(walk->lookup->pattern, character)) {
        return 0;
    }
    walk->path[depth] = character;
    walk->size[depth + 1] = walk->size[depth] + utf8_encode(walk->text + walk->size[depth], character);
    return visit(walk, depth + 1, deeper);
}

static int walk_trie(struct trie_walk *walk)
{
    const struct lexicon_part *part = walk->lookup->part;
    unsigned depth = 0;
    uint32_t left = part->footer.node_count; /* no node is below two others */
    int status = 0;
    walk->ranges[0] = (struct range){0, part->footer.root_count};
    walk->best[0] = (uint8_t)(walk->lookup->edits + 1);
    walk->spare[0] = (uint8_t)walk->lookup->edits;
    for (unsigned i = 0; i <= walk->lookup->pattern->count; i++) {
        walk->rows[0][i] = (uint8_t)i;
    }
    while (status == 0) {
        bool deeper;
        if (walk->ranges[depth].next >= walk->ranges[depth].end) {
            if (depth-- == 0) {
                break;
            }
            continue;
        }
        uint32_t node = walk->ranges[depth].next++;
        if (left-- == 0) {
            return AISLE_CORRUPT;
        }
        if (left % NODES_A_PIECE == 0 && lexicon_stops(walk->lookup->ask)) {
            return AISLE_END;
        }
        status = enter(walk, node, depth, &deeper);
        if (status == 0 && deeper && depth + 1 < LEXICON_PREFIX) {
            status = find_children(part, node, &walk->ranges[++depth]);
        }
    }
    return status;
}

/* ---- words ---- */

static int check_beginnings(const struct lexicon_lookup *lookup, struct bytes word, bool plain,
                            struct lexicon_found *found)
{
    const struct lexicon_pattern *pattern = lookup->pattern;
    struct lexicon_beginnings walk;
    uint32_t character;
    unsigned best = lookup->edits + 1;
    int status = 0;
    (void)plain;
    if (!lexicon_has_fixed(lookup, word)) {
        return 0;
    }
    lexicon_beginnings_init(&walk, pattern, word);
    while (status == 0 && lexicon_beginnings_next(&walk, &character)) {
        if (walk.distance < best && character == pattern->characters[pattern->count - 1]) {
            best = walk.distance;
            status = lexicon_found_add(found, bytes_of(word.data, walk.size), best);
        }
    }
    return status;
}

int lexicon_similar_prefix(const struct lexicon *lexicon, const struct lexicon_ask *ask, struct arena *arena,
                           struct lexicon_variants *out)
{
    struct lexicon_pattern pattern;
    struct lexicon_found found = {.arena = arena};
    int status = 0;
    *out = (struct lexicon_variants){.list = NULL};
    if (ask->max_edits > LEXICON_EDITS_MAX) {
        return AISLE_INVALID;
    }
    if (!lexicon_pattern_init(&pattern, ask->word) || pattern.count < LEXICON_SIMILAR_MIN) {
        return 0;
    }
    bool is_short = pattern.count < LEXICON_PREFIX;
    unsigned edits = is_short && ask->max_edits > 1 ? 1 : ask->max_edits;
    struct lexicon_lookup lookup = {.ask = ask,
                                    .pattern = &pattern,
                                    .edits = edits,
                                    .longest = LEXICON_SIMILAR_MAX,
                                    .shortest = pattern.count - edits,
                                    .beginning = true,
                                    .candidate = check_beginnings,
                                    .found = &found};
    for (size_t i = 0; i < lexicon->count && status == 0; i++) {
        lookup.part = lexicon->parts[i];
        if (is_short) {
            struct trie_walk walk = {.lookup = &lookup};
            status = walk_trie(&walk);
        } else {
            status = lexicon_lookup(&lookup);
        }
    }
    return lexicon_found_finish(&found, status, ask->limit, out);
}
