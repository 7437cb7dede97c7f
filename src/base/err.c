#include "base/err.h"

#include "base/attr.h"

struct err_row {
    const char *name;
    const char *text;
    int http_status;
    int exit_code;
    bool retryable;
};

static const struct err_row rows[] = {
#define X(code, name, text, http, exit, retryable) { name, text, http, exit, retryable },
    ERR_TABLE(X)
#undef X
};

static const struct err_row *row_of(enum err e)
{
    static const struct err_row unknown = { "unknown", "an unknown error code", 500, 1, false };

    return (unsigned)e < ARRAY_LEN(rows) ? &rows[e] : &unknown;
}

const char *err_name(enum err e)
{
    return row_of(e)->name;
}

const char *err_text(enum err e)
{
    return row_of(e)->text;
}

int err_http_status(enum err e)
{
    return row_of(e)->http_status;
}

int err_exit_code(enum err e)
{
    return row_of(e)->exit_code;
}

bool err_is_retryable(enum err e)
{
    return row_of(e)->retryable;
}
