#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

#include "base/mem.h"
#include "cli/demo_driver.h"

enum { RATE_PER_S = 10, INTERVAL_NS = 1000000000 / RATE_PER_S, PEERS_MAX = 256, WAIT_MS = 2000 };

/* A server that answers only when the test says so. */
struct fixture {
    int listen_fd;
    int port;
    int peers[PEERS_MAX];
    size_t peer_count;
    struct demo_driver *driver;
};

static struct fixture f;

static int open_fixture(void **state)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t len = sizeof at;

    (void)state;
    f = (struct fixture){ .listen_fd = socket(AF_INET, SOCK_STREAM, 0) };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(f.listen_fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(f.listen_fd, 256) < 0 ||
        getsockname(f.listen_fd, (struct sockaddr *)&at, &len) < 0)
        return -1;
    f.port = ntohs(at.sin_port);
    return demo_driver_open(f.port, RATE_PER_S, 0, &f.driver, NULL) ? -1 : 0;
}

static int close_fixture(void **state)
{
    (void)state;
    demo_driver_close(f.driver);
    for (size_t i = 0; i < f.peer_count; i++)
        close(f.peers[i]);
    if (f.listen_fd >= 0)
        close(f.listen_fd);
    return 0;
}

/* Takes the next connection, and the whole request on it. */
static int next_request(int fd, char *text, size_t text_bytes)
{
    size_t len = 0;

    if (fd < 0) {
        fd = accept(f.listen_fd, NULL, NULL);
        assert_true(fd >= 0);
        f.peers[f.peer_count++] = fd;
        demo_driver_run(f.driver, 0); /* now it is connected: the request goes out */
    }
    do {
        ssize_t got = recv(fd, text + len, text_bytes - 1 - len, 0);

        assert_true(got > 0);
        len += (size_t)got;
        text[len] = '\0';
    } while (!strstr(text, "\r\n\r\n"));
    return fd;
}

static void answer(int fd, const char *text, int64_t mono_ns)
{
    struct pollfd ready = { .fd = demo_driver_fd(f.driver), .events = POLLIN };

    assert_int_equal(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
    assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
    demo_driver_run(f.driver, mono_ns);
}

static void assert_counts(int service, uint64_t good, uint64_t errors)
{
    struct demo_counts c = demo_driver_counts(f.driver, service);

    assert_int_equal(c.good, good);
    assert_int_equal(c.errors, errors);
}

static void test_demo_driver__calls_and_calls_again_on_the_same_connection(void **state)
{
    char text[512];
    int fd;

    (void)state;
    demo_driver_run(f.driver, 0);
    fd = next_request(-1, text, sizeof text);
    assert_non_null(strstr(text, "GET /orders/item HTTP/1.1\r\n"));
    answer(fd, "HTTP/1.1 200 OK\r\nContent-", 0);
    assert_counts(0, 0, 0);
    answer(fd, "Length: 3\r\n\r\nok", 0);
    assert_counts(0, 0, 0);
    answer(fd, "\n", 0);
    assert_counts(0, 1, 0);
    demo_driver_run(f.driver, INTERVAL_NS / 3 + 1); /* payments is due next */
    next_request(fd, text, sizeof text);
    assert_non_null(strstr(text, "GET /payments/item"));
    answer(fd, "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n", INTERVAL_NS / 3 + 1);
    assert_counts(1, 0, 1);
}

static void test_demo_driver__says_when_the_next_call_is_due(void **state)
{
    (void)state;
    assert_int_equal(demo_driver_run(f.driver, 0), INTERVAL_NS / 3);
    assert_int_equal(demo_driver_run(f.driver, INTERVAL_NS / 3), INTERVAL_NS * 2 / 3);
    assert_int_equal(demo_driver_run(f.driver, INTERVAL_NS), INTERVAL_NS + INTERVAL_NS / 3);
}

static void test_demo_driver__a_call_without_an_answer_fails(void **state)
{
    char text[512];

    (void)state;
    demo_driver_run(f.driver, 0);
    next_request(-1, text, sizeof text);
    demo_driver_run(f.driver, (int64_t)DEMO_CALL_WAIT_MS * 1000000 - 1);
    assert_counts(0, 0, 0);
    demo_driver_run(f.driver, (int64_t)DEMO_CALL_WAIT_MS * 1000000);
    assert_counts(0, 0, 1);
}

static void test_demo_driver__a_connection_that_ends_or_is_refused_fails(void **state)
{
    struct pollfd ready = { .fd = demo_driver_fd(f.driver), .events = POLLIN };
    char text[512];

    (void)state;
    demo_driver_run(f.driver, 0);
    close(next_request(-1, text, sizeof text));
    f.peer_count = 0;
    assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
    demo_driver_run(f.driver, 0);
    assert_counts(0, 0, 1);
    close(f.listen_fd);
    f.listen_fd = -1;
    demo_driver_run(f.driver, INTERVAL_NS / 3);
    demo_driver_run(f.driver, INTERVAL_NS / 3);
    assert_counts(1, 0, 1);
}

static void test_demo_driver__never_has_too_many_under_way(void **state)
{
    uint64_t skipped = 0;

    (void)state;
    for (int64_t ms = 0; ms < DEMO_CALL_WAIT_MS; ms += 10)
        demo_driver_run(f.driver, ms * 1000000);
    for (int service = 0; service < DEMO_SERVICE_COUNT; service++)
        skipped += demo_driver_counts(f.driver, service).skipped;
    assert_int_equal(skipped,
                     DEMO_SERVICE_COUNT * RATE_PER_S * DEMO_CALL_WAIT_MS / 1000 - DEMO_CALLS_MAX);
}

static void test_demo_driver__does_not_make_up_for_a_pause(void **state)
{
    uint64_t made = 0;

    (void)state;
    demo_driver_run(f.driver, 0);
    demo_driver_run(f.driver, (int64_t)3600 * 1000000000);
    for (int service = 0; service < DEMO_SERVICE_COUNT; service++)
        made += demo_driver_counts(f.driver, service).skipped;
    assert_int_equal(made, 0);
}

static void test_demo_driver__survives_every_failing_allocation(void **state)
{
    struct demo_driver *d = NULL;

    (void)state;
    mem_fail_nth(1);
    assert_int_equal(demo_driver_open(f.port, 1, 0, &d, NULL), ERR_NOMEM);
    assert_true(mem_fault_happened());
    mem_fail_nth(2);
    assert_int_equal(demo_driver_open(f.port, 1, 0, &d, NULL), ERR_OK);
    assert_false(mem_fault_happened());
    mem_fail_nth(0);
    demo_driver_close(d);
    demo_driver_close(NULL);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_demo_driver__calls_and_calls_again_on_the_same_connection),
        TEST(test_demo_driver__says_when_the_next_call_is_due),
        TEST(test_demo_driver__a_call_without_an_answer_fails),
        TEST(test_demo_driver__a_connection_that_ends_or_is_refused_fails),
        TEST(test_demo_driver__never_has_too_many_under_way),
        TEST(test_demo_driver__does_not_make_up_for_a_pause),
        TEST(test_demo_driver__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
