/*
 * shim_heap.c - the heap, watched where the shared libraries call it.
 *
 * The library's own allocations pass base/alloc.h and can be failed there; those of LMDB, zstd, libstemmer, utf8proc
 * and yajl cannot. Whose call it is, is told by the address it returns to. Under a sanitizer, which brings a heap of
 * its own, nothing is watched.
 */
#include "tests/fault/shim_private.h"

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || HAS_FEATURE(address_sanitizer) || \
    HAS_FEATURE(thread_sanitizer)

void shim_heap_init(void)
{
}

long shim_heap_blocks(void)
{
    return 0;
}

#else

#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define RANGES_MAX 8u
#define SLOTS 65536u /* a power of two, far above the blocks that are held at once */

/* glibc's heap under its inner names. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

static struct range {
    uintptr_t begin, end;
} ranges[RANGES_MAX];
static unsigned range_count;

/*
 * The blocks held by libraries: who frees one cannot be told by the address that is returned to, since a library's
 * last call may be a jump. Linear probing, without gaps between a block and its first slot.
 */
static void *held[SLOTS];
static long blocks;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static size_t slot_of(const void *memory)
{
    return (size_t)(((uintptr_t)memory >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 48) % SLOTS;
}

static void remember(void *memory)
{
    size_t i = slot_of(memory);
    (void)pthread_mutex_lock(&lock);
    while (held[i] != NULL) {
        i = (i + 1) % SLOTS;
    }
    held[i] = memory;
    blocks++;
    (void)pthread_mutex_unlock(&lock);
}

/* Whether it was held. Under the lock. */
static bool take_out(const void *memory)
{
    size_t i = slot_of(memory);
    while (held[i] != NULL && held[i] != memory) {
        i = (i + 1) % SLOTS;
    }
    if (held[i] == NULL) {
        return false;
    }
    blocks--;
    for (size_t next = (i + 1) % SLOTS; held[next] != NULL; next = (next + 1) % SLOTS) {
        size_t first = slot_of(held[next]);
        if ((next - first) % SLOTS >= (next - i) % SLOTS) {
            held[i] = held[next];
            i = next;
        }
    }
    held[i] = NULL;
    return true;
}

static bool forget(const void *memory)
{
    (void)pthread_mutex_lock(&lock);
    bool was_held = take_out(memory);
    (void)pthread_mutex_unlock(&lock);
    return was_held;
}

static int note_library(struct dl_phdr_info *info, size_t size, void *context)
{
    static const char *const names[] = {"liblmdb", "libzstd", "libstemmer", "libutf8proc", "libyajl"};
    (void)size;
    (void)context;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        if (strstr(info->dlpi_name, names[n]) == NULL) {
            continue;
        }
        for (unsigned i = 0; i < info->dlpi_phnum && range_count < RANGES_MAX; i++) {
            const ElfW(Phdr) *part = &info->dlpi_phdr[i];
            if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
                uintptr_t begin = info->dlpi_addr + part->p_vaddr;
                ranges[range_count++] = (struct range){begin, begin + part->p_memsz};
            }
        }
    }
    return 0;
}

void shim_heap_init(void)
{
    range_count = 0;
    dl_iterate_phdr(note_library, NULL);
}

long shim_heap_blocks(void)
{
    return blocks;
}

static bool is_library(const void *caller)
{
    uintptr_t place = (uintptr_t)caller;
    for (unsigned i = 0; i < range_count; i++) {
        if (place >= ranges[i].begin && place < ranges[i].end) {
            return true;
        }
    }
    return false;
}

/* Counts a block of a library; whether it is refused. */
static bool refused(bool library)
{
    if (library && shim_heap_fails()) {
        errno = ENOMEM;
        return true;
    }
    return false;
}

static void *counted(bool library, void *memory)
{
    if (library && memory != NULL) {
        remember(memory);
    }
    return memory;
}

void *malloc(size_t size)
{
    bool library = is_library(__builtin_return_address(0));
    return refused(library) ? NULL : counted(library, __libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    bool library = is_library(__builtin_return_address(0));
    return refused(library) ? NULL : counted(library, __libc_calloc(count, size));
}

void *realloc(void *memory, size_t size)
{
    bool library = is_library(__builtin_return_address(0));
    if (refused(library)) {
        return NULL;
    }
    bool was_held = memory != NULL && forget(memory);
    void *moved = __libc_realloc(memory, size);
    if (was_held && moved == NULL) {
        remember(memory);
    }
    return counted(memory == NULL ? library : was_held, moved);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    bool library = is_library(__builtin_return_address(0));
    if (refused(library)) {
        return ENOMEM;
    }
    *out = counted(library, __libc_memalign(alignment, size));
    return *out == NULL ? ENOMEM : 0;
}

char *strdup(const char *text)
{
    bool library = is_library(__builtin_return_address(0));
    size_t size = strlen(text) + 1;
    char *copy = refused(library) ? NULL : counted(library, __libc_malloc(size));
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

void free(void *memory)
{
    if (memory != NULL) {
        (void)forget(memory);
    }
    __libc_free(memory);
}

#endif
