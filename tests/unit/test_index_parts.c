/*
 * test_index_parts.c - the lexicon of a catalog through a random life: puts, replacements, deletes, patches, commits,
 * compactions, reopening, backups and shrinking, with one thread and with several.
 *
 *     test_index_parts                    a few seconds
 *     test_index_parts STEPS [SEED]       a campaign: 20000
 *
 * After each commit every word of every live product is in the lexicon of the product's shard, no word is in two parts
 * of a shard, and all parts pass their check. Without stemming, the lexicon after a compaction is that of a catalog
 * that never had anything but the live products.
 */
#include "index_fixture.h"

#include "base/alloc.h"
#include "index/catalog.h"
#include "index/parts_lexicon.h"
#include "support/random_words.h"

#define PRODUCTS 400u
#define WORDS_MAX 12u

static uint32_t steps = 100;
static uint64_t first_seed = 1;

struct item {
    bool live;
    char title[WORDS_MAX * 40];
};

struct life {
    struct random_words random;
    aisle *catalog;
    aisle_writer *writer;
    struct item now[PRODUCTS];       /* what the writer has been told */
    struct item committed[PRODUCTS]; /* what readers see */
    aisle_options options;
    const char *name;
};

static const char schema_format[] =
    "{\"version\":1,\"id\":\"id\",\"language\":\"%s\",\"fields\":{\"title\":{\"type\":\"text\"},"
    "\"price\":{\"type\":\"double\"}}}";

static void create(const char *name, const char *language, uint32_t shards)
{
    char schema[512];
    aisle_create_options options = {.size = sizeof options, .shards = shards};
    snprintf(schema, sizeof schema, schema_format, language);
    assert_done(aisle_create(path_of(name), schema, &options, &error));
}

static void open_life(struct life *life)
{
    assert_done(aisle_open(path_of(life->name), &life->options, &life->catalog, &error));
    assert_done(aisle_begin(life->catalog, &life->writer, &error));
}

static void close_life(struct life *life)
{
    aisle_writer_free(life->writer);
    aisle_close(life->catalog);
    memcpy(life->now, life->committed, sizeof life->now);
}

/* ---- what is there and what must be ---- */

static int note_word(void *context, struct bytes word, bool *keep)
{
    struct lexicon_set *set = context;
    *keep = true;
    return lexicon_set_add(set, word);
}

/* The words of one shard; its parts are checked. Returns how many they have together. */
static uint64_t read_shard(aisle *catalog, uint32_t shard, struct lexicon_set *out)
{
    uint64_t words = 0;
    struct shard_snapshot snapshot;
    struct arena arena;
    struct lexicon lexicon;
    *out = (struct lexicon_set){.bytes = NULL};
    arena_init(&arena, 1u << 20);
    assert_done(shard_begin(&catalog->shards[shard], &snapshot, &error));
    assert_int_equal(parts_lexicon_gather(&snapshot, 1, &arena, &lexicon), 0);
    for (size_t i = 0; i < lexicon.count; i++) {
        assert_done(lexicon_check(lexicon.parts[i], &error));
        assert_int_equal(lexicon_visit(lexicon.parts[i], note_word, out), 0);
        words += lexicon_words(lexicon.parts[i]);
    }
    assert_true(lexicon.count <= 8);
    shard_end(&snapshot);
    arena_release(&arena);
    return words;
}

/* Calls for each word of a title. */
static void each_word(const char *title, uint8_t language, void (*call)(void *context, struct bytes word),
                      void *context)
{
    struct analyser *analyser = NULL;
    struct token_list list;
    assert_int_equal(analyser_new(&analyser), 0);
    assert_int_equal(analyser_run(analyser, bytes_of_string(title), language, &list), 0);
    for (size_t i = 0; i < list.count; i++) {
        call(context, list.tokens[i].folded);
    }
    analyser_free(analyser);
}

static void expect_word(void *context, struct bytes word)
{
    struct lexicon_set *sets = context;
    bool found = false;
    for (uint32_t i = 0; i < LIMIT_SHARDS; i++) {
        found = found || lexicon_set_has(&sets[i], word);
    }
    if (!found) {
        print_error("the lexicon lacks %.*s\n", (int)word.size, (const char *)word.data);
    }
    assert_true(found);
}

static void expect_all_words(struct life *life, uint8_t language)
{
    static struct lexicon_set sets[LIMIT_SHARDS];
    for (uint32_t i = 0; i < life->catalog->shard_count; i++) {
        uint64_t words = read_shard(life->catalog, i, &sets[i]);
        assert_int_equal(words, sets[i].count); /* small commits add only what is new */
    }
    for (uint32_t i = 0; i < PRODUCTS; i++) {
        if (life->committed[i].live) {
            each_word(life->committed[i].title, language, expect_word, sets);
        }
    }
    for (uint32_t i = 0; i < life->catalog->shard_count; i++) {
        lexicon_set_release(&sets[i]);
    }
}

/* ---- steps ---- */

static void make_title(struct life *life, char *title)
{
    uint8_t text[RANDOM_WORD_BYTES_MAX];
    size_t size = 0;
    uint32_t words = 1 + random_below(&life->random, WORDS_MAX - 1);
    for (uint32_t i = 0; i < words; i++) {
        static const char joints[] = "    -. ";
        struct bytes word = utf8_cut(random_word(&life->random, text), 36);
        memcpy(title + size, word.data, word.size);
        size += word.size;
        title[size++] = joints[random_below(&life->random, sizeof joints - 1)];
    }
    title[size] = 0;
}

static void put_item(struct life *life, uint32_t i)
{
    char json[1024];
    make_title(life, life->now[i].title);
    life->now[i].live = true;
    snprintf(json, sizeof json, "{\"id\":\"P%u\",\"title\":\"%s\",\"price\":1}", i, life->now[i].title);
    put(life->writer, json);
}

static void take_commit(struct life *life)
{
    commit(life->writer);
    memcpy(life->committed, life->now, sizeof life->now);
}

static void step(struct life *life)
{
    char id[16];
    uint32_t kind = random_below(&life->random, 100);
    uint32_t i = random_below(&life->random, PRODUCTS);
    snprintf(id, sizeof id, "P%u", i);
    if (kind < 50) {
        for (uint32_t n = random_below(&life->random, 20); n > 0; n--) {
            put_item(life, random_below(&life->random, PRODUCTS));
        }
    } else if (kind < 65 && life->now[i].live) {
        erase(life->writer, id);
        life->now[i].live = false;
    } else if (kind < 70 && life->now[i].live) {
        patch(life->writer, id, "{\"price\":2}");
    } else if (kind < 75 && life->now[i].live) {
        char fields[512];
        make_title(life, life->now[i].title);
        snprintf(fields, sizeof fields, "{\"title\":\"%s\"}", life->now[i].title);
        patch(life->writer, id, fields);
    } else if (kind < 93) {
        take_commit(life);
    } else if (kind < 96) {
        assert_done(aisle_compact(life->writer, &error));
        memcpy(life->committed, life->now, sizeof life->now);
    } else if (kind < 98) {
        close_life(life);
        open_life(life);
    } else {
        close_life(life);
        assert_done(aisle_shrink(path_of(life->name), NULL, NULL, NULL, &error));
        open_life(life);
    }
}

/* ---- the end: a copy, and a catalog that never had anything else ---- */

static void expect_same_words(aisle *a, aisle *b)
{
    for (uint32_t i = 0; i < a->shard_count; i++) {
        struct lexicon_set words;
        struct lexicon_set others;
        struct bytes word;
        (void)read_shard(a, i, &words);
        (void)read_shard(b, i, &others);
        for (size_t next = 0; lexicon_set_next(&words, &next, &word);) {
            if (!lexicon_set_has(&others, word)) {
                print_error("only the first has %.*s\n", (int)word.size, (const char *)word.data);
            }
            assert_true(lexicon_set_has(&others, word));
        }
        assert_int_equal(words.count, others.count);
        lexicon_set_release(&words);
        lexicon_set_release(&others);
    }
}

static void expect_equal_copy(struct life *life)
{
    aisle *copy = NULL;
    assert_done(aisle_backup(life->catalog, path_of("copy"), NULL, &error));
    assert_done(aisle_open(path_of("copy"), NULL, &copy, &error));
    expect_same_words(life->catalog, copy);
    aisle_close(copy);
}

static void expect_equal_rebuild(struct life *life, const char *language)
{
    struct life fresh = {.name = "fresh", .options = {.size = sizeof fresh.options}};
    assert_done(aisle_compact(life->writer, &error));
    memcpy(life->committed, life->now, sizeof life->now);
    create("fresh", language, life->catalog->shard_count);
    open_life(&fresh);
    for (uint32_t i = 0; i < PRODUCTS; i++) {
        char json[1024];
        if (life->now[i].live) {
            snprintf(json, sizeof json, "{\"id\":\"P%u\",\"title\":\"%s\",\"price\":1}", i, life->now[i].title);
            put(fresh.writer, json);
        }
    }
    commit(fresh.writer);
    expect_same_words(life->catalog, fresh.catalog);
    close_life(&fresh);
}

static void clear_directory(void)
{
    remove_directory(NULL);
    assert_int_equal(mkdir(directory, 0777), 0);
}

static void live_through(const char *language, uint32_t shards, uint32_t threads, uint64_t seed)
{
    struct life *life = mem_calloc(1, sizeof *life);
    uint8_t number = 0;
    assert_non_null(life);
    assert_int_equal(text_language_find(language, &number), 0);
    life->random.state = seed;
    life->name = "life";
    life->options = (aisle_options){.size = sizeof life->options, .threads = threads};
    create("life", language, shards);
    open_life(life);
    for (uint32_t i = 0; i < steps; i++) {
        step(life);
        if (i % 8 == 0) {
            expect_all_words(life, number);
        }
    }
    take_commit(life);
    expect_all_words(life, number);
    expect_equal_copy(life);
    if (number == 0) {
        expect_equal_rebuild(life, language);
    }
    close_life(life);
    mem_free(life);
    clear_directory();
}

static void lexicon_has_all_words_of_live_products(void **state)
{
    (void)state;
    live_through("none", 1, 1, first_seed);
    live_through("none", 3, 1, first_seed + 1);
    live_through("english", 2, 1, first_seed + 2);
}

static void lexicon_has_all_words_with_a_merger_beside(void **state)
{
    (void)state;
    live_through("none", 2, 3, first_seed + 3);
    live_through("english", 1, 2, first_seed + 4);
}

static void words_of_a_large_batch_are_written_as_they_come(void **state)
{
    (void)state;
    struct life *life = mem_calloc(1, sizeof *life);
    life->random.state = 99;
    life->name = "life";
    life->options = (aisle_options){.size = sizeof life->options, .memory_bytes = BUDGET_LEAST, .threads = 2};
    create("life", "none", 1);
    open_life(life);
    struct lexicon_set all = {.bytes = NULL};
    for (uint32_t i = 0; i < 30000; i++) {
        char json[256];
        snprintf(json, sizeof json, "{\"id\":\"P%u\",\"title\":\"w%uq word%u z%x\"}", i, i * 7919u, i % 100, i * 31u);
        put(life->writer, json);
    }
    commit(life->writer);
    uint64_t words = read_shard(life->catalog, 0, &all);
    assert_true(words > all.count); /* codes of several flushes */
    uint32_t different = all.count;
    assert_true(different > 60000);
    lexicon_set_release(&all);
    assert_done(aisle_compact(life->writer, &error));
    words = read_shard(life->catalog, 0, &all);
    assert_int_equal(words, different);
    assert_int_equal(all.count, different);
    lexicon_set_release(&all);
    close_life(life);
    mem_free(life);
    clear_directory();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lexicon_has_all_words_of_live_products),
        cmocka_unit_test(lexicon_has_all_words_with_a_merger_beside),
        cmocka_unit_test(words_of_a_large_batch_are_written_as_they_come),
    };
    steps = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : steps;
    first_seed = argc > 2 ? strtoull(argv[2], NULL, 10) : first_seed;
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
