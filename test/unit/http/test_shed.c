#include "raw.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "http/listen.h"
#include "http/shed.h"

enum { CLIENTS = 5, FILES_MAX = 256 };

/* Takes all descriptors that are left below the limit. */
static int take_all(int taken[FILES_MAX])
{
    int count = 0;

    while (count < FILES_MAX && (taken[count] = dup(0)) >= 0)
        count++;
    assert_true(count < FILES_MAX);
    return count;
}

static void test_shed__turns_away_what_waits_while_there_are_no_descriptors(void **state)
{
    struct http_stats stats = { .rejected_descriptors = 0 };
    struct raw_server s = { .port = 0 };
    struct rlimit before, low = { .rlim_cur = FILES_MAX };
    int clients[CLIENTS], taken[FILES_MAX], count, fd, late;
    struct shed shed;
    char byte;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low.rlim_max = before.rlim_max;
    assert_int_equal(listen_open("127.0.0.1", 0, &fd, &s.port, NULL), ERR_OK);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = raw_dial(&s);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    shed_init(&shed, fd, &stats);
    assert_false(shed_look(&shed, 0));
    count = take_all(taken);

    assert_true(shed_look(&shed, 0));
    assert_int_equal(stats.rejected_descriptors, CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(recv(clients[i], &byte, 1, 0), 0);
        close(clients[i]);
    }
    for (int i = 0; i < count; i++)
        close(taken[i]);
    late = raw_dial(&s);
    assert_false(shed_look(&shed, 0));
    assert_int_equal(stats.rejected_descriptors, CLIENTS);
    assert_true(shed.spare_fd >= 0);
    close(late);
    shed_release(&shed);
    shed_release(&shed);
    close(fd);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shed__turns_away_what_waits_while_there_are_no_descriptors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
