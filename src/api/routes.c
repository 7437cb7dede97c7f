/* The one table of routes. Documentation and tests read it too. */
#include "api/api.h"
#include "base/attr.h"

#define RETRY_MONITORING "/api/v1/retry-monitoring"

/* clang-format off */
const struct http_route api_routes[] = {
    { HTTP_GET, RETRY_MONITORING "/status", api_status,
      .summary = "State of the monitoring: totals, targets, store" },
    { HTTP_GET, RETRY_MONITORING "/health", api_health_report,
      .summary = "Health of every service with its reason, worst first" },
    { HTTP_GET, RETRY_MONITORING "/metrics", api_metrics_document, .foreign_origin = true,
      .summary = "Metrics of all services as JSON, or as Prometheus text where Accept prefers it" },
    { HTTP_GET, RETRY_MONITORING "/services", api_services,
      .summary = "All services, worst first; limit and offset page" },
    { HTTP_GET, RETRY_MONITORING "/services/{name}", api_service,
      .summary = "One service with its budget and breakers" },
    { HTTP_GET, RETRY_MONITORING "/dashboard/overview", api_overview,
      .summary = "The overview: sentence, totals, services" },
    { HTTP_GET, RETRY_MONITORING "/dashboard/overview/subscribe", api_overview_subscribe,
      .summary = "The overview as server-sent events" },
    { HTTP_GET, RETRY_MONITORING "/dashboard/service/{name}", api_service_page,
      .summary = "One service with its last minutes (period=15m)" },
    { HTTP_GET, RETRY_MONITORING "/dashboard/service/{name}/subscribe", api_service_subscribe,
      .summary = "One service as server-sent events" },
    { HTTP_GET, "/api/v1/metadata", api_metadata,
      .summary = "Type, help and unit of each metric, in Prometheus' shape; metric and limit narrow" },
    { HTTP_GET, "/api/v1/targets", api_targets,
      .summary = "The scrape targets with their labels and health, in Prometheus' shape" },
    { HTTP_GET, "/api/v1/storage", api_storage,
      .summary = "What is stored where: memory, log, blocks, retention, damage" },
    { HTTP_GET, "/api/v1/storage/cardinality", api_storage_cardinality,
      .summary = "Which metrics, labels and sources the series in memory are made of (top=20)" },
    { HTTP_POST, "/api/v1/storage/seal", api_storage_seal,
      .summary = "Seals into blocks what is in memory alone, and tells what was written" },
    { HTTP_POST, "/api/v1/storage/backup", api_storage_backup, .body_max_bytes = 4096,
      .summary = "Seals and copies the store to DATA/backups/NAME; the body may name it" },
    { HTTP_GET, "/metrics", api_metrics, .foreign_origin = true,
      .summary = "Prometheus text of all that is known, and of Fusebox itself" },
    { HTTP_GET, "/health", api_health, .foreign_origin = true,
      .summary = "503 only when Fusebox itself cannot work; degraded while a breaker is open" },
    { HTTP_GET, "/ready", api_ready, .foreign_origin = true, .summary = "200 when it may be used" },
    { HTTP_GET, "/live", api_live, .foreign_origin = true, .summary = "200 while the process lives" },
    { HTTP_GET, "/-/healthy", api_live, .foreign_origin = true, .summary = "As /live" },
    { HTTP_GET, "/-/ready", api_ready, .foreign_origin = true, .summary = "As /ready" },
    { HTTP_POST, "/-/reload", api_reload,
      .summary = "Takes over the configuration file, or keeps the old one and says why" },
    { HTTP_GET, "/health/circuit-breakers", api_breaker_health,
      .summary = "The worst breaker of each service, and all breakers" },
    { HTTP_GET, "/circuit-breakers/status", api_breaker_status,
      .summary = "Breakers, narrowed by service and name" },
    { HTTP_GET, "/", api_page_root, .summary = "Leads to the dashboard" },
    { HTTP_GET, "/dashboard.html", api_page_root, .summary = "Leads to the dashboard" },
    { HTTP_GET, "/ui", api_page_root, .summary = "Leads to the dashboard" },
    { HTTP_GET, "/ui/", api_page, .summary = "The dashboard" },
    { HTTP_GET, "/ui/{path*}", api_page, .summary = "The dashboard" },
};
/* clang-format on */

const size_t api_route_count = ARRAY_LEN(api_routes);
