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
#include "text/compound.h"
#include "text/stem.h"

#define ARENA_BYTES ((size_t)LIMIT_TOKENS_FIELD * 512u) /* a term and a stem each, aligned, and the chunks' slack */
#define CODE_WORDS_MAX 8u /* a part number of more words is not taken as one */

struct analyser {
    struct folder folder;
    struct stemmer_set stemmers;
    struct arena terms; /* stems and terms that are not as they were written */
    struct compound compound;
    struct word solid;    /* the solid character read last, while solid_count != 0 */
    uint32_t solid_count; /* how many stand side by side so far */
    uint32_t joined_parts; /* of the last compound */
    struct word code[CODE_WORDS_MAX]; /* of a part number, the words so far */
    uint8_t *joined; /* the texts of joined tokens: at most twice the folder's bytes ("+" becomes "plus") */
    size_t joined_size;
    size_t joined_capacity;
    struct token *tokens;
    size_t count;
    size_t capacity;
    uint32_t length;
    uint8_t language;
    bool product;
    bool is_code;
    bool cut;
};

int analyser_new(struct analyser **out)
{
    *out = NULL;
    struct analyser *analyser = mem_calloc(1, sizeof *analyser);
    if (analyser == NULL) {
        return AISLE_NO_MEMORY;
    }
    arena_init(&analyser->terms, ARENA_BYTES);
    *out = analyser;
    return 0;
}

size_t analyser_bytes(const struct analyser *analyser)
{
    size_t folded = analyser->folder.capacity * 2 + analyser->folder.span_capacity * sizeof *analyser->folder.spans;
    size_t stems = analyser->stemmers.memory == NULL ? 0 : (LIMIT_STEM_CACHE + 1) * (size_t)STEM_ENTRY_BYTES;
    size_t exceptions = analyser->stemmers.exceptions.bytes.capacity +
                        analyser->stemmers.exceptions.count * sizeof *analyser->stemmers.exceptions.items;
    return sizeof *analyser + folded + stems + exceptions + analyser->terms.total_bytes + analyser->joined_capacity +
           analyser->capacity * sizeof *analyser->tokens;
}

void analyser_free(struct analyser *analyser)
{
    if (analyser == NULL) {
        return;
    }
    folder_release(&analyser->folder);
    stemmer_set_release(&analyser->stemmers);
    arena_release(&analyser->terms);
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

static int add_exception(struct analyser *analyser, const struct stem_exception *exception)
{
    struct bytes folded;
    bool same = bytes_equal(exception->word, exception->stem);
    int status = analyser_fold(analyser, exception->word, &folded);
    if (status == 0) {
        status = exceptions_add(&analyser->stemmers.exceptions, folded);
    }
    if (status == 0 && !same) {
        status = analyser_fold(analyser, exception->stem, &folded);
    }
    return status == 0 ? exceptions_add_stem(&analyser->stemmers.exceptions, folded) : status;
}

int analyser_set_exceptions(struct analyser *analyser, const struct stem_exception *exceptions, size_t count)
{
    struct exceptions *list = &analyser->stemmers.exceptions;
    if (count > LIMIT_STEM_EXCEPTIONS) {
        return AISLE_LIMIT;
    }
    int status = exceptions_begin(list, count);
    for (size_t i = 0; i < count && status == 0; i++) {
        status = add_exception(analyser, &exceptions[i]);
    }
    if (status != 0) {
        exceptions_release(list);
    }
    exceptions_sort(list);
    stemmer_set_forget(&analyser->stemmers);
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
    token->note = NULL;
    analyser->count++;
    if (word->kinds != KIND_LETTER || analyser->language == LANGUAGE_NONE) {
        return 0;
    }
    if (text.size > STEM_CACHED_BYTES) {
        return stemmer_set_run_uncached(&analyser->stemmers, analyser->language, text, &analyser->terms, &token->term);
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
            status = stemmer_set_run(&analyser->stemmers, analyser->language, token->folded, place, &analyser->terms,
                                     &token->term, &token->note);
            token->word = token->note == NULL ? 0 : token->note->word;
        }
    }
    return status;
}

/* Appends an EXTRA token of a text that lives as long as the run, or none if it is too long for a term. */
static int put_extra(struct analyser *analyser, const struct word *word, struct bytes text, uint32_t position,
                     uint32_t parts)
{
    struct word extra = *word;
    extra.text = text.data;
    extra.size = text.size;
    return text.size > LIMIT_TERM_BYTES ? 0 : put_token(analyser, &extra, position, TOKEN_EXTRA, (uint8_t)parts);
}

/* The words as one, in the arena; *out is empty when they are too long for a term. */
static int concatenate(struct analyser *analyser, const struct word *words, size_t count, struct word *out)
{
    size_t size = 0;
    *out = words[0];
    out->end = words[count - 1].end;
    for (size_t i = 0; i < count; i++) {
        out->kinds |= words[i].kinds;
        size += words[i].size;
    }
    out->size = 0;
    if (size > LIMIT_TERM_BYTES) {
        return 0;
    }
    uint8_t *text = arena_alloc(&analyser->terms, size);
    if (text == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(text + out->size, words[i].text, words[i].size);
        out->size += words[i].size;
    }
    out->text = text;
    return 0;
}

static int put_run(struct analyser *analyser, const struct word *words, size_t count, uint32_t position)
{
    struct word whole;
    int status = concatenate(analyser, words, count, &whole);
    if (status != 0 || whole.size == 0) {
        return status;
    }
    return put_extra(analyser, &whole, bytes_of(whole.text, whole.size), position, (uint32_t)count);
}

static int put_joined(struct analyser *analyser, const struct compound *compound)
{
    struct word whole = compound->parts[0];
    uint8_t *text = analyser->joined + analyser->joined_size;
    whole.size = 0;
    for (size_t i = 0; i < compound->count; i++) {
        memcpy(text + whole.size, compound->parts[i].text, compound->parts[i].size);
        whole.size += compound->parts[i].size;
        whole.kinds |= compound->parts[i].kinds;
    }
    whole.text = text;
    whole.end = compound->parts[compound->count - 1].end;
    analyser->joined_size += whole.size;
    return put_token(analyser, &whole, compound->position, TOKEN_JOINED, (uint8_t)compound->count);
}

/* Ends the compound; if it has the parts for it, appends its joined token, of products also those of runs inside. */
static int close_compound(struct analyser *analyser)
{
    struct compound *compound = &analyser->compound;
    uint32_t count = compound->count;
    bool has_runs = false;
    int status = 0;
    if (count >= 2 && count <= COMPOUND_PARTS_MAX) {
        has_runs = analyser->product && !compound_is_n_in_one(compound);
        status = put_joined(analyser, compound);
        analyser->joined_parts = count;
    }
    compound->form = COMPOUND_PLAIN;
    compound->spaced = false;
    compound->count = 0;
    for (uint32_t size = 2; size < count && has_runs; size++) {
        for (uint32_t first = 0; first + size <= count && status == 0; first++) {
            status = put_run(analyser, compound->parts + first, size, compound->position + first);
        }
    }
    return status;
}

/* ---- words with signs and units ---- */

/* Gives the token just put the form of its amount that all spellings share. */
static int set_amount(struct analyser *analyser, struct word *word)
{
    uint8_t amount[UNIT_AMOUNT_BYTES];
    struct token *token = &analyser->tokens[analyser->count - 1];
    size_t size = unit_canonical(bytes_of(word->text, word->number_size), word->unit, amount);
    if (size == 0 || bytes_equal(token->term, bytes_of(amount, size))) {
        return 0;
    }
    const uint8_t *term = arena_copy(&analyser->terms, amount, size);
    if (term == NULL) {
        return AISLE_NO_MEMORY;
    }
    token->term = bytes_of(term, size);
    if (word->size == word->number_size) { /* an inch sign */
        token->folded = token->term;
        word->text = term;
        word->size = size;
    }
    return 0;
}

/* The number that text begins with. */
static struct bytes number_of(struct bytes text)
{
    size_t size = 0;
    while (size < text.size && ((text.data[size] >= '0' && text.data[size] <= '9') || text.data[size] == '.')) {
        size++;
    }
    return bytes_of(text.data, size);
}

/* The last number of "50x70cm". */
static struct bytes last_number(const struct word *word)
{
    return number_of(bytes_of(word->text + word->number_size, word->size - word->number_size));
}

/* Of lengths, "0.5x0.7m", the form that all spellings share, "500x700mm"; 0: there is none. */
static size_t write_lengths(const struct word *word, uint8_t out[LIMIT_TERM_BYTES])
{
    struct bytes name = unit_smallest(word->unit);
    size_t size = 0;
    for (size_t at = 0; at <= word->number_size;) {
        uint8_t amount[UNIT_AMOUNT_BYTES];
        struct bytes number = number_of(bytes_of(word->text + at, word->size - at));
        size_t more = unit_multiple(number, word->unit, amount);
        if (more == 0 || size + 1 + more + name.size > LIMIT_TERM_BYTES) {
            return 0;
        }
        if (size != 0) {
            out[size++] = 'x';
        }
        memcpy(out + size, amount, more);
        size += more;
        at += number.size + 1;
    }
    memcpy(out + size, name.data, name.size);
    return size + name.size;
}

/* Of "6x0.5l", whose last number has a unit, "6x500ml"; 0: it stays as it is. */
static size_t write_times(const struct word *word, uint8_t out[LIMIT_TERM_BYTES])
{
    uint8_t amount[UNIT_AMOUNT_BYTES];
    size_t size = unit_canonical(last_number(word), word->unit, amount);
    if (size == 0 || word->number_size + size > LIMIT_TERM_BYTES) {
        return 0;
    }
    memcpy(out, word->text, word->number_size);
    memcpy(out + word->number_size, amount, size);
    return word->number_size + size;
}

/* Likewise of a word of numbers with 'x' between. */
static int set_times(struct analyser *analyser, struct word *word)
{
    uint8_t written[LIMIT_TERM_BYTES];
    struct token *token = &analyser->tokens[analyser->count - 1];
    size_t size = unit_is_length(word->unit) ? write_lengths(word, written) : 0;
    size = size == 0 ? write_times(word, written) : size;
    if (size == 0) {
        return 0;
    }
    const uint8_t *term = arena_copy(&analyser->terms, written, size);
    if (term == NULL) {
        return AISLE_NO_MEMORY;
    }
    token->term = bytes_of(term, size);
    if (word->number_size + last_number(word).size == word->size) { /* an inch sign */
        token->folded = token->term;
        word->text = term;
        word->size = size;
    }
    return 0;
}

/* The amount of a number of the word. */
static int put_amount(struct analyser *analyser, const struct word *word, struct bytes number, uint32_t position)
{
    uint8_t amount[UNIT_AMOUNT_BYTES];
    size_t size = unit_canonical(number, word->unit, amount);
    const uint8_t *term = size == 0 ? NULL : arena_copy(&analyser->terms, amount, size);
    if (term == NULL) {
        return size == 0 ? 0 : AISLE_NO_MEMORY;
    }
    return put_extra(analyser, word, bytes_of(term, size), position, 1);
}

/* Of "50x70cm" the numbers, the last (of lengths, each) as an amount, too, and all of them without the unit. */
static int put_times(struct analyser *analyser, const struct word *word, uint32_t position)
{
    struct word plain = *word;
    struct bytes last = last_number(word);
    bool has_unit = word->unit != UNIT_NONE;
    size_t end = has_unit && !unit_goes_unsaid(word->unit) ? word->number_size : word->number_size + last.size;
    int status = 0;
    plain.kinds = KIND_DIGIT;
    for (size_t at = 0; at < end && status == 0;) {
        struct bytes number = number_of(bytes_of(word->text + at, end - at));
        status = put_extra(analyser, &plain, number, position, 1);
        if (status == 0 && unit_is_length(word->unit) && at < word->number_size) {
            status = put_amount(analyser, word, number, position);
        }
        at += number.size + 1;
    }
    if (status == 0 && has_unit) {
        status = put_extra(analyser, word, bytes_of(word->text, word->number_size + last.size), position, 1);
    }
    return status == 0 && has_unit ? put_amount(analyser, word, last, position) : status;
}

/* What of a product's word is also found alone. */
static int put_extras(struct analyser *analyser, const struct word *word, uint32_t position)
{
    struct bytes number = bytes_of(word->text, word->unit == UNIT_NONE ? word->size : word->number_size);
    struct word plain = *word;
    int status = 0;
    if ((word->kinds & WORD_TIMES) != 0) {
        return put_times(analyser, word, position);
    }
    if (word->unit != UNIT_NONE && unit_goes_unsaid(word->unit)) {
        plain.kinds = (word->kinds & WORD_FRACTION) | KIND_DIGIT;
        status = put_extra(analyser, &plain, number, position, 1);
    }
    if (status == 0 && (word->kinds & WORD_FRACTION) != 0) {
        const uint8_t *slash = memchr(number.data, '/', number.size);
        size_t first = (size_t)(slash - number.data);
        plain.kinds = KIND_DIGIT;
        status = put_extra(analyser, &plain, bytes_of(number.data, first), position, 1);
        if (status == 0) {
            status = put_extra(analyser, &plain, bytes_of(slash + 1, number.size - first - 1), position, 1);
        }
    }
    if (status == 0 && (word->kinds & WORD_SIGNS) != 0) {
        size_t from = word->text[0] == '.' ? 1 : 0;
        size_t signs = from != 0 ? 1 : word->text[word->size - 1] == '+' ? 2 : 1;
        plain.kinds = KIND_LETTER;
        status = put_extra(analyser, &plain, bytes_of(word->text + from, word->size - signs), position, 1);
    }
    return status;
}

/* ".5" becomes "0.5". */
static int put_zero(struct analyser *analyser, struct word *word)
{
    uint8_t *text = arena_alloc(&analyser->terms, word->size + 1);
    if (text == NULL) {
        return AISLE_NO_MEMORY;
    }
    text[0] = '0';
    memcpy(text + 1, word->text, word->size);
    word->text = text;
    word->size++;
    word->number_size++;
    return 0;
}

/* A word that is not letters or digits alone; changes it to what is joined in compounds. */
static int put_special(struct analyser *analyser, struct word *word)
{
    int status = (word->kinds & WORD_POINT) != 0 ? put_zero(analyser, word) : 0;
    if (status == 0) {
        status = put_token(analyser, word, analyser->length, TOKEN_WORD, 1);
    }
    struct word written = *word;
    if (status == 0 && word->unit != UNIT_NONE) {
        status = (word->kinds & WORD_TIMES) != 0 ? set_times(analyser, word) : set_amount(analyser, word);
    }
    if (status == 0 && analyser->product) {
        status = put_extras(analyser, &written, analyser->length);
    }
    return status;
}

static int put_word(struct analyser *analyser, struct word *word)
{
    struct compound *compound = &analyser->compound;
    int status = 0;
    word->size -= compound_ends_in_plural(compound, word) ? 1 : 0;
    bool apart = word->gap == GAP_OTHER || (word->gap == ' ' && compound->plain && compound_is_plain(word));
    if (compound->count == 1 && apart) { /* as nearly always */
        compound->count = 0;
    } else if (compound->count != 0) {
        enum compound_link link = compound_links(compound, word);
        if (link == LINK_NONE) {
            status = close_compound(analyser);
        } else if (link == LINK_LAST) {
            compound_keep_last(compound, analyser->length - 1);
        }
    }
    if (status == 0 && (word->kinds & ~(KIND_LETTER | KIND_DIGIT)) == 0 && word->unit == UNIT_NONE) {
        status = put_token(analyser, word, analyser->length, TOKEN_WORD, 1);
    } else if (status == 0) {
        status = put_special(analyser, word);
    }
    if (status != 0) {
        return status;
    }
    if (compound->count == 0) {
        compound->position = analyser->length;
        compound->parts[0] = *word;
        compound->plain = compound_is_plain(word);
        compound->count = 1;
    } else {
        compound_add(compound, word);
    }
    if (analyser->is_code && analyser->length < CODE_WORDS_MAX) {
        analyser->code[analyser->length] = *word;
    }
    analyser->length++;
    return 0;
}

/*
 * Reads a word behind a plain one that neither a sign nor a space links to it, as nearly all are, and which is nothing
 * else than a word: put_word says why nothing more is to be done about it. False: it is something else, or the end.
 */
static bool put_plain(struct analyser *analyser, struct tokeniser *tokeniser, int *status)
{
    struct compound *compound = &analyser->compound;
    bool plain = compound->count == 1 && compound->plain && !analyser->is_code;
    if (!plain || !tokeniser_plain(tokeniser, &compound->parts[0])) {
        return false;
    }
    const struct word *word = &compound->parts[0];
    struct bytes text = bytes_of(word->text, word->size);
    compound->position = analyser->length;
    if (analyser->count == analyser->capacity || text.size > STEM_CACHED_BYTES || analyser->language == LANGUAGE_NONE) {
        *status = put_token(analyser, word, analyser->length, TOKEN_WORD, 1);
        analyser->length += *status == 0 ? 1 : 0;
        return true;
    }
    analyser->tokens[analyser->count++] =
        (struct token){.term = text,
                       .folded = text,
                       .position = analyser->length++,
                       .kind = TOKEN_WORD,
                       .parts = 1,
                       .start = word->start,
                       .end = word->end,
                       .word = 1 + (uint64_t)stemmer_set_place(&analyser->stemmers, analyser->language, text)};
    return true;
}

/* ---- solid scripts ---- */

/* Ends a row of solid characters: a single one is a word, of a product the last one stands alone, too. */
static int close_solid(struct analyser *analyser)
{
    uint32_t count = analyser->solid_count;
    const struct word *last = &analyser->solid;
    analyser->solid_count = 0;
    if (count == 1) {
        return put_token(analyser, last, analyser->length++, TOKEN_WORD, 1);
    }
    return count != 0 && analyser->product
               ? put_extra(analyser, last, bytes_of(last->text, last->size), analyser->length - 1, 1)
               : 0;
}

/* Begins a row; one that a space divides from the last, in a product, has a pair across it. */
static int open_solid(struct analyser *analyser, const struct word *character)
{
    struct word across[2] = {analyser->solid, *character};
    bool continues = analyser->solid_count != 0 && character->gap == ' ' && analyser->product;
    int status = close_compound(analyser);
    if (status == 0) {
        status = close_solid(analyser);
    }
    if (status == 0 && continues) {
        status = put_run(analyser, across, 2, analyser->length - 1);
    }
    analyser->is_code = false; /* there are no part numbers in these scripts */
    analyser->solid = *character;
    analyser->solid_count = 1;
    return status;
}

static int put_solid(struct analyser *analyser, const struct word *character)
{
    if (analyser->solid_count == 0 || character->gap != GAP_NONE) {
        return open_solid(analyser, character);
    }
    struct word pair = analyser->solid;
    uint32_t position = analyser->length;
    pair.size += character->size;
    pair.end = character->end;
    int status = put_token(analyser, &pair, position, TOKEN_WORD, 1);
    if (status != 0) {
        return status;
    }
    analyser->length++;
    if (analyser->product) {
        const struct word *first = &analyser->solid;
        status = put_extra(analyser, first, bytes_of(first->text, first->size), position, 1);
    }
    analyser->solid = *character;
    analyser->solid_count++;
    return status;
}

/* ---- the whole ---- */

static int put_next(struct analyser *analyser, struct word *word)
{
    if (word->kinds == KIND_SOLID) {
        return put_solid(analyser, word);
    }
    int status = analyser->solid_count != 0 ? close_solid(analyser) : 0;
    return status == 0 ? put_word(analyser, word) : status;
}

/* A part number's words as one, without their inner signs, unless they are already. */
static int put_code(struct analyser *analyser)
{
    uint32_t count = analyser->length;
    if (!analyser->is_code || count < 2 || count > CODE_WORDS_MAX || analyser->joined_parts == count) {
        return 0;
    }
    struct word whole;
    int status = concatenate(analyser, analyser->code, count, &whole);
    if (status != 0 || whole.size == 0) {
        return status;
    }
    uint8_t *text = arena_alloc(&analyser->terms, whole.size);
    if (text == NULL) {
        return AISLE_NO_MEMORY;
    }
    size_t size = 0;
    for (size_t i = 0; i < whole.size; i++) {
        text[size] = whole.text[i];
        size += strchr("./+#", whole.text[i]) == NULL;
    }
    whole.kinds &= KIND_LETTER | KIND_DIGIT;
    uint32_t parts = count < COMPOUND_PARTS_MAX ? count : COMPOUND_PARTS_MAX;
    return put_extra(analyser, &whole, bytes_of(text, size), 0, parts);
}

static int reserve_joined(struct analyser *analyser)
{
    size_t wanted = 2 * analyser->folder.size;
    if (analyser->joined_capacity >= wanted) {
        return 0;
    }
    /* Nothing in it is needed any more: a new block spares the copy. */
    mem_free(analyser->joined);
    analyser->joined_capacity = 0;
    analyser->joined = mem_alloc(2 * analyser->folder.capacity);
    if (analyser->joined == NULL) {
        return AISLE_NO_MEMORY;
    }
    analyser->joined_capacity = 2 * analyser->folder.capacity;
    return 0;
}

/* Whatever an earlier run has left is forgotten. */
static void begin(struct analyser *analyser, uint8_t language)
{
    analyser->language = language;
    analyser->count = 0;
    analyser->length = 0;
    analyser->cut = false;
    analyser->joined_size = 0;
    analyser->joined_parts = 0;
    analyser->solid_count = 0;
    analyser->compound.count = 0;
    analyser->compound.form = COMPOUND_PLAIN;
    analyser->compound.spaced = false;
    arena_reset(&analyser->terms);
}

static int run(struct analyser *analyser, struct bytes text, uint8_t language, struct token_list *out)
{
    *out = (struct token_list){0};
    int status = language == LANGUAGE_NONE ? 0 : stemmer_set_prepare(&analyser->stemmers, language);
    if (status != 0) {
        return status;
    }
    begin(analyser, language);
    status = fold(analyser, text);
    if (status == 0) {
        status = reserve_joined(analyser);
    }
    struct tokeniser tokeniser;
    struct word word;
    tokeniser_init(&tokeniser, &analyser->folder);
    while (status == 0) {
        if (put_plain(analyser, &tokeniser, &status)) {
            continue;
        }
        if (!tokeniser_next(&tokeniser, &word)) {
            break;
        }
        status = put_next(analyser, &word);
    }
    if (status == 0) {
        status = close_solid(analyser);
    }
    if (status == 0) {
        status = close_compound(analyser);
    }
    if (status == 0) {
        status = put_code(analyser);
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

int analyser_run(struct analyser *analyser, struct bytes text, uint8_t language, struct token_list *out)
{
    analyser->product = false;
    analyser->is_code = false;
    return run(analyser, text, language, out);
}

int analyser_run_product(struct analyser *analyser, struct bytes text, uint8_t language, bool code,
                         struct token_list *out)
{
    analyser->product = true;
    analyser->is_code = code;
    return run(analyser, text, language, out);
}
