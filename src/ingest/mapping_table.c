#include "ingest/mapping_table.h"

#include "base/mem.h"

enum { TABLE_MAX_BYTES = 8 << 20 };

struct mapping_table {
    struct arena arena;
    struct mapping_entry *entries;
    size_t count;
    struct str *metrics;
    size_t metric_count;
    struct map by_metric; /* the first entry of each */
    enum state_encoding preset;
};

/* --- conditions --- */

static bool is_value(const char *pattern, struct str value)
{
    size_t len = strlen(pattern);

    if (len && pattern[len - 1] == '*')
        return str_has_prefix(value, (struct str){ pattern, len - 1 });
    return str_equals(value, (struct str){ pattern, len });
}

static bool is_any_value(const char *const *patterns, struct str value)
{
    for (size_t i = 0; patterns[i]; i++)
        if (is_value(patterns[i], value))
            return true;
    return false;
}

static bool has_any_part(const char *const *patterns, struct str value)
{
    while (value.len) {
        struct str part;

        value = str_cut(value, ',', &part);
        if (is_any_value(patterns, part))
            return true;
    }
    return false;
}

static bool holds(const struct mapping_condition *c, struct labels labels)
{
    struct str value = labels_value(labels, str_of(c->label));

    switch (c->match) {
    case MATCH_NONE:
        return !is_any_value(c->values, value);
    case MATCH_PART:
        return has_any_part(c->values, value);
    default:
        return is_any_value(c->values, value);
    }
}

bool mapping_row_accepts(const struct mapping_row *row, struct labels labels)
{
    for (size_t i = 0; i < MAPPING_CONDITIONS_MAX && row->when[i].label; i++)
        if (!holds(&row->when[i], labels))
            return false;
    return true;
}

enum signal_kind mapping_row_signal(const struct mapping_row *row)
{
    switch (row->use) {
    case USE_SIGNAL:
    case USE_LEVEL:
    case USE_AMOUNT:
        return row->signal;
    case USE_PART:
        return row->breaker || row->breaker_label ? SIGNAL_BREAKER_ERRORS : SIGNAL_RETRIES;
    default:
        return SIGNAL_BREAKER_STATE;
    }
}

bool mapping_row_is_counter(const struct mapping_row *row)
{
    return row->use == USE_SIGNAL || row->use == USE_ENTERED || row->use == USE_HELD ||
           row->use == USE_PART;
}

double mapping_row_factor(const struct mapping_row *row)
{
    return row->factor > 0 ? row->factor : 1;
}

bool mapping_row_is_difference(const struct mapping_row *row)
{
    return row->use == USE_PART &&
           (row->part == PART_DIFFERENCE_ATTEMPTS || row->part == PART_DIFFERENCE_CALLS);
}

bool mapping_row_is_about_state(const struct mapping_row *row, enum state_kind *ret)
{
    static const enum state_kind kinds[] = {
        [USE_STATE] = STATE_GAUGE,
        [USE_NUMBER] = STATE_NUMBER,
        [USE_ENTERED] = STATE_ENTERED,
        [USE_HELD] = STATE_HELD,
    };

    if (row->use < USE_STATE || row->use > USE_HELD)
        return false;
    *ret = kinds[row->use];
    return true;
}

enum state_word mapping_row_word(const struct mapping_row *row, double value)
{
    if (row->use == USE_STATE)
        return value == 1 ? row->state : STATE_NOTHING;
    return row->use == USE_NUMBER ? state_word_of(value, row->encoding) : STATE_NOTHING;
}

/* --- rows of the configuration --- */

/* NULL for an empty text; *failed when there is no memory. */
static const char *copy_text(struct mapping_table *t, struct str text, bool *failed)
{
    char *copy = text.len ? arena_copy(&t->arena, text) : NULL;

    *failed |= text.len && !copy;
    return copy;
}

static void copy_condition(struct mapping_table *t, const struct config_mapping_condition *from,
                           struct mapping_condition *to, bool *failed)
{
    const char **values = arena_alloc_zero(&t->arena, from->value_count + 1, sizeof *values);

    to->label = copy_text(t, from->label, failed);
    to->match = MATCH_ANY;
    to->values = values;
    *failed |= !values;
    for (size_t i = 0; i < from->value_count && values; i++)
        values[i] = arena_copy(&t->arena, from->values[i]);
    for (size_t i = 0; i < from->value_count && values; i++)
        *failed |= !values[i];
}

static enum state_encoding encoding_of(struct str name)
{
    static const struct {
        const char *name;
        enum state_encoding encoding;
    } rows[] = {
        { "closed-halfopen-open", ENCODING_CLOSED_HALFOPEN_OPEN },
        { "closed-open-halfopen", ENCODING_CLOSED_OPEN_HALFOPEN },
        { "open-closed-halfopen", ENCODING_OPEN_CLOSED_HALFOPEN },
        { "closed-open", ENCODING_CLOSED_OPEN },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_equals(name, str_of(rows[i].name)))
            return rows[i].encoding;
    return ENCODING_DEFAULT;
}

/* From the unit to seconds, or to a ratio. */
static double factor_of(struct str unit)
{
    if (str_equals(unit, STR("percent")))
        return 1e-2;
    if (str_equals(unit, STR("milliseconds")))
        return 1e-3;
    if (str_equals(unit, STR("microseconds")))
        return 1e-6;
    return str_equals(unit, STR("nanoseconds")) ? 1e-9 : 1;
}

/* The state of an encoding that names one: the gauge is 1 while it holds. */
static enum state_word word_of(struct str name)
{
    for (int state = BREAKER_CLOSED; state <= BREAKER_DISABLED; state++)
        if (str_equals(name, str_of(breaker_state_name((enum breaker_state)state))))
            return (enum state_word)(STATE_CLOSED + state);
    return STATE_NOTHING;
}

static enum mapping_use use_of(enum signal_kind signal, enum state_word word)
{
    if (signal == SIGNAL_BREAKER_STATE)
        return word ? USE_STATE : USE_NUMBER;
    return signal >= SIGNAL_BREAKER_CONSECUTIVE ? USE_LEVEL : USE_SIGNAL;
}

static bool copy_row(struct mapping_table *t, const struct config_mapping *from,
                     struct mapping_row *to)
{
    enum state_word word = word_of(from->encoding);
    bool failed = false;

    *to = (struct mapping_row){
        .metric = copy_text(t, from->metric, &failed),
        .use = use_of(from->signal, word),
        .signal = from->signal,
        .factor = factor_of(from->unit),
        .state = word,
        .encoding = encoding_of(from->encoding),
        .source = "mapping",
        .is_own = true,
        .breaker_or_service = from->signal >= SIGNAL_BREAKER_STATE,
        .service = copy_text(t, from->service, &failed),
        .service_label = copy_text(t, from->service_label, &failed),
        .breaker_label = copy_text(t, from->breaker_label, &failed),
        .endpoint_label = copy_text(t, from->endpoint_label, &failed),
        .caller = copy_text(t, from->caller, &failed),
        .caller_label = copy_text(t, from->caller_label, &failed),
    };
    for (size_t i = 0; i < from->condition_count; i++)
        copy_condition(t, &from->conditions[i], &to->when[i], &failed);
    return !failed;
}

/* --- the table --- */

static void take_rows(struct mapping_table *t, const struct mapping_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        t->entries[t->count++].row = rows[i];
}

static enum err copy_rows(struct mapping_table *t, const struct config *cfg)
{
    size_t user_count = 0, proxy_count, library_count;
    const struct config_mapping *user = cfg ? config_mappings(cfg, &user_count) : NULL;
    const struct mapping_row *proxies = mapping_rows_of_proxies(&proxy_count);
    const struct mapping_row *libraries = mapping_rows_of_libraries(&library_count);
    size_t count = user_count + proxy_count + library_count;

    t->entries = arena_alloc_zero(&t->arena, count, sizeof *t->entries);
    t->metrics = arena_alloc_zero(&t->arena, count, sizeof *t->metrics);
    if (!t->entries || !t->metrics)
        return arena_error(&t->arena);
    for (size_t i = 0; i < user_count; i++)
        if (!copy_row(t, &user[i], &t->entries[t->count++].row))
            return arena_error(&t->arena);
    take_rows(t, proxies, proxy_count);
    take_rows(t, libraries, library_count);
    return ERR_OK;
}

/* From the last to the first, so that each chain has the table's order. */
static enum err link_rows(struct mapping_table *t)
{
    t->by_metric = map_limited(t->count);
    for (size_t i = t->count; i-- > 0;) {
        struct mapping_entry *entry = &t->entries[i];
        struct str metric = str_of(entry->row.metric);
        enum err err;

        entry->next = map_find(&t->by_metric, metric);
        if (!entry->next && !str_equals(metric, STR(MAPPING_ANY_METRIC)))
            t->metrics[t->metric_count++] = metric;
        err = map_put(&t->by_metric, metric, entry);
        if (err)
            return err;
    }
    return ERR_OK;
}

static void set_default_encoding(struct mapping_table *t, const struct config *cfg,
                                 const struct mapping_table *before)
{
    t->preset = ENCODING_CLOSED_HALFOPEN_OPEN;
    if (before)
        t->preset = before->preset;
    else if (cfg)
        t->preset = encoding_of(config_text(cfg, OPT_BREAKER_STATE_ENCODING));
    for (size_t i = 0; i < t->count; i++)
        if (t->entries[i].row.encoding == ENCODING_DEFAULT)
            t->entries[i].row.encoding = t->preset;
}

enum err mapping_table_new(const struct config *cfg, const struct mapping_table *before,
                           struct mapping_table **ret)
{
    struct mapping_table *t = mem_alloc_zero(1, sizeof *t);
    enum err err;

    if (!t)
        return ERR_NOMEM;
    t->arena = arena_limited(TABLE_MAX_BYTES);
    err = copy_rows(t, cfg);
    if (!err)
        err = link_rows(t);
    if (err) {
        mapping_table_free(t);
        return err;
    }
    set_default_encoding(t, cfg, before);
    *ret = t;
    return ERR_OK;
}

void mapping_table_free(struct mapping_table *t)
{
    if (!t)
        return;
    map_release(&t->by_metric);
    arena_release(&t->arena);
    mem_free(t);
}

const struct mapping_entry *mapping_table_first(const struct mapping_table *t, struct str metric)
{
    const struct mapping_entry *entry = map_find(&t->by_metric, metric);

    return entry ? entry : map_find(&t->by_metric, STR(MAPPING_ANY_METRIC));
}

const struct str *mapping_table_metrics(const struct mapping_table *t, size_t *ret_count)
{
    *ret_count = t->metric_count;
    return t->metrics;
}
