#include "unit.h"

#include "promql_script.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/number.h"
#include "model/duration.h"
#include "promql/parse.h"

enum { LOADED_MAX = 4096, WORLD_BYTES = 64 << 20, VALUES_MAX = 4096 };

/* --- the world --- */

void script_world_init(struct script_world *w)
{
    *w = (struct script_world){ .arena = arena_limited(WORLD_BYTES) };
    w->series = arena_alloc_zero(&w->arena, LOADED_MAX, sizeof *w->series);
    assert_non_null(w->series);
}

void script_world_release(struct script_world *w)
{
    arena_release(&w->arena);
}

static enum err select_series(void *ctx, const struct matcher *matchers, size_t matcher_count,
                              int64_t start_ms, int64_t end_ms, size_t max_samples,
                              tsdb_visit *visit, void *visit_ctx)
{
    struct script_world *w = ctx;

    for (size_t i = 0; i < w->count; i++) {
        const struct script_series *s = &w->series[i];
        size_t from = 0, to = s->count;
        bool accepted = true;

        for (size_t m = 0; m < matcher_count; m++)
            accepted = accepted && matcher_matches(&matchers[m], s->labels);
        while (from < to && s->samples[from].ts_ms < start_ms)
            from++;
        while (to > from && s->samples[to - 1].ts_ms > end_ms)
            to--;
        if (to - from > max_samples)
            return ERR_LIMIT;
        if (accepted && to > from &&
            !visit(visit_ctx,
                   &(struct tsdb_series_data){ s->labels, s->samples + from, to - from }))
            break;
    }
    return ERR_OK;
}

struct promql_source script_world_source(struct script_world *w)
{
    return (struct promql_source){ select_series, w };
}

struct promql_options script_options(struct script_world *w)
{
    return (struct promql_options){ .source = script_world_source(w),
                                    .step_ms = 1,
                                    .lookback_ms = 300000,
                                    .default_step_ms = 60000,
                                    .max_samples = 1000000,
                                    .max_bytes = WORLD_BYTES,
                                    .max_steps = 11000 };
}

/* --- reading --- */

struct script {
    const char *path;
    struct str rest;
    int line;
    struct script_world world;
    bool left_open;
    int queries;
};

#define FAIL(s, ...)                                                                               \
    do {                                                                                           \
        print_error("%s:%d: ", (s)->path, (s)->line);                                              \
        fail_msg(__VA_ARGS__);                                                                     \
    } while (0)

/* The next line without its comment; false at the end. */
static bool next_line(struct script *s, struct str *ret)
{
    struct str line;

    if (!s->rest.len)
        return false;
    s->rest = str_cut(s->rest, '\n', &line);
    s->line++;
    if (str_has_prefix(str_trim(line), STR("#")))
        line = STR_NONE;
    *ret = line;
    return true;
}

/* Lines that are indented belong to the one before. */
static bool next_indented(struct script *s, struct str *ret)
{
    struct script before = *s;

    while (next_line(s, ret)) {
        if (ret->len && (ret->ptr[0] == ' ' || ret->ptr[0] == '\t')) {
            *ret = str_trim(*ret);
            if (ret->len)
                return true;
            continue;
        }
        if (ret->len || str_trim(*ret).len)
            break;
    }
    s->rest = before.rest;
    s->line = before.line;
    return false;
}

static struct str take_word(struct str *rest)
{
    struct str word;

    *rest = str_trim(*rest);
    *rest = str_trim(str_cut(*rest, ' ', &word));
    return word;
}

static int64_t take_duration(struct script *s, struct str *rest)
{
    struct str word = take_word(rest);
    int64_t ms;

    if (!duration_parse(word, &ms))
        FAIL(s, "\"%.*s\" is no duration", STR_ARG(word));
    return ms;
}

/* The labels before the values, as a selector has them; {} has none. */
static struct labels take_labels(struct script *s, struct str *rest)
{
    size_t brace = str_find(*rest, '{'), space = str_find(*rest, ' '), end;
    const struct promql_node *node;
    struct labels_builder b;
    struct labels labels;
    struct str text;

    end = brace < space ? str_find(*rest, '}') + 1 : space;
    text = (struct str){ rest->ptr, end };
    *rest = (struct str){ rest->ptr + end, rest->len - end };
    if (str_equals(text, STR("{}")))
        return (struct labels){ 0 };
    if (promql_parse(text, &s->world.arena, &node, NULL) || node->kind != PROMQL_NODE_SELECTOR)
        FAIL(s, "\"%.*s\" names no series", STR_ARG(text));
    labels_builder_init(&b, &s->world.arena);
    for (size_t i = 0; i < node->selector.matcher_count; i++)
        labels_builder_add(&b, node->selector.matchers[i].name, node->selector.matchers[i].value);
    assert_int_equal(labels_builder_finish(&b, &labels, NULL), ERR_OK);
    return labels;
}

/* One value, or a progression: 5, 0+10x3, 7x2, _x3. Gives how many. */
static size_t expand(struct script *s, struct str word, double *out)
{
    size_t x = str_find(word, 'x'), sign = x;
    int64_t times = 0;
    double first = sample_from_bits(SAMPLE_STALE_BITS), by = 0;
    struct str head = { word.ptr, x };

    if (x < word.len && !str_parse_i64((struct str){ word.ptr + x + 1, word.len - x - 1 }, &times))
        FAIL(s, "\"%.*s\" is no series of values", STR_ARG(word));
    for (size_t i = 1; x < word.len && i < x; i++)
        if ((word.ptr[i] == '+' || word.ptr[i] == '-') && word.ptr[i - 1] != 'e')
            sign = i;
    if (sign < x) {
        head.len = sign;
        if (!number_parse((struct str){ word.ptr + sign, x - sign }, &by))
            FAIL(s, "\"%.*s\" is no series of values", STR_ARG(word));
    }
    if (!str_equals(head, STR("_")) && !number_parse(head, &first))
        FAIL(s, "\"%.*s\" is no number", STR_ARG(head));
    if (str_equals(head, STR("_")) && times) /* _x3 is three gaps, not four */
        times--;
    for (int64_t i = 0; i <= times; i++)
        out[i] = sample_is_stale(first) ? first : first + (double)i * by;
    return (size_t)times + 1;
}

static const double stale_value = -8.8e88; /* stands for the word until it is told apart from _ */

static size_t take_values(struct script *s, struct str rest, double *values)
{
    size_t count = 0;

    for (rest = str_trim(rest); rest.len;) {
        struct str word = take_word(&rest);

        if (count + 1 >= VALUES_MAX)
            FAIL(s, "too many values");
        if (str_equals(word, STR("stale")))
            values[count++] = stale_value;
        else
            count += expand(s, word, values + count);
    }
    return count;
}

static int compare_series(const void *a, const void *b)
{
    const struct script_series *x = a, *y = b;

    return labels_compare(x->labels, y->labels);
}

static void load(struct script *s, struct str rest)
{
    int64_t step_ms = take_duration(s, &rest);
    static double values[VALUES_MAX];
    struct str line;

    while (next_indented(s, &line)) {
        struct script_series *series = &s->world.series[s->world.count++];
        size_t count;

        series->labels = take_labels(s, &line);
        count = take_values(s, line, values);
        series->samples = arena_alloc_zero(&s->world.arena, count + 1, sizeof *series->samples);
        assert_non_null(series->samples);
        for (size_t i = 0; i < count; i++) {
            double value = values[i] == stale_value ? sample_from_bits(SAMPLE_STALE_BITS)
                                                    : values[i];

            if (values[i] == stale_value || !sample_is_stale(values[i]))
                series->samples[series->count++] = (struct sample){ (int64_t)i * step_ms, value };
        }
    }
    qsort(s->world.series, s->world.count, sizeof *s->world.series, compare_series);
}

/* --- asking --- */

static bool same(double got, double wanted)
{
    if (sample_is_stale(got) || sample_is_stale(wanted))
        return sample_is_stale(got) && sample_is_stale(wanted);
    if (isnan(got) || isnan(wanted))
        return isnan(got) && isnan(wanted);
    return got == wanted || fabs(got - wanted) <= 1e-6 * fmax(fabs(got), fabs(wanted));
}

static void expect_series(struct script *s, const struct promql_result *r, size_t at,
                          struct labels labels, struct str rest)
{
    static double values[VALUES_MAX];
    size_t count = take_values(s, rest, values);

    for (size_t i = 0; i < r->step_count; i++) {
        double wanted = i < count ? values[i] : sample_from_bits(SAMPLE_STALE_BITS);
        double got = r->series[at].values[i];

        if (!same(got, wanted)) {
            struct buf text = buf_limited(1 << 16);

            labels_print(labels, &text);
            FAIL(s, "%.*s at step %zu: %.17g instead of %.17g", STR_ARG(buf_str(&text)), i, got,
                 wanted);
        }
    }
}

static size_t find(const struct promql_result *r, struct labels labels)
{
    size_t at = 0;

    while (at < r->series_count && !labels_equals(r->series[at].labels, labels))
        at++;
    return at;
}

static void expect_scalar(struct script *s, const struct promql_result *r, struct str line)
{
    static double values[VALUES_MAX];
    size_t count = take_values(s, line, values);

    for (size_t i = 0; i < r->step_count && i < count; i++)
        if (!same(r->scalars[i], values[i]))
            FAIL(s, "%.17g instead of %.17g", r->scalars[i], values[i]);
}

static void expect_result(struct script *s, const struct promql_result *r, bool ordered)
{
    size_t expected = 0;
    struct str line;

    while (next_indented(s, &line)) {
        struct labels labels;
        size_t at;

        if (r->type == PROMQL_SCALAR) {
            expect_scalar(s, r, line);
            continue;
        }
        labels = take_labels(s, &line);
        at = ordered ? expected : find(r, labels);
        if (at >= r->series_count || !labels_equals(r->series[at].labels, labels))
            FAIL(s, "this series is not in the result%s", ordered ? " at this place" : "");
        expect_series(s, r, at, labels, line);
        expected++;
    }
    if (r->type == PROMQL_VECTOR && expected != r->series_count)
        FAIL(s, "%zu series instead of %zu", r->series_count, expected);
}

static void expect_failure(struct script *s, enum err err, const struct diag *diag)
{
    struct str line, word;

    if (!err)
        FAIL(s, "it did not fail");
    while (next_indented(s, &line)) {
        word = take_word(&line);
        if (str_equals(word, STR("expected_fail_message")) &&
            !memmem(diag_text(diag), strlen(diag_text(diag)), line.ptr, line.len))
            FAIL(s, "it failed with \"%s\"", diag_text(diag));
    }
}

/* "instant at 5m EXPR" or "range from 0 to 5m step 1m EXPR". */
static struct promql_options take_when(struct script *s, struct str *rest)
{
    struct promql_options o = script_options(&s->world);

    o.left_open = s->left_open;
    o.is_range = str_equals(take_word(rest), STR("range"));
    take_word(rest); /* at, from */
    o.start_ms = o.end_ms = take_duration(s, rest);
    if (!o.is_range)
        return o;
    take_word(rest); /* to */
    o.end_ms = take_duration(s, rest);
    take_word(rest); /* step */
    o.step_ms = take_duration(s, rest);
    return o;
}

static void ask(struct script *s, struct str rest, bool fails, bool ordered)
{
    struct promql_options options = take_when(s, &rest);
    const struct promql_node *node;
    struct promql_result result;
    struct promql_query query;
    struct diag diag = { 0 };
    enum err err = promql_parse(rest, &s->world.arena, &node, &diag);

    s->queries++;
    promql_query_init(&query, &options);
    if (!err)
        err = promql_run(&query, node, &result, &diag);
    if (fails)
        expect_failure(s, err, &diag);
    else if (err)
        FAIL(s, "%s", diag_text(&diag));
    else
        expect_result(s, &result, ordered);
    promql_query_release(&query);
}

int script_run(const char *path, struct str text)
{
    struct script s = { .path = path, .rest = text };
    struct str line;

    script_world_init(&s.world);
    while (next_line(&s, &line)) {
        struct str rest = line, word = take_word(&rest);

        if (str_equals(word, STR("load"))) {
            load(&s, rest);
        } else if (str_equals(word, STR("clear"))) {
            script_world_release(&s.world);
            script_world_init(&s.world);
        } else if (str_equals(word, STR("ranges"))) {
            s.left_open = str_equals(rest, STR("left-open"));
        } else if (str_has_prefix(word, STR("eval"))) {
            ask(&s, rest, str_equals(word, STR("eval_fail")),
                str_equals(word, STR("eval_ordered")));
        } else if (word.len) {
            FAIL(&s, "\"%.*s\" is no command", STR_ARG(word));
        }
    }
    script_world_release(&s.world);
    return s.queries;
}
