/*
 * pass.c - walks once over the matches and hands each window to all who count.
 *
 * Thread rule: as the search.
 */
#include "index/pass.h"

#include "base/alloc.h"
#include "query/sort.h"

int pass_take_facets(struct pass *pass, const aisle_query *query, const struct filter_source *source,
                     aisle_error *error)
{
    if (query->facet_count > LIMIT_FACETS) {
        return error_set(error, AISLE_LIMIT, "facet: %zu are asked for, expected at most %u", query->facet_count,
                         LIMIT_FACETS);
    }
    pass->facets = arena_calloc(source->arena, query->facet_count + 1, sizeof *pass->facets);
    if (pass->facets == NULL) {
        return error_no_memory(error, "reading facets");
    }
    for (size_t i = 0; i < query->facet_count; i++) {
        if (query->facets[i] == NULL) {
            return error_set(error, AISLE_INVALID, "facet: number %zu is NULL", i);
        }
        int status = facet_parse(bytes_of_string(query->facets[i]), source, &pass->facets[i], error);
        if (status != 0) {
            return status;
        }
        pass->facet_count++;
    }
    return 0;
}

/*
 * Lifts the conditions of each multi-select facet's field out of the filter, once a field. lifted[i]: which of the
 * walk's filters was lifted for facet i.
 */
static int lift(const struct pass *pass, struct walk *walk, uint32_t *lifted)
{
    struct filter_node *rest = pass->filter;
    int status = 0;
    for (uint32_t i = 0; i < pass->facet_count && status == 0; i++) {
        struct filter_node *own = NULL;
        lifted[i] = FACET_NOT_LIFTED;
        if (!pass->facets[i].multi) {
            continue;
        }
        for (uint32_t k = 0; k < i; k++) {
            if (lifted[k] != FACET_NOT_LIFTED && pass->facets[k].field == pass->facets[i].field) {
                lifted[i] = lifted[k];
            }
        }
        if (lifted[i] == FACET_NOT_LIFTED) {
            status = filter_lift(rest, pass->facets[i].field, pass->context->arena, &own, &rest);
        }
        if (own != NULL) {
            lifted[i] = walk->lifted_count;
            walk->lifted[walk->lifted_count++] = own;
        }
    }
    walk->filter = rest;
    return status;
}

/* A pass under way. */
struct counting {
    const struct pass *pass;
    struct facet_set *facets; /* NULL: none */
    struct sorter *sorter;    /* likewise */
    uint64_t total;
};

static int enter(void *self, uint32_t segment)
{
    struct counting *counting = self;
    return counting->sorter == NULL ? 0 : sorter_enter(counting->sorter, segment);
}

static int visit(void *self, const struct walk_window *window)
{
    struct counting *counting = self;
    counting->total += window->count;
    int status = counting->facets == NULL ? 0 : facet_set_count(counting->facets, window);
    if (status == 0 && counting->sorter != NULL) {
        status = sorter_visit(counting->sorter, window);
    }
    bool enough = counting->facets == NULL && counting->sorter == NULL && counting->pass->total_bound != 0 &&
                  counting->total >= counting->pass->total_bound;
    return status != 0 ? status : enough ? AISLE_END : 0;
}

static int put_facet(const struct pass *pass, uint32_t i, const struct facet_answer *answer,
                     struct aisle_result *result)
{
    struct result_facet *facet = &result->facets[i];
    const char *name = pass->context->schema->fields[pass->facets[i].field].name;
    *facet = (struct result_facet){.field = result_put(result, bytes_of_string(name)),
                                   .min = result_put(result, answer->min),
                                   .max = result_put(result, answer->max),
                                   .sum = result_put(result, answer->sum),
                                   .distinct = answer->distinct,
                                   .products = answer->products,
                                   .missing = answer->missing,
                                   .mean = answer->mean,
                                   .sampled = answer->sampled};
    facet->values = mem_calloc(answer->value_count, sizeof *facet->values);
    if (facet->values == NULL && answer->value_count != 0) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t k = 0; k < answer->value_count; k++) {
        const struct facet_value *value = &answer->values[k];
        facet->values[k] = (struct result_facet_value){.value = result_put(result, value->text),
                                                       .from = result_put(result, value->from),
                                                       .to = result_put(result, value->to),
                                                       .count = value->count};
    }
    facet->value_count = answer->value_count;
    return buf_status(&result->bytes);
}

/* Keeps the values of the facet that counts groups. */
static int keep_groups(const struct pass *pass, const struct facet_answer *answer)
{
    struct arena *arena = pass->context->arena;
    struct pass_groups *groups = pass->groups;
    size_t room = answer->value_count + (size_t)1;
    groups->values = arena_alloc(arena, room * sizeof *groups->values);
    groups->products = arena_alloc(arena, room * sizeof *groups->products);
    groups->distinct = answer->distinct;
    groups->count = 0;
    if (groups->values == NULL || groups->products == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < answer->value_count; i++) {
        struct bytes text = answer->values[i].text;
        const uint8_t *copy = arena_copy(arena, text.data, text.size);
        if (copy == NULL) {
            return AISLE_NO_MEMORY;
        }
        groups->values[i] = bytes_of(copy, text.size);
        groups->products[i] = answer->values[i].count;
        groups->count++;
    }
    return 0;
}

static int put_facets(const struct counting *counting, struct aisle_result *result, aisle_error *error)
{
    const struct pass *pass = counting->pass;
    uint32_t shown = pass->facet_count - (pass->counts_groups ? 1 : 0);
    int status = result_make_facets(result, shown);
    struct facet_answer answer;
    for (uint32_t i = 0; i < shown && status == 0; i++) {
        status = facet_set_answer(counting->facets, i, &answer, error);
        status = status == 0 ? put_facet(pass, i, &answer, result) : status;
    }
    if (status == 0 && pass->counts_groups) {
        status = facet_set_answer(counting->facets, shown, &answer, error);
        result->group_total = answer.distinct + answer.missing;
        status = status == 0 && pass->groups != NULL ? keep_groups(pass, &answer) : status;
    }
    return status;
}

int pass_run(const struct pass *pass, struct sorter *sorter, struct aisle_result *result, aisle_error *error)
{
    struct walk walk = {.root = pass->root, .filter = pass->filter};
    struct counting counting = {.pass = pass, .sorter = sorter};
    const struct walk_visitor visitor = {.self = &counting, .enter = enter, .visit = visit};
    uint32_t lifted[LIMIT_FACETS + 1];
    int status = 0;
    if (pass->facet_count != 0) {
        status = lift(pass, &walk, lifted);
        status = status == 0 ? facet_set_new(pass->context, pass->facets, &walk, lifted, pass->facet_count,
                                             &counting.facets, error)
                             : status;
    }
    status = status == 0 ? query_walk(pass->context, &walk, &visitor) : status;
    if (status == 0 && counting.facets != NULL) {
        status = put_facets(&counting, result, error);
    }
    facet_set_free(counting.facets);
    result->total = counting.total;
    result->total_is_exact = pass->total_bound == 0 || pass->facet_count != 0 || sorter != NULL ||
                             counting.total < pass->total_bound;
    return status;
}
