/*
 * test_segment_recent.c - states had from older ones by the pages that have changed: equal to those read whole.
 */
#include "segment_fixture.h"

#define DOCUMENTS (PAGE_BITS_DOCUMENTS * 3 + 77)
#define GENERATIONS 60u
#define PAGES 12u

static uint64_t random_number = 1;

static uint32_t random_below(uint32_t n)
{
    random_number = random_number * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_number >> 33) % n);
}

/* What the writer has of segment 5: dead bits. */
static uint64_t dead[4][PAGE_BITS_WORDS];

static void change_page(struct storage_txn *txn, struct segment_info *info, struct recent_pages *recent)
{
    static const size_t sizes[] = {1, 700, 2040, 2044, 2048, 3000, 8000};
    static uint8_t content[8000];
    uint32_t page = random_below(PAGES);
    uint8_t kind = random_below(3) == 0 ? PAGE_DEAD : (uint8_t)(PAGE_COLUMN + random_below(2));
    if (kind == PAGE_DEAD) {
        page %= 4;
        uint32_t bit = random_below(page == 3 ? 77 : PAGE_BITS_DOCUMENTS);
        info->dead += bitset_get(dead[page], bit) ? 0 : 1;
        bitset_set(dead[page], bit);
        assert_int_equal(segment_page_put(txn, 5, kind, page, bytes_of(dead[page], sizeof dead[page])), 0);
    } else {
        size_t size = sizes[random_below(7)];
        memset(content, (int)random_below(250), size);
        assert_int_equal(segment_page_put(txn, 5, kind, page, bytes_of(content, size)), 0);
    }
    recent_pages_add(recent, 5, kind, page);
}

/* One generation: changes of segment 5, and some of a neighbour. */
static void commit_generation(struct storage *storage, uint64_t generation, struct segment_info *info)
{
    struct recent_pages recent = {.pages = NULL};
    struct storage_txn *txn = begin_write(storage);
    for (uint32_t i = random_below(6); i > 0; i--) {
        change_page(txn, info, &recent);
    }
    assert_int_equal(segment_page_put(txn, 6, PAGE_COLUMN, 0, bytes_of(&generation, sizeof generation)), 0);
    recent_pages_add(&recent, 6, PAGE_COLUMN, 0);
    assert_int_equal(recent_pages_store(txn, generation, &recent), 0);
    assert_int_equal(storage_commit(txn, &error), 0);
    recent_pages_release(&recent);
}

static void assert_same(const struct segment_state *a, const struct segment_state *b)
{
    assert_int_equal(a->dead_count, b->dead_count);
    assert_int_equal(a->overlay_count, b->overlay_count);
    for (uint32_t i = 0; i < DOCUMENTS; i++) {
        assert_int_equal(segment_state_alive(a, i), segment_state_alive(b, i));
    }
    for (size_t i = 0; i < a->overlay_count; i++) {
        assert_int_equal(a->overlays[i].kind, b->overlays[i].kind);
        assert_int_equal(a->overlays[i].page, b->overlays[i].page);
        struct bytes content = segment_state_overlay(a, a->overlays[i].kind, a->overlays[i].page);
        assert_true(bytes_equal(content, b->overlays[i].content));
    }
}

/* Behind some of the generations; the pages of segment 5 come first. */
static struct segment_state *follow(struct storage_txn *txn, const struct segment_info *info, uint64_t from,
                                    uint64_t to, struct segment_state *before)
{
    struct recent_pages recent;
    struct segment_state *after = NULL;
    struct segment_changes changes = {.count = 0};
    assert_int_equal(recent_pages_load(txn, from, to, &recent), 0);
    changes.pages = recent.pages;
    changes.documents = recent.documents;
    while (changes.count < recent.count && recent.pages[changes.count].segment == 5) {
        changes.count++;
    }
    assert_int_equal(segment_state_update(txn, info, before, &changes, &after), 0);
    assert_true((changes.count == 0) == (after == before));
    recent_pages_release(&recent);
    return after;
}

static void a_state_that_follows_changes_equals_one_that_is_read(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct segment_info info = {.id = 5, .documents = DOCUMENTS};
    struct segment_state *kept = NULL;
    uint64_t kept_of = 1;
    commit_generation(storage, 1, &info);
    for (uint64_t generation = 2; generation <= GENERATIONS; generation++) {
        struct storage_txn *txn = begin_read(storage);
        if (kept == NULL) {
            assert_int_equal(segment_state_new(txn, &info, &kept, &error), 0);
        }
        storage_read_end(txn);
        commit_generation(storage, generation, &info);
        if (random_below(3) == 0) {
            continue; /* nobody looks at this one */
        }
        struct segment_state whole;
        txn = begin_read(storage);
        struct segment_state *next = follow(txn, &info, kept_of, generation, kept);
        segment_state_drop(kept);
        assert_int_equal(segment_state_load(txn, &info, &whole, &error), 0);
        struct segment_state seen;
        segment_state_view(next, txn, &seen);
        if (random_below(2) == 0) { /* some of its pages before */
            for (size_t i = 0; i < seen.overlay_count; i += 1 + random_below(3)) {
                struct bytes content = random_below(2) == 0 ? segment_state_peek(&seen, i)
                                                            : segment_state_overlay(&seen, seen.overlays[i].kind,
                                                                                    seen.overlays[i].page);
                assert_true(bytes_equal(content, whole.overlays[i].content));
            }
        } else {
            assert_same(&seen, &whole);
        }
        segment_state_release(&whole);
        storage_read_end(txn);
        kept = next;
        kept_of = generation;
    }
    segment_state_drop(kept);
    storage_close(storage);
}

static void what_is_not_known_is_said_to_be_unknown(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct recent_pages many = {.pages = NULL};
    struct recent_pages found;
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(recent_pages_load(txn, 0, 1, &found), AISLE_END); /* never told */
    assert_int_equal(recent_pages_store(txn, 1, NULL), 0);
    assert_int_equal(recent_pages_store(txn, 2, NULL), 0);
    assert_int_equal(recent_pages_load(txn, 0, 2, &found), 0);
    assert_int_equal(found.count, 0);
    assert_int_equal(recent_pages_load(txn, 2, 3, &found), AISLE_END); /* not yet */
    assert_int_equal(recent_pages_store(txn, 4, NULL), 0);
    assert_int_equal(recent_pages_load(txn, 2, 4, &found), AISLE_END); /* one is missing */
    assert_int_equal(recent_pages_load(txn, 3, 4, &found), 0);
    recent_pages_release(&found);
    for (uint32_t i = 0; i < 9000; i++) {
        recent_pages_add(&many, 7, PAGE_COLUMN, i);
    }
    assert_int_equal(recent_pages_store(txn, 5, &many), 0); /* the newest may be large ... */
    assert_int_equal(recent_pages_load(txn, 4, 5, &found), 0);
    assert_int_equal(found.count, 9000);
    recent_pages_release(&found);
    uint64_t generation = 6;
    for (; generation < 13; generation++) { /* ... and stays for a while, as a merge may come behind it ... */
        assert_int_equal(recent_pages_store(txn, generation, NULL), 0);
        assert_int_equal(recent_pages_load(txn, 4, generation, &found), 0);
        assert_int_equal(found.count, 9000);
        recent_pages_release(&found);
    }
    assert_int_equal(recent_pages_store(txn, generation, NULL), 0); /* ... but not for long */
    assert_int_equal(recent_pages_load(txn, 4, generation, &found), AISLE_END);
    assert_int_equal(recent_pages_load(txn, 5, generation, &found), 0);
    recent_pages_release(&found);
    for (uint32_t i = 9000; i < 300000; i++) {
        recent_pages_add(&many, 7, PAGE_COLUMN, i);
    }
    assert_int_equal(recent_pages_store(txn, ++generation, &many), 0);
    assert_int_equal(recent_pages_load(txn, generation - 1, generation, &found), 0);
    recent_pages_release(&found);
    assert_int_equal(recent_pages_store(txn, ++generation, NULL), 0); /* one as large as that goes first */
    assert_int_equal(recent_pages_load(txn, generation - 2, generation, &found), AISLE_END);
    assert_int_equal(recent_pages_load(txn, generation - 1, generation, &found), 0);
    recent_pages_release(&found);
    for (uint32_t i = 0; i < 600000; i++) {
        recent_pages_add(&many, 7, PAGE_COLUMN, i);
    }
    assert_int_equal(recent_pages_store(txn, generation + 1, &many), 0);
    assert_int_equal(recent_pages_load(txn, generation, generation + 1, &found), AISLE_END); /* too many to be told */
    recent_pages_release(&many);
    storage_abort(txn);
    storage_close(storage);
}

/*
 * Documents of a page are those of all generations, unless one of them does not tell, and their values what they were
 * before the first and are behind the last.
 */
static void documents_of_generations_are_united(void **state)
{
    (void)state;
    static const struct segment_change changed[2][3] = {{{COLUMN_MISSING, 10, 0}, {-3, 4, 5}, {7, INT64_MAX, 1023}},
                                                        {{4, COLUMN_MISSING, 5}, {0, -1, 6}, {1, 2, 7}}};
    static const struct segment_change both[] = {{COLUMN_MISSING, 10, 0},
                                                 {-3, COLUMN_MISSING, 5},
                                                 {0, -1, 6},
                                                 {1, 2, 7},
                                                 {7, INT64_MAX, 1023}};
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *txn = begin_write(storage);
    struct recent_pages found;
    for (uint64_t generation = 1; generation <= 3; generation++) {
        struct recent_pages some = {.pages = NULL};
        recent_pages_add(&some, 8, PAGE_DEAD, 2);
        recent_pages_add(&some, 7, PAGE_PATCHED, 1);
        recent_pages_add(&some, 7, PAGE_COLUMN, 4);
        for (size_t i = 0; i < 3 && generation < 3; i++) {
            recent_pages_add_document(&some, &changed[generation - 1][i]);
        }
        recent_pages_add(&some, 7, PAGE_COLUMN, (uint32_t)generation - 1);
        assert_int_equal(recent_pages_store(txn, generation, &some), 0);
        recent_pages_release(&some);
    }
    assert_int_equal(recent_pages_load(txn, 0, 2, &found), 0);
    assert_int_equal(found.count, 5);
    assert_int_equal(found.pages[2].page, 4);
    assert_int_equal(found.pages[2].document_count, 5);
    for (size_t i = 0; i < 5; i++) {
        const struct segment_change *change = &found.documents[found.pages[2].documents + i];
        assert_int_equal(change->document, both[i].document);
        assert_true(change->before == both[i].before && change->after == both[i].after);
    }
    assert_int_equal(found.pages[3].kind, PAGE_PATCHED);
    assert_int_equal(found.pages[4].segment, 8);
    recent_pages_release(&found);
    assert_int_equal(recent_pages_load(txn, 1, 3, &found), 0);
    assert_int_equal(found.pages[2].page, 4);
    assert_int_equal(found.pages[2].document_count, 0); /* the third does not tell */
    recent_pages_release(&found);
    storage_abort(txn);
    storage_close(storage);
}

static void damaged_records_are_unknown(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct recent_pages some = {.pages = NULL};
    struct recent_pages found;
    struct bytes stored;
    uint8_t copy[400];
    struct storage_txn *txn = begin_write(storage);
    recent_pages_add(&some, 7, PAGE_COLUMN, 1);
    assert_int_equal(recent_pages_store(txn, 1, &some), 0);
    assert_int_equal(recent_pages_store(txn, 2, &some), 0);
    assert_int_equal(storage_get(txn, TABLE_META, bytes_of_string("changed"), &stored), 0);
    size_t size = stored.size;
    memcpy(copy, stored.data, size);
    for (size_t cut = 1; cut < size; cut++) {
        assert_int_equal(storage_put(txn, TABLE_META, bytes_of_string("changed"), bytes_of(copy, cut)), 0);
        assert_int_equal(recent_pages_load(txn, 0, 2, &found), AISLE_END);
        assert_int_equal(recent_pages_decode(bytes_of(copy + 4, cut < 4 ? 0 : cut - 4), 0, 2, &found), AISLE_END);
    }
    for (size_t bit = 0; bit < size * 8; bit++) { /* numbers of pages, too, which look as good as others */
        copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_int_equal(storage_put(txn, TABLE_META, bytes_of_string("changed"), bytes_of(copy, size)), 0);
        assert_int_equal(recent_pages_load(txn, 0, 2, &found), AISLE_END);
        copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    copy[size - 1] ^= 1;
    assert_int_equal(storage_put(txn, TABLE_META, bytes_of_string("changed"), bytes_of(copy, size)), 0);
    assert_int_equal(recent_pages_store(txn, 3, &some), 0); /* what comes behind it does not carry it along */
    assert_int_equal(recent_pages_load(txn, 1, 3, &found), AISLE_END);
    assert_int_equal(recent_pages_load(txn, 2, 3, &found), 0);
    assert_int_equal(found.count, 1);
    recent_pages_release(&found);
    recent_pages_release(&some);
    storage_abort(txn);
    storage_close(storage);
}

int main(void)
{
#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)
    const struct CMUnitTest tests[] = {
        RUN_TEST(a_state_that_follows_changes_equals_one_that_is_read),
        RUN_TEST(what_is_not_known_is_said_to_be_unknown),
        RUN_TEST(documents_of_generations_are_united),
        RUN_TEST(damaged_records_are_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
