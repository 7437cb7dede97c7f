/* Signals by name into a monitor, for tests: the subject is asked for each time, as a mapping does
 * once. */
#ifndef FUSEBOX_TEST_MONITOR_SCRIPT_H
#define FUSEBOX_TEST_MONITOR_SCRIPT_H

#include "config_text.h"

#include "monitor/monitor.h"

static inline struct monitor *monitor_of(const char *yaml)
{
    struct config *cfg = config_of(yaml);
    struct monitor *m = monitor_new(cfg);

    assert_non_null(m);
    config_unref(cfg);
    return m;
}

static inline uint32_t subject_of(struct monitor *m, const char *service, const char *breaker)
{
    struct signal_sink sink = monitor_sink(m);

    return sink.subject(sink.ctx, &(struct signal_subject){ .service = str_of(service),
                                                            .breaker = str_of(breaker),
                                                            .source = "test" });
}

static inline void send(struct monitor *m, uint32_t subject, enum signal_kind kind, int64_t at_ms,
                        double amount)
{
    struct signal_sink sink = monitor_sink(m);

    sink.on_signal(
        sink.ctx,
        &(struct signal){ .subject = subject, .kind = kind, .at_ms = at_ms, .amount = amount });
}

/* One reading of a service. */
static inline void tell(struct monitor *m, const char *service, int64_t at_ms, double calls,
                        double errors, double retries)
{
    uint32_t id = subject_of(m, service, NULL);

    send(m, id, SIGNAL_CALLS, at_ms, calls);
    send(m, id, SIGNAL_ERRORS, at_ms, errors);
    send(m, id, SIGNAL_RETRIES, at_ms, retries);
}

static inline void tell_state(struct monitor *m, const char *service, const char *breaker,
                              int64_t at_ms, enum breaker_state state)
{
    send(m, subject_of(m, service, breaker), SIGNAL_BREAKER_STATE, at_ms, state);
}

static inline struct monitor_view *view_of(struct monitor *m, int64_t now_ms)
{
    struct monitor_view *view = NULL;

    assert_int_equal(monitor_view(m, now_ms, &view), ERR_OK);
    return view;
}

#endif
