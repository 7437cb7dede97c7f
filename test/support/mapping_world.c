#include "mapping_world.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/load.h"

static uint32_t on_subject(void *ctx, const struct signal_subject *subject)
{
    struct ear *ear = ctx;
    char name[EAR_NAME_BYTES];

    ear->asked++;
    if (ear->refuse)
        return 0;
    snprintf(name, sizeof name, "%.*s/%.*s%s%.*s by %.*s", STR_ARG(subject->service),
             STR_ARG(subject->breaker), subject->endpoint.len ? "@" : "",
             STR_ARG(subject->endpoint), STR_ARG(subject->caller));
    for (uint32_t i = 0; i < ear->subject_count; i++)
        if (strcmp(ear->names[i], name) == 0)
            return i + 1;
    assert_true(ear->subject_count < EAR_SUBJECTS_MAX);
    snprintf(ear->names[ear->subject_count], EAR_NAME_BYTES, "%s", name);
    return ++ear->subject_count;
}

static int compare_buckets(const void *a, const void *b)
{
    const struct ear_bucket *x = a, *y = b;

    return x->from_s < y->from_s ? -1 : x->from_s > y->from_s;
}

static void hear_bucket(struct ear *ear, const struct signal *signal)
{
    for (int i = 0; i < ear->bucket_count; i++) {
        struct ear_bucket *b = &ear->buckets[i];

        if (b->subject != signal->subject || b->from_s != signal->from_s ||
            b->bound_s != signal->bound_s)
            continue;
        b->calls += signal->amount;
        return;
    }
    assert_true(ear->bucket_count < EAR_BUCKETS_MAX);
    ear->buckets[ear->bucket_count++] = (struct ear_bucket){ signal->subject, signal->from_s,
                                                             signal->bound_s, signal->amount };
    qsort(ear->buckets, (size_t)ear->bucket_count, sizeof ear->buckets[0], compare_buckets);
}

static void on_signal(void *ctx, const struct signal *signal)
{
    struct ear *ear = ctx;
    size_t i = signal->subject - 1;

    if (signal->kind == SIGNAL_BREAKER_STATE || signal->kind >= SIGNAL_BREAKER_CONSECUTIVE)
        ear->sum[i][signal->kind] = signal->amount;
    else
        ear->sum[i][signal->kind] += signal->amount;
    if (signal->kind == SIGNAL_TIMED_BUCKET)
        hear_bucket(ear, signal);
    ear->count[i][signal->kind]++;
    ear->at_ms = signal->at_ms;
}

struct config *mapping_world_config(const char *text)
{
    struct config_sources sources = { 0 };
    struct config_errors errors;
    struct config *cfg = NULL;

    config_errors_init(&errors);
    if (config_load_text(str_of(text), &sources, &cfg, &errors))
        fail_msg("%s", ((struct config_error *)errors.items.items)->message);
    config_errors_release(&errors);
    return cfg;
}

void mapping_world_open(struct mapping_world *w, const char *config)
{
    struct config *cfg = config ? mapping_world_config(config) : NULL;

    memset(w, 0, sizeof *w);
    test_store_open(&w->store);
    assert_int_equal(
        mapping_new(w->store.db,
                    (struct signal_sink){ on_subject, on_signal, &w->ear, &w->ear.epoch, NULL },
                    cfg, &w->mapping),
        ERR_OK);
    config_unref(cfg);
}

enum err mapping_world_configure(struct mapping_world *w, const char *config)
{
    struct config *cfg = mapping_world_config(config);
    enum err err = mapping_configure(w->mapping, cfg);

    config_unref(cfg);
    return err;
}

void mapping_world_close(struct mapping_world *w)
{
    mapping_free(w->mapping);
    test_store_close(&w->store);
}

void mapping_world_apply(struct mapping_world *w, const char *text)
{
    struct sample_batch *batch = sample_batch_new(64);

    assert_non_null(batch);
    w->now_ms += 1000;
    batch->received_ms = w->now_ms;
    while (*text) {
        const char *end = strchr(text, '\n');
        char line[512], *value;

        snprintf(line, sizeof line, "%.*s", (int)(end - text), text);
        value = strrchr(line, ' ');
        *value++ = '\0';
        batch->items[batch->count++] = (struct series_sample){
            test_store_series(&w->store, line), w->now_ms,
            strcmp(value, "stale") == 0 ? sample_from_bits(SAMPLE_STALE_BITS) : strtod(value, NULL)
        };
        text = end + 1;
    }
    mapping_apply(w->mapping, batch);
    sample_batch_free(batch);
}

double mapping_world_heard(const struct mapping_world *w, const char *name, enum signal_kind kind)
{
    for (uint32_t i = 0; i < w->ear.subject_count; i++)
        if (strcmp(w->ear.names[i], name) == 0)
            return w->ear.sum[i][kind];
    fail_msg("nothing was heard of %s", name);
    return 0;
}

int mapping_world_times(const struct mapping_world *w, const char *name, enum signal_kind kind)
{
    for (uint32_t i = 0; i < w->ear.subject_count; i++)
        if (strcmp(w->ear.names[i], name) == 0)
            return w->ear.count[i][kind];
    return 0;
}

const char *mapping_world_buckets(struct mapping_world *w, const char *name)
{
    static char text[1024];
    size_t len = 0;

    text[0] = '\0';
    for (int i = 0; i < w->ear.bucket_count; i++) {
        struct ear_bucket *b = &w->ear.buckets[i];

        if (strcmp(w->ear.names[b->subject - 1], name) != 0 || b->calls <= 0)
            continue;
        len += (size_t)snprintf(text + len, sizeof text - len, "%g..%g %g, ", b->from_s, b->bound_s,
                                b->calls);
        b->calls = 0;
    }
    return text;
}

enum breaker_state mapping_world_state(const struct mapping_world *w, const char *name)
{
    return (enum breaker_state)mapping_world_heard(w, name, SIGNAL_BREAKER_STATE);
}
