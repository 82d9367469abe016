/*
 * curation_read.h - private to the module: a file of rules being read, and one rule of it.
 *
 * Thread rule: as curation.h.
 */
#ifndef AISLE_CURATION_CURATION_READ_H
#define AISLE_CURATION_CURATION_READ_H

#include "curation/curation_private.h"
#include "schema/json.h"

struct curation_reading {
    struct curation *curation;
    const struct curation_source *source;
    struct json *json; /* of the rule at hand */
    size_t base;       /* where that begins in the file */
    size_t position;   /* in the file: of what is being looked at */
    aisle_error *error;
};

/* Fills error with the line that position is in; returns status. */
int curation_refuse(const struct curation_reading *reading, size_t position, int status, const char *why);
int curation_no_memory(const struct curation_reading *reading);

/* Reads the rule that the JSON at hand is. Everything it has lives in the curation's arena. */
must_check int curation_read_rule(struct curation_reading *reading, struct curation_rule *rule);

#endif
