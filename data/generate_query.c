/*
 * generate_query.c - a query log: what shoppers would type to find the catalog's products.
 *
 * Queries have ranks; rank r is asked about 1 / (r + 8) as often as the first. Each rank stands for a product and a
 * choice of words from its title, so every query has a hit. Head queries are short, as in real logs. Words with
 * digits (sizes, model numbers) are kept in some 7 % of the queries.
 * Thread rule: functions touch only what they are given.
 */
#include "data/generate_private.h"

#include <assert.h>

#define QUERY_SHIFT 8.0
#define QUERY_RANKS 2.0e7
#define QUERY_WORDS_MAX 6u

/* Slots from which a query takes words, in the order shoppers put them; digits only where asked for. */
static const char *const query_shapes[] = {
    "n", "b", "bn", "an", "cn", "s",                    /* short */
    "can", "bsn", "bn", "tn", "gn", "bs", "gan", "an", "cn", /* middle */
    "gcan", "bans", "bcan", "atn", "bsan", "bgcan",     /* long */
};
#define SHAPES_SHORT 6u
#define SHAPES_MIDDLE 15u

static bool has_digit(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            return true;
        }
    }
    return false;
}

/* Appends the span's words in lower case, as long as there may be more. */
static void put_words(struct text *text, const char *words, size_t size, bool digits, unsigned *count)
{
    size_t i = 0;
    while (i < size && *count < QUERY_WORDS_MAX) {
        size_t end = i;
        while (end < size && words[end] != ' ') {
            end++;
        }
        size_t shown = end > i && words[end - 1] == ',' ? end - 1 : end;
        bool is_word = shown > i && words[i] != '&' && words[i] != '(';
        if (is_word && (digits || !has_digit(words + i, shown - i)) &&
            shown - i + 2 <= (size_t)(text->end - text->next)) {
            if (*count > 0) {
                text_put_char(text, ' ');
            }
            for (size_t k = i; k < shown; k++) {
                text_put_char(text, (char)(words[k] >= 'A' && words[k] <= 'Z' ? words[k] - 'A' + 'a' : words[k]));
            }
            ++*count;
        }
        i = end + 1;
    }
}

static const char *choose_shape(uint64_t *random, uint64_t rank)
{
    uint32_t kind = random_below(random, 100);
    uint32_t head_bonus = rank < 1000 ? 35 : 0;
    if (kind < 25 + head_bonus) {
        return query_shapes[random_below(random, SHAPES_SHORT)];
    }
    if (kind < 82) {
        return query_shapes[SHAPES_SHORT + random_below(random, SHAPES_MIDDLE - SHAPES_SHORT)];
    }
    return query_shapes[SHAPES_MIDDLE + random_below(random, VOCABULARY_COUNT(query_shapes) - SHAPES_MIDDLE)];
}

size_t generate_query(const struct generate *generate, uint64_t items, uint64_t index, char *line)
{
    assert(items > 0 && items <= GENERATE_ITEMS_MAX);
    const struct numbers *numbers = &generate->numbers;
    uint64_t random = random_mix(~generate->seed ^ (index * UINT64_C(0xd1342543de82ef95)));
    double spread = numbers_log2(numbers, (QUERY_RANKS + QUERY_SHIFT) / QUERY_SHIFT);
    double draw = QUERY_SHIFT * numbers_exp2(numbers, random_unit(&random) * spread) - QUERY_SHIFT;
    uint64_t rank = draw > 0 ? (uint64_t)draw : 0;
    random = random_mix(generate->seed ^ (rank * UINT64_C(0x2545f4914f6cdd1d)) ^ 1);

    char title[GENERATE_LINE_BYTES];
    struct text title_text = {title, title + sizeof title};
    struct title_spans spans = {0};
    struct item item;
    item_init(&item, generate, (random_next(&random) >> 20) % items);
    item_title(&item, &title_text, &spans);

    struct text text = {line, line + GENERATE_QUERY_BYTES - 1};
    unsigned count = 0;
    const char *shape = choose_shape(&random, rank);
    for (; *shape != '\0'; shape++) {
        unsigned slot = (unsigned)(*shape - 'a');
        put_words(&text, title + spans.offset[slot], spans.size[slot], false, &count);
    }
    unsigned digit_slot = (random_next(&random) & 1) != 0 && spans.size['z' - 'a'] != 0 ? 'z' - 'a' : 'm' - 'a';
    if (random_percent(&random, 15) || count == 0) {
        put_words(&text, title + spans.offset[digit_slot], spans.size[digit_slot], true, &count);
    }
    if (count == 0) {
        put_words(&text, title, (size_t)(title_text.next - title), true, &count);
    }
    text.end++;
    text_put_char(&text, '\n');
    return (size_t)(text.next - line);
}
