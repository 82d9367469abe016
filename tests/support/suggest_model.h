/*
 * suggest_model.h - suggestions made at random, parts of them in memory, and a scan that answers as the tree should.
 *
 * The scan knows the rules of suggest.h and nothing of the tree: it measures every suggestion with a whole table of
 * optimal string alignment. Fails by assert. For tests and benches; one thread.
 */
#ifndef AISLE_TESTS_SUPPORT_SUGGEST_MODEL_H
#define AISLE_TESTS_SUPPORT_SUGGEST_MODEL_H

#include "base/utf8.h"
#include "suggest/suggest.h"
#include "suggest/suggest_format.h"
#include "tests/support/memory_extents.h"

#define MODEL_CONTEXTS 4u
#define MODEL_NONE 100u

struct model_suggestion {
    uint8_t key[SUGGEST_KEY_BYTES];
    size_t key_size;
    uint64_t weight; /* 0: not in the part at hand */
    uint64_t in[MODEL_CONTEXTS]; /* weights in contexts; 0: not there */
    uint8_t kind;
};

static const uint8_t model_fields[MODEL_CONTEXTS] = {3, 3, 2, 2};

static inline struct bytes model_value(unsigned context)
{
    static const char *const plain[MODEL_CONTEXTS] = {"audio", "audio cables", "acme", "\303\274ber"};
    return bytes_of_string(plain[context]);
}

static inline struct bytes model_key(const struct model_suggestion *suggestion)
{
    return bytes_of(suggestion->key, suggestion->key_size);
}

/* ---- a part in memory ---- */

struct model_part {
    struct memory_extents text;
    struct memory_extents tree;
    struct extent_view text_view;
    struct extent_view tree_view;
    struct suggest_reader reader;
};

static inline void model_part_open(struct model_part *part)
{
    assert(suggest_open(&part->reader, &part->text_view, &part->tree_view) == 0);
}

/* Writes what fill adds. */
static inline void model_part_write(struct model_part *part, int (*fill)(void *context, struct suggest_writer *writer),
                                    void *context)
{
    struct extent_writer text;
    struct extent_writer tree;
    struct suggest_writer writer;
    *part = (struct model_part){.text = {0}};
    memory_extents_begin(&part->text, &text);
    memory_extents_begin(&part->tree, &tree);
    assert(suggest_writer_init(&writer, &text, &tree) == 0);
    assert(fill(context, &writer) == 0);
    assert(suggest_writer_finish(&writer, 7) == 0);
    suggest_writer_release(&writer);
    part->text_view = memory_extents_view(&part->text, &text);
    part->tree_view = memory_extents_view(&part->tree, &tree);
    model_part_open(part);
}

static inline void model_part_release(struct model_part *part)
{
    memory_extents_release(&part->text);
    memory_extents_release(&part->tree);
}

struct model_list {
    const struct model_suggestion *suggestions; /* in order of keys */
    size_t count;
};

/* Fill of model_part_write: all that have a weight. What is shown is the key with its first letter made large. */
static inline int model_fill(void *context, struct suggest_writer *writer)
{
    const struct model_list *list = context;
    int status = 0;
    for (size_t i = 0; i < list->count && status == 0; i++) {
        const struct model_suggestion *suggestion = &list->suggestions[i];
        struct suggest_context contexts[MODEL_CONTEXTS];
        uint8_t shown[SUGGEST_KEY_BYTES];
        struct suggest_entry entry = {.key = model_key(suggestion),
                                      .shown = bytes_of(shown, suggestion->key_size),
                                      .weight = suggestion->weight,
                                      .contexts = contexts,
                                      .kind = suggestion->kind};
        memcpy(shown, suggestion->key, suggestion->key_size);
        shown[0] = shown[0] >= 'a' && shown[0] <= 'z' ? (uint8_t)(shown[0] - 32) : shown[0];
        for (unsigned c = 0; c < MODEL_CONTEXTS; c++) {
            if (suggestion->in[c] != 0) {
                contexts[entry.context_count++] =
                    (struct suggest_context){model_value(c), suggestion->in[c], model_fields[c]};
            }
        }
        status = suggestion->weight == 0 ? 0 : suggest_writer_add(writer, &entry);
    }
    return status;
}

/* ---- the scan ---- */

static inline uint32_t model_points(struct bytes text, uint32_t *points)
{
    uint32_t count = 0;
    for (size_t at = 0; at < text.size; count++) {
        size_t size = utf8_decode(text.data + at, text.data + text.size, &points[count]);
        assert(size != 0);
        at += size;
    }
    return count;
}

/* The errors between typed and the best beginning of word, whose first characters are the same; else MODEL_NONE. */
static inline unsigned model_errors(struct bytes typed, struct bytes word)
{
    static unsigned table[SUGGEST_KEY_BYTES + 1][SUGGEST_KEY_BYTES + 1];
    uint32_t a[SUGGEST_KEY_BYTES];
    uint32_t b[SUGGEST_KEY_BYTES];
    uint32_t columns = model_points(typed, a);
    uint32_t rows = model_points(word, b);
    unsigned best = MODEL_NONE;
    if (columns == 0 || rows == 0 || a[0] != b[0]) {
        return columns == 0 ? 0 : MODEL_NONE;
    }
    for (uint32_t r = 0; r <= rows; r++) {
        for (uint32_t c = 0; c <= columns; c++) {
            if (r == 0 || c == 0) {
                table[r][c] = r + c;
                continue;
            }
            unsigned cell = table[r - 1][c - 1] + (a[c - 1] == b[r - 1] ? 0 : 1);
            cell = table[r - 1][c] + 1 < cell ? table[r - 1][c] + 1 : cell;
            cell = table[r][c - 1] + 1 < cell ? table[r][c - 1] + 1 : cell;
            if (r > 1 && c > 1 && a[c - 1] == b[r - 2] && a[c - 2] == b[r - 1] && table[r - 2][c - 2] + 1 < cell) {
                cell = table[r - 2][c - 2] + 1;
            }
            table[r][c] = cell;
        }
        best = r != 0 && table[r][columns] < best ? table[r][columns] : best;
    }
    return best;
}

struct model_answer {
    const struct model_suggestion *suggestion;
    uint64_t units;
    unsigned edits;
};

/* What a suggestion is worth in lists, which hold it at the same place; false: nothing. context < 0: none. */
static inline bool model_judge(const struct model_list *lists, size_t list_count, size_t i, struct bytes typed,
                               int context, unsigned edits, struct model_answer *answer)
{
    struct bytes key = model_key(&lists[0].suggestions[i]);
    unsigned best = MODEL_NONE;
    bool later = false;
    size_t at = 0;
    for (unsigned word = 0; word <= SUGGEST_LATER && at < key.size; word++) {
        struct bytes rest = bytes_of(key.data + at, key.size - at);
        unsigned errors = edits == 0 ? (bytes_begin_with(rest, typed) ? 0 : MODEL_NONE) : model_errors(typed, rest);
        if (errors < best) {
            best = errors;
            later = word != 0;
        }
        at = suggest_word_after(key, at);
    }
    *answer = (struct model_answer){.suggestion = &lists[0].suggestions[i], .edits = best};
    for (size_t l = 0; l < list_count && best <= edits; l++) {
        const struct model_suggestion *one = &lists[l].suggestions[i];
        uint64_t weight = one->weight == 0 || context < 0 ? one->weight : one->in[context];
        if (weight != 0) {
            uint16_t code = suggest_code_of(weight);
            answer->units += suggest_units_of(later ? suggest_code_later(code) : code);
        }
    }
    return answer->units != 0;
}

static inline int model_compare(const void *a, const void *b)
{
    const struct model_answer *x = a;
    const struct model_answer *y = b;
    if (x->edits != y->edits) {
        return x->edits < y->edits ? -1 : 1;
    }
    return (x->units < y->units) - (x->units > y->units);
}

/* All answers, the best first; out has room for a list's suggestions. */
static inline size_t model_answers(const struct model_list *lists, size_t list_count, struct bytes typed, int context,
                                   unsigned edits, struct model_answer *out)
{
    size_t count = 0;
    size_t exact = 0;
    for (size_t i = 0; i < lists[0].count; i++) {
        count += model_judge(lists, list_count, i, typed, context, edits, &out[count]) ? 1 : 0;
    }
    if (count != 0) {
        qsort(out, count, sizeof *out, model_compare);
    }
    size_t kept = 0;
    while (kept < count && (out[kept].edits == 0 || (out[kept].edits == 1 && exact < SUGGEST_ENOUGH) ||
                            (kept != 0 ? out[kept - 1].edits == out[kept].edits : true))) {
        exact += out[kept++].edits == 0 ? 1 : 0;
    }
    return kept;
}

#endif
