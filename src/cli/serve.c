/*
 * serve.c - aisle serve: the command line of the server.
 *
 * Options are the server's settings (server.h), so that the file and the command line cannot come to differ.
 */
#include "cli/cli.h"
#include "cli/options.h"
#include "indexer/indexer.h"
#include "server/server.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define GIVEN_MAX 1024u

struct given {
    struct server_given items[GIVEN_MAX];
    size_t count;
};

static bool add(void *context, const char *name, const char *value)
{
    struct given *given = context;
    if (given->count == GIVEN_MAX) {
        return false;
    }
    given->items[given->count++] = (struct server_given){name, value};
    return true;
}

/* A pipe keeps its reader until a writer comes, and so from ending with the server. */
static bool is_pipe(const char *source)
{
    struct stat found;
    return strcmp(source, "-") == 0 ||
           (stat(source, &found) == 0 && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode));
}

static void tell_freshness(void *context, const struct indexer_summary *summary,
                           const struct indexer_freshness *of_late)
{
    struct server_stop *stop = context;
    stop->visible_ns = of_late->arrival.count > 0 ? of_late->arrival.max_ns : stop->visible_ns;
    stop->visible_max_ns = summary->freshness.arrival.max_ns;
    stop->commits = summary->commits;
}

static int follow(const char *path, const char *source, struct server_stop *stop, aisle_error *error)
{
    struct indexer_summary summary;
    struct indexer_signals signals = {.wake_fd = stop->wake_fd, .also_stop = &stop->flag};
    const struct indexer_options options = {.catalog = path,
                                            .sources = &source,
                                            .source_count = 1,
                                            .rejects_max = UINT64_MAX,
                                            .threads = 2,
                                            .follow = true,
                                            .report_seconds = 1,
                                            .report = tell_freshness,
                                            .context = stop,
                                            .signals = &signals};
    if (is_pipe(source)) {
        error->code = AISLE_INVALID;
        snprintf(error->message, sizeof error->message, "a server follows files and folders, no pipes");
        return error->code;
    }
    return indexer_run(&options, &summary, error);
}

static int serve(const struct server_options *options, bool check)
{
    aisle_error error = {0};
    int failed = check ? server_check(options, &error) : server_run(options, &error);
    if (failed != 0) {
        return cli_fail("serve", &error, NULL);
    }
    if (check) {
        printf("the settings are fine\n");
    }
    return cli_finish("serve");
}

int cli_serve(int argc, char **argv)
{
    static struct given given;
    struct option table[OPTIONS_MAX];
    const char *config = NULL;
    bool check = false;
    size_t count = 0;
    const struct server_setting *settings = server_settings(&count);
    table[0] = (struct option){.name = "config", .kind = OPTION_TEXT, .value.text = &config, .argument = "FILE",
                               .help = "settings, as lines NAME = VALUE; options here take their place"};
    table[1] = (struct option){.name = "check-config", .kind = OPTION_FLAG, .value.flag = &check,
                               .help = "say whether the settings are fine, and do nothing"};
    for (size_t i = 0; i < count; i++) {
        table[i + 2] = (struct option){.name = settings[i].name, .kind = OPTION_EACH, .value.each = {add, &given},
                                       .argument = settings[i].argument, .help = settings[i].help};
    }
    const struct options options = {
        .command = "serve",
        .synopsis = "[[NAME=]CATALOG...] [--listen ADDRESS] [--config FILE] [options]",
        .about = "Serves catalogs to Redis clients, until SIGTERM; SIGHUP reads the settings again. Without a\n"
                 "password only this machine is listened to. Commands: AISLE.SEARCH, AISLE.MSEARCH, AISLE.SUGGEST,\n"
                 "AISLE.GET, AISLE.INFO, AISLE.PUT, AISLE.PATCH, AISLE.DEL, AISLE.RELOAD; README has their arguments.",
        .examples = "  aisle serve shop\n"
                    "  aisle serve shop --follow changes/ --metrics 127.0.0.1:7708\n"
                    "  aisle serve --config aisle.conf --check-config\n"
                    "  redis-cli -p 7707 AISLE.SEARCH shop 'running shoes' LIMIT 0 3\n",
        .options = table,
        .option_count = count + 2,
        .operands_max = GIVEN_MAX / 2,
    };
    int status;
    int operands = options_parse(&options, argc, argv, &status);
    if (operands == OPTIONS_EXIT) {
        return status;
    }
    for (int i = 0; i < operands; i++) {
        if (!add(&given, "catalog", argv[i])) {
            return cli_complain(CLI_USAGE, "serve", "too many catalogs", argv[i]);
        }
    }
    const struct server_options server = {
        .config = config, .given = given.items, .given_count = given.count, .follow = follow};
    return serve(&server, check);
}
