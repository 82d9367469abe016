/*
 * groups.c - rounds of searches with what was found left out, then one for each group.
 *
 * Thread rule: as the search.
 */
#include "index/groups.h"

#include <stdlib.h>

#define SIZE_DEFAULT 1u
#define HITS_SLACK 16u /* asked for beyond the groups that are missing still: groups have several hits */
#define HITS_TIMES 3u

static int refuse(aisle_error *error, int code, const char *what)
{
    return error_set(error, code, "group: %s", what);
}

int groups_take(struct groups *groups, const aisle_query *query, const struct filter_source *source,
                struct pass *pass, aisle_error *error)
{
    *groups = (struct groups){.is_wanted = query->group_by != NULL && query->group_by[0] != '\0'};
    if (!groups->is_wanted) {
        return 0;
    }
    int field = schema_field_find(source->schema, bytes_of_string(query->group_by));
    if (field < 0) {
        return error_set(error, AISLE_BAD_QUERY, "group: expected a field's name, found \"%.64s\"", query->group_by);
    }
    bool has_column = false;
    for (uint8_t i = 0; i < source->columns->count; i++) {
        has_column = has_column || (source->columns->field[i] == field &&
                                    source->schema->fields[field].type != FIELD_VARIANTS);
    }
    if (!has_column) {
        return refuse(error, AISLE_BAD_QUERY,
                      "the field cannot be grouped by; in the schema, make it a keyword with \"facet\"");
    }
    if (query->after != NULL && query->after[0] != '\0') {
        return refuse(error, AISLE_BAD_QUERY, "pages of groups go by offset, not by after");
    }
    groups->field = (uint8_t)field;
    groups->size = query->group_size == 0 ? SIZE_DEFAULT : query->group_size;
    if (groups->size > LIMIT_GROUP_SIZE) {
        return error_set(error, AISLE_LIMIT, "group: %u hits of each are wanted, expected at most %u", groups->size,
                         LIMIT_GROUP_SIZE);
    }
    if (query->offset + query->limit > LIMIT_GROUPS) {
        return error_set(error, AISLE_LIMIT, "group: offset %u + limit %u is above %u", query->offset, query->limit,
                         LIMIT_GROUPS);
    }
    if (!query->no_total) {
        enum field_type type = source->schema->fields[field].type;
        pass->facets[pass->facet_count++] = (struct facet_request){
            .kind = field_type_is_words(type) ? FACET_WORDS : FACET_NUMBERS,
            .order = FACET_BY_VALUE, .field = (uint8_t)field, .limit = 1, .sample = 1, .whole = true};
        pass->counts_groups = true;
    }
    return 0;
}

/* ---- filters ---- */

static int compare_words(const void *left, const void *right)
{
    return bytes_compare(*(const struct bytes *)left, *(const struct bytes *)right);
}

static int compare_numbers(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* Field is one of the groups' values, of those that have one; NULL: no memory. */
static struct filter_node *new_set(struct arena *arena, uint8_t field, const struct group *found, uint32_t count)
{
    struct filter_node *set = arena_calloc(arena, 1, sizeof *set);
    struct bytes *words = arena_alloc(arena, count * sizeof *words);
    int64_t *numbers = arena_alloc(arena, count * sizeof *numbers);
    if (set == NULL || words == NULL || numbers == NULL) {
        return NULL;
    }
    *set = (struct filter_node){.kind = FILTER_SET, .field = field, .numbers = numbers, .words = words};
    for (uint32_t i = 0; i < count; i++) {
        if (found[i].value.kind == SORT_WORD) {
            set->kind = FILTER_WORD_SET;
            words[set->count++] = found[i].value.word;
        } else if (found[i].value.kind == SORT_NUMBER) {
            numbers[set->count++] = found[i].value.number;
        }
    }
    if (set->count > 1 && set->kind == FILTER_SET) {
        qsort(numbers, set->count, sizeof *numbers, compare_numbers);
    } else if (set->count > 1) {
        qsort(words, set->count, sizeof *words, compare_words);
    }
    return set;
}

static struct filter_node *new_parent(struct arena *arena, enum filter_kind kind, struct filter_node *first,
                                      struct filter_node *second)
{
    struct filter_node *node = arena_calloc(arena, 1, sizeof *node);
    struct filter_node **children = arena_alloc(arena, 2 * sizeof *children);
    if (node == NULL || children == NULL || first == NULL) {
        return NULL;
    }
    children[0] = first;
    children[1] = second;
    *node = (struct filter_node){.kind = kind, .children = children, .child_count = second == NULL ? 1 : 2};
    return node;
}

/* filter and that the field is one of the values, or none of them; NULL: no memory. */
static struct filter_node *narrow(const struct pass *pass, uint8_t field, const struct group *found, uint32_t count,
                                  bool none)
{
    struct arena *arena = pass->context->arena;
    struct filter_node *set = new_set(arena, field, found, count);
    set = set != NULL && none ? new_parent(arena, FILTER_NOT, set, NULL) : set;
    return pass->filter == NULL || set == NULL ? set : new_parent(arena, FILTER_AND, set, pass->filter);
}

/* ---- finding ---- */

static int check_single(const struct groups *groups, const struct query_context *context, aisle_error *error)
{
    const struct field *field = &context->schema->fields[groups->field];
    for (uint32_t i = 0; i < context->segment_count; i++) {
        const struct segment *segment = context->segments[i].segment;
        bool words = field->type == FIELD_KEYWORD || field->type == FIELD_PATH;
        if (words && segment->column[groups->field].max >= (int64_t)segment->values[groups->field].count &&
            segment->values[groups->field].count != 0) {
            return error_set(error, AISLE_BAD_QUERY, "group: products have several values of \"%s\"", field->name);
        }
    }
    return 0;
}

static bool is_same(const struct group *group, const struct sort_value *value, const struct query_hit *hit)
{
    if (group->value.kind != value->kind) {
        return false;
    }
    if (value->kind == SORT_MISSING) {
        return group->hits[0].segment == hit->segment && group->hits[0].document == hit->document;
    }
    return value->kind == SORT_WORD ? bytes_equal(group->value.word, value->word)
                                    : group->value.number == value->number;
}

/* Makes a group of each hit whose value has none yet. */
static int take_hits(const struct groups *groups, const struct query_context *context, struct query_hit *hits,
                     uint32_t count, uint32_t wanted, struct group *found, uint32_t *found_count)
{
    const struct sort_order order = {.parts = {{.field = groups->field}}, .count = 1};
    for (uint32_t i = 0; i < count && *found_count < wanted; i++) {
        struct sort_value value;
        int status = sort_values(context, &order, &hits[i], &value);
        bool is_known = false;
        if (status != 0) {
            return status;
        }
        for (uint32_t k = 0; k < *found_count && !is_known; k++) {
            is_known = is_same(&found[k], &value, &hits[i]);
        }
        if (!is_known) {
            struct query_hit *own = arena_copy(context->arena, &hits[i], sizeof hits[i]);
            if (own == NULL) {
                return AISLE_NO_MEMORY;
            }
            found[(*found_count)++] = (struct group){.value = value, .hits = own, .hit_count = 1};
        }
    }
    return 0;
}

/* The best hits that filter keeps, in room; what finding them took of the arena goes back. */
static int find_best(struct page *page, const struct pass *pass, struct filter_node *filter, uint32_t count,
                     struct query_hit *room, uint32_t *got, aisle_error *error)
{
    struct arena_mark mark = arena_mark(pass->context->arena);
    struct query_hit *hits;
    *got = 0;
    int status = page_best(page, pass, filter, count, &hits, got, error);
    if (status == 0 && *got != 0) {
        memcpy(room, hits, *got * sizeof *hits);
    }
    arena_rewind(pass->context->arena, mark);
    return status;
}

static uint32_t most_asked(uint32_t singles, uint32_t missing)
{
    return singles + missing * HITS_TIMES + HITS_SLACK;
}

static int find_groups(const struct groups *groups, struct page *page, const struct pass *pass, uint32_t wanted,
                       struct group *found, uint32_t *found_count, aisle_error *error)
{
    struct filter_node *filter = pass->filter;
    struct query_hit *hits = arena_alloc(pass->context->arena, most_asked(wanted, wanted) * sizeof *hits);
    uint32_t asked;
    uint32_t got;
    int status;
    if (hits == NULL) {
        return AISLE_NO_MEMORY;
    }
    do {
        uint32_t singles = 0;
        uint32_t before = *found_count;
        for (uint32_t i = 0; i < before; i++) {
            singles += found[i].value.kind == SORT_MISSING ? 1 : 0;
        }
        asked = most_asked(singles, wanted - before);
        status = find_best(page, pass, filter, asked, hits, &got, error);
        status = status == 0 ? take_hits(groups, pass->context, hits, got, wanted, found, found_count) : status;
        if (status == 0 && got == asked && *found_count < wanted) {
            filter = narrow(pass, groups->field, found, *found_count, true);
            status = filter == NULL ? AISLE_NO_MEMORY : 0;
        }
        if (*found_count == before) {
            break; /* stopped early, by a watch */
        }
    } while (status == 0 && got == asked && *found_count < wanted);
    return status;
}

/* The best of one group, and how many it has. */
static int fill_group(const struct groups *groups, struct page *page, const struct pass *pass, bool counts,
                      struct group *group, aisle_error *error)
{
    struct arena *arena = pass->context->arena;
    if (group->value.kind == SORT_MISSING) {
        group->products = counts ? 1 : 0;
        return 0;
    }
    struct query_hit *hits = arena_alloc(arena, groups->size * sizeof *hits);
    struct arena_mark mark = arena_mark(arena);
    struct filter_node *filter = narrow(pass, groups->field, group, 1, false);
    int status = hits == NULL || filter == NULL ? AISLE_NO_MEMORY : 0;
    if (status == 0 && groups->size > 1) {
        uint32_t count;
        status = find_best(page, pass, filter, groups->size, hits, &count, error);
        if (status == 0 && count != 0) { /* none only when a watch has stopped it */
            group->hits = hits;
            group->hit_count = count;
        }
    }
    if (status == 0 && counts) {
        pass->context->filter = filter;
        status = query_count(pass->context, pass->root, &group->products);
        pass->context->filter = pass->filter;
    }
    arena_rewind(arena, mark);
    return status;
}

int groups_run(const struct groups *groups, struct page *page, const struct pass *pass, uint32_t offset,
               uint32_t count, bool counts, struct group **out, uint32_t *out_count, aisle_error *error)
{
    struct group *found = arena_calloc(pass->context->arena, offset + count, sizeof *found);
    uint32_t found_count = 0;
    int status = found == NULL ? AISLE_NO_MEMORY : check_single(groups, pass->context, error);
    status = status == 0 ? find_groups(groups, page, pass, offset + count, found, &found_count, error) : status;
    for (uint32_t i = offset; i < found_count && status == 0; i++) {
        status = fill_group(groups, page, pass, counts, &found[i], error);
    }
    *out = found_count > offset ? found + offset : found;
    *out_count = found_count > offset ? found_count - offset : 0;
    return status;
}
