/*
 * facet_numbers.c - counts of numbers, ranges and histograms; least, greatest, sum and mean.
 *
 * Sums of whole numbers and decimals are exact. Doubles are summed up with compensation, so that the sum is right to
 * the last digits whatever their order. The mean is one division.
 *
 * Thread rule: as the set.
 */
#include "facet/facet_private.h"

#include "base/bitset.h"
#include "base/buf.h"
#include "schema/product.h"

#include <math.h>
#include <stdlib.h>

/* From this share of a page on (1 / 4), unpacking all of it is faster than picking. */
#define PICKED_SHARE 4u

/* Up to so many bounds, values are compared with each, four at a time, and not looked up in them. */
#define COMPARED_BOUNDS 32u

/* Up to so many bounds, ranges are matched as they lie packed in pages with so many matches. */
#define MATCHED_BOUNDS 16u
#define MATCHED_LEAST 384u

#define SLOTS_FIRST 64u
#define REAL_BUCKET_MAX 9007199254740992.0 /* 2^53: buckets beyond cannot be told apart */

/* ---- the table ---- */

static size_t slot_of(const struct facet_numbers *numbers, int64_t key)
{
    uint64_t hash = ((uint64_t)key ^ (uint64_t)key >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    size_t slot = (size_t)(hash >> 20) & (numbers->slot_count - 1);
    while (numbers->counts[slot] != 0 && numbers->keys[slot] != key) {
        slot = (slot + 1) & (numbers->slot_count - 1);
    }
    return slot;
}

static int grow(struct facet_numbers *numbers, struct arena *arena)
{
    struct facet_numbers grown = {.slot_count = numbers->slot_count == 0 ? SLOTS_FIRST : numbers->slot_count * 2,
                                  .used = numbers->used};
    grown.keys = arena_alloc(arena, grown.slot_count * sizeof *grown.keys);
    grown.counts = arena_calloc(arena, grown.slot_count, sizeof *grown.counts);
    if (grown.keys == NULL || grown.counts == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < numbers->slot_count; i++) {
        if (numbers->counts[i] != 0) {
            size_t slot = slot_of(&grown, numbers->keys[i]);
            grown.keys[slot] = numbers->keys[i];
            grown.counts[slot] = numbers->counts[i];
        }
    }
    *numbers = grown;
    return 0;
}

int facet_count_number(struct facet *facet, int64_t key, uint64_t count)
{
    struct facet_numbers *numbers = &facet->numbers;
    if (numbers->used != 0 && numbers->counts[numbers->last] != 0 && numbers->keys[numbers->last] == key) {
        numbers->counts[numbers->last] += count;
        return 0;
    }
    if (numbers->used * 2 >= numbers->slot_count) {
        int status = grow(numbers, facet->arena);
        if (status != 0) {
            return status;
        }
    }
    size_t slot = slot_of(numbers, key);
    if (numbers->counts[slot] == 0) {
        uint32_t most = facet->request->kind == FACET_HISTOGRAM ? LIMIT_FACET_BUCKETS : LIMIT_FACET_NUMBERS;
        if (numbers->used == most) {
            return AISLE_LIMIT;
        }
        numbers->used++;
        numbers->keys[slot] = key;
    }
    numbers->counts[slot] += count;
    numbers->last = slot;
    return 0;
}

/* ---- counting ---- */

uint32_t facet_range_of(const struct facet_request *request, int64_t value)
{
    uint32_t low = 0;
    uint32_t high = request->bound_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (request->bounds[middle] <= value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    /* An open end is the greatest number, which is within. */
    bool is_last = low == request->bound_count && value == INT64_MAX && request->bounds[low - 1] == INT64_MAX;
    return is_last ? low - 1 : low;
}

void facet_count_range(struct facet *facet, uint32_t range, uint32_t count)
{
    if (range != 0 && range < facet->request->bound_count) {
        facet->ranges[range - 1] += count;
    }
}

int64_t facet_bucket_of(const struct facet_request *request, int64_t value, bool real)
{
    if (real) {
        double bucket = floor(product_double_of_number(value) / request->real_width);
        return (int64_t)fmax(fmin(bucket, REAL_BUCKET_MAX), -REAL_BUCKET_MAX);
    }
    return value / request->width - (value % request->width < 0 ? 1 : 0);
}

static void add_compensated(struct facet_real *to, double value)
{
    double sum = to->sum + value;
    to->rest += fabs(to->sum) >= fabs(value) ? (to->sum - sum) + value : (value - sum) + to->sum;
    to->sum = sum;
}

static void add_real(struct facet *facet, double value)
{
    if (fabs(value) < FACET_LARGE) {
        add_compensated(&facet->small, value);
    } else {
        add_compensated(&facet->large, ldexp(value, -FACET_LARGE_SHIFT));
    }
}

void facet_add_stats(struct facet *facet, const int64_t *values, uint32_t count, bool real)
{
    facet->summed += count;
    for (uint32_t i = 0; i < count; i++) {
        facet->min = values[i] < facet->min ? values[i] : facet->min;
        facet->max = values[i] > facet->max ? values[i] : facet->max;
    }
    for (uint32_t i = 0; i < count && !real; i++) {
        facet->sum += values[i];
    }
    for (uint32_t i = 0; i < count && real; i++) {
        add_real(facet, product_double_of_number(values[i]));
    }
}

static int64_t value_of(const struct column_page_view *view, uint32_t position)
{
    size_t bit = (size_t)position * view->width;
    uint64_t code = load_u64(view->codes + bit / 8) >> (bit % 8) & view->mask;
    uint64_t value = (uint64_t)view->least + ((code - view->has_missing) << view->shift);
    return view->has_missing && code == 0 ? COLUMN_MISSING : (int64_t)value;
}

/* Picks the values of the page's matches, those that there are. Returns how many. */
static int pick(const struct facet_page *page, int64_t *values, uint32_t *count)
{
    uint32_t taken = 0;
    if (page->positions != NULL && page->count < page->view.count / PICKED_SHARE && page->view.mask != 0 &&
        !page->view.decimal) {
        const struct column_page_view view = page->view;
        for (uint32_t i = 0; i < page->count; i++) {
            values[taken] = value_of(&view, page->positions[i]);
            taken += values[taken] != COLUMN_MISSING ? 1 : 0;
        }
    } else if (page->positions != NULL && page->count < page->view.count / PICKED_SHARE) {
        for (uint32_t i = 0; i < page->count; i++) {
            values[taken] = column_page_view_at(&page->view, page->positions[i]);
            taken += values[taken] != COLUMN_MISSING ? 1 : 0;
        }
    } else {
        int64_t all[COLUMN_PAGE_DOCUMENTS];
        uint32_t unpacked;
        if (column_page_decode(page->bytes, all, &unpacked) != 0) {
            return AISLE_CORRUPT;
        }
        for (uint32_t i = 0; i < page->count; i++) {
            values[taken] = all[page->positions == NULL ? i : page->positions[i]];
            taken += values[taken] != COLUMN_MISSING ? 1 : 0;
        }
    }
    *count = taken;
    return 0;
}

/*
 * Counts by comparing the page with each range as it lies packed, which unpacks nothing and costs less than looking for
 * the range of each match unless they are few.
 */
static int match_ranges(struct facet *facet, const struct facet_page *page)
{
    const struct facet_request *request = facet->request;
    uint64_t bits[FACET_PAGE_WORDS];
    uint32_t documents;
    int status = 0;
    for (uint32_t i = 0; i + 1 < request->bound_count && status == 0; i++) {
        bool is_last = request->bounds[i + 1] == INT64_MAX; /* an open end, which includes the greatest number */
        int64_t least = request->bounds[i];
        int64_t greatest = request->bounds[i + 1] - (is_last ? 0 : 1);
        if (greatest < page->view.min || least > page->view.max) {
            continue;
        }
        status = column_page_match(page->bytes, least, greatest, bits, &documents);
        facet->ranges[i] += bitset_and(bits, page->bits, FACET_PAGE_WORDS);
    }
    if (status == 0 && page->view.has_missing) {
        status = column_page_match(page->bytes, COLUMN_MISSING + 1, INT64_MAX, bits, &documents);
        facet->missing += page->count - bitset_and(bits, page->bits, FACET_PAGE_WORDS);
    }
    return status;
}

/* Counts by how many values lie below each bound. An open end, which is the greatest number, is within. */
static void compare_ranges(struct facet *facet, const int64_t *values, uint32_t count)
{
    const struct facet_request *request = facet->request;
    uint32_t below = facet_below(values, count, request->bounds[0]);
    for (uint32_t i = 1; i < request->bound_count; i++) {
        bool is_open = i + 1 == request->bound_count && request->bounds[i] == INT64_MAX;
        uint32_t next = is_open ? count : facet_below(values, count, request->bounds[i]);
        facet->ranges[i - 1] += next - below;
        below = next;
    }
}

/* The first code of a page whose value is not below bound, or one behind its codes. */
static uint32_t code_from(const struct column_page_view *view, int64_t bound)
{
    uint32_t first = view->has_missing ? 1 : 0;
    if (bound <= view->min) {
        return first;
    }
    if (bound > view->max) {
        return (uint32_t)view->mask + 1;
    }
    uint64_t steps = ((uint64_t)bound - (uint64_t)view->least + ((UINT64_C(1) << view->shift) - 1)) >> view->shift;
    return first + (steps < view->mask ? (uint32_t)steps : (uint32_t)view->mask);
}

/* How many of a page's codes, which lie from least to greatest, are below that of a bound. */
static uint32_t codes_below(const uint32_t *codes, uint32_t count, uint32_t bound, uint32_t least, uint32_t greatest)
{
    return bound <= least ? 0 : bound > greatest ? count : facet_codes_below(codes, count, bound);
}

/*
 * Counts by how many codes lie below that of each bound. Documents without a value are below all of them, and so of no
 * range. What matches lies often within one range: bounds outside of it cost nothing.
 */
static void compare_codes(struct facet *facet, const struct facet_page *page)
{
    const struct facet_request *request = facet->request;
    const uint32_t count = page->count;
    uint32_t codes[COLUMN_PAGE_DOCUMENTS];
    uint32_t least;
    uint32_t greatest;
    facet_page_codes(page, codes);
    facet_codes_span(codes, count, &least, &greatest);
    uint32_t below = codes_below(codes, count, code_from(&page->view, request->bounds[0]), least, greatest);
    facet->missing += page->view.has_missing ? codes_below(codes, count, 1, least, greatest) : 0;
    for (uint32_t i = 1; i < request->bound_count; i++) {
        bool is_open = i + 1 == request->bound_count && request->bounds[i] == INT64_MAX;
        uint32_t next = is_open || request->bounds[i] > page->view.max
                            ? count
                            : codes_below(codes, count, code_from(&page->view, request->bounds[i]), least, greatest);
        facet->ranges[i - 1] += next - below;
        below = next;
    }
}

int facet_count_numbers(struct facet *facet, const struct facet_page *page, bool real)
{
    const struct facet_request *request = facet->request;
    int64_t values[COLUMN_PAGE_DOCUMENTS];
    uint32_t count;
    if (request->kind == FACET_RANGES && !request->stats && !page->view.has_missing &&
        facet_range_of(request, page->view.min) == facet_range_of(request, page->view.max)) {
        facet_count_range(facet, facet_range_of(request, page->view.min), page->count);
        return 0;
    }
    if (request->kind == FACET_RANGES && !request->stats && request->bound_count <= COMPARED_BOUNDS &&
        !page->view.decimal && page->view.mask != 0 && page->view.width <= COLUMN_CODES_WIDTH_MAX) {
        compare_codes(facet, page);
        return 0;
    }
    if (request->kind == FACET_RANGES && !request->stats && page->bits != NULL && page->count >= MATCHED_LEAST &&
        request->bound_count <= MATCHED_BOUNDS) {
        return match_ranges(facet, page);
    }
    int status = pick(page, values, &count);
    if (status != 0) {
        return status;
    }
    facet->missing += page->count - count;
    if (request->stats) {
        facet_add_stats(facet, values, count, real);
    }
    if (request->kind == FACET_RANGES && request->bound_count <= COMPARED_BOUNDS) {
        compare_ranges(facet, values, count);
        return 0;
    }
    if (request->kind == FACET_RANGES) {
        for (uint32_t i = 0; i < count; i++) {
            facet_count_range(facet, facet_range_of(request, values[i]), 1);
        }
        return 0;
    }
    if (request->limit == 0) {
        return 0; /* stats alone */
    }
    for (uint32_t i = 0; i < count && status == 0; i++) {
        int64_t key = request->kind == FACET_NUMBERS ? values[i] : facet_bucket_of(request, values[i], real);
        status = facet_count_number(facet, key, 1);
    }
    return status;
}

/* ---- answers ---- */

struct counted {
    int64_t key;
    uint64_t count;
};

static int compare_counted(const void *left, const void *right)
{
    const struct counted *a = left;
    const struct counted *b = right;
    if (a->count != b->count) {
        return a->count > b->count ? -1 : 1;
    }
    return (a->key > b->key) - (a->key < b->key);
}

static int compare_keys(const void *left, const void *right)
{
    const struct counted *a = left;
    const struct counted *b = right;
    return (a->key > b->key) - (a->key < b->key);
}

/* A number as text of the arena; dates without their quotes. */
static int print(struct facet_set *set, const struct field *field, int64_t number, struct bytes *out)
{
    struct buf text;
    buf_init(&text, LIMIT_FACET_BYTES);
    int status = product_value_print(field, number, &text);
    if (status == 0) {
        size_t quotes = text.size >= 2 && text.data[0] == '"' ? 1 : 0;
        out->size = text.size - 2 * quotes;
        out->data = arena_copy(&set->arena, text.data + quotes, out->size);
        status = out->data == NULL ? AISLE_NO_MEMORY : 0;
    }
    buf_release(&text);
    return status == AISLE_INVALID ? 0 : status; /* no number of the field: a date behind the year 9999 */
}

/* "from..to" */
static int label(struct facet_set *set, struct facet_value *value)
{
    uint8_t *text = arena_alloc(&set->arena, value->from.size + value->to.size + 2);
    if (text == NULL) {
        return AISLE_NO_MEMORY;
    }
    if (value->from.size != 0) {
        memcpy(text, value->from.data, value->from.size);
    }
    memcpy(text + value->from.size, "..", 2);
    if (value->to.size != 0) {
        memcpy(text + value->from.size + 2, value->to.data, value->to.size);
    }
    value->text = bytes_of(text, value->from.size + value->to.size + 2);
    return 0;
}

static int print_bucket(struct facet_set *set, const struct facet *facet, int64_t bucket, struct facet_value *value)
{
    const struct facet_request *request = facet->request;
    const struct field *field = &set->context->schema->fields[request->field];
    struct bytes *ends[] = {&value->from, &value->to};
    int status = 0;
    for (int end = 0; end < 2 && status == 0; end++) {
        if (field->type == FIELD_DOUBLE) {
            double bound = (double)(bucket + end) * request->real_width;
            status = print(set, field, product_number_of_double(bound), ends[end]);
        } else {
            facet_sum bound = (facet_sum)(bucket + end) * request->width;
            if (bound > INT64_MIN && bound <= INT64_MAX) { /* else it is open: no number lies behind */
                status = print(set, field, (int64_t)bound, ends[end]);
            }
        }
    }
    return status == 0 ? label(set, value) : status;
}

static int answer_ranges(struct facet_set *set, const struct facet *facet, struct facet_value *values)
{
    const struct facet_request *request = facet->request;
    int status = 0;
    for (uint32_t i = 0; i + 1 < request->bound_count && status == 0; i++) {
        values[i] = (struct facet_value){.from = request->bound_texts[i],
                                         .to = request->bound_texts[i + 1],
                                         .count = facet_estimate(facet, facet->ranges[i])};
        status = label(set, &values[i]);
    }
    return status;
}

static int answer_counted(struct facet_set *set, const struct facet *facet, struct facet_answer *out)
{
    const struct facet_numbers *numbers = &facet->numbers;
    const struct facet_request *request = facet->request;
    const struct field *field = &set->context->schema->fields[request->field];
    struct counted *all = arena_alloc(&set->arena, numbers->used * sizeof *all);
    size_t taken = 0;
    if (all == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < numbers->slot_count; i++) {
        if (numbers->counts[i] != 0) {
            all[taken++] = (struct counted){numbers->keys[i], numbers->counts[i]};
        }
    }
    if (taken != 0) {
        qsort(all, taken, sizeof *all, request->order == FACET_BY_COUNT ? compare_counted : compare_keys);
    }
    out->value_count = taken < request->limit ? (uint32_t)taken : request->limit;
    struct facet_value *values = arena_calloc(&set->arena, out->value_count, sizeof *values);
    int status = values == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t i = 0; i < out->value_count && status == 0; i++) {
        values[i].count = facet_estimate(facet, all[i].count);
        status = request->kind == FACET_HISTOGRAM ? print_bucket(set, facet, all[i].key, &values[i])
                                                  : print(set, field, all[i].key, &values[i].text);
    }
    out->values = values;
    out->distinct = taken;
    return status;
}

/* The exact decimal form of a sum in units of 10^-scale. */
static int print_sum(struct facet_set *set, facet_sum sum, unsigned scale, struct bytes *out)
{
    char digits[64];
    size_t at = sizeof digits;
    bool negative = sum < 0;
    bool is_behind = false; /* the point, with digits that count */
    for (unsigned i = 0; sum != 0 || i <= scale; i++) {
        char digit = (char)('0' + (int)(negative ? -(sum % 10) : sum % 10));
        sum /= 10;
        if (i == scale && is_behind) {
            digits[--at] = '.';
        }
        if (i >= scale || digit != '0' || is_behind) {
            digits[--at] = digit;
            is_behind = is_behind || i < scale;
        }
    }
    if (negative) {
        digits[--at] = '-';
    }
    out->size = sizeof digits - at;
    out->data = arena_copy(&set->arena, digits + at, out->size);
    return out->data == NULL ? AISLE_NO_MEMORY : 0;
}

/* The sum of doubles may be more than a double holds, and is left out then; the mean never is. */
static int answer_reals(struct facet_set *set, const struct facet *facet, double products, struct facet_answer *out)
{
    const struct field *field = &set->context->schema->fields[facet->request->field];
    double small = facet->small.sum + facet->small.rest;
    double large = facet->large.sum + facet->large.rest;
    double sum = small + ldexp(large, FACET_LARGE_SHIFT);
    double mean = isfinite(sum) ? sum / products : small / products + ldexp(large / products, FACET_LARGE_SHIFT);
    out->mean = fmax(product_double_of_number(facet->min), fmin(mean, product_double_of_number(facet->max)));
    return isfinite(sum) ? print(set, field, product_number_of_double(sum), &out->sum) : 0;
}

static int answer_stats(struct facet_set *set, const struct facet *facet, struct facet_answer *out)
{
    const struct field *field = &set->context->schema->fields[facet->request->field];
    double products = (double)facet->summed;
    int status = print(set, field, facet->min, &out->min);
    status = status == 0 ? print(set, field, facet->max, &out->max) : status;
    if (status != 0 || field->type == FIELD_DOUBLE) {
        return status != 0 ? status : answer_reals(set, facet, products, out);
    }
    double unit = field->type == FIELD_DECIMAL ? pow(10, field->scale) : 1;
    out->mean = (double)facet->sum / (unit * products);
    bool is_summed = field->type == FIELD_INTEGER || field->type == FIELD_DECIMAL;
    return is_summed ? print_sum(set, facet->sum, field->scale, &out->sum) : 0;
}

int facet_answer_numbers(struct facet_set *set, struct facet *facet, struct facet_answer *out, aisle_error *error)
{
    const struct facet_request *request = facet->request;
    int status = 0;
    (void)error;
    if (request->kind == FACET_RANGES) {
        uint32_t count = request->bound_count - 1;
        struct facet_value *values = arena_calloc(&set->arena, count, sizeof *values);
        status = values == NULL ? AISLE_NO_MEMORY : answer_ranges(set, facet, values);
        out->values = values;
        out->value_count = count < request->limit ? count : request->limit;
        out->distinct = count;
    } else if (request->limit != 0) {
        status = answer_counted(set, facet, out);
    }
    if (status == 0 && request->stats && facet->summed != 0) {
        status = answer_stats(set, facet, out);
    }
    return status;
}
