/*
 * parts_lexicon.c - words of new products into parts of the lexicon.
 */
#include "index/parts_lexicon.h"

#include "base/bitset.h"
#include "base/utf8.h"
#include "index/shard_writer_private.h"

/* A commit writes small parts anew with its own words, up to so many: some milliseconds. */
#define TAKE_IN_WORDS 4096u

/* Of more words codes are taken without asking whether some part has them. */
#define FEW_WORDS 4096u

/*
 * Words that wait are written as a pending part from this share of the budget's for small things on, for sorting takes
 * six times as much, and from SPILL_BYTES on, so that workers write their words side by side and a commit, for which
 * they stand still, does not do it for them; before a commit from less on, so that its own part stays small.
 */
#define SPILL_SHARE 4u
#define SPILL_BYTES ((size_t)4 << 20)
#define SPILL_LAST_BYTES ((size_t)256 << 10)

static int open_lexicon(void *reader, const struct extent_view *views)
{
    return lexicon_open(reader, &views[0]);
}

static int check_lexicon(const void *reader, aisle_error *error)
{
    return lexicon_check(reader, error);
}

static int write_words(const struct lexicon_sources *sources, size_t memory_bytes, struct part_writer *out,
                       aisle_error *error)
{
    uint32_t words = 0;
    int status = lexicon_write(part_stream(out, 0), sources, memory_bytes, &words);
    out->info.entries = words;
    if (status != 0 && out->sink.error.code != 0 && error != NULL) {
        *error = out->sink.error;
        return status;
    }
    return status == 0 ? 0
                       : error_set(error, status, "words cannot be written: %s (%s)", aisle_error_text(status),
                                   storage_path(out->sink.storage));
}

/* Their readers; out has room for them. */
static void list_readers(const struct part *const *parts, size_t count, const struct lexicon_part **out)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = part_reader(parts[i]);
    }
}

static int merge_lexicon(const struct part *const *sources, size_t count, size_t memory_bytes,
                         struct part_writer *out, aisle_error *error)
{
    const struct lexicon_part *readers[LIMIT_PARTS];
    list_readers(sources, count, readers);
    struct lexicon_sources words = {.parts = readers, .part_count = count};
    return write_words(&words, memory_bytes, out, error);
}

/* ---- new words ---- */

/* Their readers, the largest first: most words are there. */
static void list_largest_first(const struct part *const *parts, size_t count, const struct lexicon_part **out)
{
    list_readers(parts, count, out);
    for (size_t i = 1; i < count; i++) {
        if (out[i]->words > out[0]->words) {
            const struct lexicon_part *larger = out[i];
            out[i] = out[0];
            out[0] = larger;
        }
    }
}

/* Room for so many bytes more. */
static int grow_bag(struct word_bag *bag, size_t more)
{
    size_t capacity = bag->capacity == 0 ? 4096 : bag->capacity + bag->capacity / 2;
    capacity = capacity < bag->size + more ? bag->size + more : capacity;
    uint8_t *bytes = mem_realloc(bag->bytes, capacity);
    if (bytes == NULL) {
        return AISLE_NO_MEMORY;
    }
    bag->bytes = bytes;
    bag->capacity = capacity;
    return 0;
}

static int put_word(struct word_bag *bag, struct bytes word)
{
    size_t most = 1 + LIMIT_TERM_BYTES;
    int status = bag->capacity - bag->size < most ? grow_bag(bag, most) : 0;
    status = status == 0 && bag->count == LIMIT_LEXICON_WORDS ? AISLE_LIMIT : status;
    if (status == 0) {
        bag->bytes[bag->size] = (uint8_t)word.size;
        memcpy(bag->bytes + bag->size + 1, word.data, word.size);
        bag->size += 1 + word.size;
        bag->count++;
    }
    return status;
}

static void release_bag(struct word_bag *bag)
{
    mem_free(bag->bytes);
    *bag = (struct word_bag){.bytes = NULL};
}

/* Adds the words of more, which is empty then. */
static int join_bags(struct word_bag *bag, struct word_bag *more)
{
    if (bag->count == 0) {
        release_bag(bag);
        *bag = *more;
        *more = (struct word_bag){.bytes = NULL};
        return 0;
    }
    int status = bag->capacity - bag->size < more->size ? grow_bag(bag, more->size) : 0;
    status = status == 0 && more->count > LIMIT_LEXICON_WORDS - bag->count ? AISLE_LIMIT : status;
    if (status == 0 && more->count != 0) {
        memcpy(bag->bytes + bag->size, more->bytes, more->size);
        bag->size += more->size;
        bag->count += more->count;
        release_bag(more);
    }
    return status;
}

/* Views of all words, for the caller to free; NULL: no memory. */
static struct bytes *list_bag(const struct word_bag *bag)
{
    struct bytes *words = mem_alloc((bag->count + 1u) * sizeof *words);
    size_t place = 0;
    for (uint32_t i = 0; words != NULL && i < bag->count; i++) {
        words[i] = bytes_of(bag->bytes + place + 1, bag->bytes[place]);
        place += 1 + words[i].size;
    }
    return words;
}

/* What a flush's words are looked up in. A read transaction keeps it where it is, whatever merges replace and clean. */
struct look_up {
    struct storage_txn *txn;
    const struct part *held[LIMIT_PARTS];
    const struct lexicon_part *readers[LIMIT_PARTS];
    size_t count;
};

static int begin_look_up(struct shard_writer *writer, struct look_up *look_up)
{
    look_up->count = 0;
    shard_writer_lock(writer);
    int status = storage_read_begin(writer->shard->storage, &look_up->txn, NULL);
    if (status == 0) {
        look_up->count = parts_of(writer, PART_LEXICON, look_up->held);
        for (size_t i = 0; i < look_up->count; i++) {
            part_retain((struct part *)(uintptr_t)look_up->held[i]);
        }
        list_largest_first(look_up->held, look_up->count, look_up->readers);
    }
    shard_writer_unlock(writer);
    return status;
}

static void end_look_up(struct look_up *look_up)
{
    for (size_t i = 0; i < look_up->count; i++) {
        part_release((struct part *)(uintptr_t)look_up->held[i]);
    }
    storage_read_end(look_up->txn);
}

/* Puts those of the words that no part has into the bag. */
static int put_unknown(struct shard_writer *writer, const struct bytes *words, size_t count, struct word_bag *bag)
{
    struct look_up look_up;
    uint64_t *known = mem_alloc(bitset_words(count) * sizeof *known);
    int status = known == NULL ? AISLE_NO_MEMORY : begin_look_up(writer, &look_up);
    if (status == 0) {
        struct lexicon lexicon = {.parts = look_up.readers, .count = look_up.count};
        status = lexicon_has_many(&lexicon, words, count, known);
        end_look_up(&look_up);
    }
    for (size_t i = 0; i < count && status == 0; i++) {
        status = bitset_get(known, i) ? 0 : put_word(bag, words[i]);
    }
    mem_free(known);
    return status;
}

/* The words of a flush lie among its products: they are asked for ahead. */
#define AHEAD_WORDS 16u

/* Puts the words that are new, or that are not looked for, into the bag. */
static int choose_new(struct shard_writer *writer, const struct bytes *words, size_t count, struct word_bag *bag)
{
    struct bytes *asked = count <= FEW_WORDS ? NULL : mem_alloc(count * sizeof *asked);
    size_t asked_count = 0;
    int status = 0;
    if (count <= FEW_WORDS) {
        return put_unknown(writer, words, count, bag);
    }
    if (asked == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < count && status == 0; i++) {
        __builtin_prefetch(words[i + AHEAD_WORDS < count ? i + AHEAD_WORDS : i].data);
        if (lexicon_is_code(words[i])) {
            status = put_word(bag, words[i]);
        } else {
            asked[asked_count++] = words[i];
        }
    }
    status = status == 0 ? put_unknown(writer, asked, asked_count, bag) : status;
    mem_free(asked);
    return status;
}

int parts_lexicon_take(struct shard_writer *writer, const struct bytes *words, size_t count)
{
    struct word_bag bag = {.bytes = NULL};
    int status = choose_new(writer, words, count, &bag);
    if (status == 0) {
        shard_writer_lock(writer);
        status = join_bags(&writer->words.waiting, &bag);
        shard_writer_unlock(writer);
    }
    release_bag(&bag);
    return status;
}

static int write_bag(const struct word_bag *bag, const struct lexicon_part *const *parts, size_t part_count,
                     size_t memory_bytes, struct part_writer *out, aisle_error *error)
{
    struct bytes *words = list_bag(bag);
    if (words == NULL) {
        return error_no_memory(error, "adding words");
    }
    struct lexicon_sources sources = {
        .parts = parts, .part_count = part_count, .words = words, .word_count = bag->count};
    int status = write_words(&sources, memory_bytes, out, error);
    mem_free(words);
    return status;
}

static int fill_pending(void *context, const struct part *const *sources, size_t count, size_t memory_bytes,
                        struct part_writer *out, aisle_error *error)
{
    const struct lexicon_part *readers[LIMIT_PARTS];
    list_readers(sources, count, readers);
    return write_bag(context, readers, count, memory_bytes, out, error);
}

/* Under the lock: has the waiting words leave, if they are more than most and not too many are leaving; NULL: not. */
static struct word_bag *begin_spill(struct fresh_words *words, uint64_t most)
{
    for (uint32_t i = 0; i < LEXICON_SPILLS && words->waiting.size > most; i++) {
        if (words->leaving[i].count == 0) {
            words->leaving[i] = words->waiting;
            words->waiting = (struct word_bag){.bytes = NULL};
            return &words->leaving[i];
        }
    }
    return NULL;
}

int parts_lexicon_spill(struct shard_writer *writer, enum parts_spill spill, aisle_error *error)
{
    size_t bytes_max = spill == SPILL_MUCH ? SPILL_BYTES : SPILL_LAST_BYTES;
    uint64_t most = writer->budget->overlay_bytes / SPILL_SHARE;
    shard_writer_lock(writer);
    struct word_bag *bag = begin_spill(&writer->words, most < bytes_max ? most : bytes_max);
    shard_writer_unlock(writer);
    if (bag == NULL) {
        return 0;
    }
    int status = parts_write_pending(writer, &parts_lexicon, spill, fill_pending, bag, error);
    if (status == 0) {
        shard_writer_lock(writer);
        release_bag(bag);
        shard_writer_unlock(writer);
    }
    return status;
}

/* ---- a commit ---- */

/* What failed spills have left waits again. */
static int take_back(struct fresh_words *words)
{
    int status = 0;
    for (uint32_t i = 0; i < LEXICON_SPILLS && status == 0; i++) {
        status = join_bags(&words->waiting, &words->leaving[i]);
    }
    return status;
}

static int publish_lexicon(struct shard_writer *writer, struct parts_change *change, aisle_error *error)
{
    const struct part *taken[LIMIT_PARTS];
    const struct lexicon_part *readers[LIMIT_PARTS];
    struct word_bag *waiting = &writer->words.waiting;
    struct part_writer *out = NULL;
    if (take_back(&writer->words) != 0) {
        return error_no_memory(error, "adding words");
    }
    if (waiting->count == 0) {
        return 0;
    }
    int status = parts_change_add(writer, change, &parts_lexicon, &out, error);
    if (status != 0) {
        return status;
    }
    size_t count = parts_to_take_in(writer, PART_LEXICON, waiting->count, TAKE_IN_WORDS, taken);
    list_readers(taken, count, readers);
    for (size_t i = 0; i < count; i++) {
        parts_change_remove(change, taken[i]);
    }
    return write_bag(waiting, readers, count, writer->budget->overlay_bytes, out, error);
}

static void forget_lexicon(struct shard_writer *writer)
{
    release_bag(&writer->words.waiting);
    for (uint32_t i = 0; i < LEXICON_SPILLS; i++) {
        release_bag(&writer->words.leaving[i]);
    }
}

int parts_lexicon_gather(const struct shard_snapshot *snapshots, uint32_t count, struct arena *arena,
                         struct lexicon *out)
{
    size_t total = 0;
    *out = (struct lexicon){.parts = NULL};
    for (uint32_t i = 0; i < count; i++) {
        total += snapshots[i].view->manifest.part_count;
    }
    const struct lexicon_part **parts = arena_alloc(arena, total * sizeof *parts);
    if (parts == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct shard_view *view = snapshots[i].view;
        for (uint32_t p = 0; p < view->manifest.part_count; p++) {
            if (view->manifest.parts[p].kind == PART_LEXICON) {
                parts[out->count++] = part_reader(view->parts[p]);
            }
        }
    }
    out->parts = parts;
    return 0;
}

/* ---- compaction ---- */

struct compaction {
    const struct ingest *ingest;
    struct shard_snapshot snapshot;
    uint64_t left_out;
};

/* A longer word may have been cut when it was added, after it was stemmed whole. */
#define WHOLE_WORD_BYTES (LIMIT_TERM_BYTES - UTF8_BYTES_MAX)

static int has_term(const struct compaction *compaction, struct bytes term, bool *has)
{
    const struct shard_view *view = compaction->snapshot.view;
    for (uint32_t i = 0; i < view->manifest.segment_count && !*has; i++) {
        struct bytes value;
        int status = terms_find(&view->segments[i]->terms, term, &value);
        if (status < 0) {
            return status;
        }
        *has = status == 0;
    }
    return 0;
}

/*
 * Keeps a word when some segment has its stem in the language of some field. A word that is not analysed as itself is
 * kept, too: nobody can tell what became of it.
 */
static int keep_word(void *context, struct bytes word, bool *keep)
{
    struct compaction *compaction = context;
    const struct ingest *ingest = compaction->ingest;
    int status = has_term(compaction, word, keep);
    *keep = *keep || word.size > WHOLE_WORD_BYTES;
    for (uint8_t f = 0; f < ingest->schema->field_count && !*keep && status == 0; f++) {
        struct token_list list;
        if (!ingest->schema->fields[f].searchable) {
            continue;
        }
        status = analyser_run(ingest->analyser, word, ingest->language[f], &list);
        *keep = status == 0 && (list.count != 1 || !bytes_equal(list.tokens[0].folded, word));
        if (status == 0 && !*keep) {
            status = has_term(compaction, list.tokens[0].term, keep);
        }
    }
    compaction->left_out += *keep ? 0 : 1;
    return status;
}

static int fill_compact(void *context, const struct part *const *sources, size_t count, size_t memory_bytes,
                        struct part_writer *out, aisle_error *error)
{
    const struct lexicon_part *readers[LIMIT_PARTS];
    list_readers(sources, count, readers);
    struct lexicon_sources words = {.parts = readers, .part_count = count, .keep = keep_word, .context = context};
    return write_words(&words, memory_bytes, out, error);
}

/* Whether there is anything to do. */
static int look_for_dead_words(struct compaction *compaction, bool *any)
{
    const struct shard_view *view = compaction->snapshot.view;
    uint32_t parts = 0;
    int status = 0;
    for (uint32_t i = 0; i < view->manifest.part_count && status == 0; i++) {
        if (view->manifest.parts[i].kind == PART_LEXICON) {
            parts++;
            status = lexicon_visit(part_reader(view->parts[i]), keep_word, compaction);
        }
    }
    *any = parts > 1 || compaction->left_out != 0;
    return status;
}

int parts_lexicon_compact(struct shard_writer *writer, const struct ingest *ingest, aisle_error *error)
{
    struct compaction compaction = {.ingest = ingest};
    bool any = false;
    int status = shard_begin(writer->shard, &compaction.snapshot, error);
    if (status != 0) {
        return status;
    }
    status = look_for_dead_words(&compaction, &any);
    if (status != 0) {
        error_set(error, status, "the lexicon cannot be read: %s (%s)", aisle_error_text(status),
                  storage_path(writer->shard->storage));
    } else if (any) {
        status = parts_rebuild(writer, &parts_lexicon, fill_compact, &compaction, error);
    }
    shard_end(&compaction.snapshot);
    return status == 0 && any ? shard_writer_clean(writer, CLEAN_ALL, NULL, error) : status;
}

const struct part_kind parts_lexicon = {.number = PART_LEXICON,
                                        .components = 1,
                                        .name = "lexicon",
                                        .reader_bytes = sizeof(struct lexicon_part),
                                        .compacted_apart = true,
                                        .open = open_lexicon,
                                        .check = check_lexicon,
                                        .merge = merge_lexicon,
                                        .publish = publish_lexicon,
                                        .forget = forget_lexicon};
