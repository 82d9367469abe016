/*
 * command.c - the table of commands and the way into them.
 *
 * Errors of the request's form (unknown command, number of arguments, password) are made here, so that commands see
 * only what is theirs. Does not run searches (command_search.c) or writes (writes.c).
 */
#include "server/command.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "server/ft.h"
#include "server/slow.h"

#include <stdarg.h>
#include <stdio.h>

#define ANY UINT32_MAX

static const struct command table[] = {
    {"AISLE.SEARCH", COMMAND_READ, 2, ANY, false, command_search, NULL},
    {"AISLE.MSEARCH", COMMAND_READ, 1, ANY, false, command_msearch, NULL},
    {"AISLE.SUGGEST", COMMAND_READ, 2, 7, false, command_suggest, NULL},
    {"AISLE.GET", COMMAND_READ, 2, 3, false, command_get, NULL},
    {"AISLE.INFO", COMMAND_READ, 0, 1, false, command_aisle_info, NULL},
    {"AISLE.PUT", COMMAND_WRITE, 2, 5, false, NULL, NULL},
    {"AISLE.PATCH", COMMAND_WRITE, 3, 6, false, NULL, NULL},
    {"AISLE.DEL", COMMAND_WRITE, 2, 5, false, NULL, NULL},
    {"AISLE.RELOAD", COMMAND_READ, 0, 1, false, command_reload, command_reload_finish},
    {"FT.SEARCH", COMMAND_READ, 2, ANY, false, ft_search, NULL},
    {"FT.AGGREGATE", COMMAND_READ, 2, ANY, false, ft_aggregate, NULL},
    {"FT.SUGGET", COMMAND_READ, 2, 7, false, ft_sugget, NULL},
    {"FT.INFO", COMMAND_READ, 1, 1, false, ft_info, NULL},
    {"FT._LIST", COMMAND_READ, 0, 0, false, ft_list, NULL},
    {"FT.TAGVALS", COMMAND_READ, 2, 2, false, ft_tagvals, NULL},
    {"PING", COMMAND_LOOP, 0, 1, false, command_ping, NULL},
    {"ECHO", COMMAND_LOOP, 1, 1, false, command_echo, NULL},
    {"HELLO", COMMAND_LOOP, 0, ANY, true, command_hello, NULL},
    {"AUTH", COMMAND_LOOP, 1, 2, true, command_auth, NULL},
    {"CLIENT", COMMAND_LOOP, 1, ANY, false, command_client, NULL},
    {"SELECT", COMMAND_LOOP, 1, 1, false, command_select, NULL},
    {"COMMAND", COMMAND_LOOP, 0, ANY, false, command_command, NULL},
    {"CONFIG", COMMAND_LOOP, 1, ANY, false, command_config, NULL},
    {"INFO", COMMAND_LOOP, 0, ANY, false, command_info, NULL},
    {"DBSIZE", COMMAND_READ, 0, 0, false, command_dbsize, NULL},
    {"QUIT", COMMAND_LOOP, 0, ANY, true, command_quit, NULL},
    {"RESET", COMMAND_LOOP, 0, 0, true, command_reset, NULL},
    {"UNKNOWN", COMMAND_LOOP, 0, ANY, false, command_unknown, NULL}, /* stands for all that is not in the table */
};

#define COMMAND_COUNT (sizeof table / sizeof table[0])
#define COMMAND_UNKNOWN (&table[COMMAND_COUNT - 1])

const struct command *command_table(size_t *count)
{
    *count = COMMAND_COUNT;
    return table;
}

size_t command_index(const struct command *command)
{
    return (size_t)(command - table);
}

bool command_word(struct bytes text, const char *word)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        c = c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
        if (word[i] == '\0' || c != (uint8_t)word[i]) {
            return false;
        }
    }
    return word[text.size] == '\0';
}

const struct command *command_find(struct bytes name)
{
    for (size_t i = 0; i + 1 < COMMAND_COUNT; i++) {
        if (command_word(name, table[i].name)) {
            return &table[i];
        }
    }
    return NULL;
}

/* ---------------------------------------------------------------------------------------------- answers -- */

const char *call_code(int status)
{
    switch (status) {
    case AISLE_NOT_FOUND:
        return "NOTFOUND";
    case AISLE_BAD_QUERY:
        return "BADQUERY";
    case AISLE_BAD_PRODUCT:
        return "BADPRODUCT";
    case AISLE_LIMIT:
        return "LIMIT";
    case AISLE_NO_MEMORY:
        return "OOM";
    case AISLE_BUSY:
        return "BUSY";
    case AISLE_READ_ONLY:
        return "READONLY";
    case AISLE_IO:
    case AISLE_DISK_FULL:
    case AISLE_MAP_FULL:
        return "IO";
    case AISLE_CORRUPT:
        return "CORRUPT";
    default:
        return "ERR";
    }
}

void call_fail(struct call *call, const char *code, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    reply_error(&call->reply, code, message);
    call->failed = true;
}

void call_fail_as(struct call *call, const aisle_error *error)
{
    call_fail(call, call_code(error->code), "%s",
              error->message[0] != '\0' ? error->message : aisle_error_text(error->code));
}

void call_fail_at(struct call *call, const aisle_error *error)
{
    if (error->position == 0) {
        call_fail_as(call, error);
    } else {
        call_fail(call, call_code(error->code), "%s (byte %zu)", error->message, error->position);
    }
}

/* --------------------------------------------------------------------------------------------- requests -- */

struct request *request_new(struct server *server, const struct bytes *arguments, uint32_t count)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        bytes += arguments[i].size;
    }
    size_t head = sizeof(struct request) + count * sizeof(struct bytes);
    struct request *request = mem_alloc(head + bytes);
    if (request == NULL) {
        return NULL;
    }
    memset(request, 0, sizeof *request);
    uint8_t *p = (uint8_t *)request + head;
    for (uint32_t i = 0; i < count; i++) {
        request->arguments[i] = bytes_of(p, arguments[i].size);
        if (arguments[i].size > 0) {
            memcpy(p, arguments[i].data, arguments[i].size);
        }
        p += arguments[i].size;
    }
    request->server = server;
    request->count = count;
    request->bytes = head + bytes;
    buf_init(&request->reply, LIMIT_SERVER_REPLY_BYTES);
    return request;
}

void request_free(struct request *request)
{
    if (request != NULL) {
        buf_release(&request->reply);
        aisle_token_free(request->token);
        mem_free(request);
    }
}

/* What is wrong with the request's form; false when nothing is. */
static bool refuse_form(const struct connection *connection, struct call *call, const struct command *command)
{
    const struct bytes name = call->arguments[0];
    int shown = (int)(name.size < 64 ? name.size : 64);
    if (!connection->is_known && !command->for_strangers) {
        call_fail(call, "NOAUTH", "Authentication required.");
    } else if (command == COMMAND_UNKNOWN) {
        call_fail(call, "ERR", "unknown command '%.*s'", shown, (const char *)name.data);
    } else if (call->count - 1 < command->arguments_min || call->count - 1 > command->arguments_max) {
        call_fail(call, "ERR", "wrong number of arguments for '%.*s' command", shown, (const char *)name.data);
    }
    return call->failed;
}

static void run_on_loop(struct connection *connection, struct call *call, const struct command *command)
{
    if (!refuse_form(connection, call, command)) {
        command->run(call);
    }
}

void command_run_late(struct connection *connection, struct request *request)
{
    struct call call = {.server = connection->server, .connection = connection, .request = request,
                        .arguments = request->arguments, .count = request->count,
                        .reply = {&request->reply, connection->version}};
    request->started_ns = clock_monotonic_ns();
    const struct command *command = command_find(request->arguments[0]);
    run_on_loop(connection, &call, command == NULL ? COMMAND_UNKNOWN : command);
    request->failed = call.failed;
    request->ended_ns = clock_monotonic_ns();
}

/* Runs the command; false when it was given up. */
static bool run_call(struct request *request, struct worker *worker, bool is_brief)
{
    struct call call = {.server = request->server, .request = request, .worker = worker,
                        .arguments = request->arguments, .count = request->count,
                        .reply = {&request->reply, request->version}, .is_brief = is_brief};
    request->command->run(&call);
    if (call.is_given_up) {
        buf_clear(&request->reply);
        return false;
    }
    request->failed = call.failed;
    uint64_t now = clock_monotonic_ns();
    struct bytes explanation = bytes_of(NULL, 0);
    if (request->command->run == command_search && !is_brief && !call.failed &&
        slow_wants_explanation(request, now)) {
        explanation = command_search_explanation(&call);
    }
    slow_note(request, now, explanation);
    return true;
}

void request_run(struct request *request, struct worker *worker)
{
    (void)run_call(request, worker, false);
}

bool request_run_briefly(struct request *request, struct worker *worker)
{
    return run_call(request, worker, true);
}

/* Whether the request must be answered on the loop: its form is wrong, or it is that kind of command. */
static const struct command *command_of(const struct connection *connection, struct bytes name, uint32_t count)
{
    const struct command *command = command_find(name);
    if (command == NULL || (!connection->is_known && !command->for_strangers) ||
        count - 1 < command->arguments_min || count - 1 > command->arguments_max) {
        return command != NULL && command->class == COMMAND_LOOP ? command : COMMAND_UNKNOWN;
    }
    return command;
}

static void run_now(struct connection *connection, const struct bytes *arguments, uint32_t count,
                    const struct command *command)
{
    struct call call = {.server = connection->server, .connection = connection, .arguments = arguments,
                        .count = count, .reply = {&connection->output, connection->version}};
    uint64_t start = clock_monotonic_ns();
    const struct command *named = command_find(arguments[0]);
    run_on_loop(connection, &call, named == NULL ? COMMAND_UNKNOWN : named);
    metrics_count_now(&connection->server->metrics, command, clock_monotonic_ns() - start, call.failed);
}

void command_take(struct connection *connection, struct bytes input)
{
    enum { FEW = 16 };
    struct bytes few[FEW];
    struct server *server = connection->server;
    uint32_t count = connection->protocol.count;
    struct bytes *arguments = count <= FEW ? few : mem_alloc(count * sizeof *arguments);
    if (arguments == NULL) {
        connection_close(connection);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        arguments[i] = protocol_argument(&connection->protocol, input, i);
    }
    const struct command *command = command_of(connection, arguments[0], count);
    if (command->class == COMMAND_LOOP && connection->first == NULL) {
        run_now(connection, arguments, count, command);
    } else {
        struct request *request = request_new(server, arguments, count);
        if (request == NULL) {
            connection_close(connection);
        } else {
            request->command = command;
            connection_add(connection, request);
        }
    }
    if (arguments != few) {
        mem_free(arguments);
    }
}
