/*
 * What a scraped sample costs between the last byte and the queue: splitting
 * lines, looking series up, building the batch. No network, no commit.
 *
 *   bench_scrape_parse [TARGETS [SERIES [ROUNDS]]]
 *
 * Each target has its own body in the manner of HAProxy's exposition, and a cache
 * of its own; values change from round to round.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "ingest/scrape_body.h"

enum { BODY_MAX_BYTES = 64 << 20 };

static struct buf make_body(int target, int series_count, int round)
{
    struct buf body = buf_limited(BODY_MAX_BYTES);

    for (int i = 0; i < series_count; i++) {
        if (i % 20 == 0)
            buf_printf(
                &body,
                "# HELP haproxy_server_metric_%d_total Total number of things that happened.\n"
                "# TYPE haproxy_server_metric_%d_total counter\n",
                i / 20, i / 20);
        buf_printf(&body,
                   "haproxy_server_metric_%d_total{proxy=\"backend-%d\",server=\"server-%d\"} ",
                   i / 20, target % 10, i % 20);
        if (i % 4 == 3)
            buf_printf(&body, "%d.%06d\n", i, round * 7919 % 1000000);
        else
            buf_printf(&body, "%d\n", i * 1000 + round);
    }
    return body;
}

static size_t scrape_once(struct tsdb *db, struct series_cache *cache, int target, struct str text,
                          int64_t ts_ms, size_t expected)
{
    char instance[32];
    struct label labels[] = { { STR("instance"), { instance, 0 } }, { STR("job"), STR("bench") } };
    struct batch_writer w;
    struct scrape_body body = { .db = db, .cache = cache, .batch = &w, .ts_ms = ts_ms };
    struct diag diag = { 0 };
    size_t count;

    labels[0].value.len = (size_t)snprintf(instance, sizeof instance, "10.0.0.%d:80", target);
    body.target = (struct labels){ labels, 2 };
    batch_writer_init(&w, expected);
    series_cache_begin(cache);
    if (scrape_body_read(&body, text, &diag) != ERR_OK) {
        fprintf(stderr, "%s\n", diag_text(&diag));
        exit(1);
    }
    series_cache_settle(cache);
    count = w.batch->count;
    batch_writer_release(&w);
    return count;
}

int main(int argc, char **argv)
{
    int targets = argc > 1 ? atoi(argv[1]) : 100;
    int series = argc > 2 ? atoi(argv[2]) : 1000;
    int rounds = argc > 3 ? atoi(argv[3]) : 20;
    char dir[] = "/tmp/fusebox-bench-XXXXXX";
    struct tsdb_options options = { .relaxed = true };
    struct series_cache *caches = mem_alloc_zero((size_t)targets, sizeof *caches);
    struct tsdb *db;
    size_t samples = 0;
    int64_t first_ns = 0, known_ns = 0;

    options.dir = mkdtemp(dir);
    if (!caches || !options.dir || tsdb_open(&options, &db, NULL) != ERR_OK)
        return 1;
    for (int round = 0; round <= rounds; round++) {
        for (int t = 0; t < targets; t++) {
            struct buf body = make_body(t, series, round);
            int64_t before_ns = clock_process_cpu_ns();
            size_t count = scrape_once(db, &caches[t], t, buf_str(&body), 1000 * (round + 1),
                                       (size_t)series);

            *(round ? &known_ns : &first_ns) += clock_process_cpu_ns() - before_ns;
            samples += round ? count : 0;
            buf_release(&body);
        }
    }
    printf("%d targets of %d series, %d rounds\n", targets, series, rounds);
    printf("first round  %.3f CPU s per million samples\n",
           (double)first_ns / 1e9 / (targets * (double)series) * 1e6);
    printf("known series %.3f CPU s per million samples\n",
           (double)known_ns / 1e9 / (double)samples * 1e6);
    tsdb_close(db);
    return 0;
}
