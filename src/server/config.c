/*
 * config.c - the table of settings, the file's lines, and what must hold between settings.
 *
 * The table is the only list of names: the file, the command line and the help all read it. Opens no catalog and no
 * socket.
 */
#include "server/config.h"

#include "base/alloc.h"
#include "base/number.h"
#include "server/address.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define CONFIG_BYTES_MAX (1u << 20)
#define PASSWORD_BYTES_MAX 512u
#define LIST_MAX 256u

enum kind { KIND_LIST, KIND_TEXT, KIND_NUMBER, KIND_SIZE, KIND_PASSWORD };

struct setting {
    enum kind kind;
    size_t offset; /* in struct config */
    uint64_t initial, min, max;
};

static const struct server_setting shown[] = {
    {"catalog", "[NAME=]PATH", "a catalog to serve; its name is its folder's unless given", true},
    {"alias", "NAME=CATALOG", "another name of a catalog; a reload moves it at once", true},
    {"listen", "ADDRESS", "HOST:PORT, [HOST]:PORT or unix:PATH; default 127.0.0.1:7707", true},
    {"metrics", "ADDRESS", "where /metrics, /healthz and /readyz are; default: nowhere", true},
    {"follow", "[NAME=]SOURCE", "file or folder of changes to apply to a catalog as they come", true},
    {"password-file", "FILE", "whose first line clients must show; else only loopback is listened on", false},
    {"threads", "N", "that search; default: the cores there are", false},
    {"clients", "N", "connections at once; default 10,000", false},
    {"pipeline", "N", "requests of one connection that may wait; default 1,000", false},
    {"output-memory", "SIZE", "of replies that one client has not read, before it is slowed; default 1M", false},
    {"outputs-memory", "SIZE", "the same of all clients, before the next one is dropped; default 1G", false},
    {"deadline-ms", "N", "of a search, waiting included; default 5,000", false},
    {"idle-seconds", "N", "without a request, before a connection is closed; default 0: never", false},
    {"stall-seconds", "N", "that a half request, or a reply nobody reads, may last; default 30", false},
    {"slow-ms", "N", "from when on a request is logged as slow; 0: never; default 100", false},
    {"slow-log", "FILE", "where slow requests go; default: standard error", false},
    {"commit-ms", "N", "from a write to its visibility; default 1,000", false},
    {"writer-seconds", "N", "without a write, before other programs may write a catalog; default 10", false},
    {"memory", "SIZE", "for the memory index of a catalog that is written; default 512M", false},
    {"cache", "SIZE", "what searches of one catalog keep for the next ones; default 128M and 4 a product", false},
    {"log-size", "SIZE", "of a catalog's own change log that is kept once committed; default 1G", false},
    {"drain-seconds", "N", "that the end waits for requests under way; default 30", false},
};

#define AT(member) offsetof(struct config, member)

static const struct setting settings[] = {
    {KIND_LIST, AT(catalogs), 0, 0, 0},
    {KIND_LIST, AT(aliases), 0, 0, 0},
    {KIND_LIST, AT(listens), 0, 0, 0},
    {KIND_LIST, AT(metrics), 0, 0, 0},
    {KIND_LIST, AT(follows), 0, 0, 0},
    {KIND_PASSWORD, AT(password), 0, 0, 0},
    {KIND_NUMBER, AT(threads), 0, 1, LIMIT_THREADS},
    {KIND_NUMBER, AT(clients), 10000, 1, 1000000},
    {KIND_NUMBER, AT(pipeline), 1000, 1, 100000},
    {KIND_SIZE, AT(output_bytes), 1u << 20, 4096, UINT64_C(1) << 30},
    {KIND_SIZE, AT(outputs_bytes), 1u << 30, 1u << 20, UINT64_C(1) << 40},
    {KIND_NUMBER, AT(deadline_ms), 5000, 1, 3600000},
    {KIND_NUMBER, AT(idle_s), 0, 0, 86400 * 365},
    {KIND_NUMBER, AT(stall_s), 30, 1, 3600},
    {KIND_NUMBER, AT(slow_ms), 100, 0, 3600000},
    {KIND_TEXT, AT(slow_log), 0, 0, 0},
    {KIND_NUMBER, AT(commit_ms), 1000, 1, 3600000},
    {KIND_NUMBER, AT(writer_s), 10, 1, 3600},
    {KIND_SIZE, AT(memory_bytes), LIMIT_BUDGET_DEFAULT_BYTES, LIMIT_BUDGET_MIN_BYTES, LIMIT_MAP_BYTES},
    {KIND_SIZE, AT(cache_bytes), 0, 1, LIMIT_MAP_BYTES}, /* not given: aisle_open's default, which grows */
    {KIND_SIZE, AT(log_bytes), 1u << 30, 0, LIMIT_MAP_BYTES},
    {KIND_NUMBER, AT(drain_s), 30, 0, 3600},
};

#define SETTING_COUNT (sizeof settings / sizeof settings[0])
static_assert(SETTING_COUNT == sizeof shown / sizeof shown[0], "each setting is shown");

const struct server_setting *server_settings(size_t *count)
{
    *count = SETTING_COUNT;
    return shown;
}

struct config_pair config_pair(const char *text)
{
    const char *equals = strchr(text, '=');
    const char *slash = strchr(text, '/');
    if (equals == NULL || (slash != NULL && slash < equals)) {
        return (struct config_pair){.value = text};
    }
    return (struct config_pair){.name = text, .name_size = (size_t)(equals - text), .value = equals + 1};
}

struct config_pair config_catalog(const char *text)
{
    struct config_pair pair = config_pair(text);
    if (pair.name == NULL) {
        size_t size = strlen(text);
        while (size > 1 && text[size - 1] == '/') {
            size--;
        }
        const char *slash = memrchr(text, '/', size);
        pair.name = slash == NULL ? text : slash + 1;
        pair.name_size = (size_t)(text + size - pair.name);
    }
    return pair;
}

/* ---------------------------------------------------------------------------------------- single values -- */

static int add_to_list(struct config_list *list, const char *value, aisle_error *error)
{
    if (list->count == LIST_MAX) {
        return error_set(error, AISLE_LIMIT, "a setting has at most %u values", LIST_MAX);
    }
    char **items = mem_realloc(list->items, (list->count + 1) * sizeof *items);
    if (items == NULL) {
        return error_no_memory(error, "settings");
    }
    list->items = items;
    items[list->count] = mem_copy_string(value, strlen(value));
    if (items[list->count] == NULL) {
        return error_no_memory(error, "settings");
    }
    list->count++;
    return 0;
}

static int open_failed(const char *path, aisle_error *error)
{
    int code = errno == ENOENT ? AISLE_NOT_FOUND : errno == EACCES ? AISLE_PERMISSION : AISLE_IO;
    return error_set(error, code, "%.120s: %s", path, strerror(errno));
}

/* All of a small file, NUL-terminated, owned by the caller. */
static int read_file(const char *path, size_t max, char **text, aisle_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return open_failed(path, error);
    }
    int status = 0;
    size_t size = 0;
    ssize_t got = 1;
    char *data = mem_alloc(max + 1);
    if (data == NULL) {
        close(fd);
        return error_no_memory(error, "settings");
    }
    while (got > 0 && size < max) {
        got = read(fd, data + size, max - size);
        size += got > 0 ? (size_t)got : 0;
    }
    if (got < 0) {
        status = open_failed(path, error);
    } else if (size == max || memchr(data, '\0', size) != NULL) {
        status = error_set(error, AISLE_INVALID, "%.120s: not a text of less than %zu bytes", path, max);
    }
    close(fd);
    if (status != 0) {
        mem_free(data);
        return status;
    }
    data[size] = '\0';
    *text = data;
    return 0;
}

static int take_password(const char *path, char **out, aisle_error *error)
{
    char *text = NULL;
    int status = read_file(path, PASSWORD_BYTES_MAX, &text, error);
    if (status != 0) {
        return status;
    }
    text[strcspn(text, "\r\n")] = '\0';
    if (text[0] == '\0') {
        mem_free(text);
        return error_set(error, AISLE_INVALID, "%.120s: the first line is empty", path);
    }
    mem_free(*out);
    *out = text;
    return 0;
}

static int take_number(const struct setting *setting, const char *name, const char *value, uint64_t *out,
                       aisle_error *error)
{
    uint64_t number = 0;
    if (!number_parse(value, setting->kind == KIND_SIZE, &number)) {
        return error_set(error, AISLE_INVALID, "%s takes a number%s, not \"%.60s\"", name,
                         setting->kind == KIND_SIZE ? " such as 512M" : "", value);
    }
    if (number < setting->min || number > setting->max) {
        return error_set(error, AISLE_INVALID, "%s must be %llu to %llu, not %.30s", name,
                         (unsigned long long)setting->min, (unsigned long long)setting->max, value);
    }
    *out = number;
    return 0;
}

static int find_setting(const char *name, size_t size, size_t *found, aisle_error *error)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (strlen(shown[i].name) == size && memcmp(shown[i].name, name, size) == 0) {
            *found = i;
            return 0;
        }
    }
    return error_set(error, AISLE_INVALID, "no such setting: %.*s", (int)(size < 60 ? size : 60), name);
}

static int set_value(struct config *config, size_t i, const char *value, aisle_error *error)
{
    void *place = (char *)config + settings[i].offset;
    char **text = place;
    if (value[0] == '\0') {
        return error_set(error, AISLE_INVALID, "%s needs a value", shown[i].name);
    }
    switch (settings[i].kind) {
    case KIND_LIST:
        return add_to_list(place, value, error);
    case KIND_PASSWORD:
        return take_password(value, text, error);
    case KIND_TEXT:
        mem_free(*text);
        *text = mem_copy_string(value, strlen(value));
        return *text == NULL ? error_no_memory(error, "settings") : 0;
    default:
        return take_number(&settings[i], shown[i].name, value, place, error);
    }
}

/* ------------------------------------------------------------------------------------------- the file -- */

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t size = strlen(text);
    while (size > 0 && memchr(" \t\r", text[size - 1], 3) != NULL) {
        size--;
    }
    text[size] = '\0';
    return text;
}

/* One line; seen: which settings have a value already. skip: those that the command line gives. */
static int take_line(struct config *config, char *line, const bool *skip, bool *seen, aisle_error *error)
{
    line = trim(line);
    if (line[0] == '\0' || line[0] == '#') {
        return 0;
    }
    char *equals = strchr(line, '=');
    if (equals == NULL) {
        return error_set(error, AISLE_INVALID, "expected name = value, not \"%.60s\"", line);
    }
    *equals = '\0';
    char *name = trim(line);
    size_t i = 0;
    int status = find_setting(name, strlen(name), &i, error);
    if (status != 0) {
        return status;
    }
    if (seen[i] && !shown[i].is_list) {
        return error_set(error, AISLE_INVALID, "%s has a value already", name);
    }
    seen[i] = true;
    return skip[i] ? 0 : set_value(config, i, trim(equals + 1), error);
}

static int take_file(struct config *config, const char *path, const bool *skip, aisle_error *error)
{
    char *text = NULL;
    bool seen[SETTING_COUNT] = {false};
    int status = read_file(path, CONFIG_BYTES_MAX, &text, error);
    bool has_mark = text != NULL && strncmp(text, "\xef\xbb\xbf", 3) == 0; /* of editors that write one */
    char *next = has_mark ? text + 3 : text;
    for (unsigned number = 1; status == 0 && next != NULL; number++) {
        char *line = next;
        next = strchr(line, '\n');
        if (next != NULL) {
            *next++ = '\0';
        }
        aisle_error why = {0};
        status = take_line(config, line, skip, seen, &why);
        if (status != 0) {
            error_set(error, status, "%.80s, line %u: %.140s", path, number, why.message);
        }
    }
    mem_free(text);
    return status;
}

/* ------------------------------------------------------------------------------------- what must hold -- */

static bool name_equal(const struct config_pair *pair, const char *name, size_t size)
{
    return pair->name_size == size && memcmp(pair->name, name, size) == 0;
}

static bool is_catalog(const struct config *config, const char *name, size_t size)
{
    for (uint32_t i = 0; i < config->catalogs.count; i++) {
        struct config_pair pair = config_catalog(config->catalogs.items[i]);
        if (name_equal(&pair, name, size)) {
            return true;
        }
    }
    return false;
}

static int check_name(const struct config_pair *pair, const char *text, aisle_error *error)
{
    if (pair->name == NULL || pair->name_size == 0 || pair->value[0] == '\0') {
        return error_set(error, AISLE_INVALID, "expected NAME=VALUE, not \"%.100s\"", text);
    }
    for (size_t i = 0; i < pair->name_size; i++) {
        if ((unsigned char)pair->name[i] <= ' ') {
            return error_set(error, AISLE_INVALID, "\"%.100s\": a name has no blanks", text);
        }
    }
    return 0;
}

/* Whether the path ends in what is no name: a catalog's change log has its name and stands beside it. */
static bool is_nameless(const char *path)
{
    size_t size = strlen(path);
    while (size > 0 && path[size - 1] == '/') {
        size--;
    }
    size_t start = size;
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    size_t name = size - start;
    return name == 0 || (path[start] == '.' && (name == 1 || (name == 2 && path[start + 1] == '.')));
}

static int check_catalogs(const struct config *config, aisle_error *error)
{
    if (config->catalogs.count == 0) {
        return error_set(error, AISLE_INVALID, "no catalog to serve: name one, or set catalog = PATH");
    }
    for (uint32_t i = 0; i < config->catalogs.count; i++) {
        struct config_pair pair = config_catalog(config->catalogs.items[i]);
        int status = check_name(&pair, config->catalogs.items[i], error);
        if (status == 0 && is_nameless(pair.value)) {
            return error_set(error, AISLE_INVALID, "catalog %.100s: its folder's name is wanted, as its change log has "
                                                   "that, too", config->catalogs.items[i]);
        }
        for (uint32_t k = 0; k < i && status == 0; k++) {
            struct config_pair other = config_catalog(config->catalogs.items[k]);
            if (name_equal(&other, pair.name, pair.name_size)) {
                status = error_set(error, AISLE_INVALID, "two catalogs are called %.*s; give one another name=path",
                                   (int)pair.name_size, pair.name);
            }
        }
        if (status != 0) {
            return status;
        }
    }
    return 0;
}

static int check_aliases(const struct config *config, aisle_error *error)
{
    for (uint32_t i = 0; i < config->aliases.count; i++) {
        struct config_pair pair = config_pair(config->aliases.items[i]);
        int status = check_name(&pair, config->aliases.items[i], error);
        if (status != 0) {
            return status;
        }
        if (is_catalog(config, pair.name, pair.name_size)) {
            return error_set(error, AISLE_INVALID, "alias %.100s: a catalog has this name", config->aliases.items[i]);
        }
        if (!is_catalog(config, pair.value, strlen(pair.value))) {
            return error_set(error, AISLE_INVALID, "alias %.100s: no such catalog", config->aliases.items[i]);
        }
        for (uint32_t k = 0; k < i; k++) {
            struct config_pair other = config_pair(config->aliases.items[k]);
            if (name_equal(&other, pair.name, pair.name_size)) {
                return error_set(error, AISLE_INVALID, "alias %.100s: there is one of this name, %.100s",
                                 config->aliases.items[i], config->aliases.items[k]);
            }
        }
    }
    return 0;
}

static int check_follows(const struct config *config, aisle_error *error)
{
    for (uint32_t i = 0; i < config->follows.count; i++) {
        struct config_pair pair = config_pair(config->follows.items[i]);
        if (pair.name == NULL ? config->catalogs.count != 1 : !is_catalog(config, pair.name, pair.name_size)) {
            return error_set(error, AISLE_INVALID, "follow %.100s: which catalog? Name it: follow = NAME=SOURCE",
                             config->follows.items[i]);
        }
        for (uint32_t k = 0; k < i; k++) {
            struct config_pair other = config_pair(config->follows.items[k]);
            if (pair.name == NULL || other.name == NULL || name_equal(&other, pair.name, pair.name_size)) {
                return error_set(error, AISLE_INVALID, "follow %.80s: a catalog follows one source, and this one %.80s",
                                 config->follows.items[i], config->follows.items[k]);
            }
        }
    }
    return 0;
}

static int check_addresses(const struct config *config, const struct config_list *list, aisle_error *error)
{
    for (uint32_t i = 0; i < list->count; i++) {
        struct address address;
        int status = address_parse(list->items[i], &address, error);
        if (status != 0) {
            return status;
        }
        if (config->password == NULL && !address_is_local(&address)) {
            return error_set(error, AISLE_INVALID,
                             "%.80s can be reached from elsewhere: that takes a password-file, or a loopback address",
                             list->items[i]);
        }
    }
    return 0;
}

static void set_defaults(struct config *config)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (settings[i].kind == KIND_NUMBER || settings[i].kind == KIND_SIZE) {
            *(uint64_t *)(void *)((char *)config + settings[i].offset) = settings[i].initial;
        }
    }
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    config->threads = cores < 1 ? 1 : cores > (long)LIMIT_THREADS ? LIMIT_THREADS : (uint64_t)cores;
}

int config_load(const struct server_options *options, struct config **out, aisle_error *error)
{
    bool given[SETTING_COUNT] = {false};
    *out = NULL;
    struct config *config = mem_calloc(1, sizeof *config);
    if (config == NULL) {
        return error_no_memory(error, "settings");
    }
    set_defaults(config);
    int status = 0;
    for (size_t i = 0; i < options->given_count && status == 0; i++) {
        size_t found = 0;
        status = find_setting(options->given[i].name, strlen(options->given[i].name), &found, error);
        if (status == 0 && given[found] && !shown[found].is_list) {
            status = error_set(error, AISLE_INVALID, "--%s is given twice", shown[found].name);
        }
        status = status != 0 ? status : set_value(config, found, options->given[i].value, error);
        given[found] = true;
    }
    if (status == 0 && options->config != NULL) {
        status = take_file(config, options->config, given, error);
    }
    if (status == 0 && config->listens.count == 0) {
        status = add_to_list(&config->listens, "127.0.0.1:7707", error);
    }
    status = status != 0 ? status : check_catalogs(config, error);
    status = status != 0 ? status : check_aliases(config, error);
    status = status != 0 ? status : check_follows(config, error);
    status = status != 0 ? status : check_addresses(config, &config->listens, error);
    status = status != 0 ? status : check_addresses(config, &config->metrics, error);
    if (status == 0 && config->output_bytes > config->outputs_bytes) {
        status = error_set(error, AISLE_INVALID, "output-memory is above outputs-memory: one client may not have more "
                                                 "than all have together");
    }
    if (status != 0) {
        config_free(config);
        return status;
    }
    *out = config;
    return 0;
}

void config_free(struct config *config)
{
    if (config == NULL) {
        return;
    }
    struct config_list *lists[] = {&config->catalogs, &config->aliases, &config->listens, &config->metrics,
                                   &config->follows};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (uint32_t k = 0; k < lists[i]->count; k++) {
            mem_free(lists[i]->items[k]);
        }
        mem_free(lists[i]->items);
    }
    mem_free(config->password);
    mem_free(config->slow_log);
    mem_free(config);
}

int server_check(const struct server_options *options, aisle_error *error)
{
    struct config *config = NULL;
    int status = config_load(options, &config, error);
    config_free(config);
    return status;
}
