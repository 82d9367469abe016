/*
 * fuzz_curation.c - any bytes as a file of rules over the shop schema, and behind the first NUL as a request's text.
 *
 * Whatever stands there is read or refused with a line; what was read keeps to its limits, and a request finds rules in
 * order, with the words that they are for inside of its text.
 */
#include "curation/curation.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* What the shop schema declares as columns. */
static void all_columns(const struct schema *schema, struct segment_columns *columns)
{
    for (uint8_t f = 0; f < schema->field_count; f++) {
        if (schema->fields[f].column) {
            columns->field[columns->count++] = f;
        }
    }
}

static void check_rule(const struct curation_rule *rule)
{
    require(rule->id.size != 0 && rule->query_count <= LIMIT_RULE_QUERIES && rule->from_ms < rule->until_ms);
    require(rule->pin_count <= LIMIT_RULE_PINS && rule->hidden_count <= LIMIT_RULE_HIDDEN);
    require(rule->boost_count <= LIMIT_RULE_BOOSTS);
    for (uint32_t i = 0; i < rule->pin_count; i++) {
        require(rule->pins[i].position < LIMIT_HITS && rule->pins[i].id.size <= LIMIT_ID_BYTES);
    }
    for (uint32_t i = 0; i < rule->boost_count; i++) {
        require(rule->boosts[i].weight != 0 && rule->boosts[i].weight <= 100 * LIMIT_RULE_WEIGHT);
        require((rule->boosts[i].filter == NULL) == (rule->boosts[i].id_count != 0));
    }
}

static void check_found(const struct curation *curation, struct bytes text, struct analyser *analyser)
{
    struct curation_hit hits[LIMIT_RULES_APPLIED];
    struct arena arena;
    uint32_t count = 0;
    arena_init(&arena, LIMIT_QUERY_MEMORY_BYTES);
    struct token_list words;
    require(analyser_run(analyser, text, 0, &words) == 0);
    const struct curation_ask ask = {.text = text, .contexts = text, .now_ms = 0, .words = &words, .arena = &arena};
    require(curation_find(curation, &ask, hits, &count) == 0 && count <= LIMIT_RULES_APPLIED);
    for (uint32_t i = 0; i < count; i++) {
        require(hits[i].start <= hits[i].end && hits[i].end <= text.size);
        require(i == 0 || hits[i - 1].rule->priority > hits[i].rule->priority ||
                (hits[i - 1].rule->priority == hits[i].rule->priority &&
                 hits[i - 1].rule->number < hits[i].rule->number));
    }
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct schema *schema;
    static struct analyser *analyser;
    static struct segment_columns columns;
    if (schema == NULL) {
        require(schema_default(&schema) == 0 && analyser_new(&analyser) == 0);
        all_columns(schema, &columns);
    }
    const uint8_t *end = size == 0 ? NULL : memchr(data, 0, size);
    size_t first = end == NULL ? size : (size_t)(end - data);
    struct bytes text = end == NULL ? bytes_of_string("shoe") : bytes_of(end + 1, size - first - 1);
    const struct curation_source source = {.text = bytes_of(data, first),
                                           .name = "rules.json",
                                           .schema = schema,
                                           .columns = &columns,
                                           .analyser = analyser};
    struct curation *curation = NULL;
    aisle_error error = {.code = 0};
    uint32_t count = 0;
    int status = curation_read(&source, &curation, &error);
    require(status == 0 ? curation != NULL : curation == NULL && error.message[0] != '\0' && error.position <= first);
    if (status == 0) {
        const struct curation_rule *rules = curation_rules(curation, &count);
        for (uint32_t i = 0; i < count; i++) {
            check_rule(&rules[i]);
        }
        if (text.size <= LIMIT_QUERY_BYTES) {
            check_found(curation, text, analyser);
        }
        curation_free(curation);
    }
    return 0;
}
