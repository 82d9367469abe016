/*
 * catalog_files.h - the two small files of a catalog's directory.
 *
 *   aisle.json   {"format":CATALOG_FORMAT,"shards":N,"checksum":C}, C over the numbers before it and schema.json
 *   schema.json  the schema as it was given
 */
#ifndef AISLE_INDEX_CATALOG_FILES_H
#define AISLE_INDEX_CATALOG_FILES_H

#include "base/status.h"

/* Older ones were never released. */
#define CATALOG_FORMAT 5u

/*
 * Reads aisle.json and schema.json. *schema_json: NUL-terminated, the caller's to free with mem_free.
 * AISLE_NOT_A_CATALOG, AISLE_NEWER_FORMAT, AISLE_OLD_FORMAT, AISLE_CORRUPT, AISLE_IO, AISLE_PERMISSION,
 * AISLE_NO_MEMORY.
 */
must_check int catalog_files_read(const char *directory, uint32_t *shards, char **schema_json, aisle_error *error);

/* Writes both into an existing directory and syncs them. */
must_check int catalog_files_write(const char *directory, uint32_t shards, const char *schema_json,
                                   aisle_error *error);

#endif
