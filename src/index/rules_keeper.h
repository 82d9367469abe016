/*
 * rules_keeper.h - the catalog's synonyms, stop words and rules in use, read again when their files change.
 *
 *   CATALOG/synonyms.txt, CATALOG/stopwords.txt, CATALOG/rules.json, or the paths given at aisle_open; each may be
 *   missing, but rules_keeper_reload tells when a given one is
 *
 * A search takes the rules that are in use and gives them back when it ends; meanwhile newer ones may have taken their
 * place. At most once a second one of the searches looks whether a file has another time, size or inode, and reads it;
 * the others go on with the rules that there were, and wait only while there have never been any. A file that is
 * wrong then leaves the rules as they were, and rules_keeper_reload tells what is wrong with it; the first rules of a
 * catalog have none before them, so the search fails.
 *
 * Thread rule: any thread.
 */
#ifndef AISLE_INDEX_RULES_KEEPER_H
#define AISLE_INDEX_RULES_KEEPER_H

#include "curation/curation.h"
#include "rewrite/rules.h"

#include <pthread.h>
#include <stdatomic.h>

/* Rules and who uses them. */
struct kept_rules {
    struct rules *rules;
    struct curation *curation; /* NULL: there is no file of it */
    atomic_uint references;
};

/* What tells one content of a file from another; zeros: no file. */
struct file_identity {
    uint64_t inode;
    uint64_t device;
    int64_t size;
    int64_t modified_ns;
    int64_t changed_ns;
};

enum rules_file { RULES_SYNONYMS, RULES_STOP_WORDS, RULES_CURATION, RULES_FILES };

struct rules_keeper {
    pthread_mutex_t lock; /* never held while files are read */
    pthread_cond_t was_read;
    bool is_ready;   /* lock and condition were made */
    bool is_reading; /* a thread reads files, and will put what it read here */
    const struct segment_columns *columns; /* borrowed: that the catalog keeps */
    char *paths[RULES_FILES];              /* owned */
    bool is_given[RULES_FILES];            /* not the catalog's own */
    struct kept_rules *current; /* NULL: none yet */
    struct file_identity known[RULES_FILES];
    uint64_t looked_us; /* when files were looked at */
};

/* Paths are copied; NULL: those in the catalog's directory. AISLE_NO_MEMORY. */
must_check int rules_keeper_init(struct rules_keeper *keeper, const char *directory,
                                 const char *const paths[RULES_FILES], const struct segment_columns *columns);

/* forked: in a child of the process that made it, where no thread waits that was waiting. */
void rules_keeper_release(struct rules_keeper *keeper, bool forked);

/* The rules to use now, for rules_keeper_give. Errors as rules_read, curation_read, and AISLE_IO, AISLE_PERMISSION. */
must_check int rules_keeper_take(struct rules_keeper *keeper, const struct schema *schema, struct analyser *analyser,
                                 struct kept_rules **out, aisle_error *error);
void rules_keeper_give(struct kept_rules *rules); /* NULL is allowed */

/* Reads the files now, whatever they were. AISLE_NOT_FOUND when one that was named is not there. */
must_check int rules_keeper_reload(struct rules_keeper *keeper, const struct schema *schema,
                                   struct analyser *analyser, aisle_error *error);

/* Copies the files that there are into another catalog's directory, synced. AISLE_IO and what else writing meets. */
must_check int rules_keeper_copy(const struct rules_keeper *keeper, const char *directory, aisle_error *error);

#endif
