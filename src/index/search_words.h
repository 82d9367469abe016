/*
 * search_words.h - the words of a search: what the caller asks of rewriting, and what an answer tells of it.
 *
 * Thread rule: as the search.
 */
#ifndef AISLE_INDEX_SEARCH_WORDS_H
#define AISLE_INDEX_SEARCH_WORDS_H

#include "index/catalog.h"
#include "index/result.h"
#include "lexicon/lexicon.h"
#include "rewrite/rewrite.h"

/* Fills the options of rewriting from a query's. AISLE_INVALID, AISLE_LIMIT. */
must_check int search_words_options(const aisle_query *query, struct rewrite_options *out, aisle_error *error);

/* The words of all shards, as count snapshots see them; they live in the arena. AISLE_NO_MEMORY. */
must_check int search_words_lexicon(const struct shard_snapshot *snapshots, uint32_t count, struct arena *arena,
                                    struct rewrite_words *out);

/* The words of one text, as rules and exact names compare them. */
struct search_typed {
    struct bytes text; /* that words are of; borrowed */
    bool is_known;
    struct token_list words; /* in the arena */
};

/*
 * The words of a text, in the language of the first text field, analysed when they are first asked for and again only
 * for another text. AISLE_NO_MEMORY.
 */
must_check int search_words_typed(struct search_typed *typed, const struct schema *schema, struct analyser *analyser,
                                  struct bytes text, struct arena *arena);

/* Copies what was done into result. AISLE_NO_MEMORY, AISLE_LIMIT. */
must_check int search_words_report(const struct rewrite_report *report, struct aisle_result *result);

#endif
