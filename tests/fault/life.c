/*
 * life.c - doing chapters, and comparing a catalog with the model.
 */
#include "tests/fault/life.h"
#include "tests/fault/folder.h"

#include "base/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SOURCE "life"
#define IDENTITY UINT64_C(7)
#define PRODUCT_BYTES 512u
#define SHARDS_MAX 8u

void life_init(struct life *life, const struct script *script, const char *folder, uint32_t shards)
{
    *life = (struct life){.script = script, .folder = folder, .shards = shards, .when = ""};
    snprintf(life->path, sizeof life->path, "%s/catalog", folder);
    snprintf(life->backup_path, sizeof life->backup_path, "%s/backup", folder);
}

void life_complain(struct life *life, const char *format, ...)
{
    va_list arguments;
    life->losses++;
    printf("LOSS (%s): ", life->when);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
}

static void drop_writer(struct life *life)
{
    aisle_writer_free(life->writer);
    life->writer = NULL;
}

void life_close(struct life *life)
{
    drop_writer(life);
    aisle_close(life->catalog);
    life->catalog = NULL;
}

static int open_catalog(struct life *life, aisle_error *error)
{
    aisle_options options = {.size = sizeof options, .threads = life->threads};
    return life->catalog != NULL ? 0 : aisle_open(life->path, &options, &life->catalog, error);
}

static aisle_bytes text_bytes(const char *text)
{
    return (aisle_bytes){text, strlen(text)};
}

/* ---- chapters ---- */

static int create(struct life *life, aisle_error *error)
{
    aisle_create_options options = {.size = sizeof options, .shards = life->shards};
    return aisle_create(life->path, NULL, &options, error);
}

static int begin_writing(struct life *life, aisle_error *error)
{
    uint64_t offset = 0;
    int status = open_catalog(life, error);
    if (status != 0 || life->writer != NULL) {
        return status;
    }
    status = aisle_begin(life->catalog, &life->writer, error);
    if (status == 0) {
        status = aisle_log_offset(life->catalog, SOURCE, IDENTITY, &offset, error);
    }
    life->next = (uint32_t)(offset / SCRIPT_RECORD_BYTES);
    return status;
}

static int operate(struct life *life, uint32_t number, aisle_error *error)
{
    char id[16];
    char text[PRODUCT_BYTES];
    const struct operation *operation = &life->script->operations[number];
    aisle_position position = {
        .source = SOURCE, .identity = IDENTITY, .offset = (uint64_t)(number + 1) * SCRIPT_RECORD_BYTES};
    int status = aisle_mark(life->writer, &position, error);
    if (status != 0) {
        return status;
    }
    script_id(operation->number, id, sizeof id);
    switch (operation->kind) {
    case OPERATION_PUT:
        script_product(operation->number, &operation->values, text, sizeof text);
        return aisle_put(life->writer, text_bytes(text), error);
    case OPERATION_COLUMNS:
    case OPERATION_TITLE:
        script_patch(operation, text, sizeof text);
        return aisle_patch(life->writer, text_bytes(id), text_bytes(text), error);
    case OPERATION_DELETE:
        return aisle_delete(life->writer, text_bytes(id), error);
    }
    return AISLE_INVALID;
}

static int write_chapter(struct life *life, const struct chapter *chapter, aisle_error *error)
{
    int status = begin_writing(life, error);
    while (status == 0 && life->next < chapter->end) {
        status = operate(life, life->next, error);
        life->next += status == 0;
    }
    if (status == 0) {
        status = chapter->kind == CHAPTER_COMPACT ? aisle_compact(life->writer, error)
                                                  : aisle_commit(life->writer, error);
    }
    return status;
}

static int look(struct life *life, uint32_t chapter, aisle_error *error)
{
    aisle_result *result = NULL;
    aisle_statistics statistics = {.size = sizeof statistics};
    aisle_query query = {.size = sizeof query, .text = "lamp OR sho* -hat maker1", .explain = true};
    int status = open_catalog(life, error);
    status = status != 0 ? status : life_verify(life, chapter, chapter, error);
    status = status != 0 ? status : aisle_search(life->catalog, &query, &result, error);
    status = status != 0 ? status : aisle_stats(life->catalog, &statistics, error);
    aisle_result_free(result);
    return status;
}

static void show_fault(void *context, const char *message)
{
    life_complain(context, "check found: %s", message);
}

static int check(struct life *life, aisle_error *error)
{
    uint64_t faults = 0;
    return aisle_check(life->path, show_fault, life, &faults, error);
}

int life_check(struct life *life, aisle_error *error)
{
    life_close(life);
    return check(life, error);
}

static int back_up(struct life *life, aisle_error *error)
{
    /* A copy that stands though it was answered with an error makes room for the next. */
    int status = life_verify_backup(life, false, error);
    if (status != 0) {
        return status;
    }
    folder_clear(life->backup_path, true);
    status = open_catalog(life, error);
    return status == 0 ? aisle_backup(life->catalog, life->backup_path, NULL, error) : status;
}

static int do_chapter(struct life *life, uint32_t number, aisle_error *error)
{
    const struct chapter *chapter = &life->script->chapters[number];
    switch (chapter->kind) {
    case CHAPTER_CREATE:
        return create(life, error);
    case CHAPTER_COMMIT:
    case CHAPTER_COMPACT:
        return write_chapter(life, chapter, error);
    case CHAPTER_REOPEN:
        life_close(life);
        return open_catalog(life, error);
    case CHAPTER_LOOK:
        return look(life, number, error);
    case CHAPTER_CHECK:
        return check(life, error);
    case CHAPTER_BACKUP:
        return back_up(life, error);
    case CHAPTER_SHRINK:
        life_close(life);
        return aisle_shrink(life->path, NULL, NULL, NULL, error);
    }
    return AISLE_INVALID;
}

int life_step(struct life *life, uint32_t chapter, aisle_error *error)
{
    *error = (aisle_error){.code = 0};
    int status = do_chapter(life, chapter, error);
    if (status != 0) {
        drop_writer(life);
        if (status > 0 || error->code != status || error->message[0] == '\0') {
            life_complain(life, "%s answers %s, its message %d \"%s\"", life->script->chapters[chapter].name,
                          aisle_error_name(status), error->code, error->message);
        }
    }
    return status;
}

/* ---- comparing ---- */

/* What each shard can be by what was seen of it. */
struct sight {
    uint32_t before, after;
    bool not_before[SHARDS_MAX], not_after[SHARDS_MAX];
};

static uint32_t shard_of(const struct life *life, const char *id)
{
    uint64_t hash = hash_bytes(id, strlen(id));
    return (uint32_t)(((hash >> 32) * life->shards) >> 32);
}

/* Whether text (NULL: there is none) is the product in this state. */
static bool is_in_state(const struct life *life, uint32_t state, uint32_t number, const aisle_bytes *text)
{
    char expected[PRODUCT_BYTES];
    const struct model_product *product = &life->script->states[state][number];
    if (text == NULL || !product->live) {
        return text == NULL && !product->live;
    }
    script_product(number, product, expected, sizeof expected);
    return text->size == strlen(expected) && memcmp(text->data, expected, text->size) == 0;
}

static int see_product(struct life *life, uint32_t number, struct sight *sight, aisle_result **result,
                       aisle_error *error)
{
    char id[16];
    aisle_hit hit = {.score = 0};
    script_id(number, id, sizeof id);
    int status = aisle_get(life->catalog, text_bytes(id), false, result, error);
    if (status != 0 && status != AISLE_NOT_FOUND) {
        return status;
    }
    const aisle_bytes *text = status == 0 && aisle_result_hit(*result, 0, &hit) == 0 ? &hit.product : NULL;
    bool before = is_in_state(life, sight->before, number, text);
    bool after = is_in_state(life, sight->after, number, text);
    uint32_t shard = shard_of(life, id);
    sight->not_before[shard] = sight->not_before[shard] || !before;
    sight->not_after[shard] = sight->not_after[shard] || !after;
    if (!before && !after) {
        life_complain(life, "product %s is neither old nor new after %u chapters: %.*s", id, sight->before,
                      text == NULL ? 4 : (int)text->size, text == NULL ? "none" : text->data);
    }
    return 0;
}

/* The number of a state that the product's shard is in. */
static uint32_t state_of(const struct life *life, const struct sight *sight, const char *id)
{
    return sight->not_after[shard_of(life, id)] ? sight->before : sight->after;
}

static bool has_word(const struct model_product *product, uint32_t word)
{
    return product->words[word % SCRIPT_TITLE_WORDS] == word;
}

/* The products with a word in their titles; all for SCRIPT_WORDS. */
static uint32_t expect(const struct life *life, const struct sight *sight, uint32_t word)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < life->script->products; i++) {
        char id[16];
        script_id(i, id, sizeof id);
        const struct model_product *product = &life->script->states[state_of(life, sight, id)][i];
        count += product->live && (word == SCRIPT_WORDS || has_word(product, word));
    }
    return count;
}

static void compare_hits(struct life *life, const struct sight *sight, uint32_t word, const aisle_result *result)
{
    aisle_hit hit;
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        char id[16];
        unsigned number = 0;
        snprintf(id, sizeof id, "%.*s", (int)hit.id.size, hit.id.data);
        bool known = sscanf(id, "P%u", &number) == 1 && number < life->script->products;
        uint32_t state = known ? state_of(life, sight, id) : 0;
        if (!known || !is_in_state(life, state, number, &hit.product) ||
            (word < SCRIPT_WORDS && !has_word(&life->script->states[state][number], word))) {
            life_complain(life, "a search for \"%s\" finds %.*s", word < SCRIPT_WORDS ? script_word(word) : "",
                          (int)hit.product.size, hit.product.data);
        }
    }
}

static int see_search(struct life *life, const struct sight *sight, uint32_t word, aisle_result **result,
                      aisle_error *error)
{
    const char *text = word < SCRIPT_WORDS ? script_word(word) : "";
    aisle_query query = {.size = sizeof query, .text = text, .limit = 20};
    int status = aisle_search(life->catalog, &query, result, error);
    if (status != 0) {
        return status;
    }
    uint32_t expected = expect(life, sight, word);
    size_t hits = expected < query.limit ? expected : query.limit;
    if (aisle_result_total(*result, NULL) != expected || aisle_result_count(*result) != hits) {
        life_complain(life, "a search for \"%s\" finds %llu, shows %zu; expected %u, %zu", text,
                      (unsigned long long)aisle_result_total(*result, NULL), aisle_result_count(*result), expected,
                      hits);
    }
    compare_hits(life, sight, word, *result);
    return 0;
}

static uint64_t position_after(const struct life *life, uint32_t chapters)
{
    return chapters == 0 ? 0 : (uint64_t)life->script->chapters[chapters - 1].end * SCRIPT_RECORD_BYTES;
}

/* The position is that of the shard furthest behind. */
static int see_position(struct life *life, const struct sight *sight, aisle_error *error)
{
    uint64_t offset = 0;
    bool any_old = false;
    bool all_new = true;
    int status = aisle_log_offset(life->catalog, SOURCE, IDENTITY, &offset, error);
    if (status != 0) {
        return status;
    }
    for (uint32_t i = 0; i < life->shards; i++) {
        any_old = any_old || sight->not_after[i];
        all_new = all_new && sight->not_before[i];
    }
    life->is_new = all_new;
    uint64_t before = position_after(life, sight->before);
    uint64_t after = position_after(life, sight->after);
    bool fits = any_old ? offset == before : all_new ? offset == after : offset == before || offset == after;
    if (!fits) {
        life_complain(life, "the log's position is %llu, before %llu, after %llu; a shard is old: %d",
                      (unsigned long long)offset, (unsigned long long)before, (unsigned long long)after, any_old);
    }
    return 0;
}

static int see_all(struct life *life, struct sight *sight, aisle_result **result, aisle_error *error)
{
    int status = 0;
    for (uint32_t i = 0; i < life->script->products && status == 0; i++) {
        status = see_product(life, i, sight, result, error);
    }
    for (uint32_t i = 0; i < life->shards && status == 0; i++) {
        if (sight->not_before[i] && sight->not_after[i]) {
            life_complain(life, "shard %u is half old, half new after %u chapters", i, sight->before);
        }
    }
    for (uint32_t word = 0; word <= SCRIPT_WORDS && status == 0; word++) {
        status = see_search(life, sight, word, result, error);
    }
    return status == 0 ? see_position(life, sight, error) : status;
}

int life_verify(struct life *life, uint32_t before, uint32_t after, aisle_error *error)
{
    struct sight sight = {.before = before, .after = after};
    aisle_result *result = NULL;
    *error = (aisle_error){.code = 0};
    if (before == 0 && access(life->path, F_OK) != 0) {
        return 0;
    }
    int status = open_catalog(life, error);
    if (status == 0) {
        status = see_all(life, &sight, &result, error);
    }
    aisle_result_free(result);
    return status;
}

static uint32_t backup_chapter(const struct script *script)
{
    uint32_t chapter = 0;
    while (script->chapters[chapter].kind != CHAPTER_BACKUP) {
        chapter++;
    }
    return chapter;
}

int life_verify_backup(struct life *life, bool must_exist, aisle_error *error)
{
    struct life copy = *life;
    uint32_t chapter = backup_chapter(life->script);
    if (access(life->backup_path, F_OK) != 0) {
        if (must_exist) {
            life_complain(life, "there is no backup");
        }
        return 0;
    }
    memcpy(copy.path, life->backup_path, sizeof copy.path);
    copy.catalog = NULL;
    copy.writer = NULL;
    int status = life_verify(&copy, chapter, chapter, error);
    status = status == 0 ? life_check(&copy, error) : status;
    life_close(&copy);
    life->losses = copy.losses;
    return status;
}
