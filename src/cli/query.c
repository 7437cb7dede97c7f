#include "cli/query.h"

#include <math.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"
#include "cli/ask.h"
#include "cli/colour.h"
#include "cli/commands.h"
#include "cli/query_chart.h"
#include "cli/query_print.h"
#include "model/duration.h"

enum {
    QUERY_TIMEOUT_MS = 120000,
    QUERY_FORM_MAX_BYTES = 1 << 20,
    QUERY_ARENA_MAX_BYTES = 1 << 30,
    QUERY_CSV_MAX_BYTES = 1 << 30,
    RANGE_DEFAULT_MS = 3600000,
    RANGE_DEFAULT_STEPS = 240,
    STEP_MIN_MS = 1000,
    WIDTH_DEFAULT = 80
};

static const double UNIX_MAX_S = 253402300799; /* the end of the year 9999 */

/* What was asked for. is_range: over the frame's time; else at time_ms, or now when !has_time. */
struct asked {
    bool is_range, has_time;
    int64_t time_ms;
    struct query_frame frame;
};

/* --- arguments --- */

static bool read_moment(const char *text, int64_t now_ms, int64_t *ret_ms)
{
    int64_t ago_ms;
    double unix_s;

    if (text[0] == '-' && duration_parse(str_of(text + 1), &ago_ms)) {
        *ret_ms = now_ms - ago_ms;
        return true;
    }
    if (!number_parse(str_of(text), &unix_s))
        return clock_parse_rfc3339(str_of(text), ret_ms);
    if (!(fabs(unix_s) <= UNIX_MAX_S))
        return false;
    *ret_ms = (int64_t)llround(unix_s * 1000);
    return true;
}

/* A flag that was not given leaves *ret_ms alone. */
static enum err take_moment(const char *flag, const char *text, int64_t now_ms, int64_t *ret_ms,
                            struct diag *diag)
{
    if (!text || read_moment(text, now_ms, ret_ms))
        return ERR_OK;
    return diag_set(
        diag, ERR_INVALID,
        "%s is a moment, as 2026-11-20T02:39:12Z, Unix seconds or -1h; it was \"%.100s\"", flag,
        text);
}

static enum err take_step(const char *text, struct query_frame *f, struct diag *diag)
{
    double seconds = 0;

    f->step_ms = (f->end_ms - f->start_ms) / RANGE_DEFAULT_STEPS / STEP_MIN_MS * STEP_MIN_MS;
    if (f->step_ms < STEP_MIN_MS)
        f->step_ms = STEP_MIN_MS;
    if (!text)
        return ERR_OK;
    if (number_parse(str_of(text), &seconds) && seconds < UNIX_MAX_S)
        f->step_ms = (int64_t)(seconds * 1000);
    else if (!duration_parse(str_of(text), &f->step_ms))
        f->step_ms = 0;
    if (f->step_ms > 0)
        return ERR_OK;
    return diag_set(diag, ERR_INVALID, "--step is a duration, as 15s; it was \"%.100s\"", text);
}

static enum err take_range(const struct cli_flags *flags, int64_t now_ms, struct query_frame *f,
                           struct diag *diag)
{
    enum err err;

    f->end_ms = now_ms;
    err = take_moment("--end", flags->end, now_ms, &f->end_ms, diag);
    f->start_ms = f->end_ms - RANGE_DEFAULT_MS;
    if (!err)
        err = take_moment("--start", flags->start, now_ms, &f->start_ms, diag);
    if (!err && f->start_ms > f->end_ms)
        err = diag_set(diag, ERR_INVALID, "--end is before --start");
    return err ? err : take_step(flags->step, f, diag);
}

static int terminal_width(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size = { 0 };
    int64_t width;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        return size.ws_col;
    if (columns && str_parse_i64(str_of(columns), &width) && width > 0 && width < 1000)
        return (int)width;
    return WIDTH_DEFAULT;
}

static enum err take_asked(const struct cli_flags *flags, struct asked *a, struct diag *diag)
{
    struct clock clock = clock_system();
    int64_t now_ms = clock_wall_ms(&clock);

    *a = (struct asked){ .is_range = flags->start || flags->end || flags->step,
                         .has_time = flags->time,
                         .frame.width = terminal_width() };
    if (a->is_range && a->has_time)
        return diag_set(diag, ERR_INVALID, "--time is one moment, --start and --end are a range");
    if (a->is_range)
        return take_range(flags, now_ms, &a->frame, diag);
    return take_moment("--time", flags->time, now_ms, &a->time_ms, diag);
}

/* --- asking --- */

static void append_encoded(struct buf *form, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        buf_printf(form, "%%%02X", (unsigned char)text.ptr[i]);
}

static void append_moment(struct buf *form, const char *name, int64_t ms)
{
    char text[CLOCK_RFC3339_BYTES];

    buf_printf(form, "&%s=%s", name, clock_format_rfc3339(ms, text));
}

static enum err ask(const struct cli_flags *flags, const struct asked *a, struct buf *answer,
                    struct diag *diag)
{
    struct buf form = buf_limited(QUERY_FORM_MAX_BYTES);
    struct question q = { .url = flags->url,
                          .method = "POST",
                          .path = a->is_range ? "/api/v1/query_range" : "/api/v1/query",
                          .is_form = true,
                          .timeout_ms = QUERY_TIMEOUT_MS };
    enum err err;

    buf_append_cstr(&form, "query=");
    append_encoded(&form, str_of(flags->argument));
    if (a->has_time)
        append_moment(&form, "time", a->time_ms);
    if (a->is_range) {
        append_moment(&form, "start", a->frame.start_ms);
        append_moment(&form, "end", a->frame.end_ms);
        buf_printf(&form, "&step=%lld.%03lld", (long long)(a->frame.step_ms / 1000),
                   (long long)(a->frame.step_ms % 1000));
    }
    q.body = buf_str(&form);
    err = buf_error(&form);
    if (err)
        diag_set(diag, err, "the expression is too long");
    else
        err = cli_ask(&q, answer, diag);
    buf_release(&form);
    return err;
}

/* --- telling --- */

/* Behind `invalid parameter "query": ` stands LINE:COLUMN: of what is wrong with the expression. */
static bool find_place(struct str message, int *ret_line, int *ret_column, struct str *ret_rest)
{
    static const struct str before = { "invalid parameter \"query\": ", 27 };
    struct str line_text, column_text, rest;
    int64_t line, column;

    if (!str_has_prefix(message, before))
        return false;
    rest = str_cut((struct str){ message.ptr + before.len, message.len - before.len }, ':',
                   &line_text);
    rest = str_cut(rest, ':', &column_text);
    if (!str_parse_i64(line_text, &line) || !str_parse_i64(column_text, &column) || line < 1 ||
        line > QUERY_FORM_MAX_BYTES || column < 1 || column > QUERY_FORM_MAX_BYTES)
        return false;
    *ret_line = (int)line;
    *ret_column = (int)column;
    *ret_rest = str_trim(rest);
    return true;
}

static int complain(const char *expression, enum err err, const struct diag *diag)
{
    struct str message = str_of(diag->message[0] ? diag->message : err_text(err));
    int line = 0, column = 0;
    bool has_place = find_place(message, &line, &column, &message);

    fprintf(stderr, "%sfusebox query: ", colour_on(stderr, COLOUR_BAD));
    ask_print_text(stderr, message);
    fprintf(stderr, "%s\n", colour_off(stderr));
    if (has_place)
        query_print_caret(stderr, str_of(expression), line, column);
    return err_exit_code(err);
}

static enum err print_csv(const struct query_answer *a, struct diag *diag)
{
    struct buf text = buf_limited(QUERY_CSV_MAX_BYTES);
    enum err err;

    query_print_csv(&text, a);
    err = buf_error(&text);
    if (err)
        diag_set(diag, err, "the answer is too large to be shown; -o json prints it");
    else
        fwrite(text.data, 1, text.len, stdout);
    buf_release(&text);
    return err;
}

static enum err print_read(const struct cli_flags *flags, const struct asked *asked,
                           struct str answer, struct diag *diag)
{
    struct arena arena = arena_limited(QUERY_ARENA_MAX_BYTES);
    struct query_answer a;
    struct json_value doc;
    enum err err = json_read(answer, &doc, diag);

    if (!err)
        err = query_answer_read(doc, &arena, &a, diag);
    if (!err && flags->output == CLI_OUTPUT_CSV)
        err = print_csv(&a, diag);
    else if (!err && asked->is_range)
        query_chart_print(stdout, &a, &asked->frame);
    else if (!err)
        query_print_table(stdout, &a);
    arena_release(&arena);
    return err;
}

int query_command(struct cli_flags *flags)
{
    struct buf answer = { 0 };
    struct diag diag = { 0 };
    struct asked asked;
    enum err err = take_asked(flags, &asked, &diag);

    if (!err)
        err = ask(flags, &asked, &answer, &diag);
    if (!err && flags->output == CLI_OUTPUT_JSON) {
        fwrite(answer.data, 1, answer.len, stdout);
        fputc('\n', stdout);
    } else if (!err) {
        err = print_read(flags, &asked, buf_str(&answer), &diag);
    }
    if (err)
        complain(flags->argument, err, &diag);
    buf_release(&answer);
    return err_exit_code(err);
}
