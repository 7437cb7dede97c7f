#include "monitor/instances.h"

#include <stdio.h>

#include "base/mem.h"

enum { GAPS = 4, ENOUGH_GAPS = 2, TEXT_BYTES = 128, SILENT_GAPS = 3, SILENT_MIN_MS = 30000 };
static const int64_t FORGOTTEN_MS = 3600000;

struct instance {
    char *name;
    size_t name_len;
    enum instance_word word;
    int64_t last_ms;
    int64_t gaps_ms[GAPS]; /* ring of the last ones */
    uint32_t gap_count;
    char text[TEXT_BYTES]; /* why, as it said; may be empty */
};

void instances_init(struct instances *set)
{
    *set = (struct instances){ .items = vec_of(sizeof(struct instance), INSTANCES_MAX),
                               .watched_ms = -1 };
}

static struct instance *at(const struct instances *set, size_t idx)
{
    return vec_at(&set->items, idx);
}

void instances_release(struct instances *set)
{
    for (size_t i = 0; i < set->items.count; i++)
        mem_free(at(set, i)->name);
    vec_release(&set->items);
}

static void forget(struct instances *set, size_t idx)
{
    mem_free(at(set, idx)->name);
    vec_remove_at(&set->items, idx);
}

/* --- hearing --- */

static void make_room(struct instances *set)
{
    size_t oldest = 0;

    if (set->items.count < INSTANCES_MAX)
        return;
    for (size_t i = 1; i < set->items.count; i++)
        if (at(set, i)->last_ms < at(set, oldest)->last_ms)
            oldest = i;
    forget(set, oldest);
}

static struct instance *find_or_add(struct instances *set, const struct instance_told *told)
{
    struct instance *instance;
    char *name;

    for (size_t i = 0; i < set->items.count; i++) {
        instance = at(set, i);
        if (str_equals((struct str){ instance->name, instance->name_len }, told->instance))
            return instance;
    }
    name = mem_alloc(told->instance.len + 1);
    if (!name)
        return NULL;
    make_room(set);
    instance = vec_push(&set->items);
    if (!instance) {
        mem_free(name);
        return NULL;
    }
    snprintf(name, told->instance.len + 1, "%.*s", STR_ARG(told->instance));
    *instance = (struct instance){
        .name = name, .name_len = told->instance.len, .word = INSTANCE_LIVES, .last_ms = -1
    };
    return instance;
}

void instances_hear(struct instances *set, const struct instance_told *told)
{
    struct instance *i = find_or_add(set, told);

    if (!i || told->at_ms < i->last_ms)
        return; /* what came later is known already */
    if (i->last_ms >= 0 && told->at_ms > i->last_ms)
        i->gaps_ms[i->gap_count++ % GAPS] = told->at_ms - i->last_ms;
    i->last_ms = told->at_ms;
    if (told->word == INSTANCE_LIVES && i->word != INSTANCE_FAILED)
        return;
    i->word = told->word;
    snprintf(i->text, sizeof i->text, "%.*s", STR_ARG(told->text));
}

/* --- judging --- */

static int64_t silent_ms(const struct instances *set, const struct instance *i, int64_t now_ms)
{
    int64_t since_ms = i->last_ms > set->watched_ms ? i->last_ms : set->watched_ms, gap_ms = 0;

    for (uint32_t g = 0; g < i->gap_count && g < GAPS; g++)
        gap_ms = i->gaps_ms[g] > gap_ms ? i->gaps_ms[g] : gap_ms;
    gap_ms *= SILENT_GAPS;
    if (i->gap_count < ENOUGH_GAPS || now_ms - since_ms <= gap_ms ||
        now_ms - since_ms <= SILENT_MIN_MS)
        return 0;
    return now_ms - i->last_ms;
}

static bool is_unhealthy(const struct instance *i)
{
    return i->word == INSTANCE_UNHEALTHY || i->word == INSTANCE_FAILED;
}

/* How much an instance worries: the first of the most is named. */
static int worry_of(const struct instances *set, const struct instance *i, int64_t now_ms)
{
    if (is_unhealthy(i))
        return 3;
    if (silent_ms(set, i, now_ms))
        return 2;
    return i->word == INSTANCE_DEGRADED;
}

static void count(struct instances_view *v, int worry)
{
    v->total++;
    v->unhealthy += worry == 3;
    v->silent += worry == 2;
    v->degraded += worry == 1;
    v->healthy += worry == 0;
}

static const char *words_of(const struct instances *set, const struct instance *i,
                            struct str service, int64_t now_ms, struct arena *arena)
{
    struct str name = i->name_len ? (struct str){ i->name, i->name_len } : service;
    int64_t silence_ms = silent_ms(set, i, now_ms);
    const char *colon = i->text[0] ? ": " : "";

    if (i->word == INSTANCE_FAILED)
        return arena_printf(arena, "%.*s failed%s%s", STR_ARG(name), colon, i->text);
    if (silence_ms && !is_unhealthy(i))
        return arena_printf(arena, "%.*s has been silent for %lld s", STR_ARG(name),
                            (long long)(silence_ms / 1000));
    return arena_printf(arena, "%.*s says that it is %s%s%s", STR_ARG(name),
                        is_unhealthy(i) ? "unhealthy" : "degraded", colon, i->text);
}

static void judge(struct instances_view *v, int worst, const char *words, struct arena *arena)
{
    static const char *const of[] = { "", "degraded", "silent", "unhealthy" };
    uint32_t alike = worst == 3 ? v->unhealthy : worst == 2 ? v->silent : v->degraded;
    bool all_gone = v->unhealthy + v->silent == v->total;

    v->verdict = all_gone ? HEALTH_UNHEALTHY : HEALTH_DEGRADED;
    v->reason = words;
    if (v->total > 1)
        v->reason = words ? arena_printf(arena, "%s (%u of %u instances %s)", words, alike,
                                         v->total, of[worst])
                          : NULL;
}

void instances_view(struct instances *set, struct str service, int64_t now_ms, struct arena *arena,
                    struct instances_view *ret)
{
    const struct instance *worst = NULL;
    int most = 0;

    *ret = (struct instances_view){ .verdict = HEALTH_HEALTHY };
    if (set->watched_ms < 0)
        set->watched_ms = now_ms;
    for (size_t i = set->items.count; i > 0; i--)
        if (now_ms - at(set, i - 1)->last_ms > FORGOTTEN_MS)
            forget(set, i - 1);
    for (size_t i = 0; i < set->items.count; i++) {
        int worry = worry_of(set, at(set, i), now_ms);

        count(ret, worry);
        if (worry > most)
            worst = at(set, i);
        most = worry > most ? worry : most;
    }
    if (worst)
        judge(ret, most, words_of(set, worst, service, now_ms, arena), arena);
}
