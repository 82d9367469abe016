/*
 * shard.h - one shard of an open catalog, and consistent views of it.
 *
 * A view is what one generation looks like: its segments and parts, opened, and their states. It is built once for each
 * generation and shared by all queries; a snapshot is a view together with the storage transaction that keeps its
 * bytes in place. Queries hold a snapshot from begin to end and never longer.
 *
 * Thread rule: shard_begin and shard_end from any thread; a snapshot belongs to one thread at a time.
 */
#ifndef AISLE_INDEX_SHARD_H
#define AISLE_INDEX_SHARD_H

#include "index/parts.h"
#include "segment/segment.h"

#include <pthread.h>

/* What one generation of a shard looks like. Immutable; counted references. */
struct shard_view {
    atomic_int references;
    struct manifest manifest;
    struct segment **segments;   /* owned references, manifest.segment_count */
    struct segment_state **states; /* owned references, as many; one that has not changed is shared with views before */
    struct part **parts;          /* owned references, manifest.part_count */
    bool has_overlays;            /* any of the states */
};

struct shard {
    struct storage *storage;
    const struct segment_columns *columns; /* the catalog's */
    pthread_mutex_t lock;                  /* over view */
    struct shard_view *view;               /* the newest built; NULL: none yet, or forgotten */
    uint64_t number;                       /* of a commit that view is of (storage_read_number) */
    atomic_size_t view_bytes;              /* of the heap that view takes, about */
    atomic_uint_fast64_t view_products;    /* of the view that was built last, dead ones included */
};

struct shard_snapshot {
    struct shard *shard;
    struct storage_txn *txn;
    struct shard_view *view;
};

must_check int shard_open(const char *directory, bool read_only, const struct segment_columns *columns,
                          struct shard *out, aisle_error *error);
void shard_close(struct shard *shard);

/* Makes an empty shard in an existing, empty directory. */
must_check int shard_create(const char *directory, aisle_error *error);

/* Takes a snapshot of the last commit. */
must_check int shard_begin(struct shard *shard, struct shard_snapshot *out, aisle_error *error);
void shard_end(struct shard_snapshot *snapshot);

/*
 * What reading has failed with since the snapshot was taken, or 0. A changed page that a state could not read looks
 * damaged, to be found out when it is looked at.
 */
int shard_failure(const struct shard_snapshot *snapshot);

/* A segment's state as the snapshot reads it, by several threads, too (segment_state_view). */
void shard_state(const struct shard_snapshot *snapshot, uint32_t segment, struct segment_state *out);

/* Whether shard_begin would find its view built; false also while another thread is about it. Waits for nobody. */
bool shard_is_ready(struct shard *shard);

/* Lets go of the tables kept between queries; the next shard_begin builds them anew. */
void shard_forget(struct shard *shard);

/* The live document with this id: its segment and number, AISLE_END, or an error. */
must_check int shard_find(const struct shard_snapshot *snapshot, struct bytes id, uint64_t id_hash, uint32_t *segment,
                          uint32_t *document);

#endif
