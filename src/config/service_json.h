/*
 * A service's definition as JSON: what `services` of the file takes, as one
 * document that comes through the API.
 *
 * The same reader reads both: every key, both spellings, all bounds and messages
 * are those of the file. The result is a snapshot of its own with that one
 * service; its options are the base's numbers, and no texts.
 *
 * Threads   Value.
 * Memory    The snapshot holds everything; nothing is borrowed from the text.
 * Limits    SERVICE_JSON_MAX_BYTES.
 */
#ifndef FUSEBOX_CONFIG_SERVICE_JSON_H
#define FUSEBOX_CONFIG_SERVICE_JSON_H

#include "base/buf.h"
#include "config/config.h"

enum { SERVICE_JSON_MAX_BYTES = 64 << 10, SERVICE_FIELD_BYTES = 128 };

struct service_fault {
    char field[SERVICE_FIELD_BYTES]; /* the member at fault as it was sent, "slo_targets.latncy";
                                        empty: the whole */
};

/*
 * `name`: what the service is called, when the text need not say it; a text that
 * says another one is refused. Empty: the text has to. *fault is filled with
 * ERR_INVALID, and may be NULL. ERR_INVALID, ERR_LIMIT, ERR_NOMEM.
 */
enum err config_read_service(struct str text, struct str name, const struct config *base,
                             struct config **ret, struct service_fault *fault,
                             struct diag *diag) MUST_CHECK;

/*
 * Writes a text that was read as it is kept and shown: the name first, keys in
 * snake_case, values as they were sent. ERR_LIMIT, ERR_NOMEM.
 */
enum err config_write_service(struct str text, struct str name, struct buf *out) MUST_CHECK;

#endif
