/*
 * damage.c - damages a catalog at every 64th byte, in three ways, and looks at what comes of it.
 *
 *     damage [--every N] [--step BYTES] [--only flip|zero|cut] [--where TEXT] [--file NAME] [--at BYTE] [--place DIR]
 *            [--verbose]
 *
 * The catalog of shop.h is made; then one file of it is damaged in one place: one bit flipped, 64 bytes zeroed, or the
 * file cut short. Two child processes take it up: one opens it for reading, asks every question that there is, and has
 * the catalog checked; the other opens it for writing, commits some changes and asks again. For each answer there are
 * two good ends, the answer that the undamaged catalog gave, or an error that names its place; anything else is a
 * fault: another answer, the end of the process, no end within ten seconds, a message without a place, damage in live
 * payload that the check does not report, and a file that was changed although its catalog could not be opened.
 *
 * One damage in --every is tried; 1 tries all. --where tries only places whose name in the table has TEXT in it.
 * --file and --at choose one damage, to look at it.
 * Prints a table of places, kinds of damage and outcomes. Exit status: 0, or 1 when a fault was found.
 */
#include "corrupt/places.h"
#include "corrupt/shop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES_MAX 16u
#define ZEROED_BYTES 64u
#define CHILD_SECONDS 10u
#define SHOWN_MAX 40u /* faults printed one by one */

enum kind { FLIP, ZERO, CUT, KIND_COUNT };
static const char *const kind_names[KIND_COUNT] = {"flip", "zero", "cut"};

struct file {
    char name[64]; /* below the catalog */
    uint8_t *content;
    uint8_t *places;
    size_t size;
};

struct damage {
    const struct file *file;
    enum kind kind;
    size_t offset;
};

enum outcome { RIGHT, TOLD, WRONG, CRASHED, HUNG, OUTCOME_COUNT };

/* What a child found, in memory that the parent shares. */
struct finding {
    enum outcome outcome;
    bool done;
    bool not_opened;    /* the catalog could not be opened, or not for writing */
    bool nameless;      /* an error's message has no place in it */
    uint64_t faults;    /* reported by the check */
    unsigned question;  /* the one being asked, for a crash */
    const char *stage;
    int code;           /* of the first error */
    char message[400];  /* of the first error, or of what was wrong */
};

struct row {
    uint64_t tried, changed, right, told, found, wrong, crashed, hung, nameless, missed, overwritten;
};

static struct {
    unsigned every;
    size_t step;
    int only;
    const char *file;
    const char *where;
    long at;
    const char *place;
    bool verbose;
} options = {.every = 1, .step = 64, .only = -1, .where = "", .at = -1, .place = "."};

static char catalog_path[1024];
static struct file files[FILES_MAX];
static size_t file_count;
static struct shop_answer (*expected)[SHOP_ANSWERS]; /* before and after shop_write; shared with children */
static struct finding *finding;
static struct row table[PLACE_COUNT][KIND_COUNT];
static uint64_t faults_found;

static void fail(const char *what)
{
    fprintf(stderr, "damage: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* ------------------------------------------------------------------------------------------------------- files -- */

static const char *path_of(const struct file *file)
{
    static char path[3000];
    snprintf(path, sizeof path, "%s/%s", catalog_path, file->name);
    return path;
}

static void write_file(const struct file *file, const uint8_t *content, size_t size)
{
    int descriptor = open(path_of(file), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (descriptor < 0 || write(descriptor, content, size) != (ssize_t)size) {
        fail(path_of(file));
    }
    close(descriptor);
}

/* The file's bytes, size of them; NULL when it is gone. */
static uint8_t *read_file(const char *path, size_t *size)
{
    struct stat known;
    int descriptor = open(path, O_RDONLY);
    if (descriptor < 0 || fstat(descriptor, &known) != 0) {
        return NULL;
    }
    *size = (size_t)known.st_size;
    uint8_t *content = calloc(1, *size + 1);
    if (content == NULL || read(descriptor, content, *size) != (ssize_t)*size) {
        fail(path);
    }
    close(descriptor);
    return content;
}

static void paint(struct file *file)
{
    const char *base = strrchr(file->name, '/') == NULL ? file->name : strrchr(file->name, '/') + 1;
    file->places = calloc(1, file->size + 1);
    if (strcmp(base, "data.mdb") == 0) {
        places_of_data(file->content, file->size, file->places);
        return;
    }
    enum place place = strcmp(base, "lock.mdb") == 0      ? PLACE_LOCK
                       : strcmp(base, "aisle.json") == 0  ? PLACE_PROPERTIES
                       : strcmp(base, "schema.json") == 0 ? PLACE_SCHEMA
                                                          : PLACE_OTHER;
    memset(file->places, (int)place, file->size);
}

static int note_entry(const char *path, const struct stat *known, int kind, struct FTW *walk)
{
    (void)known;
    (void)walk;
    if (kind == FTW_F && file_count < FILES_MAX) {
        struct file *file = &files[file_count++];
        snprintf(file->name, sizeof file->name, "%s", path + strlen(catalog_path) + 1);
        file->content = read_file(path, &file->size);
        paint(file);
    }
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

static int remove_entry(const char *path, const struct stat *known, int kind, struct FTW *walk)
{
    (void)known;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* Whether any file differs from what it was, but for the damage and the locks. */
static bool overwritten(const struct damage *damage, const uint8_t *damaged, size_t damaged_size)
{
    bool differs = false;
    for (size_t i = 0; i < file_count && !differs; i++) {
        const struct file *file = &files[i];
        size_t size = 0;
        uint8_t *now = strstr(file->name, "lock") != NULL ? NULL : read_file(path_of(file), &size);
        const uint8_t *then = file == damage->file ? damaged : file->content;
        size_t then_size = file == damage->file ? damaged_size : file->size;
        differs = strstr(file->name, "lock") == NULL &&
                  (now == NULL || size != then_size || memcmp(now, then, size) != 0);
        free(now);
    }
    return differs;
}

static void restore(void)
{
    for (size_t i = 0; i < file_count; i++) {
        write_file(&files[i], files[i].content, files[i].size);
    }
}

/* -------------------------------------------------------------------------------------------------- in a child -- */

/* Where the message says that something is: a path, or a part of a catalog. */
static bool names_a_place(const char *message)
{
    static const char *const places[] = {"/", "shard", "segment", "manifest", "aisle.json", "schema"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (strstr(message, places[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static void note_error(const char *stage, int code, const aisle_error *error)
{
    finding->nameless = finding->nameless || !names_a_place(error->message);
    if (finding->outcome == RIGHT) {
        finding->outcome = TOLD;
        finding->code = code;
        snprintf(finding->message, sizeof finding->message, "%s: %s: %s", stage, aisle_error_name(code),
                 error->message);
    }
}

static void note_wrong(const char *what, const struct shop_answer *answer)
{
    if (finding->outcome != WRONG) {
        finding->outcome = WRONG;
        snprintf(finding->message, sizeof finding->message, "%s: %s: another answer (%s)", finding->stage, what,
                 aisle_error_name(answer->status));
    }
}

static void ask_all(aisle *catalog, const struct shop_answer *answers)
{
    aisle_result *result = NULL;
    for (unsigned i = 0; i < SHOP_ANSWERS; i++) {
        aisle_error error = {.code = 0};
        finding->question = i;
        struct shop_answer answer = shop_ask(catalog, i, &result, &error);
        if (answer.status == answers[i].status && answer.hash == answers[i].hash) {
            continue;
        }
        if (answer.status < 0 && answer.status != AISLE_NOT_FOUND) {
            note_error(shop_question(i), answer.status, &error);
        } else {
            note_wrong(shop_question(i), &answer);
        }
    }
    aisle_result_free(result);
}

static void count_fault(void *context, const char *message)
{
    (void)context;
    if (options.verbose) {
        fprintf(stderr, "  check: %s\n", message);
    }
}

static void check_in_child(void)
{
    aisle_error error = {.code = 0};
    finding->stage = "check";
    int status = aisle_check(catalog_path, count_fault, NULL, &finding->faults, &error);
    if (status != 0) {
        finding->faults = 1;
        note_error("check", status, &error);
    }
}

static void read_in_child(void)
{
    aisle *catalog = NULL;
    aisle_error error = {.code = 0};
    aisle_options how = {.size = sizeof how, .read_only = true};
    finding->stage = "read";
    int status = aisle_open(catalog_path, &how, &catalog, &error);
    if (status != 0) {
        finding->not_opened = true;
        note_error("open", status, &error);
    } else {
        ask_all(catalog, expected[0]);
    }
    aisle_close(catalog);
    check_in_child();
}

static void write_in_child(void)
{
    aisle *catalog = NULL;
    aisle_error error = {.code = 0};
    finding->stage = "open to write";
    int status = aisle_open(catalog_path, NULL, &catalog, &error);
    finding->not_opened = status != 0;
    if (status == 0) {
        aisle_writer *writer = NULL;
        finding->stage = "begin";
        status = aisle_begin(catalog, &writer, &error);
        finding->not_opened = status != 0;
        aisle_writer_free(writer);
    }
    if (status == 0) {
        finding->stage = "write";
        status = shop_write(catalog, &error);
    }
    aisle_close(catalog);
    if (status != 0) {
        note_error(finding->stage, status, &error);
        return;
    }
    finding->stage = "after the write";
    status = aisle_open(catalog_path, NULL, &catalog, &error);
    if (status != 0) {
        note_error("open after the write", status, &error);
        return;
    }
    ask_all(catalog, expected[1]);
    aisle_close(catalog);
}

static void run_child(void (*body)(void))
{
    int ended = 0;
    *finding = (struct finding){.stage = "begin"};
    fflush(stdout);
    pid_t child = fork();
    if (child < 0) {
        fail("fork");
    }
    if (child == 0) {
        alarm(CHILD_SECONDS);
        body();
        finding->done = true;
        _exit(0);
    }
    while (waitpid(child, &ended, 0) < 0) {
        if (errno != EINTR) {
            fail("waitpid");
        }
    }
    if (!finding->done) {
        bool hung = WIFSIGNALED(ended) && WTERMSIG(ended) == SIGALRM;
        finding->outcome = hung ? HUNG : CRASHED;
        snprintf(finding->message, sizeof finding->message, "%s, %s: %s %d", finding->stage,
                 shop_question(finding->question), WIFSIGNALED(ended) ? "signal" : "status",
                 WIFSIGNALED(ended) ? WTERMSIG(ended) : WEXITSTATUS(ended));
    }
}

/* --------------------------------------------------------------------------------------------------- the sweep -- */

static void show(const struct damage *damage, enum place place, const char *what)
{
    faults_found++;
    if (faults_found <= SHOWN_MAX || options.verbose) {
        printf("fault: --file %s --at %zu --only %s (%s, page %zu byte %zu): %s: %s\n", damage->file->name,
               damage->offset, kind_names[damage->kind], place_text(place), damage->offset / PLACES_PAGE,
               damage->offset % PLACES_PAGE, what, finding->message);
    }
}

static void count(const struct damage *damage, enum place place, struct row *row)
{
    row->right += finding->outcome == RIGHT;
    row->told += finding->outcome == TOLD;
    row->wrong += finding->outcome == WRONG;
    row->crashed += finding->outcome == CRASHED;
    row->hung += finding->outcome == HUNG;
    if (finding->outcome >= WRONG) {
        show(damage, place, finding->outcome == WRONG ? "wrong" : finding->outcome == HUNG ? "hung" : "crashed");
    }
    if (finding->nameless) {
        row->nameless++;
        show(damage, place, "an error that names no place");
    }
    if (options.verbose) {
        printf("%s\n", finding->message);
    }
}

/* The damaged content, size of it; the same pointer each time. */
static uint8_t *damaged_content(const struct damage *damage, size_t *size)
{
    static uint8_t *content;
    const struct file *file = damage->file;
    content = realloc(content, file->size + 1);
    memcpy(content, file->content, file->size);
    *size = file->size;
    if (damage->kind == FLIP) {
        content[damage->offset] ^= (uint8_t)(1u << (damage->offset * 2654435761u >> 13) % 8);
    } else if (damage->kind == ZERO) {
        size_t left = file->size - damage->offset;
        memset(content + damage->offset, 0, left < ZEROED_BYTES ? left : ZEROED_BYTES);
    } else {
        *size = damage->offset;
    }
    return content;
}

/* Whether the damage changed a byte of live payload. */
static bool hits_payload(const struct damage *damage, const uint8_t *content, size_t size)
{
    const struct file *file = damage->file;
    for (size_t i = damage->offset; i < file->size && (damage->kind == CUT || i < damage->offset + ZEROED_BYTES); i++) {
        if (file->places[i] == PLACE_PAYLOAD && (i >= size || content[i] != file->content[i])) {
            return true;
        }
    }
    return false;
}

static void try_damage(const struct damage *damage)
{
    size_t size = 0;
    uint8_t *content = damaged_content(damage, &size);
    enum place place = damage->file->places[damage->offset];
    struct row *row = &table[place][damage->kind];
    row->tried++;
    if (size == damage->file->size && memcmp(content, damage->file->content, size) == 0) {
        return; /* zeros already */
    }
    row->changed++;
    write_file(damage->file, content, size);
    run_child(read_in_child);
    count(damage, place, row);
    if (finding->outcome >= CRASHED) {
        run_child(check_in_child);
    }
    row->found += finding->faults != 0;
    if (finding->faults == 0 && hits_payload(damage, content, size)) {
        row->missed++;
        show(damage, place, "the check does not find it");
    }
    write_file(damage->file, content, size);
    run_child(write_in_child);
    count(damage, place, row);
    if (finding->not_opened && overwritten(damage, content, size)) {
        row->overwritten++;
        show(damage, place, "written to, though it could not be opened");
    }
    restore();
}

static void sweep(void)
{
    unsigned long number = 0;
    for (size_t f = 0; f < file_count; f++) {
        const struct file *file = &files[f];
        if (options.file != NULL && strcmp(options.file, file->name) != 0) {
            continue;
        }
        for (size_t offset = 0; offset < file->size; offset += options.step) {
            for (int kind = 0; kind < KIND_COUNT; kind++) {
                /* A multiple of the kinds would try one kind only, so the choice is by a hash. */
                bool chosen = number++ * UINT64_C(0x9e3779b97f4a7c15) >> 32 <= UINT32_MAX / options.every;
                chosen = chosen && (options.only < 0 || options.only == kind);
                if (chosen && strstr(place_text(file->places[offset]), options.where) != NULL) {
                    try_damage(&(struct damage){file, (enum kind)kind, offset});
                }
            }
        }
    }
}

static void print_table(void)
{
    static const char *const heads[] = {"tried", "changed", "right", "told", "found", "wrong", "crash", "hang",
                                        "no place", "missed", "overwritten"};
    printf("%-38s %-5s", "where", "what");
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        printf(" %8s", heads[i]);
    }
    printf("\n");
    for (int place = 0; place < PLACE_COUNT; place++) {
        for (int kind = 0; kind < KIND_COUNT; kind++) {
            const struct row *row = &table[place][kind];
            if (row->tried == 0) {
                continue;
            }
            const uint64_t values[] = {row->tried, row->changed, row->right, row->told, row->found, row->wrong,
                                       row->crashed, row->hung, row->nameless, row->missed, row->overwritten};
            printf("%-38s %-5s", place_text((enum place)place), kind_names[kind]);
            for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
                printf(" %8llu", (unsigned long long)values[i]);
            }
            printf("\n");
        }
    }
    printf("right, told, wrong, crash, hang: two children a damage, one reading, one writing. found: by the check.\n");
}

/* ---------------------------------------------------------------------------------------------------- the setup -- */

/* Asks the questions of an undamaged catalog, before and after shop_write; in a child, so that no handle remains. */
static void expect_in_child(void)
{
    aisle *catalog = NULL;
    aisle_result *result = NULL;
    aisle_error error = {.code = 0};
    int status = aisle_open(catalog_path, NULL, &catalog, &error);
    for (int turn = 0; turn < 2 && status == 0; turn++) {
        status = turn == 0 ? 0 : shop_write(catalog, &error);
        for (unsigned i = 0; i < SHOP_ANSWERS && status == 0; i++) {
            expected[turn][i] = shop_ask(catalog, i, &result, &error);
        }
    }
    aisle_result_free(result);
    aisle_close(catalog);
    finding->code = status;
    snprintf(finding->message, sizeof finding->message, "%s", error.message);
}

static void make_in_child(void)
{
    aisle_error error = {.code = 0};
    finding->code = shop_make(catalog_path, &error);
    snprintf(finding->message, sizeof finding->message, "%s", error.message);
}

static void must_run(void (*body)(void))
{
    run_child(body);
    if (finding->outcome != RIGHT || finding->code != 0) {
        fprintf(stderr, "damage: the catalog cannot be made: %s\n", finding->message);
        exit(2);
    }
}

static void parse(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--verbose") == 0) {
            options.verbose = true;
            continue;
        }
        i++;
        if (strcmp(argv[i - 1], "--every") == 0) {
            options.every = (unsigned)strtoul(value, NULL, 10);
        } else if (strcmp(argv[i - 1], "--step") == 0) {
            options.step = strtoul(value, NULL, 10);
        } else if (strcmp(argv[i - 1], "--file") == 0) {
            options.file = value;
        } else if (strcmp(argv[i - 1], "--where") == 0) {
            options.where = value;
        } else if (strcmp(argv[i - 1], "--at") == 0) {
            options.at = strtol(value, NULL, 10);
        } else if (strcmp(argv[i - 1], "--place") == 0) {
            options.place = value;
        } else if (strcmp(argv[i - 1], "--only") == 0) {
            for (int kind = 0; kind < KIND_COUNT; kind++) {
                options.only = strcmp(value, kind_names[kind]) == 0 ? kind : options.only;
            }
        } else {
            fprintf(stderr, "damage: unknown argument %s\n", argv[i - 1]);
            exit(2);
        }
    }
    options.every = options.every == 0 ? 1 : options.every;
    options.step = options.step == 0 ? 1 : options.step;
}

static void *shared_memory(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        fail("mmap");
    }
    return memory;
}

int main(int argc, char **argv)
{
    char place[512];
    parse(argc, argv);
    finding = shared_memory(sizeof *finding);
    expected = shared_memory(2 * sizeof *expected);
    snprintf(place, sizeof place, "%s/damage-XXXXXX", options.place);
    if (mkdtemp(place) == NULL) {
        fail(place);
    }
    snprintf(catalog_path, sizeof catalog_path, "%s/shop", place);
    must_run(make_in_child);
    nftw(catalog_path, note_entry, 16, FTW_PHYS);
    qsort(files, file_count, sizeof *files, compare_names);
    must_run(expect_in_child);
    restore();
    if (options.at >= 0) {
        for (size_t f = 0; f < file_count; f++) {
            if (options.file != NULL && strcmp(options.file, files[f].name) == 0) {
                int kind = options.only < 0 ? FLIP : options.only;
                try_damage(&(struct damage){&files[f], (enum kind)kind, (size_t)options.at});
            }
        }
    } else {
        sweep();
    }
    print_table();
    nftw(place, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    printf("damage: %llu faults\n", (unsigned long long)faults_found);
    return faults_found != 0;
}
