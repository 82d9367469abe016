/*
 * exact.h - products whose whole title, part number or id was typed: they come first.
 *
 *   title term = 1 and 11 characters of base64url: a hash of the terms of the title's words, 1 to EXACT_WORDS of them
 *
 * A product's title of up to four words is one more term of it (schema.exact, else there is none), so that a query
 * looks up its own: no match is read for that. Such a term begins with a byte that no word has; it counts in no length
 * and is no word that anything is corrected to. Longer titles are told apart by their words: few products have them
 * all.
 * Part numbers are few under one term, so that the values of the first EXACT_READ_MAX that have it are read and
 * compared without signs. An id, of four bytes and with a digit, is looked up.
 *
 * Thread rule: as the search; exact_title_term is a pure function.
 */
#ifndef AISLE_INDEX_EXACT_H
#define AISLE_INDEX_EXACT_H

#include "index/look.h"
#include "query/boosts.h"

#define EXACT_WORDS 4u         /* ON DISK */
#define EXACT_TERM_BYTES 12u   /* ON DISK */
#define EXACT_BOOSTS 2u        /* that exact_find appends at most */
#define EXACT_READ_MAX 64u     /* products that are read for a part number */
#define EXACT_PRODUCTS_MAX 256u /* that have one title */

/* Writes the term of a title; returns its bytes, 0 for one that has none. */
size_t exact_title_term(const struct token_list *list, uint8_t term[EXACT_TERM_BYTES]);

/*
 * Appends boosts of weight (hundredths) for products of this title or part number to list, which has room for
 * EXACT_BOOSTS. context holds the segments of look; words are those of the text, in the language of the first text
 * field. AISLE_CORRUPT, AISLE_NO_MEMORY.
 */
must_check int exact_find(const struct look *look, const struct query_context *context, const uint32_t *shard_of,
                          struct bytes text, const struct token_list *words, uint32_t weight, struct boost_list *list);

/* Whether text may be the id of a product that its words need not find. */
bool exact_may_be_id(const struct schema *schema, struct bytes text);

#endif
