/*
 * The views as JSON: docs/formats/views.md, one function per shape.
 *
 * Threads   Value; from any thread.
 */
#ifndef FUSEBOX_API_VIEW_JSON_H
#define FUSEBOX_API_VIEW_JSON_H

#include "api/notices.h"
#include "base/json.h"
#include "monitor/history.h"
#include "monitor/view.h"

/* Which daemon tells it, and what it has to say about itself. */
struct view_origin {
    const char *epoch;
    struct notices *notices; /* NULL: none */
};

/* Names of views, as their paths end; of a service behind the prefix, percent-encoded. */
#define VIEW_OVERVIEW "overview"
#define VIEW_SERVICE  "service/"
#define VIEW_MAP      "dependency-map"

/* True of the name of a service's view; *ret is the service, decoded. Borrows from both. */
bool view_json_names_service(struct arena *arena, struct str view, struct str *ret);

/* Opens the document: epoch, seq, timestamp, now_ms, notices. The object stays open. */
void view_json_head(struct json *j, const struct monitor_view *view,
                    const struct view_origin *origin);
/* The same of a view, which tells its name first. */
void view_json_head_of(struct json *j, const char *name, const struct monitor_view *view,
                       const struct view_origin *origin);
void view_json_sentence(struct json *j, const struct sentence *sentence);
void view_json_totals(struct json *j, const struct totals_view *totals);
void view_json_breaker_counts(struct json *j, const struct breaker_counts *counts);
/* The conditions that hold for breakers of the service. */
void view_json_conditions(struct json *j, const struct service_view *s);
enum { SPARK_RATE_DECIMALS = 2, SPARK_ERRORS_DECIMALS = 3, SPARK_PERCENT_DECIMALS = 1 };

/* An infinite utilisation (retries where none are allowed) has no number in JSON. */
double view_json_percent(double percent);

/* How much of a ROW. */
enum row_detail {
    ROW_PLAIN,
    ROW_SPARKS, /* and the last minutes */
    ROW_WHOLE,  /* and each kind of budget */
};
/* The members of ROW, inside an object that the caller opened. */
void view_json_row_members(struct json *j, const struct service_view *s, enum row_detail detail);
void view_json_breaker(struct json *j, const struct breaker_view *b);
void view_json_history(struct json *j, const struct service_history *h);

/* The whole of dashboard/overview. */
void view_json_overview(struct buf *out, const struct monitor_view *view,
                        const struct view_origin *origin);

/* The members of a service's document, behind those of the head; `history` may be NULL. */
void view_json_service_members(struct json *j, struct arena *arena, const struct monitor_view *view,
                               const struct service_view *s, const struct service_history *history);

/* The whole of dashboard/service/{name}; `history` may be NULL. The sentence is made in `arena`. */
void view_json_service(struct buf *out, struct arena *arena, const struct monitor_view *view,
                       const struct service_view *s, const struct service_history *history,
                       const struct view_origin *origin);

#endif
