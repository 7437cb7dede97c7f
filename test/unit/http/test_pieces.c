/* Bodies that are made while the client reads them. */
#include "raw.h"

#include "base/queue.h"
#include "http/gzip.h"

#define ASK(path)        "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define ASK_PACKED(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"

enum { TEXT_MAX_BYTES = 32 << 20, READ_BYTES = 1 << 16 };

/* Counts: "0,1,2," and so on, some numbers in each piece. */
struct counting {
    struct scene *scene;
    int end, per_piece;
    _Atomic int next;
    _Atomic bool breaks;
};

struct scene {
    struct raw_server s;
    struct queue desk;
    struct counting counting;
    _Atomic long failing; /* the allocation of http_reply_in_pieces that fails; 0: none */
    _Atomic uint64_t released, sent;
};

static bool fill(void *ctx, struct buf *out)
{
    struct counting *c = ctx;
    int stop = c->end - c->next < c->per_piece ? c->end : c->next + c->per_piece;

    while (c->next < stop)
        buf_printf(out, "%d,", c->next++);
    if (c->breaks)
        buf_reserve(out, SIZE_MAX);
    return c->next < c->end;
}

static void release(void *ctx, bool was_sent)
{
    struct counting *c = ctx;

    c->scene->sent += was_sent;
    c->scene->released++;
}

static enum err give(struct scene *scene, struct http_request *req, struct http_reply *reply)
{
    struct counting *c = &scene->counting;
    const struct http_source source = { fill, release, c };
    enum err err;

    c->scene = scene;
    c->next = 0;
    reply->content_type = "text/plain";
    reply->body = buf_limited(TEXT_MAX_BYTES);
    fill(c, &reply->body);
    mem_fail_nth(scene->failing);
    err = http_reply_in_pieces(req, reply, &source);
    mem_fail_nth(0);
    return err;
}

static enum err counts(struct http_request *req, struct http_reply *reply, void *ctx)
{
    return give(ctx, req, reply);
}

static enum err parks(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct scene *scene = ctx;
    struct http_parked *parked = http_request_park(req);

    (void)reply;
    return parked ? queue_push(&scene->desk, parked) : ERR_OVERLOADED;
}

static const struct http_route routes[] = {
    { HTTP_GET, "/counts", counts, "counts", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/parks", parks, "parks", 0, false, HTTP_NEED_BY_METHOD },
};

static void leave(void *item)
{
    (void)item;
}

static void open_scene_with(struct scene *scene, int end, int per_piece, int body_timeout_ms)
{
    struct http_options o = raw_options(routes, ARRAY_LEN(routes));

    *scene = (struct scene){ .counting = { .end = end, .per_piece = per_piece } };
    assert_int_equal(queue_init(&scene->desk, 16, QUEUE_REFUSE, leave), ERR_OK);
    o.ctx = scene;
    o.body_timeout_ms = body_timeout_ms;
    scene->s = raw_serve_with(o);
}

static void open_scene(struct scene *scene, int end, int per_piece)
{
    open_scene_with(scene, end, per_piece, 10000);
}

/* Each source was released, and so many of them had been sent. */
static void close_scene(struct scene *scene, uint64_t released, uint64_t sent)
{
    raw_stop(&scene->s);
    queue_close(&scene->desk);
    queue_release(&scene->desk);
    assert_int_equal(scene->released, released);
    assert_int_equal(scene->sent, sent);
}

/* What has come on a connection, and how far it was looked at. */
static struct {
    char text[TEXT_MAX_BYTES];
    size_t len, at;
} in;

static bool has_more(int fd)
{
    size_t room = sizeof in.text - 1 - in.len;
    ssize_t got = recv(fd, in.text + in.len, room < READ_BYTES ? room : READ_BYTES, 0);

    if (got <= 0)
        return false;
    in.len += (size_t)got;
    in.text[in.len] = '\0';
    return true;
}

static void read_head(int fd, const char *request)
{
    in.len = in.at = 0;
    in.text[0] = '\0';
    assert_true(raw_put(fd, request));
    while (!strstr(in.text, "\r\n\r\n"))
        assert_true(has_more(fd));
    in.at = (size_t)(strstr(in.text, "\r\n\r\n") + 4 - in.text);
}

static bool says(const char *line)
{
    const char *found = strstr(in.text, line);

    return found && found < in.text + in.at;
}

/* Appends the chunks (RFC 9112, 7.1) of a body; false: the last one did not come. */
static bool read_chunks(int fd, struct buf *out)
{
    size_t len = SIZE_MAX;

    while (len) {
        char *end;

        while (!memchr(in.text + in.at, '\n', in.len - in.at))
            if (!has_more(fd))
                return false;
        len = strtoul(in.text + in.at, &end, 16);
        end += 2;
        in.at = (size_t)(end - in.text);
        while (in.len < in.at + len + 2)
            if (!has_more(fd))
                return false;
        buf_append(out, in.text + in.at, len);
        in.at += len + 2;
    }
    return true;
}

static void assert_counts(struct str got, int end)
{
    struct buf all = buf_limited(TEXT_MAX_BYTES);

    for (int i = 0; i < end; i++)
        buf_printf(&all, "%d,", i);
    assert_int_equal(got.len, all.len);
    assert_memory_equal(got.ptr, all.data, all.len);
    buf_release(&all);
}

static void assert_answer(struct scene *scene, int fd)
{
    struct buf body = buf_limited(TEXT_MAX_BYTES);

    read_head(fd, ASK("/counts"));
    assert_true(says("HTTP/1.1 200"));
    assert_true(says("Transfer-Encoding: chunked"));
    assert_true(says("Vary: Accept-Encoding"));
    assert_false(says("Content-Encoding"));
    assert_true(read_chunks(fd, &body));
    assert_counts(buf_str(&body), scene->counting.end);
    buf_release(&body);
}

static void test_pieces__arrive_whole_whatever_their_size(void **state UNUSED)
{
    static const int per_piece[] = { 1, 7, 1000, 200000 };

    for (size_t i = 0; i < ARRAY_LEN(per_piece); i++) {
        struct scene scene;
        int fd;

        open_scene(&scene, per_piece[i] < 10 ? 5000 : 50000, per_piece[i]);
        fd = raw_dial(&scene.s);
        assert_answer(&scene, fd);
        assert_answer(&scene, fd); /* the connection is kept */
        close(fd);
        close_scene(&scene, 2, 2);
    }
}

static void assert_packed(struct str packed, int end)
{
    struct buf body = buf_limited(TEXT_MAX_BYTES);

    assert_int_equal(gzip_unpack(packed, &body), ERR_OK);
    assert_true(packed.len < body.len / 2);
    assert_counts(buf_str(&body), end);
    buf_release(&body);
}

static void test_pieces__are_packed_for_who_takes_gzip(void **state UNUSED)
{
    static const int per_piece[] = { 1, 100, 100000 };

    for (size_t i = 0; i < ARRAY_LEN(per_piece); i++) {
        struct buf packed = buf_limited(TEXT_MAX_BYTES);
        struct scene scene;
        int fd;

        open_scene(&scene, 300000, per_piece[i]);
        fd = raw_dial(&scene.s);
        read_head(fd, ASK_PACKED("/counts"));
        assert_true(says("Content-Encoding: gzip"));
        assert_true(says("Vary: Accept-Encoding"));
        assert_true(read_chunks(fd, &packed));
        assert_packed(buf_str(&packed), scene.counting.end);
        buf_release(&packed);
        close(fd);
        close_scene(&scene, 1, 1);
    }
}

/* However little room there is, and when the end comes with the text or behind it. */
static void test_pieces__pack_into_little_room(void **state UNUSED)
{
    for (size_t room = 1; room < 40; room += 13) {
        struct gzip_stream *gzip = gzip_stream_new();
        struct buf numbers = buf_limited(TEXT_MAX_BYTES), packed = buf_limited(TEXT_MAX_BYTES);
        struct str rest;
        char out[40];
        size_t len;
        bool more = true;

        for (int i = 0; i < 5000; i++)
            buf_printf(&numbers, "%d,", i);
        rest = buf_str(&numbers);
        for (bool is_last = room > 20; more; is_last = is_last || !rest.len) {
            more = gzip_stream_pack(gzip, &rest, is_last, out, room, &len);
            buf_append(&packed, out, len);
        }
        assert_packed(buf_str(&packed), 5000);
        gzip_stream_free(gzip);
        buf_release(&numbers);
        buf_release(&packed);
    }
}

static void test_pieces__end_with_the_connection_for_http_1_0(void **state UNUSED)
{
    struct scene scene;
    int fd;

    open_scene(&scene, 50000, 1000);
    fd = raw_dial(&scene.s);
    read_head(fd, "GET /counts HTTP/1.0\r\nHost: localhost\r\n\r\n");
    assert_false(says("chunked"));
    while (has_more(fd))
        ;
    assert_counts((struct str){ in.text + in.at, in.len - in.at }, scene.counting.end);
    close(fd);
    close_scene(&scene, 1, 1);
}

static void test_pieces__are_not_made_for_head(void **state UNUSED)
{
    struct scene scene;
    int fd;

    open_scene(&scene, 50000, 1000);
    fd = raw_dial(&scene.s);
    read_head(fd, "HEAD /counts HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_true(says("HTTP/1.1 200"));
    assert_false(has_more(fd));
    assert_int_equal(in.len, in.at);
    assert_int_equal(scene.counting.next, scene.counting.per_piece);
    close(fd);
    close_scene(&scene, 1, 1);
}

enum { ENDLESS = 100000000 };

static void test_pieces__go_no_further_than_the_client_reads(void **state UNUSED)
{
    struct scene scene;
    int fd, made;

    open_scene(&scene, ENDLESS, 1000);
    fd = raw_dial_buffer(&scene.s, 4096);
    read_head(fd, ASK("/counts"));
    do {
        made = scene.counting.next;
    } while (!raw_gets_nothing(fd, 1) && has_more(fd) && made < ENDLESS / 100);
    assert_true(made < ENDLESS / 2);
    assert_int_equal(scene.released, 0);
    close(fd);
    assert_true(raw_comes_to(&scene.s, &scene.released, 1));
    close_scene(&scene, 1, 0);
}

static void test_pieces__of_a_client_that_reads_nothing_are_given_up(void **state UNUSED)
{
    struct scene scene;
    int fd;

    open_scene_with(&scene, ENDLESS, 1000, 100);
    fd = raw_dial_buffer(&scene.s, 4096);
    read_head(fd, ASK("/counts"));
    assert_true(raw_comes_to(&scene.s, &scene.released, 1));
    assert_true(raw_is_closed(fd));
    close(fd);
    close_scene(&scene, 1, 0);
}

/* Its time grows with what it takes: it needs longer than one who takes nothing is given. */
static void test_pieces__of_a_client_that_reads_on_are_not_given_up(void **state UNUSED)
{
    enum { STALL_MS = 1000, PAUSE_MS = 20 };
    struct buf body = buf_limited(TEXT_MAX_BYTES);
    struct scene scene;
    int fd, idle, paused_ms = 0;

    open_scene_with(&scene, 2000000, 1000, STALL_MS);
    idle = raw_dial(&scene.s);
    fd = raw_dial(&scene.s);
    read_head(fd, ASK("/counts"));
    for (; paused_ms < STALL_MS * 3 / 2; paused_ms += PAUSE_MS) {
        raw_gets_nothing(idle, PAUSE_MS);
        if (in.len < (size_t)paused_ms * 4096)
            assert_true(has_more(fd));
    }
    assert_true(read_chunks(fd, &body));
    assert_counts(buf_str(&body), scene.counting.end);
    buf_release(&body);
    close(fd);
    close(idle);
    close_scene(&scene, 1, 1);
}

static void test_pieces__without_memory_cut_the_answer(void **state UNUSED)
{
    struct buf body = buf_limited(TEXT_MAX_BYTES);
    struct scene scene;
    int fd;

    open_scene(&scene, 5000, 1000);
    fd = raw_dial(&scene.s);
    scene.counting.breaks = true;
    read_head(fd, ASK("/counts"));
    assert_false(read_chunks(fd, &body));
    assert_true(raw_is_closed(fd));
    buf_release(&body);
    close(fd);
    close_scene(&scene, 1, 0);
}

static void test_pieces__end_with_the_server(void **state UNUSED)
{
    struct scene scene;
    int fd;

    open_scene(&scene, ENDLESS, 1000);
    fd = raw_dial_buffer(&scene.s, 4096);
    read_head(fd, ASK("/counts"));
    close_scene(&scene, 1, 0);
    close(fd);
}

static void *next_parked(struct scene *scene)
{
    void *parked = NULL;

    assert_int_equal(queue_pop(&scene->desk, (int64_t)RAW_PATIENCE_S * 1000000000, &parked),
                     ERR_OK);
    return parked;
}

static void finish(struct scene *scene, struct http_parked *parked)
{
    struct http_reply reply = { 0 };
    enum err err = give(scene, http_parked_request(parked), &reply);

    http_request_finish(parked, err, &reply);
    assert_null(reply.pieces);
}

static void test_pieces__may_come_from_another_thread(void **state UNUSED)
{
    struct buf body = buf_limited(TEXT_MAX_BYTES);
    struct scene scene;
    int fd;

    open_scene(&scene, 50000, 1000);
    fd = raw_dial(&scene.s);
    assert_true(raw_put(fd, ASK("/parks")));
    finish(&scene, next_parked(&scene));
    read_head(fd, "");
    assert_true(read_chunks(fd, &body));
    assert_counts(buf_str(&body), scene.counting.end);
    buf_release(&body);
    close(fd);
    close_scene(&scene, 1, 1);
}

static void test_pieces__that_nobody_waits_for_are_released(void **state UNUSED)
{
    struct scene scene;
    struct http_parked *parked;
    int fd;

    open_scene(&scene, 50000, 1000);
    fd = raw_dial(&scene.s);
    assert_true(raw_put(fd, ASK("/parks")));
    parked = next_parked(&scene);
    raw_stop(&scene.s);
    finish(&scene, parked);
    assert_int_equal(scene.released, 1);
    assert_int_equal(scene.sent, 0);
    close(fd);
    queue_release(&scene.desk);
}

static void test_pieces__without_memory_are_refused(void **state UNUSED)
{
    long n = 0;
    bool failed;

    do {
        struct buf body = buf_limited(TEXT_MAX_BYTES);
        struct scene scene;
        int fd;

        open_scene(&scene, 5000, 1000);
        scene.failing = ++n;
        fd = raw_dial(&scene.s);
        read_head(fd, ASK_PACKED("/counts"));
        failed = says("HTTP/1.1 503");
        if (!failed)
            assert_true(read_chunks(fd, &body));
        close(fd);
        buf_release(&body);
        close_scene(&scene, 1, !failed);
    } while (failed);
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces__arrive_whole_whatever_their_size),
        cmocka_unit_test(test_pieces__are_packed_for_who_takes_gzip),
        cmocka_unit_test(test_pieces__pack_into_little_room),
        cmocka_unit_test(test_pieces__end_with_the_connection_for_http_1_0),
        cmocka_unit_test(test_pieces__are_not_made_for_head),
        cmocka_unit_test(test_pieces__go_no_further_than_the_client_reads),
        cmocka_unit_test(test_pieces__of_a_client_that_reads_nothing_are_given_up),
        cmocka_unit_test(test_pieces__of_a_client_that_reads_on_are_not_given_up),
        cmocka_unit_test(test_pieces__without_memory_cut_the_answer),
        cmocka_unit_test(test_pieces__end_with_the_server),
        cmocka_unit_test(test_pieces__may_come_from_another_thread),
        cmocka_unit_test(test_pieces__that_nobody_waits_for_are_released),
        cmocka_unit_test(test_pieces__without_memory_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
