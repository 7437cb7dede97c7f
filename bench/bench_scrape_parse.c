/*
 * What a scraped sample costs between the last byte and the queue: splitting
 * lines, looking series up, building the batch. No network, no commit.
 *
 *   bench_scrape_parse [TARGETS [SERIES [ROUNDS [text|openmetrics|exemplars]]]]
 *
 * `exemplars` is OpenMetrics with an exemplar behind every fifth sample, read but
 * not entered in the store. Each target has its own body in the manner of HAProxy's exposition, and
 * a cache of its own; values change from round to round.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "ingest/scrape_body.h"

enum { BODY_MAX_BYTES = 64 << 20 };

enum format { FORMAT_TEXT, FORMAT_OPENMETRICS, FORMAT_EXEMPLARS };

static enum format format_of(const char *word)
{
    if (strcmp(word, "exemplars") == 0)
        return FORMAT_EXEMPLARS;
    return strcmp(word, "openmetrics") == 0 ? FORMAT_OPENMETRICS : FORMAT_TEXT;
}

static struct buf make_body(int target, int series_count, int round, enum format format)
{
    struct buf body = buf_limited(BODY_MAX_BYTES);

    for (int i = 0; i < series_count; i++) {
        if (i % 20 == 0)
            buf_printf(&body,
                       "# HELP haproxy_server_metric_%d%s Total number of things that happened.\n"
                       "# TYPE haproxy_server_metric_%d%s counter\n",
                       i / 20, format ? "" : "_total", i / 20, format ? "" : "_total");
        buf_printf(&body,
                   "haproxy_server_metric_%d_total{proxy=\"backend-%d\",server=\"server-%d\"} ",
                   i / 20, target % 10, i % 20);
        if (i % 4 == 3)
            buf_printf(&body, "%d.%06d", i, round * 7919 % 1000000);
        else
            buf_printf(&body, "%d", i * 1000 + round);
        if (format == FORMAT_EXEMPLARS && i % 5 == 0)
            buf_printf(&body, " # {trace_id=\"4bf92f3577b34da6a3ce929d%08d\"} 0.067 1520879607.789",
                       i);
        buf_append_byte(&body, '\n');
    }
    if (format)
        buf_append_cstr(&body, "# EOF\n");
    return body;
}

static size_t scrape_once(struct tsdb *db, struct series_cache *cache, int target, struct str text,
                          int64_t ts_ms, bool is_openmetrics)
{
    char instance[32];
    struct label labels[] = { { STR("instance"), { instance, 0 } }, { STR("job"), STR("bench") } };
    struct vec exemplars = vec_of(sizeof(struct exemplar_scraped), EXEMPLARS_MAX_COUNT);
    struct batch_writer w;
    struct scrape_body body = { .db = db,
                                .cache = cache,
                                .batch = &w,
                                .ts_ms = ts_ms,
                                .is_openmetrics = is_openmetrics,
                                .exemplars = &exemplars };
    struct diag diag = { 0 };
    size_t count;

    labels[0].value.len = (size_t)snprintf(instance, sizeof instance, "10.0.0.%d:80", target);
    body.target = (struct labels){ labels, 2 };
    batch_writer_init(&w, cache->count);
    series_cache_begin(cache);
    if (scrape_body_read(&body, text, &diag) != ERR_OK) {
        fprintf(stderr, "%s\n", diag_text(&diag));
        exit(1);
    }
    series_cache_settle(cache);
    count = w.batch->count;
    batch_writer_release(&w);
    vec_release(&exemplars);
    return count;
}

int main(int argc, char **argv)
{
    int targets = argc > 1 ? atoi(argv[1]) : 100;
    int series = argc > 2 ? atoi(argv[2]) : 1000;
    int rounds = argc > 3 ? atoi(argv[3]) : 20;
    enum format format = format_of(argc > 4 ? argv[4] : "text");
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
            struct buf body = make_body(t, series, round, format);
            int64_t before_ns = clock_process_cpu_ns();
            size_t count = scrape_once(db, &caches[t], t, buf_str(&body), 1000 * (round + 1),
                                       format != FORMAT_TEXT);

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
