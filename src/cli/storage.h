/*
 * `fusebox storage ...`: what an operator does to the store, one function per
 * command; each returns the exit code and has printed why.
 *
 * info, seal and backup ask the running daemon. verify, restore and backup --data
 * read and write the files themselves, and refuse while a daemon has them.
 */
#ifndef FUSEBOX_CLI_STORAGE_H
#define FUSEBOX_CLI_STORAGE_H

#include "base/diag.h"

struct cli_flags;

int storage_info(struct cli_flags *flags);
int storage_seal(struct cli_flags *flags);
int storage_backup(struct cli_flags *flags);
int storage_verify(struct cli_flags *flags);
int storage_restore(struct cli_flags *flags);

/* Prints "fusebox storage WORD: sentence" to stderr and gives err's exit code. */
int storage_complain(const char *word, enum err err, const struct diag *diag);

/* storage_files.c: a backup of a store that no daemon has open, into a directory that is not there.
 */
int storage_backup_offline(const char *data, const char *to);
/* Copies a finished backup to a directory and verifies the copy. */
int storage_copy_backup(const char *from, const char *to);

#endif
