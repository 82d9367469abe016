/*
 * test_segment_merge_policy.c - which segments are merged, and that a life of commits ends with few of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "segment/segment.h"

static uint32_t chosen[LIMIT_SEGMENTS];

static size_t choose(const uint32_t *documents, const uint32_t *dead, size_t count)
{
    struct segment_info infos[LIMIT_SEGMENTS];
    memset(infos, 0, sizeof infos);
    for (size_t i = 0; i < count; i++) {
        infos[i].documents = documents[i];
        infos[i].dead = dead == NULL ? 0 : dead[i];
    }
    return merge_policy_choose(infos, count, &(struct merge_limits){1000000000, UINT64_MAX, UINT64_MAX, false}, chosen);
}

static void eight_of_one_size_stay_and_nine_merge_the_smallest_eight(void **state)
{
    (void)state;
    uint32_t documents[9] = {9000, 9001, 9002, 9003, 9999, 9005, 9006, 9007, 9008};
    assert_int_equal(choose(documents, NULL, 8), 0);
    assert_int_equal(choose(documents, NULL, 9), 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_not_equal(chosen[i], 4);
    }
    assert_int_equal(choose(documents, NULL, 0), 0);
    assert_int_equal(choose(documents, NULL, 1), 0);
}

static void segments_of_other_sizes_are_left_alone(void **state)
{
    (void)state;
    uint32_t documents[10] = {80000000, 2000, 2000, 2000, 2000, 2000, 2000, 2000, 2000, 2000};
    assert_int_equal(choose(documents, NULL, 10), 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_not_equal(chosen[i], 0);
    }
    uint32_t steps[6] = {1024, 8192, 65536, 524288, 4194304, 33554432};
    assert_int_equal(choose(steps, NULL, 6), 0);
}

static void tiny_segments_count_as_one_size(void **state)
{
    (void)state;
    uint32_t documents[9] = {1, 2, 60, 3, 50, 4, 5, 64, 7};
    assert_int_equal(choose(documents, NULL, 9), 8);
}

static size_t choose_of_total(const uint32_t *documents, const uint32_t *dead, size_t count, uint64_t documents_max)
{
    struct segment_info infos[16];
    struct merge_limits limits = {.documents_max = documents_max, .bytes_max = UINT64_MAX};
    memset(infos, 0, sizeof infos);
    for (size_t i = 0; i < count; i++) {
        infos[i].documents = documents[i];
        infos[i].dead = dead == NULL ? 0 : dead[i];
        limits.total_documents += infos[i].documents - infos[i].dead;
    }
    return merge_policy_choose(infos, count, &limits, chosen);
}

static void small_segment_is_merged_alone_when_mostly_dead(void **state)
{
    (void)state;
    uint32_t documents[2] = {10000, 5000};
    uint32_t half[2] = {5000, 2500};
    uint32_t more[2] = {5000, 2501};
    assert_int_equal(choose(documents, half, 2), 0);
    assert_int_equal(choose(documents, more, 2), 1);
    assert_int_equal(chosen[0], 1);
    uint32_t small[1] = {64};
    uint32_t small_dead[1] = {63};
    assert_int_equal(choose(small, small_dead, 1), 0);
}

static void large_segment_is_merged_alone_when_a_fifth_is_dead(void **state)
{
    (void)state;
    uint32_t documents[3] = {100000, 10000, 100000};
    uint32_t fifth[3] = {20000, 2000, 20000};
    uint32_t more[3] = {20001, 2001, 20000};
    uint32_t most[3] = {20001, 2001, 30000};
    assert_int_equal(choose_of_total(documents, fifth, 3, UINT64_MAX), 0);
    assert_int_equal(choose_of_total(documents, more, 3, UINT64_MAX), 1);
    assert_int_equal(chosen[0], 1); /* the largest share goes first */
    assert_int_equal(choose_of_total(documents, most, 3, UINT64_MAX), 1);
    assert_int_equal(chosen[0], 2);
    assert_int_equal(choose_of_total(documents, most, 3, 99999), 1);
    assert_int_equal(chosen[0], 1); /* the large ones pass the memory that a merge may take */
}

static void no_merge_makes_more_than_an_eighth_of_the_shard(void **state)
{
    (void)state;
    uint32_t documents[16];
    for (uint32_t i = 0; i < 16; i++) {
        documents[i] = i == 5 || i == 11 ? 99999 : 100000;
    }
    assert_int_equal(choose_of_total(documents, NULL, 15, UINT64_MAX), 0);
    documents[0] = 100100;
    assert_int_equal(choose_of_total(documents, NULL, 16, UINT64_MAX), 2);
    assert_int_equal(chosen[0] + chosen[1], 16); /* the smallest */
    assert_int_equal(choose_of_total(documents, NULL, 16, 199997), 0);
    for (uint32_t i = 0; i < 9; i++) {
        documents[i] = 800 + i; /* small catalogs are merged as a whole */
    }
    assert_int_equal(choose_of_total(documents, NULL, 9, UINT64_MAX), 8);
}

static void a_merge_at_least_doubles_the_largest_of_it(void **state)
{
    (void)state;
    uint32_t documents[13];
    for (uint32_t i = 0; i < 13; i++) {
        documents[i] = i < 3 ? 20000 : 100000 + i; /* of 1.06 million: the cap is 132,000 */
    }
    assert_int_equal(choose_of_total(documents, NULL, 13, UINT64_MAX), 0); /* not with a large one, and too few */
    documents[12] = 20000;
    assert_int_equal(choose_of_total(documents, NULL, 13, UINT64_MAX), 4);
    assert_int_equal(choose_of_total(documents, NULL, 13, 50000), 2); /* whoever has less memory makes do */
    documents[11] = 70000;
    documents[12] = 30000;
    assert_int_equal(choose_of_total(documents, NULL, 13, UINT64_MAX), 4); /* 20, 20, 20 and 30 thousand */
    documents[12] = 100000;
    assert_int_equal(choose_of_total(documents, NULL, 13, UINT64_MAX), 0);
}

static void merge_keeps_to_the_bytes_it_is_given(void **state)
{
    (void)state;
    struct segment_info infos[9];
    struct merge_limits limits = {.total_documents = 900, .documents_max = UINT64_MAX, .bytes_max = 500};
    memset(infos, 0, sizeof infos);
    for (uint32_t i = 0; i < 9; i++) {
        infos[i].documents = 100;
        infos[i].component_size[COMPONENT_BLOCKS] = 60;
        infos[i].component_size[COMPONENT_TERMS] = 40;
    }
    assert_int_equal(merge_policy_bytes(&infos[0]), 100);
    assert_int_equal(merge_policy_choose(infos, 9, &limits, chosen), 5);
    limits.bytes_max = 199;
    assert_int_equal(merge_policy_choose(infos, 9, &limits, chosen), 0);
}

/* As many commits of one document as a shop makes in a day. */
/* Segments of one size, as a load makes them: what is merged once it is over. Returns how many are left. */
static size_t load(size_t flushes, bool whole_tiers, uint64_t *rewritten)
{
    static struct segment_info infos[LIMIT_SEGMENTS];
    size_t count = 0;
    *rewritten = 0;
    for (size_t i = 0; i <= flushes; i++) {
        struct merge_limits limits = {i * 100000, UINT64_MAX, UINT64_MAX, whole_tiers && i < flushes};
        size_t merging;
        if (i < flushes) {
            infos[count++] = (struct segment_info){.documents = 100000};
            limits.total_documents += 100000;
        }
        while ((merging = merge_policy_choose(infos, count, &limits, chosen)) != 0) {
            uint32_t sum = 0;
            size_t kept = 0;
            for (size_t c = 0; c < merging; c++) {
                sum += infos[chosen[c]].documents;
                infos[chosen[c]].documents = 0;
            }
            for (size_t s = 0; s < count; s++) {
                if (infos[s].documents != 0) {
                    infos[kept++] = infos[s];
                }
            }
            infos[kept++] = (struct segment_info){.documents = sum};
            count = kept;
            *rewritten += sum / 100000;
        }
        assert_true(count < 64);
    }
    return count;
}

static void a_large_load_rewrites_less_by_whole_tiers(void **state)
{
    (void)state;
    for (size_t flushes = 70; flushes <= 290; flushes += 55) {
        uint64_t now;
        uint64_t whole;
        assert_true(load(flushes, false, &now) <= 20);
        assert_true(load(flushes, true, &whole) <= 20);
        assert_true(whole < now);
        assert_true(now <= flushes * 3);
        assert_true(whole <= flushes * 2);
    }
}

static void thousands_of_commits_leave_few_segments(void **state)
{
    (void)state;
    struct segment_info infos[LIMIT_SEGMENTS];
    size_t count = 0;
    uint64_t rewritten = 0;
    memset(infos, 0, sizeof infos);
    for (unsigned i = 0; i < 20000; i++) {
        assert_true(count < 64);
        infos[count++] = (struct segment_info){.documents = 1};
        size_t merging;
        struct merge_limits limits = {i + 1, UINT64_MAX, UINT64_MAX, false};
        while ((merging = merge_policy_choose(infos, count, &limits, chosen)) != 0) {
            uint32_t sum = 0;
            for (size_t c = 0; c < merging; c++) {
                sum += infos[chosen[c]].documents;
                infos[chosen[c]].documents = 0;
            }
            size_t kept = 0;
            for (size_t s = 0; s < count; s++) {
                if (infos[s].documents != 0) {
                    infos[kept++] = infos[s];
                }
            }
            count = kept;
            infos[count++].documents = sum;
            rewritten += sum;
        }
    }
    print_message("20,000 commits: %zu segments, %.1f rewritings a document\n", count, (double)rewritten / 20000);
    assert_true(count <= 24);
    assert_true(rewritten < UINT64_C(20000) * 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_of_one_size_stay_and_nine_merge_the_smallest_eight),
        cmocka_unit_test(segments_of_other_sizes_are_left_alone),
        cmocka_unit_test(tiny_segments_count_as_one_size),
        cmocka_unit_test(small_segment_is_merged_alone_when_mostly_dead),
        cmocka_unit_test(large_segment_is_merged_alone_when_a_fifth_is_dead),
        cmocka_unit_test(no_merge_makes_more_than_an_eighth_of_the_shard),
        cmocka_unit_test(a_merge_at_least_doubles_the_largest_of_it),
        cmocka_unit_test(merge_keeps_to_the_bytes_it_is_given),
        cmocka_unit_test(a_large_load_rewrites_less_by_whole_tiers),
        cmocka_unit_test(thousands_of_commits_leave_few_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
