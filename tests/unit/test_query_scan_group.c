/*
 * test_query_scan_group.c - alternatives, sums and preferred words inside of conjunctions find what following each
 * leaf's cursor document by document adds up to.
 *
 * Trees are made by hand, of random shape, from leaves that were parsed: words, words of the title, prefixes. A leaf's
 * scores are read through its own cursor, and combined in plain arrays. What a query keeps of its groups for its other
 * passes changes nothing, also when prices have changed in between or there is no more room for it; nor does what is
 * kept of clauses from query to query.
 */
#include "index/catalog.h"
#include "index_fixture.h"
#include "query/cursor.h"
#include "query/group_keep.h"
#include "query/query.h"
#include "query/unions.h"

#define SCHEMA                                                                                                  \
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\",\"weight\":3}," \
    "\"body\":{\"type\":\"text\"}}}"
#define PRODUCTS 24000u
#define SECOND 18000u
#define WORDS 12u
#define TREES 250u
#define NONE INT32_MIN
#define SEGMENTS 2u
#define UNIONS_BYTES 60000u /* bits of a segment take 2,300, arrays up to 90,000 */

static const uint32_t rarity[WORDS] = {2, 3, 5, 9, 40, 150, 900, 4000, 2, 12000, 300, 20};
static const char *const words[WORDS] = {"alfa", "bravo", "charly", "delta", "echo", "alto",
                                         "golf", "hotel", "all",    "juliet", "alps", "deal"};
static const char *const typed[] = {"alfa", "bravo", "charly", "delta",       "echo",       "alto",  "golf",
                                    "hotel", "all",  "juliet", "title:bravo", "title:deal", "al*",   "title:al*",
                                    "de*",  "alps",  "missing", "title:echo", "deal",       "h*"};

static aisle *catalog;
static struct shard_snapshot snapshot;
static struct query_segment segments[SEGMENTS];
static struct query_context context;
static struct arena arena;
static struct query_keep keep;
static struct unions_keeper unions;
static struct analyser *analyser;
static uint32_t random_state = 7;
static uint32_t leaf_count;
static int32_t *scratch[8]; /* scores of documents of the segment at hand, by depth */

static uint32_t draw(uint32_t limit)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)random_state * limit >> 32);
}

static void put_product(aisle_writer *writer, uint32_t product)
{
    char title[256] = "";
    char body[256] = "";
    char text[700];
    for (uint32_t word = 0; word < WORDS; word++) {
        char *field = draw(3) == 0 ? title : body;
        for (uint32_t times = draw(rarity[word]) == 0 ? 1 + draw(2) : 0; times > 0; times--) {
            strcat(field, words[word]);
            strcat(field, " ");
        }
    }
    for (uint32_t filler = draw(10); filler > 0; filler--) {
        strcat(body, "x ");
    }
    snprintf(text, sizeof text, "{\"id\":\"P%05u\",\"title\":\"%s\",\"body\":\"%s\"}", product, title, body);
    put(writer, text);
}

static int make_catalog(void **state)
{
    if (make_directory(state) != 0) {
        return -1;
    }
    create_catalog("groups", SCHEMA, 1);
    catalog = open_catalog("groups");
    aisle_writer *writer = begin_writing(catalog);
    for (uint32_t product = 0; product < PRODUCTS; product++) {
        put_product(writer, product);
        if (product + 1 == SECOND) {
            commit(writer);
        }
    }
    commit(writer);
    for (uint32_t product = SECOND; product < PRODUCTS; product += 1 + draw(40)) {
        char id[16];
        snprintf(id, sizeof id, "P%05u", product);
        assert_done(aisle_delete(writer, text_bytes(id), &error));
    }
    commit(writer);
    aisle_writer_free(writer);
    assert_done(shard_begin(&catalog->shards[0], &snapshot, &error));
    assert_int_equal(snapshot.view->manifest.segment_count, SEGMENTS);
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        segments[i] = (struct query_segment){.segment = snapshot.view->segments[i], .state = snapshot.view->states[i]};
    }
    for (unsigned i = 0; i < sizeof scratch / sizeof scratch[0]; i++) {
        scratch[i] = malloc(PRODUCTS * sizeof *scratch[i]);
        assert_non_null(scratch[i]);
    }
    assert_int_equal(analyser_new(&analyser), 0);
    arena_init(&arena, LIMIT_QUERY_MEMORY_BYTES);
    query_keep_init(&keep);
    return unions_keeper_init(&unions, UNIONS_BYTES);
}

static int drop_catalog(void **state)
{
    for (unsigned i = 0; i < sizeof scratch / sizeof scratch[0]; i++) {
        free(scratch[i]);
    }
    arena_release(&arena);
    query_keep_release(&keep);
    unions_keeper_release(&unions);
    analyser_free(analyser);
    shard_end(&snapshot);
    aisle_close(catalog);
    return remove_directory(state);
}

/* ---- trees ---- */

static struct query_node *make_leaf(void)
{
    struct query_node *leaf;
    const char *text = typed[draw(sizeof typed / sizeof typed[0])];
    assert_done(query_parse(bytes_of_string(text), catalog->schema, analyser, &arena, &leaf, &error));
    assert_int_equal(leaf->kind, QUERY_TERMS);
    leaf->leaf = leaf_count++;
    return leaf;
}

static struct query_node *make_node(enum query_kind kind, uint32_t count)
{
    struct query_node *node = arena_calloc(&arena, 1, sizeof *node);
    assert_non_null(node);
    node->kind = kind;
    node->weight = QUERY_WEIGHT_WHOLE;
    node->children = arena_calloc(&arena, count, sizeof *node->children);
    node->child_count = count;
    return node;
}

/* A word, alternatives of words, alternatives of such, or a sum of words. */
static struct query_node *make_clause(void)
{
    uint32_t kind = draw(6);
    if (kind < 2) {
        return make_leaf();
    }
    struct query_node *node = make_node(kind < 5 ? QUERY_ANY : QUERY_OR, 1 + draw(5));
    for (uint32_t i = 0; i < node->child_count; i++) {
        node->children[i] = kind == 4 && i == 0 ? make_node(QUERY_ANY, 1) : make_leaf();
        if (kind == 4 && i == 0) {
            node->children[0]->children[0] = make_leaf();
        }
    }
    return node;
}

static struct query_node *make_tree(void)
{
    static const enum query_kind kinds[] = {QUERY_AND, QUERY_AND, QUERY_AND, QUERY_OR, QUERY_ANY, QUERY_PREFER,
                                            QUERY_WITHOUT};
    enum query_kind kind = kinds[draw(7)];
    leaf_count = 0;
    struct query_node *node = make_node(kind, kind == QUERY_WITHOUT ? 2 : 1 + draw(3));
    for (uint32_t i = 0; i < node->child_count; i++) {
        node->children[i] = make_clause();
        if (i == 0 && kind == QUERY_PREFER) {
            struct query_node *both = make_node(QUERY_AND, 2);
            both->children[0] = node->children[0];
            both->children[1] = make_clause();
            node->children[0] = both;
        }
    }
    return node;
}

/* ---- what they should find ---- */

static void evaluate_leaf(const struct query_node *leaf, uint32_t number, int32_t *scores)
{
    struct cursor *cursor;
    assert_int_equal(cursor_open(&context, leaf, number, &cursor), 0);
    for (uint32_t document = cursor->ops->seek(cursor, 0, CURSOR_ANY_SCORE); document != POSTINGS_END;
         document = cursor->ops->seek(cursor, document + 1, CURSOR_ANY_SCORE)) {
        scores[document] = cursor->ops->score(cursor);
    }
}

static int32_t combine(enum query_kind kind, int32_t a, int32_t b)
{
    switch (kind) {
    case QUERY_AND:
        return a == NONE || b == NONE ? NONE : a + b;
    case QUERY_OR:
        return a == NONE ? b : b == NONE ? a : a + b;
    case QUERY_PREFER:
        return a == NONE || b == NONE ? a : a + b;
    case QUERY_WITHOUT:
        return b == NONE ? a : NONE;
    default:
        return a > b ? a : b;
    }
}

static void evaluate(const struct query_node *node, uint32_t number, unsigned depth)
{
    uint32_t documents = segments[number].segment->info.documents;
    int32_t *scores = scratch[depth];
    for (uint32_t i = 0; i < documents; i++) {
        scores[i] = NONE;
    }
    if (node->kind == QUERY_TERMS) {
        evaluate_leaf(node, number, scores);
    }
    for (uint32_t child = 0; child < node->child_count; child++) {
        evaluate(node->children[child], number, depth + 1);
        for (uint32_t i = 0; i < documents; i++) {
            scores[i] = child == 0 ? scratch[depth + 1][i] : combine(node->kind, scores[i], scratch[depth + 1][i]);
        }
    }
}

static void expect_hits(struct query_node *root, uint32_t limit, const struct query_hit *all, uint32_t all_count)
{
    struct query_hit *hits;
    uint32_t count;
    assert_int_equal(query_top(&context, root, limit, &hits, &count), 0);
    assert_int_equal(count, all_count < limit ? all_count : limit);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(hits[i].score, all[i].score);
        assert_int_equal(hits[i].segment, all[i].segment);
        assert_int_equal(hits[i].document, all[i].document);
    }
}

static void expect_tree(struct query_node *root)
{
    struct query_hit *all;
    uint32_t all_count;
    uint64_t total;
    uint64_t matching = 0;
    bool any;
    assert_int_equal(query_bind(&context, root), 0);
    assert_int_equal(query_top(&context, root, 2 * PRODUCTS, &all, &all_count), 0);
    assert_int_equal(query_count(&context, root, &total), 0);
    for (uint32_t s = 0; s < SEGMENTS; s++) {
        evaluate(root, s, 0);
        for (uint32_t i = 0; i < segments[s].segment->info.documents; i++) {
            matching += scratch[0][i] != NONE && segment_state_alive(segments[s].state, i) ? 1 : 0;
        }
        for (uint32_t i = 0; i < all_count; i++) {
            if (all[i].segment == s) {
                assert_int_equal(all[i].score, scratch[0][all[i].document]);
            }
        }
    }
    assert_int_equal(total, matching);
    assert_int_equal(query_has_any(&context, root, &any), 0);
    assert_int_equal(any, matching != 0);
    assert_int_equal(all_count, matching);
    expect_hits(root, 10, all, all_count);
    expect_hits(root, 1, all, all_count);
    expect_hits(root, 200, all, all_count);
}

static void begin_query(void)
{
    context = (struct query_context){.segments = segments,
                                     .segment_count = SEGMENTS,
                                     .field_count = catalog->schema->searchable_count,
                                     .weights = catalog->weights,
                                     .schema = catalog->schema,
                                     .arena = &arena};
    for (uint32_t s = 0; s < SEGMENTS; s++) {
        context.statistics.products += snapshot.view->manifest.segments[s].documents;
        context.statistics.length_sum += snapshot.view->manifest.segments[s].length_sum;
    }
}

static void trees_of_groups_find_what_their_leaves_add_up_to(void **state)
{
    (void)state;
    for (uint32_t tree = 0; tree < TREES; tree++) {
        begin_query();
        struct query_node *root = make_tree();
        expect_tree(root);
        context.keep = &keep;
        keep.arena.max_bytes = tree % 4 == 0 ? 100000 : LIMIT_QUERY_KEPT_BYTES;
        expect_tree(root);
        root->weight /= 2;
        expect_tree(root);
        query_keep_reset(&keep);
        arena_reset(&arena);
    }
}

/* Also while there is room for a few only, so that some go while a query still reads them. */
static void what_is_kept_of_clauses_for_other_queries_changes_nothing(void **state)
{
    (void)state;
    unions.postings_least = 1;
    unions.word_least = 1;
    for (uint32_t tree = 0; tree < TREES; tree++) {
        begin_query();
        context.keep = &keep;
        context.unions = &unions;
        keep.arena.max_bytes = LIMIT_QUERY_KEPT_BYTES;
        struct query_node *root = make_tree();
        expect_tree(root);
        root->weight /= 2;
        expect_tree(root);
        if (tree % 16 == 0) {
            unions_keeper_shrink(&unions, UNIONS_BYTES / 8);
            expect_tree(root);
        }
        query_keep_reset(&keep);
        arena_reset(&arena);
        assert_true(atomic_load(&unions.bytes) <= UNIONS_BYTES);
    }
    assert_in_range(unions.count, 4, LIMIT_UNIONS);
    unions_keeper_shrink(&unions, 0);
    assert_int_equal(unions.count, 0);
    assert_int_equal(atomic_load(&unions.bytes), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_of_groups_find_what_their_leaves_add_up_to),
        cmocka_unit_test(what_is_kept_of_clauses_for_other_queries_changes_nothing),
    };
    return cmocka_run_group_tests(tests, make_catalog, drop_catalog);
}
