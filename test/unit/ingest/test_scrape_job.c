#include "ingest/scrape_job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"

static char dir[] = "/tmp/fusebox-test-XXXXXX";
static char secret_path[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/fusebox-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(secret_path, sizeof secret_path, "%s/secret", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(secret_path);
    return rmdir(dir);
}

static void write_secret(const char *text)
{
    assert_int_equal(file_write_atomic(secret_path, str_of(text), NULL), ERR_OK);
}

static struct scrape_job *new_job(struct config_access access)
{
    struct config_scrape scrape = { .access = access };
    struct scrape_job *job = NULL;

    assert_int_equal(scrape_job_new(&scrape, &job), ERR_OK);
    return job;
}

static void expect_header(struct config_access access, const char *expected)
{
    struct scrape_job *job = new_job(access);

    assert_int_equal(scrape_job_prepare(job, NULL), ERR_OK);
    assert_string_equal(scrape_job_access(job)->authorization, expected);
    scrape_job_unref(job);
}

/* The example of RFC 7617, section 2, and the two other lengths of padding. */
static void test_scrape_job__writes_the_header(void **state)
{
    (void)state;
    expect_header((struct config_access){ .basic_auth = true,
                                          .username = STR("Aladdin"),
                                          .password = STR("open sesame") },
                  "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    expect_header((struct config_access){ .basic_auth = true, .username = STR("ab") },
                  "Basic YWI6");
    expect_header((struct config_access){ .basic_auth = true }, "Basic Og==");
    expect_header((struct config_access){ .basic_auth = true, .password = STR("b") }, "Basic OmI=");
    expect_header((struct config_access){ .auth_type = STR("Bearer"), .credentials = STR("x y") },
                  "Bearer x y");
}

static void test_scrape_job__without_credentials_has_no_header(void **state)
{
    struct scrape_job *job = new_job((struct config_access){ .auth_type = STR("Bearer") });

    (void)state;
    assert_int_equal(scrape_job_prepare(job, NULL), ERR_OK);
    assert_null(scrape_job_access(job)->authorization);
    assert_string_equal(scrape_job_hint(job, 200), "");
    assert_true(str_has_prefix(str_of(scrape_job_hint(job, 401)), STR(": the target asks for")));
    assert_true(str_has_prefix(str_of(scrape_job_hint(job, 302)), STR(": a redirect")));
    scrape_job_unref(job);
}

static void test_scrape_job__reads_a_secret_again_when_its_file_changes(void **state)
{
    struct scrape_job *job = new_job((struct config_access){
        .auth_type = STR("Bearer"), .credentials_file = str_of(secret_path) });
    struct diag diag = { 0 };
    char expected[128];

    (void)state;
    snprintf(expected, sizeof expected, "credentials_file: %s: there is no such file", secret_path);
    assert_int_equal(scrape_job_prepare(job, &diag), ERR_NOT_FOUND);
    assert_string_equal(diag_text(&diag), expected);
    write_secret("  one\n");
    assert_int_equal(scrape_job_prepare(job, NULL), ERR_OK);
    assert_string_equal(scrape_job_access(job)->authorization, "Bearer one");
    write_secret("two");
    assert_int_equal(scrape_job_prepare(job, NULL), ERR_OK);
    assert_string_equal(scrape_job_access(job)->authorization, "Bearer two");
    unlink(secret_path);
    assert_int_equal(scrape_job_prepare(job, NULL), ERR_NOT_FOUND);
    scrape_job_unref(job);
}

static void test_scrape_job__refuses_a_secret_of_two_lines_without_telling_it(void **state)
{
    struct scrape_job *job = new_job((struct config_access){
        .auth_type = STR("Bearer"), .credentials_file = str_of(secret_path) });
    struct diag diag = { 0 };

    (void)state;
    write_secret("s3cret\r\nX-Other: 1");
    for (int i = 0; i < 2; i++) {
        diag = (struct diag){ 0 };
        assert_int_equal(scrape_job_prepare(job, &diag), ERR_INVALID);
        assert_string_equal(diag_text(&diag), "credentials_file holds more than one line");
    }
    scrape_job_unref(job);
}

static void test_scrape_job__names_the_target_limit(void **state)
{
    struct config_scrape scrape = { .target_limit_count = 2 };
    struct scrape_job *job = NULL;
    struct diag diag = { 0 };

    (void)state;
    assert_int_equal(scrape_job_new(&scrape, &job), ERR_OK);
    scrape_job_set_target_count(job, 2);
    assert_int_equal(scrape_job_prepare(job, NULL), ERR_OK);
    scrape_job_set_target_count(job, 3);
    assert_int_equal(scrape_job_prepare(job, &diag), ERR_LIMIT);
    assert_string_equal(diag_text(&diag), "the job has 3 targets, its target_limit is 2");
    scrape_job_unref(job);
}

static void test_scrape_job__survives_every_failed_allocation(void **state)
{
    struct config_scrape scrape = { .access = { .basic_auth = true,
                                                .username = STR("u"),
                                                .ca_file = STR("ca"),
                                                .min_version = STR("TLS13"),
                                                .password_file = str_of(secret_path) } };
    bool happened = true;

    (void)state;
    write_secret("p");
    for (long n = 1; happened; n++) {
        struct scrape_job *job = NULL;
        enum err err;

        mem_fail_nth(n);
        err = scrape_job_new(&scrape, &job);
        if (!err)
            err = scrape_job_prepare(job, NULL);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, happened ? ERR_NOMEM : ERR_OK);
        if (job) {
            assert_int_equal(scrape_job_prepare(job, NULL), ERR_OK);
            assert_string_equal(scrape_job_access(job)->authorization, "Basic dTpw");
            assert_int_equal(scrape_job_access(job)->min_tls, HTTP_TLS_13);
        }
        scrape_job_unref(job);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scrape_job__writes_the_header),
        cmocka_unit_test(test_scrape_job__without_credentials_has_no_header),
        cmocka_unit_test_setup_teardown(test_scrape_job__reads_a_secret_again_when_its_file_changes,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_scrape_job__refuses_a_secret_of_two_lines_without_telling_it, set_up, tear_down),
        cmocka_unit_test(test_scrape_job__names_the_target_limit),
        cmocka_unit_test_setup_teardown(test_scrape_job__survives_every_failed_allocation, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
