#include "config_text.h"

#include <stdio.h>
#include <unistd.h>

#include "config/options.h"
#include "daemon/reload.h"

enum { TEXT_BYTES = 64 << 10 };

/* A log into a temporary file, and what stands in it. */
struct paper {
    struct manual_clock hands;
    struct log log;
    FILE *file;
    char text[TEXT_BYTES];
};

static void paper_init(struct paper *p)
{
    p->hands = (struct manual_clock){ .wall_ms = 1795142467123, .mono_ns = 1 };
    p->file = tmpfile();
    assert_non_null(p->file);
    log_init(&p->log, fileno(p->file), LOG_INFO, LOG_FORMAT_LOGFMT, clock_manual(&p->hands));
}

static const char *read_paper(struct paper *p)
{
    ssize_t len = pread(fileno(p->file), p->text, sizeof p->text - 1, 0);

    p->text[len > 0 ? len : 0] = '\0';
    return p->text;
}

static void paper_release(struct paper *p)
{
    log_release(&p->log);
    fclose(p->file);
}

static const char *warnings(struct paper *p, const char *before_yaml, const char *after_yaml)
{
    struct config *before = config_of(before_yaml), *after = config_of(after_yaml);

    reload_warn_of_restarts(&p->log, before, after);
    config_unref(before);
    config_unref(after);
    return read_paper(p);
}

static void test_reload__an_option_that_needs_a_restart_is_named(void **state UNUSED)
{
    static struct paper p;
    const char *text;

    paper_init(&p);
    text = warnings(&p, "listen: 127.0.0.1:1\ncatalog: {max_services: 10}\n",
                    "listen: 127.0.0.1:2\ncatalog: {max_services: 11}\n");
    assert_non_null(strstr(text, "option=listen\n"));
    assert_non_null(strstr(text, "option=catalog.max_services\n"));
    assert_non_null(strstr(text, "level=warn"));
    paper_release(&p);
}

static void test_reload__what_can_change_at_once_is_not_worth_a_word(void **state UNUSED)
{
    static struct paper p;

    paper_init(&p);
    assert_string_equal(warnings(&p, "retry_budget: {max_retry_rate_percent: 20}\n",
                                 "retry_budget: {max_retry_rate_percent: 30}\n"),
                        "");
    assert_string_equal(warnings(&p, "listen: 127.0.0.1:1\n", "listen: 127.0.0.1:1\n"), "");
    paper_release(&p);
}

static void test_reload__every_error_and_warning_is_logged_with_its_place(void **state UNUSED)
{
    static struct paper p;
    struct config_sources sources = { .file = "f.yml" };
    struct config_errors errors;
    struct config *cfg = NULL;
    const char *text;

    paper_init(&p);
    config_errors_init(&errors);
    assert_int_equal(
        config_load_text(STR("listn: x\nlisten: nowhere\nalerting: {}\n"), &sources, &cfg, &errors),
        ERR_INVALID);
    reload_log_errors(&p.log, &errors);
    text = read_paper(&p);
    assert_non_null(strstr(text, "level=error msg=\"configuration error\" file=f.yml line=1 "
                                 "column=1 error="));
    assert_non_null(strstr(text, "level=error msg=\"configuration error\" file=f.yml line=2 "));
    assert_non_null(strstr(text, "level=warn msg=\"configuration warning\" file=f.yml "));
    config_errors_release(&errors);
    paper_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reload__an_option_that_needs_a_restart_is_named),
        cmocka_unit_test(test_reload__what_can_change_at_once_is_not_worth_a_word),
        cmocka_unit_test(test_reload__every_error_and_warning_is_logged_with_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
