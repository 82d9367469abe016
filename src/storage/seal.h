/*
 * seal.h - remembering what the last commit wrote, so that damage shows when the file is opened again.
 *
 * Private to storage/. The file SEAL_FILE beside the data holds two slots, for even and odd commits, written in turn
 * after each commit; they are never synced, and a missing, older or damaged seal only means that less can be told.
 *
 *   file = slot, slot                                                    (of SEAL_BYTES each; integers little-endian)
 *   slot = u32 checksum of the rest, u32 SEAL_VERSION, u64 number of the commit, u64 which data file it is of,
 *          u64 hash of all pages of its trees, u64 hash of its meta page, u64 hash of the other meta page
 *                                                                        (hashes of structure.h)
 *
 * A data file that was copied, renamed into place or written anew is another one, of which a seal says nothing. One
 * that was overwritten with an older copy of itself is the same: then the seal must go, and the message says so.
 * Because it is written when the commit is durable, no commit can be older than a seal. So a seal shows
 *   a tree that differs from what was committed,
 *   a commit that has vanished, because the number in its meta page was damaged,
 *   the meta page of an earlier commit that claims to be a later one.
 *
 * The hash of the trees is made from the seal of the commit before and the pages that changed (structure_follow.c), so
 * that a page damaged while the storage was open is missed as well, however many commits came after it.
 *
 * Thread rule: by the thread that opens the environment or has just committed.
 */
#ifndef AISLE_STORAGE_SEAL_H
#define AISLE_STORAGE_SEAL_H

#include "storage/environment.h"
#include "storage/structure.h"

#define SEAL_FILE "seal" /* ON DISK */
#define SEAL_BYTES 48u   /* ON DISK: of a slot */

/* What a slot says. */
struct seal {
    uint64_t number; /* of the commit; 0: there is no seal */
    uint64_t file;
    uint64_t trees;
    uint64_t meta;
    uint64_t other_meta;
};

/* Takes the newer of two slots that is whole and of this data file; number 0 when neither is. */
void seal_decode(const uint8_t slots[2 * SEAL_BYTES], uint64_t file, struct seal *out);

/*
 * Whether the meta pages, which are sound (structure_metas_sound), can be those of a seal's commit or of later ones.
 * fault: what is wrong.
 */
bool seal_fits_metas(const struct seal *seal, const uint8_t *const pages[2], char *fault, size_t fault_size);

/*
 * Verifies the meta pages before LMDB sees them; nothing is mapped yet. A data file too short to have any, or none, is
 * left to LMDB. 0, AISLE_CORRUPT, AISLE_IO.
 */
must_check int seal_check_metas(struct environment *env, aisle_error *error);

/*
 * Walks all trees of the last commit, and compares them with the seal. heads: also every value's first page.
 * 0, AISLE_CORRUPT (the message has the page), AISLE_NO_MEMORY, AISLE_READERS_FULL.
 */
must_check int seal_check_trees(struct environment *env, bool heads, aisle_error *error);

/* Seals the last commit. Failing does no harm, so it does not tell. */
void seal_write(struct environment *env);

#endif
