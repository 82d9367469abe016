/*
 * prefixes.c - pouring postings of neighbouring terms together, for three lengths of what they begin with.
 *
 * Postings are poured once for each length that wants them, some two nanoseconds, and read once when the prefix is
 * complete. Most prefixes are rare: those without terms enough for a list are mostly not poured at all, and which
 * windows of the set hold any bit is kept, so that emptying it costs by what is in it.
 */
#include "segment/prefixes.h"

#include "base/alloc.h"
#include "base/bitset.h"

/* Documents whose bits are passed over together. */
#define PREFIXES_WINDOW 1024u
#define WINDOW_WORDS (PREFIXES_WINDOW / 64u)

struct prefix_rules prefix_rules = {.documents_min = PREFIX_DOCUMENTS_MIN,
                                    .words_min = PREFIX_WORDS_MIN,
                                    .long_words_min = PREFIX_LONG_WORDS_MIN,
                                    .frequent_part = PREFIX_FREQUENT_PART};

/* Postings that a level holds; of more, some are poured. */
#define HELD_MAX 4096u

static int init_level(struct prefixes_level *level, uint32_t characters, uint32_t documents)
{
    size_t windows = documents / PREFIXES_WINDOW + 1;
    level->bits = mem_calloc(windows * WINDOW_WORDS, sizeof *level->bits);
    level->touched = mem_calloc(bitset_words(windows), sizeof *level->touched);
    level->codes = mem_calloc(documents, 1);
    level->words_min = characters == PREFIX_CHARACTERS_MAX ? prefix_rules.long_words_min : prefix_rules.words_min;
    if (characters != 1) {
        level->frequent = mem_calloc(windows * WINDOW_WORDS, sizeof *level->frequent);
        level->held_documents = mem_alloc(HELD_MAX * sizeof *level->held_documents);
        level->held_codes = mem_alloc(HELD_MAX);
        if (level->frequent == NULL || level->held_documents == NULL || level->held_codes == NULL) {
            return AISLE_NO_MEMORY;
        }
    }
    return level->bits == NULL || level->touched == NULL || level->codes == NULL ? AISLE_NO_MEMORY : 0;
}

int prefixes_init(struct prefixes *prefixes, uint32_t documents, const struct prefixes_sink *sink)
{
    int status = 0;
    *prefixes = (struct prefixes){.sink = *sink};
    if (documents < prefix_rules.documents_min) {
        return 0;
    }
    prefixes->documents = documents;
    prefixes->waiting_max = documents / prefix_rules.frequent_part;
    prefixes->waiting_documents = mem_alloc(prefixes->waiting_max * sizeof *prefixes->waiting_documents);
    prefixes->waiting_codes = mem_alloc(prefixes->waiting_max);
    if (prefixes->waiting_documents == NULL || prefixes->waiting_codes == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < PREFIX_CHARACTERS_MAX && status == 0; i++) {
        status = init_level(&prefixes->levels[i], i + 1, documents);
    }
    return status;
}

void prefixes_release(struct prefixes *prefixes)
{
    for (uint32_t i = 0; i < PREFIX_CHARACTERS_MAX; i++) {
        mem_free(prefixes->levels[i].bits);
        mem_free(prefixes->levels[i].frequent);
        mem_free(prefixes->levels[i].touched);
        mem_free(prefixes->levels[i].codes);
        mem_free(prefixes->levels[i].held_documents);
        mem_free(prefixes->levels[i].held_codes);
    }
    mem_free(prefixes->waiting_documents);
    mem_free(prefixes->waiting_codes);
    *prefixes = (struct prefixes){.documents = 0};
}

/* ---- a prefix is complete ---- */

/* Empties a window of documents of frequent terms; returns how many there are with the others. */
static size_t count_window(struct prefixes_level *level, uint32_t window)
{
    const uint64_t *bits = level->bits + (size_t)window * WINDOW_WORDS;
    uint64_t *frequent = level->frequent + (size_t)window * WINDOW_WORDS;
    for (size_t word = 0; word < WINDOW_WORDS; word++) {
        frequent[word] |= bits[word];
    }
    size_t count = bitset_count(frequent, WINDOW_WORDS);
    memset(frequent, 0, WINDOW_WORDS * sizeof *frequent);
    return count;
}

/* The documents of a window that have frequent terms have terms of the shorter prefix, too. */
static void hand_up_window(const struct prefixes_level *level, uint32_t window, struct prefixes_level *shorter)
{
    const uint64_t *from = level->frequent + (size_t)window * WINDOW_WORDS;
    uint64_t *to = shorter->frequent + (size_t)window * WINDOW_WORDS;
    for (size_t word = 0; word < WINDOW_WORDS; word++) {
        to[word] |= from[word];
    }
}

/* Hands up what frequent terms there are to the shorter prefix, if that notes them: not one of one character. */
static void hand_up_frequent(const struct prefixes *prefixes, const struct prefixes_level *level,
                             struct prefixes_level *shorter)
{
    if (!level->has_frequent || shorter->frequent == NULL) {
        return;
    }
    shorter->has_frequent = true;
    for (uint32_t word = 0; word <= prefixes->documents / PREFIXES_WINDOW / 64; word++) {
        shorter->touched[word] |= level->touched[word];
        for (uint64_t left = level->touched[word]; left != 0; left &= left - 1) {
            hand_up_window(level, word * 64 + (uint32_t)__builtin_ctzll(left), shorter);
        }
    }
}

/* Takes the documents of a window, and their codes, out of the level; returns how many they are. */
static size_t empty_window(struct prefixes_level *level, uint32_t window, uint32_t *documents, uint8_t *codes)
{
    size_t count = 0;
    for (uint32_t word = window * WINDOW_WORDS; word < (window + 1) * WINDOW_WORDS; word++) {
        for (uint64_t left = level->bits[word]; left != 0; left &= left - 1) {
            uint32_t document = word * 64 + (uint32_t)__builtin_ctzll(left);
            documents[count] = document;
            codes[count++] = level->codes[document];
            level->codes[document] = 0;
        }
        level->bits[word] = 0;
    }
    return count;
}

/* Gives the level's list to the sink if it has terms enough, and empties it. */
static int end_level(struct prefixes *prefixes, struct prefixes_level *level)
{
    uint32_t documents[PREFIXES_WINDOW];
    uint8_t codes[PREFIXES_WINDOW];
    const struct prefixes_sink *sink = &prefixes->sink;
    struct bytes prefix = bytes_of(prefixes->term, level->size);
    bool is_list = level->words >= level->words_min;
    uint64_t total = 0;
    int status = is_list ? sink->begin(sink->context, prefix) : 0;
    for (uint32_t word = 0; word <= prefixes->documents / PREFIXES_WINDOW / 64 && status == 0; word++) {
        for (uint64_t left = level->touched[word]; left != 0 && status == 0; left &= left - 1) {
            uint32_t window = word * 64 + (uint32_t)__builtin_ctzll(left);
            total += level->has_frequent ? count_window(level, window) : 0;
            size_t count = empty_window(level, window, documents, codes);
            status = is_list ? sink->add(sink->context, documents, codes, count) : 0;
        }
        level->touched[word] = 0;
    }
    if (is_list && status == 0) {
        status = sink->end(sink->context, prefix, level->df_sum, total);
    }
    level->words = 0;
    level->held = 0;
    level->has_frequent = false;
    level->df_sum = 0;
    level->size = 0;
    return status;
}

/* ---- terms and postings ---- */

static void pour(struct prefixes_level *level, const uint32_t *documents, const uint8_t *codes, size_t count)
{
    uint32_t window = UINT32_MAX; /* most postings are in that of the one before */
    for (size_t i = 0; i < count; i++) {
        uint32_t document = documents[i];
        uint8_t held = level->codes[document];
        level->codes[document] = codes[i] > held ? codes[i] : held;
        bitset_set(level->bits, document);
        if (document / PREFIXES_WINDOW != window) {
            window = document / PREFIXES_WINDOW;
            bitset_set(level->touched, window);
        }
    }
    level->df_sum += count;
}

static void pour_held(struct prefixes_level *level)
{
    pour(level, level->held_documents, level->held_codes, level->held);
    level->held = 0;
}

/* One more term, with these of its postings: held as long as there may be no list. */
static void take_word(struct prefixes_level *level, const uint32_t *documents, const uint8_t *codes, uint32_t count)
{
    level->words++;
    if (level->words >= level->words_min || count > HELD_MAX - level->held) {
        pour_held(level);
    }
    if (level->words >= level->words_min || count > HELD_MAX) {
        pour(level, documents, codes, count);
    } else if (count == 1) { /* as most are, for which a call costs more than the copy */
        level->held_documents[level->held] = documents[0];
        level->held_codes[level->held++] = codes[0];
    } else if (count != 0) {
        memcpy(level->held_documents + level->held, documents, count * sizeof *documents);
        memcpy(level->held_codes + level->held, codes, count);
        level->held += count;
    }
}

/* Notes documents, ascending, of a frequent term, of two characters and more: in the longest of its prefixes. */
static void note_frequent(struct prefixes *prefixes, const uint32_t *documents, size_t count)
{
    uint32_t longest = PREFIX_CHARACTERS_MAX - 1;
    while (prefixes->levels[longest].size == 0) {
        longest--;
    }
    struct prefixes_level *level = &prefixes->levels[longest];
    uint32_t window = UINT32_MAX;
    level->has_frequent = true;
    for (size_t k = 0; k < count; k++) {
        bitset_set(level->frequent, documents[k]);
        if (documents[k] / PREFIXES_WINDOW != window) {
            window = documents[k] / PREFIXES_WINDOW;
            bitset_set(level->touched, window);
        }
    }
}

/* All postings of the term at hand have come. */
static int end_term(struct prefixes *prefixes)
{
    if (!prefixes->is_counted) {
        return 0;
    }
    prefixes->levels[0].words++;
    if (prefixes->is_frequent) {
        return prefixes->sink.word(prefixes->sink.context, bytes_of(prefixes->term, prefixes->term_size));
    }
    for (uint32_t i = 1; i < PREFIX_CHARACTERS_MAX && prefixes->levels[i].size != 0; i++) {
        take_word(&prefixes->levels[i], prefixes->waiting_documents, prefixes->waiting_codes, prefixes->waiting);
    }
    return 0;
}

int prefixes_next(struct prefixes *prefixes, struct bytes term)
{
    uint32_t sizes[PREFIX_CHARACTERS_MAX] = {0};
    uint32_t at = 0;
    if (prefixes->documents == 0) {
        return 0;
    }
    int status = end_term(prefixes);
    bool is_word = term.size != 0 && term.data[0] >= ' '; /* of whole titles (index/exact.h) nobody types beginnings */
    for (uint32_t i = 0; i < PREFIX_CHARACTERS_MAX && at < term.size && is_word; i++) {
        at += prefixes_character(bytes_of(term.data + at, term.size - at));
        sizes[i] = at;
    }
    size_t shared = bytes_shared(bytes_of(prefixes->term, prefixes->term_size), term);
    for (uint32_t i = PREFIX_CHARACTERS_MAX; i-- > 0 && status == 0;) {
        uint32_t size = prefixes->levels[i].size;
        bool is_same = size == sizes[i] && size <= shared;
        if (is_same || size == 0) {
            continue;
        }
        if (i != 0) {
            hand_up_frequent(prefixes, &prefixes->levels[i], &prefixes->levels[i - 1]);
        }
        status = end_level(prefixes, &prefixes->levels[i]);
    }
    for (uint32_t i = 0; i < PREFIX_CHARACTERS_MAX; i++) {
        prefixes->levels[i].size = sizes[i];
    }
    memcpy(prefixes->term, term.data, term.size);
    prefixes->term_size = (uint8_t)term.size;
    prefixes->waiting = 0;
    prefixes->is_counted = false;
    prefixes->is_frequent = false;
    return status;
}

int prefixes_finish(struct prefixes *prefixes)
{
    return prefixes_next(prefixes, bytes_of("", 0));
}

void prefixes_add(struct prefixes *prefixes, const uint32_t *documents, const uint8_t *codes, size_t count)
{
    if (prefixes->documents == 0 || count == 0 || prefixes->levels[0].size == 0) {
        return;
    }
    prefixes->is_counted = true;
    pour(&prefixes->levels[0], documents, codes, count);
    if (prefixes->levels[1].size == 0) {
        return;
    }
    if (prefixes->is_frequent) {
        note_frequent(prefixes, documents, count);
        return;
    }
    if (prefixes->term_size > PREFIX_WORD_BYTES_MAX) { /* too long to be listed as frequent */
        for (uint32_t i = 1; i < PREFIX_CHARACTERS_MAX && prefixes->levels[i].size != 0; i++) {
            pour(&prefixes->levels[i], documents, codes, count);
        }
        return;
    }
    prefixes->is_frequent = count > prefixes->waiting_max - prefixes->waiting;
    if (prefixes->is_frequent) {
        note_frequent(prefixes, prefixes->waiting_documents, prefixes->waiting);
        note_frequent(prefixes, documents, count);
    } else if (count == 1) {
        prefixes->waiting_documents[prefixes->waiting] = documents[0];
        prefixes->waiting_codes[prefixes->waiting++] = codes[0];
    } else {
        memcpy(prefixes->waiting_documents + prefixes->waiting, documents, count * sizeof *documents);
        memcpy(prefixes->waiting_codes + prefixes->waiting, codes, count);
        prefixes->waiting += (uint32_t)count;
    }
}
