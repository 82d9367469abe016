/*
 * suggest_fuzzy.c - the places of the tree whose beginnings are what was typed but for some errors.
 *
 * A walk down the tree with a row of the table of optimal string alignment for every character; where all of a row is
 * beyond the errors allowed, the walk turns back. Only the cells near the diagonal can be within them. A place is
 * taken at the first character where the whole of what was typed is matched well enough; below it the walk goes on
 * only for fewer errors, so that every suggestion counts with its best beginning.
 */
#include "suggest/suggest_private.h"

#include "base/utf8.h"

#define ROW_CELLS (SUGGEST_FUZZY_POINTS + 1u)
#define FAR 100u /* more errors than are ever allowed, and room to add some */

/* How a walk stands behind some bytes of the tree's keys. */
struct stand {
    uint32_t row;  /* characters read */
    uint8_t limit; /* errors still looked for */
    uint8_t size;  /* bytes read of a character that is not whole */
    uint8_t bytes[UTF8_BYTES_MAX];
};

struct fuzzy {
    struct suggest_cursor *cursor;
    const struct suggest_typed *typed;
    uint8_t edits;
    uint8_t path[SUGGEST_KEY_BYTES + 1]; /* bytes from where the word began */
    uint32_t path_size;
    uint32_t points[SUGGEST_KEY_BYTES + 1];          /* characters of the path, from 1 */
    uint8_t rows[SUGGEST_KEY_BYTES + 2][ROW_CELLS]; /* by characters read */
};

enum turn { GO_ON, TURN_BACK, MATCHED };

bool suggest_typed_of(struct bytes text, struct suggest_typed *typed)
{
    const uint8_t *next = text.data;
    const uint8_t *end = text.size == 0 ? next : next + text.size;
    typed->count = 0;
    while (next != end) {
        size_t size = utf8_decode(next, end, &typed->points[typed->count]);
        if (size == 0 || typed->count + 1 == SUGGEST_FUZZY_POINTS) {
            return false;
        }
        typed->first_bytes = typed->count == 0 ? size : typed->first_bytes;
        typed->count++;
        next += size;
    }
    return typed->count != 0;
}

static uint8_t least(unsigned a, unsigned b)
{
    return (uint8_t)(a < b ? a : b);
}

/* Fills the row of one more character. Returns the least of its cells. */
static uint8_t fill_row(struct fuzzy *fuzzy, uint32_t row, uint32_t point)
{
    const struct suggest_typed *typed = fuzzy->typed;
    const uint8_t *above = fuzzy->rows[row - 1];
    uint8_t *cells = fuzzy->rows[row];
    uint32_t width = SUGGEST_EDITS;
    uint32_t from = row > width ? row - width : 1;
    uint32_t to = row + width < typed->count ? row + width : typed->count;
    uint8_t best = FAR;
    fuzzy->points[row] = point;
    memset(cells, FAR, typed->count + 1u);
    if (row <= width) {
        cells[0] = (uint8_t)row;
        best = (uint8_t)row;
    }
    for (uint32_t i = from; i <= to; i++) {
        uint32_t other = typed->points[i - 1];
        uint8_t cell = least(above[i - 1] + (other == point ? 0u : 1u), least(above[i] + 1u, cells[i - 1] + 1u));
        if (row > 1 && i > 1 && other == fuzzy->points[row - 1] && typed->points[i - 2] == point) {
            cell = least(cell, fuzzy->rows[row - 2][i - 2] + 1u);
        }
        cells[i] = cell;
        best = least(best, cell);
    }
    return best;
}

/* Reads one more byte of a key. MATCHED: all that was typed, with so many errors; further down only fewer count. */
static enum turn read_byte(struct fuzzy *fuzzy, struct stand *stand, uint8_t byte, uint8_t *errors)
{
    uint32_t point;
    if (fuzzy->path_size == SUGGEST_KEY_BYTES) {
        return TURN_BACK;
    }
    fuzzy->path[fuzzy->path_size++] = byte;
    stand->bytes[stand->size++] = byte;
    if (utf8_decode(stand->bytes, stand->bytes + stand->size, &point) == 0) {
        return stand->size == UTF8_BYTES_MAX ? TURN_BACK : GO_ON;
    }
    stand->size = 0;
    uint8_t best = fill_row(fuzzy, ++stand->row, point);
    uint8_t last = fuzzy->rows[stand->row][fuzzy->typed->count];
    if (last <= stand->limit) {
        *errors = last;
        stand->limit = last == 0 ? 0 : (uint8_t)(last - 1);
        return MATCHED;
    }
    return best > stand->limit ? TURN_BACK : GO_ON;
}

/*
 * Reads bytes that lead to what is below place. *stopped: nothing further down can do better. A match with all the
 * errors allowed is taken; one with fewer was found by a search for fewer.
 */
static int read_bytes(struct fuzzy *fuzzy, struct stand *stand, struct bytes bytes, const struct suggest_place *place,
                      bool *stopped)
{
    int status = 0;
    *stopped = false;
    for (size_t i = 0; i < bytes.size && !*stopped && status == 0; i++) {
        uint8_t errors = 0;
        enum turn turn = read_byte(fuzzy, stand, bytes.data[i], &errors);
        if (turn == MATCHED && errors == fuzzy->edits) {
            status = suggest_cursor_push(fuzzy->cursor, place);
        }
        *stopped = turn == TURN_BACK || (turn == MATCHED && errors == 0);
    }
    return status;
}

/* The rest of a leaf's key: of the word that the path leads into. */
static int read_leaf(struct fuzzy *fuzzy, struct stand *stand, const struct suggest_place *place)
{
    struct suggest_record record;
    struct bytes word;
    bool stopped;
    if (*fuzzy->cursor->steps == 0) {
        return AISLE_LIMIT;
    }
    --*fuzzy->cursor->steps;
    int status = suggest_record_at(fuzzy->cursor->reader, place->reference & ~SUGGEST_LEAF, &record);
    if (status != 0) {
        return status;
    }
    struct bytes path = bytes_of(fuzzy->path, fuzzy->path_size);
    if (!suggest_word_that_begins(record.key, path, &word)) {
        return AISLE_CORRUPT;
    }
    return read_bytes(fuzzy, stand, bytes_of(word.data + path.size, word.size - path.size), place, &stopped);
}

static int read_place(struct fuzzy *fuzzy, struct stand stand, const struct suggest_place *place);

/* One entry of a node: its first byte, then what is behind it. */
static int read_entry(struct fuzzy *fuzzy, struct stand stand, const struct suggest_node *node, uint32_t entry,
                      uint32_t above)
{
    struct suggest_place place = {.reference = suggest_node_reference(node, entry),
                                  .code = suggest_node_code(node, entry)};
    bool stopped;
    int status = read_bytes(fuzzy, &stand, bytes_of(&node->firsts[entry], 1), &place, &stopped);
    if (status != 0 || stopped) {
        return status;
    }
    if ((place.reference & SUGGEST_LEAF) == 0 && place.reference >= above) {
        return AISLE_CORRUPT;
    }
    return read_place(fuzzy, stand, &place);
}

/* Recursion goes as deep as a key has bytes: each step reads one, and read_byte counts them. */
static int read_place(struct fuzzy *fuzzy, struct stand stand, const struct suggest_place *place)
{
    struct suggest_node node;
    bool stopped;
    if ((place->reference & SUGGEST_LEAF) != 0) {
        return read_leaf(fuzzy, &stand, place);
    }
    if (*fuzzy->cursor->steps == 0) {
        return AISLE_LIMIT;
    }
    --*fuzzy->cursor->steps;
    if (suggest_node_at(fuzzy->cursor->reader, place->reference, &node) != 0 || place->label_bytes > node.label_size) {
        return AISLE_CORRUPT;
    }
    struct bytes label = bytes_of(node.label + place->label_bytes, node.label_size - place->label_bytes);
    int status = read_bytes(fuzzy, &stand, label, place, &stopped);
    uint32_t path_size = fuzzy->path_size;
    for (uint32_t i = 0; i < node.count && !stopped && status == 0; i++) {
        fuzzy->path_size = path_size;
        status = node.firsts[i] == 0 ? 0 : read_entry(fuzzy, stand, &node, i, place->reference);
    }
    return status;
}

int suggest_fuzzy(struct suggest_cursor *cursor, struct suggest_place space, struct bytes text,
                  const struct suggest_typed *typed, uint8_t edits)
{
    struct fuzzy fuzzy = {.cursor = cursor, .typed = typed, .edits = edits};
    struct stand stand = {.limit = edits};
    struct suggest_place place = space;
    struct bytes first = bytes_of(text.data, typed->first_bytes);
    bool stopped;
    int status = suggest_descend(cursor->reader, first, &place);
    if (status != 0) {
        return status == AISLE_END ? 0 : status;
    }
    for (uint32_t i = 0; i <= typed->count; i++) {
        fuzzy.rows[0][i] = (uint8_t)(i < FAR ? i : FAR);
    }
    status = read_bytes(&fuzzy, &stand, first, &place, &stopped);
    return status != 0 || stopped ? status : read_place(&fuzzy, stand, &place);
}
