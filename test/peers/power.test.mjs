// Power cuts: directories as a disk might hold them, built from the recorded calls of one life of
// the store (unsynced writes left out, torn, reordered; unsynced names lost), opened and read.
//
//   FUSEBOX_BUILD=build node --test test/peers/power.test.mjs
//   build/test/support/break_store power --case SEED [--relaxed]       repeats one
import { test } from 'node:test';
import { breakStore, long, whyNot } from './support/break.mjs';

const states = String(long ? 20000 : 1000);
const options = { timeout: long ? 3600000 : 300000, skip: whyNot('break_store') };

test(`${states} power cuts lose nothing that was acknowledged`, options, async (t) => {
  await breakStore(t, 'power', '--cases', states);
});

test(`${states} power cuts of a relaxed store lose nothing that was synced`, options, async (t) => {
  await breakStore(t, 'power', '--relaxed', '--cases', states);
});
