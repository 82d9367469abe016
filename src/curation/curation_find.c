/*
 * curation_find.c - which rules hold for a request: its runs of words, its conditions and contexts are looked up.
 *
 * Thread rule: as curation.h.
 */
#include "curation/curation_private.h"

/* A search for rules under way. */
struct finding {
    const struct curation *curation;
    const struct curation_ask *ask;
    const struct token **words; /* WORD tokens of the text */
    uint32_t word_count;
    struct buf *conditions; /* keys of the request's, one behind the other, each behind its size as a u64 */
    struct curation_hit *hits;
    uint32_t count;
};

/* ---- what else a rule asks ---- */

static struct bytes trim(struct bytes text)
{
    while (text.size != 0 && text.data[0] == ' ') {
        text = bytes_of(text.data + 1, text.size - 1);
    }
    while (text.size != 0 && text.data[text.size - 1] == ' ') {
        text.size--;
    }
    return text;
}

/* Takes the next name of a list; false at its end. */
static bool next_name(struct bytes *list, struct bytes *name)
{
    if (list->data == NULL) {
        return false;
    }
    const uint8_t *comma = list->size == 0 ? NULL : memchr(list->data, ',', list->size);
    size_t size = comma == NULL ? list->size : (size_t)(comma - list->data);
    *name = trim(bytes_of(list->data, size));
    *list = comma == NULL ? bytes_of(NULL, 0) : bytes_of(comma + 1, list->size - size - 1);
    return true;
}

static bool has_context(const struct curation_ask *ask, struct bytes wanted)
{
    struct bytes rest = ask->contexts;
    struct bytes name;
    bool has = wanted.size == 0;
    while (!has && next_name(&rest, &name)) {
        has = bytes_equal(name, wanted);
    }
    return has;
}

/* Takes the next of the request's conditions; false at their end. */
static bool next_condition(struct bytes *rest, struct bytes *condition)
{
    if (rest->size == 0) {
        return false;
    }
    size_t size = (size_t)load_u64(rest->data);
    *condition = bytes_of(rest->data + sizeof(uint64_t), size);
    *rest = bytes_of(rest->data + sizeof(uint64_t) + size, rest->size - sizeof(uint64_t) - size);
    return true;
}

static bool has_condition(const struct finding *finding, struct bytes wanted)
{
    struct bytes rest = buf_bytes(finding->conditions);
    struct bytes condition;
    while (next_condition(&rest, &condition)) {
        if (bytes_equal(condition, wanted)) {
            return true;
        }
    }
    return false;
}

static bool holds(const struct finding *finding, const struct curation_rule *rule)
{
    bool all = finding->ask->now_ms >= rule->from_ms && finding->ask->now_ms < rule->until_ms &&
               has_context(finding->ask, rule->context);
    for (uint32_t i = 0; i < rule->condition_count && all; i++) {
        all = has_condition(finding, rule->conditions[i]);
    }
    return all;
}

/* ---- those that hold ---- */

static bool is_before(const struct curation_rule *a, const struct curation_rule *b)
{
    return a->priority != b->priority ? a->priority > b->priority : a->number < b->number;
}

static void offer(struct finding *finding, const struct curation_rule *rule, size_t start, size_t end)
{
    for (uint32_t i = 0; i < finding->count; i++) {
        if (finding->hits[i].rule == rule) {
            return; /* its words stand there twice */
        }
    }
    if (!holds(finding, rule)) {
        return;
    }
    uint32_t at = finding->count;
    if (at == LIMIT_RULES_APPLIED) {
        if (!is_before(rule, finding->hits[--at].rule)) {
            return;
        }
    } else {
        finding->count++;
    }
    for (; at > 0 && is_before(rule, finding->hits[at - 1].rule); at--) {
        finding->hits[at] = finding->hits[at - 1];
    }
    finding->hits[at] = (struct curation_hit){rule, start, end};
}

static void look_up(struct finding *finding, struct bytes key, size_t start, size_t end)
{
    for (const struct curation_entry *entry = curation_first(finding->curation, key); entry != NULL;
         entry = curation_next(entry)) {
        offer(finding, entry->rule, start, end);
    }
}

/* ---- words ---- */

static void look_up_exact(struct finding *finding)
{
    struct curation_key key;
    if (finding->word_count > LIMIT_RULE_WORDS) {
        return;
    }
    curation_key_begin(&key, CURATION_KEY_EXACT);
    for (uint32_t i = 0; i < finding->word_count; i++) {
        curation_key_add(&key, finding->words[i]->term);
    }
    look_up(finding, bytes_of(key.bytes, key.size), 0, finding->ask->text.size);
}

static void look_up_contained(struct finding *finding)
{
    for (uint32_t first = 0; first < finding->word_count; first++) {
        struct curation_key key;
        curation_key_begin(&key, CURATION_KEY_CONTAINS);
        for (uint32_t i = first; i < finding->word_count && i - first < finding->curation->words_max; i++) {
            curation_key_add(&key, finding->words[i]->term);
            look_up(finding, bytes_of(key.bytes, key.size), finding->words[first]->start, finding->words[i]->end);
        }
    }
}

/* The first words as they are, and every beginning of the one behind them. */
static void look_up_prefixes(struct finding *finding)
{
    struct curation_key key;
    curation_key_begin(&key, CURATION_KEY_PREFIX);
    for (uint32_t i = 0; i < finding->word_count && i < finding->curation->words_max; i++) {
        struct bytes folded = finding->words[i]->folded;
        size_t size = key.size;
        for (size_t end = 1; end <= folded.size; end++) {
            if (end < folded.size && (folded.data[end] & 0xc0) == 0x80) {
                continue; /* inside of a character */
            }
            curation_key_add(&key, bytes_of(folded.data, end));
            look_up(finding, bytes_of(key.bytes, key.size), finding->words[0]->start, finding->words[i]->end);
            key.size = size;
        }
        curation_key_add(&key, finding->words[i]->term);
    }
}

/* Compounds as one word: what the parts are spelled together. */
static void look_up_joined(struct finding *finding, const struct token_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct token *token = &list->tokens[i];
        struct curation_key key;
        if (token->kind != TOKEN_JOINED) {
            continue;
        }
        if (token->parts == list->length) {
            curation_key_begin(&key, CURATION_KEY_EXACT);
            curation_key_add(&key, token->term);
            look_up(finding, bytes_of(key.bytes, key.size), 0, finding->ask->text.size);
        }
        curation_key_begin(&key, CURATION_KEY_CONTAINS);
        curation_key_add(&key, token->term);
        look_up(finding, bytes_of(key.bytes, key.size), token->start, token->end);
    }
}

static int look_up_words(struct finding *finding)
{
    const uint32_t kinds = finding->curation->has_kinds;
    const struct token_list *list = finding->ask->words;
    if (kinds == 0 || list == NULL) {
        return 0;
    }
    finding->words = arena_alloc(finding->ask->arena, (list->length + 1) * sizeof *finding->words);
    if (finding->words == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (list->tokens[i].kind == TOKEN_WORD) {
            finding->words[finding->word_count++] = &list->tokens[i];
        }
    }
    if ((kinds & 1u << CURATION_EXACT) != 0) {
        look_up_exact(finding);
    }
    if ((kinds & 1u << CURATION_CONTAINS) != 0) {
        look_up_contained(finding);
    }
    if ((kinds & 1u << CURATION_PREFIX) != 0) {
        look_up_prefixes(finding);
    }
    look_up_joined(finding, list);
    return 0;
}

/* ---- conditions and contexts ---- */

/* A condition that is longer than that of any rule may be is left out. */
static int take_condition(void *self, const struct filter_node *condition)
{
    struct buf *out = self;
    struct buf own;
    buf_init(&own, CURATION_CONDITION_BYTES);
    curation_condition(condition, &own);
    int status = buf_status(&own);
    if (status == 0) {
        buf_put_u64(out, own.size);
        buf_put(out, own.data, own.size);
        status = buf_status(out);
    }
    buf_release(&own);
    return status == AISLE_LIMIT ? 0 : status;
}

static void look_up_names(struct finding *finding)
{
    struct bytes rest = finding->ask->contexts;
    struct bytes name;
    while (next_name(&rest, &name)) {
        struct curation_key key;
        if (name.size != 0 && name.size <= LIMIT_RULE_NAME_BYTES) {
            curation_key_begin(&key, CURATION_KEY_CONTEXT);
            curation_key_add(&key, name);
            look_up(finding, bytes_of(key.bytes, key.size), 0, 0);
        }
    }
}

bool curation_reads_words(const struct curation *curation)
{
    return curation->has_kinds != 0;
}

int curation_find(const struct curation *curation, const struct curation_ask *ask,
                  struct curation_hit hits[LIMIT_RULES_APPLIED], uint32_t *count)
{
    struct buf conditions;
    struct finding finding = {.curation = curation, .ask = ask, .conditions = &conditions, .hits = hits};
    int status = 0;
    buf_init(&conditions, LIMIT_FILTER_CONDITIONS * (CURATION_CONDITION_BYTES + sizeof(uint64_t)));
    if (ask->filter != NULL && curation->has_conditions) {
        status = curation_conditions(ask->filter, &conditions, take_condition);
    }
    if (status == 0) {
        struct bytes rest = buf_bytes(&conditions);
        struct bytes condition;
        while (next_condition(&rest, &condition)) {
            look_up(&finding, condition, 0, 0);
        }
        look_up_names(&finding);
        for (uint32_t i = 0; i < curation->always_count; i++) {
            offer(&finding, curation->always[i], 0, 0);
        }
        status = look_up_words(&finding);
    }
    buf_release(&conditions);
    *count = finding.count;
    return status;
}
