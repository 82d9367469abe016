/*
 * lexicon_loose.c - words that no part has yet, brought into the order in which a part numbers its words.
 *
 * By their first eight bytes as numbers, which decides about nearly all, then by class, which keeps that order.
 */
#include "lexicon/lexicon_write.h"

#include "base/alloc.h"

#include <stdlib.h>

static int compare_words(const void *a, const void *b, void *words)
{
    const struct bytes *list = words;
    return bytes_compare(list[((const struct radix_entry *)a)->value], list[((const struct radix_entry *)b)->value]);
}

/* By their heads; those of equal heads by all bytes. */
void lexicon_sort(struct radix_entry *entries, struct radix_entry *scratch, const struct bytes *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        entries[i] = (struct radix_entry){lexicon_order(words[i]), (uint32_t)i};
    }
    radix_sort(entries, scratch, count);
    for (size_t first = 0, end = 0; first < count; first = end) {
        while (end < count && entries[end].key == entries[first].key) {
            end++;
        }
        if (end - first > 1) {
            qsort_r(entries + first, end - first, sizeof *entries, compare_words, (void *)(uintptr_t)words);
        }
    }
}

/* Of sorted words that are there twice keeps one, and has each entry's key be its class. Returns how many are left. */
static size_t classify(struct radix_entry *entries, const struct bytes *words, size_t count, uint32_t *classes)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct bytes word = words[entries[i].value];
        lexicon_ask_ahead(entries, words, count, i);
        if (kept != 0 && bytes_equal(words[entries[kept - 1].value], word)) {
            continue;
        }
        uint32_t class = lexicon_class_of(lexicon_group_of(word), word.size);
        classes[class]++;
        entries[kept++] = (struct radix_entry){class, entries[i].value};
    }
    return kept;
}

static int copy_texts(struct lexicon_loose *loose)
{
    size_t size = 0;
    for (uint32_t i = 0; i < loose->count; i++) {
        size += loose->words[i].size;
    }
    loose->texts = mem_alloc(size);
    if (loose->texts == NULL) {
        return AISLE_NO_MEMORY;
    }
    uint8_t *text = loose->texts;
    for (uint32_t i = 0; i < loose->count; i++) {
        struct bytes *word = &loose->words[i];
        if (i + LEXICON_AHEAD < loose->count) {
            __builtin_prefetch(word[LEXICON_AHEAD].data);
        }
        memcpy(text, word->data, word->size);
        word->data = text;
        text += word->size;
    }
    return 0;
}

static void distribute(struct lexicon_loose *loose, const struct radix_entry *entries, const struct bytes *words,
                       const uint32_t *classes)
{
    uint32_t next[LEXICON_CLASSES];
    for (uint32_t class = 0; class < LEXICON_CLASSES; class++) {
        next[class] = loose->first[class];
        loose->first[class + 1] = next[class] + classes[class];
    }
    for (size_t i = 0; i < loose->count; i++) {
        lexicon_ask_ahead(entries, words, loose->count, i);
        loose->words[next[entries[i].key]++] = words[entries[i].value];
    }
}

int lexicon_loose_init(struct lexicon_loose *loose, const struct lexicon_sources *sources)
{
    uint32_t classes[LEXICON_CLASSES] = {0};
    size_t count = sources->word_count;
    *loose = (struct lexicon_loose){.words = NULL};
    if (count == 0) {
        return 0;
    }
    if (count > LIMIT_LEXICON_WORDS) {
        return AISLE_LIMIT;
    }
    const struct bytes *words = sources->words;
    struct radix_entry *entries = mem_alloc(count * sizeof *entries);
    struct radix_entry *scratch = mem_alloc(count * sizeof *scratch);
    int status = entries == NULL || scratch == NULL ? AISLE_NO_MEMORY : 0;
    if (status == 0) {
        lexicon_sort(entries, scratch, words, count);
        loose->count = (uint32_t)classify(entries, words, count, classes);
    }
    mem_free(scratch);
    loose->words = status == 0 ? mem_alloc(loose->count * sizeof *loose->words) : NULL;
    if (loose->words != NULL) {
        distribute(loose, entries, words, classes);
    }
    mem_free(entries);
    return loose->words == NULL ? AISLE_NO_MEMORY : copy_texts(loose);
}

void lexicon_loose_release(struct lexicon_loose *loose)
{
    mem_free(loose->words);
    mem_free(loose->texts);
    *loose = (struct lexicon_loose){.words = NULL};
}
