#include "unit.h"

#include "base/attr.h"
#include "ingest/state_evidence.h"

enum { WAY_MAX = 9 };

/* --- an oracle: every way of up to WAY_MAX steps --- */

struct way {
    enum state_word start, at;
    int entered[STATE_WORD_COUNT];
    int length;
};

/* Bits of the ends that ways with the same start and counts have. */
static unsigned ends[STATE_WORD_COUNT][WAY_MAX + 1][WAY_MAX + 1][WAY_MAX + 1];

static void walk(struct way way)
{
    ends[way.start][way.entered[STATE_OPEN]][way.entered[STATE_HALF_OPEN]]
        [way.entered[STATE_CLOSED]] |= 1U << way.at;
    if (way.length++ == WAY_MAX)
        return;
    for (int to = STATE_CLOSED; to <= STATE_OPEN; to++) {
        bool can = way.at == STATE_HALF_OPEN ? to != STATE_HALF_OPEN
                   : way.at == STATE_OPEN    ? to == STATE_HALF_OPEN
                                             : to == STATE_OPEN;
        struct way next = way;

        next.at = (enum state_word)to;
        next.entered[to]++;
        if (can)
            walk(next);
    }
}

static enum state_word only(unsigned bits)
{
    for (int word = STATE_CLOSED; word <= STATE_OPEN; word++)
        if (bits == 1U << word)
            return (enum state_word)word;
    return STATE_NOTHING;
}

static void test_state_evidence__counts_tell_the_end_as_far_as_ways_do(void **state)
{
    int told = 0, several = 0;

    (void)state;
    for (int start = STATE_CLOSED; start <= STATE_OPEN; start++)
        walk((struct way){ .start = (enum state_word)start, .at = (enum state_word)start });
    for (int start = STATE_CLOSED; start <= STATE_OPEN; start++)
        for (int o = 0; o <= WAY_MAX; o++)
            for (int h = 0; o + h <= WAY_MAX; h++)
                for (int c = 0; o + h + c <= WAY_MAX; c++) {
                    unsigned bits = ends[start][o][h][c];
                    enum state_word expected = only(bits);

                    assert_int_equal(state_after((enum state_word)start, o, h, c), expected);
                    told += expected != STATE_NOTHING;
                    several += bits && !expected;
                }
    assert_true(told > 20);
    assert_true(several > 3);
    assert_int_equal(state_after(STATE_NOTHING, 1, 0, 0), STATE_NOTHING);
}

/* Ends of all ways with these counts, of whatever count of half-open, which shows as open. */
static unsigned ends_unseen(int start, int opened, int closed)
{
    unsigned bits = 0;

    for (int h = 0; opened + h + closed <= WAY_MAX; h++)
        bits |= ends[start][opened][h][closed];
    if (bits & 1U << STATE_HALF_OPEN)
        bits |= 1U << STATE_OPEN;
    return bits & ~(1U << STATE_HALF_OPEN);
}

static void test_state_evidence__half_open_may_be_hidden(void **state)
{
    static const enum state_word starts[] = { STATE_CLOSED, STATE_OPEN };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(starts); i++)
        for (int o = 0; o <= 3; o++)
            for (int c = 0; c <= 2; c++)
                assert_int_equal(state_after_unseen(starts[i], o, c),
                                 only(ends_unseen((int)starts[i], o, c)));
}

/* --- gauges --- */

static void say(struct state_evidence *e, enum state_kind kind, enum state_word word)
{
    state_evidence_on_live(e, kind, true);
    state_evidence_on_change(e, kind, STATE_NOTHING, word);
}

static void test_state_evidence__gauges_go_before_numbers_and_counters(void **state)
{
    struct state_evidence e = { 0 };

    (void)state;
    assert_int_equal(state_evidence_state(&e), BREAKER_UNKNOWN);
    state_evidence_on_live(&e, STATE_ENTERED, true);
    state_evidence_on_growth(&e, STATE_OPEN, 1);
    state_evidence_settle(&e);
    assert_int_equal(state_evidence_state(&e), BREAKER_OPEN);
    say(&e, STATE_NUMBER, STATE_HALF_OPEN);
    assert_int_equal(state_evidence_state(&e), BREAKER_HALF_OPEN);
    say(&e, STATE_GAUGE, STATE_CLOSED);
    assert_int_equal(state_evidence_state(&e), BREAKER_CLOSED);
    say(&e, STATE_GAUGE, STATE_DISABLED);
    assert_int_equal(state_evidence_state(&e), BREAKER_DISABLED);
}

static void test_state_evidence__numbers_follow_their_encoding(void **state)
{
    static const struct {
        enum state_encoding encoding;
        enum state_word words[4];
    } cases[] = {
        { ENCODING_CLOSED_HALFOPEN_OPEN, { STATE_CLOSED, STATE_HALF_OPEN, STATE_OPEN } },
        { ENCODING_CLOSED_OPEN_HALFOPEN, { STATE_CLOSED, STATE_OPEN, STATE_HALF_OPEN } },
        { ENCODING_OPEN_CLOSED_HALFOPEN, { STATE_OPEN, STATE_CLOSED, STATE_HALF_OPEN } },
        { ENCODING_CLOSED_OPEN, { STATE_CLOSED, STATE_OPEN } },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int number = 0; number < 4; number++)
            assert_int_equal(state_word_of(number, cases[i].encoding), cases[i].words[number]);
        assert_int_equal(state_word_of(-1, cases[i].encoding), STATE_NOTHING);
        assert_int_equal(state_word_of(0.5, cases[i].encoding), STATE_NOTHING);
    }
}

/* --- numbers that the traffic contradicts --- */

static enum breaker_state read_traffic(struct state_evidence *e, double through, double failed,
                                       double blocked)
{
    state_evidence_on_traffic(e, SIGNAL_BREAKER_CALLS, through);
    state_evidence_on_traffic(e, SIGNAL_BREAKER_ERRORS, failed);
    state_evidence_on_traffic(e, SIGNAL_BREAKER_BLOCKED, blocked);
    state_evidence_settle(e);
    return state_evidence_state(e);
}

static void test_state_evidence__a_closed_one_that_refuses_everything_is_unknown(void **state)
{
    struct state_evidence e = { 0 };

    (void)state;
    say(&e, STATE_NUMBER, STATE_CLOSED);
    assert_int_equal(read_traffic(&e, 5, 0, 0), BREAKER_CLOSED);
    assert_int_equal(read_traffic(&e, 0, 0, 5), BREAKER_CLOSED);
    assert_int_equal(read_traffic(&e, 0, 0, 5), BREAKER_CLOSED);
    assert_int_equal(read_traffic(&e, 0, 0, 5), BREAKER_UNKNOWN);
    assert_int_equal(read_traffic(&e, 0, 0, 0), BREAKER_UNKNOWN);
    assert_int_equal(read_traffic(&e, 5, 0, 0), BREAKER_CLOSED);
}

static void test_state_evidence__an_open_one_with_successes_is_unknown(void **state)
{
    struct state_evidence e = { 0 };

    (void)state;
    say(&e, STATE_NUMBER, STATE_OPEN);
    for (int i = 0; i < 9; i++) /* trial calls that fail */
        assert_int_equal(read_traffic(&e, 1, 1, 0), BREAKER_OPEN);
    assert_int_equal(read_traffic(&e, 4, 1, 0), BREAKER_OPEN);
    assert_int_equal(read_traffic(&e, 4, 1, 0), BREAKER_OPEN);
    assert_int_equal(read_traffic(&e, 4, 1, 0), BREAKER_UNKNOWN);
    assert_int_equal(read_traffic(&e, 0, 0, 3), BREAKER_OPEN);
}

static void test_state_evidence__flapping_is_no_contradiction(void **state)
{
    struct state_evidence e = { 0 };

    (void)state;
    say(&e, STATE_NUMBER, STATE_CLOSED);
    for (int i = 0; i < 20; i++)
        assert_int_equal(read_traffic(&e, 3, 2, 5), BREAKER_CLOSED);
}

/* --- counters --- */

static enum breaker_state read_growth(struct state_evidence *e, double opened, double half_opened,
                                      double closed)
{
    state_evidence_on_growth(e, STATE_OPEN, opened);
    state_evidence_on_growth(e, STATE_HALF_OPEN, half_opened);
    state_evidence_on_growth(e, STATE_CLOSED, closed);
    state_evidence_settle(e);
    return state_evidence_state(e);
}

static void test_state_evidence__entries_tell_the_state(void **state)
{
    struct state_evidence e = { 0 };

    (void)state;
    state_evidence_on_live(&e, STATE_ENTERED, true);
    assert_int_equal(read_growth(&e, 0, 0, 0), BREAKER_CLOSED);
    assert_int_equal(read_growth(&e, 1, 0, 0), BREAKER_OPEN);
    assert_int_equal(read_growth(&e, 0, 0, 0), BREAKER_OPEN);
    assert_int_equal(read_growth(&e, 1, 1, 0), BREAKER_OPEN); /* through half-open */
    assert_int_equal(read_growth(&e, 0, 1, 1), BREAKER_CLOSED);
    assert_int_equal(read_growth(&e, 1, 1, 1), BREAKER_CLOSED); /* all between two readings */
    assert_int_equal(read_growth(&e, 2, 2, 1), BREAKER_UNKNOWN);
    assert_int_equal(read_growth(&e, 0, 0, 0), BREAKER_UNKNOWN);
    assert_int_equal(read_growth(&e, 0, 0, 1), BREAKER_CLOSED);
    assert_int_equal(read_growth(&e, 1, 0, 0), BREAKER_OPEN);
    assert_int_equal(read_growth(&e, 0, 0, 1), BREAKER_CLOSED); /* closed by hand */
    assert_int_equal(read_growth(&e, 1, 0, 0), BREAKER_OPEN);
    state_evidence_on_restart(&e);
    assert_int_equal(read_growth(&e, 0, 0, 0), BREAKER_CLOSED);
}

static void test_state_evidence__traffic_settles_what_counters_leave_open(void **state)
{
    struct state_evidence e = { 0 };

    (void)state;
    state_evidence_on_live(&e, STATE_ENTERED, true);
    state_evidence_on_growth(&e, STATE_OPEN, 7); /* since the process began */
    state_evidence_on_growth(&e, STATE_CLOSED, 2);
    state_evidence_settle(&e);
    assert_int_equal(state_evidence_state(&e), BREAKER_UNKNOWN);
    assert_int_equal(read_traffic(&e, 3, 3, 0), BREAKER_UNKNOWN);
    assert_int_equal(read_traffic(&e, 0, 0, 4), BREAKER_OPEN);
    assert_int_equal(read_traffic(&e, 4, 0, 0), BREAKER_OPEN); /* the counters go before it */
}

static void test_state_evidence__the_time_that_grew_tells_the_state(void **state)
{
    struct state_evidence e = { 0 };

    (void)state;
    state_evidence_on_live(&e, STATE_HELD, true);
    assert_int_equal(read_growth(&e, 0, 0, 0), BREAKER_UNKNOWN); /* nothing grew yet */
    assert_int_equal(read_growth(&e, 0, 0, 1e9), BREAKER_CLOSED);
    assert_int_equal(read_growth(&e, 4e8, 0, 6e8), BREAKER_OPEN);
    assert_int_equal(read_growth(&e, 5e8, 5e8, 0), BREAKER_UNKNOWN); /* half-open, or open again */
    assert_int_equal(read_growth(&e, 0, 1e9, 0), BREAKER_HALF_OPEN);
    assert_int_equal(read_growth(&e, 0, 3e8, 7e8), BREAKER_CLOSED);
    state_evidence_on_live(&e, STATE_HELD, false);
    assert_int_equal(state_evidence_state(&e), BREAKER_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_evidence__counts_tell_the_end_as_far_as_ways_do),
        cmocka_unit_test(test_state_evidence__half_open_may_be_hidden),
        cmocka_unit_test(test_state_evidence__gauges_go_before_numbers_and_counters),
        cmocka_unit_test(test_state_evidence__numbers_follow_their_encoding),
        cmocka_unit_test(test_state_evidence__a_closed_one_that_refuses_everything_is_unknown),
        cmocka_unit_test(test_state_evidence__an_open_one_with_successes_is_unknown),
        cmocka_unit_test(test_state_evidence__flapping_is_no_contradiction),
        cmocka_unit_test(test_state_evidence__entries_tell_the_state),
        cmocka_unit_test(test_state_evidence__traffic_settles_what_counters_leave_open),
        cmocka_unit_test(test_state_evidence__the_time_that_grew_tells_the_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
