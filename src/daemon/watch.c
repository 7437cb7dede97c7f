#include "daemon/watch.h"

#include "daemon/safe_mode.h"

static const int64_t REFUSAL_TOLD_NS = 60000000000; /* behind the last one */
static const double MIB = 1048576;

void watch_init(struct watch *w, const char *dir, uint64_t min_free_bytes)
{
    disk_init(&w->disk, dir, min_free_bytes);
}

void watch_enter_safe_mode(struct watch *w, int64_t now_ms, int64_t mono_ns)
{
    w->is_safe = true;
    w->safe_until_ns = mono_ns + SAFE_MODE_LASTS_MS * INT64_C(1000000);
    tsdb_refuse_new_series(w->db, true);
    notices_raise(w->notices, NOTICE_SAFE_MODE, now_ms,
                  "Safe mode: Fusebox ended %d times within %d minutes without being stopped, so "
                  "series that it does not know are refused. It ends by itself after %d minutes, "
                  "or with a restart after a clean stop. The log says what went before.",
                  SAFE_MODE_STARTS, SAFE_MODE_WINDOW_MS / 60000, SAFE_MODE_LASTS_MS / 60000);
    log_write(w->log, LOG_WARN,
              "safe mode: the last starts were not followed by a clean stop; new series are "
              "refused until it ends, by itself or with a clean restart",
              LOG_INT("starts", SAFE_MODE_STARTS),
              LOG_INT("within_minutes", SAFE_MODE_WINDOW_MS / 60000),
              LOG_INT("ends_in_minutes", SAFE_MODE_LASTS_MS / 60000));
}

static void look_at_safe_mode(struct watch *w, const struct tsdb_stats *stats, int64_t mono_ns)
{
    if (!w->is_safe || mono_ns < w->safe_until_ns)
        return;
    w->is_safe = false;
    w->safe_refused_count = stats->series_refused_count;
    tsdb_refuse_new_series(w->db, false);
    notices_clear(w->notices, NOTICE_SAFE_MODE);
    log_message(w->log, LOG_INFO, "safe mode has ended: new series are taken again");
}

static void look_at_clock(struct watch *w, int64_t now_ms, int64_t mono_ns)
{
    int64_t step_ms = clock_watch_look(&w->clock, now_ms, mono_ns);
    char size[CLOCK_STEP_TEXT_BYTES], at[CLOCK_RFC3339_BYTES];

    if (step_ms) {
        clock_step_text(step_ms, size);
        atomic_fetch_add(&w->own->clock_jumps, 1);
        notices_clear(w->notices, NOTICE_CLOCK_JUMP); /* the newest one counts */
        notices_raise(w->notices, NOTICE_CLOCK_JUMP, now_ms,
                      "The clock jumped %s by %s, to %s; retention waits, nothing is deleted "
                      "because of it. If the clock is wrong, set it right.",
                      step_ms > 0 ? "forward" : "back", size, clock_format_rfc3339(now_ms, at));
        log_write(w->log, LOG_WARN, "the clock jumped; retention waits",
                  LOG_CSTR("direction", step_ms > 0 ? "forward" : "back"),
                  LOG_INT("step_s", step_ms / 1000));
    } else if (!clock_watch_is_recent(&w->clock, mono_ns)) {
        notices_clear(w->notices, NOTICE_CLOCK_JUMP);
    }
}

/* Series that found no room, and what else asked the budget in vain. In safe mode series are
 * refused for another reason, which has its own notice. */
static uint64_t refused_count(const struct watch *w, const struct tsdb_stats *stats)
{
    uint64_t count = w->is_safe ? 0 : stats->series_refused_count - w->safe_refused_count;

    for (int part = 0; part < BUDGET_PART_COUNT; part++)
        if (part != BUDGET_INDEX)
            count += atomic_load(&w->budget->refused_count[part]);
    return count;
}

static void look_at_memory(struct watch *w, const struct tsdb_stats *stats, int64_t now_ms,
                           int64_t mono_ns)
{
    uint64_t count = refused_count(w, stats);

    if (count > w->refused_count) {
        w->refused_count = count;
        w->refused_mono_ns = mono_ns;
        if (notices_raise(w->notices, NOTICE_MEMORY, now_ms,
                          "The memory budget of %.0f MiB is used up: new series are refused, known "
                          "ones go on. The storage page shows which metrics and labels fill it; "
                          "drop some, or raise storage.memory.",
                          (double)w->budget->limit_bytes / MIB))
            log_write(w->log, LOG_WARN,
                      "the memory budget is used up: new series are refused, known ones go on",
                      LOG_INT("budget_bytes", (int64_t)w->budget->limit_bytes));
    } else if (mono_ns - w->refused_mono_ns >= REFUSAL_TOLD_NS) {
        if (notices_clear(w->notices, NOTICE_MEMORY))
            log_message(w->log, LOG_INFO, "the memory budget has room again");
    }
}

static void look_at_damage(struct watch *w, const struct tsdb_stats *stats, int64_t now_ms)
{
    if (stats->damaged_count &&
        notices_raise(w->notices, NOTICE_DAMAGED, now_ms,
                      "Damaged data was found in %llu %s: it is left out of answers, all else is "
                      "served. The storage page names the places; check the disk, and restore "
                      "from a backup what matters.",
                      (unsigned long long)stats->damaged_count,
                      stats->damaged_count == 1 ? "place" : "places"))
        log_write(w->log, LOG_ERROR, "damaged data was found; it is left out, the rest is served",
                  LOG_INT("places", (int64_t)stats->damaged_count));
}

bool watch_look(struct watch *w, int64_t now_ms, int64_t mono_ns)
{
    struct tsdb_stats stats;

    tsdb_stats(w->db, &stats);
    look_at_safe_mode(w, &stats, mono_ns);
    look_at_clock(w, now_ms, mono_ns);
    look_at_memory(w, &stats, now_ms, mono_ns);
    look_at_damage(w, &stats, now_ms);
    return disk_look(&w->disk);
}

/* A quota, or the room that is kept for root, may be used up while space seems to be free. */
static void tell_disk_full(struct watch *w, int64_t now_ms)
{
    if (w->disk.low)
        notices_raise(w->notices, NOTICE_DISK_FULL, now_ms,
                      "Read-only: disk full. Monitoring goes on, but samples are not stored. %.0f "
                      "MiB are free below %s, %.0f MiB must be: free some space, or lower the "
                      "retention. It ends by itself.",
                      (double)w->disk.free_bytes / MIB, w->disk.dir,
                      (double)disk_min_free_bytes(&w->disk) / MIB);
    else
        notices_raise(w->notices, NOTICE_DISK_FULL, now_ms,
                      "Read-only: disk full, or a quota used up. Monitoring goes on, but samples "
                      "are not stored below %s: free some space, or lower the retention. It ends "
                      "by itself.",
                      w->disk.dir);
}

void watch_tell_store(struct watch *w, enum store_mode mode, enum store_trouble trouble,
                      int64_t now_ms)
{
    bool bad = mode == STORE_DEGRADED || mode == STORE_LOST;

    if (bad && trouble == TROUBLE_DISK_FULL)
        tell_disk_full(w, now_ms);
    else
        notices_clear(w->notices, NOTICE_DISK_FULL);
    if (bad && trouble == TROUBLE_READ_ONLY)
        notices_raise(w->notices, NOTICE_READ_ONLY, now_ms,
                      "Read-only file system or missing permission below %s. Monitoring goes on, "
                      "but samples are not stored: make it writable again. It ends by itself.",
                      w->disk.dir);
    else
        notices_clear(w->notices, NOTICE_READ_ONLY);
    if (bad && trouble == TROUBLE_IO)
        notices_raise(w->notices, NOTICE_STORE_IO, now_ms,
                      "The disk below %s answers with errors. Monitoring goes on, but samples are "
                      "not stored: look into the system's log and check the disk.",
                      w->disk.dir);
    else
        notices_clear(w->notices, NOTICE_STORE_IO);
}
