/*
 * behind.c - comparing the sequences that indexer.h keeps for its streams.
 *
 * Thread rule: any thread.
 */
#include "indexer/behind.h"

#include "indexer/run.h"

#include <stdio.h>

#define STREAMS_MAX 64u /* that are compared; more than these are not looked at */

struct heads {
    struct {
        char name[SOURCE_NAME_BYTES + 1];
        char seq[SEQUENCE_BYTES + 1];
    } streams[STREAMS_MAX];
    size_t count;
};

static void take_head(void *context, const aisle_position *position)
{
    struct heads *heads = context;
    if (strncmp(position->source, RUN_STREAM_PREFIX, sizeof RUN_STREAM_PREFIX - 1) == 0 && position->seq != NULL &&
        heads->count < STREAMS_MAX) {
        snprintf(heads->streams[heads->count].name, sizeof heads->streams[0].name, "%s", position->source);
        snprintf(heads->streams[heads->count++].seq, sizeof heads->streams[0].seq, "%s", position->seq);
    }
}

int indexer_is_behind(aisle *catalog, aisle *other, aisle_error *error)
{
    struct heads ours = {.count = 0};
    struct heads theirs = {.count = 0};
    int status = aisle_logs(catalog, take_head, &ours, error);
    status = status != 0 ? status : aisle_logs(other, take_head, &theirs, error);
    if (status == 0 && ours.count == 0 && theirs.count > 0) {
        error_set(error, AISLE_BUSY, "it has followed no log, the one in use %.80s to %s",
                  theirs.streams[0].name + sizeof RUN_STREAM_PREFIX - 1, theirs.streams[0].seq);
        return AISLE_END;
    }
    for (size_t i = 0; status == 0 && i < ours.count; i++) {
        for (size_t k = 0; status == 0 && k < theirs.count; k++) {
            if (strcmp(ours.streams[i].name, theirs.streams[k].name) == 0 &&
                sequence_compare(ours.streams[i].seq, theirs.streams[k].seq) < 0) {
                error_set(error, AISLE_BUSY, "it has followed %.80s to %s, the one in use to %s",
                          ours.streams[i].name + sizeof RUN_STREAM_PREFIX - 1, ours.streams[i].seq,
                          theirs.streams[k].seq);
                status = AISLE_END;
            }
        }
    }
    return status;
}
