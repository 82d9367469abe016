/*
 * sweep.c - every call of every class fails, once and for good, over the whole life.
 *
 * A clean life counts the calls of each class. A round then fails call number n with one of the class's errors:
 *   once    that call alone
 *   keeps   that call and all later ones; what fails is looked at while it does, then the cause goes
 *   closes  the same, and everything is closed and opened while it lasts
 * After the failure the catalog must hold what it held before or after the chapter that failed; without the cause the
 * chapter must succeed, and the rest of the life, and at the end nothing may be held that was not held at the
 * beginning.
 *
 * Thread rule: one thread.
 */
#include "tests/fault/fault.h"
#include "tests/fault/folder.h"
#include "tests/fault/rounds.h"
#include "tests/fault/shim.h"

#include "base/alloc.h"
#include "storage/storage.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CODES_MAX 32
#define VARIANTS_MAX 8u
#define LMDB_MAP_FULL (-30792) /* LMDB's numbers: its header is for src/storage alone */
#define LMDB_READERS_FULL (-30790)

enum mode { MODE_ONCE, MODE_KEEPS, MODE_CLOSES, MODES };

static const char *const mode_names[MODES] = {"once", "keeps", "closes"};

enum source { SOURCE_SHIM, SOURCE_ALLOC, SOURCE_LMDB };

struct variant {
    int code;
    enum shim_way way;
};

static const struct fault_class {
    const char *name;
    enum source source;
    enum shim_class shim;
    struct variant variants[VARIANTS_MAX]; /* up to one with code 0 */
} classes[] = {
    {"allocation", SOURCE_ALLOC, SHIM_HEAP, {{ENOMEM, SHIM_BEFORE}}},
    {"lmdb",
     SOURCE_LMDB,
     SHIM_HEAP,
     {{EIO, SHIM_BEFORE}, {ENOMEM, SHIM_BEFORE}, {ENOSPC, SHIM_BEFORE}, {LMDB_MAP_FULL, SHIM_BEFORE},
      {LMDB_READERS_FULL, SHIM_BEFORE}}},
    {"open", SOURCE_SHIM, SHIM_OPEN, {{EMFILE, SHIM_BEFORE}, {EIO, SHIM_BEFORE}, {ENOSPC, SHIM_BEFORE}}},
    {"read", SOURCE_SHIM, SHIM_READ, {{EIO, SHIM_BEFORE}}},
    {"write",
     SOURCE_SHIM,
     SHIM_WRITE,
     {{ENOSPC, SHIM_BEFORE}, {EIO, SHIM_BEFORE}, {EDQUOT, SHIM_BEFORE}, {EIO, SHIM_AFTER}, {ENOSPC, SHIM_PART}}},
    {"sync", SOURCE_SHIM, SHIM_SYNC, {{EIO, SHIM_BEFORE}, {ENOSPC, SHIM_BEFORE}, {EIO, SHIM_AFTER}}},
    {"resize", SOURCE_SHIM, SHIM_RESIZE, {{ENOSPC, SHIM_BEFORE}, {EIO, SHIM_BEFORE}}},
    {"map", SOURCE_SHIM, SHIM_MAP, {{ENOMEM, SHIM_BEFORE}, {EAGAIN, SHIM_BEFORE}}},
    {"name", SOURCE_SHIM, SHIM_NAME, {{EIO, SHIM_BEFORE}, {ENOSPC, SHIM_BEFORE}, {EACCES, SHIM_BEFORE}}},
    {"lock", SOURCE_SHIM, SHIM_LOCK, {{ENOLCK, SHIM_BEFORE}, {EIO, SHIM_BEFORE}}},
    {"library heap", SOURCE_SHIM, SHIM_HEAP, {{ENOMEM, SHIM_BEFORE}}},
};

#define CLASS_COUNT (sizeof classes / sizeof *classes)

struct round {
    const struct fault_class *class;
    const struct variant *variant;
    enum mode mode;
    unsigned long number;
};

/* What came of the rounds of one class; in memory shared with the children. */
struct tally {
    unsigned long injected; /* rounds in which the fault struck */
    unsigned long answered; /* in which a chapter failed */
    unsigned long absorbed; /* in which no chapter failed */
    unsigned long begun;    /* after which the writer, whose commit had been done, had to begin anew */
    unsigned long reopened; /* after which the open catalog had to be opened anew */
    unsigned long read;     /* in which everything could be read while the fault lasted */
    unsigned long codes[CODES_MAX]; /* answers, by negated status */
};

/* ---- arming ---- */

static void arm(const struct round *round)
{
    bool persistent = round->mode != MODE_ONCE;
    struct shim_fault fault = {.class = round->class->shim,
                               .way = round->variant->way,
                               .code = round->variant->code,
                               .persistent = persistent,
                               .number = round->number};
    switch (round->class->source) {
    case SOURCE_ALLOC:
        alloc_fail_at(round->number, persistent);
        break;
    case SOURCE_LMDB:
        storage_fail_at(round->number, persistent, round->variant->code);
        break;
    case SOURCE_SHIM:
        shim_arm(&fault);
        break;
    }
}

static void disarm(void)
{
    alloc_fail_at(0, 0);
    storage_fail_at(0, 0, 0);
    shim_arm(NULL);
}

static bool has_struck(const struct round *round, unsigned long allocations_before)
{
    switch (round->class->source) {
    case SOURCE_ALLOC:
        return alloc_calls() - allocations_before >= round->number;
    case SOURCE_LMDB:
        return storage_failed();
    case SOURCE_SHIM:
        return shim_struck();
    }
    return false;
}

static uint32_t variant_count(const struct fault_class *class)
{
    uint32_t count = 0;
    while (count < VARIANTS_MAX && class->variants[count].code != 0) {
        count++;
    }
    return count;
}

/* ---- a round ---- */

/* LMDB could not write the page that announces a commit, and works no more until it is closed. */
static bool must_reopen(const aisle_error *error)
{
    return error->code == AISLE_IO && strstr(error->message, "closing and opening") != NULL;
}

/* An answer that would send the user looking in the wrong place. later: an earlier chapter had met the fault. */
static void judge_code(struct life *life, const struct round *round, bool later, const aisle_error *error)
{
    int status = error->code;
    int code = round->variant->code;
    bool full = (code == ENOSPC || code == EDQUOT) && round->variant->way == SHIM_BEFORE && status != AISLE_INVALID;
    bool damage = status == AISLE_CORRUPT || status == AISLE_NOT_A_CATALOG || status == AISLE_NEWER_FORMAT;
    /* Without the lock that it could not take, LMDB goes on and calls the lock file invalid. */
    damage = damage && !(round->class->shim == SHIM_LOCK && status == AISLE_CORRUPT);
    if (damage || status == AISLE_BAD_PRODUCT || status == AISLE_BAD_QUERY || status == AISLE_BAD_SCHEMA) {
        life_complain(life, "a failing call is taken for %s", aisle_error_name(status));
    }
    if (full && !later && !must_reopen(error) && status != AISLE_DISK_FULL) {
        life_complain(life, "a full disk is %s: %s", aisle_error_name(status), error->message);
    }
}

/* Looks while the fault lasts: errors are allowed, wrong answers are not. */
static void look_under_fault(struct life *life, const struct round *round, uint32_t chapter, struct tally *tally)
{
    aisle_error error;
    int status = life_verify(life, chapter, chapter + 1, &error);
    tally->read += status == 0;
    if (round->mode == MODE_CLOSES) {
        life_close(life);
        status = life_verify(life, chapter, chapter + 1, &error);
        (void)life_step(life, chapter, &error);
        status = life_verify(life, chapter, chapter + 1, &error);
        life_close(life);
    }
}

/* The cause is gone: the catalog is as before or after the chapter, and the chapter can be done. */
static void recover(struct life *life, uint32_t chapter, struct tally *tally)
{
    aisle_error error;
    int status = life_verify(life, chapter, chapter + 1, &error);
    if (status == 0 && life->is_new && life->shards == 1 && life->script->chapters[chapter].kind == CHAPTER_COMMIT) {
        life_complain(life, "chapter %u fails, and its commit stands", chapter);
    }
    bool created = chapter == 0 && access(life->path, F_OK) == 0;
    if (status == 0 && !created) {
        status = life_step(life, chapter, &error);
    }
    if (status != 0) {
        tally->reopened++;
        life_close(life);
        status = life_verify(life, chapter, chapter + 1, &error);
        created = chapter == 0 && access(life->path, F_OK) == 0;
        status = status == 0 && !created ? life_step(life, chapter, &error) : status;
    }
    if (status != 0) {
        life_complain(life, "chapter %u (%s) fails without a cause: %s: %s", chapter,
                      life->script->chapters[chapter].name, aisle_error_name(status), error.message);
    }
}

/* A chapter has failed by the fault. */
static void answer(struct life *life, const struct round *round, uint32_t chapter, bool later,
                   const aisle_error *error, struct tally *tally)
{
    tally->answered++;
    tally->codes[-error->code % CODES_MAX]++;
    judge_code(life, round, later, error);
    if (round->mode != MODE_ONCE) {
        look_under_fault(life, round, chapter, tally);
    }
    disarm();
    recover(life, chapter, tally);
}

/* A call has failed, and the chapter has not: then it must be done. */
static void check_absorbed(struct life *life, uint32_t chapter, struct tally *tally)
{
    aisle_error error;
    tally->absorbed++;
    disarm();
    int status = life_verify(life, chapter + 1, chapter + 1, &error);
    if (must_reopen(&error)) {
        tally->reopened++;
        life_close(life);
        status = life_verify(life, chapter + 1, chapter + 1, &error);
    }
    if (status != 0) {
        life_complain(life, "after chapter %u the catalog cannot be read: %s", chapter, error.message);
    }
}

/* Lives through the script with the fault armed. */
static void live(struct life *life, const struct round *round, struct tally *tally)
{
    aisle_error error;
    bool settled = false; /* the fault has struck and has been dealt with */
    bool late = false;    /* it has struck, and no chapter has failed yet */
    bool shaky = false;   /* it struck after a commit that stands: the writer may say so when it is used next */
    unsigned long before = alloc_calls();
    arm(round);
    for (uint32_t chapter = 0; chapter < life->script->chapter_count && life->losses == 0; chapter++) {
        int status = life_step(life, chapter, &error);
        bool struck = !settled && has_struck(round, before);
        if (status != 0 && shaky) {
            tally->begun++;
            shaky = false;
            status = life_step(life, chapter, &error);
        }
        if (status != 0 && !struck) {
            life_complain(life, "chapter %u fails without a cause: %s: %s", chapter, aisle_error_name(status),
                          error.message);
        } else if (status != 0) {
            answer(life, round, chapter, late, &error, tally);
            settled = true;
        } else if (struck && round->mode == MODE_ONCE) {
            check_absorbed(life, chapter, tally);
            settled = true;
            shaky = true;
        }
        late = struck && !settled;
    }
    disarm();
    tally->injected += settled || late;
    tally->absorbed += late;
}

/* What is true of the end of every life. */
static void end_life(struct life *life, const struct round *round)
{
    aisle_error error;
    uint32_t chapters = life->script->chapter_count;
    if (life->losses == 0 && life_verify(life, chapters, chapters, &error) != 0) {
        life_complain(life, "the end cannot be read: %s", error.message);
    }
    if (life->losses == 0 && (life_check(life, &error) != 0 || life_verify_backup(life, true, &error) != 0)) {
        life_complain(life, "the end cannot be checked: %s", error.message);
    }
    life_close(life);
    if (round->mode == MODE_ONCE && life->losses == 0 && folder_count(life->folder) != 2) {
        life_complain(life, "something was left beside the catalog");
    }
    folder_clear(life->folder, false);
}

static unsigned long run_named(const struct campaign *campaign, const struct round *round, const char *name,
                               struct tally *tally)
{
    struct life life;
    life_init(&life, campaign->script, campaign->folder, campaign->shards);
    life.when = name;
    life.threads = campaign->threads;
    long blocks = fault_blocks();
    struct shim_balance held = shim_balance();
    live(&life, round, tally);
    end_life(&life, round);
    struct shim_balance left = shim_balance();
    if (life.losses == 0 &&
        (fault_blocks() != blocks || left.blocks != held.blocks || left.files != held.files ||
         left.maps != held.maps)) {
        life_complain(&life, "left behind: %ld blocks, %ld of the libraries, %ld files, %ld maps",
                      fault_blocks() - blocks, left.blocks - held.blocks, left.files - held.files,
                      left.maps - held.maps);
    }
    return life.losses != 0;
}

/* A life without faults, after which the process holds what it holds for good; counts its calls. */
static void live_cleanly(const struct campaign *campaign, unsigned long counts[CLASS_COUNT])
{
    struct round none = {.class = &classes[0], .variant = &classes[0].variants[0], .number = ULONG_MAX / 2};
    struct life life;
    unsigned long allocations = alloc_calls();
    life_init(&life, campaign->script, campaign->folder, campaign->shards);
    life.when = "without faults";
    life.threads = campaign->threads;
    disarm();
    storage_fail_at(none.number, 0, EIO); /* LMDB's calls are counted while a fault is armed */
    for (uint32_t chapter = 0; chapter < life.script->chapter_count; chapter++) {
        aisle_error error;
        if (life_step(&life, chapter, &error) != 0) {
            life_complain(&life, "chapter %u: %s", chapter, error.message);
        }
    }
    life_close(&life);
    for (size_t i = 0; i < CLASS_COUNT && counts != NULL; i++) {
        counts[i] = classes[i].source == SOURCE_SHIM   ? shim_calls(classes[i].shim)
                    : classes[i].source == SOURCE_LMDB ? storage_fault_calls()
                                                       : alloc_calls() - allocations;
    }
    storage_fail_at(0, 0, 0);
    end_life(&life, &none);
}

/* ---- rounds ---- */

static struct round round_of(const struct fault_class *class, unsigned long index)
{
    uint32_t variants = variant_count(class);
    return (struct round){.class = class,
                          .variant = &class->variants[index / MODES % variants],
                          .mode = (enum mode)(index % MODES),
                          .number = index / MODES / variants + 1};
}

static unsigned long common_divisor(unsigned long a, unsigned long b)
{
    return b == 0 ? a : common_divisor(b, a % b);
}

/* So far apart that about rounds of total are run, and all variants and modes in turn. */
static unsigned long stride_of(const struct campaign *campaign, const struct fault_class *class, unsigned long total)
{
    unsigned long stride = campaign->rounds == 0 || total < campaign->rounds ? 1 : total / campaign->rounds;
    while (stride > 1 && common_divisor(stride, (unsigned long)variant_count(class) * MODES) != 1) {
        stride++;
    }
    return stride;
}

struct sweep {
    const struct campaign *campaign;
    const struct fault_class *class;
    struct tally *tally; /* shared with the children */
};

static void prepare(void *context)
{
    const struct sweep *sweep = context;
    live_cleanly(sweep->campaign, NULL);
}

static unsigned long run_round(void *context, unsigned long index)
{
    const struct sweep *sweep = context;
    char name[128];
    struct round round = round_of(sweep->class, index);
    snprintf(name, sizeof name, "--class \"%s\" --round %lu: call %lu, code %d, way %d, %s", sweep->class->name, index,
             round.number, round.variant->code, (int)round.variant->way, mode_names[round.mode]);
    return run_named(sweep->campaign, &round, name, sweep->tally);
}

static void print_tally(const struct fault_class *class, unsigned long calls, const struct tally *tally,
                        unsigned long wrong)
{
    printf("%-13s %6lu calls, %6lu injected: %6lu answered, %5lu absorbed, %4lu begun anew, %4lu opened "
           "anew, %5lu read meanwhile, %lu wrong;",
           class->name, calls, tally->injected, tally->answered, tally->absorbed, tally->begun, tally->reopened,
           tally->read, wrong);
    for (int i = 0; i < CODES_MAX; i++) {
        if (tally->codes[i] != 0) {
            printf(" %s %lu", aisle_error_name(-i) + sizeof "AISLE", tally->codes[i]);
        }
    }
    printf("\n");
}

static unsigned long run_class(const struct campaign *campaign, const struct fault_class *class, unsigned long calls,
                               unsigned long *injected)
{
    char name[64];
    struct sweep sweep = {.campaign = campaign, .class = class, .tally = rounds_share(sizeof *sweep.tally)};
    unsigned long total = calls * variant_count(class) * MODES;
    snprintf(name, sizeof name, "--class \"%s\"", class->name);
    if (sweep.tally == NULL) {
        perror("no memory");
        return 1;
    }
    unsigned long wrong = rounds_run(&(struct rounds){.campaign = campaign,
                                                      .name = name,
                                                      .total = total,
                                                      .stride = stride_of(campaign, class, total),
                                                      .prepare = prepare,
                                                      .run = run_round,
                                                      .context = &sweep});
    print_tally(class, calls, sweep.tally, wrong);
    *injected += sweep.tally->injected;
    return wrong;
}

unsigned long sweep_run(const struct campaign *campaign)
{
    unsigned long counts[CLASS_COUNT];
    unsigned long wrong = 0;
    unsigned long injected = 0;
    live_cleanly(campaign, NULL);
    live_cleanly(campaign, counts);
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        if (campaign->class == NULL || strcmp(campaign->class, classes[i].name) == 0) {
            wrong += run_class(campaign, &classes[i], counts[i], &injected);
        }
    }
    printf("%lu failures injected over a life of %u chapters on %u shards, %lu wrong\n", injected,
           campaign->script->chapter_count, campaign->shards, wrong);
    return wrong;
}
