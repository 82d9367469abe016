/*
 * writer_private.h - what writer.c and writer_patch.c share: the writer's insides, and finding and placing products.
 *
 * Thread rule: as aisle_writer, one thread at a time.
 */
#ifndef AISLE_INDEX_WRITER_PRIVATE_H
#define AISLE_INDEX_WRITER_PRIVATE_H

#include "index/catalog.h"
#include "index/ingest.h"
#include "index/merger.h"
#include "index/route.h"
#include "index/shard_writer.h"
#include "index/workers.h"
#include "index/writer_read.h"

struct aisle_writer {
    struct aisle *catalog;
    struct storage_lock *lock;
    struct budget budget;
    struct shard_writer *shards; /* owned, one a shard */
    struct merger merger;        /* with a thread to spare */
    struct workers *workers;     /* owned; NULL: not needed yet, or not to be had */
    struct route_seen seen;      /* ids that the workers have been given */
    bool moved;                  /* a product from one shard to another, since the last commit */
    bool wide;                   /* products go to the workers; else the caller's thread takes them in */
    uint64_t taken;              /* products since the last commit */
    bool loading;                /* the last commit was that of a large load, which goes on */
    struct ingest ingest;
    struct product_reader *reader;
    struct product_codec codec;
    struct product product;
    struct json *json; /* owned: for products as they stand, beside the reader's, which has the patch */
    struct buf merged; /* a product with a patch laid over it */
    aisle_writer_statistics statistics;
    bool failed; /* after an error that is not the product's: nothing but free is allowed */
    bool lost;   /* the last commit stands, but what it made of a shard could not be loaded yet */
    aisle_error merging; /* the error, when it came from merging after a commit that stands; else code 0 */
};

/* Lets nothing be done with the writer but free; returns status. */
int writer_fail(struct aisle_writer *writer, int status);

/* Before each operation: whether there may be one. Loads what a commit could not load. */
must_check int writer_refuse_failed(struct aisle_writer *writer, aisle_error *error);

/* Whether every shard that may hold a product with this id committed past the current position, and so had this. */
bool writer_all_repeated(const struct aisle_writer *writer, uint64_t id_hash);

/* Reads a product's text into writer->product, which borrows it. */
must_check int writer_read_product(struct aisle_writer *writer, struct bytes text, aisle_error *error);

/*
 * Settles the lane, unless no worker has seen the id, takes the lock and finds the product; whatever comes of it, the
 * caller gives the lock back.
 */
must_check int writer_find_product(struct aisle_writer *writer, struct shard_writer *shard, struct bytes id,
                                   uint64_t id_hash, struct writer_place *place, aisle_error *error);

/* Puts writer->product, which was read from text, where it belongs. */
must_check int writer_route_product(struct aisle_writer *writer, uint64_t id_hash, struct bytes text,
                                    aisle_error *error);

typedef int writer_operation(struct aisle_writer *writer, struct shard_writer *shard, struct bytes id,
                             uint64_t id_hash, struct bytes fields, aisle_error *error);

/*
 * Does something to the product, in the shard that has it. A shard that had the operation already may have had the
 * product: what is found nowhere is no error then.
 */
must_check int writer_in_its_shard(struct aisle_writer *writer, struct bytes id, uint64_t id_hash, struct bytes fields,
                                   writer_operation *operate, aisle_error *error);

#endif
