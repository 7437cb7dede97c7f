/*
 * A sender of remote write: sends SERIES series, one sample of each a round, in bodies of BATCH
 * samples over two connections, as Prometheus' shards do, and prints what came of it.
 *
 *   bench_remote_write PORT PATH SERIES BATCH FIRST_ROUND ROUNDS BASE_MS
 *
 * Rounds are 15 s apart in the samples' times, the first one at BASE_MS. A body that is answered
 * 503 or 429 is sent again. The receiver's CPU time is read by who starts this (remote_write.mjs).
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <snappy-c.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "protobuf_text.h"

enum { CONNECTIONS = 2, SERIES_OF_TARGET = 500, BODY_MAX_BYTES = 64 << 20, ROUND_MS = 15000 };

struct job {
    uint16_t port;
    const char *path;
    long series, batch, first_round, rounds;
    int64_t base_ms;
};

struct sender {
    const struct job *job;
    pthread_t thread;
    long first, end; /* series */
    int fd;
    struct buf body, series, packed;
    long samples, refused;
    size_t packed_bytes, plain_bytes;
};

static void quit(const char *why)
{
    fprintf(stderr, "bench_remote_write: %s\n", why);
    exit(1);
}

/* --- bodies --- */

/* Ten labels of some 250 bytes, sorted by name. */
static void put_labels(struct buf *out, long i)
{
    static const char *const codes[] = { "200", "201", "204", "301", "400",
                                         "401", "404", "500", "502", "503" };
    long target = i / SERIES_OF_TARGET, within = i % SERIES_OF_TARGET;
    char text[96];

#define PUT(name, ...) (snprintf(text, sizeof text, __VA_ARGS__), put_label(out, name, text))
    PUT("__name__", "http_server_request_duration_part_%ld_total", within / 10);
    PUT("cluster", "eu-west-1");
    PUT("code", "%s", codes[within % 10]);
    PUT("handler", "/api/v1/items/%ld", within % 7);
    PUT("instance", "10.%ld.%ld.%ld:9100", target >> 16, target >> 8 & 255, target & 255);
    PUT("job", "shop-%ld", target % 20);
    PUT("method", "%s", within % 3 ? "GET" : "POST");
    PUT("namespace", "production");
    PUT("node", "ip-10-0-%ld-%ld.internal", target / 30 >> 8, target / 30 & 255);
    PUT("pod", "shop-%ld-7c9f8b6d5-%05lx", target % 20, target * 7919 & 0xfffff);
#undef PUT
}

/* A quarter are counters, a quarter gauges with two decimals, half stand still. */
static double value_of(long i, long round)
{
    unsigned long mixed = (unsigned long)i * 2654435761u + (unsigned long)round * 40503u;

    if (i % 4 == 0)
        return (double)(i % 1000 + round * (1 + i % 40));
    if (i % 4 == 1)
        return (double)(mixed % 100000) / 100;
    return (double)(i % 100);
}

static void make_body(struct sender *s, long from, long end, long round)
{
    size_t len;

    buf_clear(&s->body);
    for (long i = from; i < end; i++) {
        buf_clear(&s->series);
        put_labels(&s->series, i);
        put_sample(&s->series, s->job->base_ms + round * ROUND_MS, value_of(i, round));
        put_bytes(&s->body, 1, buf_str(&s->series));
    }
    buf_clear(&s->packed);
    len = snappy_max_compressed_length(s->body.len);
    if (!buf_reserve(&s->packed, len) ||
        snappy_compress(s->body.data, s->body.len, s->packed.data, &len) != SNAPPY_OK)
        quit("no memory");
    s->packed.len = len;
}

/* --- requests --- */

static void open_connection(struct sender *s)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(s->job->port) };

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(s->fd, (struct sockaddr *)&to, sizeof to))
        quit("the receiver does not answer");
}

static bool send_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        data += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* The status of an answer, which is read to its end: the head, and as many bytes as it names. 0:
 * the connection was closed, as VictoriaMetrics does with each after two minutes. */
static int read_answer(int fd)
{
    char text[8192];
    size_t len = 0, want = 0;
    const char *head_end = NULL, *length;

    while (!head_end || len < want) {
        ssize_t got = recv(fd, text + len, sizeof text - 1 - len, 0);

        if (got <= 0)
            return 0;
        len += (size_t)got;
        text[len] = '\0';
        head_end = strstr(text, "\r\n\r\n");
        length = head_end ? strcasestr(text, "content-length:") : NULL;
        want = head_end ? (size_t)(head_end + 4 - text) : 0;
        if (length && length < head_end)
            want += strtoul(length + strlen("content-length:"), NULL, 10);
    }
    return (int)strtol(text + strlen("HTTP/1.1 "), NULL, 10);
}

static int post(struct sender *s)
{
    char head[512];
    int len = snprintf(head, sizeof head,
                       "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: bench\r\n"
                       "Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n"
                       "X-Prometheus-Remote-Write-Version: 0.1.0\r\nContent-Length: %zu\r\n\r\n",
                       s->job->path, (unsigned)s->job->port, s->packed.len);

    if (!send_all(s->fd, head, (size_t)len) || !send_all(s->fd, s->packed.data, s->packed.len))
        return 0;
    return read_answer(s->fd);
}

static void deliver(struct sender *s, long samples)
{
    static const struct timespec pause = { .tv_nsec = 100000000 };
    int status;

    while ((status = post(s)) == 503 || status == 429 || status == 0) {
        if (status == 0) {
            close(s->fd);
            open_connection(s);
            continue;
        }
        s->refused++;
        nanosleep(&pause, NULL);
    }
    if (status != 204 && status != 200) {
        fprintf(stderr, "answered %d\n", status);
        quit("a body was not taken");
    }
    s->samples += samples;
    s->packed_bytes += s->packed.len;
    s->plain_bytes += s->body.len;
}

static void *run(void *arg)
{
    struct sender *s = arg;
    const struct job *job = s->job;

    s->body = s->series = s->packed = buf_limited(BODY_MAX_BYTES);
    open_connection(s);
    for (long round = job->first_round; round < job->first_round + job->rounds; round++)
        for (long from = s->first; from < s->end; from += job->batch) {
            long end = from + job->batch < s->end ? from + job->batch : s->end;

            make_body(s, from, end, round);
            deliver(s, end - from);
        }
    close(s->fd);
    buf_release(&s->body);
    buf_release(&s->series);
    buf_release(&s->packed);
    return NULL;
}

int main(int argc, char **argv)
{
    struct sender senders[CONNECTIONS] = { 0 }, sum = { 0 };
    struct job job;

    if (argc != 8)
        quit("usage: PORT PATH SERIES BATCH FIRST_ROUND ROUNDS BASE_MS");
    job = (struct job){ .port = (uint16_t)strtoul(argv[1], NULL, 10),
                        .path = argv[2],
                        .series = strtol(argv[3], NULL, 10),
                        .batch = strtol(argv[4], NULL, 10),
                        .first_round = strtol(argv[5], NULL, 10),
                        .rounds = strtol(argv[6], NULL, 10),
                        .base_ms = strtoll(argv[7], NULL, 10) };
    for (long i = 0; i < CONNECTIONS; i++) {
        senders[i].job = &job;
        senders[i].first = job.series * i / CONNECTIONS;
        senders[i].end = job.series * (i + 1) / CONNECTIONS;
        if (pthread_create(&senders[i].thread, NULL, run, &senders[i]))
            quit("no thread");
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        pthread_join(senders[i].thread, NULL);
        sum.samples += senders[i].samples;
        sum.refused += senders[i].refused;
        sum.packed_bytes += senders[i].packed_bytes;
        sum.plain_bytes += senders[i].plain_bytes;
    }
    printf("{\"samples\":%ld,\"refused\":%ld,\"packed\":%zu,\"plain\":%zu}\n", sum.samples,
           sum.refused, sum.packed_bytes, sum.plain_bytes);
    return 0;
}
