#include "cli/query_chart.h"

#include <math.h>

#include "base/clock.h"
#include "cli/ask.h"
#include "cli/colour.h"
#include "cli/query_print.h"
#include "model/duration.h"

enum {
    ROWS = 4,
    LEVELS = ROWS * 4,
    LABEL_WIDTH = 12,
    COLUMNS_MIN = 10,
    DOTS_MAX = QUERY_CHART_COLUMNS_MAX * 2
};

/* What one column of dots shows: from lo to hi. */
struct span {
    bool there;
    double lo, hi;
};

struct chart {
    struct span spans[DOTS_MAX];
    unsigned char cells[ROWS][QUERY_CHART_COLUMNS_MAX]; /* braille dots, as U+2800 adds them */
    int columns;
    double min, max;
};

static bool find_bounds(const struct query_row *row, double *ret_min, double *ret_max)
{
    double min = INFINITY, max = -INFINITY;

    for (size_t i = 0; i < row->point_count; i++) {
        double value = row->points[i].value;

        if (isfinite(value)) {
            min = fmin(min, value);
            max = fmax(max, value);
        }
    }
    *ret_min = min;
    *ret_max = max;
    return min <= max;
}

static int dot_column(const struct chart *c, const struct query_frame *f, int64_t ts_ms)
{
    double whole = (double)(f->end_ms - f->start_ms), part = (double)(ts_ms - f->start_ms);
    double share = whole > 0 ? part / whole : 0;

    share = share < 0 ? 0 : share > 1 ? 1 : share;
    return (int)lround(share * (c->columns * 2 - 1));
}

static void extend(struct span *s, double value)
{
    s->lo = s->there ? fmin(s->lo, value) : value;
    s->hi = s->there ? fmax(s->hi, value) : value;
    s->there = true;
}

/* Fills the columns between two points by the line that joins them. */
static void join(struct chart *c, int from, double a, int to, double b)
{
    for (int i = from + 1; i < to; i++)
        extend(&c->spans[i], a + (b - a) * (i - from) / (to - from));
}

static void fill_spans(struct chart *c, const struct query_row *row, const struct query_frame *f)
{
    const struct query_point *before = NULL;

    for (size_t i = 0; i < row->point_count; i++) {
        const struct query_point *p = &row->points[i];
        int column = dot_column(c, f, p->ts_ms);

        if (!isfinite(p->value)) {
            before = NULL;
            continue;
        }
        extend(&c->spans[column], p->value);
        if (before && p->ts_ms - before->ts_ms <= f->step_ms)
            join(c, dot_column(c, f, before->ts_ms), before->value, column, p->value);
        before = p;
    }
}

/* 0 at the bottom. Halves, so that the difference of any two numbers is finite. */
static int level_of(const struct chart *c, double value)
{
    double range = c->max / 2 - c->min / 2;

    return range > 0 ? (int)lround((value / 2 - c->min / 2) / range * (LEVELS - 1)) : 0;
}

static void set_dot(struct chart *c, int column, int level)
{
    static const unsigned char dots[4][2] = {
        { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 }
    };
    int from_top = LEVELS - 1 - level;

    c->cells[from_top / 4][column / 2] |= dots[from_top % 4][column % 2];
}

/* Draws each span, and down or up to where the one before it ended. */
static void draw(struct chart *c)
{
    int lo_before = 0, hi_before = LEVELS - 1;

    for (int i = 0; i < c->columns * 2; i++) {
        const struct span *s = &c->spans[i];
        int lo, hi;

        if (!s->there) {
            lo_before = 0;
            hi_before = LEVELS - 1;
            continue;
        }
        lo = level_of(c, s->lo);
        hi = level_of(c, s->hi);
        for (int level = lo > hi_before ? hi_before + 1 : lo;
             level <= (hi < lo_before ? lo_before - 1 : hi); level++)
            set_dot(c, i, level);
        lo_before = lo;
        hi_before = hi;
    }
}

static void print_cell(FILE *out, unsigned char dots)
{
    fprintf(out, "\xE2%c%c", 0xA0 + (dots >> 6), 0x80 + (dots & 0x3F));
}

static void print_rows(FILE *out, const struct chart *c)
{
    char number[QUERY_NUMBER_BYTES];

    for (int row = 0; row < ROWS; row++) {
        const char *label = "";

        if (row == ROWS - 1)
            label = query_number(c->min, number);
        else if (row == 0 && c->max > c->min)
            label = query_number(c->max, number);
        fprintf(out, "%*s ", LABEL_WIDTH, label);
        for (int i = 0; i < c->columns; i++)
            print_cell(out, c->cells[row][i]);
        fputc('\n', out);
    }
}

/* METRIC{a="1", b="2"} */
static void print_title(FILE *out, const struct query_answer *a, const struct query_row *row)
{
    const char *between = "";

    fputs(colour_on(out, COLOUR_STRONG), out);
    if (a->name_count && query_is_metric_name(a->names[0]))
        ask_print_text(out, row->values[0]);
    fputc('{', out);
    for (size_t i = 0; i < a->name_count; i++) {
        if (!row->values[i].len || query_is_metric_name(a->names[i]))
            continue;
        fputs(between, out);
        ask_print_text(out, a->names[i]);
        fputs("=\"", out);
        ask_print_text(out, row->values[i]);
        fputc('"', out);
        between = ", ";
    }
    fprintf(out, "}%s", colour_off(out));
}

static void print_chart(FILE *out, const struct query_answer *a, const struct query_row *row,
                        const struct query_frame *f)
{
    struct chart c = { .columns = f->width - LABEL_WIDTH - 1 };
    char number[QUERY_NUMBER_BYTES];

    c.columns = c.columns < COLUMNS_MIN               ? COLUMNS_MIN
                : c.columns > QUERY_CHART_COLUMNS_MAX ? QUERY_CHART_COLUMNS_MAX
                                                      : c.columns;
    fputc('\n', out);
    print_title(out, a, row);
    if (row->point_count)
        fprintf(out, "  last %s", query_number(row->points[row->point_count - 1].value, number));
    fputc('\n', out);
    if (!find_bounds(row, &c.min, &c.max))
        return;
    fill_spans(&c, row, f);
    draw(&c);
    print_rows(out, &c);
}

void query_chart_print(FILE *out, const struct query_answer *a, const struct query_frame *f)
{
    char from[CLOCK_RFC3339_BYTES], to[CLOCK_RFC3339_BYTES], step[DURATION_TEXT_BYTES];

    if (a->row_count == 0) {
        fputs("no series has a value there\n", out);
        return;
    }
    fprintf(out, "%s to %s, every %s\n", clock_format_rfc3339(f->start_ms, from),
            clock_format_rfc3339(f->end_ms, to), duration_format(f->step_ms, step));
    for (size_t i = 0; i < a->row_count && i < QUERY_CHARTS_MAX; i++)
        print_chart(out, a, &a->rows[i], f);
    if (a->row_count > QUERY_CHARTS_MAX)
        fprintf(out, "\nand %zu more series; -o csv has them all\n",
                a->row_count - QUERY_CHARTS_MAX);
}
