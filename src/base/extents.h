/*
 * extents.h - a component of a segment as one long byte stream cut into equal extents.
 *
 * A component (all skip data of a segment, all its stored products, ...) is addressed by a logical offset from 0.
 * It is stored as extents of exactly EXTENT_BYTES; only the last is shorter: a power of two of 4 KiB pages, less 16.
 * The odd size is LMDB's: an overflow value starts 16 bytes into its first page, so such an extent fills whole pages
 * and every extent of a component can reuse the hole of any other.
 *
 *   extent  = payload, zeros to the table, checksum table
 *   table   = u32 for each 4 KiB page of the extent: hash_checksum of that page's bytes before the table
 *             (page 0 holds 16 bytes less; the table stands at the very end)
 *
 * Logical offset o lies in extent o / EXTENT_PAYLOAD at byte o % EXTENT_PAYLOAD. Extents are not neighbours in
 * memory, so whatever is read as one piece must not straddle two: writers reserve it (extent_writer_align), readers
 * ask for it (extent_view_at), and only streams of opaque bytes straddle (extent_view_copy). The payload of every
 * extent starts 16-byte aligned in memory, so alignment of logical offsets up to 16 is alignment in memory.
 *
 * Checksums are verified when a page is first touched, once per process; the bitmap of verified pages is shared.
 *
 * Lifetime: a view borrows everything; pointers got from it live as long as the extents it was given.
 * Thread rule: one writer, one thread. A view may be read from any number of threads.
 */
#ifndef AISLE_BASE_EXTENTS_H
#define AISLE_BASE_EXTENTS_H

#include "base/bytes.h"
#include "base/limits.h"

#include <stdatomic.h>

#define EXTENT_PAGE_BYTES 4096u                                         /* ON DISK: unit of checksums         */
#define EXTENT_PAGES 64u                                                /* ON DISK: pages of a full extent    */
#define EXTENT_BYTES (EXTENT_PAGES * EXTENT_PAGE_BYTES - 16u)           /* ON DISK: 262,128                   */
#define EXTENT_PAYLOAD (EXTENT_BYTES - EXTENT_PAGES * sizeof(uint32_t)) /* ON DISK: 261,872                   */

/* Receives each finished extent, in order; the bytes are the writer's and die when the call returns. */
typedef int extent_emit(void *context, uint32_t index, struct bytes extent);

struct extent_writer {
    uint8_t *extent;  /* owned: the extent being filled, EXTENT_BYTES */
    uint32_t index;   /* of that extent */
    uint32_t used;    /* payload bytes in it */
    uint64_t payload; /* bytes put so far, padding included: the logical offset of the next byte */
    extent_emit *emit;
    void *context;
    int status; /* sticky: AISLE_NO_MEMORY, AISLE_LIMIT or what emit returned */
};

int extent_writer_init(struct extent_writer *writer, extent_emit *emit, void *context);
void extent_writer_release(struct extent_writer *writer);

/*
 * Pads so that the next size bytes lie in one extent at a multiple of alignment (a power of two up to 16), and
 * returns their logical offset. size is at most EXTENT_PAYLOAD.
 */
uint64_t extent_writer_align(struct extent_writer *writer, size_t size, size_t alignment);

/* Appends bytes; they straddle extents unless extent_writer_align made room. */
void extent_writer_put(struct extent_writer *writer, const void *data, size_t size);

/* align and put in one: a piece that does not straddle. Returns its logical offset. */
uint64_t extent_writer_put_whole(struct extent_writer *writer, const void *data, size_t size, size_t alignment);

/* Emits the last extent, if any byte waits in it. Returns the sticky status; on 0, *size is the logical size. */
int extent_writer_finish(struct extent_writer *writer, uint64_t *size);

struct extent_view {
    const uint8_t *const *extents; /* one pointer for each extent */
    uint32_t extent_count;
    uint64_t size;              /* logical bytes */
    _Atomic uint64_t *verified; /* EXTENT_PAGES bits an extent: one word each; NULL: contents are trusted */
};

/* Number of extents, and bytes of the index-th, of a component of size logical bytes. */
uint32_t extent_count_of(uint64_t size);
size_t extent_bytes_of(uint64_t size, uint32_t index);

/*
 * size bytes at offset as one piece; NULL when they lie outside, straddle two extents or fail their checksum: for
 * the caller that is AISLE_CORRUPT. size 0 gives NULL.
 */
const uint8_t *extent_view_at(const struct extent_view *view, uint64_t offset, size_t size);

/*
 * Where size bytes at offset are, unverified, to be asked of memory before they are read by extent_view_at, or to see
 * what to ask for next; NULL when they lie outside or straddle two extents.
 */
const uint8_t *extent_view_ahead(const struct extent_view *view, uint64_t offset, size_t size);

/* Copies size bytes at offset, straddling or not. 0, or AISLE_CORRUPT. */
int extent_view_copy(const struct extent_view *view, uint64_t offset, size_t size, void *out);

/* Where this thread last met a page whose checksum was wrong; for messages. */
struct extent_fault {
    const uint8_t *const *extents; /* of the view; only to be compared with */
    uint64_t offset;               /* logical, of the page's first byte */
};

/* Fills out and forgets it; false when nothing was met since. */
bool extent_fault_take(struct extent_fault *out);

/* Makes a fault that another thread met, and took, this thread's. */
void extent_fault_leave(const struct extent_fault *fault);

/* Takes one extent, which a file backs, out of what is resident of this process; it is there again when touched. */
void extent_view_forget(const struct extent_view *view, uint32_t index);

/*
 * Whether this thread reads components through from here on, as merges do: the system is then asked for a whole extent
 * and the next where their first page is verified, and those before are forgotten, or all would be resident by the end.
 * The map is otherwise read in single pages, as queries want it: from a disk that gives 50 MB/s, and extents 600. Only
 * for views whose extents a file backs.
 */
void extent_read_ahead(bool on);

/* Verifies every page of one extent. 0, or AISLE_CORRUPT with the logical offset of the first bad page. */
int extent_view_check(const struct extent_view *view, uint32_t index, uint64_t *bad_offset);

#endif
