/*
 * phrase.h - whether the words of a phrase stand in a document as the phrase wants them.
 *
 * A phrase is a small graph: each word leads from one step to another, a compound written as one over as many steps
 * as it has parts. Each occurrence of a word in the document is a place where it begins and a place where it ends.
 * A way through the graph costs what its words are moved from standing side by side: the sum over neighbours of the
 * distance between where one ends and the next begins, in one field; neighbours that begin at the same place are no
 * way. The document matches when some way from the first step to the last costs at most the slop.
 *
 * Costs are found word by word: the least cost at which each occurrence can be reached from any occurrence of a word
 * that leads to its step. Occurrences ascend, so what the cheapest of all those in front or behind costs is known by
 * adding one to the rest: the work is a few steps an occurrence, whatever the slop and the product.
 *
 * Private to the module. Lives in the query's arena. Thread rule: as the query.
 */
#ifndef AISLE_QUERY_PHRASE_H
#define AISLE_QUERY_PHRASE_H

#include "query/cursor.h"

struct phrase;

/*
 * The cursors of its leaves in the segment are open; the phrase moves them no further than to the documents it is
 * asked. context must outlive it.
 */
must_check int phrase_open(struct query_context *context, const struct query_node *node, uint32_t segment,
                           struct phrase **out);

/* Whether a document matches; they are asked in ascending order, and all words of some way through occur in each. */
bool phrase_matches(struct phrase *phrase, uint32_t document);

/*
 * Which of count documents, ascending, match: puts those in front and returns how many they are. The same holds for
 * them, beside what phrase_matches was asked before. Positions are read by the block where many are asked about.
 */
uint32_t phrase_keep(struct phrase *phrase, uint32_t *documents, uint32_t count);

/* The same for the documents whose bits are set, bit i being document first + i: clears those of the others. */
void phrase_keep_bits(struct phrase *phrase, uint32_t first, size_t words, uint64_t *bits);

/* 0, or why documents were said not to match: AISLE_CORRUPT, AISLE_NO_MEMORY. */
int phrase_status(const struct phrase *phrase);

#endif
