/*
 * The configuration: an immutable snapshot of every option, scrape target and
 * service that a person defined.
 *
 * Built whole from, in rising precedence: defaults, the YAML file, environment
 * variables, --set flags. Either everything is valid and a new snapshot exists,
 * or all errors are listed, each with file, line, column and what to write
 * instead, and nothing changes.
 *
 *   config_load(&sources, &cfg, &errors)  ->  config_ref / config_unref
 *
 * Threads   Immutable after load; the reference count is atomic.
 * Memory    One arena per snapshot; everything below lives in it.
 * Limits    File 1 MiB, nesting 16, CONFIG_ERRORS_MAX errors are kept (the rest
 *           is counted), no YAML anchors or aliases.
 */
#ifndef FUSEBOX_CONFIG_CONFIG_H
#define FUSEBOX_CONFIG_CONFIG_H

#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/diag.h"
#include "base/str.h"
#include "base/vec.h"
#include "model/labels.h"
#include "model/signal.h"

enum {
    CONFIG_FILE_MAX_BYTES = 1 << 20,
    CONFIG_ERRORS_MAX = 64,
    CONFIG_SCRAPES_MAX = 1000,
    CONFIG_TARGETS_MAX = 10000,
    CONFIG_SERVICES_MAX = 10000,
    CONFIG_DEPENDENCIES_MAX = 256,
    CONFIG_MAPPINGS_MAX = 1000,
    CONFIG_MAPPING_CONDITIONS_MAX = 4,
    CONFIG_MAPPING_VALUES_MAX = 32,
    CONFIG_TARGET_FILE_MAX_BYTES = 4 << 20,
};

/* One target group entry of static_configs, flattened. */
struct config_target {
    struct str address;   /* host:port */
    struct labels labels; /* of its group, without job and instance */
};

/*
 * How a job's targets are called: who asks, and who is trusted. A text that is
 * not given is empty. Names of files start at the configuration file's directory
 * unless they are absolute.
 */
struct config_access {
    bool basic_auth; /* the user name and the password are sent */
    struct str username;
    struct str password;
    struct str password_file;
    struct str auth_type; /* "Bearer"; goes before the credentials */
    struct str credentials;
    struct str credentials_file;
    struct str ca_file;
    struct str cert_file; /* with key_file, or neither */
    struct str key_file;
    struct str server_name;
    struct str min_version; /* "TLS12" */
    struct str max_version;
    struct str proxy_url;
    bool insecure_skip_verify;
    bool follow_redirects;
};

/* One item of file_sd_configs. */
struct config_file_sd {
    const struct str *patterns; /* names of files; a * only in the last part */
    size_t pattern_count;
    int64_t refresh_interval_ms;
};

/* One item of `scrape_configs`, Prometheus' keys. Times in ms, sizes in bytes; 0 = no limit. */
struct config_scrape {
    struct str job_name;
    struct str scheme;       /* "http" or "https" */
    struct str metrics_path; /* "/metrics" */
    struct str query;        /* `params`, already encoded, without '?'; may be empty */
    int64_t interval_ms;
    int64_t timeout_ms; /* <= interval_ms */
    int64_t body_size_limit_bytes;
    int64_t sample_limit_count;
    int64_t target_limit_count;
    int64_t label_limit_count;
    int64_t label_name_limit_bytes;
    int64_t label_value_limit_bytes;
    bool honor_labels;
    bool honor_timestamps;
    struct config_access access;
    const struct config_target *targets;
    size_t target_count;
    const struct config_file_sd *file_sds;
    size_t file_sd_count;
    int line; /* where the file defines it */
    int column;
};

/* A concurrency share, in the words of the proxy that has it. */
struct config_concurrency {
    bool given;
    double share_percent; /* of active requests */
    int64_t min_retries;
    int64_t attempt_ms; /* mean duration of one attempt; 0: as measured */
};

struct config_tokens {
    bool given;
    int64_t max_tokens; /* of one client */
    double token_ratio;
    int64_t clients;
};

struct config_quota {
    bool given;
    int64_t capacity; /* of one client */
    int64_t cost, refund;
    int64_t clients;
};

/* The kinds of budget that `budgets` adds to a service's limits; all zero: none. */
struct config_budgets {
    bool reserve_given; /* of the ratio kind */
    double reserve_per_s;
    struct config_concurrency concurrency;
    struct config_tokens tokens;
    struct config_quota quota;
};

/* NaN and 0 below mean "not given"; percent as S0 writes them, 0 to 100. */
struct config_service {
    struct str name;
    struct str circuit_breaker; /* S0's circuitBreakerName; may be empty */
    struct str team;
    struct str environment;
    int64_t max_retries_per_minute; /* 0: no absolute limit */
    int64_t max_retries_per_hour;
    double max_retry_rate_percent; /* NaN: the default ratio model applies when no absolute limit is
                                      given */
    double warning_threshold_percent;  /* default 70 */
    double critical_threshold_percent; /* default 85 */
    double slo_success_rate_percent;   /* availability target; NaN */
    double slo_response_time_ms;       /* latency target; NaN */
    double slo_error_rate;             /* ratio; NaN */
    struct config_budgets budgets;
    const struct str *dependencies;
    size_t dependency_count;
    int line; /* where the file defines it */
};

/* A label, and the values that it may have; one that ends in * is the beginning of it. */
struct config_mapping_condition {
    struct str label;
    const struct str *values;
    size_t value_count;
};

/* One item of `mappings`: a metric that is a signal. Texts that are not given are empty. */
struct config_mapping {
    struct str metric;
    struct config_mapping_condition conditions[CONFIG_MAPPING_CONDITIONS_MAX];
    size_t condition_count;
    enum signal_kind signal; /* not SIGNAL_GONE */
    struct str service;      /* this or service_label */
    struct str service_label;
    struct str breaker_label;
    struct str endpoint_label;
    struct str caller; /* at most one of these two */
    struct str caller_label;
    struct str unit;     /* of timed_seconds and timed_bucket: "milliseconds"; empty: seconds */
    struct str encoding; /* of states: an order of numbers, or the state while the gauge is 1;
                            empty: metrics.breaker_state_encoding */
    int line;
};

struct config; /* opaque; read by the functions below and config/options.h */

const struct config_scrape *config_scrapes(const struct config *cfg, size_t *ret_count);
const struct config_service *config_services(const struct config *cfg, size_t *ret_count);
const struct config_mapping *config_mappings(const struct config *cfg, size_t *ret_count);
bool config_mappings_equal(const struct config *a, const struct config *b);
/* `global.external_labels`. */
struct labels config_external_labels(const struct config *cfg);
/* All that is in force as YAML, secrets masked. */
struct str config_shown(const struct config *cfg);

/* Typed values by option id (config/options.h); asking for another type than the row's is asserted.
 */
#include "config/option_ids.h"
int64_t config_int(const struct config *cfg,
                   enum option_id id); /* ints, durations (ms), sizes (bytes) */
double config_double(const struct config *cfg, enum option_id id);
bool config_bool(const struct config *cfg, enum option_id id);
struct str config_text(const struct config *cfg, enum option_id id); /* strings and enums */

struct config_setting {
    struct str key;
    struct str value;
};

struct config_sources {
    const char *file;                      /* path, or NULL: defaults alone */
    const struct config_setting *settings; /* --set KEY=VALUE, in order */
    size_t setting_count;
    char *const *environment; /* as `environ`; NULL: none */
};

/* One error; `file` is empty for settings and environment (then `message` names them). */
struct config_error {
    struct str file;
    int line; /* 0 when not known */
    int column;
    char message[DIAG_MESSAGE_BYTES];
};

struct config_errors {
    struct vec items; /* struct config_error; release with config_errors_release */
    size_t dropped_count;
    struct vec warnings; /* struct config_error: known but unused Prometheus keys and the like */
};

void config_errors_init(struct config_errors *errors);
void config_errors_release(struct config_errors *errors);
/* "file:line:column: message" a line each, errors first, then "warning: …". */
void config_errors_print(const struct config_errors *errors, struct buf *out);

/* ERR_INVALID (see errors), ERR_NOT_FOUND (no such file), ERR_LIMIT, ERR_NOMEM, ERR_IO. */
enum err config_load(const struct config_sources *sources, struct config **ret,
                     struct config_errors *errors) MUST_CHECK;

/*
 * Reads a file of targets: a list of {targets, labels} in YAML or JSON. `path`
 * names it in messages; errors have their place in *diag. ERR_INVALID, ERR_LIMIT,
 * ERR_NOMEM. Addresses without a port stay so.
 */
enum err config_read_targets(struct str text, const char *path, struct arena *arena,
                             const struct config_target **ret, size_t *ret_count,
                             struct diag *diag) MUST_CHECK;

/* Names of the files that a pattern of file_sd_configs means now, sorted. ERR_IO, ERR_NOMEM,
 * ERR_LIMIT. */
enum err config_find_files(struct str pattern, struct arena *arena, const char *const **ret,
                           size_t *ret_count) MUST_CHECK;

/*
 * Looks at the files that the jobs name, as they are needed when a target is
 * called: each that is missing or cannot be read is an error, a file of targets
 * that is faulty too, one that does not exist (yet) a warning. ERR_OK,
 * ERR_INVALID, ERR_NOMEM.
 */
enum err config_check_files(const struct config *cfg, const char *file,
                            struct config_errors *errors) MUST_CHECK;

struct config *config_ref(struct config *cfg);
void config_unref(struct config *cfg); /* NULL is allowed */

/* The whole table as a commented example file that loads as it is. Format: YAML. */
void config_print_example(struct buf *out);
/* The reference page: docs/reference/configuration.md. */
void config_print_reference(struct buf *out);

#endif
