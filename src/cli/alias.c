/*
 * alias.c - aisle alias: a name that points to one of several catalogs, moved at once.
 *
 * The name is a symbolic link, replaced by a rename: who opens it finds the old catalog or the new one, and who has
 * opened the old one goes on with it.
 */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"
#include "indexer/behind.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int system_failure(const char *where)
{
    return cli_complain(CLI_RESOURCES, "alias", strerror(errno), where);
}

/* The link's text: as given where that means the same beside the name, else absolute. */
static bool link_text(const char *name, const char *catalog, char text[PATH_MAX])
{
    if (strchr(name, '/') == NULL && catalog[0] != '/') {
        return snprintf(text, PATH_MAX, "%s", catalog) < PATH_MAX;
    }
    return realpath(catalog, text) != NULL;
}

/* Makes the rename durable. */
static bool sync_folder(const char *name)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(name, '/');
    snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - name) + 1, slash == NULL ? "." : name);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

static int point(const char *name, const char *catalog)
{
    char text[PATH_MAX];
    char before[PATH_MAX] = "";
    char fresh[PATH_MAX];
    ssize_t size = readlink(name, before, sizeof before - 1);
    before[size > 0 ? size : 0] = '\0';
    if (!link_text(name, catalog, text)) {
        return system_failure(catalog);
    }
    if (snprintf(fresh, sizeof fresh, "%s.pointing-%ld", name, (long)getpid()) >= (int)sizeof fresh) {
        errno = ENAMETOOLONG;
        return system_failure(name);
    }
    if (symlink(text, fresh) != 0 || rename(fresh, name) != 0) {
        int status = system_failure(name);
        unlink(fresh);
        return status;
    }
    if (!sync_folder(name)) {
        return system_failure(name);
    }
    printf("%s: %s%s%s\n", name, before, before[0] == '\0' ? "" : " -> ", text);
    return cli_finish("alias");
}

/* Whether the catalog, which can be opened, is reached through the link that the name is: it would point to itself. */
static bool leads_back(const struct stat *name, const char *catalog)
{
    enum { LINKS_MAX = 40 }; /* as many as Linux follows */
    char at[PATH_MAX];
    char text[PATH_MAX];
    char next[PATH_MAX];
    struct stat found;
    int size = snprintf(at, sizeof at, "%s", catalog);
    for (unsigned i = 0; i < LINKS_MAX && size < (int)sizeof at; i++) {
        for (char *end = at + strlen(at); end - at > 1 && end[-1] == '/'; *--end = '\0') {
            /* else the link would be followed */
        }
        if (lstat(at, &found) != 0 || !S_ISLNK(found.st_mode)) {
            return false;
        }
        if (found.st_dev == name->st_dev && found.st_ino == name->st_ino) {
            return true;
        }
        ssize_t got = readlink(at, text, sizeof text - 1);
        text[got > 0 ? got : 0] = '\0';
        const char *slash = strrchr(at, '/');
        int folder = text[0] == '/' || slash == NULL ? 0 : (int)(slash - at) + 1;
        size = snprintf(next, sizeof next, "%.*s%s", folder, at, text);
        memcpy(at, next, sizeof at);
    }
    return false;
}

/* Whether the catalog may take the place of what the name points to now. An exit status. */
static int check_place(const char *name, aisle *catalog, const char *path, bool force)
{
    struct stat found;
    aisle *before = NULL;
    aisle_error error = {0};
    const aisle_options options = {.size = sizeof options, .read_only = true};
    if (lstat(name, &found) != 0) {
        return CLI_DONE;
    }
    if (!S_ISLNK(found.st_mode)) {
        return cli_complain(CLI_INPUT, "alias", "the name is of something else; move that away first, it may get the "
                                                "alias then", name);
    }
    if (leads_back(&found, path)) {
        return cli_complain(CLI_INPUT, "alias", "the catalog is this alias itself, or one that points to it; name the "
                                                "catalog that is meant", path);
    }
    if (force || aisle_open(name, &options, &before, &error) != 0) {
        return CLI_DONE; /* whatever it points to, it cannot be searched */
    }
    int behind = indexer_is_behind(catalog, before, &error);
    aisle_close(before);
    return behind == 0 ? CLI_DONE : cli_fail("alias", &error, path);
}

int cli_alias(int argc, char **argv)
{
    bool force = false;
    const struct option table[] = {
        {.name = "force", .kind = OPTION_FLAG, .value.flag = &force,
         .help = "even if the catalog has not followed its logs as far as the one in use"},
    };
    const struct options options = {
        .command = "alias",
        .synopsis = "NAME CATALOG [--force]",
        .about = "Lets NAME point to CATALOG, at once, so that a catalog can be built anew beside the one in use and\n"
                 "take its place, or give it back. NAME is a symbolic link. Who has the old catalog open goes on with\n"
                 "it until it opens NAME again. `aisle index --follow` is to be given the catalogs, not NAME.",
        .examples = "  aisle alias shop shop.2\n  aisle alias shop shop.1      # back\n",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .operands_min = 2,
        .operands_max = 2,
    };
    int status;
    if (options_parse(&options, argc, argv, &status) == OPTIONS_EXIT) {
        return status;
    }
    aisle *catalog = NULL;
    aisle_error error = {0};
    const aisle_options open = {.size = sizeof open, .read_only = true};
    if (aisle_open(argv[1], &open, &catalog, &error) != 0) {
        return cli_fail("alias", &error, argv[1]);
    }
    status = check_place(argv[0], catalog, argv[1], force);
    aisle_close(catalog);
    return status != CLI_DONE ? status : point(argv[0], argv[1]);
}
