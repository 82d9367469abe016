/*
 * test_index_catalog.c - creating, opening, other handles, other processes, the writer's lock, forks.
 */
#include "index_fixture.h"

#define TITLE_ONLY "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"}}}"

static int try_open(const char *name)
{
    aisle *catalog = NULL;
    int status = aisle_open(path_of(name), NULL, &catalog, &error);
    assert_true((status == 0) == (catalog != NULL));
    assert_true(status == 0 || (error.code == status && error.message[0] != '\0'));
    aisle_close(catalog);
    return status;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void catalog_appears_once_and_whole(void **state)
{
    (void)state;
    assert_done(aisle_create(path_of("a"), NULL, NULL, &error));
    assert_int_equal(aisle_create(path_of("a"), NULL, NULL, &error), AISLE_EXISTS);
    assert_int_equal(try_open("a"), 0);
    assert_int_equal(mkdir(path_of("empty"), 0777), 0);
    assert_done(aisle_create(path_of("empty"), NULL, NULL, &error));
    assert_int_equal(try_open("empty"), 0);
    write_file("file", "x");
    assert_int_equal(aisle_create(path_of("file"), NULL, NULL, &error), AISLE_EXISTS);
    assert_int_equal(mkdir(path_of("full"), 0777), 0);
    write_file("full/x", "x");
    assert_int_equal(aisle_create(path_of("full"), NULL, NULL, &error), AISLE_EXISTS);
    assert_int_equal(try_open("full"), AISLE_NOT_A_CATALOG);
    assert_true(aisle_create(path_of("no/such/place"), NULL, NULL, &error) < 0);
    assert_sound("a");
}

static void options_are_checked_on_both_sides(void **state)
{
    (void)state;
    aisle *catalog = NULL;
    aisle_create_options create = {.size = sizeof create, .shards = 64};
    aisle_options options = {.size = sizeof options, .memory_bytes = BUDGET_LEAST - 1};
    assert_done(aisle_create(path_of("many"), TITLE_ONLY, &create, &error));
    create.shards = 65;
    assert_int_equal(aisle_create(path_of("more"), TITLE_ONLY, &create, &error), AISLE_LIMIT);
    assert_int_equal(try_open("more"), AISLE_NOT_A_CATALOG);
    create.size = 1;
    assert_int_equal(aisle_create(path_of("more"), TITLE_ONLY, &create, &error), AISLE_INVALID);
    assert_int_equal(aisle_create("", NULL, NULL, NULL), AISLE_INVALID);
    assert_int_equal(aisle_open(path_of("many"), &options, &catalog, &error), AISLE_LIMIT);
    options.memory_bytes++;
    assert_done(aisle_open(path_of("many"), &options, &catalog, &error));
    assert_int_equal(statistics_of(catalog).shards, 64);
    assert_string_equal(aisle_schema(catalog), TITLE_ONLY);
    aisle_close(catalog);
    options.size = sizeof options + 8;
    assert_int_equal(aisle_open(path_of("many"), &options, &catalog, &error), AISLE_INVALID);
    assert_null(catalog);
    aisle_close(NULL);
    aisle_writer_free(NULL);
    aisle_result_free(NULL);
    aisle_free(NULL);
}

static void bad_schema_is_refused_with_its_place(void **state)
{
    (void)state;
    const char *schema = "{\"version\":1,\"id\":\"id\",\"fields\":{\"t\":{\"type\":\"words\"}}}";
    assert_int_equal(aisle_create(path_of("b"), schema, NULL, &error), AISLE_BAD_SCHEMA);
    assert_non_null(strstr(error.message, "\"t\""));
    assert_true(error.position > 0 && error.position < strlen(schema));
    schema = "{\"version\":1,\"id\":\"id\",\"language\":\"klingon\",\"fields\":{\"t\":{\"type\":\"text\"}}}";
    assert_int_equal(aisle_create(path_of("b"), schema, NULL, &error), AISLE_BAD_SCHEMA);
    assert_int_equal(try_open("b"), AISLE_NOT_A_CATALOG);
}

static void what_is_no_catalog_or_damaged_does_not_open(void **state)
{
    (void)state;
    char sound[128] = "";
    create_catalog("c", NULL, 2);
    FILE *properties = fopen(path_of("c/aisle.json"), "r");
    assert_non_null(properties);
    assert_non_null(fgets(sound, sizeof sound, properties));
    fclose(properties);
    assert_int_equal(try_open("nothing"), AISLE_NOT_A_CATALOG);
    assert_int_equal(mkdir(path_of("plain"), 0777), 0);
    assert_int_equal(try_open("plain"), AISLE_NOT_A_CATALOG);
    write_file("somefile", "x");
    assert_int_equal(try_open("somefile"), AISLE_NOT_A_CATALOG);
    write_file("c/aisle.json", "{\"format\":99,\"shards\":2}");
    assert_int_equal(try_open("c"), AISLE_NEWER_FORMAT);
    write_file("c/aisle.json", "{\"format\":1,\"shards\":2}");
    assert_int_equal(try_open("c"), AISLE_OLD_FORMAT);
    write_file("c/aisle.json", "{\"format\":4,\"shards\":2}");
    assert_int_equal(try_open("c"), AISLE_OLD_FORMAT);
    write_file("c/aisle.json", "{\"format\":1,\"shards\":2}");
    assert_int_equal(try_open("c"), AISLE_OLD_FORMAT);
    assert_non_null(strstr(error.message, "format 1, which was never released; index its products anew"));
    write_file("c/aisle.json", "{\"format\":5,\"shards\":0}");
    assert_int_equal(try_open("c"), AISLE_CORRUPT);
    write_file("c/aisle.json", "{\"format\":5,\"shards\":65}");
    assert_int_equal(try_open("c"), AISLE_CORRUPT);
    write_file("c/aisle.json", "{\"shards\":2}");
    assert_int_equal(try_open("c"), AISLE_CORRUPT);
    write_file("c/aisle.json", "{");
    assert_int_equal(try_open("c"), AISLE_CORRUPT);
    write_file("c/aisle.json", "{\"format\":5,\"shards\":3}");
    assert_int_equal(try_open("c"), AISLE_CORRUPT);
    write_file("c/aisle.json", "{\"format\":5,\"shards\":2}");
    assert_int_equal(try_open("c"), AISLE_CORRUPT);
    write_file("c/aisle.json", sound);
    assert_int_equal(try_open("c"), 0);
    assert_int_equal(rename(path_of("c/shard-01"), path_of("c/away")), 0);
    assert_int_equal(try_open("c"), AISLE_CORRUPT);
    uint64_t faults = 0;
    assert_done(aisle_check(path_of("c"), show_fault, NULL, &faults, &error));
    assert_int_equal(faults, 1);
    assert_int_equal(aisle_check(path_of("nothing"), show_fault, NULL, &faults, &error), AISLE_NOT_A_CATALOG);
}

static void commit_is_seen_by_other_handles_and_after_reopening(void **state)
{
    (void)state;
    create_catalog("d", NULL, 1);
    aisle *one = open_catalog("d");
    aisle *two = open_catalog("d");
    aisle_writer *writer = begin_writing(one);
    for (unsigned i = 0; i < 12; i++) {
        char id[16];
        snprintf(id, sizeof id, "P%u", i);
        put_title(writer, id, "shoe");
        assert_int_equal(count_of(two, "shoe"), i);
        commit(writer);
        assert_int_equal(count_of(two, "shoe"), i + 1);
        assert_int_equal(count_of(one, "shoe"), i + 1);
    }
    uint64_t generation = statistics_of(two).generation;
    commit(writer);
    assert_int_equal(statistics_of(two).generation, generation);
    aisle_writer_free(writer);
    aisle_close(one);
    aisle_close(two);
    one = open_catalog("d");
    assert_int_equal(count_of(one, "shoe"), 12);
    aisle_close(one);
    assert_sound("d");
}

static void second_writer_is_busy_until_the_first_is_freed(void **state)
{
    (void)state;
    create_catalog("e", NULL, 1);
    aisle *one = open_catalog("e");
    aisle *two = open_catalog("e");
    aisle_writer *second = NULL;
    aisle_writer *writer = begin_writing(one);
    assert_int_equal(aisle_begin(one, &second, &error), AISLE_BUSY);
    assert_int_equal(aisle_begin(two, &second, &error), AISLE_BUSY);
    assert_null(second);
    pid_t child = fork();
    if (child == 0) {
        aisle *own = NULL;
        CHILD_EXPECT(aisle_open(path_of("e"), NULL, &own, NULL) == 0);
        CHILD_EXPECT(aisle_begin(own, &second, NULL) == AISLE_BUSY);
        aisle_close(own);
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    aisle_writer_free(writer);
    writer = begin_writing(two);
    aisle_writer_free(writer);
    aisle_close(one);
    aisle_close(two);
}

static void read_only_handle_reads_and_never_writes(void **state)
{
    (void)state;
    create_catalog("f", NULL, 1);
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    aisle *writing = open_catalog("f");
    put_and_commit(writing, "{\"id\":\"A\",\"title\":\"one\"}");
    assert_done(aisle_open(path_of("f"), &(aisle_options){.size = sizeof(aisle_options), .read_only = true}, &catalog,
                           &error));
    assert_int_equal(aisle_begin(catalog, &writer, &error), AISLE_READ_ONLY);
    assert_null(writer);
    assert_int_equal(count_of(catalog, "one"), 1);
    put_and_commit(writing, "{\"id\":\"B\",\"title\":\"one\"}");
    assert_int_equal(count_of(catalog, "one"), 2);
    aisle_close(catalog);
    aisle_close(writing);
}

static void another_process_sees_each_commit(void **state)
{
    (void)state;
    create_catalog("g", NULL, 2);
    int go[2];
    int done[2];
    char token = 'x';
    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(done), 0);
    pid_t child = fork();
    if (child == 0) {
        aisle *own = NULL;
        CHILD_EXPECT(aisle_open(path_of("g"), NULL, &own, NULL) == 0);
        for (unsigned i = 1; i <= 20; i++) {
            aisle_result *result = NULL;
            CHILD_EXPECT(read(go[0], &token, 1) == 1);
            CHILD_EXPECT(aisle_search(own, &(aisle_query){.size = sizeof(aisle_query), .text = "lamp"}, &result,
                                      NULL) == 0);
            CHILD_EXPECT(aisle_result_total(result, NULL) == i);
            aisle_result_free(result);
            CHILD_EXPECT(write(done[1], &token, 1) == 1);
        }
        aisle_close(own);
        _exit(0);
    }
    aisle *catalog = open_catalog("g");
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 1; i <= 20; i++) {
        char id[16];
        snprintf(id, sizeof id, "P%u", i);
        put_title(writer, id, "lamp");
        commit(writer);
        assert_int_equal(write(go[1], &token, 1), 1);
        assert_int_equal(read(done[0], &token, 1), 1);
    }
    assert_int_equal(wait_for(child), 0);
    aisle_writer_free(writer);
    aisle_close(catalog);
    close(go[0]);
    close(go[1]);
    close(done[0]);
    close(done[1]);
}

static void handles_from_before_a_fork_are_refused_in_the_child(void **state)
{
    (void)state;
    create_catalog("h", NULL, 1);
    aisle *catalog = open_catalog("h");
    put_and_commit(catalog, "{\"id\":\"A\",\"title\":\"one\"}");
    aisle_writer *writer = begin_writing(catalog);
    put_title(writer, "B", "two");
    pid_t child = fork();
    if (child == 0) {
        aisle_result *result = NULL;
        aisle_writer *second = NULL;
        uint64_t offset;
        aisle_statistics statistics = {.size = sizeof statistics};
        CHILD_EXPECT(aisle_search(catalog, &(aisle_query){.size = sizeof(aisle_query)}, &result, NULL) ==
                     AISLE_FORKED);
        CHILD_EXPECT(aisle_get(catalog, text_bytes("A"), false, &result, NULL) == AISLE_FORKED);
        CHILD_EXPECT(aisle_begin(catalog, &second, NULL) == AISLE_FORKED);
        CHILD_EXPECT(aisle_stats(catalog, &statistics, NULL) == AISLE_FORKED);
        CHILD_EXPECT(aisle_log_offset(catalog, "s", 1, &offset, NULL) == AISLE_FORKED);
        CHILD_EXPECT(aisle_commit(writer, NULL) == AISLE_FORKED);
        aisle_writer_free(writer);
        aisle_close(catalog);
        aisle *own = NULL;
        CHILD_EXPECT(aisle_open(path_of("h"), NULL, &own, NULL) == 0);
        CHILD_EXPECT(aisle_get(own, text_bytes("A"), false, &result, NULL) == 0);
        CHILD_EXPECT(aisle_begin(own, &second, NULL) == AISLE_BUSY);
        aisle_result_free(result);
        aisle_close(own);
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    commit(writer);
    assert_int_equal(count_of(catalog, ""), 2);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

static void results_outlive_their_catalog(void **state)
{
    (void)state;
    create_catalog("i", NULL, 1);
    aisle *catalog = open_catalog("i");
    put_and_commit(catalog, "{\"id\":\"A\",\"title\":\"one\"}");
    aisle_result *result = find(catalog, "one", 0, 10);
    aisle_hit hit;
    aisle_close(catalog);
    assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
    assert_memory_equal(hit.product.data, "{\"id\":\"A\",\"title\":\"one\"}", hit.product.size);
    assert_int_equal(aisle_result_hit(result, 1, &hit), AISLE_END);
    aisle_result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(catalog_appears_once_and_whole),
        cmocka_unit_test(options_are_checked_on_both_sides),
        cmocka_unit_test(bad_schema_is_refused_with_its_place),
        cmocka_unit_test(what_is_no_catalog_or_damaged_does_not_open),
        cmocka_unit_test(commit_is_seen_by_other_handles_and_after_reopening),
        cmocka_unit_test(second_writer_is_busy_until_the_first_is_freed),
        cmocka_unit_test(read_only_handle_reads_and_never_writes),
        cmocka_unit_test(another_process_sees_each_commit),
        cmocka_unit_test(handles_from_before_a_fork_are_refused_in_the_child),
        cmocka_unit_test(results_outlive_their_catalog),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
