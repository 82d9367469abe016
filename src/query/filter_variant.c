/*
 * filter_variant.c - conditions on one variant: what columns tell of them, their range of ordinals, and evaluation.
 *
 * Thread rule: see filter_variant.h.
 */
#include "query/filter_variant.h"

#include "schema/variant.h"

/* ---- what columns tell ---- */

static struct filter_node *copy_node(const struct filter_node *node, struct arena *arena)
{
    return arena_copy(arena, node, sizeof *node);
}

/* The least or greatest number of the variants bounds them from one side; the sum says nothing of any. */
static int number_columns(struct filter_node *node, enum field_keeps keeps, struct arena *arena,
                          struct filter_node **out)
{
    int64_t least = node->kind == FILTER_SET ? node->numbers[0] : node->least;
    int64_t greatest = node->kind == FILTER_SET ? node->numbers[node->count - 1] : node->greatest;
    if (keeps == FIELD_KEEPS_SUM) {
        return 0;
    }
    *out = copy_node(node, arena);
    if (*out == NULL) {
        return AISLE_NO_MEMORY;
    }
    (*out)->kind = FILTER_NUMBERS;
    (*out)->least = keeps == FIELD_KEEPS_LEAST ? INT64_MIN + 1 : least;
    (*out)->greatest = keeps == FIELD_KEEPS_LEAST ? greatest : INT64_MAX;
    return 0;
}

static bool is_nothing(const struct filter_node *node)
{
    return (node->kind == FILTER_NUMBERS && node->least > node->greatest) ||
           (node->kind == FILTER_SET && node->count == 0);
}

/* Of an AND what is told of any child, of an OR only what is told of all. Depth is that of the filter's text. */
int filter_variant_columns(struct filter_node *node, const struct schema *schema, struct arena *arena,
                           struct filter_node **out)
{
    *out = NULL;
    if (node->kind == FILTER_NOT) {
        return 0;
    }
    if (node->child_count == 0) {
        if (!is_nothing(node) && (node->kind == FILTER_NUMBERS || node->kind == FILTER_SET)) {
            return number_columns(node, (enum field_keeps)schema->fields[node->field].keeps, arena, out);
        }
        *out = node;
        return 0;
    }
    struct filter_node *parent = copy_node(node, arena);
    struct filter_node **children = arena_alloc(arena, node->child_count * sizeof *children);
    if (parent == NULL || children == NULL) {
        return AISLE_NO_MEMORY;
    }
    parent->children = children;
    parent->child_count = 0;
    for (uint32_t i = 0; i < node->child_count; i++) {
        struct filter_node *child;
        int status = filter_variant_columns(node->children[i], schema, arena, &child);
        if (status != 0) {
            return status;
        }
        if (child == NULL && node->kind == FILTER_OR) {
            return 0;
        }
        if (child != NULL) {
            children[parent->child_count++] = child;
        }
    }
    *out = parent->child_count == 0 ? NULL : parent->child_count == 1 ? children[0] : parent;
    return 0;
}

/* ---- a variant's values ---- */

struct variant_test {
    const struct filter_node *node;
    const struct values_reader *values;
    uint32_t first; /* ordinals that can meet node */
    uint32_t end;
    bool empty_meets; /* a variant without any value */
    struct values_cursor cursor;
    uint64_t has; /* fields of the variant at hand */
    struct variant_entry entries[LIMIT_FIELDS];
};

static bool has_number(const struct filter_node *node, int64_t number)
{
    uint32_t low = 0;
    uint32_t high = node->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (node->numbers[middle] < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < node->count && node->numbers[low] == number;
}

static bool has_word(const struct filter_node *node, struct bytes word)
{
    uint32_t low = 0;
    uint32_t high = node->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = bytes_compare(node->words[middle], word);
        if (order == 0) {
            return true;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return false;
}

static bool is_between(const struct filter_node *node, struct bytes word)
{
    int low = node->low.data == NULL ? 1 : bytes_compare(word, node->low);
    int high = node->high.data == NULL ? -1 : bytes_compare(word, node->high);
    return (low > 0 || (low == 0 && node->includes_low)) && (high < 0 || (high == 0 && node->includes_high));
}

static bool meets_leaf(const struct variant_test *test, const struct filter_node *node)
{
    const struct variant_entry *entry = &test->entries[node->field];
    if ((test->has >> node->field & 1) == 0) {
        return false;
    }
    switch (node->kind) {
    case FILTER_NUMBERS:
        return !entry->is_word && entry->number >= node->least && entry->number <= node->greatest;
    case FILTER_SET:
        return !entry->is_word && has_number(node, entry->number);
    case FILTER_WORDS:
        return entry->is_word && is_between(node, entry->word);
    case FILTER_WORD_SET:
        return entry->is_word && has_word(node, entry->word);
    default:
        return node->kind == FILTER_EXISTS;
    }
}

/* Depth is that of the filter's text. */
static bool meets(const struct variant_test *test, const struct filter_node *node)
{
    if (node->child_count == 0) {
        return meets_leaf(test, node);
    }
    bool any = node->kind == FILTER_OR;
    bool found = !any;
    for (uint32_t i = 0; i < node->child_count && found != any; i++) {
        found = meets(test, node->children[i]);
    }
    return node->kind == FILTER_NOT ? !found : found;
}

/* ---- the range of ordinals ---- */

static bool is_equality(const struct filter_node *node)
{
    return (node->kind == FILTER_NUMBERS && node->least == node->greatest) ||
           (node->kind == FILTER_WORDS && node->low.data != NULL && node->high.data != NULL && node->includes_low &&
            node->includes_high && bytes_equal(node->low, node->high));
}

/* The condition that field is equal to something, if it is AND-ed at the top. */
static const struct filter_node *find_equality(const struct filter_node *node, uint8_t field)
{
    const struct filter_node *found = NULL;
    for (uint32_t i = 0; i < node->child_count && node->kind == FILTER_AND && found == NULL; i++) {
        found = find_equality(node->children[i], field);
    }
    return node->child_count == 0 && node->field == field && is_equality(node) ? node : found;
}

static uint32_t count_conjuncts(const struct filter_node *node)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < node->child_count && node->kind == FILTER_AND; i++) {
        count += count_conjuncts(node->children[i]);
    }
    return node->kind == FILTER_AND ? count : 1;
}

/*
 * The entries that variants which meet node begin with, into prefix; *all: nothing else is asked. A field
 * without such a condition ends the beginning: a variant may have an entry of it or not.
 */
static int find_prefix(const struct filter_node *node, const uint8_t *fields, uint32_t field_count, struct buf *prefix,
                       bool *all)
{
    uint32_t taken = 0;
    for (uint32_t i = 0; i < field_count; i++) {
        const struct filter_node *equal = find_equality(node, fields[i]);
        if (equal == NULL || prefix->size > VALUES_FOLDED_BYTES_MAX / 2) {
            break;
        }
        if (equal->kind == FILTER_NUMBERS) {
            variant_put_number(prefix, fields[i], equal->least);
        } else {
            variant_put_word(prefix, fields[i], equal->low);
        }
        taken++;
    }
    *all = taken == count_conjuncts(node);
    return buf_status(prefix);
}

/* The fields of variants that stand in the entries, ascending. */
static uint32_t list_fields(const struct schema *schema, uint8_t fields[LIMIT_FIELDS])
{
    uint32_t count = 0;
    for (uint8_t f = 0; f < schema->field_count; f++) {
        if (schema->fields[f].of_variants && schema->fields[f].column) {
            fields[count++] = f;
        }
    }
    return count;
}

static int find_range(const struct filter_node *node, const struct schema *schema, const struct values_reader *values,
                      uint32_t *first, uint32_t *end, bool *is_range)
{
    uint8_t fields[LIMIT_FIELDS];
    uint32_t field_count = list_fields(schema, fields);
    struct buf prefix;
    bool exact;
    buf_init(&prefix, 3 * VALUES_FOLDED_BYTES_MAX);
    *first = 0;
    *end = values->count;
    int status = find_prefix(node, fields, field_count, &prefix, is_range);
    struct bytes bytes = buf_bytes(&prefix);
    if (status == 0 && bytes.size > VALUES_FOLDED_BYTES_MAX) {
        *is_range = false; /* it may have been cut */
    } else if (status == 0 && bytes.size != 0) {
        status = values_find(values, bytes, first, &exact);
        status = status == 0 ? values_find_end(values, bytes, *first, end) : status;
    }
    buf_release(&prefix);
    return status;
}

int variant_test_open(const struct filter_node *any, const struct values_reader *values, struct arena *arena,
                      uint32_t *first, uint32_t *end, bool *is_range, struct variant_test **out)
{
    const struct filter_node *node = any->children[0];
    *out = NULL;
    int status = find_range(node, any->schema, values, first, end, is_range);
    if (status != 0 || *is_range) {
        return status;
    }
    struct variant_test *test = arena_alloc(arena, sizeof *test);
    if (test == NULL) {
        return AISLE_NO_MEMORY;
    }
    test->node = node;
    test->values = values;
    test->first = *first;
    test->end = *end;
    test->has = 0;
    test->empty_meets = meets(test, node);
    *out = test;
    return 0;
}

/* ---- evaluation ---- */

static int test_ordinal(struct variant_test *test, uint32_t ordinal, bool *matches)
{
    struct variant_entry entry;
    int status = values_seek(&test->cursor, test->values, ordinal);
    struct byte_reader reader = byte_reader_of(test->cursor.folded);
    test->has = 0;
    while (status == 0 && (status = variant_next(&reader, &entry)) == 0) {
        test->entries[entry.field] = entry;
        test->has |= UINT64_C(1) << entry.field;
    }
    *matches = status == AISLE_END && meets(test, test->node);
    return status == AISLE_END ? 0 : AISLE_CORRUPT;
}

int variant_test_code(struct variant_test *test, int64_t code, bool *matches)
{
    struct values_of_code walk;
    *matches = code == COLUMN_MISSING && test->empty_meets;
    if (code == COLUMN_MISSING) {
        return 0;
    }
    int status = values_of_code_init(&walk, test->values, code);
    while (status == 0 && !*matches) {
        uint32_t ordinal;
        status = values_of_code_next(&walk, &ordinal);
        if (status == 0 && ordinal >= test->end) {
            break;
        }
        if (status == 0 && ordinal >= test->first) {
            status = test_ordinal(test, ordinal, matches);
        }
    }
    return status == AISLE_END ? 0 : status;
}
