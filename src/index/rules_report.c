/*
 * rules_report.c - aisle_rules: the shop's rules, one by one.
 *
 * Thread rule: any thread.
 */
#include "index/catalog.h"

static aisle_bytes view(struct bytes text)
{
    return (aisle_bytes){(const char *)text.data, text.size};
}

static void report_rule(const struct curation_rule *rule, aisle_bytes queries[LIMIT_RULE_QUERIES],
                        aisle_rule_report *report, void *context)
{
    static const char *const names[] = {
        [CURATION_EXACT] = "exact", [CURATION_CONTAINS] = "contains", [CURATION_PREFIX] = "prefix"};
    for (uint32_t i = 0; i < rule->query_count; i++) {
        queries[i] = view(rule->queries[i]);
    }
    const aisle_rule told = {.id = view(rule->id),
                             .queries = queries,
                             .query_count = rule->query_count,
                             .match = names[rule->match],
                             .context = view(rule->context),
                             .with_filter = rule->condition_count != 0,
                             .from_ms = rule->from_ms,
                             .until_ms = rule->until_ms,
                             .priority = rule->priority,
                             .pins = rule->pin_count,
                             .hidden = rule->hidden_count,
                             .boosts = rule->boost_count,
                             .filters = rule->filter != NULL,
                             .replaces = rule->replaces};
    report(context, &told);
}

int aisle_rules(aisle *catalog, aisle_rule_report *report, void *context, aisle_error *error)
{
    aisle_bytes queries[LIMIT_RULE_QUERIES];
    struct kept_rules *kept = NULL;
    uint32_t count = 0;
    struct searcher *searcher = searcher_take(&catalog->searchers);
    if (searcher == NULL) {
        return error_no_memory(error, "reading synonyms, stop words and rules");
    }
    int status = rules_keeper_reload(&catalog->rules, catalog->schema, searcher->analyser, error);
    if (status == 0) {
        status = rules_keeper_take(&catalog->rules, catalog->schema, searcher->analyser, &kept, error);
    }
    searcher_give(&catalog->searchers, searcher, (size_t)catalog_cache_bytes(catalog));
    const struct curation_rule *rules =
        status != 0 || kept->curation == NULL ? NULL : curation_rules(kept->curation, &count);
    for (uint32_t i = 0; i < count; i++) {
        report_rule(&rules[i], queries, report, context);
    }
    rules_keeper_give(kept);
    return status;
}
