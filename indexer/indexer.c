/*
 * indexer.c - the life of one run: opens or creates the catalog, goes through the sources, follows them, ends.
 *
 * Thread rule: one thread at a time.
 */
#include "indexer/indexer.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "indexer/freshness.h"
#include "indexer/infer.h"
#include "indexer/run.h"

#include <stdio.h>
#include <unistd.h>

static int create_catalog(struct run *run, aisle_error *error)
{
    char *schema = NULL;
    struct line_reader reader;
    int status = line_reader_open(&reader, run->sources.files[0].path, NULL, error);
    status = status != 0 ? status : infer_schema(&reader, run->format, run->mapping, &schema, error);
    status = status != 0 ? status : aisle_create(run->options->catalog, schema, NULL, error);
    if (status == 0 && run->options->created != NULL) {
        run->options->created(run->options->context, schema);
    }
    aisle_free(schema);
    if (status == 0 && !run->sources.files[0].is_file) { /* what was looked at of a pipe does not come again */
        run->reader = reader;
        return 0;
    }
    line_reader_close(&reader);
    return status;
}

static int open_catalog(struct run *run, aisle_error *error)
{
    int status = 0;
    if (access(run->options->catalog, F_OK) != 0 && run->sources.count > 0) {
        status = create_catalog(run, error);
    }
    const aisle_options options = {
        .size = sizeof options, .memory_bytes = run->options->memory_bytes, .threads = run->options->threads};
    status = status != 0 ? status : aisle_open(run->options->catalog, &options, &run->catalog, error);
    status = status != 0 ? status : aisle_begin(run->catalog, &run->writer, error);
    status = status != 0 ? status
                         : product_fields_read(aisle_schema(run->catalog), &run->schema_json, &run->fields, error);
    if (status == 0 && decoder_init(&run->decoder, run->format, &run->fields, run->mapping) != 0) {
        status = error_no_memory(error, "starting to index");
    }
    return status != 0 ? status : run_load_logs(run, error);
}

static int name_rejects(struct run *run, aisle_error *error)
{
    const char *rejects = run->options->rejects;
    const char *catalog = run->options->catalog;
    if (rejects == NULL) {
        size_t size = strlen(catalog);
        while (size > 1 && catalog[size - 1] == '/') {
            size--;
        }
        int written = snprintf(run->rejects_path, sizeof run->rejects_path, "%.*s.rejects.jsonl",
                               (int)(size < LIMIT_PATH_BYTES ? size : LIMIT_PATH_BYTES), catalog);
        if (written < 0 || (size_t)written >= sizeof run->rejects_path) {
            return error_set(error, AISLE_LIMIT, "the catalog's path is longer than %u bytes", LIMIT_PATH_BYTES - 20);
        }
        rejects = run->rejects_path;
    }
    rejects_init(&run->rejects, rejects);
    return 0;
}

static int prepare(struct run *run, aisle_error *error)
{
    const struct indexer_options *options = run->options;
    int format = format_of_name(options->format == NULL ? "auto" : options->format);
    int status = name_rejects(run, error);
    if (status == 0 && format < 0) {
        return error_set(error, AISLE_INVALID,
                         "the format must be auto, products, aisle, debezium or wal2json, not \"%.60s\"",
                         options->format);
    }
    run->format = (enum format)format;
    status = status != 0 || options->map == NULL ? status : mapping_load(options->map, &run->mapping, error);
    if (status == 0 && options->follow) {
        run->freshness = mem_calloc(1, sizeof *run->freshness);
        status = run->freshness == NULL ? error_no_memory(error, "starting to index") : 0;
    }
    status = status != 0 ? status
                         : sources_settle(&run->sources, options->sources, options->source_count, options->follow,
                                          error);
    for (size_t i = 0; i < run->sources.count; i++) {
        run->summary->counts.bytes_total += run->sources.files[i].bytes;
    }
    return status;
}

/* Products whose date has passed, all there are. */
static int expire_all(struct run *run, aisle_error *error)
{
    uint64_t before;
    int status = 0;
    do {
        before = run->summary->counts.expired;
        run->expire_ns = 0;
        status = run_expire(run, error);
        status = status != 0 || run->pending.lines == 0 ? status : run_commit(run, error);
    } while (status == 0 && run->options->expire != NULL && run->summary->counts.expired > before);
    return status;
}

static int apply_sources(struct run *run, aisle_error *error)
{
    int status = run->options->follow ? run_follow(run, error) : run_apply_all(run, error);
    status = status != 0 ? status : run_commit(run, error);
    return status != 0 || run_is_stopped(run) ? status : expire_all(run, error);
}

static int finish(struct run *run, int status, aisle_error *error)
{
    struct indexer_summary *summary = run->summary;
    summary->stopped = run_is_stopped(run);
    if (status == 0 && run->options->retry && !summary->stopped && !summary->too_many_rejects) {
        status = run_finish_retry(run, error);
    }
    if (status == 0 && summary->too_many_rejects) {
        status = error_set(error, AISLE_LIMIT, "more than %llu rejects, the last in %s; see %s",
                           (unsigned long long)run->options->rejects_max, run->source, run->rejects.path);
    }
    if (run->stream != NULL) {
        snprintf(summary->seq, sizeof summary->seq, "%s", run->stream->sequence.high);
    }
    if (run->writer != NULL && aisle_writer_stats(run->writer, &summary->writer) != 0) {
        summary->writer = (aisle_writer_statistics){.size = sizeof summary->writer};
    }
    return status;
}

static void release(struct run *run)
{
    aisle_result_free(run->found);
    if (run_is_stopped(run)) {
        aisle_writer_abandon(run->writer);
    } else {
        aisle_writer_free(run->writer);
    }
    aisle_close(run->catalog);
    line_reader_close(&run->reader);
    rejects_release(&run->rejects);
    sources_release(&run->sources);
    decoder_release(&run->decoder);
    run_release_tails(run);
    mapping_free(run->mapping);
    json_free(run->schema_json);
    mem_free(run->freshness);
}

int indexer_run(const struct indexer_options *options, struct indexer_summary *summary, aisle_error *error)
{
    *summary = (struct indexer_summary){.writer = {.size = sizeof summary->writer}};
    struct run run = {
        .options = options, .summary = summary, .reader = {.input = {.fd = -1}}, .rejects = {.fd = -1}};
    run.start_ns = clock_monotonic_ns();
    run.commit_ns = run.start_ns;
    int status = prepare(&run, error);
    status = status != 0 ? status : open_catalog(&run, error);
    status = status != 0 || !options->retry ? status : run_plan_retry(&run, error);
    status = status != 0 ? status : apply_sources(&run, error);
    status = finish(&run, status, error);
    release(&run);
    summary->counts.ns = clock_monotonic_ns() - run.start_ns;
    return status;
}
