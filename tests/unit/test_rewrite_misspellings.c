/*
 * test_rewrite_misspellings.c - human misspellings of product words, searched for in a catalog of all the words that
 * are meant: so every wrong word competes with hundreds that are like it.

 */
#include "index_fixture.h"

#define MISSPELLINGS AISLE_SOURCE_DIR "/tests/words/misspellings.txt"
#define WORD_BYTES 64
#define PAIRS_MAX 2000
#define PAIRS_MIN 500

struct pair {
    char typed[WORD_BYTES];
    char meant[WORD_BYTES];
};

static struct pair pairs[PAIRS_MAX];
static unsigned pair_count;

static void read_pairs(void)
{
    char line[256];
    FILE *file = fopen(MISSPELLINGS, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        assert_true(pair_count < PAIRS_MAX);
        if (line[0] != '#' && line[0] != '\n') {
            assert_int_equal(sscanf(line, "%63s %63s", pairs[pair_count].typed, pairs[pair_count].meant), 2);
            pair_count++;
        }
    }
    fclose(file);
}

static unsigned hash_of(const char *word)
{
    unsigned hash = 2166136261u;
    for (; *word != '\0'; word++) {
        hash = (hash ^ (unsigned char)*word) * 16777619u;
    }
    return hash;
}

/* Each meant word is the title of 1 to 20 products: some words are frequent. */
static void fill(aisle *catalog)
{
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < pair_count; i++) {
        for (unsigned copy = 0; copy <= hash_of(pairs[i].meant) % 20; copy++) {
            char id[WORD_BYTES + 16];
            snprintf(id, sizeof id, "%s-%u", pairs[i].meant, copy);
            put_title(writer, id, pairs[i].meant);
        }
    }
    commit(writer);
    aisle_writer_free(writer);
}

/* Whether the best product is one of the word that was meant. */
static bool finds(aisle *catalog, const struct pair *pair)
{
    aisle_hit hit;
    aisle_result *result = find(catalog, pair->typed, 0, 1);
    size_t size = strlen(pair->meant);
    bool found = aisle_result_hit(result, 0, &hit) == 0 && hit.id.size > size && hit.id.data[size] == '-' &&
                 memcmp(hit.id.data, pair->meant, size) == 0;
    aisle_result_free(result);
    return found;
}

static void nine_in_ten_misspellings_find_first_what_was_meant(void **state)
{
    (void)state;
    unsigned found = 0;
    read_pairs();
    assert_true(pair_count >= PAIRS_MIN);
    create_catalog("misspelt", NULL, 2);
    aisle *catalog = open_catalog("misspelt");
    fill(catalog);
    for (unsigned i = 0; i < pair_count; i++) {
        found += finds(catalog, &pairs[i]) ? 1 : 0;
    }
    print_message("%u of %u misspellings find what was meant first\n", found, pair_count);
    assert_true(found * 10 >= pair_count * 9);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nine_in_ten_misspellings_find_first_what_was_meant, make_directory,
                                        remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
