/*
 * curation_rule.c - one rule: its members, each with what it may be.
 *
 * Thread rule: as curation.h.
 */
#include "curation/curation_read.h"

#include "schema/product.h"

#include <stdio.h>

#define PRIORITY_MAX 1000000

/* A member of a rule under way; at: its node. */
struct member {
    struct curation_reading *reading;
    struct curation_rule *rule;
    const struct json_node *nodes;
    size_t at;
};

static int refuse(const struct member *member, size_t node, int status, const char *why)
{
    return curation_refuse(member->reading, member->reading->base + member->nodes[node].position, status, why);
}

/* Why with a number in it. */
static int refuse_above(const struct member *member, size_t node, const char *what, unsigned most)
{
    char why[120];
    snprintf(why, sizeof why, "%s, expected at most %u", what, most);
    return refuse(member, node, AISLE_LIMIT, why);
}

static struct arena *arena_of(const struct member *member)
{
    return &member->reading->curation->arena;
}

/* ---- values ---- */

static int copy_text(const struct member *member, struct bytes text, struct bytes *out)
{
    *out = bytes_of(arena_copy(arena_of(member), text.data, text.size), text.size);
    return out->data == NULL ? curation_no_memory(member->reading) : 0;
}

/* A string of 1 to most bytes; of any length from 0 on where least is 0. */
static int take_string(const struct member *member, size_t node, const char *expected, size_t least, size_t most,
                       struct bytes *out)
{
    if (member->nodes[node].type != JSON_STRING || member->nodes[node].text.size < least) {
        return refuse(member, node, AISLE_INVALID, expected);
    }
    if (member->nodes[node].text.size > most) {
        return refuse_above(member, node, "a text is too long in bytes", (unsigned)most);
    }
    return copy_text(member, member->nodes[node].text, out);
}

static int take_id(const struct member *member, size_t node, struct bytes *out)
{
    return take_string(member, node, "expected the id of a product, a string", 1, LIMIT_ID_BYTES, out);
}

/* How many values an array has, which is not empty; another value counts as none and is refused. */
static int count_values(const struct member *member, size_t node, const char *expected, uint32_t most, uint32_t *count)
{
    *count = 0;
    if (member->nodes[node].type != JSON_ARRAY) {
        return refuse(member, node, AISLE_INVALID, expected);
    }
    for (size_t i = node + 1; i < member->nodes[node].next; i = member->nodes[i].next) {
        ++*count;
    }
    return *count <= most ? 0 : refuse_above(member, node, "there are too many of one kind in a rule", most);
}

static int take_ids(const struct member *member, size_t node, uint32_t most, struct bytes **ids, uint32_t *count)
{
    uint32_t at = 0;
    int status = count_values(member, node, "expected the ids of products, [ ... ]", most, count);
    *ids = status == 0 ? arena_alloc(arena_of(member), *count * sizeof **ids) : NULL;
    if (status == 0 && *ids == NULL) {
        return curation_no_memory(member->reading);
    }
    for (size_t i = node + 1; i < member->nodes[node].next && status == 0; i = member->nodes[i].next) {
        status = take_id(member, i, &(*ids)[at++]);
    }
    return status;
}

/* A number with at most places decimals, scaled by them. */
static bool read_number(const struct json_node *node, uint8_t places, int64_t *out)
{
    const struct field decimal = {.type = FIELD_DECIMAL, .scale = places};
    bool exact = false;
    return node->type == JSON_NUMBER && product_number_read(&decimal, node->text, out, &exact) == 0 && exact;
}

static int take_filter(const struct member *member, size_t node, struct filter_node **out)
{
    const struct curation_source *source = member->reading->source;
    const struct filter_source filter = {.schema = source->schema,
                                         .columns = source->columns,
                                         .analyser = source->analyser,
                                         .arena = arena_of(member)};
    aisle_error wrong = {0};
    struct bytes text;
    int status = take_string(member, node, "expected a filter, a string", 1, LIMIT_FILTER_BYTES, &text);
    if (status == 0) {
        status = filter_parse(text, &filter, out, &wrong);
        status = status == AISLE_NO_MEMORY ? curation_no_memory(member->reading)
                 : status != 0             ? refuse(member, node, status == AISLE_LIMIT ? status : AISLE_INVALID,
                                                    wrong.message)
                                           : 0;
    }
    return status;
}

/* ---- what a rule asks ---- */

static int take_name(struct member *member)
{
    return take_string(member, member->at, "expected the rule's name, a string", 1, LIMIT_RULE_NAME_BYTES,
                       &member->rule->id);
}

static int take_query(struct member *member)
{
    static const char expected[] = "expected a query, a string, or several, [ ... ]";
    struct curation_rule *rule = member->rule;
    bool single = member->nodes[member->at].type == JSON_STRING;
    uint32_t count = 1;
    int status = single ? 0 : count_values(member, member->at, expected, LIMIT_RULE_QUERIES, &count);
    if (status == 0 && count == 0) {
        return refuse(member, member->at, AISLE_INVALID, expected);
    }
    rule->queries = status == 0 ? arena_alloc(arena_of(member), count * sizeof *rule->queries) : NULL;
    if (status == 0 && rule->queries == NULL) {
        return curation_no_memory(member->reading);
    }
    if (status == 0 && single) {
        rule->query_count = 1;
        return take_string(member, member->at, expected, 0, LIMIT_QUERY_BYTES, &rule->queries[0]);
    }
    for (size_t i = member->at + 1; i < member->nodes[member->at].next && status == 0; i = member->nodes[i].next) {
        status = take_string(member, i, expected, 0, LIMIT_QUERY_BYTES, &rule->queries[rule->query_count++]);
    }
    return status;
}

static int take_match(struct member *member)
{
    static const char *const names[] = {
        [CURATION_EXACT] = "exact", [CURATION_CONTAINS] = "contains", [CURATION_PREFIX] = "prefix"};
    const struct json_node *node = &member->nodes[member->at];
    for (int i = 0; i < 3; i++) {
        if (node->type == JSON_STRING && bytes_equal(node->text, bytes_of_string(names[i]))) {
            member->rule->match = (enum curation_match)i;
            return 0;
        }
    }
    return refuse(member, member->at, AISLE_INVALID, "expected \"exact\", \"contains\" or \"prefix\"");
}

static int count_condition(void *self, const struct filter_node *condition)
{
    (void)condition;
    ++*(uint32_t *)self;
    return 0;
}

static int add_condition(void *self, const struct filter_node *condition)
{
    struct member *member = self;
    struct curation_rule *rule = member->rule;
    struct buf key;
    buf_init(&key, CURATION_CONDITION_BYTES);
    curation_condition(condition, &key);
    int status = buf_status(&key) == AISLE_LIMIT
                     ? refuse(member, member->at, AISLE_LIMIT, "a condition of \"with_filter\" is too long")
                     : buf_status(&key);
    status = status == 0 ? copy_text(member, buf_bytes(&key), &rule->conditions[rule->condition_count++]) : status;
    buf_release(&key);
    return status;
}

static int take_with_filter(struct member *member)
{
    struct filter_node *filter = NULL;
    uint32_t count = 0;
    int status = take_filter(member, member->at, &filter);
    status = status == 0 ? curation_conditions(filter, &count, count_condition) : status;
    if (status != 0) {
        return status;
    }
    member->rule->conditions = arena_alloc(arena_of(member), count * sizeof *member->rule->conditions);
    return member->rule->conditions == NULL ? curation_no_memory(member->reading)
                                            : curation_conditions(filter, member, add_condition);
}

static int take_context(struct member *member)
{
    static const char expected[] = "expected the name of a context, a string without commas";
    int status = take_string(member, member->at, expected, 1, LIMIT_RULE_NAME_BYTES, &member->rule->context);
    if (status == 0 && memchr(member->rule->context.data, ',', member->rule->context.size) != NULL) {
        return refuse(member, member->at, AISLE_INVALID, expected);
    }
    return status;
}

static int take_date(const struct member *member, int64_t *ms)
{
    const struct field date = {.type = FIELD_DATE};
    const struct json_node *node = &member->nodes[member->at];
    bool exact;
    if (node->type != JSON_STRING || product_number_read(&date, node->text, ms, &exact) != 0) {
        return refuse(member, member->at, AISLE_INVALID,
                      "expected a date like \"2026-11-23\" or \"2026-11-23T10:00:00Z\"");
    }
    return 0;
}

static int take_from(struct member *member)
{
    return take_date(member, &member->rule->from_ms);
}

static int take_until(struct member *member)
{
    return take_date(member, &member->rule->until_ms);
}

static int take_priority(struct member *member)
{
    int64_t number = 0;
    if (!read_number(&member->nodes[member->at], 0, &number) || number > PRIORITY_MAX || number < -PRIORITY_MAX) {
        return refuse(member, member->at, AISLE_INVALID, "expected a whole number from -1000000 to 1000000");
    }
    member->rule->priority = (int32_t)number;
    return 0;
}

/* ---- what a rule does ---- */

/* {"id": ID, "position": N} */
static int take_placed(const struct member *member, size_t node, struct curation_pin *pin)
{
    static const char expected[] = "expected {\"id\": ID, \"position\": N} or an id";
    size_t id = json_member(member->reading->json, node, bytes_of_string("id"));
    size_t position = json_member(member->reading->json, node, bytes_of_string("position"));
    int64_t number = 0;
    if (id == 0 || position == 0 || member->nodes[node].next != node + 3) {
        return refuse(member, node, AISLE_INVALID, expected);
    }
    if (!read_number(&member->nodes[position], 0, &number) || number < 1 || number > LIMIT_HITS) {
        return refuse(member, position, AISLE_INVALID, "expected a position from 1 to 10000");
    }
    pin->position = (uint32_t)number - 1;
    return take_id(member, id, &pin->id);
}

static int take_pins(struct member *member)
{
    struct curation_rule *rule = member->rule;
    uint32_t count = 0;
    uint32_t next = 0;
    int status = count_values(member, member->at, "expected products, [ ID, ... ]", LIMIT_RULE_PINS, &count);
    rule->pins = status == 0 ? arena_alloc(arena_of(member), count * sizeof *rule->pins) : NULL;
    if (status == 0 && rule->pins == NULL) {
        return curation_no_memory(member->reading);
    }
    for (size_t i = member->at + 1; i < member->nodes[member->at].next && status == 0; i = member->nodes[i].next) {
        struct curation_pin *pin = &rule->pins[rule->pin_count++];
        pin->position = next < LIMIT_HITS ? next : LIMIT_HITS - 1;
        status = member->nodes[i].type == JSON_OBJECT ? take_placed(member, i, pin) : take_id(member, i, &pin->id);
        next = pin->position + 1;
    }
    return status;
}

static int take_hidden(struct member *member)
{
    return take_ids(member, member->at, LIMIT_RULE_HIDDEN, &member->rule->hidden, &member->rule->hidden_count);
}

/* {"filter": FILTER, "weight": W} or {"ids": [ ID, ... ], "weight": W} */
static int take_boost(const struct member *member, size_t node, struct curation_boost *boost)
{
    static const char expected[] =
        "expected {\"filter\": FILTER, \"weight\": W} or {\"ids\": [ ID, ... ], \"weight\": W}";
    if (member->nodes[node].type != JSON_OBJECT) {
        return refuse(member, node, AISLE_INVALID, expected);
    }
    size_t filter = json_member(member->reading->json, node, bytes_of_string("filter"));
    size_t ids = json_member(member->reading->json, node, bytes_of_string("ids"));
    size_t weight = json_member(member->reading->json, node, bytes_of_string("weight"));
    size_t members = 0;
    int64_t number = 0;
    for (size_t i = node + 1; i < member->nodes[node].next; i = member->nodes[i].next) {
        members++;
    }
    if (members != 2 || weight == 0 || (filter == 0) == (ids == 0)) {
        return refuse(member, node, AISLE_INVALID, expected);
    }
    if (!read_number(&member->nodes[weight], 2, &number) || number < 1 || number > LIMIT_RULE_WEIGHT * 100) {
        return refuse(member, weight, AISLE_INVALID,
                      "expected a weight above 0, at most 100, with at most two decimals");
    }
    boost->weight = (uint32_t)number;
    if (ids != 0) {
        int taken = take_ids(member, ids, LIMIT_RULE_PINS, &boost->ids, &boost->id_count);
        return taken != 0 || boost->id_count != 0 ? taken : refuse(member, node, AISLE_INVALID, expected);
    }
    struct filter_node *parsed = NULL;
    int status = take_filter(member, filter, &parsed);
    boost->filter = parsed;
    return status;
}

static int take_boosts(struct member *member)
{
    struct curation_rule *rule = member->rule;
    uint32_t count = 0;
    int status = count_values(member, member->at, "expected boosts, [ ... ]", LIMIT_RULE_BOOSTS, &count);
    rule->boosts = status == 0 ? arena_calloc(arena_of(member), count, sizeof *rule->boosts) : NULL;
    if (status == 0 && rule->boosts == NULL) {
        return curation_no_memory(member->reading);
    }
    for (size_t i = member->at + 1; i < member->nodes[member->at].next && status == 0; i = member->nodes[i].next) {
        status = take_boost(member, i, &rule->boosts[rule->boost_count++]);
    }
    return status;
}

static int take_condition(struct member *member)
{
    struct filter_node *filter = NULL;
    int status = take_filter(member, member->at, &filter);
    member->rule->filter = filter;
    return status;
}

static int take_replacement(struct member *member)
{
    member->rule->replaces = true;
    return take_string(member, member->at, "expected a text, a string", 0, LIMIT_QUERY_BYTES,
                       &member->rule->replacement);
}

/* ---- the whole ---- */

static const struct {
    const char *name;
    int (*take)(struct member *member);
} members[] = {
    {"id", take_name},
    {"query", take_query},
    {"match", take_match},
    {"with_filter", take_with_filter},
    {"context", take_context},
    {"from", take_from},
    {"until", take_until},
    {"priority", take_priority},
    {"pin", take_pins},
    {"hide", take_hidden},
    {"boost", take_boosts},
    {"filter", take_condition},
    {"replace", take_replacement},
};

#define MEMBERS (sizeof members / sizeof members[0])

static int take_member(struct member *member)
{
    struct bytes key = member->nodes[member->at].key;
    char why[160];
    char shown[JSON_SHOWN_BYTES];
    for (size_t i = 0; i < MEMBERS; i++) {
        if (bytes_equal(key, bytes_of_string(members[i].name))) {
            return members[i].take(member);
        }
    }
    snprintf(why, sizeof why, "a rule has no member \"%s\"", json_show(key, shown));
    return refuse(member, member->at, AISLE_INVALID, why);
}

/* What members say together. */
static int check(const struct member *member, bool has_match)
{
    const struct curation_rule *rule = member->rule;
    if (rule->pin_count == 0 && rule->hidden_count == 0 && rule->boost_count == 0 && rule->filter == NULL &&
        !rule->replaces) {
        return refuse(member, 0, AISLE_INVALID, "a rule does something: expected pin, hide, boost, filter or replace");
    }
    if (rule->query_count == 0 && (has_match || rule->replaces)) {
        return refuse(member, 0, AISLE_INVALID, "match and replace are for rules with a query");
    }
    return rule->from_ms < rule->until_ms ? 0 : refuse(member, 0, AISLE_INVALID, "from must be before until");
}

int curation_read_rule(struct curation_reading *reading, struct curation_rule *rule)
{
    size_t count;
    struct member member = {.reading = reading, .rule = rule, .nodes = json_nodes(reading->json, &count)};
    *rule = (struct curation_rule){.number = reading->curation->count, .from_ms = INT64_MIN, .until_ms = INT64_MAX};
    int status = 0;
    for (member.at = 1; member.at < member.nodes[0].next && status == 0; member.at = member.nodes[member.at].next) {
        status = take_member(&member);
    }
    if (status == 0) {
        status = check(&member, json_member(reading->json, 0, bytes_of_string("match")) != 0);
    }
    if (status == 0 && rule->id.size == 0) {
        char name[32];
        int size = snprintf(name, sizeof name, "rule %u", rule->number + 1);
        status = copy_text(&member, bytes_of(name, (size_t)size), &rule->id);
    }
    return status;
}
