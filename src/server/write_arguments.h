/*
 * write_arguments.h - what a write's request asks for.
 *
 * Thread rule: touches only what it is given.
 */
#ifndef AISLE_SERVER_WRITE_ARGUMENTS_H
#define AISLE_SERVER_WRITE_ARGUMENTS_H

#include "server/change_line.h"
#include "server/core.h"

/*
 * Fills the line's op, id, body and key, which are views of the request, and whether it asks to be visible.
 * AISLE_INVALID with the argument's place; AISLE_BAD_PRODUCT for an id that cannot be one.
 */
must_check int write_arguments_read(const struct request *request, struct change_line *line, bool *wants_visible,
                                    aisle_error *error);

#endif
