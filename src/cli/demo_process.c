#include "cli/demo_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

enum { STOP_LOOK_MS = 20, KILL_WAIT_MS = 500, EXIT_CANNOT_START = 127 };

enum err demo_process_init(struct demo_process *p, const char *name, const char *dir,
                           struct diag *diag)
{
    int len = snprintf(p->log_path, sizeof p->log_path, "%s/%s.log", dir, name);

    if (len >= (int)sizeof p->log_path)
        return diag_set(diag, ERR_LIMIT, "path too long: %.100s", dir);
    snprintf(p->pid_path, sizeof p->pid_path, "%.*s.pid", len - 4, p->log_path);
    p->name = name;
    p->pid = 0;
    return ERR_OK;
}

/* Between fork and exec: only calls that are safe there. Returns when something failed. */
static void become(const struct demo_process *p, const char *work_dir, const char *const argv[],
                   pid_t parent)
{
    int log_fd = open(p->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    sigset_t none;

    if (log_fd < 0 || null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 ||
        dup2(log_fd, STDOUT_FILENO) < 0 || dup2(log_fd, STDERR_FILENO) < 0)
        return;
    if (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
        return;
    if (getppid() != parent)
        _exit(EXIT_CANNOT_START); /* the parent ended before the line above */
    signal(SIGINT, SIG_DFL);      /* ignored when a script started us in the background */
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (work_dir && chdir(work_dir) < 0)
        return;
    execv(argv[0],
          (char *const *)(uintptr_t)argv); /* exec wants them writable, and does not write */
}

/* The pipe closes by itself when exec succeeds; otherwise it brings errno. */
static int wait_for_exec(int read_fd)
{
    int failure = 0;
    ssize_t got;

    do
        got = read(read_fd, &failure, sizeof failure);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof failure ? failure : 0;
}

static void write_pid(const struct demo_process *p)
{
    char text[16];
    int len = snprintf(text, sizeof text, "%d\n", (int)p->pid);
    enum err ignored = file_write_atomic(p->pid_path, (struct str){ text, (size_t)len }, NULL);

    (void)ignored; /* the file is for people and tests; we know the pid */
}

enum err demo_process_start(struct demo_process *p, const char *work_dir, const char *const argv[],
                            struct diag *diag)
{
    pid_t parent = getpid(), pid;
    int ends[2], failure;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return diag_set(diag, ERR_IO, "cannot start %s: %s", p->name, strerror(errno));
    pid = fork();
    if (pid == 0) {
        become(p, work_dir, argv, parent);
        failure = errno;
        if (write(ends[1], &failure, sizeof failure) < 0)
            _exit(EXIT_CANNOT_START);
        _exit(EXIT_CANNOT_START);
    }
    failure = pid < 0 ? errno : 0;
    close(ends[1]);
    if (pid > 0)
        failure = wait_for_exec(ends[0]);
    close(ends[0]);
    if (failure) {
        if (pid > 0)
            waitpid(pid, NULL, 0);
        return diag_set(diag, failure == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cannot start %s: %s",
                        argv[0], strerror(failure));
    }
    p->pid = pid;
    write_pid(p);
    return ERR_OK;
}

void demo_process_signal(const struct demo_process *p, int signal_number)
{
    if (p->pid > 0)
        kill(signal_number == SIGHUP ? p->pid : -p->pid, signal_number);
}

void demo_processes_reap(struct demo_process *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].pid > 0 && waitpid(list[i].pid, NULL, WNOHANG) == list[i].pid)
            list[i].pid = 0;
}

static bool any_runs(const struct demo_process *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].pid > 0)
            return true;
    return false;
}

static void signal_all(const struct demo_process *list, size_t count, int signal_number)
{
    for (size_t i = 0; i < count; i++)
        demo_process_signal(&list[i], signal_number);
}

static void wait_for_all(struct demo_process *list, size_t count, int64_t wait_ms)
{
    struct clock clock = clock_system();
    int64_t until_ns = clock_mono_ns(&clock) + wait_ms * 1000000;

    demo_processes_reap(list, count);
    while (any_runs(list, count) && clock_mono_ns(&clock) < until_ns) {
        poll(NULL, 0, STOP_LOOK_MS);
        demo_processes_reap(list, count);
    }
}

void demo_processes_stop(struct demo_process *list, size_t count, int64_t grace_ms)
{
    signal_all(list, count, SIGTERM);
    wait_for_all(list, count, grace_ms);
    signal_all(list, count, SIGKILL);
    wait_for_all(list, count, KILL_WAIT_MS);
    for (size_t i = 0; i < count; i++)
        if (list[i].name)
            unlink(list[i].pid_path);
}
