#include "http/match.h"

#include "base/map.h"
#include "base/mem.h"

enum { NEAR_DISTANCE = 3, NEAR_PATH_BYTES = 64, METHOD_COUNT = 4 };

/* One path of the table with its rows by method. */
struct place {
    struct str path;
    const struct http_route *rows[METHOD_COUNT];
    unsigned allowed;
    bool has_params;
};

struct router {
    struct place *places; /* those with parameters stand in order of preference behind the others */
    size_t literal_count;
    size_t count;
    struct map literals;
};

/* Cuts the first segment off a path that begins with '/'. */
static struct str cut_segment(struct str path, struct str *ret_segment)
{
    return str_cut((struct str){ path.ptr + 1, path.len - 1 }, '/', ret_segment);
}

/* str_cut swallows the separator; the next segment begins with the one that was there. */
static bool next_segment(struct str *path, struct str *ret_segment)
{
    struct str rest;

    if (path->len == 0 || path->ptr[0] != '/')
        return false;
    rest = cut_segment(*path, ret_segment);
    if (ret_segment->len + 1 == path->len)
        *path = STR_NONE;
    else
        *path = (struct str){ rest.ptr - 1, rest.len + 1 };
    return true;
}

static bool is_param(struct str segment)
{
    return segment.len > 2 && segment.ptr[0] == '{' && segment.ptr[segment.len - 1] == '}';
}

static bool is_rest(struct str segment)
{
    return is_param(segment) && segment.len > 3 && segment.ptr[segment.len - 2] == '*';
}

static int rank_of(struct str segment)
{
    if (is_rest(segment))
        return 2;
    return is_param(segment) ? 1 : 0;
}

static struct str param_name(struct str segment)
{
    size_t braces = is_rest(segment) ? 3 : 2;

    return (struct str){ segment.ptr + 1, segment.len - braces };
}

static bool add_param(struct route_match *m, struct str segment, struct str value)
{
    if (m->param_count == HTTP_PARAMS_MAX || value.len == 0)
        return false;
    m->params[m->param_count++] = (struct http_param){ param_name(segment), value };
    return true;
}

static bool fits(struct str pattern, struct str path, struct route_match *m)
{
    struct str want, have, before;

    m->param_count = 0;
    for (;;) {
        before = path;
        if (!next_segment(&pattern, &want))
            return path.len == 0;
        if (!next_segment(&path, &have))
            return false;
        if (is_rest(want))
            return add_param(m, want, (struct str){ before.ptr + 1, before.len - 1 });
        if (is_param(want) ? !add_param(m, want, have) : !str_equals(want, have))
            return false;
    }
}

/* -1 when a goes before b: literal places first, then the more specific pattern. */
static int prefer(const struct place *a, const struct place *b)
{
    struct str left = a->path, right = b->path, x, y;

    if (a->has_params != b->has_params)
        return a->has_params ? 1 : -1;
    while (next_segment(&left, &x) && next_segment(&right, &y)) {
        if (rank_of(x) != rank_of(y))
            return rank_of(x) < rank_of(y) ? -1 : 1;
    }
    return 0;
}

static void insert_sorted(struct router *r, struct place place)
{
    size_t at = r->count;

    while (at > 0 && prefer(&place, &r->places[at - 1]) < 0) {
        r->places[at] = r->places[at - 1];
        at--;
    }
    r->places[at] = place;
    r->count++;
    if (!place.has_params)
        r->literal_count++;
}

static struct place *find_place(struct router *r, struct str path)
{
    for (size_t i = 0; i < r->count; i++) {
        if (str_equals(r->places[i].path, path))
            return &r->places[i];
    }
    return NULL;
}

static bool is_well_formed(const struct http_route *row)
{
    struct str path = str_of(row->path), segment;
    size_t params = 0;

    if (path.len == 0 || path.ptr[0] != '/' || !row->handler || row->method > HTTP_DELETE)
        return false;
    while (next_segment(&path, &segment)) {
        bool has_brace = str_find(segment, '{') < segment.len ||
                         str_find(segment, '}') < segment.len;

        if (has_brace && !is_param(segment))
            return false;
        params += is_param(segment);
        if (is_rest(segment) && path.len)
            return false;
    }
    return params <= HTTP_PARAMS_MAX;
}

static enum err add_row(struct router *r, const struct http_route *row, struct diag *diag)
{
    struct str path = str_of(row->path);
    struct place *place;

    if (!is_well_formed(row))
        return diag_set(diag, ERR_INVALID, "route %s is not well formed",
                        row->path ? row->path : "without a path");
    place = find_place(r, path);
    if (!place) {
        bool has_params = str_find(path, '{') < path.len;

        insert_sorted(r, (struct place){ .path = path, .has_params = has_params });
        place = find_place(r, path);
    }
    if (place->rows[row->method])
        return diag_set(diag, ERR_INVALID, "route %s stands twice in the table", row->path);
    place->rows[row->method] = row;
    place->allowed |= 1U << row->method;
    return ERR_OK;
}

static enum err build(struct router *r, const struct http_route *routes, size_t count,
                      struct diag *diag)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < count && !err; i++)
        err = add_row(r, &routes[i], diag);
    for (size_t i = 0; i < r->literal_count && !err; i++)
        err = map_put(&r->literals, r->places[i].path, &r->places[i]);
    return err;
}

enum err router_new(const struct http_route *routes, size_t count, struct router **ret,
                    struct diag *diag)
{
    struct router *r = mem_alloc_zero(1, sizeof *r);
    enum err err = ERR_NOMEM;

    if (!r)
        goto out;
    r->literals = map_limited(count + 1);
    r->places = mem_alloc_zero(count + 1, sizeof *r->places);
    if (!r->places)
        goto out;
    err = build(r, routes, count, diag);
    if (err)
        goto out;
    *ret = r;
    r = NULL;
out:
    router_free(r);
    return err;
}

void router_free(struct router *r)
{
    if (!r)
        return;
    map_release(&r->literals);
    mem_free(r->places);
    mem_free(r);
}

static void offer(const struct place *place, enum http_method method, struct route_match *m)
{
    m->allowed |= place->allowed;
    m->route = place->rows[method];
}

void router_find(const struct router *r, enum http_method method, struct str path,
                 struct route_match *ret)
{
    const struct place *place = map_find(&r->literals, path);

    ret->route = NULL;
    ret->allowed = 0;
    ret->param_count = 0;
    if (place)
        offer(place, method, ret);
    for (size_t i = r->literal_count; i < r->count && !ret->route; i++) {
        if (fits(r->places[i].path, path, ret))
            offer(&r->places[i], method, ret);
    }
    if (!ret->route)
        ret->param_count = 0;
}

struct str router_nearest(const struct router *r, struct str path)
{
    size_t best = NEAR_DISTANCE + 1;
    struct str nearest = STR_NONE;

    if (path.len > NEAR_PATH_BYTES)
        return nearest;
    for (size_t i = 0; i < r->literal_count; i++) {
        struct str candidate = r->places[i].path;
        size_t distance;

        if (candidate.len > NEAR_PATH_BYTES || candidate.len + NEAR_DISTANCE < path.len ||
            path.len + NEAR_DISTANCE < candidate.len || candidate.len <= NEAR_DISTANCE)
            continue;
        distance = str_distance(candidate, path);
        if (distance < best) {
            best = distance;
            nearest = candidate;
        }
    }
    return nearest;
}

const char *router_allow_text(unsigned allowed, char out[HTTP_ALLOW_BYTES])
{
    static const char *const names[METHOD_COUNT] = { "GET, HEAD", "POST", "PUT", "DELETE" };
    size_t len = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < METHOD_COUNT; i++) {
        struct str name = str_of(names[i]);

        if (!(allowed & 1U << i))
            continue;
        if (len > 0) {
            memcpy(out + len, ", ", 2);
            len += 2;
        }
        memcpy(out + len, name.ptr, name.len + 1);
        len += name.len;
    }
    return out;
}
