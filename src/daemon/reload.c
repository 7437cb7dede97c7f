#include "daemon/reload.h"

#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "config/options.h"

enum { ANSWER_MAX_BYTES = 1 << 20 };

static bool differs(const struct config *a, const struct config *b, enum option_id id)
{
    switch (option_rows()[id].type) {
    case OPTION_DOUBLE:
        return fabs(config_double(a, id) - config_double(b, id)) > 0;
    case OPTION_BOOL:
        return config_bool(a, id) != config_bool(b, id);
    case OPTION_INT:
    case OPTION_DURATION:
    case OPTION_SIZE:
        return config_int(a, id) != config_int(b, id);
    default:
        return !str_equals(config_text(a, id), config_text(b, id));
    }
}

void reload_warn_of_restarts(struct log *log, const struct config *before,
                             const struct config *after)
{
    for (int id = 0; id < OPT_COUNT; id++)
        if (!option_rows()[id].reloadable && differs(before, after, (enum option_id)id))
            log_write(log, LOG_WARN, "this option takes effect after a restart only",
                      LOG_CSTR("option", option_rows()[id].name));
}

void reload_add_error(struct config_errors *errors, const struct diag *diag)
{
    struct config_error *e = vec_push(&errors->items);

    if (!e)
        errors->dropped_count++;
    else
        snprintf(e->message, sizeof e->message, "%s", diag_text(diag));
}

static void log_one(struct log *log, enum log_level level, const struct config_error *e)
{
    log_write(log, level, level == LOG_ERROR ? "configuration error" : "configuration warning",
              LOG_STR("file", e->file), LOG_INT("line", e->line), LOG_INT("column", e->column),
              LOG_CSTR("error", e->message));
}

void reload_log_errors(struct log *log, const struct config_errors *errors)
{
    for (size_t i = 0; i < errors->items.count; i++)
        log_one(log, LOG_ERROR, vec_at(&errors->items, i));
    for (size_t i = 0; i < errors->warnings.count; i++)
        log_one(log, LOG_WARN, vec_at(&errors->warnings, i));
}

/* The whole list is in the JSON, which has more room than a diag. */
static void write_errors(struct json *j, const struct config_errors *errors)
{
    json_key(j, "errors");
    json_open_array(j);
    for (size_t i = 0; i < errors->items.count; i++) {
        const struct config_error *e = vec_at(&errors->items, i);

        json_open_object(j);
        json_member_string(j, "file", e->file);
        json_member_int(j, "line", e->line);
        json_member_int(j, "column", e->column);
        json_member_cstr(j, "message", e->message);
        json_close_object(j);
    }
    json_close_array(j);
}

void reload_answer(struct http_parked *parked, enum err err, const struct config_errors *errors)
{
    struct http_reply reply = { .status = err ? 400 : 200 };
    struct json j;

    reply.body = buf_limited(ANSWER_MAX_BYTES);
    j = json_to(&reply.body);
    json_open_object(&j);
    if (err) {
        json_key(&j, "error");
        json_open_object(&j);
        json_member_cstr(&j, "code", err_name(err));
        json_member_cstr(&j, "message",
                         "the configuration has errors; the one before stays in force");
        json_close_object(&j);
        write_errors(&j, errors);
    } else {
        json_member_cstr(&j, "status", "ok");
    }
    json_close_object(&j);
    http_request_finish(parked, buf_error(&reply.body), &reply);
}
