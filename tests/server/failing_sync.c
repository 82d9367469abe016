/*
 * failing_sync.c - fsync and fdatasync that fail while the file named by FAILING_SYNC is there, and that wait while the
 * one named by WAITING_SYNC is, which is emptied when one does.
 *
 * Loaded before the program's own libraries (LD_PRELOAD): tests see what is done when a disk says no, or says nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SEEN __attribute__((visibility("default")))

SEEN int fsync(int fd);
SEEN int fdatasync(int fd);

static int sync_or_fail(long number, int fd)
{
    const char *flag = getenv("FAILING_SYNC");
    const char *waits = getenv("WAITING_SYNC");
    while (waits != NULL && truncate(waits, 0) == 0) {
        usleep(1000);
    }
    if (flag != NULL && access(flag, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(number, fd);
}

int fsync(int fd)
{
    return sync_or_fail(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_or_fail(SYS_fdatasync, fd);
}
