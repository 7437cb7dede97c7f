/* The sentence that leads the storage: how much of the past is held, or what is wrong with it. */
#include "api/storage.h"
#include "base/human.h"

enum { SENTENCE_MAX_BYTES = 1024, DISK_LOW_PERCENT = 5 };
static const int64_t SEAL_PATIENCE_MS = 45 * 60000; /* half an hour is usual */

static const char *finish(struct arena *arena, struct buf *text)
{
    const char *copy = buf_error(text) ? NULL : arena_copy(arena, buf_str(text));

    buf_release(text);
    return copy ? copy : "";
}

static bool is_empty(const struct storage_view *v)
{
    return v->stats.min_ts_ms > v->stats.max_ts_ms;
}

static bool is_disk_low(const struct storage_view *v)
{
    return v->disk_total_bytes && v->disk_free_bytes < v->disk_total_bytes / 100 * DISK_LOW_PERCENT;
}

static bool is_memory_used_up(const struct storage_view *v)
{
    return v->budget && v->budget->limit_bytes && !budget_room_bytes(v->budget);
}

/* None has worked for longer than usual, and not for want of trying. */
static bool is_seal_failing(const struct storage_view *v)
{
    return v->stats.seal_failures_count && v->now_ms - v->stats.last_seal_ms > SEAL_PATIENCE_MS;
}

static bool is_worry(const struct storage_view *v)
{
    return is_memory_used_up(v) || is_disk_low(v) || is_seal_failing(v);
}

static uint64_t span_ms(const struct storage_view *v)
{
    return (uint64_t)v->stats.max_ts_ms - (uint64_t)v->stats.min_ts_ms;
}

static void append_sizes(struct buf *out, const struct storage_view *v)
{
    const struct tsdb_stats *s = &v->stats;
    char span[HUMAN_TEXT_BYTES], series[HUMAN_TEXT_BYTES], bytes[HUMAN_TEXT_BYTES];

    if (span_ms(v) >= 1000)
        buf_printf(out, "%s of ", human_duration((int64_t)(span_ms(v) & INT64_MAX), span));
    buf_printf(out, "%s series in %s", human_count(s->series_count, series),
               human_bytes(s->blocks_bytes + s->log_bytes, bytes));
    if (s->blocks_samples_count)
        buf_printf(out, "; %.2f bytes per sample",
                   (double)s->blocks_bytes / (double)s->blocks_samples_count);
}

static const char *text_of(struct arena *arena, const struct storage_view *v)
{
    struct buf out = buf_limited(SENTENCE_MAX_BYTES);
    char a[HUMAN_TEXT_BYTES], b[HUMAN_TEXT_BYTES];

    if (v->failing) {
        buf_append_cstr(&out, "Samples cannot be stored at the moment; what is stored is served");
    } else if (v->stats.damaged_count) {
        buf_printf(&out, "%s %s damaged; all the rest is served",
                   human_count(v->stats.damaged_count, a),
                   v->stats.damaged_count == 1 ? "place in the stored data is"
                                               : "places in the stored data are");
    } else if (is_memory_used_up(v)) {
        buf_append_cstr(&out,
                        "The memory budget is used up: new series are refused, known ones go on");
    } else if (is_disk_low(v)) {
        buf_printf(&out, "The disk is nearly full: %s of %s are free",
                   human_bytes(v->disk_free_bytes, a), human_bytes(v->disk_total_bytes, b));
    } else if (is_seal_failing(v)) {
        buf_append_cstr(&out, "Seals fail: what is new stays in memory and log; the log of Fusebox "
                              "tells why");
    } else if (is_empty(v)) {
        buf_append_cstr(&out, "Nothing is stored yet");
    } else {
        append_sizes(&out, v);
        buf_append_cstr(&out, "; nothing is damaged");
    }
    return finish(arena, &out);
}

static void separate(struct buf *out)
{
    if (out->len)
        buf_append_cstr(out, " · ");
}

static void append_seals(struct buf *out, const struct storage_view *v)
{
    const struct tsdb_stats *s = &v->stats;
    char text[HUMAN_TEXT_BYTES];

    if (s->last_seal_ms) {
        separate(out);
        buf_printf(out, "last seal %s ago", human_duration(v->now_ms - s->last_seal_ms, text));
    }
    if (s->seal_failures_count) {
        separate(out);
        buf_printf(out, "%s %s failed", human_count(s->seal_failures_count, text),
                   s->seal_failures_count == 1 ? "seal has" : "seals have");
    }
}

/* The first damage, or the sizes that a worry took the place of; then what is kept and free. */
static const char *detail_of(struct arena *arena, const struct storage_view *v)
{
    struct buf out = buf_limited(SENTENCE_MAX_BYTES);
    char a[HUMAN_TEXT_BYTES], b[HUMAN_TEXT_BYTES];

    if (v->stats.damaged_count && v->damage_count)
        buf_printf(&out, "%s at offset %llu: %s", v->damages[0].path,
                   (unsigned long long)v->damages[0].offset_bytes, v->damages[0].what);
    else if (!is_empty(v) && (v->failing || is_worry(v)))
        append_sizes(&out, v);
    separate(&out);
    if (v->retention_ms)
        buf_printf(&out, "kept for %s", human_duration(v->retention_ms, a));
    else
        buf_append_cstr(&out, "kept for ever");
    if (v->retention_bytes)
        buf_printf(&out, ", in at most %s", human_bytes(v->retention_bytes, a));
    append_seals(&out, v);
    if (v->disk_total_bytes && !is_disk_low(v)) {
        separate(&out);
        buf_printf(&out, "%s of %s free on the disk", human_bytes(v->disk_free_bytes, a),
                   human_bytes(v->disk_total_bytes, b));
    }
    if (out.len && !buf_error(&out) && out.data[0] >= 'a' && out.data[0] <= 'z' &&
        !v->stats.damaged_count)
        out.data[0] = (char)(out.data[0] - 'a' + 'A');
    return finish(arena, &out);
}

static int64_t since_ms(const struct storage_view *v)
{
    return !v->failing && v->stats.damaged_count && v->damage_count ? v->damages[0].found_ms : -1;
}

struct sentence storage_sentence(struct arena *arena, const struct storage_view *v)
{
    return (struct sentence){
        .text = text_of(arena, v),
        .detail = detail_of(arena, v),
        .severity = v->failing || v->stats.damaged_count ? SEVERITY_CRITICAL
                    : is_worry(v)                        ? SEVERITY_WARNING
                    : is_empty(v)                        ? SEVERITY_UNKNOWN
                                                         : SEVERITY_OK,
        .since_ms = since_ms(v),
    };
}
