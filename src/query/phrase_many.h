/*
 * phrase_many.h - whether the words of a plain phrase stand side by side, asked about many documents at once.
 *
 * For phrases whose words are one list each, follow each other step by step and may not be moved: what is nearly always
 * typed. It reads lists and positions through cursors of its own, by the block, and leaves documents whose positions
 * are no plain ones (compounds, very many occurrences) to phrase.c, whose cursors go on from where they stand.
 *
 * Private to the module. Lives in the query's arena. Thread rule: as the query.
 */
#ifndef AISLE_QUERY_PHRASE_MANY_H
#define AISLE_QUERY_PHRASE_MANY_H

#include "query/phrase.h"

#define PHRASE_MANY_MIN 8u   /* documents, for fewer of which its cursors are not opened */
#define PHRASE_MANY_MAX 512u /* documents of one call: entries of each word are found before any is read */

/* What is known of the documents of a call, a bit for each. */
struct phrase_answers {
    uint64_t yes[PHRASE_MANY_MAX / 64];
    uint64_t unknown[PHRASE_MANY_MAX / 64]; /* ask phrase_matches */
};

struct phrase_many;

/* *out is NULL when the phrase, whose steps are plain, is none that it is for. AISLE_CORRUPT, AISLE_NO_MEMORY. */
must_check int phrase_many_open(struct query_context *context, const struct query_node *node, uint32_t segment,
                                struct phrase_many **out);

/*
 * Fills answers for count documents, at most PHRASE_MANY_MAX, ascending, behind those of calls before. AISLE_CORRUPT,
 * AISLE_NO_MEMORY.
 */
must_check int phrase_many_ask(struct phrase_many *many, const uint32_t *documents, uint32_t count,
                               struct phrase_answers *answers);

#endif
