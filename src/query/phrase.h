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

/* The cursors of its leaves are open; the phrase moves them no further than to the documents it is asked. */
must_check int phrase_open(struct query_context *context, const struct query_node *node, struct phrase **out);

/* Whether a document matches; they are asked in ascending order, and all words of some way through occur in each. */
bool phrase_matches(struct phrase *phrase, uint32_t document);

/* 0, or why phrase_matches has said no: AISLE_CORRUPT, AISLE_NO_MEMORY. */
int phrase_status(const struct phrase *phrase);

#endif
