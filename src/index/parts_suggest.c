/*
 * parts_suggest.c - suggestions of new products into parts; of all products, when a shard is compacted.
 */
#include "index/parts_suggest.h"

#include "index/product_codec.h"
#include "index/shard_writer_private.h"

#include "base/clock.h"

/* A commit writes small parts anew with its own suggestions, up to so many: some milliseconds. */
#define TAKE_IN_SUGGESTIONS 2048u

/*
 * Of what one commit adds every product up to so many is looked into, then one in some: what is frequent is seen so,
 * too. In a shard of so many products that compaction would look into fewer, it is as few. In a large one, to which a
 * commit's few thousand products add little, so many are at once, and then one in a while: at 30,000 changes a second,
 * a fifth of them texts, 2,048 of each commit took 30 % of the processor's time, and 128 of each commit 15.
 */
#define COLLECT_ALL 2048u
#define COLLECT_ALL_LARGE 128u
#define COLLECT_AGAIN_NS UINT64_C(80000000)
#define COLLECT_LARGE 131072u /* products of a large shard */
#define COLLECT_EVERY 32u

static int open_suggest(void *reader, const struct extent_view *views)
{
    return suggest_open(reader, &views[0], &views[1]);
}

static int check_suggest(const void *reader, aisle_error *error)
{
    return suggest_check(reader, error);
}

/* ---- writing ---- */

/* Where suggestions come from: parts, or a set. */
struct source {
    const struct suggest_reader *readers[LIMIT_PARTS];
    size_t count;
    const struct suggest_set *set; /* NULL: the parts */
};

static int visit_source(const struct source *source, suggest_visit *visit, void *context)
{
    return source->set != NULL ? suggest_set_visit(source->set, visit, context)
                               : suggest_merge(source->readers, source->count, visit, context);
}

struct writing {
    struct suggest_writer writer;
    struct suggest_cut cut;
};

static int write_kept(void *context, const struct suggest_entry *entry)
{
    struct writing *writing = context;
    if (!suggest_cut_keeps(&writing->cut, entry)) {
        return 0;
    }
    int status = suggest_writer_add(&writing->writer, entry);
    return status == AISLE_INVALID ? AISLE_CORRUPT : status; /* a part was out of order */
}

/* Writes the heaviest of the source that memory_bytes have room for. */
static int write_source(const struct source *source, uint64_t products, size_t memory_bytes, struct part_writer *out,
                        aisle_error *error)
{
    struct writing writing;
    int status = suggest_writer_init(&writing.writer, part_stream(out, 0), part_stream(out, 1));
    int ready = suggest_cut_init(&writing.cut);
    status = status != 0 ? status : ready;
    status = status != 0 ? status : visit_source(source, suggest_cut_count, &writing.cut);
    if (status == 0) {
        suggest_cut_decide(&writing.cut, memory_bytes);
        status = visit_source(source, write_kept, &writing);
        out->info.entries = writing.writer.count;
    }
    if (status == 0 && out->info.entries != 0) {
        status = suggest_writer_finish(&writing.writer, products < UINT32_MAX ? (uint32_t)products : UINT32_MAX);
    }
    suggest_cut_release(&writing.cut);
    suggest_writer_release(&writing.writer);
    if (status != 0 && out->sink.error.code != 0 && error != NULL) {
        *error = out->sink.error;
        return status;
    }
    return status == 0 ? 0
                       : error_set(error, status, "suggestions cannot be written: %s (%s)", aisle_error_text(status),
                                   storage_path(out->sink.storage));
}

/* The parts' readers, and of how many products they are. */
static uint64_t list_readers(const struct part *const *parts, size_t count, struct source *source)
{
    uint64_t products = 0;
    source->count = count;
    source->set = NULL;
    for (size_t i = 0; i < count; i++) {
        source->readers[i] = part_reader(parts[i]);
        products += source->readers[i]->products;
    }
    return products;
}

static int merge_suggest(const struct part *const *parts, size_t count, size_t memory_bytes, struct part_writer *out,
                         aisle_error *error)
{
    struct source source;
    uint64_t products = list_readers(parts, count, &source);
    return write_source(&source, products, memory_bytes, out, error);
}

/* ---- new products ---- */

/* How many of count products of a large shard are looked into besides one in some. Under the lock. */
static uint64_t take_allowance(struct fresh_suggestions *fresh, uint64_t count)
{
    uint64_t now = clock_monotonic_ns();
    uint64_t more = (now - fresh->allowed_ns) / COLLECT_AGAIN_NS;
    bool is_full = more >= COLLECT_ALL_LARGE - fresh->allowed;
    fresh->allowed_ns = is_full ? now : fresh->allowed_ns + more * COLLECT_AGAIN_NS;
    fresh->allowed = is_full ? COLLECT_ALL_LARGE : fresh->allowed + more;
    uint64_t taken = count < fresh->allowed ? count : fresh->allowed;
    fresh->allowed -= taken;
    return taken;
}

/* What of the count products of a flush is looked into: the first `all`, then one in `every`. */
static void choose_products(struct shard_writer *writer, uint32_t count, uint64_t *all, uint64_t *every)
{
    uint64_t documents = 0;
    shard_writer_lock(writer);
    for (uint32_t i = 0; i < writer->segment_count; i++) {
        documents += writer->segments[i].info.documents;
    }
    if (documents >= COLLECT_LARGE) {
        *all = take_allowance(&writer->suggestions, count);
    } else {
        *all = writer->suggestions.products < COLLECT_ALL ? COLLECT_ALL - writer->suggestions.products : 0;
    }
    shard_writer_unlock(writer);
    *every = documents / LIMIT_SUGGEST_PRODUCTS > COLLECT_EVERY ? documents / LIMIT_SUGGEST_PRODUCTS : COLLECT_EVERY;
}

static int collect_some(struct shard_writer *writer, const struct segment_builder *builder,
                        struct suggest_collector *collector)
{
    uint32_t documents = segment_builder_documents(builder);
    uint64_t all;
    uint64_t every;
    int status = 0;
    choose_products(writer, documents, &all, &every);
    for (uint32_t i = 0, live = 0; i < documents && status == 0; i++) {
        if (segment_builder_dropped(builder, i)) {
            continue;
        }
        if (live < all || live % every == 0) {
            status = suggest_collect(collector, segment_builder_stored(builder, i), NULL, live < all ? 1 : every);
        }
        live++;
    }
    return status;
}

static int add_to_set(void *set, const struct suggest_entry *entry)
{
    return suggest_set_add(set, entry);
}

static void exchange(struct suggest_set *a, struct suggest_set *b)
{
    struct suggest_set c = *a;
    *a = *b;
    *b = c;
}

/* What waits becomes the collector's: to add to it takes half of what bringing two sets together does. */
static void borrow_waiting(struct shard_writer *writer, struct suggest_collector *collector)
{
    shard_writer_lock(writer);
    if (writer->suggestions.waiting.count != 0) {
        exchange(&writer->suggestions.waiting, &collector->set);
        collector->set.memory_bytes = writer->budget->overlay_bytes;
    }
    shard_writer_unlock(writer);
}

/* The collector's set waits, unless another does: then that one becomes *met, with none left to wait. */
static void leave_waiting(struct shard_writer *writer, struct suggest_collector *collector, struct suggest_set *met)
{
    struct fresh_suggestions *fresh = &writer->suggestions;
    shard_writer_lock(writer);
    exchange(&fresh->waiting, fresh->waiting.count == 0 ? &collector->set : met);
    fresh->products += collector->products;
    collector->products = 0;
    shard_writer_unlock(writer);
}

static int give_back(struct shard_writer *writer, struct suggest_collector *collector)
{
    struct suggest_set met;
    int status = 0;
    bool again = true;
    while (again && status == 0) {
        suggest_set_init(&met, writer->budget->overlay_bytes);
        leave_waiting(writer, collector, &met);
        again = met.count != 0;
        if (met.count > collector->set.count) {
            exchange(&met, &collector->set); /* the smaller one is added */
        }
        status = again ? suggest_set_visit_any(&met, add_to_set, &collector->set) : 0;
        suggest_set_release(&met);
    }
    return status;
}

int parts_suggest_take(struct shard_writer *writer, const struct segment_builder *builder)
{
    struct suggest_collector collector;
    if (writer->suggestions.schema == NULL) {
        return 0;
    }
    int status = suggest_collector_init(&collector, writer->suggestions.schema, writer->budget->overlay_bytes);
    if (status == 0) {
        borrow_waiting(writer, &collector);
        status = collect_some(writer, builder, &collector);
    }
    status = status == 0 ? give_back(writer, &collector) : status;
    suggest_collector_release(&collector);
    return status;
}

/* The writer's set with the parts that are taken in, if there are any, in out: source becomes what is to be written. */
static int gather_new(const struct shard_writer *writer, struct source *taken, struct suggest_set *out)
{
    suggest_set_init(out, writer->budget->overlay_bytes);
    taken->set = taken->count == 0 ? &writer->suggestions.waiting : out;
    if (taken->count == 0) {
        return 0;
    }
    int status = suggest_set_visit_any(&writer->suggestions.waiting, add_to_set, out);
    return status != 0 ? status : suggest_merge(taken->readers, taken->count, add_to_set, out);
}

/* Writes what waits, with the parts that are taken in. */
static int write_waiting(const struct shard_writer *writer, const struct part *const *taken, size_t count,
                         struct part_writer *out, aisle_error *error)
{
    struct source source;
    struct suggest_set set;
    uint64_t products = writer->suggestions.products + list_readers(taken, count, &source);
    int status = gather_new(writer, &source, &set);
    if (status != 0) {
        error_set(error, status, "suggestions cannot be read: %s (%s)", aisle_error_text(status),
                  storage_path(writer->shard->storage));
    } else {
        status = write_source(&source, products, writer->budget->overlay_bytes, out, error);
    }
    suggest_set_release(&set);
    return status;
}

static int fill_pending(void *context, const struct part *const *sources, size_t count, size_t memory_bytes,
                        struct part_writer *out, aisle_error *error)
{
    (void)memory_bytes;
    return write_waiting(context, sources, count, out, error);
}

static void forget_suggest(struct shard_writer *writer)
{
    suggest_set_release(&writer->suggestions.waiting);
    writer->suggestions.products = 0;
}

int parts_suggest_spill(struct shard_writer *writer, aisle_error *error)
{
    if (writer->suggestions.waiting.count <= TAKE_IN_SUGGESTIONS) {
        return 0;
    }
    int status = parts_write_pending(writer, &parts_suggest, SPILL_LAST, fill_pending, writer, error);
    if (status == 0) {
        forget_suggest(writer);
    }
    return status;
}

static int publish_suggest(struct shard_writer *writer, struct parts_change *change, aisle_error *error)
{
    const struct part *taken[LIMIT_PARTS];
    struct part_writer *out = NULL;
    uint32_t fresh = writer->suggestions.waiting.count;
    if (fresh == 0) {
        return 0;
    }
    int status = parts_change_add(writer, change, &parts_suggest, &out, error);
    if (status != 0) {
        return status;
    }
    size_t count = parts_to_take_in(writer, PART_SUGGESTIONS, fresh, TAKE_IN_SUGGESTIONS, taken);
    status = write_waiting(writer, taken, count, out, error);
    if (status == 0 && out->info.entries == 0) {
        parts_change_drop(writer, change);
        return 0;
    }
    for (size_t i = 0; i < count && status == 0; i++) {
        parts_change_remove(change, taken[i]);
    }
    return status;
}

const struct part_kind parts_suggest = {.number = PART_SUGGESTIONS,
                                        .components = 2,
                                        .name = "suggestions",
                                        .reader_bytes = sizeof(struct suggest_reader),
                                        .compacted_apart = true,
                                        .open = open_suggest,
                                        .check = check_suggest,
                                        .merge = merge_suggest,
                                        .publish = publish_suggest,
                                        .forget = forget_suggest};

/* ---- learned searches ---- */

static int publish_learned(struct shard_writer *writer, struct parts_change *change, aisle_error *error)
{
    const struct part *old[LIMIT_PARTS];
    struct part_writer *out = NULL;
    struct source source = {.set = &writer->suggestions.learned};
    if (!writer->suggestions.has_learned) {
        return 0;
    }
    size_t count = parts_of(writer, PART_LEARNED, old);
    for (size_t i = 0; i < count; i++) {
        parts_change_remove(change, old[i]);
    }
    int status = parts_change_add(writer, change, &parts_learned, &out, error);
    status = status != 0 ? status : write_source(&source, 0, writer->budget->parts_bytes, out, error);
    if (status == 0 && out->info.entries == 0) {
        parts_change_drop(writer, change);
    }
    return status;
}

static void forget_learned(struct shard_writer *writer)
{
    suggest_set_release(&writer->suggestions.learned);
    writer->suggestions.has_learned = false;
}

const struct part_kind parts_learned = {.number = PART_LEARNED,
                                        .components = 2,
                                        .name = "learned searches",
                                        .reader_bytes = sizeof(struct suggest_reader),
                                        .compacted_apart = true,
                                        .open = open_suggest,
                                        .check = check_suggest,
                                        .merge = merge_suggest,
                                        .publish = publish_learned,
                                        .forget = forget_learned};

/* ---- searching ---- */

int parts_suggest_gather(const struct shard_snapshot *snapshots, uint32_t count, struct arena *arena,
                         const struct suggest_reader ***parts, size_t *part_count)
{
    size_t total = 0;
    *part_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        total += snapshots[i].view->manifest.part_count;
    }
    *parts = arena_alloc(arena, (total + 1) * sizeof **parts);
    if (*parts == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct shard_view *view = snapshots[i].view;
        for (uint32_t p = 0; p < view->manifest.part_count; p++) {
            uint8_t kind = view->manifest.parts[p].kind;
            if (kind == PART_SUGGESTIONS || kind == PART_LEARNED) {
                (*parts)[(*part_count)++] = part_reader(view->parts[p]);
            }
        }
    }
    return 0;
}

/* ---- compaction ---- */

struct counting {
    const struct shard_writer *writer;
    struct shard_snapshot snapshot;
    uint64_t products; /* live */
};

/* One product of a segment, with the popularity that it has now. */
static int count_product(struct counting *counting, struct suggest_collector *collector, struct product_codec *codec,
                         uint32_t segment, uint32_t document, uint64_t times)
{
    const struct shard_view *view = counting->snapshot.view;
    uint8_t field = suggest_popularity_field(collector->schema);
    int64_t popularity = COLUMN_MISSING;
    struct buf product;
    buf_init(&product, LIMIT_PRODUCT_BYTES * 2);
    int status = product_codec_read(codec, &counting->snapshot, view->segments[segment], document, &product);
    if (status == 0 && field != SCHEMA_NO_FIELD) {
        struct segment_state state;
        shard_state(&counting->snapshot, segment, &state);
        status = segment_state_column(view->segments[segment], &state, field, document, &popularity);
    }
    if (status == 0) {
        status = suggest_collect(collector, buf_bytes(&product), &popularity, times);
    }
    buf_release(&product);
    return status;
}

/* All live products, or every n-th of them: in the order of products, so that each kind of them has its share. */
static int count_products(struct counting *counting, struct suggest_collector *collector, struct product_codec *codec)
{
    const struct shard_view *view = counting->snapshot.view;
    uint64_t every = (counting->products + LIMIT_SUGGEST_PRODUCTS - 1) / LIMIT_SUGGEST_PRODUCTS;
    uint64_t live = 0;
    int status = 0;
    every = every == 0 ? 1 : every; /* a manifest that counts none may be wrong */
    for (uint32_t s = 0; s < view->manifest.segment_count && status == 0; s++) {
        for (uint32_t d = 0; d < view->manifest.segments[s].documents && status == 0; d++) {
            if (segment_state_alive(view->states[s], d) && live++ % every == 0) {
                status = count_product(counting, collector, codec, s, d, every);
            }
        }
    }
    return status;
}

static int fill_compact(void *context, const struct part *const *sources, size_t count, size_t memory_bytes,
                        struct part_writer *out, aisle_error *error)
{
    struct counting *counting = context;
    struct suggest_collector collector;
    struct product_codec codec;
    (void)sources;
    (void)count;
    product_codec_init(&codec);
    int status = suggest_collector_init(&collector, counting->writer->suggestions.schema, memory_bytes);
    status = status != 0 ? status : count_products(counting, &collector, &codec);
    product_codec_release(&codec);
    if (status != 0) {
        error_set(error, status, "products cannot be read for suggestions: %s (%s)", aisle_error_text(status),
                  storage_path(counting->writer->shard->storage));
    } else {
        struct source source = {.set = &collector.set};
        status = write_source(&source, counting->products, memory_bytes, out, error);
    }
    suggest_collector_release(&collector);
    return status;
}

/* Whether the suggestions are those of the products that there are, and no others. */
static bool is_counted(const struct counting *counting)
{
    const struct shard_view *view = counting->snapshot.view;
    uint32_t parts = 0;
    bool same = true;
    for (uint32_t i = 0; i < view->manifest.part_count; i++) {
        if (view->manifest.parts[i].kind == PART_SUGGESTIONS) {
            const struct suggest_reader *reader = part_reader(view->parts[i]);
            parts++;
            same = same && reader->products == counting->products;
        }
    }
    for (uint32_t s = 0; s < view->manifest.segment_count; s++) {
        same = same && view->states[s]->overlay_count == 0 && view->states[s]->dead_count == 0;
    }
    return parts == 0 || (parts == 1 && same);
}

int parts_suggest_compact(struct shard_writer *writer, aisle_error *error)
{
    struct counting counting = {.writer = writer};
    int status = shard_begin(writer->shard, &counting.snapshot, error);
    if (status != 0) {
        return status;
    }
    const struct shard_view *view = counting.snapshot.view;
    for (uint32_t s = 0; s < view->manifest.segment_count; s++) {
        counting.products += view->manifest.segments[s].documents - view->manifest.segments[s].dead;
    }
    if (writer->suggestions.schema != NULL && !is_counted(&counting)) {
        status = parts_rebuild(writer, &parts_suggest, fill_compact, &counting, error);
    }
    shard_end(&counting.snapshot);
    return status;
}
