/*
 * power_loss.c - what is on the disk when the power goes, for many moments of a life and many ways of the disk.
 *
 * The shim tells of every write, change of size, sync and name. A crash image is built from what was told up to a
 * moment: everything that a completed sync of its file covers is there; of the rest each block of each write is there
 * or not, as chance has it, each change of size and each name too. A block that was written twice holds one of the
 * versions since the last sync, an older one only if the newer is not there: that is all that a reordering disk can
 * do. Names are safe once their directory was synced; for a name that moves, the one that it moved to. (Blocks are 512
 * bytes, which no disk tears, or more.)
 *
 * Then the image is opened: each shard must hold what it held before or after the chapter that the power cut short,
 * all chapters that were done must be there, a check finds nothing, and the life goes on from there. With a disk that
 * answers the last sync and does nothing (--lies 1) this cannot hold, which shows that the test can fail.
 *
 * Thread rule: one thread.
 */
#include "tests/fault/fault.h"
#include "tests/fault/folder.h"
#include "tests/fault/rounds.h"
#include "tests/fault/shim.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NODES_MAX 64u
#define EVENTS_MAX 8192u
#define FILE_BYTES_MAX (16u << 20)
#define BLOCK_BYTES_MIN 512u
#define ROOT 0u       /* the node of the folder that the life is lived in */
#define NO_NODE UINT32_MAX
#define IMAGES 20000u /* of a whole campaign */

/* A file or directory that ever was. */
struct node {
    dev_t device;
    ino_t inode;
    bool is_directory;
    uint32_t synced_at; /* while an image is built: event that last synced it before the crash */
    uint32_t safe_at;   /* events before this one have reached the disk */
    uint8_t *content; /* owned; of a file in the image */
    uint64_t size;
};

struct event {
    enum shim_event_kind kind;
    uint32_t node;
    uint64_t offset;
    uint8_t *data; /* owned */
    size_t size;
    bool durable;
    uint32_t directory, to_directory; /* of a name */
    char name[64], to_name[64];
};

struct entry {
    uint32_t directory, node;
    char name[64];
};

static struct node nodes[NODES_MAX];
static uint32_t node_count;
static struct event events[EVENTS_MAX];
static uint32_t event_count;
static uint32_t done_at[SCRIPT_CHAPTERS_MAX]; /* events there were when the chapter was done */
static struct entry entries[NODES_MAX];       /* names of the image */
static uint32_t entry_count;
static uint64_t seed;

/* SplitMix64: images that are numbered one after the other have nothing in common. */
static uint32_t random_below(uint32_t bound)
{
    uint64_t mixed = seed += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((mixed ^ (mixed >> 31)) % bound);
}

/* ---- recording ---- */

static uint32_t node_of(const struct stat *found)
{
    for (uint32_t i = 0; i < node_count; i++) {
        if (nodes[i].inode == found->st_ino && nodes[i].device == found->st_dev) {
            return i;
        }
    }
    if (node_count == NODES_MAX) {
        fprintf(stderr, "more files than NODES_MAX\n");
        abort();
    }
    nodes[node_count] = (struct node){
        .device = found->st_dev, .inode = found->st_ino, .is_directory = S_ISDIR(found->st_mode)};
    return node_count++;
}

static uint32_t node_of_path(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 ? node_of(&found) : NO_NODE;
}

/* What is new at path may have the number of something that is gone. */
static void retire(const char *path)
{
    struct stat found;
    for (uint32_t i = 0; i < node_count && stat(path, &found) == 0; i++) {
        if (nodes[i].inode == found.st_ino && nodes[i].device == found.st_dev) {
            nodes[i].inode = 0;
        }
    }
}

/* Cuts a path into the node of its directory and its last name. */
static uint32_t cut_path(const char *path, char name[64])
{
    char directory[1024];
    const char *last = strrchr(path, '/') + 1;
    snprintf(directory, sizeof directory, "%.*s", (int)(last - path), path);
    snprintf(name, 64, "%s", last);
    return node_of_path(directory);
}

static void record(const struct shim_event *told)
{
    struct stat found;
    if (event_count == EVENTS_MAX) {
        fprintf(stderr, "more events than EVENTS_MAX\n");
        abort();
    }
    struct event *event = &events[event_count];
    *event = (struct event){
        .kind = told->kind, .node = NO_NODE, .offset = told->offset, .size = told->size, .durable = told->durable};
    if (told->path != NULL) {
        event->directory = cut_path(told->path, event->name);
        if (told->kind == EVENT_ADD) {
            retire(told->path);
        }
        event->node = node_of_path(told->kind == EVENT_RENAME ? told->to_path : told->path);
        if (told->kind == EVENT_RENAME) {
            event->to_directory = cut_path(told->to_path, event->to_name);
        }
    } else if (fstat(told->fd, &found) == 0) {
        event->node = node_of(&found);
    }
    if (told->data != NULL) {
        event->data = malloc(told->size);
        if (event->data == NULL) {
            abort();
        }
        memcpy(event->data, told->data, told->size);
    }
    event_count++;
}

/* ---- names of an image ---- */

static struct entry *find_entry(uint32_t directory, const char *name)
{
    for (uint32_t i = 0; i < entry_count; i++) {
        if (entries[i].directory == directory && strcmp(entries[i].name, name) == 0) {
            return &entries[i];
        }
    }
    return NULL;
}

static void remove_entry(uint32_t directory, const char *name)
{
    struct entry *entry = find_entry(directory, name);
    if (entry != NULL) {
        *entry = entries[--entry_count];
    }
}

static void add_entry(uint32_t directory, const char *name, uint32_t node)
{
    remove_entry(directory, name);
    entries[entry_count] = (struct entry){.directory = directory, .node = node};
    snprintf(entries[entry_count].name, sizeof entries[entry_count].name, "%s", name);
    entry_count++;
}

static void apply_name(const struct event *event)
{
    switch (event->kind) {
    case EVENT_ADD:
        add_entry(event->directory, event->name, event->node);
        break;
    case EVENT_REMOVE:
        remove_entry(event->directory, event->name);
        break;
    case EVENT_RENAME:
        /* Dropping what made the old name does not undo the new one: the file is what is renamed. */
        remove_entry(event->directory, event->name);
        add_entry(event->to_directory, event->to_name, event->node);
        break;
    case EVENT_WRITE:
    case EVENT_RESIZE:
    case EVENT_SYNC:
        break;
    }
}

/* ---- contents of an image ---- */

struct chance {
    uint32_t percent;     /* of blocks, sizes and names that reached the disk */
    uint32_t block_bytes;
};

static bool reached(const struct chance *chance)
{
    return random_below(100) < chance->percent;
}

static void put(struct node *node, uint64_t offset, const uint8_t *data, size_t size)
{
    if (offset + size > FILE_BYTES_MAX) {
        fprintf(stderr, "a file larger than FILE_BYTES_MAX\n");
        abort();
    }
    memcpy(node->content + offset, data, size);
    node->size = offset + size > node->size ? offset + size : node->size;
}

static void resize(struct node *node, uint64_t size)
{
    if (size < node->size) {
        memset(node->content + size, 0, node->size - size);
    }
    node->size = size;
}

/* Those blocks of a write that chance lets reach the disk. */
static void apply_blocks(struct node *node, const struct event *event, const struct chance *chance)
{
    for (size_t at = 0; at < event->size;) {
        size_t left = chance->block_bytes - (event->offset + at) % chance->block_bytes;
        size_t size = left < event->size - at ? left : event->size - at;
        if (reached(chance)) {
            put(node, event->offset + at, event->data + at, size);
        }
        at += size;
    }
}

static void apply_content(const struct event *event, bool safe, const struct chance *chance)
{
    struct node *node = &nodes[event->node];
    if (event->kind == EVENT_WRITE) {
        if (safe || event->durable) {
            put(node, event->offset, event->data, event->size);
        } else {
            apply_blocks(node, event, chance);
        }
    } else if (event->kind == EVENT_RESIZE && (safe || reached(chance))) {
        resize(node, event->offset);
    }
}

/*
 * What the disk holds when the power goes while event number moment is under way; one that lies has not done
 * the last sync of each file.
 */
static void imagine(uint32_t moment, const struct chance *chance, bool lies)
{
    entry_count = 0;
    for (uint32_t i = 0; i < node_count; i++) {
        nodes[i].safe_at = 0;
        nodes[i].synced_at = 0;
        if (nodes[i].content != NULL) {
            memset(nodes[i].content, 0, nodes[i].size);
        }
        nodes[i].size = 0;
    }
    for (uint32_t i = 0; i < moment; i++) {
        if (events[i].kind == EVENT_SYNC) {
            struct node *node = &nodes[events[i].node];
            node->safe_at = lies && !node->is_directory ? node->synced_at : i;
            node->synced_at = i;
        }
    }
    for (uint32_t i = 0; i <= moment && i < event_count; i++) {
        const struct event *event = &events[i];
        bool is_name = event->kind == EVENT_ADD || event->kind == EVENT_REMOVE || event->kind == EVENT_RENAME;
        uint32_t owner = !is_name ? event->node : event->kind == EVENT_RENAME ? event->to_directory : event->directory;
        bool safe = owner != NO_NODE && i < nodes[owner].safe_at;
        if (is_name && (safe || reached(chance))) {
            apply_name(event);
        } else if (!is_name && event->node != NO_NODE && !nodes[event->node].is_directory) {
            struct event present = *event;
            present.durable = present.durable && i < moment;
            apply_content(&present, safe, chance);
        }
    }
}

/* Puts what is in a directory of the image into path. */
static bool write_out(uint32_t directory, const char *path, unsigned depth)
{
    bool good = depth < 8;
    for (uint32_t i = 0; i < entry_count && good; i++) {
        char below[700];
        const struct node *node = &nodes[entries[i].node];
        if (entries[i].directory != directory || entries[i].node == NO_NODE) {
            continue;
        }
        snprintf(below, sizeof below, "%s/%s", path, entries[i].name);
        if (node->is_directory) {
            good = mkdir(below, 0700) == 0 && write_out(entries[i].node, below, depth + 1);
            continue;
        }
        int fd = open(below, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        good = fd >= 0 && write(fd, node->content, node->size) == (ssize_t)node->size;
        if (fd >= 0) {
            (void)close(fd);
        }
    }
    return good;
}

/* ---- the campaign ---- */

/* Lives once, and records it. */
static bool live(const struct campaign *campaign, const char *folder)
{
    struct life life;
    aisle_error error;
    life_init(&life, campaign->script, folder, campaign->shards);
    (void)node_of_path(folder); /* ROOT */
    shim_record(record);
    for (uint32_t chapter = 0; chapter < life.script->chapter_count; chapter++) {
        if (life_step(&life, chapter, &error) != 0) {
            printf("chapter %u: %s\n", chapter, error.message);
            shim_record(NULL);
            return false;
        }
        done_at[chapter] = event_count;
    }
    life_close(&life);
    shim_record(NULL);
    for (uint32_t i = 0; i < node_count; i++) {
        nodes[i].content = nodes[i].is_directory ? NULL : calloc(1, FILE_BYTES_MAX);
    }
    return life.losses == 0;
}

/* Chapters that were done before the event began. */
static uint32_t chapters_done(const struct script *script, uint32_t moment)
{
    uint32_t count = 0;
    while (count < script->chapter_count && done_at[count] <= moment) {
        count++;
    }
    return count;
}

static bool is_backed_up(const struct script *script, uint32_t done)
{
    bool any = false;
    for (uint32_t i = 0; i < done; i++) {
        any = any || script->chapters[i].kind == CHAPTER_BACKUP;
    }
    return any;
}

/* The image holds one of the two states, is sound, and lives on; to the end, when far. */
static void verify(struct life *life, uint32_t done, bool far)
{
    aisle_error error;
    uint32_t count = life->script->chapter_count;
    uint32_t after = done < count ? done + 1 : done;
    if (done == 0 && access(life->path, F_OK) != 0) {
        after = 0; /* it was not created yet: a half-made one may lie beside its place */
    } else {
        int status = life_verify(life, done == 0 ? 1 : done, after, &error);
        status = status == 0 ? life_check(life, &error) : status;
        status = status == 0 ? life_verify_backup(life, is_backed_up(life->script, done), &error) : status;
        if (status != 0) {
            life_complain(life, "cannot be read: %s: %s", aisle_error_name(status), error.message);
        }
        done = done == 0 ? 1 : done;
    }
    uint32_t end = far ? count : after < count ? after + 1 : count;
    for (uint32_t chapter = done; chapter < end && life->losses == 0; chapter++) {
        if (life_step(life, chapter, &error) != 0 || life_verify(life, chapter + 1, chapter + 1, &error) != 0) {
            life_complain(life, "does not live on in chapter %u: %s", chapter, error.message);
        }
    }
    life_close(life);
}

static unsigned long try_image(void *context, unsigned long image)
{
    static const uint32_t percents[] = {50, 10, 90, 0, 100, 50};
    static const uint32_t blocks[] = {512, 4096, 1u << 30};
    const struct campaign *campaign = context;
    char name[96];
    char folder[600];
    struct life life;
    snprintf(folder, sizeof folder, "%s/imaged", campaign->folder);
    seed = (campaign->seed << 32) + image;
    seed = ((uint64_t)random_below(UINT32_MAX) << 32) + random_below(UINT32_MAX);
    uint32_t moment = random_below(event_count + 1);
    struct chance chance = {.percent = percents[random_below(6)], .block_bytes = blocks[random_below(3)]};
    uint32_t done = chapters_done(campaign->script, moment);
    snprintf(name, sizeof name, "--seed %llu --round %lu: event %u of %u, %u %% of blocks of %u",
             (unsigned long long)campaign->seed, image, moment, event_count, chance.percent, chance.block_bytes);
    life_init(&life, campaign->script, folder, campaign->shards);
    life.when = name;
    imagine(moment, &chance, campaign->lies);
    if (mkdir(folder, 0700) != 0 || !write_out(ROOT, folder, 0)) {
        life_complain(&life, "the image cannot be written");
    } else {
        verify(&life, done, image % 16 == 0);
    }
    folder_clear(folder, true);
    return life.losses != 0;
}

unsigned long power_loss_run(const struct campaign *campaign)
{
    char lived[600];
    uint32_t syncs = 0;
    uint32_t images = campaign->rounds == 0 ? IMAGES : campaign->rounds;
    snprintf(lived, sizeof lived, "%s/lived", campaign->folder);
    if (mkdir(lived, 0700) != 0 || !live(campaign, lived)) {
        printf("the life could not be recorded\n");
        return 1;
    }
    for (uint32_t i = 0; i < event_count; i++) {
        syncs += events[i].kind == EVENT_SYNC || events[i].durable;
    }
    folder_clear(lived, true);
    unsigned long wrong = rounds_run(&(struct rounds){.campaign = campaign,
                                                      .name = "power-loss",
                                                      .total = images,
                                                      .stride = 1,
                                                      .run = try_image,
                                                      .context = (void *)(uintptr_t)campaign});
    printf("%u crash images of %u events, %u of them syncs, on %u shards, seed %llu: %lu wrong\n", images, event_count,
           syncs, campaign->shards, (unsigned long long)campaign->seed, wrong);
    for (uint32_t i = 0; i < event_count; i++) {
        free(events[i].data);
    }
    for (uint32_t i = 0; i < node_count; i++) {
        free(nodes[i].content);
    }
    return wrong;
}
