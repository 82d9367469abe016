/*
 * test_index_words.c - words from end to end: every language that libstemmer has, and files of synonyms and stop words
 * that change under a thread that searches.
 */
#include "index_fixture.h"

#include "text/text.h"

#include <libstemmer.h>
#include <pthread.h>
#include <stdatomic.h>

/* Two forms or more of one word in each language, so that some pair has one stem there. */
static const char *const forms[] = {
    "shoe", "shoes", "libro", "libros", "libri", "livro", "livros", "chat", "chats", "casa",
    "cases", "casas", "haus", "hauses", "hus", "huset", "husene", "hund", "hunde", "hunden", "bok",
    "boken", "boek", "boeken", "talo", "talon", "talossa", "haz", "hazak", "hazban", "kitap",
    "kitaplar", "knyga", "knygos", "knjiga", "knjige", "carte", "cartea", "etxe", "etxea", "etxeak",
    "buku", "bukunya", "fear", "fhear", "gcat", "cat", "raamat", "raamatud", "книга", "книги",
    "книгой", "δρομοι", "δρομου", "ημερα", "ημερεσ", "كتاب", "الكتاب", "كتابها", "քաղաք", "քաղաքը",
    "քաղաքի", "लड़का", "लड़के", "किताब", "किताबहरु", "புத்தகம்", "புத்தகங்கள்", "בוך", "ביכער",
    "הויז", "הייזער", "טישן", "טיש",
};
#define FORMS (sizeof forms / sizeof forms[0])

static struct bytes term_of(struct analyser *analyser, const char *word, uint8_t language, uint8_t *room)
{
    struct token_list list;
    assert_int_equal(analyser_run(analyser, bytes_of_string(word), language, &list), 0);
    assert_int_equal(list.length, 1);
    memcpy(room, list.tokens[0].term.data, list.tokens[0].term.size);
    return bytes_of(room, list.tokens[0].term.size);
}

static bool are_one(struct analyser *analyser, const char *a, const char *b, uint8_t language)
{
    uint8_t rooms[2][LIMIT_TERM_BYTES];
    return bytes_equal(term_of(analyser, a, language, rooms[0]), term_of(analyser, b, language, rooms[1]));
}

static uint64_t total_of(aisle *catalog, const char *text)
{
    aisle_result *result = NULL;
    const aisle_query query = {.size = sizeof query, .text = text, .no_typos = true};
    assert_done(aisle_search(catalog, &query, &result, &error));
    uint64_t total = aisle_result_total(result, NULL);
    aisle_result_free(result);
    return total;
}

/* A product with one form is found by the other, and by no form of another stem. */
static void search_in(const char *language, const char *indexed, const char *asked, const char *other)
{
    char schema[512];
    char product[256];
    snprintf(schema, sizeof schema,
             "{\"version\":1,\"id\":\"id\",\"language\":\"%s\",\"fields\":{\"title\":{\"type\":\"text\"}}}", language);
    create_catalog(language, schema, 1);
    aisle *catalog = open_catalog(language);
    aisle_writer *writer = begin_writing(catalog);
    snprintf(product, sizeof product, "{\"id\":\"P\",\"title\":\"%s\"}", indexed);
    put(writer, product);
    commit(writer);
    aisle_writer_free(writer);
    if (total_of(catalog, asked) != 1 || total_of(catalog, other) != 0) {
        fail_msg("%s: '%s' is not found by '%s', or is by '%s'", language, indexed, asked, other);
    }
    aisle_close(catalog);
}

static void every_language_finds_other_forms_of_a_word(void **state)
{
    (void)state;
    struct analyser *analyser = NULL;
    assert_int_equal(analyser_new(&analyser), 0);
    for (const char **name = sb_stemmer_list(); *name != NULL; name++) {
        uint8_t language;
        size_t a = 0;
        size_t b = 0;
        size_t other = 0;
        assert_int_equal(text_language_find(*name, &language), 0);
        for (size_t i = 0; i < FORMS * FORMS && a == b; i++) {
            bool pair = i / FORMS < i % FORMS && are_one(analyser, forms[i / FORMS], forms[i % FORMS], language) &&
                        !are_one(analyser, forms[i / FORMS], forms[i % FORMS], 0);
            a = pair ? i / FORMS : a;
            b = pair ? i % FORMS : b;
        }
        if (a == b) {
            fail_msg("no two forms have one stem in %s", *name);
        }
        while (are_one(analyser, forms[a], forms[other], language)) {
            other++;
        }
        search_in(*name, forms[a], forms[b], forms[other]);
    }
    analyser_free(analyser);
}

/* ---- files that change ---- */

static void write_file(const char *name, const char *text)
{
    char temporary[512];
    snprintf(temporary, sizeof temporary, "%s.new", path_of(name));
    FILE *file = fopen(temporary, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(rename(temporary, path_of(name)), 0);
}

struct searching {
    aisle *catalog;
    atomic_bool ends;
    atomic_uint searches;
    bool failed;
};

static void *keep_searching(void *given)
{
    struct searching *searching = given;
    aisle_result *result = NULL;
    aisle_error own;
    while (!atomic_load(&searching->ends)) {
        const aisle_query query = {.size = sizeof query, .text = "the telly", .no_typos = true};
        int status = aisle_search(searching->catalog, &query, &result, &own);
        uint64_t total = status == 0 ? aisle_result_total(result, NULL) : 0;
        searching->failed = searching->failed || status != 0 || total > 1;
        atomic_fetch_add(&searching->searches, 1);
    }
    aisle_result_free(result);
    return NULL;
}

static const char schema[] = "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"}}}";

static void synonyms_and_stop_words_change_under_searches(void **state)
{
    (void)state;
    pthread_t thread;
    aisle_statistics before = {.size = sizeof before};
    aisle_statistics after = {.size = sizeof after};
    create_catalog("shop", schema, 1);
    struct searching searching = {.catalog = open_catalog("shop")};
    aisle *catalog = searching.catalog;
    aisle_writer *writer = begin_writing(catalog);
    put(writer, "{\"id\":\"P\",\"title\":\"television\"}");
    commit(writer);
    aisle_writer_free(writer);
    assert_done(aisle_stats(catalog, &before, &error));
    assert_int_equal(pthread_create(&thread, NULL, keep_searching, &searching), 0);
    for (unsigned round = 0; round < 20; round++) {
        write_file("shop/synonyms.txt", "telly => television\n");
        write_file("shop/stopwords.txt", "the\n");
        assert_done(aisle_reload(catalog, &error));
        assert_int_equal(total_of(catalog, "telly"), 1);
        assert_int_equal(total_of(catalog, "the telly"), 1);
        write_file("shop/stopwords.txt", "a\n");
        assert_done(aisle_reload(catalog, &error));
        assert_int_equal(total_of(catalog, "telly"), 1);
        assert_int_equal(total_of(catalog, "the telly"), 0);
        assert_int_equal(total_of(catalog, "a television"), 1);
        write_file("shop/synonyms.txt", "alone\n");
        assert_int_equal(aisle_reload(catalog, &error), AISLE_INVALID);
        assert_int_equal(total_of(catalog, "telly"), 1); /* what is wrong changes nothing */
        assert_int_equal(remove(path_of("shop/synonyms.txt")), 0);
        assert_done(aisle_reload(catalog, &error));
        assert_int_equal(total_of(catalog, "telly"), 0);
    }
    atomic_store(&searching.ends, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(searching.failed);
    assert_true(atomic_load(&searching.searches) != 0);
    assert_done(aisle_stats(catalog, &after, &error));
    assert_true(after.generation == before.generation); /* nothing was indexed for it */
    aisle_close(catalog);
}

static void files_that_were_named_and_are_not_there_are_told_by_a_reload(void **state)
{
    (void)state;
    create_catalog("named", schema, 1);
    write_file("own.txt", "telly => television\n");
    char path[800];
    aisle *catalog = NULL;
    snprintf(path, sizeof path, "%s", path_of("own.txt"));
    const aisle_options options = {.size = sizeof options, .synonyms = path};
    assert_done(aisle_open(path_of("named"), &options, &catalog, &error));
    aisle_writer *writer = begin_writing(catalog);
    put(writer, "{\"id\":\"P\",\"title\":\"television\"}");
    commit(writer);
    aisle_writer_free(writer);
    assert_done(aisle_reload(catalog, &error)); /* the catalog's own other files may be missing */
    assert_int_equal(total_of(catalog, "telly"), 1);
    assert_int_equal(remove(path), 0);
    assert_int_equal(aisle_reload(catalog, &error), AISLE_NOT_FOUND);
    assert_non_null(strstr(error.message, "own.txt"));
    assert_int_equal(total_of(catalog, "telly"), 1);
    aisle_close(catalog);
    assert_done(aisle_open(path_of("named"), &options, &catalog, &error));
    assert_int_equal(total_of(catalog, "telly"), 0);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_language_finds_other_forms_of_a_word, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(synonyms_and_stop_words_change_under_searches, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(files_that_were_named_and_are_not_there_are_told_by_a_reload, make_directory,
                                        remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
