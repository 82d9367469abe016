/*
 * count_words.h - exact totals of frequent words, from bits of their documents that are kept between queries.
 *
 * A list that is read to be counted costs some nanoseconds a posting: to unpack it, and to ask other lists about it. As
 * a bit for each document it costs nothing of the kind: what words have in common, or together, is counted over whole
 * segments (base/bitset.h), dead documents left out by one set more. Words stand together, since the order of documents
 * puts what is alike side by side: of 1,024 documents in a row, five times in six, none has one of two or three words,
 * and by marks their bits are not read. So what is counted often is kept as bits (unions.h, which bounds them).
 * Segments never change and deaths are not in the bits, so that they outlive commits.
 *
 * A word is worth it that one product in LIMIT_WORD_BITS_GAP has, once it was asked for twice; in every segment, as one
 * segment without would cost more than all others. What is rarer, or not a plain word, is counted as ever, but asks
 * bits about candidates where there are some (scan_count.c): so a filter, or a rare word beside frequent ones, gains,
 * too.
 *
 * Private to the module. Thread rule: bits are found by the query's thread before others
 * help; then they are only read.
 */
#ifndef AISLE_QUERY_COUNT_WORDS_H
#define AISLE_QUERY_COUNT_WORDS_H

#include "query/share.h"

/*
 * Finds or makes the bits of the words that products must, or may, have to match a bound tree, and notes them in its
 * leaves. Making them is work of the query: when its watch says so, or memory is short, they are not made.
 */
void count_words_open(struct query_context *context, struct query_node *root);

/* Whether all of a part of a segment can be counted from bits. Then *total is how many documents match there. */
bool count_words(const struct query_context *context, const struct query_node *root, const struct share_part *part,
                 uint64_t *total);

#endif
