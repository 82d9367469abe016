/*
 * random_sort.c - sort orders by the dice, and sorted rows, pages and groups by brute force.
 */
#include "oracle/random_sort.h"

#include "base/hash.h"
#include "oracle/field_value.h"
#include "oracle/random_affinity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTS_MAX 4u

struct part {
    const struct shop_field *field; /* NULL: the score */
    bool descending;
};

struct key {
    bool missing;
    double number;
    const char *word; /* in the pool; NULL: a number */
};

struct row {
    const char *id; /* in the pool */
    double score;
    struct key keys[PARTS_MAX];
    struct key group;
    uint64_t order, id_hash;
};

/* One query under way; qsort has no context, so that this is the only one. */
static struct {
    struct pool pool;
    struct part parts[PARTS_MAX];
    size_t part_count;
    struct row *rows;
    size_t row_count;
} now;

void random_sort_draw(struct shop *shop, char *text, size_t size)
{
    uint32_t wanted = shop_random(shop, PARTS_MAX + 1);
    text[0] = '\0';
    now.part_count = 0;
    for (uint32_t tries = 0; tries < 12 && now.part_count < wanted; tries++) {
        const struct shop_field *field = &shop->fields[shop_random(shop, (uint32_t)shop->field_count)];
        bool score = shop_chance(shop, 10);
        bool taken = !score && (field->type == SHOP_TEXT ||
                                (field->type <= SHOP_PATH && !field->facet && !field->ordered));
        for (size_t i = 0; i < now.part_count; i++) {
            taken = taken || now.parts[i].field == (score ? NULL : field);
        }
        if (!taken) {
            bool descending = shop_chance(shop, 50);
            now.parts[now.part_count] = (struct part){score ? NULL : field, descending};
            shop_append(text, size, "%s%s", now.part_count++ == 0 ? "" : ",", score ? "score" : field->name);
            shop_append(text, size, "%s", score ? "" : descending ? ":desc" : shop_chance(shop, 50) ? ":asc" : "");
        }
    }
}

void random_sort_draw_score(void)
{
    now.part_count = 0;
}

static struct key key_of(const struct part *part, yajl_val value)
{
    struct key key = {.missing = value == NULL};
    if (value == NULL) {
        return key;
    }
    if (part->field->type > SHOP_PATH) {
        key.number = (double)field_thousandths(value);
        return key;
    }
    if (part->field->type == SHOP_PATH) {
        key.word = field_path(&now.pool, value);
        return key;
    }
    for (size_t i = 0; i < field_strings(value); i++) {
        const char *text = field_string(value, i);
        const char *word = field_fold(text, strlen(text));
        int compared = key.word == NULL ? 0 : strcmp(word, key.word);
        if (word[0] != '\0' && (key.word == NULL || (part->descending ? compared > 0 : compared < 0))) {
            key.word = word;
        }
    }
    key.missing = key.word == NULL;
    return key;
}

static int compare_keys(const struct key *a, const struct key *b, bool descending)
{
    if (a->missing || b->missing) {
        return (int)a->missing - (int)b->missing;
    }
    int order = a->word != NULL ? strcmp(a->word, b->word) : (a->number > b->number) - (a->number < b->number);
    return descending ? -order : order;
}

static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    int order = now.part_count == 0 ? (a->score < b->score) - (a->score > b->score) : 0;
    for (size_t i = 0; i < now.part_count && order == 0; i++) {
        order = now.parts[i].field == NULL ? (a->score < b->score) - (a->score > b->score)
                                           : compare_keys(&a->keys[i], &b->keys[i], now.parts[i].descending);
    }
    order = order != 0 ? order : (a->order > b->order) - (a->order < b->order);
    return order != 0 ? order : (a->id_hash > b->id_hash) - (a->id_hash < b->id_hash);
}

void random_sort_release(void)
{
    free(now.rows);
    now.rows = NULL;
    pool_release(&now.pool);
}

size_t random_sort_rows(void)
{
    return now.row_count;
}

/* Of no parts and no affinities, the order is that of the answer. */
void random_sort_fill(struct pair *pair, const struct random_filter *filter, const aisle_result *whole)
{
    aisle_hit hit;
    size_t affinities;
    (void)random_affinities_texts(&affinities);
    now.row_count = 0;
    now.rows = oracle_grow(NULL, (aisle_result_count(whole) + 1) * sizeof *now.rows);
    for (size_t i = 0; aisle_result_hit(whole, i, &hit) == 0; i++) {
        char *id = pool_text(&now.pool, hit.id.data, hit.id.size);
        if (filter != NULL && !random_filter_keeps(filter, pair->oracle, id)) {
            continue;
        }
        const struct version *version = oracle_find(pair->oracle, id);
        struct row *row = &now.rows[now.row_count++];
        *row = (struct row){.id = id, .score = hit.score + random_affinities_of(pair->oracle, id)};
        row->order = version->key;
        row->id_hash = hash_bytes(id, strlen(id));
        for (size_t k = 0; k < now.part_count; k++) {
            if (now.parts[k].field != NULL) {
                row->keys[k] = key_of(&now.parts[k], oracle_value(version, now.parts[k].field->name));
            }
        }
    }
    if ((now.part_count != 0 || affinities != 0) && now.row_count != 0) {
        qsort(now.rows, now.row_count, sizeof *now.rows, compare_rows);
    }
}

/* Whether the result's hits are the rows from at on. */
bool random_sort_same_hits(const aisle_result *result, size_t at, size_t limit)
{
    size_t left = at < now.row_count ? now.row_count - at : 0;
    size_t wanted = left < limit ? left : limit;
    aisle_hit hit;
    if (aisle_result_count(result) != wanted) {
        fprintf(stderr, "%zu hits from %zu on, should be %zu\n", aisle_result_count(result), at, wanted);
        return false;
    }
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        const char *id = now.rows[at + i].id;
        if (hit.id.size != strlen(id) || memcmp(hit.id.data, id, hit.id.size) != 0) {
            fprintf(stderr, "hit %zu is %.*s, should be %s\n", at + i, (int)hit.id.size, hit.id.data, id);
            return false;
        }
    }
    return true;
}

/* All of the answer, page by page. */
bool random_sort_same_pages(struct pair *pair, struct shop *shop, aisle_query *query, struct random_sort_tally *tally)
{
    aisle_result *result = NULL;
    char *cursor = NULL;
    bool same = true;
    uint32_t few = 1 + shop_random(shop, 40);
    query->offset = 0;
    query->limit = now.row_count / few > 40 ? (uint32_t)now.row_count / 40 : few;
    for (size_t at = 0; same && at <= now.row_count; at += query->limit) {
        aisle_error error = {.message = ""};
        query->after = cursor;
        query->no_total = shop_chance(shop, 50);
        same = aisle_search(pair->catalog, query, &result, &error) == 0 &&
               random_sort_same_hits(result, at, query->limit);
        if (!same) {
            fprintf(stderr, "page from %zu on: %s\n", at, error.message);
            break;
        }
        aisle_bytes next = aisle_result_cursor(result);
        tally->pages++;
        tally->hits += aisle_result_count(result);
        if (next.size == 0) {
            same = at + query->limit > now.row_count;
            break;
        }
        free(cursor);
        cursor = strndup(next.data, next.size);
    }
    free(cursor);
    aisle_result_free(result);
    return same;
}

/* Whether the rows a and b belong to one group. */
static bool is_grouped(const struct row *a, const struct row *b)
{
    return a == b || (!a->group.missing && !b->group.missing && compare_keys(&a->group, &b->group, false) == 0);
}

/* The hits of the i-th group are the first rows of it, of which the first is row. */
static bool same_group(const aisle_result *result, size_t i, const struct row *first, uint32_t size)
{
    aisle_group group;
    aisle_hit hit;
    uint64_t products = 0;
    size_t shown = 0;
    bool same = aisle_result_group(result, i, &group) == 0;
    for (const struct row *row = first; row < now.rows + now.row_count && same; row++) {
        if (is_grouped(first, row)) {
            if (shown < size) {
                same = shown < group.hit_count && aisle_result_hit(result, group.first_hit + shown, &hit) == 0 &&
                       hit.id.size == strlen(row->id) && memcmp(hit.id.data, row->id, hit.id.size) == 0;
                shown++;
            }
            products++;
        }
    }
    same = same && shown == group.hit_count && products == group.products;
    if (!same) {
        fprintf(stderr, "group %zu, of %s: %zu hits of %llu products, should be %zu of %llu\n", i, first->id,
                group.hit_count, (unsigned long long)group.products, shown, (unsigned long long)products);
    }
    return same;
}

/* A group by brute force: its first row, and how many it has. */
struct first {
    const struct row *row;
    size_t index;
    uint64_t products;
};

static struct first *list_groups(size_t *count)
{
    struct first *groups = calloc(now.row_count + 1, sizeof *groups);
    *count = 0;
    for (size_t i = 0; i < now.row_count && groups != NULL; i++) {
        size_t k = 0;
        while (k < *count && !is_grouped(groups[k].row, &now.rows[i])) {
            k++;
        }
        groups[k].row = k == *count ? &now.rows[i] : groups[k].row;
        groups[k].index = k == *count ? i : groups[k].index;
        groups[k].products++;
        *count += k == *count ? 1 : 0;
    }
    return groups;
}

/* Those of most products first, equal ones by value, products without one last, in their own order. */
static int compare_groups(const void *left, const void *right)
{
    const struct first *a = left;
    const struct first *b = right;
    bool a_missing = a->row->group.missing;
    bool b_missing = b->row->group.missing;
    if (a_missing || b_missing) {
        return a_missing != b_missing ? (a_missing ? 1 : -1) : (a->index > b->index) - (a->index < b->index);
    }
    return a->products != b->products ? (a->products < b->products ? 1 : -1)
                                      : compare_keys(&a->row->group, &b->row->group, false);
}

static bool same_groups(const aisle_query *query, const aisle_result *result, bool by_count, uint64_t *total)
{
    size_t count;
    struct first *groups = list_groups(&count);
    bool same = groups != NULL;
    if (same && by_count && count > 1) {
        qsort(groups, count, sizeof *groups, compare_groups);
    }
    for (size_t i = query->offset; same && i < count && i < (size_t)query->offset + query->limit; i++) {
        same = same_group(result, i - query->offset, groups[i].row, query->group_size);
    }
    free(groups);
    *total = count;
    return same;
}

bool random_sort_same_groups(struct pair *pair, struct shop *shop, aisle_query *query,
                             struct random_sort_tally *tally)
{
    const struct shop_field *field = &shop->fields[shop_random(shop, (uint32_t)shop->field_count)];
    bool several = field->type == SHOP_LIST || (field->of_variants && field->type == SHOP_KEYWORD);
    if (field->type == SHOP_TEXT || several ||
        (field->type <= SHOP_PATH && !field->facet && !field->ordered)) {
        return true;
    }
    const struct part part = {.field = field};
    for (size_t i = 0; i < now.row_count; i++) {
        now.rows[i].group = key_of(&part, oracle_value(oracle_find(pair->oracle, now.rows[i].id), field->name));
    }
    aisle_result *result = NULL;
    aisle_error error = {.message = ""};
    char group_by[128];
    bool by_count = shop_chance(shop, 40);
    snprintf(group_by, sizeof group_by, "%s%s", field->name, by_count ? ":count" : "");
    query->group_by = group_by;
    query->after = NULL;
    query->no_total = false;
    query->group_size = 1 + shop_random(shop, 4);
    query->limit = 1 + shop_random(shop, shop_chance(shop, 20) ? 200 : 8);
    query->offset = shop_chance(shop, 30) ? shop_random(shop, 10) : 0;
    uint64_t groups = 0;
    bool same = aisle_search(pair->catalog, query, &result, &error) == 0 &&
                same_groups(query, result, by_count, &groups);
    if (!same || aisle_result_groups(result) != groups) {
        unsigned long long found = result == NULL ? 0 : aisle_result_groups(result);
        fprintf(stderr, "group by %s, %u of each from %u on: %llu groups, should be %llu: %s\n", group_by,
                query->group_size, query->offset, found, (unsigned long long)groups, error.message);
        same = false;
    }
    tally->groups += groups;
    aisle_result_free(result);
    query->group_by = NULL;
    return same;
}
