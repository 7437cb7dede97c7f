/* Any bytes as the definition of a service: a snapshot or a reason; what is kept reads the same. */
#include <stdlib.h>

#include "config/load.h"
#include "config/service_json.h"
#include "fuzz.h"

enum { INPUT_MAX_BYTES = 65536, KEPT_MAX_BYTES = 1 << 20 };

static void check(bool good)
{
    if (!good)
        abort();
}

static struct config *load_base(void)
{
    struct config_sources sources = { 0 };
    struct config_errors errors;
    struct config *base = NULL;

    config_errors_init(&errors);
    check(!config_load_text(STR(""), &sources, &base, &errors));
    config_errors_release(&errors);
    return base;
}

static void check_kept(struct str text, const struct config_service *service,
                       const struct config *base)
{
    struct buf kept = buf_limited(KEPT_MAX_BYTES), again = buf_limited(KEPT_MAX_BYTES);
    struct config *cfg = NULL;
    enum err err;

    check(service->name.len > 0);
    check(!config_write_service(text, service->name, &kept));
    err = config_read_service(buf_str(&kept), service->name, base, &cfg, NULL, NULL);
    check(err == (kept.len > SERVICE_JSON_MAX_BYTES ? ERR_LIMIT : ERR_OK));
    check(!config_write_service(buf_str(&kept), service->name, &again));
    check(str_equals(buf_str(&kept), buf_str(&again)));
    config_unref(cfg);
    buf_release(&kept);
    buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct config *base, *cfg = NULL;
    struct service_fault fault;
    struct diag diag = { 0 };
    size_t count;
    enum err err;

    if (size > INPUT_MAX_BYTES)
        return 0;
    base = load_base();
    err = config_read_service(text, STR_NONE, base, &cfg, &fault, &diag);
    check((err == ERR_OK) == (cfg != NULL));
    check(!err || diag.message[0]);
    if (cfg)
        check_kept(text, config_services(cfg, &count), base);
    config_unref(cfg);
    config_unref(base);
    return 0;
}
