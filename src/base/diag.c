#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>

static bool is_taken(const struct diag *diag)
{
    return !diag || diag->code != ERR_OK;
}

enum err diag_set(struct diag *diag, enum err code, const char *format, ...)
{
    va_list args;

    if (is_taken(diag))
        return code;
    diag->code = code;
    va_start(args, format);
    vsnprintf(diag->message, sizeof diag->message, format, args);
    va_end(args);
    return code;
}

enum err diag_set_at(struct diag *diag, enum err code, int line, int column, const char *format,
                     ...)
{
    va_list args;

    if (is_taken(diag))
        return code;
    diag->code = code;
    diag->line = line;
    diag->column = column;
    va_start(args, format);
    vsnprintf(diag->message, sizeof diag->message, format, args);
    va_end(args);
    return code;
}

const char *diag_text(const struct diag *diag)
{
    return diag->message[0] ? diag->message : err_text(diag->code);
}
