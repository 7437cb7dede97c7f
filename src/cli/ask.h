/*
 * One question to the running daemon, and its answer; used by the commands that
 * talk to the API.
 *
 *   cli_ask(&question, &answer, diag) -> buf_release(&answer)
 *
 * A daemon that asks who is calling gets the token in the environment variable
 * FUSEBOX_TOKEN.
 *
 * Threads   Single owner; waits for the answer.
 * Limits    ASK_ANSWER_MAX_BYTES; the question's timeout.
 */
#ifndef FUSEBOX_CLI_ASK_H
#define FUSEBOX_CLI_ASK_H

#include <stdio.h>

#include "base/buf.h"
#include "base/diag.h"

enum { ASK_ANSWER_MAX_BYTES = 64 << 20 };

#define ASK_URL_DEFAULT "http://127.0.0.1:8080"

struct question {
    const char *url;    /* of the daemon; NULL: ASK_URL_DEFAULT; "http://" may be left out */
    const char *method; /* "GET" */
    const char *path;   /* "/api/v1/storage" */
    struct str body;    /* JSON, or empty */
    bool is_form;       /* the body is application/x-www-form-urlencoded instead */
    int64_t timeout_ms;
};

/*
 * ERR_OK: *ret_answer is the body (empty buf on entry; released by the caller, also on an error).
 * An error of the daemon comes back with its code and sentence; ERR_UNAVAILABLE: nobody answers.
 */
enum err cli_ask(const struct question *q, struct buf *ret_answer, struct diag *diag) MUST_CHECK;

/* What an answer with this status and body says: ERR_OK for 2xx. */
enum err ask_verdict(int status, struct str body, struct diag *diag);

/* Prints foreign text: what a terminal would obey is shown as '?'. */
void ask_print_text(FILE *out, struct str text);

#endif
