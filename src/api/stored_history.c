#include "api/stored_history.h"

#include <math.h>
#include <string.h>

#include "api/export.h"
#include "base/mem.h"

static const int64_t PATIENCE_MIN_MS = 300000; /* as Prometheus looks back */
static const int64_t DAY_MS = 86400000;        /* no block reaches over midnight */
enum { SLIVER = 4 }; /* less than this part of a step heard is the end of what was before */

enum own_kind { OWN_COUNTER, OWN_TIME, OWN_GAUGE };

enum { LINE_HEARD = HISTORY_LINE_COUNT, LINE_COUNT };

struct own_line {
    const char *metric;
    const char *quantile; /* or NULL */
    enum own_kind kind;
};

static const struct own_line own_lines[LINE_COUNT] = {
    [HISTORY_CALLS] = { OWN_SERIES_CALLS, NULL, OWN_COUNTER },
    [HISTORY_ERRORS] = { OWN_SERIES_ERRORS, NULL, OWN_COUNTER },
    [HISTORY_RETRIES] = { OWN_SERIES_RETRIES, NULL, OWN_COUNTER },
    [HISTORY_DENIED] = { OWN_SERIES_DENIED, NULL, OWN_COUNTER },
    [HISTORY_RETRY_LIMIT] = { OWN_SERIES_RETRY_LIMIT, NULL, OWN_GAUGE },
    [HISTORY_UTILIZATION] = { OWN_SERIES_UTILIZATION, NULL, OWN_GAUGE },
    [HISTORY_FIRST_SUCCESS] = { OWN_SERIES_FIRST_SUCCESS, NULL, OWN_GAUGE },
    [HISTORY_P50] = { OWN_SERIES_LATENCY, "0.5", OWN_GAUGE },
    [HISTORY_P95] = { OWN_SERIES_LATENCY, "0.95", OWN_GAUGE },
    [HISTORY_P99] = { OWN_SERIES_LATENCY, "0.99", OWN_GAUGE },
    [LINE_HEARD] = { OWN_SERIES_LAST_DATA, NULL, OWN_TIME },
};

static const char own_metrics[] = OWN_SERIES_CALLS
    "|" OWN_SERIES_ERRORS "|" OWN_SERIES_RETRIES "|" OWN_SERIES_DENIED "|" OWN_SERIES_RETRY_LIMIT
    "|" OWN_SERIES_UTILIZATION "|" OWN_SERIES_FIRST_SUCCESS "|" OWN_SERIES_LATENCY
    "|" OWN_SERIES_LAST_DATA;

/* What samples said about each step. */
struct amounts {
    double sum[HISTORY_POINTS_MAX];    /* increase; of a gauge value x seconds */
    double time_s[HISTORY_POINTS_MAX]; /* between samples */
};

struct reading {
    const struct stored_ask *ask;
    const struct service_history *history;
    int64_t begin_ms; /* of the first step */
    int64_t patience_ms;
    int64_t after_ms; /* what ends up to here was read before */
    enum err stop;
    struct amounts lines[LINE_COUNT];
};

static double amount_of(enum own_kind kind, const struct sample *from, const struct sample *to)
{
    double grown = to->value - from->value;

    if (kind == OWN_GAUGE)
        return to->value * (double)(to->ts_ms - from->ts_ms) / 1000;
    if (kind == OWN_TIME)
        return fmax(0, grown);
    return grown < 0 ? to->value : grown;
}

/* Gives each step its part of what came between two samples. */
static void spread(const struct reading *r, enum own_kind kind, struct amounts *line,
                   const struct sample *from, const struct sample *to)
{
    const int64_t step_ms = (int64_t)r->history->step_s * 1000, whole_ms = to->ts_ms - from->ts_ms;
    double amount = amount_of(kind, from, to);
    int64_t at_ms = from->ts_ms > r->begin_ms ? from->ts_ms : r->begin_ms;
    int64_t end_ms = to->ts_ms < r->history->end_ms ? to->ts_ms : r->history->end_ms;

    while (at_ms < end_ms) {
        int64_t step = (at_ms - r->begin_ms) / step_ms;
        int64_t until_ms = r->begin_ms + (step + 1) * step_ms;
        int64_t part_ms = (until_ms < end_ms ? until_ms : end_ms) - at_ms;

        line->sum[step] += amount * (double)part_ms / (double)whole_ms;
        line->time_s[step] += (double)part_ms / 1000;
        at_ms += part_ms;
    }
}

static int find_line(struct labels labels)
{
    struct str metric = labels_value(labels, LABEL_METRIC_NAME);
    struct str quantile = labels_value(labels, STR("quantile"));

    for (int line = 0; line < LINE_COUNT; line++) {
        const struct own_line *own = &own_lines[line];

        if (own->metric && str_equals(metric, str_of(own->metric)) &&
            (!own->quantile || str_equals(quantile, str_of(own->quantile))))
            return line;
    }
    return -1;
}

static bool on_series(void *ctx, const struct tsdb_series_data *data)
{
    struct reading *r = ctx;
    int line = find_line(data->labels);
    const struct sample *before = NULL;

    for (size_t i = 0; i < data->count && line >= 0; i++) {
        const struct sample *s = &data->samples[i];

        if (before && s->ts_ms > r->after_ms && s->ts_ms - before->ts_ms <= r->patience_ms &&
            !isnan(s->value))
            spread(r, own_lines[line].kind, &r->lines[line], before, s);
        before = isnan(s->value) ? NULL : s; /* a stale marker is a NaN */
    }
    r->stop = r->ask->go_on(r->ask->ctx);
    return !r->stop;
}

/* Reads what ends within (after_ms, until_ms]. */
static enum err read_slice(struct reading *r, const struct matcher *matchers, size_t count,
                           int64_t until_ms)
{
    enum err err = tsdb_select(r->ask->db, matchers, count, r->after_ms - r->patience_ms, until_ms,
                               STORED_SAMPLES_MAX, on_series, r);

    return err ? err : r->stop ? r->stop : r->ask->go_on(r->ask->ctx);
}

/* Day by day, so that the samples of one series that are held are those of a day. */
static enum err read_all(struct reading *r, struct diag *diag)
{
    struct matcher matchers[] = {
        { .kind = MATCH_EQUAL, .name = STR("service"), .value = r->ask->service },
        { .kind = MATCH_EQUAL, .name = STR("job"), .value = STR("fusebox") },
        { .kind = MATCH_REGEX, .name = LABEL_METRIC_NAME, .value = str_of(own_metrics) },
    };
    /* What ends the last step may be stored a little later. */
    const int64_t end_ms = r->history->end_ms + r->patience_ms;
    struct regex *regex = NULL;
    enum err err = regex_new(str_of(own_metrics), &regex, diag);

    matchers[2].regex = regex;
    for (r->after_ms = r->begin_ms; !err && r->after_ms < end_ms;) {
        int64_t midnight_ms = ((r->after_ms + 1) / DAY_MS + 1) * DAY_MS;
        int64_t until_ms = midnight_ms < end_ms ? midnight_ms - 1 : end_ms;

        err = read_slice(r, matchers, ARRAY_LEN(matchers), until_ms);
        r->after_ms = until_ms;
    }
    regex_free(regex);
    return err;
}

/* NaN: not told, or the source was not heard in that step. */
static double value_at(const struct reading *r, int line, int step)
{
    const struct amounts *amounts = &r->lines[line];
    double heard_s = r->lines[LINE_HEARD].sum[step];

    if (SLIVER * heard_s < r->history->step_s || !(amounts->time_s[step] > 0))
        return NAN;
    return amounts->sum[step] /
           (own_lines[line].kind == OWN_GAUGE ? amounts->time_s[step] : heard_s);
}

/* What memory knows stays. */
static void fill_step(const struct reading *r, struct service_history *h, int step)
{
    bool retries_told = !isnan(h->lines[HISTORY_RETRIES][step]) ||
                        !isnan(value_at(r, HISTORY_RETRIES, step));

    for (int line = 0; line < HISTORY_LINE_COUNT; line++) {
        bool about_budget = line == HISTORY_RETRY_LIMIT || line == HISTORY_UTILIZATION;

        if (own_lines[line].metric && isnan(h->lines[line][step]) &&
            (!about_budget || retries_told))
            h->lines[line][step] = (float)value_at(r, line, step);
    }
    history_fill_ratios(h, step);
}

enum err stored_history_fill(const struct stored_ask *ask, struct service_history *h,
                             struct diag *diag)
{
    bool booked = budget_take(ask->budget, BUDGET_QUERY, sizeof(struct reading));
    struct reading *r = booked ? mem_alloc_zero(1, sizeof *r) : NULL;
    enum err err = !booked ? ERR_LIMIT : !r ? ERR_NOMEM : ERR_OK;

    if (!err) {
        r->ask = ask;
        r->history = h;
        r->begin_ms = h->end_ms - (int64_t)h->count * h->step_s * 1000;
        r->patience_ms = 3 * ask->stored_ms > PATIENCE_MIN_MS ? 3 * ask->stored_ms
                                                              : PATIENCE_MIN_MS;
        err = read_all(r, diag);
    }
    for (int step = 0; !err && step < h->count; step++)
        fill_step(r, h, step);
    mem_free(r);
    if (booked)
        budget_give(ask->budget, BUDGET_QUERY, sizeof(struct reading));
    return err != ERR_LIMIT ? err
                            : diag_set(diag, ERR_OVERLOADED,
                                       "there is no memory for so many stored samples now: ask for "
                                       "a shorter period, or later");
}
