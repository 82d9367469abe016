/*
 * extents.c - cutting a byte stream into extents, and finding bytes in them again.
 */
#include "base/extents.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <sys/mman.h>

#define HEAD_BYTES 16u /* of LMDB, before the value in its first page */

static _Thread_local struct extent_fault last_fault;
static _Thread_local bool reads_ahead;

void extent_read_ahead(bool on)
{
    reads_ahead = on;
}

bool extent_fault_take(struct extent_fault *out)
{
    *out = last_fault;
    last_fault = (struct extent_fault){.extents = NULL};
    return out->extents != NULL;
}

void extent_fault_leave(const struct extent_fault *fault)
{
    last_fault = *fault;
}

/* Pages of an extent that holds used payload bytes: the least power of two with room for them and the table. */
static uint32_t pages_for(size_t used)
{
    uint32_t pages = 1;
    while ((size_t)pages * EXTENT_PAGE_BYTES - HEAD_BYTES - pages * sizeof(uint32_t) < used) {
        pages *= 2;
    }
    return pages;
}

static size_t bytes_of_pages(uint32_t pages)
{
    return (size_t)pages * EXTENT_PAGE_BYTES - HEAD_BYTES;
}

/* Bytes [*start, *end) of page number page in an extent of pages pages, the checksum table left out. */
static void page_range(uint32_t pages, uint32_t page, size_t *start, size_t *end)
{
    size_t table = bytes_of_pages(pages) - pages * sizeof(uint32_t);
    *start = page == 0 ? 0 : (size_t)page * EXTENT_PAGE_BYTES - HEAD_BYTES;
    *end = (size_t)(page + 1) * EXTENT_PAGE_BYTES - HEAD_BYTES;
    *end = *end > table ? table : *end;
}

uint32_t extent_count_of(uint64_t size)
{
    return (uint32_t)((size + EXTENT_PAYLOAD - 1) / EXTENT_PAYLOAD);
}

static uint32_t pages_of_extent(uint64_t size, uint32_t index)
{
    uint64_t start = (uint64_t)index * EXTENT_PAYLOAD;
    uint64_t used = size - start < EXTENT_PAYLOAD ? size - start : EXTENT_PAYLOAD;
    return pages_for((size_t)used);
}

size_t extent_bytes_of(uint64_t size, uint32_t index)
{
    return bytes_of_pages(pages_of_extent(size, index));
}

int extent_writer_init(struct extent_writer *writer, extent_emit *emit, void *context)
{
    *writer = (struct extent_writer){.emit = emit, .context = context};
    writer->extent = mem_alloc(EXTENT_BYTES);
    return writer->extent == NULL ? AISLE_NO_MEMORY : 0;
}

void extent_writer_release(struct extent_writer *writer)
{
    mem_free(writer->extent);
    *writer = (struct extent_writer){.status = AISLE_INVALID};
}

/* Only while the status is 0. */
static void emit_extent(struct extent_writer *writer)
{
    if (writer->index >= LIMIT_EXTENTS_COMPONENT) {
        writer->status = AISLE_LIMIT;
        return;
    }
    uint32_t pages = pages_for(writer->used);
    size_t size = bytes_of_pages(pages);
    uint8_t *table = writer->extent + size - pages * sizeof(uint32_t);
    memset(writer->extent + writer->used, 0, size - writer->used);
    for (uint32_t page = 0; page < pages; page++) {
        size_t start;
        size_t end;
        page_range(pages, page, &start, &end);
        store_u32(table + page * sizeof(uint32_t), hash_checksum(writer->extent + start, end - start));
    }
    writer->status = writer->emit(writer->context, writer->index, bytes_of(writer->extent, size));
    writer->index++;
    writer->used = 0;
}

static void pad(struct extent_writer *writer, size_t size)
{
    memset(writer->extent + writer->used, 0, size);
    writer->used += (uint32_t)size;
    writer->payload += size;
    if (writer->used == EXTENT_PAYLOAD) {
        emit_extent(writer);
    }
}

uint64_t extent_writer_align(struct extent_writer *writer, size_t size, size_t alignment)
{
    if (writer->status != 0) {
        return 0;
    }
    size_t padding = (alignment - writer->used % alignment) % alignment;
    if (writer->used + padding + size > EXTENT_PAYLOAD) {
        padding = EXTENT_PAYLOAD - writer->used;
    }
    if (padding != 0) {
        pad(writer, padding);
    }
    return writer->payload;
}

void extent_writer_put(struct extent_writer *writer, const void *data, size_t size)
{
    const uint8_t *next = data;
    while (size != 0 && writer->status == 0) {
        size_t room = EXTENT_PAYLOAD - writer->used;
        size_t part = size < room ? size : room;
        memcpy(writer->extent + writer->used, next, part);
        writer->used += (uint32_t)part;
        writer->payload += part;
        next += part;
        size -= part;
        if (writer->used == EXTENT_PAYLOAD) {
            emit_extent(writer);
        }
    }
}

uint64_t extent_writer_put_whole(struct extent_writer *writer, const void *data, size_t size, size_t alignment)
{
    uint64_t offset = extent_writer_align(writer, size, alignment);
    extent_writer_put(writer, data, size);
    return offset;
}

int extent_writer_finish(struct extent_writer *writer, uint64_t *size)
{
    if (writer->status == 0 && writer->used != 0) {
        emit_extent(writer);
    }
    *size = writer->payload;
    return writer->status;
}

static bool page_is_sound(const struct extent_view *view, uint32_t index, uint32_t page)
{
    uint32_t pages = pages_of_extent(view->size, index);
    const uint8_t *extent = view->extents[index];
    const uint8_t *table = extent + bytes_of_pages(pages) - pages * sizeof(uint32_t);
    size_t start;
    size_t end;
    page_range(pages, page, &start, &end);
    return load_u32(table + page * sizeof(uint32_t)) == hash_checksum(extent + start, end - start);
}

/* Has the system read an extent, whose first page it may share with what lies before it. */
static void ask_for(const struct extent_view *view, uint32_t index)
{
    size_t size = bytes_of_pages(pages_of_extent(view->size, index));
    uintptr_t start = (uintptr_t)view->extents[index] & ~(uintptr_t)(EXTENT_PAGE_BYTES - 1);
    uintptr_t end = (uintptr_t)view->extents[index] + size;
    (void)madvise((void *)start, end - start, MADV_WILLNEED);
}

/* The pages of an extent that are wholly its own: a value of LMDB's begins a few bytes into its first page. */
void extent_view_forget(const struct extent_view *view, uint32_t index)
{
    uintptr_t extent = (uintptr_t)view->extents[index];
    uintptr_t start = extent & ~(uintptr_t)(EXTENT_PAGE_BYTES - 1);
    uintptr_t end = (extent + extent_bytes_of(view->size, index)) & ~(uintptr_t)(EXTENT_PAGE_BYTES - 1);
    if (end > start) {
        (void)madvise((void *)start, end - start, MADV_DONTNEED); /* of a shared mapping: no byte is lost */
    }
}

/*
 * Asked where reading begins or goes on behind a gap: in each extent once for who reads it through. The next one is
 * asked for with it, so that it comes while this one is worked on; the one before may be in use still.
 */
static void ask_ahead(const struct extent_view *view, uint32_t index, uint32_t page, uint64_t known)
{
    bool goes_on = page != 0 && ((known >> (page - 1)) & 1) != 0;
    bool is_known = ((known >> page) & 1) != 0;
    for (uint32_t i = index; i < view->extent_count && i <= index + 1 && !goes_on && !is_known; i++) {
        ask_for(view, i);
    }
    if (index > 1 && !goes_on && !is_known) {
        extent_view_forget(view, index - 2);
    }
}

/* Verifies the pages from first to last of an extent that are not known to be sound. */
__attribute__((noinline)) static bool verify(const struct extent_view *view, uint32_t index, uint32_t first,
                                             uint32_t last, uint64_t known)
{
    if (reads_ahead) {
        ask_ahead(view, index, first, known);
    }
    for (uint32_t page = first; page <= last; page++) {
        uint64_t bit = UINT64_C(1) << page;
        if ((known & bit) == 0) {
            if (!page_is_sound(view, index, page)) {
                uint64_t in_extent = page == 0 ? 0 : (uint64_t)page * EXTENT_PAGE_BYTES - HEAD_BYTES;
                last_fault = (struct extent_fault){view->extents, (uint64_t)index * EXTENT_PAYLOAD + in_extent};
                return false;
            }
            atomic_fetch_or_explicit(&view->verified[index], bit, memory_order_relaxed);
        }
    }
    return true;
}

const uint8_t *extent_view_ahead(const struct extent_view *view, uint64_t offset, size_t size)
{
    uint64_t index = offset / EXTENT_PAYLOAD;
    size_t start = (size_t)(offset % EXTENT_PAYLOAD);
    bool is_inside = offset < view->size && size <= view->size - offset && index < view->extent_count;
    return is_inside && size <= EXTENT_PAYLOAD - start ? view->extents[index] + start : NULL;
}

const uint8_t *extent_view_at(const struct extent_view *view, uint64_t offset, size_t size)
{
    if (size == 0 || size > view->size || offset > view->size - size) {
        return NULL;
    }
    uint32_t index = (uint32_t)(offset / EXTENT_PAYLOAD);
    size_t start = (size_t)(offset % EXTENT_PAYLOAD);
    if (index >= view->extent_count || size > EXTENT_PAYLOAD - start) {
        return NULL;
    }
    if (view->verified != NULL) {
        uint32_t first = (uint32_t)((start + HEAD_BYTES) / EXTENT_PAGE_BYTES);
        uint32_t last = (uint32_t)((start + size - 1 + HEAD_BYTES) / EXTENT_PAGE_BYTES);
        uint64_t known = atomic_load_explicit(&view->verified[index], memory_order_relaxed);
        uint64_t wanted = (UINT64_C(2) << last) - (UINT64_C(1) << first);
        if ((wanted & ~known) != 0 && !verify(view, index, first, last, known)) {
            return NULL;
        }
    }
    return view->extents[index] + start;
}

int extent_view_copy(const struct extent_view *view, uint64_t offset, size_t size, void *out)
{
    uint8_t *next = out;
    while (size != 0) {
        size_t room = EXTENT_PAYLOAD - (size_t)(offset % EXTENT_PAYLOAD);
        size_t part = size < room ? size : room;
        const uint8_t *piece = extent_view_at(view, offset, part);
        if (piece == NULL) {
            return AISLE_CORRUPT;
        }
        memcpy(next, piece, part);
        next += part;
        offset += part;
        size -= part;
    }
    return 0;
}

int extent_view_check(const struct extent_view *view, uint32_t index, uint64_t *bad_offset)
{
    uint32_t pages = pages_of_extent(view->size, index);
    for (uint32_t page = 0; page < pages; page++) {
        if (!page_is_sound(view, index, page)) {
            size_t start;
            size_t end;
            page_range(pages, page, &start, &end);
            *bad_offset = (uint64_t)index * EXTENT_PAYLOAD + start;
            return AISLE_CORRUPT;
        }
    }
    return 0;
}
