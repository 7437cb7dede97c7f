#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#include "base/file.h"
#include "cli/demo_process.h"

enum { GRACE_MS = 3000 };

static char dir[64];
static struct demo_process p;

static int open_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/fusebox-test-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    return demo_process_init(&p, "cat", dir, NULL) ? -1 : 0;
}

static int close_dir(void **state)
{
    (void)state;
    demo_processes_stop(&p, 1, GRACE_MS);
    unlink(p.log_path);
    return rmdir(dir); /* fails when the pid file stayed */
}

static void test_demo_process__runs_until_it_is_stopped(void **state)
{
    const char *const argv[] = { "/bin/sleep", "1000", NULL };
    struct arena a = arena_limited(4096);
    struct str text = STR_NONE;
    char expected[16];
    pid_t pid;

    (void)state;
    assert_int_equal(demo_process_start(&p, "/", argv, NULL), ERR_OK);
    pid = p.pid;
    snprintf(expected, sizeof expected, "%d\n", (int)pid);
    assert_int_equal(file_read(&a, p.pid_path, 100, &text, NULL), ERR_OK);
    assert_string_equal(text.ptr, expected);
    assert_int_equal(getpgid(pid), pid);
    demo_processes_reap(&p, 1);
    assert_int_equal(p.pid, pid);
    demo_processes_stop(&p, 1, GRACE_MS);
    assert_int_equal(p.pid, 0);
    assert_int_equal(kill(pid, 0), -1);
    arena_release(&a);
}

static void test_demo_process__one_that_ignores_the_request_is_killed(void **state)
{
    const char *const argv[] = { "/bin/sh", "-c", "trap '' TERM; sleep 1000 & echo ready; wait",
                                 NULL };
    struct arena a = arena_limited(65536);
    struct str text = STR_NONE;
    int status = 0;
    pid_t pid;

    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); /* its sleep becomes our child */
    assert_int_equal(demo_process_start(&p, NULL, argv, NULL), ERR_OK);
    pid = p.pid;
    while (file_read(&a, p.log_path, 100, &text, NULL) || !text.len)
        arena_reset(&a); /* until it has said that the trap is set */
    demo_processes_stop(&p, 1, 50);
    assert_int_equal(p.pid, 0);
    assert_true(waitpid(-pid, &status, 0) > 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    arena_release(&a);
}

static void test_demo_process__a_missing_program_is_said_at_once(void **state)
{
    const char *const argv[] = { "/nonexistent/program", NULL };
    struct diag diag = { .code = ERR_OK };

    (void)state;
    assert_int_equal(demo_process_start(&p, NULL, argv, &diag), ERR_NOT_FOUND);
    assert_non_null(strstr(diag.message, "/nonexistent/program"));
    assert_int_equal(p.pid, 0);
    demo_process_signal(&p, SIGTERM); /* to nobody */
}

static void test_demo_process__too_long_a_folder_is_refused(void **state)
{
    char name[DEMO_PATH_BYTES + 1];
    struct demo_process other = { .pid = 0 };

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(demo_process_init(&other, "cat", name, NULL), ERR_LIMIT);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, open_dir, close_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_demo_process__runs_until_it_is_stopped),
        TEST(test_demo_process__one_that_ignores_the_request_is_killed),
        TEST(test_demo_process__a_missing_program_is_said_at_once),
        TEST(test_demo_process__too_long_a_folder_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
