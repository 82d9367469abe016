/*
 * test_documents_compress.c - products in and out of zstd: dictionaries, limits, sharing, damage, memory.
 */
#include "base/alloc.h"
#include "documents/documents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SEED UINT64_C(0xc0de)
#define PRODUCTS 2000u
#define PRODUCT_ROOM 600u

static uint64_t random_state;
static char texts[PRODUCTS][PRODUCT_ROOM];
static struct bytes products[PRODUCTS];
static struct buf trained;

static uint64_t next_random(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static const char *pick(const char *const *words, size_t count)
{
    return words[next_random() % count];
}

static int make_products(void **state)
{
    (void)state;
    static const char *const words[] = {"red",    "organic", "running", "shoe",  "tea",   "wireless", "headphones",
                                        "cotton", "classic", "premium", "large", "small", "kitchen",  "garden"};
    static const char *const shops[] = {"grocerycart", "leipzig", "north"};
    random_state = SEED;
    for (size_t i = 0; i < PRODUCTS; i++) {
        /* Drawn one by one: compilers differ in the order of arguments. */
        const char *w[12];
        for (size_t j = 0; j < 12; j++) {
            w[j] = pick(words, sizeof words / sizeof words[0]);
        }
        unsigned number = (unsigned)(next_random() % 100000000u);
        unsigned price = (unsigned)(next_random() % 50000);
        const char *shop = pick(shops, 3);
        int size = snprintf(texts[i], PRODUCT_ROOM,
                            "{\"id\":\"P%08u\",\"title\":\"%s %s %s %s\",\"price\":%u.%02u,"
                            "\"category\":[\"%s\",\"%s\"],\"description\":\"%s %s %s %s %s %s\","
                            "\"currency\":\"GBP\",\"source\":\"%s\"}",
                            number, w[0], w[1], w[2], w[3], price / 100, price % 100, w[4], w[5], w[6], w[7], w[8],
                            w[9], w[10], w[11], shop);
        products[i] = bytes_of(texts[i], (size_t)size);
    }
    buf_init(&trained, LIMIT_DICTIONARY_BYTES);
    return dictionary_train(products, PRODUCTS, 16384, &trained);
}

static int release_products(void **state)
{
    (void)state;
    buf_release(&trained);
    return 0;
}

static struct bytes no_dictionary(void)
{
    return bytes_of(NULL, 0);
}

static void expect_round_trip(struct compressor *compressor, struct decompressor *decompressor, struct bytes product)
{
    struct buf stored;
    struct buf out;
    buf_init(&stored, DOCUMENT_STORED_BYTES_MAX);
    buf_init(&out, LIMIT_PRODUCT_BYTES + 1);
    assert_int_equal(compressor_run(compressor, product, &stored), 0);
    assert_true(stored.size >= 1 && stored.size <= DOCUMENT_STORED_BYTES_MAX);
    buf_put_u8(&out, '!');
    assert_int_equal(decompressor_run(decompressor, buf_bytes(&stored), &out), 0);
    assert_int_equal(out.data[0], '!');
    assert_true(bytes_equal(bytes_of(out.data + 1, out.size - 1), product));
    buf_release(&out);
    buf_release(&stored);
}

static void products_come_back_at_every_level(void **state)
{
    (void)state;
    static const int levels[] = {-20, -5, -1, 0, 1, 2, 3, 9, 19};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        for (int with = 0; with < 2; with++) {
            struct compressor *compressor;
            struct decompressor *decompressor;
            struct bytes dictionary = with ? buf_bytes(&trained) : no_dictionary();
            assert_int_equal(compressor_new(dictionary, levels[i], &compressor), 0);
            assert_int_equal(decompressor_new(dictionary, &decompressor), 0);
            for (size_t j = 0; j < 50; j++) {
                expect_round_trip(compressor, decompressor, products[j]);
            }
            expect_round_trip(compressor, decompressor, no_dictionary());
            expect_round_trip(compressor, decompressor, bytes_of("{", 1));
            compressor_free(compressor);
            decompressor_free(decompressor);
        }
    }
}

static void products_of_every_size_come_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {255,    256,    257,     65791,   65792,  131071,
                                   131072, 131073, 600000u, 1048575, 1048576};
    uint8_t *product = mem_alloc(LIMIT_PRODUCT_BYTES + 1u);
    assert_non_null(product);
    for (int random = 0; random < 2; random++) {
        struct compressor *compressor;
        struct decompressor *decompressor;
        assert_int_equal(compressor_new(buf_bytes(&trained), COMPRESS_LEVEL, &compressor), 0);
        assert_int_equal(decompressor_new(buf_bytes(&trained), &decompressor), 0);
        for (size_t i = 0; i < LIMIT_PRODUCT_BYTES; i++) {
            product[i] = random ? (uint8_t)next_random() : (uint8_t)texts[i % PRODUCTS][i / PRODUCTS % 100];
        }
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            expect_round_trip(compressor, decompressor, bytes_of(product, sizes[i]));
        }
        struct buf out;
        buf_init(&out, 4 * LIMIT_PRODUCT_BYTES);
        assert_int_equal(compressor_run(compressor, bytes_of(product, LIMIT_PRODUCT_BYTES + 1u), &out), AISLE_LIMIT);
        assert_int_equal(out.size, 0);
        buf_release(&out);
        compressor_free(compressor);
        decompressor_free(decompressor);
    }
    mem_free(product);
}

static void a_dictionary_makes_products_small(void **state)
{
    (void)state;
    size_t sizes[2] = {0, 0};
    for (int with = 0; with < 2; with++) {
        struct compressor *compressor;
        struct buf out;
        buf_init(&out, 1u << 22);
        assert_int_equal(compressor_new(with ? buf_bytes(&trained) : no_dictionary(), COMPRESS_LEVEL, &compressor), 0);
        for (size_t i = 0; i < PRODUCTS; i++) {
            assert_int_equal(compressor_run(compressor, products[i], &out), 0);
        }
        sizes[with] = out.size;
        buf_release(&out);
        compressor_free(compressor);
    }
    assert_true(sizes[1] < sizes[0] / 2);
}

static void training_is_deterministic_and_bounded(void **state)
{
    (void)state;
    struct buf again;
    buf_init(&again, LIMIT_DICTIONARY_BYTES);
    assert_true(trained.size > 1000 && trained.size <= 16384);
    buf_put_string(&again, "what was there goes");
    assert_int_equal(dictionary_train(products, PRODUCTS, 16384, &again), 0);
    assert_true(bytes_equal(buf_bytes(&again), buf_bytes(&trained)));
    assert_int_equal(dictionary_train(products, PRODUCTS, 1023, &again), AISLE_INVALID);
    assert_int_equal(again.size, 0);
    assert_int_equal(dictionary_train(products, PRODUCTS, LIMIT_DICTIONARY_BYTES + 1u, &again), AISLE_INVALID);
    buf_release(&again);
}

static void too_few_samples_make_an_empty_dictionary(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, LIMIT_DICTIONARY_BYTES);
    assert_int_equal(dictionary_train(NULL, 0, 16384, &out), 0);
    assert_int_equal(out.size, 0);
    assert_int_equal(dictionary_train(products, 99, 16384, &out), 0);
    assert_int_equal(out.size, 0);
    assert_int_equal(dictionary_train(products, 150, 16384, &out), 0); /* some 40 KB */
    assert_int_equal(out.size, 0);
    struct bytes same[1000];
    for (size_t i = 0; i < 1000; i++) {
        same[i] = bytes_of(texts[0], i % 2 == 0 ? 0 : products[0].size);
    }
    assert_int_equal(dictionary_train(same, 1000, 16384, &out), 0);
    assert_true(out.size <= 16384);
    buf_release(&out);
}

static void more_samples_than_are_used_are_thinned(void **state)
{
    (void)state;
    size_t count = 150000;
    struct bytes *many = mem_calloc(count, sizeof *many);
    struct buf out;
    assert_non_null(many);
    for (size_t i = 0; i < count; i++) {
        many[i] = bytes_of(texts[i % PRODUCTS], 40);
    }
    buf_init(&out, LIMIT_DICTIONARY_BYTES);
    assert_int_equal(dictionary_train(many, count, 4096, &out), 0);
    assert_true(out.size > 0 && out.size <= 4096);
    buf_release(&out);
    mem_free(many);
}

static void bad_arguments_are_refused(void **state)
{
    (void)state;
    struct compressor *compressor = (struct compressor *)1;
    struct decompressor *decompressor = (struct decompressor *)1;
    assert_int_equal(compressor_new(no_dictionary(), 20, &compressor), AISLE_INVALID);
    assert_null(compressor);
    assert_int_equal(compressor_new(no_dictionary(), -21, &compressor), AISLE_INVALID);
    uint8_t *large = mem_calloc(1, LIMIT_DICTIONARY_BYTES + 1u);
    assert_non_null(large);
    assert_int_equal(compressor_new(bytes_of(large, LIMIT_DICTIONARY_BYTES + 1u), 1, &compressor), AISLE_INVALID);
    assert_int_equal(decompressor_new(bytes_of(large, LIMIT_DICTIONARY_BYTES + 1u), &decompressor), AISLE_INVALID);
    assert_null(decompressor);
    mem_free(large);
    compressor_free(NULL);
    decompressor_free(NULL);
}

static void a_damaged_dictionary_is_corrupt(void **state)
{
    (void)state;
    struct compressor *compressor;
    struct decompressor *decompressor;
    struct bytes cut = bytes_of(trained.data, 40);
    assert_int_equal(compressor_new(cut, COMPRESS_LEVEL, &compressor), AISLE_CORRUPT);
    assert_int_equal(decompressor_new(cut, &decompressor), AISLE_CORRUPT);
    assert_null(compressor);
    assert_null(decompressor);
}

static void decompressors_share_a_dictionary_beyond_the_first(void **state)
{
    (void)state;
    struct compressor *compressor;
    struct decompressor *first;
    struct decompressor *second;
    assert_int_equal(compressor_new(buf_bytes(&trained), COMPRESS_LEVEL, &compressor), 0);
    assert_int_equal(decompressor_new(buf_bytes(&trained), &first), 0);
    assert_int_equal(decompressor_new_like(first, &second), 0);
    expect_round_trip(compressor, first, products[0]);
    decompressor_free(first);
    expect_round_trip(compressor, second, products[1]);
    decompressor_free(second);
    compressor_free(compressor);
}

static void damaged_frames_give_a_status_and_leave_out_as_it_was(void **state)
{
    (void)state;
    struct compressor *compressor;
    struct decompressor *decompressor;
    struct buf stored;
    struct buf out;
    assert_int_equal(compressor_new(buf_bytes(&trained), COMPRESS_LEVEL, &compressor), 0);
    assert_int_equal(decompressor_new(buf_bytes(&trained), &decompressor), 0);
    buf_init(&stored, DOCUMENT_STORED_BYTES_MAX);
    buf_init(&out, LIMIT_PRODUCT_BYTES);
    for (size_t i = 0; i < 20; i++) {
        buf_clear(&stored);
        assert_int_equal(compressor_run(compressor, products[i], &stored), 0);
        for (size_t bit = 0; bit < stored.size * 8; bit++) {
            stored.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            int status = decompressor_run(decompressor, buf_bytes(&stored), &out);
            assert_true(status == AISLE_CORRUPT ? out.size == 0 : status == 0);
            buf_clear(&out);
            stored.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        }
        for (size_t size = 0; size < stored.size; size++) {
            assert_int_equal(decompressor_run(decompressor, bytes_of(stored.data, size), &out), AISLE_CORRUPT);
            assert_int_equal(out.size, 0);
        }
        buf_put_u8(&stored, 0);
        assert_int_equal(decompressor_run(decompressor, buf_bytes(&stored), &out), AISLE_CORRUPT);
        expect_round_trip(compressor, decompressor, products[i]);
    }
    buf_release(&stored);
    buf_release(&out);
    compressor_free(compressor);
    decompressor_free(decompressor);
}

static void a_frame_that_claims_too_much_is_corrupt(void **state)
{
    (void)state;
    /* Single segment with a content size of 4 bytes: 1 MiB and 1; then an empty last block. */
    static const uint8_t frame[] = {0xa0, 0x01, 0x00, 0x10, 0x00, 0x01, 0x00, 0x00};
    struct decompressor *decompressor;
    struct buf out;
    buf_init(&out, 8u << 20);
    assert_int_equal(decompressor_new(no_dictionary(), &decompressor), 0);
    assert_int_equal(decompressor_run(decompressor, bytes_of(frame, sizeof frame), &out), AISLE_CORRUPT);
    assert_null(out.data);
    buf_release(&out);
    decompressor_free(decompressor);
}

static void a_full_buffer_is_its_own_status(void **state)
{
    (void)state;
    struct compressor *compressor;
    struct decompressor *decompressor;
    struct buf stored;
    struct buf small;
    assert_int_equal(compressor_new(no_dictionary(), COMPRESS_LEVEL, &compressor), 0);
    assert_int_equal(decompressor_new(no_dictionary(), &decompressor), 0);
    buf_init(&stored, DOCUMENT_STORED_BYTES_MAX);
    buf_init(&small, 100);
    assert_int_equal(compressor_run(compressor, products[0], &small), AISLE_LIMIT);
    assert_int_equal(compressor_run(compressor, products[0], &stored), 0);
    buf_clear(&small);
    assert_int_equal(decompressor_run(decompressor, buf_bytes(&stored), &small), AISLE_LIMIT);
    buf_release(&stored);
    buf_release(&small);
    compressor_free(compressor);
    decompressor_free(decompressor);
}

static void warm_contexts_allocate_nothing(void **state)
{
    (void)state;
    struct compressor *compressor;
    struct decompressor *decompressor;
    struct buf stored;
    struct buf out;
    uint8_t *longer = mem_calloc(1, 20000);
    assert_non_null(longer);
    assert_int_equal(compressor_new(buf_bytes(&trained), COMPRESS_LEVEL, &compressor), 0);
    assert_int_equal(decompressor_new(buf_bytes(&trained), &decompressor), 0);
    buf_init(&stored, DOCUMENT_STORED_BYTES_MAX);
    buf_init(&out, LIMIT_PRODUCT_BYTES);
    /* The buffers of the test itself must not grow either. */
    assert_non_null(buf_extend(&stored, 30000));
    assert_non_null(buf_extend(&out, 30000));
    unsigned long before = 0;
    for (size_t i = 0; i < PRODUCTS; i++) {
        /* Some longer ones, farther apart than zstd keeps memory for. */
        struct bytes product = i % 400 == 0 ? bytes_of(longer, 20000 - i) : products[i];
        buf_clear(&stored);
        buf_clear(&out);
        assert_int_equal(compressor_run(compressor, product, &stored), 0);
        assert_int_equal(decompressor_run(decompressor, buf_bytes(&stored), &out), 0);
        before = i == 0 ? alloc_calls() : before;
    }
    assert_int_equal(alloc_calls(), before);
    buf_release(&stored);
    buf_release(&out);
    mem_free(longer);
    compressor_free(compressor);
    decompressor_free(decompressor);
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    int status = AISLE_NO_MEMORY;
    for (unsigned long n = 1; status != 0; n++) {
        struct compressor *compressor = NULL;
        struct decompressor *decompressor = NULL;
        struct decompressor *twin = NULL;
        struct buf stored;
        struct buf out;
        assert_true(n < 100);
        buf_init(&stored, DOCUMENT_STORED_BYTES_MAX);
        buf_init(&out, LIMIT_PRODUCT_BYTES);
        alloc_fail_at(n, 0);
        status = compressor_new(buf_bytes(&trained), COMPRESS_LEVEL, &compressor);
        if (status == 0) {
            status = compressor_run(compressor, products[0], &stored);
        }
        if (status == 0) {
            status = decompressor_new(buf_bytes(&trained), &decompressor);
        }
        if (status == 0) {
            status = decompressor_new_like(decompressor, &twin);
        }
        if (status == 0) {
            status = decompressor_run(twin, buf_bytes(&stored), &out);
        }
        alloc_fail_at(0, 0);
        assert_true(status == 0 || status == AISLE_NO_MEMORY);
        compressor_free(compressor);
        decompressor_free(decompressor);
        decompressor_free(twin);
        buf_release(&stored);
        buf_release(&out);
    }
}

/* Dictionaries of any bytes need no digesting, so that only memory can fail. */
static void memory_may_fail_with_dictionaries_of_any_bytes(void **state)
{
    (void)state;
    static const char text[] = "brown shoes of leather";
    const size_t sizes[] = {4, sizeof text};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct decompressor *decompressor;
        unsigned long failed = 0;
        int status = AISLE_NO_MEMORY;
        while (status == AISLE_NO_MEMORY) {
            alloc_fail_at(++failed, 0);
            status = decompressor_new(bytes_of(text, sizes[i]), &decompressor);
            alloc_fail_at(0, 0);
            assert_true((decompressor == NULL) == (status != 0));
        }
        assert_int_equal(status, 0);
        assert_true(failed > 3);
        assert_true(decompressor_bytes(decompressor) > sizes[i]);
        decompressor_free(decompressor);
    }
}

/* At the highest level zstd needs more than is kept for it between products. */
static void the_largest_product_comes_back_at_the_highest_level(void **state)
{
    (void)state;
    struct compressor *compressor;
    struct decompressor *decompressor;
    uint8_t *product = mem_alloc(LIMIT_PRODUCT_BYTES);
    assert_non_null(product);
    for (size_t i = 0; i < LIMIT_PRODUCT_BYTES; i++) {
        product[i] = (uint8_t)texts[i / 200 % PRODUCTS][i % 200];
    }
    assert_int_equal(compressor_new(no_dictionary(), 19, &compressor), 0);
    assert_int_equal(decompressor_new(no_dictionary(), &decompressor), 0);
    expect_round_trip(compressor, decompressor, bytes_of(product, LIMIT_PRODUCT_BYTES));
    expect_round_trip(compressor, decompressor, products[0]);
    compressor_free(compressor);
    decompressor_free(decompressor);
    mem_free(product);
}

static void a_frame_longer_than_any_product_is_corrupt(void **state)
{
    (void)state;
    struct decompressor *decompressor;
    struct buf out;
    uint8_t *stored = mem_calloc(1, DOCUMENT_STORED_BYTES_MAX + 1u);
    assert_non_null(stored);
    buf_init(&out, LIMIT_PRODUCT_BYTES);
    assert_int_equal(decompressor_new(no_dictionary(), &decompressor), 0);
    assert_int_equal(decompressor_run(decompressor, bytes_of(stored, DOCUMENT_STORED_BYTES_MAX + 1u), &out),
                     AISLE_CORRUPT);
    assert_null(out.data);
    decompressor_free(decompressor);
    mem_free(stored);
}

static void training_needs_memory_and_room(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1024);
    assert_int_equal(dictionary_train(products, PRODUCTS, 2048, &out), AISLE_LIMIT);
    buf_release(&out);
    buf_init(&out, LIMIT_DICTIONARY_BYTES);
    for (unsigned long n = 1; n <= 3; n++) {
        alloc_fail_at(n, 0);
        assert_int_equal(dictionary_train(products, PRODUCTS, 16384, &out), AISLE_NO_MEMORY);
        assert_int_equal(out.size, 0);
        buf_release(&out);
        buf_init(&out, LIMIT_DICTIONARY_BYTES);
    }
    alloc_fail_at(0, 0);
    buf_release(&out);
}

/* Every second sample is taken, and those are the long ones: not all of them fit. */
static void samples_that_do_not_fit_are_left_out(void **state)
{
    (void)state;
    const size_t long_bytes = COMPRESS_SAMPLE_BYTES_MAX / 60;
    struct bytes samples[200];
    struct buf out;
    uint8_t *text = mem_alloc(long_bytes);
    assert_non_null(text);
    for (size_t i = 0; i < long_bytes; i++) {
        text[i] = (uint8_t)texts[i / 300 % PRODUCTS][i % 100];
    }
    for (size_t i = 0; i < 200; i++) {
        samples[i] = bytes_of(text, i % 2 == 0 ? long_bytes : 1);
    }
    buf_init(&out, LIMIT_DICTIONARY_BYTES);
    assert_int_equal(dictionary_train(samples, 200, 4096, &out), 0);
    buf_release(&out);
    mem_free(text);
}

int main(void)
{
    printf("seed %#llx\n", (unsigned long long)SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_come_back_at_every_level),
        cmocka_unit_test(products_of_every_size_come_back),
        cmocka_unit_test(a_dictionary_makes_products_small),
        cmocka_unit_test(training_is_deterministic_and_bounded),
        cmocka_unit_test(too_few_samples_make_an_empty_dictionary),
        cmocka_unit_test(more_samples_than_are_used_are_thinned),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(a_damaged_dictionary_is_corrupt),
        cmocka_unit_test(decompressors_share_a_dictionary_beyond_the_first),
        cmocka_unit_test(damaged_frames_give_a_status_and_leave_out_as_it_was),
        cmocka_unit_test(a_frame_that_claims_too_much_is_corrupt),
        cmocka_unit_test(a_full_buffer_is_its_own_status),
        cmocka_unit_test(warm_contexts_allocate_nothing),
        cmocka_unit_test(memory_may_fail_anywhere),
        cmocka_unit_test(memory_may_fail_with_dictionaries_of_any_bytes),
        cmocka_unit_test(the_largest_product_comes_back_at_the_highest_level),
        cmocka_unit_test(a_frame_longer_than_any_product_is_corrupt),
        cmocka_unit_test(training_needs_memory_and_room),
        cmocka_unit_test(samples_that_do_not_fit_are_left_out),
    };
    return cmocka_run_group_tests(tests, make_products, release_products);
}
