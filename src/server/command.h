/*
 * command.h - the table of commands, and the way from a parsed request to the one that carries it out.
 *
 * Thread rule: the table is constant; what takes a connection is the loop thread's.
 */
#ifndef AISLE_SERVER_COMMAND_H
#define AISLE_SERVER_COMMAND_H

#include "server/connection.h"

/* All commands there are. */
const struct command *command_table(size_t *count);

/* Its index in the table. */
size_t command_index(const struct command *command);

/* The command of this name, in any case; NULL. */
const struct command *command_find(struct bytes name);

/*
 * Takes the whole request of the connection's parser on: carried out at once where it may be, else added to the
 * connection's list. An unknown command, a wrong number of arguments and a missing password are answered in their turn.
 */
void command_take(struct connection *connection, struct bytes input);

/* Carries out a loop command that had to wait for its turn; fills its reply. */
void command_run_late(struct connection *connection, struct request *request);

/* Whether text is word, in any case. */
bool command_word(struct bytes text, const char *word);

/* The commands, by file. command_connect.c: */
void command_ping(struct call *call);
void command_echo(struct call *call);
void command_hello(struct call *call);
void command_auth(struct call *call);
void command_client(struct call *call);
void command_select(struct call *call);
void command_quit(struct call *call);
void command_reset(struct call *call);
void command_command(struct call *call);
void command_config(struct call *call);
void command_info(struct call *call);
void command_dbsize(struct call *call);
void command_unknown(struct call *call);

/* command_search.c: */
void command_search(struct call *call);
void command_msearch(struct call *call);

/* Runs a call's search again for the explanation of its best hit, a view of the result; size 0 when it has none. */
struct bytes command_search_explanation(struct call *call);

/* command_look.c: */
void command_get(struct call *call);
void command_aisle_info(struct call *call);

/* command_suggest.c: */
void command_suggest(struct call *call);

/* reload.c: */
void command_reload(struct call *call);
void command_reload_finish(struct request *request);

#endif
