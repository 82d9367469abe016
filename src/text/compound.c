/*
 * compound.c - the rules of linking, over the last word of a compound and the next one.
 *
 * Nearly all neighbours are two plain words with a space between, which never come here (analyse.c).
 */
#include "text/compound.h"

static inline bool is_letters(const struct word *word)
{
    return word->kinds == KIND_LETTER;
}

static inline bool is_number(const struct word *word)
{
    return word->kinds == KIND_DIGIT && word->unit == UNIT_NONE;
}

static inline bool is_mixed(const struct word *word)
{
    return word->kinds == (KIND_LETTER | KIND_DIGIT) && word->unit == UNIT_NONE;
}

static inline bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool begins_with_digit(const struct word *word)
{
    return is_number(word) || (is_mixed(word) && is_digit(word->text[0]));
}

static bool ends_with_digit(const struct word *word)
{
    return is_number(word) || (is_mixed(word) && is_digit(word->text[word->size - 1]));
}

static inline bool is_letter(const struct word *word, uint8_t letter)
{
    return word->size == 1 && word->text[0] == letter;
}

static bool is(const struct word *word, const char *text)
{
    size_t size = strlen(text);
    return word->size == size && memcmp(word->text, text, size) == 0;
}

/* Words of grammar, which stand before and behind numbers and are part of no name. */
static bool is_particle(const struct word *word)
{
    static const char particles[][4] = {
        "ab", "am", "an", "and", "at", "avec", "bei", "bis", "by", "con", "da", "de", "des", "di", "en", "et", "for",
        "from", "fur", "im", "in", "is", "les", "mit", "of", "on", "or", "over", "par", "para", "per", "por", "pour",
        "than", "the", "to", "um", "und", "up", "von", "with", "zu",
    };
    uint8_t padded[4] = {0};
    if (word->size > sizeof padded) {
        return false;
    }
    for (size_t i = 0; i < word->size; i++) {
        padded[i] = word->text[i];
    }
    uint32_t wanted = load_u32(padded);
    for (size_t i = 0; i < sizeof particles / sizeof particles[0]; i++) {
        if (load_u32((const uint8_t *)particles[i]) == wanted) {
            return true;
        }
    }
    return false;
}

/* The "ti" of "4070 ti", the "xm4" of "1000 xm4". */
static bool ends_code(const struct word *word)
{
    bool suffix = is_letters(word) && word->size <= 2 && !is_letter(word, 'x') && !is_particle(word);
    return suffix || (is_mixed(word) && !is_digit(word->text[0]));
}

static bool is_initial(const struct word *word)
{
    return is_letters(word) && word->size == 1 && strchr("aioy", word->text[0]) == NULL;
}

/* Whether a space links the only word so far with the next. */
static bool links_pair(const struct word *last, const struct word *word, uint8_t *form)
{
    *form = COMPOUND_CLOSED;
    if (is_letters(last)) {
        if (is_letter(word, 'n') && last->size >= 2) {
            *form = COMPOUND_N;
            return true;
        }
        bool fits = is_number(word) || (begins_with_digit(word) && last->size <= 3);
        if (fits && !is_letter(last, 'x') && !is_particle(last)) {
            *form = COMPOUND_PLAIN;
            return true;
        }
        return is_letters(word) && ((is_initial(last) && word->size >= 3) ||
                                    (word->size == 1 && (is(last, "usb") || is(last, "type"))));
    }
    if (is_number(last) && is(word, "in")) {
        *form = COMPOUND_IN;
        return true;
    }
    *form = COMPOUND_SUFFIX;
    return ends_with_digit(last) && ends_code(word);
}

static const struct word *last_part(const struct compound *compound)
{
    uint32_t count = compound->count < COMPOUND_PARTS_MAX ? compound->count : COMPOUND_PARTS_MAX;
    return &compound->parts[count - 1];
}

static bool links_by_space(const struct compound *compound, const struct word *word, uint8_t *form)
{
    const struct word *last = last_part(compound);
    if (compound->count == 1) {
        return links_pair(last, word, form);
    }
    *form = COMPOUND_CLOSED;
    if (compound->count != 2) {
        return false;
    }
    switch ((enum compound_form)compound->form) { /* GCOVR_EXCL_BR_LINE: one of these, and each is a line of its own */
    case COMPOUND_N:
        return is_letters(word) && word->size >= 2;
    case COMPOUND_IN:
        return is_letter(word, '1');
    case COMPOUND_PLAIN:
        *form = COMPOUND_SUFFIX;
        return is_letters(&compound->parts[0]) && is_number(last) && ends_code(word);
    case COMPOUND_CLOSED:
    case COMPOUND_SUFFIX:
        break;
    }
    return false;
}

static bool links_by_sign(const struct word *last, const struct word *word)
{
    bool letters = is_letters(last) && is_letters(word);
    switch (word->gap) {
    case '-':
    case '_':
    case '&':
    case '.':
        return true;
    case '/':
        return letters && last->size == 1 && word->size == 1;
    case GAP_AND:
        return letters && last->size <= 2 && word->size <= 2;
    default:
        return false;
    }
}

enum compound_link compound_links(struct compound *compound, const struct word *word)
{
    const struct word *last = last_part(compound);
    uint8_t form;
    if (word->gap != ' ' && word->gap != GAP_QUOTED) {
        if (!links_by_sign(last, word)) {
            return LINK_NONE;
        }
        bool stays = is_number(last) && ends_code(word);
        bool leaves = compound->spaced && !stays;
        compound->form = leaves ? COMPOUND_PLAIN : compound->form;
        compound->spaced = false;
        return leaves ? LINK_LAST : LINK_NEXT;
    }
    if (word->gap == GAP_QUOTED && !is_letter(word, 'n') && !is_letter(last, 'n')) {
        return LINK_NONE;
    }
    if (links_by_space(compound, word, &form)) {
        compound->form = form;
        compound->spaced = true;
        return LINK_NEXT;
    }
    if (word->gap == ' ' && compound->count != 1 && is_number(last) && is(word, "in")) {
        compound->form = COMPOUND_IN;
        return LINK_LAST;
    }
    if (compound->form == COMPOUND_SUFFIX && is_initial(last) && is_letters(word) && word->size >= 3) {
        compound->form = COMPOUND_CLOSED;
        return LINK_LAST;
    }
    return LINK_NONE;
}

bool compound_ends_in_plural(const struct compound *compound, const struct word *word)
{
    return (word->gap == '&' || word->gap == GAP_AND) && word->size == 2 && word->text[1] == 's' && is_letters(word) &&
           compound->count != 0 && is_letters(last_part(compound)) && last_part(compound)->size == 1;
}

bool compound_is_n_in_one(const struct compound *compound)
{
    return compound->count == 3 && is_number(&compound->parts[0]) && is(&compound->parts[1], "in") &&
           is_letter(&compound->parts[2], '1');
}

void compound_keep_last(struct compound *compound, uint32_t position)
{
    if (compound->count != 1) { /* GCOVR_EXCL_BR_LINE: what leaves has left something */
        compound->parts[0] = *last_part(compound);
    }
    compound->count = 1;
    compound->position = position;
}

void compound_add(struct compound *compound, const struct word *word)
{
    compound->parts[compound->count < COMPOUND_PARTS_MAX ? compound->count : COMPOUND_PARTS_MAX - 1] = *word;
    compound->plain = compound_is_plain(word);
    compound->count++;
}
