/*
 * slow.h - the log of slow requests: one JSON object a line, with the request and where its time went.
 *
 *   {"time_ms":1764156000000,"client":7,"took_us":152000,"waited_us":2000,"failed":false,
 *    "request":["AISLE.SEARCH","shop","shoes"],"explanation":{...}}
 *
 * Long requests are cut. The explanation is that of the best hit, of at most one slow search a second: it takes running
 * the search again. Thread rule: slow_note is for the pool's threads; the rest for the thread that starts and ends,
 * which is the loop's.
 */
#ifndef AISLE_SERVER_SLOW_H
#define AISLE_SERVER_SLOW_H

#include "server/core.h"

/* AISLE_IO, AISLE_PERMISSION, AISLE_NOT_FOUND. */
must_check int slow_open(struct server *server, aisle_error *error);
void slow_close(struct server *server);

/* Opens it anew by the settings of now, so that a file may be moved away; on failure it stays. Errors of slow_open. */
must_check int slow_reopen(struct server *server, aisle_error *error);

/* Notes the request if it was slow. explanation: JSON, or size 0. */
void slow_note(struct request *request, uint64_t ended_ns, struct bytes explanation);

/* Whether the request, ended now, is slow, and may be explained. */
bool slow_wants_explanation(struct request *request, uint64_t ended_ns);

#endif
