/*
 * tokenise.c - the scan for words.
 *
 * A stretch is a run of letters and digits without any sign; nearly every word is one stretch, and that case is a
 * loop over one table. Where a stretch ends at an apostrophe, '.' or ',', go_on decides whether the word does too.
 * The folded text ends with a NUL, a separator, so that looking one character ahead needs no bound.
 */
#include "text/tokenise.h"

#include "text/units.h"

#define SIGN 8u    /* an apostrophe, '.' or ',': may stand inside a word */
#define BEYOND 16u /* not ASCII: the folder knows the kind */
#define WORD_KINDS (KIND_LETTER | KIND_DIGIT)

#define D KIND_DIGIT
#define L KIND_LETTER
#define S SIGN
#define B BEYOND
#define B32 B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B

static const uint8_t kind_of_byte[256] = {
    0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* control characters */
    0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* */
    0,   0,   0,   0,   0, 0, 0, S, 0, 0, 0, 0, S, 0, S, 0, /* ' , . */
    D,   D,   D,   D,   D, D, D, D, D, D, 0, 0, 0, 0, 0, 0, /* */
    0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* upper case: folded away */
    0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* */
    0,   L,   L,   L,   L, L, L, L, L, L, L, L, L, L, L, L, /* */
    L,   L,   L,   L,   L, L, L, L, L, L, L, 0, 0, 0, 0, 0, /* */
    B32, B32, B32, B32,
};

#undef D
#undef L
#undef S
#undef B
#undef B32

/* A word being read: bytes up to write - 1 are in it, those from read on are to be looked at. */
struct scan {
    size_t write;
    size_t read;
    uint8_t since; /* kinds since the word began or its last '.' or ',' */
};

static inline uint8_t kind_at(const struct folder *folder, size_t i)
{
    uint8_t kind = kind_of_byte[folder->bytes[i]];
    return kind == BEYOND ? folder->kinds[i] : kind;
}

/* The span that folded lies in; offsets asked for never go back. */
static const struct fold_span *find_span(struct tokeniser *tokeniser, size_t folded)
{
    const struct folder *folder = tokeniser->folder;
    while (tokeniser->span + 1 < folder->span_count && folder->spans[tokeniser->span + 1].folded_start <= folded) {
        tokeniser->span++;
    }
    return &folder->spans[tokeniser->span];
}

static uint32_t source_start(struct tokeniser *tokeniser, size_t folded)
{
    if (tokeniser->folder->span_count == 0) {
        return (uint32_t)folded;
    }
    const struct fold_span *span = find_span(tokeniser, folded);
    return span->source_end != 0 ? span->source_start : span->source_start + (uint32_t)folded - span->folded_start;
}

/* Of the offset behind a character. */
static uint32_t source_end(struct tokeniser *tokeniser, size_t folded)
{
    if (tokeniser->folder->span_count == 0) {
        return (uint32_t)folded;
    }
    const struct fold_span *span = find_span(tokeniser, folded - 1);
    return span->source_end != 0 ? span->source_end : span->source_start + (uint32_t)folded - span->folded_start;
}

/* Whether a ',' between digits separates thousands: one to three digits before it, exactly three behind. */
static bool separates_thousands(const struct folder *folder, size_t before_start, size_t before_end, size_t behind)
{
    size_t before_count = 0;
    for (size_t i = before_start; i < before_end; i++) {
        before_count += (folder->bytes[i] & 0xc0) != 0x80;
    }
    size_t behind_count = 0;
    for (size_t i = behind; behind_count <= 3 && kind_at(folder, i) == KIND_DIGIT; i++) {
        behind_count += (folder->bytes[i] & 0xc0) != 0x80;
    }
    return before_count <= 3 && behind_count == 3;
}

/*
 * The stretch just read, stretch_size long, ended at the sign at read. Whether the word goes on behind it; moves read,
 * and write when the sign stays.
 */
static bool go_on(const struct folder *folder, struct scan *scan, size_t stretch_size, struct word *word)
{
    size_t sign = scan->read;
    uint8_t next = kind_at(folder, sign + 1);
    if (folder->bytes[sign] == '\'') {
        if (kind_at(folder, sign - 1) != KIND_LETTER || next != KIND_LETTER) {
            return false;
        }
        if (folder->bytes[sign + 1] == 's' && (kind_at(folder, sign + 2) & WORD_KINDS) == 0) {
            scan->read = sign + 2;
            return false;
        }
        scan->read = sign + 1;
        return true;
    }
    if (scan->since != KIND_DIGIT || next != KIND_DIGIT) {
        return false;
    }
    bool dropped = folder->bytes[sign] == ',' &&
                   separates_thousands(folder, scan->write - stretch_size, scan->write, sign + 1);
    if (!dropped) {
        folder->bytes[scan->write++] = '.';
        word->kinds |= WORD_DOT;
    }
    scan->since = 0;
    scan->read = sign + 1;
    return true;
}

/* Reads one word, as yet without a unit. */
static bool scan_word(struct tokeniser *tokeniser, struct word *word)
{
    const struct folder *folder = tokeniser->folder;
    size_t gap = tokeniser->next;
    size_t start = gap;
    while (start < folder->size && (kind_at(folder, start) & WORD_KINDS) == 0) {
        start++;
    }
    if (start == folder->size) {
        tokeniser->next = start;
        return false;
    }
    word->text = folder->bytes + start;
    word->gap = start - gap == 1 ? folder->bytes[gap] : 0;
    word->kinds = 0;
    word->start = source_start(tokeniser, start);
    struct scan scan = {.write = start, .read = start};
    for (;;) {
        size_t stretch = scan.read;
        size_t i = stretch;
        uint8_t kinds = 0;
        uint8_t kind = kind_at(folder, i);
        while ((kind & WORD_KINDS) != 0) {
            kinds |= kind;
            kind = kind_at(folder, ++i);
        }
        if (scan.write != stretch) { /* the character before the sign stays where it was, for go_on to see */
            memmove(folder->bytes + scan.write, folder->bytes + stretch, i - stretch);
        }
        scan.write += i - stretch;
        scan.read = i;
        scan.since |= kinds;
        word->kinds |= kinds;
        if (kind != SIGN || !go_on(folder, &scan, i - stretch, word)) {
            break;
        }
    }
    word->size = scan.write - start;
    word->end = source_end(tokeniser, scan.read);
    tokeniser->next = scan.read;
    return true;
}

void tokeniser_init(struct tokeniser *tokeniser, struct folder *folder)
{
    *tokeniser = (struct tokeniser){.folder = folder};
}

bool tokeniser_next(struct tokeniser *tokeniser, struct word *word)
{
    if (tokeniser->has_ahead) {
        *word = tokeniser->ahead;
        tokeniser->has_ahead = false;
    } else if (!scan_word(tokeniser, word)) {
        return false;
    }
    if ((word->kinds & KIND_LETTER) != 0 || !scan_word(tokeniser, &tokeniser->ahead)) {
        return true;
    }
    const struct word *unit = &tokeniser->ahead;
    if ((unit->gap == ' ' || unit->gap == '-') && unit_known(bytes_of(unit->text, unit->size))) {
        memmove(word->text + word->size, unit->text, unit->size);
        word->size += unit->size;
        word->kinds |= unit->kinds;
        word->end = unit->end;
    } else {
        tokeniser->has_ahead = true;
    }
    return true;
}
