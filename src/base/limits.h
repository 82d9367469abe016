/*
 * limits.h - every maximum of the system, in one place.
 *
 * Whatever grows (a queue, a buffer, a depth, an expansion) is bounded by a constant below. Values marked ON DISK
 * are part of the file format: changing one changes the format version. A limit that a user can meet is answered
 * by a status and a message that names it, never by an abort.
 */
#ifndef AISLE_BASE_LIMITS_H
#define AISLE_BASE_LIMITS_H

#include <assert.h>
#include <stdint.h>

/* Catalog */
#define LIMIT_SHARDS 64u                    /* shards of one catalog (ON DISK: shard numbers are two digits)         */
#define LIMIT_PATH_BYTES 3072u              /* a catalog's path, so that names below it fit PATH_MAX                 */
#define LIMIT_SEGMENTS 256u                 /* listed segments of one shard; merging keeps it far below              */
#define LIMIT_PARTS 64u                     /* listed parts of one shard; merging keeps it far below                 */
#define LIMIT_SEGMENT_DOCUMENTS 0x7fffff00u /* documents of one segment; docids stay below 2^31 (ON DISK)            */

/* Schema */
#define LIMIT_FIELDS 64u           /* fields of one schema (ON DISK: a field number is one byte)                     */
#define LIMIT_FIELD_NAME_BYTES 64u /* a field's name                                                                 */
#define LIMIT_SCHEMA_BYTES (1u << 20)
#define LIMIT_SIGNALS 8u     /* ranking signals of one schema                                                        */
#define LIMIT_ORDER_PARTS 6u /* parts of the document order                                                          */

/* Products and JSON */
#define LIMIT_PRODUCT_BYTES (1u << 20)       /* one product's JSON                                                   */
#define LIMIT_LINE_BYTES (4u << 20)          /* one change-log line (envelope and before-image may hold two products) */
#define LIMIT_JSON_DEPTH 32u                 /* nesting of objects and arrays                                        */
#define LIMIT_JSON_NODES 65536u              /* values in one JSON text                                              */
#define LIMIT_ID_BYTES 512u                  /* a product's id (ON DISK: a u16 length)                               */
#define LIMIT_KEYWORD_BYTES 1024u            /* one keyword value                                                    */
#define LIMIT_PATH_PARTS 16u                 /* levels of a category path                                            */
#define LIMIT_COLUMN_VALUES (1u << 28)       /* distinct values of one keyword field in one segment (ON DISK)        */
#define LIMIT_LIST_VALUES 1024u              /* different values of one keyword field in one product (ON DISK)       */
#define LIMIT_PRODUCT_VARIANTS 1024u         /* variants of one product (ON DISK, as LIMIT_LIST_VALUES)              */
#define LIMIT_VARIANT_BYTES 1024u            /* of the values that one variant can be filtered by                    */
#define LIMIT_DICTIONARY_BYTES (1u << 18)    /* a zstd dictionary for stored products                                 */

/* Text */
#define LIMIT_TERM_BYTES 120u         /* an analysed term; longer tokens are cut at a character (ON DISK: a u8)      */
#define LIMIT_TOKENS_FIELD 65535u     /* tokens of one field of one product; the rest is stored, not searchable      */
#define LIMIT_STEM_CACHE (1u << 16)   /* entries of one analyser's stem cache                                        */
#define LIMIT_VALUES_KNOWN 4096u      /* short values that one thread remembers while it indexes: 1 MiB               */
#define LIMIT_STEM_EXCEPTIONS 10000u  /* words of one schema whose stems are given                                  */
#define LIMIT_TERM_VALUE_BYTES 96u    /* what a dictionary keeps with a term                                         */
#define LIMIT_SEGMENT_TERMS (1u << 29) /* distinct terms of one segment (ON DISK: a term number has 29 bits)          */

#define LIMIT_LEXICON_WORDS (1u << 27) /* of one part of a lexicon (ON DISK: entries hold their numbers)        */

#define LIMIT_POSITIONS_FIELD 1024u   /* places kept of one term in one field of one product, the first ones          */
#define LIMIT_PLACE (1u << 31)        /* places (postings/positions.h) are below (ON DISK)                            */

/* Query */
#define LIMIT_QUERY_BYTES 4096u        /* the text of one query                                                      */
#define LIMIT_QUERY_TERMS 64u          /* terms of one query, prefixes' expansions not counted                       */
#define LIMIT_QUERY_LEAVES 256u        /* and of what they are rewritten to: synonyms, corrections                   */
#define LIMIT_SLOP 63u                 /* words out of place in a phrase (ON DISK: values stand further apart) */
#define LIMIT_PREFIX_TERMS 65536u      /* terms of one prefix in one segment; of more, the most frequent, and told    */
#define LIMIT_HITS 10000u              /* offset + limit of one query                                                */
#define LIMIT_RESULT_BYTES (64u << 20) /* ids, products, marks and explanations of one answer                        */
#define LIMIT_FILTER_BYTES (1u << 20)   /* the text of one filter                                                     */
#define LIMIT_FILTER_DEPTH 32u         /* nesting of parentheses and NOT                                              */
#define LIMIT_FILTER_CONDITIONS 256u   /* conditions of one filter                                                    */
#define LIMIT_FILTER_SET 10000u        /* values in the brackets of one IN                                            */
#define LIMIT_FILTER_PARAMETERS 256u   /* names that values are bound to in one filter                                */
#define LIMIT_LIKE_WORDS 16u           /* words of a product that others are found by                                */
#define LIMIT_LIKE_LOOKED 256u         /* different words of it, from the first on, of which they are chosen         */
#define LIMIT_QUERY_MEMORY_BYTES (256u << 20) /* memory of one query, results not counted */
#define LIMIT_QUERY_KEPT_BYTES (32u << 20) /* beside it: of lists that several of its passes read                     */
#define LIMIT_UNIONS_SHARE 2u          /* one part in so many of cache_bytes is for what lists of clauses come to     */
#define LIMIT_WORD_BITS_GAP 128u       /* a word that fewer than one product in so many has is not kept as bits       */
#define LIMIT_WORDS_KEPT (1u << 16)    /* words of which is known how many products have them: 24 bytes each          */
#define LIMIT_FIRSTS 1024u             /* answers to the first characters of a word                                   */
#define LIMIT_UNIONS 4096u             /* of them                                                                     */

/* Completion */
#define LIMIT_SUGGEST_PRODUCTS (1u << 18) /* that compaction looks into; of more, every n-th                          */
#define LIMIT_LEARN_BYTES (256u << 20)  /* of searches that are learned at once                                       */
#define LIMIT_LEADS (1u << 15)        /* suggestions of which is known whether they lead to a product                 */
#define LIMIT_SUGGESTIONS 64u         /* of one call                                                                  */
#define LIMIT_SUGGEST_STEPS 100000u   /* nodes and look-ups of one call: a hundred times what ten answers take      */
#define LIMIT_SUGGEST_VAIN 256u       /* suggestions without products that one call passes over                       */
#define LIMIT_SUGGEST_DEAD 4096u      /* dead products that one call passes over                                      */
#define LIMIT_SUGGEST_WINDOWS 64u     /* windows of documents in which one call compares words: of 5 to 10 us each    */
#define LIMIT_SUGGEST_SHARE (1u << 20) /* documents, in 16 windows or so, that one suggestion takes of one call       */

/* Words as shoppers write them */
#define LIMIT_SYNONYM_BYTES (8u << 20)    /* of the file of synonyms, and of that of stop words                      */
#define LIMIT_SYNONYMS (1u << 18)         /* left sides of all synonyms                                              */
#define LIMIT_SYNONYM_WORDS 8u            /* words of one synonym                                                    */
#define LIMIT_SYNONYM_ALTERNATIVES 32u    /* on one side of a line of synonyms                                       */
#define LIMIT_STOP_WORDS 10000u
#define LIMIT_EXACT_WORDS 100000u         /* that the file of synonyms says are never corrected                      */
#define LIMIT_VARIANTS 64u                /* words that one word is corrected to                                     */
#define LIMIT_SIMILAR 1024u               /* words like it that are looked at for that                               */
#define LIMIT_CODES_LOOKED (1u << 18)     /* codes that one with a wrong character is compared with: 5 ms           */
#define LIMIT_SPLITS 8u                   /* ways to split one word that are looked at                               */

/* Rules, affinities */
#define LIMIT_RULES_BYTES (32u << 20)     /* of the file of rules                                                    */
#define LIMIT_RULES (1u << 16)            /* in it                                                                   */
#define LIMIT_RULES_ALWAYS 100u           /* of them that hold for every request: each is looked at                  */
#define LIMIT_RULES_APPLIED 32u           /* to one request                                                          */
#define LIMIT_RULE_QUERIES 100u           /* that one rule is for                                                    */
#define LIMIT_RULE_WORDS 8u               /* of one of them                                                          */
#define LIMIT_RULE_NAME_BYTES 100u        /* of a rule, or of a context                                              */
#define LIMIT_CONTEXTS_BYTES 4096u        /* of the contexts that one request names                                  */
#define LIMIT_RULE_PINS 300u              /* products that one rule pins, or lifts at once; and of one request        */
#define LIMIT_RULE_HIDDEN 1000u           /* likewise that are hidden                                                */
#define LIMIT_RULE_BOOSTS 16u             /* of one rule, and of all rules of one request                            */
#define LIMIT_RULE_WEIGHT 100u            /* of one boost                                                            */
#define LIMIT_AFFINITIES 32u              /* of one query                                                            */
#define LIMIT_AFFINITY_WEIGHT 10u         /* of one                                                                  */

/* Facets, sorting, groups */
#define LIMIT_FACETS 64u                /* of one query                                                              */
#define LIMIT_FACET_BYTES 8192u         /* the text of one                                                           */
#define LIMIT_FACET_SHOWN 10000u        /* values that one gives back                                                */
#define LIMIT_FACET_RANGES 256u         /* bounds of one                                                             */
#define LIMIT_FACET_BUCKETS 10000u      /* of a histogram that hold anything                                         */
#define LIMIT_FACET_NUMBERS (1u << 20)  /* different numbers that one counts                                         */
#define LIMIT_FACET_VALUES (1u << 24)   /* different keywords of a field, summed over segments                       */
#define LIMIT_RANKS_SHARE 4u            /* one part in so many of cache_bytes is for ranks of keywords                */
#define LIMIT_FACET_PAIRS (1u << 22)    /* different pairs of a value and a group that one counts                     */
#define LIMIT_FACET_STRETCHES 24u       /* of equal values that are kept of a page of 1,024 documents                 */
#define LIMIT_FACET_SIZES (1u << 16)    /* values brought into the order of sizes                                    */
#define LIMIT_SORT_PARTS 8u             /* of one sort order                                                         */
#define LIMIT_SORT_VALUES (1u << 22)    /* different keywords of a field sorted by, summed over segments             */
#define LIMIT_GROUPS 1000u              /* offset + limit of groups                                                  */
#define LIMIT_GROUP_SIZE 100u           /* hits of one group                                                         */
#define LIMIT_FACET_LIKE 64u            /* characters of a text that values are like                                 */
#define LIMIT_FACET_SAMPLE 1000000u     /* products of which a sample takes one                                      */

/* Storage */
#define LIMIT_READERS 1022u             /* reader slots of one shard's lock table: 16 pages of it                    */
#define LIMIT_MAP_BYTES (UINT64_C(1) << 40) /* address space of one shard, when the system grants it                 */
#define LIMIT_EXTENTS_COMPONENT (1u << 20)  /* extents of one component: 256 GiB                                     */
#define LIMIT_TRANSACTION_BYTES (64u << 20) /* payload written by one bulk transaction                               */

/* Threads */
#define LIMIT_THREADS 64u /* that one writer uses, or one search                                                    */
#define LIMIT_CREW_POSTINGS 200000u /* from how many to look at on helpers are woken: 100 us of one thread's work    */

/* Indexer */
#define LIMIT_SOURCES (1u << 20)                   /* files of one run                                             */
#define LIMIT_TRANSACTION_LINE_BYTES (64u << 20)   /* one line that holds a whole transaction (wal2json's format 1)   */
#define LIMIT_COLUMNS 1600u                        /* columns of one row: those of a PostgreSQL table                 */
#define LIMIT_MAP_FILE_BYTES (1u << 20)            /* a mapping file                                                  */
#define LIMIT_MAP_TABLES 64u                       /* tables in it                                                    */

/* Server */
#define LIMIT_SERVER_ARGUMENTS 32768u             /* of one request: every value of a long IN list, bound by name    */
#define LIMIT_SERVER_REQUEST_BYTES (4u << 20)     /* one request                                                      */
#define LIMIT_SERVER_INLINE_BYTES (64u << 10)     /* one request typed as a line                                      */
#define LIMIT_SERVER_STRANGER_ARGUMENTS 16u       /* of a request of who has not shown the password yet              */
#define LIMIT_SERVER_STRANGER_BYTES 4096u         /* such a request                                                   */
#define LIMIT_SERVER_RETURNS 256u                 /* fields behind RETURN: each is looked for in each product         */
#define LIMIT_SERVER_REPLY_BYTES (64u << 20)      /* one reply, of one search or several                              */

/* Memory */
#define LIMIT_BUDGET_MIN_BYTES (UINT64_C(32) << 20)      /* the least a writer keeps to: caches, codecs, extents   */
#define LIMIT_BUDGET_DEFAULT_BYTES (UINT64_C(512) << 20) /* a writer's budget when none is given                     */
#define LIMIT_CACHE_DEFAULT_BYTES (UINT64_C(128) << 20)  /* kept between queries: 25 idle searchers of 5 MiB, */
#define LIMIT_CACHE_PRODUCT_BYTES 4u                     /* and so much for each product: twice its tables       */

static_assert(LIMIT_PRODUCT_BYTES < LIMIT_LINE_BYTES, "a product fits a line");
static_assert(LIMIT_ID_BYTES < 65536u, "an id's length is a u16 on disk");
static_assert(LIMIT_TERM_BYTES < 256u, "a term's length is a u8 on disk");
/* A position is below the gaps between a field's values and its words; folding may make four words of three bytes. */
static_assert((LIMIT_JSON_NODES * (LIMIT_SLOP + 1) + 2 * LIMIT_PRODUCT_BYTES) * (uint64_t)LIMIT_FIELDS < LIMIT_PLACE,
              "a place, position * fields + field, is below its limit");
static_assert(LIMIT_PRODUCT_VARIANTS <= LIMIT_LIST_VALUES, "a product's variants are values of one field");
static_assert(LIMIT_RULE_NAME_BYTES <= LIMIT_TERM_BYTES, "a name is a part of a key");
static_assert(LIMIT_FIELDS < 256u, "a field number is a u8 on disk");

#endif
