/*
 * test_indexer_races.c - a log that is written, rotated, copied, packed and delivered again while it is followed, the
 * other writer's every step falling between any two calls of the follower to the system; and kill -9 among them.
 *
 * The program has a read(), pread(), open(), stat() and readdir() of its own, each of which may first do the next step
 * of a random script. A rotation is many steps: names move up one by one, a copy grows before the log is cut off, a
 * packed file grows beside the one that it replaces, lines still go to the file under its new name. The follower runs
 * in a child, which any of the calls may kill; the script goes on with the next child. In the end every product must be
 * as its last change made it, and no line rejected. AISLE_RACES: how many scripts; AISLE_RACES_SEED: the first.
 */
#include "indexer_fixture.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#define SCRIPTS 24u
#define LINES 60u
#define PRODUCTS 9u
#define STEPS_MAX 2000u
#define TEXT_MAX 16384u
#define LOOKS_LAST 12 /* of the folder, behind the last step, until the follower is told to stop */
#define KILLED 9

enum step_kind {
    STEP_APPEND,     /* text to the log */
    STEP_APPEND_OLD, /* text to the file that was the log until it was renamed */
    STEP_SHIFT,      /* the rotation of this number gets the next one */
    STEP_MOVE,       /* the log becomes the first rotation */
    STEP_COPY_HALF,
    STEP_COPY,
    STEP_CUT_OFF,
    STEP_CUT_AND_APPEND, /* before anybody looks again */
    STEP_PACK_HALF, /* the second rotation */
    STEP_PACK,
    STEP_UNPACKED_GOES
};

struct step {
    enum step_kind kind;
    unsigned number;
    size_t text; /* where it begins in texts */
    size_t size;
};

static const char schema[] = "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"}}}";

static char log_path[320];
static struct indexer_signals signals = {.wake_fd = -1};

static struct {
    struct step steps[STEPS_MAX];
    size_t count;
    char texts[TEXT_MAX * 4];
    size_t text_bytes;
    unsigned last_change[PRODUCTS]; /* of each product; 0: none */
} script;

/* What a killed child leaves to the next. */
static struct {
    size_t next;
    uint64_t random;
} *shared;

static bool is_child;
static bool is_in_step;
static bool kills;
static unsigned one_in; /* calls, a step is done */
static int looks;

static uint64_t draw_from(uint64_t *state, uint64_t limit)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % limit;
}

/* ---- the script ---- */

static uint64_t seed;

static unsigned draw(unsigned limit)
{
    return (unsigned)draw_from(&seed, limit);
}

static void add_step(enum step_kind kind, unsigned number, const char *text, size_t size)
{
    assert_true(script.count < STEPS_MAX && script.text_bytes + size <= sizeof script.texts);
    script.steps[script.count++] = (struct step){kind, number, script.text_bytes, size};
    if (size != 0) {
        memcpy(script.texts + script.text_bytes, text, size);
    }
    script.text_bytes += size;
}

/* In pieces that end anywhere. */
static void add_text(enum step_kind kind, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        size_t size = draw(3) == 0 ? 1 + draw((unsigned)left) : left;
        add_step(kind, 0, text, size);
        text += size;
        left -= size;
    }
}

/* Whether the log was renamed, so that who has it open may still write to it. */
static bool add_rotation(unsigned rotations)
{
    bool is_moved = draw(2) == 0;
    for (unsigned number = rotations; number > 0; number--) {
        add_step(STEP_SHIFT, number, NULL, 0);
    }
    if (is_moved) {
        add_step(STEP_MOVE, 0, NULL, 0);
    } else {
        add_step(STEP_COPY_HALF, 0, NULL, 0);
        add_step(STEP_COPY, 0, NULL, 0);
        add_step(STEP_CUT_OFF, 0, NULL, 0);
    }
    if (rotations > 0 && draw(2) == 0) {
        add_step(STEP_PACK_HALF, 0, NULL, 0);
        add_step(STEP_PACK, 0, NULL, 0);
        add_step(STEP_UNPACKED_GOES, 0, NULL, 0);
    }
    return is_moved;
}

/* Lines, some of them delivered again, and rotations between them. */
static void write_script(void)
{
    static char lines[LINES + 1][120];
    unsigned rotations = 0;
    bool has_log = false;
    bool numbered = draw(2) == 0; /* else nothing may be applied again behind what came later */
    memset(&script, 0, sizeof script);
    for (unsigned i = 1; i <= LINES; i++) {
        unsigned product = draw(PRODUCTS);
        char seq[20] = "";
        snprintf(seq, numbered ? sizeof seq : 1, "\"seq\":%u,", i);
        snprintf(lines[i], sizeof lines[i],
                 "{\"op\":\"put\",%s\"product\":{\"id\":\"%u\",\"title\":\"t%u%.*s\"}}\n", seq, product, i,
                 (int)draw(30), " and some words more than that");
        script.last_change[product] = i;
        bool to_old = has_log && draw(9) == 0 && add_rotation(rotations++) && draw(2) == 0;
        has_log = !to_old;
        add_text(to_old ? STEP_APPEND_OLD : STEP_APPEND, lines[i]);
        if (numbered && draw(8) == 0) {
            add_text(to_old ? STEP_APPEND_OLD : STEP_APPEND, lines[1 + draw(i)]);
        }
    }
}

/* ---- the other writer, between the follower's calls ---- */

/* The calls of the C library, which the program's own stand before. */
static int plain_open(const char *path, int flags)
{
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0666);
}

static char *name_of(char out[400], unsigned number, const char *end)
{
    if (number == 0) {
        snprintf(out, 400, "%s", log_path);
    } else {
        snprintf(out, 400, "%s.%u%s", log_path, number, end);
    }
    return out;
}

static void must(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "the writer: %s failed\n", what);
        _exit(3);
    }
}

static void write_file(const char *path, int flags, const void *data, size_t size)
{
    int fd = plain_open(path, O_WRONLY | O_CREAT | flags);
    must(fd >= 0 && syscall(SYS_write, fd, data, size) == (ssize_t)size, path);
    close(fd);
}

static size_t read_file(const char *path, uint8_t *out, size_t room)
{
    int fd = plain_open(path, O_RDONLY);
    ssize_t got = fd < 0 ? -1 : (ssize_t)syscall(SYS_read, fd, out, room);
    must(got >= 0, path);
    close(fd);
    return (size_t)got;
}

static size_t pack(const uint8_t *data, size_t size, uint8_t *out, size_t room)
{
    z_stream stream = {.next_in = (uint8_t *)(uintptr_t)data, .avail_in = (uInt)size, .next_out = out,
                       .avail_out = (uInt)room};
    must(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK, "packing");
    must(deflate(&stream, Z_FINISH) == Z_STREAM_END, "packing");
    deflateEnd(&stream);
    return room - stream.avail_out;
}

static void shift(unsigned number, const char *end)
{
    char from[400], to[400];
    (void)rename(name_of(from, number, end), name_of(to, number + 1, end));
}

static void do_step(const struct step *step)
{
    static uint8_t data[TEXT_MAX], packed[TEXT_MAX];
    char log[400], first[400], second[400], second_packed[400];
    const char *text = script.texts + step->text;
    name_of(log, 0, "");
    name_of(first, 1, "");
    name_of(second, 2, "");
    name_of(second_packed, 2, ".gz");
    size_t size = 0;
    switch (step->kind) {
    case STEP_APPEND:
        write_file(log, O_APPEND, text, step->size);
        break;
    case STEP_APPEND_OLD:
        write_file(first, O_APPEND, text, step->size);
        break;
    case STEP_SHIFT:
        shift(step->number, "");
        shift(step->number, ".gz");
        break;
    case STEP_MOVE:
        must(rename(log, first) == 0, "renaming");
        break;
    case STEP_COPY_HALF:
    case STEP_COPY:
        size = read_file(log, data, sizeof data);
        write_file(first, O_TRUNC, data, step->kind == STEP_COPY ? size : size / 2);
        break;
    case STEP_CUT_OFF:
        must(truncate(log, 0) == 0, "cutting off");
        break;
    case STEP_CUT_AND_APPEND:
        write_file(log, O_TRUNC, text, step->size);
        break;
    case STEP_PACK_HALF:
    case STEP_PACK:
        size = pack(data, read_file(second, data, sizeof data), packed, sizeof packed);
        write_file(second_packed, O_TRUNC, packed, step->kind == STEP_PACK ? size : size / 2);
        break;
    case STEP_UNPACKED_GOES:
        must(unlink(second) == 0, "unlinking");
        break;
    }
}

/* Before a call of the follower. */
static void meanwhile(bool looks_at_all)
{
    if (!is_child || is_in_step) {
        return;
    }
    is_in_step = true;
    while (shared->next < script.count && draw_from(&shared->random, one_in) == 0) {
        do_step(&script.steps[shared->next]);
        shared->next++;
    }
    if (shared->next == script.count && looks_at_all && --looks == 0) {
        signals.stop = 1;
    }
    if (kills && draw_from(&shared->random, 300) == 0) {
        _exit(KILLED);
    }
    is_in_step = false;
}

ssize_t read(int fd, void *out, size_t room)
{
    meanwhile(false);
    return syscall(SYS_read, fd, out, room);
}

ssize_t pread(int fd, void *out, size_t room, off_t offset)
{
    meanwhile(false);
    return syscall(SYS_pread64, fd, out, room, offset);
}

int open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    int mode = (flags & O_CREAT) != 0 ? va_arg(more, int) : 0;
    va_end(more);
    meanwhile(false);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int stat(const char *restrict path, struct stat *restrict out)
{
    meanwhile(false);
    return fstatat(AT_FDCWD, path, out, 0);
}

struct dirent *readdir(DIR *listing)
{
    static struct dirent *(*next)(DIR *);
    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "readdir");
    }
    struct dirent *entry = NULL;
    meanwhile(false);
    entry = next(listing);
    if (entry == NULL) {
        meanwhile(true);
    }
    return entry;
}

/* ---- the follower, and what it has made of it ---- */

static void run_child(void)
{
    const char *sources[] = {log_folder};
    struct indexer_summary summary;
    const struct indexer_options options = {.catalog = catalog,
                                            .sources = sources,
                                            .source_count = 1,
                                            .rejects_max = UINT64_MAX,
                                            .memory_bytes = 32u << 20,
                                            .follow = true,
                                            .poll_ms = 1,
                                            .signals = &signals};
    aisle_error error = {.code = 0};
    is_child = true;
    signals.stop = 0;
    looks = LOOKS_LAST;
    int status = indexer_run(&options, &summary, &error);
    if (status != 0) {
        fprintf(stderr, "%s: %s\n", aisle_error_name(status), error.message);
    }
    _exit(status != 0 ? 1 : summary.counts.rejects != 0 ? 2 : 0);
}

static int run_once(void)
{
    int ended = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        run_child();
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
}

static void expect_last_changes(unsigned number)
{
    aisle *shop = NULL;
    aisle_result *result = NULL;
    assert_int_equal(aisle_open(catalog, NULL, &shop, NULL), 0);
    for (unsigned i = 0; i < PRODUCTS; i++) {
        char id[8], begin[60];
        aisle_hit hit;
        snprintf(id, sizeof id, "%u", i);
        int size = snprintf(begin, sizeof begin, "{\"id\":\"%u\",\"title\":\"t%u", i, script.last_change[i]);
        int status = aisle_get(shop, (aisle_bytes){id, strlen(id)}, false, &result, NULL);
        if (script.last_change[i] == 0) {
            assert_int_equal(status, AISLE_NOT_FOUND);
            continue;
        }
        if (status != 0 || aisle_result_hit(result, 0, &hit) != 0 || hit.product.size < (size_t)size ||
            memcmp(hit.product.data, begin, (size_t)size) != 0 ||
            (hit.product.data[size] >= '0' && hit.product.data[size] <= '9')) {
            fail_msg("script %u: product %u is not as change %u made it: %.*s (%s)", number, i, script.last_change[i],
                     status != 0 ? 0 : (int)hit.product.size, status != 0 ? "" : hit.product.data, folder);
        }
    }
    aisle_result_free(result);
    aisle_close(shop);
}

static void begin_script(void)
{
    assert_int_equal(make_place(schema), 0);
    snprintf(log_path, sizeof log_path, "%s/c.jsonl", log_folder);
    shared->next = 0;
    shared->random = seed;
}

static void follow_to_the_end(unsigned number)
{
    int ended = KILLED;
    while (ended == KILLED) {
        ended = run_once();
    }
    if (ended != 0) {
        fail_msg("script %u: the follower ended with %d (%s)", number, ended, folder);
    }
    assert_int_equal(shared->next, script.count);
    expect_last_changes(number);
    assert_int_equal(remove_place(), 0);
}

static void run_script(unsigned number)
{
    seed = number * UINT64_C(0x9e3779b97f4a7c15) + 1;
    write_script();
    begin_script();
    one_in = 2 + draw(3) * 7;
    kills = draw(2) == 0;
    follow_to_the_end(number);
}

static unsigned setting(const char *name, unsigned otherwise)
{
    const char *value = getenv(name);
    return value == NULL ? otherwise : (unsigned)strtoul(value, NULL, 10);
}

static int share(void **state)
{
    (void)state;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED;
}

static void nothing_is_lost_between_any_two_calls(void **state)
{
    (void)state;
    unsigned first = setting("AISLE_RACES_SEED", 1);
    unsigned count = setting("AISLE_RACES", SCRIPTS);
    for (unsigned i = 0; i < count; i++) {
        run_script(first + i);
    }
    run_script(109); /* once lost a change to a packed copy, which the first scripts do not */
}

/* Its size tells nothing, and another log is the one that is open. */
static void log_that_is_as_long_as_the_one_before_is_read(void **state)
{
    static const char line[] = "{\"op\":\"put\",\"product\":{\"id\":\"1\",\"title\":\"t1\"}}\n";
    static const char anew[] = "{\"op\":\"put\",\"product\":{\"id\":\"1\",\"title\":\"t2\"}}\n";
    static const char other[] = "{\"op\":\"put\",\"product\":{\"id\":\"0\",\"title\":\"t7\"}}\n";
    char path[330];
    (void)state;
    for (unsigned i = 1; i <= 5; i++) {
        seed = i;
        memset(&script, 0, sizeof script);
        script.last_change[0] = 7;
        script.last_change[1] = 2;
        add_step(STEP_APPEND, 0, line, sizeof line - 1);
        add_step(STEP_COPY, 0, NULL, 0);
        add_step(STEP_CUT_AND_APPEND, 0, anew, sizeof anew - 1);
        begin_script();
        snprintf(path, sizeof path, "%s/z.jsonl", log_folder);
        write_file(path, O_TRUNC, other, sizeof other - 1);
        one_in = 200;
        kills = false;
        follow_to_the_end(i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_between_any_two_calls),
        cmocka_unit_test(log_that_is_as_long_as_the_one_before_is_read),
    };
    return cmocka_run_group_tests(tests, share, NULL);
}
