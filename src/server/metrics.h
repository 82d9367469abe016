/*
 * metrics.h - what the server counts, as INFO's text and as Prometheus' text.
 *
 * Thread rule: the loop thread's, except metrics_catalogs.
 */
#ifndef AISLE_SERVER_METRICS_H
#define AISLE_SERVER_METRICS_H

#include "server/catalogs.h"

/* Makes room for the counters of all commands. AISLE_NO_MEMORY. */
must_check int metrics_init(struct metrics *metrics, aisle_error *error);
void metrics_release(struct metrics *metrics);

/* Notes the end of a turn of the loop that was at work for so long. */
void metrics_turn(struct metrics *metrics, uint64_t busy_ns);

/* The lines of INFO behind its first section. */
void metrics_info(struct server *server, struct buf *text);

/* The counters in Prometheus' text format. */
void metrics_prometheus(struct server *server, struct buf *text);

/* What the catalogs of the set are and take, in the same format; any thread that holds the set. */
void metrics_catalogs(const struct catalog_set *set, struct buf *text);

#endif
