/* The keys below basic_auth, authorization, tls_config and file_sd_configs. */
#include <math.h>

#include "base/attr.h"
#include "config/scrape_draft.h"
#include "config/sections.h"

static const struct field basic_auth_fields[] = {
    { .is = { .name = "username", .type = OPTION_STRING, .help = "The user." },
      .offset = offsetof(struct config_access, username) },
    { .is = { .name = "password", .type = OPTION_SECRET, .help = "The password." },
      .offset = offsetof(struct config_access, password) },
    { .is = { .name = "password_file",
              .type = OPTION_STRING,
              .help = "A file that holds the password; read again when it changes." },
      .offset = offsetof(struct config_access, password_file) },
};

const struct field_table basic_auth_table = { "basic_auth", basic_auth_fields,
                                              ARRAY_LEN(basic_auth_fields), false };

static const struct field authorization_fields[] = {
    { .is = { .name = "type",
              .type = OPTION_STRING,
              .preset = "Bearer",
              .help = "Stands before the credentials." },
      .offset = offsetof(struct config_access, auth_type) },
    { .is = { .name = "credentials", .type = OPTION_SECRET, .help = "The credentials." },
      .offset = offsetof(struct config_access, credentials) },
    { .is = { .name = "credentials_file",
              .type = OPTION_STRING,
              .help = "A file that holds them; read again when it changes." },
      .offset = offsetof(struct config_access, credentials_file) },
};

const struct field_table authorization_table = { "authorization", authorization_fields,
                                                 ARRAY_LEN(authorization_fields), false };

static const struct field tls_config_fields[] = {
    { .is = { .name = "ca_file",
              .type = OPTION_STRING,
              .preset = "of the system",
              .help = "Certificates (PEM) that a target's must be signed by." },
      .offset = offsetof(struct config_access, ca_file) },
    { .is = { .name = "cert_file",
              .type = OPTION_STRING,
              .help = "Our own certificate (PEM), for targets that ask for one." },
      .offset = offsetof(struct config_access, cert_file) },
    { .is = { .name = "key_file", .type = OPTION_STRING, .help = "Its private key (PEM)." },
      .offset = offsetof(struct config_access, key_file) },
    { .is = { .name = "server_name",
              .type = OPTION_STRING,
              .preset = "the target's host",
              .help = "The name that the target's certificate must be for." },
      .offset = offsetof(struct config_access, server_name) },
    { .is = { .name = "insecure_skip_verify",
              .type = OPTION_BOOL,
              .preset = "false",
              .help = "Trust every certificate." },
      .offset = offsetof(struct config_access, insecure_skip_verify) },
    { .is = { .name = "min_version",
              .type = OPTION_ENUM,
              .preset = "TLS12",
              .choices = "TLS10 TLS11 TLS12 TLS13",
              .help = "Oldest version of TLS." },
      .offset = offsetof(struct config_access, min_version) },
    { .is = { .name = "max_version",
              .type = OPTION_ENUM,
              .preset = "TLS13",
              .choices = "TLS10 TLS11 TLS12 TLS13",
              .help = "Newest version of TLS." },
      .offset = offsetof(struct config_access, max_version) },
};

const struct field_table tls_config_table = { "tls_config", tls_config_fields,
                                              ARRAY_LEN(tls_config_fields), false };

static const struct field file_sd_fields[] = {
    { .kind = FIELD_NODE,
      .shape = NODE_LIST,
      .is = { .name = "files",
              .help = "Names that end with .json, .yml or .yaml; a * may stand in the last part. "
                      "Each file is a list of `targets` and `labels`." },
      .offset = offsetof(struct file_sd_draft, files) },
    { .is = { .name = "refresh_interval",
              .type = OPTION_DURATION,
              .preset = "5m",
              .min = 1000,
              .max = INFINITY,
              .zero = "as not given",
              .help = "How often the files are read even when they look unchanged; changes are "
                      "seen within two seconds." },
      .offset = offsetof(struct file_sd_draft, refresh_interval_ms) },
};

const struct field_table file_sd_table = { "a file_sd_configs item", file_sd_fields,
                                           ARRAY_LEN(file_sd_fields), false };
