/*
 * bench_ids.c - size and speed of the ids of a segment: building, by document, single look-ups, and sorted batches.
 *
 * Usage: bench_ids [ids]; 1,000,000 by default.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "documents/ids.h"
#include "tests/support/memory_extents.h"

#include <stdio.h>

#define SEED UINT64_C(42)
#define LOOKUPS 1000000u

enum form { FORM_PADDED, FORM_NUMBER, FORM_SHOPS, FORM_UUID, FORM_SLUG, FORM_COUNT };

static const char *const form_names[] = {"P00012345", "12345", "oca-12345 of 5 shops", "UUID", "slug-words-123-x"};

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The id number i: distinct, in no order. Numbers from count on are ids that no catalog of count has. */
static struct bytes make_id(enum form form, uint32_t i, char text[64])
{
    static const char *const shops[] = {"elg", "oca", "amz", "goo", "abt"};
    static const char *const words[] = {"red", "running", "organic", "kettle", "xl", "classic", "tea", "garden"};
    uint64_t a = mix(i + SEED);
    uint64_t b = mix(a);
    uint32_t shuffled = (i * 2654435761u) % (1u << 24);
    int size = 0;
    switch (form) {
    case FORM_PADDED:
        size = snprintf(text, 64, "P%08u", shuffled);
        break;
    case FORM_NUMBER:
        size = snprintf(text, 64, "%u", shuffled);
        break;
    case FORM_SHOPS:
        size = snprintf(text, 64, "%s-%u", shops[a % 5], shuffled);
        break;
    case FORM_UUID:
        size = snprintf(text, 64, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)a, (unsigned)(a >> 32) & 0xffff,
                        (unsigned)(a >> 48) & 0xfff, (unsigned)(b & 0xffff), (unsigned long long)(b >> 16));
        break;
    default:
        size = snprintf(text, 64, "%s-%s-%u-x", words[a % 8], words[b % 8], shuffled);
        break;
    }
    return bytes_of(text, (size_t)size);
}

struct catalog {
    struct memory_extents text;
    struct memory_extents table;
    struct extent_view text_view;
    struct extent_view table_view;
    struct ids_reader reader;
    uint32_t count;
};

static int build(struct catalog *catalog, enum form form, uint32_t count)
{
    struct extent_writer text;
    struct extent_writer table;
    struct ids_writer writer;
    *catalog = (struct catalog){.count = count};
    memory_extents_begin(&catalog->text, &text);
    memory_extents_begin(&catalog->table, &table);
    int status = ids_writer_init(&writer, &text, &table);
    uint64_t start = clock_monotonic_ns();
    for (uint32_t i = 0; i < count && status == 0; i++) {
        char id[64];
        status = ids_writer_add(&writer, make_id(form, i, id));
    }
    uint64_t added = clock_monotonic_ns();
    status = status == 0 ? ids_writer_finish(&writer) : status;
    uint64_t finished = clock_monotonic_ns();
    ids_writer_release(&writer);
    catalog->text_view = memory_extents_view(&catalog->text, &text);
    catalog->table_view = memory_extents_view(&catalog->table, &table);
    catalog->text_view.verified = memory_extents_verified(&catalog->text);
    catalog->table_view.verified = memory_extents_verified(&catalog->table);
    status = status == 0 ? ids_open(&catalog->reader, &catalog->text_view, &catalog->table_view) : status;
    printf("%-20s %5.2f bytes an id, table %.2f; add %.0f ns, finish %.0f ns", form_names[form],
           (double)catalog->text_view.size / count, (double)catalog->table_view.size / count,
           (double)(added - start) / count, (double)(finished - added) / count);
    return status;
}

/* ns a look-up of ids first + i * 7919 mod count; making and hashing the id is taken off. */
static double time_finds(const struct catalog *catalog, enum form form, uint32_t first, uint32_t *found)
{
    uint64_t overhead = 0;
    uint64_t sum = 0;
    uint64_t start = clock_monotonic_ns();
    char id[64];
    for (uint32_t i = 0; i < LOOKUPS; i++) {
        struct bytes bytes = make_id(form, first + (uint32_t)((uint64_t)i * 7919 % catalog->count), id);
        sum += hash_bytes(bytes.data, bytes.size);
    }
    overhead = clock_monotonic_ns() - start + (sum == 1);
    start = clock_monotonic_ns();
    *found = 0;
    for (uint32_t i = 0; i < LOOKUPS; i++) {
        uint32_t document;
        struct bytes bytes = make_id(form, first + (uint32_t)((uint64_t)i * 7919 % catalog->count), id);
        *found += ids_find(&catalog->reader, bytes, hash_bytes(bytes.data, bytes.size), &document) == 0;
    }
    return ((double)(clock_monotonic_ns() - start) - (double)overhead) / LOOKUPS;
}

static int count_match(void *context, size_t query_index, uint32_t document)
{
    uint32_t *count = context;
    (void)query_index;
    (void)document;
    ++*count;
    return 0;
}

static int compare_queries(const void *a, const void *b)
{
    const struct ids_query *left = a;
    const struct ids_query *right = b;
    return (left->hash > right->hash) - (left->hash < right->hash);
}

/* Half of the batch is there, half not. */
static int time_batch(const struct catalog *catalog, enum form form, uint32_t size)
{
    struct ids_query *queries = mem_calloc(size, sizeof *queries);
    char(*texts)[64] = mem_calloc(size, sizeof *texts);
    if (queries == NULL || texts == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < size; i++) {
        uint32_t number = (uint32_t)(mix(i) % catalog->count) + (i % 2 == 0 ? 0 : catalog->count);
        queries[i].id = make_id(form, number, texts[i]);
        queries[i].hash = hash_bytes(queries[i].id.data, queries[i].id.size);
    }
    qsort(queries, size, sizeof *queries, compare_queries);
    uint32_t matches = 0;
    uint64_t start = clock_monotonic_ns();
    int status = ids_find_many(&catalog->reader, queries, size, count_match, &matches);
    printf("; batch of %u: %.0f ns a query, %u found", size, (double)(clock_monotonic_ns() - start) / size, matches);
    mem_free(texts);
    mem_free(queries);
    return status;
}

static int run(enum form form, uint32_t count)
{
    struct catalog catalog;
    int status = build(&catalog, form, count);
    if (status == 0) {
        uint64_t start = clock_monotonic_ns();
        for (uint32_t i = 0; i < LOOKUPS && status == 0; i++) {
            uint8_t id[LIMIT_ID_BYTES];
            size_t size;
            status = ids_get(&catalog.reader, (uint32_t)((uint64_t)i * 7919 % count), id, &size);
        }
        printf("; get %.0f ns", (double)(clock_monotonic_ns() - start) / LOOKUPS);
        uint32_t found;
        uint32_t not_found;
        double hit = time_finds(&catalog, form, 0, &found);
        double miss = time_finds(&catalog, form, count, &not_found);
        printf("; find %.0f ns hit (%u), %.0f ns miss (%u)", hit, found, miss, LOOKUPS - not_found);
        status = status == 0 ? time_batch(&catalog, form, 1000) : status;
        status = status == 0 ? time_batch(&catalog, form, 100000) : status;
    }
    printf("\n");
    memory_extents_release(&catalog.text);
    memory_extents_release(&catalog.table);
    return status;
}

int main(int argc, char **argv)
{
    uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
    int status = count == 0 || count > 8000000 ? AISLE_INVALID : 0;
    for (int form = 0; form < FORM_COUNT && status == 0; form++) {
        status = run((enum form)form, count);
    }
    return status != 0;
}
