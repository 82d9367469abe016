/*
 * rules_keeper.c - reading the files of rules, and handing rules out.
 */
#include "index/rules_keeper.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "index/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_US UINT64_C(1000000)

static const struct {
    const char *name; /* in the catalog's directory */
    uint32_t bytes_max;
} files[RULES_FILES] = {
    [RULES_SYNONYMS] = {"synonyms.txt", LIMIT_SYNONYM_BYTES},
    [RULES_STOP_WORDS] = {"stopwords.txt", LIMIT_SYNONYM_BYTES},
    [RULES_CURATION] = {"rules.json", LIMIT_RULES_BYTES},
};

int rules_keeper_init(struct rules_keeper *keeper, const char *directory, const char *const paths[RULES_FILES],
                      const struct segment_columns *columns)
{
    bool complete = true;
    *keeper = (struct rules_keeper){.columns = columns};
    keeper->is_ready = pthread_mutex_init(&keeper->lock, NULL) == 0;
    if (keeper->is_ready && pthread_cond_init(&keeper->was_read, NULL) != 0) {
        pthread_mutex_destroy(&keeper->lock);
        keeper->is_ready = false;
    }
    for (int i = 0; i < RULES_FILES; i++) {
        keeper->is_given[i] = paths[i] != NULL;
        keeper->paths[i] =
            paths[i] != NULL ? mem_copy_string(paths[i], strlen(paths[i])) : catalog_path(directory, files[i].name);
        complete = complete && keeper->paths[i] != NULL;
    }
    return keeper->is_ready && complete ? 0 : AISLE_NO_MEMORY;
}

void rules_keeper_release(struct rules_keeper *keeper, bool forked)
{
    rules_keeper_give(keeper->current);
    for (int i = 0; i < RULES_FILES; i++) {
        mem_free(keeper->paths[i]);
    }
    if (keeper->is_ready && !forked) { /* destroying waits for waiters, which a child does not have */
        pthread_cond_destroy(&keeper->was_read);
        pthread_mutex_destroy(&keeper->lock);
    }
    *keeper = (struct rules_keeper){.is_ready = false};
}

void rules_keeper_give(struct kept_rules *rules)
{
    if (rules != NULL && atomic_fetch_sub_explicit(&rules->references, 1, memory_order_acq_rel) == 1) {
        rules_free(rules->rules);
        curation_free(rules->curation);
        mem_free(rules);
    }
}

/* ---- files ---- */

static struct file_identity identify(const char *path)
{
    struct stat at;
    if (stat(path, &at) != 0) {
        return (struct file_identity){.inode = 0};
    }
    return (struct file_identity){.inode = (uint64_t)at.st_ino,
                                  .device = (uint64_t)at.st_dev,
                                  .size = (int64_t)at.st_size,
                                  .modified_ns = (int64_t)at.st_mtim.tv_sec * 1000000000 + at.st_mtim.tv_nsec,
                                  .changed_ns = (int64_t)at.st_ctim.tv_sec * 1000000000 + at.st_ctim.tv_nsec};
}

static bool is_same(const struct file_identity *a, const struct file_identity *b)
{
    return a->inode == b->inode && a->device == b->device && a->size == b->size &&
           a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns;
}

/* The file's bytes; *missing: there is none. */
static int read_file(const char *path, struct buf *out, bool *missing, aisle_error *error)
{
    uint8_t chunk[16384];
    ssize_t got = -1;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    *missing = descriptor < 0 && (errno == ENOENT || errno == ENOTDIR);
    if (*missing) {
        return 0;
    }
    while (descriptor >= 0 && buf_status(out) == 0) {
        got = read(descriptor, chunk, sizeof chunk);
        if (got > 0) {
            buf_put(out, chunk, (size_t)got);
        } else if (got == 0 || errno != EINTR) {
            break;
        }
    }
    int status = got < 0 ? storage_error(errno, "synonyms, stop words or rules cannot be read", path, error) : 0;
    if (descriptor >= 0) {
        close(descriptor);
    }
    if (status == 0 && buf_status(out) != 0) {
        status = error_set(error, buf_status(out), "the file has more than %zu bytes (%s)", out->max_bytes,
                           path);
    }
    return status;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static int parse_files(const struct rules_keeper *keeper, const struct buf texts[RULES_FILES],
                       const bool missing[RULES_FILES], const struct schema *schema, struct analyser *analyser,
                       struct kept_rules *kept, aisle_error *error)
{
    const struct rules_source words = {.synonyms = buf_bytes(&texts[RULES_SYNONYMS]),
                                       .stop_words = buf_bytes(&texts[RULES_STOP_WORDS]),
                                       .has_stop_words = !missing[RULES_STOP_WORDS],
                                       .synonyms_name = name_of(keeper->paths[RULES_SYNONYMS]),
                                       .stop_words_name = name_of(keeper->paths[RULES_STOP_WORDS]),
                                       .schema = schema,
                                       .analyser = analyser};
    const struct curation_source rules = {.text = buf_bytes(&texts[RULES_CURATION]),
                                          .name = name_of(keeper->paths[RULES_CURATION]),
                                          .schema = schema,
                                          .columns = keeper->columns,
                                          .analyser = analyser};
    int status = rules_read(&words, &kept->rules, error);
    return status == 0 && !missing[RULES_CURATION] ? curation_read(&rules, &kept->curation, error) : status;
}

/* strictly: files that were named must be there. */
static int read_rules(const struct rules_keeper *keeper, const struct schema *schema, struct analyser *analyser,
                      bool strictly, struct kept_rules **out, aisle_error *error)
{
    struct buf texts[RULES_FILES];
    bool missing[RULES_FILES] = {false};
    struct kept_rules *kept = mem_calloc(1, sizeof *kept);
    int status = 0;
    *out = NULL;
    if (kept == NULL) {
        return error_no_memory(error, "reading synonyms, stop words and rules");
    }
    atomic_init(&kept->references, 1);
    for (int i = 0; i < RULES_FILES; i++) {
        buf_init(&texts[i], files[i].bytes_max);
        status = status == 0 ? read_file(keeper->paths[i], &texts[i], &missing[i], error) : status;
        if (status == 0 && strictly && missing[i] && keeper->is_given[i]) {
            status = error_set(error, AISLE_NOT_FOUND, "there is no file %s", keeper->paths[i]);
        }
    }
    if (status == 0) {
        status = parse_files(keeper, texts, missing, schema, analyser, kept, error);
    }
    for (int i = 0; i < RULES_FILES; i++) {
        buf_release(&texts[i]);
    }
    if (status != 0) {
        rules_keeper_give(kept);
        return status;
    }
    *out = kept;
    return 0;
}

/* ---- use ---- */

/*
 * Reads again what has changed, or always; strictly: named files must be there. Called under the lock while nobody
 * reads, and returns so; the lock is given back while files are read and parsed, which may take long, so that searches
 * go on with what there was. Identities are taken before: what is written meanwhile is seen the next time.
 */
static int refresh(struct rules_keeper *keeper, const struct schema *schema, struct analyser *analyser, bool always,
                   bool strictly, aisle_error *error)
{
    struct file_identity found[RULES_FILES];
    struct file_identity known[RULES_FILES];
    struct kept_rules *fresh = NULL;
    struct kept_rules *older = NULL;
    bool same = !always;
    int status = 0;
    memcpy(known, keeper->known, sizeof known);
    keeper->is_reading = true;
    pthread_mutex_unlock(&keeper->lock);
    for (int i = 0; i < RULES_FILES; i++) {
        found[i] = identify(keeper->paths[i]);
        same = same && is_same(&found[i], &known[i]);
    }
    if (!same) {
        status = read_rules(keeper, schema, analyser, strictly, &fresh, error);
    }
    pthread_mutex_lock(&keeper->lock);
    /* Files that are wrong stay so until they change; what else failed is tried again. */
    if (!same && (status == 0 || status == AISLE_INVALID || status == AISLE_LIMIT)) {
        memcpy(keeper->known, found, sizeof found);
    }
    if (fresh != NULL) {
        older = keeper->current;
        keeper->current = fresh;
    }
    keeper->is_reading = false;
    pthread_cond_broadcast(&keeper->was_read);
    rules_keeper_give(older);
    return status;
}

/* Waits under the lock until nobody reads; for what is kept: no longer than until there is something. */
static void await_reader(struct rules_keeper *keeper, bool for_kept)
{
    while (keeper->is_reading && !(for_kept && keeper->current != NULL)) {
        pthread_cond_wait(&keeper->was_read, &keeper->lock);
    }
}

int rules_keeper_take(struct rules_keeper *keeper, const struct schema *schema, struct analyser *analyser,
                      struct kept_rules **out, aisle_error *error)
{
    uint64_t now_us = clock_monotonic_us();
    int status = 0;
    *out = NULL;
    pthread_mutex_lock(&keeper->lock);
    await_reader(keeper, true);
    if (keeper->current == NULL) {
        keeper->looked_us = now_us;
        status = refresh(keeper, schema, analyser, true, false, error);
    } else if (!keeper->is_reading && now_us > keeper->looked_us && now_us - keeper->looked_us >= LOOK_US) {
        keeper->looked_us = now_us;
        /* What is wrong with a newer file is told by rules_keeper_reload; searches go on with what they had. */
        int ignored = refresh(keeper, schema, analyser, false, false, NULL);
        (void)ignored;
    }
    if (status == 0) {
        atomic_fetch_add_explicit(&keeper->current->references, 1, memory_order_relaxed);
        *out = keeper->current;
    }
    pthread_mutex_unlock(&keeper->lock);
    return status;
}

int rules_keeper_reload(struct rules_keeper *keeper, const struct schema *schema, struct analyser *analyser,
                        aisle_error *error)
{
    pthread_mutex_lock(&keeper->lock);
    await_reader(keeper, false);
    int status = refresh(keeper, schema, analyser, true, true, error);
    pthread_mutex_unlock(&keeper->lock);
    return status;
}

/* ---- copies ---- */

static int write_file(const char *path, struct bytes content, aisle_error *error)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    size_t done = 0;
    bool failed = descriptor < 0;
    while (!failed && done < content.size) {
        ssize_t got = write(descriptor, content.data + done, content.size - done);
        failed = got < 0 && errno != EINTR;
        done += got > 0 ? (size_t)got : 0;
    }
    failed = failed || fdatasync(descriptor) != 0;
    int status = failed ? storage_error(errno, "synonyms, stop words or rules cannot be copied", path, error) : 0;
    if (descriptor >= 0) {
        close(descriptor);
    }
    return status;
}

static int copy_file(const struct rules_keeper *keeper, int file, const char *directory, aisle_error *error)
{
    struct buf content;
    bool missing = false;
    buf_init(&content, files[file].bytes_max);
    int status = read_file(keeper->paths[file], &content, &missing, error);
    char *path = status == 0 && !missing ? catalog_path(directory, files[file].name) : NULL;
    if (path != NULL) {
        status = write_file(path, buf_bytes(&content), error);
    } else if (status == 0 && !missing) {
        status = error_no_memory(error, "backing up");
    }
    mem_free(path);
    buf_release(&content);
    return status;
}

int rules_keeper_copy(const struct rules_keeper *keeper, const char *directory, aisle_error *error)
{
    int status = 0;
    for (int i = 0; i < RULES_FILES && status == 0; i++) {
        status = copy_file(keeper, i, directory, error);
    }
    return status;
}
