/*
 * test_index_catalog_files.c - aisle.json and schema.json: each way in which they cannot be read, trusted or written.
 */
#include "index_fixture.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "index/catalog_files.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

#define SCHEMA "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"}}}"

static uint32_t shards;

static void write_text(const char *name, const char *text, size_t size)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    fclose(file);
}

static int read_files(void)
{
    char *schema = NULL;
    shards = 0;
    error.message[0] = '\0';
    int status = catalog_files_read(directory, &shards, &schema, &error);
    assert_true(status == 0 || error.message[0] != '\0');
    assert_true(status != 0 || strcmp(schema, SCHEMA) == 0);
    mem_free(schema);
    return status;
}

/* What is wrong with these properties beside the right schema. */
static void expect_refusal(const char *properties, int status, const char *message)
{
    write_text("aisle.json", properties, strlen(properties));
    assert_int_equal(read_files(), status);
    if (strstr(error.message, message) == NULL) {
        fail_msg("%s: \"%s\", expected \"%s\"", properties, error.message, message);
    }
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    assert_done(catalog_files_write(directory, 7, SCHEMA, &error));
    assert_done(read_files());
    assert_int_equal(shards, 7);
}

static void properties_must_be_whole_numbers_in_their_bounds(void **state)
{
    (void)state;
    write_text("schema.json", SCHEMA, strlen(SCHEMA));
    expect_refusal("[2]", AISLE_CORRUPT, "names no format");
    expect_refusal("{\"shards\":1}", AISLE_CORRUPT, "names no format");
    expect_refusal("{\"format\":\"2\"}", AISLE_CORRUPT, "names no format");
    expect_refusal("{\"format\":0}", AISLE_CORRUPT, "names no format");
    expect_refusal("{\"format\":-2}", AISLE_CORRUPT, "names no format");
    expect_refusal("{\"format\":2e0}", AISLE_CORRUPT, "names no format");
    expect_refusal("{\"format\":1234567890}", AISLE_CORRUPT, "names no format");
    expect_refusal("{\"format\":999999999}", AISLE_NEWER_FORMAT, "format 999999999");
    expect_refusal("{\"format\":1}", AISLE_OLD_FORMAT, "format 1");
    expect_refusal("{\"format\":5}", AISLE_CORRUPT, "no number of shards");
    expect_refusal("{\"format\":5,\"shards\":0}", AISLE_CORRUPT, "no number of shards");
    expect_refusal("{\"format\":5,\"shards\":65}", AISLE_CORRUPT, "no number of shards");
    expect_refusal("{\"format\":5,\"shards\":1}", AISLE_CORRUPT, "checksum is wrong");
    expect_refusal("{\"format\":5,\"shards\":1,\"checksum\":1}", AISLE_CORRUPT, "checksum is wrong");
    expect_refusal("{\"format\":5", AISLE_CORRUPT, "aisle.json is damaged");
    expect_refusal("", AISLE_CORRUPT, "aisle.json is damaged");
}

static void schema_and_properties_are_tied_together(void **state)
{
    (void)state;
    static const char other[] = "{\"version\":1,\"id\":\"id\",\"fields\":{\"titel\":{\"type\":\"text\"}}}";
    assert_done(catalog_files_write(directory, 1, SCHEMA, &error));
    write_text("schema.json", other, strlen(other));
    assert_int_equal(read_files(), AISLE_CORRUPT);
    write_text("schema.json", SCHEMA, strlen(SCHEMA));
    assert_done(read_files());
}

static void files_that_cannot_be_read_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(read_files(), AISLE_NOT_A_CATALOG);
    assert_int_equal(symlink("aisle.json", path_of("aisle.json")), 0);
    assert_int_equal(read_files(), AISLE_IO);
    assert_non_null(strstr(error.message, "cannot be opened"));
    assert_int_equal(unlink(path_of("aisle.json")), 0);
    assert_done(catalog_files_write(directory, 1, SCHEMA, &error));
    char *schema = NULL;
    assert_int_equal(catalog_files_read(path_of("aisle.json"), &shards, &schema, &error), AISLE_NOT_A_CATALOG);
    assert_null(schema);
    assert_int_equal(unlink(path_of("schema.json")), 0);
    assert_int_equal(read_files(), AISLE_NOT_A_CATALOG);
    assert_int_equal(mkdir(path_of("schema.json"), 0777), 0);
    assert_int_equal(read_files(), AISLE_IO);
    assert_non_null(strstr(error.message, "cannot be read"));
}

static void file_larger_than_a_schema_is_refused(void **state)
{
    (void)state;
    size_t size = LIMIT_SCHEMA_BYTES + 2;
    char *text = mem_alloc(size);
    assert_non_null(text);
    memset(text, ' ', size);
    write_text("aisle.json", text, size);
    mem_free(text);
    assert_int_equal(read_files(), AISLE_LIMIT);
    assert_non_null(strstr(error.message, "too large"));
}

static void no_memory_is_a_status_and_nothing_is_half_read(void **state)
{
    (void)state;
    int status = AISLE_NO_MEMORY;
    for (unsigned long n = 1; status != 0; n++) {
        alloc_fail_at(n, 0);
        status = catalog_files_write(directory, 1, SCHEMA, &error);
        alloc_fail_at(0, 0);
        assert_true(status == 0 || status == AISLE_NO_MEMORY);
        if (status != 0) {
            (void)unlink(path_of("schema.json"));
        }
    }
    status = AISLE_NO_MEMORY;
    for (unsigned long n = 1; status != 0; n++) {
        alloc_fail_at(n, 0);
        status = read_files();
        alloc_fail_at(0, 0);
        assert_true(status == 0 || status == AISLE_NO_MEMORY);
    }
}

static void files_that_cannot_be_written_are_told(void **state)
{
    (void)state;
    struct rlimit before;
    assert_int_equal(catalog_files_write(path_of("missing"), 1, SCHEMA, &error), AISLE_NOT_FOUND);
    assert_non_null(strstr(error.message, "cannot be written"));
    write_text("schema.json", "x", 1);
    assert_true(catalog_files_write(directory, 1, SCHEMA, &error) < 0); /* nothing is written over */
    assert_int_equal(unlink(path_of("schema.json")), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){10, before.rlim_max}), 0);
    int status = catalog_files_write(directory, 1, SCHEMA, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(status < 0);
    assert_non_null(strstr(error.message, "cannot be written"));
}

static int pipe_end;
static volatile sig_atomic_t ticks;

static void on_tick(int number)
{
    (void)number;
    ticks = ticks + 1;
    if (ticks == 5) {
        (void)!write(pipe_end, "[]", 2);
        close(pipe_end);
    }
}

/* A pipe in the place of a file lets its reader wait, so that signals find it waiting. */
static void interrupted_read_goes_on(void **state)
{
    (void)state;
    write_text("schema.json", SCHEMA, strlen(SCHEMA));
    assert_int_equal(mkfifo(path_of("aisle.json"), 0666), 0);
    int other_end = open(path_of("aisle.json"), O_RDONLY | O_NONBLOCK);
    pipe_end = open(path_of("aisle.json"), O_WRONLY);
    assert_true(other_end >= 0 && pipe_end >= 0);
    ticks = 0;
    assert_int_equal(sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_tick}, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &(struct itimerval){{0, 5000}, {0, 5000}}, NULL), 0);
    int status = read_files();
    assert_int_equal(setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL), 0);
    close(other_end);
    assert_int_equal(status, AISLE_CORRUPT);
    assert_non_null(strstr(error.message, "names no format"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_read),
        TEST(properties_must_be_whole_numbers_in_their_bounds),
        TEST(schema_and_properties_are_tied_together),
        TEST(files_that_cannot_be_read_are_told_apart),
        TEST(file_larger_than_a_schema_is_refused),
        TEST(no_memory_is_a_status_and_nothing_is_half_read),
        TEST(files_that_cannot_be_written_are_told),
        TEST(interrupted_read_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
