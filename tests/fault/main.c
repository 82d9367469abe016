/*
 * main.c - the fault tests' program.
 *
 *     fault sweep|disk-full|power-loss [--shards N] [--threads N] [--bulk N] [--rounds N] [--seed N]
 *                                     [--class NAME] [--round N] [--lies 1]
 *
 * ctest runs a share of the rounds; --rounds 0 is the whole campaign. Exits 1 when anything was wrong.
 */
#include "tests/fault/fault.h"
#include "tests/fault/folder.h"
#include "tests/fault/shim.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_long blocks;

static void *allocate(void *context, size_t size)
{
    (void)context;
    void *memory = malloc(size);
    blocks += memory != NULL;
    return memory;
}

static void *reallocate(void *context, void *memory, size_t size)
{
    (void)context;
    void *moved = realloc(memory, size);
    blocks += memory == NULL && moved != NULL;
    return moved;
}

static void release(void *context, void *memory)
{
    (void)context;
    blocks -= memory != NULL;
    free(memory);
}

long fault_blocks(void)
{
    return blocks;
}

static unsigned long (*find_campaign(const char *name))(const struct campaign *)
{
    if (strcmp(name, "sweep") == 0) {
        return sweep_run;
    }
    if (strcmp(name, "disk-full") == 0) {
        return disk_full_run;
    }
    return strcmp(name, "power-loss") == 0 ? power_loss_run : NULL;
}

static bool read_options(int count, char **arguments, struct campaign *campaign, uint32_t *bulk)
{
    for (int i = 2; i + 1 < count; i += 2) {
        const char *value = arguments[i + 1];
        uint64_t number = strtoull(value, NULL, 10);
        if (strcmp(arguments[i], "--shards") == 0) {
            campaign->shards = (uint32_t)number;
        } else if (strcmp(arguments[i], "--threads") == 0) {
            campaign->threads = (uint32_t)number;
        } else if (strcmp(arguments[i], "--bulk") == 0) {
            *bulk = (uint32_t)number;
        } else if (strcmp(arguments[i], "--rounds") == 0) {
            campaign->rounds = (uint32_t)number;
        } else if (strcmp(arguments[i], "--lies") == 0) {
            campaign->lies = number != 0;
        } else if (strcmp(arguments[i], "--seed") == 0) {
            campaign->seed = number;
        } else if (strcmp(arguments[i], "--class") == 0) {
            campaign->class = value;
        } else if (strcmp(arguments[i], "--round") == 0) {
            campaign->round = (int64_t)number;
        } else {
            return false;
        }
    }
    return count % 2 == 0 && *bulk <= SCRIPT_BULK_MAX && campaign->shards >= 1 && campaign->shards <= 8;
}

int main(int count, char **arguments)
{
    static struct script script;
    static const aisle_allocator allocator = {allocate, reallocate, release, NULL};
    struct campaign campaign = {.script = &script, .shards = 1, .seed = 1, .round = -1};
    uint32_t bulk = 0;
    unsigned long (*run)(const struct campaign *) = count < 2 ? NULL : find_campaign(arguments[1]);
    if (run == NULL || !read_options(count, arguments, &campaign, &bulk) || aisle_set_allocator(&allocator) != 0) {
        fprintf(stderr, "usage: fault sweep|disk-full|power-loss [--shards N] [--threads N] [--bulk N] [--rounds N] "
                        "[--seed N] [--class NAME] [--round N] [--lies 1]\n");
        return 2;
    }
    campaign.folder = folder_make();
    if (campaign.folder == NULL) {
        perror("no directory to work in");
        return 2;
    }
    shim_watch(campaign.folder);
    script_make(&script, bulk);
    unsigned long wrong = run(&campaign);
    folder_clear(campaign.folder, true);
    printf("%s: %lu wrong\n", arguments[1], wrong);
    return wrong == 0 ? 0 : 1;
}
