/*
 * groups.c - rounds of searches with what was found left out, then one for each group.
 *
 * Thread rule: as the search.
 */
#include "index/groups.h"

#include "schema/product.h"

#include <stdio.h>
#include <stdlib.h>

#define SIZE_DEFAULT 1u
#define HITS_SLACK 16u /* asked for beyond the groups that are missing still: groups have several hits */
#define HITS_TIMES 3u

static int refuse(aisle_error *error, int code, const char *what)
{
    return error_set(error, code, "group: %s", what);
}

/* The facet that counts groups, and finds the largest. */
static void count_by_pass(struct groups *groups, const aisle_query *query, const struct schema *schema,
                          struct pass *pass)
{
    bool is_words = field_type_is_words(schema->fields[groups->field].type);
    pass->facets[pass->facet_count++] =
        (struct facet_request){.kind = is_words ? FACET_WORDS : FACET_NUMBERS,
                               .order = groups->by_count ? FACET_BY_COUNT : FACET_BY_VALUE,
                               .field = groups->field,
                               .limit = groups->by_count ? query->offset + query->limit : 1,
                               .sample = 1,
                               .whole = true};
    pass->counts_groups = true;
    pass->groups = groups->by_count ? &groups->counted : NULL;
}

int groups_take(struct groups *groups, const aisle_query *query, const struct filter_source *source,
                struct pass *pass, aisle_error *error)
{
    static const char by_count[] = ":count";
    *groups = (struct groups){.is_wanted = query->group_by != NULL && query->group_by[0] != '\0', .source = *source};
    if (!groups->is_wanted) {
        return 0;
    }
    struct bytes name = bytes_of_string(query->group_by);
    int field = schema_field_find(source->schema, name);
    if (field < 0 && name.size > strlen(by_count) &&
        memcmp(name.data + name.size - strlen(by_count), by_count, strlen(by_count)) == 0) {
        groups->by_count = true;
        field = schema_field_find(source->schema, bytes_of(name.data, name.size - strlen(by_count)));
    }
    if (field < 0) {
        return error_set(error, AISLE_BAD_QUERY, "group: expected a field's name, or one with \":count\" behind it, "
                         "found \"%.64s\"", query->group_by);
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
    if (!query->no_total || groups->by_count) {
        count_by_pass(groups, query, source->schema, pass);
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

/* ---- by count ---- */

/* A word is read as a filter reads it; the text is made of a name of the schema. */
static int new_word_condition(const struct groups *groups, struct bytes value, struct filter_node **out)
{
    char text[LIMIT_FIELD_NAME_BYTES + 16];
    const aisle_bytes bound = {(const char *)value.data, value.size};
    const aisle_param param = {.name = "v", .values = &bound, .value_count = 1};
    struct filter_source source = groups->source;
    source.params = &param;
    source.param_count = 1;
    int size = snprintf(text, sizeof text, "\"%s\" = $v", source.schema->fields[groups->field].name);
    return filter_parse(bytes_of(text, (size_t)size), &source, out, NULL);
}

/*
 * The condition that the field has the value, or with NULL that it has none. A number is compared with the product's
 * column: a filter's text would ask it of each variant.
 */
static int new_condition(const struct groups *groups, const struct bytes *value, struct filter_node **out)
{
    const struct field *field = &groups->source.schema->fields[groups->field];
    int64_t number = 0;
    bool exact;
    if (value != NULL && field_type_is_words(field->type)) {
        return new_word_condition(groups, *value, out);
    }
    if (value != NULL && product_number_read(field, *value, &number, &exact) != 0) {
        return AISLE_CORRUPT; /* it was printed from one */
    }
    struct filter_node *node = arena_calloc(groups->source.arena, 1, sizeof *node);
    if (node == NULL) {
        return AISLE_NO_MEMORY;
    }
    *node = (struct filter_node){.kind = value == NULL ? FILTER_EXISTS : FILTER_NUMBERS,
                                 .field = groups->field,
                                 .least = number,
                                 .greatest = number};
    *out = value == NULL ? new_parent(groups->source.arena, FILTER_NOT, node, NULL) : node;
    return *out == NULL ? AISLE_NO_MEMORY : 0;
}

/* The best hits that condition keeps, too; those from first on are *hits. */
static int find_under(struct page *page, const struct pass *pass, struct filter_node *condition, uint32_t first,
                      uint32_t count, struct query_hit **hits, uint32_t *got, aisle_error *error)
{
    struct arena *arena = pass->context->arena;
    struct query_hit *room = arena_alloc(arena, ((size_t)first + count) * sizeof *room);
    struct filter_node *filter =
        pass->filter == NULL ? condition : new_parent(arena, FILTER_AND, condition, pass->filter);
    if (room == NULL || filter == NULL) {
        return AISLE_NO_MEMORY;
    }
    int status = find_best(page, pass, filter, first + count, room, got, error);
    *got = *got > first ? *got - first : 0;
    *hits = room + first;
    return status;
}

/* Products without a value, each a group, behind those that have one. */
static int find_singles(const struct groups *groups, struct page *page, const struct pass *pass, uint32_t first,
                        uint32_t count, struct group *found, uint32_t *found_count, aisle_error *error)
{
    struct filter_node *condition;
    struct query_hit *hits = NULL;
    uint32_t got = 0;
    int status = new_condition(groups, NULL, &condition);
    status = status == 0 ? find_under(page, pass, condition, first, count, &hits, &got, error) : status;
    for (uint32_t i = 0; i < got && status == 0; i++) {
        found[(*found_count)++] = (struct group){.hits = &hits[i], .hit_count = 1, .products = 1};
    }
    return status;
}

static int find_by_count(const struct groups *groups, struct page *page, const struct pass *pass, uint32_t offset,
                         uint32_t count, struct group *found, uint32_t *found_count, aisle_error *error)
{
    const struct pass_groups *counted = &groups->counted;
    const uint64_t wanted = (uint64_t)offset + count;
    int status = 0;
    for (uint32_t i = offset; i < counted->count && i < wanted && status == 0; i++) {
        struct group *group = &found[*found_count];
        struct filter_node *condition;
        *group = (struct group){.products = counted->products[i]};
        status = new_condition(groups, &counted->values[i], &condition);
        status = status == 0 ? find_under(page, pass, condition, 0, groups->size, &group->hits, &group->hit_count,
                                          error)
                             : status;
        *found_count += status == 0 && group->hit_count != 0 ? 1 : 0; /* none only when a watch has stopped it */
    }
    if (status == 0 && counted->distinct < wanted) {
        uint32_t first = offset > counted->distinct ? offset - (uint32_t)counted->distinct : 0;
        uint32_t left = (uint32_t)(wanted - (offset > counted->distinct ? offset : counted->distinct));
        status = find_singles(groups, page, pass, first, left, found, found_count, error);
    }
    return status;
}

int groups_run(const struct groups *groups, struct page *page, const struct pass *pass, uint32_t offset,
               uint32_t count, bool counts, struct group **out, uint32_t *out_count, aisle_error *error)
{
    struct group *found = arena_calloc(pass->context->arena, offset + count, sizeof *found);
    uint32_t found_count = 0;
    *out_count = 0;
    int status = found == NULL ? AISLE_NO_MEMORY : check_single(groups, pass->context, error);
    if (status == 0 && groups->by_count) {
        status = find_by_count(groups, page, pass, offset, count, found, out_count, error);
        *out = found;
        return status;
    }
    status = status == 0 ? find_groups(groups, page, pass, offset + count, found, &found_count, error) : status;
    for (uint32_t i = offset; i < found_count && status == 0; i++) {
        status = fill_group(groups, page, pass, counts, &found[i], error);
    }
    *out = found_count > offset ? found + offset : found;
    *out_count = found_count > offset ? found_count - offset : 0;
    return status;
}
