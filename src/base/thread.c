#include "base/thread.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LOW_NICENESS = 10 };

enum err thread_start(struct thread *t, const char *name, void *(*run)(void *), void *arg)
{
    sigset_t all, before;
    int failed;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&t->id, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return ERR_UNAVAILABLE;
    pthread_setname_np(t->id, name);
    t->running = true;
    return ERR_OK;
}

void thread_stop(struct thread *t)
{
    if (!t->running)
        return;
    pthread_join(t->id, NULL);
    t->running = false;
}

/* What the system refuses here only costs others a little time. */
void thread_lower_priority(void)
{
    struct sched_param none = { 0 };

    (void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), LOW_NICENESS);
}
