/*
 * shim.h - the system's calls as the library and LMDB make them: counted, failing on request, told to a recorder.
 *
 * The program's own open, pwrite, fdatasync, mmap and so on take the place of libc's, for liblmdb as well, because a
 * program's symbols come before those of its shared libraries. Only what concerns files below one directory is looked
 * at, so that printing and the loader go their way. Beside that, allocations made inside the shared libraries (LMDB,
 * zstd, libstemmer, utf8proc, yajl) are a class of their own; a sanitizer owns the heap, and then this class is empty.
 *
 * Thread rule: calls may be made by any thread; arming, balancing and all that a recorder is told of by one alone.
 */
#ifndef AISLE_TESTS_FAULT_SHIM_H
#define AISLE_TESTS_FAULT_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shim_class {
    SHIM_OPEN,   /* open, openat */
    SHIM_READ,   /* read, pread */
    SHIM_WRITE,  /* write, writev, pwrite, pwritev */
    SHIM_SYNC,   /* fsync, fdatasync, msync */
    SHIM_RESIZE, /* ftruncate, fallocate */
    SHIM_MAP,    /* mmap of a file */
    SHIM_NAME,   /* mkdir, rename, unlink, rmdir */
    SHIM_LOCK,   /* fcntl that takes a lock */
    SHIM_HEAP,   /* allocations inside the shared libraries */
    SHIM_CLASSES
};

enum shim_way {
    SHIM_BEFORE, /* nothing is done */
    SHIM_AFTER,  /* it is done, and an error answered: a write that reached the cache and not the disk */
    SHIM_PART    /* half of a write is done, and that is the answer; where that means nothing, as SHIM_BEFORE */
};

struct shim_fault {
    enum shim_class class;
    enum shim_way way;
    int code;             /* errno */
    bool persistent;      /* that call and all later ones of the class */
    unsigned long number; /* of the call among those of its class from shim_arm on, from 1 */
};

/* What is looked at: files below this directory, an absolute path that must outlive its use. */
void shim_watch(const char *root);

/* Sets the counts of calls to 0 and arms the fault; NULL: none. */
void shim_arm(const struct shim_fault *fault);
bool shim_struck(void);
unsigned long shim_calls(enum shim_class class);

/* What is held at present: nothing may stay behind a life. */
struct shim_balance {
    long blocks; /* allocations inside the shared libraries */
    long files;  /* descriptors */
    long maps;
};

struct shim_balance shim_balance(void);

enum shim_event_kind { EVENT_WRITE, EVENT_RESIZE, EVENT_SYNC, EVENT_ADD, EVENT_RENAME, EVENT_REMOVE };

/* What was done to a file or directory. */
struct shim_event {
    enum shim_event_kind kind;
    int fd;              /* EVENT_WRITE, RESIZE, SYNC */
    uint64_t offset;     /* EVENT_WRITE; of EVENT_RESIZE the new size */
    const void *data;    /* borrowed; EVENT_WRITE */
    size_t size;
    bool durable;        /* EVENT_WRITE through a descriptor that syncs each write */
    const char *path;    /* borrowed; EVENT_ADD, RENAME, REMOVE */
    const char *to_path; /* EVENT_RENAME */
};

/* From now on each event goes to the recorder; NULL ends it. */
void shim_record(void (*recorder)(const struct shim_event *event));

#endif
