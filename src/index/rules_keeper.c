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

#define SYNONYMS "synonyms.txt"
#define STOP_WORDS "stopwords.txt"
#define LOOK_US UINT64_C(1000000)

static char *path_of(const char *directory, const char *name, const char *given)
{
    return given != NULL ? mem_copy_string(given, strlen(given)) : catalog_path(directory, name);
}

int rules_keeper_init(struct rules_keeper *keeper, const char *directory, const char *synonyms,
                      const char *stop_words)
{
    *keeper = (struct rules_keeper){.synonyms_path = path_of(directory, SYNONYMS, synonyms),
                                    .stop_words_path = path_of(directory, STOP_WORDS, stop_words)};
    keeper->is_ready = pthread_mutex_init(&keeper->lock, NULL) == 0;
    return keeper->is_ready && keeper->synonyms_path != NULL && keeper->stop_words_path != NULL ? 0 : AISLE_NO_MEMORY;
}

void rules_keeper_release(struct rules_keeper *keeper)
{
    rules_keeper_give(keeper->current);
    mem_free(keeper->synonyms_path);
    mem_free(keeper->stop_words_path);
    if (keeper->is_ready) {
        pthread_mutex_destroy(&keeper->lock);
    }
    *keeper = (struct rules_keeper){.is_ready = false};
}

void rules_keeper_give(struct kept_rules *rules)
{
    if (rules != NULL && atomic_fetch_sub_explicit(&rules->references, 1, memory_order_acq_rel) == 1) {
        rules_free(rules->rules);
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
    int status = got < 0 ? storage_error(errno, "synonyms or stop words cannot be read", path, error) : 0;
    if (descriptor >= 0) {
        close(descriptor);
    }
    if (status == 0 && buf_status(out) != 0) {
        status = error_set(error, buf_status(out), "synonyms and stop words have at most %u bytes (%s)",
                           LIMIT_SYNONYM_BYTES, path);
    }
    return status;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static int read_rules(const struct rules_keeper *keeper, const struct schema *schema, struct analyser *analyser,
                      struct kept_rules **out, aisle_error *error)
{
    struct buf synonyms;
    struct buf stop_words;
    bool no_synonyms = false;
    bool no_stop_words = false;
    struct kept_rules *kept = mem_calloc(1, sizeof *kept);
    *out = NULL;
    if (kept == NULL) {
        return error_no_memory(error, "reading synonyms and stop words");
    }
    buf_init(&synonyms, LIMIT_SYNONYM_BYTES);
    buf_init(&stop_words, LIMIT_SYNONYM_BYTES);
    int status = read_file(keeper->synonyms_path, &synonyms, &no_synonyms, error);
    if (status == 0) {
        status = read_file(keeper->stop_words_path, &stop_words, &no_stop_words, error);
    }
    if (status == 0) {
        struct rules_source source = {.synonyms = buf_bytes(&synonyms),
                                      .stop_words = buf_bytes(&stop_words),
                                      .has_stop_words = !no_stop_words,
                                      .synonyms_name = name_of(keeper->synonyms_path),
                                      .stop_words_name = name_of(keeper->stop_words_path),
                                      .schema = schema,
                                      .analyser = analyser};
        status = rules_read(&source, &kept->rules, error);
    }
    buf_release(&synonyms);
    buf_release(&stop_words);
    if (status != 0) {
        mem_free(kept);
        return status;
    }
    atomic_init(&kept->references, 1);
    *out = kept;
    return 0;
}

/* ---- use ---- */

/* Reads again what has changed. Identities are taken before: what is written meanwhile is seen the next time. */
static int refresh(struct rules_keeper *keeper, const struct schema *schema, struct analyser *analyser, bool always,
                   aisle_error *error)
{
    struct file_identity synonyms = identify(keeper->synonyms_path);
    struct file_identity stop_words = identify(keeper->stop_words_path);
    struct kept_rules *fresh;
    if (!always && keeper->current != NULL && is_same(&synonyms, &keeper->synonyms) &&
        is_same(&stop_words, &keeper->stop_words)) {
        return 0;
    }
    int status = read_rules(keeper, schema, analyser, &fresh, error);
    /* Files that are wrong stay so until they change; what else failed is tried again. */
    if (status == 0 || status == AISLE_INVALID || status == AISLE_LIMIT) {
        keeper->synonyms = synonyms;
        keeper->stop_words = stop_words;
    }
    if (status == 0) {
        rules_keeper_give(keeper->current);
        keeper->current = fresh;
    }
    return status;
}

int rules_keeper_take(struct rules_keeper *keeper, const struct schema *schema, struct analyser *analyser,
                      struct kept_rules **out, aisle_error *error)
{
    uint64_t now_us = clock_monotonic_us();
    int status = 0;
    *out = NULL;
    pthread_mutex_lock(&keeper->lock);
    if (keeper->current == NULL) {
        status = refresh(keeper, schema, analyser, true, error);
        keeper->looked_us = now_us;
    } else if (now_us - keeper->looked_us >= LOOK_US) {
        keeper->looked_us = now_us;
        /* What is wrong with a newer file is told by rules_keeper_reload; searches go on with what they had. */
        int ignored = refresh(keeper, schema, analyser, false, NULL);
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
    int status = refresh(keeper, schema, analyser, true, error);
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
    int status = failed ? storage_error(errno, "synonyms or stop words cannot be copied", path, error) : 0;
    if (descriptor >= 0) {
        close(descriptor);
    }
    return status;
}

static int copy_file(const char *from, const char *directory, const char *name, aisle_error *error)
{
    struct buf content;
    bool missing = false;
    buf_init(&content, LIMIT_SYNONYM_BYTES);
    int status = read_file(from, &content, &missing, error);
    char *path = status == 0 && !missing ? catalog_path(directory, name) : NULL;
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
    int status = copy_file(keeper->synonyms_path, directory, SYNONYMS, error);
    return status == 0 ? copy_file(keeper->stop_words_path, directory, STOP_WORDS, error) : status;
}
