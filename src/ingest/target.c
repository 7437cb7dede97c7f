#include "ingest/target.h"

#include "base/hash.h"
#include "base/mem.h"
#include "ingest/discovered.h"
#include "ingest/exemplars.h"

enum {
    TARGET_MAX_BYTES = 64 << 10,
    ALIGN_TOLERANCE_MS = 2, /* as Prometheus */
    REALIGN_MS = 20,        /* the wall clock was set: beats lie elsewhere now */
    NS_PER_MS = 1000000,
};

/* A configured limit and the global one; 0 in the former means: the global one alone. */
static size_t smaller_limit(int64_t own, int64_t global)
{
    return (size_t)(own && (own < global || !global) ? own : global);
}

static bool has_port(struct str address)
{
    struct str last = { address.ptr, address.len };

    while (last.len && last.ptr[last.len - 1] >= '0' && last.ptr[last.len - 1] <= '9')
        last.len--;
    if (!last.len || last.len == address.len || last.ptr[last.len - 1] != ':')
        return false;
    last.len--;
    return address.ptr[0] != '[' || (last.len && last.ptr[last.len - 1] == ']');
}

static char *address_with_port(struct target *t, struct str scheme, struct str address)
{
    if (has_port(address))
        return arena_copy(&t->arena, address);
    return arena_printf(&t->arena, "%.*s:%d", STR_ARG(address),
                        str_equals(scheme, STR("https")) ? 443 : 80);
}

/* The group's labels without reserved ones; job and instance where the group does not say them. */
static enum err build_labels(struct target *t, struct str job, struct str instance,
                             struct labels group, struct diag *diag)
{
    struct labels_builder builder;

    labels_builder_init(&builder, &t->arena);
    for (size_t i = 0; i < group.count; i++) {
        struct str name, value;

        if (str_has_prefix(group.items[i].name, STR("__")))
            continue;
        if (!arena_copy_str(&t->arena, group.items[i].name, &name) ||
            !arena_copy_str(&t->arena, group.items[i].value, &value))
            return arena_error(&t->arena);
        labels_builder_add(&builder, name, value);
    }
    if (!labels_value(group, STR("job")).len)
        labels_builder_add(&builder, STR("job"), job);
    if (!labels_value(group, STR("instance")).len)
        labels_builder_add(&builder, STR("instance"), instance);
    return labels_builder_finish(&builder, &t->labels, diag);
}

/* They are only shown: where they are over a limit, the labels themselves stand for them. */
static enum err build_discovered(struct target *t, const struct config_scrape *scrape,
                                 const struct config_target *from)
{
    enum err err = discovered_labels(scrape, from, &t->arena, &t->discovered);

    if (err != ERR_LIMIT && err != ERR_INVALID)
        return err;
    t->discovered = t->labels;
    return ERR_OK;
}

static enum err build_identity(struct target *t)
{
    struct buf text = buf_limited(TARGET_MAX_BYTES);
    enum err err;

    buf_printf(&text, "%s\n%lld %lld %zu %zu %zu %zu %zu %d %d\n", t->url,
               (long long)t->interval_ms, (long long)t->timeout_ms, t->body_max_bytes,
               t->samples_max_count, t->label_limits.count, t->label_limits.name_bytes,
               t->label_limits.value_bytes, t->honor_labels, t->honor_timestamps);
    labels_encode(t->labels, &text);
    err = buf_error(&text);
    if (!err && !arena_copy_str(&t->arena, buf_str(&text), &t->identity))
        err = arena_error(&t->arena);
    buf_release(&text);
    return err;
}

static enum err build(struct target *t, const struct config_scrape *scrape,
                      const struct config_target *from, struct diag *diag)
{
    const char *address = address_with_port(t, scrape->scheme, from->address);
    struct str job;
    enum err err;

    if (!address || !arena_copy_str(&t->arena, scrape->job_name, &job))
        return arena_error(&t->arena);
    t->url = arena_printf(&t->arena, "%.*s://%s%.*s%s%.*s", STR_ARG(scrape->scheme), address,
                          STR_ARG(scrape->metrics_path), scrape->query.len ? "?" : "",
                          STR_ARG(scrape->query));
    if (!t->url)
        return arena_error(&t->arena);
    t->pool = job;
    err = build_labels(t, job, str_of(address), from->labels, diag);
    if (!err)
        err = build_discovered(t, scrape, from);
    return err ? err : build_identity(t);
}

enum err target_new(const struct config *cfg, const struct config_scrape *scrape,
                    struct scrape_job *job, const struct config_target *from, struct target **ret,
                    struct diag *diag)
{
    struct target *t = mem_alloc_zero(1, sizeof *t);
    enum err err;

    if (!t)
        return diag_set(diag, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    t->arena = arena_limited(TARGET_MAX_BYTES);
    t->interval_ms = scrape->interval_ms;
    t->timeout_ms = scrape->timeout_ms;
    t->body_max_bytes = smaller_limit(scrape->body_size_limit_bytes,
                                      config_int(cfg, OPT_SCRAPE_MAX_BODY));
    t->samples_max_count = smaller_limit(scrape->sample_limit_count,
                                         config_int(cfg, OPT_SCRAPE_MAX_SAMPLES));
    t->label_limits = (struct label_limits){
        .count = (size_t)scrape->label_limit_count,
        .name_bytes = (size_t)scrape->label_name_limit_bytes,
        .value_bytes = (size_t)scrape->label_value_limit_bytes
    };
    t->shared = scrape_job_ref(job);
    t->honor_labels = scrape->honor_labels;
    t->honor_timestamps = scrape->honor_timestamps;
    t->exemplars = vec_of(sizeof(struct exemplar_scraped), EXEMPLARS_MAX_COUNT);
    t->state.started_ms = t->state.last_ms = -1;
    t->last_ts_ms = INT64_MIN;
    err = build(t, scrape, from, diag);
    if (err) {
        target_free(t);
        return diag_set(diag, err, "%s", err_text(err));
    }
    *ret = t;
    return ERR_OK;
}

void target_free(struct target *t)
{
    if (!t)
        return;
    scrape_job_unref(t->shared);
    series_cache_release(&t->cache);
    vec_release(&t->exemplars);
    metadata_drop(t->metadata_store, &t->metadata);
    arena_release(&t->arena);
    mem_free(t);
}

int64_t target_offset_ms(const struct target *t)
{
    return (int64_t)(hash_str(str_of(t->url)) % (uint64_t)t->interval_ms);
}

void target_set_first_beat(struct target *t, int64_t now_ms, int64_t mono_ns)
{
    int64_t into_ms = (now_ms - target_offset_ms(t)) % t->interval_ms;
    int64_t wait_ms = into_ms <= 0 ? -into_ms : t->interval_ms - into_ms;

    t->next_mono_ns = mono_ns + wait_ms * NS_PER_MS;
    t->aligned_ms = now_ms + wait_ms - t->interval_ms;
}

uint64_t target_pass_beat(struct target *t, int64_t mono_ns)
{
    int64_t interval_ns = t->interval_ms * NS_PER_MS;
    int64_t passed = (mono_ns - t->next_mono_ns) / interval_ns;

    t->next_mono_ns += (passed + 1) * interval_ns;
    t->aligned_ms += (passed + 1) * t->interval_ms;
    return (uint64_t)passed;
}

int64_t target_align_ms(struct target *t, int64_t now_ms)
{
    int64_t late_ms = now_ms - t->aligned_ms;

    if (late_ms >= -ALIGN_TOLERANCE_MS && late_ms <= ALIGN_TOLERANCE_MS)
        return t->aligned_ms;
    if (late_ms < -REALIGN_MS || late_ms > REALIGN_MS)
        t->aligned_ms = now_ms;
    return now_ms;
}

struct str target_job(const struct target *t)
{
    return labels_value(t->labels, STR("job"));
}

struct str target_instance(const struct target *t)
{
    return labels_value(t->labels, STR("instance"));
}
