// Counts tests in what a runner left behind, prints "PASSED FAILED".
//
//   node scripts/count-tests.mjs meson build/meson-logs/testlog.json    cmocka's tests inside each program
//   node scripts/count-tests.mjs tap FILE                               node --test --test-reporter=tap
import fs from 'node:fs';

const [kind, file] = process.argv.slice(2);
const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
const count = (where, pattern) => (where.match(pattern) ?? []).length;
let passed = 0;
let failed = 0;

if (kind === 'meson') {
  for (const line of text.split('\n').filter(Boolean)) {
    const program = JSON.parse(line);
    const said = `${program.stdout ?? ''}\n${program.stderr ?? ''}`;
    const good = program.result === 'OK' || program.result === 'SKIP';
    const ok = count(said, /^\[ +OK \]/gm);
    const bad = count(said, /^\[ +RUN +\]/gm) - ok;
    passed += ok || (good ? 1 : 0);
    failed += good ? 0 : Math.max(1, bad);
  }
} else {
  const summary = (word) => Number(text.match(new RegExp(`^# ${word} (\\d+)$`, 'm'))?.[1] ?? 0);
  passed = summary('pass');
  failed = summary('fail') + summary('cancelled');
}
console.log(`${passed} ${failed}`);
