/*
 * aisle.h - Aisle, an embedded full-text product search engine. The only public header, in as many lines as that takes.
 *
 * A catalog is a directory. It holds products: JSON objects with an id that you choose. You fill it through a writer
 * and search it with what a shopper types:
 *
 *     aisle *catalog = NULL;
 *     aisle_writer *writer = NULL;
 *     aisle_result *result = NULL;
 *     aisle_error error;
 *     const char *product = "{\"id\":\"P1\",\"title\":\"Red running shoes\",\"price\":59.9}";
 *     if (aisle_create("shop", NULL, NULL, &error) != 0 || aisle_open("shop", NULL, &catalog, &error) != 0 ||
 *         aisle_begin(catalog, &writer, &error) != 0 ||
 *         aisle_put(writer, (aisle_bytes){product, strlen(product)}, &error) != 0 ||
 *         aisle_commit(writer, &error) != 0 ||
 *         aisle_search(catalog, &(aisle_query){.size = sizeof(aisle_query), .text = "shoe"}, &result, &error) != 0) {
 *         fprintf(stderr, "%s\n", error.message);
 *     }
 *     aisle_hit hit;
 *     for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
 *         printf("%.*s %.3f\n", (int)hit.id.size, hit.id.data, hit.score);
 *     }
 *     aisle_result_free(result);
 *     aisle_writer_free(writer);
 *     aisle_close(catalog);
 *
 * Rules that hold everywhere
 *   Errors     Functions return int: 0 is done, negative an AISLE_ code, AISLE_END (1) the end where a comment says
 *              so. Where a function takes an aisle_error, you may pass NULL; it is filled only on failure. The library
 *              never aborts, exits or prints. Out of memory is a status, and what you had before still stands.
 *   Strings    aisle_bytes is UTF-8 with a length and no NUL. What you pass in is copied before the call returns.
 *   Pointers   None may be NULL, but an aisle_error, and where a comment says so.
 *   Options    Structs that begin with `size` take sizeof(struct) there; zero in all that follows is the default, so
 *              programs built against an older header keep working.
 *   Threads    An aisle may be used by any number of threads at once. A writer and a result belong to one thread at
 *              a time. The library starts no threads, unless aisle_options.threads or search_threads asks.
 *   Processes  Any number of processes may search a catalog while one writes it. A second writer, in this process or
 *              another, gets AISLE_BUSY at once.
 *   fork       A child process may not use handles opened before the fork (they answer AISLE_FORKED), except to close
 *              them; it opens its own.
 *   Memory     A writer keeps to the budget given at aisle_open; what searches keep for the next ones, to another.
 *              Searching maps the catalog; pages of it are the system's cache, not the program's heap.
 *
 * Caveats
 *   - A catalog lives on a local file system: network file systems are refused (AISLE_NETWORK_FS), because their
 *     locks and mappings break the guarantees above.
 *   - aisle_commit is durable when it returns; what was not committed is gone after a crash, and only that.
 *   - Who may read a catalog but write neither its lock files nor its directory is unknown to the writer, which could
 *     reuse space under such a reader's eyes: nobody may write the catalog meanwhile. On read-only media nobody can.
 *   - Never copy a catalog's files while it is written (aisle_backup does), and never delete its lock files while it
 *     is open. A closed catalog may be moved and copied. One that is moved or deleted while it is open can still be
 *     searched through its handles; to write to it, open it at its new place.
 */
#ifndef AISLE_H
#define AISLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define AISLE_API __attribute__((visibility("default")))
#else
#define AISLE_API
#endif

/* ---------------------------------------------------------------------------------------------- version -- */

#define AISLE_VERSION_MAJOR 0
#define AISLE_VERSION_MINOR 1
#define AISLE_VERSION_PATCH 0

/* "0.1.0" of the library in use; static. */
AISLE_API const char *aisle_version(void);

/* ----------------------------------------------------------------------------------------------- errors -- */

/* XX(name, value, text): every code there is. */
#define AISLE_ERROR_MAP(XX)                                                         \
    XX(INVALID, -1, "invalid argument")                                             \
    XX(NO_MEMORY, -2, "out of memory")                                              \
    XX(BAD_PRODUCT, -3, "not an acceptable product")                                \
    XX(BAD_SCHEMA, -4, "not an acceptable schema")                                  \
    XX(BAD_QUERY, -5, "not an acceptable query")                                    \
    XX(NOT_FOUND, -6, "no such thing")                                              \
    XX(EXISTS, -7, "exists already")                                                \
    XX(BUSY, -8, "another writer has the catalog")                                  \
    XX(LIMIT, -9, "a documented limit was passed")                                  \
    XX(IO, -10, "input or output failed")                                           \
    XX(DISK_FULL, -11, "no space left on the device")                               \
    XX(MAP_FULL, -12, "the shard has reached the size of its address space")        \
    XX(CORRUPT, -13, "the catalog is damaged")                                      \
    XX(NEWER_FORMAT, -14, "the catalog was written by a newer version")             \
    XX(NOT_A_CATALOG, -15, "not a catalog")                                         \
    XX(NETWORK_FS, -16, "network file systems are not supported")                   \
    XX(READERS_FULL, -17, "too many readers at once")                               \
    XX(FORKED, -18, "the handle was opened before a fork")                          \
    XX(PERMISSION, -19, "permission denied")                                        \
    XX(READ_ONLY, -20, "the catalog is open for reading only")                      \
    XX(OLD_FORMAT, -21, "the catalog was written by an older version")              \
    XX(CANCELLED, -22, "cancelled by another thread")

enum aisle_code {
    AISLE_OK = 0,
    AISLE_END = 1,
#define XX(name, value, text) AISLE_##name = value,
    AISLE_ERROR_MAP(XX)
#undef XX
};

/* "AISLE_BUSY" and "another writer has the catalog" for a code; static, never NULL. */
AISLE_API const char *aisle_error_name(int code);
AISLE_API const char *aisle_error_text(int code);

typedef struct aisle_error {
    int code;
    size_t position;   /* byte in the product, schema or query where the fault was found; 0 where that means nothing */
    char message[240]; /* what was wrong, where, and what was expected; one line */
} aisle_error;

/* ------------------------------------------------------------------------------------------------ types -- */

typedef struct aisle aisle;               /* an open catalog: share it across threads  */
typedef struct aisle_writer aisle_writer; /* at most one per catalog, in one process   */
typedef struct aisle_result aisle_result; /* owns all it returns; valid after aisle_close */
typedef struct aisle_token aisle_token;   /* a word to a search from another thread */

typedef struct aisle_bytes {
    const char *data;
    size_t size;
} aisle_bytes;

/* ------------------------------------------------------------------------------------- process-wide setup -- */

typedef struct aisle_allocator {
    void *(*allocate)(void *context, size_t size);
    void *(*reallocate)(void *context, void *memory, size_t size); /* memory may be NULL */
    void (*release)(void *context, void *memory);                  /* memory may be NULL */
    void *context;
} aisle_allocator;

/*
 * Sends all of the library's own allocations (not those of LMDB, libstemmer and zstd's trainer) to your allocator.
 * Call it before anything else; afterwards it answers AISLE_INVALID. The functions must be callable from any thread
 * and give memory aligned for any type. Each block asked for is 16 bytes larger than what is kept in it, for its size.
 */
AISLE_API int aisle_set_allocator(const aisle_allocator *allocator);

/* What the library's own allocations take, in this process; all catalogs together. */
typedef struct aisle_memory_statistics {
    size_t size;
    uint64_t current_bytes;
    uint64_t peak_bytes;  /* the most that current_bytes has been       */
    uint64_t allocations; /* made since the program began               */
} aisle_memory_statistics;

AISLE_API int aisle_memory(aisle_memory_statistics *out, aisle_error *error);

/* Frees memory that a function below says is freed with aisle_free; NULL is allowed. */
AISLE_API void aisle_free(void *memory);

/* ------------------------------------------------------------------------------------ create, open, close -- */

typedef struct aisle_create_options {
    size_t size;
    uint32_t shards; /* 1 to 64; default 1. Fixed for the life of the catalog. A product's id chooses its shard, or the
                        field that the schema names: "route": "category" */
} aisle_create_options;

/*
 * Creates a catalog at path, which must not exist or be an empty directory. schema: the JSON text of
 * data/shop.schema.json's form, NUL-terminated; NULL takes the shop schema itself. The directory appears whole or
 * not at all. AISLE_EXISTS, AISLE_BAD_SCHEMA (error->position is the byte, the message names the field),
 * AISLE_NOT_FOUND (the folder that it is to stand in), AISLE_LIMIT (shards), AISLE_NETWORK_FS, AISLE_IO,
 * AISLE_PERMISSION, AISLE_DISK_FULL, AISLE_NO_MEMORY.
 */
AISLE_API int aisle_create(const char *path, const char *schema, const aisle_create_options *options,
                           aisle_error *error);

/*
 * Guesses a schema from products, one JSON object a line, as `aisle index` does for a catalog that does not exist.
 * The first 10,000 lines are read. *schema: NUL-terminated JSON, yours to free with aisle_free.
 * AISLE_BAD_PRODUCT when no line holds an object, no field can be the id, or there is none besides it; AISLE_NO_MEMORY.
 */
AISLE_API int aisle_infer_schema(aisle_bytes lines, char **schema, aisle_error *error);

typedef struct aisle_options {
    size_t size;
    uint64_t memory_bytes; /* budget of a writer; at least 32 MiB; default 512 MiB */
    uint32_t threads;      /* that a writer may use; 0 and 1: the caller's alone; N: up to N threads (64 at most, 48 MiB
                              of the budget for each) analyse and write beside the caller, and one merges, at a
                              lower priority than the caller's (its nice value and 5) */
    bool read_only;        /* never writes to the catalog's data; aisle_begin answers AISLE_READ_ONLY */
    uint64_t cache_bytes;  /* what searches keep of the heap for the next ones; default 128 MiB and 4 bytes for each
                              product, which grows with the catalog while it is open; 1: nothing */
    uint64_t merge_bytes_per_second; /* that merges beside the writer write at most; 0: as fast as they can */
    uint32_t search_threads; /* that work on one search; 0 and 1: the caller's alone; N: up to N - 1 others (64 with the
                                caller's), which are started by aisle_open and shared by all searches, help with those
                                that look at much. Answers are the same. Helpers keep up to a quarter of cache_bytes
                                for arenas, 2 MiB each at most */
    uint64_t search_threads_from; /* postings that a search must have to look at to be helped with; default 200,000 */
    const char *synonyms;   /* path of the shop's synonyms; NULL: CATALOG/synonyms.txt, if it is there */
    const char *stop_words; /* path of its stop words; NULL: CATALOG/stopwords.txt, if it is there */
    const char *rules;      /* path of its rules; NULL: CATALOG/rules.json, if it is there. Of the three, a file that is
                               named and not there is as an empty one, and aisle_reload says so */
} aisle_options;

/*
 * Opens the catalog at path. options may be NULL. Opening a catalog twice in one process is allowed and shares what
 * lies beneath. AISLE_BUSY while aisle_shrink rewrites it; AISLE_NOT_A_CATALOG (nor when nothing is there),
 * AISLE_CORRUPT, AISLE_NEWER_FORMAT, AISLE_OLD_FORMAT, AISLE_NETWORK_FS, AISLE_LIMIT (memory_bytes, threads),
 * AISLE_IO, AISLE_PERMISSION, AISLE_NO_MEMORY. *out is NULL then.
 */
AISLE_API int aisle_open(const char *path, const aisle_options *options, aisle **out, aisle_error *error);

/* Closes; NULL is allowed. Free the writer first. Results stay valid. */
AISLE_API void aisle_close(aisle *catalog);

/* The catalog's schema as JSON, NUL-terminated; lives as long as the catalog is open. */
AISLE_API const char *aisle_schema(const aisle *catalog);

/* ------------------------------------------------------------------------------------------------- write -- */

/*
 * Becomes the catalog's writer. AISLE_BUSY at once when there is one already, in this or another process, whose id the
 * message names; AISLE_NOT_FOUND when the catalog was moved or removed since it was opened.
 * What an earlier writer left unfinished by a crash is cleaned away or ended here; log positions may move by that.
 */
AISLE_API int aisle_begin(aisle *catalog, aisle_writer **out, aisle_error *error);

/*
 * Adds the product, or replaces the one with its id. product: one JSON object of at most 1 MiB. AISLE_BAD_PRODUCT
 * when it breaks a rule of JSON (RFC 8259), UTF-8 or the schema: the message names the field, error->position the
 * byte; the writer goes on with the next product unharmed. After any other error the writer can only be freed; with
 * threads it may be of products that were put before this one.
 * Visible to searches after aisle_commit.
 */
AISLE_API int aisle_put(aisle_writer *writer, aisle_bytes product, aisle_error *error);

/*
 * Changes single fields of the product with this id. fields: a JSON object; null removes a field, an absent one
 * stays. Fields that are columns only (price, stock, ratings, ...) change in place, and so does a patch that holds
 * other fields just as they stand; anything else re-indexes the product.
 *
 * The field of variants may be an object in place of a list, which changes single ones, named by their key (the member
 * that the schema's "key" of that field names, else "sku"): {"variants": {"T-10": {"price": 49.9, "stock": 3},
 * "T-11": null}} changes two members of one and takes another away; the rest stay. A key that no variant has adds one
 * if its object holds that key itself, and otherwise is AISLE_BAD_PRODUCT, and nothing changes.
 *
 * AISLE_NOT_FOUND when there is no such product; AISLE_BAD_PRODUCT as for aisle_put, and when the id field itself would
 * change.
 */
AISLE_API int aisle_patch(aisle_writer *writer, aisle_bytes id, aisle_bytes fields, aisle_error *error);

/* Deletes the product with this id. AISLE_NOT_FOUND when there is none, which does no harm. */
AISLE_API int aisle_delete(aisle_writer *writer, aisle_bytes id, aisle_error *error);

/*
 * Gives the product another id and changes fields of it, as aisle_patch does; fields hold the new id, too. A product
 * that has the new id already is replaced. Where the old id is unknown, this is aisle_patch of the new one. Errors as
 * of aisle_patch.
 */
AISLE_API int aisle_move(aisle_writer *writer, aisle_bytes from, aisle_bytes id, aisle_bytes fields,
                         aisle_error *error);

/* A place in a change log: where the record that the next operations come from ends. */
typedef struct aisle_position {
    const char *source; /* names the file, 1 to 255 bytes */
    uint64_t identity;  /* tells it from another file that took its name, for instance a hash of its first bytes */
    uint64_t offset;    /* byte behind the record */
    const char *seq;    /* the record's own sequence, up to 63 bytes, or NULL */
} aisle_position;

/*
 * States where the following operations come from. Each commit keeps the last position with its effect, in the same
 * transaction, so after a crash the log is read on from aisle_log_offset and nothing is lost or doubled; a shard
 * that had already committed past a position ignores the operations before it. What comes behind a commit and before
 * the next mark is no record of the log, and ignored by none. AISLE_INVALID for a source or sequence that is too long.
 */
AISLE_API int aisle_mark(aisle_writer *writer, const aisle_position *position, aisle_error *error);

/*
 * Makes all operations since the last commit durable and visible. On failure the catalog is as it was; of several
 * shards each is as it was or has committed, and reading the change log again from aisle_log_offset completes them.
 * A batch in which a patch, put or aisle_move took a product from one shard to another stands in all shards or in none:
 * one that a crash broke off is ended by the next aisle_begin. While shards commit, and after such a crash until then,
 * searches may see a product that moved twice or not at all.
 *
 * Commits make segments, and segments are merged. With aisle_options.threads of 2 or more, that is done beside the
 * writer: a commit waits for one bounded transaction of a merge at most, unless merging has fallen behind by a hundred
 * segments. Otherwise a commit merges itself, no more than 16 MiB or eight times what it has written; larger merges
 * wait for aisle_compact, or until the catalog is in 64 segments, when a commit does take their time. A merge that
 * does not fit (memory, disk) is no failure of the commit: aisle_writer_stats tells, and the next commit tries again.
 */
AISLE_API int aisle_commit(aisle_writer *writer, aisle_error *error);

/*
 * Merges every shard into one segment and drops what was deleted. Commits first. Needs room on the disk for a second
 * copy of the largest shard, and memory of 6 bytes a product besides the budget.
 */
AISLE_API int aisle_compact(aisle_writer *writer, aisle_error *error);

/*
 * Learns what shoppers search for, to be suggested (aisle_suggest): a line each of a search, a tab and how often it was
 * made, as a shop's log counts them. They replace all that was learned before, at the next commit. A line that is
 * something else, or one of more than 1 MiB, is AISLE_INVALID or AISLE_LIMIT, error->position its byte, and nothing is
 * learned; searches of more than 120 bytes are passed over. When they are more than the writer's memory has room for,
 * the most frequent are kept.
 */
AISLE_API int aisle_learn(aisle_writer *writer, aisle_bytes searches, aisle_error *error);

/* What a commit's time goes into, one behind the other. */
enum aisle_commit_phase {
    AISLE_PHASE_SEGMENTS, /* writing as segments what waits in memory                          */
    AISLE_PHASE_LOCK,     /* waiting for threads that merge                                    */
    AISLE_PHASE_PARTS,    /* words and suggestions                                             */
    AISLE_PHASE_TURN,     /* waiting for transactions of threads that merge                    */
    AISLE_PHASE_CHANGES,  /* the transaction: dead products, patched columns, what is listed   */
    AISLE_PHASE_SYNC,     /* its end: written and synced                                       */
    AISLE_PHASE_STATE,    /* what stands becomes the writer's                                  */
    AISLE_PHASE_CLEAN,    /* removing what is not used any more                                */
    AISLE_PHASE_MERGES,   /* merging in the commit, and waiting because of too many segments   */
    AISLE_PHASES
};

/* Where a writer's time went, in nanoseconds since it began, and what it took in. */
typedef struct aisle_writer_statistics {
    size_t size;
    uint64_t puts, patches, deletes;    /* accepted operations                                        */
    uint64_t parse_ns;                  /* JSON, UTF-8, schema                                        */
    uint64_t analyse_ns;                /* folding, tokens, stems, inversion into the memory index    */
    uint64_t compress_ns;               /* stored products                                            */
    uint64_t encode_ns;                 /* sorting, postings, dictionary, columns, ids of new segments */
    uint64_t merge_ns;                  /* merging segments, beside the writer or not                  */
    uint64_t commit_ns;                 /* the storage's commits and syncs                            */
    uint64_t memory_bytes, memory_peak; /* of the memory index                                        */
    uint64_t written_bytes;             /* payload of segments made of what was put                   */
    uint64_t merged_bytes;              /* payload of segments made by merging                        */
    uint64_t merges;                    /* that were published                                        */
    uint64_t merge_failures;            /* put off for want of memory or disk                         */
    uint64_t wait_ns;                   /* commits waiting for merges, because of too many segments   */
    uint64_t dictionaries;              /* for stored products, adopted by merges                     */
    int32_t merge_error;                /* AISLE_ code of the last merge that was put off             */
    uint64_t phase_ns[AISLE_PHASES];    /* of commits                                                 */
} aisle_writer_statistics;

AISLE_API int aisle_writer_stats(const aisle_writer *writer, aisle_writer_statistics *out);

/*
 * Frees; what is not committed is discarded; NULL is allowed. Waits for the merges that commits have called for, so
 * that a program that writes now and then leaves a catalog in order; after an error of the writer, it gives them up.
 */
AISLE_API void aisle_writer_free(aisle_writer *writer);

/*
 * Frees likewise, but gives up the merges under way, however far they are, for a program that is told to end: within a
 * moment, even in a catalog of a hundred gigabytes. The next writer's commits call for them again.
 */
AISLE_API void aisle_writer_abandon(aisle_writer *writer);

/* ------------------------------------------------------------------------------------------------ search -- */

/*
 * The text of a query is what a shopper types. Words must all match; `a OR b` takes either, `-word` excludes, `word*`
 * is any word that begins so, `brand:word` looks in one searchable field alone. An empty text browses: every product,
 * the best by signals first, without those in the catalog's own order. Nothing typed is a syntax error: a name that is
 * no searchable field's is a word like others, and signs without a word, such as `*` alone, find nothing.
 *
 * `"red shoes"` is a phrase: its words stand side by side, in this order, in one field, and in one value of it where a
 * field holds several (levels of a category, elements of a list). `"red shoes"~3` lets them be moved by up to 3 words
 * in sum (at most 63): what stands between two neighbours counts, and a pair the wrong way round costs 2. A compound
 * matches as its parts or as one word (`"t-shirt red"` finds "tshirt red"), and a last word may be a prefix
 * (`"red sho*"`). `title:"red shoes"` and `-"red shoes"` work as with words. Scores are those of the words.
 * Fields with "positions": false in the schema keep no places for their words: phrases pass them by, and a phrase
 * wanted in such a field alone is AISLE_BAD_QUERY. Of a word's occurrences in one field of a product the first 1,024
 * count for phrases.
 *
 * A schema's signals add to the score of each hit: a share from 0 to 1 of their weight, which explanations show part
 * by part. popularity: 0 for none, the whole for a million, by a logarithm; rating: five stars are the whole, the mean
 * counting ten ratings of 3 besides the product's own; recency: the whole for today, half of it a half life ago; stock:
 * the whole for what is there. A field without a value gives 0 (a rating, that of the ten). An empty text gives the
 * best by signals. With "exact" in the schema, that weight is added to products whose whole title (of up to four words)
 * or part number is the text, and a product whose id is the text (of four bytes or more, with a digit, unless the id is
 * searched as a field) stands first, as if it were pinned, unless the answer is sorted. `weights` names, separated by
 * commas, the fields that signals read, each with a weight of 0 (leaves the signal out) to 100 with at most two
 * decimals; "exact" names that of whole titles.
 */
typedef struct aisle_param {
    const char *name;          /* as it stands behind the $, NUL-terminated */
    const aisle_bytes *values; /* UTF-8: a keyword or path as it is, anything else as the filter would write it */
    size_t value_count;        /* 1; right behind IN any number up to 10,000 */
} aisle_param;

/*
 * A filter keeps the products whose fields hold what it says:
 *
 *     brand = "Acme" AND (price 10 TO 50 OR rating >= 4.5) AND NOT size IN ["S", "M"] AND category UNDER "Audio"
 *
 * =, !=, <, <=, >, >= and TO (both ends included, * for an open one) compare; IN takes a list; EXISTS asks for any
 * value; UNDER takes a category ("Electronics > Audio") and all below. ANY variants (color = "red" AND size = "10" AND
 * price < 60) asks that one variant of the product meets all of it. NOT, AND, OR, strongest first, and parentheses,
 * 32 deep at most; words in any case. A list matches if any element does. A product without the field matches != and
 * NOT, nothing else. Keywords compare without regard to case and accents. Strings stand in double quotes, with \" and
 * \\ in them; dates are 2026-11-23 (its first moment) or 2026-11-23T10:00:00Z. $name is a bound value, which is never
 * read as a piece of the grammar. All numbers, bools and dates can be filtered by, and keywords and paths with "facet"
 * in the schema or in the document order. A number of variants is asked of each: price < 60 holds if any of them costs
 * less, price != 60 if none costs that. At most 1 MiB, 256 conditions, 10,000 values in a list.
 */
/* What of the words of a text a product must have. */
enum aisle_match {
    AISLE_MATCH_ALL,     /* all of them, corrected if need be */
    AISLE_MATCH_RELAXED, /* all; when that finds few, the words that tell least are left out one by one, then any do */
    AISLE_MATCH_ANY      /* any of them */
};

/*
 * How words are corrected. An edit is a character too many, too few, another one, or two neighbours swapped; words of
 * 1 and 2 characters are allowed none, of 3 to 5 one, longer ones two. What was typed comes first, then one edit, then
 * two. Words that no product has are corrected at once, others when the whole query finds few products (few, below):
 * then hits that it finds as it was typed stand before all that corrections add, and both before what is found only
 * when words are left out, unless hits are sorted. Corrections do not count in fields with "typos": false in the
 * schema; words of "exact:" lines among the synonyms (aisle_reload) are never corrected.
 */
typedef struct aisle_typos {
    size_t size;
    uint32_t max_edits;      /* 1 or 2; 0: by the word's length */
    uint32_t fixed_prefix;   /* characters at the beginning that must be right */
    uint32_t max_expansions; /* words that one is corrected to, 64 at most; default 16 */
    bool digits;             /* words with digits, too, which otherwise are meant as they are typed */
    const char *exact_words; /* that are never corrected: folded, separated by spaces; NULL: none */
    uint32_t one_from;       /* characters from which on a word is allowed one edit; default 3 */
    uint32_t two_from;       /* and two; default 6; at most 120, as one_from */
} aisle_typos;

/*
 * A facet counts, over all products that match, what they have in one field:
 *
 *     brand              the ten values that most products have; brand:20 twenty
 *     brand:5:multi      as if the filter had no conditions on the brand: what choosing another one would give
 *     size:20:size       sizes in their own order (S before M before L, 38 before 38.5); :name by value
 *     brand:prefix=ni    values that begin so, :contains=ke those with it inside, without regard to case and accents;
 *                        :like=nikee those of which a word begins so but for an edit or two (none of 1 or 2
 *                        characters, one of 3 to 5)
 *     price[*,50,100,*]  ranges: below 50, from 50 to below 100, from 100 on
 *     price/25           a histogram: 0 to below 25, 25 to below 50, ...; of dates, updated/7d (w, d, h, m, s)
 *     price:stats        the least, the greatest, the sum and the mean; with others, price/25:stats
 *     category           the top level of a path; category>Audio>Headphones the children of that
 *
 * Options follow behind colons, in any order; text with colons in it stands in double quotes. Counts are of products
 * and exact; a product counts once for each value it has. With `:multi`, conditions on the field that are AND-ed at the
 * top of the filter are left out for this facet alone, alternatives and NOT of them included; a condition that mixes
 * fields stays. `:groups=FIELD` counts not products but different values of FIELD, such as models that come in a colour
 * or below a price, however many variants of them; a product without one counts by itself, and stats stay those of
 * products. At most 4,194,304 pairs of values and groups. `:sample=10` looks at every tenth match only, and the answer
 * says that counts are estimates. Any number of values of equal count come in the order of their folded bytes. A query
 * has at most 64 facets; a facet shows at most 10,000 values, of a field with at most 16,777,216 different keywords
 * (summed over segments) or 1,048,576 different numbers among the matches, in at most 255 ranges or 10,000 buckets.
 */
/*
 * `sort` names up to 8 fields that have a column, each with :asc (as without) or :desc, and score, which descends. They
 * decide one after another; products without a value come last in both directions, of several values the least counts
 * when ascending, the greatest when descending; keywords go by their folded bytes, numbers exactly. What is equal in
 * all comes in the catalog's own order, so that pages never overlap. Hits have a score of 0 then, unless score is one
 * of the parts. Sorting by a keyword is for fields with at most 4,194,304 different values, summed over segments.
 *
 * Pages: `offset` for the first 10,000 hits, or `after`, which takes the cursor of the page before and goes on behind
 * its last hit at the cost of a first page, however far that is. A cursor holds what that hit was sorted by, not a
 * snapshot: after a commit the next page goes on from the same place, so that what was put before it is not shown and
 * what was deleted is not missed; only products whose own score or values have changed meanwhile may come twice or not
 * at all (scores change a little with every commit). Text or like, filter, params, sort and weights must be those of
 * the first page, and the catalog's schema, or it is AISLE_BAD_QUERY; a catalog of the same schema that takes the
 * other's place goes on from there. Recency counts from the first page's time.
 */
/*
 * An affinity, FIELD:VALUE=WEIGHT, adds its weight (above 0, at most 10, with at most two decimals) to the score of
 * each product that has the value: what this shopper likes. FIELD is one that can be filtered by; all below a category
 * has it. Several add up.
 */
/*
 * Rules are what the shop wants shown: a JSON file, an array of
 *
 *     {"id": "autumn", "query": "running shoes", "match": "contains", "from": "2026-09-01", "until": "2026-12-01",
 *      "pin": ["P7", {"id": "P9", "position": 3}], "hide": ["P2"], "filter": "in_stock = true",
 *      "boost": [{"filter": "brand = \"Acme\"", "weight": 2}, {"ids": ["P4"], "weight": 1}]}
 *
 * A rule holds for queries of the words of "query" (or of one of an array of them): of these alone ("exact", as without
 * "match"), of others, too ("contains"), or beginning with them ("prefix"); case, accents and endings of words do not
 * matter. It may ask for more: "with_filter", conditions that the request's filter has; "context", a name that
 * aisle_query.contexts has; a time, "from" its first moment "until" before another. Without all of that it holds for
 * every request, as 100 rules may. Of those that hold, the 32 of the highest "priority" (default 0), then the first of
 * the file, are applied together:
 *   pin      these products stand where it says (1 is first, an id alone behind the one before), whatever they score
 *            and however the answer is sorted, on all pages; those that the request's filter does not keep, or that are
 *            hidden or gone, are not shown. A pinned product matches, for totals and facets, too. Two for one place
 *            stand behind each other; a place behind the end is the end. Pins of grouped answers match, but keep no
 *            place. At most 300.
 *   hide     these do not match, pinned or not. At most 1,000.
 *   boost    adds a weight (above 0, at most 100, with at most two decimals) to the score of what a filter keeps, or of
 *            single products. At most 16.
 *   filter   what else products must be; pinned ones need not.
 *   replace  is searched for in place of the words that matched; "" leaves them out. The first rule that has it counts.
 * Files have at most 65,536 rules and 32 MiB; they are read when they change, as synonyms are (below).
 */
/*
 * `group_by` gives the best hits of each value of a field together, for instance of all variants of a product: groups
 * in the order of their first hits, or with ":count" behind the field's name ("brand:count") of how many products they
 * have, equal ones by value and those without one last; at most `group_size` hits in each. Limit and offset count
 * groups then, 1,000 together. A product without a value is a group of its own; a field of which products have several
 * values cannot be grouped by (AISLE_BAD_QUERY). Totals and facets count products; aisle_result_groups tells the number
 * of groups.
 *
 * Members that others leave without effect (typos with no_typos, group_size without group_by) are AISLE_INVALID.
 */
typedef struct aisle_query {
    size_t size;
    const char *text; /* NUL-terminated, at most 4,096 bytes; NULL browses */
    uint32_t limit;   /* hits wanted; 0 is 10; offset + limit at most 10,000 */
    uint32_t offset;  /* hits passed over */
    bool no_hits;     /* only the total */
    bool no_total;    /* only the hits: saves the counting pass */
    bool no_products; /* hits without their products */
    bool explain;     /* hits with their explanation */
    const char *weights; /* of signals, in place of the schema's: "sales:2,rating:0"; see above; NULL: the schema's */
    int64_t now_ms;      /* that recency and rules count from, in ms since 1970; 0: the clock, for recency its hour */
    const char *filter;        /* NUL-terminated; NULL or blank: none */
    const aisle_param *params; /* for the $names in it, which has them all */
    size_t param_count;        /* at most 256 */
    const char *const *highlight; /* fields of hits to come with the query's words marked; see aisle_highlight */
    size_t highlight_count;
    const char *mark_before;   /* a marked word; NULL: "<mark>" */
    const char *mark_after;    /* NULL: "</mark>" */
    uint32_t snippet_words;    /* of longer texts only so many, where most of the query stands; 0: whole texts */
    bool highlight_plain;      /* texts as they are; else & < > " ' are entities, so that they may stand in HTML */
    int match;                 /* enum aisle_match */
    bool as_you_type;          /* the last word is one that begins so, unless a space follows it */
    bool no_typos;             /* words are meant as they are typed */
    bool no_synonyms;
    bool no_understanding;     /* prices, values of fields and their names in the text are words like others */
    bool no_stop_words;        /* every word must match, "the" and "for", too */
    uint32_t few;              /* fewer hits than this are few; default 5, at most 10,000; 1: only none are few */
    const aisle_typos *typos;  /* NULL: as above */
    const char *const *facets; /* each NUL-terminated, see above */
    size_t facet_count;        /* at most 64 */
    const char *sort;          /* "price:asc,rating:desc", see above; NULL: by score */
    const char *after;         /* aisle_result_cursor of the page before; NULL: from the first hit */
    const char *group_by;      /* a field; limit and offset then count groups, see above; NULL: none */
    uint32_t group_size;       /* hits of each group at most; 0 is 1, at most 100 */
    const char *fields;        /* of the products that hits hold: "title,price"; NULL: all */
    uint32_t deadline_ms;      /* since the call; the answer then holds what was found so far; 0: none */
    uint64_t work;             /* windows of 4,096 documents, ranges of lists, tens of similar words, at most; 0: any */
    uint64_t total_bound;      /* counting may end once the total is this; 0: never */
    const aisle_token *token;  /* aisle_token_cancel ends the search; borrowed; NULL: nobody does */
    const char *const *affinities; /* each NUL-terminated: "brand:Acme=0.3", see above */
    size_t affinity_count;         /* at most 32 */
    bool no_rules;                 /* the shop's rules are left aside */
    const char *contexts;          /* that rules may ask for, between commas; 4,096 bytes at most: "a,b"; NULL: none */
    const char *like;          /* a product's id, with no text: products like it; see below; NULL: none */
} aisle_query;

/*
 * What is like a product is found by its words that tell most: of its first text field, its keywords and paths that are
 * searched and no part numbers, the 16 that the fewest products have, any of which will do. The product itself is left
 * out; filters, facets, sorting, groups and pages are as ever. AISLE_NOT_FOUND when no product has the id.
 */

/*
 * Searches the state of the last commit. *inout: a result to reuse, or NULL; on success it holds the new answer. On
 * failure it is unchanged. AISLE_BAD_QUERY, AISLE_LIMIT (also when ids, products, marks and explanations of the hits
 * take more than 64 MiB), AISLE_CORRUPT, AISLE_NO_MEMORY, AISLE_READERS_FULL, AISLE_CANCELLED.
 */
AISLE_API int aisle_search(aisle *catalog, const aisle_query *query, aisle_result **inout, aisle_error *error);

typedef struct aisle_hit {
    aisle_bytes id;
    aisle_bytes product;     /* its JSON, byte for byte as put, with later patches laid over; empty with no_products */
    double score;            /* BM25F and signals; 0 when browsing without signals */
    aisle_bytes explanation; /* a JSON object; empty unless asked for */
} aisle_hit;

/* Products that match, and whether that is exact; 0 with no_total. exact may be NULL. */
AISLE_API uint64_t aisle_result_total(const aisle_result *result, bool *exact);

/* The i-th hit, from 0, or AISLE_END. Its views live until the result is reused or freed. */
AISLE_API int aisle_result_hit(const aisle_result *result, size_t i, aisle_hit *hit);

/*
 * A field of a hit in which the query's words are marked: whatever the index would have counted, so also plurals and
 * words that a prefix begins. Of a list, the value in which most of the query stands; of a path, its levels as one.
 */
typedef struct aisle_highlight {
    aisle_bytes text; /* empty: the product has no such field */
    uint32_t found;   /* how many different words of the query are marked in it */
} aisle_highlight;

/* The i-th hit's text of the field that aisle_query.highlight names in that place, or AISLE_END. */
AISLE_API int aisle_result_highlight(const aisle_result *result, size_t i, size_t field, aisle_highlight *highlight);

/* Whether a rule has put the i-th hit where it stands; its score is 0 then. */
AISLE_API bool aisle_result_pinned(const aisle_result *result, size_t i);

/* The id of the i-th rule that was applied, highest priority first, or AISLE_END. */
AISLE_API int aisle_result_rule(const aisle_result *result, size_t i, aisle_bytes *id);

/* Number of hits held. */
AISLE_API size_t aisle_result_count(const aisle_result *result);

/* Microseconds the search took. */
AISLE_API uint64_t aisle_result_took_us(const aisle_result *result);

/* The text that was meant: with its words corrected as some product has them together. Empty: as it was typed. */
AISLE_API aisle_bytes aisle_result_corrected(const aisle_result *result);

/* What was done with words of the text besides looking for them. */
enum aisle_note_kind {
    AISLE_NOTE_SYNONYM = 1, /* used was looked for, too */
    AISLE_NOTE_STOP_WORD,   /* typed was not looked for */
    AISLE_NOTE_TYPO,        /* used was looked for, too, as typed may be a misspelling of it */
    AISLE_NOTE_PREFIX,      /* typed is the beginning of what was looked for */
    AISLE_NOTE_SPLIT,       /* used are the two words that typed may be */
    AISLE_NOTE_JOINED,      /* used is the one word that typed may be */
    AISLE_NOTE_FRAGMENT,    /* used is a code that contains typed */
    AISLE_NOTE_DROPPED,     /* products need not have typed (AISLE_MATCH_RELAXED) */
    AISLE_NOTE_EITHER,      /* any of the words did */
    AISLE_NOTE_UNDERSTOOD   /* typed is what used says, a condition on a price or the value of a field */
};

typedef struct aisle_note {
    int kind;          /* enum aisle_note_kind */
    aisle_bytes typed; /* as in the text */
    aisle_bytes used;  /* may be empty */
} aisle_note;

/* The i-th note, from 0, or AISLE_END; several may be about one word. Views as those of hits. */
AISLE_API int aisle_result_note(const aisle_result *result, size_t i, aisle_note *note);

/* "typo" for AISLE_NOTE_TYPO; static, never NULL. */
AISLE_API const char *aisle_note_name(int kind);

/* The cursor of the page behind these hits, for `after`; empty when there were fewer hits than wanted. */
AISLE_API aisle_bytes aisle_result_cursor(const aisle_result *result);

/*
 * Whether the deadline or the work was used up before all was looked at: there may be better hits, total and counts of
 * facets are at least what they say.
 */
AISLE_API bool aisle_result_partial(const aisle_result *result);

typedef struct aisle_facet {
    aisle_bytes field;
    size_t value_count; /* that aisle_result_facet_value gives */
    uint64_t distinct;  /* different values that were counted, given or not */
    uint64_t products;  /* that match and have a value */
    uint64_t missing;   /* that match and have none */
    bool sampled;       /* counts are estimates */
    aisle_bytes min, max; /* with :stats and unless products is 0: as the field writes them, dates without quotes */
    aisle_bytes sum;      /* exact for integers and decimals; empty for bools, dates, and what no double holds */
    double mean;          /* of dates in ms since 1970 */
} aisle_facet;

typedef struct aisle_facet_value {
    aisle_bytes value;    /* as it was first written; a path in full, "Audio > Headphones"; a range "50..100", or open
                             "..50" */
    aisle_bytes from, to; /* of a range or bucket: from is in it, to is not; empty where it is open */
    uint64_t count;       /* products, or groups with :groups= */
} aisle_facet_value;

/* The i-th facet of the query, or AISLE_END; and its k-th value, or AISLE_END. Views live as those of hits. */
AISLE_API int aisle_result_facet(const aisle_result *result, size_t i, aisle_facet *facet);
AISLE_API int aisle_result_facet_value(const aisle_result *result, size_t i, size_t k, aisle_facet_value *value);

typedef struct aisle_group {
    aisle_bytes value;  /* of the field, as the facet would show it; empty for a product without one */
    size_t first_hit;   /* the group's hits are aisle_result_hit first_hit to first_hit + hit_count - 1 */
    size_t hit_count;
    uint64_t products;  /* that match and are in it; 0 with no_total */
} aisle_group;

/* The i-th group, or AISLE_END; views live as those of hits. And how many there are of all matches; 0 with no_total. */
AISLE_API int aisle_result_group(const aisle_result *result, size_t i, aisle_group *group);
AISLE_API uint64_t aisle_result_groups(const aisle_result *result);

AISLE_API void aisle_result_free(aisle_result *result);

/*
 * A token ends searches that were given it, from any thread and within microseconds; they answer AISLE_CANCELLED, as do
 * later ones with it. *out is freed with aisle_token_free once no search has it. AISLE_NO_MEMORY.
 */
AISLE_API int aisle_token_new(aisle_token **out);
AISLE_API void aisle_token_cancel(aisle_token *token);
AISLE_API void aisle_token_free(aisle_token *token);

/*
 * The product with this id, as result's only hit. original: as it was put, without later patches of columns (one that
 * indexed the product anew stands for a put).
 * AISLE_NOT_FOUND.
 */
AISLE_API int aisle_get(aisle *catalog, aisle_bytes id, bool original, aisle_result **inout, aisle_error *error);

/*
 * Whether a search that begins now finds opened what it looks into. The first one behind a commit, of whatever process,
 * opens what that has written, which takes from parts of a millisecond to some; while another thread does so, this is
 * false, too. For programs with a thread that must not wait, which give such a search to another. Takes about a
 * microsecond a shard; any thread.
 */
AISLE_API bool aisle_is_ready(aisle *catalog);

/*
 * Synonyms are a text file, each line one of
 *
 *     tv, television, fernseher        who searches for one of them finds the others, too
 *     rtx 4070 => geforce 4070, 4070   who searches for what stands left also finds what stands right
 *
 *     exact: nike, lego             words that are never corrected, not even when nothing is found
 *
 * with up to 8 words in each place and 32 places on a side; # begins a line that is none. What stands left is found by
 * its stems, the longest first. Stop words are a file of one word a line; without it, a short list for each language of
 * the schema is used ("the", "for"): they are left out where other words are there. These files and the rules are read
 * when the first search begins and again when they change, which is looked for once a second; a file that is wrong then
 * changes nothing, but when the first search begins, which then fails. aisle_reload reads them now and tells what is
 * wrong: AISLE_INVALID with file and line, AISLE_NOT_FOUND for a file that aisle_options names, AISLE_LIMIT, AISLE_IO,
 * AISLE_PERMISSION, AISLE_NO_MEMORY.
 */
AISLE_API int aisle_reload(aisle *catalog, aisle_error *error);

/* One of the shop's rules, as its file has it. */
typedef struct aisle_rule {
    aisle_bytes id;
    const aisle_bytes *queries;
    size_t query_count;
    const char *match; /* "exact", "contains" or "prefix"; static */
    aisle_bytes context;
    bool with_filter;
    int64_t from_ms, until_ms; /* since 1970; INT64_MIN and INT64_MAX: always */
    int32_t priority;
    uint32_t pins, hidden, boosts;
    bool filters, replaces;
} aisle_rule;

/* Receives one rule; it is the callee's for the time of the call. */
typedef void aisle_rule_report(void *context, const aisle_rule *rule);

/* Reads synonyms, stop words and rules now, as aisle_reload, and reports the rules in the order of their file. */
AISLE_API int aisle_rules(aisle *catalog, aisle_rule_report *report, void *context, aisle_error *error);

/* ------------------------------------------------------------------------------------------------ suggest -- */

typedef struct aisle_suggestions aisle_suggestions; /* owns all it returns; one thread at a time, as a result */

typedef struct aisle_suggest_query {
    size_t size;
    const char *typed;   /* NUL-terminated, at most 4,096 bytes; NULL or blank asks for the best of all */
    uint32_t limit;      /* suggestions wanted, at most 64; 0 is 10 */
    const char *context; /* "brand:Acme" or "category:Shoes > Running"; NULL: all of the catalog */
    bool exact;          /* what was typed is not taken to be wrong */
} aisle_suggest_query;

/*
 * Completes what a shopper is typing: with brands, categories, brands with a category, beginnings of titles, and
 * searches (aisle_learn). What is suggested begins as was typed, or one of its next three words does, which counts a
 * quarter; order is by weight, which is popularity and number of products. When fewer than three are found, those
 * follow that begin so but for one error, and when there are none, two: a character too many, missing, another, or two
 * swapped, but not the first; up to two characters are never wrong, up to five in one place. The context is a brand or
 * a category, a level of it with those above; weights are then those inside. Its fields are the schema's first keyword
 * with facets that is searchable and no code, and its first path with facets (or a keyword called category).
 *
 * Every suggestion finds a product when it is searched for. What products suggest is seen with their commit, of a large
 * batch from some of them; what those have added that are deleted or replaced is counted until aisle_compact.
 *
 * *inout: one to reuse, or NULL; it holds the new answer, and is empty on failure. A warmed-up call allocates nothing.
 * AISLE_BAD_QUERY (not UTF-8, no such context), AISLE_LIMIT, AISLE_CORRUPT, AISLE_NO_MEMORY, AISLE_READERS_FULL.
 */
AISLE_API int aisle_suggest(aisle *catalog, const aisle_suggest_query *query, aisle_suggestions **inout,
                            aisle_error *error);

typedef struct aisle_suggestion {
    aisle_bytes text;
    const char *kind; /* "brand", "category", "term" (a brand with a category), "query" or "title"; static */
    double weight;
    uint32_t edits; /* errors in what was typed */
} aisle_suggestion;

/* The i-th suggestion, from 0, or AISLE_END. Its text lives until the suggestions are reused or freed. */
AISLE_API int aisle_suggestions_get(const aisle_suggestions *suggestions, size_t i, aisle_suggestion *out);

/* Number of suggestions held. */
AISLE_API size_t aisle_suggestions_count(const aisle_suggestions *suggestions);

/* False: the work of one call was bounded; those that are there find products, but there may be others, and heavier. */
AISLE_API bool aisle_suggestions_complete(const aisle_suggestions *suggestions);

/* Microseconds the call took. */
AISLE_API uint64_t aisle_suggestions_took_us(const aisle_suggestions *suggestions);

AISLE_API void aisle_suggestions_free(aisle_suggestions *suggestions);

/* ------------------------------------------------------------------------------- backup, space given back -- */

/* Told how far long work is: done of about total, in bytes. 0 goes on; anything else gives the work up. */
typedef int aisle_progress(void *context, uint64_t done, uint64_t total);

typedef struct aisle_backup_options {
    size_t size;
    aisle_progress *progress; /* called from time to time, by the calling thread; NULL: not */
    void *context;            /* of progress */
} aisle_backup_options;

/*
 * Copies the catalog to target, which must not exist or be an empty directory, while searches and the writer go on,
 * in this process and in others. Each shard is copied as its last commit left it when the call began: of a commit
 * that was then under way, shards may have it or not, as after a crash. The copy is a catalog at once, without what
 * merges left behind, and with the log positions of what it holds: indexing goes on from there. It appears whole or
 * not at all, and is durable when the call returns. While it lasts, the space of what the writer replaces is not
 * reused. Synonyms, stop words and rules are copied, too. options may be NULL. AISLE_END when progress gave it up;
 * AISLE_EXISTS, AISLE_NOT_FOUND (the folder that target is to stand in), AISLE_NETWORK_FS, AISLE_DISK_FULL,
 * AISLE_PERMISSION, AISLE_IO, AISLE_CORRUPT, AISLE_NO_MEMORY, AISLE_FORKED, AISLE_READERS_FULL.
 */
AISLE_API int aisle_backup(aisle *catalog, const char *target, const aisle_backup_options *options,
                           aisle_error *error);

/*
 * Gives back to the file system what the files of the catalog at path hold free: merges and deletes leave space that
 * later writes reuse, but files do not shrink by themselves. Each shard is written anew beside the old one, which
 * takes as much room as the shard's products do, and then takes its place: old or new after a crash. Call it after
 * aisle_compact, with the catalog closed. AISLE_BUSY at once when anyone, in this or another process, has it open;
 * the space then stays reusable for writers. While it works, aisle_open answers AISLE_BUSY. progress as for
 * aisle_backup, may be NULL. *freed_bytes (may be NULL): by how much the files are smaller, on failure too, since
 * shards that were done stay done. AISLE_END when progress gave it up; AISLE_DISK_FULL, AISLE_PERMISSION,
 * AISLE_CORRUPT, AISLE_NOT_A_CATALOG, AISLE_NEWER_FORMAT, AISLE_NO_MEMORY, AISLE_IO.
 */
AISLE_API int aisle_shrink(const char *path, aisle_progress *progress, void *context, uint64_t *freed_bytes,
                           aisle_error *error);

/* ------------------------------------------------------------------------------------------ look and check -- */

typedef struct aisle_statistics {
    size_t size;
    uint64_t products;   /* that searches see                                                    */
    uint64_t dead;       /* replaced or deleted, not yet merged away; they still count in df     */
    uint64_t segments;   /* of all shards                                                        */
    uint64_t generation; /* number of the last commit, the highest of all shards                 */
    uint64_t bytes;      /* of the files                                                         */
    uint64_t postings;   /* (term, product) pairs                                                */
    uint64_t terms;      /* distinct terms, summed over segments                                 */
    uint64_t postings_bytes, terms_bytes, columns_bytes, ids_bytes, order_bytes, documents_bytes; /* payload   */
    char log_source[256]; /* the last committed position, of the shard that is furthest behind; empty: none */
    uint64_t log_offset;
    char log_seq[64];
    uint32_t shards;
    uint64_t positions_bytes; /* where words stand, for phrases: payload, as above */
    uint64_t words;           /* of the lexicon, summed over its parts: some may be of deleted products, and codes of a
                                 large load are in several parts until these are merged */
    uint64_t lexicon_bytes, suggestions_bytes; /* payload, as above */
} aisle_statistics;

AISLE_API int aisle_stats(aisle *catalog, aisle_statistics *out, aisle_error *error);

/*
 * A search, backup or other call under way, in any process, and the state of a shard that it sees. The space of what
 * the writer replaced since then is not reused before it ends, so that the file grows. Since when it lasts is not
 * known, but how many commits of the storage came since; a large batch and a merge make several.
 */
typedef struct aisle_reader {
    int64_t pid;             /* of its process, which may be this one */
    char program[16];        /* that runs there; empty when the system does not tell */
    uint32_t shard;
    uint64_t commits_behind; /* 0: it sees the last commit */
    uint64_t pinned_bytes;   /* that cannot be reused before it ends; several readers may pin the same */
} aisle_reader;

/* Receives one reader; it is the callee's for the time of the call. */
typedef void aisle_reader_report(void *context, const aisle_reader *reader);

/*
 * Reports the readers of all shards, each shard's oldest first. What dead processes have left is cleared away before,
 * as every commit does. Processes that may write neither the catalog's directories nor its lock files read without
 * being known. AISLE_FORKED, AISLE_NO_MEMORY, AISLE_READERS_FULL, AISLE_CORRUPT, AISLE_IO.
 */
AISLE_API int aisle_readers(aisle *catalog, aisle_reader_report *report, void *context, aisle_error *error);

/* What a word of an analysed text is. */
enum {
    AISLE_WORD_TYPED,   /* one of the text; takes a position */
    AISLE_WORD_JOINED,  /* several words as one, as they are also written: "tshirt" of "t-shirt" */
    AISLE_WORD_PRODUCT  /* what only products have, for queries that say less: "128" of "128 GB" */
};

typedef struct aisle_word {
    aisle_bytes text;  /* as it stands in the text */
    aisle_bytes word;  /* without case, accents and signs; what a prefix is compared with */
    aisle_bytes term;  /* what is looked up and indexed: a stem, or an amount in its one spelling */
    uint32_t position; /* number of the word it is or begins with, from 0 */
    uint32_t words;    /* that it stands for, 1 to 4 */
    int kind;          /* AISLE_WORD_ */
} aisle_word;

/* Receives one word; it and its texts are the callee's for the time of the call. */
typedef void aisle_word_report(void *context, const aisle_word *word);

typedef struct aisle_analyse_options {
    size_t size;
    const char *field; /* a searchable one, whose language and kind count; default the first text field          */
    bool product;      /* the text is a product's; default a query's, of which only words are looked at, no signs */
} aisle_analyse_options;

/*
 * Reports how a text is understood: its words, what they are indexed and looked up as, and what is joined. README.md
 * says by which rules. options may be NULL. AISLE_BAD_QUERY for a field that is not searched; AISLE_LIMIT for a text of
 * more than 1 MiB; AISLE_FORKED, AISLE_NO_MEMORY.
 */
AISLE_API int aisle_analyse(aisle *catalog, aisle_bytes text, const aisle_analyse_options *options,
                            aisle_word_report *report, void *context, aisle_error *error);

/* Offset behind the last record of the source that every shard has committed; 0 when unknown or of another identity. */
AISLE_API int aisle_log_offset(aisle *catalog, const char *source, uint64_t identity, uint64_t *offset,
                               aisle_error *error);

/*
 * The same of the shard that has come furthest. It is more than aisle_log_offset only after a crash, until what that
 * leaves out has been told again.
 */
AISLE_API int aisle_log_furthest(aisle *catalog, const char *source, uint64_t identity, uint64_t *offset,
                                 aisle_error *error);

/* Receives how far one change log has been consumed; it is the callee's for the time of the call. */
typedef void aisle_log_report(void *context, const aisle_position *position);

/*
 * Reports all logs that the catalog has ever been filled from, in the order of their sources' bytes, each with the
 * position that every shard has committed: offset 0 when one of them has none. AISLE_FORKED, AISLE_NO_MEMORY,
 * AISLE_READERS_FULL, AISLE_CORRUPT, AISLE_IO.
 */
AISLE_API int aisle_logs(aisle *catalog, aisle_log_report *report, void *context, aisle_error *error);

/*
 * Whether the product is one that aisle_put would take, from any thread and while another is the writer: for programs
 * that acknowledge products before a writer has them. AISLE_BAD_PRODUCT as for aisle_put; AISLE_NO_MEMORY.
 */
AISLE_API int aisle_check_product(aisle *catalog, aisle_bytes product, aisle_error *error);

/* Receives each fault found; the message is the callee's for the time of the call. */
typedef void aisle_check_report(void *context, const char *message);

/*
 * Reads all of the catalog at path and verifies every checksum and structure. *faults: how many were found; each is
 * reported. Damage inside LMDB's own structures can crash the reader: run it in a child process, as `aisle check`
 * does. Returns 0 when the walk could be made, whatever it found.
 */
AISLE_API int aisle_check(const char *path, aisle_check_report *report, void *context, uint64_t *faults,
                          aisle_error *error);

#ifdef __cplusplus
}
#endif

#endif
