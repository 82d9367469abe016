/*
 * facet_groups.c - counts of groups in place of products: how many models come in red, however many variants each has.
 *
 * A value, a range or a bucket counts once for each group that has it. Values and groups are interned by their bytes,
 * so that segments agree about them, and each pair of the two that was met is remembered; a new one counts for the
 * value that brought it, in the segment at hand, whose counts are then brought together as those of products are. A
 * child of a path is a value here, not the path. A product without a group is one by itself.
 *
 * Thread rule: as the set.
 */
#include "facet/facet_private.h"

#include "base/alloc.h"

#define PAIRS_FIRST 1024u
#define NUMBER_BYTES 8u

/* In place of a value: that there is none, and that there is any. Numbers of values come behind. */
#define WITHOUT_VALUE 0u
#define WITH_VALUE 1u
#define FIRST_VALUE 2u

struct facet_groups {
    struct values_collector values; /* numbers of what is counted */
    struct values_collector groups;
    uint32_t *value_numbers; /* of the segment at hand, by ordinal: number + FIRST_VALUE; 0: not looked up */
    uint32_t *group_numbers; /* likewise, number + 1; NULL: numbers */
    const struct column_reader *column; /* of groups, in the segment at hand */
    const struct values_reader *words;  /* NULL: numbers */
    const struct segment_state *overlays;
    uint64_t *pairs; /* owned: value << 32 | group; 0: free */
    size_t slot_count;
    size_t used;
    uint64_t with_value;
    struct values_cursor cursor;
};

int facet_groups_new(struct facet_groups **out)
{
    struct facet_groups *groups = mem_calloc(1, sizeof *groups);
    *out = groups;
    if (groups == NULL) {
        return AISLE_NO_MEMORY;
    }
    values_collector_init(&groups->values);
    values_collector_init(&groups->groups);
    return 0;
}

void facet_groups_free(struct facet_groups *groups)
{
    if (groups != NULL) {
        values_collector_release(&groups->values);
        values_collector_release(&groups->groups);
        mem_free(groups->pairs);
        mem_free(groups->value_numbers);
        mem_free(groups->group_numbers);
        mem_free(groups);
    }
}

bool facet_groups_are_full(const struct facet_groups *groups)
{
    return groups->used >= LIMIT_FACET_PAIRS;
}

uint64_t facet_groups_with_value(const struct facet_groups *groups)
{
    return groups->with_value;
}

static int renew(uint32_t **numbers, uint32_t count)
{
    mem_free(*numbers);
    *numbers = mem_calloc((size_t)count + 1, sizeof **numbers);
    return *numbers == NULL ? AISLE_NO_MEMORY : 0;
}

int facet_groups_enter(struct facet_set *set, struct facet *facet)
{
    struct facet_groups *groups = facet->groups;
    const struct query_segment *in = &set->context->segments[facet->segment];
    uint8_t field = facet->request->group_field;
    bool words = field_type_is_words(set->context->schema->fields[field].type);
    groups->column = &in->segment->column[field];
    groups->words = words ? &in->segment->values[field] : NULL;
    groups->overlays = in->state->overlay_count == 0 ? NULL : in->state;
    bool counts_words = facet->request->kind == FACET_WORDS;
    int status = counts_words ? renew(&groups->value_numbers, facet->values->count) : 0;
    return status == 0 && words ? renew(&groups->group_numbers, groups->words->count) : status;
}

/* ---- pairs ---- */

/* The slot is of the bits that both halves of a pair reach: the value is in the upper one. */
static size_t slot_of(const struct facet_groups *groups, uint64_t pair)
{
    size_t mask = groups->slot_count - 1;
    size_t at = (size_t)((pair * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask;
    while (groups->pairs[at] != 0 && groups->pairs[at] != pair) {
        at = (at + 1) & mask;
    }
    return at;
}

static int grow_pairs(struct facet_groups *groups)
{
    uint64_t *old = groups->pairs;
    size_t old_count = groups->slot_count;
    size_t count = old_count == 0 ? PAIRS_FIRST : old_count * 2;
    uint64_t *pairs = mem_calloc(count, sizeof *pairs);
    if (pairs == NULL) {
        return AISLE_NO_MEMORY;
    }
    groups->pairs = pairs;
    groups->slot_count = count;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i] != 0) {
            pairs[slot_of(groups, old[i])] = old[i];
        }
    }
    mem_free(old);
    return 0;
}

/* group 0: a product by itself, which no other is with. */
static int note_pair(struct facet_groups *groups, uint32_t value, uint32_t group, bool *is_new)
{
    *is_new = group == 0;
    if (group == 0) {
        return 0;
    }
    bool is_full = groups->used >= LIMIT_FACET_PAIRS; /* pairs that are there already may come on */
    int status = !is_full && groups->used * 2 >= groups->slot_count ? grow_pairs(groups) : 0;
    if (status != 0) {
        return status;
    }
    uint64_t pair = (uint64_t)value << 32 | group;
    size_t slot = slot_of(groups, pair);
    *is_new = groups->pairs[slot] == 0;
    if (*is_new && is_full) {
        return AISLE_LIMIT;
    }
    groups->pairs[slot] = pair;
    groups->used += *is_new ? 1 : 0;
    return 0;
}

/* ---- numbers ---- */

static int intern(struct values_collector *collector, struct bytes bytes, uint32_t *number)
{
    const struct value_pair pair = {.folded = bytes, .shown = bytes_of_string("")};
    return values_collector_add(collector, &pair, number);
}

static int group_of_word(struct facet_groups *groups, int64_t code, uint32_t *group)
{
    if ((uint64_t)code >= groups->words->count) {
        return AISLE_BAD_QUERY; /* a list: it is in several */
    }
    uint32_t *known = &groups->group_numbers[code];
    if (*known == 0) {
        int status = values_seek(&groups->cursor, groups->words, (uint32_t)code);
        status = status == 0 ? intern(&groups->groups, groups->cursor.folded, known) : AISLE_CORRUPT;
        if (status != 0) {
            *known = 0;
            return status;
        }
        ++*known;
    }
    *group = *known;
    return 0;
}

static int group_of_number(struct facet_groups *groups, int64_t number, uint32_t *group)
{
    uint8_t bytes[NUMBER_BYTES];
    store_u64(bytes, (uint64_t)number);
    int status = intern(&groups->groups, bytes_of(bytes, sizeof bytes), group);
    *group += status == 0 ? 1 : 0;
    return status;
}

/* The number of what an ordinal counts for; 0: of nothing, a path that ends above the level. */
static int value_of(const struct facet *facet, uint32_t ordinal, uint32_t *value)
{
    struct facet_groups *groups = facet->groups;
    uint32_t *known = &groups->value_numbers[ordinal];
    if (*known == 0) {
        int status = values_seek(&groups->cursor, facet->values, ordinal);
        if (status != 0) {
            return AISLE_CORRUPT;
        }
        struct bytes label;
        struct bytes key = groups->cursor.folded;
        if (facet->is_path) {
            key = facet_cut_path(key, facet->request->levels, &label);
        }
        uint32_t number = 0;
        status = key.data == NULL ? 0 : intern(&groups->values, key, &number);
        if (status != 0) {
            return status;
        }
        *known = key.data == NULL ? UINT32_MAX : number + FIRST_VALUE;
    }
    *value = *known == UINT32_MAX ? 0 : *known;
    return 0;
}

/* ---- counting ---- */

/* One value of a product. */
static int count_value(struct facet *facet, uint32_t ordinal, uint32_t group)
{
    uint32_t value;
    bool is_new;
    int status = value_of(facet, ordinal, &value);
    if (status != 0 || value == 0) {
        return status;
    }
    status = note_pair(facet->groups, value, group, &is_new);
    return status == 0 && is_new ? facet_count_ordinal(facet, ordinal, 1) : status;
}

/* A number: for its range, its bucket or itself. */
static int count_number(struct facet *facet, int64_t number, uint32_t group, bool real)
{
    const struct facet_request *request = facet->request;
    struct facet_groups *groups = facet->groups;
    uint32_t value = request->kind == FACET_RANGES ? facet_range_of(request, number) : 0;
    int64_t key = request->kind == FACET_HISTOGRAM ? facet_bucket_of(request, number, real) : number;
    bool is_new;
    int status = 0;
    if (request->kind == FACET_RANGES && (value == 0 || value >= request->bound_count)) {
        return 0; /* in none */
    }
    if (request->kind != FACET_RANGES) {
        uint8_t bytes[NUMBER_BYTES];
        store_u64(bytes, (uint64_t)key);
        status = intern(&groups->values, bytes_of(bytes, sizeof bytes), &value);
    }
    status = status == 0 ? note_pair(groups, value + FIRST_VALUE, group, &is_new) : status;
    if (status != 0 || !is_new) {
        return status;
    }
    if (request->kind == FACET_RANGES) {
        facet->ranges[value - 1]++;
        return 0;
    }
    return facet_count_number(facet, key, 1);
}

/*
 * The values of a product that is a group by itself: a child of a path, of which it has one path only, once; of a list
 * each, all of them different.
 */
static int count_product(struct facet *facet, int64_t code, uint32_t group, bool real)
{
    struct values_of_code walk;
    bool is_new;
    int status = note_pair(facet->groups, code == COLUMN_MISSING ? WITHOUT_VALUE : WITH_VALUE, group, &is_new);
    if (status != 0 || code == COLUMN_MISSING) {
        facet->missing += status == 0 && is_new ? 1 : 0;
        return status;
    }
    facet->groups->with_value += is_new ? 1 : 0;
    if (facet->request->kind != FACET_WORDS) {
        facet_add_stats(facet, &code, facet->request->stats ? 1 : 0, real);
        return facet->request->limit == 0 ? 0 : count_number(facet, code, group, real);
    }
    if ((uint64_t)code < facet->word->value_count) {
        return count_value(facet, (uint32_t)code, group);
    }
    status = values_of_code_init(&walk, facet->values, code);
    while (status == 0) {
        uint32_t ordinal;
        status = values_of_code_next(&walk, &ordinal);
        status = status == 0 ? count_value(facet, ordinal, group) : status;
    }
    return status == AISLE_END ? 0 : status;
}

static int open_groups(const struct facet_groups *groups, uint8_t field, uint32_t number,
                       struct column_page_view *view)
{
    struct bytes page = groups->overlays == NULL
                            ? bytes_of(NULL, 0)
                            : segment_state_overlay(groups->overlays, (uint8_t)(PAGE_COLUMN + field), number);
    int status = page.size != 0 ? 0 : column_page(groups->column, number, &page);
    return status == 0 && column_page_view_init(view, page) == 0 ? 0 : AISLE_CORRUPT;
}

int facet_count_groups(struct facet *facet, const struct facet_page *page, uint32_t number, bool real)
{
    struct facet_groups *groups = facet->groups;
    struct column_page_view of_groups;
    int status = open_groups(groups, facet->request->group_field, number, &of_groups);
    if (status == 0 && of_groups.count != page->view.count) {
        return AISLE_CORRUPT;
    }
    for (uint32_t i = 0; i < page->count && status == 0; i++) {
        uint32_t at = page->positions == NULL ? i : page->positions[i];
        int64_t code = column_page_view_at(&of_groups, at);
        uint32_t group = 0;
        if (code != COLUMN_MISSING) {
            status = groups->words != NULL ? group_of_word(groups, code, &group)
                                           : group_of_number(groups, code, &group);
        }
        status = status == 0 ? count_product(facet, column_page_view_at(&page->view, at), group, real) : status;
    }
    return status;
}
