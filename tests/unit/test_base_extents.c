/*
 * test_base_extents.c - streams cut into extents and read back: alignment, straddling, sizes, checksums, bounds.
 */
#include "base/alloc.h"
#include "base/extents.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define EXTENTS_MAX 8u

/* The extents of one component as they were emitted, and a view of them. */
struct component {
    uint8_t *extents[EXTENTS_MAX];
    size_t sizes[EXTENTS_MAX];
    _Atomic uint64_t verified[EXTENTS_MAX];
    uint32_t count;
    uint32_t refuse_from; /* emitting this extent fails with AISLE_IO */
    struct extent_view view;
};

static int collect(void *context, uint32_t index, struct bytes extent)
{
    struct component *component = context;
    if (index >= component->refuse_from) {
        return AISLE_IO;
    }
    assert_int_equal(index, component->count);
    assert_true(index < EXTENTS_MAX);
    component->extents[index] = mem_alloc(extent.size);
    assert_non_null(component->extents[index]);
    memcpy(component->extents[index], extent.data, extent.size);
    component->sizes[index] = extent.size;
    component->count++;
    return 0;
}

static void begin(struct component *component, struct extent_writer *writer)
{
    *component = (struct component){.refuse_from = EXTENTS_MAX};
    assert_int_equal(extent_writer_init(writer, collect, component), 0);
}

static void finish(struct component *component, struct extent_writer *writer)
{
    uint64_t size = 0;
    assert_int_equal(extent_writer_finish(writer, &size), 0);
    extent_writer_release(writer);
    assert_int_equal(component->count, extent_count_of(size));
    for (uint32_t i = 0; i < component->count; i++) {
        assert_int_equal(component->sizes[i], extent_bytes_of(size, i));
    }
    component->view = (struct extent_view){.extents = (const uint8_t *const *)component->extents,
                                           .extent_count = component->count,
                                           .size = size,
                                           .verified = component->verified};
}

static void drop(struct component *component)
{
    for (uint32_t i = 0; i < component->count; i++) {
        mem_free(component->extents[i]);
    }
}

static void forget_verified(struct component *component)
{
    for (uint32_t i = 0; i < EXTENTS_MAX; i++) {
        component->verified[i] = 0;
    }
}

static uint8_t byte_at(uint64_t i)
{
    return (uint8_t)(i * 131 + i / 251);
}

/* size bytes, each of which tells its offset. */
static void put_pattern(struct extent_writer *writer, size_t size, size_t step)
{
    uint8_t piece[5000];
    for (size_t done = 0; done < size;) {
        size_t part = size - done < step ? size - done : step;
        for (size_t i = 0; i < part; i++) {
            piece[i] = byte_at(done + i);
        }
        extent_writer_put(writer, piece, part);
        done += part;
    }
}

static void sizes_of_extents_fill_whole_pages(void **state)
{
    (void)state;
    assert_int_equal(EXTENT_BYTES, 262128);
    assert_int_equal(EXTENT_PAYLOAD, 261872);
    assert_int_equal(EXTENT_PAYLOAD % 16, 0);
    assert_int_equal(extent_count_of(0), 0);
    assert_int_equal(extent_count_of(1), 1);
    assert_int_equal(extent_count_of(EXTENT_PAYLOAD), 1);
    assert_int_equal(extent_count_of(EXTENT_PAYLOAD + 1), 2);
    assert_int_equal(extent_bytes_of(1, 0), 4080);
    assert_int_equal(extent_bytes_of(4076, 0), 4080);
    assert_int_equal(extent_bytes_of(4077, 0), 8176);
    assert_int_equal(extent_bytes_of(8168, 0), 8176);
    assert_int_equal(extent_bytes_of(8169, 0), 4 * 4096 - 16);
    assert_int_equal(extent_bytes_of(EXTENT_PAYLOAD, 0), EXTENT_BYTES);
    assert_int_equal(extent_bytes_of(EXTENT_PAYLOAD + 1, 0), EXTENT_BYTES);
    assert_int_equal(extent_bytes_of(EXTENT_PAYLOAD + 1, 1), 4080);
}

static void streams_of_many_sizes_round_trip(void **state)
{
    (void)state;
    const size_t sizes[] = {1,     15,     4076,   4077,   8168,   8169,           16352,
                            70000, 130000, 200000, 261871, 261872, 261873, 2 * 261872, 600001};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        struct component component;
        struct extent_writer writer;
        begin(&component, &writer);
        put_pattern(&writer, sizes[s], 4999);
        finish(&component, &writer);
        assert_int_equal(component.view.size, sizes[s]);
        uint8_t *copy = mem_alloc(sizes[s]);
        assert_non_null(copy);
        assert_int_equal(extent_view_copy(&component.view, 0, sizes[s], copy), 0);
        for (size_t i = 0; i < sizes[s]; i++) {
            if (copy[i] != byte_at(i)) {
                fail_msg("size %zu: byte %zu differs", sizes[s], i);
            }
        }
        for (uint32_t i = 0; i < component.count; i++) {
            uint64_t bad = 0;
            assert_int_equal(extent_view_check(&component.view, i, &bad), 0);
        }
        mem_free(copy);
        drop(&component);
    }
}

static void empty_stream_has_no_extent(void **state)
{
    (void)state;
    struct component component;
    struct extent_writer writer;
    begin(&component, &writer);
    finish(&component, &writer);
    assert_int_equal(component.count, 0);
    assert_null(extent_view_at(&component.view, 0, 1));
    assert_int_equal(extent_view_copy(&component.view, 0, 0, NULL), 0);
}

static void whole_pieces_are_aligned_and_never_straddle(void **state)
{
    (void)state;
    struct component component;
    struct extent_writer writer;
    uint64_t offsets[300];
    size_t sizes[300];
    uint8_t piece[6000];
    begin(&component, &writer);
    for (size_t i = 0; i < 300; i++) {
        sizes[i] = 1 + (i * 2654435761u >> 7) % sizeof piece;
        size_t alignment = (size_t)1 << (i % 5);
        memset(piece, (int)(i % 251 + 1), sizes[i]);
        offsets[i] = extent_writer_put_whole(&writer, piece, sizes[i], alignment);
        assert_int_equal(offsets[i] % alignment, 0);
        assert_int_equal(writer.payload, offsets[i] + sizes[i]);
    }
    finish(&component, &writer);
    assert_true(component.count > 2);
    for (size_t i = 0; i < 300; i++) {
        const uint8_t *data = extent_view_at(&component.view, offsets[i], sizes[i]);
        assert_non_null(data);
        assert_int_equal((uintptr_t)data % ((size_t)1 << (i % 5)), 0);
        for (size_t j = 0; j < sizes[i]; j++) {
            if (data[j] != i % 251 + 1) {
                fail_msg("piece %zu differs at %zu", i, j);
            }
        }
    }
    drop(&component);
}

static void full_extent_is_one_piece(void **state)
{
    (void)state;
    struct component component;
    struct extent_writer writer;
    uint8_t *piece = mem_calloc(1, EXTENT_PAYLOAD);
    begin(&component, &writer);
    extent_writer_put(&writer, "x", 1);
    assert_int_equal(extent_writer_put_whole(&writer, piece, EXTENT_PAYLOAD, 16), EXTENT_PAYLOAD);
    assert_int_equal(extent_writer_put_whole(&writer, "y", 1, 1), 2 * EXTENT_PAYLOAD);
    finish(&component, &writer);
    assert_int_equal(component.count, 3);
    assert_non_null(extent_view_at(&component.view, EXTENT_PAYLOAD, EXTENT_PAYLOAD));
    assert_memory_equal(extent_view_at(&component.view, 2 * EXTENT_PAYLOAD, 1), "y", 1);
    mem_free(piece);
    drop(&component);
}

static void wrong_offsets_give_null(void **state)
{
    (void)state;
    struct component component;
    struct extent_writer writer;
    uint8_t copy[16];
    begin(&component, &writer);
    put_pattern(&writer, EXTENT_PAYLOAD + 1000, 4096);
    finish(&component, &writer);
    const struct extent_view *view = &component.view;
    assert_null(extent_view_at(view, 0, 0));
    assert_ptr_equal(extent_view_ahead(view, 0, 1), extent_view_at(view, 0, 1));
    assert_ptr_equal(extent_view_ahead(view, view->size - 1, 1), extent_view_at(view, view->size - 1, 1));
    assert_null(extent_view_ahead(view, view->size, 1));
    assert_null(extent_view_ahead(view, view->size - 1, 2));
    assert_null(extent_view_ahead(view, EXTENT_PAYLOAD - 1, 2));
    assert_null(extent_view_ahead(view, UINT64_MAX, 1));
    assert_null(extent_view_at(view, EXTENT_PAYLOAD + 1000, 1));
    assert_null(extent_view_at(view, EXTENT_PAYLOAD + 999, 2));
    assert_null(extent_view_at(view, EXTENT_PAYLOAD - 1, 2)); /* straddles */
    assert_null(extent_view_at(view, 0, EXTENT_PAYLOAD + 1));
    assert_null(extent_view_at(view, UINT64_MAX, 1));
    assert_null(extent_view_at(view, UINT64_MAX - 3, 8));
    assert_null(extent_view_at(view, 8, SIZE_MAX));
    assert_non_null(extent_view_at(view, EXTENT_PAYLOAD - 1, 1));
    assert_non_null(extent_view_at(view, EXTENT_PAYLOAD + 999, 1));
    assert_int_equal(extent_view_copy(view, EXTENT_PAYLOAD + 990, 11, copy), AISLE_CORRUPT);
    assert_int_equal(extent_view_copy(view, UINT64_MAX - 7, 16, copy), AISLE_CORRUPT);
    struct extent_view fewer = *view;
    fewer.extent_count = 1;
    assert_null(extent_view_at(&fewer, EXTENT_PAYLOAD, 1));
    drop(&component);
}

static void straddling_bytes_are_copied(void **state)
{
    (void)state;
    struct component component;
    struct extent_writer writer;
    uint8_t copy[300];
    begin(&component, &writer);
    put_pattern(&writer, 2 * EXTENT_PAYLOAD + 500, 4999);
    finish(&component, &writer);
    for (uint64_t offset = 2 * EXTENT_PAYLOAD - 300; offset <= 2 * EXTENT_PAYLOAD; offset += 60) {
        assert_int_equal(extent_view_copy(&component.view, offset, sizeof copy, copy), 0);
        for (size_t i = 0; i < sizeof copy; i++) {
            assert_int_equal(copy[i], byte_at(offset + i));
        }
    }
    drop(&component);
}

static void every_flipped_bit_of_a_small_component_is_noticed(void **state)
{
    (void)state;
    struct component component;
    struct extent_writer writer;
    begin(&component, &writer);
    put_pattern(&writer, 100, 100);
    finish(&component, &writer);
    for (size_t bit = 0; bit < component.sizes[0] * 8; bit++) {
        uint64_t bad = 1;
        component.extents[0][bit / 8] ^= (uint8_t)(1u << (bit % 8));
        forget_verified(&component);
        if (extent_view_at(&component.view, 0, 100) != NULL) {
            fail_msg("bit %zu of the extent", bit);
        }
        assert_int_equal(extent_view_check(&component.view, 0, &bad), AISLE_CORRUPT);
        assert_int_equal(bad, 0);
        component.extents[0][bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    assert_non_null(extent_view_at(&component.view, 0, 100));
    drop(&component);
}

static void damage_in_one_page_leaves_the_others_readable(void **state)
{
    (void)state;
    struct component component;
    struct extent_writer writer;
    uint64_t bad = 0;
    begin(&component, &writer);
    put_pattern(&writer, EXTENT_PAYLOAD + 20000, 4096);
    finish(&component, &writer);
    component.extents[1][9000] ^= 1; /* page 2 of the second extent: bytes 8,176 to 12,271 */
    assert_non_null(extent_view_at(&component.view, EXTENT_PAYLOAD, 8176));
    assert_null(extent_view_at(&component.view, EXTENT_PAYLOAD + 8176, 1));
    assert_null(extent_view_at(&component.view, EXTENT_PAYLOAD + 8170, 10));
    assert_non_null(extent_view_at(&component.view, EXTENT_PAYLOAD + 12272, 1));
    assert_int_equal(extent_view_check(&component.view, 1, &bad), AISLE_CORRUPT);
    assert_int_equal(bad, EXTENT_PAYLOAD + 8176);
    assert_int_equal(extent_view_check(&component.view, 0, &bad), 0);
    drop(&component);
}

static void pages_are_verified_once(void **state)
{
    (void)state;
    struct component component;
    struct extent_writer writer;
    begin(&component, &writer);
    put_pattern(&writer, 10000, 1000);
    finish(&component, &writer);
    assert_non_null(extent_view_at(&component.view, 0, 10));
    assert_true(component.verified[0] == 1);
    assert_non_null(extent_view_at(&component.view, 4079, 2));
    assert_true(component.verified[0] == 3);
    component.extents[0][5] ^= 1;
    assert_non_null(extent_view_at(&component.view, 0, 10)); /* known to be sound */
    component.view.verified = NULL;
    assert_non_null(extent_view_at(&component.view, 9000, 10)); /* trusted */
    drop(&component);
}

static void refused_extent_is_a_sticky_status(void **state)
{
    (void)state;
    struct component component;
    struct extent_writer writer;
    uint64_t size = 0;
    begin(&component, &writer);
    component.refuse_from = 1;
    put_pattern(&writer, EXTENT_PAYLOAD, 4096);
    assert_int_equal(writer.status, 0);
    put_pattern(&writer, EXTENT_PAYLOAD, 4096);
    assert_int_equal(writer.status, AISLE_IO);
    extent_writer_put(&writer, "more", 4);
    assert_int_equal(extent_writer_put_whole(&writer, "more", 4, 4), 0);
    assert_int_equal(extent_writer_finish(&writer, &size), AISLE_IO);
    assert_int_equal(component.count, 1);
    extent_writer_release(&writer);
    drop(&component);
}

static void component_of_too_many_extents_is_refused(void **state)
{
    (void)state;
    struct component component;
    struct extent_writer writer;
    uint64_t size = 0;
    begin(&component, &writer);
    writer.index = LIMIT_EXTENTS_COMPONENT;
    put_pattern(&writer, EXTENT_PAYLOAD, 4096);
    assert_int_equal(writer.status, AISLE_LIMIT);
    extent_writer_put(&writer, "more", 4);
    assert_int_equal(extent_writer_finish(&writer, &size), AISLE_LIMIT);
    assert_int_equal(component.count, 0);
    extent_writer_release(&writer);
}

static void place_of_the_last_damage_is_told_once(void **state)
{
    (void)state;
    struct component component;
    struct extent_writer writer;
    struct extent_fault fault;
    begin(&component, &writer);
    put_pattern(&writer, 10000, 1000);
    finish(&component, &writer);
    (void)extent_fault_take(&fault);
    component.extents[0][5000] ^= 1;
    assert_null(extent_view_at(&component.view, 4000, 3000));
    assert_true(extent_fault_take(&fault));
    assert_ptr_equal(fault.extents, component.view.extents);
    assert_int_equal(fault.offset, EXTENT_PAGE_BYTES - 16);
    assert_false(extent_fault_take(&fault));
    drop(&component);
}

static void writer_without_memory_says_so(void **state)
{
    (void)state;
    struct extent_writer writer;
    alloc_fail_at(1, 0);
    assert_int_equal(extent_writer_init(&writer, collect, NULL), AISLE_NO_MEMORY);
    alloc_fail_at(0, 0);
    extent_writer_release(&writer);
}

/* A component of three full extents as LMDB would lay them out in a file, mapped for reading single pages. */
struct mapped {
    int file;
    uint8_t *map;
    const uint8_t *extents[3];
};

#define MAPPED_EXTENT ((size_t)EXTENT_PAGES * EXTENT_PAGE_BYTES)
#define MAPPED_BYTES (3 * MAPPED_EXTENT)

static void map_component(const struct component *component, struct mapped *mapped)
{
    char path[] = "extents-XXXXXX";
    mapped->file = mkstemp(path);
    assert_true(mapped->file >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ftruncate(mapped->file, (off_t)MAPPED_BYTES), 0);
    for (uint32_t i = 0; i < 3; i++) {
        off_t place = (off_t)(i * MAPPED_EXTENT + 16);
        assert_int_equal(pwrite(mapped->file, component->extents[i], component->sizes[i], place), component->sizes[i]);
    }
    assert_int_equal(fsync(mapped->file), 0);
    mapped->map = mmap(NULL, MAPPED_BYTES, PROT_READ, MAP_SHARED, mapped->file, 0);
    assert_ptr_not_equal(mapped->map, MAP_FAILED);
    assert_int_equal(madvise(mapped->map, MAPPED_BYTES, MADV_RANDOM), 0);
    for (uint32_t i = 0; i < 3; i++) {
        mapped->extents[i] = mapped->map + i * MAPPED_EXTENT + 16;
    }
}

static void unmap_component(struct mapped *mapped)
{
    munmap(mapped->map, MAPPED_BYTES);
    close(mapped->file);
}

/* Of the pages of an extent, how many the system has in memory; after a second at most, if it should have all. */
static uint32_t pages_there(const struct mapped *mapped, uint32_t extent, bool all)
{
    unsigned char there[EXTENT_PAGES];
    uint32_t count = 0;
    for (int tries = 0; tries < 100; tries++) {
        count = 0;
        assert_int_equal(mincore(mapped->map + extent * MAPPED_EXTENT, MAPPED_EXTENT, there), 0);
        for (uint32_t i = 0; i < EXTENT_PAGES; i++) {
            count += there[i] & 1;
        }
        if (!all || count == EXTENT_PAGES) {
            break;
        }
        usleep(10000);
    }
    return count;
}

/* Whether the process has the first page of an extent, which takes no fault then. */
static bool is_resident(const struct mapped *mapped, uint32_t extent)
{
    uint64_t entry = 0; /* of the kernel's page map: bit 63 */
    int fd = open("/proc/self/pagemap", O_RDONLY);
    off_t at = (off_t)((uintptr_t)(mapped->map + extent * MAPPED_EXTENT) / EXTENT_PAGE_BYTES * sizeof entry);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &entry, sizeof entry, at), sizeof entry);
    close(fd);
    return entry >> 63 != 0;
}

static void who_reads_through_has_extents_read_ahead(void **state)
{
    (void)state;
    struct component component;
    struct extent_writer writer;
    struct mapped mapped;
    begin(&component, &writer);
    put_pattern(&writer, 3 * (size_t)EXTENT_PAYLOAD, 4096);
    finish(&component, &writer);
    map_component(&component, &mapped);
    component.view.extents = mapped.extents;
    (void)posix_fadvise(mapped.file, 0, 0, POSIX_FADV_DONTNEED);
    if (pages_there(&mapped, 0, false) != 0) {
        unmap_component(&mapped);
        drop(&component);
        skip(); /* a file system in memory */
    }
    assert_non_null(extent_view_at(&component.view, 0, 1));
    assert_true(pages_there(&mapped, 0, false) < EXTENT_PAGES / 2);
    forget_verified(&component);
    extent_read_ahead(true);
    assert_non_null(extent_view_at(&component.view, 0, 1));
    extent_read_ahead(false);
    assert_int_equal(pages_there(&mapped, 0, true), EXTENT_PAGES);
    assert_int_equal(pages_there(&mapped, 1, true), EXTENT_PAGES);
    assert_int_equal(pages_there(&mapped, 2, false), 0);
    assert_true(is_resident(&mapped, 0));
    extent_read_ahead(true);
    assert_non_null(extent_view_at(&component.view, 2 * EXTENT_PAYLOAD, 1));
    extent_read_ahead(false);
    assert_false(is_resident(&mapped, 0));
    assert_true(is_resident(&mapped, 2));
    unmap_component(&mapped);
    drop(&component);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_of_extents_fill_whole_pages),
        cmocka_unit_test(streams_of_many_sizes_round_trip),
        cmocka_unit_test(empty_stream_has_no_extent),
        cmocka_unit_test(whole_pieces_are_aligned_and_never_straddle),
        cmocka_unit_test(full_extent_is_one_piece),
        cmocka_unit_test(wrong_offsets_give_null),
        cmocka_unit_test(straddling_bytes_are_copied),
        cmocka_unit_test(every_flipped_bit_of_a_small_component_is_noticed),
        cmocka_unit_test(damage_in_one_page_leaves_the_others_readable),
        cmocka_unit_test(pages_are_verified_once),
        cmocka_unit_test(refused_extent_is_a_sticky_status),
        cmocka_unit_test(component_of_too_many_extents_is_refused),
        cmocka_unit_test(place_of_the_last_damage_is_told_once),
        cmocka_unit_test(writer_without_memory_says_so),
        cmocka_unit_test(who_reads_through_has_extents_read_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
