#include "config/report.h"

#include <stdarg.h>
#include <stdio.h>

enum { UNUSED_LINES_SHOWN = 6 };

struct unused_key {
    struct str name;
    int line;
};

/* --- the list that the caller sees --- */

void config_errors_init(struct config_errors *errors)
{
    *errors = (struct config_errors){
        .items = vec_of(sizeof(struct config_error), CONFIG_ERRORS_MAX),
        .warnings = vec_of(sizeof(struct config_error), CONFIG_ERRORS_MAX),
    };
}

void config_errors_release(struct config_errors *errors)
{
    vec_release(&errors->items);
    vec_release(&errors->warnings);
    errors->dropped_count = 0;
}

static void print_one(const struct config_error *e, const char *kind, struct buf *out)
{
    if (e->file.len)
        buf_printf(out, "%.*s:", STR_ARG(e->file));
    if (e->line)
        buf_printf(out, "%d:%d:", e->line, e->column);
    if (e->file.len || e->line)
        buf_append_byte(out, ' ');
    buf_printf(out, "%s%s\n", kind, e->message);
}

void config_errors_print(const struct config_errors *errors, struct buf *out)
{
    for (size_t i = 0; i < errors->items.count; i++)
        print_one(vec_at(&errors->items, i), "", out);
    if (errors->dropped_count)
        buf_printf(out, "and %zu more errors\n", errors->dropped_count);
    for (size_t i = 0; i < errors->warnings.count; i++)
        print_one(vec_at(&errors->warnings, i), "warning: ", out);
}

/* --- the readers' side --- */

void report_init(struct report *r, struct str file, struct config_errors *errors)
{
    *r = (struct report){
        .errors = errors,
        .file = file,
        .unused = vec_of(sizeof(struct unused_key), UNUSED_KEYS_MAX),
    };
}

void report_release(struct report *r)
{
    vec_release(&r->unused);
}

void report_fatal(struct report *r, enum err err)
{
    if (!r->fatal)
        r->fatal = err;
}

static struct config_error *push(struct report *r, struct vec *list)
{
    struct config_error *e = vec_push(list);

    if (!e && vec_error(list) == ERR_NOMEM)
        report_fatal(r, ERR_NOMEM);
    return e;
}

void report_error(struct report *r, const struct node *at, const char *format, ...)
{
    struct config_error *e = push(r, &r->errors->items);
    va_list args;

    if (!e) {
        r->errors->dropped_count++;
        return;
    }
    if (at) {
        e->file = r->file;
        e->line = at->line;
        e->column = at->column;
    }
    va_start(args, format);
    vsnprintf(e->message, sizeof e->message, format, args);
    va_end(args);
}

void report_warning(struct report *r, const char *format, ...)
{
    struct config_error *e = push(r, &r->errors->warnings);
    va_list args;

    if (!e)
        return;
    va_start(args, format);
    vsnprintf(e->message, sizeof e->message, format, args);
    va_end(args);
}

void report_unused(struct report *r, const struct node *key)
{
    struct unused_key *u = vec_push(&r->unused);

    if (u)
        *u = (struct unused_key){ key->text, key->line };
    else if (vec_error(&r->unused) == ERR_NOMEM)
        report_fatal(r, ERR_NOMEM);
}

/* --- the end --- */

static struct unused_key *unused_at(const struct report *r, size_t idx)
{
    return vec_at(&r->unused, idx);
}

/* "rule_files (line 3)" or "relabel_configs (lines 9, 17)" of the name at idx and its repetitions.
 */
static void print_unused(const struct report *r, size_t idx, struct buf *out)
{
    int lines[UNUSED_LINES_SHOWN];
    size_t count = 0;

    for (size_t i = idx; i < r->unused.count; i++) {
        if (!str_equals(unused_at(r, i)->name, unused_at(r, idx)->name))
            continue;
        if (count < UNUSED_LINES_SHOWN)
            lines[count] = unused_at(r, i)->line;
        count++;
    }
    buf_printf(out, "%.*s (line%s ", STR_ARG(unused_at(r, idx)->name), count > 1 ? "s" : "");
    for (size_t i = 0; i < count && i < UNUSED_LINES_SHOWN; i++)
        buf_printf(out, "%s%d", i ? ", " : "", lines[i]);
    buf_append_cstr(out, count > UNUSED_LINES_SHOWN ? ", …)" : ")");
}

static bool was_named_before(const struct report *r, size_t idx)
{
    for (size_t i = 0; i < idx; i++)
        if (str_equals(unused_at(r, i)->name, unused_at(r, idx)->name))
            return true;
    return false;
}

/* One line for all of them; what does not fit into a message is counted. */
static void warn_unused(struct report *r)
{
    enum { LIST_BYTES = DIAG_MESSAGE_BYTES - 80 };
    struct buf list = buf_limited(LIST_BYTES);
    size_t left_out = 0;
    struct config_error *e;

    for (size_t i = 0; i < r->unused.count; i++) {
        struct buf one = buf_limited(LIST_BYTES);

        if (was_named_before(r, i))
            continue;
        buf_append_cstr(&one, list.len ? ", " : "");
        print_unused(r, i, &one);
        if (buf_error(&one) || list.len + one.len > LIST_BYTES)
            left_out++;
        else
            buf_append_str(&list, buf_str(&one));
        if (buf_error(&one) == ERR_NOMEM || buf_error(&list) == ERR_NOMEM)
            report_fatal(r, ERR_NOMEM);
        buf_release(&one);
    }
    e = push(r, &r->errors->warnings);
    if (e) {
        e->file = r->file;
        snprintf(e->message, sizeof e->message, "known, but not used yet: %.*s",
                 STR_ARG(buf_str(&list)));
        if (left_out) {
            size_t len = strlen(e->message);

            snprintf(e->message + len, sizeof e->message - len, " and %zu more", left_out);
        }
    }
    buf_release(&list);
}

static bool comes_later(const struct config_error *a, const struct config_error *b)
{
    if (!a->line != !b->line)
        return !a->line;
    return a->line != b->line ? a->line > b->line : a->column > b->column;
}

/* By line, those without a line last; equal ones keep their order. */
static void sort_errors(struct vec *items)
{
    struct config_error *list = items->items;

    for (size_t i = 1; i < items->count; i++) {
        struct config_error moved = list[i];
        size_t at = i;

        while (at > 0 && comes_later(&list[at - 1], &moved)) {
            list[at] = list[at - 1];
            at--;
        }
        list[at] = moved;
    }
}

/* The sections are read in another order than the file's. */
static void sort_unused(struct vec *unused)
{
    struct unused_key *list = unused->items;

    for (size_t i = 1; i < unused->count; i++) {
        struct unused_key moved = list[i];
        size_t at = i;

        while (at > 0 && list[at - 1].line > moved.line) {
            list[at] = list[at - 1];
            at--;
        }
        list[at] = moved;
    }
}

enum err report_finish(struct report *r)
{
    sort_errors(&r->errors->items);
    sort_unused(&r->unused);
    if (r->unused.count)
        warn_unused(r);
    if (r->fatal)
        return r->fatal;
    return r->errors->items.count || r->errors->dropped_count ? ERR_INVALID : ERR_OK;
}

/* Index of the first byte of the character that holds byte `at`. */
static size_t character_start(struct str text, size_t at)
{
    while (at > 0 && ((unsigned char)text.ptr[at] & 0xC0) == 0x80)
        at--;
    return at;
}

const char *report_shown(struct str text, char out[SHOWN_BYTES])
{
    enum { KEPT_BYTES = SHOWN_BYTES - 4 };
    size_t len = text.len <= KEPT_BYTES ? text.len : character_start(text, KEPT_BYTES);

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        out[i] = c < 0x20 || c == 0x7F ? '?' : (char)c;
    }
    memcpy(out + len, len < text.len ? "…" : "", len < text.len ? sizeof "…" : 1);
    return out;
}
