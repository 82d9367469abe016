/*
 * campaign.c - kills the program at every kind of moment of a catalog's life, thousands of times.
 *
 *     campaign [--rounds N] [--seed N] [--place DIR]
 *
 * A round is one command in a child, main and all: create, index, index --follow, compact (which shrinks), backup,
 * alias. It is killed at its n-th call that writes, syncs or renames, or after some microseconds of the processor:
 * neither depends on how busy the machine is. The log has puts, replacements, patches of columns, of text and of the
 * field that routes, deletes, changed keys, and truncations of the whole table; every other life has four shards, so
 * that kills fall between their commits, too.
 * After each kill
 *     the catalog opens, and a writer begins, in less than a second of the processor;
 *     every product is as the log made it at the committed position, or, with several shards, at some place from there
 *     to the log's end, and no search finds it twice;
 *     a backup is the whole of it or not there, an alias points to one catalog or the other.
 * When the log is used up the catalog is compared with the model, and after compaction with one of an undisturbed run;
 * then the next life begins. Exit status: 0, or 1 with what failed, whose place is kept.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "aisle.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PRODUCTS 60u
#define OPERATIONS 400u
#define TRUNCATED 150u /* one operation in so many deletes all */
#define GROWTH 40u /* operations that a round adds at most */
#define LINE_BYTES 700u
#define PATH_BYTES 512u
#define REOPEN_MAX_MS 1000.0
#define FOLLOW_MS 40 /* that a follower without more to do is left alone */
#define CHECKED 8u   /* every so many rounds aisle_check reads everything */

int aisle_main(int argc, char **argv); /* of src/cli/main.c */

/* ------------------------------------------------------------------------------------------------- being killed -- */

enum call { CALL_WRITE, CALL_SYNC, CALL_RENAME, CALL_LINK, CALL_COUNT };

static const char *const call_names[CALL_COUNT + 1] = {"write", "sync", "rename", "link", "computing"};

/* Shared with the child: what it was doing. */
static struct struck {
    unsigned long calls;
    int last;
} *struck;

static unsigned long kill_at; /* in the child; 0: not by calls */

static void meet(enum call call)
{
    if (struck != NULL) {
        unsigned long number = __atomic_add_fetch(&struck->calls, 1, __ATOMIC_RELAXED);
        if (kill_at != 0 && number == kill_at) {
            struck->last = (int)call;
            kill(getpid(), SIGKILL);
        }
    }
}

#pragma GCC visibility push(default) /* so that liblmdb finds them before libc's */
int fdatasync(int fd);
int fsync(int fd);
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset);
ssize_t writev(int fd, const struct iovec *parts, int count);
int rename(const char *from, const char *to);
int symlink(const char *text, const char *path);
#pragma GCC visibility pop

int fdatasync(int fd)
{
    meet(CALL_SYNC);
    return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    meet(CALL_SYNC);
    return (int)syscall(SYS_fsync, fd);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    meet(CALL_WRITE);
    return syscall(SYS_pwrite64, fd, data, size, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    meet(CALL_WRITE);
    return syscall(SYS_writev, fd, parts, count);
}

int rename(const char *from, const char *to)
{
    meet(CALL_RENAME);
    return (int)syscall(SYS_rename, from, to);
}

int symlink(const char *text, const char *path)
{
    meet(CALL_LINK);
    return (int)syscall(SYS_symlink, text, path);
}

/* ---------------------------------------------------------------------------------------------------- the log -- */

struct product {
    bool live;
    unsigned title, category, price;
};

enum operation_kind { PUT, PRICE, TITLE, CATEGORY, ERASE, RENAME, TRUNCATE };

struct operation {
    enum operation_kind kind;
    unsigned id, to;
    struct product values;
    size_t end; /* of its line in the log */
};

static struct operation operations[OPERATIONS];
static char *log_text;
static size_t log_size;
static uint64_t random_state;

static unsigned random_below(unsigned n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((random_state >> 33) % n);
}

static void replay(struct product products[PRODUCTS], unsigned first, unsigned end)
{
    for (unsigned i = first; i < end; i++) {
        const struct operation *operation = &operations[i];
        struct product *product = &products[operation->id];
        switch (operation->kind) {
        case PUT:
            *product = operation->values;
            break;
        case PRICE:
            product->price = operation->values.price;
            break;
        case TITLE:
            product->title = operation->values.title;
            break;
        case CATEGORY:
            product->category = operation->values.category;
            break;
        case ERASE:
            product->live = false;
            break;
        case RENAME:
            products[operation->to] = operation->values;
            product->live = false;
            break;
        case TRUNCATE:
            memset(products, 0, PRODUCTS * sizeof *products);
            break;
        }
    }
}

static int print_product(char *out, size_t room, unsigned id, const struct product *product)
{
    static const char *const words[] = {"walnut", "copper", "velvet", "marble", "bamboo", "granite", "cotton"};
    return snprintf(out, room,
                    "{\"id\":\"P%u\",\"title\":\"%s lamp %u\",\"description\":\"a %s %s lamp of model m%u for every "
                    "room\",\"category\":\"C%u\",\"price\":%u}",
                    id, words[product->title % 7], product->title, words[product->title % 5], words[id % 7],
                    product->title, product->category, product->price);
}

static void print_line(const struct operation *operation)
{
    char *out = log_text + log_size;
    char product[LINE_BYTES];
    print_product(product, sizeof product, operation->kind == RENAME ? operation->to : operation->id,
                  &operation->values);
    int size = 0;
    switch (operation->kind) {
    case PUT:
        size = snprintf(out, LINE_BYTES, "%s\n", product);
        break;
    case PRICE:
        size = snprintf(out, LINE_BYTES, "{\"op\":\"patch\",\"id\":\"P%u\",\"fields\":{\"price\":%u}}\n", operation->id,
                        operation->values.price);
        break;
    case TITLE: /* the description stays that of the title before */
        size = snprintf(out, LINE_BYTES, "{\"op\":\"patch\",\"id\":\"P%u\",\"fields\":{\"title\":\"new lamp %u\"}}\n",
                        operation->id, operation->values.title);
        break;
    case CATEGORY:
        size = snprintf(out, LINE_BYTES, "{\"op\":\"patch\",\"id\":\"P%u\",\"fields\":{\"category\":\"C%u\"}}\n",
                        operation->id, operation->values.category);
        break;
    case ERASE:
        size = snprintf(out, LINE_BYTES, "{\"op\":\"delete\",\"id\":\"P%u\"}\n", operation->id);
        break;
    case RENAME:
        size = snprintf(out, LINE_BYTES, "{\"before\":{\"id\":\"P%u\"},\"after\":%s,\"op\":\"u\",\"ts_ms\":1}\n",
                        operation->id, product);
        break;
    case TRUNCATE:
        size = snprintf(out, LINE_BYTES, "{\"op\":\"t\",\"source\":{},\"ts_ms\":1}\n");
        break;
    }
    log_size += (size_t)size;
}

static void make_log(void)
{
    struct product products[PRODUCTS] = {{.live = false}};
    log_size = 0;
    for (unsigned i = 0; i < OPERATIONS; i++) {
        struct operation *operation = &operations[i];
        unsigned id = random_below(PRODUCTS);
        unsigned dice = i < PRODUCTS / 2 ? 0 : random_below(20);
        bool live = products[id].live;
        bool truncates = i >= PRODUCTS && random_below(TRUNCATED) == 0;
        enum operation_kind kind = truncates         ? TRUNCATE
                                   : !live || dice < 5 ? PUT
                                   : dice < 10       ? PRICE
                                   : dice < 12       ? TITLE
                                   : dice < 15       ? CATEGORY
                                   : dice < 17       ? ERASE
                                                     : RENAME;
        *operation = (struct operation){.kind = kind, .id = id};
        operation->to = (id + 1 + random_below(PRODUCTS - 1)) % PRODUCTS;
        operation->values = (struct product){
            .live = true, .title = i, .category = random_below(9), .price = 1 + random_below(900)};
        print_line(operation);
        operation->end = log_size;
        replay(products, i, i + 1);
    }
}

/* -------------------------------------------------------------------------------------------------- one campaign -- */

enum step { STEP_CREATE, STEP_INDEX, STEP_FOLLOW, STEP_COMPACT, STEP_BACKUP, STEP_ALIAS, STEP_COUNT };

static const char *const step_names[STEP_COUNT] = {"create", "index", "follow", "compact", "backup", "alias"};

static char place[PATH_BYTES];
static char failure_text[400];
static unsigned long kills[STEP_COUNT][CALL_COUNT + 1];
static unsigned long ended[STEP_COUNT];
static unsigned long calls_of[STEP_COUNT];
static uint64_t processor_us[STEP_COUNT];
static double slowest_reopen_ms;
static double slowest_processor_ms;
static unsigned long finals;
static unsigned long whole_backups;
static unsigned shown;   /* operations that the log has so far */
static uint64_t behind;  /* offset committed when it was last looked */
static unsigned shards;
static volatile sig_atomic_t stopped; /* SIGTERM: the life under way is ended, and all is told */
static aisle_error error;

/* The first failure is kept. */
static bool fail(const char *format, ...)
{
    if (failure_text[0] == '\0') {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(failure_text, sizeof failure_text, format, arguments);
        va_end(arguments);
    }
    return false;
}

static const char *path_of(const char *name)
{
    static char paths[32][PATH_BYTES + 40];
    static unsigned turn;
    char *path = paths[turn++ % 32];
    snprintf(path, sizeof paths[0], "%s/%s", place, name);
    return path;
}

static int remove_entry(const char *path, const struct stat *found, int kind, struct FTW *walk)
{
    (void)found;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void remove_all(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Adds operations to the log file that followers see. */
static void show(unsigned count)
{
    unsigned end = shown + count < OPERATIONS ? shown + count : OPERATIONS;
    size_t from = shown == 0 ? 0 : operations[shown - 1].end;
    size_t to = end == 0 ? 0 : operations[end - 1].end;
    int fd = open(path_of("log/0.jsonl"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    (void)!write(fd, log_text + from, to - from);
    close(fd);
    shown = end;
}

/* --------------------------------------------------------------------------------------------------- the child -- */

static void end_child(int number)
{
    kill(getpid(), number == SIGALRM ? SIGTERM : SIGKILL);
}

static void arm(enum step step, bool by_calls, unsigned long number)
{
    struct itimerval timer = {.it_value = {.tv_sec = 0, .tv_usec = 0}};
    if (step == STEP_FOLLOW) {
        signal(SIGALRM, end_child);
        timer.it_value.tv_usec = FOLLOW_MS * 1000;
        setitimer(ITIMER_REAL, &timer, NULL);
    }
    kill_at = by_calls ? number : 0;
    if (!by_calls) {
        signal(SIGPROF, end_child);
        timer.it_value = (struct timeval){(time_t)(number / 1000000), (suseconds_t)(number % 1000000)};
        setitimer(ITIMER_PROF, &timer, NULL);
    }
}

static void run_child(enum step step, char **arguments, bool by_calls, unsigned long number)
{
    int count = 0;
    while (arguments[count] != NULL) {
        count++;
    }
    int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int told = open(path_of("told"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    dup2(quiet, STDOUT_FILENO);
    dup2(told, STDERR_FILENO);
    signal(SIGTERM, SIG_DFL);
    arm(step, by_calls, number);
    int status = aisle_main(count, arguments);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    _exit(status);
}

static bool has_failed_well(enum step step, int status)
{
    /* An alias is refused while the other catalog is behind. */
    return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || (step == STEP_ALIAS && WEXITSTATUS(status) == 3));
}

/* Runs a command and mostly kills it; *finished: it came to its end. */
static bool strike(enum step step, char **arguments, bool *finished)
{
    bool never = random_below(12) == 0;
    bool by_calls = !never && random_below(3) != 0;
    unsigned long range = by_calls ? calls_of[step] + calls_of[step] / 8 + 4 : processor_us[step] + 300;
    unsigned long number = never ? 60000000 : 1 + random_below((unsigned)range);
    struct rusage usage;
    int status = 0;
    struck->calls = 0;
    struck->last = CALL_COUNT;
    pid_t child = fork();
    if (child == 0) {
        run_child(step, arguments, by_calls, number);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child) {
        return fail("no child: %s", strerror(errno));
    }
    *finished = !WIFSIGNALED(status);
    if (!*finished) {
        kills[step][struck->last]++;
        return WTERMSIG(status) == SIGKILL || (step == STEP_FOLLOW && WTERMSIG(status) == SIGTERM)
                   ? true
                   : fail("%s died of signal %d", arguments[1], WTERMSIG(status));
    }
    ended[step]++;
    calls_of[step] = struck->calls;
    processor_us[step] = (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) +
                         (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000;
    return has_failed_well(step, status) ? true : fail("%s: exit status %d", arguments[1], WEXITSTATUS(status));
}

/* ------------------------------------------------------------------------------------------------- looking at it -- */

static double now_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void take_offset(void *context, const aisle_position *position)
{
    if (strstr(position->source, "0.jsonl") != NULL) {
        *(uint64_t *)context = position->offset;
    }
}

/* Operations whose lines end at or before the offset, which may be behind a newline or before it. */
static bool operations_of(uint64_t offset, unsigned *count)
{
    unsigned i = 0;
    while (i < shown && operations[i].end - 1 <= offset) {
        i++;
    }
    *count = i;
    bool ends = i == 0 ? offset == 0 : offset == operations[i - 1].end || offset == operations[i - 1].end - 1;
    return ends ? true : fail("the committed offset %llu ends no line", (unsigned long long)offset);
}

static bool is_like(const char *text, const struct product *product)
{
    char title[40];
    char category[30];
    char price[30];
    snprintf(title, sizeof title, "lamp %u\"", product->title);
    snprintf(category, sizeof category, "\"category\":\"C%u\"", product->category);
    snprintf(price, sizeof price, "\"price\":%u}", product->price);
    return product->live ? text != NULL && strstr(text, title) != NULL && strstr(text, category) != NULL &&
                               strstr(text, price) != NULL
                         : text == NULL;
}

/* Whether the product is as the log made it somewhere from operation `from` to `to`. */
static bool is_of_log(const char *text, unsigned id, unsigned from, unsigned to)
{
    struct product products[PRODUCTS] = {{.live = false}};
    replay(products, 0, from);
    bool like = is_like(text, &products[id]);
    for (unsigned i = from; i < to && !like; i++) {
        replay(products, i, i + 1);
        like = is_like(text, &products[id]);
    }
    return like;
}

static bool look_at_product(aisle *catalog, unsigned id, unsigned from, unsigned to, unsigned *live)
{
    char key[20];
    char text[LINE_BYTES * 2] = "";
    aisle_result *found = NULL;
    aisle_hit hit;
    int size = snprintf(key, sizeof key, "P%u", id);
    int status = aisle_get(catalog, (aisle_bytes){key, (size_t)size}, false, &found, &error);
    if (status == 0 && aisle_result_hit(found, 0, &hit) == 0) {
        snprintf(text, sizeof text, "%.*s", (int)hit.product.size, hit.product.data);
    }
    aisle_result_free(found);
    if (status != 0 && status != AISLE_NOT_FOUND) {
        return fail("get %s: %s", key, error.message);
    }
    *live += status == 0 ? 1 : 0;
    return is_of_log(status == 0 ? text : NULL, id, from, to)
               ? true
               : fail("%s is not what operations %u to %u make: %.200s", key, from, to, status == 0 ? text : "gone");
}

static bool look_at_products(aisle *catalog, unsigned from, unsigned to)
{
    unsigned live = 0;
    aisle_result *found = NULL;
    const aisle_query all = {.size = sizeof all, .text = "lamp", .limit = PRODUCTS * 2};
    for (unsigned id = 0; id < PRODUCTS; id++) {
        if (!look_at_product(catalog, id, from, to, &live)) {
            return false;
        }
    }
    int status = aisle_search(catalog, &all, &found, &error);
    size_t count = aisle_result_count(found);
    aisle_result_free(found);
    return status != 0     ? fail("search: %s", error.message)
           : count == live ? true
                           : fail("a search finds %zu products, %u are there", count, live);
}

static void print_fault(void *context, const char *message)
{
    (void)context;
    fail("check: %s", message);
}

/* Opens, as whoever comes next would, and compares; the position may not have moved back. */
static bool look(const char *name, bool is_copy, bool at_end)
{
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    uint64_t offset = 0;
    double begun = now_ms(CLOCK_MONOTONIC);
    double processor = now_ms(CLOCK_PROCESS_CPUTIME_ID);
    const aisle_options options = {.size = sizeof options, .memory_bytes = UINT64_C(32) << 20};
    if (aisle_open(path_of(name), &options, &catalog, &error) != 0 || aisle_begin(catalog, &writer, &error) != 0) {
        aisle_close(catalog);
        return fail("%s does not open: %s", name, error.message);
    }
    double took = now_ms(CLOCK_MONOTONIC) - begun;
    slowest_reopen_ms = took > slowest_reopen_ms ? took : slowest_reopen_ms;
    processor = now_ms(CLOCK_PROCESS_CPUTIME_ID) - processor;
    slowest_processor_ms = processor > slowest_processor_ms ? processor : slowest_processor_ms;
    unsigned count = 0;
    int status = aisle_logs(catalog, take_offset, &offset, &error);
    bool good = status == 0 ? true : fail("logs: %s", error.message);
    good = good && operations_of(offset, &count);
    good = good && (is_copy || offset >= behind ? true : fail("the position has moved back"));
    good = good && (!at_end || count == OPERATIONS ? true : fail("the log was not read to its end"));
    /* What a truncation deletes is committed before its line is. */
    bool truncates = count < shown && operations[count].kind == TRUNCATE;
    good = good && look_at_products(catalog, count, shards == 1 ? count + truncates : shown);
    behind = is_copy ? behind : offset;
    aisle_writer_free(writer);
    aisle_close(catalog);
    return good && processor > REOPEN_MAX_MS ? fail("%s took %.0f ms of the processor to reopen", name, processor)
                                             : good;
}

/* ---------------------------------------------------------------------------------------------------- the steps -- */

static bool index_step(enum step step, bool *finished)
{
    static const char *const threads[] = {"1", "2"};
    static const char *const changes[] = {"1", "3", "20"};
    char *arguments[] = {(char *)"aisle",     (char *)"index", (char *)path_of("shop"), (char *)path_of("log"),
                         (char *)"--memory",  (char *)"32M",   (char *)"--truncate",    (char *)"apply",
                         (char *)"--threads", (char *)threads[random_below(2)],
                         step == STEP_FOLLOW ? (char *)"--follow" : NULL, (char *)"--commit-changes",
                         (char *)changes[random_below(3)], NULL};
    show(random_below(GROWTH));
    return strike(step, arguments, finished) && look("shop", false, false);
}

static bool compact_step(void)
{
    bool finished;
    uint64_t before = behind;
    char *arguments[] = {(char *)"aisle", (char *)"compact", (char *)path_of("shop"), NULL};
    return strike(STEP_COMPACT, arguments, &finished) && look("shop", false, false) &&
           (before == behind ? true : fail("compact has moved the position"));
}

static void sweep(const char *part)
{
    char command[PATH_BYTES + 60];
    snprintf(command, sizeof command, "rm -rf '%s'/*%s*", place, part);
    (void)!system(command);
}

static bool backup_step(void)
{
    bool finished;
    char *arguments[] = {(char *)"aisle", (char *)"backup", (char *)path_of("shop"), (char *)path_of("copy"), NULL};
    bool good = strike(STEP_BACKUP, arguments, &finished);
    bool there = access(path_of("copy"), F_OK) == 0;
    good = good && (there || !finished ? true : fail("a backup ended well, but there is nothing"));
    good = good && (!there || look("copy", true, false));
    whole_backups += there ? 1 : 0;
    sweep(".creating-");
    remove_all(path_of("copy"));
    return good && look("shop", false, false);
}

/* Between the catalog and another that nobody follows; both may be refused, none may be lost. */
static bool alias_step(void)
{
    bool finished;
    char target[PATH_BYTES] = "";
    char *arguments[] = {(char *)"aisle", (char *)"alias", (char *)path_of("name"),
                         (char *)path_of(random_below(2) == 0 ? "shop" : "other"), (char *)"--force", NULL};
    bool had = readlink(path_of("name"), target, sizeof target - 1) > 0;
    bool good = strike(STEP_ALIAS, arguments, &finished);
    memset(target, 0, sizeof target);
    bool has = readlink(path_of("name"), target, sizeof target - 1) > 0;
    aisle *catalog = NULL;
    int status = has ? aisle_open(path_of("name"), NULL, &catalog, &error) : 0;
    aisle_close(catalog);
    sweep(".pointing-");
    return good && (has || (!had && !finished) ? true : fail("the alias is gone")) &&
           (status == 0 ? true : fail("the alias points nowhere: %s", error.message));
}

static bool create(const char *name, bool struck_at, bool *there)
{
    bool finished = false;
    char *arguments[] = {(char *)"aisle",    (char *)"create",  (char *)path_of(name), (char *)"--shards",
                         shards == 1 ? (char *)"1" : (char *)"4", (char *)"--schema", (char *)path_of("schema.json"),
                         NULL};
    if (!struck_at) {
        FILE *file = fopen(path_of("schema.json"), "w");
        fputs("{\"version\":1,\"id\":\"id\",\"route\":\"category\",\"language\":\"english\",\"fields\":{\"title\":"
              "{\"type\":\"text\",\"weight\":5},\"description\":{\"type\":\"text\"},\"category\":{\"type\":\"keyword\","
              "\"facet\":true},\"price\":{\"type\":\"integer\"}}}", file);
        fclose(file);
        char schema[1000] = "";
        file = fopen(path_of("schema.json"), "r");
        schema[fread(schema, 1, sizeof schema - 1, file)] = '\0';
        fclose(file);
        const aisle_create_options options = {.size = sizeof options, .shards = shards};
        *there = aisle_create(path_of(name), schema, &options, &error) == 0;
        return *there ? true : fail("create: %s", error.message);
    }
    bool good = strike(STEP_CREATE, arguments, &finished);
    sweep(".creating-");
    *there = access(path_of(name), F_OK) == 0;
    return good && (*there || !finished ? true : fail("create ended well, but there is nothing"));
}

/* ----------------------------------------------------------------------------------------------- a life, its end -- */

static bool run_whole(const char *name)
{
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    int status = aisle_open(path_of(name), NULL, &catalog, &error);
    status = status == 0 ? aisle_begin(catalog, &writer, &error) : status;
    status = status == 0 ? aisle_compact(writer, &error) : status;
    aisle_writer_free(writer);
    aisle_close(catalog);
    return status == 0 ? true : fail("%s cannot be compacted: %s", name, error.message);
}

static bool same_answers(const char *text)
{
    const char *const names[] = {"shop", "reference"};
    char answers[2][4000] = {"", ""};
    for (unsigned i = 0; i < 2; i++) {
        aisle *catalog = NULL;
        aisle_result *found = NULL;
        aisle_hit hit;
        size_t size = 0;
        const aisle_query query = {.size = sizeof query, .text = text, .limit = PRODUCTS};
        int status = aisle_open(path_of(names[i]), NULL, &catalog, &error);
        status = status == 0 ? aisle_search(catalog, &query, &found, &error) : status;
        for (size_t k = 0; status == 0 && aisle_result_hit(found, k, &hit) == 0 && size < sizeof answers[0]; k++) {
            size += (size_t)snprintf(answers[i] + size, sizeof answers[0] - size, "%.*s %.4f,", (int)hit.id.size,
                                     hit.id.data, hit.score);
        }
        aisle_result_free(found);
        aisle_close(catalog);
        if (status != 0) {
            return fail("%s: %s", names[i], error.message);
        }
    }
    return strcmp(answers[0], answers[1]) == 0
               ? true
               : fail("\"%s\": %.150s; undisturbed %.150s", text, answers[0], answers[1]);
}

/* The log's rest, undisturbed; then the catalog is what an undisturbed run makes of the whole log. */
static bool end_life(void)
{
    static const char *const texts[] = {"walnut", "copper velvet", "lamp -marble", "gran*", "m3 OR room", "title:new"};
    char *arguments[] = {(char *)"aisle",    (char *)"index", NULL, (char *)path_of("log"), (char *)"--memory",
                         (char *)"32M", (char *)"--truncate", (char *)"apply", NULL};
    bool there;
    show(OPERATIONS);
    bool good = create("reference", false, &there);
    for (unsigned i = 0; i < 2 && good; i++) {
        int status = 0;
        arguments[2] = (char *)path_of(i == 0 ? "shop" : "reference");
        pid_t child = fork();
        if (child == 0) {
            run_child(STEP_INDEX, arguments, true, 0);
        }
        waitpid(child, &status, 0);
        good = status == 0 ? true : fail("the last run ended with %d", status);
    }
    good = good && look("shop", false, true) && run_whole("shop") && run_whole("reference");
    for (size_t i = 0; i < sizeof texts / sizeof *texts && good; i++) {
        good = same_answers(texts[i]);
    }
    good = good && (access(path_of("shop.rejects.jsonl"), F_OK) != 0 ? true : fail("there are rejects"));
    uint64_t faults = 0;
    good = good && (aisle_check(path_of("shop"), print_fault, NULL, &faults, &error) == 0 && faults == 0);
    finals += good ? 1 : 0;
    return good;
}

static bool step_once(unsigned long round)
{
    bool finished = false;
    unsigned dice = random_below(16);
    bool good = dice < 7    ? index_step(STEP_INDEX, &finished)
                : dice < 11 ? index_step(STEP_FOLLOW, &finished)
                : dice < 13 ? compact_step()
                : dice < 15 ? backup_step()
                            : alias_step();
    uint64_t faults = 0;
    if (good && round % CHECKED == 0) {
        good = aisle_check(path_of("shop"), print_fault, NULL, &faults, &error) == 0 && faults == 0;
    }
    return good;
}

/* Rounds until the log is used up or there are none left; returns how many are left. */
static unsigned long live(unsigned long rounds, bool *good)
{
    bool there = false;
    sweep("");
    mkdir(path_of("log"), 0700);
    make_log();
    shown = 0;
    behind = 0;
    *good = create("other", false, &there);
    while (*good && rounds > 0 && access(path_of("shop"), F_OK) != 0) {
        rounds--;
        *good = create("shop", true, &there);
    }
    while (*good && rounds > 0 && !stopped && !(shown == OPERATIONS && behind + 1 >= log_size)) {
        *good = step_once(rounds--);
    }
    if (*good && access(path_of("shop"), F_OK) == 0) {
        *good = end_life();
    }
    return rounds;
}

static void stop(int number)
{
    stopped = number;
}

static void summarise(unsigned long rounds, double seconds)
{
    unsigned long all = 0;
    for (unsigned step = 0; step < STEP_COUNT; step++) {
        for (unsigned call = 0; call <= CALL_COUNT; call++) {
            all += kills[step][call];
        }
    }
    printf("campaign: %lu rounds in %.0f s, %lu kills, %lu catalogs equal to the undisturbed ones, %lu backups "
           "whole, slowest reopen %.0f ms (%.1f of the processor)\n", rounds, seconds, all, finals, whole_backups,
           slowest_reopen_ms, slowest_processor_ms);
    for (unsigned step = 0; step < STEP_COUNT; step++) {
        printf("  %-8s", step_names[step]);
        for (unsigned call = 0; call <= CALL_COUNT; call++) {
            printf(" %6lu in %s,", kills[step][call], call_names[call]);
        }
        printf(" %lu ended first\n", ended[step]);
    }
}

int main(int argc, char **argv)
{
    unsigned long rounds = 100;
    const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    random_state = (uint64_t)time(NULL) * 7919 + (uint64_t)getpid();
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--rounds") == 0) {
            rounds = strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--seed") == 0) {
            random_state = strtoull(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--place") == 0) {
            parent = argv[i + 1];
        }
    }
    fprintf(stderr, "campaign: --seed %llu\n", (unsigned long long)random_state);
    snprintf(place, sizeof place, "%s/campaign-XXXXXX", parent);
    log_text = malloc(OPERATIONS * LINE_BYTES);
    struck = mmap(NULL, sizeof *struck, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mkdtemp(place) == NULL || struck == MAP_FAILED || log_text == NULL) {
        fprintf(stderr, "campaign: cannot begin: %s\n", strerror(errno));
        return 1;
    }
    bool good = true;
    double begun = now_ms(CLOCK_MONOTONIC);
    unsigned long left = rounds;
    signal(SIGTERM, stop);
    for (unsigned life = 0; good && left > 0 && !stopped; life++) {
        shards = life % 2 == 0 ? 4 : 1;
        left = live(left, &good);
    }
    summarise(rounds - left, (now_ms(CLOCK_MONOTONIC) - begun) / 1e3);
    if (!good) {
        printf("campaign: FAILED with %u shards: %s; kept %s\n", shards, failure_text, place);
        return 1;
    }
    remove_all(place);
    free(log_text);
    return 0;
}
