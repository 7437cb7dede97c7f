// Damaged files: single bits turned over and files cut short, in every kind of file of the store.
// Never a wrong number, never a crash, always a named place; the rest is served.
//
//   FUSEBOX_BUILD=build node --test test/peers/bitflip.test.mjs
//   build/test/support/break_store flip --case SEED       repeats one
import { test } from 'node:test';
import { breakStore, long, whyNot } from './support/break.mjs';

const damages = String(long ? 50000 : 2000);

test(`${damages} damages are found or do no harm`, { timeout: long ? 3600000 : 300000, skip: whyNot('break_store') }, async (t) => {
  await breakStore(t, 'flip', '--cases', damages);
});
