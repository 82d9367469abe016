/*
 * test_index_allocator.c - a whole life on an embedder's allocator: every block returned once, and none refused ends
 * in more than a status.
 *
 * The allocator is set before anything else, so this is a program of its own. It marks its blocks: a release of what
 * is not a live block of its own ends the program.
 */
#include "index_fixture.h"

#include <stdalign.h>
#include <stdatomic.h>

#define MARK UINT64_C(0x6d61726b6d61726b)

struct block {
    alignas(max_align_t) uint64_t mark;
    size_t size;
};

static struct {
    atomic_ulong calls;
    atomic_long blocks;
    atomic_size_t bytes;
    atomic_ulong fail; /* the call that fails; 0: none */
    atomic_bool for_good;
} heap;

static void *resize(void *context, void *memory, size_t size)
{
    unsigned long call = atomic_fetch_add(&heap.calls, 1) + 1;
    unsigned long fail = atomic_load(&heap.fail);
    struct block *old = memory == NULL ? NULL : (struct block *)memory - 1;
    if (context != &heap || size == 0 || (old != NULL && old->mark != MARK)) {
        abort();
    }
    if (fail != 0 && (call == fail || (call > fail && atomic_load(&heap.for_good)))) {
        return NULL;
    }
    size_t before = old == NULL ? 0 : old->size;
    struct block *block = realloc(old, sizeof *block + size);
    if (block == NULL) {
        return NULL;
    }
    *block = (struct block){.mark = MARK, .size = size};
    atomic_fetch_add(&heap.blocks, memory == NULL);
    atomic_fetch_add(&heap.bytes, size - before);
    return block + 1;
}

static void *allocate(void *context, size_t size)
{
    return resize(context, NULL, size);
}

static void release(void *context, void *memory)
{
    if (memory == NULL) {
        return;
    }
    struct block *block = (struct block *)memory - 1;
    if (context != &heap || block->mark != MARK) {
        abort();
    }
    block->mark = 0;
    atomic_fetch_sub(&heap.blocks, 1);
    atomic_fetch_sub(&heap.bytes, block->size);
    free(block);
}

#define STEP(call)                     \
    do {                               \
        status = (call);               \
        if (status != 0) {             \
            goto done;                 \
        }                              \
    } while (0)

/* Everything there is to call, on a catalog of its own; the first failure ends it. */
static int live(const char *name)
{
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    aisle_result *result = NULL;
    char *schema = NULL;
    char copy[64];
    uint64_t faults = 0;
    aisle_statistics statistics = {.size = sizeof statistics};
    const char *product = "{\"id\":\"A\",\"title\":\"red lamp\",\"brand\":\"x\",\"price\":2}";
    const aisle_position position = {.source = "log", .identity = 1, .offset = 5};
    int status;
    snprintf(copy, sizeof copy, "%s.copy", name);
    STEP(aisle_infer_schema(text_bytes(product), &schema, NULL));
    STEP(aisle_create(path_of(name), NULL, NULL, NULL));
    STEP(aisle_open(path_of(name), NULL, &catalog, NULL));
    STEP(aisle_begin(catalog, &writer, NULL));
    STEP(aisle_put(writer, text_bytes(product), NULL));
    STEP(aisle_put(writer, text_bytes("{\"id\":\"B\",\"title\":\"blue lamps\"}"), NULL));
    STEP(aisle_mark(writer, &position, NULL));
    STEP(aisle_commit(writer, NULL));
    STEP(aisle_patch(writer, text_bytes("A"), text_bytes("{\"price\":3}"), NULL));
    STEP(aisle_patch(writer, text_bytes("B"), text_bytes("{\"title\":\"green lamp\"}"), NULL));
    STEP(aisle_commit(writer, NULL));
    STEP(aisle_search(catalog, &(aisle_query){.size = sizeof(aisle_query), .text = "lam* -blue", .explain = true},
                      &result, NULL));
    STEP(aisle_get(catalog, text_bytes("A"), false, &result, NULL));
    STEP(aisle_delete(writer, text_bytes("B"), NULL));
    STEP(aisle_compact(writer, NULL));
    STEP(aisle_stats(catalog, &statistics, NULL));
    STEP(aisle_backup(catalog, path_of(copy), NULL, NULL));
    aisle_writer_free(writer);
    writer = NULL;
    aisle_close(catalog);
    catalog = NULL;
    STEP(aisle_shrink(path_of(name), NULL, NULL, NULL, NULL));
    STEP(aisle_check(path_of(name), show_fault, NULL, &faults, NULL));
done:
    aisle_free(schema);
    aisle_result_free(result);
    aisle_writer_free(writer);
    aisle_close(catalog);
    return status;
}

static void forget(const char *name)
{
    char copy[64];
    snprintf(copy, sizeof copy, "%s.copy", name);
    (void)nftw(path_of(name), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    (void)nftw(path_of(copy), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void whole_life_is_balanced_and_counted(void **state)
{
    (void)state;
    assert_int_equal(live("a"), 0);
    forget("a");
    assert_int_equal(atomic_load(&heap.blocks), 0);
    assert_int_equal(atomic_load(&heap.bytes), 0);
    assert_int_equal(memory_now().current_bytes, 0);
    assert_true(memory_now().peak_bytes > 1u << 20);
    assert_int_equal(memory_now().allocations, atomic_load(&heap.calls));
    create_catalog("b", NULL, 1);
    aisle *catalog = open_catalog("b");
    assert_int_equal(memory_now().current_bytes, atomic_load(&heap.bytes));
    aisle_close(catalog);
}

static void allocator_cannot_be_changed_in_between(void **state)
{
    (void)state;
    const aisle_allocator other = {allocate, resize, release, NULL};
    assert_int_equal(aisle_set_allocator(&other), AISLE_INVALID);
}

/* Coarse steps over the whole life, once and for good; test_index_alloc goes through the calls one by one. */
static void refused_allocations_end_in_a_status(void **state)
{
    (void)state;
    const char *argument = getenv("AISLE_TEST_STEP");
    unsigned long step = argument == NULL ? 67 : strtoul(argument, NULL, 10);
    unsigned failures = 0;
    unsigned others = 0;
    for (unsigned for_good = 0; for_good < 2; for_good++) {
        int status = AISLE_NO_MEMORY;
        for (unsigned long n = 1; status != 0; n += step) {
            atomic_store(&heap.for_good, for_good != 0);
            atomic_store(&heap.fail, atomic_load(&heap.calls) + n);
            status = live("c");
            bool struck = atomic_load(&heap.calls) >= atomic_load(&heap.fail);
            atomic_store(&heap.fail, 0);
            forget("c");
            failures += status != 0;
            if (status != 0 && status != AISLE_NO_MEMORY) {
                print_message("call %lu%s: %s\n", n, for_good ? " and all after it" : "", aisle_error_name(status));
                others++;
            }
            assert_true(status < 0 || !struck || for_good == 0);
            assert_int_equal(atomic_load(&heap.blocks), 0);
            status = struck ? AISLE_NO_MEMORY : status;
        }
    }
    print_message("%u lives ended early, %u of them with another status\n", failures, others);
    assert_true(failures > 10);
}

int main(void)
{
    const aisle_allocator counting = {allocate, resize, release, &heap};
    if (aisle_set_allocator(&counting) != 0) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_life_is_balanced_and_counted),
        cmocka_unit_test(allocator_cannot_be_changed_in_between),
        cmocka_unit_test(refused_allocations_end_in_a_status),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
