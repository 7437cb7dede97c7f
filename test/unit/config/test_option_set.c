/* The set over a table of its own, with secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "config/option_set.h"

/* An entry of the environment is not const. */
#define VARIABLE(text)                                                                             \
    (char[])                                                                                       \
    {                                                                                              \
        text                                                                                       \
    }

enum { ROWS = 2, PATH_BYTES = 256, MESSAGE_BYTES = 4096 };

static const struct option_row rows[ROWS] = {
    { .name = "mail.password",
      .environment = "FUSEBOX_MAIL_PASSWORD",
      .type = OPTION_SECRET,
      .preset = "" },
    { .name = "mail.user",
      .environment = "FUSEBOX_MAIL_USER",
      .type = OPTION_STRING,
      .preset = "me" },
};

struct fixture {
    struct arena arena;
    struct config_errors errors;
    struct report report;
    struct option_value values[ROWS];
    struct option_place places[ROWS];
    struct option_set set;
    char dir[PATH_BYTES];
    char file[PATH_BYTES];
    char messages[MESSAGE_BYTES];
};

static int open_fixture(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    snprintf(f->dir, sizeof f->dir, "/tmp/fusebox-secret-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->file, sizeof f->file, "%.200s/password", f->dir);
    assert_int_equal(file_write_atomic(f->file, STR(" hunter2\r\n"), NULL), ERR_OK);
    f->arena = arena_limited(1 << 20);
    config_errors_init(&f->errors);
    report_init(&f->report, STR("f.yml"), &f->errors);
    f->set = (struct option_set){
        .rows = rows,
        .count = ROWS,
        .values = f->values,
        .places = f->places,
        .secret_dir = str_of(f->dir),
        .arena = &f->arena,
        .report = &f->report,
    };
    option_set_init(&f->set);
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;

    unlink(f->file);
    rmdir(f->dir);
    report_release(&f->report);
    config_errors_release(&f->errors);
    arena_release(&f->arena);
    test_free(f);
    return 0;
}

static void read_yaml(struct fixture *f, const char *text)
{
    struct node *root = NULL;

    assert_int_equal(yaml_parse(str_of(text), &f->arena, &f->arena, &root, NULL), ERR_OK);
    for (const struct node *item = root->first; item; item = item->next)
        assert_true(option_set_read_key(&f->set, item));
}

static void assert_password(struct fixture *f, const char *expected)
{
    assert_int_equal(f->errors.items.count, 0);
    assert_true(str_equals(f->values[0].text, str_of(expected)));
}

static const char *all_messages(struct fixture *f)
{
    struct buf out = buf_limited(MESSAGE_BYTES - 1);

    config_errors_print(&f->errors, &out);
    snprintf(f->messages, sizeof f->messages, "%.*s", STR_ARG(buf_str(&out)));
    buf_release(&out);
    return f->messages;
}

static void test_option_set__secret_stands_in_the_file(void **state)
{
    struct fixture *f = *state;

    read_yaml(f, "mail: {password: 'a b'}");
    assert_password(f, "a b");
}

static void test_option_set__secret_file_is_found_beside_the_configuration(void **state)
{
    struct fixture *f = *state;

    read_yaml(f, "mail: {password_file: password}");
    assert_password(f, " hunter2");
}

static void test_option_set__secret_file_by_environment_and_setting(void **state)
{
    struct fixture *f = *state;
    char variable[PATH_BYTES + 32];
    char *environment[] = { variable, NULL };
    struct config_setting setting = { STR("mail.password_file"), str_of(f->file) };

    snprintf(variable, sizeof variable, "FUSEBOX_MAIL_PASSWORD_FILE=%s", f->file);
    option_set_read_environment(&f->set, environment);
    assert_password(f, " hunter2");
    f->values[0].text = STR("");
    option_set_read_settings(&f->set, &setting, 1);
    assert_password(f, " hunter2");
}

static void test_option_set__secret_given_twice_is_refused(void **state)
{
    struct fixture *f = *state;
    char *environment[] = { VARIABLE("FUSEBOX_MAIL_PASSWORD=x"),
                            VARIABLE("FUSEBOX_MAIL_PASSWORD_FILE=y"), NULL };

    read_yaml(f, "mail:\n  password: topsecret\n  password_file: password\n");
    option_set_read_environment(&f->set, environment);
    assert_string_equal(
        all_messages(f),
        "f.yml:3:3: mail.password is also given in line 2; write either the secret or its file\n"
        "environment variables FUSEBOX_MAIL_PASSWORD and FUSEBOX_MAIL_PASSWORD_FILE are both set; "
        "one is enough\n");
}

static void test_option_set__missing_secret_file_is_named(void **state)
{
    struct fixture *f = *state;

    read_yaml(f, "mail: {password_file: /nonexistent/file}");
    assert_string_equal(all_messages(f),
                        "f.yml:1:23: mail.password: cannot open /nonexistent/file: "
                        "No such file or directory\n");
}

static void test_option_set__only_secrets_have_a_file_form(void **state)
{
    struct fixture *f = *state;

    read_yaml(f, "mail: {user_file: password}");
    assert_string_equal(all_messages(f), "f.yml:1:8: unknown key \"user_file\" in mail\n");
}

static void test_option_set__values_of_secrets_never_reach_a_message(void **state)
{
    struct fixture *f = *state;
    struct config_setting setting = { STR("mail.password"), STR("\xff topsecret") };

    option_set_read_settings(&f->set, &setting, 1);
    assert_string_equal(all_messages(f), "--set mail.password: is not UTF-8\n");
}

#define SET_TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SET_TEST(test_option_set__secret_stands_in_the_file),
        SET_TEST(test_option_set__secret_file_is_found_beside_the_configuration),
        SET_TEST(test_option_set__secret_file_by_environment_and_setting),
        SET_TEST(test_option_set__secret_given_twice_is_refused),
        SET_TEST(test_option_set__missing_secret_file_is_named),
        SET_TEST(test_option_set__only_secrets_have_a_file_form),
        SET_TEST(test_option_set__values_of_secrets_never_reach_a_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
