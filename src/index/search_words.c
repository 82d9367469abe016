/*
 * search_words.c - options in, notes out.
 */
#include "index/search_words.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "index/parts_lexicon.h"
#include "query/watch.h"

static const struct {
    enum rewrite_note_kind from;
    int kind;
    const char *name;
} kinds[] = {
    {REWRITE_SYNONYM, AISLE_NOTE_SYNONYM, "synonym"},   {REWRITE_STOP_WORD, AISLE_NOTE_STOP_WORD, "stop word"},
    {REWRITE_TYPO, AISLE_NOTE_TYPO, "typo"},            {REWRITE_PREFIX, AISLE_NOTE_PREFIX, "prefix"},
    {REWRITE_SPLIT, AISLE_NOTE_SPLIT, "split"},         {REWRITE_JOINED, AISLE_NOTE_JOINED, "joined"},
    {REWRITE_FRAGMENT, AISLE_NOTE_FRAGMENT, "fragment"}, {REWRITE_DROPPED, AISLE_NOTE_DROPPED, "dropped"},
    {REWRITE_EITHER, AISLE_NOTE_EITHER, "either"},
    {REWRITE_UNDERSTOOD, AISLE_NOTE_UNDERSTOOD, "understood"},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

static int take_typos(const aisle_typos *given, struct rewrite_options *out, aisle_error *error)
{
    aisle_typos typos = {.size = sizeof typos};
    if (given->size < sizeof given->size || given->size > sizeof typos) {
        return error_set(error, AISLE_INVALID, "aisle_typos.size is not sizeof(aisle_typos)");
    }
    memcpy(&typos, given, given->size);
    if (typos.max_edits > 2 || typos.fixed_prefix > LIMIT_TERM_BYTES || typos.max_expansions > LIMIT_VARIANTS ||
        typos.one_from > LIMIT_TERM_BYTES || typos.two_from > LIMIT_TERM_BYTES) {
        return error_set(error, AISLE_LIMIT, "typos: at most 2 edits, %u expansions, and %u characters", LIMIT_VARIANTS,
                         LIMIT_TERM_BYTES);
    }
    out->edits_max = (uint8_t)typos.max_edits;
    out->fixed_prefix = (uint8_t)typos.fixed_prefix;
    out->variants_max = typos.max_expansions;
    out->digits = typos.digits;
    out->one_from = (uint8_t)typos.one_from;
    out->two_from = (uint8_t)typos.two_from;
    out->exact = bytes_of_string(typos.exact_words == NULL ? "" : typos.exact_words);
    if (!utf8_valid(out->exact, NULL)) {
        return error_set(error, AISLE_INVALID, "typos: the exact words are not UTF-8");
    }
    return 0;
}

int search_words_typed(struct search_typed *typed, const struct schema *schema, struct analyser *analyser,
                       struct bytes text, struct arena *arena)
{
    struct token_list words;
    uint8_t language = 0;
    if (typed->is_known && typed->text.data == text.data && typed->text.size == text.size) {
        return 0;
    }
    if (schema->first_text != SCHEMA_NO_FIELD &&
        text_language_find(schema->fields[schema->first_text].language, &language) != 0) {
        language = 0;
    }
    int status = analyser_run(analyser, text, language, &words);
    status = status == 0 ? token_list_copy(&words, arena, &typed->words) : status;
    typed->text = text;
    typed->is_known = status == 0;
    return status;
}

int search_words_options(const aisle_query *query, struct rewrite_options *out, aisle_error *error)
{
    *out = (struct rewrite_options){.no_typos = query->no_typos,
                                    .no_synonyms = query->no_synonyms,
                                    .no_stop_words = query->no_stop_words,
                                    .as_you_type = query->as_you_type,
                                    .no_understanding = query->no_understanding,
                                    .few = query->few};
    switch (query->match) {
    case AISLE_MATCH_ALL:
        out->mode = REWRITE_ALL;
        break;
    case AISLE_MATCH_RELAXED:
        out->mode = REWRITE_RELAXED;
        break;
    case AISLE_MATCH_ANY:
        out->mode = REWRITE_ANY;
        break;
    default:
        return error_set(error, AISLE_INVALID, "aisle_query.match is none of AISLE_MATCH_");
    }
    if (query->few > LIMIT_HITS) {
        return error_set(error, AISLE_LIMIT, "aisle_query.few is at most %u, not %u", LIMIT_HITS, query->few);
    }
    return query->typos == NULL ? 0 : take_typos(query->typos, out, error);
}

/* ---- the lexicon ---- */

typedef int lexicon_look(const struct lexicon *lexicon, const struct lexicon_ask *ask, struct arena *arena,
                         struct lexicon_variants *out);

/* Words with a digit are corrected only when that is asked for, and then to others with one. */
static bool has_digit(struct bytes word)
{
    bool digit = false;
    for (size_t i = 0; i < word.size; i++) {
        digit = digit || (word.data[i] >= '0' && word.data[i] <= '9');
    }
    return digit;
}

static bool stops(void *watch)
{
    return query_watch_spend(watch);
}

static int look(const void *self, const struct rewrite_ask *ask, struct arena *arena, lexicon_look *how,
                struct rewrite_variants *out)
{
    struct lexicon_variants found;
    *out = (struct rewrite_variants){.count = 0};
    int status = how(self,
                     &(struct lexicon_ask){.word = ask->word,
                                           .max_edits = ask->max_edits,
                                           .fixed_prefix = ask->fixed_prefix,
                                           .limit = ask->limit,
                                           .codes = has_digit(ask->word) ? LIMIT_CODES_LOOKED : 0,
                                           .stops = ask->watch == NULL ? NULL : stops,
                                           .context = ask->watch},
                     arena, &found);
    if (status != 0) {
        return status;
    }
    out->truncated = found.truncated;
    out->list = arena_alloc(arena, found.count * sizeof *out->list);
    if (out->list == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < found.count; i++) {
        out->list[out->count++] = (struct rewrite_variant){found.list[i].word, found.list[i].edits};
    }
    return 0;
}

static int similar(const void *self, const struct rewrite_ask *ask, struct arena *arena, struct rewrite_variants *out)
{
    return look(self, ask, arena, lexicon_similar, out);
}

static int similar_prefix(const void *self, const struct rewrite_ask *ask, struct arena *arena,
                          struct rewrite_variants *out)
{
    return look(self, ask, arena, lexicon_similar_prefix, out);
}

static int beginning(const void *self, const struct rewrite_ask *ask, struct arena *arena,
                     struct rewrite_variants *out)
{
    return look(self, ask, arena, lexicon_beginning, out);
}

static int containing(const void *self, const struct rewrite_ask *ask, struct arena *arena,
                      struct rewrite_variants *out)
{
    return look(self, ask, arena, lexicon_containing, out);
}

int search_words_lexicon(const struct shard_snapshot *snapshots, uint32_t count, struct arena *arena,
                         struct rewrite_words *out)
{
    struct lexicon *lexicon = arena_alloc(arena, sizeof *lexicon);
    if (lexicon == NULL) {
        return AISLE_NO_MEMORY;
    }
    int status = parts_lexicon_gather(snapshots, count, arena, lexicon);
    *out = (struct rewrite_words){.self = lexicon,
                                  .similar = similar,
                                  .similar_prefix = similar_prefix,
                                  .beginning = beginning,
                                  .containing = containing};
    return status;
}

int search_words_report(const struct rewrite_report *report, struct aisle_result *result)
{
    result->corrected = result_put(result, report->corrected);
    if (report->note_count != 0) {
        result->notes = mem_calloc(report->note_count, sizeof *result->notes);
    }
    if (report->note_count != 0 && result->notes == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < report->note_count; i++) {
        const struct rewrite_note *note = &report->notes[i];
        struct result_note *added = &result->notes[result->note_count++];
        for (size_t k = 0; k < KINDS; k++) {
            added->kind = kinds[k].from == note->kind ? kinds[k].kind : added->kind;
        }
        added->typed = result_put(result, note->typed);
        added->used = result_put(result, note->used);
    }
    return buf_status(&result->bytes);
}

const char *aisle_note_name(int kind)
{
    for (size_t k = 0; k < KINDS; k++) {
        if (kinds[k].kind == kind) {
            return kinds[k].name;
        }
    }
    return "unknown";
}

int aisle_reload(aisle *catalog, aisle_error *error)
{
    struct searcher *searcher = searcher_take(&catalog->searchers);
    if (searcher == NULL) {
        return error_no_memory(error, "reading synonyms, stop words and rules");
    }
    int status = rules_keeper_reload(&catalog->rules, catalog->schema, searcher->analyser, error);
    searcher_give(&catalog->searchers, searcher, (size_t)catalog_cache_bytes(catalog));
    return status;
}
