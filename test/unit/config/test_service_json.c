#include "config_text.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "config/service_json.h"

#define ASSERT_STR(s, text) assert_true(str_equals((s), STR(text)))

static struct config *base;

static int setup(void **state UNUSED)
{
    base = config_of("retry_budget: {warning_threshold_percent: 60}");
    return 0;
}

static int teardown(void **state UNUSED)
{
    mem_fail_nth(0);
    config_unref(base);
    return 0;
}

static struct config *read_as(const char *json, const char *name)
{
    struct config *cfg = NULL;
    struct service_fault fault;
    struct diag diag = { 0 };

    if (config_read_service(str_of(json), str_of(name), base, &cfg, &fault, &diag))
        fail_msg("%s: %s", fault.field, diag.message);
    return cfg;
}

static void refused(const char *json, const char *name, const char *field, const char *message)
{
    struct config *cfg = NULL;
    struct service_fault fault;
    struct diag diag = { 0 };

    assert_int_equal(config_read_service(str_of(json), str_of(name), base, &cfg, &fault, &diag),
                     ERR_INVALID);
    assert_null(cfg);
    assert_string_equal(fault.field, field);
    if (!strstr(diag.message, message))
        fail_msg("\"%s\" is not in \"%s\"", message, diag.message);
}

static const char camel[] =
    "{\"serviceName\": \"user-service\", \"circuitBreakerName\": \"user-service-circuit\",\n"
    " \"maxRetriesPerMinute\": 100, \"maxRetriesPerHour\": 2000, \"maxRetryRatePercent\": 10.5,\n"
    " \"warningThresholdPercent\": 70, \"criticalThresholdPercent\": 85,\n"
    " \"sloTargets\": {\"availability\": 99.9, \"latency\": 300, \"errorRate\": 0.05},\n"
    " \"dependencies\": [\"database-service\", \"cache <b>\"],\n"
    " \"team\": \"backend-team\", \"environment\": \"production\"}";

static void test_service_json__reads_the_whole_registration_in_camel_case(void **state UNUSED)
{
    struct config *cfg = read_as(camel, "");
    size_t count;
    const struct config_service *s = config_services(cfg, &count);

    assert_int_equal(count, 1);
    ASSERT_STR(s->name, "user-service");
    ASSERT_STR(s->circuit_breaker, "user-service-circuit");
    assert_int_equal(s->max_retries_per_minute, 100);
    assert_int_equal(s->max_retries_per_hour, 2000);
    assert_true(s->max_retry_rate_percent == 10.5);
    assert_true(s->warning_threshold_percent == 70 && s->critical_threshold_percent == 85);
    assert_true(s->slo_success_rate_percent == 99.9 && s->slo_response_time_ms == 300);
    assert_true(s->slo_error_rate == 0.05);
    assert_int_equal(s->dependency_count, 2);
    ASSERT_STR(s->dependencies[1], "cache <b>");
    ASSERT_STR(s->team, "backend-team");
    ASSERT_STR(s->environment, "production");
    config_unref(cfg);
}

static void test_service_json__takes_both_forms_of_the_targets(void **state UNUSED)
{
    struct config *cfg = read_as("{\"name\":\"a\",\"sloTargetSuccessRate\":99.5,"
                                 "\"slo_target_response_time\":250}",
                                 "");
    size_t count;
    const struct config_service *s = config_services(cfg, &count);

    assert_true(s->slo_success_rate_percent == 99.5 && s->slo_response_time_ms == 250);
    assert_true(isnan(s->slo_error_rate));
    config_unref(cfg);
}

static void test_service_json__what_is_not_given_is_the_options(void **state UNUSED)
{
    struct config *cfg = read_as("{}", "orders");
    size_t count;
    const struct config_service *s = config_services(cfg, &count);

    ASSERT_STR(s->name, "orders");
    assert_true(s->warning_threshold_percent == 60 && s->critical_threshold_percent == 85);
    assert_true(isnan(s->max_retry_rate_percent));
    config_unref(cfg);
}

static void test_service_json__says_what_is_wrong_and_in_which_field(void **state UNUSED)
{
    refused("{\"name\":\"a\",\"max_retries_per_minuet\":1}", "", "max_retries_per_minuet",
            "did you mean \"max_retries_per_minute\"?");
    refused("{\"name\":\"a\",\"maxRetriesPerHour\":-1}", "", "maxRetriesPerHour", "-1");
    refused("{\"name\":\"a\",\"maxRetriesPerHour\":1.5}", "", "maxRetriesPerHour", "1.5");
    refused("{\"name\":\"a\",\"maxRetriesPerHour\":{}}", "", "maxRetriesPerHour", "single value");
    refused("{\"name\":\"a\",\"team\":null}", "", "team", "no value");
    refused("{\"name\":\"a\",\n\"sloTargets\":{\"latncy\":1}}", "", "sloTargets.latncy",
            "did you mean \"latency\"?");
    refused("{\"name\":\"a\",\"dependencies\":[\"b\",\"a\"]}", "", "dependencies",
            "depends on itself");
    refused("{\"name\":\"a\",\"warningThresholdPercent\":90}", "", "warning_threshold_percent",
            "must be below");
    refused("{\"name\":\"a\",\"team\":\"x\",\"team\":\"y\"}", "", "team", "already given");
    refused("{\"name\":\"a\",\"max_retries_per_hour\":1,\"maxRetriesPerHour\":2}", "",
            "maxRetriesPerHour", "already given");
    refused("{\"team\":\"x\"}", "", "name", "without name");
    refused("{\"name\":\"\"}", "", "name", "1 to 256");
    refused("{\"name\":\"b\"}", "a", "name", "about \"b\" and the path about \"a\"");
    refused("{\"nam\":1,\"tem\":2}", "a", "nam", "and 1 more error");
    refused("[]", "a", "", "must be an object");
    refused("", "a", "", "");
    refused("{\"name\":", "", "", "");
}

static void test_service_json__too_large_is_a_limit(void **state UNUSED)
{
    static char text[SERVICE_JSON_MAX_BYTES + 2];
    struct config *cfg = NULL;

    memset(text, ' ', sizeof text - 1);
    assert_int_equal(config_read_service(str_of(text), STR("a"), base, &cfg, NULL, NULL),
                     ERR_LIMIT);
}

static void test_service_json__keeps_it_in_snake_case_with_the_name_first(void **state UNUSED)
{
    struct buf out = buf_limited(4096);

    assert_int_equal(config_write_service(str_of("{ \"maxRetriesPerMinute\" : 5, \"serviceName\": "
                                                 "\"a<\", \"sloTargets\": {\"errorRate\": 5e-2}, "
                                                 "\"dependencies\": [\"x\\u0041\", \"y\"] }"),
                                          STR("a<"), &out),
                     ERR_OK);
    assert_string_equal((buf_append_byte(&out, '\0'), out.data),
                        "{\"name\":\"a\\u003c\",\"max_retries_per_minute\":5,"
                        "\"slo_targets\":{\"error_rate\":5e-2},\"dependencies\":[\"xA\",\"y\"]}");
    buf_release(&out);
}

static void test_service_json__what_was_kept_reads_the_same(void **state UNUSED)
{
    struct config *cfg = read_as(camel, ""), *again;
    struct buf out = buf_limited(4096), twice = buf_limited(4096);
    size_t count;

    assert_int_equal(config_write_service(str_of(camel), config_services(cfg, &count)->name, &out),
                     ERR_OK);
    buf_append_byte(&out, '\0');
    again = read_as(out.data, "user-service");
    assert_true(config_services(again, &count)->slo_error_rate == 0.05);
    assert_int_equal(config_write_service(str_of(out.data), STR("user-service"), &twice), ERR_OK);
    assert_true(str_equals(buf_str(&twice), str_of(out.data)));
    buf_release(&out);
    buf_release(&twice);
    config_unref(cfg);
    config_unref(again);
}

static void test_service_json__without_memory_nothing_is_left(void **state UNUSED)
{
    bool fault = true;

    for (long n = 1; fault; n++) {
        struct config *cfg = NULL;
        struct buf out = buf_limited(4096);
        enum err err;

        mem_fail_nth(n);
        err = config_read_service(str_of(camel), STR_NONE, base, &cfg, NULL, NULL);
        if (!err)
            err = config_write_service(str_of(camel), STR("user-service"), &out);
        fault = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, fault ? ERR_NOMEM : ERR_OK);
        config_unref(cfg);
        buf_release(&out);
        assert_true(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_service_json__reads_the_whole_registration_in_camel_case),
        cmocka_unit_test(test_service_json__takes_both_forms_of_the_targets),
        cmocka_unit_test(test_service_json__what_is_not_given_is_the_options),
        cmocka_unit_test(test_service_json__says_what_is_wrong_and_in_which_field),
        cmocka_unit_test(test_service_json__too_large_is_a_limit),
        cmocka_unit_test(test_service_json__keeps_it_in_snake_case_with_the_name_first),
        cmocka_unit_test(test_service_json__what_was_kept_reads_the_same),
        cmocka_unit_test(test_service_json__without_memory_nothing_is_left),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
