/*
 * publish.c - the commit: one write transaction with dead bits, changed columns, manifest and log position.
 *
 * All the bulk is on disk already under ids that no manifest lists, but for small segments and parts, whose extents
 * wait for this transaction: each transaction syncs twice, and most commits are small. What else it writes is
 * proportional to what was deleted and patched, and to the number of segments. When several shards must commit
 * together, joint.c takes the steps.
 */
#include "index/joint.h"
#include "index/shard_writer_private.h"

#include "base/alloc.h"
#include "base/bitset.h"
#include "base/clock.h"
#include "base/laps.h"

static void note_page(struct recent_pages *recent, uint32_t segment, uint8_t kind, uint32_t page)
{
    if (recent != NULL) {
        recent_pages_add(recent, segment, kind, page);
    }
}

int publish_dead_pages(struct storage_txn *txn, struct writer_segment *segment, struct recent_pages *recent)
{
    size_t words = bitset_words(segment->info.documents);
    uint32_t pages = segment->info.documents / PAGE_BITS_DOCUMENTS + 1;
    int status = 0;
    for (uint32_t page = 0; page < pages && segment->dead_dirty != NULL && status == 0; page++) {
        uint64_t bits[PAGE_BITS_WORDS] = {0};
        size_t first = (size_t)page * PAGE_BITS_WORDS;
        if (!bitset_get(segment->dead_dirty, page) || first >= words) {
            continue;
        }
        size_t count = words - first < PAGE_BITS_WORDS ? words - first : PAGE_BITS_WORDS;
        memcpy(bits, segment->dead + first, count * sizeof *bits);
        status = segment_page_put(txn, segment->info.id, PAGE_DEAD, page, bytes_of(bits, sizeof bits));
        note_page(recent, segment->info.id, PAGE_DEAD, page);
    }
    return status;
}

static const struct writer_segment *find_segment(const struct writer_segment *segments, uint32_t count, uint32_t id)
{
    for (uint32_t i = 0; i < count; i++) {
        if (segments[i].info.id == id) {
            return &segments[i];
        }
    }
    return NULL;
}

/* Of a column page as it was before. */
static int note_documents(struct recent_pages *recent, struct bytes page, const struct column_patch *patches,
                          size_t count)
{
    int status = 0;
    note_page(recent, patches[0].segment, (uint8_t)(PAGE_COLUMN + patches[0].field),
              patches[0].document / COLUMN_PAGE_DOCUMENTS);
    for (size_t i = 0; i < count && recent != NULL && status == 0; i++) {
        struct segment_change change = {.document = (uint16_t)(patches[i].document % COLUMN_PAGE_DOCUMENTS),
                                        .after = patches[i].value};
        status = column_page_get(page, change.document, &change.before);
        if (status == 0) {
            recent_pages_add_document(recent, &change);
        }
    }
    return status == AISLE_END ? AISLE_INVALID : status;
}

static int patch_column_page(struct storage_txn *txn, const struct writer_segment *segment,
                             const struct column_patch *patches, size_t count, struct recent_pages *recent,
                             struct buf *scratch)
{
    struct column_change changes[COLUMN_PAGE_DOCUMENTS];
    struct bytes page;
    uint8_t field = patches[0].field;
    uint32_t number = patches[0].document / COLUMN_PAGE_DOCUMENTS;
    for (size_t i = 0; i < count; i++) {
        changes[i] = (struct column_change){patches[i].document % COLUMN_PAGE_DOCUMENTS, patches[i].value};
    }
    int status = segment_page_get(txn, segment->info.id, (uint8_t)(PAGE_COLUMN + field), number, &page);
    if (status == 0 && page.size == 0) {
        status = column_page(&segment->segment->column[field], number, &page);
    }
    status = status == 0 ? note_documents(recent, page, patches, count) : status;
    if (status == 0) {
        buf_clear(scratch);
        status = column_page_patch(page, changes, count, scratch);
    }
    if (status == 0) {
        status = segment_page_put(txn, segment->info.id, (uint8_t)(PAGE_COLUMN + field), number, buf_bytes(scratch));
    }
    return status;
}

static int patch_marks(struct storage_txn *txn, const struct writer_segment *segment,
                       const struct column_patch *patches, size_t count)
{
    uint64_t bits[PAGE_BITS_WORDS] = {0};
    struct bytes known;
    uint8_t kind = (uint8_t)(PAGE_PATCHED + patches[0].field);
    uint32_t number = patches[0].document / PAGE_BITS_DOCUMENTS;
    int status = segment_page_get(txn, segment->info.id, kind, number, &known);
    if (status == 0 && known.size == sizeof bits) {
        memcpy(bits, known.data, sizeof bits);
    }
    for (size_t i = 0; i < count; i++) {
        bitset_set(bits, patches[i].document % PAGE_BITS_DOCUMENTS);
    }
    return status != 0 ? status : segment_page_put(txn, segment->info.id, kind, number, bytes_of(bits, sizeof bits));
}

/* How many patches from the first on lie in its page of page_documents documents. */
static size_t same_page(const struct column_patch *patches, size_t left, uint32_t page_documents)
{
    size_t count = 1;
    while (count < left && patches[count].segment == patches[0].segment && patches[count].field == patches[0].field &&
           patches[count].document / page_documents == patches[0].document / page_documents) {
        count++;
    }
    return count;
}

int publish_changes(struct storage_txn *txn, struct changes *changes, const struct writer_segment *segments,
                    uint32_t segment_count, struct recent_pages *recent)
{
    const struct column_patch *patches = changes_sort(changes);
    size_t total = changes->count;
    struct buf scratch;
    int status = 0;
    buf_init(&scratch, COLUMN_PAGE_BYTES_MAX);
    for (size_t i = 0; i < total && status == 0;) {
        size_t count = same_page(patches + i, total - i, COLUMN_PAGE_DOCUMENTS);
        const struct writer_segment *segment = find_segment(segments, segment_count, patches[i].segment);
        status = segment == NULL ? AISLE_CORRUPT
                                 : patch_column_page(txn, segment, patches + i, count, recent, &scratch);
        i += count;
    }
    for (size_t i = 0; i < total && status == 0;) {
        size_t count = same_page(patches + i, total - i, PAGE_BITS_DOCUMENTS);
        status = patch_marks(txn, find_segment(segments, segment_count, patches[i].segment), patches + i, count);
        note_page(recent, patches[i].segment, (uint8_t)(PAGE_PATCHED + patches[i].field),
                  patches[i].document / PAGE_BITS_DOCUMENTS);
        i += count;
    }
    buf_release(&scratch);
    return status;
}

static int fill_manifest(const struct shard_writer *writer, struct manifest *manifest)
{
    *manifest = (struct manifest){.generation = writer->manifest.generation + 1,
                                  .next_segment = writer->manifest.next_segment,
                                  .next_dictionary = writer->manifest.next_dictionary,
                                  .dictionary = writer->manifest.dictionary};
    int status = 0;
    for (uint32_t i = 0; i < writer->segment_count && status == 0; i++) {
        if (writer->segments[i].info.dead < writer->segments[i].info.documents) {
            status = manifest_add(manifest, &writer->segments[i].info);
        }
    }
    return status == 0 && writer->late != NULL ? manifest_add(manifest, &writer->late->info) : status;
}

static int put_marks(struct storage_txn *txn, struct shard_writer *writer, uint64_t generation)
{
    int status = 0;
    for (uint32_t i = 0; i < writer->mark_count && status == 0; i++) {
        struct writer_mark *mark = &writer->marks[i];
        if (mark->changed) {
            mark->position.recency = generation * 2 + (i == writer->mark_current ? 1 : 0);
            status = position_store(txn, &mark->position);
        }
    }
    return status;
}

static int put_all(struct storage_txn *txn, struct shard_writer *writer, struct parts_change *parts, uint64_t joint,
                   aisle_error *error)
{
    struct manifest manifest = {.segments = NULL};
    struct recent_pages recent = {.pages = NULL};
    int status = fill_manifest(writer, &manifest);
    for (uint32_t i = 0; i < writer->segment_count && status == 0; i++) {
        if (writer->segments[i].info.dead < writer->segments[i].info.documents) {
            status = publish_dead_pages(txn, &writer->segments[i], &recent);
        }
    }
    if (status == 0) {
        status = publish_changes(txn, &writer->changes, writer->segments, writer->segment_count, &recent);
    }
    if (status == 0) {
        status = recent_pages_store(txn, manifest.generation, &recent);
    }
    recent_pages_release(&recent);
    if (status == 0) {
        status = parts_change_put(writer, parts, txn, &manifest);
    }
    if (status == 0 && writer->late != NULL) {
        status = segment_sink_put_into(&writer->late->sink, txn);
    }
    if (status == 0) {
        status = put_marks(txn, writer, manifest.generation);
    }
    if (status == 0 && joint != 0) {
        status = joint_put_number(txn, joint);
    }
    if (status != 0) {
        error_set(error, status, "the commit cannot be written: %s (%s)", aisle_error_text(status),
                  storage_path(writer->shard->storage));
    } else {
        status = manifest_store(txn, &manifest, error);
    }
    manifest_release(&manifest);
    return status;
}

bool publish_has_news(const struct shard_writer *writer)
{
    for (uint32_t i = 0; i < writer->segment_count; i++) {
        if (writer->segments[i].pending) {
            return true;
        }
    }
    for (uint32_t i = 0; i < writer->mark_count; i++) {
        if (writer->marks[i].changed) {
            return true;
        }
    }
    return writer->late != NULL || writer->any_deaths || writer->changes.count != 0 || writer->suggestions.has_learned;
}

void publish_take(struct shard_writer *writer)
{
    changes_release(&writer->changes);
    shard_writer_forget_late(writer);
    writer->any_deaths = false;
    for (uint32_t i = 0; i < writer->mark_count; i++) {
        struct writer_mark *mark = &writer->marks[i];
        mark->skip_until = mark->changed ? mark->position.offset : mark->skip_until;
        mark->changed = false;
    }
    /*
     * The commit stands, so what fails from here on is not its failure: without the new state the writer is lost until
     * it is loaded.
     */
    (void)!shard_writer_reload(writer, NULL);
}

/* With the turn to write. */
static int write_transaction(struct shard_writer *writer, struct parts_change *parts, uint64_t joint, bool aside,
                             struct laps *laps, aisle_error *error)
{
    struct storage_txn *txn = NULL;
    int status = storage_write_begin(writer->shard->storage, &txn, error);
    if (status != 0) {
        return status;
    }
    if (aside) {
        storage_aside_begin(txn);
    }
    status = put_all(txn, writer, parts, joint, error);
    if (status == 0 && !aside) {
        status = parts_change_delete(parts, txn);
        error_set(status == 0 ? NULL : error, status, "replaced parts cannot be deleted: %s (%s)",
                  aisle_error_text(status), storage_path(writer->shard->storage));
    }
    laps_end(laps, AISLE_PHASE_CHANGES);
    if (status != 0) {
        storage_abort(txn);
        return status;
    }
    status = storage_commit(txn, error);
    laps_end(laps, AISLE_PHASE_SYNC);
    return status;
}

int publish_write(struct shard_writer *writer, struct parts_change *parts, uint64_t joint, bool aside,
                  aisle_error *error)
{
    struct laps laps = laps_begin(writer->phase_ns);
    uint64_t start = laps.from;
    turns_take(&writer->turns);
    laps_end(&laps, AISLE_PHASE_TURN);
    int status = write_transaction(writer, parts, joint, aside, &laps, error);
    turns_give(&writer->turns);
    writer->commit_ns += laps.from - start;
    return status;
}

/* Under the lock. */
static int write_commit(struct shard_writer *writer, aisle_error *error)
{
    struct parts_change parts;
    struct laps laps = laps_begin(writer->phase_ns);
    int status = parts_change_begin(writer, &parts, error);
    laps_end(&laps, AISLE_PHASE_PARTS);
    status = status == 0 ? publish_write(writer, &parts, 0, false, error) : status;
    parts_change_end(writer, &parts);
    return status;
}

int shard_writer_publish(struct shard_writer *writer, aisle_error *error)
{
    struct laps laps = laps_begin(writer->phase_ns);
    int status = shard_writer_flush_late(writer, error);
    laps_end(&laps, AISLE_PHASE_SEGMENTS);
    if (status != 0) {
        return status;
    }
    shard_writer_lock(writer);
    laps_end(&laps, AISLE_PHASE_LOCK);
    bool news = publish_has_news(writer);
    if (news) {
        status = write_commit(writer, error);
    }
    laps = laps_begin(writer->phase_ns); /* of what is in between its own laps have told */
    if (news && status == 0) {
        publish_take(writer);
    }
    laps_end(&laps, AISLE_PHASE_STATE);
    bool lost = writer->lost;
    shard_writer_unlock(writer);
    if (news && status == 0 && !lost) {
        (void)!shard_writer_clean(writer, COMMIT_CLEAN_BATCHES, NULL, NULL);
    }
    laps_end(&laps, AISLE_PHASE_CLEAN);
    return status;
}
