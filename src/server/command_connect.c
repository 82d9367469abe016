/*
 * command_connect.c - what clients send at connect and to look around: HELLO, AUTH, PING, CLIENT, COMMAND, INFO, ...
 *
 * Answers as Redis' clients expect, as far as they need it; what has no meaning here is an error, except where clients
 * send it unasked. All run on the loop thread.
 */
#include "server/command.h"

#include "base/alloc.h"
#include "server/catalogs.h"
#include "server/metrics.h"

#include <stdio.h>
#include <unistd.h>

#define WRONG_PASSWORDS_MAX 8u
/* Clients switch features by it; what is here answers as this version does. */
#define COMPATIBLE_VERSION "7.4.0"

static bool argument_is(const struct call *call, uint32_t i, const char *word)
{
    return i < call->count && command_word(call->arguments[i], word);
}

void command_ping(struct call *call)
{
    if (call->count == 2) {
        reply_bulk(&call->reply, call->arguments[1]);
    } else {
        reply_simple(&call->reply, "PONG");
    }
}

void command_echo(struct call *call)
{
    reply_bulk(&call->reply, call->arguments[1]);
}

void command_unknown(struct call *call)
{
    call_fail(call, "ERR", "unknown command");
}

/* ---------------------------------------------------------------------------------------- who is there -- */

/* Compares in a time that tells nothing of where they differ. */
static bool is_password(const char *password, struct bytes given)
{
    size_t size = strlen(password);
    uint8_t differs = (uint8_t)(size != given.size);
    for (size_t i = 0; i < given.size; i++) {
        differs |= (uint8_t)(given.data[i] ^ (uint8_t)password[size == 0 ? 0 : i % size]);
    }
    return differs == 0;
}

/* Whether the password is right; answers when not. */
static bool log_in(struct call *call, struct bytes user, struct bytes password)
{
    struct connection *connection = call->connection;
    const char *wanted = call->server->config->password;
    if (wanted == NULL) {
        call_fail(call, "ERR", "AUTH called without any password configured");
        return false;
    }
    if (!bytes_equal(user, bytes_of_string("default")) || !is_password(wanted, password)) {
        call_fail(call, "WRONGPASS", "invalid username-password pair");
        if (++connection->wrong_passwords >= WRONG_PASSWORDS_MAX) {
            connection_end(connection);
        }
        return false;
    }
    connection->is_known = true;
    protocol_limit(&connection->protocol, LIMIT_SERVER_ARGUMENTS, LIMIT_SERVER_REQUEST_BYTES);
    return true;
}

void command_auth(struct call *call)
{
    bool named = call->count == 3;
    if (log_in(call, named ? call->arguments[1] : bytes_of_string("default"), call->arguments[named ? 2 : 1])) {
        reply_simple(&call->reply, "OK");
    }
}

static bool set_name(struct call *call, struct bytes name)
{
    if (name.size >= CONNECTION_NAME_BYTES) {
        call_fail(call, "ERR", "a client's name has at most %u bytes", CONNECTION_NAME_BYTES - 1);
        return false;
    }
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] <= ' ' || name.data[i] == 0x7f) {
            call_fail(call, "ERR", "Client names cannot contain spaces, newlines or special characters.");
            return false;
        }
    }
    memcpy(call->connection->name, name.data, name.size);
    call->connection->name[name.size] = '\0';
    return true;
}

static void greet(struct call *call)
{
    const struct reply *reply = &call->reply;
    reply_map(reply, 7);
    reply_key(reply, "server");
    reply_text(reply, "aisle");
    reply_key(reply, "version");
    reply_text(reply, aisle_version());
    reply_key(reply, "proto");
    reply_integer(reply, reply->version);
    reply_key(reply, "id");
    reply_unsigned(reply, call->connection->id);
    reply_key(reply, "mode");
    reply_text(reply, "standalone");
    reply_key(reply, "role");
    reply_text(reply, "master");
    reply_key(reply, "modules");
    reply_array(reply, 0);
}

void command_hello(struct call *call)
{
    int version = call->connection->version;
    uint32_t i = 1;
    if (call->count > 1) {
        struct bytes asked = call->arguments[1];
        if (asked.size != 1 || (asked.data[0] != '2' && asked.data[0] != '3')) {
            call_fail(call, "NOPROTO", "unsupported protocol version");
            return;
        }
        version = asked.data[0] - '0';
        i = 2;
    }
    while (i < call->count) {
        if (argument_is(call, i, "AUTH") && i + 2 < call->count) {
            if (!log_in(call, call->arguments[i + 1], call->arguments[i + 2])) {
                return;
            }
            i += 3;
        } else if (argument_is(call, i, "SETNAME") && i + 1 < call->count) {
            if (!set_name(call, call->arguments[i + 1])) {
                return;
            }
            i += 2;
        } else {
            call_fail(call, "ERR", "syntax error in HELLO, argument %u", i);
            return;
        }
    }
    if (!call->connection->is_known) {
        call_fail(call, "NOAUTH", "HELLO must be called with the client already authenticated, otherwise the HELLO "
                                  "<proto> AUTH <user> <pass> option can be used");
        return;
    }
    call->connection->version = version;
    call->reply.version = version;
    greet(call);
}

void command_client(struct call *call)
{
    if (argument_is(call, 1, "ID") && call->count == 2) {
        reply_unsigned(&call->reply, call->connection->id);
    } else if (argument_is(call, 1, "GETNAME") && call->count == 2) {
        if (call->connection->name[0] == '\0') {
            reply_null(&call->reply);
        } else {
            reply_text(&call->reply, call->connection->name);
        }
    } else if (argument_is(call, 1, "SETNAME") && call->count == 3) {
        if (set_name(call, call->arguments[2])) {
            reply_simple(&call->reply, "OK");
        }
    } else if (argument_is(call, 1, "SETINFO") && call->count == 4 &&
               (argument_is(call, 2, "LIB-NAME") || argument_is(call, 2, "LIB-VER"))) {
        reply_simple(&call->reply, "OK");
    } else {
        struct bytes name = call->arguments[1];
        call_fail(call, "ERR", "unknown subcommand or wrong number of arguments for 'CLIENT %.*s'",
                  (int)(name.size < 40 ? name.size : 40), (const char *)name.data);
    }
}

void command_select(struct call *call)
{
    if (bytes_equal(call->arguments[1], bytes_of_string("0"))) {
        reply_simple(&call->reply, "OK");
    } else {
        call_fail(call, "ERR", "DB index is out of range: there is only 0");
    }
}

void command_quit(struct call *call)
{
    reply_simple(&call->reply, "OK");
    connection_end(call->connection);
}

void command_reset(struct call *call)
{
    struct connection *connection = call->connection;
    connection->version = 2;
    connection->name[0] = '\0';
    connection->is_known = call->server->config->password == NULL;
    if (!connection->is_known) {
        protocol_limit(&connection->protocol, LIMIT_SERVER_STRANGER_ARGUMENTS, LIMIT_SERVER_STRANGER_BYTES);
    }
    call->reply.version = 2;
    reply_simple(&call->reply, "RESET");
}

/* ------------------------------------------------------------------------------------- looking around -- */

void command_command(struct call *call)
{
    size_t count;
    (void)command_table(&count);
    if (call->count == 1) {
        reply_array(&call->reply, 0);
    } else if (argument_is(call, 1, "COUNT")) {
        reply_unsigned(&call->reply, count - 1);
    } else if (argument_is(call, 1, "DOCS")) {
        reply_map(&call->reply, 0);
    } else {
        call_fail(call, "ERR", "unknown subcommand of COMMAND: only COUNT and DOCS are there");
    }
}

void command_config(struct call *call)
{
    if (argument_is(call, 1, "GET") && call->count >= 3) {
        reply_map(&call->reply, 0);
    } else {
        call_fail(call, "ERR", "settings are changed in the configuration file, and read by AISLE.RELOAD");
    }
}

void command_info(struct call *call)
{
    struct buf text;
    buf_init(&text, LIMIT_SERVER_REPLY_BYTES);
    buf_printf(&text, "# Server\r\nredis_version:%s\r\nserver_name:aisle\r\naisle_version:%s\r\nprocess_id:%ld\r\n",
               COMPATIBLE_VERSION, aisle_version(), (long)getpid());
    metrics_info(call->server, &text);
    if (buf_status(&text) != 0) {
        call_fail(call, call_code(buf_status(&text)), "%s", aisle_error_text(buf_status(&text)));
    } else {
        reply_bulk(&call->reply, buf_bytes(&text));
    }
    buf_release(&text);
}
