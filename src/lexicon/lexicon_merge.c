/*
 * lexicon_merge.c - parts and a set as one sorted stream of words.
 *
 * The indexes of a part are written in passes over its words, so that they need little memory. What is read again is
 * the sources: their words are packed, so that passing over them costs little beside what is made of each.
 */
#include "lexicon/lexicon_write.h"

#include "base/alloc.h"
#include "base/bitset.h"

#include <stdlib.h>

/* ---- what is kept ---- */

/* Asks about each word and, unless kept is NULL, notes what is kept. */
static int ask_part(const struct lexicon_part *part, lexicon_keep *keep, void *context, uint64_t *kept)
{
    uint32_t class = 0;
    for (uint32_t number = 0; number < part->words; number++) {
        bool is_kept = false;
        class = lexicon_class(part, number, class);
        const uint8_t *text = lexicon_text(part, class, number - part->first[class]);
        if (text == NULL) {
            return AISLE_CORRUPT;
        }
        int status = keep(context, bytes_of(text, class % LEXICON_LENGTHS), &is_kept);
        if (status != 0) {
            return status;
        }
        if (is_kept && kept != NULL) {
            bitset_set(kept, number);
        }
    }
    return 0;
}

int lexicon_visit(const struct lexicon_part *part, lexicon_keep *keep, void *context)
{
    return ask_part(part, keep, context, NULL);
}

static int choose_words(struct lexicon_merge *merge)
{
    const struct lexicon_sources *sources = merge->sources;
    merge->kept = mem_calloc(sources->part_count, sizeof *merge->kept);
    int status = merge->kept == NULL ? AISLE_NO_MEMORY : 0;
    for (size_t i = 0; i < sources->part_count && status == 0; i++) {
        merge->kept[i] = mem_calloc(bitset_words(sources->parts[i]->words), sizeof **merge->kept);
        status = merge->kept[i] == NULL
                     ? AISLE_NO_MEMORY
                     : ask_part(sources->parts[i], sources->keep, sources->context, merge->kept[i]);
    }
    return status;
}

/* ---- life ---- */

static int list_set(struct lexicon_merge *merge)
{
    const struct lexicon_set *set = merge->sources->set;
    merge->places = mem_alloc(set->count * sizeof *merge->places);
    if (merge->places == NULL) {
        return AISLE_NO_MEMORY;
    }
    struct bytes word;
    size_t place = 0;
    size_t next = 0;
    for (uint32_t i = 0; lexicon_set_next(set, &next, &word); i++, place = next) {
        merge->places[i] =
            (struct lexicon_place){(uint32_t)place, lexicon_class_of(lexicon_group_of(word), word.size)};
    }
    return 0;
}

int lexicon_merge_init(struct lexicon_merge *merge, const struct lexicon_sources *sources)
{
    *merge = (struct lexicon_merge){.sources = sources};
    int status = sources->set == NULL ? 0 : list_set(merge);
    if (status == 0 && sources->keep != NULL) {
        status = choose_words(merge);
    }
    size_t classes = (LEXICON_OTHERS - LEXICON_PLAIN) * LEXICON_LENGTHS;
    if (status == 0) {
        merge->run_capacity = sources->part_count * classes + 1;
        merge->runs = mem_alloc(merge->run_capacity * sizeof *merge->runs);
        status = merge->runs == NULL ? AISLE_NO_MEMORY : 0;
    }
    return status;
}

void lexicon_merge_release(struct lexicon_merge *merge)
{
    for (size_t i = 0; merge->kept != NULL && i < merge->sources->part_count; i++) {
        mem_free(merge->kept[i]);
    }
    mem_free(merge->kept);
    mem_free(merge->places);
    mem_free(merge->runs);
    *merge = (struct lexicon_merge){.sources = NULL};
}

/* ---- runs ---- */

static struct bytes set_word(const struct lexicon_set *set, uint32_t place)
{
    return bytes_of(set->bytes + place + 1, set->bytes[place]);
}

static int compare_by_number(const void *a, const void *b, void *set)
{
    const struct lexicon_place *x = a;
    const struct lexicon_place *y = b;
    if (x->class != y->class) {
        return x->class < y->class ? -1 : 1;
    }
    return bytes_compare(set_word(set, x->place), set_word(set, y->place));
}

static int compare_by_bytes(const void *a, const void *b, void *set)
{
    const struct lexicon_place *x = a;
    const struct lexicon_place *y = b;
    return bytes_compare(set_word(set, x->place), set_word(set, y->place));
}

static void sort_set(struct lexicon_merge *merge, bool by_bytes)
{
    const struct lexicon_set *set = merge->sources->set;
    if (set != NULL && (!merge->sorted || merge->by_bytes != by_bytes)) {
        qsort_r(merge->places, set->count, sizeof *merge->places, by_bytes ? compare_by_bytes : compare_by_number,
                (void *)(uintptr_t)set);
    }
    merge->sorted = true;
    merge->by_bytes = by_bytes;
}

static bool is_eligible(uint32_t class)
{
    uint32_t group = class / LEXICON_LENGTHS;
    return group == LEXICON_PLAIN || group == LEXICON_WIDE;
}

/* Goes to the run's next word. AISLE_END, AISLE_CORRUPT. */
static int advance(const struct lexicon_merge *merge, struct lexicon_run *run)
{
    while (run->next < run->end) {
        uint32_t next = run->next++;
        if (run->part == NULL) {
            run->word = set_word(merge->sources->set, merge->places[next].place);
            run->class = merge->places[next].class;
            if (!merge->by_bytes || is_eligible(run->class)) {
                return 0;
            }
        } else if (run->kept == NULL || bitset_get(run->kept, next)) {
            run->class = lexicon_class(run->part, next, run->class);
            const uint8_t *text = lexicon_text(run->part, run->class, next - run->part->first[run->class]);
            run->word = bytes_of(text, run->class % LEXICON_LENGTHS);
            return text == NULL ? AISLE_CORRUPT : 0;
        }
    }
    return AISLE_END;
}

static bool is_less(const struct lexicon_merge *merge, const struct lexicon_run *a, const struct lexicon_run *b)
{
    if (!merge->by_bytes && a->class != b->class) {
        return a->class < b->class;
    }
    return bytes_compare(a->word, b->word) < 0;
}

static void sift_down(struct lexicon_merge *merge, size_t at)
{
    struct lexicon_run moved = merge->runs[at];
    for (size_t child = 2 * at + 1; child < merge->run_count; child = 2 * at + 1) {
        if (child + 1 < merge->run_count && is_less(merge, &merge->runs[child + 1], &merge->runs[child])) {
            child++;
        }
        if (!is_less(merge, &merge->runs[child], &moved)) {
            break;
        }
        merge->runs[at] = merge->runs[child];
        at = child;
    }
    merge->runs[at] = moved;
}

/* Adds a run that has a word. */
static int add_run(struct lexicon_merge *merge, struct lexicon_run run)
{
    int status = advance(merge, &run);
    if (status == 0) {
        merge->runs[merge->run_count++] = run;
    }
    return status == AISLE_END ? 0 : status;
}

static int add_part(struct lexicon_merge *merge, size_t i)
{
    const struct lexicon_part *part = merge->sources->parts[i];
    struct lexicon_run run = {.part = part, .kept = merge->kept == NULL ? NULL : merge->kept[i]};
    if (!merge->by_bytes) {
        run.end = part->words;
        return add_run(merge, run);
    }
    int status = 0;
    for (uint32_t class = LEXICON_PLAIN * LEXICON_LENGTHS; class < LEXICON_OTHERS * LEXICON_LENGTHS; class++) {
        run.class = class;
        run.next = part->first[class];
        run.end = part->first[class + 1];
        status = status == 0 && run.next != run.end ? add_run(merge, run) : status;
    }
    return status;
}

int lexicon_merge_begin(struct lexicon_merge *merge, bool by_bytes)
{
    int status = 0;
    sort_set(merge, by_bytes);
    merge->run_count = 0;
    if (merge->sources->set != NULL) {
        status = add_run(merge, (struct lexicon_run){.end = merge->sources->set->count});
    }
    for (size_t i = 0; i < merge->sources->part_count && status == 0; i++) {
        status = add_part(merge, i);
    }
    for (size_t at = merge->run_count / 2; at-- > 0 && status == 0;) {
        sift_down(merge, at);
    }
    return status;
}

int lexicon_merge_next(struct lexicon_merge *merge, struct bytes *word, uint32_t *class)
{
    if (merge->run_count == 0) {
        return AISLE_END;
    }
    struct lexicon_run *least = &merge->runs[0];
    *word = least->word;
    *class = least->class;
    int status = advance(merge, least);
    if (status == AISLE_END) {
        *least = merge->runs[--merge->run_count];
    } else if (status != 0) {
        return status;
    }
    if (merge->run_count != 0) {
        sift_down(merge, 0);
    }
    return 0;
}
