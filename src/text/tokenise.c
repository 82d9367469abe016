/*
 * tokenise.c - the scan for words.
 *
 * A stretch is a run of letters and digits without any sign; nearly every word is one stretch, and that case is a
 * loop over one table. Where a stretch ends at an apostrophe, '.' or ',', go_on decides whether the word does too.
 * The folded text ends with a NUL, a separator, so that looking one character ahead needs no bound.
 */
#include "text/tokenise_private.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "text/letters.h"
#include "text/units.h"

#define QUOTATION_BYTES 64u /* how far back a quotation may have begun */

#define D KIND_DIGIT
#define L KIND_LETTER
#define S SIGN
#define B BEYOND
#define B32 B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B

const uint8_t tokenise_kinds[256] = {
    0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* control characters */
    0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* */
    0,   0,   0,   S,   0, 0, 0, S, 0, 0, 0, S, S, 0, S, S, /* # ' + , . / */
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

static_assert(SOLID_BYTES_MAX * 2 <= LIMIT_TERM_BYTES, "a pair of solid characters is a term");

/* Out of the way of nearly all words, which need none of it. */
#define noinline __attribute__((noinline))

/* A word being read: bytes up to write - 1 are in it, those from read on are to be looked at. */
struct scan {
    size_t write;
    size_t read;
    uint8_t since; /* kinds since the word began or its last '.' or ',' */
    bool dotted;   /* its dots separate thousands */
};

static inline bool is_ascii_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* Digits from at on, at most max + 1 of them. */
static size_t count_digits(const struct folder *folder, size_t at, size_t max, size_t *end)
{
    size_t count = 0;
    for (; count <= max && kind_at(folder, at) == KIND_DIGIT; at++) {
        count += (folder->bytes[at] & 0xc0) != 0x80;
    }
    *end = at;
    return count;
}

/* Whether one to three digits stand before a sign. */
static bool is_short_group(const struct folder *folder, size_t start, size_t end)
{
    size_t count = 0;
    for (size_t i = start; i < end; i++) {
        count += (folder->bytes[i] & 0xc0) != 0x80;
    }
    return count <= 3;
}

/* Whether exactly three digits stand behind the sign at; *end: behind them. */
static bool is_group(const struct folder *folder, size_t sign, size_t *end)
{
    return count_digits(folder, sign + 1, 3, end) == 3;
}

/* Whether the '.' at sign separates thousands, which what stands behind tells, or what stood before. */
static bool dot_separates_thousands(const struct folder *folder, const struct scan *scan, size_t sign)
{
    size_t end;
    if (!is_group(folder, sign, &end)) {
        return false;
    }
    uint8_t next = folder->bytes[end];
    if (scan->dotted || (next == '.' && is_group(folder, end, &end))) {
        return true;
    }
    if (next != ',') {
        return false;
    }
    size_t last = count_digits(folder, end + 1, 2, &end);
    next = folder->bytes[end];
    return last >= 1 && last <= 2 && (kind_at(folder, end) & ANY_KINDS) == 0 && next != ',' && next != '.';
}

/* The sign between digits at scan->read: takes it out, keeps it as '.', or ends the word. */
static bool go_on_number(const struct folder *folder, struct scan *scan, size_t stretch_size, struct word *word)
{
    size_t sign = scan->read;
    uint8_t byte = folder->bytes[sign];
    size_t end;
    bool dropped = is_short_group(folder, scan->write - stretch_size, scan->write);
    if (byte == '.') {
        dropped = dropped && dot_separates_thousands(folder, scan, sign);
        scan->dotted = dropped;
    } else {
        dropped = dropped && is_group(folder, sign, &end) && !scan->dotted;
        if (byte == '\'' && !dropped) {
            return false;
        }
    }
    if (!dropped) {
        folder->bytes[scan->write++] = '.';
        word->kinds |= WORD_DOT;
    }
    scan->since = 0;
    scan->read = sign + 1;
    return true;
}

/* Behind letters: "'s" ends the word, another apostrophe goes. */
static bool go_on_letters(const struct folder *folder, struct scan *scan)
{
    size_t sign = scan->read;
    if (kind_at(folder, sign - 1) != KIND_LETTER || kind_at(folder, sign + 1) != KIND_LETTER) {
        return false;
    }
    if (folder->bytes[sign + 1] == 's' && (kind_at(folder, sign + 2) & WORD_KINDS) == 0) {
        scan->read = sign + 2;
        return false;
    }
    scan->read = sign + 1;
    return true;
}

/*
 * Digits that the word ends with at scan->write, behind numbers with 'x' between; 0: it is something else. A word that
 * is longer than any term is: all of it is looked at behind each 'x', which in a word without end would take forever.
 */
noinline static size_t times_group(const struct scan *scan, const struct word *word, const struct folder *folder)
{
    size_t start = (size_t)(word->text - folder->bytes);
    size_t at = scan->write;
    while (at > start && is_ascii_digit(folder->bytes[at - 1])) {
        at--;
    }
    size_t group = scan->write - at;
    bool times = group != 0 && at >= start + 2 && at - start <= LIMIT_TERM_BYTES && folder->bytes[at - 1] == 'x' &&
                 is_ascii_digit(word->text[0]) && is_ascii_digit(folder->bytes[at - 2]);
    for (size_t i = start; i < at && times; i++) {
        times = is_ascii_digit(folder->bytes[i]) || folder->bytes[i] == 'x' || folder->bytes[i] == '.';
    }
    return times ? group : 0;
}

/* Takes the second number of a fraction whose first one ends at the '/' at scan->read. */
static void take_fraction(const struct folder *folder, struct scan *scan, size_t first, struct word *word)
{
    size_t sign = scan->read;
    size_t start = scan->write - first;
    size_t end;
    size_t count = count_digits(folder, sign + 1, 3, &end);
    bool alone = start == 0 || folder->bytes[start - 1] != '/';
    if (word->kinds != KIND_DIGIT || !alone || !is_short_group(folder, start, scan->write) || count < 1 || count > 3 ||
        scan->write != sign || folder->bytes[end] == '/') {
        return;
    }
    uint8_t next = folder->bytes[end];
    if ((next == '.' || next == ',') && kind_at(folder, end + 1) == KIND_DIGIT) {
        return;
    }
    word->kinds |= WORD_FRACTION;
    scan->write = end;
    scan->read = end;
}

/* Takes signs that belong to a word that ends at scan->read, or notes a '+' as a word of its own. */
static void take_signs(struct tokeniser *tokeniser, struct scan *scan, size_t size, struct word *word)
{
    const struct folder *folder = tokeniser->folder;
    size_t sign = scan->read;
    uint8_t byte = folder->bytes[sign];
    size_t count = byte == '+' && folder->bytes[sign + 1] == '+' ? 2 : 1;
    uint8_t next = folder->bytes[sign + count];
    if ((kind_at(folder, sign + count) & ANY_KINDS) != 0 || next == byte) {
        return;
    }
    if (byte == '+' && count == 1) {
        tokeniser->plus = sign + 1;
        return;
    }
    if (word->kinds == KIND_LETTER && (byte == '+' || size == 1)) {
        word->kinds |= WORD_SIGNS;
        memset(folder->bytes + scan->write, byte, count);
        scan->write += count;
        scan->read += count;
    }
}

/*
 * The stretch just read, stretch_size long, ended at the sign at read. Whether the word goes on behind it; moves read,
 * and write when the sign stays.
 */
static bool go_on(struct tokeniser *tokeniser, struct scan *scan, size_t stretch_size, struct word *word)
{
    const struct folder *folder = tokeniser->folder;
    size_t size = scan->write - (size_t)(word->text - folder->bytes);
    switch (folder->bytes[scan->read]) {
    case '\'':
        if (kind_at(folder, scan->read - 1) == KIND_LETTER) {
            return go_on_letters(folder, scan);
        }
        break;
    case '/':
        take_fraction(folder, scan, stretch_size, word);
        return false;
    case '+':
    case '#':
        take_signs(tokeniser, scan, size, word);
        return false;
    default:
        break;
    }
    if (kind_at(folder, scan->read + 1) != KIND_DIGIT) {
        return false;
    }
    if (scan->since != KIND_DIGIT) { /* behind an 'x', numbers begin anew */
        stretch_size = times_group(scan, word, folder);
        scan->dotted = false;
    }
    return stretch_size != 0 && go_on_number(folder, scan, stretch_size, word);
}

/* What stands from gap to start, where a word begins. */
static uint8_t gap_before(const struct folder *folder, size_t gap, size_t start)
{
    const uint8_t *bytes = folder->bytes + gap;
    switch (start - gap) {
    case 0:
        return (uint8_t)(gap == 0 ? GAP_OTHER : GAP_NONE);
    case 1:
        return bytes[0] < ' ' ? GAP_OTHER : bytes[0]; /* the numbers of control characters are GAP_ values */
    case 2:
        return memcmp(bytes, " '", 2) == 0 || memcmp(bytes, "' ", 2) == 0 ? GAP_QUOTED : GAP_OTHER;
    case 3:
        return memcmp(bytes, " & ", 3) == 0 ? GAP_AND : GAP_OTHER;
    default:
        return GAP_OTHER;
    }
}

/* Whether the '.' at dot, which a word follows, begins it: at the start, behind a space or '('. */
static bool begins_word(const struct folder *folder, size_t dot)
{
    return dot == 0 || folder->bytes[dot - 1] == ' ' || folder->bytes[dot - 1] == '(';
}

/* Gives a word the '.' before it, if it is a number or the one name that begins so. */
static void take_point(struct tokeniser *tokeniser, size_t start, struct word *word)
{
    const struct folder *folder = tokeniser->folder;
    bool name = word->size == 3 && memcmp(word->text, "net", 3) == 0;
    bool number = kind_at(folder, start) == KIND_DIGIT && (word->kinds & (WORD_DOT | WORD_FRACTION)) == 0;
    if (!begins_word(folder, start - 1) || (!name && !number)) {
        return;
    }
    word->text--;
    word->size++;
    word->kinds |= name ? WORD_SIGNS : WORD_POINT | WORD_DOT;
    word->gap = GAP_OTHER;
}

/* One character of a solid script, with the marks on it. */
static void read_solid(struct tokeniser *tokeniser, size_t start, struct word *word)
{
    const struct folder *folder = tokeniser->folder;
    const uint8_t *end = folder->bytes + folder->size;
    const uint8_t *p = word->text;
    uint32_t point;
    p += utf8_decode(p, end, &point);
    while (kind_at(folder, (size_t)(p - folder->bytes)) == KIND_SOLID && p < end) {
        size_t size = utf8_decode(p, end, &point);
        if (!fold_is_mark(point) || (size_t)(p - word->text) + size > SOLID_BYTES_MAX) {
            break;
        }
        p += size;
    }
    word->kinds = KIND_SOLID;
    word->size = (size_t)(p - word->text);
    word->end = source_end(tokeniser, start + word->size);
    tokeniser->next = start + word->size;
}

static void read_plus(struct tokeniser *tokeniser, struct word *word)
{
    static const uint8_t plus[] = {'p', 'l', 'u', 's'};
    size_t end = tokeniser->plus;
    *word = (struct word){.text = plus, .size = sizeof plus, .gap = GAP_NONE, .kinds = KIND_LETTER};
    word->start = source_start(tokeniser, end - 1);
    word->end = source_end(tokeniser, end);
    tokeniser->plus = 0;
    tokeniser->next = end;
}

/* Reads the stretches of a word from start on. */
static void read_word(struct tokeniser *tokeniser, size_t start, struct word *word)
{
    const struct folder *folder = tokeniser->folder;
    struct scan scan = {.write = start, .read = start};
    for (;;) {
        size_t stretch = scan.read;
        size_t i = letters_pass(folder->bytes, folder->size, stretch);
        uint8_t kinds = (uint8_t)(i == stretch ? 0 : KIND_LETTER);
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
        if (kind != SIGN || !go_on(tokeniser, &scan, i - stretch, word)) {
            break;
        }
    }
    word->size = scan.write - start;
    word->end = source_end(tokeniser, scan.read);
    tokeniser->next = scan.read;
}

/* Reads one word, as yet without a unit. */
static bool scan_word(struct tokeniser *tokeniser, struct word *word)
{
    const struct folder *folder = tokeniser->folder;
    if (tokeniser->plus != 0) {
        read_plus(tokeniser, word);
        return true;
    }
    size_t gap = tokeniser->next;
    size_t start = gap;
    while (start < folder->size && (kind_at(folder, start) & ANY_KINDS) == 0) {
        start++;
    }
    if (start == folder->size) {
        tokeniser->next = start;
        return false;
    }
    word->text = folder->bytes + start;
    word->gap = start - gap == 1 && folder->bytes[gap] >= ' ' ? folder->bytes[gap] : gap_before(folder, gap, start);
    word->kinds = 0;
    word->unit = UNIT_NONE;
    word->start = source_start(tokeniser, start);
    if (kind_at(folder, start) == KIND_SOLID) {
        read_solid(tokeniser, start, word);
        return true;
    }
    read_word(tokeniser, start, word);
    if (start != gap && folder->bytes[start - 1] == '.') {
        take_point(tokeniser, start, word);
    }
    return true;
}

void tokeniser_init(struct tokeniser *tokeniser, struct folder *folder)
{
    *tokeniser = (struct tokeniser){.folder = folder};
}

/* ---- units ---- */

/* Whether a '"' behind a number, at quote, ends a quotation instead of telling inches. */
static bool closes_quotation(const struct folder *folder, size_t quote)
{
    size_t lowest = quote > QUOTATION_BYTES ? quote - QUOTATION_BYTES : 0;
    for (size_t i = quote; i-- > lowest;) {
        if (folder->bytes[i] == '"') {
            return (i == 0 || (kind_at(folder, i - 1) & ANY_KINDS) == 0) && (kind_at(folder, i + 1) & ANY_KINDS) != 0;
        }
    }
    return false;
}

/* The bytes of an inch sign at at; 0: there is none. */
static size_t inch_sign(const struct folder *folder, size_t at)
{
    static const char *const signs[] = {"''", "\xe2\x80\xb2\xe2\x80\xb2", "\xe2\x80\x9d"};
    uint8_t byte = folder->bytes[at];
    if (byte == '"') {
        return closes_quotation(folder, at) ? 0 : 1;
    }
    if (byte != '\'' && byte != 0xe2) {
        return 0;
    }
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t size = strlen(signs[i]);
        if (size <= folder->size - at && memcmp(folder->bytes + at, signs[i], size) == 0) {
            return size;
        }
    }
    return 0;
}

/*
 * The bytes of a foot sign at at, which one apostrophe is only between lengths; 0: there is none. Behind it may stand
 * no digit, as in 6'2", and of letters only an 'x' before a digit.
 */
static size_t foot_sign(const struct folder *folder, size_t at)
{
    const uint8_t *bytes = folder->bytes;
    bool prime = folder->size - at >= 3 && memcmp(bytes + at, "\xe2\x80\xb2", 3) == 0;
    size_t size = bytes[at] == '\'' ? 1 : prime ? 3 : 0;
    if (size == 0 || inch_sign(folder, at) != 0) {
        return 0;
    }
    at += size;
    bool times = bytes[at] == 'x' && is_ascii_digit(bytes[at + 1]);
    return times || (kind_at(folder, at) & ANY_KINDS) == 0 ? size : 0;
}

/* "N in 1": the word "in" that ends at at is followed by a space or hyphen and a 1 that is all of a word. */
static bool precedes_one(const struct folder *folder, size_t at)
{
    return (folder->bytes[at] == ' ' || folder->bytes[at] == '-') && folder->bytes[at + 1] == '1' &&
           (kind_at(folder, at + 2) & ANY_KINDS) == 0;
}

/* "fl oz": of the word "fl" that ends at at, where the "oz" behind it ends; 0: none follows. */
static size_t find_ounces(const struct folder *folder, size_t at)
{
    at += folder->bytes[at] == '.';
    at += folder->bytes[at] == ' ';
    bool found = folder->size - at >= 2 && memcmp(folder->bytes + at, "oz", 2) == 0;
    return found && (kind_at(folder, at + 2) & ANY_KINDS) == 0 ? at + 2 : 0;
}

/* The unit that the word ahead is, behind a number. */
static uint8_t unit_ahead(struct tokeniser *tokeniser)
{
    struct word *ahead = &tokeniser->ahead;
    struct bytes name = bytes_of(ahead->text, ahead->size);
    if (ahead->kinds != KIND_LETTER) {
        return UNIT_NONE;
    }
    size_t ounces = 0;
    if (name.size == 2 && memcmp(name.data, "fl", 2) == 0 && tokeniser->plus == 0) {
        ounces = find_ounces(tokeniser->folder, tokeniser->next);
    }
    if (ounces != 0) {
        tokeniser->next = ounces;
        ahead->end = source_end(tokeniser, ounces);
        ahead->text = tokeniser->folder->bytes + ounces - 2;
        return UNIT_OUNCE;
    }
    uint8_t unit = unit_find(name);
    bool in = name.size == 2 && memcmp(name.data, "in", 2) == 0;
    return in && precedes_one(tokeniser->folder, tokeniser->next) ? UNIT_NONE : unit;
}

/*
 * The bytes from at, behind a number, that stand for an 'x' before a digit: 'x' or U+00D7 between two spaces, or U+00D7
 * alone; 0: something else stands there, or what follows is a fraction.
 */
static size_t times_sign(const struct folder *folder, size_t at)
{
    const uint8_t *bytes = folder->bytes;
    size_t spaces = bytes[at] == ' ' ? 1 : 0;
    size_t i = at + spaces;
    size_t size = bytes[i] == 'x' && spaces != 0 ? 1 : bytes[i] == 0xc3 && bytes[i + 1] == 0x97 ? 2 : 0;
    size_t end;
    if (size == 0 || (spaces != 0 && bytes[i + size] != ' ')) {
        return 0;
    }
    i += size + spaces;
    (void)count_digits(folder, i, SIZE_MAX - 1, &end);
    return end == i || bytes[end] == '/' ? 0 : i - at;
}

/* Likewise between lengths, where an 'x' may stand directly behind a sign: 24"x36". */
static size_t times_between(const struct folder *folder, size_t at)
{
    const uint8_t *bytes = folder->bytes;
    bool behind_sign = at != 0 && (kind_at(folder, at - 1) & ANY_KINDS) == 0 && bytes[at - 1] != ' ';
    return behind_sign && bytes[at] == 'x' && is_ascii_digit(bytes[at + 1]) ? 1 : times_sign(folder, at);
}

/* Where a number of ASCII digits with one point or comma at most ends that begins at at; at: none does. */
static size_t simple_number_end(const uint8_t *bytes, size_t at)
{
    size_t start = at;
    bool in_fraction = false;
    while (is_ascii_digit(bytes[at]) ||
           (!in_fraction && at != start && (bytes[at] == '.' || bytes[at] == ',') && is_ascii_digit(bytes[at + 1]))) {
        in_fraction = in_fraction || !is_ascii_digit(bytes[at]);
        at++;
    }
    return at;
}

/* Whether what stands behind a foot sign, at at, is another number with one that it is multiplied with. */
static bool feet_follow(const struct folder *folder, size_t at)
{
    size_t sign = times_between(folder, at);
    size_t end = simple_number_end(folder->bytes, at + sign);
    return sign != 0 && end != at + sign && foot_sign(folder, end) != 0;
}

/* A sign in place of a unit, behind a number: its bytes and the unit; 0: there is none. among: the unit of lengths. */
static size_t unit_sign(const struct folder *folder, size_t at, uint8_t among, uint8_t *unit)
{
    size_t size = inch_sign(folder, at);
    *unit = UNIT_INCH;
    if (size == 0 && (size = foot_sign(folder, at)) != 0) {
        *unit = UNIT_FOOT;
        size = among == UNIT_FOOT || feet_follow(folder, at + size) ? size : 0;
    }
    return size;
}

/* Gives a number the unit behind it; among: that of the lengths that it stands among, or UNIT_NONE. */
static void take_unit(struct tokeniser *tokeniser, struct word *word, uint8_t among)
{
    struct folder *folder = tokeniser->folder;
    uint8_t unit;
    size_t sign = tokeniser->plus == 0 ? unit_sign(folder, tokeniser->next, among, &unit) : 0;
    word->number_size = (uint32_t)word->size;
    if (sign != 0) {
        word->unit = unit;
        tokeniser->next += sign;
        word->end = source_end(tokeniser, tokeniser->next);
        return;
    }
    if (!scan_word(tokeniser, &tokeniser->ahead)) {
        return;
    }
    const struct word *ahead = &tokeniser->ahead;
    bool glued = ahead->gap == GAP_NONE && (word->kinds & WORD_FRACTION) != 0;
    bool near = ahead->gap == ' ' || ahead->gap == '-' || glued;
    word->unit = near ? unit_ahead(tokeniser) : UNIT_NONE;
    if (word->unit == UNIT_NONE) {
        tokeniser->has_ahead = true;
        return;
    }
    memmove(folder->bytes + (word->text - folder->bytes) + word->size, ahead->text, ahead->size);
    word->size += ahead->size;
    word->kinds |= ahead->kinds;
    word->end = ahead->end;
}

/* Where the number that begins at from ends. */
static size_t number_end(const struct word *word, size_t from)
{
    while (from < word->size && (is_ascii_digit(word->text[from]) || word->text[from] == '.')) {
        from++;
    }
    return from;
}

/* Gives a number the numbers behind it that it is multiplied with. */
noinline static void take_times(struct tokeniser *tokeniser, struct word *word)
{
    struct folder *folder = tokeniser->folder;
    bool is_number = (word->kinds & (WORD_FRACTION | WORD_POINT)) == 0;
    size_t sign;
    while (is_number && tokeniser->plus == 0 && (sign = times_sign(folder, tokeniser->next)) != 0) {
        struct word next;
        tokeniser->next += sign;
        (void)scan_word(tokeniser, &next);
        uint8_t *end = folder->bytes + (word->text - folder->bytes) + word->size;
        end[0] = 'x';
        memmove(end + 1, next.text, next.size);
        word->size += 1 + next.size;
        word->kinds |= KIND_LETTER | next.kinds;
        word->end = next.end;
        is_number = (next.kinds & KIND_LETTER) == 0;
    }
}

/*
 * Whether a number with this unit, and nothing that would make another word of it, stands at at. Reading a word cannot
 * be taken back, so that this is looked at first.
 */
static bool has_length(const struct folder *folder, size_t at, uint8_t unit)
{
    const uint8_t *bytes = folder->bytes;
    size_t start = at;
    at = simple_number_end(bytes, start);
    if (at == start || inch_sign(folder, at) != 0) {
        return at != start && unit == UNIT_INCH;
    }
    if (unit == UNIT_FOOT && foot_sign(folder, at) != 0) {
        return true;
    }
    bool is_apart = bytes[at] == ' ' || bytes[at] == '-';
    at += is_apart;
    size_t end = at;
    while (kind_at(folder, end) == KIND_LETTER) {
        end++;
    }
    bool in = is_apart && unit == UNIT_INCH && end - at == 2;
    bool goes_on = (kind_at(folder, end) & ANY_KINDS) != 0 || bytes[end] == '\'' || bytes[end] == '+' ||
                   bytes[end] == '#';
    return !goes_on && unit_find(bytes_of(bytes + at, end - at)) == unit && !(in && precedes_one(folder, end));
}

/* Gives a number with a unit of length the numbers behind it that have the same: "50 cm x 70 cm" is "50x70cm". */
noinline static void take_lengths(struct tokeniser *tokeniser, struct word *word)
{
    struct folder *folder = tokeniser->folder;
    uint8_t *text = folder->bytes + (word->text - folder->bytes);
    size_t size = word->number_size; /* of the numbers so far */
    size_t sign;
    for (uint32_t count = 1; count < TIMES_MAX && tokeniser->plus == 0; count++) {
        struct word next;
        sign = times_between(folder, tokeniser->next);
        if (sign == 0 || !has_length(folder, tokeniser->next + sign, word->unit)) {
            return;
        }
        tokeniser->next += sign;
        (void)scan_word(tokeniser, &next);
        next.number_size = (uint32_t)number_end(&next, 0);
        if ((next.kinds & KIND_LETTER) == 0) {
            take_unit(tokeniser, &next, word->unit);
        }
        text[size] = 'x';
        memmove(text + size + 1, next.text, next.size);
        word->number_size = (uint32_t)size + 1;
        word->size = size + 1 + next.size;
        word->kinds |= KIND_LETTER | WORD_TIMES | next.kinds;
        word->end = next.end;
        size += 1 + next.number_size;
    }
}

/* Where, in a word, the unit that begins at from ends: before an 'x' that a digit follows, or with the word. */
static size_t unit_end(const struct word *word, size_t from)
{
    while (from < word->size &&
           !(word->text[from] == 'x' && from + 1 < word->size && is_ascii_digit(word->text[from + 1]))) {
        from++;
    }
    return from;
}

/* Of "50cmx70cm", whose first number has size bytes: if it is lengths in one unit, it becomes "50x70cm". */
static void find_lengths(struct tokeniser *tokeniser, struct word *word, size_t size)
{
    uint8_t *text = tokeniser->folder->bytes + (word->text - tokeniser->folder->bytes);
    size_t end = unit_end(word, size);
    uint8_t unit = unit_find(bytes_of(text + size, end - size));
    uint32_t count = 1;
    bool are_lengths = unit_is_length(unit) && end != word->size;
    for (size_t at = end; at < word->size && are_lengths; count++) {
        size_t number = number_end(word, at + 1);
        at = unit_end(word, number);
        are_lengths = unit_find(bytes_of(text + number, at - number)) == unit;
    }
    if (!are_lengths || count > TIMES_MAX) {
        return;
    }
    for (size_t at = end; at < word->size; at = end) {
        size_t number = number_end(word, at + 1);
        end = unit_end(word, number);
        size_t more = (end == word->size ? end : number) - at; /* the last one's unit stays */
        word->number_size = (uint32_t)size + 1;
        memmove(text + size, text + at, more);
        size += more;
    }
    word->size = size;
    word->unit = unit;
    word->kinds |= WORD_TIMES;
}

/* Of a word that begins with a digit and a number and 'x', size bytes of it: whether numbers follow, and a unit. */
static void find_times(struct tokeniser *tokeniser, struct word *word, size_t size)
{
    size_t last = 0;
    uint32_t count = 1;
    while (size + 1 < word->size && word->text[size] == 'x' && is_ascii_digit(word->text[size + 1])) {
        last = size + 1;
        size = number_end(word, last);
        count++;
    }
    uint8_t unit = unit_find(bytes_of(word->text + size, word->size - size));
    if (count == 1 || count > TIMES_MAX || (unit == UNIT_NONE && size != word->size)) {
        return;
    }
    word->unit = unit;
    if (size == word->size) {
        take_unit(tokeniser, word, UNIT_NONE);
    }
    word->kinds |= WORD_TIMES;
    word->number_size = (uint32_t)last;
}

/* Of a word that begins with a digit, and is not one number: the unit that all behind the number is. */
noinline static void find_unit_inside(struct tokeniser *tokeniser, struct word *word)
{
    size_t size = number_end(word, 0);
    if (word->text[size] == 'x') { /* as it is no number, there is more of it */
        find_times(tokeniser, word, size);
        return;
    }
    word->unit = unit_find(bytes_of(word->text + size, word->size - size));
    word->number_size = (uint32_t)size;
    if (word->unit == UNIT_NONE) {
        find_lengths(tokeniser, word, size);
    }
}

/* Whether more numbers with the same unit may follow a word that has one. */
static bool begins_lengths(const struct word *word)
{
    return unit_is_length(word->unit) && (word->kinds & (WORD_FRACTION | WORD_POINT | WORD_TIMES)) == 0;
}

bool tokeniser_next(struct tokeniser *tokeniser, struct word *word)
{
    if (tokeniser->has_ahead) {
        *word = tokeniser->ahead;
        tokeniser->has_ahead = false;
    } else if (!scan_word(tokeniser, word)) {
        return false;
    }
    if ((word->kinds & (KIND_DIGIT | KIND_LETTER)) == KIND_DIGIT) {
        take_times(tokeniser, word);
        if ((word->kinds & KIND_LETTER) == 0) {
            take_unit(tokeniser, word, UNIT_NONE);
        }
    }
    bool is_mixed = (word->kinds & (KIND_DIGIT | KIND_LETTER)) == (KIND_DIGIT | KIND_LETTER);
    if (is_mixed && word->unit == UNIT_NONE && word->text[0] <= '9') {
        find_unit_inside(tokeniser, word);
    }
    if (begins_lengths(word)) {
        take_lengths(tokeniser, word);
    }
    return true;
}
