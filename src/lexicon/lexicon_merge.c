/*
 * lexicon_merge.c - parts and loose words as one sorted stream.
 *
 * The indexes of a part are written in passes over its words, so that they need little memory. What is read again is
 * the sources: their words are packed, so that passing over them costs little beside what is made of each. Only the
 * first pass compares words; it notes where each came from, and the others repeat that.
 */
#include "lexicon/lexicon_write.h"

#include "base/alloc.h"
#include "base/bitset.h"

#define ORIGIN_COPY 0x80u /* another source has told the word */

static_assert(LIMIT_PARTS < ORIGIN_COPY, "runs of parts and one of loose words are numbered below");

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

/* Room for a byte for each word of several sources; none, when that is more than memory_bytes. */
static void begin_noting(struct lexicon_merge *merge, size_t memory_bytes)
{
    const struct lexicon_sources *sources = merge->sources;
    uint64_t words = merge->loose.count;
    bool several = sources->part_count + (words != 0 ? 1 : 0) > 1;
    for (size_t i = 0; i < sources->part_count; i++) {
        words += sources->parts[i]->words;
    }
    if (several && sources->part_count < ORIGIN_COPY && words <= memory_bytes) {
        merge->origins = mem_alloc(words);
        merge->noting = merge->origins != NULL;
    }
}

int lexicon_merge_init(struct lexicon_merge *merge, const struct lexicon_sources *sources, size_t memory_bytes)
{
    size_t classes = (LEXICON_OTHERS - LEXICON_PLAIN) * LEXICON_LENGTHS;
    size_t capacity = (sources->part_count + 1) * classes;
    *merge = (struct lexicon_merge){.sources = sources};
    int status = lexicon_loose_init(&merge->loose, sources);
    if (status == 0 && sources->keep != NULL) {
        status = choose_words(merge);
    }
    if (status == 0) {
        merge->runs = mem_alloc(capacity * sizeof *merge->runs);
        merge->heap = mem_alloc(capacity * sizeof *merge->heap);
        status = merge->runs == NULL || merge->heap == NULL ? AISLE_NO_MEMORY : 0;
    }
    if (status == 0) {
        begin_noting(merge, memory_bytes);
    }
    return status;
}

void lexicon_merge_release(struct lexicon_merge *merge)
{
    for (size_t i = 0; merge->kept != NULL && i < merge->sources->part_count; i++) {
        mem_free(merge->kept[i]);
    }
    mem_free(merge->kept);
    mem_free(merge->runs);
    mem_free(merge->heap);
    mem_free(merge->origins);
    lexicon_loose_release(&merge->loose);
    *merge = (struct lexicon_merge){.sources = NULL};
}

/* ---- runs ---- */

/* Goes to the run's word of this number, which does not stand right behind the current one. */
static int jump(const struct lexicon_merge *merge, struct lexicon_run *run, uint32_t number)
{
    const struct lexicon_part *part = run->part;
    if (part == NULL) {
        while (number >= merge->loose.first[run->class + 1]) {
            run->class++;
        }
        run->word = merge->loose.words[number];
        return 0;
    }
    run->class = lexicon_class(part, number, run->class);
    const uint8_t *text = lexicon_texts(part, run->class, number - part->first[run->class], &run->beside);
    run->word = bytes_of(text, run->class % LEXICON_LENGTHS);
    return text == NULL ? AISLE_CORRUPT : 0;
}

/* Goes to the run's next word. AISLE_END, AISLE_CORRUPT. */
static int advance(const struct lexicon_merge *merge, struct lexicon_run *run)
{
    while (run->next < run->end) {
        uint32_t number = run->next++;
        if (run->beside != 0) {
            run->beside--;
            run->word.data += run->word.size;
        } else {
            int status = jump(merge, run, number);
            if (status != 0) {
                return status;
            }
        }
        if (run->kept == NULL || bitset_get(run->kept, number)) {
            return 0;
        }
    }
    return AISLE_END;
}

static bool is_less(const struct lexicon_run *a, const struct lexicon_run *b, bool by_bytes)
{
    if (!by_bytes && a->class != b->class) {
        return a->class < b->class;
    }
    return a->order != b->order ? a->order < b->order : bytes_compare(a->word, b->word) < 0;
}

static void sift_down(struct lexicon_merge *merge, size_t at, bool by_bytes)
{
    uint16_t moved = merge->heap[at];
    for (size_t child = 2 * at + 1; child < merge->heap_count; child = 2 * at + 1) {
        const uint16_t *heap = merge->heap;
        if (child + 1 < merge->heap_count &&
            is_less(&merge->runs[heap[child + 1]], &merge->runs[heap[child]], by_bytes)) {
            child++;
        }
        if (!is_less(&merge->runs[heap[child]], &merge->runs[moved], by_bytes)) {
            break;
        }
        merge->heap[at] = heap[child];
        at = child;
    }
    merge->heap[at] = moved;
}

/* Adds a run of the classes from the first to the one before `behind`: to the heap only if it has words. */
static int add_run(struct lexicon_merge *merge, size_t source, uint32_t class, uint32_t behind)
{
    bool loose = source == merge->sources->part_count;
    const struct lexicon_part *part = loose ? NULL : merge->sources->parts[source];
    const uint32_t *first = loose ? merge->loose.first : part->first;
    struct lexicon_run *run = &merge->runs[merge->run_count];
    *run = (struct lexicon_run){.part = part,
                                .kept = loose || merge->kept == NULL ? NULL : merge->kept[source],
                                .class = class,
                                .next = first[class],
                                .end = first[behind]};
    int status = advance(merge, run);
    if (status == 0) {
        run->order = lexicon_order(run->word);
        merge->heap[merge->heap_count++] = (uint16_t)merge->run_count;
    }
    merge->run_count++;
    return status == AISLE_END ? 0 : status;
}

static int add_runs(struct lexicon_merge *merge, size_t source, enum lexicon_range range)
{
    const uint32_t eligible = LEXICON_PLAIN * LEXICON_LENGTHS;
    const uint32_t others = LEXICON_OTHERS * LEXICON_LENGTHS;
    int status = 0;
    if (range != LEXICON_ALPHABETIC) {
        return add_run(merge, source, range == LEXICON_ELIGIBLE ? eligible : 0,
                       range == LEXICON_ALL     ? LEXICON_CLASSES
                       : range == LEXICON_CODED ? eligible
                                                : others);
    }
    for (uint32_t class = eligible; class < others && status == 0; class++) {
        status = add_run(merge, source, class, class + 1);
    }
    return status;
}

int lexicon_merge_begin(struct lexicon_merge *merge, enum lexicon_range range)
{
    int status = 0;
    merge->run_count = 0;
    merge->heap_count = 0;
    merge->last = bytes_of(NULL, 0);
    for (size_t source = 0; source <= merge->sources->part_count && status == 0; source++) {
        status = add_runs(merge, source, range);
    }
    for (size_t at = merge->heap_count / 2; at-- > 0 && status == 0;) {
        sift_down(merge, at, range == LEXICON_ALPHABETIC);
    }
    merge->by_bytes = range == LEXICON_ALPHABETIC;
    merge->alone = !merge->by_bytes && merge->sources->part_count + (merge->loose.count != 0 ? 1 : 0) == 1;
    merge->replaying = merge->origins != NULL && !merge->noting && !merge->by_bytes;
    merge->origin = range == LEXICON_ELIGIBLE ? merge->group_end[LEXICON_CODES] : 0;
    merge->origin_end = merge->group_end[range == LEXICON_ALL      ? LEXICON_OTHERS
                                         : range == LEXICON_CODED ? LEXICON_CODES
                                                                   : LEXICON_WIDE];
    return status;
}

/* ---- reading ---- */

/* As it was the first time. */
static int repeat(struct lexicon_merge *merge, struct bytes *word, uint32_t *class)
{
    uint8_t origin = ORIGIN_COPY;
    while (origin & ORIGIN_COPY) {
        if (merge->origin == merge->origin_end) {
            return AISLE_END;
        }
        origin = merge->origins[merge->origin++];
        struct lexicon_run *run = &merge->runs[origin & ~ORIGIN_COPY];
        *word = run->word;
        *class = run->class;
        int status = advance(merge, run);
        if (status < 0) {
            return status;
        }
    }
    return 0;
}

/* Of one source, whose words are all different. */
static int take_next(struct lexicon_merge *merge, struct bytes *word, uint32_t *class)
{
    if (merge->heap_count == 0) {
        return AISLE_END;
    }
    struct lexicon_run *run = &merge->runs[merge->heap[0]];
    *word = run->word;
    *class = run->class;
    int status = advance(merge, run);
    merge->heap_count = status == AISLE_END ? 0 : merge->heap_count;
    return status == AISLE_END ? 0 : status;
}

static void note(struct lexicon_merge *merge, uint16_t run, uint32_t class, bool copy)
{
    merge->origins[merge->origin++] = (uint8_t)(run | (copy ? ORIGIN_COPY : 0));
    for (uint32_t group = class / LEXICON_LENGTHS; group < LEXICON_GROUPS; group++) {
        merge->group_end[group] = merge->origin;
    }
}

/* The least word of all runs, whatever was told before. */
static int take_least(struct lexicon_merge *merge, struct bytes *word, uint32_t *class, bool *copy)
{
    uint16_t number = merge->heap[0];
    struct lexicon_run *run = &merge->runs[number];
    *word = run->word;
    *class = run->class;
    *copy = bytes_equal(run->word, merge->last);
    merge->last = run->word;
    if (merge->noting) {
        note(merge, number, run->class, *copy);
    }
    int status = advance(merge, run);
    if (status < 0) {
        return status;
    }
    if (status == 0) {
        run->order = lexicon_order(run->word);
    } else {
        merge->heap[0] = merge->heap[--merge->heap_count];
    }
    if (merge->heap_count > 1) {
        sift_down(merge, 0, merge->by_bytes);
    }
    return 0;
}

int lexicon_merge_next(struct lexicon_merge *merge, struct bytes *word, uint32_t *class)
{
    bool copy = true;
    if (merge->replaying) {
        return repeat(merge, word, class);
    }
    if (merge->alone) {
        return take_next(merge, word, class);
    }
    while (copy) {
        if (merge->heap_count == 0) {
            merge->noting = false;
            return AISLE_END;
        }
        int status = take_least(merge, word, class, &copy);
        if (status != 0) {
            return status;
        }
    }
    return 0;
}
