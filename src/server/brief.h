/*
 * brief.h - reads that the loop carries out itself, because that is sooner than waking a thread for them.
 *
 * Handing a search to the pool costs a wake-up and a search whose data another core's caches have: as much as many
 * searches take. So a read that is the only one there is, of a kind that is short, is run on the loop and given a
 * millisecond. What does not end within it goes to the pool and begins anew, and after that none is tried until several
 * in a row were short again. Reads that overlap always go to the pool: it has more cores. So does the first one behind
 * a commit, which opens what that has written.
 *
 * Thread rule: the loop thread's, except brief_fits.
 */
#ifndef AISLE_SERVER_BRIEF_H
#define AISLE_SERVER_BRIEF_H

#include "server/core.h"
#include "server/search.h"

/* Makes the loop's own worker ready, and releases it. */
void brief_init(struct brief *brief);
void brief_release(struct brief *brief);

/*
 * Carries out a connection's read, which holds its set, if the loop may and can; is_alone: the connection has nothing
 * else under way or at hand. False: the pool has to.
 */
bool brief_run(struct server *server, struct request *request, bool is_alone);

/* A read was given to the pool, and is done. */
void brief_submitted(struct server *server);
void brief_finished(struct server *server, const struct request *request);

/* Whether a search is of a kind that is short: some best hits by score. Any thread. */
bool brief_fits(const aisle_query *query);

/*
 * Whether the catalog's synonyms, stop words and rules are short, too: whichever search comes first reads them when
 * they have changed. The loop thread's.
 */
bool brief_fits_catalog(struct catalog *catalog);

#endif
