/*
 * generate_changes.c - what happens to the sample catalog's products.
 *
 * Text edits put a product as another one of the generator's would read (its title, description and all), under its own
 * id; a change of brand or category along with it is what a corrected product sheet looks like. Times: mean gaps of
 * 10 ms between bursts, none within. Thread rule: one struct generate_changes, one thread at a time.
 */
#include "data/generate_changes.h"

#include "base/alloc.h"
#include "data/generate_private.h"

#define GAP_MS_MAX 20u
#define BURST_PERCENT 1u
#define BURST_MAX 200u
#define ID_BYTES 10u /* "P" and nine digits */

enum kind { KIND_COLUMNS, KIND_TEXT, KIND_NEW, KIND_DELETE };

struct generate_changes {
    const struct generate *generate;
    uint64_t random;
    uint64_t items;    /* that have been there so far */
    uint64_t number;   /* of the next change */
    int64_t time_ms;   /* of it */
    uint64_t *deleted; /* a bit a product */
    uint64_t burst;    /* changes left of it */
    uint64_t burst_item;
    bool columns_only;
    bool told_when; /* the caller says when changes happen */
};

int generate_changes_new(const struct generate *generate, uint64_t seed, uint64_t items, uint64_t count,
                         int64_t start_ms, struct generate_changes **out)
{
    *out = NULL;
    if (items == 0 || items > GENERATE_ITEMS_MAX || count > GENERATE_ITEMS_MAX - items) {
        return AISLE_LIMIT;
    }
    struct generate_changes *changes = mem_calloc(1, sizeof *changes);
    uint64_t *deleted = mem_calloc((items + count) / 64 + 1, sizeof *deleted);
    if (changes == NULL || deleted == NULL) {
        mem_free(changes);
        mem_free(deleted);
        return AISLE_NO_MEMORY;
    }
    *changes = (struct generate_changes){.generate = generate,
                                         .random = random_mix(seed ^ UINT64_C(0x5851f42d4c957f2d)),
                                         .items = items,
                                         .number = 1,
                                         .time_ms = start_ms,
                                         .deleted = deleted};
    *out = changes;
    return 0;
}

void generate_changes_free(struct generate_changes *changes)
{
    if (changes != NULL) {
        mem_free(changes->deleted);
        mem_free(changes);
    }
}

void generate_changes_columns_only(struct generate_changes *changes)
{
    changes->columns_only = true;
}

void generate_changes_at(struct generate_changes *changes, int64_t time_ms)
{
    changes->time_ms = time_ms;
    changes->told_when = true;
}

static bool is_deleted(const struct generate_changes *changes, uint64_t item)
{
    return (changes->deleted[item / 64] >> (item % 64) & 1) != 0;
}

/* A product: half of the changes are of the hundredth part that sells best, scattered over the catalog. */
static uint64_t choose_item(struct generate_changes *changes)
{
    uint64_t u = random_next(&changes->random) >> 32;
    uint64_t spread = random_percent(&changes->random, 50) ? (changes->items + 99) / 100 : changes->items;
    uint64_t rank = u * spread >> 32;
    return rank * UINT64_C(1000000007) % changes->items;
}

/* What is no part of a burst: with bursts, which bring 0.66 changes for each of these, shares become 80, 15, 3, 2. */
static enum kind choose_kind(struct generate_changes *changes)
{
    uint32_t share = random_below(&changes->random, 1000);
    if (changes->columns_only) {
        return KIND_COLUMNS;
    }
    return share < 667 ? KIND_COLUMNS : share < 917 ? KIND_TEXT : share < 967 ? KIND_NEW : KIND_DELETE;
}

/* Moves on in time; within a burst everything happens at once, to one product after the other. */
static uint64_t next_item(struct generate_changes *changes, enum kind *kind)
{
    if (changes->burst > 0) {
        changes->burst--;
        changes->burst_item = (changes->burst_item + 1) % changes->items;
        *kind = KIND_COLUMNS;
        return changes->burst_item;
    }
    uint32_t gap = random_below(&changes->random, GAP_MS_MAX + 1);
    changes->time_ms += changes->told_when ? 0 : gap;
    *kind = choose_kind(changes);
    uint64_t item = choose_item(changes);
    if (*kind == KIND_COLUMNS && random_percent(&changes->random, BURST_PERCENT)) {
        changes->burst = random_below(&changes->random, BURST_MAX);
        changes->burst_item = item;
    }
    return item;
}

/* ------------------------------------------------------------------------------------------------- lines -- */

static void put_id(struct text *text, uint64_t item)
{
    TEXT_PUT(text, "\"id\":\"P");
    text_put_number(text, item, ID_BYTES - 1);
    text_put_char(text, '"');
}

/* "2026-11-23" of days since 1970, by Howard Hinnant's civil_from_days. */
static void put_day(struct text *text, uint64_t days)
{
    uint64_t shifted = days + 719468;
    uint64_t era = shifted / 146097;
    uint64_t day_of_era = shifted % 146097;
    uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint64_t shifted_month = (5 * day_of_year + 2) / 153; /* from March */
    uint64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    text_put_number(text, era * 400 + year_of_era + (month <= 2), 4);
    text_put_char(text, '-');
    text_put_number(text, month, 2);
    text_put_char(text, '-');
    text_put_number(text, day_of_year - (153 * shifted_month + 2) / 5 + 1, 2);
}

static void put_head(struct generate_changes *changes, struct text *text, const char *op)
{
    uint64_t ms = (uint64_t)changes->time_ms;
    TEXT_PUT(text, "{\"op\":\"");
    text_put(text, op, strlen(op));
    TEXT_PUT(text, "\",\"seq\":");
    text_put_number(text, changes->number, 1);
    TEXT_PUT(text, ",\"time\":\"");
    put_day(text, ms / 86400000);
    text_put_char(text, 'T');
    text_put_number(text, ms / 3600000 % 24, 2);
    text_put_char(text, ':');
    text_put_number(text, ms / 60000 % 60, 2);
    text_put_char(text, ':');
    text_put_number(text, ms / 1000 % 60, 2);
    text_put_char(text, '.');
    text_put_number(text, ms % 1000, 3);
    TEXT_PUT(text, "Z\",");
}

static void put_columns(struct generate_changes *changes, uint64_t item, struct text *text)
{
    uint64_t *random = &changes->random;
    uint32_t what = random_below(random, 100);
    put_head(changes, text, "patch");
    put_id(text, item);
    TEXT_PUT(text, ",\"fields\":{");
    if (what < 55) {
        TEXT_PUT(text, "\"price\":");
        text_put_number(text, 1 + random_skewed(random, 900), 1);
        text_put_char(text, '.');
        text_put_number(text, random_below(random, 100), 2);
        text_put_char(text, what < 15 ? ',' : '}');
    }
    if (what < 15 || (what >= 55 && what < 80)) {
        TEXT_PUT(text, "\"in_stock\":");
        text_put(text, what % 2 == 0 ? "true}" : "false}", what % 2 == 0 ? 5 : 6);
    }
    if (what >= 80) {
        TEXT_PUT(text, "\"sales\":");
        text_put_number(text, random_skewed(random, 100000), 1);
        text_put_char(text, '}');
    }
    TEXT_PUT(text, "}\n");
}

/* The product as source reads, under item's id. */
static void put_product(struct generate_changes *changes, uint64_t item, uint64_t source, struct text *text)
{
    static const char id[] = "{\"id\":\"P";
    char line[GENERATE_LINE_BYTES];
    size_t size = generate_item(changes->generate, source, line);
    put_head(changes, text, "put");
    TEXT_PUT(text, "\"product\":{");
    put_id(text, item);
    size_t behind_id = sizeof id - 1 + ID_BYTES; /* nine digits and a quote */
    text_put(text, line + behind_id, size - behind_id - 1);
    TEXT_PUT(text, "}\n");
}

size_t generate_change(struct generate_changes *changes, char *line)
{
    struct text text = {line, line + GENERATE_CHANGE_BYTES};
    enum kind kind;
    uint64_t item = next_item(changes, &kind);
    if (kind == KIND_NEW) {
        item = changes->items++;
    } else if (is_deleted(changes, item)) {
        kind = KIND_TEXT; /* it comes back */
    }
    switch (kind) {
    case KIND_COLUMNS:
        put_columns(changes, item, &text);
        break;
    case KIND_TEXT:
        put_product(changes, item, (item + random_below(&changes->random, 1000000)) % GENERATE_ITEMS_MAX, &text);
        break;
    case KIND_NEW:
        put_product(changes, item, item, &text);
        break;
    case KIND_DELETE:
        put_head(changes, &text, "delete");
        put_id(&text, item);
        TEXT_PUT(&text, "}\n");
        break;
    }
    uint64_t bit = UINT64_C(1) << item % 64;
    changes->deleted[item / 64] &= ~bit;
    changes->deleted[item / 64] |= kind == KIND_DELETE ? bit : 0;
    changes->number++;
    return (size_t)(text.next - line);
}
