/* Stopping in the middle of everything: nobody hangs, nothing leaks, no connection stays suspended.
 */
#include "raw.h"

#include "base/queue.h"
#include "base/thread.h"
#include "http/sse.h"

enum { CLIENTS = 6, WARM_UP_REQUESTS = 150 };

struct scene {
    struct queue desk;
    struct sse_hub *hub;
    uint32_t topic;
    struct raw_server s;
    _Atomic bool over;
};

static void leave(void *item)
{
    (void)item;
}

static enum err ok(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)req;
    (void)ctx;
    reply->fixed = STR("ok");
    return ERR_OK;
}

static enum err parks(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct scene *scene = ctx;
    struct http_parked *parked = http_request_park(req);

    if (!parked)
        return ERR_OVERLOADED;
    if (queue_push(&scene->desk, parked) == ERR_OK)
        return ERR_OK;
    http_request_finish(parked, ERR_OVERLOADED, reply);
    return ERR_OK;
}

static enum err streams(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct scene *scene = ctx;

    return sse_open(req, reply, scene->hub, &(struct sse_topics){ { scene->topic }, 1 }, NULL);
}

static const struct http_route routes[] = {
    { HTTP_GET, "/ok", ok, "ok", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/park", parks, "park", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/stream", streams, "stream", 0, false, HTTP_NEED_BY_METHOD },
};

static void *finishes(void *arg)
{
    struct scene *scene = arg;
    void *item;

    while (queue_pop(&scene->desk, -1, &item) == ERR_OK) {
        struct http_reply reply = { .fixed = STR("done") };

        (void)sse_publish(scene->hub, scene->topic, "tick", 1, STR("x"));
        http_request_finish(item, ERR_OK, &reply);
    }
    return NULL;
}

static int try_dial(uint16_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void *asks(void *arg)
{
    static const char *const requests[] = {
        "GET /ok HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /park HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /park HTTP/1.1\r\nHost: localhost\r\n\r\nGET /ok HT",
    };
    struct scene *scene = arg;
    char answer[2000];

    for (unsigned i = 0; !scene->over; i++) {
        const char *request = requests[i % ARRAY_LEN(requests)];
        int fd = try_dial(scene->s.port);

        if (fd < 0)
            break;
        if (raw_put(fd, request) && i % 3)
            (void)(recv(fd, answer, sizeof answer, 0) < 0);
        close(fd);
    }
    return NULL;
}

static void play(struct scene *scene)
{
    struct http_options o = raw_options(routes, ARRAY_LEN(routes));
    struct thread clients[CLIENTS] = { 0 }, finisher = { 0 };

    assert_int_equal(queue_init(&scene->desk, 4096, QUEUE_REFUSE, leave), ERR_OK);
    o.ctx = scene;
    o.threads = 2;
    o.header_timeout_ms = 50;
    scene->s = raw_serve_with(o);
    scene->hub = sse_hub_new(100, 1, scene->s.stats);
    assert_non_null(scene->hub);
    sse_hub_set_times(scene->hub, 20, 1000);
    scene->topic = sse_topic(scene->hub, STR("t"));
    assert_int_equal(thread_start(&finisher, "finisher", finishes, scene), ERR_OK);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(thread_start(&clients[i], "client", asks, scene), ERR_OK);
    int pacer = raw_dial(&scene->s);
    while (scene->s.stats->requests_by_class[2] < WARM_UP_REQUESTS)
        raw_gets_nothing(pacer, 1);
    close(pacer);
    raw_stop(&scene->s);
    scene->over = true;
    for (int i = 0; i < CLIENTS; i++)
        thread_stop(&clients[i]);
    queue_close(&scene->desk);
    thread_stop(&finisher);
    queue_release(&scene->desk);
    sse_hub_free(scene->hub);
}

static void test_stop__under_load_ends_everything(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct scene scene = { 0 };

        play(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop__under_load_ends_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
