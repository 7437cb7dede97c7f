#include "daemon/listen_auth.h"

enum err listen_auth_init(struct auth *auth, const struct config *cfg,
                          const struct listen_address *address, struct diag *diag)
{
    struct auth_options options = {
        .is_required = config_bool(cfg, OPT_HTTP_REQUIRE_AUTH),
        .tokens = config_text(cfg, OPT_HTTP_TOKEN),
        .basic_user = config_text(cfg, OPT_HTTP_BASIC_USER),
        .basic_password = config_text(cfg, OPT_HTTP_BASIC_PASSWORD),
    };
    bool insecure = config_bool(cfg, OPT_HTTP_INSECURE_LISTEN);
    enum err err = auth_init(auth, &options, diag);

    if (err)
        return err;
    if (!address->is_loopback && (auth_has_secrets(auth) || !insecure))
        auth->is_required = true;
    if (!auth->is_required || auth_has_secrets(auth))
        return ERR_OK;
    if (options.is_required)
        return diag_set(diag, ERR_FORBIDDEN,
                        "http.require_auth is set: give http.token (or http.token_file), or "
                        "http.basic_user with http.basic_password");
    return diag_set(diag, ERR_FORBIDDEN,
                    "others can reach %.60s: give http.token (or http.token_file), http.basic_user "
                    "with http.basic_password, a loopback address, or --insecure-listen",
                    address->host);
}

void listen_auth_warn(const struct auth *auth, const struct listen_address *address,
                      struct log *log)
{
    if (address->is_loopback && !auth->is_required && auth_has_secrets(auth))
        log_message(log, LOG_WARN,
                    "on a loopback address no token or password is asked for; http.require_auth "
                    "asks");
    if (!address->is_loopback && !auth->is_required)
        log_message(log, LOG_WARN,
                    "everybody who reaches this address may read and change everything "
                    "(http.insecure_listen)");
    if (!address->is_loopback)
        log_message(log, LOG_WARN,
                    "what is sent to this address, secrets included, is not encrypted: put a proxy "
                    "with TLS in front of it");
}
