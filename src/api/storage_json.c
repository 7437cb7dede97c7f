#include "api/storage.h"
#include "api/view_json.h"
#include "base/clock.h"

static void figure(struct json *j, const char *key, uint64_t value)
{
    json_member_int(j, key, (int64_t)(value & INT64_MAX));
}

static void milliseconds(struct json *j, const char *key, int64_t ns)
{
    json_member_rounded(j, key, (double)ns / 1e6, 3);
}

/* A sample's time may lie before 1970; json_time would say null. */
static void time_of(struct json *j, const char *key, int64_t wall_ms)
{
    char text[CLOCK_RFC3339_BYTES];

    json_member_cstr(j, key, clock_format_rfc3339(wall_ms, text));
}

static void bytes_per_sample(struct json *j, uint64_t bytes, uint64_t samples)
{
    json_key(j, "bytes_per_sample");
    if (samples)
        json_rounded(j, (double)bytes / (double)samples, 3);
    else
        json_null(j);
}

static void by_part(struct json *j, const char *key, const struct budget *b, bool refused)
{
    json_key(j, key);
    json_open_object(j);
    for (int part = 0; b && part < BUDGET_PART_COUNT; part++)
        figure(j, budget_part_name((enum budget_part)part),
               refused ? atomic_load(&b->refused_count[part]) : atomic_load(&b->used_bytes[part]));
    json_close_object(j);
}

static void memory(struct json *j, const struct storage_view *v)
{
    json_key(j, "memory");
    json_open_object(j);
    if (v->budget && v->budget->limit_bytes) {
        figure(j, "budget_bytes", v->budget->limit_bytes);
    } else {
        json_key(j, "budget_bytes");
        json_null(j);
    }
    figure(j, "used_bytes", v->budget ? budget_used_bytes(v->budget) : v->stats.memory_bytes);
    by_part(j, "used", v->budget, false);
    by_part(j, "refused", v->budget, true);
    json_close_object(j);
}

static void head(struct json *j, const struct tsdb_stats *s)
{
    json_key(j, "head");
    json_open_object(j);
    figure(j, "series", s->series_count);
    figure(j, "created", s->series_created_count);
    figure(j, "evicted", s->series_evicted_count);
    figure(j, "refused", s->series_refused_count);
    figure(j, "chunks", s->chunk_count);
    figure(j, "unsealed_samples", s->samples_unsealed_count);
    figure(j, "late", s->samples_late_count);
    json_close_object(j);
}

static void log_and_disk(struct json *j, const struct storage_view *v)
{
    const struct tsdb_stats *s = &v->stats;

    json_key(j, "log");
    json_open_object(j);
    figure(j, "rows", s->log_rows_count);
    figure(j, "bytes", s->log_bytes);
    json_close_object(j);
    json_key(j, "events");
    json_open_object(j);
    figure(j, "count", s->events_count);
    figure(j, "rows", s->event_rows_count);
    figure(j, "bytes", s->events_bytes);
    json_close_object(j);
    json_key(j, "disk");
    json_open_object(j);
    figure(j, "blocks", s->blocks_count);
    figure(j, "bytes", s->blocks_bytes);
    figure(j, "samples", s->blocks_samples_count);
    bytes_per_sample(j, s->blocks_bytes, s->blocks_samples_count);
    if (v->disk_total_bytes) {
        figure(j, "free_bytes", v->disk_free_bytes);
        figure(j, "total_bytes", v->disk_total_bytes);
    } else {
        json_key(j, "free_bytes");
        json_null(j);
        json_key(j, "total_bytes");
        json_null(j);
    }
    json_close_object(j);
}

static void samples(struct json *j, const struct tsdb_stats *s)
{
    json_key(j, "samples");
    json_open_object(j);
    figure(j, "appended", s->samples_appended_count);
    figure(j, "late", s->samples_late_count);
    figure(j, "duplicate", s->samples_duplicate_count);
    figure(j, "out_of_order", s->samples_out_of_order_count);
    figure(j, "too_old", s->samples_too_old_count);
    figure(j, "future", s->samples_future_count);
    figure(j, "orphaned", s->samples_orphaned_count);
    json_close_object(j);
}

static void work(struct json *j, const struct tsdb_stats *s)
{
    json_key(j, "commits");
    json_open_object(j);
    figure(j, "count", s->commits_count);
    figure(j, "failures", s->commit_failures_count);
    milliseconds(j, "last_duration_ms", s->last_commit_duration_ns);
    json_close_object(j);
    json_key(j, "seals");
    json_open_object(j);
    figure(j, "count", s->seals_count);
    figure(j, "failures", s->seal_failures_count);
    json_member_time(j, "last_at", s->last_seal_ms ? s->last_seal_ms : -1);
    milliseconds(j, "last_duration_ms", s->last_seal_duration_ns);
    json_close_object(j);
    json_key(j, "merges");
    json_open_object(j);
    figure(j, "count", s->merges_count);
    figure(j, "failures", s->merge_failures_count);
    json_close_object(j);
}

static void retention(struct json *j, const struct storage_view *v)
{
    json_key(j, "retention");
    json_open_object(j);
    json_member_int(j, "time_ms", v->retention_ms);
    figure(j, "bytes", v->retention_bytes);
    json_member_int(j, "clock_behind_ms", v->stats.clock_behind_ms);
    figure(j, "blocks_dropped", v->stats.blocks_dropped_count);
    json_close_object(j);
}

static void range(struct json *j, const struct tsdb_stats *s)
{
    json_key(j, "range");
    json_open_object(j);
    if (s->min_ts_ms <= s->max_ts_ms) {
        time_of(j, "min", s->min_ts_ms);
        time_of(j, "max", s->max_ts_ms);
    } else {
        json_key(j, "min");
        json_null(j);
        json_key(j, "max");
        json_null(j);
    }
    json_close_object(j);
}

static void block(struct json *j, const struct tsdb_block_row *b)
{
    json_open_object(j);
    json_member_cstr(j, "name", b->name);
    json_member_int(j, "level", b->level);
    time_of(j, "min", b->min_ts_ms);
    time_of(j, "max", b->max_ts_ms);
    json_member_int(j, "min_ms", b->min_ts_ms);
    json_member_int(j, "max_ms", b->max_ts_ms);
    figure(j, "series", b->series_count);
    figure(j, "samples", b->sample_count);
    figure(j, "bytes", b->bytes);
    bytes_per_sample(j, b->bytes, b->sample_count);
    json_member_bool(j, "damaged", b->damaged);
    json_close_object(j);
}

static void damages(struct json *j, const struct storage_view *v)
{
    figure(j, "damaged", v->stats.damaged_count);
    json_key(j, "damages");
    json_open_array(j);
    for (size_t i = 0; i < v->damage_count; i++) {
        json_open_object(j);
        json_member_cstr(j, "path", v->damages[i].path);
        figure(j, "offset", v->damages[i].offset_bytes);
        json_member_cstr(j, "what", v->damages[i].what);
        json_member_time(j, "found_at", v->damages[i].found_ms);
        json_close_object(j);
    }
    json_close_array(j);
}

void storage_json_members(struct json *j, struct arena *arena, const struct storage_view *v)
{
    struct sentence sentence = storage_sentence(arena, v);

    json_member_time(j, "timestamp", v->now_ms);
    json_member_int(j, "now_ms", v->now_ms);
    view_json_sentence(j, &sentence);
    memory(j, v);
    head(j, &v->stats);
    log_and_disk(j, v);
    samples(j, &v->stats);
    work(j, &v->stats);
    retention(j, v);
    range(j, &v->stats);
    json_key(j, "blocks");
    json_open_array(j);
    for (size_t i = 0; i < v->block_count; i++)
        block(j, &v->blocks[i]);
    json_close_array(j);
    damages(j, v);
    notices_write(v->notices, j);
}
