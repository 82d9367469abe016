/*
 * readers.c - who reads: the snapshots under way in all processes, and what they keep writers from reusing.
 *
 * LMDB tells of its reader table in lines of text only, and says of a reader nothing but process and snapshot. What a
 * snapshot pins follows from the free list: its records are numbered by the commit that freed their pages, and a
 * writer takes only those older than the oldest snapshot.
 *
 * Thread rule: as in storage.h.
 */
#include "storage/environment.h"
#include "storage/lmdb_call.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <stdio.h>

struct listing {
    struct storage_reader *readers; /* owned; LIMIT_READERS */
    uint32_t count;
};

bool environment_reader_line(const char *line, struct storage_reader *out)
{
    long pid;
    unsigned long thread;
    unsigned long snapshot;
    if (sscanf(line, "%ld %lx %lu", &pid, &thread, &snapshot) != 3) {
        return false;
    }
    *out = (struct storage_reader){.pid = pid, .snapshot = snapshot};
    return true;
}

static int take_line(const char *line, void *context)
{
    struct listing *listing = context;
    if (listing->count < LIMIT_READERS && environment_reader_line(line, &listing->readers[listing->count])) {
        listing->count++;
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    uint64_t left = ((const struct storage_reader *)a)->snapshot;
    uint64_t right = ((const struct storage_reader *)b)->snapshot;
    return (left > right) - (left < right);
}

struct pinning {
    struct listing *listing; /* ordered by snapshot */
    uint32_t next;           /* the first reader whose snapshot is not behind us */
    uint64_t last;           /* the last commit: what it freed, no writer takes yet */
    uint64_t pages;          /* of the records so far */
};

static void add_record(void *context, uint64_t commit, const size_t *pages, size_t count)
{
    struct pinning *pinning = context;
    (void)pages;
    struct listing *listing = pinning->listing;
    while (pinning->next < listing->count && listing->readers[pinning->next].snapshot <= commit) {
        listing->readers[pinning->next++].pinned_bytes = pinning->pages; /* what it does not pin, for now */
    }
    pinning->pages += commit < pinning->last ? count : 0;
}

static int add_pinned(struct storage *storage, struct listing *listing, aisle_error *error)
{
    struct storage_txn *txn = NULL;
    int status = storage_read_begin(storage, &txn, error);
    if (status != 0) {
        return status;
    }
    struct environment *env = storage->env;
    struct pinning pinning = {.listing = listing, .last = mdb_txn_id(txn->lmdb)};
    qsort(listing->readers, listing->count, sizeof *listing->readers, compare);
    int rc = environment_walk_free(txn->lmdb, add_record, &pinning);
    storage_read_end(txn);
    if (rc != 0) {
        return environment_error(env, rc, "cannot read the list of free pages", error);
    }
    for (uint32_t i = 0; i < listing->count; i++) {
        struct storage_reader *reader = &listing->readers[i];
        uint64_t free_of_it = i < pinning.next ? reader->pinned_bytes : pinning.pages;
        reader->pinned_bytes = (pinning.pages - free_of_it) * env->page_bytes;
        reader->behind = pinning.last > reader->snapshot ? pinning.last - reader->snapshot : 0;
    }
    return 0;
}

int storage_readers(struct storage *storage, struct storage_reader **out, uint32_t *count, aisle_error *error)
{
    struct listing listing = {.count = 0};
    int dead = 0;
    *out = NULL;
    *count = 0;
    if (storage_forked(storage)) {
        return error_set(error, AISLE_FORKED, "the storage was opened before a fork; open it again in the child");
    }
    listing.readers = mem_calloc(LIMIT_READERS, sizeof *listing.readers);
    if (listing.readers == NULL) {
        return error_no_memory(error, "listing readers");
    }
    struct environment *env = storage->env;
    int rc = lmdb_fault();
    rc = rc == 0 ? mdb_reader_check(env->lmdb, &dead) : rc;
    rc = rc == 0 && mdb_reader_list(env->lmdb, take_line, &listing) < 0 ? MDB_INVALID : rc;
    int status = environment_error(env, rc, "cannot list readers", error);
    if (status == 0 && listing.count != 0) {
        status = add_pinned(storage, &listing, error);
    }
    if (status != 0 || listing.count == 0) {
        mem_free(listing.readers);
        return status;
    }
    *out = listing.readers;
    *count = listing.count;
    return 0;
}
