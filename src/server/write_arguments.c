/*
 * write_arguments.c - from the arguments of AISLE.PUT, PATCH and DEL to a line of the change log.
 *
 * Refuses what is wrong with them; products and fields are judged by the library. Carries nothing out (writes.c).
 */
#include "server/write_arguments.h"

#include "base/utf8.h"
#include "server/command.h"

static int read_options(struct change_line *line, bool *wants_visible, const struct bytes *arguments, uint32_t from,
                        uint32_t count, aisle_error *error)
{
    for (uint32_t i = from; i < count; i++) {
        bool is_key = command_word(arguments[i], "KEY");
        if (is_key ? line->key.size > 0 : command_word(arguments[i], "VISIBLE") && *wants_visible) {
            return error_set(error, AISLE_INVALID, "argument '%.*s' is given twice (argument %u)",
                             (int)arguments[i].size, (const char *)arguments[i].data, i);
        }
        if (is_key && i + 1 < count) {
            line->key = arguments[++i];
            if (line->key.size == 0 || line->key.size > CHANGE_KEY_BYTES_MAX) {
                return error_set(error, AISLE_INVALID, "a key has 1 to %u bytes (argument %u)", CHANGE_KEY_BYTES_MAX,
                                 i);
            }
        } else if (command_word(arguments[i], "VISIBLE")) {
            *wants_visible = true;
        } else {
            return error_set(error, AISLE_INVALID, "%s '%.*s' (argument %u)",
                             is_key ? "no key behind" : "unknown argument",
                             (int)(arguments[i].size < 48 ? arguments[i].size : 48), (const char *)arguments[i].data,
                             i);
        }
    }
    return 0;
}

int write_arguments_read(const struct request *request, struct change_line *line, bool *wants_visible,
                         aisle_error *error)
{
    const struct bytes *arguments = request->arguments;
    const char *name = request->command->name;
    uint32_t next = 2;
    line->op = strcmp(name, "AISLE.PUT") == 0     ? CHANGE_LINE_PUT
               : strcmp(name, "AISLE.PATCH") == 0 ? CHANGE_LINE_PATCH
                                                  : CHANGE_LINE_DELETE;
    if (line->op != CHANGE_LINE_PUT) {
        line->id = arguments[next++];
    }
    if (line->op != CHANGE_LINE_DELETE) {
        line->body = arguments[next++];
    }
    int status = read_options(line, wants_visible, arguments, next, request->count, error);
    if (status == 0 && (!utf8_valid(line->id, NULL) || !utf8_valid(line->key, NULL))) {
        status = error_set(error, AISLE_BAD_PRODUCT, "the %s is not UTF-8",
                           utf8_valid(line->id, NULL) ? "key" : "id");
    }
    if (status == 0 && line->op != CHANGE_LINE_PUT && (line->id.size == 0 || line->id.size > LIMIT_ID_BYTES)) {
        status = error_set(error, AISLE_BAD_PRODUCT, "an id has 1 to %u bytes", LIMIT_ID_BYTES);
    }
    return status;
}
