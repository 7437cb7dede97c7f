/* One service: read, defined, replaced, forgotten. docs/formats/services.md. */
#include "api/api.h"
#include "api/view_json.h"
#include "catalog/edit.h"

#define SERVICES_PATH "/api/v1/retry-monitoring/services/"

enum { DOCUMENT_MAX_BYTES = 1 << 20 };

/* --- reading --- */

static void write_definition(struct json *j, const struct registry_entry *entry)
{
    const struct definition *d = entry->definition;

    json_member_cstr(j, "origin", origin_name(entry->origin));
    json_member_int(j, "revision", d ? (int64_t)d->revision : 0);
    json_member_time(j, "created", d ? d->created_ms : -1);
    json_member_time(j, "changed", d ? d->changed_ms : -1);
    json_key(j, "definition");
    if (d)
        json_raw(j, d->json);
    else
        json_null(j);
}

/* The view may be older than the registry: then the next one tells. */
static bool is_behind(const struct service_view *service, const struct registry_entry *entry)
{
    uint64_t shown = service ? service->revision : 0;

    return shown != (entry->definition ? entry->definition->revision : 0);
}

static enum err write_service(struct api *api, struct http_request *req,
                              const struct monitor_view *view, const struct service_view *service,
                              const struct registry_entry *entry, struct http_reply *reply)
{
    struct arena *arena = http_request_arena(req);
    struct json j = api_json(reply);

    view_json_head(&j, view, &(struct view_origin){ api->epoch, api->notices });
    view_json_service_members(&j, arena, view, service, NULL);
    write_definition(&j, entry);
    json_close_object(&j);
    reply->etag = arena_printf(arena, "\"%s-%llu-r%llu\"", api->epoch,
                               (unsigned long long)view->seq,
                               (unsigned long long)service->revision);
    return reply->etag ? buf_error(&reply->body) : arena_error(arena);
}

static enum err not_there(const struct monitor_view *view, struct str name,
                          const struct registry_entry *entry, struct http_reply *reply)
{
    if (!entry->definition)
        return api_no_service(view, name, reply);
    return diag_set(&reply->diag, ERR_UNAVAILABLE,
                    "it is defined and not watched yet: try again; when there are as many services "
                    "as catalog.max_services allows, it has to wait until others go");
}

static enum err read_service(struct api *api, struct http_request *req, bool may_wait,
                             bool *ret_wait, struct http_reply *reply)
{
    struct str name = http_request_param(req, "name");
    struct monitor_view *view = api_view(api, reply);
    const struct service_view *service = view ? view_find_service(view, name) : NULL;
    struct registry_entry entry;
    enum err err;

    if (!view)
        return ERR_UNAVAILABLE;
    registry_look(api->registry, name, &entry);
    *ret_wait = may_wait && is_behind(service, &entry);
    if (*ret_wait)
        err = ERR_OK;
    else if (service)
        err = write_service(api, req, view, service, &entry, reply);
    else
        err = not_there(view, name, &entry, reply);
    definition_unref(entry.definition);
    view_unref(view);
    return err;
}

enum err api_service(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct http_parked *parked;
    bool wait = false;
    enum err err = read_service(api, req, true, &wait, reply);

    if (err || !wait)
        return err;
    parked = http_request_park(req);
    if (!parked)
        return ERR_OVERLOADED;
    err = api->ask_fresh(api->daemon, parked);
    if (err)
        http_request_finish(parked, err, reply);
    return ERR_OK;
}

void api_answer_service(struct api *api, struct http_parked *parked)
{
    struct http_reply reply = { .status = 200 };
    bool wait;
    enum err err = read_service(api, http_parked_request(parked), false, &wait, &reply);

    http_request_finish(parked, err, &reply);
}

/* --- writing --- */

enum err api_service_edit(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct http_parked *parked = http_request_park(req);
    enum err err;

    if (!parked)
        return ERR_OVERLOADED;
    err = api->ask_edit(api->daemon, parked);
    if (err)
        http_request_finish(parked, err, reply);
    return ERR_OK;
}

static struct edit edit_of(const struct http_request *req, int64_t now_ms)
{
    static const enum edit_kind kinds[] = {
        [HTTP_POST] = EDIT_CREATE, [HTTP_PUT] = EDIT_PUT, [HTTP_DELETE] = EDIT_DELETE
    };

    return (struct edit){ .kind = kinds[http_request_method(req)],
                          .name = http_request_param(req, "name"),
                          .body = http_request_body(req),
                          .if_match = http_request_header(req, "If-Match"),
                          .if_none_match = http_request_header(req, "If-None-Match"),
                          .now_ms = now_ms };
}

static const char *location_of(struct arena *arena, struct str name)
{
    const char *segment = http_encode(arena, name);

    return segment ? arena_printf(arena, SERVICES_PATH "%s", segment) : NULL;
}

static enum err write_edited(struct arena *arena, const struct edit *edit,
                             const struct edit_result *result, struct http_reply *reply)
{
    const struct definition *d = result->definition;
    struct registry_entry entry = { ORIGIN_API, result->definition };
    struct json j;

    reply->body = buf_limited(DOCUMENT_MAX_BYTES);
    j = json_to(&reply->body);
    json_open_object(&j);
    json_member_string(&j, "service", d->service->name);
    json_member_bool(&j, "deleted", edit->kind == EDIT_DELETE);
    write_definition(&j, &entry);
    json_close_object(&j);
    if (edit->kind == EDIT_DELETE)
        return buf_error(&reply->body);
    reply->etag = arena_printf(arena, "\"r%llu\"", (unsigned long long)d->revision);
    if (result->created) {
        reply->status = 201;
        reply->location = location_of(arena, d->service->name);
    }
    return !reply->etag || (result->created && !reply->location) ? arena_error(arena)
                                                                 : buf_error(&reply->body);
}

void api_answer_edit(struct api *api, struct store *store, struct http_parked *parked)
{
    struct http_request *req = http_parked_request(parked);
    struct arena *arena = http_request_arena(req);
    struct edit edit = edit_of(req, clock_wall_ms(&api->clock));
    struct http_reply reply = { .status = 200 };
    struct edit_result result = { 0 };
    struct service_fault fault = { "" };
    enum err err = edit_apply(api->registry, store, &edit, &result, &fault, &reply.diag);

    if (fault.field[0])
        reply.field = arena_copy(arena, str_of(fault.field));
    if (!err) {
        api->tell_definition(api->daemon, result.definition, edit.kind == EDIT_DELETE);
        err = write_edited(arena, &edit, &result, &reply);
        definition_unref(result.definition);
    }
    http_request_finish(parked, err, &reply);
}
