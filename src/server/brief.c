/*
 * brief.c - when the loop searches itself, and how it is kept from doing so for long.
 *
 * What is measured decides: how long searches of that kind took, wherever they ran, and whether reads overlapped. Does
 * not know how a search is run within its time (search.c).
 */
#include "server/brief.h"

#include "base/clock.h"
#include "server/command.h"
#include "server/ft.h"

#include <stdio.h>
#include <sys/stat.h>

#define ARENA_BYTES (64u << 20)
#define STREAK 8u                            /* short reads in a row, before one is tried */
#define SHORT_NS (BRIEF_MS * UINT64_C(1000000))
#define CROWD_NS UINT64_C(10000000)          /* that reads which overlapped are remembered */
#define WAITED_NS UINT64_C(50000)            /* another client's read so soon behind one has waited for it */
#define REQUEST_BYTES_MAX 4096u              /* of arguments: a long list of values takes its time, too */
#define LOOK_NS UINT64_C(500000000)          /* between looks at a catalog's files */
#define WORD_BYTES_MAX 32768                 /* of synonyms, stop words and rules, which are read in a millisecond */
#define HITS_MAX 100u                        /* products to be unpacked */
#define TEXT_BYTES_MAX 64u                   /* each of whose words may be corrected, which no deadline interrupts */

void brief_init(struct brief *brief)
{
    arena_init(&brief->worker.arena, ARENA_BYTES);
}

void brief_release(struct brief *brief)
{
    worker_release(&brief->worker);
}

bool brief_fits(const aisle_query *query)
{
    bool all_matches = query->facet_count > 0 || query->sort != NULL || query->after != NULL ||
                       query->group_by != NULL || query->like != NULL;
    bool of_hits = query->explain || query->highlight_count > 0 || query->offset + query->limit > HITS_MAX;
    bool of_words = query->as_you_type || query->match != 0 ||
                    (query->text != NULL && strchr(query->text, '*') != NULL) ||
                    (query->text != NULL && !query->no_typos && strlen(query->text) > TEXT_BYTES_MAX);
    return !all_matches && !of_hits && !of_words && query->work == 0;
}

bool brief_fits_catalog(struct catalog *catalog)
{
    static const char *const names[] = {"synonyms.txt", "stopwords.txt", "rules.json"};
    uint64_t now = clock_monotonic_ns();
    if (catalog->words_looked_ns != 0 && now < catalog->words_looked_ns + LOOK_NS) {
        return !catalog->has_many_words;
    }
    off_t bytes = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[LIMIT_PATH_BYTES + 16];
        struct stat found;
        snprintf(path, sizeof path, "%s/%s", catalog->path, names[i]);
        bytes += stat(path, &found) == 0 ? found.st_size : 0;
    }
    catalog->words_looked_ns = now;
    catalog->has_many_words = bytes > WORD_BYTES_MAX;
    return !catalog->has_many_words;
}

static bool is_kind(const struct request *request)
{
    void (*run)(struct call *) = request->command->run;
    return (run == command_search || run == command_get || run == ft_search) && request->bytes <= REQUEST_BYTES_MAX;
}

/* Whether reads have overlapped in the last while; this one counts. */
static bool is_crowded(struct brief *brief, const struct request *request)
{
    uint64_t now = request->received_ns;
    bool waited = request->client != brief->client && now < brief->ended_ns + WAITED_NS;
    if (brief->under_way > atomic_load(&brief->written) || waited) {
        brief->crowded_ns = now;
    }
    return now < brief->crowded_ns + CROWD_NS;
}

static void note(struct brief *brief, const struct request *request)
{
    if (request->is_plain) {
        bool is_short = request->ended_ns - request->started_ns < SHORT_NS;
        brief->streak = is_short ? brief->streak + 1 : 0;
    }
}

/* Whether its catalog, the first argument of all such kinds, has nothing to be opened, which a commit would leave. */
static bool is_ready(struct brief *brief, const struct request *request)
{
    struct catalog *catalog = catalogs_find(request->set, request->arguments[1]);
    if (catalog == NULL || aisle_is_ready(catalog->handle)) {
        return true;
    }
    brief->unready++;
    return false;
}

bool brief_run(struct server *server, struct request *request, bool is_alone)
{
    struct brief *brief = &server->brief;
    bool is_crowd = is_crowded(brief, request);
    if (!is_alone || is_crowd || brief->streak < STREAK || !is_kind(request) || !is_ready(brief, request)) {
        return false;
    }
    request->started_ns = clock_monotonic_ns();
    bool done = request_run_briefly(request, &brief->worker);
    worker_tidy(&brief->worker);
    request->ended_ns = clock_monotonic_ns();
    brief->ended_ns = request->ended_ns;
    brief->client = request->client;
    if (done) {
        brief->done++;
        note(brief, request);
    } else if (request->is_plain) {
        brief->given_up++;
        brief->streak = 0;
    }
    return done;
}

void brief_submitted(struct server *server)
{
    server->brief.under_way++;
}

void brief_finished(struct server *server, const struct request *request)
{
    server->brief.under_way--;
    if (request->is_answered) {
        atomic_fetch_sub(&server->brief.written, 1);
    }
    if (request->started_ns != 0) {
        note(&server->brief, request);
    }
}
