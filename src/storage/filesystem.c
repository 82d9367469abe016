/*
 * filesystem.c - which file systems can carry a catalog.
 *
 * LMDB needs a memory map and a lock file that all processes see alike. Network file systems cache per machine, and
 * cluster file systems give every machine a lock table of its own, so both are refused by their statfs numbers.
 * Not refused: FUSE (0x65735546), whose number is the same for a local disk and for sshfs.
 */
#include "storage/storage.h"

#include <errno.h>
#include <sys/vfs.h>

static const struct network_filesystem {
    uint32_t magic;
    const char *name;
} network_filesystems[] = {
    {0x00006969, "NFS"},       {0x6e667364, "nfsd"},     {0x0000517b, "SMB"},
    {0xff534d42, "CIFS"},      {0xfe534d42, "SMB2"},     {0x01021997, "9P"},
    {0x5346414f, "AFS"},       {0x6b414653, "kAFS"},     {0x73757245, "Coda"},
    {0x0000564c, "NCP"},       {0x00c36400, "Ceph"},     {0x47504653, "GPFS"},
    {0x0bd00bd0, "Lustre"},    {0x7461636f, "OCFS2"},    {0x01161970, "GFS2"},
    {0x20030528, "OrangeFS"},  {0x19830326, "BeeGFS"},   {0xaad7aaea, "PanFS"},
    {0xbeefdead, "StorNext"},  {0x61636673, "ACFS"},     {0x013111a8, "IBRIX"},
    {0xbacbacbc, "VMware HGFS"}, {0x786f4256, "VirtualBox shared folder"}, {0x7c7c6673, "Parallels shared folder"},
};

const char *storage_network_filesystem(uint64_t magic)
{
    for (size_t i = 0; i < sizeof network_filesystems / sizeof network_filesystems[0]; i++) {
        if (network_filesystems[i].magic == magic) {
            return network_filesystems[i].name;
        }
    }
    return NULL;
}

int storage_filesystem_check(const char *path, aisle_error *error)
{
    struct statfs found;
    int rc;
    do {
        rc = statfs(path, &found);
    } while (rc != 0 && errno == EINTR);
    if (rc != 0 && errno == ENOENT) {
        return error_set(error, AISLE_NOT_FOUND, "there is no folder %s", path);
    }
    if (rc != 0) {
        return storage_error(errno, "cannot tell the file system", path, error);
    }
    /* The field is signed and wide on some systems; the numbers are 32 bits everywhere. */
    const char *name = storage_network_filesystem((uint32_t)found.f_type);
    if (name != NULL) {
        return error_set(error, AISLE_NETWORK_FS, "%s lies on %s, and network file systems are not supported", path,
                         name);
    }
    return 0;
}
