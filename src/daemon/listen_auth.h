/*
 * Who may call, as the options say it: on a loopback address everybody (Host and
 * Origin are checked), unless http.require_auth; on any other address whoever has a
 * token or the password, or everybody with http.insecure_listen and no secret.
 */
#ifndef FUSEBOX_DAEMON_LISTEN_AUTH_H
#define FUSEBOX_DAEMON_LISTEN_AUTH_H

#include "base/log.h"
#include "config/config.h"
#include "daemon/listen_address.h"
#include "http/auth.h"

/*
 * ERR_FORBIDDEN: others could reach it, or authentication is required, and there is no secret;
 * the diagnosis says what to give. ERR_INVALID, ERR_LIMIT: see auth_init.
 */
enum err listen_auth_init(struct auth *auth, const struct config *cfg,
                          const struct listen_address *address, struct diag *diag) MUST_CHECK;

/* Says in the log what is weaker than it looks. */
void listen_auth_warn(const struct auth *auth, const struct listen_address *address,
                      struct log *log);

#endif
