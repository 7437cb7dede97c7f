/* The write thread round by round, over a store that does as it is told. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/mem.h"
#include "daemon/write_thread.h"
#include "fake_tsdb.h"
#include "ingest/batch_queue.h"

static const int64_t T0 = 1700000000000;
enum { SECOND_MS = 1000, ANSWERS_MAX = 32 };

struct stage {
    char dir[64];
    struct tsdb *db;
    struct log log;
    struct manual_clock hands;
    struct budget budget;
    struct notices notices;
    struct own own;
    struct evaluate_thread evaluate;
    struct seal_thread seal;
    struct write_thread write;
    struct disk_space space;
    unsigned lost_count;
};

/* What was answered to requests for long work, in order. */
static struct {
    struct http_parked *parked;
    enum err err;
    uint64_t blocks;
} answers[ANSWERS_MAX];
static size_t answers_count;

static void note_answer(struct http_parked *parked, enum err err, const struct diag *diag,
                        const struct tsdb_job_result *result, const char *dir)
{
    (void)dir;
    assert_true(answers_count < ANSWERS_MAX);
    assert_true(!err || diag->message[0]);
    answers[answers_count].parked = parked;
    answers[answers_count].err = err;
    answers[answers_count++].blocks = result ? result->block_count : 0;
}

static struct http_parked *request(uintptr_t number)
{
    return (struct http_parked *)(number << 4); /* never looked into */
}

static bool ask_space(void *ctx, const char *dir, struct disk_space *ret)
{
    (void)dir;
    *ret = ((struct stage *)ctx)->space;
    return true;
}

static void on_lost(void *ctx)
{
    ((struct stage *)ctx)->lost_count++;
}

static void wake(void *ctx)
{
    write_thread_wake(ctx);
}

static void wire(struct stage *s)
{
    struct write_thread *w = &s->write;

    w->db = w->watch.db = w->jobs.db = s->db;
    w->log = w->watch.log = w->jobs.log = &s->log;
    w->clock = clock_manual(&s->hands);
    w->budget = w->watch.budget = &s->budget;
    w->own = w->watch.own = &s->own;
    w->watch.notices = &s->notices;
    w->evaluate = &s->evaluate;
    w->on_lost = on_lost;
    w->daemon = s;
    w->jobs.seal = &s->seal;
    w->jobs.answer = note_answer;
    s->seal.wake = wake;
    s->seal.ctx = w;
    watch_init(&w->watch, s->dir, 1000);
    w->watch.disk.ask = ask_space;
    w->watch.disk.ctx = s;
}

static struct stage *stage_new(void)
{
    struct stage *s = mem_alloc_zero(1, sizeof *s);
    struct tsdb_options options = { .relaxed = true };

    assert_non_null(s);
    snprintf(s->dir, sizeof s->dir, "/tmp/fusebox-write-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    assert_int_equal(tsdb_open(&options, &s->db, NULL), ERR_OK);
    s->hands.wall_ms = T0;
    s->hands.mono_ns = 1;
    log_init(&s->log, open("/dev/null", O_WRONLY | O_CLOEXEC), LOG_DEBUG, LOG_FORMAT_LOGFMT,
             clock_manual(&s->hands));
    notices_init(&s->notices);
    budget_init(&s->budget, 1 << 20);
    s->space = (struct disk_space){ 1 << 20, 1 << 20 };
    answers_count = 0;
    wire(s);
    assert_int_equal(evaluate_thread_init(&s->evaluate), ERR_OK);
    assert_int_equal(write_thread_init(&s->write), ERR_OK);
    assert_int_equal(seal_thread_init(&s->seal), ERR_OK);
    return s;
}

static void stage_free(struct stage *s)
{
    seal_thread_stop(&s->seal);
    write_thread_release(&s->write);
    seal_thread_release(&s->seal);
    evaluate_thread_release(&s->evaluate);
    notices_release(&s->notices);
    close(s->log.fd);
    log_release(&s->log);
    tsdb_close(s->db);
    disk_release_reserve(&s->write.watch.disk);
    assert_int_equal(rmdir(s->dir), 0);
    mem_free(s);
}

static void push(struct stage *s, size_t samples)
{
    struct sample_batch *batch = sample_batch_new(samples);

    assert_non_null(batch);
    batch->count = samples;
    for (size_t i = 0; i < samples; i++)
        batch->items[i] = (struct series_sample){ 1, T0 + (int64_t)i, 1 };
    assert_int_equal(batch_queue_push(&s->write.queue, &s->budget, batch), ERR_OK);
}

static void step_after(struct stage *s, int64_t ms)
{
    manual_clock_advance(&s->hands, ms);
    assert_true(write_thread_step(&s->write, false));
}

/* What a batch carries that wants to hear of its fate. */
struct listener {
    struct batch_cargo cargo;
    int settled, freed;
    enum err err;
};

static void note_settled(struct batch_cargo *cargo, const struct samples_left_out *left_out UNUSED,
                         enum err err)
{
    struct listener *l = (struct listener *)cargo;

    l->settled++;
    l->err = err;
}

static void note_freed(struct batch_cargo *cargo)
{
    ((struct listener *)cargo)->freed++;
}

static void push_with(struct stage *s, struct listener *l)
{
    struct sample_batch *batch = sample_batch_new(1);

    assert_non_null(batch);
    *l = (struct listener){ .cargo = { note_settled, NULL, note_freed } };
    batch->count = 1;
    batch->items[0] = (struct series_sample){ 1, T0, 1 };
    batch->cargo = &l->cargo;
    assert_int_equal(batch_queue_push(&s->write.queue, &s->budget, batch), ERR_OK);
}

/* Items that wait for the evaluation. */
static size_t evaluated(struct stage *s)
{
    return queue_count(&s->evaluate.inbox);
}

static void test_write_thread__commits_a_group_and_hands_it_on(void **state UNUSED)
{
    struct stage *s = stage_new();

    push(s, 3);
    push(s, 4);
    assert_true(budget_used_bytes(&s->budget) > 0);
    step_after(s, 0);
    assert_int_equal(s->db->commits, 1);
    assert_int_equal(s->db->stats.samples_appended_count, 7);
    assert_int_equal(evaluated(s), 2);
    assert_int_equal(budget_used_bytes(&s->budget), 0);
    assert_int_equal(write_thread_state(&s->write), STORE_HEALTHY);
    stage_free(s);
}

static void test_write_thread__holds_what_failed_and_tries_it_again(void **state UNUSED)
{
    struct stage *s = stage_new();

    s->db->commit_err = ERR_IO;
    push(s, 1);
    step_after(s, 0);
    assert_int_equal(write_thread_state(&s->write), STORE_TRYING);
    assert_true(s->own.store_failing);
    push(s, 1);
    step_after(s, 500);
    assert_int_equal(s->db->commit_tries, 1);
    assert_int_equal(evaluated(s), 0);
    assert_int_equal(queue_count(&s->write.queue), 1);
    s->db->commit_err = ERR_OK;
    step_after(s, 500);
    assert_int_equal(s->db->commits, 1);
    assert_int_equal(evaluated(s), 1);
    assert_false(s->own.store_failing);
    step_after(s, 100);
    assert_int_equal(evaluated(s), 2);
    assert_int_equal(s->own.samples_not_stored, 0);
    stage_free(s);
}

static void test_write_thread__evaluates_what_the_store_does_not_take(void **state UNUSED)
{
    struct stage *s = stage_new();

    s->db->commit_err = ERR_LIMIT;
    push(s, 2);
    for (int i = 0; i < 5; i++)
        step_after(s, SECOND_MS);
    assert_int_equal(write_thread_state(&s->write), STORE_DEGRADED);
    assert_true(notices_is_raised(&s->notices, NOTICE_DISK_FULL));
    assert_int_equal(s->own.samples_not_stored, 2);
    assert_int_equal(evaluated(s), 1);
    assert_int_equal(s->db->commit_tries, 5);

    push(s, 3); /* within the second: not tried at all */
    step_after(s, 100);
    assert_int_equal(s->db->commit_tries, 5);
    assert_int_equal(s->own.samples_not_stored, 5);
    push(s, 1); /* the probe */
    step_after(s, 900);
    assert_int_equal(s->db->commit_tries, 6);
    assert_int_equal(s->own.samples_not_stored, 6);

    s->db->commit_err = ERR_OK;
    push(s, 1);
    step_after(s, SECOND_MS);
    assert_int_equal(write_thread_state(&s->write), STORE_HEALTHY);
    assert_false(notices_is_raised(&s->notices, NOTICE_DISK_FULL));
    assert_int_equal(s->own.samples_not_stored, 6);
    assert_int_equal(evaluated(s), 4);
    assert_int_equal(budget_used_bytes(&s->budget), 0);
    stage_free(s);
}

static void test_write_thread__tells_a_cargo_what_became_of_its_batch(void **state UNUSED)
{
    struct stage *s = stage_new();
    struct listener stored, refused, left;

    push_with(s, &stored);
    step_after(s, 0);
    assert_int_equal(stored.settled, 1);
    assert_int_equal(stored.err, ERR_OK);
    assert_int_equal(stored.freed, 0);
    s->db->commit_err = ERR_IO;
    push_with(s, &refused);
    step_after(s, SECOND_MS);
    assert_int_equal(refused.settled, 0); /* it is held */
    for (int i = 0; i < 5; i++)
        step_after(s, SECOND_MS);
    assert_int_equal(refused.settled, 1);
    assert_int_equal(refused.err, ERR_UNAVAILABLE);
    push_with(s, &left);
    stage_free(s);
    assert_int_equal(left.settled, 0);
    assert_int_equal(stored.freed + refused.freed + left.freed, 3);
}

static void test_write_thread__stores_nothing_while_space_is_short(void **state UNUSED)
{
    struct stage *s = stage_new();

    step_after(s, 0);
    s->space.free_bytes = 999;
    step_after(s, 5 * SECOND_MS);
    assert_int_equal(write_thread_state(&s->write), STORE_DEGRADED);
    assert_true(notices_is_raised(&s->notices, NOTICE_DISK_FULL));
    push(s, 1);
    step_after(s, 2 * SECOND_MS);
    assert_int_equal(s->db->commit_tries, 0);
    assert_int_equal(s->own.samples_not_stored, 1);
    assert_int_equal(evaluated(s), 1);

    s->space.free_bytes = 1199; /* not 1.2 times as much yet */
    step_after(s, 5 * SECOND_MS);
    assert_int_equal(write_thread_state(&s->write), STORE_DEGRADED);
    s->space.free_bytes = 1200;
    step_after(s, 5 * SECOND_MS);
    assert_int_equal(write_thread_state(&s->write), STORE_HEALTHY);
    push(s, 1);
    step_after(s, 0);
    assert_int_equal(s->db->commits, 1);
    assert_true(s->db->maintains >= 4);
    stage_free(s);
}

static void test_write_thread__a_failed_sync_ends_all_commits(void **state UNUSED)
{
    struct stage *s = stage_new();

    s->db->commit_err = ERR_IO;
    s->db->sync_failed = true;
    push(s, 1);
    step_after(s, 0);
    assert_int_equal(write_thread_state(&s->write), STORE_LOST);
    assert_int_equal(s->lost_count, 1);
    assert_int_equal(evaluated(s), 0);
    s->db->commit_err = ERR_OK;
    for (int i = 0; i < 10; i++) {
        push(s, 1);
        step_after(s, 10 * SECOND_MS);
    }
    assert_int_equal(s->db->commit_tries, 1);
    assert_int_equal(s->lost_count, 1);
    assert_int_equal(s->own.samples_not_stored, 11);
    assert_int_equal(s->db->maintains, 0);
    assert_int_equal(s->db->plans, 0);
    stage_free(s);
}

static void test_write_thread__tells_the_evaluation_who_left(void **state UNUSED)
{
    struct stage *s = stage_new();

    s->db->evict = 7;
    push(s, 1);
    step_after(s, 0);
    assert_int_equal(evaluated(s), 2);
    stage_free(s);
}

static void test_write_thread__a_full_budget_refuses_batches(void **state UNUSED)
{
    struct stage *s = stage_new();
    struct sample_batch *batch = sample_batch_new(100000);

    push(s, 1);
    assert_int_equal(batch_queue_push(&s->write.queue, &s->budget, batch), ERR_LIMIT);
    assert_int_equal(s->budget.refused_count[BUDGET_INGEST], 1);
    sample_batch_free(batch);
    step_after(s, 0);
    assert_true(notices_is_raised(&s->notices, NOTICE_MEMORY));
    step_after(s, 59 * SECOND_MS);
    assert_true(notices_is_raised(&s->notices, NOTICE_MEMORY));
    step_after(s, 5 * SECOND_MS);
    assert_false(notices_is_raised(&s->notices, NOTICE_MEMORY));

    s->db->stats.series_refused_count++;
    step_after(s, 5 * SECOND_MS);
    assert_true(notices_is_raised(&s->notices, NOTICE_MEMORY));
    stage_free(s);
}

static void test_write_thread__known_series_find_room_when_others_used_it_up(void **state UNUSED)
{
    struct stage *s = stage_new();

    budget_set(&s->budget, BUDGET_INDEX, 2 << 20);
    push(s, 1000);
    push(s, 1000);
    step_after(s, 0);
    assert_int_equal(s->db->stats.samples_appended_count, 2000);
    assert_int_equal(s->budget.refused_count[BUDGET_INGEST], 0);
    stage_free(s);
}

static void test_write_thread__tells_a_jump_of_the_clock_for_an_hour(void **state UNUSED)
{
    struct stage *s = stage_new();

    step_after(s, 0);
    s->hands.wall_ms += 3600000;
    step_after(s, 5 * SECOND_MS);
    assert_true(notices_is_raised(&s->notices, NOTICE_CLOCK_JUMP));
    assert_int_equal(s->own.clock_jumps, 1);
    step_after(s, 3600 * SECOND_MS);
    assert_false(notices_is_raised(&s->notices, NOTICE_CLOCK_JUMP));
    stage_free(s);
}

static void test_write_thread__safe_mode_refuses_new_series_for_ten_minutes(void **state UNUSED)
{
    struct stage *s = stage_new();

    watch_enter_safe_mode(&s->write.watch, T0, clock_mono_ns(&s->write.clock));
    assert_true(s->db->refuses_new);
    s->db->stats.series_refused_count = 17;
    step_after(s, 599 * SECOND_MS);
    assert_true(notices_is_raised(&s->notices, NOTICE_SAFE_MODE));
    step_after(s, 5 * SECOND_MS);
    assert_false(notices_is_raised(&s->notices, NOTICE_SAFE_MODE));
    assert_false(s->db->refuses_new);
    assert_false(notices_is_raised(&s->notices, NOTICE_MEMORY));
    stage_free(s);
}

/* --- long work --- */

/* Runs the seal thread until the job that is out has come back, and takes it over. */
static void step_until_finished(struct stage *s, unsigned finished)
{
    while (s->db->finished < finished)
        assert_true(write_thread_step(&s->write, true)); /* woken by the seal thread */
}

static void test_write_thread__answers_a_seal_that_began_after_the_request(void **state UNUSED)
{
    struct stage *s = stage_new();

    assert_int_equal(seal_thread_start(&s->seal), ERR_OK);
    fake_tsdb_add_job(s->db, TSDB_MERGE);
    step_after(s, 0); /* the merge goes out */
    assert_int_equal(store_jobs_ask(&s->write.jobs, request(1), NULL), ERR_OK);
    fake_tsdb_add_job(s->db, TSDB_SEAL);
    step_until_finished(s, 1);
    assert_int_equal(answers_count, 0);
    step_until_finished(s, 2);
    assert_int_equal(answers_count, 1);
    assert_ptr_equal(answers[0].parked, request(1));
    assert_int_equal(answers[0].err, ERR_OK);
    assert_int_equal(answers[0].blocks, 2);
    assert_true(s->db->last_ran);
    store_jobs_end(&s->write.jobs);
    stage_free(s);
}

static void test_write_thread__a_seal_of_nothing_is_answered_at_once(void **state UNUSED)
{
    struct stage *s = stage_new();

    step_after(s, 0);
    assert_int_equal(store_jobs_ask(&s->write.jobs, request(1), NULL), ERR_OK);
    step_after(s, 1);
    assert_int_equal(s->db->seal_requests, 1);
    assert_int_equal(answers_count, 1);
    assert_int_equal(answers[0].err, ERR_OK);
    assert_int_equal(answers[0].blocks, 0);
    stage_free(s);
}

static void test_write_thread__a_seal_waits_for_the_one_before_to_settle(void **state UNUSED)
{
    struct stage *s = stage_new();

    step_after(s, 0);
    s->db->settling = true;
    assert_int_equal(store_jobs_ask(&s->write.jobs, request(1), NULL), ERR_OK);
    step_after(s, 1);
    step_after(s, 50);
    assert_int_equal(answers_count, 0);
    s->db->settling = false;
    step_after(s, 50);
    assert_int_equal(answers_count, 1);
    assert_int_equal(answers[0].err, ERR_OK);
    stage_free(s);
}

static void test_write_thread__a_backup_waits_for_its_own_job(void **state UNUSED)
{
    struct stage *s = stage_new();

    assert_int_equal(seal_thread_start(&s->seal), ERR_OK);
    fake_tsdb_add_job(s->db, TSDB_SEAL);
    fake_tsdb_add_job(s->db, TSDB_BACKUP);
    assert_int_equal(store_jobs_ask(&s->write.jobs, request(1), "/backups/a"), ERR_OK);
    assert_int_equal(store_jobs_ask(&s->write.jobs, request(2), "/backups/b"), ERR_OK);
    step_after(s, 0);
    assert_int_equal(answers_count, 1); /* the second finds one asked for */
    assert_ptr_equal(answers[0].parked, request(2));
    assert_int_equal(answers[0].err, ERR_OVERLOADED);
    step_until_finished(s, 1);
    assert_int_equal(answers_count, 1);
    step_until_finished(s, 2);
    assert_int_equal(answers_count, 2);
    assert_ptr_equal(answers[1].parked, request(1));
    assert_int_equal(answers[1].err, ERR_OK);
    store_jobs_end(&s->write.jobs);
    stage_free(s);
}

static void test_write_thread__a_seal_that_failed_is_told_and_tried_later(void **state UNUSED)
{
    struct stage *s = stage_new();

    assert_int_equal(seal_thread_start(&s->seal), ERR_OK);
    s->db->finish_err = ERR_LIMIT;
    fake_tsdb_add_job(s->db, TSDB_SEAL);
    assert_int_equal(store_jobs_ask(&s->write.jobs, request(1), NULL), ERR_OK);
    step_after(s, 0);
    step_until_finished(s, 1);
    assert_int_equal(answers_count, 1);
    assert_int_equal(answers[0].err, ERR_LIMIT);
    assert_int_equal(s->db->plans, 1);
    step_after(s, 4 * SECOND_MS);
    assert_int_equal(s->db->plans, 1);
    s->db->finish_err = ERR_OK;
    step_after(s, SECOND_MS);
    assert_int_equal(s->db->plans, 2);
    stage_free(s);
}

static void test_write_thread__plans_again_while_there_is_work(void **state UNUSED)
{
    struct stage *s = stage_new();

    assert_int_equal(seal_thread_start(&s->seal), ERR_OK);
    for (int i = 0; i < 5; i++)
        fake_tsdb_add_job(s->db, TSDB_MERGE);
    step_after(s, 0);
    step_until_finished(s, 5); /* the clock stands still */
    assert_int_equal(s->db->plans, 6);
    stage_free(s);
}

static void test_write_thread__stopping_ends_the_job_and_answers_all(void **state UNUSED)
{
    struct stage *s = stage_new();

    fake_tsdb_add_job(s->db, TSDB_SEAL);
    assert_int_equal(store_jobs_ask(&s->write.jobs, request(1), NULL), ERR_OK);
    push(s, 1);
    step_after(s, 0); /* the job is out, and the seal thread does not run yet */
    assert_int_equal(store_jobs_ask(&s->write.jobs, request(2), NULL), ERR_OK);
    assert_int_equal(seal_thread_start(&s->seal), ERR_OK);
    assert_int_equal(write_thread_start(&s->write), ERR_OK);
    push(s, 1);
    write_thread_stop(&s->write);
    assert_int_equal(s->db->commits, 2);
    assert_int_equal(s->db->finished, 1);
    assert_int_equal(store_jobs_ask(&s->write.jobs, request(3), NULL), ERR_CANCELLED);
    stage_free(s);
    assert_int_equal(answers_count, 2);
}

static void test_write_thread__stopping_lets_go_of_what_is_held(void **state UNUSED)
{
    struct stage *s = stage_new();

    s->db->commit_err = ERR_IO;
    push(s, 2);
    step_after(s, 0);
    push(s, 3);
    assert_int_equal(write_thread_start(&s->write), ERR_OK);
    write_thread_stop(&s->write);
    assert_int_equal(s->own.samples_not_stored, 5);
    assert_int_equal(evaluated(s), 2);
    assert_int_equal(queue_count(&s->write.queue), 0);
    stage_free(s);
}

static void test_write_thread__a_request_without_memory_is_refused(void **state UNUSED)
{
    struct stage *s = stage_new();
    const uint32_t ref = 7;

    mem_fail_nth(1);
    assert_int_equal(store_jobs_ask(&s->write.jobs, request(1), NULL), ERR_NOMEM);
    assert_true(mem_fault_happened());
    for (unsigned nth = 1; nth <= 2; nth++) {
        mem_fail_nth(nth);
        assert_int_equal(evaluate_thread_push_forget(&s->evaluate, &ref, 1), ERR_NOMEM);
        assert_true(mem_fault_happened());
    }
    mem_fail_nth(0);
    assert_int_equal(evaluated(s), 0);
    stage_free(s);
}

static void test_write_thread__survives_a_start_without_memory(void **state UNUSED)
{
    bool faulted = true;

    for (unsigned nth = 1; faulted; nth++) {
        struct write_thread *w = mem_alloc_zero(1, sizeof *w);
        struct seal_thread seal = { .ctx = NULL };
        enum err err;

        mem_fail_nth(nth);
        err = write_thread_init(w);
        if (!err)
            err = seal_thread_init(&seal);
        faulted = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, faulted ? ERR_NOMEM : ERR_OK);
        write_thread_release(w);
        seal_thread_release(&seal);
        mem_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_thread__commits_a_group_and_hands_it_on),
        cmocka_unit_test(test_write_thread__holds_what_failed_and_tries_it_again),
        cmocka_unit_test(test_write_thread__evaluates_what_the_store_does_not_take),
        cmocka_unit_test(test_write_thread__tells_a_cargo_what_became_of_its_batch),
        cmocka_unit_test(test_write_thread__stores_nothing_while_space_is_short),
        cmocka_unit_test(test_write_thread__a_failed_sync_ends_all_commits),
        cmocka_unit_test(test_write_thread__tells_the_evaluation_who_left),
        cmocka_unit_test(test_write_thread__a_full_budget_refuses_batches),
        cmocka_unit_test(test_write_thread__known_series_find_room_when_others_used_it_up),
        cmocka_unit_test(test_write_thread__tells_a_jump_of_the_clock_for_an_hour),
        cmocka_unit_test(test_write_thread__safe_mode_refuses_new_series_for_ten_minutes),
        cmocka_unit_test(test_write_thread__answers_a_seal_that_began_after_the_request),
        cmocka_unit_test(test_write_thread__a_seal_of_nothing_is_answered_at_once),
        cmocka_unit_test(test_write_thread__a_seal_waits_for_the_one_before_to_settle),
        cmocka_unit_test(test_write_thread__a_backup_waits_for_its_own_job),
        cmocka_unit_test(test_write_thread__a_seal_that_failed_is_told_and_tried_later),
        cmocka_unit_test(test_write_thread__plans_again_while_there_is_work),
        cmocka_unit_test(test_write_thread__stopping_ends_the_job_and_answers_all),
        cmocka_unit_test(test_write_thread__stopping_lets_go_of_what_is_held),
        cmocka_unit_test(test_write_thread__a_request_without_memory_is_refused),
        cmocka_unit_test(test_write_thread__survives_a_start_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
