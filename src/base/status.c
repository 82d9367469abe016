/*
 * status.c - names and texts of the error codes, and the filling of an aisle_error.
 *
 * Both tables grow from AISLE_ERROR_MAP, so a code cannot exist without its name and text.
 */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

const char *aisle_error_name(int code)
{
    switch (code) {
#define XX(name, value, text) \
    case AISLE_##name:        \
        return "AISLE_" #name;
        AISLE_ERROR_MAP(XX)
#undef XX
    default:
        return "AISLE_UNKNOWN";
    }
}

const char *aisle_error_text(int code)
{
    switch (code) {
#define XX(name, value, text) \
    case AISLE_##name:        \
        return text;
        AISLE_ERROR_MAP(XX)
#undef XX
    default:
        return "unknown error";
    }
}

static void fill(aisle_error *error, int code, size_t position, const char *format, va_list arguments)
{
    if (error == NULL) {
        return;
    }
    error->code = code;
    error->position = position;
    vsnprintf(error->message, sizeof error->message, format, arguments);
}

int error_set(aisle_error *error, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(error, code, 0, format, arguments);
    va_end(arguments);
    return code;
}

int error_set_at(aisle_error *error, int code, size_t position, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(error, code, position, format, arguments);
    va_end(arguments);
    return code;
}

int error_no_memory(aisle_error *error, const char *what)
{
    return error_set(error, AISLE_NO_MEMORY, "out of memory (%s)", what);
}
