/*
 * `fusebox query`: asks the running daemon in PromQL.
 *
 * An instant query is a table. With --start, --end or --step it is asked over time
 * and is a chart for each series. A moment is RFC 3339, Unix seconds, or how long
 * ago, as -1h.
 */
#ifndef FUSEBOX_CLI_QUERY_H
#define FUSEBOX_CLI_QUERY_H

struct cli_flags;

/* Returns the exit code. */
int query_command(struct cli_flags *flags);

#endif
