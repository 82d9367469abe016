/*
 * analyse.c - the analyser: words become tokens with terms and positions, and neighbours become compounds.
 *
 * Terms are views: of the folder's bytes where the stem is a beginning of the word, of the arena where it is not, of
 * joined for compounds. None of these moves during a run.
 */
#include "text/text.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "text/stem.h"
#include "text/tokenise.h"

#define COMPOUND_PARTS_MAX 4u
#define STEM_ARENA_BYTES ((size_t)LIMIT_TOKENS_FIELD * 256u) /* a stem each, aligned, and the chunks' slack */

/* The words joined to one another, up to the one read last. */
struct compound {
    struct bytes parts[COMPOUND_PARTS_MAX];
    size_t count;      /* may pass COMPOUND_PARTS_MAX: then there is no joined token */
    struct word whole; /* of all parts: kinds, start, end; the text only when it closes */
    uint32_t position;
};

struct analyser {
    struct folder folder;
    struct stemmer_set stemmers;
    struct arena stems;
    uint8_t *joined; /* the texts of joined tokens; as large as the folder's bytes, and so never too small */
    size_t joined_size;
    size_t joined_capacity;
    struct token *tokens;
    size_t count;
    size_t capacity;
    uint32_t length;
    uint8_t language;
    bool cut;
};

int analyser_new(struct analyser **out)
{
    *out = NULL;
    struct analyser *analyser = mem_calloc(1, sizeof *analyser);
    if (analyser == NULL) {
        return AISLE_NO_MEMORY;
    }
    arena_init(&analyser->stems, STEM_ARENA_BYTES);
    *out = analyser;
    return 0;
}

size_t analyser_bytes(const struct analyser *analyser)
{
    size_t folded = analyser->folder.capacity * 2 + analyser->folder.span_capacity * sizeof *analyser->folder.spans;
    size_t stems = analyser->stemmers.memory == NULL ? 0 : (LIMIT_STEM_CACHE + 1) * (size_t)STEM_ENTRY_BYTES;
    return sizeof *analyser + folded + stems + analyser->stems.total_bytes + analyser->joined_capacity +
           analyser->capacity * sizeof *analyser->tokens;
}

void analyser_free(struct analyser *analyser)
{
    if (analyser == NULL) {
        return;
    }
    folder_release(&analyser->folder);
    stemmer_set_release(&analyser->stemmers);
    arena_release(&analyser->stems);
    mem_free(analyser->joined);
    mem_free(analyser->tokens);
    mem_free(analyser);
}

static int fold(struct analyser *analyser, struct bytes text)
{
    return text.size > LIMIT_PRODUCT_BYTES ? AISLE_LIMIT : folder_run(&analyser->folder, text);
}

int analyser_fold(struct analyser *analyser, struct bytes text, struct bytes *out)
{
    *out = bytes_of(NULL, 0);
    int status = fold(analyser, text);
    if (status == 0) {
        *out = bytes_of(analyser->folder.bytes, analyser->folder.size);
    }
    return status;
}

static int grow_tokens(struct analyser *analyser)
{
    size_t capacity = analyser->capacity == 0 ? 128 : analyser->capacity * 2;
    capacity = capacity > LIMIT_TOKENS_FIELD ? LIMIT_TOKENS_FIELD : capacity;
    struct token *tokens = mem_realloc(analyser->tokens, capacity * sizeof *tokens);
    if (tokens == NULL) {
        return AISLE_NO_MEMORY;
    }
    analyser->tokens = tokens;
    analyser->capacity = capacity;
    return 0;
}

/* Appends a token for word, as position and kind say; AISLE_END when there are LIMIT_TOKENS_FIELD already. */
static int put_token(struct analyser *analyser, const struct word *word, uint32_t position, uint8_t kind, uint8_t parts)
{
    if (analyser->count == analyser->capacity) {
        if (analyser->count == LIMIT_TOKENS_FIELD) {
            analyser->cut = true;
            return AISLE_END;
        }
        int status = grow_tokens(analyser);
        if (status != 0) {
            return status;
        }
    }
    struct token *token = &analyser->tokens[analyser->count];
    struct bytes text = bytes_of(word->text, word->size);
    token->folded = utf8_cut(text, LIMIT_TERM_BYTES);
    token->term = token->folded;
    token->position = position;
    token->kind = kind;
    token->parts = parts;
    token->start = word->start;
    token->end = word->end;
    token->word = 0;
    analyser->count++;
    if (word->kinds != KIND_LETTER || analyser->language == LANGUAGE_NONE) {
        return 0;
    }
    if (text.size > STEM_CACHED_BYTES) {
        return stemmer_set_run_uncached(&analyser->stemmers, analyser->language, text, &analyser->stems, &token->term);
    }
    token->word = 1 + (uint64_t)stemmer_set_place(&analyser->stemmers, analyser->language, text);
    return 0;
}

/*
 * Stems the tokens whose word has a place in the cache, by now it is on its way from memory: the cache is larger than
 * the processor's, and a text's words are independent of each other.
 */
static int stem_tokens(struct analyser *analyser)
{
    int status = 0;
    for (size_t i = 0; i < analyser->count && status == 0; i++) {
        struct token *token = &analyser->tokens[i];
        if (token->word != 0) {
            uint32_t place = (uint32_t)(token->word - 1);
            status = stemmer_set_run(&analyser->stemmers, analyser->language, token->folded, place, &analyser->stems,
                                     &token->term, &token->word);
        }
    }
    return status;
}

/* Ends the compound; if it has the parts for it, appends its joined token. */
static int close_compound(struct analyser *analyser, struct compound *compound)
{
    size_t count = compound->count;
    compound->count = 0;
    if (count < 2 || count > COMPOUND_PARTS_MAX) {
        return 0;
    }
    struct word *whole = &compound->whole;
    whole->text = analyser->joined + analyser->joined_size;
    whole->size = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(whole->text + whole->size, compound->parts[i].data, compound->parts[i].size);
        whole->size += compound->parts[i].size;
    }
    analyser->joined_size += whole->size;
    return put_token(analyser, whole, compound->position, TOKEN_JOINED, (uint8_t)count);
}

static bool joins(uint8_t gap)
{
    return gap == '-' || gap == '_' || gap == '&' || gap == '.';
}

static int put_word(struct analyser *analyser, struct compound *compound, const struct word *word)
{
    int status = 0;
    if (compound->count != 0 && !joins(word->gap)) {
        status = close_compound(analyser, compound);
    }
    if (status == 0) {
        status = put_token(analyser, word, analyser->length, TOKEN_WORD, 1);
    }
    if (status != 0) {
        return status;
    }
    if (compound->count == 0) {
        compound->position = analyser->length;
        compound->whole.kinds = 0;
        compound->whole.start = word->start;
    }
    if (compound->count < COMPOUND_PARTS_MAX) {
        compound->parts[compound->count] = bytes_of(word->text, word->size);
    }
    compound->whole.kinds |= word->kinds;
    compound->whole.end = word->end;
    compound->count++;
    analyser->length++;
    return 0;
}

static int reserve_joined(struct analyser *analyser)
{
    if (analyser->joined_capacity >= analyser->folder.size) {
        return 0;
    }
    /* Nothing in it is needed any more: a new block spares the copy. */
    mem_free(analyser->joined);
    analyser->joined_capacity = 0;
    analyser->joined = mem_alloc(analyser->folder.capacity);
    if (analyser->joined == NULL) {
        return AISLE_NO_MEMORY;
    }
    analyser->joined_capacity = analyser->folder.capacity;
    return 0;
}

int analyser_run(struct analyser *analyser, struct bytes text, uint8_t language, struct token_list *out)
{
    *out = (struct token_list){0};
    int status = language == LANGUAGE_NONE ? 0 : stemmer_set_prepare(&analyser->stemmers, language);
    if (status != 0) {
        return status;
    }
    analyser->language = language;
    analyser->count = 0;
    analyser->length = 0;
    analyser->cut = false;
    analyser->joined_size = 0;
    arena_reset(&analyser->stems);
    status = fold(analyser, text);
    if (status == 0) {
        status = reserve_joined(analyser);
    }
    struct tokeniser tokeniser;
    struct word word;
    struct compound compound = {.count = 0};
    tokeniser_init(&tokeniser, &analyser->folder);
    while (status == 0 && tokeniser_next(&tokeniser, &word)) {
        status = put_word(analyser, &compound, &word);
    }
    if (status == 0) {
        status = close_compound(analyser, &compound);
    }
    status = status < 0 ? status : stem_tokens(analyser);
    if (status != 0) {
        return status;
    }
    *out = (struct token_list){.tokens = analyser->tokens,
                               .count = analyser->count,
                               .length = analyser->length,
                               .cut = analyser->cut};
    return 0;
}
