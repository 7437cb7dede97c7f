#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#include "base/lock.h"
#include "base/thread.h"

enum { ROUNDS = 20000 };

static struct lock shared;
static long counter;

static void *count(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        lock_take(&shared);
        counter++;
        lock_drop(&shared);
    }
    return NULL;
}

static void test_lock__one_thread_at_a_time(void **state)
{
    struct thread a = { .running = false }, b = { .running = false };

    (void)state;
    lock_init(&shared, LOCK_RANK_CATALOG);
    assert_int_equal(thread_start(&a, "count-a", count, NULL), ERR_OK);
    assert_int_equal(thread_start(&b, "count-b", count, NULL), ERR_OK);
    thread_stop(&a);
    thread_stop(&b);
    thread_stop(&b);
    assert_int_equal(counter, 2 * ROUNDS);
    lock_release(&shared);
}

static void test_lock__rising_ranks_are_fine_again_and_again(void **state)
{
    struct lock outer, inner;

    (void)state;
    lock_init(&outer, LOCK_RANK_DAEMON);
    lock_init(&inner, LOCK_RANK_QUEUE);
    for (int i = 0; i < 100; i++) {
        lock_take(&outer);
        lock_take(&inner);
        lock_drop(&inner);
        lock_drop(&outer);
    }
    lock_release(&inner);
    lock_release(&outer);
}

#ifndef NDEBUG
/* Takes two locks in a child; the signal that ended it, or 0. */
static int signal_of_taking(enum lock_rank first, enum lock_rank second)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        struct rlimit none = { 0, 0 };
        struct lock a, b;

        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        lock_init(&a, first);
        lock_init(&b, second);
        lock_take(&a);
        lock_take(&b);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void test_lock__falling_or_equal_ranks_abort(void **state)
{
    (void)state;
    assert_int_equal(signal_of_taking(LOCK_RANK_DAEMON, LOCK_RANK_QUEUE), 0);
    assert_int_not_equal(signal_of_taking(LOCK_RANK_QUEUE, LOCK_RANK_DAEMON), 0);
    assert_int_not_equal(signal_of_taking(LOCK_RANK_INDEX, LOCK_RANK_INDEX), 0);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lock__one_thread_at_a_time),
        cmocka_unit_test(test_lock__rising_ranks_are_fine_again_and_again),
#ifndef NDEBUG
        cmocka_unit_test(test_lock__falling_or_equal_ranks_abort),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
