/*
 * disk_full.c - a file system that fills up, not by pretence: a small one in memory, mounted for this process alone.
 *
 * A ballast file takes what the round leaves free. Whenever a chapter finds the disk full, everything committed must
 * be readable as long as it lasts, by the open catalog and by one opened then; the ballast shrinks by a little, and
 * the chapter is done again, so that nearly every chapter of a life meets the full disk several times. Where $TMPDIR
 * is a small file system already, that is taken as it is; where none may be mounted, the test is skipped.
 *
 * Thread rule: one thread.
 */
#include "tests/fault/fault.h"
#include "tests/fault/folder.h"
#include "tests/fault/rounds.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define DISK_BYTES (8u << 20)
#define SMALL_BYTES (UINT64_C(64) << 20) /* a file system of no more is taken as it is */
#define PIECE_BYTES 4096u
#define ROUNDS 183u                      /* of a whole campaign: all beginnings with all steps */
#define STEPS_MAX 2000u                  /* of the ballast in one life */

struct filling {
    const struct campaign *campaign;
    unsigned long *full; /* chapters that found the disk full; shared with the children */
};

static bool is_small(const char *folder)
{
    struct statvfs room;
    return statvfs(folder, &room) == 0 && (uint64_t)room.f_blocks * room.f_frsize <= SMALL_BYTES;
}

static bool mount_disk(const char *folder)
{
    char size[32];
    snprintf(size, sizeof size, "size=%u", DISK_BYTES);
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", folder, "tmpfs", 0, size) == 0;
}

/* Writes the ballast until nothing is left, then gives free_bytes back. */
static bool fill(int ballast, uint64_t free_bytes)
{
    static const char piece[PIECE_BYTES];
    struct stat file;
    if (lseek(ballast, 0, SEEK_END) < 0) {
        return false;
    }
    while (write(ballast, piece, sizeof piece) > 0) {
    }
    if (errno != ENOSPC || fsync(ballast) != 0 || fstat(ballast, &file) != 0) {
        return false;
    }
    uint64_t size = (uint64_t)file.st_size;
    return ftruncate(ballast, (off_t)(size > free_bytes ? size - free_bytes : 0)) == 0;
}

static bool shrink(int ballast, uint64_t bytes)
{
    struct stat file;
    return fstat(ballast, &file) == 0 && file.st_size > 0 &&
           ftruncate(ballast, (uint64_t)file.st_size > bytes ? file.st_size - (off_t)bytes : 0) == 0;
}

/* Everything can be read while the disk is full; closes is whether by a catalog opened only now. */
static void look(struct life *life, uint32_t chapter, bool closes)
{
    aisle_error error;
    if (closes) {
        life_close(life);
    }
    int status = life_verify(life, chapter, chapter + 1, &error);
    if (status != 0 && (closes ? status != AISLE_DISK_FULL : true)) {
        life_complain(life, "chapter %u cannot be read on a full disk: %s", chapter, error.message);
    }
}

static void live(struct life *life, int ballast, uint64_t step_bytes, unsigned long *full)
{
    aisle_error error;
    uint32_t steps = 0;
    for (uint32_t chapter = 0; chapter < life->script->chapter_count && life->losses == 0;) {
        int status = life_step(life, chapter, &error);
        if (status == 0) {
            chapter++;
            continue;
        }
        *full += status == AISLE_DISK_FULL;
        if (status != AISLE_DISK_FULL) {
            life_complain(life, "chapter %u on a full disk: %s: %s", chapter, aisle_error_name(status), error.message);
        }
        look(life, chapter, steps % 2 == 1);
        if (++steps > STEPS_MAX || !shrink(ballast, step_bytes)) {
            life_complain(life, "chapter %u never ends", chapter);
        }
        if (chapter == 0 && access(life->path, F_OK) == 0) {
            chapter++;
        }
    }
    uint32_t chapters = life->script->chapter_count;
    if (life->losses == 0 && (life_verify(life, chapters, chapters, &error) != 0 || life_check(life, &error) != 0)) {
        life_complain(life, "the end cannot be read: %s", error.message);
    }
}

/* One life, with so much free at first that depends on the round, which then grows in steps. */
static unsigned long live_once(void *context, unsigned long round)
{
    struct filling *filling = context;
    struct life life;
    char name[64];
    char folder[600];
    char path[700];
    snprintf(name, sizeof name, "--round %lu", round);
    snprintf(folder, sizeof folder, "%s/life", filling->campaign->folder);
    snprintf(path, sizeof path, "%s/ballast", filling->campaign->folder);
    int ballast = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    life_init(&life, filling->campaign->script, folder, filling->campaign->shards);
    life.when = name;
    if (ballast < 0 || mkdir(folder, 0700) != 0 || !fill(ballast, round % 61 * PIECE_BYTES)) {
        life_complain(&life, "the disk cannot be filled");
    }
    live(&life, ballast, (1 + round % 3 * 7) * (uint64_t)PIECE_BYTES, filling->full);
    life_close(&life);
    (void)close(ballast);
    folder_clear(filling->campaign->folder, false);
    return life.losses;
}

unsigned long disk_full_run(const struct campaign *campaign)
{
    struct filling filling = {.campaign = campaign, .full = rounds_share(sizeof *filling.full)};
    unsigned long rounds = campaign->rounds == 0 ? ROUNDS : campaign->rounds;
    bool mounted = !is_small(campaign->folder);
    if (filling.full == NULL || (mounted && !mount_disk(campaign->folder))) {
        printf("skipped: no small file system can be mounted\n");
        return 0;
    }
    unsigned long wrong = rounds_run(&(struct rounds){.campaign = campaign,
                                                      .name = "disk-full",
                                                      .total = rounds,
                                                      .stride = 1,
                                                      .run = live_once,
                                                      .context = &filling});
    if (mounted) {
        (void)umount(campaign->folder);
    }
    printf("%lu lives on a disk that fills up: %lu chapters found it full, %lu wrong\n", rounds, *filling.full, wrong);
    return wrong + (*filling.full == 0 ? 1 : 0);
}
