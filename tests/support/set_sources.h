/*
 * set_sources.h - the words of a set as a source of a part: views of them, which the library takes in any order.
 *
 * The views last until the process ends, in a list where leak checkers reach them; the set must not change meanwhile.
 */
#ifndef AISLE_TESTS_SUPPORT_SET_SOURCES_H
#define AISLE_TESTS_SUPPORT_SET_SOURCES_H

#include "base/alloc.h"
#include "lexicon/lexicon.h"

#include <stdlib.h>

struct set_views {
    struct set_views *before;
    struct bytes words[];
};

static struct set_views *set_views_made;

static inline void sources_add_set(struct lexicon_sources *sources, const struct lexicon_set *set)
{
    struct set_views *views = mem_alloc(sizeof *views + (set->count + 1) * sizeof *views->words);
    if (views == NULL) {
        abort();
    }
    views->before = set_views_made;
    set_views_made = views;
    for (size_t next = 0, i = 0; lexicon_set_next(set, &next, &views->words[i]); i++) {
    }
    sources->words = views->words;
    sources->word_count = set->count;
}

static inline struct lexicon_sources sources_of_set(const struct lexicon_set *set)
{
    struct lexicon_sources sources = {.parts = NULL};
    sources_add_set(&sources, set);
    return sources;
}

#endif
