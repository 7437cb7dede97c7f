#include "api/own.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/str.h"

void own_note_request(struct own *own, const struct http_route *route, int64_t duration_ns)
{
    size_t idx = route ? (size_t)(route - own->routes) : own->route_count;

    if (idx < OWN_ROUTES_MAX)
        histogram_observe(&own->request_duration[idx], duration_ns);
}

static void one(const struct metric_out *out, const char *name, enum metric_kind kind,
                const char *help, double value)
{
    out->family(out->ctx, name, kind, help);
    out->sample(out->ctx, "", NULL, 0, value);
}

static void counter(const struct metric_out *out, const char *name, const char *help,
                    uint64_t value)
{
    one(out, name, METRIC_COUNTER, help, (double)value);
}

static void gauge(const struct metric_out *out, const char *name, const char *help, double value)
{
    one(out, name, METRIC_GAUGE, help, value);
}

/* Samples of one family that differ in one label. */
struct labelled {
    const char *value_of_label;
    uint64_t value;
};

static void by_label(const struct metric_out *out, const char *label, const struct labelled *rows,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct metric_label l = { label, str_of(rows[i].value_of_label) };

        out->sample(out->ctx, "", &l, 1, (double)rows[i].value);
    }
}

static void export_http(struct own *own, const struct metric_out *out)
{
    static const struct str methods[] = {
        [HTTP_GET] = { "GET", 3 },
        [HTTP_POST] = { "POST", 4 },
        [HTTP_PUT] = { "PUT", 3 },
        [HTTP_DELETE] = { "DELETE", 6 },
    };
    static const char *const classes[] = { "1xx", "2xx", "3xx", "4xx", "5xx" };
    struct labelled rejected[] = {
        { "shape", own->http.rejected_shape },
        { "deadline", own->http.rejected_deadline },
        { "limit", own->http.rejected_limit },
        { "access", own->http.rejected_access },
        { "descriptors", own->http.rejected_descriptors },
    };

    out->family(out->ctx, "fusebox_http_requests_total", METRIC_COUNTER,
                "HTTP requests that Fusebox answered, by class of status.");
    for (size_t i = 0; i < ARRAY_LEN(classes); i++)
        by_label(out, "code", &(struct labelled){ classes[i], own->http.requests_by_class[i + 1] },
                 1);
    out->family(out->ctx, "fusebox_http_rejected_total", METRIC_COUNTER,
                "Connections and requests that were turned away, by reason.");
    by_label(out, "reason", rejected, ARRAY_LEN(rejected));
    gauge(out, "fusebox_http_connections", "Open HTTP connections.",
          (double)own->http.connections_open);
    gauge(out, "fusebox_http_streams", "Open event streams.", (double)own->http.streams_open);
    gauge(out, "fusebox_http_parked_requests", "Requests that wait for another thread's answer.",
          (double)own->http.parked_now);
    counter(out, "fusebox_stream_frames_total", "Frames sent to event streams.", own->frames);
    out->family(out->ctx, "fusebox_http_request_duration_seconds", METRIC_HISTOGRAM,
                "Time from the request's last byte to its answer, by route.");
    for (size_t i = 0; i < own->route_count && i < OWN_ROUTES_MAX; i++) {
        struct metric_label labels[] = {
            { "path", str_of(own->routes[i].path) },
            { "method", methods[own->routes[i].method] },
        };

        if (atomic_load(&own->request_duration[i].sum_ns))
            histogram_write(&own->request_duration[i], out, labels, 2);
    }
}

static void export_events(struct event_stats *events, const struct metric_out *out)
{
    struct labelled results[] = {
        { "accepted", events->accepted },
        { "repeated", events->repeated },
        { "rejected", events->rejected },
    };

    out->family(out->ctx, "fusebox_events_total", METRIC_COUNTER,
                "Events by result: accepted, repeated (told before, under the same id), rejected.");
    by_label(out, "result", results, ARRAY_LEN(results));
    counter(out, "fusebox_event_bodies_refused_total",
            "Bodies of events that were not stored and may be sent again.", events->refused_bodies);
}

static void export_remote_write(struct remote_write_stats *stats, const struct metric_out *out)
{
    struct labelled results[] = {
        { "stored", stats->stored },
        { "rejected", stats->rejected },
    };

    out->family(out->ctx, "fusebox_remote_write_samples_total", METRIC_COUNTER,
                "Samples that came by remote write, by result: stored, rejected (not valid).");
    by_label(out, "result", results, ARRAY_LEN(results));
    counter(out, "fusebox_remote_write_histograms_skipped_total",
            "Native histograms that came by remote write; they are not stored.",
            stats->histograms_skipped);
    counter(out, "fusebox_remote_write_exemplars_skipped_total",
            "Exemplars that came by remote write; they are not stored.", stats->exemplars_skipped);
    counter(out, "fusebox_remote_write_refused_total",
            "Bodies of remote write that were not stored and may be sent again.",
            stats->refused_bodies);
}

static void export_queries(struct own *own, const struct metric_out *out)
{
    struct own_queries *q = &own->queries;

    gauge(out, "fusebox_query_running", "Questions that the query threads work at.",
          (double)q->running);
    gauge(out, "fusebox_query_waiting", "Questions that wait for a query thread.",
          (double)queue_count(own->query_queue));
    gauge(out, "fusebox_query_unread_answers",
          "Long answers that clients have not read to the end.", (double)q->unread);
    counter(out, "fusebox_query_refused_total",
            "Questions that were refused because too many waited, or too many long answers were "
            "being read.",
            q->refused);
    counter(out, "fusebox_query_cancelled_total",
            "Questions given up because the client had gone or took too long to read, or Fusebox "
            "stopped.",
            q->cancelled);
    counter(out, "fusebox_query_timed_out_total", "Questions that took longer than they may.",
            q->timed_out);
    counter(out, "fusebox_query_samples_read_total", "Samples that PromQL read.", q->samples_read);
    out->family(out->ctx, "fusebox_query_duration_seconds", METRIC_HISTOGRAM,
                "From a question's arrival to its answer, waiting included.");
    histogram_write(&q->duration, out, NULL, 0);
}

static void export_scrapes(struct own *own, const struct metric_out *out)
{
    struct labelled scrapes[] = {
        { "ok", own->scrape.scrapes_ok },
        { "failed", own->scrape.scrapes_failed },
        { "dropped", own->scrape.scrapes_dropped },
        { "skipped", own->scrape.scrapes_skipped },
    };

    out->family(out->ctx, "fusebox_scrapes_total", METRIC_COUNTER,
                "Scrapes by result: ok, failed, dropped (the write queue was full), skipped (the "
                "one before still ran).");
    by_label(out, "result", scrapes, ARRAY_LEN(scrapes));
    counter(out, "fusebox_scrape_samples_total", "Samples scraped.", own->scrape.samples);
    counter(out, "fusebox_scrape_bytes_total", "Bytes scraped, after decompression.",
            own->scrape.bytes);
    counter(out, "fusebox_target_file_errors_total",
            "Times that a file of targets was found faulty; its last good targets stayed.",
            own->scrape.target_file_errors);
    gauge(out, "fusebox_scrape_targets", "Targets that are scraped.", (double)own->scrape.targets);
    gauge(out, "fusebox_exemplars", "Exemplars in memory.", (double)own->scrape.exemplars);
    counter(out, "fusebox_exemplars_dropped_total",
            "Exemplars that made room for newer ones, or were over a limit.",
            own->scrape.exemplars_dropped);
    gauge(out, "fusebox_metadata_entries", "Types, helps and units of metrics in memory.",
          (double)own->scrape.metadata);
    counter(out, "fusebox_metadata_refused_total", "Metadata that found no room.",
            own->scrape.metadata_refused);
}

static void export_samples(struct own *own, const struct tsdb_stats *s,
                           const struct metric_out *out)
{
    struct labelled rejected[] = {
        { "out_of_order", s->samples_out_of_order_count },
        { "too_old", s->samples_too_old_count },
        { "duplicate", s->samples_duplicate_count },
        { "future", s->samples_future_count },
        { "orphaned", s->samples_orphaned_count },
        { "series_limit", s->series_refused_count },
    };

    counter(out, "fusebox_tsdb_samples_appended_total", "Samples stored.",
            s->samples_appended_count);
    counter(out, "fusebox_tsdb_samples_late_total",
            "Samples stored that came behind a later one of their series.", s->samples_late_count);
    out->family(out->ctx, "fusebox_tsdb_samples_rejected_total", METRIC_COUNTER,
                "Samples that were not stored, by reason.");
    by_label(out, "reason", rejected, ARRAY_LEN(rejected));
    counter(out, "fusebox_tsdb_samples_not_stored_total",
            "Samples that were not stored because the store did not take them; they were "
            "evaluated all the same.",
            own->samples_not_stored);
    gauge(out, "fusebox_tsdb_samples_unsealed", "Samples in memory and log, and in no block yet.",
          (double)s->samples_unsealed_count);
}

static void export_series(const struct tsdb_stats *s, const struct metric_out *out)
{
    gauge(out, "fusebox_tsdb_series", "Series in memory.", (double)s->series_count);
    counter(out, "fusebox_tsdb_series_created_total", "Series that came into memory.",
            s->series_created_count);
    counter(out, "fusebox_tsdb_series_evicted_total",
            "Series that left memory because nothing came for them.", s->series_evicted_count);
    gauge(out, "fusebox_tsdb_chunks", "Chunks in memory.", (double)s->chunk_count);
    gauge(out, "fusebox_tsdb_memory_bytes", "Bytes of index and chunks.", (double)s->memory_bytes);
}

static void export_blocks(const struct tsdb_stats *s, const struct metric_out *out)
{
    gauge(out, "fusebox_tsdb_blocks", "Block files.", (double)s->blocks_count);
    gauge(out, "fusebox_tsdb_blocks_bytes", "Bytes of all block files.", (double)s->blocks_bytes);
    gauge(out, "fusebox_tsdb_blocks_samples", "Samples in block files.",
          (double)s->blocks_samples_count);
    counter(out, "fusebox_tsdb_blocks_dropped_total", "Blocks that retention removed.",
            s->blocks_dropped_count);
    counter(out, "fusebox_tsdb_seals_total", "Seals: copies of memory to blocks.", s->seals_count);
    counter(out, "fusebox_tsdb_seal_failures_total", "Seals that failed; they are tried again.",
            s->seal_failures_count);
    counter(out, "fusebox_tsdb_merges_total", "Merges of blocks.", s->merges_count);
    counter(out, "fusebox_tsdb_merge_failures_total", "Merges that failed; they are tried again.",
            s->merge_failures_count);
    gauge(out, "fusebox_tsdb_last_seal_duration_seconds", "Time that the last seal took.",
          (double)s->last_seal_duration_ns / 1e9);
    gauge(out, "fusebox_tsdb_damaged_places", "Places found damaged since the start.",
          (double)s->damaged_count);
}

static void export_log(struct own *own, const struct tsdb_stats *s, const struct metric_out *out)
{
    counter(out, "fusebox_tsdb_commits_total", "Transactions of the log.", s->commits_count);
    counter(out, "fusebox_tsdb_commit_failures_total", "Transactions of the log that failed.",
            s->commit_failures_count);
    gauge(out, "fusebox_tsdb_log_rows", "Rows in the log.", (double)s->log_rows_count);
    gauge(out, "fusebox_tsdb_log_bytes", "Bytes of the log's rows.", (double)s->log_bytes);
    gauge(out, "fusebox_tsdb_events", "Events that are stored word for word.",
          (double)s->events_count);
    gauge(out, "fusebox_tsdb_event_bytes", "Bytes of their rows.", (double)s->events_bytes);
    gauge(out, "fusebox_tsdb_replay_seconds", "Time that the log's replay took at the start.",
          (double)s->replay_duration_ns / 1e9);
    gauge(out, "fusebox_tsdb_failing", "1 while the store does not take what comes.",
          atomic_load(&own->store_failing));
    out->family(out->ctx, "fusebox_tsdb_commit_duration_seconds", METRIC_HISTOGRAM,
                "Time of one transaction, sync included.");
    histogram_write(&own->commit_duration, out, NULL, 0);
}

static void export_store(struct own *own, const struct metric_out *out)
{
    struct tsdb_stats s;

    tsdb_stats(own->db, &s);
    export_series(&s, out);
    own_cardinality_export(&own->cardinality, out);
    export_samples(own, &s, out);
    export_log(own, &s, out);
    export_blocks(&s, out);
}

static void export_budget(struct own *own, const struct metric_out *out)
{
    struct labelled used[BUDGET_PART_COUNT], refused[BUDGET_PART_COUNT];

    if (!own->budget)
        return;
    for (int part = 0; part < BUDGET_PART_COUNT; part++) {
        const char *name = budget_part_name((enum budget_part)part);

        used[part] = (struct labelled){ name, own->budget->used_bytes[part] };
        refused[part] = (struct labelled){ name, own->budget->refused_count[part] };
    }
    gauge(out, "fusebox_memory_budget_bytes",
          "Memory that series, ingest, queries and streams may use together.",
          (double)own->budget->limit_bytes);
    out->family(out->ctx, "fusebox_memory_used_bytes", METRIC_GAUGE,
                "Bytes of that budget in use, by part.");
    by_label(out, "part", used, BUDGET_PART_COUNT);
    out->family(out->ctx, "fusebox_memory_refused_total", METRIC_COUNTER,
                "Requests for memory that the budget refused, by part.");
    by_label(out, "part", refused, BUDGET_PART_COUNT);
}

static void export_conditions(struct own *own, const struct metric_out *out)
{
    counter(out, "fusebox_clock_jumps_total", "Steps of the wall clock of more than 5 minutes.",
            own->clock_jumps);
    if (!own->notices)
        return;
    gauge(out, "fusebox_safe_mode", "1 in safe mode: new series are refused.",
          notices_is_raised(own->notices, NOTICE_SAFE_MODE));
    out->family(out->ctx, "fusebox_condition", METRIC_GAUGE,
                "1 while Fusebox itself is in this condition; the pages say what to do.");
    for (int id = 0; id < NOTICE_COUNT; id++) {
        struct labelled row = { notice_name((enum notice_id)id),
                                notices_is_raised(own->notices, (enum notice_id)id) };

        by_label(out, "name", &row, 1);
    }
}

static void export_evaluation(struct own *own, const struct metric_out *out)
{
    struct labelled queues[] = {
        { "write", queue_count(own->write_queue) },
        { "evaluate", queue_count(own->evaluate_queue) },
    };

    out->family(out->ctx, "fusebox_queue_items", METRIC_GAUGE, "Items waiting in a queue.");
    by_label(out, "queue", queues, ARRAY_LEN(queues));
    counter(out, "fusebox_signals_total", "Signals taken in.", own->signals);
    counter(out, "fusebox_services_refused_total", "Services over catalog.max_services.",
            own->services_refused);
    counter(out, "fusebox_breakers_refused_total", "Breakers over catalog.max_breakers.",
            own->breakers_refused);
    gauge(out, "fusebox_evaluate_last_timestamp_seconds", "When the evaluation last ran.",
          (double)own->evaluated_ms / 1000);
    out->family(out->ctx, "fusebox_evaluate_duration_seconds", METRIC_HISTOGRAM,
                "Time of one step of the evaluation.");
    histogram_write(&own->evaluate_duration, out, NULL, 0);
    out->family(out->ctx, "fusebox_freshness_seconds", METRIC_HISTOGRAM,
                "From a scrape's last byte to the view that shows it.");
    histogram_write(&own->freshness, out, NULL, 0);
    gauge(out, "fusebox_config_last_reload_successful", "1 when the last reload was taken over.",
          own->reload_successful);
    gauge(out, "fusebox_config_last_reload_success_timestamp_seconds",
          "When a configuration was last taken over.", (double)own->reload_success_ms / 1000);
}

static long resident_pages(void)
{
    char text[128] = "";
    long total = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");

    if (!f)
        return 0;
    if (fgets(text, sizeof text, f) && sscanf(text, "%ld %ld", &total, &resident) != 2)
        resident = 0;
    fclose(f);
    return resident;
}

static double resident_bytes(void)
{
    return (double)resident_pages() * (double)sysconf(_SC_PAGESIZE);
}

void own_summarize(struct own *own, struct own_summary *ret)
{
    struct histogram all = { 0 };
    uint64_t requests = 0;

    for (size_t i = 1; i < ARRAY_LEN(own->http.requests_by_class); i++)
        requests += own->http.requests_by_class[i];
    for (size_t i = 0; i < OWN_ROUTES_MAX; i++)
        histogram_add(&all, &own->request_duration[i]);
    *ret = (struct own_summary){
        .requests_count = (double)requests,
        .failed_count = (double)own->http.requests_by_class[5],
        .mean_s = histogram_mean_s(&all),
        .p50_s = histogram_quantile_s(&all, 0.5),
        .p95_s = histogram_quantile_s(&all, 0.95),
        .p99_s = histogram_quantile_s(&all, 0.99),
        .cpu_s = (double)clock_process_cpu_ns() / 1e9,
        .resident_bytes = resident_bytes(),
    };
}

static void export_process(struct own *own, const struct metric_out *out)
{
    struct metric_label version = { "version", str_of(own->version) };

    out->family(out->ctx, "fusebox_build_info", METRIC_GAUGE, "1, labelled with the version.");
    out->sample(out->ctx, "", &version, 1, 1);
    one(out, "process_cpu_seconds_total", METRIC_COUNTER, "CPU time used, user and system.",
        (double)clock_process_cpu_ns() / 1e9);
    gauge(out, "process_resident_memory_bytes", "Resident memory.", resident_bytes());
    gauge(out, "process_start_time_seconds", "When the process started, Unix seconds.",
          (double)own->started_ms / 1000);
}

void own_export(struct own *own, const struct metric_out *out)
{
    export_process(own, out);
    export_http(own, out);
    export_queries(own, out);
    export_scrapes(own, out);
    if (own->events)
        export_events(own->events, out);
    if (own->remote_write)
        export_remote_write(own->remote_write, out);
    export_store(own, out);
    export_budget(own, out);
    export_conditions(own, out);
    export_evaluation(own, out);
}
