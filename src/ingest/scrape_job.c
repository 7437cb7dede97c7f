#include "ingest/scrape_job.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"

enum { JOB_MAX_BYTES = 128 << 10, HEADER_MAX_BYTES = 48 << 10 };

struct scrape_job {
    size_t references;
    struct arena arena; /* the texts below */
    struct http_access access;
    bool basic_auth;
    struct str username;
    const char *auth_type;
    const char *secret_file; /* NULL: the secret was given */
    const char *secret_key;  /* "password_file" */
    struct stat secret_stat; /* of what `header` was made from */
    bool header_is_fresh;
    struct buf header; /* "Bearer …", with a NUL behind it */
    int64_t target_limit_count;
    size_t target_count;
};

/* --- the Authorization header --- */

/* RFC 4648, section 4. */
static void append_base64(struct str text, struct buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < text.len; i += 3) {
        size_t len = text.len - i < 3 ? text.len - i : 3;
        uint32_t three = 0;

        for (size_t k = 0; k < 3; k++)
            three = three << 8 | (k < len ? (unsigned char)text.ptr[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            buf_append_byte(out, k <= len ? digits[three >> (18 - 6 * k) & 63] : '=');
    }
}

static void append_basic(const struct scrape_job *job, struct str password, struct buf *out)
{
    struct buf pair = buf_limited(2 * SECRET_MAX_BYTES);

    buf_printf(&pair, "%.*s:%.*s", STR_ARG(job->username), STR_ARG(password));
    buf_append_cstr(out, "Basic ");
    append_base64(buf_str(&pair), out);
    if (buf_error(&pair))
        out->failed = buf_error(&pair);
    buf_release(&pair);
}

static bool is_one_line(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7F)
            return false;
    return true;
}

static enum err make_header(struct scrape_job *job, struct str secret, struct diag *diag)
{
    enum err err;

    if (!job->basic_auth && !is_one_line(secret))
        return diag_set(diag, ERR_INVALID, "%s holds more than one line",
                        job->secret_key ? job->secret_key : "credentials");
    buf_release(&job->header);
    job->header = buf_limited(HEADER_MAX_BYTES);
    if (job->basic_auth)
        append_basic(job, secret, &job->header);
    else
        buf_printf(&job->header, "%s %.*s", job->auth_type, STR_ARG(secret));
    buf_append_byte(&job->header, '\0');
    err = buf_error(&job->header);
    job->access.authorization = err ? NULL : job->header.data;
    job->header_is_fresh = !err;
    return err ? diag_set(diag, err, "%s", err_text(err)) : ERR_OK;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static enum err read_secret(struct scrape_job *job, struct diag *diag)
{
    struct arena scratch = arena_limited(2 * SECRET_MAX_BYTES);
    struct diag why = { 0 };
    struct str text;
    enum err err = file_read(&scratch, job->secret_file, SECRET_MAX_BYTES, &text, &why);

    if (err)
        diag_set(diag, err, "%s: %.150s", job->secret_key, diag_text(&why));
    else
        err = make_header(job, str_trim(text), diag);
    arena_release(&scratch);
    return err;
}

static enum err refresh(struct scrape_job *job, struct diag *diag)
{
    struct stat now;
    enum err err;

    if (stat(job->secret_file, &now) != 0) {
        job->header_is_fresh = false;
        return diag_set(diag, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %.120s: %s",
                        job->secret_key, job->secret_file,
                        errno == ENOENT ? "there is no such file" : "it cannot be read");
    }
    if (job->header_is_fresh && is_same_file(&now, &job->secret_stat))
        return ERR_OK;
    job->header_is_fresh = false;
    err = read_secret(job, diag);
    job->secret_stat = now; /* from before it was read: a change in between is seen next time */
    return err;
}

/* --- the job --- */

/* NULL for nothing; *ret_good turns false for want of memory. */
static const char *copy(struct scrape_job *job, struct str text, bool *good)
{
    const char *copied = text.len ? arena_copy(&job->arena, text) : NULL;

    if (text.len && !copied)
        *good = false;
    return copied;
}

static enum http_tls tls_of(struct str name)
{
    static const char *const names[] = { "", "TLS10", "TLS11", "TLS12", "TLS13" };

    for (size_t i = 1; i < ARRAY_LEN(names); i++)
        if (str_equals(name, str_of(names[i])))
            return (enum http_tls)i;
    return HTTP_TLS_ANY;
}

static bool copy_access(struct scrape_job *job, const struct config_access *from)
{
    bool good = true;

    job->access = (struct http_access){ .ca_file = copy(job, from->ca_file, &good),
                                        .cert_file = copy(job, from->cert_file, &good),
                                        .key_file = copy(job, from->key_file, &good),
                                        .server_name = copy(job, from->server_name, &good),
                                        .proxy_url = copy(job, from->proxy_url, &good),
                                        .min_tls = tls_of(from->min_version),
                                        .max_tls = tls_of(from->max_version),
                                        .trust_all = from->insecure_skip_verify,
                                        .follow_redirects = from->follow_redirects };
    job->basic_auth = from->basic_auth;
    job->username = str_of(copy(job, from->username, &good));
    job->auth_type = copy(job, from->auth_type, &good);
    job->secret_key = from->basic_auth ? "password_file" : "credentials_file";
    job->secret_file = copy(job, from->basic_auth ? from->password_file : from->credentials_file,
                            &good);
    return good;
}

static enum err fill(struct scrape_job *job, const struct config_scrape *scrape)
{
    const struct config_access *from = &scrape->access;

    if (!copy_access(job, from))
        return arena_error(&job->arena);
    job->target_limit_count = scrape->target_limit_count;
    if (job->secret_file)
        return ERR_OK;
    job->secret_key = NULL;
    if (from->basic_auth)
        return make_header(job, from->password, NULL);
    return from->credentials.len ? make_header(job, from->credentials, NULL) : ERR_OK;
}

enum err scrape_job_new(const struct config_scrape *scrape, struct scrape_job **ret)
{
    struct scrape_job *job = mem_alloc_zero(1, sizeof *job);
    enum err err;

    if (!job)
        return ERR_NOMEM;
    job->references = 1;
    job->arena = arena_limited(JOB_MAX_BYTES);
    err = fill(job, scrape);
    if (err) {
        scrape_job_unref(job);
        return err;
    }
    *ret = job;
    return ERR_OK;
}

struct scrape_job *scrape_job_ref(struct scrape_job *job)
{
    job->references++;
    return job;
}

void scrape_job_unref(struct scrape_job *job)
{
    if (!job || --job->references)
        return;
    buf_release(&job->header);
    arena_release(&job->arena);
    mem_free(job);
}

void scrape_job_set_target_count(struct scrape_job *job, size_t count)
{
    job->target_count = count;
}

enum err scrape_job_prepare(struct scrape_job *job, struct diag *diag)
{
    if (job->target_limit_count && job->target_count > (size_t)job->target_limit_count)
        return diag_set(diag, ERR_LIMIT, "the job has %zu targets, its target_limit is %lld",
                        job->target_count, (long long)job->target_limit_count);
    return job->secret_file ? refresh(job, diag) : ERR_OK;
}

const struct http_access *scrape_job_access(const struct scrape_job *job)
{
    return &job->access;
}

const char *scrape_job_hint(const struct scrape_job *job, int status)
{
    if (status == 401)
        return job->access.authorization
                   ? ": the target does not accept the credentials"
                   : ": the target asks for credentials (basic_auth, authorization)";
    if (status == 407)
        return ": the proxy does not accept the call";
    if (status >= 301 && status <= 308 && status != 304 && !job->access.follow_redirects)
        return ": a redirect (follow_redirects is false)";
    return "";
}
