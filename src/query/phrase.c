/*
 * phrase.c - ways through a phrase in one document.
 *
 * Many documents at once are phrase_many.c's, where they can be; what it cannot tell is asked here.
 */
#include "query/phrase_many.h"

#include "base/bitset.h"

#include <assert.h>

#define NO_WAY UINT32_MAX
#define APART 256u /* free before the first position of a field: no slop reaches over it, no cost takes below 0 */

static_assert(APART > LIMIT_SLOP + POSITIONS_SPAN_MAX, "fields are out of each other's reach");

/* An occurrence that ways lead to. Where it stands is a position in its field, behind all positions of lower fields. */
struct reached {
    uint32_t begin;
    uint32_t end;
    uint32_t cost;   /* of the cheapest way here */
    uint32_t behind; /* the highest end - cost up to this one: the cheapest to come from, for what begins behind */
    uint32_t ahead;  /* the lowest end + cost from this one on: as much for what begins before */
};

struct phrase_word {
    struct cursor *cursor;
    struct query_step step;
    struct reached *reached; /* in the document, ascending */
    size_t count;
    size_t capacity;
    size_t passed;  /* of them, those that surely end where the occurrence at hand begins, or before */
    size_t started; /* those that begin before it or with it */
};

struct phrase {
    struct arena *arena;
    struct phrase_word *words;
    struct cursor_places found; /* of the word at hand */
    uint32_t word_count;
    uint32_t length;
    uint32_t slop;
    uint32_t field_count; /* what one position adds to a place */
    uint32_t field_room;  /* positions of one field, and APART */
    uint64_t fields;
    bool branches; /* some word leads over several steps */
    bool is_plain; /* no slop, each word leads one step on from that before */
    uint32_t *ends; /* plain: where the words so far end, as places, ascending */
    size_t ends_capacity;
    struct query_context *context;
    const struct query_node *node;
    uint32_t segment;
    bool many_tried;          /* many is what it will be */
    struct phrase_many *many; /* NULL: none */
    int status;
};

int phrase_open(struct query_context *context, const struct query_node *node, uint32_t segment, struct phrase **out)
{
    struct phrase *phrase = arena_calloc(context->arena, 1, sizeof *phrase);
    struct phrase_word *words = arena_calloc(context->arena, node->child_count, sizeof *words);
    *out = phrase;
    if (phrase == NULL || words == NULL) {
        return AISLE_NO_MEMORY;
    }
    *phrase = (struct phrase){.arena = context->arena,
                              .words = words,
                              .word_count = node->child_count,
                              .length = node->length,
                              .slop = node->slop,
                              .field_count = context->field_count,
                              .field_room = LIMIT_PLACE / context->field_count + 1 + APART,
                              .fields = node->fields,
                              .found.arena = context->arena,
                              .context = context,
                              .node = node,
                              .segment = segment};
    phrase->is_plain = node->slop == 0 && node->length == node->child_count;
    for (uint32_t i = 0; i < node->child_count; i++) {
        phrase->is_plain = phrase->is_plain && node->steps[i].from == i && node->steps[i].to == i + 1;
        words[i].cursor = context->leaves[node->children[i]->leaf];
        words[i].step = node->steps[i];
        phrase->branches = phrase->branches || words[i].step.to - words[i].step.from > 1;
    }
    return 0;
}

static uint32_t lower(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The cheapest way to what begins at begin from the occurrences of the word before; those asked about ascend. */
static uint32_t cost_from(struct phrase_word *before, uint32_t begin)
{
    const struct reached *reached = before->reached;
    uint32_t least = NO_WAY;
    while (before->passed < before->count && reached[before->passed].begin + POSITIONS_SPAN_MAX <= begin) {
        before->passed++;
    }
    while (before->started < before->count && reached[before->started].begin <= begin) {
        before->started++;
    }
    if (before->passed != 0) {
        least = begin - reached[before->passed - 1].behind;
    }
    for (size_t i = before->passed; i < before->started && reached[i].begin < begin; i++) {
        uint32_t apart = reached[i].end > begin ? reached[i].end - begin : begin - reached[i].end;
        least = lower(least, reached[i].cost + apart);
    }
    if (before->started < before->count) {
        least = lower(least, reached[before->started].ahead - begin);
    }
    return least;
}

static uint32_t cost_of(struct phrase *phrase, const struct phrase_word *word, uint32_t begin)
{
    uint32_t least = NO_WAY;
    if (word->step.from == 0) {
        return 0;
    }
    for (struct phrase_word *before = phrase->words; before < word; before++) {
        if (before->step.to == word->step.from) {
            least = lower(least, cost_from(before, begin));
        }
    }
    return least;
}

static int reserve(struct phrase *phrase, struct phrase_word *word)
{
    if (phrase->found.count > word->capacity) {
        word->capacity = 2 * phrase->found.count;
        word->reached = arena_alloc(phrase->arena, word->capacity * sizeof *word->reached);
        word->capacity = word->reached == NULL ? 0 : word->capacity;
    }
    return phrase->found.count > word->capacity ? AISLE_NO_MEMORY : 0;
}

/* Takes over what was found in fields of the phrase: ordered by field, and by position within each. */
static void order_by_field(struct phrase *phrase, struct phrase_word *word)
{
    size_t next[LIMIT_FIELDS];
    memset(next, 0, phrase->field_count * sizeof *next);
    for (size_t i = 0; i < phrase->found.count; i++) {
        next[phrase->found.places[i].place % phrase->field_count]++;
    }
    word->count = 0;
    for (uint32_t field = 0; field < phrase->field_count; field++) {
        size_t count = (phrase->fields >> field & 1) != 0 ? next[field] : 0;
        next[field] = word->count;
        word->count += count;
    }
    for (size_t i = 0; i < phrase->found.count; i++) {
        struct position at = phrase->found.places[i];
        uint32_t field = at.place % phrase->field_count;
        if ((phrase->fields >> field & 1) != 0) {
            uint32_t begin = field * phrase->field_room + APART + at.place / phrase->field_count;
            word->reached[next[field]++] = (struct reached){.begin = begin, .end = begin + at.span};
        }
    }
}

/* Keeps the word's occurrences that a way leads to; whether there are any. */
static bool keep_reached(struct phrase *phrase, struct phrase_word *word)
{
    size_t kept = 0;
    for (struct phrase_word *before = phrase->words; before < word; before++) {
        before->passed = 0;
        before->started = 0;
    }
    for (size_t i = 0; i < word->count; i++) {
        struct reached at = word->reached[i];
        at.cost = cost_of(phrase, word, at.begin);
        if (at.cost <= phrase->slop) {
            at.behind = at.end - at.cost;
            if (kept != 0 && word->reached[kept - 1].behind > at.behind) {
                at.behind = word->reached[kept - 1].behind;
            }
            word->reached[kept++] = at;
        }
    }
    word->count = kept;
    uint32_t ahead = UINT32_MAX;
    for (size_t i = kept; i-- > 0;) {
        ahead = lower(ahead, word->reached[i].end + word->reached[i].cost);
        word->reached[i].ahead = ahead;
    }
    return kept != 0;
}

static bool reach_word(struct phrase *phrase, struct phrase_word *word, uint32_t document)
{
    word->count = 0;
    phrase->found.count = 0;
    if (word->cursor->ops->seek(word->cursor, document, CURSOR_ANY_SCORE) != document) {
        return false;
    }
    phrase->status = word->cursor->ops->places(word->cursor, &phrase->found);
    phrase->status = phrase->status == 0 ? reserve(phrase, word) : phrase->status;
    if (phrase->status != 0) {
        return false;
    }
    order_by_field(phrase, word);
    return keep_reached(phrase, word);
}

/* ---- without slop: each word begins where the one before ends ---- */

static bool find_places(struct phrase *phrase, struct phrase_word *word, uint32_t document)
{
    phrase->found.count = 0;
    if (word->cursor->ops->seek(word->cursor, document, CURSOR_ANY_SCORE) == document) {
        phrase->status = word->cursor->ops->places(word->cursor, &phrase->found);
    }
    return phrase->status == 0 && phrase->found.count != 0;
}

/* Where the first word ends in fields of the phrase; how many they are. */
static size_t begin_plain(struct phrase *phrase)
{
    size_t count = 0;
    if (phrase->found.count > phrase->ends_capacity) {
        phrase->ends_capacity = 2 * phrase->found.count;
        phrase->ends = arena_alloc(phrase->arena, phrase->ends_capacity * sizeof *phrase->ends);
        if (phrase->ends == NULL) {
            phrase->ends_capacity = 0;
            phrase->status = AISLE_NO_MEMORY;
            return 0;
        }
    }
    for (size_t i = 0; i < phrase->found.count; i++) {
        const struct position *at = &phrase->found.places[i];
        if ((phrase->fields >> (at->place % phrase->field_count) & 1) != 0) {
            phrase->ends[count++] = at->place + at->span * phrase->field_count;
        }
    }
    return count;
}

/*
 * Keeps of count ends, of so many words, those at which the word begins, moved to where it ends. Ends ascend but for
 * compounds, which take several positions: so places are looked for from as far back as those may mislead.
 */
static size_t follow_plain(struct phrase *phrase, size_t count, uint32_t words)
{
    const struct position *places = phrase->found.places;
    uint32_t reach = words * POSITIONS_SPAN_MAX * phrase->field_count;
    size_t kept = 0;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t end = phrase->ends[i];
        while (at < phrase->found.count && places[at].place + reach < end) {
            at++;
        }
        size_t j = at;
        while (j < phrase->found.count && places[j].place < end) {
            j++;
        }
        if (j < phrase->found.count && places[j].place == end) {
            phrase->ends[kept++] = end + places[j].span * phrase->field_count;
            /* A leaf of several lists may have a word and a compound that begin alike: two ends of one. */
            phrase->is_plain = phrase->is_plain && (j + 1 == phrase->found.count || places[j + 1].place != end);
        }
    }
    return kept;
}

/* Whether the words stand so in document; says nothing of worth when the phrase is no plain one after all. */
static bool matches_plain(struct phrase *phrase, uint32_t document)
{
    size_t count = 0;
    for (uint32_t i = 0; i < phrase->word_count; i++) {
        if (!find_places(phrase, &phrase->words[i], document)) {
            return false;
        }
        count = i == 0 ? begin_plain(phrase) : follow_plain(phrase, count, i);
        if (count == 0) {
            return false;
        }
    }
    return true;
}

bool phrase_matches(struct phrase *phrase, uint32_t document)
{
    bool matches = false;
    if (phrase->is_plain && phrase->status == 0) {
        matches = matches_plain(phrase, document);
        if (phrase->is_plain) {
            return matches;
        }
        matches = false;
    }
    for (uint32_t i = 0; i < phrase->word_count && phrase->status == 0; i++) {
        struct phrase_word *word = &phrase->words[i];
        bool reached = reach_word(phrase, word, document);
        if (!reached && !phrase->branches) {
            return false;
        }
        matches = matches || (reached && word->step.to == phrase->length);
    }
    return matches && phrase->status == 0;
}

/* ---- many documents ---- */

/* Opens what looks at many documents, if the phrase is one for it. */
static void open_many(struct phrase *phrase)
{
    if (!phrase->many_tried && phrase->status == 0) {
        phrase->many_tried = true;
        if (phrase->is_plain) {
            phrase->status = phrase_many_open(phrase->context, phrase->node, phrase->segment, &phrase->many);
        }
    }
}

/* The documents of one round of phrase_many: ascending, PHRASE_MANY_MAX at most. */
static uint32_t keep_round(struct phrase *phrase, uint32_t *documents, uint32_t count)
{
    struct phrase_answers answers;
    uint32_t kept = 0;
    phrase->status = phrase_many_ask(phrase->many, documents, count, &answers);
    for (uint32_t word = 0; word < bitset_words(count) && phrase->status == 0; word++) {
        for (uint64_t left = answers.yes[word] | answers.unknown[word]; left != 0; left &= left - 1) {
            uint32_t i = word * 64 + (uint32_t)__builtin_ctzll(left);
            bool is_known = !bitset_get(answers.unknown, i);
            uint32_t document = documents[i];
            documents[kept] = document;
            kept += is_known || phrase_matches(phrase, document) ? 1 : 0;
        }
    }
    return kept;
}

uint32_t phrase_keep(struct phrase *phrase, uint32_t *documents, uint32_t count)
{
    uint32_t kept = 0;
    uint32_t done = 0;
    if (count >= PHRASE_MANY_MIN) {
        open_many(phrase);
    }
    while (phrase->many != NULL && phrase->status == 0 && done < count) {
        uint32_t left = count - done;
        uint32_t round = left < PHRASE_MANY_MAX ? left : PHRASE_MANY_MAX;
        memmove(documents + kept, documents + done, round * sizeof *documents);
        kept += keep_round(phrase, documents + kept, round);
        done += round;
    }
    for (; phrase->many == NULL && phrase->status == 0 && done < count; done++) {
        uint32_t document = documents[done];
        documents[kept] = document;
        kept += phrase_matches(phrase, document) ? 1 : 0;
    }
    return phrase->status == 0 ? kept : 0;
}

void phrase_keep_bits(struct phrase *phrase, uint32_t first, size_t words, uint64_t *bits)
{
    uint32_t documents[PHRASE_MANY_MAX];
    size_t done = 0; /* words whose documents were asked about */
    while (done < words) {
        uint32_t count = 0;
        size_t end = done;
        for (; end < words && count <= PHRASE_MANY_MAX - 64; end++) {
            for (uint64_t left = bits[end]; left != 0; left &= left - 1) {
                documents[count++] = first + (uint32_t)end * 64 + (uint32_t)__builtin_ctzll(left);
            }
        }
        memset(bits + done, 0, (end - done) * sizeof *bits);
        count = count == 0 ? 0 : phrase_keep(phrase, documents, count);
        for (uint32_t i = 0; i < count; i++) {
            bitset_set(bits, documents[i] - first);
        }
        done = end;
    }
}

int phrase_status(const struct phrase *phrase)
{
    return phrase->status;
}
