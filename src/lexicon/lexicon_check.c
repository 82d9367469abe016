/*
 * lexicon_check.c - walks a part: each word, each entry, each list, each node against what the words say they must be.
 *
 * An index agrees with the words when each thing in it is right and there are as many of them as the words call for.
 */
#include "lexicon/lexicon_write.h"

#include "base/utf8.h"

struct check {
    const struct lexicon_part *part;
    aisle_error *error;
};

static int fault(const struct check *check, const char *what)
{
    return error_set(check->error, AISLE_CORRUPT, "the lexicon is damaged: %s", what);
}

/* The bytes of the word with this number; size 0: damage. */
static struct bytes word_of(const struct lexicon_part *part, uint32_t number, uint32_t *class)
{
    *class = lexicon_class(part, number, *class);
    const uint8_t *text = lexicon_text(part, *class, number - part->first[*class]);
    return bytes_of(text, text == NULL ? 0 : *class % LEXICON_LENGTHS);
}

/* ---- words ---- */

static int check_words(const struct check *check)
{
    const struct lexicon_part *part = check->part;
    struct bytes before = bytes_of(NULL, 0);
    uint32_t class = 0;
    for (uint32_t number = 0; number < part->words; number++) {
        uint32_t last = class;
        struct bytes word = word_of(part, number, &class);
        if (word.size == 0) {
            return fault(check, "a word cannot be read");
        }
        if (lexicon_group_of(word) != class / LEXICON_LENGTHS || !utf8_valid(word, NULL)) {
            return fault(check, "a word is not of its class");
        }
        if (class == last && number != 0 && bytes_compare(before, word) >= 0) {
            return fault(check, "words are not in order");
        }
        before = word;
    }
    return 0;
}

static int check_masks(const struct check *check)
{
    const struct lexicon_part *part = check->part;
    uint32_t base = lexicon_eligible_first(part);
    uint32_t class = 0;
    for (uint32_t number = base; number < lexicon_eligible_end(part); number++) {
        const uint8_t *mask = lexicon_at(part, part->footer.masks_offset + (uint64_t)(number - base) * sizeof(uint32_t),
                                         sizeof(uint32_t));
        if (mask == NULL || load_u32(mask) != lexicon_mask(word_of(part, number, &class))) {
            return fault(check, "a mask is not of its word");
        }
    }
    return 0;
}

/* ---- deletes ---- */

static bool is_entry_of(struct bytes word, const struct lexicon_footer *footer, uint32_t bucket, uint32_t check,
                        uint32_t number_bits)
{
    uint64_t packed[LEXICON_ENTRIES_MAX];
    unsigned made = lexicon_entries(word, packed);
    for (unsigned i = 0; i < made; i++) {
        uint64_t hash = lexicon_hash(packed[i]);
        uint32_t place = footer->bucket_bits == 0 ? 0 : (uint32_t)(hash >> (64 - footer->bucket_bits));
        if (place == bucket && (uint32_t)hash << number_bits == check) {
            return true;
        }
    }
    return false;
}

static int check_bucket(const struct check *check, uint32_t bucket, uint64_t entries, uint32_t start, uint32_t end)
{
    const struct lexicon_part *part = check->part;
    uint32_t base = lexicon_eligible_first(part);
    uint32_t eligible = lexicon_eligible_end(part) - base;
    uint32_t number_bits = lexicon_number_bits(eligible);
    uint32_t mask = (1u << number_bits) - 1;
    for (uint32_t i = start; i < end; i++) {
        const uint8_t *at = lexicon_at(part, entries + (uint64_t)i * sizeof(uint32_t), sizeof(uint32_t));
        uint32_t class = LEXICON_PLAIN * LEXICON_LENGTHS;
        if (at == NULL || (load_u32(at) & mask) >= eligible) {
            return fault(check, "an entry cannot be read");
        }
        struct bytes word = word_of(part, base + (load_u32(at) & mask), &class);
        if (!is_entry_of(word, &part->footer, bucket, load_u32(at) & ~mask, number_bits)) {
            return fault(check, "an entry is of no word");
        }
    }
    return 0;
}

static int check_block(const struct check *check, uint32_t range, uint64_t *total)
{
    const struct lexicon_part *part = check->part;
    const struct lexicon_footer *footer = &part->footer;
    uint32_t inner = 1u << (footer->bucket_bits - footer->range_bits);
    const uint8_t *at = lexicon_at(part, footer->ranges_offset + range * sizeof(uint64_t), sizeof(uint64_t));
    uint64_t block = at == NULL ? UINT64_MAX : load_u64(at);
    uint32_t before = 0;
    int status = 0;
    if (block % 16 != 0 || block >= footer->ranges_offset) {
        return fault(check, "a block is nowhere");
    }
    for (uint32_t i = 0; i <= inner && status == 0; i++) {
        at = lexicon_at(part, block + i * sizeof(uint32_t), sizeof(uint32_t));
        if (at == NULL || load_u32(at) < before || (i == 0 && load_u32(at) != 0)) {
            return fault(check, "a bucket is nowhere");
        }
        if (i != 0) {
            status = check_bucket(check, range * inner + i - 1, block + (inner + 1) * sizeof(uint32_t), before,
                                  load_u32(at));
        }
        before = load_u32(at);
    }
    *total += before;
    return status == 0 && *total > footer->entry_count ? fault(check, "there are too many entries") : status;
}

static int check_deletes(const struct check *check)
{
    const struct lexicon_part *part = check->part;
    uint64_t packed[LEXICON_ENTRIES_MAX];
    uint64_t wanted = 0;
    uint64_t total = 0;
    uint32_t class = 0;
    int status = 0;
    for (uint32_t number = lexicon_eligible_first(part); number < lexicon_eligible_end(part); number++) {
        wanted += lexicon_entries(word_of(part, number, &class), packed);
    }
    for (uint32_t range = 0; range < 1u << part->footer.range_bits && status == 0; range++) {
        status = check_block(check, range, &total);
    }
    if (status == 0 && (total != wanted || total != part->footer.entry_count)) {
        status = fault(check, "entries are missing");
    }
    return status;
}

/* ---- grams ---- */

static bool has_gram(struct bytes code, uint32_t gram, size_t places)
{
    for (size_t i = 0; i + 1 < places; i++) {
        if (lexicon_gram(code, i) == gram) {
            return true;
        }
    }
    return false;
}

static int check_list(const struct check *check, const uint8_t *row, uint64_t *total)
{
    struct lexicon_list list;
    uint32_t class = 0;
    int status = lexicon_list_open(check->part, row, &list);
    while (status == 0 && (status = lexicon_list_next(&list)) == 0) {
        struct bytes code = word_of(check->part, list.code, &class);
        if (code.size < LEXICON_CODE_MIN || !has_gram(code, load_u32(row), code.size)) {
            return fault(check, "a code lacks its gram");
        }
        ++*total;
    }
    return status == AISLE_END ? 0 : fault(check, "a list cannot be read");
}

static int check_grams(const struct check *check)
{
    const struct lexicon_part *part = check->part;
    uint64_t wanted = 0;
    uint64_t total = 0;
    uint32_t class = 0;
    uint32_t before = 0;
    for (uint32_t number = 0; number < lexicon_eligible_first(part); number++) {
        struct bytes code = word_of(part, number, &class);
        for (size_t i = 0; code.size >= LEXICON_CODE_MIN && i + 1 < code.size; i++) {
            wanted += has_gram(code, lexicon_gram(code, i), i + 1) ? 0 : 1;
        }
    }
    for (uint32_t i = 0; i < part->footer.gram_count; i++) {
        const uint8_t *row = lexicon_at(part, part->footer.grams_offset + (uint64_t)i * LEXICON_GRAM_BYTES,
                                        LEXICON_GRAM_BYTES);
        if (row == NULL || (i != 0 && load_u32(row) <= before)) {
            return fault(check, "grams are not in order");
        }
        before = load_u32(row);
        int status = check_list(check, row, &total);
        if (status != 0) {
            return status;
        }
    }
    return total == wanted ? 0 : fault(check, "codes are missing in lists");
}

/* ---- trie ---- */

/* Where the walk over words in the order of their bytes has come to on each level. */
struct path {
    uint32_t character[LEXICON_PREFIX];
    uint32_t next[LEXICON_PREFIX + 1];  /* the level's next node */
    uint32_t begin[LEXICON_PREFIX + 1]; /* the level's first; behind the last, where the trie ends */
    unsigned depth;
};

static bool read_node(const struct lexicon_part *part, uint32_t node, uint32_t *character, uint32_t *child)
{
    const uint8_t *row = node >= part->footer.node_count
                             ? NULL
                             : lexicon_at(part, part->footer.trie_offset + (uint64_t)node * LEXICON_NODE_BYTES,
                                          LEXICON_NODE_BYTES);
    *character = row == NULL ? 0 : load_u32(row);
    *child = row == NULL ? part->footer.node_count : load_u32(row + 4);
    return row != NULL;
}

/* A level begins where the children of the first node of the level above do. */
static void find_levels(const struct lexicon_part *part, struct path *path)
{
    uint32_t character;
    path->begin[0] = path->next[0] = 0;
    path->begin[1] = path->next[1] = part->footer.root_count;
    for (unsigned level = 1; level < LEXICON_PREFIX; level++) {
        (void)read_node(part, path->begin[level - 1], &character, &path->begin[level]);
        path->next[level] = path->begin[level];
    }
    path->begin[LEXICON_PREFIX] = path->next[LEXICON_PREFIX] = part->footer.node_count;
}

static bool follow_word(const struct lexicon_part *part, struct path *path, struct bytes word)
{
    const uint8_t *p = word.data;
    const uint8_t *end = p + word.size;
    bool shared = true;
    unsigned depth = 0;
    for (; p != end && depth < LEXICON_PREFIX; depth++) {
        uint32_t character;
        uint32_t stored;
        uint32_t child;
        p += utf8_decode(p, end, &character); /* valid: words have been checked */
        shared = shared && depth < path->depth && path->character[depth] == character;
        if (shared) {
            continue;
        }
        if (!read_node(part, path->next[depth], &stored, &child) || stored != character ||
            child != path->next[depth + 1]) {
            return false;
        }
        path->character[depth] = character;
        path->next[depth]++;
    }
    path->depth = depth;
    return true;
}

/* Each level ends where the next begins. */
static bool is_whole(const struct path *path)
{
    bool whole = true;
    for (unsigned level = 0; level < LEXICON_PREFIX; level++) {
        whole = whole && path->next[level] == path->begin[level + 1];
    }
    return whole;
}

static int check_trie(const struct check *check)
{
    struct lexicon_sources sources = {.parts = &check->part, .part_count = 1};
    struct lexicon_merge merge;
    struct path path = {.depth = 0};
    struct bytes word;
    uint32_t class;
    find_levels(check->part, &path);
    int status = lexicon_merge_init(&merge, &sources, 0);
    status = status == 0 ? lexicon_merge_begin(&merge, LEXICON_ALPHABETIC) : status;
    while (status == 0 && (status = lexicon_merge_next(&merge, &word, &class)) == 0) {
        status = follow_word(check->part, &path, word) ? 0 : fault(check, "the trie lacks a word");
    }
    lexicon_merge_release(&merge);
    if (status == AISLE_END) {
        status = is_whole(&path) ? 0 : fault(check, "the trie has more than the words");
    }
    return status;
}

int lexicon_check(const struct lexicon_part *part, aisle_error *error)
{
    struct check check = {.part = part, .error = error};
    int status = check_words(&check);
    if (status == 0) {
        status = check_masks(&check);
    }
    if (status == 0) {
        status = check_deletes(&check);
    }
    if (status == 0) {
        status = check_grams(&check);
    }
    return status == 0 ? check_trie(&check) : status;
}
