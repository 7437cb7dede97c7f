/* The commands that ask the running daemon. */
#include "cli/storage.h"

#include <stdio.h>
#include <unistd.h>

#include "base/human.h"
#include "base/json.h"
#include "base/json_read.h"
#include "cli/ask.h"
#include "cli/colour.h"
#include "cli/commands.h"
#include "cli/storage_info.h"

enum { INFO_TIMEOUT_MS = 30000, WORK_TIMEOUT_MS = 3600000, BODY_MAX_BYTES = 4096 };

int storage_complain(const char *word, enum err err, const struct diag *diag)
{
    fprintf(stderr, "%sfusebox storage %s: ", colour_on(stderr, COLOUR_BAD), word);
    ask_print_text(stderr, str_of(diag->message[0] ? diag->message : err_text(err)));
    fprintf(stderr, "%s\n", colour_off(stderr));
    return err_exit_code(err);
}

/* Asks, and reads the answer as JSON. The buffer is the caller's to release. */
static enum err ask(const struct question *q, struct buf *answer, struct json_value *ret,
                    struct diag *diag)
{
    enum err err = cli_ask(q, answer, diag);

    return err ? err : json_read(buf_str(answer), ret, diag);
}

int storage_info(struct cli_flags *flags)
{
    struct question q = {
        .url = flags->url, .method = "GET", .path = "/api/v1/storage", .timeout_ms = INFO_TIMEOUT_MS
    };
    struct buf answer = { 0 };
    struct diag diag = { 0 };
    struct json_value doc;
    enum err err = ask(&q, &answer, &doc, &diag);

    if (err) {
        storage_complain("info", err, &diag);
    } else if (flags->output == CLI_OUTPUT_JSON) {
        fwrite(answer.data, 1, answer.len, stdout);
        fputc('\n', stdout);
    } else {
        storage_info_print(stdout, doc);
    }
    buf_release(&answer);
    return err_exit_code(err);
}

static uint64_t figure(struct json_value doc, const char *key)
{
    int64_t value = json_read_i64(json_read_at(doc, key), 0);

    return value < 0 ? 0 : (uint64_t)value;
}

static void print_sealed(struct json_value doc)
{
    char samples[HUMAN_TEXT_BYTES], blocks[HUMAN_TEXT_BYTES], bytes[HUMAN_TEXT_BYTES],
        time[HUMAN_TEXT_BYTES];

    if (!figure(doc, "blocks")) {
        printf("nothing was left to seal\n");
        return;
    }
    printf("%ssealed%s: %s samples into %s %s, %s, in %s\n", colour_on(stdout, COLOUR_GOOD),
           colour_off(stdout), human_count(figure(doc, "samples"), samples),
           human_count(figure(doc, "blocks"), blocks),
           figure(doc, "blocks") == 1 ? "block" : "blocks",
           human_bytes(figure(doc, "bytes"), bytes),
           human_duration((int64_t)json_read_double(json_read_at(doc, "duration_ms"), 0), time));
}

/* The daemon gives up waiting after http.request_timeout; the work goes on. */
static int complain_of_work(const char *word, enum err err, struct diag *diag)
{
    int code = storage_complain(word, err, diag);

    if (err == ERR_TIMEOUT)
        fprintf(stderr, "The work goes on in the daemon; `fusebox storage info` and its log tell "
                        "when it is done.\n");
    return code;
}

int storage_seal(struct cli_flags *flags)
{
    struct question q = { .url = flags->url,
                          .method = "POST",
                          .path = "/api/v1/storage/seal",
                          .timeout_ms = WORK_TIMEOUT_MS };
    struct buf answer = { 0 };
    struct diag diag = { 0 };
    struct json_value doc;
    enum err err = ask(&q, &answer, &doc, &diag);

    if (err)
        complain_of_work("seal", err, &diag);
    else
        print_sealed(doc);
    buf_release(&answer);
    return err_exit_code(err);
}

static enum err write_name(const char *name, struct buf *body)
{
    struct json j = json_to(body);

    json_open_object(&j);
    if (name) {
        json_member_cstr(&j, "name", name);
    }
    json_close_object(&j);
    return buf_error(body);
}

/* The path is the daemon's machine's; only there can it be copied. */
static int copy_out(const char *path, const char *to)
{
    if (access(path, R_OK | X_OK) == 0)
        return storage_copy_backup(path, to);
    fprintf(stderr,
            "%sfusebox storage backup: %s cannot be read from here%s\nThe backup is complete; copy "
            "it on the daemon's machine, as its user.\n",
            colour_on(stderr, COLOUR_BAD), path, colour_off(stderr));
    return err_exit_code(ERR_IO);
}

static int backup_done(struct json_value doc, const char *to)
{
    struct arena arena = arena_limited(ASK_ANSWER_MAX_BYTES);
    char bytes[HUMAN_TEXT_BYTES], blocks[HUMAN_TEXT_BYTES];
    struct str path = STR_NONE;
    int code = 0;

    (void)!json_read_str(json_read_at(doc, "path"), &arena, &path);
    printf("%sbackup%s: ", colour_on(stdout, COLOUR_GOOD), colour_off(stdout));
    ask_print_text(stdout, path);
    printf(", %s %s, %s\n", human_count(figure(doc, "blocks"), blocks),
           figure(doc, "blocks") == 1 ? "block" : "blocks",
           human_bytes(figure(doc, "bytes"), bytes));
    if (to)
        code = copy_out(path.len ? path.ptr : "", to);
    arena_release(&arena);
    return code;
}

static int backup_online(struct cli_flags *flags)
{
    struct buf answer = { 0 }, body = buf_limited(BODY_MAX_BYTES);
    struct question q = { .url = flags->url,
                          .method = "POST",
                          .path = "/api/v1/storage/backup",
                          .timeout_ms = WORK_TIMEOUT_MS };
    struct diag diag = { 0 };
    struct json_value doc;
    enum err err = write_name(flags->name, &body);
    int code;

    q.body = buf_str(&body);
    if (!err)
        err = ask(&q, &answer, &doc, &diag);
    code = err ? complain_of_work("backup", err, &diag) : backup_done(doc, flags->to);
    buf_release(&answer);
    buf_release(&body);
    return code;
}

int storage_backup(struct cli_flags *flags)
{
    struct diag diag = { 0 };

    if (!flags->data)
        return backup_online(flags);
    if (flags->to && !flags->url && !flags->name)
        return storage_backup_offline(flags->data, flags->to);
    diag_set(&diag, ERR_INVALID,
             "--data goes with --to alone: it copies the store of a daemon that does not run");
    return storage_complain("backup", ERR_INVALID, &diag);
}
