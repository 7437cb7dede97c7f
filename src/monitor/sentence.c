#include "monitor/sentence.h"

#include <math.h>
#include <time.h>

#include "base/buf.h"
#include "monitor/breaker_condition.h"

enum { SENTENCE_MAX_BYTES = 2048, SENTENCE_LINKS_MAX = 8, NAME_SHOWN_BYTES = 64 };

/* "orders", cut between characters at a length that leaves room for the rest of the sentence. */
static int shown_len(struct str name)
{
    size_t len = NAME_SHOWN_BYTES;

    if (name.len <= len)
        return (int)name.len;
    while (len > 0 && ((unsigned char)name.ptr[len] & 0xc0) == 0x80)
        len--;
    return (int)len;
}

static const char *finish(struct arena *arena, struct buf *text)
{
    const char *copy = buf_error(text) ? NULL : arena_copy(arena, buf_str(text));

    buf_release(text);
    return copy ? copy : "";
}

static void append_ago(struct buf *out, int64_t ms)
{
    int64_t s = ms / 1000;

    if (s < 90)
        buf_printf(out, "%lld s", (long long)s);
    else if (s < 90 * 60)
        buf_printf(out, "%lld min", (long long)((s + 30) / 60));
    else
        buf_printf(out, "%.1f h", (double)s / 3600);
}

static void append_since(struct buf *out, int64_t since_ms, int64_t now_ms)
{
    char at[16];
    time_t seconds = (time_t)(since_ms / 1000);
    struct tm tm = { 0 };

    if (since_ms < 0)
        return;
    gmtime_r(&seconds, &tm);
    strftime(at, sizeof at, "%H:%M:%S", &tm);
    buf_printf(out, "%sSince %s UTC (", out->len ? " · " : "", at);
    append_ago(out, now_ms - since_ms);
    buf_append_byte(out, ')');
}

static void separate(struct buf *out)
{
    if (out->len)
        buf_append_cstr(out, " · ");
}

static void append_success(struct buf *out, double success_ratio)
{
    double failed = 1 - success_ratio, percent = success_ratio * 100;

    separate(out);
    if (failed <= 0)
        buf_append_cstr(out, "every call succeeds");
    else
        buf_printf(out, "%.*f %% of calls succeed",
                   failed < 0.001  ? 3
                   : failed < 0.01 ? 2
                                   : 1,
                   floor(percent * 1000) / 1000);
}

/* The facts of one service, as far as they are worth a word. */
static void append_facts(struct buf *out, const struct service_view *s)
{
    const struct breaker_counts *c = &s->breakers;
    enum breaker_condition condition = breaker_conditions_worst(s);

    if (!isnan(s->success_ratio) && s->evidence == EVIDENCE_OK)
        append_success(out, s->success_ratio);
    if (c->in_state[BREAKER_OPEN] || c->in_state[BREAKER_HALF_OPEN]) {
        separate(out);
        buf_printf(out, "%u of %u breakers open", c->in_state[BREAKER_OPEN], c->total);
        if (c->in_state[BREAKER_HALF_OPEN])
            buf_printf(out, ", %u half-open", c->in_state[BREAKER_HALF_OPEN]);
    }
    if (condition != BREAKER_CONDITION_COUNT && condition != BREAKER_LONG_OPEN &&
        s->conditions[condition].text && s->conditions[condition].text != s->reason) {
        separate(out);
        buf_append_cstr(out, s->conditions[condition].text);
    }
    if (s->budget.kind != BUDGET_UNKNOWN && !isinf(s->budget.utilization_percent)) {
        separate(out);
        buf_printf(out, "retry budget %s%.0f %% used", s->budget.modelled ? "≈ " : "",
                   s->budget.utilization_percent);
    }
}

static bool fails(const struct service_view *s)
{
    return s->evidence == EVIDENCE_OK && !isnan(s->success_ratio) && s->success_ratio < 0.99;
}

/* "payments fails for 1 in 9 callers" or the reason that made the verdict. */
static void append_trouble(struct buf *out, const struct service_view *s)
{
    buf_printf(out, "%.*s", shown_len(s->name), s->name.ptr);
    if (fails(s) && s->success_ratio <= 0.5)
        buf_printf(out, " fails for %.0f %% of calls", (1 - s->success_ratio) * 100);
    else if (fails(s))
        buf_printf(out, " fails for 1 in %.0f calls", 1 / (1 - s->success_ratio));
    else
        buf_printf(out, ": %s", s->reason ? s->reason : "not healthy");
    if (!fails(s) && s->evidence == EVIDENCE_OK && s->success_ratio >= 0.999)
        buf_append_cstr(out, ", callers do not feel it yet");
}

static void set_links(struct monitor_view *view, size_t count)
{
    struct str *links;

    if (count > SENTENCE_LINKS_MAX)
        count = SENTENCE_LINKS_MAX;
    links = count ? arena_alloc(&view->arena, count * sizeof *links) : NULL;
    if (!links)
        return;
    for (size_t i = 0; i < count; i++)
        links[i] = view->services[i].name;
    view->sentence.links = links;
    view->sentence.link_count = count;
}

static size_t count_with(const struct monitor_view *view, enum health health)
{
    size_t count = 0;

    for (size_t i = 0; i < view->service_count; i++)
        count += view->services[i].health == health;
    return count;
}

/* Services that are heard, and of which nothing is known but that they have hardly any calls. */
static size_t count_idle(const struct monitor_view *view)
{
    size_t count = 0;

    for (size_t i = 0; i < view->service_count; i++)
        count += view->services[i].health == HEALTH_UNKNOWN &&
                 view->services[i].evidence == EVIDENCE_TOO_LITTLE;
    return count;
}

static void say_nothing_yet(struct monitor_view *view)
{
    view->sentence = (struct sentence){
        .text = "No service has been heard of yet",
        .detail = "Point Fusebox at what you run: add scrape_configs to its configuration, or try "
                  "`fusebox demo`",
        .severity = SEVERITY_UNKNOWN,
        .since_ms = -1,
    };
}

static void append_quiet(struct buf *out, size_t healthy, size_t idle, size_t silent)
{
    const char *which = idle ? " with traffic" : "";

    if (healthy && silent)
        buf_printf(out, "%zu of %zu services%s %s healthy, nothing can be said of %zu", healthy,
                   healthy + silent, which, healthy == 1 ? "is" : "are", silent);
    else if (healthy == 1)
        buf_printf(out, "The one service %s is healthy", idle ? "with traffic" : "here");
    else if (healthy)
        buf_printf(out, "All %zu services%s are healthy", healthy, which);
    else if (idle)
        buf_append_cstr(out, "No service has enough calls to say anything yet");
    else
        buf_printf(out, "Nothing can be said of %s yet",
                   silent == 1 ? "the one service" : "any service");
}

static void append_traffic(struct buf *out, const struct totals_view *t)
{
    if (!isnan(t->calls_per_s))
        buf_printf(out, "%.*f calls/s", t->calls_per_s < 10 ? 1 : 0, t->calls_per_s);
    if (!isnan(t->success_ratio))
        append_success(out, t->success_ratio);
    if (isnan(t->retry_ratio))
        return;
    separate(out);
    buf_printf(out, "%.1f %% of attempts are retries", t->retry_ratio * 100);
}

static void say_quiet(struct monitor_view *view)
{
    struct buf text = buf_limited(SENTENCE_MAX_BYTES), detail = buf_limited(SENTENCE_MAX_BYTES);
    size_t healthy = count_with(view, HEALTH_HEALTHY), idle = count_idle(view);

    append_quiet(&text, healthy, idle, view->service_count - healthy - idle);
    append_traffic(&detail, &view->totals);
    if (healthy && idle) {
        separate(&detail);
        buf_printf(&detail, "%zu %s too few calls to say", idle, idle == 1 ? "has" : "have");
    }
    view->sentence = (struct sentence){
        .text = finish(&view->arena, &text),
        .detail = finish(&view->arena, &detail),
        .severity = healthy ? SEVERITY_OK : SEVERITY_UNKNOWN,
        .since_ms = -1,
    };
}

/* "; 3 services feel it; 1 more service has trouble" */
static void append_others(struct buf *out, size_t victims, size_t more)
{
    if (victims)
        buf_printf(out, "; %zu %s it", victims, victims == 1 ? "service feels" : "services feel");
    if (more)
        buf_printf(out, "; %zu more %s trouble", more, more == 1 ? "service has" : "services have");
}

static void say_trouble(struct monitor_view *view, size_t count, size_t other)
{
    struct buf text = buf_limited(SENTENCE_MAX_BYTES), detail = buf_limited(SENTENCE_MAX_BYTES);
    const struct service_view *worst = &view->services[0];

    append_trouble(&text, worst);
    append_others(&text, worst->victims, count + other - 1 - worst->victims);
    append_since(&detail, worst->since_ms, view->now_ms);
    append_facts(&detail, worst);
    view->sentence = (struct sentence){
        .text = finish(&view->arena, &text),
        .detail = finish(&view->arena, &detail),
        .severity = worst->severity,
        .since_ms = worst->since_ms,
    };
    set_links(view, count + other);
}

void sentence_for_overview(struct monitor_view *view)
{
    size_t unhealthy = count_with(view, HEALTH_UNHEALTHY);
    size_t degraded = count_with(view, HEALTH_DEGRADED);

    if (!view->service_count)
        say_nothing_yet(view);
    else if (unhealthy || degraded)
        say_trouble(view, unhealthy ? unhealthy : degraded, unhealthy ? degraded : 0);
    else
        say_quiet(view);
}

/* ", because payments-db fails" */
static void name_cause(struct buf *out, struct arena *arena, const struct service_view *s,
                       struct sentence *sentence)
{
    struct str *link = arena_alloc(arena, sizeof *link);

    buf_printf(out, ", because %.*s fails", shown_len(s->caused_by), s->caused_by.ptr);
    if (!link)
        return;
    *link = s->caused_by;
    sentence->links = link;
    sentence->link_count = 1;
}

struct sentence sentence_for_service(struct arena *arena, const struct service_view *s,
                                     int64_t now_ms)
{
    struct buf text = buf_limited(SENTENCE_MAX_BYTES), detail = buf_limited(SENTENCE_MAX_BYTES);
    struct sentence sentence = { .severity = s->severity, .since_ms = s->since_ms };

    if (s->health == HEALTH_DEGRADED || s->health == HEALTH_UNHEALTHY)
        append_trouble(&text, s);
    else if (s->health == HEALTH_HEALTHY)
        buf_printf(&text, "%.*s is healthy", shown_len(s->name), s->name.ptr);
    else
        buf_printf(&text, "%.*s: %s", shown_len(s->name), s->name.ptr, s->reason);
    if (s->caused_by.len)
        name_cause(&text, arena, s, &sentence);
    if (s->health == HEALTH_DEGRADED || s->health == HEALTH_UNHEALTHY)
        append_since(&detail, s->since_ms, now_ms);
    if (s->evidence == EVIDENCE_STALE) {
        buf_append_cstr(&detail, "Last data ");
        append_ago(&detail, now_ms - s->last_data_ms);
        buf_append_cstr(&detail, " ago");
    }
    append_facts(&detail, s);
    sentence.text = finish(arena, &text);
    sentence.detail = finish(arena, &detail);
    return sentence;
}
