/*
 * indexer_fixture.h - a place with a catalog and a folder of change logs, made anew and removed.
 */
#ifndef AISLE_TESTS_INDEXER_FIXTURE_H
#define AISLE_TESTS_INDEXER_FIXTURE_H

#include "indexer/indexer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char folder[256];
static char catalog[300];
static char log_folder[300];

/* 0, or not. */
static inline int make_place(const char *schema)
{
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/aisle-indexer-XXXXXX", parent == NULL ? "/tmp" : parent);
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(catalog, sizeof catalog, "%s/shop", folder);
    snprintf(log_folder, sizeof log_folder, "%s/log", folder);
    return mkdir(log_folder, 0777) != 0 || aisle_create(catalog, schema, NULL, NULL) != 0;
}

static inline int remove_place(void)
{
    char command[400];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

#endif
