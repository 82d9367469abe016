/*
 * highlight.c - collecting the words of a query, finding them in a text, choosing a snippet, printing.
 */
#include "query/highlight.h"

#include <stdlib.h>

/* ---- the words of a query ---- */

struct collecting {
    struct arena *arena;
    struct highlight_words *words;
    uint64_t first; /* the bit of the first text field */
    uint32_t exact_capacity;
    uint32_t prefix_capacity;
};

static int add_word(struct arena *arena, struct highlight_word **words, uint32_t *count, uint32_t *capacity,
                    const struct highlight_word *word)
{
    if (*count == *capacity) {
        uint32_t wanted = *capacity == 0 ? 16 : *capacity * 2;
        struct highlight_word *grown = arena_alloc(arena, wanted * sizeof *grown);
        if (grown == NULL) {
            return AISLE_NO_MEMORY;
        }
        if (*count != 0) {
            memcpy(grown, *words, *count * sizeof *grown);
        }
        *words = grown;
        *capacity = wanted;
    }
    (*words)[(*count)++] = *word;
    return 0;
}

static int collect_leaf(struct collecting *collecting, const struct query_node *node)
{
    struct highlight_words *words = collecting->words;
    int status = 0;
    for (uint32_t i = 0; i < node->term_count && status == 0; i++) {
        struct highlight_word word = {.term = node->terms[i],
                                      .scope = node->first_only ? collecting->first : node->scope,
                                      .leaf = node->leaf};
        if (node->prefix && i == 0) {
            status = add_word(collecting->arena, &words->prefixes, &words->prefix_count, &collecting->prefix_capacity,
                              &word);
        } else {
            status =
                add_word(collecting->arena, &words->exact, &words->exact_count, &collecting->exact_capacity, &word);
        }
    }
    return status;
}

/* Trees are as deep as LIMIT_QUERY_TERMS lets them be. */
static int collect_node(struct collecting *collecting, const struct query_node *node)
{
    if (node->kind == QUERY_TERMS) {
        return collect_leaf(collecting, node);
    }
    uint32_t count = node->kind == QUERY_WITHOUT ? 1 : node->child_count;
    int status = 0;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        status = collect_node(collecting, node->children[i]);
    }
    return status;
}

static int compare_words(const void *a, const void *b)
{
    return bytes_compare(((const struct highlight_word *)a)->term, ((const struct highlight_word *)b)->term);
}

int highlight_collect(const struct query_node *root, const struct schema *schema, struct arena *arena,
                      struct highlight_words *words)
{
    *words = (struct highlight_words){.exact_count = 0};
    struct collecting collecting = {.arena = arena, .words = words};
    if (schema->first_text < schema->field_count) {
        collecting.first = UINT64_C(1) << schema->fields[schema->first_text].searchable_rank;
    }
    int status = collect_node(&collecting, root);
    if (status == 0 && words->exact_count > 1) {
        qsort(words->exact, words->exact_count, sizeof *words->exact, compare_words);
    }
    return status;
}

/* ---- where they stand ---- */

/* A marked piece of the text: bytes start to end - 1; words first to last of its WORD tokens. */
struct mark {
    uint32_t start;
    uint32_t end;
    uint32_t first;
    uint32_t last;
    uint32_t leaf;
};

static bool counts_in(const struct highlight_word *word, const struct highlight_field *field)
{
    return word->scope == 0 || (word->scope >> field->rank & 1) != 0;
}

static const struct highlight_word *find_exact(const struct highlight_words *words, struct bytes term,
                                               const struct highlight_field *field)
{
    uint32_t low = 0;
    for (uint32_t high = words->exact_count; low < high;) {
        uint32_t middle = low + (high - low) / 2;
        if (bytes_compare(words->exact[middle].term, term) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < words->exact_count && bytes_equal(words->exact[low].term, term); low++) {
        if (counts_in(&words->exact[low], field)) {
            return &words->exact[low];
        }
    }
    return NULL;
}

static bool begins_with(struct bytes text, struct bytes prefix)
{
    return text.size >= prefix.size && memcmp(text.data, prefix.data, prefix.size) == 0;
}

static const struct highlight_word *find_word(const struct highlight_words *words, const struct token *token,
                                              const struct highlight_field *field)
{
    const struct highlight_word *word = find_exact(words, token->term, field);
    for (uint32_t i = 0; i < words->prefix_count && word == NULL; i++) {
        const struct highlight_word *prefix = &words->prefixes[i];
        if (counts_in(prefix, field) &&
            (begins_with(token->term, prefix->term) || begins_with(token->folded, prefix->term))) {
            word = prefix;
        }
    }
    return word;
}

static int compare_marks(const void *a, const void *b)
{
    const struct mark *x = a;
    const struct mark *y = b;
    if (x->start != y->start) {
        return x->start < y->start ? -1 : 1;
    }
    return x->end == y->end ? 0 : x->end > y->end ? -1 : 1;
}

/* Marks in the order of the text, in the arena. A compound found as one and by a part stands twice, one in the other */
static int find_marks(const struct highlight_words *words, const struct highlight_field *field,
                      const struct token_list *list, struct arena *arena, struct mark **marks, uint32_t *count)
{
    *count = 0;
    *marks = arena_alloc(arena, (list->count + 1) * sizeof **marks);
    if (*marks == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct token *token = &list->tokens[i];
        const struct highlight_word *word = find_word(words, token, field);
        if (word != NULL) {
            (*marks)[(*count)++] = (struct mark){.start = token->start,
                                                 .end = token->end,
                                                 .first = token->position,
                                                 .last = token->position + token->parts - 1u,
                                                 .leaf = word->leaf};
        }
    }
    qsort(*marks, *count, sizeof **marks, compare_marks);
    return 0;
}

/* ---- the snippet ---- */

/* Words first to last - 1 of the text. */
struct snippet {
    uint32_t first;
    uint32_t last;
    uint32_t leaves; /* different ones that stand in it */
};

static uint32_t leaf_place(uint32_t leaf)
{
    return leaf < LIMIT_QUERY_LEAVES ? leaf : LIMIT_QUERY_LEAVES - 1;
}

/*
 * Of the windows that begin at a mark, the first with the most different leaves, and of those with the most marks; then
 * moved back so that what was found stands in its middle.
 */
static struct snippet choose_snippet(const struct mark *marks, uint32_t count, uint32_t length, uint32_t wanted)
{
    struct snippet best = {.last = wanted == 0 || wanted > length ? length : wanted};
    uint16_t held[LIMIT_QUERY_LEAVES] = {0};
    uint32_t size = best.last;
    uint32_t leaves = 0;
    uint32_t most = 0;
    uint32_t end = 0;
    uint32_t found_last = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (; end < count && marks[end].last < marks[i].first + size; end++) {
            leaves += held[leaf_place(marks[end].leaf)]++ == 0 ? 1 : 0;
        }
        if (leaves > best.leaves || (leaves == best.leaves && end - i > most && end > i)) {
            most = end - i;
            best.leaves = leaves;
            best.first = marks[i].first;
            found_last = marks[end - 1].last + 1;
        }
        if (end > i) {
            leaves -= --held[leaf_place(marks[i].leaf)] == 0 ? 1 : 0;
        } else {
            end = i + 1;
        }
    }
    uint32_t spare = found_last > best.first && found_last - best.first < size ? size - (found_last - best.first) : 0;
    best.first -= best.first < spare / 2 ? best.first : spare / 2;
    best.first = best.first > length - size ? length - size : best.first;
    best.last = best.first + size;
    return best;
}

/* ---- printing ---- */

static void put_text(struct buf *out, struct bytes text, const struct highlight_style *style)
{
    size_t put = 0;
    for (size_t i = 0; i < text.size && !style->plain; i++) {
        const char *entity = NULL;
        switch (text.data[i]) {
        case '&': entity = "&amp;"; break;
        case '<': entity = "&lt;"; break;
        case '>': entity = "&gt;"; break;
        case '"': entity = "&quot;"; break;
        case '\'': entity = "&#39;"; break;
        default: break;
        }
        if (entity != NULL) {
            buf_put(out, text.data + put, i - put);
            buf_put_string(out, entity);
            put = i + 1;
        }
    }
    buf_put(out, text.data + put, text.size - put);
}

/* Bytes start to end - 1 of text, marks that overlap as one. */
static void put_marked(struct buf *out, struct bytes text, uint32_t start, uint32_t end, const struct mark *marks,
                       uint32_t count, const struct highlight_style *style)
{
    uint32_t at = start;
    for (uint32_t i = 0; i < count;) {
        uint32_t mark_end = marks[i].end;
        uint32_t next = i + 1;
        for (; next < count && marks[next].start < mark_end; next++) {
            mark_end = marks[next].end > mark_end ? marks[next].end : mark_end;
        }
        if (marks[i].start >= at && mark_end <= end) {
            put_text(out, bytes_of(text.data + at, marks[i].start - at), style);
            buf_put(out, style->before.data, style->before.size);
            put_text(out, bytes_of(text.data + marks[i].start, mark_end - marks[i].start), style);
            buf_put(out, style->after.data, style->after.size);
            at = mark_end;
        }
        i = next;
    }
    put_text(out, bytes_of(text.data + at, end - at), style);
}

/* Where the snippet begins and ends in the text: at its first word's start and its last word's end. */
static void snippet_bytes(const struct token_list *list, const struct snippet *snippet, size_t size, uint32_t *start,
                          uint32_t *end)
{
    *start = 0;
    *end = (uint32_t)size;
    for (size_t i = 0; i < list->count; i++) {
        const struct token *token = &list->tokens[i];
        if (token->kind != TOKEN_WORD) {
            continue;
        }
        if (token->position == snippet->first && snippet->first != 0) {
            *start = token->start;
        }
        if (token->position == snippet->last - 1 && snippet->last != list->length) {
            *end = token->end;
        }
    }
}

int highlight_text(const struct highlight_words *words, const struct highlight_field *field,
                   const struct highlight_style *style, struct bytes text, struct analyser *analyser,
                   struct arena *arena, struct buf *out, uint32_t *found)
{
    struct token_list list;
    struct mark *marks;
    uint32_t count;
    *found = 0;
    int status = analyser_run_product(analyser, text, field->language, field->is_code, &list);
    if (status != 0) {
        return status;
    }
    struct arena_mark before = arena_mark(arena);
    status = find_marks(words, field, &list, arena, &marks, &count);
    if (status == 0) {
        struct snippet snippet = choose_snippet(marks, count, list.length, style->snippet_words);
        struct snippet whole = choose_snippet(marks, count, list.length, 0);
        uint32_t start;
        uint32_t end;
        snippet_bytes(&list, &snippet, text.size, &start, &end);
        buf_put_string(out, start == 0 ? "" : "\xe2\x80\xa6 ");
        put_marked(out, text, start, end, marks, count, style);
        buf_put_string(out, end == text.size ? "" : " \xe2\x80\xa6");
        *found = whole.leaves;
        status = buf_status(out);
    }
    arena_rewind(arena, before);
    return status;
}
