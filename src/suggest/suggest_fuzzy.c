/*
 * suggest_fuzzy.c - the places of the tree whose beginnings are what was typed but for some errors.
 *
 * A walk down the tree with a row of the table of optimal string alignment for every character; where all of a row is
 * beyond the errors allowed, the walk turns back. A place is taken at the first character where the whole of what was
 * typed is matched well enough; below it the walk goes on only for fewer errors, so that every suggestion counts with
 * its best beginning.
 *
 * Of a row only the five cells about the diagonal can be within two errors. They are the bytes of one number, and a row
 * is made of the two above by some twenty steps without a branch: cell j of row r is that of the first r + j - 2
 * characters typed, so that a character replaced stays in its byte, a missing or an additional one moves by one.
 */
#include "suggest/suggest_private.h"

#include "base/utf8.h"

#define CELLS 5u                                 /* 2 * SUGGEST_EDITS + 1 */
#define ONES UINT64_C(0x0101010101)              /* 1 in each cell */
#define HIGHS UINT64_C(0x8080808080)
#define FIVE UINT64_C(0xffffffffff)
#define FARS UINT64_C(0x4040404040)              /* out of reach, with room to add to */
#define FIRST_ROW UINT64_C(0x0201004040)         /* of no character: 0, 1 and 2 characters missing */
#define ROWS (SUGGEST_KEY_BYTES + 3u)            /* characters of a key, and one more to try */
#define NEARS (SUGGEST_FUZZY_POINTS + CELLS)     /* rows that something typed is near to */
#define NO_POINT UINT32_MAX

static_assert(CELLS == 2 * SUGGEST_EDITS + 1, "the cells about the diagonal");

/* How a walk stands behind some bytes of the tree's keys. */
struct stand {
    uint32_t row;  /* characters read */
    uint8_t limit; /* errors still looked for */
    uint8_t size;  /* bytes read of a character that is not whole */
    uint8_t bytes[UTF8_BYTES_MAX];
};

/* The bytes that what is near in what was typed begins with, a bit for each, and all of them as suggest_follow says. */
struct near {
    uint64_t bytes[4];
    uint8_t follow;
};

struct fuzzy {
    struct suggest_cursor *cursor;
    const struct suggest_typed *typed;
    uint8_t edits;
    uint8_t path[SUGGEST_KEY_BYTES + 1]; /* bytes from where the word began */
    uint32_t path_size;
    uint64_t places[ROWS]; /* of each character read, from 1: a bit for each place where it was typed */
    uint64_t rows[ROWS];   /* by characters read */
    struct near nears[NEARS];
    uint64_t ascii[128]; /* places of these characters */
};

enum turn { GO_ON, TURN_BACK, MATCHED, MATCHED_LAST };

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
        typed->leads[typed->count] = *next;
        typed->first_bytes = typed->count == 0 ? size : typed->first_bytes;
        typed->count++;
        next += size;
    }
    return typed->count != 0;
}

/* What is typed near each row, and where each character is. */
static void prepare(struct fuzzy *fuzzy)
{
    const struct suggest_typed *typed = fuzzy->typed;
    for (uint32_t i = 0; i < typed->count; i++) {
        uint8_t lead = typed->leads[i];
        if (typed->points[i] < 128) {
            fuzzy->ascii[typed->points[i]] |= UINT64_C(1) << i;
        }
        /* A row's next character meets those from two before the diagonal to two behind; swapped ones, one before. */
        for (uint32_t row = i > SUGGEST_EDITS ? i - SUGGEST_EDITS : 0; row <= i + SUGGEST_EDITS + 1; row++) {
            fuzzy->nears[row].bytes[lead / 64] |= UINT64_C(1) << (lead % 64);
            fuzzy->nears[row].follow |= suggest_follow(lead);
        }
    }
    fuzzy->rows[0] = FIRST_ROW;
}

static const struct near *near_of(const struct fuzzy *fuzzy, const struct stand *stand)
{
    static const struct near nothing = {.follow = 0};
    return stand->row < NEARS ? &fuzzy->nears[stand->row] : &nothing;
}

static bool is_near(const struct near *near, uint8_t byte)
{
    return ((near->bytes[byte / 64] >> (byte % 64)) & 1) != 0;
}

static uint64_t places_of(const struct fuzzy *fuzzy, uint32_t point)
{
    uint64_t places = 0;
    if (point < 128) {
        return fuzzy->ascii[point];
    }
    for (uint32_t i = 0; i < fuzzy->typed->count && point != NO_POINT; i++) {
        places |= fuzzy->typed->points[i] == point ? UINT64_C(1) << i : 0;
    }
    return places;
}

/* A byte of ones for each cell of a row whose last character is at one of the places. */
static uint64_t cells_at(uint64_t places, uint32_t row)
{
    uint64_t bits = (row < 3 ? places << (3 - row) : row - 3 < 64 ? places >> (row - 3) : 0) & 0x1f;
    uint64_t spread = bits * ONES & UINT64_C(0x1008040201);
    return ((spread + UINT64_C(0x7f7f7f7f7f)) >> 7 & ONES) * 0xff;
}

static uint64_t least_cells(uint64_t a, uint64_t b)
{
    uint64_t a_is_more = ((((a | HIGHS) - b) & HIGHS) >> 7) * 0xff;
    return (b & a_is_more) | (a & ~a_is_more);
}

/* Whether a cell of the row is not above limit. */
static bool is_within(uint64_t cells, uint8_t limit)
{
    return ((cells + (0x7fu - limit) * ONES) & HIGHS) != HIGHS;
}

/* Fills the row of one more character, and returns whether any of its cells is within limit. */
static bool fill_row(struct fuzzy *fuzzy, uint32_t row, uint32_t point, uint8_t limit)
{
    uint64_t above = fuzzy->rows[row - 1];
    uint64_t places = places_of(fuzzy, point);
    uint64_t cells = above + (ONES & ~cells_at(places, row));
    cells = least_cells(cells, (above >> 8 | FARS << 32) + ONES);
    if (row > 1) {
        uint64_t swapped = cells_at(places << 1 & fuzzy->places[row - 1], row);
        cells = least_cells(cells, ((fuzzy->rows[row - 2] + ONES) & swapped) | (FARS & ~swapped));
    }
    for (uint32_t i = 0; i < SUGGEST_EDITS; i++) { /* characters too few: along the row */
        cells = least_cells(cells, ((cells << 8 | 0x40) & FIVE) + ONES);
    }
    cells = least_cells(cells, FARS);
    if (row + SUGGEST_EDITS > fuzzy->typed->count) { /* cells of more characters than were typed */
        uint32_t there = row < fuzzy->typed->count + 3 ? fuzzy->typed->count + 3 - row : 0;
        uint64_t kept = (UINT64_C(1) << (8 * there)) - 1;
        cells = (cells & kept) | (FARS & ~kept);
    }
    fuzzy->rows[row] = cells;
    fuzzy->places[row] = places;
    return is_within(cells, limit);
}

/* Whether the whole of what was typed is matched by the characters read, with so many *errors, fewer than before. */
static bool is_matched(const struct fuzzy *fuzzy, struct stand *stand, uint8_t *errors)
{
    uint32_t cell = fuzzy->typed->count + SUGGEST_EDITS - stand->row;
    if (stand->row > fuzzy->typed->count + SUGGEST_EDITS || cell >= CELLS) {
        return false;
    }
    *errors = (uint8_t)(fuzzy->rows[stand->row] >> (8 * cell));
    if (*errors > stand->limit) {
        return false;
    }
    stand->limit = *errors == 0 ? 0 : (uint8_t)(*errors - 1);
    return true;
}

/* Whether a row within stand's limit is there behind a character that is not near. Fills that row. */
static bool anything_follows(struct fuzzy *fuzzy, const struct stand *stand)
{
    return stand->size != 0 || stand->row >= SUGGEST_KEY_BYTES ||
           fill_row(fuzzy, stand->row + 1, NO_POINT, stand->limit);
}

/* What may follow the characters read, as suggest_follow says. */
static uint8_t what_follows(struct fuzzy *fuzzy, const struct stand *stand)
{
    return anything_follows(fuzzy, stand) ? UINT8_MAX : near_of(fuzzy, stand)->follow;
}

/*
 * Reads one more byte of a key. MATCHED: all that was typed, with so many errors; further down only fewer count, which
 * MATCHED_LAST says there cannot be.
 */
static enum turn read_byte(struct fuzzy *fuzzy, struct stand *stand, uint8_t byte, uint8_t *errors)
{
    uint32_t point = byte;
    if (fuzzy->path_size == SUGGEST_KEY_BYTES) {
        return TURN_BACK;
    }
    fuzzy->path[fuzzy->path_size++] = byte;
    if (byte >= 0x80 || stand->size != 0) {
        stand->bytes[stand->size++] = byte;
        if (utf8_decode(stand->bytes, stand->bytes + stand->size, &point) == 0) {
            return stand->size == UTF8_BYTES_MAX ? TURN_BACK : GO_ON;
        }
        stand->size = 0;
    }
    uint8_t limit = stand->limit;
    bool alive = fill_row(fuzzy, ++stand->row, point, limit);
    if (!is_matched(fuzzy, stand, errors)) {
        return alive ? GO_ON : TURN_BACK;
    }
    alive = *errors != 0 && is_within(fuzzy->rows[stand->row], stand->limit);
    return alive ? MATCHED : MATCHED_LAST;
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
        if ((turn == MATCHED || turn == MATCHED_LAST) && errors == fuzzy->edits) {
            status = suggest_cursor_push(fuzzy->cursor, place);
        }
        *stopped = turn == TURN_BACK || turn == MATCHED_LAST;
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

/* What is behind an entry whose first byte was read; above: the node that it stands in. */
static int read_below(struct fuzzy *fuzzy, const struct stand *stand, const struct suggest_place *place,
                      uint32_t above)
{
    if ((place->reference & SUGGEST_LEAF) == 0 && place->reference >= above) {
        return AISLE_CORRUPT;
    }
    return read_place(fuzzy, *stand, place);
}

static struct suggest_place place_of(const struct suggest_node *node, uint32_t entry)
{
    return (struct suggest_place){.reference = suggest_node_reference(node, entry),
                                  .code = suggest_node_code(node, entry)};
}

/* Entries that begin with what is near in what was typed, or with any byte. */
static int read_near(struct fuzzy *fuzzy, const struct stand *stand, const struct suggest_node *node,
                     const struct near *near, uint32_t above)
{
    uint32_t path_size = fuzzy->path_size;
    int status = 0;
    for (uint32_t i = 0; i < node->count && status == 0; i++) {
        if (node->firsts[i] != 0 && (near == NULL || is_near(near, node->firsts[i]))) {
            struct suggest_place place = place_of(node, i);
            struct stand behind = *stand;
            bool stopped;
            fuzzy->path_size = path_size;
            status = read_bytes(fuzzy, &behind, bytes_of(&node->firsts[i], 1), &place, &stopped);
            if (status == 0 && !stopped && (what_follows(fuzzy, &behind) & node->follows[i]) != 0) {
                status = read_below(fuzzy, &behind, &place, above);
            }
        }
    }
    fuzzy->path_size = path_size;
    return status;
}

/*
 * All other entries. Their first characters make the same row, whichever they are: it is filled once, and where all of
 * it is beyond the errors allowed, as in most nodes, none of them is looked at.
 */
static int read_far(struct fuzzy *fuzzy, const struct stand *stand, const struct suggest_node *node,
                    const struct near *near, uint32_t above)
{
    uint32_t path_size = fuzzy->path_size;
    struct stand behind = *stand;
    uint8_t errors = 0;
    int status = 0;
    if (path_size == SUGGEST_KEY_BYTES || !fill_row(fuzzy, ++behind.row, NO_POINT, stand->limit)) {
        return 0;
    }
    bool matched = is_matched(fuzzy, &behind, &errors) && errors == fuzzy->edits;
    uint8_t follow = is_within(fuzzy->rows[behind.row], behind.limit) ? what_follows(fuzzy, &behind) : 0;
    for (uint32_t i = 0; i < node->count && status == 0; i++) {
        uint8_t first = node->firsts[i];
        if (first == 0 || is_near(near, first)) {
            continue;
        }
        struct suggest_place place = place_of(node, i);
        struct stand inside = behind;
        if (first >= 0x80) { /* the same row, but there are bytes to come */
            inside = *stand;
            inside.bytes[inside.size++] = first;
        } else if (matched) {
            status = suggest_cursor_push(fuzzy->cursor, &place);
        }
        fuzzy->path[path_size] = first;
        fuzzy->path_size = path_size + 1;
        if (status == 0 && (first >= 0x80 || (follow & node->follows[i]) != 0)) {
            status = read_below(fuzzy, &inside, &place, above);
        }
        if (first >= 0x80) {
            (void)fill_row(fuzzy, behind.row, NO_POINT, 0); /* which its character has filled */
        }
    }
    fuzzy->path_size = path_size;
    return status;
}

/* Recursion goes as deep as a key has bytes: each step reads one, and the path counts them. */
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
    if (status != 0 || stopped) {
        return status;
    }
    if (stand.size != 0) { /* inside a character */
        return read_near(fuzzy, &stand, &node, NULL, place->reference);
    }
    const struct near *near = near_of(fuzzy, &stand);
    status = read_near(fuzzy, &stand, &node, near, place->reference);
    return status != 0 ? status : read_far(fuzzy, &stand, &node, near, place->reference);
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
    prepare(&fuzzy);
    status = read_bytes(&fuzzy, &stand, first, &place, &stopped);
    return status != 0 || stopped ? status : read_place(&fuzzy, stand, &place);
}
