/*
 * check.c - aisle_check: opens a catalog and verifies everything in it that can be verified.
 */
#include "index/catalog.h"
#include "index/product_codec.h"

#include <stdio.h>

struct walk {
    struct aisle *catalog;
    aisle_check_report *report;
    void *context;
    uint64_t faults;
};

static void report_error(struct walk *walk, uint32_t shard, const char *what)
{
    char text[320];
    snprintf(text, sizeof text, "shard %u: %s", shard, what);
    walk->faults++;
    walk->report(walk->context, text);
}

/* Whether the status is the machine's trouble, which says nothing of the catalog. */
static bool is_trouble(int status)
{
    return status == AISLE_NO_MEMORY || status == AISLE_READERS_FULL || status == AISLE_IO ||
           status == AISLE_DISK_FULL || status == AISLE_MAP_FULL || status == AISLE_FORKED;
}

/* Every stored product decompresses, and so does what patches make of it. */
static int check_products(struct walk *walk, uint32_t shard, const struct shard_snapshot *snapshot, uint32_t position)
{
    const struct segment *segment = snapshot->view->segments[position];
    struct segment_state state;
    struct product_codec codec;
    struct buf product;
    shard_state(snapshot, position, &state);
    product_codec_init(&codec);
    buf_init(&product, LIMIT_PRODUCT_BYTES * 2);
    int status = 0;
    for (uint32_t document = 0; document < segment->info.documents && status == 0; document++) {
        buf_clear(&product);
        status = product_codec_read(&codec, snapshot, segment, document, &product);
        if (status == 0) {
            status = product_codec_lay_over(&codec, walk->catalog->schema, segment, &state, document, &product);
        }
        if (status != 0 && !is_trouble(status)) {
            char text[160];
            snprintf(text, sizeof text, "segment %u: stored product %u: %s", segment->info.id, document,
                     aisle_error_text(status));
            report_error(walk, shard, text);
        }
    }
    buf_release(&product);
    product_codec_release(&codec);
    return is_trouble(status) ? status : 0;
}

/* 0, or why it cannot be told whether they are damaged. */
static int check_overlays(struct walk *walk, uint32_t shard, const struct shard_snapshot *snapshot,
                           uint32_t position)
{
    const struct segment *segment = snapshot->view->segments[position];
    struct segment_state seen;
    const struct segment_state *state = &seen;
    shard_state(snapshot, position, &seen);
    for (size_t i = 0; i < state->overlay_count; i++) {
        const struct segment_overlay *overlay = &state->overlays[i];
        bool is_column = overlay->kind >= PAGE_COLUMN && overlay->kind < PAGE_COLUMN + LIMIT_FIELDS;
        struct bytes content = segment_state_peek(state, i);
        bool sound = is_column ? column_page_check(content, NULL) == 0
                               : content.size == PAGE_BITS_WORDS * sizeof(uint64_t);
        if (!sound && shard_failure(snapshot) != 0) {
            return shard_failure(snapshot);
        }
        if (!sound) {
            char text[160];
            snprintf(text, sizeof text, "segment %u: changed page %u of kind %u is damaged", segment->info.id,
                     overlay->page, overlay->kind);
            report_error(walk, shard, text);
        }
    }
    return 0;
}

/* 0 when the walk could be made, whatever it found. */
static int check_shard(struct walk *walk, uint32_t number, aisle_error *error)
{
    struct shard_snapshot snapshot;
    aisle_error found;
    struct shard *shard = &walk->catalog->shards[number];
    int status = storage_check(shard->storage, &found);
    status = status == 0 ? shard_begin(shard, &snapshot, &found) : status;
    if (is_trouble(status)) {
        return error_set(error, status, "%s", found.message);
    }
    if (status != 0) {
        report_error(walk, number, found.message);
        return 0;
    }
    const struct shard_view *view = snapshot.view;
    for (uint32_t i = 0; i < view->manifest.segment_count && status == 0; i++) {
        uint64_t before = walk->faults;
        status = segment_check(view->segments[i], walk->report, walk->context, &walk->faults);
        status = status != 0 ? status : check_overlays(walk, number, &snapshot, i);
        if (status == 0 && walk->faults == before) {
            status = check_products(walk, number, &snapshot, i);
        }
    }
    for (uint32_t i = 0; i < view->manifest.part_count && status == 0; i++) {
        status = part_check(view->parts[i], walk->report, walk->context, &walk->faults);
    }
    shard_end(&snapshot);
    return status == 0 ? 0 : error_set(error, status, "shard %u cannot be checked: %s", number,
                                       aisle_error_text(status));
}

int aisle_check(const char *path, aisle_check_report *report, void *context, uint64_t *faults, aisle_error *error)
{
    struct walk walk = {.report = report, .context = context};
    aisle_options options = {.size = sizeof options, .read_only = true};
    aisle_error opening;
    *faults = 0;
    int status = aisle_open(path, &options, &walk.catalog, &opening);
    if (status == AISLE_CORRUPT) {
        report(context, opening.message);
        *faults = 1;
        return 0;
    }
    if (status != 0) {
        if (error != NULL) {
            *error = opening;
        }
        return status;
    }
    for (uint32_t i = 0; i < walk.catalog->shard_count && status == 0; i++) {
        status = check_shard(&walk, i, error);
    }
    aisle_close(walk.catalog);
    *faults = walk.faults;
    return status;
}
