/* Any bytes as a configuration file: a snapshot or a reason, and every message is one clean line.
 */
#include <stdlib.h>

#include "config/load.h"
#include "fuzz.h"

enum { INPUT_MAX_BYTES = 65536 };

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_messages(const struct vec *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct config_error *e = vec_at(list, i);
        struct str text = str_of(e->message);

        check(text.len > 0 && str_is_utf8(text));
        for (size_t at = 0; at < text.len; at++)
            check((unsigned char)text.ptr[at] >= 0x20);
    }
}

static void check_snapshot(const struct config *cfg)
{
    size_t count;
    const struct config_scrape *scrapes = config_scrapes(cfg, &count);

    for (size_t i = 0; i < count; i++) {
        check(scrapes[i].job_name.len > 0 && scrapes[i].interval_ms > 0);
        check(scrapes[i].timeout_ms > 0 && scrapes[i].timeout_ms <= scrapes[i].interval_ms);
    }
    for (size_t i = 0; config_services(cfg, &count) && i < count; i++)
        check(config_services(cfg, &count)[i].name.len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_sources sources = { .file = "fuzz.yml" };
    struct str text = { (const char *)data, size };
    struct config_errors errors;
    struct config *cfg = NULL;
    enum err err;

    if (size > INPUT_MAX_BYTES)
        return 0;
    config_errors_init(&errors);
    err = config_load_text(text, &sources, &cfg, &errors);
    check((err == ERR_OK) == (cfg != NULL));
    check((err == ERR_OK) == (errors.items.count == 0));
    check_messages(&errors.items);
    check_messages(&errors.warnings);
    if (cfg)
        check_snapshot(cfg);
    config_unref(cfg);
    config_errors_release(&errors);
    return 0;
}
