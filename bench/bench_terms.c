/*
 * bench_terms.c - size and speed of a dictionary of synthetic product terms: words, and model numbers like wh1000xm4.
 *
 * Usage: bench_terms [terms]; 1,000,000 by default. Prints bytes a term, and ns for find (hit, miss), next and seek.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "terms/terms.h"

#include <stdio.h>

#define SEED UINT64_C(42)

struct component {
    uint8_t **extents;
    struct extent_view view;
    _Atomic uint64_t *verified;
};

struct term {
    uint8_t size;
    uint8_t text[31];
};

static uint64_t random_state = SEED;

static uint64_t next_random(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Extents stand as LMDB puts them: 16 bytes into a page. */
static int collect(void *context, uint32_t index, struct bytes extent)
{
    struct component *component = context;
    uint8_t **extents = mem_realloc(component->extents, (index + 1) * sizeof *extents);
    uint8_t *page = aligned_alloc(EXTENT_PAGE_BYTES, extent.size + 16);
    if (extents == NULL || page == NULL) {
        return AISLE_NO_MEMORY;
    }
    memcpy(page + 16, extent.data, extent.size);
    extents[index] = page + 16;
    component->extents = extents;
    component->view.extent_count = index + 1;
    return 0;
}

static int view_component(struct component *component, struct extent_writer *writer)
{
    int status = extent_writer_finish(writer, &component->view.size);
    extent_writer_release(writer);
    component->view.extents = (const uint8_t *const *)component->extents;
    component->verified = mem_calloc(component->view.extent_count + 1, sizeof *component->verified);
    component->view.verified = component->verified;
    return component->verified == NULL ? AISLE_NO_MEMORY : status;
}

static void put_syllables(struct term *term, uint64_t count)
{
    static const char consonants[] = "bcdfghklmnprstvw";
    static const char vowels[] = "aeio";
    for (uint64_t i = 0; i < count; i++) {
        uint64_t r = next_random();
        term->text[term->size++] = (uint8_t)consonants[r % 16];
        term->text[term->size++] = (uint8_t)vowels[(r >> 8) % 4];
        if ((r >> 16) % 3 == 0) {
            term->text[term->size++] = (uint8_t)consonants[(r >> 24) % 16];
        }
    }
}

static void make_term(struct term *term)
{
    uint64_t r = next_random();
    term->size = 0;
    if (r % 10 < 4) {
        put_syllables(term, 2 + (r >> 8) % 3);
    } else {
        char number[24];
        put_syllables(term, 1);
        int size = snprintf(number, sizeof number, "%u", (unsigned)((r >> 16) % ((r >> 8) % 2 == 0 ? 10000 : 1000000)));
        memcpy(term->text + term->size, number, (size_t)size);
        term->size = (uint8_t)(term->size + size);
        if ((r >> 40) % 2 == 0) {
            put_syllables(term, 1);
        }
    }
}

static int compare_terms(const void *a, const void *b)
{
    const struct term *x = a;
    const struct term *y = b;
    return bytes_compare(bytes_of(x->text, x->size), bytes_of(y->text, y->size));
}

static size_t make_terms(struct term *terms, size_t wanted)
{
    for (size_t i = 0; i < wanted; i++) {
        make_term(&terms[i]);
    }
    qsort(terms, wanted, sizeof *terms, compare_terms);
    size_t count = 0;
    for (size_t i = 0; i < wanted; i++) {
        if (count == 0 || compare_terms(&terms[count - 1], &terms[i]) != 0) {
            terms[count++] = terms[i];
        }
    }
    return count;
}

static int build(const struct term *terms, size_t count, struct component *blocks, struct component *index,
                 size_t *value_bytes)
{
    struct extent_writer block_stream;
    struct extent_writer index_stream;
    struct terms_writer writer;
    if (extent_writer_init(&block_stream, collect, blocks) != 0 ||
        extent_writer_init(&index_stream, collect, index) != 0 ||
        terms_writer_init(&writer, &block_stream, &index_stream) != 0) {
        return AISLE_NO_MEMORY;
    }
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i++) {
        uint8_t value[VARINT_BYTES_MAX * 2];
        size_t size = varint_store(value, 1 + next_random() % 4);
        size += varint_store(value + size, i * 20);
        *value_bytes += size;
        status = terms_writer_add(&writer, bytes_of(terms[i].text, terms[i].size), bytes_of(value, size));
    }
    status = status != 0 ? status : terms_writer_finish(&writer);
    terms_writer_release(&writer);
    status = status != 0 ? status : view_component(blocks, &block_stream);
    return status != 0 ? status : view_component(index, &index_stream);
}

static double time_finds(const struct terms_reader *reader, const struct term *terms, size_t count, size_t *found)
{
    uint64_t start = clock_monotonic_ns();
    *found = 0;
    for (size_t i = 0; i < count; i++) {
        struct bytes value;
        *found += terms_find(reader, bytes_of(terms[i].text, terms[i].size), &value) == 0;
    }
    return (double)(clock_monotonic_ns() - start) / (double)count;
}

static void time_walk(const struct terms_reader *reader)
{
    struct terms_cursor cursor;
    size_t walked = 0;
    uint64_t start = clock_monotonic_ns();
    for (int s = terms_cursor_seek(&cursor, reader, bytes_of(NULL, 0)); s == 0; s = terms_cursor_next(&cursor)) {
        walked++;
    }
    printf("next        %.1f ns\n", (double)(clock_monotonic_ns() - start) / (double)walked);
}

static void time_seeks(const struct terms_reader *reader, const struct term *terms, size_t count)
{
    size_t reached = 0;
    uint64_t start = clock_monotonic_ns();
    for (size_t i = 0; i < count; i++) {
        struct terms_cursor cursor;
        reached += terms_cursor_seek(&cursor, reader, bytes_of(terms[i].text, terms[i].size)) == 0;
    }
    printf("seek        %.1f ns (%zu reached)\n", (double)(clock_monotonic_ns() - start) / (double)count, reached);
}

int main(int argc, char **argv)
{
    size_t wanted = argc > 1 ? (size_t)strtoull(argv[1], NULL, 10) : 1000000;
    size_t queries = 1000000;
    struct component blocks = {0};
    struct component index = {0};
    struct terms_reader reader;
    struct term *terms = mem_calloc(wanted, sizeof *terms);
    struct term *hits = mem_calloc(queries, sizeof *hits);
    struct term *misses = mem_calloc(queries, sizeof *misses);
    if (wanted == 0 || terms == NULL || hits == NULL || misses == NULL) {
        fprintf(stderr, "cannot make %zu terms\n", wanted);
        return 1;
    }
    size_t count = make_terms(terms, wanted);
    size_t term_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        term_bytes += terms[i].size;
    }
    for (size_t i = 0; i < queries; i++) {
        hits[i] = terms[next_random() % count];
        misses[i] = hits[i];
        misses[i].text[misses[i].size++] = '!';
    }
    size_t value_bytes = 0;
    uint64_t start = clock_monotonic_ns();
    if (build(terms, count, &blocks, &index, &value_bytes) != 0 ||
        terms_open(&reader, &blocks.view, &index.view) != 0) {
        fprintf(stderr, "cannot build the dictionary\n");
        return 1;
    }
    double n = (double)count;
    printf("terms       %zu of %.2f bytes, values of %.2f bytes\n", count, (double)term_bytes / n,
           (double)value_bytes / n);
    printf("build       %.1f ns a term\n", (double)(clock_monotonic_ns() - start) / n);
    printf("TERMS       %.2f bytes a term, INDEX %.2f, both without values %.2f\n", (double)blocks.view.size / n,
           (double)index.view.size / n, (double)(blocks.view.size + index.view.size - value_bytes) / n);
    start = clock_monotonic_ns();
    int status = terms_check(&reader, NULL);
    printf("check       %.1f ns a term, status %d\n", (double)(clock_monotonic_ns() - start) / n, status);
    for (int round = 0; round < 2; round++) {
        size_t found = 0;
        double ns = time_finds(&reader, hits, queries, &found);
        printf("find, hit   %.1f ns (%zu found)\n", ns, found);
        ns = time_finds(&reader, misses, queries, &found);
        printf("find, miss  %.1f ns (%zu found)\n", ns, found);
    }
    time_walk(&reader);
    time_seeks(&reader, hits, queries);
    return status != 0;
}
