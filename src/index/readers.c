/*
 * readers.c - aisle_readers: who reads a catalog, by process and program.
 */
#include "index/catalog.h"

#include "base/alloc.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* The program's name as Linux keeps it: up to 15 bytes. Empty when it is gone or hidden. */
static void find_program(int64_t pid, char *name, size_t size)
{
    char path[48];
    name[0] = '\0';
    snprintf(path, sizeof path, "/proc/%lld/comm", (long long)pid);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return;
    }
    ssize_t got = read(descriptor, name, size - 1);
    close(descriptor);
    name[got > 0 ? got : 0] = '\0';
    name[strcspn(name, "\n")] = '\0';
}

int aisle_readers(aisle *catalog, aisle_reader_report *report, void *context, aisle_error *error)
{
    int status = 0;
    for (uint32_t i = 0; i < catalog->shard_count && status == 0; i++) {
        struct storage_reader *readers = NULL;
        uint32_t count = 0;
        status = storage_readers(catalog->shards[i].storage, &readers, &count, error);
        for (uint32_t r = 0; r < count; r++) {
            aisle_reader reader = {.pid = readers[r].pid,
                                   .shard = i,
                                   .commits_behind = readers[r].behind,
                                   .pinned_bytes = readers[r].pinned_bytes};
            find_program(reader.pid, reader.program, sizeof reader.program);
            report(context, &reader);
        }
        mem_free(readers);
    }
    return status;
}
