/*
 * failing_sync.c - fsync and fdatasync that fail while the file named by FAILING_SYNC is there.
 *
 * Loaded before the program's own libraries (LD_PRELOAD): tests see what is done when a disk says no.
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
