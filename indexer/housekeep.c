/*
 * housekeep.c - products that go by themselves: all of them by TRUNCATE, and those whose date has passed.
 *
 * Both search for what is to go, by aisle_search, which sees the last commit: a truncation commits after each batch,
 * an expiry goes with the next commit. The shop's rules are left aside, so that what they hide goes, too. A product
 * that a later change brings back is put again whole.
 * Thread rule: one thread at a time.
 */
#include "indexer/run.h"

#include "base/clock.h"
#include "indexer/times.h"

#include <stdio.h>

#define BATCH LIMIT_HITS /* products found by one search */
#define EXPIRE_NS UINT64_C(1000000000)

static int delete_found(struct run *run, uint64_t *deleted, aisle_error *error)
{
    aisle_hit hit;
    int status = 0;
    *deleted = 0;
    for (size_t i = 0; status == 0 && aisle_result_hit(run->found, i, &hit) == 0; i++) {
        status = aisle_delete(run->writer, hit.id, error);
        *deleted += status == 0;
        status = status == AISLE_NOT_FOUND ? 0 : status;
    }
    return status;
}

int run_truncate(struct run *run, aisle_error *error)
{
    const aisle_query all = {.size = sizeof all, .limit = BATCH, .no_products = true, .no_rules = true};
    size_t found = 1;
    int status = run_commit(run, error);
    while (status == 0 && found > 0) {
        uint64_t deleted;
        if (run_is_stopped(run)) { /* what is left goes when the line is read again */
            return error_set(error, AISLE_CANCELLED, "told to stop while all products are deleted");
        }
        status = aisle_search(run->catalog, &all, &run->found, error);
        found = status == 0 ? aisle_result_count(run->found) : 0;
        status = status != 0 || found == 0 ? status : delete_found(run, &deleted, error);
        status = status != 0 || found == 0 ? status : run_commit(run, error);
    }
    return status;
}

int run_expire(struct run *run, aisle_error *error)
{
    uint64_t now = clock_monotonic_ns();
    char filter[LIMIT_FIELD_NAME_BYTES + 64];
    char moment[TIMES_BYTES];
    if (run->options->expire == NULL || (run->expire_ns != 0 && now - run->expire_ns < EXPIRE_NS)) {
        return 0;
    }
    run->expire_ns = now;
    if (!times_print(clock_wall_ms(), moment)) {
        return error_set(error, AISLE_INVALID, "the system's clock is not in the years 1 to 9999");
    }
    snprintf(filter, sizeof filter, "%.64s < %s", run->options->expire, moment);
    const aisle_query query = {.size = sizeof query,
                               .filter = filter,
                               .limit = BATCH,
                               .no_products = true,
                               .no_total = true,
                               .no_rules = true};
    int status = aisle_search(run->catalog, &query, &run->found, error);
    uint64_t deleted = 0;
    status = status != 0 ? status : delete_found(run, &deleted, error);
    run->summary->counts.expired += deleted;
    if (deleted > 0) {
        run->pending.first_ns = run->pending.lines == 0 ? now : run->pending.first_ns;
        run->pending.lines += deleted;
        run->pending.changes += deleted;
    }
    return status;
}
