/* What an operator does to the running daemon. */
#include "api/api.h"

enum err api_reload(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct http_parked *parked = http_request_park(req);
    enum err err;

    if (!parked)
        return ERR_OVERLOADED;
    err = api->ask_reload(api->daemon, parked);
    if (err)
        http_request_finish(parked, err, reply);
    return ERR_OK;
}
