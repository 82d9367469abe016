/*
 * suggest_write.c - builds a part: records as they come, then the tree from all ways to find them, sorted.
 *
 * A way is a record, a word of its key to begin at, and a context or none. Ways are sorted by numbers, first by the
 * eight bytes they begin with and then by context; only those that agree in both are compared as text.
 */
#include "suggest/suggest_private.h"

#include "base/alloc.h"
#include "base/radix.h"

#define ITEMS_MAX (1u << 28)
#define NO_CONTEXT UINT32_MAX

/* One way to find a record. */
struct suggest_item {
    uint32_t key; /* in writer->keys, where the way begins */
    uint32_t record;
    uint32_t context; /* number, or NO_CONTEXT */
    uint16_t code;
    uint8_t size; /* of the key from there */
    bool later;
};

int suggest_writer_init(struct suggest_writer *writer, struct extent_writer *text, struct extent_writer *tree)
{
    *writer = (struct suggest_writer){.text = text, .tree = tree};
    buf_init(&writer->keys, UINT32_MAX);
    writer->names = suggest_names_new();
    writer->status = text->payload != 0 || tree->payload != 0 ? AISLE_INVALID
                     : writer->names == NULL                  ? AISLE_NO_MEMORY
                                                              : 0;
    return writer->status;
}

void suggest_writer_release(struct suggest_writer *writer)
{
    buf_release(&writer->keys);
    mem_free(writer->items);
    suggest_names_free(writer->names);
    *writer = (struct suggest_writer){.status = AISLE_INVALID};
}

static bool is_weight(uint64_t weight)
{
    return weight != 0 && weight <= SUGGEST_WEIGHT_MAX;
}

/* Whether no byte of text is below 0x20. */
static bool is_plain(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < 0x20) {
            return false;
        }
    }
    return true;
}

/* Whether words stand between single spaces. */
static bool is_spaced(struct bytes key)
{
    bool space = true;
    for (size_t i = 0; i < key.size; i++) {
        if (key.data[i] == ' ' && space) {
            return false;
        }
        space = key.data[i] == ' ';
    }
    return !space;
}

static bool is_entry(const struct suggest_writer *writer, const struct suggest_entry *entry)
{
    bool sound = entry->key.size != 0 && entry->key.size <= SUGGEST_KEY_BYTES && is_plain(entry->key) &&
                 is_spaced(entry->key) && entry->shown.size != 0 && entry->shown.size <= SUGGEST_SHOWN_BYTES &&
                 is_weight(entry->weight) && entry->kind != 0 && entry->kind < SUGGEST_KINDS;
    for (size_t i = 0; i < entry->context_count && sound; i++) {
        const struct suggest_context *context = &entry->contexts[i];
        sound = context->value.size != 0 && context->value.size <= SUGGEST_CONTEXT_BYTES && is_plain(context->value) &&
                is_weight(context->weight) && context->field < LIMIT_FIELDS;
    }
    return sound && bytes_compare(bytes_of(writer->last, writer->last_size), entry->key) < 0;
}

/* A context of the entry at hand. */
struct weighed {
    uint32_t number;
    uint16_t code;
};

static int compare_weighed(const void *a, const void *b)
{
    const struct weighed *x = a;
    const struct weighed *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

/* Adds one to those chosen, in place of the lightest when there are too many. */
static void choose(struct weighed *chosen, size_t *count, struct weighed more)
{
    if (*count < SUGGEST_CONTEXTS) {
        chosen[(*count)++] = more;
        return;
    }
    size_t least = 0;
    for (size_t i = 1; i < *count; i++) {
        least = chosen[i].code < chosen[least].code ? i : least;
    }
    if (chosen[least].code < more.code) {
        chosen[least] = more;
    }
}

static int choose_contexts(struct suggest_writer *writer, const struct suggest_entry *entry, struct weighed *chosen,
                           size_t *count)
{
    int status = 0;
    *count = 0;
    for (size_t i = 0; i < entry->context_count && status == 0; i++) {
        struct weighed one = {.code = suggest_code_of(entry->contexts[i].weight)};
        status = suggest_names_number(writer->names, entry->contexts[i].field, entry->contexts[i].value, &one.number);
        choose(chosen, count, one);
    }
    qsort(chosen, *count, sizeof *chosen, compare_weighed);
    return status;
}

static bool is_shown_small(const struct suggest_entry *entry)
{
    bool same = entry->shown.size == entry->key.size;
    for (size_t i = 0; i < entry->key.size && same; i++) {
        same = suggest_small(entry->shown.data[i]) == entry->key.data[i];
    }
    return same;
}

static uint64_t put_record(struct suggest_writer *writer, const struct suggest_entry *entry,
                           const struct weighed *contexts, size_t count)
{
    uint8_t record[SUGGEST_RECORD_HEAD + SUGGEST_SHOWN_BYTES + SUGGEST_KEY_BYTES +
                   SUGGEST_CONTEXTS * SUGGEST_RECORD_CONTEXT];
    size_t key_size = is_shown_small(entry) ? 0 : entry->key.size;
    uint8_t *next = record + SUGGEST_RECORD_HEAD;
    record[0] = (uint8_t)(entry->kind | (key_size == 0 ? 0 : SUGGEST_RECORD_KEYED));
    record[1] = (uint8_t)entry->shown.size;
    record[2] = (uint8_t)key_size;
    store_u16(record + 3, suggest_code_of(entry->weight));
    record[5] = (uint8_t)count;
    memcpy(next, entry->shown.data, entry->shown.size);
    next += entry->shown.size;
    memcpy(next, entry->key.data, key_size);
    next += key_size;
    for (size_t i = 0; i < count; i++, next += SUGGEST_RECORD_CONTEXT) {
        store_u32(next, contexts[i].number);
        store_u16(next + 4, contexts[i].code);
    }
    return extent_writer_put_whole(writer->text, record, (size_t)(next - record), 1);
}

static int put_item(struct suggest_writer *writer, struct suggest_item item)
{
    if (writer->item_count == writer->item_capacity) {
        size_t wanted = writer->item_capacity == 0 ? 1024 : writer->item_capacity + writer->item_capacity / 2;
        struct suggest_item *grown = mem_realloc(writer->items, wanted * sizeof *grown);
        if (grown == NULL) {
            return AISLE_NO_MEMORY;
        }
        writer->items = grown;
        writer->item_capacity = wanted;
    }
    writer->items[writer->item_count++] = item;
    return writer->item_count < ITEMS_MAX ? 0 : AISLE_LIMIT;
}

/* All ways to find the record. */
static int put_ways(struct suggest_writer *writer, const struct suggest_entry *entry, uint32_t record,
                    const struct weighed *contexts, size_t count)
{
    uint32_t key = (uint32_t)writer->keys.size;
    size_t at = 0;
    int status = 0;
    buf_put(&writer->keys, entry->key.data, entry->key.size);
    for (uint32_t word = 0; word <= SUGGEST_LATER && at < entry->key.size && status == 0; word++) {
        struct suggest_item item = {.key = key + (uint32_t)at,
                                    .record = record,
                                    .size = (uint8_t)(entry->key.size - at),
                                    .later = word != 0};
        for (size_t i = 0; i <= count && status == 0; i++) {
            uint16_t code = i < count ? contexts[i].code : suggest_code_of(entry->weight);
            item.context = i < count ? contexts[i].number : NO_CONTEXT;
            item.code = word == 0 ? code : suggest_code_later(code);
            status = put_item(writer, item);
        }
        at = suggest_word_after(entry->key, at);
    }
    return status != 0 ? status : buf_status(&writer->keys);
}

int suggest_writer_add(struct suggest_writer *writer, const struct suggest_entry *entry)
{
    struct weighed contexts[SUGGEST_CONTEXTS];
    size_t count = 0;
    if (writer->status != 0) {
        return writer->status;
    }
    writer->status = is_entry(writer, entry) ? 0 : AISLE_INVALID;
    writer->status = writer->status != 0 ? writer->status : choose_contexts(writer, entry, contexts, &count);
    if (writer->status != 0) {
        return writer->status;
    }
    uint64_t record = put_record(writer, entry, contexts, count);
    writer->status = writer->text->status != 0 ? writer->text->status : record >= SUGGEST_LEAF ? AISLE_LIMIT : 0;
    if (writer->status == 0) {
        writer->status = put_ways(writer, entry, (uint32_t)record, contexts, count);
    }
    memcpy(writer->last, entry->key.data, entry->key.size);
    writer->last_size = entry->key.size;
    writer->count++;
    return writer->status;
}

/* ---- the tree ---- */

/* Where a context stands in the order of contexts; sorting needs names, which are looked up here. */
struct ranked_name {
    struct bytes value;
    uint32_t number;
    uint8_t field;
};

static int compare_names(const void *a, const void *b)
{
    const struct ranked_name *x = a;
    const struct ranked_name *y = b;
    if (x->field != y->field) {
        return x->field < y->field ? -1 : 1;
    }
    return bytes_compare(x->value, y->value);
}

/* An array from number to rank, for the caller to free; NULL: no memory. */
static uint32_t *rank_names(const struct suggest_names *names)
{
    uint32_t *ranks = mem_alloc(((size_t)suggest_names_count(names) + 1) * sizeof *ranks);
    struct ranked_name *sorted = mem_alloc(((size_t)suggest_names_count(names) + 1) * sizeof *sorted);
    if (ranks != NULL && sorted != NULL) {
        for (uint32_t i = 0; i < suggest_names_count(names); i++) {
            sorted[i].number = i;
            sorted[i].value = suggest_name_at(names, i, &sorted[i].field);
        }
        qsort(sorted, suggest_names_count(names), sizeof *sorted, compare_names);
        for (uint32_t i = 0; i < suggest_names_count(names); i++) {
            ranks[sorted[i].number] = i;
        }
    } else {
        mem_free(ranks);
        ranks = NULL;
    }
    mem_free(sorted);
    return ranks;
}

static struct bytes item_key(const struct suggest_writer *writer, const struct suggest_item *item)
{
    return bytes_of(writer->keys.data + item->key, item->size);
}

/* The first eight bytes as a number of the same order. */
static uint64_t head_of(struct bytes key)
{
    uint8_t head[8] = {0};
    memcpy(head, key.data, key.size < sizeof head ? key.size : sizeof head);
    return load_u64_big(head);
}

/* Sorts entries that agree in context and head, few as a rule, by what follows, then by record. Heap sort. */
static bool item_before(const struct suggest_writer *writer, uint32_t a, uint32_t b)
{
    const struct suggest_item *x = &writer->items[a];
    const struct suggest_item *y = &writer->items[b];
    int order = bytes_compare(item_key(writer, x), item_key(writer, y));
    return order != 0 ? order < 0 : x->record < y->record;
}

static void sift(const struct suggest_writer *writer, struct radix_entry *run, size_t at, size_t count)
{
    for (size_t child = at * 2 + 1; child < count; child = at * 2 + 1) {
        if (child + 1 < count && item_before(writer, run[child].value, run[child + 1].value)) {
            child++;
        }
        if (!item_before(writer, run[at].value, run[child].value)) {
            return;
        }
        struct radix_entry swapped = run[at];
        run[at] = run[child];
        run[child] = swapped;
        at = child;
    }
}

static void sort_run(const struct suggest_writer *writer, struct radix_entry *run, size_t count)
{
    for (size_t i = count / 2; i-- > 0;) {
        sift(writer, run, i, count);
    }
    for (size_t left = count; left-- > 1;) {
        struct radix_entry last = run[left];
        run[left] = run[0];
        run[0] = last;
        sift(writer, run, 0, left);
    }
}

/* The items' numbers in the order of the tree's keys, for the caller to free; NULL: no memory. */
static struct radix_entry *sort_items(const struct suggest_writer *writer, const uint32_t *ranks)
{
    size_t count = writer->item_count;
    struct radix_entry *entries = mem_alloc((count + 1) * sizeof *entries);
    struct radix_entry *scratch = mem_alloc((count + 1) * sizeof *scratch);
    if (entries != NULL && scratch != NULL) {
        for (size_t i = 0; i < count; i++) {
            entries[i] = (struct radix_entry){head_of(item_key(writer, &writer->items[i])), (uint32_t)i};
        }
        radix_sort(entries, scratch, count);
        for (size_t first = 0, end = 0; first < count; first = end) {
            while (end < count && entries[end].key == entries[first].key) {
                end++;
            }
            sort_run(writer, entries + first, end - first);
        }
        for (size_t i = 0; i < count; i++) { /* stable: keys stay in order inside a context */
            uint32_t context = writer->items[entries[i].value].context;
            entries[i].key = context == NO_CONTEXT ? NO_CONTEXT : ranks[context];
        }
        radix_sort(entries, scratch, count);
    } else {
        mem_free(entries);
        entries = NULL;
    }
    mem_free(scratch);
    return entries;
}

static int add_to_tree(const struct suggest_writer *writer, struct suggest_tree *tree, const struct suggest_item *item)
{
    struct bytes value = bytes_of(NULL, 0);
    struct bytes text = item_key(writer, item);
    uint8_t bytes[SUGGEST_TREE_KEY_BYTES];
    uint8_t field = 0;
    if (item->context != NO_CONTEXT) {
        value = suggest_name_at(writer->names, item->context, &field);
    }
    struct suggest_space space = suggest_space_of(field, value);
    memcpy(bytes, space.bytes, space.size);
    memcpy(bytes + space.size, text.data, text.size);
    struct suggest_tree_key key = {.data = bytes,
                                   .size = (uint32_t)(space.size + text.size),
                                   .space = (uint32_t)space.size,
                                   .record = item->record,
                                   .code = item->code,
                                   .later = item->later};
    return suggest_tree_add(tree, &key);
}

static int write_tree(struct suggest_writer *writer, uint32_t *root)
{
    struct suggest_tree tree;
    uint32_t *ranks = rank_names(writer->names);
    struct radix_entry *order = ranks == NULL ? NULL : sort_items(writer, ranks);
    int status = order == NULL ? AISLE_NO_MEMORY : 0;
    suggest_tree_init(&tree, writer->tree);
    for (size_t i = 0; i < writer->item_count && status == 0; i++) {
        status = add_to_tree(writer, &tree, &writer->items[order[i].value]);
    }
    status = status != 0 ? status : suggest_tree_finish(&tree, root);
    suggest_tree_release(&tree);
    mem_free(order);
    mem_free(ranks);
    return status;
}

static uint64_t put_names(struct suggest_writer *writer)
{
    uint64_t first = writer->text->payload;
    for (uint32_t i = 0; i < suggest_names_count(writer->names); i++) {
        uint8_t name[2 + SUGGEST_CONTEXT_BYTES];
        uint8_t field;
        struct bytes value = suggest_name_at(writer->names, i, &field);
        name[0] = (uint8_t)(field + 1);
        name[1] = (uint8_t)value.size;
        memcpy(name + 2, value.data, value.size);
        uint64_t offset = extent_writer_put_whole(writer->text, name, 2 + value.size, 1);
        first = i == 0 ? offset : first;
    }
    return first;
}

int suggest_writer_finish(struct suggest_writer *writer, uint32_t products)
{
    uint32_t root = 0;
    if (writer->status != 0) {
        return writer->status;
    }
    uint64_t names = put_names(writer);
    int status = writer->text->status != 0 ? writer->text->status : write_tree(writer, &root);
    if (status == 0) {
        uint8_t footer[SUGGEST_FOOTER_BYTES];
        store_u32(footer, root);
        store_u32(footer + 4, writer->count);
        store_u64(footer + 8, writer->text->payload);
        store_u64(footer + 16, names);
        store_u32(footer + 24, suggest_names_count(writer->names));
        store_u32(footer + 28, products);
        store_u32(footer + 32, SUGGEST_VERSION);
        store_u32(footer + 36, SUGGEST_MAGIC);
        (void)extent_writer_put_whole(writer->tree, footer, sizeof footer, 1);
        status = writer->tree->status;
    }
    writer->status = status != 0 ? status : AISLE_INVALID; /* a finished writer takes nothing more */
    return status;
}
