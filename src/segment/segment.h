/*
 * segment.h - immutable runs of products: building, reading, merging, and the manifest that lists them.
 *
 * A segment owns postings, terms, ids, order keys, columns and stored products of up to LIMIT_SEGMENT_DOCUMENTS
 * products in document order. This module joins the byte formats below it with the storage; it knows nothing of
 * schemas' meaning, analysis or queries: it takes tokens and numbers. Who decides when to build and merge is index.
 *
 * Sources for bulk data: extents are written under an unlisted id in bounded transactions (segment_sink), and
 * become part of the shard when a manifest lists them.
 *
 * Lifetime: a struct segment borrows storage pages; it may be used while a read transaction is open whose manifest
 * lists it, or, before listing, one begun after its last extent was committed. The writer, who alone deletes extents,
 * may use one without a transaction as long as it does not delete them: values that no commit touches do not move.
 * Thread rule: writers, builders and merges belong to one thread; a struct segment may be read by many.
 */
#ifndef AISLE_SEGMENT_SEGMENT_H
#define AISLE_SEGMENT_SEGMENT_H

#include "base/buf.h"
#include "base/status.h"
#include "columns/columns.h"
#include "columns/values.h"
#include "documents/documents.h"
#include "documents/ids.h"
#include "documents/ids_range.h"
#include "lexicon/lexicon.h"
#include "postings/positions.h"
#include "postings/postings.h"
#include "segment/segment_format.h"
#include "storage/storage.h"
#include "terms/terms.h"

#include <stdatomic.h>

/* ------------------------------------------------------------------------------------------- manifest -- */

struct segment_info {
    uint32_t id;
    uint32_t documents; /* dead ones included */
    uint32_t dead;
    uint32_t dictionary; /* of the stored products; 0: none */
    uint64_t postings;
    uint64_t terms;
    uint64_t length_sum; /* over documents, in the unit of merge_options.length_of_code */
    uint64_t component_size[COMPONENT_COUNT];
};

/* A part: what it is of, and how large. */
struct part_info {
    uint32_t id;
    uint8_t kind;     /* enum part_kind_number */
    uint64_t entries; /* that it has, as its kind counts them: what merging goes by */
    uint64_t component_size[PART_COMPONENTS];
};

struct manifest {
    uint64_t generation; /* 0: nothing committed yet */
    uint32_t next_segment;
    uint32_t next_dictionary;
    uint32_t dictionary;
    uint32_t segment_count;
    struct segment_info *segments; /* owned */
    uint32_t part_count;
    struct part_info *parts; /* owned */
};

void manifest_release(struct manifest *manifest);

/* Reads the current manifest of the transaction; an empty shard gives generation 0 and no segments. */
must_check int manifest_load(struct storage_txn *txn, struct manifest *out, aisle_error *error);

/* Only the generation of the transaction's manifest; 0 when there is none yet. */
must_check int manifest_generation(struct storage_txn *txn, uint64_t *generation);

/* Writes manifest as the current one. */
must_check int manifest_store(struct storage_txn *txn, const struct manifest *manifest, aisle_error *error);

/* A deep copy. */
must_check int manifest_copy(const struct manifest *from, struct manifest *out);

/* From bytes, trusting nothing. AISLE_CORRUPT, AISLE_NEWER_FORMAT, AISLE_NO_MEMORY. */
must_check int manifest_decode(struct bytes bytes, struct manifest *out);
must_check int manifest_encode(const struct manifest *manifest, struct buf *out);

/* Appends a copy of info. */
must_check int manifest_add(struct manifest *manifest, const struct segment_info *info);
must_check int manifest_add_part(struct manifest *manifest, const struct part_info *info);

/* ------------------------------------------------------------------------------------------------ pages -- */

/* Keys of the tables pages and extents (segment_format.h). */
void segment_page_key(uint8_t key[PAGE_KEY_BYTES], uint32_t segment, uint8_t kind, uint32_t page);
void segment_extent_key(uint8_t key[EXTENT_KEY_BYTES], uint32_t segment, uint8_t component, uint32_t index);

/* Stores content with its checksum. */
must_check int segment_page_put(struct storage_txn *txn, uint32_t segment, uint8_t kind, uint32_t page,
                                struct bytes content);

/* The content of a stored page, a view of the transaction; empty when there is none. */
must_check int segment_page_get(struct storage_txn *txn, uint32_t segment, uint8_t kind, uint32_t page,
                                struct bytes *content);

/* The content behind a stored page's checksum. AISLE_CORRUPT when it does not match. */
must_check int segment_page_open(struct bytes stored, struct bytes *content);

/* -------------------------------------------------------------------------------------------- recent pages -- */

/* What has become of a column's value; either may be COLUMN_MISSING. */
struct segment_change {
    int64_t before;
    int64_t after;
    uint16_t document; /* in its page */
};

struct segment_page_id {
    uint32_t segment;
    uint32_t page;
    uint32_t documents; /* into recent_pages.documents */
    uint16_t document_count; /* 0: not known which of the page's have changed */
    uint8_t kind;
};

/*
 * Pages that generations have changed, and which values of column pages (recent.c). ON DISK in TABLE_META:
 * "changed" = u32 checksum of the rest, mixed with the form (recent.c), and records of the last generations, ascending:
 * u64 generation, u32 size (UINT32_MAX: not known), then so many bytes: runs of pages, ascending, none twice:
 *
 *   u32 segment, u8 kind, varint count of pages (above 0), then for each
 *       varint page less the one before in the run (the first: its number)
 *       of columns: varint count of documents, then for each
 *           varint document in the page less the one before (the first: itself)
 *           varint zigzag of the value before, varint zigzag of what was added to it (modulo 2^64)
 */
struct recent_pages {
    struct segment_page_id *pages; /* owned */
    size_t count;
    size_t capacity;
    struct segment_change *documents; /* owned; of each page ascending */
    size_t document_count;
    size_t document_capacity;
    bool unknown; /* they were too many */
};

void recent_pages_release(struct recent_pages *recent);
void recent_pages_add(struct recent_pages *recent, uint32_t segment, uint8_t kind, uint32_t page);

/* That this is what has changed in the page that was added last; documents ascend. */
void recent_pages_add_document(struct recent_pages *recent, const struct segment_change *change);

/*
 * In the transaction that makes the generation; NULL: it changes no page of a segment that was listed before. Sorts
 * them.
 */
must_check int recent_pages_store(struct storage_txn *txn, uint64_t generation, struct recent_pages *recent);

/*
 * All pages that the generations behind `after` up to `generation` have changed, sorted, once each. AISLE_END when that
 * is not known, as of a damaged record. The caller's to release.
 */
must_check int recent_pages_load(struct storage_txn *txn, uint64_t after, uint64_t generation,
                                 struct recent_pages *out);

/* The same from the records behind the checksum, trusting nothing. */
must_check int recent_pages_decode(struct bytes records, uint64_t after, uint64_t generation,
                                   struct recent_pages *out);

/* Some of them. Borrowed. */
struct segment_changes {
    const struct segment_page_id *pages;
    size_t count;
    const struct segment_change *documents; /* that pages point into */
};

/* ------------------------------------------------------------------------------------------------- sink -- */

/* Who may write to the storage now, when several threads do; both are called by the sink's own thread. */
struct sink_gate {
    int (*enter)(void *context); /* before a transaction; not 0: give up, with this status */
    void (*leave)(void *context, uint64_t bytes); /* after it, whatever came of it: this many bytes were in it */
    void *context;
};

/* An extent that waits to be written. */
struct sink_extent {
    uint8_t *data; /* owned */
    size_t size;
    uint32_t index;
    uint8_t component;
};

/*
 * Writes the extents of one unlisted segment in bounded, short transactions: extents wait in the heap until there are
 * waiting_max bytes of them. Between two of its transactions others may run.
 */
struct segment_sink {
    struct storage *storage;      /* borrowed */
    const struct sink_gate *gate; /* borrowed; NULL: nobody else writes */
    struct sink_extent *waiting;  /* owned */
    size_t waiting_count;
    size_t waiting_capacity;
    uint64_t waiting_bytes;
    uint64_t waiting_max; /* commits when so many wait; at most LIMIT_TRANSACTION_BYTES */
    uint64_t commit_ns;   /* time spent in transactions */
    uint32_t segment;
    aisle_error error; /* of the first failure */
};

void segment_sink_init(struct segment_sink *sink, struct storage *storage, uint32_t segment);

/* Stores one extent; commits when enough wait. The first error sticks in sink->error. */
must_check int segment_sink_put(struct segment_sink *sink, uint8_t component, uint32_t index, struct bytes extent);

/* Puts what waits into a transaction of the caller's, who tries again with another if this one comes to nothing. */
must_check int segment_sink_put_into(struct segment_sink *sink, struct storage_txn *txn);

/* Commits what waits. */
must_check int segment_sink_finish(struct segment_sink *sink, aisle_error *error);

/* Forgets what waits; what was committed stays as refuse. Harmless after finish. */
void segment_sink_release(struct segment_sink *sink);

/* ----------------------------------------------------------------------------------------------- writer -- */

/* What the columns of a segment are; field numbers are the schema's. */
struct segment_columns {
    uint8_t count;
    uint8_t field[LIMIT_FIELDS];
    uint8_t kind[LIMIT_FIELDS]; /* enum column_kind */
    bool values[LIMIT_FIELDS];  /* the column holds codes of a dictionary, COMPONENT_VALUES + field; kind is INTEGER */
    bool variants[LIMIT_FIELDS]; /* whose values are variants (schema/variant.h) */
};

/* How many components they take. */
static inline uint32_t segment_columns_components(const struct segment_columns *columns)
{
    uint32_t count = columns->count;
    for (uint8_t i = 0; i < columns->count; i++) {
        count += columns->values[i] ? 1 : 0;
    }
    return count;
}

struct prefix_writer;

/* All component writers of one segment, for build and merge. */
struct segment_writer {
    struct segment_sink sink;
    struct segment_stream {
        struct segment_sink *sink;
        uint8_t component;
        struct extent_writer extents;
    } streams[COMPONENT_COUNT];
    struct segment_columns columns;
    struct postings_writer postings;
    struct positions_writer positions;
    struct terms_writer terms;
    struct prefix_writer *prefixes; /* owned */
    struct ids_writer ids;
    struct documents_writer documents;
    struct column_writer order;
    struct column_writer column[LIMIT_FIELDS]; /* by position in columns */
    struct values_writer values[LIMIT_FIELDS]; /* likewise; only where columns.values */
    struct segment_info info;
};

/* On the heap: it is large. */
must_check int segment_writer_new(struct storage *storage, uint32_t id, const struct segment_columns *columns,
                                  struct segment_writer **out);

/* Ends all streams; what waits in the sink stays there, for segment_sink_put_into. Errors as segment_writer_finish. */
must_check int segment_writer_end(struct segment_writer *writer, struct segment_info *info, aisle_error *error);

/* Finishes all components and commits their extents; info then describes the segment. */
must_check int segment_writer_finish(struct segment_writer *writer, struct segment_info *info, aisle_error *error);
void segment_writer_free(struct segment_writer *writer);

/* ---------------------------------------------------------------------------------------------- builder -- */

struct segment_builder;

/* What a document has besides its terms. Everything is copied. */
struct builder_document {
    struct bytes id;
    uint64_t id_hash;
    uint64_t order;
    uint32_t length; /* what it adds to segment_info.length_sum */
    uint8_t length_code;
    const uint8_t *classes; /* one for each slot that segment_builder_touch gave out for this document */
    struct bytes positions; /* an entry (postings/positions.h) for each of these slots, one behind the other */
    const int64_t *columns; /* one for each of segment_columns; codes of segment_builder_values where it has such */
    struct bytes stored;
};

must_check int segment_builder_new(const struct segment_columns *columns, struct segment_builder **out);
void segment_builder_free(struct segment_builder *builder);

/* Terms that one call of segment_builder_touch takes at most. */
#define SEGMENT_TOUCH_MAX 64u

struct segment_token {
    struct bytes term; /* of 1 to LIMIT_TERM_BYTES */
    uint64_t word;     /* not 0: the term is that of every token with this number since the builder was empty */
    bool is_word;      /* the term is also what people write: it belongs to segment_builder_words */
    uint32_t number;   /* not 0: of the term (segment_builder_number); all else is not looked at */
};

/*
 * States that the document under construction has the terms. slots[i] numbers the distinct terms of the document in
 * order of appearance, from 0: the same term gives the same slot again.
 */
must_check int segment_builder_touch(struct segment_builder *builder, const struct segment_token *tokens, size_t count,
                                     uint32_t *slots);

/* The number of the term of a slot of the document under construction, above 0; it holds as long as the serial does. */
uint32_t segment_builder_number(const struct segment_builder *builder, uint32_t slot);

/* Another one, above 0, in each builder, and each time it is emptied. */
uint64_t segment_builder_serial(const struct segment_builder *builder);

/*
 * Closes the document under construction; *number is its place in the builder. An earlier document with the same id
 * must have been dropped. AISLE_LIMIT: the builder is full and as it was; AISLE_INVALID: positions are not one entry
 * for each slot; AISLE_NO_MEMORY: it can only be freed.
 */
must_check int segment_builder_end(struct segment_builder *builder, const struct builder_document *document,
                                   uint32_t *number);

/* The values of a column, by its position in segment_columns, which has a dictionary. Borrowed, until reset or free. */
struct values_collector *segment_builder_values(struct segment_builder *builder, uint8_t column);

/*
 * Words of the documents that are not terms, the caller's to fill: they are emptied, and their memory counts, with the
 * rest.
 */
struct lexicon_set *segment_builder_word_set(struct segment_builder *builder);

/*
 * All words of the documents, dropped ones included: the set's, and terms that are words. Some may be there twice.
 * *words is the caller's to free, what it points to lives to the next change. AISLE_NO_MEMORY.
 */
must_check int segment_builder_words(const struct segment_builder *builder, struct bytes **words, size_t *count);

/* Forgets the document under construction. */
void segment_builder_abandon(struct segment_builder *builder);

/* Asks memory for what segment_builder_find will look at. */
void segment_builder_ask(const struct segment_builder *builder, uint64_t id_hash);

/* The live document with this id: 0 and *number, or AISLE_END. */
int segment_builder_find(const struct segment_builder *builder, struct bytes id, uint64_t id_hash, uint32_t *number);

/* Marks a document as not to be written. */
void segment_builder_drop(struct segment_builder *builder, uint32_t number);

/* The stored bytes of a document, and its id; valid to the next end. */
struct bytes segment_builder_stored(const struct segment_builder *builder, uint32_t number);
struct bytes segment_builder_id(const struct segment_builder *builder, uint32_t number, uint64_t *id_hash);

/* Between which ids those of its documents lie; valid to the next end or reset. */
const struct ids_range *segment_builder_ids(const struct segment_builder *builder);

bool segment_builder_dropped(const struct segment_builder *builder, uint32_t number);
uint32_t segment_builder_documents(const struct segment_builder *builder); /* added, dropped ones included */
uint32_t segment_builder_live(const struct segment_builder *builder);

/* Heap bytes held now plus those that writing it out will need. */
uint64_t segment_builder_memory(const struct segment_builder *builder);

/* Turns raw stored bytes into what goes on disk, called in document order. */
typedef int segment_store(void *context, struct bytes stored, struct buf *out);

/* Writes all live documents as one segment in document order. store may be NULL: bytes are written as they are. */
must_check int segment_builder_write(struct segment_builder *builder, struct segment_writer *writer,
                                     segment_store *store, void *context);

/* Empties the builder and gives its memory back, so that an empty one takes nothing from the budget. */
void segment_builder_reset(struct segment_builder *builder);

/*
 * Whether resets keep what documents were stored in and what writing took, most of the memory, for about as much again:
 * the system need not clear it anew. It counts when it is used. Not so at first.
 */
void segment_builder_keep(struct segment_builder *builder, bool keep);

/* ----------------------------------------------------------------------------------------------- reader -- */

/* The stored extents of one component, as an opened segment or part keeps them. */
struct component_extents {
    const uint8_t **extents;    /* owned */
    _Atomic uint64_t *verified; /* owned */
    struct extent_view view;    /* of both; of no bytes: both are NULL */
};

/*
 * Resolves the extents of count components of these sizes under id; out has room for count, zeroed, and is the caller's
 * to release on failure, too. AISLE_CORRUPT when an extent is missing, strange or of the wrong size; AISLE_NO_MEMORY.
 */
must_check int component_extents_resolve(struct storage_txn *txn, uint32_t id, const uint64_t *sizes, unsigned count,
                                         struct component_extents *out);
void component_extents_release(struct component_extents *extents);

/*
 * What the block of a segment or state begins with: how the next state, of which these pages have changed, comes by a
 * block of its own (NULL: not at all; *bytes: what it takes), and how the block is freed.
 */
struct segment_kept_head {
    void *(*carry)(const void *block, const struct segment_changes *changes, size_t *bytes);
    void (*free)(void *block);
};

/* One block that queries keep for the next ones: the only thing of a segment or its state that readers change. */
struct segment_kept {
    _Atomic(void *) block; /* owned; NULL: nothing yet */
    atomic_size_t bytes;
};

/*
 * Makes block, of mem_alloc, what is kept, unless there is something. Returns what is kept now; if that is not block,
 * block is still the caller's. Any thread; kept lies in a segment or state of the heap.
 */
void *segment_keep(const struct segment_kept *kept, void *block, size_t bytes);

/* Where a keyword field's values stand (query/filter_runs.h), and how many of its pages filters have compared. */
struct segment_runs {
    struct segment_kept kept;
    atomic_uint_fast64_t compared;
};

/*
 * Blocks of the values of fields, one each, one of words, and one of the pages of each field; as kept, in whose bytes
 * they are counted.
 */
#define SEGMENT_MARKS_OF_WORDS LIMIT_FIELDS
#define SEGMENT_MARKS_OF_PAGES (LIMIT_FIELDS + 1u)
#define SEGMENT_MARKS (2 * LIMIT_FIELDS + 1u)
struct segment_marks {
    _Atomic(void *) blocks[SEGMENT_MARKS];
};

/* An immutable segment, opened once per process and shared by snapshots. */
struct segment {
    struct segment_info info; /* info.dead is that of the opening; snapshots keep their own */
    struct segment_columns columns;
    struct component_extents stored[COMPONENT_COUNT];
    struct extent_view views[COMPONENT_COUNT]; /* those of stored */
    struct postings_source postings;
    struct terms_reader terms;
    struct terms_reader prefixes; /* of 0 terms: the segment has no lists of beginnings */
    struct ids_reader ids;
    struct documents_reader documents;
    struct column_reader order;
    struct column_reader column[LIMIT_FIELDS]; /* by field number; only those of columns */
    struct values_reader values[LIMIT_FIELDS]; /* likewise; only where columns.values */
    struct segment_kept kept; /* of its pages; begins with a segment_kept_head */
    struct segment_runs runs[LIMIT_FIELDS]; /* by field number */
    atomic_bool keeps_no_more; /* there is no room for more that queries leave: nothing is begun any more */
    uint64_t serial; /* of all that this process has opened, no two have the same */
    struct segment_marks marks;
    atomic_int references;
};

/* As segment_keep, of marks: a field's number, or what stands above. */
void *segment_keep_marks(const struct segment *segment, uint8_t number, void *block, size_t bytes);

/* How a block begins that is made by segment_begin_marks. */
struct segment_marks_head {
    uint32_t pages;
};

/*
 * The block of marks of that number, begun now if there is none: its head, then zeros, bytes and page_bytes for each
 * page of documents in all. NULL: there is none, and no memory for one or no room in what may be kept. Any thread.
 */
void *segment_begin_marks(const struct segment *segment, uint8_t number, size_t bytes, size_t page_bytes);

/* Resolves every extent in txn and opens all components. One reference is the caller's. */
must_check int segment_open(struct storage_txn *txn, const struct segment_info *info,
                            const struct segment_columns *columns, struct segment **out, aisle_error *error);
void segment_retain(struct segment *segment);
void segment_release(struct segment *segment);

/*
 * Takes what was read of the segment out of this process's resident memory; it stays in the system's cache, and comes
 * back when it is touched, by whomever. For who has read all of it and will not soon again. Only for segments whose
 * extents are the storage's.
 */
void segment_forget(const struct segment *segment);

/*
 * Verifies all checksums and structures; each fault is reported, and counted in *faults. 0, or AISLE_NO_MEMORY when
 * the walk had to end early.
 */
int segment_check(const struct segment *segment, aisle_check_report *report, void *context, uint64_t *faults);

/* What a segment keeps of a term: the value in its dictionary, decoded. */
struct segment_list {
    struct postings_list postings;
    struct positions_list positions; /* may borrow from the value */
};

/* Decodes a term's value. Positions are read from views[COMPONENT_POSITIONS]. AISLE_CORRUPT. */
must_check int segment_list_decode(struct bytes value, struct segment_list *out);

/* The list of what begins with a prefix (segment_format.h). */
struct segment_prefix {
    struct postings_list postings;
    uint64_t df_sum; /* of its terms */
    bool is_whole;   /* of all terms; else without those of segment_prefix_words */
    uint32_t total;  /* documents that have any of the terms; 0: it is not kept */
};

/* AISLE_END when the segment has none of it: its terms are to be looked through. AISLE_CORRUPT. */
must_check int segment_prefix_find(const struct segment *segment, struct bytes prefix, struct segment_prefix *out);

/*
 * The frequent terms that begin with a prefix of two characters or more, if it has a list: seeks the first, AISLE_END
 * when nothing is behind; terms_cursor_next goes on. Whether the cursor still stands on one, *term, tells the other.
 */
must_check int segment_prefix_words(const struct segment *segment, struct bytes prefix, struct terms_cursor *cursor);
bool segment_prefix_word(const struct terms_cursor *cursor, struct bytes prefix, struct bytes *term);

/* Decodes the value of a prefix. AISLE_CORRUPT. */
must_check int segment_prefix_decode(struct bytes value, struct segment_prefix *out);

/*
 * Whether the damage that this thread met last (base/extents.h) lies in segment; then *component is where.
 */
bool segment_has_fault(const struct segment *segment, const struct extent_fault *fault, unsigned *component);

/* ------------------------------------------------------------------------------------------------ state -- */

/*
 * What has changed in a segment since it was written, as one generation sees it: dead documents, changed column
 * pages, and which stored products are older than their columns.
 */
struct segment_state {
    atomic_int references; /* of states that were made by segment_state_new and _update */
    uint32_t segment;      /* its id; 0: all pages have been read */
    uint64_t *dead; /* a content; NULL: none; a bit for each document */
    uint32_t dead_count;
    struct segment_overlay *overlays; /* owned, ordered by kind and page */
    size_t overlay_count;
    size_t owned_bytes; /* of overlays whose content is a content */
    _Atomic uint64_t *read; /* owned: by overlay, what has been read of it since (state.c); NULL: all is read */
    struct segment_kept kept; /* of the overlaid pages; begins with a segment_kept_head */
    const struct segment_state *origin; /* that this is a view of, borrowing all that it has; NULL: of none */
    struct storage_txn *txn;            /* borrowed by a view, for what has not been read */
};

struct segment_overlay {
    uint8_t kind; /* PAGE_COLUMN or PAGE_PATCHED + field */
    uint32_t page;
    bool owned;           /* content is a content; otherwise a view into the transaction */
    struct bytes content; /* empty: not read yet */
};

/* What states share: bytes with counted references. NULL: no memory. data may be NULL: zeros. */
must_check uint8_t *segment_content_new(const void *data, size_t size);
void segment_content_release(const void *content);

must_check int segment_state_load(struct storage_txn *txn, const struct segment_info *info, struct segment_state *out,
                                  aisle_error *error);
void segment_state_release(struct segment_state *state);

/*
 * The same on the heap, with a reference for the caller, for views of it: which pages have changed is known, what they
 * are now is read when it is first asked for, because a commit of many patches changes more pages than searches look at
 * before the next.
 */
must_check int segment_state_new(struct storage_txn *txn, const struct segment_info *info, struct segment_state **out,
                                 aisle_error *error);

/*
 * The state that old becomes when these pages of the segment have changed, in ascending order of kind and page; what
 * has not is shared with it. Without any page, and as many dead, it is old itself. AISLE_END: the pages do not explain
 * info.
 */
must_check int segment_state_update(struct storage_txn *txn, const struct segment_info *info,
                                    struct segment_state *old, const struct segment_changes *changes,
                                    struct segment_state **out);
void segment_state_drop(struct segment_state *state); /* a reference; NULL is allowed */

/*
 * The state as a transaction of its generation reads it: *out is valid as long as both are, and nothing to be released.
 * Other threads may use it when the transaction lets them read TABLE_PAGES (storage_read_share).
 */
void segment_state_view(const struct segment_state *state, struct storage_txn *txn, struct segment_state *out);

/* Of a view or a state, what queries keep with the state. */
static inline const struct segment_kept *segment_state_kept(const struct segment_state *state)
{
    return state->origin != NULL ? &state->origin->kept : &state->kept;
}

/*
 * The overlay page, or empty. Of a state of segment_state_new or _update through a view only. One that cannot be read
 * is a page of one byte, which is no page of anything.
 */
struct bytes segment_state_overlay(const struct segment_state *state, uint8_t kind, uint32_t page);

/* The same by its place in overlays, without keeping what was read: for who passes over all of them once. */
struct bytes segment_state_peek(const struct segment_state *state, size_t overlay);

/* Value of a column, changes included. */
must_check int segment_state_column(const struct segment *segment, const struct segment_state *state, uint8_t field,
                                    uint32_t document, int64_t *value);

/* Whether the document's column of this field was patched after its product was stored. */
bool segment_state_patched(const struct segment_state *state, uint8_t field, uint32_t document);

static inline bool segment_state_alive(const struct segment_state *state, uint32_t document)
{
    return state->dead == NULL || ((state->dead[document / 64] >> (document % 64)) & 1) == 0;
}

/* ------------------------------------------------------------------------------------------------ merge -- */

struct merge_source {
    const struct segment *segment;
    const struct segment_state *state;
};

struct merge_options {
    /* Appends to out a stored product of another dictionary as one of the result's; called only where they differ. */
    int (*restore)(void *context, uint32_t dictionary, struct bytes stored, struct buf *out);
    void *context;
    const uint16_t *length_of_code; /* what each of the 32 length codes adds to segment_info.length_sum */
    /*
     * NULL, or room for a pointer a source: where each of its documents went, SEGMENT_MERGE_DROPPED for dead ones. On
     * success the arrays are the caller's to free; otherwise nothing is stored.
     */
    uint32_t **maps;
    bool stored; /* the sources' extents are the storage's: read ahead, and forgotten as segment_forget does */
};

#define SEGMENT_MERGE_DROPPED UINT32_MAX

/*
 * Column overlays are folded into the new columns; what remains of them is which stored products are older than
 * their columns: bits to store with the new segment as pages PAGE_PATCHED + field.
 */
struct merge_patched {
    uint64_t *bits[LIMIT_FIELDS]; /* owned, a bit a document; NULL: none */
};

/*
 * Writes the live documents of all sources as one segment in document order. writer->info.dictionary must be set.
 * *patched is the caller's to release. AISLE_CORRUPT, AISLE_NO_MEMORY, AISLE_LIMIT, or the sink's error.
 */
must_check int segment_merge(const struct merge_source *sources, size_t count, struct segment_writer *writer,
                             const struct merge_options *options, struct merge_patched *patched);
void merge_patched_release(struct merge_patched *patched);

/* What a merge may take, and what the segments offered to the policy are part of. */
struct merge_limits {
    uint64_t total_documents;  /* live, of the whole shard */
    uint64_t documents_max;    /* of all sources, dead ones included: a merge takes memory for each */
    uint64_t bytes_max;        /* of all sources */
    bool whole_tiers;          /* no fewer than make one, whatever that leaves: more segments are about to come */
};

/* Payload bytes of a segment. */
uint64_t merge_policy_bytes(const struct segment_info *info);

/*
 * Tiered policy (after Lucene's TieredMergePolicy): chooses segments of about one size to merge, or one of which a
 * fifth is dead. Returns how many positions of infos were written to chosen (0: nothing to do); chosen has room for
 * LIMIT_SEGMENTS.
 */
size_t merge_policy_choose(const struct segment_info *infos, size_t count, const struct merge_limits *limits,
                           uint32_t *chosen);

#endif
