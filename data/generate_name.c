/*
 * generate_name.c - invented names: brands and people from syllables, series from joined words, model numbers.
 *
 * Every name is a function of a number, so there is no table of the millions there can be. Numbers are shuffled
 * within each length before they become syllables, else neighbours would look alike. That a name is only spelled
 * like one of another number now and then does no harm. Thread rule: functions touch only what they are given.
 */
#include "data/generate_private.h"

#define SYLLABLE_FAMILIES 2u

static const char *const onsets[SYLLABLE_FAMILIES][32] = {
    {"b", "d", "f",  "g",  "h",  "k",  "l",  "m",  "n",  "p",  "r",  "s",  "t",  "v",  "w",  "z",
     "br", "dr", "fl", "gl", "gr", "kr", "pl", "sk", "sl", "st", "sv", "tr", "th", "cl", "bl", "qu"},
    {"b", "c", "d",  "f",  "g",  "h",  "j",  "k",  "l",  "m",  "n",  "p",  "r",  "s",  "t",  "v",
     "w", "z", "al", "an", "ar", "el", "er", "il", "is", "or", "ul", "ch", "sh", "fr", "pr", "sp"},
};

static const char *const vowels[SYLLABLE_FAMILIES][8] = {
    {"a", "e", "i", "o", "u", "ei", "au", "ia"},
    {"a", "e", "i", "o", "u", "ea", "io", "oo"},
};

static const char *const middles[32] = {"b", "d", "f",  "g",  "k",  "l",  "m",  "n",  "p",  "r",  "s",
                                        "t", "v", "z",  "ld", "lm", "ln", "lt", "mb", "nd", "ng", "nk",
                                        "nt", "rd", "rk", "rl", "rm", "rn", "rt", "ss", "st", "tt"};

static const char *const ends[SYLLABLE_FAMILIES][16] = {
    {"a", "o", "en", "is", "or", "ix", "um", "el", "on", "ex", "us", "ara", "ino", "ette", "ova", "ium"},
    {"er", "ley", "man", "sen", "ton", "ski", "ini", "ova", "berg", "dal", "ez", "ides", "wick", "ford", "lin", "aux"},
};

/* Names of one size: onset, end, and some vowel-middle pairs between. */
#define NAMES_SHORT (UINT64_C(32) * 8 * 32 * 16)
#define NAMES_PER_PAIR UINT64_C(256)

static void append(struct name *name, const char *part)
{
    while (*part != '\0' && name->size < NAME_BYTES) {
        name->text[name->size++] = *part++;
    }
}

static void capitalise(struct name *name)
{
    if (name->text[0] >= 'a' && name->text[0] <= 'z') {
        name->text[0] = (char)(name->text[0] - 'a' + 'A');
    }
}

void name_compose(uint64_t number, unsigned family, struct name *name)
{
    unsigned f = family % SYLLABLE_FAMILIES;
    unsigned pairs = 1;
    uint64_t count = NAMES_SHORT;
    while (number >= count && pairs < 5) {
        number -= count;
        count *= NAMES_PER_PAIR;
        pairs++;
    }
    /* count is a power of two, so multiplying by an odd number is a permutation. */
    number = (number * UINT64_C(0x9e3779b97f4a7c15) + family * UINT64_C(0x5bd1e995)) & (count - 1);
    number ^= number >> 7; /* and so is this */
    number = (number * UINT64_C(0xd6e8feb86659fd93)) & (count - 1);
    name->size = 0;
    append(name, onsets[f][number % 32]);
    number /= 32;
    for (unsigned i = 0; i < pairs; i++) {
        append(name, vowels[f][number % 8]);
        append(name, middles[number / 8 % 32]);
        number /= 256;
    }
    append(name, ends[f][number % 16]);
    capitalise(name);
}

void name_series(const struct generate *generate, uint64_t rank, struct name *name)
{
    const struct words *first = &generate->series_first;
    const struct words *second = &generate->series_second;
    uint64_t pairs = (uint64_t)first->count * second->count;
    if (rank >= pairs) {
        name_compose(rank - pairs, 2, name);
        return;
    }
    /* Both parts move with every rank, so that the first hundred series are not all Trail-something. */
    uint64_t a = rank % first->count;
    uint64_t b = (rank / first->count + rank * 7) % second->count;
    const struct word *parts[2] = {&first->words[a], &second->words[b]};
    name->size = 0;
    for (unsigned i = 0; i < 2; i++) {
        memcpy(name->text + name->size, parts[i]->text, parts[i]->size);
        name->size += parts[i]->size;
    }
}

static const char model_letters[] = "XSMTGKRPLEVDZBAHCNWF";

static void append_letter(struct name *name, uint64_t i)
{
    name->text[name->size++] = model_letters[i % (sizeof model_letters - 1)];
}

static void append_digits(struct name *name, uint64_t value, unsigned digits)
{
    struct text text = {name->text + name->size, name->text + NAME_BYTES};
    text_put_number(&text, value, digits);
    name->size = (uint32_t)(text.next - name->text);
}

/* Shapes by rank: X240, 240X (40,000 together), WH1350, 1350WH (7,200,000), then longer ones without end. */
void name_model(uint64_t rank, struct name *name)
{
    name->size = 0;
    if (rank < 40000) {
        uint64_t n = rank * 7919 % 40000; /* coprime, hence a permutation */
        bool letter_first = n >= 20000;
        n %= 20000;
        if (letter_first) {
            append_letter(name, n / 1000);
        }
        append_digits(name, n % 1000, 3);
        if (!letter_first) {
            append_letter(name, n / 1000);
        }
        return;
    }
    rank -= 40000;
    if (rank < 7200000) {
        uint64_t n = rank * 1000003 % 7200000;
        bool letters_first = n >= 3600000;
        n %= 3600000;
        if (letters_first) {
            append_letter(name, n / 9000);
            append_letter(name, n / 180000);
        }
        append_digits(name, 1000 + n % 9000, 4);
        if (!letters_first) {
            append_letter(name, n / 9000);
            append_letter(name, n / 180000);
        }
        return;
    }
    rank -= 7200000;
    append_letter(name, rank);
    append_letter(name, rank / 20);
    append_digits(name, rank / 8000 % 1000000000, 2);
    append_letter(name, rank / 400);
}
