#include "daemon/libraries.h"

#include <xxhash.h>
#include <yaml.h>
#include <zlib.h>
#include <zstd.h>

#include "http/client.h"
#include "http/server.h"
#include "sqlite/db.h"

#define TEXT_OF(x)            #x
#define VERSION_TEXT(a, b, c) TEXT_OF(a) "." TEXT_OF(b) "." TEXT_OF(c)

enum { SQLITE_WITHOUT_WAL_RESET_DEFECT = 3051003 };

static const char *sqlite_defect(void)
{
    if (db_library_version_number() >= SQLITE_WITHOUT_WAL_RESET_DEFECT)
        return NULL;
    return "two connections that write at once may damage the file; Fusebox has one connection "
           "that writes";
}

void libraries_list(struct library ret[LIBRARIES_COUNT])
{
    const struct library list[LIBRARIES_COUNT] = {
        { "SQLite", db_library_version(), sqlite_defect() },
        { "libmicrohttpd", http_library_version(),
          "before 1.0.5 it takes ambiguous request lengths; Fusebox refuses them itself" },
        { "libcurl", http_client_library_version(), NULL },
        { "libyaml", yaml_get_version_string(), NULL },
        { "zlib", zlibVersion(), NULL },
        { "zstd", ZSTD_versionString(), NULL },
        { "xxhash", VERSION_TEXT(XXH_VERSION_MAJOR, XXH_VERSION_MINOR, XXH_VERSION_RELEASE), NULL },
    };

    for (size_t i = 0; i < LIBRARIES_COUNT; i++)
        ret[i] = list[i];
}
